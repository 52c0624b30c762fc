//! Residents, households, facts, and the data bridge that brings them.
//!
//! The [`bridge`] turns an export of the resident register into a sealed bundle on the inner network, and opens it at the centre: both pure. What a
//! bundle says becomes the register's in one transaction ([`open_bundle_in_steps`]), after a member of staff's approval where the pack asks for it
//! ([`approve_bundle_in_steps`]); the event [`BUNDLE_APPLIED`] lets other rooms follow, in that transaction or in jobs it enqueues.
//!
//! Nobody here has a name or an address: these never cross. People are found by keyed hashes ([`find_match`]), by their household
//! ([`household_of`], [`guardians_of`], [`children_of`]), or by staff ([`search`]), and never at all, except by staff with that role, when they are
//! under protection measures (支援措置).

pub mod bench;
pub mod bridge;
mod domain;
mod model;
pub mod rules;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use domain::bundles::{
    BUNDLE_APPLIED, BUNDLE_REJECTED, BUNDLE_WAITING, approve_bundle, approve_bundle_in_steps, bundle, bundles, open_bundle,
    open_bundle_in_steps, preview_bundle, reject_bundle,
};
pub use domain::folder::{BUNDLE_EXTENSION, FolderOutcome, FolderResult, process_folder};
pub use domain::people::{
    Register, SEARCH_MAX, children_of, find_match, guardians_of, household_of, is_ward, match_candidates, name_matches, resident,
    resident_as_of, residents_of_numbers, search, see_resident, wards_of,
};
pub use domain::town::{TownTable, facts_of, person, person_as_of, person_on, table, typed_facts};
pub use model::*;

/// This room's tables.
pub const MIGRATIONS: ::store::Migrations = ::store::Migrations {
    room: "registry",
    files: &[
        ("202611230920_create.sql", include_str!("../migrations/202611230920_create.sql")),
        ("202611252200_stage.sql", include_str!("../migrations/202611252200_stage.sql")),
    ],
};

/// Adds this room's texts to a catalogue: problems of exports, refusals of bundles, differences in words.
pub fn add_texts(catalogue: town::CatalogueBuilder) -> town::CatalogueBuilder {
    use town::Language;
    catalogue
        .add(&Language::JAPANESE, "registry/ja/registry.ftl", include_str!("../texts/ja/registry.ftl"))
        .add(&Language::EASY_JAPANESE, "registry/ja-easy/registry.ftl", include_str!("../texts/ja-easy/registry.ftl"))
        .add(&Language::ENGLISH, "registry/en/registry.ftl", include_str!("../texts/en/registry.ftl"))
}

/// Says a difference in words: `転入 3人、死亡 1人、住所の変更 12人がありました。`, or that nothing changed.
pub fn difference_in_words(counts: &Counts, texts: &town::Catalogue, language: &town::Language) -> String {
    let phrases: Vec<String> = counts
        .phrases()
        .into_iter()
        .map(|(key, people)| texts.text(language, key, &[("n", i64::try_from(people).unwrap_or(i64::MAX).into())]))
        .collect();
    if phrases.is_empty() {
        return texts.text(language, "registry-difference-none", &[]);
    }
    let joined = phrases.join(&texts.text(language, "registry-difference-comma", &[]));
    texts.text(language, "registry-difference", &[("parts", joined.as_str().into())])
}

/// Says a problem in words, with its line and column.
pub fn problem_in_words(problem: &bridge::Problem, texts: &town::Catalogue, language: &town::Language) -> String {
    let reason = texts.text(language, &problem.reason.text_key(), &[]);
    let key = if problem.column == 0 && problem.header.is_empty() { "registry-problem-row" } else { "registry-problem-cell" };
    let args = [
        ("line", i64::from(problem.line).into()),
        ("column", i64::from(problem.column).into()),
        ("header", problem.header.as_str().into()),
        ("reason", reason.as_str().into()),
    ];
    texts.text(language, key, &args)
}
