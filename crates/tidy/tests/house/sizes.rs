//! Files stay small enough to be read, and nothing is left for later.

use crate::{files, none, room, text};

const LINES_MAX: usize = 700;
const LINES_WISHED: usize = 600;

#[test]
fn rust_files_can_be_read_in_one_sitting() {
    let mut long = Vec::new();
    for path in files().into_iter().filter(|path| path.starts_with("crates/") && path.ends_with(".rs")) {
        let lines = text(&path).lines().count();
        if lines > LINES_WISHED {
            println!("{path}: {lines} lines, above the {LINES_WISHED} we wish for");
        }
        if lines > LINES_MAX {
            long.push(format!("{path}: {lines} lines"));
        }
    }
    none("files to be split", &long);
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), "todo!(", "unimplemented!(", "dbg!("];
    let endings = [".rs", ".ts", ".mjs", ".js", ".html", ".css", ".sql", ".ftl", ".toml", ".feature", ".md", ".py", ".sh"];
    let mut found = Vec::new();
    for path in files().into_iter().filter(|path| endings.iter().any(|ending| path.ends_with(ending)) && room(path) != Some("tidy")) {
        for (number, line) in text(&path).lines().enumerate() {
            found.extend(marks.iter().filter(|mark| line.contains(**mark)).map(|mark| format!("{path}:{}: {mark}", number + 1)));
        }
    }
    none("left for later", &found);
}
