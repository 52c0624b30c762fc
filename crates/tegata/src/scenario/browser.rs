//! A browser without a screen: requests straight into the house's router, with cookies kept, and what a person finds on a page.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::Outcome;

/// More than any page or answer of the house.
const BODY_BYTES_MAX: usize = 8 << 20;

/// One browser with its cookies.
#[derive(Default)]
pub(super) struct Browser {
    cookies: BTreeMap<String, String>,
    /// What a card reader shows instead of cookies.
    token: Option<String>,
    /// The languages it asks for, as `Accept-Language` has them.
    wishes: Option<String>,
}

/// What came back.
pub(super) struct Reply {
    /// Status of the answer.
    pub(super) status: StatusCode,
    /// The page or the JSON.
    pub(super) body: String,
    /// Where it leads.
    pub(super) location: Option<String>,
}

/// What is sent along, and which answer is wanted.
enum Sent<'a> {
    Nothing {
        wants: &'static str,
    },
    Form(&'a [(&'a str, &'a str)]),
    Json(&'a Value),
    File {
        field: &'a str,
        name: &'a str,
        bytes: &'a [u8],
    },
    /// Files by the name of their field and their own.
    Files(&'a [(&'a str, String, Vec<u8>)]),
}

impl Browser {
    /// Opens a page.
    pub(super) async fn page(&mut self, house: &Router, path: &str) -> Outcome<Reply> {
        self.send(house, Method::GET, path, Sent::Nothing { wants: "text/html" }).await
    }

    /// Asks the API.
    pub(super) async fn ask(&mut self, house: &Router, path: &str) -> Outcome<Reply> {
        self.send(house, Method::GET, path, Sent::Nothing { wants: "application/json" }).await
    }

    /// Sends a page's form; a refusal comes back with its code.
    pub(super) async fn form(&mut self, house: &Router, path: &str, fields: &[(&str, &str)]) -> Outcome<Reply> {
        self.send(house, Method::POST, path, Sent::Form(fields)).await
    }

    /// Sends JSON to the API.
    pub(super) async fn tell(&mut self, house: &Router, path: &str, body: &Value) -> Outcome<Reply> {
        self.send(house, Method::POST, path, Sent::Json(body)).await
    }

    /// Sends a file by a page's form.
    pub(super) async fn upload(&mut self, house: &Router, path: &str, field: &str, name: &str, bytes: &[u8]) -> Outcome<Reply> {
        self.send(house, Method::POST, path, Sent::File { field, name, bytes }).await
    }

    /// Hands in several files.
    pub(super) async fn upload_all(&mut self, house: &Router, path: &str, files: &[(&str, String, Vec<u8>)]) -> Outcome<Reply> {
        self.send(house, Method::POST, path, Sent::Files(files)).await
    }

    /// Carries a token from now on.
    pub(super) fn carry(&mut self, token: String) {
        self.token = Some(token);
    }

    /// Asks for pages in these languages from now on.
    pub(super) fn wish_for(&mut self, languages: &str) {
        self.wishes = Some(languages.to_owned());
    }

    /// Holds a cookie that was given elsewhere.
    pub(super) fn hold(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    async fn send(&mut self, house: &Router, method: Method, path: &str, sent: Sent<'_>) -> Outcome<Reply> {
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(wishes) = &self.wishes {
            request = request.header(header::ACCEPT_LANGUAGE, wishes);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = match sent {
            Sent::Nothing { wants } => request.header(header::ACCEPT, wants).body(Body::empty())?,
            Sent::Form(fields) => request
                .header(header::ACCEPT, "application/json")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(form_body(fields)))?,
            Sent::Json(body) => request
                .header(header::ACCEPT, "application/json")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))?,
            Sent::Files(files) => {
                let parts = files.iter().map(|(field, name, bytes)| (format!("name=\"{field}\"; filename=\"{name}\""), bytes.as_slice()));
                request
                    .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
                    .body(Body::from(multipart(parts)))?
            }
            Sent::File { field, name, bytes } => request
                .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
                .body(Body::from(multipart([(format!("name=\"{field}\"; filename=\"{name}\""), bytes)])))?,
        };
        let response = house.clone().oneshot(request).await?;
        let status = response.status();
        for line in response.headers().get_all(header::SET_COOKIE) {
            self.keep(line.to_str()?);
        }
        let location = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let body = String::from_utf8_lossy(&to_bytes(response.into_body(), BODY_BYTES_MAX).await?).into_owned();
        if status.is_server_error() {
            return Err(format!("{path} answered {status}: {body}").into());
        }
        Ok(Reply { status, body, location })
    }

    fn keep(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        if value.is_empty() || parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Reply {
    /// The JSON of a good answer.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Outcome<T> {
        if !self.status.is_success() {
            return Err(format!("answered {}: {}", self.status, self.body).into());
        }
        Ok(serde_json::from_str(&self.body)?)
    }

    /// Lets a good page or a redirect through.
    pub(super) fn good(self) -> Outcome<Self> {
        if self.status.is_success() || self.status.is_redirection() {
            return Ok(self);
        }
        Err(format!("answered {}: {}", self.status, self.body).into())
    }

    /// A problem's member, such as its code.
    pub(super) fn problem(&self, member: &str) -> Option<String> {
        let problem: Value = serde_json::from_str(&self.body).ok()?;
        problem.get(member).and_then(Value::as_str).map(str::to_owned)
    }
}

/// A text as it stands in a page, read as people read it.
pub(super) fn unescaped(html: &str) -> String {
    let entities = [("&#60;", "<"), ("&lt;", "<"), ("&#62;", ">"), ("&gt;", ">"), ("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'")];
    let text = entities.iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character));
    text.replace("&#38;", "&").replace("&amp;", "&").trim().to_owned()
}

/// What parts the parts of a form with a file.
const BOUNDARY: &str = "tegata-scenario";

/// Parts of a form: what stands after `form-data;`, and what it holds.
fn multipart<'a>(parts: impl IntoIterator<Item = (String, &'a [u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (named, bytes) in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {named}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(super) fn form_body(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", form_text(name), form_text(value))).collect();
    pairs.join("&")
}

fn form_text(text: &str) -> String {
    let written = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_until_it_is_ended() {
        let mut browser = Browser::default();
        browser.keep("session=abc; Path=/; HttpOnly; Max-Age=60");
        assert_eq!(browser.cookie("session"), Some("abc"));
        browser.keep("session=; Path=/; Max-Age=0");
        assert_eq!(browser.cookie("session"), None);
    }

    #[test]
    fn forms_and_pages_are_written_and_read_as_browsers_do() {
        assert_eq!(form_body(&[("name", "下 &")]), "name=%E4%B8%8B%20%26");
        assert_eq!(unescaped("&#60;b&#62; &#38;co "), "<b> &co");
    }
}
