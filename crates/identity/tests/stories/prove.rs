use identity::{AccountProven, Assurance, Error, Level, ProofInput, ProofKind, ProofState, StationRead};
use jiff::SignedDuration;
use jpki::revocation::Unknown;
use jpki::{Purpose, Reason, Refusal, Status};
use store::{Actor, Match};

use crate::card::{Says, hanako, taro};
use crate::{Finds, House, clerk, houses, nobody, refused};

async fn asked(house: &House, actor: Actor) -> identity::ProofSession {
    let mut ctx = house.begin(actor).await;
    let session = identity::begin_proof(&mut ctx, &house.settings, Purpose::Register, None).await.unwrap();
    ctx.commit().await.unwrap();
    session
}

async fn complete(
    house: &House,
    actor: Actor,
    id: identity::ProofSessionId,
    input: ProofInput,
    says: Status,
) -> identity::Result<identity::Proven> {
    let mut ctx = house.begin(actor).await;
    let proven =
        identity::complete_proof(&mut ctx, &house.settings, &Finds(Match::None), id, input, &house.cards.verifier(), &Says(says)).await?;
    ctx.commit().await?;
    Ok(proven)
}

#[tokio::test]
async fn a_person_proves_who_they_are_and_claims_the_account_once() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let session = asked(&house, Actor::Anonymous).await;

        let mut ctx = house.begin(Actor::Anonymous).await;
        let at_reader = identity::proof_asked(&mut ctx, &session.code.to_lowercase()).await.unwrap();
        assert_eq!(at_reader.challenge, session.challenge);
        assert_eq!(identity::proof_state(&mut ctx, session.id, &session.secret).await.unwrap(), ProofState::Waiting);
        refused!(identity::claim_proof(&mut ctx, session.id, &session.secret).await, Error::ProofWaiting);
        drop(ctx);

        let proven = complete(&house, Actor::Anonymous, session.id, card.sign(&at_reader.challenge), Status::Good).await.unwrap();
        assert!(proven.opened());
        assert_eq!(proven.account().name, "青空　花子");
        assert_eq!(proven.account().date_of_birth.unwrap().to_string(), "1980-02-17");
        assert_eq!(proven.account().assurance, Assurance::Signature);
        assert!(proven.account().assurance.meets(town::Proof::Jpki));

        let mut ctx = house.begin(Actor::Anonymous).await;
        assert_eq!(identity::proof_state(&mut ctx, session.id, &session.secret).await.unwrap(), ProofState::Ready);
        refused!(identity::claim_proof(&mut ctx, session.id, "another secret").await, Error::ProofNotFound);
        let account = identity::claim_proof(&mut ctx, session.id, &session.secret).await.unwrap();
        assert_eq!(account, proven.account().id);
        refused!(identity::claim_proof(&mut ctx, session.id, &session.secret).await, Error::ProofReplayed);
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let proofs = identity::proofs_of(&mut ctx, account).await.unwrap();
        assert_eq!(proofs.len(), 1);
        assert_eq!((proofs[0].kind, proofs[0].ial, proofs[0].aal), (ProofKind::Signature, Level::Three, Level::Three));
        assert!(proofs[0].evidence.contains("\"source\":\"crl\""), "{}", proofs[0].evidence);
        assert_eq!(identity::account(&mut ctx, account).await.unwrap(), *proven.account());
        refused!(identity::account(&mut ctx, nobody()).await, Error::AccountNotFound);
    }
}

#[tokio::test]
async fn nothing_of_the_person_is_told_to_events_audit_or_evidence() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let proven = house.prove(Actor::Anonymous, &card).await.unwrap();
        let told = house.told().await;
        for personal in ["青空", "花子", "本村", "1980", "0217"] {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
        assert_eq!(house.events(AccountProven::KIND).await.len(), 1);
        assert_eq!(house.audited(&proven.account().id.to_string()).await, ["account.proven"]);
    }
}

#[tokio::test]
async fn the_same_card_and_a_renewed_card_find_the_same_account() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let first = house.prove(Actor::Anonymous, &card).await.unwrap();
        let again = house.prove(Actor::Anonymous, &card).await.unwrap();
        assert_eq!((again.account().id, again.opened()), (first.account().id, false));
        // New serial, new key, the same four items, the address written otherwise.
        let mut written_otherwise = hanako();
        written_otherwise.address = "青空村本村12-3".to_owned();
        let renewed = house.cards.issue(written_otherwise);
        let renewed = house.prove(Actor::Anonymous, &renewed).await.unwrap();
        assert_eq!((renewed.account().id, renewed.opened()), (first.account().id, false));
        let other = house.cards.issue(taro());
        assert_ne!(house.prove(Actor::Anonymous, &other).await.unwrap().account().id, first.account().id);
    }
}

#[tokio::test]
async fn after_a_move_the_signed_in_person_keeps_the_account_and_nobody_else_can_take_it() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let first = house.prove(Actor::Anonymous, &card).await.unwrap();
        let mut moved = hanako();
        moved.address = "青空村大字湯ノ沢９番地".to_owned();
        let moved = house.cards.issue(moved);
        let after = house.prove(Actor::Holder(first.account().id), &moved).await.unwrap();
        assert_eq!(after.account().id, first.account().id);
        assert_ne!(after.keys().unwrap().four_items, first.keys().unwrap().four_items);
        assert_eq!(after.keys().unwrap().three_items, first.keys().unwrap().three_items);
        let other = house.cards.issue(taro());
        refused!(house.prove(Actor::Holder(first.account().id), &other).await, Error::OtherPerson);
    }
}

#[tokio::test]
async fn a_light_account_becomes_the_persons_own() {
    for mut house in houses().await {
        let mut ctx = house.begin(Actor::Anonymous).await;
        let light = identity::start_light_account(&mut ctx, "祖母").await.unwrap();
        refused!(identity::start_light_account(&mut ctx, "123456789018").await, Error::Text { .. });
        ctx.commit().await.unwrap();
        assert_eq!(light.assurance, Assurance::None);
        assert!(!light.assurance.meets(town::Proof::Counter));
        // Somebody may have left a browser of this account behind for the person to prove themselves in.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let planted = identity::start_session(&mut ctx, identity::SessionOwner::Holder(light.id), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        let card = house.cards.issue(hanako());
        let proven = house.prove(Actor::Holder(light.id), &card).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        assert!(identity::actor_of(&mut ctx, &planted.token).await.unwrap().is_none(), "it is nobody's any more");
        drop(ctx);
        assert_eq!((proven.account().id, proven.opened(), proven.account().assurance), (light.id, false, Assurance::Signature));
        assert_eq!(proven.account().name, "青空　花子");
    }
}

#[tokio::test]
async fn each_refusal_of_a_card_is_its_own_and_leaves_the_question_open() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let session = asked(&house, Actor::Anonymous).await;
        let at = crate::start();
        let revoked = |reason| Status::Revoked { reason, at };
        let cases = [
            (revoked(Reason::AffiliationChanged), "details_changed"),
            (revoked(Reason::KeyCompromise), "certificate_revoked"),
            (Status::Unknown(Unknown::Unreachable), "revocation_unknown"),
        ];
        for (says, code) in cases {
            let error = complete(&house, Actor::Anonymous, session.id, card.sign(&session.challenge), says).await.unwrap_err();
            assert_eq!(error.code(), code);
            let mut ctx = house.begin(Actor::Anonymous).await;
            identity::note_refusal(&mut ctx, session.id, &error).await.unwrap();
            let state = identity::proof_state(&mut ctx, session.id, &session.secret).await.unwrap();
            assert_eq!(state, ProofState::Refused { code: code.to_owned() });
            ctx.commit().await.unwrap();
        }
        // The other certificate in place of this one.
        let ProofInput::UserAuth { certificate, signature, .. } = card.answer(&session.challenge, None) else { unreachable!() };
        let wrong_kind = ProofInput::Signature { certificate, signature };
        refused!(complete(&house, Actor::Anonymous, session.id, wrong_kind, Status::Good).await, Error::Card(Refusal::WrongKind));
        // A card of another authority.
        let stranger = crate::card::Cards::new(at).issue(hanako());
        let strange = stranger.sign(&session.challenge);
        refused!(complete(&house, Actor::Anonymous, session.id, strange, Status::Good).await, Error::Card(Refusal::UnknownRoot));
        // An answer to another question.
        let other = asked(&house, Actor::Anonymous).await;
        let replayed = card.sign(&other.challenge);
        refused!(complete(&house, Actor::Anonymous, session.id, replayed, Status::Good).await, Error::Card(Refusal::BadSignature));
        assert!(complete(&house, Actor::Anonymous, session.id, card.sign(&session.challenge), Status::Good).await.is_ok());
    }
}

#[tokio::test]
async fn a_question_is_answered_once_and_in_time() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let session = asked(&house, Actor::Anonymous).await;
        complete(&house, Actor::Anonymous, session.id, card.sign(&session.challenge), Status::Good).await.unwrap();
        refused!(complete(&house, Actor::Anonymous, session.id, card.sign(&session.challenge), Status::Good).await, Error::ProofReplayed);
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::proof_asked(&mut ctx, &session.code).await, Error::ProofReplayed);
        refused!(identity::proof_asked(&mut ctx, "2222-2222").await, Error::ProofNotFound);
        refused!(identity::proof_asked(&mut ctx, "not a code").await, Error::ProofNotFound);
        drop(ctx);

        let late = asked(&house, Actor::Anonymous).await;
        house.pass(SignedDuration::from_mins(10));
        refused!(complete(&house, Actor::Anonymous, late.id, card.sign(&late.challenge), Status::Good).await, Error::ProofExpired);
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::proof_asked(&mut ctx, &late.code).await, Error::ProofExpired);
        refused!(identity::proof_state(&mut ctx, late.id, &late.secret).await, Error::ProofExpired);
        refused!(identity::claim_proof(&mut ctx, late.id, &late.secret).await, Error::ProofExpired);
        // What was answered in time may be claimed a little later, not for ever.
        house.pass(SignedDuration::from_mins(11));
        drop(ctx);
        let mut ctx = house.begin(Actor::Anonymous).await;
        refused!(identity::claim_proof(&mut ctx, session.id, &session.secret).await, Error::ProofExpired);
        drop(ctx);
        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(identity::forget_expired(&mut ctx).await.unwrap(), 2);
        refused!(identity::claim_proof(&mut ctx, session.id, &session.secret).await, Error::ProofNotFound);
        drop(ctx);
        let mut ctx = house.begin(clerk()).await;
        assert!(identity::forget_expired(&mut ctx).await.unwrap_err().forbidden().is_some());
    }
}

#[tokio::test]
async fn the_sign_in_certificate_tells_who_it_is_only_through_a_station() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let (station, place) = crate::devices::enrolled(&house, identity::DeviceKind::Station, "snow-office").await;
        let at_station = Actor::Station(place.clone(), station);
        let read = |four_information| Some(StationRead { station, four_information });

        let session = asked(&house, Actor::Anonymous).await;
        let alone = card.answer(&session.challenge, None);
        refused!(complete(&house, Actor::Anonymous, session.id, alone, Status::Good).await, Error::UnknownCard);
        let from_anywhere = card.answer(&session.challenge, read(card.four_information()));
        refused!(complete(&house, Actor::Anonymous, session.id, from_anywhere.clone(), Status::Good).await, Error::StationNeeded);
        let (other, _) = crate::devices::enrolled(&house, identity::DeviceKind::Station, "snow-office").await;
        let (verifier, _) = crate::devices::enrolled(&house, identity::DeviceKind::Verifier, "snow-office").await;
        let (far, elsewhere) = crate::devices::enrolled(&house, identity::DeviceKind::Station, "clinic").await;
        // Neither a counter's tablet at the same place, nor another station, nor a tablet that calls itself one.
        for caller in [
            Actor::Verifier(place.clone()),
            Actor::Station(place.clone(), other),
            Actor::Station(elsewhere, far),
            Actor::Station(place.clone(), verifier),
        ] {
            refused!(complete(&house, caller, session.id, from_anywhere.clone(), Status::Good).await, Error::StationNeeded);
        }
        let as_itself = card.answer(&session.challenge, Some(StationRead { station: verifier, four_information: card.four_information() }));
        let tablet = Actor::Station(place, verifier);
        refused!(complete(&house, tablet, session.id, as_itself, Status::Good).await, Error::StationNeeded);
        let garbled = card.answer(&session.challenge, read(vec![0xFF, 0x20, 0x01]));
        refused!(complete(&house, at_station.clone(), session.id, garbled, Status::Good).await, Error::FourInformation(_));

        let proven = complete(&house, at_station.clone(), session.id, from_anywhere, Status::Good).await.unwrap();
        assert_eq!((proven.opened(), proven.account().assurance), (true, Assurance::UserAuth));
        let account = proven.account().id;

        // From now on the certificate alone signs in, anywhere.
        let session = asked(&house, Actor::Anonymous).await;
        let signed_in = complete(&house, Actor::Anonymous, session.id, card.answer(&session.challenge, None), Status::Good).await.unwrap();
        assert_eq!((signed_in.account().id, signed_in.opened()), (account, false));
        assert!(signed_in.keys().is_none());
        assert_eq!(signed_in.account().name, "青空　花子");

        // A signature later makes the same account surer.
        let session = asked(&house, Actor::Anonymous).await;
        let surer = complete(&house, Actor::Anonymous, session.id, card.sign(&session.challenge), Status::Good).await.unwrap();
        assert_eq!((surer.account().id, surer.account().assurance), (account, Assurance::Signature));

        // What a station reads no longer replaces what was signed, even from the very card.
        let session = asked(&house, Actor::Anonymous).await;
        let weaker = card.answer(&session.challenge, read(house.cards.issue(taro()).four_information()));
        let weaker = complete(&house, at_station.clone(), session.id, weaker, Status::Good).await.unwrap();
        assert_eq!((weaker.account().id, weaker.account().name.as_str()), (account, "青空　花子"));
        assert!(weaker.keys().is_none() && weaker.items().is_none());

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let levels: Vec<_> = identity::proofs_of(&mut ctx, account).await.unwrap().into_iter().map(|proof| proof.ial).collect();
        assert_eq!(levels.iter().filter(|level| **level == Level::Two).count(), 3);
        drop(ctx);

        // An ended station is believed no longer.
        let mut ctx = house.begin(clerk()).await;
        identity::end_device(&mut ctx, station).await.unwrap();
        ctx.commit().await.unwrap();
        let session = asked(&house, Actor::Anonymous).await;
        let input = card.answer(&session.challenge, read(card.four_information()));
        refused!(complete(&house, at_station, session.id, input, Status::Good).await, Error::StationNeeded);
    }
}
