use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Ctx, Error, Pending, Result, params};

crate::id!(EventId, "Something that happened.");

/// Something that happened, as the town's event log keeps it.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// `room.past_tense`, e.g. `registry.bundle_applied`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// The room's own JSON.
    pub payload: String,
}

impl Event {
    /// Reads the payload as the room's own type.
    ///
    /// # Errors
    /// [`Error::Json`] when it is another.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.payload)?)
    }
}

/// What a room does when something happened in another: in the same transaction, so both or neither.
pub type Reaction = Arc<dyn for<'a> Fn(&'a mut Ctx, &'a Event) -> Pending<'a, ()> + Send + Sync>;

/// The reactions of all rooms, by event kind.
#[derive(Default, Clone)]
pub struct Reactions(HashMap<&'static str, Vec<Reaction>>);

impl Reactions {
    /// Adds a reaction to events of this kind; several run in the order added.
    pub fn on<F>(&mut self, kind: &'static str, reaction: F)
    where
        F: for<'a> Fn(&'a mut Ctx, &'a Event) -> Pending<'a, ()> + Send + Sync + 'static,
    {
        self.0.entry(kind).or_default().push(Arc::new(reaction));
    }

    fn of(&self, kind: &str) -> Vec<Reaction> {
        self.0.get(kind).cloned().unwrap_or_default()
    }
}

crate::queries! {
    LAST = "select coalesce(max(seq), 0) from store_event";
    INSERT = "insert into store_event (seq, id, kind, at, actor, payload) values ($1, $2, $3, $4, $5, $6)";
}

impl Ctx {
    /// Records that something happened and runs what reacts to it, all in this transaction.
    ///
    /// # Errors
    /// The driver's, or [`Error::Within`] when a reaction fails: the whole change is then to be dropped.
    pub async fn record<T: Serialize + Sync>(&mut self, kind: &'static str, payload: &T) -> Result<EventId> {
        let event = Event { id: EventId::new(self.now()), kind: kind.to_owned(), at: self.now(), payload: serde_json::to_string(payload)? };
        let last = match self.event_tip.take() {
            Some(last) => last,
            None => self.tx().query_one::<(i64,)>(LAST, &[]).await?.0,
        };
        let actor = self.actor.to_string();
        self.tx().execute(INSERT, params![last + 1, event.id, kind, event.at, actor, event.payload.as_str()]).await?;
        self.event_tip = Some(last + 1);
        for reaction in self.reactions().of(kind) {
            reaction(self, &event).await.map_err(|source| Error::Within { what: format!("reaction to {kind}"), source })?;
        }
        Ok(event.id)
    }
}
