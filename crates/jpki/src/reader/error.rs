//! What can go wrong at a card, so that a terminal can say it in plain words.

use super::secret::{PinKind, Tries};
use crate::CertificateKind;
use crate::apdu::StatusWord;
use crate::text::TextError;

/// The link to the card failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No card lies on the reader.
    #[error("no card on the reader")]
    NoCard,
    /// The card was taken away.
    #[error("card was taken away")]
    Removed,
    /// The reader itself failed; the text is for the operator.
    #[error("reader failed: {0}")]
    Reader(String),
}

/// The form a secret must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinForm {
    /// Exactly four digits.
    FourDigits,
    /// 6 to 16 letters and digits.
    SixToSixteen,
    /// 32 hexadecimal digits.
    SixteenBytes,
}

/// Why the card could not be used. [`CardError::code`] names the sentence to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// No card lies on the reader.
    #[error("no card on the reader")]
    NoCard,
    /// The card was taken away before the end.
    #[error("card was taken away")]
    Removed,
    /// The reader failed; the text is for the operator.
    #[error("reader failed: {0}")]
    Reader(String),
    /// Another card: no 公的個人認証 application answers, or it is an old 住基カード.
    #[error("not a My Number Card")]
    NotThisCard,
    /// This token is real but lacks the application asked for (a phone has no face data, a card may have no town area).
    #[error("token does not have the {0} application")]
    NotOnThisToken(&'static str),
    /// There is no certificate of this kind on the card (a child's card has none for signing).
    #[error("card has no {} certificate", .0.as_str())]
    NoCertificate(CertificateKind),
    /// The secret does not have the form it must have; the card was not asked.
    #[error("{which:?} does not have the right form")]
    MalformedPin {
        /// Which secret.
        which: PinKind,
        /// The form it must have.
        form: PinForm,
    },
    /// The secret was wrong.
    #[error("{which:?} was wrong")]
    WrongPin {
        /// Which secret.
        which: PinKind,
        /// What is left.
        left: Tries,
    },
    /// No tries are left; only the municipal counter can help.
    #[error("{0:?} is blocked")]
    Blocked(PinKind),
    /// One try is left (or the card does not say) and nobody agreed to spend it; the card was not asked.
    #[error("one try left for {which:?}")]
    LastTry {
        /// Which secret.
        which: PinKind,
    },
    /// The secret has to be given first (a phone shows its certificate only then).
    #[error("{0:?} must be given first")]
    PinNeeded(PinKind),
    /// The card answered something that does not belong here.
    #[error("card answered {status} to {command}")]
    Status {
        /// What was asked.
        command: &'static str,
        /// What it said.
        status: StatusWord,
    },
    /// The card's bytes make no sense; what was read is told.
    #[error("card gave bytes that make no sense: {0}")]
    Garbled(&'static str),
    /// The four-information file is not well formed.
    #[error("four-information file cannot be read")]
    FourItems(#[from] TextError),
    /// The text to write does not fit.
    #[error("text does not fit the card")]
    DoesNotFit,
}

impl CardError {
    /// The stable code by which catalogues name the sentence to show.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCard => "no_card",
            Self::Removed => "removed",
            Self::Reader(_) => "reader_failed",
            Self::NotThisCard => "not_this_card",
            Self::NotOnThisToken(_) => "not_on_this_token",
            Self::NoCertificate(_) => "no_certificate",
            Self::MalformedPin { .. } => "malformed_pin",
            Self::WrongPin { .. } => "wrong_pin",
            Self::Blocked(_) => "blocked",
            Self::LastTry { .. } => "last_try",
            Self::PinNeeded(_) => "pin_needed",
            Self::Status { .. } | Self::Garbled(_) | Self::FourItems(_) => "card_answer",
            Self::DoesNotFit => "does_not_fit",
        }
    }
}

impl From<TransportError> for CardError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NoCard => Self::NoCard,
            TransportError::Removed => Self::Removed,
            TransportError::Reader(text) => Self::Reader(text),
        }
    }
}
