use std::collections::BTreeMap;

pub use civil::Position;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{AccountId, StaffId, text_enum};
use town::{AssetId, GuideCode, GuideId};

store::id!(PostId, "Something a citizen wrote for a guide.");
store::id!(PhotoId, "A photo of a post.");

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Staff are to look before anybody reads it.
    Waiting,
    /// Everybody reads it.
    Published,
    /// Staff asked its author to change it.
    SentBack,
    /// Its author took it back.
    Withdrawn,
    /// Staff took it down.
    TakenDown,
}
text_enum!(State { Waiting = "waiting", Published = "published", SentBack = "sent_back", Withdrawn = "withdrawn", TakenDown = "taken_down" });

/// What a post says of a tag; nothing said is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is so.
    Yes,
    /// It is not so.
    No,
}
text_enum!(Said { Yes = "yes", No = "no" });

/// What in a text staff should look at with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Twelve digits that could be somebody's My Number.
    MyNumber,
    /// Digits that could be a telephone number.
    Telephone,
    /// A mail address.
    Mail,
}
text_enum!(Flag { MyNumber = "my_number", Telephone = "telephone", Mail = "mail" });

/// Why a reader thinks that a post is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was so once.
    Outdated,
    /// It is not so.
    Mistaken,
    /// It says something of a person.
    Personal,
    /// It is rude, or selling something.
    Unfit,
}
text_enum!(Why { Outdated = "outdated", Mistaken = "mistaken", Personal = "personal", Unfit = "unfit" });

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Its author wrote it.
    Written,
    /// Its author changed it.
    Changed,
    /// Staff let it be read, or found it good afterwards.
    Approved,
    /// Staff sent it back.
    SentBack,
    /// Staff took it down.
    TakenDown,
    /// Staff looked at what readers said and left it as it is.
    Settled,
    /// Its author took it back.
    Withdrawn,
}
text_enum!(What {
    Written = "written",
    Changed = "changed",
    Approved = "approved",
    SentBack = "sent_back",
    TakenDown = "taken_down",
    Settled = "settled",
    Withdrawn = "withdrawn",
});

/// What a post says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is filed under.
    pub category: GuideCode,
    /// Its title.
    pub title: String,
    /// Its text.
    pub words: String,
    /// What the place is called; empty for a tip without one.
    pub place: String,
    /// The district, as in `districts.csv`.
    pub district: Option<String>,
    /// Where it is on the map.
    pub position: Option<Position>,
    /// For which ages it is good; none is for all.
    pub ages: Vec<GuideCode>,
    /// What it says of the tags.
    pub facts: BTreeMap<GuideCode, Said>,
    /// What its author wants to be called; none once the author's account is closed.
    pub pen_name: Option<String>,
    /// What can be seen on the photo, for who cannot see it.
    pub photo_words: String,
}

/// One wording of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Of which post.
    pub post: PostId,
    /// Its number, from 1.
    pub number: i32,
    /// What it says.
    pub content: Content,
    /// Its photo.
    pub photo: Option<PhotoId>,
    /// What staff should look at with care.
    pub flags: Vec<Flag>,
    /// When it was written.
    pub written_at: Timestamp,
}

/// A post as the house keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// The guide it is for.
    pub guide: GuideId,
    /// Whose; none once the account is closed.
    pub account: Option<AccountId>,
    /// Where it stands.
    pub state: State,
    /// The version everybody reads.
    pub shown: Option<i32>,
    /// The version staff are to look at.
    pub waiting: Option<i32>,
    /// When staff looked at what is shown.
    pub looked_at: Option<Timestamp>,
    /// Why it was sent back or taken down, in the words of the staff.
    pub reason: Option<String>,
    /// When it was begun.
    pub opened_at: Timestamp,
    /// When it was first read by everybody.
    pub published_at: Option<Timestamp>,
    /// When what is shown changed last.
    pub changed_at: Timestamp,
}

/// A post as everybody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: PostId,
    /// What it says.
    pub content: Content,
    /// Its photo, with width and height in pixels.
    pub photo: Option<ShownPhoto>,
    /// Since when it is read.
    pub published_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// How many people thanked its author.
    pub thanks: i64,
}

/// The photo of a post that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownPhoto {
    /// Its id.
    pub id: PhotoId,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// One thing that became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Which member of staff; none for the author.
    pub staff: Option<StaffId>,
    /// What.
    pub what: What,
    /// Of which version.
    pub version: i32,
    /// In whose words why.
    pub reason: Option<String>,
}

/// What a reader found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Why.
    pub why: Why,
    /// In the reader's words; empty if there are none.
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// When staff had looked.
    pub settled_at: Option<Timestamp>,
}

/// What somebody is looking for; all of it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Words that must all be there.
    pub words: String,
    /// A category.
    pub category: Option<GuideCode>,
    /// An age group; posts for all ages are found too.
    pub age: Option<GuideCode>,
    /// Tags that must be said with yes.
    pub tags: Vec<GuideCode>,
    /// The most thanked first, instead of the newest.
    pub by_thanks: bool,
}

/// What of a form cannot be taken, and why, as codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The field of the form.
    pub field: &'static str,
    /// Why: `missing`, `too_long`, `unknown`, `not_here`, `my_number`, `own_name`, `taken`.
    pub reason: &'static str,
}

/// What a reader or author can be refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The town has no such guide.
    #[error("no such guide")]
    NoSuchGuide,
    /// There is no such post, or it is not the caller's to see.
    #[error("no such post")]
    NoSuchPost,
    /// The guide takes posts only of people proven more surely.
    #[error("the person is not proven surely enough")]
    NotProven,
    /// The guide takes posts only of the town's residents.
    #[error("the person is no resident")]
    NotResident,
    /// Something in the form must be mended.
    #[error("the form must be mended")]
    ToMend(Vec<Fault>),
    /// As many posts as a person may write in a day were written.
    #[error("too many posts today")]
    TooManyToday,
    /// The post is not in a state in which this can be done.
    #[error("the post's state does not allow it")]
    NotNow,
    /// Its author wrote a newer version than the one that was looked at.
    #[error("the post has changed since")]
    Changed,
    /// Nobody thanks themselves.
    #[error("one's own post")]
    Own,
    /// A reason must be given.
    #[error("a reason is missing")]
    ReasonMissing,
    /// Accounts.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The register.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What the room's functions give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A post was let to be read, or a newer version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Which.
    pub post: PostId,
    /// In which guide.
    pub guide: GuideId,
    /// Which version.
    pub version: i32,
}

impl Published {
    /// The kind under which the event log keeps it.
    pub const KIND: &'static str = "community.published";
}

/// A post is no longer read: its author withdrew it or staff took it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
    pub post: PostId,
    /// In which guide.
    pub guide: GuideId,
    /// Whether staff did it.
    pub by_staff: bool,
}

impl Ended {
    /// The kind under which the event log keeps it.
    pub const KIND: &'static str = "community.ended";
}

/// A post earned its author points: once for each post, when it is read by everybody for the first time. Whoever keeps the town's ledger books it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsEarned {
    /// For which post: the key by which it is booked once.
    pub post: PostId,
    /// In which guide.
    pub guide: GuideId,
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub asset: AssetId,
    /// How many.
    pub amount: u32,
}

impl PointsEarned {
    /// The kind under which the event log keeps it.
    pub const KIND: &'static str = "community.points_earned";
}
