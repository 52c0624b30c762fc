//! The stories of a town pack, played for real: `towns/*/scenarios/*.feature` against an open house.
//!
//! Every scenario has an empty database, keys, a clock and a house of its own. People act through the house's pages and API, with a My Number
//! Card in software and a phone's key; residents come over the data bridge in sealed bundles. The words of the steps are in `towns/README.md`.

mod browser;
mod crossing;
mod engine;
mod feature;
mod kiosk;
mod people;
mod phone;
mod register;
mod report;
mod services;
mod steps;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use report::{Failure, Played};

use crate::Outcome;
use crate::demo::load_town;
use engine::Engine;
use feature::Story;
use steps::Words;
use world::{Stage, World};

/// Plays all scenarios of a pack and prints each as it ends: `tegata town test`.
///
/// # Errors
/// When the pack or a story cannot be read, or a scenario fails.
pub async fn test(pack: &Path) -> Outcome {
    let played = play(pack, |played| println!("{played}")).await?;
    let failed = played.iter().filter(|played| !played.passed()).count();
    println!("{} passed, {failed} failed", played.len() - failed);
    if failed == 0 { Ok(()) } else { Err(format!("{}: {failed} scenarios failed", pack.display()).into()) }
}

/// Plays all scenarios of a pack on SQLite, and on PostgreSQL where `TEGATA_TEST_POSTGRES` names a server; tells each as it ends.
///
/// # Errors
/// When the pack or a story cannot be read. A scenario that fails is no error.
pub async fn play(pack: &Path, mut tell: impl FnMut(&Played)) -> Outcome<Vec<Played>> {
    let town = load_town(pack)?;
    let stories = feature::read(pack)?;
    let words = Words::new()?;
    let stage = Arc::new(Stage::new(town));
    let name = pack.file_name().and_then(|name| name.to_str()).unwrap_or("town");
    let mut all = Vec::new();
    for engine in Engine::all(name) {
        for story in &stories {
            let played = play_one(story, &words, &stage, &engine).await?;
            tell(&played);
            all.push(played);
        }
        engine.close().await?;
    }
    Ok(all)
}

async fn play_one(story: &Story, words: &Words, stage: &Arc<Stage>, engine: &Engine) -> Outcome<Played> {
    let folder = Folder::new()?;
    let database = engine.empty(&folder.0).await?;
    let mut world = World::new(stage, folder.0.clone(), database);
    let mut failure = None;
    for line in &story.lines {
        let done = match words.find(line) {
            Ok(step) => step.play(&mut world).await,
            Err(unknown) => Err(unknown),
        };
        if let Err(error) = done {
            let what = store::error_chain(&*error);
            failure = Some(Failure { file: story.file.clone(), line: line.number, step: line.text.clone(), what });
            break;
        }
    }
    Ok(Played { engine: engine.name(), feature: story.feature.clone(), scenario: story.name.clone(), failure })
}

/// A scenario's folder, gone when the scenario is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("tegata-scenario-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
