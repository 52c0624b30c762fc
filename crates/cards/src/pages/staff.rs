//! Programmes, use and places, for the town's staff.

use std::collections::BTreeMap;

use ::store::{Ctx, Permission};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use civil::Date;
use identity::DeviceKind;
use serde::Deserialize;
use town::{PlaceId, Programme};
use web::{Caller, Page, Problem, Reader, View, staff, staff_name, to_mend};

use crate::domain::{self, UseStatistics};
use crate::model::ProgrammeCount;

#[derive(Template)]
#[template(path = "staff_programmes.html")]
struct Programmes<'a> {
    view: &'a View,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    programme: &'a Programme,
    rule: Option<(&'a str, &'a str, Date)>,
    count: ProgrammeCount,
}

/// Programmes with their rule of today and their counts.
pub(super) async fn programmes(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeProgrammes).await?;
    let counts = domain::programme_counts(&mut ctx).await?;
    let (town, today) = (ctx.town().clone(), ctx.today());
    let rows = counts
        .into_iter()
        .filter_map(|count| {
            let programme = town.programme(&count.programme)?;
            let rule = programme.in_force(today).map(|version| (version.eligible.source(), version.source.as_str(), version.from));
            Some(Row { programme, rule, count })
        })
        .collect();
    let title = view.t("staff-programmes-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &Programmes { view: &view, rows }))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Span {
    from: String,
    until: String,
}

impl Span {
    /// The days asked about, the last 30 where nothing is asked; none when one cannot be read.
    fn days(&self, today: Date) -> Option<(Date, Date)> {
        let until = civil::read_day(&self.until).ok()?.unwrap_or(today);
        let from = civil::read_day(&self.from).ok()?;
        let from = from.unwrap_or_else(|| until.checked_sub(jiff::Span::new().days(29)).unwrap_or(until));
        Some((from.min(until), until))
    }
}

#[derive(Template)]
#[template(path = "staff_use.html")]
struct UsePage<'a> {
    view: &'a View,
    from: String,
    until: String,
    /// A day that was typed cannot be read.
    not_a_day: bool,
    days: Bars,
    programmes: Vec<(String, i64, i64)>,
    places: Vec<(String, i64, i64)>,
    ages: Vec<(String, i64, i64)>,
    total: i64,
    refused: i64,
}

/// A bar chart drawn by the server: 640 × 200, a label under every bar that has room for one.
struct Bars {
    bars: Vec<Bar>,
}

struct Bar {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    label: String,
    value: i64,
    labelled: bool,
}

impl Bars {
    fn new(values: Vec<(String, i64)>) -> Self {
        const WIDTH: i64 = 640;
        const HEIGHT: i64 = 160;
        let count = i64::try_from(values.len()).unwrap_or(1).max(1);
        let highest = values.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
        let step = (WIDTH / count).max(1);
        let every = (count / 8).max(1);
        let bar = |(place, (label, value)): (usize, (String, i64))| {
            let place = i64::try_from(place).unwrap_or(0);
            let height = value * HEIGHT / highest;
            let width = (step - 2).max(1);
            Bar { x: place * step, y: 20 + HEIGHT - height, width, height, label, value, labelled: place % every == 0 }
        };
        Self { bars: values.into_iter().enumerate().map(bar).collect() }
    }
}

/// How cards were used: by day, programme, place and age.
pub(super) async fn used(view: View, Reader(mut ctx): Reader, Query(span): Query<Span>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeUse).await?;
    let asked = span.days(ctx.today());
    let last_days = || Span::default().days(ctx.today()).unwrap_or((ctx.today(), ctx.today()));
    let (from, until) = asked.unwrap_or_else(last_days);
    let statistics = domain::use_statistics(&mut ctx, from, until).await?;
    let mut body = use_page(&view, from, until, &statistics);
    if asked.is_none() {
        (body.from, body.until, body.not_a_day) = (span.from, span.until, true);
    }
    let title = view.t("staff-use-title");
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &body);
    Ok(if body.not_a_day { to_mend(page) } else { page })
}

fn use_page<'a>(view: &'a View, from: Date, until: Date, statistics: &UseStatistics) -> UsePage<'a> {
    let town = view.app.town();
    let mut days: BTreeMap<Date, i64> =
        from.series(jiff::Span::new().days(1)).take_while(|day| *day <= until).take(400).map(|day| (day, 0)).collect();
    for (day, (accepted, _)) in &statistics.by_day {
        days.insert(*day, *accepted);
    }
    let programme = |id: &Option<town::ProgrammeId>| {
        let programme = id.as_ref().and_then(|id| town.programme(id));
        programme.map_or_else(|| view.t("staff-use-unknown"), |programme| view.words(&programme.name).to_owned())
    };
    let place = |id: &PlaceId| town.place(id).map_or_else(|| id.to_string(), |place| view.words(&place.name).to_owned());
    let decade = |age: i64| view.ta("staff-use-decade", &[("from", age.into()), ("to", (age + 9).into())]);
    let oldest = statistics.by_age.values().copied().max().unwrap_or(0).max(1);
    UsePage {
        view,
        from: from.to_string(),
        until: until.to_string(),
        not_a_day: false,
        days: Bars::new(days.iter().map(|(day, count)| (format!("{}/{}", day.month(), day.day()), *count)).collect()),
        programmes: statistics.by_programme.iter().map(|(id, (yes, no))| (programme(id), *yes, *no)).collect(),
        places: statistics.by_place.iter().map(|(id, (yes, no))| (place(id), *yes, *no)).collect(),
        ages: statistics.by_age.iter().map(|(age, count)| (decade(*age), *count, *count * 100 / oldest)).collect(),
        total: statistics.by_day.values().map(|(yes, _)| yes).sum(),
        refused: statistics.by_day.values().map(|(_, no)| no).sum(),
    }
}

#[derive(Template)]
#[template(path = "staff_places.html")]
struct Places<'a> {
    view: &'a View,
    places: Vec<PlaceRow>,
    code: Option<Code>,
}

/// A code just made.
struct Code {
    title: String,
    code: String,
    hint: String,
}

struct PlaceRow {
    id: PlaceId,
    name: String,
    kind: String,
    programmes: Vec<String>,
    verifiers: Vec<identity::Device>,
    stations: Vec<identity::Device>,
}

/// Places, their paired devices, and a button for a pairing code.
pub(super) async fn places(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::PairVerifier).await?;
    places_page(&view, &mut ctx, None).await
}

async fn places_page(view: &View, ctx: &mut Ctx, code: Option<Code>) -> Result<Response, Problem> {
    let town = ctx.town().clone();
    let devices = identity::devices(ctx).await?;
    let at = |place: &PlaceId, kind: DeviceKind| {
        let trusted = devices.iter().filter(|device| device.ended_at.is_none() && device.kind == kind && device.place == *place);
        trusted.cloned().collect()
    };
    let mut places = Vec::new();
    for place in &town.places {
        places.push(PlaceRow {
            id: place.id.clone(),
            name: view.words(&place.name).to_owned(),
            kind: view.t(&format!("place-kind-{}", place.kind.word())),
            programmes: place
                .accepts
                .iter()
                .filter_map(|id| town.programme(id))
                .map(|programme| view.words(&programme.name).to_owned())
                .collect(),
            verifiers: at(&place.id, DeviceKind::Verifier),
            stations: at(&place.id, DeviceKind::Station),
        });
    }
    let name = staff_name(ctx).await?;
    let title = view.t("staff-places-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &Places { view, places, code }))
}

/// Makes a pairing code for a place's verifier and shows it.
pub(super) async fn pairing_code(view: View, caller: Caller, Path(place): Path<PlaceId>) -> Result<Response, Problem> {
    code_page(view, caller, &place, DeviceKind::Verifier).await
}

/// Makes an enrolment code for a place's card reader and shows it.
pub(super) async fn station_code(view: View, caller: Caller, Path(place): Path<PlaceId>) -> Result<Response, Problem> {
    code_page(view, caller, &place, DeviceKind::Station).await
}

async fn code_page(view: View, Caller(mut ctx): Caller, place: &PlaceId, kind: DeviceKind) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::PairVerifier).await?;
    let named = ctx.town().place(place).map(|place| view.words(&place.name).to_owned()).ok_or_else(Problem::not_found)?;
    let code = identity::pairing_code(&mut ctx, kind, place).await?.code;
    let (title, hint) = match kind {
        DeviceKind::Verifier => ("staff-places-code", "staff-places-code-hint"),
        DeviceKind::Station => ("staff-places-station-code", "staff-places-station-hint"),
    };
    let shown = Code { title: view.t1(title, "place", &named), code, hint: view.t(hint) };
    let page = places_page(&view, &mut ctx, Some(shown)).await?;
    ctx.commit().await?;
    Ok(page)
}

#[derive(Deserialize)]
pub(super) struct EndVerifier {
    verifier: identity::DeviceId,
}

/// Ends a device's pairing.
pub(super) async fn end_verifier(
    Caller(mut ctx): Caller,
    Path(_): Path<PlaceId>,
    Form(end): Form<EndVerifier>,
) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::PairVerifier).await?;
    identity::end_device(&mut ctx, end.verifier).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/places"))
}
