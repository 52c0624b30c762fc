//! Reads `[[dataset]]`.

use super::{Located, PackFile, bridge::timetable_of, map::pack_file, unique};
use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Fields, Value},
    model::{Dataset, DatasetFormat, DatasetKind, DatasetLimits, DatasetSource, HazardKind, PinShape, PinTone},
};

/// Characters a pin has room for.
const MARK_CHARS_MAX: usize = 2;

pub(super) fn read(tables: Vec<Fields<'_>>, files: &[PackFile], faults: &mut Faults) -> Vec<Located<Dataset>> {
    let datasets = tables.into_iter().filter_map(|fields| dataset(fields, files, faults)).collect();
    unique("data set", datasets, |dataset: &Dataset| dataset.id.clone(), faults)
}

fn dataset(mut fields: Fields<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Located<Dataset>> {
    let location = fields.location();
    let id = fields.required("id", "\"emergency-sites\"", faults).and_then(|value| value.parsed(faults, "give the data set a plain id"));
    let name = fields.required("name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let kind = fields.required("kind", "\"shelter\"", faults).and_then(|value| value.word(DatasetKind::ALL, DatasetKind::word, faults));
    let format = fields.required("format", "\"csv\"", faults).and_then(|value| value.word(DatasetFormat::ALL, DatasetFormat::word, faults));
    let source = source(&mut fields, files, faults);
    let credit = fields.required("credit", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let hazards = fields.optional("hazards").map_or(Some(Vec::new()), |value| hazards(&value, faults));
    let limits = fields
        .optional("limits")
        .map_or(Some(DatasetLimits::default()), |value| value.table(faults).and_then(|fields| limits(fields, faults)));
    let shape = fields.required("shape", "\"circle\"", faults).and_then(|value| value.word(PinShape::ALL, PinShape::word, faults));
    let tone = fields.required("tone", "\"ai\"", faults).and_then(|value| value.word(PinTone::ALL, PinTone::word, faults));
    let mark = fields.required("mark", "\"避\"", faults).and_then(|value| mark(&value, faults));
    fields.finish(faults);
    let thing = Dataset {
        id: id?,
        name: name?,
        kind: kind?,
        format: format?,
        source: source?,
        credit: credit?,
        hazards: hazards?,
        limits: limits?,
        shape: shape?,
        tone: tone?,
        mark: mark?,
    };
    if thing.kind == DatasetKind::Hazard && thing.format == DatasetFormat::Csv {
        let next = "write format = \"geojson\"";
        faults.push(Diagnostic::error(location.clone(), "areas cannot be written as CSV", next));
    }
    Some(Located { thing, location })
}

/// Where a file comes from: of the pack, from an address by a timetable, or from the staff.
pub(super) fn source(fields: &mut Fields<'_>, files: &[PackFile], faults: &mut Faults) -> Option<DatasetSource> {
    let (file, url, timetable) = (fields.optional("file"), fields.optional("url"), fields.optional("timetable"));
    match (file, url, timetable) {
        (Some(file), None, None) => {
            let file = pack_file(&file, files, faults)?;
            Some(DatasetSource::File { path: file.path.clone(), bytes: file.bytes.clone().into() })
        }
        (None, Some(url), Some(timetable)) => {
            let timetable = timetable.table(faults).and_then(|fields| timetable_of(fields, faults));
            Some(DatasetSource::Url { address: address(&url, faults)?, timetable: timetable? })
        }
        (None, None, None) => Some(DatasetSource::Upload),
        (Some(_), Some(url), _) => {
            url.fault(faults, "there is a file and an address", "keep one of them");
            None
        }
        (None, Some(url), None) => {
            url.fault(faults, "nobody says when the address is asked", "add timetable = { at = [\"04:30\"], silent_after_h = 72 }");
            None
        }
        (_, None, Some(timetable)) => {
            timetable.fault(faults, "there is no address to ask", "remove timetable, or write url instead of file");
            None
        }
    }
}

fn address(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let named = host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.contains('.') && !host.contains('@');
    if !named || text.len() > 2000 || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        value.fault(faults, format!("{text:?} is no address that is asked over TLS"), "write it as \"https://…\"");
        return None;
    }
    Some(text)
}

fn limits(mut fields: Fields<'_>, faults: &mut Faults) -> Option<DatasetLimits> {
    let faulty = fields.required("faulty_percent", "5", faults).and_then(|value| value.integer_within(0..=100, faults));
    let lost = fields.required("lost_percent", "20", faults).and_then(|value| value.integer_within(0..=100, faults));
    fields.finish(faults);
    Some(DatasetLimits { faulty_percent: faulty?, lost_percent: lost? })
}

fn hazards(value: &Value<'_>, faults: &mut Faults) -> Option<Vec<HazardKind>> {
    let items = value.list(faults)?;
    let read: Vec<HazardKind> = items.iter().filter_map(|item| item.word(HazardKind::ALL, HazardKind::word, faults)).collect();
    (read.len() == items.len()).then_some(read)
}

fn mark(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    if text.chars().count() > MARK_CHARS_MAX || text.contains('|') {
        value.fault(faults, format!("{text:?} does not fit into a pin"), "write one or two characters, such as \"避\"");
        return None;
    }
    Some(text)
}
