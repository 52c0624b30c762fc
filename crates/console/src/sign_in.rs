//! How staff come in and go: by passkey, by invitation, out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use identity::SessionOwner;
use serde::Deserialize;
use store::{Actor, Ctx, StaffId};
use utoipa::ToSchema;
use web::passkey::{Arrived, Begun, Finished};
use web::{App, Caller, Page, Problem, SessionKind, View};

use crate::Console;
use crate::words::query_value;

#[derive(Deserialize, Default)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

impl Next {
    /// Where to go after the sign-in: a page of the console, whatever was asked for.
    fn page(&self) -> &str {
        let inside = self.next == "/staff" || self.next.starts_with("/staff/") || self.next.starts_with("/staff?");
        if inside && !self.next.contains(['\\', '\r', '\n']) { &self.next } else { "/staff" }
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    view: &'a View,
    finish: String,
}

/// The way in, by passkey.
pub(crate) async fn login(view: View, Query(next): Query<Next>) -> Response {
    let title = view.t("console-login-title");
    let finish = format!("/api/v1/staff/passkey/login/finish?next={}", query_value(next.page()));
    view.page(&Page::plain(&title).with_island("passkey.js", &["passkey"]), &Login { view: &view, finish })
}

#[derive(Template)]
#[template(path = "join.html")]
struct Join<'a> {
    view: &'a View,
    code: &'a str,
    without_passkey: bool,
}

/// Where an invitation is accepted.
pub(crate) async fn join(view: View, Extension(console): Extension<Arc<Console>>, Path(code): Path<String>) -> Response {
    let title = view.t("console-join-title");
    let body = Join { view: &view, code: &code, without_passkey: console.demonstration.is_some() };
    view.page(&Page::plain(&title).with_island("passkey.js", &["passkey"]), &body)
}

/// Accepts an invitation in a demonstration, where the browser may have no authenticator.
pub(crate) async fn join_without_passkey(
    State(app): State<App>,
    view: View,
    Extension(console): Extension<Arc<Console>>,
    Caller(mut ctx): Caller,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let made_up = console.demonstration.ok_or_else(Problem::not_found)?;
    let staff = identity::accept_invitation_without_passkey(&mut ctx, made_up, &code).await?;
    let cookie = start(&mut ctx, &app, &view, staff).await?;
    ctx.commit().await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/staff")).into_response())
}

/// Starts a session and gives the line for its cookie.
async fn start(ctx: &mut Ctx, app: &App, view: &View, staff: StaffId) -> Result<String, Problem> {
    let session = identity::start_session(ctx, SessionOwner::Staff(staff), &view.t("console-session")).await?;
    let life_s = (session.ends_at.as_second() - ctx.now().as_second()).max(0);
    Ok(web::session_cookie(SessionKind::Staff, &session.token, life_s, app.origin()))
}

/// Ends the caller's sessions in every browser.
pub(crate) async fn log_out(Caller(mut ctx): Caller) -> Result<Response, Problem> {
    if let Actor::Staff(staff, _) = ctx.actor {
        identity::end_sessions_of(&mut ctx, SessionOwner::Staff(staff)).await?;
        ctx.commit().await?;
    }
    Ok(([(header::SET_COOKIE, web::end_cookie(SessionKind::Staff))], Redirect::to("/staff/login")).into_response())
}

/// Begins to sign in with a passkey.
#[utoipa::path(post, path = "/api/v1/staff/passkey/login/begin", responses((status = 200, body = Begun)), tag = "staff")]
pub(crate) async fn login_begin(Extension(console): Extension<Arc<Console>>, Caller(mut ctx): Caller) -> Result<Json<Begun>, Problem> {
    let ceremony = identity::begin_sign_in(&mut ctx, &console.passkeys).await?;
    ctx.commit().await?;
    Ok(Json(Begun::new(&ceremony, "")))
}

/// Signs in with the passkey's answer and starts a session.
#[utoipa::path(post, path = "/api/v1/staff/passkey/login/finish", params(("next" = Option<String>, Query)), request_body = Finished, responses((status = 200, body = Arrived)), tag = "staff")]
pub(crate) async fn login_finish(
    State(app): State<App>,
    view: View,
    Extension(console): Extension<Arc<Console>>,
    Query(next): Query<Next>,
    Caller(mut ctx): Caller,
    Json(answer): Json<Finished>,
) -> Result<Response, Problem> {
    let (ceremony, _) = answer.ticket()?;
    let staff = identity::sign_in(&mut ctx, &console.passkeys, ceremony, answer.credential).await?;
    let cookie = start(&mut ctx, &app, &view, staff).await?;
    ctx.commit().await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(Arrived { next: next.page().to_owned() })).into_response())
}

/// Whose passkey is to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Register {
    /// The invitation's code; without one, the passkey is a further one of who is signed in.
    #[serde(default)]
    code: String,
}

/// Begins to make a passkey: for an invitation, or a further one for who is signed in.
#[utoipa::path(post, path = "/api/v1/staff/passkey/register/begin", request_body = Register, responses((status = 200, body = Begun), (status = 429, description = "Too many wrong codes: Retry-After says when to ask again.")), tag = "staff")]
pub(crate) async fn register_begin(
    Extension(console): Extension<Arc<Console>>,
    Caller(mut ctx): Caller,
    Json(register): Json<Register>,
) -> Result<Json<Begun>, Problem> {
    let ceremony = if register.code.is_empty() {
        identity::begin_passkey(&mut ctx, &console.passkeys).await?
    } else {
        identity::begin_acceptance(&mut ctx, &console.passkeys, &register.code).await?
    };
    ctx.commit().await?;
    Ok(Json(Begun::new(&ceremony, &register.code)))
}

/// Takes the new passkey; who accepts an invitation with it is signed in.
#[utoipa::path(post, path = "/api/v1/staff/passkey/register/finish", request_body = Finished, responses((status = 200, body = Arrived), (status = 429, description = "Too many wrong codes: Retry-After says when to ask again.")), tag = "staff")]
pub(crate) async fn register_finish(
    State(app): State<App>,
    view: View,
    Extension(console): Extension<Arc<Console>>,
    Caller(mut ctx): Caller,
    Json(answer): Json<Finished>,
) -> Result<Response, Problem> {
    let (ceremony, code) = answer.ticket()?;
    let arrived = Json(Arrived { next: "/staff".to_owned() });
    if code.is_empty() {
        identity::add_passkey(&mut ctx, &console.passkeys, ceremony, answer.credential).await?;
        ctx.commit().await?;
        return Ok(arrived.into_response());
    }
    let code = code.to_owned();
    let staff = identity::accept_invitation(&mut ctx, &console.passkeys, &code, ceremony, answer.credential).await?;
    let cookie = start(&mut ctx, &app, &view, staff).await?;
    ctx.commit().await?;
    Ok(([(header::SET_COOKIE, cookie)], arrived).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_into_the_console_and_nowhere_else() {
        let page = |next: &str| Next { next: next.to_owned() }.page().to_owned();
        assert_eq!(page("/staff/people?district=x"), "/staff/people?district=x");
        for next in ["", "//evil.example", "https://evil.example", "/staffing", "/staff/\\evil", "/"] {
            assert_eq!(page(next), "/staff", "{next}");
        }
    }
}
