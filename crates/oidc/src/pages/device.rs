//! A person lets a device without a keyboard in.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use web::{Caller, Page, Problem, Reader, Session, View, WrongCode, query_value, to_mend};

use super::consent::person;
use super::{Line, lines};
use crate::domain::{claims, device};
use crate::model::{Client, Error};
use crate::rules;

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

#[derive(Template)]
#[template(path = "device.html")]
struct Start<'a> {
    view: &'a View,
    code: &'a str,
    error: Option<String>,
}

/// The place to type a device's code. A code that came with the link is shown, never taken by itself: the person compares it with their screen.
pub(super) async fn start(view: View, Query(code): Query<Code>) -> Response {
    let title = view.t("oidc-device-title");
    view.page(&Page::plain(&title), &Start { view: &view, code: &code.code, error: None })
}

#[derive(Template)]
#[template(path = "device_ask.html")]
struct Ask<'a> {
    view: &'a View,
    client: &'a Client,
    code: &'a str,
    name: String,
    lines: Vec<Line>,
}

/// What the device asks, once its code is right.
pub(super) async fn typed(
    view: View,
    Session(session): Session,
    Reader(mut ctx): Reader,
    Form(code): Form<Code>,
) -> Result<Response, Problem> {
    let Ok(person) = person(&mut ctx, session).await else {
        return Ok(to_start(&code.code));
    };
    if !person.proven {
        return Ok(to_start(&code.code));
    }
    let (client, scopes) = match device::find(&mut ctx, &code.code).await {
        Ok(found) => found,
        Err(Error::DeviceCode) => {
            let title = view.t("oidc-device-title");
            let error = Some(view.t("oidc-device-wrong"));
            let mut page = to_mend(view.page(&Page::plain(&title), &Start { view: &view, code: &code.code, error }));
            page.extensions_mut().insert(WrongCode);
            return Ok(page);
        }
        Err(error) => return Err(error.into()),
    };
    let told = claims::told(&mut ctx, person.account, &scopes).await?;
    let name = identity::account(&mut ctx, person.account).await?.name;
    let title = view.t1("oidc-device-ask", "service", &client.name);
    let body = Ask { view: &view, client: &client, code: &code.code, name, lines: lines(&view, &scopes, &told) };
    Ok(view.page(&Page::plain(&title), &body))
}

/// To the way in, and back here with the code.
fn to_start(code: &str) -> Response {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Redirect::to(&format!("/start?next={}", query_value(&format!("/device?code={plain}")))).into_response()
}

#[derive(Deserialize)]
pub(super) struct Decided {
    code: String,
    decision: String,
}

#[derive(Template)]
#[template(path = "device_done.html")]
struct Done<'a> {
    view: &'a View,
    allowed: bool,
}

/// Lets the device in, or sends it away.
pub(super) async fn decide(
    view: View,
    Session(session): Session,
    Caller(mut ctx): Caller,
    Form(decided): Form<Decided>,
) -> Result<Response, Problem> {
    let person = person(&mut ctx, session).await?;
    if !person.proven {
        return Ok(to_start(&decided.code));
    }
    let allowed = decided.decision == "yes";
    if allowed {
        let acr = rules::acr(&person, ctx.now());
        device::allow(&mut ctx, &decided.code, &person, acr).await?;
    } else {
        device::deny(&mut ctx, &decided.code).await?;
    }
    ctx.commit().await?;
    let title = view.t("oidc-device-title");
    let mut page = view.page(&Page::plain(&title), &Done { view: &view, allowed });
    page.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(page)
}
