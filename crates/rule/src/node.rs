//! The checked expression, ready to be evaluated: names have become slots, calls have become functions.

use std::sync::Arc;

use regex::Regex;

use crate::ast::Macro;
use crate::error::EvalError;
use crate::functions::Func;
use crate::schema::Slot;
use crate::span::Span;
use crate::value::Value;

/// A checked expression and where it stands in the source.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) op: Op,
}

/// Whose fact: 0 is the person decided on, 1 and up the household members named by the enclosing `household.any(m, …)`.
pub(crate) type Scope = u8;

/// What a checked expression does.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Const(Value),
    /// A fact; not knowing it stops the evaluation.
    Fact(Scope, Slot),
    /// Whether a fact is known.
    Known(Scope, Slot),
    /// A fact as an optional value.
    MaybeFact(Scope, Slot),
    /// A variable of the plain language, by its place in the bindings.
    Bound(u16),
    /// A variable of an enclosing macro, by its place from the outside.
    Local(u16),
    Today,
    /// Something counted from a person's day of birth.
    Birth(Birth, Scope, Option<Box<Node>>),
    Not(Box<Node>),
    And(Box<[Node]>),
    Or(Box<[Node]>),
    Cond(Box<[Node; 3]>),
    Compare(Compare, Box<[Node; 2]>),
    Call(Func, Box<[Node]>),
    Matches(Box<Node>, Arc<Regex>),
    Select {
        operand: Box<Node>,
        field: Arc<str>,
        optional: bool,
    },
    HasField {
        operand: Box<Node>,
        field: Arc<str>,
    },
    List(Box<[(Node, bool)]>),
    Map(Box<[(Node, Node, bool)]>),
    Comprehension(Box<Comprehension>),
    Bind(Box<[Node; 2]>),
    Household(Quantifier, Scope, Box<Node>),
    Fail(EvalError),
}

#[derive(Clone, Debug)]
pub(crate) struct Comprehension {
    pub(crate) macro_: Macro,
    pub(crate) range: Node,
    pub(crate) two: bool,
    pub(crate) filter: Option<Node>,
    pub(crate) body: Node,
}

/// What is counted from a day of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Birth {
    Age,
    LegalAge,
    SchoolYear,
    MonthsOld,
    Attains,
    Birthday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Quantifier {
    Any,
    All,
    Count,
}

impl Compare {
    pub(crate) fn of(func: Func) -> Option<Compare> {
        Some(match func {
            Func::Equal => Compare::Equal,
            Func::NotEqual => Compare::NotEqual,
            Func::Less => Compare::Less,
            Func::LessEqual => Compare::LessEqual,
            Func::Greater => Compare::Greater,
            Func::GreaterEqual => Compare::GreaterEqual,
            _ => return None,
        })
    }

    /// Whether the comparison holds for operands in this order.
    pub(crate) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Compare::Equal => order.is_eq(),
            Compare::NotEqual => order.is_ne(),
            Compare::Less => order.is_lt(),
            Compare::LessEqual => order.is_le(),
            Compare::Greater => order.is_gt(),
            Compare::GreaterEqual => order.is_ge(),
        }
    }
}

impl Node {
    pub(crate) fn new(span: Span, op: Op) -> Node {
        Node { span, op }
    }

    pub(crate) fn constant(&self) -> Option<&Value> {
        match &self.op {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }

    /// The nodes directly below.
    pub(crate) fn children(&self) -> Vec<&Node> {
        match &self.op {
            Op::Const(_) | Op::Fact(..) | Op::Known(..) | Op::MaybeFact(..) | Op::Bound(_) | Op::Local(_) | Op::Today | Op::Fail(_) => {
                Vec::new()
            }
            Op::Birth(_, _, years) => years.iter().map(|years| &**years).collect(),
            Op::Not(inner) | Op::Matches(inner, _) | Op::Household(_, _, inner) => vec![inner],
            Op::And(parts) | Op::Or(parts) | Op::Call(_, parts) => parts.iter().collect(),
            Op::Cond(parts) => parts.iter().collect(),
            Op::Compare(_, parts) | Op::Bind(parts) => parts.iter().collect(),
            Op::Select { operand, .. } | Op::HasField { operand, .. } => vec![operand],
            Op::List(items) => items.iter().map(|(item, _)| item).collect(),
            Op::Map(entries) => entries.iter().flat_map(|(key, value, _)| [key, value]).collect(),
            Op::Comprehension(c) => [&c.range, &c.body].into_iter().chain(&c.filter).collect(),
        }
    }

    /// Calls `visit` on this node and everything below it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}
