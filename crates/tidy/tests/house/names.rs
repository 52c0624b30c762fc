//! No town is named in the house: what is special to a town stands in its pack.

use std::fs;

use crate::{files, none, root, sources, text, without_tests};

/// Every name of every town but the invented one: folder, code, names in all languages, the app's names.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("towns")).expect("there are towns") {
        let folder = entry.expect("readable").path();
        let (name, manifest) = (folder.file_name().unwrap_or_default().to_string_lossy().into_owned(), folder.join("town.toml"));
        if name == "demo" || !manifest.is_file() {
            continue;
        }
        let pack: toml::Table = fs::read_to_string(manifest).expect("readable").parse().expect("a pack is TOML");
        names.push(name);
        texts(&pack["town"]["code"], &mut names);
        texts(&pack["town"]["name"], &mut names);
        if let Some(app) = pack.get("theme").and_then(|theme| theme.get("app_name")) {
            texts(app, &mut names);
        }
    }
    assert!(names.len() >= 4, "the names of the towns were not found: {names:?}");
    names.sort();
    names.dedup();
    names
}

fn texts(value: &toml::Value, into: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => into.push(text.clone()),
        toml::Value::Table(languages) => languages.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

#[test]
fn no_room_names_a_town() {
    let names = names();
    let mut found = Vec::new();
    let others = files().into_iter().filter(|path| {
        path.starts_with("crates/") && !path.contains("/tests/") && [".ftl", ".html", ".sql"].iter().any(|ending| path.ends_with(ending))
    });
    for path in sources().into_iter().chain(others) {
        let all = text(&path);
        for (number, line) in without_tests(&all).lines().enumerate() {
            let lower = line.to_lowercase();
            found.extend(
                names.iter().filter(|name| is_named(&lower, &name.to_lowercase())).map(|name| format!("{path}:{}: {name}", number + 1)),
            );
        }
    }
    none("towns named in the house", &found);
}

/// Whether a line holds a name: in Latin letters as words of their own, since a short one stands in the middle of others.
fn is_named(line: &str, name: &str) -> bool {
    let joins = |c: Option<char>| name.is_ascii() && c.is_some_and(|c| c.is_ascii_alphanumeric());
    line.match_indices(name).any(|(at, found)| !joins(line[..at].chars().next_back()) && !joins(line[at + found.len()..].chars().next()))
}
