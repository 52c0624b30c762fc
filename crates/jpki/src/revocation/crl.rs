//! Revocation lists (失効情報ファイル): read once, kept as sorted numbers, asked a hundred thousand times a second.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Evidence, Reason, Revocation, Source, Status, Subject, Unknown};
use crate::CertificateKind;
use crate::asn1::{self, BIT_STRING, ENUMERATED, GENERALIZED_TIME, INTEGER, Item, Items, Malformed, OCTET_STRING, OID, SEQUENCE, UTC_TIME};
use crate::cert::{SignatureAlgorithm, oids};
use crate::verify::{Anchor, Anchors};

/// Why a list is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// Not a list in strict DER; what does not fit is told.
    #[error("revocation list is not well formed: {0}")]
    Malformed(&'static str),
    /// Signed by none of the roots.
    #[error("revocation list is not signed by a root of its name")]
    Signature,
    /// A critical extension, or a list of a kind (delta, indirect, only some reasons), that is not understood here.
    #[error("revocation list is of a kind not understood here")]
    NotUnderstood,
    /// It does not say when the next one comes, so nobody could tell that it is old.
    #[error("revocation list has no next update")]
    NoNextUpdate,
    /// A newer list is already here.
    #[error("a newer revocation list is already loaded")]
    Older,
}

impl From<Malformed> for CrlError {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Malformed(what)
    }
}

/// What was taken from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Which kind of certificate it speaks of.
    pub kind: CertificateKind,
    /// Whether it is limited to a distribution point: a municipality's.
    pub limited: bool,
    /// How many certificates stand on it.
    pub entries: usize,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due.
    pub next_update: Timestamp,
}

/// The lists of the roots, each kept until a newer one of the same coverage comes. A clone shares them and takes newer ones for itself.
#[derive(Debug, Default, Clone)]
pub struct CrlStore {
    lists: Vec<Arc<List>>,
}

#[derive(Debug)]
struct List {
    /// The key identifier of the root that signed it.
    issuer: Vec<u8>,
    kind: CertificateKind,
    /// The directory name it is limited to; none for a list of everything.
    point: Option<Vec<u8>>,
    this_update: Timestamp,
    next_update: Timestamp,
    entries: Entries,
}

impl CrlStore {
    /// A store without lists: everything is unknown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one list in DER, if a root signed it.
    ///
    /// # Errors
    /// [`CrlError`]; the store keeps what it had.
    pub fn load(&mut self, anchors: &Anchors, der: &[u8]) -> Result<Loaded, CrlError> {
        let raw = Raw::parse(der)?;
        let issuer = raw.signer(anchors).ok_or(CrlError::Signature)?;
        let point = raw.coverage()?;
        let same = self.lists.iter().position(|list| list.issuer == issuer.key_id && list.point == point);
        if same.is_some_and(|at| self.lists[at].this_update > raw.this_update) {
            return Err(CrlError::Older);
        }
        let list = List {
            issuer: issuer.key_id.clone(),
            kind: issuer.kind,
            point,
            this_update: raw.this_update,
            next_update: raw.next_update,
            entries: Entries::read(raw.entries)?,
        };
        let loaded = list.loaded();
        match same {
            Some(at) => self.lists[at] = Arc::new(list),
            None => self.lists.push(Arc::new(list)),
        }
        Ok(loaded)
    }

    /// What every list says of itself.
    pub fn lists(&self) -> impl Iterator<Item = Loaded> + '_ {
        self.lists.iter().map(|list| list.loaded())
    }
}

impl List {
    fn loaded(&self) -> Loaded {
        Loaded {
            kind: self.kind,
            limited: self.point.is_some(),
            entries: self.entries.len(),
            this_update: self.this_update,
            next_update: self.next_update,
        }
    }
}

/// Everything a list goes through except that somebody signed it, for fuzzing.
pub(crate) fn read_unsigned(der: &[u8]) -> Result<usize, CrlError> {
    let raw = Raw::parse(der)?;
    raw.coverage()?;
    Ok(Entries::read(raw.entries)?.len())
}

impl Revocation for CrlStore {
    /// Revoked if any covering list says so, even an old one; good only if a covering list is in time and does not name it.
    fn status(&self, subject: &Subject<'_>, now: Timestamp) -> Evidence {
        let covers = |list: &&Arc<List>| {
            list.issuer == subject.issuer.key_id && list.point.as_ref().is_none_or(|point| subject.crl_points.contains(point))
        };
        let mut best = Evidence::unknown(Source::Crl, Unknown::NoList);
        for list in self.lists.iter().filter(covers) {
            let evidence = |status| Evidence { status, source: Source::Crl, as_of: Some(list.this_update) };
            if let Some((reason, at)) = list.entries.find(subject.serial.reveal_for_revocation()) {
                return evidence(Status::Revoked { reason, at });
            }
            if now < list.this_update {
                best = if best.status == Status::Good { best } else { evidence(Status::Unknown(Unknown::FromTheFuture)) };
            } else if now > list.next_update {
                best = if best.status == Status::Good { best } else { evidence(Status::Unknown(Unknown::Stale)) };
            } else {
                best = evidence(Status::Good);
            }
        }
        best
    }
}

/// The revoked serials: 16 bytes each for serials of up to 8 bytes (real ones have 3 or 4), a tree for longer ones.
#[derive(Debug, Default)]
struct Entries {
    /// Sorted by serial; the second number holds the time in seconds (56 bits) and the reason (8 bits).
    short: Vec<(u64, u64)>,
    long: BTreeMap<Vec<u8>, u64>,
}

impl Entries {
    fn read(list: Option<Item<'_>>) -> Result<Self, CrlError> {
        let mut entries = Self::default();
        let Some(list) = list else { return Ok(entries) };
        // The shortest entry takes about 20 bytes.
        entries.short.reserve(list.value.len() / 32);
        let mut items = list.items();
        while !items.is_empty() {
            let (serial, packed) = entry(items.expect(SEQUENCE)?)?;
            match short(serial) {
                Some(number) => entries.short.push((number, packed)),
                None => drop(entries.long.insert(serial.to_vec(), packed)),
            }
        }
        entries.short.sort_unstable();
        entries.short.shrink_to_fit();
        Ok(entries)
    }

    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    fn find(&self, serial: &[u8]) -> Option<(Reason, Timestamp)> {
        let packed = match short(serial) {
            Some(number) => self.short.get(self.short.partition_point(|entry| entry.0 < number)).filter(|entry| entry.0 == number)?.1,
            None => *self.long.get(serial)?,
        };
        let reason = Reason::from_code((packed & 0xFF) as u8).unwrap_or(Reason::Unspecified);
        Some((reason, Timestamp::from_second(i64::try_from(packed >> 8).ok()?).ok()?))
    }
}

/// The serial and packed time and reason of one entry.
fn entry(item: Item<'_>) -> Result<(&[u8], u64), CrlError> {
    let mut parts = item.items();
    let serial = parts.expect(INTEGER)?.unsigned()?;
    let at = time(&mut parts)?;
    let mut reason = 0;
    if let Some(extensions) = parts.optional(SEQUENCE)? {
        let mut list = extensions.items();
        while !list.is_empty() {
            let (id, critical, value) = extension(list.expect(SEQUENCE)?)?;
            match id {
                oids::REASON_CODE => match asn1::sole(value, ENUMERATED)?.value {
                    [code] if Reason::from_code(*code).is_some() => reason = *code,
                    _ => return Err(CrlError::Malformed("reason")),
                },
                oids::INVALIDITY_DATE => {}
                // An indirect list names another issuer here; nobody may read past that.
                _ if critical => return Err(CrlError::NotUnderstood),
                _ => {}
            }
        }
    }
    parts.finish()?;
    let seconds = u64::try_from(at.as_second()).map_err(|_| CrlError::Malformed("time"))?;
    Ok((serial, (seconds << 8) | u64::from(reason)))
}

fn short(serial: &[u8]) -> Option<u64> {
    (serial.len() <= 8).then(|| serial.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// A list taken apart but not yet believed.
struct Raw<'a> {
    tbs: &'a [u8],
    algorithm: SignatureAlgorithm,
    signature: &'a [u8],
    issuer: &'a [u8],
    this_update: Timestamp,
    next_update: Timestamp,
    entries: Option<Item<'a>>,
    extensions: Vec<(der::asn1::ObjectIdentifier, bool, &'a [u8])>,
}

impl<'a> Raw<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, CrlError> {
        let mut outer = asn1::sole(der, SEQUENCE)?.items();
        let tbs = outer.expect(SEQUENCE)?;
        let algorithm = outer.expect(SEQUENCE)?.whole;
        let signature = outer.expect(BIT_STRING)?.whole_bits()?;
        outer.finish()?;
        let mut parts = tbs.items();
        // Version 2; a list of version 1 has no extensions and is not used here.
        if parts.expect(INTEGER)?.value != [1] {
            return Err(CrlError::NotUnderstood);
        }
        if parts.expect(SEQUENCE)?.whole != algorithm {
            return Err(CrlError::Malformed("two signature algorithms"));
        }
        let issuer = parts.expect(SEQUENCE)?.whole;
        let this_update = time(&mut parts)?;
        let next_update = match optional_time(&mut parts)? {
            Some(at) => at,
            None => return Err(CrlError::NoNextUpdate),
        };
        let entries = parts.optional(SEQUENCE)?;
        let mut extensions = Vec::new();
        if let Some(list) = parts.optional(0xA0)? {
            let mut list = asn1::sole(list.value, SEQUENCE)?.items();
            while !list.is_empty() {
                extensions.push(extension(list.expect(SEQUENCE)?)?);
            }
        }
        parts.finish()?;
        let algorithm = SignatureAlgorithm::from_der(algorithm).ok_or(CrlError::NotUnderstood)?;
        Ok(Self { tbs: tbs.whole, algorithm, signature, issuer, this_update, next_update, entries, extensions })
    }

    /// The root of this name that signed it; several generations share the name, so each is tried.
    fn signer<'b>(&self, anchors: &'b Anchors) -> Option<&'b Anchor> {
        anchors.iter().find(|anchor| {
            let root = &anchor.certificate;
            let may_sign = root.extensions.key_usage.as_ref().is_some_and(|usage| usage.crl_sign());
            root.subject == self.issuer && may_sign && self.algorithm.check(&root.public_key_info, self.tbs, self.signature)
        })
    }

    /// The directory name the list is limited to, if any.
    fn coverage(&self) -> Result<Option<Vec<u8>>, CrlError> {
        let mut point = None;
        for (id, critical, value) in &self.extensions {
            match *id {
                oids::ISSUING_DISTRIBUTION_POINT => point = issuing_point(value)?,
                oids::AUTHORITY_KEY_ID | oids::CRL_NUMBER | oids::ISSUER_ALT_NAME => {}
                // deltaCRLIndicator is one of these
                _ if *critical => return Err(CrlError::NotUnderstood),
                _ => {}
            }
        }
        Ok(point)
    }
}

/// IssuingDistributionPoint: a directory name and, besides, at most `onlyContainsUserCerts`.
fn issuing_point(value: &[u8]) -> Result<Option<Vec<u8>>, CrlError> {
    let mut parts = asn1::sole(value, SEQUENCE)?.items();
    let mut point = None;
    if let Some(name) = parts.optional(0xA0)? {
        let mut names = asn1::sole(name.value, 0xA0)?.items();
        while !names.is_empty() {
            let name = names.any()?;
            if name.tag == 0xA4 {
                point = Some(asn1::sole(name.value, SEQUENCE)?.whole.to_vec());
            }
        }
        if point.is_none() {
            return Err(CrlError::NotUnderstood);
        }
    }
    if parts.optional(0x81)?.is_some_and(|only_users| only_users.value != [0xFF]) {
        return Err(CrlError::Malformed("boolean"));
    }
    if parts.is_empty() { Ok(point) } else { Err(CrlError::NotUnderstood) }
}

fn extension(item: Item<'_>) -> Result<(der::asn1::ObjectIdentifier, bool, &[u8]), Malformed> {
    let mut parts = item.items();
    let id = parts.expect(OID)?.oid()?;
    let critical = match parts.optional(0x01)? {
        Some(flag) if flag.value == [0xFF] => true,
        Some(_) => return Err(Malformed("boolean")),
        None => false,
    };
    let value = parts.expect(OCTET_STRING)?.value;
    parts.finish()?;
    Ok((id, critical, value))
}

fn time(parts: &mut Items<'_>) -> Result<Timestamp, Malformed> {
    parts.any()?.time()
}

fn optional_time(parts: &mut Items<'_>) -> Result<Option<Timestamp>, Malformed> {
    for tag in [UTC_TIME, GENERALIZED_TIME] {
        if let Some(item) = parts.optional(tag)? {
            return item.time().map(Some);
        }
    }
    Ok(None)
}
