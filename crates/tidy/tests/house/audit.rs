//! What others wrote and we build on: licences, sources, and what is not to be used. `deny.toml` is the one list; cargo-deny reads the same.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::{files, none, root, text};

fn policy() -> toml::Table {
    text("deny.toml").parse().expect("deny.toml is TOML")
}

fn allowed() -> BTreeSet<String> {
    let policy = policy();
    let list = policy["licenses"]["allow"].as_array().expect("licences allowed");
    list.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect()
}

/// Packages of the workspace and all it is built from, on this kind of machine.
fn packages() -> Vec<Value> {
    let host = Command::new("rustc").arg("-vV").output().expect("rustc is there");
    let host = String::from_utf8_lossy(&host.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .expect("rustc names its host");
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host])
        .current_dir(root())
        .output()
        .expect("cargo is there");
    assert!(told.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&told.stderr));
    let metadata: Value = serde_json::from_slice(&told.stdout).expect("cargo tells JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn field<'a>(package: &'a Value, name: &str) -> &'a str {
    package[name].as_str().unwrap_or_default()
}

/// Whether a licence expression (SPDX, or the older one with `/`) can be met with what is allowed.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let words: Vec<String> = spaced.split_whitespace().map(|word| word.replace("+WITH+", " WITH ")).collect();
    let mut at = 0;
    either(&words, &mut at, allowed) && at == words.len()
}

fn either(words: &[String], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, at, allowed);
    while words.get(*at).is_some_and(|word| word == "OR") {
        *at += 1;
        met |= both(words, at, allowed);
    }
    met
}

fn both(words: &[String], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at).is_some_and(|word| word == "AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[String], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if word != "(" {
        return allowed.contains(word);
    }
    let met = either(words, at, allowed);
    *at += 1;
    met
}

#[test]
fn licence_expressions_are_read_as_written() {
    let allowed: BTreeSet<String> = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for good in ["MIT", "MIT/Apache-2.0", "GPL-2.0-only OR MIT", "(GPL-2.0-only OR ISC) AND MIT", "Apache-2.0 WITH LLVM-exception OR X"] {
        assert!(is_met(good, &allowed), "{good}");
    }
    for bad in
        ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "(MIT OR ISC) AND GPL-2.0-only", "Apache-2.0", "MIT MIT", "Apache-2.0 WITH Other"]
    {
        assert!(!is_met(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_crate_has_a_licence_we_may_use() {
    let allowed = allowed();
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages were told", packages.len());
    let found: Vec<String> = packages
        .iter()
        .filter(|package| !is_met(field(package, "license"), &allowed))
        .map(|package| format!("{} {}: {:?}", field(package, "name"), field(package, "version"), field(package, "license")))
        .collect();
    none("licences that are not on the list of deny.toml", &found);
}

#[test]
fn every_crate_comes_from_the_registry_or_from_here() {
    let found: Vec<String> = packages()
        .iter()
        .filter(|package| {
            !package["source"].is_null() && field(package, "source") != "registry+https://github.com/rust-lang/crates.io-index"
        })
        .map(|package| format!("{}: {}", field(package, "name"), field(package, "source")))
        .collect();
    none("crates from elsewhere", &found);
}

#[test]
fn nothing_banned_is_used_and_doubles_are_listed() {
    let packages = packages();
    let policy = policy();
    let banned: Vec<&str> = policy["bans"]["deny"].as_array().expect("bans").iter().filter_map(|ban| ban.get("crate")?.as_str()).collect();
    assert!(!banned.is_empty());
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &packages {
        versions.entry(field(package, "name")).or_default().insert(field(package, "version"));
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        println!("{name} is there in {} versions: {versions:?}", versions.len());
    }
    let found: Vec<String> = banned.into_iter().filter(|name| versions.contains_key(name)).map(str::to_owned).collect();
    none("banned by deny.toml", &found);
}

#[test]
fn every_npm_package_has_a_licence_we_may_use() {
    let allowed = allowed();
    let mut found = Vec::new();
    let mut seen = 0;
    for path in files().into_iter().filter(|path| path.ends_with("package-lock.json")) {
        let lock: Value = serde_json::from_str(&text(&path)).expect("a lock file is JSON");
        for (name, package) in lock["packages"].as_object().expect("packages").iter().filter(|(name, _)| !name.is_empty()) {
            seen += 1;
            let licence = field(package, "license");
            if !is_met(licence, &allowed) {
                found.push(format!("{path}: {name}: {licence:?}"));
            }
            if package["integrity"].as_str().is_none_or(|hash| !hash.starts_with("sha512-")) {
                found.push(format!("{path}: {name} has no hash"));
            }
        }
    }
    assert!(seen > 20, "only {seen} packages were found");
    none("npm packages that cannot be used", &found);
}
