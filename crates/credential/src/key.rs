//! Public keys on P-256: the issuer's, known by its key id, and the phone's, named inside a card.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;

/// A public key on P-256, as its two coordinates. Whether the point lies on the curve shows when a signature is checked:
/// no signature verifies under a key that is none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey {
    /// The x coordinate, big endian.
    pub x: [u8; 32],
    /// The y coordinate, big endian.
    pub y: [u8; 32],
}

impl PublicKey {
    /// Reads an uncompressed point: 04 ‖ x ‖ y.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is of another length or form.
    pub fn from_uncompressed(point: &[u8]) -> Result<Self, Error> {
        match point {
            [4, rest @ ..] if rest.len() == 64 => {
                let (x, y) = rest.split_at(32);
                Ok(Self { x: x.try_into().map_err(|_| Error::BadKey)?, y: y.try_into().map_err(|_| Error::BadKey)? })
            }
            _ => Err(Error::BadKey),
        }
    }

    /// The uncompressed point: 04 ‖ x ‖ y.
    pub fn to_uncompressed(&self) -> [u8; 65] {
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&self.x);
        point[33..].copy_from_slice(&self.y);
        point
    }

    /// The key's id: the first eight bytes of its JWK thumbprint (RFC 7638, SHA-256).
    pub fn kid(&self) -> Kid {
        let jwk = Jwk::of(self, None);
        let canonical = format!(r#"{{"crv":"{}","kty":"{}","x":"{}","y":"{}"}}"#, jwk.crv, jwk.kty, jwk.x, jwk.y);
        let thumbprint = Sha256::digest(canonical.as_bytes());
        Kid(std::array::from_fn(|i| thumbprint[i]))
    }

    /// The key as a JSON Web Key (RFC 7517) of the form WebCrypto imports and exports.
    pub fn to_jwk(&self) -> Jwk {
        Jwk::of(self, None)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid())
    }
}

/// The key in a resident's phone, made by WebCrypto and never leaving it. In JSON a JWK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Jwk", into = "Jwk")]
pub struct HolderKey(pub PublicKey);

impl HolderKey {
    /// Reads the JWK text a phone sends. Other members (`ext`, `key_ops`) are passed over.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is no public EC key on P-256.
    pub fn from_jwk(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|_| Error::BadKey)
    }
}

impl From<HolderKey> for Jwk {
    fn from(key: HolderKey) -> Self {
        key.0.to_jwk()
    }
}

impl TryFrom<Jwk> for HolderKey {
    type Error = Error;

    fn try_from(jwk: Jwk) -> Result<Self, Error> {
        jwk.key().map(Self)
    }
}

/// A town's public key, under which its cards and status lists verify. In JSON a JWK with `kid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Jwk", into = "Jwk")]
pub struct IssuerPublicKey {
    kid: Kid,
    key: PublicKey,
}

impl IssuerPublicKey {
    /// Wraps a key; the id follows from it.
    pub fn new(key: PublicKey) -> Self {
        Self { kid: key.kid(), key }
    }

    /// The id that cards name in their protected header.
    pub fn kid(&self) -> Kid {
        self.kid
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl From<IssuerPublicKey> for Jwk {
    fn from(issuer: IssuerPublicKey) -> Self {
        Jwk::of(&issuer.key, Some(issuer.kid))
    }
}

impl TryFrom<Jwk> for IssuerPublicKey {
    type Error = Error;

    fn try_from(jwk: Jwk) -> Result<Self, Error> {
        let issuer = Self::new(jwk.key()?);
        // an id that is not the key's own would let two keys share one id
        if jwk.kid.as_ref().is_some_and(|kid| *kid != issuer.kid.to_string()) { Err(Error::BadKey) } else { Ok(issuer) }
    }
}

/// The id of an issuer's key: eight bytes, in JSON base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kid(pub [u8; 8]);

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kid({self})")
    }
}

/// A JSON Web Key for P-256, members in the order of RFC 7638.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Always `P-256`.
    pub crv: String,
    /// Always `EC`.
    pub kty: String,
    /// The x coordinate, base64url without padding.
    pub x: String,
    /// The y coordinate, base64url without padding.
    pub y: String,
    /// The key id, for issuers' keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

impl Jwk {
    fn of(key: &PublicKey, kid: Option<Kid>) -> Self {
        Self {
            crv: "P-256".into(),
            kty: "EC".into(),
            x: URL_SAFE_NO_PAD.encode(key.x),
            y: URL_SAFE_NO_PAD.encode(key.y),
            kid: kid.map(|kid| kid.to_string()),
        }
    }

    fn key(&self) -> Result<PublicKey, Error> {
        if self.crv != "P-256" || self.kty != "EC" {
            return Err(Error::BadKey);
        }
        let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        Ok(PublicKey { x: coordinate(&self.x).ok_or(Error::BadKey)?, y: coordinate(&self.y).ok_or(Error::BadKey)? })
    }
}
