//! What a resident wants to be reminded of, and the address of their own feed.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use web::{Caller, Page, Problem, Reader, View, signed_in};

use super::{AreaChoice, area_choices};
use crate::domain::holder;
use crate::domain::people::{self, HOURS, Wish};
use crate::store::people as rows;

#[derive(Template)]
#[template(path = "calendar_wishes.html")]
struct Wishes<'a> {
    view: &'a View,
    wish: Wish,
    hours: Vec<(i32, bool)>,
    areas: Vec<AreaChoice>,
    has_feed: bool,
    secret: Option<String>,
}

async fn show(view: &View, ctx: &mut store::Ctx, secret: Option<String>) -> Result<Response, Problem> {
    let account = holder(ctx)?;
    let wish = people::wish(ctx, account).await?;
    let town = view.app.town();
    let areas = area_choices(view, town.garbage.iter().flat_map(|garbage| &garbage.areas), Some(&wish.area));
    let body = Wishes {
        view,
        hours: HOURS.map(|hour| (hour, hour == wish.hour)).collect(),
        areas,
        wish,
        has_feed: rows::has_feed(ctx, account).await?,
        secret,
    };
    let title = view.t("calendar-wishes-title");
    Ok(view.page(&Page::resident(&title), &body))
}

pub(super) async fn page(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    show(&view, &mut ctx, None).await
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    garbage: Option<String>,
    #[serde(default)]
    events: Option<String>,
    #[serde(default)]
    own: Option<String>,
    hour: i32,
    #[serde(default)]
    area: String,
}

pub(super) async fn save(Caller(mut ctx): Caller, Form(typed): Form<Typed>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    let wish = Wish {
        garbage: typed.garbage.is_some(),
        events: typed.events.is_some(),
        own: typed.own.is_some(),
        hour: typed.hour,
        area: typed.area,
    };
    people::set_wish(&mut ctx, &wish).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/calendar/wishes"))
}

/// Makes the address and shows it this once.
pub(super) async fn make_feed(view: View, Caller(mut ctx): Caller) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let token = people::make_feed(&mut ctx).await?;
    let secret = format!("{}/calendar/own/{token}.ics?lang={}", view.app.origin(), view.language);
    let mut page = show(&view, &mut ctx, Some(secret)).await?;
    ctx.commit().await?;
    page.headers_mut().insert(axum::http::header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    Ok(page.into_response())
}

pub(super) async fn end_feed(Caller(mut ctx): Caller) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    people::end_feed(&mut ctx).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/calendar/wishes"))
}
