//! The desk, made for two hundred open reports: the queue, and what is open on the map beside its list.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use civil::{Date, day_in_japan};
use serde_json::json;
use store::{Actor, Ctx, Permission, StaffId};
use web::{Page, Problem, Reader, View, staff};

use super::asked::{AGES, Asked};
use super::{Choice, MAP, MAP_TEXTS, category_words, district_words, districts, map_of, section_words, status_words, urgency_words};
use crate::domain::{desk, settings};
use crate::model::{Report, ReportId, Status, Urgency};
use crate::rules::WORDS_CHARS_MAX;
use crate::store::reports::{Order, Sieve};

/// The island of the desk and its texts.
pub(super) const ISLAND: (&str, &[&str]) = ("report.js", &["reports-form", "reports-desk"]);

#[derive(Template)]
#[template(path = "staff_queue.html")]
struct Queue<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
    tiles: Vec<Tile>,
    rows: Vec<Row>,
    sift: Sift,
    sections: Vec<Choice>,
    people: Vec<Choice>,
    closing: Vec<Choice>,
    loads: Vec<Load>,
    here: String,
    did: Option<String>,
    before: Option<String>,
    after: Option<String>,
    page: i64,
    pages: i64,
    words_max: usize,
}

/// A number with where it leads.
struct Tile {
    href: String,
    name: String,
    count: i64,
}

/// How much is on somebody's desk.
struct Load {
    href: String,
    name: String,
    count: i64,
    overdue: i64,
}

/// A place beside the queue.
pub(super) struct Tab {
    pub(super) href: &'static str,
    pub(super) name: String,
    pub(super) current: bool,
}

/// The places of the room in the console.
pub(super) fn tabs(view: &View, may_manage: bool) -> Vec<Tab> {
    let all = [
        ("/staff/reports", "reports-tab-queue", true),
        ("/staff/reports/map", "reports-tab-map", true),
        ("/staff/reports/calls", "reports-tab-calls", true),
        ("/staff/reports/statistics", "reports-tab-statistics", true),
        ("/staff/reports/programs", "reports-tab-programs", may_manage),
    ];
    let shown = all.into_iter().filter(|(.., shown)| *shown);
    shown.map(|(href, text, _)| Tab { href, name: view.t(text), current: view.path == href }).collect()
}

pub(super) struct Row {
    pub(super) id: ReportId,
    pub(super) number: i64,
    pub(super) category: String,
    pub(super) place: String,
    pub(super) words: String,
    pub(super) section: String,
    pub(super) person: Option<String>,
    pub(super) status: String,
    pub(super) tone: &'static str,
    pub(super) due: String,
    pub(super) overdue: bool,
    pub(super) waits: Option<String>,
    pub(super) urgency: Option<String>,
    pub(super) danger: bool,
    pub(super) public: bool,
}

/// Characters of a report's text in a list.
const SHORT_CHARS: usize = 60;

/// Reports as rows of a list.
///
/// # Errors
/// The store's.
pub(super) async fn rows(view: &View, ctx: &mut Ctx, reports: &[Report]) -> Result<Vec<Row>, Problem> {
    let today = ctx.today();
    let mut names: HashMap<StaffId, String> = HashMap::new();
    for id in reports.iter().filter_map(|report| report.assignee) {
        if let std::collections::hash_map::Entry::Vacant(place) = names.entry(id) {
            place.insert(identity::staff_member(ctx, id).await?.map(|member| member.name).unwrap_or_default());
        }
    }
    Ok(reports.iter().map(|report| row(view, report, today, report.assignee.and_then(|id| names.get(&id)))).collect())
}

fn row(view: &View, report: &Report, today: Date, person: Option<&String>) -> Row {
    let mut words: String = report.words.chars().take(SHORT_CHARS).collect();
    if words.len() < report.words.len() {
        words.push('…');
    }
    Row {
        id: report.id,
        number: report.number.unwrap_or_default(),
        category: category_words(view, &report.category),
        place: super::place_words(view, report),
        words,
        section: section_words(view, &report.section),
        person: person.cloned(),
        status: status_words(view, report.status),
        tone: super::status_tone(report.status),
        due: view.day(&report.due_on),
        overdue: report.is_overdue(today),
        waits: report.waits_since.map(|since| waits(view, day_in_japan(since), today)),
        urgency: (report.urgency != Urgency::Usual).then(|| urgency_words(view, report.urgency)),
        danger: report.danger && report.status.is_open(),
        public: report.public,
    }
}

/// Since when somebody waits, in words.
pub(super) fn waits(view: &View, since: Date, today: Date) -> String {
    match today.since(since).map_or(0, |span| span.get_days()) {
        0 => view.t("reports-waits-today"),
        days => view.t1("reports-waits-days", "days", &days.to_string()),
    }
}

/// The form that sifts, as it was filled in.
pub(super) struct Sift {
    action: &'static str,
    fields: Vec<Field>,
    late: bool,
    danger: bool,
}

impl Sift {
    /// Whether something is asked for that is not asked for at first.
    fn narrow(&self) -> bool {
        let asked = |field: &Field| {
            let chosen = field.choices.iter().find(|choice| choice.chosen).map(|choice| choice.value.as_str());
            !matches!((field.name, chosen), (_, None) | ("status", Some("open")) | ("sort", Some("press")))
        };
        self.late || self.danger || self.fields.iter().any(asked)
    }
}

/// A list to choose from, with all of them in front.
struct Field {
    name: &'static str,
    label: String,
    all: bool,
    choices: Vec<Choice>,
}

/// The form that sifts, for a page of the desk.
fn sift(view: &View, asked: &Asked, people: &[Choice], action: &'static str) -> Result<Sift, Problem> {
    let reports = settings(view.app.town())?;
    let choice = |value: &str, name: String, chosen: &str| Choice { value: value.to_owned(), name, chosen: value == chosen };
    let status = asked.status.as_deref().unwrap_or("open");
    let first = ["open", "waiting"].map(|code| choice(code, view.t(&format!("reports-status-{code}")), status));
    let steps = Status::ALL.iter().filter(|step| **step != Status::Draft);
    let steps = steps.map(|step| choice(step.as_str(), status_words(view, *step), status));
    let section = |section: &town::ReportSection| choice(section.id.as_str(), view.words(&section.name).to_owned(), &asked.section);
    let kind = |kind: &town::ReportCategory| choice(kind.id.as_str(), view.words(&kind.name).to_owned(), &asked.category);
    let urgency = |urgency: &Urgency| choice(urgency.as_str(), urgency_words(view, *urgency), &asked.urgency);
    let age = |days: &u16| choice(&days.to_string(), view.t1("reports-age-days", "days", &days.to_string()), &asked.age);
    let order = |order: &Order| choice(order.as_str(), view.t(&format!("reports-sort-{order}")), asked.order().as_str());
    let nobody = choice("nobody", view.t("reports-person-nobody"), &asked.person);
    let people = people.iter().map(|person| choice(&person.value, person.name.clone(), &asked.person));
    let field = |name, label: &str, all, choices| Field { name, label: view.t(label), all, choices };
    let fields = vec![
        field("section", "reports-section", true, reports.sections.iter().map(section).collect()),
        field("person", "reports-person", true, std::iter::once(nobody).chain(people).collect()),
        field("status", "reports-status", true, first.into_iter().chain(steps).collect()),
        field("category", "reports-step-what", true, reports.categories.iter().map(kind).collect()),
        field("district", "reports-district", true, districts(view, &asked.district)),
        field("urgency", "reports-urgency", true, Urgency::ALL.iter().map(urgency).collect()),
        field("age", "reports-age", true, AGES.iter().map(age).collect()),
        field("sort", "reports-sort-by", false, Order::ALL.iter().map(order).collect()),
    ];
    Ok(Sift { action, fields, late: asked.late == "yes", danger: asked.danger == "yes" })
}

/// Whom a report can be given to: the caller first, then the others who answer reports.
async fn people(view: &View, ctx: &mut Ctx) -> Result<Vec<Choice>, Problem> {
    let me = match ctx.actor {
        Actor::Staff(me, _) => Some(me),
        _ => None,
    };
    let mut people = vec![Choice { value: "me".to_owned(), name: view.t("reports-person-me"), chosen: false }];
    let colleagues = identity::colleagues(ctx, Permission::AnswerReports).await?;
    let others = colleagues.into_iter().filter(|member| Some(member.id) != me);
    people.extend(others.map(|member| Choice { value: member.id.to_string(), name: member.name, chosen: false }));
    Ok(people)
}

/// The numbers over the queue, each with what it counts.
async fn tiles(view: &View, ctx: &mut Ctx, total: i64, asked: &Asked) -> Result<Vec<Tile>, Problem> {
    let open = |more: Asked| Asked { status: more.status.or_else(|| Some("open".to_owned())), ..more };
    let yes = || "yes".to_owned();
    let wanted = [
        ("reports-overdue", open(Asked { late: yes(), ..Asked::default() })),
        ("reports-status-waiting", Asked { status: Some("waiting".to_owned()), sort: Order::Waits.to_string(), ..Asked::default() }),
        ("reports-danger-words", open(Asked { danger: yes(), ..Asked::default() })),
        ("reports-my-desk", open(Asked { person: "me".to_owned(), ..Asked::default() })),
    ];
    let mut tiles = vec![Tile { href: asked.href(0), name: view.t("reports-found"), count: total }];
    for (name, wanted) in wanted {
        let sieve = wanted.sieve(ctx);
        tiles.push(Tile { href: wanted.href(0), name: view.t(name), count: desk::count(ctx, &sieve).await? });
    }
    Ok(tiles)
}

/// Who works on how many.
async fn loads(view: &View, ctx: &mut Ctx) -> Result<Vec<Load>, Problem> {
    let mut loads = Vec::new();
    for (person, count, overdue) in desk::loads(ctx).await? {
        let name = match person {
            Some(id) => identity::staff_member(ctx, id).await?.map(|member| member.name).unwrap_or_default(),
            None => view.t("reports-person-nobody"),
        };
        let person = person.map_or_else(|| "nobody".to_owned(), |id| id.to_string());
        loads.push(Load { href: Asked { person, ..Asked::default() }.href(0), name, count, overdue });
    }
    Ok(loads)
}

/// What was just done to the picked ones, in words.
fn did(view: &View, asked: &Asked) -> Option<String> {
    let (count, people) = (asked.count.parse::<i64>().ok()?, asked.people.parse::<i64>().unwrap_or_default());
    let (count, people) = (view.count(&count), view.count(&people));
    let known = ["route", "assign", "merge", "close"].into_iter().find(|did| *did == asked.did)?;
    Some(view.ta(&format!("reports-did-{known}"), &[("count", count.as_str().into()), ("people", people.as_str().into())]))
}

/// What is open, what presses first; sifted, sorted, and done to in bulk.
pub(super) async fn queue(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    let reports = settings(view.app.town())?;
    let sieve: Sieve = asked.sieve(&ctx);
    let (total, found) = desk::queue(&mut ctx, &sieve, asked.order(), asked.page).await?;
    let pages = (total + i64::from(desk::PAGE) - 1).div_euclid(i64::from(desk::PAGE)).max(1);
    let page = i64::from(asked.page) + 1;
    let people = people(&view, &mut ctx).await?;
    let section =
        |section: &town::ReportSection| Choice { value: section.id.to_string(), name: view.words(&section.name).to_owned(), chosen: false };
    let closing =
        [Status::Done, Status::NotOurs].map(|step| Choice { value: step.to_string(), name: status_words(&view, step), chosen: false });
    let body = Queue {
        tabs: tabs(&view, ctx.allow(Permission::ManageServices).is_ok()),
        tiles: tiles(&view, &mut ctx, total, &asked).await?,
        rows: rows(&view, &mut ctx, &found).await?,
        sift: sift(&view, &asked, &people, "/staff/reports")?,
        sections: reports.sections.iter().map(section).collect(),
        people,
        closing: closing.into(),
        loads: loads(&view, &mut ctx).await?,
        here: asked.href(asked.page),
        did: did(&view, &asked),
        before: asked.page.checked_sub(1).map(|page| asked.href(page)),
        after: (page < pages).then(|| asked.href(asked.page + 1)),
        page,
        pages,
        words_max: WORDS_CHARS_MAX,
        view: &view,
    };
    let title = view.t("menu-staff-reports");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name).with_island(ISLAND.0, ISLAND.1), &body))
}

#[derive(Template)]
#[template(path = "staff_map.html")]
struct MapPage<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
    sift: Sift,
    map: String,
    rows: Vec<Row>,
}

/// Everything that is asked for on the map, and the same as a list beside it.
pub(super) async fn map(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    let sieve = asked.sieve(&ctx);
    let found = desk::on_map(&mut ctx, &sieve, asked.order()).await?;
    let people = people(&view, &mut ctx).await?;
    let body = MapPage {
        tabs: tabs(&view, ctx.allow(Permission::ManageServices).is_ok()),
        sift: sift(&view, &asked, &people, "/staff/reports/map")?,
        map: map_of("show", json!({ "features": format!("/api/v1/staff/reports.geojson?{}", asked.query()) })),
        rows: rows(&view, &mut ctx, &found).await?,
        view: &view,
    };
    let title = view.t("reports-tab-map");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name).with_island(MAP, MAP_TEXTS).with_island(ISLAND.0, ISLAND.1), &body))
}

/// A district in the reader's letters, for lists of several.
pub(super) fn joined(view: &View, names: &[String]) -> String {
    names.iter().map(|name| district_words(view, name)).collect::<Vec<_>>().join(&view.t("reports-comma"))
}
