use crate::error::Error;

/// Entries of a directory at most: far above what writers put into one (some ten thousand).
const ENTRIES_MAX: u64 = 1 << 20;

/// A line of a directory: tiles in a row that are the same, or a further directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The first tile it is for.
    pub(crate) id: u64,
    /// For how many tiles; 0 says that a further directory begins here.
    pub(crate) run: u64,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Tiles in the order of their ids, with where they lie (chapter 4 of the specification).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory(Vec<Entry>);

/// What a directory says of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Tile { offset: u64, length: u64 },
    Leaf { offset: u64, length: u64 },
    Nothing,
}

impl Directory {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut numbers = Numbers(bytes);
        let count = numbers.next()?;
        // Each entry takes at least four bytes, so a short directory cannot ask for much memory.
        if count == 0 || count > ENTRIES_MAX || count > bytes.len() as u64 / 4 {
            return Err(Error::Directory("its number of entries"));
        }
        let mut entries = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        let mut id = 0_u64;
        for at in 0..count {
            let step = numbers.next()?;
            id = id.checked_add(step).filter(|_| at == 0 || step > 0).ok_or(Error::Directory("the order of its tiles"))?;
            entries.push(Entry { id, run: 0, offset: 0, length: 0 });
        }
        for entry in &mut entries {
            entry.run = numbers.next()?;
        }
        for entry in &mut entries {
            entry.length = numbers.next()?;
            if entry.length == 0 {
                return Err(Error::Directory("an entry without a length"));
            }
        }
        let mut before: Option<Entry> = None;
        for entry in &mut entries {
            // 0 says "right after the one before"; else it is the offset and one.
            entry.offset = match (numbers.next()?, before) {
                (0, Some(before)) => before.offset.checked_add(before.length).ok_or(Error::Directory("an offset"))?,
                (0, None) => return Err(Error::Directory("the first offset")),
                (offset, _) => offset - 1,
            };
            before = Some(*entry);
        }
        if numbers.0.is_empty() { Ok(Self(entries)) } else { Err(Error::Directory("bytes after its end")) }
    }

    pub(crate) fn find(&self, id: u64) -> Found {
        let after = self.0.partition_point(|entry| entry.id <= id);
        match after.checked_sub(1).and_then(|at| self.0.get(at)) {
            Some(&Entry { run: 0, offset, length, .. }) => Found::Leaf { offset, length },
            Some(&Entry { id: first, run, offset, length }) if id - first < run => Found::Tile { offset, length },
            _ => Found::Nothing,
        }
    }

    /// The first entry; there is always one.
    pub(crate) fn first(&self) -> Option<Entry> {
        self.0.first().copied()
    }
}

/// Numbers in the variable-length form of Protocol Buffers.
pub(crate) struct Numbers<'a>(pub(crate) &'a [u8]);

impl Numbers<'_> {
    pub(crate) fn next(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(Error::Directory("it ends too early"))?;
            self.0 = rest;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Error::Directory("a number that is too large"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tiles_in_a_row_gaps_and_further_directories_are_told_apart() {
        // Two entries: tiles 5 and 6 alike, then a directory from 10 on.
        let directory = Directory::read(&[2, 5, 5, 2, 0, 100, 50, 1, 0]).unwrap();
        assert_eq!(directory.find(4), Found::Nothing);
        assert_eq!(directory.find(5), Found::Tile { offset: 0, length: 100 });
        assert_eq!(directory.find(6), Found::Tile { offset: 0, length: 100 });
        assert_eq!(directory.find(7), Found::Nothing);
        assert_eq!(directory.find(10), Found::Leaf { offset: 100, length: 50 });
        assert_eq!(directory.find(u64::MAX), Found::Leaf { offset: 100, length: 50 });
    }

    #[test]
    fn what_no_writer_writes_is_refused() {
        let reason = |bytes: &[u8]| match Directory::read(bytes) {
            Err(Error::Directory(reason)) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(&[]), "it ends too early");
        assert_eq!(reason(&[0]), "its number of entries");
        assert_eq!(reason(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1, 1, 1]), "its number of entries");
        assert_eq!(reason(&[1, 5, 1, 0, 1]), "an entry without a length");
        assert_eq!(reason(&[1, 5, 1, 7, 0]), "the first offset");
        assert_eq!(reason(&[2, 5, 0, 1, 1, 7, 7, 1, 0]), "the order of its tiles");
        assert_eq!(reason(&[1, 5, 1, 7, 1, 9]), "bytes after its end");
        assert_eq!(reason(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), "a number that is too large");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), id in any::<u64>()) {
            if let Ok(directory) = Directory::read(&bytes) {
                directory.find(id);
            }
        }
    }
}
