//! The parts of a DeviceResponse (ISO/IEC 18013-5 section 8.3.2.1.2.2), taken out of their maps; nothing is believed yet.

use credential::cbor::Writer;
use jiff::Timestamp;

use crate::certificate::{Curve, Key};
use crate::tree::Item;
use crate::verify::Refusal;

pub(crate) const ES256: i64 = -7;
pub(crate) const ES384: i64 = -35;
pub(crate) const ESP256: i64 = -9;
pub(crate) const ESP384: i64 = -51;
const X5CHAIN: i64 = 33;
const CRITICAL: i64 = 2;
/// Certificates of a chain at most: a signer, and its root once more.
const CHAIN_MAX: usize = 3;

/// A COSE_Sign1 (RFC 9052 section 4.2).
pub(crate) struct Sign1<'a> {
    protected: &'a [u8],
    unprotected: Item<'a>,
    pub(crate) payload: Option<&'a [u8]>,
    signature: &'a [u8],
}

impl<'a> Sign1<'a> {
    fn of(item: &Item<'a>) -> Option<Self> {
        let item = item.tagged(18).unwrap_or(item);
        let [Item::Bytes(protected), unprotected, payload, Item::Bytes(signature)] = item.array()? else { return None };
        let payload = match payload {
            Item::Null => None,
            Item::Bytes(payload) => Some(*payload),
            _ => return None,
        };
        unprotected.pairs()?;
        Some(Self { protected, unprotected: unprotected.clone(), payload, signature })
    }

    /// The curve its protected header names by an algorithm.
    pub(crate) fn curve(&self) -> Result<Curve, Refusal> {
        let header = Item::read(self.protected).map_err(|_| Refusal::Malformed)?;
        if header.label(CRITICAL).is_some() {
            return Err(Refusal::Algorithm);
        }
        match header.label(1).and_then(Item::int) {
            Some(ES256 | ESP256) => Ok(Curve::P256),
            Some(ES384 | ESP384) => Ok(Curve::P384),
            _ => Err(Refusal::Algorithm),
        }
    }

    /// The certificates it comes with, the signer's first (RFC 9360).
    pub(crate) fn chain(&self) -> Option<Vec<&'a [u8]>> {
        match self.unprotected.label(X5CHAIN)? {
            Item::Bytes(only) => Some(vec![only]),
            Item::Array(many) if many.len() <= CHAIN_MAX => many.iter().map(Item::bytes).collect(),
            _ => None,
        }
    }

    /// Whether a key made it over a payload, which travels with it or is known to both ends.
    pub(crate) fn made_by(&self, key: &Key, payload: &[u8]) -> bool {
        let mut signed = Writer::new();
        signed.array(4).text("Signature1").bytes(self.protected).bytes(&[]).bytes(payload);
        key.signed(&signed.done(), self.signature)
    }
}

/// An element as its issuer made it, and the bytes the issuer's digest is over.
pub(crate) struct Disclosed<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) digest_id: u64,
    pub(crate) digested: &'a [u8],
    pub(crate) value: Item<'a>,
}

/// What proves that the phone itself answers.
pub(crate) enum DeviceAuth<'a> {
    Signature(Sign1<'a>),
    /// A key both ends derive: over the internet there is none.
    Mac,
}

/// One document of an answer.
pub(crate) struct Document<'a> {
    pub(crate) doctype: &'a str,
    pub(crate) issuer_auth: Sign1<'a>,
    pub(crate) disclosed: Vec<Disclosed<'a>>,
    /// The elements the phone says of itself: signed by it, and by no issuer. As CBOR, and the same carried as bytes as it came.
    pub(crate) device_spaces: (&'a [u8], &'a [u8]),
    pub(crate) device_auth: DeviceAuth<'a>,
}

impl<'a> Document<'a> {
    /// The one document of an answer.
    pub(crate) fn read(response: &'a Item<'a>) -> Result<Self, Refusal> {
        if response.get("version").and_then(Item::text) != Some("1.0") {
            return Err(Refusal::Version);
        }
        if response.get("status").and_then(Item::unsigned) != Some(0) {
            return Err(Refusal::Empty);
        }
        match response.get("documents").and_then(Item::array) {
            Some([one]) => Self::of(one).ok_or(Refusal::Malformed),
            Some([]) | None => Err(Refusal::Empty),
            Some(_) => Err(Refusal::Malformed),
        }
    }

    fn of(item: &Item<'a>) -> Option<Self> {
        let (issuer, device) = (item.get("issuerSigned")?, item.get("deviceSigned")?);
        let mut disclosed = Vec::new();
        if let Some(spaces) = issuer.get("nameSpaces") {
            for (namespace, items) in spaces.pairs()? {
                let namespace = namespace.text()?;
                for embedded in items.array()? {
                    disclosed.push(element(namespace, embedded)?);
                }
            }
        }
        let auth = device.get("deviceAuth")?;
        let device_auth = match (auth.get("deviceSignature"), auth.get("deviceMac")) {
            (Some(signature), None) => DeviceAuth::Signature(Sign1::of(signature)?),
            (None, Some(_)) => DeviceAuth::Mac,
            _ => return None,
        };
        Some(Self {
            doctype: item.get("docType")?.text()?,
            issuer_auth: Sign1::of(issuer.get("issuerAuth")?)?,
            disclosed,
            device_spaces: device.get("nameSpaces").and_then(|spaces| Some((spaces.embedded()?, spaces.whole()?)))?,
            device_auth,
        })
    }
}

fn element<'a>(namespace: &'a str, embedded: &Item<'a>) -> Option<Disclosed<'a>> {
    let item = Item::read(embedded.embedded()?).ok()?;
    item.get("random")?.bytes().filter(|random| random.len() >= 16)?;
    Some(Disclosed {
        namespace,
        name: item.get("elementIdentifier")?.text()?,
        digest_id: item.get("digestID")?.unsigned()?,
        digested: embedded.whole()?,
        value: item.get("elementValue")?.clone(),
    })
}

/// What an issuer signed (MobileSecurityObject, section 9.1.2.4).
pub(crate) struct SecurityObject<'a> {
    item: Item<'a>,
    pub(crate) doctype: &'a str,
    pub(crate) digest_algorithm: &'a str,
    pub(crate) device_key: Key,
    pub(crate) signed: Timestamp,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
}

impl<'a> SecurityObject<'a> {
    /// Reads what an IssuerAuth carries.
    pub(crate) fn read(payload: &'a [u8]) -> Result<Self, Refusal> {
        let embedded = Item::read(payload).ok().and_then(|item| item.embedded()).ok_or(Refusal::Malformed)?;
        let item = Item::read(embedded).map_err(|_| Refusal::Malformed)?;
        if item.get("version").and_then(Item::text) != Some("1.0") {
            return Err(Refusal::Version);
        }
        let device_key = item.get("deviceKeyInfo").and_then(|info| info.get("deviceKey")).and_then(cose_key).ok_or(Refusal::DeviceKey)?;
        let text = |name| item.get(name).and_then(Item::text).ok_or(Refusal::Malformed);
        let validity = item.get("validityInfo").ok_or(Refusal::Malformed)?;
        let moment = |name| validity.get(name).and_then(moment).ok_or(Refusal::Malformed);
        Ok(Self {
            doctype: text("docType")?,
            digest_algorithm: text("digestAlgorithm")?,
            device_key,
            signed: moment("signed")?,
            valid_from: moment("validFrom")?,
            valid_until: moment("validUntil")?,
            item,
        })
    }

    /// The digest the issuer signed for an element.
    pub(crate) fn digest(&self, namespace: &str, id: u64) -> Option<&'a [u8]> {
        let digests = self.item.get("valueDigests")?.get(namespace)?.pairs()?;
        digests.iter().find(|(number, _)| number.unsigned() == Some(id)).and_then(|(_, digest)| digest.bytes())
    }
}

/// A tdate (RFC 8949 section 3.4.1).
fn moment(item: &Item<'_>) -> Option<Timestamp> {
    item.tagged(0)?.text()?.parse().ok()
}

/// A COSE_Key (RFC 9053 section 7.1) on one of the two curves, its point uncompressed.
fn cose_key(item: &Item<'_>) -> Option<Key> {
    let (curve, bytes) = match (item.label(1)?.int()?, item.label(-1)?.int()?) {
        (2, 1) => (Curve::P256, 32),
        (2, 2) => (Curve::P384, 48),
        _ => return None,
    };
    let (x, y) = (item.label(-2)?.bytes()?, item.label(-3)?.bytes()?);
    let fits = x.len() == bytes && y.len() == bytes;
    fits.then(|| Key { curve, point: [&[4], x, y].concat() })
}
