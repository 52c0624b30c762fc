//! Keys agreed with the sender: ECDH-ES on P-256 (RFC 7518 section 4.6).

use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{Parts, Unopened, algorithm_of, content_key, decode, sealed, sha256};

const ALGORITHM: &str = "ECDH-ES";

/// A key on P-256 that answers are encrypted to.
pub struct ResponseKey {
    private: PrivateKey,
    /// Uncompressed point.
    public: Vec<u8>,
}

impl std::fmt::Debug for ResponseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResponseKey(…)")
    }
}

impl ResponseKey {
    /// A new key.
    ///
    /// # Errors
    /// [`Unopened`] when the machine gives no random numbers.
    pub fn generate() -> Result<Self, Unopened> {
        Self::of(PrivateKey::generate(&ECDH_P256).map_err(|_| Unopened)?)
    }

    /// The key of these 32 bytes, as [`Self::to_bytes`] gave them.
    ///
    /// # Errors
    /// [`Unopened`] when they are no key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unopened> {
        Self::of(PrivateKey::from_private_key(&ECDH_P256, bytes).map_err(|_| Unopened)?)
    }

    fn of(private: PrivateKey) -> Result<Self, Unopened> {
        let public = private.compute_public_key().map_err(|_| Unopened)?.as_ref().to_vec();
        Ok(Self { private, public })
    }

    /// The secret half, to be kept until the answer is there.
    ///
    /// # Errors
    /// [`Unopened`], never for a key of this kind.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Unopened> {
        let bytes: EcPrivateKeyBin<'_> = self.private.as_be_bytes().map_err(|_| Unopened)?;
        Ok(bytes.as_ref().to_vec())
    }

    fn coordinates(&self) -> (&[u8], &[u8]) {
        (&self.public[1..33], &self.public[33..])
    }

    /// Its thumbprint, which is its id.
    pub fn thumbprint(&self) -> [u8; 32] {
        let (x, y) = self.coordinates();
        thumbprint(x, y)
    }

    /// The public half as the question carries it.
    pub fn jwk(&self) -> Value {
        let (x, y) = self.coordinates();
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let kid = URL_SAFE_NO_PAD.encode(self.thumbprint());
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "enc", "alg": ALGORITHM, "kid": kid })
    }

    /// Decrypts an answer.
    ///
    /// # Errors
    /// [`Unopened`] for whatever is not encrypted to this key in one of the [`crate::ENCRYPTIONS`].
    pub fn open(&self, text: &str) -> Result<Vec<u8>, Unopened> {
        let parts = Parts::of(text, ALGORITHM, &URL_SAFE_NO_PAD.encode(self.thumbprint()))?;
        // The agreed key is used as it is: there is none to be unwrapped.
        if !parts.wrapped.is_empty() {
            return Err(Unopened);
        }
        let parties = (party(&parts.header, "apu")?, party(&parts.header, "apv")?);
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer(&parts.header)?);
        let key = agree(&self.private, peer, Unopened, |shared| derived(shared, parts.encryption, &parties.0, &parties.1))?;
        parts.open(&key)
    }
}

/// The thumbprint of a public key on P-256 by its coordinates (RFC 7638 with SHA-256).
pub fn thumbprint(x: &[u8], y: &[u8]) -> [u8; 32] {
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, coordinate(x), coordinate(y)).as_bytes())
}

/// The sender's point.
fn peer(header: &Value) -> Result<Vec<u8>, Unopened> {
    let epk = header.get("epk").ok_or(Unopened)?;
    if epk["kty"] != "EC" || epk["crv"] != "P-256" {
        return Err(Unopened);
    }
    let coordinate = |name: &str| -> Result<Vec<u8>, Unopened> {
        let bytes = decode(epk[name].as_str().ok_or(Unopened)?)?;
        if bytes.len() == 32 { Ok(bytes) } else { Err(Unopened) }
    };
    Ok([vec![4], coordinate("x")?, coordinate("y")?].concat())
}

/// What a party says of itself, nothing where it says nothing.
fn party(header: &Value, name: &str) -> Result<Vec<u8>, Unopened> {
    header.get(name).map_or(Ok(Vec::new()), |value| decode(value.as_str().ok_or(Unopened)?))
}

/// The content key: one round of the Concat KDF (NIST SP 800-56A) as RFC 7518 section 4.6.2 has it.
fn derived(shared: &[u8], encryption: &str, apu: &[u8], apv: &[u8]) -> Result<LessSafeKey, Unopened> {
    let bytes = algorithm_of(encryption).key_len();
    let bits = u32::try_from(bytes * 8).map_err(|_| Unopened)?;
    let mut input = 1u32.to_be_bytes().to_vec();
    input.extend_from_slice(shared);
    for part in [encryption.as_bytes(), apu, apv] {
        input.extend(u32::try_from(part.len()).map_err(|_| Unopened)?.to_be_bytes());
        input.extend_from_slice(part);
    }
    input.extend(bits.to_be_bytes());
    content_key(encryption, &sha256(&input)[..bytes])
}

/// Encrypts an answer to a public key, as a phone or a provider does.
///
/// # Errors
/// [`Unopened`] when it is no key on P-256.
pub fn seal(jwk: &Value, encryption: &str, content: &[u8]) -> Result<String, Unopened> {
    let coordinate = |name: &str| jwk[name].as_str().ok_or(Unopened).and_then(decode);
    let peer = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    let own = ResponseKey::generate()?;
    let (x, y) = own.coordinates();
    let epk = json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
    let header = json!({ "alg": ALGORITHM, "enc": encryption, "kid": jwk["kid"], "epk": epk });
    let key = agree(&own.private, UnparsedPublicKey::new(&ECDH_P256, peer), Unopened, |shared| derived(shared, encryption, &[], &[]))?;
    sealed(&header, &[], &key, content)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_128_GCM, Aad, Nonce, UnboundKey};
    use proptest::prelude::*;

    use super::*;
    use crate::{ENCRYPTIONS, IV_BYTES};

    /// The key agreement of RFC 7518, appendix C: Bob's key and Alice's.
    #[test]
    fn the_content_key_is_that_of_the_standard() {
        let bob = ResponseKey::from_bytes(&decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw").unwrap()).unwrap();
        assert_eq!(bob.jwk()["x"], "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ");
        let alice = ["gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"];
        let point = [vec![4], decode(alice[0]).unwrap(), decode(alice[1]).unwrap()].concat();
        let shared = agree(&bob.private, UnparsedPublicKey::new(&ECDH_P256, point), Unopened, |shared| Ok(shared.to_vec())).unwrap();
        // The derived key itself stays inside the library: it is compared by what it encrypts.
        let derived = derived(&shared, "A128GCM", b"Alice", b"Bob").unwrap();
        let expected = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &decode("VqqN6vgjbSBcIijNcacQGg").unwrap()).unwrap());
        let sealed = |key: &LessSafeKey| {
            let mut content = b"one".to_vec();
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key([7; IV_BYTES]), Aad::empty(), &mut content).unwrap();
            content
        };
        assert_eq!(sealed(&derived), sealed(&expected));
    }

    #[test]
    fn what_was_sealed_to_a_key_is_opened_by_it_alone() {
        let (own, other) = (ResponseKey::generate().unwrap(), ResponseKey::generate().unwrap());
        for encryption in ENCRYPTIONS {
            let text = seal(&own.jwk(), encryption, b"four items").unwrap();
            assert_eq!(own.open(&text).unwrap(), b"four items");
            let again = ResponseKey::from_bytes(&own.to_bytes().unwrap()).unwrap();
            assert_eq!(again.open(&text).unwrap(), b"four items");
            assert_eq!(other.open(&text), Err(Unopened));
        }
        assert!(seal(&own.jwk(), "A128CBC-HS256", b"x").and_then(|text| own.open(&text)).is_err());
        assert_eq!(own.open(""), Err(Unopened));
    }

    #[test]
    fn a_header_that_means_something_else_is_refused() {
        let own = ResponseKey::generate().unwrap();
        let text = seal(&own.jwk(), "A256GCM", b"x").unwrap();
        let (head, rest) = text.split_once('.').unwrap();
        assert_eq!(own.open(&format!("{head}.AA{rest}")), Err(Unopened), "a wrapped key");
        let honest: Value = serde_json::from_slice(&decode(head).unwrap()).unwrap();
        for (name, value) in [
            ("alg", json!("ECDH-ES+A256KW")),
            ("alg", json!("dir")),
            ("enc", json!("A256CBC-HS512")),
            ("zip", json!("DEF")),
            ("crit", json!(["x"])),
            ("kid", json!("other")),
            ("apu", json!(7)),
            ("epk", json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" })),
        ] {
            let mut bent = honest.clone();
            bent[name] = value;
            assert_eq!(own.open(&format!("{}.{rest}", URL_SAFE_NO_PAD.encode(bent.to_string()))), Err(Unopened), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_changed_byte_is_found(at in 0usize..400, byte: u8) {
            let own = ResponseKey::from_bytes(&[7; 32]).unwrap();
            let mut text = seal(&own.jwk(), "A256GCM", b"four items").unwrap().into_bytes();
            let at = at % text.len();
            prop_assume!(text[at] != byte);
            text[at] = byte;
            if let Ok(text) = String::from_utf8(text) {
                prop_assert_eq!(own.open(&text), Err(Unopened));
            }
        }
    }
}
