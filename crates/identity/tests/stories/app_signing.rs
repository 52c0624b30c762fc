//! The card signs by an identity app.

use identity::{AccountProven, AppRefusal, Assurance, Error, Level, ProofKind};
use jiff::SignedDuration;
use jpki::revocation::{Reason, Unknown};
use jpki::{Refusal, Sex, Status};
use serde_json::json;
use store::Actor;
use town::AppId;

use crate::apps::{begin, bring, bring_while, prove, reasons};
use crate::card::{Card, Cards, hanako, person, taro};
use crate::op::{Op, State, fixed, signs, signs_otherwise};
use crate::{House, ORIGIN, houses, refused, start};

/// A provider in whose app a card signs.
fn signing(card: &Card) -> Op {
    let op = Op::new(start());
    op.state().card = Some(card.signer());
    op
}

#[tokio::test]
async fn what_a_card_signs_by_an_app_proves_a_person_as_the_card_itself_does() {
    for mut house in houses().await {
        let card = house.cards.issue_rsa(hanako());
        let op = signing(&card);
        let apps = op.apps(ORIGIN);
        let proven = prove(&house, &op, &apps, Actor::Anonymous, &signs()).await.unwrap();
        let account = proven.account().id;
        assert!(proven.opened() && proven.keys().is_some());
        assert_eq!((proven.account().name.as_str(), proven.account().assurance), ("青空　花子", Assurance::Signature));
        house.pass(SignedDuration::from_mins(1));
        // The reader finds the account by the same certificate, and so does an app that spells everything otherwise.
        let read = house.prove(Actor::Anonymous, &card).await.unwrap();
        assert_eq!((read.account().id, read.opened(), read.keys()), (account, false, proven.keys()));
        house.pass(SignedDuration::from_mins(1));
        let again = prove(&house, &op, &apps, Actor::Anonymous, &signs_otherwise()).await.unwrap();
        assert_eq!((again.account().id, again.opened(), again.keys()), (account, false, proven.keys()));
        // Whom the card proved, the app may sign in from now on without it.
        op.state().told = json!({});
        assert_eq!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap().account().id, account);

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let proofs = identity::proofs_of(&mut ctx, account).await.unwrap();
        let (by_app, by_reader) = (&proofs[3], &proofs[2]);
        assert_eq!((by_app.kind, by_app.ial, by_app.aal), (ProofKind::AppSignature, Level::Three, Level::Three));
        assert_eq!((by_reader.kind, by_reader.until), (ProofKind::Signature, by_app.until), "it counts as long as the certificate");
        let evidence: serde_json::Value = serde_json::from_str(&by_app.evidence).unwrap();
        assert_eq!((evidence["app"].as_str(), evidence["signed"]["roots"].as_str()), (Some("signs"), Some("test")));
        assert!(evidence["signed"]["statement"].as_str().unwrap().starts_with("I am the one who asks.\n\n"));
        assert_eq!(evidence["signed"]["revocation"]["status"], "good");
        assert_eq!(evidence["signed"].as_object().unwrap().len(), 4, "neither signature nor certificate is kept");
    }
}

#[tokio::test]
async fn what_the_card_proved_the_app_finds() {
    for mut house in houses().await {
        let card = house.cards.issue_rsa(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let op = signing(&card);
        let apps = op.apps(ORIGIN);
        let proven = prove(&house, &op, &apps, Actor::Anonymous, &signs()).await.unwrap();
        assert_eq!((proven.account().id, proven.opened()), (account, false));
        // The card signed just now: services that ask for the card are told so.
        let mut ctx = house.begin(Actor::Anonymous).await;
        let session = identity::renew_session(&mut ctx, None, account, "x").await.unwrap();
        let signed_in = identity::signed_in(&mut ctx, session.id).await.unwrap();
        assert!(signed_in.is_some_and(|signed_in| signed_in.card_at.is_some()));
    }
}

#[tokio::test]
async fn what_is_signed_names_the_service_the_moment_and_the_question() {
    for house in houses().await {
        let card = house.cards.issue_rsa(hanako());
        let op = signing(&card);
        let apps = op.apps(ORIGIN);
        let begun = begin(&house, &apps, Actor::Anonymous, &signs()).await.unwrap();
        let statement = begun.statement.clone().unwrap();
        assert_eq!(statement, format!("I am the one who asks.\n\n{ORIGIN}\n2026-11-23T12:00:00+09:00\n{}", begun.id));
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, statement.as_bytes());
        assert_eq!(op.state().transactions, [hash.as_ref()], "the provider learns its hash alone");
        assert!(begun.address.ends_with("&sign_transaction_id=tx-0") && begun.address.contains("&scope=openid+sign&"), "{}", begun.address);
        assert_eq!(begin(&house, &apps, Actor::Anonymous, &fixed()).await.unwrap().statement, None);

        let answer = op.agree(&begun.address);
        bring(&house, &apps, &signs(), &answer, Some(&begun.secret)).await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        let kept = "select statement, sign_transaction from identity_app_question where account is not null";
        let kept: Vec<(Option<String>, Option<String>)> = ctx.tx().query(kept, &[]).await.unwrap();
        assert_eq!(kept, [(None, None)], "they were needed once");
    }
}

/// Signs by an app whose provider or card is bent in one way; gives the refusal's code, and sees that it was recorded and proved nobody.
async fn bent_signing(house: &House, card: &Card, app: &AppId, says: Status, bend: impl FnOnce(&mut State)) -> &'static str {
    let op = signing(card);
    let apps = op.apps(ORIGIN);
    let begun = begin(house, &apps, Actor::Anonymous, app).await.unwrap();
    let answer = op.agree(&begun.address);
    bend(&mut op.state());
    let before = (reasons(house).await.len(), house.events(AccountProven::KIND).await.len());
    let Err(refused) = bring_while(house, &apps, app, &answer, Some(&begun.secret), says).await else { panic!("not refused") };
    assert_eq!(reasons(house).await[before.0..], [refused.code()]);
    refused!(bring(house, &apps, app, &answer, Some(&begun.secret)).await, Error::ProofReplayed);
    assert_eq!(house.events(AccountProven::KIND).await.len(), before.1);
    refused.code()
}

#[tokio::test]
async fn what_is_wrong_with_what_a_card_signed_is_said_and_recorded() {
    for house in houses().await {
        let (card, other) = (house.cards.issue_rsa(hanako()), house.cards.issue_rsa(taro()));
        let strangers = Cards::new(start());
        let refused = async |bend: &dyn Fn(&mut State)| bent_signing(&house, &card, &signs(), Status::Good, bend).await;
        let another_hash = |op: &mut State| op.transactions[0] = vec![7; 32];
        assert_eq!(refused(&another_hash).await, "bad_signature", "another document");
        let (key, certificate) = (other.signer().0, card.signer().1);
        assert_eq!(refused(&|op| op.card = Some((key.clone(), certificate.clone()))).await, "bad_signature", "another's key");
        assert_eq!(refused(&|op| op.card = Some(card.other_signer())).await, "wrong_kind");
        assert_eq!(refused(&|op| op.card = Some(strangers.issue_rsa(hanako()).signer())).await, "unknown_root");
        assert_eq!(refused(&|op| op.card = Some((key.clone(), vec![7; 40]))).await, "certificate_not_accepted");
        // A card of the next generation signs no SHA-256: nothing is known of how an app would have it sign.
        assert_eq!(refused(&|op| op.card = Some(house.cards.issue(hanako()).signer())).await, "bad_signature");
        let revoked = |reason| Status::Revoked { reason, at: start() };
        for (says, code) in [
            (revoked(Reason::KeyCompromise), "certificate_revoked"),
            (revoked(Reason::AffiliationChanged), "details_changed"),
            (Status::Unknown(Unknown::NoList), "revocation_unknown"),
        ] {
            assert_eq!(bent_signing(&house, &card, &signs(), says, |_| {}).await, code);
        }
    }
}

#[tokio::test]
async fn a_result_that_is_not_this_questions_or_not_this_towns_is_not_taken() {
    for house in houses().await {
        let card = house.cards.issue_rsa(hanako());
        let stranger = jwe::ResponseKey::generate().unwrap().jwk();
        type Bend<'a> = &'a dyn Fn(&mut State);
        let bends: [(Bend<'_>, &str); 9] = [
            (&|op| op.agreed = None, "app_result"),
            (&|op| op.agreed = Some(1), "app_result"),
            (&|op| op.status = Some(("/result", 403)), "app_result"),
            (&|op| op.silent = Some("/result"), "app_away"),
            (&|op| op.status = Some(("/result", 503)), "app_away"),
            (&|op| op.sealed_to = Some(stranger.clone()), "app_sealed"),
            (&|op| op.result = Some(json!({ "result": "a..b.c.d" })), "app_sealed"),
            (&|op| op.signed = json!({ "signature": null }), "app_result"),
            (&|op| op.signed = json!({ "certificate": "?" }), "app_result"),
        ];
        for (bend, code) in bends {
            assert_eq!(bent_signing(&house, &card, &signs(), Status::Good, bend).await, code);
        }

        // What was signed for one question is worth nothing for the next.
        let op = signing(&card);
        let apps = op.apps(ORIGIN);
        let first = begin(&house, &apps, Actor::Anonymous, &signs()).await.unwrap();
        op.agree(&first.address);
        let second = begin(&house, &apps, Actor::Anonymous, &signs()).await.unwrap();
        let answer = op.agree(&second.address);
        op.state().transactions.swap(0, 1);
        refused!(bring(&house, &apps, &signs(), &answer, Some(&second.secret)).await, Error::Card(Refusal::BadSignature));
        // A question that was asked before the pack had the card sign is none of these.
        let third = begin(&house, &apps, Actor::Anonymous, &signs()).await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        ctx.tx().execute("update identity_app_question set statement = null", &[]).await.unwrap();
        ctx.commit().await.unwrap();
        let answer = op.agree(&third.address);
        refused!(bring(&house, &apps, &signs(), &answer, Some(&third.secret)).await, Error::App(AppRefusal::Transaction));
    }
}

#[tokio::test]
async fn the_one_who_signs_is_the_one_the_provider_speaks_of() {
    for mut house in houses().await {
        let (card, twin) = (house.cards.issue_rsa(hanako()), person("青空　月子", "青空村大字本村１２番地３", "19800217", Sex::Female));
        // The items are hers, the card is another's: of another name, or another birthday.
        for other in [twin.clone(), taro()] {
            let other = house.cards.issue_rsa(other);
            assert_eq!(bent_signing(&house, &other, &signs_otherwise(), Status::Good, |_| {}).await, "app_signer");
        }
        // Without items, by the accounts both lead to.
        let op = signing(&card);
        op.state().told = json!({});
        let apps = op.apps(ORIGIN);
        prove(&house, &op, &apps, Actor::Anonymous, &signs()).await.unwrap();
        let twin = house.cards.issue_rsa(twin);
        let hers = house.prove(Actor::Anonymous, &twin).await.unwrap().account().id;
        op.state().card = Some(twin.signer());
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &signs()).await, Error::App(AppRefusal::Signer));
        op.state().card = Some(house.cards.issue_rsa(taro()).signer());
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &signs()).await, Error::OtherPerson);
        // And nobody signs for who is signed in as somebody else.
        op.state().card = Some(card.signer());
        refused!(prove(&house, &op, &apps, Actor::Holder(hers), &signs()).await, Error::OtherPerson);
    }
}

#[tokio::test]
async fn nobody_is_asked_to_sign_where_no_transaction_begins() {
    for house in houses().await {
        let card = house.cards.issue_rsa(hanako());
        type Bend = fn(&mut State);
        let bends: [(Bend, AppRefusal); 5] = [
            (|op| op.silent = Some("/sign-transactions"), AppRefusal::Away),
            (|op| op.status = Some(("/sign-transactions", 503)), AppRefusal::Away),
            (|op| op.status = Some(("/sign-transactions", 403)), AppRefusal::Transaction),
            (|op| op.status = Some(("/sign-transactions", 200)), AppRefusal::Transaction),
            (|op| op.status = Some(("/token", 401)), AppRefusal::Provider),
        ];
        for (bend, why) in bends {
            let op = signing(&card);
            let apps = op.apps(ORIGIN);
            bend(&mut op.state());
            let Err(Error::App(refusal)) = begin(&house, &apps, Actor::Anonymous, &signs()).await else { panic!("not refused") };
            assert_eq!(refusal, why);
        }
    }
}
