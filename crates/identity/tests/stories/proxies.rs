use identity::{Error, ProxyAgreed, ProxyEnded, ProxyScope};
use jiff::{SignedDuration, ToSpan as _};
use store::{AccountId, Actor};
use town::ProgrammeId;

use crate::card::{hanako, taro};
use crate::{House, clerk, houses, nobody, refused};

fn programme(id: &str) -> ProgrammeId {
    id.parse().unwrap()
}

fn baths() -> ProxyScope {
    ProxyScope::Programmes([programme("bath-pass")].into_iter().collect())
}

/// A mother and a son who have proven who they are.
async fn family(house: &mut House) -> (AccountId, AccountId) {
    let (hers, his) = (house.cards.issue(hanako()), house.cards.issue(taro()));
    (house.prove(Actor::Anonymous, &hers).await.unwrap().account().id, house.prove(Actor::Anonymous, &his).await.unwrap().account().id)
}

async fn declared(house: &House, actor: Actor, principal: AccountId) -> (identity::ProxyId, String) {
    let mut ctx = house.begin(actor).await;
    let today = ctx.today();
    let (proxy, code) =
        identity::declare_proxy(&mut ctx, principal, baths(), (today, today.saturating_add(30.days())), "息子").await.unwrap();
    ctx.commit().await.unwrap();
    (proxy.id, code.code)
}

async fn agreed(house: &House, agent: AccountId, code: &str) -> identity::Result<identity::ProxyId> {
    let mut ctx = house.begin(Actor::Holder(agent)).await;
    let id = identity::agree_to_proxy(&mut ctx, code).await?;
    ctx.commit().await?;
    Ok(id)
}

async fn allowed(house: &House, agent: AccountId, principal: AccountId, id: &str) -> bool {
    let mut ctx = house.begin(Actor::System).await;
    identity::proxy_allows(&mut ctx, agent, principal, &programme(id)).await.unwrap()
}

#[tokio::test]
async fn both_sides_agree_and_either_ends_it() {
    for mut house in houses().await {
        let (mother, son) = family(&mut house).await;
        for by_principal in [true, false] {
            let (id, code) = declared(&house, Actor::Holder(mother), mother).await;
            assert!(!allowed(&house, son, mother, "bath-pass").await, "nobody has agreed yet");
            refused!(agreed(&house, mother, &code).await, Error::ProxySelf);
            refused!(agreed(&house, son, "AAAA-AAAA").await, Error::CodeNotValid);
            assert_eq!(agreed(&house, son, &code.to_lowercase()).await.unwrap(), id);
            refused!(agreed(&house, son, &code).await, Error::CodeNotValid);
            assert!(allowed(&house, son, mother, "bath-pass").await);
            assert!(!allowed(&house, son, mother, "snow-help").await, "no more than the scope");
            assert!(!allowed(&house, mother, son, "bath-pass").await, "one way");

            let mut ctx = house.begin(Actor::Holder(nobody())).await;
            refused!(identity::end_proxy(&mut ctx, id).await, Error::ProxyNotFound);
            assert!(identity::agents_of(&mut ctx, mother).await.unwrap_err().forbidden().is_some());
            drop(ctx);
            let mut ctx = house.begin(Actor::Holder(if by_principal { mother } else { son })).await;
            identity::end_proxy(&mut ctx, id).await.unwrap();
            identity::end_proxy(&mut ctx, id).await.unwrap();
            ctx.commit().await.unwrap();
            assert!(!allowed(&house, son, mother, "bath-pass").await);
        }
        assert_eq!(house.events(ProxyAgreed::KIND).await.len(), 2);
        assert_eq!(house.events(ProxyEnded::KIND).await.len(), 2);
        assert!(house.audited(&mother.to_string()).await.contains(&"proxy.agreed".to_owned()));
    }
}

#[tokio::test]
async fn a_clerk_notes_it_for_who_stands_at_the_counter_and_may_end_it() {
    for mut house in houses().await {
        let (mother, son) = family(&mut house).await;
        let mut ctx = house.begin(Actor::Holder(son)).await;
        let today = ctx.today();
        let for_her = identity::declare_proxy(&mut ctx, mother, baths(), (today, today), "わたし").await;
        assert!(for_her.unwrap_err().forbidden().is_some(), "nobody appoints themselves");
        drop(ctx);
        let (id, code) = declared(&house, clerk(), mother).await;
        agreed(&house, son, &code).await.unwrap();
        assert!(allowed(&house, son, mother, "bath-pass").await);
        let mut ctx = house.begin(clerk()).await;
        identity::end_proxy(&mut ctx, id).await.unwrap();
        ctx.commit().await.unwrap();
        assert!(!allowed(&house, son, mother, "bath-pass").await);
    }
}

#[tokio::test]
async fn it_ends_with_its_last_day_and_a_code_with_its_fortnight() {
    for mut house in houses().await {
        let (mother, son) = family(&mut house).await;
        let (_, code) = declared(&house, Actor::Holder(mother), mother).await;
        agreed(&house, son, &code).await.unwrap();
        house.pass(SignedDuration::from_hours(24 * 30));
        assert!(allowed(&house, son, mother, "bath-pass").await, "the last day counts");
        house.pass(SignedDuration::from_hours(24));
        assert!(!allowed(&house, son, mother, "bath-pass").await);

        let (_, late) = declared(&house, Actor::Holder(mother), mother).await;
        house.pass(SignedDuration::from_hours(24 * 14));
        refused!(agreed(&house, son, &late).await, Error::CodeNotValid);

        let mut ctx = house.begin(Actor::Holder(mother)).await;
        let today = ctx.today();
        let yesterday = today.yesterday().unwrap();
        for days in [(today, yesterday), (yesterday, yesterday), (today, today.saturating_add(1097.days()))] {
            refused!(identity::declare_proxy(&mut ctx, mother, baths(), days, "息子").await, Error::ProxyDays);
        }
    }
}

#[tokio::test]
async fn who_is_nobody_known_neither_declares_nor_agrees() {
    for mut house in houses().await {
        let (mother, _) = family(&mut house).await;
        let mut ctx = house.begin(Actor::System).await;
        let light = identity::start_light_account(&mut ctx, "孫").await.unwrap().id;
        ctx.commit().await.unwrap();
        let (_, code) = declared(&house, Actor::Holder(mother), mother).await;
        refused!(agreed(&house, light, &code).await, Error::NotProven);
        let mut ctx = house.begin(Actor::Holder(light)).await;
        let today = ctx.today();
        refused!(identity::declare_proxy(&mut ctx, light, baths(), (today, today), "母").await, Error::NotProven);
    }
}
