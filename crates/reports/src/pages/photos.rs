//! A picture, and hiding parts of it without a script.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use web::picture::PictureError;
use web::{App, Caller, Page, Problem, Reader, View, Who, signed_in};

use crate::domain::photos;
use crate::model::{Error, PhotoId, ReportId};
use crate::photo::{self, GRID_COLUMNS, GRID_ROWS};

/// The picture itself, to whom may see it.
pub(super) async fn see(Reader(mut ctx): Reader, Path(id): Path<PhotoId>) -> Result<Response, Problem> {
    let jpeg = photos::see(&mut ctx, id).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

#[derive(Template)]
#[template(path = "hide.html")]
struct Hide<'a> {
    view: &'a View,
    id: PhotoId,
    report: ReportId,
    width: u32,
    height: u32,
    rows: Vec<Vec<Square>>,
}

struct Square {
    number: u32,
    label: String,
}

/// The picture under a grid, whose squares can be chosen.
pub(super) async fn choose(view: View, Reader(mut ctx): Reader, Path(id): Path<PhotoId>) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (photo, _) = photos::of_draft(&mut ctx, id).await?;
    let label = |row: u32, column: u32| {
        let (row, column) = ((row + 1).to_string(), (column + 1).to_string());
        view.ta("reports-hide-square", &[("row", row.as_str().into()), ("column", column.as_str().into())])
    };
    let square = |row: u32, column: u32| Square { number: row * GRID_COLUMNS + column, label: label(row, column) };
    let rows = (0..GRID_ROWS).map(|row| (0..GRID_COLUMNS).map(|column| square(row, column)).collect()).collect();
    let title = view.t("reports-hide-title");
    let body = Hide { view: &view, id, report: photo.report, width: photo.width, height: photo.height, rows };
    Ok(view.page(&Page::resident(&title), &body))
}

/// Hides the chosen squares; what was there is nowhere kept.
pub(super) async fn hide(
    State(app): State<App>,
    Who(caller): Who,
    Path(id): Path<PhotoId>,
    Form(chosen): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let caller = caller.ok_or_else(Problem::not_signed_in)?;
    let squares: Vec<u32> = chosen.iter().filter(|(name, _)| name == "square").filter_map(|(_, value)| value.parse().ok()).collect();
    let mut looking = app.store().read(caller.actor.clone()).await?;
    let (photo, bytes) = photos::of_draft(&mut looking, id).await?;
    drop(looking);
    if !squares.is_empty() {
        // Drawn before a transaction is open: nobody waits for it.
        let hidden = tokio::task::spawn_blocking(move || photo::hide(&bytes, &squares)).await;
        let hidden = hidden.unwrap_or(Err(PictureError::Broken)).map_err(|fault| Error::Picture(fault.into()))?;
        let mut ctx = app.store().begin(caller.actor).await?;
        photos::replace(&mut ctx, id, &hidden).await?;
        ctx.commit().await?;
    }
    Ok(Redirect::to(&format!("/reports/{}/check", photo.report)))
}

/// Takes the picture away.
pub(super) async fn remove(Caller(mut ctx): Caller, Path(id): Path<PhotoId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    let photo = photos::remove(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/reports/{}/edit", photo.report)))
}
