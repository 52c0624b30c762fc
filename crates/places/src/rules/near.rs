//! In which direction a place lies, and where an address says the reader is.

use crate::model::Position;

/// Eight directions, clockwise from north; a catalogue has a word for each.
pub(crate) const DIRECTIONS: [&str; 8] = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];

/// In which of the eight directions a position lies.
pub fn direction(from: Position, to: Position) -> &'static str {
    let ((from_latitude, from_longitude), (to_latitude, to_longitude)) = (from.radians(), to.radians());
    let east = to_longitude - from_longitude;
    let y = east.sin() * to_latitude.cos();
    let x = from_latitude.cos() * to_latitude.sin() - from_latitude.sin() * to_latitude.cos() * east.cos();
    let eighth = (y.atan2(x).to_degrees() / 45.0).round() as i32;
    DIRECTIONS[usize::try_from(eighth.rem_euclid(8)).unwrap_or(0)]
}

/// Reads `latitude,longitude` in degrees, as an address carries the reader's own position.
pub(crate) fn position_of_address(text: &str) -> Option<Position> {
    let (latitude, longitude) = text.split_once(',')?;
    Position::read(latitude, longitude)
}
