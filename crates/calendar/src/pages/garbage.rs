//! How to throw something away, and an area's year on paper.

use askama::Template;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use civil::Date;
use jiff::ToSpan as _;
use serde::Deserialize;
use town::Language;
use web::{Page, Problem, Reader, View};

use super::{AreaChoice, KindLine, Shown, area_choice, area_of, day_words, garbage_words, kind_lines, remark_lines, table};
use crate::rules::{garbage, search};

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    area: Option<String>,
}

struct Found {
    name: Shown,
    /// How the town's own name is read, where it is that one.
    reading: String,
    /// The town's own name, where readers of another language are shown theirs: labels and people say it.
    own: Option<String>,
    label: Shown,
    notice: Shown,
    next: Option<String>,
    collected: bool,
}

struct Kind {
    name: Shown,
    /// As for an item: bags and signs bear it.
    own: Option<String>,
    sublabel: Shown,
    description: Shown,
    next: Option<String>,
    mark: usize,
}

#[derive(Template)]
#[template(path = "calendar_garbage.html")]
struct Sorting<'a> {
    view: &'a View,
    q: String,
    area: Option<AreaChoice>,
    found: Vec<Found>,
    most: usize,
    kinds: Vec<Kind>,
}

/// Finds an item, and says how each kind is put out.
pub(super) async fn page(view: View, headers: HeaderMap, Query(asked): Query<Asked>, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let today = ctx.today();
    let area = area_of(&mut ctx, &headers, asked.area.as_deref()).await?;
    let town = view.app.town().clone();
    let garbage = town.garbage.as_ref().ok_or_else(Problem::not_found)?;
    let here = table(&view, area.as_deref());
    let next = |kind: usize| here.and_then(|(table, area)| garbage::next(table, area, kind, today)).map(|day| day_words(&view, &day));
    let words = |own: &str| garbage_words(&view, garbage, own);
    let found = search::items(garbage, &asked.q).into_iter().map(|item| {
        let kind = garbage.kinds.iter().position(|kind| kind.name == item.label);
        let name = words(&item.name);
        // A letter it is filed under is no reading.
        let read_so = name.text == item.name && item.furigana.chars().count() > 1;
        Found {
            reading: if read_so { item.furigana.clone() } else { String::new() },
            own: own_name(&view, &item.name, &name),
            name,
            label: words(&item.label),
            notice: words(&item.notice),
            next: kind.and_then(next),
            collected: kind.is_some(),
        }
    });
    let found = found.collect();
    let kinds = garbage.kinds.iter().enumerate().map(|(place, kind)| {
        let name = words(&kind.name);
        Kind {
            own: own_name(&view, &kind.name, &name),
            name,
            sublabel: words(&kind.sublabel),
            description: words(&kind.description),
            next: next(place),
            mark: place % 8 + 1,
        }
    });
    let area = area_choice(&view, area.as_deref());
    let body = Sorting { view: &view, q: asked.q.clone(), area, found, most: search::SHOWN_MAX, kinds: kinds.collect() };
    let title = view.t("calendar-garbage-title");
    Ok(view.page(&Page::resident(&title), &body))
}

/// The town's own name beside the one a reader of another language is shown.
fn own_name(view: &View, own: &str, shown: &Shown) -> Option<String> {
    (view.language.html() != Language::JAPANESE.html() && shown.text != own).then(|| own.to_owned())
}

struct PrintedDay {
    number: i8,
    weekday: String,
    kinds: Vec<KindLine>,
}

struct PrintedMonth {
    title: String,
    days: Vec<PrintedDay>,
}

#[derive(Template)]
#[template(path = "calendar_print.html")]
struct Printed<'a> {
    view: &'a View,
    title: String,
    months: Vec<PrintedMonth>,
    remarks: Vec<(Shown, Shown)>,
}

/// A fiscal year of an area, for paper.
pub(super) async fn print(
    view: View,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
    Reader(mut ctx): Reader,
) -> Result<Response, Problem> {
    let first = civil::fiscal_year_start(ctx.today());
    let area = area_of(&mut ctx, &headers, asked.area.as_deref()).await?;
    let (table, area) = table(&view, area.as_deref()).ok_or_else(Problem::not_found)?;
    let month = |first: Date| PrintedMonth {
        title: view.t1("calendar-month", "month", &format!("{:02}", first.month())).replace("{y}", &first.year().to_string()),
        days: garbage::between(table, area, first, first.last_of_month())
            .into_iter()
            .map(|(day, collected)| PrintedDay {
                number: day.day(),
                weekday: super::weekday(&view, &day),
                kinds: kind_lines(&view, table, &collected),
            })
            .collect(),
    };
    let months = (0..12i64).map(|months| month(first.saturating_add(months.months()))).collect();
    let title = view.t1("calendar-print-title", "area", &garbage_words(&view, table, &area.name).text);
    let remarks = remark_lines(&view, table, area);
    Ok(view.page(&Page::plain(&title), &Printed { view: &view, title: title.clone(), months, remarks }))
}
