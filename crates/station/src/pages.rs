//! The station's page: choose, type the password, done.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use jpki::{CardError, PinKind, Reader, SignaturePassword, SpendLastTry, Tries};
use serde::Deserialize;
use town::{Arg, Language};

use crate::Station;
use crate::centre::{CentreError, Question};

type App = State<Arc<Station>>;

/// The page for one reader.
struct View<'a> {
    station: &'a Station,
    language: Language,
}

impl<'a> View<'a> {
    fn new(station: &'a Station, headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let chosen = cookies.filter_map(|pair| pair.trim().strip_prefix("lang=")).find_map(|tag| tag.parse::<Language>().ok());
        let known = chosen.filter(|language| station.texts.languages().contains(language));
        Self { station, language: known.unwrap_or(Language::JAPANESE) }
    }

    fn t(&self, key: &str) -> String {
        self.station.texts.text(&self.language, key, &[])
    }

    fn tn(&self, key: &str, n: &u8) -> String {
        self.station.texts.text(&self.language, key, &[("n", Arg::from(*n))])
    }

    fn asset(&self, name: &str) -> String {
        self.station.assets.path(name)
    }
}

#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    #[serde(default)]
    code: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    card: String,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    question: Option<Question>,
    cards: Vec<(String, String)>,
    error: Option<String>,
}

/// The code, then the choice of a card.
pub(crate) async fn start(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let view = View::new(&station, &headers);
    let cards = station.cards.list().unwrap_or_else(|error| {
        tracing::error!(%error, "cards cannot be listed");
        Vec::new()
    });
    let (question, error) = if asked.code.trim().is_empty() {
        (None, None)
    } else {
        match ask(&station, &asked.code).await {
            Ok(question) => (Some(question), None),
            Err(error) => (None, Some(centre_text(&view, &error))),
        }
    };
    html(&Start { view: &view, asked: &asked, question, cards, error })
}

async fn ask(station: &Arc<Station>, code: &str) -> Result<Question, CentreError> {
    let (centre, code) = (station.centre.clone(), code.to_owned());
    let asked = tokio::task::spawn_blocking(move || centre.question(&code)).await;
    asked.map_err(|error| CentreError::Unreachable(error.into()))?
}

#[derive(Template)]
#[template(path = "card.html")]
struct CardPage<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    label: String,
    tries: Option<u8>,
    last: bool,
    error: Option<String>,
    done: bool,
}

/// The card on the reader: how many tries it has left, and the password.
pub(crate) async fn card(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let view = View::new(&station, &headers);
    card_page(&view, &asked, None)
}

fn card_page(view: &View<'_>, asked: &Asked, error: Option<String>) -> Response {
    let tries = view.station.cards.lay(&asked.card).map_err(|_| CardError::NoCard).and_then(|card| {
        let label = card.label.clone();
        let mut reader = Reader::open(card)?;
        let tries = reader.tries_left(PinKind::Signature)?;
        reader.finish();
        Ok((label, tries))
    });
    let (label, tries, error) = match tries {
        Ok((label, Tries::Left(left))) => (label, Some(left), error),
        Ok((label, Tries::Blocked)) => (label, Some(0), Some(card_text(view, &CardError::Blocked(PinKind::Signature)))),
        Ok((label, _)) => (label, None, error),
        Err(failed) => (String::new(), Some(0), Some(card_text(view, &failed))),
    };
    html(&CardPage { view, asked, label, tries, last: tries == Some(1), error, done: false })
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    code: String,
    back: String,
    card: String,
    password: String,
    #[serde(default)]
    last_try: Option<String>,
}

/// Lets the card answer and hands the answer to the centre.
pub(crate) async fn read(State(station): App, headers: HeaderMap, Form(typed): Form<Typed>) -> Response {
    let view = View::new(&station, &headers);
    let asked = Asked { code: typed.code, back: typed.back, card: typed.card };
    let question = match ask(&station, &asked.code).await {
        Ok(question) => question,
        Err(error) => return card_page(&view, &asked, Some(centre_text(&view, &error))),
    };
    let agreed = typed.last_try.is_some().then(SpendLastTry::the_holder_agreed);
    let answered = sign(&station, &asked.card, &typed.password, agreed, &question);
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => return card_page(&view, &asked, Some(card_text(&view, &error))),
    };
    let centre = station.centre.clone();
    let handed = tokio::task::spawn_blocking(move || centre.answer(&question, &answer)).await;
    match handed {
        Ok(Ok(())) if comes_from_centre(&station, &asked.back) => Redirect::to(&asked.back).into_response(),
        Ok(Ok(())) => {
            html(&CardPage { view: &view, asked: &asked, label: String::new(), tries: None, last: false, error: None, done: true })
        }
        // The resident's own page says why, in its words.
        Ok(Err(CentreError::Refused { .. })) if comes_from_centre(&station, &asked.back) => Redirect::to(&asked.back).into_response(),
        Ok(Err(error)) => card_page(&view, &asked, Some(centre_text(&view, &error))),
        Err(error) => card_page(&view, &asked, Some(centre_text(&view, &CentreError::Unreachable(error.into())))),
    }
}

fn sign(
    station: &Station,
    card: &str,
    password: &str,
    agreed: Option<SpendLastTry>,
    question: &Question,
) -> Result<jpki::reader::SignedAnswer, CardError> {
    let password = SignaturePassword::new(password)?;
    let card = station.cards.lay(card).map_err(|_| CardError::NoCard)?;
    let mut reader = Reader::open(card)?;
    let message = question.message().ok_or(CardError::Garbled("question"))?;
    let answer = reader.sign_document(&password, agreed, &message);
    reader.finish();
    answer
}

/// Only the centre's own pages are gone back to.
fn comes_from_centre(station: &Station, back: &str) -> bool {
    back.strip_prefix(station.centre.address()).is_some_and(|rest| rest.starts_with('/'))
}

fn centre_text(view: &View<'_>, error: &CentreError) -> String {
    match error {
        CentreError::Unreachable(source) => {
            tracing::warn!(error = %source, "centre cannot be reached");
            view.t("station-unreachable")
        }
        CentreError::Refused { code } if code == "proof_not_found" || code == "proof_expired" => view.t("station-code-wrong"),
        CentreError::Refused { .. } => view.t("station-refused"),
    }
}

fn card_text(view: &View<'_>, error: &CardError) -> String {
    match error {
        CardError::WrongPin { left: Tries::Left(left), .. } => view.tn("card-wrong-pin", left),
        CardError::WrongPin { .. } => view.t("card-blocked"),
        other => view.t(&format!("card-{}", other.code().replace('_', "-"))),
    }
}

fn html<T: Template>(page: &T) -> Response {
    match page.render() {
        Ok(text) => {
            ([(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, "default-src 'self'")], Html(text)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "page failed");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
