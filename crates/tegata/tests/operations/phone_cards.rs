//! A card in phones needs a reader key of the town's own and an issuer that is trusted before anybody is asked for it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use store::{Clock as _, SystemClock};
use tegata::doctor::{Finding, Patient, State, examine};
use tegata::phone_cards;

use crate::helpers::{Folder, open, pack, send, town};

#[tokio::test]
async fn a_phone_card_is_offered_once_key_and_issuer_are_there() {
    let folder = Folder::new();
    let pack = pack("minamimaki");
    let db = store::testing::sqlite().await.unwrap();
    let offers = async || {
        let house = open(&folder, &db.address, town(&pack), Arc::new(SystemClock)).await;
        send(&house.router, Request::get("/start?lang=en").body(Body::empty()).unwrap())
            .await
            .body
            .contains("/start/phone-card/begin/phone-card")
    };
    let found = async |demo| {
        let patient = Patient { town: pack.clone(), data: folder.0.clone(), database: db.address.clone(), demo, now: SystemClock.now() };
        let mut findings = examine(&patient).await.into_iter();
        findings.find(|finding| finding.check == "phone_card").unwrap()
    };
    assert!(!offers().await);
    let Finding { state, says, .. } = found(true).await;
    assert_eq!((state, says.as_str()), (State::Notice, "phone-card is not offered: it has no reader key"));

    phone_cards::make_up(&town(&pack), &folder.0, "http://localhost:8080", SystemClock.now()).unwrap();
    assert!(offers().await);
    assert_eq!(found(true).await.state, State::Good);
    // In earnest the demonstration's issuer counts for nothing, and the pack names no other.
    let Finding { state, says, .. } = found(false).await;
    assert_eq!((state, says.as_str()), (State::Notice, "phone-card is not offered: no issuer is trusted"));

    let key = std::fs::read(folder.0.join("keys/phone-card-phone-card.pk8")).unwrap();
    phone_cards::make_up(&town(&pack), &folder.0, "http://localhost:8080", SystemClock.now()).unwrap();
    assert_eq!(std::fs::read(folder.0.join("keys/phone-card-phone-card.pk8")).unwrap(), key, "a key that is there stays");
    // The certificate of another key.
    folder.put("keys/phone-card-phone-card.pk8", &identity::jose::make_es256().unwrap());
    let Finding { state, says, .. } = found(true).await;
    assert_eq!(state, State::Fault);
    assert!(says.starts_with("phone-card-phone-card.pk8, phone-card-phone-card.crt: "), "{says}");
}
