//! Reads `[reports]`, `[[report_section]]` and `[[report_category]]`.

use super::{Located, cross::is_in_every_language, unique};
use crate::{
    diagnostic::{Diagnostic, Location},
    fields::{Faults, Fields, Value, one_of},
    model::{Language, PhotoNeed, Proof, ReportCategory, ReportIcon, ReportSection, Reporter, Reports, Words},
};

/// The settings, the sections and the kinds of reports; nothing where the pack has none of them.
pub(super) fn read(
    settings: Option<Fields<'_>>,
    sections: Vec<Fields<'_>>,
    categories: Vec<Fields<'_>>,
    languages: &[Language],
    faults: &mut Faults,
) -> Option<Reports> {
    let Some(mut settings) = settings else {
        for fields in sections.iter().chain(&categories) {
            faults.push(Diagnostic::error(fields.location(), "[reports] is missing", "add [reports]; docs/add-a-town.md shows one"));
        }
        return None;
    };
    let location = settings.location();
    let nearby = settings.required("nearby_radius_m", "50", faults).and_then(|value| value.integer_within(1..=1000, faults));
    let kept = settings.required("kept_days", "365", faults).and_then(|value| value.integer_within(30..=3650, faults));
    let who = settings.required("who", "\"resident\"", faults).and_then(|value| value.word(Reporter::ALL, Reporter::word, faults));
    let danger_words = settings.optional("danger_words").map_or(Some(Vec::new()), |value| danger_words(&value, faults));
    settings.finish(faults);
    let named_none = categories.is_empty();
    let sections: Vec<_> = sections.into_iter().filter_map(|fields| section(fields, faults)).collect();
    let sections = unique("report section", sections, |section: &ReportSection| section.id.clone(), faults);
    let known: Vec<&str> = sections.iter().map(|located| located.thing.id.as_str()).collect();
    let categories: Vec<_> = categories.into_iter().filter_map(|fields| category(fields, &known, faults)).collect();
    let categories = unique("report category", categories, |category: &ReportCategory| category.id.clone(), faults);
    for (name, id, location) in named(&sections, &categories) {
        is_in_every_language(name, &format!("name of {id}"), location, languages, faults);
    }
    if named_none {
        faults.push(Diagnostic::error(location, "there is nothing to report", "add a [[report_category]], or leave [reports] out"));
    }
    Some(Reports {
        nearby_radius_m: nearby?,
        kept_days: kept?,
        who: who?,
        danger_words: danger_words?,
        sections: sections.into_iter().map(|located| located.thing).collect(),
        categories: categories.into_iter().map(|located| located.thing).collect(),
    })
}

/// The words of danger, each once.
fn danger_words(value: &Value<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    for value in value.list(faults)? {
        let word = value.string(faults)?;
        // One letter stands in too many words.
        if word.trim().chars().count() < 2 {
            value.fault(
                faults,
                format!("{word:?} is too short to tell of danger"),
                "write a word of two letters or more, such as \"生き埋め\"",
            );
            return None;
        }
        if words.contains(&word) {
            value.fault(faults, format!("{word:?} is there twice"), "remove one of them");
            return None;
        }
        words.push(word);
    }
    Some(words)
}

/// Everything that has a name residents read.
fn named<'a>(
    sections: &'a [Located<ReportSection>],
    categories: &'a [Located<ReportCategory>],
) -> impl Iterator<Item = (&'a Words, &'a str, &'a Location)> {
    let of_sections = sections.iter().map(|located| (&located.thing.name, located.thing.id.as_str(), &located.location));
    let of_categories = categories.iter().flat_map(|located| {
        let ReportCategory { id, name, hint, .. } = &located.thing;
        std::iter::once(name).chain(hint).map(move |words| (words, id.as_str(), &located.location))
    });
    of_sections.chain(of_categories)
}

fn section(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<ReportSection>> {
    let location = fields.location();
    let id = fields.required("id", "\"roads\"", faults).and_then(|value| value.parsed(faults, "give the section a plain id"));
    let name = fields.required("name", "{ ja = \"土木課\", en = \"Roads\" }", faults).and_then(|value| value.words(faults));
    fields.finish(faults);
    Some(Located { thing: ReportSection { id: id?, name: name? }, location })
}

fn category(mut fields: Fields<'_>, sections: &[&str], faults: &mut Faults) -> Option<Located<ReportCategory>> {
    let location = fields.location();
    let id = fields.required("id", "\"street-light\"", faults).and_then(|value| value.parsed(faults, "give the kind of report a plain id"));
    let name = fields.required("name", "{ ja = \"街灯\", en = \"Street light\" }", faults).and_then(|value| value.words(faults));
    let hint = fields.optional("hint").map(|value| value.words(faults));
    let section = fields.required("section", "\"roads\"", faults).and_then(|value| {
        let text = value.string(faults)?;
        if !sections.contains(&text.as_str()) {
            value.fault(faults, format!("there is no report section {text:?}"), one_of(&text, sections));
            return None;
        }
        value.parsed(faults, "write the id of a [[report_section]]")
    });
    let icon = fields.required("icon", "\"sun\"", faults).and_then(|value| value.word(ReportIcon::ALL, ReportIcon::word, faults));
    let public = fields.required("public", "true", faults).and_then(|value| value.bool(faults));
    let photo = fields.required("photo", "\"optional\"", faults).and_then(|value| value.word(PhotoNeed::ALL, PhotoNeed::word, faults));
    let emergency = fields.optional("emergency").map_or(Some(false), |value| value.bool(faults));
    let days = fields.required("answer_days", "7", faults).and_then(|value| value.integer_within(0..=365, faults));
    let proof = fields.required("proof", "\"jpki\"", faults).and_then(|value| value.word(Proof::ALL, Proof::word, faults));
    fields.finish(faults);
    let hint = match hint {
        None => None,
        Some(read) => Some(read?),
    };
    let thing = ReportCategory {
        id: id?,
        name: name?,
        hint,
        section: section?,
        icon: icon?,
        public: public?,
        photo: photo?,
        emergency: emergency?,
        answer_days: days?,
        proof: proof?,
    };
    Some(Located { thing, location })
}
