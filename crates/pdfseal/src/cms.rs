//! The CMS structure around a signature: SignedData without its content (RFC 5652), and reading it again.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;

use crate::certificate::{self, ECDSA_SHA256, RSA, Read};
use crate::encode::{CONTEXT_0, INTEGER, Items, OCTET_STRING, OID, SEQUENCE, SET, null, oid, sequence, set_of, time, tlv};
use crate::sealer::{Sealer, SealerError};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// id-aa-signingCertificateV2 (RFC 5035).
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// Signs what has this SHA-256 digest.
pub(crate) fn sign(sealer: &Sealer, content: &[u8], at: Timestamp) -> Result<Vec<u8>, SealerError> {
    let sha_256 = sequence(&[oid(SHA_256)]);
    let certificate_hash = digest(&SHA256, &sealer.chain()[0]);
    let attribute = |kind, value| sequence(&[oid(kind), set_of(vec![value])]);
    let certificate_id = sequence(&[tlv(OCTET_STRING, certificate_hash.as_ref())]);
    let attributes = set_of(vec![
        attribute(CONTENT_TYPE, oid(DATA)),
        attribute(SIGNING_TIME, time(at)),
        attribute(MESSAGE_DIGEST, tlv(OCTET_STRING, content)),
        attribute(SIGNING_CERTIFICATE, sequence(&[sequence(&[certificate_id])])),
    ]);
    let algorithm = if sealer.is_rsa() { sequence(&[oid(RSA_SHA256), null()]) } else { sequence(&[oid(ECDSA_SHA256)]) };
    let signature = sealer.sign(&attributes)?;
    // Signed as a SET, written as [0]: the same but for the first byte.
    let mut tagged = attributes;
    tagged[0] = CONTEXT_0;
    let one = tlv(INTEGER, &[1]);
    let signer =
        sequence(&[one.clone(), sealer.own().identifier.clone(), sha_256.clone(), tagged, algorithm, tlv(OCTET_STRING, &signature)]);
    let certificates = tlv(CONTEXT_0, &sealer.chain().concat());
    let signed = sequence(&[one, set_of(vec![sha_256]), sequence(&[oid(DATA)]), certificates, set_of(vec![signer])]);
    Ok(sequence(&[oid(SIGNED_DATA), tlv(CONTEXT_0, &signed)]))
}

/// What a signature says, once its cryptography was found right.
pub(crate) struct Signed {
    pub(crate) certificate: Vec<u8>,
    pub(crate) read: Read,
    pub(crate) at: Option<Timestamp>,
}

/// Reads a signature over what has this SHA-256 digest; none when it is not one by the certificate it carries.
pub(crate) fn verify(cms: &[u8], content: &[u8]) -> Option<Signed> {
    let mut outer = Items(cms).expect(SEQUENCE)?.items();
    (outer.expect(OID)?.value == SIGNED_DATA.as_bytes()).then_some(())?;
    let mut data = outer.expect(CONTEXT_0)?.items().expect(SEQUENCE)?.items();
    data.expect(INTEGER)?;
    data.expect(SET)?;
    data.expect(SEQUENCE)?;
    let mut certificates = data.expect(CONTEXT_0)?.items();
    let mut signer = data.expect(SET)?.items().expect(SEQUENCE)?.items();
    signer.expect(INTEGER)?;
    let identifier = signer.expect(SEQUENCE)?.whole;
    signer.expect(SEQUENCE)?;
    let attributes = signer.expect(CONTEXT_0)?;
    signer.expect(SEQUENCE)?;
    let signature = signer.expect(OCTET_STRING)?.value;
    let (certificate, read) = std::iter::from_fn(|| certificates.any())
        .filter_map(|found| Some((found.whole.to_vec(), certificate::read(found.whole)?)))
        .find(|(_, read)| read.identifier == identifier)?;
    let said = |kind: ObjectIdentifier| value_of(attributes.items(), kind);
    (said(MESSAGE_DIGEST)?.value == content).then_some(())?;
    let mut named = said(SIGNING_CERTIFICATE)?.items().expect(SEQUENCE)?.items().expect(SEQUENCE)?.items();
    (named.expect(OCTET_STRING)?.value == digest(&SHA256, &certificate).as_ref()).then_some(())?;
    let mut signed = attributes.whole.to_vec();
    signed[0] = SET;
    let right = if read.kind == RSA {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &read.public).verify(&signed, signature)
    } else {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &read.public).verify(&signed, signature)
    };
    right.ok()?;
    Some(Signed { certificate, at: said(SIGNING_TIME).and_then(|moment| moment.time()), read })
}

/// The one value of an attribute.
fn value_of<'a>(mut attributes: Items<'a>, kind: ObjectIdentifier) -> Option<crate::encode::Item<'a>> {
    while let Some(attribute) = attributes.any() {
        let mut parts = attribute.items();
        if parts.expect(OID)?.value == kind.as_bytes() {
            return parts.expect(SET)?.items().any();
        }
    }
    None
}
