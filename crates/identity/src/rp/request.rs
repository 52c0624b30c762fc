use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use town::{AssertionAudience, IdentityApp};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{AppKey, AppProvider, AppReply};
use crate::{AppAnswer, AppRefusal, secret};

/// RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds the client's assertion counts.
const ASSERTION_S: i64 = 60;
/// The longest code a provider may give out.
const CODE_BYTES_MAX: usize = 4096;

/// The secrets of one question.
pub(crate) struct Asking<'a> {
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) verifier: &'a str,
    /// What the provider calls the transaction in which the card signs.
    pub(crate) transaction: Option<&'a str>,
}

/// The authorization request (OpenID Connect Core section 3.1.2.1, with PKCE of RFC 7636).
pub(super) fn authorization(app: &IdentityApp, provider: &AppProvider, callback: &str, asking: &Asking<'_>) -> Result<String, AppRefusal> {
    let mut address = Url::parse(&provider.authorization).map_err(|_| AppRefusal::Discovery)?;
    let challenge = URL_SAFE_NO_PAD.encode(secret::sha256(asking.verifier.as_bytes()));
    let mut query = address.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.client_id)
        .append_pair("redirect_uri", callback)
        .append_pair("scope", &app.scopes.join(" "))
        .append_pair("state", asking.state)
        .append_pair("nonce", asking.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        // The person acts now: a provider that still knows a shared computer's last user signs nobody in (OpenID Connect Core section 3.1.2.1).
        .append_pair("max_age", "0");
    if !app.acr_values.is_empty() {
        query.append_pair("acr_values", &app.acr_values.join(" "));
    }
    if let (Some(sign), Some(transaction)) = (&app.sign, asking.transaction) {
        query.append_pair(&sign.parameter, transaction);
    }
    drop(query);
    Ok(address.into())
}

/// The code of an answer, or why there is none.
pub(super) fn code_of(answer: &AppAnswer) -> Result<&str, AppRefusal> {
    match answer.error.as_deref() {
        None => {}
        Some("access_denied") => return Err(AppRefusal::Cancelled),
        Some("temporarily_unavailable" | "server_error") => return Err(AppRefusal::Away),
        Some(_) => return Err(AppRefusal::Provider),
    }
    answer.code.as_deref().filter(|code| !code.is_empty() && code.len() <= CODE_BYTES_MAX).ok_or(AppRefusal::Answer)
}

/// What proves to the provider that it is this town who asks (`private_key_jwt`, OpenID Connect Core section 9).
pub(super) fn assertion(app: &IdentityApp, key: &AppKey, provider: &AppProvider, now: Timestamp) -> Result<String, AppRefusal> {
    let audience = match app.assertion_audience {
        AssertionAudience::TokenEndpoint => &provider.token,
        AssertionAudience::Issuer => &app.issuer,
    };
    let at = now.as_second();
    key.sign(&json!({
        "iss": app.client_id, "sub": app.client_id, "aud": audience, "jti": secret::token(), "iat": at, "exp": at + ASSERTION_S,
    }))
    .ok_or(AppRefusal::Provider)
}

/// What the tokens of a question are asked for with.
pub(super) fn code_form(app: &IdentityApp, assertion: &str, callback: &str, code: &str, verifier: &str) -> String {
    let grant = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback), ("code_verifier", verifier)];
    token_form(app, assertion, &grant)
}

/// What a token of the town's own is asked for with (RFC 6749 section 4.4).
pub(super) fn own_form(app: &IdentityApp, assertion: &str, scope: &str) -> String {
    token_form(app, assertion, &[("grant_type", "client_credentials"), ("scope", scope)])
}

fn token_form(app: &IdentityApp, assertion: &str, grant: &[(&str, &str)]) -> String {
    let client = [("client_id", app.client_id.as_str()), ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
    Serializer::new(String::new()).extend_pairs(grant.iter().chain(&client)).finish()
}

/// What a code was exchanged for.
#[derive(Deserialize)]
pub(super) struct Tokens {
    #[serde(flatten)]
    pub(super) access: Access,
    pub(super) id_token: String,
}

/// What a provider is asked more with.
#[derive(Deserialize)]
pub(super) struct Access {
    access_token: String,
    token_type: String,
}

impl Access {
    /// The token, if it can stand in a header of ours: one line, and shown as it is.
    pub(super) fn bearer(&self) -> Result<&str, AppRefusal> {
        let plain = !self.access_token.is_empty() && self.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && self.token_type.eq_ignore_ascii_case("bearer") { Ok(&self.access_token) } else { Err(AppRefusal::Answer) }
    }
}

/// The token response, or the reason of its refusal (RFC 6749 section 5).
pub(super) fn granted<T: DeserializeOwned>(reply: &AppReply) -> Result<T, AppRefusal> {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    if reply.status != 200 {
        let refused = serde_json::from_slice::<Refused>(&reply.body);
        return Err(match refused {
            Ok(refused) if refused.error == "invalid_grant" => AppRefusal::Code,
            _ => AppRefusal::Provider,
        });
    }
    serde_json::from_slice(&reply.body).map_err(|_| AppRefusal::Answer)
}
