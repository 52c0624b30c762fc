//! Where people belong who are not in the register.

use ::store::{AccountId, text_enum};
use civil::{Date, PartialDate, Timestamp};
use jiff::SignedDuration;
use town::{NeighbourId, Residence, RollId};

::store::id!(ResidenceId, "That somebody lives in a neighbouring town, or is a digital resident.");

/// By what somebody belongs who is not in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BelongsBy {
    /// A neighbouring town's signed statement that they live there.
    Neighbour,
    /// They joined a roll of digital residents.
    Digital,
}
text_enum!(BelongsBy { Neighbour = "neighbour", Digital = "digital" });

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResidenceEnd {
    /// Its last day is past: the statement was not shown again, the term was not renewed.
    Over,
    /// It was proven or joined anew; a new one follows.
    Renewed,
    /// The person left, or no longer wishes it.
    Left,
    /// The town ended it.
    ByTown,
    /// The person moved into the town: the register speaks for them now.
    MovedIn,
    /// The neighbouring town ended the card the statement was read from.
    Revoked,
    /// The pack no longer has the neighbour or the roll.
    NotTrusted,
    /// The account was closed.
    AccountClosed,
}
text_enum!(ResidenceEnd {
    Over = "over",
    Renewed = "renewed",
    Left = "left",
    ByTown = "by_town",
    MovedIn = "moved_in",
    Revoked = "revoked",
    NotTrusted = "not_trusted",
    AccountClosed = "account_closed",
});

/// That somebody belongs, or belonged, without being in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// Its id.
    pub id: ResidenceId,
    /// Whose.
    pub account: AccountId,
    /// By what.
    pub by: BelongsBy,
    /// The neighbour or the roll, by its id in the pack.
    pub to: String,
    /// Since when.
    pub since: Timestamp,
    /// The last day it counts.
    pub until: Date,
    /// Where the neighbour says whether the card still counts: the list's address, and the place in it.
    pub status_uri: Option<String>,
    /// See [`status_uri`](Self::status_uri).
    pub status_idx: Option<i64>,
    /// When the neighbour's list was last asked, and the card still counted.
    pub checked_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub ended_why: Option<ResidenceEnd>,
}

::store::from_row!(Belonging { id, account, by, to, since, until, status_uri, status_idx, checked_at, ended_at, ended_why });

impl Belonging {
    /// How long before the last day somebody is told that it is near.
    pub(crate) const REMINDED_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);

    /// Whether the last day is so near that the person is to be told. Where a term is short, not before half of it is over.
    pub(crate) fn is_ending_soon(&self, today: Date) -> bool {
        let left = today.duration_until(self.until);
        let gone = civil::day_in_japan(self.since).duration_until(today);
        self.counts_on(today) && left <= Self::REMINDED_BEFORE && left <= gone
    }

    /// Whether it counts on a day.
    pub fn counts_on(&self, day: Date) -> bool {
        self.ended_at.is_none() && day <= self.until
    }

    /// The neighbouring town, where it is one.
    pub fn neighbour(&self) -> Option<NeighbourId> {
        (self.by == BelongsBy::Neighbour).then(|| self.to.parse().ok()).flatten()
    }

    /// The roll, where it is one.
    pub fn roll(&self) -> Option<RollId> {
        (self.by == BelongsBy::Digital).then(|| self.to.parse().ok()).flatten()
    }
}

/// A neighbouring town's statement that was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose statement.
    pub neighbour: NeighbourId,
    /// The last day it counts.
    pub until: Date,
    /// The address of the status list the card is in.
    pub status_uri: String,
    /// Its place there.
    pub status_idx: i64,
}

/// Somebody proven of whom the register has no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The date of birth as the proof gave it.
    pub date_of_birth: Option<PartialDate>,
    /// Where they belong today.
    pub residence: Residence,
    /// They once belonged somewhere, and today nowhere.
    pub over: bool,
    /// The account is a resident's now: what it held as a guest's is over.
    pub moved_in: bool,
}

/// How many belong somewhere today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BelongingCount {
    /// By what.
    pub by: BelongsBy,
    /// The neighbour or the roll.
    pub to: String,
    /// How many people.
    pub people: i64,
}

::store::from_row!(BelongingCount { by, to, people });

/// Why somebody cannot join a roll or bring a neighbour's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoGuest {
    /// They are in the town's own register.
    Resident,
    /// Nobody knows surely enough who they are.
    ProofTooWeak,
    /// The pack has no such neighbour or roll.
    Unknown,
    /// The roll is full.
    Full,
    /// They did not agree to the terms.
    TermsNotAgreed,
}
text_enum!(NoGuest {
    Resident = "resident",
    ProofTooWeak = "proof_too_weak",
    Unknown = "unknown",
    Full = "full",
    TermsNotAgreed = "terms_not_agreed",
});
