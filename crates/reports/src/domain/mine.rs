//! What a reporter sees and says after sending.

use store::{AccountId, Ctx};

use super::{category, holder, note_event, own, tells_of_danger};
use crate::model::{Author, Confirmed, Error, Message, Photo, Report, ReportId, Result, Status};
use crate::rules::{self, WORDS_CHARS_MAX};
use crate::store::{photos, reports as rows, talk};

/// A report as its reporter or somebody who follows it sees it.
pub(crate) struct Seen {
    /// It.
    pub(crate) report: Report,
    /// The talk; for who only follows it, the steps alone.
    pub(crate) talk: Vec<Message>,
    /// Its pictures.
    pub(crate) photos: Vec<Photo>,
    /// Whether the caller wrote it.
    pub(crate) own: bool,
    /// How many others mean it too.
    pub(crate) supporters: i64,
}

/// Gives the caller's reports and drafts, and those of others they follow, newest change first.
///
/// # Errors
/// The store's.
pub(crate) async fn all(ctx: &mut Ctx) -> Result<(Vec<Report>, Vec<Report>)> {
    let account = holder(ctx)?;
    let own = rows::of_account(ctx, account).await?;
    let followed = rows::followed(ctx, account).await?.into_iter().filter(|report| report.account != Some(account)).collect();
    Ok((own, followed))
}

/// Gives a report to its reporter, or what is public of it to who follows it.
///
/// # Errors
/// [`Error::NoSuchReport`] for anybody else.
pub(crate) async fn one(ctx: &mut Ctx, id: ReportId) -> Result<Seen> {
    let account = holder(ctx)?;
    let report = rows::find(ctx, id).await?.filter(Report::is_sent).ok_or(Error::NoSuchReport)?;
    let own = report.account == Some(account);
    if !own && !rows::supports(ctx, id, account).await? {
        return Err(Error::NoSuchReport);
    }
    let talk = talk::talk(ctx, id).await?;
    let photos = photos::of_report(ctx, id).await?;
    let supporters = rows::count_supporters(ctx, id).await?;
    if own {
        return Ok(Seen { report, talk, photos, own, supporters });
    }
    // Who follows it sees the steps, and of the rest what everybody sees.
    let steps = talk.into_iter().filter(|line| line.status.is_some()).map(|line| Message { words: String::new(), ..line }).collect();
    let shown = report.public && !report.coarse;
    let photos = photos.into_iter().filter(|photo| shown && photo.public).collect();
    Ok(Seen { report, talk: steps, photos, own, supporters })
}

/// Says something more to the town.
///
/// # Errors
/// [`Error::NoSuchReport`]; [`Error::Text`]; [`Error::State`] for a draft.
pub(crate) async fn say(ctx: &mut Ctx, id: ReportId, words: &str) -> Result<()> {
    let (_, mut report) = own(ctx, id).await?;
    if !report.is_sent() {
        return Err(Error::State(report.status));
    }
    let words = some_words(words)?;
    report.danger = report.danger || tells_of_danger(ctx, &[&words])?;
    wait(ctx, &mut report);
    talk::say(ctx, id, Author::Reporter, None, None, &words).await?;
    rows::save(ctx, &report).await?;
    note_event(ctx, super::CHANGED, id).await
}

/// Says whether what the town calls done is done. If not, the report is open again.
///
/// # Errors
/// [`Error::NoSuchReport`]; [`Error::State`] when it is not done, or was answered before.
pub(crate) async fn confirm(ctx: &mut Ctx, id: ReportId, answer: Confirmed) -> Result<()> {
    let (_, mut report) = own(ctx, id).await?;
    if report.status != Status::Done || report.confirmed == Some(Confirmed::Yes) {
        return Err(Error::State(report.status));
    }
    report.confirmed = Some(answer);
    let step = (answer == Confirmed::NotYet).then_some(Status::Looking);
    report.waits_since = None;
    if let Some(step) = step {
        report.status = step;
        report.done_at = None;
        report.reopened += 1;
        wait(ctx, &mut report);
        talk::say(ctx, id, Author::Reporter, None, Some(step), "").await?;
    }
    rows::save(ctx, &report).await?;
    note_event(ctx, super::CHANGED, id).await
}

/// From now on somebody waits for the town's word again, unless they do already; the town has as many days as for a new report.
fn wait(ctx: &Ctx, report: &mut Report) {
    if report.waits_since.is_some() {
        return;
    }
    report.waits_since = Some(ctx.now());
    if let Ok(kind) = category(ctx.town(), &report.category) {
        report.due_on = rules::due_on(ctx.today(), kind);
    }
}

/// A text that is not empty.
pub(super) fn some_words(words: &str) -> Result<String> {
    let words = rules::kept_words("words", words, WORDS_CHARS_MAX)?;
    if words.is_empty() { Err(Error::Text { field: "words", reason: "empty" }) } else { Ok(words) }
}

/// What the room holds of a person, for who asks for a copy: what they wrote, what they were answered, what they follow. No notes: these are staff's.
///
/// # Errors
/// Not the caller's own; the store's.
pub(crate) async fn export(ctx: &mut Ctx, account: AccountId) -> Result<serde_json::Value> {
    let mut own = Vec::new();
    for report in rows::of_account(ctx, account).await? {
        let talk = talk::talk(ctx, report.id).await?;
        let photos = photos::of_report(ctx, report.id).await?;
        own.push(serde_json::json!({
            "number": report.number,
            "category": report.category,
            "status": report.status,
            "district": report.district,
            "latitude_microdegrees": report.latitude,
            "longitude_microdegrees": report.longitude,
            "landmark": report.landmark,
            "words": report.words,
            "public": report.public,
            "sent_at": report.sent_at,
            "photos": photos.iter().map(|photo| format!("/reports/photos/{}", photo.id)).collect::<Vec<_>>(),
            "talk": talk.iter().map(|line| serde_json::json!({ "at": line.at, "by": line.author, "step": line.status, "words": line.words })).collect::<Vec<_>>(),
        }));
    }
    let followed: Vec<_> = rows::followed(ctx, account).await?.iter().map(|report| report.number).collect();
    Ok(serde_json::json!({ "reports": own, "follows": followed }))
}
