//! Reads `[map]`.

use std::{path::Path, sync::Arc};

use super::{
    PackFile,
    cross::is_in_every_language,
    district::degrees,
    map_tiles::{self, Beginning},
    utf8,
};
use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Fields, Value},
    model::{Language, MapBase, MapSettings, MapTiles, Words},
};

/// The bases a pack may choose.
#[derive(Clone, Copy, PartialEq)]
enum Base {
    Gsi,
    File,
    Tiles,
}

impl Base {
    const ALL: &'static [Self] = &[Self::Gsi, Self::File, Self::Tiles];

    fn word(self) -> &'static str {
        match self {
            Self::Gsi => "gsi",
            Self::File => "file",
            Self::Tiles => "tiles",
        }
    }
}

/// What a base may bring with it.
pub(super) struct Brought<'a> {
    pub(super) file: Option<Value<'a>>,
    pub(super) credit: Option<Value<'a>>,
    pub(super) schema: Option<Value<'a>>,
    pub(super) style: Option<Value<'a>>,
    pub(super) outlines: Option<Value<'a>>,
}

pub(super) fn read(
    mut fields: Fields<'_>,
    files: &[PackFile],
    folder: Option<&Path>,
    languages: &[Language],
    faults: &mut Faults,
) -> Option<MapSettings> {
    let base = fields.required("base", "\"gsi\"", faults);
    let word = base.and_then(|value| value.word(Base::ALL, Base::word, faults));
    let brought = Brought {
        file: fields.optional("file"),
        credit: fields.optional("credit"),
        schema: fields.optional("schema"),
        style: fields.optional("style"),
        outlines: fields.optional("outlines"),
    };
    let asked =
        [("latitude", "41.29"), ("longitude", "141.18"), ("zoom", "11")].map(|(key, example)| fields.required(key, example, faults));
    let [at_latitude, at_longitude, at_zoom] = &asked;
    let latitude = at_latitude.and_then(|value| position(&value, 20..=46, faults));
    let longitude = at_longitude.and_then(|value| position(&value, 122..=154, faults));
    let zoom = at_zoom.and_then(|value| value.integer_within(5..=18, faults));
    has_nothing_foreign(word, &brought, faults);
    let base = match word {
        Some(Base::Gsi) => Some(MapBase::Gsi),
        Some(Base::File) => of_file(&fields, &brought, files, faults),
        Some(Base::Tiles) => {
            let begins = latitude.zip(longitude).zip(zoom).map(|((latitude, longitude), zoom)| Beginning { latitude, longitude, zoom });
            map_tiles::read(&fields, &brought, files, folder, begins.zip(*at_latitude).zip(*at_zoom), faults).map(MapBase::Tiles)
        }
        None => None,
    };
    if let Some(MapBase::File { credit, .. } | MapBase::Tiles(MapTiles { credit, .. })) = &base {
        is_in_every_language(credit, "credit of the map", &fields.location(), languages, faults);
    }
    fields.finish(faults);
    Some(MapSettings { base: base?, latitude_microdegrees: latitude?, longitude_microdegrees: longitude?, zoom: zoom? })
}

/// What belongs to another base than the chosen one.
fn has_nothing_foreign(base: Option<Base>, brought: &Brought<'_>, faults: &mut Faults) {
    if base == Some(Base::Gsi) {
        for value in [brought.file, brought.credit].into_iter().flatten() {
            value.fault(faults, "with base = \"gsi\" there is no file", "remove the key, or write base = \"file\"");
        }
    }
    if matches!(base, Some(Base::Gsi | Base::File)) {
        for value in [brought.schema, brought.style, brought.outlines].into_iter().flatten() {
            value.fault(faults, "only tiles are drawn by a style", "remove the key, or write base = \"tiles\"");
        }
    }
}

/// Notes a key that the base needs and the table has not.
pub(super) fn is_there(value: Option<Value<'_>>, key: &str, example: &str, fields: &Fields<'_>, faults: &mut Faults) {
    if value.is_none() {
        faults.push(Diagnostic::error(fields.location(), format!("{key} is missing"), format!("add {key} = {example}")));
    }
}

fn of_file(fields: &Fields<'_>, brought: &Brought<'_>, files: &[PackFile], faults: &mut Faults) -> Option<MapBase> {
    is_there(brought.file, "file", "\"data/base.geojson\"", fields, faults);
    is_there(brought.credit, "credit", "{ ja = \"…\" }", fields, faults);
    let credit: Option<Words> = brought.credit.and_then(|value| value.words(faults));
    let geojson = brought.file.and_then(|value| geojson(&value, files, faults));
    Some(MapBase::File { geojson: geojson?, credit: credit? })
}

pub(super) fn geojson(value: &Value<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Arc<str>> {
    let file = pack_file(value, files, faults)?;
    let source = utf8(file, faults)?;
    match serde_json::from_str::<serde_json::Value>(&source.text) {
        Ok(read) if read["type"] == "FeatureCollection" && read["features"].is_array() => Some(Arc::from(&*source.text)),
        Ok(_) => {
            faults.push(Diagnostic::error(source.at(0), "this is no GeoJSON FeatureCollection", "export the layer as GeoJSON"));
            None
        }
        Err(error) => {
            let location = crate::Location { file: source.file.clone(), line: error.line().max(1), column: error.column().max(1) };
            faults.push(Diagnostic::error(location, "this is not JSON from here on", "export the layer again as GeoJSON"));
            None
        }
    }
}

/// A file of the pack that a value names.
pub(super) fn pack_file<'a>(value: &Value<'_>, files: &'a [PackFile], faults: &mut Faults) -> Option<&'a PackFile> {
    let name = value.string(faults)?;
    let found = files.iter().find(|file| file.path == name && file.path.starts_with("data/"));
    if found.is_none() {
        value.fault(faults, format!("{name:?} is not in the folder of the pack"), "put the file into data/ and write \"data/…\"");
    }
    found
}

/// Decimal degrees, as TOML's own number or as text; read digit by digit.
fn position(value: &Value<'_>, japan: std::ops::RangeInclusive<i32>, faults: &mut Faults) -> Option<i32> {
    let text = value.number_text(faults)?;
    degrees(&text, japan).map_err(|(reason, next)| value.fault(faults, reason, next)).ok()
}
