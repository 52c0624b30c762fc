//! The two certificates an mdoc's issuer has (ISO/IEC 18013-5, annex B.1): a root (IACA) and a signer of documents under it.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use jiff::Timestamp;
use x509_cert::Version;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectKeyIdentifier};

use crate::verify::Refusal;

const fn id(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(crate) const EC: ObjectIdentifier = id("1.2.840.10045.2.1");
pub(crate) const P256: ObjectIdentifier = id("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = id("1.3.132.0.34");
pub(crate) const ECDSA_SHA256: ObjectIdentifier = id("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = id("1.2.840.10045.4.3.3");
pub(crate) const SUBJECT_KEY_ID: ObjectIdentifier = id("2.5.29.14");
pub(crate) const KEY_USAGE: ObjectIdentifier = id("2.5.29.15");
pub(crate) const SUBJECT_ALT_NAME: ObjectIdentifier = id("2.5.29.17");
const ISSUER_ALT_NAME: ObjectIdentifier = id("2.5.29.18");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = id("2.5.29.19");
const CRL_POINTS: ObjectIdentifier = id("2.5.29.31");
pub(crate) const AUTHORITY_KEY_ID: ObjectIdentifier = id("2.5.29.35");
pub(crate) const EXTENDED_KEY_USAGE: ObjectIdentifier = id("2.5.29.37");

/// What of a certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificate: {0}")]
pub struct CertificateError(pub &'static str);

/// The two curves that are believed, each with the one digest that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) curve: Curve,
    /// Uncompressed point.
    pub(crate) point: Vec<u8>,
}

impl Key {
    /// Whether it made a signature in the form of certificates (DER).
    fn signed_der(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self.curve {
            Curve::P256 => &ECDSA_P256_SHA256_ASN1,
            Curve::P384 => &ECDSA_P384_SHA384_ASN1,
        };
        UnparsedPublicKey::new(algorithm, &self.point).verify(message, signature).is_ok()
    }

    /// Whether it made a signature in the form of COSE (r ‖ s).
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self.curve {
            Curve::P256 => &ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        };
        UnparsedPublicKey::new(algorithm, &self.point).verify(message, signature).is_ok()
    }
}

/// One certificate, read.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    signature_curve: Curve,
    signature: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) key: Key,
    extensions: Extensions,
}

#[derive(Debug, Clone, Default)]
struct Extensions {
    authority_key: Option<Vec<u8>>,
    subject_key: Option<Vec<u8>>,
    key_usage: Option<KeyUsage>,
    extended: Vec<ObjectIdentifier>,
    hosts: Vec<String>,
    is_ca: bool,
}

impl Certificate {
    /// The certificate in these bytes, all of them: version 3, the one encoding DER allows, ECDSA, no critical extension unknown.
    pub(crate) fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError("not DER of a certificate"))?;
        let structure = |_| CertificateError("structure");
        if parsed.to_der().map_err(structure)? != der {
            return Err(CertificateError("not the one encoding DER allows"));
        }
        let body = parsed.tbs_certificate();
        if body.version() != Version::V3 || body.signature() != parsed.signature_algorithm() {
            return Err(CertificateError("version, or two algorithms"));
        }
        let signature_curve = match parsed.signature_algorithm().oid {
            ECDSA_SHA256 => Curve::P256,
            ECDSA_SHA384 => Curve::P384,
            _ => return Err(CertificateError("signature algorithm")),
        };
        Ok(Self {
            der: der.to_vec(),
            tbs: body.to_der().map_err(structure)?,
            signature_curve,
            signature: parsed.signature().as_bytes().ok_or(CertificateError("signature"))?.to_vec(),
            issuer: body.issuer().to_der().map_err(structure)?,
            subject: body.subject().to_der().map_err(structure)?,
            not_before: moment(body.validity().not_before)?,
            not_after: moment(body.validity().not_after)?,
            key: key(body.subject_public_key_info())?,
            extensions: Extensions::read(body.extensions().map_or(&[], Vec::as_slice))?,
        })
    }

    fn signed_by(&self, key: &Key) -> bool {
        self.signature_curve == key.curve && key.signed_der(&self.tbs, &self.signature)
    }

    /// Whether a moment lies in the validity, both named seconds included to their end.
    pub(crate) fn valid_at(&self, now: Timestamp) -> bool {
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&now.as_second())
    }

    fn may_certify(&self) -> bool {
        self.extensions.is_ca && self.extensions.key_usage.is_some_and(|usage| usage.key_cert_sign())
    }

    fn may_sign_documents(&self, usage: &ObjectIdentifier) -> bool {
        let Extensions { is_ca, key_usage, extended, .. } = &self.extensions;
        !is_ca && key_usage.is_some_and(|usage| usage.digital_signature()) && extended == &[*usage]
    }

    /// The hosts it is made out to.
    pub(crate) fn hosts(&self) -> &[String] {
        &self.extensions.hosts
    }

    /// Whether its own key signed it.
    pub(crate) fn signs_itself(&self) -> bool {
        self.issuer == self.subject && self.signed_by(&self.key)
    }

    fn der(&self) -> &[u8] {
        &self.der
    }
}

fn key(info: &x509_cert::spki::SubjectPublicKeyInfoOwned) -> Result<Key, CertificateError> {
    let named = info.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let (curve, bytes) = match named {
        Some(P256) => (Curve::P256, 65),
        Some(P384) => (Curve::P384, 97),
        _ => return Err(CertificateError("kind of key")),
    };
    let point = info.subject_public_key.as_bytes().filter(|point| point.len() == bytes && point[0] == 4);
    match point {
        Some(point) if info.algorithm.oid == EC => Ok(Key { curve, point: point.to_vec() }),
        _ => Err(CertificateError("kind of key")),
    }
}

fn moment(time: x509_cert::time::Time) -> Result<Timestamp, CertificateError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok();
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(CertificateError("time"))
}

impl Extensions {
    fn read(list: &[x509_cert::ext::Extension]) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        for (at, extension) in list.iter().enumerate() {
            if list[..at].iter().any(|before| before.extn_id == extension.extn_id) {
                return Err(CertificateError("an extension twice"));
            }
            let known = read.take(extension.extn_id, extension.extn_value.as_bytes()).map_err(|_| CertificateError("extension"))?;
            if extension.critical && !known {
                return Err(CertificateError("a critical extension that is not understood"));
            }
        }
        Ok(read)
    }

    /// Takes one extension up; false when it is not known.
    fn take(&mut self, id: ObjectIdentifier, value: &[u8]) -> Result<bool, der::Error> {
        match id {
            AUTHORITY_KEY_ID => {
                let read = AuthorityKeyIdentifier::from_der(value)?;
                self.authority_key = read.key_identifier.map(|key| key.as_bytes().to_vec());
            }
            SUBJECT_KEY_ID => self.subject_key = Some(SubjectKeyIdentifier::from_der(value)?.0.as_bytes().to_vec()),
            KEY_USAGE => self.key_usage = Some(KeyUsage::from_der(value)?),
            EXTENDED_KEY_USAGE => self.extended = ExtendedKeyUsage::from_der(value)?.0,
            BASIC_CONSTRAINTS => self.is_ca = BasicConstraints::from_der(value)?.ca,
            // The issuer's names and its lists of revoked certificates restrict nothing that is believed here.
            SUBJECT_ALT_NAME => self.hosts = hosts(&SubjectAltName::from_der(value)?),
            ISSUER_ALT_NAME | CRL_POINTS => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn hosts(names: &SubjectAltName) -> Vec<String> {
    let host = |name: &GeneralName| if let GeneralName::DnsName(host) = name { Some(host.to_string()) } else { None };
    names.0.iter().filter_map(host).collect()
}

/// The roots of the issuers that are believed.
#[derive(Debug, Clone, Default)]
pub struct Roots(Vec<Certificate>);

impl Roots {
    /// Takes root certificates in DER.
    ///
    /// # Errors
    /// What is wrong with one that is no root: it signs itself, is an authority, and may certify.
    pub fn new<'a>(ders: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, CertificateError> {
        let mut roots = Vec::new();
        for der in ders {
            let root = Certificate::read(der)?;
            if !root.signs_itself() {
                return Err(CertificateError("a root signs itself"));
            }
            if !root.may_certify() {
                return Err(CertificateError("a root is an authority that may certify"));
            }
            roots.push(root);
        }
        Ok(Self(roots))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the first of them ends.
    pub fn first_end(&self) -> Option<Timestamp> {
        self.0.iter().map(|root| root.not_after).min()
    }

    /// The signer of a document, believed as of `now`: directly under one of the roots, for this use alone. What follows it in the chain may only be
    /// its root once more.
    pub(crate) fn signer(&self, chain: &[&[u8]], usage: &ObjectIdentifier, now: Timestamp) -> Result<Certificate, Refusal> {
        let (first, above) = chain.split_first().ok_or(Refusal::Malformed)?;
        let signer = Certificate::read(first).map_err(|_| Refusal::Signer)?;
        let named = |root: &&Certificate| root.subject == signer.issuer;
        let by_key = |root: &&Certificate| match (&signer.extensions.authority_key, &root.extensions.subject_key) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        };
        let made = self.0.iter().filter(named).filter(by_key).find(|root| signer.signed_by(&root.key));
        let root = made.ok_or(Refusal::Issuer)?;
        if above.iter().any(|other| *other != root.der()) {
            return Err(Refusal::Issuer);
        }
        if !root.valid_at(now) || !signer.valid_at(now) {
            return Err(Refusal::SignerTime);
        }
        if signer.may_sign_documents(usage) { Ok(signer) } else { Err(Refusal::Signer) }
    }
}

/// The certificates of a PEM file, in DER, in its order.
///
/// # Errors
/// When there is none, or what stands between the lines is not base64.
pub fn pem_certificates(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut found = Vec::new();
    for part in text.split(BEGIN).skip(1) {
        let (body, _) = part.split_once(END).ok_or(CertificateError("a PEM block without its end"))?;
        let body: String = body.split_whitespace().collect();
        found.push(STANDARD.decode(body).map_err(|_| CertificateError("not base64"))?);
    }
    if found.is_empty() { Err(CertificateError("no PEM certificate in it")) } else { Ok(found) }
}
