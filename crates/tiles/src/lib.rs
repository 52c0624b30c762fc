//! Tiles of a map out of one file: a reader of PMTiles, version 3, for vector tiles.
//!
//! The file of a prefecture has hundreds of megabytes, so nothing but its header and its directories is ever held: a tile is read where it lies.
//! Everything the file says of itself is doubted, since it comes from somebody else. Source: the PMTiles Version 3 Specification of Protomaps,
//! <https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>; for what is in a tile the Vector Tile Specification 2.1.

mod archive;
mod directory;
mod error;
mod header;
mod mvt;
mod number;
mod source;

pub use archive::Archive;
pub use error::Error;
pub use header::{Bounds, Compression};
pub use mvt::layer_names;
pub use number::{TileNumber, ZOOM_MAX};
pub use source::Source;
