//! Who acts for a child, from day to day.

use cards::{Ended, Error};
use credential::Refusal;
use store::Actor;

use crate::{CHILD, FATHER, MOTHER, YOUTH, houses, row};

#[tokio::test]
async fn a_parent_who_moves_out_alone_keeps_no_card_of_the_child() {
    for mut house in houses().await {
        let (mother, father) = (house.holder(MOTHER).await, house.holder(FATHER).await);
        let (hers, his) = (house.held(&mother, YOUTH, CHILD).await, house.held(&father, YOUTH, CHILD).await);
        assert_eq!(house.refusal(&mother, &hers, "clinic").await, None);

        // Her row changes and the father becomes the head; the child's stays as it was.
        house.row(MOTHER).household = "H9";
        house.row(FATHER).relation = "世帯主";
        house.bring().await;
        assert_eq!(house.refusal(&mother, &hers, "clinic").await, Some(Refusal::Revoked));
        let card = house.card(&mother, YOUTH, CHILD).await.unwrap();
        assert_eq!((card.holding.ended_why, card.card.is_none()), (Some(Ended::NoLongerGuardian), true));
        assert_eq!(house.refusal(&father, &his, "clinic").await, None, "the father still is one");
    }
}

#[tokio::test]
async fn the_register_is_asked_at_the_counter_and_on_the_phone_and_for_everybody_at_midnight() {
    for mut house in houses().await {
        let (mother, father) = (house.holder(MOTHER).await, house.holder(FATHER).await);
        let (hers, his) = (house.held(&mother, YOUTH, CHILD).await, house.held(&father, YOUTH, CHILD).await);
        for id in [MOTHER, FATHER] {
            house.row(id).moved_out = Some("2026-06-02");
        }
        house.bring().await;
        assert_eq!(house.refusal(&mother, &hers, "clinic").await, None, "the day has not come");

        house.days(1);
        // Nothing has run yet: the counter and the phone ask for themselves.
        assert_eq!(house.refusal(&mother, &hers, "clinic").await, Some(Refusal::Revoked));
        assert_eq!(house.card(&mother, YOUTH, CHILD).await.unwrap().holding.ended_why, Some(Ended::NoLongerGuardian));

        let holding = house_holding(&house, &father).await;
        assert_eq!(holding, None);
        house.midnight().await;
        assert_eq!(house_holding(&house, &father).await, Some(Ended::NoLongerGuardian));
        assert_eq!(house.refusal(&father, &his, "clinic").await, Some(Refusal::Revoked));
    }
}

/// Why the father's holding of the child's card ended, read without asking anew.
async fn house_holding(house: &crate::House, father: &crate::Holder) -> Option<Ended> {
    let child = house.resident(CHILD).await;
    let mut ctx = house.begin(Actor::System).await;
    let (ended,) = ctx
        .tx()
        .query_one::<(Option<Ended>,)>(
            "select ended_why from cards_holding where account = $1 and resident = $2 and programme = 'youth-medical'",
            store::params![father.account, child],
        )
        .await
        .unwrap();
    ended
}

#[tokio::test]
async fn a_couple_beside_the_parents_leaves_the_grandchild_to_the_counter() {
    for mut house in houses().await {
        house.register.extend([
            row(10, "H5", "1950-01-01", "世帯主"),
            row(11, "H5", "1985-01-01", "長男"),
            row(12, "H5", "1986-01-01", "子の妻"),
            row(13, "H5", "2016-01-01", "子の子"),
        ]);
        house.bring().await;
        let son = house.holder(11).await;
        let card = house.held(&son, YOUTH, 13).await;
        assert_eq!(house.refusal(&son, &card, "clinic").await, None);

        // His sister moves in: the child could be hers.
        house.register.push(row(14, "H5", "1988-01-01", "長女"));
        house.bring().await;
        assert_eq!(house.refusal(&son, &card, "clinic").await, Some(Refusal::Revoked));
        let sister = house.holder(14).await;
        assert!(house.card(&sister, YOUTH, 13).await.is_none(), "an aunt holds nothing of the child's");
        let child = house.resident(13).await;
        let mut ctx = house.begin(Actor::Holder(sister.account)).await;
        let applied = cards::apply(&mut ctx, &house.office, &crate::programme("village-pass"), child, None).await;
        assert!(matches!(applied, Err(Error::NotFamily)), "{applied:?}");
    }
}

#[tokio::test]
async fn a_mother_nobody_may_see_makes_no_uncle_a_parent() {
    for mut house in houses().await {
        let mother = crate::Row { protected: true, ..row(12, "H5", "1986-01-01", "長女") };
        house.register.extend([row(11, "H5", "1985-01-01", "長男"), mother, row(13, "H5", "2016-01-01", "子の子")]);
        house.bring().await;
        let uncle = house.holder(11).await;
        assert!(house.card(&uncle, YOUTH, 13).await.is_none());
    }
}
