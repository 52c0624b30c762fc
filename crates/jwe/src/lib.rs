//! What others encrypt to a key of the house: JWE in compact form (RFC 7516) with AES-GCM, its key agreed by ECDH-ES on P-256 or transported by
//! RSA-OAEP-256, and nothing else.
//!
//! Pure: keys are passed in (new ones, and those of the sending half, are drawn by the crypto library).

mod agreed;
mod transported;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

pub use agreed::{ResponseKey, seal, thumbprint};
pub use transported::{TransportKey, seal_transported};

/// The `enc` values that are opened, the better one first.
pub const ENCRYPTIONS: [&str; 2] = ["A256GCM", "A128GCM"];
/// More than any card's four items or certificate needs, portraits of other cards left out.
const JWE_BYTES_MAX: usize = 128 * 1024;
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The text is nothing encrypted to this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not encrypted to this key as was asked")]
pub struct Unopened;

/// A JWE in its parts, of which nothing is believed yet.
struct Parts<'a> {
    head: &'a str,
    header: Value,
    encryption: &'static str,
    wrapped: Vec<u8>,
    iv: &'a str,
    sealed: &'a str,
    tag: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes a text apart. What changes the meaning of the rest is refused: another algorithm, compression, critical extensions, another key's name.
    fn of(text: &'a str, algorithm: &str, kid: &str) -> Result<Self, Unopened> {
        let parts: Vec<&str> = text.split('.').collect();
        let [head, wrapped, iv, sealed, tag] = parts[..] else { return Err(Unopened) };
        if text.len() > JWE_BYTES_MAX {
            return Err(Unopened);
        }
        let header: Value = serde_json::from_slice(&decode(head)?).map_err(|_| Unopened)?;
        let encryption = ENCRYPTIONS.into_iter().find(|enc| header["enc"] == *enc).ok_or(Unopened)?;
        let named_otherwise = header.get("kid").is_some_and(|named| named != kid);
        if header["alg"] != algorithm || named_otherwise || ["zip", "crit"].iter().any(|name| header.get(name).is_some()) {
            return Err(Unopened);
        }
        Ok(Self { head, header, encryption, wrapped: decode(wrapped)?, iv, sealed, tag })
    }

    /// Decrypts with the content key, the head authenticated with it.
    fn open(&self, key: &LessSafeKey) -> Result<Vec<u8>, Unopened> {
        let nonce: [u8; IV_BYTES] = decode(self.iv)?.try_into().map_err(|_| Unopened)?;
        let tag = decode(self.tag)?;
        if tag.len() != TAG_BYTES {
            return Err(Unopened);
        }
        let mut content = [decode(self.sealed)?, tag].concat();
        let open = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(self.head.as_bytes()), &mut content);
        Ok(open.map_err(|_| Unopened)?.to_vec())
    }
}

/// Encrypts, as a sender does: the compact form of a header, a wrapped key and what they lead to.
fn sealed(header: &Value, wrapped: &[u8], key: &LessSafeKey, content: &[u8]) -> Result<String, Unopened> {
    let head = URL_SAFE_NO_PAD.encode(header.to_string());
    let mut iv = [0; IV_BYTES];
    aws_lc_rs::rand::fill(&mut iv).map_err(|_| Unopened)?;
    let mut sealed = content.to_vec();
    let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(head.as_bytes()), &mut sealed);
    let tag = tag.map_err(|_| Unopened)?;
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Ok(format!("{head}.{}.{}.{}.{}", part(wrapped), part(&iv), part(&sealed), part(tag.as_ref())))
}

fn algorithm_of(encryption: &str) -> &'static Algorithm {
    if encryption == ENCRYPTIONS[0] { &AES_256_GCM } else { &AES_128_GCM }
}

fn content_key(encryption: &str, bytes: &[u8]) -> Result<LessSafeKey, Unopened> {
    Ok(LessSafeKey::new(UnboundKey::new(algorithm_of(encryption), bytes).map_err(|_| Unopened)?))
}

fn decode(text: &str) -> Result<Vec<u8>, Unopened> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Unopened)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
