//! Calendars as other programs read them (RFC 5545).

use civil::{Date, Timestamp};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;

/// When an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Whole days, both included.
    Days(Date, Date),
    /// From a moment to another.
    Moments(Timestamp, Timestamp),
}

/// A text of an entry, and the language it is in where that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worded {
    /// The text; may be empty.
    pub text: String,
    /// As `LANGUAGE` has it (RFC 5646).
    pub language: Option<String>,
}

impl From<String> for Worded {
    fn from(text: String) -> Self {
        Self { text, language: None }
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The same for the same entry every time it is read.
    pub uid: String,
    /// When.
    pub when: When,
    /// What.
    pub summary: Worded,
    /// More of it; may be empty.
    pub description: Worded,
    /// Where; may be empty.
    pub location: Worded,
    /// Whether it does not take place.
    pub cancelled: bool,
    /// When it changed last.
    pub changed: Timestamp,
}

/// Writes a calendar with a name.
pub fn write(name: &str, entries: &[Entry]) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(text, &mut out);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Tegata//calendar//JA");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    line(&format!("X-WR-CALNAME:{}", escaped(name)));
    line("X-WR-TIMEZONE:Asia/Tokyo");
    line("REFRESH-INTERVAL;VALUE=DURATION:P1D");
    for entry in entries {
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", entry.uid));
        line(&format!("DTSTAMP:{}", moment(entry.changed)));
        match entry.when {
            When::Days(first, last) => {
                line(&format!("DTSTART;VALUE=DATE:{}", day(first)));
                // The end is the day after the last (section 3.6.1).
                line(&format!("DTEND;VALUE=DATE:{}", day(last.saturating_add(1.day()))));
                line("TRANSP:TRANSPARENT");
            }
            When::Moments(from, until) => {
                line(&format!("DTSTART:{}", moment(from)));
                line(&format!("DTEND:{}", moment(until)));
            }
        }
        line(&property("SUMMARY", &entry.summary));
        for (key, value) in [("DESCRIPTION", &entry.description), ("LOCATION", &entry.location)] {
            if !value.text.is_empty() {
                line(&property(key, value));
            }
        }
        line(if entry.cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// A text with its language (section 3.2.10).
fn property(key: &str, value: &Worded) -> String {
    let language = value.language.as_ref().map(|language| format!(";LANGUAGE={language}")).unwrap_or_default();
    format!("{key}{language}:{}", escaped(&value.text))
}

fn day(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

fn moment(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Text as section 3.3.11 writes it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Lines of at most 75 octets, never within a character (section 3.1).
fn fold(text: &str, out: &mut String) {
    let mut octets = 0;
    for c in text.chars() {
        if octets + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;
    use proptest::prelude::*;

    fn entry(summary: &str) -> Entry {
        let changed: Timestamp = "2026-11-26T00:00:00Z".parse().unwrap();
        let when = When::Days("2026-12-31".parse().unwrap(), "2026-12-31".parse().unwrap());
        Entry {
            uid: "a@example".into(),
            when,
            summary: summary.to_owned().into(),
            description: Worded::default(),
            location: Worded::default(),
            cancelled: false,
            changed,
        }
    }

    #[test]
    fn an_entry_of_a_day_ends_on_the_next() {
        let text = write("暦", &[entry("びん, 缶; など")]);
        assert!(text.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"), "{text}");
        assert!(text.contains("SUMMARY:びん\\, 缶\\; など\r\n"), "{text}");
    }

    #[test]
    fn a_text_says_in_which_language_it_is() {
        let mut entry = entry("");
        entry.summary = Worded { text: "Lễ hội tuyết".into(), language: Some("vi".into()) };
        let text = write("暦", &[entry]);
        assert!(text.contains("\r\nSUMMARY;LANGUAGE=vi:Lễ hội tuyết\r\n"), "{text}");
    }

    proptest! {
        #[test]
        fn lines_are_short_and_unfold_to_what_was_written(summary in "[ぁ-んa-z ,;\\\\]{0,200}") {
            let text = write("暦", &[entry(&summary)]);
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 75));
            let unfolded = text.replace("\r\n ", "");
            let line = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:")).unwrap().to_owned();
            let mut plain = String::new();
            let mut characters = line.chars();
            while let Some(c) = characters.next() {
                plain.push(if c == '\\' { characters.next().unwrap() } else { c });
            }
            prop_assert_eq!(plain, summary);
        }
    }
}
