//! What only shows when the whole pack is read: names that point nowhere, facts that never cross.

use rule::Rule;

use super::{Located, place};
use crate::{
    diagnostic::{Diagnostic, Location},
    fields::{Faults, one_of},
    model::{
        Bridge, BridgeField, CalendarFeed, Dataset, District, Fact, IdentityApp, Language, Offline, PhoneCard, Place, Programme, Words,
    },
};

#[expect(clippy::too_many_arguments, reason = "it compares the parts of the pack, which are these")]
pub(super) fn check(
    bridge: Option<&Bridge>,
    facts: &[Fact],
    programmes: &[Located<Programme>],
    written: &[String],
    places: &[Located<place::Read>],
    districts: &[Located<District>],
    offline: Option<Offline>,
    languages: &[Language],
    faults: &mut Faults,
) {
    places_accept_known_programmes(written, places, faults);
    places_stand_in_known_districts(places, districts, faults);
    if let Some(offline) = offline {
        graces_are_within_bound(places, offline, faults);
    }
    for located in places {
        let Place { id, name, .. } = &located.thing.place;
        is_in_every_language(name, &format!("name of {id}"), &located.location, languages, faults);
    }
    for located in programmes {
        if let Some(bridge) = bridge {
            numbers_cross(located, bridge, facts, faults);
            what_rules_ask_crosses(located, bridge, faults);
        }
        names_are_in_every_language(located, languages, faults);
    }
}

/// `written` are the ids of all programmes, those with faults of their own included.
fn places_accept_known_programmes(written: &[String], places: &[Located<place::Read>], faults: &mut Faults) {
    let known: Vec<&str> = written.iter().map(String::as_str).collect();
    for accepted in places.iter().flat_map(|located| &located.thing.accepts) {
        let id = accepted.thing.as_str();
        if !known.contains(&id) {
            faults.push(Diagnostic::error(
                accepted.location.clone(),
                format!("{id:?} is not a programme of this town"),
                one_of(id, &known),
            ));
        }
    }
}

fn places_stand_in_known_districts(places: &[Located<place::Read>], districts: &[Located<District>], faults: &mut Faults) {
    if districts.is_empty() {
        return;
    }
    let known: Vec<&str> = districts.iter().map(|located| located.thing.name.as_str()).collect();
    for read in places.iter().map(|located| &located.thing) {
        let (Some(district), Some(location)) = (&read.place.district, &read.district) else { continue };
        if !known.contains(&district.as_str()) {
            let next = "write it as in districts.csv, or leave district out";
            faults.push(Diagnostic::error(location.clone(), format!("{district:?} is not a district of this town"), next));
        }
    }
}

fn graces_are_within_bound(places: &[Located<place::Read>], offline: Offline, faults: &mut Faults) {
    for located in places {
        let place = &located.thing.place;
        if place.offline_grace_h > offline.knowledge_max_age_h {
            let reason =
                format!("{} asks for {} hours offline; the town allows {}", place.id, place.offline_grace_h, offline.knowledge_max_age_h);
            faults.push(Diagnostic::warning(
                located.location.clone(),
                reason,
                "lower offline_grace_h, or raise knowledge_max_age_h of [offline]",
            ));
        }
    }
}

/// A number printed on a card has to come from somewhere.
fn numbers_cross(located: &Located<Programme>, bridge: &Bridge, facts: &[Fact], faults: &mut Faults) {
    let programme = &located.thing;
    let numbers = programme.barcode.as_ref().map(|barcode| &barcode.value).into_iter().chain(programme.beneficiary_number.as_ref());
    let mut missing: Vec<_> = numbers.filter(|name| facts.iter().any(|fact| fact.name == **name)).collect();
    missing.retain(|name| !bridge.carries(&BridgeField::Fact((*name).clone())));
    missing.dedup();
    for name in missing {
        let reason = format!("the card of {} shows facts.{name}, which does not cross the bridge", programme.id);
        faults.push(Diagnostic::error(located.location.clone(), reason, format!("add {:?} to fields of [bridge]", name.as_str())));
    }
}

/// A rule over something that never crosses would be unknown for everybody.
fn what_rules_ask_crosses(located: &Located<Programme>, bridge: &Bridge, faults: &mut Faults) {
    for version in &located.thing.versions {
        let what = format!("the rule of {} from {}", located.thing.id, version.from);
        rule_asks_what_crosses(&version.eligible, &what, bridge, &located.location, faults);
    }
}

pub(super) fn rule_asks_what_crosses(rule: &Rule, what: &str, bridge: &Bridge, location: &Location, faults: &mut Faults) {
    let asked = rule.facts().into_iter().map(|slot| rule.schema().info(slot).path.clone());
    let household = rule.source().contains("household.").then(|| "resident.household".to_owned());
    for path in asked.chain(household) {
        // Where somebody belongs is known of everybody, in the register or not.
        if path.starts_with("residence.") {
            continue;
        }
        let Some(name) = path.split_once('.').map(|(_, name)| if name == "current" { "status" } else { name }) else { continue };
        if !bridge.fields.iter().any(|field| field.name() == name) {
            let reason = format!("{what} asks for {path}, which does not cross the bridge");
            faults.push(Diagnostic::error(location.clone(), reason, format!("add {name:?} to fields of [bridge]")));
        }
    }
}

fn names_are_in_every_language(located: &Located<Programme>, languages: &[Language], faults: &mut Faults) {
    let programme = &located.thing;
    let texts: [(&str, Option<&Words>); 3] =
        [("name", Some(&programme.name)), ("short", Some(&programme.short)), ("copayment", programme.copayment.as_ref())];
    for (key, words) in texts {
        let Some(words) = words else { continue };
        is_in_every_language(words, &format!("{key} of {}", programme.id), &located.location, languages, faults);
    }
}

pub(super) fn app_is_named_in_every_language(located: &Located<IdentityApp>, languages: &[Language], faults: &mut Faults) {
    is_in_every_language(&located.thing.name, &format!("name of {}", located.thing.id), &located.location, languages, faults);
}

pub(super) fn phone_card_is_named_in_every_language(located: &Located<PhoneCard>, languages: &[Language], faults: &mut Faults) {
    is_in_every_language(&located.thing.name, &format!("name of {}", located.thing.id), &located.location, languages, faults);
}

pub(super) fn guide_is_named_in_every_language(read: &super::guide::Read, languages: &[Language], faults: &mut Faults) {
    read.texts.iter().for_each(|(what, words, location)| is_in_every_language(words, what, location, languages, faults));
}

pub(super) fn dataset_is_named_in_every_language(located: &Located<Dataset>, languages: &[Language], faults: &mut Faults) {
    let Dataset { id, name, credit, .. } = &located.thing;
    for (words, what) in [(name, format!("name of {id}")), (credit, format!("credit of {id}"))] {
        is_in_every_language(words, &what, &located.location, languages, faults);
    }
}

pub(super) fn feed_is_named_in_every_language(located: &Located<CalendarFeed>, languages: &[Language], faults: &mut Faults) {
    let CalendarFeed { id, name, .. } = &located.thing;
    is_in_every_language(name, &format!("name of {id}"), &located.location, languages, faults);
}

/// What stands on every page: the names of the town, of its app and of who is asked for help.
pub(super) fn heading_is_in_every_language(texts: &[(&str, &Words, &Location)], languages: &[Language], faults: &mut Faults) {
    texts.iter().for_each(|(what, words, location)| is_in_every_language(words, what, location, languages, faults));
}

pub(super) fn is_in_every_language(words: &Words, what: &str, location: &Location, languages: &[Language], faults: &mut Faults) {
    let missing: Vec<&str> =
        languages.iter().filter(|language| !words.languages().any(|known| known == *language)).map(Language::as_str).collect();
    if !missing.is_empty() {
        let reason = format!("{what} has no {}", missing.join(", "));
        faults.push(Diagnostic::warning(location.clone(), reason, "add the text; until then people read Japanese"));
    }
}
