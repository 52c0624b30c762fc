use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use store::testing::{TestDb, databases};
use store::{Clock as _, Db, SystemClock, copy, verify_audit};
use tegata::backup::{Manifest, backup, check, restore};
use tegata::centre::Serving;
use tegata::house;

use crate::helpers::{Folder, another_pack, open, pack, pairing_code, town};

/// What a database holds: rows of each table, and the trail's length and last hash.
async fn holds(db: &Db) -> (Vec<(String, u64)>, Option<(i64, Vec<u8>)>) {
    let mut tx = db.read().await.unwrap();
    let mut rows = Vec::new();
    for table in copy::tables(&mut tx).await.unwrap() {
        let count = copy::count(&mut tx, &table).await.unwrap();
        rows.push((table.name, count));
    }
    rows.sort();
    (rows, store::audit_tip(&mut tx).await.unwrap())
}

/// Backs a house up while it is written to, and gives the file with what it says.
async fn backed_up(folder: &Folder, from: &TestDb) -> (PathBuf, Manifest) {
    let house = open(folder, &from.address, town(&pack("demo")), Arc::new(SystemClock)).await;
    for _ in 0..20 {
        pairing_code(&house.store).await;
    }
    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, done) = (house.store.clone(), done.clone());
        async move {
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                pairing_code(&store).await;
                written += 1;
            }
            written
        }
    });
    while holds(house.store.db()).await.1.unwrap().0 < 25 {
        tokio::task::yield_now().await;
    }
    let file = folder.0.join("town.tegata-backup.gz");
    let manifest = backup(house.store.db(), house.store.town(), &file, SystemClock.now()).await.unwrap();
    let after = holds(house.store.db()).await.1.unwrap().0;
    while holds(house.store.db()).await.1.unwrap().0 < after + 2 {
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 0);
    (file, manifest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_others_write_is_laid_down_on_either_engine_whole() {
    for from in databases().await.unwrap() {
        let folder = Folder::new();
        let (file, manifest) = backed_up(&folder, &from).await;
        let tip = manifest.audit.clone().unwrap();
        assert!(tip.line >= 25 && manifest.rows["store_audit"] == u64::try_from(tip.line).unwrap(), "one moment: {manifest:?}");
        assert_eq!(manifest.rows["identity_pairing"], manifest.rows["store_audit"]);
        let town = town(&pack("demo"));
        let rooms = house::tables_of(&town).unwrap();
        for to in databases().await.unwrap() {
            let restored = restore(&to.db, &rooms, &town, &file, false, &SystemClock).await.unwrap();
            assert_eq!(restored, manifest);
            let (rows, last) = holds(&to.db).await;
            assert_eq!(rows.into_iter().collect::<std::collections::BTreeMap<_, _>>(), manifest.rows);
            assert_eq!(last.map(|(line, hash)| (line, hex::encode(hash))), Some((tip.line, tip.hash.clone())));
            // The town goes on from there.
            let house = open(&folder, &to.address, town.clone(), Arc::new(SystemClock)).await;
            pairing_code(&house.store).await;
            let lines = verify_audit(&mut to.db.read().await.unwrap()).await.unwrap();
            assert_eq!(lines, Ok(tip.line + 1));

            let refused = restore(&to.db, &rooms, &town, &file, false, &SystemClock).await.unwrap_err().to_string();
            assert!(refused.contains("not empty") && refused.contains("--replace"), "{refused}");
            restore(&to.db, &rooms, &town, &file, true, &SystemClock).await.unwrap();
            assert_eq!(holds(&to.db).await.1.unwrap().0, tip.line, "what came since is gone");
        }
    }
}

fn unpacked(file: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn packed(folder: &Folder, name: &str, text: &str) -> PathBuf {
    let mut out = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    folder.put(name, &out.finish().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_whole_or_not_this_towns_is_refused_and_changes_nothing() {
    for from in databases().await.unwrap() {
        let folder = Folder::new();
        let (file, _) = backed_up(&folder, &from).await;
        let (town, text, bytes) = (town(&pack("demo")), unpacked(&file), std::fs::read(&file).unwrap());
        let rooms = house::tables_of(&town).unwrap();

        let secret = std::fs::read(folder.0.join("keys/match.key")).unwrap();
        let hidden = |bytes: &[u8]| {
            text.contains(&hex::encode(bytes)) || text.contains(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes))
        };
        assert!(!hidden(&secret), "keys are never in it");
        let refused = backup(&from.db, &town, &file, SystemClock.now()).await.unwrap_err().to_string();
        assert!(refused.contains("is there already"), "{refused}");
        let refused = check(&file, &crate::helpers::town(&another_pack())).unwrap_err().to_string();
        assert!(refused.contains("this is a backup of 209996"), "{refused}");

        let before = holds(&from.db).await;
        let last = text.trim_end().lines().last().unwrap();
        let audited = text.lines().position(|line| line.contains("device.code_made")).unwrap();
        let without: String = text.lines().enumerate().filter(|(at, _)| *at != audited).map(|(_, line)| format!("{line}\n")).collect();
        let bad = [
            ("cut short", folder.put("short.gz", &bytes[..bytes.len() / 2]), "damaged"),
            ("its last line is missing", packed(&folder, "open.gz", text.strip_suffix(&format!("{last}\n")).unwrap()), "damaged"),
            ("a word was altered", packed(&folder, "altered.gz", &text.replacen("device.code_made", "device.code_lost", 1)), "damaged"),
            ("a line was taken out", packed(&folder, "without.gz", &without), "damaged"),
            ("something follows", packed(&folder, "more.gz", &format!("{text}{{}}\n")), "damaged"),
            ("a newer form", packed(&folder, "newer.gz", &text.replacen("\"tegata_backup\":1,", "\"tegata_backup\":2,", 1)), "of form 2"),
            ("something else", packed(&folder, "else.gz", "hello\n"), "no backup of Tegata"),
            ("not packed", folder.put("plain.gz", text.as_bytes()), "no backup of Tegata"),
        ];
        for (what, file, says) in bad {
            let refused = restore(&from.db, &rooms, &town, &file, true, &SystemClock).await.unwrap_err().to_string();
            assert!(refused.contains(says), "{what}: {refused}");
        }
        // Whole and of this form, but of a version with other tables, or with a trail that was altered before it was copied.
        let fewer: Vec<store::Migrations> = rooms.iter().copied().filter(|room| room.room != "cards").collect();
        let refused = restore(&from.db, &fewer, &town, &file, true, &SystemClock).await.unwrap_err().to_string();
        assert!(refused.contains("another version, with the migration cards/"), "{refused}");
        let mut tx = from.db.begin().await.unwrap();
        tx.execute("update store_audit set detail = 'x' where seq = 3", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let altered = folder.0.join("trail.gz");
        backup(&from.db, &town, &altered, SystemClock.now()).await.unwrap();
        let refused = restore(&from.db, &rooms, &town, &altered, true, &SystemClock).await.unwrap_err().to_string();
        assert!(refused.contains("does not hold from line 3"), "{refused}");
        assert_eq!(holds(&from.db).await, before, "nothing was changed");
    }
}

#[test]
fn a_data_folder_is_restored_only_while_nobody_serves_it() {
    let folder = Folder::new();
    let serving = (Serving::hold(&folder.0).unwrap(), Serving::hold(&folder.0).unwrap());
    assert!(Serving::nobody(&folder.0).unwrap_err().to_string().contains("stop the server"));
    drop(serving);
    let alone = Serving::nobody(&folder.0).unwrap();
    assert!(Serving::hold(&folder.0).unwrap_err().to_string().contains("being restored"));
    drop(alone);
    Serving::hold(&folder.0).unwrap();
}
