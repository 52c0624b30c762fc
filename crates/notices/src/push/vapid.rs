use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

/// How long a token is good for; the standard allows a day (RFC 8292 section 2).
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// A token this close to its end is made anew.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// There are a handful of push services; who subscribes with made-up ones fills no memory.
const ORIGINS_MAX: usize = 256;

/// The key by which push services know this server, with the tokens it signed for each of them.
pub struct Vapid {
    key: EcdsaKeyPair,
    public: String,
    subject: String,
    tokens: Mutex<HashMap<String, (String, Timestamp)>>,
}

/// The bytes hold no key, or signing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key of VAPID")]
pub struct VapidError;

impl Vapid {
    /// Takes the key; `subject` is an `https:` or `mailto:` address by which the push service reaches whoever runs this server.
    ///
    /// # Errors
    /// [`VapidError`] when it is no P-256 key in PKCS #8.
    pub fn new(pkcs8: &[u8], subject: &str) -> Result<Self, VapidError> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| VapidError)?;
        let public = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        Ok(Self { key, public, subject: subject.to_owned(), tokens: Mutex::default() })
    }

    /// The public key as browsers take it for `applicationServerKey`: base64url of the uncompressed point.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` header for a push service. One signature serves all messages to it for hours.
    ///
    /// # Errors
    /// [`VapidError`] when signing fails.
    pub fn authorization(&self, endpoint: &str, now: Timestamp) -> Result<String, VapidError> {
        let origin = origin_of(endpoint);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, until)) = tokens.get(origin)
            && *until - RENEWED_BEFORE > now
        {
            return Ok(token.clone());
        }
        let until = now + TOKEN_LIFE;
        let token = format!("vapid t={}, k={}", self.sign(origin, until)?, self.public);
        if tokens.len() >= ORIGINS_MAX {
            tokens.clear();
        }
        tokens.insert(origin.to_owned(), (token.clone(), until));
        Ok(token)
    }

    fn sign(&self, origin: &str, until: Timestamp) -> Result<String, VapidError> {
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = serde_json::json!({ "aud": origin, "exp": until.as_second(), "sub": self.subject });
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| VapidError)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

/// `https://push.example:8443/a/b` → `https://push.example:8443`.
fn origin_of(endpoint: &str) -> &str {
    let host = endpoint.find("://").map_or(0, |at| at + 3);
    endpoint[host..].find('/').map_or(endpoint, |slash| &endpoint[..host + slash])
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn vapid() -> Vapid {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Vapid::new(pkcs8.as_ref(), "https://passport.example").unwrap()
    }

    #[test]
    fn a_token_names_the_push_service_and_is_signed() {
        let (vapid, now) = (vapid(), Timestamp::UNIX_EPOCH);
        let header = vapid.authorization("https://push.example/send/abc", now).unwrap();
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let point = URL_SAFE_NO_PAD.decode(key).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://push.example");
        assert_eq!(claims["sub"], "https://passport.example");
        assert_eq!(claims["exp"], 12 * 60 * 60);
    }

    #[test]
    fn one_token_serves_for_hours_and_is_made_anew_before_its_end() {
        let (vapid, now) = (vapid(), Timestamp::UNIX_EPOCH);
        let first = vapid.authorization("https://push.example/a", now).unwrap();
        assert_eq!(vapid.authorization("https://push.example/b", now + SignedDuration::from_hours(10)).unwrap(), first);
        assert_ne!(vapid.authorization("https://push.example/a", now + SignedDuration::from_hours(11)).unwrap(), first);
        assert_ne!(vapid.authorization("https://other.example/a", now).unwrap(), first);
    }
}
