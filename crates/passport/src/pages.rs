//! The way in, and the page about oneself.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use identity::{Phone, PhoneEnd, PhoneId, ProofSessionId, ProofState, SessionOwner};
use jpki::Purpose;
use serde::Deserialize;
use store::{Actor, AuditEntry};
use web::{App, Caller, Page, Problem, Reader, View};

use crate::api::account;
use crate::domain::{Proofing, looks as looks_of};

/// The browser's half of a proof: which question is its own, and the secret that shows it.
const PROOF_COOKIE: &str = "tegata_proof";
/// Lines of the access log on a page.
const LOOKS_MAX: u32 = 100;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/start", get(start).post(begin))
        .route("/start/read", get(read))
        .route("/start/done", get(done))
        .route("/me", get(me))
        .route("/me/phones/{phone}/end", post(end_phone))
        .route("/logout", post(log_out))
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    view: &'a View,
    next: &'a str,
}

#[derive(Deserialize, Default)]
struct Next {
    #[serde(default)]
    next: String,
}

/// What will happen, before it does.
async fn start(view: View, Query(next): Query<Next>) -> Response {
    let title = view.t("start-title");
    view.page(&Page::plain(&title), &Start { view: &view, next: &next.next })
}

/// Begins a proof for this browser.
async fn begin(
    State(app): State<App>,
    Extension(proofing): Extension<Arc<Proofing>>,
    Caller(mut ctx): Caller,
    Form(_): Form<Next>,
) -> Result<Response, Problem> {
    let session = identity::begin_proof(&mut ctx, &proofing.settings, Purpose::Register, None).await?;
    ctx.commit().await?;
    let secure = if app.origin().starts_with("https://") { "; Secure" } else { "" };
    let value = format!("{}.{}.{}", session.id, session.secret, session.code);
    let cookie = format!("{PROOF_COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=900{secure}");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/start/read")).into_response())
}

/// The proof this browser asked for: its id and secret.
pub(crate) fn asked_by(headers: &HeaderMap) -> Option<(ProofSessionId, String)> {
    let value = proof_cookie(headers)?;
    let mut parts = value.splitn(3, '.');
    Some((parts.next()?.parse().ok()?, parts.next()?.to_owned()))
}

fn proof_cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| Some(pair.trim().strip_prefix(PROOF_COOKIE)?.strip_prefix('=')?.to_owned()))
}

/// Why a card was refused, in plain words with the next step.
pub(crate) fn refusal_text(view: &View, code: &str) -> String {
    let key = format!("proof-{}", code.replace(['_', '.'], "-"));
    if view.has(&key) { view.t(&key) } else { view.t("proof-refused") }
}

#[derive(Template)]
#[template(path = "read.html")]
struct Read<'a> {
    view: &'a View,
    code: String,
    station: Option<String>,
    refused: Option<String>,
}

/// Where the card is read: the code for a reader, a link to the one on this machine, and how far it has come.
async fn read(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Reader(mut ctx): Reader,
) -> Result<Response, Problem> {
    let Some((id, secret)) = asked_by(&headers) else { return Ok(Redirect::to("/start").into_response()) };
    let code = proof_cookie(&headers).and_then(|value| value.splitn(3, '.').nth(2).map(str::to_owned)).unwrap_or_default();
    let refused = match identity::proof_state(&mut ctx, id, &secret).await {
        Ok(ProofState::Ready) => return Ok(Redirect::to("/start/done").into_response()),
        Ok(ProofState::Refused { code }) => Some(refusal_text(&view, &code)),
        Ok(ProofState::Waiting) => None,
        Err(_) => return Ok(Redirect::to("/start").into_response()),
    };
    let station = proofing.station.as_ref().map(|station| format!("{station}/?code={code}&back={}/start/read", view.app.origin()));
    let title = view.t("start-title");
    Ok(view.page(&Page::plain(&title).with_island("progress.js", &["progress"]), &Read { view: &view, code, station, refused }))
}

/// Claims the answered proof and signs this browser in.
async fn done(State(app): State<App>, view: View, headers: HeaderMap, Caller(mut ctx): Caller) -> Result<Response, Problem> {
    let Some((id, secret)) = asked_by(&headers) else { return Ok(Redirect::to("/start").into_response()) };
    let account = match identity::claim_proof(&mut ctx, id, &secret).await {
        Ok(account) => account,
        Err(identity::Error::ProofWaiting) => return Ok(Redirect::to("/start/read").into_response()),
        Err(identity::Error::ProofReplayed) => return Ok(Redirect::to("/").into_response()),
        Err(error) => return Err(error.into()),
    };
    let session = identity::start_session(&mut ctx, SessionOwner::Holder(account), &view.t("session-phone")).await?;
    let life_s = session.ends_at.as_second() - ctx.now().as_second();
    ctx.commit().await?;
    let mut response = Redirect::to("/").into_response();
    let lines = [
        web::session_cookie(web::SessionKind::Holder, &session.token, life_s, app.origin()),
        format!("{PROOF_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"),
    ];
    for line in lines {
        response.headers_mut().append(header::SET_COOKIE, line.parse().map_err(|_| Problem::not_found())?);
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "me.html")]
struct Me<'a> {
    view: &'a View,
    name: String,
    linked: bool,
    waiting: bool,
    proven: bool,
    phones: Vec<Phone>,
    looks: Vec<Look>,
}

struct Look {
    when: String,
    who: String,
    what: String,
}

/// What the passport holds of me: name, link, phones, and who looked.
async fn me(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let id = account(&ctx)?;
    let mine = identity::account(&mut ctx, id).await?;
    let linked = identity::link_of(&mut ctx, id).await?.is_some();
    let waiting = identity::match_open_for(&mut ctx, id).await?.is_some();
    let phones = identity::phones_of(&mut ctx, id).await?.into_iter().filter(|phone| phone.ended_at.is_none()).collect();
    let mut looks = Vec::new();
    for entry in looks_of(&mut ctx, id, LOOKS_MAX).await? {
        looks.push(look(&view, &entry));
    }
    let title = view.t("menu-me");
    let body = Me { view: &view, name: mine.name, linked, waiting, proven: mine.keys.is_some(), phones, looks };
    Ok(view.page(&Page::resident(&title), &body))
}

fn look(view: &View, entry: &AuditEntry) -> Look {
    let who = match entry.actor.split_once(':') {
        Some(("verifier" | "station", place)) => {
            let place = place.parse().ok().and_then(|place| view.app.town().place(&place));
            place.map_or_else(|| view.t("who-verifier"), |place| view.words(&place.name).to_owned())
        }
        Some(("staff", _)) => view.t("who-staff"),
        Some(("holder", _)) => view.t("who-holder"),
        _ => view.t("who-house"),
    };
    let key = format!("look-{}", entry.action.replace(['.', '_'], "-"));
    let what = if view.has(&key) { view.t(&key) } else { view.t("look-other") };
    Look { when: view.moment(&entry.at), who, what }
}

/// Ends a phone: everything in it stops at once.
async fn end_phone(Caller(mut ctx): Caller, Path(phone): Path<PhoneId>) -> Result<Redirect, Problem> {
    account(&ctx)?;
    identity::end_phone(&mut ctx, phone, PhoneEnd::NotUsed).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/me"))
}

/// Ends the caller's sessions in every browser.
async fn log_out(Caller(mut ctx): Caller) -> Result<Response, Problem> {
    if let Actor::Holder(account) = ctx.actor {
        identity::end_sessions_of(&mut ctx, SessionOwner::Holder(account)).await?;
        ctx.commit().await?;
    }
    Ok(([(header::SET_COOKIE, web::end_cookie(web::SessionKind::Holder))], Redirect::to("/")).into_response())
}
