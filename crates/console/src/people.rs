//! Looking for a resident.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use registry::{Resident, ResidentId, SEARCH_MAX, Search};
use serde::Deserialize;
use store::{Ctx, Permission};
use web::{Caller, Page, Problem, View};

use crate::access::{refused, staff, to_mend};
use crate::words;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Wanted {
    register_id: String,
    born: String,
    district: String,
    /// Present when the form was sent.
    search: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People<'a> {
    view: &'a View,
    wanted: &'a Wanted,
    districts: Vec<&'a str>,
    found: Option<Vec<Found>>,
    too_many: bool,
    error: Option<(&'static str, String)>,
}

struct Found {
    id: ResidentId,
    number: String,
    birth: String,
    sex: String,
    district: String,
    status: String,
    tag: &'static str,
    protected: bool,
}

/// The form, and who was found; everyone found is recorded.
pub(crate) async fn search(view: View, Caller(mut ctx): Caller, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeePerson).await?;
    let (mut found, mut error) = (None, None);
    if wanted.search.is_some() {
        match look(&view, &mut ctx, &wanted).await? {
            Ok(people) => found = Some(people),
            Err(fault) => error = Some(fault),
        }
    }
    let town = view.app.town();
    let faulty = error.is_some();
    let body = People {
        view: &view,
        wanted: &wanted,
        districts: town.districts.iter().map(|district| district.name.as_str()).collect(),
        too_many: found.as_ref().is_some_and(|found| found.len() >= SEARCH_MAX as usize),
        found,
        error,
    };
    let title = view.t("menu-people");
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &body);
    ctx.commit().await?;
    Ok(if faulty { to_mend(page) } else { page })
}

/// Who was found, or the field to mend and how.
async fn look(view: &View, ctx: &mut Ctx, wanted: &Wanted) -> Result<Result<Vec<Found>, (&'static str, String)>, Problem> {
    let Ok(date_of_birth) = words::read_day(&wanted.born) else {
        return Ok(Err(("born", view.t("console-not-a-day"))));
    };
    let text = |typed: &str| Some(typed.trim().to_owned()).filter(|typed| !typed.is_empty());
    let search = Search { register_id: text(&wanted.register_id), date_of_birth, district: text(&wanted.district) };
    match registry::search(ctx, &search).await {
        Ok(people) => Ok(Ok(people.iter().map(|resident| row(view, resident)).collect())),
        Err(registry::Error::EmptySearch) => Ok(Err(("register_id", view.t("console-people-empty")))),
        Err(error) => Err(refused(error)),
    }
}

fn row(view: &View, resident: &Resident) -> Found {
    Found {
        id: resident.id,
        number: resident.register_id.to_string(),
        birth: words::birth(view, resident.date_of_birth),
        sex: words::sex(view, resident.sex),
        district: resident.district.clone(),
        status: words::status(view, resident.status, resident.status_on),
        tag: words::status_tag(resident.status),
        protected: resident.protected,
    }
}
