//! Pushes: encrypted already, they only have to be handed to the push services.

use std::sync::Arc;

use civil::Timestamp;
use store::Actor;

use super::Courier;
use super::lanes::{Fate, Handed, Ledger, Share};
use crate::model::{Answer, MessageId, Queue, Result, Way};
use crate::push::{PushRequest, ttl_s, urgency};
use crate::store as rows;
use crate::store::messages::Due;

type Answers = Vec<(Due, Result<Answer, String>)>;

impl Courier {
    /// Hands messages of a queue to the push services.
    pub(super) async fn hand_pushes(&self, queue: Queue, share: Share) -> Result<bool> {
        let mut ctx = self.store().read(Actor::System).await?;
        let due = rows::messages::due(&mut ctx, queue, share.limit).await?;
        let now = ctx.now();
        drop(ctx);
        if due.is_empty() {
            return Ok(false);
        }
        self.turn(queue, Way::Push, due.len()).await;
        let mut answers: Answers = Vec::with_capacity(due.len());
        for some in due.chunks(share.at_once) {
            answers.extend(self.post_all(some, queue, now).await?);
        }
        self.note_pushes(queue, answers).await?;
        Ok(true)
    }

    async fn post_all(&self, due: &[Due], queue: Queue, now: Timestamp) -> Result<Answers> {
        let mut posts = tokio::task::JoinSet::new();
        for message in due {
            let request = PushRequest {
                endpoint: message.endpoint.clone(),
                authorization: self.vapid.authorization(&message.endpoint, now)?,
                body: message.body.clone(),
                ttl_s: ttl_s(queue),
                urgency: urgency(queue),
                // 32 letters of base64url (RFC 8030 section 5.4).
                topic: message.delivery.to_string().replace('-', ""),
            };
            let (network, message) = (Arc::clone(&self.network), message.clone());
            posts.spawn_blocking(move || (message, network.post(&request)));
        }
        Ok(posts.join_all().await)
    }

    /// Notes what the push services answered.
    async fn note_pushes(&self, queue: Queue, answers: Answers) -> Result<()> {
        let mut ctx = self.store().begin(Actor::System).await?;
        let mut ledger = Ledger::new(&ctx, queue, Way::Push);
        let mut done: Vec<MessageId> = Vec::new();
        for (message, answer) in answers {
            let handed = Handed { delivery: Some(message.delivery), queued_at: message.queued_at, attempts: message.attempts + 1 };
            match ledger.fate(&handed, answer) {
                Fate::Done => done.push(message.id),
                Fate::Gone => rows::subscriptions::delete(&mut ctx, message.subscription).await?,
                Fate::Again(at) => rows::messages::again(&mut ctx, message.id, at).await?,
            }
        }
        rows::messages::done(&mut ctx, &done).await?;
        ledger.close(&mut ctx).await?;
        ctx.commit().await?;
        Ok(())
    }
}
