use crate::error::Error;
use crate::number::ZOOM_MAX;

/// The bytes of a header (chapter 3 of the specification).
pub(crate) const HEADER_BYTES: usize = 127;

/// How parts of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952.
    Gzip,
}

impl Compression {
    fn read(byte: u8) -> Result<Self, Error> {
        match byte {
            1 => Ok(Self::None),
            2 => Ok(Self::Gzip),
            3 => Err(Error::Compression("Brotli")),
            4 => Err(Error::Compression("Zstandard")),
            _ => Err(Error::Compression("something unknown")),
        }
    }
}

/// What the file says it covers, in ten-millionths of a degree (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The westernmost longitude.
    pub west_e7: i32,
    /// The southernmost latitude.
    pub south_e7: i32,
    /// The easternmost longitude.
    pub east_e7: i32,
    /// The northernmost latitude.
    pub north_e7: i32,
}

impl Bounds {
    /// Whether a spot lies within, in millionths of a degree.
    pub fn contains(&self, latitude_microdegrees: i32, longitude_microdegrees: i32) -> bool {
        let (latitude, longitude) = (i64::from(latitude_microdegrees) * 10, i64::from(longitude_microdegrees) * 10);
        (i64::from(self.south_e7)..=i64::from(self.north_e7)).contains(&latitude)
            && (i64::from(self.west_e7)..=i64::from(self.east_e7)).contains(&longitude)
    }
}

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Part {
    fn end(self) -> Option<u64> {
        self.offset.checked_add(self.length)
    }

    /// A piece of this part, if it lies within.
    pub(crate) fn piece(self, offset: u64, length: u64) -> Option<Self> {
        let end = offset.checked_add(length)?;
        (end <= self.length).then_some(Self { offset: self.offset.checked_add(offset)?, length })
    }
}

/// What the file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) root: Part,
    pub(crate) metadata: Part,
    pub(crate) leaves: Part,
    pub(crate) tiles: Part,
    pub(crate) internal: Compression,
    pub(crate) packed: Compression,
    pub(crate) min_zoom: u8,
    pub(crate) max_zoom: u8,
    pub(crate) bounds: Bounds,
}

impl Header {
    /// Reads a header; `file_bytes` is how long the whole file is.
    pub(crate) fn read(bytes: &[u8; HEADER_BYTES], file_bytes: u64) -> Result<Self, Error> {
        if bytes[..7] != *b"PMTiles" {
            // The two versions before began with two letters and a number.
            let old = bytes[..2] == *b"PM" && matches!(bytes[2], 1 | 2);
            return Err(if old { Error::Version(bytes[2]) } else { Error::NotPmtiles });
        }
        if bytes[7] != 3 {
            return Err(Error::Version(bytes[7]));
        }
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let part = |at: usize| Part { offset: number(at), length: number(at + 8) };
        let degrees = |at: usize| i32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let header = Self {
            root: part(8),
            metadata: part(24),
            leaves: part(40),
            tiles: part(56),
            internal: Compression::read(bytes[97])?,
            packed: Compression::read(bytes[98])?,
            min_zoom: bytes[100],
            max_zoom: bytes[101],
            bounds: Bounds { west_e7: degrees(102), south_e7: degrees(106), east_e7: degrees(110), north_e7: degrees(114) },
        };
        if bytes[99] != 1 {
            return Err(Error::NotVector(kind(bytes[99])));
        }
        if header.min_zoom > header.max_zoom || header.max_zoom > ZOOM_MAX {
            return Err(Error::Zooms { min: header.min_zoom, max: header.max_zoom });
        }
        let ends = [header.root, header.metadata, header.leaves, header.tiles].map(Part::end);
        let said = ends.into_iter().try_fold(0, |most, end| end.map(|end| most.max(end))).unwrap_or(u64::MAX);
        if said > file_bytes {
            return Err(Error::Truncated { said, found: file_bytes });
        }
        Ok(header)
    }
}

fn kind(byte: u8) -> &'static str {
    match byte {
        2 => "PNG pictures",
        3 => "JPEG pictures",
        4 => "WebP pictures",
        5 => "AVIF pictures",
        6 => "MapLibre tiles",
        _ => "something unknown",
    }
}
