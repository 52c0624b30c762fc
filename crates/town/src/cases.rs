//! Runs the examples of a pack: this person, on this day, is entitled or not.

use civil::{Date, PartialDate, ResidenceEnd, is_resident_on};
use rule::{Outcome, Person, Schema, Sentence, Value};

use crate::{
    Town,
    diagnostic::{Diagnostic, Location},
    model::{Case, CaseResident, Expected, FactName, FactValue, Programme, ProgrammeId, Residence, Status, UnknownBirthday},
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
    /// The conditions that decided, in Japanese and English.
    pub why: Vec<Sentence>,
}

impl CaseResult {
    /// Whether the rule answers as the pack expects.
    pub fn holds(&self) -> bool {
        self.expected == self.given
    }
}

/// Runs all examples of a town.
pub(crate) fn run(town: &Town) -> Vec<CaseResult> {
    town.programmes.iter().flat_map(|programme| programme.cases.iter().map(move |case| run_one(town, programme, case))).collect()
}

fn run_one(town: &Town, programme: &Programme, case: &Case) -> CaseResult {
    let (given, why) = match programme.in_force(case.on) {
        None => (Expected::No, Vec::new()),
        Some(version) => {
            let explanation = version.eligible.explain(&person(town, case), case.on);
            let given = match explanation.outcome {
                Outcome::Holds => Expected::Yes,
                Outcome::Fails => Expected::No,
                Outcome::NotKnown | Outcome::Failed => Expected::Unknown,
            };
            (given, explanation.reasons)
        }
    };
    let (programme, name, location) = (programme.id.clone(), case.name.clone(), case.location.clone());
    CaseResult { programme, name, location, on: case.on, expected: case.eligible, given, why }
}

/// The fault of an example that came out otherwise, with the reasons of the answer.
pub(crate) fn fault(programme: &Programme, case: &Case, result: &CaseResult) -> Diagnostic {
    let rule = match programme.in_force(case.on) {
        Some(version) => format!("the rule from {}", version.from),
        None => format!("no version is in force on {}", case.on),
    };
    let why: String = result.why.iter().map(|sentence| format!("; {} ({})", sentence.en, sentence.ja)).collect();
    let reason = format!("the case {:?} expects {}, but the answer is {}: {rule}{why}", case.name, case.eligible, result.given);
    Diagnostic::error(case.location.clone(), reason, "correct the rule, or the case if the ordinance says so")
}

/// The person of an example with their household, as a rule sees them.
fn person(town: &Town, case: &Case) -> Person {
    if let Some(residence) = &case.residence {
        return town.guest(case.resident.date_of_birth, residence);
    }
    let mut person = resident(&town.schema, &case.resident, town.bridge.unknown_birthday, case.on);
    for (name, value) in &case.facts {
        set_fact(&mut person, name, value);
    }
    for member in &case.household {
        person.add_member(resident(&town.schema, member, town.bridge.unknown_birthday, case.on));
    }
    person
}

impl Town {
    /// Somebody who is not in the register, as rules see them: of them the birthday is known and where they belong. All else is not known, and they are no
    /// resident today.
    pub fn guest(&self, date_of_birth: Option<PartialDate>, residence: &Residence) -> Person {
        let mut person = Person::new(&self.schema);
        if let Some(born) = date_of_birth.and_then(|birth| self.bridge.unknown_birthday.day(birth)) {
            person.set_slot(Schema::DATE_OF_BIRTH, born).expect("a birthday is a day");
        }
        person.set_slot(Schema::CURRENT, false).expect("resident.current is yes or no");
        residence.tell(&mut person).expect("a town's schema has residence");
        person
    }
}

fn resident(schema: &Schema, resident: &CaseResident, unknown: UnknownBirthday, day: Date) -> Person {
    let text = |text: &str| Value::from(text);
    let ended = match resident.status {
        Status::Current => None,
        Status::MovedOut => Some((ResidenceEnd::OnTheDay, resident.moved_out_on)),
        Status::Died => Some((ResidenceEnd::AfterTheDay, resident.died_on)),
    };
    let current = is_resident_on(resident.became_resident_on, ended, day);
    let date_of_birth = resident.date_of_birth.and_then(|birth| unknown.day(birth));
    let known = [
        (Schema::DATE_OF_BIRTH, date_of_birth.map(Value::Date)),
        (Schema::SEX, resident.sex.map(|sex| text(sex.as_str()))),
        (Schema::DISTRICT, resident.district.as_deref().map(text)),
        (Schema::RELATION, resident.relation.as_deref().map(text)),
        (Schema::STATUS, Some(text(resident.status.word()))),
        (Schema::CURRENT, Some(Value::Bool(current))),
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
    Residence::of_register(current).tell(&mut person).expect("a town's schema has residence");
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
