//! What `tegata bench notice` puts into the tables and reads out of them again.

use store::{Ctx, ResidentId, Value, params};

use super::subscriptions::values;
use crate::model::{NoticeId, Result, Subscription};

store::queries! {
    SUBSCRIBE = "insert into notices_subscription (id, account, endpoint, point, auth, language, made_at) values ($1, $2, $3, $4, $5, $6, $7)";
    REACH = "insert into notices_reach (resident, account, own) values ($1, $2, true)";
    TWICE = "select count(*) - count(distinct resident) from notices_delivery where notice = $1";
    MESSAGES = "select s.endpoint, m.body from notices_message m join notices_subscription s on s.id = m.subscription
        join notices_delivery d on d.id = m.delivery where d.notice = $1";
}

/// Gives residents a browser of their own, without asking whether the browsers exist; how many.
pub(crate) async fn subscribe(ctx: &mut Ctx, browsers: &mut (dyn Iterator<Item = (ResidentId, Subscription)> + Send)) -> Result<u64> {
    let now = ctx.now();
    let mut reach: Vec<Vec<Value>> = Vec::new();
    let mut rows = browsers.map(|(resident, subscription)| {
        reach.push(params![resident, subscription.account].to_vec());
        values(&subscription, now)
    });
    ctx.tx().bulk(SUBSCRIBE, &mut rows).await?;
    Ok(ctx.tx().bulk(REACH, &mut reach.into_iter()).await?)
}

/// The messages of a notice that wait: address and body.
pub(crate) async fn messages(ctx: &mut Ctx, notice: NoticeId) -> Result<Vec<(String, Vec<u8>)>> {
    Ok(ctx.tx().query(MESSAGES, params![notice]).await?)
}

/// How many have a notice more than once.
pub(crate) async fn twice(ctx: &mut Ctx, notice: NoticeId) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(TWICE, params![notice]).await?.0)
}
