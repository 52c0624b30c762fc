//! One event of a feed, and how it reads here.

use civil::{Date, shortened};
use jiff::civil::DateTime;
use jiff::{SignedDuration, ToSpan as _};
use town::Language;

use super::lines::{Prop, Raw};
use super::time::{Stamp, Zones, duration, last_day, stamps};
use super::{FeedReason, FeedReport, Happening};
use crate::model::{Details, Part, Said, TEXT_MAX, TITLE_MAX, Texts, Who};

/// Characters of a UID at most.
const UID_MAX: usize = 500;

/// How long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// Nobody said.
    Unsaid,
    /// So many days.
    Days(i64),
    /// So much time.
    Time(SignedDuration),
}

/// An event as the file says it.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) uid: String,
    pub(super) line: u32,
    pub(super) start: Stamp,
    length: Length,
    /// Which recurrence this is a change of.
    pub(super) of: Option<Stamp>,
    /// Rules with their lines.
    pub(super) rules: Vec<(u32, String)>,
    pub(super) more: Vec<Stamp>,
    pub(super) except: Vec<Stamp>,
    /// The name that stands first, for what is said of it.
    pub(super) title: String,
    texts: Texts,
    url: String,
    pub(super) cancelled: bool,
    pub(super) private: bool,
    sequence: i64,
    stamped: String,
}

/// Reads an event; nothing, with the fault noted, when it cannot be read.
pub(super) fn read(raw: &Raw, zones: &Zones, languages: &[Language], report: &mut FeedReport) -> Option<Event> {
    let text = |name: &str| raw.find(name).map(Prop::text).unwrap_or_default();
    let title = text("SUMMARY");
    let uid = text("UID");
    if uid.is_empty() || uid.chars().count() > UID_MAX {
        report.note(raw.line, "UID", FeedReason::NoUid, &title);
        return None;
    }
    let Some(begins) = raw.find("DTSTART") else {
        report.note(raw.line, "DTSTART", FeedReason::NoStart, &title);
        return None;
    };
    let start = one(begins, zones, report)?;
    let of = match raw.find("RECURRENCE-ID") {
        Some(prop) => {
            if prop.param("RANGE").is_some() {
                report.note(prop.line, &prop.name, FeedReason::Range, &title);
            }
            Some(one(prop, zones, report)?)
        }
        None => None,
    };
    let length = length(raw, &start, zones, report)?;
    let is = |name: &str, words: &[&str]| words.iter().any(|word| text(name).eq_ignore_ascii_case(word));
    let mut more = Vec::new();
    for prop in raw.all("RDATE") {
        more.extend(several(prop, zones, report)?);
    }
    let mut except = Vec::new();
    for prop in raw.all("EXDATE") {
        except.extend(several(prop, zones, report)?);
    }
    Some(Event {
        rules: raw.all("RRULE").map(|prop| (prop.line, prop.value.clone())).collect(),
        texts: texts(raw, languages),
        url: Some(text("URL")).filter(|url| url.starts_with("https://") || url.starts_with("http://")).unwrap_or_default(),
        cancelled: is("STATUS", &["CANCELLED"]),
        private: is("CLASS", &["PRIVATE", "CONFIDENTIAL"]),
        sequence: text("SEQUENCE").parse().unwrap_or(0),
        stamped: Some(text("LAST-MODIFIED")).filter(|stamp| !stamp.is_empty()).unwrap_or_else(|| text("DTSTAMP")),
        line: raw.line,
        uid,
        start,
        length,
        of,
        more,
        except,
        title,
    })
}

/// What it says, by language: a property may stand there once for each (`LANGUAGE`, section 3.2.10). One that names none, or one nobody here reads, is
/// taken as Japanese, in which the calendars of a town are kept; of two in the same language the first holds.
fn texts(raw: &Raw, languages: &[Language]) -> Texts {
    let mut texts = Texts::default();
    for (name, part, most) in
        [("SUMMARY", Part::Title, TITLE_MAX), ("LOCATION", Part::Place, TITLE_MAX * 2), ("DESCRIPTION", Part::About, TEXT_MAX)]
    {
        for prop in raw.all(name) {
            let language = prop.param("LANGUAGE").and_then(|tag| Language::asked(tag, languages)).unwrap_or(&Language::JAPANESE);
            let mut said = texts.said(language);
            if said.part(part).is_empty() {
                let text = prop.text();
                let text = if part == Part::About { text } else { text.replace('\n', " ") };
                *said.part_mut(part) = shortened(&text, most);
                texts.set(language.clone(), said);
            }
        }
    }
    texts
}

fn one(prop: &Prop, zones: &Zones, report: &mut FeedReport) -> Option<Stamp> {
    match stamps(prop, zones).map(|stamps| stamps.into_iter().next()) {
        Ok(stamp) => stamp,
        Err((reason, value)) => {
            // A period may stand for a recurrence; nothing begins or ends with one.
            let reason = if reason == FeedReason::Period { FeedReason::Moment } else { reason };
            report.note(prop.line, &prop.name, reason, &value);
            None
        }
    }
}

/// The values of a list; a period is passed over, anything else that cannot be read leaves the event out.
fn several(prop: &Prop, zones: &Zones, report: &mut FeedReport) -> Option<Vec<Stamp>> {
    match stamps(prop, zones) {
        Ok(stamps) => Some(stamps),
        Err((reason, value)) => {
            report.note(prop.line, &prop.name, reason, &value);
            (reason == FeedReason::Period).then(Vec::new)
        }
    }
}

fn length(raw: &Raw, start: &Stamp, zones: &Zones, report: &mut FeedReport) -> Option<Length> {
    if let Some(prop) = raw.find("DTEND") {
        let end = one(prop, zones, report)?;
        let length = match (start, &end) {
            (Stamp::Day(first), Stamp::Day(after)) => Some(Length::Days(i64::from(first.until(*after).map_or(0, |span| span.get_days())))),
            (Stamp::At(from, zone), Stamp::At(to, other)) => {
                let moment = |at: &DateTime, zone: &jiff::tz::TimeZone| at.to_zoned(zone.clone()).ok();
                moment(from, zone).zip(moment(to, other)).map(|(from, to)| Length::Time(to.duration_since(&from)))
            }
            _ => None,
        };
        return match length {
            // A day that ends on itself is written by programs that count the last day in.
            Some(Length::Days(0)) => Some(Length::Days(1)),
            Some(Length::Days(days)) if days > 0 => length,
            Some(Length::Time(time)) if !time.is_negative() => length,
            _ => {
                report.note(prop.line, "DTEND", FeedReason::EndsBefore, &prop.value);
                None
            }
        };
    }
    match (raw.find("DURATION"), start) {
        (None, Stamp::Day(_)) => Some(Length::Days(1)),
        (None, Stamp::At(..)) => Some(Length::Unsaid),
        (Some(prop), start) => match (duration(&prop.value), start) {
            (Some(time), Stamp::Day(_)) => Some(Length::Days((time.as_secs() / 86_400).max(1))),
            (Some(time), Stamp::At(..)) => Some(Length::Time(time)),
            (None, _) => {
                report.note(prop.line, "DURATION", FeedReason::Moment, &prop.value);
                None
            }
        },
    }
}

impl Event {
    /// Whether it takes place more than once.
    pub(super) fn recurs(&self) -> bool {
        !self.rules.is_empty() || !self.more.is_empty()
    }

    /// How many days it may reach into.
    pub(super) fn days_long(&self) -> i64 {
        match self.length {
            Length::Unsaid => 0,
            Length::Days(days) => days,
            Length::Time(time) => time.as_secs() / 86_400 + 1,
        }
    }

    /// Whether this is the later state of the same event.
    pub(super) fn is_later_than(&self, other: &Self) -> bool {
        (self.sequence, &self.stamped) > (other.sequence, &other.stamped)
    }

    /// How one time of it reads here; nothing for a day no calendar has.
    pub(super) fn happening(&self, key: &str, begins: DateTime, unnamed: &Texts, cancelled: bool) -> Option<Happening> {
        let (first, last, starts_at, ends_at) = self.when(begins)?;
        let mut texts = self.texts.clone();
        if texts.iter().all(|(_, said)| said.title.is_empty()) {
            for (language, said) in unnamed.iter() {
                let title = shortened(&said.title, TITLE_MAX);
                texts.set(language.clone(), Said { title, ..texts.said(language) });
            }
        }
        let details = Details {
            texts,
            starts_on: first,
            ends_on: last,
            starts_at,
            ends_at,
            url: if self.url.chars().count() <= 500 { self.url.clone() } else { String::new() },
            who: Who::Nobody,
            capacity: None,
            apply_from: None,
            apply_until: None,
        };
        let key = format!("ics|{}|{key}", self.uid);
        Some(Happening { key, uid: self.uid.clone(), line: self.line, details, cancelled: cancelled || self.cancelled })
    }

    /// First and last day, and the times of day, in Japan.
    fn when(&self, begins: DateTime) -> Option<(Date, Date, String, String)> {
        let begun = self.start.in_japan(begins)?;
        let clock = |at: DateTime| at.strftime("%H:%M").to_string();
        Some(match self.length {
            Length::Days(days) => (begun.date(), begun.date().checked_add((days - 1).days()).ok()?, String::new(), String::new()),
            Length::Unsaid => (begun.date(), begun.date(), clock(begun), String::new()),
            Length::Time(time) => {
                let ended = begun.checked_add(time).ok()?;
                let last = last_day(begun, ended);
                // What ends at midnight ends with the day; our clocks have no 24:00.
                let ends_at = if last == ended.date() { clock(ended) } else { "23:59".to_owned() };
                (begun.date(), last, clock(begun), ends_at)
            }
        })
    }
}
