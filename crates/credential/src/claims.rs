//! What a card says: openly, and behind digests that the holder opens one by one.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cbor::{Reader, Unreadable, Writer};
use crate::{Error, HolderKey};

/// What the issuer says about a card. Nothing here is a secret of the resident: names and numbers go into [`Disclosure`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The town that issued it.
    pub town: TownCode,
    /// The card, as the town's records know it.
    pub card: CardId,
    /// The programme's id in the town pack, `child-medical`.
    pub programme: String,
    /// The entitlement's last day, if it has one.
    pub valid_until: Option<Date>,
    /// When it was signed; whole seconds.
    pub issued_at: Timestamp,
    /// When the signed card must have been renewed by; whole seconds, itself no longer valid.
    pub expires_at: Timestamp,
    /// Where its status is kept.
    pub status: StatusRef,
    /// The phone it is bound to.
    pub holder: HolderKey,
}

/// A place in a status list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusRef {
    /// The list's address, which is also its name. Short, as it is part of every QR code.
    pub uri: String,
    /// The entry.
    pub idx: u64,
}

/// One claim that stands in the card as a digest only, with what opens it.
///
/// The digest is SHA-256 over the CBOR of `[salt, value, name]`; without the salt nobody can guess a birth date from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    name: String,
    value: ClaimValue,
    encoded: Vec<u8>,
}

impl Disclosure {
    /// Makes a disclosure. The salt comes from a cryptographic source and is used once.
    pub fn new(salt: [u8; 16], name: impl Into<String>, value: impl Into<ClaimValue>) -> Self {
        let (name, value) = (name.into(), value.into());
        let mut writer = Writer::new();
        writer.array(3).bytes(&salt).value(&value).text(&name);
        Self { encoded: writer.done(), name, value }
    }

    /// Reads a disclosure from its CBOR.
    ///
    /// # Errors
    /// [`Unreadable`] if it is not `[salt of 16 bytes, value, name]` in deterministic form.
    pub fn read(encoded: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(encoded);
        if reader.array()? != 3 {
            return Err(Unreadable);
        }
        reader.bytes_of::<16>()?;
        let value = reader.value()?;
        let name = reader.text()?.to_owned();
        reader.end()?;
        Ok(Self { name, value, encoded: encoded.to_vec() })
    }

    /// The claim's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The claim's value.
    pub fn value(&self) -> &ClaimValue {
        &self.value
    }

    /// Its CBOR, as the phone keeps it beside the card.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// What stands in the card in its place.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.encoded).into()
    }
}

/// The value of a disclosed claim. Days are texts `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimValue {
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for ClaimValue {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<bool> for ClaimValue {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => truth.fmt(f),
            Self::Int(int) => int.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A local government code (全国地方公共団体コード): six digits, check digit included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TownCode([u8; 6]);

const ISSUER_PREFIX: &str = "urn:tegata:";

impl TownCode {
    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only digits are ever kept")
    }

    /// The issuer as a card names it.
    pub(crate) fn to_issuer(self) -> String {
        format!("{ISSUER_PREFIX}{self}")
    }

    pub(crate) fn from_issuer(issuer: &str) -> Option<Self> {
        issuer.strip_prefix(ISSUER_PREFIX)?.parse().ok()
    }
}

impl FromStr for TownCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match <[u8; 6]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(Error::BadTownCode),
        }
    }
}

impl TryFrom<String> for TownCode {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<TownCode> for String {
    fn from(code: TownCode) -> Self {
        code.to_string()
    }
}

impl fmt::Display for TownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TownCode({self})")
    }
}

/// The id of a card: the sixteen bytes of a UUID. Written with hyphens, as the cards' own ids are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardId(pub [u8; 16]);

impl fmt::Display for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardId({self})")
    }
}

impl FromStr for CardId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut digits = text.bytes().filter(|byte| *byte != b'-').map(|byte| char::from(byte).to_digit(16));
        let mut id = [0; 16];
        for byte in &mut id {
            let mut digit = || digits.next().flatten().ok_or(Error::BadCardId);
            *byte = (digit()? << 4 | digit()?) as u8; // two hexadecimal digits fit a byte
        }
        if digits.next().is_none() { Ok(Self(id)) } else { Err(Error::BadCardId) }
    }
}

impl TryFrom<String> for CardId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<CardId> for String {
    fn from(id: CardId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_id_is_written_as_a_uuid_and_read_back() {
        let text = "0192f3c4-5678-7abc-8def-0123456789ab";
        assert_eq!(text.parse::<CardId>().unwrap().to_string(), text);
        for wrong in ["", "0192f3c4", "0192f3c4-5678-7abc-8def-0123456789ab00", "g192f3c4-5678-7abc-8def-0123456789ab"] {
            assert_eq!(wrong.parse::<CardId>(), Err(Error::BadCardId), "{wrong}");
        }
    }

    #[test]
    fn a_town_code_is_six_digits() {
        assert_eq!("012345".parse::<TownCode>().unwrap().to_issuer(), "urn:tegata:012345");
        for wrong in ["", "12345", "1234567", "01234a", "０１２３４５"] {
            assert!(wrong.parse::<TownCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_disclosure_reads_back_and_two_salts_give_two_digests() {
        let disclosure = Disclosure::new([1; 16], "beneficiary_no", "1234567");
        assert_eq!(Disclosure::read(disclosure.encoded()), Ok(disclosure.clone()));
        assert_ne!(disclosure.digest(), Disclosure::new([2; 16], "beneficiary_no", "1234567").digest());
    }
}
