//! The pages: the map, its style, the same as a list, one place, and the staff's side of the data.

mod board;
mod public;
mod staff;
mod tiles;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Extension, Router};
use web::App;

use crate::basemap::Basemap;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/map", get(public::map))
        .route("/map/list", get(public::list))
        .route("/map/board", get(board::page))
        .route("/map/places/{key}", get(public::place))
        .route("/map/style.json", get(tiles::map_style))
        .route("/map/tiles/{z}/{x}/{y}", get(tiles::tile))
        .route("/staff/map", get(staff::datasets))
        .route("/staff/map/{dataset}", get(staff::dataset).post(staff::upload).layer(DefaultBodyLimit::disable()))
        .route("/staff/map/{dataset}/fetch", post(staff::fetch))
        .route("/staff/map/{dataset}/back", post(staff::take_back))
        .route("/staff/map/versions/{version}", get(staff::version))
        .route("/staff/map/versions/{version}/approve", post(staff::approve))
        .route("/staff/map/versions/{version}/discard", post(staff::discard))
        .layer(Extension(Arc::new(Basemap::default())))
}
