//! What the room speaks of: places, the versions of a data set, and what is wrong with a file.

use ::store::{StaffId, Value as Column};
use civil::NotText;
pub use civil::{Position, TextEncoding};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use town::{DatasetId, HazardKind};
use web::FetchFault;

::store::id!(VersionId, "A file that was given for a data set.");

/// The hazards a place is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hazards(u8);

impl Hazards {
    /// Every kind.
    pub const EVERY: Self = Self(u8::MAX);

    /// Those of a list.
    pub fn of(kinds: &[HazardKind]) -> Self {
        kinds.iter().fold(Self::default(), |hazards, kind| hazards.with(*kind))
    }

    /// These and one more.
    pub fn with(self, kind: HazardKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// These and others.
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether a kind is among them.
    pub fn has(self, kind: HazardKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of the law.
    pub fn kinds(self) -> impl Iterator<Item = HazardKind> {
        HazardKind::ALL.iter().copied().filter(move |kind| self.has(*kind))
    }

    fn bit(kind: HazardKind) -> u8 {
        1 << (kind as u8)
    }
}

impl From<Hazards> for Column {
    fn from(hazards: Hazards) -> Self {
        Self::Int(hazards.0.into())
    }
}

impl ::store::FromValue for Hazards {
    fn from_value(value: &Column) -> Result<Self, String> {
        let bits = i64::from_value(value)?;
        u8::try_from(bits).map(Self).map_err(|_| "hazards out of range".to_owned())
    }
}

/// A place of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name in addresses: the data set's id, a dot, and what stays the same from version to version.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Where it is; of an area, a point on its edge.
    pub position: Position,
    /// The hazards it is designated for.
    pub hazards: Hazards,
    /// What else is known.
    pub detail: Detail,
}

/// What else is known of a place: as the file says it, empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// 共通ID of 指定緊急避難場所 and 指定避難所.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub common_id: String,
    /// The reading of the name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kana: String,
    /// 住所.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Where in the building it is: 方書, 設置位置.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub building: String,
    /// The telephone number as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub telephone: String,
    /// A page about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// When it is open, as given: days, hours, 特記事項.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hours: String,
    /// How many people it takes, as given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub capacity: String,
    /// Which neighbourhoods it is for: 対象となる町会・自治会.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ward: String,
    /// Whom it takes in (受入対象者): not everybody. 福祉避難所.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub only_for: String,
    /// 備考; it may take back what a flag says (洪水時不可).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Further columns of the file: heading and cell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<(String, String)>,
    /// The outline of an area, as a GeoJSON geometry; none for a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outline: Option<serde_json::Value>,
}

impl Detail {
    /// What two data sets share of one spot: the first eleven characters of the 共通ID.
    pub fn spot(&self) -> Option<&str> {
        self.common_id.get(..11)
    }
}

::store::text_enum!(Reason {
    Cells = "cells",
    NoName = "no_name",
    NoPosition = "no_position",
    Position = "position",
    OutsideJapan = "outside_japan",
    OutsideTown = "outside_town",
    Twice = "twice",
    LostCharacter = "lost_character",
    Geometry = "geometry",
    Swapped = "swapped",
    Flag = "flag",
    OwnCharacter = "own_character",
});

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another number of cells than headings.
    Cells,
    /// No name.
    NoName,
    /// No position.
    NoPosition,
    /// A position that is no number.
    Position,
    /// Not in Japan.
    OutsideJapan,
    /// Far from the town.
    OutsideTown,
    /// The same place as in a row before.
    Twice,
    /// A character was lost before the file came here (�).
    LostCharacter,
    /// A shape that is not one.
    Geometry,
    /// Latitude and longitude were swapped, and were put right.
    Swapped,
    /// Neither yes nor no; taken as not designated.
    Flag,
    /// 外字: a character that only its own machine can show; 〓 stands in its place.
    OwnCharacter,
}

impl Reason {
    /// Whether the row is left out; otherwise it is taken, and pointed out.
    pub fn leaves_out(self) -> bool {
        !matches!(self, Self::Swapped | Self::Flag | Self::OwnCharacter)
    }
}

/// A fault of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// The line of the file, counted from 1.
    pub line: u32,
    /// The heading of the column; empty when it is the row.
    pub column: String,
    /// What is wrong.
    pub reason: Reason,
    /// The cell, cut short.
    pub cell: String,
}

/// Why a file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// There is nothing in it.
    Empty,
    /// Neither UTF-8 nor Shift_JIS.
    Encoding {
        /// The first line that cannot be read.
        line: u32,
    },
    /// Columns without which no place can be known.
    Columns {
        /// Their usual names.
        missing: Vec<String>,
        /// The headings that are there.
        found: Vec<String>,
    },
    /// It ends in the middle: half a download.
    Truncated {
        /// Where it ends.
        line: u32,
    },
    /// Not JSON from here on.
    Json {
        /// The line.
        line: u32,
        /// The character of the line.
        column: u32,
    },
    /// JSON, but no GeoJSON FeatureCollection.
    NotGeoJson,
    /// Positions in a system nobody here can read.
    System {
        /// Its name.
        name: String,
    },
    /// Too many rows are faulty.
    Faulty {
        /// How many.
        faulty: u32,
        /// Of how many.
        rows: u32,
        /// What the pack allows, in percent.
        percent: u32,
    },
    /// No row is a place.
    NoPlaces,
}

impl From<NotText> for Refusal {
    fn from(fault: NotText) -> Self {
        match fault {
            NotText::Encoding { line } => Self::Encoding { line },
            NotText::Truncated { line } => Self::Truncated { line },
        }
    }
}

/// Why a good file waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Places of the version before.
    pub before: u32,
    /// How many of them the new file does not have.
    pub gone: u32,
    /// What the pack allows, in percent.
    pub percent: u32,
    /// Names of some of them.
    pub names: Vec<String>,
}

/// What is said of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// How it was written, if that could be found out.
    pub encoding: Option<TextEncoding>,
    /// Rows with something in them.
    pub rows: u32,
    /// Rows that are places.
    pub taken: u32,
    /// What is wrong with rows, in the order of the file; the first of them.
    pub faults: Vec<RowFault>,
    /// How many more there are.
    pub more_faults: u32,
    /// Headings the reader does not know; their cells are kept as they are.
    pub unknown: Vec<String>,
    /// Why it is refused.
    pub refusal: Option<Refusal>,
    /// Why it waits.
    pub lost: Option<Lost>,
}

/// Faults a report keeps one by one.
pub const FAULTS_MAX: usize = 200;

impl Report {
    /// Notes a fault.
    pub(crate) fn note(&mut self, fault: RowFault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }
}

::store::text_enum!(State { Current = "current", Past = "past", Held = "held", Refused = "refused", Dropped = "dropped" });

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Shown to everybody.
    Current,
    /// It was, and can be taken back.
    Past,
    /// Waits for somebody of the staff.
    Held,
    /// Broken: never shown.
    Refused,
    /// Somebody of the staff did not want it; the same file is not taken again by itself.
    Dropped,
}

::store::text_enum!(Origin { Pack = "pack", Url = "url", Upload = "upload" });

/// Where a file came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The town's pack.
    Pack,
    /// Its address.
    Url,
    /// Somebody of the staff.
    Upload,
}

/// A file that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// Of which data set.
    pub dataset: DatasetId,
    /// What became of it.
    pub state: State,
    /// Where it came from.
    pub origin: Origin,
    /// When it came.
    pub taken_at: Timestamp,
    /// When somebody decided about it.
    pub decided_at: Option<Timestamp>,
    /// Who.
    pub decided_by: Option<StaffId>,
    /// SHA-256 of the file.
    pub digest: Vec<u8>,
    /// What is said of it.
    pub report: Report,
}

/// When a data set was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// The last time its source answered, whatever was in it.
    pub checked_at: Option<Timestamp>,
    /// The last time it did not.
    pub failed_at: Option<Timestamp>,
    /// Why, as a code.
    pub failure: Option<FetchFault>,
}

/// The data of a data set were replaced by a new version. Told to other rooms in the same transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DatasetReplaced {
    /// Which.
    pub dataset: DatasetId,
    /// By which.
    pub version: VersionId,
}

impl DatasetReplaced {
    /// The event's name.
    pub const KIND: &'static str = "places.dataset_replaced";
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's.
    #[error(transparent)]
    Store(#[from] ::store::Error),
    /// The pack has no such data set.
    #[error("no such data set")]
    NoSuchDataset,
    /// Nothing waits, or something else was decided meanwhile.
    #[error("no such version, or it is decided already")]
    Decided,
    /// There is no version before this one.
    #[error("no version to take back")]
    NothingBefore,
    /// There is no such place now.
    #[error("no such place")]
    NoSuchPlace,
    /// A form without a file.
    #[error("no file was given")]
    NoFile,
    /// A report that cannot be kept.
    #[error("report: {0}")]
    Json(#[from] serde_json::Error),
}

/// What a function of the room gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
