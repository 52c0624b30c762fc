//! The four-information file of the card (券面事項入力補助 EF 0002): tags of two bytes, read by tag and strictly.

use crate::four::{FourItems, MAX_ADDRESS_CHARS, MAX_NAME_CHARS, PartialDate, Sex};

/// Why the file does not give four items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A tag or length is not well formed, overlaps, or something follows that does not belong.
    #[error("four-information file is not well formed")]
    Structure,
    /// A part is missing.
    #[error("part {0:04X} of the four-information file is missing")]
    Missing(u16),
    /// A part stands there twice.
    #[error("part {0:04X} of the four-information file stands there twice")]
    Twice(u16),
    /// A part does not hold what it should.
    #[error("part {0:04X} of the four-information file is not what it should be")]
    Value(u16),
}

/// The four items of the file, without filler.
///
/// They are covered by no signature a third party can check: treat them as what the reader says.
///
/// # Errors
/// [`TextError`] for anything but exactly one `FF20` with name, address, birth and sex, each once, and at most the offset table besides.
pub fn parse_four_items(file: &[u8]) -> Result<FourItems, TextError> {
    let (tag, body, rest) = element(file)?;
    if tag != 0xFF20 || !rest.is_empty() {
        return Err(TextError::Structure);
    }
    let mut parts: [Option<&[u8]>; 5] = [None; 5];
    let mut left = body;
    while !left.is_empty() {
        let (tag, value, rest) = element(left)?;
        let Some(slot) = tag.checked_sub(0xDF21).and_then(|n| parts.get_mut(usize::from(n))) else {
            return Err(TextError::Structure);
        };
        if slot.replace(value).is_some() {
            return Err(TextError::Twice(tag));
        }
        left = rest;
    }
    let part = |tag: u16| parts[usize::from(tag - 0xDF21)].ok_or(TextError::Missing(tag));
    let text = |tag: u16, most: usize| {
        let text = std::str::from_utf8(part(tag)?).map_err(|_| TextError::Value(tag))?;
        if text.is_empty() || text.chars().count() > most { Err(TextError::Value(tag)) } else { Ok(text.to_owned()) }
    };
    let birth = std::str::from_utf8(part(0xDF24)?).ok().and_then(PartialDate::parse).ok_or(TextError::Value(0xDF24))?;
    Ok(FourItems {
        name: text(0xDF22, MAX_NAME_CHARS)?,
        address: text(0xDF23, MAX_ADDRESS_CHARS)?,
        date_of_birth: birth,
        sex: Sex::from_code(part(0xDF25)?).ok_or(TextError::Value(0xDF25))?,
        name_has_substitutes: false,
        address_has_substitutes: false,
    })
}

/// The length of the one element a file starts with, header included; for reading a file up to its filler.
pub(crate) fn whole_length(head: &[u8]) -> Option<usize> {
    let (length, used) = length(head.get(2..)?)?;
    Some(2 + used + length)
}

/// The tag, value and remainder of the element at the front.
fn element(bytes: &[u8]) -> Result<(u16, &[u8], &[u8]), TextError> {
    let tag = bytes.get(..2).map(|tag| u16::from_be_bytes([tag[0], tag[1]])).ok_or(TextError::Structure)?;
    let (length, used) = length(&bytes[2..]).ok_or(TextError::Structure)?;
    let value = bytes.get(2 + used..2 + used + length).ok_or(TextError::Structure)?;
    Ok((tag, value, &bytes[2 + used + length..]))
}

/// A definite length of one, two or three bytes and how many bytes it took.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes {
        [n @ 0..=0x7F, ..] => Some((usize::from(n), 1)),
        [0x81, n, ..] => Some((usize::from(n), 2)),
        [0x82, high, low, ..] => Some((usize::from(u16::from_be_bytes([high, low])), 3)),
        _ => None,
    }
}

/// The file for four items, as a card holds it.
pub(crate) fn write_four_items(items: &FourItems) -> Vec<u8> {
    let part = element_bytes;
    let parts = [
        part(0xDF22, items.name.as_bytes()),
        part(0xDF23, items.address.as_bytes()),
        part(0xDF24, items.date_of_birth.to_string().as_bytes()),
        part(0xDF25, items.sex.code().as_bytes()),
    ];
    let inner: usize = 11 + parts.iter().map(Vec::len).sum::<usize>();
    let mut offset = 2 + length_bytes(inner).len() + 11;
    let mut table = Vec::new();
    for part in &parts {
        table.extend((offset as u16).to_be_bytes());
        offset += part.len();
    }
    let body = [part(0xDF21, &table), parts.concat()].concat();
    part(0xFF20, &body)
}

/// One element as the card's files write it.
pub(crate) fn element_bytes(tag: u16, value: &[u8]) -> Vec<u8> {
    [&tag.to_be_bytes()[..], &length_bytes(value.len()), value].concat()
}

fn length_bytes(length: usize) -> Vec<u8> {
    match length {
        n @ 0..=0x7F => vec![n as u8],
        n @ 0x80..=0xFF => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIXTURE: &[u8] = include_bytes!("../tests/fixtures/text-0002.bin");

    #[test]
    fn the_file_of_a_test_card_is_read() {
        let items = parse_four_items(FIXTURE).unwrap();
        assert_eq!(items.name, "黒桐　幹也");
        assert_eq!(items.address, "東京都清瀬市観布子南１２－７－２０２");
        assert_eq!(items.date_of_birth.to_string(), "19800217");
        assert_eq!(items.sex, Sex::Male);
        assert_eq!(whole_length(FIXTURE), Some(FIXTURE.len()));
        assert_eq!(write_four_items(&items), FIXTURE, "a file we write is byte for byte the card's");
    }

    #[test]
    fn trailing_and_overlapping_lengths_are_refused() {
        assert_eq!(parse_four_items(&[FIXTURE, &[0xFF]].concat()).unwrap_err(), TextError::Structure);
        assert_eq!(parse_four_items(&FIXTURE[..FIXTURE.len() - 1]).unwrap_err(), TextError::Structure);
        let mut overlapping = FIXTURE.to_vec();
        overlapping[FIXTURE.len() - 2] = 2;
        assert_eq!(parse_four_items(&overlapping).unwrap_err(), TextError::Structure);
        let mut twice = FIXTURE.to_vec();
        twice[2] += 4;
        twice.extend([0xDF, 0x25, 0x01, b'2']);
        assert_eq!(parse_four_items(&twice).unwrap_err(), TextError::Twice(0xDF25));
    }

    #[test]
    fn parts_are_found_by_tag_and_not_by_the_offset_table() {
        let mut wrong_table = FIXTURE.to_vec();
        wrong_table[6..14].fill(0);
        assert!(parse_four_items(&wrong_table).unwrap() == parse_four_items(FIXTURE).unwrap());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), change in 0usize..104, to in any::<u8>()) {
            let _ = parse_four_items(&bytes);
            let mut altered = FIXTURE.to_vec();
            altered[change] = to;
            let _ = parse_four_items(&altered);
        }

        #[test]
        fn what_is_written_reads_back(name in "[ぁ-ん]{1,60}", address in "[ァ-ヶ]{1,300}", day in 1i8..29) {
            let items = FourItems {
                name, address, date_of_birth: PartialDate::parse(&format!("199005{day:02}")).unwrap(), sex: Sex::Female,
                name_has_substitutes: false, address_has_substitutes: false,
            };
            prop_assert!(parse_four_items(&write_four_items(&items)).unwrap() == items);
        }
    }
}
