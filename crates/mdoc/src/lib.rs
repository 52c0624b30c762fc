//! Cards that a phone presents as an mdoc (ISO/IEC 18013-5), over OpenID for Verifiable Presentations 1.0: read strictly, and believed only in
//! answer to one question.
//!
//! Pure: clock, roots and question are passed in (only keys, salts and signatures of the software phone are drawn by the crypto library). What is
//! asked for and whom to trust is the caller's; what is checked is in `docs/wallets.md`.

mod certificate;
mod document;
mod handover;
mod made;
mod reader;
pub mod soft;
#[cfg(test)]
mod tests;
mod tree;
mod verify;

pub use certificate::{CertificateError, Roots, pem_certificates};
pub use handover::Handover;
pub use jwe::thumbprint;
pub use reader::ReaderChain;
pub use verify::{Element, Kind, Question, Refusal, Shown, Value, verify};

/// The COSE algorithms (RFC 9053, RFC 9864) of issuers and phones that are believed: ECDSA on P-256 with SHA-256, on P-384 with SHA-384.
pub const ALGORITHMS: [i64; 4] = [document::ES256, document::ES384, document::ESP256, document::ESP384];

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    out
}
