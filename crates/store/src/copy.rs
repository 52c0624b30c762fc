//! Whole copies of a town's database: read from either engine in one unchanging picture, and laid down on either.

use std::collections::{BTreeMap, BTreeSet};

use crate::migrate::{self, OWN};
use crate::{Clock, Engine, Error, Migrations, Result, Row, Tx, Value};

/// The table that says which migrations ran. It is not copied: the copy names its migrations, and laying down runs them.
const MIGRATION_TABLE: &str = "store_migration";

/// A table of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order its rows are read and written.
    pub columns: Vec<String>,
}

/// A migration that ran.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RanMigration {
    /// The room.
    pub room: String,
    /// The file.
    pub name: String,
    /// SHA-256 of its text.
    pub checksum: String,
}

crate::from_row!(RanMigration { room, name, checksum });

/// How the tables stand beside what the rooms expect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationState {
    /// Have not run yet, `room/file`.
    pub missing: Vec<String>,
    /// Ran, and are not known to this program: it is older than the database.
    pub unknown: Vec<String>,
    /// Ran with another text.
    pub changed: Vec<String>,
}

/// Why a copy cannot be laid down.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A migration of the copy is not known to this program, or is another here.
    #[error("the copy was made by another version: migration {0} is not known here")]
    UnknownMigration(String),
    /// There are tables already, and nobody said to replace them.
    #[error("the database is not empty")]
    NotEmpty,
    /// There are tables that are none of ours.
    #[error("the database holds a table of something else: {0}")]
    Foreign(String),
    /// The copy names a table or column its migrations do not make.
    #[error("the copy does not fit its own migrations: {0}")]
    DoesNotFit(String),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] Error),
}

crate::queries! {
    RAN = "select room, name, checksum from store_migration order by room, name";
    LAST_EVENT = "select coalesce(max(newest.at), 0)
        from (select max(at) as at from store_event union all select max(at) as at from store_audit) as newest";
}

/// Gives the moment of the newest event or line of the trail; `None` in a house where nothing happened yet.
///
/// # Errors
/// The driver's.
pub async fn last_event_at(tx: &mut Tx) -> Result<Option<jiff::Timestamp>> {
    let (at,) = tx.query_one::<(jiff::Timestamp,)>(LAST_EVENT, &[]).await?;
    Ok((at != jiff::Timestamp::UNIX_EPOCH).then_some(at))
}

/// Gives the migrations that ran, by room and name; none in an empty database.
///
/// # Errors
/// The driver's.
pub async fn migrations_run(tx: &mut Tx) -> Result<Vec<RanMigration>> {
    if !every_table(tx).await?.iter().any(|name| name == MIGRATION_TABLE) {
        return Ok(Vec::new());
    }
    tx.query(RAN, &[]).await
}

/// Compares the migrations that ran with those of the rooms. Changes nothing.
///
/// # Errors
/// The driver's.
pub async fn migration_state(tx: &mut Tx, rooms: &[Migrations]) -> Result<MigrationState> {
    let mut ran: BTreeMap<String, String> =
        migrations_run(tx).await?.into_iter().map(|ran| (format!("{}/{}", ran.room, ran.name), ran.checksum)).collect();
    let mut state = MigrationState::default();
    for (room, name, sql) in every_migration(rooms) {
        let name = format!("{room}/{name}");
        match ran.remove(&name) {
            None => state.missing.push(name),
            Some(checksum) if checksum != migrate::checksum(sql) => state.changed.push(name),
            Some(_) => {}
        }
    }
    state.unknown.extend(ran.into_keys());
    Ok(state)
}

/// Gives the tables to be copied, each after those it points at.
///
/// # Errors
/// The driver's.
pub async fn tables(tx: &mut Tx) -> Result<Vec<Table>> {
    let names = every_table(tx).await?;
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in tx.query::<(String, String)>(columns_query(tx.engine()), &[]).await? {
        columns.entry(table).or_default().push(column);
    }
    let pointing = tx.query::<(String, String)>(pointing_query(tx.engine()), &[]).await?;
    let table = |name: String| Table { columns: columns.get(&name).cloned().unwrap_or_default(), name };
    Ok(in_order(names, &pointing).into_iter().filter(|name| name != MIGRATION_TABLE).map(table).collect())
}

/// Counts the rows of a table.
///
/// # Errors
/// The driver's.
pub async fn count(tx: &mut Tx, table: &Table) -> Result<u64> {
    let mut rows = Ok(0);
    tx.each_of(&format!("select count(*) from {}", quoted(&table.name)), &mut |row| rows = row.get::<i64>(0)).await?;
    Ok(u64::try_from(rows?).unwrap_or(0))
}

/// Hands every row of a table to `each`.
///
/// # Errors
/// The driver's.
pub async fn rows(tx: &mut Tx, table: &Table, each: &mut (dyn FnMut(&Row) + Send)) -> Result<()> {
    tx.each_of(&format!("select {} from {}", list(&table.columns), quoted(&table.name)), each).await
}

/// Makes the empty tables of a copy: those of exactly the migrations it names. What is there before goes, if `replace` says so; all of it happens in `tx`.
///
/// # Errors
/// [`CopyError`]; then `tx` is only good for dropping.
pub async fn make_room(
    tx: &mut Tx,
    rooms: &[Migrations],
    ran: &[RanMigration],
    replace: bool,
    clock: &dyn Clock,
) -> Result<Vec<Table>, CopyError> {
    let wanted = known(rooms, ran)?;
    let there = every_table(tx).await?;
    if !there.is_empty() {
        let ours = |name: &String| name.split_once('_').is_some_and(|(room, _)| room == OWN.room || rooms.iter().any(|of| of.room == room));
        if let Some(foreign) = there.iter().find(|name| !ours(name)) {
            return Err(CopyError::Foreign(foreign.clone()));
        }
        if !replace {
            return Err(CopyError::NotEmpty);
        }
        tx.drop_views().await?;
        let pointing = tx.query::<(String, String)>(pointing_query(tx.engine()), &[]).await?;
        // Those that point before those they point at.
        for name in in_order(there, &pointing).into_iter().rev() {
            tx.script(&format!("drop table {}", quoted(&name))).await?;
        }
    }
    migrate::begin(tx).await?;
    for (room, name, sql) in wanted {
        migrate::apply(tx, room, name, sql, clock).await?;
    }
    let made = tables(tx).await?;
    // A migration may have laid rows down itself: the copy has them too.
    for table in made.iter().rev() {
        tx.script(&format!("delete from {}", quoted(&table.name))).await?;
    }
    Ok(made)
}

/// Writes rows of a copy into a table that [`make_room`] made.
///
/// # Errors
/// The driver's; then `tx` is only good for dropping.
pub async fn lay_down(tx: &mut Tx, table: &Table, rows: &mut (dyn Iterator<Item = Vec<Value>> + Send)) -> Result<u64> {
    let places: Vec<String> = (1..=table.columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("insert into {} ({}) values ({})", quoted(&table.name), list(&table.columns), places.join(", "));
    tx.fill(&sql, rows).await
}

/// The migrations of a copy in the order they run in, each the same here.
fn known(rooms: &[Migrations], ran: &[RanMigration]) -> Result<Vec<(&'static str, &'static str, &'static str)>, CopyError> {
    let mut wanted: BTreeMap<(&str, &str), &RanMigration> = ran.iter().map(|ran| ((ran.room.as_str(), ran.name.as_str()), ran)).collect();
    let mut found = Vec::new();
    for (room, name, sql) in every_migration(rooms) {
        if wanted.remove(&(room, name)).is_some_and(|ran| ran.checksum == migrate::checksum(sql)) {
            found.push((room, name, sql));
        }
    }
    let missing = ran.iter().find(|ran| !found.iter().any(|(room, name, _)| *room == ran.room && *name == ran.name));
    match missing {
        Some(missing) => Err(CopyError::UnknownMigration(format!("{}/{}", missing.room, missing.name))),
        None => Ok(found),
    }
}

fn every_migration(rooms: &[Migrations]) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    std::iter::once(&OWN).chain(rooms).flat_map(|room| room.files.iter().map(move |(name, sql)| (room.room, *name, *sql)))
}

/// Names so that each stands after those it points at. Tables that point at one another in a circle, which no migration makes, keep their order.
fn in_order(names: Vec<String>, pointing: &[(String, String)]) -> Vec<String> {
    let mut waiting = names;
    let mut placed: BTreeSet<String> = BTreeSet::new();
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let free = |name: &String| {
            let open = |(from, to): &&(String, String)| from == name && to != name && !placed.contains(to) && waiting.contains(to);
            !pointing.iter().any(|pair| open(&pair))
        };
        let (mut now, later): (Vec<String>, Vec<String>) = waiting.iter().cloned().partition(free);
        if now.is_empty() {
            order.extend(later);
            break;
        }
        placed.extend(now.iter().cloned());
        order.append(&mut now);
        waiting = later;
    }
    order
}

async fn every_table(tx: &mut Tx) -> Result<Vec<String>> {
    let catalogue = match tx.engine() {
        Engine::Sqlite => "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
        Engine::Postgres => "select tablename from pg_tables where schemaname = current_schema() order by tablename",
    };
    Ok(tx.query::<(String,)>(catalogue, &[]).await?.into_iter().map(|(name,)| name).collect())
}

/// Every table's columns in their order.
fn columns_query(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table' order by m.name, c.cid"
        }
        Engine::Postgres => {
            "select table_name::text, column_name::text from information_schema.columns
             where table_schema = current_schema() order by table_name, ordinal_position"
        }
    }
}

/// Which table points at which.
fn pointing_query(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "select m.name, f.\"table\" from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table'",
        Engine::Postgres => {
            "select a.relname::text, b.relname::text from pg_constraint k
             join pg_class a on a.oid = k.conrelid join pg_class b on b.oid = k.confrelid
             where k.contype = 'f' and k.connamespace = current_schema()::regnamespace"
        }
    }
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

/// A name as SQL takes any name.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_after_those_it_points_at() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let pointing = [pair("a", "c"), pair("b", "a"), pair("c", "c")];
        assert_eq!(in_order(names(&["a", "b", "c", "d"]), &pointing), names(&["c", "d", "a", "b"]));
        assert_eq!(in_order(names(&["a", "b"]), &[pair("a", "b"), pair("b", "a")]), names(&["a", "b"]));
    }
}
