//! A room's SQL names its own tables only, and every migration is on the room's list.

use std::collections::BTreeSet;

use crate::{files, none, room, sources, text, without_tests};

fn migrations() -> Vec<String> {
    files().into_iter().filter(|path| path.starts_with("crates/") && path.contains("/migrations/") && path.ends_with(".sql")).collect()
}

fn rooms_with_tables() -> BTreeSet<String> {
    migrations().iter().filter_map(|path| room(path)).map(str::to_owned).collect()
}

/// Words of a text as SQL has them, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

/// The tables a text names: words after one of the words that are followed by a table.
fn tables(text: &str, rooms: &BTreeSet<String>) -> Vec<(String, String)> {
    let words: Vec<String> = words(text).collect();
    let mut named = Vec::new();
    for pair in words.windows(2) {
        let leads = ["from", "join", "into", "update", "table", "exists", "references", "on"].contains(&pair[0].as_str());
        if let Some((owner, _)) = pair[1].split_once('_').filter(|(owner, _)| leads && rooms.contains(*owner)) {
            named.push((owner.to_owned(), pair[1].clone()));
        }
    }
    named
}

#[test]
fn a_room_names_its_own_tables_only() {
    let rooms = rooms_with_tables();
    assert!(rooms.len() >= 4, "only {rooms:?} have migrations");
    let mut seen = 0;
    let mut found = Vec::new();
    for path in sources().into_iter().chain(migrations()) {
        let own = room(&path).unwrap_or_default().to_owned();
        let all = text(&path);
        for (owner, table) in tables(without_tests(&all), &rooms) {
            seen += 1;
            // Scenarios and measurements look behind the scenes: did a job fail, was every use written?
            let behind_the_scenes = ["/src/scenario", "/src/bench"].iter().any(|folder| own == "tegata" && path.contains(folder));
            if owner != own && !behind_the_scenes {
                found.push(format!("{path}: {table}"));
            }
        }
    }
    assert!(seen > 100, "only {seen} tables were recognised");
    none("tables of another room", &found);
}

#[test]
fn tables_carry_their_rooms_name() {
    let mut found = Vec::new();
    for path in migrations() {
        let words: Vec<String> = words(&text(&path)).collect();
        let owner = format!("{}_", room(&path).unwrap_or_default());
        for three in words.windows(3) {
            let name = match (three[0].as_str(), three[1].as_str()) {
                ("create", "table") => &three[2],
                _ => continue,
            };
            if !name.starts_with(&owner) {
                found.push(format!("{path}: {name}"));
            }
        }
    }
    none("tables without their room's name in front", &found);
}

#[test]
fn every_migration_is_on_its_rooms_list() {
    let sources = sources();
    let mut found = Vec::new();
    for path in migrations() {
        let own = room(&path).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let listed = format!("(\"{name}\", include_str!(\"../migrations/{name}\"))");
        let by = sources
            .iter()
            .filter(|source| room(source) == Some(own))
            .filter(|source| text(source).split_whitespace().collect::<Vec<_>>().join(" ").contains(&listed))
            .count();
        if by != 1 {
            found.push(format!("{path}: listed {by} times"));
        }
    }
    none("migrations that would not run once", &found);
}
