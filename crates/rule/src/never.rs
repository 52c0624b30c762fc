//! Finds rules that no person on any day can satisfy.

use crate::diagnostic::{Code, Diagnostic};
use crate::node::{Node, Op};
use crate::rule::Rule;
use crate::value::Value;

/// What is wrong when the rule can never hold.
pub(crate) fn never_holds(rule: &Rule) -> Option<Diagnostic> {
    let node = impossible(rule.node())?;
    let (ja, en) = ("この条件を満たす人はいません", "nobody can ever satisfy this");
    Some(rule.diagnostic(node.span, Code::NeverHolds, ja, en))
}

/// The part that makes a condition impossible.
fn impossible(node: &Node) -> Option<&Node> {
    match &node.op {
        Op::Const(Value::Bool(false)) => Some(node),
        Op::And(parts) => parts.iter().find_map(impossible),
        Op::Or(parts) => parts.iter().all(|part| impossible(part).is_some()).then_some(node),
        _ => None,
    }
}
