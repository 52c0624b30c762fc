//! Reads `[[fact]]` and `[[programme]]` with its versions and cases.

use std::collections::BTreeMap;

use civil::{Date, PartialDate, PayerNumber, Sex};

use rule::Schema;

use super::{Located, cross::is_in_every_language, settings::background, unique};
use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Fields, Value, one_of},
    model::{
        Apply, Barcode, BarcodeKind, Case, CaseResident, Design, Disclosed, Expected, Fact, FactKind, FactName, FactValue, Icon, Language,
        Medium, PlaceKind, Programme, Proof, Residence, ShownBy, Status, Version,
    },
    rules,
};

pub(super) fn facts(tables: Vec<Fields<'_>>, languages: &[Language], faults: &mut Faults) -> Vec<Fact> {
    let facts: Vec<Located<Fact>> = tables.into_iter().filter_map(|fields| fact(fields, faults)).collect();
    for Located { thing: Fact { name, label, .. }, location } in &facts {
        is_in_every_language(label, &format!("label of {name}"), location, languages, faults);
    }
    unique("fact", facts, |fact: &Fact| fact.name.clone(), faults).into_iter().map(|located| located.thing).collect()
}

fn fact(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<Fact>> {
    let location = fields.location();
    let name = fields.required("name", "\"child_medical_no\"", faults).and_then(|value| value.parsed(faults, "give the fact a plain name"));
    let kind = fields.required("type", "\"string\"", faults).and_then(|value| value.word(FactKind::ALL, FactKind::word, faults));
    let label = fields.required("label", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    fields.finish(faults);
    Some(Located { thing: Fact { name: name?, kind: kind?, label: label? }, location })
}

pub(super) fn read(tables: Vec<Fields<'_>>, facts: &[Fact], schema: &Schema, faults: &mut Faults) -> Vec<Located<Programme>> {
    let programmes = tables.into_iter().filter_map(|fields| programme(fields, facts, schema, faults)).collect();
    unique("programme", programmes, |programme: &Programme| programme.id.clone(), faults)
}

fn programme(mut fields: Fields<'_>, facts: &[Fact], schema: &Schema, faults: &mut Faults) -> Option<Located<Programme>> {
    let location = fields.location();
    let id = fields.required("id", "\"child-medical\"", faults).and_then(|value| value.parsed(faults, "give the programme a plain id"));
    let name = fields.required("name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let short = fields.required("short", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let shown_by = fields.required("shown_by", "[\"self\"]", faults).and_then(|value| shown_by(value, faults));
    let apply = fields.required("apply", "\"automatic\"", faults).and_then(|value| value.word(Apply::ALL, Apply::word, faults));
    let proof = fields.required("proof", "\"jpki\"", faults).and_then(|value| value.word(Proof::ALL, Proof::word, faults));
    let design = fields
        .required("design", "{ colour = \"#0017c1\", icon = \"town\" }", faults)
        .and_then(|value| design(value.table(faults)?, faults));
    let barcode = fields.optional("barcode").and_then(|value| barcode(value.table(faults)?, facts, faults));
    let payer_number = fields
        .optional("payer_number")
        .and_then(|value| value.parsed::<PayerNumber>(faults, "give the eight digits of the 公費負担者番号; the last is a check digit"));
    let beneficiary_number = fields.optional("beneficiary_number").and_then(|value| fact_path(value, facts, faults));
    let copayment = fields.optional("copayment").and_then(|value| value.words(faults));
    let written = fields.optional("disclose");
    let disclose = written.map(|value| disclose(value, faults)).unwrap_or_default();
    let max_holders = fields.optional("max_holders").map_or(Some(1), |value| value.integer_within(1..=20, faults));
    let accepts = fields.optional("accepts").map_or(Some(Vec::new()), |value| accepts(value, faults));
    let versions = fields.tables("version", faults).into_iter().filter_map(|fields| version(fields, schema, faults)).collect();
    let cases = fields.tables("case", faults).into_iter().filter_map(|fields| case(fields, facts, schema, faults)).collect();
    let medical = (payer_number.is_some(), beneficiary_number.is_some(), copayment.is_some());
    if let Some(value) = written {
        disclosed_things_exist(value, &disclose, medical, faults);
    }
    fields.finish(faults);
    let versions = ordered(versions, &location, faults);
    let programme = Programme {
        id: id?,
        name: name?,
        short: short?,
        shown_by: shown_by?,
        apply: apply?,
        proof: proof?,
        design: design?,
        barcode,
        payer_number,
        beneficiary_number,
        copayment,
        disclose,
        max_holders: max_holders?,
        accepts: accepts?,
        versions,
        cases,
        location: location.clone(),
    };
    Some(Located { thing: programme, location })
}

fn shown_by(value: Value<'_>, faults: &mut Faults) -> Option<Vec<ShownBy>> {
    let items = value.list(faults)?;
    if items.is_empty() {
        value.fault(faults, "nobody may show the card", "write at least [\"self\"] or [\"guardian\"]");
        return None;
    }
    Some(items.iter().filter_map(|item| item.word(ShownBy::ALL, ShownBy::word, faults)).collect())
}

fn accepts(value: Value<'_>, faults: &mut Faults) -> Option<Vec<Medium>> {
    Some(value.list(faults)?.iter().filter_map(|item| item.word(Medium::ALL, Medium::word, faults)).collect())
}

fn design(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Design> {
    let colour = fields.required("colour", "\"#0017c1\"", faults).and_then(|value| background(value, faults));
    let icon = fields.required("icon", "\"town\"", faults).and_then(|value| value.word(Icon::ALL, Icon::word, faults));
    fields.finish(faults);
    Some(Design { colour: colour?, icon: icon? })
}

fn barcode(mut fields: Fields<'_>, facts: &[Fact], faults: &mut Faults) -> Option<Barcode> {
    let kind = fields.required("kind", "\"nw7\"", faults).and_then(|value| value.word(BarcodeKind::ALL, BarcodeKind::word, faults));
    let value = fields.required("value", "\"facts.…\"", faults).and_then(|value| fact_path(value, facts, faults));
    fields.finish(faults);
    Some(Barcode { kind: kind?, value: value? })
}

/// `facts.<name>` of a fact that is a text, since numbers on cards keep their leading zeros.
fn fact_path(value: Value<'_>, facts: &[Fact], faults: &mut Faults) -> Option<FactName> {
    let text = value.string(faults)?;
    let fact = text.strip_prefix("facts.").and_then(|name| facts.iter().find(|fact| fact.name.as_str() == name));
    match fact {
        Some(fact) if fact.kind == FactKind::String => Some(fact.name.clone()),
        Some(fact) => {
            value.fault(
                faults,
                format!("{text} is of type {}, but a number on a card is a text", fact.kind),
                "give the fact type = \"string\"",
            );
            None
        }
        None => {
            let known: Vec<String> = facts.iter().map(|fact| format!("facts.{}", fact.name)).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let next = if known.is_empty() { "declare it as a [[fact]]".to_owned() } else { one_of(&text, &known) };
            value.fault(faults, format!("{text:?} is not a fact of this town"), next);
            None
        }
    }
}

fn disclose(value: Value<'_>, faults: &mut Faults) -> BTreeMap<PlaceKind, Vec<Disclosed>> {
    let mut disclose = BTreeMap::new();
    let Some(table) = value.table(faults) else { return disclose };
    for (name, location, list) in table.entries() {
        let Some(kind) = PlaceKind::from_word(&name) else {
            let kinds: Vec<&str> = PlaceKind::ALL.iter().map(|kind| kind.word()).collect();
            faults.push(Diagnostic::error(location, format!("{name:?} is not a kind of place"), one_of(&name, &kinds)));
            continue;
        };
        let items = list.list(faults).unwrap_or_default();
        disclose.insert(kind, items.iter().filter_map(|item| item.word(Disclosed::ALL, Disclosed::word, faults)).collect());
    }
    disclose
}

/// A place cannot be told what the programme does not have.
fn disclosed_things_exist(
    value: Value<'_>,
    disclose: &BTreeMap<PlaceKind, Vec<Disclosed>>,
    medical: (bool, bool, bool),
    faults: &mut Faults,
) {
    let (payer, beneficiary, copayment) = medical;
    for (what, there) in [(Disclosed::PayerNumber, payer), (Disclosed::BeneficiaryNumber, beneficiary), (Disclosed::Copayment, copayment)] {
        if !there && disclose.values().flatten().any(|disclosed| *disclosed == what) {
            value.fault(
                faults,
                format!("{what} is disclosed, but the programme has none"),
                format!("add {what} to the programme, or leave it out of disclose"),
            );
        }
    }
}

fn version(mut fields: Fields<'_>, schema: &Schema, faults: &mut Faults) -> Option<Located<Version>> {
    let location = fields.location();
    let from = fields.required("from", "\"2026-04-01\"", faults).and_then(|value| value.date(faults));
    let until_value = fields.optional("until");
    let until = until_value.and_then(|value| value.date(faults));
    let eligible = fields.required("eligible", "'resident.current'", faults).and_then(|value| rules::compile(value, schema, faults));
    let source = fields.required("source", "\"○○町…条例 第○条\"", faults).and_then(|value| value.string(faults));
    fields.finish(faults);
    if let (Some(from), Some(until), Some(value)) = (from, until, until_value)
        && until < from
    {
        value.fault(faults, format!("the last day {until} is before the first day {from}"), "write the last day the version is in force");
    }
    Some(Located { thing: Version { from: from?, until, eligible: eligible?, source: source?, location: location.clone() }, location })
}

/// Sorts versions by their first day and notes those that overlap.
fn ordered(mut versions: Vec<Located<Version>>, programme: &crate::Location, faults: &mut Faults) -> Vec<Version> {
    if versions.is_empty() {
        let none = faults.iter().all(|fault| fault.location < *programme);
        if none {
            faults.push(Diagnostic::error(
                programme.clone(),
                "the programme has no version",
                "add a [[programme.version]] with from, eligible and source",
            ));
        }
    }
    versions.sort_by_key(|version| version.thing.from);
    for pair in versions.windows(2) {
        let [earlier, later] = pair else { continue };
        let (first, second) = (&earlier.thing, &later.thing);
        if first.from == second.from || first.until.is_some_and(|until| second.from <= until) {
            let reason = format!("the version from {} overlaps the one from {} at {}", second.from, first.from, earlier.location);
            faults.push(Diagnostic::error(later.location.clone(), reason, "let one end the day before the other begins"));
        }
    }
    versions.into_iter().map(|located| located.thing).collect()
}

fn case(mut fields: Fields<'_>, facts: &[Fact], schema: &Schema, faults: &mut Faults) -> Option<Case> {
    let location = fields.location();
    let name = fields.required("name", "\"…のとき\"", faults).and_then(|value| value.string(faults));
    let on = fields.required("on", "\"2026-04-01\"", faults).and_then(|value| value.date(faults));
    let resident = fields
        .required("resident", "{ date_of_birth = \"2008-04-01\" }", faults)
        .and_then(|value| case_resident(value.table(faults)?, faults));
    let known = fields.optional("facts").map(|value| case_facts(value, facts, faults)).unwrap_or_default();
    let household = fields.optional("household").and_then(|value| value.list(faults)).unwrap_or_default();
    let household = household.iter().filter_map(|item| case_resident(item.table(faults)?, faults)).collect();
    let residence = fields.optional("residence").map(|value| value.table(faults).and_then(|fields| case_residence(fields, schema, faults)));
    let eligible = fields.required("eligible", "true", faults).and_then(|value| expected(value, faults));
    fields.finish(faults);
    let residence = residence.map_or(Some(None), |found| found.map(Some))?;
    Some(Case { name: name?, on: on?, resident: resident?, residence, facts: known, household, eligible: eligible?, location })
}

fn expected(value: Value<'_>, faults: &mut Faults) -> Option<Expected> {
    if value.value.get_ref().as_str() == Some("unknown") {
        return Some(Expected::Unknown);
    }
    match value.value.get_ref().as_bool() {
        Some(true) => Some(Expected::Yes),
        Some(false) => Some(Expected::No),
        None => {
            value.fault(faults, "this is no answer", "write true, false or \"unknown\"");
            None
        }
    }
}

fn case_resident(mut fields: Fields<'_>, faults: &mut Faults) -> Option<CaseResident> {
    let next = "write it as \"1951-04-01\", with 00 for what is unknown: \"1951-00-00\"";
    let date_of_birth = fields.optional("date_of_birth").and_then(|value| value.parsed::<PartialDate>(faults, next));
    let sex = fields.optional("sex").and_then(|value| value.word(&[Sex::Male, Sex::Female, Sex::NotStated], Sex::as_str, faults));
    let district = fields.optional("district").and_then(|value| value.string(faults));
    let relation = fields.optional("relation").and_then(|value| value.string(faults));
    let status = fields.optional("status").map_or(Some(Status::Current), |value| value.word(Status::ALL, Status::word, faults));
    let mut date = |name, faults: &mut Faults| -> Option<Date> { fields.optional(name).and_then(|value| value.date(faults)) };
    let became_resident_on = date("became_resident_on", faults);
    let moved_out_on = date("moved_out_on", faults);
    let died_on = date("died_on", faults);
    fields.finish(faults);
    Some(CaseResident { date_of_birth, sex, district, relation, status: status?, became_resident_on, moved_out_on, died_on })
}

/// Somebody who is not in the register: of a neighbouring town, a digital resident, both, or neither (`{}`).
fn case_residence(mut fields: Fields<'_>, schema: &Schema, faults: &mut Faults) -> Option<Residence> {
    let town = fields.optional("town").map(|value| belongs(&value, "residence.town", schema, faults).and_then(|id| id.parse().ok()));
    let roll = fields.optional("roll").map(|value| belongs(&value, "residence.roll", schema, faults).and_then(|id| id.parse().ok()));
    fields.finish(faults);
    let town = town.map_or(Some(None), |found| found.map(Some))?;
    Some(Residence { resident: false, town, roll: roll.map_or(Some(None), |found| found.map(Some))? })
}

/// One of the texts a fact may be.
fn belongs(value: &Value<'_>, path: &str, schema: &Schema, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let known: Vec<&str> = schema.slot(path).map_or(&[][..], |slot| &schema.info(slot).values).iter().map(String::as_str).collect();
    if !text.is_empty() && known.contains(&text.as_str()) {
        return Some(text);
    }
    let known: Vec<&str> = known.into_iter().filter(|known| !known.is_empty()).collect();
    value.fault(faults, format!("{text:?} is not a {path} of this town"), one_of(&text, &known));
    None
}

fn case_facts(value: Value<'_>, facts: &[Fact], faults: &mut Faults) -> BTreeMap<FactName, FactValue> {
    let mut known = BTreeMap::new();
    let Some(table) = value.table(faults) else { return known };
    for (name, location, value) in table.entries() {
        let Some(fact) = facts.iter().find(|fact| fact.name.as_str() == name) else {
            let names: Vec<&str> = facts.iter().map(|fact| fact.name.as_str()).collect();
            faults.push(Diagnostic::error(location, format!("{name:?} is not a fact of this town"), one_of(&name, &names)));
            continue;
        };
        let value = match fact.kind {
            FactKind::Bool => value.bool(faults).map(FactValue::Bool),
            FactKind::Int => value.integer(faults).map(FactValue::Int),
            FactKind::String => value.string(faults).map(FactValue::String),
            FactKind::Date => value.date(faults).map(FactValue::Date),
        };
        if let Some(value) = value {
            known.insert(fact.name.clone(), value);
        }
    }
    known
}
