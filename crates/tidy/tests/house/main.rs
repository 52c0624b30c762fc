//! What has to hold in every room, and in the files around them.

mod audit;
mod floors;
mod links;
mod names;
mod sizes;
mod tables;
mod texts;
mod traces;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// Paths of the files git tracks or would track, relative to the repository.
fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is there");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let mut files: Vec<String> =
        String::from_utf8(listed.stdout).expect("paths are UTF-8").split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    files.retain(|path| root().join(path).is_file());
    files.sort();
    files.dedup();
    assert!(files.len() > 100, "only {} files were found", files.len());
    files
}

/// A file's text; nothing for pictures and certificates.
fn text(path: &str) -> String {
    String::from_utf8(fs::read(root().join(path)).expect("a listed file is there")).unwrap_or_default()
}

/// The room a path belongs to.
fn room(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

/// Rust files of the rooms themselves: no tests, examples, fuzz targets, and not this room.
fn sources() -> Vec<String> {
    files()
        .into_iter()
        .filter(|path| path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs") && room(path) != Some("tidy"))
        .collect()
}

/// A source without its `#[cfg(test)]` module, which stands at the end of a file.
fn without_tests(source: &str) -> &str {
    source.split("\n#[cfg(test)]\nmod ").next().unwrap_or(source)
}

/// Fails with every finding on a line of its own.
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}
