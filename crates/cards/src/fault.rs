//! What wallets are answered when it must be no: the standards' own words (OpenID4VCI, OpenID4VP, RFC 6749, RFC 6750).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a wallet's request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// `invalid_grant`, `invalid_proof`, `invalid_nonce`, …
    pub code: &'static str,
    /// What is recorded: finer than the code.
    pub reason: &'static str,
    /// In words, for a wallet's maker; tells nothing of a person.
    pub description: &'static str,
}

impl Fault {
    pub(crate) const fn new(code: &'static str, reason: &'static str, description: &'static str) -> Self {
        Self { code, reason, description }
    }

    fn status(self) -> StatusCode {
        match self.code {
            "invalid_token" => StatusCode::UNAUTHORIZED,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<crate::model::Error> for Fault {
    fn from(error: crate::model::Error) -> Self {
        web::log_failure(&error);
        Self::new("server_error", "server", "Something failed here. Try again later.")
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        crate::model::Error::from(error).into()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = (self.status(), Json(body)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == "invalid_token" {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#));
        }
        response
    }
}
