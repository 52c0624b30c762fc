//! Cards for standard wallets: SD-JWT VC with key binding (RFC 9901, draft-ietf-oauth-sd-jwt-vc), and the status list as a JWT (Token Status List).
//!
//! Signed with the same key as the cards in phones: what is signed there begins with a CBOR head, here with base64url, so one is never taken for the
//! other. Only ES256 is read, so a token without a signature or with a shared secret is none.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{Error, HolderKey, IssuerKey, IssuerPublicKey, Jwk, StatusList, native};

/// The type of a card in its header.
pub const CARD_TYPE: &str = "dc+sd-jwt";
/// The type of a key binding.
pub const BINDING_TYPE: &str = "kb+jwt";
/// The type of a status list.
pub const STATUS_LIST_TYPE: &str = "statuslist+jwt";
/// The longest presentation that is read.
const MAX_BYTES: usize = 64 << 10;
/// How far the clocks of two servers may differ, in seconds.
const CLOCKS_DIFFER_S: i64 = 120;
/// The most disclosures of a presentation.
const MAX_DISCLOSURES: usize = 64;

/// What a card says to everybody.
#[derive(Debug, Clone)]
pub struct WalletClaims {
    /// Who issues it: where its keys are found.
    pub issuer: String,
    /// Its type: where its description is found.
    pub vct: String,
    /// Signed.
    pub issued_at: Timestamp,
    /// Of no use from here on.
    pub expires_at: Timestamp,
    /// The status list's address.
    pub status_uri: String,
    /// The place in it.
    pub status_idx: u64,
    /// The key it is bound to.
    pub holder: HolderKey,
}

/// A claim that is opened only where the holder wants it.
#[derive(Debug, Clone)]
pub struct Closed<'a> {
    /// Chance, so that nobody finds the value by trying.
    pub salt: [u8; 16],
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
}

/// Signs a JWT of a type; its header names the key.
///
/// # Errors
/// [`Error::Signing`].
pub fn sign<T: Serialize>(key: &IssuerKey, kind: &str, kid: &str, claims: &T) -> Result<String, Error> {
    let header = json!({ "alg": "ES256", "typ": kind, "kid": kid });
    let claims = serde_json::to_vec(claims).map_err(|_| Error::Signing)?;
    let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(token)
}

/// Issues a card: the signed JWT, and after it each closed claim (`jwt~disclosure~…~`).
///
/// # Errors
/// [`Error::Signing`]; [`Error::DuplicateClaim`].
pub fn issue(key: &IssuerKey, claims: &WalletClaims, closed: &[Closed<'_>]) -> Result<String, Error> {
    let mut opened = String::new();
    let mut digests = Vec::with_capacity(closed.len());
    for (at, claim) in closed.iter().enumerate() {
        if closed[..at].iter().any(|before| before.name == claim.name) {
            return Err(Error::DuplicateClaim(claim.name.to_owned()));
        }
        let disclosure = URL_SAFE_NO_PAD.encode(json!([URL_SAFE_NO_PAD.encode(claim.salt), claim.name, claim.value]).to_string());
        digests.push(digest(&disclosure));
        opened.push_str(&disclosure);
        opened.push('~');
    }
    // In the order of the digests, so that it tells nothing of the claims.
    digests.sort_unstable();
    let body = json!({
        "iss": claims.issuer,
        "vct": claims.vct,
        "iat": claims.issued_at.as_second(),
        "exp": claims.expires_at.as_second(),
        "cnf": { "jwk": Jwk::from(claims.holder) },
        "status": { "status_list": { "idx": claims.status_idx, "uri": claims.status_uri } },
        "_sd_alg": "sha-256",
        "_sd": digests,
    });
    let jwt = sign(key, CARD_TYPE, &key.public().kid().to_string(), &body)?;
    Ok(format!("{jwt}~{opened}"))
}

/// Signs a status list as a JWT.
///
/// # Errors
/// [`Error::Signing`].
pub fn sign_status_list(
    key: &IssuerKey,
    list: &StatusList,
    issued_at: Timestamp,
    expires_at: Timestamp,
    ttl_s: u64,
) -> Result<String, Error> {
    let (bits, packed) = list.packed();
    let body = json!({
        "sub": list.uri(),
        "iat": issued_at.as_second(),
        "exp": expires_at.as_second(),
        "ttl": ttl_s,
        "status_list": { "bits": bits, "lst": URL_SAFE_NO_PAD.encode(packed) },
    });
    sign(key, STATUS_LIST_TYPE, &key.public().kid().to_string(), &body)
}

/// Why a presentation is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbelieved {
    /// It is none in the form of the standard.
    #[error("not a presentation")]
    Malformed,
    /// Another issuer's, or signed by a key that is not known.
    #[error("another issuer's card")]
    OtherIssuer,
    /// The issuer's signature does not hold.
    #[error("the issuer's signature does not hold")]
    Signature,
    /// The card is over.
    #[error("the card is over")]
    Expired,
    /// The binding is not by the card's key, or not for what is presented.
    #[error("the binding is not by the card's key")]
    Binding,
    /// The binding is for another question or another verifier.
    #[error("the binding is for another question")]
    OtherQuestion,
    /// The binding is of another moment; by how many seconds it is old (negative: ahead).
    #[error("the binding is of another moment")]
    Moment {
        /// Its age.
        seconds: i64,
    },
}

/// What a presentation has to be for.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who issues the cards.
    pub issuer: &'a str,
    /// Their keys.
    pub keys: &'a [IssuerPublicKey],
    /// Who asks.
    pub audience: &'a str,
    /// What the question is told by.
    pub nonce: &'a str,
    /// The moment.
    pub now: Timestamp,
    /// How old a binding may be, and how far ahead the wallet's clock.
    pub max_age_s: i64,
}

/// A presentation whose issuer's signature holds.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The signed JWT, to be found by.
    pub jwt: String,
    /// Its type.
    pub vct: String,
    /// The address of its status list.
    pub status_uri: String,
    /// Its place in the status list.
    pub status_idx: u64,
    /// Of no use from here on.
    pub expires_at: Timestamp,
    /// What was opened.
    pub opened: BTreeMap<String, String>,
}

/// Checks a presentation; the card comes back even where it is the binding or the time that is wrong, as the issuer's signature stands then.
pub fn check(text: &str, question: &Question<'_>) -> (Option<Presented>, Result<(), Unbelieved>) {
    match read(text, question) {
        Err(error) => (None, Err(error)),
        Ok(card) => {
            let holds = in_force(&card, question);
            (Some(card.presented), holds)
        }
    }
}

struct Card {
    presented: Presented,
    holder: HolderKey,
    /// The hash the binding has to name.
    hash: String,
    binding: Token,
}

fn read(text: &str, question: &Question<'_>) -> Result<Card, Unbelieved> {
    if text.len() > MAX_BYTES {
        return Err(Unbelieved::Malformed);
    }
    let (shown, binding) = text.rsplit_once('~').ok_or(Unbelieved::Malformed)?;
    let mut parts = shown.split('~');
    let jwt = parts.next().unwrap_or_default();
    let token = Token::read(jwt, CARD_TYPE).ok_or(Unbelieved::Malformed)?;
    let text_of = |name: &str| token.claims.get(name).and_then(Value::as_str);
    if text_of("iss") != Some(question.issuer) {
        return Err(Unbelieved::OtherIssuer);
    }
    signed_by(&token, question.keys)?;
    let number = |pointer: &str| token.body().pointer(pointer).and_then(Value::as_u64);
    let holder = token.claims.get("cnf").and_then(|cnf| cnf.get("jwk")).and_then(|jwk| serde_json::from_value(jwk.clone()).ok());
    let expires_s = token.claims.get("exp").and_then(Value::as_i64);
    let presented = Presented {
        jwt: jwt.to_owned(),
        vct: text_of("vct").ok_or(Unbelieved::Malformed)?.to_owned(),
        status_uri: token.body().pointer("/status/status_list/uri").and_then(Value::as_str).ok_or(Unbelieved::Malformed)?.to_owned(),
        status_idx: number("/status/status_list/idx").ok_or(Unbelieved::Malformed)?,
        expires_at: expires_s.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(Unbelieved::Malformed)?,
        opened: opened(parts, &token)?,
    };
    Ok(Card {
        presented,
        holder: holder.ok_or(Unbelieved::Malformed)?,
        hash: digest(&text[..=shown.len()]),
        binding: Token::read(binding, BINDING_TYPE).ok_or(Unbelieved::Malformed)?,
    })
}

/// Opens what is disclosed; each has to be one of the card's digests, once.
fn opened<'a>(disclosures: impl Iterator<Item = &'a str>, card: &Token) -> Result<BTreeMap<String, String>, Unbelieved> {
    let digests: Vec<&str> = card.claims.get("_sd").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut opened = BTreeMap::new();
    for disclosure in disclosures {
        let bytes = URL_SAFE_NO_PAD.decode(disclosure).map_err(|_| Unbelieved::Malformed)?;
        let (_, name, value): (String, String, String) = serde_json::from_slice(&bytes).map_err(|_| Unbelieved::Malformed)?;
        let known = digests.contains(&digest(disclosure).as_str()) && opened.len() < MAX_DISCLOSURES;
        if !known || opened.insert(name, value).is_some() {
            return Err(Unbelieved::Malformed);
        }
    }
    Ok(opened)
}

fn in_force(card: &Card, question: &Question<'_>) -> Result<(), Unbelieved> {
    let now = question.now.as_second();
    if card.presented.expires_at <= question.now {
        return Err(Unbelieved::Expired);
    }
    let binding = &card.binding;
    let says = |name: &str| binding.claims.get(name).and_then(Value::as_str);
    if !native::holds(&card.holder.0, binding.signed.as_bytes(), &binding.signature) || says("sd_hash") != Some(&card.hash) {
        return Err(Unbelieved::Binding);
    }
    if says("aud") != Some(question.audience) || says("nonce") != Some(question.nonce) {
        return Err(Unbelieved::OtherQuestion);
    }
    let made = binding.claims.get("iat").and_then(Value::as_i64).ok_or(Unbelieved::Malformed)?;
    let seconds = now.saturating_sub(made);
    if seconds.saturating_abs() > question.max_age_s { Err(Unbelieved::Moment { seconds }) } else { Ok(()) }
}

/// Reads a status list that somebody fetched from `uri`, as the issuer's keys sign it (Token Status List, section 8.3).
///
/// # Errors
/// [`Unbelieved::Malformed`] for anything but a list of this very address; [`Unbelieved::OtherIssuer`], [`Unbelieved::Signature`],
/// [`Unbelieved::Expired`].
pub fn read_status_list(text: &str, uri: &str, keys: &[IssuerPublicKey], now: Timestamp) -> Result<StatusList, Unbelieved> {
    let token = Token::read(text.trim(), STATUS_LIST_TYPE).ok_or(Unbelieved::Malformed)?;
    signed_by(&token, keys)?;
    if token.claims.get("sub").and_then(Value::as_str) != Some(uri) {
        return Err(Unbelieved::Malformed);
    }
    let body = token.body();
    let moment = |name: &str| body.get(name).and_then(Value::as_i64);
    if moment("iat").is_none_or(|issued| issued > now.as_second() + CLOCKS_DIFFER_S) {
        return Err(Unbelieved::Malformed);
    }
    if moment("exp").is_some_and(|expires| expires <= now.as_second()) {
        return Err(Unbelieved::Expired);
    }
    let bits = body.pointer("/status_list/bits").and_then(Value::as_u64);
    let packed = body.pointer("/status_list/lst").and_then(Value::as_str).and_then(|lst| URL_SAFE_NO_PAD.decode(lst).ok());
    bits.zip(packed).and_then(|(bits, packed)| StatusList::unpacked(uri, bits, &packed)).ok_or(Unbelieved::Malformed)
}

/// Whether one of the keys signed a token: the one it names.
fn signed_by(token: &Token, keys: &[IssuerPublicKey]) -> Result<(), Unbelieved> {
    let kid = token.kid.as_deref();
    let key = keys.iter().find(|key| kid == Some(&key.kid().to_string())).ok_or(Unbelieved::OtherIssuer)?;
    if native::holds(key.key(), token.signed.as_bytes(), &token.signature) { Ok(()) } else { Err(Unbelieved::Signature) }
}

/// A JWT of one type, by ES256; its signature is not looked at yet.
struct Token {
    signed: String,
    signature: Vec<u8>,
    kid: Option<String>,
    claims: Map<String, Value>,
}

impl Token {
    fn read(text: &str, kind: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, body) = signed.split_once('.')?;
        let header: Map<String, Value> = object(header)?;
        let word = |name: &str| header.get(name).and_then(Value::as_str);
        if word("alg") != Some("ES256") || word("typ") != Some(kind) || header.contains_key("crit") {
            return None;
        }
        let kid = word("kid").map(str::to_owned);
        Some(Self { signed: signed.to_owned(), signature: URL_SAFE_NO_PAD.decode(signature).ok()?, kid, claims: object(body)? })
    }

    fn body(&self) -> Value {
        Value::Object(self.claims.clone())
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;
    use crate::PhoneKey;

    const ISSUER: &str = "https://town.example/wallet";

    fn now() -> Timestamp {
        "2026-11-26T03:00:00Z".parse().unwrap()
    }

    struct Scene {
        issuer: IssuerKey,
        phone: PhoneKey,
        card: String,
    }

    fn scene() -> Scene {
        let (issuer, phone) = (IssuerKey::generate().unwrap().0, PhoneKey::generate().unwrap().0);
        let claims = WalletClaims {
            issuer: ISSUER.to_owned(),
            vct: "https://town.example/wallet/types/pass".to_owned(),
            issued_at: now(),
            expires_at: now() + jiff::SignedDuration::from_hours(24),
            status_uri: "https://town.example/status-lists/1".to_owned(),
            status_idx: 7,
            holder: phone.public(),
        };
        let closed = [Closed { salt: [1; 16], name: "name", value: "人" }, Closed { salt: [2; 16], name: "beneficiary_no", value: "1" }];
        let card = issue(&issuer, &claims, &closed).unwrap();
        Scene { issuer, phone, card }
    }

    fn bind(phone: &PhoneKey, shown: &str, header: &Value, change: impl FnOnce(&mut Value)) -> String {
        let mut body = json!({ "aud": "place", "nonce": "n", "iat": now().as_second(), "sd_hash": digest(shown) });
        change(&mut body);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(&body));
        let signature = URL_SAFE_NO_PAD.encode(phone.sign(signed.as_bytes()).unwrap());
        format!("{shown}{signed}.{signature}")
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "typ": "kb+jwt" })
    }

    fn asked(scene: &Scene, text: &str) -> Result<BTreeMap<String, String>, Unbelieved> {
        let keys = [*scene.issuer.public()];
        let question = Question { issuer: ISSUER, keys: &keys, audience: "place", nonce: "n", now: now(), max_age_s: 60 };
        let (card, holds) = check(text, &question);
        holds.map(|()| card.unwrap().opened)
    }

    #[test]
    fn what_the_holder_opens_is_read_and_nothing_else() {
        let scene = scene();
        let parts: Vec<&str> = scene.card.split('~').collect();
        let shown = format!("{}~{}~", parts[0], parts[2]);
        let opened = asked(&scene, &bind(&scene.phone, &shown, &header(), |_| {})).unwrap();
        assert_eq!(opened, BTreeMap::from([("beneficiary_no".to_owned(), "1".to_owned())]));
    }

    #[test]
    fn a_binding_counts_for_its_card_question_verifier_and_moment_only() {
        let scene = scene();
        let told = |change: fn(&mut Value)| asked(&scene, &bind(&scene.phone, &scene.card, &header(), change)).unwrap_err();
        assert_eq!(told(|body| body["nonce"] = "m".into()), Unbelieved::OtherQuestion);
        assert_eq!(told(|body| body["aud"] = "elsewhere".into()), Unbelieved::OtherQuestion);
        assert_eq!(told(|body| body["sd_hash"] = "x".into()), Unbelieved::Binding);
        assert_eq!(told(|body| body["iat"] = (body["iat"].as_i64().unwrap() - 61).into()), Unbelieved::Moment { seconds: 61 });
        let other = PhoneKey::generate().unwrap().0;
        assert_eq!(asked(&scene, &bind(&other, &scene.card, &header(), |_| {})).unwrap_err(), Unbelieved::Binding);
    }

    #[test]
    fn a_fetched_status_list_counts_for_its_address_its_key_and_its_time_only() {
        let scene = scene();
        let uri = "https://town.example/status-lists/1";
        let mut list = StatusList::new(uri, crate::StatusBits::Two, 64);
        list.set(7, crate::Status::PhoneEnded).unwrap();
        let keys = [*scene.issuer.public()];
        let token = sign_status_list(&scene.issuer, &list, now(), now() + jiff::SignedDuration::from_hours(1), 60).unwrap();
        assert_eq!(read_status_list(&token, uri, &keys, now()).unwrap(), list);
        assert_eq!(read_status_list(&token, "https://town.example/status-lists/2", &keys, now()), Err(Unbelieved::Malformed));
        let later = now() + jiff::SignedDuration::from_hours(2);
        assert_eq!(read_status_list(&token, uri, &keys, later), Err(Unbelieved::Expired));
        let strange = [*super::tests::scene().issuer.public()];
        assert_eq!(read_status_list(&token, uri, &strange, now()), Err(Unbelieved::OtherIssuer));
        let (signed, _) = token.rsplit_once('.').unwrap();
        let changed = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([1; 64]));
        assert_eq!(read_status_list(&changed, uri, &keys, now()), Err(Unbelieved::Signature));
        assert_eq!(read_status_list(&scene.card, uri, &keys, now()), Err(Unbelieved::Malformed));
    }

    #[test]
    fn another_algorithm_another_issuer_and_a_changed_card_are_refused() {
        let scene = scene();
        for alg in ["none", "HS256", "ES384"] {
            let text = bind(&scene.phone, &scene.card, &json!({ "alg": alg, "typ": "kb+jwt" }), |_| {});
            assert_eq!(asked(&scene, &text).unwrap_err(), Unbelieved::Malformed, "{alg}");
        }
        let strange = super::tests::scene();
        assert_eq!(asked(&scene, &bind(&strange.phone, &strange.card, &header(), |_| {})).unwrap_err(), Unbelieved::OtherIssuer);
        let (jwt, rest) = scene.card.split_once('~').unwrap();
        let (signed, _) = jwt.rsplit_once('.').unwrap();
        let unsigned = format!("{signed}.{}~{rest}", URL_SAFE_NO_PAD.encode([1; 64]));
        assert_eq!(asked(&scene, &bind(&scene.phone, &unsigned, &header(), |_| {})).unwrap_err(), Unbelieved::Signature);
        let foreign = URL_SAFE_NO_PAD.encode(json!(["x", "name", "other"]).to_string());
        let added = format!("{}{foreign}~", scene.card);
        assert_eq!(asked(&scene, &bind(&scene.phone, &added, &header(), |_| {})).unwrap_err(), Unbelieved::Malformed);
    }
}
