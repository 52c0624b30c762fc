//! The stories of every pack are true of the house: on SQLite, and on PostgreSQL where `TEGATA_TEST_POSTGRES` names a server.

use std::path::{Path, PathBuf};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stories_of_every_pack_are_true() {
    let mut played = Vec::new();
    for pack in packs() {
        played.extend(tegata::scenario::play(&pack, |played| println!("{played}")).await.unwrap());
    }
    let failed: Vec<String> = played.iter().filter(|played| !played.passed()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} scenarios failed:\n{}", failed.len(), played.len(), failed.join("\n"));
}

fn packs() -> Vec<PathBuf> {
    let towns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns");
    let folders = std::fs::read_dir(towns).expect("the packs are there").map(|entry| entry.expect("a folder can be listed").path());
    let mut packs: Vec<PathBuf> = folders.filter(|folder| folder.join("scenarios").is_dir()).collect();
    packs.sort();
    assert!(!packs.is_empty(), "no pack has stories");
    packs
}
