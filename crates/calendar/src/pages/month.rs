//! The calendar of a month: today and tomorrow first, a grid, and the same as a list.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use civil::Date;
use jiff::ToSpan as _;
use serde::Deserialize;
use web::{Page, Problem, Reader, View};

use super::{
    AREA_COOKIE, AREA_KEPT_S, AreaChoice, KindLine, Shown, area_choice, area_choices, area_of, day_words, garbage_words, kind_lines,
    of_others, remark_lines, said, table, when_words,
};
use crate::domain::{events, holder, people};
use crate::model::Part;
use crate::rules::garbage;

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    month: Option<String>,
    day: Option<String>,
    area: Option<String>,
    /// Empty for everything, or `garbage`, `events`, `mine`.
    #[serde(default)]
    show: String,
}

/// Something on a day besides garbage.
struct Line {
    title: Shown,
    more: Vec<Shown>,
    href: String,
    cancelled: bool,
    own: bool,
}

struct DayCell {
    number: i8,
    day: String,
    words: String,
    weekday: String,
    kinds: Vec<KindLine>,
    lines: Vec<Line>,
    today: bool,
    other_month: bool,
    sunday: bool,
    /// The national holiday.
    holiday: Option<String>,
    /// Nothing is collected where somebody lives: 年末年始 and other closures.
    closed: bool,
}

impl DayCell {
    fn busy(&self) -> bool {
        !self.kinds.is_empty() || !self.lines.is_empty() || self.holiday.is_some() || self.closed
    }
}

struct Soon {
    label: String,
    words: String,
    kinds: Vec<KindLine>,
    lines: Vec<Line>,
    holiday: Option<String>,
    closed: bool,
}

struct Tab {
    show: &'static str,
    text: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "calendar_month.html")]
struct Month<'a> {
    view: &'a View,
    title: String,
    area: Option<AreaChoice>,
    areas: Vec<AreaChoice>,
    suggested: bool,
    has_garbage: bool,
    signed_in: bool,
    soon: Vec<Soon>,
    weeks: Vec<Vec<DayCell>>,
    before: String,
    after: String,
    month: String,
    show: String,
    tabs: Vec<Tab>,
    expired: Vec<(String, String)>,
    remarks: Vec<(Shown, Shown)>,
}

/// The calendar.
pub(super) async fn page(view: View, headers: HeaderMap, Query(asked): Query<Asked>, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let today = ctx.today();
    let area = area_of(&mut ctx, &headers, asked.area.as_deref()).await?;
    let first = month_asked(&asked, today);
    let last = first.last_of_month();
    // Whole weeks from Sunday to Saturday, and tomorrow, which the first lines speak of.
    let from = first.saturating_sub(i64::try_from(garbage::column(first.weekday())).unwrap_or(0).days());
    let until = last.saturating_add((6 - i64::try_from(garbage::column(last.weekday())).unwrap_or(0)).days());
    let tomorrow = today.saturating_add(1.day());
    let show = ["garbage", "events", "mine"].into_iter().find(|one| *one == asked.show).unwrap_or_default();
    let mut days = days(&view, &mut ctx, area.as_deref(), show, from, until).await?;
    let mut near = self::days(&view, &mut ctx, area.as_deref(), show, today, tomorrow).await?;
    let shut = |day: Date| {
        show != "events" && show != "mine" && table(&view, area.as_deref()).is_some_and(|(table, area)| garbage::closed(table, area, day))
    };
    let soon = [("calendar-today", today), ("calendar-tomorrow", tomorrow)].map(|(key, day)| {
        let (kinds, lines) = near.remove(&day).unwrap_or_default();
        Soon { label: view.t(key), words: day_words(&view, &day), kinds, lines, holiday: holiday_words(&view, day), closed: shut(day) }
    });
    let cell = |day: Date, (kinds, lines): (Vec<KindLine>, Vec<Line>)| DayCell {
        number: day.day(),
        day: day.to_string(),
        words: day_words(&view, &day),
        weekday: super::weekday(&view, &day),
        kinds,
        lines,
        today: day == today,
        other_month: day.month() != first.month(),
        sunday: garbage::column(day.weekday()) == 0,
        holiday: holiday_words(&view, day),
        closed: shut(day),
    };
    let cells: Vec<DayCell> =
        from.series(1.day()).take_while(|day| *day <= until).map(|day| cell(day, days.remove(&day).unwrap_or_default())).collect();
    let mut weeks: Vec<Vec<DayCell>> = Vec::new();
    for cell in cells {
        match weeks.last_mut().filter(|week| week.len() < 7) {
            Some(week) => week.push(cell),
            None => weeks.push(vec![cell]),
        }
    }
    let title = view.t("calendar-title");
    let (areas, suggested) = choices(&view, &mut ctx, area.as_deref()).await?;
    let signed_in = holder(&ctx).is_ok();
    let tab = |(show_one, key): (&'static str, &str)| Tab { show: show_one, text: view.t(key), current: show_one == show };
    let mut tabs: Vec<Tab> =
        [("", "calendar-show-all"), ("garbage", "calendar-show-garbage"), ("events", "calendar-show-events")].map(tab).into();
    if signed_in {
        tabs.push(tab(("mine", "calendar-show-mine")));
    }
    let body = Month {
        view: &view,
        title: view.t1("calendar-month", "month", &format!("{:02}", first.month())).replace("{y}", &first.year().to_string()),
        has_garbage: view.app.town().garbage.is_some(),
        expired: expired(&view, area.as_deref(), today),
        remarks: table(&view, area.as_deref()).map(|(table, area)| remark_lines(&view, table, area)).unwrap_or_default(),
        area: area_choice(&view, area.as_deref()),
        areas,
        suggested,
        signed_in,
        soon: soon.into(),
        weeks,
        before: month_words(first.saturating_sub(1.month())),
        after: month_words(first.saturating_add(1.month())),
        month: month_words(first),
        show: show.to_owned(),
        tabs,
    };
    Ok(view.page(&Page::resident(&title), &body))
}

/// The name of a national holiday.
fn holiday_words(view: &View, day: Date) -> Option<String> {
    civil::holiday(day).map(|holiday| view.t(&format!("calendar-holiday-{}", holiday.word())))
}

fn month_words(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

fn month_asked(asked: &Asked, today: Date) -> Date {
    let month = asked.month.as_ref().and_then(|month| format!("{month}-01").parse::<Date>().ok());
    let day = asked.day.as_ref().and_then(|day| day.parse::<Date>().ok());
    // Far from today nothing is known, and a calendar without end is a maze for machines.
    month.or(day).filter(|day| (today.year() - 1..=today.year() + 2).contains(&day.year())).unwrap_or(today).first_of_month()
}

type OfDay = (Vec<KindLine>, Vec<Line>);

/// What there is on each of some days.
async fn days(
    view: &View,
    ctx: &mut store::Ctx,
    area: Option<&str>,
    show: &str,
    from: Date,
    until: Date,
) -> Result<BTreeMap<Date, OfDay>, Problem> {
    let mut days: BTreeMap<Date, OfDay> = BTreeMap::new();
    if let (Some((table, area)), "" | "garbage") = (table(view, area), show) {
        for (day, collected) in garbage::between(table, area, from, until) {
            days.entry(day).or_default().0 = kind_lines(view, table, &collected);
        }
    }
    let account = holder(ctx).ok();
    if matches!(show, "" | "events" | "mine") {
        let mine: Vec<_> = match account {
            Some(account) => crate::store::events::of_account(ctx, account, from).await?.into_iter().map(|event| event.id).collect(),
            None => Vec::new(),
        };
        for event in events::events_between(ctx, from, until).await?.into_iter().filter(|event| show != "mine" || mine.contains(&event.id))
        {
            if !is_for(view, &event, area) {
                continue;
            }
            let begins = event.details.starts_on.max(from);
            for day in begins.series(1.day()).take_while(|day| *day <= event.details.ends_on.min(until)) {
                let line = Line {
                    title: said(view, &event, Part::Title),
                    more: vec![
                        when_words(view, &event).into(),
                        said(view, &event, Part::Place),
                        of_others(view, &event).unwrap_or_default().into(),
                    ],
                    href: format!("/calendar/events/{}", event.id),
                    cancelled: event.cancelled_at.is_some(),
                    own: mine.contains(&event.id),
                };
                days.entry(day).or_default().1.push(line);
            }
        }
    }
    if let (Some(account), "" | "mine") = (account, show) {
        for entry in people::own_entries(ctx, account, from, until).await? {
            let Some(rule) = view.app.town().calendar_rules.iter().find(|rule| rule.id == entry.rule) else { continue };
            let at = rule.at.as_ref().map(|at| view.words(at).to_owned()).unwrap_or_default();
            let whose = if entry.of_ward { view.t("calendar-of-child") } else { String::new() };
            let line = Line {
                title: format!("{}{whose}", view.words(&rule.title)).into(),
                more: vec![view.words(&rule.text).to_owned().into(), at.into()],
                href: String::new(),
                cancelled: false,
                own: true,
            };
            days.entry(entry.day).or_default().1.push(line);
        }
    }
    Ok(days)
}

/// Whether an event is for somebody of an area: a calendar that others keep may be for some districts only.
fn is_for(view: &View, event: &crate::model::Event, area: Option<&str>) -> bool {
    let feed = event.feed.as_ref().and_then(|feed| view.app.town().calendar_feed(feed));
    match (feed, table(view, area)) {
        (Some(feed), Some((_, area))) if !feed.districts.is_empty() => {
            feed.districts.iter().any(|district| area.districts.contains(district))
        }
        _ => true,
    }
}

/// The areas to choose among: those of the reader's own district first and alone, if it lies in several.
async fn choices(view: &View, ctx: &mut store::Ctx, chosen: Option<&str>) -> Result<(Vec<AreaChoice>, bool), Problem> {
    let town = view.app.town();
    let all = town.garbage.as_ref().map(|garbage| garbage.areas.as_slice()).unwrap_or_default();
    if let (Ok(account), None) = (holder(ctx), chosen)
        && let Some(district) = people::district_of(ctx, account).await?
    {
        let own = people::areas_of(town, &district);
        if !own.is_empty() {
            return Ok((area_choices(view, own, chosen), true));
        }
    }
    Ok((area_choices(view, all, chosen), false))
}

/// Kinds whose days are not known any more, with the last day that was.
fn expired(view: &View, area: Option<&str>, today: Date) -> Vec<(String, String)> {
    let Some((table, area)) = table(view, area) else { return Vec::new() };
    let kinds = table.kinds.iter().enumerate();
    kinds
        .filter_map(|(kind, named)| Some((named, garbage::known_until(area, kind).filter(|last| *last < today)?)))
        .map(|(named, last)| (garbage_words(view, table, &named.name).text, view.day(&last)))
        .collect()
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    area: String,
    #[serde(default)]
    back: String,
}

/// Keeps the area in this browser.
pub(super) async fn choose_area(view: View, Reader(ctx): Reader, Form(chosen): Form<Chosen>) -> Result<Response, Problem> {
    let area = people::area_named(ctx.town(), &chosen.area).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "calendar.no_such_area"))?;
    let cookie = web::kept_cookie(AREA_COOKIE, &web::query_value(&area.name), AREA_KEPT_S, view.app.origin());
    let back = if chosen.back == "garbage" { "/calendar/garbage" } else { "/calendar" };
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response())
}
