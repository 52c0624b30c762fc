//! LINE's Messaging API, and where its messages go in a demonstration.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notices::line::{LineChannel, LineNetwork, LineReply, LineRequest, LineSecret};
use town::Line;

use crate::Outcome;
use crate::outside::retry_after_s;

/// How long LINE may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The most an answer may hold: tokens and the reasons of a refusal are short.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// The Messaging API, asked over HTTP with the town's channel access token.
pub struct LineServer {
    agent: ureq::Agent,
    api: String,
    authorization: String,
}

impl LineServer {
    /// The API of a pack, with the town's token.
    pub fn new(line: &Line, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_WITHIN))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false);
        Self { agent: config.build().into(), api: line.api.clone(), authorization: format!("Bearer {token}") }
    }

    fn send(&self, request: &LineRequest) -> Result<LineReply, ureq::Error> {
        let mut post = self.agent.post(format!("{}{}", self.api, request.path));
        post = post.header("authorization", &self.authorization).header("content-type", "application/json");
        if let Some(key) = &request.retry_key {
            post = post.header("x-line-retry-key", key);
        }
        let mut answer = post.send(request.body.to_string())?;
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(LineReply { status: answer.status().as_u16(), after_s: retry_after_s(answer.headers()), body })
    }
}

impl LineNetwork for LineServer {
    fn post(&self, request: &LineRequest) -> Result<LineReply, String> {
        // What went wrong on the way says nothing of whom it was for.
        self.send(request).map_err(|error| error.to_string())
    }
}

/// A folder messages are laid into, each as it would be asked of LINE: for a demonstration, which writes to nobody.
pub struct LineFolder(PathBuf);

impl LineNetwork for LineFolder {
    fn post(&self, request: &LineRequest) -> Result<LineReply, String> {
        if request.path.ends_with("/linkToken") {
            return Ok(LineReply { status: 200, after_s: None, body: br#"{"linkToken":"demonstration"}"#.to_vec() });
        }
        let name = request.retry_key.clone().or_else(|| request.body["replyToken"].as_str().map(str::to_owned)).unwrap_or_default();
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let write = || {
            std::fs::create_dir_all(&self.0)?;
            // A half-written message is nobody's to read.
            let whole = self.0.join(format!("{name}.json"));
            let begun = whole.with_extension("part");
            std::fs::write(&begun, request.body.to_string())?;
            std::fs::rename(begun, whole)
        };
        if plain {
            write().map_err(|error: std::io::Error| error.to_string())?;
        }
        Ok(LineReply { status: if plain { 200 } else { 400 }, after_s: None, body: Vec::new() })
    }
}

/// What a town that names an account and has no token or no secret is told, when it is to be served.
pub const MISSING: &str = "[line] needs a channel access token and a channel secret: TEGATA_LINE_TOKEN and TEGATA_LINE_SECRET, or the files line.token and line.secret of the keys' folder";

/// The town's channel: LINE's own; in a demonstration one on this machine, else a folder; none in a town without LINE, and where its token or secret is not at
/// hand: commands beside the server need neither.
///
/// # Errors
/// When there are no random bytes.
pub fn of_town(
    line: Option<&Line>,
    token: Option<String>,
    secret: Option<String>,
    demo: Option<&Path>,
) -> Outcome<Option<Arc<LineChannel>>> {
    let Some(line) = line else { return Ok(None) };
    let channel = |network: Arc<dyn LineNetwork>, secret: &str| Some(Arc::new(LineChannel::new(network, LineSecret::new(secret))));
    if let Some(folder) = demo.filter(|_| !line.is_here()) {
        // Nobody knows the one that is made up, so nobody can speak in LINE's name.
        let secret = secret.map_or_else(|| crate::keys::random().map(hex::encode), Ok)?;
        return Ok(channel(Arc::new(LineFolder(folder.to_owned())), &secret));
    }
    let (Some(token), Some(secret)) = (token, secret) else { return Ok(None) };
    Ok(channel(Arc::new(LineServer::new(line, &token)), &secret))
}
