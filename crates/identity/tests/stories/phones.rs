use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use credential::{HolderKey, PublicKey};
use identity::{Error, PhoneEnd, PhoneEnded, PhoneRegistered};
use jiff::SignedDuration;
use store::{AccountId, Actor, Permission};

use crate::card::hanako;
use crate::{House, administrator, clerk, houses, nobody, refused};

struct Phone(EcdsaKeyPair);

impl Phone {
    fn new() -> Self {
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
    let mut ctx = house.begin(Actor::Holder(account)).await;
    let asked = identity::phone_challenge(&mut ctx, account).await?;
    let registered =
        identity::register_phone(&mut ctx, account, asked.id, &phone.jwk(), &phone.sign(&asked.message), "わたしの電話").await?;
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
        refused!(identity::register_phone(&mut ctx, account, asked.id, &phone.jwk(), &forged, "電話").await, Error::PhoneChallenge);
        // Used up by the try.
        let right = phone.sign(&asked.message);
        refused!(identity::register_phone(&mut ctx, account, asked.id, &phone.jwk(), &right, "電話").await, Error::PhoneChallenge);
        // Not a key, not a label.
        let asked = identity::phone_challenge(&mut ctx, account).await.unwrap();
        let right = phone.sign(&asked.message);
        refused!(identity::register_phone(&mut ctx, account, asked.id, "{\"kty\":\"RSA\"}", &right, "電話").await, Error::PhoneKey);
        refused!(identity::register_phone(&mut ctx, account, asked.id, &phone.jwk(), &right, " ").await, Error::Text { .. });
        // Another's account.
        refused!(identity::phone_challenge(&mut ctx, nobody()).await, Error::AccountNotFound);
        refused!(identity::register_phone(&mut ctx, nobody(), asked.id, &phone.jwk(), &right, "電話").await, Error::AccountNotFound);
        ctx.commit().await.unwrap();
        // Too late.
        house.pass(SignedDuration::from_mins(5));
        let mut ctx = house.begin(Actor::Holder(account)).await;
        refused!(identity::register_phone(&mut ctx, account, asked.id, &phone.jwk(), &right, "電話").await, Error::PhoneChallenge);
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
