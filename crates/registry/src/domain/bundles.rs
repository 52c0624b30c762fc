use civil::day_in_japan;
use store::{Ctx, Permission};

use crate::bridge::{Delta, Known, Layout, Opening, Row, Snapshot, Status, open};
use crate::model::{BridgeKeys, BundleApplied, BundleDetail, BundleRun, BundleState, Counts, Error, ResidentId, Search};
use crate::store as tables;
use crate::store::Stored;

/// The event after a bundle's rows became the register's; its payload is [`BundleApplied`]. Reactions run in the same transaction.
pub const BUNDLE_APPLIED: &str = "registry.bundle_applied";
/// The event when a bundle waits for approval; its payload is the bundle's number.
pub const BUNDLE_WAITING: &str = "registry.bundle_waiting";
/// The event when a bundle was rejected; its payload is the bundle's number.
pub const BUNDLE_REJECTED: &str = "registry.bundle_rejected";

/// Changed people an event names; beyond it says that everybody is to be looked at.
const NAMED_MAX: usize = 20_000;

/// Opens a sealed bundle: verifies it, and applies it in this transaction unless its difference needs approval; then it waits.
///
/// # Errors
/// [`Error::Refused`] with the reason, [`Error::Waiting`] while an earlier bundle is undecided, [`store::Error::Forbidden`], the database's.
pub async fn open_bundle(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys) -> Result<BundleRun, Error> {
    ctx.allow(Permission::RunHouse)?;
    let (chain, waiting) = tables::chain(ctx).await?;
    if waiting {
        return Err(Error::Waiting(chain.number));
    }
    let judged = judge(ctx, sealed, keys, chain).await?;
    let header = &judged.snapshot.header;
    let exceeded = judged.counts.exceeded(&ctx.town().bridge.thresholds);
    let mut run = BundleRun {
        number: header.number,
        state: BundleState::Waiting,
        digest: judged.snapshot.digest,
        created_at: header.created_at,
        opened_at: ctx.now(),
        decided_at: None,
        decided_by: None,
        rows: header.rows,
        left_out: header.left_out,
        problems: header.problems,
        counts: judged.counts,
        exceeded,
    };
    if run.exceeded.is_empty() {
        run.state = BundleState::Applied;
        run.decided_at = Some(ctx.now());
        tables::add_bundle(ctx, &run, &header.listed, None).await?;
        apply(ctx, &judged).await?;
    } else {
        tables::add_bundle(ctx, &run, &header.listed, Some(sealed)).await?;
        ctx.audit("bundle.waiting", None, &run.number.to_string()).await?;
        ctx.record(BUNDLE_WAITING, &run.number).await?;
    }
    Ok(run)
}

/// Shows what a bundle would change, and changes nothing.
///
/// # Errors
/// As [`open_bundle`].
pub async fn preview_bundle(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys) -> Result<Counts, Error> {
    ctx.allow(Permission::RunHouse)?;
    let (chain, _) = tables::chain(ctx).await?;
    Ok(judge(ctx, sealed, keys, chain).await?.counts)
}

/// Approves a bundle that waits, and applies it in this transaction.
///
/// # Errors
/// [`Error::NotWaiting`], [`store::Error::Forbidden`], or the database's.
pub async fn approve_bundle(ctx: &mut Ctx, number: u64, keys: &BridgeKeys) -> Result<BundleRun, Error> {
    ctx.allow(Permission::ApproveBundle)?;
    let sealed = tables::sealed(ctx, number).await?.ok_or(Error::NotWaiting(number))?;
    let chain = tables::chain_before(ctx, number).await?;
    let judged = judge(ctx, &sealed, keys, chain).await?;
    let mut run = decide(ctx, number, BundleState::Applied).await?;
    run.counts = judged.counts;
    tables::decide_bundle(ctx, &run).await?;
    apply(ctx, &judged).await?;
    ctx.audit("bundle.approved", None, &number.to_string()).await?;
    Ok(run)
}

/// Turns down a bundle that waits; the register stays as it is, and the next bundle may come.
///
/// # Errors
/// [`Error::NotWaiting`], [`store::Error::Forbidden`], or the database's.
pub async fn reject_bundle(ctx: &mut Ctx, number: u64) -> Result<BundleRun, Error> {
    ctx.allow(Permission::ApproveBundle)?;
    tables::sealed(ctx, number).await?.ok_or(Error::NotWaiting(number))?;
    let run = decide(ctx, number, BundleState::Rejected).await?;
    tables::decide_bundle(ctx, &run).await?;
    ctx.audit("bundle.rejected", None, &number.to_string()).await?;
    ctx.record(BUNDLE_REJECTED, &number).await?;
    Ok(run)
}

async fn decide(ctx: &mut Ctx, number: u64, state: BundleState) -> Result<BundleRun, Error> {
    let mut newest = tables::bundles(ctx, tables::number(number) + 1, 1).await?;
    let run = newest.pop().filter(|run| run.number == number).ok_or(Error::NotWaiting(number))?;
    Ok(BundleRun { state, decided_at: Some(ctx.now()), decided_by: Some(ctx.actor.to_string()), ..run })
}

/// Lists bundles with a lower number than `before` (`None` to begin), newest first.
///
/// # Errors
/// [`store::Error::Forbidden`] or the database's.
pub async fn bundles(ctx: &mut Ctx, before: Option<u64>, limit: u32) -> Result<Vec<BundleRun>, Error> {
    ctx.allow(Permission::SeeBridge)?;
    tables::bundles(ctx, before.map_or(i64::MAX, tables::number), limit).await
}

/// Shows a bundle with the problems of its export.
///
/// # Errors
/// [`Error::NotWaiting`] when there is none, [`store::Error::Forbidden`], or the database's.
pub async fn bundle(ctx: &mut Ctx, number: u64) -> Result<BundleDetail, Error> {
    ctx.allow(Permission::SeeBridge)?;
    let mut newest = tables::bundles(ctx, tables::number(number) + 1, 1).await?;
    let run = newest.pop().filter(|run| run.number == number).ok_or(Error::NotWaiting(number))?;
    Ok(BundleDetail { run, problems: tables::problems(ctx, number).await? })
}

/// A verified bundle beside what is known.
struct Judged {
    snapshot: Snapshot,
    layout: Layout,
    known: Vec<Known>,
    delta: Delta,
    /// The tables' rows of `delta.changed`, in its order.
    changed: Vec<Stored>,
    counts: Counts,
}

impl Judged {
    fn row(&self, at: u32) -> Row<'_> {
        self.snapshot.row(at as usize)
    }
}

async fn judge(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys, chain: crate::bridge::Chain) -> Result<Judged, Error> {
    let town = ctx.town().clone();
    let layout = Layout::of(&town.bridge, &town.facts)?;
    let code = town.code.to_string();
    let opening = Opening { town: &code, layout: &layout, signers: &keys.signers, centre: &keys.centre, chain };
    let snapshot = open(sealed, &opening)?;
    let known = tables::known(ctx).await?;
    let delta = snapshot.compare(&known);
    let ids: Vec<_> = delta.changed.iter().map(|(before, _)| known[*before as usize].id).collect();
    let gone: Vec<_> = delta.gone.iter().map(|at| known[*at as usize].id).collect();
    let missing = || Error::Stored("known row");
    let changed = tables::find_all(ctx, &ids).await?.into_iter().collect::<Option<Vec<_>>>().ok_or_else(missing)?;
    let gone = tables::find_all(ctx, &gone).await?.into_iter().collect::<Option<Vec<_>>>().ok_or_else(missing)?;

    let mut counts = Counts { before: tables::residents_before(ctx).await?, ..Counts::default() };
    let sealed_on = day_in_japan(snapshot.header.created_at);
    for at in &delta.added {
        counts.add_new(&snapshot.row(*at as usize), sealed_on);
    }
    for (before, (_, after)) in changed.iter().zip(&delta.changed) {
        let after = Stored::of_row(before.resident, &snapshot.row(*after as usize), layout.facts(), 0, ctx.now());
        counts.add_change(before.side(), after.side());
    }
    for gone in &gone {
        counts.add_gone(Status::from_code(&gone.status).ok_or(Error::Stored("status"))?);
    }
    counts.after = (counts.before + counts.begun()).saturating_sub(counts.ended());
    Ok(Judged { snapshot, layout, known, delta, changed, counts })
}

/// Writes the difference to the tables, records the event and the audit line: all in this transaction.
async fn apply(ctx: &mut Ctx, judged: &Judged) -> Result<(), Error> {
    let (delta, header, now) = (&judged.delta, &judged.snapshot.header, ctx.now());
    let facts = judged.layout.facts();
    let first_load = judged.known.is_empty() && delta.added.len() > 10_000;
    if first_load {
        for statement in tables::DROP_INDEXES {
            tables::index(ctx, statement).await?;
        }
    }
    let ids = new_ids(now, delta.added.len());
    let mut added = delta.added.iter().zip(&ids).map(|(at, id)| Stored::of_row(*id, &judged.row(*at), facts, header.number, now));
    tables::insert_residents(ctx, &mut added).await?;
    if first_load {
        for statement in tables::MAKE_INDEXES {
            tables::index(ctx, statement).await?;
        }
    }
    let changed = delta.changed.iter().map(|(before, _)| judged.known[*before as usize].id);
    let gone = delta.gone.iter().map(|at| judged.known[*at as usize].id);
    tables::archive(ctx, &mut changed.chain(gone.clone())).await?;
    let mut updated = judged
        .changed
        .iter()
        .zip(&delta.changed)
        .map(|(before, (_, after))| Stored::of_row(before.resident, &judged.row(*after), facts, header.number, now));
    tables::update_residents(ctx, &mut updated).await?;
    tables::vanish(ctx, &mut gone.clone(), header.number).await?;
    tables::know(ctx, &judged.snapshot.known_after(&judged.known)).await?;
    tables::stand_at(ctx, &random_name(), &random_name(), header.number).await?;

    let touched = ids.len() + judged.changed.len() + delta.gone.len();
    let residents = if touched > NAMED_MAX {
        None
    } else {
        let gone: Vec<_> = gone.collect();
        let gone = tables::find_all(ctx, &gone).await?.into_iter().flatten().map(|stored| stored.resident);
        Some(ids.into_iter().chain(judged.changed.iter().map(|stored| stored.resident)).chain(gone).collect())
    };
    ctx.audit("bundle.applied", None, &header.number.to_string()).await?;
    ctx.record(BUNDLE_APPLIED, &BundleApplied { number: header.number, residents, counts: judged.counts }).await?;
    Ok(())
}

/// New ids in rising order: version 7 of one moment, counted in their upper random bits so that an index takes them one behind the other.
fn new_ids(now: civil::Timestamp, count: usize) -> Vec<ResidentId> {
    let mut ids: Vec<ResidentId> = Vec::with_capacity(count);
    let mut chance = vec![0; count * 8];
    aws_lc_rs::rand::fill(&mut chance).expect("the system gives random bytes");
    let first = ResidentId::new(now).bytes();
    for (at, chance) in (0u64..).zip(chance.chunks_exact(8)) {
        let mut bytes = first;
        let counted = at.to_be_bytes();
        // 12 bits behind the version and 24 behind the variant count; 38 are random.
        let (upper, lower) = ((at >> 24) as u16 & 0x0fff, &counted[5..]);
        bytes[6..8].copy_from_slice(&(0x7000 | upper).to_be_bytes());
        bytes[8] = 0x80 | lower[0] >> 2;
        bytes[9] = lower[0] << 6 | lower[1] >> 2;
        bytes[10] = lower[1] << 6 | lower[2] >> 2;
        bytes[11] = lower[2] << 6 | chance[0] >> 2;
        bytes[12..16].copy_from_slice(&chance[1..5]);
        ids.push(ResidentId::from_bytes(bytes));
    }
    ids
}

fn random_name() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    hex::encode(bytes)
}

impl Search {
    pub(crate) fn is_empty(&self) -> bool {
        self.register_id.is_none() && self.date_of_birth.is_none() && self.district.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_rise_and_differ_between_runs() {
        let now = civil::Timestamp::from_second(1_790_000_000).unwrap();
        let ids = new_ids(now, 70_000);
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.bytes()[6] >> 4 == 7 && id.bytes()[8] >> 6 == 2));
        assert_ne!(ids[0], new_ids(now, 1)[0]);
    }
}
