//! The way in, and the page about oneself.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use identity::{Entry, PasskeyId, Phone, PhoneEnd, PhoneId, ProofState, SessionId, SessionOwner, Started};
use jiff::Timestamp;
use jpki::Purpose;
use serde::Deserialize;
use store::{AccountId, Actor, AuditEntry, Ctx};
use town::{AppId, IdentityApp, PhoneCard};
use web::{App, Caller, Page, Problem, Reader, Session, View};

use crate::api::account;
use crate::browser::{Begun, browser_of, with_cookies};
use crate::domain::{Proofing, looks as looks_of};
use crate::passkeys::ISLAND;

/// Lines of the access log on a page.
const LOOKS_MAX: u32 = 100;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/start", get(start).post(begin))
        .route("/start/read", get(read))
        .route("/start/done", get(done))
        .route("/me", get(me))
        .route("/me/phones/{phone}/end", post(end_phone))
        .route("/me/apps/{app}/end", post(end_app))
        .route("/me/sessions/{session}/end", post(end_session))
        .route("/logout", post(log_out))
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    view: &'a View,
    next: &'a str,
    apps: Vec<&'a IdentityApp>,
    phone_cards: Vec<&'a PhoneCard>,
    passkey: Option<LogIn>,
    /// Where the person is going, a passkey is not enough.
    card: bool,
}

/// The way in by a passkey.
pub(crate) struct LogIn {
    /// Where its answer goes.
    pub(crate) finish: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Next {
    pub(crate) next: String,
    /// `yes` where the card itself is asked for.
    card: String,
}

impl Next {
    pub(crate) fn asks_for_card(&self) -> bool {
        self.card == "yes"
    }
}

/// What will happen, before it does; and the shorter way for who has a passkey.
async fn start(view: View, Extension(proofing): Extension<Arc<Proofing>>, Query(next): Query<Next>) -> Response {
    let title = view.t("start-title");
    let (passkey, card) = (LogIn::of(&view, &next), next.asks_for_card());
    let (apps, phone_cards) = (proofing.apps.offered().collect(), proofing.phone_cards.offered().collect());
    let body = Start { view: &view, next: &next.next, apps, phone_cards, passkey, card };
    view.page(&Page::plain(&title).with_island(ISLAND.0, ISLAND.1), &body)
}

/// Begins a proof for this browser.
async fn begin(
    State(app): State<App>,
    Extension(proofing): Extension<Arc<Proofing>>,
    Caller(mut ctx): Caller,
    Form(next): Form<Next>,
) -> Result<Response, Problem> {
    let session = identity::begin_proof(&mut ctx, &proofing.settings, Purpose::Register, None).await?;
    ctx.commit().await?;
    let keep = Begun::keep(&session, &next.next, app.origin());
    Ok(([(header::SET_COOKIE, keep)], Redirect::to("/start/read")).into_response())
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
    comparison: String,
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
    let Some(Begun { id, secret, code, comparison, .. }) = Begun::of(&headers) else { return Ok(Redirect::to("/start").into_response()) };
    let refused = match identity::proof_state(&mut ctx, id, &secret).await {
        Ok(ProofState::Ready) => return Ok(Redirect::to("/start/done").into_response()),
        Ok(ProofState::Refused { code }) => Some(refusal_text(&view, &code)),
        Ok(ProofState::Waiting) => None,
        Err(_) => return Ok(Redirect::to("/start").into_response()),
    };
    let language = &view.language;
    let station = proofing.station.as_ref();
    let station = station.map(|station| format!("{station}/?code={code}&lang={language}&back={}/start/read", view.app.origin()));
    let title = view.t("start-title");
    Ok(view.page(&Page::plain(&title).with_island("progress.js", &["progress"]), &Read { view: &view, code, comparison, station, refused }))
}

/// Claims the answered proof, signs this browser in and leads to where the person was going.
async fn done(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Session(before): Session,
    Caller(mut ctx): Caller,
) -> Result<Response, Problem> {
    let Some(Begun { id, secret, next, .. }) = Begun::of(&headers) else { return Ok(Redirect::to("/start").into_response()) };
    let next = next.as_deref().unwrap_or("/");
    let account = match identity::claim_proof(&mut ctx, id, &secret).await {
        Ok(account) => account,
        Err(identity::Error::ProofWaiting) => return Ok(Redirect::to("/start/read").into_response()),
        Err(identity::Error::ProofReplayed) => return Ok(Redirect::to(next).into_response()),
        Err(error) => return Err(error.into()),
    };
    let label = browser_of(&headers).unwrap_or_else(|| view.t("session-browser"));
    // Who proves themselves again in the same browser goes on with what it was signed in to.
    let session = match view.kiosk {
        true => identity::start_kiosk_session(&mut ctx, account, &view.t("kiosk-session")).await?,
        false => identity::renew_session(&mut ctx, before, account, &label).await?,
    };
    let now = ctx.now();
    ctx.commit().await?;
    signed_in(&app, &session, now, next, Begun::forget())
}

/// Leads on with the cookie of a session just started, and without what was kept until it was.
pub(crate) fn signed_in(app: &App, session: &Started, now: Timestamp, next: &str, forget: String) -> Result<Response, Problem> {
    let life_s = session.ends_at.as_second() - now.as_second();
    let keep = web::session_cookie(web::SessionKind::Holder, &session.token, life_s, app.origin());
    with_cookies(Redirect::to(next).into_response(), &[keep, forget])
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
    passkeys: Vec<Passkey>,
    apps: Vec<UsedApp>,
    sign_ins: Vec<SignIn>,
    looks: Vec<Look>,
    /// Live things to tap with, where the town has places that accept any.
    media: Option<usize>,
    /// Whether anybody may act for anybody in this town.
    proxies: bool,
}

/// A passkey as the page shows it.
struct Passkey {
    id: PasskeyId,
    label: String,
    since: String,
    used: Option<String>,
}

/// An identity app that leads to the account.
struct UsedApp {
    id: AppId,
    name: String,
    used: String,
}

/// A browser that is signed in.
struct SignIn {
    id: SessionId,
    browser: String,
    since: String,
    by_passkey: bool,
    here: bool,
}

struct Look {
    when: String,
    who: String,
    what: String,
}

/// What the passport holds of me: name, link, phones, where I am signed in, and who looked.
async fn me(view: View, headers: HeaderMap, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let id = account(&ctx)?;
    let mine = identity::account(&mut ctx, id).await?;
    let linked = identity::link_of(&mut ctx, id).await?.is_some();
    let waiting = identity::match_open_for(&mut ctx, id).await?.is_some();
    let phones = identity::phones_of(&mut ctx, id).await?.into_iter().filter(|phone| phone.ended_at.is_none()).collect();
    let passkeys = passkeys(&view, &mut ctx, id).await?;
    let apps = used_apps(&view, &mut ctx, id).await?;
    let sign_ins = sign_ins(&view, &mut ctx, id, &headers).await?;
    let mut looks = Vec::new();
    for entry in looks_of(&mut ctx, id, LOOKS_MAX).await? {
        looks.push(look(&view, &entry));
    }
    let now = ctx.now();
    let live = identity::media_of(&mut ctx, id).await?.iter().filter(|medium| medium.is_live(now)).count();
    let media = (!crate::media::accepted(&view).is_empty()).then_some(live);
    let proxies = !crate::proxies::programmes(&view).is_empty();
    let title = view.t("menu-me");
    let body = Me {
        view: &view,
        name: mine.name,
        linked,
        waiting,
        proven: mine.keys.is_some(),
        phones,
        passkeys,
        apps,
        sign_ins,
        looks,
        media,
        proxies,
    };
    Ok(view.page(&Page::resident(&title), &body))
}

/// The caller's passkeys, the oldest first.
async fn passkeys(view: &View, ctx: &mut Ctx, id: AccountId) -> Result<Vec<Passkey>, Problem> {
    let row = |passkey: identity::OwnPasskey| Passkey {
        id: passkey.id,
        label: passkey.label,
        since: view.moment(&passkey.added_at),
        used: passkey.used_at.map(|used| view.moment(&used)),
    };
    Ok(identity::passkeys_of(ctx, id).await?.into_iter().map(row).collect())
}

/// The identity apps and cards in phones by which the caller proved who they are. One the pack no longer offers is called by its id.
async fn used_apps(view: &View, ctx: &mut Ctx, id: AccountId) -> Result<Vec<UsedApp>, Problem> {
    let row = |used: identity::UsedApp| {
        let town = view.app.town();
        let named = town.identity_app(&used.app).map(|app| &app.name).or_else(|| town.phone_card(&used.app).map(|card| &card.name));
        let name = named.map_or_else(|| used.app.to_string(), |name| view.words(name).to_owned());
        UsedApp { id: used.app, name, used: view.moment(&used.last_used_at) }
    };
    Ok(identity::apps_of(ctx, id).await?.into_iter().map(row).collect())
}

/// The browsers signed in as the caller, the newest first.
async fn sign_ins(view: &View, ctx: &mut Ctx, id: AccountId, headers: &HeaderMap) -> Result<Vec<SignIn>, Problem> {
    let here = match web::cookie(headers, web::HOLDER_COOKIE) {
        Some(token) => identity::actor_of(ctx, token).await?.map(|caller| caller.session),
        None => None,
    };
    let open = identity::sessions_of(ctx, SessionOwner::Holder(id)).await?;
    let row = |session: identity::Session| SignIn {
        id: session.id,
        browser: session.label,
        by_passkey: session.entry == Some(Entry::Passkey),
        since: view.moment(&session.started_at),
        here: Some(session.id) == here,
    };
    Ok(open.into_iter().rev().map(row).collect())
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

/// Lets an identity app lead to the caller no more.
async fn end_app(Caller(mut ctx): Caller, Path(app): Path<AppId>) -> Result<Redirect, Problem> {
    let id = account(&ctx)?;
    identity::end_app(&mut ctx, id, &app).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/me"))
}

/// Signs one browser out: one the caller does not know, or no longer uses.
async fn end_session(Caller(mut ctx): Caller, Path(session): Path<SessionId>) -> Result<Redirect, Problem> {
    account(&ctx)?;
    identity::end_session(&mut ctx, session).await?;
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
