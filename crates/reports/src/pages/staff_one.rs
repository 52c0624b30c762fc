//! One report on the desk: the talk, the notes, where it goes, who may see it.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use civil::day_in_japan;
use serde::Deserialize;
use serde_json::json;
use store::{Actor, Ctx, Permission};
use web::{Caller, Page, Problem, Reader, View, staff};

use super::mine::{Line, lines};
use super::staff::waits;
use super::{Choice, MAP, MAP_TEXTS, Shown, category_of, category_words, map_of, section_words, shown, status_words, urgency_words};
use crate::domain::{bulk, desk, settings};
use crate::model::{Report, ReportId, Status, Urgency};
use crate::rules::{self, WORDS_CHARS_MAX};

#[derive(Template)]
#[template(path = "staff_one.html")]
struct One<'a> {
    view: &'a View,
    report: &'a Report,
    category: String,
    section: String,
    place: String,
    status: String,
    tone: &'static str,
    urgency: String,
    sent: String,
    due: String,
    overdue: bool,
    waits: Option<String>,
    person: Option<String>,
    mine: bool,
    of_program: bool,
    supporters: i64,
    photos: Vec<Shown>,
    talk: Vec<Line>,
    notes: Vec<NoteRow>,
    near: Vec<NearRow>,
    steps: Vec<Choice>,
    sections: Vec<Choice>,
    kinds: Vec<Choice>,
    urgencies: Vec<Choice>,
    may_publish: bool,
    who: Option<Who>,
    map: Option<String>,
    words_max: usize,
}

struct NoteRow {
    when: String,
    who: String,
    words: String,
}

struct NearRow {
    id: ReportId,
    number: i64,
    words: String,
    far: String,
}

/// What was found out about who reported.
struct Who {
    label: String,
}

/// A report with all staff may do with it.
pub(super) async fn open(view: View, Reader(mut ctx): Reader, Path(id): Path<ReportId>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    page(&view, &mut ctx, name, id, None).await
}

async fn page(view: &View, ctx: &mut Ctx, name: String, id: ReportId, who: Option<Who>) -> Result<Response, Problem> {
    let opened = desk::open(ctx, id).await?;
    let report = &opened.report;
    let town = view.app.town();
    let reports = settings(town)?;
    let today = ctx.today();
    let mut notes = Vec::new();
    for note in &opened.notes {
        let who = identity::staff_member(ctx, note.staff).await?.map(|member| member.name).unwrap_or_default();
        notes.push(NoteRow { when: view.moment(&note.at), who, words: note.words.clone() });
    }
    let me = match ctx.actor {
        Actor::Staff(me, _) => Some(me),
        _ => None,
    };
    let person = match report.assignee {
        Some(id) => identity::staff_member(ctx, id).await?.map(|member| member.name),
        None => None,
    };
    let near = opened.near.iter().map(|(far, near)| NearRow {
        id: near.id,
        number: near.number.unwrap_or_default(),
        words: near.words.clone(),
        far: view.t1("reports-near-far", "metres", &far.to_string()),
    });
    let choice = |value: String, name: String, chosen: bool| Choice { value, name, chosen };
    let steps = Status::ALL.iter().filter(|step| rules::may_follow(report.status, **step));
    let section =
        |section: &town::ReportSection| choice(section.id.to_string(), view.words(&section.name).to_owned(), section.id == report.section);
    let kind = |kind: &town::ReportCategory| choice(kind.id.to_string(), view.words(&kind.name).to_owned(), kind.id == report.category);
    let urgency = |urgency: &Urgency| choice(urgency.to_string(), urgency_words(view, *urgency), *urgency == report.urgency);
    let body = One {
        view,
        category: category_words(view, &report.category),
        section: section_words(view, &report.section),
        place: super::place_words(view, report),
        status: status_words(view, report.status),
        tone: super::status_tone(report.status),
        urgency: urgency_words(view, report.urgency),
        sent: report.sent_at.map(|at| view.moment(&at)).unwrap_or_default(),
        due: view.day(&report.due_on),
        overdue: report.is_overdue(today),
        waits: report.waits_since.map(|since| waits(view, day_in_japan(since), today)),
        person,
        mine: report.assignee.is_some() && report.assignee == me,
        of_program: report.client.is_some(),
        supporters: opened.supporters,
        photos: shown(view, &opened.photos, "/staff/reports/photos"),
        talk: lines(view, &opened.talk, false),
        notes,
        near: near.collect(),
        steps: steps.map(|step| choice(step.to_string(), status_words(view, *step), false)).collect(),
        sections: reports.sections.iter().map(section).collect(),
        kinds: reports.categories.iter().map(kind).collect(),
        urgencies: Urgency::ALL.iter().map(urgency).collect(),
        may_publish: category_of(view, &report.category).is_some_and(|category| category.public),
        who,
        map: report.position().map(|at| {
            map_of(
                "show",
                json!({ "features": format!("/api/v1/staff/reports.geojson?report={id}"), "center": at.east_north(), "zoom": 15 }),
            )
        }),
        words_max: WORDS_CHARS_MAX,
        report,
    };
    let title = view.t1("reports-one-title", "number", &report.number.unwrap_or_default().to_string());
    Ok(view.page(&Page::staff(&title, &ctx.actor, name).with_island(MAP, MAP_TEXTS), &body))
}

async fn desk_of(ctx: &mut Ctx) -> Result<String, Problem> {
    staff(ctx, Permission::AnswerReports).await
}

async fn back(ctx: Ctx, id: ReportId) -> Result<Redirect, Problem> {
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/reports/{id}")))
}

#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    words: String,
    #[serde(default)]
    step: String,
}

/// Answers the reporter, or takes the next step, or both.
pub(super) async fn answer(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(answer): Form<Answer>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    desk::answer(&mut ctx, id, &answer.words, answer.step.parse().ok()).await?;
    back(ctx, id).await
}

#[derive(Deserialize)]
pub(super) struct Words {
    #[serde(default)]
    words: String,
}

/// Writes a note for other staff.
pub(super) async fn note(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(note): Form<Words>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    desk::note(&mut ctx, id, &note.words).await?;
    back(ctx, id).await
}

#[derive(Deserialize)]
pub(super) struct To {
    to: String,
}

/// Puts it into another section's charge.
pub(super) async fn route(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(to): Form<To>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    let section = to.to.parse().map_err(|_| crate::model::Error::Unknown("section"))?;
    bulk::route(&mut ctx, &[id], &section).await?;
    back(ctx, id).await
}

/// Gives it another kind.
pub(super) async fn sort(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(to): Form<To>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    let kind = to.to.parse().map_err(|_| crate::model::Error::Unknown("category"))?;
    desk::sort(&mut ctx, id, &kind).await?;
    back(ctx, id).await
}

/// Says how much it presses.
pub(super) async fn press(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(to): Form<To>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    let urgency = to.to.parse().map_err(|_| crate::model::Error::Unknown("urgency"))?;
    desk::press(&mut ctx, id, urgency).await?;
    back(ctx, id).await
}

/// Takes it upon oneself, or lets it go.
pub(super) async fn assign(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(to): Form<To>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    let person = match (to.to.as_str(), &ctx.actor) {
        ("me", Actor::Staff(me, _)) => Some(*me),
        _ => None,
    };
    bulk::assign(&mut ctx, &[id], person).await?;
    back(ctx, id).await
}

/// Shows it to everybody.
pub(super) async fn publish(
    Caller(mut ctx): Caller,
    Path(id): Path<ReportId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    let words = fields.iter().find(|(name, _)| name == "words").map_or("", |(_, value)| value.as_str());
    let pictures: Vec<_> = fields.iter().filter(|(name, _)| name == "photo").filter_map(|(_, value)| value.parse().ok()).collect();
    desk::publish(&mut ctx, id, words, &pictures).await?;
    back(ctx, id).await
}

/// Shows it to nobody any more.
pub(super) async fn unpublish(Caller(mut ctx): Caller, Path(id): Path<ReportId>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    desk::unpublish(&mut ctx, id).await?;
    back(ctx, id).await
}

#[derive(Deserialize)]
pub(super) struct Into {
    number: String,
}

/// Says that it means the same as another.
pub(super) async fn merge(Caller(mut ctx): Caller, Path(id): Path<ReportId>, Form(into): Form<Into>) -> Result<Redirect, Problem> {
    desk_of(&mut ctx).await?;
    desk::merge(&mut ctx, id, super::number_of(&into.number)?).await?;
    back(ctx, id).await
}

/// Shows who reported, this once; it is written down.
pub(super) async fn who(view: View, Caller(mut ctx): Caller, Path(id): Path<ReportId>) -> Result<Response, Problem> {
    let name = desk_of(&mut ctx).await?;
    let label = desk::who(&mut ctx, id).await?.unwrap_or_else(|| view.t("reports-who-nobody"));
    let page = page(&view, &mut ctx, name, id, Some(Who { label })).await?;
    ctx.commit().await?;
    Ok(page)
}
