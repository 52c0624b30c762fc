//! A share lasts as long as the right it came from, and tells nothing it must not.

use cards::{Ended, Error, How};
use credential::{NotEntitled, Refusal};
use store::{Actor, Role, StaffId};

use crate::{CHILD, FATHER, GRANDMOTHER, MOTHER, YOUTH, houses};

#[tokio::test]
async fn what_a_guardian_shared_ends_with_the_guardian() {
    for mut house in houses().await {
        let (mother, father, grandmother) = (house.holder(MOTHER).await, house.holder(FATHER).await, house.holder(GRANDMOTHER).await);
        let hers = house.card(&mother, YOUTH, CHILD).await.unwrap();
        house.card(&father, YOUTH, CHILD).await.unwrap();
        house.share(&mother, hers.holding.id, &grandmother).await;
        let shared = house.held(&grandmother, YOUTH, CHILD).await;
        assert_eq!(house.refusal(&grandmother, &shared, "clinic").await, None);

        house.row(MOTHER).household = "H9";
        house.row(FATHER).relation = "世帯主";
        house.bring().await;
        assert_eq!(house.refusal(&grandmother, &shared, "clinic").await, Some(Refusal::ShareEnded));
        assert_eq!(house.card(&grandmother, YOUTH, CHILD).await.unwrap().holding.ended_why, Some(Ended::SourceEnded));

        // The father is one still, and what he shares is good.
        let his = house.card(&father, YOUTH, CHILD).await.unwrap();
        house.share(&father, his.holding.id, &grandmother).await;
        let cards = house.cards(&grandmother).await;
        let again = cards.iter().find(|card| card.is_live() && card.holding.programme.as_str() == YOUTH).unwrap();
        assert_eq!(house.refusal(&grandmother, again.card.as_ref().unwrap(), "clinic").await, None);
    }
}

#[tokio::test]
async fn what_was_shared_ends_when_the_clerk_ends_its_source_or_the_account_is_unlinked() {
    for by_clerk in [true, false] {
        for house in houses().await {
            let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
            let hers = house.card(&mother, YOUTH, CHILD).await.unwrap();
            house.share(&mother, hers.holding.id, &grandmother).await;
            let shared = house.held(&grandmother, YOUTH, CHILD).await;
            let mut ctx = house.begin(Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Clerk])).await;
            if by_clerk {
                let child = hers.holding.resident;
                let all = cards::cards_of_resident(&mut ctx, child).await.unwrap();
                let of_youth = all.iter().filter(|held| held.programme.as_str() == YOUTH);
                let mut held: Vec<_> = of_youth.map(|held| (held.account, held.how)).collect();
                held.sort_unstable_by_key(|(account, _)| *account == grandmother.account);
                assert_eq!(held, [(mother.account, How::Guardian), (grandmother.account, How::Shared)]);
                cards::end_by_clerk(&mut ctx, hers.holding.id).await.unwrap();
            } else {
                identity::unlink(&mut ctx, mother.account).await.unwrap();
            }
            ctx.commit().await.unwrap();
            assert_eq!(house.refusal(&grandmother, &shared, "clinic").await, Some(Refusal::ShareEnded));
        }
    }
}

#[tokio::test]
async fn protection_measures_end_what_others_hold_and_nobody_is_told_of_a_move() {
    for moved_before in [false, true] {
        for mut house in houses().await {
            let (father, grandmother) = (house.holder(FATHER).await, house.holder(GRANDMOTHER).await);
            let his = house.card(&father, YOUTH, CHILD).await.unwrap();
            house.share(&father, his.holding.id, &grandmother).await;
            let (held, shared) = (his.card.unwrap(), house.held(&grandmother, YOUTH, CHILD).await);

            if moved_before {
                // Known as moved before the measures begin: what was told until then is taken back.
                house.row(CHILD).moved_out = Some("2026-06-01");
                house.bring().await;
                let told = Some(Refusal::NotEntitled { why: NotEntitled::MovedOut });
                assert_eq!(house.refusal(&father, &held, "clinic").await, told);
            }
            for id in [MOTHER, CHILD] {
                let row = house.row(id);
                (row.protected, row.moved_out) = (true, Some("2026-06-01"));
            }
            house.bring().await;
            assert_eq!(house.refusal(&father, &held, "clinic").await, Some(Refusal::Revoked));
            assert_eq!(house.refusal(&grandmother, &shared, "clinic").await, Some(Refusal::ShareEnded));
            let (on_his, on_hers) =
                (house.card(&father, YOUTH, CHILD).await.unwrap(), house.card(&grandmother, YOUTH, CHILD).await.unwrap());
            if !moved_before {
                assert_eq!(on_his.holding.ended_why, Some(Ended::NoLongerGuardian));
                assert_eq!(on_hers.holding.ended_why, Some(Ended::SourceEnded));
            }
            assert_eq!((on_his.valid_until, on_hers.valid_until), (None, None), "a last day that goes tells of a move");
        }
    }
}

#[tokio::test]
async fn nobody_else_comes_to_hold_a_card_of_somebody_under_protection() {
    for mut house in houses().await {
        let (child, grandmother) = (house.holder(CHILD).await, house.holder(GRANDMOTHER).await);
        let own = house.card(&child, YOUTH, CHILD).await.unwrap();
        let mut ctx = house.begin(Actor::Holder(child.account)).await;
        let (_, code) = cards::share_code(&mut ctx, own.holding.id).await.unwrap();
        ctx.commit().await.unwrap();
        house.row(CHILD).protected = true;
        house.bring().await;

        let mut ctx = house.begin(Actor::Holder(grandmother.account)).await;
        assert!(matches!(cards::join(&mut ctx, &code).await, Err(Error::ShareCode)), "a code from before");
        ctx.actor = Actor::Holder(child.account);
        assert!(matches!(cards::share_code(&mut ctx, own.holding.id).await, Err(Error::NotShareable)));
        drop(ctx);
        assert_eq!(house.refusal(&child, &own.card.unwrap(), "clinic").await, None, "the person's own card is good as before");
    }
}
