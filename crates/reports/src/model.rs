//! What a report is, and what can go wrong with one.

pub use civil::Position;
use civil::{Date, Timestamp};
use store::{AccountId, StaffId, from_row, text_enum};
use town::{ReportCategoryId, ReportSectionId};
use web::picture::PictureError;

store::id!(ReportId, "Something a resident told the town.");
store::id!(MessageId, "A line of the talk about a report.");
store::id!(NoteId, "A note of staff for staff.");
store::id!(PhotoId, "A picture of a report.");
store::id!(CallId, "A call for reports to the residents of an area.");
store::id!(ClientId, "A program of others that may send reports.");

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Being written: nobody but its writer knows of it.
    Draft,
    /// Sent, and nobody has looked yet (受付).
    Received,
    /// Somebody is looking into it (確認中).
    Looking,
    /// It is being mended (対応中).
    Doing,
    /// It is mended (対応済み).
    Done,
    /// Not the town's to mend: the answer says whose (対象外).
    NotOurs,
    /// Another report says the same (重複).
    Duplicate,
}
text_enum!(Status {
    Draft = "draft",
    Received = "received",
    Looking = "looking",
    Doing = "doing",
    Done = "done",
    NotOurs = "not_ours",
    Duplicate = "duplicate",
});

impl Status {
    /// Whether the town still has something to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Looking | Self::Doing)
    }
}

/// How much a report presses (トリアージ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody's life or health.
    Life,
    /// Today.
    Urgent,
    /// In its turn.
    Usual,
    /// When there is time.
    Later,
}
text_enum!(Urgency { Life = "1_life", Urgent = "2_urgent", Usual = "3_usual", Later = "4_later" });

/// How the place became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// Not at all yet.
    Nowhere,
    /// Shown on the map, or by the phone.
    Pin,
    /// The middle of the district that was named.
    District,
}
text_enum!(Placed { Nowhere = "nowhere", Pin = "pin", District = "district" });

/// What the reporter says of a report the town calls done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// It is.
    Yes,
    /// It is not; the report is open again.
    NotYet,
}
text_enum!(Confirmed { Yes = "yes", NotYet = "not_yet" });

/// Who wrote a line of the talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The reporter.
    Reporter,
    /// The town.
    Town,
}
text_enum!(Author { Reporter = "reporter", Town = "town" });

/// What an asked resident answers to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAnswer {
    /// Nothing is broken here.
    Fine,
    /// Something is: a report says what.
    Damage,
}
text_enum!(CallAnswer { Fine = "fine", Damage = "damage" });

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// What people call it by on the telephone; none on a draft.
    pub number: Option<i64>,
    /// Who wrote it; none when a program did, or when the account was closed.
    pub account: Option<AccountId>,
    /// Which program wrote it.
    pub client: Option<ClientId>,
    /// Its kind.
    pub category: ReportCategoryId,
    /// The section in charge.
    pub section: ReportSectionId,
    /// Where it stands.
    pub status: Status,
    /// Which report says the same, when it is a duplicate.
    pub duplicate_of: Option<ReportId>,
    /// How much it presses.
    pub urgency: Urgency,
    /// Where, as [`Position`].
    pub latitude: Option<i32>,
    /// Where, as [`Position`].
    pub longitude: Option<i32>,
    /// How the place is known.
    pub placed: Placed,
    /// The district, as `districts.csv` writes it; empty where it is not known.
    pub district: String,
    /// What stands near, in the reporter's words.
    pub landmark: String,
    /// What is the matter, in the reporter's words.
    pub words: String,
    /// The call it answers.
    pub call: Option<CallId>,
    /// Whether everybody may see it.
    pub public: bool,
    /// What everybody reads: the text staff approved, never the reporter's own.
    pub public_words: String,
    /// Everybody sees the district's middle only: its writer is under protection measures.
    pub coarse: bool,
    /// When the draft was begun.
    pub began_at: Timestamp,
    /// When it was sent; none on a draft.
    pub sent_at: Option<Timestamp>,
    /// When something was said or changed last.
    pub changed_at: Timestamp,
    /// The day by which the reporter should be answered.
    pub due_on: Date,
    /// When the town answered first.
    pub answered_at: Option<Timestamp>,
    /// When it was settled.
    pub done_at: Option<Timestamp>,
    /// What the reporter said of that.
    pub confirmed: Option<Confirmed>,
    /// Who works on it.
    pub assignee: Option<StaffId>,
    /// Since when somebody waits for the town's word; none where the town spoke last.
    pub waits_since: Option<Timestamp>,
    /// Whether what was written has a word of danger in it.
    pub danger: bool,
    /// When staff had looked how much it presses.
    pub triaged_at: Option<Timestamp>,
    /// How often its reporter said that it is not done.
    pub reopened: i32,
}

from_row!(Report {
    id,
    number,
    account,
    client,
    category,
    section,
    status,
    duplicate_of,
    urgency,
    latitude,
    longitude,
    placed,
    district,
    landmark,
    words,
    call,
    public,
    public_words,
    coarse,
    began_at,
    sent_at,
    changed_at,
    due_on,
    answered_at,
    done_at,
    confirmed,
    assignee,
    waits_since,
    danger,
    triaged_at,
    reopened,
});

impl Report {
    /// Where it is, if that is known.
    pub fn position(&self) -> Option<Position> {
        Some(Position { latitude: self.latitude?, longitude: self.longitude? })
    }

    /// Whether somebody has waited for the town's word longer than the town says.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.status.is_open() && self.waits_since.is_some() && self.due_on < today
    }

    /// Whether somebody else knows of it.
    pub fn is_sent(&self) -> bool {
        self.sent_at.is_some()
    }
}

/// A line of the talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: Author,
    /// Which member of staff; the reporter never learns it.
    pub staff: Option<StaffId>,
    /// The step that was taken with it.
    pub status: Option<Status>,
    /// What was said; empty for a step alone.
    pub words: String,
}
from_row!(Message { id, at, author, staff, status, words });

/// A note of staff for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub staff: StaffId,
    /// What.
    pub words: String,
}
from_row!(Note { at, staff, words });

/// A picture without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Its id.
    pub id: PhotoId,
    /// Of which report.
    pub report: ReportId,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether staff let everybody see it, with a public report.
    pub public: bool,
}
from_row!(Photo { id, report, width, height, public });

/// A call for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// What is asked about.
    pub category: ReportCategoryId,
    /// The districts whose residents are asked, as JSON.
    pub districts: String,
    /// What residents read.
    pub words: String,
    /// Since when.
    pub begun_at: Timestamp,
    /// When everybody had been told.
    pub asked_all_at: Option<Timestamp>,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}
from_row!(Call { id, category, districts, words, begun_at, asked_all_at, ended_at });

impl Call {
    /// The districts, as `districts.csv` writes them.
    pub fn districts(&self) -> Vec<String> {
        serde_json::from_str(&self.districts).unwrap_or_default()
    }
}

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Residents who were asked.
    pub asked: i64,
    /// Of them, those for whom nothing is broken.
    pub fine: i64,
    /// Of them, those who reported.
    pub damage: i64,
}

impl Counts {
    /// Those who have said nothing yet.
    pub fn silent(&self) -> i64 {
        self.asked - self.fine - self.damage
    }
}

/// A program of others that may send reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// What staff call it.
    pub name: String,
    /// Since when.
    pub registered_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}
from_row!(Client { id, name, registered_at, ended_at });

/// What a draft still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Where it is.
    Place,
    /// What is the matter.
    Words,
    /// A picture.
    Photo,
}
text_enum!(Missing { Place = "place", Words = "words", Photo = "photo" });

/// What can go wrong with a report.
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
    /// The town takes no reports.
    #[error("the town takes no reports")]
    NotTaken,
    /// No such report, or another's.
    #[error("no such report")]
    NoSuchReport,
    /// The pack has no such kind of report, section or district.
    #[error("no such {0}")]
    Unknown(&'static str),
    /// Who they are must be proven first.
    #[error("account is not proven")]
    NotProven,
    /// Only residents report here.
    #[error("account is not a resident's")]
    NotResident,
    /// The draft cannot be sent yet.
    #[error("draft lacks {0:?}")]
    Incomplete(Vec<Missing>),
    /// A text cannot be kept.
    #[error("{field}: {reason}")]
    Text {
        /// Which field.
        field: &'static str,
        /// Why, as a code.
        reason: &'static str,
    },
    /// The position is not in the town.
    #[error("position is outside the town")]
    Outside,
    /// A picture cannot be read.
    #[error("picture: {0}")]
    Picture(PictureFault),
    /// A report has its most pictures already.
    #[error("too many pictures")]
    TooManyPictures,
    /// What the report has become says no.
    #[error("report is {0}")]
    State(Status),
    /// So many reports in one day are not one person's.
    #[error("too many reports today")]
    TooMany,
    /// Such reports are not shown to everybody.
    #[error("such reports are not public")]
    NotPublic,
    /// Somebody under protection measures wrote it: staff with that role only.
    #[error("reporter is protected")]
    Protected,
    /// The call is over, or did not ask the caller.
    #[error("no such call")]
    NoSuchCall,
    /// No such program, or none any more.
    #[error("no such client")]
    NoSuchClient,
}

/// Why a picture cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFault {
    /// Not JPEG, PNG or WebP.
    Kind,
    /// Larger than is taken.
    Large,
    /// Broken.
    Broken,
}
text_enum!(PictureFault { Kind = "kind", Large = "large", Broken = "broken" });

impl From<PictureError> for PictureFault {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::TooManyBytes | PictureError::TooManyPixels => Self::Large,
            PictureError::UnknownFormat => Self::Kind,
            PictureError::Broken => Self::Broken,
        }
    }
}

/// Result with this room's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
