use std::collections::HashSet;

use civil::Timestamp;
use store::{AccountId, Ctx, Value, params};

use crate::model::{Result, Subscription, SubscriptionId};

macro_rules! subscription {
    ($rest:literal) => {
        concat!("select id, account, endpoint, point, auth, language from notices_subscription ", $rest)
    };
}

store::queries! {
    OF_ACCOUNT = subscription!("where account = $1 order by made_at, id");
    OF_ENDPOINT = subscription!("where endpoint = $1");
    BY_ID = subscription!("where id = $1");
    INSERT = "insert into notices_subscription (id, account, endpoint, point, auth, language, made_at) values ($1, $2, $3, $4, $5, $6, $7)";
    DELETE_MESSAGES = "delete from notices_message where subscription = $1";
    DELETE = "delete from notices_subscription where id = $1";
    MUTED = "select topic from notices_muted where account = $1";
    EVERY_MUTED = "select account, topic from notices_muted where topic = $1";
    MUTE = "insert into notices_muted (account, topic) values ($1, $2) on conflict (account, topic) do nothing";
    UNMUTE = "delete from notices_muted where account = $1 and topic = $2";
    UNMUTE_ALL = "delete from notices_muted where account = $1";
}

store::from_row!(Subscription { id, account, endpoint, point, auth, language });

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Subscription>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

pub(crate) async fn of_endpoint(ctx: &mut Ctx, endpoint: &str) -> Result<Option<Subscription>> {
    Ok(ctx.tx().query_opt(OF_ENDPOINT, params![endpoint]).await?)
}

pub(crate) async fn find(ctx: &mut Ctx, id: SubscriptionId) -> Result<Option<Subscription>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, subscription: &Subscription) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(INSERT, &values(subscription, now)).await?;
    Ok(())
}

/// A browser as [`INSERT`] takes it.
pub(crate) fn values(subscription: &Subscription, made_at: Timestamp) -> Vec<Value> {
    let Subscription { id, account, endpoint, point, auth, language } = subscription;
    vec![
        (*id).into(),
        (*account).into(),
        endpoint.as_str().into(),
        point.clone().into(),
        auth.clone().into(),
        language.as_str().into(),
        made_at.into(),
    ]
}

/// Ends a subscription with all that waits for it.
pub(crate) async fn delete(ctx: &mut Ctx, id: SubscriptionId) -> Result<()> {
    ctx.tx().execute(DELETE_MESSAGES, params![id]).await?;
    ctx.tx().execute(DELETE, params![id]).await?;
    Ok(())
}

pub(crate) async fn muted(ctx: &mut Ctx, account: AccountId) -> Result<Vec<String>> {
    Ok(ctx.tx().query::<(String,)>(MUTED, params![account]).await?.into_iter().map(|(topic,)| topic).collect())
}

/// Who does not want to be pushed about a topic.
pub(crate) async fn muting(ctx: &mut Ctx, topic: &str) -> Result<HashSet<AccountId>> {
    Ok(ctx.tx().query::<(AccountId, String)>(EVERY_MUTED, params![topic]).await?.into_iter().map(|(account, _)| account).collect())
}

pub(crate) async fn set_muted(ctx: &mut Ctx, account: AccountId, topic: &str, muted: bool) -> Result<()> {
    ctx.tx().execute(if muted { MUTE } else { UNMUTE }, params![account, topic]).await?;
    Ok(())
}

pub(crate) async fn unmute_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(UNMUTE_ALL, params![account]).await?;
    Ok(())
}
