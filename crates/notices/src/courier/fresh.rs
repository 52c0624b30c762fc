//! What is told one by one and not in a run: what rooms have told, reminders, trials.

use store::{AccountId, Actor, Ctx};
use web::Tell;

use super::{Courier, Wording};
use crate::domain::inbox;
use crate::model::{Address, Delivery, DeliveryId, Error, Queue, Result, Way};
use crate::push::{BrowserKeys, encrypt};
use crate::store as rows;
use crate::store::letters::QueuedLetter;
use crate::store::messages::Queued;

/// How many in one step.
const FRESH: u32 = 200;

/// Who is told, of what, and in which words on a locked screen.
struct Telling {
    accounts: Vec<AccountId>,
    /// None of a trial: whoever tries it wants to see it, whatever they left out as a resident.
    topic: Option<String>,
    words: Wording,
}

impl Courier {
    /// Has people told of what rooms have told, and of notices that are reminded of.
    pub(super) async fn tell_fresh(&self) -> Result<bool> {
        let mut ctx = self.store().begin(Actor::System).await?;
        let fresh = rows::deliveries::fresh(&mut ctx, FRESH).await?;
        if fresh.is_empty() {
            return Ok(false);
        }
        for id in fresh {
            if rows::deliveries::not_fresh(&mut ctx, id).await? {
                self.tell_one(&mut ctx, id).await?;
            }
        }
        ctx.commit().await?;
        Ok(true)
    }

    /// Puts one delivery on the list of every way of everybody who is told of it.
    async fn tell_one(&self, ctx: &mut Ctx, id: DeliveryId) -> Result<()> {
        let Some(delivery) = rows::deliveries::find(ctx, id).await?.filter(|delivery| delivery.opened_at.is_none()) else { return Ok(()) };
        let Some(Telling { accounts, topic, words }) = self.telling(ctx, &delivery).await? else { return Ok(()) };
        let always = ctx.town().notice_topics.iter().any(|known| known.always && Some(known.id.as_str()) == topic.as_deref());
        let (mut messages, mut letters) = (Vec::new(), Vec::new());
        for account in accounts {
            if let Some(topic) = topic.as_ref().filter(|_| !always)
                && rows::subscriptions::muted(ctx, account).await?.contains(topic)
            {
                continue;
            }
            for subscription in rows::subscriptions::of_account(ctx, account).await? {
                let keys = BrowserKeys::new(&subscription.point, &subscription.auth)?;
                let body = encrypt(&keys, words.message(&subscription.language, id).as_bytes())?;
                messages.push(Queued { delivery: id, subscription: subscription.id, body });
            }
            let addresses = rows::letters::all_of_account(ctx, account).await?;
            let told = |address: &Address| address.is_told() && self.writes(ctx, address.way);
            letters.extend(addresses.iter().filter(|address| told(address)).map(|address| QueuedLetter {
                way: address.way,
                delivery: Some(id),
                address: address.id,
            }));
        }
        rows::messages::queue_all(ctx, Queue::Normal, &mut messages.into_iter()).await?;
        rows::letters::queue_all(ctx, Queue::Normal, &letters).await
    }

    async fn telling(&self, ctx: &mut Ctx, delivery: &Delivery) -> Result<Option<Telling>> {
        let tell: Option<Tell> = delivery.tell.as_deref().and_then(|tell| serde_json::from_str(tell).ok());
        if let Some(tell) = tell {
            let words = Wording::of_tell(&self.app, &tell);
            return Ok(Some(Telling { accounts: vec![tell.account], topic: Some(tell.topic), words }));
        }
        if let (Some(tried), Some(account)) = (delivery.trial_of, delivery.account) {
            let notice = rows::notices::find(ctx, tried).await?.ok_or(Error::Stored("notice"))?;
            let words = Wording::of(&self.app, &notice, false).marked(&self.app);
            return Ok(Some(Telling { accounts: vec![account], topic: None, words }));
        }
        let (Some(notice), Some(resident)) = (delivery.notice, delivery.resident) else { return Ok(None) };
        let notice = rows::notices::find(ctx, notice).await?.ok_or(Error::Stored("notice"))?;
        let disposition = rows::dispositions::of(ctx, notice.id).await?;
        let reached = rows::reach::accounts_of(ctx, resident).await?;
        let accounts = inbox::who_reads(ctx, delivery, disposition.as_ref(), reached).await?;
        let words = Wording::of(&self.app, &notice, disposition.is_some());
        Ok(Some(Telling { accounts, topic: Some(notice.topic.to_string()), words }))
    }

    /// Whether the town writes by a way.
    pub(super) fn writes(&self, ctx: &Ctx, way: Way) -> bool {
        match way {
            Way::Push => true,
            Way::Mail => ctx.town().mail.is_some(),
            Way::Line => ctx.town().line.is_some(),
        }
    }
}
