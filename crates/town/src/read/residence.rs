//! Reads `[[neighbour]]` and `[[digital_residents]]`.

use super::{Located, PackFile, app::address, bridge::timetable_of, cross::is_in_every_language, map::pack_file, unique};
use crate::{
    fields::{Faults, Fields, Value},
    model::{AreaClaim, DigitalResidents, Language, Neighbour, NeighbourId, Proof, RollId, Words},
};

/// Days a statement may be old at most: nobody believes a neighbour for longer than the longest card in a wallet.
const DAYS: std::ops::RangeInclusive<i64> = 1..=366;
const MONTHS: std::ops::RangeInclusive<i64> = 1..=60;
const LIMIT: std::ops::RangeInclusive<i64> = 1..=1_000_000;
/// Characters of a claim's name or value at most.
const CLAIM_CHARS_MAX: usize = 100;

/// The ids as they are written, those of faulty tables too: rules may name them.
pub(super) fn written(tables: &[Fields<'_>]) -> Vec<String> {
    tables.iter().filter_map(|fields| fields.peek("id")).map(str::to_owned).collect()
}

pub(super) fn neighbours(tables: Vec<Fields<'_>>, files: &[PackFile], languages: &[Language], faults: &mut Faults) -> Vec<Neighbour> {
    let read: Vec<_> = tables.into_iter().filter_map(|fields| neighbour(fields, files, faults)).collect();
    for Located { thing: Neighbour { id, name, .. }, location } in &read {
        is_in_every_language(name, &format!("name of {id}"), location, languages, faults);
    }
    let read = unique("neighbour", read, |neighbour: &Neighbour| neighbour.id.clone(), faults);
    read.into_iter().map(|located| located.thing).collect()
}

fn neighbour(mut fields: Fields<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Located<Neighbour>> {
    let location = fields.location();
    let id: Option<NeighbourId> =
        fields.required("id", "\"next-town\"", faults).and_then(|value| value.parsed(faults, "give the neighbour a plain id"));
    let name = fields.required("name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let issuer = fields.required("issuer", "\"https://…/wallet\"", faults).and_then(|value| address(value, faults));
    let credential = fields.required("credential", "\"https://…/wallet/types/…\"", faults).and_then(|value| visible(&value, faults));
    let keys = fields.optional("keys").map(|value| keys(&value, files, faults));
    let area = fields.optional("area").map(|value| value.table(faults).and_then(|fields| area(fields, faults)));
    let max_age_days = fields.required("max_age_days", "180", faults).and_then(|value| value.integer_within(DAYS, faults));
    let timetable = fields
        .required("timetable", "{ at = [\"03:10\", \"13:10\"], silent_after_h = 30 }", faults)
        .and_then(|value| Some((value, timetable_of(value.table(faults)?, faults)?)));
    fields.finish(faults);
    if let Some((value, timetable)) = &timetable
        && timetable.at.is_empty()
    {
        value.fault(faults, "nobody would notice that the neighbour ended a card", "write at least one time of day in at");
        return None;
    }
    let thing = Neighbour {
        id: id?,
        name: name?,
        issuer: issuer?,
        credential: credential?,
        keys: keys.map_or(Some(None), |found| found.map(Some))?,
        area: area.map_or(Some(None), |found| found.map(Some))?,
        max_age_days: max_age_days?,
        timetable: timetable?.1,
    };
    Some(Located { thing, location })
}

/// A JWK set with at least one public key on P-256.
fn keys(value: &Value<'_>, files: &[PackFile], faults: &mut Faults) -> Option<std::sync::Arc<[u8]>> {
    let file = pack_file(value, files, faults)?;
    let set: Option<serde_json::Value> = serde_json::from_slice(&file.bytes).ok();
    let listed = set.as_ref().and_then(|set| set.get("keys")).and_then(serde_json::Value::as_array);
    let on_curve = |key: &serde_json::Value| {
        key.get("kty").is_some_and(|kty| kty == "EC")
            && key.get("crv").is_some_and(|crv| crv == "P-256")
            && key.get("x").is_some_and(serde_json::Value::is_string)
            && key.get("y").is_some_and(serde_json::Value::is_string)
    };
    let keys = listed.map_or(&[][..], Vec::as_slice);
    if keys.is_empty() || !keys.iter().all(on_curve) {
        let reason = format!("{} is no JWK set of keys on P-256", file.path);
        value.fault(faults, reason, "save what the neighbour publishes as jwks: {\"keys\": [{\"kty\": \"EC\", \"crv\": \"P-256\", …}]}");
        return None;
    }
    if keys.iter().any(|key| key.get("d").is_some()) {
        value.fault(faults, format!("{} holds a private key", file.path), "tell the neighbour at once, and ask for the public keys");
        return None;
    }
    Some(file.bytes.clone().into())
}

fn area(mut fields: Fields<'_>, faults: &mut Faults) -> Option<AreaClaim> {
    let claim = fields.required("claim", "\"locality\"", faults).and_then(|value| visible(&value, faults));
    let values = fields.required("values", "[\"…\"]", faults);
    let read = values.as_ref().and_then(|value| texts(value, faults));
    fields.finish(faults);
    Some(AreaClaim { claim: claim?, values: read? })
}

fn texts(value: &Value<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let items = value.list(faults)?;
    let read: Vec<String> = items.iter().filter_map(|item| item.string(faults)).collect();
    if items.is_empty() || read.iter().any(|text| text.is_empty() || text.chars().count() > CLAIM_CHARS_MAX) {
        value.fault(faults, "no such statement would ever be believed", "write what the credential says, such as [\"赤穂市\"]");
        return None;
    }
    (read.len() == items.len()).then_some(read)
}

/// A word of what a credential carries.
fn visible(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    if text.is_empty() || text.len() > 2000 || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        value.fault(
            faults,
            format!("{text:?} is not one word of plain letters, digits and signs"),
            "copy it as the neighbour publishes it",
        );
        return None;
    }
    Some(text)
}

pub(super) fn rolls(tables: Vec<Fields<'_>>, languages: &[Language], faults: &mut Faults) -> Vec<DigitalResidents> {
    let read: Vec<_> = tables.into_iter().filter_map(|fields| roll(fields, faults)).collect();
    for Located { thing: DigitalResidents { id, name, about, terms, .. }, location } in &read {
        let texts: [(&str, &Words); 3] = [("name", name), ("about", about), ("terms", terms)];
        for (what, words) in texts {
            is_in_every_language(words, &format!("{what} of {id}"), location, languages, faults);
        }
    }
    let read = unique("roll of digital residents", read, |roll: &DigitalResidents| roll.id.clone(), faults);
    read.into_iter().map(|located| located.thing).collect()
}

fn roll(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<DigitalResidents>> {
    let location = fields.location();
    let id: Option<RollId> =
        fields.required("id", "\"digital-villager\"", faults).and_then(|value| value.parsed(faults, "give the roll a plain id"));
    let mut words = |name, faults: &mut Faults| fields.required(name, "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let (name, about, terms) = (words("name", faults), words("about", faults), words("terms", faults));
    let proof = fields.required("proof", "\"jpki\"", faults).and_then(|value| value.word(Proof::ALL, Proof::word, faults));
    let months = fields.required("months", "12", faults).and_then(|value| value.integer_within(MONTHS, faults));
    let limit = fields.optional("limit").map(|value| value.integer_within(LIMIT, faults));
    fields.finish(faults);
    let thing = DigitalResidents {
        id: id?,
        name: name?,
        about: about?,
        terms: terms?,
        proof: proof?,
        months: months?,
        limit: limit.map_or(Some(None), |found| found.map(Some))?,
    };
    Some(Located { thing, location })
}
