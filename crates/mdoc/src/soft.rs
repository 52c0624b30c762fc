//! An issuer and a phone in software, for demonstrations, stories and tests: what they make is as real as anybody's and trusted by nobody else.
//!
//! The phone answers a question as a wallet does that knows OpenID4VP 1.0; whether the question is the town's is for real wallets to check.

use aws_lc_rs::rand;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::cbor::Writer;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value as Json, json};

use crate::document::ES256;
use crate::handover::Handover;
use crate::made::{self, Made, Use};
use crate::sha256;
use crate::verify::{Value, device_authentication};

/// The extended key usage of a signer of cards (ISO/IEC 18013-5 annex B.1.4).
pub const SIGNER_USAGE: &str = "1.0.18013.5.1.2";
/// The extended key usage of who asks for cards (annex B.1.7).
pub const READER_USAGE: &str = "1.0.18013.5.1.6";
/// For how many days a software card counts.
const CARD_DAYS: i64 = 30;

/// Something in software could not be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("software phone: {0}")]
pub struct SoftError(&'static str);

type Result<T> = std::result::Result<T, SoftError>;

/// A key on P-256 that can be kept.
#[derive(Clone)]
pub struct SoftKey {
    pkcs8: Vec<u8>,
}

impl std::fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoftKey(…)")
    }
}

impl SoftKey {
    /// A new key.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn generate() -> Result<Self> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rand::SystemRandom::new());
        Ok(Self { pkcs8: document.map_err(|_| SoftError("no key"))?.as_ref().to_vec() })
    }

    /// The key of a PKCS#8 document.
    pub fn from_pkcs8(pkcs8: Vec<u8>) -> Self {
        Self { pkcs8 }
    }

    /// As it is kept.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    fn pair(&self, algorithm: &'static EcdsaSigningAlgorithm) -> Result<EcdsaKeyPair> {
        EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).map_err(|_| SoftError("not a key on P-256"))
    }

    /// Uncompressed point.
    fn point(&self) -> Result<Vec<u8>> {
        Ok(self.pair(&ECDSA_P256_SHA256_FIXED_SIGNING)?.public_key().as_ref().to_vec())
    }

    fn sign(&self, algorithm: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.pair(algorithm)?.sign(&rand::SystemRandom::new(), message);
        Ok(signature.map_err(|_| SoftError("no signature"))?.as_ref().to_vec())
    }

    /// A COSE_Sign1 by it, with what stands unprotected.
    fn sign1(&self, unprotected: &[u8], payload: &[u8], detached: bool) -> Result<Vec<u8>> {
        let mut protected = Writer::new();
        protected.map(1).int(1).int(ES256);
        let protected = protected.done();
        let mut signed = Writer::new();
        signed.array(4).text("Signature1").bytes(&protected).bytes(&[]).bytes(payload);
        let signature = self.sign(&ECDSA_P256_SHA256_FIXED_SIGNING, &signed.done())?;
        let mut whole = Writer::new();
        whole.array(4).bytes(&protected).raw(unprotected);
        if detached {
            whole.raw(&[0xF6])
        } else {
            whole.bytes(payload)
        };
        whole.bytes(&signature);
        Ok(whole.done())
    }
}

fn chance<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| SoftError("no random numbers"))?;
    Ok(bytes)
}

fn years_on(now: Timestamp, years: i64) -> Timestamp {
    now.to_zoned(jiff::tz::TimeZone::UTC).saturating_add(years.years()).timestamp()
}

/// A root with its key: an issuer's, or of those who ask.
#[derive(Debug, Clone)]
pub struct Authority {
    key: SoftKey,
    certificate: Vec<u8>,
    name: String,
}

impl Authority {
    /// A new root of this name, good for ten years.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str, now: Timestamp) -> Result<Self> {
        let key = SoftKey::generate()?;
        let certificate = Self::certified(&key, name, now)?;
        Ok(Self { key, certificate, name: name.to_owned() })
    }

    fn certified(key: &SoftKey, name: &str, now: Timestamp) -> Result<Vec<u8>> {
        let point = key.point()?;
        let made = Made {
            subject: name,
            issuer: name,
            point: &point,
            issuer_point: &point,
            from: now,
            until: years_on(now, 10),
            used_as: Use::Root,
        };
        sealed(key, &made)
    }

    /// A root as [`Self::key`] and [`Self::certificate`] gave it.
    pub fn kept(name: &str, key: SoftKey, certificate: Vec<u8>) -> Self {
        Self { key, certificate, name: name.to_owned() }
    }

    /// Its key.
    pub fn key(&self) -> &SoftKey {
        &self.key
    }

    /// Its certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A certificate under it for another key.
    fn certify(&self, key: &SoftKey, subject: &str, from: Timestamp, until: Timestamp, used_as: Use<'_>) -> Result<Vec<u8>> {
        let (point, issuer_point) = (key.point()?, self.key.point()?);
        let made = Made { subject, issuer: &self.name, point: &point, issuer_point: &issuer_point, from, until, used_as };
        sealed(&self.key, &made)
    }

    /// A certificate for who asks for cards at this host, good for a year.
    ///
    /// # Errors
    /// When the key is none.
    pub fn reader(&self, key: &SoftKey, host: &str, now: Timestamp) -> Result<Vec<u8>> {
        self.certify(key, host, now, years_on(now, 1), Use::Asks(host, READER_USAGE))
    }

    /// Issues a card to a new phone.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn issue(&self, card: &Issue<'_>) -> Result<SoftCard> {
        let signer = SoftKey::generate()?;
        let certificate = self.certify(&signer, "Document Signer", card.at, years_on(card.at, 1), Use::Signs(card.signer_usage))?;
        let device = SoftKey::generate()?;
        let items = card.elements.iter().zip(0u64..).map(|((namespace, name, value), id)| item(namespace, name, value, id));
        let items = items.collect::<Result<Vec<_>>>()?;
        let object = security_object(card, &items, &device.point()?);
        let mut chain = Writer::new();
        chain.map(1).int(33).bytes(&certificate);
        let issuer_auth = signer.sign1(&chain.done(), &object, false)?;
        Ok(SoftCard { doctype: card.doctype.to_owned(), items, issuer_auth, device })
    }
}

fn sealed(key: &SoftKey, made: &Made<'_>) -> Result<Vec<u8>> {
    made::certificate(made, chance()?, |body| key.sign(&ECDSA_P256_SHA256_ASN1_SIGNING, body).ok()).ok_or(SoftError("no certificate"))
}

/// A card to be issued.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// The kind of card.
    pub doctype: &'a str,
    /// Namespace, name and value of each element.
    pub elements: &'a [(&'a str, &'a str, Value)],
    /// The extended key usage of its signer: [`SIGNER_USAGE`].
    pub signer_usage: &'a str,
    /// When it is issued; it counts from then for thirty days.
    pub at: Timestamp,
}

/// An element with its salt, as the issuer made it.
#[derive(Debug, Clone)]
struct SoftItem {
    namespace: String,
    name: String,
    id: u64,
    /// IssuerSignedItemBytes.
    bytes: Vec<u8>,
}

fn item(namespace: &str, name: &str, value: &Value, id: u64) -> Result<SoftItem> {
    let mut inner = Writer::new();
    inner.map(4).text("digestID").unsigned(id).text("random").bytes(&chance::<16>()?);
    inner.text("elementIdentifier").text(name).text("elementValue");
    match value {
        Value::Text(text) => inner.text(text),
        Value::Date(day) => inner.tag(1004).text(&day.to_string()),
        Value::Sex(sex) => inner.unsigned(u64::from(*sex)),
    };
    let mut bytes = Writer::new();
    bytes.tag(24).bytes(&inner.done());
    Ok(SoftItem { namespace: namespace.to_owned(), name: name.to_owned(), id, bytes: bytes.done() })
}

/// The namespaces of some items, in their order.
fn spaces<'a>(items: &[&'a SoftItem]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for item in items {
        if !found.contains(&item.namespace.as_str()) {
            found.push(&item.namespace);
        }
    }
    found
}

fn security_object(card: &Issue<'_>, items: &[SoftItem], device: &[u8]) -> Vec<u8> {
    let all: Vec<&SoftItem> = items.iter().collect();
    let mut object = Writer::new();
    object.map(6).text("version").text("1.0").text("digestAlgorithm").text("SHA-256").text("valueDigests");
    let spaces = spaces(&all);
    object.map(spaces.len());
    for space in spaces {
        let within: Vec<&SoftItem> = all.iter().copied().filter(|item| item.namespace == space).collect();
        object.text(space).map(within.len());
        for item in within {
            object.unsigned(item.id).bytes(&sha256(&item.bytes));
        }
    }
    object.text("deviceKeyInfo").map(1).text("deviceKey").map(4).int(1).int(2).int(-1).int(1);
    object.int(-2).bytes(&device[1..33]).int(-3).bytes(&device[33..]);
    object.text("docType").text(card.doctype).text("validityInfo").map(3);
    let until = card.at.to_zoned(jiff::tz::TimeZone::UTC).saturating_add(CARD_DAYS.days()).timestamp();
    for (name, at) in [("signed", card.at), ("validFrom", card.at), ("validUntil", until)] {
        let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
        object.text(name).tag(0).text(&whole.to_string());
    }
    let mut bytes = Writer::new();
    bytes.tag(24).bytes(&object.done());
    bytes.done()
}

/// A card in a phone of software.
#[derive(Debug, Clone)]
pub struct SoftCard {
    doctype: String,
    items: Vec<SoftItem>,
    issuer_auth: Vec<u8>,
    device: SoftKey,
}

/// What a phone posts, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The address the question named.
    pub address: String,
    /// The encrypted answer: the field `response` of the form.
    pub response: String,
}

impl SoftCard {
    /// Answers a question: the claims of a request object of OpenID4VP 1.0 that asks for one card of this kind.
    ///
    /// # Errors
    /// When the question asks for something else, or has no key to answer to.
    pub fn answer(&self, request: &Json) -> Result<Posted> {
        let text = |name: &'static str| request[name].as_str().ok_or(SoftError(name));
        let query = &request["dcql_query"]["credentials"][0];
        if query["format"] != "mso_mdoc" || query["meta"]["doctype_value"] != *self.doctype {
            return Err(SoftError("another card is asked for"));
        }
        let claims = query["claims"].as_array().ok_or(SoftError("nothing is asked for"))?;
        let asked: Vec<(&str, &str)> =
            claims.iter().filter_map(|claim| Some((claim["path"][0].as_str()?, claim["path"][1].as_str()?))).collect();
        let jwk = &request["client_metadata"]["jwks"]["keys"][0];
        let coordinate = |name: &str| jwk[name].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(SoftError("no key"));
        let handover = Handover {
            client_id: text("client_id")?,
            nonce: text("nonce")?,
            key: crate::thumbprint(&coordinate("x")?, &coordinate("y")?),
            response_uri: text("response_uri")?,
        };
        let shown = URL_SAFE_NO_PAD.encode(self.present(&handover.transcript(), &asked)?);
        let id = query["id"].as_str().ok_or(SoftError("no id"))?;
        let content = json!({ "vp_token": { id: [shown] } }).to_string();
        let encryption = request["client_metadata"]["encrypted_response_enc_values_supported"][0].as_str().unwrap_or("A128GCM");
        let response = jwe::seal(jwk, encryption, content.as_bytes()).map_err(|_| SoftError("not encrypted"))?;
        Ok(Posted { address: handover.response_uri.to_owned(), response })
    }

    /// Shows these elements for a transcript: a DeviceResponse.
    ///
    /// # Errors
    /// When the phone's key is none.
    pub fn present(&self, transcript: &[u8], asked: &[(&str, &str)]) -> Result<Vec<u8>> {
        const NO_SPACES: [u8; 1] = [0xA0];
        let shown: Vec<&SoftItem> =
            self.items.iter().filter(|item| asked.contains(&(item.namespace.as_str(), item.name.as_str()))).collect();
        let mut spaces_bytes = Writer::new();
        spaces_bytes.tag(24).bytes(&NO_SPACES);
        let spaces_bytes = spaces_bytes.done();
        let signed = device_authentication(transcript, &self.doctype, &spaces_bytes);
        let mut response = Writer::new();
        response.map(3).text("version").text("1.0").text("documents").array(1).map(3).text("docType").text(&self.doctype);
        response.text("issuerSigned").map(2).text("nameSpaces");
        let spaces = spaces(&shown);
        response.map(spaces.len());
        for space in spaces {
            let within: Vec<&&SoftItem> = shown.iter().filter(|item| item.namespace == space).collect();
            response.text(space).array(within.len());
            for item in within {
                response.raw(&item.bytes);
            }
        }
        response.text("issuerAuth").raw(&self.issuer_auth);
        response.text("deviceSigned").map(2).text("nameSpaces").raw(&spaces_bytes);
        response.text("deviceAuth").map(1).text("deviceSignature").raw(&self.device.sign1(&NO_SPACES, &signed, true)?);
        response.text("status").unsigned(0);
        Ok(response.done())
    }

    /// The same card with another phone's key in its place: a copied card.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn copied(&self) -> Result<Self> {
        Ok(Self { device: SoftKey::generate()?, ..self.clone() })
    }

    /// The same card with an element changed after the issuer signed it.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn with_changed(&self, name: &str, value: &Value) -> Result<Self> {
        let mut bent = self.clone();
        for changed in bent.items.iter_mut().filter(|item| item.name == name) {
            *changed = item(&changed.namespace, &changed.name, value, changed.id)?;
        }
        Ok(bent)
    }
}
