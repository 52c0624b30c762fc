//! The file of tiles under the map: opened once, looked at again now and then, and kept while what replaced it is broken.

use std::fs::Metadata;
use std::sync::Arc;

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use tiles::{Archive, Error, Source};
use tokio::sync::Mutex;
use town::{MapBase, MapTiles, TileFile, Town};

/// How long what was seen of the file is believed.
const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// Bytes that are hashed at once.
const HASHED_AT_ONCE: u64 = 1 << 20;
/// Letters of the file's hash that stand in addresses.
const HASH_CHARS: usize = 20;

/// A file of tiles that can be read.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) archive: Archive,
    /// The beginning of the SHA-256 of the whole file.
    pub(crate) hash: String,
    stamp: Option<Stamp>,
    /// Since when it is shown.
    pub(crate) since: Timestamp,
}

/// What of a file on the disk changes when its content does.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
    /// Which file it is, whatever it is called.
    file: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let file = 0;
        Self { bytes: metadata.len(), modified: metadata.modified().ok(), file }
    }
}

/// Why the file that is there now is not shown: the stable word of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) &'static str);

/// What is known of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// What is shown; nothing while no file can be read.
    pub(crate) opened: Option<Arc<Opened>>,
    /// What is wrong with the file, if anything.
    pub(crate) fault: Option<Fault>,
    at: Option<Timestamp>,
}

/// The tiles of the town, shared by all requests.
#[derive(Debug, Default)]
pub(crate) struct Basemap(Mutex<Seen>);

impl Basemap {
    /// What is shown of the town's tiles at a moment; `None` for a town whose map lies on none.
    pub(crate) async fn seen(&self, town: &Town, now: Timestamp) -> Option<Seen> {
        let Some(MapBase::Tiles(MapTiles { file, .. })) = town.map.as_ref().map(|map| &map.base) else { return None };
        let mut seen = self.0.lock().await;
        // A clock that was set back must not keep us from looking.
        let fresh = seen.at.is_some_and(|at| at <= now && now.duration_since(at) < LOOK_AGAIN_AFTER);
        if !fresh {
            let (before, file) = (seen.clone(), file.clone());
            let before_fault = before.fault;
            let (opened, fault) =
                tokio::task::spawn_blocking(move || look(before.opened, &file, now)).await.unwrap_or((None, Some(Fault("broken"))));
            if fault != before_fault {
                match fault {
                    Some(Fault(why)) => tracing::warn!(why, kept = opened.is_some(), "the file of the map's tiles cannot be used"),
                    None => tracing::info!("the file of the map's tiles can be used"),
                }
            }
            *seen = Seen { opened, fault, at: Some(now) };
        }
        Some(seen.clone())
    }
}

/// Looks whether the file is still what it was, and opens it when not. What was open stays while it is whole: on Unix a file that was replaced by
/// another lives on for who holds it.
fn look(before: Option<Arc<Opened>>, file: &TileFile, now: Timestamp) -> (Option<Arc<Opened>>, Option<Fault>) {
    let there = match file {
        TileFile::Path(path) => path.metadata().ok().map(|metadata| Stamp::of(&metadata)),
        TileFile::Memory(_) => None,
    };
    let before = before.filter(|before| is_whole(before));
    if let Some(before) = before.as_ref().filter(|before| before.stamp == there) {
        return (Some(Arc::clone(before)), None);
    }
    match open(file, now) {
        Ok(opened) => (Some(Arc::new(opened)), None),
        Err(fault) => (before, Some(fault)),
    }
}

/// Whether the bytes under an open file are those it was opened with.
fn is_whole(opened: &Opened) -> bool {
    match opened.archive.source() {
        Source::Memory(_) => true,
        Source::File(file) => file.metadata().is_ok_and(|metadata| Some(Stamp::of(&metadata)) == opened.stamp),
    }
}

fn open(file: &TileFile, now: Timestamp) -> Result<Opened, Fault> {
    let archive = file.open().map_err(|error| fault(&error))?;
    let stamp = |archive: &Archive| match archive.source() {
        Source::Memory(_) => Ok(None),
        Source::File(file) => file.metadata().map(|metadata| Some(Stamp::of(&metadata))),
    };
    let failed = |_| Fault("read");
    let before = stamp(&archive).map_err(failed)?;
    let hash = hash(archive.source()).map_err(failed)?;
    // Somebody copies into it just now: in a moment it is whole.
    if stamp(&archive).map_err(failed)? != before {
        return Err(Fault("changing"));
    }
    Ok(Opened { archive, hash, stamp: before, since: now })
}

fn hash(source: &Source) -> std::io::Result<String> {
    let bytes = source.bytes()?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut at = 0;
    while at < bytes {
        let length = HASHED_AT_ONCE.min(bytes - at);
        context.update(&source.read(at, usize::try_from(length).unwrap_or_default())?);
        at += length;
    }
    let mut hash = hex::encode(context.finish());
    hash.truncate(HASH_CHARS);
    Ok(hash)
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Read(read) if read.kind() == std::io::ErrorKind::NotFound => Fault("missing"),
        error => Fault(error.as_str()),
    }
}
