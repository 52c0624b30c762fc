//! A mailing list as an office's system writes it: one line for each person, known by the register's number, with words and a file of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use civil::{Lines, NotText};

use crate::model::{Error, ListFault, Result};

/// What the column of the register's number may be called.
const NUMBER_HEADERS: [&str; 4] = ["宛名番号", "住民番号", "resident_id", "register_id"];
/// What the column of a person's file may be called.
const FILE_HEADERS: [&str; 3] = ["ファイル", "添付", "file"];
/// The most faults that are told: whoever mends these sends the rest again.
pub(crate) const FAULTS_MAX: usize = 100;
/// The most people of one list.
const LINES_MAX: usize = 2_000_000;
/// The most characters of one person's word.
const WORD_CHARS_MAX: usize = 500;

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    /// The columns with words, in their order.
    pub(crate) columns: Vec<String>,
    /// The people.
    pub(crate) rows: Vec<ListRow>,
}

/// One person of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListRow {
    /// The line it stands in, from 1.
    pub(crate) line: u32,
    /// 宛名番号.
    pub(crate) number: String,
    /// Their own words by column.
    pub(crate) fields: BTreeMap<String, String>,
    /// Their own file.
    pub(crate) file: Option<String>,
}

/// Reads a list: UTF-8 with or without a mark, else CP932. All faults are found before it is refused.
///
/// # Errors
/// [`Error::List`] with every fault by line and column; then nothing of it is to be used.
pub(crate) fn read(bytes: &[u8]) -> Result<List> {
    let (text, _) = civil::decode_text(bytes).map_err(not_text)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let head: Vec<String> = match records.next() {
        Some(Ok(head)) => head.iter().map(|name| name.trim().to_owned()).collect(),
        _ => return Err(whole("empty")),
    };
    let shape = Shape::of(&head)?;
    let mut lines = Lines::of(&text);
    let mut faults = Vec::new();
    let mut rows = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    for record in records {
        let Ok(record) = record else {
            faults.push(ListFault { line: 0, column: String::new(), reason: "not-csv", found: String::new() });
            break;
        };
        let line = record.position().map_or(0, |position| lines.at(position.byte()));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match shape.row(line, &record, &mut seen) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(fault),
        }
        if rows.len() > LINES_MAX {
            return Err(whole("too-long"));
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    if rows.is_empty() && faults.is_empty() {
        return Err(whole("nobody"));
    }
    if faults.is_empty() { Ok(List { columns: shape.columns(), rows }) } else { Err(Error::List(faults)) }
}

fn whole(reason: &'static str) -> Error {
    Error::List(vec![ListFault { line: 0, column: String::new(), reason, found: String::new() }])
}

/// Says in which line a file stops being text.
fn not_text(fault: NotText) -> Error {
    let (line, reason) = match fault {
        NotText::Encoding { line } => (line, "encoding"),
        NotText::Truncated { line } => (line, "truncated"),
    };
    Error::List(vec![ListFault { line, column: String::new(), reason, found: String::new() }])
}

/// Which column is what.
struct Shape {
    number: usize,
    file: Option<usize>,
    words: Vec<(usize, String)>,
    width: usize,
}

impl Shape {
    fn of(head: &[String]) -> Result<Self> {
        let place = |names: &[&str]| head.iter().position(|name| names.contains(&name.as_str()));
        let number = place(&NUMBER_HEADERS).ok_or_else(|| whole("no-number"))?;
        let file = place(&FILE_HEADERS);
        let mut known = BTreeSet::new();
        let mut words = Vec::new();
        for (column, name) in head.iter().enumerate().filter(|(column, _)| *column != number && Some(*column) != file) {
            if name.is_empty() || name.contains(['{', '}']) || !known.insert(name) {
                let fault = ListFault { line: 1, column: name.clone(), reason: "header", found: (column + 1).to_string() };
                return Err(Error::List(vec![fault]));
            }
            words.push((column, name.clone()));
        }
        Ok(Self { number, file, words, width: head.len() })
    }

    fn columns(&self) -> Vec<String> {
        self.words.iter().map(|(_, name)| name.clone()).collect()
    }

    fn row(&self, line: u32, record: &csv::StringRecord, seen: &mut HashMap<String, u32>) -> Result<ListRow, ListFault> {
        let fault = |column: &str, reason, found: String| ListFault { line, column: column.to_owned(), reason, found };
        if record.len() != self.width {
            return Err(fault("", "cells", record.len().to_string()));
        }
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let number = cell(self.number);
        if number.is_empty() {
            return Err(fault(NUMBER_HEADERS[0], "number-missing", String::new()));
        }
        if let Some(first) = seen.insert(number.to_owned(), line) {
            return Err(fault(NUMBER_HEADERS[0], "twice", first.to_string()));
        }
        let mut fields = BTreeMap::new();
        for (column, name) in &self.words {
            let word = cell(*column);
            if word.chars().count() > WORD_CHARS_MAX {
                return Err(fault(name, "long-word", String::new()));
            }
            if civil::looks_like_my_number(word) {
                return Err(fault(name, "my-number", String::new()));
            }
            fields.insert(name.clone(), word.to_owned());
        }
        let file = self.file.map(cell).filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(ListRow { line, number: number.to_owned(), fields, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(u32, String, &'static str)> {
        match read(text.as_bytes()) {
            Err(Error::List(faults)) => faults.into_iter().map(|fault| (fault.line, fault.column, fault.reason)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_list_is_read_in_either_encoding() {
        let text = "宛名番号,日付,ファイル\r\n0001,7月1日,a.pdf\r\n0002,\"7月2日、午後\",\r\n";
        let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        let marked = format!("\u{feff}{text}");
        for bytes in [text.as_bytes(), &cp932, marked.as_bytes()] {
            let list = read(bytes).unwrap();
            assert_eq!(list.columns, ["日付"]);
            assert_eq!(list.rows.len(), 2);
            assert_eq!(list.rows[1].fields["日付"], "7月2日、午後");
            assert_eq!((list.rows[0].file.as_deref(), list.rows[1].file.as_deref()), (Some("a.pdf"), None));
            assert_eq!(list.rows[1].line, 3);
        }
    }

    #[test]
    fn every_fault_is_told_with_its_line_and_column() {
        let found = faults("宛名番号,日付\n0001,7月1日\n,7月2日\n0001,7月3日\n0003\n0004,123456789018\n");
        let expected = [(3, "宛名番号", "number-missing"), (4, "宛名番号", "twice"), (5, "", "cells"), (6, "日付", "my-number")];
        assert_eq!(found, expected.map(|(line, column, reason)| (line, column.to_owned(), reason)));
    }

    #[test]
    fn what_is_no_list_is_refused_as_a_whole() {
        assert_eq!(faults("")[0].2, "empty");
        assert_eq!(faults("氏名,日付\n山田,7月1日\n")[0].2, "no-number");
        assert_eq!(faults("宛名番号,日付\n")[0].2, "nobody");
        assert_eq!(faults("宛名番号,日付,日付\n1,2,3\n")[0], (1, "日付".to_owned(), "header"));
        let cut = &"宛名番号,日付\n1,7月1日".as_bytes()[..29];
        assert!(matches!(read(cut), Err(Error::List(faults)) if (faults[0].line, faults[0].reason) == (2, "truncated")));
        assert!(matches!(read(b"\x81"), Err(Error::List(faults)) if faults[0].reason == "encoding"));
    }
}
