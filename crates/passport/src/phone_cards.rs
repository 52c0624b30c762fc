//! The way in by a card that the phone itself holds: to the wallet on this phone or another, and back with a code.
//!
//! The wallet's own part (`request`, `answer`) speaks OpenID for Verifiable Presentations 1.0; no session and no cookie belongs to it.

use std::sync::Arc;

use ::store::{Actor, Ctx};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use identity::{PhoneCardRefusal, PhoneCardState, PhoneCardStep};
use serde::Deserialize;
use serde_json::json;
use town::{AppId, PhoneCard};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Page, Problem, Reader, Session, View, WrongCode, qr_svg};

use crate::api::Progress;
use crate::browser::{Shown, browser_of, with_cookies};
use crate::domain::{self, Browser, Error, PhoneCardSays, Proofing};
use crate::pages::{Next, signed_in};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/start/phone-card", get(waiting))
        .route("/start/phone-card/begin/{card}", post(begin))
        .route("/start/phone-card/back", get(back))
        .route("/start/phone-card/done", post(done))
        .route("/start/phone-card/request/{token}", get(request))
        .route("/start/phone-card/answer/{token}", post(answer))
}

pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(phone_card_progress))
}

/// Says how far the question this browser put to a card in a phone has come; its page says the rest.
#[utoipa::path(get, path = "/api/v1/me/phone-card", responses((status = 200, body = Progress)), tag = "proof")]
async fn phone_card_progress(view: View, headers: HeaderMap, Reader(mut ctx): Reader) -> Result<Json<Progress>, Problem> {
    let shown = Shown::of(&headers).ok_or_else(Problem::not_found)?;
    let waits = match identity::phone_card_state(&mut ctx, &shown.secret).await {
        Ok(state) => state.step == PhoneCardStep::Waiting,
        Err(identity::Error::ProofExpired | identity::Error::ProofReplayed) => false,
        Err(error) => return Err(error.into()),
    };
    let (done, next) = if waits { (1, None) } else { (2, Some("/start/phone-card")) };
    Ok(Json(Progress { done, total: 2, label: view.t("phone-card-waiting"), finished: !waits, failed: false, next }))
}

/// Puts the question, and shows it where the browser is.
async fn begin(
    State(app): State<App>,
    Extension(proofing): Extension<Arc<Proofing>>,
    Reader(ctx): Reader,
    Path(card): Path<AppId>,
    Form(next): Form<Next>,
) -> Result<Response, Problem> {
    let actor = ctx.actor.clone();
    drop(ctx);
    let begun = domain::begin_phone_card(app.store(), actor, &proofing, &card).await?;
    with_cookies(Redirect::to("/start/phone-card").into_response(), &[Shown::keep(&begun, &next.next, app.origin())])
}

#[derive(Template)]
#[template(path = "phone_card.html")]
struct Asking<'a> {
    view: &'a View,
    name: &'a str,
    link: String,
    qr: String,
    /// The phone has answered: its code is asked for.
    ready: bool,
    /// The code that was typed is wrong.
    wrong: bool,
}

/// Where the question stands that this browser asked.
async fn waiting(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Reader(mut ctx): Reader,
) -> Result<Response, Problem> {
    let Some(shown) = Shown::of(&headers) else { return Ok(Redirect::to("/start").into_response()) };
    standing(&view, &proofing, &mut ctx, &shown, false).await
}

async fn standing(view: &View, proofing: &Proofing, ctx: &mut Ctx, shown: &Shown, wrong: bool) -> Result<Response, Problem> {
    let PhoneCardState { card, step } = match identity::phone_card_state(ctx, &shown.secret).await {
        Ok(state) => state,
        // Claimed already, as after a double tap.
        Err(identity::Error::ProofReplayed) => return Ok(Redirect::to(shown.next.as_deref().unwrap_or("/")).into_response()),
        Err(identity::Error::ProofNotFound) => return Ok(Redirect::to("/start").into_response()),
        Err(identity::Error::ProofExpired) => return Ok(failed(view, None, "late", "proof_expired", shown.next.as_deref())),
        Err(error) => return Err(error.into()),
    };
    let offered = proofing.phone_cards.offered().find(|offered| offered.id == card).ok_or_else(Problem::not_found)?;
    if let PhoneCardStep::Refused { code } = &step {
        return Ok(failed(view, Some(offered), kind_of(code), code, shown.next.as_deref()));
    }
    let name = view.words(&offered.name);
    let (link, ready) = (proofing.phone_cards.link(&card, &shown.token)?, step == PhoneCardStep::Ready);
    let qr = if ready { String::new() } else { qr_svg(&link, &view.t("phone-card-qr")) };
    let title = view.t1("phone-card-title", "card", name);
    let page = if ready { Page::plain(&title) } else { Page::plain(&title).with_island("progress.js", &["progress"]) };
    Ok(view.page(&page, &Asking { view, name, link, qr, ready, wrong }))
}

/// How an answer failed, as a person needs to know it.
fn kind_of(code: &str) -> &'static str {
    match code {
        "phone_card_declined" | "mdoc_empty" => "declined",
        "mdoc_expired" | "mdoc_not_yet" => "expired",
        "mdoc_issuer" | "mdoc_signer" | "mdoc_signer_time" | "mdoc_doctype" => "untrusted",
        "mdoc_missing" => "missing",
        "proof_expired" => "late",
        "other_person" => "person",
        "proof_replayed" | "mdoc_device_signature" => "other",
        _ => "technical",
    }
}

#[derive(Template)]
#[template(path = "phone_card_failed.html")]
struct Failed<'a> {
    view: &'a View,
    title: String,
    way_out: String,
    card: Option<&'a PhoneCard>,
    /// Where the person was going.
    next: &'a str,
    /// What the office can look up.
    code: &'a str,
}

fn failed(view: &View, card: Option<&PhoneCard>, kind: &str, code: &str, next: Option<&str>) -> Response {
    let name = card.map_or("", |card| view.words(&card.name));
    let title = view.t1(&format!("phone-card-{kind}"), "card", name);
    let way_out = view.t1(&format!("phone-card-{kind}.next"), "card", name);
    let mut page =
        view.page(&Page::plain(&title), &Failed { view, title: title.clone(), way_out, card, next: next.unwrap_or_default(), code });
    *page.status_mut() = StatusCode::CONFLICT;
    page
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "phone_card_code.html")]
struct Carry<'a> {
    view: &'a View,
    code: String,
}

/// Where a phone's browser is led after the card was presented: on the phone that asked it signs in, on any other it shows the code to be typed there.
async fn back(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Session(session): Session,
    Reader(mut ctx): Reader,
    Query(carried): Query<Code>,
) -> Result<Response, Problem> {
    let Some(code) = identity::readable_code(&carried.code) else { return Err(identity::Error::CodeNotValid.into()) };
    if let Some(shown) = Shown::of(&headers)
        && matches!(identity::phone_card_state(&mut ctx, &shown.secret).await, Ok(PhoneCardState { step: PhoneCardStep::Ready, .. }))
    {
        drop(ctx);
        return claim(&view, &proofing, &headers, session, &shown, &code).await;
    }
    let title = view.t("phone-card-carry");
    Ok(view.page(&Page::plain(&title), &Carry { view: &view, code: format!("{}-{}", &code[..4], &code[4..]) }))
}

/// Takes the code from the phone, and signs in the browser that asked.
async fn done(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Session(session): Session,
    Form(typed): Form<Code>,
) -> Result<Response, Problem> {
    let Some(shown) = Shown::of(&headers) else { return Ok(Redirect::to("/start").into_response()) };
    claim(&view, &proofing, &headers, session, &shown, &typed.code).await
}

async fn claim(
    view: &View,
    proofing: &Proofing,
    headers: &HeaderMap,
    session: Option<identity::SessionId>,
    shown: &Shown,
    code: &str,
) -> Result<Response, Problem> {
    let store = view.app.store();
    let label = if view.kiosk { view.t("kiosk-session") } else { browser_of(headers).unwrap_or_else(|| view.t("session-browser")) };
    let browser = Browser { secret: Some(&shown.secret), label: &label, session };
    let next = shown.next.as_deref().unwrap_or("/");
    match domain::claim_phone_card(store, code, &browser, view.kiosk).await {
        Ok(started) => signed_in(&view.app, &started, store.clock().now(), next, Shown::forget()),
        Err(identity::Error::CodeNotValid) => {
            let mut ctx = store.read(Actor::Anonymous).await?;
            let mut page = standing(view, proofing, &mut ctx, shown, true).await?;
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            page.extensions_mut().insert(WrongCode);
            Ok(page)
        }
        Err(identity::Error::ProofReplayed) => Ok(Redirect::to(next).into_response()),
        Err(identity::Error::ProofNotFound | identity::Error::ProofWaiting) => Ok(Redirect::to("/start/phone-card").into_response()),
        Err(identity::Error::ProofExpired) => Ok(failed(view, None, "late", "proof_expired", shown.next.as_deref())),
        Err(error) => Err(error.into()),
    }
}

/// What a wallet is told when its request leads nowhere (RFC 6749 section 5.2): a code, and nothing of the person.
fn refuse(error: &identity::Error) -> Response {
    let status = match error {
        identity::Error::ProofNotFound => StatusCode::NOT_FOUND,
        identity::Error::Store(_) | identity::Error::AppKey | identity::Error::Stored { .. } => {
            web::log_failure(error);
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "error": "invalid_request", "error_description": error.code() });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Gives the signed question to a wallet.
async fn request(
    State(app): State<App>,
    Extension(proofing): Extension<Arc<Proofing>>,
    Reader(mut ctx): Reader,
    Path(token): Path<String>,
) -> Response {
    let now = ctx.now();
    let signed = match identity::phone_card_question(&mut ctx, &token).await {
        Ok(question) => proofing.phone_cards.question(&question, app.town().name.ja(), now),
        Err(error) => Err(error),
    };
    match signed {
        Ok(signed) => {
            ([(header::CONTENT_TYPE, "application/oauth-authz-req+jwt"), (header::CACHE_CONTROL, "no-store")], signed).into_response()
        }
        Err(error) => refuse(&error),
    }
}

/// What a wallet posts (`direct_post.jwt`).
#[derive(Deserialize)]
struct Posted {
    response: Option<String>,
    error: Option<String>,
}

/// Takes a wallet's answer, and tells it where to lead the phone's browser.
async fn answer(
    State(app): State<App>,
    Extension(proofing): Extension<Arc<Proofing>>,
    Path(token): Path<String>,
    posted: Result<Form<Posted>, FormRejection>,
) -> Response {
    let says = match posted {
        Ok(Form(Posted { response: Some(response), .. })) => PhoneCardSays::Answer(response),
        Ok(Form(Posted { error: Some(_), .. })) => PhoneCardSays::Declined,
        Ok(_) | Err(_) => return refuse(&identity::Error::PhoneCard(PhoneCardRefusal::Answer)),
    };
    match domain::answer_phone_card(app.store(), &proofing, &token, says).await {
        Ok(code) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "redirect_uri": proofing.phone_cards.back(&code) }))).into_response()
        }
        // The person's own no was understood.
        Err(Error::Identity(identity::Error::PhoneCard(PhoneCardRefusal::Declined))) => Json(json!({})).into_response(),
        Err(Error::Identity(error)) => refuse(&error),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
