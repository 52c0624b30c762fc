//! A room imports only rooms on lower floors (docs/architecture.md).

use crate::{files, none, room, sources, text, without_tests};

/// Rooms of each floor. On the two lowest, rooms may also use one another: Cargo refuses a circle.
const FLOORS: [&[&str]; 7] = [
    &["civil", "rule", "jpki", "credential", "credential-wasm", "jwe", "mdoc", "population", "pdfseal", "letters", "tiles"],
    &["town", "store"],
    &["registry", "identity"],
    &["web"],
    &["cards", "passport", "console", "oidc", "notices", "reports", "places", "calendar", "community"],
    &["station"],
    &["tegata"],
];

/// What reaches out: not on the ground floor, whose rooms get everything passed in.
const REACHING_OUT: [&str; 7] = ["tokio", "rusqlite", "tokio-postgres", "deadpool-postgres", "axum", "tower-http", "reqwest"];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Each room's name and what it is built from, by its manifest.
fn manifests() -> Vec<(String, Vec<String>)> {
    let manifests = files().into_iter().filter(|path| {
        path.starts_with("crates/") && path.ends_with("/Cargo.toml") && !path.contains("/fuzz/") && !path.contains("/tests/")
    });
    manifests
        .map(|path| {
            let manifest: toml::Table = text(&path).parse().expect("a manifest is TOML");
            let name = manifest["package"]["name"].as_str().expect("a package has a name").to_owned();
            let parts = ["dependencies", "build-dependencies"].into_iter().filter_map(|table| manifest.get(table)?.as_table());
            (name, parts.flat_map(|table| table.keys().cloned()).collect())
        })
        .filter(|(name, _)| name != "tidy")
        .collect()
}

#[test]
fn every_room_has_a_floor() {
    let homeless: Vec<String> = manifests().into_iter().map(|(name, _)| name).filter(|name| floor(name).is_none()).collect();
    none("rooms without a floor: put them on the list here and in docs/architecture.md", &homeless);
    let folders: Vec<String> = files().iter().filter_map(|path| room(path)).map(str::to_owned).collect();
    let empty: Vec<String> = FLOORS
        .iter()
        .flat_map(|rooms| rooms.iter())
        .filter(|name| **name != "credential-wasm" && !folders.iter().any(|folder| folder == *name))
        .map(|name| (*name).to_owned())
        .collect();
    none("rooms of the list that are not there", &empty);
}

#[test]
fn a_room_imports_only_from_below() {
    let mut found = Vec::new();
    for (name, imports) in manifests() {
        let Some(own) = floor(&name) else { continue };
        for import in imports {
            let Some(other) = floor(&import) else { continue };
            let allowed = other < own || (other == own && own <= 1);
            if !allowed {
                found.push(format!("{name} (floor {own}) imports {import} (floor {other})"));
            }
        }
    }
    none("imports that go up or sideways", &found);
}

#[test]
fn the_ground_floor_reaches_nowhere() {
    let mut found = Vec::new();
    for (name, imports) in manifests().into_iter().filter(|(name, _)| floor(name) == Some(0)) {
        found.extend(imports.iter().filter(|import| REACHING_OUT.contains(&import.as_str())).map(|import| format!("{name} uses {import}")));
    }
    none("pure rooms that reach out", &found);
}

/// Rooms beside the register believe what `store::Register` says: nobody else may speak for it.
#[test]
fn only_the_register_answers_for_the_register() {
    let speaks = |path: &str| without_tests(&text(path)).contains("Register for ");
    let speakers: Vec<String> = sources().into_iter().filter(|path| speaks(path)).collect();
    assert!(speakers.iter().any(|path| room(path) == Some("registry")), "the register says nothing: {speakers:?}");
    let others: Vec<String> = speakers.into_iter().filter(|path| room(path) != Some("registry")).collect();
    none("rooms that answer for the register", &others);
}
