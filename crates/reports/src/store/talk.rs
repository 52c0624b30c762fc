//! The talk, and the notes nobody but staff reads.

use store::{Ctx, StaffId, params};

use crate::model::{Author, Message, MessageId, Note, NoteId, ReportId, Result, Status};

store::queries! {
    SAY = "insert into reports_message (id, report, at, author, staff, status, words) values ($1, $2, $3, $4, $5, $6, $7)";
    TALK = "select id, at, author, staff, status, words from reports_message where report = $1 order by at, id";
    NOTE = "insert into reports_note (id, report, at, staff, words) values ($1, $2, $3, $4, $5)";
    NOTES = "select at, staff, words from reports_note where report = $1 order by at, id";
    DELETE_TALK = "delete from reports_message where report = $1";
    DELETE_NOTES = "delete from reports_note where report = $1";
}

pub(crate) async fn say(
    ctx: &mut Ctx,
    report: ReportId,
    author: Author,
    staff: Option<StaffId>,
    status: Option<Status>,
    words: &str,
) -> Result<MessageId> {
    let now = ctx.now();
    let id = MessageId::new(now);
    ctx.tx().execute(SAY, params![id, report, now, author, staff, status, words]).await?;
    Ok(id)
}

pub(crate) async fn talk(ctx: &mut Ctx, report: ReportId) -> Result<Vec<Message>> {
    Ok(ctx.tx().query(TALK, params![report]).await?)
}

pub(crate) async fn note(ctx: &mut Ctx, report: ReportId, staff: StaffId, words: &str) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(NOTE, params![NoteId::new(now), report, now, staff, words]).await?;
    Ok(())
}

pub(crate) async fn notes(ctx: &mut Ctx, report: ReportId) -> Result<Vec<Note>> {
    Ok(ctx.tx().query(NOTES, params![report]).await?)
}

pub(crate) async fn delete(ctx: &mut Ctx, report: ReportId) -> Result<()> {
    ctx.tx().execute(DELETE_TALK, params![report]).await?;
    ctx.tx().execute(DELETE_NOTES, params![report]).await?;
    Ok(())
}
