use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use serde_json::{Map, Value};

use crate::{AppRefusal, secret};

/// Seconds the provider's clock may differ from ours.
const SKEW_S: i64 = 60;
/// The longest subject (OpenID Connect Core section 2).
const SUBJECT_BYTES_MAX: usize = 255;

/// What an ID token must agree with.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: &'a str,
    pub(super) acr_accepted: &'a [String],
    pub(super) begun_at: Timestamp,
    pub(super) now: Timestamp,
}

/// What is known of the person from an ID token.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) subject: String,
    pub(super) acr: Option<String>,
}

/// Checks the claims of an ID token whose signature is right (OpenID Connect Core section 3.1.3.7).
pub(super) fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<Known, AppRefusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(AppRefusal::TokenIssuer);
    }
    is_for(claims, expected.client_id)?;
    is_in_time(claims, expected)?;
    if text("nonce") != Some(expected.nonce) {
        return Err(AppRefusal::Nonce);
    }
    // The left half of the hash (section 3.1.3.6); every algorithm we take is one of SHA-256.
    let half = || URL_SAFE_NO_PAD.encode(&secret::sha256(expected.access_token.as_bytes())[..16]);
    if claims.get("at_hash").is_some_and(|hash| hash.as_str() != Some(half().as_str())) {
        return Err(AppRefusal::AccessToken);
    }
    let acr = text("acr");
    if !expected.acr_accepted.is_empty() && !expected.acr_accepted.iter().any(|accepted| acr == Some(accepted.as_str())) {
        return Err(AppRefusal::Acr);
    }
    let subject = text("sub").filter(|subject| !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX).ok_or(AppRefusal::Answer)?;
    Ok(Known { subject: subject.to_owned(), acr: acr.map(str::to_owned) })
}

/// The audience holds this client; with others beside it, the token says that it was given out to this client.
fn is_for(claims: &Map<String, Value>, client_id: &str) -> Result<(), AppRefusal> {
    let (audience, alone) = match claims.get("aud") {
        Some(Value::String(one)) => (one == client_id, true),
        Some(Value::Array(all)) => (all.iter().any(|one| one == client_id), all.len() == 1),
        _ => (false, false),
    };
    let party = match claims.get("azp") {
        Some(party) => party == client_id,
        None => alone,
    };
    if audience && party { Ok(()) } else { Err(AppRefusal::Audience) }
}

/// Not ended, begun, and made after the question was asked; so was what the person did for it.
fn is_in_time(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), AppRefusal> {
    let moment = |name: &str| claims.get(name).and_then(Value::as_f64);
    let (now, begun) = (expected.now.as_second() as f64, expected.begun_at.as_second() as f64);
    let skew = SKEW_S as f64;
    let ends = moment("exp").is_some_and(|exp| now < exp + skew);
    let made = moment("iat").is_some_and(|iat| iat <= now + skew && begun <= iat + skew);
    // A provider that says when the person acted says that it was for this question. Whether all say so is not known; the standard has them.
    let acted = claims.get("auth_time").is_none() || moment("auth_time").is_some_and(|acted| begun <= acted + skew);
    let begins = claims.get("nbf").is_none() || moment("nbf").is_some_and(|nbf| nbf <= now + skew);
    if ends && made && acted && begins { Ok(()) } else { Err(AppRefusal::Time) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-11-23T03:05:00Z".parse().unwrap()
    }

    fn checked(change: Value) -> Result<Known, AppRefusal> {
        let at = now().as_second();
        let mut claims = json!({
            "iss": "https://op.example.jp", "aud": "town", "sub": "p1", "nonce": "n", "iat": at, "exp": at + 300, "acr": "aal3",
            "at_hash": URL_SAFE_NO_PAD.encode(&secret::sha256(b"access")[..16]),
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims = claims.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        let claims = claims.map(|(name, value)| (name.clone(), value.clone())).collect();
        let accepted = ["aal3".to_owned()];
        let begun_at = "2026-11-23T03:00:00Z".parse().unwrap();
        let expected = Expected {
            issuer: "https://op.example.jp",
            client_id: "town",
            nonce: "n",
            access_token: "access",
            acr_accepted: &accepted,
            begun_at,
            now: now(),
        };
        check(&claims, &expected)
    }

    #[test]
    fn a_token_for_this_question_is_believed() {
        let at = now().as_second();
        for good in [
            json!({}),
            json!({ "aud": ["town"] }),
            json!({ "aud": ["town", "other"], "azp": "town" }),
            json!({ "azp": "town" }),
            json!({ "at_hash": null }),
            json!({ "exp": at - 59, "iat": at - 359 }),
            json!({ "iat": at + 59 }),
            json!({ "nbf": at, "exp": (at + 10) as f64 + 0.5 }),
        ] {
            assert_eq!(checked(good.clone()).unwrap().subject, "p1", "{good}");
        }
    }

    #[test]
    fn each_claim_that_is_wrong_is_said() {
        let at = now().as_second();
        for (bad, why) in [
            (json!({ "iss": "https://other.example.jp" }), AppRefusal::TokenIssuer),
            (json!({ "iss": "https://op.example.jp/" }), AppRefusal::TokenIssuer),
            (json!({ "iss": null }), AppRefusal::TokenIssuer),
            (json!({ "aud": "other" }), AppRefusal::Audience),
            (json!({ "aud": [] }), AppRefusal::Audience),
            (json!({ "aud": null }), AppRefusal::Audience),
            (json!({ "aud": ["town", "other"] }), AppRefusal::Audience),
            (json!({ "azp": "other" }), AppRefusal::Audience),
            (json!({ "exp": at - 60 }), AppRefusal::Time),
            (json!({ "exp": null }), AppRefusal::Time),
            (json!({ "exp": "never" }), AppRefusal::Time),
            (json!({ "iat": at + 61 }), AppRefusal::Time),
            (json!({ "iat": at - 361 }), AppRefusal::Time),
            (json!({ "iat": null }), AppRefusal::Time),
            (json!({ "nbf": at + 61 }), AppRefusal::Time),
            (json!({ "auth_time": at - 361 }), AppRefusal::Time),
            (json!({ "nonce": "m" }), AppRefusal::Nonce),
            (json!({ "nonce": null }), AppRefusal::Nonce),
            (json!({ "at_hash": "x" }), AppRefusal::AccessToken),
            (json!({ "acr": "aal1" }), AppRefusal::Acr),
            (json!({ "acr": null }), AppRefusal::Acr),
            (json!({ "sub": "" }), AppRefusal::Answer),
            (json!({ "sub": null }), AppRefusal::Answer),
            (json!({ "sub": "x".repeat(256) }), AppRefusal::Answer),
        ] {
            assert_eq!(checked(bad.clone()).unwrap_err(), why, "{bad}");
        }
    }
}
