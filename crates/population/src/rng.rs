/// Repeatable chance: xoshiro256** seeded by splitmix64. For generated data only, never for keys.
///
/// Source: Blackman and Vigna, prng.di.unimi.it.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// Starts the sequence of a seed.
    pub fn from_seed(mut seed: u64) -> Self {
        Self {
            state: std::array::from_fn(|_| {
                seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                z ^ (z >> 31)
            }),
        }
    }

    /// Gives the next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Gives a number below `limit`; 0 when the limit is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u32
    }

    /// Gives a number from `first` to `last`, both included; `first` when the range is empty.
    pub fn between(&mut self, first: i32, last: i32) -> i32 {
        first.saturating_add_unsigned(self.below(last.saturating_sub(first).saturating_add(1).max(0).unsigned_abs()))
    }

    /// Says yes in `share` of `of` cases.
    pub fn chance(&mut self, share: u32, of: u32) -> bool {
        self.below(of) < share
    }

    /// Gives the index of one weight, each as often as its weight says; the last index when all weights are 0.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (i, &weight) in weights.iter().enumerate() {
            if left < weight {
                return i;
            }
            left -= weight;
        }
        weights.len().saturating_sub(1)
    }

    /// Puts a list in random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        // reference values of splitmix64(1234567) as the state, from the authors' test vectors
        assert_eq!(Rng::from_seed(1_234_567).state[0], 6_457_827_717_110_365_317);
        let first: Vec<u64> = std::iter::repeat_with({
            let mut rng = Rng { state: [1, 2, 3, 4] };
            move || rng.next_u64()
        })
        .take(4)
        .collect();
        assert_eq!(first, [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn weights_are_followed() {
        let mut rng = Rng::from_seed(3);
        let mut counts = [0u32; 3];
        for _ in 0..10_000 {
            counts[rng.weighted(&[1, 0, 3])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_300..2_700).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn empty_ranges_do_not_panic() {
        let mut rng = Rng::from_seed(0);
        assert_eq!((rng.below(0), rng.between(5, 4), rng.weighted(&[0, 0])), (0, 5, 1));
        assert!((-3..=3).contains(&rng.between(-3, 3)));
        rng.shuffle::<u8>(&mut []);
    }
}
