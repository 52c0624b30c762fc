//! Choosing who one is, and the control page.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Form, Router};
use serde::Deserialize;
use store::Clock as _;
use web::{Page, Problem, Service, SessionKind, View, query_value, to_mend};

use super::cast::Seen;
use super::life::{Answer, Asked, Endpoint, Impossible, Trouble};
use super::log::Told;
use super::{Simulator, api};
use crate::Failure;

type Of = Extension<Arc<Simulator>>;

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../../texts/ja/simulator.ftl")),
    ("ja-easy", include_str!("../../texts/ja-easy/simulator.ftl")),
    ("en", include_str!("../../texts/en/simulator.ftl")),
];

/// The simulator's pages, beside those of the town.
pub(super) fn service() -> Service {
    let pages = Router::new()
        .route("/simulator", get(control).post(happen))
        .route("/simulator/people", get(people).post(log_in))
        .merge(api::routes());
    Service { pages, texts: TEXTS, ..Service::new("simulator") }
}

/// Somebody in the reader's words.
struct Person {
    id: &'static str,
    name: String,
    /// Who it is, in a few words.
    title: String,
    /// What matters, a line each.
    lines: Vec<String>,
    card: bool,
    lives_here: bool,
    in_register: bool,
}

fn in_words(view: &View, seen: &Seen) -> Person {
    let mut lines = Vec::new();
    if let Some(age) = seen.age {
        lines.push(view.t1("simulator-age", "age", &age.to_string()));
    }
    if !seen.proven {
        lines.push(view.t("simulator-not-proven"));
    } else if !seen.linked {
        lines.push(view.t("simulator-not-linked"));
    }
    if let Some(district) = &seen.district {
        let key = if seen.resident { "simulator-lives" } else { "simulator-moved-out" };
        lines.push(view.t1(key, "district", district));
    }
    if seen.household > 0 {
        lines.push(view.t1("simulator-household", "people", &seen.household.to_string()));
    }
    if seen.protected {
        lines.push(view.t("simulator-protected"));
    }
    let town = view.app.town();
    let names: Vec<&str> = town
        .programmes
        .iter()
        .filter(|one| seen.programmes.iter().any(|id| id == one.id.as_str()))
        .map(|one| view.words(&one.name))
        .collect();
    if names.is_empty() {
        lines.push(view.t("simulator-no-programmes"));
    } else {
        lines.push(view.t1("simulator-programmes", "programmes", &names.join(&view.t("simulator-comma"))));
    }
    Person {
        id: seen.id,
        name: seen.name.clone(),
        title: view.t(&format!("simulator-person-{}", seen.id)),
        lines,
        card: seen.card,
        lives_here: seen.resident,
        in_register: seen.linked,
    }
}

fn failed(failure: &Failure) -> Problem {
    tracing::error!(error = store::error_chain(&**failure), "simulator");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "web.internal")
}

async fn everybody(view: &View, simulator: &Simulator) -> Result<Vec<Person>, Problem> {
    let seen = simulator.everybody().await.map_err(|failure| failed(&failure))?;
    Ok(seen.iter().map(|seen| in_words(view, seen)).collect())
}

#[derive(Template)]
#[template(path = "simulator_people.html")]
struct People<'a> {
    view: &'a View,
    next: &'a str,
    /// Where the person is going, a passkey is not enough.
    card: bool,
    people: Vec<Person>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Next {
    next: String,
    /// `yes` where the card itself is asked for.
    card: String,
}

/// The log-in page: who is it? Somebody chosen beforehand is logged in without a word.
async fn people(view: View, Extension(simulator): Of, Query(Next { next, card }): Query<Next>) -> Result<Response, Problem> {
    let card = card == "yes";
    let chosen = simulator.prepared().person.clone();
    if let Some(chosen) = chosen {
        return enter(&simulator, chosen.person, chosen.card || card, &next).await;
    }
    let people = everybody(&view, &simulator).await?;
    let title = view.t("simulator-people-title");
    Ok(view.page(&Page::plain(&title), &People { view: &view, next: &next, card, people }))
}

#[derive(Deserialize)]
struct LogIn {
    person: String,
    #[serde(default)]
    how: String,
    #[serde(default)]
    next: String,
}

async fn log_in(Extension(simulator): Of, Form(form): Form<LogIn>) -> Result<Response, Problem> {
    enter(&simulator, &form.person, form.how != "passkey", &form.next).await
}

/// Logs somebody in and leads on, to a page of this house and nowhere else.
async fn enter(simulator: &Simulator, person: &str, card: bool, next: &str) -> Result<Response, Problem> {
    let player = simulator.player(person).ok_or_else(Problem::not_found)?;
    let (token, life_s) = simulator.log_in(player, card).await.map_err(|failure| failed(&failure))?;
    let cookie = web::session_cookie(SessionKind::Holder, &token, life_s, &simulator.origin);
    let inside = next.starts_with('/') && !next.starts_with("//") && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let mut response = Redirect::to(if inside { next } else { "/" }).into_response();
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error))?);
    Ok(response)
}

#[derive(Template)]
#[template(path = "simulator.html")]
struct Control<'a> {
    view: &'a View,
    done: bool,
    wrong: Option<String>,
    issuer: &'a str,
    clients: Vec<Shown>,
    people: Vec<Person>,
    chosen: Option<String>,
    today: String,
    day: String,
    endpoints: [Endpoint; 5],
    answers: [Answer; 3],
    prepared: Vec<String>,
    entries: Vec<Line>,
}

struct Shown {
    id: String,
    name: String,
}

/// A request of the log.
struct Line {
    when: String,
    what: String,
    parameters: String,
    client: String,
    status: u16,
    prepared: Option<String>,
    refusal: Option<Told>,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn control(view: View, Extension(simulator): Of, Query(Done { done }): Query<Done>) -> Result<Response, Problem> {
    shown(&view, &simulator, done.is_some(), None).await
}

async fn shown(view: &View, simulator: &Simulator, done: bool, wrong: Option<String>) -> Result<Response, Problem> {
    let prepared = simulator.prepared().clone();
    let mut waiting: Vec<String> = prepared
        .troubles()
        .map(|(endpoint, trouble)| match trouble {
            Trouble::Away => view.t1("simulator-prepared-away", "endpoint", endpoint.name()),
            Trouble::Slow(seconds) => view
                .ta("simulator-prepared-slow", &[("endpoint", endpoint.name().into()), ("seconds", seconds.to_string().as_str().into())]),
        })
        .collect();
    waiting.extend(prepared.next_answer().map(|answer| view.t1("simulator-prepared-answer", "error", answer.words().0)));
    let log = simulator.log().clone();
    let today = simulator.calendar.today();
    let body = Control {
        view,
        done,
        wrong,
        issuer: &simulator.origin,
        clients: simulator.clients.iter().map(|client| Shown { id: client.id.to_string(), name: client.name.clone() }).collect(),
        people: everybody(view, simulator).await?,
        chosen: prepared.person.map(|chosen| view.t(&format!("simulator-person-{}", chosen.person))),
        today: view.day(&today),
        day: today.to_string(),
        endpoints: Endpoint::ALL,
        answers: Answer::ALL,
        prepared: waiting,
        entries: log
            .iter()
            .map(|entry| Line {
                when: view.moment(&entry.at),
                what: format!("{} {}", entry.method, entry.path),
                parameters: entry.parameters_in_line(),
                client: entry.client.clone().unwrap_or_default(),
                status: entry.status,
                prepared: entry.prepared.map(|key| view.t(key)),
                refusal: entry.told(view),
            })
            .collect(),
    };
    let title = view.t("simulator-title");
    Ok(view.page(&Page::plain(&title), &body))
}

/// Lets something happen, from the control page.
async fn happen(view: View, Extension(simulator): Of, Form(asked): Form<Asked>) -> Result<Response, Problem> {
    match simulator.happen(&asked).await {
        Ok(()) => Ok(Redirect::to(&format!("/simulator?done={}", query_value(&asked.happening))).into_response()),
        Err(Impossible::Asked(words)) => Ok(to_mend(shown(&view, &simulator, false, Some(words)).await?)),
        Err(Impossible::Failed(failure)) => Err(failed(&failure)),
    }
}
