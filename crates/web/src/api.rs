use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use store::Actor;
use utoipa::openapi::{ContactBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::{App, Service};

/// The document's head: whose API this is.
pub(crate) fn base(app: &App) -> OpenApi {
    head(app.town().name.ja())
}

fn head(town: &str) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Tegata")
        .version("1")
        .description(Some(format!("The resident passport of {town}. Errors are problem details (RFC 9457).")))
        .contact(Some(ContactBuilder::new().name(Some(town)).build()))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// Puts the document of these services together, for `docs/openapi.json` and the test that compares it.
pub fn openapi_document(services: Vec<Service>) -> OpenApi {
    let mut document = head("the town");
    for service in services {
        document.merge(service.api.into_openapi());
    }
    document
}

#[derive(Clone)]
pub(crate) struct Document(Arc<str>);

impl Document {
    pub(crate) fn new(document: &OpenApi) -> Self {
        Self(document.to_json().unwrap_or_default().into())
    }

    pub(crate) fn answer(&self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}

/// 200 when a row can be read, 503 otherwise.
pub(crate) async fn health(State(app): State<App>) -> Response {
    match app.store().read(Actor::System).await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "not healthy");
            (StatusCode::SERVICE_UNAVAILABLE, "database\n").into_response()
        }
    }
}

/// Upper ends of the latency classes, in milliseconds.
const CLASSES_MS: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 500, 2000];

static ANSWERS: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];
static LATENCY: [AtomicU64; CLASSES_MS.len() + 1] = [const { AtomicU64::new(0) }; CLASSES_MS.len() + 1];
static LATENCY_SUM_US: AtomicU64 = AtomicU64::new(0);

/// Writes further lines of `/metrics`, in Prometheus' text format ([`App::measure_also`]).
#[derive(Clone)]
pub struct MoreMetrics(pub Arc<dyn Fn(&mut String) + Send + Sync>);

/// Answers with a document that is the same for everybody and may be kept for so many seconds; pages of any origin may read it.
pub fn public_json(document: Value, seconds: u32) -> Response {
    let kept = format!("public, max-age={seconds}");
    ([(header::CACHE_CONTROL, kept), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned())], Json(document)).into_response()
}

pub(crate) async fn measure(answer: impl Future<Output = Response>) -> Response {
    let start = Instant::now();
    let response = answer.await;
    let took = start.elapsed();
    let class = CLASSES_MS.iter().position(|class| took.as_millis() < u128::from(*class)).unwrap_or(CLASSES_MS.len());
    LATENCY[class].fetch_add(1, Ordering::Relaxed);
    LATENCY_SUM_US.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    ANSWERS[usize::from(response.status().as_u16() / 100).min(5)].fetch_add(1, Ordering::Relaxed);
    response
}

/// Prometheus' text format: answers by class of status, latency. No paths: they hold ids.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let mut out = String::from("# TYPE tegata_http_responses_total counter\n");
    for (class, count) in ANSWERS.iter().enumerate().skip(1) {
        let _ = writeln!(out, "tegata_http_responses_total{{class=\"{class}xx\"}} {}", count.load(Ordering::Relaxed));
    }
    out.push_str("# TYPE tegata_http_duration_seconds histogram\n");
    let mut sum = 0;
    for (class, count) in LATENCY.iter().enumerate() {
        sum += count.load(Ordering::Relaxed);
        let upper = CLASSES_MS.get(class).map_or_else(|| "+Inf".to_owned(), |ms| format!("{}.{:03}", ms / 1000, ms % 1000));
        let _ = writeln!(out, "tegata_http_duration_seconds_bucket{{le=\"{upper}\"}} {sum}");
    }
    let total_us = LATENCY_SUM_US.load(Ordering::Relaxed);
    let _ = writeln!(out, "tegata_http_duration_seconds_sum {}.{:06}", total_us / 1_000_000, total_us % 1_000_000);
    let _ = writeln!(out, "tegata_http_duration_seconds_count {sum}");
    if let Some(MoreMetrics(write)) = app.more_metrics() {
        write(&mut out);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out).into_response()
}
