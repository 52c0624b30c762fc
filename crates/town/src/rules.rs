//! The rules of a pack: which names they may use, compiled with their faults put at their place in the file.

use rule::{FactType, Rule, Schema};

use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Value},
    model::{Fact, FactKind, ResidenceKind},
};

/// The names the rules of a town may use.
pub(crate) fn schema(facts: &[Fact], neighbours: &[String], rolls: &[String]) -> Schema {
    let kinds = ResidenceKind::ALL.iter().map(|kind| kind.word().to_owned()).collect();
    // Who belongs to none is of the town "".
    let or_none = |ids: &[String]| [String::new()].into_iter().chain(ids.iter().cloned()).collect();
    let builder = Schema::builder()
        .residence("kind", kinds, "住まいの区分", "kind of residence")
        .residence("town", or_none(neighbours), "住んでいる近隣の市町村", "neighbouring town")
        .residence("roll", or_none(rolls), "デジタル住民の名簿", "roll of digital residents");
    let builder = facts.iter().fold(builder, |builder, fact| {
        let kind = match fact.kind {
            FactKind::Bool => FactType::Bool,
            FactKind::Int => FactType::Int,
            FactKind::String => FactType::String,
            FactKind::Date => FactType::Date,
        };
        let english = fact.label.in_language(&crate::Language::ENGLISH);
        builder.fact_named(fact.name.as_str(), kind, fact.label.ja(), english)
    });
    builder.build().expect("fact names are plain words and each is declared once")
}

/// Compiles the rule a key holds; its faults are put at their line and column of the file.
pub(crate) fn compile(value: Value<'_>, schema: &Schema, faults: &mut Faults) -> Option<Rule> {
    compiled(value, |text| Rule::check(text, schema), faults)
}

/// Compiles an expression that gives a day.
pub(crate) fn compile_day(value: Value<'_>, schema: &Schema, faults: &mut Faults) -> Option<Rule> {
    compiled(value, |text| Rule::check_as(text, schema, FactType::Date), faults)
}

fn compiled(value: Value<'_>, check: impl Fn(&str) -> Result<Rule, Vec<rule::Diagnostic>>, faults: &mut Faults) -> Option<Rule> {
    let text = value.string(faults)?;
    match check(&text) {
        Ok(rule) => Some(rule),
        Err(found) => {
            let written = Written::new(&value);
            faults.extend(found.into_iter().map(|fault| {
                let next = fault.suggestion.map_or_else(|| "correct the rule".to_owned(), |meant| format!("did you mean {meant}?"));
                Diagnostic::error(
                    written.location(&text, fault.line, fault.column),
                    format!("in the rule: {} ({})", fault.en, fault.ja),
                    next,
                )
            }));
            None
        }
    }
}

/// How a text is written in the file, to find where a line and column of it stands.
struct Written<'a> {
    value: Value<'a>,
    raw: &'a str,
}

impl<'a> Written<'a> {
    fn new(value: &Value<'a>) -> Self {
        let span = value.value.span();
        Self { value: *value, raw: value.source.text.get(span).unwrap_or("") }
    }

    /// Where a line and column (from 1, in characters) of the text stands in the file.
    fn location(&self, text: &str, line: u32, column: u32) -> crate::Location {
        let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(|line| line.chars().count()).sum();
        let wanted = before + column.saturating_sub(1) as usize;
        self.value.source.at(self.value.value.span().start + self.offset(wanted))
    }

    /// The byte offset in the file's notation of a character of the text.
    fn offset(&self, wanted: usize) -> usize {
        let (opening, escapes) = self.opening();
        let mut offset = opening;
        for _ in 0..wanted {
            let rest = &self.raw[offset..];
            offset += if escapes { width(rest) } else { rest.chars().next().map_or(0, char::len_utf8) };
        }
        offset
    }

    /// How many bytes come before the text, and whether backslashes mean something in it.
    fn opening(&self) -> (usize, bool) {
        for (quote, escapes) in [("'''", false), ("\"\"\"", true)] {
            if let Some(rest) = self.raw.strip_prefix(quote) {
                let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
                return (quote.len() + newline, escapes);
            }
        }
        (usize::from(self.raw.starts_with(['\'', '"'])), self.raw.starts_with('"'))
    }
}

/// How many bytes write the next character of a text with escapes.
fn width(rest: &str) -> usize {
    let mut characters = rest.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), Some('u')) => 6.min(rest.len()),
        (Some('\\'), Some('U')) => 10.min(rest.len()),
        (Some('\\'), Some('x')) => 4.min(rest.len()),
        (Some('\\'), Some(next)) if next.is_whitespace() => {
            let skipped = rest.len() - rest[1..].trim_start().len();
            skipped + width(&rest[skipped..])
        }
        (Some('\\'), Some(next)) => 1 + next.len_utf8(),
        (Some(plain), _) => plain.len_utf8(),
        (None, _) => 0,
    }
}
