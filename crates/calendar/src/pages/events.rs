//! An event, and registering for it.

use askama::Template;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::{Shown, of_others, said, when_words};
use crate::domain::{events, holder};
use crate::model::{Event, EventId, Part, Seat, SeatState, Who};
use crate::store::events as rows;

#[derive(Template)]
#[template(path = "calendar_event.html")]
struct EventPage<'a> {
    view: &'a View,
    event: &'a Event,
    title: Shown,
    place: Shown,
    about: Shown,
    when: String,
    whose: Option<String>,
    who: String,
    left: Option<i32>,
    window: Option<String>,
    closed: Option<String>,
    signed_in: bool,
    seat: Option<Seat>,
}

impl EventPage<'_> {
    fn placed(&self) -> bool {
        self.seat.as_ref().is_some_and(|seat| seat.state == SeatState::Placed)
    }

    fn full(&self) -> bool {
        self.left == Some(0)
    }
}

pub(super) fn who_words(view: &View, who: &Who) -> String {
    match who {
        Who::Programme(id) => {
            let name = view.app.town().programme(id).map(|programme| view.words(&programme.name).to_owned());
            view.t1("calendar-who-programme", "programme", &name.unwrap_or_else(|| id.to_string()))
        }
        other => view.t(&format!("calendar-who-{other}")),
    }
}

/// An event.
pub(super) async fn page(view: View, Reader(mut ctx): Reader, Path(id): Path<EventId>) -> Result<Response, Problem> {
    let event = events::event(&mut ctx, id).await?;
    let account = holder(&ctx).ok();
    let seat = match account {
        Some(account) => rows::seat(&mut ctx, id, account).await?,
        None => None,
    };
    let title = event.details.texts.read(&view.language, Part::Title).1;
    let body = EventPage {
        view: &view,
        title: said(&view, &event, Part::Title),
        place: said(&view, &event, Part::Place),
        about: said(&view, &event, Part::About),
        when: when_words(&view, &event),
        whose: of_others(&view, &event),
        who: who_words(&view, &event.details.who),
        left: event.details.capacity.map(|places| (places - event.taken).max(0)),
        window: event.details.apply_until.map(|day| view.t1("calendar-apply-until", "day", &view.day(&day))),
        closed: events::closed(&event, ctx.today()).map(|reason| view.t(&format!("calendar-closed-{}", reason.replace('_', "-")))),
        signed_in: account.is_some(),
        seat,
        event: &event,
    };
    Ok(view.page(&Page::resident(title), &body))
}

pub(super) async fn join(Caller(mut ctx): Caller, Path(id): Path<EventId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    events::join(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/calendar/events/{id}")))
}

pub(super) async fn leave(Caller(mut ctx): Caller, Path(id): Path<EventId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    events::leave(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/calendar/events/{id}")))
}
