//! Passkeys of residents: the daily way in, and how one is made, named and ended.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use identity::{PasskeyId, Passkeys};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::passkey::{Arrived, Begun, Finished};
use web::{App, Caller, Page, Problem, Reader, Session, View};

use crate::api::account;
use crate::browser::{browser_of, own_path};
use crate::pages::{LogIn, Next};

/// The island of the pages that make or use a passkey, and its texts.
pub(crate) const ISLAND: (&str, &[&str]) = ("passkey.js", &["passkey"]);
/// Where one arrives with a new passkey.
const MADE: &str = "/me#passkeys";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/me/passkeys/new", get(new))
        .route("/me/passkeys/{passkey}/name", post(name))
        .route("/me/passkeys/{passkey}/end", post(end))
}

pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(make_begin))
        .routes(routes!(make_finish))
        .routes(routes!(log_in_begin))
        .routes(routes!(log_in_finish))
}

#[derive(Template)]
#[template(path = "passkey_new.html")]
struct New<'a> {
    view: &'a View,
    /// The card was read a short while ago, on a screen of the person's own.
    may: bool,
    label: String,
}

/// Where a passkey is made, or why the card comes first.
async fn new(view: View, headers: HeaderMap, Session(session): Session, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    account(&ctx)?;
    if view.kiosk {
        return Ok(Redirect::to("/me").into_response());
    }
    let may = identity::may_make_passkey(&mut ctx, session).await?;
    let label = browser_of(&headers).unwrap_or_else(|| view.t("session-browser"));
    let title = view.t("passkeys-new");
    let body = New { view: &view, may, label };
    Ok(view.page(&Page::resident(&title).with_island(ISLAND.0, ISLAND.1), &body))
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    label: String,
}

/// Gives a passkey another name.
async fn name(Caller(mut ctx): Caller, Path(passkey): Path<PasskeyId>, Form(name): Form<Name>) -> Result<Redirect, Problem> {
    account(&ctx)?;
    identity::name_passkey(&mut ctx, &passkey, &name.label).await?;
    ctx.commit().await?;
    Ok(Redirect::to(MADE))
}

/// Ends a passkey, and whatever else is signed in by it.
async fn end(Session(session): Session, Caller(mut ctx): Caller, Path(passkey): Path<PasskeyId>) -> Result<Redirect, Problem> {
    account(&ctx)?;
    identity::end_passkey(&mut ctx, &passkey, session).await?;
    ctx.commit().await?;
    Ok(Redirect::to(MADE))
}

/// Begins to make a passkey for the caller.
#[utoipa::path(post, path = "/api/v1/me/passkeys/begin", responses((status = 200, body = Begun), (status = 409, description = "The card has to be read first.")), tag = "passkeys")]
async fn make_begin(
    view: View,
    Extension(passkeys): Extension<Arc<Passkeys>>,
    Session(session): Session,
    Caller(mut ctx): Caller,
) -> Result<Json<Begun>, Problem> {
    account(&ctx)?;
    own_screen(&view)?;
    let ceremony = identity::begin_own_passkey(&mut ctx, &passkeys, session).await?;
    ctx.commit().await?;
    Ok(Json(Begun::new(&ceremony, "")))
}

/// Keeps the new passkey.
#[utoipa::path(post, path = "/api/v1/me/passkeys/finish", request_body = Finished, responses((status = 200, body = Arrived), (status = 409, description = "The card has to be read first.")), tag = "passkeys")]
async fn make_finish(
    view: View,
    Extension(passkeys): Extension<Arc<Passkeys>>,
    Session(session): Session,
    Caller(mut ctx): Caller,
    Json(answer): Json<Finished>,
) -> Result<Json<Arrived>, Problem> {
    account(&ctx)?;
    own_screen(&view)?;
    let (ceremony, _) = answer.ticket()?;
    identity::add_own_passkey(&mut ctx, &passkeys, session, ceremony, answer.credential, &answer.label).await?;
    ctx.commit().await?;
    Ok(Json(Arrived { next: MADE.to_owned() }))
}

/// Begins to log in with a passkey.
#[utoipa::path(post, path = "/api/v1/passkeys/begin", responses((status = 200, body = Begun)), tag = "passkeys")]
async fn log_in_begin(view: View, Extension(passkeys): Extension<Arc<Passkeys>>, Caller(mut ctx): Caller) -> Result<Json<Begun>, Problem> {
    own_screen(&view)?;
    let ceremony = identity::begin_own_sign_in(&mut ctx, &passkeys).await?;
    ctx.commit().await?;
    Ok(Json(Begun::new(&ceremony, "")))
}

/// Logs in with the passkey's answer, and says where the person was going.
#[utoipa::path(post, path = "/api/v1/passkeys/finish", params(("next" = Option<String>, Query)), request_body = Finished, responses((status = 200, body = Arrived)), tag = "passkeys")]
async fn log_in_finish(
    view: View,
    headers: HeaderMap,
    Extension(passkeys): Extension<Arc<Passkeys>>,
    Session(before): Session,
    Query(next): Query<Next>,
    Caller(mut ctx): Caller,
    Json(answer): Json<Finished>,
) -> Result<Response, Problem> {
    own_screen(&view)?;
    let (ceremony, _) = answer.ticket()?;
    let label = browser_of(&headers).unwrap_or_else(|| view.t("session-browser"));
    let signed_in = identity::sign_in_by_passkey(&mut ctx, &passkeys, before, ceremony, answer.credential, &label).await;
    let session = signed_in.map_err(|error| match error {
        // Whoever ended it, or lost it, has the card: staff have not, and are told otherwise.
        identity::Error::Passkey => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "passport.passkey_refused"),
        error => error.into(),
    })?;
    let life_s = session.ends_at.as_second() - ctx.now().as_second();
    ctx.commit().await?;
    let keep = web::session_cookie(web::SessionKind::Holder, &session.token, life_s, view.app.origin());
    let next = own_path(&next.next).unwrap_or("/").to_owned();
    Ok(([(header::SET_COOKIE, keep)], Json(Arrived { next })).into_response())
}

/// A screen many people use takes the card and nothing that stays.
fn own_screen(view: &View) -> Result<(), Problem> {
    if view.kiosk { Err(identity::Error::ProofNeeded.into()) } else { Ok(()) }
}

impl LogIn {
    /// The way in by a passkey for who goes to `next`; none where the card is asked for, or on a screen others use too.
    pub(crate) fn of(view: &View, next: &Next) -> Option<Self> {
        let finish = format!("/api/v1/passkeys/finish?next={}", web::query_value(&next.next));
        (!view.kiosk && !next.asks_for_card()).then_some(Self { finish })
    }
}
