//! The station's page: choose, lay the card, type the secret, done. What is missing for the moment is waited for.

mod tap;
mod view;
mod wait;
mod words;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use jpki::{CardError, PinKind, SignaturePassword, SpendLastTry, TextPin, Tries, UserAuthPin};
use serde::Deserialize;

use crate::Station;
use crate::at_card::{self, Fault, Looked, Way};
use crate::centre::{Answer, CentreError, Question};
use crate::kept;
use crate::slot::{Slot, Trouble};
use view::{View, query};
use words::{centre_text, fault_text, refusal_text};

pub(crate) use tap::{tap, watch_tap};
pub(crate) use wait::{kept, watch_card, watch_centre, watch_kept};

type App = State<Arc<Station>>;

/// How long everything at the card may take, waiting for others included: a reader that hangs must not hang the page.
const CARD_TIMEOUT: Duration = Duration::from_secs(45);

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Asked {
    code: String,
    back: String,
    card: String,
    lang: String,
    /// `yes` once the holder has said that the code is their own screen's.
    own: String,
    /// `digits` to prove with the 4-digit PINs.
    by: String,
}

impl Asked {
    /// The query of this page, but for the language, to be opened again in another.
    fn query(&self) -> String {
        query(&[("code", &self.code), ("back", &self.back), ("card", &self.card), ("own", &self.own), ("by", &self.by)])
    }

    /// The address of the card's page.
    fn card_page(&self) -> String {
        format!("/card?{}{}", self.query().trim_start_matches('&'), query(&[("lang", &self.lang)]))
    }

    /// The address of the first page for the same code, to choose another card.
    fn again(&self) -> String {
        format!("/?{}", query(&[("code", &self.code), ("back", &self.back), ("lang", &self.lang)]).trim_start_matches('&'))
    }

    fn is_own(&self) -> bool {
        self.own == "yes"
    }

    /// The 4-digit PINs count only where the town trusts what this station reads.
    fn way(&self, station: &Station) -> Way {
        if self.by == "digits" && station.is_enrolled() { Way::Digits } else { Way::Password }
    }
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    page: String,
    question: Option<Question>,
    cards: Vec<(String, String)>,
    /// Software cards are chosen, a card of plastic is laid.
    chosen: bool,
    enrolled: bool,
    /// Where somebody without a phone begins, on this very screen.
    kiosk: String,
    error: Option<String>,
}

/// The code, then what answering it means and by which secret.
pub(crate) async fn start(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let view = View::new(&station, &headers, &asked.lang);
    start_page(&station, &view, &asked, None).await
}

/// The centre's first page for who has no phone, with the address of this reader to come back to.
fn kiosk_page(station: &Station, view: &View<'_>) -> String {
    let here = query(&[("station", &view.here), ("lang", view.language.as_str())]);
    format!("{}/kiosk?{}", station.centre.address(), here.trim_start_matches('&'))
}

async fn start_page(station: &Arc<Station>, view: &View<'_>, asked: &Asked, fault: Option<String>) -> Response {
    let (question, error) = if asked.code.trim().is_empty() {
        let trouble = readers_trouble(station, view).await;
        (None, fault.or(trouble))
    } else {
        match ask(station, &asked.code).await {
            Ok(question) => (Some(question), fault),
            Err(CentreError::Unreachable(error)) => return wait::for_centre(view, asked, &CentreError::Unreachable(error)),
            Err(refused) => (None, Some(centre_text(view, &refused))),
        }
    };
    let (cards, chosen) = (station.slot.choices(), matches!(station.slot, Slot::Cards(_)));
    let enrolled = station.is_enrolled();
    view.html(&Start {
        view,
        asked,
        page: format!("/?{}", asked.query()),
        question,
        cards,
        chosen,
        enrolled,
        kiosk: kiosk_page(station, view),
        error,
    })
}

/// What is wrong with the reader itself, before anybody begins.
async fn readers_trouble(station: &Station, view: &View<'_>) -> Option<String> {
    let Slot::Reader(reader) = station.slot.clone() else { return None };
    let looked = tokio::task::spawn_blocking(move || reader.look()).await;
    looked.ok()?.err().filter(|trouble| trouble.is_the_readers()).map(|trouble| view.t(trouble.key()))
}

async fn ask(station: &Arc<Station>, code: &str) -> Result<Question, CentreError> {
    let (centre, code) = (station.centre.clone(), code.to_owned());
    let asked = tokio::task::spawn_blocking(move || centre.question(&code)).await;
    asked.map_err(|error| CentreError::Unreachable(error.into()))?
}

/// Does something at the card, on a thread that may wait, one at a time.
async fn at_card<T: Send + 'static>(
    station: &Arc<Station>,
    act: impl FnOnce(&Slot) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let station = Arc::clone(station);
    let acted = tokio::task::spawn_blocking(move || {
        let _one_at_a_time = station.at_card.lock();
        act(&station.slot)
    });
    match tokio::time::timeout(CARD_TIMEOUT, acted).await {
        Ok(Ok(acted)) => acted,
        Ok(Err(error)) => {
            tracing::error!(%error, "reading the card fell over");
            Err(Fault::Card(CardError::Garbled("reading")))
        }
        Err(_) => {
            tracing::error!("the reader does not answer");
            Err(Fault::Trouble(Trouble::Failed))
        }
    }
}

/// What stands in the way of asking for the secret.
enum Hindrance {
    Centre(CentreError),
    Card(Fault),
}

/// Whether the question is still open and the card can be asked: the centre first, so that no try is spent on an answer nobody takes.
async fn stand(station: &Arc<Station>, asked: &Asked) -> Result<Looked, Hindrance> {
    ask(station, &asked.code).await.map_err(Hindrance::Centre)?;
    let (chosen, way) = (asked.card.clone(), asked.way(station));
    at_card(station, move |slot| at_card::look(slot, &chosen, way)).await.map_err(Hindrance::Card)
}

#[derive(Template)]
#[template(path = "card.html")]
struct CardPage<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    page: String,
    form: String,
    label: String,
    digits: bool,
    tries: Option<u8>,
    text_tries: Option<u8>,
    last: bool,
    chosen: bool,
    error: Option<String>,
}

/// The card on the reader: how many tries it has left, and the secret. Only after the holder has said that the code is their own screen's.
pub(crate) async fn card(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let view = View::new(&station, &headers, &asked.lang);
    if !asked.is_own() {
        return start_page(&station, &view, &asked, Some(view.t("station-own-first"))).await;
    }
    card_page(&station, &view, &asked, None).await
}

async fn card_page(station: &Arc<Station>, view: &View<'_>, asked: &Asked, error: Option<String>) -> Response {
    let Looked { label, tries } = match stand(station, asked).await {
        Ok(looked) => looked,
        Err(Hindrance::Centre(CentreError::Refused { .. })) => return start_page(station, view, asked, None).await,
        Err(hindrance) => return wait::for_card(view, asked, &hindrance, error),
    };
    let left = |wanted: PinKind| match tries.iter().find(|(which, _)| *which == wanted) {
        Some((_, Tries::Left(left))) => Some(*left),
        _ => None,
    };
    let digits = asked.way(station) == Way::Digits;
    view.html(&CardPage {
        view,
        asked,
        page: format!("/card?{}", asked.query()),
        form: station.forms.show(&asked.code, &asked.card),
        label,
        digits,
        tries: left(if digits { PinKind::UserAuthentication } else { PinKind::Signature }),
        text_tries: left(PinKind::Text),
        last: tries.iter().any(|(_, tries)| matches!(tries, Tries::Left(1) | Tries::NotTold)),
        chosen: matches!(station.slot, Slot::Cards(_)),
        error,
    })
}

#[derive(Template)]
#[template(path = "done.html")]
struct Done<'a> {
    view: &'a View<'a>,
    page: String,
}

fn done_page(view: &View<'_>) -> Response {
    view.html(&Done { view, page: "/?".to_owned() })
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(flatten)]
    asked: Asked,
    /// Which of the forms shown this is.
    #[serde(default)]
    form: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    pin: String,
    /// Left empty by who chose one number for both.
    #[serde(default)]
    text_pin: String,
    #[serde(default)]
    last_try: Option<String>,
}

impl Typed {
    /// What was typed, if it has the form it must have: a slip of the finger never reaches the card.
    fn secrets(&self, way: Way) -> Result<at_card::Typed, CardError> {
        let text_pin = if self.text_pin.is_empty() { &self.pin } else { &self.text_pin };
        Ok(match way {
            Way::Password => at_card::Typed::Password(SignaturePassword::new(&self.password)?),
            Way::Digits => at_card::Typed::Digits(UserAuthPin::new(&self.pin)?, TextPin::new(text_pin)?),
        })
    }
}

/// Lets the card answer and hands the answer to the centre.
pub(crate) async fn read(State(station): App, headers: HeaderMap, Form(typed): Form<Typed>) -> Response {
    let asked = typed.asked.clone();
    let view = View::new(&station, &headers, &asked.lang);
    if !asked.is_own() {
        return start_page(&station, &view, &asked, Some(view.t("station-own-first"))).await;
    }
    // Before anything else: a secret that no form of ours asked for must not cost the card a try.
    if !station.forms.take(&typed.form, &asked.code, &asked.card) {
        return card_page(&station, &view, &asked, Some(view.t("station-form-old"))).await;
    }
    let secrets = match typed.secrets(asked.way(&station)) {
        Ok(secrets) => secrets,
        Err(error) => return card_page(&station, &view, &asked, Some(fault_text(&view, &Fault::Card(error)))).await,
    };
    let agreed = typed.last_try.is_some().then(SpendLastTry::the_holder_agreed);
    drop(typed);
    // Asked right before the card is: when nobody takes the answer, the card is left alone and the page says why.
    let Ok(mut question) = ask(&station, &asked.code).await else { return card_page(&station, &view, &asked, None).await };
    let chosen = asked.card.clone();
    let signing = move |slot: &Slot| at_card::sign(slot, &chosen, &secrets, agreed, &mut question).map(|answer| (question, answer));
    match at_card(&station, signing).await {
        Ok((question, answer)) => hand_in(&station, &view, &asked, question, answer).await,
        Err(fault) => card_page(&station, &view, &asked, Some(fault_text(&view, &fault))).await,
    }
}

/// Hands the answer in, or keeps it until the centre is back.
async fn hand_in(station: &Arc<Station>, view: &View<'_>, asked: &Asked, question: Question, answer: Answer) -> Response {
    let (centre, given, signed) = (station.centre.clone(), question.clone(), answer.clone());
    let handed = tokio::task::spawn_blocking(move || centre.answer(&given, &signed)).await;
    match handed.unwrap_or_else(|error| Err(CentreError::Unreachable(error.into()))) {
        Ok(()) => taken(station, view, asked),
        Err(CentreError::Refused { code }) => refused(station, view, asked, &code).await,
        Err(CentreError::Unreachable(error)) => {
            tracing::warn!(%error, "the centre went away before it had the answer: it is kept");
            let ticket = kept::keep(station, question, answer);
            Redirect::to(&wait::kept_page(asked, &ticket)).into_response()
        }
    }
}

/// The centre has the answer: back to the screen that asked, or the word that it is done.
fn taken(station: &Station, view: &View<'_>, asked: &Asked) -> Response {
    if comes_from_centre(station, &asked.back) { Redirect::to(&asked.back).into_response() } else { done_page(view) }
}

/// The centre did not believe the answer. The resident's own page says why, in its words, unless it is this station's own fault.
async fn refused(station: &Arc<Station>, view: &View<'_>, asked: &Asked, code: &str) -> Response {
    if code == "station_needed" {
        station.is_parted(true);
    } else if comes_from_centre(station, &asked.back) {
        return Redirect::to(&asked.back).into_response();
    }
    start_page(station, view, asked, Some(refusal_text(view, code))).await
}

/// Only the centre's own pages are gone back to.
fn comes_from_centre(station: &Station, back: &str) -> bool {
    back.strip_prefix(station.centre.address()).is_some_and(|rest| rest.starts_with('/'))
}
