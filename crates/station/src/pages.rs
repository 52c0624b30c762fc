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
    /// In the language of the link or form, else the one chosen here before, else Japanese.
    fn new(station: &'a Station, headers: &HeaderMap, asked: &str) -> Self {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let chosen = std::iter::once(asked).chain(cookies.filter_map(|pair| pair.trim().strip_prefix("lang=")));
        let known = |language: &Language| station.texts.languages().contains(language);
        let language = chosen.filter_map(|tag| tag.parse::<Language>().ok()).find(known);
        Self { station, language: language.unwrap_or(Language::JAPANESE) }
    }

    fn t(&self, key: &str) -> String {
        self.station.texts.text(&self.language, key, &[])
    }

    fn tn(&self, key: &str, n: &u8) -> String {
        self.station.texts.text(&self.language, key, &[("n", Arg::from(*n))])
    }

    fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.station.texts.text(&self.language, key, &[(name, Arg::from(value))])
    }

    fn asset(&self, name: &str) -> String {
        self.station.assets.path(name)
    }

    /// The languages of the switch: tag, the page's own tag, name, whether it is this one.
    fn languages(&self) -> Vec<(String, String, String, bool)> {
        let languages = self.station.texts.languages().iter();
        let named = |language: &Language| {
            let name = self.t(&format!("language-{language}"));
            (language.to_string(), language.html().to_owned(), name, *language == self.language)
        };
        languages.map(named).collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    code: String,
    back: String,
    card: String,
    lang: String,
    /// `yes` once the holder has said that the code is their own screen's.
    own: String,
}

impl Asked {
    /// The query of this page, but for the language, to be opened again in another.
    fn query(&self) -> String {
        let pairs = [("code", &self.code), ("back", &self.back), ("card", &self.card), ("own", &self.own)];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| format!("&{name}={}", percent_encoded(value))).collect()
    }

    /// The address of the first page for the same code, to choose another card.
    fn again(&self) -> String {
        format!("/?code={}&back={}&lang={}", percent_encoded(&self.code), percent_encoded(&self.back), percent_encoded(&self.lang))
    }

    fn is_own(&self) -> bool {
        self.own == "yes"
    }
}

/// A value as a query carries it.
fn percent_encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    view: &'a View<'a>,
    asked: &'a Asked,
    page: String,
    question: Option<Question>,
    cards: Vec<(String, String)>,
    error: Option<String>,
}

/// The code, then what answering it means and the choice of a card.
pub(crate) async fn start(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let view = View::new(&station, &headers, &asked.lang);
    start_page(&station, &view, &asked, None).await
}

async fn start_page(station: &Arc<Station>, view: &View<'_>, asked: &Asked, fault: Option<String>) -> Response {
    let cards = station.cards.list().unwrap_or_else(|error| {
        tracing::error!(%error, "cards cannot be listed");
        Vec::new()
    });
    let (question, error) = if asked.code.trim().is_empty() {
        (None, fault)
    } else {
        match ask(station, &asked.code).await {
            Ok(question) => (Some(question), fault),
            Err(error) => (None, Some(centre_text(view, &error))),
        }
    };
    html(view, &Start { view, asked, page: format!("/?{}", asked.query()), question, cards, error })
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
    page: String,
    form: String,
    label: String,
    tries: Option<u8>,
    last: bool,
    error: Option<String>,
    done: bool,
}

/// The card on the reader: how many tries it has left, and the password. Only after the holder has said that the code is their own screen's.
pub(crate) async fn card(State(station): App, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let view = View::new(&station, &headers, &asked.lang);
    if !asked.is_own() {
        return start_page(&station, &view, &asked, Some(view.t("station-own-first"))).await;
    }
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
    let form = view.station.forms.show(&asked.code, &asked.card);
    let page = format!("/card?{}", asked.query());
    html(view, &CardPage { view, asked, page, form, label, tries, last: tries == Some(1), error, done: false })
}

fn done_page(view: &View<'_>, asked: &Asked) -> Response {
    let (page, form, label) = ("/?".to_owned(), String::new(), String::new());
    html(view, &CardPage { view, asked, page, form, label, tries: None, last: false, error: None, done: true })
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(flatten)]
    asked: Asked,
    /// Which of the forms shown this is.
    #[serde(default)]
    form: String,
    password: String,
    #[serde(default)]
    last_try: Option<String>,
}

/// Lets the card answer and hands the answer to the centre.
pub(crate) async fn read(State(station): App, headers: HeaderMap, Form(typed): Form<Typed>) -> Response {
    let Typed { asked, form, password, last_try } = typed;
    let view = View::new(&station, &headers, &asked.lang);
    if !asked.is_own() {
        return start_page(&station, &view, &asked, Some(view.t("station-own-first"))).await;
    }
    // Before anything else: a password that no form of ours asked for must not cost the card a try.
    if !station.forms.take(&form, &asked.code, &asked.card) {
        return card_page(&view, &asked, Some(view.t("station-form-old")));
    }
    let question = match ask(&station, &asked.code).await {
        Ok(question) => question,
        Err(error) => return card_page(&view, &asked, Some(centre_text(&view, &error))),
    };
    let agreed = last_try.is_some().then(SpendLastTry::the_holder_agreed);
    let answered = sign(&station, &asked.card, &password, agreed, &question);
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => return card_page(&view, &asked, Some(card_text(&view, &error))),
    };
    let centre = station.centre.clone();
    let handed = tokio::task::spawn_blocking(move || centre.answer(&question, &answer)).await;
    match handed {
        Ok(Ok(())) if comes_from_centre(&station, &asked.back) => Redirect::to(&asked.back).into_response(),
        Ok(Ok(())) => done_page(&view, &asked),
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
        CentreError::Refused { code } if code == "too_many_tries" => view.t("station-too-many-tries"),
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

fn html<T: Template>(view: &View<'_>, page: &T) -> Response {
    match page.render() {
        Ok(text) => {
            let keep = format!("lang={}; Path=/; Max-Age=31536000; SameSite=Lax", view.language);
            ([(header::CACHE_CONTROL, "no-store".to_owned()), (header::SET_COOKIE, keep)], Html(text)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "page failed");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
