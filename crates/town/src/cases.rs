//! Runs the examples of a pack: this person, on this day, is entitled or not.

use civil::{Date, PartialDate};
use rule::{Person, Schema, Value};

use crate::{
    Town,
    diagnostic::{Diagnostic, Location},
    model::{Case, CaseResident, Expected, FactName, FactValue, Programme, ProgrammeId, Status, UnknownBirthday},
};

/// How an example came out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CaseResult {
    /// The programme it belongs to.
    pub programme: ProgrammeId,
    /// What it shows, as the pack says.
    pub name: String,
    /// Where it stands in the pack.
    pub location: Location,
    /// The day that was asked about.
    pub on: Date,
    /// What the pack expects.
    pub expected: Expected,
    /// What the rule in force that day answers.
    pub given: Expected,
}

impl CaseResult {
    /// Whether the rule answers as the pack expects.
    pub fn holds(&self) -> bool {
        self.expected == self.given
    }
}

/// Runs all examples of a town.
pub(crate) fn run(town: &Town) -> Vec<CaseResult> {
    let run = |programme: &Programme, case: &Case| CaseResult {
        programme: programme.id.clone(),
        name: case.name.clone(),
        location: case.location.clone(),
        on: case.on,
        expected: case.eligible,
        given: answer(town, programme, case),
    };
    town.programmes.iter().flat_map(|programme| programme.cases.iter().map(move |case| run(programme, case))).collect()
}

/// The fault of an example that came out otherwise, with the rule and the facts it saw.
pub(crate) fn fault(town: &Town, programme: &Programme, case: &Case, given: Expected) -> Diagnostic {
    let rule = match programme.in_force(case.on) {
        Some(version) => format!("the rule in force on {} is {}", case.on, one_line(version.eligible.source())),
        None => format!("no version is in force on {}", case.on),
    };
    let birth = case.resident.date_of_birth.and_then(|birth| birth_words(town, birth)).unwrap_or_default();
    let reason = format!("the case {:?} expects {}, but the answer is {given}: {rule}{birth}", case.name, case.eligible);
    Diagnostic::error(case.location.clone(), reason, "correct the rule, or the case if the ordinance says so")
}

fn one_line(rule: &str) -> String {
    rule.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The days that decide most cases, so that the reader need not count.
fn birth_words(town: &Town, birth: PartialDate) -> Option<String> {
    let Some(day) = town.bridge.unknown_birthday.day(birth) else { return Some("; the birthday counts as unknown".to_owned()) };
    let deemed = if birth.exact().is_none() { format!(", deemed to be {day}") } else { String::new() };
    let (age_18, age_75) = (civil::attains(day, 18), civil::birthday(day, 75));
    Some(format!("; born {birth}{deemed}, 18 is attained on {age_18}, the 75th birthday is {age_75}"))
}

fn answer(town: &Town, programme: &Programme, case: &Case) -> Expected {
    let Some(version) = programme.in_force(case.on) else { return Expected::No };
    match version.eligible.value(&person(town, case), case.on) {
        Ok(Some(Value::Bool(true))) => Expected::Yes,
        Ok(Some(_)) => Expected::No,
        Ok(None) | Err(_) => Expected::Unknown,
    }
}

/// The person of an example with their household, as a rule sees them.
fn person(town: &Town, case: &Case) -> Person {
    let mut person = resident(&town.schema, &case.resident, town.bridge.unknown_birthday);
    for (name, value) in &case.facts {
        set_fact(&mut person, name, value);
    }
    for member in &case.household {
        person.add_member(resident(&town.schema, member, town.bridge.unknown_birthday));
    }
    person
}

fn resident(schema: &Schema, resident: &CaseResident, unknown: UnknownBirthday) -> Person {
    let text = |text: &str| Value::from(text);
    let date_of_birth = resident.date_of_birth.and_then(|birth| unknown.day(birth));
    let known = [
        (Schema::DATE_OF_BIRTH, date_of_birth.map(Value::Date)),
        (Schema::SEX, resident.sex.map(|sex| text(sex.as_str()))),
        (Schema::DISTRICT, resident.district.as_deref().map(text)),
        (Schema::RELATION, resident.relation.as_deref().map(text)),
        (Schema::STATUS, Some(text(resident.status.word()))),
        (Schema::CURRENT, Some(Value::Bool(resident.status == Status::Current))),
        (Schema::BECAME_RESIDENT_ON, resident.became_resident_on.map(Value::Date)),
        (Schema::MOVED_OUT_ON, resident.moved_out_on.map(Value::Date)),
        (Schema::DIED_ON, resident.died_on.map(Value::Date)),
    ];
    let mut person = Person::new(schema);
    for (slot, value) in known {
        if let Some(value) = value {
            person.set_slot(slot, value).expect("the built-in names have these types");
        }
    }
    person
}

fn set_fact(person: &mut Person, name: &FactName, value: &FactValue) {
    let value = match value {
        FactValue::Bool(yes) => Value::Bool(*yes),
        FactValue::Int(number) => Value::Int(*number),
        FactValue::String(text) => Value::from(text.as_str()),
        FactValue::Date(day) => Value::Date(*day),
    };
    person.set(&format!("facts.{name}"), value).expect("the reader gave the case the fact's own type");
}
