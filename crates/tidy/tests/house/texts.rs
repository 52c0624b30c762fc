//! The catalogues of a room say the same things in every language: the residents' texts in all of the house's, the staff's in three.

use std::collections::{BTreeMap, BTreeSet};

use crate::{files, none, room, text};

/// The languages of the house; docs/translation.md says how to add one.
const LANGUAGES: [&str; 8] = ["ja", "ja-easy", "en", "vi", "zh", "pt", "tl", "id"];

/// The languages the staff's texts are written in.
const OF_STAFF: [&str; 3] = ["ja", "ja-easy", "en"];

/// Texts that only the operator of the bridge reads: they stand in Japanese and English, and やさしい日本語 falls back to Japanese.
const OF_THE_OPERATOR: [&str; 3] = ["registry-problem-", "registry-refused-", "registry-threshold-"];

/// A text as its file has it: the notation after the equals sign, continued lines joined.
type Texts = BTreeMap<String, String>;

/// What a room says, by language, and which of its keys are the staff's.
#[derive(Default)]
struct Catalogue {
    languages: BTreeMap<String, Texts>,
    staff: Vec<String>,
}

impl Catalogue {
    fn keys(&self) -> BTreeSet<&String> {
        self.languages.values().flat_map(Texts::keys).collect()
    }

    /// `.next` of a problem goes with its title.
    fn is_of_staff(&self, key: &str) -> bool {
        let message = key.split('.').next().unwrap_or(key);
        self.staff.iter().any(|known| fits(known, message))
    }

    fn is_asked_of(&self, language: &str, key: &str) -> bool {
        if language == "ja-easy" && OF_THE_OPERATOR.iter().any(|start| key.starts_with(start)) {
            return false;
        }
        OF_STAFF.contains(&language) || !self.is_of_staff(key)
    }
}

fn fits(pattern: &str, key: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == key, |start| key.starts_with(start))
}

/// The texts of a Fluent file, attributes included as `message.attribute`.
fn texts(catalogue: &str) -> Texts {
    let mut texts = Texts::new();
    let (mut message, mut last) = ("", String::new());
    for line in catalogue.lines() {
        let (left, right) = line.split_once('=').unwrap_or((line, ""));
        let name = left.trim();
        let attribute = name.strip_prefix('.').filter(|_| line.starts_with(' ') && line.contains('='));
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if let Some(attribute) = attribute {
            last = format!("{message}.{attribute}");
        } else if line.starts_with(|c: char| c.is_ascii_alphabetic()) && is_name {
            message = name;
            last = name.to_owned();
        } else {
            if let Some(text) = texts.get_mut(&last).filter(|_| !line.starts_with('#')) {
                text.push(' ');
                text.push_str(line.trim());
            }
            continue;
        }
        texts.insert(last.clone(), right.trim().to_owned());
    }
    texts
}

/// The places for values in a text: `$name`.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('$').skip(1).filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()).collect()
}

fn rooms() -> BTreeMap<String, Catalogue> {
    let mut rooms: BTreeMap<String, Catalogue> = BTreeMap::new();
    for path in files().into_iter().filter(|path| path.starts_with("crates/") && path.contains("/texts/")) {
        let catalogue = rooms.entry(room(&path).expect("of a room").to_owned()).or_default();
        if path.ends_with(".ftl") {
            let language = path.split("/texts/").nth(1).and_then(|rest| rest.split('/').next()).expect("texts/<language>/<room>.ftl");
            catalogue.languages.entry(language.to_owned()).or_default().extend(texts(&text(&path)));
        } else if path.ends_with("/staff.keys") {
            let lines = text(&path);
            catalogue.staff.extend(lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned));
        }
    }
    assert!(rooms.len() >= 4, "catalogues of {:?} only", rooms.keys());
    rooms
}

#[test]
fn every_language_has_the_same_texts() {
    let mut found = Vec::new();
    for (room, catalogue) in &rooms() {
        let all = catalogue.keys();
        assert!(!all.is_empty(), "{room} has catalogues without texts");
        for language in LANGUAGES {
            let has = catalogue.languages.get(language).cloned().unwrap_or_default();
            let missing = all.iter().filter(|key| catalogue.is_asked_of(language, key) && !has.contains_key(**key));
            // The English text stands beside the key, so that the list can be handed to who translates.
            let english = |key: &str| catalogue.languages.get("en").and_then(|texts| texts.get(key)).cloned().unwrap_or_default();
            found.extend(missing.map(|key| format!("crates/{room}/texts/{language}: {key} = {}", english(key))));
        }
    }
    none("texts that a language lacks (those of staff are named in texts/staff.keys)", &found);
}

#[test]
fn texts_take_the_same_values_in_every_language() {
    let mut found = Vec::new();
    for (room, catalogue) in &rooms() {
        let Some(english) = catalogue.languages.get("en") else { continue };
        for (language, texts) in catalogue.languages.iter().filter(|(language, _)| !OF_STAFF.contains(&language.as_str())) {
            for (key, said) in texts {
                match english.get(key) {
                    None => found.push(format!("crates/{room}/texts/{language}: {key} is in no other language")),
                    Some(_) if catalogue.is_of_staff(key) => found.push(format!("crates/{room}/texts/{language}: {key} is for staff")),
                    Some(meant) if places(meant) != places(said) => {
                        found.push(format!("crates/{room}/texts/{language}: {key} takes {:?}, not {:?}", places(said), places(meant)));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    none("translations that say more or less than the English text", &found);
}

#[test]
fn a_text_for_staff_is_one_that_exists() {
    let mut found = Vec::new();
    for (room, catalogue) in &rooms() {
        let keys = catalogue.keys();
        let unused = catalogue.staff.iter().filter(|pattern| !keys.iter().any(|key| fits(pattern, key)));
        found.extend(unused.map(|pattern| format!("crates/{room}/texts/staff.keys: {pattern} names no text")));
    }
    none("lines of staff.keys without a text", &found);
}

/// Whether a template belongs to a page of the staff's.
fn is_page_of_staff(path: &str) -> bool {
    const ROOMS: [&str; 2] = ["console", "tegata"];
    const OTHERS: [&str; 5] = ["calendar_import", "counter", "counter_served", "dataset_state", "rows"];
    let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".html")).unwrap_or_default();
    room(path).is_some_and(|room| ROOMS.contains(&room)) || name.starts_with("staff_") || name.contains("_staff") || OTHERS.contains(&name)
}

#[test]
fn residents_pages_say_nothing_that_only_staff_can_read() {
    let rooms = rooms();
    let is_of_staff =
        |key: &str| rooms.values().any(|catalogue| catalogue.keys().iter().any(|known| *known == key) && catalogue.is_of_staff(key));
    let (mut found, mut looked) = (Vec::new(), 0);
    for path in files().into_iter().filter(|path| path.starts_with("crates/") && path.ends_with(".html") && !is_page_of_staff(path)) {
        let page = text(&path);
        for start in ["view.t(\"", "view.t1(\"", "view.ta(\"", "view.tn(\""] {
            for key in page.split(start).skip(1).filter_map(|rest| rest.split('"').next()) {
                looked += 1;
                if is_of_staff(key) {
                    found.push(format!("{path}: {key}"));
                }
            }
        }
    }
    assert!(looked > 400, "{looked} texts only");
    none("texts of staff on pages of residents", &found);
}
