//! Notices on a television, a tablet on the wall, a kiosk: big and by itself. In the town hall, what is for everybody; at home, titles, where the owner of
//! the screen wants them.

use askama::Template;
use axum::Form;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use web::{Page, Problem, Reader, View, signed_in};

use super::{inbox, topic_words};
use crate::domain::inbox::Item;
use crate::domain::{board as domain, inbox as own};
use crate::rules;

/// Seconds until the screen looks again: what must be known at once is read aloud elsewhere.
const AGAIN_S: &str = "300";
/// Notices that fit on a screen.
const SHOWN: usize = 5;
/// Characters of a notice's first words.
const WORDS_MAX: usize = 120;
/// The cookie that keeps whether this screen shows titles, and for how long, in seconds.
const TITLES_COOKIE: &str = "tegata_board";
const TITLES_KEPT_S: i64 = 400 * 24 * 3600;

struct Line {
    title: String,
    words: String,
    when: String,
    lang: Option<String>,
    unopened: bool,
}

#[derive(Template)]
#[template(path = "notices_board.html")]
struct Board<'a> {
    view: &'a View,
    title: String,
    lines: Vec<Line>,
    /// At home: how many are unopened, and whether titles are shown.
    home: Option<(i64, bool)>,
}

fn answer(view: &View, title: String, lines: Vec<Line>, home: Option<(i64, bool)>) -> Response {
    let body = Board { view, title: title.clone(), lines, home };
    let mut page = view.page(&Page::plain(&title), &body);
    page.headers_mut().insert(header::REFRESH, HeaderValue::from_static(AGAIN_S));
    page
}

/// The town hall's screen: notices to everybody, and whoever is signed in there makes no difference.
pub(super) async fn hall(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let notices = domain::to_everybody(&mut ctx).await?;
    let line = |notice: &crate::model::Notice| {
        let (tag, text) = notice.texts.in_language(&view.language)?;
        let lang = tag.parse::<town::Language>().ok().filter(|language| *language != view.language);
        let when = notice.begun_at.map(|begun| view.moment(&begun)).unwrap_or_default();
        Some(Line {
            title: text.title.clone(),
            words: civil::in_one_line(&text.body, WORDS_MAX),
            when: format!("{when}　{}", topic_words(&view, &notice.topic)),
            lang: lang.map(|language| language.html().to_owned()),
            unopened: false,
        })
    };
    let lines = notices.iter().filter_map(line).take(SHOWN).collect();
    let title = view.t("notices-board-title");
    Ok(answer(&view, title, lines, None))
}

/// The screen at home: how much is unopened, and titles if its owner chose so. Nothing is taken for seen by standing there.
pub(super) async fn home(view: View, headers: HeaderMap, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let titles = web::cookie(&headers, TITLES_COOKIE) == Some("titles");
    let items = own::inbox(&mut ctx).await?;
    let unopened = i64::try_from(items.iter().filter(|item| item.delivery.opened_at.is_none()).count()).unwrap_or(i64::MAX);
    let shown = items.iter().filter(|item| titles && !item.is_withdrawn()).take(SHOWN);
    let lines = shown.map(|item| home_line(&view, item)).collect();
    let title = view.t("notices-board-home");
    Ok(answer(&view, title, lines, Some((unopened, titles))))
}

/// A title as a room full of people may read it: of a notice with a person's own words, its topic only.
fn home_line(view: &View, item: &Item) -> Line {
    let read = inbox::read(view, item);
    let personal = item.delivery.fields.is_some() || item.delivery.document.is_some();
    let title = if personal { read.topic } else { rules::merged(&read.title, &std::collections::BTreeMap::new()) };
    Line {
        title,
        words: String::new(),
        when: view.moment(&item.delivery.put_at),
        lang: read.lang,
        unopened: item.delivery.opened_at.is_none(),
    }
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    titles: String,
}

/// Keeps whether this screen shows titles.
pub(super) async fn choose(view: View, Reader(ctx): Reader, Form(chosen): Form<Chosen>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let value = if chosen.titles == "yes" { "titles" } else { "counts" };
    let cookie = web::kept_cookie(TITLES_COOKIE, value, TITLES_KEPT_S, view.app.origin());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/inbox/board")).into_response())
}
