//! Pictures.

use store::{Ctx, params};
use web::picture::Picture;

use crate::model::{Photo, PhotoId, ReportId, Result};

store::queries! {
    INSERT = "insert into reports_photo (id, report, at, width, height, jpeg, public) values ($1, $2, $3, $4, $5, $6, false)";
    OF_REPORT = "select id, report, width, height, public from reports_photo where report = $1 order by at, id";
    FIND = "select id, report, width, height, public from reports_photo where id = $1";
    BYTES = "select jpeg from reports_photo where id = $1";
    REPLACE = "update reports_photo set jpeg = $2, width = $3, height = $4 where id = $1";
    PUBLISH = "update reports_photo set public = $2 where id = $1";
    HIDE_ALL = "update reports_photo set public = false where report = $1";
    DELETE = "delete from reports_photo where id = $1";
    DELETE_OF = "delete from reports_photo where report = $1";
}

pub(crate) async fn insert(ctx: &mut Ctx, report: ReportId, picture: &Picture) -> Result<PhotoId> {
    let now = ctx.now();
    let id = PhotoId::new(now);
    let values = params![id, report, now, picture.width, picture.height, picture.jpeg.clone()];
    ctx.tx().execute(INSERT, values).await?;
    Ok(id)
}

pub(crate) async fn of_report(ctx: &mut Ctx, report: ReportId) -> Result<Vec<Photo>> {
    Ok(ctx.tx().query(OF_REPORT, params![report]).await?)
}

pub(crate) async fn find(ctx: &mut Ctx, id: PhotoId) -> Result<Option<Photo>> {
    Ok(ctx.tx().query_opt(FIND, params![id]).await?)
}

pub(crate) async fn bytes(ctx: &mut Ctx, id: PhotoId) -> Result<Vec<u8>> {
    Ok(ctx.tx().query_one::<(Vec<u8>,)>(BYTES, params![id]).await?.0)
}

pub(crate) async fn replace(ctx: &mut Ctx, id: PhotoId, picture: &Picture) -> Result<()> {
    ctx.tx().execute(REPLACE, params![id, picture.jpeg.clone(), picture.width, picture.height]).await?;
    Ok(())
}

/// Lets everybody see these pictures of a report, and no others.
pub(crate) async fn publish(ctx: &mut Ctx, report: ReportId, photos: &[PhotoId]) -> Result<()> {
    ctx.tx().execute(HIDE_ALL, params![report]).await?;
    for id in photos {
        ctx.tx().execute(PUBLISH, params![*id, true]).await?;
    }
    Ok(())
}

pub(crate) async fn delete(ctx: &mut Ctx, id: PhotoId) -> Result<()> {
    ctx.tx().execute(DELETE, params![id]).await?;
    Ok(())
}

pub(crate) async fn delete_of(ctx: &mut Ctx, report: ReportId) -> Result<()> {
    ctx.tx().execute(DELETE_OF, params![report]).await?;
    Ok(())
}
