//! Key pairs of the software card and of the test CA.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use num_bigint::BigUint;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::asn1::{INTEGER, Items, OCTET_STRING, SEQUENCE, sole};

/// Which kind of key a certificate carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// RSA of 2048 bits with SHA-256: every card of today (施行規則 第2条).
    Rsa2048,
    /// ECDSA over P-384 with SHA-384: the plan for the next generation of cards.
    P384,
}

/// A key could not be made, read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library refused to make a key.
    #[error("key could not be generated")]
    Generate,
    /// The PKCS#8 bytes are not a key of a kind used here.
    #[error("private key is not RSA-2048 or P-384 in PKCS#8")]
    Unreadable,
    /// The input does not suit the key or the padding.
    #[error("input does not suit the key")]
    Input,
}

/// A private key; keys are made by aws-lc with its own random numbers, everything else here takes chance from the caller.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::Generate`] when the library has no random numbers to give.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let pkcs8 = match algorithm {
            KeyAlgorithm::Rsa2048 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?;
                pair.as_der().map_err(|_| KeyError::Generate)?.as_ref().to_vec()
            }
            KeyAlgorithm::P384 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).map_err(|_| KeyError::Generate)?;
                pair.to_pkcs8v1().map_err(|_| KeyError::Generate)?.as_ref().to_vec()
            }
        };
        Self::from_pkcs8(&pkcs8)
    }

    /// The key kept as PKCS#8 DER.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] for anything but RSA-2048 and P-384.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = if let Ok(pair) = RsaKeyPair::from_pkcs8(pkcs8) {
            if pair.public_modulus_len() != 256 {
                return Err(KeyError::Unreadable);
            }
            Pair::Rsa(Box::new(pair))
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8).map_err(|_| KeyError::Unreadable)?;
            Pair::P384(Box::new(pair))
        };
        Ok(Self { pkcs8: Zeroizing::new(pkcs8.to_vec()), pair })
    }

    /// The kind of key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        match self.pair {
            Pair::Rsa(_) => KeyAlgorithm::Rsa2048,
            Pair::P384(_) => KeyAlgorithm::P384,
        }
    }

    /// The key as PKCS#8 DER, to keep it on disk.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public half as SubjectPublicKeyInfo DER.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] when the library cannot write it.
    pub fn public_key_info(&self) -> Result<Vec<u8>, KeyError> {
        let der = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
            Pair::P384(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
        };
        der.map_err(|_| KeyError::Unreadable)
    }

    /// A signature over the message: PKCS#1 v1.5 with SHA-256, or ECDSA with SHA-384 in DER.
    ///
    /// # Errors
    /// [`KeyError::Input`] when the library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| KeyError::Input)?;
                Ok(signature)
            }
            Pair::P384(pair) => pair.sign(&SystemRandom::new(), message).map(|s| s.as_ref().to_vec()).map_err(|_| KeyError::Input),
        }
    }

    /// ECDSA over a SHA-384 hash that was made elsewhere.
    pub(crate) fn sign_sha384_hash(&self, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        let digest = Digest::import_less_safe(hash, &digest::SHA384).map_err(|_| KeyError::Input)?;
        match &self.pair {
            Pair::P384(pair) => pair.sign_digest(&digest).map(|s| s.as_ref().to_vec()).map_err(|_| KeyError::Input),
            Pair::Rsa(_) => Err(KeyError::Input),
        }
    }

    /// RSASSA-PSS over a SHA-256 hash that was made elsewhere; the salt is the library's own chance.
    pub(crate) fn sign_pss(&self, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        let digest = Digest::import_less_safe(hash, &digest::SHA256).map_err(|_| KeyError::Input)?;
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PSS_SHA256, &digest, &mut signature).map_err(|_| KeyError::Input)?;
                Ok(signature)
            }
            Pair::P384(_) => Err(KeyError::Input),
        }
    }

    /// PKCS#1 v1.5 padding type 1 over bytes as they are, as a real card does with P1 = 00.
    ///
    /// aws-lc-rs signs only digests it knows, so the power is taken here, in plain arithmetic: good enough for a test card, which keeps
    /// no secret worth timing, and for nothing else.
    pub(crate) fn sign_verbatim(&self, data: &[u8]) -> Result<Vec<u8>, KeyError> {
        let Pair::Rsa(pair) = &self.pair else { return Err(KeyError::Input) };
        let length = pair.public_modulus_len();
        if data.is_empty() || data.len() > length - 11 {
            return Err(KeyError::Input);
        }
        let mut block = vec![0xFF; length];
        block[0] = 0;
        block[1] = 1;
        block[length - data.len() - 1] = 0;
        block[length - data.len()..].copy_from_slice(data);
        let power = rsa_power(&self.pkcs8, &BigUint::from_bytes_be(&block)).ok_or(KeyError::Unreadable)?;
        let bytes = power.to_bytes_be();
        let mut signature = vec![0; length.saturating_sub(bytes.len())];
        signature.extend(bytes);
        Ok(signature)
    }
}

/// `block` to the private exponent, by the Chinese remainder (RFC 8017 section 5.1.2).
fn rsa_power(pkcs8: &[u8], block: &BigUint) -> Option<BigUint> {
    let mut outer = sole(pkcs8, SEQUENCE).ok()?.items();
    outer.expect(INTEGER).ok()?;
    outer.expect(SEQUENCE).ok()?;
    let mut inner = sole(outer.expect(OCTET_STRING).ok()?.value, SEQUENCE).ok()?.items();
    inner.expect(INTEGER).ok()?;
    let number = |items: &mut Items<'_>| Some(BigUint::from_bytes_be(items.expect(INTEGER).ok()?.unsigned().ok()?));
    let [_modulus, _public, _private] = [number(&mut inner)?, number(&mut inner)?, number(&mut inner)?];
    let [p, q] = [number(&mut inner)?, number(&mut inner)?];
    let [dp, dq, q_inverse] = [number(&mut inner)?, number(&mut inner)?, number(&mut inner)?];
    let m1 = block.modpow(&dp, &p);
    let m2 = block.modpow(&dq, &q);
    let h = ((&m1 + &p) - (&m2 % &p)) * q_inverse % &p;
    Some(m2 + h * q)
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({:?})", self.algorithm())
    }
}

impl Clone for PrivateKey {
    fn clone(&self) -> Self {
        Self::from_pkcs8(&self.pkcs8).expect("the bytes were read once already")
    }
}

impl Serialize for PrivateKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&*self.pkcs8))
    }
}

impl<'de> Deserialize<'de> for PrivateKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = Zeroizing::new(hex::decode(text).map_err(serde::de::Error::custom)?);
        Self::from_pkcs8(&bytes).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_arithmetic_gives_the_librarys_signature() {
        let key = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap();
        let info = crate::digest_info_sha256(&crate::sha256(b"data"));
        assert_eq!(key.sign_verbatim(&info).unwrap(), key.sign(b"data").unwrap());
        assert_eq!(key.sign_verbatim(&[]), Err(KeyError::Input));
        assert_eq!(key.sign_verbatim(&[1; 246]), Err(KeyError::Input));
        assert_eq!(key.sign_verbatim(&[1; 245]).unwrap().len(), 256);
    }

    #[test]
    fn keys_come_back_from_json() {
        for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P384] {
            let key = PrivateKey::generate(algorithm).unwrap();
            let kept: PrivateKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
            assert_eq!(kept.public_key_info(), key.public_key_info());
            assert_eq!(kept.algorithm(), algorithm);
        }
    }
}
