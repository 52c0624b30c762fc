//! CSV: 自治体標準オープンデータセット, 推奨データセット, and towns' own columns.

use civil::Lines;
use town::DatasetKind;

use super::Expected;
use super::heading::{Column, column};
use super::judge::Seen;
use super::row::{Draft, Heading, Row, position_of_cells};
use crate::model::{Place, Reason, Refusal, Report};

/// Reads the rows.
///
/// # Errors
/// Why the file is refused as a whole.
pub(crate) fn read(text: &str, expected: &Expected<'_>, report: &mut Report) -> Result<Vec<Place>, Refusal> {
    if let Some(line) = open_quote(text) {
        return Err(Refusal::Truncated { line });
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(first)) = records.next() else { return Err(Refusal::Empty) };
    let headings: Vec<Heading> =
        first.iter().map(|words| Heading { column: column(words), words: words.trim().replace(['\n', '\r'], "") }).collect();
    report.unknown =
        headings.iter().filter(|heading| matches!(heading.column, Column::Other(_))).map(|heading| heading.words.clone()).collect();
    columns_are_there(&headings, expected)?;

    let (mut places, mut seen) = (Vec::new(), Seen::default());
    let (mut cut, mut lines) = (None, Lines::of(text));
    for record in records.filter_map(Result::ok) {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        report.rows += 1;
        cut = (record.len() < headings.len()).then_some(line);
        let mut row = Row { line, report };
        if record.len() != headings.len() {
            row.fault("", Reason::Cells, &format!("{} / {}", record.len(), headings.len()));
            continue;
        }
        let mut draft = Draft::default();
        for (heading, cell) in headings.iter().zip(record.iter()) {
            draft.take(heading, cell, &mut row);
        }
        let position = position_of_cells(&draft.latitude, &draft.longitude, &mut row);
        if let Some(place) = draft.finish(position, expected, &mut row).and_then(|place| seen.once(place, &mut row)) {
            places.push(place);
        }
    }
    // A last row with cells missing is where a download broke off.
    match cut {
        Some(line) => Err(Refusal::Truncated { line }),
        None => {
            report.taken = u32::try_from(places.len()).unwrap_or(u32::MAX);
            Ok(places)
        }
    }
}

/// The columns without which no row is a place.
fn columns_are_there(headings: &[Heading], expected: &Expected<'_>) -> Result<(), Refusal> {
    let has = |wanted: &Column| headings.iter().any(|heading| heading.column == *wanted);
    let mut missing: Vec<String> = [(Column::Name, "名称"), (Column::Latitude, "緯度"), (Column::Longitude, "経度")]
        .into_iter()
        .filter(|(column, _)| !has(column))
        .map(|(_, name)| name.to_owned())
        .collect();
    let says_hazards = headings.iter().any(|heading| matches!(heading.column, Column::Hazards(_) | Column::HazardWords));
    if expected.dataset.kind == DatasetKind::EmergencySite && !says_hazards && expected.dataset.hazards.is_empty() {
        missing.push("災害種別_洪水".to_owned());
    }
    if missing.is_empty() {
        return Ok(());
    }
    let found = headings.iter().map(|heading| heading.words.clone()).filter(|words| !words.is_empty()).take(40).collect();
    Err(Refusal::Columns { missing, found })
}

/// The line in which a quoted cell begins that never ends; nothing when all do. The rules are those of RFC 4180.
fn open_quote(text: &str) -> Option<u32> {
    let (mut line, mut began) = (1, None);
    let mut at_start = true;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += u32::from(c == '\n');
        match (began, c) {
            (None, '"') if at_start => began = Some(line),
            (Some(_), '"') if chars.peek() == Some(&'"') => {
                chars.next();
            }
            (Some(_), '"') => began = None,
            _ => {}
        }
        at_start = began.is_none() && matches!(c, ',' | '\n' | '\r');
    }
    began
}
