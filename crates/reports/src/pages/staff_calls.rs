//! Calls for reports to the residents of an area, and how they come in.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use store::{Ctx, Permission};
use town::Area;
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::staff::{ISLAND, Row, Tab, joined, rows, tabs};
use super::{Choice, MAP, category_words, districts, map_of};
use crate::domain::{calls, desk};
use crate::model::{Call, CallId, Counts, Error, Report, ReportId, Urgency};
use crate::rules::WORDS_CHARS_MAX;

#[derive(Template)]
#[template(path = "staff_calls.html")]
struct List<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
    calls: Vec<CallRow>,
    kinds: Vec<Choice>,
    districts: Vec<Choice>,
    words: String,
    area: String,
    map: String,
    words_max: usize,
    error: Option<(&'static str, String)>,
}

struct CallRow {
    id: CallId,
    category: String,
    words: String,
    districts: String,
    since: String,
    over: Option<String>,
    counts: Counts,
}

fn call_row(view: &View, call: &Call, counts: Counts) -> CallRow {
    CallRow {
        id: call.id,
        category: category_words(view, &call.category),
        words: call.words.clone(),
        districts: joined(view, &call.districts()),
        since: view.moment(&call.begun_at),
        over: call.ended_at.map(|at| view.moment(&at)),
        counts,
    }
}

/// What stands in the form of a call.
#[derive(Default)]
struct Typed {
    category: String,
    districts: Vec<String>,
    area: String,
    words: String,
}

async fn page(view: &View, ctx: &mut Ctx, name: String, typed: &Typed, error: Option<(&'static str, String)>) -> Result<Response, Problem> {
    let town = view.app.town();
    let reports = crate::domain::settings(town)?;
    let found = calls::all(ctx).await?;
    let kind = |kind: &town::ReportCategory| Choice {
        value: kind.id.to_string(),
        name: view.words(&kind.name).to_owned(),
        chosen: kind.id.as_str() == typed.category,
    };
    // What is for disasters first: it is what is called for.
    let (urgent, usual): (Vec<_>, Vec<_>) = reports.categories.iter().partition(|kind| kind.emergency);
    let mut named = districts(view, "");
    named.iter_mut().for_each(|district| district.chosen = typed.districts.contains(&district.value));
    let wrong = error.is_some();
    let body = List {
        view,
        tabs: tabs(view, ctx.allow(Permission::ManageServices).is_ok()),
        calls: found.iter().map(|(call, counts)| call_row(view, call, *counts)).collect(),
        kinds: urgent.into_iter().chain(usual).map(kind).collect(),
        districts: named,
        words: typed.words.clone(),
        area: typed.area.clone(),
        map: map_of("draw", json!({ "area": "#area" })),
        words_max: WORDS_CHARS_MAX,
        error,
    };
    let title = view.t("reports-tab-calls");
    let page = view.page(&Page::staff(&title, &ctx.actor, name).with_island(MAP, super::MAP_TEXTS), &body);
    Ok(if wrong { to_mend(page) } else { page })
}

/// Every call, and the form of a new one.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    page(&view, &mut ctx, name, &Typed::default(), None).await
}

/// Begins a call.
pub(super) async fn begin(view: View, Caller(mut ctx): Caller, Form(fields): Form<Vec<(String, String)>>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    let one = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let named = fields.iter().filter(|(field, _)| field == "district").map(|(_, value)| value.clone()).collect();
    let typed = Typed { category: one("category"), districts: named, area: one("area"), words: one("words") };
    let area = Some(typed.area.as_str()).filter(|area| !area.trim().is_empty()).map(Area::read);
    if area == Some(None) {
        let error = ("area", view.t("reports-call-error-area"));
        return page(&view, &mut ctx, name, &typed, Some(error)).await;
    }
    let districts = calls::districts(view.app.town(), &typed.districts, area.flatten().as_ref());
    let kind = typed.category.parse().map_err(|_| Error::Unknown("category"));
    let begun = match kind {
        Ok(kind) => calls::begin(&mut ctx, &kind, districts, &typed.words).await,
        Err(error) => Err(error),
    };
    let error = match begun {
        Ok(call) => {
            ctx.commit().await?;
            return Ok(Redirect::to(&format!("/staff/reports/calls/{}", call.id)).into_response());
        }
        Err(Error::Unknown("district")) => ("districts", view.t("reports-call-error-districts")),
        Err(Error::Unknown("category")) => ("category", view.t("reports-call-error-category")),
        Err(Error::Text { reason, .. }) => ("words", view.t(&format!("reports-error-text-{}", reason.replace('_', "-")))),
        Err(other) => return Err(other.into()),
    };
    page(&view, &mut ctx, name, &typed, Some(error)).await
}

#[derive(Template)]
#[template(path = "staff_call.html")]
struct One<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
    call: CallRow,
    asking: bool,
    silent: i64,
    groups: Vec<Group>,
    map: String,
}

/// Reports of a call that press alike.
struct Group {
    code: &'static str,
    name: String,
    count: String,
    rows: Vec<Row>,
}

/// How staff said that reports of a call press, in the order in which they are seen to.
const GROUPS: [&str; 6] = ["life", "new", "urgent", "usual", "later", "settled"];

/// In which group a report of a call is.
fn group_of(report: &Report) -> &'static str {
    match (report.status.is_open(), report.urgency, report.triaged_at) {
        (false, ..) => "settled",
        (_, Urgency::Life, _) => "life",
        (_, _, None) => "new",
        (_, Urgency::Urgent, _) => "urgent",
        (_, Urgency::Usual, _) => "usual",
        (_, Urgency::Later, _) => "later",
    }
}

/// One call, live: who was asked, what came.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path(id): Path<CallId>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    let (call, counts, answers) = calls::one(&mut ctx, id).await?;
    let mut groups = Vec::new();
    for code in GROUPS {
        let of: Vec<Report> = answers.iter().filter(|report| group_of(report) == code).cloned().collect();
        let count = view.count(&i64::try_from(of.len()).unwrap_or(i64::MAX));
        groups.push(Group { code, name: view.t(&format!("reports-triage-{code}")), count, rows: rows(&view, &mut ctx, &of).await? });
    }
    groups.retain(|group| !group.rows.is_empty());
    let body = One {
        view: &view,
        tabs: tabs(&view, ctx.allow(Permission::ManageServices).is_ok()),
        asking: call.asked_all_at.is_none() && call.ended_at.is_none(),
        silent: counts.silent(),
        call: call_row(&view, &call, counts),
        groups,
        map: map_of("show", json!({ "features": format!("/api/v1/staff/reports.geojson?call={id}") })),
    };
    let title = view.t("reports-call-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name).with_island(ISLAND.0, ISLAND.1).with_island(MAP, super::MAP_TEXTS), &body))
}

#[derive(Deserialize)]
pub(super) struct Triage {
    to: Urgency,
    call: CallId,
}

/// Says how much a report of a call presses, and goes on to the next nobody has looked at.
pub(super) async fn triage(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(triage): Form<Triage>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::AnswerReports).await?;
    desk::press(&mut ctx, id, triage.to).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/reports/calls/{}#next", triage.call)))
}

/// Ends a call.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<CallId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::AnswerReports).await?;
    calls::end(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/reports/calls/{id}")))
}
