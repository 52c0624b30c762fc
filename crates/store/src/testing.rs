//! Fresh databases for tests: the same test body runs on SQLite and on PostgreSQL.
//!
//! SQLite always; PostgreSQL where `TEGATA_TEST_POSTGRES` names a server the tests may make databases on (`./test` starts one).

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Db, Result};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Ports that no connection is given by chance: Linux gives those from 32768, other systems later ones.
const PORTS: Range<u16> = 20_000..32_000;

/// The first of some adjacent ports of this machine that nobody uses just now.
///
/// A port the system chooses would lie among those it gives to connections, and be gone again before the test's server takes it.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_ports(adjacent: u16) -> u16 {
    // Tests that run at the same time begin to look at different places.
    let place = u64::from(std::process::id()) * 131 + NEXT.fetch_add(1, Ordering::Relaxed) * 17;
    let begin = usize::try_from(place % PORTS.len() as u64).expect("less than the ports there are");
    let mut looked_at = PORTS.cycle().skip(begin).take(PORTS.len());
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    looked_at.find(|first| (*first..first + adjacent).all(is_free)).expect("a free port")
}

/// A database of its own, gone when dropped (SQLite) or named for the run (PostgreSQL).
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Its address, to open it again.
    pub address: String,
    folder: Option<std::path::PathBuf>,
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Opens a new empty database on every engine there is.
///
/// # Errors
/// The driver's.
pub async fn databases() -> Result<Vec<TestDb>> {
    let mut all = vec![sqlite().await?];
    if let Ok(server) = std::env::var("TEGATA_TEST_POSTGRES") {
        all.push(postgres(&server).await?);
    }
    Ok(all)
}

/// Opens a new SQLite database in a folder of its own.
///
/// # Errors
/// The driver's.
pub async fn sqlite() -> Result<TestDb> {
    let name = format!("tegata-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).map_err(|error| crate::Error::Address { reason: error.to_string() })?;
    let address = format!("sqlite:{}", folder.join("town.db").display());
    Ok(TestDb { db: Db::open(&address).await?, address, folder: Some(folder) })
}

/// Opens a new PostgreSQL database on the server `server` (`postgres://…/postgres`).
///
/// # Errors
/// The driver's.
pub async fn postgres(server: &str) -> Result<TestDb> {
    let name = format!("tegata_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await?;
    let running = tokio::spawn(connection);
    client.batch_execute(&format!("drop database if exists {name}")).await?;
    client.batch_execute(&format!("create database {name}")).await?;
    drop(client);
    let _ = running.await;
    let (base, _) = server.rsplit_once('/').ok_or_else(|| crate::Error::Address { reason: "no database in the address".to_owned() })?;
    let address = format!("{base}/{name}");
    Ok(TestDb { db: Db::open(&address).await?, address, folder: None })
}

/// Has every query understood by the engine of `db`; the first that is not names itself.
///
/// # Errors
/// The engine's, with the query's text as context.
pub async fn prepare_all(db: &Db, queries: &[&'static str]) -> Result<()> {
    for sql in queries {
        // A transaction each: a query PostgreSQL refuses would spoil the ones after it.
        let mut tx = db.begin().await?;
        tx.prepare(sql).await.map_err(|source| crate::Error::Within { what: format!("preparing {sql}"), source: source.into() })?;
    }
    Ok(())
}
