//! Which cards have ended: a Token Status List (draft-ietf-oauth-status-list) as a signed CWT.
//!
//! One entry of one or two bits per card, thousands in a few hundred bytes; the index says nothing about the person, as it is
//! drawn at random, and whoever fetches the list does not tell which card they look at.

use jiff::Timestamp;

use crate::cbor::{Reader, Unreadable, Writer};
use crate::cose::{self, Header, Sign1};
use crate::credential::read_moment;
use crate::{Error, IssuerPublicKey, Kid, Signature};

/// The type in the protected header (RFC 9596), so that no card is ever taken for a list.
const TYP: &str = "application/statuslist+cwt";
const SUB: i64 = 2;
const EXP: i64 = 4;
const IAT: i64 = 6;
const STATUS_LIST: i64 = 65533;
const TTL: i64 = 65534;
/// A list for sixty-four million cards. Anything larger is not ours and is not unpacked.
const MAX_ENTRY_BYTES: usize = 16 << 20;

/// The status of one card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// In force.
    Valid,
    /// Ended for good.
    Invalid,
    /// Not in force for now; needs two bits.
    Suspended,
    /// The phone it is on was ended (the draft's application-specific value 3); needs two bits.
    PhoneEnded,
}

impl Status {
    fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::PhoneEnded => 3,
        }
    }
}

/// How wide an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusBits {
    /// Valid or invalid.
    One,
    /// All four.
    Two,
}

impl StatusBits {
    fn width(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// A status list, in the open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    uri: String,
    bits: StatusBits,
    entries: Vec<u8>,
}

impl StatusList {
    /// A list where every entry is valid. The number of entries is rounded up to whole bytes; a list never grows, as its
    /// length would tell how many cards there are.
    pub fn new(uri: impl Into<String>, bits: StatusBits, entries: u64) -> Self {
        let bytes = entries.saturating_mul(bits.width()).div_ceil(8).min(MAX_ENTRY_BYTES as u64) as usize; // bounded
        Self { uri: uri.into(), bits, entries: vec![0; bytes] }
    }

    /// Its address, as the cards name it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// How many entries it has.
    pub fn entries(&self) -> u64 {
        self.entries.len() as u64 * 8 / self.bits.width()
    }

    /// How many bits an entry has, and all entries compressed (ZLIB), as a token of either form carries them.
    #[cfg(feature = "native")]
    pub(crate) fn packed(&self) -> (u64, Vec<u8>) {
        (self.bits.width(), miniz_oxide::deflate::compress_to_vec_zlib(&self.entries, 9))
    }

    /// A list as a token of either form carries it; nothing when it is none, or unpacks to more than any town needs.
    pub(crate) fn unpacked(uri: &str, bits: u64, packed: &[u8]) -> Option<Self> {
        let bits = match bits {
            1 => StatusBits::One,
            2 => StatusBits::Two,
            _ => return None,
        };
        let entries = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, MAX_ENTRY_BYTES).ok()?;
        Some(Self { uri: uri.to_owned(), bits, entries })
    }

    fn place(&self, idx: u64) -> Option<(usize, u64)> {
        let at = idx.checked_mul(self.bits.width())?;
        let byte = usize::try_from(at / 8).ok().filter(|byte| *byte < self.entries.len())?;
        Some((byte, at % 8)) // the least significant bit comes first
    }

    /// The status of an entry, nothing beyond the end.
    pub fn get(&self, idx: u64) -> Option<Status> {
        let (byte, shift) = self.place(idx)?;
        let value = self.entries[byte] >> shift;
        Some(match (self.bits, value & 3) {
            (StatusBits::One, value) if value & 1 == 0 => Status::Valid,
            (StatusBits::One, _) => Status::Invalid,
            (StatusBits::Two, 0) => Status::Valid,
            (StatusBits::Two, 1) => Status::Invalid,
            (StatusBits::Two, 2) => Status::Suspended,
            (StatusBits::Two, _) => Status::PhoneEnded,
        })
    }

    /// Sets the status of an entry.
    ///
    /// # Errors
    /// [`Error::NoSuchEntry`] beyond the end; [`Error::StatusTooWide`] if one bit cannot say it.
    pub fn set(&mut self, idx: u64, status: Status) -> Result<(), Error> {
        if self.bits == StatusBits::One && status.value() > 1 {
            return Err(Error::StatusTooWide);
        }
        let (byte, shift) = self.place(idx).ok_or(Error::NoSuchEntry(idx))?;
        let mask = ((1u8 << self.bits.width()) - 1) << shift;
        self.entries[byte] = self.entries[byte] & !mask | status.value() << shift;
        Ok(())
    }
}

/// A status list before its signature.
#[derive(Debug, Clone)]
pub struct UnsignedStatusToken {
    protected: Vec<u8>,
    payload: Vec<u8>,
}

impl UnsignedStatusToken {
    /// Writes a list's token: signed at `issued_at`, of no use from `expires_at` on, worth fetching again after `ttl_s` seconds.
    ///
    /// # Errors
    /// [`Error::BadMoment`] for a moment before 1970.
    pub fn new(
        issuer: &IssuerPublicKey,
        list: &StatusList,
        issued_at: Timestamp,
        expires_at: Timestamp,
        ttl_s: u64,
    ) -> Result<Self, Error> {
        if issued_at.as_second() < 0 || expires_at.as_second() < 0 {
            return Err(Error::BadMoment);
        }
        let mut writer = Writer::new();
        writer.map(5).int(SUB).text(&list.uri).int(EXP).int(expires_at.as_second()).int(IAT).int(issued_at.as_second());
        // "lst" stands before "bits": deterministic order goes by the encoded keys, shorter first
        writer.int(STATUS_LIST).map(2).text("lst").bytes(&miniz_oxide::deflate::compress_to_vec_zlib(&list.entries, 9));
        writer.text("bits").unsigned(list.bits.width()).int(TTL).unsigned(ttl_s);
        Ok(Self { protected: Header { kid: Some(issuer.kid()), typ: Some(TYP) }.encode(), payload: writer.done() })
    }

    /// The bytes to sign.
    pub fn to_be_signed(&self) -> Vec<u8> {
        cose::signed_bytes(&self.protected, &self.payload)
    }

    /// The token, media type `application/statuslist+cwt`.
    pub fn with(&self, signature: &Signature) -> Vec<u8> {
        cose::assemble(&self.protected, &self.payload, signature)
    }
}

/// A status list token, read. Whoever read it has still to check its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusToken {
    /// The key it says it is signed by.
    pub kid: Kid,
    /// The list.
    pub list: StatusList,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// From when on it must not be used.
    pub expires_at: Timestamp,
    /// After how many seconds to fetch it again.
    pub ttl_s: u64,
    signed: Vec<u8>,
    signature: Signature,
}

impl StatusToken {
    /// Reads a token.
    ///
    /// # Errors
    /// [`Unreadable`] if it is not one status list of our form, or unpacks to more than any town needs.
    pub fn read(encoded: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(encoded);
        let token = Sign1::read(&mut reader)?;
        reader.end()?;
        let Header { kid: Some(kid), typ: Some(TYP) } = Header::read(token.protected)? else { return Err(Unreadable) };
        let mut claims = Reader::new(token.payload);
        if claims.map()? != 5 {
            return Err(Unreadable);
        }
        claims.key(SUB)?;
        let uri = claims.text()?;
        claims.key(EXP)?;
        let expires_at = read_moment(&mut claims)?;
        claims.key(IAT)?;
        let issued_at = read_moment(&mut claims)?;
        claims.key(STATUS_LIST)?;
        let list = read_list(uri, &mut claims)?;
        claims.key(TTL)?;
        let ttl_s = claims.unsigned()?;
        claims.end()?;
        Ok(Self { kid, list, issued_at, expires_at, ttl_s, signed: token.signed_bytes(), signature: token.signature })
    }

    /// The bytes the town signed, and its signature.
    pub fn signed(&self) -> (&[u8], &Signature) {
        (&self.signed, &self.signature)
    }
}

fn read_list(uri: &str, claims: &mut Reader<'_>) -> Result<StatusList, Unreadable> {
    if claims.map()? != 2 {
        return Err(Unreadable);
    }
    claims.text_key("lst")?;
    let packed = claims.bytes()?;
    claims.text_key("bits")?;
    StatusList::unpacked(uri, claims.unsigned()?, packed).ok_or(Unreadable)
}

/// Draws a free index of a list with `entries` entries. `random` gives evenly spread numbers from a cryptographic source,
/// `taken` says whether an index is given away: it stays so until no list that is still good can speak of the card that had it.
///
/// Nothing if the list is full. Lists are best kept at most half full, then two draws suffice on average.
pub fn allocate_index(entries: u64, mut random: impl FnMut() -> u64, mut taken: impl FnMut(u64) -> bool) -> Option<u64> {
    const DRAWS: usize = 64;
    if entries == 0 {
        return None;
    }
    // the high half of the product is evenly spread over the entries, up to 2^-32 for any list that fits into memory
    let mut draw = || ((u128::from(random()) * u128::from(entries)) >> 64) as u64;
    for _ in 0..DRAWS {
        let idx = draw();
        if !taken(idx) {
            return Some(idx);
        }
    }
    // all but full: go round once from a last random place
    let start = draw();
    (start..entries).chain(0..start).find(|idx| !taken(*idx))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_draft_hold() {
        // draft-ietf-oauth-status-list, section 4: bytes 0xB9 0xA3 with one bit; 0xC9 0x44 0xF9 with two
        let one = StatusList { uri: String::new(), bits: StatusBits::One, entries: vec![0xb9, 0xa3] };
        let bits: Vec<_> = (0..16).map(|i| one.get(i).unwrap().value()).collect();
        assert_eq!(bits, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
        assert_eq!(one.get(16), None);
        let two = StatusList { uri: String::new(), bits: StatusBits::Two, entries: vec![0xc9, 0x44, 0xf9] };
        let bits: Vec<_> = (0..12).map(|i| two.get(i).unwrap().value()).collect();
        assert_eq!(bits, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    }

    #[test]
    fn an_index_is_drawn_even_when_one_place_is_left() {
        let mut seed = 7u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed
        };
        assert_eq!(allocate_index(1000, &mut random, |idx| idx != 617), Some(617));
        assert_eq!(allocate_index(1000, &mut random, |_| true), None);
        assert_eq!(allocate_index(0, &mut random, |_| false), None);
        assert_eq!(allocate_index(u64::MAX, || u64::MAX, |_| false), Some(u64::MAX - 1));
    }

    #[test]
    fn entries_beyond_the_end_and_statuses_too_wide_are_refused() {
        let mut list = StatusList::new("u", StatusBits::One, 9);
        assert_eq!(list.entries(), 16);
        assert_eq!(list.set(16, Status::Invalid), Err(Error::NoSuchEntry(16)));
        assert_eq!(list.set(u64::MAX, Status::Invalid), Err(Error::NoSuchEntry(u64::MAX)));
        assert_eq!(list.set(0, Status::Suspended), Err(Error::StatusTooWide));
    }

    proptest! {
        #[test]
        fn setting_one_entry_leaves_the_others(changes in prop::collection::vec((0u64..100, 0usize..4), 0..60), two: bool) {
            let all = [Status::Valid, Status::Invalid, Status::Suspended, Status::PhoneEnded];
            let (bits, kinds) = if two { (StatusBits::Two, 4) } else { (StatusBits::One, 2) };
            let mut list = StatusList::new("u", bits, 100);
            let mut expected = [Status::Valid; 100];
            for (idx, kind) in changes {
                let status = all[kind % kinds];
                list.set(idx, status).unwrap();
                expected[idx as usize] = status;
            }
            for (idx, status) in expected.iter().enumerate() {
                prop_assert_eq!(list.get(idx as u64), Some(*status));
            }
        }
    }
}
