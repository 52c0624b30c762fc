//! The staff keep the data: see them, approve what waits, take back what was better.

use ::store::{Ctx, Permission};
use town::{Dataset, DatasetId, DatasetSource};

use super::bring::{show, staff_of};
use crate::model::{Checked, Error, Result, State, Version, VersionId};
use crate::store as rows;

/// A data set as the staff see it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What is shown.
    pub current: Option<Version>,
    /// What waits for somebody.
    pub held: Option<Version>,
    /// The file that came last, whatever became of it.
    pub latest: Option<Version>,
    /// Whether there is a version to take back.
    pub can_take_back: bool,
    /// When its source was looked at.
    pub checked: Checked,
    /// Whether its source has been silent for longer than the pack allows.
    pub silent: bool,
}

/// Tells how a data set is.
///
/// # Errors
/// Forbidden without the permission; the store's.
pub async fn kept(ctx: &mut Ctx, dataset: &Dataset) -> Result<Kept> {
    ctx.allow(Permission::KeepPlaces)?;
    let versions = rows::versions(ctx, &dataset.id).await?;
    let checked = rows::checked(ctx, &dataset.id).await?;
    Ok(Kept {
        current: rows::current(ctx, &dataset.id).await?,
        held: versions.iter().find(|version| version.state == State::Held).cloned(),
        latest: rows::latest(ctx, &dataset.id).await?,
        can_take_back: versions.iter().any(|version| version.state == State::Past),
        silent: is_silent(ctx, dataset, &checked),
        checked,
    })
}

fn is_silent(ctx: &Ctx, dataset: &Dataset, checked: &Checked) -> bool {
    let DatasetSource::Url { timetable, .. } = &dataset.source else { return false };
    let allowed = jiff::SignedDuration::from_hours(timetable.silent_after_h.into());
    let last = checked.checked_at;
    last.is_none_or(|last| ctx.now().duration_since(last) > allowed) && (last.is_some() || checked.failed_at.is_some())
}

/// A version with what was said of it.
///
/// # Errors
/// [`Error::Decided`] when there is none; forbidden without the permission.
pub async fn version(ctx: &mut Ctx, id: VersionId) -> Result<Version> {
    ctx.allow(Permission::KeepPlaces)?;
    rows::version(ctx, id).await?.ok_or(Error::Decided)
}

/// The versions of a data set, the latest first.
///
/// # Errors
/// Forbidden without the permission; the store's.
pub async fn versions(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Vec<Version>> {
    ctx.allow(Permission::KeepPlaces)?;
    rows::versions(ctx, dataset).await
}

/// Shows a version that waits.
///
/// # Errors
/// [`Error::Decided`] when it waits no more; forbidden without the permission.
pub async fn approve(ctx: &mut Ctx, id: VersionId) -> Result<Version> {
    let mut version = held(ctx, id).await?;
    let by = staff_of(ctx);
    show(ctx, &mut version, by).await?;
    ctx.audit("places.approved", None, &version.id.to_string()).await?;
    Ok(version)
}

/// Does not show a version that waits. The same file will not be asked about again.
///
/// # Errors
/// As [`approve`].
pub async fn discard(ctx: &mut Ctx, id: VersionId) -> Result<Version> {
    let version = held(ctx, id).await?;
    let by = staff_of(ctx);
    rows::decide(ctx, id, State::Dropped, by).await?;
    ctx.audit("places.discarded", None, &version.id.to_string()).await?;
    Ok(version)
}

async fn held(ctx: &mut Ctx, id: VersionId) -> Result<Version> {
    ctx.allow(Permission::KeepPlaces)?;
    rows::version(ctx, id).await?.filter(|version| version.state == State::Held).ok_or(Error::Decided)
}

/// Takes the version back that was shown before the current one. The current one is dropped: its file does not come again by itself.
///
/// # Errors
/// [`Error::NothingBefore`]; forbidden without the permission.
pub async fn take_back(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Version> {
    ctx.allow(Permission::KeepPlaces)?;
    let mut before = rows::past(ctx, dataset).await?.into_iter().next().ok_or(Error::NothingBefore)?;
    let by = staff_of(ctx);
    if let Some(current) = rows::current(ctx, dataset).await? {
        rows::decide(ctx, current.id, State::Dropped, by).await?;
    }
    show(ctx, &mut before, by).await?;
    ctx.audit("places.taken_back", None, &before.id.to_string()).await?;
    Ok(before)
}
