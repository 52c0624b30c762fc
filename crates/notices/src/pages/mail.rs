//! Addresses of e-mail: given, confirmed by a code, ended, also from a letter.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;
use store::{Actor, Ctx};
use web::{Caller, Page, Problem, View, signed_in, to_mend};

use super::settings;
use crate::domain::addresses;
use crate::domain::mail::{self as domain, Typed};
use crate::model::{Address, AddressId, Error, Way};
use crate::push::Vapid;

/// An address as its person sees it.
pub(super) struct Entry {
    pub(super) id: AddressId,
    pub(super) address: String,
    pub(super) told: bool,
    pub(super) unreachable: bool,
}

impl Entry {
    pub(super) fn of(address: &Address) -> Self {
        Self { id: address.id, address: address.address.clone(), told: address.is_told(), unreachable: address.unreachable_at.is_some() }
    }
}

/// What is wrong, and with which field of the page.
pub(super) struct Fault {
    pub(super) anchor: String,
    pub(super) text: String,
}

/// The address that was typed.
#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    address: String,
}

const SETTINGS: &str = "/inbox/settings#mail";

/// Takes an address; a code is sent there.
pub(super) async fn add(
    view: View,
    Caller(mut ctx): Caller,
    Extension(vapid): Extension<Arc<Vapid>>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let added = domain::add(&mut ctx, &given.address, view.language.as_str()).await;
    answered(&view, ctx, &vapid, &given.address, added.map(drop)).await
}

/// Sends another code.
pub(super) async fn send_again(
    view: View,
    Caller(mut ctx): Caller,
    Extension(vapid): Extension<Arc<Vapid>>,
    Path(id): Path<AddressId>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let sent = domain::send_again(&mut ctx, id).await;
    answered(&view, ctx, &vapid, "", sent).await
}

async fn answered(view: &View, mut ctx: Ctx, vapid: &Vapid, typed: &str, done: Result<(), Error>) -> Result<Response, Problem> {
    match done {
        Ok(()) => {
            ctx.commit().await?;
            Ok(Redirect::to(SETTINGS).into_response())
        }
        Err(Error::Written { field, reason }) => {
            let fault = Fault { anchor: field.to_owned(), text: view.t(&format!("notices-wrong-{reason}")) };
            Ok(to_mend(settings::page(view, &mut ctx, vapid.public(), typed, Some(fault)).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// The code that was typed.
#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// Confirms an address by the code that was sent there.
pub(super) async fn confirm(
    view: View,
    Caller(mut ctx): Caller,
    Extension(vapid): Extension<Arc<Vapid>>,
    Path(id): Path<AddressId>,
    Form(code): Form<Code>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (actor, typed) = (ctx.actor.clone(), domain::confirm(&mut ctx, id, &code.code).await?);
    // A wrong try is counted, whatever comes next.
    ctx.commit().await?;
    let text = match typed {
        Typed::Right => return Ok(Redirect::to(SETTINGS).into_response()),
        Typed::Wrong => view.t("notices-mail-wrong-code"),
        Typed::Over => view.t("notices-mail-code-over"),
    };
    let mut ctx = view.app.store().read(actor).await?;
    let fault = Fault { anchor: format!("code-{id}"), text };
    Ok(to_mend(settings::page(&view, &mut ctx, vapid.public(), "", Some(fault)).await?))
}

/// Ends an address.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<AddressId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    addresses::end(&mut ctx, id, Way::Mail).await?;
    ctx.commit().await?;
    Ok(Redirect::to(SETTINGS))
}

#[derive(Template)]
#[template(path = "mail_stop.html")]
struct Stop<'a> {
    view: &'a View,
    stop: &'a str,
    /// The address it would end, its middle left out: the letter may have been passed on.
    address: Option<String>,
    stopped: bool,
}

/// Asks whether to end the letters, for who came from one: a program that only looks at links ends nothing.
pub(super) async fn stopping(view: View, Path(stop): Path<String>) -> Result<Response, Problem> {
    let mut ctx = view.app.store().read(Actor::Anonymous).await?;
    let address = domain::of_stop(&mut ctx, &stop).await?.map(|found| shortened(&found.address));
    let title = view.t("notices-mail-stop");
    Ok(view.page(&Page::resident(&title), &Stop { view: &view, stop: &stop, address, stopped: false }))
}

/// Ends them: by the button, or by one press in a program of e-mail (RFC 8058), which sends no cookie and follows no link.
pub(super) async fn stop(view: View, Path(stop): Path<String>) -> Result<Response, Problem> {
    let mut ctx = view.app.store().begin(Actor::Anonymous).await?;
    domain::stop(&mut ctx, &stop).await?;
    ctx.commit().await?;
    let title = view.t("notices-mail-stop");
    Ok(view.page(&Page::resident(&title), &Stop { view: &view, stop: &stop, address: None, stopped: true }))
}

/// `ha…@example.jp`.
fn shortened(address: &str) -> String {
    let (user, host) = address.rsplit_once('@').unwrap_or((address, ""));
    format!("{}…@{host}", user.chars().take(2).collect::<String>())
}
