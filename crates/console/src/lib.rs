//! The town staff's pages: sign-in, bridge runs, matching queue, people, what-if, members, audit.
//!
//! The room has no tables of its own: it shows what other rooms keep, asks their functions, which ask for the permission, and records every look at a
//! person in the audit trail.

mod access;
mod audit;
mod bridge;
mod duplicates;
mod home;
mod listed;
mod matching;
mod members;
mod people;
mod person;
mod sign_in;
mod what_if;
mod words;

use std::sync::{Arc, OnceLock};

use axum::http::Method;
use axum::routing::{get, post};
use axum::{Extension, Router};
use identity::{CodeKind, Demonstration, Passkeys};
use registry::BridgeKeys;
use store::Permission;
use town::{Catalogue, Town};
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, CodeRoute, MenuItem, Service};

/// The room's texts.
const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/console.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/console.ftl")),
    ("en", include_str!("../texts/en/console.ftl")),
    ("vi", include_str!("../texts/vi/console.ftl")),
    ("zh", include_str!("../texts/zh/console.ftl")),
    ("pt", include_str!("../texts/pt/console.ftl")),
    ("tl", include_str!("../texts/tl/console.ftl")),
    ("id", include_str!("../texts/id/console.ftl")),
];

const MENU: &[MenuItem] = &[
    // Nearly everybody may see programmes; whoever may not reaches the first page by the town's mark.
    MenuItem { rank: 10, href: "/staff", text: "menu-staff-home", icon: "home", staff: Some(Permission::SeeProgrammes) },
    MenuItem { rank: 30, href: "/staff/people", text: "menu-people", icon: "people", staff: Some(Permission::SeePerson) },
    MenuItem { rank: 40, href: "/staff/matching", text: "menu-matching", icon: "queue", staff: Some(Permission::SeeMatching) },
    MenuItem { rank: 42, href: "/staff/duplicates", text: "menu-duplicates", icon: "people", staff: Some(Permission::ResolveMatch) },
    MenuItem { rank: 70, href: "/staff/bridge", text: "menu-bridge", icon: "bridge", staff: Some(Permission::SeeBridge) },
    MenuItem { rank: 60, href: "/staff/what-if", text: "menu-what-if", icon: "rule", staff: Some(Permission::AskWhatIf) },
    MenuItem { rank: 90, href: "/staff/members", text: "menu-members", icon: "key", staff: Some(Permission::ManageStaff) },
    MenuItem { rank: 100, href: "/staff/audit", text: "menu-audit", icon: "history", staff: Some(Permission::SeeAudit) },
];

/// What the console is given by the binary.
pub struct Console {
    passkeys: Arc<Passkeys>,
    keys: Arc<BridgeKeys>,
    demonstration: Option<Demonstration>,
    register_texts: OnceLock<Catalogue>,
}

impl Console {
    /// Takes the relying party of the staff's passkeys and the keys of the centre's end of the bridge, with which an approved bundle is opened;
    /// `demonstration` only for a town of made-up people.
    pub fn new(passkeys: Arc<Passkeys>, keys: Arc<BridgeKeys>, demonstration: Option<Demonstration>) -> Self {
        Self { passkeys, keys, demonstration, register_texts: OnceLock::new() }
    }

    /// The words of the register: differences, thresholds, problems of an export.
    fn register_texts(&self, town: &Town) -> &Catalogue {
        self.register_texts.get_or_init(|| registry::add_texts(Catalogue::new(&town.languages)).add_town(&town.texts).build())
    }
}

/// Where an invitation's code is shown.
const CODES: &[CodeRoute] = &[
    CodeRoute { method: Method::POST, path: "/staff/join/{code}/without-passkey", kind: CodeKind::Invitation },
    CodeRoute { method: Method::POST, path: "/api/v1/staff/passkey/register/begin", kind: CodeKind::Invitation },
    CodeRoute { method: Method::POST, path: "/api/v1/staff/passkey/register/finish", kind: CodeKind::Invitation },
];

/// The console service.
pub fn service(console: Arc<Console>) -> Service {
    let mut pages = pages();
    if console.demonstration.is_some() {
        pages = pages.route("/staff/join/{code}/without-passkey", post(sign_in::join_without_passkey));
    }
    Service {
        pages: pages.layer(Extension(Arc::clone(&console))),
        api: api().layer(Extension(console)),
        texts: TEXTS,
        menu: MENU,
        codes: CODES,
        ..Service::new("console")
    }
}

fn pages() -> Router<App> {
    Router::new()
        .route("/staff", get(home::home))
        .route("/staff/login", get(sign_in::login))
        .route("/staff/join/{code}", get(sign_in::join))
        .route("/staff/logout", post(sign_in::log_out))
        .route("/staff/bridge", get(bridge::runs))
        .route("/staff/bridge/{number}", get(bridge::run))
        .route("/staff/bridge/{number}/approve", post(bridge::approve))
        .route("/staff/bridge/{number}/reject", post(bridge::reject))
        .route("/staff/duplicates", get(duplicates::list))
        .route("/staff/duplicates/merge", post(duplicates::merge))
        .route("/staff/matching", get(matching::queue))
        .route("/staff/matching/{request}", get(matching::case))
        .route("/staff/matching/{request}/link", post(matching::link))
        .route("/staff/matching/{request}/reject", post(matching::reject))
        .route("/staff/people", get(people::form).post(people::search))
        .route("/staff/people/{resident}", get(person::record))
        .route("/staff/people/{resident}/phones/{phone}/end", post(person::end_phone))
        .route("/staff/people/{resident}/accounts/{account}/unlink", post(person::unlink))
        .route("/staff/what-if", get(what_if::page))
        .route("/staff/members", get(members::list).post(members::invite))
        .route("/staff/members/{member}/roles", post(members::set_roles))
        .route("/staff/members/{member}/end", post(members::end))
        .route("/staff/audit", get(audit::trail))
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::login_begin))
        .routes(routes!(sign_in::login_finish))
        .routes(routes!(sign_in::register_begin))
        .routes(routes!(sign_in::register_finish))
        .routes(routes!(what_if::count))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluent_syntax::ast::Entry;

    /// Every key of a catalogue, attributes as `key.attribute`.
    fn keys(text: &str) -> BTreeSet<String> {
        let resource = fluent_syntax::parser::parse(text).unwrap_or_else(|(_, faults)| panic!("{faults:?}"));
        let messages = resource.body.iter().filter_map(|entry| if let Entry::Message(message) = entry { Some(message) } else { None });
        messages
            .flat_map(|message| {
                let own = message.value.is_some().then(|| message.id.name.to_owned());
                own.into_iter().chain(message.attributes.iter().map(|attribute| format!("{}.{}", message.id.name, attribute.id.name)))
            })
            .collect()
    }

    #[test]
    fn every_text_is_there_in_every_language() {
        let [ja, easy, en] = [0, 1, 2].map(|language| keys(super::TEXTS[language].1));
        assert_eq!(ja.symmetric_difference(&easy).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(ja.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&String>::new());
        assert!(ja.len() > 100);
    }

    /// Literal keys in `view.t("…")` and its kin, in code and templates.
    fn used(text: &str) -> impl Iterator<Item = &str> {
        ["view.t(\"", "view.t1(\"", "view.ta(\"", "text: \""]
            .into_iter()
            .flat_map(move |call| text.match_indices(call).filter_map(move |(at, _)| text[at + call.len()..].split('"').next()))
    }

    #[test]
    fn every_key_the_pages_use_has_a_text() {
        let mut missing = BTreeSet::new();
        let known = keys(super::TEXTS[0].1);
        for folder in ["src", "templates"] {
            for file in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                missing.extend(
                    used(&text)
                        .filter(|key| !known.contains(*key))
                        .filter(|key| key.starts_with("console-") || key.starts_with("menu-"))
                        .map(str::to_owned),
                );
            }
        }
        assert_eq!(missing, BTreeSet::new());
    }
}
