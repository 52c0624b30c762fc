//! Which way a calculation moves when one of its inputs grows: so that a comparison becomes a bound, found by bisection.

use std::cmp::Ordering;

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
