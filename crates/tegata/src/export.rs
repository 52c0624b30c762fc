//! A made-up register, and its export as a town's own system would write it: the pack's districts, headings and encoding.

use std::io::Write;

use civil::Date;
use population::{District, Encoding, Layout, Plan, Resident, Written, write_csv};
use town::{BridgeField, Column, FactKind, Town};

use crate::Outcome;

/// Every made-up town is the same on every machine.
const SEED: u64 = 20_230_401;

/// The plan of a register with so many residents as of a day, spread over the pack's districts by their size.
pub(crate) fn plan(town: &Town, residents: u32, as_of: Date) -> Plan {
    let districts = town.districts.iter().map(|district| District::new(&district.name, district.population.max(1)));
    let mut districts: Vec<_> = districts.collect();
    if districts.is_empty() {
        districts.push(District::new(town.name.ja(), 1));
    }
    Plan { seed: SEED, residents, as_of, address_prefix: town.name.ja().to_owned(), districts, ..Plan::default() }
}

/// Every column a pack may know, in the order of an export.
pub(crate) fn columns(town: &Town) -> Vec<Column> {
    let facts = town.facts.iter().map(|fact| BridgeField::Fact(fact.name.clone()));
    let fields = BridgeField::REGISTER.iter().cloned().chain(facts).map(Column::Field);
    [Column::Name, Column::Address].into_iter().chain(fields).collect()
}

/// The columns that generated residents have, under the headings the pack expects.
pub(crate) fn layout(town: &Town) -> Layout {
    columns(town).iter().fold(Layout::default(), |layout, column| match population::Column::of_field(column.name()) {
        Some(of) => layout.with_header(of, town.bridge.heading(column)),
        None => layout,
    })
}

/// Writes the export. Facts that generated residents do not have get a made-up value, so that the pack's programmes have somebody to show them to.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write<'a>(town: &Town, residents: impl IntoIterator<Item = &'a Resident>, mut out: impl Write) -> Outcome<Written> {
    let encoding = match town.bridge.encoding {
        town::Encoding::ShiftJis => Encoding::ShiftJis,
        town::Encoding::Utf8 => Encoding::Utf8,
    };
    let further = further(town);
    if further.is_empty() {
        return Ok(write_csv(out, residents, &layout(town), encoding)?);
    }
    let mut lines = Vec::new();
    let written = write_csv(&mut lines, residents, &layout(town), encoding)?;
    // No byte of a character is a line feed in either encoding, and no cell of generated residents holds one.
    for (row, line) in lines.split_inclusive(|byte| *byte == b'\n').enumerate() {
        out.write_all(line.strip_suffix(b"\r\n").unwrap_or(line))?;
        for (place, (heading, kind)) in further.iter().enumerate() {
            out.write_all(b",")?;
            match row {
                0 => out.write_all(&encoded(heading, encoding))?,
                _ => out.write_all(value(*kind, row, place).as_bytes())?,
            }
        }
        out.write_all(b"\r\n")?;
    }
    out.flush()?;
    Ok(written)
}

/// The facts of the pack that cross and that generated residents know nothing of, by heading.
fn further(town: &Town) -> Vec<(String, FactKind)> {
    let fields = town.bridge.fields.iter().filter_map(|field| match field {
        BridgeField::Fact(name) if population::Column::of_field(name.as_str()).is_none() => {
            let heading = town.bridge.heading(&Column::Field(field.clone())).to_owned();
            town.fact(name).map(|fact| (heading, fact.kind))
        }
        _ => None,
    });
    fields.collect()
}

/// One resident in three has a number, one in five is something, everybody has a small count.
fn value(kind: FactKind, row: usize, place: usize) -> String {
    match kind {
        FactKind::Bool => u8::from((row + place).is_multiple_of(5)).to_string(),
        FactKind::Int => ((row + place) % 6).to_string(),
        FactKind::String if (row + place).is_multiple_of(3) => format!("{:07}", row * 10 + place),
        FactKind::String | FactKind::Date => String::new(),
    }
}

fn encoded(heading: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::ShiftJis => encoding_rs::SHIFT_JIS.encode(heading).0.into_owned(),
        Encoding::Utf8 | Encoding::Utf8WithBom => heading.as_bytes().to_vec(),
    }
}
