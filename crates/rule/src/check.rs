//! The checker: gives every part of an expression its type, finds the slot behind every name, and says what does not fit.

mod domain;

use std::sync::Arc;

use regex::Regex;

use crate::ast::{Binary, Expr, Kind, Macro};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::EvalError;
use crate::eval;
use crate::functions::Func;
use crate::node::{Compare, Comprehension, Node, Op, Quantifier, Scope};
use crate::parser::qualified;
use crate::schema::{Schema, Slot};
use crate::signatures::{Signature, signatures};
use crate::span::Span;
use crate::types::{Ty, Unifier};
use crate::value::Value;

/// Where names come from.
pub(crate) trait Names {
    /// The variable behind a dotted name, with its type.
    fn variable(&self, name: &str) -> Option<(Op, Ty)>;
    /// Signatures declared beside the standard ones.
    fn functions(&self, name: &str) -> Vec<Signature>;
    /// The schema, when this is a town's rule and not plain CEL.
    fn schema(&self) -> Option<&Schema>;
}

/// An expression that has been checked.
pub(crate) struct Checked {
    pub(crate) node: Node,
    pub(crate) ty: Ty,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(crate) fn check(source: &str, expr: &Expr, names: &dyn Names) -> Checked {
    let mut checker =
        Checker { source, names, locals: Vec::new(), values: 0, members: 0, unifier: Unifier::default(), diagnostics: Vec::new() };
    let (node, ty) = checker.expr(expr);
    let ty = checker.unifier.finish(&ty);
    Checked { node, ty, diagnostics: checker.diagnostics }
}

struct Checker<'a> {
    source: &'a str,
    names: &'a dyn Names,
    locals: Vec<(Arc<str>, Local)>,
    /// How many of the locals are values, and how many name household members.
    values: u16,
    members: u8,
    unifier: Unifier,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Clone)]
enum Local {
    Value(u16, Ty),
    Member(Scope),
}

type Typed = (Node, Ty);

impl Checker<'_> {
    fn report(&mut self, span: Span, code: Code, ja: impl Into<String>, en: impl Into<String>, suggestion: Option<String>) {
        self.diagnostics.push(Diagnostic::new(self.source, span, code, ja, en).suggest(suggestion));
    }

    fn expr(&mut self, expr: &Expr) -> Typed {
        let span = expr.span;
        match &expr.kind {
            Kind::Literal(value) => (Node::new(span, Op::Const(value.clone())), literal_type(value)),
            Kind::Ident { .. } | Kind::Select { optional: false, .. } => self.name_or_select(expr),
            Kind::Select { operand, field, optional: true } => self.select(span, operand, field, true),
            Kind::Has { operand, field, optional } => self.has(span, operand, field, *optional),
            Kind::Index { operand, index, optional } => {
                let args = vec![self.expr(operand), self.expr(index)];
                self.overloaded(span, if *optional { "[?]" } else { "[]" }, false, args)
            }
            Kind::Call { target, name, name_span, args } => self.call(span, target.as_deref(), name, *name_span, args),
            Kind::List(items) => self.list(span, items),
            Kind::Map(entries) => self.map(span, entries),
            Kind::Message(name) => {
                let ja = format!("メッセージ「{name}」の組み立ては使えません");
                self.report(span, Code::NotOffered, ja, format!("building the message {name} is not offered"), None);
                (Node::new(span, Op::Fail(EvalError::NoSuchName(name.to_string().into()))), Ty::Dyn)
            }
            Kind::Not(inner) => {
                let inner = self.boolean(inner);
                self.finish(span, Op::Not(Box::new(inner)), Ty::Bool)
            }
            Kind::Neg(inner) => {
                let args = vec![self.expr(inner)];
                self.overloaded(span, "-_", false, args)
            }
            Kind::And(parts) => {
                let parts = parts.iter().map(|part| self.boolean(part)).collect();
                self.finish(span, Op::And(parts), Ty::Bool)
            }
            Kind::Or(parts) => {
                let parts = parts.iter().map(|part| self.boolean(part)).collect();
                self.finish(span, Op::Or(parts), Ty::Bool)
            }
            Kind::Cond(parts) => self.conditional(span, parts),
            Kind::Binary(operator, parts) => self.binary(span, *operator, parts),
            Kind::Comprehension(c) => self.comprehension(span, c),
            Kind::Bind { name, value, body } => {
                let (value, ty) = self.expr(value);
                let (body, result) = self.with_values(&[(name.clone(), ty)], |checker| checker.expr(body));
                (Node::new(span, Op::Bind(Box::new([value, body]))), result)
            }
        }
    }

    /// A part that must be yes or no.
    fn boolean(&mut self, expr: &Expr) -> Node {
        let (node, ty) = self.expr(expr);
        if !self.unifier.assign_all(std::slice::from_ref(&ty), &[Ty::Bool]) {
            let ty = self.unifier.finish(&ty);
            let ja = format!("ここには「はい・いいえ」になる条件が必要ですが、{}になっています", ty.ja());
            self.report(expr.span, Code::WrongType, ja, format!("this must be a condition (bool), but it is {ty}"), None);
        }
        node
    }

    fn conditional(&mut self, span: Span, parts: &[Expr; 3]) -> Typed {
        let condition = self.boolean(&parts[0]);
        let ((yes, yes_ty), (no, no_ty)) = (self.expr(&parts[1]), self.expr(&parts[2]));
        let ty = if self.unifier.assign_all(std::slice::from_ref(&no_ty), std::slice::from_ref(&yes_ty)) {
            self.unifier.join(&yes_ty, &no_ty)
        } else {
            let (yes, no) = (self.unifier.finish(&yes_ty), self.unifier.finish(&no_ty));
            let ja = format!("「? :」の両側の種類が違います（{} と {}）", yes.ja(), no.ja());
            self.report(span, Code::WrongType, ja, format!("the two sides of ? : differ in type ({yes} and {no})"), None);
            Ty::Dyn
        };
        self.finish(span, Op::Cond(Box::new([condition, yes, no])), ty)
    }

    fn binary(&mut self, span: Span, operator: Binary, parts: &[Expr; 2]) -> Typed {
        let (left, right) = (self.expr(&parts[0]), self.expr(&parts[1]));
        if let (Binary::Equal | Binary::NotEqual, Some(known)) = (operator, known_test(&left.0, &right.0)) {
            let known = Node::new(span, known);
            return if operator == Binary::NotEqual { (known, Ty::Bool) } else { (Node::new(span, Op::Not(Box::new(known))), Ty::Bool) };
        }
        if matches!(operator, Binary::Equal | Binary::NotEqual | Binary::In) {
            self.compared_with_what_may_be(&left.0, &right.0);
        }
        self.overloaded(span, symbol(operator), false, vec![left, right])
    }

    fn list(&mut self, span: Span, items: &[(Expr, bool)]) -> Typed {
        let mut nodes = Vec::new();
        let mut types = Vec::new();
        for (item, optional) in items {
            let (node, ty) = self.expr(item);
            nodes.push((node, *optional));
            types.push(self.element(item.span, ty, *optional));
        }
        let of = self.joined(&types);
        self.finish(span, Op::List(nodes.into()), Ty::list(of))
    }

    fn map(&mut self, span: Span, entries: &[(Expr, Expr, bool)]) -> Typed {
        let mut nodes = Vec::new();
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (key, value, optional) in entries {
            let ((key, key_ty), (node, ty)) = (self.expr(key), self.expr(value));
            keys.push(key_ty);
            values.push(self.element(value.span, ty, *optional));
            nodes.push((key, node, *optional));
        }
        let ty = Ty::map(self.joined(&keys), self.joined(&values));
        self.finish(span, Op::Map(nodes.into()), ty)
    }

    /// The type an element adds to its list or map; for `?x` what the optional holds.
    fn element(&mut self, span: Span, ty: Ty, optional: bool) -> Ty {
        if !optional {
            return ty;
        }
        let of = self.unifier.fresh();
        if !self.unifier.assign_all(&[ty], &[Ty::optional(of.clone())]) {
            self.report(span, Code::WrongType, "「?」の後には optional が必要です", "an optional value must follow ?", None);
        }
        of
    }

    fn joined(&mut self, types: &[Ty]) -> Ty {
        let Some((first, rest)) = types.split_first() else { return self.unifier.fresh() };
        rest.iter().fold(first.clone(), |joined, ty| self.unifier.join(&joined, ty))
    }

    /// A variable with a dotted name, or a field of something.
    fn name_or_select(&mut self, expr: &Expr) -> Typed {
        if let Some(name) = qualified(expr) {
            if let Some((op, ty)) = self.lookup(&name) {
                return (Node::new(expr.span, op), ty);
            }
            let first = name.split('.').next().unwrap_or(&name);
            let value =
                self.locals.iter().rev().find(|(local, _)| **local == *first).is_some_and(|(_, kind)| matches!(kind, Local::Value(..)));
            if self.names.schema().is_some() && !value {
                return self.unknown_name(expr.span, &name);
            }
        }
        match &expr.kind {
            Kind::Select { operand, field, .. } => self.select(expr.span, operand, field, false),
            _ => self.unknown_name(expr.span, &qualified(expr).unwrap_or_default()),
        }
    }

    fn lookup(&self, name: &str) -> Option<(Op, Ty)> {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        match (self.locals.iter().rev().find(|(local, _)| **local == *first), rest) {
            (Some((_, Local::Value(index, ty))), None) => return Some((Op::Local(*index), ty.clone())),
            (Some((_, Local::Value(..))), Some(_)) => return None,
            (Some((_, Local::Member(scope))), Some(rest)) => return self.personal(*scope, rest),
            (Some((_, Local::Member(_))), None) => return None,
            (None, _) => {}
        }
        let Some(schema) = self.names.schema() else {
            return self.names.variable(name).or_else(|| type_name(name.trim_start_matches('.')));
        };
        if name == "today" {
            return Some((Op::Today, Ty::Date));
        }
        if let Some(slot) = schema.slot(name).filter(|_| !name.starts_with("area.")) {
            return Some((Op::Fact(0, slot), schema.info(slot).kind.ty()));
        }
        let birth = self.personal(0, name.strip_prefix("resident.").unwrap_or(name)).filter(|(op, _)| matches!(op, Op::Birth(..)));
        birth.or_else(|| type_name(name))
    }

    fn select(&mut self, span: Span, operand: &Expr, field: &Arc<str>, optional: bool) -> Typed {
        if optional && let Some((Op::Fact(scope, slot), ty)) = self.fact_of(operand, field) {
            return (Node::new(span, Op::MaybeFact(scope, slot)), Ty::optional(ty));
        }
        let (node, ty) = self.expr(operand);
        let resolved = self.unifier.resolve(&ty);
        let (inner, viral) = match resolved.as_optional() {
            Some(inner) => (self.unifier.resolve(inner), true),
            None => (resolved, false),
        };
        let found = match inner {
            Ty::Map(_, value) => *value,
            Ty::Dyn | Ty::Var(_) => Ty::Dyn,
            other => {
                let ja = format!("{}には「.{field}」という項目がありません", other.ja());
                self.report(span, Code::WrongType, ja, format!("a {other} has no field {field}"), None);
                Ty::Dyn
            }
        };
        let ty = if optional || viral { Ty::optional(found) } else { found };
        (Node::new(span, Op::Select { operand: Box::new(node), field: field.clone(), optional }), ty)
    }

    /// The fact `operand.field` names, when the operand names a person or a structure.
    fn fact_of(&self, operand: &Expr, field: &str) -> Option<(Op, Ty)> {
        self.names.schema()?;
        let name = qualified(operand)?;
        self.lookup(&format!("{name}.{field}"))
    }

    fn has(&mut self, span: Span, operand: &Expr, field: &Arc<str>, optional: bool) -> Typed {
        if self.names.schema().is_some()
            && let Some(name) = qualified(operand)
        {
            match self.fact_of(operand, field) {
                Some((Op::Fact(scope, slot), _)) => return (Node::new(span, Op::Known(scope, slot)), Ty::Bool),
                _ if !self.locals.iter().any(|(local, kind)| **local == *name && matches!(kind, Local::Value(..))) => {
                    let (node, _) = self.unknown_name(span, &format!("{name}.{field}"));
                    return (node, Ty::Bool);
                }
                _ => {}
            }
        }
        let (node, _) = self.select(span, operand, field, optional);
        match node.op {
            Op::Select { operand, field, .. } => (Node::new(span, Op::HasField { operand, field }), Ty::Bool),
            op => (Node::new(span, op), Ty::Bool),
        }
    }

    fn call(&mut self, span: Span, target: Option<&Expr>, name: &Arc<str>, name_span: Span, args: &[Expr]) -> Typed {
        if self.names.schema().is_some()
            && let Some(typed) = self.domain_call(span, target, name, args)
        {
            return typed;
        }
        if let Some(target) = target
            && let Some(prefix) = qualified(target)
        {
            let full = format!("{prefix}.{name}");
            if !signatures(&full).is_empty() || !self.names.functions(&full).is_empty() {
                let args = args.iter().map(|arg| self.expr(arg)).collect();
                return self.overloaded(span, &full, false, args);
            }
        }
        if self.names.schema().is_some() && signatures(name).is_empty() {
            return self.unknown_function(name_span, span, name);
        }
        let method = target.is_some();
        let args = target.into_iter().chain(args).map(|arg| self.expr(arg)).collect();
        self.overloaded(span, name, method, args)
    }

    fn with_values<T>(&mut self, names: &[(Arc<str>, Ty)], run: impl FnOnce(&mut Self) -> T) -> T {
        for (name, ty) in names {
            self.locals.push((name.clone(), Local::Value(self.values, ty.clone())));
            self.values += 1;
        }
        let result = run(self);
        self.locals.truncate(self.locals.len() - names.len());
        self.values -= names.len() as u16;
        result
    }

    fn comprehension(&mut self, span: Span, c: &crate::ast::Comprehension) -> Typed {
        let over_household = self.names.schema().is_some() && qualified(&c.range).as_deref() == Some("household");
        if over_household && c.second.is_none() && c.filter.is_none() {
            match c.macro_ {
                Macro::All => return self.members(span, Quantifier::All, &c.name, &c.body),
                Macro::Exists => return self.members(span, Quantifier::Any, &c.name, &c.body),
                _ => return self.household(span, "", &[]),
            }
        }
        let (range, range_ty) = self.expr(&c.range);
        let (first, second) = self.range_types(c, &range_ty);
        let mut names = vec![(c.name.clone(), first)];
        if let Some(name) = &c.second {
            names.push((name.clone(), second));
        }
        let (filter, (body, body_ty)) = self.with_values(&names, |checker| {
            let filter = c.filter.as_ref().map(|filter| checker.boolean(filter));
            let body = match c.macro_ {
                Macro::All | Macro::Exists | Macro::ExistsOne | Macro::Filter => (checker.boolean(&c.body), Ty::Bool),
                _ => checker.expr(&c.body),
            };
            (filter, body)
        });
        let ty = match c.macro_ {
            Macro::All | Macro::Exists | Macro::ExistsOne => Ty::Bool,
            Macro::Filter => match self.unifier.resolve(&range_ty) {
                Ty::List(of) => Ty::List(of),
                Ty::Map(key, _) => Ty::List(key),
                _ => Ty::list(Ty::Dyn),
            },
            Macro::Map => Ty::list(body_ty),
            Macro::TransformMap => match self.unifier.resolve(&range_ty) {
                Ty::Map(key, _) => Ty::Map(key, Box::new(body_ty)),
                Ty::List(_) => Ty::map(Ty::Int, body_ty),
                _ => Ty::map(Ty::Dyn, body_ty),
            },
            Macro::TransformMapEntry | Macro::OptFlatMap => body_ty,
            Macro::OptMap => Ty::optional(body_ty),
        };
        let node = Comprehension { macro_: c.macro_, range, two: c.second.is_some(), filter, body };
        (Node::new(span, Op::Comprehension(Box::new(node))), ty)
    }

    /// The types of the names a macro declares over a range.
    fn range_types(&mut self, c: &crate::ast::Comprehension, range: &Ty) -> (Ty, Ty) {
        let range = self.unifier.resolve(range);
        let two = c.second.is_some();
        let optional = matches!(c.macro_, Macro::OptMap | Macro::OptFlatMap);
        match range {
            Ty::List(of) if !optional => {
                if two {
                    (Ty::Int, *of)
                } else {
                    (*of, Ty::Dyn)
                }
            }
            Ty::Map(key, value) if !optional => (*key, *value),
            Ty::Named(..) if optional && range.as_optional().is_some() => (range.as_optional().cloned().unwrap_or(Ty::Dyn), Ty::Dyn),
            Ty::Var(_) if !optional => {
                let of = self.unifier.fresh();
                self.unifier.assign_all(&[range], &[Ty::list(of.clone())]);
                if two { (Ty::Int, of) } else { (of, Ty::Dyn) }
            }
            Ty::Dyn | Ty::Var(_) => (Ty::Dyn, Ty::Dyn),
            other => {
                let ja = format!("ここには一覧が必要ですが、{}になっています", other.ja());
                self.report(c.range.span, Code::WrongType, ja, format!("this must be a list or a map, but it is {other}"), None);
                (Ty::Dyn, Ty::Dyn)
            }
        }
    }

    /// A function or operator that may be called with several kinds of arguments.
    fn overloaded(&mut self, span: Span, name: &str, method: bool, args: Vec<Typed>) -> Typed {
        let own = self.names.functions(name);
        let known = signatures(name);
        let mut candidates = known.iter().chain(&own).filter(|signature| signature.method == method).peekable();
        let types: Vec<Ty> = args.iter().map(|(_, ty)| ty.clone()).collect();
        let nodes: Vec<Node> = args.into_iter().map(|(node, _)| node).collect();
        if candidates.peek().is_none() && known.is_empty() && own.is_empty() {
            return self.unknown_function(span, span, name);
        }
        let mut result: Option<Ty> = None;
        for signature in candidates {
            let shape: Vec<Ty> = signature.params.iter().chain([&signature.result]).cloned().collect();
            let mut shape = self.unifier.instantiate(&shape);
            let gives = shape.pop().unwrap_or(Ty::Dyn);
            if self.unifier.assign_all(&types, &shape) {
                result = Some(match result {
                    Some(before) if self.unifier.finish(&before) != self.unifier.finish(&gives) => Ty::Dyn,
                    _ => gives,
                });
            }
        }
        let func = known.first().or(own.first()).map_or(Func::Dyn, |signature| signature.func);
        let Some(ty) = result else {
            self.no_overload(span, name, &types, &nodes);
            return (self.operation(span, func, nodes), Ty::Dyn);
        };
        let node = self.operation(span, func, nodes);
        self.finish(span, node.op, ty)
    }

    fn no_overload(&mut self, span: Span, name: &str, types: &[Ty], nodes: &[Node]) {
        let types: Vec<Ty> = types.iter().map(|ty| self.unifier.finish(ty)).collect();
        let suggestion = match (&types[..], nodes) {
            ([Ty::Date, Ty::String], [_, text]) | ([Ty::String, Ty::Date], [text, _]) => text
                .constant()
                .and_then(Value::as_str)
                .filter(|text| text.parse::<civil::Date>().is_ok())
                .map(|text| format!("date(\"{text}\")")),
            _ => None,
        };
        let en: Vec<String> = types.iter().map(Ty::to_string).collect();
        let ja: Vec<String> = types.iter().map(Ty::ja).collect();
        let ja = format!("「{name}」は {} には使えません", ja.join("、"));
        self.report(span, Code::WrongType, ja, format!("{name} cannot take ({})", en.join(", ")), suggestion);
    }

    fn operation(&mut self, span: Span, func: Func, mut nodes: Vec<Node>) -> Node {
        if let (Func::Matches, [_, pattern]) = (func, &nodes[..])
            && let Some(text) = pattern.constant().and_then(Value::as_str)
        {
            match Regex::new(text) {
                Ok(regex) => return Node::new(span, Op::Matches(Box::new(nodes.swap_remove(0)), Arc::new(regex))),
                Err(_) => self.always_fails(pattern.span, "正規表現が正しくありません", "this pattern is not well formed"),
            }
        }
        let op = match (Compare::of(func), <[Node; 2]>::try_from(nodes)) {
            (Some(compare), Ok(pair)) => Op::Compare(compare, Box::new(pair)),
            (None, Ok(pair)) => Op::Call(func, pair.into()),
            (_, Err(nodes)) => Op::Call(func, nodes.into()),
        };
        Node::new(span, op)
    }

    fn always_fails(&mut self, span: Span, ja: &str, en: &str) {
        if self.names.schema().is_some() {
            self.report(span, Code::AlwaysFails, ja, en, None);
        }
    }

    /// The node, computed now when all of it is constant.
    fn finish(&mut self, span: Span, op: Op, ty: Ty) -> Typed {
        let node = Node::new(span, op);
        let parts = node.children();
        let foldable = !matches!(node.op, Op::Call(Func::Dyn | Func::Unbound, _)) && !parts.is_empty();
        if !foldable || !parts.iter().all(|part| part.constant().is_some()) {
            return (node, ty);
        }
        match eval::constant(&node) {
            Ok(value) => (Node::new(span, Op::Const(value)), ty),
            Err(error) => {
                let ja = format!("この部分は必ず失敗します（{error}）");
                self.always_fails(span, &ja, &format!("this part always fails: {error}"));
                (node, ty)
            }
        }
    }
}

fn literal_type(value: &Value) -> Ty {
    match value {
        Value::Null => Ty::Null,
        Value::Bool(_) => Ty::Bool,
        Value::Int(_) => Ty::Int,
        Value::Uint(_) => Ty::Uint,
        Value::Double(_) => Ty::Double,
        Value::String(_) => Ty::String,
        Value::Bytes(_) => Ty::Bytes,
        _ => Ty::Dyn,
    }
}

/// `fact == null` asks whether the fact is known.
fn known_test(left: &Node, right: &Node) -> Option<Op> {
    match (&left.op, &right.op) {
        (Op::Fact(scope, slot), Op::Const(Value::Null)) | (Op::Const(Value::Null), Op::Fact(scope, slot)) => Some(Op::Known(*scope, *slot)),
        _ => None,
    }
}

fn symbol(operator: Binary) -> &'static str {
    match operator {
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterEqual => ">=",
        Binary::In => "in",
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Remainder => "%",
    }
}

/// The names of kinds of values, which are values themselves.
fn type_name(name: &str) -> Option<(Op, Ty)> {
    let ty = match name {
        "bool" => Ty::Bool,
        "int" => Ty::Int,
        "uint" => Ty::Uint,
        "double" => Ty::Double,
        "string" => Ty::String,
        "bytes" => Ty::Bytes,
        "list" => Ty::list(Ty::Dyn),
        "map" => Ty::map(Ty::Dyn, Ty::Dyn),
        "null_type" => Ty::Null,
        "type" => Ty::Named("type".into(), Vec::new()),
        "date" => Ty::Date,
        "google.protobuf.Timestamp" => Ty::Timestamp,
        "google.protobuf.Duration" => Ty::Duration,
        "optional_type" => Ty::optional(Ty::Dyn),
        _ => return None,
    };
    Some((Op::Const(Value::Type(name.into())), Ty::Type(Box::new(ty))))
}

/// Names of a town's rule.
pub(crate) struct RuleNames<'a>(pub(crate) &'a Schema);

impl Names for RuleNames<'_> {
    fn variable(&self, name: &str) -> Option<(Op, Ty)> {
        self.0.slot(name).map(|slot: Slot| (Op::Fact(0, slot), self.0.info(slot).kind.ty()))
    }

    fn functions(&self, _name: &str) -> Vec<Signature> {
        Vec::new()
    }

    fn schema(&self) -> Option<&Schema> {
        Some(self.0)
    }
}
