//! OCSP (RFC 6960): the request and the check of the answer, pure; the town's program carries them over HTTP.

use jiff::{SignedDuration, Timestamp};

use super::{Evidence, Reason, Revocation, Source, Status, Subject, Unknown};
use crate::asn1::{
    self, BIT_STRING, ENUMERATED, GENERALIZED_TIME, INTEGER, Item, Malformed, OCTET_STRING, OID, SEQUENCE, octets, oid, seq, tlv,
};
use crate::cert::{ParsedCertificate, SignatureAlgorithm, oids};
use crate::serial::Serial;
use crate::verify::Anchor;
use crate::{sha1_name, sha256};

/// The hash by which a certificate is named in a question. It protects nothing: the answer is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// SHA-1, which every responder knows (RFC 5019 section 2.1.1).
    Sha1,
    /// SHA-256, for responders that know it.
    Sha256,
}

/// What an answer must fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OcspPolicy {
    /// How certificates are named.
    pub named_by: NamedBy,
    /// The answer must repeat the nonce. Some responders do not.
    pub require_nonce: bool,
    /// How old an answer without nextUpdate may be, and how far the responder's clock may be ahead (a tenth of it).
    pub most_age: SignedDuration,
}

impl Default for OcspPolicy {
    fn default() -> Self {
        Self { named_by: NamedBy::Sha1, require_nonce: true, most_age: SignedDuration::from_mins(10) }
    }
}

/// The question about one certificate, in DER. `nonce` is 16 to 32 fresh random bytes, or empty for none.
pub fn request(subject: &Subject<'_>, policy: &OcspPolicy, nonce: &[u8]) -> Vec<u8> {
    let question = seq(&[cert_id(subject.issuer, subject.serial, policy.named_by)]);
    let mut body = vec![seq(&[question])];
    if !nonce.is_empty() {
        let extension = seq(&[oid(oids::OCSP_NONCE), octets(&octets(nonce))]);
        body.push(tlv(0xA2, &seq(&[extension])));
    }
    seq(&[seq(&body)])
}

/// What an answer in DER says about the certificate that was asked about.
///
/// Believed is only an answer signed by the root itself, or by a key the root certified for OCSP signing; about this very certificate; with
/// the nonce; in time. Anything else is unknown, with the reason.
pub fn verify_response(subject: &Subject<'_>, policy: &OcspPolicy, nonce: &[u8], response: &[u8], now: Timestamp) -> Evidence {
    match read(subject, policy, nonce, response, now) {
        Ok(evidence) => evidence,
        Err(why) => Evidence::unknown(Source::Ocsp, why),
    }
}

/// An OCSP client over the caller's way of fetching: address (if the certificate names one) and request in, response out.
pub struct OcspClient<F, R> {
    policy: OcspPolicy,
    fetch: F,
    random: R,
}

impl<F, R> OcspClient<F, R>
where
    F: Fn(Option<&str>, &[u8]) -> Option<Vec<u8>>,
    R: Fn(&mut [u8]),
{
    /// A client that posts requests by `fetch` and takes its nonces from `random`.
    pub fn new(policy: OcspPolicy, fetch: F, random: R) -> Self {
        Self { policy, fetch, random }
    }
}

impl<F, R> Revocation for OcspClient<F, R>
where
    F: Fn(Option<&str>, &[u8]) -> Option<Vec<u8>>,
    R: Fn(&mut [u8]),
{
    fn status(&self, subject: &Subject<'_>, now: Timestamp) -> Evidence {
        let mut nonce = [0; 32];
        (self.random)(&mut nonce);
        match (self.fetch)(subject.ocsp_address, &request(subject, &self.policy, &nonce)) {
            Some(response) => verify_response(subject, &self.policy, &nonce, &response, now),
            None => Evidence::unknown(Source::Ocsp, Unknown::Unreachable),
        }
    }
}

fn read(subject: &Subject<'_>, policy: &OcspPolicy, nonce: &[u8], response: &[u8], now: Timestamp) -> Result<Evidence, Unknown> {
    let basic = basic_response(response)?;
    let parts = BasicResponse::parse(basic).map_err(|Malformed(_)| Unknown::BadAnswer)?;
    if !parts.signed_for(subject.issuer, now) {
        return Err(Unknown::BadAnswer);
    }
    let data = ResponseData::parse(parts.data).map_err(|Malformed(_)| Unknown::BadAnswer)?;
    match data.nonce {
        Some(given) if given != octets(nonce) => return Err(Unknown::BadAnswer),
        None if policy.require_nonce => return Err(Unknown::BadAnswer),
        _ => {}
    }
    let mut single = data.about(subject).ok_or(Unknown::BadAnswer)?;
    single.check_time(data.produced_at, policy, now)?;
    match single.status.take() {
        Some(status) => Ok(Evidence { status, source: Source::Ocsp, as_of: Some(single.this_update) }),
        None => Err(Unknown::NotKnownThere),
    }
}

/// The basic response inside a successful answer.
fn basic_response(response: &[u8]) -> Result<&[u8], Unknown> {
    let bad = |Malformed(_)| Unknown::BadAnswer;
    let mut outer = asn1::sole(response, SEQUENCE).map_err(bad)?.items();
    match outer.expect(ENUMERATED).map_err(bad)?.value {
        [0] => {}
        // tryLater, internalError: the responder is there but has nothing to say now
        [2 | 3] => return Err(Unknown::Unreachable),
        _ => return Err(Unknown::BadAnswer),
    }
    let mut bytes = asn1::sole(outer.expect(0xA0).map_err(bad)?.value, SEQUENCE).map_err(bad)?.items();
    outer.finish().map_err(bad)?;
    if bytes.expect(OID).and_then(Item::oid).map_err(bad)? != oids::OCSP_BASIC {
        return Err(Unknown::BadAnswer);
    }
    let basic = bytes.expect(OCTET_STRING).map_err(bad)?.value;
    bytes.finish().map_err(bad)?;
    Ok(basic)
}

/// Everything an answer goes through except that somebody signed it, for fuzzing.
pub(crate) fn read_unsigned(response: &[u8]) -> Option<usize> {
    let parts = BasicResponse::parse(basic_response(response).ok()?).ok()?;
    for der in &parts.certificates {
        let _ = ParsedCertificate::parse(der);
    }
    let data = ResponseData::parse(parts.data).ok()?;
    Some(data.singles.iter().filter(|single| Single::parse(single).is_ok()).count())
}

struct BasicResponse<'a> {
    data: Item<'a>,
    algorithm: SignatureAlgorithm,
    signature: &'a [u8],
    certificates: Vec<&'a [u8]>,
}

impl<'a> BasicResponse<'a> {
    fn parse(basic: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = asn1::sole(basic, SEQUENCE)?.items();
        let data = parts.expect(SEQUENCE)?;
        let algorithm = SignatureAlgorithm::from_der(parts.expect(SEQUENCE)?.whole).ok_or(Malformed("algorithm"))?;
        let signature = parts.expect(BIT_STRING)?.whole_bits()?;
        let mut certificates = Vec::new();
        if let Some(list) = parts.optional(0xA0)? {
            let mut list = asn1::sole(list.value, SEQUENCE)?.items();
            while !list.is_empty() {
                certificates.push(list.expect(SEQUENCE)?.whole);
            }
        }
        parts.finish()?;
        Ok(Self { data, algorithm, signature, certificates })
    }

    /// Signed by the root, or by a key it certified for OCSP signing that is valid now.
    fn signed_for(&self, issuer: &Anchor, now: Timestamp) -> bool {
        if self.algorithm.check(&issuer.certificate.public_key_info, self.data.whole, self.signature) {
            return true;
        }
        self.certificates.iter().filter_map(|der| ParsedCertificate::parse(der).ok()).any(|certificate| {
            let extensions = &certificate.extensions;
            let for_ocsp = extensions.extended_key_usage.as_ref().is_some_and(|usages| usages.contains(&oids::OCSP_SIGNING));
            let may_sign = extensions.key_usage.as_ref().is_none_or(|usage| usage.digital_signature());
            for_ocsp
                && may_sign
                && extensions.is_ca != Some(true)
                && certificate.issuer == issuer.certificate.subject
                && certificate.valid_at(now)
                && certificate.signed_by(&issuer.certificate.public_key_info)
                && self.algorithm.check(&certificate.public_key_info, self.data.whole, self.signature)
        })
    }
}

struct ResponseData<'a> {
    produced_at: Timestamp,
    singles: Vec<Item<'a>>,
    nonce: Option<&'a [u8]>,
}

impl<'a> ResponseData<'a> {
    fn parse(data: Item<'a>) -> Result<Self, Malformed> {
        let mut parts = data.items();
        if let Some(version) = parts.optional(0xA0)? {
            // DER leaves version 1, the only one, out; some responders write it all the same.
            if version.value != [INTEGER, 1, 0] {
                return Err(Malformed("version"));
            }
        }
        let responder = parts.any()?;
        if !matches!(responder.tag, 0xA1 | 0xA2) {
            return Err(Malformed("responder"));
        }
        let produced_at = parts.expect(GENERALIZED_TIME)?.time()?;
        let mut list = parts.expect(SEQUENCE)?.items();
        let mut singles = Vec::new();
        while !list.is_empty() {
            singles.push(list.expect(SEQUENCE)?);
        }
        let nonce = match parts.optional(0xA1)? {
            Some(extensions) => find_nonce(extensions)?,
            None => None,
        };
        parts.finish()?;
        Ok(Self { produced_at, singles, nonce })
    }

    /// What it says about one certificate, whichever hash it names it by.
    fn about(&self, subject: &Subject<'_>) -> Option<Single> {
        self.singles.iter().find_map(|single| {
            let id = single.items().expect(SEQUENCE).ok()?;
            let serial = asked_serial(id.whole, &subject.issuer.certificate)?;
            (Serial::new(&serial) == *subject.serial).then(|| Single::parse(single).ok()).flatten()
        })
    }
}

/// The value of the nonce extension; a critical extension of any other kind is refused.
fn find_nonce(extensions: Item<'_>) -> Result<Option<&[u8]>, Malformed> {
    let mut list = asn1::sole(extensions.value, SEQUENCE)?.items();
    let mut nonce = None;
    while !list.is_empty() {
        let mut extension = list.expect(SEQUENCE)?.items();
        let id = extension.expect(OID)?.oid()?;
        let critical = extension.optional(0x01)?.is_some();
        let value = extension.expect(OCTET_STRING)?.value;
        extension.finish()?;
        match id {
            oids::OCSP_NONCE => nonce = Some(value),
            _ if critical => return Err(Malformed("critical extension")),
            _ => {}
        }
    }
    Ok(nonce)
}

struct Single {
    /// `None` when the responder does not know the certificate.
    status: Option<Status>,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
}

impl Single {
    fn parse(single: &Item<'_>) -> Result<Self, Malformed> {
        let mut parts = single.items();
        parts.expect(SEQUENCE)?;
        let status = parts.any()?;
        let status = match status.tag {
            0x80 if status.value.is_empty() => Some(Status::Good),
            0xA1 => Some(revoked(status)?),
            0x82 if status.value.is_empty() => None,
            _ => return Err(Malformed("status")),
        };
        let this_update = parts.expect(GENERALIZED_TIME)?.time()?;
        let next_update = match parts.optional(0xA0)? {
            Some(time) => Some(asn1::sole(time.value, GENERALIZED_TIME)?.time()?),
            None => None,
        };
        if let Some(extensions) = parts.optional(0xA1)? {
            find_nonce(extensions)?;
        }
        parts.finish()?;
        Ok(Self { status, this_update, next_update })
    }

    fn check_time(&self, produced_at: Timestamp, policy: &OcspPolicy, now: Timestamp) -> Result<(), Unknown> {
        let ahead = policy.most_age / 10;
        if self.this_update.duration_since(now) > ahead || produced_at.duration_since(now) > ahead {
            return Err(Unknown::FromTheFuture);
        }
        let fresh = match self.next_update {
            Some(until) => now <= until,
            None => now.duration_since(self.this_update) <= policy.most_age,
        };
        if fresh { Ok(()) } else { Err(Unknown::Stale) }
    }
}

fn revoked(status: Item<'_>) -> Result<Status, Malformed> {
    let mut parts = status.items();
    let at = parts.expect(GENERALIZED_TIME)?.time()?;
    let reason = match parts.optional(0xA0)? {
        None => Reason::Unspecified,
        Some(code) => match asn1::sole(code.value, ENUMERATED)?.value {
            [code] => Reason::from_code(*code).ok_or(Malformed("reason"))?,
            _ => return Err(Malformed("reason")),
        },
    };
    parts.finish()?;
    Ok(Status::Revoked { reason, at })
}

/// CertID: the issuer's name and key by their hashes, and the serial.
fn cert_id(issuer: &Anchor, serial: &Serial, named_by: NamedBy) -> Vec<u8> {
    let root = &issuer.certificate;
    let key = key_bits(&root.public_key_info).unwrap_or_default();
    let (algorithm, name, key) = match named_by {
        NamedBy::Sha1 => (oids::SHA1, sha1_name(&root.subject).to_vec(), sha1_name(key).to_vec()),
        NamedBy::Sha256 => (oids::SHA256, sha256(&root.subject).to_vec(), sha256(key).to_vec()),
    };
    seq(&[seq(&[oid(algorithm), asn1::null()]), octets(&name), octets(&key), asn1::unsigned(serial.reveal_for_revocation())])
}

/// The serial a CertID asks about, if it names this root as issuer.
pub(crate) fn asked_serial(cert_id: &[u8], root: &ParsedCertificate) -> Option<Vec<u8>> {
    let mut parts = asn1::sole(cert_id, SEQUENCE).ok()?.items();
    let algorithm = parts.expect(SEQUENCE).ok()?.items().expect(OID).ok()?.oid().ok()?;
    let (name, key) = (parts.expect(OCTET_STRING).ok()?.value, parts.expect(OCTET_STRING).ok()?.value);
    let serial = parts.expect(INTEGER).ok()?.unsigned().ok()?;
    parts.finish().ok()?;
    let bits = key_bits(&root.public_key_info)?;
    let ours = match algorithm {
        oids::SHA1 => name == sha1_name(&root.subject) && key == sha1_name(bits),
        oids::SHA256 => name == sha256(&root.subject) && key == sha256(bits),
        _ => false,
    };
    ours.then(|| serial.to_vec())
}

/// The bits of the key inside a SubjectPublicKeyInfo.
pub(crate) fn key_bits(public_key_info: &[u8]) -> Option<&[u8]> {
    let mut parts = asn1::sole(public_key_info, SEQUENCE).ok()?.items();
    parts.expect(SEQUENCE).ok()?;
    parts.expect(BIT_STRING).ok()?.whole_bits().ok()
}
