//! Whether a certificate was revoked: a port, with a store of revocation lists and OCSP behind it.

pub mod crl;
pub mod ocsp;

pub use crl::{CrlError, CrlStore, Loaded};
pub use ocsp::{NamedBy, OcspClient, OcspPolicy};

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::CertificateKind;
use crate::serial::Serial;
use crate::verify::Anchor;

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Which kind of certificate.
    pub kind: CertificateKind,
    /// The root that issued it.
    pub issuer: &'a Anchor,
    /// Its serial, to be used for this question only.
    pub serial: &'a Serial,
    /// The directory names (DER) of the lists it may stand on.
    pub crl_points: &'a [Vec<u8>],
    /// The OCSP address it names.
    pub ocsp_address: Option<&'a str>,
}

/// Someone who can say whether a certificate was revoked: a store of lists, an OCSP client, an operator's service.
pub trait Revocation {
    /// What is known at this moment.
    fn status(&self, subject: &Subject<'_>, now: Timestamp) -> Evidence;
}

/// What is known about one certificate, for the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The answer.
    pub status: Status,
    /// Who said so.
    pub source: Source,
    /// As of when, if anybody said anything.
    pub as_of: Option<Timestamp>,
}

impl Evidence {
    /// Nobody can say.
    pub fn unknown(source: Source, why: Unknown) -> Self {
        Self { status: Status::Unknown(why), source, as_of: None }
    }
}

/// Who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// A revocation list (失効情報ファイル).
    Crl,
    /// An OCSP answer (失効情報).
    Ocsp,
    /// A platform operator's service.
    Operator,
    /// Nobody was asked.
    Nobody,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Why.
        reason: Reason,
        /// Since when.
        at: Timestamp,
    },
    /// Nobody can say.
    Unknown(Unknown),
}

/// Why nobody can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unknown {
    /// No list covers this certificate.
    NoList,
    /// The list is past its next update.
    Stale,
    /// The list or answer is from the future.
    FromTheFuture,
    /// The service could not be reached.
    Unreachable,
    /// The service's answer could not be believed.
    BadAnswer,
    /// The service does not know the certificate.
    NotKnownThere,
    /// Nobody was asked.
    NotAsked,
}

/// Why a certificate was revoked (RFC 5280 section 5.3.1), with what each means for a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 交付前破棄, or no reason given.
    Unspecified,
    /// The key became known.
    KeyCompromise,
    /// The authority's key became known.
    CaCompromise,
    /// 記載内容変更: the holder moved or changed name. Read the address again; it is no sign of fraud.
    AffiliationChanged,
    /// Renewed.
    Superseded,
    /// No longer needed.
    CessationOfOperation,
    /// 一時保留, stated never to be released again.
    CertificateHold,
    /// Rights withdrawn.
    PrivilegeWithdrawn,
    /// The attribute authority's key became known.
    AaCompromise,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number in lists and answers.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Asks nobody: every status is unknown. For set-ups without access to revocation information, which a hard policy then refuses.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskNobody;

impl Revocation for AskNobody {
    fn status(&self, _subject: &Subject<'_>, _now: Timestamp) -> Evidence {
        Evidence::unknown(Source::Nobody, Unknown::NotAsked)
    }
}

/// Asks another and keeps what it said: where asking may take seconds, over a network, the question is put before a transaction begins, and
/// [`Told`] repeats the answer within it.
pub struct Asking<'a> {
    asked: &'a dyn Revocation,
    told: Mutex<Told>,
}

impl<'a> Asking<'a> {
    /// Will ask `asked`.
    pub fn new(asked: &'a dyn Revocation) -> Self {
        Self { asked, told: Mutex::default() }
    }

    /// What was said last.
    pub fn told(self) -> Told {
        self.told.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Revocation for Asking<'_> {
    fn status(&self, subject: &Subject<'_>, now: Timestamp) -> Evidence {
        let evidence = self.asked.status(subject, now);
        let about = (subject.issuer.key_id.clone(), subject.serial.clone());
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Told(Some((about, evidence)));
        evidence
    }
}

/// What somebody said about one certificate; about any other, nobody was asked.
#[derive(Debug, Clone, Default)]
pub struct Told(Option<((Vec<u8>, Serial), Evidence)>);

impl Revocation for Told {
    fn status(&self, subject: &Subject<'_>, _now: Timestamp) -> Evidence {
        match &self.0 {
            Some(((issuer, serial), evidence)) if *issuer == subject.issuer.key_id && serial == subject.serial => *evidence,
            _ => Evidence::unknown(Source::Nobody, Unknown::NotAsked),
        }
    }
}
