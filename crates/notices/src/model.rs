//! The things this room knows.

use std::collections::BTreeMap;

use civil::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use store::{AccountId, ResidentId, StaffId};
use town::{Language, TopicId};

store::id!(NoticeId, "Something the town wrote to its residents.");
store::id!(DeliveryId, "One notice for one person.");
store::id!(DocumentId, "A file of a mailing list, for one person.");
store::id!(SubscriptionId, "A browser that asked to be told.");
store::id!(MessageId, "A push message that waits to be handed over.");

store::id!(AddressId, "Where somebody asked to be told: an address of e-mail, or LINE.");
store::id!(TemplateId, "A notice to begin from.");
store::id!(TesterId, "An account of staff's own for trials.");
store::id!(LetterId, "A letter that waits to be handed over.");

store::text_enum!(Way { Push = "push", Mail = "mail", Line = "line" });

/// A way by which people are told that something came into their inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// Web Push, to a browser.
    Push,
    /// E-mail.
    Mail,
    /// A message of the town's official account of LINE.
    Line,
}

/// What whoever was handed a message answered: a push service, the mail server, LINE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It delivers, or will try to.
    Taken,
    /// There is no such reader any more, by its status: they are never written to again.
    Gone(u16),
    /// It takes this later, by its status, perhaps after so many seconds.
    Later {
        /// Its status.
        status: u16,
        /// What it asked for.
        after_s: Option<u32>,
    },
    /// It will never take this message, by its status.
    Refused(u16),
    /// It takes nothing from the town for now.
    Halted(Halt),
}

store::text_enum!(Halt { Quota = "quota", Key = "key" });

/// Why a way takes nothing from the town.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// As many were sent this month as the town has paid for.
    Quota,
    /// It does not know the town's key.
    Key,
}

/// A way that takes nothing for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halted {
    /// Why.
    pub reason: Halt,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again.
    pub until: Timestamp,
}

store::text_enum!(Queue { Alert = "alert", Normal = "normal", Bulk = "bulk" });

/// The line a notice waits in. Each has its own worker, so that a bulk run never delays an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Danger to life: at once, before everything.
    Alert,
    /// What a person waits for.
    Normal,
    /// Runs over much of the town; throttled by the pack.
    Bulk,
}

store::text_enum!(State {
    Draft = "draft",
    Waiting = "waiting",
    Scheduled = "scheduled",
    Sending = "sending",
    Sent = "sent",
    Cancelled = "cancelled"
});

/// How far a notice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is being written.
    Draft,
    /// A second person has to approve it (決裁).
    Waiting,
    /// It goes out at its time.
    Scheduled,
    /// People are being reached.
    Sending,
    /// Everybody was reached.
    Sent,
    /// It was stopped; who has it already is told so beside it.
    Cancelled,
}

/// What a notice says in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// One line.
    pub title: String,
    /// Paragraphs, parted by empty lines.
    pub body: String,
}

/// What a notice says, by language tag. Japanese is always among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Texts(pub BTreeMap<String, Text>);

impl Texts {
    /// The text for a reader with the tag of its language: in their own, else in the next they [read](Language::reads).
    pub fn in_language(&self, language: &Language) -> Option<(&str, &Text)> {
        language.reads().find_map(|language| self.0.get_key_value(language.as_str())).map(|(tag, text)| (tag.as_str(), text))
    }
}

/// Who gets a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who is a resident when it goes out.
    Everybody,
    /// Residents of some districts.
    Districts {
        /// As the register writes them.
        districts: Vec<String>,
    },
    /// Those a rule selects when it goes out.
    Rule {
        /// In the language of the packs; who is no resident is never selected.
        rule: String,
    },
    /// Those named in a list, each with their own words and file.
    List {
        /// The columns of the list, for the places in the text.
        columns: Vec<String>,
    },
}

impl Audience {
    /// The rule that selects; none for a list.
    pub fn rule(&self) -> Option<String> {
        match self {
            Self::Everybody => Some("resident.current".to_owned()),
            Self::Rule { rule } => Some(format!("resident.current && ({rule})")),
            Self::Districts { districts } => {
                let quoted: Vec<String> = districts.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
                Some(format!("resident.current && resident.district in [{}]", quoted.join(", ")))
            }
            Self::List { .. } => None,
        }
    }
}

/// A notice and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// How far it is.
    pub state: State,
    /// The line it waits in.
    pub queue: Queue,
    /// What it is about, of the pack's topics.
    pub topic: TopicId,
    /// What it says.
    pub texts: Texts,
    /// An address with more of it, on a host the pack allows; empty without one.
    pub link: String,
    /// Who gets it.
    pub audience: Audience,
    /// Whether people are asked to say that they have read it.
    pub wants_answer: bool,
    /// The pack's rule that sends it by itself.
    pub automatic: Option<String>,
    /// The notice this one corrects.
    pub corrects: Option<NoticeId>,
    /// Who wrote it; nobody for what the house sends by itself.
    pub written_by: Option<StaffId>,
    /// When it was begun.
    pub written_at: Timestamp,
    /// How many it would reach when it was last counted.
    pub people: u32,
    /// The second person.
    pub approved_by: Option<StaffId>,
    /// When that was.
    pub approved_at: Option<Timestamp>,
    /// When it is to go out.
    pub send_at: Option<Timestamp>,
    /// Days after which who has not opened it is reminded.
    pub remind_days: Option<u32>,
    /// Days after which who has not opened it goes on the paper list.
    pub print_days: Option<u32>,
    /// The last resident reached, in the order of ids; empty before the first.
    pub reached: String,
    /// How many were reached so far.
    pub chosen: u32,
    /// When the first was reached.
    pub begun_at: Option<Timestamp>,
    /// When the last was reached.
    pub sent_at: Option<Timestamp>,
    /// When it was cancelled.
    pub ended_at: Option<Timestamp>,
}

/// One notice as its person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What the town wrote; none for something a room had told.
    pub notice: Option<NoticeId>,
    /// Whose it is.
    pub resident: Option<ResidentId>,
    /// Whose it is, for something told to an account.
    pub account: Option<AccountId>,
    /// Something a room had told: [`web::Tell`].
    pub tell: Option<String>,
    /// The person's own words of a list, as a JSON object.
    pub fields: Option<String>,
    /// The person's own file.
    pub document: Option<DocumentId>,
    /// When it came into the inbox.
    pub put_at: Timestamp,
    /// When a push service took it, or it was seen in the inbox.
    pub delivered_at: Option<Timestamp>,
    /// When it was first opened.
    pub opened_at: Option<Timestamp>,
    /// When the person said to have read it.
    pub answered_at: Option<Timestamp>,
    /// Whether the person wants to keep it beyond the pack's years.
    pub kept: bool,
    /// The draft it lets be looked at; none for what has gone out.
    pub trial_of: Option<NoticeId>,
}

/// A notice to begin from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// What staff choose it by.
    pub name: String,
    /// The line a notice of it waits in.
    pub queue: Queue,
    /// What it is about.
    pub topic: TopicId,
    /// What it says.
    pub texts: Texts,
    /// An address with more of it; empty without one.
    pub link: String,
    /// Whether people are asked to say that they have read it.
    pub wants_answer: bool,
    /// Days after which who has not opened it is reminded.
    pub remind_days: Option<u32>,
    /// Days after which who has not opened it goes on the paper list.
    pub print_days: Option<u32>,
}

/// An account of a member of staff's own, to which drafts are sent to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tester {
    /// Its id.
    pub id: TesterId,
    /// Whose drafts.
    pub staff: StaffId,
    /// Where they go.
    pub account: AccountId,
    /// Since when.
    pub joined_at: Timestamp,
}

/// A browser that asked to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose.
    pub account: AccountId,
    /// The push service's address for it.
    pub endpoint: String,
    /// Its public key.
    pub point: Vec<u8>,
    /// Its secret.
    pub auth: Vec<u8>,
    /// The language it is told in.
    pub language: String,
}

/// Where somebody asked to be told: an address of e-mail, or LINE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// Of which way.
    pub way: Way,
    /// Whose.
    pub account: AccountId,
    /// The address of e-mail; what LINE calls its user.
    pub address: String,
    /// The language it is written to in.
    pub language: String,
    /// What the link of a letter ends it by.
    pub stop: String,
    /// What is stored in place of the code that was sent last.
    pub code_hash: Option<Vec<u8>>,
    /// How long that code holds.
    pub code_until: Option<Timestamp>,
    /// How often it was typed wrongly.
    pub tries: u32,
    /// When its person showed that they read what comes there.
    pub confirmed_at: Option<Timestamp>,
    /// When it was said that nobody reads there.
    pub unreachable_at: Option<Timestamp>,
}

impl Address {
    /// An address nobody has confirmed yet.
    pub(crate) fn new(id: AddressId, way: Way, account: AccountId, address: String, language: String, stop: String) -> Self {
        Self {
            id,
            way,
            account,
            address,
            language,
            stop,
            code_hash: None,
            code_until: None,
            tries: 0,
            confirmed_at: None,
            unreachable_at: None,
        }
    }

    /// Whether notices go there.
    pub fn is_told(&self) -> bool {
        self.confirmed_at.is_some() && self.unreachable_at.is_none()
    }
}

/// How a queue went on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Which.
    pub queue: Queue,
    /// When.
    pub day: Date,
    /// Messages that were taken.
    pub handed: u32,
    /// Of them, within ten seconds of being due.
    pub within_10s: u32,
    /// Readers that were gone.
    pub gone: u32,
    /// Messages that were refused for good.
    pub refused: u32,
}

/// What became of a notice, in counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect {
    /// Put into an inbox.
    pub put: u32,
    /// Delivered to a device or seen in the inbox.
    pub delivered: u32,
    /// Opened.
    pub opened: u32,
    /// Answered.
    pub answered: u32,
    /// On a paper list.
    pub printed: u32,
}

/// What is wrong with a line of a mailing list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListFault {
    /// The line, from 1; 0 for the whole file.
    pub line: u32,
    /// The column's name.
    pub column: String,
    /// Why, as a key of the catalogue: `notices-list-<reason>`.
    pub reason: &'static str,
    /// What stands there, where it says nothing of a person.
    pub found: String,
}

/// What can go wrong in this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Accounts.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The register.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// There is no such notice, or it is not the caller's.
    #[error("no such notice")]
    NotFound,
    /// The notice has come too far for this.
    #[error("the notice is {0}")]
    State(State),
    /// What was written cannot be sent: the field and why, as a key of the catalogue.
    #[error("{field}: {reason}")]
    Written {
        /// The form's field.
        field: &'static str,
        /// `notices-wrong-<reason>`.
        reason: &'static str,
    },
    /// The rule that chooses cannot be read.
    #[error("the rule cannot be read")]
    Rule(Vec<rule::Diagnostic>),
    /// Who wrote it cannot be the second person.
    #[error("a second person has to approve")]
    SamePerson,
    /// The list cannot be used; nothing of it was.
    #[error("the list has {} faults", .0.len())]
    List(Vec<ListFault>),
    /// The code joins nobody.
    #[error("the code joins nobody")]
    TesterCode,
    /// The browser's subscription is none.
    #[error("the subscription cannot be used")]
    Subscription,
    /// The account has as many subscriptions as it may have.
    #[error("too many subscriptions")]
    TooManySubscriptions,
    /// LINE did not do what it was asked for.
    #[error("LINE: {0}")]
    Line(String),
    /// The cryptography failed.
    #[error(transparent)]
    Encrypt(#[from] crate::push::EncryptError),
    /// The key of VAPID.
    #[error(transparent)]
    Vapid(#[from] crate::push::VapidError),
    /// The pack has no such kind of disposition.
    #[error("no such kind of disposition")]
    NoKind,
    /// The card has to be read for this.
    #[error("the card has to be read")]
    CardNeeded,
    /// The town has no key for dispositions, or its certificate is not valid today.
    #[error("the town cannot sign")]
    NoSeal,
    /// A document could not be signed.
    #[error(transparent)]
    Pdf(#[from] pdfseal::PdfFault),
    /// What the database holds is not what this room wrote.
    #[error("stored {0} is not readable")]
    Stored(&'static str),
}

/// Result with this room's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
