//! What everybody is told of all reports together: nothing that few are behind.

use askama::Template;
use axum::response::Response;
use web::charts::{Bars, HBar, hbars};
use web::{Page, Problem, Reader, View};

use super::staff_statistics::{short, waited};
use super::{category_words, district_words};
use crate::domain::statistics;
use crate::rules::FEW;

#[derive(Template)]
#[template(path = "public_totals.html")]
struct Shown<'a> {
    view: &'a View,
    span: String,
    few: String,
    total: Option<String>,
    settled: String,
    median: Option<String>,
    months: Bars,
    months_rest: Option<String>,
    groups: Vec<Group>,
}

/// A list of bars with its title.
struct Group {
    title: String,
    bars: Vec<HBar>,
}

/// The totals of the last twelve whole months.
pub(super) async fn show(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let totals = statistics::totals(&mut ctx).await?;
    let group = |code: &str, mut counts: Vec<(String, i64)>, rest: i64| {
        if rest > 0 {
            counts.push((view.t("reports-totals-rest"), rest));
        }
        Group { title: view.t(&format!("reports-by-{code}")), bars: hbars(&counts) }
    };
    let (categories, districts) = (&totals.by_category, &totals.by_district);
    let by_category = categories.0.iter().map(|(id, count)| (category_words(&view, id), *count)).collect();
    let by_district = districts.0.iter().map(|(name, count)| (district_words(&view, name), *count)).collect();
    let (first, last) = &totals.months;
    let rest = Some(totals.by_month.1).filter(|rest| *rest > 0);
    let body = Shown {
        span: view.ta("reports-totals-span", &[("from", first.as_str().into()), ("to", last.as_str().into())]),
        few: view.t1("reports-totals-few", "few", &FEW.to_string()),
        total: totals.total.map(|total| view.count(&total)),
        settled: view.t1("reports-percent", "percent", &totals.settled_percent.to_string()),
        median: totals.median_h.map(|hours| waited(&view, hours)),
        months: Bars::new(totals.by_month.0.iter().map(|(month, count)| (month.clone(), short(month), *count)).collect()),
        months_rest: rest.map(|rest| view.t1("reports-totals-months-rest", "count", &view.count(&rest))),
        groups: vec![group("category", by_category, categories.1), group("district", by_district, districts.1)],
        view: &view,
    };
    let title = view.t("reports-totals-title");
    Ok(view.page(&Page::resident(&title), &body))
}
