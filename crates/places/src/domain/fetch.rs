//! Data sets with an address: asked by their timetable, outside of any transaction.

use std::sync::Arc;

use ::store::{Actor, Ctx, Permission, Store};
use civil::start_of_day_in_japan;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use town::{DatasetId, DatasetSource};
use web::{Outside, fetch_file};

use super::bring::take;
use crate::model::{Error, Origin, Result};
use crate::store as rows;

/// The job that plans a day's fetches.
pub(crate) const PLAN_DAILY: &str = "places.plan_fetches";
/// The job that fetches one data set.
pub(crate) const FETCH: &str = "places.fetch";

/// Which data set is to be fetched.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ToFetch {
    dataset: DatasetId,
}

/// Puts today's fetches on the list, each at its time.
pub(crate) async fn plan_day(ctx: &mut Ctx) -> Result<()> {
    let midnight = start_of_day_in_japan(ctx.today());
    plan(ctx, midnight).await
}

/// When the house opens: puts on the list what is left of today's fetches. A data set that never came is fetched at once.
pub(crate) async fn plan_rest(ctx: &mut Ctx) -> Result<()> {
    let (town, now) = (ctx.town().clone(), ctx.now());
    for dataset in &town.datasets {
        let DatasetSource::Url { timetable, .. } = &dataset.source else { continue };
        let checked = rows::checked(ctx, &dataset.id).await?;
        if checked.checked_at.is_none() && checked.failed_at.is_none() && !timetable.at.is_empty() {
            put_on_list(ctx, &dataset.id, now).await?;
        }
    }
    plan(ctx, now).await
}

async fn plan(ctx: &mut Ctx, since: Timestamp) -> Result<()> {
    let town = ctx.town().clone();
    let today = ctx.today();
    for dataset in &town.datasets {
        let DatasetSource::Url { timetable, .. } = &dataset.source else { continue };
        for run_at in timetable.moments(today, since) {
            put_on_list(ctx, &dataset.id, run_at).await?;
        }
    }
    Ok(())
}

/// Fetches a data set at once: somebody of the staff does not want to wait for the timetable.
///
/// # Errors
/// [`Error::NoSuchDataset`] for one without an address; forbidden without the permission.
pub async fn fetch_now(ctx: &mut Ctx, id: &DatasetId) -> Result<()> {
    ctx.allow(Permission::KeepPlaces)?;
    let town = ctx.town().clone();
    match town.dataset(id).map(|dataset| &dataset.source) {
        Some(DatasetSource::Url { .. }) => {
            let now = ctx.now();
            put_on_list(ctx, id, now).await
        }
        _ => Err(Error::NoSuchDataset),
    }
}

async fn put_on_list(ctx: &mut Ctx, id: &DatasetId, run_at: Timestamp) -> Result<()> {
    let unique = format!("{FETCH}/{id}/{run_at}");
    Ok(ctx.enqueue_outside(FETCH, Some(unique), &ToFetch { dataset: id.clone() }, run_at).await?)
}

/// Fetches a data set and takes what comes. That nobody answered is noted for the staff; the timetable asks again.
pub(crate) async fn fetch(store: &Store, outside: &Arc<dyn Outside>, asked: &ToFetch) -> Result<()> {
    let town = Arc::clone(store.town());
    let Some(dataset) = town.dataset(&asked.dataset) else { return Ok(()) };
    let DatasetSource::Url { address, .. } = &dataset.source else { return Ok(()) };
    let fetched = fetch_file(outside, address).await;
    let mut ctx = store.begin(Actor::System).await?;
    match fetched {
        Ok(bytes) => drop(take(&mut ctx, dataset, &bytes, Origin::Url).await?),
        Err(fault) => rows::failed_now(&mut ctx, &dataset.id, fault).await?,
    }
    Ok(ctx.commit().await?)
}
