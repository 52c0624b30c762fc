//! Reading and writing DER by hand, where the structures are ours to shape (test CA, OCSP, CRL lists of a million entries).
//!
//! Reading goes through the `der` crate's strict header: definite, minimal lengths only.

use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Reader as _, SliceReader};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0A;
pub(crate) const UTF8: u8 = 0x0C;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const IA5: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Something was not the DER expected here; which part is said in words for the developer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

type Result<T> = std::result::Result<T, Malformed>;

/// One element: its tag byte, its value and the whole of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Item<'a> {
    /// The elements inside, read one after another.
    pub(crate) fn items(self) -> Items<'a> {
        Items { rest: self.value }
    }

    /// The value as a non-negative integer without its sign byte; DER's shortest form only.
    pub(crate) fn unsigned(self) -> Result<&'a [u8]> {
        match self.value {
            [] => Err(Malformed("empty integer")),
            [0x80..=0xFF, ..] => Err(Malformed("negative integer")),
            [0, next, ..] if *next < 0x80 => Err(Malformed("integer with a needless leading zero")),
            [0, rest @ ..] if !rest.is_empty() => Ok(rest),
            value => Ok(value),
        }
    }

    pub(crate) fn oid(self) -> Result<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.value).map_err(|_| Malformed("object identifier"))
    }

    /// The bytes of a BIT STRING that has no unused bits.
    pub(crate) fn whole_bits(self) -> Result<&'a [u8]> {
        match self.value {
            [0, bits @ ..] => Ok(bits),
            _ => Err(Malformed("bit string with unused bits")),
        }
    }

    /// A UTCTime or GeneralizedTime as DER writes them: seconds present, `Z`, no fraction.
    pub(crate) fn time(self) -> Result<Timestamp> {
        let duration = match self.tag {
            UTC_TIME => der::asn1::UtcTime::from_der(self.whole).map(|t| t.to_unix_duration()),
            GENERALIZED_TIME => der::asn1::GeneralizedTime::from_der(self.whole).map(|t| t.to_unix_duration()),
            _ => return Err(Malformed("time")),
        };
        let seconds = duration.map_err(|_| Malformed("time"))?.as_secs();
        i64::try_from(seconds).ok().and_then(|s| Timestamp::from_second(s).ok()).ok_or(Malformed("time"))
    }
}

/// A cursor over elements that follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Result<Item<'a>> {
        let tag = *self.rest.first().ok_or(Malformed("an element is missing"))?;
        let mut reader = SliceReader::new(self.rest).map_err(|_| Malformed("too long"))?;
        let header = Header::decode(&mut reader).map_err(|_| Malformed("element header"))?;
        let start = usize::try_from(reader.position()).map_err(|_| Malformed("element header"))?;
        let length = usize::try_from(header.length()).map_err(|_| Malformed("element header"))?;
        let end = start.checked_add(length).filter(|end| *end <= self.rest.len()).ok_or(Malformed("element longer than its holder"))?;
        let item = Item { tag, value: &self.rest[start..end], whole: &self.rest[..end] };
        self.rest = &self.rest[end..];
        Ok(item)
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Item<'a>> {
        let item = self.any()?;
        if item.tag == tag { Ok(item) } else { Err(Malformed("another element than expected")) }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Item<'a>>> {
        if self.rest.first() == Some(&tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    pub(crate) fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("trailing bytes")) }
    }
}

/// One outermost element of this tag with nothing behind it.
pub(crate) fn sole(bytes: &[u8], tag: u8) -> Result<Item<'_>> {
    let mut items = Items::new(bytes);
    let item = items.expect(tag)?;
    items.finish()?;
    Ok(item)
}

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match value.len() {
        n @ 0..=0x7F => out.push(n as u8),
        n @ 0x80..=0xFF => out.extend([0x81, n as u8]),
        n @ 0x100..=0xFFFF => out.extend([0x82, (n >> 8) as u8, n as u8]),
        n @ 0x1_0000..=0xFF_FFFF => out.extend([0x83, (n >> 16) as u8, (n >> 8) as u8, n as u8]),
        n => out.extend([0x84, (n >> 24) as u8, (n >> 16) as u8, (n >> 8) as u8, n as u8]),
    }
    out.extend_from_slice(value);
    out
}

pub(crate) fn seq<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tlv(SEQUENCE, &join(parts))
}

pub(crate) fn join<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.as_ref().iter().copied()).collect()
}

pub(crate) fn oid(id: ObjectIdentifier) -> Vec<u8> {
    tlv(OID, id.as_bytes())
}

/// A non-negative INTEGER from big-endian bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut trimmed = bytes;
    while let [0, rest @ ..] = trimmed {
        trimmed = rest;
    }
    match trimmed.first() {
        None => tlv(INTEGER, &[0]),
        Some(0x80..=0xFF) => tlv(INTEGER, &[&[0], trimmed].concat()),
        Some(_) => tlv(INTEGER, trimmed),
    }
}

pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, bytes)
}

pub(crate) fn null() -> Vec<u8> {
    vec![0x05, 0x00]
}

/// UTCTime until 2049 and GeneralizedTime after, as RFC 5280 section 4.1.2.5 asks.
pub(crate) fn time(at: Timestamp) -> Vec<u8> {
    let civil = at.to_zoned(TimeZone::UTC);
    if (1950..2050).contains(&civil.year()) {
        tlv(UTC_TIME, civil.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        generalized_time(at)
    }
}

pub(crate) fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(GENERALIZED_TIME, at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in proptest::collection::vec(any::<u8>(), 0..400), number in any::<u128>()) {
            let whole = seq(&[octets(&value), unsigned(&number.to_be_bytes())]);
            let mut items = sole(&whole, SEQUENCE).unwrap().items();
            prop_assert_eq!(items.expect(OCTET_STRING).unwrap().value, &value[..]);
            let bytes = items.expect(INTEGER).unwrap().unsigned().unwrap();
            prop_assert_eq!(bytes.iter().fold(0u128, |n, b| (n << 8) | u128::from(*b)), number);
            items.finish().unwrap();
        }

        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut items = Items::new(&bytes);
            while let Ok(item) = items.any() {
                let _ = (item.unsigned(), item.oid(), item.whole_bits(), item.time());
            }
        }
    }

    #[test]
    fn a_length_in_long_form_where_the_short_would_do_is_refused() {
        assert!(sole(&[0x30, 0x81, 0x01, 0x00], SEQUENCE).is_err());
        assert!(sole(&[0x30, 0x80, 0x00, 0x00], SEQUENCE).is_err());
        assert!(sole(&[0x30, 0x00, 0x00], SEQUENCE).is_err());
    }
}
