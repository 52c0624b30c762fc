//! A card is signed anew long before its end, and its place in the status list comes back after it.

use cards::{Error, Held};
use civil::Timestamp;
use credential::Refusal;
use identity::PhoneEnd;
use store::Actor;
use store::testing::databases;

use crate::{CHILD, FATHER, Holder, House, MOTHER, YOUTH, houses};

async fn told_back(house: &House, holder: &Holder, answered_at: Timestamp) {
    let mut ctx = house.begin(Actor::Holder(holder.account)).await;
    cards::phone_has(&mut ctx, holder.phone, answered_at).await.unwrap();
    ctx.commit().await.unwrap();
}

/// The card before and after it was renewed; the answer with the new one was on its way.
async fn renewed(house: &House, mother: &Holder) -> (Held, Timestamp, Held) {
    let old = house.held(mother, YOUTH, CHILD).await;
    let answered = house.now();
    house.days(16);
    let new = house.held(mother, YOUTH, CHILD).await;
    assert_ne!(old.id, new.id, "sixteen days before its end a card is renewed");
    assert_eq!(house.held(mother, YOUTH, CHILD).await.id, new.id, "one live card for each phone");
    (old, answered, new)
}

#[tokio::test]
async fn the_card_in_the_phone_stays_good_until_the_new_one_was_seen() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let (old, answered, new) = renewed(&house, &mother).await;
        // The answer was lost: the phone has the old one and says so with the answer it kept.
        assert_eq!(house.refusal(&mother, &old, "clinic").await, None);
        told_back(&house, &mother, answered).await;
        assert_eq!(house.refusal(&mother, &old, "clinic").await, None);
        // The next answer arrives.
        told_back(&house, &mother, house.now()).await;
        assert_eq!(house.refusal(&mother, &old, "clinic").await, Some(Refusal::Revoked));
        assert_eq!(house.refusal(&mother, &new, "clinic").await, None);
    }
}

#[tokio::test]
async fn showing_the_new_card_ends_the_old_one() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let (old, _, new) = renewed(&house, &mother).await;
        assert_eq!(house.refusal(&mother, &old, "clinic").await, None);
        assert_eq!(house.refusal(&mother, &new, "clinic").await, None);
        assert_eq!(house.refusal(&mother, &old, "clinic").await, Some(Refusal::Revoked));
    }
}

#[tokio::test]
async fn what_ends_a_card_ends_the_one_it_replaced_too() {
    for of_phone in [true, false] {
        for mut house in houses().await {
            let mother = house.holder(MOTHER).await;
            let (old, _, new) = renewed(&house, &mother).await;
            let expected = if of_phone {
                let mut ctx = house.begin(Actor::Holder(mother.account)).await;
                identity::end_phone(&mut ctx, mother.phone, PhoneEnd::Lost).await.unwrap();
                ctx.commit().await.unwrap();
                Refusal::PhoneRevoked
            } else {
                house.row(CHILD).moved_out = Some("2026-06-17");
                house.bring().await;
                Refusal::NotEntitled { why: credential::NotEntitled::MovedOut }
            };
            for card in [&old, &new] {
                assert_eq!(house.refusal(&mother, card, "clinic").await, Some(expected));
            }
        }
    }
}

#[tokio::test]
async fn a_place_in_the_status_list_comes_back_once_no_list_speaks_of_it() {
    for db in databases().await.unwrap() {
        // Room for the three cards of one phone and one more.
        let house = House::new(db, Some(4)).await;
        let father = house.holder(FATHER).await;
        let phones = [father.phone, house.phone(father.account).await.0];
        let ask = async |phone| {
            let mut ctx = house.begin(Actor::Holder(father.account)).await;
            let cards = cards::my_cards(&mut ctx, &house.office, Some(phone)).await?;
            ctx.commit().await.unwrap();
            Ok::<_, Error>(cards.iter().filter(|card| card.card.is_some()).count())
        };
        let each = ask(phones[0]).await.unwrap();
        assert_eq!(each, 3, "his own village pass, the child's, and the child's youth card");
        assert!(matches!(ask(phones[1]).await, Err(Error::StatusListFull)));

        // Past, but a list that is still good may speak of them.
        house.days(31);
        house.midnight().await;
        assert!(matches!(ask(phones[1]).await, Err(Error::StatusListFull)));
        house.days(7);
        house.midnight().await;
        assert_eq!(ask(phones[1]).await.unwrap(), each);
    }
}
