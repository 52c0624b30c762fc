use aws_lc_rs::digest;

use crate::{Clock, Db, Error, Result, Tx, params};

/// The migrations of one room, oldest first: file name and SQL. A file that has run never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The room whose tables they make; its tables carry its name in front.
    pub room: &'static str,
    /// `("202611230900_create.sql", include_str!(…))`
    pub files: &'static [(&'static str, &'static str)],
}

/// The store's own tables.
pub(crate) const OWN: Migrations = Migrations {
    room: "store",
    files: &[
        ("202611230900_create.sql", include_str!("../migrations/202611230900_create.sql")),
        ("202611260210_outside.sql", include_str!("../migrations/202611260210_outside.sql")),
        ("202611280210_unasked.sql", include_str!("../migrations/202611280210_unasked.sql")),
    ],
};

crate::queries! {
    RUN = "select checksum from store_migration where room = $1 and name = $2";
    INSERT = "insert into store_migration (room, name, checksum, applied_at) values ($1, $2, $3, $4)";
}

/// Brings the database to what the rooms expect: all missing migrations in one transaction, or none.
///
/// # Errors
/// [`Error::Migration`] when a migration that has run was changed since; the driver's otherwise.
pub async fn migrate(db: &Db, rooms: &[Migrations], clock: &dyn Clock) -> Result<usize> {
    let mut tx = db.begin().await?;
    begin(&mut tx).await?;
    let mut applied = 0;
    for room in std::iter::once(&OWN).chain(rooms) {
        for (name, sql) in room.files {
            applied += usize::from(apply(&mut tx, room.room, name, sql, clock).await?);
        }
    }
    tx.commit().await?;
    Ok(applied)
}

/// Makes the table that says which migrations ran.
pub(crate) async fn begin(tx: &mut Tx) -> Result<()> {
    tx.script(
        "create table if not exists store_migration (room text not null, name text not null, checksum text not null, applied_at bigint not null, primary key (room, name))",
    )
    .await
}

/// What a migration that has run is known by.
pub(crate) fn checksum(sql: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, sql.as_bytes()))
}

/// Runs a migration unless it has run; true when it did.
pub(crate) async fn apply(tx: &mut Tx, room: &str, name: &str, sql: &str, clock: &dyn Clock) -> Result<bool> {
    let checksum = checksum(sql);
    if let Some((ran,)) = tx.query_opt::<(String,)>(RUN, params![room, name]).await? {
        if ran == checksum {
            return Ok(false);
        }
        return Err(Error::Migration { room: room.to_owned(), name: name.to_owned(), reason: "changed after it had run".to_owned() });
    }
    tx.script(sql).await?;
    tx.execute(INSERT, params![room, name, checksum, clock.now()]).await?;
    Ok(true)
}
