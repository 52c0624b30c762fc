//! The centre, over HTTP.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jpki::reader::SignedAnswer;
use serde::Deserialize;

/// How long the centre may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The centre a station serves.
#[derive(Debug, Clone)]
pub struct Centre {
    address: String,
    agent: ureq::Agent,
}

/// A question for a card.
#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    /// The proof's id.
    pub id: String,
    /// Who asks.
    pub relying_party: String,
    /// What for.
    pub purpose: String,
    /// Two digits the screen that asks shows too.
    pub comparison: String,
    /// What the card signs, base64url.
    message: String,
}

impl Question {
    /// What the card signs.
    pub fn message(&self) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(&self.message).ok()
    }
}

/// Why the centre did not help.
#[derive(Debug, thiserror::Error)]
pub enum CentreError {
    /// It could not be reached, or answered nonsense.
    #[error("centre cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It said no; `code` is that of the problem.
    #[error("centre refused: {code}")]
    Refused {
        /// The problem's code.
        code: String,
    },
}

#[derive(Deserialize)]
struct ProblemJson {
    code: String,
}

impl Centre {
    /// The centre at an address without a slash at its end.
    pub fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build();
        Self { address: address.trim_end_matches('/').to_owned(), agent: config.into() }
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Fetches the question behind a code.
    ///
    /// # Errors
    /// [`CentreError`].
    pub fn question(&self, code: &str) -> Result<Question, CentreError> {
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = format!("{}/api/v1/proofs/{code}", self.address);
        read(self.agent.get(&path).header("accept", "application/json").call())
    }

    /// Hands a card's answer in.
    ///
    /// # Errors
    /// [`CentreError`].
    pub fn answer(&self, question: &Question, answer: &SignedAnswer) -> Result<(), CentreError> {
        let body = serde_json::json!({
            "kind": "signature",
            "certificate": URL_SAFE_NO_PAD.encode(&answer.certificate),
            "signature": URL_SAFE_NO_PAD.encode(&answer.signature),
        });
        let path = format!("{}/api/v1/proofs/{}/answer", self.address, question.id);
        read::<serde_json::Value>(self.agent.post(&path).header("accept", "application/json").send_json(&body)).map(drop)
    }
}

type Answered = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn read<T: serde::de::DeserializeOwned>(answered: Answered) -> Result<T, CentreError> {
    let unreachable = |error: ureq::Error| CentreError::Unreachable(error.into());
    let mut response = answered.map_err(unreachable)?;
    if response.status().is_success() {
        return response.body_mut().read_json().map_err(unreachable);
    }
    let problem: ProblemJson = response.body_mut().read_json().map_err(unreachable)?;
    Err(CentreError::Refused { code: problem.code })
}
