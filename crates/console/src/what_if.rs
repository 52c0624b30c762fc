//! “Who would qualify if the rule were …?”: counts over the whole town, never persons.
//!
//! A rule can describe one person: a birthday and a sex are enough in a village. So nothing is told of fewer than ten, neither directly nor as what is
//! left over; people under protection measures are in no district; and every question is in the audit trail, where somebody who goes on asking about
//! the same few shows.

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
use web::charts::{Bars, HBar, hbars};
use web::{Page, Problem, Reader, View, staff, to_mend};

use crate::access::refused;
use crate::words::query_value;

/// Where the bands of five years begin, after the first from birth.
const BOUNDS: [i16; 20] = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100];
/// Fewer people than this are not told apart.
const FEW: i64 = 10;
/// The most characters of a rule the audit trail keeps.
const NOTED_CHARS_MAX: usize = 500;
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
    /// Residents of today whom the rule selects; none when they are fewer than ten, or all but fewer than ten.
    count: Option<i64>,
    /// Residents of today.
    total: i64,
    /// The count in the reader's words, as exact as it may be told.
    said: String,
    /// People in the register whom the rule selects although they are not residents today; none when they are fewer than ten. A rule that is to be put
    /// in force asks `resident.current`.
    outside: Option<i64>,
    /// Microseconds the columns took.
    micros: u64,
    /// By age on the day, in bands of at least ten people or nobody; of all residents when the rule selects all but fewer than ten.
    ages: Vec<Ages>,
    /// By district, the greatest first; at the end together districts of fewer than ten and people whose district is not told.
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

/// Asks the whole town. The question is in the audit trail before it is answered.
async fn ask(view: &View, ctx: Ctx, source: &str, on: Date) -> Result<Result<Picture, Vec<Wrong>>, Problem> {
    ctx.allow(Permission::AskWhatIf)?;
    let rule = match Rule::check(source, &view.app.town().schema) {
        Ok(rule) => rule,
        Err(found) => return Ok(Err(found.iter().map(|diagnostic| wrong(view, diagnostic)).collect())),
    };
    // A change of its own: counting may take a while, and holds up no writer.
    let actor = ctx.actor.clone();
    drop(ctx);
    let mut trail = view.app.store().begin(actor.clone()).await?;
    trail.audit("what_if.asked", None, &noted(source, on)).await?;
    trail.commit().await?;
    let town = registry::table(&mut view.app.store().read(actor).await?).await.map_err(refused)?;
    Ok(Ok(picture(view, &town, &rule, on)))
}

/// A question as the trail keeps it: its day and its text. A text that was checked as a rule names facts and values, not persons; the one number that
/// would is made unreadable, should anybody type it.
fn noted(source: &str, on: Date) -> String {
    let rule = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let hide = civil::looks_like_my_number(&rule);
    let hidden = |c: char| if hide && c.is_numeric() { '*' } else { c };
    let kept: String = rule.chars().take(NOTED_CHARS_MAX).map(hidden).collect();
    let more = if rule.chars().nth(NOTED_CHARS_MAX).is_some() { "…" } else { "" };
    format!("{on} {kept}{more}")
}

fn picture(view: &View, town: &Arc<TownTable>, rule: &Rule, on: Date) -> Picture {
    let table = &town.table;
    let residents =
        Rule::check("resident.current", table.schema()).expect("every schema declares resident.current").select(table, town.day);
    let start = Instant::now();
    let selected = rule.select(table, on);
    let within = Bits::from_fn(table.rows(), |row| selected.get(row) && residents.get(row));
    let (count, total) = (number(within.count()), number(residents.count()));
    let told = Told::of(count, total);
    let (ages, districts) = match told {
        Told::Few => (Vec::new(), Vec::new()),
        // All but a few look like all: whom the rule leaves out does not show.
        Told::NearlyAll => breakdown(view, town, &residents, on),
        Told::Exactly => breakdown(view, town, &within, on),
    };
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let outside = number(selected.count()) - count;
    Picture {
        count: (told == Told::Exactly).then_some(count),
        total,
        said: said(view, told, count, total),
        outside: (outside >= FEW).then_some(outside),
        micros,
        ages,
        districts,
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How exactly a count may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nobody or a few: which of the two is not told.
    Few,
    /// Everybody, perhaps but for a few.
    NearlyAll,
    Exactly,
}

impl Told {
    fn of(count: i64, total: i64) -> Self {
        if count < FEW {
            Self::Few
        } else if total - count < FEW {
            Self::NearlyAll
        } else {
            Self::Exactly
        }
    }
}

fn said(view: &View, told: Told, count: i64, total: i64) -> String {
    let (count, total) = (view.count(&count), view.count(&total));
    let total = ("total", total.as_str().into());
    match told {
        Told::Few => view.ta("whatif-few", &[("few", FEW.into()), total]),
        Told::NearlyAll => view.ta("whatif-nearly-all", &[("few", FEW.into()), total]),
        Told::Exactly => view.ta("whatif-count", &[("count", count.as_str().into()), total]),
    }
}

/// The people of `within`, at least ten, by age and by district.
fn breakdown(view: &View, town: &TownTable, within: &Bits, on: Date) -> (Vec<Ages>, Vec<InDistrict>) {
    let table = &town.table;
    let counts = table.count_by_age(within, on, &BOUNDS);
    let firsts = [0].into_iter().chain(BOUNDS);
    let lasts = BOUNDS.into_iter().map(|bound| bound - 1).chain([OLDEST]);
    let bands = firsts.zip(lasts).zip(&counts).map(|((from, to), count)| Ages { from, to, count: number(*count) });

    let open = Bits::from_fn(table.rows(), |row| within.get(row) && !town.protected.get(row));
    let by_district = table.count_by_text(&open, Schema::DISTRICT).into_iter().filter(|(_, count)| *count > 0);
    let named = by_district.map(|(name, count)| InDistrict {
        name: name.map_or_else(|| view.t("console-what-if-no-district"), str::to_owned),
        count: number(count),
    });
    (
        joined_bands(bands),
        joined_districts(named.collect(), number(within.count() - open.count()), &view.t("console-what-if-other-districts")),
    )
}

/// Joins neighbouring bands until each counts nobody or at least [`FEW`].
fn joined_bands(bands: impl Iterator<Item = Ages>) -> Vec<Ages> {
    let mut joined: Vec<Ages> = Vec::new();
    let mut small: Option<Ages> = None;
    for band in bands {
        let band = match small.take() {
            Some(before) => Ages { from: before.from, to: band.to, count: before.count + band.count },
            None => band,
        };
        if band.count == 0 || band.count >= FEW { joined.push(band) } else { small = Some(band) }
    }
    // What is left at the end goes to the last band that counts somebody, over the empty ones between.
    if let Some(mut rest) = small {
        while let Some(before) = joined.pop() {
            rest = Ages { from: before.from, to: rest.to, count: before.count + rest.count };
            if before.count > 0 {
                break;
            }
        }
        joined.push(rest);
    }
    joined
}

/// Joins the smallest districts, and people whose district is not told, until what is joined counts nobody or at least [`FEW`].
fn joined_districts(mut named: Vec<InDistrict>, not_told: i64, others: &str) -> Vec<InDistrict> {
    named.sort_by_key(|district| std::cmp::Reverse(district.count));
    let mut joined = not_told;
    while let Some(smallest) = named.pop_if(|smallest| smallest.count < FEW || (1..FEW).contains(&joined)) {
        joined += smallest.count;
    }
    if joined > 0 {
        named.push(InDistrict { name: others.to_owned(), count: joined });
    }
    named
}

/// Counts who would qualify under a rule, over the whole town at once.
#[utoipa::path(post, path = "/api/v1/staff/what-if", request_body = Question, responses((status = 200, body = Picture), (status = 422, description = "what is wrong with the rule: `problems` with line, column, length and message")), tag = "staff")]
pub(crate) async fn count(view: View, Reader(mut ctx): Reader, Json(question): Json<Question>) -> Result<Json<Picture>, Problem> {
    staff(&mut ctx, Permission::AskWhatIf).await?;
    let on = civil::read_day(question.on.as_deref().unwrap_or_default()).map_err(|_| Problem::bad_input("console.not_a_day"))?;
    let on = on.unwrap_or(ctx.today());
    ask(&view, ctx, &question.rule, on).await?.map(Json).map_err(|problems| {
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
    outside: Option<String>,
    took: String,
    ages: Bars,
    districts: Vec<HBar>,
}

/// The form, and without a script the picture too.
pub(crate) async fn page(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AskWhatIf).await?;
    let (actor, today, day) = (ctx.actor.clone(), ctx.today(), civil::read_day(&asked.on));
    let programmes = programmes(&view, today);
    let rule = asked.rule.clone().or_else(|| programmes.first().map(|(_, rule, _)| rule.clone())).unwrap_or_default();
    let (mut answer, mut problems) = (None, Vec::new());
    if let (Ok(day), false) = (&day, rule.trim().is_empty()) {
        match ask(&view, ctx, &rule, day.unwrap_or(today)).await? {
            Ok(picture) => answer = Some(drawn(&view, &picture)),
            Err(found) => problems = found.into_iter().map(|wrong| format!("{}:{} {}", wrong.line, wrong.column, wrong.message)).collect(),
        }
    }
    let not_a_day = day.is_err();
    let on = day.ok().map_or_else(|| asked.on.clone(), |day| day.unwrap_or(today).to_string());
    let faulty = not_a_day || !problems.is_empty();
    let body = WhatIfPage { view: &view, rule, on, answer, problems, not_a_day, programmes, names: names(&view) };
    let title = view.t("menu-what-if");
    let page = view.page(&Page::staff(&title, &actor, name).with_island("whatif.js", &["whatif"]), &body);
    Ok(if faulty { to_mend(page) } else { page })
}

fn drawn(view: &View, picture: &Picture) -> Drawn {
    let ms = format!("{}.{}", picture.micros / 1000, picture.micros / 100 % 10);
    let age = |band: &Ages| {
        let label = view.ta("whatif-age", &[("from", i64::from(band.from).into()), ("to", i64::from(band.to).into())]);
        (label, band.from.to_string(), band.count)
    };
    let districts: Vec<(String, i64)> = picture.districts.iter().map(|district| (district.name.clone(), district.count)).collect();
    Drawn {
        count: picture.said.clone(),
        outside: picture.outside.map(|outside| view.ta("console-what-if-outside", &[("count", outside.into())])),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(counts: &[i64]) -> Vec<(i16, i16, i64)> {
        let ages = (0i16..).zip(counts).map(|(at, count)| Ages { from: at * 5, to: at * 5 + 4, count: *count });
        joined_bands(ages).into_iter().map(|band| (band.from, band.to, band.count)).collect()
    }

    fn districts(counts: &[i64], not_told: i64) -> Vec<(String, i64)> {
        let named = counts.iter().map(|count| InDistrict { name: format!("d{count}"), count: *count }).collect();
        joined_districts(named, not_told, "others").into_iter().map(|district| (district.name, district.count)).collect()
    }

    #[test]
    fn bands_of_a_few_are_joined_and_nobody_is_lost() {
        assert_eq!(bands(&[0, 10, 0, 12]), [(0, 4, 0), (5, 9, 10), (10, 14, 0), (15, 19, 12)]);
        assert_eq!(bands(&[3, 4, 5, 20]), [(0, 14, 12), (15, 19, 20)]);
        assert_eq!(bands(&[20, 0, 0, 1]), [(0, 19, 21)]);
        assert_eq!(bands(&[1, 0, 9]), [(0, 14, 10)]);
        for seed in 0..200_i64 {
            let counts: Vec<i64> = (0..21).map(|at| (seed * 7 + at * at * 13) % 17).collect();
            let joined = bands(&counts);
            assert_eq!(joined.iter().map(|band| band.2).sum::<i64>(), counts.iter().sum::<i64>());
            assert!(joined.iter().all(|band| band.2 == 0 || band.2 >= FEW), "{counts:?}: {joined:?}");
            assert!(joined.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{joined:?}");
        }
    }

    #[test]
    fn a_few_of_a_district_are_not_told_nor_left_over() {
        let named = |name: &str, count| (name.to_owned(), count);
        assert_eq!(districts(&[30, 12], 0), [named("d30", 30), named("d12", 12)]);
        assert_eq!(districts(&[30, 12, 3], 0), [named("d30", 30), named("others", 15)]);
        assert_eq!(districts(&[30, 6, 5], 0), [named("d30", 30), named("others", 11)]);
        assert_eq!(districts(&[30, 12], 1), [named("d30", 30), named("others", 13)]);
        assert_eq!(districts(&[30, 12], 10), [named("d30", 30), named("d12", 12), named("others", 10)]);
        assert_eq!(districts(&[9, 8], 0), [named("others", 17)]);
    }

    #[test]
    fn whether_nobody_or_a_few_is_not_told_nor_whether_all_or_nearly() {
        for (count, told) in
            [(0, Told::Few), (9, Told::Few), (10, Told::Exactly), (90, Told::Exactly), (91, Told::NearlyAll), (100, Told::NearlyAll)]
        {
            assert_eq!(Told::of(count, 100), told, "{count}");
        }
    }

    #[test]
    fn the_trail_keeps_the_question_and_no_my_number() {
        let day = Date::constant(2026, 11, 25);
        assert_eq!(noted("resident.current\n  && true", day), "2026-11-25 resident.current && true");
        assert!(!noted("facts.number == \"123456789018\"", day).contains("9018"));
        assert_eq!(noted(&"a".repeat(600), day).chars().count(), "2026-11-25 ".len() + NOTED_CHARS_MAX + 1);
    }
}
