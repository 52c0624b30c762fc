//! Plain CEL, without a town: what the conformance suite runs, and what anything that is not about residents may use.

use civil::Date;

use crate::check::{Names, check};
use crate::diagnostic::Diagnostic;
use crate::error::{EvalError, Stop};
use crate::eval::{self, Frame};
use crate::functions::Func;
use crate::node::{Node, Op};
use crate::parser::parse;
use crate::schema::Schema;
use crate::signatures::Signature;
use crate::types::Ty;
use crate::value::Value;

/// The type of a variable or a function of plain CEL.
#[derive(Clone, Debug)]
pub struct Type(pub(crate) Ty);

/// What an expression may name.
#[derive(Clone, Debug, Default)]
pub struct Env {
    container: String,
    variables: Vec<(String, Ty)>,
    functions: Vec<(String, Signature)>,
}

/// An expression of plain CEL, read and checked.
#[derive(Clone, Debug)]
pub struct Program {
    node: Node,
    ty: Ty,
    diagnostics: Vec<Diagnostic>,
}

impl Type {
    /// `dyn`, a value of any type.
    pub const DYN: Type = Type(Ty::Dyn);

    /// The type with a simple name, such as `int`, `timestamp` or `null`; otherwise a type named so.
    pub fn named(name: &str, params: Vec<Type>) -> Type {
        let mut params = params.into_iter().map(|param| param.0);
        Type(match name {
            "dyn" => Ty::Dyn,
            "null" => Ty::Null,
            "bool" => Ty::Bool,
            "int" => Ty::Int,
            "uint" => Ty::Uint,
            "double" => Ty::Double,
            "string" => Ty::String,
            "bytes" => Ty::Bytes,
            "timestamp" => Ty::Timestamp,
            "duration" => Ty::Duration,
            "type" => Ty::Type(Box::new(params.next().unwrap_or(Ty::Dyn))),
            "list" => Ty::list(params.next().unwrap_or(Ty::Dyn)),
            "map" => Ty::map(params.next().unwrap_or(Ty::Dyn), params.next().unwrap_or(Ty::Dyn)),
            other => Ty::Named(other.into(), params.collect()),
        })
    }

    /// A letter of a function's signature, the same type wherever it stands.
    pub fn letter(letter: u8) -> Type {
        Type(Ty::Param(letter))
    }
}

impl Env {
    /// Names nothing.
    pub fn new() -> Env {
        Env::default()
    }

    /// Looks up names in `container` first.
    pub fn container(mut self, container: &str) -> Env {
        self.container = container.into();
        self
    }

    /// Declares a variable. Its value is bound in the order of the declarations.
    pub fn variable(mut self, name: &str, ty: Type) -> Env {
        self.variables.push((name.into(), ty.0));
        self
    }

    /// Declares a function for checking; calling it is an error.
    pub fn function(mut self, name: &str, method: bool, params: Vec<Type>, result: Type) -> Env {
        let params = params.into_iter().map(|param| param.0).collect();
        self.functions.push((name.into(), Signature { func: Func::Unbound, method, params, result: result.0 }));
        self
    }

    /// The names to try for one written in the container: the innermost first.
    fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(absolute) = name.strip_prefix('.') {
            return vec![absolute.into()];
        }
        let mut names = Vec::new();
        let mut container = self.container.as_str();
        while !container.is_empty() {
            names.push(format!("{container}.{name}"));
            container = container.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
        names.push(name.into());
        names
    }
}

impl Names for Env {
    fn variable(&self, name: &str) -> Option<(Op, Ty)> {
        self.candidates(name).iter().find_map(|candidate| {
            let index = self.variables.iter().position(|(variable, _)| variable == candidate)?;
            Some((Op::Bound(u16::try_from(index).ok()?), self.variables[index].1.clone()))
        })
    }

    fn functions(&self, name: &str) -> Vec<Signature> {
        self.functions.iter().filter(|(function, _)| function == name).map(|(_, signature)| signature.clone()).collect()
    }

    fn schema(&self) -> Option<&Schema> {
        None
    }
}

impl Program {
    /// Reads an expression. What the checker has to say is kept in [`Program::diagnostics`]; the program runs all the same.
    ///
    /// # Errors
    /// When the text does not follow the grammar.
    pub fn new(source: &str, env: &Env) -> Result<Program, Diagnostic> {
        let expr = parse(source)?;
        let checked = check(source, &expr, env);
        Ok(Program { node: checked.node, ty: checked.ty, diagnostics: checked.diagnostics })
    }

    /// What does not fit the static types.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The static type of the result, written as `list(int)`.
    pub fn result_type(&self) -> String {
        self.ty.to_string()
    }

    /// Evaluates with values for the variables, in the order of their declarations.
    ///
    /// # Errors
    /// When the evaluation fails.
    pub fn run(&self, bindings: &[Value]) -> Result<Value, EvalError> {
        let mut frame = Frame::new(Date::ZERO, bindings, &[]);
        eval::eval(&self.node, &mut frame).map_err(|stop| match stop {
            Stop::Error(error) => *error,
            Stop::NotKnown(slot) => EvalError::NoSuchName(slot.to_string().into()),
        })
    }
}
