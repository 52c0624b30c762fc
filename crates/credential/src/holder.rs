//! The phone's side: what its key signs every few seconds, and the text that becomes the QR code.
//!
//! Between the two calls the phone signs with WebCrypto (ECDSA, P-256, SHA-256), whose result is r ‖ s already.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::cbor::Writer;
use crate::cose::{self, Header};
use crate::{Credential, Disclosure, NONCE_BYTES, PREFIX, Signature, base45};

/// CWT and EAT claims of the holder's proof, and ours for the hash.
pub(crate) const IAT: i64 = 6;
pub(crate) const NONCE: i64 = 10;
pub(crate) const HASH: i64 = -65540;

/// The bytes the phone's key signs for one presentation.
///
/// `disclosures` are those that the programme lets be seen, no others; `iat` is the phone's time, cut to seconds (a moment before
/// 1970 counts as 1970); `nonce` is new for each presentation.
pub fn to_be_signed(credential: &Credential, disclosures: &[Disclosure], iat: Timestamp, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
    cose::signed_bytes(&Header::default().encode(), &payload(&bound(credential, disclosures), iat, nonce))
}

/// The text to show, from the same values and the signature over [`to_be_signed`].
pub fn assemble(
    credential: &Credential,
    disclosures: &[Disclosure],
    iat: Timestamp,
    nonce: [u8; NONCE_BYTES],
    signature: &Signature,
) -> String {
    let bound = bound(credential, disclosures);
    let proof = cose::assemble(&Header::default().encode(), &payload(&bound, iat, nonce), signature);
    let mut writer = Writer::new();
    writer.array(3).raw(&bound).raw(&proof);
    format!("{PREFIX}{}", base45::encode(&writer.done()))
}

/// What the proof is about: the card and the disclosures that go with it, as they stand in the presentation.
fn bound(credential: &Credential, disclosures: &[Disclosure]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(credential.encoded()).array(disclosures.len());
    for disclosure in disclosures {
        writer.bytes(disclosure.encoded());
    }
    writer.done()
}

fn payload(bound: &[u8], iat: Timestamp, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(3).int(IAT).int(iat.as_second().max(0)).int(NONCE).bytes(&nonce).int(HASH).bytes(&Sha256::digest(bound));
    writer.done()
}
