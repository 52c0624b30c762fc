//! Turns the files of a pack into a [`Town`], or into everything that is wrong with them.

mod app;
mod bridge;
mod calendar_feed;
mod calendar_rule;
mod cross;
mod dataset;
mod disposition;
mod district;
mod garbage;
mod garbage_cell;
mod garbage_words;
mod guide;
mod line;
mod mail;
mod map;
mod map_tiles;
mod notice;
mod phone_card;
mod place;
mod programme;
mod reports;
mod residence;
mod settings;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use rule::Schema;
use toml::de::DeTable;

use crate::{
    Town,
    diagnostic::{Diagnostic, Location, Severity, Source},
    fields::{Faults, Fields, one_of},
    model::{
        Bridge, CalendarFeed, CalendarRule, Contact, Dataset, DispositionKind, District, Fact, Garbage, IdentityApp, Language, Line, Mail,
        MapSettings, NoticeRule, NoticeTemplate, NoticeTopic, Notices, Offline, PhoneCard, Presentation, Programme, Reports, Theme, Trust,
    },
    rules,
    texts::TextFile,
};

/// Files above this size are not part of a pack; keeps a mistaken folder from filling the memory.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The tables that occur once in a pack, and those that repeat.
const SINGLE: [&str; 13] =
    ["town", "theme", "contact", "trust", "bridge", "offline", "presentation", "notices", "mail", "line", "map", "reports", "calendar"];
const REPEATED: [&str; 18] = [
    "fact",
    "programme",
    "place",
    "identity_app",
    "phone_card",
    "notice_topic",
    "notice_rule",
    "notice_template",
    "disposition_kind",
    "dataset",
    "report_section",
    "report_category",
    "guide",
    "garbage_area",
    "calendar_rule",
    "calendar_feed",
    "neighbour",
    "digital_residents",
];

/// A file of a pack in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Its path inside the folder, with `/` between names.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Reads the files of a pack's folder: `*.toml`, `programmes/*.toml`, `places/*.toml`, `texts/<language>/*.ftl`, `districts.csv`,
/// `data/*`, `garbage/*.csv` and pictures. Scenarios and notes beside them are not part of what the town runs on.
pub(crate) fn files(folder: &Path) -> Result<Vec<PackFile>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut faults = Vec::new();
    collect(folder, "", 0, &mut found, &mut faults);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn collect(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<PackFile>, faults: &mut Faults) {
    let here = |file: &str| Location { file: file.into(), line: 1, column: 1 };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let name = if prefix.is_empty() { folder.display().to_string() } else { prefix.to_owned() };
            faults.push(Diagnostic::error(
                here(&name),
                format!("the folder cannot be read: {error}"),
                "give the folder of a town, such as towns/demo",
            ));
            return;
        }
    };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let Ok(kind) = entry.metadata() else { continue };
        if kind.is_dir() {
            let holds_parts = depth == 0 && ["programmes", "places", "texts", "data", "garbage"].contains(&name.as_str())
                || depth == 1 && prefix == "texts";
            if holds_parts {
                collect(&entry.path(), &path, depth + 1, found, faults);
            }
        } else if belongs(&path) {
            match std::fs::read(entry.path()) {
                Ok(_) if kind.len() > FILE_BYTES_MAX => {
                    faults.push(Diagnostic::error(here(&path), "the file is larger than 8 MiB", "move it out of the pack"));
                }
                Ok(bytes) => found.push(PackFile { path, bytes }),
                Err(error) => {
                    faults.push(Diagnostic::error(here(&path), format!("the file cannot be read: {error}"), "check its permissions"))
                }
            }
        }
    }
}

/// Whether a file is something the town runs on.
fn belongs(path: &str) -> bool {
    let (in_texts, in_data) = (path.starts_with("texts/"), path.starts_with("data/"));
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    match ending {
        _ if in_data => matches!(ending, Some("csv" | "geojson" | "json" | "ics" | "pem")),
        Some("toml") => !in_texts,
        Some("ftl") => in_texts,
        Some("svg" | "png") => !path.contains('/'),
        Some("csv") => path == "districts.csv" || path.starts_with("garbage/"),
        _ => false,
    }
}

/// A town with what its pack should be looked at for, or what is wrong.
pub(crate) type Outcome = Result<(Town, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Reads a pack that is in memory already. What is too large for that, the tiles of a map, is looked for in `folder`.
pub(crate) fn town(files: &[PackFile], folder: Option<&Path>) -> Outcome {
    let mut faults = Faults::new();
    let sources = toml_sources(files, &mut faults);
    let roots: Vec<DeTable<'_>> = sources.iter().map(|source| parse(source, &mut faults)).collect();
    let mut parts = Parts::gather(&sources, &roots, folder, &mut faults);
    let unreadable = !faults.is_empty();
    let town = assemble(&mut parts, files, &mut faults);
    // A file that is no TOML hides tables that others would then miss; only the cause is reported.
    if unreadable {
        faults.retain(|fault| !fault.reason.ends_with("is missing"));
    }
    faults.sort_by(|a, b| a.location.cmp(&b.location));
    faults.dedup();
    let broken = faults.iter().any(|fault| fault.severity == Severity::Error);
    match town {
        Some(town) if !broken => Ok((town, faults)),
        _ => Err(faults),
    }
}

fn toml_sources(files: &[PackFile], faults: &mut Faults) -> Vec<Source> {
    let mut sources: Vec<Source> = files.iter().filter(|file| file.path.ends_with(".toml")).filter_map(|file| utf8(file, faults)).collect();
    sources.sort_by_key(|source| (&*source.file != "town.toml", source.file.clone()));
    if !files.iter().any(|file| file.path == "town.toml") {
        let location = Location { file: "town.toml".into(), line: 1, column: 1 };
        faults.push(Diagnostic::error(
            location,
            "there is no town.toml in the folder",
            "give the folder of a town, or start from a copy of towns/demo",
        ));
    }
    sources
}

pub(crate) fn utf8(file: &PackFile, faults: &mut Faults) -> Option<Source> {
    match std::str::from_utf8(&file.bytes) {
        Ok(text) => Some(Source::new(&file.path, text.strip_prefix('\u{feff}').unwrap_or(text))),
        Err(error) => {
            let valid = std::str::from_utf8(&file.bytes[..error.valid_up_to()]).unwrap_or_default();
            let location = Source::new(&file.path, valid).at(valid.len());
            faults.push(Diagnostic::error(
                location,
                "the file is not UTF-8 from here on",
                "save it again as UTF-8 (in Windows' editor: 「文字コード UTF-8」)",
            ));
            None
        }
    }
}

fn parse<'a>(source: &'a Source, faults: &mut Faults) -> DeTable<'a> {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    // The first fault of the notation usually causes those after it.
    if let Some(error) = errors.first() {
        let location = source.at(error.span().map_or(0, |span| span.start));
        faults.push(Diagnostic::error(location, format!("this is not TOML: {}", error.message()), "correct the notation; see toml.io/ja"));
    }
    root.into_inner()
}

/// The tables of all files, by name.
struct Parts<'a> {
    single: BTreeMap<&'static str, Fields<'a>>,
    repeated: BTreeMap<&'static str, Vec<Fields<'a>>>,
    /// Where the pack is on the disk, if it is.
    folder: Option<&'a Path>,
}

impl<'a> Parts<'a> {
    fn gather(sources: &'a [Source], roots: &'a [DeTable<'a>], folder: Option<&'a Path>, faults: &mut Faults) -> Self {
        let mut parts = Parts { single: BTreeMap::new(), repeated: BTreeMap::new(), folder };
        for (source, root) in sources.iter().zip(roots) {
            let mut fields = Fields::new(source, root, 0);
            for name in SINGLE {
                let Some(table) = fields.optional(name) else { continue };
                let Some(read) = table.table(faults) else { continue };
                if let Some(first) = parts.single.get(name) {
                    let reason = format!("[{name}] is there twice; the first is at {}", first.location());
                    table.fault(faults, reason, "keep one of them");
                } else {
                    parts.single.insert(name, read);
                }
            }
            for name in REPEATED {
                let tables = fields.tables(name, faults);
                parts.repeated.entry(name).or_default().extend(tables);
            }
            for (name, location) in fields.unasked() {
                let known: Vec<&str> = SINGLE.into_iter().chain(REPEATED).collect();
                faults.push(Diagnostic::error(location, format!("{name:?} is not known here"), one_of(&name, &known)));
            }
        }
        parts
    }

    /// The tables of a name that repeats.
    fn repeated(&mut self, name: &'static str) -> Vec<Fields<'a>> {
        self.repeated.remove(name).unwrap_or_default()
    }

    /// The ids the tables of a name give, those of faulty tables too.
    fn written(&self, name: &str) -> Vec<String> {
        residence::written(self.repeated.get(name).map_or(&[], Vec::as_slice))
    }

    /// A table that must be there.
    fn required(&mut self, name: &'static str, faults: &mut Faults) -> Option<Fields<'a>> {
        let found = self.single.remove(name);
        if found.is_none() {
            let location = Location { file: "town.toml".into(), line: 1, column: 1 };
            faults.push(Diagnostic::error(
                location,
                format!("[{name}] is missing"),
                format!("add a table [{name}]; docs/add-a-town.md shows one"),
            ));
        }
        found
    }
}

/// What every town must say of itself.
struct Office {
    heading: Option<settings::Heading>,
    theme: Option<Theme>,
    contact: Option<Contact>,
    trust: Option<Trust>,
    offline: Option<Offline>,
    presentation: Option<Presentation>,
}

impl Office {
    fn read(parts: &mut Parts<'_>, files: &[PackFile], faults: &mut Faults) -> Self {
        let heads = ["town", "theme", "contact"].map(|name| parts.single.get(name).map(Fields::location));
        let office = Self {
            heading: parts.required("town", faults).and_then(|fields| settings::town(fields, faults)),
            theme: parts.required("theme", faults).and_then(|fields| settings::theme(fields, files, faults)),
            contact: parts.required("contact", faults).and_then(|fields| settings::contact(fields, faults)),
            trust: parts.required("trust", faults).and_then(|fields| settings::trust(fields, faults)),
            offline: parts.required("offline", faults).and_then(|fields| settings::offline(fields, faults)),
            presentation: parts.required("presentation", faults).and_then(|fields| settings::presentation(fields, faults)),
        };
        office.is_in_every_language(heads, faults);
        office
    }

    fn is_in_every_language(&self, heads: [Option<Location>; 3], faults: &mut Faults) {
        let ([Some(at_town), Some(at_theme), Some(at_contact)], Some(town), Some(theme), Some(contact)) =
            (&heads, &self.heading, &self.theme, &self.contact)
        else {
            return;
        };
        let texts = [
            ("name of the town", &town.name, at_town),
            ("app_name", &theme.app_name, at_theme),
            ("department", &contact.department, at_contact),
            ("hours", &contact.hours, at_contact),
        ];
        cross::heading_is_in_every_language(&texts, &town.languages, faults);
    }

    fn languages(&self) -> &[Language] {
        self.heading.as_ref().map_or(&[], |heading| &heading.languages)
    }
}

/// What is known of people, and what the town decides by it.
struct Decided {
    facts: Vec<Fact>,
    schema: Schema,
    bridge: Option<Bridge>,
    programmes: Vec<Located<Programme>>,
    /// The programmes' ids as they are written, those of faulty ones too.
    written: Vec<String>,
    calendar_rules: Vec<CalendarRule>,
}

impl Decided {
    fn read(parts: &mut Parts<'_>, languages: &[Language], faults: &mut Faults) -> Self {
        let facts = programme::facts(parts.repeated("fact"), languages, faults);
        let schema = rules::schema(&facts, &parts.written("neighbour"), &parts.written("digital_residents"));
        let programmes = parts.repeated("programme");
        let written = programmes.iter().filter_map(|fields| fields.peek("id")).map(str::to_owned).collect();
        Self {
            bridge: parts.required("bridge", faults).and_then(|fields| bridge::read(fields, &facts, faults)),
            programmes: programme::read(programmes, &facts, &schema, faults),
            calendar_rules: calendar_rule::read(parts.repeated("calendar_rule"), &schema, languages, faults),
            facts,
            schema,
            written,
        }
    }
}

/// What the town tells people, and when.
struct Told {
    settings: Option<Notices>,
    topics: Vec<Located<NoticeTopic>>,
    rules: Vec<Located<NoticeRule>>,
    templates: Vec<Located<NoticeTemplate>>,
    dispositions: Vec<Located<DispositionKind>>,
    /// No e-mail is e-mail; a faulty one is none.
    mail: Option<Option<Mail>>,
    /// The same of LINE.
    line: Option<Option<Line>>,
}

impl Told {
    fn read(parts: &mut Parts<'_>, decided: &Decided, languages: &[Language], faults: &mut Faults) -> Self {
        let settings = notice::settings(parts.single.remove("notices"), faults);
        let topics = notice::topics(parts.repeated("notice_topic"), languages, faults);
        let known = notice::Known {
            topics: &topics,
            facts: &decided.facts,
            bridge: decided.bridge.as_ref(),
            schema: &decided.schema,
            settings: settings.as_ref(),
            languages,
        };
        let rules = notice::automatic(parts.repeated("notice_rule"), &known, faults);
        let templates = notice::templates(parts.repeated("notice_template"), &known, faults);
        let dispositions = disposition::read(parts.repeated("disposition_kind"), &known, faults);
        let mail = mail::read(parts.single.remove("mail"), faults);
        let line = line::read(parts.single.remove("line"), faults);
        Self { settings, topics, rules, templates, dispositions, mail, line }
    }
}

/// What people find in the town: where things are, who writes of them, when the garbage goes.
struct Found {
    /// No map is a map; a faulty one is none.
    map: Option<Option<MapSettings>>,
    places: Vec<Located<place::Read>>,
    datasets: Vec<Located<Dataset>>,
    guides: Vec<Located<guide::Read>>,
    garbage: Option<Garbage>,
    feeds: Vec<Located<CalendarFeed>>,
}

impl Found {
    fn read(
        parts: &mut Parts<'_>,
        files: &[PackFile],
        districts: &[Located<District>],
        languages: &[Language],
        faults: &mut Faults,
    ) -> Self {
        let folder = parts.folder;
        let map = parts.single.remove("map").map_or(Some(None), |fields| map::read(fields, files, folder, languages, faults).map(Some));
        let calendar = parts.single.remove("calendar");
        let garbage = garbage::read(files, calendar, parts.repeated("garbage_area"), districts, languages, faults);
        let feeds = calendar_feed::read(parts.repeated("calendar_feed"), files, districts, faults);
        feeds.iter().for_each(|located| cross::feed_is_named_in_every_language(located, languages, faults));
        let guides = guide::read(parts.repeated("guide"), faults);
        guides.iter().for_each(|located| cross::guide_is_named_in_every_language(&located.thing, languages, faults));
        let datasets = dataset::read(parts.repeated("dataset"), files, faults);
        datasets.iter().for_each(|located| cross::dataset_is_named_in_every_language(located, languages, faults));
        Self { map, places: place::read(parts.repeated("place"), faults), datasets, guides, garbage, feeds }
    }
}

/// What people tell the town, and whom.
fn reports(parts: &mut Parts<'_>, languages: &[Language], faults: &mut Faults) -> Option<Reports> {
    let settings = parts.single.remove("reports");
    let (sections, categories) = (parts.repeated("report_section"), parts.repeated("report_category"));
    reports::read(settings, sections, categories, languages, faults)
}

/// The apps and the cards in phones people prove themselves with.
fn apps(parts: &mut Parts<'_>, files: &[PackFile], languages: &[Language], faults: &mut Faults) -> (Vec<IdentityApp>, Vec<PhoneCard>) {
    let apps = app::read(parts.repeated("identity_app"), faults);
    let cards = phone_card::read(parts.repeated("phone_card"), &apps, files, faults);
    apps.iter().for_each(|located| cross::app_is_named_in_every_language(located, languages, faults));
    cards.iter().for_each(|located| cross::phone_card_is_named_in_every_language(located, languages, faults));
    (things(apps), things(cards))
}

fn assemble(parts: &mut Parts<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Town> {
    let office = Office::read(parts, files, faults);
    let languages = office.languages();
    let districts = district::read(files, faults);
    let decided = Decided::read(parts, languages, faults);
    let told = Told::read(parts, &decided, languages, faults);
    let found = Found::read(parts, files, &districts, languages, faults);
    let reports = reports(parts, languages, faults);
    let (identity_apps, phone_cards) = apps(parts, files, languages, faults);
    let neighbours = residence::neighbours(parts.repeated("neighbour"), files, languages, faults);
    let digital_residents = residence::rolls(parts.repeated("digital_residents"), languages, faults);
    let texts = texts(files, languages, faults);
    cross::check(
        decided.bridge.as_ref(),
        &decided.facts,
        &decided.programmes,
        &decided.written,
        &found.places,
        &districts,
        office.offline,
        languages,
        faults,
    );
    let heading = office.heading?;
    Some(Town {
        code: heading.code,
        name: heading.name,
        languages: heading.languages,
        theme: office.theme?,
        contact: office.contact?,
        trust: office.trust?,
        bridge: decided.bridge?,
        facts: decided.facts,
        programmes: things(decided.programmes),
        places: found.places.into_iter().map(|located| located.thing.place).collect(),
        identity_apps,
        neighbours,
        digital_residents,
        phone_cards,
        reports,
        guides: found.guides.into_iter().map(|located| located.thing.guide).collect(),
        map: found.map?,
        datasets: things(found.datasets),
        districts: things(districts),
        garbage: found.garbage,
        calendar_rules: decided.calendar_rules,
        calendar_feeds: things(found.feeds),
        offline: office.offline?,
        presentation: office.presentation?,
        notices: told.settings?,
        notice_topics: things(told.topics),
        notice_rules: things(told.rules),
        notice_templates: things(told.templates),
        disposition_kinds: things(told.dispositions),
        mail: told.mail?,
        line: told.line?,
        texts,
        schema: decided.schema,
        hash: crate::hash::of(files),
    })
}

/// The things themselves, where nothing more is to be found wrong.
fn things<T>(located: Vec<Located<T>>) -> Vec<T> {
    located.into_iter().map(|located| located.thing).collect()
}

/// The pack's own texts, in the order of their names.
fn texts(files: &[PackFile], languages: &[Language], faults: &mut Faults) -> Vec<TextFile> {
    let mut texts = Vec::new();
    for file in files {
        let Some((tag, _)) = file.path.strip_prefix("texts/").and_then(|rest| rest.split_once('/')) else { continue };
        let Some(source) = utf8(file, faults) else { continue };
        match tag.parse::<Language>() {
            Ok(language) if languages.contains(&language) => texts.push(TextFile { language, file: source.file, text: source.text }),
            Ok(_) if languages.is_empty() => {}
            _ => {
                let reason = format!("{tag:?} is not a language of this town");
                faults.push(Diagnostic::error(source.at(0), reason, "add it to languages of [town], or rename the folder"));
            }
        }
    }
    texts
}

/// A thing of the pack with the place it stands at, for faults found once everything is read.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub(crate) thing: T,
    pub(crate) location: Location,
}

/// Notes names that are used twice and keeps the first.
pub(crate) fn unique<T, K: Ord + std::fmt::Display>(
    kind: &str,
    things: Vec<Located<T>>,
    key: impl Fn(&T) -> K,
    faults: &mut Faults,
) -> Vec<Located<T>> {
    let mut seen: BTreeMap<K, Location> = BTreeMap::new();
    let mut kept = Vec::new();
    for located in things {
        let name = key(&located.thing);
        if let Some(first) = seen.get(&name) {
            let reason = format!("the {kind} {name} is there twice; the first is at {first}");
            faults.push(Diagnostic::error(located.location.clone(), reason, "rename or remove one of them"));
        } else {
            seen.insert(name, located.location.clone());
            kept.push(located);
        }
    }
    kept
}

/// Shares a town and forgets the warnings.
pub(crate) fn shared(outcome: Outcome) -> Result<Arc<Town>, Vec<Diagnostic>> {
    outcome.map(|(town, _)| Arc::new(town))
}
