//! The way in by an identity app: to its provider and back, and what is said when it did not work.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use identity::{AppAnswer, AppRefusal};
use serde::Deserialize;
use town::{AppId, IdentityApp};
use web::{App, Page, Problem, Reader, Session, View};

use crate::browser::{Sent, browser_of, leading_on, with_cookies};
use crate::domain::{self, Browser, Error, Proofing};
use crate::pages::{Next, signed_in};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/start/app/{app}", post(begin))
        .route("/start/app/{app}/callback", get(callback))
        .route("/start/app/{app}/jwks.json", get(keys))
}

/// The town's public keys, for an app's provider to fetch.
async fn keys(Extension(proofing): Extension<Arc<Proofing>>, Path(id): Path<AppId>) -> Result<Response, Problem> {
    let set = proofing.apps.public_keys(&id)?;
    Ok(([(header::CONTENT_TYPE, "application/jwk-set+json")], set.to_string()).into_response())
}

#[derive(Template)]
#[template(path = "app.html")]
struct Going<'a> {
    view: &'a View,
    name: &'a str,
    address: &'a str,
}

#[derive(Template)]
#[template(path = "app-sign.html")]
struct Signing<'a> {
    view: &'a View,
    name: &'a str,
    address: &'a str,
    /// The very text that is signed.
    statement: &'a str,
}

/// Leads to the app's provider. A page of our own does, not a redirect: forms of ours may lead to us alone.
async fn begin(
    State(app): State<App>,
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    Reader(ctx): Reader,
    Path(id): Path<AppId>,
    Form(next): Form<Next>,
) -> Result<Response, Problem> {
    let actor = ctx.actor.clone();
    drop(ctx);
    let offered = find(&proofing, &id)?;
    let words = view.t1("app-statement", "town", view.words(&app.town().name));
    let begun = match domain::begin_app(app.store(), actor, &proofing, &id, words).await {
        Ok(begun) => begun,
        Err(refused @ identity::Error::App(_)) => return Ok(failed(&view, offered, &refused, &next.next)),
        Err(error) => return Err(error.into()),
    };
    let (name, address) = (view.words(&offered.name), begun.address.as_str());
    let keep = Sent::keep(&begun, &next.next, app.origin());
    // Nobody is led on who has not read what they are about to sign.
    if let Some(statement) = &begun.statement {
        let title = view.t1("app-sign-title", "app", name);
        return with_cookies(view.page(&Page::plain(&title), &Signing { view: &view, name, address, statement }), &[keep]);
    }
    let title = view.t1("app-going-title", "app", name);
    leading_on(with_cookies(view.page(&Page::plain(&title), &Going { view: &view, name, address }), &[keep])?, address)
}

fn find<'a>(proofing: &'a Proofing, id: &AppId) -> Result<&'a IdentityApp, Problem> {
    proofing.apps.offered().find(|app| app.id == *id).ok_or_else(Problem::not_found)
}

/// What a provider sends a browser back with.
#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Takes the answer, signs this browser in and leads to where the person was going.
async fn callback(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Session(session): Session,
    Reader(ctx): Reader,
    Path(id): Path<AppId>,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let (actor, now) = (ctx.actor.clone(), ctx.now());
    drop(ctx);
    let offered = find(&proofing, &id)?;
    let sent = Sent::of(&headers);
    let label = browser_of(&headers).unwrap_or_else(|| view.t("session-browser"));
    let answer = AppAnswer { state: back.state, code: back.code, error: back.error, issuer: back.iss };
    let browser = Browser { secret: sent.as_ref().map(|sent| sent.secret.as_str()), label: &label, session };
    let next = sent.as_ref().and_then(|sent| sent.next.as_deref()).unwrap_or("/");
    match domain::answer_app(view.app.store(), actor, &proofing, &id, answer, &browser).await {
        Ok(session) => signed_in(&view.app, &session, now, next, Sent::forget()),
        Err(Error::Identity(error)) if how(&error).is_some() => Ok(failed(&view, offered, &error, next)),
        Err(error) => Err(error.into()),
    }
}

/// How it failed, as a person needs to know it: the text's name, and the status.
fn how(error: &identity::Error) -> Option<(&'static str, StatusCode)> {
    use identity::Error as E;
    Some(match error {
        E::App(AppRefusal::Cancelled) => ("cancelled", StatusCode::OK),
        E::App(AppRefusal::Away) => ("away", StatusCode::SERVICE_UNAVAILABLE),
        E::App(AppRefusal::Claims) => ("claims", StatusCode::UNPROCESSABLE_ENTITY),
        E::ProofExpired => ("late", StatusCode::CONFLICT),
        E::ProofNotFound | E::ProofReplayed | E::App(AppRefusal::OtherBrowser) => ("other", StatusCode::CONFLICT),
        E::OtherPerson | E::App(AppRefusal::Signer) => ("person", StatusCode::CONFLICT),
        E::Card(_) => ("card", StatusCode::UNPROCESSABLE_ENTITY),
        E::App(_) => ("technical", StatusCode::UNPROCESSABLE_ENTITY),
        _ => return None,
    })
}

#[derive(Template)]
#[template(path = "app-failed.html")]
struct Failed<'a> {
    view: &'a View,
    app: &'a IdentityApp,
    title: &'a str,
    way_out: String,
    /// Where the person was going.
    next: &'a str,
    /// What the office can look up, where the person can do nothing.
    code: Option<&'static str>,
}

fn failed(view: &View, app: &IdentityApp, error: &identity::Error, next: &str) -> Response {
    let Some((text, status)) = how(error) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let name = view.words(&app.name);
    let title = view.t1(&format!("app-{text}"), "app", name);
    let way_out = match error {
        // What is wrong with a card is said as where a card is read.
        identity::Error::Card(_) => view.t(&format!("proof-{}", error.code().replace('_', "-"))),
        _ => view.t1(&format!("app-{text}.next"), "app", name),
    };
    let code = (text == "technical").then(|| error.code());
    let mut response = view.page(&Page::plain(&title), &Failed { view, app, title: &title, way_out, next, code });
    *response.status_mut() = status;
    response
}
