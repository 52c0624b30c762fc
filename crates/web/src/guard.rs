//! Guards around every request: where a change may come from, and what a browser may do with our pages.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use town::MapBase;

use crate::{App, FileRoute, Problem, cookies};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self' http://localhost:* http://127.0.0.1:*; frame-ancestors 'none'",
);

/// As [`POLICY`], for a town whose map lies on 国土地理院's tiles, which the browser fetches there.
const POLICY_WITH_TILES: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; connect-src 'self' https://cyberjapandata.gsi.go.jp; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self' http://localhost:* http://127.0.0.1:*; frame-ancestors 'none'",
);

/// The policy of this town's pages, for one whose form leads on to a page of another's: browsers ask it of where a form ends, too.
pub fn policy_leading_to(app: &App, origin: &str) -> HeaderValue {
    let policy = policy_of(app);
    let led = policy.to_str().map(|policy| policy.replacen("form-action 'self'", &format!("form-action 'self' {origin}"), 1));
    led.ok().and_then(|led| HeaderValue::from_str(&led).ok()).unwrap_or(policy)
}

fn policy_of(app: &App) -> HeaderValue {
    let tiles = app.town().map.as_ref().is_some_and(|map| map.base == MapBase::Gsi);
    if tiles { POLICY_WITH_TILES } else { POLICY }
}

const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(self), geolocation=(self), microphone=()"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The browser comes over HTTPS only for a year, whatever a link says (RFC 6797). Of names below ours we know nothing, so they are left out.
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(crate) async fn guard(app: &App, mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !comes_from_us(request.headers(), Some(app.origin())) {
        let problem = Problem::new(StatusCode::FORBIDDEN, "web.other_origin");
        // The page's words are laid on by the problem layer inside; out here plain JSON is enough for whoever tries this.
        return (problem.status, axum::Json(problem)).into_response();
    }
    let over_https = app.origin().starts_with("https://");
    if over_https {
        cookies::read_host_names(request.headers_mut());
    }
    let mut response = next(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| policy_of(app));
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if over_https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(FOR_A_YEAR);
        cookies::write_host_names(headers);
    }
    // Pages and answers are about one person: nobody between may keep them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Bytes of a body at most: a counter's whole offline log fits.
const BODY_BYTES_MAX: usize = 2 << 20;
/// A body has to arrive within this.
const BODY_WITHIN: Duration = Duration::from_secs(20);
/// Bytes at most of a form that brings a picture, and of what stands beside it. A room that takes one says so with a `FileRoute`.
pub const UPLOAD_BYTES_MAX: usize = crate::picture::PICTURE_BYTES_MAX + (256 << 10);
/// A file has to arrive within this: a phone's line out is slow.
const UPLOAD_WITHIN: Duration = Duration::from_secs(90);

/// Reads a body to its end before the handler begins. A handler's change makes every other writer of the town wait, and must itself never wait for
/// somebody's slow line.
pub(crate) async fn whole_body(request: Request, files: &[FileRoute], next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let (parts, body) = request.into_parts();
    let takes_files = files.iter().find(|route| parts.method == Method::POST && parts.uri.path().starts_with(route.path));
    let (bytes_max, within) = takes_files.map_or((BODY_BYTES_MAX, BODY_WITHIN), |route| (route.bytes_max, UPLOAD_WITHIN));
    match tokio::time::timeout(within, axum::body::to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => next(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "web.too_large").into_response(),
        Err(_) => Problem::new(StatusCode::REQUEST_TIMEOUT, "web.too_slow").into_response(),
    }
}

/// Says whether a browser sent the request from one of our own pages, or a program did, which sends neither header. `ours` is the address under which
/// people reach us, where it is known besides the request's own host.
///
/// Cookies travel with every request to us, whoever's page makes it: a change must come from here.
pub fn comes_from_us(headers: &HeaderMap, ours: Option<&str>) -> bool {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (get("sec-fetch-site"), get("origin")) {
        (Some("same-origin" | "none"), _) => true,
        (Some(_), Some(origin)) | (None, Some(origin)) => {
            ours.is_some_and(|ours| origin.eq_ignore_ascii_case(ours)) || host_is(origin, get("host"))
        }
        (Some(_), None) => false,
        (None, None) => true,
    }
}

/// The page's own host, whatever name people reach us by (localhost and 127.0.0.1 are the same machine).
fn host_is(origin: &str, host: Option<&str>) -> bool {
    let of_origin = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && of_origin == host
}
