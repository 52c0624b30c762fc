//! The pages: writing a report, the talk about it, what is public, and the console's.

mod asked;
mod form;
mod mine;
mod new;
mod photos;
mod public;
mod public_totals;
mod staff;
mod staff_bulk;
mod staff_calls;
mod staff_one;
mod staff_programs;
mod staff_statistics;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use serde_json::json;
use town::{ReportCategory, ReportCategoryId, ReportSectionId};
use web::{App, View};

use crate::model::{Error, Photo, Report, Status, Urgency};

pub(crate) use asked::Asked;
pub(crate) use form::Sent;
pub(crate) use new::keep_and_send;

/// The module that draws maps, and the texts it reads with those of the form.
const MAP: &str = "map.js";
const MAP_TEXTS: &[&str] = &["places-map"];

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/reports", get(mine::list))
        .route("/reports/new", get(new::categories))
        .route("/reports/new/{category}", get(new::blank).post(new::keep).layer(DefaultBodyLimit::max(crate::FORM_BYTES_MAX)))
        .route("/reports/{report}/edit", get(new::edit))
        .route("/reports/{report}/check", get(new::check))
        .route("/reports/{report}/send", post(new::send))
        .route("/reports/{report}/discard", post(new::discard))
        .route("/reports/photos/{photo}", get(photos::see))
        .route("/reports/photos/{photo}/hide", get(photos::choose).post(photos::hide))
        .route("/reports/photos/{photo}/remove", post(photos::remove))
        .route("/reports/{report}", get(mine::one))
        .route("/reports/{report}/say", post(mine::say))
        .route("/reports/{report}/confirm", post(mine::confirm))
        .route("/reports/calls/{call}/fine", post(mine::fine))
        .route("/reports/public", get(public::list))
        .route("/reports/totals", get(public_totals::show))
        .route("/reports/public/{report}", get(public::one))
        .route("/reports/public/{report}/support", post(public::support))
        .merge(staff_routes())
}

fn staff_routes() -> Router<App> {
    Router::new()
        .route("/staff/reports", get(staff::queue))
        .route("/staff/reports/bulk", post(staff_bulk::act))
        .route("/staff/reports/map", get(staff::map))
        .route("/staff/reports/statistics", get(staff_statistics::show))
        .route("/staff/reports/statistics.csv", get(staff_statistics::csv))
        .route("/staff/reports/calls", get(staff_calls::list).post(staff_calls::begin))
        .route("/staff/reports/calls/{call}", get(staff_calls::one))
        .route("/staff/reports/calls/{call}/end", post(staff_calls::end))
        .route("/staff/reports/programs", get(staff_programs::list).post(staff_programs::register))
        .route("/staff/reports/programs/{client}/end", post(staff_programs::end))
        .route("/staff/reports/photos/{photo}", get(photos::see))
        .route("/staff/reports/{report}", get(staff_one::open))
        .route("/staff/reports/{report}/answer", post(staff_one::answer))
        .route("/staff/reports/{report}/note", post(staff_one::note))
        .route("/staff/reports/{report}/route", post(staff_one::route))
        .route("/staff/reports/{report}/sort", post(staff_one::sort))
        .route("/staff/reports/{report}/press", post(staff_one::press))
        .route("/staff/reports/{report}/triage", post(staff_calls::triage))
        .route("/staff/reports/{report}/assign", post(staff_one::assign))
        .route("/staff/reports/{report}/publish", post(staff_one::publish))
        .route("/staff/reports/{report}/unpublish", post(staff_one::unpublish))
        .route("/staff/reports/{report}/merge", post(staff_one::merge))
        .route("/staff/reports/{report}/who", post(staff_one::who))
}

/// A step in the reader's words.
pub(crate) fn status_words(view: &View, status: Status) -> String {
    view.t(&format!("reports-status-{}", status.as_str().replace('_', "-")))
}

/// The shape of a step's tag; the word says the same.
fn status_tone(status: Status) -> &'static str {
    match status {
        Status::Done => "tag tag--good",
        Status::Received | Status::Looking | Status::Doing => "tag tag--warn",
        Status::Draft | Status::NotOurs | Status::Duplicate => "tag tag--quiet",
    }
}

fn urgency_words(view: &View, urgency: Urgency) -> String {
    let code = urgency.as_str();
    view.t(&format!("reports-urgency-{}", code.get(2..).unwrap_or(code)))
}

fn category_of<'a>(view: &'a View, id: &ReportCategoryId) -> Option<&'a ReportCategory> {
    view.app.town().reports.as_ref()?.category(id)
}

/// A kind of report in the reader's words; its id where the pack has it no more.
pub(crate) fn category_words(view: &View, id: &ReportCategoryId) -> String {
    category_of(view, id).map_or_else(|| id.to_string(), |category| view.words(&category.name).to_owned())
}

/// A section in the reader's words; its id where the pack has it no more.
pub(crate) fn section_words(view: &View, id: &ReportSectionId) -> String {
    let section = view.app.town().reports.as_ref().and_then(|reports| reports.section(id));
    section.map_or_else(|| id.to_string(), |section| view.words(&section.name).to_owned())
}

/// A district in letters the reader knows.
pub(crate) fn district_words(view: &View, name: &str) -> String {
    if name.is_empty() {
        return view.t("reports-no-district");
    }
    let romaji = || view.app.town().districts.iter().find(|district| district.name == name).map(|district| district.romaji.clone());
    match view.language.html() {
        "ja" => name.to_owned(),
        _ => romaji().filter(|romaji| !romaji.is_empty()).unwrap_or_else(|| name.to_owned()),
    }
}

/// Where a report is, in words: district and landmark.
fn place_words(view: &View, report: &Report) -> String {
    let district = district_words(view, &report.district);
    if report.landmark.is_empty() { district } else { format!("{district}　{}", report.landmark) }
}

/// A picture on a page: where it is, and how large.
struct Shown {
    href: String,
    width: u32,
    height: u32,
    alt: String,
    id: String,
    public: bool,
}

/// The pictures of a report under a path.
fn shown(view: &View, photos: &[Photo], path: &str) -> Vec<Shown> {
    (1_i64..)
        .zip(photos)
        .map(|(place, photo)| Shown {
            href: format!("{path}/{}", photo.id),
            width: photo.width,
            height: photo.height,
            alt: view.t1("reports-photo-alt", "place", &place.to_string()),
            id: photo.id.to_string(),
            public: photo.public,
        })
        .collect()
}

/// What a map is told: shown things, or fields to fill.
fn map_of(mode: &str, more: serde_json::Value) -> String {
    let mut map = json!({ "style": "/map/style.json", "mode": mode });
    if let (Some(map), Some(more)) = (map.as_object_mut(), more.as_object()) {
        map.extend(more.clone());
    }
    map.to_string()
}

/// A report's number as people type it, with or without a mark in front.
fn number_of(typed: &str) -> Result<i64, Error> {
    let digits: String = typed.trim().chars().map(civil::half_width).filter(|c| *c != '#').collect();
    digits.parse().map_err(|_| Error::NoSuchReport)
}

/// A choice of a list.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// The districts as choices.
fn districts(view: &View, chosen: &str) -> Vec<Choice> {
    let districts = view.app.town().districts.iter();
    districts
        .map(|district| Choice {
            value: district.name.clone(),
            name: district_words(view, &district.name),
            chosen: district.name == chosen,
        })
        .collect()
}
