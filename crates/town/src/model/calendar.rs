//! What the calendar of a town is made of: garbage days in the layout of 5374.jp, and entries that follow from a person's own facts.

use std::collections::BTreeMap;

use civil::Date;
use jiff::civil::Weekday;
use rule::Rule;

use super::{CalendarFeedId, DatasetSource, Language, Words};

/// The garbage days of a town, as `garbage/*.csv` of the pack give them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Garbage {
    /// The kinds, in the order of the columns of `area_days.csv`.
    pub kinds: Vec<GarbageKind>,
    /// The areas, in the order of the file.
    pub areas: Vec<GarbageArea>,
    /// What people throw away, and as which kind.
    pub items: Vec<GarbageItem>,
    /// Days on which a centre is closed.
    pub closures: Vec<Closure>,
    /// Days on which nothing is collected anywhere (`holiday.csv`).
    pub holidays: Vec<Date>,
    /// Remarks a rule may refer to, by number.
    pub remarks: Vec<(String, String)>,
    /// Whether what a closure takes away is collected so much later (WeekShift of 5374).
    pub week_shift: bool,
    /// What the files say, in the languages of the town (`words.csv`), by the town's own words.
    pub words: BTreeMap<String, Words>,
}

impl Garbage {
    /// Something the files say (a kind, an area, an item, a sentence) for a reader, with the language it is in. Whatever people see of the
    /// files is read here; the town's own words, which are Japanese, stay what it is known by in addresses, tables and other programs.
    pub fn read<'a>(&'a self, own: &'a str, reader: &Language) -> (&'a Language, &'a str) {
        static JAPANESE: Language = Language::JAPANESE;
        self.words.get(own).and_then(|words| words.read(reader)).unwrap_or((&JAPANESE, own))
    }

    /// Something the files say, as the town writes it and in every other language.
    pub fn written<'a>(&'a self, own: &'a str) -> impl Iterator<Item = &'a str> {
        let others = self.words.get(own).into_iter().flat_map(Words::texts);
        std::iter::once(own).chain(others.filter(move |text| *text != own))
    }
}

/// A kind of garbage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GarbageKind {
    /// Its name, as in the head of `area_days.csv`.
    pub name: String,
    /// What belongs to it, in a line; may be empty.
    pub sublabel: String,
    /// How to put it out; may be empty.
    pub description: String,
}

/// An area in which everything is collected on the same days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GarbageArea {
    /// Its name, free text.
    pub name: String,
    /// The centre it is taken to; empty where the file names none.
    pub centre: String,
    /// The districts people of the area live in, as the pack's `[[garbage_area]]` says.
    pub districts: Vec<String>,
    /// For each kind, when it is collected; nothing means never.
    pub days: Vec<Vec<Collection>>,
}

/// Alternatives of a cell of `area_days.csv`: some days, in some months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Which days.
    pub days: Vec<Pattern>,
    /// In which months, 1 to 12; nothing means in all.
    pub months: Vec<i8>,
    /// The cell can be read in two ways: the months belong to all days, or to the last alone.
    pub doubtful: bool,
    /// Numbers of remarks.
    pub remarks: Vec<String>,
}

/// A day of a [`Collection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Every week.
    Weekly(Weekday),
    /// The n-th such weekday of the month, 1 to 5 (not of the n-th week).
    Nth(Weekday, i8),
    /// On this day.
    On(Date),
}

/// Something to throw away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GarbageItem {
    /// Its name.
    pub name: String,
    /// Its kind as written; it need not be one that is collected (`収集不可`).
    pub label: String,
    /// What to mind; may be empty.
    pub notice: String,
    /// Its reading or the letter it is filed under; may be empty.
    pub furigana: String,
}

/// Days on which a centre takes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Which centre.
    pub centre: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

/// An entry of people's own calendars that follows from what the register says of them (`[[calendar_rule]]`).
#[derive(Debug, Clone)]
pub struct CalendarRule {
    /// Its name in addresses and messages.
    pub id: String,
    /// What it is, in a few words.
    pub title: Words,
    /// What to do.
    pub text: Words,
    /// For whom: asked on the day the entry falls on.
    pub who: Rule,
    /// On which day.
    pub on: Rule,
    /// Where; nothing where it does not matter.
    pub at: Option<Words>,
    /// The law or notice it follows.
    pub source: String,
    /// Births with the day the entry falls on, or that there is none: checked when the pack is loaded.
    pub cases: Vec<(Date, Option<Date>)>,
}

/// A calendar that others keep (`[[calendar_feed]]`): its events stand among those of the town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFeed {
    /// Its name in addresses and tables.
    pub id: CalendarFeedId,
    /// Whose calendar it is, as it stands beside its events.
    pub name: Words,
    /// Where its iCalendar file comes from.
    pub source: DatasetSource,
    /// The districts it is for; nothing means the whole town.
    pub districts: Vec<String>,
}
