use civil::Timestamp;
use store::{Ctx, FromRow, Row, params};
use town::CalendarFeedId;
use web::FetchFault;

use crate::model::Result;
use crate::rules::feed::FeedReport;

store::queries! {
    SOURCE = "select checked_at, failed_at, failure, taken_at, report, refused_at, refused from calendar_source where feed = $1";
    FILE = "select file from calendar_source where feed = $1 and file is not null";
    CHECKED_NOW = "insert into calendar_source (feed, checked_at) values ($1, $2) on conflict (feed) do update set checked_at = excluded.checked_at";
    FAILED_NOW = "insert into calendar_source (feed, failed_at, failure) values ($1, $2, $3)
        on conflict (feed) do update set failed_at = excluded.failed_at, failure = excluded.failure";
    TAKEN = "insert into calendar_source (feed, taken_at, file, report) values ($1, $2, $3, $4)
        on conflict (feed) do update set taken_at = excluded.taken_at, file = excluded.file, report = excluded.report, refused_at = null, refused = null";
    REREAD = "update calendar_source set report = $2 where feed = $1";
    REFUSED = "insert into calendar_source (feed, refused_at, refused) values ($1, $2, $3)
        on conflict (feed) do update set refused_at = excluded.refused_at, refused = excluded.refused";
    FORGET = "delete from calendar_source where feed = $1";
}

/// How a calendar of others is.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The last time its address answered, whatever was in it.
    pub checked_at: Option<Timestamp>,
    /// The last time it did not.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub failure: Option<FetchFault>,
    /// When the file came that is shown.
    pub taken_at: Option<Timestamp>,
    /// What is said of it.
    pub report: Option<FeedReport>,
    /// When a file came since then that was refused.
    pub refused_at: Option<Timestamp>,
    /// What is said of that one.
    pub refused: Option<FeedReport>,
}

impl FromRow for Source {
    fn from_row(row: &Row) -> store::Result<Self> {
        let (report, refused): (Option<String>, Option<String>) = (row.get(4)?, row.get(6)?);
        let read = |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            checked_at: row.get(0)?,
            failed_at: row.get(1)?,
            failure: row.get(2)?,
            taken_at: row.get(3)?,
            report: read(report)?,
            refused_at: row.get(5)?,
            refused: read(refused)?,
        })
    }
}

pub(crate) async fn source(ctx: &mut Ctx, feed: &CalendarFeedId) -> Result<Source> {
    Ok(ctx.tx().query_opt(SOURCE, params![feed]).await?.unwrap_or_default())
}

/// The file of a calendar that is shown, as it came.
pub(crate) async fn file(ctx: &mut Ctx, feed: &CalendarFeedId) -> Result<Option<Vec<u8>>> {
    Ok(ctx.tx().query_opt::<(Vec<u8>,)>(FILE, params![feed]).await?.map(|(file,)| file))
}

pub(crate) async fn checked_now(ctx: &mut Ctx, feed: &CalendarFeedId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(CHECKED_NOW, params![feed, now]).await?;
    Ok(())
}

pub(crate) async fn failed_now(ctx: &mut Ctx, feed: &CalendarFeedId, fault: FetchFault) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(FAILED_NOW, params![feed, now, fault]).await?;
    Ok(())
}

/// Keeps a file that is shown from now on; what was refused before is forgotten.
pub(crate) async fn taken(ctx: &mut Ctx, feed: &CalendarFeedId, file: &[u8], report: &FeedReport) -> Result<()> {
    let (now, report) = (ctx.now(), serde_json::to_string(report)?);
    ctx.tx().execute(TAKEN, params![feed, now, file, report]).await?;
    Ok(())
}

/// Keeps what is said of the same file on another day.
pub(crate) async fn reread(ctx: &mut Ctx, feed: &CalendarFeedId, report: &FeedReport) -> Result<()> {
    let report = serde_json::to_string(report)?;
    ctx.tx().execute(REREAD, params![feed, report]).await?;
    Ok(())
}

/// Keeps what is said of a file that is not shown.
pub(crate) async fn refused(ctx: &mut Ctx, feed: &CalendarFeedId, report: &FeedReport) -> Result<()> {
    let (now, report) = (ctx.now(), serde_json::to_string(report)?);
    ctx.tx().execute(REFUSED, params![feed, now, report]).await?;
    Ok(())
}

pub(crate) async fn forget(ctx: &mut Ctx, feed: &CalendarFeedId) -> Result<()> {
    ctx.tx().execute(FORGET, params![feed]).await?;
    Ok(())
}
