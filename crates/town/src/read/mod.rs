//! Turns the files of a pack into a [`Town`], or into everything that is wrong with them.

mod app;
mod bridge;
mod cross;
mod district;
mod place;
mod programme;
mod settings;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use toml::de::DeTable;

use crate::{
    Town,
    diagnostic::{Diagnostic, Location, Severity, Source},
    fields::{Faults, Fields, one_of},
    model::Language,
    rules,
    texts::TextFile,
};

/// Files above this size are not part of a pack; keeps a mistaken folder from filling the memory.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The tables that occur once in a pack, and those that repeat.
const SINGLE: [&str; 7] = ["town", "theme", "contact", "trust", "bridge", "offline", "presentation"];
const REPEATED: [&str; 4] = ["fact", "programme", "place", "identity_app"];

/// A file of a pack in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Its path inside the folder, with `/` between names.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Reads the files of a pack's folder: `*.toml`, `programmes/*.toml`, `places/*.toml`, `texts/<language>/*.ftl`, `districts.csv`
/// and pictures. Scenarios and notes beside them are not part of what the town runs on.
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
            let holds_parts = depth == 0 && ["programmes", "places", "texts"].contains(&name.as_str()) || depth == 1 && prefix == "texts";
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
    let in_texts = path.starts_with("texts/");
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("toml") => !in_texts,
        Some("ftl") => in_texts,
        Some("svg" | "png") => !path.contains('/'),
        Some("csv") => path == "districts.csv",
        _ => false,
    }
}

/// A town with what its pack should be looked at for, or what is wrong.
pub(crate) type Outcome = Result<(Town, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Reads a pack that is in memory already.
pub(crate) fn town(files: &[PackFile]) -> Outcome {
    let mut faults = Faults::new();
    let sources = toml_sources(files, &mut faults);
    let roots: Vec<DeTable<'_>> = sources.iter().map(|source| parse(source, &mut faults)).collect();
    let mut parts = Parts::gather(&sources, &roots, &mut faults);
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
}

impl<'a> Parts<'a> {
    fn gather(sources: &'a [Source], roots: &'a [DeTable<'a>], faults: &mut Faults) -> Self {
        let mut parts = Parts { single: BTreeMap::new(), repeated: BTreeMap::new() };
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

fn assemble(parts: &mut Parts<'_>, files: &[PackFile], faults: &mut Faults) -> Option<Town> {
    let town = parts.required("town", faults).and_then(|fields| settings::town(fields, faults));
    let languages = town.as_ref().map(|town| town.languages.clone()).unwrap_or_default();
    let theme = parts.required("theme", faults).and_then(|fields| settings::theme(fields, files, faults));
    let contact = parts.required("contact", faults).and_then(|fields| settings::contact(fields, faults));
    let trust = parts.required("trust", faults).and_then(|fields| settings::trust(fields, faults));
    let offline = parts.required("offline", faults).and_then(|fields| settings::offline(fields, faults));
    let presentation = parts.required("presentation", faults).and_then(|fields| settings::presentation(fields, faults));
    let districts = district::read(files, faults);

    let mut repeated = |name| parts.repeated.remove(name).unwrap_or_default();
    let (facts, programmes, places, apps) = (repeated("fact"), repeated("programme"), repeated("place"), repeated("identity_app"));
    let facts = programme::facts(facts, faults);
    let written: Vec<String> = programmes.iter().filter_map(|fields| fields.peek("id")).map(str::to_owned).collect();
    let schema = rules::schema(&facts);
    let bridge = parts.required("bridge", faults).and_then(|fields| bridge::read(fields, &facts, faults));
    let programmes = programme::read(programmes, &facts, &schema, faults);
    let places = place::read(places, faults);
    let apps = app::read(apps, faults);
    let texts = texts(files, &languages, faults);
    apps.iter().for_each(|located| cross::app_is_named_in_every_language(located, &languages, faults));
    cross::check(bridge.as_ref(), &facts, &programmes, &written, &places, &districts, offline, &languages, faults);

    let town = town?;
    Some(Town {
        code: town.code,
        name: town.name,
        languages,
        theme: theme?,
        contact: contact?,
        trust: trust?,
        bridge: bridge?,
        facts,
        programmes: programmes.into_iter().map(|located| located.thing).collect(),
        places: places.into_iter().map(|located| located.thing.place).collect(),
        identity_apps: apps.into_iter().map(|located| located.thing).collect(),
        districts: districts.into_iter().map(|located| located.thing).collect(),
        offline: offline?,
        presentation: presentation?,
        texts,
        schema,
        hash: crate::hash::of(files),
    })
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
