//! One's reports, and the talk about each.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::{Shown, category_words, place_words, shown, status_tone, status_words};
use crate::domain::{calls, mine, settings};
use crate::model::{Author, CallAnswer, CallId, Confirmed, Message, Report, ReportId, Status};
use crate::rules::WORDS_CHARS_MAX;

#[derive(Template)]
#[template(path = "mine.html")]
struct List<'a> {
    view: &'a View,
    taken: bool,
    calls: Vec<Called>,
    drafts: Vec<Row>,
    own: Vec<Row>,
    followed: Vec<Row>,
    island: bool,
}

struct Called {
    id: CallId,
    category: String,
    category_id: String,
    words: String,
    since: String,
    fine: bool,
    damage: bool,
}

pub(super) struct Row {
    pub(super) href: String,
    pub(super) number: Option<i64>,
    pub(super) category: String,
    pub(super) place: String,
    pub(super) when: String,
    pub(super) status: String,
    pub(super) tone: &'static str,
}

fn row(view: &View, report: &Report) -> Row {
    let href = if report.is_sent() { format!("/reports/{}", report.id) } else { format!("/reports/{}/check", report.id) };
    Row {
        href,
        number: report.number,
        category: category_words(view, &report.category),
        place: place_words(view, report),
        when: view.moment(&report.sent_at.unwrap_or(report.changed_at)),
        status: status_words(view, report.status),
        tone: status_tone(report.status),
    }
}

/// The caller's reports, with what they are asked just now on top.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (own, followed) = mine::all(&mut ctx).await?;
    let called = |(call, answer): (crate::model::Call, Option<CallAnswer>)| Called {
        id: call.id,
        category: category_words(&view, &call.category),
        category_id: call.category.to_string(),
        since: view.moment(&call.begun_at),
        fine: answer == Some(CallAnswer::Fine),
        damage: answer == Some(CallAnswer::Damage),
        words: call.words,
    };
    let calls = calls::mine(&mut ctx).await?.into_iter().map(called).collect();
    let (own, drafts): (Vec<_>, Vec<_>) = own.iter().partition(|report| report.is_sent());
    let rows = |reports: Vec<&Report>| reports.into_iter().map(|report| row(&view, report)).collect::<Vec<_>>();
    let body = List {
        view: &view,
        taken: settings(view.app.town()).is_ok(),
        calls,
        drafts: rows(drafts),
        own: rows(own),
        followed: followed.iter().map(|report| row(&view, report)).collect(),
        island: true,
    };
    let title = view.t("menu-reports");
    Ok(view.page(&Page::resident(&title).with_island("report.js", &["reports-form"]), &body))
}

#[derive(Template)]
#[template(path = "one.html")]
struct One<'a> {
    view: &'a View,
    report: &'a Report,
    sent: bool,
    own: bool,
    category: String,
    section: String,
    place: String,
    words: &'a str,
    status: String,
    tone: &'static str,
    due: Option<String>,
    supporters: i64,
    photos: Vec<Shown>,
    talk: Vec<Line>,
    asks: bool,
    may_say: bool,
    words_max: usize,
}

pub(super) struct Line {
    pub(super) when: String,
    pub(super) who: String,
    pub(super) step: Option<String>,
    pub(super) words: String,
}

/// The talk in the reader's words.
pub(super) fn lines(view: &View, talk: &[Message], own: bool) -> Vec<Line> {
    let who = |author: Author| match author {
        Author::Town => view.t("reports-by-town"),
        Author::Reporter if own => view.t("reports-by-you"),
        Author::Reporter => view.t("reports-by-reporter"),
    };
    talk.iter()
        .map(|line| Line {
            when: view.moment(&line.at),
            who: who(line.author),
            step: line.status.map(|step| status_words(view, step)),
            words: line.words.clone(),
        })
        .collect()
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Just {
    sent: String,
}

/// A report, where it stands, and the talk.
pub(super) async fn one(
    view: View,
    Reader(mut ctx): Reader,
    Path(id): Path<ReportId>,
    Query(just): Query<Just>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let seen = mine::one(&mut ctx, id).await?;
    let report = &seen.report;
    let title = view.t1("reports-one-title", "number", &report.number.unwrap_or_default().to_string());
    let body = One {
        view: &view,
        sent: just.sent == "yes",
        own: seen.own,
        category: category_words(&view, &report.category),
        section: super::section_words(&view, &report.section),
        place: if seen.own { place_words(&view, report) } else { super::district_words(&view, &report.district) },
        words: if seen.own { &report.words } else { &report.public_words },
        status: status_words(&view, report.status),
        tone: status_tone(report.status),
        due: (report.status.is_open() && report.answered_at.is_none()).then(|| view.day(&report.due_on)),
        supporters: seen.supporters,
        photos: shown(&view, &seen.photos, "/reports/photos"),
        talk: lines(&view, &seen.talk, seen.own),
        asks: seen.own && report.status == Status::Done && report.confirmed.is_none(),
        may_say: seen.own,
        words_max: WORDS_CHARS_MAX,
        report,
    };
    Ok(view.page(&Page::resident(&title), &body))
}

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    words: String,
}

/// Says something more.
pub(super) async fn say(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(said): Form<Said>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    mine::say(&mut ctx, id, &said.words).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/reports/{id}#talk")))
}

#[derive(Deserialize)]
pub(super) struct Answered {
    answer: Confirmed,
}

/// Says whether it is done.
pub(super) async fn confirm(
    Caller(mut ctx): Caller,
    Path(id): Path<ReportId>,
    Form(answered): Form<Answered>,
) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    mine::confirm(&mut ctx, id, answered.answer).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/reports/{id}")))
}

/// Says that all is well where the caller lives.
pub(super) async fn fine(Caller(mut ctx): Caller, Path(call): Path<CallId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    calls::fine(&mut ctx, call).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/reports"))
}
