//! Reads `[[disposition_kind]]`.

use super::notice::{DAYS, Known, topic_of};
use super::{Located, cross, unique};
use crate::{
    fields::{Faults, Fields},
    model::DispositionKind,
};

/// How long a disposition may be kept.
const YEARS: std::ops::RangeInclusive<i64> = 1..=30;
/// The months within which one may appeal.
const MONTHS: std::ops::RangeInclusive<i64> = 1..=24;

pub(super) fn read(tables: Vec<Fields<'_>>, known: &Known<'_>, faults: &mut Faults) -> Vec<Located<DispositionKind>> {
    let kinds = tables.into_iter().filter_map(|fields| kind(fields, known, faults)).collect();
    let kinds = unique("disposition kind", kinds, |kind: &DispositionKind| kind.id.clone(), faults);
    for Located { thing, location } in &kinds {
        let words = [("name", Some(&thing.name)), ("if_unopened", Some(&thing.if_unopened)), ("appeal", thing.appeal.as_ref())];
        for (what, words) in words {
            if let Some(words) = words {
                cross::is_in_every_language(words, &format!("{what} of {}", thing.id), location, known.languages, faults);
            }
        }
    }
    kinds
}

fn kind(mut fields: Fields<'_>, known: &Known<'_>, faults: &mut Faults) -> Option<Located<DispositionKind>> {
    let location = fields.location();
    let id = fields.required("id", "\"resident-tax\"", faults).and_then(|value| value.parsed(faults, "give the kind a plain id"));
    let name = fields.required("name", "{ ja = \"納税通知書\" }", faults).and_then(|value| value.words(faults));
    let topic = fields.required("topic", "\"tax\"", faults).and_then(|value| topic_of(&value, known, faults));
    let basis = fields.required("basis", "\"地方税法 第319条の2\"", faults).and_then(|value| value.string(faults));
    let if_unopened = fields.required("if_unopened", "{ ja = \"14日開かれないときは、郵便でも送ります。\" }", faults);
    let if_unopened = if_unopened.and_then(|value| value.words(faults));
    let appeal = fields.optional("appeal").map(|value| value.words(faults));
    let appeal_months = fields.optional("appeal_months");
    if let (Some(months), None) = (&appeal_months, &appeal) {
        months.fault(faults, "appeal_months without appeal", "say in appeal how one appeals, or leave appeal_months out");
    }
    let appeal_months = appeal_months.map(|value| value.integer_within(MONTHS, faults));
    let remind_days = fields.required("remind_days", "3", faults).and_then(|value| value.integer_within(DAYS, faults));
    let print = fields.required("print_days", "14", faults);
    let print_days = print.as_ref().and_then(|value| value.integer_within(DAYS, faults));
    if let (Some(value), Some(remind), Some(days)) = (&print, remind_days, print_days)
        && days <= remind
    {
        value.fault(faults, "print_days is not after remind_days", "remind people before the paper goes out");
    }
    let keep_years = fields.required("keep_years", "5", faults).and_then(|value| value.integer_within(YEARS, faults));
    let guardians = fields.optional("guardians").map_or(Some(false), |value| value.bool(faults));
    fields.finish(faults);
    let thing = DispositionKind {
        id: id?,
        name: name?,
        topic: topic?,
        basis: basis?,
        if_unopened: if_unopened?,
        appeal: appeal.map_or(Some(None), |found| found.map(Some))?,
        appeal_months: appeal_months.map_or(Some(None), |found| found.map(Some))?,
        remind_days: remind_days?,
        print_days: print_days?,
        keep_years: keep_years?,
        guardians: guardians?,
    };
    Some(Located { thing, location })
}
