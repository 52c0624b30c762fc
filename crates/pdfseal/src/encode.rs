//! Reading and writing the few DER structures a signature is made of. Reading goes through the `der` crate's strict header.

use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Reader as _, SliceReader};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8: u8 = 0x0C;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xA0;
/// `[3]`, constructed.
pub(crate) const CONTEXT_3: u8 = 0xA3;

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length: &[u8] = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match (length, value.len()) {
        (_, 0) => out.push(0),
        (&[one], 1..=0x7F) => out.push(one),
        _ => {
            out.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(value);
    out
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// SET OF in the order DER wants.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(SET, &parts.concat())
}

pub(crate) fn oid(id: ObjectIdentifier) -> Vec<u8> {
    tlv(OID, id.as_bytes())
}

pub(crate) fn null() -> Vec<u8> {
    vec![0x05, 0x00]
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// UTCTime until 2049 and GeneralizedTime after (RFC 5652 section 11.3).
pub(crate) fn time(at: Timestamp) -> Vec<u8> {
    let civil = at.to_zoned(TimeZone::UTC);
    if (1950..2050).contains(&civil.year()) {
        tlv(UTC_TIME, civil.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        tlv(GENERALIZED_TIME, civil.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
    }
}

/// One element: its tag, its value and the whole of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Item<'a> {
    pub(crate) fn items(self) -> Items<'a> {
        Items(self.value)
    }

    pub(crate) fn time(self) -> Option<Timestamp> {
        let since = match self.tag {
            UTC_TIME => der::asn1::UtcTime::from_der(self.whole).ok()?.to_unix_duration(),
            GENERALIZED_TIME => der::asn1::GeneralizedTime::from_der(self.whole).ok()?.to_unix_duration(),
            _ => return None,
        };
        Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()
    }
}

/// Elements that follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items<'a>(pub(crate) &'a [u8]);

impl<'a> Items<'a> {
    /// The next element; none at the end or where there is no element.
    pub(crate) fn any(&mut self) -> Option<Item<'a>> {
        let tag = *self.0.first()?;
        let mut reader = SliceReader::new(self.0).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        let start = usize::try_from(reader.position()).ok()?;
        let length = usize::try_from(header.length()).ok()?;
        let end = start.checked_add(length).filter(|end| *end <= self.0.len())?;
        let item = Item { tag, value: &self.0[start..end], whole: &self.0[..end] };
        self.0 = &self.0[end..];
        Some(item)
    }

    /// The next element if it has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<Item<'a>> {
        if self.0.first() == Some(&tag) { self.any() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let whole = sequence(&[tlv(OCTET_STRING, &value), null()]);
            let mut items = Items(&whole).expect(SEQUENCE).expect("a sequence").items();
            prop_assert_eq!(items.expect(OCTET_STRING).expect("octets").value, &value[..]);
            prop_assert_eq!(items.any().map(|item| item.tag), Some(0x05));
            prop_assert!(items.any().is_none());
        }

        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut items = Items(&bytes);
            while let Some(item) = items.any() {
                let _ = item.time();
            }
        }
    }
}
