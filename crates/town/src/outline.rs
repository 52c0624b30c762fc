//! Areas drawn on a map.

use civil::Position;
use serde_json::Value;

use crate::model::District;

/// Corners of a drawn area at most: nobody draws more by hand.
const CORNERS_MAX: usize = 1_000;

/// An area somebody drew on a map: its outline, closed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    corners: Vec<Position>,
}

impl Area {
    /// Reads what a map gives: a GeoJSON `Polygon` (RFC 7946 section 3.1.6) or a `Feature` with one. Holes are not drawn, and not read.
    ///
    /// None where it is something else, where a corner is nowhere on earth, where fewer than three corners make no area, or more than a thousand.
    pub fn read(text: &str) -> Option<Self> {
        let shape: Value = serde_json::from_str(text).ok()?;
        let shape = shape.get("geometry").unwrap_or(&shape);
        if shape.get("type").is_some_and(|kind| kind != "Polygon") {
            return None;
        }
        let ring = shape.get("coordinates")?.get(0)?;
        if ring.as_array()?.len() > CORNERS_MAX { None } else { Self::of_ring(ring) }
    }

    /// Reads one ring of a GeoJSON polygon, of however many corners: an area of a file that was looked over when it was taken in.
    ///
    /// None where a corner is nowhere on earth, or fewer than three make no area.
    pub fn of_ring(ring: &Value) -> Option<Self> {
        let corner = |corner: &Value| Position::of_degrees(corner.get(1)?.as_f64()?, corner.get(0)?.as_f64()?);
        let mut corners = ring.as_array()?.iter().map(corner).collect::<Option<Vec<_>>>()?;
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        (corners.len() >= 3).then_some(Self { corners })
    }

    /// Whether a position lies inside, the edge roughly included (even-odd rule). Everything stays whole.
    pub fn holds(&self, position: Position) -> bool {
        let flat = |position: &Position| (i128::from(position.longitude), i128::from(position.latitude));
        let (x, y) = flat(&position);
        let mut within = false;
        let before = self.corners.iter().cycle().skip(self.corners.len() - 1);
        for ((ax, ay), (bx, by)) in before.map(flat).zip(self.corners.iter().map(flat)) {
            if (ay > y) != (by > y) {
                // x < ax + (bx - ax) * (y - ay) / (by - ay), without a fraction.
                let (left, right) = ((x - ax) * (by - ay), (bx - ax) * (y - ay));
                if if by > ay { left < right } else { left > right } {
                    within = !within;
                }
            }
        }
        within
    }

    /// The names of the districts whose point lies inside. Nobody's home is known here, only the district.
    pub fn names_of<'a>(&self, districts: impl IntoIterator<Item = &'a District>) -> Vec<String> {
        districts.into_iter().filter(|district| self.holds(district.position())).map(|district| district.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(corners: &[(i32, i32)]) -> Area {
        let ring: Vec<_> = corners.iter().map(|(x, y)| format!("[{x},{y}]")).collect();
        Area::read(&format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, ring.join(","))).unwrap()
    }

    fn at((x, y): (i32, i32)) -> Position {
        Position { latitude: y * 1_000_000, longitude: x * 1_000_000 }
    }

    #[test]
    fn a_point_is_inside_an_outline_or_not() {
        let outline = area(&[(0, 0), (10, 0), (10, 10), (5, 3), (0, 10), (0, 0)]);
        for inside in [(1, 1), (9, 8), (5, 1), (1, 8)] {
            assert!(outline.holds(at(inside)), "{inside:?}");
        }
        for outside in [(5, 8), (-1, 5), (11, 5), (5, -1), (5, 11)] {
            assert!(!outline.holds(at(outside)), "{outside:?}");
        }
        let hook = area(&[(0, 0), (10, 0), (10, 10), (8, 10), (8, 2), (0, 2)]);
        assert!(hook.holds(at((5, 1))) && !hook.holds(at((5, 5))));
    }

    #[test]
    fn the_other_way_round_and_left_open_is_the_same_area() {
        for outline in [&[(0, 0), (0, 10), (10, 10), (10, 0), (0, 0)][..], &[(0, 0), (10, 0), (10, 10), (0, 10)]] {
            let outline = area(outline);
            assert!(outline.holds(at((5, 5))) && !outline.holds(at((15, 5))));
        }
    }

    #[test]
    fn what_is_no_area_is_refused() {
        let feature = r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}"#;
        assert!(Area::read(feature).is_some());
        let many = vec!["[0,0]"; CORNERS_MAX + 1].join(",");
        for bad in [
            "",
            "x",
            "[]",
            r#"{"type":"Polygon","coordinates":[]}"#,
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[181,1],[0,0]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],["1",1],[0,0]]]}"#,
            r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}"#,
            &format!(r#"{{"type":"Polygon","coordinates":[[{many}]]}}"#),
        ] {
            assert_eq!(Area::read(bad), None, "{}", bad.get(..60).unwrap_or(bad));
        }
    }
}
