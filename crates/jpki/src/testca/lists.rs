//! What the test authority says about revocation: lists and OCSP answers.

use jiff::{Timestamp, ToSpan};

use super::shape::{extension, full_name, key_id, signature_algorithm, signed};
use super::{Authority, Municipality, short_serial};
use crate::asn1::{self, ENUMERATED, Item, Items, Malformed, OCTET_STRING, SEQUENCE, octets, oid, seq, tlv};
use crate::cert::{ParsedCertificate, oids};
use crate::keys::KeyError;

impl Authority {
    pub(super) fn crl(
        &mut self,
        municipality: Option<&Municipality>,
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Vec<u8>, KeyError> {
        self.lists += 1;
        let entries = self.revoked.iter().filter(|(_, revoked)| revoked.at <= this_update).map(|(serial, revoked)| {
            // RFC 5280 section 5.3.1: no reason is written by leaving the extension out.
            let reason = match revoked.reason.code() {
                0 => Vec::new(),
                code => seq(&[extension(oids::REASON_CODE, false, &tlv(ENUMERATED, &[code]))]),
            };
            seq(&[asn1::unsigned(&serial.to_be_bytes()), asn1::time(revoked.at), reason])
        });
        let entries: Vec<Vec<u8>> = entries.collect();
        let mut extensions = vec![
            extension(oids::AUTHORITY_KEY_ID, false, &self.authority_key_id(None)?),
            extension(oids::CRL_NUMBER, false, &asn1::unsigned(&self.lists.to_be_bytes())),
        ];
        if let Some(municipality) = municipality {
            let point = seq(&[full_name(&self.municipal_point(municipality))]);
            extensions.push(extension(oids::ISSUING_DISTRIBUTION_POINT, true, &point));
        }
        let list = if entries.is_empty() { Vec::new() } else { seq(&entries) };
        let tbs = seq(&[
            asn1::unsigned(&[1]),
            signature_algorithm(&self.key),
            self.name(),
            asn1::time(this_update),
            asn1::time(next_update),
            list,
            tlv(0xA0, &seq(&extensions)),
        ]);
        signed(&self.key, tbs)
    }

    pub(super) fn ocsp(&self, request: &[u8], now: Timestamp) -> Result<Vec<u8>, KeyError> {
        let Ok((questions, nonce)) = read_request(request) else {
            // malformedRequest (RFC 6960 section 4.2.1)
            return Ok(seq(&[tlv(ENUMERATED, &[1])]));
        };
        let key = self.responder.as_ref().map_or(&self.key, |responder| &responder.key);
        let answers: Vec<_> = questions.iter().map(|question| self.answer(question, now)).collect::<Result<_, _>>()?;
        let mut data = vec![tlv(0xA2, &octets(&key_id(&key.public_key_info()?)?)), asn1::generalized_time(now), seq(&answers)];
        if let Some(nonce) = nonce {
            data.push(tlv(0xA1, &seq(&[extension(oids::OCSP_NONCE, false, nonce)])));
        }
        let data = seq(&data);
        let signature = key.sign(&data)?;
        let certificates = self.responder.as_ref().map(|responder| tlv(0xA0, &seq(&[&responder.certificate])));
        let basic = seq(&[data, signature_algorithm(key), asn1::bit_string(&signature), certificates.unwrap_or_default()]);
        Ok(seq(&[tlv(ENUMERATED, &[0]), tlv(0xA0, &seq(&[oid(oids::OCSP_BASIC), octets(&basic)]))]))
    }

    /// One SingleResponse, good until an hour after `now`.
    fn answer(&self, question: &Item<'_>, now: Timestamp) -> Result<Vec<u8>, KeyError> {
        let root = ParsedCertificate::parse(&self.certificate).map_err(|_| KeyError::Unreadable)?;
        let serial = crate::revocation::ocsp::asked_serial(question.whole, &root).and_then(|serial| short_serial(&serial));
        let status = match serial {
            Some(serial) if self.issued.contains(&serial) => match self.revoked.get(&serial).filter(|revoked| revoked.at <= now) {
                None => vec![0x80, 0x00],
                Some(revoked) => {
                    let reason = tlv(0xA0, &tlv(ENUMERATED, &[revoked.reason.code()]));
                    tlv(0xA1, &[asn1::generalized_time(revoked.at), reason].concat())
                }
            },
            _ => vec![0x82, 0x00],
        };
        let until = now.saturating_add(1.hour()).unwrap_or(now);
        Ok(seq(&[question.whole.to_vec(), status, asn1::generalized_time(now), tlv(0xA0, &asn1::generalized_time(until))]))
    }
}

/// The CertIDs of a request and the value of its nonce extension.
fn read_request(request: &[u8]) -> Result<(Vec<Item<'_>>, Option<&[u8]>), Malformed> {
    let mut outer = asn1::sole(request, SEQUENCE)?.items();
    let mut body = outer.expect(SEQUENCE)?.items();
    body.optional(0xA0)?;
    body.optional(0xA1)?;
    let mut list = body.expect(SEQUENCE)?.items();
    let mut questions = Vec::new();
    while !list.is_empty() {
        questions.push(list.expect(SEQUENCE)?.items().expect(SEQUENCE)?);
    }
    let mut nonce = None;
    if let Some(extensions) = body.optional(0xA2)? {
        let mut extensions: Items<'_> = extensions.items().expect(SEQUENCE)?.items();
        while !extensions.is_empty() {
            let mut extension = extensions.expect(SEQUENCE)?.items();
            let id = extension.expect(asn1::OID)?.oid()?;
            extension.optional(0x01)?;
            let value = extension.expect(OCTET_STRING)?.value;
            if id == oids::OCSP_NONCE {
                nonce = Some(value);
            }
        }
    }
    Ok((questions, nonce))
}
