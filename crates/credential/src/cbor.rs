//! The little of CBOR (RFC 8949) the cards need, read and written in one way only.
//!
//! Deterministic encoding (section 4.2.1): shortest heads, definite lengths. The reader refuses everything the writer would not
//! write, so that two different byte strings never mean the same card.

/// The text was not CBOR of the expected shape, or not in its one deterministic form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the expected deterministic cbor")]
pub struct Unreadable;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// Reads one item after the other from a slice.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How far the reader has come, in bytes.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// What was read since a position.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    /// Refuses trailing bytes.
    pub(crate) fn end(&self) -> Result<(), Unreadable> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(Unreadable) }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Unreadable> {
        let end = self.at.checked_add(len).ok_or(Unreadable)?;
        let taken = self.bytes.get(self.at..end).ok_or(Unreadable)?;
        self.at = end;
        Ok(taken)
    }

    /// The next item's major type, without reading it.
    fn major(&self) -> Option<u8> {
        self.bytes.get(self.at).map(|b| b >> 5)
    }

    fn head(&mut self) -> Result<(u8, u64), Unreadable> {
        let first = self.take(1)?[0];
        let (len, least) = match first & 0x1f {
            short @ 0..24 => return Ok((first >> 5, u64::from(short))),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(Unreadable), // 31 is an indefinite length, the others are reserved
        };
        let value = self.take(len)?.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        if value < least {
            return Err(Unreadable); // a shorter head would have done
        }
        Ok((first >> 5, value))
    }

    fn expect(&mut self, major: u8) -> Result<u64, Unreadable> {
        match self.head()? {
            (found, value) if found == major => Ok(value),
            _ => Err(Unreadable),
        }
    }

    fn expect_len(&mut self, major: u8) -> Result<usize, Unreadable> {
        usize::try_from(self.expect(major)?).map_err(|_| Unreadable)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Unreadable> {
        self.expect(UNSIGNED)
    }

    pub(crate) fn int(&mut self) -> Result<i64, Unreadable> {
        match self.head()? {
            (UNSIGNED, value) => i64::try_from(value).map_err(|_| Unreadable),
            (NEGATIVE, value) => i64::try_from(value).map(|v| -1 - v).map_err(|_| Unreadable),
            _ => Err(Unreadable),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Unreadable> {
        let len = self.expect_len(BYTES)?;
        self.take(len)
    }

    pub(crate) fn bytes_of<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        self.bytes()?.try_into().map_err(|_| Unreadable)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Unreadable> {
        let len = self.expect_len(TEXT)?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Unreadable)
    }

    /// The number of items of an array. Not more than there are bytes left.
    pub(crate) fn array(&mut self) -> Result<usize, Unreadable> {
        let len = self.expect_len(ARRAY)?;
        if len > self.bytes.len() - self.at { Err(Unreadable) } else { Ok(len) }
    }

    /// The number of pairs of a map.
    pub(crate) fn map(&mut self) -> Result<usize, Unreadable> {
        self.expect_len(MAP)
    }

    pub(crate) fn tag(&mut self, tag: u64) -> Result<(), Unreadable> {
        if self.expect(TAG)? == tag { Ok(()) } else { Err(Unreadable) }
    }

    /// Reads exactly this key.
    pub(crate) fn key(&mut self, key: i64) -> Result<(), Unreadable> {
        if self.int()? == key { Ok(()) } else { Err(Unreadable) }
    }

    /// Reads exactly this text key.
    pub(crate) fn text_key(&mut self, key: &str) -> Result<(), Unreadable> {
        if self.text()? == key { Ok(()) } else { Err(Unreadable) }
    }

    /// Reads the key if it comes next; leaves the reader where it is if another does.
    pub(crate) fn optional_key(&mut self, key: i64) -> bool {
        let before = self.at;
        let found = self.key(key).is_ok();
        if !found {
            self.at = before;
        }
        found
    }

    /// Reads a text, an integer or a truth value.
    pub(crate) fn value(&mut self) -> Result<crate::ClaimValue, Unreadable> {
        use crate::ClaimValue;
        match self.major().ok_or(Unreadable)? {
            TEXT => Ok(ClaimValue::Text(self.text()?.to_owned())),
            UNSIGNED | NEGATIVE => Ok(ClaimValue::Int(self.int()?)),
            SIMPLE => match self.take(1)?[0] {
                0xf4 => Ok(ClaimValue::Bool(false)),
                0xf5 => Ok(ClaimValue::Bool(true)),
                _ => Err(Unreadable),
            },
            _ => Err(Unreadable),
        }
    }
}

/// Writes items one after the other. The caller writes map keys in their deterministic order.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Nothing written yet.
    pub fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    /// Gives what was written.
    pub fn done(self) -> Vec<u8> {
        self.0
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let major = major << 5;
        let bytes = value.to_be_bytes();
        match value {
            0..24 => self.0.push(major | bytes[7]),
            24..0x100 => self.0.extend([major | 24, bytes[7]]),
            0x100..0x1_0000 => {
                self.0.push(major | 25);
                self.0.extend(&bytes[6..]);
            }
            0x1_0000..0x1_0000_0000 => {
                self.0.push(major | 26);
                self.0.extend(&bytes[4..]);
            }
            _ => {
                self.0.push(major | 27);
                self.0.extend(bytes);
            }
        }
        self
    }

    /// Writes an integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        // -1 - value cannot overflow for a negative value, and !value is just that
        if value >= 0 { self.head(UNSIGNED, value as u64) } else { self.head(NEGATIVE, !value as u64) }
    }

    /// Writes an unsigned integer.
    pub fn unsigned(&mut self, value: u64) -> &mut Self {
        self.head(UNSIGNED, value)
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(BYTES, value.len() as u64);
        self.raw(value)
    }

    /// Writes a text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.head(TEXT, value.len() as u64);
        self.raw(value.as_bytes())
    }

    /// Begins an array of so many items.
    pub fn array(&mut self, len: usize) -> &mut Self {
        self.head(ARRAY, len as u64)
    }

    /// Begins a map of so many pairs.
    pub fn map(&mut self, pairs: usize) -> &mut Self {
        self.head(MAP, pairs as u64)
    }

    /// Writes a tag.
    pub fn tag(&mut self, tag: u64) -> &mut Self {
        self.head(TAG, tag)
    }

    /// Appends bytes that are CBOR already.
    pub fn raw(&mut self, encoded: &[u8]) -> &mut Self {
        self.0.extend_from_slice(encoded);
        self
    }

    pub(crate) fn value(&mut self, value: &crate::ClaimValue) -> &mut Self {
        match value {
            crate::ClaimValue::Text(text) => self.text(text),
            crate::ClaimValue::Int(int) => self.int(*int),
            crate::ClaimValue::Bool(truth) => self.raw(&[if *truth { 0xf5 } else { 0xf4 }]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_the_heads_of_rfc_8949_appendix_a() {
        for (value, hex) in [
            (0i64, "00"),
            (23, "17"),
            (24, "1818"),
            (255, "18ff"),
            (256, "190100"),
            (1_000_000, "1a000f4240"),
            (1_000_000_000_000, "1b000000e8d4a51000"),
            (-1, "20"),
            (-100, "3863"),
            (-1000, "3903e7"),
            (i64::MIN, "3b7fffffffffffffff"),
        ] {
            let mut writer = Writer::new();
            writer.int(value);
            let bytes = writer.done();
            assert_eq!(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>(), hex);
            assert_eq!(Reader::new(&bytes).int(), Ok(value));
        }
    }

    #[test]
    fn longer_heads_than_needed_are_refused() {
        for bytes in [&[0x18, 0x17][..], &[0x19, 0, 0xff], &[0x1a, 0, 0, 0xff, 0xff], &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(Reader::new(bytes).unsigned(), Err(Unreadable));
        }
    }

    #[test]
    fn indefinite_lengths_and_texts_that_are_not_utf_8_are_refused() {
        assert!(Reader::new(&[0x5f, 0x41, 0, 0xff]).bytes().is_err());
        assert!(Reader::new(&[0x9f, 0xff]).array().is_err());
        assert!(Reader::new(&[0xbf, 0xff]).map().is_err());
        assert!(Reader::new(&[0x61, 0xff]).text().is_err());
    }

    #[test]
    fn a_huge_length_is_refused_before_anything_is_reserved() {
        assert!(Reader::new(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).bytes().is_err());
        assert!(Reader::new(&[0x9a, 0xff, 0xff, 0xff, 0xff, 0]).array().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(int: i64, bytes: Vec<u8>, text: String) {
            let mut writer = Writer::new();
            writer.array(3).int(int).bytes(&bytes).text(&text);
            let written = writer.done();
            let mut reader = Reader::new(&written);
            prop_assert_eq!(reader.array(), Ok(3));
            prop_assert_eq!(reader.int(), Ok(int));
            prop_assert_eq!(reader.bytes(), Ok(&bytes[..]));
            prop_assert_eq!(reader.text(), Ok(&text[..]));
            prop_assert!(reader.end().is_ok());
        }
    }
}
