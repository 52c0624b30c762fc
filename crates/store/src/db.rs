use std::fmt;

use crate::postgres::{PostgresPool, PostgresTx};
use crate::sqlite::{SqlitePool, SqliteTx};
use crate::{Error, FromRow, Result, Row, Value};

/// The database of one town: a SQLite file or a PostgreSQL database, spoken to with the same SQL.
#[derive(Clone)]
pub struct Db(Pool);

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PostgresPool),
}

/// Which engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, one file, no server.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Db {
    /// Opens `sqlite:<path>` (made when missing) or `postgres://…`.
    ///
    /// # Errors
    /// [`Error::Address`] when the address is neither; the driver's error when it cannot be opened.
    pub async fn open(address: &str) -> Result<Self> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            return Ok(Self(Pool::Sqlite(SqlitePool::open(path)?)));
        }
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self(Pool::Postgres(PostgresPool::open(address).await?)));
        }
        Err(Error::Address { reason: "it must start with sqlite: or postgres://".to_owned() })
    }

    /// Says which engine this is.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Pool::Sqlite(_) => Engine::Sqlite,
            Pool::Postgres(_) => Engine::Postgres,
        }
    }

    /// Begins a transaction that may write. Writers follow one another on both engines, so that what one reads stays true until it commits.
    ///
    /// # Errors
    /// The driver's, or [`Error::Pool`].
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx(match &self.0 {
            Pool::Sqlite(pool) => Backend::Sqlite(pool.write().await?),
            Pool::Postgres(pool) => Backend::Postgres(pool.write().await?),
        }))
    }

    /// Begins a transaction that reads one unchanging picture and writes nothing.
    ///
    /// # Errors
    /// The driver's, or [`Error::Pool`].
    pub async fn read(&self) -> Result<Tx> {
        Ok(Tx(match &self.0 {
            Pool::Sqlite(pool) => Backend::Sqlite(pool.read().await?),
            Pool::Postgres(pool) => Backend::Postgres(pool.read().await?),
        }))
    }
}

impl Db {
    /// Removes every table of the house, to begin a demonstration again. A SQLite file is simply deleted instead.
    ///
    /// # Errors
    /// The driver's.
    pub async fn forget_everything(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.drop_views().await?;
        let (catalogue, with_what_points_at_it) = match self.engine() {
            Engine::Sqlite => ("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'", ""),
            Engine::Postgres => ("select tablename from pg_tables where schemaname = current_schema()", " cascade"),
        };
        for (table,) in tx.query::<(String,)>(catalogue, &[]).await? {
            tx.script(&format!("drop table \"{table}\"{with_what_points_at_it}")).await?;
        }
        tx.commit().await
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        write!(f, "Db({:?})", self.engine())
    }
}

/// A transaction. Dropped without [`commit`](Self::commit) it leaves nothing behind.
pub struct Tx(Backend);

enum Backend {
    Sqlite(SqliteTx),
    Postgres(PostgresTx),
}

impl Tx {
    /// Says which engine this is on.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and gives the number of rows it changed.
    ///
    /// # Errors
    /// The driver's; see [`Error::is_unique_violation`].
    pub async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.execute(sql, params),
            Backend::Postgres(tx) => tx.execute(sql, params).await,
        }
    }

    /// Gives all rows of an answer.
    ///
    /// # Errors
    /// The driver's, or [`Error::Decode`].
    pub async fn query<T: FromRow>(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        let mut failed = None;
        self.each(sql, params, &mut |row| match T::from_row(row) {
            Ok(row) => rows.push(row),
            Err(error) => failed = failed.take().or(Some(error)),
        })
        .await?;
        failed.map_or(Ok(rows), Err)
    }

    /// Gives the first row, if there is one.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn query_opt<T: FromRow>(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<T>> {
        let mut first = None;
        self.each(sql, params, &mut |row| {
            if first.is_none() {
                first = Some(T::from_row(row));
            }
        })
        .await?;
        first.transpose()
    }

    /// Gives the row that must be there.
    ///
    /// # Errors
    /// [`Error::NoRow`] when it is not.
    pub async fn query_one<T: FromRow>(&mut self, sql: &'static str, params: &[Value]) -> Result<T> {
        self.query_opt(sql, params).await?.ok_or(Error::NoRow)
    }

    /// Hands every row to `each` in turn, for answers too long to keep whole.
    ///
    /// # Errors
    /// The driver's.
    pub async fn each(&mut self, sql: &'static str, params: &[Value], each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.each(sql, params, each),
            Backend::Postgres(tx) => tx.each(sql, params, each).await,
        }
    }

    /// Runs one statement for many rows, the fastest way the engine has: prepared once on SQLite, pipelined on PostgreSQL.
    ///
    /// # Errors
    /// The driver's; the transaction is then only good for dropping.
    pub async fn bulk(&mut self, sql: &'static str, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.bulk(sql, rows),
            Backend::Postgres(tx) => tx.bulk(sql, rows).await,
        }
    }

    /// As [`each`](Self::each), for a text that is made as it is needed: copies of whole tables.
    pub(crate) async fn each_of(&mut self, sql: &str, each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.each_of(sql, each),
            Backend::Postgres(tx) => tx.each_of(sql, each).await,
        }
    }

    /// As [`bulk`](Self::bulk), for a text that is made as it is needed.
    pub(crate) async fn fill(&mut self, sql: &str, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.fill(sql, rows),
            Backend::Postgres(tx) => tx.fill(sql, rows).await,
        }
    }

    /// Removes every view: tables can go only after what looks at them.
    ///
    /// # Errors
    /// The driver's.
    pub(crate) async fn drop_views(&mut self) -> Result<()> {
        let (catalogue, with_what_points_at_it) = match self.engine() {
            Engine::Sqlite => ("select name from sqlite_master where type = 'view'", ""),
            Engine::Postgres => ("select viewname from pg_views where schemaname = current_schema()", " cascade"),
        };
        for (view,) in self.query::<(String,)>(catalogue, &[]).await? {
            self.script(&format!("drop view if exists \"{view}\"{with_what_points_at_it}")).await?;
        }
        Ok(())
    }

    /// Runs a script of several statements without parameters (migrations).
    ///
    /// # Errors
    /// The driver's.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.script(sql),
            Backend::Postgres(tx) => tx.script(sql).await,
        }
    }

    /// Asks the engine to understand a statement without running it: the check that a query's names and shape exist.
    ///
    /// # Errors
    /// The driver's, saying what it does not understand.
    pub async fn prepare(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.0 {
            Backend::Sqlite(tx) => tx.prepare(sql),
            Backend::Postgres(tx) => tx.prepare(sql).await,
        }
    }

    /// Makes everything done in it durable. Once this returns, the change survives a crash.
    ///
    /// # Errors
    /// The driver's; then nothing was changed.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            Backend::Sqlite(tx) => tx.commit(),
            Backend::Postgres(tx) => tx.commit().await,
        }
    }
}
