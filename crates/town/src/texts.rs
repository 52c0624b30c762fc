//! Message catalogues: what people read, by language and key (Project Fluent).

use std::{collections::BTreeMap, sync::Arc};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_syntax::ast::Entry;
use unic_langid::LanguageIdentifier;

use crate::{
    diagnostic::{Diagnostic, Location, Source},
    model::Language,
};

/// All texts of the house in the languages of a town. Cheap to clone.
#[derive(Clone)]
pub struct Catalogue {
    languages: Arc<[Language]>,
    bundles: Arc<BTreeMap<Language, FluentBundle<Arc<FluentResource>>>>,
    keys: Arc<BTreeMap<Language, BTreeMap<String, Location>>>,
    faults: Arc<[Diagnostic]>,
}

impl Catalogue {
    /// Starts a catalogue for the languages of a town; add files, then build.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a catalogue is gathered first; Catalogue::new reads better than a builder's name at every room"
    )]
    pub fn new<'a>(languages: impl IntoIterator<Item = &'a Language>) -> CatalogueBuilder {
        CatalogueBuilder { languages: languages.into_iter().cloned().collect(), files: Vec::new() }
    }

    /// The languages of the town, in the order of the pack.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// The text of a key, `key` or `key.attribute`. A language that lacks it reads the next its readers [read](Language::reads), then any
    /// that has it; the key itself where nobody has it, which [`Catalogue::check`] and the tests of the pages find.
    pub fn text(&self, language: &Language, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let chain = language.reads().chain(self.languages.iter());
        let args = fluent_args(args);
        chain
            .filter_map(|language| self.bundles.get(language))
            .find_map(|bundle| format(bundle, key, &args))
            .unwrap_or_else(|| key.to_owned())
    }

    /// Whether some language has the key, so that pages may ask for optional texts (`refusal-stale-more`).
    pub fn has(&self, key: &str) -> bool {
        self.keys.values().any(|keys| keys.contains_key(key))
    }

    /// Every key some language has, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let all: std::collections::BTreeSet<&str> = self.keys.values().flat_map(|keys| keys.keys().map(String::as_str)).collect();
        all.into_iter()
    }

    /// What is wrong with the texts: files that cannot be read, and keys a language lacks while another has them.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut all: BTreeMap<&str, &Location> = BTreeMap::new();
        for keys in self.languages.iter().filter_map(|language| self.keys.get(language)) {
            for (key, location) in keys {
                all.entry(key).or_insert(location);
            }
        }
        let mut found = self.faults.to_vec();
        for language in self.languages.iter() {
            for (key, location) in &all {
                if !self.keys.get(language).is_some_and(|keys| keys.contains_key(*key)) {
                    let reason = format!("the text {key:?} has no {language}");
                    found.push(Diagnostic::warning((*location).clone(), reason, format!("add {key} to a file under texts/{language}/")));
                }
            }
        }
        found
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").field("languages", &self.languages).finish_non_exhaustive()
    }
}

/// Gathers text files; later files override earlier ones, so a town's come last.
#[derive(Debug, Clone)]
pub struct CatalogueBuilder {
    languages: Vec<Language>,
    files: Vec<TextFile>,
}

impl CatalogueBuilder {
    /// Adds a file of texts in one language. `file` is its name for messages.
    pub fn add(mut self, language: &Language, file: &str, text: &str) -> Self {
        self.files.push(TextFile { language: language.clone(), file: file.into(), text: text.into() });
        self
    }

    /// Adds the texts a pack brings.
    pub fn add_town(mut self, texts: &[TextFile]) -> Self {
        self.files.extend_from_slice(texts);
        self
    }

    /// The catalogue. Files that cannot be read are left out in part and named by [`Catalogue::check`].
    pub fn build(self) -> Catalogue {
        let mut bundles: BTreeMap<Language, FluentBundle<Arc<FluentResource>>> = BTreeMap::new();
        let mut keys: BTreeMap<Language, BTreeMap<String, Location>> = BTreeMap::new();
        let mut faults = Vec::new();
        for file in &self.files {
            let resource = read(file, &mut faults);
            let known = keys.entry(file.language.clone()).or_default();
            note_keys(file, &resource, known);
            bundles.entry(file.language.clone()).or_insert_with(|| new_bundle(&file.language)).add_resource_overriding(resource);
        }
        Catalogue { languages: self.languages.into(), bundles: Arc::new(bundles), keys: Arc::new(keys), faults: faults.into() }
    }
}

/// A file of texts a pack brings: `texts/<language>/<name>.ftl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// The language of the texts.
    pub language: Language,
    /// The file, for messages.
    pub file: Arc<str>,
    /// The texts in Fluent's notation.
    pub text: Arc<str>,
}

/// A value that is put into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Words.
    Text(&'a str),
    /// A whole number; the text may choose a plural by it.
    Int(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Arg::Text(text)
    }
}

macro_rules! whole_number {
    ($($kind:ty),+) => { $(
        impl From<$kind> for Arg<'_> {
            fn from(number: $kind) -> Self {
                Arg::Int(i64::from(number))
            }
        }
    )+ };
}
whole_number!(i16, i32, i64, u8, u16, u32);

fn fluent_args<'a>(args: &[(&'a str, Arg<'a>)]) -> FluentArgs<'a> {
    args.iter()
        .map(|(name, value)| {
            let value = match value {
                Arg::Text(text) => FluentValue::from(*text),
                Arg::Int(number) => FluentValue::from(*number),
            };
            (*name, value)
        })
        .collect()
}

fn format(bundle: &FluentBundle<Arc<FluentResource>>, key: &str, args: &FluentArgs<'_>) -> Option<String> {
    let (id, attribute) = key.split_once('.').map_or((key, None), |(id, attribute)| (id, Some(attribute)));
    let message = bundle.get_message(id)?;
    let pattern = match attribute {
        Some(attribute) => message.get_attribute(attribute)?.value(),
        None => message.value()?,
    };
    // A missing argument stays visible as {$name}; tests of the pages look for braces.
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(args), &mut errors).into_owned())
}

fn new_bundle(language: &Language) -> FluentBundle<Arc<FluentResource>> {
    let locale: LanguageIdentifier = language.html().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    bundle.set_use_isolating(false);
    bundle
}

fn read(file: &TextFile, faults: &mut Vec<Diagnostic>) -> Arc<FluentResource> {
    let resource = match FluentResource::try_new(file.text.to_string()) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            let source = Source::new(&file.file, &file.text);
            let next = "correct the line; see projectfluent.org for the notation";
            faults.extend(errors.into_iter().map(|error| Diagnostic::error(source.at(error.pos.start), error.kind.to_string(), next)));
            resource
        }
    };
    Arc::new(resource)
}

fn note_keys(file: &TextFile, resource: &FluentResource, known: &mut BTreeMap<String, Location>) {
    let source = Source::new(&file.file, &file.text);
    for entry in resource.entries() {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        let location = source.at(line_start(&file.text, name));
        if message.value.is_some() {
            known.insert(name.to_owned(), location.clone());
        }
        for attribute in &message.attributes {
            known.insert(format!("{name}.{}", attribute.id.name), location.clone());
        }
    }
}

/// Where a message starts: the line that begins with its name.
fn line_start(text: &str, name: &str) -> usize {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return offset;
        }
        offset += line.len();
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::new(&[Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH])
            .add(&Language::JAPANESE, "ja/a.ftl", "yes = はい、{ $name }さん\ncount = { $n }人\nonly-ja = だけ\n    .hint = 手がかり\n")
            .add(&Language::EASY_JAPANESE, "ja-easy/a.ftl", "yes = はい\n")
            .add(
                &Language::ENGLISH,
                "en/a.ftl",
                "yes = Yes, { $name }\ncount = { $n ->\n    [one] one person\n   *[other] { $n } people\n}\n",
            )
            .build()
    }

    #[test]
    fn a_text_takes_its_arguments_without_invisible_marks() {
        let texts = catalogue();
        assert_eq!(texts.text(&Language::JAPANESE, "yes", &[("name", "下北 花".into())]), "はい、下北 花さん");
        assert_eq!(texts.text(&Language::ENGLISH, "count", &[("n", 1.into())]), "one person");
        assert_eq!(texts.text(&Language::ENGLISH, "count", &[("n", 6200.into())]), "6200 people");
    }

    #[test]
    fn a_language_without_a_text_reads_japanese_and_an_unknown_key_shows_itself() {
        let texts = catalogue();
        assert_eq!(texts.text(&Language::EASY_JAPANESE, "count", &[("n", 3.into())]), "3人");
        assert_eq!(texts.text(&Language::ENGLISH, "only-ja.hint", &[]), "手がかり");
        assert_eq!(texts.text(&Language::ENGLISH, "nowhere", &[]), "nowhere");
    }

    #[test]
    fn the_town_overrides_the_house() {
        let town = TextFile { language: Language::JAPANESE, file: "texts/ja/a.ftl".into(), text: "count = { $n }名\n".into() };
        let texts = Catalogue::new(&[Language::JAPANESE]).add(&Language::JAPANESE, "a", "count = { $n }人\n").add_town(&[town]).build();
        assert_eq!(texts.text(&Language::JAPANESE, "count", &[("n", 2.into())]), "2名");
    }

    #[test]
    fn missing_keys_and_broken_lines_are_named_with_their_place() {
        let found: Vec<String> = catalogue().check().iter().map(|d| format!("{} {}", d.location, d.reason)).collect();
        assert_eq!(
            found,
            [
                "ja/a.ftl:2:1 the text \"count\" has no ja-easy",
                "ja/a.ftl:3:1 the text \"only-ja\" has no ja-easy",
                "ja/a.ftl:3:1 the text \"only-ja.hint\" has no ja-easy",
                "ja/a.ftl:3:1 the text \"only-ja\" has no en",
                "ja/a.ftl:3:1 the text \"only-ja.hint\" has no en",
            ]
        );
        let broken = Catalogue::new(&[Language::JAPANESE]).add(&Language::JAPANESE, "b.ftl", "good = 良\nbad { = \n").build();
        assert!(broken.check().iter().any(|d| d.location.to_string().starts_with("b.ftl:2:")), "{:?}", broken.check());
        assert_eq!(broken.text(&Language::JAPANESE, "good", &[]), "良");
    }
}
