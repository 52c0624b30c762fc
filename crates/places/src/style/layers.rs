//! How tiles are drawn: a file of layers for each schema the house knows, with colours and names filled in, or the town's own.

use serde_json::{Value, json};
use town::{MapTiles, TileSchema, TileStyle};

use super::Contrast;
use crate::basemap::Opened;

/// What stands for the name of a thing in the reader's language.
const NAME: &str = "@name";

/// The colours of the layers' files: a name, the usual colour, and that for more contrast.
const COLOURS: [(&str, &str, &str); 18] = [
    ("@sea", "#d5e4ee", "#a9d3ee"),
    ("@land", "#fbfaf5", "#ffffff"),
    ("@wood", "#e6eddc", "#ffffff"),
    ("@built", "#f3ede2", "#ffffff"),
    ("@water", "#cbe0ee", "#a9d3ee"),
    ("@shore", "#7ba2ba", "#003a5c"),
    ("@building", "#e6dfd1", "#dddddd"),
    ("@building-edge", "#c9bda8", "#444444"),
    ("@casing", "#b9b0a0", "#000000"),
    ("@minor", "#ffffff", "#ffffff"),
    ("@road", "#fff4d6", "#ffffff"),
    ("@major", "#fbe0a0", "#ffe27a"),
    ("@motorway", "#f2c08a", "#ffb347"),
    ("@rail", "#7d766b", "#000000"),
    ("@boundary", "#6b6558", "#000000"),
    ("@contour", "#d9cdb8", "#8a7a5c"),
    ("@ink-soft", "#5a5548", "#000000"),
    ("@ink-water", "#1f5877", "#00314d"),
];
/// Letters, and what stands around them so that they are read on anything.
const INK: (&str, &str, &str) = ("@ink", "#3a362e", "#000000");
const HALO: (&str, &str, &str) = ("@halo", "#fbfaf5", "#ffffff");

/// The layers of a base in the order they are drawn, of those the file has tiles for.
pub(super) fn layers(base: &MapTiles, opened: &Opened, language: &str, contrast: Contrast) -> Vec<Value> {
    let text = match &base.style {
        TileStyle::Schema(schema) => of_schema(*schema),
        TileStyle::Own(layers) => layers,
    };
    let mut layers: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    layers.retain(|layer| layer.get("source-layer").and_then(Value::as_str).is_none_or(|name| opened.archive.has_layer(name)));
    let name = name_in(language);
    for layer in &mut layers {
        fill_in(layer, &name, contrast);
        finish(layer, contrast);
    }
    layers
}

fn of_schema(schema: TileSchema) -> &'static str {
    match schema {
        TileSchema::Plain => include_str!("plain.json"),
        TileSchema::GsiOptimal => include_str!("gsi-optimal.json"),
        TileSchema::Protomaps => include_str!("protomaps.json"),
        TileSchema::OpenMapTiles => include_str!("openmaptiles.json"),
    }
}

/// A thing's name for who reads a language: in it, else in Latin letters for who reads no kanji, else as it is on the spot.
fn name_in(language: &str) -> Value {
    let own = language.split('-').next().unwrap_or(language);
    let mut names = vec![json!("coalesce")];
    let mut add = |field: String| names.push(json!(["get", field]));
    match own {
        "ja" => add("name:ja".to_owned()),
        "zh" => {
            add("name:zh-Hans".to_owned());
            add("name:zh".to_owned());
        }
        other => {
            add(format!("name:{other}"));
            for latin in ["name:en", "name:latin"] {
                add(latin.to_owned());
            }
        }
    }
    add("name".to_owned());
    Value::Array(names)
}

/// Puts colours and names where their signs stand.
fn fill_in(value: &mut Value, name: &Value, contrast: Contrast) {
    match value {
        Value::String(sign) if sign == NAME => *value = name.clone(),
        Value::String(sign) if sign.starts_with('@') => {
            if let Some(colour) = COLOURS.iter().chain([&INK, &HALO]).find(|(known, ..)| known == sign) {
                *value = json!(of_contrast(colour, contrast));
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| fill_in(part, name, contrast)),
        Value::Object(parts) => parts.values_mut().for_each(|part| fill_in(part, name, contrast)),
        _ => {}
    }
}

fn of_contrast(colour: &(&str, &'static str, &'static str), contrast: Contrast) -> &'static str {
    match contrast {
        Contrast::Usual => colour.1,
        Contrast::More => colour.2,
    }
}

/// Gives a layer its place among the map's own, and letters what stands around them.
fn finish(layer: &mut Value, contrast: Contrast) {
    let Some(layer) = layer.as_object_mut() else { return };
    if layer.get("type") != Some(&json!("background")) {
        layer.insert("source".to_owned(), json!("base"));
    }
    let id = layer.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = format!("base-{id}");
    layer.insert("id".to_owned(), json!(id));
    if layer.get("type") == Some(&json!("symbol")) {
        let defaults = [
            ("layout", "text-max-width", json!(8)),
            ("layout", "text-padding", json!(4)),
            ("paint", "text-halo-color", json!(of_contrast(&HALO, contrast))),
            ("paint", "text-halo-width", json!(if contrast == Contrast::More { 2.2 } else { 1.6 })),
        ];
        for (part, key, value) in defaults {
            if let Some(part) = layer.entry(part).or_insert_with(|| json!({})).as_object_mut() {
                part.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;

    #[test]
    fn every_sign_of_every_schema_is_filled_in() {
        for schema in TileSchema::ALL {
            for contrast in [Contrast::Usual, Contrast::More] {
                let mut layers: Vec<Value> = serde_json::from_str(of_schema(*schema)).unwrap();
                assert!(layers.len() > 15, "{schema:?}");
                for layer in &mut layers {
                    fill_in(layer, &name_in("ja"), contrast);
                    finish(layer, contrast);
                    let text = layer.to_string();
                    assert!(!text.contains('@'), "{schema:?}: {text}");
                    assert!(!text.contains("icon-image") && !text.contains("-pattern"), "there are no pictures: {text}");
                }
                let mut ids: Vec<&str> = layers.iter().map(|layer| layer["id"].as_str().unwrap()).collect();
                ids.sort_unstable();
                assert!(ids.windows(2).all(|two| two[0] != two[1]), "{ids:?}");
            }
        }
    }

    #[test]
    fn names_are_in_the_readers_language_else_in_letters_they_read() {
        assert_eq!(name_in("ja"), json!(["coalesce", ["get", "name:ja"], ["get", "name"]]));
        assert_eq!(name_in("zh-Hans"), json!(["coalesce", ["get", "name:zh-Hans"], ["get", "name:zh"], ["get", "name"]]));
        let portuguese = json!(["coalesce", ["get", "name:pt"], ["get", "name:en"], ["get", "name:latin"], ["get", "name"]]);
        assert_eq!(name_in("pt-BR"), portuguese);
    }

    /// WCAG 2.2, 1.4.3 and 1.4.6: letters on land and water, whose halo only helps.
    #[test]
    fn letters_are_read_on_land_and_water() {
        let colour =
            |sign: &str, contrast| of_contrast(COLOURS.iter().chain([&INK, &HALO]).find(|(known, ..)| *known == sign).unwrap(), contrast);
        for (contrast, least) in [(Contrast::Usual, 4.5), (Contrast::More, 7.0)] {
            for ink in ["@ink", "@ink-soft", "@ink-water"] {
                for ground in ["@land", "@sea", "@water", "@wood", "@built", "@halo"] {
                    let ratio = ratio(colour(ink, contrast), colour(ground, contrast));
                    assert!(ratio >= least, "{ink} on {ground}: {ratio:.2}");
                }
            }
        }
    }

    fn ratio(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let part = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }
}
