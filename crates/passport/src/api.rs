//! What readers and phones ask.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{DeviceId, PhoneChallengeId, PhoneId, ProofInput, ProofSessionId, ProofState, StationRead};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{AccountId, Actor, Ctx};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Caller, Problem, Reader, Session, View};

use crate::browser::Begun;
use crate::domain::{self, Error, Proofing};
use crate::pages::refusal_text;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(proof))
        .routes(routes!(answer))
        .routes(routes!(progress))
        .routes(routes!(challenge))
        .routes(routes!(register))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            Error::Registry(error) => Problem::internal(&error),
        }
    }
}

/// A question for a card.
#[derive(Serialize, ToSchema)]
struct ProofJson {
    #[schema(value_type = String)]
    id: ProofSessionId,
    /// Who asks: shown at the reader before the card answers.
    relying_party: String,
    /// What for: `register`, `sign_in`, …
    purpose: &'static str,
    /// What the card signs, base64url.
    message: String,
    /// Two digits the asking screen shows too, for the holder to compare.
    comparison: String,
    /// For how many seconds it may still be answered.
    good_for_s: i64,
    /// For an enrolled station whose card is to get the town's number.
    region_id: Option<RegionIdJson>,
}

/// What a station writes into the card's free area.
#[derive(Serialize, ToSchema)]
struct RegionIdJson {
    /// The number.
    number: String,
    /// The key that opens the free area, 32 hexadecimal digits. Not to be kept.
    key: String,
}

/// Gives the question behind a code, to the reader into which it was typed.
#[utoipa::path(get, path = "/api/v1/proofs/{code}", params(("code" = String, Path)), responses((status = 200, body = ProofJson), (status = 429, description = "Too many wrong codes: Retry-After says when to ask again.")), tag = "proof")]
async fn proof(
    Extension(proofing): Extension<Arc<Proofing>>,
    Reader(mut ctx): Reader,
    Path(code): Path<String>,
) -> Result<Json<ProofJson>, Problem> {
    let asked = identity::proof_asked(&mut ctx, &code).await?;
    let number = identity::region_number(&mut ctx, &proofing.settings.media_key(), asked.id).await?;
    let region_id = number.zip(proofing.region_key.as_ref());
    let region_id = region_id.map(|(number, key)| RegionIdJson { number: number.text().to_owned(), key: key.to_hex() });
    let good_for_s = asked.challenge.expires_at.duration_since(ctx.now()).as_secs().max(0);
    Ok(Json(ProofJson {
        good_for_s,
        id: asked.id,
        relying_party: asked.challenge.relying_party.clone(),
        purpose: asked.challenge.purpose.as_str(),
        message: URL_SAFE_NO_PAD.encode(asked.challenge.message()),
        comparison: asked.comparison,
        region_id,
    }))
}

/// What a card answered, base64url.
#[derive(Deserialize, ToSchema)]
struct AnswerJson {
    /// `signature` (署名用) or `user_auth` (利用者証明用).
    kind: CertificateKind,
    /// The certificate, DER.
    certificate: String,
    /// The signature over the message.
    signature: String,
    /// The four-information file as an enrolled station read it.
    four_information: Option<String>,
    /// That station.
    #[schema(value_type = Option<String>)]
    station: Option<DeviceId>,
    /// The number the station wrote into the card, as the question gave it.
    region_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CertificateKind {
    Signature,
    UserAuth,
}

/// Nothing to say: the browser that asked learns the rest.
#[derive(Serialize, ToSchema)]
struct Done {
    done: bool,
}

/// Takes a card's answer to a question.
#[utoipa::path(post, path = "/api/v1/proofs/{id}/answer", params(("id" = String, Path)), request_body = AnswerJson, responses((status = 200, body = Done)), tag = "proof")]
async fn answer(
    State(app): State<App>,
    Extension(proofing): Extension<Arc<Proofing>>,
    Reader(ctx): Reader,
    Path(id): Path<ProofSessionId>,
    Json(answer): Json<AnswerJson>,
) -> Result<Json<Done>, Problem> {
    let actor = ctx.actor.clone();
    drop(ctx);
    let (certificate, signature) = (bytes(&answer.certificate)?, bytes(&answer.signature)?);
    let input = match (answer.kind, answer.station, answer.four_information) {
        (CertificateKind::Signature, ..) => ProofInput::Signature { certificate, signature },
        (CertificateKind::UserAuth, Some(station), Some(file)) => {
            ProofInput::UserAuth { certificate, signature, read: Some(StationRead { station, four_information: bytes(&file)? }) }
        }
        (CertificateKind::UserAuth, ..) => ProofInput::UserAuth { certificate, signature, read: None },
    };
    domain::answer_proof(app.store(), actor, &proofing, id, input, answer.region_id).await?;
    Ok(Json(Done { done: true }))
}

fn bytes(text: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Problem::bad_input("passport.base64"))
}

/// How far a proof has come.
#[derive(Serialize, ToSchema)]
pub(crate) struct Progress {
    pub(crate) done: u8,
    pub(crate) total: u8,
    pub(crate) label: String,
    pub(crate) finished: bool,
    pub(crate) failed: bool,
    pub(crate) next: Option<&'static str>,
}

/// Says how far the proof this browser asked for has come.
#[utoipa::path(get, path = "/api/v1/me/proof", responses((status = 200, body = Progress)), tag = "proof")]
async fn progress(view: View, headers: HeaderMap, Reader(mut ctx): Reader) -> Result<Json<Progress>, Problem> {
    let Begun { id, secret, .. } = Begun::of(&headers).ok_or_else(Problem::not_found)?;
    let state = identity::proof_state(&mut ctx, id, &secret).await?;
    Ok(Json(match state {
        ProofState::Waiting => Progress { done: 1, total: 2, label: view.t("start-waiting"), finished: false, failed: false, next: None },
        ProofState::Refused { code } => {
            Progress { done: 1, total: 2, label: refusal_text(&view, &code), finished: false, failed: true, next: None }
        }
        ProofState::Ready => {
            Progress { done: 2, total: 2, label: view.t("start-ready"), finished: true, failed: false, next: Some("/start/done") }
        }
    }))
}

/// A question for a phone's key.
#[derive(Serialize, ToSchema)]
struct ChallengeJson {
    #[schema(value_type = String)]
    server_time: Timestamp,
    #[schema(value_type = String)]
    challenge: PhoneChallengeId,
    /// What the key signs, base64url.
    message: String,
}

/// Puts a question to this phone's key.
#[utoipa::path(get, path = "/api/v1/me/devices/challenge", responses((status = 200, body = ChallengeJson)), tag = "phones")]
async fn challenge(Caller(mut ctx): Caller) -> Result<Json<ChallengeJson>, Problem> {
    let account = account(&ctx)?;
    let challenge = identity::phone_challenge(&mut ctx, account).await?;
    let server_time = ctx.now();
    ctx.commit().await?;
    Ok(Json(ChallengeJson { server_time, challenge: challenge.id, message: URL_SAFE_NO_PAD.encode(&challenge.message) }))
}

/// A phone's public key and its answer.
#[derive(Deserialize, ToSchema)]
struct Register {
    #[schema(value_type = String)]
    challenge: PhoneChallengeId,
    /// The key as a JWK on P-256.
    #[schema(value_type = Object)]
    jwk: serde_json::Value,
    /// r ‖ s over the message, base64url.
    proof: String,
    /// How the holder will know it again.
    label: String,
}

/// The phone.
#[derive(Serialize, ToSchema)]
struct Registered {
    #[schema(value_type = String)]
    server_time: Timestamp,
    #[schema(value_type = String)]
    device: PhoneId,
}

/// Binds this phone's key to the caller's account.
#[utoipa::path(post, path = "/api/v1/me/devices", request_body = Register, responses((status = 201, body = Registered)), tag = "phones")]
async fn register(
    Session(session): Session,
    Caller(mut ctx): Caller,
    Json(phone): Json<Register>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let account = account(&ctx)?;
    let (jwk, proof) = (phone.jwk.to_string(), bytes(&phone.proof)?);
    let phone = identity::register_phone(&mut ctx, account, session, phone.challenge, &jwk, &proof, &phone.label).await?;
    let server_time = ctx.now();
    ctx.commit().await?;
    Ok((StatusCode::CREATED, Json(Registered { server_time, device: phone.id })))
}

/// The holder's account, or 401.
pub(crate) fn account(ctx: &Ctx) -> Result<AccountId, Problem> {
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(Problem::not_signed_in()),
    }
}
