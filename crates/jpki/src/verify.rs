//! The server's side: whether a certificate of a card and a signature made with it may be believed.

mod anchors;

pub use anchors::{Anchor, AnchorError, Anchors, TrustMode};

use der::asn1::ObjectIdentifier;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz};

use crate::cert::{CertificateError, ParsedCertificate, oids};
use crate::challenge::{Challenge, DOMAIN, Purpose};
use crate::four::{self, FourItems, FourItemsError};
use crate::revocation::{Evidence, Reason, Revocation, Status, Subject, Unknown};
use crate::serial::{Serial, SerialKey, serial_key};
use crate::{CertificateKind, sha256};

/// What to do when nobody can say whether a certificate is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// Refuse (hard failure): for accounts and applications.
    Refuse,
    /// Accept and say so in the result (soft failure): for a sign-in the town chose to let pass with an entry in its records.
    Accept,
    /// Accept, and say so, while what was last known is no older than this; refuse when it is, or when nothing was ever known.
    AcceptKnownWithin(SignedDuration),
}

impl OnUnknown {
    fn accepts(self, evidence: &Evidence, now: Timestamp) -> bool {
        match self {
            Self::Refuse => false,
            Self::Accept => true,
            Self::AcceptKnownWithin(most) => evidence.as_of.is_some_and(|at| at <= now && now.duration_since(at) <= most),
        }
    }
}

/// What a service accepts.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The service's own name, which must stand in every challenge.
    pub relying_party: String,
    /// The certificate policies accepted on 署名用電子証明書.
    pub signature_policies: Vec<ObjectIdentifier>,
    /// The certificate policies accepted on 利用者証明用電子証明書.
    pub user_auth_policies: Vec<ObjectIdentifier>,
    /// What an unknown revocation status means for a signature.
    pub signature_unknown: OnUnknown,
    /// What an unknown revocation status means for a sign-in.
    pub user_auth_unknown: OnUnknown,
}

impl Policy {
    /// The policies of real certificates, as published OID lists give them (no production certificate was seen: they stay configurable).
    pub fn production(relying_party: impl Into<String>) -> Self {
        Self::with(relying_party.into(), "1.2.392.200149.8.5.1.1.20", "1.2.392.200149.8.5.1.3.30")
    }

    /// The policies of the test hierarchy.
    pub fn test(relying_party: impl Into<String>) -> Self {
        Self::with(relying_party.into(), crate::testca::SIGNATURE_POLICY, crate::testca::USER_AUTH_POLICY)
    }

    fn with(relying_party: String, signature: &str, user_auth: &str) -> Self {
        Self {
            relying_party,
            signature_policies: vec![ObjectIdentifier::new_unwrap(signature)],
            user_auth_policies: vec![ObjectIdentifier::new_unwrap(user_auth)],
            signature_unknown: OnUnknown::Refuse,
            user_auth_unknown: OnUnknown::Refuse,
        }
    }
}

/// What came back from the card: untrusted.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The certificate in DER.
    pub certificate: &'a [u8],
    /// The signature over the challenge's message.
    pub signature: &'a [u8],
}

/// What the present request knows for itself, to compare the challenge with.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The session the answer came in.
    pub session: &'a str,
    /// What this place of the service is for.
    pub purpose: Purpose,
    /// The moment of the check.
    pub now: Timestamp,
}

/// Why an answer is not believed. [`Refusal::code`] names the sentence to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The challenge was given out by another service.
    #[error("challenge belongs to another relying party")]
    OtherRelyingParty,
    /// The challenge was given out for something else.
    #[error("challenge was for another purpose")]
    OtherPurpose,
    /// The challenge was given out to another session.
    #[error("challenge belongs to another session")]
    OtherSession,
    /// The challenge is too old, or from the future.
    #[error("challenge is not in time")]
    ChallengeNotInTime,
    /// The certificate cannot be read or has what must not be there.
    #[error("certificate cannot be accepted")]
    Certificate(#[from] CertificateError),
    /// No pinned root has the key the certificate names.
    #[error("certificate is from no known root")]
    UnknownRoot,
    /// The certificate is of the other kind.
    #[error("certificate is of the other kind")]
    WrongKind,
    /// The issuer named is not the root whose key it names.
    #[error("issuer and root do not agree")]
    IssuerMismatch,
    /// The root did not sign these bytes.
    #[error("certificate was altered or signed by another key")]
    BadCertificateSignature,
    /// The root itself is not valid now.
    #[error("root is not valid at this time")]
    RootNotValid,
    /// The certificate is not valid yet.
    #[error("certificate is not valid yet")]
    NotYetValid,
    /// The certificate has ended; the last day in Japan is given.
    #[error("certificate ended on {last_day}")]
    Expired {
        /// The last day it was valid, in Japan.
        last_day: Date,
    },
    /// The certificate is an authority's.
    #[error("certificate is not of a person")]
    NotEndEntity,
    /// The key may not be used for this.
    #[error("key usage does not allow this")]
    KeyUsage,
    /// The extended key usage does not go with the kind.
    #[error("extended key usage does not allow this")]
    ExtendedKeyUsage,
    /// The certificate was issued under a policy that is not on the list.
    #[error("certificate policy is not accepted")]
    CertificatePolicy,
    /// The four items in the certificate cannot be read.
    #[error("four items cannot be read from the certificate")]
    FourItems(#[from] FourItemsError),
    /// The card did not sign this challenge.
    #[error("signature does not fit the challenge")]
    BadSignature,
    /// The certificate was revoked.
    #[error("certificate was revoked: {reason:?}")]
    Revoked {
        /// Why; `AffiliationChanged` on 署名用 means moved or renamed: read the address again.
        reason: Reason,
        /// Since when.
        at: Timestamp,
    },
    /// Nobody can say whether it is revoked.
    #[error("revocation status is unknown")]
    RevocationUnknown(Unknown),
}

impl Refusal {
    /// The stable code by which catalogues name the sentence to show.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherRelyingParty | Self::OtherPurpose | Self::OtherSession => "other_challenge",
            Self::ChallengeNotInTime => "challenge_not_in_time",
            Self::Certificate(_)
            | Self::BadCertificateSignature
            | Self::IssuerMismatch
            | Self::NotEndEntity
            | Self::KeyUsage
            | Self::ExtendedKeyUsage
            | Self::CertificatePolicy
            | Self::FourItems(_) => "certificate_not_accepted",
            Self::UnknownRoot | Self::RootNotValid => "unknown_root",
            Self::WrongKind => "wrong_kind",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired { .. } => "certificate_expired",
            Self::BadSignature => "bad_signature",
            Self::Revoked { reason: Reason::AffiliationChanged, .. } => "details_changed",
            Self::Revoked { .. } => "certificate_revoked",
            Self::RevocationUnknown(_) => "revocation_unknown",
        }
    }
}

/// A certificate that was believed, at one moment.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Which kind.
    pub kind: CertificateKind,
    /// Under which roots: a `Test` result means nothing in the real world.
    pub trust: TrustMode,
    /// The last day the certificate is valid, in Japan.
    pub valid_until: Date,
    /// What was known about revocation, for the records.
    pub evidence: Evidence,
    /// True when the status was unknown and the policy let it pass: record it.
    pub revocation_unchecked: bool,
    /// When this was checked.
    pub checked_at: Timestamp,
    serial: Serial,
}

impl Verified {
    /// What the holder's account is found by.
    pub fn serial_key(&self, hmac_key: &[u8]) -> SerialKey {
        serial_key(hmac_key, self.kind, &self.serial)
    }
}

/// A believed signature with the four items of its certificate.
#[derive(Debug, Clone)]
pub struct VerifiedSignature {
    /// The certificate.
    pub certificate: Verified,
    /// Name, address, birth and sex from the certificate.
    pub four_items: FourItems,
    /// SHA-256 of the document that was signed: with the challenge, if there was one, or in place of it.
    pub document: Option<[u8; 32]>,
}

/// Decides whether to believe answers of cards.
#[derive(Debug, Clone)]
pub struct Verifier {
    anchors: Anchors,
    policy: Policy,
}

impl Verifier {
    /// A verifier for these roots and this service.
    pub fn new(anchors: Anchors, policy: Policy) -> Self {
        Self { anchors, policy }
    }

    /// The roots it believes.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Believes or refuses a sign-in: `challenge` is the one this server gave out and has just taken away.
    ///
    /// # Errors
    /// [`Refusal`]: the first thing that is wrong. Revocation is asked last, and only about what is otherwise right.
    pub fn verify_user_auth(
        &self,
        answer: &Answer<'_>,
        challenge: &Challenge,
        asked: &Asked<'_>,
        revocation: &dyn Revocation,
    ) -> Result<Verified, Refusal> {
        self.check_challenge(challenge, asked)?;
        let certificate = ParsedCertificate::parse(answer.certificate)?;
        let anchor = self.check_certificate(&certificate, CertificateKind::UserAuthentication, asked.now)?;
        if !certificate.made(&challenge.message(), answer.signature) {
            return Err(Refusal::BadSignature);
        }
        self.check_revocation(&certificate, anchor, asked.now, revocation)
    }

    /// Believes or refuses a signature and gives the four items of its certificate. What is signed besides the challenge stands in it as
    /// the hash of a document.
    ///
    /// # Errors
    /// As [`Self::verify_user_auth`], and [`Refusal::FourItems`].
    pub fn verify_signature(
        &self,
        answer: &Answer<'_>,
        challenge: &Challenge,
        asked: &Asked<'_>,
        revocation: &dyn Revocation,
    ) -> Result<VerifiedSignature, Refusal> {
        self.check_challenge(challenge, asked)?;
        let (certificate, four_items) = self.signed(answer, &challenge.message(), asked.now, revocation)?;
        Ok(VerifiedSignature { certificate, four_items, document: challenge.document })
    }

    /// Believes or refuses a signature over a statement in words, made where no reader of this service is: by an app that has the card sign its hash.
    /// Whose question it is, and whether it is in time, must stand in the statement, which the caller wrote.
    ///
    /// # Errors
    /// As [`Self::verify_signature`]; [`Refusal::OtherPurpose`] for bytes that could be a challenge.
    pub fn verify_statement(
        &self,
        answer: &Answer<'_>,
        statement: &[u8],
        now: Timestamp,
        revocation: &dyn Revocation,
    ) -> Result<VerifiedSignature, Refusal> {
        if statement.starts_with(DOMAIN) {
            return Err(Refusal::OtherPurpose);
        }
        let (certificate, four_items) = self.signed(answer, statement, now, revocation)?;
        Ok(VerifiedSignature { certificate, four_items, document: Some(sha256(statement)) })
    }

    /// What a message was signed with by 署名用, and whose that is.
    fn signed(
        &self,
        answer: &Answer<'_>,
        message: &[u8],
        now: Timestamp,
        revocation: &dyn Revocation,
    ) -> Result<(Verified, FourItems), Refusal> {
        let certificate = ParsedCertificate::parse(answer.certificate)?;
        let anchor = self.check_certificate(&certificate, CertificateKind::Signature, now)?;
        let name = certificate.extensions.alternative_name.as_deref().ok_or(FourItemsError::Missing(1))?;
        let four_items = four::from_alternative_name(name)?;
        if !certificate.made(message, answer.signature) {
            return Err(Refusal::BadSignature);
        }
        Ok((self.check_revocation(&certificate, anchor, now, revocation)?, four_items))
    }

    fn check_challenge(&self, challenge: &Challenge, asked: &Asked<'_>) -> Result<(), Refusal> {
        if challenge.relying_party != self.policy.relying_party {
            return Err(Refusal::OtherRelyingParty);
        }
        if challenge.purpose != asked.purpose {
            return Err(Refusal::OtherPurpose);
        }
        if challenge.session != asked.session {
            return Err(Refusal::OtherSession);
        }
        if asked.now < challenge.issued_at || asked.now >= challenge.expires_at {
            return Err(Refusal::ChallengeNotInTime);
        }
        Ok(())
    }

    fn check_certificate(&self, certificate: &ParsedCertificate, kind: CertificateKind, now: Timestamp) -> Result<&Anchor, Refusal> {
        let anchor = self.find_anchor(certificate, kind)?;
        if !certificate.signed_by(&anchor.certificate.public_key_info) {
            return Err(Refusal::BadCertificateSignature);
        }
        if !anchor.certificate.valid_at(now) {
            return Err(Refusal::RootNotValid);
        }
        if now.as_second() < certificate.not_before.as_second() {
            return Err(Refusal::NotYetValid);
        }
        if !certificate.valid_at(now) {
            return Err(Refusal::Expired { last_day: day_in_japan(certificate.not_after) });
        }
        self.check_use(certificate, kind)?;
        Ok(anchor)
    }

    /// The root by the key the certificate names; the name, which all generations share, only has to agree.
    fn find_anchor(&self, certificate: &ParsedCertificate, kind: CertificateKind) -> Result<&Anchor, Refusal> {
        let named = certificate.extensions.authority_key.as_ref().ok_or(CertificateError::Malformed("no authority key identifier"))?;
        let key = named.key_identifier.as_ref().ok_or(CertificateError::Malformed("no authority key identifier"))?.as_bytes();
        let anchor = self.anchors.by_key(key).ok_or(Refusal::UnknownRoot)?;
        if anchor.kind != kind {
            return Err(Refusal::WrongKind);
        }
        let serial_agrees =
            named.authority_cert_serial_number.as_ref().is_none_or(|serial| Serial::new(serial.as_bytes()) == anchor.certificate.serial);
        if certificate.issuer != anchor.certificate.subject || !serial_agrees {
            return Err(Refusal::IssuerMismatch);
        }
        Ok(anchor)
    }

    /// What the certificate may be used for, by the profile of its kind.
    fn check_use(&self, certificate: &ParsedCertificate, kind: CertificateKind) -> Result<(), Refusal> {
        let extensions = &certificate.extensions;
        if extensions.is_ca == Some(true) {
            return Err(Refusal::NotEndEntity);
        }
        let usage = extensions.key_usage.as_ref().filter(|_| extensions.key_usage_critical).ok_or(Refusal::KeyUsage)?;
        let signs_only = !usage.key_cert_sign() && !usage.crl_sign() && !usage.key_encipherment() && !usage.key_agreement();
        let wanted_non_repudiation = kind == CertificateKind::Signature;
        if !usage.digital_signature() || usage.non_repudiation() != wanted_non_repudiation || !signs_only {
            return Err(Refusal::KeyUsage);
        }
        let extended = extensions.extended_key_usage.as_deref();
        let (extended_fits, accepted) = match kind {
            CertificateKind::Signature => (extended.is_none(), &self.policy.signature_policies),
            CertificateKind::UserAuthentication => {
                (extended.is_some_and(|usages| usages.contains(&oids::CLIENT_AUTH)), &self.policy.user_auth_policies)
            }
        };
        if !extended_fits {
            return Err(Refusal::ExtendedKeyUsage);
        }
        if !extensions.policies.iter().any(|policy| accepted.contains(policy)) {
            return Err(Refusal::CertificatePolicy);
        }
        Ok(())
    }

    fn check_revocation(
        &self,
        certificate: &ParsedCertificate,
        anchor: &Anchor,
        now: Timestamp,
        revocation: &dyn Revocation,
    ) -> Result<Verified, Refusal> {
        let subject = Subject {
            kind: anchor.kind,
            issuer: anchor,
            serial: &certificate.serial,
            crl_points: &certificate.extensions.crl_points,
            ocsp_address: certificate.ocsp_address(),
        };
        let evidence = revocation.status(&subject, now);
        let on_unknown = match anchor.kind {
            CertificateKind::Signature => self.policy.signature_unknown,
            CertificateKind::UserAuthentication => self.policy.user_auth_unknown,
        };
        let revocation_unchecked = match evidence.status {
            Status::Good => false,
            Status::Revoked { reason, at } => return Err(Refusal::Revoked { reason, at }),
            Status::Unknown(why) if !on_unknown.accepts(&evidence, now) => return Err(Refusal::RevocationUnknown(why)),
            Status::Unknown(_) => true,
        };
        Ok(Verified {
            kind: anchor.kind,
            trust: self.anchors.mode(),
            valid_until: day_in_japan(certificate.not_after),
            evidence,
            revocation_unchecked,
            checked_at: now,
            serial: certificate.serial.clone(),
        })
    }
}

/// The day in Japan, which has had one offset since before the card: nine hours.
fn day_in_japan(at: Timestamp) -> Date {
    at.to_zoned(tz::offset(9).to_time_zone()).date()
}

/// SHA-256 of a certificate, as published lists of roots give it.
pub(crate) fn fingerprint(der: &[u8]) -> [u8; 32] {
    sha256(der)
}
