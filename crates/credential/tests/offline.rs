//! A verifier that cannot reach the centre.
#![allow(clippy::unwrap_used)] // tests may

mod common;

use common::{IDX, NOW, Scene, Town, later, now, scene};
use credential::offline::{Knowledge, OfflineDecision, decide, questions};
use credential::{Refusal, Status, answer};
use jiff::Timestamp;

fn decided(text: &str, knowledge: &Knowledge, at: Timestamp, seen: &[String]) -> OfflineDecision {
    // as a place does: what it knows has been kept as text
    let knowledge: Knowledge = serde_json::from_str(&serde_json::to_string(knowledge).unwrap()).unwrap();
    decide(text, &knowledge, at, &answer(&questions(text, &knowledge)), seen)
}

#[test]
fn a_valid_card_gets_a_yes_with_what_the_place_may_see_and_how_old_the_knowledge_is() {
    let Scene { town, text, .. } = scene();
    let decision = decided(&text, &town.knowledge(&[]), now(), &[]);
    assert!(decision.accepted && decision.refusal.is_none());
    assert_eq!(decision.programme.as_deref(), Some("child-medical"));
    assert_eq!(decision.valid_until, Some("2027-03-31".parse().unwrap()));
    assert_eq!(decision.knowledge_age_s, 600);
    let shown: Vec<_> = decision.disclosed.iter().map(|shown| (shown.name.as_str(), shown.value.to_string())).collect();
    assert_eq!(shown, [("beneficiary_no", "1234567".into()), ("payer_no", "80020804".into())]);
    assert!(decision.missing.is_empty());
}

#[test]
fn the_place_sees_nothing_the_phone_opened_beyond_its_role_and_is_told_what_is_missing() {
    let Scene { town, phone, credential, disclosures, .. } = scene();
    let text = phone.present(&credential, &disclosures[1..], now(), [1; 8]).unwrap();
    let decision = decided(&text, &town.knowledge(&[]), now(), &[]);
    assert_eq!(decision.disclosed.iter().map(|shown| shown.name.as_str()).collect::<Vec<_>>(), ["payer_no"]);
    assert_eq!(decision.missing, ["beneficiary_no"]);
}

#[test]
fn a_card_ended_before_the_last_sync_gets_a_no_however_old_that_is() {
    let Scene { town, phone, credential, .. } = scene();
    let knowledge = town.knowledge(&[(IDX, Status::Invalid)]);
    for hours in [0, 71, 90, 24 * 20] {
        let at = later(hours * 3600);
        let text = phone.present(&credential, &[], at, [1; 8]).unwrap();
        let decision = decided(&text, &knowledge, at, &[]);
        assert_eq!(decision.refusal, Some(Refusal::Revoked), "{hours}");
        assert_eq!(decision.card, Some(credential.claims().card), "the log may name it");
        assert!(decision.disclosed.is_empty());
    }
}

#[test]
fn knowledge_beyond_its_limit_says_how_old_it_is() {
    let Scene { town, phone, credential, .. } = scene();
    let mut knowledge = town.knowledge(&[]);
    let at = |age_s: i64| later(age_s - 600);
    let ask = |knowledge: &Knowledge, age_s| {
        let text = phone.present(&credential, &[], at(age_s), [1; 8]).unwrap();
        let decision = decided(&text, knowledge, at(age_s), &[]);
        assert_eq!(decision.knowledge_age_s, age_s);
        decision.refusal
    };
    let limit = 72 * 3600;
    assert_eq!(ask(&knowledge, limit), None);
    assert_eq!(ask(&knowledge, limit + 1), Some(Refusal::KnowledgeTooOld { seconds: limit + 1 }));
    knowledge.place.accepts[0].max_age_s = Some(3600);
    assert_eq!(ask(&knowledge, 3600), None);
    assert_eq!(ask(&knowledge, 3601), Some(Refusal::KnowledgeTooOld { seconds: 3601 }));
    knowledge.place.accepts[0].max_age_s = Some(i64::MAX);
    assert_eq!(ask(&knowledge, limit + 1), Some(Refusal::KnowledgeTooOld { seconds: limit + 1 }), "a programme can only be stricter");
}

#[test]
fn without_a_list_that_can_be_trusted_there_is_no_yes() {
    let Scene { town, text, .. } = scene();
    let forged = Town::new("012345").knowledge(&[]).status_lists;
    let lists = [vec![], vec!["AAAA".to_owned()], vec!["!".to_owned()], forged];
    for status_lists in lists {
        let knowledge = Knowledge { status_lists, ..town.knowledge(&[]) };
        let decision = decided(&text, &knowledge, now(), &[]);
        assert_eq!(decision.refusal, Some(Refusal::KnowledgeTooOld { seconds: 600 }));
    }
}

#[test]
fn answers_count_in_their_order_and_a_missing_one_is_a_no() {
    let Scene { town, text, .. } = scene();
    let knowledge = town.knowledge(&[]);
    assert_eq!(questions(&text, &knowledge).len(), 3);
    let refusal = |answers: &[bool]| decide(&text, &knowledge, now(), answers, &[]).refusal;
    assert_eq!(refusal(&[true, true, true]), None);
    assert_eq!(refusal(&[]), Some(Refusal::BadIssuerSignature));
    assert_eq!(refusal(&[true, true]), Some(Refusal::CopiedCard));
    assert_eq!(refusal(&[true, false, true]), Some(Refusal::BadIssuerSignature));
    assert_eq!(refusal(&[true, true, false]), Some(Refusal::CopiedCard));
    assert_eq!(refusal(&[false, true, true]), Some(Refusal::KnowledgeTooOld { seconds: 600 }));
}

#[test]
fn what_was_shown_is_handed_out_to_remember_and_then_refused() {
    let Scene { town, text, .. } = scene();
    let knowledge = town.knowledge(&[]);
    let remember = decided(&text, &knowledge, now(), &[]).remember.unwrap();
    assert_eq!(remember.until, later(31));
    let again = decided(&text, &knowledge, later(5), &[remember.key]);
    assert_eq!(again.refusal, Some(Refusal::Replayed));
    assert_eq!(decided("TGT1:", &knowledge, now(), &[]).remember, None);
}

#[test]
fn a_place_refuses_programmes_it_does_not_take_part_in_and_towns_it_does_not_know() {
    let Scene { town, phone, text, .. } = scene();
    let mut knowledge = town.knowledge(&[]);
    knowledge.place.accepts[0].programme = "senior-pass".into();
    assert_eq!(decided(&text, &knowledge, now(), &[]).refusal, Some(Refusal::NotAcceptedHere));
    let neighbour = Town::new("543210");
    let (credential, _) = neighbour.issue(&phone);
    let theirs = phone.present(&credential, &[], now(), [1; 8]).unwrap();
    let decision = decided(&theirs, &town.knowledge(&[]), now(), &[]);
    assert_eq!(decision.refusal, Some(Refusal::OtherTown { town: neighbour.code }));
    assert_eq!((decision.card, decision.programme), (None, None), "nobody vouches for what it says");
}

#[test]
fn a_verifier_whose_clock_is_behind_the_centre_counts_no_negative_age() {
    let Scene { town, phone, credential, .. } = scene();
    let at = later(-3600);
    let text = phone.present(&credential, &[], at, [1; 8]).unwrap();
    assert_eq!(decided(&text, &town.knowledge(&[]), at, &[]).knowledge_age_s, 0);
}

#[test]
fn the_json_of_a_refusal_is_what_the_page_expects() {
    let Scene { town, text, .. } = scene();
    let decision = decided(&text, &town.knowledge(&[]), later(95), &[]);
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["accepted"], false);
    assert_eq!(json["refusal"], serde_json::json!({ "code": "stale", "seconds": 95 }));
    assert_eq!(serde_json::to_value(town.knowledge(&[])).unwrap()["synced_at"], "2026-11-23T01:50:00Z");
    assert_eq!(NOW, "2026-11-23T02:00:00Z");
}
