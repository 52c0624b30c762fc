//! The services a person lets know something of them, and when they signed in there.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use jiff::SignedDuration;
use serde::Deserialize;
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::{Line, lines, scope_words};
use crate::domain::{authorize, claims, clients};
use crate::model::{Client, ClientId, Scope};
use crate::store::{clients as rows, grants};

/// How far back sign-ins are shown.
const SHOWN: SignedDuration = SignedDuration::from_hours(90 * 24);

#[derive(Template)]
#[template(path = "mine.html")]
struct Mine<'a> {
    view: &'a View,
    services: Vec<Service>,
    sign_ins: Vec<SignIn>,
}

struct Service {
    id: ClientId,
    name: String,
    purpose: String,
    since: String,
    ended: bool,
    lines: Vec<Line>,
}

struct SignIn {
    when: String,
    service: String,
    what: String,
}

/// Everything services may know of the caller, each with a switch to end it.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let account = authorize::holder(&ctx)?;
    let mut known: HashMap<ClientId, Client> = HashMap::new();
    let mut services = Vec::new();
    for consent in rows::consents(&mut ctx, account).await? {
        let Some(client) = rows::find(&mut ctx, consent.client).await? else { continue };
        let told = claims::told(&mut ctx, account, &consent.scopes).await?;
        services.push(Service {
            id: client.id,
            name: client.name.clone(),
            purpose: client.purpose.clone(),
            since: view.moment(&consent.given_at),
            ended: client.ended_at.is_some(),
            lines: lines(&view, &consent.scopes, &told),
        });
        known.insert(client.id, client);
    }
    let since = ctx.now() - SHOWN;
    let mut sign_ins = Vec::new();
    for grant in grants::of_account(&mut ctx, account, since).await? {
        if let std::collections::hash_map::Entry::Vacant(place) = known.entry(grant.client)
            && let Some(client) = rows::find(&mut ctx, grant.client).await?
        {
            place.insert(client);
        }
        let told: Vec<String> =
            grant.scopes.0.iter().filter(|scope| **scope != Scope::OpenId).map(|scope| scope_words(&view, scope)).collect();
        sign_ins.push(SignIn {
            when: view.moment(&grant.granted_at),
            service: known.get(&grant.client).map(|client| client.name.clone()).unwrap_or_default(),
            what: if told.is_empty() { view.t("oidc-scope-openid") } else { told.join(&view.t("oidc-comma")) },
        });
    }
    let title = view.t("menu-services");
    Ok(view.page(&Page::resident(&title), &Mine { view: &view, services, sign_ins }))
}

#[derive(Deserialize)]
pub(super) struct What {
    #[serde(default)]
    scope: String,
}

/// Switches one thing off, or the whole service.
pub(super) async fn withdraw(Caller(mut ctx): Caller, Path(client): Path<ClientId>, Form(what): Form<What>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    // Nothing named is all of it; what nobody knows is a mistake and ends nothing.
    let scope: Option<Scope> = match what.scope.as_str() {
        "" => None,
        named => Some(named.parse().map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "web.not_understood"))?),
    };
    clients::withdraw(&mut ctx, client, scope.as_ref()).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/me/services"))
}
