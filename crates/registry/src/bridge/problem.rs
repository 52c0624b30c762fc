//! What is wrong with an export, said by line and column; never with the value itself.

/// One thing wrong in the export.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// Line of the file, from 1, the header being line 1 (a row with line breaks inside quotes counts by its first line).
    pub line: u32,
    /// Column from 1; 0 when the whole row or file is meant.
    pub column: u16,
    /// The column's header, empty when the whole row or file is meant.
    pub header: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What can be wrong with a row. The words for people stand in the catalogue under `registry-problem-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The file has no header row.
    NoHeader,
    /// A column the layout needs is missing.
    MissingColumn,
    /// Two columns mean the same field.
    DoubleColumn,
    /// The file has a column for the My Number.
    MyNumberColumn,
    /// A 12-digit value whose check digit is that of a My Number.
    LooksLikeMyNumber,
    /// A quoted cell is not closed before the end of the file.
    UnclosedQuote,
    /// A quotation mark where none may stand.
    StrayQuote,
    /// The row has more or fewer cells than the header.
    ColumnCount,
    /// Bytes that are not UTF-8.
    BadUtf8,
    /// Bytes that are not Shift_JIS (CP932).
    BadShiftJis,
    /// A character that stands for a lost one (U+FFFD).
    LostCharacter,
    /// The resident id is empty.
    NoResidentId,
    /// The resident id is longer than 16 characters or holds something other than letters, digits and hyphens.
    BadResidentId,
    /// The same resident id stands on an earlier line.
    DuplicateResidentId,
    /// A resident has no household number.
    NoHousehold,
    /// The household number is not readable as one.
    BadHousehold,
    /// Not a calendar day.
    BadDate,
    /// A day before 1868 or after 2199.
    DateOutOfRange,
    /// The date of birth is empty.
    NoDateOfBirth,
    /// The name is empty.
    NoName,
    /// The address is empty.
    NoAddress,
    /// A word for the status that the layout does not know.
    UnknownStatus,
    /// Someone moved out, died or was struck off, but the day is missing.
    NoStatusDay,
    /// A word for the sex that is not known.
    UnknownSex,
    /// Neither yes nor no.
    NotYesNo,
    /// Not a whole number.
    NotANumber,
    /// More than 255 bytes in one cell.
    TooLong,
}

impl Reason {
    /// Stable code for the catalogue, the database and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoHeader => "no_header",
            Self::MissingColumn => "missing_column",
            Self::DoubleColumn => "double_column",
            Self::MyNumberColumn => "my_number_column",
            Self::LooksLikeMyNumber => "looks_like_my_number",
            Self::UnclosedQuote => "unclosed_quote",
            Self::StrayQuote => "stray_quote",
            Self::ColumnCount => "column_count",
            Self::BadUtf8 => "bad_utf8",
            Self::BadShiftJis => "bad_shift_jis",
            Self::LostCharacter => "lost_character",
            Self::NoResidentId => "no_resident_id",
            Self::BadResidentId => "bad_resident_id",
            Self::DuplicateResidentId => "duplicate_resident_id",
            Self::NoHousehold => "no_household",
            Self::BadHousehold => "bad_household",
            Self::BadDate => "bad_date",
            Self::DateOutOfRange => "date_out_of_range",
            Self::NoDateOfBirth => "no_date_of_birth",
            Self::NoName => "no_name",
            Self::NoAddress => "no_address",
            Self::UnknownStatus => "unknown_status",
            Self::NoStatusDay => "no_status_day",
            Self::UnknownSex => "unknown_sex",
            Self::NotYesNo => "not_yes_no",
            Self::NotANumber => "not_a_number",
            Self::TooLong => "too_long",
        }
    }

    /// Key of the words in the catalogue.
    pub fn text_key(self) -> String {
        format!("registry-problem-{}", self.code().replace('_', "-"))
    }

    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::NoHeader,
        Self::MissingColumn,
        Self::DoubleColumn,
        Self::MyNumberColumn,
        Self::LooksLikeMyNumber,
        Self::UnclosedQuote,
        Self::StrayQuote,
        Self::ColumnCount,
        Self::BadUtf8,
        Self::BadShiftJis,
        Self::LostCharacter,
        Self::NoResidentId,
        Self::BadResidentId,
        Self::DuplicateResidentId,
        Self::NoHousehold,
        Self::BadHousehold,
        Self::BadDate,
        Self::DateOutOfRange,
        Self::NoDateOfBirth,
        Self::NoName,
        Self::NoAddress,
        Self::UnknownStatus,
        Self::NoStatusDay,
        Self::UnknownSex,
        Self::NotYesNo,
        Self::NotANumber,
        Self::TooLong,
    ];

    /// Says whether the problem holds the bundle whatever the pack says: the file is not what it claims to be, must not be on its way at all,
    /// or the person whose row is bad cannot be told.
    pub fn always_holds(self) -> bool {
        matches!(
            self,
            Self::NoHeader
                | Self::MissingColumn
                | Self::DoubleColumn
                | Self::MyNumberColumn
                | Self::LooksLikeMyNumber
                | Self::UnclosedQuote
                | Self::NoResidentId
                | Self::BadResidentId
        )
    }
}

/// All problems of an export: how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// How many there are.
    pub total: u64,
    /// The first [`LISTED_MAX`], in the order of lines.
    pub listed: Vec<Problem>,
    /// Whether one of them holds the bundle whatever the pack says.
    pub always_hold: bool,
}

/// The most problems that are listed one by one.
pub const LISTED_MAX: usize = 1_000;

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.total += 1;
        self.always_hold |= problem.reason.always_holds();
        if self.listed.len() < LISTED_MAX {
            self.listed.push(problem);
        }
    }

    pub(crate) fn append(&mut self, later: Self, lines_before: u32) {
        self.total += later.total;
        self.always_hold |= later.always_hold;
        let room = LISTED_MAX - self.listed.len();
        let moved = later.listed.into_iter().take(room).map(|problem| Problem { line: problem.line + lines_before, ..problem });
        self.listed.extend(moved);
    }

    /// Says whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}
