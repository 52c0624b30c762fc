//! Whole packs: the towns of this repository are good, and every broken pack says what is wrong where.

use std::path::{Path, PathBuf};

use town::{Language, PackFile, Report, check, check_files};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn good() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good.toml")).expect("the good pack stands beside this file")
}

fn file(path: &str, text: &str) -> PackFile {
    PackFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn found(report: &Report) -> Vec<String> {
    report.found.iter().map(|diagnostic| diagnostic.to_string().replace("\n  next: ", " | ")).collect()
}

/// The messages a broken pack expects: comment lines `#> line:column: severity: reason | next` at its end.
fn expected(text: &str, path: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("#> ")).map(|line| line.replace("@", path)).collect()
}

#[test]
fn every_broken_pack_says_what_is_wrong_and_where() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 20, "the broken packs are in {}", folder.display());
    let mut wrong = Vec::new();
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let files = if name.starts_with("town-") {
            vec![file("town.toml", &text)]
        } else {
            vec![file("town.toml", &good()), file("programmes/broken.toml", &text)]
        };
        let place = if name.starts_with("town-") { "town.toml" } else { "programmes/broken.toml" };
        let (found, expected) = (found(&check_files(&files)), expected(&text, place));
        if found != expected || found.is_empty() {
            let found = found.iter().map(|line| format!("#> {}\n", line.replace(place, "@"))).collect::<String>();
            wrong.push(format!("{name}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "these packs say something else than they expect:\n{}", wrong.join("\n"));
}

#[test]
fn the_pack_the_broken_ones_start_from_is_good() {
    let report = check_files(&[file("town.toml", &good())]);
    assert_eq!(found(&report), Vec::<String>::new());
    assert!(report.is_good());
    assert_eq!(report.cases_held(), 2);
}

#[test]
fn an_empty_folder_and_a_missing_one_are_explained() {
    assert!(found(&check_files(&[])).iter().any(|line| line.contains("there is no town.toml")));
    assert!(found(&check(Path::new("/nowhere/at/all"))).iter().any(|line| line.contains("the folder cannot be read")));
}

#[test]
fn every_town_of_the_repository_is_good_and_all_its_cases_hold() {
    let mut towns = 0;
    for entry in std::fs::read_dir(root().join("towns")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        towns += 1;
        let report = check(&folder);
        assert_eq!(found(&report), Vec::<String>::new(), "{}", folder.display());
        assert!(report.is_good());
        assert!(report.cases.len() >= 10, "{} has examples", folder.display());
        assert_eq!(report.cases_held(), report.cases.len());
    }
    assert!(towns >= 2);
}

#[test]
fn every_town_explains_itself_in_all_three_languages() {
    for entry in std::fs::read_dir(root().join("towns")).unwrap() {
        let folder = entry.unwrap().path();
        let Some(town) = check(&folder).town else { continue };
        for language in [Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH] {
            let explanation = town::explain(&town, &language, civil::Date::constant(2026, 6, 1)).to_string();
            assert!(!explanation.contains(['{', '}']), "{explanation}");
            assert!(
                !explanation.contains("explain-") && !explanation.contains("rule-") && !explanation.contains("field-"),
                "{explanation}"
            );
            for programme in &town.programmes {
                assert!(explanation.contains(programme.name.in_language(&language)));
                assert!(explanation.contains(&programme.versions[0].source));
            }
        }
    }
}

#[test]
fn identity_apps_are_read_with_what_is_usual_and_told_in_words() {
    let app = r#"
[[identity_app]]
id = "digital-auth"
name = { ja = "認証アプリ", en = "Auth app" }
issuer = "https://op.example.jp/realms/main"
client_id = "tameshi"
scopes = ["openid", "name"]
assurance = "user_auth"
claims = { name = "name#ja-Hani-JP" }
endpoints = { authorization = "https://op.example.jp/a?x=1", token = "https://op.example.jp/t", keys = "https://op.example.jp/k" }
"#;
    let report = check_files(&[file("town.toml", &(good() + app))]);
    assert_eq!(found(&report), Vec::<String>::new());
    let town = report.town.unwrap();
    let read = town.identity_app(&"digital-auth".parse().unwrap()).unwrap();
    assert_eq!((read.claims.name.as_str(), read.claims.birthdate.as_str()), ("name#ja-Hani-JP", "birthdate"));
    assert_eq!(read.assertion_audience, town::AssertionAudience::TokenEndpoint);
    assert_eq!(read.endpoints.as_ref().unwrap().userinfo, None);
    let explanation = town::explain(&town, &Language::ENGLISH, civil::Date::constant(2026, 6, 1)).to_string();
    let told = "Auth app (https://op.example.jp/realms/main) may prove who residents are, and counts like the card read at a station.";
    assert!(explanation.contains(told), "{explanation}");
}

#[test]
fn the_texts_of_this_room_are_there_in_every_language() {
    let languages = [Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH];
    let texts = town::texts();
    let catalogue =
        texts.iter().fold(town::Catalogue::new(&languages), |builder, (language, file, text)| builder.add(language, file, text)).build();
    assert_eq!(catalogue.check(), []);
}

#[test]
fn the_rule_in_force_is_that_of_the_day() {
    let report = check_files(&[file("town.toml", &good())]);
    let town = report.town.unwrap();
    let id = "bath-pass".parse().unwrap();
    assert!(town.in_force(&id, civil::Date::constant(2026, 3, 31)).is_none());
    assert_eq!(town.in_force(&id, civil::Date::constant(2026, 4, 1)).unwrap().from, civil::Date::constant(2026, 4, 1));
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever happens to a pack's text, it is read or refused with places inside the file; it never panics.
        #[test]
        fn a_damaged_pack_is_refused_in_words(cut in 0usize..2000, length in 0usize..40, put in "[\\PC\n\"'\\[\\]{}=]{0,12}") {
            let good = good();
            let at = |offset: usize| good.char_indices().map(|(i, _)| i).chain([good.len()]).nth(offset).unwrap_or(good.len());
            let text = format!("{}{put}{}", &good[..at(cut)], &good[at(cut + length)..]);
            let report = check_files(&[file("town.toml", &text)]);
            prop_assert!(report.town.is_some() || !report.found.is_empty());
            for diagnostic in &report.found {
                prop_assert!(diagnostic.location.line >= 1 && diagnostic.location.line <= text.split('\n').count());
                prop_assert!(diagnostic.location.column >= 1);
            }
        }

        /// Bytes that are no text are refused too.
        #[test]
        fn bytes_are_refused_in_words(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let report = check_files(&[PackFile { path: "town.toml".into(), bytes: bytes.clone() }, PackFile { path: "districts.csv".into(), bytes }]);
            prop_assert!(report.town.is_none() && !report.found.is_empty());
        }
    }
}
