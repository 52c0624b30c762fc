//! Every line of the verifier's check-list, as a refusal.

use jiff::civil::Date;
use jpki::revocation::{AskNobody, Unknown};
use jpki::testca::{Shape, TestCa, Usage};
use jpki::{
    AnchorError, Anchors, Answer, Asked, CertificateError, Challenge, FourItemsError, KeyAlgorithm, OnUnknown, Policy, PrivateKey, Purpose,
    Refusal, Sex, TrustMode, Verifier,
};

use crate::helpers::*;

fn fresh() -> TestCa {
    WORLD.ca.clone()
}

fn refused_sign_in(change: impl FnOnce(&mut Shape)) -> Refusal {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, change);
    signer.sign_in(&verifier(&ca), now(), &AllGood).unwrap_err()
}

fn refused_application(change: impl FnOnce(&mut Shape)) -> Refusal {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, SIGN, change);
    signer.apply(&verifier(&ca), &AllGood).unwrap_err()
}

#[test]
fn a_right_sign_in_is_believed() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let verified = signer.sign_in(&verifier(&ca), now(), &AllGood).unwrap();
    assert_eq!((verified.kind, verified.trust), (AUTH, TrustMode::Test));
    assert_eq!(verified.valid_until, Date::constant(2030, 2, 17));
    assert!(!verified.revocation_unchecked);
    assert_eq!(verified.serial_key(b"key"), signer.sign_in(&verifier(&ca), now(), &AllGood).unwrap().serial_key(b"key"));
    assert_ne!(verified.serial_key(b"key"), verified.serial_key(b"another town's key"));
}

#[test]
fn a_right_signature_gives_the_four_items() {
    let mut ca = fresh();
    let signed = Signer::new(&mut ca, SIGN, |_| {}).apply(&verifier(&ca), &AllGood).unwrap();
    assert_eq!(signed.four_items.name, person().name);
    assert_eq!(signed.four_items.address, person().address);
    assert_eq!(signed.four_items.date_of_birth, person().date_of_birth);
    assert_eq!(signed.four_items.sex, Sex::Female);
    assert!(!signed.four_items.name_has_substitutes);
    assert_eq!(signed.document, Some([9; 32]));
}

#[test]
fn a_statement_in_words_is_believed_and_no_challenge_passes_for_one() {
    let mut ca = fresh();
    let key = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let sign = |text: &[u8]| key.sign(text).unwrap();
    let info = key.public_key_info().unwrap();
    let mut issue = |kind| ca.issue(kind, &person(), &info, at("2026-01-10T01:00:00Z")).unwrap();
    let (certificate, other) = (issue(SIGN), issue(AUTH));
    let text = "私は申し出ます。".as_bytes();
    let verify = |certificate: &[u8], statement: &[u8], signature: &[u8]| {
        verifier(&ca).verify_statement(&Answer { certificate, signature }, statement, now(), &AllGood)
    };
    let believed = verify(&certificate, text, &sign(text)).unwrap();
    assert_eq!((believed.four_items.name, believed.certificate.kind), (person().name, SIGN));
    assert_eq!(believed.document.unwrap(), aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text).as_ref());
    assert_eq!(verify(&certificate, "私は申し出ません。".as_bytes(), &sign(text)).unwrap_err(), Refusal::BadSignature);
    assert_eq!(verify(&other, text, &sign(text)).unwrap_err(), Refusal::WrongKind);
    let challenge = [&jpki::DOMAIN[..], b"x"].concat();
    assert_eq!(verify(&certificate, &challenge, &sign(&challenge)).unwrap_err(), Refusal::OtherPurpose);
}

#[test]
fn p384_with_sha384_is_believed_too() {
    let mut ca = TestCa::generation(2, KeyAlgorithm::P384, at("2025-01-01T00:00:00Z")).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P384).unwrap();
    let signer = Signer::with_key(&mut ca, AUTH, key, |_| {});
    signer.sign_in(&verifier(&ca), now(), &AllGood).unwrap();
    let mixed = Signer::new(&mut ca, SIGN, |_| {});
    mixed.apply(&verifier(&ca), &AllGood).unwrap();
}

#[test]
fn a_certificate_of_the_wrong_kind_is_refused() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, SIGN, |_| {});
    assert_eq!(signer.sign_in(&verifier(&ca), now(), &AllGood).unwrap_err(), Refusal::WrongKind);
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    assert_eq!(signer.apply(&verifier(&ca), &AllGood).unwrap_err(), Refusal::WrongKind);
}

#[test]
fn a_certificate_of_the_wrong_policy_is_refused() {
    let other = |shape: &mut Shape| shape.policy = "1.2.392.200149.8.5.1.3.30".into();
    assert_eq!(refused_sign_in(other), Refusal::CertificatePolicy, "the production policy among test certificates");
    assert_eq!(refused_application(|shape| shape.policy = jpki::testca::USER_AUTH_POLICY.into()), Refusal::CertificatePolicy);
}

#[test]
fn a_certificate_of_the_wrong_key_usage_is_refused() {
    assert_eq!(refused_application(|shape| shape.usage = Usage::DigitalSignature), Refusal::KeyUsage);
    assert_eq!(refused_sign_in(|shape| shape.usage = Usage::DigitalSignatureAndNonRepudiation), Refusal::KeyUsage);
    assert_eq!(refused_sign_in(|shape| shape.usage = Usage::Authority), Refusal::KeyUsage);
}

#[test]
fn a_certificate_of_the_wrong_extended_key_usage_is_refused() {
    assert_eq!(refused_sign_in(|shape| shape.client_auth = false), Refusal::ExtendedKeyUsage);
    assert_eq!(refused_application(|shape| shape.client_auth = true), Refusal::ExtendedKeyUsage);
}

#[test]
fn an_unknown_critical_extension_is_refused() {
    let refusal = refused_sign_in(|shape| shape.strange_critical = true);
    assert!(matches!(refusal, Refusal::Certificate(CertificateError::UnknownCritical(_))), "{refusal:?}");
}

#[test]
fn a_root_of_the_same_name_that_is_not_pinned_is_refused() {
    let mut other = TestCa::generation(9, KeyAlgorithm::P384, at("2025-01-01T00:00:00Z")).unwrap();
    let signer = Signer::new(&mut other, AUTH, |_| {});
    assert_eq!(signer.sign_in(&verifier(&WORLD.ca), now(), &AllGood).unwrap_err(), Refusal::UnknownRoot);
}

#[test]
fn a_root_of_the_same_name_that_names_the_pinned_key_is_refused() {
    let mut other = TestCa::generation(1, KeyAlgorithm::Rsa2048, at("2024-04-01T00:00:00Z")).unwrap();
    let pinned = subject_key_id(WORLD.ca.root(AUTH));
    let signer = Signer::new(&mut other, AUTH, |shape| shape.authority_key = Some(pinned));
    assert_eq!(signer.sign_in(&verifier(&WORLD.ca), now(), &AllGood).unwrap_err(), Refusal::BadCertificateSignature);
}

/// The 20 bytes of the subject key identifier, found by its extension's head.
fn subject_key_id(certificate: &[u8]) -> Vec<u8> {
    let head = [0x06, 0x03, 0x55, 0x1D, 0x0E, 0x04, 0x16, 0x04, 0x14];
    let start = certificate.windows(head.len()).position(|window| window == head).unwrap() + head.len();
    certificate[start..start + 20].to_vec()
}

#[test]
fn all_generations_of_one_name_are_told_apart_by_their_key() {
    let mut second = TestCa::generation(2, KeyAlgorithm::Rsa2048, at("2025-01-01T00:00:00Z")).unwrap();
    let signer = Signer::new(&mut second, AUTH, |_| {});
    let both = Verifier::new(TestCa::anchors_of(&[&WORLD.ca, &second]), Policy::test(RP));
    signer.sign_in(&both, now(), &AllGood).unwrap();
}

#[test]
fn a_test_root_cannot_be_held_in_production() {
    for kind in [AUTH, SIGN] {
        let error = Anchors::new(TrustMode::Production, [WORLD.ca.root(kind)]).unwrap_err();
        assert_eq!(error, AnchorError::TestRootInProduction);
    }
    let jlis: &[u8] = include_bytes!("../fixtures/jpki-auth-ca-cert.der");
    assert_eq!(Anchors::new(TrustMode::Production, [jlis]).unwrap_err(), AnchorError::TestRootInProduction);
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let production = Verifier::new(Anchors::production(), Policy::test(RP));
    assert_eq!(signer.sign_in(&production, now(), &AllGood).unwrap_err(), Refusal::UnknownRoot);
}

#[test]
fn a_persons_certificate_cannot_be_held_as_a_root() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let error = Anchors::new(TrustMode::Test, [&signer.certificate[..]]).unwrap_err();
    assert!(matches!(error, AnchorError::NoKind | AnchorError::NotAuthority), "{error:?}");
}

#[test]
fn a_certificate_ends_with_its_last_day_in_japan() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let verifier = verifier(&ca);
    signer.sign_in(&verifier, at("2030-02-17T14:59:59.999Z"), &AllGood).unwrap();
    let refusal = signer.sign_in(&verifier, at("2030-02-17T15:00:00Z"), &AllGood).unwrap_err();
    assert_eq!(refusal, Refusal::Expired { last_day: Date::constant(2030, 2, 17) });
}

#[test]
fn a_certificate_is_not_valid_before_its_first_second() {
    let first = at("2026-11-22T15:00:00Z");
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |shape| shape.not_before = first);
    assert_eq!(signer.sign_in(&verifier(&ca), at("2026-11-22T14:59:59.999Z"), &AllGood).unwrap_err(), Refusal::NotYetValid);
    signer.sign_in(&verifier(&ca), first, &AllGood).unwrap();
}

#[test]
fn a_certificate_under_an_ended_root_is_refused() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |shape| shape.not_after = at("2040-01-01T00:00:00Z"));
    let after_the_root = at("2035-01-01T00:00:00Z");
    assert_eq!(signer.sign_in(&verifier(&ca), after_the_root, &AllGood).unwrap_err(), Refusal::RootNotValid);
}

#[test]
fn any_altered_byte_of_the_certificate_is_refused() {
    let mut ca = fresh();
    let mut signer = Signer::new(&mut ca, AUTH, |_| {});
    let verifier = verifier(&ca);
    let challenge = challenge(Purpose::SignIn, 1);
    let signature = signer.key.sign(&challenge.message()).unwrap();
    let check = |certificate: &[u8]| {
        let answer = Answer { certificate, signature: &signature };
        verifier.verify_user_auth(&answer, &challenge, &asked(Purpose::SignIn), &AllGood)
    };
    check(&signer.certificate).unwrap();
    for index in 0..signer.certificate.len() {
        signer.certificate[index] ^= 0x01;
        assert!(check(&signer.certificate).is_err(), "byte {index}");
        signer.certificate[index] ^= 0x01;
    }
}

#[test]
fn trailing_bytes_after_the_certificate_are_refused() {
    let mut ca = fresh();
    let mut signer = Signer::new(&mut ca, AUTH, |_| {});
    signer.certificate.push(0xFF);
    let refusal = signer.sign_in(&verifier(&ca), now(), &AllGood).unwrap_err();
    assert!(matches!(refusal, Refusal::Certificate(CertificateError::Malformed(_))), "{refusal:?}");
}

#[test]
fn altered_data_or_an_altered_signature_is_refused() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, SIGN, |_| {});
    let verifier = verifier(&ca);
    let signed = Challenge { document: Some([9; 32]), ..challenge(Purpose::Apply, 2) };
    let mut signature = signer.key.sign(&signed.message()).unwrap();
    let altered = Challenge { document: Some([8; 32]), ..signed.clone() };
    let answer = Answer { certificate: &signer.certificate, signature: &signature };
    assert_eq!(verifier.verify_signature(&answer, &altered, &asked(Purpose::Apply), &AllGood).unwrap_err(), Refusal::BadSignature);
    signature[100] ^= 1;
    let answer = Answer { certificate: &signer.certificate, signature: &signature };
    assert_eq!(verifier.verify_signature(&answer, &signed, &asked(Purpose::Apply), &AllGood).unwrap_err(), Refusal::BadSignature);
}

#[test]
fn a_replayed_answer_does_not_fit_the_next_challenge() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let (first, second) = (challenge(Purpose::SignIn, 1), challenge(Purpose::SignIn, 2));
    let signature = signer.key.sign(&first.message()).unwrap();
    let answer = Answer { certificate: &signer.certificate, signature: &signature };
    let verifier = verifier(&ca);
    verifier.verify_user_auth(&answer, &first, &asked(Purpose::SignIn), &AllGood).unwrap();
    let replayed = verifier.verify_user_auth(&answer, &second, &asked(Purpose::SignIn), &AllGood);
    assert_eq!(replayed.unwrap_err(), Refusal::BadSignature);
}

#[test]
fn a_challenge_of_another_session_purpose_service_or_time_is_refused() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let verifier = verifier(&ca);
    let challenge = challenge(Purpose::SignIn, 1);
    let refusal = |challenge: &Challenge, asked: Asked<'_>| {
        let signature = signer.key.sign(&challenge.message()).unwrap();
        let answer = Answer { certificate: &signer.certificate, signature: &signature };
        verifier.verify_user_auth(&answer, challenge, &asked, &AllGood).unwrap_err()
    };
    let usual = asked(Purpose::SignIn);
    assert_eq!(refusal(&challenge, Asked { session: "session-2", ..usual }), Refusal::OtherSession);
    assert_eq!(refusal(&challenge, Asked { purpose: Purpose::Register, ..usual }), Refusal::OtherPurpose);
    let elsewhere = Challenge { relying_party: "https://elsewhere.example.jp".into(), ..challenge.clone() };
    assert_eq!(refusal(&elsewhere, usual), Refusal::OtherRelyingParty);
    assert_eq!(refusal(&challenge, Asked { now: challenge.expires_at, ..usual }), Refusal::ChallengeNotInTime);
    assert_eq!(refusal(&challenge, Asked { now: at("2026-11-22T02:59:59Z"), ..usual }), Refusal::ChallengeNotInTime);
}

#[test]
fn a_signature_over_sha1_or_another_digest_is_refused() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let challenge = challenge(Purpose::SignIn, 1);
    // DigestInfo of SHA-1 over the message, padded by the card's P1 = 00, which does not police digests.
    let mut state = WORLD.card.clone();
    let jpki = state.applications.first_mut().unwrap();
    if let Some(jpki::card::File::Key { key, .. }) = jpki.files.get_mut(&0x0017) {
        *key = signer.key.clone();
    }
    let mut card = insert(&state);
    for apdu in ["00A4040C0AD392F000260100000001", "00A4020C020018", "002000800431323334", "00A4020C020017"] {
        assert_eq!(card.answer(&hex(apdu)), [0x90, 0x00]);
    }
    let sha1_info = [&hex("3021300906052B0E03021A05000414")[..], &[0x5A; 20]].concat();
    let command = [&[0x80, 0x2A, 0x00, 0x80, sha1_info.len() as u8][..], &sha1_info, &[0]].concat();
    let answer = card.answer(&command);
    let answer = Answer { certificate: &signer.certificate, signature: &answer[..256] };
    assert_eq!(verifier(&ca).verify_user_auth(&answer, &challenge, &asked(Purpose::SignIn), &AllGood).unwrap_err(), Refusal::BadSignature);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn an_unknown_status_is_refused_unless_the_policy_lets_it_pass_and_then_it_is_said() {
    let mut ca = fresh();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let hard = verifier(&ca);
    assert_eq!(signer.sign_in(&hard, now(), &AskNobody).unwrap_err(), Refusal::RevocationUnknown(Unknown::NotAsked));
    let soft = Verifier::new(ca.anchors(), Policy { user_auth_unknown: OnUnknown::Accept, ..Policy::test(RP) });
    assert!(signer.sign_in(&soft, now(), &AskNobody).unwrap().revocation_unchecked);
    let applicant = Signer::new(&mut ca, SIGN, |_| {});
    assert_eq!(
        applicant.apply(&soft, &AskNobody).unwrap_err(),
        Refusal::RevocationUnknown(Unknown::NotAsked),
        "only sign-ins were let pass"
    );
}

/// subjectAltName with the parts given, as DER.
fn alternative_name(parts: &[(u8, &[u8])]) -> Vec<u8> {
    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = match value.len() {
            n @ 0..=127 => vec![n as u8],
            n @ 128..=255 => vec![0x81, n as u8],
            n => vec![0x82, (n >> 8) as u8, n as u8],
        };
        [&[tag][..], &length, value].concat()
    }
    let names = parts.iter().map(|(n, text)| {
        let id = [0x06, 0x0A, 0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x05, *n];
        tlv(0xA0, &[&id[..], &tlv(0xA0, &tlv(0x0C, text))].concat())
    });
    tlv(0x30, &names.collect::<Vec<_>>().concat())
}

fn with_parts(change: impl FnOnce(&mut Vec<(u8, Vec<u8>)>)) -> Result<jpki::VerifiedSignature, Refusal> {
    let mut parts: Vec<(u8, Vec<u8>)> = vec![
        (1, "青空　花子".into()),
        (4, b"319800217".to_vec()),
        (3, b"2".to_vec()),
        (5, "青空町１－２".into()),
        (2, b"00000".to_vec()),
        (6, b"000000".to_vec()),
    ];
    change(&mut parts);
    let borrowed: Vec<(u8, &[u8])> = parts.iter().map(|(n, text)| (*n, &text[..])).collect();
    let mut ca = fresh();
    Signer::new(&mut ca, SIGN, |shape| shape.alternative_name = Some(alternative_name(&borrowed))).apply(&verifier(&ca), &AllGood)
}

#[test]
fn a_missing_part_of_the_alternative_name_is_refused() {
    let refusal = with_parts(|parts| parts.retain(|part| part.0 != 5)).unwrap_err();
    assert_eq!(refusal, Refusal::FourItems(FourItemsError::Missing(5)));
    assert_eq!(refused_application(|shape| shape.alternative_name = None), Refusal::FourItems(FourItemsError::Missing(1)));
}

#[test]
fn non_zero_substitute_digits_are_believed_and_told() {
    let signed = with_parts(|parts| parts[4].1 = b"01000".to_vec()).unwrap();
    assert!(signed.four_items.name_has_substitutes && !signed.four_items.address_has_substitutes);
}

#[test]
fn a_partial_birth_date_is_kept_as_given() {
    let signed = with_parts(|parts| parts[1].1 = b"319800000".to_vec()).unwrap();
    assert_eq!(signed.four_items.date_of_birth.to_string(), "19800000");
    assert_eq!(signed.four_items.date_of_birth.date(), None);
}

#[test]
fn an_era_that_contradicts_the_birth_date_is_refused() {
    let refusal = with_parts(|parts| parts[1].1 = b"419800217".to_vec()).unwrap_err();
    assert_eq!(refusal, Refusal::FourItems(FourItemsError::Era));
}

#[test]
fn an_alternative_name_that_is_not_utf8_or_is_over_long_is_refused() {
    let refusal = with_parts(|parts| parts[0].1 = vec![0xE9, 0x9D]).unwrap_err();
    assert_eq!(refusal, Refusal::FourItems(FourItemsError::NotUtf8(1)));
    let refusal = with_parts(|parts| parts[3].1 = "長".repeat(401).into_bytes()).unwrap_err();
    assert_eq!(refusal, Refusal::FourItems(FourItemsError::Length(5)));
}
