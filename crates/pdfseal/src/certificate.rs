//! What is read from a certificate, and one made up for demonstrations.

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use jiff::{Timestamp, ToSpan};
use x509_cert::Certificate;

use crate::encode::{BOOLEAN, CONTEXT_0, CONTEXT_3, INTEGER, OCTET_STRING, PRINTABLE, UTF8, bits, oid, sequence, set_of, time, tlv};

pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(crate) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(crate) const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");

/// What a signature needs to know of a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// The common name, else the organization.
    pub(crate) name: String,
    /// The public key: a point, or an RSAPublicKey.
    pub(crate) public: Vec<u8>,
    /// The kind of key.
    pub(crate) kind: ObjectIdentifier,
    /// Issuer and serial number, as a SignerInfo names the certificate.
    pub(crate) identifier: Vec<u8>,
    /// The first moment it is valid.
    pub(crate) not_before: Timestamp,
    /// The last.
    pub(crate) not_after: Timestamp,
}

/// Reads a certificate in DER; none for what is no certificate, or one with a key of another kind than RSA and P-256.
pub(crate) fn read(der: &[u8]) -> Option<Read> {
    let parsed = Certificate::from_der(der).ok()?;
    let body = parsed.tbs_certificate();
    let info = body.subject_public_key_info();
    let kind = info.algorithm.oid;
    let on_p256 = || info.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok()) == Some(P256);
    if kind != RSA && !(kind == EC && on_p256()) {
        return None;
    }
    let name = text_of(der, COMMON_NAME).or_else(|| text_of(der, ORGANIZATION))?;
    let moment = |time: x509_cert::time::Time| Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok();
    Some(Read {
        name,
        public: info.subject_public_key.as_bytes()?.to_vec(),
        kind,
        identifier: sequence(&[body.issuer().to_der().ok()?, body.serial_number().to_der().ok()?]),
        not_before: moment(body.validity().not_before)?,
        not_after: moment(body.validity().not_after)?,
    })
}

/// A text of the subject.
fn text_of(der: &[u8], kind: ObjectIdentifier) -> Option<String> {
    let parsed = Certificate::from_der(der).ok()?;
    let subject = parsed.tbs_certificate().subject().to_der().ok()?;
    let mut parts = crate::encode::Items(&subject).any()?.items();
    let mut found = None;
    while let Some(part) = parts.any() {
        let mut attributes = part.items();
        while let Some(attribute) = attributes.any() {
            let mut values = attribute.items();
            if values.any()?.value == kind.as_bytes() {
                found = values.any().and_then(|value| String::from_utf8(value.value.to_vec()).ok());
            }
        }
    }
    found
}

/// A self-made certificate for a point on P-256, valid for ten years. `sign` signs with its key.
pub(crate) fn made_up(
    organization: &str,
    name: &str,
    point: &[u8],
    serial: [u8; 16],
    now: Timestamp,
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let algorithm = sequence(&[oid(ECDSA_SHA256)]);
    let part = |kind, tag, text: &str| set_of(vec![sequence(&[oid(kind), tlv(tag, text.as_bytes())])]);
    let who = sequence(&[part(COUNTRY, PRINTABLE, "JP"), part(ORGANIZATION, UTF8, organization), part(COMMON_NAME, UTF8, name)]);
    let until = now.to_zoned(jiff::tz::TimeZone::UTC).saturating_add(10.years()).timestamp();
    let extension = |kind, value: Vec<u8>| sequence(&[oid(kind), tlv(BOOLEAN, &[0xFF]), tlv(OCTET_STRING, &value)]);
    // digitalSignature and nonRepudiation: two bits, six unused.
    let usage = tlv(crate::encode::BIT_STRING, &[6, 0xC0]);
    let mut number = serial;
    number[0] = (number[0] & 0x7F) | 0x40;
    let body = sequence(&[
        tlv(CONTEXT_0, &tlv(INTEGER, &[2])),
        tlv(INTEGER, &number),
        algorithm.clone(),
        who.clone(),
        sequence(&[time(now), time(until)]),
        who,
        sequence(&[sequence(&[oid(EC), oid(P256)]), bits(point)]),
        tlv(CONTEXT_3, &sequence(&[extension(KEY_USAGE, usage), extension(BASIC_CONSTRAINTS, sequence(&[]))])),
    ]);
    let signature = sign(&body)?;
    Some(sequence(&[body, algorithm, bits(&signature)]))
}
