use std::io::Read;
use std::path::{Path, PathBuf};

use store::{Actor, Store};

use super::apply;
use super::bundles::open_bundle_in_steps;
use crate::bridge::{OpenError, digest_of, peek};
use crate::model::{BridgeKeys, BundleRun, BundleState, Error};
use crate::store as tables;

/// File name extension of bundles in the folder.
pub const BUNDLE_EXTENSION: &str = "tegata";

/// What became of a file of the folder.
#[derive(Debug)]
pub struct FolderOutcome {
    /// The file's name.
    pub file: String,
    /// What became of it.
    pub result: FolderResult,
}

/// What became of a file of the folder.
#[derive(Debug)]
pub enum FolderResult {
    /// Applied now, and moved to `done`.
    Applied(Box<BundleRun>),
    /// Had been decided before (perhaps by a run that was interrupted), and was moved to `done`.
    DecidedBefore(BundleState),
    /// Waits for approval; it stays where it is, and so does everything after it.
    Waiting(u64),
    /// Refused, and moved to `refused`.
    Refused(OpenError),
    /// Not whole yet, or one before it is missing: it stays where it is for the next run.
    NotYet(OpenError),
}

/// Takes the bundles of a folder in the order of their numbers: each is opened, applied in a transaction of its own ([`open_bundle_in_steps`]), and only
/// then moved.
///
/// Interrupted anywhere and run again, it ends in the same state: a file that was applied but not yet moved is known by its digest, and what the
/// interrupted run left half moved into place is moved first. Stops at the
/// first bundle that waits for approval. Files with another extension are left alone. Reading and applying a large bundle takes a thread for
/// seconds: run it on one of its own.
///
/// # Errors
/// [`Error::Folder`], or the database's; what was done before stays done.
pub async fn process_folder(store: &Store, folder: &Path, keys: &BridgeKeys) -> Result<Vec<FolderOutcome>, Error> {
    apply::settle(store).await?;
    let mut outcomes = Vec::new();
    for (file, path) in bundles_of(folder).map_err(Error::Folder)? {
        let result = process(store, &path, keys).await?;
        let (target, more) = match &result {
            FolderResult::Applied(_) | FolderResult::DecidedBefore(_) => (Some("done"), true),
            FolderResult::Refused(_) => (Some("refused"), true),
            FolderResult::NotYet(_) => (None, true),
            FolderResult::Waiting(_) => (None, false),
        };
        if let Some(target) = target {
            let target = folder.join(target);
            std::fs::create_dir_all(&target).and_then(|()| std::fs::rename(&path, target.join(&file))).map_err(Error::Folder)?;
        }
        outcomes.push(FolderOutcome { file, result });
        if !more {
            break;
        }
    }
    Ok(outcomes)
}

/// The folder's bundle files in the order of their numbers; what is no bundle comes last.
fn bundles_of(folder: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let Some(name) = name.filter(|_| path.is_file() && path.extension().is_some_and(|found| found == BUNDLE_EXTENSION)) else {
            continue;
        };
        let mut start = Vec::new();
        std::fs::File::open(&path)?.take(HEADER_BYTES_MAX).read_to_end(&mut start)?;
        files.push((peek(&start).map_or(u64::MAX, |header| header.number), name, path));
    }
    files.sort();
    Ok(files.into_iter().map(|(_, name, path)| (name, path)).collect())
}

/// More than any header takes: a thousand problems by line and column.
const HEADER_BYTES_MAX: u64 = 1 << 20;

async fn process(store: &Store, path: &Path, keys: &BridgeKeys) -> Result<FolderResult, Error> {
    let bundle = std::fs::read(path).map_err(Error::Folder)?;
    if let Ok(header) = peek(&bundle) {
        let mut ctx = store.read(Actor::System).await?;
        let before = tables::bundles(&mut ctx, tables::number(header.number).saturating_add(1), 1).await?.pop();
        let same = before.filter(|run| run.number == header.number && digest_of(&bundle) == Some(run.digest));
        match same.map(|run| run.state) {
            Some(BundleState::Waiting) => return Ok(FolderResult::Waiting(header.number)),
            Some(decided) => return Ok(FolderResult::DecidedBefore(decided)),
            None => {}
        }
    }
    match open_bundle_in_steps(store, &Actor::System, &bundle, keys).await {
        Ok(run) => Ok(match run.state {
            BundleState::Applied => FolderResult::Applied(Box::new(run)),
            BundleState::Waiting | BundleState::Rejected => FolderResult::Waiting(run.number),
        }),
        Err(Error::Waiting(number)) => Ok(FolderResult::Waiting(number)),
        Err(Error::Refused(error @ (OpenError::Gap { .. } | OpenError::Truncated))) => Ok(FolderResult::NotYet(error)),
        Err(Error::Refused(error)) => {
            let mut ctx = store.begin(Actor::System).await?;
            ctx.audit("bundle.refused", None, error.code()).await?;
            ctx.commit().await?;
            Ok(FolderResult::Refused(error))
        }
        Err(error) => Err(error),
    }
}
