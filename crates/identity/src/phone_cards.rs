//! What a card in a phone is asked, and what of its answer is believed: OpenID for Verifiable Presentations 1.0 with mdocs, answers encrypted
//! (`direct_post.jwt`). Clock and questions are passed in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use jwe::ENCRYPTIONS;
use mdoc::{ALGORITHMS, Element, Handover, Kind, ReaderChain, Roots, Value};
use serde_json::{Value as Json, json};
use town::{AppId, PhoneCard, PhoneCardClient};
use url::form_urlencoded::byte_serialize;

use crate::jose::{self, TokenKey};
use crate::{Error, PhoneCardQuestion, PhoneCardRefusal, PhoneCardTold, Result};

/// What the query calls the one card it asks for.
const QUERY: &str = "card";
/// The most bytes of a decrypted answer.
const ANSWER_BYTES_MAX: usize = 96 * 1024;

/// The key by which wallets know the town, with the certificates that say so.
#[derive(Debug)]
pub struct ReaderKey {
    key: TokenKey,
    chain: ReaderChain,
}

impl ReaderKey {
    /// Takes a key in PKCS#8 and its certificates.
    ///
    /// # Errors
    /// [`Error::AppKey`] when it is no key on P-256, or not that of the first certificate.
    pub fn new(pkcs8: &[u8], chain: ReaderChain) -> Result<Self> {
        let key = TokenKey::es256(pkcs8).map_err(|_| Error::AppKey)?;
        let own = serde_json::to_value(key.public()).map_err(|_| Error::AppKey)?;
        let coordinate = |name: &str| own[name].as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).unwrap_or_default();
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        if chain.point() != Some(point.as_slice()) {
            return Err(Error::AppKey);
        }
        Ok(Self { key, chain })
    }

    /// Its certificates.
    pub fn chain(&self) -> &ReaderChain {
        &self.chain
    }
}

/// The cards in phones a town takes: those of the pack whose reader key and issuers are there.
#[derive(Debug, Default)]
pub struct PhoneCards {
    origin: String,
    offered: Vec<Offered>,
}

#[derive(Debug)]
struct Offered {
    card: PhoneCard,
    reader: ReaderKey,
    roots: Roots,
}

impl PhoneCards {
    /// Takes no card yet; `origin` is where people reach the house, without a slash at the end.
    pub fn new(origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), offered: Vec::new() }
    }

    /// Takes a card of the pack, asked for by this key and believed under these roots.
    #[must_use]
    pub fn with(mut self, card: PhoneCard, reader: ReaderKey, roots: Roots) -> Self {
        self.offered.push(Offered { card, reader, roots });
        self
    }

    /// The cards that are taken, in the order of the pack.
    pub fn offered(&self) -> impl Iterator<Item = &PhoneCard> {
        self.offered.iter().map(|offered| &offered.card)
    }

    pub(crate) fn offered_card(&self, id: &AppId) -> Result<&PhoneCard> {
        Ok(&self.find(id)?.card)
    }

    fn find(&self, id: &AppId) -> Result<&Offered> {
        self.offered.iter().find(|offered| offered.card.id == *id).ok_or(Error::UnknownApp)
    }

    fn address(&self, what: &str, token: &str) -> String {
        format!("{}/start/phone-card/{what}/{token}", self.origin)
    }

    fn client_id(&self, offered: &Offered) -> String {
        match offered.card.client {
            PhoneCardClient::X509Hash => format!("x509_hash:{}", offered.reader.chain.hash()),
            PhoneCardClient::X509SanDns => format!("x509_san_dns:{}", host_of(&self.origin)),
        }
    }

    /// The link by which a wallet finds a question: opened on the phone, or read by it as a QR code.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn link(&self, card: &AppId, token: &str) -> Result<String> {
        let offered = self.find(card)?;
        let percent = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let (client_id, address) = (percent(&self.client_id(offered)), percent(&self.address("request", token)));
        Ok(format!("{}://?client_id={client_id}&request_uri={address}", offered.card.scheme))
    }

    /// The address a phone's browser is led to after it presented the card, with what the asking browser has to be told.
    pub fn back(&self, code: &str) -> String {
        format!("{}/start/phone-card/back?code={code}", self.origin)
    }

    /// The signed question (a request object, RFC 9101).
    ///
    /// # Errors
    /// [`Error::UnknownApp`]; [`Error::AppKey`] when the key does not sign.
    pub fn question(&self, question: &PhoneCardQuestion, name: &str, now: Timestamp) -> Result<String> {
        let offered = self.find(&question.card)?;
        let algorithms = ALGORITHMS.to_vec();
        let claims = json!({
            "aud": "https://self-issued.me/v2",
            "iat": now.as_second(),
            "exp": question.expires_at.as_second(),
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt",
            "client_id": self.client_id(offered),
            "response_uri": self.address("answer", &question.token),
            "nonce": question.nonce,
            "dcql_query": query(&offered.card),
            "client_metadata": {
                "client_name": name,
                "jwks": { "keys": [question.key.jwk()] },
                "encrypted_response_enc_values_supported": ENCRYPTIONS,
                "vp_formats_supported": { "mso_mdoc": { "issuerauth_alg_values": algorithms, "deviceauth_alg_values": algorithms } },
            },
        });
        let x5c = offered.reader.chain.x5c();
        jose::sign_with_chain(&offered.reader.key, "oauth-authz-req+jwt", x5c, &claims).map_err(|_| Error::AppKey)
    }

    /// Decrypts an answer to a question. What cannot be decrypted is nobody's answer: the question stays open.
    ///
    /// # Errors
    /// [`PhoneCardRefusal::Answer`].
    pub fn open(&self, question: &PhoneCardQuestion, response: &str) -> Result<Vec<u8>, PhoneCardRefusal> {
        question.key.open(response).ok().filter(|opened| opened.len() <= ANSWER_BYTES_MAX).ok_or(PhoneCardRefusal::Answer)
    }

    /// Believes what an answer shows, or says why not.
    ///
    /// # Errors
    /// [`Error::PhoneCard`]; [`Error::UnknownApp`].
    pub fn believe(&self, question: &PhoneCardQuestion, opened: &[u8], now: Timestamp) -> Result<PhoneCardTold> {
        let offered = self.find(&question.card)?;
        let response = device_response(opened)?;
        let client_id = self.client_id(offered);
        let handover = Handover {
            client_id: &client_id,
            nonce: &question.nonce,
            key: question.key.thumbprint(),
            response_uri: &self.address("answer", &question.token),
        };
        let asked = mdoc::Question {
            doctype: &offered.card.doctype,
            elements: &elements(&offered.card),
            signer_usage: &offered.card.signer_usage,
            transcript: &handover.transcript(),
            now,
        };
        let shown = mdoc::verify(&response, &asked, &offered.roots).map_err(PhoneCardRefusal::from)?;
        told(shown).ok_or_else(|| PhoneCardRefusal::from(mdoc::Refusal::ValueType).into())
    }
}

fn host_of(origin: &str) -> &str {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.split(':').next().unwrap_or(host)
}

/// The elements that are asked for, in the order they are read in.
fn elements(card: &PhoneCard) -> Vec<Element<'_>> {
    let asked = &card.elements;
    let four = [(&asked.name, Kind::Text), (&asked.address, Kind::Text), (&asked.date_of_birth, Kind::Date), (&asked.sex, Kind::Sex)];
    let subject = asked.subject.iter().map(|element| (element, Kind::Text));
    four.into_iter().chain(subject).map(|(element, kind)| Element { namespace: &element.namespace, name: &element.name, kind }).collect()
}

/// One card with these elements and nothing else (DCQL, OpenID4VP 1.0 section 6). All are kept: as keyed hashes, the name and the birthday in the
/// account, and all four for the clerk while the register alone cannot tell.
fn query(card: &PhoneCard) -> Json {
    let claim = |element: &Element<'_>| json!({ "path": [element.namespace, element.name], "intent_to_retain": true });
    let claims: Vec<Json> = elements(card).iter().map(claim).collect();
    json!({ "credentials": [{ "id": QUERY, "format": "mso_mdoc", "meta": { "doctype_value": card.doctype }, "claims": claims }] })
}

/// The one DeviceResponse of a decrypted answer.
fn device_response(opened: &[u8]) -> Result<Vec<u8>, PhoneCardRefusal> {
    let answer: Json = serde_json::from_slice(opened).map_err(|_| PhoneCardRefusal::Answer)?;
    if answer.get("error").is_some() {
        return Err(PhoneCardRefusal::Declined);
    }
    let presented = answer["vp_token"].as_object().filter(|presented| presented.len() == 1).and_then(|presented| presented.get(QUERY));
    let [Json::String(one)] = presented.and_then(Json::as_array).map_or(&[][..], Vec::as_slice) else {
        return Err(PhoneCardRefusal::Answer);
    };
    URL_SAFE_NO_PAD.decode(one).map_err(|_| PhoneCardRefusal::Answer)
}

/// The four items of what was shown, in the order they were asked for in.
fn told(shown: mdoc::Shown) -> Option<PhoneCardTold> {
    let mut values = shown.values.into_iter();
    let (Value::Text(name), Value::Text(address)) = (values.next()?, values.next()?) else { return None };
    let (Value::Date(born), Value::Sex(sex)) = (values.next()?, values.next()?) else { return None };
    let subject = match values.next() {
        Some(Value::Text(subject)) => Some(subject),
        Some(_) => return None,
        None => None,
    };
    let sex = match sex {
        1 => jpki::Sex::Male,
        2 => jpki::Sex::Female,
        _ => jpki::Sex::NotStated,
    };
    let items =
        jpki::FourItems { name, address, date_of_birth: born.into(), sex, name_has_substitutes: false, address_has_substitutes: false };
    Some(PhoneCardTold { items, subject, valid_until: shown.valid_until, algorithm: shown.algorithm })
}
