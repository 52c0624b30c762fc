//! X.509 certificates, read strictly and once; what the verifier needs is taken out here.

use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use jiff::Timestamp;
use x509_cert::Version;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints, ExtendedKeyUsage,
    KeyUsage, SubjectKeyIdentifier,
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::asn1;
use crate::keys::KeyAlgorithm;
use crate::serial::Serial;

/// Why bytes are not a certificate this room can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not strict DER of a certificate; what does not fit is told.
    #[error("certificate is not well formed: {0}")]
    Malformed(&'static str),
    /// A critical extension nobody here understands.
    #[error("critical extension {0} is not understood")]
    UnknownCritical(String),
    /// The signature algorithm is not on the list, such as any with SHA-1.
    #[error("signature algorithm is not allowed")]
    Algorithm,
}

/// The signature algorithms accepted on certificates, revocation lists and OCSP answers. SHA-1 is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// sha256WithRSAEncryption.
    RsaSha256,
    /// sha384WithRSAEncryption.
    RsaSha384,
    /// sha512WithRSAEncryption.
    RsaSha512,
    /// ecdsa-with-SHA384 over P-384.
    EcdsaP384Sha384,
}

impl SignatureAlgorithm {
    /// The algorithm of an AlgorithmIdentifier in DER.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let identifier = AlgorithmIdentifierOwned::from_der(der).ok()?;
        let null = identifier.parameters.as_ref().is_some_and(|parameters| parameters.is_null());
        match identifier.oid {
            oids::SHA256_RSA if null => Some(Self::RsaSha256),
            oids::SHA384_RSA if null => Some(Self::RsaSha384),
            oids::SHA512_RSA if null => Some(Self::RsaSha512),
            oids::ECDSA_SHA384 if identifier.parameters.is_none() => Some(Self::EcdsaP384Sha384),
            _ => None,
        }
    }

    /// Whether the signature over the message was made with the key of this SubjectPublicKeyInfo. RSA needs at least 2048 bits.
    pub(crate) fn check(self, public_key_info: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, family): (&'static dyn VerificationAlgorithm, _) = match self {
            Self::RsaSha256 => (&RSA_PKCS1_2048_8192_SHA256, KeyFamily::Rsa),
            Self::RsaSha384 => (&RSA_PKCS1_2048_8192_SHA384, KeyFamily::Rsa),
            Self::RsaSha512 => (&RSA_PKCS1_2048_8192_SHA512, KeyFamily::Rsa),
            Self::EcdsaP384Sha384 => (&ECDSA_P384_SHA384_ASN1, KeyFamily::P384),
        };
        KeyFamily::of(public_key_info) == Some(family)
            && UnparsedPublicKey::new(algorithm, public_key_info).verify(message, signature).is_ok()
    }
}

/// The kinds of public key a certificate may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFamily {
    Rsa,
    P384,
}

impl KeyFamily {
    pub(crate) fn of(public_key_info: &[u8]) -> Option<Self> {
        let mut items = asn1::sole(public_key_info, asn1::SEQUENCE).ok()?.items();
        let identifier = AlgorithmIdentifierOwned::from_der(items.expect(asn1::SEQUENCE).ok()?.whole).ok()?;
        match identifier.oid {
            oids::RSA => Some(Self::Rsa),
            oids::EC if identifier.parameters?.decode_as::<ObjectIdentifier>().ok()? == oids::P384 => Some(Self::P384),
            _ => None,
        }
    }

    /// The digest a card's own signatures use, which follows from its key.
    pub(crate) fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::Rsa => SignatureAlgorithm::RsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaP384Sha384,
        }
    }
}

pub(crate) mod oids {
    use der::asn1::ObjectIdentifier;

    const fn id(text: &str) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(text)
    }

    pub(crate) const RSA: ObjectIdentifier = id("1.2.840.113549.1.1.1");
    pub(crate) const SHA256_RSA: ObjectIdentifier = id("1.2.840.113549.1.1.11");
    pub(crate) const SHA384_RSA: ObjectIdentifier = id("1.2.840.113549.1.1.12");
    pub(crate) const SHA512_RSA: ObjectIdentifier = id("1.2.840.113549.1.1.13");
    pub(crate) const EC: ObjectIdentifier = id("1.2.840.10045.2.1");
    pub(crate) const P384: ObjectIdentifier = id("1.3.132.0.34");
    pub(crate) const ECDSA_SHA384: ObjectIdentifier = id("1.2.840.10045.4.3.3");
    pub(crate) const SHA1: ObjectIdentifier = id("1.3.14.3.2.26");
    pub(crate) const SHA256: ObjectIdentifier = id("2.16.840.1.101.3.4.2.1");

    pub(crate) const COUNTRY: ObjectIdentifier = id("2.5.4.6");
    pub(crate) const LOCALITY: ObjectIdentifier = id("2.5.4.7");
    pub(crate) const ORGANIZATION: ObjectIdentifier = id("2.5.4.10");
    pub(crate) const UNIT: ObjectIdentifier = id("2.5.4.11");
    pub(crate) const COMMON_NAME: ObjectIdentifier = id("2.5.4.3");

    pub(crate) const SUBJECT_KEY_ID: ObjectIdentifier = id("2.5.29.14");
    pub(crate) const KEY_USAGE: ObjectIdentifier = id("2.5.29.15");
    pub(crate) const SUBJECT_ALT_NAME: ObjectIdentifier = id("2.5.29.17");
    pub(crate) const ISSUER_ALT_NAME: ObjectIdentifier = id("2.5.29.18");
    pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = id("2.5.29.19");
    pub(crate) const CRL_NUMBER: ObjectIdentifier = id("2.5.29.20");
    pub(crate) const REASON_CODE: ObjectIdentifier = id("2.5.29.21");
    pub(crate) const INVALIDITY_DATE: ObjectIdentifier = id("2.5.29.24");
    pub(crate) const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = id("2.5.29.28");
    pub(crate) const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = id("2.5.29.31");
    pub(crate) const POLICIES: ObjectIdentifier = id("2.5.29.32");
    pub(crate) const AUTHORITY_KEY_ID: ObjectIdentifier = id("2.5.29.35");
    pub(crate) const EXT_KEY_USAGE: ObjectIdentifier = id("2.5.29.37");
    pub(crate) const AUTHORITY_INFO_ACCESS: ObjectIdentifier = id("1.3.6.1.5.5.7.1.1");

    pub(crate) const CPS: ObjectIdentifier = id("1.3.6.1.5.5.7.2.1");
    pub(crate) const CLIENT_AUTH: ObjectIdentifier = id("1.3.6.1.5.5.7.3.2");
    pub(crate) const OCSP_SIGNING: ObjectIdentifier = id("1.3.6.1.5.5.7.3.9");
    pub(crate) const OCSP: ObjectIdentifier = id("1.3.6.1.5.5.7.48.1");
    pub(crate) const OCSP_BASIC: ObjectIdentifier = id("1.3.6.1.5.5.7.48.1.1");
    pub(crate) const OCSP_NONCE: ObjectIdentifier = id("1.3.6.1.5.5.7.48.1.2");
    pub(crate) const OCSP_NO_CHECK: ObjectIdentifier = id("1.3.6.1.5.5.7.48.1.5");
}

/// One certificate, read.
#[derive(Clone)]
pub struct ParsedCertificate {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    pub(crate) serial: Serial,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) organizations: Vec<String>,
    pub(crate) units: Vec<String>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) public_key_info: Vec<u8>,
    pub(crate) extensions: Extensions,
}

/// The extensions understood here.
#[derive(Clone, Default)]
pub(crate) struct Extensions {
    pub(crate) authority_key: Option<AuthorityKeyIdentifier>,
    pub(crate) subject_key: Option<Vec<u8>>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) key_usage_critical: bool,
    pub(crate) extended_key_usage: Option<Vec<ObjectIdentifier>>,
    pub(crate) policies: Vec<ObjectIdentifier>,
    pub(crate) is_ca: Option<bool>,
    pub(crate) alternative_name: Option<Vec<u8>>,
    pub(crate) crl_points: Vec<Vec<u8>>,
    pub(crate) ocsp: Option<String>,
    pub(crate) no_check: bool,
}

impl std::fmt::Debug for ParsedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParsedCertificate").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

impl ParsedCertificate {
    /// The certificate in these bytes, all of them: version 3, strict DER, no extension twice, no critical one unknown.
    ///
    /// # Errors
    /// [`CertificateError`] saying which of these does not hold.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        use CertificateError::Malformed;
        let certificate = x509_cert::Certificate::from_der(der).map_err(|_| Malformed("not DER of a certificate"))?;
        if certificate.to_der().ok().as_deref() != Some(der) {
            return Err(Malformed("not the one encoding DER allows"));
        }
        let structure = |_| Malformed("structure");
        let mut outer = asn1::sole(der, asn1::SEQUENCE).map_err(structure)?.items();
        let tbs = outer.expect(asn1::SEQUENCE).map_err(structure)?.whole.to_vec();
        let algorithm = outer.expect(asn1::SEQUENCE).map_err(structure)?.whole;
        let signature = outer.expect(asn1::BIT_STRING).map_err(structure)?.whole_bits().map_err(structure)?.to_vec();
        let body = certificate.tbs_certificate();
        if body.version() != Version::V3 {
            return Err(Malformed("version"));
        }
        if body.signature() != certificate.signature_algorithm() {
            return Err(Malformed("two signature algorithms"));
        }
        let encoded = |value: Result<Vec<u8>, der::Error>| value.map_err(|_| Malformed("structure"));
        Ok(Self {
            tbs,
            algorithm: SignatureAlgorithm::from_der(algorithm).ok_or(CertificateError::Algorithm)?,
            signature,
            serial: Serial::new(body.serial_number().as_bytes()),
            issuer: encoded(body.issuer().to_der())?,
            subject: encoded(body.subject().to_der())?,
            organizations: names(body.subject(), oids::ORGANIZATION).chain(names(body.issuer(), oids::ORGANIZATION)).collect(),
            units: names(body.subject(), oids::UNIT).collect(),
            not_before: moment(&body.validity().not_before)?,
            not_after: moment(&body.validity().not_after)?,
            public_key_info: encoded(body.subject_public_key_info().to_der())?,
            extensions: Extensions::read(body.extensions().map_or(&[], Vec::as_slice))?,
        })
    }

    /// The kind of key, when it is one a card has.
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        KeyFamily::of(&self.public_key_info).map(|family| match family {
            KeyFamily::Rsa => KeyAlgorithm::Rsa2048,
            KeyFamily::P384 => KeyAlgorithm::P384,
        })
    }

    /// The serial, which identifies its holder.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// The OCSP address the certificate names, if any.
    pub fn ocsp_address(&self) -> Option<&str> {
        self.extensions.ocsp.as_deref()
    }

    /// Whether the holder of this key signed the certificate.
    pub(crate) fn signed_by(&self, public_key_info: &[u8]) -> bool {
        self.algorithm.check(public_key_info, &self.tbs, &self.signature)
    }

    /// Whether the certificate's key made this signature, with the digest that goes with the kind of key.
    pub fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        KeyFamily::of(&self.public_key_info)
            .is_some_and(|family| family.signature_algorithm().check(&self.public_key_info, message, signature))
    }

    /// Whether a moment lies in the validity, both named seconds included to their end.
    pub(crate) fn valid_at(&self, now: Timestamp) -> bool {
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&now.as_second())
    }
}

impl Extensions {
    fn read(list: &[x509_cert::ext::Extension]) -> Result<Self, CertificateError> {
        use CertificateError::Malformed;
        let mut read = Self::default();
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        for extension in list {
            if seen.contains(&extension.extn_id) {
                return Err(Malformed("an extension twice"));
            }
            seen.push(extension.extn_id);
            let value = extension.extn_value.as_bytes();
            let known = read.take(extension.extn_id, value, extension.critical).map_err(|_| Malformed("extension"))?;
            if extension.critical && !known {
                return Err(CertificateError::UnknownCritical(extension.extn_id.to_string()));
            }
        }
        Ok(read)
    }

    /// Takes one extension up; false when it is not known.
    fn take(&mut self, id: ObjectIdentifier, value: &[u8], critical: bool) -> Result<bool, der::Error> {
        match id {
            oids::AUTHORITY_KEY_ID => self.authority_key = Some(AuthorityKeyIdentifier::from_der(value)?),
            oids::SUBJECT_KEY_ID => self.subject_key = Some(SubjectKeyIdentifier::from_der(value)?.0.as_bytes().to_vec()),
            oids::KEY_USAGE => {
                self.key_usage = Some(KeyUsage::from_der(value)?);
                self.key_usage_critical = critical;
            }
            oids::EXT_KEY_USAGE => self.extended_key_usage = Some(ExtendedKeyUsage::from_der(value)?.0),
            oids::POLICIES => {
                self.policies = CertificatePolicies::from_der(value)?.0.into_iter().map(|policy| policy.policy_identifier).collect();
            }
            oids::BASIC_CONSTRAINTS => self.is_ca = Some(BasicConstraints::from_der(value)?.ca),
            oids::SUBJECT_ALT_NAME => self.alternative_name = Some(value.to_vec()),
            oids::CRL_DISTRIBUTION_POINTS => self.crl_points = crl_points(&CrlDistributionPoints::from_der(value)?)?,
            oids::AUTHORITY_INFO_ACCESS => self.ocsp = ocsp_address(&AuthorityInfoAccessSyntax::from_der(value)?),
            oids::OCSP_NO_CHECK => self.no_check = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The directory names of the distribution points, in DER.
fn crl_points(points: &CrlDistributionPoints) -> Result<Vec<Vec<u8>>, der::Error> {
    let mut names = Vec::new();
    for point in &points.0 {
        if let Some(DistributionPointName::FullName(list)) = &point.distribution_point {
            for name in list {
                if let GeneralName::DirectoryName(name) = name {
                    names.push(name.to_der()?);
                }
            }
        }
    }
    Ok(names)
}

fn ocsp_address(access: &AuthorityInfoAccessSyntax) -> Option<String> {
    access.0.iter().find(|description| description.access_method == oids::OCSP).and_then(|description| match &description.access_location {
        GeneralName::UniformResourceIdentifier(address) => Some(address.to_string()),
        _ => None,
    })
}

fn names(name: &x509_cert::name::Name, kind: ObjectIdentifier) -> impl Iterator<Item = String> {
    name.iter().filter(move |part| part.oid == kind).map(|part| String::from_utf8_lossy(part.value.value()).into_owned())
}

fn moment(time: &x509_cert::time::Time) -> Result<Timestamp, CertificateError> {
    let malformed = CertificateError::Malformed("time");
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| malformed.clone())?;
    Timestamp::from_second(seconds).map_err(|_| malformed)
}
