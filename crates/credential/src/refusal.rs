//! Why a card is not accepted. Each reason has one code and, in the catalogues, one plain sentence.

use serde::{Deserialize, Serialize};

use crate::TownCode;

/// A refusal. In JSON `{"code": "stale", "seconds": 95}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// Not a presentation at all, or one damaged in reading.
    #[error("not a presentation")]
    Malformed,
    /// A card of another town.
    #[error("a card of the town {town}")]
    OtherTown {
        /// That town, as the card says.
        town: TownCode,
    },
    /// Signed by a key this verifier does not know.
    #[error("signed by an unknown key")]
    UnknownKey,
    /// The town's signature is wrong: the card was made up or changed.
    #[error("the town's signature is wrong")]
    BadIssuerSignature,
    /// The card's last day or renewal time has passed.
    #[error("the card has expired")]
    ExpiredCard,
    /// The proof was not made by the phone the card is bound to, or not for this card.
    #[error("the proof is not by the card's own phone")]
    CopiedCard,
    /// Made too long ago: a screenshot or a photo.
    #[error("shown {seconds} s after it was made")]
    Stale {
        /// Its age in seconds.
        seconds: i64,
    },
    /// Made in the future: the phone's clock is ahead.
    #[error("the phone's clock is {seconds} s ahead")]
    ClockAhead {
        /// How far, in seconds.
        seconds: i64,
    },
    /// This very presentation was shown before.
    #[error("shown before")]
    Replayed,
    /// The card was ended by the town.
    #[error("the card was ended")]
    Revoked,
    /// The phone was reported lost or taken out by its owner.
    #[error("the phone was ended")]
    PhoneRevoked,
    /// The share by which this phone held the card was ended.
    #[error("the share was ended")]
    ShareEnded,
    /// The town has no such card.
    #[error("no such card")]
    UnknownCard,
    /// The person is not entitled, whatever the card says.
    #[error("not entitled")]
    NotEntitled {
        /// Why.
        why: NotEntitled,
    },
    /// This place does not take part in the programme.
    #[error("not accepted at this place")]
    NotAcceptedHere,
    /// What was laid on the reader is not enough for this programme: the card in the phone, or a surer thing, is needed.
    #[error("not enough for this programme")]
    MediumNotAccepted,
    /// Offline, and what this verifier knows is older than the town allows or says nothing about this card.
    #[error("knowledge is {seconds} s old")]
    KnowledgeTooOld {
        /// Its age in seconds.
        seconds: i64,
    },
}

/// Why a person is not entitled (any more).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotEntitled {
    /// Moved out of the town.
    MovedOut,
    /// Died.
    Died,
    /// Grew out of it.
    AgedOut,
    /// Not yet: the entitlement begins later.
    NotYet,
    /// What the rule asks is not known of the person: most often somebody who is not in the register.
    NotKnown,
    /// The proof that they live in a neighbouring town, or are a digital resident, is over.
    ResidenceOver,
    /// They moved into the town: what they held as somebody from elsewhere is over.
    MovedIn,
    /// The programme's rule says no for another reason.
    Rule,
}

impl Refusal {
    /// The code used in logs, interfaces and catalogues.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OtherTown { .. } => "other_town",
            Self::UnknownKey => "unknown_key",
            Self::BadIssuerSignature => "bad_issuer_signature",
            Self::ExpiredCard => "expired_card",
            Self::CopiedCard => "copied_card",
            Self::Stale { .. } => "stale",
            Self::ClockAhead { .. } => "clock_ahead",
            Self::Replayed => "replayed",
            Self::Revoked => "revoked",
            Self::PhoneRevoked => "phone_revoked",
            Self::ShareEnded => "share_ended",
            Self::UnknownCard => "unknown_card",
            Self::NotEntitled { .. } => "not_entitled",
            Self::NotAcceptedHere => "not_accepted_here",
            Self::MediumNotAccepted => "medium_not_accepted",
            Self::KnowledgeTooOld { .. } => "knowledge_too_old",
        }
    }

    /// Whether the town's own signature stood when this was found, so that the card's id is the town's word.
    pub fn names_a_true_card(&self) -> bool {
        !matches!(self, Self::Malformed | Self::OtherTown { .. } | Self::UnknownKey | Self::BadIssuerSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_json_is_the_code() {
        for refusal in [
            Refusal::Malformed,
            Refusal::OtherTown { town: "012345".parse().unwrap() },
            Refusal::UnknownKey,
            Refusal::BadIssuerSignature,
            Refusal::ExpiredCard,
            Refusal::CopiedCard,
            Refusal::Stale { seconds: 31 },
            Refusal::ClockAhead { seconds: 31 },
            Refusal::Replayed,
            Refusal::Revoked,
            Refusal::PhoneRevoked,
            Refusal::ShareEnded,
            Refusal::UnknownCard,
            Refusal::NotEntitled { why: NotEntitled::AgedOut },
            Refusal::NotAcceptedHere,
            Refusal::KnowledgeTooOld { seconds: 1 },
        ] {
            let json = serde_json::to_value(refusal).unwrap();
            assert_eq!(json["code"], refusal.code());
            assert_eq!(serde_json::from_value::<Refusal>(json).unwrap(), refusal);
        }
    }
}
