//! What the protocol answers when it must say no: the standard's own words (RFC 6749, RFC 9449, OpenID Connect Core).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a service's request is refused: the code the standards give it, and what its developer can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// `invalid_grant`, `invalid_client`, …
    pub(crate) code: &'static str,
    /// In words, for a developer; tells nothing of a person.
    pub(crate) description: &'static str,
    /// What is counted in the console: finer than the code.
    pub(crate) reason: &'static str,
}

/// Why a request was refused, laid on the answer inside the house for whoever watches over services; it never leaves it. Tells nothing of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The standards' word: `invalid_grant`, `login_required`, …
    pub code: &'static str,
    /// Finer than the word, as the console counts it: `code_verifier`, `assertion_time`, …
    pub reason: &'static str,
    /// In words, for a developer.
    pub description: &'static str,
}

impl Fault {
    /// Lays the refusal on an answer that is made already.
    pub(crate) fn lay_on(&self, response: &mut Response) {
        let Self { code, description, reason } = *self;
        response.extensions_mut().insert(Refusal { code, reason, description });
    }

    pub(crate) const fn new(code: &'static str, reason: &'static str, description: &'static str) -> Self {
        Self { code, description, reason }
    }

    pub(crate) const fn invalid_request(reason: &'static str, description: &'static str) -> Self {
        Self::new("invalid_request", reason, description)
    }

    pub(crate) const fn invalid_grant(reason: &'static str, description: &'static str) -> Self {
        Self::new("invalid_grant", reason, description)
    }

    pub(crate) const fn invalid_client(reason: &'static str, description: &'static str) -> Self {
        Self::new("invalid_client", reason, description)
    }

    pub(crate) const fn invalid_dpop(description: &'static str) -> Self {
        Self::new("invalid_dpop_proof", "dpop_proof", description)
    }

    pub(crate) const fn invalid_token() -> Self {
        Self::new("invalid_token", "token", "The access token is unknown or over.")
    }

    /// When we ourselves failed; what happened is in the log.
    pub(crate) fn server(error: &(dyn std::error::Error + 'static)) -> Self {
        web::log_failure(error);
        Self::new("server_error", "server", "Something failed here. Try again later.")
    }

    fn status(&self) -> StatusCode {
        match self.code {
            "invalid_client" | "invalid_token" => StatusCode::UNAUTHORIZED,
            "insufficient_scope" => StatusCode::FORBIDDEN,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer of an endpoint that a token opens: the words stand in `WWW-Authenticate` too (RFC 6750 section 3).
    pub(crate) fn of_resource(&self, scheme: &str) -> Response {
        let mut response = self.clone().into_response();
        if self.code == "invalid_dpop_proof" {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        let words = format!(r#"{scheme} error="{}", error_description="{}""#, self.code, self.description);
        if let Ok(words) = HeaderValue::from_str(&words) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, words);
        }
        response
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = (self.status(), Json(body)).into_response();
        self.lay_on(&mut response);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == "invalid_client" {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="tegata""#));
        }
        response
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        Self::server(&error)
    }
}

impl From<crate::model::Error> for Fault {
    fn from(error: crate::model::Error) -> Self {
        Self::server(&error)
    }
}
