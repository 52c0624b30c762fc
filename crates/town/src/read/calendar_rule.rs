//! Reads `[[calendar_rule]]` and checks each with its cases.

use civil::Date;
use rule::{Person, Rule, Schema, Value};

use super::{Located, cross::is_in_every_language, unique};
use crate::{
    fields::{Faults, Fields},
    model::{CalendarRule, Language, PlaceId, Residence},
    rules,
};

pub(super) fn read(tables: Vec<Fields<'_>>, schema: &Schema, languages: &[Language], faults: &mut Faults) -> Vec<CalendarRule> {
    let rules: Vec<Located<CalendarRule>> = tables.into_iter().filter_map(|fields| one(fields, schema, faults)).collect();
    for Located { thing: CalendarRule { id, title, text, at, .. }, location } in &rules {
        for (what, words) in [("title", Some(title)), ("text", Some(text)), ("at", at.as_ref())] {
            let Some(words) = words else { continue };
            is_in_every_language(words, &format!("{what} of {id}"), location, languages, faults);
        }
    }
    unique("calendar_rule", rules, |rule: &CalendarRule| rule.id.clone(), faults).into_iter().map(|located| located.thing).collect()
}

fn one(mut fields: Fields<'_>, schema: &Schema, faults: &mut Faults) -> Option<Located<CalendarRule>> {
    let location = fields.location();
    // A plain id like those of places.
    let id = fields
        .required("id", "\"check-6-months\"", faults)
        .and_then(|value| value.parsed::<PlaceId>(faults, "give the entry a plain id"))
        .map(|id| id.to_string());
    let title = fields.required("title", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let text = fields.required("text", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let who = fields.required("who", "'resident.current'", faults).and_then(|value| rules::compile(value, schema, faults));
    let on = fields.required("on", "'birthday(75)'", faults).and_then(|value| rules::compile_day(value, schema, faults));
    let at = fields.optional("at").and_then(|value| value.words(faults));
    let source = fields.required("source", "\"…法 第○条\"", faults).and_then(|value| value.string(faults));
    let tables = fields.tables("case", faults);
    if tables.is_empty() {
        let next = "add [[calendar_rule.case]] with born and gives (a day, or \"nothing\")";
        faults.push(crate::Diagnostic::error(location.clone(), "the entry has no case", next));
    }
    let cases: Vec<_> = tables.into_iter().filter_map(|fields| case(fields, who.as_ref(), on.as_ref(), schema, faults)).collect();
    fields.finish(faults);
    let rule = CalendarRule { id: id?, title: title?, text: text?, who: who?, on: on?, at, source: source?, cases };
    Some(Located { thing: rule, location })
}

/// A case holds for somebody born on a day who is a resident and of whom nothing else is known.
fn case(
    mut fields: Fields<'_>,
    who: Option<&Rule>,
    on: Option<&Rule>,
    schema: &Schema,
    faults: &mut Faults,
) -> Option<(Date, Option<Date>)> {
    let born = fields.required("born", "\"1951-06-02\"", faults).and_then(|value| value.date(faults));
    let written = fields.required("gives", "\"2026-06-02\"", faults);
    let gives = match written?.value.get_ref().as_str() {
        Some("nothing") => None,
        _ => Some(written?.date(faults)?),
    };
    fields.finish(faults);
    let (born, who, on) = (born?, who?, on?);
    let mut person =
        Person::new(schema).with("resident.date_of_birth", born).and_then(|person| person.with("resident.current", true)).ok()?;
    Residence::of_register(true).tell(&mut person).ok()?;
    let falls = match on.value(&person, born) {
        Ok(Some(Value::Date(day))) if who.decide(&person, day) == Ok(true) => Some(day),
        _ => None,
    };
    if falls != gives {
        let say = |day: Option<Date>| day.map_or_else(|| "nothing".to_owned(), |day| day.to_string());
        written?.fault(faults, format!("the rule gives {}", say(falls)), format!("correct the rule, or the case that says {}", say(gives)));
    }
    Some((born, gives))
}
