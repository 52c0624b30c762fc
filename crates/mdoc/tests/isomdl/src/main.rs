//! Issues a card and presents it, both by crate `isomdl`: an order as JSON on standard input, the DeviceResponse as base64url on standard output.

use std::collections::BTreeMap;
use std::io::Read as _;

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use isomdl::cbor;
use isomdl::definitions::device_key::cose_key::{CoseKey, EC2Curve, EC2Y};
use isomdl::definitions::device_request::ItemsRequest;
use isomdl::definitions::device_signed::DeviceAuthType;
use isomdl::definitions::helpers::{ByteStr, NonEmptyMap};
use isomdl::definitions::session::SessionTranscript;
use isomdl::definitions::x509::X5Chain;
use isomdl::definitions::{DeviceKeyInfo, DigestAlgorithm, ValidityInfo};
use isomdl::issuance::Mdoc;
use isomdl::presentation::device::{DeviceSession, Document, Documents};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What is to be issued, and shown to whom.
#[derive(Deserialize)]
struct Order {
    signer_key: String,
    signer_certificate: String,
    doctype: String,
    elements: Vec<Element>,
    signed: String,
    valid_from: String,
    valid_until: String,
    question: Question,
    shown: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Element {
    namespace: String,
    name: String,
    value: Plain,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plain {
    Text(String),
    Date(String),
    Number(u64),
}

#[derive(Deserialize)]
struct Question {
    client_id: String,
    nonce: String,
    thumbprint: String,
    response_uri: String,
}

/// OpenID4VP 1.0, appendix B.2.6.1, as this program's authors read it.
#[derive(Clone, Serialize, Deserialize)]
struct Transcript(Option<()>, Option<()>, (String, ByteStr));

impl SessionTranscript for Transcript {}

impl Transcript {
    fn of(question: &Question) -> Result<Self> {
        let info = Value::Array(vec![
            Value::Text(question.client_id.clone()),
            Value::Text(question.nonce.clone()),
            Value::Bytes(URL_SAFE_NO_PAD.decode(&question.thumbprint)?),
            Value::Text(question.response_uri.clone()),
        ]);
        let hash = Sha256::digest(cbor::to_vec(&info)?).to_vec();
        Ok(Self(None, None, ("OpenID4VPHandover".to_owned(), hash.into())))
    }
}

/// A phone with one card.
struct Phone {
    documents: Documents,
    transcript: Transcript,
}

impl DeviceSession for Phone {
    type ST = Transcript;

    fn documents(&self) -> &Documents {
        &self.documents
    }

    fn session_transcript(&self) -> Transcript {
        self.transcript.clone()
    }

    fn device_auth_type(&self) -> DeviceAuthType {
        DeviceAuthType::Sign1
    }
}

fn issue(order: &Order, device: &SigningKey) -> Result<Mdoc> {
    let mut namespaces: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for element in &order.elements {
        let value = match &element.value {
            Plain::Text(text) => Value::Text(text.clone()),
            Plain::Date(day) => Value::Tag(1004, Box::new(Value::Text(day.clone()))),
            Plain::Number(number) => Value::Integer((*number).into()),
        };
        namespaces.entry(element.namespace.clone()).or_default().insert(element.name.clone(), value);
    }
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339);
    let point = device.verifying_key().to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| bytes.to_vec()).context("a coordinate");
    let device_key = CoseKey::EC2 { crv: EC2Curve::P256, x: coordinate(point.x())?, y: EC2Y::Value(coordinate(point.y())?) };
    let signer = SigningKey::from_pkcs8_pem(&order.signer_key)?;
    let chain = X5Chain::builder().with_pem_certificate(order.signer_certificate.as_bytes())?.build()?;
    Mdoc::builder()
        .doc_type(order.doctype.clone())
        .namespaces(namespaces)
        .validity_info(ValidityInfo {
            signed: moment(&order.signed)?,
            valid_from: moment(&order.valid_from)?,
            valid_until: moment(&order.valid_until)?,
            expected_update: None,
        })
        .digest_algorithm(DigestAlgorithm::SHA256)
        .device_key_info(DeviceKeyInfo { device_key, key_authorizations: None, key_info: None })
        .issue::<SigningKey, Signature>(chain, signer)
}

fn present(order: &Order) -> Result<Vec<u8>> {
    let device = SigningKey::random(&mut rand::thread_rng());
    let document = Document::from(issue(order, &device)?);
    let phone = Phone { documents: NonEmptyMap::new(order.doctype.clone(), document), transcript: Transcript::of(&order.question)? };
    let mut spaces: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    let mut permitted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (namespace, name) in &order.shown {
        spaces.entry(namespace.clone()).or_default().insert(name.clone(), true);
        permitted.entry(namespace.clone()).or_default().push(name.clone());
    }
    let spaces: BTreeMap<String, NonEmptyMap<String, bool>> =
        spaces.into_iter().filter_map(|(space, names)| Some((space, NonEmptyMap::maybe_new(names)?))).collect();
    let namespaces = NonEmptyMap::maybe_new(spaces).context("nothing is shown")?;
    let request = ItemsRequest { doc_type: order.doctype.clone(), namespaces, request_info: None };
    let mut prepared = phone.prepare_response(&vec![request], [(order.doctype.clone(), permitted)].into());
    while let Some((_, payload)) = prepared.get_next_signature_payload() {
        let signature: Signature = device.sign(payload);
        prepared.submit_next_signature(signature.to_vec());
    }
    cbor::to_vec(&prepared.finalize_response()).map_err(|error| anyhow!("{error}"))
}

fn main() -> Result<()> {
    let mut order = String::new();
    std::io::stdin().read_to_string(&mut order)?;
    println!("{}", URL_SAFE_NO_PAD.encode(present(&serde_json::from_str(&order)?)?));
    Ok(())
}
