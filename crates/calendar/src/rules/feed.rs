//! Calendars that others keep, as their programs write them (RFC 5545): read, expanded into single happenings, and judged. No clock, no network.
//!
//! A feed that cannot be trusted as a whole is refused; in one that can, an event that cannot be read is left out and said.

mod event;
mod lines;
mod repeat;
mod time;

use std::collections::BTreeMap;

use civil::Date;
use serde::{Deserialize, Serialize};
use town::Language;

use crate::model::{Details, Texts};
use event::Event;

/// Bytes of a calendar at most.
pub const FEED_BYTES_MAX: usize = 4 << 20;
/// Happenings of a calendar at most.
pub const HAPPENINGS_MAX: usize = 3_000;
/// Happenings of one event at most: every day of the days that are looked at.
const OF_ONE_MAX: usize = 500;
/// Faults a report keeps one by one.
const FAULTS_MAX: usize = 200;
/// Characters of a value a fault shows.
const SHOWN_CHARS_MAX: usize = 40;
/// A calendar is refused when more of its events than this cannot be read, in percent; a single one never refuses it.
const FAULTY_PERCENT: usize = 5;

store::text_enum!(FeedReason {
    Line = "line",
    NoUid = "no_uid",
    NoStart = "no_start",
    Moment = "moment",
    Zone = "zone",
    EndsBefore = "ends_before",
    Rule = "rule",
    TooOften = "too_often",
    Period = "period",
    Range = "range",
    Twice = "twice",
    Private = "private",
    Elsewhere = "elsewhere",
});

/// What is wrong with an event of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedReason {
    /// A line that is no property; the line is passed over.
    Line,
    /// No UID: nobody would know the event again.
    NoUid,
    /// No DTSTART.
    NoStart,
    /// Neither a day nor a moment.
    Moment,
    /// A time zone that neither the file nor the world's list explains.
    Zone,
    /// It ends before it begins.
    EndsBefore,
    /// A rule of recurrence that cannot be followed.
    Rule,
    /// It recurs within a day, or more often than can be shown.
    TooOften,
    /// A recurrence given as a period; passed over.
    Period,
    /// A change that holds for all later ones; taken for the one it names.
    Range,
    /// The same event is there twice; the later state is taken.
    Twice,
    /// Its owner does not want it published (CLASS).
    Private,
    /// Another calendar, or this town itself, has it already.
    Elsewhere,
}

impl FeedReason {
    /// Whether the event is left out because it cannot be read.
    pub fn is_faulty(self) -> bool {
        matches!(self, Self::NoUid | Self::NoStart | Self::Moment | Self::Zone | Self::EndsBefore | Self::Rule | Self::TooOften)
    }

    /// Whether the event is left out, for whatever reason.
    pub fn leaves_out(self) -> bool {
        self.is_faulty() || matches!(self, Self::Private | Self::Elsewhere)
    }
}

/// A fault, as an official reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFault {
    /// The line of the file, counted from 1.
    pub line: u32,
    /// The property (DTSTART); empty for the whole event.
    pub property: String,
    /// Why.
    pub reason: FeedReason,
    /// What stands there, cut short.
    pub value: String,
}

/// Why a file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FeedRefusal {
    /// There is nothing in it.
    Empty,
    /// It is larger than may be.
    TooLarge,
    /// Neither UTF-8 nor Shift_JIS.
    Encoding {
        /// The first line that cannot be read.
        line: u32,
    },
    /// No calendar, or one that is nested wrongly.
    NotCalendar {
        /// Where that shows.
        line: u32,
    },
    /// It ends in the middle: half a download.
    Truncated {
        /// The last line.
        line: u32,
    },
    /// It has more happenings than can be shown.
    TooMany,
    /// Too many of its events cannot be read.
    Faulty {
        /// How many.
        faulty: u32,
        /// Of how many.
        events: u32,
    },
}

/// What is said of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeedReport {
    /// Events in it, recurring ones once.
    pub events: u32,
    /// Single happenings in the days that are looked at.
    pub happenings: u32,
    /// What is wrong, in the order of the file; the first of it.
    pub faults: Vec<FeedFault>,
    /// How much more there is.
    pub more_faults: u32,
    /// Why it is refused.
    pub refusal: Option<FeedRefusal>,
}

impl FeedReport {
    pub(crate) fn note(&mut self, line: u32, property: &str, reason: FeedReason, value: &str) {
        if self.faults.len() >= FAULTS_MAX {
            self.more_faults += 1;
            return;
        }
        let value = civil::shortened(value, SHOWN_CHARS_MAX);
        self.faults.push(FeedFault { line, property: property.to_owned(), reason, value });
    }
}

/// One time an event of a feed takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What stays the same from reading to reading.
    pub key: String,
    /// The event's own name, the same in every calendar of the world.
    pub uid: String,
    /// The line its event begins at.
    pub line: u32,
    /// What it is.
    pub details: Details,
    /// Whether it does not take place.
    pub cancelled: bool,
}

/// The days a feed is asked about, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub from: Date,
    /// The last.
    pub until: Date,
}

/// Reads a calendar: what happens in some days, in the order of the days, and what is said of the file. A file that is refused gives nothing. What has no
/// name is called `unnamed`; texts are read in the `languages` of the town.
pub fn read(bytes: &[u8], unnamed: &Texts, languages: &[Language], window: Window) -> (Vec<Happening>, FeedReport) {
    let mut report = FeedReport::default();
    match happenings(bytes, unnamed, languages, window, &mut report) {
        Ok(happenings) => {
            report.happenings = count(happenings.len());
            report.faults.sort_by_key(|fault| fault.line);
            (happenings, report)
        }
        Err(refusal) => {
            report.happenings = 0;
            report.refusal = Some(refusal);
            (Vec::new(), report)
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn happenings(
    bytes: &[u8],
    unnamed: &Texts,
    languages: &[Language],
    window: Window,
    report: &mut FeedReport,
) -> Result<Vec<Happening>, FeedRefusal> {
    if bytes.len() > FEED_BYTES_MAX {
        return Err(FeedRefusal::TooLarge);
    }
    let file = lines::read(bytes, report)?;
    let zones = time::Zones::of(&file.zones);
    report.events = count(file.events.len());
    let mut faulty = 0;
    let mut by_uid: BTreeMap<String, Series> = BTreeMap::new();
    for raw in &file.events {
        let Some(event) = event::read(raw, &zones, languages, report) else {
            faulty += 1;
            continue;
        };
        if event.private {
            report.note(event.line, "CLASS", FeedReason::Private, "");
        } else {
            by_uid.entry(event.uid.clone()).or_default().take(event, report);
        }
    }
    let mut all = Vec::new();
    for series in by_uid.into_values() {
        match series.happenings(window, unnamed, file.cancelled) {
            Ok(happenings) => all.extend(happenings),
            Err((line, property, reason, value)) => {
                report.note(line, property, reason, &value);
                faulty += 1;
            }
        }
        if all.len() > HAPPENINGS_MAX {
            return Err(FeedRefusal::TooMany);
        }
    }
    if faulty > 0 && faulty == file.events.len() || faulty > 1 && faulty * 100 > file.events.len() * FAULTY_PERCENT {
        return Err(FeedRefusal::Faulty { faulty: count(faulty), events: report.events });
    }
    all.sort_by(|a: &Happening, b| {
        (a.details.starts_on, &a.details.starts_at, &a.key).cmp(&(b.details.starts_on, &b.details.starts_at, &b.key))
    });
    Ok(all)
}

/// An event with what was changed of single happenings of it.
#[derive(Default)]
struct Series {
    master: Option<Event>,
    changed: Vec<Event>,
}

/// Why a series cannot be laid out: line, property, reason, value.
type Wrong = (u32, &'static str, FeedReason, String);

impl Series {
    fn take(&mut self, event: Event, report: &mut FeedReport) {
        let known = match event.of {
            None => self.master.as_mut(),
            Some(_) => self.changed.iter_mut().find(|known| known.of == event.of),
        };
        match known {
            Some(known) => {
                report.note(event.line, "UID", FeedReason::Twice, &event.title);
                if event.is_later_than(known) {
                    *known = event;
                }
            }
            None if event.of.is_none() => self.master = Some(event),
            None => self.changed.push(event),
        }
    }

    fn happenings(self, window: Window, unnamed: &Texts, all_cancelled: bool) -> Result<Vec<Happening>, Wrong> {
        let mut out = Vec::new();
        let mut changed = self.changed;
        if let Some(master) = &self.master {
            let starts = repeat::starts(master, window, OF_ONE_MAX)?;
            for start in starts {
                // A change of this one stands in its place, on whichever day it is now.
                let at = changed.iter().position(|one| one.of.as_ref().is_some_and(|of| master.start.is_same(start, of)));
                let shown = at.map_or_else(|| master.clone(), |at| changed.remove(at));
                let key = if master.recurs() { master.start.name_of(start) } else { String::new() };
                let begins = if at.is_some() { shown.start.civil() } else { start };
                out.extend(shown.happening(&key, begins, unnamed, all_cancelled || master.cancelled));
            }
        }
        for one in changed {
            let key = one.of.as_ref().map(time::Stamp::name).unwrap_or_default();
            let begins = one.start.civil();
            out.extend(one.happening(&key, begins, unnamed, all_cancelled));
        }
        out.retain(|one| one.details.starts_on <= window.until && one.details.ends_on >= window.from);
        Ok(out)
    }
}
