use civil::Timestamp;
use store::{Ctx, params};

use crate::model::{DeliveryId, MessageId, Queue, Result, SubscriptionId};

store::queries! {
    QUEUE = "insert into notices_message (id, queue, delivery, subscription, body, due_at, queued_at, attempts) values ($1, $2, $3, $4, $5, $6, $6, 0)";
    DUE = "select m.id, m.delivery, m.subscription, m.body, m.queued_at, m.attempts, s.endpoint from notices_message m
        join notices_subscription s on s.id = m.subscription where m.queue = $1 and m.due_at <= $2 order by m.due_at, m.id limit $3";
    DONE = "delete from notices_message where id = $1";
    AGAIN = "update notices_message set due_at = $2, attempts = attempts + 1 where id = $1";
    /// A browser may have ended its subscription while a message was being encrypted for it.
    FORGET_ORPHANS = "delete from notices_message where not exists (select 1 from notices_subscription s where s.id = notices_message.subscription)";
}

/// A message to be put on the list.
pub(crate) struct Queued {
    pub(crate) delivery: DeliveryId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) body: Vec<u8>,
}

/// A message that is due, with where it goes.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) id: MessageId,
    pub(crate) delivery: DeliveryId,
    pub(crate) subscription: SubscriptionId,
    pub(crate) body: Vec<u8>,
    pub(crate) queued_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) endpoint: String,
}

store::from_row!(Due { id, delivery, subscription, body, queued_at, attempts, endpoint });

pub(crate) async fn queue_all(ctx: &mut Ctx, queue: Queue, messages: &mut (dyn Iterator<Item = Queued> + Send)) -> Result<u64> {
    let now = ctx.now();
    let mut rows = messages.map(|message| {
        vec![
            MessageId::new(now).into(),
            queue.into(),
            message.delivery.into(),
            message.subscription.into(),
            message.body.into(),
            now.into(),
        ]
    });
    Ok(ctx.tx().bulk(QUEUE, &mut rows).await?)
}

pub(crate) async fn due(ctx: &mut Ctx, queue: Queue, limit: u32) -> Result<Vec<Due>> {
    let now = ctx.now();
    Ok(ctx.tx().query(DUE, params![queue, now, limit]).await?)
}

pub(crate) async fn done(ctx: &mut Ctx, ids: &[MessageId]) -> Result<()> {
    ctx.tx().bulk(DONE, &mut ids.iter().map(|id| vec![(*id).into()])).await?;
    Ok(())
}

pub(crate) async fn again(ctx: &mut Ctx, id: MessageId, at: Timestamp) -> Result<()> {
    ctx.tx().execute(AGAIN, params![id, at]).await?;
    Ok(())
}

/// Deletes what waits for browsers that are told no more.
pub(crate) async fn forget_orphans(ctx: &mut Ctx) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET_ORPHANS, &[]).await?)
}
