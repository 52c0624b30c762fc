//! The style of the map: what lies under the places, made from the pack. It names no fonts: the browser's own write the labels.

mod layers;

pub(crate) use civil::degrees;
use serde_json::{Map, Value, json};
use tiles::TileNumber;
use town::{District, MapBase, MapTiles, Town};
use web::View;

use crate::basemap::Opened;
use crate::words;

/// 国土地理院's pale tiles, and where their conditions stand.
const GSI_TILES: &str = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png";
const GSI_ABOUT: &str = "https://maps.gsi.go.jp/development/ichiran.html";
const GSI_ZOOM: std::ops::RangeInclusive<u32> = 5..=18;

/// Where a map of a town without `[map]` begins: the land from afar.
const LAND: (i32, i32, u32) = (37_000_000, 138_000_000, 5);
/// How near a map begins whose middle is guessed from the districts.
const NEAR_DISTRICTS: u32 = 11;

/// How strongly a map is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contrast {
    /// Quietly, under the pins.
    Usual,
    /// For who asks the browser for more contrast.
    More,
}

/// What a style is made of.
#[derive(Default)]
struct Sheet {
    sources: Map<String, Value>,
    layers: Vec<Value>,
    /// Addresses of tiles that are kept for when there is no network.
    keep: Vec<String>,
}

/// Makes the style for a reader; `tiles` are those of the pack while they can be read.
pub(crate) fn style(view: &View, tiles: Option<&Opened>, contrast: Contrast) -> Value {
    let town = view.app.town();
    let (latitude, longitude, zoom) = beginning(town);
    let mut sheet = Sheet::default();
    sheet.layers.push(json!({ "id": "ground", "type": "background", "paint": { "background-color": "#e8eef2" } }));
    match (town.map.as_ref().map(|map| &map.base), tiles) {
        (Some(MapBase::Gsi), _) => sheet.gsi(view),
        (Some(MapBase::File { geojson, credit }), _) => sheet.outlines(view, geojson, view.words(credit)),
        (Some(MapBase::Tiles(base)), Some(opened)) => sheet.tiles(view, base, opened, contrast),
        (Some(MapBase::Tiles(MapTiles { outlines: Some(geojson), credit, .. })), None) => sheet.outlines(view, geojson, view.words(credit)),
        (Some(MapBase::Tiles(_)) | None, _) => sheet.districts(view),
    }
    json!({
        "version": 8, "name": view.words(&town.name), "center": [degrees(longitude), degrees(latitude)], "zoom": zoom,
        "sources": sheet.sources, "layers": sheet.layers, "metadata": { "tegata:keep": sheet.keep },
    })
}

impl Sheet {
    fn gsi(&mut self, view: &View) {
        let credit = format!("<a href=\"{GSI_ABOUT}\">{}</a>", view.t("places-map-credit-gsi"));
        self.sources.insert(
            "base".to_owned(),
            json!({
                "type": "raster", "tiles": [GSI_TILES], "tileSize": 256, "minzoom": GSI_ZOOM.start(), "maxzoom": GSI_ZOOM.end(), "attribution": credit,
            }),
        );
        self.layers.push(json!({ "id": "base", "type": "raster", "source": "base" }));
    }

    /// A file of the pack, with the districts' names.
    fn outlines(&mut self, view: &View, geojson: &str, credit: &str) {
        let data: Value = serde_json::from_str(geojson).unwrap_or_default();
        self.sources.insert("base".to_owned(), json!({ "type": "geojson", "data": data, "attribution": escaped(credit) }));
        self.layers.extend(outlines());
        self.districts(view);
    }

    /// Tiles that the server itself gives out. Their address names the file's content, so that a kept one is never out of date.
    fn tiles(&mut self, view: &View, base: &MapTiles, opened: &Opened, contrast: Contrast) {
        let (min, max) = opened.archive.zooms();
        let address = |z: &str, x: &str, y: &str| format!("/map/tiles/{z}/{x}/{y}.mvt?v={}", opened.hash);
        self.sources.insert(
            "base".to_owned(),
            json!({
                "type": "vector", "tiles": [address("{z}", "{x}", "{y}")], "minzoom": min, "maxzoom": max,
                "attribution": escaped(view.words(&base.credit)),
            }),
        );
        self.layers.extend(layers::layers(base, opened, view.language.html(), contrast));
        let around = around(beginning(view.app.town()), min, max);
        self.keep = around.iter().map(|tile| address(&tile.z().to_string(), &tile.x().to_string(), &tile.y().to_string())).collect();
    }

    fn districts(&mut self, view: &View) {
        districts(view, &mut self.sources, &mut self.layers);
    }
}

/// The tiles around the middle of the map that a phone keeps: a window's worth for each zoom that is looked at in a town.
fn around((latitude, longitude, zoom): (i32, i32, u32), min: u8, max: u8) -> Vec<TileNumber> {
    let zoom = u8::try_from(zoom).unwrap_or(max);
    let zooms = zoom.saturating_sub(1).clamp(min, max)..=(zoom + 3).clamp(min, max);
    zooms.flat_map(|z| square(latitude, longitude, z, if z <= zoom { 1 } else { 2 })).collect()
}

/// The tiles up to so many columns and rows away from the one a spot lies in.
fn square(latitude_microdegrees: i32, longitude_microdegrees: i32, z: u8, away: u32) -> Vec<TileNumber> {
    let all = f64::from(1_u32 << z);
    let latitude = (f64::from(latitude_microdegrees) / 1e6).to_radians();
    // Web Mercator, as every web map counts its tiles; the float only picks a square.
    let x = (f64::from(longitude_microdegrees) / 360e6 + 0.5) * all;
    let y = (0.5 - latitude.tan().asinh() / (2.0 * std::f64::consts::PI)) * all;
    let (column, row) = (x as u32, y as u32);
    let near = |middle: u32| middle.saturating_sub(away)..=middle + away;
    near(column).flat_map(|x| near(row).filter_map(move |y| TileNumber::new(z, x, y))).collect()
}

/// The middle of the map and how near it is: what the pack says, or the middle of its districts.
fn beginning(town: &Town) -> (i32, i32, u32) {
    if let Some(map) = &town.map {
        return (map.latitude_microdegrees, map.longitude_microdegrees, map.zoom);
    }
    let middle = |of: fn(&District) -> i32| {
        let (low, high) = (town.districts.iter().map(of).min()?, town.districts.iter().map(of).max()?);
        Some(low + (high - low) / 2)
    };
    match (middle(|district| district.latitude_microdegrees), middle(|district| district.longitude_microdegrees)) {
        (Some(latitude), Some(longitude)) => (latitude, longitude, NEAR_DISTRICTS),
        _ => LAND,
    }
}

/// The middle of the map as the island takes it.
pub(crate) fn middle(town: &Town) -> Value {
    let (latitude, longitude, _) = beginning(town);
    json!([degrees(longitude), degrees(latitude)])
}

/// How a file of the pack is drawn: areas as land, lines and edges as lines.
fn outlines() -> [Value; 2] {
    [
        json!({
            "id": "base-land", "type": "fill", "source": "base", "filter": ["==", ["geometry-type"], "Polygon"], "paint": { "fill-color": "#fbfaf5" },
        }),
        json!({
            "id": "base-line", "type": "line", "source": "base", "filter": ["!=", ["geometry-type"], "Point"],
            "paint": { "line-color": "#6b6558", "line-width": 1.5 },
        }),
    ]
}

/// The districts' names, those where most people live before others.
fn districts(view: &View, sources: &mut Map<String, Value>, layers: &mut Vec<Value>) {
    let town = view.app.town();
    if town.districts.is_empty() {
        return;
    }
    let latin = !words::in_kanji(view);
    let features: Vec<Value> = town.districts.iter().map(|district| feature(district, latin)).collect();
    sources.insert("districts".to_owned(), json!({ "type": "geojson", "data": { "type": "FeatureCollection", "features": features } }));
    layers.push(json!({
        "id": "districts", "type": "symbol", "source": "districts",
        "layout": {
            "text-field": ["get", "name"], "text-size": ["interpolate", ["linear"], ["zoom"], 9, 12, 14, 15],
            "symbol-sort-key": ["-", 0, ["get", "people"]], "text-max-width": 8,
        },
        "paint": { "text-color": "#4d483e", "text-halo-color": "#fbfaf5", "text-halo-width": 1.5 },
    }));
}

fn feature(district: &District, latin: bool) -> Value {
    let name = if latin && !district.romaji.is_empty() { &district.romaji } else { &district.name };
    json!({
        "type": "Feature", "properties": { "name": name, "people": district.population },
        "geometry": { "type": "Point", "coordinates": district.position().east_north() },
    })
}

/// The map writes a credit as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_around_the_middle_within_the_zooms_of_the_file_and_bounded() {
        let kept = around((41_292_800, 141_183_400, 10), 7, 14);
        assert_eq!(kept.len(), 2 * 9 + 3 * 25);
        assert!(kept.contains(&TileNumber::new(10, 913, 382).expect("there is such a tile")));
        assert!(kept.contains(&TileNumber::new(13, 7308, 3062).expect("there is such a tile")));
        let late = around((41_292_800, 141_183_400, 10), 12, 12);
        assert_eq!((late.len(), late.iter().all(|tile| tile.z() == 12)), (25, true));
        assert_eq!(around((41_292_800, 141_183_400, 18), 4, 16).iter().map(|tile| tile.z()).max(), Some(16));
    }
}
