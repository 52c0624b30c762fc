//! Doors for the fuzz targets: every parser that meets bytes from outside, without the signature that guards some of them.

use std::hint::black_box;

/// A command as the software card takes it apart.
pub fn apdu(bytes: &[u8]) {
    let _ = black_box(crate::Command::parse(black_box(bytes)));
}

/// A certificate and, if it has one, its alternative name.
pub fn certificate(bytes: &[u8]) {
    if let Ok(certificate) = crate::ParsedCertificate::parse(bytes) {
        let _ = certificate.extensions.alternative_name.as_deref().map(crate::four::from_alternative_name);
        let _ = (certificate.key_algorithm(), certificate.made(b"message", b"signature"));
    }
    let _ = crate::four::from_alternative_name(bytes);
}

/// The four-information file.
pub fn text(bytes: &[u8]) {
    let _ = crate::parse_four_items(bytes);
}

/// A revocation list.
pub fn crl(bytes: &[u8]) {
    let _ = crate::revocation::crl::read_unsigned(bytes);
}

/// An OCSP answer.
pub fn ocsp(bytes: &[u8]) {
    let _ = crate::revocation::ocsp::read_unsigned(bytes);
}

/// A challenge's message.
pub fn challenge(bytes: &[u8]) {
    let _ = black_box(crate::Challenge::parse(black_box(bytes)));
}
