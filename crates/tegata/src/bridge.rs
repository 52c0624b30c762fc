//! The two sides of the data bridge, from the command line.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use registry::bridge::{Chain, Encoding, Layout, SealError, Sealing, seal};
use town::Town;

use crate::Outcome;
use crate::keys::{InnerKeys, random};

/// Where the inner side keeps the number and digest of the last bundle.
const CHAIN_FILE: &str = "chain.json";

/// Seals an export into the next bundle of an inner side's folder, and gives its path.
///
/// # Errors
/// What is wrong with the export, line by line, or with keys and files.
pub fn seal_export(town: &Town, export: &Path, keys: &Path, state: &Path, out: &Path, now: Timestamp) -> Outcome<PathBuf> {
    let keys = InnerKeys::load(keys)?;
    let layout = Layout::of(&town.bridge, &town.facts)?;
    let code = town.code.to_string();
    let chain_file = state.join(CHAIN_FILE);
    let chain: Chain = match fs::read(&chain_file) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Chain::default(),
        Err(error) => return Err(error.into()),
    };
    let sealing = Sealing {
        town: &code,
        layout: &layout,
        encoding: Some(encoding(town)),
        match_secret: &keys.match_secret,
        signing: &keys.signing,
        centre: &keys.centre,
        chain,
        now,
        randomness: random()?,
    };
    let bytes = fs::read(export).map_err(|error| format!("{}: {error}", export.display()))?;
    let mut bundle = Vec::new();
    let sealed = match seal(&bytes, &sealing, &mut bundle) {
        Ok(sealed) => sealed,
        Err(SealError::Held(problems)) => {
            for problem in &problems.listed {
                eprintln!("{}", in_words(problem));
            }
            return Err(format!("{} problems hold the bundle; nothing was written", problems.total).into());
        }
        Err(error) => return Err(error.into()),
    };
    for problem in &sealed.problems.listed {
        eprintln!("{}", in_words(problem));
    }
    fs::create_dir_all(out)?;
    fs::create_dir_all(state)?;
    let path = out.join(format!("{:06}.{}", sealed.chain.number, registry::BUNDLE_EXTENSION));
    // Whole or not at all: the folder on the other side is watched.
    let beside = path.with_extension("tmp");
    fs::write(&beside, &bundle)?;
    fs::rename(&beside, &path)?;
    fs::write(&chain_file, serde_json::to_vec(&sealed.chain)?)?;
    Ok(path)
}

/// A problem of an export in Japanese, for the operator.
fn in_words(problem: &registry::bridge::Problem) -> String {
    let language = town::Language::JAPANESE;
    let texts = registry::add_texts(town::Catalogue::new(std::slice::from_ref(&language))).build();
    registry::problem_in_words(problem, &texts, &language)
}

/// The encoding of the town's export.
pub(crate) fn encoding(town: &Town) -> Encoding {
    match town.bridge.encoding {
        town::Encoding::ShiftJis => Encoding::ShiftJis,
        town::Encoding::Utf8 => Encoding::Utf8,
    }
}
