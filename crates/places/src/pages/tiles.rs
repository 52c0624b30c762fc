//! The map's style and its tiles, out of the town's own file: nobody else is asked.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use tiles::{Compression, TileNumber};
use web::{Problem, View, public_json};

use crate::basemap::{Basemap, Opened};
use crate::style::{self, Contrast};

/// How long a browser may keep the style, in seconds.
const STYLE_KEPT_S: u32 = 300;
/// An address that names the file's content is good for ever: a year, as far as RFC 9111 counts.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Any other is asked about each time.
const ASK_AGAIN: &str = "public, no-cache";
/// The type of a vector tile, as IANA lists it.
const VECTOR_TILE: &str = "application/vnd.mapbox-vector-tile";

#[derive(Deserialize)]
pub(super) struct StyleAsked {
    contrast: Option<String>,
}

/// The style of the map for MapLibre.
pub(super) async fn map_style(view: View, Extension(basemap): Extension<Arc<Basemap>>, Query(asked): Query<StyleAsked>) -> Response {
    let seen = basemap.seen(view.app.town(), view.app.store().clock().now()).await;
    let opened = seen.and_then(|seen| seen.opened);
    let contrast = if asked.contrast.as_deref() == Some("more") { Contrast::More } else { Contrast::Usual };
    public_json(style::style(&view, opened.as_deref(), contrast), STYLE_KEPT_S)
}

#[derive(Deserialize)]
pub(super) struct TileAsked {
    v: Option<String>,
}

/// One tile.
pub(super) async fn tile(
    view: View,
    Extension(basemap): Extension<Arc<Basemap>>,
    Path((z, x, y)): Path<(String, String, String)>,
    Query(asked): Query<TileAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let number = number(&z, &x, &y)?;
    let seen = basemap.seen(view.app.town(), view.app.store().clock().now()).await;
    let opened = seen.and_then(|seen| seen.opened).ok_or_else(Problem::not_found)?;
    let (min, max) = opened.archive.zooms();
    if !(min..=max).contains(&number.z()) {
        return Err(Problem::not_found());
    }
    let tag = format!("\"{}-{}-{}-{}\"", opened.hash, number.z(), number.x(), number.y());
    let kept = if asked.v.as_deref() == Some(opened.hash.as_str()) { FOR_EVER } else { ASK_AGAIN };
    let about = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, kept.to_owned()), (header::VARY, "accept-encoding".to_owned())];
    if knows(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let packed = takes_gzip(&headers);
    let read = tokio::task::spawn_blocking(move || read(&opened, number, packed)).await;
    let tile = read.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    Ok(match tile {
        Some(Tile { bytes, encoding }) => (about, encoding, [(header::CONTENT_TYPE, VECTOR_TILE)], bytes).into_response(),
        None => (StatusCode::NO_CONTENT, about).into_response(),
    })
}

/// A tile as it is sent.
struct Tile {
    bytes: Vec<u8>,
    encoding: Option<[(HeaderName, &'static str); 1]>,
}

/// Reads a tile; one that lies packed in the file is sent so to who can unpack it.
fn read(opened: &Opened, number: TileNumber, takes_gzip: bool) -> Result<Option<Tile>, tiles::Error> {
    if opened.archive.compression() == Compression::Gzip && takes_gzip {
        let tile = opened.archive.tile(number)?;
        return Ok(tile.map(|bytes| Tile { bytes, encoding: Some([(header::CONTENT_ENCODING, "gzip")]) }));
    }
    Ok(opened.archive.unpacked_tile(number)?.map(|bytes| Tile { bytes, encoding: None }))
}

/// Which tile an address names: `{z}/{x}/{y}.mvt`.
fn number(z: &str, x: &str, y: &str) -> Result<TileNumber, Problem> {
    let y = y.strip_suffix(".mvt").ok_or_else(Problem::not_found)?;
    let number = z.parse().ok().zip(x.parse().ok()).zip(y.parse().ok());
    let tile = number.and_then(|((z, x), y)| TileNumber::new(z, x, y));
    tile.ok_or_else(|| Problem::bad_input("places.no_such_tile"))
}

/// Whether who asks has the tile already (RFC 9110, 13.1.2).
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let said = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// Whether who asks unpacks gzip (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let refused = |weight: &str| weight.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip")) && !parts.any(refused)
    })
}
