//! Columns of a pack that generated residents know nothing of: made-up values, so that its programmes have somebody to show them to.

use population::Column;
use town::{BridgeField, FactKind, Town};

/// Adds the missing columns to an export, with a value that follows from the row's number.
pub(crate) fn with_columns(town: &Town, export: &[u8]) -> Vec<u8> {
    let missing: Vec<(String, FactKind)> = town
        .bridge
        .fields
        .iter()
        .filter_map(|field| match field {
            BridgeField::Fact(name) if Column::of_field(name.as_str()).is_none() => {
                let heading = town.bridge.heading(&town::Column::Field(field.clone())).to_owned();
                town.fact(name).map(|fact| (heading, fact.kind))
            }
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return export.to_vec();
    }
    let mut out = Vec::with_capacity(export.len() * 5 / 4);
    for (number, line) in export.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        for (place, (heading, kind)) in missing.iter().enumerate() {
            out.push(b',');
            match number {
                0 => out.extend(encoded(town, heading)),
                row => out.extend(value(*kind, row, place).into_bytes()),
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out
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

fn encoded(town: &Town, heading: &str) -> Vec<u8> {
    match town.bridge.encoding {
        town::Encoding::ShiftJis => encoding_rs::SHIFT_JIS.encode(heading).0.into_owned(),
        _ => heading.as_bytes().to_vec(),
    }
}
