//! Answers and refusals in the shapes of Open311.

use std::str::FromStr;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::xml;
use crate::model::Error;

/// How a program wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}

impl FromStr for Format {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            "json" => Ok(Self::Json),
            "xml" => Ok(Self::Xml),
            _ => Err(Fault::new(404, "ask for .json or .xml")),
        }
    }
}

/// An answer: in XML its root is `root`, each thing of a list `item`.
pub(super) fn answered(format: Format, root: &str, item: &str, body: &Value) -> Response {
    sent(StatusCode::OK, format, root, item, body)
}

fn sent(status: StatusCode, format: Format, root: &str, item: &str, body: &Value) -> Response {
    let (kind, text) = match format {
        Format::Json => ("application/json; charset=utf-8", body.to_string()),
        Format::Xml => ("text/xml; charset=utf-8", xml::written(root, item, body)),
    };
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A refusal: `[{code, description}]`. It does not know the format that was asked for, and is told in JSON, which every client reads the status of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    code: u16,
    description: &'static str,
}

impl Fault {
    pub(super) const fn new(code: u16, description: &'static str) -> Self {
        Self { code, description }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotTaken => Self::new(404, "this jurisdiction takes no requests"),
            Error::NoSuchReport => Self::new(404, "service_request_id provided was not found"),
            Error::NoSuchClient => Self::new(403, "api_key is not valid"),
            Error::Unknown(_) => Self::new(404, "service_code provided was not found"),
            Error::Incomplete(_) => Self::new(400, "lat and long, or address_string, are required"),
            Error::Outside => Self::new(400, "lat and long are outside the jurisdiction"),
            Error::Text { .. } => {
                Self::new(400, "description or address_string cannot be kept: too long, with control characters, or with a My Number")
            }
            other => {
                web::log_failure(&other);
                Self::new(500, "the request failed; try again later")
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        sent(status, Format::Json, "", "", &json!([{ "code": self.code, "description": self.description }]))
    }
}

/// The parameters of a query and a form, the form's first.
pub(super) fn pairs(query: &str, body: &str) -> Vec<(String, String)> {
    [body, query].iter().flat_map(|text| decoded(text)).collect()
}

fn decoded(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
