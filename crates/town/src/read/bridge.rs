//! Reads `[bridge]`.

use std::collections::BTreeMap;

use jiff::civil::Time;

use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Fields, Value, one_of},
    model::{BadRows, Bridge, BridgeField, Column, Encoding, Fact, MatchBy, Thresholds, Timetable, UnknownBirthday},
};

pub(super) fn read(mut fields: Fields<'_>, facts: &[Fact], faults: &mut Faults) -> Option<Bridge> {
    let names = fields.required("fields", "[\"resident_id\", \"date_of_birth\", \"status\", \"protected\"]", faults);
    let carried = names.and_then(|value| carried(value, facts, faults));
    let columns = fields.optional("columns").map(|value| columns(value, facts, faults)).unwrap_or_default();
    let encoding = fields.optional("encoding").map_or(Some(Encoding::Utf8), |value| value.word(Encoding::ALL, Encoding::word, faults));
    let thresholds =
        fields.required("thresholds", "{ vanished_percent = 5, appeared_percent = 5, changed_percent = 20, at_least = 20 }", faults);
    let thresholds = thresholds.and_then(|value| thresholds_of(value.table(faults)?, faults));
    let bad_rows = fields.required("bad_rows", "\"hold\"", faults).and_then(|value| value.word(BadRows::ALL, BadRows::word, faults));
    let match_by = fields.required("match_by", "\"hashed\"", faults).and_then(|value| value.word(MatchBy::ALL, MatchBy::word, faults));
    let unknown_birthday = fields
        .required("unknown_birthday", "\"clerk\"", faults)
        .and_then(|value| value.parsed::<UnknownBirthday>(faults, "write \"first-day\", \"last-day\", \"07-01/15\" or \"clerk\""));
    let timetable = fields.required("timetable", "{ at = [\"03:00\"], silent_after_h = 30 }", faults);
    let timetable = timetable.and_then(|value| timetable_of(value.table(faults)?, faults));
    fields.finish(faults);
    Some(Bridge {
        fields: carried?,
        columns,
        encoding: encoding?,
        thresholds: thresholds?,
        bad_rows: bad_rows?,
        match_by: match_by?,
        unknown_birthday: unknown_birthday?,
        timetable: timetable?,
    })
}

fn carried(value: Value<'_>, facts: &[Fact], faults: &mut Faults) -> Option<Vec<BridgeField>> {
    let mut carried: Vec<BridgeField> = Vec::new();
    for item in value.list(faults)? {
        let Some(name) = item.string(faults) else { continue };
        let Some(field) = field(&name, facts) else {
            unknown(&item, &name, facts, faults);
            continue;
        };
        if carried.contains(&field) {
            item.fault(faults, format!("{name:?} is there twice"), "remove one of them");
        } else {
            carried.push(field);
        }
    }
    for field in BridgeField::REQUIRED {
        if !carried.contains(field) {
            value.fault(
                faults,
                format!("{:?} does not cross, but nobody can be known without it", field.name()),
                format!("add {:?}", field.name()),
            );
        }
    }
    Some(carried)
}

/// What residents and staff must never find in a bundle is refused by name, so that the reason is plain.
fn unknown(item: &Value<'_>, name: &str, facts: &[Fact], faults: &mut Faults) {
    if ["name", "name_kana", "address"].contains(&name) {
        item.fault(faults, format!("{name:?} never crosses the bridge"), "remove it: people are matched by keyed hashes");
    } else if name.contains("my_number") || name.contains("individual_number") {
        item.fault(faults, "the My Number is never read, asked for or stored", "remove it");
    } else {
        let known: Vec<&str> =
            BridgeField::REGISTER.iter().map(BridgeField::name).chain(facts.iter().map(|fact| fact.name.as_str())).collect();
        let next = one_of(name, &known);
        let next = if next.starts_with("did") { next } else { format!("{next}, or declare it as a [[fact]]") };
        item.fault(faults, format!("{name:?} is neither a field of the register nor a fact of this town"), next);
    }
}

fn field(name: &str, facts: &[Fact]) -> Option<BridgeField> {
    let register = BridgeField::REGISTER.iter().find(|field| field.name() == name).cloned();
    register.or_else(|| facts.iter().find(|fact| fact.name.as_str() == name).map(|fact| BridgeField::Fact(fact.name.clone())))
}

fn columns(value: Value<'_>, facts: &[Fact], faults: &mut Faults) -> BTreeMap<Column, String> {
    let mut columns = BTreeMap::new();
    let Some(table) = value.table(faults) else { return columns };
    for (name, location, heading) in table.entries() {
        let column = match name.as_str() {
            "name" => Some(Column::Name),
            "address" => Some(Column::Address),
            other => field(other, facts).map(Column::Field),
        };
        let Some(heading) = heading.string(faults) else { continue };
        match column {
            Some(column) => {
                columns.insert(column, heading);
            }
            None => {
                let known: Vec<&str> = ["name", "address"].into_iter().chain(BridgeField::REGISTER.iter().map(BridgeField::name)).collect();
                faults.push(Diagnostic::error(location, format!("{name:?} is not a column the bridge reads"), one_of(&name, &known)));
            }
        }
    }
    columns
}

fn thresholds_of(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Thresholds> {
    let mut percent =
        |name, faults: &mut Faults| fields.required(name, "5", faults).and_then(|value| value.integer_within(1..=100, faults));
    let vanished = percent("vanished_percent", faults);
    let appeared = percent("appeared_percent", faults);
    let changed = percent("changed_percent", faults);
    let at_least = fields.required("at_least", "20", faults).and_then(|value| value.integer_within(0..=100_000, faults));
    fields.finish(faults);
    Some(Thresholds { vanished_percent: vanished?, appeared_percent: appeared?, changed_percent: changed?, at_least: at_least? })
}

pub(super) fn timetable_of(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Timetable> {
    let at = fields.required("at", "[\"03:00\"]", faults).and_then(|value| {
        let mut at: Vec<Time> = value.list(faults)?.iter().filter_map(|item| time(item, faults)).collect();
        at.sort();
        at.dedup();
        Some(at)
    });
    let silent = fields.required("silent_after_h", "30", faults).and_then(|value| value.integer_within(1..=720, faults));
    fields.finish(faults);
    Some(Timetable { at: at?, silent_after_h: silent? })
}

fn time(value: &Value<'_>, faults: &mut Faults) -> Option<Time> {
    let text = value.string(faults)?;
    let parsed = (text.len() == 5).then(|| Time::strptime("%H:%M", &text).ok()).flatten();
    if parsed.is_none() {
        value.fault(faults, format!("{text:?} is not a time of day"), "write it with two digits each, such as \"03:00\"");
    }
    parsed
}
