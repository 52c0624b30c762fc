use identity::{MatchReason, RejectReason};
use registry::Register;
use store::{Actor, Role};

use crate::card::{hanako, taro};
use crate::{hanako_registered, houses, staff, taro_registered};

#[tokio::test]
async fn who_comes_under_protection_tonight_is_gone_from_the_clerks_queue() {
    for mut house in houses().await {
        house.bring(&[]).await;
        let card = house.cards.issue(hanako());
        let account = house.prove(&card).await;
        assert_eq!(house.queue(Role::Clerk).await, [MatchReason::NoMatch]);
        let mut ctx = house.begin(staff(Role::Clerk)).await;
        let request = identity::match_requests(&mut ctx, &Register, 10).await.unwrap()[0].id;
        assert_eq!(identity::see_match_request(&mut ctx, &Register, request).await.unwrap().name, "青空　花子");
        drop(ctx);

        house.bring(&[hanako_registered(true)]).await;
        assert_eq!(house.queue(Role::Clerk).await, []);
        assert_eq!(house.queue(Role::ProtectionClerk).await, [MatchReason::Protected]);
        let mut ctx = house.begin(staff(Role::Clerk)).await;
        let seen = identity::see_match_request(&mut ctx, &Register, request).await;
        assert!(matches!(seen, Err(identity::Error::MatchNotOpen)), "{seen:?}");
        let kept: Vec<(String,)> = ctx.tx().query("select reason from identity_match_request", &[]).await.unwrap();
        assert_eq!(kept, [("protected".to_owned(),)], "the night has marked it");
        drop(ctx);
        assert_eq!(house.linked(account).await, None);
    }
}

#[tokio::test]
async fn who_waited_is_linked_by_the_bundle_that_brings_them() {
    for mut house in houses().await {
        house.bring(&[]).await;
        let card = house.cards.issue(taro());
        let account = house.prove(&card).await;
        house.bring(&[taro_registered()]).await;
        assert!(house.linked(account).await.is_some());
        assert_eq!(house.queue(Role::ProtectionClerk).await, []);
    }
}

#[tokio::test]
async fn a_bundle_does_not_undo_what_a_clerk_unlinked() {
    for mut house in houses().await {
        house.bring(&[hanako_registered(false)]).await;
        let card = house.cards.issue(hanako());
        let account = house.prove(&card).await;
        assert!(house.linked(account).await.is_some());
        let mut ctx = house.begin(staff(Role::Clerk)).await;
        identity::unlink(&mut ctx, account).await.unwrap();
        ctx.commit().await.unwrap();

        house.bring(&[hanako_registered(false), taro_registered()]).await;
        assert_eq!(house.linked(account).await, None, "the bundle tied again what a clerk had parted");
        // The person may prove anew: a clerk is asked, and decides.
        assert_eq!(house.prove(&card).await, account);
        assert_eq!(house.linked(account).await, None);
        assert_eq!(house.queue(Role::Clerk).await, [MatchReason::Decided]);
    }
}

#[tokio::test]
async fn a_bundle_does_not_undo_what_a_clerk_rejected() {
    for mut house in houses().await {
        house.bring(&[]).await;
        let card = house.cards.issue(taro());
        let account = house.prove(&card).await;
        let mut ctx = house.begin(staff(Role::Clerk)).await;
        let request = identity::match_requests(&mut ctx, &Register, 10).await.unwrap()[0].id;
        identity::reject_match(&mut ctx, &Register, request, RejectReason::NotTheSamePerson).await.unwrap();
        ctx.commit().await.unwrap();
        house.bring(&[taro_registered()]).await;
        assert_eq!(house.linked(account).await, None);
    }
}

#[tokio::test]
async fn characters_the_card_could_not_write_are_for_a_clerk() {
    for mut house in houses().await {
        house.bring(&[]).await;
        let card = house.cards.issue(taro());
        let account = house.prove(&card).await;
        let mut ctx = house.begin(Actor::System).await;
        ctx.tx().execute("update identity_account set substitutes = $1", store::params![true]).await.unwrap();
        ctx.commit().await.unwrap();
        house.bring(&[taro_registered()]).await;
        assert_eq!(house.linked(account).await, None);
        assert_eq!(house.queue(Role::Clerk).await, [MatchReason::NoMatch]);
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten_every_night() {
    for house in houses().await {
        store::plan_days(&house.store, &house.jobs).await.unwrap();
        store::plan_days(&house.store, &house.jobs).await.unwrap();
        let begun = house.post("", "/start", "next=").await;
        assert_eq!(begun.location, "/start/read");
        let kept = async |what: &str| {
            let mut ctx = house.begin(Actor::System).await;
            let rows: Vec<(i64,)> = ctx.tx().query("select count(*) from identity_proof_session", &[]).await.unwrap();
            let jobs: Vec<(i64,)> =
                ctx.tx().query("select count(*) from store_job where kind = 'passport.forget_expired'", &[]).await.unwrap();
            assert_eq!(jobs, [(1,)], "{what}");
            rows[0].0
        };
        assert_eq!(kept("planned once").await, 1);
        for night in 1..=2 {
            house.pass(jiff::SignedDuration::from_hours(24));
            assert_eq!(store::run_due_jobs(&house.store, &house.jobs).await.unwrap(), 1, "night {night}");
            assert_eq!(kept("planned again").await, 0);
        }
    }
}
