//! The same for programs, so that a service's tests run without anybody at a screen. `docs/simulator.md` shows it to their developers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::{App, View};

use super::Simulator;
use super::life::{Asked, Impossible};

type Of = Extension<Arc<Simulator>>;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/simulator/api", get(state))
        .route("/simulator/api/person", post(choose))
        .route("/simulator/api/happenings", post(happen))
        .route("/simulator/api/requests", get(requests))
}

impl IntoResponse for Impossible {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::Asked(words) => (StatusCode::UNPROCESSABLE_ENTITY, words),
            Self::Failed(failure) => {
                tracing::error!(error = store::error_chain(&*failure), "simulator");
                (StatusCode::INTERNAL_SERVER_ERROR, "it failed here: the simulator's own output says why".to_owned())
            }
        };
        let title = status.canonical_reason().unwrap_or_default();
        let body = Json(json!({ "title": title, "status": status.as_u16(), "detail": detail }));
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Impossible> {
    serde_json::from_slice(body).map_err(|error| Impossible::Asked(format!("the body is no JSON of this shape: {error}")))
}

/// Who there is, which day it is, and what is prepared.
async fn state(Extension(simulator): Of) -> Result<Json<Value>, Impossible> {
    let clients: Vec<Value> = simulator.clients.iter().map(|client| json!({ "client_id": client.id, "name": client.name })).collect();
    let people = simulator.everybody().await?;
    let prepared = simulator.prepared().clone();
    Ok(Json(json!({
        "issuer": simulator.origin,
        "clients": clients,
        "today": store::Clock::today(&*simulator.calendar),
        "people": people,
        "prepared": prepared,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    person: Option<String>,
    #[serde(default = "yes")]
    card: bool,
    #[serde(default)]
    agree: bool,
}

fn yes() -> bool {
    true
}

/// Chooses who comes to the log-in page.
async fn choose(Extension(simulator): Of, body: Bytes) -> Result<Json<Value>, Impossible> {
    let choice: Choice = read(&body)?;
    let person = choice.person.as_deref();
    let card = choice.card && person.and_then(|id| simulator.player(id)).is_none_or(|player| player.certificate.is_some());
    simulator.choose(person, card, choice.agree).await?;
    state(Extension(simulator)).await
}

/// Lets something happen.
async fn happen(Extension(simulator): Of, body: Bytes) -> Result<Json<Value>, Impossible> {
    simulator.happen(&read::<Asked>(&body)?).await?;
    state(Extension(simulator)).await
}

/// What services asked lately, newest first, with what to change where it was refused.
async fn requests(view: View, Extension(simulator): Of) -> Json<Value> {
    let entries = simulator.log().clone();
    let one = |entry: &super::log::Entry| {
        let refusal = entry.told(&view).map(
            |told| json!({ "error": told.code, "reason": told.reason, "error_description": told.description, "what_to_change": told.advice }),
        );
        let parameters: serde_json::Map<String, Value> =
            entry.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "at": entry.at, "method": entry.method, "path": entry.path, "parameters": parameters, "client": entry.client,
            "status": entry.status, "prepared": entry.prepared.is_some(), "refusal": refusal,
        })
    };
    Json(entries.iter().map(one).collect())
}
