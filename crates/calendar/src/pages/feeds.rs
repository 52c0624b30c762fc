//! Calendars for other programs.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use civil::{Date, Timestamp};
use jiff::ToSpan as _;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use store::Ctx;
use web::{Problem, Reader, View};

use crate::domain::{events, people};
use crate::model::{Event, Part, SeatState};
use crate::rules::garbage;
use crate::rules::ical::{Entry, When, Worded, write};
use crate::store::events as rows;

/// Days ahead a feed speaks of.
const AHEAD_DAYS: i64 = 366;
/// Days back.
const BACK_DAYS: i64 = 31;

fn answer(name: &str, entries: &[Entry], public: bool) -> Response {
    let cache = if public { "public, max-age=3600" } else { "private, no-store" };
    ([(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CACHE_CONTROL, cache)], write(name, entries)).into_response()
}

fn span(today: Date) -> (Date, Date) {
    (today.saturating_sub(BACK_DAYS.days()), today.saturating_add(AHEAD_DAYS.days()))
}

fn host(view: &View) -> &str {
    view.app.origin().split_once("://").map_or("localhost", |(_, host)| host)
}

/// Every event of the town.
pub(super) async fn events(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let (from, until) = span(ctx.today());
    let entries: Vec<Entry> = events::events_between(&mut ctx, from, until).await?.iter().map(|event| event_entry(&view, event)).collect();
    Ok(answer(&view.t1("calendar-feed-events", "town", view.words(&view.app.town().name)), &entries, true))
}

/// A part of what an event says, and in which language: that of whoever asks, by `?lang=` or as their program says.
fn worded(view: &View, event: &Event, part: Part) -> Worded {
    let (language, text) = event.details.texts.read(&view.language, part);
    Worded { text: text.to_owned(), language: language.map(|language| language.html().to_owned()) }
}

/// An event as other programs read it: by the hour where it has one, by the day where it has none.
fn event_entry(view: &View, event: &Event) -> Entry {
    let details = &event.details;
    let moment = |day: Date, clock: &str| -> Option<Timestamp> {
        let zone = TimeZone::get("Asia/Tokyo").ok()?;
        Some(day.to_datetime(Time::strptime("%H:%M", clock).ok()?).to_zoned(zone).ok()?.timestamp())
    };
    let begins = moment(details.starts_on, &details.starts_at);
    // An event whose end nobody said is an hour long in a calendar, and not the whole day.
    let ends = moment(details.ends_on, &details.ends_at).or(begins.map(|begins| begins + 1.hour()));
    let when = match (begins, ends) {
        (Some(begins), Some(ends)) if begins <= ends => When::Moments(begins, ends),
        _ => When::Days(details.starts_on, details.ends_on),
    };
    let about = worded(view, event, Part::About);
    let description = Worded { text: [about.text.as_str(), details.url.as_str()].join("\n").trim().to_owned(), ..about };
    Entry {
        uid: format!("{}@{}", event.id, host(view)),
        when,
        summary: worded(view, event, Part::Title),
        description,
        location: worded(view, event, Part::Place),
        cancelled: event.cancelled_at.is_some(),
        changed: event.changed_at,
    }
}

/// The garbage days of an area: `本村.ics`.
pub(super) async fn garbage(view: View, Reader(ctx): Reader, Path(file): Path<String>) -> Result<Response, Problem> {
    let name = file.strip_suffix(".ics").ok_or_else(Problem::not_found)?;
    let (table, area) = super::table(&view, Some(name)).ok_or_else(Problem::not_found)?;
    let entries = garbage_entries(&view, name, ctx.today());
    let (_, name) = table.read(&area.name, &view.language);
    Ok(answer(&view.t1("calendar-feed-garbage", "area", name), &entries, true))
}

fn garbage_entries(view: &View, area: &str, today: Date) -> Vec<Entry> {
    let Some((table, area)) = super::table(view, Some(area)) else { return Vec::new() };
    let (from, until) = span(today);
    let changed = civil::start_of_day_in_japan(today);
    let place = view.app.town().garbage.iter().flat_map(|garbage| &garbage.areas).position(|one| one.name == area.name).unwrap_or(0);
    let (language, text) = table.read(&area.name, &view.language);
    let location = Worded { text: text.to_owned(), language: Some(language.html().to_owned()) };
    let entry = |(day, kinds): (Date, Vec<garbage::Collected>)| {
        let (language, sure) = garbage::named(table, kinds.iter().filter(|one| one.sure).map(|one| one.kind), &view.language);
        (!sure.is_empty()).then(|| Entry {
            uid: format!("garbage-{place}-{day}@{}", host(view)),
            when: When::Days(day, day),
            summary: Worded { text: sure, language: language.map(|language| language.html().to_owned()) },
            description: Worded::default(),
            location: location.clone(),
            cancelled: false,
            changed,
        })
    };
    garbage::between(table, area, from, until).into_iter().filter_map(entry).collect()
}

/// A person's own: whoever knows the address may read it, so it is long, kept as a hash, and can be ended.
pub(super) async fn own(view: View, Reader(mut ctx): Reader, Path(file): Path<String>) -> Result<Response, Problem> {
    let token = file.strip_suffix(".ics").ok_or_else(Problem::not_found)?;
    let account = people::feed_owner(&mut ctx, token).await?.ok_or_else(Problem::not_found)?;
    let entries = own_feed(&view, &mut ctx, account).await?;
    Ok(answer(&view.t("calendar-feed-own"), &entries, false))
}

async fn own_feed(view: &View, ctx: &mut Ctx, account: store::AccountId) -> Result<Vec<Entry>, Problem> {
    let today = ctx.today();
    let (from, until) = span(today);
    let mut entries = Vec::new();
    if let Some(area) = people::area_of(ctx, account).await? {
        entries.extend(garbage_entries(view, &area, today));
    }
    for event in rows::of_account(ctx, account, from).await? {
        if rows::seat(ctx, event.id, account).await?.is_some_and(|seat| seat.state == SeatState::Placed) {
            entries.push(event_entry(view, &event));
        }
    }
    for own in people::own_entries(ctx, account, from, until).await? {
        let Some(rule) = view.app.town().calendar_rules.iter().find(|rule| rule.id == own.rule) else { continue };
        let whose = if own.of_ward { view.t("calendar-of-child") } else { String::new() };
        entries.push(Entry {
            uid: format!("own-{}-{}-{}@{}", own.rule, own.day, entries.len(), host(view)),
            when: When::Days(own.day, own.day),
            summary: format!("{}{whose}", view.words(&rule.title)).into(),
            description: view.words(&rule.text).to_owned().into(),
            location: rule.at.as_ref().map(|at| view.words(at).to_owned()).unwrap_or_default().into(),
            cancelled: false,
            changed: civil::start_of_day_in_japan(today),
        });
    }
    Ok(entries)
}
