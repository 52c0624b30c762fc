//! One bit for each person of a table.

/// A set of rows, one bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// No row of `len`.
    pub fn none(len: usize) -> Bits {
        Bits { words: vec![0; len.div_ceil(64)], len }
    }

    /// The rows for which `is_in` says yes.
    pub fn from_fn(len: usize, mut is_in: impl FnMut(usize) -> bool) -> Bits {
        let mut bits = Bits::none(len);
        for row in 0..len {
            bits.words[row / 64] |= u64::from(is_in(row)) << (row % 64);
        }
        bits
    }

    pub(crate) fn from_words(mut words: Vec<u64>, len: usize) -> Bits {
        words.resize(len.div_ceil(64), 0);
        let mut bits = Bits { words, len };
        bits.trim();
        bits
    }

    /// Clears what stands beyond the last row.
    fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }

    /// How many rows there are, in the set or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many rows are in the set.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether a row is in the set; false beyond the last row.
    pub fn get(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Puts a row into the set or takes it out; does nothing beyond the last row.
    pub fn set(&mut self, row: usize, is_in: bool) {
        if row < self.len {
            let word = &mut self.words[row / 64];
            *word = *word & !(1 << (row % 64)) | u64::from(is_in) << (row % 64);
        }
    }

    /// The rows in the set, in order.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }

    /// Sixty-four rows at a time, the first in the lowest bit.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_put_in() {
        let bits = Bits::from_fn(200, |row| row % 7 == 3);
        assert_eq!(bits.rows().collect::<Vec<_>>(), (0..200).filter(|row| row % 7 == 3).collect::<Vec<_>>());
        assert_eq!(bits.count(), bits.rows().count());
        assert!(!bits.get(1_000));
        assert_eq!(Bits::from_words(vec![u64::MAX; 2], 65).count(), 65);
    }
}
