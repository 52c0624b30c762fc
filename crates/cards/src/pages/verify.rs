//! The counter's pages.

use std::sync::Arc;

use ::store::Actor;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use identity::MediumNumber;
use serde::Deserialize;
use web::{App, Page, Problem, Reader, View, to_mend};

use crate::api::{self, Labelled};
use crate::domain::Office;
use crate::model::{Decision, UseId};
use crate::words;

#[derive(Template)]
#[template(path = "verify.html")]
struct Verify<'a> {
    view: &'a View,
}

/// The page a place keeps open; it pairs, scans, asks and answers by its island.
pub(super) async fn page(view: View) -> Response {
    let title = view.t("verify-title");
    view.page(&Page::verify(&title).with_island("verifier.js", &["verifier", "refusal"]), &Verify { view: &view })
}

#[derive(Template)]
#[template(path = "verify_number.html")]
struct Number<'a> {
    view: &'a View,
    /// The next question's name: sent twice, it is one question.
    next: UseId,
    answer: Option<Said>,
    error: Option<String>,
}

/// An answer as the page shows it.
struct Said {
    accepted: bool,
    why: String,
    fields: Vec<Labelled>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Typed {
    id: String,
    number: String,
}

/// The page for readers that type what they read, as a keyboard does: a transit card, a printed QR code, the town's number in a My Number Card.
pub(super) async fn number(view: View, Reader(ctx): Reader) -> Response {
    if !matches!(ctx.actor, Actor::Verifier(_)) {
        return Redirect::to("/verify").into_response();
    }
    let next = UseId::new(ctx.now());
    number_page(&view, next, None, None)
}

fn number_page(view: &View, next: UseId, answer: Option<Said>, error: Option<String>) -> Response {
    let title = view.t("verify-title");
    let mending = error.is_some();
    let page = view.page(&Page::verify(&title), &Number { view, next, answer, error });
    if mending { to_mend(page) } else { page }
}

/// Decides on what a reader typed.
pub(super) async fn decide_number(
    State(app): State<App>,
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Reader(ctx): Reader,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let (actor, next) = (ctx.actor.clone(), UseId::new(ctx.now()));
    drop(ctx);
    if !matches!(actor, Actor::Verifier(_)) {
        return Ok(Redirect::to("/verify").into_response());
    }
    let number = match MediumNumber::read(&typed.number) {
        Ok(number) => number,
        Err(error) => {
            let told = view.t(&format!("verify-number-{}", error.code().replace('_', "-")));
            return Ok(number_page(&view, next, None, Some(told)));
        }
    };
    let id = typed.id.parse().unwrap_or(next);
    let decision = api::decide_number(&app, office, actor, id, number).await?;
    let said = said(&view, &decision);
    Ok(number_page(&view, next, Some(said), None))
}

fn said(view: &View, decision: &Decision) -> Said {
    let programme = decision.programme.as_ref().and_then(|id| view.app.town().programme(id));
    let title = programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned());
    Said {
        accepted: decision.accepted(),
        why: decision.refusal.as_ref().map_or(title, |refusal| words::refusal(view, refusal)),
        fields: decision.shown.iter().map(|field| api::labelled(view, programme, field)).collect(),
    }
}
