//! Who asks: the certificate by which a town is known to wallets, and the chain below it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;

use crate::certificate::{Certificate, CertificateError, Curve, pem_certificates};
use crate::sha256;

/// The certificates of who asks, the own one first.
#[derive(Debug, Clone)]
pub struct ReaderChain {
    own: Certificate,
    ders: Vec<Vec<u8>>,
}

impl ReaderChain {
    /// Takes the certificates of a PEM file, the own one first; its root may be left out.
    ///
    /// # Errors
    /// What is wrong with the own certificate or the file.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::new(pem_certificates(text)?)
    }

    /// Takes certificates in DER, the own one first.
    ///
    /// # Errors
    /// What is wrong with the own certificate.
    pub fn new(ders: Vec<Vec<u8>>) -> Result<Self, CertificateError> {
        let own = Certificate::read(ders.first().ok_or(CertificateError("no certificate"))?)?;
        Ok(Self { own, ders })
    }

    /// The point of the own key on P-256, uncompressed; none where the key is on another curve.
    pub fn point(&self) -> Option<&[u8]> {
        (self.own.key.curve == Curve::P256).then_some(self.own.key.point.as_slice())
    }

    /// The name by the certificate's hash (OpenID4VP 1.0 section 5.9.3, `x509_hash`), without its prefix.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(&self.ders[0]))
    }

    /// Whether the own certificate is made out to a host.
    pub fn is_for(&self, host: &str) -> bool {
        self.own.hosts().iter().any(|named| named.eq_ignore_ascii_case(host))
    }

    /// When the own certificate ends.
    pub fn ends_at(&self) -> Timestamp {
        self.own.not_after
    }

    /// The chain as the header of a signed question carries it (RFC 7515 section 4.1.6): roots are known to wallets, or not believed.
    pub fn x5c(&self) -> Vec<String> {
        let above = self.ders.iter().skip(1).filter(|der| Certificate::read(der).is_ok_and(|above| !above.signs_itself()));
        self.ders.iter().take(1).chain(above).map(|der| STANDARD.encode(der)).collect()
    }
}
