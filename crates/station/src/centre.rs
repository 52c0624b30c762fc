//! The centre, over HTTP.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jpki::reader::SignedAnswer;
use serde::Deserialize;

use crate::enrolment::{self, Enrolment, EnrolmentError};

/// How long the centre may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The centre a station serves.
#[derive(Debug, Clone)]
pub struct Centre {
    address: String,
    agent: ureq::Agent,
    enrolment: Option<Enrolment>,
}

/// A question for a card.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The proof's id.
    id: String,
    /// Who asks.
    pub(crate) relying_party: String,
    /// Two digits the screen that asks shows too.
    pub(crate) comparison: String,
    /// What the card signs.
    pub(crate) message: Vec<u8>,
    /// Until when it may be answered, by this machine's own watch: its clock may be wrong.
    pub(crate) until: Instant,
    /// What its holder asked to have written into the card; once the card has answered, what was written.
    pub(crate) region: Option<RegionId>,
}

/// The town's number for a card's free area, and the key that opens it.
#[derive(Clone, Deserialize)]
pub(crate) struct RegionId {
    pub(crate) number: String,
    pub(crate) key: String,
}

impl std::fmt::Debug for RegionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegionId(hidden)")
    }
}

/// The centre's word on a card that was tapped.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Verdict {
    /// Yes or no.
    pub(crate) accepted: bool,
    /// In one plain sentence.
    pub(crate) message: String,
    /// What this kind of place may see.
    #[serde(default)]
    pub(crate) fields: Vec<Field>,
}

/// Something a place may see, with its name.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Field {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// A question as it is told.
#[derive(Deserialize)]
struct QuestionJson {
    id: String,
    relying_party: String,
    comparison: String,
    message: String,
    good_for_s: u64,
    region_id: Option<RegionId>,
}

/// What a card answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// With its 署名用 certificate.
    Signature(SignedAnswer),
    /// With its 利用者証明用 certificate, and the file with the four items, which counts because this station is the town's own.
    Digits(SignedAnswer, Vec<u8>),
}

/// Why the centre did not help.
#[derive(Debug, thiserror::Error)]
pub enum CentreError {
    /// It could not be reached, failed, or answered nonsense.
    #[error("centre cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It said no; `code` is that of the problem.
    #[error("centre refused: {code}")]
    Refused {
        /// The problem's code.
        code: String,
    },
}

/// Why a station was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The centre did not help.
    #[error(transparent)]
    Centre(#[from] CentreError),
    /// The token could not be kept or told safely.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
}

#[derive(Deserialize)]
struct ProblemJson {
    code: String,
}

#[derive(Deserialize)]
struct EnrolledJson {
    station: String,
    place: String,
    token: String,
}

impl Centre {
    /// The centre at an address without a slash at its end.
    pub fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build();
        Self { address: address.trim_end_matches('/').to_owned(), agent: config.into(), enrolment: None }
    }

    /// The same, asked by an enrolled station.
    #[must_use]
    pub fn enrolled(self, enrolment: Enrolment) -> Self {
        Self { enrolment: Some(enrolment), ..self }
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// This station's enrolment there.
    pub fn enrolment(&self) -> Option<&Enrolment> {
        self.enrolment.as_ref()
    }

    /// Enrols this station by the one-time code that was made for its place.
    ///
    /// # Errors
    /// [`EnrolError`]; `code_not_valid` when the code is wrong, over, used, or made for a verifier.
    pub fn enrol(&self, code: &str, label: &str) -> Result<Enrolment, EnrolError> {
        enrolment::reached_safely(&self.address)?;
        let body = serde_json::json!({ "code": code, "label": label });
        let EnrolledJson { station, place, token } = self.post("/api/v1/stations", &body)?;
        Ok(Enrolment { centre: self.address.clone(), station, place, token })
    }

    /// Says that this station is there, which keeps its enrolment from ending unused.
    ///
    /// # Errors
    /// [`CentreError`]; `not_signed_in` when the enrolment was ended.
    pub fn greet(&self) -> Result<(), CentreError> {
        self.post::<serde_json::Value>("/api/v1/stations/greeting", &serde_json::json!({})).map(drop)
    }

    /// Fetches the question behind a code.
    pub(crate) fn question(&self, code: &str) -> Result<Question, CentreError> {
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let asked_at = Instant::now();
        let path = format!("{}/api/v1/proofs/{code}", self.address);
        let told: QuestionJson = read(self.named(self.agent.get(&path)).call())?;
        let message = URL_SAFE_NO_PAD.decode(&told.message).map_err(|error| CentreError::Unreachable(error.into()))?;
        let QuestionJson { id, relying_party, comparison, good_for_s, region_id: region, .. } = told;
        Ok(Question { id, relying_party, comparison, message, until: asked_at + Duration::from_secs(good_for_s), region })
    }

    /// Hands a card's answer in.
    pub(crate) fn answer(&self, question: &Question, answer: &Answer) -> Result<(), CentreError> {
        let told = |kind: &str, signed: &SignedAnswer| {
            serde_json::json!({
                "kind": kind,
                "certificate": URL_SAFE_NO_PAD.encode(&signed.certificate),
                "signature": URL_SAFE_NO_PAD.encode(&signed.signature),
            })
        };
        let mut body = match (answer, &self.enrolment) {
            (Answer::Signature(signed), _) => told("signature", signed),
            (Answer::Digits(signed, _), None) => told("user_auth", signed),
            (Answer::Digits(signed, file), Some(enrolment)) => {
                let mut body = told("user_auth", signed);
                body["four_information"] = URL_SAFE_NO_PAD.encode(file).into();
                body["station"] = enrolment.station.as_str().into();
                body
            }
        };
        if let Some(region) = &question.region {
            body["region_id"] = region.number.as_str().into();
        }
        self.post::<serde_json::Value>(&format!("/api/v1/proofs/{}/answer", question.id), &body).map(drop)
    }

    /// Asks about a card that was tapped at this station's place; the same `id` gets the same answer.
    pub(crate) fn decide(&self, id: &str, number: &str, language: &str) -> Result<Verdict, CentreError> {
        let body = serde_json::json!({ "id": id, "presentation": number });
        let request = self.agent.post(format!("{}/api/v1/decisions", self.address)).header("accept-language", language);
        read(self.named(request).send_json(&body))
    }

    fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: &serde_json::Value) -> Result<T, CentreError> {
        read(self.named(self.agent.post(format!("{}{path}", self.address))).send_json(body))
    }

    /// A request for JSON by this station, with its token where it is enrolled.
    fn named<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let request = request.header("accept", "application/json");
        match &self.enrolment {
            Some(enrolment) => request.header("authorization", format!("Bearer {}", enrolment.token)),
            None => request,
        }
    }
}

type Answered = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn read<T: serde::de::DeserializeOwned>(answered: Answered) -> Result<T, CentreError> {
    let unreachable = |error: ureq::Error| CentreError::Unreachable(error.into());
    let mut response = answered.map_err(unreachable)?;
    let status = response.status();
    if status.is_success() {
        return response.body_mut().read_json().map_err(unreachable);
    }
    // What failed there may work in a moment: it is no answer about the card.
    if status.is_server_error() {
        return Err(CentreError::Unreachable(format!("it answered {status}").into()));
    }
    let problem: ProblemJson = response.body_mut().read_json().map_err(unreachable)?;
    Err(CentreError::Refused { code: problem.code })
}
