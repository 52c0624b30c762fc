//! The room's own tables, each query once.

use ::store::{Ctx, FromRow, Row, StaffId, Value, params};
use jiff::Timestamp;
use town::DatasetId;
use web::FetchFault;

use crate::model::{Checked, DatasetReplaced, Place, Position, Report, Result, State, Version, VersionId};

macro_rules! version {
    ($rest:literal) => {
        concat!("select id, dataset, state, origin, taken_at, decided_at, decided_by, digest, report from places_version ", $rest)
    };
}

macro_rules! place {
    ($rest:literal) => {
        concat!("select v.dataset, p.key, p.name, p.latitude, p.longitude, p.hazards, p.detail from places_place p join places_version v on v.id = p.version ", $rest)
    };
}

::store::queries! {
    VERSION = version!("where id = $1");
    CURRENT = version!("where dataset = $1 and state = 'current'");
    LATEST = version!("where dataset = $1 order by taken_at desc, id desc limit 1");
    PAST = version!("where dataset = $1 and state = 'past' order by decided_at desc, id desc");
    VERSIONS = version!("where dataset = $1 order by taken_at desc, id desc limit 30");
    SAME = version!("where dataset = $1 and digest = $2 order by taken_at desc, id desc limit 1");
    INSERT_VERSION = "insert into places_version (id, dataset, state, origin, taken_at, digest, report) values ($1, $2, $3, $4, $5, $6, $7)";
    DECIDE = "update places_version set state = $2, decided_at = $3, decided_by = $4 where id = $1";
    DROP_HELD = "update places_version set state = 'dropped', decided_at = $2 where dataset = $1 and state = 'held'";

    PLACES = place!("where v.id = $1 order by p.position");
    SHOWN = place!("where v.state = 'current' order by v.dataset, p.position");
    SHOWN_PLACE = place!("where v.state = 'current' and p.key = $1");
    INSERT_PLACE = "insert into places_place (version, key, position, name, latitude, longitude, hazards, detail) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    FORGET_PLACES = "delete from places_place where version = $1";
    FORGET_VERSION = "delete from places_version where id = $1";
    NEVER_SHOWN = version!("where dataset = $1 and state in ('refused', 'dropped') and taken_at < $2");

    CHECKED = "select checked_at, failed_at, failure from places_dataset where id = $1";
    CHECKED_NOW = "insert into places_dataset (id, checked_at) values ($1, $2) on conflict (id) do update set checked_at = excluded.checked_at";
    FAILED_NOW = "insert into places_dataset (id, failed_at, failure) values ($1, $2, $3)
        on conflict (id) do update set failed_at = excluded.failed_at, failure = excluded.failure";
}

impl FromRow for Version {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let report: String = row.get(8)?;
        Ok(Self {
            id: row.get(0)?,
            dataset: row.get(1)?,
            state: row.get(2)?,
            origin: row.get(3)?,
            taken_at: row.get(4)?,
            decided_at: row.get(5)?,
            decided_by: row.get(6)?,
            digest: row.get(7)?,
            report: serde_json::from_str(&report)?,
        })
    }
}

/// A place with the data set it is of.
pub(crate) struct Stored(pub(crate) DatasetId, pub(crate) Place);

impl FromRow for Stored {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let detail: String = row.get(6)?;
        let place = Place {
            key: row.get(1)?,
            name: row.get(2)?,
            position: Position { latitude: row.get(3)?, longitude: row.get(4)? },
            hazards: row.get(5)?,
            detail: serde_json::from_str(&detail)?,
        };
        Ok(Self(row.get(0)?, place))
    }
}

::store::from_row!(Checked { checked_at, failed_at, failure });

pub(crate) async fn version(ctx: &mut Ctx, id: VersionId) -> Result<Option<Version>> {
    Ok(ctx.tx().query_opt(VERSION, params![id]).await?)
}

pub(crate) async fn current(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Option<Version>> {
    Ok(ctx.tx().query_opt(CURRENT, params![dataset]).await?)
}

/// The version that was given last.
pub(crate) async fn latest(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Option<Version>> {
    Ok(ctx.tx().query_opt(LATEST, params![dataset]).await?)
}

/// Versions that were current, the last of them first.
pub(crate) async fn past(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Vec<Version>> {
    Ok(ctx.tx().query(PAST, params![dataset]).await?)
}

pub(crate) async fn versions(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Vec<Version>> {
    Ok(ctx.tx().query(VERSIONS, params![dataset]).await?)
}

/// What became of the same file when it came before.
pub(crate) async fn same(ctx: &mut Ctx, dataset: &DatasetId, digest: &[u8]) -> Result<Option<Version>> {
    Ok(ctx.tx().query_opt(SAME, params![dataset, digest]).await?)
}

pub(crate) async fn insert_version(ctx: &mut Ctx, version: &Version, places: &[Place]) -> Result<()> {
    let Version { id, dataset, state, origin, taken_at, digest, report, .. } = version;
    let report = serde_json::to_string::<Report>(report)?;
    ctx.tx().execute(INSERT_VERSION, params![*id, dataset, *state, *origin, *taken_at, digest.as_slice(), report]).await?;
    let mut rows = Vec::with_capacity(places.len());
    for (position, place) in (0_i32..).zip(places) {
        let detail = serde_json::to_string(&place.detail)?;
        let Position { latitude, longitude } = place.position;
        let row: &[Value] = params![*id, place.key.as_str(), position, place.name.as_str(), latitude, longitude, place.hazards, detail];
        rows.push(row.to_vec());
    }
    ctx.tx().bulk(INSERT_PLACE, &mut rows.into_iter()).await?;
    Ok(())
}

/// Notes what became of a version, and who said so.
pub(crate) async fn decide(ctx: &mut Ctx, id: VersionId, state: State, by: Option<StaffId>) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(DECIDE, params![id, state, now, by]).await?;
    Ok(())
}

/// A file that waited is overtaken by a newer one.
pub(crate) async fn drop_held(ctx: &mut Ctx, dataset: &DatasetId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(DROP_HELD, params![dataset, now]).await?;
    Ok(())
}

/// The places of a version, whatever became of it.
pub(crate) async fn places(ctx: &mut Ctx, version: VersionId) -> Result<Vec<Place>> {
    Ok(ctx.tx().query::<Stored>(PLACES, params![version]).await?.into_iter().map(|Stored(_, place)| place).collect())
}

/// Every place that is shown.
pub(crate) async fn shown(ctx: &mut Ctx) -> Result<Vec<(DatasetId, Place)>> {
    Ok(ctx.tx().query::<Stored>(SHOWN, params![]).await?.into_iter().map(|Stored(dataset, place)| (dataset, place)).collect())
}

pub(crate) async fn shown_place(ctx: &mut Ctx, key: &str) -> Result<Option<(DatasetId, Place)>> {
    Ok(ctx.tx().query_opt::<Stored>(SHOWN_PLACE, params![key]).await?.map(|Stored(dataset, place)| (dataset, place)))
}

/// Forgets a version and its places.
pub(crate) async fn forget(ctx: &mut Ctx, version: VersionId) -> Result<()> {
    ctx.tx().execute(FORGET_PLACES, params![version]).await?;
    ctx.tx().execute(FORGET_VERSION, params![version]).await?;
    Ok(())
}

/// Files that are not shown, nor can be taken back, and came before a moment.
pub(crate) async fn never_shown_before(ctx: &mut Ctx, dataset: &DatasetId, before: Timestamp) -> Result<Vec<Version>> {
    Ok(ctx.tx().query(NEVER_SHOWN, params![dataset, before]).await?)
}

pub(crate) async fn checked(ctx: &mut Ctx, dataset: &DatasetId) -> Result<Checked> {
    Ok(ctx.tx().query_opt(CHECKED, params![dataset]).await?.unwrap_or_default())
}

pub(crate) async fn checked_now(ctx: &mut Ctx, dataset: &DatasetId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(CHECKED_NOW, params![dataset, now]).await?;
    Ok(())
}

pub(crate) async fn failed_now(ctx: &mut Ctx, dataset: &DatasetId, fault: FetchFault) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(FAILED_NOW, params![dataset, now, fault]).await?;
    Ok(())
}

/// Tells the other rooms, in the transaction that replaces the data.
pub(crate) async fn tell_replaced(ctx: &mut Ctx, version: &Version) -> Result<()> {
    let told = DatasetReplaced { dataset: version.dataset.clone(), version: version.id };
    ctx.record(DatasetReplaced::KIND, &told).await?;
    Ok(())
}
