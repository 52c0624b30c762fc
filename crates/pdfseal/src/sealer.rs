use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;

use crate::certificate::{self, Read};

/// Why a key and its certificate cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealerError {
    /// The key is none in PKCS#8, or of another kind.
    #[error("the key is not RSA or P-256 in PKCS#8, without a password")]
    Key,
    /// There is no certificate, or it cannot be read.
    #[error("the certificate cannot be read, or is for another kind of key than RSA and P-256")]
    Certificate,
    /// The certificate is another key's.
    #[error("the certificate is not of this key")]
    OtherKey,
    /// The library refused.
    #[error("the key could not be used")]
    Unusable,
}

enum Key {
    Rsa(RsaKeyPair),
    P256 { der: EcdsaKeyPair, fixed: EcdsaKeyPair },
}

/// A key and certificate made for demonstrations.
pub struct Made {
    /// The key, in PKCS#8.
    pub key: Vec<u8>,
    /// The certificate, in PEM.
    pub certificate: String,
}

/// The town's key for signing documents, with its certificate and those above it.
pub struct Sealer {
    key: Key,
    chain: Vec<Vec<u8>>,
    own: Read,
}

impl Sealer {
    /// Takes a key in PKCS#8 (DER or PEM) and its certificate (PEM, followed by those above it, or one in DER).
    ///
    /// # Errors
    /// [`SealerError`] for what cannot sign.
    pub fn new(key: &[u8], certificates: &[u8]) -> Result<Self, SealerError> {
        let pkcs8 = pem(key, "PRIVATE KEY").into_iter().next().unwrap_or_else(|| key.to_vec());
        let mut chain = pem(certificates, "CERTIFICATE");
        if chain.is_empty() {
            chain.push(certificates.to_vec());
        }
        let own = certificate::read(&chain[0]).ok_or(SealerError::Certificate)?;
        let key = if let Ok(rsa) = RsaKeyPair::from_pkcs8(&pkcs8) {
            Key::Rsa(rsa)
        } else {
            let pair = |kind| EcdsaKeyPair::from_pkcs8(kind, &pkcs8).map_err(|_| SealerError::Key);
            Key::P256 { der: pair(&ECDSA_P256_SHA256_ASN1_SIGNING)?, fixed: pair(&ECDSA_P256_SHA256_FIXED_SIGNING)? }
        };
        let (kind, public) = match &key {
            Key::Rsa(rsa) => (certificate::RSA, rsa.public_key().as_ref()),
            Key::P256 { der, .. } => (certificate::EC, der.public_key().as_ref()),
        };
        if own.kind != kind || own.public != public {
            return Err(SealerError::OtherKey);
        }
        Ok(Self { key, chain, own })
    }

    /// Makes a P-256 key and a certificate signed by itself, for demonstrations: nobody need believe it.
    ///
    /// # Errors
    /// [`SealerError::Unusable`] when the library cannot make keys.
    pub fn make_up(organization: &str, name: &str, now: Timestamp) -> Result<Made, SealerError> {
        let random = SystemRandom::new();
        let unusable = |_| SealerError::Unusable;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(unusable)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).map_err(|_| SealerError::Unusable)?;
        let mut serial = [0; 16];
        aws_lc_rs::rand::fill(&mut serial).map_err(unusable)?;
        let sign = |body: &[u8]| pair.sign(&random, body).ok().map(|signature| signature.as_ref().to_vec());
        let der = certificate::made_up(organization, name, pair.public_key().as_ref(), serial, now, sign).ok_or(SealerError::Unusable)?;
        Ok(Made { key: pkcs8.as_ref().to_vec(), certificate: to_pem(&der) })
    }

    /// Who signs, as the certificate names them.
    pub fn name(&self) -> &str {
        &self.own.name
    }

    /// Whether the certificate is valid at a moment: what is signed outside of this is believed by nobody.
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        self.own.not_before <= at && at <= self.own.not_after
    }

    /// The last moment of the certificate.
    pub fn not_after(&self) -> Timestamp {
        self.own.not_after
    }

    /// The certificate and those above it in PEM, to be given to whoever checks.
    pub fn certificates(&self) -> String {
        self.chain.iter().map(|der| to_pem(der)).collect()
    }

    /// Whether this is the certificate, in DER.
    pub fn is_own(&self, certificate: &[u8]) -> bool {
        self.chain[0] == certificate
    }

    pub(crate) fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    pub(crate) fn own(&self) -> &Read {
        &self.own
    }

    pub(crate) fn is_rsa(&self) -> bool {
        matches!(self.key, Key::Rsa(_))
    }

    /// Signs bytes with SHA-256, as CMS wants it.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SealerError> {
        match &self.key {
            Key::Rsa(rsa) => rsa_signature(rsa, bytes),
            Key::P256 { der, .. } => Ok(der.sign(&SystemRandom::new(), bytes).map_err(|_| SealerError::Unusable)?.as_ref().to_vec()),
        }
    }

    /// Signs a JSON text as a JWS in its compact form (RFC 7515), with the certificates in its head (`x5c`).
    ///
    /// # Errors
    /// [`SealerError::Unusable`] when the library refuses.
    pub fn sign_json(&self, kind: &str, json: &[u8]) -> Result<String, SealerError> {
        let algorithm = if self.is_rsa() { "RS256" } else { "ES256" };
        let chain: Vec<String> = self.chain.iter().map(|der| format!("\"{}\"", STANDARD.encode(der))).collect();
        let head = format!("{{\"alg\":\"{algorithm}\",\"typ\":\"{kind}\",\"x5c\":[{}]}}", chain.join(","));
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(json));
        let signature = match &self.key {
            Key::Rsa(rsa) => rsa_signature(rsa, signed.as_bytes())?,
            Key::P256 { fixed, .. } => {
                fixed.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| SealerError::Unusable)?.as_ref().to_vec()
            }
        };
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn rsa_signature(key: &RsaKeyPair, bytes: &[u8]) -> Result<Vec<u8>, SealerError> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).map_err(|_| SealerError::Unusable)?;
    Ok(signature)
}

/// The blocks of a kind in a PEM text.
fn pem(bytes: &[u8], kind: &str) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let mut found = Vec::new();
    for block in text.split(&begin).skip(1) {
        let Some((inner, _)) = block.split_once(&end) else { break };
        let plain: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
        found.extend(STANDARD.decode(plain));
    }
    found
}

fn to_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|start| &text[start..text.len().min(start + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
