//! Calendars that others keep: fetched by their timetable or brought by the staff, read, and shown among the town's own events. What is shown changes in
//! one transaction or not at all; a file that is refused leaves everything as it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use civil::start_of_day_in_japan;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use store::{Actor, Ctx, Permission, Store};
use town::{CalendarFeed, CalendarFeedId, DatasetSource, Language};
use web::{Outside, fetch_file};

use crate::model::{Error, Event, EventId, Result, Said, Texts};
use crate::rules::feed::{self, FeedFault, FeedReason, FeedReport, Happening, Window};
use crate::store::events as rows;
use crate::store::sources::{self, Source};

/// The job that reads what there is anew for another day, and plans the day's fetches.
pub(crate) const DAILY: &str = "calendar.feeds_daily";
/// The job that fetches one calendar.
pub(crate) const FETCH: &str = "calendar.fetch_feed";

/// Days back and ahead of which the happenings are kept.
const BACK_DAYS: i64 = 31;
const AHEAD_DAYS: i64 = 400;

/// Which calendar is to be fetched.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ToFetch {
    feed: CalendarFeedId,
}

/// A calendar of others as the staff see it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// How it is.
    pub source: Source,
    /// Its address has not answered for longer than the pack allows.
    pub silent: bool,
}

/// When the house opens: takes the files of the pack that are new, forgets calendars the pack has no more, and plans what is left of today's fetches.
///
/// # Errors
/// The store's.
pub async fn open(ctx: &mut Ctx) -> Result<()> {
    let town = ctx.town().clone();
    for gone in rows::feeds(ctx).await?.into_iter().filter(|feed| town.calendar_feed(feed).is_none()) {
        for event in rows::of_feed(ctx, &gone).await? {
            rows::delete(ctx, event.id).await?;
        }
        sources::forget(ctx, &gone).await?;
    }
    for feed in &town.calendar_feeds {
        if let DatasetSource::File { bytes, .. } = &feed.source
            && sources::file(ctx, &feed.id).await?.as_deref() != Some(bytes)
        {
            take(ctx, feed, bytes).await?;
        }
    }
    plan_rest(ctx).await
}

/// At the beginning of a day: what is shown moves on by a day, and today's fetches are put on the list.
///
/// # Errors
/// The store's.
pub(crate) async fn daily(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    let town = ctx.town().clone();
    for feed in &town.calendar_feeds {
        let Some(file) = sources::file(ctx, &feed.id).await? else { continue };
        let (happenings, mut report) = read(ctx, feed, &file);
        if report.refusal.is_none() {
            lay_out(ctx, feed, happenings, &mut report).await?;
            sources::reread(ctx, &feed.id, &report).await?;
        }
    }
    let midnight = start_of_day_in_japan(ctx.today());
    plan(ctx, midnight).await
}

/// What is left of today's fetches; a calendar that never came is fetched at once.
async fn plan_rest(ctx: &mut Ctx) -> Result<()> {
    let (town, now) = (ctx.town().clone(), ctx.now());
    for feed in &town.calendar_feeds {
        let DatasetSource::Url { timetable, .. } = &feed.source else { continue };
        let known = sources::source(ctx, &feed.id).await?;
        if known.checked_at.is_none() && known.failed_at.is_none() && !timetable.at.is_empty() {
            put_on_list(ctx, &feed.id, now).await?;
        }
    }
    plan(ctx, now).await
}

async fn plan(ctx: &mut Ctx, since: Timestamp) -> Result<()> {
    let (town, today) = (ctx.town().clone(), ctx.today());
    for feed in &town.calendar_feeds {
        let DatasetSource::Url { timetable, .. } = &feed.source else { continue };
        for run_at in timetable.moments(today, since) {
            put_on_list(ctx, &feed.id, run_at).await?;
        }
    }
    Ok(())
}

/// Fetches a calendar at once.
///
/// # Errors
/// [`Error::NoSuchFeed`] for one without an address; forbidden without the permission.
pub async fn fetch_now(ctx: &mut Ctx, id: &CalendarFeedId) -> Result<()> {
    ctx.allow(Permission::KeepCalendar)?;
    let town = ctx.town().clone();
    match town.calendar_feed(id).map(|feed| &feed.source) {
        Some(DatasetSource::Url { .. }) => {
            let now = ctx.now();
            put_on_list(ctx, id, now).await
        }
        _ => Err(Error::NoSuchFeed),
    }
}

async fn put_on_list(ctx: &mut Ctx, id: &CalendarFeedId, run_at: Timestamp) -> Result<()> {
    let unique = format!("{FETCH}/{id}/{run_at}");
    Ok(ctx.enqueue_outside(FETCH, Some(unique), &ToFetch { feed: id.clone() }, run_at).await?)
}

/// Fetches a calendar and takes what comes. That nobody answered is noted for the staff; the timetable asks again.
pub(crate) async fn fetch(store: &Store, outside: &Arc<dyn Outside>, asked: &ToFetch) -> Result<()> {
    let town = Arc::clone(store.town());
    let Some(feed) = town.calendar_feed(&asked.feed) else { return Ok(()) };
    let DatasetSource::Url { address, .. } = &feed.source else { return Ok(()) };
    let fetched = fetch_file(outside, address).await;
    let mut ctx = store.begin(Actor::System).await?;
    match fetched {
        Ok(bytes) => {
            sources::checked_now(&mut ctx, &feed.id).await?;
            take(&mut ctx, feed, &bytes).await?;
        }
        Err(fault) => sources::failed_now(&mut ctx, &feed.id, fault).await?,
    }
    Ok(ctx.commit().await?)
}

/// Takes a file that somebody of the staff brings. Gives what is said of it; one that is refused changes nothing.
///
/// # Errors
/// [`Error::NoSuchFeed`], [`Error::NoFile`]; forbidden without the permission.
pub async fn upload(ctx: &mut Ctx, id: &CalendarFeedId, bytes: &[u8]) -> Result<FeedReport> {
    ctx.allow(Permission::KeepCalendar)?;
    let town = ctx.town().clone();
    let feed = town.calendar_feed(id).ok_or(Error::NoSuchFeed)?;
    if bytes.is_empty() {
        return Err(Error::NoFile);
    }
    let report = take(ctx, feed, bytes).await?;
    ctx.audit("calendar.feed_brought", None, id.as_str()).await?;
    Ok(report)
}

/// How a calendar of others is.
///
/// # Errors
/// Forbidden without the permission; the store's.
pub async fn kept(ctx: &mut Ctx, feed: &CalendarFeed) -> Result<Kept> {
    ctx.allow(Permission::KeepCalendar)?;
    let source = sources::source(ctx, &feed.id).await?;
    let now = ctx.now();
    let silent = match &feed.source {
        DatasetSource::Url { timetable, .. } => {
            let allowed = SignedDuration::from_hours(timetable.silent_after_h.into());
            let asked = source.checked_at.is_some() || source.failed_at.is_some();
            asked && source.checked_at.is_none_or(|last| now.duration_since(last) > allowed)
        }
        _ => false,
    };
    Ok(Kept { source, silent })
}

fn read(ctx: &Ctx, feed: &CalendarFeed, bytes: &[u8]) -> (Vec<Happening>, FeedReport) {
    let today = ctx.today();
    let window = Window { from: today.saturating_sub(BACK_DAYS.days()), until: today.saturating_add(AHEAD_DAYS.days()) };
    let named = |language: &Language| Said { title: feed.name.in_language(language).to_owned(), ..Said::default() };
    let mut unnamed = Texts::default();
    for language in feed.name.languages() {
        unnamed.set(language.clone(), named(language));
    }
    feed::read(bytes, &unnamed, &ctx.town().languages, window)
}

async fn take(ctx: &mut Ctx, feed: &CalendarFeed, bytes: &[u8]) -> Result<FeedReport> {
    let (happenings, mut report) = read(ctx, feed, bytes);
    if report.refusal.is_some() {
        sources::refused(ctx, &feed.id, &report).await?;
        ctx.record("calendar.feed_refused", &serde_json::json!({ "feed": feed.id })).await?;
        return Ok(report);
    }
    let (made, changed, gone) = lay_out(ctx, feed, happenings, &mut report).await?;
    sources::taken(ctx, &feed.id, bytes, &report).await?;
    if made + changed + gone > 0 {
        let counts = serde_json::json!({ "feed": feed.id, "made": made, "changed": changed, "gone": gone });
        ctx.record("calendar.feed_taken", &counts).await?;
    }
    Ok(report)
}

/// Makes the events of a calendar what a file says: new ones, changed ones, and those that are gone. Gives how many of each.
async fn lay_out(ctx: &mut Ctx, feed: &CalendarFeed, happenings: Vec<Happening>, report: &mut FeedReport) -> Result<(usize, usize, usize)> {
    let known = rows::of_feed(ctx, &feed.id).await?;
    let mut known: BTreeMap<String, Event> = known.into_iter().filter_map(|event| Some((event.key.clone()?, event))).collect();
    let (mut made, mut changed) = (0, 0);
    for happening in happenings {
        match known.remove(&happening.key) {
            Some(event) => changed += usize::from(change(ctx, event, happening).await?),
            None if is_elsewhere(ctx, &happening).await? => {
                report.happenings = report.happenings.saturating_sub(1);
                // Once for an event, however often it recurs.
                let said = |fault: &FeedFault| fault.line == happening.line && fault.reason == FeedReason::Elsewhere;
                if !report.faults.iter().any(said) {
                    report.note(happening.line, "UID", FeedReason::Elsewhere, happening.details.title());
                }
            }
            None => {
                insert(ctx, feed, happening).await?;
                made += 1;
            }
        }
    }
    let gone = known.len();
    for event in known.into_values() {
        rows::delete(ctx, event.id).await?;
    }
    Ok((made, changed, gone))
}

/// Whether another calendar has the event already, or the town itself: feeds of others gather ours, too.
async fn is_elsewhere(ctx: &mut Ctx, happening: &Happening) -> Result<bool> {
    if rows::of_key(ctx, &happening.key).await?.is_some() {
        return Ok(true);
    }
    match happening.uid.split('@').next().and_then(|name| name.parse::<EventId>().ok()) {
        Some(id) => Ok(rows::find(ctx, id).await?.is_some()),
        None => Ok(false),
    }
}

async fn insert(ctx: &mut Ctx, feed: &CalendarFeed, happening: Happening) -> Result<()> {
    let now = ctx.now();
    let event = Event {
        id: EventId::new(now),
        key: Some(happening.key),
        details: happening.details,
        taken: 0,
        cancelled_at: None,
        changed_at: now,
        feed: Some(feed.id.clone()),
    };
    rows::insert(ctx, &event).await?;
    if happening.cancelled {
        rows::set_cancelled(ctx, event.id, true).await?;
    }
    Ok(())
}

/// Makes a known event what the file says now; false when it was so already.
async fn change(ctx: &mut Ctx, event: Event, happening: Happening) -> Result<bool> {
    let called_off = event.cancelled_at.is_some() != happening.cancelled;
    let differs = event.details != happening.details;
    if differs {
        let now = ctx.now();
        rows::change(ctx, &Event { details: happening.details, changed_at: now, ..event.clone() }).await?;
    }
    if called_off {
        rows::set_cancelled(ctx, event.id, happening.cancelled).await?;
    }
    Ok(differs || called_off)
}
