//! Reads `[[place]]`.

use super::{Located, unique};
use crate::{
    fields::{Faults, Fields},
    model::{Place, PlaceKind, ProgrammeId},
};

/// A place with where each programme it accepts is written, to be compared with the programmes of the pack.
pub(crate) struct Read {
    pub(crate) place: Place,
    pub(crate) accepts: Vec<Located<ProgrammeId>>,
    pub(crate) district: Option<crate::Location>,
}

pub(super) fn read(tables: Vec<Fields<'_>>, faults: &mut Faults) -> Vec<Located<Read>> {
    let places = tables.into_iter().filter_map(|fields| place(fields, faults)).collect();
    unique("place", places, |read: &Read| read.place.id.clone(), faults)
}

fn place(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<Read>> {
    let location = fields.location();
    let id = fields.required("id", "\"clinic-east\"", faults).and_then(|value| value.parsed(faults, "give the place a plain id"));
    let name = fields.required("name", "{ ja = \"…医院\" }", faults).and_then(|value| value.words(faults));
    let kind = fields.required("kind", "\"clinic\"", faults).and_then(|value| value.word(PlaceKind::ALL, PlaceKind::word, faults));
    let district = fields.optional("district");
    let accepts = fields.required("accepts", "[\"…\"]", faults).and_then(|value| {
        let items = value.list(faults)?;
        if items.is_empty() {
            value.fault(faults, "the place accepts nothing", "name at least one programme, or remove the place");
        }
        let accept = |item: &crate::fields::Value<'_>, faults: &mut Faults| {
            Some(Located { thing: item.parsed::<ProgrammeId>(faults, "write the id of a [[programme]]")?, location: item.location() })
        };
        Some(items.iter().filter_map(|item| accept(item, faults)).collect::<Vec<_>>())
    });
    let offline_grace_h = fields.required("offline_grace_h", "24", faults).and_then(|value| value.integer_within(0..=720, faults));
    let district_name = district.and_then(|value| value.string(faults));
    fields.finish(faults);
    let accepts = accepts?;
    let place = Place {
        id: id?,
        name: name?,
        kind: kind?,
        district: district_name,
        accepts: accepts.iter().map(|located| located.thing.clone()).collect(),
        offline_grace_h: offline_grace_h?,
    };
    Some(Located { thing: Read { place, accepts, district: district.map(|value| value.location()) }, location })
}
