use store::{Actor, Ctx, Permission, Store};

use super::apply::{self, Wish};
use crate::model::{BridgeKeys, BundleDetail, BundleRun, BundleState, Counts, Error, ResidentId, Search};
use crate::store as tables;

/// The event after a bundle's rows became the register's; its payload is [`BundleApplied`](crate::BundleApplied). Reactions run in the same transaction and are
/// to be short: counters wait behind it. What takes long belongs into a job.
pub const BUNDLE_APPLIED: &str = "registry.bundle_applied";
/// The event when a bundle waits for approval; its payload is the bundle's number.
pub const BUNDLE_WAITING: &str = "registry.bundle_waiting";
/// The event when a bundle was rejected; its payload is the bundle's number.
pub const BUNDLE_REJECTED: &str = "registry.bundle_rejected";

/// Opens a sealed bundle: verifies it, and applies it in this transaction unless its difference needs approval; then it waits.
///
/// A large one holds the writer for seconds: where counters are served meanwhile, [`open_bundle_in_steps`] does the same.
///
/// # Errors
/// [`Error::Refused`] with the reason, [`Error::Waiting`] while an earlier bundle is undecided, [`store::Error::Forbidden`], the database's.
pub async fn open_bundle(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys) -> Result<BundleRun, Error> {
    apply::at_once(ctx, keys, Wish::Open(sealed)).await
}

/// Opens a sealed bundle without keeping others from writing: it is opened, compared and staged beforehand, and one short transaction makes all of it
/// the register's, with its event, audit line and jobs, or nothing. Computes for as long as that takes: run it on a thread of its own.
///
/// # Errors
/// As [`open_bundle`]; a database's error after the bundle was applied too: asked again, it is known as applied.
pub async fn open_bundle_in_steps(store: &Store, actor: &Actor, sealed: &[u8], keys: &BridgeKeys) -> Result<BundleRun, Error> {
    apply::in_steps(store, actor, keys, Wish::Open(sealed)).await
}

/// Shows what a bundle would change, and changes nothing.
///
/// # Errors
/// As [`open_bundle`].
pub async fn preview_bundle(ctx: &mut Ctx, sealed: &[u8], keys: &BridgeKeys) -> Result<Counts, Error> {
    ctx.allow(Permission::RunHouse)?;
    apply::preview(ctx, sealed, keys).await
}

/// Approves a bundle that waits, and applies it in this transaction.
///
/// # Errors
/// [`Error::NotWaiting`], [`store::Error::Forbidden`], or the database's.
pub async fn approve_bundle(ctx: &mut Ctx, number: u64, keys: &BridgeKeys) -> Result<BundleRun, Error> {
    apply::at_once(ctx, keys, Wish::Approve(number)).await
}

/// Approves a bundle that waits and applies it as [`open_bundle_in_steps`] does.
///
/// # Errors
/// As [`approve_bundle`].
pub async fn approve_bundle_in_steps(store: &Store, actor: &Actor, number: u64, keys: &BridgeKeys) -> Result<BundleRun, Error> {
    apply::in_steps(store, actor, keys, Wish::Approve(number)).await
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

pub(super) async fn decide(ctx: &mut Ctx, number: u64, state: BundleState) -> Result<BundleRun, Error> {
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

/// New ids in rising order: version 7 of one moment, counted in their upper random bits so that an index takes them one behind the other.
pub(super) fn new_ids(now: civil::Timestamp, count: usize) -> Vec<ResidentId> {
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

pub(super) fn random_name() -> String {
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
