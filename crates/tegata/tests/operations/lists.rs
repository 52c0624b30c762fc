use jiff::{SignedDuration, Timestamp};
use jpki::revocation::Subject;
use jpki::testca::TestCa;
use jpki::{CertificateKind, KeyAlgorithm, ParsedCertificate, PrivateKey, Reason, Revocation as _, Status};
use tegata::revocation::{Checking, ListFile, Lists};

use crate::helpers::{Folder, person};

const KIND: CertificateKind = CertificateKind::UserAuthentication;

fn noon() -> Timestamp {
    "2026-11-24T03:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn fresh_lists_are_taken_while_the_town_is_served_and_a_broken_one_takes_nothing_away() {
    let mut ca = TestCa::new(noon() - hours(240)).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let certificate = ca.issue(KIND, &person(), &key.public_key_info().unwrap(), noon() - hours(48)).unwrap();
    let parsed = ParsedCertificate::parse(&certificate).unwrap();
    let anchors = ca.anchors();
    let issuer = anchors.iter().find(|anchor| anchor.kind == KIND).unwrap();
    let subject = Subject { kind: KIND, issuer, serial: parsed.serial(), crl_points: &[], ocsp_address: None };
    let folder = Folder::new();
    let first = ca.crl(KIND, noon() - hours(24), noon() + hours(1)).unwrap();
    folder.put("trust/crl/a.crl", &first);
    folder.put("trust/crl/notes.txt", b"no list");

    let lists = std::sync::Arc::new(Lists::of_folder(anchors.clone(), &folder.0.join("trust/crl")));
    let status = |now| lists.current().status(&subject, now).status;
    assert_eq!(status(noon()), Status::Good);
    assert_eq!(lists.look(), 0, "nothing is new");

    // Half a file, as a copy on its way leaves it.
    ca.revoke(KIND, &certificate, Reason::KeyCompromise, noon() - hours(2));
    let second = ca.crl(KIND, noon() - hours(1), noon() + hours(23)).unwrap();
    folder.put("trust/crl/a.crl", &second[..second.len() - 7]);
    assert_eq!(lists.look(), 1);
    assert!(matches!(lists.files()["a.crl"], ListFile::Broken(_)));
    assert_eq!(status(noon()), Status::Good, "the list from before still counts");
    let metrics = |lists: &std::sync::Arc<Lists>| {
        let mut text = String::new();
        Checking::new(lists.clone(), None).write_metrics(&mut text);
        text
    };
    assert!(metrics(&lists).contains("tegata_crl_files{state=\"broken\"} 1"), "{}", metrics(&lists));

    folder.put("trust/crl/a.crl", &second);
    assert_eq!(lists.look(), 1);
    assert_eq!(status(noon()), Status::Revoked { reason: Reason::KeyCompromise, at: noon() - hours(2) });
    let ends = (noon() + hours(23)).as_second();
    let line = format!("tegata_crl_next_update_timestamp_seconds{{kind=\"user_authentication\"}} {ends}");
    assert!(metrics(&lists).contains(&line) && metrics(&lists).contains("tegata_crl_files{state=\"broken\"} 0"), "{}", metrics(&lists));

    // Yesterday's list beside today's changes nothing, and is no fault; a list of another authority is.
    folder.put("trust/crl/b.crl", &first);
    folder.put("trust/crl/c.crl", &TestCa::new(noon()).unwrap().crl(KIND, noon(), noon() + hours(9)).unwrap());
    assert_eq!(lists.look(), 2);
    assert_eq!(lists.files()["b.crl"], ListFile::Older);
    assert!(matches!(lists.files()["c.crl"], ListFile::Broken(_)));
    std::fs::remove_file(folder.0.join("trust/crl/a.crl")).unwrap();
    lists.look();
    assert!(matches!(status(noon()), Status::Revoked { .. }), "what is known is not forgotten with the file");
}
