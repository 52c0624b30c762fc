use ::store::AccountId;
use civil::Timestamp;
use jwe::ResponseKey;
use town::AppId;

::store::id!(PhoneCardQuestionId, "A question put to a card in a phone, from the moment a browser asks until its answer is claimed.");

/// Why the answer of a card in a phone is not believed. [`PhoneCardRefusal::as_str`] is the code a person tells the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhoneCardRefusal {
    /// The person said no in the wallet, or it has no such card.
    Declined,
    /// The answer is not encrypted to this question's key, or is no answer inside.
    Answer,
    /// What is wrong with the card it shows.
    Card(mdoc::Refusal),
}

impl PhoneCardRefusal {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "phone_card_declined",
            Self::Answer => "phone_card_answer",
            Self::Card(refusal) => refusal.as_str(),
        }
    }
}

impl std::fmt::Display for PhoneCardRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for PhoneCardRefusal {}

impl From<mdoc::Refusal> for PhoneCardRefusal {
    fn from(refusal: mdoc::Refusal) -> Self {
        Self::Card(refusal)
    }
}

/// A question put to a card in a phone, as the browser that asks needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneCardBegun {
    /// The question.
    pub id: PhoneCardQuestionId,
    /// What finds it: part of the link the wallet opens.
    pub token: String,
    /// What the asking browser keeps to claim the answer; nobody else is given it.
    pub secret: String,
    /// The first moment it is too late.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for PhoneCardBegun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PhoneCardBegun({})", self.id)
    }
}

/// A question as it was put, while its answer is looked at.
pub struct PhoneCardQuestion {
    pub(crate) id: PhoneCardQuestionId,
    pub(crate) card: AppId,
    pub(crate) token: String,
    pub(crate) nonce: String,
    pub(crate) key: ResponseKey,
    pub(crate) asker: Option<AccountId>,
    pub(crate) expires_at: Timestamp,
}

impl std::fmt::Debug for PhoneCardQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PhoneCardQuestion({})", self.id)
    }
}

/// What a card in a phone was found to say about a person; only [`PhoneCards::believe`](crate::PhoneCards::believe) gives it.
pub struct PhoneCardTold {
    pub(crate) items: jpki::FourItems,
    pub(crate) subject: Option<String>,
    pub(crate) valid_until: Timestamp,
    pub(crate) algorithm: &'static str,
}

impl std::fmt::Debug for PhoneCardTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneCardTold(…)")
    }
}

/// Where a question stands, for the browser that asked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCardState {
    /// The kind of card that was asked for.
    pub card: AppId,
    /// How far it has come.
    pub step: PhoneCardStep,
}

/// How far a question has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneCardStep {
    /// No answer yet.
    Waiting,
    /// The answer was refused, for this reason ([`crate::Error::code`]).
    Refused {
        /// The reason's code.
        code: String,
    },
    /// Answered and believed: [`claim_phone_card`](crate::claim_phone_card) gives the account, once, for what the phone was given.
    Ready,
}
