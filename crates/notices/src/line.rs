//! LINE: what its Messaging API is asked and what it answers, and how its webhook is known to be LINE's. Pure; [`LineNetwork`] speaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::model::{Answer, Halt};

/// Where whoever agreed says whose LINE it is, on LINE's own page.
pub const LINKING_HOST: &str = "https://access.line.me";
/// A message has at most so many UTF-16 code units of text.
const TEXT_UNITS_MAX: usize = 5000;

/// A request to the Messaging API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRequest {
    /// The path, which begins with `/v2/bot/`.
    pub path: String,
    /// `X-Line-Retry-Key`: a UUID. With the same one LINE does a thing once, however often it is asked within a day.
    pub retry_key: Option<String>,
    /// The body.
    pub body: serde_json::Value,
}

/// What the Messaging API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReply {
    /// The status of HTTP.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub after_s: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

/// Speaks HTTP to the Messaging API, with the town's channel access token, for a room that may not reach out itself. It blocks; callers run it on a thread
/// that may.
pub trait LineNetwork: Send + Sync {
    /// Posts a request.
    ///
    /// # Errors
    /// In words for the log, when no answer came; it is tried again.
    fn post(&self, request: &LineRequest) -> Result<LineReply, String>;
}

/// The town's channel: how LINE is asked, and how it is known.
pub struct LineChannel {
    pub(crate) network: Arc<dyn LineNetwork>,
    secret: LineSecret,
    /// The hour in which somebody was last refused who spoke in its name.
    refused_in: AtomicI64,
}

impl LineChannel {
    /// A channel asked over a network and known by its secret.
    pub fn new(network: Arc<dyn LineNetwork>, secret: LineSecret) -> Self {
        Self { network, secret, refused_in: AtomicI64::new(0) }
    }

    /// As [`LineSecret::signed`].
    pub(crate) fn signed(&self, body: &[u8], signature: &str) -> bool {
        self.secret.signed(body, signature)
    }

    /// Whether nobody was refused in this hour yet: strangers must not keep the database busy.
    pub(crate) fn refuses_first_in(&self, hour: i64) -> bool {
        self.refused_in.swap(hour, Ordering::Relaxed) != hour
    }
}

/// The channel secret.
pub struct LineSecret(hmac::Key);

impl LineSecret {
    /// Takes the secret as LINE's console shows it.
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// Whether a webhook's body is LINE's, by its `X-Line-Signature`: HMAC-SHA256 in base64, compared in constant time.
    pub fn signed(&self, body: &[u8], signature: &str) -> bool {
        STANDARD.decode(signature).is_ok_and(|tag| hmac::verify(&self.0, body, &tag).is_ok())
    }

    /// The signature of a body, as LINE makes it.
    pub fn sign(&self, body: &[u8]) -> String {
        STANDARD.encode(hmac::sign(&self.0, body))
    }
}

impl LineRequest {
    /// A message to one user. `retry_key` is the same however often it is tried.
    pub fn push(user: &str, text: &str, retry_key: String) -> Self {
        let body = serde_json::json!({ "to": user, "messages": [message(text)] });
        Self { path: "/v2/bot/message/push".to_owned(), retry_key: Some(retry_key), body }
    }

    /// An answer to what a user did just now: it is not counted as a message of the town's.
    pub fn reply(reply_token: &str, text: &str) -> Self {
        let body = serde_json::json!({ "replyToken": reply_token, "messages": [message(text)] });
        Self { path: "/v2/bot/message/reply".to_owned(), retry_key: None, body }
    }

    /// Asks for the token by which LINE knows the user again whom the town sends it to. None for what is no user's id.
    pub fn link_token(user: &str) -> Option<Self> {
        is_user(user).then(|| Self { path: format!("/v2/bot/user/{user}/linkToken"), retry_key: None, body: serde_json::json!({}) })
    }
}

fn message(text: &str) -> serde_json::Value {
    serde_json::json!({ "type": "text", "text": shortened(text) })
}

/// What fits into a message.
fn shortened(text: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= TEXT_UNITS_MAX
    };
    text.chars().take_while(fits).collect()
}

/// Whether it is a user's id as LINE writes them.
pub(crate) fn is_user(user: &str) -> bool {
    user.strip_prefix('U').is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    property: String,
}

impl LineReply {
    /// What it says of a message.
    ///
    /// 409 is what LINE says to a retry key it has taken before. What is wrong between the town and LINE (401, 403) is no fault of the user.
    pub fn answer(&self) -> Answer {
        let status = self.status;
        match status {
            200..=299 | 409 => Answer::Taken,
            400 if self.says_nobody() => Answer::Gone(status),
            401 | 403 => Answer::Halted(Halt::Key),
            429 if self.fault().message.contains("monthly limit") => Answer::Halted(Halt::Quota),
            429 | 500..=599 => Answer::Later { status, after_s: self.after_s },
            _ => Answer::Refused(status),
        }
    }

    /// The token that was asked for.
    pub fn link_token(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Issued {
            link_token: String,
        }
        let issued: Issued = serde_json::from_slice(&self.body).ok()?;
        (self.status == 200).then_some(issued.link_token)
    }

    fn fault(&self) -> Fault {
        serde_json::from_slice(&self.body).unwrap_or(Fault { message: String::new(), details: Vec::new() })
    }

    /// Whether it refuses the user and not the message: one who blocked the account, left LINE, or never was.
    fn says_nobody(&self) -> bool {
        let fault = self.fault();
        let of_user = |property: &str| property == "to" || property.starts_with("to[");
        fault.message == "Failed to send messages"
            || fault.message.contains("The property, 'to'")
            || !fault.details.is_empty() && fault.details.iter().all(|detail| of_user(&detail.property))
    }
}

/// What LINE tells the town by its webhook. What is not known here is read over, as LINE asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineEvent {
    /// `follow`, `unfollow`, `accountLink`, `message`, `postback` or what is read over.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The same however often it is told.
    pub(crate) webhook_event_id: String,
    /// `standby` where another program answers.
    #[serde(default)]
    pub(crate) mode: String,
    #[serde(default)]
    source: Option<Source>,
    /// By what it is answered, soon and once.
    pub(crate) reply_token: Option<String>,
    /// What became of saying whose LINE it is.
    pub(crate) link: Option<Linked>,
    #[serde(default)]
    message: Option<Said>,
    #[serde(default)]
    postback: Option<Pressed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(rename = "type")]
    kind: String,
    user_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Linked {
    pub(crate) result: String,
    pub(crate) nonce: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Said {
    text: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Pressed {
    data: String,
}

/// What a friend of the account writes, or a button of its menu sends, to be led to the page where LINE is joined.
const ASKS: [&str; 3] = ["連携", "つなぐ", "link"];

impl LineEvent {
    /// The events of a webhook's body; none when it is no such body. One that is not understood is left out.
    pub(crate) fn all(body: &[u8]) -> Option<Vec<Self>> {
        #[derive(Deserialize)]
        struct Call {
            events: Vec<serde_json::Value>,
        }
        let call: Call = serde_json::from_slice(body).ok()?;
        Some(call.events.into_iter().filter_map(|event| serde_json::from_value(event).ok()).collect())
    }

    /// The user who did it in their own talk with the account; in a group nobody is written to.
    pub(crate) fn user(&self) -> Option<&str> {
        self.source.as_ref().filter(|source| source.kind == "user")?.user_id.as_deref().filter(|user| is_user(user))
    }

    /// Whether a friend asks to be led to the page.
    pub(crate) fn asks_to_link(&self) -> bool {
        let said = self.message.as_ref().and_then(|message| message.text.as_deref());
        let pressed = self.postback.as_ref().map(|postback| postback.data.as_str());
        said.or(pressed).is_some_and(|word| ASKS.iter().any(|ask| word.trim().eq_ignore_ascii_case(ask)))
    }
}

/// What is answered to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Say {
    pub(crate) user: String,
    pub(crate) reply_token: Option<String>,
    pub(crate) text: String,
    /// The page the text ends with, to which the user's link token is added.
    pub(crate) page: Option<String>,
    /// For the message in place of an answer that came too late.
    pub(crate) retry_key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> LineReply {
        LineReply { status, after_s: Some(7), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn an_answer_says_whose_fault_it_is() {
        let invalid =
            r#"{"message":"The request body has 1 error(s)","details":[{"message":"May not be empty","property":"messages[0].text"}]}"#;
        for (status, body, expected) in [
            (200, r#"{"sentMessages":[{"id":"461230966842064897"}]}"#, Answer::Taken),
            (409, r#"{"message":"The retry key is already accepted"}"#, Answer::Taken),
            (400, r#"{"message":"Failed to send messages"}"#, Answer::Gone(400)),
            (400, r#"{"message":"The property, 'to', in the request body is invalid (line: -, column: -)"}"#, Answer::Gone(400)),
            (400, r#"{"message":"The request body has 1 error(s)","details":[{"message":"x","property":"to"}]}"#, Answer::Gone(400)),
            (400, invalid, Answer::Refused(400)),
            (400, "<html>", Answer::Refused(400)),
            (401, "", Answer::Halted(Halt::Key)),
            (403, "", Answer::Halted(Halt::Key)),
            (429, r#"{"message":"You have reached your monthly limit."}"#, Answer::Halted(Halt::Quota)),
            (
                429,
                r#"{"message":"The API rate limit has been exceeded. Try again later."}"#,
                Answer::Later { status: 429, after_s: Some(7) },
            ),
            (500, "", Answer::Later { status: 500, after_s: Some(7) }),
            (413, "", Answer::Refused(413)),
        ] {
            assert_eq!(reply(status, body).answer(), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_signature_is_of_the_very_bytes_and_the_very_secret() {
        let (secret, body) =
            (LineSecret::new("8c570fa6dd201bb328f1c1eac23a96d8"), r#"{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}"#);
        // The example of LINE's documentation, computed with openssl.
        assert_eq!(secret.sign(body.as_bytes()), "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=");
        assert!(secret.signed(body.as_bytes(), &secret.sign(body.as_bytes())));
        for (other, signature) in [
            (format!("{body} "), secret.sign(body.as_bytes())),
            (body.to_owned(), LineSecret::new("another").sign(body.as_bytes())),
            (body.to_owned(), String::new()),
            (body.to_owned(), "no base64".to_owned()),
        ] {
            assert!(!secret.signed(other.as_bytes(), &signature), "{signature}");
        }
    }

    #[test]
    fn what_is_not_known_is_read_over() {
        let body = r#"{"destination":"U0","events":[
            {"type":"follow","webhookEventId":"01","mode":"active","source":{"type":"user","userId":"U0123456789abcdef0123456789abcdef"},"replyToken":"r","follow":{"isUnblocked":false}},
            {"type":"message","webhookEventId":"02","source":{"type":"group","groupId":"C","userId":"U0123456789abcdef0123456789abcdef"},"message":{"type":"text","id":"1","text":" LINK "}},
            {"type":"message","webhookEventId":"03","source":{"type":"user"},"message":{"type":"image","id":"1"}},
            {"type":"newInvention","webhookEventId":"04","with":{"more":[1]}},
            {"type":"withoutAnId"}]}"#;
        let events = LineEvent::all(body.as_bytes()).unwrap();
        let read: Vec<_> = events.iter().map(|event| (event.kind.as_str(), event.user().is_some(), event.asks_to_link())).collect();
        assert_eq!(read, [("follow", true, false), ("message", false, true), ("message", false, false), ("newInvention", false, false)]);
        assert_eq!(LineEvent::all(b"{\"events\":[]}").unwrap(), []);
        assert!(LineEvent::all(b"[]").is_none());
    }

    #[test]
    fn a_message_is_no_longer_than_line_takes_it() {
        let request = LineRequest::push("U", &"😀".repeat(3000), "key".to_owned());
        let text = request.body["messages"][0]["text"].as_str().unwrap();
        assert_eq!(text.encode_utf16().count(), TEXT_UNITS_MAX);
        assert!(LineRequest::link_token("U0123/../../x").is_none());
    }
}
