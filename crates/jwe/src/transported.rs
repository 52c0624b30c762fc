//! Keys sent along, encrypted: RSA-OAEP with SHA-256 (RFC 7518 section 4.3).

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicKeyComponents,
};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{Parts, Unopened, algorithm_of, content_key, decode, sealed, sha256};

const ALGORITHM: &str = "RSA-OAEP-256";

/// An RSA key that answers are encrypted to, for senders that know no curve.
pub struct TransportKey {
    private: OaepPrivateDecryptingKey,
    n: String,
    e: String,
}

impl std::fmt::Debug for TransportKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransportKey(…)")
    }
}

impl TransportKey {
    /// Makes a key of 2,048 bits, in PKCS#8.
    ///
    /// # Errors
    /// [`Unopened`] when the machine gives no random numbers.
    pub fn generate() -> Result<Vec<u8>, Unopened> {
        let made = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| Unopened)?;
        let der: Pkcs8V1Der<'_> = made.as_der().map_err(|_| Unopened)?;
        Ok(der.as_ref().to_vec())
    }

    /// The key of these bytes, in PKCS#8.
    ///
    /// # Errors
    /// [`Unopened`] when they are no RSA key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Unopened> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| Unopened)?;
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let n = number(pair.public_key().modulus().big_endian_without_leading_zero());
        let e = number(pair.public_key().exponent().big_endian_without_leading_zero());
        let private = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| Unopened)?;
        Ok(Self { private: OaepPrivateDecryptingKey::new(private).map_err(|_| Unopened)?, n, e })
    }

    /// Its id: the thumbprint (RFC 7638 with SHA-256).
    fn kid(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, self.e, self.n).as_bytes()))
    }

    /// The public half, as others are given it.
    pub fn jwk(&self) -> Value {
        json!({ "kty": "RSA", "n": self.n, "e": self.e, "use": "enc", "alg": ALGORITHM, "kid": self.kid() })
    }

    /// Decrypts an answer.
    ///
    /// # Errors
    /// [`Unopened`] for whatever is not encrypted to this key in one of the [`crate::ENCRYPTIONS`].
    pub fn open(&self, text: &str) -> Result<Vec<u8>, Unopened> {
        let parts = Parts::of(text, ALGORITHM, &self.kid())?;
        let mut room = vec![0; self.private.min_output_size()];
        let key = self.private.decrypt(&OAEP_SHA256_MGF1SHA256, &parts.wrapped, &mut room, None).map_err(|_| Unopened)?;
        parts.open(&content_key(parts.encryption, key)?)
    }
}

/// Encrypts an answer to a public key, as a provider does.
///
/// # Errors
/// [`Unopened`] when it is no RSA key.
pub fn seal_transported(jwk: &Value, encryption: &str, content: &[u8]) -> Result<String, Unopened> {
    let number = |name: &str| jwk[name].as_str().ok_or(Unopened).and_then(decode);
    let public = PublicKeyComponents { n: number("n")?, e: number("e")? };
    let public = OaepPublicEncryptingKey::new(public.try_into().map_err(|_| Unopened)?).map_err(|_| Unopened)?;
    let mut key = vec![0; algorithm_of(encryption).key_len()];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| Unopened)?;
    let mut room = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut room, None).map_err(|_| Unopened)?.to_vec();
    let header = json!({ "alg": ALGORITHM, "enc": encryption, "kid": jwk["kid"] });
    sealed(&header, &wrapped, &content_key(encryption, &key)?, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ENCRYPTIONS, ResponseKey, seal};

    fn key() -> TransportKey {
        TransportKey::from_pkcs8(&TransportKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn what_was_sealed_to_a_key_is_opened_by_it_alone() {
        let (own, other) = (key(), key());
        for encryption in ENCRYPTIONS {
            let text = seal_transported(&own.jwk(), encryption, b"a signature").unwrap();
            assert_eq!(own.open(&text).unwrap(), b"a signature");
            assert_eq!(other.open(&text), Err(Unopened));
            let mut nameless = own.jwk();
            nameless["kid"] = other.jwk()["kid"].clone();
            let misnamed = seal_transported(&nameless, encryption, b"a signature").unwrap();
            assert_eq!((own.open(&misnamed), other.open(&misnamed)), (Err(Unopened), Err(Unopened)));
        }
        assert!(TransportKey::from_pkcs8(&[7; 32]).is_err());
    }

    #[test]
    fn one_way_of_encrypting_is_not_taken_for_the_other() {
        let (transported, agreed) = (key(), ResponseKey::generate().unwrap());
        let text = seal(&agreed.jwk(), "A256GCM", b"x").unwrap();
        assert_eq!(transported.open(&text), Err(Unopened));
        let text = seal_transported(&transported.jwk(), "A256GCM", b"x").unwrap();
        assert_eq!(agreed.open(&text), Err(Unopened));
    }
}
