//! Yes or no to a card that is tapped: no secret, no code, nothing to touch on the screen.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::view::{View, query};
use super::wait::{Watched, watched};
use super::words::{centre_text, fault_key, fault_text};
use super::{App, at_card};
use crate::Station;
use crate::at_card::{Fault, tapped};
use crate::centre::{CentreError, Verdict};
use crate::slot::{Slot, Trouble};

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Tapping {
    /// Which of the software cards is tapped, where they stand in for a reader.
    card: String,
    lang: String,
    /// The state the page shows.
    seen: String,
}

/// What is to be seen now.
enum Now {
    Verdict(Verdict),
    /// The card has no number of the town.
    Bare,
    Centre(CentreError),
    Card(Fault),
}

impl Now {
    /// The name of the state, by which the page notices that it has changed.
    fn name(&self) -> String {
        match self {
            Self::Verdict(Verdict { accepted: true, .. }) => "yes".to_owned(),
            Self::Verdict(_) => "no".to_owned(),
            Self::Bare => "bare".to_owned(),
            Self::Centre(_) => "centre".to_owned(),
            Self::Card(fault) => fault_key(fault),
        }
    }
}

async fn now(station: &Arc<Station>, view: &View<'_>, chosen: &str) -> Now {
    let card = chosen.to_owned();
    let number = match at_card(station, move |slot| tapped(slot, &card)).await {
        Ok(Some(number)) => number,
        Ok(None) => return Now::Bare,
        Err(fault) => {
            if matches!(fault, Fault::Trouble(Trouble::NoCard)) {
                station.taps.lifted();
            }
            return Now::Card(fault);
        }
    };
    let (asking, language) = (Arc::clone(station), view.language.as_str().to_owned());
    let asked = tokio::task::spawn_blocking(move || asking.taps.ask(&asking.centre, &number, &language)).await;
    match asked.unwrap_or_else(|error| Err(CentreError::Unreachable(error.into()))) {
        Ok(verdict) => Now::Verdict(verdict),
        Err(error) => Now::Centre(error),
    }
}

#[derive(Template)]
#[template(path = "tap.html")]
struct Tap<'a> {
    view: &'a View<'a>,
    page: String,
    verdict: Option<Verdict>,
    text: String,
    wrong: bool,
    watch: String,
    on: String,
    /// The software cards to choose from.
    cards: Vec<(String, String)>,
}

/// The page a place keeps open: it waits for a card, says yes or no while the card lies there, and waits for the next.
pub(crate) async fn tap(State(station): App, headers: HeaderMap, Query(tapping): Query<Tapping>) -> Response {
    if !station.is_enrolled() {
        return Redirect::to("/").into_response();
    }
    let view = View::new(&station, &headers, &tapping.lang);
    let chosen_here = matches!(station.slot, Slot::Cards(_));
    let now = match chosen_here && tapping.card.is_empty() {
        true => {
            station.taps.lifted();
            Now::Card(Fault::Trouble(Trouble::NoCard))
        }
        false => now(&station, &view, &tapping.card).await,
    };
    let on = format!("/tap?{}", query(&[("card", &tapping.card), ("lang", &tapping.lang)]).trim_start_matches('&'));
    let watch = format!("/tap/waiting?{}", query(&[("card", &tapping.card), ("seen", &now.name())]).trim_start_matches('&'));
    let (verdict, text, wrong) = match now {
        Now::Verdict(verdict) => (Some(verdict), String::new(), false),
        Now::Bare => (None, view.t("tap-bare"), true),
        Now::Centre(CentreError::Unreachable(_)) => (None, view.t("tap-centre"), true),
        Now::Centre(refused) => (None, centre_text(&view, &refused), true),
        Now::Card(Fault::Trouble(Trouble::NoCard)) => (None, view.t("tap-lay"), false),
        Now::Card(fault) => (None, fault_text(&view, &fault), true),
    };
    let cards = station.slot.choices();
    view.html(&Tap { view: &view, page: format!("/tap?{}", query(&[("card", &tapping.card)])), verdict, text, wrong, watch, on, cards })
}

/// Whether there is something else to be seen now.
pub(crate) async fn watch_tap(State(station): App, headers: HeaderMap, Query(tapping): Query<Tapping>) -> Json<Watched> {
    let view = View::new(&station, &headers, &tapping.lang);
    let nothing_chosen = matches!(station.slot, Slot::Cards(_)) && tapping.card.is_empty();
    let same = nothing_chosen || now(&station, &view, &tapping.card).await.name() == tapping.seen;
    let on = format!("/tap?{}", query(&[("card", &tapping.card), ("lang", &tapping.lang)]).trim_start_matches('&'));
    watched(&view, !same, on)
}
