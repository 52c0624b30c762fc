//! What a card keeps: applications, files, secrets and their counters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::keys::PrivateKey;

/// A whole card, to be kept as JSON. Holds private keys and secrets in the clear: it is a test card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardState {
    /// What it plays.
    pub model: Model,
    /// The answer to reset over contacts.
    #[serde(with = "crate::hexes")]
    pub atr: Vec<u8>,
    /// What GET DATA gives in the power-on state, by its two parameter bytes.
    pub data_objects: BTreeMap<u16, HexBytes>,
    /// The applications.
    pub applications: Vec<Application>,
}

/// What a software card plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// マイナンバーカード.
    MyNumberCard,
    /// An Android phone: certificates only, the 利用者証明用 one behind its PIN.
    Android,
    /// An iPhone: certificates only.
    Iphone,
}

/// One application and its files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Application {
    /// Its identifier.
    #[serde(with = "crate::hexes")]
    pub aid: Vec<u8>,
    /// Its files by their two-byte identifier.
    pub files: BTreeMap<u16, File>,
    /// The key that signs without any secret and without being named (券面 applications).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_key: Option<PrivateKey>,
    /// Whether secrets are changed by `00 24 01 80` or by `80 32 00 80`.
    pub changes_by_24: bool,
}

/// One file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum File {
    /// Bytes in a row.
    Transparent {
        /// All of them, filler included.
        content: HexBytes,
        /// Who may read.
        read: Access,
        /// Who may write over them (only the town's own area).
        write: Access,
    },
    /// Numbered records, the first is 1.
    Records {
        /// Each with its two-byte head.
        records: Vec<HexBytes>,
        /// Who may read.
        read: Access,
    },
    /// A secret with its counter.
    Secret {
        /// The bytes it must equal.
        value: HexBytes,
        /// How many tries are left.
        left: u8,
        /// How many there are after a right one.
        most: u8,
        /// The form a new one must have.
        form: Form,
    },
    /// A private key.
    Key {
        /// The key.
        key: PrivateKey,
        /// The file of the secret that must have been shown.
        needs: u16,
    },
    /// A file that is there and does nothing but count as blocked (Text 0012) or be of no use (JPKI 0016).
    Closed {
        /// Whether it answers as a blocked secret.
        blocked_secret: bool,
    },
}

/// Who may read or write a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Anybody.
    Free,
    /// Who has shown one of these secrets.
    AnyOf(Vec<u16>),
    /// Nobody.
    Never,
}

/// The form of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Four digits.
    FourDigits,
    /// 6 to 16 of A-Z and 0-9.
    SixToSixteen,
    /// Given at issue, not to be changed.
    Fixed,
}

impl Form {
    pub(super) fn fits(self, value: &[u8]) -> bool {
        match self {
            Self::FourDigits => value.len() == 4 && value.iter().all(u8::is_ascii_digit),
            Self::SixToSixteen => {
                (6..=16).contains(&value.len()) && value.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            }
            Self::Fixed => false,
        }
    }
}

/// Bytes written as hexadecimal text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HexBytes(#[serde(with = "crate::hexes")] pub Vec<u8>);

impl std::fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
