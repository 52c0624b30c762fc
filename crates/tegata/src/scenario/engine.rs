//! The databases a run plays on: every scenario begins with an empty one.

use std::path::Path;

use tokio_postgres::NoTls;

use crate::Outcome;

/// Where the address of a server stands on which databases may be made.
const SERVER: &str = "TEGATA_TEST_POSTGRES";

/// A database engine to play on.
pub(super) enum Engine {
    /// A file in the scenario's own folder.
    Sqlite,
    /// A database of a server, made anew for every scenario and dropped at the end.
    Postgres { server: String, name: String },
}

impl Engine {
    /// SQLite, and PostgreSQL where the environment names a server.
    pub(super) fn all(pack: &str) -> Vec<Self> {
        let mut all = vec![Self::Sqlite];
        if let Ok(server) = std::env::var(SERVER) {
            let plain: String = pack.chars().filter(char::is_ascii_alphanumeric).collect();
            let name = format!("tegata_scenarios_{}_{plain}", std::process::id());
            all.push(Self::Postgres { server, name });
        }
        all
    }

    /// Its name for the report.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// The address of an empty database.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) async fn empty(&self, folder: &Path) -> Outcome<String> {
        match self {
            Self::Sqlite => Ok(format!("sqlite:{}", folder.join("town.db").display())),
            Self::Postgres { server, name } => {
                let (base, _) = server.rsplit_once('/').ok_or_else(|| format!("{SERVER} names no database"))?;
                let address = format!("{base}/{name}");
                run(server, &dropping(name)).await?;
                run(server, &format!("create database {name}")).await?;
                Ok(address)
            }
        }
    }

    /// Leaves nothing behind.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn close(self) -> Outcome {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres { server, name } => run(&server, &dropping(&name)).await,
        }
    }
}

/// A house that was closed may still hold connections.
fn dropping(name: &str) -> String {
    format!("drop database if exists {name} with (force)")
}

async fn run(server: &str, statement: &str) -> Outcome {
    let (client, connection) = tokio_postgres::connect(server, NoTls).await?;
    let running = tokio::spawn(connection);
    let done = client.batch_execute(statement).await;
    drop(client);
    let _ = running.await;
    Ok(done?)
}
