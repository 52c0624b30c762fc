//! From the town's key to a verifier's yes, and every way to a no.

mod common;

use common::{IDX, LIST, Scene, Town, disclosures, later, now, scene};
use credential::{
    CardId, ClaimValue, Credential, Disclosure, Held, HolderKey, IssuerKey, IssuerPublicKey, PhoneKey, Policy, Presentation, Refusal, Seen,
    Status, StatusBits, StatusList, Verifier, allocate_index, base45, holder, issue,
};
use proptest::prelude::*;

#[test]
fn a_card_shown_by_its_phone_is_accepted_with_the_opened_claims_and_no_others() {
    let Scene { town, phone, text, .. } = scene();
    let checked = town.verifier().check(&Presentation::parse(&text).unwrap(), now(), Policy::default(), None, &Seen::new()).unwrap();
    assert_eq!(checked.card, CardId([7; 16]));
    assert_eq!(checked.programme, "child-medical");
    assert_eq!(checked.holder, phone.public());
    let opened: Vec<_> = checked.disclosed.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    assert_eq!(opened, [("beneficiary_no", "1234567".to_owned()), ("payer_no", "80020804".to_owned())]);
}

#[test]
fn closed_claims_cannot_be_found_in_the_presentation() {
    let bytes = base45::decode(scene().text.strip_prefix("TGT1:").unwrap()).unwrap();
    let contains = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(contains("1234567"));
    assert!(!contains("2020-04-01") && !contains("date_of_birth"));
}

#[test]
fn a_screenshot_is_stale_after_thirty_seconds() {
    let scene = scene();
    assert!(scene.check_at(&scene.text, later(30)).is_ok());
    assert_eq!(scene.check_at(&scene.text, later(31)), Err(Refusal::Stale { seconds: 31 }));
}

#[test]
fn a_phone_whose_clock_is_ahead_is_told_by_how_much() {
    let scene = scene();
    assert!(scene.check_at(&scene.text, later(-30)).is_ok());
    assert_eq!(scene.check_at(&scene.text, later(-31)), Err(Refusal::ClockAhead { seconds: 31 }));
}

#[test]
fn a_presentation_is_accepted_once_while_it_is_fresh() {
    let Scene { town, phone, credential, text, .. } = scene();
    let (verifier, seen) = (town.verifier(), Seen::new());
    let check = |text: &str, at| verifier.check(&Presentation::parse(text).unwrap(), at, Policy::default(), None, &seen);
    assert!(check(&text, later(-30)).is_ok());
    for second in -30..=30 {
        assert_eq!(check(&text, later(second)), Err(Refusal::Replayed), "{second}");
        let other = phone.present(&credential, &[], later(second), (second as u64).to_be_bytes()).unwrap();
        assert!(check(&other, later(second)).is_ok(), "the next one is new, and must not push out the first");
    }
    assert_eq!(check(&text, later(31)), Err(Refusal::Stale { seconds: 31 }));
}

#[test]
fn a_card_ends_with_its_last_day_in_japan() {
    let Scene { town, phone, .. } = scene();
    let mut claims = town.claims(&phone);
    claims.valid_until = Some("2026-11-30".parse().unwrap());
    let credential = issue(&town.key, &claims, &[]).unwrap();
    let check = |at: &str| {
        let at = at.parse().unwrap();
        let text = phone.present(&credential, &[], at, [1; 8]).unwrap();
        town.verifier().check(&Presentation::parse(&text).unwrap(), at, Policy::default(), None, &Seen::new()).map(|_| ())
    };
    assert_eq!(check("2026-11-30T14:59:59Z"), Ok(()));
    assert_eq!(check("2026-11-30T15:00:00Z"), Err(Refusal::ExpiredCard));
}

#[test]
fn a_card_not_renewed_in_time_has_expired() {
    let Scene { town, phone, credential, .. } = scene();
    let expires_at = credential.claims().expires_at;
    let text = phone.present(&credential, &[], expires_at, [1; 8]).unwrap();
    let check = |at| town.verifier().check(&Presentation::parse(&text).unwrap(), at, Policy::default(), None, &Seen::new()).map(|_| ());
    assert_eq!(check(later(30 * 86_400 - 1)), Ok(()));
    assert_eq!(check(expires_at), Err(Refusal::ExpiredCard));
}

#[test]
fn a_card_without_a_last_day_has_none() {
    let Scene { town, phone, .. } = scene();
    let claims = credential::Claims { valid_until: None, ..town.claims(&phone) };
    let credential = issue(&town.key, &claims, &[]).unwrap();
    let text = phone.present(&credential, &[], now(), [1; 8]).unwrap();
    let checked = town.verifier().check(&Presentation::parse(&text).unwrap(), now(), Policy::default(), None, &Seen::new()).unwrap();
    assert_eq!(checked.valid_until, None);
    assert!(checked.disclosed.is_empty());
}

#[test]
fn a_card_copied_to_another_phone_is_refused_also_after_it_was_seen_before() {
    let Scene { town, credential, disclosures, text, .. } = scene();
    let verifier = town.verifier();
    let check = |text: &str| verifier.check(&Presentation::parse(text).unwrap(), now(), Policy::default(), None, &Seen::new());
    let thief = PhoneKey::generate().unwrap().0;
    let stolen = thief.present(&credential, &disclosures, now(), [1; 8]).unwrap();
    assert_eq!(check(&stolen), Err(Refusal::CopiedCard));
    check(&text).unwrap();
    assert_eq!(check(&stolen), Err(Refusal::CopiedCard));
}

#[test]
fn a_proof_cannot_be_moved_to_another_card_of_the_same_phone() {
    let Scene { town, phone, disclosures, .. } = scene();
    let other = credential::Claims { programme: "senior-pass".into(), ..town.claims(&phone) };
    let other = issue(&town.key, &other, &disclosures).unwrap();
    let (mine, _) = town.issue(&phone);
    let message = holder::to_be_signed(&mine, &disclosures, now(), [1; 8]);
    let moved = holder::assemble(&other, &disclosures, now(), [1; 8], &phone.sign(&message).unwrap());
    let checked = town.verifier().check(&Presentation::parse(&moved).unwrap(), now(), Policy::default(), None, &Seen::new());
    assert_eq!(checked, Err(Refusal::CopiedCard));
}

#[test]
fn the_card_of_another_town_is_named_and_one_forged_in_our_name_is_not_believed() {
    let Scene { town, phone, .. } = scene();
    let present = |by: &Town| {
        let (credential, disclosures) = by.issue(&phone);
        phone.present(&credential, &disclosures, now(), [1; 8]).unwrap()
    };
    let check = |text: &str| town.verifier().check(&Presentation::parse(text).unwrap(), now(), Policy::default(), None, &Seen::new());
    let neighbour = Town::new("543210");
    assert_eq!(check(&present(&neighbour)), Err(Refusal::OtherTown { town: neighbour.code }));
    assert_eq!(check(&present(&Town { code: town.code, key: neighbour.key })), Err(Refusal::UnknownKey));
}

#[test]
fn a_card_changed_under_the_towns_signature_is_refused() {
    let Scene { town, phone, credential, .. } = scene();
    let mut bytes = credential.encoded().to_vec();
    let programme = bytes.windows(13).position(|window| window == b"child-medical").unwrap();
    bytes[programme..programme + 13].copy_from_slice(b"senior-passxx");
    let forged = Credential::read(&bytes).unwrap();
    let text = phone.present(&forged, &[], now(), [1; 8]).unwrap();
    let check = |verifier: &Verifier| verifier.check(&Presentation::parse(&text).unwrap(), now(), Policy::default(), None, &Seen::new());
    assert_eq!(check(&town.verifier()), Err(Refusal::BadIssuerSignature));
}

#[test]
fn a_claim_the_town_did_not_make_cannot_be_added_even_by_the_phone_itself() {
    let Scene { town, phone, credential, .. } = scene();
    let invented = Disclosure::new([5; 16], "copayment_yen", 0);
    let text = phone.present(&credential, &[invented], now(), [1; 8]).unwrap();
    let checked = town.verifier().check(&Presentation::parse(&text).unwrap(), now(), Policy::default(), None, &Seen::new());
    assert_eq!(checked, Err(Refusal::Malformed));
    let twice = phone.present(&credential, &[disclosures().remove(0), disclosures().remove(0)], now(), [1; 8]).unwrap();
    assert_eq!(Presentation::parse(&twice), Err(Refusal::Malformed));
}

#[test]
fn the_status_list_ends_cards_and_phones() {
    let Scene { town, text, .. } = scene();
    let verifier = town.verifier();
    let check = |ended: &[(u64, Status)], at| {
        let lists = [verifier.trust(&town.status_token(ended)).unwrap()];
        verifier.check(&Presentation::parse(&text).unwrap(), at, Policy::default(), Some(&lists), &Seen::new()).map(|_| ())
    };
    assert_eq!(check(&[(IDX + 1, Status::Invalid), (IDX - 1, Status::PhoneEnded)], now()), Ok(()));
    assert_eq!(check(&[(IDX, Status::Invalid)], now()), Err(Refusal::Revoked));
    assert_eq!(check(&[(IDX, Status::Suspended)], now()), Err(Refusal::Revoked));
    assert_eq!(check(&[(IDX, Status::PhoneEnded)], now()), Err(Refusal::PhoneRevoked));
}

#[test]
fn a_list_that_says_nothing_about_the_card_is_no_yes() {
    let Scene { town, phone, text, .. } = scene();
    let verifier = town.verifier();
    let check = |text: &str, at, lists: &[Vec<u8>]| {
        let lists: Vec<_> = lists.iter().map(|list| verifier.trust(list).unwrap()).collect();
        verifier.check(&Presentation::parse(text).unwrap(), at, Policy::default(), Some(&lists), &Seen::new()).map(|_| ())
    };
    let sign = |list: &StatusList| town.key.sign_status_list(list, later(-600), later(10), 300).unwrap();
    let too_old = Err(Refusal::KnowledgeTooOld { seconds: 600 });
    assert_eq!(check(&text, now(), &[]), Err(Refusal::KnowledgeTooOld { seconds: 0 }));
    assert_eq!(check(&text, now(), &[sign(&StatusList::new("https://town.example/s/2", StatusBits::One, 100_000))]), too_old);
    assert_eq!(check(&text, now(), &[sign(&StatusList::new(LIST, StatusBits::One, 8))]), too_old, "the list ends before the card's entry");
    let whole = sign(&StatusList::new(LIST, StatusBits::One, 100_000));
    assert_eq!(check(&text, now(), std::slice::from_ref(&whole)), Ok(()));
    let (credential, _) = town.issue(&phone);
    let text = phone.present(&credential, &[], later(10), [1; 8]).unwrap();
    assert_eq!(check(&text, later(10), &[whole]), Err(Refusal::KnowledgeTooOld { seconds: 610 }), "the list itself has expired");
}

#[test]
fn a_status_list_of_another_key_or_a_changed_one_is_not_trusted() {
    let Scene { town, .. } = scene();
    let verifier = town.verifier();
    assert!(verifier.trust(&Town::new("012345").status_token(&[])).is_err());
    let token = town.status_token(&[(IDX, Status::Invalid)]);
    for bit in 0..token.len() * 8 {
        let mut flipped = token.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(verifier.trust(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn a_card_is_no_status_list_and_a_status_list_no_card() {
    let Scene { town, credential, .. } = scene();
    assert!(credential::StatusToken::read(credential.encoded()).is_err());
    assert!(Credential::read(&town.status_token(&[])).is_err());
}

#[test]
fn keys_survive_jwk_and_pkcs8() {
    let (key, pkcs8) = IssuerKey::generate().unwrap();
    assert_eq!(IssuerKey::from_pkcs8(&pkcs8).unwrap().public(), key.public());
    let json = serde_json::to_string(key.public()).unwrap();
    assert_eq!(&serde_json::from_str::<IssuerPublicKey>(&json).unwrap(), key.public());
    let other_kid = json.replace(&key.public().kid().to_string(), "AAAAAAAAAAA");
    assert!(serde_json::from_str::<IssuerPublicKey>(&other_kid).is_err());
    let phone = PhoneKey::generate().unwrap().0.public();
    let exported = serde_json::to_string(&phone).unwrap().replace('{', r#"{"ext":true,"key_ops":["verify"],"#);
    assert_eq!(HolderKey::from_jwk(&exported).unwrap(), phone);
    assert!(HolderKey::from_jwk(&exported.replace("P-256", "P-384")).is_err());
    assert!(IssuerKey::from_pkcs8(&pkcs8[1..]).is_err());
}

#[test]
fn a_key_id_is_the_beginning_of_the_thumbprint_of_rfc_7638() {
    // the public key of RFC 7515 appendix A.3; its thumbprint was computed with another implementation (Node's crypto and JSON)
    let jwk =
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    assert_eq!(serde_json::from_str::<IssuerPublicKey>(jwk).unwrap().kid().to_string(), "oKIywvGUpTU");
}

#[test]
fn a_card_with_one_claim_twice_is_not_issued() {
    let Scene { town, phone, .. } = scene();
    let twice = [Disclosure::new([1; 16], "name", "a"), Disclosure::new([2; 16], "name", "b")];
    assert_eq!(issue(&town.key, &town.claims(&phone), &twice), Err(credential::Error::DuplicateClaim("name".into())));
}

#[test]
fn a_phone_without_any_point_of_the_curve_is_issued_nothing_that_verifies() {
    let Scene { town, phone, .. } = scene();
    let nowhere = HolderKey(credential::PublicKey { x: [1; 32], y: [1; 32] });
    let credential = issue(&town.key, &credential::Claims { holder: nowhere, ..town.claims(&phone) }, &[]).unwrap();
    let text = phone.present(&credential, &[], now(), [1; 8]).unwrap();
    let checked = town.verifier().check(&Presentation::parse(&text).unwrap(), now(), Policy::default(), None, &Seen::new());
    assert_eq!(checked, Err(Refusal::CopiedCard));
    assert!(Verifier::new(town.code, vec![IssuerPublicKey::new(nowhere.0)]).is_err());
}

fn value() -> impl Strategy<Value = ClaimValue> {
    prop_oneof![
        any::<String>().prop_map(ClaimValue::Text),
        any::<i64>().prop_map(ClaimValue::Int),
        any::<bool>().prop_map(ClaimValue::Bool)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_issued_and_presented_is_read_back_as_it_was(
        claims in prop::collection::btree_map("\\PC{1,12}", (any::<[u8; 16]>(), value()), 0..6),
        opened in any::<u8>(),
        (programme, uri, idx, card) in ("\\PC{0,20}", "\\PC{0,40}", any::<u64>(), any::<[u8; 16]>()),
        last_day in prop::option::of(20_000i32..2_000_000),
        ahead in -30i64..=30,
        nonce in any::<[u8; 8]>(),
    ) {
        let town = Town::new("012345");
        let phone = PhoneKey::generate().unwrap().0;
        let disclosures: Vec<_> = claims.iter().map(|(name, (salt, value))| Disclosure::new(*salt, name.clone(), value.clone())).collect();
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        let valid_until = last_day.and_then(|days| epoch.checked_add(jiff::Span::new().days(days)).ok()).filter(|d| d.year() > 2026);
        let claimed = credential::Claims {
            card: CardId(card),
            programme,
            valid_until,
            status: credential::StatusRef { uri, idx },
            ..town.claims(&phone)
        };
        let credential = issue(&town.key, &claimed, &disclosures).unwrap();
        prop_assert_eq!(credential.claims(), &claimed);
        let held: Held = serde_json::from_str(&serde_json::to_string(&Held::new(credential.encoded(), &disclosures)).unwrap()).unwrap();
        let (credential, disclosures) = held.open().unwrap();
        let opened: Vec<_> = disclosures.iter().enumerate().filter(|(i, _)| opened & (1 << i) != 0).map(|(_, d)| d.clone()).collect();
        let text = phone.present(&credential, &opened, later(ahead), nonce).unwrap();
        let presentation = Presentation::parse(&text);
        if text.len() > credential::MAX_TEXT_BYTES {
            prop_assert_eq!(presentation, Err(Refusal::Malformed));
            return Ok(());
        }
        let checked = town.verifier().check(&presentation.unwrap(), now(), Policy::default(), None, &Seen::new()).unwrap();
        let expected: std::collections::BTreeMap<_, _> = opened.iter().map(|d| (d.name().to_owned(), d.value().clone())).collect();
        prop_assert_eq!(checked.disclosed, expected);
        prop_assert_eq!((checked.card, checked.valid_until, checked.status), (claimed.card, claimed.valid_until, claimed.status));
    }

    #[test]
    fn a_signed_status_list_reads_back_with_every_entry(ended in prop::collection::btree_map(0u64..5000, 1u8..4, 0..200)) {
        let town = Town::new("012345");
        let all = [Status::Valid, Status::Invalid, Status::Suspended, Status::PhoneEnded];
        let mut list = StatusList::new(LIST, StatusBits::Two, 5000);
        for (idx, status) in &ended {
            list.set(*idx, all[usize::from(*status)]).unwrap();
        }
        let token = town.verifier().trust(&town.key.sign_status_list(&list, now(), later(60), 30).unwrap()).unwrap();
        prop_assert_eq!(&token.list, &list);
        prop_assert_eq!((token.issued_at, token.expires_at, token.ttl_s), (now(), later(60), 30));
        for idx in 0..5000 {
            prop_assert_eq!(token.list.get(idx), Some(all[usize::from(ended.get(&idx).copied().unwrap_or(0))]));
        }
    }

    #[test]
    fn drawn_indices_are_free_and_inside(entries in 1u64..500, taken in prop::collection::hash_set(0u64..500, 0..400), mut seed: u64) {
        let drawn = allocate_index(entries, || { seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1); seed }, |idx| taken.contains(&idx));
        match drawn {
            Some(idx) => prop_assert!(idx < entries && !taken.contains(&idx)),
            None => prop_assert!((0..entries).all(|idx| taken.contains(&idx))),
        }
    }
}
