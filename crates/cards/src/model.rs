//! Entitlements, holdings, cards, shares, uses, and what can go wrong with them.

use civil::Date;
use credential::{NotEntitled, Refusal};
use jiff::Timestamp;
use serde::Serialize;
use store::{AccountId, ResidentId};
use town::{ProgrammeId, ShownBy};

mod neighbours;

pub use neighbours::{Followed, Outcome, ResidenceRequest, ResidenceRequestId};

store::id!(EntitlementId, "A span of days in which a resident is entitled to a programme.");
store::id!(ApplicationId, "An application for a programme given on request.");
store::id!(HoldingId, "That an account may show a resident's card.");
store::id!(CardId, "The signed card in one phone.");
store::id!(ShareId, "A code by which a card is shared.");
store::id!(WalletOfferId, "A card offered to a standard wallet.");
store::id!(UseId, "An answer given at a place; made by the place, so that a retry is the same answer.");

store::text_enum!(How { Own = "self", Guardian = "guardian", Shared = "shared", Proxy = "proxy" });

/// By what right an account shows a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is the entitled person.
    Own,
    /// It is a parent or guardian of theirs.
    Guardian,
    /// Somebody who holds the card shared it.
    Shared,
    /// The entitled person declared them to act for them.
    Proxy,
}

impl How {
    /// Whether it is a right of one's own to share it and to see who holds it: not what was shared, and not what one holds for somebody.
    pub fn may_share(self) -> bool {
        matches!(self, Self::Own | Self::Guardian)
    }

    /// Who it is in the words of a pack.
    pub fn shown_by(self) -> ShownBy {
        match self {
            Self::Own => ShownBy::Own,
            Self::Guardian => ShownBy::Guardian,
            Self::Shared => ShownBy::Shared,
            Self::Proxy => ShownBy::Proxy,
        }
    }
}

store::text_enum!(Ended {
    NotEntitled = "not_entitled",
    ShareEnded = "share_ended",
    PhoneEnded = "phone_ended",
    SourceEnded = "source_ended",
    MadeRoom = "made_room",
    NoLongerGuardian = "no_longer_guardian",
    NoLongerProxy = "no_longer_proxy",
    Unlinked = "unlinked",
    ByClerk = "by_clerk",
    MovedIn = "moved_in",
});

/// Why a holding or card ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The person is no longer entitled.
    NotEntitled,
    /// The holder ended the share.
    ShareEnded,
    /// The phone was ended.
    PhoneEnded,
    /// The right of who shared it ended, or nobody but the person may hold it any more.
    SourceEnded,
    /// It made room for the entitled person's own.
    MadeRoom,
    /// Custody changed.
    NoLongerGuardian,
    /// The proxy was ended or is past.
    NoLongerProxy,
    /// The account is no longer linked to the resident.
    Unlinked,
    /// A clerk ended it at the counter.
    ByClerk,
    /// They held it as somebody from elsewhere and have moved in.
    MovedIn,
}

/// That an account may show a resident's card.
#[derive(Debug, Clone)]
pub struct Holding {
    /// Its id.
    pub id: HoldingId,
    /// The programme.
    pub programme: ProgrammeId,
    /// The entitled person.
    pub resident: ResidentId,
    /// Who shows it.
    pub account: AccountId,
    /// By what right.
    pub how: How,
    /// How the holder calls it: the checked name, or what the sharer wrote.
    pub label: String,
    /// Who shared it, or for whom the account acts.
    pub shared_by: Option<AccountId>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub ended_why: Option<Ended>,
}

store::from_row!(Holding { id, programme, resident, account, how, label, shared_by, created_at, ended_at, ended_why });

/// The signed card in one phone.
#[derive(Debug, Clone)]
pub struct Card {
    /// Its id, `sub` of the credential.
    pub id: CardId,
    /// The holding it belongs to.
    pub holding: HoldingId,
    /// The phone it is bound to.
    pub phone: identity::PhoneId,
    /// The programme.
    pub programme: ProgrammeId,
    /// The entitled person.
    pub resident: ResidentId,
    /// Its place in the status list; none once it is long past.
    pub status_idx: Option<i64>,
    /// Its status there.
    pub status: i32,
    /// The credential as signed.
    pub credential: Vec<u8>,
    /// What opens its digests, JSON as the phone keeps it.
    pub disclosures: String,
    /// Issued.
    pub issued_at: Timestamp,
    /// To be renewed by.
    pub expires_at: Timestamp,
}

store::from_row!(Card { id, holding, phone, programme, resident, status_idx, status, credential, disclosures, issued_at, expires_at });

/// A share code waiting or used.
#[derive(Debug, Clone)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// The programme.
    pub programme: ProgrammeId,
    /// The entitled person.
    pub resident: ResidentId,
    /// Who shares.
    pub account: AccountId,
    /// Good until.
    pub expires_at: Timestamp,
    /// The holding that came of it.
    pub joined_holding: Option<HoldingId>,
}

store::from_row!(Share { id, programme, resident, account, expires_at, joined_holding });

/// An answer at a place.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Its id, made by the place.
    pub id: UseId,
    /// Whether the card is accepted.
    pub refusal: Option<Refusal>,
    /// The programme, once the town's own card was recognised.
    pub programme: Option<ProgrammeId>,
    /// The entitled person, for the fields below; never shown.
    pub resident: Option<ResidentId>,
    /// The last day of the entitlement, if it has one.
    pub valid_until: Option<Date>,
    /// What this place may see of it.
    pub shown: Vec<(town::Disclosed, String)>,
}

impl Decision {
    /// An answer of which nothing is known yet.
    pub(crate) fn begun(id: UseId) -> Self {
        Self { id, refusal: None, programme: None, resident: None, valid_until: None, shown: Vec::new() }
    }

    /// Whether the answer is yes.
    pub fn accepted(&self) -> bool {
        self.refusal.is_none()
    }
}

/// An answer a place gave while the centre could not be reached.
#[derive(Debug, Clone)]
pub struct OfflineUse {
    /// Its id, made by the place.
    pub id: UseId,
    /// When it was given, by the place's clock.
    pub at: Timestamp,
    /// Whether it was yes.
    pub accepted: bool,
    /// Why not.
    pub refusal: Option<Refusal>,
    /// The programme as the card said.
    pub programme: Option<ProgrammeId>,
    /// The card.
    pub card: Option<CardId>,
    /// How old the place's knowledge was, in seconds.
    pub knowledge_age_s: i64,
}

/// What one programme counts.
#[derive(Debug, Clone, Serialize)]
pub struct ProgrammeCount {
    /// The programme.
    pub programme: ProgrammeId,
    /// Residents entitled today.
    pub entitled: i64,
    /// Of them, those with at least one live card in a phone.
    pub with_card: i64,
    /// Uses today.
    pub used_today: i64,
}

/// What a room's caller can act on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed or refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Accounts and phones.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// Residents.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// Signing failed.
    #[error("signing failed")]
    Credential(#[from] credential::Error),
    /// The account is not linked to a resident.
    #[error("the account is not linked to a resident")]
    NotLinked,
    /// There is no such programme, or it is not given on request.
    #[error("no such programme")]
    NoSuchProgramme,
    /// The person is not the caller or a child of the caller.
    #[error("not the caller's family")]
    NotFamily,
    /// The person is not entitled today.
    #[error("not entitled: {0:?}")]
    NotEntitled(NotEntitled),
    /// The account's person is not known surely enough for the programme.
    #[error("the proof is too weak for the programme")]
    ProofTooWeak,
    /// The name does not match the register's keyed hash.
    #[error("the name does not match the register")]
    NameDoesNotMatch,
    /// The pack has no such neighbour, or nobody was asked so.
    #[error("no such neighbour")]
    NoSuchNeighbour,
    /// The caller holds no such card.
    #[error("no such card")]
    NoSuchCard,
    /// The programme's cards may not be shared.
    #[error("this card cannot be shared")]
    NotShareable,
    /// As many phones as allowed hold it already.
    #[error("held by as many as allowed")]
    TooManyHolders,
    /// The code was never given, was used, or is past.
    #[error("the share code is not good")]
    ShareCode,
    /// The phone is not registered to the caller, or was ended.
    #[error("the phone is not registered")]
    NoSuchPhone,
    /// The phone that asks was ended, and nobody is signed in on it any more.
    #[error("the phone was ended")]
    PhoneEnded,
    /// No place in the status list is left.
    #[error("the status list is full")]
    StatusListFull,
}

/// Result with the room's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
