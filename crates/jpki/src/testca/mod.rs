//! A test authority: issues certificates shaped like the real ones, lists and answers about their revocation.
//!
//! For tests, demonstrations and training. Every name it writes holds the organization `JPKI-TEST`, which production refuses.

mod lists;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::CertificateKind;
use crate::cert::ParsedCertificate;
use crate::four::{PartialDate, Sex};
use crate::keys::{KeyAlgorithm, KeyError, PrivateKey};
use crate::revocation::Reason;
use crate::verify::{Anchors, TrustMode};

pub(crate) use shape::end_of_validity;
pub use shape::{Shape, Usage};

/// The organization in every name of the test hierarchy; production refuses it.
pub const ORGANIZATION: &str = "JPKI-TEST";
/// The certificate policy of 署名用 certificates in the test hierarchy.
pub const SIGNATURE_POLICY: &str = "1.2.392.200149.8.5.1.0.20";
/// The certificate policy of 利用者証明用 certificates in the test hierarchy.
pub const USER_AUTH_POLICY: &str = "1.2.392.200149.8.5.1.0.30";

/// An invented person to issue certificates for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name, U+3000 between its parts.
    pub name: String,
    /// The address, full text.
    pub address: String,
    /// The date of birth.
    pub date_of_birth: PartialDate,
    /// Sex as recorded.
    pub sex: Sex,
    /// Where the person lives.
    pub municipality: Municipality,
}

/// A municipality as certificates name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Municipality {
    /// 全国地方公共団体コード without its check digit, five digits.
    pub code: String,
    /// The prefecture in Latin letters, such as `Tokyo-to`.
    pub prefecture: String,
    /// The city, town or village in Latin letters, such as `Kiyose-shi`.
    pub city: String,
}

/// Two roots, one for each kind of certificate, with what they issued and revoked. Kept as JSON by who needs it tomorrow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestCa {
    signature: Authority,
    user_auth: Authority,
}

/// One root.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Authority {
    kind: CertificateKind,
    key: PrivateKey,
    #[serde(with = "crate::hexes")]
    certificate: Vec<u8>,
    issued: BTreeSet<u32>,
    revoked: BTreeMap<u32, Revoked>,
    next_serial: u32,
    lists: u32,
    responder: Option<Responder>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Revoked {
    reason: Reason,
    at: Timestamp,
}

/// A key that answers OCSP in the root's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Responder {
    key: PrivateKey,
    #[serde(with = "crate::hexes")]
    certificate: Vec<u8>,
}

impl TestCa {
    /// The first generation: RSA-2048 roots valid for ten years from `now`.
    ///
    /// # Errors
    /// [`KeyError`] when the library cannot make keys.
    pub fn new(now: Timestamp) -> Result<Self, KeyError> {
        Self::generation(1, KeyAlgorithm::Rsa2048, now)
    }

    /// A numbered generation: all have the same names and differ in key, and their serials do not meet.
    ///
    /// # Errors
    /// [`KeyError`] when the library cannot make keys.
    pub fn generation(number: u8, algorithm: KeyAlgorithm, now: Timestamp) -> Result<Self, KeyError> {
        Ok(Self {
            signature: Authority::new(CertificateKind::Signature, number, algorithm, now)?,
            user_auth: Authority::new(CertificateKind::UserAuthentication, number, algorithm, now)?,
        })
    }

    /// The root of one kind in DER.
    pub fn root(&self, kind: CertificateKind) -> &[u8] {
        &self.authority(kind).certificate
    }

    /// Both roots, to be believed in tests only.
    pub fn anchors(&self) -> Anchors {
        Self::anchors_of(&[self])
    }

    /// The roots of several generations.
    pub fn anchors_of(generations: &[&Self]) -> Anchors {
        let roots = generations.iter().flat_map(|ca| [&ca.signature.certificate[..], &ca.user_auth.certificate[..]]);
        Anchors::new(TrustMode::Test, roots).expect("roots made here are self-signed authorities with different keys")
    }

    /// A certificate for a person's key, valid until the fifth birthday after `now`, end of that day in Japan.
    ///
    /// # Errors
    /// [`KeyError`] when the root cannot sign.
    pub fn issue(&mut self, kind: CertificateKind, person: &Person, public_key_info: &[u8], now: Timestamp) -> Result<Vec<u8>, KeyError> {
        let shape = Shape::usual(kind, person, now);
        self.issue_shaped(kind, person, public_key_info, now, &shape)
    }

    /// A certificate of another shape than the profile's, to see it refused.
    ///
    /// # Errors
    /// [`KeyError`] when the root cannot sign.
    pub fn issue_shaped(
        &mut self,
        kind: CertificateKind,
        person: &Person,
        public_key_info: &[u8],
        now: Timestamp,
        shape: &Shape,
    ) -> Result<Vec<u8>, KeyError> {
        self.authority_mut(kind).issue(person, public_key_info, now, shape)
    }

    /// Revokes a certificate this authority issued; false for any other.
    pub fn revoke(&mut self, kind: CertificateKind, certificate: &[u8], reason: Reason, at: Timestamp) -> bool {
        let Ok(parsed) = ParsedCertificate::parse(certificate) else { return false };
        let Some(serial) = short_serial(parsed.serial.reveal_for_revocation()) else { return false };
        let authority = self.authority_mut(kind);
        let ours = authority.issued.contains(&serial) && parsed.issuer == authority.name();
        if ours {
            authority.revoked.insert(serial, Revoked { reason, at });
        }
        ours
    }

    /// The list of all revoked certificates of one kind, in DER.
    ///
    /// # Errors
    /// [`KeyError`] when the root cannot sign.
    pub fn crl(&mut self, kind: CertificateKind, this_update: Timestamp, next_update: Timestamp) -> Result<Vec<u8>, KeyError> {
        self.authority_mut(kind).crl(None, this_update, next_update)
    }

    /// The list that a municipality's certificates point to, marked as covering only those.
    ///
    /// # Errors
    /// [`KeyError`] when the root cannot sign.
    pub fn crl_of(
        &mut self,
        kind: CertificateKind,
        municipality: &Municipality,
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Vec<u8>, KeyError> {
        self.authority_mut(kind).crl(Some(municipality), this_update, next_update)
    }

    /// Answers an OCSP request in DER about certificates of one kind; good until an hour after `now`.
    ///
    /// # Errors
    /// [`KeyError`] when the root cannot sign.
    pub fn ocsp(&self, kind: CertificateKind, request: &[u8], now: Timestamp) -> Result<Vec<u8>, KeyError> {
        self.authority(kind).ocsp(request, now)
    }

    /// From now on OCSP answers are signed by a key of their own, with a certificate of the root.
    ///
    /// # Errors
    /// [`KeyError`] when the library cannot make keys.
    pub fn delegate_ocsp(&mut self, kind: CertificateKind, now: Timestamp) -> Result<(), KeyError> {
        self.authority_mut(kind).delegate(now)
    }

    /// Puts serials nobody holds on the list, to measure with a long one.
    pub(crate) fn revoke_invented(&mut self, kind: CertificateKind, count: usize, reason: Reason, at: Timestamp) {
        let invented = (0..count).filter_map(|n| u32::try_from(n).ok()).map(|n| (0x0200_0000 + n * 7, Revoked { reason, at }));
        self.authority_mut(kind).revoked.extend(invented);
    }

    fn authority(&self, kind: CertificateKind) -> &Authority {
        match kind {
            CertificateKind::Signature => &self.signature,
            CertificateKind::UserAuthentication => &self.user_auth,
        }
    }

    fn authority_mut(&mut self, kind: CertificateKind) -> &mut Authority {
        match kind {
            CertificateKind::Signature => &mut self.signature,
            CertificateKind::UserAuthentication => &mut self.user_auth,
        }
    }
}

/// A serial of this authority as the number it counts with.
fn short_serial(bytes: &[u8]) -> Option<u32> {
    (bytes.len() <= 4).then(|| bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}
