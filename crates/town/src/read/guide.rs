//! Reads `[[guide]]`.

use super::{Located, unique};
use crate::{
    diagnostic::Location,
    fields::{Faults, Fields, Value},
    model::{Guide, GuideAge, GuideCategory, GuideCode, GuideId, GuidePoints, GuideTag, Icon, Licence, Moderation, Proof, Words},
};

/// Parts of the guides' addresses, which no guide can be called by.
const RESERVED: [&str; 4] = ["mine", "photos", "posts", "new"];
/// Points a single post may earn.
const AMOUNT_MAX: i64 = 100_000;

/// A guide, with the texts that should be there in every language of the town.
pub(crate) struct Read {
    pub(crate) guide: Guide,
    /// What a text is, itself, and where it stands.
    pub(crate) texts: Vec<(String, Words, Location)>,
}

pub(super) fn read(tables: Vec<Fields<'_>>, faults: &mut Faults) -> Vec<Located<Read>> {
    let guides = tables.into_iter().filter_map(|fields| guide(fields, faults)).collect();
    unique("guide", guides, |read: &Read| read.guide.id.clone(), faults)
}

fn guide(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<Read>> {
    let location = fields.location();
    let id = fields.required("id", "\"childcare\"", faults).and_then(|value| id(value, faults));
    let name = fields.required("name", "{ ja = \"…ガイド\" }", faults).and_then(|value| value.words(faults));
    let about = fields.required("about", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let categories = parts(&mut fields, "category", faults, |fields, faults| {
        let (id, name) = named(fields, faults);
        let icon = fields.required("icon", "\"child\"", faults).and_then(|value| value.word(Icon::ALL, Icon::word, faults));
        Some(GuideCategory { id: id?, name: name?, icon: icon? })
    });
    if categories.is_empty() {
        let next = "add a [[guide.category]] with id, name and icon";
        faults.push(crate::Diagnostic::error(location.clone(), "the guide has no category", next));
    }
    let tags = parts(&mut fields, "tag", faults, |fields, faults| {
        let (id, name) = named(fields, faults);
        Some(GuideTag { id: id?, name: name? })
    });
    let ages = parts(&mut fields, "age", faults, |fields, faults| {
        let (id, name) = named(fields, faults);
        Some(GuideAge { id: id?, name: name? })
    });
    let licence = fields.required("licence", "{ id = \"CC-BY-4.0\", … }", faults).and_then(|value| licence(value.table(faults)?, faults));
    let proof = fields.required("proof", "\"jpki\"", faults).and_then(|value| value.word(Proof::ALL, Proof::word, faults));
    let residents_only = fields.required("residents_only", "true", faults).and_then(|value| value.bool(faults));
    let moderation = fields.required("moderation", "\"before\"", faults);
    let moderation = moderation.and_then(|value| value.word(Moderation::ALL, Moderation::word, faults));
    let points = match fields.optional("points") {
        Some(value) => Some(value.table(faults).and_then(|fields| points(fields, faults))?),
        None => None,
    };
    fields.finish(faults);
    let guide = Guide {
        id: id?,
        name: name?,
        about: about?,
        categories: categories.into_iter().map(|located| located.thing).collect(),
        tags: tags.into_iter().map(|located| located.thing).collect(),
        ages: ages.into_iter().map(|located| located.thing).collect(),
        licence: licence?,
        proof: proof?,
        residents_only: residents_only?,
        moderation: moderation?,
        points,
    };
    let texts = texts(&guide, &location);
    Some(Located { thing: Read { guide, texts }, location })
}

fn id(value: Value<'_>, faults: &mut Faults) -> Option<GuideId> {
    let id: GuideId = value.parsed(faults, "give the guide a plain id")?;
    if RESERVED.contains(&id.as_str()) {
        value.fault(faults, format!("{:?} is a page of every guide", id.as_str()), "choose another id");
        return None;
    }
    Some(id)
}

/// What a category, a tag and an age group have in common: a code, by which they are told apart.
trait Part {
    fn code(&self) -> GuideCode;
}

macro_rules! have_codes {
    ($($kind:ty),+) => { $(impl Part for $kind { fn code(&self) -> GuideCode { self.id.clone() } })+ };
}
have_codes!(GuideCategory, GuideTag, GuideAge);

/// The parts under one key, each read by `read`; two of one code are pointed out.
fn parts<'a, T: Part>(
    fields: &mut Fields<'a>,
    key: &'static str,
    faults: &mut Faults,
    read: impl Fn(&mut Fields<'a>, &mut Faults) -> Option<T>,
) -> Vec<Located<T>> {
    let mut found = Vec::new();
    for mut fields in fields.tables(key, faults) {
        let (location, thing) = (fields.location(), read(&mut fields, faults));
        fields.finish(faults);
        found.extend(thing.map(|thing| Located { thing, location }));
    }
    unique(key, found, Part::code, faults)
}

fn named(fields: &mut Fields<'_>, faults: &mut Faults) -> (Option<GuideCode>, Option<Words>) {
    let id = fields.required("id", "\"park\"", faults).and_then(|value| value.parsed(faults, "give it a plain id"));
    let name = fields.required("name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    (id, name)
}

fn licence(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Licence> {
    let id = fields.required("id", "\"CC-BY-4.0\"", faults).and_then(|value| value.string(faults));
    let name = fields.required("name", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let url = fields.required("url", "\"https://creativecommons.org/licenses/by/4.0/deed.ja\"", faults).and_then(|value| {
        let text = value.string(faults)?;
        let good = text.starts_with("https://") && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if !good {
            value.fault(faults, format!("{text:?} is no address of a licence"), "write it as \"https://…\"");
        }
        good.then_some(text)
    });
    let credit = fields.required("credit", "{ ja = \"…市と市民\" }", faults).and_then(|value| value.words(faults));
    fields.finish(faults);
    Some(Licence { id: id?, name: name?, url: url?, credit: credit? })
}

fn points(mut fields: Fields<'_>, faults: &mut Faults) -> Option<GuidePoints> {
    let asset = fields.required("asset", "\"town-point\"", faults).and_then(|value| value.parsed(faults, "give the asset a plain id"));
    let amount = fields.required("amount", "10", faults).and_then(|value| value.integer_within(1..=AMOUNT_MAX, faults));
    fields.finish(faults);
    Some(GuidePoints { asset: asset?, amount: amount? })
}

fn texts(guide: &Guide, location: &Location) -> Vec<(String, Words, Location)> {
    let own = [("name", &guide.name), ("about", &guide.about), ("licence", &guide.licence.name), ("credit", &guide.licence.credit)];
    let own = own.into_iter().map(|(what, words)| (format!("{what} of the guide {}", guide.id), words));
    let categories = guide.categories.iter().map(|part| (format!("name of the category {}", part.id), &part.name));
    let tags = guide.tags.iter().map(|part| (format!("name of the tag {}", part.id), &part.name));
    let ages = guide.ages.iter().map(|part| (format!("name of the age {}", part.id), &part.name));
    own.chain(categories).chain(tags).chain(ages).map(|(what, words)| (what, words.clone(), location.clone())).collect()
}
