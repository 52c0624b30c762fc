//! What is wrong with a pack, said so that an official can put it right.

use std::sync::Arc;

/// A position in a file of the pack. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Location {
    /// The file, relative to the folder of the pack.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The pack cannot be used.
    Error,
    /// The pack can be used, but somebody should look.
    Warning,
}

/// One thing that is wrong, where, why and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// Whether the pack can be used nevertheless.
    pub severity: Severity,
    /// Where it is.
    pub location: Location,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub next: String,
}

impl Diagnostic {
    /// A fault that keeps the pack from being used.
    pub fn error(location: Location, reason: impl Into<String>, next: impl Into<String>) -> Self {
        Self { severity: Severity::Error, location, reason: reason.into(), next: next.into() }
    }

    /// Something to look at.
    pub fn warning(location: Location, reason: impl Into<String>, next: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, location, reason: reason.into(), next: next.into() }
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}: {severity}: {}\n  next: {}", self.location, self.reason, self.next)
    }
}

/// A file of the pack with its text, which knows where an offset stands.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Source {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        Self { file: file.into(), text: text.into() }
    }

    /// The position of a byte offset; an offset inside a character counts as its start, one past the end as the end.
    pub(crate) fn at(&self, offset: usize) -> Location {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Location {
            file: self.file.clone(),
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// The known word nearest to a mistyped one, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let source = Source::new("town.toml", "name = \"x\"\n名前 = 1\n");
        assert_eq!(source.at(0).to_string(), "town.toml:1:1");
        let equals = source.text.rfind('=').unwrap();
        assert_eq!(source.at(equals).to_string(), "town.toml:2:4");
        assert_eq!(source.at(usize::MAX).to_string(), "town.toml:3:1");
    }

    #[test]
    fn a_mistyped_word_finds_the_meant_one() {
        assert_eq!(nearest("elegible", ["eligible", "from", "source"]), Some("eligible"));
        assert_eq!(nearest("xyz", ["eligible", "from", "source"]), None);
    }
}
