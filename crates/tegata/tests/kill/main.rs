//! `kill -9` loses and doubles nothing: the real binary, killed at random moments and started again on the same folder, on SQLite and, where
//! `TEGATA_TEST_POSTGRES` names a server, on PostgreSQL. `TEGATA_KILL_SEED` repeats a run's choices.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail loudly, too")]

mod bridge;
mod notices;
mod presentations;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use population::Rng;
use store::{Clock as _, Db, SystemClock};
use tegata::bench::client::Connection;
use tegata::bench::scene::Site;

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Where chance starts: printed, so that a failure can be looked at again.
fn chance(of: &str) -> Rng {
    let now = u64::try_from(SystemClock.now().as_microsecond()).unwrap_or_default();
    let seed = std::env::var("TEGATA_KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(now);
    println!("{of}: TEGATA_KILL_SEED={seed}");
    Rng::from_seed(seed)
}

/// The engines to try: nothing for SQLite, and the PostgreSQL server if there is one.
fn engines() -> Vec<Option<String>> {
    let mut engines = vec![None];
    engines.extend(std::env::var("TEGATA_TEST_POSTGRES").ok().map(Some));
    engines
}

/// The address of an empty database of its own.
async fn empty_database(site: &Site, server: Option<&str>) -> String {
    match server {
        None => format!("sqlite:{}", site.part("town.db").display()),
        Some(server) => store::testing::postgres(server).await.unwrap().address.clone(),
    }
}

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("tegata-kill-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The binary as a process of its own. It does not outlive the test.
struct Tegata {
    child: Child,
    log: PathBuf,
}

impl Tegata {
    fn serve(site: &Site, database: &str, listen: SocketAddr) -> Self {
        let listen = listen.to_string();
        Self::start(site, database, &["serve", "--origin", "http://localhost", "--listen", &listen])
    }

    fn open_bundles(site: &Site, database: &str) -> Self {
        Self::start(site, database, &["bridge", "open"])
    }

    fn start(site: &Site, database: &str, arguments: &[&str]) -> Self {
        let log = site.part("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tegata"));
        command.args(arguments).arg("--town").arg(pack()).arg("--data").arg(site.folder());
        command.env("TEGATA_DATABASE_URL", database).env("RUST_LOG", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Self { child: command.spawn().unwrap(), log }
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL, nothing gentler; says whether it still ran.
    fn kill(mut self) -> bool {
        let ran = self.runs();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        ran
    }

    /// Waits until it has done what it was asked.
    async fn done(mut self) {
        while self.runs() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}:\n{}", self.told());
    }

    /// Waits until it answers.
    async fn answers(&mut self, address: SocketAddr) {
        loop {
            assert!(self.runs(), "the server gave up:\n{}", self.told());
            if let Ok(mut connection) = Connection::open(address).await
                && let Ok(answer) = connection.ask(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await
                && answer.status == 200
            {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn told(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Tegata {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The trail follows line from line, and the events are numbered without a gap.
async fn assert_unbroken(db: &Db) {
    let mut tx = db.read().await.unwrap();
    store::verify_audit(&mut tx).await.unwrap().expect("the audit trail holds");
    let numbers = tx.query::<(i64,)>("select seq from store_event order by seq", &[]).await.unwrap();
    assert!(numbers.iter().map(|(number,)| *number).eq(1..=numbers.len() as i64), "events are missing");
}
