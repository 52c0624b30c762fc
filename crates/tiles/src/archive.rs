use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::directory::{Directory, Found};
use crate::error::Error;
use crate::header::{Bounds, Compression, HEADER_BYTES, Header, Part};
use crate::mvt::layer_names;
use crate::number::TileNumber;
use crate::source::Source;

/// Bytes of a directory or of the metadata at most, packed and unpacked: those of all Japan have some megabytes.
const PART_BYTES_MAX: u64 = 16 << 20;
/// Bytes of a tile at most, packed and unpacked.
const TILE_BYTES_MAX: u64 = 8 << 20;
/// How deep directories lie in one another at most; writers use two.
const DEPTH_MAX: usize = 4;
/// Directories that are kept in memory: those of a town and its neighbours.
const LEAVES_KEPT: usize = 32;

/// A layer of the tiles, as the metadata name it.
#[derive(Debug, Deserialize)]
struct VectorLayer {
    id: String,
    #[serde(default)]
    fields: BTreeMap<String, serde_json::Value>,
}

/// What is read of the metadata (chapter 5 of the specification).
#[derive(Debug, Deserialize)]
struct Metadata {
    vector_layers: Option<Vec<VectorLayer>>,
}

/// An open PMTiles file of vector tiles.
#[derive(Debug)]
pub struct Archive {
    source: Source,
    header: Header,
    root: Directory,
    layers: Vec<VectorLayer>,
    leaves: Mutex<HashMap<u64, Arc<Directory>>>,
}

impl Archive {
    /// Opens a file: reads its header, its first directory, its metadata and one tile.
    ///
    /// # Errors
    /// Everything by which the file is no PMTiles 3 of vector tiles that can be shown.
    pub fn open(source: Source) -> Result<Self, Error> {
        let bytes = source.bytes()?;
        if bytes < HEADER_BYTES as u64 {
            return Err(Error::NotPmtiles);
        }
        let start: [u8; HEADER_BYTES] = source.read(0, HEADER_BYTES)?.try_into().map_err(|_| Error::NotPmtiles)?;
        let header = Header::read(&start, bytes)?;
        let part = |part: Part, too_large: Error| {
            if part.length > PART_BYTES_MAX {
                return Err(too_large);
            }
            unpacked(&read(&source, part)?, header.internal, PART_BYTES_MAX)
        };
        let root = Directory::read(&part(header.root, Error::Directory("it is too large"))?)?;
        let metadata = part(header.metadata, Error::Metadata("they are too large"))?;
        let metadata: Metadata = serde_json::from_slice(&metadata).map_err(|_| Error::Metadata("they are no JSON object"))?;
        let layers = metadata.vector_layers.ok_or(Error::Metadata("they name no vector_layers"))?;
        let archive = Self { source, header, root, layers, leaves: Mutex::default() };
        archive.look_at_a_tile()?;
        Ok(archive)
    }

    /// The first tile must be there and be a vector tile, whatever the header says.
    fn look_at_a_tile(&self) -> Result<(), Error> {
        let first = self.root.first().ok_or(Error::Directory("it is empty"))?;
        let number = TileNumber::from_id(first.id).ok_or(Error::Directory("a tile beyond the last zoom"))?;
        let tile = self.unpacked_tile(number)?.ok_or(Error::Directory("its first tile is not there"))?;
        layer_names(&tile).map(|_| ()).map_err(|reason| Error::Tile(number, reason))
    }

    /// The first and the last zoom that has tiles.
    pub fn zooms(&self) -> (u8, u8) {
        (self.header.min_zoom, self.header.max_zoom)
    }

    /// What the file covers.
    pub fn bounds(&self) -> Bounds {
        self.header.bounds
    }

    /// How [`tile`](Self::tile) gives tiles.
    pub fn compression(&self) -> Compression {
        self.header.packed
    }

    /// The names of the layers, as the metadata give them.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| layer.id.as_str())
    }

    /// Whether the metadata name a layer.
    pub fn has_layer(&self, name: &str) -> bool {
        self.layers().any(|layer| layer == name)
    }

    /// Whether a layer has a field, as far as the metadata say: a layer they name no fields of may have any.
    pub fn has_field(&self, layer: &str, field: &str) -> bool {
        self.layers.iter().any(|one| one.id == layer && (one.fields.is_empty() || one.fields.contains_key(field)))
    }

    /// Where the bytes are, to be compared or hashed.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// A tile as it lies in the file, packed as [`compression`](Self::compression) says; `None` where the file has none.
    ///
    /// # Errors
    /// When the disk fails, or a directory on the way is broken.
    pub fn tile(&self, number: TileNumber) -> Result<Option<Vec<u8>>, Error> {
        let (min, max) = self.zooms();
        if !(min..=max).contains(&number.z()) {
            return Ok(None);
        }
        let id = number.id();
        let mut found = self.root.find(id);
        for _ in 0..DEPTH_MAX {
            match found {
                Found::Nothing => return Ok(None),
                Found::Tile { offset, length } => {
                    let part = self.header.tiles.piece(offset, length).filter(|part| part.length <= TILE_BYTES_MAX);
                    return read(&self.source, part.ok_or(Error::Directory("a tile outside of the file"))?).map(Some);
                }
                Found::Leaf { offset, length } => found = self.leaf(offset, length)?.find(id),
            }
        }
        Err(Error::Directory("directories in one another without an end"))
    }

    /// A tile without its packing.
    ///
    /// # Errors
    /// As [`tile`](Self::tile), and when it is not packed as the header says or larger than any tile should be.
    pub fn unpacked_tile(&self, number: TileNumber) -> Result<Option<Vec<u8>>, Error> {
        let Some(tile) = self.tile(number)? else { return Ok(None) };
        let bytes = unpacked(&tile, self.header.packed, TILE_BYTES_MAX);
        bytes.map(Some).map_err(|_| Error::Tile(number, "it cannot be unpacked"))
    }

    fn leaf(&self, offset: u64, length: u64) -> Result<Arc<Directory>, Error> {
        if let Some(kept) = self.kept().get(&offset) {
            return Ok(Arc::clone(kept));
        }
        let part = self.header.leaves.piece(offset, length).filter(|part| part.length <= PART_BYTES_MAX);
        let bytes = read(&self.source, part.ok_or(Error::Directory("a directory outside of the file"))?)?;
        let leaf = Arc::new(Directory::read(&unpacked(&bytes, self.header.internal, PART_BYTES_MAX)?)?);
        let mut kept = self.kept();
        if kept.len() >= LEAVES_KEPT {
            kept.clear();
        }
        kept.insert(offset, Arc::clone(&leaf));
        Ok(leaf)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Directory>>> {
        // What is in there is whole at any time, whoever failed while holding it.
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(source: &Source, part: Part) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(part.length).map_err(|_| Error::Directory("a part that is too large"))?;
    Ok(source.read(part.offset, length)?)
}

/// Unpacks, but never more than `bytes_max`: a small file may claim to be the whole earth.
fn unpacked(bytes: &[u8], packed: Compression, bytes_max: u64) -> Result<Vec<u8>, Error> {
    if packed == Compression::None {
        return Ok(bytes.to_vec());
    }
    let mut all = Vec::new();
    MultiGzDecoder::new(bytes).take(bytes_max + 1).read_to_end(&mut all).map_err(|_| Error::Directory("it cannot be unpacked"))?;
    if all.len() as u64 > bytes_max { Err(Error::Directory("it is too large")) } else { Ok(all) }
}

#[cfg(test)]
mod tests;
