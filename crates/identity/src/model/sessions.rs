//! Sessions: who is signed in, since when and by what.

use ::store::{AccountId, Actor, DeviceId, StaffId, text_enum};
use civil::Timestamp;

::store::id!(SessionId, "A session: what a token stands for.");

/// Whose a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionOwner {
    /// A resident or family member.
    Holder(AccountId),
    /// A member of staff.
    Staff(StaffId),
    /// A paired verifier or an enrolled station.
    Device(DeviceId),
}

/// What kind of session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// A resident's or family member's.
    Holder,
    /// A member of staff's.
    Staff,
    /// A paired verifier's.
    Verifier,
    /// An enrolled station's.
    Station,
}
text_enum!(SessionKind { Holder = "holder", Staff = "staff", Verifier = "verifier", Station = "station" });

/// A session just started: the only moment its token is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Started {
    /// The session.
    pub id: SessionId,
    /// 256 random bits in base64url: kept by the browser or device, here only as a hash.
    pub token: String,
    /// The last moment the token can count, however much it is used.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Started({})", self.id)
    }
}

/// Who carries a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who asks.
    pub actor: Actor,
    /// The session.
    pub session: SessionId,
    /// What kind it is.
    pub kind: SessionKind,
    /// The verifier or station, when it is one.
    pub device: Option<DeviceId>,
    /// True about once an hour: [`refresh_session`](crate::refresh_session) is due, or the session ends while it is used.
    pub refresh_due: bool,
}

/// By what a resident's session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A proof of who the person is.
    Proof,
    /// A proof, on a screen that others use after them.
    Kiosk,
    /// The code of a shared card: nobody knows who the person is.
    Code,
    /// A passkey.
    Passkey,
}
text_enum!(Entry { Proof = "proof", Kiosk = "kiosk", Code = "code", Passkey = "passkey" });

/// How a resident came to be signed in, for rooms that ask more of some acts than of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// Since when.
    pub at: Timestamp,
    /// By what; none where it began before this was kept.
    pub entry: Option<Entry>,
    /// When the card was read, if the session began with it.
    pub card_at: Option<Timestamp>,
    /// It is known who the person is: not so for an account that only holds shared cards.
    pub proven: bool,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What kind.
    pub kind: SessionKind,
    /// Where it was started, in the owner's words.
    pub label: String,
    /// By what a resident's was begun; none where that is not kept.
    pub entry: Option<Entry>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ends unless it is used before.
    pub expires_at: Timestamp,
}
