//! Whether an answer is believed: the issuer's signature, the digests of what is shown, the days, and the phone's own signature over the question.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use credential::cbor::Writer;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::certificate::{Certificate, Roots};
use crate::document::{DeviceAuth, Disclosed, Document, SecurityObject};
use crate::tree::Item;

/// More than any card without a portrait needs.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;
/// The most characters of a text.
const TEXT_CHARS_MAX: usize = 400;

/// Why an answer is not believed. [`Refusal::as_str`] is the code a person tells the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an answer in the form of the standard, or too large for one.
    #[error("answer is malformed")]
    Malformed,
    /// Another version of the standard than 1.0.
    #[error("version is unknown")]
    Version,
    /// There is no card in it.
    #[error("answer holds no card")]
    Empty,
    /// Another kind of card than was asked for.
    #[error("card is of another kind")]
    DocType,
    /// An algorithm that is not believed.
    #[error("algorithm is not allowed")]
    Algorithm,
    /// Signed under no root that is believed.
    #[error("issuer is not trusted")]
    Issuer,
    /// The signer's certificate is not one for signing such cards.
    #[error("signer may not sign such cards")]
    Signer,
    /// The signer's certificate or its root is out of its time.
    #[error("signer is out of time")]
    SignerTime,
    /// The issuer's signature is wrong.
    #[error("issuer signature does not hold")]
    IssuerSignature,
    /// An element is not the one the issuer signed.
    #[error("element was changed")]
    Digest,
    /// An element that was asked for is not there.
    #[error("element is missing")]
    Missing,
    /// An element that nobody asked for is there.
    #[error("more was shown than was asked for")]
    TooMuch,
    /// An element is not of its type.
    #[error("element is of another type")]
    ValueType,
    /// The card counts only later.
    #[error("card is not valid yet")]
    NotYet,
    /// The card counts no longer.
    #[error("card has expired")]
    Expired,
    /// The issuer named no key of the phone that can be used.
    #[error("phone key cannot be used")]
    DeviceKey,
    /// The phone proves itself by a MAC: there is no key for one here.
    #[error("phone answered with a mac")]
    DeviceMac,
    /// The phone's key did not sign this question: another phone, or an answer to another question.
    #[error("phone did not sign this question")]
    DeviceSignature,
}

impl Refusal {
    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "mdoc_malformed",
            Self::Version => "mdoc_version",
            Self::Empty => "mdoc_empty",
            Self::DocType => "mdoc_doctype",
            Self::Algorithm => "mdoc_algorithm",
            Self::Issuer => "mdoc_issuer",
            Self::Signer => "mdoc_signer",
            Self::SignerTime => "mdoc_signer_time",
            Self::IssuerSignature => "mdoc_issuer_signature",
            Self::Digest => "mdoc_digest",
            Self::Missing => "mdoc_missing",
            Self::TooMuch => "mdoc_too_much",
            Self::ValueType => "mdoc_value_type",
            Self::NotYet => "mdoc_not_yet",
            Self::Expired => "mdoc_expired",
            Self::DeviceKey => "mdoc_device_key",
            Self::DeviceMac => "mdoc_device_mac",
            Self::DeviceSignature => "mdoc_device_signature",
        }
    }
}

/// Of what type an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text (`tstr`).
    Text,
    /// A day (`full-date`, tag 1004, RFC 8943).
    Date,
    /// A sex by ISO/IEC 5218: 0, 1, 2 or 9.
    Sex,
}

/// An element that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The namespace it stands in.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
}

/// What was asked, and when it is answered.
pub struct Question<'a> {
    /// The kind of card.
    pub doctype: &'a str,
    /// All that may be shown, and has to be.
    pub elements: &'a [Element<'a>],
    /// The extended key usage of a signer of such cards; `1.0.18013.5.1.2` for those of ISO/IEC 18013-5.
    pub signer_usage: &'a str,
    /// The session transcript: [`crate::Handover::transcript`].
    pub transcript: &'a [u8],
    /// The moment.
    pub now: Timestamp,
}

/// The value of an element. Personal: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, not empty.
    Text(String),
    /// A day.
    Date(Date),
    /// A sex by ISO/IEC 5218.
    Sex(u8),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(…)")
    }
}

/// What a believed answer shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The values, in the order of the question's elements.
    pub values: Vec<Value>,
    /// When the card stops counting, as its issuer signed.
    pub valid_until: Timestamp,
    /// The algorithm the issuer signed with: `ES256` or `ES384`.
    pub algorithm: &'static str,
}

/// Believes an answer, or says why not.
///
/// # Errors
/// The first [`Refusal`] that is found, in the order: form, issuer, card, elements, phone.
pub fn verify(response: &[u8], question: &Question<'_>, roots: &Roots) -> Result<Shown, Refusal> {
    if response.len() > RESPONSE_BYTES_MAX {
        return Err(Refusal::Malformed);
    }
    let item = Item::read(response).map_err(|_| Refusal::Malformed)?;
    let document = Document::read(&item)?;
    if document.doctype != question.doctype {
        return Err(Refusal::DocType);
    }
    let signer = issued(&document, question, roots)?;
    let object = SecurityObject::read(document.issuer_auth.payload.ok_or(Refusal::Malformed)?)?;
    counts(&object, &signer, question)?;
    for element in &document.disclosed {
        as_signed(element, &object)?;
    }
    let values = values(&document.disclosed, question.elements)?;
    answered(&document, &object, question.transcript)?;
    let algorithm = match signer.key.curve {
        crate::certificate::Curve::P256 => "ES256",
        crate::certificate::Curve::P384 => "ES384",
    };
    Ok(Shown { values, valid_until: object.valid_until, algorithm })
}

/// The signer, whose signature holds.
fn issued(document: &Document<'_>, question: &Question<'_>, roots: &Roots) -> Result<Certificate, Refusal> {
    let usage = ObjectIdentifier::new(question.signer_usage).map_err(|_| Refusal::Signer)?;
    let chain = document.issuer_auth.chain().ok_or(Refusal::Malformed)?;
    let signer = roots.signer(&chain, &usage, question.now)?;
    if document.issuer_auth.curve()? != signer.key.curve {
        return Err(Refusal::Algorithm);
    }
    let payload = document.issuer_auth.payload.ok_or(Refusal::Malformed)?;
    if document.issuer_auth.made_by(&signer.key, payload) { Ok(signer) } else { Err(Refusal::IssuerSignature) }
}

/// Whether what the issuer signed is of this kind of card and counts now.
fn counts(object: &SecurityObject<'_>, signer: &Certificate, question: &Question<'_>) -> Result<(), Refusal> {
    if object.doctype != question.doctype {
        return Err(Refusal::DocType);
    }
    if !signer.valid_at(object.signed) || object.valid_from < object.signed {
        return Err(Refusal::SignerTime);
    }
    if question.now < object.valid_from {
        return Err(Refusal::NotYet);
    }
    if question.now > object.valid_until { Err(Refusal::Expired) } else { Ok(()) }
}

/// Whether an element is the one whose digest the issuer signed.
fn as_signed(element: &Disclosed<'_>, object: &SecurityObject<'_>) -> Result<(), Refusal> {
    let algorithm = match object.digest_algorithm {
        "SHA-256" => &SHA256,
        "SHA-384" => &SHA384,
        "SHA-512" => &SHA512,
        _ => return Err(Refusal::Algorithm),
    };
    let signed = object.digest(element.namespace, element.digest_id).ok_or(Refusal::Digest)?;
    if digest(algorithm, element.digested).as_ref() == signed { Ok(()) } else { Err(Refusal::Digest) }
}

/// The values of what was asked for, each once, and nothing besides.
fn values(disclosed: &[Disclosed<'_>], asked: &[Element<'_>]) -> Result<Vec<Value>, Refusal> {
    let is = |shown: &Disclosed<'_>, element: &Element<'_>| shown.namespace == element.namespace && shown.name == element.name;
    if disclosed.iter().any(|shown| !asked.iter().any(|element| is(shown, element))) {
        return Err(Refusal::TooMuch);
    }
    let mut values = Vec::new();
    for element in asked {
        let mut found = disclosed.iter().filter(|shown| is(shown, element));
        match (found.next(), found.next()) {
            (None, _) => return Err(Refusal::Missing),
            (Some(_), Some(_)) => return Err(Refusal::TooMuch),
            (Some(shown), None) => values.push(value(&shown.value, element.kind).ok_or(Refusal::ValueType)?),
        }
    }
    Ok(values)
}

fn value(item: &Item<'_>, kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Text => {
            let text = item.text().filter(|text| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX)?;
            Value::Text(text.to_owned())
        }
        Kind::Date => {
            let text = item.tagged(1004)?.text().filter(|text| text.len() == 10)?;
            Value::Date(text.parse().ok()?)
        }
        Kind::Sex => Value::Sex(u8::try_from(item.unsigned()?).ok().filter(|sex| [0, 1, 2, 9].contains(sex))?),
    })
}

/// Whether the phone the card was issued to signed this very question (DeviceAuthentication, section 9.1.3.4).
fn answered(document: &Document<'_>, object: &SecurityObject<'_>, transcript: &[u8]) -> Result<(), Refusal> {
    let signature = match &document.device_auth {
        DeviceAuth::Signature(signature) => signature,
        DeviceAuth::Mac => return Err(Refusal::DeviceMac),
    };
    if signature.curve()? != object.device_key.curve {
        return Err(Refusal::Algorithm);
    }
    // What stands beside the signature is not what is signed.
    if signature.payload.is_some() {
        return Err(Refusal::Malformed);
    }
    // The phone says nothing of itself that was asked for.
    let (spaces, spaces_bytes) = document.device_spaces;
    if Item::read(spaces).map_err(|_| Refusal::Malformed)?.pairs().is_none_or(|spaces| !spaces.is_empty()) {
        return Err(Refusal::TooMuch);
    }
    let signed = device_authentication(transcript, document.doctype, spaces_bytes);
    if signature.made_by(&object.device_key, &signed) { Ok(()) } else { Err(Refusal::DeviceSignature) }
}

/// DeviceAuthenticationBytes, of what the phone says of itself as it is carried (tag 24).
pub(crate) fn device_authentication(transcript: &[u8], doctype: &str, spaces_bytes: &[u8]) -> Vec<u8> {
    let mut authentication = Writer::new();
    authentication.array(4).text("DeviceAuthentication").raw(transcript).text(doctype).raw(spaces_bytes);
    let mut bytes = Writer::new();
    bytes.tag(24).bytes(&authentication.done());
    bytes.done()
}
