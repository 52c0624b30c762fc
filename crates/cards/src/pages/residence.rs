//! Where somebody belongs who is not in the register: what they hold, how to prove that they live next door, how to join a roll.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use identity::{Belonging, BelongsBy, ResidenceId};
use serde::Deserialize;
use town::{DigitalResidents, Neighbour, NeighbourId, RollId, Town};
use web::{Caller, Page, Problem, Reader, View, qr_svg, signed_in, to_mend};

use crate::domain::{self, Office};
use crate::model::{Error, ResidenceRequestId};

#[derive(Template)]
#[template(path = "residence.html")]
struct Mine<'a> {
    view: &'a View,
    /// They are in the town's own register: nothing here is for them.
    resident: bool,
    live: Vec<Shown>,
    ended: Vec<Shown>,
    neighbours: &'a [Neighbour],
    rolls: &'a [DigitalResidents],
}

/// Where somebody belongs, as the page shows it.
struct Shown {
    id: ResidenceId,
    name: String,
    /// What it rests on: the key.
    by: &'static str,
    until: String,
    /// Where it is proven or joined anew.
    again: String,
    /// Why it ended: the key.
    why: String,
}

/// The name of a neighbour or a roll; its id where the pack no longer has it.
pub(super) fn name_of(view: &View, town: &Town, found: &Belonging) -> String {
    let words = match found.by {
        BelongsBy::Neighbour => found.neighbour().and_then(|id| town.neighbour(&id)).map(|neighbour| &neighbour.name),
        BelongsBy::Digital => found.roll().and_then(|id| town.roll(&id)).map(|roll| &roll.name),
    };
    words.map_or_else(|| found.to.clone(), |words| view.words(words).to_owned())
}

/// The key of why something ended.
pub(super) fn why_key(found: &Belonging) -> String {
    format!("residence-ended-{}", found.ended_why.map_or("over", identity::ResidenceEnd::as_str).replace('_', "-"))
}

fn shown(view: &View, town: &Town, found: &Belonging) -> Shown {
    let (by, part) = match found.by {
        BelongsBy::Neighbour => ("residence-by-neighbour", "neighbours"),
        BelongsBy::Digital => ("residence-by-digital", "rolls"),
    };
    Shown {
        id: found.id,
        name: name_of(view, town, found),
        by,
        until: view.day(&found.until),
        again: format!("/residence/{part}/{}", found.to),
        why: why_key(found),
    }
}

/// What the caller holds, and what there is to join or to prove.
pub(super) async fn page(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let town = guests(&view)?;
    let today = ctx.today();
    let (account, all) = domain::my_residences(&mut ctx).await?;
    let resident = identity::link_of(&mut ctx, account).await?.is_some();
    // What a newer one has taken the place of says nothing.
    let told = |found: &&Belonging| found.ended_why != Some(identity::ResidenceEnd::Renewed);
    let (live, ended): (Vec<_>, Vec<_>) = all.iter().filter(told).partition(|found| found.counts_on(today));
    let to_show = |found: Vec<&Belonging>| found.into_iter().map(|found| shown(&view, &town, found)).collect();
    let body = Mine {
        view: &view,
        resident,
        live: to_show(live),
        ended: to_show(ended),
        neighbours: &town.neighbours,
        rolls: &town.digital_residents,
    };
    Ok(view.page(&Page::resident(&view.t("residence-title")), &body))
}

/// The town, where it has anything for people who are not in its register.
fn guests(view: &View) -> Result<Arc<Town>, Problem> {
    let town = Arc::clone(view.app.town());
    if town.has_guests() { Ok(town) } else { Err(Problem::not_found()) }
}

/// Leaves a roll, or takes a statement back.
pub(super) async fn leave(Caller(mut ctx): Caller, Path(id): Path<ResidenceId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    identity::leave(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/residence"))
}

#[derive(Template)]
#[template(path = "residence_roll.html")]
struct Roll<'a> {
    view: &'a View,
    roll: &'a DigitalResidents,
    months: String,
    full: bool,
    error: Option<String>,
}

fn roll_page(view: &View, roll: &DigitalResidents, full: bool, error: Option<String>) -> Response {
    view.page(&Page::resident(view.words(&roll.name)), &Roll { view, roll, months: roll.months.to_string(), full, error })
}

/// What a roll is for and what one agrees to.
pub(super) async fn roll(view: View, Reader(mut ctx): Reader, Path(id): Path<RollId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let town = guests(&view)?;
    let roll = town.roll(&id).ok_or_else(Problem::not_found)?;
    let full = identity::is_full(&mut ctx, roll).await?;
    Ok(roll_page(&view, roll, full, None))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Joined {
    agree: Option<String>,
}

/// Joins a roll.
pub(super) async fn join(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<RollId>,
    Form(joined): Form<Joined>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let town = guests(&view)?;
    let roll = town.roll(&id).ok_or_else(Problem::not_found)?;
    match identity::join_roll(&mut ctx, &id, joined.agree.is_some()).await {
        Ok(_) => {
            ctx.commit().await?;
            Ok(Redirect::to("/residence").into_response())
        }
        Err(error) => {
            let words = mistake(&view, error)?;
            let full = identity::is_full(&mut ctx, roll).await?;
            Ok(to_mend(roll_page(&view, roll, full, Some(words))))
        }
    }
}

/// Why somebody cannot be a guest, in their words.
fn mistake(view: &View, error: identity::Error) -> Result<String, Problem> {
    match error {
        identity::Error::NoGuest(why) => Ok(view.t(&format!("residence-no-{}", why.as_str().replace('_', "-")))),
        error => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "residence_neighbour.html")]
struct Asking<'a> {
    view: &'a View,
    neighbour: &'a Neighbour,
    /// Its name in the reader's words.
    name: &'a str,
    days: String,
    uri: String,
    qr: String,
    /// What came of it: its key, and whether it is a yes.
    outcome: Option<(&'static str, bool)>,
    error: Option<String>,
}

impl<'a> Asking<'a> {
    fn of(view: &'a View, neighbour: &'a Neighbour) -> Self {
        let (name, days) = (view.words(&neighbour.name), neighbour.max_age_days.to_string());
        Self { view, neighbour, name, days, uri: String::new(), qr: String::new(), outcome: None, error: None }
    }

    fn page(self) -> Response {
        let title = self.view.t1("residence-prove-title", "town", self.name);
        self.view.page(&Page::resident(&title), &self)
    }
}

/// How one proves to live in a neighbouring town.
pub(super) async fn neighbour(view: View, Reader(ctx): Reader, Path(id): Path<NeighbourId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let town = guests(&view)?;
    let neighbour = town.neighbour(&id).ok_or_else(Problem::not_found)?;
    Ok(Asking::of(&view, neighbour).page())
}

/// Asks for the statement. Not on a screen that many people use: whoever stands behind could answer.
pub(super) async fn ask(view: View, Caller(mut ctx): Caller, Path(id): Path<NeighbourId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let town = guests(&view)?;
    let neighbour = town.neighbour(&id).filter(|_| !view.kiosk).ok_or_else(Problem::not_found)?;
    match domain::ask_residence(&mut ctx, &id).await {
        Ok(request) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/residence/requests/{request}")).into_response())
        }
        Err(Error::Identity(error)) => {
            let words = mistake(&view, error)?;
            Ok(to_mend(Asking { error: Some(words), ..Asking::of(&view, neighbour) }.page()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The code for the wallet, looked at again until something came of it.
pub(super) async fn asked(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Reader(mut ctx): Reader,
    Path(id): Path<ResidenceRequestId>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let request = domain::residence_request(&mut ctx, id).await?;
    let town = guests(&view)?;
    let neighbour = town.neighbour(&request.neighbour).ok_or_else(Problem::not_found)?;
    let asking = Asking::of(&view, neighbour);
    if let Some(outcome) = request.outcome {
        let said = Some((outcome.key(), outcome == crate::model::Outcome::Proven));
        return Ok(Asking { outcome: said, ..asking }.page());
    }
    if request.expires_at <= ctx.now() {
        return Ok(Asking { outcome: Some(("residence-outcome-given-up", false)), ..asking }.page());
    }
    let (uri, qr) = match request.closed {
        // The neighbour is being asked.
        true => (String::new(), String::new()),
        false => {
            let uri = domain::residence_uri(&office, &request);
            let qr = qr_svg(&uri, &view.t("residence-qr"));
            (uri, qr)
        }
    };
    let mut page = Asking { uri, qr, ..asking }.waiting();
    page.headers_mut().insert(header::REFRESH, HeaderValue::from_static("3"));
    Ok(page)
}

impl Asking<'_> {
    /// Whether it is waited for: nothing came of it, and nothing is to be mended.
    fn waiting(self) -> Response {
        let title = self.view.t1("residence-prove-title", "town", self.name);
        self.view.page(&Page::resident(&title), &Waiting { view: self.view, name: self.name, uri: self.uri, qr: self.qr })
    }
}

#[derive(Template)]
#[template(path = "residence_waiting.html")]
struct Waiting<'a> {
    view: &'a View,
    name: &'a str,
    uri: String,
    qr: String,
}
