//! The day an answer changes when the facts stay as they are.

use civil::Date;

use crate::calendar::{day_number, day_of_number};
use crate::eval::{Frame, eval, truth};
use crate::functions::Func;
use crate::monotone::{Input, Way, comparison_way, depends, order, turning_points, way};
use crate::node::{Node, Op};
use crate::person::Person;
use crate::rule::Rule;
use crate::value::Value;

impl Rule {
    /// The first day after `from`, and at most `horizon_days` later, on which the answer differs from that of `from`, with the new answer; the
    /// facts stay as they are. A day on which a calculation fails counts as "no".
    ///
    /// With `from` a day of entitlement the day before the one given is the last day the card is valid.
    pub fn next_change(&self, person: &Person, from: Date, horizon_days: u32) -> Option<(Date, bool)> {
        let frame = Frame::new(from, &person.facts, &person.others);
        let first = i64::from(day_number(from));
        let last = (first + i64::from(horizon_days)).min(i64::from(day_number(Date::MAX)));
        let mut days = Vec::new();
        turning_days(self.node(), &frame, (first, last), &mut days);
        days.retain(|day| (first + 1..=last).contains(day));
        days.sort_unstable();
        days.dedup();
        let answer = |day: Date| truth(self.node(), &mut frame.on(day)) == Ok(true);
        let now = answer(from);
        let days = days.into_iter().filter_map(|day| i32::try_from(day).ok().and_then(day_of_number));
        days.map(|day| (day, answer(day))).find(|(_, then)| *then != now)
    }

    /// The last day of an entitlement that holds on `from`: the day before it ends. `None` when it does not hold, or not end within
    /// `horizon_days`.
    pub fn last_day(&self, person: &Person, from: Date, horizon_days: u32) -> Option<Date> {
        match self.next_change(person, from, horizon_days) {
            Some((day, false)) => day.yesterday().ok(),
            _ => None,
        }
    }

    /// The first day of an entitlement that does not hold on `from`. `None` when it holds already, or not begin within `horizon_days`.
    pub fn first_day(&self, person: &Person, from: Date, horizon_days: u32) -> Option<Date> {
        match self.next_change(person, from, horizon_days) {
            Some((day, true)) => Some(day),
            _ => None,
        }
    }
}

/// Collects every day on which some condition may turn.
fn turning_days(node: &Node, frame: &Frame<'_>, stretch: (i64, i64), days: &mut Vec<i64>) {
    if !depends(node, Input::Today) {
        return;
    }
    match &node.op {
        Op::Not(inner) => turning_days(inner, frame, stretch, days),
        Op::And(parts) | Op::Or(parts) => parts.iter().for_each(|part| turning_days(part, frame, stretch, days)),
        Op::Cond(parts) => parts.iter().for_each(|part| turning_days(part, frame, stretch, days)),
        Op::Household(_, scope, body) => {
            for member in frame.members() {
                turning_days(body, &frame.on(frame.today).with_subject(*scope, member), stretch, days);
            }
        }
        Op::Compare(_, pair) => match comparison_way(pair, Input::Today).and_then(|way| bisect(way, &pair[0], &pair[1], frame, stretch)) {
            Some((reached, passed)) => days.extend([reached, passed]),
            None => try_every_day(node, frame, stretch, days),
        },
        Op::Call(Func::In, args) => match turning_among(args, frame, stretch) {
            Some(turning) => days.extend(turning),
            None => try_every_day(node, frame, stretch, days),
        },
        _ => try_every_day(node, frame, stretch, days),
    }
}

/// The days on which a growing number or day reaches or passes one of a list.
fn turning_among(args: &[Node], frame: &Frame<'_>, stretch: (i64, i64)) -> Option<Vec<i64>> {
    let [item, list] = args else { return None };
    let Some(Value::List(candidates)) = list.constant() else { return None };
    let way = Some(way(item, Input::Today)).filter(|way| matches!(way, Way::Up | Way::Down))?;
    let mut days = Vec::new();
    for candidate in candidates.iter() {
        let candidate = Node::new(list.span, Op::Const(candidate.clone()));
        let (reached, passed) = bisect(way, item, &candidate, frame, stretch)?;
        days.extend([reached, passed]);
    }
    Some(days)
}

fn bisect(way: Way, left: &Node, right: &Node, frame: &Frame<'_>, (first, last): (i64, i64)) -> Option<(i64, i64)> {
    turning_points(first, last, way, &mut |day| {
        let day = i32::try_from(day).ok().and_then(day_of_number)?;
        let left = eval(left, &mut frame.on(day)).ok()?;
        let right = eval(right, &mut frame.on(day)).ok()?;
        order(&left, &right)
    })
}

fn try_every_day(node: &Node, frame: &Frame<'_>, (first, last): (i64, i64), days: &mut Vec<i64>) {
    let mut before = None;
    for day in first..=last {
        let Some(date) = i32::try_from(day).ok().and_then(day_of_number) else { return };
        // The value and not only its truth: the part may be a number, as in a condition's branch.
        let value = eval(node, &mut frame.on(date));
        if before.as_ref().is_some_and(|before| *before != value) {
            days.push(day);
        }
        before = Some(value);
    }
}
