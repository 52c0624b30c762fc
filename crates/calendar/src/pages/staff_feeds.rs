//! The console's side of calendars that others keep: how each is, its file, and what is said of it.

use askama::Template;
use axum::extract::{Multipart, Path};
use axum::response::{IntoResponse as _, Redirect, Response};
use store::{Ctx, Permission};
use town::{CalendarFeed, CalendarFeedId, DatasetSource};
use web::{Caller, FetchFault, Page, Problem, Reader, View, staff};

use crate::domain::feeds::{self, Kept};
use crate::model::Error;
use crate::rules::feed::{FEED_BYTES_MAX, FeedRefusal, FeedReport};

/// A calendar in the list.
struct Row {
    id: CalendarFeedId,
    name: String,
    source: String,
    districts: String,
    shown_since: Option<String>,
    happenings: u32,
    checked: Option<String>,
    failed: Option<String>,
    refused: bool,
    silent: bool,
}

#[derive(Template)]
#[template(path = "calendar_staff_feeds.html")]
struct List<'a> {
    view: &'a View,
    rows: Vec<Row>,
}

/// What is said of a file.
struct Said {
    at: String,
    refusal: Option<(String, String)>,
    events: u32,
    happenings: u32,
    faults: Vec<Fault>,
    more_faults: u32,
}

struct Fault {
    line: u32,
    property: String,
    why: String,
    value: String,
    left_out: bool,
}

#[derive(Template)]
#[template(path = "calendar_staff_feed.html")]
struct One<'a> {
    view: &'a View,
    row: Row,
    can_fetch: bool,
    /// The file that was refused since, then the one that is shown.
    said: Vec<Said>,
    error: Option<String>,
    bytes_max_mb: usize,
}

/// Every calendar of others, and how it is.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    let town = view.app.town().clone();
    let mut rows = Vec::new();
    for feed in &town.calendar_feeds {
        rows.push(row(&view, feed, &feeds::kept(&mut ctx, feed).await?));
    }
    let title = view.t("calendar-feeds-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &List { view: &view, rows }))
}

fn row(view: &View, feed: &CalendarFeed, kept: &Kept) -> Row {
    let source = &kept.source;
    // A failure that a good answer followed is over.
    let failed = source.failed_at.filter(|failed| source.checked_at.is_none_or(|good| good < *failed));
    let why = failed.zip(source.failure).map(|(at, fault)| {
        let (at, why) = (view.moment(&at), fetch_fault(view, fault));
        view.ta("calendar-feeds-failed", &[("moment", (&at).into()), ("why", (&why).into())])
    });
    Row {
        id: feed.id.clone(),
        name: view.words(&feed.name).to_owned(),
        source: match &feed.source {
            DatasetSource::File { path, .. } => view.t1("calendar-feeds-file", "path", path),
            DatasetSource::Url { address, .. } => view.t1("calendar-feeds-url", "address", address),
            DatasetSource::Upload => view.t("calendar-feeds-upload-only"),
        },
        districts: feed.districts.join("・"),
        shown_since: source.taken_at.map(|at| view.moment(&at)),
        happenings: source.report.as_ref().map_or(0, |report| report.happenings),
        checked: source.checked_at.map(|at| view.moment(&at)),
        failed: why,
        refused: source.refused_at.is_some(),
        silent: kept.silent,
    }
}

fn fetch_fault(view: &View, fault: FetchFault) -> String {
    view.t(&key("calendar-fetch", fault.as_str()))
}

fn key(start: &str, word: &str) -> String {
    format!("{start}-{}", word.replace('_', "-"))
}

fn said(view: &View, at: &civil::Timestamp, report: &FeedReport) -> Said {
    let fault = |fault: &crate::rules::feed::FeedFault| Fault {
        line: fault.line,
        property: fault.property.clone(),
        why: view.t(&key("calendar-feed-fault", fault.reason.as_str())),
        value: fault.value.clone(),
        left_out: fault.reason.leaves_out(),
    };
    Said {
        at: view.moment(at),
        refusal: report.refusal.as_ref().map(|refusal| refusal_words(view, refusal)),
        events: report.events,
        happenings: report.happenings,
        faults: report.faults.iter().map(fault).collect(),
        more_faults: report.more_faults,
    }
}

/// Why a file is refused, and what to do.
fn refusal_words(view: &View, refusal: &FeedRefusal) -> (String, String) {
    let (name, args): (&str, Vec<(&str, u32)>) = match refusal {
        FeedRefusal::Empty => ("empty", vec![]),
        FeedRefusal::TooLarge => ("too-large", vec![]),
        FeedRefusal::Encoding { line } => ("encoding", vec![("line", *line)]),
        FeedRefusal::NotCalendar { line } => ("not-calendar", vec![("line", *line)]),
        FeedRefusal::Truncated { line } => ("truncated", vec![("line", *line)]),
        FeedRefusal::TooMany => ("too-many", vec![]),
        FeedRefusal::Faulty { faulty, events } => ("faulty", vec![("faulty", *faulty), ("events", *events)]),
    };
    let args: Vec<(&str, String)> = args.into_iter().map(|(name, number)| (name, number.to_string())).collect();
    let args: Vec<(&str, web::Arg<'_>)> = args.iter().map(|(name, value)| (*name, value.into())).collect();
    let text = format!("calendar-feed-refusal-{name}");
    (view.ta(&text, &args), view.ta(&format!("{text}.next"), &args))
}

/// One calendar, what is said of its files, and the form for a new one.
pub(super) async fn one(view: View, Reader(mut ctx): Reader, Path(id): Path<CalendarFeedId>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    page(&view, &mut ctx, name, &id, None).await
}

async fn page(view: &View, ctx: &mut Ctx, name: String, id: &CalendarFeedId, error: Option<String>) -> Result<Response, Problem> {
    let town = view.app.town().clone();
    let feed = town.calendar_feed(id).ok_or(Error::NoSuchFeed)?;
    let kept = feeds::kept(ctx, feed).await?;
    let source = &kept.source;
    let files = [(source.refused_at, &source.refused), (source.taken_at, &source.report)];
    let said = files.into_iter().filter_map(|(at, report)| Some(said(view, &at?, report.as_ref()?))).collect();
    let row = row(view, feed, &kept);
    let title = row.name.clone();
    let can_fetch = matches!(feed.source, DatasetSource::Url { .. });
    let body = One { view, row, can_fetch, said, error, bytes_max_mb: FEED_BYTES_MAX >> 20 };
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

/// Takes a file from the form, and shows what is said of it.
pub(super) async fn upload(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<CalendarFeedId>,
    form: Multipart,
) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    let file = super::file_of(form).await?.unwrap_or_default();
    match feeds::upload(&mut ctx, &id, &file).await {
        Ok(_) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/calendar/feeds/{id}")).into_response())
        }
        Err(Error::NoFile) => {
            let error = view.t("problem-calendar-no-file");
            Ok(web::to_mend(page(&view, &mut ctx, name, &id, Some(error)).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks a calendar's address at once.
pub(super) async fn fetch(Caller(mut ctx): Caller, Path(id): Path<CalendarFeedId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    feeds::fetch_now(&mut ctx, &id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/calendar/feeds/{id}")))
}
