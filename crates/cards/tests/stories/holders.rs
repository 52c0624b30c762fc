//! As many as allowed, the entitled person first; and phones that were ended.

use cards::{Ended, Error, How};
use identity::{PhoneEnd, SessionOwner};
use store::Actor;

use crate::{BATH, CHILD, FATHER, GRANDMOTHER, MOTHER, PASS, YOUTH, houses};

#[tokio::test]
async fn a_card_held_by_as_many_as_allowed_locks_nobody_out() {
    for house in houses().await {
        let other = house.holder(MOTHER).await;
        let (first, second) = (house.holder(GRANDMOTHER).await, house.holder(GRANDMOTHER).await);
        let held = house.held(&first, BATH, GRANDMOTHER).await;
        // The same person, proven on a second phone into another account: one place, and it is taken.
        assert!(house.card(&second, BATH, GRANDMOTHER).await.is_none());
        assert!(house.card(&second, PASS, GRANDMOTHER).await.is_some(), "the other cards are there");

        let mut ctx = house.begin(Actor::Holder(second.account)).await;
        let taken = cards::places_taken(&mut ctx).await.unwrap();
        assert_eq!(taken.iter().map(|taken| taken.programme.as_str()).collect::<Vec<_>>(), [BATH]);
        assert_eq!(taken[0].holders.len(), 1);
        // Nobody else may free it.
        ctx.actor = Actor::Holder(other.account);
        assert!(matches!(cards::make_room(&mut ctx, taken[0].holders[0].holding).await, Err(Error::NoSuchCard)));
        ctx.actor = Actor::Holder(second.account);
        cards::make_room(&mut ctx, taken[0].holders[0].holding).await.unwrap();
        ctx.commit().await.unwrap();

        assert!(house.card(&second, BATH, GRANDMOTHER).await.unwrap().is_live());
        assert!(house.refusal(&first, &held, "bath-yunosawa").await.is_some(), "the place went over");
        let before = house.card(&first, BATH, GRANDMOTHER).await.unwrap();
        assert_eq!(before.holding.ended_why, Some(Ended::MadeRoom));
    }
}

#[tokio::test]
async fn the_entitled_person_comes_before_guardians() {
    for house in houses().await {
        let (mother, father, child) = (house.holder(MOTHER).await, house.holder(FATHER).await, house.holder(CHILD).await);
        assert!(house.card(&mother, PASS, CHILD).await.unwrap().is_live());
        house.pass(jiff::SignedDuration::from_secs(1));
        assert!(house.card(&father, PASS, CHILD).await.unwrap().is_live());
        house.pass(jiff::SignedDuration::from_secs(1));

        // Two places, both taken by the parents: the newer makes room.
        assert_eq!(house.card(&child, PASS, CHILD).await.unwrap().holding.how, How::Own);
        assert!(house.card(&mother, PASS, CHILD).await.unwrap().is_live());
        let his = house.card(&father, PASS, CHILD).await.unwrap();
        assert_eq!((his.is_live(), his.holding.ended_why), (false, Some(Ended::MadeRoom)));

        // The father sees everything else, and that the places are taken, without names.
        assert!(house.card(&father, YOUTH, CHILD).await.unwrap().is_live());
        let mut ctx = house.begin(Actor::Holder(father.account)).await;
        let taken = cards::places_taken(&mut ctx).await.unwrap();
        assert_eq!((taken.len(), taken[0].how, taken[0].holders.len()), (1, How::Guardian, 0));
    }
}

#[tokio::test]
async fn a_phone_that_was_ended_is_told_so_when_nobody_is_signed_in_and_does_not_come_back() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let held = house.held(&mother, YOUTH, CHILD).await;
        let mut ctx = house.begin(Actor::Anonymous).await;
        let session = identity::start_session(&mut ctx, SessionOwner::Holder(mother.account), "電話").await.unwrap();
        cards::asks_from(&mut ctx, None, mother.phone).await.unwrap();
        ctx.actor = Actor::Holder(mother.account);
        cards::asks_from(&mut ctx, Some(session.id), mother.phone).await.unwrap();
        identity::end_phone(&mut ctx, mother.phone, PhoneEnd::Lost).await.unwrap();
        ctx.commit().await.unwrap();

        let mut ctx = house.begin(Actor::Anonymous).await;
        assert!(identity::actor_of(&mut ctx, &session.token).await.unwrap().is_none(), "the session went with the phone");
        assert!(matches!(cards::asks_from(&mut ctx, None, mother.phone).await, Err(Error::PhoneEnded)));
        // Proven anew, but with the old key: that is for the person to give up, not for the page.
        let fresh = identity::start_session(&mut ctx, SessionOwner::Holder(mother.account), "電話").await.unwrap();
        ctx.actor = Actor::Holder(mother.account);
        assert!(matches!(cards::asks_from(&mut ctx, Some(fresh.id), mother.phone).await, Err(Error::NoSuchPhone)));
        drop(ctx);
        assert_eq!(house.refusal(&mother, &held, "clinic").await, Some(credential::Refusal::PhoneRevoked));
    }
}
