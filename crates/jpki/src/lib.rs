//! The My Number Card: reader, software card, certificates, revocation.
//!
//! Pure: the transport, the clock and chance are passed in (only keys of the software card and the test CA are made by the crypto
//! library with its own random numbers). What is read and never read, and what the verifier checks, is in `docs/jpki.md`.

mod apdu;
mod asn1;
mod cert;
mod challenge;
mod four;
#[doc(hidden)]
pub mod fuzzing;
mod hexed;
mod keys;
mod serial;
mod text;
mod verify;

pub mod bench;
pub mod card;
pub mod reader;
pub mod revocation;
pub mod testca;

pub use apdu::{Command, StatusWord};
pub use cert::{CertificateError, ParsedCertificate, SignatureAlgorithm};
pub use challenge::{Challenge, DOMAIN, Purpose};
pub use four::{FourItems, FourItemsError, PartialDate, Sex};
pub use keys::{KeyAlgorithm, KeyError, PrivateKey};
pub use reader::{
    CardError, PinKind, Reader, SignaturePassword, SpendLastTry, TextPin, TownKey, Transport, TransportError, Tries, UserAuthPin,
};
pub use revocation::{Evidence, Reason, Revocation, Status};
pub use serial::{Serial, SerialKey, serial_key};
pub use text::{TextError, parse_four_items};
pub use verify::{
    Anchor, AnchorError, Anchors, Answer, Asked, OnUnknown, Policy, Refusal, TrustMode, Verified, VerifiedSignature, Verifier,
};

use aws_lc_rs::digest;
use hexed::{hex32, hex32_option, hexes};
use serde::{Deserialize, Serialize};

/// Which of the two certificates of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// 署名用電子証明書: holds the four items, signs applications, ends with every move.
    Signature,
    /// 利用者証明用電子証明書: holds no attribute, signs in, survives a move.
    UserAuthentication,
}

impl CertificateKind {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::UserAuthentication => "user_authentication",
        }
    }
}

/// Where chance comes from: fills the bytes it is given.
pub trait Random: Send {
    /// Fills every byte.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8]) + Send> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, message).as_ref());
    out
}

pub(crate) fn sha384(message: &[u8]) -> [u8; 48] {
    let mut out = [0; 48];
    out.copy_from_slice(digest::digest(&digest::SHA384, message).as_ref());
    out
}

/// SHA-1, only where a standard names a key or a certificate by it; nothing is signed or trusted over it.
pub(crate) fn sha1_name(bytes: &[u8]) -> [u8; 20] {
    let mut out = [0; 20];
    out.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    out
}

/// DigestInfo of a SHA-256 hash (RFC 8017 section 9.2), what a card signs with P1 = 00.
pub(crate) fn digest_info_sha256(hash: &[u8; 32]) -> Vec<u8> {
    const PREFIX: [u8; 19] =
        [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
    [&PREFIX[..], hash].concat()
}
