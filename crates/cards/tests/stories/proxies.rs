//! A daughter who acts for her mother, within what was declared and no longer.

use cards::{Ended, Error, How};
use credential::Refusal;
use identity::{ProxyId, ProxyScope};
use jiff::ToSpan as _;
use store::Actor;

use crate::{GRANDMOTHER, Holder, House, MOTHER, RIDE, houses, programme};

const BUS: &str = "senior-bus";

async fn declare(house: &House, principal: &Holder, agent: &Holder, programmes: &[&str], days: i64) -> ProxyId {
    let mut ctx = house.begin(Actor::Holder(principal.account)).await;
    let today = ctx.today();
    let scope = ProxyScope::Programmes(programmes.iter().map(|id| programme(id)).collect());
    let span = (today, today.saturating_add(days.days()));
    let (proxy, code) = identity::declare_proxy(&mut ctx, principal.account, scope, span, "娘").await.unwrap();
    ctx.actor = Actor::Holder(agent.account);
    identity::agree_to_proxy(&mut ctx, &code.code).await.unwrap();
    ctx.commit().await.unwrap();
    proxy.id
}

async fn end(house: &House, actor: &Holder, proxy: ProxyId) {
    let mut ctx = house.begin(Actor::Holder(actor.account)).await;
    identity::end_proxy(&mut ctx, proxy).await.unwrap();
    ctx.commit().await.unwrap();
}

#[tokio::test]
async fn the_agent_holds_what_was_declared_and_loses_it_at_once() {
    for house in houses().await {
        let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
        assert!(house.card(&mother, BUS, GRANDMOTHER).await.is_none());
        let proxy = declare(&house, &grandmother, &mother, &[BUS], 30).await;
        let card = house.card(&mother, BUS, GRANDMOTHER).await.unwrap();
        assert_eq!((card.holding.how, card.name.as_deref()), (How::Proxy, Some("人4")));
        let held = house.held(&mother, BUS, GRANDMOTHER).await;
        assert_eq!(house.refusal(&mother, &held, "village-bus").await, None);
        let resident = house.resident(GRANDMOTHER).await.to_string();
        let mut ctx = house.begin(Actor::Holder(grandmother.account)).await;
        let looked = ctx.audit_of(&resident, i64::MAX, 100).await.unwrap();
        assert!(looked.iter().any(|entry| entry.action == "card.shown_by_another"), "she sees that somebody acted for her");
        drop(ctx);
        // Nothing beyond the scope, and what one acts for is not shared on.
        assert!(house.card(&mother, "village-pass", GRANDMOTHER).await.is_none());
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        assert!(matches!(cards::share_code(&mut ctx, card.holding.id).await, Err(Error::NoSuchCard)));
        drop(ctx);

        end(&house, &grandmother, proxy).await;
        assert_eq!(house.refusal(&mother, &held, "village-bus").await, Some(Refusal::ShareEnded));
        assert_eq!(house.card(&mother, BUS, GRANDMOTHER).await.unwrap().holding.ended_why, Some(Ended::NoLongerProxy));
    }
}

#[tokio::test]
async fn the_agent_applies_for_the_principal() {
    for house in houses().await {
        let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
        let resident = house.resident(GRANDMOTHER).await;
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        assert!(matches!(cards::apply(&mut ctx, &house.office, &programme(RIDE), resident, None).await, Err(Error::NotFamily)));
        drop(ctx);
        declare(&house, &grandmother, &mother, &[BUS], 30).await;
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        assert!(matches!(cards::apply(&mut ctx, &house.office, &programme(RIDE), resident, None).await, Err(Error::NoSuchProgramme)));
        assert!(cards::offers(&mut ctx).await.unwrap().iter().all(|offer| offer.resident != resident));
        drop(ctx);
        let proxy = declare(&house, &grandmother, &mother, &[RIDE], 30).await;
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        assert!(cards::offers(&mut ctx).await.unwrap().iter().any(|offer| offer.resident == resident && offer.how == How::Proxy));
        cards::apply(&mut ctx, &house.office, &programme(RIDE), resident, None).await.unwrap();
        ctx.commit().await.unwrap();
        let held = house.held(&mother, RIDE, GRANDMOTHER).await;
        assert_eq!(house.refusal(&mother, &held, "shop-honson").await, None);
        // Given back by the agent: only that declaration ends.
        end(&house, &mother, proxy).await;
        assert_eq!(house.refusal(&mother, &held, "shop-honson").await, Some(Refusal::ShareEnded));
        assert!(house.card(&mother, BUS, GRANDMOTHER).await.unwrap().is_live());
    }
}

#[tokio::test]
async fn it_ends_with_its_last_day_and_with_protection() {
    for mut house in houses().await {
        let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
        declare(&house, &grandmother, &mother, &[BUS], 1).await;
        let held = house.held(&mother, BUS, GRANDMOTHER).await;
        house.days(1);
        assert_eq!(house.refusal(&mother, &held, "village-bus").await, None, "the last day counts");
        house.days(1);
        assert_eq!(house.refusal(&mother, &held, "village-bus").await, Some(Refusal::ShareEnded));
        house.midnight().await;
        assert_eq!(house.card(&mother, BUS, GRANDMOTHER).await.unwrap().holding.ended_why, Some(Ended::NoLongerProxy));

        declare(&house, &grandmother, &mother, &[BUS], 30).await;
        let held = house.held(&mother, BUS, GRANDMOTHER).await;
        house.row(GRANDMOTHER).protected = true;
        house.bring().await;
        assert_eq!(house.refusal(&mother, &held, "village-bus").await, Some(Refusal::ShareEnded));
    }
}

#[tokio::test]
async fn a_closed_account_acts_for_nobody_and_nobody_for_it() {
    for principal_closes in [true, false] {
        for house in houses().await {
            let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
            declare(&house, &grandmother, &mother, &[BUS], 30).await;
            let held = house.held(&mother, BUS, GRANDMOTHER).await;
            let closing = if principal_closes { grandmother.account } else { mother.account };
            let mut ctx = house.begin(Actor::Holder(closing)).await;
            identity::close_account(&mut ctx, closing).await.unwrap();
            ctx.commit().await.unwrap();
            assert!(house.refusal(&mother, &held, "village-bus").await.is_some());
            let mut ctx = house.begin(Actor::System).await;
            assert!(identity::principals_of(&mut ctx, mother.account).await.unwrap().is_empty());
        }
    }
}
