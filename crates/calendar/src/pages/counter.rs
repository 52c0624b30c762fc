//! Events at the counter: a clerk registers who stands there, from the page on which they are served.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use serde::Deserialize;
use store::{AccountId, Permission};
use web::{Caller, Page, Problem, View, staff};

use super::{Shown, said, when_words};
use crate::domain::events::{self, Open};
use crate::model::{EventId, Part, SeatState};

struct Line {
    id: EventId,
    title: Shown,
    when: String,
    place: Shown,
    /// Places left; nothing where there are enough for all.
    left: Option<i32>,
    state: Option<SeatState>,
    /// Why this person cannot register, if so.
    closed: Option<String>,
}

impl Line {
    fn placed(&self) -> bool {
        self.state == Some(SeatState::Placed)
    }
}

#[derive(Template)]
#[template(path = "calendar_staff_counter.html")]
struct Counter<'a> {
    view: &'a View,
    account: AccountId,
    name: String,
    lines: Vec<Line>,
}

/// The events somebody at the counter can register for, and how they stand with each. The look is written into their trail, so it is a change.
pub(super) async fn page(view: View, Caller(mut ctx): Caller, Path(account): Path<AccountId>) -> Result<Response, Problem> {
    let clerk = staff(&mut ctx, Permission::KeepCalendar).await?;
    let (name, open) = events::open_to(&mut ctx, account).await?;
    let line = |one: Open| Line {
        id: one.event.id,
        title: said(&view, &one.event, Part::Title),
        when: when_words(&view, &one.event),
        place: said(&view, &one.event, Part::Place),
        left: one.event.details.capacity.map(|places| (places - one.event.taken).max(0)),
        state: one.seat.map(|seat| seat.state),
        closed: one.closed.map(|reason| view.t(&format!("calendar-closed-{}", reason.replace('_', "-")))),
    };
    let body = Counter { view: &view, account, name, lines: open.into_iter().map(line).collect() };
    let title = view.t("calendar-counter-title");
    let page = view.page(&Page::staff(&title, &ctx.actor, clerk), &body);
    ctx.commit().await?;
    Ok(page)
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    event: EventId,
    /// `leave` to give a place up.
    #[serde(default)]
    what: String,
}

/// Registers the person, or strikes them out.
pub(super) async fn register(
    Caller(mut ctx): Caller,
    Path(account): Path<AccountId>,
    Form(wanted): Form<Wanted>,
) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    if wanted.what == "leave" {
        events::strike(&mut ctx, wanted.event, account).await?;
    } else {
        events::register_for(&mut ctx, wanted.event, account).await?;
    }
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/calendar/counter/{account}")))
}
