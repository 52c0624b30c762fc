//! Certificate serials, which identify a person and so never leave this room in the clear.

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use crate::CertificateKind;

/// 発行の番号 of a certificate: shown to nobody, not even by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// The serial from its big-endian bytes; leading zeros do not count.
    pub fn new(bytes: &[u8]) -> Self {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        Self(bytes[start..].to_vec())
    }

    /// The bytes, for asking about revocation (the one thing they may be used for) and nothing else.
    pub fn reveal_for_revocation(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Serial(hidden)")
    }
}

/// What an account is found by instead of the serial: HMAC-SHA-256 under a key only this town has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SerialKey(#[serde(with = "crate::hex32")] pub [u8; 32]);

impl std::fmt::Display for SerialKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The keyed hash of kind and serial.
///
/// The kind is part of it because the two authorities count separately. The generation of the root is not: all generations of one
/// authority share one name, under which RFC 5280 section 4.1.2.2 keeps serials unique, and J-LIS names a certificate by it alone.
pub fn serial_key(hmac_key: &[u8], kind: CertificateKind, serial: &Serial) -> SerialKey {
    let key = hmac::Key::new(hmac::HMAC_SHA256, hmac_key);
    let mut context = hmac::Context::with_key(&key);
    context.update(kind.as_str().as_bytes());
    context.update(&[0]);
    context.update(serial.reveal_for_revocation());
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    SerialKey(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_depends_on_secret_kind_and_serial_and_not_on_leading_zeros() {
        let serial = Serial::new(&[0x1E, 0xE6, 0x07]);
        let key = serial_key(b"secret", CertificateKind::Signature, &serial);
        assert_eq!(key, serial_key(b"secret", CertificateKind::Signature, &Serial::new(&[0, 0x1E, 0xE6, 0x07])));
        assert_ne!(key, serial_key(b"other", CertificateKind::Signature, &serial));
        assert_ne!(key, serial_key(b"secret", CertificateKind::UserAuthentication, &serial));
        assert_ne!(key, serial_key(b"secret", CertificateKind::Signature, &Serial::new(&[0x1E, 0xE6, 0x08])));
    }

    #[test]
    fn a_serial_does_not_show_itself() {
        assert_eq!(format!("{:?}", Serial::new(&[0x12, 0x34])), "Serial(hidden)");
    }
}
