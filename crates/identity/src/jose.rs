//! Signed tokens as OpenID Connect speaks them (JWS in compact form, RFC 7515; JWK, RFC 7517; BCP 225): the keys the house signs with, and what it
//! believes of others' tokens.
//!
//! The library checks signatures; what a token says of its time is checked here, by the caller's clock.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use jsonwebtoken::Algorithm;
pub use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};

/// Seconds two honest clocks may differ.
pub const CLOCKS_DIFFER_S: i64 = 30;

/// A key the house signs tokens with.
pub struct TokenKey {
    kid: String,
    algorithm: Algorithm,
    secret: Secret,
    public: Jwk,
}

/// What signs. The library reads and checks a key anew for every signature, which for ES256 takes longer than signing: those are read once and kept.
enum Secret {
    Es256(EcdsaKeyPair),
    Rs256(EncodingKey),
}

/// Why a token is not believed. Never holds the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// It is no token of this form, or misses a claim it must have.
    #[error("token is malformed")]
    Malformed,
    /// Its algorithm is not one of those allowed, or its type is another.
    #[error("token is of a kind that is not allowed")]
    NotAllowed,
    /// No key of its signer has its key id: the signer may have taken a new one since.
    #[error("token is signed by an unknown key")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("signature does not hold")]
    Signature,
    /// It is over, not valid yet, or from the future.
    #[error("token is not of this time")]
    Time,
    /// Another issuer made it.
    #[error("token is another issuer's")]
    Issuer,
    /// It is meant for somebody else.
    #[error("token is meant for somebody else")]
    Audience,
    /// A key is not what it must be.
    #[error("key cannot be used")]
    Key,
}

/// What a token must be to be believed.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The algorithms it may be signed with; never one with a shared secret.
    pub algorithms: &'a [Algorithm],
    /// The `typ` of its header, where it must have one.
    pub kind: Option<&'a str>,
    /// Its `iss`.
    pub issuer: &'a str,
    /// One of these must be in its `aud`.
    pub audiences: &'a [&'a str],
    /// The moment it is looked at.
    pub now: Timestamp,
}

impl TokenKey {
    /// Reads a key for ES256 from PKCS#8.
    ///
    /// # Errors
    /// [`JoseError::Key`].
    pub fn es256(pkcs8: &[u8]) -> Result<Self, JoseError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| JoseError::Key)?;
        let (public, kid) = public_of(&EncodingKey::from_ec_der(pkcs8), Algorithm::ES256)?;
        Ok(Self { kid, algorithm: Algorithm::ES256, secret: Secret::Es256(pair), public })
    }

    /// Reads a key for RS256 from PKCS#8, for services that know no other algorithm.
    ///
    /// # Errors
    /// [`JoseError::Key`].
    pub fn rs256(pkcs8: &[u8]) -> Result<Self, JoseError> {
        let secret = EncodingKey::from_rsa_pem(pem(pkcs8).as_bytes()).map_err(|_| JoseError::Key)?;
        let (public, kid) = public_of(&secret, Algorithm::RS256)?;
        Ok(Self { kid, algorithm: Algorithm::RS256, secret: Secret::Rs256(secret), public })
    }

    /// Its id: the thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What others check its signatures with.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// Signs claims into a token of a type (`JWT`, `logout+jwt`).
    ///
    /// # Errors
    /// [`JoseError::Key`] when the claims cannot be written as JSON or the key does not sign.
    pub fn sign<T: Serialize>(&self, kind: &str, claims: &T) -> Result<String, JoseError> {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.kid.clone());
        self.signed(&header, claims)
    }

    fn signed<T: Serialize>(&self, header: &Header, claims: &T) -> Result<String, JoseError> {
        match &self.secret {
            Secret::Rs256(key) => jsonwebtoken::encode(header, claims, key).map_err(|_| JoseError::Key),
            Secret::Es256(pair) => {
                let part = |json: serde_json::Result<Vec<u8>>| Ok(URL_SAFE_NO_PAD.encode(json.map_err(|_| JoseError::Key)?));
                let mut token = [part(serde_json::to_vec(header))?, part(serde_json::to_vec(claims))?].join(".");
                let signature = pair.sign(&SystemRandom::new(), token.as_bytes()).map_err(|_| JoseError::Key)?;
                token.push('.');
                URL_SAFE_NO_PAD.encode_string(signature, &mut token);
                Ok(token)
            }
        }
    }
}

/// The public half of a key as others are given it, and its id.
fn public_of(secret: &EncodingKey, algorithm: Algorithm) -> Result<(Jwk, String), JoseError> {
    let mut public = Jwk::from_encoding_key(secret, algorithm).map_err(|_| JoseError::Key)?;
    let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| JoseError::Key)?;
    public.common.key_id = Some(kid.clone());
    public.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
    Ok((public, kid))
}

/// Signs a token that carries its own public key instead of a key id, as a DPoP proof does (RFC 9449).
///
/// # Errors
/// As [`TokenKey::sign`].
pub fn sign_with_key<T: Serialize>(key: &TokenKey, kind: &str, claims: &T) -> Result<String, JoseError> {
    let mut header = Header::new(key.algorithm);
    header.typ = Some(kind.to_owned());
    header.jwk = Some(key.public.clone());
    key.signed(&header, claims)
}

/// Signs a token that carries the certificates of its key instead of a key id, each in base64 of its DER (RFC 7515 section 4.1.6).
///
/// # Errors
/// As [`TokenKey::sign`].
pub fn sign_with_chain<T: Serialize>(key: &TokenKey, kind: &str, chain: Vec<String>, claims: &T) -> Result<String, JoseError> {
    let mut header = Header::new(key.algorithm);
    header.typ = Some(kind.to_owned());
    header.x5c = Some(chain);
    key.signed(&header, claims)
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({:?} {})", self.algorithm, self.kid)
    }
}

/// Makes a key for ES256, in PKCS#8.
///
/// # Errors
/// [`JoseError::Key`] when there is no chance to be had.
pub fn make_es256() -> Result<Vec<u8>, JoseError> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    Ok(made.map_err(|_| JoseError::Key)?.as_ref().to_vec())
}

/// Makes a key of 2,048 bits for RS256, in PKCS#8.
///
/// # Errors
/// As [`make_es256`].
pub fn make_rs256() -> Result<Vec<u8>, JoseError> {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
    let made = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| JoseError::Key)?;
    let der: Pkcs8V1Der<'_> = made.as_der().map_err(|_| JoseError::Key)?;
    Ok(der.as_ref().to_vec())
}

/// Reads a token that one of `keys` signed, and gives what it says.
///
/// # Errors
/// [`JoseError`].
pub fn verify<T: DeserializeOwned>(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<T, JoseError> {
    let claims = signed_by_one_of(token, keys, expected)?;
    in_time(&claims, expected.now)?;
    of_whom(claims, expected)
}

/// Reads a token of our own that may be over: what a service shows to say which sign-in it means.
///
/// # Errors
/// [`JoseError`].
pub fn verify_at_any_time<T: DeserializeOwned>(token: &str, keys: &JwkSet, issuer: &str, audience: &str) -> Result<T, JoseError> {
    let algorithms = &[Algorithm::ES256, Algorithm::RS256];
    let expected = Expected { algorithms, kind: None, issuer, audiences: &[audience], now: Timestamp::UNIX_EPOCH };
    of_whom(signed_by_one_of(token, keys, &expected)?, &expected)
}

fn signed_by_one_of(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Value, JoseError> {
    let header = header_of(token, expected.algorithms, expected.kind)?;
    if let Some(key) = header.kid.as_deref().and_then(|kid| keys.find(kid)) {
        return signed_by(token, key, header.alg);
    }
    // A key without an id may have any, a token without one may be any key's.
    let may_be = |key: &&Jwk| header.kid.is_none() || key.common.key_id.is_none();
    let tried = keys.keys.iter().filter(may_be).map(|key| signed_by(token, key, header.alg));
    tried.reduce(|before, after| before.or(after)).ok_or(JoseError::UnknownKey)?
}

fn of_whom<T: DeserializeOwned>(claims: Value, expected: &Expected<'_>) -> Result<T, JoseError> {
    if claims.get("iss").and_then(Value::as_str) != Some(expected.issuer) {
        return Err(JoseError::Issuer);
    }
    if !audiences(&claims).any(|audience| expected.audiences.contains(&audience)) {
        return Err(JoseError::Audience);
    }
    serde_json::from_value(claims).map_err(|_| JoseError::Malformed)
}

/// Reads a token that carries its own key, as a DPoP proof does (RFC 9449); gives the key's thumbprint and what the token says. Its time is the caller's
/// to judge.
///
/// # Errors
/// [`JoseError`].
pub fn verify_self_signed<T: DeserializeOwned>(token: &str, kind: &str, algorithms: &[Algorithm]) -> Result<(String, T), JoseError> {
    let header = header_of(token, algorithms, Some(kind))?;
    if carries_private_part(token) {
        return Err(JoseError::Key);
    }
    let key = header.jwk.as_ref().ok_or(JoseError::Malformed)?;
    let claims = signed_by(token, key, header.alg)?;
    let thumbprint = key.thumbprint(ThumbprintHash::SHA256).map_err(|_| JoseError::Key)?;
    Ok((thumbprint, serde_json::from_value(claims).map_err(|_| JoseError::Malformed)?))
}

/// Reads what a token says of itself before it is known whose key to check it with. Nothing of it may be believed.
///
/// # Errors
/// [`JoseError::Malformed`].
pub fn unverified<T: DeserializeOwned>(token: &str) -> Result<T, JoseError> {
    jsonwebtoken::dangerous::insecure_decode::<T>(token).map(|read| read.claims).map_err(|_| JoseError::Malformed)
}

/// Says whether a public key can check signatures of an algorithm.
pub fn key_can(key: &Jwk, algorithm: Algorithm) -> bool {
    let named = key.common.key_algorithm.is_none_or(|named| named == algorithm.into());
    named && DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family())
}

/// Whether the key a token carries is a private one: its sender has given it away (RFC 9449 section 4.3). The library leaves such members out.
fn carries_private_part(token: &str) -> bool {
    let header = token.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let header: Value = header.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    ["d", "p", "q", "k"].iter().any(|part| header["jwk"].get(part).is_some())
}

fn header_of(token: &str, algorithms: &[Algorithm], kind: Option<&str>) -> Result<Header, JoseError> {
    // An algorithm the library does not know, `none` among them, is no header to it.
    let header = jsonwebtoken::decode_header(token).map_err(|_| JoseError::NotAllowed)?;
    let of_kind = kind.is_none_or(|kind| header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(kind)));
    let shared = matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
    if !algorithms.contains(&header.alg) || shared || !of_kind || header.crit.is_some() { Err(JoseError::NotAllowed) } else { Ok(header) }
}

fn signed_by(token: &str, key: &Jwk, algorithm: Algorithm) -> Result<Value, JoseError> {
    if key.common.key_algorithm.is_some_and(|named| named != algorithm.into()) {
        return Err(JoseError::NotAllowed);
    }
    let key = DecodingKey::from_jwk(key).map_err(|_| JoseError::Key)?;
    let mut check = Validation::new(algorithm);
    check.required_spec_claims.clear();
    // By the caller's clock, and with issuer and audience required rather than checked where they happen to be.
    check.validate_exp = false;
    check.validate_aud = false;
    let read = jsonwebtoken::decode::<Value>(token, &key, &check);
    let claims = read.map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => JoseError::NotAllowed,
        jsonwebtoken::errors::ErrorKind::InvalidSignature => JoseError::Signature,
        _ => JoseError::Malformed,
    })?;
    Ok(claims.claims)
}

fn in_time(claims: &Value, now: Timestamp) -> Result<(), JoseError> {
    let second = |name: &str| match claims.get(name) {
        None => Ok(None),
        // A NumericDate may have a fraction (RFC 7519 section 2); the second it lies in is enough.
        Some(value) => value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64)).map(Some).ok_or(JoseError::Malformed),
    };
    let now = now.as_second();
    let ends = second("exp")?.ok_or(JoseError::Malformed)?;
    let begins = [second("nbf")?, second("iat")?].into_iter().flatten().max();
    let over = ends <= now.saturating_sub(CLOCKS_DIFFER_S);
    let to_come = begins.is_some_and(|begins| begins > now.saturating_add(CLOCKS_DIFFER_S));
    if over || to_come { Err(JoseError::Time) } else { Ok(()) }
}

/// Whom a token is meant for: one or several (RFC 7519 section 4.1.3).
fn audiences(claims: &Value) -> impl Iterator<Item = &str> {
    let (one, several) = match claims.get("aud") {
        Some(Value::String(one)) => (Some(one.as_str()), [].as_slice()),
        Some(Value::Array(several)) => (None, several.as_slice()),
        _ => (None, [].as_slice()),
    };
    one.into_iter().chain(several.iter().filter_map(Value::as_str))
}

/// PKCS#8 as PEM, which is the only form in which the library takes it for RSA.
fn pem(pkcs8: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use serde_json::json;

    use super::*;

    const BOTH: &[Algorithm] = &[Algorithm::ES256, Algorithm::RS256];

    fn now() -> Timestamp {
        "2026-11-26T03:00:00Z".parse().unwrap()
    }

    fn key() -> TokenKey {
        TokenKey::es256(&make_es256().unwrap()).unwrap()
    }

    fn set(keys: &[&TokenKey]) -> JwkSet {
        JwkSet { keys: keys.iter().map(|key| key.public().clone()).collect() }
    }

    fn expected(now: Timestamp) -> Expected<'static> {
        Expected { algorithms: BOTH, kind: None, issuer: "https://a.example", audiences: &["b"], now }
    }

    fn claims() -> Value {
        json!({ "iss": "https://a.example", "aud": "b", "sub": "c", "iat": now().as_second(), "exp": now().as_second() + 60 })
    }

    #[test]
    fn what_one_signs_another_reads_with_either_algorithm() {
        for key in [key(), TokenKey::rs256(&make_rs256().unwrap()).unwrap()] {
            let token = key.sign("JWT", &claims()).unwrap();
            let read: Value = verify(&token, &set(&[&key]), &expected(now())).unwrap();
            assert_eq!(read["sub"], "c");
        }
    }

    #[test]
    fn a_token_counts_for_its_time_issuer_and_audience_only() {
        let key = key();
        let told = |claims: &Value, at: Timestamp| verify::<Value>(&key.sign("JWT", claims).unwrap(), &set(&[&key]), &expected(at));
        let later = |seconds| now() + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(told(&claims(), later(60 + CLOCKS_DIFFER_S)).unwrap_err(), JoseError::Time);
        assert!(told(&claims(), later(59 + CLOCKS_DIFFER_S)).is_ok());
        assert_eq!(told(&claims(), later(-1 - CLOCKS_DIFFER_S)).unwrap_err(), JoseError::Time);
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            claims
        };
        assert_eq!(told(&with("iss", json!("https://evil.example")), now()).unwrap_err(), JoseError::Issuer);
        assert_eq!(told(&with("aud", json!(["x", "y"])), now()).unwrap_err(), JoseError::Audience);
        assert_eq!(told(&with("aud", Value::Null), now()).unwrap_err(), JoseError::Audience);
        assert!(told(&with("aud", json!(["x", "b"])), now()).is_ok());
        assert_eq!(told(&with("exp", Value::Null), now()).unwrap_err(), JoseError::Malformed);
        assert_eq!(told(&with("exp", json!("tomorrow")), now()).unwrap_err(), JoseError::Malformed);
    }

    #[test]
    fn keys_and_algorithms_are_not_confused() {
        let (own, other) = (key(), key());
        let token = own.sign("JWT", &claims()).unwrap();
        let read = |token: &str, keys: &JwkSet| verify::<Value>(token, keys, &expected(now())).unwrap_err();
        assert_eq!(read(&token, &set(&[&other])), JoseError::UnknownKey);
        // Another's key under our key's id.
        let mut forged = other.public().clone();
        forged.common.key_id = Some(own.kid().to_owned());
        assert_eq!(read(&token, &JwkSet { keys: vec![forged] }), JoseError::Signature);
        // The public key taken for a shared secret, and no signature at all.
        let public = serde_json::to_vec(own.public()).unwrap();
        let shared = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(&public)).unwrap();
        assert_eq!(read(&shared, &set(&[&own])), JoseError::NotAllowed);
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        assert_eq!(read(&unsigned, &set(&[&own])), JoseError::NotAllowed);
        let changed = format!("{}x", token);
        assert!(matches!(read(&changed, &set(&[&own])), JoseError::Signature | JoseError::Malformed));
    }
}
