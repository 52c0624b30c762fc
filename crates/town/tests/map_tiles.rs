//! `[map]` with `base = "tiles"`: what the file and its style must be, and what is said of those that are not.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::path::{Path, PathBuf};

use town::{MapBase, PackFile, TileSchema, TileStyle, Town, check, check_files};

const MAP: &str = "map.toml";

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// A file of tiles of another room's tests.
fn tiles(schema: &str) -> Vec<u8> {
    std::fs::read(here().join(format!("../places/tests/data/tiles/{schema}.pmtiles"))).unwrap()
}

fn map(more: &str) -> String {
    format!(
        "[map]\nbase = \"tiles\"\n{more}\ncredit = {{ ja = \"試し\", ja-easy = \"試し\", en = \"A trial\" }}\nlatitude = 41.29\nlongitude = 141.18\nzoom = 11\n"
    )
}

fn files(map: &str, more: &[(&str, &[u8])]) -> Vec<PackFile> {
    let good = std::fs::read(here().join("tests/good.toml")).unwrap();
    let own = [("town.toml", good.as_slice()), (MAP, map.as_bytes())];
    own.into_iter().chain(more.iter().copied()).map(|(path, bytes)| PackFile { path: path.to_owned(), bytes: bytes.to_vec() }).collect()
}

fn found(map: &str, more: &[(&str, &[u8])]) -> Vec<String> {
    check_files(&files(map, more)).found.iter().map(|diagnostic| diagnostic.to_string().replace("\n  next: ", " | ")).collect()
}

/// What is said of a map on these bytes.
fn said(style: &str, bytes: &[u8]) -> String {
    found(&map(&format!("file = \"data/map.pmtiles\"\n{style}")), &[("data/map.pmtiles", bytes)]).join("\n")
}

#[test]
fn every_schema_is_read_from_memory_and_from_a_disk() {
    for (word, schema) in
        [("gsi-optimal", TileSchema::GsiOptimal), ("protomaps", TileSchema::Protomaps), ("openmaptiles", TileSchema::OpenMapTiles)]
    {
        let text = map(&format!("file = \"data/map.pmtiles\"\nschema = \"{word}\""));
        let town = Town::from_files(&files(&text, &[("data/map.pmtiles", &tiles(word))])).unwrap();
        let Some(MapBase::Tiles(read)) = town.map.as_ref().map(|map| &map.base) else { panic!("no tiles") };
        assert_eq!(read.style, TileStyle::Schema(schema));
        assert_eq!(read.file.open().unwrap().zooms(), (10, 14));
    }
    let town = Town::load(&here().join("../../towns/mutsu")).unwrap();
    let Some(MapBase::Tiles(read)) = town.map.as_ref().map(|map| &map.base) else { panic!("no tiles") };
    assert!(
        matches!(&read.file, town::TileFile::Path(path) if path.ends_with("data/map.pmtiles")),
        "a file on a disk is not held in memory"
    );
}

#[test]
fn a_file_that_is_no_map_is_refused_for_what_it_is() {
    let good = tiles("protomaps");
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        said("schema = \"protomaps\"", &bytes)
    };
    assert_eq!(said("schema = \"protomaps\"", &good), "");
    assert_eq!(
        said("schema = \"protomaps\"", b"<html>"),
        "map.toml:3:8: error: \"data/map.pmtiles\": this is no PMTiles file | make it with \"pmtiles convert\" or \"pmtiles extract\" of go-pmtiles"
    );
    assert!(with(7, 2).contains("PMTiles of version 2"));
    assert!(with(99, 2).contains("3:8: error: \"data/map.pmtiles\": the file holds PNG pictures, not vector tiles (MVT)"));
    assert!(said("schema = \"protomaps\"", &good[..9000]).ends_with("| download it again"));
    assert!(with(100, 12).contains("its first tile is not there"), "a header that leaves out what there is");
    let far = map("file = \"data/map.pmtiles\"\nschema = \"protomaps\"").replace("zoom = 11", "zoom = 9");
    assert_eq!(
        found(&far, &[("data/map.pmtiles", &good)]),
        [
            "map.toml:8:8: error: the file has tiles of zooms 10 to 14: at 9 the map would be empty | write 10 or more, or take a file that begins earlier"
        ]
    );
    // The easternmost longitude, a little west of the middle.
    let mut elsewhere = good.clone();
    elsewhere[110..114].copy_from_slice(&1_411_000_000_i32.to_le_bytes());
    assert_eq!(
        said("schema = \"protomaps\"", &elsewhere),
        "map.toml:6:12: error: the middle of the map lies outside of what the file covers | take the file of this town, or correct the position"
    );
}

#[test]
fn a_file_that_is_not_there_is_named_whichever_way_it_was_written() {
    let missing = found(&map("file = \"/nowhere/at/all/map.pmtiles\"\nschema = \"plain\""), &[]);
    assert_eq!(
        missing,
        [
            "map.toml:3:8: error: \"/nowhere/at/all/map.pmtiles\" is not there | put the file there; docs/run-a-town.md says where towns get one"
        ]
    );
    for name in ["data/map.pmtiles", "map.pmtiles", "data/../map.pmtiles", "data/boundary.geojson"] {
        let said = found(&map(&format!("file = \"{name}\"\nschema = \"plain\"")), &[]);
        assert!(said.len() == 1 && said[0].contains(&format!("{name:?} is no file of tiles in the folder of the pack")), "{said:?}");
    }
    let folder = std::env::temp_dir().join(format!("tegata-pack-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::copy(here().join("tests/good.toml"), folder.join("town.toml")).unwrap();
    std::fs::write(folder.join(MAP), map("file = \"data/map.pmtiles\"\nschema = \"protomaps\"")).unwrap();
    let first = check(&folder).found;
    std::fs::write(folder.join("data/map.pmtiles"), tiles("protomaps")).unwrap();
    let then = check(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(first[0].to_string().contains("map.toml:3:8: error: \"data/map.pmtiles\" is not there"), "{first:?}");
    assert!(then.is_good(), "{:?}", then.found);
}

#[test]
fn the_schema_must_be_the_files_and_something_must_say_how_it_is_drawn() {
    let good = tiles("protomaps");
    assert_eq!(
        said("schema = \"gsi-optimal\"", &good),
        "map.toml:4:10: error: the file has no layer \"WA\", which gsi-optimal has; it has \"earth\", \"water\", \"landuse\", \"boundaries\", \"roads\", \"buildings\", \"places\", \"pois\" | write the schema the file was made by, or draw it by a style of your own"
    );
    assert!(said("", &good).contains("nothing says how the tiles are drawn"));
    assert!(said("schema = \"osm\"", &good).contains("use one of plain, gsi-optimal, protomaps, openmaptiles"));
    assert!(
        said("schema = \"protomaps\"\nstyle = \"data/style.json\"", &good).contains("map.toml:5:9: error: there are a schema and a style")
    );
    let foreign = found("[map]\nbase = \"gsi\"\nschema = \"plain\"\nlatitude = 41.29\nlongitude = 141.18\nzoom = 11\n", &[]);
    assert_eq!(foreign, ["map.toml:3:10: error: only tiles are drawn by a style | remove the key, or write base = \"tiles\""]);
    let bare = found("[map]\nbase = \"tiles\"\nschema = \"plain\"\nlatitude = 41.29\nlongitude = 141.18\nzoom = 11\n", &[]);
    assert!(
        bare.iter().any(|line| line.contains("file is missing")) && bare.iter().any(|line| line.contains("credit is missing")),
        "{bare:?}"
    );
}

#[test]
fn a_style_of_ones_own_is_judged_layer_by_layer() {
    let style = r##"[
  { "id": "sea", "type": "background" },
  { "id": "land", "type": "fill", "source-layer": "earth" },
  { "id": "land", "type": "fill", "source-layer": "earth" },
  { "id": "ways", "type": "line", "source-layer": "raods" },
  { "id": "hills", "type": "hillshade", "source-layer": "earth" },
  { "id": "shops", "type": "symbol", "source-layer": "pois", "layout": { "icon-image": "shop" } },
  { "type": "line" },
  7
]"##;
    let text = map("file = \"data/map.pmtiles\"\nstyle = \"data/style.json\"");
    let files: [(&str, &[u8]); 2] = [("data/map.pmtiles", &tiles("protomaps")), ("data/style.json", style.as_bytes())];
    let layers = "use one of \"earth\", \"water\", \"landuse\", \"boundaries\", \"roads\", \"buildings\", \"places\", \"pois\"";
    assert_eq!(
        found(&text, &files),
        [
            "data/style.json:4:11: error: \"land\" is there twice | give each layer an id of its own".to_owned(),
            format!("data/style.json:5:51: error: the file has no layer \"raods\" | {layers}"),
            "data/style.json:6:28: error: the layer's type is not drawn here | use one of background, fill, line, circle, symbol"
                .to_owned(),
            "data/style.json:7:72: error: \"icon-image\" needs pictures, which are not given out | leave it out".to_owned(),
            "data/style.json:8:3: error: the layer has no id | add \"id\"".to_owned(),
            "data/style.json:8:3: error: the layer has no source-layer | name a layer of the file".to_owned(),
            "data/style.json:9:3: error: this is no layer of a style | write an object with id, type and source-layer".to_owned(),
        ]
    );
    let broken = |style: &str| found(&text, &[files[0], ("data/style.json", style.as_bytes())]);
    assert_eq!(broken("[]"), ["data/style.json:1:1: error: the style has 0 layers | write 1 to 300"]);
    assert!(
        broken("{ \"layers\": [")
            .iter()
            .any(|line| line.starts_with("data/style.json:1:13: error: these are no layers of a MapLibre style"))
    );
    let good = "{ \"version\": 8, \"layers\": [{ \"id\": \"a\", \"type\": \"line\", \"source-layer\": \"roads\" }] }";
    assert_eq!(broken(good), Vec::<String>::new());
}
