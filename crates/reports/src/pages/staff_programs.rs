//! Programs of others that may send reports by Open311.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Ctx, Permission};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::staff::{Tab, tabs};
use crate::domain::clients;
use crate::model::{ClientId, Error};

#[derive(Template)]
#[template(path = "staff_programs.html")]
struct List<'a> {
    view: &'a View,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    key: Option<String>,
    error: Option<String>,
    address: String,
}

struct Row {
    id: ClientId,
    name: String,
    since: String,
    over: Option<String>,
}

async fn page(view: &View, ctx: &mut Ctx, who: String, key: Option<String>, error: Option<String>) -> Result<Response, Problem> {
    let row = |client: crate::model::Client| Row {
        id: client.id,
        since: view.moment(&client.registered_at),
        over: client.ended_at.map(|at| view.moment(&at)),
        name: client.name,
    };
    let rows = clients::all(ctx).await?.into_iter().map(row).collect();
    let wrong = error.is_some();
    let address = format!("{}/open311/v2/", view.app.origin());
    let body = List { view, tabs: tabs(view, true), rows, key, error, address };
    let title = view.t("reports-tab-programs");
    let page = view.page(&Page::staff(&title, &ctx.actor, who), &body);
    Ok(if wrong { to_mend(page) } else { page })
}

/// Every program, and the form of a new one.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    page(&view, &mut ctx, who, None, None).await
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    name: String,
}

/// Lets a program in, and shows its key this once.
pub(super) async fn register(view: View, Caller(mut ctx): Caller, Form(named): Form<Named>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageServices).await?;
    match clients::register(&mut ctx, &named.name).await {
        Ok((_, key)) => {
            let page = page(&view, &mut ctx, who, Some(key), None).await?;
            ctx.commit().await?;
            Ok(page.into_response())
        }
        Err(Error::Text { reason, .. }) => {
            let error = view.t(&format!("reports-error-text-{}", reason.replace('_', "-")));
            page(&view, &mut ctx, who, None, Some(error)).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Ends a program's right to send.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<ClientId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ManageServices).await?;
    clients::end(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/reports/programs"))
}
