//! What is wrong with a rule, said so that an official can mend it.

use std::fmt;

use serde::Serialize;

use crate::span::Span;

/// One thing wrong with a rule's source, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The length of the stretch meant, in characters.
    pub length: u32,
    /// What kind of mistake it is.
    pub code: Code,
    /// What is wrong, in Japanese.
    pub ja: String,
    /// What is wrong, in English.
    pub en: String,
    /// What to write instead, when one thing is likely.
    pub suggestion: Option<String>,
}

/// The kinds of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text does not follow the grammar.
    Syntax,
    /// The rule is longer or more deeply nested than allowed.
    TooLarge,
    /// No such name is declared.
    UnknownName,
    /// No such function is offered.
    UnknownFunction,
    /// No such area is declared.
    UnknownArea,
    /// The fact is never this text.
    UnknownValue,
    /// The function is offered, but not for arguments of these types.
    WrongType,
    /// The whole rule gives something else than is needed here, most often not yes or no.
    WrongResult,
    /// A constant part fails whenever it is evaluated: a bad date, a division by zero, a broken pattern.
    AlwaysFails,
    /// No person on any day can satisfy the rule.
    NeverHolds,
    /// Part of CEL that is not offered here.
    NotOffered,
}

impl Diagnostic {
    pub(crate) fn new(source: &str, span: Span, code: Code, ja: impl Into<String>, en: impl Into<String>) -> Self {
        let (line, column, length) = span.place(source);
        Diagnostic { line, column, length, code, ja: ja.into(), en: en.into(), suggestion: None }
    }

    pub(crate) fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.en)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean {suggestion}?")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// The candidate nearest to a misspelt word, when one is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (word.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Edits (insert, delete, replace, swap neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        let names = ["resident.district", "resident.household", "resident.sex"];
        assert_eq!(nearest("resident.distirct", names), Some("resident.district".into()));
        assert_eq!(nearest("weather", names), None);
    }
}
