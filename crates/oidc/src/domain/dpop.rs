//! Proof that whoever shows a token holds the key it is bound to (DPoP, RFC 9449).

use aws_lc_rs::digest;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use identity::jose::{self, Algorithm};
use jiff::SignedDuration;
use serde::Deserialize;

use super::Once;
use crate::fault::Fault;

/// Algorithms of proofs.
pub(crate) const ALGORITHMS: &[Algorithm] = &[Algorithm::ES256, Algorithm::PS256];
/// How old a proof may be.
const LIFE_S: i64 = 60;

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
}

/// A proof that holds.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    /// The thumbprint of the key.
    pub(crate) key: String,
    /// The proof, to be noted with the change it was made for.
    pub(crate) once: Once,
}

/// Reads the proof that came with a request to `address`, if one did; with `access_token`, it has to be made for that token.
///
/// # Errors
/// [`Fault`] `invalid_dpop_proof`.
pub(crate) fn proof(
    headers: &HeaderMap,
    method: &str,
    address: &str,
    access_token: Option<&str>,
    now: Timestamp,
) -> Result<Option<Proven>, Fault> {
    let mut all = headers.get_all("dpop").iter();
    let Some(first) = all.next() else { return Ok(None) };
    let token = first.to_str().ok().filter(|_| all.next().is_none());
    let token = token.ok_or(Fault::invalid_dpop("There must be one DPoP header."))?;
    let read = jose::verify_self_signed::<Claims>(token, "dpop+jwt", ALGORITHMS);
    let (key, claims) = read.map_err(|_| Fault::invalid_dpop("The DPoP proof is not signed by the key it carries."))?;
    let here = claims.htu.split(['?', '#']).next() == Some(address);
    if claims.htm != method || !here {
        return Err(Fault::invalid_dpop("The DPoP proof was made for another request."));
    }
    let now_s = now.as_second();
    if claims.iat < now_s - LIFE_S || claims.iat > now_s + jose::CLOCKS_DIFFER_S {
        return Err(Fault::invalid_dpop("The DPoP proof is not of this moment."));
    }
    let hash = access_token.map(|token| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes())));
    if hash.is_some() && claims.ath != hash {
        return Err(Fault::invalid_dpop("The DPoP proof was made for another token."));
    }
    if claims.jti.is_empty() {
        return Err(Fault::invalid_dpop("The DPoP proof has no jti."));
    }
    let until = now + SignedDuration::from_secs(LIFE_S + jose::CLOCKS_DIFFER_S);
    Ok(Some(Proven { once: Once::new("dpop", &key, &claims.jti, until), key }))
}

/// What is said when a proof was seen before.
pub(crate) const REPLAYED: Fault = Fault::invalid_dpop("The DPoP proof was used before.");
