//! Looks for somebody who could be entitled at all. A rule nobody can satisfy is most often a slip: a day long past, an age window upside down.

use civil::Date;
use rule::{FactType, Person, Rule, Schema, Slot, Value};

use crate::model::Version;

/// How many made-up people are tried before a rule is called doubtful.
const PEOPLE_MAX: usize = 40_000;

/// Whether somebody made up from the words of the rule is entitled on some day of the version.
pub(crate) fn somebody_qualifies(version: &Version, following: Option<Date>) -> bool {
    let rule = &version.eligible;
    let end = version.until.or(following);
    let days = [0, 91, 182, 273].into_iter().filter_map(|days| version.from.checked_add(jiff::Span::new().days(days)).ok());
    let days: Vec<Date> = days.filter(|day| end.is_none_or(|end| *day <= end)).collect();
    let asked = candidates(rule, version.from);
    let combinations: usize = asked.iter().map(|(_, values)| values.len()).fold(1, usize::saturating_mul);
    // A stride that shares no factor with the number of combinations visits each once, spread over all of them.
    let stride = (1..).map(|n| 7919 + n).find(|stride| coprime(*stride, combinations)).unwrap_or(1);
    (0..combinations.min(PEOPLE_MAX)).any(|n| {
        let person = made_up(rule.schema(), &asked, n.wrapping_mul(stride) % combinations);
        days.iter().any(|day| rule.decide(&person, *day) == Ok(true))
    })
}

fn coprime(mut a: usize, mut b: usize) -> bool {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// The person of a number: each fact takes one of its values.
fn made_up(schema: &Schema, asked: &[(Slot, Vec<Value>)], mut number: usize) -> Person {
    let mut person = Person::new(schema);
    person.set_slot(Schema::CURRENT, true).expect("resident.current is yes or no");
    for (slot, values) in asked {
        let value = values[number % values.len()].clone();
        number /= values.len();
        person.set_slot(*slot, value).expect("candidates have the fact's own type");
    }
    let member = person.clone();
    person.add_member(member);
    person
}

/// Values worth trying for each fact the rule looks at: what the rule itself names, and a spread around it.
fn candidates(rule: &Rule, from: Date) -> Vec<(Slot, Vec<Value>)> {
    let facts = rule.facts();
    facts.into_iter().filter(|slot| *slot != Schema::CURRENT).map(|slot| (slot, values(rule, slot, from))).collect()
}

fn values(rule: &Rule, slot: Slot, from: Date) -> Vec<Value> {
    if slot == Schema::DATE_OF_BIRTH {
        let births = (0..=110).flat_map(|years| [(1, 31), (4, 1), (9, 15)].map(|(month, day)| Date::new(from.year() - years, month, day)));
        return births.flatten().map(Value::Date).collect();
    }
    let closed = &rule.schema().info(slot).values;
    if !closed.is_empty() {
        return closed.iter().map(|text| Value::from(text.as_str())).collect();
    }
    let mut values = match rule.schema().info(slot).kind {
        FactType::Bool => vec![Value::Bool(true), Value::Bool(false)],
        FactType::Int => numbers(rule.source()).into_iter().flat_map(|n| [n - 1, n, n + 1]).chain([0, 1]).map(Value::Int).collect(),
        FactType::String => quoted(rule.source()).into_iter().chain(["current", "male", "female", "1"]).map(Value::from).collect(),
        FactType::Date => {
            let around = [-36500, -3650, -366, -1, 0, 1, 366, 3650, 36500];
            let named = quoted(rule.source()).into_iter().filter_map(|text| text.parse().ok());
            let days = named.chain([from]).flat_map(|day: Date| around.map(|days| day.checked_add(jiff::Span::new().days(days)).ok()));
            days.flatten().map(Value::Date).collect()
        }
    };
    values.push(Value::Null);
    values
}

fn numbers(source: &str) -> Vec<i64> {
    let words = source.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse::<i64>().ok()).filter(|number| *number < i64::MAX).collect()
}

fn quoted(source: &str) -> Vec<&str> {
    ['"', '\''].into_iter().flat_map(|quote| source.split(quote).skip(1).step_by(2)).collect()
}
