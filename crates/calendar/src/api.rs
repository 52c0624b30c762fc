//! The calendar for programs: garbage days, items, events.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use civil::Date;
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use town::{Garbage, GarbageArea, GarbageItem};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Caller, Problem, Reader, View, signed_in};

use crate::domain::{events, people};
use crate::model::{Event, EventId, Part, SeatState};
use crate::rules::{garbage, search};

/// Days asked for at once.
const DAYS_MAX: i64 = 400;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(areas)).routes(routes!(days)).routes(routes!(items)).routes(routes!(list)).routes(routes!(join))
}

#[derive(Deserialize)]
struct Span {
    from: Option<String>,
    until: Option<String>,
}

impl Span {
    fn read(&self, today: Date) -> Result<(Date, Date), Problem> {
        let wrong = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "calendar.days");
        let day = |text: &Option<String>| text.as_ref().map(|text| text.parse::<Date>()).transpose().map_err(|_| wrong());
        let from = day(&self.from)?.unwrap_or(today);
        let until = day(&self.until)?.unwrap_or_else(|| from.saturating_add(31.days()));
        if until < from || until > from.saturating_add(DAYS_MAX.days()) { Err(wrong()) } else { Ok((from, until)) }
    }
}

/// Something the garbage files say, in the reader's language.
fn in_words(view: &View, garbage: &Garbage, own: &str) -> String {
    garbage.read(own, &view.language).1.to_owned()
}

/// An area in which everything is collected on the same days.
#[derive(Serialize, ToSchema)]
struct Area {
    /// Its name as the town writes it, by which its days are asked for.
    name: String,
    /// Its name in the reader's language.
    title: String,
    /// The districts of the register that lie in it.
    districts: Vec<String>,
}

/// Lists the areas of garbage collection.
#[utoipa::path(get, path = "/api/v1/calendar/areas", responses((status = 200, body = Vec<Area>)), tag = "calendar")]
async fn areas(view: View) -> Json<Vec<Area>> {
    let Some(garbage) = &view.app.town().garbage else { return Json(Vec::new()) };
    let area = |area: &GarbageArea| Area {
        name: area.name.clone(),
        title: in_words(&view, garbage, &area.name),
        districts: area.districts.clone(),
    };
    Json(garbage.areas.iter().map(area).collect())
}

/// What is collected on a day.
#[derive(Serialize, ToSchema)]
struct Day {
    /// The day, `YYYY-MM-DD`.
    day: String,
    /// The kinds.
    kinds: Vec<Kind>,
}

/// A kind of garbage.
#[derive(Serialize, ToSchema)]
struct Kind {
    /// Its name as the town writes it.
    name: String,
    /// Its name in the reader's language.
    title: String,
    /// False where the town's table can be read in two ways.
    sure: bool,
}

/// Gives the garbage days of an area.
#[utoipa::path(get, path = "/api/v1/calendar/areas/{area}/days", params(("area" = String, Path), ("from" = Option<String>, Query), ("until" = Option<String>, Query)),
    responses((status = 200, body = Vec<Day>), (status = 404, description = "No such area.")), tag = "calendar")]
async fn days(view: View, Reader(ctx): Reader, Path(area): Path<String>, Query(span): Query<Span>) -> Result<Json<Vec<Day>>, Problem> {
    let (from, until) = span.read(ctx.today())?;
    let town = view.app.town();
    let area = people::area_named(town, &area).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "calendar.no_such_area"))?;
    let table = town.garbage.as_ref().ok_or_else(Problem::not_found)?;
    let kind = |one: &garbage::Collected| {
        let name = &table.kinds.get(one.kind)?.name;
        Some(Kind { name: name.clone(), title: in_words(&view, table, name), sure: one.sure })
    };
    let days = garbage::between(table, area, from, until);
    Ok(Json(days.iter().map(|(day, kinds)| Day { day: day.to_string(), kinds: kinds.iter().filter_map(kind).collect() }).collect()))
}

/// Something to throw away.
#[derive(Serialize, ToSchema)]
struct Item {
    /// Its name as the town writes it.
    name: String,
    /// Its name in the reader's language.
    title: String,
    /// The kind it is collected as, or what the town says of it, as the town writes it.
    label: String,
    /// The same in the reader's language.
    kind: String,
    /// What to mind, in the reader's language.
    notice: String,
}

#[derive(Deserialize)]
struct Sought {
    q: String,
}

/// Finds how something is thrown away.
#[utoipa::path(get, path = "/api/v1/calendar/items", params(("q" = String, Query)), responses((status = 200, body = Vec<Item>)), tag = "calendar")]
async fn items(view: View, Query(sought): Query<Sought>) -> Json<Vec<Item>> {
    let Some(garbage) = &view.app.town().garbage else { return Json(Vec::new()) };
    let json = |item: &GarbageItem| Item {
        name: item.name.clone(),
        title: in_words(&view, garbage, &item.name),
        label: item.label.clone(),
        kind: in_words(&view, garbage, &item.label),
        notice: in_words(&view, garbage, &item.notice),
    };
    Json(search::items(garbage, &sought.q).into_iter().map(json).collect())
}

/// An event.
#[derive(Serialize, ToSchema)]
struct EventJson {
    /// Its id.
    id: String,
    /// Its name in the reader's language.
    title: String,
    /// What it is, as the name.
    about: String,
    /// Where, as the name.
    place: String,
    /// First day.
    starts_on: String,
    /// Last day.
    ends_on: String,
    /// `10:00`, or empty.
    starts_at: String,
    /// `12:00`, or empty.
    ends_at: String,
    /// Who may register: `nobody` needs to, `anyone`, `proven`, or `programme:<id>`.
    who: String,
    /// Places left; null where there are enough for all.
    left: Option<i32>,
    /// Whether it does not take place.
    cancelled: bool,
}

/// Lists the events of some days.
#[utoipa::path(get, path = "/api/v1/calendar/events", params(("from" = Option<String>, Query), ("until" = Option<String>, Query)),
    responses((status = 200, body = Vec<EventJson>)), tag = "calendar")]
async fn list(view: View, Reader(mut ctx): Reader, Query(span): Query<Span>) -> Result<Json<Vec<EventJson>>, Problem> {
    let (from, until) = span.read(ctx.today())?;
    let events = events::events_between(&mut ctx, from, until).await?;
    let said = |event: &Event, part| event.details.texts.read(&view.language, part).1.to_owned();
    let json = |event: &Event| EventJson {
        id: event.id.to_string(),
        title: said(event, Part::Title),
        about: said(event, Part::About),
        place: said(event, Part::Place),
        starts_on: event.details.starts_on.to_string(),
        ends_on: event.details.ends_on.to_string(),
        starts_at: event.details.starts_at.clone(),
        ends_at: event.details.ends_at.clone(),
        who: event.details.who.to_string(),
        left: event.details.capacity.map(|places| (places - event.taken).max(0)),
        cancelled: event.cancelled_at.is_some(),
    };
    Ok(Json(events.iter().map(json).collect()))
}

/// How the caller stands with an event now.
#[derive(Serialize, ToSchema)]
struct Joined {
    /// `placed` or `waiting`.
    #[schema(value_type = String)]
    state: SeatState,
}

/// Registers the caller for an event.
#[utoipa::path(post, path = "/api/v1/calendar/events/{event}/registration", params(("event" = String, Path)),
    responses((status = 200, body = Joined), (status = 409, description = "Registration is not possible; `reason` says why.")), tag = "calendar")]
async fn join(Caller(mut ctx): Caller, Path(id): Path<EventId>) -> Result<Json<Joined>, Problem> {
    signed_in(&ctx)?;
    let state = events::join(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Json(Joined { state }))
}
