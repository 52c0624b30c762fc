//! Signed cards, presentations and status lists: what a phone holds, what a verifier scans, and the one decision about both.
//!
//! Pure: no I/O, no clock, no chance of its own (salts, nonces and the time are passed in; only the signing library draws its own
//! numbers, as ECDSA must). With the feature `native` (the default) signatures are made and checked by `aws-lc-rs`; without it,
//! in the browser, they are answered from outside and the crate carries no signature code at all. `docs/credential.md` has the format.

pub mod base45;
pub mod cbor;
mod claims;
mod cose;
mod credential;
pub mod holder;
mod key;
#[cfg(feature = "native")]
mod native;
pub mod offline;
mod presentation;
mod refusal;
#[cfg(feature = "native")]
pub mod sdjwt;
mod status;
mod verify;
#[cfg(feature = "native")]
pub mod workload;

pub use cbor::Unreadable;
pub use claims::{CardId, ClaimValue, Claims, Disclosure, StatusRef, TownCode};
pub use cose::Signature;
pub use credential::{Credential, Held, Unsigned};
pub use key::{HolderKey, IssuerPublicKey, Jwk, Kid, PublicKey};
#[cfg(feature = "native")]
pub use native::{IssuerKey, PhoneKey, Verifier, answer, issue};
pub use offline::{Accepted, Knowledge, OfflineDecision, Place};
pub use presentation::{MAX_TEXT_BYTES, PREFIX, Presentation};
pub use refusal::{NotEntitled, Refusal};
pub use status::{Status, StatusBits, StatusList, StatusToken, UnsignedStatusToken, allocate_index};
pub use verify::{Checked, NONCE_BYTES, Policy, Replay, Scene, Seen, Signatures, judge};

/// What can be wrong with keys and cards as this room is given them. What is wrong with a presentation is a [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a key on P-256 in the form asked for.
    #[error("not an elliptic-curve key on P-256")]
    BadKey,
    /// The signing library refused; only a broken key or machine brings this about.
    #[error("signing failed")]
    Signing,
    /// Not six digits.
    #[error("a local government code has six digits, check digit included")]
    BadTownCode,
    /// Not sixteen bytes in hexadecimal.
    #[error("a card id is sixteen bytes in hexadecimal")]
    BadCardId,
    /// The bytes are not a credential, a disclosure or a status list of ours.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A text is not base64url without padding.
    #[error("not base64url")]
    BadBase64,
    /// A moment before 1970 or beyond the calendar.
    #[error("a moment outside the calendar")]
    BadMoment,
    /// The same name twice among the disclosures of one card.
    #[error("the claim {0} stands twice")]
    DuplicateClaim(String),
    /// An index beyond the end of the status list.
    #[error("the status list has no entry {0}")]
    NoSuchEntry(u64),
    /// A status that needs more bits than the list has for an entry.
    #[error("the status does not fit into the list's bits")]
    StatusTooWide,
}
