//! The staff's side: data sets, their files, and what is said of each.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Multipart, Path};
use axum::response::{IntoResponse, Redirect, Response};
use store::{Ctx, Permission};
use town::{Dataset, DatasetId, DatasetSource, MapBase};
use web::{Caller, Page, Problem, Reader, View, staff};

use crate::basemap::{Basemap, Seen};
use crate::domain::{bring, fetch, keep};
use crate::model::{Error, State, Version, VersionId};
use crate::words::{self, FaultWords};

/// A data set in the list.
struct Row {
    id: DatasetId,
    name: String,
    source: String,
    current: Option<String>,
    rows: u32,
    encoding: &'static str,
    checked: Option<String>,
    failed: Option<String>,
    silent: bool,
    /// What waits.
    held: Option<VersionId>,
    /// What came last and was refused.
    refused: Option<VersionId>,
}

#[derive(Template)]
#[template(path = "staff_datasets.html")]
struct Datasets<'a> {
    view: &'a View,
    rows: Vec<Row>,
    base: Option<Base>,
}

/// The file of tiles under the map.
struct Base {
    name: String,
    /// Since when what is shown is shown; nothing is while no file can be read.
    since: Option<String>,
    bytes: String,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "staff_dataset.html")]
struct DatasetPage<'a> {
    view: &'a View,
    row: Row,
    credit: String,
    can_fetch: bool,
    can_take_back: bool,
    versions: Vec<VersionLine>,
    error: Option<String>,
}

struct VersionLine {
    id: VersionId,
    moment: String,
    state: String,
    origin: String,
    good: bool,
    bad: bool,
    waits: bool,
    places: u32,
}

#[derive(Template)]
#[template(path = "staff_version.html")]
struct VersionPage<'a> {
    view: &'a View,
    id: VersionId,
    dataset: DatasetId,
    name: String,
    moment: String,
    origin: String,
    state: String,
    waits: bool,
    encoding: &'static str,
    rows: u32,
    taken: u32,
    left_out: u32,
    refusal: Option<(String, String)>,
    lost: Option<String>,
    faults: Vec<FaultWords>,
    more_faults: u32,
    unknown: String,
}

/// Every data set, and how it is.
pub(super) async fn datasets(
    view: View,
    Reader(mut ctx): Reader,
    Extension(basemap): Extension<Arc<Basemap>>,
) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepPlaces).await?;
    let town = view.app.town().clone();
    let mut rows = Vec::new();
    for dataset in &town.datasets {
        rows.push(row(&view, dataset, &keep::kept(&mut ctx, dataset).await?));
    }
    let title = view.t("menu-staff-map");
    let base = basemap.seen(&town, ctx.now()).await.and_then(|seen| base(&view, &seen));
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &Datasets { view: &view, rows, base }))
}

/// What the staff read of the tiles; nothing in a town that has none.
fn base(view: &View, seen: &Seen) -> Option<Base> {
    let Some(MapBase::Tiles(tiles)) = view.app.town().map.as_ref().map(|map| &map.base) else { return None };
    let opened = seen.opened.as_ref();
    Some(Base {
        name: tiles.name.clone(),
        since: opened.map(|opened| view.moment(&opened.since)),
        bytes: opened.and_then(|opened| opened.archive.source().bytes().ok()).map(megabytes).unwrap_or_default(),
        fault: seen.fault.map(|fault| words::tiles_fault(view, fault)),
    })
}

/// A size as people say it.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn row(view: &View, dataset: &Dataset, kept: &keep::Kept) -> Row {
    let current = kept.current.as_ref();
    let latest = kept.latest.as_ref().filter(|latest| latest.state == State::Refused);
    Row {
        id: dataset.id.clone(),
        name: view.words(&dataset.name).to_owned(),
        source: match &dataset.source {
            DatasetSource::File { path, .. } => view.t1("places-source-file", "path", path),
            DatasetSource::Url { address, .. } => view.t1("places-source-url", "address", address),
            DatasetSource::Upload => view.t("places-source-upload"),
        },
        current: current.map(|version| view.moment(&version.taken_at)),
        rows: current.map_or(0, |version| version.report.taken),
        encoding: current.and_then(|version| version.report.encoding).map_or("", |encoding| encoding.name()),
        checked: kept.checked.checked_at.map(|checked| view.moment(&checked)),
        failed: failure(view, kept),
        silent: kept.silent,
        held: kept.held.as_ref().map(|version| version.id),
        refused: latest.map(|version| version.id),
    }
}

/// Why the source did not answer the last time, if it did not.
fn failure(view: &View, kept: &keep::Kept) -> Option<String> {
    let checked = &kept.checked;
    let failed = checked.failed_at.filter(|failed| checked.checked_at.is_none_or(|good| good < *failed))?;
    let why = words::fetch_fault(view, checked.failure?);
    let moment = view.moment(&failed);
    Some(view.ta("places-fetch-failed", &[("moment", (&moment).into()), ("why", (&why).into())]))
}

/// One data set, its files, and the form for a new one.
pub(super) async fn dataset(view: View, Reader(mut ctx): Reader, Path(id): Path<DatasetId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepPlaces).await?;
    dataset_page(&view, &mut ctx, who, &id, None).await
}

async fn dataset_page(view: &View, ctx: &mut Ctx, who: String, id: &DatasetId, error: Option<String>) -> Result<Response, Problem> {
    let town = view.app.town().clone();
    let dataset = town.dataset(id).ok_or(Error::NoSuchDataset)?;
    let kept = keep::kept(ctx, dataset).await?;
    let versions = keep::versions(ctx, id).await?;
    let row = row(view, dataset, &kept);
    let title = row.name.clone();
    let body = DatasetPage {
        view,
        row,
        credit: view.words(&dataset.credit).to_owned(),
        can_fetch: matches!(dataset.source, DatasetSource::Url { .. }),
        can_take_back: kept.can_take_back,
        versions: versions.iter().map(|version| version_line(view, version)).collect(),
        error,
    };
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &body))
}

fn version_line(view: &View, version: &Version) -> VersionLine {
    VersionLine {
        id: version.id,
        moment: view.moment(&version.taken_at),
        state: words::state(view, version.state),
        origin: words::origin(view, version.origin),
        good: version.state == State::Current,
        bad: version.state == State::Refused,
        waits: version.state == State::Held,
        places: version.report.taken,
    }
}

/// Takes a file from the form; its report is shown before anything changes.
pub(super) async fn upload(view: View, Caller(mut ctx): Caller, Path(id): Path<DatasetId>, form: Multipart) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepPlaces).await?;
    match bring::upload(&mut ctx, &id, &file(form).await?).await {
        Ok(version) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/map/versions/{}", version.id)).into_response())
        }
        Err(Error::NoFile) => {
            let error = view.t("problem-places-no-file");
            Ok(web::to_mend(dataset_page(&view, &mut ctx, who, &id, Some(error)).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// The bytes of the form's file; none when none was chosen.
async fn file(mut form: Multipart) -> Result<Vec<u8>, Problem> {
    let broken = |_| Problem::bad_input("places.no_file");
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            return Ok(field.bytes().await.map_err(broken)?.to_vec());
        }
    }
    Ok(Vec::new())
}

/// What is said of a file, and what can be done with it.
pub(super) async fn version(view: View, Reader(mut ctx): Reader, Path(id): Path<VersionId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::KeepPlaces).await?;
    let version = keep::version(&mut ctx, id).await?;
    let town = view.app.town().clone();
    let dataset = town.dataset(&version.dataset).ok_or(Error::NoSuchDataset)?;
    let report = &version.report;
    let body = VersionPage {
        view: &view,
        id,
        dataset: dataset.id.clone(),
        name: view.words(&dataset.name).to_owned(),
        moment: view.moment(&version.taken_at),
        origin: words::origin(&view, version.origin),
        state: words::state(&view, version.state),
        waits: version.state == State::Held,
        encoding: report.encoding.map_or("", |encoding| encoding.name()),
        rows: report.rows,
        taken: report.taken,
        left_out: report.rows.saturating_sub(report.taken),
        refusal: report.refusal.as_ref().map(|refusal| words::refusal(&view, refusal)),
        lost: report.lost.as_ref().map(|lost| words::lost(&view, lost)),
        faults: report.faults.iter().map(|fault| words::fault(&view, fault)).collect(),
        more_faults: report.more_faults,
        unknown: report.unknown.join(&view.t("places-and")),
    };
    let title = view.t("places-report-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &body))
}

/// Asks a data set's address at once.
pub(super) async fn fetch(Caller(mut ctx): Caller, Path(id): Path<DatasetId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepPlaces).await?;
    fetch::fetch_now(&mut ctx, &id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/map/{id}")))
}

/// Shows a version that waits.
pub(super) async fn approve(Caller(mut ctx): Caller, Path(id): Path<VersionId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepPlaces).await?;
    let version = keep::approve(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/map/{}", version.dataset)))
}

/// Does not show a version that waits.
pub(super) async fn discard(Caller(mut ctx): Caller, Path(id): Path<VersionId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepPlaces).await?;
    let version = keep::discard(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/map/{}", version.dataset)))
}

/// Takes the version before back.
pub(super) async fn take_back(Caller(mut ctx): Caller, Path(id): Path<DatasetId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepPlaces).await?;
    keep::take_back(&mut ctx, &id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/map/{id}")))
}
