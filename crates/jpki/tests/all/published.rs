//! Files of real roots and of J-LIS test cards.

use jpki::revocation::AskNobody;
use jpki::{
    Anchors, Answer, Asked, CertificateKind, Challenge, OnUnknown, ParsedCertificate, Policy, Purpose, Refusal, TrustMode, Verifier,
};

use crate::helpers::*;

const TEST_ROOTS: [&[u8]; 4] = [
    include_bytes!("../fixtures/jpki-auth-ca-cert.der"),
    include_bytes!("../fixtures/jpki-auth-ca-cert-2019.der"),
    include_bytes!("../fixtures/jpki-sign-ca-cert.der"),
    include_bytes!("../fixtures/jpki-sign-ca-cert-2019.der"),
];
const TEST_AUTH: &[u8] = include_bytes!("../fixtures/jpki-auth-cert.der");
const TEST_SIGN: &[u8] = include_bytes!("../fixtures/jpki-sign-cert.der");

#[test]
fn the_six_published_roots_have_the_published_fingerprints() {
    let published = [
        (CertificateKind::Signature, "19645405a1fe14377434bd55957628ac4038557c542403a2243f21c706fc9355"),
        (CertificateKind::Signature, "79679c33e4cc9319440f1ad120a597ff1844e2ef217063adb176966fd5e6fbeb"),
        (CertificateKind::Signature, "d227f6cde11d35c5252178f106f843d24651944975413b539fa2fb68dbfa365f"),
        (CertificateKind::UserAuthentication, "4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d"),
        (CertificateKind::UserAuthentication, "0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6"),
        (CertificateKind::UserAuthentication, "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5"),
    ];
    let anchors = Anchors::production();
    assert_eq!(anchors.mode(), TrustMode::Production);
    let held: Vec<_> = anchors.iter().map(|anchor| (anchor.kind, anchor.fingerprint)).collect();
    for (index, (kind, fingerprint)) in published.iter().enumerate() {
        let (held_kind, held_fingerprint) = held[index];
        assert_eq!(held_kind, *kind);
        let text: String = held_fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, *fingerprint);
    }
    assert_eq!(held.len(), published.len());
}

#[test]
fn the_certificates_of_a_test_card_pass_every_check_but_its_signature() {
    let policy = Policy { signature_unknown: OnUnknown::Accept, user_auth_unknown: OnUnknown::Accept, ..Policy::test(RP) };
    let verifier = Verifier::new(Anchors::new(TrustMode::Test, TEST_ROOTS).unwrap(), policy);
    let answer = |certificate| Answer { certificate, signature: &[0; 256] };
    let refusal = verifier.verify_user_auth(&answer(TEST_AUTH), &challenge(Purpose::SignIn, 1), &asked(Purpose::SignIn), &AskNobody);
    assert_eq!(refusal.unwrap_err(), Refusal::BadSignature, "everything before the signature was in order");
    let signing = Challenge { document: Some([0; 32]), ..challenge(Purpose::Apply, 1) };
    let refusal = verifier.verify_signature(&answer(TEST_SIGN), &signing, &asked(Purpose::Apply), &AskNobody);
    assert_eq!(refusal.unwrap_err(), Refusal::BadSignature, "everything before the signature was in order");
    let after = Asked { now: at("2030-02-17T15:00:00Z"), ..asked(Purpose::SignIn) };
    let late = Challenge { issued_at: after.now, expires_at: at("2030-02-18T00:00:00Z"), ..challenge(Purpose::SignIn, 1) };
    assert!(matches!(
        verifier.verify_user_auth(&answer(TEST_AUTH), &late, &after, &AskNobody),
        Err(Refusal::RootNotValid | Refusal::Expired { .. })
    ));
}

#[test]
fn a_test_card_is_from_no_known_root_in_production() {
    let verifier = Verifier::new(Anchors::production(), Policy::production(RP));
    let answer = Answer { certificate: TEST_AUTH, signature: &[0; 256] };
    let refusal = verifier.verify_user_auth(&answer, &challenge(Purpose::SignIn, 1), &asked(Purpose::SignIn), &AskNobody);
    assert_eq!(refusal.unwrap_err(), Refusal::UnknownRoot);
}

#[test]
fn our_certificates_have_the_shape_of_a_test_cards() {
    let ours = |kind| WORLD.card.certificate(kind).unwrap();
    for (kind, theirs) in [(AUTH, TEST_AUTH), (SIGN, TEST_SIGN)] {
        let ours = ours(kind);
        assert_eq!(extension_order(&ours), extension_order(theirs), "{kind:?}");
        assert!(ours.len().abs_diff(theirs.len()) < 120, "{kind:?}: {} and {} bytes", ours.len(), theirs.len());
        ParsedCertificate::parse(&ours).unwrap();
    }
}

/// The extension identifiers in the order they stand.
fn extension_order(certificate: &[u8]) -> Vec<String> {
    let text = crate::foreign::openssl(&["x509", "-inform", "DER", "-noout", "-ext", EXTENSIONS], certificate);
    text.lines().filter(|line| line.starts_with("X509v3") || line.starts_with("Authority")).map(|line| line.trim().to_owned()).collect()
}

const EXTENSIONS: &str = "keyUsage,extendedKeyUsage,subjectAltName,certificatePolicies,issuerAltName,crlDistributionPoints,authorityInfoAccess,authorityKeyIdentifier,subjectKeyIdentifier";
