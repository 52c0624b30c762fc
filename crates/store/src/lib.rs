//! One handle over SQLite and PostgreSQL, and what every change needs: the caller, the clock, the transaction, its event, its audit line, its jobs.
//!
//! A room writes its SQL once, in the subset both engines understand (`$1` parameters, `on conflict … do update`, the column types `text`,
//! `bigint`, `integer`, `boolean`, `bytea`), declares it with [`queries!`], and a test prepares all of it on both engines.
//! Days are stored as `YYYY-MM-DD` text, moments as microseconds since 1970 in UTC.

mod audit;
mod clock;
pub mod copy;
mod ctx;
mod db;
mod event;
mod id;
mod job;
mod lane;
mod match_key;
mod migrate;
mod policy;
mod postgres;
mod register;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod value;

pub use audit::{AuditEntry, AuditFault, audit_tip, verify_audit};
pub use clock::{Clock, SetClock, SystemClock};
pub use ctx::{Ctx, Store, StoreBuilder};
pub use db::{Db, Engine, Tx};
pub use event::{Event, EventId, Reaction, Reactions};
pub use job::{
    Job, JobHandler, JobHandlers, JobsInTrouble, OutsideHandler, jobs_in_trouble, plan_days, run_due_jobs, run_due_jobs_outside,
};
pub use match_key::{MatchItems, MatchKey, MatchKeys, MatchSecret};
pub use migrate::{Migrations, migrate};
pub use policy::{AccountId, Actor, DeviceId, Permission, ResidentId, Role, StaffId, permitted, policy_table};
pub use register::{Looked, Match, Register};
pub use value::{FromRow, FromValue, Row, Value};

/// A future that borrows the context it works in: what reactions, jobs and grouped work return.
pub type Pending<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// Any room's error, once it leaves the room that understands it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong between a room and its rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused or failed.
    #[error("sqlite failed")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused or failed.
    #[error("postgresql failed")]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection of the pool could be had.
    #[error("no database connection")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// The database address names neither a SQLite file nor a PostgreSQL server.
    #[error("database address not understood: {reason}")]
    Address {
        /// What is wrong with it; the address itself may hold a password and is not repeated.
        reason: String,
    },
    /// A column holds what its reader cannot take.
    #[error("column {column}: {reason}")]
    Decode {
        /// Position in the row, from 0.
        column: usize,
        /// Expected and found.
        reason: String,
    },
    /// A query that must give one row gave none.
    #[error("no row where one must be")]
    NoRow,
    /// A migration that has run was changed afterwards, or one is missing.
    #[error("migration {room}/{name}: {reason}")]
    Migration {
        /// The room whose migration it is.
        room: String,
        /// The migration's file name.
        name: String,
        /// What does not hold.
        reason: String,
    },
    /// The caller may not do this.
    #[error("{0:?} is not permitted")]
    Forbidden(Permission),
    /// A payload could not be written as JSON.
    #[error("payload is not json")]
    Json(#[from] serde_json::Error),
    /// A reaction, job or grouped work failed; the transaction is undone.
    #[error("{what} failed")]
    Within {
        /// The event or job kind.
        what: String,
        /// The room's own error.
        #[source]
        source: BoxError,
    },
    /// The store is closing.
    #[error("the store is closing")]
    Closing,
}

/// Result with the store's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Says whether the database refused because a unique key is taken, so that a room can turn it into its own word.
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) => failure.code == rusqlite::ErrorCode::ConstraintViolation,
            Self::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }
}

// What the id! macro needs from wherever it is called.
extern crate self as store;
#[doc(hidden)]
pub use id::new_v7 as __new_v7;
#[doc(hidden)]
pub use jiff::Timestamp as __Timestamp;
#[doc(hidden)]
pub use serde as __serde;
#[doc(hidden)]
pub use uuid::{Error as __UuidError, Uuid as __Uuid};

/// An error and all it came from, in one line for the log.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
