//! Everything an answer can be wrong in, each refused for its own reason.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::soft::{Authority, Issue, SIGNER_USAGE, SoftCard};
use crate::{Element, Handover, Kind, Question, Refusal, Roots, Shown, Value, verify};

const DOCTYPE: &str = "jp.example.card.1";
const SPACE: &str = "jp.example.1";

const ELEMENTS: [Element<'static>; 4] = [
    Element { namespace: SPACE, name: "name", kind: Kind::Text },
    Element { namespace: SPACE, name: "address", kind: Kind::Text },
    Element { namespace: SPACE, name: "birth", kind: Kind::Date },
    Element { namespace: SPACE, name: "sex", kind: Kind::Sex },
];

fn now() -> Timestamp {
    "2026-11-27T00:00:00Z".parse().unwrap()
}

fn values() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (SPACE, "name", Value::Text("青空　花子".to_owned())),
        (SPACE, "address", Value::Text("青空町１－２".to_owned())),
        (SPACE, "birth", Value::Date(date(1980, 2, 17))),
        (SPACE, "sex", Value::Sex(2)),
        (SPACE, "number", Value::Text("000000000000".to_owned())),
    ]
}

struct World {
    authority: Authority,
    card: SoftCard,
    transcript: Vec<u8>,
}

impl World {
    fn new() -> Self {
        Self::with(values(), SIGNER_USAGE)
    }

    fn with(elements: Vec<(&'static str, &'static str, Value)>, signer_usage: &str) -> Self {
        let authority = Authority::new("Test IACA", now()).unwrap();
        let card = authority.issue(&Issue { doctype: DOCTYPE, elements: &elements, signer_usage, at: now() }).unwrap();
        Self { authority, card, transcript: transcript("n") }
    }

    fn roots(&self) -> Roots {
        Roots::new([self.authority.certificate()]).unwrap()
    }

    fn check(&self, response: &[u8], at: Timestamp) -> Result<Shown, Refusal> {
        check(response, &self.transcript, at, &self.roots())
    }

    /// Shows what was asked.
    fn shown(&self, card: &SoftCard) -> Vec<u8> {
        card.present(&self.transcript, &asked()).unwrap()
    }
}

fn check(response: &[u8], transcript: &[u8], at: Timestamp, roots: &Roots) -> Result<Shown, Refusal> {
    let question = Question { doctype: DOCTYPE, elements: &ELEMENTS, signer_usage: SIGNER_USAGE, transcript, now: at };
    verify(response, &question, roots)
}

fn transcript(nonce: &str) -> Vec<u8> {
    Handover { client_id: "x509_hash:a", nonce, key: [7; 32], response_uri: "https://town.example/answer" }.transcript()
}

fn asked() -> Vec<(&'static str, &'static str)> {
    ELEMENTS.iter().map(|element| (element.namespace, element.name)).collect()
}

#[test]
fn an_honest_answer_is_believed_to_its_last_second() {
    let world = World::new();
    let response = world.shown(&world.card);
    let shown = world.check(&response, now()).unwrap();
    let expected: Vec<Value> = values().into_iter().take(4).map(|(_, _, value)| value).collect();
    assert_eq!((shown.values, shown.algorithm), (expected, "ES256"));
    let end = now() + SignedDuration::from_hours(24 * 30);
    assert_eq!(shown.valid_until, end);
    assert!(world.check(&response, end).is_ok());
    assert_eq!(world.check(&response, end + SignedDuration::from_secs(1)).unwrap_err(), Refusal::Expired);
    assert_eq!(world.check(&response, now() - SignedDuration::from_secs(1)).unwrap_err(), Refusal::SignerTime);
}

#[test]
fn an_answer_to_another_question_does_not_hold() {
    let world = World::new();
    let response = world.shown(&world.card);
    let honest = Handover { client_id: "x509_hash:a", nonce: "n", key: [7; 32], response_uri: "https://town.example/answer" };
    assert!(check(&response, &honest.transcript(), now(), &world.roots()).is_ok());
    for other in [
        Handover { client_id: "x509_hash:b", ..honest },
        Handover { nonce: "m", ..honest },
        Handover { key: [8; 32], ..honest },
        Handover { response_uri: "https://other.example/answer", ..honest },
    ] {
        assert_eq!(check(&response, &other.transcript(), now(), &world.roots()).unwrap_err(), Refusal::DeviceSignature, "{other:?}");
    }
}

#[test]
fn cards_that_were_copied_changed_or_made_by_others_are_refused() {
    let world = World::new();
    assert_eq!(world.check(&world.shown(&world.card.copied().unwrap()), now()).unwrap_err(), Refusal::DeviceSignature);
    let bent = world.card.with_changed("birth", &Value::Date(date(2010, 2, 17))).unwrap();
    assert_eq!(world.check(&world.shown(&bent), now()).unwrap_err(), Refusal::Digest);
    // Another authority, of the same name too.
    let other = World::new();
    assert_eq!(world.check(&other.shown(&other.card), now()).unwrap_err(), Refusal::Issuer);
    assert_eq!(check(&world.shown(&world.card), &world.transcript, now(), &Roots::default()).unwrap_err(), Refusal::Issuer);
    let reader = World::with(values(), crate::soft::READER_USAGE);
    assert_eq!(reader.check(&reader.shown(&reader.card), now()).unwrap_err(), Refusal::Signer);
}

#[test]
fn less_and_more_than_was_asked_for_are_refused() {
    let world = World::new();
    for left_out in 0..4 {
        let mut some = asked();
        some.remove(left_out);
        let response = world.card.present(&world.transcript, &some).unwrap();
        assert_eq!(world.check(&response, now()).unwrap_err(), Refusal::Missing);
    }
    let more = [asked(), vec![(SPACE, "number")]].concat();
    assert_eq!(world.check(&world.card.present(&world.transcript, &more).unwrap(), now()).unwrap_err(), Refusal::TooMuch);
}

#[test]
fn values_of_another_type_are_refused() {
    for (name, value) in [
        ("name", Value::Sex(1)),
        ("name", Value::Text(" ".to_owned())),
        ("address", Value::Text("あ".repeat(401))),
        ("birth", Value::Text("1980-02-17".to_owned())),
        ("sex", Value::Sex(3)),
        ("sex", Value::Text("2".to_owned())),
    ] {
        let mut bent = values();
        bent.iter_mut().filter(|(_, element, _)| *element == name).for_each(|(_, _, old)| *old = value.clone());
        let world = World::with(bent, SIGNER_USAGE);
        assert_eq!(world.check(&world.shown(&world.card), now()).unwrap_err(), Refusal::ValueType, "{name}");
    }
}

#[test]
fn another_kind_of_card_is_refused() {
    let world = World::new();
    let response = world.shown(&world.card);
    let elements = ELEMENTS;
    let question =
        |doctype, signer_usage| Question { doctype, elements: &elements, signer_usage, transcript: &world.transcript, now: now() };
    assert_eq!(verify(&response, &question("org.iso.18013.5.1.mDL", SIGNER_USAGE), &world.roots()).unwrap_err(), Refusal::DocType);
    assert_eq!(verify(&response, &question(DOCTYPE, "1.3.6.1"), &world.roots()).unwrap_err(), Refusal::Signer);
    assert_eq!(verify(&response, &question(DOCTYPE, "no oid"), &world.roots()).unwrap_err(), Refusal::Signer);
}

#[test]
fn a_mac_in_place_of_a_signature_is_refused() {
    let world = World::new();
    let response = world.shown(&world.card);
    let at = response.windows(15).position(|window| window == b"deviceSignature").unwrap();
    // `deviceMac` has six letters less; its head is one byte either way.
    let mut bent = response[..at - 1].to_vec();
    bent.push(0x60 | 9);
    bent.extend_from_slice(b"deviceMac");
    bent.extend_from_slice(&response[at + 15..]);
    assert_eq!(world.check(&bent, now()).unwrap_err(), Refusal::DeviceMac);
}

#[test]
fn an_answer_without_a_card_or_of_another_version_is_refused() {
    let world = World::new();
    let refused = |bytes: &[u8]| world.check(bytes, now()).unwrap_err();
    assert_eq!(refused(b""), Refusal::Malformed);
    assert_eq!(refused(&[0xA0]), Refusal::Version);
    assert_eq!(refused(b"\xA2\x67version\x631.0\x66status\x0A"), Refusal::Empty);
    assert_eq!(refused(b"\xA2\x67version\x631.0\x66status\x00"), Refusal::Empty);
    assert_eq!(refused(b"\xA2\x67version\x632.0\x66status\x00"), Refusal::Version);
    assert_eq!(refused(&vec![0; 65 * 1024]), Refusal::Malformed);
}

#[test]
fn only_roots_are_taken_as_roots() {
    let authority = Authority::new("Test IACA", now()).unwrap();
    let key = crate::soft::SoftKey::generate().unwrap();
    let leaf = authority.reader(&key, "town.example", now()).unwrap();
    assert!(Roots::new([leaf.as_slice()]).is_err());
    assert!(Roots::new([b"no certificate".as_slice()]).is_err());
    let mut bent = authority.certificate().to_vec();
    *bent.last_mut().unwrap() ^= 1;
    assert!(Roots::new([bent.as_slice()]).is_err());
    assert!(crate::pem_certificates("nothing").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// No byte of an answer can be another: each is covered by a signature, names what is covered, or is the form itself.
    #[test]
    fn a_changed_byte_never_passes_and_nothing_panics(at in 0usize..4000, flip in 1u8..) {
        let (response, world) = honest();
        let at = at % response.len();
        let mut bent = response.clone();
        bent[at] ^= flip;
        prop_assert!(world.check(&bent, now()).is_err(), "byte {at}");
    }

    #[test]
    fn a_cut_answer_is_refused(length in 0usize..4000) {
        let (response, world) = honest();
        let length = length % response.len();
        prop_assert!(world.check(&response[..length], now()).is_err());
    }
}

/// One honest answer, made once.
fn honest() -> &'static (Vec<u8>, World) {
    static HONEST: std::sync::OnceLock<(Vec<u8>, World)> = std::sync::OnceLock::new();
    HONEST.get_or_init(|| {
        let world = World::new();
        (world.shown(&world.card), world)
    })
}
