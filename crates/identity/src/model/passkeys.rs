//! Passkeys: whose they are, and how they are known again.

use std::fmt;
use std::str::FromStr;

use ::store::{AccountId, StaffId, text_enum};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use serde::{Deserialize, Deserializer, de};

use crate::Error;

::store::id!(CeremonyId, "A passkey ceremony between its beginning and its end.");

/// The longest credential id an authenticator makes (WebAuthn Level 3 section 4), in bytes.
const ID_BYTES_MAX: usize = 1023;

/// What an authenticator calls a passkey: its credential id, in base64url. No secret, but it stands in no log and no event either.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PasskeyId(String);

impl PasskeyId {
    /// The id behind the bytes an authenticator gave.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PasskeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::PasskeyNotFound)?;
        if bytes.is_empty() || bytes.len() > ID_BYTES_MAX { Err(Error::PasskeyNotFound) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Display for PasskeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&PasskeyId> for ::store::Value {
    fn from(id: &PasskeyId) -> Self {
        id.0.as_str().into()
    }
}

impl ::store::FromValue for PasskeyId {
    fn from_value(value: &::store::Value) -> Result<Self, String> {
        value.text()?.parse().map_err(|_| "not the id of a passkey".to_owned())
    }
}

impl<'de> Deserialize<'de> for PasskeyId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Whose a passkey is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasskeyOwner {
    /// A resident's.
    Holder(AccountId),
    /// A member of staff's.
    Staff(StaffId),
}

/// Which of the two: one browser may hold passkeys of both, and a resident's opens no console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnerKind {
    Holder,
    Staff,
}
text_enum!(OwnerKind { Holder = "holder", Staff = "staff" });

impl PasskeyOwner {
    pub(crate) fn new(kind: OwnerKind, bytes: [u8; 16]) -> Self {
        match kind {
            OwnerKind::Holder => Self::Holder(AccountId::from_bytes(bytes)),
            OwnerKind::Staff => Self::Staff(StaffId::from_bytes(bytes)),
        }
    }

    pub(crate) fn kind(self) -> OwnerKind {
        match self {
            Self::Holder(_) => OwnerKind::Holder,
            Self::Staff(_) => OwnerKind::Staff,
        }
    }

    /// What authenticators keep of the owner (the user handle).
    pub(crate) fn bytes(self) -> [u8; 16] {
        match self {
            Self::Holder(id) => id.bytes(),
            Self::Staff(id) => id.bytes(),
        }
    }

    /// The owner as the tables name it.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Holder(id) => id.to_string(),
            Self::Staff(id) => id.to_string(),
        }
    }
}

/// A passkey as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPasskey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub label: String,
    /// Since when.
    pub added_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
}

/// The browser's half of a passkey ceremony.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceremony {
    /// To be handed back with the answer.
    pub id: CeremonyId,
    /// What `navigator.credentials.create` or `.get` is called with (binary members in base64url).
    pub options: serde_json::Value,
}
