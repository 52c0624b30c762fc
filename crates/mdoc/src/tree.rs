//! CBOR items as other people's software writes them: keys in any order, heads longer than needed. Lengths are definite, and no key stands twice.
//!
//! What is signed or hashed is taken as it came, never written anew.

use credential::Unreadable;

/// How deep items may hold one another: an mdoc needs eight.
const DEPTH_MAX: usize = 12;
/// How many items there may be altogether: an issuer lists a digest for every element of a card.
const ITEMS_MAX: usize = 4096;
/// How many entries a map may have; each is compared with those before it.
const MAP_MAX: usize = 512;

/// One item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item<'a> {
    Unsigned(u64),
    Negative(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// The tag, what stands under it, and the whole as it came.
    Tag(u64, Box<Item<'a>>, &'a [u8]),
    Bool(bool),
    Null,
}

impl<'a> Item<'a> {
    /// The one item these bytes are.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut reader = Bytes(bytes);
        let mut left = ITEMS_MAX;
        let item = read(&mut reader, DEPTH_MAX, &mut left)?;
        if reader.0.is_empty() { Ok(item) } else { Err(Unreadable) }
    }

    /// What a map holds under a text.
    pub(crate) fn get(&self, key: &str) -> Option<&Item<'a>> {
        self.pairs()?.iter().find(|(name, _)| *name == Item::Text(key)).map(|(_, value)| value)
    }

    /// What a map holds under a number.
    pub(crate) fn label(&self, label: i64) -> Option<&Item<'a>> {
        self.pairs()?.iter().find(|(name, _)| name.int() == Some(label)).map(|(_, value)| value)
    }

    pub(crate) fn pairs(&self) -> Option<&[(Item<'a>, Item<'a>)]> {
        if let Self::Map(pairs) = self { Some(pairs) } else { None }
    }

    pub(crate) fn array(&self) -> Option<&[Item<'a>]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn unsigned(&self) -> Option<u64> {
        if let Self::Unsigned(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Unsigned(value) => i64::try_from(*value).ok(),
            Self::Negative(value) => Some(*value),
            _ => None,
        }
    }

    /// What stands under a tag.
    pub(crate) fn tagged(&self, tag: u64) -> Option<&Item<'a>> {
        match self {
            Self::Tag(found, item, _) if *found == tag => Some(item),
            _ => None,
        }
    }

    /// The bytes of an item that is carried as bytes (tag 24).
    pub(crate) fn embedded(&self) -> Option<&'a [u8]> {
        self.tagged(24)?.bytes()
    }

    /// The whole of a tagged item, as it came.
    pub(crate) fn whole(&self) -> Option<&'a [u8]> {
        if let Self::Tag(_, _, whole) = self { Some(whole) } else { None }
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, left) = self.0.split_at_checked(length).ok_or(Unreadable)?;
        self.0 = left;
        Ok(taken)
    }

    /// Major type and argument.
    fn head(&mut self) -> Result<(u8, u64), Unreadable> {
        let first = self.take(1)?[0];
        let length = match first & 0x1F {
            short @ 0..24 => return Ok((first >> 5, u64::from(short))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            // 31 is an indefinite length, the others are reserved.
            _ => return Err(Unreadable),
        };
        Ok((first >> 5, self.take(length)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))))
    }
}

fn read<'a>(reader: &mut Bytes<'a>, depth: usize, left: &mut usize) -> Result<Item<'a>, Unreadable> {
    *left = left.checked_sub(1).ok_or(Unreadable)?;
    let depth = depth.checked_sub(1).ok_or(Unreadable)?;
    let before = reader.0;
    let (major, argument) = reader.head()?;
    let length = || usize::try_from(argument).map_err(|_| Unreadable);
    Ok(match major {
        0 => Item::Unsigned(argument),
        1 => Item::Negative(i64::try_from(argument).map(|value| -1 - value).map_err(|_| Unreadable)?),
        2 => Item::Bytes(reader.take(length()?)?),
        3 => Item::Text(std::str::from_utf8(reader.take(length()?)?).map_err(|_| Unreadable)?),
        4 => {
            let count = length()?;
            if count > *left {
                return Err(Unreadable);
            }
            Item::Array((0..count).map(|_| read(reader, depth, left)).collect::<Result<_, _>>()?)
        }
        5 => Item::Map(pairs(reader, length()?, depth, left)?),
        6 => {
            let item = Box::new(read(reader, depth, left)?);
            Item::Tag(argument, item, &before[..before.len() - reader.0.len()])
        }
        _ => match before[0] & 0x1F {
            20 => Item::Bool(false),
            21 => Item::Bool(true),
            22 => Item::Null,
            // Numbers with a fraction, and what has no meaning: nothing an identity card needs.
            _ => return Err(Unreadable),
        },
    })
}

/// The entries of a map, no key twice: two readers might believe different ones.
fn pairs<'a>(reader: &mut Bytes<'a>, count: usize, depth: usize, left: &mut usize) -> Result<Vec<(Item<'a>, Item<'a>)>, Unreadable> {
    if count > MAP_MAX {
        return Err(Unreadable);
    }
    let mut pairs: Vec<(Item<'a>, Item<'a>)> = Vec::new();
    for _ in 0..count {
        let key = read(reader, depth, left)?;
        if pairs.iter().any(|(before, _)| *before == key) {
            return Err(Unreadable);
        }
        pairs.push((key, read(reader, depth, left)?));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_come_in_any_order_and_none_twice() {
        let map = Item::read(&[0xA2, 0x61, b'b', 1, 0x61, b'a', 0x20]).unwrap();
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (Some(&Item::Negative(-1)), Some(&Item::Unsigned(1)), None));
        assert_eq!(Item::read(&[0xA2, 0x61, b'a', 1, 0x61, b'a', 2]), Err(Unreadable));
    }

    #[test]
    fn longer_heads_than_needed_are_read_and_kept_as_they_came() {
        let item = Item::read(&[0xB9, 0, 1, 0x61, b'a', 0xD8, 0x18, 0x59, 0, 1, 0x07]).unwrap();
        let tagged = item.get("a").unwrap();
        assert_eq!((tagged.embedded(), tagged.whole()), (Some(&[7][..]), Some(&[0xD8, 0x18, 0x59, 0, 1, 7][..])));
    }

    #[test]
    fn what_could_take_forever_or_means_two_things_is_refused() {
        let deep = [vec![0x81; 40], vec![0]].concat();
        let hostile: [&[u8]; 7] = [
            &deep,
            &[0x9A, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0xBA, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x9F, 0xFF],
            &[0xFA, 0x7F, 0x80, 0, 0],
            &[0, 0],
        ];
        for bytes in hostile {
            assert_eq!(Item::read(bytes), Err(Unreadable), "{bytes:02X?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Item::read(&bytes);
        }
    }
}
