//! The catalogues of a room say the same things in every language.

use std::collections::{BTreeMap, BTreeSet};

use crate::{files, none, room, text};

const LANGUAGES: [&str; 3] = ["ja", "ja-easy", "en"];

/// Texts that only the operator of the bridge reads: they stand in Japanese and English, and やさしい日本語 falls back to Japanese.
const OF_THE_OPERATOR: [&str; 3] = ["registry-problem-", "registry-refused-", "registry-threshold-"];

fn is_asked_of(language: &str, key: &str) -> bool {
    language != "ja-easy" || !OF_THE_OPERATOR.iter().any(|start| key.starts_with(start))
}

/// The keys of a Fluent file, attributes included as `message.attribute`.
fn keys(catalogue: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut message = "";
    for line in catalogue.lines() {
        let Some((left, _)) = line.split_once('=') else { continue };
        let name = left.trim();
        if let Some(attribute) = name.strip_prefix('.').filter(|_| line.starts_with(' ')) {
            keys.insert(format!("{message}.{attribute}"));
        } else if line.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            message = name;
            keys.insert(name.to_owned());
        }
    }
    keys
}

#[test]
fn every_language_has_the_same_texts() {
    let mut rooms: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for path in files().into_iter().filter(|path| path.starts_with("crates/") && path.ends_with(".ftl")) {
        let language = path.split("/texts/").nth(1).and_then(|rest| rest.split('/').next()).expect("texts/<language>/<room>.ftl");
        let room = room(&path).expect("of a room");
        rooms.entry(room.to_owned()).or_default().entry(language.to_owned()).or_default().extend(keys(&text(&path)));
    }
    assert!(rooms.len() >= 4, "catalogues of {:?} only", rooms.keys());
    let mut found = Vec::new();
    for (room, languages) in &rooms {
        let all: BTreeSet<&String> = languages.values().flatten().collect();
        assert!(!all.is_empty(), "{room} has catalogues without texts");
        for language in LANGUAGES {
            let has = languages.get(language).cloned().unwrap_or_default();
            found.extend(
                all.iter()
                    .filter(|key| is_asked_of(language, key) && !has.contains(**key))
                    .map(|key| format!("{room}: {key} is missing in {language}")),
            );
        }
    }
    none("texts that a language lacks", &found);
}
