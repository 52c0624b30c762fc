//! Pure decisions: values and days in, answers and reasons out.

pub(crate) mod statement;

use civil::Date;
use credential::NotEntitled;
use rule::{Outcome, Person, Rule, Schema, Value};
use town::{Disclosed, Programme, Residence};

/// How far ahead a last day is looked for: nobody's entitlement is planned further than a long life.
const HORIZON_DAYS: u32 = 120 * 366;

/// Whether a person is entitled on a day under the rule of that day, and until when if facts stay as they are.
///
/// A day without a rule in force entitles nobody. A rule that cannot be answered from what is known answers no.
pub(crate) fn entitled(programme: &Programme, person: &Person, day: Date) -> bool {
    programme
        .in_force(day)
        .is_some_and(|version| speaks_of(&version.eligible, person) && version.eligible.decide(person, day).unwrap_or(false))
}

/// Whether a rule speaks of the person at all: of those who are not in the register only one that asks where people belong.
fn speaks_of(rule: &Rule, person: &Person) -> bool {
    *person.get(Schema::STATUS) != Value::Null || Residence::is_asked_by(rule)
}

/// The last day of an entitlement that holds on `day`, if the rule or the programme ends it.
pub(crate) fn valid_until(programme: &Programme, person: &Person, day: Date) -> Option<Date> {
    let version = programme.in_force(day)?;
    let by_rule = match version.eligible.next_change(person, day, HORIZON_DAYS) {
        Some((change, false)) => change.yesterday().ok(),
        _ => None,
    };
    [by_rule, version.until].into_iter().flatten().min()
}

/// What the register says of a person that may explain a no, or what is known of somebody who is not in it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    pub(crate) moved_out_on: Option<Date>,
    pub(crate) died_on: Option<Date>,
    /// They are not in the register, and what only it knows is not known.
    pub(crate) guest: bool,
    /// They have moved in since.
    pub(crate) moved_in: bool,
    /// They belonged somewhere, and do no more.
    pub(crate) residence_over: bool,
}

/// Why a person is not entitled on `day`, as one of the reasons that have a plain sentence.
pub(crate) fn why_not(programme: &Programme, person: &Person, standing: Standing, day: Date) -> NotEntitled {
    // The day of death is the last that counts, the day of moving out the first that does not.
    if standing.died_on.is_some_and(|died| died < day) {
        return NotEntitled::Died;
    }
    if standing.moved_out_on.is_some_and(|moved| moved <= day) {
        return NotEntitled::MovedOut;
    }
    if standing.moved_in {
        return NotEntitled::MovedIn;
    }
    if standing.residence_over {
        return NotEntitled::ResidenceOver;
    }
    let Some(version) = programme.in_force(day) else {
        return if programme.versions.iter().any(|version| day < version.from) { NotEntitled::NotYet } else { NotEntitled::Rule };
    };
    if !speaks_of(&version.eligible, person) {
        return NotEntitled::Rule;
    }
    // A rule that would say yes later is “not yet”; one that said yes a little before has been outgrown.
    match version.eligible.next_change(person, day, HORIZON_DAYS) {
        Some((_, true)) => NotEntitled::NotYet,
        _ if was_entitled(programme, person, day) => NotEntitled::AgedOut,
        _ if standing.guest && version.eligible.explain(person, day).outcome == Outcome::NotKnown => NotEntitled::NotKnown,
        _ => NotEntitled::Rule,
    }
}

/// Whether only time has ended it: with the same facts the rule said yes on some birthday-year boundary before.
fn was_entitled(programme: &Programme, person: &Person, day: Date) -> bool {
    (1..=120).filter_map(|years| day.checked_sub(jiff::Span::new().years(years)).ok()).any(|before| entitled(programme, person, before))
}

/// The names a programme's claims have in a credential.
pub(crate) fn claim_name(disclosed: Disclosed) -> &'static str {
    disclosed.word()
}

/// Everything any place may be told of a programme's card, once.
pub(crate) fn claims_of(programme: &Programme) -> Vec<Disclosed> {
    let mut all: Vec<Disclosed> = programme.disclose.values().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}
