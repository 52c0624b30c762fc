//! How a bundle's difference becomes the register's.
//!
//! Counters scan cards while this happens, and every scan writes: whoever holds the writer for long is noticed. So the difference is found while only
//! reading, and staged a few people at a time; the transaction that applies the bundle says no more than that it holds, which makes all of it true at
//! once; then the people are moved into place, again a few at a time. Until that last word, what was staged has no effect; after it, nothing is missing,
//! wherever a row stands. A run that is killed leaves nothing to repair: the next one clears up and goes on.

use civil::{Date, day_in_japan};
use store::{Actor, Ctx, Permission, Store};

use super::bundles::{BUNDLE_APPLIED, BUNDLE_WAITING, new_ids, random_name};
use crate::bridge::{Chain, Delta, Known, Layout, Opening, Snapshot, Status, open};
use crate::model::{BridgeKeys, BundleApplied, BundleRun, BundleState, Counts, Error, ResidentId};
use crate::store as tables;
use crate::store::{Keyed, STEP};

/// Changed people an event names; beyond it says that everybody is to be looked at.
const NAMED_MAX: usize = 20_000;
/// How often a run that was overtaken starts over before it insists on one long transaction.
const TRIES: usize = 3;

/// What somebody wants of a bundle.
#[derive(Clone, Copy)]
pub(super) enum Wish<'a> {
    /// To open a sealed one.
    Open(&'a [u8]),
    /// To approve the one with this number, which waits.
    Approve(u64),
}

impl Wish<'_> {
    fn permission(self) -> Permission {
        match self {
            Self::Open(_) => Permission::RunHouse,
            Self::Approve(_) => Permission::ApproveBundle,
        }
    }

    /// Opens the bundle and finds its difference; only reads.
    async fn judge(self, ctx: &mut Ctx, keys: &BridgeKeys) -> Result<Judged, Error> {
        ctx.allow(self.permission())?;
        let stand = tables::chain(ctx).await?;
        match self {
            Self::Open(_) if stand.1 => Err(Error::Waiting(stand.0.number)),
            Self::Open(sealed) => judge(ctx, sealed, keys, stand.0, stand).await,
            Self::Approve(number) => {
                let sealed = tables::sealed(ctx, number).await?.ok_or(Error::NotWaiting(number))?;
                let before = tables::chain_before(ctx, number).await?;
                judge(ctx, &sealed, keys, before, stand).await
            }
        }
    }

    /// Applies what was judged and staged, or lets it wait.
    async fn conclude(self, ctx: &mut Ctx, judged: &Judged) -> Result<BundleRun, Error> {
        match self {
            Self::Open(sealed) => {
                let mut run = judged.run.clone();
                run.opened_at = ctx.now();
                if !run.exceeded.is_empty() {
                    tables::add_bundle(ctx, &run, &judged.snapshot.header.listed, Some(sealed)).await?;
                    ctx.audit("bundle.waiting", None, &run.number.to_string()).await?;
                    ctx.record(BUNDLE_WAITING, &run.number).await?;
                    return Ok(run);
                }
                (run.state, run.decided_at) = (BundleState::Applied, Some(ctx.now()));
                tables::add_bundle(ctx, &run, &judged.snapshot.header.listed, None).await?;
                judged.become_the_register(ctx).await?;
                Ok(run)
            }
            Self::Approve(number) => {
                let run = super::bundles::decide(ctx, number, BundleState::Applied).await?;
                let run = BundleRun { counts: judged.run.counts, ..run };
                tables::decide_bundle(ctx, &run).await?;
                judged.become_the_register(ctx).await?;
                ctx.audit("bundle.approved", None, &number.to_string()).await?;
                Ok(run)
            }
        }
    }
}

/// Does all of it in the caller's transaction.
pub(super) async fn at_once(ctx: &mut Ctx, keys: &BridgeKeys, wish: Wish<'_>) -> Result<BundleRun, Error> {
    ctx.allow(wish.permission())?;
    while tables::make_room(ctx).await? {}
    let judged = wish.judge(ctx, keys).await?;
    if judged.is_to_be_staged(wish) {
        tables::forget_unapplied(ctx).await?;
        tables::begin_staging(ctx, &random_name()).await?;
        for step in 0..judged.steps() {
            judged.stage(ctx, step).await?;
        }
    }
    let run = wish.conclude(ctx, &judged).await?;
    while tables::settle(ctx).await? {}
    Ok(run)
}

/// Does it in many short transactions and one that counts.
pub(super) async fn in_steps(store: &Store, actor: &Actor, keys: &BridgeKeys, wish: Wish<'_>) -> Result<BundleRun, Error> {
    for _ in 0..TRIES {
        let mut ctx = store.read(actor.clone()).await?;
        let judged = wish.judge(&mut ctx, keys).await?;
        drop(ctx);
        if let Some(run) = judged.in_steps(store, actor, wish).await? {
            settle(store).await?;
            fold(store).await?;
            return Ok(run);
        }
        tracing::info!(number = judged.run.number, "another run came in between: starting over");
    }
    let mut ctx = store.begin(actor.clone()).await?;
    let run = at_once(&mut ctx, keys, wish).await?;
    ctx.commit().await?;
    Ok(run)
}

/// Moves into place what an applied bundle left staged, a few people in each transaction.
pub(super) async fn settle(store: &Store) -> Result<(), Error> {
    let left = async |store: &Store| -> Result<bool, Error> { Ok(tables::is_anyone_staged(&mut store.read(Actor::System).await?).await?) };
    while left(store).await? {
        let mut ctx = store.begin(Actor::System).await?;
        let more = tables::settle(&mut ctx).await?;
        ctx.commit().await?;
        if !more {
            break;
        }
    }
    Ok(())
}

/// Folds what bundles changed into the list of known rows when it has become much, a part in each transaction.
async fn fold(store: &Store) -> Result<(), Error> {
    let mut ctx = store.read(Actor::System).await?;
    if !tables::is_to_fold(&mut ctx).await? {
        return Ok(());
    }
    let stand = tables::state(&mut ctx).await?;
    let parts = tables::folded(&mut ctx).await?;
    drop(ctx);
    for (at, part) in parts.iter().enumerate() {
        let mut ctx = store.begin(Actor::System).await?;
        // A bundle that was applied meanwhile has changes these parts do not hold: it will fold them itself.
        if tables::state(&mut ctx).await? != stand {
            return Ok(());
        }
        tables::know_part(&mut ctx, at, part).await?;
        if let (true, Some((_, _, applied))) = (at + 1 == parts.len(), &stand) {
            tables::forget_folded(&mut ctx, *applied).await?;
        }
        ctx.commit().await?;
    }
    Ok(())
}

/// A verified bundle beside what is known.
pub(super) struct Judged {
    /// The run, as if it were to wait.
    pub(super) run: BundleRun,
    snapshot: Snapshot,
    layout: Layout,
    /// Where the chain stood, and whether its last bundle waited: as long as this is so, all of this holds.
    stand: (Chain, bool),
    /// The day it was judged on.
    today: Date,
    delta: Delta,
    /// The ids of `delta.added`, in its order.
    added: Vec<ResidentId>,
    /// The tables' rows of `delta.changed`, in its order.
    changed: Vec<Keyed>,
    /// The tables' rows of `delta.gone`, in its order.
    gone: Vec<Keyed>,
    /// What is to be known afterwards of those who are new, changed or gone, sorted by id.
    changes: Vec<Known>,
    /// Nobody was known before.
    first: bool,
}

async fn judge(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys, chain: Chain, stand: (Chain, bool)) -> Result<Judged, Error> {
    let town = ctx.town().clone();
    let layout = Layout::of(&town.bridge, &town.facts)?;
    let code = town.code.to_string();
    let opening = Opening { town: &code, layout: &layout, signers: &keys.signers, centre: &keys.centre, chain };
    let snapshot = open(sealed, &opening)?;
    let known = tables::known(ctx).await?;
    let delta = snapshot.compare(&known);
    let missing = || Error::Stored("known row");
    let ids: Vec<_> = delta.changed.iter().map(|(before, _)| known[*before as usize].id).collect();
    let changed = tables::find_all(ctx, &ids).await?.into_iter().collect::<Option<Vec<_>>>().ok_or_else(missing)?;
    let ids: Vec<_> = delta.gone.iter().map(|at| known[*at as usize].id).collect();
    let gone = tables::find_all(ctx, &ids).await?.into_iter().collect::<Option<Vec<_>>>().ok_or_else(missing)?;

    let mut counts = Counts { before: tables::residents_before(ctx).await?, ..Counts::default() };
    let sealed_on = day_in_japan(snapshot.header.created_at);
    for at in &delta.added {
        counts.add_new(&snapshot.row(*at as usize), sealed_on);
    }
    for (before, (_, after)) in changed.iter().zip(&delta.changed) {
        let after = Keyed::of_row(before.stored.resident, &snapshot.row(*after as usize), layout.facts(), 0, ctx.now());
        counts.add_change(before.side(), after.side());
    }
    for gone in &gone {
        counts.add_gone(Status::from_code(&gone.stored.status).ok_or(Error::Stored("status"))?);
    }
    counts.after = (counts.before + counts.begun()).saturating_sub(counts.ended());
    let header = &snapshot.header;
    let run = BundleRun {
        number: header.number,
        state: BundleState::Waiting,
        digest: snapshot.digest,
        created_at: header.created_at,
        opened_at: ctx.now(),
        decided_at: None,
        decided_by: None,
        rows: header.rows,
        left_out: header.left_out,
        problems: header.problems,
        counts,
        exceeded: counts.exceeded(&town.bridge.thresholds),
    };
    let (added, changes) = (new_ids(ctx.now(), delta.added.len()), snapshot.changes(&known, &delta));
    Ok(Judged { run, layout, stand, today: ctx.today(), added, changed, gone, changes, first: known.is_empty(), snapshot, delta })
}

/// Shows what a bundle would change.
pub(super) async fn preview(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys) -> Result<Counts, Error> {
    let stand = tables::chain(ctx).await?;
    Ok(judge(ctx, sealed, keys, stand.0, stand).await?.run.counts)
}

impl Judged {
    /// A bundle that will wait changes nothing; the first of all is loaded whole, for nobody has a card yet.
    fn is_to_be_staged(&self, wish: Wish<'_>) -> bool {
        let waits = matches!(wish, Wish::Open(_)) && !self.run.exceeded.is_empty();
        !waits && !self.first
    }

    /// Stages in short transactions and concludes in one; `None` when somebody came in between, and all is to be judged anew.
    async fn in_steps(&self, store: &Store, actor: &Actor, wish: Wish<'_>) -> Result<Option<BundleRun>, Error> {
        let staged = self.is_to_be_staged(wish);
        let name = random_name();
        if staged {
            make_room(store, &name).await?;
            for step in 0..self.steps() {
                let mut ctx = store.begin(actor.clone()).await?;
                if !tables::is_staging(&mut ctx, &name).await? {
                    return Ok(None);
                }
                self.stage(&mut ctx, step).await?;
                ctx.commit().await?;
            }
        }
        let mut ctx = store.begin(actor.clone()).await?;
        ctx.allow(wish.permission())?;
        let undisturbed = !staged || tables::is_staging(&mut ctx, &name).await?;
        if !undisturbed || tables::chain(&mut ctx).await? != self.stand || ctx.today() != self.today {
            return Ok(None);
        }
        let run = wish.conclude(&mut ctx, self).await?;
        ctx.commit().await?;
        Ok(Some(run))
    }

    fn people(&self) -> usize {
        self.added.len() + self.changed.len() + self.gone.len()
    }

    /// People a few at a time, then what is to be known of them, a part at a time.
    fn steps(&self) -> usize {
        self.people().div_ceil(STEP) + self.changes.len().div_ceil(tables::KNOWN_PER_PART)
    }

    async fn stage(&self, ctx: &mut Ctx, step: usize) -> Result<(), Error> {
        let of_people = self.people().div_ceil(STEP);
        if let Some(part) = step.checked_sub(of_people) {
            let changes = self.changes.chunks(tables::KNOWN_PER_PART).nth(part).unwrap_or_default();
            return Ok(tables::know_change(ctx, self.run.number, i64::try_from(part).unwrap_or(i64::MAX), changes).await?);
        }
        let from = step * STEP;
        let now = ctx.now();
        let mut people = (from..self.people().min(from + STEP)).map(|at| self.after(at, now));
        Ok(tables::stage(ctx, from, &mut people).await?)
    }

    /// The tables' row of a person once the bundle holds: first those who are new, then those who changed, then those who are gone.
    fn after(&self, at: usize, now: civil::Timestamp) -> Keyed {
        let (facts, number) = (self.layout.facts(), self.run.number);
        if let Some(id) = self.added.get(at) {
            return Keyed::of_row(*id, &self.snapshot.row(self.delta.added[at] as usize), facts, number, now);
        }
        let at = at - self.added.len();
        if let Some(before) = self.changed.get(at) {
            return Keyed::of_row(before.stored.resident, &self.snapshot.row(self.delta.changed[at].1 as usize), facts, number, now);
        }
        self.gone[at - self.changed.len()].vanished(self.today, number)
    }

    /// The rest of the transaction that says the bundle holds.
    async fn become_the_register(&self, ctx: &mut Ctx) -> Result<(), Error> {
        let (number, now) = (self.run.number, ctx.now());
        if self.first {
            tables::load(ctx, &mut (0..self.people()).map(|at| self.after(at, now))).await?;
            tables::know(ctx, &self.changes).await?;
        }
        tables::end_staging(ctx).await?;
        tables::stand_at(ctx, &random_name(), &random_name(), number).await?;
        let known = self.changed.iter().chain(&self.gone).map(|keyed| keyed.stored.resident);
        let residents = (self.people() <= NAMED_MAX).then(|| self.added.iter().copied().chain(known).collect());
        ctx.audit("bundle.applied", None, &number.to_string()).await?;
        ctx.record(BUNDLE_APPLIED, &BundleApplied { number, residents, counts: self.run.counts }).await?;
        Ok(())
    }
}

/// Clears the staging place of what earlier runs left there, and takes it under a name.
async fn make_room(store: &Store, name: &str) -> Result<(), Error> {
    loop {
        let mut ctx = store.begin(Actor::System).await?;
        let more = tables::make_room(&mut ctx).await?;
        if !more {
            tables::forget_unapplied(&mut ctx).await?;
            tables::begin_staging(&mut ctx, name).await?;
        }
        ctx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}
