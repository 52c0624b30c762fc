use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use credential::{HolderKey, PublicKey};
use identity::{Error, PhoneEnd, PhoneEnded, PhoneRegistered, SessionId, SessionOwner, Started};
use jiff::SignedDuration;
use store::{AccountId, Actor, Permission};

use crate::card::hanako;
use crate::{House, administrator, clerk, houses, nobody, refused};

pub(crate) struct Phone(EcdsaKeyPair);

impl Phone {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> String {
        serde_json::to_string(&HolderKey(PublicKey::from_uncompressed(self.0.public_key().as_ref()).unwrap())).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

async fn register(house: &House, account: AccountId, phone: &Phone) -> identity::Result<identity::Phone> {
    register_in(house, account, None, phone).await
}

pub(crate) async fn register_in(
    house: &House,
    account: AccountId,
    session: Option<SessionId>,
    phone: &Phone,
) -> identity::Result<identity::Phone> {
    let mut ctx = house.begin(Actor::Holder(account)).await;
    let asked = identity::phone_challenge(&mut ctx, account).await?;
    let registered =
        identity::register_phone(&mut ctx, account, session, asked.id, &phone.jwk(), &phone.sign(&asked.message), "わたしの電話").await?;
    ctx.commit().await?;
    Ok(registered)
}

#[tokio::test]
async fn a_phone_is_bound_once_and_ended_for_good() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let phone = Phone::new();
        let registered = register(&house, account, &phone).await.unwrap();
        assert_eq!(registered.thumbprint, identity::thumbprint(&registered.key));
        refused!(register(&house, account, &phone).await, Error::PhoneKnown);
        register(&house, account, &Phone::new()).await.unwrap();

        let mut ctx = house.begin(Actor::Holder(account)).await;
        assert_eq!(identity::phones_of(&mut ctx, account).await.unwrap().len(), 2);
        assert_eq!(identity::phone(&mut ctx, registered.id).await.unwrap().as_ref(), Some(&registered));
        assert!(identity::phones_of(&mut ctx, nobody()).await.unwrap_err().forbidden().is_some());
        identity::end_phone(&mut ctx, registered.id, PhoneEnd::Lost).await.unwrap();
        identity::end_phone(&mut ctx, registered.id, PhoneEnd::Lost).await.unwrap();
        ctx.commit().await.unwrap();
        refused!(register(&house, account, &phone).await, Error::PhoneKnown);

        let mut ctx = house.begin(Actor::System).await;
        assert!(identity::phone(&mut ctx, registered.id).await.unwrap().unwrap().ended_at.is_some());
        drop(ctx);
        assert_eq!((house.events(PhoneRegistered::KIND).await.len(), house.events(PhoneEnded::KIND).await.len()), (2, 1));
        assert_eq!(house.audited(&account.to_string()).await, ["account.proven", "phone.registered", "phone.registered", "phone.ended"]);
    }
}

#[tokio::test]
async fn a_phone_that_does_not_answer_its_own_question_is_refused() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let (phone, other) = (Phone::new(), Phone::new());
        let mut ctx = house.begin(Actor::Holder(account)).await;
        // Signed by another key.
        let asked = identity::phone_challenge(&mut ctx, account).await.unwrap();
        let forged = other.sign(&asked.message);
        refused!(identity::register_phone(&mut ctx, account, None, asked.id, &phone.jwk(), &forged, "電話").await, Error::PhoneChallenge);
        // Used up by the try.
        let right = phone.sign(&asked.message);
        refused!(identity::register_phone(&mut ctx, account, None, asked.id, &phone.jwk(), &right, "電話").await, Error::PhoneChallenge);
        // Not a key, not a label.
        let asked = identity::phone_challenge(&mut ctx, account).await.unwrap();
        let right = phone.sign(&asked.message);
        refused!(identity::register_phone(&mut ctx, account, None, asked.id, "{\"kty\":\"RSA\"}", &right, "電話").await, Error::PhoneKey);
        refused!(identity::register_phone(&mut ctx, account, None, asked.id, &phone.jwk(), &right, " ").await, Error::Text { .. });
        // Another's account.
        refused!(identity::phone_challenge(&mut ctx, nobody()).await, Error::AccountNotFound);
        refused!(identity::register_phone(&mut ctx, nobody(), None, asked.id, &phone.jwk(), &right, "電話").await, Error::AccountNotFound);
        ctx.commit().await.unwrap();
        // Too late.
        house.pass(SignedDuration::from_mins(5));
        let mut ctx = house.begin(Actor::Holder(account)).await;
        refused!(identity::register_phone(&mut ctx, account, None, asked.id, &phone.jwk(), &right, "電話").await, Error::PhoneChallenge);
        drop(ctx);
        let mut ctx = house.begin(clerk()).await;
        assert_eq!(identity::phone_challenge(&mut ctx, account).await.unwrap_err().forbidden(), Some(Permission::OwnAccount));
    }
}

#[tokio::test]
async fn another_holder_cannot_end_a_phone_but_a_clerk_can() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let phone = register(&house, account, &Phone::new()).await.unwrap();
        let mut ctx = house.begin(Actor::Holder(nobody())).await;
        refused!(identity::end_phone(&mut ctx, phone.id, PhoneEnd::Lost).await, Error::PhoneNotFound);
        drop(ctx);
        let mut ctx = house.begin(administrator()).await;
        assert_eq!(
            identity::end_phone(&mut ctx, phone.id, PhoneEnd::EndedByTown).await.unwrap_err().forbidden(),
            Some(Permission::EndCard)
        );
        drop(ctx);
        let mut ctx = house.begin(clerk()).await;
        identity::end_phone(&mut ctx, phone.id, PhoneEnd::EndedByTown).await.unwrap();
        let unknown = identity::PhoneId::from_bytes([1; 16]);
        refused!(identity::end_phone(&mut ctx, unknown, PhoneEnd::EndedByTown).await, Error::PhoneNotFound);
        ctx.commit().await.unwrap();
    }
}

/// Signs a browser in, as after a proof.
async fn sign_in(house: &House, account: AccountId) -> Started {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let started = identity::start_session(&mut ctx, SessionOwner::Holder(account), "電話").await.unwrap();
    ctx.commit().await.unwrap();
    started
}

async fn signed_in(house: &House, session: &Started) -> bool {
    let mut ctx = house.begin(Actor::Anonymous).await;
    identity::actor_of(&mut ctx, &session.token).await.unwrap().is_some()
}

#[tokio::test]
async fn a_lost_phone_ends_with_everything_that_is_signed_in_on_it() {
    for by in [Actor::Holder(nobody()), clerk()] {
        for mut house in houses().await {
            let card = house.cards.issue(hanako());
            let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
            let (lost, kept, bare) = (sign_in(&house, account).await, sign_in(&house, account).await, sign_in(&house, account).await);
            let other = sign_in(&house, account).await;
            let phone = register_in(&house, account, Some(lost.id), &Phone::new()).await.unwrap();
            let tablet = register_in(&house, account, Some(kept.id), &Phone::new()).await.unwrap();

            // The person proved who they are again on the phone, so that it is signed in twice.
            let again = sign_in(&house, account).await;
            let mut ctx = house.begin(Actor::Holder(account)).await;
            identity::speak_for(&mut ctx, again.id, phone.id).await.unwrap();
            identity::speak_for(&mut ctx, again.id, phone.id).await.unwrap();
            // A session does not save itself by going over to a phone that stays.
            refused!(identity::speak_for(&mut ctx, lost.id, tablet.id).await, Error::PhoneNotFound);
            ctx.commit().await.unwrap();

            let by = if matches!(by, Actor::Holder(_)) { Actor::Holder(account) } else { by.clone() };
            let mut ctx = house.begin(by).await;
            identity::end_phone(&mut ctx, phone.id, PhoneEnd::Lost).await.unwrap();
            ctx.commit().await.unwrap();

            for session in [&lost, &again, &bare, &other] {
                assert!(!signed_in(&house, session).await, "who has the phone in hand is still signed in");
            }
            assert!(signed_in(&house, &kept).await, "the other phone must stay signed in");
            refused!(register_in(&house, account, Some(lost.id), &Phone::new()).await, Error::SessionNotFound);
            let fresh = sign_in(&house, account).await;
            let mut ctx = house.begin(Actor::Holder(account)).await;
            refused!(identity::speak_for(&mut ctx, fresh.id, phone.id).await, Error::PhoneNotFound);
        }
    }
}

#[tokio::test]
async fn a_browser_that_lost_its_key_replaces_its_phone_and_ends_with_the_new_one() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let session = sign_in(&house, account).await;
        let first = register_in(&house, account, Some(session.id), &Phone::new()).await.unwrap();
        let second = register_in(&house, account, Some(session.id), &Phone::new()).await.unwrap();

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let phones = identity::phones_of(&mut ctx, account).await.unwrap();
        let live: Vec<_> = phones.iter().filter(|phone| phone.ended_at.is_none()).map(|phone| phone.id).collect();
        assert_eq!((phones.len(), live), (2, vec![second.id]), "one browser, one phone");
        drop(ctx);
        assert!(house.events(PhoneEnded::KIND).await[0].contains(&first.id.to_string()), "what was bound to the first key ends");
        assert!(signed_in(&house, &session).await);

        let mut ctx = house.begin(Actor::Holder(account)).await;
        identity::end_phone(&mut ctx, second.id, PhoneEnd::Lost).await.unwrap();
        ctx.commit().await.unwrap();
        assert!(!signed_in(&house, &session).await);
    }
}
