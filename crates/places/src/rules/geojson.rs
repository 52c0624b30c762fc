//! GeoJSON (RFC 7946), and its elders that name a coordinate system of their own (`crs`).

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use town::DatasetKind;

use super::Expected;
use super::heading::{Column, column};
use super::judge::Seen;
use super::plane::System;
use super::row::{Draft, Heading, Row, position_of_cells, position_of_degrees};
use crate::model::{Place, Position, Reason, Refusal, Report};

/// Corners of an outline at most: beyond them no phone draws it.
const CORNERS_MAX: usize = 20_000;

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    crs: Option<Value>,
    #[serde(borrow)]
    features: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Option<Value>,
    properties: Option<Map<String, Value>>,
}

/// Reads the features.
///
/// # Errors
/// Why the file is refused as a whole.
pub(crate) fn read(text: &str, expected: &Expected<'_>, report: &mut Report) -> Result<Vec<Place>, Refusal> {
    let collection: Collection<'_> = serde_json::from_str(text).map_err(|error| broken(&error))?;
    let features = match (collection.kind.as_deref(), collection.features) {
        (Some("FeatureCollection"), Some(features)) => features,
        _ => return Err(Refusal::NotGeoJson),
    };
    let system = system(collection.crs.as_ref())?;
    let lines = Lines::of(text);
    let mut named = false;
    let (mut places, mut seen) = (Vec::new(), Seen::default());
    let mut unknown = std::collections::BTreeSet::new();
    for raw in features {
        report.rows += 1;
        let mut row = Row { line: lines.at(raw.get()), report };
        let Ok(feature) = serde_json::from_str::<Feature>(raw.get()) else {
            row.fault("", Reason::Geometry, raw.get());
            continue;
        };
        let mut draft = Draft::default();
        for (words, value) in feature.properties.iter().flatten() {
            let heading = Heading { column: column(words), words: words.clone() };
            named |= heading.column == Column::Name;
            if let Column::Other(words) = &heading.column {
                unknown.insert(words.clone());
            }
            draft.take(&heading, &cell(value), &mut row);
        }
        let position = position(feature.geometry.as_ref(), system, &mut draft, &mut row);
        if let Some(place) = draft.finish(position, expected, &mut row).and_then(|place| seen.once(place, &mut row)) {
            places.push(place);
        }
    }
    report.unknown = unknown.into_iter().collect();
    report.taken = u32::try_from(places.len()).unwrap_or(u32::MAX);
    if !named && report.rows > 0 && expected.dataset.kind != DatasetKind::Hazard {
        return Err(Refusal::Columns { missing: vec!["名称".to_owned()], found: report.unknown.iter().take(40).cloned().collect() });
    }
    Ok(places)
}

fn broken(error: &serde_json::Error) -> Refusal {
    let of = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    match error.classify() {
        Category::Eof => Refusal::Truncated { line: of(error.line()) },
        Category::Data => Refusal::NotGeoJson,
        Category::Syntax | Category::Io => Refusal::Json { line: of(error.line()), column: of(error.column()) },
    }
}

/// The system positions are given in: degrees, unless the file says otherwise.
fn system(crs: Option<&Value>) -> Result<System, Refusal> {
    let Some(crs) = crs.filter(|crs| !crs.is_null()) else { return Ok(System::Degrees) };
    let name = crs["properties"]["name"].as_str().unwrap_or_default();
    System::of_name(name).ok_or_else(|| Refusal::System { name: name.to_owned() })
}

/// A property as the cell of a table would have it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Where a feature is; what is no point leaves its outline in the draft. A feature without a geometry may say its position in its properties.
fn position(geometry: Option<&Value>, system: System, draft: &mut Draft, row: &mut Row<'_>) -> Option<Position> {
    let Some(geometry) = geometry.filter(|geometry| !geometry.is_null()) else {
        return position_of_cells(&draft.latitude, &draft.longitude, row);
    };
    let mut corners = 0;
    let (first, coordinates) = match degrees(&geometry["coordinates"], system, &mut corners) {
        Some(found) if corners <= CORNERS_MAX => found,
        _ => {
            row.fault("", Reason::Geometry, &geometry.to_string());
            return None;
        }
    };
    let kind = geometry["type"].as_str().unwrap_or_default();
    let (longitude, latitude) = first;
    match kind {
        "Point" => position_of_degrees(latitude, longitude, row),
        "Polygon" | "MultiPolygon" | "LineString" | "MultiLineString" => {
            let found = position_of_degrees(latitude, longitude, row)?;
            draft.detail.outline = Some(json!({ "type": kind, "coordinates": coordinates }));
            Some(found)
        }
        _ => {
            row.fault("", Reason::Geometry, kind);
            None
        }
    }
}

/// Coordinates of any depth in degrees, with their first position; `None` when they are none.
fn degrees(coordinates: &Value, system: System, corners: &mut usize) -> Option<((f64, f64), Value)> {
    let list = coordinates.as_array()?;
    if let (Some(x), Some(y)) = (list.first().and_then(Value::as_f64), list.get(1).and_then(Value::as_f64)) {
        *corners += 1;
        let (longitude, latitude) = system.degrees(x, y);
        return Some(((longitude, latitude), json!([rounded(longitude), rounded(latitude)])));
    }
    let read: Vec<((f64, f64), Value)> = list.iter().map(|inner| degrees(inner, system, corners)).collect::<Option<_>>()?;
    let first = read.first()?.0;
    Some((first, read.into_iter().map(|(_, value)| value).collect()))
}

/// To a millionth of a degree, a tenth of a metre.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1_000_000.0).round() / 1_000_000.0
}

/// Where lines begin, to say on which a piece of the text stands.
struct Lines<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, ends: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect() }
    }

    /// The line of a piece that was borrowed from the text.
    fn at(&self, piece: &str) -> u32 {
        let offset = (piece.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        u32::try_from(self.ends.partition_point(|end| *end < offset)).unwrap_or(u32::MAX).saturating_add(1)
    }
}
