//! The roots that are believed, and none besides: pinned here, never taken from a card.

use x509_cert::ext::pkix::KeyUsage;

use super::fingerprint;
use crate::CertificateKind;
use crate::cert::{CertificateError, ParsedCertificate};

/// Whether results count in the real world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustMode {
    /// Real cards only: a test root cannot be held.
    Production,
    /// Test cards: for tests, demonstrations and training.
    Test,
}

/// Why a root cannot be held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// It cannot be read.
    #[error("root certificate cannot be read")]
    Certificate(#[from] CertificateError),
    /// It did not sign itself, or is not an authority that may sign certificates.
    #[error("not a self-signed authority")]
    NotAuthority,
    /// It has no key identifier to choose it by.
    #[error("root has no subject key identifier")]
    NoKeyId,
    /// Its name says neither signature nor user authentication.
    #[error("root is of no kind known here")]
    NoKind,
    /// A root of the test hierarchy in production.
    #[error("test root cannot be trusted in production")]
    TestRootInProduction,
    /// A root that is not of the public personal authentication service.
    #[error("root is not of JPKI")]
    NotJpki,
    /// Two roots claim the same key identifier.
    #[error("two roots with one key identifier")]
    Twice,
}

/// One root.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// Which kind of certificate it issues.
    pub kind: CertificateKind,
    /// SHA-256 of its DER, as published.
    pub fingerprint: [u8; 32],
    pub(crate) key_id: Vec<u8>,
    pub(crate) certificate: ParsedCertificate,
}

/// The roots believed in one mode.
#[derive(Debug, Clone)]
pub struct Anchors {
    mode: TrustMode,
    list: Vec<Anchor>,
}

/// The six roots J-LIS publishes at <https://www.jpki.go.jp/ca/index.html>, byte for byte; see `roots/README.md`.
const PINNED: [&[u8]; 6] = [
    include_bytes!("../../roots/signca01.cer"),
    include_bytes!("../../roots/signca02.cer"),
    include_bytes!("../../roots/signca03.cer"),
    include_bytes!("../../roots/authca01.cer"),
    include_bytes!("../../roots/authca02.cer"),
    include_bytes!("../../roots/authca03.cer"),
];

impl Anchors {
    /// The six published roots, for real cards.
    pub fn production() -> Self {
        Self::new(TrustMode::Production, PINNED).expect("the pinned roots are checked by a test")
    }

    /// These roots in DER, for this mode.
    ///
    /// # Errors
    /// [`AnchorError`], above all [`AnchorError::TestRootInProduction`].
    pub fn new<'a>(mode: TrustMode, roots: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, AnchorError> {
        let mut list: Vec<Anchor> = Vec::new();
        for der in roots {
            let anchor = Anchor::read(mode, der)?;
            if list.iter().any(|other| other.key_id == anchor.key_id) {
                return Err(AnchorError::Twice);
            }
            list.push(anchor);
        }
        Ok(Self { mode, list })
    }

    /// The mode they are for.
    pub fn mode(&self) -> TrustMode {
        self.mode
    }

    /// Every root.
    pub fn iter(&self) -> impl Iterator<Item = &Anchor> {
        self.list.iter()
    }

    pub(crate) fn by_key(&self, key_id: &[u8]) -> Option<&Anchor> {
        self.list.iter().find(|anchor| anchor.key_id == key_id)
    }
}

impl Anchor {
    fn read(mode: TrustMode, der: &[u8]) -> Result<Self, AnchorError> {
        let certificate = ParsedCertificate::parse(der)?;
        if mode == TrustMode::Production {
            if certificate.organizations.iter().any(|name| name == crate::testca::ORGANIZATION) {
                return Err(AnchorError::TestRootInProduction);
            }
            if certificate.organizations.iter().any(|name| name != "JPKI") || certificate.organizations.is_empty() {
                return Err(AnchorError::NotJpki);
            }
        }
        let has_unit = |name: &str| certificate.units.iter().any(|unit| unit == name);
        let kind = match (has_unit("JPKI for digital signature"), has_unit("JPKI for user authentication")) {
            (true, false) => CertificateKind::Signature,
            (false, true) => CertificateKind::UserAuthentication,
            _ => return Err(AnchorError::NoKind),
        };
        let signs = certificate.extensions.key_usage.as_ref().is_some_and(KeyUsage::key_cert_sign);
        let own = certificate.issuer == certificate.subject && certificate.signed_by(&certificate.public_key_info);
        if !own || !signs || certificate.extensions.is_ca != Some(true) {
            return Err(AnchorError::NotAuthority);
        }
        let key_id = certificate.extensions.subject_key.clone().ok_or(AnchorError::NoKeyId)?;
        Ok(Self { kind, fingerprint: fingerprint(der), key_id, certificate })
    }
}
