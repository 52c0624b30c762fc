//! Statements of neighbouring towns: asking for one, and what came of it.

use jiff::Timestamp;
use store::AccountId;
use town::NeighbourId;

store::id!(ResidenceRequestId, "A neighbour's statement that a holder is asked to show.");

/// What a holder is asked for: a statement of a neighbouring town.
#[derive(Debug, Clone)]
pub struct ResidenceRequest {
    /// Its id.
    pub id: ResidenceRequestId,
    /// Who is asked.
    pub account: AccountId,
    /// Whose statement.
    pub neighbour: NeighbourId,
    /// Its address' last part; known to the wallet it is shown to.
    pub token: String,
    /// What the answer has to name.
    pub nonce: String,
    /// Since when.
    pub asked_at: Timestamp,
    /// Until when it may be answered.
    pub expires_at: Timestamp,
    /// Answered, or given up.
    pub closed: bool,
    /// What came of it; nothing while it is looked at.
    pub outcome: Option<Outcome>,
}

store::from_row!(ResidenceRequest { id, account, neighbour, token, nonce, asked_at, expires_at, closed, outcome });

store::text_enum!(Outcome {
    Proven = "proven",
    Declined = "declined",
    GivenUp = "given_up",
    Unreachable = "unreachable",
    Malformed = "malformed",
    OtherIssuer = "other_issuer",
    Signature = "signature",
    OtherCredential = "other_credential",
    OtherArea = "other_area",
    Expired = "expired",
    Revoked = "revoked",
    Copied = "copied",
    Replayed = "replayed",
    OtherMoment = "other_moment",
    NotOpened = "not_opened",
    OtherPerson = "other_person",
    Resident = "resident",
});

/// What came of asking for a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is believed: the person lives there.
    Proven,
    /// The holder said no in the wallet.
    Declined,
    /// The holder asked anew; this one is no longer waited for.
    GivenUp,
    /// The neighbour did not answer with its keys or its status list.
    Unreachable,
    /// What came is no presentation.
    Malformed,
    /// Another issuer's, or signed by a key the neighbour does not publish.
    OtherIssuer,
    /// The neighbour's signature does not hold.
    Signature,
    /// Another of the neighbour's credentials.
    OtherCredential,
    /// It names a town that is not meant.
    OtherArea,
    /// The credential is over.
    Expired,
    /// The neighbour ended the credential.
    Revoked,
    /// The binding is not by the credential's own key.
    Copied,
    /// Made for another question.
    Replayed,
    /// Made long ago, or by a clock that is wrong.
    OtherMoment,
    /// The holder did not open what has to be compared.
    NotOpened,
    /// It is another person's.
    OtherPerson,
    /// The account is a resident's of this town.
    Resident,
}

impl Outcome {
    /// The key of the sentence people read: what they can do is the same for several.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Proven => "residence-outcome-proven",
            Self::Declined => "residence-outcome-declined",
            Self::GivenUp => "residence-outcome-given-up",
            Self::Unreachable => "residence-outcome-unreachable",
            Self::Malformed | Self::OtherIssuer | Self::Signature | Self::OtherCredential | Self::OtherArea => {
                "residence-outcome-not-theirs"
            }
            Self::Expired => "residence-outcome-expired",
            Self::Revoked => "residence-outcome-revoked",
            Self::Copied | Self::Replayed | Self::OtherMoment => "residence-outcome-copied",
            Self::NotOpened => "residence-outcome-not-opened",
            Self::OtherPerson => "residence-outcome-other-person",
            Self::Resident => "residence-outcome-resident",
        }
    }
}

/// How a neighbour's status lists are followed.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    /// When they last came.
    pub followed_at: Option<Timestamp>,
    /// When they last did not come.
    pub failed_at: Option<Timestamp>,
    /// Why not, as a word.
    pub fault: Option<String>,
}

store::from_row!(Followed { followed_at, failed_at, fault });
