use std::process::Command;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jpki::testca::TestCa;
use store::testing::{TestDb, databases};
use store::{Actor, SetClock};
use tegata::doctor::{Finding, Patient, State, examine};

use crate::helpers::{Folder, open, pack, pairing_code, town};

fn noon() -> Timestamp {
    "2026-11-24T03:00:00Z".parse().unwrap()
}

struct Sick {
    folder: Folder,
    patient: Patient,
    db: TestDb,
}

impl Sick {
    /// A town that is well: everything there, one thing happened.
    async fn well(db: TestDb) -> Self {
        let folder = Folder::new();
        folder.trust(&mut TestCa::new(noon() - SignedDuration::from_hours(240)).unwrap(), noon());
        let house = open(&folder, &db.address, town(&pack("demo")), Arc::new(SetClock::new(noon()))).await;
        pairing_code(&house.store).await;
        let patient = Patient { town: pack("demo"), data: folder.0.clone(), database: db.address.clone(), demo: true, now: noon() };
        Self { folder, patient, db }
    }

    async fn look(&self) -> Vec<Finding> {
        examine(&self.patient).await
    }

    async fn faults(&self) -> Vec<String> {
        let faults = self.look().await.into_iter().filter(|finding| finding.state == State::Fault);
        faults.map(|finding| format!("{}: {} → {}", finding.check, finding.says, finding.next.unwrap())).collect()
    }

    async fn run(&self, sql: &'static str) {
        let mut tx = self.db.db.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// The one fault there is, with the words it holds.
fn only(faults: &[String], words: &[&str]) {
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(words.iter().all(|word| faults[0].contains(word)), "{words:?} in {}", faults[0]);
}

#[tokio::test]
async fn a_town_that_is_well_has_no_fault_and_every_thing_is_looked_at() {
    for db in databases().await.unwrap() {
        let town = Sick::well(db).await;
        let findings = town.look().await;
        assert_eq!(town.faults().await, Vec::<String>::new());
        for check in ["pack", "keys", "disk", "lists", "database", "audit", "clock", "jobs", "bridge", "staff"] {
            assert!(findings.iter().any(|finding| finding.check == check), "{check} in {findings:#?}");
        }
        // Whatever is not good says what to do.
        assert!(findings.iter().all(|finding| (finding.state == State::Good) == finding.next.is_none()), "{findings:#?}");
        let json = serde_json::to_value(&findings).unwrap();
        assert_eq!(json[0], serde_json::json!({ "check": "pack", "state": "good", "says": "209996 青空村" }));
    }
}

#[tokio::test]
async fn each_fault_is_found_alone_and_says_what_to_do() {
    for db in databases().await.unwrap() {
        let mut town = Sick::well(db).await;
        let list = town.folder.0.join("trust/crl/signature.crl");
        let good = std::fs::read(&list).unwrap();
        std::fs::write(&list, &good[1..]).unwrap();
        let faults = town.faults().await;
        assert!(
            faults.len() == 2 && faults[0].contains("signature.crl cannot be taken") && faults[1].contains("no revocation list"),
            "{faults:?}"
        );
        std::fs::write(&list, &good).unwrap();

        let key = town.folder.0.join("keys/serial.key");
        std::fs::rename(&key, key.with_extension("away")).unwrap();
        only(&town.faults().await, &["keys: ", "serial.key", "sealed copy"]);
        std::fs::rename(key.with_extension("away"), &key).unwrap();

        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            mode(0o640);
            only(&town.faults().await, &["others than their owner may use serial.key", "chmod 600"]);
            mode(0o600);
        }

        town.patient.now = noon() - SignedDuration::from_mins(2);
        only(&town.faults().await, &["clock: ", "run NTP"]);
        town.patient.now = noon() + SignedDuration::from_hours(30);
        let faults = town.faults().await;
        assert!(faults.len() == 2 && faults.iter().all(|fault| fault.contains("out of time")), "{faults:?}");
        town.patient.now = noon();

        town.run("update store_job set attempts = 20, last_error = 'no' where attempts = 0").await;
        only(&town.faults().await, &["jobs: ", "failed too often"]);
        town.run("update store_job set attempts = 1").await;
        assert_eq!(town.faults().await, Vec::<String>::new(), "what will be tried again is no fault yet");
        town.run("update store_job set attempts = 0").await;

        town.run("update store_migration set checksum = 'x' where room = 'cards'").await;
        only(&town.faults().await, &["database: cards/", "changed after it had run"]);
        town.run("delete from store_migration where room = 'cards'").await;
        assert_eq!(town.faults().await, Vec::<String>::new(), "the server runs them when it starts");
        assert!(town.look().await.iter().any(|finding| finding.check == "database" && finding.state == State::Notice));
        town.run("insert into store_migration (room, name, checksum, applied_at) values ('cards', '209901010000_later.sql', 'x', 0)").await;
        only(&town.faults().await, &["database: ", "newer version: cards/209901010000_later.sql"]);
    }
}

#[tokio::test]
async fn an_altered_trail_and_a_silent_bridge_are_faults() {
    for db in databases().await.unwrap() {
        let town = Sick::well(db).await;
        town.run("update store_audit set detail = 'x' where seq = 1").await;
        only(&town.faults().await, &["audit: ", "from line 1"]);
    }
    let town = Sick::well(store::testing::sqlite().await.unwrap()).await;
    // A file that is no bundle, as the watched folder moves it aside.
    std::fs::create_dir_all(town.folder.0.join("bridge/refused")).unwrap();
    town.folder.put("bridge/refused/000004.tegata", b"x");
    town.folder.put("bridge/000005.tegata", b"x");
    let says: Vec<String> = town.look().await.into_iter().filter(|finding| finding.check == "bridge").map(|finding| finding.says).collect();
    assert_eq!(says[..2], ["1 bundles lie in the folder, the first is 000005.tegata", "a bundle was refused: 000004.tegata"], "{says:?}");
    let store = open(&town.folder, &town.db.address, crate::helpers::town(&pack("demo")), Arc::new(SetClock::new(noon()))).await.store;
    assert!(store.read(Actor::System).await.is_ok());
}

#[test]
fn the_exit_code_says_whether_anything_is_at_fault() {
    let folder = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tegata"));
    let said = command
        .env_remove("TEGATA_DATABASE_URL")
        .args(["doctor", "--json", "--town"])
        .arg(pack("demo"))
        .arg("--data")
        .arg(&folder.0)
        .output();
    let said = said.unwrap();
    assert!(!said.status.success());
    let report: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(report["good"], false);
    let database = report["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "database").unwrap();
    assert_eq!(database["state"], "fault");
    // Looking makes nothing.
    assert!(!folder.0.join("town.db").exists());
}
