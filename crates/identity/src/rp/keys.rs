use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwe::{ResponseKey, TransportKey};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use town::{AppEncryption, IdentityApp};

use crate::jose::{self, Jwk, TokenKey};
use crate::{AppRefusal, Error, Result};

/// The longest ID token.
const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// The keys by which a provider knows this town: ECDSA on P-256 to ask with, and another to be answered with where the card signs.
#[derive(Debug)]
pub struct AppKey {
    asks: TokenKey,
    opens: Option<Opening>,
}

/// What a provider's answers are opened with.
#[derive(Debug)]
enum Opening {
    EcdhEs(ResponseKey),
    RsaOaep256(TransportKey),
}

impl AppKey {
    /// Makes a key to ask with and gives it in PKCS#8, to be kept in a file of its owner.
    ///
    /// # Errors
    /// [`Error::AppKey`] when there are no random bytes.
    pub fn generate() -> Result<Vec<u8>> {
        jose::make_es256().map_err(|_| Error::AppKey)
    }

    /// Makes a key to be answered with and gives its bytes, to be kept beside the other.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn generate_opening(encryption: AppEncryption) -> Result<Vec<u8>> {
        let made = match encryption {
            AppEncryption::EcdhEs => ResponseKey::generate().and_then(|key| key.to_bytes()),
            AppEncryption::RsaOaep256 => TransportKey::generate(),
        };
        made.map_err(|_| Error::AppKey)
    }

    /// Takes a key in PKCS#8.
    ///
    /// # Errors
    /// [`Error::AppKey`] when it is none on P-256.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self> {
        Ok(Self { asks: TokenKey::es256(bytes).map_err(|_| Error::AppKey)?, opens: None })
    }

    /// Takes a key to be answered with besides.
    ///
    /// # Errors
    /// [`Error::AppKey`] when the bytes are none.
    pub fn with_opening(self, bytes: &[u8]) -> Result<Self> {
        let agreed = || ResponseKey::from_bytes(bytes).map(Opening::EcdhEs);
        let opens = TransportKey::from_pkcs8(bytes).map(Opening::RsaOaep256).or_else(|_| agreed());
        Ok(Self { opens: Some(opens.map_err(|_| Error::AppKey)?), ..self })
    }

    /// Says whether it is enough for an app: one by which the card signs answers with what only its town may read.
    pub fn suffices(&self, app: &IdentityApp) -> bool {
        match (app.sign.as_ref().map(|sign| sign.encryption), &self.opens) {
            (None, _) | (Some(AppEncryption::EcdhEs), Some(Opening::EcdhEs(_))) => true,
            (Some(AppEncryption::RsaOaep256), opens) => matches!(opens, Some(Opening::RsaOaep256(_))),
            (Some(AppEncryption::EcdhEs), _) => false,
        }
    }

    /// The public key that is asked with, as a JWK.
    pub fn public(&self) -> &Jwk {
        self.asks.public()
    }

    /// The public keys, as a JWK Set (RFC 7517), for the provider to register or to fetch.
    pub fn public_set(&self) -> Value {
        let opens = self.opens.as_ref().map(|opens| match opens {
            Opening::EcdhEs(key) => key.jwk(),
            Opening::RsaOaep256(key) => key.jwk(),
        });
        let keys: Vec<Value> = [json!(self.asks.public())].into_iter().chain(opens).collect();
        json!({ "keys": keys })
    }

    /// Signs claims as a JWT by ES256.
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        self.asks.sign("JWT", claims).ok()
    }

    /// Decrypts what a provider encrypted to the town.
    pub(super) fn open(&self, text: &str) -> Option<Vec<u8>> {
        let opened = match self.opens.as_ref()? {
            Opening::EcdhEs(key) => key.open(text),
            Opening::RsaOaep256(key) => key.open(text),
        };
        opened.ok()
    }
}

/// The public keys a provider publishes (RFC 7517), those that can verify a signature we take.
pub(super) struct KeySet(Vec<Published>);

struct Published {
    kid: Option<String>,
    algorithm: Option<String>,
    key: Public,
}

enum Public {
    /// 04 ‖ x ‖ y.
    P256(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

#[derive(Deserialize)]
struct Told {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Reads a key set; keys of other kinds and purposes are left out. `None` when it is no key set.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(bytes).ok()?;
        Some(Self(set.keys.into_iter().filter_map(|key| published(serde_json::from_value(key).ok()?)).collect()))
    }
}

fn published(jwk: Told) -> Option<Published> {
    let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(jwk.x)?, bytes(jwk.y)?);
            (x.len() == 32 && y.len() == 32).then(|| Public::P256([&[4], &x[..], &y[..]].concat()))?
        }
        ("RSA", _) => Public::Rsa { n: bytes(jwk.n)?, e: bytes(jwk.e)? },
        _ => return None,
    };
    Some(Published { kid: jwk.kid, algorithm: jwk.alg, key })
}

/// Why a token's signature is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFault {
    /// It is no JWT of three parts.
    Shape,
    /// Its algorithm is not allowed, or not for its key.
    Algorithm,
    /// Its key is not published.
    Key,
    /// The signature is wrong.
    Signature,
}

impl From<TokenFault> for AppRefusal {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Shape => Self::Answer,
            TokenFault::Algorithm => Self::Algorithm,
            TokenFault::Key => Self::Key,
            TokenFault::Signature => Self::Signature,
        }
    }
}

/// A token whose signature is right.
pub(super) struct Signed {
    pub(super) claims: Map<String, Value>,
    pub(super) algorithm: &'static str,
}

/// Verifies the signature of a JWT. The algorithm is one of three, and the key's own kind must go with it: what the token says of itself chooses
/// among published keys and decides nothing else.
pub(super) fn verify(token: &str, keys: &KeySet) -> Result<Signed, TokenFault> {
    #[derive(Deserialize)]
    struct Head {
        alg: String,
        kid: Option<String>,
        crit: Option<Value>,
    }
    let parts: Vec<&str> = token.split('.').collect();
    let ([head, claims, signature], true) = (&parts[..], token.len() <= TOKEN_BYTES_MAX) else { return Err(TokenFault::Shape) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Shape);
    let told: Head = serde_json::from_slice(&decode(head)?).map_err(|_| TokenFault::Shape)?;
    // An extension that must be understood is not.
    if told.crit.is_some() {
        return Err(TokenFault::Shape);
    }
    let algorithm = *["ES256", "PS256", "RS256"].iter().find(|allowed| **allowed == told.alg).ok_or(TokenFault::Algorithm)?;
    let key = keys.for_token(told.kid.as_deref(), algorithm)?;
    let message = &token[..head.len() + 1 + claims.len()];
    if !key.verifies(algorithm, message.as_bytes(), &decode(signature)?) {
        return Err(TokenFault::Signature);
    }
    Ok(Signed { claims: serde_json::from_slice(&decode(claims)?).map_err(|_| TokenFault::Shape)?, algorithm })
}

impl KeySet {
    /// The key a token names; a token that names none is of the only key that goes with its algorithm.
    fn for_token(&self, kid: Option<&str>, algorithm: &str) -> Result<&Public, TokenFault> {
        let named = |key: &&Published| kid.is_none() || key.kid.as_deref() == kid;
        let mut named = self.0.iter().filter(named).peekable();
        if named.peek().is_none() {
            return Err(TokenFault::Key);
        }
        let mut fitting = named.filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(&key.key),
            (None, _) => Err(TokenFault::Algorithm),
            _ => Err(TokenFault::Key),
        }
    }
}

impl Published {
    fn fits(&self, algorithm: &str) -> bool {
        let by_kind = match self.key {
            Public::P256(_) => algorithm == "ES256",
            Public::Rsa { .. } => algorithm == "PS256" || algorithm == "RS256",
        };
        by_kind && self.algorithm.as_deref().is_none_or(|own| own == algorithm)
    }
}

impl Public {
    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
            Self::Rsa { n, e } => {
                let scheme = if algorithm == "PS256" { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                RsaPublicKeyComponents { n, e }.verify(scheme, message, signature)
            }
        };
        checked.is_ok()
    }
}
