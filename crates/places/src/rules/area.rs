//! Hazard areas: whether a position lies in one, how grave it is, and how it is drawn.

use serde_json::Value;
use town::{Area, Dataset, DatasetKind, HazardKind};

use super::spot::Listed;
use crate::model::{Place, Position};

/// What an area's own columns say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Degree {
    /// 土砂災害特別警戒区域 (レッドゾーン).
    Special,
    /// 土砂災害警戒区域 (イエローゾーン).
    Warning,
    /// How deep the water may be, as written.
    Depth(String),
    /// Nothing that is known here.
    Unsaid,
}

/// Columns that say how deep water may be: towns' own, and 国土数値情報 A31a and A40.
const DEPTHS: [&str; 4] = ["最大浸水深", "浸水深", "A31a_205", "A40_003"];
/// Columns with the kind of a 土砂災害警戒区域: PLATEAU's, and 国土数値情報 A33.
const ZONES: [&str; 2] = ["区域区分", "A33_002"];

/// The areas a position lies in, of each data set the gravest: a red zone lies inside a yellow one.
pub(crate) fn areas_at<'a>(listed: &[Listed<'a>], here: Position) -> Vec<Listed<'a>> {
    let mut found: Vec<Listed<'a>> = Vec::new();
    for area in listed.iter().filter(|one| one.dataset.kind == DatasetKind::Hazard && lies_in(&one.place, here)) {
        match found.iter_mut().find(|known| known.dataset.id == area.dataset.id) {
            Some(known) if gravity(&area.place) > gravity(&known.place) => *known = area.clone(),
            Some(_) => {}
            None => found.push(area.clone()),
        }
    }
    found
}

/// Whether a position lies in the outline of a place: in a polygon and in none of its holes.
pub(crate) fn lies_in(place: &Place, here: Position) -> bool {
    let Some(outline) = &place.detail.outline else { return false };
    let ring_holds = |ring: &Value| Area::of_ring(ring).is_some_and(|area| area.holds(here));
    let polygon_holds = |rings: &Value| {
        let rings = rings.as_array().map(Vec::as_slice).unwrap_or_default();
        rings.split_first().is_some_and(|(outer, holes)| ring_holds(outer) && !holes.iter().any(ring_holds))
    };
    match outline["type"].as_str() {
        Some("Polygon") => polygon_holds(&outline["coordinates"]),
        Some("MultiPolygon") => outline["coordinates"].as_array().into_iter().flatten().any(polygon_holds),
        _ => false,
    }
}

/// What an area says of itself.
pub(crate) fn degree(place: &Place) -> Degree {
    let cell =
        |names: &[&str]| place.detail.more.iter().find(|(heading, _)| names.contains(&heading.as_str())).map(|(_, cell)| cell.as_str());
    match (cell(&ZONES), cell(&DEPTHS)) {
        (Some("2"), _) => Degree::Special,
        (Some("1"), _) => Degree::Warning,
        (_, Some(depth)) => Degree::Depth(depth.to_owned()),
        _ => Degree::Unsaid,
    }
}

/// How grave an area is beside others of its data set; of depths the first number counts.
fn gravity(place: &Place) -> u32 {
    match degree(place) {
        Degree::Special => 2,
        Degree::Warning => 1,
        Degree::Depth(text) => {
            let number: String = text
                .chars()
                .map(civil::half_width)
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            // In centimetres.
            number.parse::<f64>().map_or(0, |metres| (metres * 100.0).clamp(0.0, 1e6).round() as u32)
        }
        Degree::Unsaid => 0,
    }
}

/// How an area is filled, so that it is told from others without its colour.
pub(crate) fn pattern(dataset: &Dataset) -> &'static str {
    match dataset.hazards.first() {
        Some(HazardKind::Flood | HazardKind::Tsunami) => "waves",
        Some(HazardKind::InlandFlood | HazardKind::Fire) => "dots",
        Some(HazardKind::StormSurge | HazardKind::Volcano) => "cross",
        Some(HazardKind::Landslide | HazardKind::Earthquake) | None => "hatch",
    }
}
