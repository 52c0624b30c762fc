//! Writing a disposition: a notice by list, of a kind, with number and day, and a file for everybody.

use civil::Date;
use store::{Ctx, Permission};
use town::TopicId;

use super::super::lists::Attached;
use super::super::write::{self, Written};
use super::super::{member, write::found};
use super::{Seal, kind_of};
use crate::disposition::{Disposition, Ways};
use crate::mailing::ListRow;
use crate::model::{Audience, Error, ListFault, Notice, NoticeId, Queue, Result, State, Texts};
use crate::store as rows;

/// The most characters of a number.
pub(crate) const NUMBER_CHARS_MAX: usize = 60;

/// What a member of staff writes.
pub(crate) struct Draft {
    pub(crate) kind: TopicId,
    pub(crate) number: String,
    pub(crate) dated: Date,
    pub(crate) texts: Texts,
    pub(crate) send_at: Option<civil::Timestamp>,
}

/// Begins a disposition. Days and topic are its kind's; the list comes next.
///
/// # Errors
/// As [`write::draft`]; [`Error::Written`] without a number; [`Error::NoKind`].
pub(crate) async fn draft(ctx: &mut Ctx, draft: Draft) -> Result<NoticeId> {
    member(ctx, Permission::WriteNotices)?;
    let kind = kind_of(ctx, &draft.kind)?;
    let number = draft.number.trim();
    if number.is_empty() || number.chars().count() > NUMBER_CHARS_MAX {
        return Err(Error::Written { field: "number", reason: "disposition-number" });
    }
    let written = Written {
        queue: Queue::Normal,
        topic: kind.topic.clone(),
        texts: draft.texts,
        link: String::new(),
        audience: Audience::List { columns: Vec::new() },
        wants_answer: false,
        corrects: None,
        send_at: draft.send_at,
        remind_days: Some(kind.remind_days),
        print_days: Some(kind.print_days),
    };
    let id = write::draft(ctx, written).await?;
    rows::dispositions::insert(ctx, id, &kind.id, number, draft.dated).await?;
    Ok(id)
}

/// A notice as a disposition, with how many get it how: as people have agreed now, or as it went out.
///
/// # Errors
/// The store's.
pub(crate) async fn see(ctx: &mut Ctx, notice: &Notice) -> Result<Option<(Disposition, Ways)>> {
    let Some(disposition) = rows::dispositions::of(ctx, notice.id).await? else { return Ok(None) };
    let ways = match notice.begun_at {
        Some(_) => rows::dispositions::ways(ctx, notice.id).await?,
        None => rows::dispositions::ways_ahead(ctx, notice.id, &disposition.kind).await?,
    };
    Ok(Some((disposition, ways)))
}

/// Whether a notice is a disposition: then a second person approves it, however few it reaches.
///
/// # Errors
/// [`Error::Written`] when it lacks what one needs; [`Error::NoSeal`] when the town cannot sign.
pub(crate) async fn ready(ctx: &mut Ctx, notice: &mut Notice, seal: &Seal) -> Result<bool> {
    let Some(disposition) = rows::dispositions::of(ctx, notice.id).await? else { return Ok(false) };
    let kind = kind_of(ctx, &disposition.kind)?;
    if !matches!(notice.audience, Audience::List { .. }) {
        return Err(Error::Written { field: "audience", reason: "disposition-list" });
    }
    if rows::dispositions::without_file(ctx, notice.id).await? > 0 {
        return Err(Error::Written { field: "audience", reason: "disposition-files" });
    }
    can_sign(ctx, seal)?;
    // What the kind says holds, whatever was written over it.
    notice.topic = kind.topic;
    notice.remind_days = Some(kind.remind_days);
    notice.print_days = Some(kind.print_days);
    rows::notices::rewrite(ctx, notice).await?;
    Ok(true)
}

/// Whether the town's key signs today.
///
/// # Errors
/// [`Error::NoSeal`].
pub(crate) fn can_sign(ctx: &Ctx, seal: &Seal) -> Result<()> {
    seal.as_ref().filter(|sealer| sealer.is_valid_at(ctx.now())).map(drop).ok_or(Error::NoSeal)
}

/// Has an approved disposition signed at its time; it goes out when that is done.
pub(crate) async fn hold(ctx: &mut Ctx, notice: &mut Notice, seal: &Seal) -> Result<()> {
    if rows::dispositions::of(ctx, notice.id).await?.is_none() {
        return Ok(());
    }
    can_sign(ctx, seal)?;
    let at = notice.send_at.take().unwrap_or(ctx.now()).max(ctx.now());
    rows::dispositions::set_release(ctx, notice.id, at).await?;
    ctx.enqueue_outside(super::release::RELEASE, Some(format!("{}/{}", super::release::RELEASE, notice.id)), &notice.id, at).await?;
    Ok(())
}

/// What is wrong with the files of a disposition's list, by line: everybody has one that can be signed.
pub(crate) async fn file_faults(ctx: &mut Ctx, notice: NoticeId, list: &[ListRow], files: &[Attached]) -> Result<Vec<ListFault>> {
    if rows::dispositions::of(ctx, notice).await?.is_none() {
        return Ok(Vec::new());
    }
    let fault = |line, reason, found: &str| ListFault { line, column: "ファイル".to_owned(), reason, found: found.to_owned() };
    let mut faults = Vec::new();
    for row in list {
        let Some(name) = row.file.as_deref() else {
            faults.push(fault(row.line, "file-none", ""));
            continue;
        };
        // What is missing, or no PDF at all, is told for every list.
        let Some(file) = files.iter().find(|file| file.name == name).filter(|file| file.bytes.starts_with(b"%PDF-")) else { continue };
        let reason = match pdfseal::inspect(&file.bytes) {
            Ok(()) => continue,
            Err(pdfseal::PdfFault::Encrypted) => "file-encrypted",
            Err(pdfseal::PdfFault::Locked) => "file-locked",
            Err(_) => "file-broken",
        };
        faults.push(fault(row.line, reason, name));
    }
    Ok(faults)
}

/// The state of a notice, for whoever prepares it.
pub(crate) async fn still_scheduled(ctx: &mut Ctx, id: NoticeId) -> Result<Option<Notice>> {
    let notice = found(ctx, id).await?;
    Ok((notice.state == State::Scheduled && notice.send_at.is_none()).then_some(notice))
}
