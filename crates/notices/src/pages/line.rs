//! LINE: agreed to on our page, joined on LINE's, ended here; and where LINE tells what its users do.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;
use store::{Actor, Ctx};
use web::{App, Caller, Page, Problem, Reader, View, qr_svg, query_value, signed_in};

use crate::domain::{addresses, line as domain};
use crate::line::{LINKING_HOST, LineChannel, LineEvent};
use crate::model::{AddressId, Error, Way};

const SETTINGS: &str = "/inbox/settings#line";

/// One LINE as its person sees it: what LINE calls them says nothing to them.
pub(super) struct Joined {
    pub(super) id: AddressId,
    pub(super) since: String,
    pub(super) told: bool,
}

/// The part of the settings.
pub(super) struct Part {
    pub(super) joined: Vec<Joined>,
    pub(super) account: String,
    pub(super) friend: String,
    pub(super) qr: String,
}

impl Part {
    /// Of the caller; none in a town without LINE.
    pub(super) async fn of(view: &View, ctx: &mut Ctx) -> Result<Option<Self>, Problem> {
        let Some(line) = &view.app.town().line else { return Ok(None) };
        let joined = addresses::of_caller(ctx, Way::Line).await?;
        let since = |at: Option<civil::Timestamp>| at.map(|at| view.moment(&at)).unwrap_or_default();
        let joined = joined.iter().map(|one| Joined { id: one.id, since: since(one.confirmed_at), told: one.is_told() }).collect();
        let friend = line.friend_url();
        let qr = qr_svg(&friend, &view.t("notices-line-qr"));
        Ok(Some(Self { joined, account: line.account.clone(), friend, qr }))
    }
}

/// What the link in the talk brings, or the page's form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    #[serde(default)]
    link_token: String,
}

#[derive(Template)]
#[template(path = "inbox_line.html")]
struct Asking<'a> {
    view: &'a View,
    /// The token; none for who did not come from their talk.
    token: Option<&'a str>,
    fault: Option<String>,
}

/// Asks who came from their talk whether notices are to go there.
pub(super) async fn asking(view: View, Reader(ctx): Reader, Query(token): Query<Token>) -> Result<Response, Problem> {
    if view.app.town().line.is_none() {
        return Err(Problem::not_found());
    }
    signed_in(&ctx)?;
    Ok(page(&view, &token, None))
}

fn page(view: &View, token: &Token, fault: Option<String>) -> Response {
    let title = view.t("notices-line");
    let token = Some(token.link_token.as_str()).filter(|token| domain::is_link_token(token));
    let mut response = view.page(&Page::resident(&title), &Asking { view, token, fault });
    // The form leads on to LINE's own page.
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, web::policy_leading_to(&view.app, LINKING_HOST));
    response
}

/// Agrees, and goes on to LINE, which finds out whose LINE it is.
pub(super) async fn agree(view: View, Caller(mut ctx): Caller, Form(token): Form<Token>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    if !domain::is_link_token(&token.link_token) {
        return Ok(page(&view, &token, None));
    }
    match domain::agree(&mut ctx, view.language.as_str()).await {
        Ok(nonce) => {
            ctx.commit().await?;
            let (token, nonce) = (query_value(&token.link_token), query_value(&nonce));
            Ok(Redirect::to(&format!("{LINKING_HOST}/dialog/bot/accountLink?linkToken={token}&nonce={nonce}")).into_response())
        }
        Err(Error::Written { reason, .. }) => Ok(web::to_mend(page(&view, &token, Some(view.t(&format!("notices-wrong-{reason}")))))),
        Err(error) => Err(error.into()),
    }
}

/// Ends one LINE.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<AddressId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    addresses::end(&mut ctx, id, Way::Line).await?;
    ctx.commit().await?;
    Ok(Redirect::to(SETTINGS))
}

/// Hears LINE. Who has not the channel's secret is not heard, and it is noted.
pub(super) async fn webhook(
    State(app): State<App>,
    Extension(channel): Extension<Option<Arc<LineChannel>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let channel = channel.ok_or_else(Problem::not_found)?;
    let signature = headers.get("x-line-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !channel.signed(&body, signature) {
        tracing::warn!("a webhook is not signed by LINE");
        let hour = app.store().read(Actor::Anonymous).await?.now().as_second() / 3600;
        if channel.refuses_first_in(hour) {
            let mut ctx = app.store().begin(Actor::System).await?;
            domain::refused(&mut ctx, hour).await?;
            ctx.commit().await?;
        }
        return Err(Problem::new(StatusCode::FORBIDDEN, "notices.not_line"));
    }
    let events = LineEvent::all(&body).ok_or_else(|| Problem::bad_input("notices.not_line"))?;
    let mut ctx = app.store().begin(Actor::System).await?;
    for event in &events {
        domain::hear(&mut ctx, &app, event).await?;
    }
    ctx.commit().await?;
    Ok(StatusCode::OK)
}
