//! What wallets ask and answer when a holder is asked for a neighbouring town's statement (OpenID4VP 1.0).

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use serde_json::json;
use web::{App, Reader};

use super::wallet::{Said, unreadable};
use crate::Network;
use crate::domain::{self, Office};
use crate::fault::Fault;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/wallet/residence/requests/{token}", get(question)).route("/wallet/residence/answers/{token}", post(answered))
}

/// Gives the signed question.
async fn question(
    Extension(office): Extension<Arc<Office>>,
    Reader(mut ctx): Reader,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let question = domain::residence_question(&mut ctx, &office, &token).await??;
    let headers = [(header::CONTENT_TYPE, "application/oauth-authz-req+jwt"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, question).into_response())
}

/// Takes the answer (`direct_post`).
async fn answered(
    State(app): State<App>,
    Extension(office): Extension<Arc<Office>>,
    Extension(outside): Extension<Network>,
    Path(token): Path<String>,
    said: Result<Form<Said>, FormRejection>,
) -> Result<Response, Fault> {
    let Ok(Form(said)) = said else { return Err(unreadable("invalid_request")) };
    domain::residence_answered(app.store(), &outside, &office, &token, &said.into()).await??;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({}))).into_response())
}
