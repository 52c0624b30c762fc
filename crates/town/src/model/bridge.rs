//! The data bridge: what may leave the inner network, and how its bundles are judged.

use std::collections::BTreeMap;

use civil::{Date, Deeming, PartialDate};

use super::{FactName, words};

words! {
    /// The character encoding of the resident-register export.
    Encoding {
        /// UTF-8, with or without a byte-order mark.
        Utf8 = "utf-8",
        /// Shift_JIS as Windows writes it (CP932).
        ShiftJis = "shift_jis",
    }
}

words! {
    /// What happens to a bundle when rows of the export are bad.
    BadRows {
        /// No bundle is sealed until the rows are put right.
        Hold = "hold",
        /// The bundle goes without them; the people concerned keep yesterday's state.
        LeaveOut = "leave_out",
    }
}

words! {
    /// How an account finds its resident.
    MatchBy {
        /// Keyed hashes of the four items (name, address, birth, sex) are compared; names never cross.
        Hashed = "hashed",
        /// A clerk links every account by hand.
        Clerk = "clerk",
    }
}

/// How a birthday the register does not know exactly (昭和15年月日不詳) is read.
///
/// Written `"first-day"`, `"last-day"`, `"07-01/15"` (see [`Deeming`]) or `"clerk"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownBirthday {
    /// The day the town deems it to be.
    Deemed(Deeming),
    /// No day: a rule that needs it does not answer, and a clerk decides.
    Clerk,
}

impl UnknownBirthday {
    /// The day that counts for rules; none where a clerk must decide, or not even the year is known.
    pub fn day(self, date_of_birth: PartialDate) -> Option<Date> {
        match self {
            _ if date_of_birth.exact().is_some() => date_of_birth.exact(),
            UnknownBirthday::Deemed(policy) => date_of_birth.deemed(policy),
            UnknownBirthday::Clerk => None,
        }
    }
}

impl std::str::FromStr for UnknownBirthday {
    type Err = civil::Error;

    fn from_str(text: &str) -> Result<Self, civil::Error> {
        if text == "clerk" { Ok(Self::Clerk) } else { text.parse().map(Self::Deemed) }
    }
}

/// The settings of the data bridge (データブリッジ).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// What crosses, in the order of the pack, and nothing else.
    pub fields: Vec<BridgeField>,
    /// Headings of the town's own export that differ from the default layout. See [`Bridge::heading`].
    pub columns: BTreeMap<Column, String>,
    /// The encoding of the export.
    pub encoding: Encoding,
    /// Differences that need a clerk's approval.
    pub thresholds: Thresholds,
    /// What bad rows do to a bundle.
    pub bad_rows: BadRows,
    /// How accounts find residents.
    pub match_by: MatchBy,
    /// How unknown birthdays are read.
    pub unknown_birthday: UnknownBirthday,
    /// When the unattended folder is looked at.
    pub timetable: Timetable,
}

impl Bridge {
    /// The heading of a column in the town's export: the pack's, or the default layout's.
    pub fn heading<'a>(&'a self, column: &'a Column) -> &'a str {
        self.columns.get(column).map_or_else(|| column.default_heading(), String::as_str)
    }

    /// Whether a field crosses the bridge.
    pub fn carries(&self, field: &BridgeField) -> bool {
        self.fields.contains(field)
    }
}

/// Differences between two bundles above which a clerk must approve. A difference counts when it is above both the share and `at_least`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Residents who vanish (moved out, died, no longer in the export), in percent of yesterday's town.
    pub vanished_percent: u32,
    /// Residents who appear, in percent of yesterday's town.
    pub appeared_percent: u32,
    /// Residents whose fields change, in percent of yesterday's town.
    pub changed_percent: u32,
    /// Fewer people than this never need approval; keeps a family's move from stopping a small village.
    pub at_least: u32,
}

/// When the folder of the unattended run is looked at, Japan time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// Times of day, sorted. Empty: bundles are opened by hand only.
    pub at: Vec<jiff::civil::Time>,
    /// After how many hours without a bundle the staff are told.
    pub silent_after_h: u32,
}

impl Timetable {
    /// The moments of a day at which it is time, from a moment on.
    pub fn moments(&self, day: civil::Date, since: civil::Timestamp) -> impl Iterator<Item = civil::Timestamp> {
        let midnight = civil::start_of_day_in_japan(day);
        let moments = self.at.iter().map(move |at| midnight + at.duration_since(jiff::civil::Time::midnight()));
        moments.filter(move |moment| *moment >= since)
    }
}

/// One field of a resident that may cross the bridge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BridgeField {
    /// The number of the person in the town's system (宛名番号); it never leaves the two ends of the bridge.
    ResidentId,
    /// The birthday, possibly unknown in part.
    DateOfBirth,
    /// The sex as registered.
    Sex,
    /// The district (町字), a row of `districts.csv`.
    District,
    /// The household number (世帯番号).
    Household,
    /// The relation to the head of the household (続柄).
    Relation,
    /// Current, moved out or died (住民状態).
    Status,
    /// The day the person became a resident (住民となった日).
    BecameResidentOn,
    /// The day the person moved out (転出日).
    MovedOutOn,
    /// The day the person died (死亡日).
    DiedOn,
    /// Whether protection measures apply (支援措置).
    Protected,
    /// A fact of the town's own, `facts.<name>`.
    Fact(FactName),
}

impl BridgeField {
    /// The fields every pack knows, without its facts.
    pub const REGISTER: &'static [BridgeField] = &[
        BridgeField::ResidentId,
        BridgeField::DateOfBirth,
        BridgeField::Sex,
        BridgeField::District,
        BridgeField::Household,
        BridgeField::Relation,
        BridgeField::Status,
        BridgeField::BecameResidentOn,
        BridgeField::MovedOutOn,
        BridgeField::DiedOn,
        BridgeField::Protected,
    ];

    /// The fields without which nobody can be known: a bridge always carries them.
    pub const REQUIRED: &'static [BridgeField] =
        &[BridgeField::ResidentId, BridgeField::DateOfBirth, BridgeField::Status, BridgeField::Protected];

    /// The name of the field in packs and bundles.
    pub fn name(&self) -> &str {
        match self {
            BridgeField::ResidentId => "resident_id",
            BridgeField::DateOfBirth => "date_of_birth",
            BridgeField::Sex => "sex",
            BridgeField::District => "district",
            BridgeField::Household => "household",
            BridgeField::Relation => "relation",
            BridgeField::Status => "status",
            BridgeField::BecameResidentOn => "became_resident_on",
            BridgeField::MovedOutOn => "moved_out_on",
            BridgeField::DiedOn => "died_on",
            BridgeField::Protected => "protected",
            BridgeField::Fact(name) => name.as_str(),
        }
    }
}

/// A column of the export: a field that crosses, or one of the items read inside only to make the keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// A field that may cross.
    Field(BridgeField),
    /// The full name (氏名): stays inside.
    Name,
    /// The address (住所): stays inside.
    Address,
}

impl Column {
    /// The name of the column in a pack's `columns`.
    pub fn name(&self) -> &str {
        match self {
            Column::Field(field) => field.name(),
            Column::Name => "name",
            Column::Address => "address",
        }
    }

    /// The heading in the default layout; a fact's heading is its name.
    pub fn default_heading(&self) -> &str {
        match self {
            Column::Name => "氏名",
            Column::Address => "住所",
            Column::Field(BridgeField::ResidentId) => "宛名番号",
            Column::Field(BridgeField::DateOfBirth) => "生年月日",
            Column::Field(BridgeField::Sex) => "性別",
            Column::Field(BridgeField::District) => "町字",
            Column::Field(BridgeField::Household) => "世帯番号",
            Column::Field(BridgeField::Relation) => "続柄",
            Column::Field(BridgeField::Status) => "住民状態",
            Column::Field(BridgeField::BecameResidentOn) => "住民となった日",
            Column::Field(BridgeField::MovedOutOn) => "転出日",
            Column::Field(BridgeField::DiedOn) => "死亡日",
            Column::Field(BridgeField::Protected) => "支援措置",
            Column::Field(BridgeField::Fact(name)) => name.as_str(),
        }
    }
}
