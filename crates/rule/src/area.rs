//! Who lives inside a drawn area: many points against one outline.

use crate::bits::Bits;

/// Cells of the grid in each direction.
const CELLS: usize = 512;

/// An area on the map, prepared for asking about many points. Coordinates are any plane pair, longitude and latitude included, as doubles:
/// with 32 bits homes near the line fall on the wrong side.
#[derive(Clone, Debug)]
pub struct Area {
    left: f64,
    bottom: f64,
    right: f64,
    top: f64,
    columns_per_unit: f64,
    rows_per_unit: f64,
    cells: Vec<Cell>,
    /// The edges that reach into each row of the grid.
    edges: Vec<Vec<Edge>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Outside,
    Inside,
    /// The outline passes through: each point has to be tried.
    Mixed,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: (f64, f64),
    to: (f64, f64),
}

impl Area {
    /// Prepares an area from its rings, closed or not: outlines, and the holes in them. A point is inside when it is inside an odd number of
    /// rings. Corners that are not finite are left out.
    pub fn new(rings: &[Vec<(f64, f64)>]) -> Area {
        let edges: Vec<Edge> = rings.iter().flat_map(|ring| ring_edges(ring)).collect();
        let corners = || edges.iter().flat_map(|edge| [edge.from, edge.to]);
        let least = |pick: fn((f64, f64)) -> f64| corners().map(pick).fold(f64::INFINITY, f64::min);
        let most = |pick: fn((f64, f64)) -> f64| corners().map(pick).fold(f64::NEG_INFINITY, f64::max);
        let (left, right, bottom, top) = (least(|c| c.0), most(|c| c.0), least(|c| c.1), most(|c| c.1));
        let per_unit = |from: f64, to: f64| if to > from { CELLS as f64 / (to - from) } else { 0.0 };
        let mut area = Area {
            left,
            bottom,
            right,
            top,
            columns_per_unit: per_unit(left, right),
            rows_per_unit: per_unit(bottom, top),
            cells: vec![Cell::Outside; CELLS * CELLS],
            edges: vec![Vec::new(); CELLS],
        };
        edges.iter().for_each(|edge| area.draw(*edge));
        area.paint();
        area
    }

    fn column(&self, x: f64) -> usize {
        // A cast holds what is below zero at zero; 32 bits are quicker to cast to than 64.
        (((x - self.left) * self.columns_per_unit) as u32 as usize).min(CELLS - 1)
    }

    fn row(&self, y: f64) -> usize {
        (((y - self.bottom) * self.rows_per_unit) as u32 as usize).min(CELLS - 1)
    }

    /// Enters an edge into the rows it reaches, and marks the cells it may pass through, one more on each side for rounding.
    fn draw(&mut self, edge: Edge) {
        let (low, high) = if edge.from.1 <= edge.to.1 { (edge.from, edge.to) } else { (edge.to, edge.from) };
        for row in self.row(low.1)..=self.row(high.1) {
            self.edges[row].push(edge);
            let y = |row: usize| self.bottom + row as f64 / self.rows_per_unit.max(f64::MIN_POSITIVE);
            let x_at = |y: f64| {
                let part = if high.1 > low.1 { ((y - low.1) / (high.1 - low.1)).clamp(0.0, 1.0) } else { 0.0 };
                low.0 + part * (high.0 - low.0)
            };
            let level = high.1 <= low.1;
            let (a, b) = if level { (low.0, high.0) } else { (x_at(y(row)), x_at(y(row + 1))) };
            let (first, last) = (self.column(a.min(b)).saturating_sub(1), (self.column(a.max(b)) + 1).min(CELLS - 1));
            self.cells[row * CELLS + first..=row * CELLS + last].fill(Cell::Mixed);
        }
    }

    /// Finds out of each cell without an edge on which side it lies.
    fn paint(&mut self) {
        for row in 0..CELLS {
            let y = self.bottom + (row as f64 + 0.5) / self.rows_per_unit.max(f64::MIN_POSITIVE);
            let mut side = None;
            for column in 0..CELLS {
                let at = row * CELLS + column;
                if self.cells[at] == Cell::Mixed {
                    side = None;
                    continue;
                }
                // Neighbours with no edge between them lie on the same side.
                let known = side.unwrap_or_else(|| {
                    let x = self.left + (column as f64 + 0.5) / self.columns_per_unit.max(f64::MIN_POSITIVE);
                    if self.crosses(row, x, y) { Cell::Inside } else { Cell::Outside }
                });
                self.cells[at] = known;
                side = Some(known);
            }
        }
    }

    /// Whether a ray to the right crosses the edges of the row an odd number of times.
    fn crosses(&self, row: usize, x: f64, y: f64) -> bool {
        let mut inside = false;
        for Edge { from, to } in &self.edges[row] {
            if (from.1 > y) != (to.1 > y) && x < (to.0 - from.0) * (y - from.1) / (to.1 - from.1) + from.0 {
                inside = !inside;
            }
        }
        inside
    }

    /// Whether a point lies inside; one that is not finite does not.
    pub fn contains(&self, point: (f64, f64)) -> bool {
        self.is_near(point) && self.contains_near(point)
    }

    /// Whether a point lies in the box around the area; asked without branches, for nothing can be foretold of the next point.
    fn is_near(&self, (x, y): (f64, f64)) -> bool {
        (x >= self.left) & (x <= self.right) & (y >= self.bottom) & (y <= self.top)
    }

    fn contains_near(&self, (x, y): (f64, f64)) -> bool {
        let row = self.row(y);
        match self.cells[row * CELLS + self.column(x)] {
            Cell::Outside => false,
            Cell::Inside => true,
            Cell::Mixed => self.crosses(row, x, y),
        }
    }

    /// Which of many points lie inside, for [`crate::Table::set_bits`].
    pub fn place(&self, points: &[(f64, f64)]) -> Bits {
        let word = |chunk: &[(f64, f64)]| {
            let mut near = chunk.iter().enumerate().fold(0u64, |word, (bit, point)| word | u64::from(self.is_near(*point)) << bit);
            let mut inside = 0;
            while near != 0 {
                let bit = near.trailing_zeros();
                near &= near - 1;
                inside |= u64::from(self.contains_near(chunk[bit as usize])) << bit;
            }
            inside
        };
        Bits::from_words(points.chunks(64).map(word).collect(), points.len())
    }
}

fn ring_edges(ring: &[(f64, f64)]) -> Vec<Edge> {
    let corners: Vec<(f64, f64)> = ring.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).filter(|(from, to)| from != to).map(|(from, to)| Edge { from: *from, to: *to }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every edge tried for every point.
    fn inside_slowly(rings: &[Vec<(f64, f64)>], (x, y): (f64, f64)) -> bool {
        let mut inside = false;
        for Edge { from, to } in rings.iter().flat_map(|ring| ring_edges(ring)) {
            if (from.1 > y) != (to.1 > y) && x < (to.0 - from.0) * (y - from.1) / (to.1 - from.1) + from.0 {
                inside = !inside;
            }
        }
        inside
    }

    #[test]
    fn a_hole_is_outside() {
        let square = |size: f64| vec![(-size, -size), (size, -size), (size, size), (-size, size)];
        let area = Area::new(&[square(2.0), square(1.0)]);
        assert!(area.contains((1.5, 0.0)));
        assert!(!area.contains((0.0, 0.0)));
        assert!(!area.contains((f64::NAN, 0.0)));
        assert!(!Area::new(&[]).contains((0.0, 0.0)));
    }

    proptest! {
        #[test]
        fn the_grid_changes_no_answer(
            ring in prop::collection::vec((-1.0f64..1.0, -1.0f64..1.0), 1..30),
            hole in prop::collection::vec((-0.5f64..0.5, -0.5f64..0.5), 0..8),
            points in prop::collection::vec((-1.1f64..1.1, -1.1f64..1.1), 200),
        ) {
            let mut points = points;
            points.extend(ring.iter().zip(ring.iter().skip(1)).map(|(a, b)| ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)));
            points.extend(&ring);
            let rings = vec![ring, hole];
            let bits = Area::new(&rings).place(&points);
            for (row, point) in points.iter().enumerate() {
                prop_assert_eq!(bits.get(row), inside_slowly(&rings, *point), "{:?}", point);
            }
        }
    }
}
