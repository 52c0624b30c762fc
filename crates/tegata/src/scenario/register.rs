//! The inner register of a scenario: rows under the pack's own headings, written as its export.

use std::collections::BTreeMap;
use std::sync::Arc;

use civil::Date;
use encoding_rs::SHIFT_JIS;
use population::{Plan, generate, write_csv};
use town::{BridgeField, Column, Town};

use crate::{Outcome, export};

/// The inner register.
pub(super) struct Register {
    town: Arc<Town>,
    headings: Headings,
    rows: Vec<Row>,
}

/// Somebody of the register.
struct Row {
    /// The name by which the scenario calls them; none for generated people.
    called: Option<String>,
    cells: BTreeMap<String, String>,
}

/// The pack's headings in the order of the export.
struct Headings {
    columns: Vec<(Column, String)>,
}

impl Headings {
    fn of(town: &Town) -> Self {
        let columns = export::columns(town).into_iter();
        Self { columns: columns.map(|column| (column.clone(), town.bridge.heading(&column).to_owned())).collect() }
    }

    fn of_column(&self, column: &Column) -> Outcome<&str> {
        let found = self.columns.iter().find(|(other, _)| other == column);
        found.map(|(_, heading)| heading.as_str()).ok_or_else(|| format!("the export has no column {}", column.name()).into())
    }

    fn named(&self, heading: &str) -> Outcome<&str> {
        let found = self.columns.iter().find(|(_, other)| other == heading);
        found.map(|(_, heading)| heading.as_str()).ok_or_else(|| format!("the export has no column 「{heading}」").into())
    }

    /// The column a scenario's table means by its short words, or the pack's heading itself.
    fn of_table(&self, word: &str) -> Outcome<&str> {
        let field = match word {
            "氏名" => return self.of_column(&Column::Name),
            "生年月日" => BridgeField::DateOfBirth,
            "性別" => BridgeField::Sex,
            "世帯" => BridgeField::Household,
            "続柄" => BridgeField::Relation,
            "町字" => BridgeField::District,
            "支援措置" => BridgeField::Protected,
            heading => return self.named(heading),
        };
        self.of_column(&Column::Field(field))
    }
}

impl Register {
    /// An empty register of a town.
    pub(super) fn new(town: Arc<Town>) -> Self {
        Self { headings: Headings::of(&town), town, rows: Vec::new() }
    }

    /// Adds the people of a scenario's table and gives their names. `since` is the day they became residents; birth if there is none.
    ///
    /// # Errors
    /// A table without 氏名, 生年月日 or 町字, a column the export does not have, somebody who is there already.
    pub(super) fn add(&mut self, table: &[Vec<String>], since: Option<Date>) -> Outcome<Vec<String>> {
        let (words, people) = table.split_first().ok_or("the step needs a table of people")?;
        if people.is_empty() {
            return Err("the table names nobody".into());
        }
        people.iter().map(|cells| self.add_one(words, cells, since)).collect()
    }

    fn add_one(&mut self, words: &[String], cells: &[String], since: Option<Date>) -> Outcome<String> {
        let told: BTreeMap<&str, &str> = words.iter().zip(cells).map(|(word, cell)| (word.trim(), cell.trim())).collect();
        let must = |word: &str| told.get(word).copied().filter(|cell| !cell.is_empty()).ok_or_else(|| format!("a row without {word}"));
        let (name, born, place) = (must("氏名")?.to_owned(), must("生年月日")?, must("町字")?);
        if self.rows.iter().any(|row| row.called.as_ref() == Some(&name)) {
            return Err(format!("「{name}」 is in the register already").into());
        }
        let since = since.map_or_else(|| born.to_owned(), |day| day.to_string());
        let mut row = Row { called: Some(name.clone()), cells: BTreeMap::new() };
        for (column, cell) in [
            (Column::Address, format!("{place}1番1号")),
            (Column::Field(BridgeField::ResidentId), format!("S{:06}", self.rows.len() + 1)),
            (Column::Field(BridgeField::Status), "住民".to_owned()),
            (Column::Field(BridgeField::BecameResidentOn), since),
        ] {
            row.cells.insert(self.headings.of_column(&column)?.to_owned(), cell);
        }
        for (word, cell) in told {
            let cell = if word == "氏名" { full_width_blank(cell) } else { cell.to_owned() };
            row.cells.insert(self.headings.of_table(word)?.to_owned(), cell);
        }
        self.rows.push(row);
        Ok(name)
    }

    /// Adds generated people, all of them living in the town.
    ///
    /// # Errors
    /// When they cannot be generated.
    pub(super) fn add_generated(&mut self, people: u32, today: Date) -> Outcome {
        let plan = Plan { moved_out_per_10_000: 0, died_per_10_000: 0, ..export::plan(&self.town, people, today) };
        let mut export = Vec::new();
        write_csv(&mut export, generate(&plan)?.residents(), &export::layout(&self.town), population::Encoding::Utf8)?;
        let mut reader = csv::Reader::from_reader(export.as_slice());
        let headings = reader.headers()?.clone();
        for record in reader.records() {
            let record = record?;
            let cells = headings.iter().zip(&record).map(|(heading, cell)| (heading.to_owned(), cell.to_owned())).collect();
            self.rows.push(Row { called: None, cells });
        }
        Ok(())
    }

    /// Takes generated people out of the register, as a broken export would.
    ///
    /// # Errors
    /// When there are fewer.
    pub(super) fn lose(&mut self, people: usize) -> Outcome {
        let mut left = people;
        self.rows.retain(|row| {
            let lost = left > 0 && row.called.is_none();
            left -= usize::from(lost);
            !lost
        });
        if left > 0 { Err(format!("only {} generated people could be taken out", people - left).into()) } else { Ok(()) }
    }

    /// Writes one cell of somebody's row.
    ///
    /// # Errors
    /// When there is no such person or heading.
    pub(super) fn set(&mut self, name: &str, heading: &str, value: &str) -> Outcome {
        let heading = self.headings.named(heading)?.to_owned();
        self.row_mut(name)?.cells.insert(heading, value.to_owned());
        Ok(())
    }

    /// Writes that somebody moved out or died.
    ///
    /// # Errors
    /// When there is no such person.
    pub(super) fn end(&mut self, name: &str, status: &str, day_field: BridgeField, day: Date) -> Outcome {
        let status_heading = self.headings.of_column(&Column::Field(BridgeField::Status))?.to_owned();
        let day_heading = self.headings.of_column(&Column::Field(day_field))?.to_owned();
        let row = self.row_mut(name)?;
        row.cells.insert(status_heading, status.to_owned());
        row.cells.insert(day_heading, day.to_string());
        Ok(())
    }

    /// A cell of somebody's row.
    ///
    /// # Errors
    /// When there is no such person or column.
    pub(super) fn cell(&self, name: &str, column: &Column) -> Outcome<&str> {
        let heading = self.headings.of_column(column)?;
        let row = self.rows.iter().find(|row| row.called.as_deref() == Some(name));
        let row = row.ok_or_else(|| format!("「{name}」 is not in the register"))?;
        Ok(row.cells.get(heading).map_or("", String::as_str))
    }

    /// Whether somebody is in the register.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.called.as_deref() == Some(name))
    }

    /// The line of the export on which somebody stands, from 1, and the names of its headings.
    ///
    /// # Errors
    /// When there is no such person.
    pub(super) fn line_of(&self, name: &str) -> Outcome<u32> {
        let at = self.rows.iter().position(|row| row.called.as_deref() == Some(name));
        let at = at.ok_or_else(|| format!("「{name}」 is not in the register"))?;
        Ok(u32::try_from(at + 2)?)
    }

    /// The register's numbers of everybody in it.
    ///
    /// # Errors
    /// When the export has no such column.
    pub(super) fn numbers(&self) -> Outcome<Vec<String>> {
        let heading = self.headings.of_column(&Column::Field(BridgeField::ResidentId))?;
        Ok(self.rows.iter().map(|row| row.cells.get(heading).cloned().unwrap_or_default()).collect())
    }

    /// People in the register.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The local government code without its check digit, as certificates have it.
    pub(super) fn municipality(&self) -> String {
        self.town.code.to_string().chars().take(5).collect()
    }

    /// The export as the town's system writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn export(&self) -> Outcome<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(self.headings.columns.iter().map(|(_, heading)| heading))?;
        for row in &self.rows {
            writer.write_record(self.headings.columns.iter().map(|(_, heading)| row.cells.get(heading).map_or("", String::as_str)))?;
        }
        let text = String::from_utf8(writer.into_inner().map_err(|error| error.to_string())?)?;
        Ok(if self.town.bridge.encoding == town::Encoding::ShiftJis { in_shift_jis(&text) } else { text.into_bytes() })
    }

    fn row_mut(&mut self, name: &str) -> Outcome<&mut Row> {
        let row = self.rows.iter_mut().find(|row| row.called.as_deref() == Some(name));
        row.ok_or_else(|| format!("「{name}」 is not in the register").into())
    }
}

/// A name as registers write it, its parts a full-width blank apart.
pub(super) fn full_width_blank(name: &str) -> String {
    name.replace(' ', "　")
}

/// Encodes as Windows does; what has no code becomes 〓, variation selectors are left out.
pub(super) fn in_shift_jis(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars().filter(|c| !matches!(u32::from(*c), 0xfe00..=0xfe0f | 0xe0100..=0xe01ef)) {
        let (bytes, _, unmappable) = SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
        if unmappable { out.extend(SHIFT_JIS.encode("〓").0.iter()) } else { out.extend(bytes.iter()) }
    }
    out
}
