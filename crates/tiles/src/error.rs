/// Why a file is no map we can draw.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk did not give what was asked for.
    #[error("the file cannot be read")]
    Read(#[from] std::io::Error),
    /// It does not begin as the format says.
    #[error("this is no PMTiles file")]
    NotPmtiles,
    /// PMTiles of a version before or after 3.
    #[error("this is PMTiles of version {0}; only version 3 is read")]
    Version(u8),
    /// It is shorter than it says: half a download.
    #[error("the file has {found} bytes where its header speaks of {said}")]
    Truncated {
        /// The bytes there must be.
        said: u64,
        /// The bytes there are.
        found: u64,
    },
    /// Pictures, or a kind of tile nobody knows.
    #[error("the file holds {0}, not vector tiles (MVT)")]
    NotVector(&'static str),
    /// Packed in a way that is not read.
    #[error("the file is compressed with {0}; only gzip and none are read")]
    Compression(&'static str),
    /// The first zoom lies after the last, or beyond what the format knows.
    #[error("the file speaks of zooms {min} to {max}")]
    Zooms {
        /// The first.
        min: u8,
        /// The last.
        max: u8,
    },
    /// A directory that cannot be as the format says.
    #[error("a directory of the file is broken: {0}")]
    Directory(&'static str),
    /// The metadata are no JSON object, or name no layers.
    #[error("the metadata of the file are broken: {0}")]
    Metadata(&'static str),
    /// A tile is no vector tile.
    #[error("the tile {0} of the file is no vector tile: {1}")]
    Tile(crate::TileNumber, &'static str),
}

impl Error {
    /// The stable word of the fault, for texts.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::NotPmtiles => "not-pmtiles",
            Self::Version(_) => "version",
            Self::Truncated { .. } => "truncated",
            Self::NotVector(_) => "not-vector",
            Self::Compression(_) => "compression",
            Self::Zooms { .. } => "zooms",
            Self::Directory(_) | Self::Metadata(_) | Self::Tile(..) => "broken",
        }
    }
}
