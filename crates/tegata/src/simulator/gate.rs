//! Before the house: the log-in page is another, what was prepared goes wrong, and what services ask is kept.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use oidc::Refusal;
use serde_json::json;
use store::{Actor, Clock as _};

use super::Simulator;
use super::life::{Endpoint, Trouble};
use super::log::{self, Entry};
use crate::Outcome;

/// The longest form a service posts.
const FORM_BYTES_MAX: usize = 256 << 10;

/// Lets a request through to the house, or does with it what was prepared.
pub(super) async fn gate(State(simulator): State<Arc<Simulator>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/start" && request.method() == Method::GET {
        let query = request.uri().query().unwrap_or_default();
        return Redirect::to(&format!("/simulator/people?{query}")).into_response();
    }
    if !log::is_kept(&path) {
        return next.run(request).await;
    }
    match watched(&simulator, request, next).await {
        Ok(response) => response,
        Err(failure) => {
            tracing::error!(error = store::error_chain(&*failure), "simulator");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn watched(simulator: &Simulator, request: Request, next: Next) -> Outcome<Response> {
    let (parts, body) = request.into_parts();
    let form =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let (read, body) = if form {
        let bytes = to_bytes(body, FORM_BYTES_MAX).await?;
        (form_urlencoded::parse(&bytes).into_owned().collect(), Body::from(bytes))
    } else {
        (Vec::new(), body)
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().chain(read).collect();
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let mut entry = Entry {
        at: simulator.calendar.now(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        parameters: log::readable(&pairs),
        client: log::asker(&simulator.clients, &pairs, authorization),
        status: 0,
        refusal: None,
        prepared: None,
    };
    let prepared = prepared(simulator, &mut entry, &query).await?;
    let response = match prepared {
        Some(response) => response,
        None => next.run(Request::from_parts(parts, body)).await,
    };
    entry.status = response.status().as_u16();
    entry.refusal = entry.refusal.or_else(|| refusal(&entry.path, &response));
    simulator.note(entry);
    Ok(response)
}

/// The answer that was prepared for a request; none when the house is to answer, at once or after a while.
async fn prepared(simulator: &Simulator, entry: &mut Entry, query: &str) -> Outcome<Option<Response>> {
    let trouble = Endpoint::of_path(&entry.path).and_then(|endpoint| simulator.prepared().trouble(endpoint));
    if let Some(trouble) = trouble {
        entry.prepared = Some(log::text_of(trouble));
        match trouble {
            Trouble::Slow(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            Trouble::Away => {
                let body =
                    Json(json!({ "error": "temporarily_unavailable", "error_description": "The simulator fails as it was asked to." }));
                let headers = [(header::RETRY_AFTER, "1"), (header::CACHE_CONTROL, "no-store")];
                return Ok(Some((StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()));
            }
        }
    }
    let authorizes = entry.path == "/oidc/authorize" && entry.method == "GET";
    let answer = if authorizes { simulator.prepared().answer() } else { None };
    let Some(answer) = answer else { return Ok(None) };
    let (code, description) = answer.words();
    let mut ctx = simulator.store.begin(Actor::Anonymous).await?;
    let Some(address) = oidc::refusal_address(&mut ctx, &simulator.provider, query, code, description).await? else { return Ok(None) };
    ctx.commit().await?;
    entry.prepared = Some("simulator-log-answer");
    entry.refusal = Some(Refusal { code, reason: "simulated", description });
    Ok(Some(([(header::CACHE_CONTROL, "no-store")], Redirect::to(&address)).into_response()))
}

/// Why the house refused.
fn refusal(path: &str, response: &Response) -> Option<Refusal> {
    let told = response.extensions().get::<Refusal>().copied();
    let tokenless = path == "/oidc/userinfo" && response.status() == StatusCode::UNAUTHORIZED;
    told.or_else(|| {
        tokenless.then_some(Refusal { code: "invalid_token", reason: "no_token", description: "There was no access token in the request." })
    })
}
