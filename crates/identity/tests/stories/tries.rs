use identity::{CodeKind, Error, TrySource};
use jiff::SignedDuration;
use store::{Actor, Reactions, StoreBuilder};

use crate::{House, houses, refused};

async fn wrong(house: &House, kind: CodeKind, who: &str) -> identity::Result<()> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    identity::count_try(&mut ctx, kind, TrySource::new(who)).await?;
    ctx.commit().await?;
    Ok(())
}

async fn right(house: &House, kind: CodeKind, who: &str) -> identity::Result<()> {
    wrong(house, kind, who).await?;
    let mut ctx = house.begin(Actor::Anonymous).await;
    identity::give_try_back(&mut ctx, kind, TrySource::new(who)).await?;
    ctx.commit().await?;
    Ok(())
}

#[tokio::test]
async fn who_is_wrong_too_often_waits_and_nobody_else_does() {
    for house in houses().await {
        for _ in 0..9 {
            wrong(&house, CodeKind::Pairing, "address:192.0.2.1").await.unwrap();
        }
        // Right codes cost nothing, however many.
        for _ in 0..20 {
            right(&house, CodeKind::Pairing, "address:192.0.2.1").await.unwrap();
        }
        wrong(&house, CodeKind::Pairing, "address:192.0.2.1").await.unwrap();
        house.pass(SignedDuration::from_mins(4));
        for _ in 0..3 {
            // Asking on makes the wait no longer.
            refused!(wrong(&house, CodeKind::Pairing, "address:192.0.2.1").await, Error::TooManyTries { wait_s: 361 });
        }
        wrong(&house, CodeKind::Pairing, "address:192.0.2.2").await.unwrap();
        wrong(&house, CodeKind::Invitation, "address:192.0.2.1").await.unwrap();
        house.pass(SignedDuration::from_mins(6));
        right(&house, CodeKind::Pairing, "address:192.0.2.1").await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_forgets_no_wrong_try_and_the_house_forgets_them_when_they_are_over() {
    for house in houses().await {
        for _ in 0..10 {
            wrong(&house, CodeKind::Invitation, "address:192.0.2.1").await.unwrap();
        }
        let builder = StoreBuilder {
            db: store::Db::open(&house.db.address).await.unwrap(),
            town: house.store.town().clone(),
            clock: house.store.clock().clone(),
            migrations: vec![identity::MIGRATIONS],
            reactions: Reactions::default(),
        };
        let again = builder.open().await.unwrap();
        let mut ctx = again.begin(Actor::Anonymous).await.unwrap();
        let source = TrySource::new("address:192.0.2.1");
        refused!(identity::count_try(&mut ctx, CodeKind::Invitation, source).await, Error::TooManyTries { .. });
        drop(ctx);

        let forget = async || {
            let mut ctx = house.begin(Actor::System).await;
            let rows = identity::forget_expired(&mut ctx).await.unwrap();
            ctx.commit().await.unwrap();
            rows
        };
        assert_eq!(forget().await, 0);
        house.pass(SignedDuration::from_mins(11));
        assert_eq!(forget().await, 1);
    }
}
