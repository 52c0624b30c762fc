use std::borrow::Cow;

use encoding_rs::SHIFT_JIS;

use crate::register::Encoding;

/// Encodes cells. Each character is looked up in the encoding once and then remembered: registers repeat a few thousand of them.
pub(crate) struct Cells {
    /// For Shift_JIS, by code point of the basic plane; empty for UTF-8.
    known: Vec<Coded>,
}

/// One character in Shift_JIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coded {
    NotSeen,
    One(u8),
    Two([u8; 2]),
    /// A variation selector, or a sign of that kind: left out.
    Nothing,
    /// Not in the encoding: 〓.
    Lacking,
}

impl Cells {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { known: if encoding == Encoding::ShiftJis { vec![Coded::NotSeen; 0x1_0000] } else { Vec::new() } }
    }

    /// The bytes of a cell; counts what had to be replaced.
    pub(crate) fn encoded<'t>(&mut self, text: &'t str, replaced: &mut u64) -> Cow<'t, [u8]> {
        if self.known.is_empty() || text.is_ascii() {
            return Cow::Borrowed(text.as_bytes());
        }
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            match self.coded(c) {
                Coded::One(byte) => bytes.push(byte),
                Coded::Two(pair) => bytes.extend_from_slice(&pair),
                Coded::Nothing => {}
                Coded::Lacking | Coded::NotSeen => {
                    *replaced += 1;
                    bytes.extend_from_slice(&GETA);
                }
            }
        }
        Cow::Owned(bytes)
    }

    fn coded(&mut self, c: char) -> Coded {
        match self.known.get_mut(c as usize) {
            Some(known) if *known == Coded::NotSeen => {
                *known = look_up(c);
                *known
            }
            Some(known) => *known,
            None => look_up(c),
        }
    }
}

/// 〓 in Shift_JIS.
const GETA: [u8; 2] = [0x81, 0xAC];

fn look_up(c: char) -> Coded {
    let mut single = [0; 4];
    let text = c.encode_utf8(&mut single);
    if civil::without_variation_selectors(text).is_empty() {
        return Coded::Nothing;
    }
    match SHIFT_JIS.encode(text) {
        (_, _, true) => Coded::Lacking,
        (bytes, _, false) => match *bytes {
            [byte] => Coded::One(byte),
            [lead, trail] => Coded::Two([lead, trail]),
            _ => Coded::Lacking,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_character_is_coded_the_same_the_second_time() {
        let mut cells = Cells::new(Encoding::ShiftJis);
        for _ in 0..2 {
            let mut replaced = 0;
            let bytes = cells.encoded("A髙ｱ葛\u{E0100}𠮷圡", &mut replaced).into_owned();
            assert_eq!(SHIFT_JIS.decode(&bytes).0, "A髙ｱ葛〓〓");
            assert_eq!(replaced, 2);
        }
    }
}
