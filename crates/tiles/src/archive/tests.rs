#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::io::Write as _;

use super::*;

/// Writes numbers in the form of Protocol Buffers.
fn numbers(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in numbers {
        let mut rest = *number;
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

fn directory(entries: &[(u64, u64, u64, u64)]) -> Vec<u8> {
    let mut all = vec![entries.len() as u64];
    let mut before = 0;
    for (id, ..) in entries {
        all.push(id - before);
        before = *id;
    }
    all.extend(entries.iter().map(|(_, run, ..)| *run));
    all.extend(entries.iter().map(|(_, _, _, length)| *length));
    all.extend(entries.iter().map(|(_, _, offset, _)| offset + 1));
    numbers(&all)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tile with one layer of a name.
fn tile(name: &str) -> Vec<u8> {
    let layer = [&[0x0a, name.len() as u8], name.as_bytes(), &[0x78, 2]].concat();
    [&[0x1a, layer.len() as u8], layer.as_slice()].concat()
}

const METADATA: &str = r#"{"vector_layers":[{"id":"land","fields":{"name":"String"}},{"id":"water","fields":{}}]}"#;

/// What a test makes a file from.
struct Parts {
    root: Vec<u8>,
    metadata: Vec<u8>,
    leaves: Vec<u8>,
    tiles: Vec<u8>,
    zooms: [u8; 2],
}

impl Parts {
    fn file(&self) -> Vec<u8> {
        let mut header = b"PMTiles\x03".to_vec();
        let mut at = HEADER_BYTES as u64;
        for part in [&self.root, &self.metadata, &self.leaves, &self.tiles] {
            header.extend(at.to_le_bytes());
            header.extend((part.len() as u64).to_le_bytes());
            at += part.len() as u64;
        }
        header.extend([0; 24]);
        header.extend([1, 2, 2, 1, self.zooms[0], self.zooms[1]]);
        for degrees in [1_410_000_000_i32, 410_000_000, 1_420_000_000, 420_000_000] {
            header.extend(degrees.to_le_bytes());
        }
        header.extend([0; 9]);
        assert_eq!(header.len(), HEADER_BYTES);
        [&header, &self.root, &self.metadata, &self.leaves, &self.tiles].into_iter().flatten().copied().collect()
    }
}

/// Zoom 0 and 1 in the first directory, zoom 2 in one of its own; the four tiles of zoom 1 are one.
fn parts() -> Parts {
    let (all, quarter, deep) = (gzip(&tile("land")), gzip(&tile("water")), gzip(&tile("deep")));
    let [a, b, c] = [&all, &quarter, &deep].map(|tile| tile.len() as u64);
    let leaves = gzip(&directory(&[(6, 1, a + b, c)]));
    let root = gzip(&directory(&[(0, 1, 0, a), (1, 4, a, b), (5, 0, 0, leaves.len() as u64)]));
    Parts { root, metadata: gzip(METADATA.as_bytes()), leaves, tiles: [all, quarter, deep].concat(), zooms: [0, 2] }
}

fn open(file: &[u8]) -> Result<Archive, Error> {
    Archive::open(Source::Memory(file.into()))
}

fn layers_of(archive: &Archive, z: u8, x: u32, y: u32) -> Vec<String> {
    let tile = archive.unpacked_tile(TileNumber::new(z, x, y).unwrap()).unwrap();
    tile.map(|tile| layer_names(&tile).unwrap()).unwrap_or_default()
}

#[test]
fn tiles_are_found_in_the_first_directory_in_a_further_one_and_in_a_row() {
    let file = parts().file();
    let archive = open(&file).unwrap();
    assert_eq!((archive.zooms(), archive.compression()), ((0, 2), Compression::Gzip));
    assert!(archive.layers().eq(["land", "water"]) && archive.has_layer("water") && !archive.has_layer("deep"));
    assert!(archive.has_field("land", "name") && !archive.has_field("land", "class") && !archive.has_field("deep", "name"));
    assert!(archive.has_field("water", "name"), "nothing is said of its fields");
    assert!(archive.bounds().contains(41_290_000, 141_180_000) && !archive.bounds().contains(35_000_000, 141_180_000));
    assert_eq!(layers_of(&archive, 0, 0, 0), ["land"]);
    for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        assert_eq!(layers_of(&archive, 1, x, y), ["water"]);
    }
    // 5 is 2/0/0, which the file has not; 6 is its neighbour on the curve.
    let there = TileNumber::from_id(6).unwrap();
    assert_eq!(layers_of(&archive, 2, there.x(), there.y()), ["deep"]);
    assert_eq!(layers_of(&archive, 2, 0, 0), Vec::<String>::new());
    assert_eq!(archive.tile(TileNumber::new(3, 0, 0).unwrap()).unwrap(), None, "beyond its zooms");
    let stored = archive.tile(TileNumber::new(0, 0, 0).unwrap()).unwrap().unwrap();
    assert_eq!(stored[..2], [0x1f, 0x8b], "a tile is given as it lies in the file");
}

#[test]
fn the_same_file_is_read_from_a_disk() {
    let path = std::env::temp_dir().join(format!("tegata-tiles-{}.pmtiles", std::process::id()));
    std::fs::write(&path, parts().file()).unwrap();
    let archive = Archive::open(Source::File(std::fs::File::open(&path).unwrap()));
    std::fs::remove_file(&path).unwrap();
    // Whoever holds it open keeps it, whatever becomes of its name.
    assert_eq!(layers_of(&archive.unwrap(), 1, 1, 0), ["water"]);
}

#[test]
fn what_is_no_map_of_ours_is_refused_for_what_it_is() {
    let good = parts().file();
    let fault = |file: &[u8]| open(file).unwrap_err().to_string();
    let with = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        fault(&file)
    };
    assert_eq!(fault(b"<html>"), "this is no PMTiles file");
    assert_eq!(fault(&[b'x'; 500]), "this is no PMTiles file");
    assert_eq!(with(7, 4), "this is PMTiles of version 4; only version 3 is read");
    assert_eq!(with(99, 2), "the file holds PNG pictures, not vector tiles (MVT)");
    assert_eq!(with(98, 4), "the file is compressed with Zstandard; only gzip and none are read");
    assert_eq!(with(100, 9), "the file speaks of zooms 9 to 2");
    assert_eq!(with(101, 27), "the file speaks of zooms 0 to 27");
    let half = fault(&good[..good.len() - 1]);
    assert_eq!(half, format!("the file has {} bytes where its header speaks of {}", good.len() - 1, good.len()));
    assert_eq!(with(98, 1), "the tile 0/0/0 of the file is no vector tile: a field of an unknown kind");

    let metadata = |text: &str| fault(&Parts { metadata: gzip(text.as_bytes()), ..parts() }.file());
    assert_eq!(metadata("[]"), "the metadata of the file are broken: they are no JSON object");
    assert_eq!(metadata("{}"), "the metadata of the file are broken: they name no vector_layers");
    let root = |root: Vec<u8>| fault(&Parts { root, ..parts() }.file());
    assert_eq!(root(vec![1, 2, 3]), "a directory of the file is broken: it cannot be unpacked");
    assert_eq!(root(gzip(&directory(&[(0, 1, 1 << 40, 9)]))), "a directory of the file is broken: a tile outside of the file");
    assert_eq!(root(gzip(&directory(&[(0, 0, 0, 1 << 40)]))), "a directory of the file is broken: a directory outside of the file");
}

#[test]
fn a_small_file_cannot_fill_the_memory_nor_lead_in_a_circle() {
    let bomb = gzip(&vec![b' '; PART_BYTES_MAX as usize + 2]);
    let fault = open(&Parts { metadata: bomb, ..parts() }.file()).unwrap_err();
    assert_eq!(fault.to_string(), "a directory of the file is broken: it is too large");

    // A directory that names itself.
    let mut circle = parts();
    circle.leaves = gzip(&directory(&[(0, 0, 0, 30)]));
    for _ in 0..4 {
        circle.leaves = gzip(&directory(&[(0, 0, 0, circle.leaves.len() as u64)]));
    }
    circle.root = gzip(&directory(&[(0, 0, 0, circle.leaves.len() as u64)]));
    let fault = open(&circle.file()).unwrap_err();
    assert_eq!(fault.to_string(), "a directory of the file is broken: directories in one another without an end");
}

#[test]
fn no_byte_that_is_turned_makes_it_fail_otherwise_than_by_saying_so() {
    let good = parts().file();
    for at in 0..good.len() {
        for bit in [0, 3, 7] {
            let mut file = good.clone();
            file[at] ^= 1 << bit;
            let Ok(archive) = open(&file) else { continue };
            for id in 0..21 {
                let _ = archive.unpacked_tile(TileNumber::from_id(id).unwrap());
            }
        }
    }
}
