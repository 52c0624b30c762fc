//! What everybody sees: the words staff approved, never who reported.

use std::sync::Arc;

use store::Ctx;
use town::ReportCategoryId;

use crate::model::{Error, Photo, Position, Report, ReportId, Result};
use crate::store::{photos, reports as rows};

/// Reports on the public page at most.
const SHOWN_MAX: u32 = 500;

/// Gives the public reports, newest first.
///
/// # Errors
/// The store's.
pub(crate) async fn all(ctx: &mut Ctx, category: Option<&ReportCategoryId>) -> Result<Vec<Report>> {
    rows::public(ctx, category, SHOWN_MAX).await
}

/// Gives one public report with its public pictures and how many mean it too.
///
/// # Errors
/// [`Error::NoSuchReport`] when it is not public.
pub(crate) async fn one(ctx: &mut Ctx, id: ReportId) -> Result<(Report, Vec<Photo>, i64)> {
    let report = rows::find(ctx, id).await?.filter(|report| report.public).ok_or(Error::NoSuchReport)?;
    let photos = photos::of_report(ctx, id).await?.into_iter().filter(|photo| photo.public && !report.coarse).collect();
    let supporters = rows::count_supporters(ctx, id).await?;
    Ok((report, photos, supporters))
}

/// Where everybody sees a report: as reported, or the middle of its district where its writer must not be found by it.
pub(crate) fn shown_at(town: &Arc<town::Town>, report: &Report) -> Option<Position> {
    if !report.coarse {
        return report.position();
    }
    town.districts.iter().find(|district| district.name == report.district).map(town::District::position)
}
