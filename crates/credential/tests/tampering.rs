//! No bit can be changed, and nothing that is read makes a reader fall over.
#![allow(clippy::unwrap_used)] // tests may

mod common;

use common::{Scene, Town, now, scene};
use credential::offline;
use credential::{Credential, Disclosure, PREFIX, PhoneKey, Policy, Presentation, Refusal, Seen, StatusToken, Verifier, base45};
use proptest::prelude::*;

/// The text of a presentation's bytes.
fn shown(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", base45::encode(bytes))
}

fn refused(verifier: &Verifier, text: &str) -> Result<(), Refusal> {
    Presentation::parse(text)
        .and_then(|presentation| verifier.check(&presentation, now(), Policy::default(), None, &Seen::new()))
        .map(|_| ())
}

#[test]
fn no_bit_of_the_text_can_be_flipped() {
    let Scene { town, text, .. } = scene();
    let verifier = town.verifier();
    assert_eq!(refused(&verifier, &text), Ok(()), "and from now on the card is one seen before");
    for bit in 0..text.len() * 8 {
        let mut flipped = text.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(flipped) else { continue };
        assert!(refused(&verifier, &flipped).is_err(), "bit {bit} of {text}");
    }
}

#[test]
fn no_bit_of_the_bytes_can_be_flipped_for_a_verifier_that_knows_the_card_or_one_that_does_not() {
    let Scene { town, text, .. } = scene();
    let (knows, does_not) = (town.verifier(), town.verifier());
    assert_eq!(refused(&knows, &text), Ok(()));
    let bytes = base45::decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let flipped = shown(&flipped);
        assert!(refused(&knows, &flipped).is_err(), "bit {bit} of {text}");
        assert!(refused(&does_not, &flipped).is_err(), "bit {bit} of {text}");
    }
}

#[test]
fn no_bit_can_be_flipped_offline() {
    let Scene { town, text, .. } = scene();
    let knowledge = town.knowledge(&[]);
    let accepted =
        |text: &str| offline::decide(text, &knowledge, now(), &credential::answer(&offline::questions(text, &knowledge)), &[]).accepted;
    assert!(accepted(&text));
    let bytes = base45::decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepted(&shown(&flipped)), "bit {bit} of {text}");
    }
}

#[test]
fn nothing_can_be_cut_off_or_added() {
    let Scene { town, text, .. } = scene();
    let verifier = town.verifier();
    for len in 0..text.len() {
        assert_eq!(refused(&verifier, &text[..len]), Err(Refusal::Malformed));
    }
    let bytes = base45::decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
    for more in 0..=255 {
        let longer = [&bytes[..], &[more]].concat();
        assert_eq!(refused(&verifier, &shown(&longer)), Err(Refusal::Malformed));
    }
    for longer in [format!("{text} "), format!(" {text}"), format!("{text}\n"), text.to_lowercase(), format!("{text}{text}")] {
        assert!(refused(&verifier, &longer).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn many_cards_and_many_flips(values in prop::collection::vec(("[a-z_]{1,10}", any::<i64>()), 0..4), bits in prop::collection::vec(any::<prop::sample::Index>(), 1..40)) {
        let (town, phone) = (Town::new("012345"), PhoneKey::generate().unwrap().0);
        let named: std::collections::BTreeMap<_, _> = values.into_iter().collect();
        let disclosures: Vec<_> = named.into_iter().map(|(name, value)| Disclosure::new([6; 16], name, value)).collect();
        let credential = credential::issue(&town.key, &town.claims(&phone), &disclosures).unwrap();
        let text = phone.present(&credential, &disclosures, now(), [1; 8]).unwrap();
        let verifier = town.verifier();
        prop_assert_eq!(refused(&verifier, &text), Ok(()));
        let bytes = base45::decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
        for bit in bits {
            let bit = bit.index(bytes.len() * 8);
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(refused(&verifier, &shown(&flipped)).is_err(), "bit {} of {}", bit, text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_and_no_bytes_make_a_reader_panic(text: String, bytes: Vec<u8>) {
        let _ = Presentation::parse(&text);
        let _ = Presentation::parse(&format!("{PREFIX}{text}"));
        let _ = Presentation::parse(&shown(&bytes));
        let _ = Credential::read(&bytes);
        let _ = Disclosure::read(&bytes);
        let _ = StatusToken::read(&bytes);
    }
}

/// A presentation to spoil, one for all cases.
static SPOILED: std::sync::LazyLock<(Town, Vec<u8>, Vec<u8>)> = std::sync::LazyLock::new(|| {
    let Scene { town, text, .. } = scene();
    let token = town.status_token(&[(3, credential::Status::Invalid)]);
    (town, base45::decode(text.strip_prefix(PREFIX).unwrap()).unwrap(), token)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_spoiled_presentation_or_list_is_refused_without_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>(), list: bool) {
        let (town, presentation, token) = &*SPOILED;
        let mut bytes = if list { token.clone() } else { presentation.clone() };
        let whole = bytes.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        prop_assume!(bytes != whole);
        let verifier = town.verifier();
        if list {
            prop_assert!(verifier.trust(&bytes).is_err());
        } else {
            prop_assert!(refused(&verifier, &shown(&bytes)).is_err());
        }
    }
}
