//! Which way a calculation moves when one of its inputs grows: so that a comparison becomes a bound, found by bisection.

use std::cmp::Ordering;

use civil::Date;

use crate::eval::{Frame, eval};
use crate::functions::Func;
use crate::node::{Birth, Node, Op, Scope};
use crate::schema::{Schema, Slot};
use crate::value::Value;

/// The input that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Today,
    Fact(Scope, Slot),
}

/// Which way a value moves as the input grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Still,
    Up,
    Down,
    Unclear,
}

impl Way {
    fn turned(self) -> Way {
        match self {
            Way::Up => Way::Down,
            Way::Down => Way::Up,
            other => other,
        }
    }

    fn with(self, other: Way) -> Way {
        match (self, other) {
            (Way::Still, way) | (way, Way::Still) => way,
            (a, b) if a == b => a,
            _ => Way::Unclear,
        }
    }
}

/// The way of a whole number or day.
pub(crate) fn way(node: &Node, input: Input) -> Way {
    if !depends(node, input) {
        return Way::Still;
    }
    match &node.op {
        Op::Today | Op::Fact(..) => Way::Up,
        Op::Birth(birth, scope, years) => {
            let born = if input == Input::Fact(*scope, Schema::DATE_OF_BIRTH) { Way::Up } else { Way::Still };
            let today = if input == Input::Today { Way::Up } else { Way::Still };
            match birth {
                Birth::Attains | Birth::Birthday if years.as_ref().is_none_or(|years| !depends(years, input)) => born,
                Birth::Attains | Birth::Birthday => Way::Unclear,
                _ => today.with(born.turned()),
            }
        }
        Op::Call(func, args) => match (func, &args[..]) {
            (Func::FiscalYear | Func::FiscalYearStart | Func::FiscalYearEnd | Func::MonthStart | Func::MonthEnd | Func::Year, [day]) => {
                way(day, input)
            }
            (Func::PlusDays | Func::PlusMonths | Func::PlusYears | Func::Add, [a, b]) => way(a, input).with(way(b, input)),
            (Func::Subtract, [a, b]) => way(a, input).with(way(b, input).turned()),
            (Func::DaysBetween, [a, b]) => way(b, input).with(way(a, input).turned()),
            (Func::Negate, [a]) => way(a, input).turned(),
            _ => Way::Unclear,
        },
        _ => Way::Unclear,
    }
}

/// Whether the input appears in a calculation at all.
pub(crate) fn depends(node: &Node, input: Input) -> bool {
    let mut found = false;
    node.walk(&mut |node| {
        found |= match (&node.op, input) {
            (Op::Today, Input::Today) => true,
            (Op::Birth(birth, ..), Input::Today) => !matches!(birth, Birth::Attains | Birth::Birthday),
            (Op::Birth(_, scope, _), Input::Fact(of, Schema::DATE_OF_BIRTH)) => *scope == of,
            (Op::Fact(scope, slot) | Op::Known(scope, slot) | Op::MaybeFact(scope, slot), Input::Fact(of, wanted)) => {
                *scope == of && *slot == wanted
            }
            _ => false,
        };
    });
    found
}

/// The order of two whole numbers or two days; other kinds have none here.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Where a comparison changes over `first..=last`: the first input at which the left side is no longer less, and the first at which it is
/// greater (`last + 1` when never) for a way up; turned for a way down. `None` when an end has no order.
pub(crate) fn turning_points(first: i64, last: i64, way: Way, order: &mut dyn FnMut(i64) -> Option<Ordering>) -> Option<(i64, i64)> {
    let (at_first, at_last) = (order(first)?, order(last)?);
    let turned = |order: Ordering| if way == Way::Down { order.reverse() } else { order };
    let mut first_with = |reached: fn(Ordering) -> bool| -> Option<i64> {
        if reached(turned(at_first)) {
            return Some(first);
        }
        if !reached(turned(at_last)) {
            return Some(last.saturating_add(1));
        }
        let (mut below, mut above) = (first, last);
        while i128::from(above) - i128::from(below) > 1 {
            let middle = ((i128::from(below) + i128::from(above)) / 2) as i64;
            if reached(turned(order(middle)?)) { above = middle } else { below = middle }
        }
        Some(above)
    };
    Some((first_with(|order| order != Ordering::Less)?, first_with(|order| order == Ordering::Greater)?))
}

/// One fact of one person on one day, everything else not known.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) today: Date,
    pub(crate) scope: Scope,
    pub(crate) slot: Slot,
    /// How many facts a person has.
    pub(crate) slots: usize,
}

/// The ranges of a fact in which a comparison is `want`, found by bisection; `None` when it may turn back.
pub(crate) fn ranges(
    node: &Node,
    want: bool,
    sight: Sight,
    (first, last): (i64, i64),
    value: &dyn Fn(i64) -> Value,
) -> Option<Vec<(i64, i64)>> {
    let Op::Compare(operator, pair) = &node.op else { return None };
    let way = comparison_way(pair, Input::Fact(sight.scope, sight.slot))?;
    let mut facts = vec![Value::Null; sight.slots];
    let (reached, passed) = turning_points(first, last, way, &mut |at| {
        facts[sight.slot.index()] = value(at);
        let frame = || Frame::new(sight.today, &[], &[]).with_subject(sight.scope, &facts);
        order(&eval(&pair[0], &mut frame()).ok()?, &eval(&pair[1], &mut frame()).ok()?)
    })?;
    let (before, after) = match way {
        Way::Up => (Ordering::Less, Ordering::Greater),
        _ => (Ordering::Greater, Ordering::Less),
    };
    let stretches =
        [(before, first, reached.saturating_sub(1)), (Ordering::Equal, reached, passed.saturating_sub(1)), (after, passed, last)];
    let chosen = stretches.into_iter().filter(|(order, from, to)| operator.holds(*order) == want && from <= to);
    Some(union(chosen.map(|(_, from, to)| (from, to)).collect()))
}

/// The way the left side of a comparison moves against the right.
pub(crate) fn comparison_way(pair: &[Node; 2], input: Input) -> Option<Way> {
    match (way(&pair[0], input), way(&pair[1], input)) {
        (Way::Up, Way::Still | Way::Down) | (Way::Still, Way::Down) => Some(Way::Up),
        (Way::Down, Way::Still | Way::Up) | (Way::Still, Way::Up) => Some(Way::Down),
        _ => None,
    }
}

/// Ranges joined into as few as hold the same numbers.
pub(crate) fn union(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// What lies in ranges of both.
pub(crate) fn intersection(a: &[(i64, i64)], b: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x.0.max(y.0), x.1.min(y.1))));
    union(pairs.filter(|(from, to)| from <= to).collect())
}
