//! Looking for a resident.

use askama::Template;
use axum::Form;
use axum::response::Response;
use registry::{SEARCH_MAX, Search};
use serde::Deserialize;
use store::{Ctx, Permission};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use crate::access::refused;
use crate::listed::Listed;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Wanted {
    register_id: String,
    born: String,
    district: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People<'a> {
    view: &'a View,
    wanted: &'a Wanted,
    districts: Vec<&'a str>,
    found: Option<Vec<Listed>>,
    too_many: bool,
    error: Option<(&'static str, String)>,
}

/// The empty form.
pub(crate) async fn form(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeePerson).await?;
    Ok(page(&view, &ctx, name, &Wanted::default(), None, None))
}

/// Who was found; everyone found is recorded. Sent as a body, because addresses of pages end in logs and histories.
pub(crate) async fn search(view: View, Caller(mut ctx): Caller, Form(wanted): Form<Wanted>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeePerson).await?;
    let page = match look(&view, &mut ctx, &wanted).await? {
        Ok(people) => page(&view, &ctx, name, &wanted, Some(people), None),
        Err(fault) => to_mend(page(&view, &ctx, name, &wanted, None, Some(fault))),
    };
    ctx.commit().await?;
    Ok(page)
}

fn page(
    view: &View,
    ctx: &Ctx,
    name: String,
    wanted: &Wanted,
    found: Option<Vec<Listed>>,
    error: Option<(&'static str, String)>,
) -> Response {
    let districts = view.app.town().districts.iter().map(|district| district.name.as_str()).collect();
    let too_many = found.as_ref().is_some_and(|found| found.len() >= SEARCH_MAX as usize);
    let title = view.t("menu-people");
    view.page(&Page::staff(&title, &ctx.actor, name), &People { view, wanted, districts, found, too_many, error })
}

/// Who was found, or the field to mend and how.
async fn look(view: &View, ctx: &mut Ctx, wanted: &Wanted) -> Result<Result<Vec<Listed>, (&'static str, String)>, Problem> {
    let Ok(date_of_birth) = civil::read_day(&wanted.born) else {
        return Ok(Err(("born", view.t("shell-not-a-day"))));
    };
    let text = |typed: &str| Some(typed.trim().to_owned()).filter(|typed| !typed.is_empty());
    let search = Search { register_id: text(&wanted.register_id), date_of_birth, district: text(&wanted.district) };
    match registry::search(ctx, &search).await {
        Ok(people) => Ok(Ok(people.iter().map(|resident| Listed::of(view, resident)).collect())),
        Err(registry::Error::EmptySearch) => Ok(Err(("register_id", view.t("console-people-empty")))),
        Err(error) => Err(refused(error)),
    }
}
