//! The certificates of the test authority, byte for byte like the profile seen on test cards.

use std::collections::{BTreeMap, BTreeSet};

use der::asn1::ObjectIdentifier;
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::{Authority, Municipality, ORGANIZATION, Person, Responder, SIGNATURE_POLICY, USER_AUTH_POLICY};
use crate::CertificateKind;
use crate::asn1::{self, join, octets, oid, seq, tlv};
use crate::cert::oids;
use crate::four::{self, PartialDate};
use crate::keys::{KeyAlgorithm, KeyError, PrivateKey};

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// digitalSignature.
    DigitalSignature,
    /// digitalSignature and nonRepudiation.
    DigitalSignatureAndNonRepudiation,
    /// keyCertSign and cRLSign.
    Authority,
}

/// The parts of a certificate that a test may want otherwise.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The key usage.
    pub usage: Usage,
    /// Whether clientAuth stands in extKeyUsage.
    pub client_auth: bool,
    /// The certificate policy, as an OID in dots.
    pub policy: String,
    /// The value of subjectAltName in DER, or none.
    pub alternative_name: Option<Vec<u8>>,
    /// The first valid second.
    pub not_before: Timestamp,
    /// The last valid second.
    pub not_after: Timestamp,
    /// The key identifier of the authority, if another than the root's own.
    pub authority_key: Option<Vec<u8>>,
    /// An extension nobody knows, marked critical.
    pub strange_critical: bool,
}

impl Shape {
    /// The profile of one kind for one person.
    pub fn usual(kind: CertificateKind, person: &Person, now: Timestamp) -> Self {
        let signature = kind == CertificateKind::Signature;
        Self {
            usage: if signature { Usage::DigitalSignatureAndNonRepudiation } else { Usage::DigitalSignature },
            client_auth: !signature,
            policy: if signature { SIGNATURE_POLICY } else { USER_AUTH_POLICY }.to_owned(),
            alternative_name: signature.then(|| alternative_name(person)),
            not_before: now,
            not_after: end_of_validity(person.date_of_birth, now, 5),
            authority_key: None,
            strange_critical: false,
        }
    }
}

/// The six otherNames of a person in the order of the profile.
pub(crate) fn alternative_name(person: &Person) -> Vec<u8> {
    let zeros = |text: &str| "0".repeat(text.chars().count());
    let birth = format!("{}{}", person.date_of_birth.era_digit(), person.date_of_birth);
    let parts: [(u8, &str); 6] = [
        (1, &person.name),
        (4, &birth),
        (3, person.sex.code()),
        (5, &person.address),
        (2, &zeros(&person.name)),
        (6, &zeros(&person.address)),
    ];
    seq(&parts.map(|(n, text)| other_name(n, text)))
}

fn other_name(n: u8, text: &str) -> Vec<u8> {
    let id = tlv(asn1::OID, &[four::ARC, &[n]].concat());
    tlv(0xA0, &join(&[id, tlv(0xA0, &tlv(asn1::UTF8, text.as_bytes()))]))
}

/// The last second, in Japan, of the `count`th birthday after a moment; of that many years later when the birthday is not known.
pub(crate) fn end_of_validity(birth: PartialDate, now: Timestamp, count: i16) -> Timestamp {
    let japan = tz::offset(9).to_time_zone();
    let today = now.to_zoned(japan.clone()).date();
    let birthday = birth.date().unwrap_or(today);
    let this_year = birthday.saturating_add(i32::from(today.year() - birthday.year()).years());
    let years_ahead = if this_year > today { count - 1 } else { count };
    let last = birthday.saturating_add(i32::from(today.year() - birthday.year() + years_ahead).years());
    last.at(23, 59, 59, 0).to_zoned(japan).map_or(now, |end| end.timestamp())
}

impl Authority {
    pub(super) fn new(kind: CertificateKind, number: u8, algorithm: KeyAlgorithm, now: Timestamp) -> Result<Self, KeyError> {
        let key = PrivateKey::generate(algorithm)?;
        let serial = u32::from(number) << 20;
        let mut authority = Self {
            kind,
            key,
            certificate: Vec::new(),
            issued: BTreeSet::new(),
            revoked: BTreeMap::new(),
            next_serial: serial + 1,
            lists: 0,
            responder: None,
        };
        let public = authority.key.public_key_info()?;
        let point = [(oids::UNIT, "CRL Distribution Points"), (oids::COMMON_NAME, "CRLDP")];
        let extensions = [
            extension(oids::KEY_USAGE, true, &usage(Usage::Authority)),
            extension(oids::SUBJECT_ALT_NAME, false, &authority.japanese_name()),
            extension(oids::BASIC_CONSTRAINTS, true, &seq(&[[0x01, 0x01, 0xFF]])),
            extension(oids::CRL_DISTRIBUTION_POINTS, false, &distribution_points(&authority.point(&point))),
            extension(oids::SUBJECT_KEY_ID, false, &octets(&key_id(&public)?)),
        ];
        let until = end_of_validity(PartialDate::from(now.to_zoned(TimeZone::UTC).date()), now, 10);
        let (name, serial) = (authority.name(), serial.to_be_bytes());
        authority.certificate = authority.certificate(&serial, &name, [now, until], &public, &extensions)?;
        Ok(authority)
    }

    pub(super) fn issue(&mut self, person: &Person, public_key_info: &[u8], now: Timestamp, shape: &Shape) -> Result<Vec<u8>, KeyError> {
        let serial = self.next_serial;
        let subject = self.subject(person, serial, now);
        let extensions = self.person_extensions(person, public_key_info, shape)?;
        let certificate =
            self.certificate(&serial.to_be_bytes(), &subject, [shape.not_before, shape.not_after], public_key_info, &extensions)?;
        self.next_serial += 1;
        self.issued.insert(serial);
        Ok(certificate)
    }

    pub(super) fn delegate(&mut self, now: Timestamp) -> Result<(), KeyError> {
        let key = PrivateKey::generate(self.key.algorithm())?;
        let public = key.public_key_info()?;
        let subject = name(&[(oids::COUNTRY, "JP"), (oids::ORGANIZATION, ORGANIZATION), (oids::COMMON_NAME, "OCSP responder")]);
        let extensions = [
            extension(oids::KEY_USAGE, true, &usage(Usage::DigitalSignature)),
            extension(oids::EXT_KEY_USAGE, false, &seq(&[oid(oids::OCSP_SIGNING)])),
            extension(oids::OCSP_NO_CHECK, false, &asn1::null()),
            extension(oids::AUTHORITY_KEY_ID, false, &self.authority_key_id(None)?),
            extension(oids::SUBJECT_KEY_ID, false, &octets(&key_id(&public)?)),
        ];
        let serial = self.next_serial;
        let until = now.saturating_add(720.hours()).unwrap_or(now);
        let certificate = self.certificate(&serial.to_be_bytes(), &subject, [now, until], &public, &extensions)?;
        self.next_serial += 1;
        self.responder = Some(Responder { key, certificate });
        Ok(())
    }

    /// The name all generations share.
    pub(super) fn name(&self) -> Vec<u8> {
        let agency = "Japan Agency for Local Authority Information Systems";
        name(&[(oids::COUNTRY, "JP"), (oids::ORGANIZATION, ORGANIZATION), (oids::UNIT, self.unit()), (oids::UNIT, agency)])
    }

    /// The name of the list a municipality's certificates point to.
    pub(super) fn municipal_point(&self, municipality: &Municipality) -> Vec<u8> {
        let last = format!("{} CRLDP", municipality.city);
        let parts =
            [(oids::UNIT, "CRL Distribution Points"), (oids::UNIT, municipality.prefecture.as_str()), (oids::COMMON_NAME, last.as_str())];
        self.point(&parts)
    }

    /// The certificate over these parts, signed.
    fn certificate(
        &self,
        serial: &[u8],
        subject: &[u8],
        [from, until]: [Timestamp; 2],
        public_key_info: &[u8],
        extensions: &[Vec<u8>],
    ) -> Result<Vec<u8>, KeyError> {
        let algorithm = signature_algorithm(&self.key);
        let tbs = seq(&[
            tlv(0xA0, &asn1::unsigned(&[2])),
            asn1::unsigned(serial),
            algorithm.clone(),
            self.name(),
            seq(&[asn1::time(from), asn1::time(until)]),
            subject.to_vec(),
            public_key_info.to_vec(),
            tlv(0xA3, &seq(extensions)),
        ]);
        signed(&self.key, tbs)
    }

    fn subject(&self, person: &Person, serial: u32, now: Timestamp) -> Vec<u8> {
        let place = &person.municipality;
        match self.kind {
            CertificateKind::Signature => {
                let issued = now.to_zoned(tz::offset(9).to_time_zone()).strftime("%Y%m%d%H%M");
                let common = format!("{issued}{serial:07}{}003A", place.code);
                name(&[
                    (oids::COUNTRY, "JP"),
                    (oids::LOCALITY, &place.prefecture),
                    (oids::LOCALITY, &place.city),
                    (oids::COMMON_NAME, &common),
                ])
            }
            CertificateKind::UserAuthentication => {
                let opaque = hex::encode_upper(&crate::sha256(&serial.to_be_bytes())[..7]);
                name(&[(oids::COUNTRY, "JP"), (oids::COMMON_NAME, &format!("{opaque}{}003A", place.code))])
            }
        }
    }

    /// The extensions in the order of the profile.
    fn person_extensions(&self, person: &Person, public_key_info: &[u8], shape: &Shape) -> Result<Vec<Vec<u8>>, KeyError> {
        let mut list = vec![extension(oids::KEY_USAGE, true, &usage(shape.usage))];
        if shape.client_auth {
            list.push(extension(oids::EXT_KEY_USAGE, false, &seq(&[oid(oids::CLIENT_AUTH)])));
        }
        if let Some(names) = &shape.alternative_name {
            list.push(extension(oids::SUBJECT_ALT_NAME, false, names));
        }
        list.push(extension(oids::POLICIES, true, &policies(&shape.policy)));
        list.push(extension(oids::ISSUER_ALT_NAME, false, &self.japanese_name()));
        list.push(extension(oids::CRL_DISTRIBUTION_POINTS, false, &distribution_points(&self.municipal_point(&person.municipality))));
        if self.kind == CertificateKind::UserAuthentication {
            let address = tlv(0x86, b"http://test-ocspauthnorm.jpki.go.jp");
            list.push(extension(oids::AUTHORITY_INFO_ACCESS, false, &seq(&[seq(&[oid(oids::OCSP), address])])));
        }
        list.push(extension(oids::AUTHORITY_KEY_ID, false, &self.authority_key_id(shape.authority_key.as_deref())?));
        list.push(extension(oids::SUBJECT_KEY_ID, false, &octets(&key_id(public_key_info)?)));
        if shape.strange_critical {
            list.push(extension(ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.9.9"), true, &asn1::null()));
        }
        Ok(list)
    }

    pub(super) fn authority_key_id(&self, key: Option<&[u8]>) -> Result<Vec<u8>, KeyError> {
        let own = key_id(&self.key.public_key_info()?)?;
        let serial = match self.certificate.is_empty() {
            true => Vec::new(),
            false => crate::ParsedCertificate::parse(&self.certificate)
                .map_err(|_| KeyError::Unreadable)?
                .serial
                .reveal_for_revocation()
                .to_vec(),
        };
        let serial = asn1::unsigned(&serial);
        Ok(seq(&[tlv(0x80, key.unwrap_or(&own)), tlv(0xA1, &tlv(0xA4, &self.name())), tlv(0x82, serial.get(2..).unwrap_or_default())]))
    }

    fn unit(&self) -> &'static str {
        match self.kind {
            CertificateKind::Signature => "JPKI for digital signature",
            CertificateKind::UserAuthentication => "JPKI for user authentication",
        }
    }

    fn japanese_name(&self) -> Vec<u8> {
        let unit = match self.kind {
            CertificateKind::Signature => "公的個人認証サービス署名用",
            CertificateKind::UserAuthentication => "公的個人認証サービス利用者証明用",
        };
        let parts = [
            (oids::COUNTRY, "JP"),
            (oids::ORGANIZATION, "公的個人認証サービス"),
            (oids::UNIT, unit),
            (oids::UNIT, "地方公共団体情報システム機構"),
        ];
        seq(&[tlv(0xA4, &name(&parts))])
    }

    fn point(&self, rest: &[(ObjectIdentifier, &str)]) -> Vec<u8> {
        let first = [(oids::COUNTRY, "JP"), (oids::ORGANIZATION, ORGANIZATION), (oids::UNIT, self.unit())];
        name(&[&first[..], rest].concat())
    }
}

/// A DER body with the algorithm and signature that make it a certificate, list or answer.
pub(super) fn signed(key: &PrivateKey, tbs: Vec<u8>) -> Result<Vec<u8>, KeyError> {
    let signature = key.sign(&tbs)?;
    Ok(seq(&[tbs, signature_algorithm(key), asn1::bit_string(&signature)]))
}

pub(super) fn signature_algorithm(key: &PrivateKey) -> Vec<u8> {
    match key.algorithm() {
        KeyAlgorithm::Rsa2048 => seq(&[oid(oids::SHA256_RSA), asn1::null()]),
        KeyAlgorithm::P384 => seq(&[oid(oids::ECDSA_SHA384)]),
    }
}

pub(super) fn extension(id: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[0x01, 0x01, 0xFF] } else { &[] };
    seq(&[&oid(id)[..], flag, &octets(value)])
}

/// The identifier of a key: SHA-1 of its bits (RFC 5280 section 4.2.1.2, a name and no security).
pub(super) fn key_id(public_key_info: &[u8]) -> Result<[u8; 20], KeyError> {
    crate::revocation::ocsp::key_bits(public_key_info).map(crate::sha1_name).ok_or(KeyError::Unreadable)
}

fn name(parts: &[(ObjectIdentifier, &str)]) -> Vec<u8> {
    let part = |(id, text): &(ObjectIdentifier, &str)| {
        let kind = if *id == oids::COUNTRY { asn1::PRINTABLE } else { asn1::UTF8 };
        tlv(asn1::SET, &seq(&[oid(*id), tlv(kind, text.as_bytes())]))
    };
    seq(&parts.iter().map(part).collect::<Vec<_>>())
}

fn usage(usage: Usage) -> Vec<u8> {
    match usage {
        Usage::DigitalSignature => vec![asn1::BIT_STRING, 2, 7, 0x80],
        Usage::DigitalSignatureAndNonRepudiation => vec![asn1::BIT_STRING, 2, 6, 0xC0],
        Usage::Authority => vec![asn1::BIT_STRING, 2, 1, 0x06],
    }
}

fn policies(policy: &str) -> Vec<u8> {
    let id = ObjectIdentifier::new(policy).unwrap_or(oids::CPS);
    let statement = seq(&[oid(oids::CPS), tlv(asn1::IA5, b"http://www.jpki.go.jp/cps.html")]);
    seq(&[seq(&[oid(id), seq(&[statement])])])
}

pub(super) fn full_name(point: &[u8]) -> Vec<u8> {
    tlv(0xA0, &tlv(0xA0, &tlv(0xA4, point)))
}

fn distribution_points(point: &[u8]) -> Vec<u8> {
    seq(&[seq(&[full_name(point)])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_ends_with_the_fifth_birthday_in_japan() {
        let birth = PartialDate::parse("19800217").unwrap();
        let end = |now: &str, count| end_of_validity(birth, now.parse().unwrap(), count).to_string();
        assert_eq!(end("2025-10-27T01:35:57Z", 5), "2030-02-17T14:59:59Z", "as on the test card");
        assert_eq!(end("2025-02-16T14:59:59Z", 5), "2029-02-17T14:59:59Z", "the day before the birthday in Japan");
        assert_eq!(end("2025-02-16T15:00:00Z", 5), "2030-02-17T14:59:59Z", "on the birthday in Japan");
        let leap = PartialDate::parse("20000229").unwrap();
        assert_eq!(end_of_validity(leap, "2025-06-01T00:00:00Z".parse().unwrap(), 5).to_string(), "2030-02-28T14:59:59Z");
    }
}
