//! Reads `[map]` with `base = "tiles"`: the file of tiles, and how it is drawn.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tiles::{Archive, Error};

use super::{
    PackFile,
    map::{Brought, geojson, is_there, pack_file},
    utf8,
};
use crate::{
    diagnostic::{Diagnostic, Location, Source},
    fields::{Faults, Fields, Value},
    model::{MapTiles, TileFile, TileSchema, TileStyle},
};

/// How a file of tiles ends.
const ENDING: &str = ".pmtiles";
/// Kinds of layers a style may have. Pictures and relief need what no server gives out here.
const KINDS: [&str; 5] = ["background", "fill", "line", "circle", "symbol"];
/// Layers of a style at most.
const LAYERS_MAX: usize = 300;

/// Where a map begins: its middle in millionths of a degree, and how near.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    pub(super) latitude: i32,
    pub(super) longitude: i32,
    pub(super) zoom: u32,
}

/// `begins` comes with the values that say so: latitude and zoom.
pub(super) fn read<'a>(
    fields: &Fields<'a>,
    brought: &Brought<'a>,
    files: &[PackFile],
    folder: Option<&Path>,
    begins: Option<((Beginning, Value<'a>), Value<'a>)>,
    faults: &mut Faults,
) -> Option<MapTiles> {
    is_there(brought.file, "file", "\"data/map.pmtiles\"", fields, faults);
    is_there(brought.credit, "credit", "{ ja = \"…\" }", fields, faults);
    let credit = brought.credit.and_then(|value| value.words(faults));
    let outlines = brought.outlines.map(|value| geojson(&value, files, faults));
    let found = brought.file.and_then(|value| opened(&value, files, folder, faults));
    if let (Some(found), Some(((begins, at_latitude), at_zoom))) = (&found, begins) {
        shows(&found.archive, begins, &at_latitude, &at_zoom, faults);
    }
    let style = style(fields, brought, found.as_ref().map(|found| &found.archive), files, faults);
    let outlines = match outlines {
        Some(read) => Some(read?),
        None => None,
    };
    let found = found?;
    Some(MapTiles { name: found.name, file: found.file, credit: credit?, style: style?, outlines })
}

/// A file of tiles that could be opened.
struct Found {
    name: String,
    file: TileFile,
    archive: Archive,
}

fn opened(value: &Value<'_>, files: &[PackFile], folder: Option<&Path>, faults: &mut Faults) -> Option<Found> {
    let name = value.string(faults)?;
    let file = place(&name, files, folder);
    let Some(file) = file.filter(|_| name.ends_with(ENDING)) else {
        let next = "put the file into data/ and write \"data/….pmtiles\", or write its whole path on the server";
        value.fault(faults, format!("{name:?} is no file of tiles in the folder of the pack"), next);
        return None;
    };
    match file.open() {
        Ok(archive) => Some(Found { name, file, archive }),
        Err(error) => {
            value.fault(faults, reason(&name, &error), next(&error));
            None
        }
    }
}

/// Where a file is that a pack names: in its `data/`, or by its whole path anywhere on the server.
fn place(name: &str, files: &[PackFile], folder: Option<&Path>) -> Option<TileFile> {
    if Path::new(name).is_absolute() {
        return Some(TileFile::Path(PathBuf::from(name)));
    }
    let inside = name.strip_prefix("data/").filter(|rest| !rest.contains(['/', '\\']))?;
    let in_memory = files.iter().find(|file| file.path == name).map(|file| TileFile::Memory(Arc::from(file.bytes.as_slice())));
    in_memory.or_else(|| Some(TileFile::Path(folder?.join("data").join(inside))))
}

fn reason(name: &str, error: &Error) -> String {
    match error {
        Error::Read(read) if read.kind() == ErrorKind::NotFound => format!("{name:?} is not there"),
        Error::Read(read) => format!("{name:?} cannot be read: {read}"),
        error => format!("{name:?}: {error}"),
    }
}

fn next(error: &Error) -> &'static str {
    match error {
        Error::Read(read) if read.kind() == ErrorKind::NotFound => "put the file there; docs/run-a-town.md says where towns get one",
        Error::Read(_) => "check its permissions",
        Error::NotPmtiles | Error::Version(_) => "make it with \"pmtiles convert\" or \"pmtiles extract\" of go-pmtiles",
        Error::Truncated { .. } => "download it again",
        Error::NotVector(_) => "take a file of vector tiles",
        Error::Compression(_) => "make it again with gzip, the usual compression",
        Error::Zooms { .. } | Error::Directory(_) | Error::Metadata(_) | Error::Tile(..) => {
            "make it again; \"pmtiles verify\" of go-pmtiles says more"
        }
    }
}

/// The map must not begin where the file has nothing.
fn shows(archive: &Archive, begins: Beginning, at_latitude: &Value<'_>, at_zoom: &Value<'_>, faults: &mut Faults) {
    let (min, max) = archive.zooms();
    if begins.zoom < u32::from(min) {
        let reason = format!("the file has tiles of zooms {min} to {max}: at {} the map would be empty", begins.zoom);
        at_zoom.fault(faults, reason, format!("write {min} or more, or take a file that begins earlier"));
    }
    if !archive.bounds().contains(begins.latitude, begins.longitude) {
        at_latitude.fault(
            faults,
            "the middle of the map lies outside of what the file covers",
            "take the file of this town, or correct the position",
        );
    }
}

/// How the tiles are drawn; without an open file only the pack's own words are judged.
fn style(
    fields: &Fields<'_>,
    brought: &Brought<'_>,
    archive: Option<&Archive>,
    files: &[PackFile],
    faults: &mut Faults,
) -> Option<TileStyle> {
    match (brought.schema, brought.style) {
        (Some(schema), None) => {
            let read = schema.word(TileSchema::ALL, TileSchema::word, faults)?;
            if let Some(archive) = archive {
                is_of_schema(read, archive, &schema, faults)?;
            }
            Some(TileStyle::Schema(read))
        }
        (None, Some(style)) => {
            let source = utf8(pack_file(&style, files, faults)?, faults)?;
            own_style(&source, archive, faults).map(TileStyle::Own)
        }
        (Some(_), Some(style)) => {
            style.fault(faults, "there are a schema and a style", "keep one of them");
            None
        }
        (None, None) => {
            let next = "add schema = \"gsi-optimal\", \"protomaps\", \"openmaptiles\" or \"plain\", or style = \"data/style.json\"";
            faults.push(Diagnostic::error(fields.location(), "nothing says how the tiles are drawn", next));
            None
        }
    }
}

fn is_of_schema(schema: TileSchema, archive: &Archive, value: &Value<'_>, faults: &mut Faults) -> Option<()> {
    let lacks =
        |(layer, field): &&(&str, Option<&str>)| !archive.has_layer(layer) || field.is_some_and(|field| !archive.has_field(layer, field));
    let Some((layer, field)) = schema.signs().iter().find(lacks) else { return Some(()) };
    let reason = match field.filter(|_| archive.has_layer(layer)) {
        Some(field) => format!("the file's layer {layer:?} has no {field:?}, which {} has", schema.word()),
        None => format!("the file has no layer {layer:?}, which {} has; it has {}", schema.word(), layers(archive)),
    };
    value.fault(faults, reason, "write the schema the file was made by, or draw it by a style of your own");
    None
}

fn layers(archive: &Archive) -> String {
    let names: Vec<String> = archive.layers().map(|name| format!("{name:?}")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A style as MapLibre's editors write it; only its layers are read.
#[derive(Deserialize)]
struct Style<'a> {
    #[serde(borrow)]
    layers: Vec<&'a RawValue>,
}

/// What is judged of a layer, each where it stands.
#[derive(Deserialize)]
struct Layer<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, rename = "source-layer")]
    source_layer: Option<&'a RawValue>,
    #[serde(borrow)]
    layout: Option<&'a RawValue>,
    #[serde(borrow)]
    paint: Option<&'a RawValue>,
}

/// Reads a style of the town's own and gives its layers as a JSON array.
fn own_style(source: &Source, archive: Option<&Archive>, faults: &mut Faults) -> Option<Arc<str>> {
    let text: &str = &source.text;
    let layers = if text.trim_start().starts_with('[') {
        serde_json::from_str::<Vec<&RawValue>>(text)
    } else {
        serde_json::from_str::<Style<'_>>(text).map(|style| style.layers)
    };
    let layers = match layers {
        Ok(layers) if (1..=LAYERS_MAX).contains(&layers.len()) => layers,
        Ok(layers) => {
            let reason = format!("the style has {} layers", layers.len());
            faults.push(Diagnostic::error(source.at(0), reason, format!("write 1 to {LAYERS_MAX}")));
            return None;
        }
        Err(error) => {
            let location = Location { file: source.file.clone(), line: error.line().max(1), column: error.column().max(1) };
            faults.push(Diagnostic::error(location, "these are no layers of a MapLibre style", "export the style again as JSON"));
            return None;
        }
    };
    let before = faults.len();
    let mut ids = BTreeSet::new();
    for layer in &layers {
        judge(source, layer, archive, &mut ids, faults);
    }
    (faults.len() == before).then(|| Arc::from(format!("[{}]", layers.iter().map(|layer| layer.get()).collect::<Vec<_>>().join(","))))
}

fn judge(source: &Source, raw: &RawValue, archive: Option<&Archive>, ids: &mut BTreeSet<String>, faults: &mut Faults) {
    let mut fault = |at: &RawValue, reason: String, next: &str| {
        let offset = at.get().as_ptr() as usize - source.text.as_ptr() as usize;
        faults.push(Diagnostic::error(source.at(offset), reason, next));
    };
    let Ok(layer) = serde_json::from_str::<Layer<'_>>(raw.get()) else {
        return fault(raw, "this is no layer of a style".to_owned(), "write an object with id, type and source-layer");
    };
    match layer.id.map(|id| (id, word(id))) {
        Some((id, Some(name))) if !ids.insert(name.clone()) => {
            fault(id, format!("{name:?} is there twice"), "give each layer an id of its own")
        }
        Some((_, Some(_))) => {}
        Some((id, None)) => fault(id, "this is no id".to_owned(), "write a text"),
        None => fault(raw, "the layer has no id".to_owned(), "add \"id\""),
    }
    let kind = layer.kind.and_then(word);
    if !kind.as_deref().is_some_and(|kind| KINDS.contains(&kind)) {
        fault(
            layer.kind.unwrap_or(raw),
            "the layer's type is not drawn here".to_owned(),
            "use one of background, fill, line, circle, symbol",
        );
    }
    match (layer.source_layer, kind.as_deref()) {
        (_, Some("background")) => {}
        (None, _) => fault(raw, "the layer has no source-layer".to_owned(), "name a layer of the file"),
        (Some(at), _) => {
            let name = word(at).unwrap_or_default();
            if let Some(archive) = archive.filter(|archive| !archive.has_layer(&name)) {
                fault(at, format!("the file has no layer {name:?}"), &format!("use one of {}", layers(archive)));
            }
        }
    }
    for part in [layer.layout, layer.paint].into_iter().flatten() {
        let drawn: serde_json::Map<String, serde_json::Value> = serde_json::from_str(part.get()).unwrap_or_default();
        if let Some(key) = drawn.keys().find(|key| *key == "icon-image" || key.ends_with("-pattern")) {
            fault(part, format!("{key:?} needs pictures, which are not given out"), "leave it out");
        }
    }
}

/// The text a value is.
fn word(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}
