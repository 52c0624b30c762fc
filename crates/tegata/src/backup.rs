//! `tegata backup` and `tegata restore`: a town's whole database in one file, made while the town is served, and laid down on either engine.
//!
//! The file is gzip over lines of JSON, so that anybody can look into it (`zcat`): the manifest, then for each table a line with its columns and one for
//! each row, then the SHA-256 of everything before. Keys are never in it.

mod lines;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::copy::{self, RanMigration, Table};
use store::{AuditFault, Clock, Db, Engine, Migrations, SystemClock, Tx};
use town::Town;

use crate::centre::{Centre, Serving};
use crate::{Outcome, demo, house};
use lines::{Line, LineReader, LineWriter};

/// The form of the file; another number is another form.
const FORMAT: u32 = 1;
/// The end of a backup's name.
const ENDING: &str = "tegata-backup.gz";
/// Rows laid down together.
const BATCH_ROWS: usize = 1000;

/// What `tegata backup` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Backup {
    #[command(flatten)]
    centre: Centre,
    /// The file to write; in a folder that is there, a file named by town and moment.
    #[arg(long)]
    out: PathBuf,
}

/// What `tegata restore` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Restore {
    #[command(flatten)]
    centre: Centre,
    /// The backup.
    #[arg(long)]
    from: PathBuf,
    /// Throw away what is in the database now.
    #[arg(long)]
    replace: bool,
}

/// What a backup says of itself: its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the file.
    pub tegata_backup: u32,
    /// The version of Tegata that wrote it.
    pub version: String,
    /// The town's 全国地方公共団体コード.
    pub town: String,
    /// The town's name.
    pub town_name: String,
    /// As of when it is, the moment the copy began.
    pub made_at: Timestamp,
    /// `sqlite` or `postgresql`; it can be laid down on either.
    pub engine: String,
    /// The migrations that had run.
    pub migrations: Vec<RanMigration>,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// The last line of the audit trail.
    pub audit: Option<AuditTip>,
}

/// The last line of the audit trail, which stands for all before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTip {
    /// Its number: how many lines there are.
    pub line: i64,
    /// Its hash, in hex.
    pub hash: String,
}

impl Manifest {
    /// Rows of all tables together.
    pub fn rows_total(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// `tegata backup`.
///
/// # Errors
/// What is missing or wrong, in one line; then no file of that name was made.
pub async fn backup_command(options: Backup) -> Outcome {
    let town = demo::load_town(&options.centre.town)?;
    let db = options.centre.existing_database().await?;
    let now = SystemClock.now();
    let out = match options.out.is_dir() {
        true => options.out.join(format!("{}-{}.{ENDING}", town.code, now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ"))),
        false => options.out,
    };
    let manifest = backup(&db, &town, &out, now).await?;
    println!("{}: {} rows, {}", out.display(), manifest.rows_total(), trail_in_words(manifest.audit.as_ref()));
    Ok(())
}

/// `tegata restore`.
///
/// # Errors
/// What is wrong with the file or in the way, in one line; then the database is as it was.
pub async fn restore_command(options: Restore) -> Outcome {
    let town = demo::load_town(&options.centre.town)?;
    fs::create_dir_all(&options.centre.data)?;
    let _alone = Serving::nobody(&options.centre.data)?;
    // Looked through before the database is opened, which would make an empty one.
    check(&options.from, &town)?;
    let db = Db::open(&options.centre.database()).await?;
    let manifest = restore(&db, &house::tables_of(&town)?, &town, &options.from, options.replace, &SystemClock).await?;
    println!(
        "{} rows as of {}, {}, verified. Now start the server; what happened since is not there (docs/run-a-town.md)",
        manifest.rows_total(),
        manifest.made_at,
        trail_in_words(manifest.audit.as_ref())
    );
    Ok(())
}

fn trail_in_words(tip: Option<&AuditTip>) -> String {
    tip.map_or_else(|| "no audit trail".to_owned(), |tip| format!("audit trail of {} lines ending in {}", tip.line, tip.hash))
}

/// Writes a town's database to a file as it is at one moment, while others go on writing.
///
/// # Errors
/// When the file is there already or cannot be written; the database's.
pub async fn backup(db: &Db, town: &Town, out: &Path, now: Timestamp) -> Outcome<Manifest> {
    if out.exists() {
        return Err(format!("{} is there already; a backup overwrites nothing", out.display()).into());
    }
    let mut tx = db.read().await?;
    let tables = copy::tables(&mut tx).await?;
    let manifest = manifest(&mut tx, town, &tables, now).await?;
    // Whole or not at all: whoever copies backups away finds no half of one.
    let beside = PathBuf::from(format!("{}.part", out.display()));
    let written = write(&mut tx, &tables, &manifest, &beside).await.and_then(|()| Ok(fs::rename(&beside, out)?));
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(format!("{}: {error}", out.display()).into());
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()?;
    Ok(manifest)
}

async fn manifest(tx: &mut Tx, town: &Town, tables: &[Table], now: Timestamp) -> Outcome<Manifest> {
    let mut rows = BTreeMap::new();
    for table in tables {
        rows.insert(table.name.clone(), copy::count(tx, table).await?);
    }
    Ok(Manifest {
        tegata_backup: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        town: town.code.to_string(),
        town_name: town.name.ja().to_owned(),
        made_at: now,
        engine: match tx.engine() {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgresql",
        }
        .to_owned(),
        migrations: copy::migrations_run(tx).await?,
        rows,
        audit: tip(tx).await?,
    })
}

async fn tip(tx: &mut Tx) -> Outcome<Option<AuditTip>> {
    Ok(store::audit_tip(tx).await?.map(|(line, hash)| AuditTip { line, hash: hex::encode(hash) }))
}

async fn write(tx: &mut Tx, tables: &[Table], manifest: &Manifest, path: &Path) -> Outcome {
    let mut file = LineWriter::create(path)?;
    file.line(&serde_json::to_string(manifest)?)?;
    for table in tables {
        file.table(table)?;
        let mut written = Ok(());
        copy::rows(tx, table, &mut |row| {
            if written.is_ok() {
                written = file.row(row);
            }
        })
        .await?;
        written?;
    }
    Ok(file.finish()?)
}

/// Looks a whole backup through and says what it is.
///
/// # Errors
/// When it is damaged, of a newer form, or another town's.
pub fn check(from: &Path, town: &Town) -> Outcome<Manifest> {
    let (manifest, mut reader) = open(from)?;
    if manifest.town != town.code.to_string() {
        return Err(format!("this is a backup of {} {}, not of {} {}", manifest.town, manifest.town_name, town.code, town.name.ja()).into());
    }
    while reader.next()?.is_some() {}
    Ok(manifest)
}

fn open(from: &Path) -> Outcome<(Manifest, LineReader)> {
    /// All that is read of a file before its form is known.
    #[derive(Deserialize)]
    struct Form {
        tegata_backup: u32,
    }
    let mut reader = LineReader::open(from).map_err(|error| format!("{}: {error}", from.display()))?;
    let first = reader.first()?;
    let form: Form = serde_json::from_str(&first).map_err(|_| format!("{} is no backup of Tegata", from.display()))?;
    if form.tegata_backup != FORMAT {
        let (theirs, ours) = (form.tegata_backup, FORMAT);
        return Err(format!(
            "the backup is of form {theirs}, and this version knows form {ours}: take the version that wrote it, or a newer one"
        )
        .into());
    }
    let manifest = serde_json::from_str(&first).map_err(|error| format!("the backup is damaged: its manifest says {error}"))?;
    Ok((manifest, reader))
}

/// Lays a backup down in a database: all of it and verified, or nothing.
///
/// # Errors
/// As [`check`]; when the database is not empty and is not to be replaced, or holds what is none of ours; when the backup knows migrations this version does not.
pub async fn restore(db: &Db, rooms: &[Migrations], town: &Town, from: &Path, replace: bool, clock: &dyn Clock) -> Outcome<Manifest> {
    let manifest = check(from, town)?;
    let mut tx = db.begin().await?;
    let made = copy::make_room(&mut tx, rooms, &manifest.migrations, replace, clock).await.map_err(in_words)?;
    let mut reader = open(from)?.1;
    let laid = lay_down(&mut tx, &made, &mut reader).await?;
    if laid != manifest.rows {
        return Err("the backup is damaged: it does not hold the rows its manifest counts".into());
    }
    match store::verify_audit(&mut tx).await? {
        Ok(_) if tip(&mut tx).await? == manifest.audit => {}
        Ok(_) => return Err("the backup is damaged: its audit trail does not end as its manifest says".into()),
        Err(AuditFault::Broken { seq } | AuditFault::Gap { seq }) => {
            return Err(
                format!("the audit trail in the backup does not hold from line {seq}: it was altered before the backup was made").into()
            );
        }
    }
    tx.commit().await?;
    Ok(manifest)
}

fn in_words(error: copy::CopyError) -> crate::Failure {
    match error {
        copy::CopyError::NotEmpty => {
            "the database is not empty: say --replace to throw away what is in it, after a backup of it (tegata backup)".into()
        }
        copy::CopyError::UnknownMigration(name) => {
            format!("the backup was made by another version, with the migration {name}: take that version, or a newer one").into()
        }
        other => other.into(),
    }
}

async fn lay_down(tx: &mut Tx, made: &[Table], reader: &mut LineReader) -> Outcome<BTreeMap<String, u64>> {
    let mut laid: BTreeMap<String, u64> = made.iter().map(|table| (table.name.clone(), 0)).collect();
    let mut table: Option<Table> = None;
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    loop {
        let line = reader.next()?;
        let full = batch.len() == BATCH_ROWS || !matches!(line, Some(Line::Row(_)));
        if let Some(table) = table.as_ref().filter(|_| full && !batch.is_empty()) {
            let rows = copy::lay_down(tx, table, &mut batch.drain(..)).await?;
            *laid.entry(table.name.clone()).or_default() += rows;
        }
        match line {
            None => return Ok(laid),
            Some(Line::Table(next)) => table = Some(fitting(next, made)?),
            Some(Line::Row(row)) => match &table {
                Some(table) if table.columns.len() == row.len() => batch.push(row),
                _ => return Err("the backup is damaged: a row does not fit its table".into()),
            },
        }
    }
}

/// A table of the file, if it is one of those its migrations make, column for column.
fn fitting(table: Table, made: &[Table]) -> Outcome<Table> {
    let sorted = |columns: &[String]| {
        let mut columns = columns.to_vec();
        columns.sort();
        columns
    };
    let fits = made.iter().any(|other| other.name == table.name && sorted(&other.columns) == sorted(&table.columns));
    if fits { Ok(table) } else { Err(copy::CopyError::DoesNotFit(table.name).into()) }
}
