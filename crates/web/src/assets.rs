use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::Embed;

/// The built browser side, in the binary (release) or beside it (development).
#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../ui/dist"]
#[allow_missing = true]
struct Built;

/// Finds the hashed file of a logical name (`app.css` → `/assets/app-4F2K7Q.css`).
#[derive(Clone, Debug)]
pub struct Assets(Arc<HashMap<String, String>>);

impl Assets {
    /// Reads the manifest of the build.
    pub fn load() -> Self {
        let manifest = Built::get("manifest.json").map(|file| file.data.into_owned()).unwrap_or_default();
        let names: HashMap<String, String> = serde_json::from_slice(&manifest).unwrap_or_else(|error| {
            tracing::error!(%error, "ui/dist/manifest.json is missing or broken: run npm run build in ui/");
            HashMap::new()
        });
        Self(Arc::new(names))
    }

    /// Gives the path of a logical name; the name itself under `/assets/` when the build does not know it.
    pub fn path(&self, name: &str) -> String {
        format!("/assets/{}", self.0.get(name).map_or(name, String::as_str))
    }
}

/// The assets alone, for a station's own pages.
pub fn assets_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(asset))
}

pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    // Names carry their content's hash, so what was fetched once never changes.
    file(&path, "public, max-age=31536000, immutable")
}

pub(crate) async fn service_worker() -> Response {
    file("sw.js", "no-cache")
}

fn file(path: &str, cache: &'static str) -> Response {
    let Some(file) = Built::get(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}
