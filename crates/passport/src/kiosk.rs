//! A screen many people use one after another, beside a card reader: whatever a phone can do, a card can do here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Form, Router};
use jpki::Purpose;
use serde::Deserialize;
use store::Actor;
use web::{
    App, Caller, KIOSK_COOKIE, Page, Problem, Session, SessionKind, View, cookie, end_cookie, forget_cookie, kept_cookie, query_value,
};

use crate::browser::{Begun, leading_on, with_cookies};
use crate::domain::Proofing;
use crate::media;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/kiosk", get(welcome).post(begin)).route("/kiosk/end", get(end))
}

/// Seconds a browser stays a kiosk without being opened as one: four hundred days, the most browsers keep.
const KIOSK_COOKIE_S: i64 = 34_560_000;
/// Where somebody is led once their card was read.
const FIRST: &str = "/";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Beside {
    /// The address of the card reader's page on this very machine.
    station: String,
}

/// Only a reader on the screen's own machine is gone to from here: nobody is led elsewhere by a link.
fn beside(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("http://")?;
    let host = rest.strip_prefix("127.0.0.1").or_else(|| rest.strip_prefix("localhost"))?;
    let port = host.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (host.is_empty() || port).then_some(address)
}

#[derive(Template)]
#[template(path = "kiosk.html")]
struct Welcome<'a> {
    view: &'a View,
    /// The programmes a tap with the card is enough for.
    tapped: Option<String>,
}

/// The first page: lay the card. A screen becomes a kiosk by being opened once with the address of its reader, and stays one.
async fn welcome(
    State(app): State<App>,
    mut view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Query(asked): Query<Beside>,
) -> Result<Response, Problem> {
    let known = station_of(&headers).or(proofing.station.as_deref());
    let Some(station) = beside(&asked.station).or(known).map(str::to_owned) else {
        // No reader, no kiosk: the way in by one's own phone.
        return Ok(Redirect::to("/start").into_response());
    };
    view.kiosk = false;
    let tapped = media::accepted(&view).into_iter().find(|accepted| accepted.kind == town::Medium::RegionId);
    let title = view.t("kiosk-title");
    let body = Welcome { view: &view, tapped: tapped.map(|accepted| accepted.programmes) };
    let keep = kept_cookie(KIOSK_COOKIE, &station, KIOSK_COOKIE_S, app.origin());
    with_cookies(view.page(&Page::plain(&title), &body), &[keep])
}

/// The reader beside this screen, as the browser keeps it: checked again, a cookie is what a browser says.
fn station_of(headers: &HeaderMap) -> Option<&str> {
    beside(cookie(headers, KIOSK_COOKIE)?)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wish {
    /// `yes` when the card is to get the town's number.
    tap: String,
}

#[derive(Template)]
#[template(path = "kiosk_going.html")]
struct Going<'a> {
    view: &'a View,
    address: &'a str,
}

/// Begins a proof for this screen and leads to the reader beside it.
async fn begin(
    State(app): State<App>,
    mut view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    headers: HeaderMap,
    Caller(mut ctx): Caller,
    Form(wish): Form<Wish>,
) -> Result<Response, Problem> {
    let Some(station) = station_of(&headers).or(proofing.station.as_deref()).map(str::to_owned) else {
        return Ok(Redirect::to("/start").into_response());
    };
    // Who stood here before is not who stands here now.
    ctx.actor = Actor::Anonymous;
    let proof = identity::begin_proof(&mut ctx, &proofing.settings, Purpose::Register, None).await?;
    if wish.tap == "yes" {
        identity::ask_region_id(&mut ctx, &proof).await?;
    }
    ctx.commit().await?;
    let back = query_value(&format!("{}/start/done", app.origin()));
    let address = format!("{station}/?code={}&lang={}&back={back}", query_value(&proof.code), view.language);
    view.kiosk = false;
    let title = view.t("kiosk-title");
    let page = view.page(&Page::plain(&title), &Going { view: &view, address: &address });
    let cookies = [Begun::keep(&proof, FIRST, app.origin()), end_cookie(SessionKind::Holder)];
    leading_on(with_cookies(page, &cookies)?, &address)
}

/// Ends what somebody did at a kiosk: the next person sees the first page. A link is enough, since there is nothing to lose by it.
async fn end(Session(session): Session, Caller(mut ctx): Caller, headers: HeaderMap) -> Result<Response, Problem> {
    if cookie(&headers, KIOSK_COOKIE).is_none() {
        return Ok(Redirect::to("/").into_response());
    }
    if let (Some(session), Actor::Holder(_)) = (session, &ctx.actor) {
        identity::end_session(&mut ctx, session).await?;
        ctx.commit().await?;
    }
    // The next person chooses language and type size anew.
    let forgotten = [end_cookie(SessionKind::Holder), Begun::forget(), forget_cookie("lang"), forget_cookie("size")];
    with_cookies(Redirect::to("/kiosk").into_response(), &forgotten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_on_the_same_machine_is_gone_to() {
        for own in ["http://127.0.0.1:8081", "http://localhost:8081", "http://localhost"] {
            assert_eq!(beside(own), Some(own));
        }
        for other in
            ["", "https://evil.example", "http://127.0.0.1.evil.example", "http://localhost:80@evil.example", "http://127.0.0.1:8081/x"]
        {
            assert_eq!(beside(other), None, "{other}");
        }
    }
}
