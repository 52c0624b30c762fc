//! Waiting: for the reader, the card, the centre. The page says what is missing and goes on by itself, with and without JavaScript.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::view::{View, query};
use super::words::{centre_text, fault_key, fault_text};
use super::{App, Asked, Hindrance, ask, stand, start_page, taken};
use crate::Station;
use crate::at_card::{Fault, Way};
use crate::centre::CentreError;
use crate::kept::Became;
use crate::slot::Slot;

#[derive(Template)]
#[template(path = "wait.html")]
struct Wait<'a> {
    view: &'a View<'a>,
    page: String,
    title: String,
    /// What happened before, if anything.
    error: Option<String>,
    /// What is waited for.
    text: String,
    /// Whether something is wrong, and not only not there yet.
    wrong: bool,
    /// Where to ask whether it goes on.
    watch: String,
    /// Where it goes on.
    on: String,
    /// Other ways: address and words.
    links: Vec<(String, String)>,
}

/// The name of a state, by which the page's own question is answered: has it changed?
fn state(hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::Centre(CentreError::Unreachable(_)) => "centre".to_owned(),
        Hindrance::Centre(CentreError::Refused { .. }) => "refused".to_owned(),
        Hindrance::Card(fault) => fault_key(fault),
    }
}

/// Nothing can be asked while the centre is away, and no card is touched.
pub(super) fn for_centre(view: &View<'_>, asked: &Asked, away: &CentreError) -> Response {
    view.html(&Wait {
        view,
        page: format!("/?{}", asked.query()),
        title: view.t("wait-centre"),
        error: None,
        text: centre_text(view, away),
        wrong: false,
        watch: format!("/waiting?{}", asked.query()),
        on: asked.again(),
        links: Vec::new(),
    })
}

/// What is missing before the secret can be typed.
pub(super) fn for_card(view: &View<'_>, asked: &Asked, hindrance: &Hindrance, error: Option<String>) -> Response {
    let (title, text) = match hindrance {
        Hindrance::Centre(away) => (view.t("wait-centre"), centre_text(view, away)),
        Hindrance::Card(fault @ Fault::Trouble(trouble)) if trouble.is_the_readers() => (view.t("wait-reader"), fault_text(view, fault)),
        Hindrance::Card(fault) => (view.t("wait-card"), fault_text(view, fault)),
    };
    view.html(&Wait {
        view,
        page: format!("/card?{}", asked.query()),
        title,
        error: error.filter(|error| *error != text),
        text,
        wrong: matches!(hindrance, Hindrance::Card(Fault::Card(_))),
        watch: format!("/card/waiting?{}{}", asked.query(), query(&[("seen", &state(hindrance))])),
        on: asked.card_page(),
        links: links(view, asked, hindrance),
    })
}

/// Another card, where it is chosen on the page; the other way, where this card cannot go this one.
fn links(view: &View<'_>, asked: &Asked, hindrance: &Hindrance) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let stuck = matches!(hindrance, Hindrance::Card(Fault::Card(_)));
    if stuck && view.station.is_enrolled() {
        let (by, words) = match asked.way(view.station) {
            Way::Password => ("digits", "wait-by-digits"),
            Way::Digits => ("", "wait-by-password"),
        };
        links.push((Asked { by: by.to_owned(), ..asked.clone() }.card_page(), view.t(words)));
    }
    if matches!(view.station.slot, Slot::Cards(_)) {
        links.push((asked.again(), view.t("station-other")));
    }
    links
}

/// What the waiting page's own question is answered with; the form is that of every progress of the house.
#[derive(Serialize)]
pub(crate) struct Watched {
    done: u8,
    total: u8,
    label: String,
    finished: bool,
    next: String,
}

pub(super) fn watched(view: &View<'_>, finished: bool, next: String) -> Json<Watched> {
    Json(Watched { done: u8::from(finished) + 1, total: 2, label: view.t("wait-goes-on"), finished, next })
}

/// Whether the centre is back.
pub(crate) async fn watch_centre(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Json<Watched> {
    let view = View::new(&station, &headers, &asked.lang);
    let away = matches!(ask(&station, &asked.code).await, Err(CentreError::Unreachable(_)));
    watched(&view, !away, asked.again())
}

#[derive(Deserialize)]
pub(crate) struct Watching {
    #[serde(flatten)]
    asked: Asked,
    /// The state the page shows.
    #[serde(default)]
    seen: String,
}

/// Whether what is missing for the card is there, or something else is missing now.
pub(crate) async fn watch_card(State(station): App, headers: HeaderMap, Query(watching): Query<Watching>) -> Json<Watched> {
    let Watching { asked, seen } = watching;
    let view = View::new(&station, &headers, &asked.lang);
    // Not before the holder has said that the code is theirs: the card is not touched.
    let same = asked.is_own() && stand(&station, &asked).await.is_err_and(|hindrance| state(&hindrance) == seen);
    watched(&view, !same, asked.card_page())
}

#[derive(Deserialize)]
pub(crate) struct Ticket {
    #[serde(flatten)]
    asked: Asked,
    ticket: String,
}

/// The address of the page of an answer that is kept.
pub(super) fn kept_page(asked: &Asked, ticket: &str) -> String {
    format!("/kept?{}", query(&[("ticket", ticket), ("back", &asked.back), ("lang", &asked.lang)]).trim_start_matches('&'))
}

/// The answer the centre could not take: waiting, handed in, or over.
pub(crate) async fn kept(State(station): App, headers: HeaderMap, Query(Ticket { asked, ticket }): Query<Ticket>) -> Response {
    let view = View::new(&station, &headers, &asked.lang);
    match station.kept.became(&ticket) {
        Some(Became::Waiting) => kept_waiting(&view, &asked, &ticket),
        Some(Became::HandedIn) => taken(&station, &view, &asked),
        Some(Became::Refused(code)) => super::refused(&station, &view, &asked, &code).await,
        Some(Became::TooLate) | None => too_late(&station, &view, &asked).await,
    }
}

fn kept_waiting(view: &View<'_>, asked: &Asked, ticket: &str) -> Response {
    let on = kept_page(asked, ticket);
    view.html(&Wait {
        view,
        page: on.replace("/kept?", "/kept?&"),
        title: view.t("kept-title"),
        error: None,
        text: view.t("kept-text"),
        wrong: false,
        watch: on.replace("/kept?", "/kept/waiting?"),
        on,
        links: Vec::new(),
    })
}

async fn too_late(station: &Arc<Station>, view: &View<'_>, asked: &Asked) -> Response {
    start_page(station, view, &Asked { code: String::new(), ..asked.clone() }, Some(view.t("kept-too-late"))).await
}

/// Whether the answer is still waiting.
pub(crate) async fn watch_kept(State(station): App, headers: HeaderMap, Query(Ticket { asked, ticket }): Query<Ticket>) -> Json<Watched> {
    let view = View::new(&station, &headers, &asked.lang);
    let waiting = station.kept.became(&ticket) == Some(Became::Waiting);
    watched(&view, !waiting, kept_page(&asked, &ticket))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::Trouble;

    #[test]
    fn each_state_has_a_name_of_its_own() {
        let states = [
            Hindrance::Centre(CentreError::Unreachable("away".into())),
            Hindrance::Centre(CentreError::Refused { code: "x".to_owned() }),
            Hindrance::Card(Fault::Trouble(Trouble::NoService)),
            Hindrance::Card(Fault::Trouble(Trouble::NoReader)),
            Hindrance::Card(Fault::Trouble(Trouble::NoCard)),
            Hindrance::Card(Fault::Trouble(Trouble::TwoCards)),
            Hindrance::Card(Fault::Trouble(Trouble::Busy)),
            Hindrance::Card(Fault::Trouble(Trouble::Silent)),
            Hindrance::Card(Fault::Card(jpki::CardError::NotThisCard)),
            Hindrance::Card(Fault::Card(jpki::CardError::Blocked(jpki::PinKind::Signature))),
        ];
        let names: std::collections::BTreeSet<String> = states.iter().map(state).collect();
        assert_eq!(names.len(), states.len());
    }
}
