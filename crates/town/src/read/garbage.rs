//! Reads `garbage/*.csv` in the layout of 5374.jp, `[calendar]` and `[[garbage_area]]`.

use std::collections::BTreeMap;

use civil::{Date, NotText};

use super::{Located, PackFile, garbage_cell, garbage_words};
use crate::{
    diagnostic::{Diagnostic, Location, Source},
    fields::{Faults, Fields, Value},
    model::{Closure, District, Garbage, GarbageArea, GarbageItem, GarbageKind, Language},
};

/// The garbage days; nothing if the pack brings no `garbage/area_days.csv`.
pub(super) fn read(
    files: &[PackFile],
    section: Option<Fields<'_>>,
    areas: Vec<Fields<'_>>,
    districts: &[Located<District>],
    languages: &[Language],
    faults: &mut Faults,
) -> Option<Garbage> {
    let week_shift = section.and_then(|fields| settings(fields, faults)).unwrap_or_default();
    let mapped: Vec<Mapped> = areas.into_iter().filter_map(|fields| mapping(fields, districts, faults)).collect();
    let Some(file) = files.iter().find(|file| file.path == "garbage/area_days.csv") else {
        for area in mapped {
            faults.push(Diagnostic::error(area.location, "there is no garbage/area_days.csv", "add the file, or remove [[garbage_area]]"));
        }
        return None;
    };
    let other = |name: &str| files.iter().find(|file| file.path == format!("garbage/{name}"));
    let mut garbage = folder(file, other, languages, faults);
    garbage.week_shift = week_shift;
    assign(&mut garbage, mapped, faults);
    Some(garbage)
}

/// Reads the files of one town, without asking who lives where.
fn folder<'a>(area_days: &PackFile, other: impl Fn(&str) -> Option<&'a PackFile>, languages: &[Language], faults: &mut Faults) -> Garbage {
    let mut garbage = Garbage::default();
    days(area_days, &mut garbage, faults);
    let rows = |name: &str, faults: &mut Faults| other(name).and_then(|file| Rows::of(file, faults)).unwrap_or_default();
    descriptions(rows("description.csv", faults), &mut garbage, faults);
    targets(rows("target.csv", faults), &mut garbage, faults);
    closures(rows("center.csv", faults), &mut garbage, faults);
    remarks(rows("remarks.csv", faults), &mut garbage, faults);
    holidays(rows("holiday.csv", faults), &mut garbage, faults);
    garbage.words = match other("words.csv") {
        Some(file) => Rows::of(file, faults).map(|rows| garbage_words::read(&rows, &garbage, languages, faults)).unwrap_or_default(),
        None => garbage_words::none(area_days, languages, faults),
    };
    garbage
}

fn settings(mut fields: Fields<'_>, faults: &mut Faults) -> Option<bool> {
    let shift = fields.optional("week_shift").and_then(|value| value.bool(faults));
    fields.finish(faults);
    shift
}

struct Mapped {
    name: String,
    districts: Vec<String>,
    location: Location,
}

fn mapping(mut fields: Fields<'_>, known: &[Located<District>], faults: &mut Faults) -> Option<Mapped> {
    let location = fields.location();
    let name = fields.required("name", "\"…地区\"", faults).and_then(|value| value.string(faults));
    let districts = fields.required("districts", "[\"…\"]", faults).and_then(|value| districts_of(&value, known, faults));
    fields.finish(faults);
    Some(Mapped { name: name?, districts: districts?, location })
}

/// A list of districts as `districts.csv` writes them.
pub(super) fn districts_of(value: &Value<'_>, known: &[Located<District>], faults: &mut Faults) -> Option<Vec<String>> {
    let mut named = Vec::new();
    for value in value.list(faults)? {
        let Some(district) = value.string(faults) else { continue };
        if known.iter().any(|one| one.thing.name == district) {
            named.push(district);
        } else {
            value.fault(faults, format!("{district:?} is no district of districts.csv"), "write the district as districts.csv does");
        }
    }
    Some(named)
}

/// Says which districts are of which area. An area without any can still be chosen by hand.
fn assign(garbage: &mut Garbage, mapped: Vec<Mapped>, faults: &mut Faults) {
    for area in mapped {
        match garbage.areas.iter_mut().find(|known| known.name == area.name) {
            Some(known) if known.districts.is_empty() => known.districts = area.districts,
            Some(_) => faults.push(Diagnostic::error(area.location, format!("{:?} is there twice", area.name), "keep one of them")),
            None => {
                let reason = format!("{:?} is no area of garbage/area_days.csv", area.name);
                faults.push(Diagnostic::error(area.location, reason, "write the area as the file does"));
            }
        }
    }
}

/// A row: where it stands, and its cells.
pub(super) struct Row {
    line: usize,
    pub(super) cells: Vec<String>,
}

/// The rows of a file, heading and all.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) file: std::sync::Arc<str>,
    source: Option<Source>,
    pub(super) rows: Vec<Row>,
}

impl Rows {
    /// The rows; none of a file that is no text.
    fn of(file: &PackFile, faults: &mut Faults) -> Option<Self> {
        let text = decoded(file, faults)?;
        let source = Source::new(&file.path, &text);
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
        let mut lines = civil::Lines::of(&text);
        let mut rows = Vec::new();
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(1, |position| lines.at(position.byte()) as usize);
                    let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
                    if cells.iter().any(|cell| !cell.is_empty()) {
                        rows.push(Row { line, cells });
                    }
                }
                Err(error) => {
                    let line = error.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(1));
                    faults.push(Diagnostic::error(at(&source.file, line, 1), "this row cannot be read", "save the file again as CSV"));
                }
            }
        }
        Some(Self { file: source.file.clone(), source: Some(source), rows })
    }

    /// Where a cell's text begins: exact where the row is one line, the row where it is not.
    pub(super) fn place(&self, row: &Row, cell: usize, character: usize) -> Location {
        let line = self.source.as_ref().and_then(|source| source.text.lines().nth(row.line - 1)).unwrap_or_default();
        let mut quoted = false;
        // A comma between quotation marks parts nothing.
        let commas = line.chars().enumerate().filter(|(_, c)| {
            quoted ^= *c == '"';
            *c == ',' && !quoted
        });
        let starts = std::iter::once(0).chain(commas.map(|(place, _)| place + 1)).nth(cell);
        let before = starts.unwrap_or_else(|| line.chars().count() + 1);
        let opened = line.chars().nth(before) == Some('"');
        at(&self.file, row.line, before + character + 1 + usize::from(opened))
    }
}

pub(super) fn at(file: &std::sync::Arc<str>, line: usize, column: usize) -> Location {
    Location { file: file.clone(), line, column }
}

/// The characters of a file; that it is no text is a fault.
fn decoded(file: &PackFile, faults: &mut Faults) -> Option<String> {
    let (line, reason) = match civil::decode_text(&file.bytes) {
        Ok((text, _)) => return Some(text),
        Err(NotText::Encoding { line }) => (line, "the file is neither UTF-8 nor Shift_JIS from here on"),
        Err(NotText::Truncated { line }) => (line, "the file ends here in the middle of a character"),
    };
    let location = at(&file.path.as_str().into(), usize::try_from(line).unwrap_or(1), 1);
    faults.push(Diagnostic::error(location, reason, "save it again as UTF-8"));
    None
}

fn days(file: &PackFile, garbage: &mut Garbage, faults: &mut Faults) {
    let Some(rows) = Rows::of(file, faults) else { return };
    let Some((head, body)) = rows.rows.split_first() else {
        faults.push(Diagnostic::error(at(&rows.file, 1, 1), "the file is empty", "write 地名,センター and one column for each kind"));
        return;
    };
    // Trailing blank headings hold nothing; a file without kinds says nothing.
    let width = head.cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    if width < 3 || !matches!(head.cells[0].as_str(), "地名" | "地区") {
        faults.push(Diagnostic::error(at(&rows.file, 1, 1), "these are not the headings of area_days.csv", "write 地名,センター,…"));
        return;
    }
    for (cell, name) in head.cells.iter().enumerate().take(width).skip(2) {
        if garbage.kinds.iter().any(|kind| kind.name == *name) {
            faults.push(Diagnostic::error(rows.place(head, cell, 0), format!("the kind {name:?} is there twice"), "join the two columns"));
        }
        garbage.kinds.push(GarbageKind { name: name.clone(), sublabel: String::new(), description: String::new() });
    }
    for row in body {
        area(&rows, row, width, garbage, faults);
    }
}

fn area(rows: &Rows, row: &Row, width: usize, garbage: &mut Garbage, faults: &mut Faults) {
    let cell = |place: usize| row.cells.get(place).map_or("", String::as_str);
    if cell(0).is_empty() {
        faults.push(Diagnostic::error(rows.place(row, 0, 0), "the area has no name", "write its name"));
        return;
    }
    if garbage.areas.iter().any(|known| known.name == cell(0)) {
        faults.push(Diagnostic::error(rows.place(row, 0, 0), format!("the area {:?} is there twice", cell(0)), "keep one of them"));
        return;
    }
    let mut days = Vec::new();
    for place in 2..width {
        match garbage_cell::read(cell(place)) {
            Ok(read) => {
                if read.iter().any(|one| one.doubtful) {
                    let reason = format!("{:?} can be read in two ways: the months hold for all days, or for the last alone", cell(place));
                    let next = "ask whoever keeps the days, and write two groups apart by a semicolon";
                    faults.push(Diagnostic::warning(rows.place(row, place, 0), reason, next));
                }
                days.push(read);
            }
            Err(wrong) => {
                let next = "write weekdays such as 月 木, the n-th such as 水2 水4, months after a colon, or days such as 20260401";
                faults.push(Diagnostic::error(rows.place(row, place, wrong.at), wrong.reason, next));
                days.push(Vec::new());
            }
        }
    }
    garbage.areas.push(GarbageArea { name: cell(0).to_owned(), centre: cell(1).to_owned(), districts: Vec::new(), days });
}

fn descriptions(rows: Rows, garbage: &mut Garbage, faults: &mut Faults) {
    for row in rows.rows.iter().skip(1) {
        let cell = |place: usize| row.cells.get(place).cloned().unwrap_or_default();
        match garbage.kinds.iter_mut().find(|kind| kind.name == cell(0)) {
            Some(kind) => (kind.sublabel, kind.description) = (cell(1), cell(2)),
            None => {
                let reason = format!("{:?} is collected nowhere: it is no column of area_days.csv", cell(0));
                faults.push(Diagnostic::warning(rows.place(row, 0, 0), reason, "compare how the two files write it"));
            }
        }
    }
}

fn targets(rows: Rows, garbage: &mut Garbage, faults: &mut Faults) {
    let mut unknown: BTreeMap<String, (Location, usize)> = BTreeMap::new();
    for row in rows.rows.iter().skip(1) {
        let cell = |place: usize| row.cells.get(place).cloned().unwrap_or_default();
        let repeats_head = matches!(cell(0).as_str(), "label" | "type") && cell(1) == "name";
        if cell(1).is_empty() || repeats_head {
            faults.push(Diagnostic::warning(rows.place(row, 1, 0), "the row names nothing to throw away", "remove the row"));
            continue;
        }
        if !garbage.kinds.iter().any(|kind| kind.name == cell(0)) {
            unknown.entry(cell(0)).or_insert_with(|| (rows.place(row, 0, 0), 0)).1 += 1;
        }
        garbage.items.push(GarbageItem { label: cell(0), name: cell(1), notice: cell(2), furigana: cell(3) });
    }
    // One line for each spelling and not for each of a thousand items.
    for (label, (location, times)) in unknown {
        let reason = format!("{label:?} is no column of area_days.csv ({times} times); its items are shown without a day");
        faults.push(Diagnostic::warning(location, reason, "compare how the two files write it; leave it if it is never collected"));
    }
}

fn closures(rows: Rows, garbage: &mut Garbage, faults: &mut Faults) {
    for row in rows.rows.iter().skip(1) {
        let cell = |place: usize| row.cells.get(place).map_or("", String::as_str);
        let day = |place: usize, faults: &mut Faults| {
            let read = slashed(cell(place));
            if read.is_none() {
                let reason = format!("{:?} is not a day", cell(place));
                faults.push(Diagnostic::error(rows.place(row, place, 0), reason, "write it as 2026/12/31"));
            }
            read
        };
        let (Some(from), Some(until)) = (day(1, faults), day(2, faults)) else { continue };
        if until < from {
            faults.push(Diagnostic::error(rows.place(row, 2, 0), "the closure ends before it begins", "write its last day"));
        } else {
            if !garbage.areas.iter().any(|area| area.centre == cell(0)) {
                let reason = format!("no area is taken to {:?}", cell(0));
                faults.push(Diagnostic::warning(rows.place(row, 0, 0), reason, "compare how area_days.csv writes it"));
            }
            garbage.closures.push(Closure { centre: cell(0).to_owned(), from, until });
        }
    }
}

fn remarks(rows: Rows, garbage: &mut Garbage, faults: &mut Faults) {
    let cell = |row: &Row, place: usize| row.cells.get(place).cloned().unwrap_or_default();
    garbage.remarks = rows.rows.iter().skip(1).map(|row| (cell(row, 0), cell(row, 1))).collect();
    let asked = garbage.areas.iter().flat_map(|area| area.days.iter().flatten()).flat_map(|one| &one.remarks);
    let missing: std::collections::BTreeSet<&String> =
        asked.filter(|number| !garbage.remarks.iter().any(|(known, _)| known == *number)).collect();
    for number in missing {
        let location = Location { file: "garbage/area_days.csv".into(), line: 1, column: 1 };
        faults.push(Diagnostic::error(location, format!("there is no remark {number}"), "add it to garbage/remarks.csv"));
    }
}

fn holidays(rows: Rows, garbage: &mut Garbage, faults: &mut Faults) {
    for row in &rows.rows {
        match slashed(&row.cells[0]) {
            Some(day) => garbage.holidays.push(day),
            None => faults.push(Diagnostic::error(rows.place(row, 0, 0), format!("{:?} is not a day", row.cells[0]), "write 2026/12/31")),
        }
    }
}

/// `2026/12/31`, `2026/1/5`, `2026-12-31`, `20261231`.
fn slashed(text: &str) -> Option<Date> {
    let parts: Vec<&str> = match text.len() {
        8 if text.bytes().all(|b| b.is_ascii_digit()) => vec![&text[..4], &text[4..6], &text[6..]],
        _ => text.split(['/', '-']).collect(),
    };
    let [year, month, day] = parts.as_slice() else { return None };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn garbage(files: &[(&str, &[u8])]) -> (Garbage, Vec<String>) {
        in_languages(files, &[Language::JAPANESE])
    }

    pub(in crate::read) fn in_languages(files: &[(&str, &[u8])], languages: &[Language]) -> (Garbage, Vec<String>) {
        let files: Vec<PackFile> =
            files.iter().map(|(name, bytes)| PackFile { path: format!("garbage/{name}"), bytes: bytes.to_vec() }).collect();
        let mut faults = Faults::new();
        let find = |name: &str| files.iter().find(|file| file.path == format!("garbage/{name}"));
        let read = folder(&files[0], find, languages, &mut faults);
        let said = faults.iter().map(|fault| format!("{} {:?} {}", fault.location, fault.severity, fault.reason)).collect();
        (read, said)
    }

    #[test]
    fn faults_have_line_and_column_and_the_rest_is_read() {
        let text = "地名,センター,燃える,びん\n本村,,月 木,水9\n湯ノ沢,,月 木 日5:12,水2\n,,月,\n本村,,月,\n";
        let (read, said) = garbage(&[("area_days.csv", text.as_bytes())]);
        assert_eq!(read.areas.len(), 2);
        assert_eq!(
            said,
            [
                "garbage/area_days.csv:2:9 Error \"水9\": a month has the 1st to the 5th 水曜日",
                "garbage/area_days.csv:3:6 Warning \"月 木 日5:12\" can be read in two ways: the months hold for all days, or for the last alone",
                "garbage/area_days.csv:4:1 Error the area has no name",
                "garbage/area_days.csv:5:1 Error the area \"本村\" is there twice",
            ]
        );
    }

    #[test]
    fn shift_jis_and_the_mark_of_utf_8_are_read_alike() {
        let text = "地名,センター,燃える\n本村,,月\n";
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        let marked = format!("\u{feff}{text}");
        let (plain, none) = garbage(&[("area_days.csv", text.as_bytes())]);
        assert_eq!(none, Vec::<String>::new());
        assert_eq!(garbage(&[("area_days.csv", &sjis)]).0, plain);
        assert_eq!(garbage(&[("area_days.csv", marked.as_bytes())]).0, plain);
    }

    #[test]
    fn labels_nobody_collects_are_warned_of_once_and_kept() {
        let days = "地名,センター,燃える\n本村,東,月\n".as_bytes();
        let items = "label,name,notice,furigana\n収集不可,タイヤ,\"店へ\nどうぞ\",た\n収集不可,消火器,,し\nlabel,name,notice,furigana\n燃える,紙,,か\n";
        let centre = "名称,休止開始日,休止終了日\n西,2026/12/29,2027/1/3\n東,2026/13/1,2027/1/3\n";
        let (read, said) = garbage(&[("area_days.csv", days), ("target.csv", items.as_bytes()), ("center.csv", centre.as_bytes())]);
        assert_eq!(read.items.len(), 3);
        assert_eq!(read.items[0].notice, "店へ\nどうぞ");
        assert_eq!(read.closures.len(), 1);
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[1].contains("(2 times)"), "{said:?}");
    }
}
