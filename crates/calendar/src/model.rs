//! The things this room knows.

mod texts;

use civil::{Date, Timestamp};
use store::{AccountId, text_enum};
use town::{CalendarFeedId, Language, ProgrammeId};

pub use texts::{Part, Said, Texts};

store::id!(EventId, "An event of the town.");

/// Characters of a title.
pub(crate) const TITLE_MAX: usize = 100;
/// Characters of everything longer.
pub(crate) const TEXT_MAX: usize = 4000;

/// Who may register for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Nobody needs to: people simply come.
    Nobody,
    /// Anybody with an account, a light one too.
    Anyone,
    /// Who proved who they are.
    Proven,
    /// Who is entitled to a programme on the day of registering.
    Programme(ProgrammeId),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Anyone => f.write_str("anyone"),
            Self::Proven => f.write_str("proven"),
            Self::Programme(id) => write!(f, "programme:{id}"),
        }
    }
}

impl std::str::FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "nobody" => Ok(Self::Nobody),
            "anyone" => Ok(Self::Anyone),
            "proven" => Ok(Self::Proven),
            other => {
                let id = other.strip_prefix("programme:").ok_or("who may register is not known")?;
                id.parse().map(Self::Programme).map_err(|_| "not the id of a programme".to_owned())
            }
        }
    }
}

/// What staff say of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What it is called, where and what it is.
    pub texts: Texts,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
    /// `10:00`, or empty for the whole day.
    pub starts_at: String,
    /// `12:00`, or empty.
    pub ends_at: String,
    /// More of it, elsewhere; may be empty.
    pub url: String,
    /// Who may register.
    pub who: Who,
    /// How many places there are; nothing means enough for all.
    pub capacity: Option<i32>,
    /// First day of registration; nothing means at once.
    pub apply_from: Option<Date>,
    /// Last day of registration; nothing means until it begins.
    pub apply_until: Option<Date>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The key it has in the list it was imported from.
    pub key: Option<String>,
    /// What staff said of it.
    pub details: Details,
    /// Places given.
    pub taken: i32,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<Timestamp>,
    /// When anything of it changed last.
    pub changed_at: Timestamp,
    /// Whose calendar it is of; nothing for the town's own.
    pub feed: Option<CalendarFeedId>,
}

impl Details {
    /// Its name for the staff, who read Japanese.
    pub fn title(&self) -> &str {
        self.texts.read(&Language::JAPANESE, Part::Title).1
    }

    /// Where it is, for the staff.
    pub fn place(&self) -> &str {
        self.texts.read(&Language::JAPANESE, Part::Place).1
    }

    /// What it is, for the staff.
    pub fn about(&self) -> &str {
        self.texts.read(&Language::JAPANESE, Part::About).1
    }
}

/// How somebody stands with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatState {
    /// Has a place.
    Placed,
    /// Waits for one.
    Waiting,
}
text_enum!(SeatState { Placed = "placed", Waiting = "waiting" });

/// Somebody's registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// For what.
    pub event: EventId,
    /// Whose.
    pub account: AccountId,
    /// A place or a wait.
    pub state: SeatState,
    /// Their turn.
    pub number: i64,
    /// When they registered.
    pub at: Timestamp,
}

/// An entry of somebody's own calendar that follows from a rule of the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEntry {
    /// On which day.
    pub day: Date,
    /// Which rule.
    pub rule: String,
    /// Whether it is of the person's child.
    pub of_ward: bool,
}

/// What is wrong with a row of an imported list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Line of the file, from 1.
    pub line: u64,
    /// The heading of the column; empty for the whole row.
    pub column: String,
    /// Why, as a key of the catalogue after `calendar-import-`.
    pub reason: &'static str,
    /// What stands there, cut short.
    pub value: String,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The accounts'.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The register's.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// No such event.
    #[error("no such event")]
    NoSuchEvent,
    /// Registration is not possible; the reason names the sentence to show.
    #[error("no registration: {0}")]
    Closed(&'static str),
    /// The event is of a calendar that others keep: it is changed there.
    #[error("an event of others")]
    OfOthers,
    /// There is no such calendar of others, or it has no address to ask.
    #[error("no such calendar")]
    NoSuchFeed,
    /// A form without a file.
    #[error("no file was given")]
    NoFile,
    /// What staff typed cannot stand; the field names the sentence to show.
    #[error("{0} cannot stand")]
    Field(&'static str),
    /// A text in another language than Japanese cannot stand.
    #[error("{} in {language} cannot stand", part.as_str())]
    Text {
        /// In which.
        language: Language,
        /// Which.
        part: Part,
    },
    /// There is no such area.
    #[error("no such area")]
    NoSuchArea,
    /// A report that cannot be kept.
    #[error("report: {0}")]
    Json(#[from] serde_json::Error),
    /// The list's headings are not those of the standard.
    #[error("not the headings of the standard list")]
    Headings,
}

/// Result with this room's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
