use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::{App, Arg, Page, View};

/// What went wrong, for a program (RFC 9457) and, by way of the catalogue, for a person.
///
/// The texts are `problem-<code with hyphens>` and `problem-<code>.next` (the next step); a code without a text reads the one of its status.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// HTTP status.
    #[serde(serialize_with = "as_number")]
    pub status: StatusCode,
    /// Stable code, `room.what`.
    pub code: &'static str,
    /// Where the reader's input is wrong, if it is: field name and code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(&'static str, &'static str)>,
    /// Further members of the answer.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
    /// Whether it says that a code somebody typed is wrong.
    #[serde(skip)]
    wrong_code: bool,
}

/// The member of an answer that says when to ask again.
const RETRY_AFTER_S: &str = "retry_after_s";

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with a status and a code.
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, fields: Vec::new(), more: serde_json::Map::new(), wrong_code: false }
    }

    /// 400: the input cannot be right.
    pub fn bad_input(code: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code)
    }

    /// 401: nobody is logged in.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "web.not_signed_in")
    }

    /// 404: not there, or not the caller's to know.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "web.not_found")
    }

    /// 409: the state of things says no.
    pub fn conflict(code: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code)
    }

    /// Adds a member to the answer.
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Says that a code somebody typed is wrong: it is counted where [`Service::codes`](crate::Service::codes) names the route.
    pub fn wrong_code(mut self) -> Self {
        self.wrong_code = true;
        self
    }

    pub(crate) fn says_wrong_code(&self) -> bool {
        self.wrong_code
    }

    /// After how many seconds it is worth asking again.
    fn retry_after_s(&self) -> Option<u64> {
        self.more.get(RETRY_AFTER_S)?.as_u64()
    }

    /// Logs an error with all it came from and answers 500 without a word of it.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        log_failure(error);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "web.internal")
    }

    fn text_key(&self) -> String {
        format!("problem-{}", self.code.replace(['.', '_'], "-"))
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            // Who may not do it learns no more than who is not there.
            store::Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "web.forbidden"),
            store::Error::Pool(_) | store::Error::Closing => Self::new(StatusCode::SERVICE_UNAVAILABLE, "web.try_again"),
            other => Self::internal(&other),
        }
    }
}

impl From<identity::Error> for Problem {
    fn from(error: identity::Error) -> Self {
        match error {
            identity::Error::Store(store) => store.into(),
            error @ (identity::Error::Secret
            | identity::Error::AppKey
            | identity::Error::Stored { .. }
            | identity::Error::PasskeySettings { .. }) => Self::internal(&error),
            identity::Error::TooManyTries { wait_s } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries").with(RETRY_AFTER_S, wait_s)
            }
            error @ (identity::Error::CodeNotValid | identity::Error::ProofNotFound) => {
                Self::new(status_of(&error), error.code()).wrong_code()
            }
            error => Self::new(status_of(&error), error.code()),
        }
    }
}

/// Logs an error that failed a request, with all it came from.
pub fn log_failure(error: &(dyn std::error::Error + 'static)) {
    tracing::error!(error = store::error_chain(error), "request failed");
}

fn status_of(error: &identity::Error) -> StatusCode {
    use identity::Error as E;
    match error {
        E::ProofNotFound
        | E::AccountNotFound
        | E::MatchNotOpen
        | E::ResidentNotFound
        | E::PhoneNotFound
        | E::StaffNotFound
        | E::UnknownPlace
        | E::DeviceNotFound
        | E::MediumNotFound
        | E::ProxyNotFound
        | E::PasskeyNotFound
        | E::ResidenceNotFound
        | E::UnknownApp => StatusCode::NOT_FOUND,
        E::SessionNotFound => StatusCode::NOT_FOUND,
        E::Card(_)
        | E::App(_)
        | E::PhoneCard(_)
        | E::FourInformation(_)
        | E::UnknownCard
        | E::PhoneKey
        | E::PhoneChallenge
        | E::CodeNotValid
        | E::MediumUnreadable
        | E::MediumChanging
        | E::MediumDay
        | E::ProxyDays
        | E::Passkey
        | E::Text { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // `as_page` below gives it the reader's words and shape; it alone knows the request.
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) async fn not_found() -> Problem {
    Problem::not_found()
}

/// Gives every problem its words: JSON for programs, a page for people.
pub(crate) async fn as_page(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let path = request.uri().path().to_owned();
    let target = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let view = View::of_request(app, &request);
    let wants_page = !path.starts_with("/api/")
        && request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_none_or(|accept| accept.contains("html") || accept == "*/*");
    let is_get = request.method() == axum::http::Method::GET;
    let mut response = next(request).await;
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_bare_refusal(&response) => of_refusal(response).await,
        None => return response,
    };
    if !wants_page {
        return json(&view, &problem);
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        let door = if path.starts_with("/staff") { "/staff/login" } else { "/start" };
        let back = if is_get { format!("{door}?next={}", query_value(&target)) } else { door.to_owned() };
        return Redirect::to(&back).into_response();
    }
    page(&view, &problem)
}

/// Whether the framework refused the request before a handler saw it: a path, query or body of another shape, a method that is not there.
fn is_bare_refusal(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    response.status().is_client_error() && kind.is_none_or(|kind| kind.starts_with("text/plain"))
}

/// The framework's refusal as a problem; programs read its own words as the detail.
async fn of_refusal(response: Response) -> Problem {
    const WORDS_BYTES_MAX: usize = 4096;
    let code = match response.status() {
        StatusCode::NOT_FOUND => "web.not_found",
        StatusCode::METHOD_NOT_ALLOWED => "web.method_not_allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "web.too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "web.unsupported_media_type",
        _ => "web.not_understood",
    };
    let problem = Problem::new(response.status(), code);
    let words = axum::body::to_bytes(response.into_body(), WORDS_BYTES_MAX).await.unwrap_or_default();
    match String::from_utf8(words.into()) {
        Ok(words) if !words.is_empty() => problem.with("detail", words),
        _ => problem,
    }
}

fn words(view: &View, problem: &Problem) -> (String, String) {
    let own = problem.text_key();
    let key = if view.has(&own) { own } else { format!("problem-status-{}", problem.status.as_u16()) };
    let key = if view.has(&key) { key } else { "problem-status-500".to_owned() };
    // Minutes begun: nobody counts seconds.
    let minutes = problem.retry_after_s().map(|seconds| i64::try_from(seconds.div_ceil(60)).unwrap_or(i64::MAX));
    let args: Vec<(&str, Arg<'_>)> = minutes.map(|minutes| ("minutes", minutes.into())).into_iter().collect();
    (view.ta(&key, &args), view.ta(&format!("{key}.next"), &args))
}

fn json(view: &View, problem: &Problem) -> Response {
    let (title, detail) = words(view, problem);
    let mut body = serde_json::to_value(problem).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.insert("type".into(), format!("urn:tegata:problem:{}", problem.code).into());
        members.insert("title".into(), title.into());
        members.entry("detail").or_insert_with(|| detail.into());
    }
    let mut response = (problem.status, body.to_string()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    say_when(&mut response, problem);
    response
}

fn page(view: &View, problem: &Problem) -> Response {
    let (title, next) = words(view, problem);
    let mut response = view.page(&Page::plain(&title), &crate::shell::ProblemBody { view, title: &title, next: &next });
    *response.status_mut() = problem.status;
    say_when(&mut response, problem);
    response
}

/// `Retry-After`, where the problem knows it (RFC 9110 section 10.2.3).
fn say_when(response: &mut Response, problem: &Problem) {
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
}

/// Escapes a path for use as a query value.
pub fn query_value(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
