//! Pictures: who may see one, hiding parts of it, taking it away.

use store::{Actor, Ctx, Permission};
use web::picture::Picture;

use super::own;
use crate::model::{Error, Photo, PhotoId, Report, Result};
use crate::store::{photos, reports as rows};

/// Gives a picture's JPEG to its reporter, to staff who answer reports, and to everybody once it is public.
///
/// # Errors
/// [`Error::NoSuchReport`] for anybody else, as if there were none.
pub(crate) async fn see(ctx: &mut Ctx, id: PhotoId) -> Result<Vec<u8>> {
    let photo = photos::find(ctx, id).await?.ok_or(Error::NoSuchReport)?;
    let report = rows::find(ctx, photo.report).await?.ok_or(Error::NoSuchReport)?;
    if may_see(ctx, &report, &photo) { photos::bytes(ctx, id).await } else { Err(Error::NoSuchReport) }
}

fn may_see(ctx: &Ctx, report: &Report, photo: &Photo) -> bool {
    let public = report.public && photo.public && !report.coarse;
    match ctx.actor {
        Actor::Holder(account) => public || report.account == Some(account),
        Actor::Staff(..) => public || report.is_sent() && ctx.allow(Permission::AnswerReports).is_ok(),
        _ => public,
    }
}

/// Gives a picture of the caller's own draft, to hide parts of it.
///
/// # Errors
/// [`Error::NoSuchReport`]; [`Error::State`] once it was sent.
pub(crate) async fn of_draft(ctx: &mut Ctx, id: PhotoId) -> Result<(Photo, Vec<u8>)> {
    let photo = photos::find(ctx, id).await?.ok_or(Error::NoSuchReport)?;
    let (_, report) = own(ctx, photo.report).await?;
    if report.is_sent() {
        return Err(Error::State(report.status));
    }
    let bytes = photos::bytes(ctx, id).await?;
    Ok((photo, bytes))
}

/// Puts the picture with its hidden parts in the old one's place, which is gone then.
///
/// # Errors
/// As [`of_draft`].
pub(crate) async fn replace(ctx: &mut Ctx, id: PhotoId, picture: &Picture) -> Result<Photo> {
    let (photo, _) = of_draft(ctx, id).await?;
    photos::replace(ctx, id, picture).await?;
    Ok(photo)
}

/// Takes a picture off a draft.
///
/// # Errors
/// As [`of_draft`].
pub(crate) async fn remove(ctx: &mut Ctx, id: PhotoId) -> Result<Photo> {
    let (photo, _) = of_draft(ctx, id).await?;
    photos::delete(ctx, id).await?;
    Ok(photo)
}
