/// The last zoom whose tiles the format counts in 64 bits as everybody does.
pub const ZOOM_MAX: u8 = 26;

/// Which tile: zoom, column from the west, row from the north, as web maps count (Web Mercator).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileNumber {
    z: u8,
    x: u32,
    y: u32,
}

impl TileNumber {
    /// A tile that there can be: a zoom up to [`ZOOM_MAX`], column and row within it.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= ZOOM_MAX && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    /// The zoom.
    pub fn z(self) -> u8 {
        self.z
    }

    /// The column, from the west.
    pub fn x(self) -> u32 {
        self.x
    }

    /// The row, from the north.
    pub fn y(self) -> u32 {
        self.y
    }

    /// Its place on the curve through all tiles: zoom after zoom, each along a Hilbert curve (chapter 4 of the specification).
    pub fn id(self) -> u64 {
        let mut id = first_of(self.z);
        let (mut x, mut y) = (u64::from(self.x), u64::from(self.y));
        for level in (0..self.z).rev() {
            let half = 1_u64 << level;
            let (right, below) = (x & half != 0, y & half != 0);
            id += half * half * ((3 * u64::from(right)) ^ u64::from(below));
            (x, y) = turned(x & (half - 1), y & (half - 1), half, right, below);
        }
        id
    }

    /// The tile at a place on the curve.
    pub fn from_id(id: u64) -> Option<Self> {
        let z = (0..=ZOOM_MAX).rev().find(|z| first_of(*z) <= id)?;
        let mut rest = id - first_of(z);
        let (mut x, mut y) = (0_u64, 0_u64);
        for level in 0..z {
            let half = 1_u64 << level;
            let quarter = rest & 3;
            let right = quarter >= 2;
            let below = (quarter ^ (3 * u64::from(right))) & 1 != 0;
            (x, y) = turned(x, y, half, right, below);
            x += half * u64::from(right);
            y += half * u64::from(below);
            rest >>= 2;
        }
        Self::new(z, u32::try_from(x).ok()?, u32::try_from(y).ok()?).filter(|_| rest == 0)
    }
}

/// How many tiles lie before the first of a zoom.
fn first_of(z: u8) -> u64 {
    ((1_u64 << (2 * u32::from(z))) - 1) / 3
}

/// A quarter of the curve lies turned or not, by which quarter it is.
fn turned(x: u64, y: u64, half: u64, right: bool, below: bool) -> (u64, u64) {
    match (below, right) {
        (true, _) => (x, y),
        (false, true) => (half - 1 - y, half - 1 - x),
        (false, false) => (y, x),
    }
}

impl std::fmt::Display for TileNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use proptest::prelude::*;

    use super::*;

    /// The examples of the specification, and of its authors' own tests.
    #[test]
    fn tiles_are_counted_as_the_specification_does() {
        let examples = [
            ((0, 0, 0), 0),
            ((1, 0, 0), 1),
            ((1, 0, 1), 2),
            ((1, 1, 1), 3),
            ((1, 1, 0), 4),
            ((2, 0, 0), 5),
            ((12, 3423, 1763), 19_078_479),
            ((26, 0, 0), 1_501_199_875_790_165),
        ];
        for ((z, x, y), id) in examples {
            let tile = TileNumber::new(z, x, y).unwrap();
            assert_eq!((tile.id(), TileNumber::from_id(id)), (id, Some(tile)), "{tile}");
        }
    }

    #[test]
    fn there_is_no_tile_beside_the_earth() {
        assert_eq!(TileNumber::new(3, 8, 0), None);
        assert_eq!(TileNumber::new(3, 0, 8), None);
        assert_eq!(TileNumber::new(ZOOM_MAX + 1, 0, 0), None);
        assert_eq!(TileNumber::from_id(u64::MAX), None);
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_map() {
        for id in first_of(5)..first_of(6) - 1 {
            let (one, next) = (TileNumber::from_id(id).unwrap(), TileNumber::from_id(id + 1).unwrap());
            assert_eq!(one.x.abs_diff(next.x) + one.y.abs_diff(next.y), 1, "{one} {next}");
        }
    }

    proptest! {
        #[test]
        fn a_tile_is_found_again_by_its_place(z in 0..=ZOOM_MAX, x in any::<u32>(), y in any::<u32>()) {
            let tile = TileNumber::new(z, x % (1 << z), y % (1 << z)).unwrap();
            prop_assert_eq!(TileNumber::from_id(tile.id()), Some(tile));
        }
    }
}
