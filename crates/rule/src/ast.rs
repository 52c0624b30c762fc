//! The tree of an expression as it was written.

use std::sync::Arc;

use crate::span::Span;
use crate::value::Value;

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) span: Span,
    /// Levels below this one, itself included; limited by the parser.
    pub(crate) depth: u16,
    pub(crate) kind: Kind,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Literal(Value),
    Ident { name: Arc<str>, absolute: bool },
    Select { operand: Box<Expr>, field: Arc<str>, optional: bool },
    Has { operand: Box<Expr>, field: Arc<str>, optional: bool },
    Index { operand: Box<Expr>, index: Box<Expr>, optional: bool },
    Call { target: Option<Box<Expr>>, name: Arc<str>, name_span: Span, args: Vec<Expr> },
    List(Vec<(Expr, bool)>),
    Map(Vec<(Expr, Expr, bool)>),
    Message(Arc<str>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Cond(Box<[Expr; 3]>),
    Binary(Binary, Box<[Expr; 2]>),
    Comprehension(Box<Comprehension>),
    Bind { name: Arc<str>, value: Box<Expr>, body: Box<Expr> },
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A macro over a range: `range.all(x, body)` and its kin.
#[derive(Clone, Debug)]
pub(crate) struct Comprehension {
    pub(crate) macro_: Macro,
    pub(crate) range: Expr,
    pub(crate) name: Arc<str>,
    pub(crate) second: Option<Arc<str>>,
    pub(crate) filter: Option<Expr>,
    pub(crate) body: Expr,
}

/// Which macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Macro {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
    OptMap,
    OptFlatMap,
}
