//! Certificates made here: those of the software issuer, and a town's own for demonstrations.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::certificate::{
    AUTHORITY_KEY_ID, BASIC_CONSTRAINTS, EC, ECDSA_SHA256, EXTENDED_KEY_USAGE, KEY_USAGE, P256, SUBJECT_ALT_NAME, SUBJECT_KEY_ID,
};

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0C;
const PRINTABLE: u8 = 0x13;
const GENERALIZED_TIME: u8 = 0x18;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// What a certificate is for.
pub(crate) enum Use<'a> {
    /// A root.
    Root,
    /// Signs cards, with this extended key usage.
    Signs(&'a str),
    /// Asks for cards, under this host's name, with this extended key usage.
    Asks(&'a str, &'a str),
}

/// A certificate to be made.
pub(crate) struct Made<'a> {
    pub(crate) subject: &'a str,
    pub(crate) issuer: &'a str,
    /// Uncompressed points on P-256: its own and its issuer's.
    pub(crate) point: &'a [u8],
    pub(crate) issuer_point: &'a [u8],
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) used_as: Use<'a>,
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match value.len() {
        0..=0x7F => out.push(length.first().copied().unwrap_or(0)),
        _ => {
            out.push(0x80 | length.len() as u8);
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(value);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

fn oid(id: ObjectIdentifier) -> Vec<u8> {
    tlv(OID, id.as_bytes())
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// UTCTime until 2049 and GeneralizedTime after (RFC 5280 section 4.1.2.5).
fn time(at: Timestamp) -> Vec<u8> {
    let civil = at.to_zoned(TimeZone::UTC);
    let (tag, form) = if civil.year() < 2050 { (UTC_TIME, "%y%m%d%H%M%SZ") } else { (GENERALIZED_TIME, "%Y%m%d%H%M%SZ") };
    tlv(tag, civil.strftime(form).to_string().as_bytes())
}

fn name(common: &str) -> Vec<u8> {
    let part = |kind, tag, text: &str| tlv(SET, &sequence(&[oid(kind), tlv(tag, text.as_bytes())]));
    sequence(&[part(COUNTRY, PRINTABLE, "JP"), part(COMMON_NAME, UTF8, common)])
}

/// The name of a key (RFC 5280 section 4.2.1.2, method 1): nothing is trusted over it.
fn key_id(point: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, point).as_ref().to_vec()
}

fn extension(kind: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(BOOLEAN, &[0xFF]) } else { Vec::new() };
    sequence(&[oid(kind), critical, tlv(OCTETS, value)])
}

fn extensions(made: &Made<'_>) -> Vec<u8> {
    let mut list = vec![
        extension(SUBJECT_KEY_ID, false, &tlv(OCTETS, &key_id(made.point))),
        extension(AUTHORITY_KEY_ID, false, &sequence(&[tlv(0x80, &key_id(made.issuer_point))])),
    ];
    // keyCertSign and cRLSign, or digitalSignature: the first bits, the rest unused.
    let usage: &[u8] = if matches!(made.used_as, Use::Root) { &[1, 0x06] } else { &[7, 0x80] };
    list.push(extension(KEY_USAGE, true, &tlv(BIT_STRING, usage)));
    let purpose = |usage: &str| ObjectIdentifier::new(usage).map(|id| sequence(&[oid(id)])).unwrap_or_default();
    match made.used_as {
        Use::Root => list.push(extension(BASIC_CONSTRAINTS, true, &sequence(&[tlv(BOOLEAN, &[0xFF]), tlv(INTEGER, &[0])]))),
        Use::Signs(usage) => list.push(extension(EXTENDED_KEY_USAGE, true, &purpose(usage))),
        Use::Asks(host, usage) => {
            list.push(extension(EXTENDED_KEY_USAGE, true, &purpose(usage)));
            list.push(extension(SUBJECT_ALT_NAME, false, &sequence(&[tlv(0x82, host.as_bytes())])));
        }
    }
    tlv(0xA3, &sequence(&list))
}

/// The certificate; `sign` signs with the issuer's key (DER, SHA-256), `serial` are bytes of chance.
pub(crate) fn certificate(made: &Made<'_>, mut serial: [u8; 16], sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let algorithm = sequence(&[oid(ECDSA_SHA256)]);
    serial[0] = (serial[0] & 0x7F) | 0x40;
    let body = sequence(&[
        tlv(0xA0, &tlv(INTEGER, &[2])),
        tlv(INTEGER, &serial),
        algorithm.clone(),
        name(made.issuer),
        sequence(&[time(made.from), time(made.until)]),
        name(made.subject),
        sequence(&[sequence(&[oid(EC), oid(P256)]), bits(made.point)]),
        extensions(made),
    ]);
    let signature = sign(&body)?;
    Some(sequence(&[body, algorithm, bits(&signature)]))
}
