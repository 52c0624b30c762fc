//! Two programs we did not write look at what we make: openssl at certificates, lists and answers, `myna-card` at the card.

use std::io::Write;
use std::process::{Command, Stdio};

use jiff::ToSpan;
use jpki::card::SoftwareCard;
use jpki::revocation::Subject;
use jpki::revocation::ocsp::{self, OcspPolicy};
use jpki::testca::TestCa;
use jpki::{CertificateKind, KeyAlgorithm, ParsedCertificate, Reason, Status};
use myna_card::ap::jpki::{JpkiAp, SignatureScheme, TokenType};
use myna_card::{Card, Pin, Transmit};

use crate::helpers::*;

/// What openssl prints, both ways, for this input.
pub(crate) fn openssl(arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the openssl program is needed for these tests");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A folder that goes away with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("jpki-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn put_pem(&self, name: &str, certificate: &[u8]) -> String {
        self.put(name, openssl(&["x509", "-inform", "DER"], certificate).as_bytes())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn unix_now() -> String {
    now().as_second().to_string()
}

#[test]
fn openssl_verifies_our_certificates_strictly() {
    let p384 = TestCa::generation(3, KeyAlgorithm::P384, at("2025-01-01T00:00:00Z")).unwrap();
    for (name, mut ca) in [("rsa", WORLD.ca.clone()), ("p384", p384)] {
        let folder = Folder::new(name);
        for kind in [AUTH, SIGN] {
            let signer = Signer::new(&mut ca, kind, |_| {});
            let root = folder.put_pem("root.pem", ca.root(kind));
            let certificate = folder.put_pem("certificate.pem", &signer.certificate);
            let policy = if kind == AUTH { jpki::testca::USER_AUTH_POLICY } else { jpki::testca::SIGNATURE_POLICY };
            let attime = unix_now();
            let said = openssl(
                &[
                    "verify",
                    "-x509_strict",
                    "-policy_check",
                    "-explicit_policy",
                    "-policy",
                    policy,
                    "-attime",
                    &attime,
                    "-CAfile",
                    &root,
                    &certificate,
                ],
                &[],
            );
            assert!(said.contains(": OK"), "{kind:?}: {said}");
            let wrong =
                openssl(&["verify", "-explicit_policy", "-policy", "1.2.3.4", "-attime", &attime, "-CAfile", &root, &certificate], &[]);
            assert!(!wrong.contains(": OK"), "{wrong}");
        }
    }
}

#[test]
fn openssl_prints_our_signature_certificate_as_the_profile_says() {
    let said = openssl(&["x509", "-inform", "DER", "-noout", "-text", "-nameopt", "utf8"], &WORLD.card.certificate(SIGN).unwrap());
    for line in [
        "Version: 3 (0x2)",
        "sha256WithRSAEncryption",
        "Not After : Feb 17 14:59:59 2030 GMT",
        "Public-Key: (2048 bit)",
        "X509v3 Key Usage: critical",
        "Digital Signature, Non Repudiation",
        "1.2.392.200149.8.5.5.4::319800217",
        "1.2.392.200149.8.5.5.2::00000",
        "X509v3 Certificate Policies: critical",
        "CPS: http://www.jpki.go.jp/cps.html",
        "Aozora-machi CRLDP",
        "青空　花子",
    ] {
        assert!(said.contains(line), "{line} is missing in {said}");
    }
}

#[test]
fn openssl_reads_and_verifies_our_list() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    ca.revoke(AUTH, &signer.certificate, Reason::AffiliationChanged, at("2026-11-01T00:00:00Z"));
    let list = ca.crl(AUTH, now(), now().saturating_add(24.hours()).unwrap()).unwrap();
    let folder = Folder::new("crl");
    let root = folder.put_pem("root.pem", ca.root(AUTH));
    let path = folder.put("list.der", &list);
    let said = openssl(&["crl", "-inform", "DER", "-in", &path, "-CAfile", &root, "-noout", "-text"], &[]);
    assert!(said.contains("verify OK"), "{said}");
    assert!(said.contains("Affiliation Changed"), "{said}");
    let pem = folder.put("list.pem", openssl(&["crl", "-inform", "DER", "-in", &path], &[]).as_bytes());
    let certificate = folder.put_pem("certificate.pem", &signer.certificate);
    let attime = unix_now();
    let said = openssl(&["verify", "-crl_check", "-CRLfile", &pem, "-attime", &attime, "-CAfile", &root, &certificate], &[]);
    assert!(said.contains("certificate revoked"), "{said}");
}

#[test]
fn openssl_reads_our_ocsp_question_and_believes_our_answer() {
    let mut ca = WORLD.ca.clone();
    // OCSP in openssl looks at the machine's clock only for the times in the answer, so these are given room.
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let folder = Folder::new("ocsp");
    let root = folder.put_pem("root.pem", ca.root(AUTH));
    let certificate = folder.put_pem("certificate.pem", &signer.certificate);
    let anchors = ca.anchors();
    let issuer = anchors.iter().find(|anchor| anchor.kind == AUTH).unwrap();
    let parsed = ParsedCertificate::parse(&signer.certificate).unwrap();
    let subject = Subject { kind: AUTH, issuer, serial: parsed.serial(), crl_points: &[], ocsp_address: None };
    let request = ocsp::request(&subject, &OcspPolicy::default(), &[7; 32]);
    let request_path = folder.put("request.der", &request);
    let said = openssl(&["ocsp", "-reqin", &request_path, "-req_text"], &[]);
    assert!(said.contains("Hash Algorithm: sha1") && said.contains("OCSP Nonce"), "{said}");

    let response = folder.put("response.der", &ca.ocsp(AUTH, &request, now()).unwrap());
    let age = "-validity_period";
    let said = openssl(
        &[
            "ocsp",
            "-issuer",
            &root,
            "-cert",
            &certificate,
            "-respin",
            &response,
            "-CAfile",
            &root,
            "-no_nonce",
            age,
            "1000000000",
            "-attime",
            &unix_now(),
        ],
        &[],
    );
    assert!(said.contains("Response verify OK") && said.contains("good"), "{said}");

    // The other way round: our responder answers openssl's question, and we believe it.
    let theirs = folder.0.join("theirs.der");
    let theirs = theirs.to_str().unwrap();
    openssl(&["ocsp", "-issuer", &root, "-cert", &certificate, "-no_nonce", "-reqout", theirs], &[]);
    ca.revoke(AUTH, &signer.certificate, Reason::Superseded, at("2026-11-01T00:00:00Z"));
    let answer = ca.ocsp(AUTH, &std::fs::read(theirs).unwrap(), now()).unwrap();
    let lenient = OcspPolicy { require_nonce: false, ..OcspPolicy::default() };
    let status = ocsp::verify_response(&subject, &lenient, &[], &answer, now()).status;
    assert!(matches!(status, Status::Revoked { reason: Reason::Superseded, .. }));
}

#[test]
fn openssls_own_ocsp_responder_is_believed() {
    let mut ca = WORLD.ca.clone();
    let signer = Signer::new(&mut ca, AUTH, |_| {});
    let folder = Folder::new("responder");
    let root = folder.put_pem("root.pem", ca.root(AUTH));
    let key = serde_json::to_value(&ca).unwrap()["user_auth"]["key"].as_str().unwrap().to_owned();
    let key: Vec<u8> = (0..key.len()).step_by(2).map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap()).collect();
    let key = folder.put("key.pem", openssl(&["pkey", "-inform", "DER"], &key).as_bytes());
    let parsed = ParsedCertificate::parse(&signer.certificate).unwrap();
    let serial: String = parsed.serial().reveal_for_revocation().iter().map(|byte| format!("{byte:02X}")).collect();
    // openssl's index: revoked, end, when and why, serial, file, name
    let index = folder.put("index.txt", format!("R\t300217145959Z\t261101000000Z,keyCompromise\t{serial}\tunknown\t/CN=x\n").as_bytes());
    folder.put("index.txt.attr", b"unique_subject = no\n");
    let anchors = ca.anchors();
    let issuer = anchors.iter().find(|anchor| anchor.kind == AUTH).unwrap();
    let subject = Subject { kind: AUTH, issuer, serial: parsed.serial(), crl_points: &[], ocsp_address: None };
    let policy = OcspPolicy::default();
    let request = folder.put("request.der", &ocsp::request(&subject, &policy, &[9; 32]));
    let response = folder.0.join("response.der");
    let said = openssl(
        &[
            "ocsp",
            "-index",
            &index,
            "-CA",
            &root,
            "-rsigner",
            &root,
            "-rkey",
            &key,
            "-reqin",
            &request,
            "-respout",
            response.to_str().unwrap(),
            "-ndays",
            "1",
        ],
        &[],
    );
    let response = std::fs::read(&response).unwrap_or_else(|_| panic!("{said}"));
    // openssl stamps the answer with the machine's clock, which these tests do not know: read it at the moment it names.
    let text = openssl(&["ocsp", "-respin", folder.put("again.der", &response).as_str(), "-resp_text", "-noverify"], &[]);
    let produced = text.lines().find_map(|line| line.trim().strip_prefix("Produced At: ")).unwrap();
    let now = jiff::fmt::strtime::parse("%b %d %H:%M:%S %Y GMT", produced)
        .unwrap()
        .to_datetime()
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap();
    let status = ocsp::verify_response(&subject, &policy, &[9; 32], &response, now.timestamp()).status;
    assert_eq!(status, Status::Revoked { reason: Reason::KeyCompromise, at: at("2026-11-01T00:00:00Z") });
}

/// Our card on the other reader's link.
struct Link(SoftwareCard);

impl Transmit for Link {
    fn transmit(&mut self, command: &[u8]) -> myna_card::Result<Vec<u8>> {
        Ok(self.0.answer(command))
    }
}

#[test]
fn an_independent_reader_signs_with_all_schemes_on_our_card() {
    let mut card = Card::new(Link(insert(&WORLD.card)));
    let mut jpki = JpkiAp::select(&mut card).unwrap();
    assert_eq!(jpki.read_token_type().unwrap(), TokenType::Card);
    let available = jpki.read_certificate_availability().unwrap();
    assert!(available.has_auth_certificate() && available.has_sign_certificate());
    assert_eq!(jpki.auth_pin_retries().unwrap().count(), Some(3));
    assert!(jpki.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, b"m").is_err(), "no PIN yet");
    jpki.verify_auth_pin(&Pin::numeric("1234").unwrap()).unwrap();
    jpki.verify_sign_pin(&Pin::new("ABC123").unwrap()).unwrap();
    let hash = [0x5A; 32];
    for (scheme, data) in [
        (SignatureScheme::Verbatim, &b"as it is"[..]),
        (SignatureScheme::Sha256Bare, b"message"),
        (SignatureScheme::PreHashedDigestInfo, &hash),
        (SignatureScheme::Sha256DigestInfo, b"message"),
        (SignatureScheme::PreHashedPss, &hash),
        (SignatureScheme::Sha256Pss, b"message"),
    ] {
        jpki.sign_with_auth_key_checked(scheme, data).unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
        jpki.sign_with_sign_key_checked(scheme, data).unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
    }
    assert_eq!(jpki.read_sign_certificate_der().unwrap(), WORLD.card.certificate(CertificateKind::Signature).unwrap());
}

#[test]
fn an_independent_reader_reads_the_text_and_common_applications() {
    use myna_card::ap::common::CommonAp;
    use myna_card::ap::text::TextAp;
    let mut card = Card::new(Link(insert(&WORLD.card)));
    let mut common = CommonAp::select(&mut card).unwrap();
    let info = format!("{:?}", common.read_card_info().unwrap());
    assert!(info.contains("99999"), "{info}");
    let mut text = TextAp::select(&mut card).unwrap();
    assert!(text.verify_pin(&Pin::numeric("0000").unwrap()).is_err());
    text.verify_pin(&Pin::numeric("1234").unwrap()).unwrap();
    let items = text.read_attributes().unwrap();
    assert_eq!((items.name, items.address), (person().name, person().address));
}
