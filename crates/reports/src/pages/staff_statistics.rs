//! What comes, from where, how long people wait and what they say of it: as pictures, as tables, and as a file.

use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use store::Permission;
use web::charts::{Bars, HBar, hbars};
use web::{Page, Problem, Reader, View, no_formula, staff};

use super::staff::{Tab, tabs};
use super::{category_words, district_words, status_words};
use crate::domain::statistics::{self, Line, Statistics};

#[derive(Template)]
#[template(path = "staff_statistics.html")]
struct Shown<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
    all: Cells,
    months: Bars,
    statuses: Vec<HBar>,
    groups: Vec<Group>,
}

/// A table with its picture.
struct Group {
    code: &'static str,
    title: String,
    head: String,
    bars: Vec<HBar>,
    rows: Vec<(String, Cells)>,
}

/// A line of numbers in the reader's words.
struct Cells {
    count: String,
    open: String,
    answered: String,
    answered_ninth: String,
    ended: String,
    ended_ninth: String,
    reopened: String,
    confirmed: String,
}

/// Bars of a picture at most; the table has them all.
const BARS_MAX: usize = 15;

/// The statistics of the last year.
pub(super) async fn show(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    let counted = statistics::count(&mut ctx).await?;
    let statuses: Vec<_> = counted.by_status.iter().map(|(status, count)| (status_words(&view, *status), *count)).collect();
    let month = |(month, line): (&String, &Line)| (month.clone(), short(month), line.count);
    let body = Shown {
        tabs: tabs(&view, ctx.allow(Permission::ManageServices).is_ok()),
        all: cells(&view, &counted.all),
        months: Bars::new(counted.by_month.iter().map(month).collect()),
        statuses: hbars(&statuses),
        groups: groups(&view, &counted).into_iter().map(|(code, lines)| group(&view, code, &lines)).collect(),
        view: &view,
    };
    let title = view.t("reports-tab-statistics");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

/// A month under its bar, without the year: `11`.
pub(super) fn short(month: &str) -> String {
    month.get(5..).unwrap_or(month).trim_start_matches('0').to_owned()
}

/// The lines of each table, named for the reader: kinds and districts with the most first, months as they passed.
fn groups<'a>(view: &View, counted: &'a Statistics) -> [(&'static str, Vec<(String, &'a Line)>); 3] {
    let most = |mut lines: Vec<(String, &'a Line)>| {
        lines.sort_by_key(|(_, line)| std::cmp::Reverse(line.count));
        lines
    };
    let categories = counted.by_category.iter().map(|(id, line)| (category_words(view, id), line)).collect();
    let districts = counted.by_district.iter().map(|(name, line)| (district_words(view, name), line)).collect();
    let months = counted.by_month.iter().map(|(month, line)| (month.clone(), line)).collect();
    [("category", most(categories)), ("district", most(districts)), ("month", months)]
}

fn group(view: &View, code: &'static str, lines: &[(String, &Line)]) -> Group {
    let mut counts: Vec<_> = lines.iter().map(|(name, line)| (name.clone(), line.count)).collect();
    counts.truncate(BARS_MAX);
    Group {
        code,
        title: view.t(&format!("reports-by-{code}")),
        head: view.t(&format!("reports-head-{code}")),
        // The months have their columns already.
        bars: if code == "month" { Vec::new() } else { hbars(&counts) },
        rows: lines.iter().map(|(name, line)| (name.clone(), cells(view, line))).collect(),
    }
}

fn cells(view: &View, line: &Line) -> Cells {
    let wait = |hours: Option<i64>| hours.map_or_else(|| view.t("reports-no-number"), |hours| waited(view, hours));
    Cells {
        count: view.count(&line.count),
        open: view.count(&line.open),
        answered: wait(line.answered.median_h),
        answered_ninth: wait(line.answered.ninth_h),
        ended: wait(line.ended.median_h),
        ended_ninth: wait(line.ended.ninth_h),
        reopened: view.count(&line.reopened),
        confirmed: view.count(&line.confirmed),
    }
}

/// A wait as people say it: hours up to two days, then days.
pub(super) fn waited(view: &View, hours: i64) -> String {
    if hours < 48 {
        view.t1("reports-hours", "hours", &hours.to_string())
    } else {
        view.t1("reports-days", "days", &((hours + 12) / 24).to_string())
    }
}

/// The same as a file for spreadsheets: UTF-8 with a mark in front, CRLF, waits in whole hours, no cell that is a formula.
pub(super) async fn csv(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::AnswerReports).await?;
    let counted = statistics::count(&mut ctx).await?;
    let file = written(&view, &counted).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"reports.csv\""),
    ];
    Ok((headers, file).into_response())
}

/// The columns of the file, each with its heading in the catalogue.
const COLUMNS: [&str; 10] =
    ["group", "name", "count", "open", "answered", "answered-ninth", "ended", "ended-ninth", "reopened", "confirmed"];

fn written(view: &View, counted: &Statistics) -> Result<Vec<u8>, csv::Error> {
    let mut out = b"\xef\xbb\xbf".to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut out);
    writer.write_record(COLUMNS.map(|column| view.t(&format!("reports-csv-{column}"))))?;
    let all = [("all", vec![(view.t("reports-all"), &counted.all)])];
    for (code, lines) in all.into_iter().chain(groups(view, counted)) {
        for (name, line) in lines {
            let hours = |hours: Option<i64>| hours.map(|hours| hours.to_string()).unwrap_or_default();
            writer.write_record([
                view.t(&format!("reports-head-{code}")),
                no_formula(&name),
                line.count.to_string(),
                line.open.to_string(),
                hours(line.answered.median_h),
                hours(line.answered.ninth_h),
                hours(line.ended.median_h),
                hours(line.ended.ninth_h),
                line.reopened.to_string(),
                line.confirmed.to_string(),
            ])?;
        }
    }
    writer.flush()?;
    drop(writer);
    Ok(out)
}
