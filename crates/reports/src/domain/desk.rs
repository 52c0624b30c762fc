//! What staff do with reports.

use std::sync::Arc;

use store::{AccountId, Ctx, Permission, StaffId};
use web::Tell;

use super::{answering, category, is_protected, note_event, settings};
use crate::model::{Author, Error, Message, Note, Photo, PhotoId, Report, ReportId, Result, Status, Urgency};
use crate::rules::{self, WORDS_CHARS_MAX};
use crate::store::reports::{Order, Sieve};
use crate::store::{photos, reports as rows, talk};

/// Reports on a page of the queue.
pub(crate) const PAGE: u32 = 50;
/// Reports on the map at most.
const MAPPED_MAX: u32 = 1000;

/// A report as staff see it.
pub(crate) struct Opened {
    /// It.
    pub(crate) report: Report,
    /// The talk.
    pub(crate) talk: Vec<Message>,
    /// What staff wrote for each other.
    pub(crate) notes: Vec<Note>,
    /// Its pictures.
    pub(crate) photos: Vec<Photo>,
    /// Open reports of the same kind nearby, with their distance in metres.
    pub(crate) near: Vec<(u32, Report)>,
    /// How many others mean it too.
    pub(crate) supporters: i64,
}

/// Gives a page of the queue in an order, and how many reports there are of these.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn queue(ctx: &mut Ctx, sieve: &Sieve, order: Order, page: u32) -> Result<(i64, Vec<Report>)> {
    answering(ctx)?;
    rows::queue(ctx, sieve, order, PAGE, page.saturating_mul(PAGE)).await
}

/// How many reports a sieve lets through.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn count(ctx: &mut Ctx, sieve: &Sieve) -> Result<i64> {
    answering(ctx)?;
    rows::count(ctx, sieve).await
}

/// Gives what a sieve lets through and is on the map.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn on_map(ctx: &mut Ctx, sieve: &Sieve, order: Order) -> Result<Vec<Report>> {
    answering(ctx)?;
    let (_, mut found) = rows::queue(ctx, sieve, order, MAPPED_MAX, 0).await?;
    found.retain(|report| report.position().is_some());
    Ok(found)
}

/// Who works on how many open reports, and how many of these are overdue; nobody's first, then who has most.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn loads(ctx: &mut Ctx) -> Result<Vec<(Option<StaffId>, i64, i64)>> {
    answering(ctx)?;
    let mut loads = rows::loads(ctx).await?;
    loads.sort_by_key(|(person, count, _)| (person.is_some(), std::cmp::Reverse(*count), *person));
    Ok(loads)
}

/// Opens a report.
///
/// # Errors
/// [`Error::NoSuchReport`]; the store's `Forbidden`.
pub(crate) async fn open(ctx: &mut Ctx, id: ReportId) -> Result<Opened> {
    let report = sent(ctx, id).await?;
    let talk = talk::talk(ctx, id).await?;
    let notes = talk::notes(ctx, id).await?;
    let photos = photos::of_report(ctx, id).await?;
    let supporters = rows::count_supporters(ctx, id).await?;
    let town = Arc::clone(ctx.town());
    let near = match report.position() {
        Some(position) => {
            let radius_m = settings(&town)?.nearby_radius_m.saturating_mul(2);
            rows::near(ctx, &report.category, position, radius_m, id, false).await?
        }
        None => Vec::new(),
    };
    Ok(Opened { report, talk, notes, photos, near, supporters })
}

/// A sent report, for staff who answer.
pub(super) async fn sent(ctx: &mut Ctx, id: ReportId) -> Result<Report> {
    answering(ctx)?;
    rows::find(ctx, id).await?.filter(Report::is_sent).ok_or(Error::NoSuchReport)
}

/// Answers the reporter, takes the next step, or both; who wrote or follows it is told.
///
/// # Errors
/// [`Error::Text`] when there are neither words nor a step; [`Error::State`] when that step may not follow; as [`open`].
pub(crate) async fn answer(ctx: &mut Ctx, id: ReportId, words: &str, step: Option<Status>) -> Result<()> {
    let staff = answering(ctx)?;
    let mut report = sent(ctx, id).await?;
    let step = step.filter(|step| *step != report.status);
    let words = if step.is_some() { rules::kept_words("words", words, WORDS_CHARS_MAX)? } else { super::mine::some_words(words)? };
    say_and_step(ctx, staff, &mut report, &words, step).await?;
    let what = if words.is_empty() { "reports-told-step" } else { "reports-told-answer" };
    tell(ctx, &report, report.account, what).await?;
    if step.is_some() {
        for follower in rows::supporters(ctx, id).await? {
            tell(ctx, &report, Some(follower), "reports-told-step").await?;
        }
    }
    Ok(())
}

/// Writes an answer, a step or both down, and tells nobody yet. From now on nobody waits.
pub(super) async fn say_and_step(ctx: &mut Ctx, staff: StaffId, report: &mut Report, words: &str, step: Option<Status>) -> Result<()> {
    if let Some(step) = step {
        if !rules::may_follow(report.status, step) {
            return Err(Error::State(report.status));
        }
        move_to(ctx, report, step);
    }
    spoken(ctx, report);
    talk::say(ctx, report.id, Author::Town, Some(staff), step, words).await?;
    rows::save(ctx, report).await?;
    note_event(ctx, super::CHANGED, report.id).await
}

/// The town has spoken.
fn spoken(ctx: &Ctx, report: &mut Report) {
    report.answered_at = report.answered_at.or(Some(ctx.now()));
    report.waits_since = None;
}

fn move_to(ctx: &Ctx, report: &mut Report, step: Status) {
    report.status = step;
    report.duplicate_of = None;
    report.confirmed = None;
    report.done_at = (!step.is_open()).then(|| ctx.now());
}

async fn tell(ctx: &mut Ctx, report: &Report, account: Option<AccountId>, text: &str) -> Result<()> {
    let Some(account) = account else { return Ok(()) };
    let number = report.number.unwrap_or_default().to_string();
    let told = Tell {
        account,
        text: text.to_owned(),
        args: vec![("number".to_owned(), number)],
        href: format!("/reports/{}", report.id),
        topic: "reports".to_owned(),
    };
    told.record(ctx).await?;
    Ok(())
}

/// Writes a note for other staff; the reporter never sees it.
///
/// # Errors
/// As [`open`]; [`Error::Text`].
pub(crate) async fn note(ctx: &mut Ctx, id: ReportId, words: &str) -> Result<()> {
    let staff = answering(ctx)?;
    sent(ctx, id).await?;
    let words = super::mine::some_words(words)?;
    talk::note(ctx, id, staff, &words).await
}

/// Gives a report another kind, with the section that answers for it.
///
/// # Errors
/// [`Error::Unknown`]; as [`open`].
pub(crate) async fn sort(ctx: &mut Ctx, id: ReportId, kind: &town::ReportCategoryId) -> Result<()> {
    let mut report = sent(ctx, id).await?;
    let town = Arc::clone(ctx.town());
    let kind = category(&town, kind)?;
    report.category = kind.id.clone();
    report.section = kind.section.clone();
    if !kind.public {
        report.public = false;
    }
    rows::save(ctx, &report).await?;
    note_event(ctx, super::CHANGED, id).await
}

/// Says how much a report presses.
///
/// # Errors
/// As [`open`].
pub(crate) async fn press(ctx: &mut Ctx, id: ReportId, urgency: Urgency) -> Result<()> {
    let mut report = sent(ctx, id).await?;
    report.urgency = urgency;
    report.triaged_at = Some(ctx.now());
    rows::save(ctx, &report).await?;
    note_event(ctx, super::CHANGED, id).await
}

/// Shows a report to everybody: the text staff wrote for it and the pictures they chose. Of somebody under protection measures the district alone.
///
/// # Errors
/// [`Error::NotPublic`] for a kind that is not; [`Error::Text`] without a text; as [`open`].
pub(crate) async fn publish(ctx: &mut Ctx, id: ReportId, words: &str, pictures: &[PhotoId]) -> Result<()> {
    let mut report = sent(ctx, id).await?;
    let town = Arc::clone(ctx.town());
    if !category(&town, &report.category)?.public {
        return Err(Error::NotPublic);
    }
    report.public_words = super::mine::some_words(words)?;
    report.public = true;
    report.coarse = match report.account {
        Some(account) => is_protected(ctx, account).await?,
        None => false,
    };
    let own: Vec<PhotoId> = photos::of_report(ctx, id).await?.into_iter().map(|photo| photo.id).collect();
    let chosen: Vec<PhotoId> = pictures.iter().copied().filter(|photo| own.contains(photo)).collect();
    photos::publish(ctx, id, &chosen).await?;
    rows::save(ctx, &report).await?;
    note_event(ctx, super::CHANGED, id).await
}

/// Shows a report to nobody any more.
///
/// # Errors
/// As [`open`].
pub(crate) async fn unpublish(ctx: &mut Ctx, id: ReportId) -> Result<()> {
    let mut report = sent(ctx, id).await?;
    report.public = false;
    photos::publish(ctx, id, &[]).await?;
    rows::save(ctx, &report).await?;
    note_event(ctx, super::CHANGED, id).await
}

/// Says that a report means the same as another, which is found by its number. Its reporter follows the other from now on, and is told.
///
/// # Errors
/// [`Error::NoSuchReport`] when there is no such number; [`Error::State`] when the other is a duplicate itself or the same.
pub(crate) async fn merge(ctx: &mut Ctx, id: ReportId, into: i64) -> Result<()> {
    let staff = answering(ctx)?;
    let mut report = sent(ctx, id).await?;
    let other = mergeable(ctx, into).await?;
    if other.id == id {
        return Err(Error::State(other.status));
    }
    join(ctx, staff, &mut report, &other).await?;
    tell(ctx, &report, report.account, "reports-told-step").await
}

/// The report of a number that others can be merged into.
pub(super) async fn mergeable(ctx: &mut Ctx, number: i64) -> Result<Report> {
    let other = rows::by_number(ctx, number).await?.ok_or(Error::NoSuchReport)?;
    if other.status == Status::Duplicate { Err(Error::State(other.status)) } else { Ok(other) }
}

/// Makes a report a duplicate of another, with all who follow it and all that was a duplicate of it, and tells nobody yet.
pub(super) async fn join(ctx: &mut Ctx, staff: StaffId, report: &mut Report, other: &Report) -> Result<()> {
    move_to(ctx, report, Status::Duplicate);
    report.duplicate_of = Some(other.id);
    report.public = false;
    spoken(ctx, report);
    rows::save(ctx, report).await?;
    rows::repoint(ctx, report.id, other.id).await?;
    talk::say(ctx, report.id, Author::Town, Some(staff), Some(Status::Duplicate), "").await?;
    let followers = rows::supporters(ctx, report.id).await?;
    for account in report.account.into_iter().chain(followers) {
        if other.account != Some(account) {
            rows::support(ctx, other.id, account).await?;
        }
    }
    note_event(ctx, super::CHANGED, report.id).await
}

/// Says who reported, in the words the account goes by. It is written down, and the reporter sees that somebody asked.
///
/// # Errors
/// [`Error::Protected`] when they are under protection measures and the caller has not that role; as [`open`].
pub(crate) async fn who(ctx: &mut Ctx, id: ReportId) -> Result<Option<String>> {
    let report = sent(ctx, id).await?;
    let Some(account) = report.account else { return Ok(None) };
    if is_protected(ctx, account).await? && ctx.allow(Permission::ResolveProtected).is_err() {
        return Err(Error::Protected);
    }
    ctx.audit("reports.reporter_seen", Some(account.to_string()), &format!("{id}")).await?;
    Ok(identity::label_of(ctx, account).await?)
}
