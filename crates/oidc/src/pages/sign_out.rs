//! Signing out at a service's wish (RP-Initiated Logout 1.0).

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::{Extension, Form};
use identity::SessionId;
use serde::Deserialize;
use store::{Actor, Ctx};
use web::{Caller, Page, Problem, Session, View};

use super::consent::{hand_over, with};
use crate::domain::{clients, sign_out as domain};
use crate::model::{Client, Error};
use crate::provider::Provider;

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct Wish {
    id_token_hint: String,
    client_id: String,
    post_logout_redirect_uri: String,
    state: String,
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct Ask<'a> {
    view: &'a View,
    wish: &'a Wish,
    service: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct Done<'a> {
    view: &'a View,
}

/// Signs out at once when the service shows which of its sign-ins it means, and asks otherwise: anybody's page could lead here.
pub(super) async fn ask(
    view: View,
    Extension(provider): Extension<Arc<Provider>>,
    Session(session): Session,
    Caller(mut ctx): Caller,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let client = service(&mut ctx, &wish).await?;
    let meant = match (&client, session) {
        (Some(client), Some(session)) => domain::names_session(&provider, &wish.id_token_hint, client.id, session),
        _ => false,
    };
    if meant || ctx.actor == Actor::Anonymous {
        return end(&view, ctx, session, client.as_ref(), &wish).await;
    }
    let title = view.t("oidc-sign-out-title");
    let service = client.as_ref().map(|client| client.name.as_str());
    Ok(view.page(&Page::plain(&title), &Ask { view: &view, wish: &wish, service }))
}

/// Signs out, as the person said on our page.
pub(super) async fn sign_out(
    view: View,
    Session(session): Session,
    Caller(mut ctx): Caller,
    Form(wish): Form<Wish>,
) -> Result<Response, Problem> {
    let client = service(&mut ctx, &wish).await?;
    end(&view, ctx, session, client.as_ref(), &wish).await
}

/// The service whose wish it is, by its id or by the audience of its token; nobody's when the two disagree.
async fn service(ctx: &mut Ctx, wish: &Wish) -> Result<Option<Client>, Problem> {
    #[derive(Deserialize)]
    struct Audience {
        aud: String,
    }
    let hinted = identity::jose::unverified::<Audience>(&wish.id_token_hint).map(|hint| hint.aud).unwrap_or_default();
    let named = if wish.client_id.is_empty() { &hinted } else { &wish.client_id };
    let agree = hinted.is_empty() || *named == hinted;
    let Some(id) = named.parse().ok().filter(|_| agree) else { return Ok(None) };
    match clients::standing(ctx, id).await {
        Ok(client) => Ok(Some(client)),
        Err(Error::NoSuchClient) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn end(view: &View, mut ctx: Ctx, session: Option<SessionId>, client: Option<&Client>, wish: &Wish) -> Result<Response, Problem> {
    if let (Some(session), Actor::Holder(_)) = (session, &ctx.actor) {
        identity::end_session(&mut ctx, session).await?;
        ctx.commit().await?;
    }
    let back = client.filter(|client| client.logout_uris.contains(&wish.post_logout_redirect_uri));
    let mut page = match back {
        Some(client) if wish.state.is_empty() => hand_over(view, client, &wish.post_logout_redirect_uri),
        Some(client) => hand_over(view, client, &with(&wish.post_logout_redirect_uri, &[("state", &wish.state)])),
        None => {
            let title = view.t("oidc-signed-out-title");
            view.page(&Page::plain(&title), &Done { view })
        }
    };
    let gone = web::end_cookie(web::SessionKind::Holder);
    let gone = HeaderValue::from_str(&gone).map_err(|error| Problem::internal(&error))?;
    page.headers_mut().append(header::SET_COOKIE, gone);
    Ok(page)
}
