//! The calendar on a television, a tablet on the wall, a kiosk: big, by itself, and nothing of any person.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use jiff::ToSpan as _;
use serde::Deserialize;
use web::{Page, Problem, Reader, View};

use super::{AreaChoice, KindLine, Shown, area_choice, area_choices, day_words, kind_lines, said, table, when_words};
use crate::domain::events;
use crate::model::Part;
use crate::rules::garbage;

/// Seconds until the board looks again.
const AGAIN_S: &str = "900";
/// Days the events of which it shows.
const DAYS: i64 = 14;
/// Events that fit on a screen.
const EVENTS: usize = 6;

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    area: Option<String>,
}

struct BoardDay {
    label: String,
    words: String,
    kinds: Vec<KindLine>,
}

#[derive(Template)]
#[template(path = "calendar_board.html")]
struct Board<'a> {
    view: &'a View,
    area: Option<AreaChoice>,
    areas: Vec<AreaChoice>,
    days: Vec<BoardDay>,
    events: Vec<(Shown, String, Shown)>,
}

/// The board of an area; without one, the areas to choose among.
pub(super) async fn page(view: View, Query(asked): Query<Asked>, _: HeaderMap, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let today = ctx.today();
    let town = view.app.town().clone();
    let here = table(&view, asked.area.as_deref());
    let mut days = Vec::new();
    if let Some((table, area)) = here {
        for (key, after) in [("calendar-today", 0), ("calendar-tomorrow", 1), ("calendar-after-tomorrow", 2)] {
            let day = today.saturating_add(after.days());
            let kinds = kind_lines(&view, table, &garbage::on_day(table, area, day));
            days.push(BoardDay { label: view.t(key), words: day_words(&view, &day), kinds });
        }
    }
    let coming = events::events_between(&mut ctx, today, today.saturating_add(DAYS.days())).await?;
    let coming = coming.into_iter().filter(|event| event.cancelled_at.is_none()).take(EVENTS);
    let events = coming.map(|event| (said(&view, &event, Part::Title), when_words(&view, &event), said(&view, &event, Part::Place)));
    let areas = area_choices(&view, town.garbage.iter().flat_map(|garbage| &garbage.areas), None);
    let area = area_choice(&view, asked.area.as_deref());
    let body = Board { view: &view, area, areas, days, events: events.collect() };
    let title = view.t("calendar-board-title");
    let mut page = view.page(&Page::plain(&title), &body);
    page.headers_mut().insert(header::REFRESH, header::HeaderValue::from_static(AGAIN_S));
    Ok(page)
}
