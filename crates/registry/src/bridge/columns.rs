//! The header row, resolved: which position holds which field.

use town::FactKind;

use super::csv::{Span, Splitter};
use super::layout::{Field, Layout, names_my_number};
use super::problem::{Problem, Problems, Reason};
use super::text::Encoding;

/// Where each field stands in a row, and the headers for messages.
pub(crate) struct Columns {
    pub(crate) headers: Vec<String>,
    pub(crate) resident_id: usize,
    pub(crate) name: usize,
    pub(crate) date_of_birth: usize,
    pub(crate) sex: usize,
    pub(crate) address: usize,
    pub(crate) status: usize,
    pub(crate) status_on: Option<usize>,
    pub(crate) moved_out_on: Option<usize>,
    pub(crate) died_on: Option<usize>,
    pub(crate) protected: usize,
    pub(crate) household: Option<usize>,
    pub(crate) relation: Option<usize>,
    pub(crate) district: Option<usize>,
    pub(crate) resident_since: Option<usize>,
    /// The facts that cross, in the order rows carry them.
    pub(crate) facts: Vec<(usize, FactKind)>,
}

impl Columns {
    /// Reads the header row.
    pub(crate) fn read(file: &[u8], splitter: &mut Splitter<'_>, encoding: Encoding, layout: &Layout) -> Result<Self, Problems> {
        let mut spans = Vec::new();
        let record = splitter.next(&mut spans);
        let mut problems = Problems::default();
        let whole = |reason| Problem { line: 1, column: 0, header: String::new(), reason };
        let Some(record) = record else {
            problems.push(whole(Reason::NoHeader));
            return Err(problems);
        };
        if let Some(fault) = record.fault {
            let (cell, reason) = fault.reason();
            problems.push(Problem { column: column_number(cell), ..whole(reason) });
            // The header decides what every row means: a quote out of place in it is never read around.
            problems.always_hold = true;
            return Err(problems);
        }
        let headers: Vec<String> = spans.iter().map(|span| header_text(*span, file, encoding)).collect();
        let mut found = Found { headers: &headers, fields: headers.iter().map(|header| layout.field(header)).collect(), problems };
        for (at, header) in headers.iter().enumerate() {
            if names_my_number(header) {
                found.complain(at, Reason::MyNumberColumn);
            }
        }
        let crosses = layout.crosses();
        let columns = Self {
            resident_id: found.needed(&Field::ResidentId),
            name: found.needed(&Field::Name),
            date_of_birth: found.needed(&Field::DateOfBirth),
            sex: found.needed(&Field::Sex),
            address: found.needed(&Field::Address),
            status: found.needed(&Field::Status),
            moved_out_on: found.place(&Field::MovedOutOn),
            died_on: found.place(&Field::DiedOn),
            status_on: found.status_on(),
            protected: found.needed(&Field::Protected),
            household: crosses.household.then(|| found.needed(&Field::Household)),
            relation: crosses.relation.then(|| found.needed(&Field::Relation)),
            district: crosses.district.then(|| found.needed(&Field::District)),
            resident_since: crosses.resident_since.then(|| found.needed(&Field::ResidentSince)),
            facts: layout.facts().iter().map(|fact| (found.needed(&Field::Fact(fact.clone())), fact.kind)).collect(),
            headers: Vec::new(),
        };
        let problems = found.problems;
        if problems.is_empty() { Ok(Self { headers, ..columns }) } else { Err(problems) }
    }

    /// Says what is wrong with a cell (from 0) of a line.
    pub(crate) fn problem(&self, line: u32, cell: usize, reason: Reason) -> Problem {
        let header = self.headers.get(cell).cloned().unwrap_or_default();
        Problem { line, column: column_number(cell), header, reason }
    }
}

struct Found<'a> {
    headers: &'a [String],
    fields: Vec<Option<&'a Field>>,
    problems: Problems,
}

impl Found<'_> {
    fn complain(&mut self, at: usize, reason: Reason) {
        self.problems.push(Problem { line: 1, column: column_number(at), header: self.headers[at].clone(), reason });
    }

    /// The one column that holds a field, if there is one.
    fn place(&mut self, field: &Field) -> Option<usize> {
        let mut places = (0..self.fields.len()).filter(|at| self.fields[*at] == Some(field));
        let (first, second) = (places.next(), places.next());
        if let Some(second) = second {
            self.complain(second, Reason::DoubleColumn);
        }
        first
    }

    /// The one column that holds a field; any number after a complaint, for then no row is read.
    fn needed(&mut self, field: &Field) -> usize {
        let place = self.place(field);
        if place.is_none() {
            self.problems.push(Problem { line: 1, column: 0, header: field_header(field), reason: Reason::MissingColumn });
        }
        place.unwrap_or(0)
    }

    /// The common column of the status day: needed unless moving and dying have columns of their own.
    fn status_on(&mut self) -> Option<usize> {
        let apart = self.place(&Field::MovedOutOn).is_some() && self.place(&Field::DiedOn).is_some();
        if apart { self.place(&Field::StatusOn) } else { Some(self.needed(&Field::StatusOn)) }
    }
}

/// The default header of a field, to name a column that is missing.
fn field_header(field: &Field) -> String {
    match field {
        Field::ResidentId => "宛名番号",
        Field::Household => "世帯番号",
        Field::Name => "氏名",
        Field::NameKana => "氏名カナ",
        Field::DateOfBirth => "生年月日",
        Field::Sex => "性別",
        Field::Relation => "続柄",
        Field::Address => "住所",
        Field::District => "地区",
        Field::Status => "状態",
        Field::StatusOn => "異動日",
        Field::MovedOutOn => "転出日",
        Field::DiedOn => "死亡日",
        Field::ResidentSince => "住民となった日",
        Field::Protected => "支援措置",
        Field::Fact(fact) => return fact.name.clone(),
    }
    .to_owned()
}

fn header_text(span: Span, file: &[u8], encoding: Encoding) -> String {
    let bytes = span.bytes(file);
    let text = encoding.decode(&bytes).unwrap_or_default();
    text.trim().chars().take(60).collect()
}

pub(crate) fn column_number(cell: usize) -> u16 {
    u16::try_from(cell + 1).unwrap_or(u16::MAX)
}
