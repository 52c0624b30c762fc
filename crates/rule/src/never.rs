//! Finds rules that no person on any day can satisfy.

use civil::Date;

use crate::calendar::{day_number, day_of_number};
use crate::diagnostic::{Code, Diagnostic};
use crate::eval::{Frame, truth};
use crate::functions::Func;
use crate::monotone::{Sight, intersection, ranges};
use crate::node::{Compare, Node, Op, Quantifier, Scope};
use crate::rule::Rule;
use crate::schema::{FactType, Schema, Slot};
use crate::value::Value;

/// What is wrong when the rule can never hold.
pub(crate) fn never_holds(rule: &Rule) -> Option<Diagnostic> {
    let node = Search { schema: rule.schema() }.impossible(rule.node())?;
    let (ja, en) = ("この条件を満たす人はいません", "nobody can ever satisfy this");
    Some(rule.diagnostic(node.span, Code::NeverHolds, ja, en))
}

struct Search<'a> {
    schema: &'a Schema,
}

impl Search<'_> {
    /// The part that makes a condition impossible.
    fn impossible<'n>(&self, node: &'n Node) -> Option<&'n Node> {
        match &node.op {
            Op::Const(Value::Bool(false)) => Some(node),
            Op::And(parts) => parts.iter().find_map(|part| self.impossible(part)).or_else(|| self.contradiction(node, parts)),
            Op::Or(parts) => parts.iter().all(|part| self.impossible(part).is_some()).then_some(node),
            Op::Household(Quantifier::Any, _, body) => self.impossible(body),
            _ => self.contradiction(node, std::slice::from_ref(node)),
        }
    }

    /// The whole of parts that must hold together when those about one and the same fact cannot.
    fn contradiction<'n>(&self, node: &'n Node, parts: &'n [Node]) -> Option<&'n Node> {
        let mut facts: Vec<(Scope, Slot)> = parts.iter().filter_map(only_fact).collect();
        facts.sort_unstable();
        facts.dedup();
        facts.into_iter().find_map(|(scope, slot)| {
            let about: Vec<&Node> = parts.iter().filter(|part| only_fact(part) == Some((scope, slot))).collect();
            let never = match self.schema.info(slot).kind {
                FactType::Bool => self.never_of(&about, scope, slot, &[Value::Bool(true), Value::Bool(false), Value::Null]),
                FactType::String => self.never_text(&about, scope, slot),
                FactType::Int => self.never_in(&about, scope, slot, FIRST_SAMPLE, (-1 << 40, 1 << 40), &Value::Int),
                FactType::Date => self.never_day(&about, scope, slot),
            };
            never.then(|| if about.len() == 1 { about[0] } else { node })
        })
    }

    fn holds(&self, node: &Node, scope: Scope, slot: Slot, value: &Value) -> bool {
        let mut facts = vec![Value::Null; self.schema.len()];
        facts[slot.index()] = value.clone();
        truth(node, &mut Frame::new(FIRST_SAMPLE, &[], &[]).with_subject(scope, &facts)) == Ok(true)
    }

    /// Whether no candidate meets all parts; only for parts whose answer the day does not change.
    fn never_of(&self, parts: &[&Node], scope: Scope, slot: Slot, candidates: &[Value]) -> bool {
        let parts: Vec<&&Node> = parts.iter().filter(|part| !crate::monotone::depends(part, crate::monotone::Input::Today)).collect();
        !parts.is_empty() && !candidates.iter().any(|candidate| parts.iter().all(|part| self.holds(part, scope, slot, candidate)))
    }

    /// Texts that are compared as a whole: those written in the rule, and one that is none of them.
    fn never_text(&self, parts: &[&Node], scope: Scope, slot: Slot) -> bool {
        let plain: Vec<&Node> = parts.iter().copied().filter(|part| is_plain_text_test(part)).collect();
        let mut candidates = vec![Value::Null, Value::from("\u{0}")];
        for part in &plain {
            part.walk(&mut |node| match &node.op {
                Op::Const(text @ Value::String(_)) => candidates.push(text.clone()),
                Op::Const(Value::List(items)) => candidates.extend(items.iter().cloned()),
                _ => {}
            });
        }
        self.never_of(&plain, scope, slot, &candidates)
    }

    /// Days, looked at from days of every year, because parts may count from today.
    fn never_day(&self, parts: &[&Node], scope: Scope, slot: Slot) -> bool {
        samples().all(|today| {
            let middle = i64::from(day_number(today));
            let day = |number: i64| i32::try_from(number).ok().and_then(day_of_number).map_or(Value::Null, Value::Date);
            self.never_in(parts, scope, slot, today, (middle - 140 * 366, middle + 140 * 366), &day)
        })
    }

    /// Whether the ranges of those parts that have them leave nothing in common.
    fn never_in(&self, parts: &[&Node], scope: Scope, slot: Slot, today: Date, all: (i64, i64), value: &dyn Fn(i64) -> Value) -> bool {
        let sight = Sight { today, scope, slot, slots: self.schema.len() };
        let mut left = vec![all];
        for part in parts.iter().filter(|part| !is_same_day_test(part)) {
            if let Some(ranges) = ranges(part, true, sight, all, value) {
                left = intersection(&left, &ranges);
            }
        }
        left.is_empty()
    }
}

/// The first day looked at.
const FIRST_SAMPLE: Date = Date::constant(2026, 4, 1);

/// Days of many years, the turns of months, years and fiscal years among them.
fn samples() -> impl Iterator<Item = Date> {
    let years = std::iter::once(2026).chain(1950..2100);
    years.flat_map(|year| [(4, 1), (3, 31), (2, 28), (10, 15), (12, 31), (1, 1)].map(|(month, day)| Date::constant(year, month, day)))
}

/// Whose fact a condition is about, when it is about one only.
fn only_fact(node: &Node) -> Option<(Scope, Slot)> {
    let mut facts = Vec::new();
    node.walk(&mut |node| match &node.op {
        Op::Fact(scope, slot) | Op::Known(scope, slot) | Op::MaybeFact(scope, slot) => facts.push((*scope, *slot)),
        Op::Birth(_, scope, _) => facts.push((*scope, Schema::DATE_OF_BIRTH)),
        Op::Household(..) => facts.extend([(u8::MAX, Slot(0)), (u8::MAX, Slot(1))]),
        _ => {}
    });
    facts.dedup();
    match facts[..] {
        [fact] => Some(fact),
        _ => None,
    }
}

/// Whether a text is compared as a whole and nothing is looked for inside it.
fn is_plain_text_test(node: &Node) -> bool {
    let constant = |node: &Node| node.constant().is_some();
    let fact = |node: &Node| matches!(node.op, Op::Fact(..));
    match &node.op {
        Op::Compare(Compare::Equal | Compare::NotEqual, pair) => {
            fact(&pair[0]) && constant(&pair[1]) || constant(&pair[0]) && fact(&pair[1])
        }
        Op::Call(Func::In, args) => args.len() == 2 && fact(&args[0]) && constant(&args[1]),
        Op::Known(..) => true,
        Op::Not(inner) => is_plain_text_test(inner),
        Op::Or(parts) => parts.iter().all(is_plain_text_test),
        _ => false,
    }
}

/// Whether days are asked to be the same: the days looked at may miss the one that is meant.
fn is_same_day_test(node: &Node) -> bool {
    let gives_day = |node: &Node| match &node.op {
        Op::Today | Op::Const(Value::Date(_)) => true,
        Op::Birth(birth, ..) => matches!(birth, crate::node::Birth::Attains | crate::node::Birth::Birthday),
        Op::Call(func, _) => {
            matches!(
                func,
                Func::FiscalYearStart
                    | Func::FiscalYearEnd
                    | Func::MonthStart
                    | Func::MonthEnd
                    | Func::PlusDays
                    | Func::PlusMonths
                    | Func::PlusYears
                    | Func::Add
                    | Func::Subtract
            )
        }
        _ => false,
    };
    matches!(&node.op, Op::Compare(Compare::Equal, pair) if pair.iter().any(gives_day))
}
