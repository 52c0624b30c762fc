//! “Who would qualify if the rule were …?”: counts over the whole town, never persons.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Json;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use civil::Date;
use registry::TownTable;
use rule::{Bits, Diagnostic, Rule, Schema};
use serde::{Deserialize, Serialize};
use store::{Ctx, Permission};
use utoipa::ToSchema;
use web::{Page, Problem, Reader, View, staff, to_mend};

use crate::access::refused;
use crate::charts::{Bars, HBar, hbars};
use crate::words::query_value;

/// Where the bands of five years begin, after the first from birth.
const BOUNDS: [i16; 20] = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100];
/// The last age of the last band, older than anybody.
const OLDEST: i16 = 129;

/// A question.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Question {
    /// The condition, in the language of the packs.
    rule: String,
    /// The day it is asked for, `YYYY-MM-DD`; today when left out.
    #[serde(default)]
    on: Option<String>,
}

/// The answer in counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Picture {
    /// Residents of today whom the rule selects.
    count: i64,
    /// Residents of today.
    total: i64,
    /// People in the register whom the rule selects although they are not residents today: a rule that is to be put in force asks `resident.current`.
    outside: i64,
    /// Microseconds the columns took.
    micros: u64,
    /// By age on the day.
    ages: Vec<Ages>,
    /// By district, the greatest first.
    districts: Vec<InDistrict>,
}

/// A band of ages.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ages {
    /// The first age.
    from: i16,
    /// The last age.
    to: i16,
    count: i64,
}

/// A district.
#[derive(Serialize, ToSchema)]
pub(crate) struct InDistrict {
    name: String,
    count: i64,
}

/// What is wrong with a rule, in its place.
#[derive(Serialize)]
struct Wrong {
    line: u32,
    column: u32,
    length: u32,
    message: String,
}

fn wrong(view: &View, diagnostic: &Diagnostic) -> Wrong {
    let mut message = if view.language.html() == "ja" { diagnostic.ja.clone() } else { diagnostic.en.clone() };
    if let Some(suggestion) = &diagnostic.suggestion {
        message.push_str(&view.t1("console-what-if-suggest", "name", suggestion));
    }
    Wrong { line: diagnostic.line, column: diagnostic.column, length: diagnostic.length, message }
}

/// Asks the whole town.
async fn ask(view: &View, ctx: &mut Ctx, source: &str, on: Date) -> Result<Result<Picture, Vec<Wrong>>, Problem> {
    ctx.allow(Permission::AskWhatIf)?;
    let rule = match Rule::check(source, &view.app.town().schema) {
        Ok(rule) => rule,
        Err(found) => return Ok(Err(found.iter().map(|diagnostic| wrong(view, diagnostic)).collect())),
    };
    let town = registry::table(ctx).await.map_err(refused)?;
    Ok(Ok(picture(view, &town, &rule, on)))
}

fn picture(view: &View, town: &Arc<TownTable>, rule: &Rule, on: Date) -> Picture {
    let table = &town.table;
    let residents =
        Rule::check("resident.current", table.schema()).expect("every schema declares resident.current").select(table, town.day);
    let start = Instant::now();
    let selected = rule.select(table, on);
    let within = Bits::from_fn(table.rows(), |row| selected.get(row) && residents.get(row));
    let by_district = table.picture(&within, Schema::DISTRICT, on, &BOUNDS);
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);

    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut bands = vec![0; BOUNDS.len() + 2];
    let mut districts = Vec::new();
    for (name, counts) in by_district {
        bands.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
        let count = number(counts.iter().sum());
        if count > 0 {
            districts.push(InDistrict { name: name.map_or_else(|| view.t("console-what-if-no-district"), str::to_owned), count });
        }
    }
    districts.sort_by_key(|district| std::cmp::Reverse(district.count));
    let firsts = [0].into_iter().chain(BOUNDS);
    let lasts = BOUNDS.into_iter().map(|bound| bound - 1).chain([OLDEST]);
    let ages = firsts.zip(lasts).zip(&bands).map(|((from, to), count)| Ages { from, to, count: number(*count) }).collect();
    let count = within.count();
    Picture { count: number(count), total: number(residents.count()), outside: number(selected.count() - count), micros, ages, districts }
}

/// Counts who would qualify under a rule, over the whole town at once.
#[utoipa::path(post, path = "/api/v1/staff/what-if", request_body = Question, responses((status = 200, body = Picture), (status = 422, description = "what is wrong with the rule: `problems` with line, column, length and message")), tag = "staff")]
pub(crate) async fn count(view: View, Reader(mut ctx): Reader, Json(question): Json<Question>) -> Result<Json<Picture>, Problem> {
    staff(&mut ctx, Permission::AskWhatIf).await?;
    let on = civil::read_day(question.on.as_deref().unwrap_or_default()).map_err(|_| Problem::bad_input("console.not_a_day"))?;
    let on = on.unwrap_or(ctx.today());
    ask(&view, &mut ctx, &question.rule, on).await?.map(Json).map_err(|problems| {
        let problems = serde_json::to_value(problems).unwrap_or_default();
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "console.rule").with("problems", problems)
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    rule: Option<String>,
    on: String,
}

#[derive(Template)]
#[template(path = "what_if.html")]
struct WhatIfPage<'a> {
    view: &'a View,
    rule: String,
    on: String,
    answer: Option<Drawn>,
    problems: Vec<String>,
    not_a_day: bool,
    programmes: Vec<(String, String, String)>,
    names: Vec<(String, String, String)>,
}

/// The answer as the server draws it.
struct Drawn {
    count: String,
    outside: i64,
    took: String,
    ages: Bars,
    districts: Vec<HBar>,
}

/// The form, and without a script the picture too.
pub(crate) async fn page(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AskWhatIf).await?;
    let (today, day) = (ctx.today(), civil::read_day(&asked.on));
    let programmes = programmes(&view, today);
    let rule = asked.rule.clone().or_else(|| programmes.first().map(|(_, rule, _)| rule.clone())).unwrap_or_default();
    let (mut answer, mut problems) = (None, Vec::new());
    if let (Ok(day), false) = (&day, rule.trim().is_empty()) {
        match ask(&view, &mut ctx, &rule, day.unwrap_or(today)).await? {
            Ok(picture) => answer = Some(drawn(&view, &picture)),
            Err(found) => problems = found.into_iter().map(|wrong| format!("{}:{} {}", wrong.line, wrong.column, wrong.message)).collect(),
        }
    }
    let not_a_day = day.is_err();
    let on = day.ok().map_or_else(|| asked.on.clone(), |day| day.unwrap_or(today).to_string());
    let faulty = not_a_day || !problems.is_empty();
    let body = WhatIfPage { view: &view, rule, on, answer, problems, not_a_day, programmes, names: names(&view) };
    let title = view.t("menu-what-if");
    let page = view.page(&Page::staff(&title, &ctx.actor, name).with_island("whatif.js", &["whatif"]), &body);
    Ok(if faulty { to_mend(page) } else { page })
}

fn drawn(view: &View, picture: &Picture) -> Drawn {
    let (count, total) = (view.count(&picture.count), view.count(&picture.total));
    let ms = format!("{}.{}", picture.micros / 1000, picture.micros / 100 % 10);
    let age = |band: &Ages| {
        let label = view.ta("whatif-age", &[("from", i64::from(band.from).into()), ("to", i64::from(band.to).into())]);
        (label, band.from.to_string(), band.count)
    };
    let districts: Vec<(String, i64)> = picture.districts.iter().map(|district| (district.name.clone(), district.count)).collect();
    Drawn {
        count: view.ta("whatif-count", &[("count", count.as_str().into()), ("total", total.as_str().into())]),
        outside: picture.outside,
        took: view.t1("whatif-took", "ms", &ms),
        ages: Bars::new(picture.ages.iter().map(age).collect()),
        districts: hbars(&districts),
    }
}

/// The rules in force, to begin from: name, rule, address of the question.
fn programmes(view: &View, today: Date) -> Vec<(String, String, String)> {
    let begin = |programme: &town::Programme| {
        let rule = programme.in_force(today)?.eligible.source().trim().to_owned();
        let href = format!("/staff/what-if?rule={}", query_value(&rule));
        Some((view.words(&programme.name).to_owned(), rule, href))
    };
    view.app.town().programmes.iter().filter_map(begin).collect()
}

/// What a rule may ask about: name, type, meaning.
fn names(view: &View) -> Vec<(String, String, String)> {
    let town = view.app.town();
    let japanese = view.language.html() == "ja";
    let personal = town.schema.slots().filter(|(_, info)| info.personal);
    let named = personal.map(|(_, info)| {
        let fact = info.path.strip_prefix("facts.").and_then(|name| town.facts.iter().find(|fact| fact.name.as_str() == name));
        let meaning = fact.map(|fact| view.words(&fact.label).to_owned());
        let meaning = meaning.unwrap_or_else(|| if japanese { info.ja.clone() } else { info.en.clone() });
        (info.path.clone(), view.t(&format!("console-type-{}", type_name(info.kind))), meaning)
    });
    named.collect()
}

fn type_name(kind: rule::FactType) -> &'static str {
    match kind {
        rule::FactType::Bool => "bool",
        rule::FactType::Int => "int",
        rule::FactType::String => "string",
        rule::FactType::Date => "date",
    }
}
