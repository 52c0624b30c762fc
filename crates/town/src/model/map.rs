//! The map: what lies under the places, and where it begins.

use std::{path::PathBuf, sync::Arc};

use super::Words;

/// What is drawn under the places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapBase {
    /// 国土地理院's pale tiles; the reader's browser asks for them there.
    Gsi,
    /// A GeoJSON file of the pack, drawn as outlines and areas: no network is needed.
    File {
        /// The file as it is, a FeatureCollection.
        geojson: Arc<str>,
        /// Who made it, as it is shown on the map.
        credit: Words,
    },
    /// Vector tiles out of one file, which the server itself gives out: no network is needed.
    Tiles(MapTiles),
}

/// A file of vector tiles, and how they are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapTiles {
    /// The file's name, as the pack writes it.
    pub name: String,
    /// Where its bytes are.
    pub file: TileFile,
    /// Who made it, as it is shown on the map.
    pub credit: Words,
    /// How it is drawn.
    pub style: TileStyle,
    /// A GeoJSON FeatureCollection that is drawn as outlines while the tiles cannot be read.
    pub outlines: Option<Arc<str>>,
}

/// Where the bytes of a file of tiles are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TileFile {
    /// On the disk, where it may be replaced at any time.
    Path(PathBuf),
    /// In memory, with the other files of a pack that is.
    Memory(Arc<[u8]>),
}

impl TileFile {
    /// Opens the file and looks at it.
    ///
    /// # Errors
    /// Everything by which it is no file of vector tiles.
    pub fn open(&self) -> Result<tiles::Archive, tiles::Error> {
        tiles::Archive::open(match self {
            Self::Path(path) => tiles::Source::File(std::fs::File::open(path)?),
            Self::Memory(bytes) => tiles::Source::Memory(Arc::clone(bytes)),
        })
    }
}

/// How tiles are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TileStyle {
    /// As the house draws a schema it knows.
    Schema(TileSchema),
    /// As a file of the pack says: layers of a MapLibre style, a JSON array.
    Own(Arc<str>),
}

/// What the layers of tiles are called and mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileSchema {
    /// What `scripts/tiles` makes from a town's own files.
    Plain,
    /// 国土地理院 最適化ベクトルタイル.
    GsiOptimal,
    /// Protomaps' basemap, version 4 on; from OpenStreetMap.
    Protomaps,
    /// OpenMapTiles; from OpenStreetMap.
    OpenMapTiles,
}

impl TileSchema {
    /// Every schema.
    pub const ALL: &'static [Self] = &[Self::Plain, Self::GsiOptimal, Self::Protomaps, Self::OpenMapTiles];

    /// The word for it in a pack.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::GsiOptimal => "gsi-optimal",
            Self::Protomaps => "protomaps",
            Self::OpenMapTiles => "openmaptiles",
        }
    }

    /// Layers with one of their fields (or none), by which tiles of the schema are known.
    pub(crate) fn signs(self) -> &'static [(&'static str, Option<&'static str>)] {
        match self {
            Self::Plain => &[("land", None), ("place", Some("name"))],
            Self::GsiOptimal => &[("WA", Some("vt_code")), ("RdCL", Some("vt_rdctg")), ("Anno", Some("vt_text"))],
            Self::Protomaps => &[("earth", Some("kind")), ("roads", Some("kind")), ("places", Some("name"))],
            Self::OpenMapTiles => &[("water", Some("class")), ("transportation", Some("class")), ("place", Some("name"))],
        }
    }
}

/// `[map]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapSettings {
    /// What is drawn under the places.
    pub base: MapBase,
    /// Latitude of the middle at the beginning, in millionths of a degree (WGS 84).
    pub latitude_microdegrees: i32,
    /// Longitude of the middle at the beginning, in millionths of a degree (WGS 84).
    pub longitude_microdegrees: i32,
    /// How near the map is at the beginning, as tiles count it: 5 a region, 18 a house.
    pub zoom: u32,
}
