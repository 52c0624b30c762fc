//! Reads `[[calendar_feed]]`.

use super::{Located, PackFile, dataset::source, garbage::districts_of, unique};
use crate::{
    fields::{Faults, Fields},
    model::{CalendarFeed, District},
};

pub(super) fn read(
    tables: Vec<Fields<'_>>,
    files: &[PackFile],
    districts: &[Located<District>],
    faults: &mut Faults,
) -> Vec<Located<CalendarFeed>> {
    let feeds = tables.into_iter().filter_map(|fields| feed(fields, files, districts, faults)).collect();
    unique("calendar feed", feeds, |feed: &CalendarFeed| feed.id.clone(), faults)
}

fn feed(mut fields: Fields<'_>, files: &[PackFile], known: &[Located<District>], faults: &mut Faults) -> Option<Located<CalendarFeed>> {
    let location = fields.location();
    let id = fields.required("id", "\"sports-club\"", faults).and_then(|value| value.parsed(faults, "give the calendar a plain id"));
    let name = fields.required("name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let source = source(&mut fields, files, faults);
    let districts = fields.optional("districts").map_or(Some(Vec::new()), |value| districts_of(&value, known, faults));
    fields.finish(faults);
    Some(Located { thing: CalendarFeed { id: id?, name: name?, source: source?, districts: districts? }, location })
}
