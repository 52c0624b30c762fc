//! Reads a TOML table key by key, collecting every fault instead of stopping at the first.

use std::collections::BTreeMap;

use civil::Date;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    diagnostic::{Diagnostic, Location, Source, nearest},
    model::{Language, Words},
};

/// The faults of a pack while it is read.
pub(crate) type Faults = Vec<Diagnostic>;

/// A value with the file it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) source: &'a Source,
    pub(crate) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    pub(crate) fn location(&self) -> Location {
        self.source.at(self.value.span().start)
    }

    /// Notes that the value is not what it should be.
    pub(crate) fn fault(&self, faults: &mut Faults, reason: impl Into<String>, next: impl Into<String>) {
        faults.push(Diagnostic::error(self.location(), reason, next));
    }

    fn expected(&self, faults: &mut Faults, what: &str, example: &str) {
        let found = self.value.get_ref().type_str();
        self.fault(faults, format!("this is {} where {what} is expected", article(found)), format!("write it like {example}"));
    }

    pub(crate) fn string(&self, faults: &mut Faults) -> Option<String> {
        match self.value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            Some(_) => {
                self.fault(faults, "the text is empty", "write the text, or leave the key out");
                None
            }
            None => {
                self.expected(faults, "a text", "\"…\"");
                None
            }
        }
    }

    pub(crate) fn bool(&self, faults: &mut Faults) -> Option<bool> {
        let value = self.value.get_ref().as_bool();
        if value.is_none() {
            self.expected(faults, "yes or no", "true or false");
        }
        value
    }

    pub(crate) fn integer(&self, faults: &mut Faults) -> Option<i64> {
        let value = self.value.get_ref().as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        if value.is_none() {
            self.expected(faults, "a whole number", "10");
        }
        value
    }

    /// The digits of a number with a fraction, as they are written: nothing is rounded on the way.
    pub(crate) fn number_text(&self, faults: &mut Faults) -> Option<String> {
        match self.value.get_ref() {
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
            _ => {
                self.expected(faults, "a number", "41.29");
                None
            }
        }
    }

    pub(crate) fn integer_within(&self, range: std::ops::RangeInclusive<i64>, faults: &mut Faults) -> Option<u32> {
        let value = self.integer(faults)?;
        if !range.contains(&value) {
            let reason = format!("{value} is outside {} to {}", range.start(), range.end());
            self.fault(faults, reason, "choose a number within that range");
            return None;
        }
        u32::try_from(value).ok()
    }

    /// A text read by a type's own parser, whose message says what is wrong.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, faults: &mut Faults, next: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.string(faults)?;
        let message = |error: T::Err| {
            let error = error.to_string();
            // Some parsers name the text, those of personal things never do.
            if error.contains(&format!("{text:?}")) { error } else { format!("{text:?}: {error}") }
        };
        text.parse().map_err(|error| self.fault(faults, message(error), next)).ok()
    }

    /// A day, as text or as TOML's own date.
    pub(crate) fn date(&self, faults: &mut Faults) -> Option<Date> {
        let text = match self.value.get_ref() {
            DeValue::Datetime(datetime) if datetime.time.is_none() => datetime.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.expected(faults, "a day", "\"2026-04-01\"");
                return None;
            }
        };
        text.parse()
            .map_err(|_| {
                self.fault(
                    faults,
                    format!("{text:?} is not a day of the calendar"),
                    "write it as \"year-month-day\", such as \"2026-04-01\"",
                )
            })
            .ok()
    }

    /// One of a fixed list of words.
    pub(crate) fn word<T: Copy + 'static>(&self, all: &[T], word: fn(T) -> &'static str, faults: &mut Faults) -> Option<T> {
        let text = self.string(faults)?;
        let found = all.iter().copied().find(|value| word(*value) == text);
        if found.is_none() {
            let words: Vec<&str> = all.iter().map(|value| word(*value)).collect();
            self.fault(faults, format!("{text:?} is not known here"), one_of(&text, &words));
        }
        found
    }

    pub(crate) fn list(&self, faults: &mut Faults) -> Option<Vec<Value<'a>>> {
        let Some(array) = self.value.get_ref().as_array() else {
            self.expected(faults, "a list", "[…, …]");
            return None;
        };
        Some(array.iter().map(|value| Value { source: self.source, value }).collect())
    }

    pub(crate) fn table(&self, faults: &mut Faults) -> Option<Fields<'a>> {
        let Some(table) = self.value.get_ref().as_table() else {
            self.expected(faults, "a table", "{ key = \"value\" }");
            return None;
        };
        Some(Fields::new(self.source, table, self.value.span().start))
    }

    /// A text in several languages: `{ ja = "…", en = "…" }`, or a plain text that is Japanese.
    pub(crate) fn words(&self, faults: &mut Faults) -> Option<Words> {
        if let DeValue::String(text) = self.value.get_ref() {
            return Some(Words::new([(Language::JAPANESE, text.to_string())].into()));
        }
        let Some(table) = self.value.get_ref().as_table() else {
            self.expected(faults, "a text in each language", "{ ja = \"…\", en = \"…\" }");
            return None;
        };
        let mut texts = BTreeMap::new();
        for (key, value) in table {
            let value = Value { source: self.source, value };
            match (key.get_ref().parse::<Language>(), value.string(faults)) {
                (Ok(language), Some(text)) => {
                    texts.insert(language, text);
                }
                (Err(error), _) => {
                    faults.push(Diagnostic::error(self.source.at(key.span().start), error.to_string(), "correct the language tag"))
                }
                (Ok(_), None) => {}
            }
        }
        if !texts.contains_key(&Language::JAPANESE) {
            self.fault(faults, "the Japanese text is missing", "add ja = \"…\": other languages fall back to it");
            return None;
        }
        Some(Words::new(texts))
    }
}

/// The keys of one table; what is never asked for is a fault at the end.
pub(crate) struct Fields<'a> {
    source: &'a Source,
    table: &'a DeTable<'a>,
    start: usize,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(source: &'a Source, table: &'a DeTable<'a>, start: usize) -> Self {
        Self { source, table, start, asked: Vec::new() }
    }

    pub(crate) fn location(&self) -> Location {
        self.source.at(self.start)
    }

    /// A text of the table without counting as asked for; used where a broken table must still be recognised.
    pub(crate) fn peek(&self, key: &str) -> Option<&'a str> {
        self.table.get(key).and_then(|value| value.get_ref().as_str())
    }

    /// The value of a key that may be left out.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.asked.push(key);
        self.table.get(key).map(|value| Value { source: self.source, value })
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&mut self, key: &'static str, example: &str, faults: &mut Faults) -> Option<Value<'a>> {
        let value = self.optional(key);
        if value.is_none() {
            faults.push(Diagnostic::error(self.location(), format!("{key} is missing"), format!("add {key} = {example}")));
        }
        value
    }

    /// The tables of `[[key]]`; empty if there are none.
    pub(crate) fn tables(&mut self, key: &'static str, faults: &mut Faults) -> Vec<Fields<'a>> {
        let Some(value) = self.optional(key) else { return Vec::new() };
        value.list(faults).unwrap_or_default().iter().filter_map(|item| item.table(faults)).collect()
    }

    /// Every key with its value, for tables whose keys are names; marks all as asked for.
    pub(crate) fn entries(self) -> Vec<(String, Location, Value<'a>)> {
        let Fields { source, table, .. } = self;
        table.iter().map(|(key, value)| (key.get_ref().to_string(), source.at(key.span().start), Value { source, value })).collect()
    }

    /// Notes the keys nobody asked for.
    pub(crate) fn finish(self, faults: &mut Faults) {
        for (name, location) in self.unasked() {
            faults.push(Diagnostic::error(location, format!("{name:?} is not known here"), one_of(&name, &self.asked)));
        }
    }

    /// The keys nobody asked for, with where they stand.
    pub(crate) fn unasked(&self) -> Vec<(String, Location)> {
        let keys = self.table.keys().filter(|key| !self.asked.contains(&key.get_ref().as_ref()));
        keys.map(|key| (key.get_ref().to_string(), self.source.at(key.span().start))).collect()
    }
}

/// What to write instead of an unknown word.
pub(crate) fn one_of(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "array" | "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}
