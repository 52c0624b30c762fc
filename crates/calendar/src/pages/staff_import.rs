//! Lists of events from elsewhere: looked at first, then taken.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::response::Response;
use civil::NotText;
use store::{Ctx, Permission};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use crate::domain::events;
use crate::domain::import::Imported;
use crate::model::{Error, EventId};

#[derive(Template)]
#[template(path = "calendar_import.html")]
struct ImportPage<'a> {
    view: &'a View,
    shown: Shown,
}

/// What stands on the page.
#[derive(Default)]
struct Shown {
    /// The list as it was read, to be taken as it was looked at.
    list: String,
    result: Option<Imported>,
    applied: bool,
    error: Option<String>,
}

fn page(view: &View, ctx: &Ctx, name: String, shown: Shown) -> Response {
    let title = view.t("calendar-import-title");
    let wrong = shown.error.is_some();
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &ImportPage { view, shown });
    if wrong { to_mend(page) } else { page }
}

pub(super) async fn form(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    Ok(page(&view, &ctx, name, Shown::default()))
}

/// Says what a file, or a list that was pasted, would do.
pub(super) async fn look(view: View, Caller(mut ctx): Caller, form: Multipart) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    let again = |error| Shown { error: Some(error), ..Shown::default() };
    let list = match civil::decode_text(&brought(form).await?) {
        Ok((list, _)) => list,
        Err(NotText::Encoding { line } | NotText::Truncated { line }) => {
            return Ok(page(&view, &ctx, name, again(view.t1("calendar-import-encoding", "line", &line.to_string()))));
        }
    };
    match events::preview(&mut ctx, &list).await {
        Ok(result) => Ok(page(&view, &ctx, name, Shown { list, result: Some(result), ..Shown::default() })),
        Err(Error::Headings) => Ok(page(&view, &ctx, name, again(view.t("calendar-import-headings")))),
        Err(error) => Err(error.into()),
    }
}

/// The file, or what was pasted where there is none.
async fn brought(mut form: Multipart) -> Result<Vec<u8>, Problem> {
    let broken = |_| Problem::bad_input("calendar.no_file");
    let (mut file, mut pasted) = (Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => file = field.bytes().await.map_err(broken)?.to_vec(),
            Some("list") => pasted = field.bytes().await.map_err(broken)?.to_vec(),
            _ => {}
        }
    }
    Ok(if file.is_empty() { pasted } else { file })
}

/// Takes a list that was looked at, and cancels what was marked of that which is gone.
pub(super) async fn apply(view: View, Caller(mut ctx): Caller, body: Bytes) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    let (mut list, mut cancelled) = (String::new(), Vec::<EventId>::new());
    for (field, value) in form_urlencoded::parse(&body) {
        match field.as_ref() {
            "list" => list = value.into_owned(),
            "gone" => cancelled.extend(value.parse::<EventId>().ok()),
            _ => {}
        }
    }
    let result = events::import(&mut ctx, &list, &cancelled).await?;
    let page = page(&view, &ctx, name, Shown { result: Some(result), applied: true, ..Shown::default() });
    ctx.commit().await?;
    Ok(page)
}
