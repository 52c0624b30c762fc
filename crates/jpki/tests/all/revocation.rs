//! Lists and OCSP answers, believed and not.

use jiff::{SignedDuration, Timestamp, ToSpan};
use jpki::revocation::ocsp::{self, OcspPolicy};
use jpki::revocation::{Asking, CrlError, CrlStore, NamedBy, OcspClient, Source, Subject, Unknown};
use jpki::testca::{Municipality, TestCa};
use jpki::{Anchor, Anchors, Evidence, KeyAlgorithm, OnUnknown, ParsedCertificate, Policy, Reason, Refusal, Revocation, Status, Verifier};

use crate::helpers::*;

fn tomorrow() -> Timestamp {
    now().saturating_add(24.hours()).unwrap()
}

fn store(anchors: &Anchors, lists: &[&[u8]]) -> CrlStore {
    let mut store = CrlStore::new();
    for list in lists {
        store.load(anchors, list).unwrap();
    }
    store
}

#[test]
fn a_certificate_on_no_list_is_good_and_on_the_list_revoked_with_each_reason() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let clean = ca.crl(AUTH, now(), tomorrow()).unwrap();
    let anchors = ca.anchors();
    let verified = signer.sign_in(&verifier(&ca), now(), &store(&anchors, &[&clean])).unwrap();
    assert_eq!(verified.evidence, Evidence { status: Status::Good, source: Source::Crl, as_of: Some(now()) });
    let since = at("2026-11-20T10:00:00Z");
    for reason in Reason::ALL {
        assert!(ca.revoke(AUTH, &signer.certificate, reason, since));
        let list = ca.crl(AUTH, now(), tomorrow()).unwrap();
        let refusal = signer.sign_in(&verifier(&ca), now(), &store(&anchors, &[&list])).unwrap_err();
        assert_eq!(refusal, Refusal::Revoked { reason, at: since });
    }
}

#[test]
fn changed_details_on_a_signature_certificate_have_their_own_code() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, SIGN, |_| {});
    assert!(ca.revoke(SIGN, &signer.certificate, Reason::AffiliationChanged, now()));
    let list = ca.crl(SIGN, now(), tomorrow()).unwrap();
    let refusal = signer.apply(&verifier(&ca), &store(&ca.anchors(), &[&list])).unwrap_err();
    assert_eq!(refusal.code(), "details_changed");
}

#[test]
fn a_stale_list_leaves_the_status_unknown_but_still_names_the_revoked() {
    let mut ca = WORLD.ca.clone();
    let (good, bad) = (Signer::new(&mut ca, AUTH, |_| {}), Signer::new(&mut ca, AUTH, |_| {}));
    ca.revoke(AUTH, &bad.certificate, Reason::KeyCompromise, at("2026-11-01T00:00:00Z"));
    let old = ca.crl(AUTH, at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z")).unwrap();
    let store = store(&ca.anchors(), &[&old]);
    let unknown = Refusal::RevocationUnknown(Unknown::Stale);
    assert_eq!(good.sign_in(&verifier(&ca), now(), &store).unwrap_err(), unknown);
    assert!(matches!(bad.sign_in(&verifier(&ca), now(), &store).unwrap_err(), Refusal::Revoked { .. }));
}

#[test]
fn an_old_list_lets_a_sign_in_pass_only_as_long_as_the_policy_says() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let old = ca.crl(AUTH, at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z")).unwrap();
    let lists = store(&ca.anchors(), &[&old]);
    let within = |hours| OnUnknown::AcceptKnownWithin(SignedDuration::from_hours(hours));
    let soft = |hours| Verifier::new(ca.anchors(), Policy { user_auth_unknown: within(hours), ..Policy::test(RP) });
    let later = at("2026-11-21T12:00:00Z");
    let passed = signer.sign_in(&soft(36), later, &lists).unwrap();
    assert!(passed.revocation_unchecked && passed.evidence.as_of == Some(at("2026-11-20T00:00:00Z")));
    assert_eq!(signer.sign_in(&soft(35), later, &lists).unwrap_err(), Refusal::RevocationUnknown(Unknown::Stale));
    let nothing = store(&ca.anchors(), &[]);
    assert_eq!(signer.sign_in(&soft(168), later, &nothing).unwrap_err(), Refusal::RevocationUnknown(Unknown::NoList));
}

#[test]
fn what_was_asked_before_is_repeated_about_the_same_certificate_and_no_other() {
    let mut ca = WORLD.ca.clone();
    let (one, two) = (Signer::new(&mut ca, AUTH, |_| {}), Signer::new(&mut ca, AUTH, |_| {}));
    let lists = store(&ca.anchors(), &[&ca.crl(AUTH, now(), tomorrow()).unwrap()]);
    let asking = Asking::new(&lists);
    one.sign_in(&verifier(&ca), now(), &asking).unwrap();
    let told = asking.told();
    assert_eq!(one.sign_in(&verifier(&ca), now(), &told).unwrap().evidence.source, Source::Crl);
    assert_eq!(two.sign_in(&verifier(&ca), now(), &told).unwrap_err(), Refusal::RevocationUnknown(Unknown::NotAsked));
    let nobody = Asking::new(&lists).told();
    assert_eq!(one.sign_in(&verifier(&ca), now(), &nobody).unwrap_err(), Refusal::RevocationUnknown(Unknown::NotAsked));
}

#[test]
fn a_list_from_the_future_or_no_list_leaves_the_status_unknown() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let early = ca.crl(AUTH, tomorrow(), at("2026-12-24T00:00:00Z")).unwrap();
    let refusal = signer.sign_in(&verifier(&ca), now(), &store(&ca.anchors(), &[&early])).unwrap_err();
    assert_eq!(refusal, Refusal::RevocationUnknown(Unknown::FromTheFuture));
    let signature_list = ca.crl(SIGN, now(), tomorrow()).unwrap();
    let refusal = signer.sign_in(&verifier(&ca), now(), &store(&ca.anchors(), &[&signature_list])).unwrap_err();
    assert_eq!(refusal, Refusal::RevocationUnknown(Unknown::NoList), "a list of the other kind says nothing");
}

#[test]
fn a_list_signed_by_another_authority_of_the_same_name_is_not_taken() {
    let mut other = TestCa::generation(1, KeyAlgorithm::Rsa2048, at("2024-04-01T00:00:00Z")).unwrap();
    let list = other.crl(AUTH, now(), tomorrow()).unwrap();
    assert_eq!(CrlStore::new().load(&WORLD.ca.anchors(), &list).unwrap_err(), CrlError::Signature);
}

#[test]
fn a_list_of_one_root_says_nothing_about_another_generation() {
    let mut second = TestCa::generation(2, KeyAlgorithm::Rsa2048, at("2025-01-01T00:00:00Z")).unwrap();
    let signer = Signer::new(&mut second, AUTH, |_| {});
    let mut first = WORLD.ca.clone();
    let anchors = TestCa::anchors_of(&[&first, &second]);
    let list = first.crl(AUTH, now(), tomorrow()).unwrap();
    let verifier = jpki::Verifier::new(anchors.clone(), jpki::Policy::test(RP));
    let refusal = signer.sign_in(&verifier, now(), &store(&anchors, &[&list])).unwrap_err();
    assert_eq!(refusal, Refusal::RevocationUnknown(Unknown::NoList));
}

#[test]
fn any_altered_byte_of_a_list_and_trailing_bytes_are_refused() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    ca.revoke(AUTH, &signer.certificate, Reason::Superseded, at("2026-11-01T00:00:00Z"));
    let mut list = ca.crl(AUTH, now(), tomorrow()).unwrap();
    let anchors = ca.anchors();
    for index in 0..list.len() {
        list[index] ^= 0x01;
        assert!(CrlStore::new().load(&anchors, &list).is_err(), "byte {index}");
        list[index] ^= 0x01;
    }
    list.push(0);
    assert!(CrlStore::new().load(&anchors, &list).is_err());
}

#[test]
fn an_older_list_does_not_replace_a_newer_one() {
    let mut ca = WORLD.ca.clone();
    let anchors = ca.anchors();
    let newer = ca.crl(AUTH, now(), tomorrow()).unwrap();
    let older = ca.crl(AUTH, at("2026-11-21T00:00:00Z"), tomorrow()).unwrap();
    let mut store = store(&anchors, &[&newer]);
    assert_eq!(store.load(&anchors, &older).unwrap_err(), CrlError::Older);
    store.load(&anchors, &newer).unwrap();
}

#[test]
fn a_list_of_one_municipality_covers_only_its_certificates() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let elsewhere = Municipality { city: "Tonari-machi".into(), ..person().municipality };
    let (own, others) =
        (ca.crl_of(AUTH, &person().municipality, now(), tomorrow()).unwrap(), ca.crl_of(AUTH, &elsewhere, now(), tomorrow()).unwrap());
    let anchors = ca.anchors();
    let refusal = signer.sign_in(&verifier(&ca), now(), &store(&anchors, &[&others])).unwrap_err();
    assert_eq!(refusal, Refusal::RevocationUnknown(Unknown::NoList));
    signer.sign_in(&verifier(&ca), now(), &store(&anchors, &[&others, &own])).unwrap();
}

/// What an OCSP question needs, kept together.
struct Question {
    anchors: Anchors,
    certificate: ParsedCertificate,
}

impl Question {
    fn new(ca: &TestCa, certificate: &[u8]) -> Self {
        Self { anchors: ca.anchors(), certificate: ParsedCertificate::parse(certificate).unwrap() }
    }

    fn ask<R>(&self, then: impl FnOnce(&Subject<'_>) -> R) -> R {
        let issuer: &Anchor = self.anchors.iter().find(|anchor| anchor.kind == AUTH).unwrap();
        let serial = self.certificate.serial();
        then(&Subject { kind: AUTH, issuer, serial, crl_points: &[], ocsp_address: self.certificate.ocsp_address() })
    }
}

#[test]
fn ocsp_says_good_and_revoked_with_each_reason() {
    for delegated in [false, true] {
        let mut ca = WORLD.ca.clone();
        if delegated {
            ca.delegate_ocsp(AUTH, at("2026-11-20T00:00:00Z")).unwrap();
        }
        let signer = Signer::new(&mut ca, AUTH, |_| {});
        let client = |ca: TestCa, policy| {
            OcspClient::new(
                policy,
                move |_: Option<&str>, request: &[u8]| ca.ocsp(AUTH, request, now()).ok(),
                |nonce: &mut [u8]| nonce.fill(3),
            )
        };
        let good = signer.sign_in(&verifier(&ca), now(), &client(ca.clone(), OcspPolicy::default())).unwrap();
        assert_eq!(good.evidence, Evidence { status: Status::Good, source: Source::Ocsp, as_of: Some(now()) });
        let by_sha256 = OcspPolicy { named_by: NamedBy::Sha256, ..OcspPolicy::default() };
        signer.sign_in(&verifier(&ca), now(), &client(ca.clone(), by_sha256)).unwrap();
        for reason in Reason::ALL {
            ca.revoke(AUTH, &signer.certificate, reason, at("2026-11-21T00:00:00Z"));
            let refusal = signer.sign_in(&verifier(&ca), now(), &client(ca.clone(), OcspPolicy::default())).unwrap_err();
            assert_eq!(refusal, Refusal::Revoked { reason, at: at("2026-11-21T00:00:00Z") });
        }
    }
}

#[test]
fn ocsp_that_does_not_answer_or_does_not_know_leaves_the_status_unknown() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let silent = OcspClient::new(OcspPolicy::default(), |_: Option<&str>, _: &[u8]| None, |nonce: &mut [u8]| nonce.fill(3));
    assert_eq!(signer.sign_in(&verifier(&ca), now(), &silent).unwrap_err(), Refusal::RevocationUnknown(Unknown::Unreachable));
    // The authority as it was before the certificate was issued does not know it.
    let before = WORLD.ca.clone();
    let client = OcspClient::new(
        OcspPolicy::default(),
        move |_: Option<&str>, request: &[u8]| before.ocsp(AUTH, request, now()).ok(),
        |nonce: &mut [u8]| nonce.fill(3),
    );
    assert_eq!(signer.sign_in(&verifier(&ca), now(), &client).unwrap_err(), Refusal::RevocationUnknown(Unknown::NotKnownThere));
}

#[test]
fn an_ocsp_answer_is_believed_only_for_its_question_nonce_signer_and_time() {
    let mut ca = WORLD.ca.clone();
    let (one, two) = (Signer::new(&mut ca, AUTH, |_| {}), Signer::new(&mut ca, AUTH, |_| {}));
    let policy = OcspPolicy::default();
    let nonce = [5; 32];
    let first = Question::new(&ca, &one.certificate);
    let request = first.ask(|subject| ocsp::request(subject, &policy, &nonce));
    let response = ca.ocsp(AUTH, &request, now()).unwrap();
    let status = |question: &Question, nonce: &[u8], response: &[u8], now| {
        question.ask(|subject| ocsp::verify_response(subject, &policy, nonce, response, now)).status
    };
    assert_eq!(status(&first, &nonce, &response, now()), Status::Good);
    let second = Question::new(&ca, &two.certificate);
    assert_eq!(status(&second, &nonce, &response, now()), Status::Unknown(Unknown::BadAnswer), "about another certificate");
    assert_eq!(status(&first, &[6; 32], &response, now()), Status::Unknown(Unknown::BadAnswer), "to another question");
    let later = now().saturating_add(61.minutes()).unwrap();
    assert_eq!(status(&first, &nonce, &response, later), Status::Unknown(Unknown::Stale));
    let earlier = now().saturating_add(SignedDuration::from_mins(-5)).unwrap();
    assert_eq!(status(&first, &nonce, &response, earlier), Status::Unknown(Unknown::FromTheFuture));
    let other = TestCa::generation(1, KeyAlgorithm::Rsa2048, at("2024-04-01T00:00:00Z")).unwrap();
    let forged = Question::new(&other, &one.certificate);
    assert_eq!(status(&forged, &nonce, &response, now()), Status::Unknown(Unknown::BadAnswer), "signed by another authority");
}

#[test]
fn an_ocsp_answer_without_nonce_is_believed_only_if_the_policy_says_so() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let question = Question::new(&ca, &signer.certificate);
    let strict = OcspPolicy::default();
    let lenient = OcspPolicy { require_nonce: false, ..strict };
    let response = ca.ocsp(AUTH, &question.ask(|subject| ocsp::request(subject, &lenient, &[])), now()).unwrap();
    let status = |policy: &OcspPolicy| question.ask(|subject| ocsp::verify_response(subject, policy, &[5; 32], &response, now())).status;
    assert_eq!(status(&strict), Status::Unknown(Unknown::BadAnswer));
    assert_eq!(status(&lenient), Status::Good);
}

#[test]
fn an_ocsp_answer_signed_by_a_persons_key_is_not_believed() {
    // The responder's certificate is exchanged for a person's: same root, but not for OCSP signing.
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let question = Question::new(&ca, &signer.certificate);
    let policy = OcspPolicy::default();
    let request = question.ask(|subject| ocsp::request(subject, &policy, &[5; 32]));
    let kept = serde_json::to_value(&ca).unwrap();
    let mut altered = kept.clone();
    altered["user_auth"]["responder"] = serde_json::json!({
        "key": serde_json::to_value(&signer.key).unwrap(),
        "certificate": signer.certificate.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    });
    let forger: TestCa = serde_json::from_value(altered).unwrap();
    let response = forger.ocsp(AUTH, &request, now()).unwrap();
    let evidence = question.ask(|subject| ocsp::verify_response(subject, &policy, &[5; 32], &response, now()));
    assert_eq!(evidence.status, Status::Unknown(Unknown::BadAnswer));
}

#[test]
fn any_altered_byte_of_an_ocsp_answer_is_refused() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let question = Question::new(&ca, &signer.certificate);
    let policy = OcspPolicy::default();
    let request = question.ask(|subject| ocsp::request(subject, &policy, &[5; 32]));
    let mut response = ca.ocsp(AUTH, &request, now()).unwrap();
    for index in 0..response.len() {
        response[index] ^= 0x01;
        let status = question.ask(|subject| ocsp::verify_response(subject, &policy, &[5; 32], &response, now())).status;
        assert!(matches!(status, Status::Unknown(_)), "byte {index}");
        response[index] ^= 0x01;
    }
}

#[test]
fn the_store_answers_about_the_certificate_asked() {
    let mut ca = WORLD.ca.clone();
    let signers: Vec<_> = (0..5).map(|_| Signer::new(&mut ca, AUTH, |_| {})).collect();
    for signer in signers.iter().step_by(2) {
        ca.revoke(AUTH, &signer.certificate, Reason::CessationOfOperation, at("2026-11-01T00:00:00Z"));
    }
    let list = ca.crl(AUTH, now(), tomorrow()).unwrap();
    let mut store = CrlStore::new();
    assert_eq!(store.load(&ca.anchors(), &list).unwrap().entries, 3);
    for (index, signer) in signers.iter().enumerate() {
        let status = Question::new(&ca, &signer.certificate).ask(|subject| store.status(subject, now())).status;
        assert_eq!(status == Status::Good, index % 2 == 1, "{index}");
    }
}
