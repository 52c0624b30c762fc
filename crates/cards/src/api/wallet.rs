//! What wallets ask, in the words of OpenID4VCI, OpenID4VP, SD-JWT VC and Token Status List; and how a place asks a wallet. `docs/wallets.md` shows it to
//! their makers.

use std::sync::Arc;

use ::store::{Actor, Ctx};
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use credential::Jwk;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use town::{Language, Programme, ProgrammeId};
use utoipa::ToSchema;
use web::{App, Caller, Problem, Reader, View, public_json};

use super::Answer;
use crate::domain::{self, Office, TOKEN_LIFE_S, WalletAsks, WalletSays, WalletState};
use crate::fault::Fault;
use crate::model::UseId;
use crate::{rules, words};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// Seconds for which what everybody may know may be kept.
const KEPT_S: u32 = 300;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-credential-issuer/wallet", get(issuer))
        .route("/.well-known/oauth-authorization-server/wallet", get(authorization_server))
        .route("/.well-known/jwt-vc-issuer/wallet", get(keys))
        .route("/wallet/did.json", get(did))
        .route("/wallet/types/{programme}", get(card_type))
        .route("/wallet/offers/{address}", get(offer))
        .route("/wallet/token", post(token))
        .route("/wallet/nonce", post(nonce))
        .route("/wallet/credential", post(credential))
        .route("/wallet/notification", post(notification))
        .route("/wallet/requests/{token}", get(question))
        .route("/wallet/answers/{token}", post(answered))
        .route("/status-lists/1", get(status_list))
}

type Of = Extension<Arc<Office>>;

fn public(document: Value) -> Response {
    public_json(document, KEPT_S)
}

/// The town's languages as others know them, each once, with the view that speaks it: やさしい日本語 is Japanese to a wallet.
fn languages(view: &View) -> Vec<(String, View)> {
    let mut out: Vec<(String, View)> = Vec::new();
    for language in view.app.town().languages.iter().filter(|language| **language != Language::EASY_JAPANESE) {
        out.push((language.html().to_owned(), View { language: language.clone(), ..view.clone() }));
    }
    out
}

/// What can be issued here (OpenID4VCI 1.0 section 12.2).
async fn issuer(view: View, Extension(office): Of) -> Response {
    let town = Arc::clone(view.app.town());
    let display: Vec<Value> =
        languages(&view).iter().map(|(locale, view)| json!({ "name": view.words(&town.name), "locale": locale })).collect();
    let configurations: Map<String, Value> =
        town.programmes.iter().map(|programme| (programme.id.to_string(), configuration(&view, &office, programme))).collect();
    public(json!({
        "credential_issuer": office.wallet_at(""),
        "credential_endpoint": office.wallet_at("/credential"),
        "nonce_endpoint": office.wallet_at("/nonce"),
        "notification_endpoint": office.wallet_at("/notification"),
        "display": display,
        "credential_configurations_supported": configurations,
    }))
}

fn configuration(view: &View, office: &Office, programme: &Programme) -> Value {
    let colour = programme.design.colour.to_string();
    let display: Vec<Value> = languages(view)
        .iter()
        .map(|(locale, view)| json!({ "name": view.words(&programme.name), "locale": locale, "background_color": colour }))
        .collect();
    json!({
        "format": "dc+sd-jwt",
        "vct": office.wallet_type(&programme.id),
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": ["ES256"],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
        "credential_metadata": { "display": display, "claims": claims(view, programme, "name") },
    })
}

fn claims(view: &View, programme: &Programme, called: &str) -> Vec<Value> {
    let label = |what| -> Vec<Value> {
        languages(view).iter().map(|(locale, view)| json!({ called: words::claim_label(view, what), "locale": locale })).collect()
    };
    rules::claims_of(programme).into_iter().map(|what| json!({ "path": [rules::claim_name(what)], "display": label(what) })).collect()
}

/// Where tokens come from (RFC 8414): the issuer gives them itself.
async fn authorization_server(Extension(office): Of) -> Response {
    public(json!({
        "issuer": office.wallet_at(""),
        "token_endpoint": office.wallet_at("/token"),
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": true,
    }))
}

/// The keys cards are checked with (SD-JWT VC, JWT VC Issuer Metadata).
async fn keys(Extension(office): Of) -> Response {
    let mut key = json!(Jwk::from(*office.issuer().public()));
    key["use"] = "sig".into();
    key["alg"] = "ES256".into();
    public(json!({ "issuer": office.wallet_at(""), "jwks": { "keys": [key] } }))
}

/// The town as a decentralized identifier (did:web): whose key signs what places ask.
async fn did(Extension(office): Of) -> Response {
    let (did, key) = (office.wallet_did(), office.wallet_key_name());
    let jwk = json!(office.issuer().public().key().to_jwk());
    public(json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": [{ "id": key, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk }],
        "assertionMethod": [key],
        "authentication": [key],
    }))
}

/// Describes the cards of a programme (SD-JWT VC Type Metadata).
async fn card_type(view: View, Extension(office): Of, Path(programme): Path<ProgrammeId>) -> Result<Response, Problem> {
    let town = Arc::clone(view.app.town());
    let programme = town.programme(&programme).ok_or_else(Problem::not_found)?;
    let colour = programme.design.colour.to_string();
    let display: Vec<Value> = languages(&view)
        .iter()
        .map(|(locale, view)| {
            json!({
                "locale": locale,
                "name": view.words(&programme.name),
                "description": view.words(&programme.short),
                "rendering": { "simple": { "background_color": colour } },
            })
        })
        .collect();
    let mut claims = claims(&view, programme, "label");
    for claim in &mut claims {
        claim["sd"] = "always".into();
    }
    Ok(public(json!({
        "vct": office.wallet_type(&programme.id),
        "name": programme.name.ja(),
        "description": programme.short.ja(),
        "display": display,
        "claims": claims,
    })))
}

/// An offer, as long as nobody took it.
async fn offer(Extension(office): Of, Reader(mut ctx): Reader, Path(address): Path<String>) -> Result<Response, Problem> {
    let (programme, code) = domain::wallet_offer(&mut ctx, &address).await?.ok_or_else(Problem::not_found)?;
    let document = json!({
        "credential_issuer": office.wallet_at(""),
        "credential_configuration_ids": [programme],
        "grants": { GRANT: { "pre-authorized_code": code, "tx_code": { "input_mode": "numeric", "length": 6 } } },
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(document)).into_response())
}

/// What cannot be read of a body, in the words of whoever asked.
pub(super) fn unreadable(code: &'static str) -> Fault {
    Fault::new(code, "form", "The request cannot be read.")
}

async fn begin(app: &App) -> Result<Ctx, Fault> {
    Ok(app.store().begin(Actor::Anonymous).await?)
}

#[derive(Deserialize)]
struct Redeemed {
    grant_type: Option<String>,
    #[serde(rename = "pre-authorized_code")]
    code: Option<String>,
    tx_code: Option<String>,
}

/// Gives a token for an offer's code and what the person typed.
async fn token(State(app): State<App>, asked: Result<Form<Redeemed>, FormRejection>) -> Result<Response, Fault> {
    let Ok(Form(asked)) = asked else { return Err(unreadable("invalid_request")) };
    if asked.grant_type.as_deref() != Some(GRANT) {
        return Err(Fault::new("unsupported_grant_type", "grant_type", "Only the pre-authorized code grant is supported."));
    }
    let code = asked.code.ok_or(Fault::new("invalid_request", "code_missing", "pre-authorized_code is missing."))?;
    let mut ctx = begin(&app).await?;
    let answer = domain::redeem_offer(&mut ctx, &code, asked.tx_code.as_deref()).await?;
    ctx.commit().await?;
    let body = json!({ "access_token": answer?, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Gives a challenge.
async fn nonce(State(app): State<App>) -> Result<Response, Fault> {
    let mut ctx = begin(&app).await?;
    let nonce = domain::wallet_nonce(&mut ctx).await?;
    ctx.commit().await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "c_nonce": nonce }))).into_response())
}

fn bearer(headers: &HeaderMap) -> Result<String, Fault> {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let token = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim().to_owned());
    token.ok_or(Fault::new("invalid_token", "token_missing", "An access token is needed."))
}

#[derive(Deserialize)]
struct Asked {
    credential_configuration_id: Option<String>,
    #[serde(default)]
    proofs: Proofs,
    credential_response_encryption: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
struct Proofs {
    #[serde(default)]
    jwt: Vec<String>,
}

/// Issues the card of an offer.
async fn credential(
    State(app): State<App>,
    Extension(office): Of,
    headers: HeaderMap,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Result<Response, Fault> {
    let token = bearer(&headers)?;
    let Ok(Json(asked)) = asked else { return Err(unreadable("invalid_credential_request")) };
    if asked.credential_response_encryption.is_some() {
        return Err(Fault::new("invalid_encryption_parameters", "encryption", "Responses are not encrypted beyond TLS."));
    }
    let proof = Some(asked.proofs.jwt).filter(|all| all.len() == 1).and_then(|mut all| all.pop());
    let asks = WalletAsks { token, configuration: asked.credential_configuration_id, proof };
    let mut ctx = begin(&app).await?;
    let answer = domain::issue_to_wallet(&mut ctx, &office, &asks).await?;
    ctx.commit().await?;
    let made = answer?;
    let body = json!({ "credentials": [{ "credential": made.credential }], "notification_id": made.card });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

#[derive(Deserialize)]
struct Noted {
    notification_id: String,
    event: String,
}

/// Takes note of what became of a card.
async fn notification(State(app): State<App>, headers: HeaderMap, noted: Result<Json<Noted>, JsonRejection>) -> Result<StatusCode, Fault> {
    let token = bearer(&headers)?;
    let Ok(Json(noted)) = noted else { return Err(unreadable("invalid_notification_request")) };
    let mut ctx = begin(&app).await?;
    let answer = domain::wallet_notes(&mut ctx, &token, &noted.notification_id, &noted.event).await?;
    ctx.commit().await?;
    answer?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the signed question of a place.
async fn question(Extension(office): Of, Reader(mut ctx): Reader, Path(token): Path<String>) -> Result<Response, Fault> {
    let question = domain::wallet_question(&mut ctx, &office, &token).await??;
    let headers = [(header::CONTENT_TYPE, "application/oauth-authz-req+jwt"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, question).into_response())
}

/// What a wallet posts (`direct_post`).
#[derive(Deserialize)]
pub(super) struct Said {
    vp_token: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

impl From<Said> for WalletSays {
    fn from(said: Said) -> Self {
        Self { vp_token: said.vp_token, state: said.state, error: said.error }
    }
}

/// Takes a wallet's answer (`direct_post`).
async fn answered(
    State(app): State<App>,
    Extension(office): Of,
    Path(token): Path<String>,
    said: Result<Form<Said>, FormRejection>,
) -> Result<Response, Fault> {
    let Ok(Form(said)) = said else { return Err(unreadable("invalid_request")) };
    let says = said.into();
    let mut ctx = begin(&app).await?;
    let answer = domain::wallet_shows(&mut ctx, &office, &token, &says).await?;
    ctx.commit().await?;
    answer?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({}))).into_response())
}

/// The status list as a JWT, for anyone: it names no one.
async fn status_list(Extension(office): Of, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let token = domain::status_jwt(&mut ctx, &office).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/statuslist+jwt"),
        (header::CACHE_CONTROL, "public, max-age=60"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, token).into_response())
}

/// A question for a wallet, and how far it has come.
#[derive(Serialize, ToSchema)]
pub(super) struct WalletRequest {
    /// Ask again with it; also the id of the answer.
    #[schema(value_type = String)]
    id: UseId,
    /// `waiting`, `declined`, `expired` or `answered`.
    state: &'static str,
    /// What the wallet reads as a QR code or opens, while it is waited for: `openid4vp://…`.
    uri: Option<String>,
    /// Until when it may be answered, RFC 3339.
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    /// The answer, as to a card in a phone.
    answer: Option<Answer>,
}

/// Lets the paired place ask a standard wallet (OpenID4VP 1.0).
#[utoipa::path(post, path = "/api/v1/verifier/wallet-requests", responses((status = 201, body = WalletRequest)), tag = "verifier")]
pub(super) async fn ask_wallet(Extension(office): Of, Caller(mut ctx): Caller) -> Result<(StatusCode, Json<WalletRequest>), Problem> {
    if !matches!(ctx.actor, Actor::Verifier(_)) {
        return Err(Problem::not_signed_in());
    }
    let asked = domain::ask_wallet(&mut ctx, &office).await?;
    ctx.commit().await?;
    let told = WalletRequest { id: asked.id, state: "waiting", uri: Some(asked.uri), expires_at: Some(asked.expires_at), answer: None };
    Ok((StatusCode::CREATED, Json(told)))
}

/// Says how far a question to a wallet has come.
#[utoipa::path(get, path = "/api/v1/verifier/wallet-requests/{id}", params(("id" = String, Path)), responses((status = 200, body = WalletRequest)), tag = "verifier")]
pub(super) async fn wallet_request(
    view: View,
    Extension(office): Of,
    Reader(mut ctx): Reader,
    Path(id): Path<UseId>,
) -> Result<Json<WalletRequest>, Problem> {
    if !matches!(ctx.actor, Actor::Verifier(_)) {
        return Err(Problem::not_signed_in());
    }
    let bare = |state| WalletRequest { id, state, uri: None, expires_at: None, answer: None };
    Ok(Json(match domain::wallet_state(&mut ctx, &office, id).await? {
        WalletState::Waiting(asked) => WalletRequest { uri: Some(asked.uri), expires_at: Some(asked.expires_at), ..bare("waiting") },
        WalletState::Declined => bare("declined"),
        WalletState::Expired => bare("expired"),
        WalletState::Answered(decision) => WalletRequest { answer: Some(super::answer(&view, &decision)), ..bare("answered") },
    }))
}
