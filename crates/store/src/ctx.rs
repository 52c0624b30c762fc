use std::sync::Arc;

use civil::Date;
use jiff::Timestamp;
use town::Town;

use crate::lane::Lane;
use crate::{Actor, Clock, Db, Error, Migrations, Permission, Reactions, Result, Tx, migrate, permitted};

/// The open store of one town: its database, its pack, its clock and what reacts to what.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    town: Arc<Town>,
    clock: Arc<dyn Clock>,
    reactions: Reactions,
    lane: Lane,
}

/// What a store is opened with.
pub struct StoreBuilder {
    /// The database.
    pub db: Db,
    /// The town pack.
    pub town: Arc<Town>,
    /// Who tells the time.
    pub clock: Arc<dyn Clock>,
    /// The rooms' tables.
    pub migrations: Vec<Migrations>,
    /// The rooms' reactions.
    pub reactions: Reactions,
}

impl StoreBuilder {
    /// Brings the tables up to date and opens the store.
    ///
    /// # Errors
    /// As [`migrate`].
    pub async fn open(self) -> Result<Store> {
        migrate(&self.db, &self.migrations, &*self.clock).await?;
        let shared = Shared { db: self.db, town: self.town, clock: self.clock, reactions: self.reactions, lane: Lane::default() };
        Ok(Store { shared: Arc::new(shared) })
    }
}

impl Store {
    /// The database.
    pub fn db(&self) -> &Db {
        &self.shared.db
    }

    /// The town pack.
    pub fn town(&self) -> &Arc<Town> {
        &self.shared.town
    }

    /// Who tells the time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Begins a change on behalf of `actor`.
    ///
    /// # Errors
    /// The driver's.
    pub async fn begin(&self, actor: Actor) -> Result<Ctx> {
        Ok(self.ctx(self.shared.db.begin().await?, actor))
    }

    /// Begins a look on behalf of `actor`: one unchanging picture, nothing written, no waiting for writers.
    ///
    /// # Errors
    /// The driver's.
    pub async fn read(&self, actor: Actor) -> Result<Ctx> {
        Ok(self.ctx(self.shared.db.read().await?, actor))
    }

    /// Runs a short change together with others that wait at the same moment, in one transaction and one flush to disk; returns when it is durable.
    ///
    /// `work` may be run again, alone, when one of its companions fails: it must do nothing but what its `Ctx` undoes.
    ///
    /// # Errors
    /// The work's own as [`Error::Within`], the driver's, or [`Error::Closing`].
    pub async fn grouped<T, F>(&self, actor: Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Ctx) -> crate::Pending<'a, T> + Send + Sync + 'static,
    {
        self.shared.lane.run(self, actor, work).await
    }

    fn ctx(&self, tx: Tx, actor: Actor) -> Ctx {
        let now = self.shared.clock.now();
        Ctx { store: self.clone(), tx, actor, now, audit_tip: None, event_tip: None, after_commit: Vec::new() }
    }
}

/// Who asks, of which town, when, and the transaction: the first argument of every domain function.
pub struct Ctx {
    store: Store,
    tx: Tx,
    /// Who asks.
    pub actor: Actor,
    now: Timestamp,
    // The ends of the trail and of the event log, once this transaction has written to them: nobody else can meanwhile.
    pub(crate) audit_tip: Option<(i64, Vec<u8>)>,
    pub(crate) event_tip: Option<i64>,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

impl Ctx {
    /// The transaction, for a room's own `store.rs`.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// The moment this change began.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The day in Japan at that moment.
    pub fn today(&self) -> Date {
        self.store.shared.clock.day_of(self.now)
    }

    /// The town pack.
    pub fn town(&self) -> &Arc<Town> {
        self.store.town()
    }

    /// The store this context came from.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn reactions(&self) -> &Reactions {
        &self.store.shared.reactions
    }

    /// Refuses what the caller is not permitted.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn allow(&self, permission: Permission) -> Result<()> {
        if permitted(&self.actor, permission) { Ok(()) } else { Err(Error::Forbidden(permission)) }
    }

    /// Runs `then` once the change is durable: to refresh what is kept in memory, to wake who waits. Never for what must not be lost.
    pub fn after_commit(&mut self, then: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(then));
    }

    /// Makes the change durable, then runs what waits for it.
    ///
    /// # Errors
    /// The driver's; then nothing was changed.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        for then in self.after_commit {
            then();
        }
        Ok(())
    }

    /// Lets another actor's work run in this transaction (grouped work), with the moment it asked.
    pub(crate) fn turn_to(&mut self, actor: Actor) {
        self.actor = actor;
        self.now = self.store.shared.clock.now();
    }
}
