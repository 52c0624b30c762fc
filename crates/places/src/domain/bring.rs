//! A file comes: it is read, judged, and shown, held or refused. What is shown changes in one transaction or not at all.

use ::store::{Actor, Ctx, Permission, StaffId};
use aws_lc_rs::digest;
use jiff::SignedDuration;
use town::{Dataset, DatasetId, DatasetSource};

use super::fetch;
use crate::model::{Error, Origin, Place, Report, Result, State, Version, VersionId};
use crate::rules::{self, Bounds, Expected, judge};
use crate::store as rows;

/// Versions before the current one that can be taken back.
const PAST_KEPT: usize = 3;
/// For how long it is remembered what was said of files that were never shown.
const TALK_KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// When the house opens: takes the files of the pack that are new since the last time, and plans today's fetches. A pack whose file is broken keeps what
/// there was.
///
/// # Errors
/// The store's.
pub async fn open(ctx: &mut Ctx) -> Result<()> {
    let town = ctx.town().clone();
    for dataset in &town.datasets {
        if let DatasetSource::File { bytes, .. } = &dataset.source {
            take(ctx, dataset, bytes, Origin::Pack).await?;
        }
    }
    fetch::plan_rest(ctx).await
}

/// Takes a file that somebody of the staff brings: it is read and waits, so that its report is seen before anything changes.
///
/// # Errors
/// [`Error::NoSuchDataset`], [`Error::NoFile`]; forbidden without the permission.
pub async fn upload(ctx: &mut Ctx, id: &DatasetId, bytes: &[u8]) -> Result<Version> {
    ctx.allow(Permission::KeepPlaces)?;
    let town = ctx.town().clone();
    let dataset = town.dataset(id).ok_or(Error::NoSuchDataset)?;
    if bytes.is_empty() {
        return Err(Error::NoFile);
    }
    take(ctx, dataset, bytes, Origin::Upload).await
}

/// Takes a file: gives the version it became, or the one it was before when the same file comes again by itself.
pub(crate) async fn take(ctx: &mut Ctx, dataset: &Dataset, bytes: &[u8], origin: Origin) -> Result<Version> {
    let digest = digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
    if origin != Origin::Upload {
        rows::checked_now(ctx, &dataset.id).await?;
    }
    // What was decided about a file holds when it comes again by itself: nobody is asked twice, nothing dropped comes back.
    let known = rows::same(ctx, &dataset.id, &digest).await?.filter(|_| origin != Origin::Upload);
    if let Some(known) = known.as_ref().filter(|known| is_settled(known)) {
        return Ok(known.clone());
    }
    let expected = Expected { dataset, bounds: Bounds::of(ctx.town()) };
    let (places, mut report) = rules::read(bytes, &expected);
    let before = match rows::current(ctx, &dataset.id).await? {
        Some(current) => rows::places(ctx, current.id).await?,
        None => Vec::new(),
    };
    report.lost = judge::lost(&before, &places, dataset).filter(|_| report.refusal.is_none());
    if let Some(known) = known.filter(|known| known.report == report && report.refusal.is_some()) {
        return Ok(known);
    }
    let version = Version {
        id: VersionId::new(ctx.now()),
        dataset: dataset.id.clone(),
        state: state_of(&report, origin),
        origin,
        taken_at: ctx.now(),
        decided_at: None,
        decided_by: None,
        digest,
        report,
    };
    keep(ctx, version, &places).await
}

/// Whether a file that comes again needs no second look. A broken one gets it: the pack or the reader may have changed.
fn is_settled(known: &Version) -> bool {
    match known.state {
        State::Current | State::Held => true,
        State::Dropped => known.decided_by.is_some(),
        State::Past | State::Refused => false,
    }
}

/// What becomes of a file: broken ones are refused, what loses much or was brought by hand waits, all others are shown.
fn state_of(report: &Report, origin: Origin) -> State {
    if report.refusal.is_some() {
        State::Refused
    } else if report.lost.is_some() || origin == Origin::Upload {
        State::Held
    } else {
        State::Current
    }
}

async fn keep(ctx: &mut Ctx, mut version: Version, places: &[Place]) -> Result<Version> {
    match version.state {
        State::Current => {
            // Laid down beside the old version first: there is one current version at any time.
            version.state = State::Held;
            rows::drop_held(ctx, &version.dataset).await?;
            rows::insert_version(ctx, &version, places).await?;
            show(ctx, &mut version, None).await?;
        }
        State::Held => {
            rows::drop_held(ctx, &version.dataset).await?;
            rows::insert_version(ctx, &version, places).await?;
            ctx.record("places.dataset_held", &version.id).await?;
        }
        _ => {
            rows::insert_version(ctx, &version, &[]).await?;
            ctx.record("places.dataset_refused", &version.id).await?;
        }
    }
    Ok(version)
}

/// Shows a version instead of the current one.
pub(crate) async fn show(ctx: &mut Ctx, version: &mut Version, by: Option<StaffId>) -> Result<()> {
    if let Some(current) = rows::current(ctx, &version.dataset).await? {
        rows::decide(ctx, current.id, State::Past, by).await?;
    }
    rows::decide(ctx, version.id, State::Current, by).await?;
    version.state = State::Current;
    rows::tell_replaced(ctx, version).await?;
    tidy(ctx, &version.dataset).await
}

/// Forgets what nobody will take back.
async fn tidy(ctx: &mut Ctx, dataset: &DatasetId) -> Result<()> {
    for old in rows::past(ctx, dataset).await?.into_iter().skip(PAST_KEPT) {
        rows::forget(ctx, old.id).await?;
    }
    let before = ctx.now() - TALK_KEPT;
    for old in rows::never_shown_before(ctx, dataset, before).await? {
        rows::forget(ctx, old.id).await?;
    }
    Ok(())
}

/// The member of staff who acts.
pub(crate) fn staff_of(ctx: &Ctx) -> Option<StaffId> {
    match ctx.actor {
        Actor::Staff(id, _) => Some(id),
        _ => None,
    }
}
