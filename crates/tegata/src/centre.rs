//! Which town and which data folder: what every command at the centre is told.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use store::{Db, SystemClock};

use crate::address::reached_at;
use crate::house::Setup;
use crate::{Failure, Outcome, demo};

/// The town and its data folder.
#[derive(clap::Args, Debug, Clone)]
pub struct Centre {
    /// The town pack's folder.
    #[arg(long)]
    pub town: PathBuf,
    /// Folder for the database (unless `TEGATA_DATABASE_URL` is set), `keys/`, `trust/` and `bridge/`.
    #[arg(long)]
    pub data: PathBuf,
}

impl Centre {
    /// What the house is opened with; `origin` is where people reach it.
    ///
    /// # Errors
    /// Every fault of the pack, a line each; an address that is not as [`reached_at`] wants it.
    pub fn setup(&self, origin: &str, station: Option<String>) -> Outcome<Setup> {
        Ok(Setup {
            town: demo::load_town(&self.town)?,
            database: database(&self.data),
            keys: self.data.join("keys"),
            trust: self.data.join("trust"),
            origin: reached_at(origin)?,
            demo: false,
            station,
            clock: Arc::new(SystemClock),
            neighbours: None,
        })
    }

    /// The database's address.
    pub fn database(&self) -> String {
        database(&self.data)
    }

    /// Opens the database that is there; a missing one is not made.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn existing_database(&self) -> Outcome<Db> {
        let address = self.database();
        if let Some(path) = address.strip_prefix("sqlite:").filter(|path| !Path::new(path).is_file()) {
            return Err(format!("{path} is not there: was `tegata serve` ever started with this data folder?").into());
        }
        Ok(Db::open(&address).await?)
    }

    /// The folder in which bundles arrive.
    pub fn bridge(&self) -> PathBuf {
        self.data.join("bridge")
    }
}

/// The database's address: `TEGATA_DATABASE_URL`, or the file of the data folder.
pub fn database(data: &Path) -> String {
    std::env::var("TEGATA_DATABASE_URL").unwrap_or_else(|_| format!("sqlite:{}", data.join("town.db").display()))
}

/// The file that says that a data folder is being served. What counts is the lock on it, which ends with its process however that ends.
const SERVING_FILE: &str = "serving.lock";

/// A data folder held: by a server, or by who must be alone with it.
#[derive(Debug)]
pub struct Serving(#[expect(dead_code, reason = "held for its lock")] File);

impl Serving {
    /// Holds the folder for a server.
    ///
    /// # Errors
    /// When a command is at work that must be alone, or the folder cannot be written.
    pub fn hold(data: &Path) -> Outcome<Self> {
        let file = Self::file(data)?;
        file.try_lock_shared().map_err(|error| refused(error, "the database is being restored: start again when that is done"))?;
        Ok(Self(file))
    }

    /// Holds the folder for a command that must be alone.
    ///
    /// # Errors
    /// When the folder is being served, or cannot be written.
    pub fn nobody(data: &Path) -> Outcome<Self> {
        let file = Self::file(data)?;
        file.try_lock().map_err(|error| refused(error, "the town is being served from this data folder: stop the server first"))?;
        Ok(Self(file))
    }

    fn file(data: &Path) -> Outcome<File> {
        let path = data.join(SERVING_FILE);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        file.map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

fn refused(error: TryLockError, held: &str) -> Failure {
    match error {
        TryLockError::WouldBlock => held.into(),
        TryLockError::Error(error) => error.into(),
    }
}
