use identity::{Error, SessionKind, SessionOwner};
use jiff::SignedDuration;
use store::{Actor, Permission};

use crate::card::hanako;
use crate::{clerk, houses, nobody, refused};

#[tokio::test]
async fn a_token_says_who_asks_until_it_is_ended() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let owner = SessionOwner::Holder(account);
        let mut ctx = house.begin(Actor::Anonymous).await;
        let started = identity::start_session(&mut ctx, owner, "電話").await.unwrap();
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_secs(1));
        let mut ctx = house.begin(Actor::Anonymous).await;
        let second = identity::start_session(&mut ctx, owner, "パソコン").await.unwrap();
        refused!(identity::start_session(&mut ctx, SessionOwner::Holder(nobody()), "電話").await, Error::AccountNotFound);
        refused!(
            identity::start_session(&mut ctx, SessionOwner::Staff(store::StaffId::from_bytes([1; 16])), "x").await,
            Error::StaffNotFound
        );
        let device = SessionOwner::Device(identity::DeviceId::from_bytes([1; 16]));
        refused!(identity::start_session(&mut ctx, device, "x").await, Error::DeviceNotFound);
        refused!(identity::start_session(&mut ctx, owner, "").await, Error::Text { .. });
        let kept: Vec<(Vec<u8>,)> = ctx.tx().query("select token_hash from identity_session", &[]).await.unwrap();
        assert!(kept.iter().all(|(hash,)| hash.len() == 32 && hash != started.token.as_bytes()));
        ctx.commit().await.unwrap();
        assert_ne!(started.token, second.token);

        let mut ctx = house.store.read(Actor::Anonymous).await.unwrap();
        let caller = identity::actor_of(&mut ctx, &started.token).await.unwrap().unwrap();
        assert_eq!((caller.actor, caller.session, caller.kind), (Actor::Holder(account), started.id, SessionKind::Holder));
        assert_eq!((caller.device, caller.refresh_due), (None, false));
        assert_eq!(identity::actor_of(&mut ctx, "another").await.unwrap(), None);
        drop(ctx);

        let mut ctx = house.begin(Actor::Holder(nobody())).await;
        refused!(identity::end_session(&mut ctx, started.id).await, Error::SessionNotFound);
        assert_eq!(identity::sessions_of(&mut ctx, owner).await.unwrap_err().forbidden(), Some(Permission::RunHouse));
        assert_eq!(identity::end_sessions_of(&mut ctx, owner).await.unwrap_err().forbidden(), Some(Permission::RunHouse));
        drop(ctx);
        for stranger in [Actor::Anonymous, clerk()] {
            let mut ctx = house.begin(stranger).await;
            refused!(identity::end_session(&mut ctx, started.id).await, Error::SessionNotFound);
        }
        let mut ctx = house.begin(Actor::Holder(account)).await;
        let labels: Vec<_> = identity::sessions_of(&mut ctx, owner).await.unwrap().into_iter().map(|session| session.label).collect();
        assert_eq!(labels, ["電話", "パソコン"]);
        identity::end_session(&mut ctx, started.id).await.unwrap();
        assert_eq!(identity::actor_of(&mut ctx, &started.token).await.unwrap(), None);
        refused!(identity::end_session(&mut ctx, started.id).await, Error::SessionNotFound);
        assert_eq!(identity::end_sessions_of(&mut ctx, owner).await.unwrap(), 1);
        assert_eq!(identity::actor_of(&mut ctx, &second.token).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_session_slides_while_it_is_used_and_is_over_when_not() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let mut ctx = house.begin(Actor::Anonymous).await;
        let started = identity::start_session(&mut ctx, SessionOwner::Holder(account), "電話").await.unwrap();
        ctx.commit().await.unwrap();
        let days = |n: i64| SignedDuration::from_hours(24 * n);
        for _ in 0..4 {
            house.pass(days(80));
            let mut ctx = house.begin(Actor::Anonymous).await;
            let caller = identity::actor_of(&mut ctx, &started.token).await.unwrap().unwrap();
            assert!(caller.refresh_due);
            identity::refresh_session(&mut ctx, caller.session).await.unwrap();
            assert!(!identity::actor_of(&mut ctx, &started.token).await.unwrap().unwrap().refresh_due);
            ctx.commit().await.unwrap();
        }
        // 320 days used; the year is the most, however much it is used.
        house.pass(days(45));
        let mut ctx = house.begin(Actor::System).await;
        assert_eq!(identity::actor_of(&mut ctx, &started.token).await.unwrap(), None);
        identity::refresh_session(&mut ctx, started.id).await.unwrap();
        assert_eq!(identity::actor_of(&mut ctx, &started.token).await.unwrap(), None);
        house.pass(SignedDuration::from_secs(1));
        drop(ctx);
        let mut ctx = house.begin(Actor::System).await;
        assert!(identity::forget_expired(&mut ctx).await.unwrap() >= 1);
    }
}

#[tokio::test]
async fn a_card_read_again_in_the_same_browser_renews_its_session() {
    for mut house in houses().await {
        let card = house.cards.issue(hanako());
        let account = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        let mut ctx = house.begin(Actor::Anonymous).await;
        let before = identity::renew_session(&mut ctx, None, account, "電話").await.unwrap();
        ctx.commit().await.unwrap();
        house.pass(SignedDuration::from_hours(1));
        house.prove(Actor::Anonymous, &card).await.unwrap();
        let mut ctx = house.begin(Actor::Anonymous).await;
        let after = identity::renew_session(&mut ctx, Some(before.id), account, "電話").await.unwrap();
        assert_eq!(after.id, before.id, "what rests on the session goes on");
        assert!(identity::actor_of(&mut ctx, &before.token).await.unwrap().is_none(), "only the new token counts");
        let told = identity::signed_in(&mut ctx, after.id).await.unwrap().unwrap();
        assert_eq!((told.account, told.at, told.card_at, told.proven), (account, ctx.now(), Some(ctx.now()), true));
        // Another person's session in the same browser is left alone.
        let light = identity::start_light_account(&mut ctx, "祖母").await.unwrap().id;
        let other = identity::renew_session(&mut ctx, Some(after.id), light, "電話").await.unwrap();
        assert_ne!(other.id, after.id);
        let told = identity::signed_in(&mut ctx, other.id).await.unwrap().unwrap();
        assert_eq!((told.card_at, told.proven), (None, false));
        ctx.commit().await.unwrap();
    }
}
