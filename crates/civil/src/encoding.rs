use encoding_rs::SHIFT_JIS;
use serde::{Deserialize, Serialize};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// How a text file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 with a byte-order mark.
    Utf8Bom,
    /// Shift_JIS as Windows writes it, with its own characters (①, 髙, ～).
    Cp932,
}

impl TextEncoding {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 (BOM)",
            Self::Cp932 => "Shift_JIS (CP932)",
        }
    }
}

/// Why the bytes of a file are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Neither UTF-8 nor Shift_JIS.
    #[error("line {line} is neither UTF-8 nor Shift_JIS")]
    Encoding {
        /// The first line that cannot be read, from 1.
        line: u32,
    },
    /// UTF-8 that ends inside a character: half a file.
    #[error("the file ends in the middle of line {line}")]
    Truncated {
        /// Where it ends, from 1.
        line: u32,
    },
}

/// Reads the characters of a file, decided for each file anew, since one office's files may be of three kinds: with a byte-order mark UTF-8, else UTF-8 if
/// it is, else CP932 (Shift_JIS with the characters Windows adds).
///
/// # Errors
/// [`NotText::Encoding`] with the first line that is neither; [`NotText::Truncated`] when the last character of UTF-8 is cut through.
pub fn decode_text(bytes: &[u8]) -> Result<(String, TextEncoding), NotText> {
    let (rest, encoding) = match bytes.strip_prefix(MARK) {
        Some(rest) => (rest, TextEncoding::Utf8Bom),
        None => (bytes, TextEncoding::Utf8),
    };
    let error = match std::str::from_utf8(rest) {
        Ok(text) => return Ok((text.to_owned(), encoding)),
        Err(error) => error,
    };
    let good = &rest[..error.valid_up_to()];
    // A UTF-8 file that was cut inside a character would pass for Shift_JIS, all of it wrong.
    if error.error_len().is_none() && !good.is_ascii() {
        return Err(NotText::Truncated { line: line_of(good) });
    }
    if encoding == TextEncoding::Utf8Bom {
        return Err(NotText::Encoding { line: line_of(good) });
    }
    match SHIFT_JIS.decode_without_bom_handling_and_without_replacement(rest) {
        Some(text) => Ok((text.into_owned(), TextEncoding::Cp932)),
        None => Err(NotText::Encoding { line: line_of(readable(rest)) }),
    }
}

/// The part of a file before the first line that is not Shift_JIS.
fn readable(bytes: &[u8]) -> &[u8] {
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).is_none() {
            break;
        }
        end += line.len();
    }
    &bytes[..end]
}

fn line_of(before: &[u8]) -> u32 {
    let ends = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(ends).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "地名,番号\n髙橋,①～\n";

    fn cp932() -> Vec<u8> {
        SHIFT_JIS.encode(TEXT).0.into_owned()
    }

    #[test]
    fn the_three_ways_of_writing_are_told_apart() {
        let marked = [MARK, TEXT.as_bytes()].concat();
        for (bytes, encoding) in [(TEXT.as_bytes(), TextEncoding::Utf8), (&marked, TextEncoding::Utf8Bom), (&cp932(), TextEncoding::Cp932)]
        {
            assert_eq!(decode_text(bytes), Ok((TEXT.to_owned(), encoding)));
        }
        assert_eq!(decode_text(b""), Ok((String::new(), TextEncoding::Utf8)));
    }

    #[test]
    fn half_a_file_is_no_file_of_another_kind() {
        let inside = &TEXT.as_bytes()[..TEXT.len() - 3];
        assert_eq!(decode_text(inside), Err(NotText::Truncated { line: 2 }));
    }

    #[test]
    fn the_first_line_that_is_neither_is_named() {
        let broken = [&cp932(), &b"\x81\n\x82"[..]].concat();
        assert_eq!(decode_text(&broken), Err(NotText::Encoding { line: 3 }));
        assert_eq!(decode_text(&[MARK, b"a\n\xff"].concat()), Err(NotText::Encoding { line: 2 }));
        assert_eq!(decode_text(b"\x81"), Err(NotText::Encoding { line: 1 }));
    }
}
