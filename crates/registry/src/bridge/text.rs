//! The two encodings of exports: UTF-8 and Shift_JIS as Japanese Windows writes it (CP932).

use std::borrow::Cow;
use std::sync::OnceLock;

use encoding_rs::SHIFT_JIS;

/// How an export's bytes stand for characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Shift_JIS in the form of CP932 (with ①, №, 髙).
    ShiftJis,
}

pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

impl Encoding {
    /// Tells the encoding of a file: the byte order mark says UTF-8; else valid UTF-8 is UTF-8; else it is Shift_JIS,
    /// unless the header row alone is valid UTF-8 beyond ASCII, which makes the rest a damaged UTF-8 file.
    pub fn detect(file: &[u8]) -> Self {
        if file.starts_with(BOM) || simdutf8::basic::from_utf8(file).is_ok() {
            return Self::Utf8;
        }
        let header = &file[..memchr::memchr(b'\n', file).unwrap_or(file.len())];
        if !header.is_ascii() && std::str::from_utf8(header).is_ok() { Self::Utf8 } else { Self::ShiftJis }
    }

    /// Reads a cell; `None` when its bytes are not of this encoding.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::ShiftJis => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }
}

/// Says whether the bytes are whole CP932 characters, each of them assigned.
pub(crate) fn is_cp932(bytes: &[u8]) -> bool {
    let assigned = assigned_pairs();
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        rest = match first {
            0x80 => tail,
            0x00..=0x7f => match rest.first_chunk() {
                // As many of the next eight bytes as are ASCII, at once.
                Some(eight) => &rest[(u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080).trailing_zeros() as usize / 8..],
                None => tail,
            },
            0xa1..=0xdf => tail,
            _ => match tail {
                [second, tail @ ..] if assigned[usize::from(*first)][usize::from(*second) / 64] >> (second % 64) & 1 == 1 => tail,
                _ => return false,
            },
        };
    }
    true
}

/// Which two-byte sequences are characters, a bit for each, asked once from the decoder itself so that both can never differ.
fn assigned_pairs() -> &'static [[u64; 4]; 256] {
    static PAIRS: OnceLock<Box<[[u64; 4]; 256]>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let mut pairs = Box::new([[0; 4]; 256]);
        for first in (0x81..=0x9f_u8).chain(0xe0..=0xfc) {
            for second in 0x40..=0xfc_u8 {
                let pair = [first, second];
                // A lead byte before an ASCII byte it cannot join is an error that leaves the ASCII byte standing: not a pair.
                let decoded = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&pair);
                pairs[usize::from(first)][usize::from(second) / 64] |= u64::from(decoded.is_some()) << (second % 64);
            }
        }
        pairs
    })
}

/// Takes blanks, also the full-width one, from both ends.
pub(crate) fn trim(bytes: &[u8], encoding: Encoding) -> &[u8] {
    let wide: &[u8] = match encoding {
        Encoding::Utf8 => "\u{3000}".as_bytes(),
        Encoding::ShiftJis => b"\x81\x40",
    };
    let blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    if !blank(bytes.first()) && !blank(bytes.last()) && !bytes.starts_with(wide) && !bytes.ends_with(wide) {
        return bytes;
    }
    let mut rest = bytes;
    loop {
        let before = rest.len();
        rest = rest.trim_ascii();
        rest = rest.strip_prefix(wide).unwrap_or(rest);
        // The same two bytes may be the end of one Shift_JIS character and an "@": only pairs counted from the front tell.
        if rest.ends_with(wide) && (encoding == Encoding::Utf8 || ends_on_pair(rest)) {
            rest = &rest[..rest.len() - wide.len()];
        }
        if rest.len() == before {
            return rest;
        }
    }
}

/// Says whether the last two bytes of a Shift_JIS cell are one character.
fn ends_on_pair(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at + 2 < bytes.len() {
        at += match bytes[at] {
            0x81..=0x9f | 0xe0..=0xfc => 2,
            _ => 1,
        };
    }
    at + 2 == bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_encoding_is_told_from_the_bytes() {
        assert_eq!(Encoding::detect("宛名番号,氏名\n1,髙橋\n".as_bytes()), Encoding::Utf8);
        let (sjis, _, _) = SHIFT_JIS.encode("宛名番号,氏名\n1,髙橋①\n");
        assert_eq!(Encoding::detect(&sjis), Encoding::ShiftJis);
        let damaged = ["宛名番号,氏名\n1,".as_bytes(), b"\x8d\x82\n"].concat();
        assert_eq!(Encoding::detect(&damaged), Encoding::Utf8);
    }

    #[test]
    fn full_width_blanks_are_trimmed_without_cutting_a_character() {
        let (sjis, _, _) = SHIFT_JIS.encode("　髙橋　 ");
        let (name, _, _) = SHIFT_JIS.encode("髙橋");
        assert_eq!(trim(&sjis, Encoding::ShiftJis), &name[..]);
        // ア (0x83 0x41)… a character whose second byte is 0x81, followed by "@": 0x81 0x40 that is no blank.
        let tricky = b"\x83\x81@";
        assert_eq!(trim(tricky, Encoding::ShiftJis), tricky);
    }

    proptest! {
        #[test]
        fn the_table_and_the_decoder_agree(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(is_cp932(&bytes), Encoding::ShiftJis.decode(&bytes).is_some());
        }
    }
}
