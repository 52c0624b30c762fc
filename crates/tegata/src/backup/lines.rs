//! The lines of a backup: JSON, compressed, with the hash of all before in the last one.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use store::copy::Table;
use store::{Row, Value};

use crate::{Failure, Outcome};

/// A line after the manifest.
pub(super) enum Line {
    /// The rows that follow are this table's.
    Table(Table),
    /// A row, in the order of its table's columns.
    Row(Vec<Value>),
}

#[derive(Serialize, Deserialize)]
struct TableLine {
    table: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct EndLine {
    sha256: String,
}

/// A file being written.
pub(super) struct LineWriter {
    out: GzEncoder<BufWriter<File>>,
    digest: Context,
}

impl LineWriter {
    /// Begins a file that its owner alone can read.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let out = GzEncoder::new(BufWriter::new(options.open(path)?), Compression::fast());
        Ok(Self { out, digest: Context::new(&SHA256) })
    }

    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        for part in [text.as_bytes(), b"\n"] {
            self.digest.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }

    pub(super) fn table(&mut self, table: &Table) -> io::Result<()> {
        let line = TableLine { table: table.name.clone(), columns: table.columns.clone() };
        self.line(&serde_json::to_string(&line)?)
    }

    pub(super) fn row(&mut self, Row(values): &Row) -> io::Result<()> {
        let values: Vec<serde_json::Value> = values.iter().map(to_json).collect();
        self.line(&serde_json::to_string(&values)?)
    }

    /// Writes the last line, and everything to the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let end = EndLine { sha256: hex::encode(self.digest.clone().finish()) };
        self.line(&serde_json::to_string(&end)?)?;
        self.out.finish()?.into_inner()?.sync_all()
    }
}

/// A file being read. What it gives is to be believed only once [`next`](Self::next) has given `None`: then the hash was right.
pub(super) struct LineReader {
    from: BufReader<GzDecoder<BufReader<File>>>,
    digest: Context,
}

impl LineReader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let from = BufReader::new(GzDecoder::new(BufReader::new(File::open(path)?)));
        Ok(Self { from, digest: Context::new(&SHA256) })
    }

    /// The first line.
    pub(super) fn first(&mut self) -> Outcome<String> {
        let line = self.read().map_err(|_| "the file is no backup of Tegata")?;
        self.digest.update(line.as_bytes());
        Ok(line)
    }

    /// The next line; `None` after the last, whose hash was that of all lines before.
    pub(super) fn next(&mut self) -> Outcome<Option<Line>> {
        let line = self.read().map_err(|error| damaged(&error))?;
        if let Ok(end) = serde_json::from_str::<EndLine>(&line) {
            let right = end.sha256 == hex::encode(self.digest.clone().finish());
            let over = self.from.read(&mut [0]).map_err(|error| damaged(&error))? == 0;
            return if right && over { Ok(None) } else { Err(damaged(&"its last line does not fit the others")) };
        }
        self.digest.update(line.as_bytes());
        if let Ok(TableLine { table, columns }) = serde_json::from_str(&line) {
            return Ok(Some(Line::Table(Table { name: table, columns })));
        }
        let values: Vec<serde_json::Value> = serde_json::from_str(&line).map_err(|error| damaged(&error))?;
        let row = values.into_iter().map(from_json).collect::<Option<_>>();
        row.map(|row| Some(Line::Row(row))).ok_or_else(|| damaged(&"a row holds what no column does"))
    }

    /// A line with its end; an end of the file is no line.
    fn read(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        if line.ends_with('\n') { Ok(line) } else { Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early")) }
    }
}

fn damaged(why: &dyn std::fmt::Display) -> Failure {
    format!("the backup is damaged: {why}").into()
}

/// Bytes stand in an object, so that they cannot be taken for text.
fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Bytes(value) => serde_json::json!({ "base64": STANDARD.encode(value) }),
    }
}

fn from_json(value: serde_json::Value) -> Option<Value> {
    Some(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(value) => Value::Int(value.as_i64()?),
        serde_json::Value::String(value) => Value::Text(value),
        serde_json::Value::Object(value) => Value::Bytes(STANDARD.decode(value.get("base64")?.as_str()?).ok()?),
        serde_json::Value::Array(_) => return None,
    })
}
