//! Command and response bytes of ISO/IEC 7816-4, as far as the card uses them.

/// The last two bytes of every answer of a card.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    pub(crate) const OK: Self = Self(0x9000);
    pub(crate) const LENGTH: Self = Self(0x6700);
    pub(crate) const FILE_KIND: Self = Self(0x6981);
    pub(crate) const SECURITY: Self = Self(0x6982);
    pub(crate) const BLOCKED: Self = Self(0x6984);
    pub(crate) const CONDITIONS: Self = Self(0x6985);
    pub(crate) const NO_CURRENT_EF: Self = Self(0x6986);
    pub(crate) const NOT_FOUND: Self = Self(0x6A82);
    pub(crate) const NO_RECORD: Self = Self(0x6A83);
    pub(crate) const NO_SPACE: Self = Self(0x6A84);
    pub(crate) const PARAMETERS: Self = Self(0x6A86);
    pub(crate) const NO_REFERENCE: Self = Self(0x6A88);
    pub(crate) const OFFSET: Self = Self(0x6B00);
    pub(crate) const INSTRUCTION: Self = Self(0x6D00);
    pub(crate) const CLASS: Self = Self(0x6E00);

    /// Wrong value, `left` tries remain.
    pub(crate) fn tries(left: u8) -> Self {
        Self(0x63C0 | u16::from(left.min(15)))
    }
}

impl std::fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl std::fmt::Display for StatusWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// A command as a card takes it apart: short and extended lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// The data field; `None` without Lc.
    pub data: Option<&'a [u8]>,
    /// How many bytes are expected back, the zero of the wire already read as the most; `None` without Le.
    pub le: Option<usize>,
}

impl<'a> Command<'a> {
    /// The command in these bytes; `None` when the lengths do not add up.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk::<4>()?;
        let command = |data, le| Some(Self { cla, ins, p1, p2, data, le });
        let short = |n: u8| if n == 0 { 256 } else { usize::from(n) };
        let long = |high: u8, low: u8| match u16::from_be_bytes([high, low]) {
            0 => 65_536,
            n => usize::from(n),
        };
        match *body {
            [] => command(None, None),
            [le] => command(None, Some(short(le))),
            [0, high, low] => command(None, Some(long(high, low))),
            [0, high, low, ref rest @ ..] => {
                let count = usize::from(u16::from_be_bytes([high, low]));
                let (data, tail) = rest.split_at_checked(count).filter(|_| count > 0)?;
                match *tail {
                    [] => command(Some(data), None),
                    [high, low] => command(Some(data), Some(long(high, low))),
                    _ => None,
                }
            }
            [count, ref rest @ ..] => {
                let (data, tail) = rest.split_at_checked(usize::from(count)).filter(|_| count > 0)?;
                match *tail {
                    [] => command(Some(data), None),
                    [le] => command(Some(data), Some(short(le))),
                    _ => None,
                }
            }
        }
    }
}

/// The application identifiers of the card.
pub(crate) mod aid {
    pub(crate) const JPKI: &[u8] = &[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
    pub(crate) const TEXT: &[u8] = &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
    pub(crate) const SURFACE: &[u8] = &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];
    pub(crate) const JUKI: &[u8] = &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x01];
    pub(crate) const COMMON: &[u8] = &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00];
    /// GlobalPlatform issuer security domain: selecting it leaves every application.
    pub(crate) const ISSUER: &[u8] = &[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
    /// Ours, in the free area of the software card: `F0` (proprietary, unregistered) and the ASCII of `TEGATA`, version 1.
    pub(crate) const TOWN: &[u8] = &[0xF0, b'T', b'E', b'G', b'A', b'T', b'A', 0x01];
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_case_of_command_is_taken_apart() {
        let parse = |bytes: &'static [u8]| Command::parse(bytes).map(|c| (c.data.map(<[u8]>::to_vec), c.le));
        assert_eq!(parse(&[0, 0x20, 0, 0x80]), Some((None, None)));
        assert_eq!(parse(&[0, 0xB0, 0, 0, 0]), Some((None, Some(256))));
        assert_eq!(parse(&[0, 0xA4, 2, 0x0C, 2, 0, 1]), Some((Some(vec![0, 1]), None)));
        assert_eq!(parse(&[0x80, 0x2A, 0, 0x80, 1, 9, 0]), Some((Some(vec![9]), Some(256))));
        assert_eq!(parse(&[0, 0xB0, 0, 4, 0, 6, 0x1F]), Some((None, Some(0x61F))));
        assert_eq!(parse(&[0, 0xB0, 0, 4, 0, 0, 0]), Some((None, Some(65_536))));
        assert_eq!(parse(&[0x80, 0x2A, 0, 0x80, 0, 0, 1, 9]), Some((Some(vec![9]), None)));
        assert_eq!(parse(&[0x80, 0x2A, 0, 0x80, 0, 0, 1, 9, 1, 0]), Some((Some(vec![9]), Some(256))));
        assert_eq!(parse(&[0, 0xA4, 2, 0x0C, 3, 0, 1]), None);
        assert_eq!(parse(&[0, 0xA4, 2]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Command::parse(&bytes);
        }
    }
}
