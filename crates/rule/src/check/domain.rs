//! What only a town's rules have: the resident and the household, areas, and counts from a day of birth.

use std::sync::Arc;

use super::{Checker, Local, Typed};
use crate::ast::{Expr, Kind};
use crate::diagnostic::{Code, nearest};
use crate::error::EvalError;
use crate::eval;
use crate::node::{Birth, Node, Op, Quantifier, Scope};
use crate::parser::qualified;
use crate::schema::Schema;
use crate::signatures::{function_names, signatures};
use crate::span::Span;
use crate::types::Ty;
use crate::value::Value;

impl Checker<'_> {
    /// A field of a person: one of the resident's, a fact, or a count from the day of birth.
    pub(super) fn personal(&self, scope: Scope, field: &str) -> Option<(Op, Ty)> {
        let schema = self.names.schema()?;
        if let Some(birth) = birth_count(field) {
            return Some((Op::Birth(birth, scope, None), Ty::Int));
        }
        let whole = field.starts_with("facts.") || field.starts_with("residence.");
        let path = if whole { field.to_owned() } else { format!("resident.{field}") };
        let slot = schema.slot(&path)?;
        Some((Op::Fact(scope, slot), schema.info(slot).kind.ty()))
    }

    /// Says when a fact that may be only some texts is compared with another one, which is then never so.
    pub(super) fn compared_with_what_may_be(&mut self, left: &Node, right: &Node) {
        let Some(schema) = self.names.schema().cloned() else { return };
        let (slot, other) = match (&left.op, &right.op) {
            (Op::Fact(_, slot), _) => (*slot, right),
            (_, Op::Fact(_, slot)) => (*slot, left),
            _ => return,
        };
        let info = schema.info(slot);
        if info.values.is_empty() {
            return;
        }
        let named: Vec<&str> = match other.constant() {
            Some(Value::List(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            Some(text) => text.as_str().into_iter().collect(),
            None => return,
        };
        for text in named.into_iter().filter(|text| !info.values.iter().any(|value| value == text)) {
            let known = info.values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
            let ja = format!("{} は「{text}」にはなりません（なるのは {known}）", info.path);
            let en = format!("{} is never {text:?}; it is one of {known}", info.path);
            let meant = nearest(text, info.values.iter().map(String::as_str)).map(|value| format!("{value:?}"));
            self.report(other.span, Code::UnknownValue, ja, en, meant);
        }
    }

    pub(super) fn unknown_name(&mut self, span: Span, name: &str) -> Typed {
        let mut candidates: Vec<String> = vec!["today".into(), "age".into(), "legal_age".into(), "school_year".into(), "months_old".into()];
        if let Some(schema) = self.names.schema() {
            candidates.extend(schema.slots().map(|(_, info)| info.path.clone()).filter(|path| !path.starts_with("area.")));
            for (local, kind) in &self.locals {
                if matches!(kind, Local::Member(_)) {
                    let personal = schema.slots().filter(|(_, info)| info.personal);
                    candidates.extend(personal.map(|(_, info)| format!("{local}.{}", info.path.trim_start_matches("resident."))));
                }
            }
        }
        let bare = candidates.iter().find(|path| path.rsplit('.').next() == Some(name) && path.as_str() != name).cloned();
        let suggestion = bare.or_else(|| nearest(name, candidates.iter().map(String::as_str)));
        let structure = self.names.schema().is_some_and(|schema| schema.has_structure(name));
        if signatures(name).is_empty() && !structure {
            self.report(span, Code::UnknownName, format!("「{name}」という項目はありません"), format!("there is no {name}"), suggestion);
        } else {
            let ja = format!("「{name}」だけでは値になりません");
            self.report(span, Code::UnknownName, ja, format!("{name} is not a value by itself"), suggestion);
        }
        (Node::new(span, Op::Fail(EvalError::NoSuchName(name.into()))), Ty::Dyn)
    }

    pub(super) fn unknown_function(&mut self, name_span: Span, span: Span, name: &str) -> Typed {
        let own = ["attains", "birthday", "in_area", "household.any", "household.all", "household.count"];
        let suggestion = nearest(name, function_names().chain(own));
        let count = birth_count(name).map(|_| name.to_owned());
        let ja = format!("「{name}」という関数はありません");
        self.report(name_span, Code::UnknownFunction, ja, format!("there is no function {name}"), count.or(suggestion));
        (Node::new(span, Op::Fail(EvalError::NoSuchOverload(name.into()))), Ty::Dyn)
    }

    /// `attains(n)`, `birthday(n)`, `in_area("…")` of the resident or of a member, and `household.any(m, …)`.
    pub(super) fn domain_call(&mut self, span: Span, target: Option<&Expr>, name: &str, args: &[Expr]) -> Option<Typed> {
        let receiver = target.map(|target| qualified(target).unwrap_or_default());
        if receiver.as_deref() == Some("household") && !self.locals.iter().any(|(local, _)| &**local == "household") {
            return Some(self.household(span, name, args));
        }
        let scope = match receiver.as_deref() {
            None | Some("resident") => 0,
            Some(receiver) => self.locals.iter().rev().find_map(|(local, kind)| match kind {
                Local::Member(scope) if **local == *receiver => Some(*scope),
                _ => None,
            })?,
        };
        let birth = match name {
            "in_area" => return Some(self.area(span, scope, args)),
            "attains" => Birth::Attains,
            "birthday" => Birth::Birthday,
            _ => return None,
        };
        let years = match args {
            [years] => self.expr(years),
            _ => (Node::new(span, Op::Const(Value::Null)), Ty::Null),
        };
        if !self.unifier.assign_all(std::slice::from_ref(&years.1), &[Ty::Int]) {
            let (ja, en) = (format!("{name}(年齢) のように整数を一つ書きます"), format!("{name} takes one whole number, as in {name}(18)"));
            self.report(span, Code::WrongType, ja, en, None);
        }
        Some((Node::new(span, Op::Birth(birth, scope, Some(Box::new(years.0)))), Ty::Date))
    }

    pub(super) fn area(&mut self, span: Span, scope: Scope, args: &[Expr]) -> Typed {
        let layer = match args {
            [Expr { kind: Kind::Literal(Value::String(layer)), .. }] => layer.clone(),
            _ => {
                let (ja, en) = ("in_area(\"区域\") のように区域の名前を一つ書きます", "in_area takes the name of one area in quotes");
                self.report(span, Code::WrongType, ja, en, None);
                return (Node::new(span, Op::Fail(EvalError::NoSuchOverload("in_area".into()))), Ty::Bool);
            }
        };
        let schema = self.names.schema().cloned();
        if let Some(slot) = schema.as_ref().and_then(|schema| schema.slot(&format!("area.{layer}"))) {
            return (Node::new(span, Op::Fact(scope, slot)), Ty::Bool);
        }
        let layers: Vec<String> =
            schema.iter().flat_map(Schema::slots).filter_map(|(_, info)| info.path.strip_prefix("area.").map(str::to_owned)).collect();
        let suggestion = nearest(&layer, layers.iter().map(String::as_str)).map(|layer| format!("in_area(\"{layer}\")"));
        self.report(
            span,
            Code::UnknownArea,
            format!("「{layer}」という区域はありません"),
            format!("there is no area {layer:?}"),
            suggestion,
        );
        (Node::new(span, Op::Fail(EvalError::NoSuchName(layer.to_string().into()))), Ty::Bool)
    }

    pub(super) fn household(&mut self, span: Span, name: &str, args: &[Expr]) -> Typed {
        let quantifier = match name {
            "any" => Quantifier::Any,
            "all" => Quantifier::All,
            "count" => Quantifier::Count,
            _ => {
                let suggestion = nearest(name, ["any", "all", "count"]).map(|name| format!("household.{name}"));
                let (ja, en) = (format!("「household.{name}」という関数はありません"), format!("there is no household.{name}"));
                self.report(span, Code::UnknownFunction, ja, en, suggestion);
                return (Node::new(span, Op::Fail(EvalError::NoSuchOverload(name.into()))), Ty::Dyn);
            }
        };
        match args {
            [Expr { kind: Kind::Ident { name, absolute: false }, .. }, body] => self.members(span, quantifier, name, body),
            _ => {
                let ja = format!("household.{name}(m, m.age >= 65) のように、世帯員の名前と条件を書きます");
                let en = format!("household.{name} takes a name and a condition, as in household.{name}(m, m.age >= 65)");
                self.report(span, Code::WrongType, ja, en, None);
                (Node::new(span, Op::Fail(EvalError::NoSuchOverload(name.into()))), Ty::Dyn)
            }
        }
    }

    pub(super) fn members(&mut self, span: Span, quantifier: Quantifier, name: &Arc<str>, body: &Expr) -> Typed {
        if usize::from(self.members) + 1 >= eval::MAX_SUBJECTS {
            self.report(span, Code::TooLarge, "household の条件の入れ子が深すぎます", "household conditions are nested too deeply", None);
            return (Node::new(span, Op::Fail(EvalError::TooExpensive)), Ty::Dyn);
        }
        self.members += 1;
        let scope = self.members;
        self.locals.push((name.clone(), Local::Member(scope)));
        let body = self.boolean(body);
        self.locals.pop();
        self.members -= 1;
        let ty = if quantifier == Quantifier::Count { Ty::Int } else { Ty::Bool };
        (Node::new(span, Op::Household(quantifier, scope, Box::new(body))), ty)
    }
}

/// The counts from a day of birth that are written like a field.
fn birth_count(name: &str) -> Option<Birth> {
    Some(match name {
        "age" => Birth::Age,
        "legal_age" => Birth::LegalAge,
        "school_year" => Birth::SchoolYear,
        "months_old" => Birth::MonthsOld,
        _ => return None,
    })
}
