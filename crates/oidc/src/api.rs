//! The protocol: what services and their programs ask. Its words are the standards'; `docs/connect-a-service.md` shows it to their developers.

use std::sync::Arc;

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use civil::Timestamp;
use identity::jose::Algorithm;
use serde_json::{Map, Value, json};
use store::{Actor, Store};
use web::{App, public_json};

use crate::domain::{Once, authorize, client_auth, device, dpop, grouped, note_refusal, token, userinfo};
use crate::fault::Fault;
use crate::model::{Acr, AuthRequest, Client, Scope};
use crate::provider::Provider;
use crate::rules::{self, ACCESS_LIFE, DEVICE_LIFE, DEVICE_WAIT_S, Parameters};

const AUTHORIZE: &str = "/oidc/authorize";
const TOKEN: &str = "/oidc/token";
const PAR: &str = "/oidc/par";
const USERINFO: &str = "/oidc/userinfo";
const INTROSPECT: &str = "/oidc/introspect";
const REVOKE: &str = "/oidc/revoke";
const DEVICE: &str = "/oidc/device_authorization";
/// Seconds for which what everybody may know may be kept.
const KEPT_S: u32 = 300;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/oauth-authorization-server", get(discovery))
        .route("/oidc/jwks", get(keys))
        .route(PAR, post(push))
        .route(TOKEN, post(tokens))
        .route(USERINFO, get(told).post(told))
        .route(INTROSPECT, post(introspect))
        .route(REVOKE, post(revoke))
        .route(DEVICE, post(begin_device))
}

/// The form a service posts. Anything else is answered in the protocol's own words.
struct Posted(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let read = Form::<Vec<(String, String)>>::from_request(request, state).await;
        read.map(|Form(pairs)| Self(pairs)).map_err(|_| Fault::invalid_request("form", "Parameters must be posted as a form."))
    }
}

type Of = Extension<Arc<Provider>>;

/// What this provider can do (OpenID Connect Discovery 1.0, RFC 8414).
async fn discovery(State(app): State<App>, Extension(provider): Of) -> Response {
    let names = |algorithms: &[Algorithm]| -> Vec<String> { algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect() };
    let mut scopes: Vec<String> =
        [Scope::OpenId, Scope::Profile, Scope::Birthdate, Scope::Resident, Scope::District, Scope::OfflineAccess, Scope::AgeOver(20)]
            .iter()
            .map(ToString::to_string)
            .collect();
    scopes.extend(app.town().programmes.iter().map(|programme| Scope::Programme(programme.id.clone()).to_string()));
    let methods = ["private_key_jwt", "client_secret_basic"];
    let document = json!({
        "issuer": provider.issuer(),
        "authorization_endpoint": provider.at(AUTHORIZE),
        "token_endpoint": provider.at(TOKEN),
        "userinfo_endpoint": provider.at(USERINFO),
        "jwks_uri": provider.at("/oidc/jwks"),
        "pushed_authorization_request_endpoint": provider.at(PAR),
        "introspection_endpoint": provider.at(INTROSPECT),
        "revocation_endpoint": provider.at(REVOKE),
        "device_authorization_endpoint": provider.at(DEVICE),
        "end_session_endpoint": provider.at("/oidc/logout"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": names(client_auth::ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": names(client_auth::ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": names(client_auth::ALGORITHMS),
        "dpop_signing_alg_values_supported": names(dpop::ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": scopes,
        "claims_supported": ["sub", "name", "birthdate", "resident", "municipality_code", "district", "age_over_20", "entitlements", "auth_time", "acr", "amr", "sid"],
        "acr_values_supported": Acr::ALL.iter().map(|acr| acr.as_str()).collect::<Vec<_>>(),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": app.town().languages.iter().map(|language| language.html().to_owned()).collect::<Vec<_>>(),
        "require_pushed_authorization_requests": false,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    });
    public_json(document, KEPT_S)
}

/// The keys our tokens are checked with.
async fn keys(Extension(provider): Of) -> Response {
    public_json(json!(provider.keys().public()), KEPT_S)
}

/// A request of a service that has shown that it is itself.
struct Asked {
    who: client_auth::Authenticated,
    parameters: Parameters,
}

async fn asked(
    store: &Store,
    provider: &Provider,
    headers: &HeaderMap,
    pairs: Vec<(String, String)>,
    endpoint: &str,
) -> Result<Asked, Fault> {
    let parameters = Parameters::new(pairs)?;
    let who = client_auth::authenticate(store, provider, headers, &parameters, endpoint).await?;
    Ok(Asked { who, parameters })
}

/// Notes a refusal and passes it on.
async fn refused(store: &Store, who: &client_auth::Authenticated, fault: Fault) -> Fault {
    // A device that waits is not refused.
    if !matches!(fault.code, "authorization_pending" | "slow_down") {
        note_refusal(store, who.client.id, &fault).await;
    }
    fault
}

/// Takes an authorization request before the browser brings its name (RFC 9126).
async fn push(State(app): State<App>, Extension(provider): Of, headers: HeaderMap, Posted(pairs): Posted) -> Result<Response, Fault> {
    let Asked { who, parameters } = asked(app.store(), &provider, &headers, pairs, PAR).await?;
    let (request, proof) = match pushed(&provider, &who.client, &parameters, &headers, app.store().clock().now()) {
        Ok(read) => read,
        Err(fault) => return Err(refused(app.store(), &who, fault).await),
    };
    once(app.store(), &who).await?;
    if let Some(proof) = proof
        && !seen_first(app.store(), proof.once).await?
    {
        return Err(refused(app.store(), &who, dpop::REPLAYED).await);
    }
    let uri = authorize::push(&provider, &who.client, request, app.store().clock().now());
    let body = Json(json!({ "request_uri": uri, "expires_in": authorize::pushed_life_s() }));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// Reads a pushed request and the proof that came with it: its key is the one the code will be bound to.
fn pushed(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(AuthRequest, Option<dpop::Proven>), Fault> {
    let proof = dpop::proof(headers, "POST", &provider.at(PAR), None, now)?;
    rules::redirect_uri(client, parameters)?;
    let mut request = rules::auth_request(client, parameters, now)?;
    if let Some(proof) = &proof {
        // RFC 9449 section 10.1.
        if request.dpop_key.as_ref().is_some_and(|key| *key != proof.key) {
            return Err(Fault::invalid_dpop("dpop_jkt names another key than the DPoP proof."));
        }
        request.dpop_key = Some(proof.key.clone());
    }
    Ok((request, proof))
}

fn handed(parameters: &Parameters) -> Result<token::Handed, Fault> {
    let need = |name, description| parameters.need(name, description).map(str::to_owned);
    match parameters.need("grant_type", "grant_type is missing.")? {
        "authorization_code" => Ok(token::Handed::Code {
            code: need("code", "code is missing.")?,
            verifier: need("code_verifier", "code_verifier is missing.")?,
            redirect_uri: need("redirect_uri", "redirect_uri is missing.")?,
        }),
        "refresh_token" => Ok(token::Handed::Refresh { token: need("refresh_token", "refresh_token is missing.")? }),
        "urn:ietf:params:oauth:grant-type:device_code" => {
            Ok(token::Handed::Device { code: need("device_code", "device_code is missing.")? })
        }
        _ => Err(Fault::new("unsupported_grant_type", "grant_type", "This grant_type is not supported.")),
    }
}

/// Gives tokens for a code, a refresh token or a device's code.
async fn tokens(State(app): State<App>, Extension(provider): Of, headers: HeaderMap, Posted(pairs): Posted) -> Result<Response, Fault> {
    let Asked { who, parameters } = asked(app.store(), &provider, &headers, pairs, TOKEN).await?;
    let proof = dpop::proof(&headers, "POST", &provider.at(TOKEN), None, app.store().clock().now());
    let (handed, proof) = match (handed(&parameters), proof) {
        (Ok(handed), Ok(proof)) => (handed, proof),
        (Err(fault), _) | (_, Err(fault)) => return Err(refused(app.store(), &who, fault).await),
    };
    let asking = Arc::new(token::Asking { client: who.client.clone(), assertion: who.assertion, proof });
    let handed = Arc::new(handed);
    let sealing = Arc::clone(&provider);
    let answer = grouped(app.store(), move |ctx| {
        let (provider, asking, handed) = (Arc::clone(&sealing), Arc::clone(&asking), Arc::clone(&handed));
        Box::pin(async move { Ok(token::answer(ctx, &provider, &asking, &handed).await?) })
    })
    .await?;
    let made = match answer {
        Ok(made) => made,
        Err(fault) => return Err(refused(app.store(), &who, fault).await),
    };
    let mut body = json!({
        "access_token": made.access,
        "token_type": if made.bound { "DPoP" } else { "Bearer" },
        "expires_in": ACCESS_LIFE.as_secs(),
        "scope": made.scopes.to_string(),
        "id_token": token::id_token(&provider, &who.client, &made)?,
    });
    if let Some(refresh) = made.refresh {
        body["refresh_token"] = refresh.into();
    }
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(body)).into_response())
}

/// Gives what an access token opens.
async fn told(State(app): State<App>, Extension(provider): Of, method: Method, headers: HeaderMap) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let (scheme, answer) = match shown {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("DPoP") => {
            ("DPoP", bound(app.store(), &provider, &method, &headers, token).await)
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => ("Bearer", open(app.store(), &provider, token, None).await),
        _ => {
            // Without a token there is nothing wrong with it: no error is named (RFC 6750 section 3.1).
            let words = r#"Bearer realm="tegata", DPoP algs="ES256 PS256""#;
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, words)], Json(json!({}))).into_response();
        }
    };
    match answer {
        Ok(claims) => ([(header::CACHE_CONTROL, "no-store")], Json(claims)).into_response(),
        Err(fault) => fault.of_resource(scheme),
    }
}

async fn open(store: &Store, provider: &Provider, token: &str, key: Option<&str>) -> Result<Map<String, Value>, Fault> {
    let told = {
        let mut ctx = store.read(Actor::Anonymous).await?;
        userinfo::userinfo(&mut ctx, provider, token, key).await?
    };
    if let Some(grant) = told.unnoted {
        grouped(store, move |ctx| {
            let grant = grant.clone();
            Box::pin(async move { Ok(userinfo::note(ctx, &grant).await?) })
        })
        .await?;
    }
    Ok(told.claims)
}

async fn bound(store: &Store, provider: &Provider, method: &Method, headers: &HeaderMap, token: &str) -> Result<Map<String, Value>, Fault> {
    let proof = dpop::proof(headers, method.as_str(), &provider.at(USERINFO), Some(token), store.clock().now())?;
    let proof = proof.ok_or(Fault::invalid_dpop("The DPoP proof is missing."))?;
    let claims = open(store, provider, token, Some(&proof.key)).await?;
    if seen_first(store, proof.once).await? { Ok(claims) } else { Err(dpop::REPLAYED) }
}

/// Says whether a token of the asking service counts (RFC 7662).
async fn introspect(State(app): State<App>, Extension(provider): Of, headers: HeaderMap, Posted(pairs): Posted) -> Result<Response, Fault> {
    let Asked { who, parameters } = asked(app.store(), &provider, &headers, pairs, INTROSPECT).await?;
    once(app.store(), &who).await?;
    let token = match parameters.need("token", "token is missing.") {
        Ok(token) => token,
        Err(fault) => return Err(refused(app.store(), &who, fault).await),
    };
    let mut ctx = app.store().read(Actor::Anonymous).await?;
    let answer = userinfo::introspect(&mut ctx, &provider, &who.client, token).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// Ends a token of the asking service (RFC 7009); one that is not there is as good as ended.
async fn revoke(State(app): State<App>, Extension(provider): Of, headers: HeaderMap, Posted(pairs): Posted) -> Result<StatusCode, Fault> {
    let Asked { who, parameters } = asked(app.store(), &provider, &headers, pairs, REVOKE).await?;
    once(app.store(), &who).await?;
    let token = match parameters.need("token", "token is missing.") {
        Ok(token) => token.to_owned(),
        Err(fault) => return Err(refused(app.store(), &who, fault).await),
    };
    let client = who.client.clone();
    grouped(app.store(), move |ctx| {
        let (provider, client, token) = (Arc::clone(&provider), client.clone(), token.clone());
        Box::pin(async move { Ok(token::revoke(ctx, &provider, &client, &token).await?) })
    })
    .await?;
    Ok(StatusCode::OK)
}

/// Notes the assertion a service authenticated with.
async fn once(store: &Store, who: &client_auth::Authenticated) -> Result<(), Fault> {
    let Some(assertion) = who.assertion else { return Ok(()) };
    if seen_first(store, assertion).await? { Ok(()) } else { Err(refused(store, who, client_auth::REPLAYED).await) }
}

/// Notes a message that counts once; false when it was seen before.
async fn seen_first(store: &Store, once: Once) -> Result<bool, Fault> {
    grouped(store, move |ctx| Box::pin(async move { Ok(once.see(ctx).await?) })).await
}

/// Lets a device without a keyboard wait for a person (RFC 8628).
async fn begin_device(
    State(app): State<App>,
    Extension(provider): Of,
    headers: HeaderMap,
    Posted(pairs): Posted,
) -> Result<Response, Fault> {
    let Asked { who, parameters } = asked(app.store(), &provider, &headers, pairs, DEVICE).await?;
    once(app.store(), &who).await?;
    let scopes = match rules::scopes(&who.client, parameters.get("scope").unwrap_or("openid")) {
        Ok(scopes) => scopes,
        Err(fault) => return Err(refused(app.store(), &who, fault).await),
    };
    let client = who.client.clone();
    let codes = grouped(app.store(), move |ctx| {
        let (client, scopes) = (client.clone(), scopes.clone());
        Box::pin(async move { Ok(device::begin(ctx, &client, scopes).await?) })
    })
    .await?;
    let shown = format!("{}-{}", &codes.user[..4], &codes.user[4..]);
    let body = json!({
        "device_code": codes.device,
        "user_code": shown,
        "verification_uri": provider.at("/device"),
        "verification_uri_complete": provider.at(&format!("/device?code={shown}")),
        "expires_in": DEVICE_LIFE.as_secs(),
        "interval": DEVICE_WAIT_S,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
