//! The pages: the calendar, the garbage list, the board, events, wishes, feeds, and the console's.

mod board;
mod counter;
mod events;
mod feeds;
mod garbage;
mod month;
mod staff;
mod staff_feeds;
mod staff_import;
mod wishes;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use civil::Date;
use store::Ctx;
use town::{Garbage, GarbageArea, Language};
use web::{App, Problem, View};

use crate::domain::{holder, people};
use crate::model::{Event, Part};
use crate::rules::garbage::{Collected, named, remarks};

/// The cookie that keeps the area of somebody who is not signed in.
const AREA_COOKIE: &str = "tegata_area";
/// For so long, in seconds.
const AREA_KEPT_S: i64 = 400 * 24 * 3600;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/calendar", get(month::page))
        .route("/calendar/area", post(month::choose_area))
        .route("/calendar/garbage", get(garbage::page))
        .route("/calendar/garbage/{file}", get(feeds::garbage))
        .route("/calendar/print", get(garbage::print))
        .route("/calendar/board", get(board::page))
        .route("/calendar/feed.ics", get(feeds::events))
        .route("/calendar/own/{file}", get(feeds::own))
        .route("/calendar/wishes", get(wishes::page).post(wishes::save))
        .route("/calendar/wishes/feed", post(wishes::make_feed))
        .route("/calendar/wishes/feed/end", post(wishes::end_feed))
        .route("/calendar/events/{event}", get(events::page))
        .route("/calendar/events/{event}/join", post(events::join))
        .route("/calendar/events/{event}/leave", post(events::leave))
        .route("/staff/calendar", get(staff::list))
        .route("/staff/calendar/new", get(staff::blank).post(staff::make))
        .route("/staff/calendar/import", get(staff_import::form).post(staff_import::look).layer(DefaultBodyLimit::disable()))
        .route("/staff/calendar/import/apply", post(staff_import::apply).layer(DefaultBodyLimit::disable()))
        .route("/staff/calendar/feeds", get(staff_feeds::list))
        .route("/staff/calendar/feeds/{feed}", get(staff_feeds::one).post(staff_feeds::upload).layer(DefaultBodyLimit::disable()))
        .route("/staff/calendar/feeds/{feed}/fetch", post(staff_feeds::fetch))
        .route("/staff/calendar/counter/{account}", get(counter::page).post(counter::register))
        .route("/staff/calendar/{event}", get(staff::one).post(staff::change))
        .route("/staff/calendar/{event}/cancel", post(staff::cancel))
        .route("/staff/calendar/{event}/register", post(staff::register))
        .route("/staff/calendar/{event}/strike", post(staff::strike))
}

/// The bytes of a form's file; nothing when none was chosen.
async fn file_of(mut form: Multipart) -> Result<Option<Vec<u8>>, Problem> {
    let broken = |_| Problem::bad_input("calendar.no_file");
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            return Ok(Some(field.bytes().await.map_err(broken)?.to_vec()).filter(|bytes| !bytes.is_empty()));
        }
    }
    Ok(None)
}

/// The area somebody looks at: asked for, chosen in this browser, or theirs by wish or register.
async fn area_of(ctx: &mut Ctx, headers: &HeaderMap, asked: Option<&str>) -> Result<Option<String>, Problem> {
    let town = ctx.town().clone();
    let known = |name: &str| people::area_named(&town, name).map(|area| area.name.clone());
    if let Some(area) = asked.and_then(known) {
        return Ok(Some(area));
    }
    let kept = web::cookie(headers, AREA_COOKIE).unwrap_or_default();
    let kept = form_urlencoded::parse(format!("area={kept}").as_bytes()).next().map(|(_, value)| value.into_owned());
    if let Some(area) = kept.as_deref().and_then(known) {
        return Ok(Some(area));
    }
    match holder(ctx) {
        Ok(account) => Ok(people::area_of(ctx, account).await?),
        Err(_) => Ok(None),
    }
}

/// The table of garbage days and an area of it.
fn table<'a>(view: &'a View, area: Option<&str>) -> Option<(&'a Garbage, &'a GarbageArea)> {
    let garbage = view.app.town().garbage.as_ref()?;
    Some((garbage, garbage.areas.iter().find(|one| Some(one.name.as_str()) == area)?))
}

/// A kind that is collected, as people read it.
struct KindLine {
    name: Shown,
    /// A number from 1 to 8 that gives the mark beside the name.
    mark: usize,
    sure: bool,
}

/// What the town remarks on kinds of an area, each beside the kinds it is about.
fn remark_lines(view: &View, garbage: &Garbage, area: &GarbageArea) -> Vec<(Shown, Shown)> {
    let mut lines: Vec<(Vec<usize>, &str)> = Vec::new();
    for kind in 0..garbage.kinds.len() {
        for text in remarks(garbage, area, kind) {
            match lines.iter_mut().find(|(_, known)| *known == text) {
                Some((kinds, _)) => kinds.push(kind),
                None => lines.push((vec![kind], text)),
            }
        }
    }
    let line = |(kinds, text): (Vec<usize>, &str)| {
        let (language, kinds) = named(garbage, kinds.into_iter(), &view.language);
        (Shown::of(view, language, &kinds), garbage_words(view, garbage, text))
    };
    lines.into_iter().map(line).collect()
}

fn kind_lines(view: &View, garbage: &Garbage, collected: &[Collected]) -> Vec<KindLine> {
    let line = |one: &Collected| {
        let name = garbage_words(view, garbage, &garbage.kinds.get(one.kind)?.name);
        Some(KindLine { name, mark: one.kind % 8 + 1, sure: one.sure })
    };
    collected.iter().filter_map(line).collect()
}

/// Something the garbage files say, in the nearest language the reader reads.
fn garbage_words(view: &View, garbage: &Garbage, own: &str) -> Shown {
    let (language, text) = garbage.read(own, &view.language);
    Shown::of(view, Some(language), text)
}

/// An area to choose or to look at.
struct AreaChoice {
    /// The town's own name, by which it is asked for.
    name: String,
    /// The name as people read it.
    words: Shown,
    chosen: bool,
}

/// The areas of a town, or some of them, of which one may be chosen already.
fn area_choices<'a>(view: &View, areas: impl IntoIterator<Item = &'a GarbageArea>, chosen: Option<&str>) -> Vec<AreaChoice> {
    let Some(garbage) = &view.app.town().garbage else { return Vec::new() };
    let choice = |area: &GarbageArea| AreaChoice {
        name: area.name.clone(),
        words: garbage_words(view, garbage, &area.name),
        chosen: Some(area.name.as_str()) == chosen,
    };
    areas.into_iter().map(choice).collect()
}

/// The area that is looked at.
fn area_choice(view: &View, area: Option<&str>) -> Option<AreaChoice> {
    area_choices(view, table(view, area).map(|(_, area)| area), area).pop()
}

/// A text as a page shows it.
struct Shown {
    text: String,
    /// The tag of the language it is in, where that is not the page's.
    lang: Option<String>,
}

impl Shown {
    /// A text in a language, which is marked where it is not the page's.
    fn of(view: &View, language: Option<&Language>, text: &str) -> Self {
        let lang = language.map(Language::html).filter(|html| *html != view.language.html()).map(str::to_owned);
        Self { text: text.to_owned(), lang }
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self { text, lang: None }
    }
}

/// A part of what an event says, in the nearest language the reader reads.
fn said(view: &View, event: &Event, part: Part) -> Shown {
    let (language, text) = event.details.texts.read(&view.language, part);
    Shown::of(view, language, text)
}

/// Whose calendar an event is of, when it is not the town's own.
fn of_others(view: &View, event: &Event) -> Option<String> {
    let feed = view.app.town().calendar_feed(event.feed.as_ref()?)?;
    Some(view.t1("calendar-of-others", "whose", view.words(&feed.name)))
}

/// A day with its weekday, short: 12月3日（木）.
fn day_words(view: &View, day: &Date) -> String {
    view.t1("calendar-day-and-weekday", "day", &view.day(day)).replace("{w}", &weekday(view, day))
}

fn weekday(view: &View, day: &Date) -> String {
    view.t(&format!("calendar-weekday-{}", crate::rules::garbage::column(day.weekday())))
}

/// When an event is, in words.
fn when_words(view: &View, event: &Event) -> String {
    let details = &event.details;
    let mut words = day_words(view, &details.starts_on);
    if !details.starts_at.is_empty() {
        words = format!("{words} {}", details.starts_at);
    }
    if details.ends_on != details.starts_on {
        words = format!("{words} – {}", day_words(view, &details.ends_on));
        if !details.ends_at.is_empty() {
            words = format!("{words} {}", details.ends_at);
        }
    } else if !details.ends_at.is_empty() {
        words = format!("{words} – {}", details.ends_at);
    }
    words
}
