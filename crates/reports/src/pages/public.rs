//! What everybody sees.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use store::Actor;
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::{Choice, MAP, MAP_TEXTS, Shown, category_words, district_words, map_of, shown, status_tone, status_words};
use crate::domain::{draft, public, settings};
use crate::model::{Report, ReportId};

#[derive(Template)]
#[template(path = "public.html")]
struct List<'a> {
    view: &'a View,
    map: String,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
}

struct Row {
    id: ReportId,
    category: String,
    words: String,
    district: String,
    when: String,
    status: String,
    tone: &'static str,
}

fn row(view: &View, report: &Report) -> Row {
    Row {
        id: report.id,
        category: category_words(view, &report.category),
        words: report.public_words.clone(),
        district: district_words(view, &report.district),
        when: report.sent_at.map(|at| view.moment(&at)).unwrap_or_default(),
        status: status_words(view, report.status),
        tone: status_tone(report.status),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Sifted {
    category: String,
}

/// The map and the list of what is public.
pub(super) async fn list(view: View, Reader(mut ctx): Reader, Query(sifted): Query<Sifted>) -> Result<Response, Problem> {
    let town = view.app.town();
    let reports = settings(town)?;
    let chosen = sifted.category.parse().ok();
    let found = public::all(&mut ctx, chosen.as_ref()).await?;
    let features = match &chosen {
        Some(category) => format!("/api/v1/reports.geojson?category={category}"),
        None => "/api/v1/reports.geojson".to_owned(),
    };
    let kinds = reports.categories.iter().filter(|category| category.public);
    let kinds = kinds
        .map(|kind| Choice {
            value: kind.id.to_string(),
            name: view.words(&kind.name).to_owned(),
            chosen: chosen.as_ref() == Some(&kind.id),
        })
        .collect();
    let title = view.t("reports-public-title");
    let body = List {
        view: &view,
        map: map_of("show", json!({ "features": features })),
        kinds,
        rows: found.iter().map(|report| row(&view, report)).collect(),
    };
    Ok(view.page(&Page::resident(&title).with_island(MAP, MAP_TEXTS), &body))
}

#[derive(Template)]
#[template(path = "public_one.html")]
struct One<'a> {
    view: &'a View,
    report: &'a Report,
    category: String,
    section: String,
    district: String,
    when: String,
    status: String,
    tone: &'static str,
    photos: Vec<Shown>,
    supporters: i64,
    may_support: bool,
}

/// One public report.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path(id): Path<ReportId>) -> Result<Response, Problem> {
    let (report, photos, supporters) = public::one(&mut ctx, id).await?;
    let title = view.t1("reports-one-title", "number", &report.number.unwrap_or_default().to_string());
    let body = One {
        view: &view,
        category: category_words(&view, &report.category),
        section: super::section_words(&view, &report.section),
        district: district_words(&view, &report.district),
        when: report.sent_at.map(|at| view.moment(&at)).unwrap_or_default(),
        status: status_words(&view, report.status),
        tone: status_tone(report.status),
        photos: shown(&view, &photos, "/reports/photos"),
        supporters,
        may_support: matches!(ctx.actor, Actor::Holder(_)) && report.status.is_open(),
        report: &report,
    };
    Ok(view.page(&Page::resident(&title), &body))
}

/// “I mean this one too.”
pub(super) async fn support(Caller(mut ctx): Caller, Path(id): Path<ReportId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    draft::support(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/reports/public/{id}")))
}
