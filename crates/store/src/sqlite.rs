use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex as StdMutex};

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::{Result, Row, Value};

/// Readers at a time; each holds one connection with its own page cache.
const READERS_MAX: usize = 8;
/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 512;
/// Pages in the write-ahead log from which on they are carried over into the file, beside the writer (16 MB). The fewer the times, the more often a page
/// that was changed again and again is carried over once.
const CARRY_FROM: i32 = 4_000;
/// Pages from which on the writer does it itself before it goes on: the log is not to grow without end (100 MB).
const CARRY_BEFORE_GOING_ON: i32 = 25_000;

/// One writer and a few readers over one file in write-ahead mode.
#[derive(Clone)]
pub(crate) struct SqlitePool {
    writer: Arc<Mutex<Connected>>,
    readers: Arc<StdMutex<Vec<Connected>>>,
    reading: Arc<Semaphore>,
    path: Arc<PathBuf>,
}

/// A connection with its `$1` texts already turned into the `?1` SQLite numbers by.
struct Connected {
    connection: Connection,
    texts: HashMap<(usize, usize), String>,
}

impl SqlitePool {
    pub(crate) fn open(path: &str) -> Result<Self> {
        let path = PathBuf::from(path);
        let mut writer = Connected::open(&path, OpenFlags::default())?;
        carry_beside(&mut writer.connection, &path)?;
        Ok(Self {
            writer: Arc::new(Mutex::new(writer)),
            readers: Arc::default(),
            reading: Arc::new(Semaphore::new(READERS_MAX)),
            path: Arc::new(path),
        })
    }

    pub(crate) async fn write(&self) -> Result<SqliteTx> {
        let held = Arc::clone(&self.writer).lock_owned().await;
        SqliteTx::begin(Held::Writer(held), "begin immediate")
    }

    pub(crate) async fn read(&self) -> Result<SqliteTx> {
        let permit = Arc::clone(&self.reading).acquire_owned().await.map_err(|_| crate::Error::Closing)?;
        let idle = self.readers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        let connected = match idle {
            Some(connected) => connected,
            None => Connected::open(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?,
        };
        SqliteTx::begin(Held::Reader { connected: Some(connected), home: Arc::clone(&self.readers), _permit: permit }, "begin deferred")
    }
}

/// Lets another thread carry over what the log holds (a passive checkpoint, which keeps nobody from writing), so that no commit waits for it. By itself
/// SQLite does this in whichever commit comes to a thousand pages, and after a large change that is everybody's second.
fn carry_beside(writer: &mut Connection, path: &Path) -> Result<()> {
    let carrier = Connected::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?.connection;
    let (ask, asked) = sync_channel(1);
    std::thread::Builder::new().name("carry".to_owned()).spawn(move || carry(&carrier, &asked)).map_err(|_| crate::Error::Closing)?;
    writer.wal_hook(Some(move |log: &mut Wal, pages| {
        if pages >= CARRY_BEFORE_GOING_ON {
            // Refused when the other thread is at it. Never an error of this commit, which has happened.
            let _ = log.checkpoint();
        } else if pages >= CARRY_FROM {
            // Asked already, or gone with the house: either way nothing more is to be done here.
            let _ = ask.try_send(());
        }
        Ok(())
    }))?;
    Ok(())
}

/// Carries over whenever asked, until the writer is gone.
fn carry(carrier: &Connection, asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        if let Err(error) = carrier.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log could not be carried over");
        }
    }
}

impl Connected {
    fn open(path: &Path, flags: OpenFlags) -> Result<Self> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        // Plans do not look at the values that are bound: else SQLite understands a statement anew each time another id is bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // FULL: an acknowledged change survives a power cut, not only a crash of this process.
        connection.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -32000;",
        )?;
        Ok(Self { connection, texts: HashMap::new() })
    }

    /// Runs one of the words around a transaction, understood once like every other statement.
    fn word(&self, sql: &'static str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn statement(&mut self, sql: &'static str) -> Result<rusqlite::CachedStatement<'_>> {
        // Address and length together name a static text.
        let text = self.texts.entry((sql.as_ptr() as usize, sql.len())).or_insert_with(|| sql.replace('$', "?"));
        Ok(self.connection.prepare_cached(text)?)
    }
}

enum Held {
    Writer(OwnedMutexGuard<Connected>),
    Reader { connected: Option<Connected>, home: Arc<StdMutex<Vec<Connected>>>, _permit: OwnedSemaphorePermit },
}

impl Held {
    fn get(&mut self) -> &mut Connected {
        match self {
            Held::Writer(held) => held,
            Held::Reader { connected, .. } => connected.as_mut().expect("a reader keeps its connection until it is dropped"),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Held::Reader { connected, home, .. } = self
            && let Some(connected) = connected.take()
        {
            home.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(connected);
        }
    }
}

/// A transaction on SQLite. Statements run where they are called: a point read takes microseconds.
pub(crate) struct SqliteTx {
    held: Held,
    open: bool,
}

impl SqliteTx {
    fn begin(mut held: Held, begin: &'static str) -> Result<Self> {
        held.get().word(begin)?;
        Ok(Self { held, open: true })
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64> {
        let mut statement = self.held.get().statement(sql)?;
        Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
    }

    pub(crate) fn bulk(&mut self, sql: &'static str, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        run_for_all(&mut *self.held.get().statement(sql)?, rows)
    }

    /// As [`bulk`](Self::bulk), for a text that is not kept.
    pub(crate) fn fill(&mut self, sql: &str, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
        run_for_all(&mut self.held.get().connection.prepare(&sql.replace('$', "?"))?, rows)
    }

    pub(crate) fn each(&mut self, sql: &'static str, params: &[Value], each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        hand_out(&mut *self.held.get().statement(sql)?, params, each)
    }

    /// As [`each`](Self::each), for a text that is not kept.
    pub(crate) fn each_of(&mut self, sql: &str, each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
        hand_out(&mut self.held.get().connection.prepare(sql)?, &[], each)
    }

    pub(crate) fn script(&mut self, sql: &str) -> Result<()> {
        Ok(self.held.get().connection.execute_batch(sql)?)
    }

    pub(crate) fn prepare(&mut self, sql: &'static str) -> Result<()> {
        self.held.get().statement(sql).map(drop)
    }

    pub(crate) fn commit(mut self) -> Result<()> {
        self.held.get().word("commit")?;
        self.open = false;
        Ok(())
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if self.open
            && let Err(error) = self.held.get().word("rollback")
        {
            tracing::error!(%error, "rollback failed");
        }
    }
}

fn run_for_all(statement: &mut Statement<'_>, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
    let mut changed = 0;
    for row in rows {
        changed += statement.execute(rusqlite::params_from_iter(&row))? as u64;
    }
    Ok(changed)
}

fn hand_out(statement: &mut Statement<'_>, params: &[Value], each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        // Filled by hand: collecting results does not know how many there will be, and grows four times on the way.
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(from_sqlite(row.get_ref(column)?));
        }
        each(&Row(values));
    }
    Ok(())
}

fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Int(integer),
        // No column of ours is a float; one that SQLite computes (avg) reads as its whole part.
        ValueRef::Real(real) => Value::Int(real as i64),
        ValueRef::Text(text) => Value::Text(read_text(text)),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// Text is UTF-8 wherever we wrote it; looking for what is not takes several times as long as seeing that nothing is.
fn read_text(text: &[u8]) -> String {
    std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text).into_owned(), str::to_owned)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_log_is_carried_over_while_the_writer_goes_on() {
        let folder = std::env::temp_dir().join(format!("tegata-carry-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("town.db");
        let pool = SqlitePool::open(file.to_str().unwrap()).unwrap();
        pool.write().await.unwrap().script("create table store_pages (page bytea)").unwrap();
        let mut tx = pool.write().await.unwrap();
        tx.script("create table store_pages (page bytea)").unwrap();
        tx.commit().unwrap();
        let page = vec![7; 4_000];
        let bytes = |file: &Path| std::fs::metadata(file).unwrap().len();
        let mut written = 0;
        // What is carried over is in the file; without the carrier all of it would stay in the log until CARRY_BEFORE_GOING_ON.
        while bytes(&file) < 16_000_000 {
            written += 1;
            assert!(written < 20_000, "nothing was carried over");
            let mut tx = pool.write().await.unwrap();
            tx.execute("insert into store_pages (page) values ($1)", &[Value::Bytes(page.clone())]).unwrap();
            tx.commit().unwrap();
        }
        let mut tx = pool.read().await.unwrap();
        let mut found = 0;
        tx.each("select length(page) from store_pages", &[], &mut |_| found += 1).unwrap();
        assert_eq!(found, written);
        drop((tx, pool));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
