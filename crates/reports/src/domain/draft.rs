//! Writing a report and sending it. The draft's key is the browser's: what is sent twice is there once.

use std::sync::Arc;

use jiff::SignedDuration;
use store::{AccountId, Ctx};
use town::{ReportCategory, ReportCategoryId, Town};
use web::picture::Picture;

use super::{category, holder, may_report, note_event, own, settings, tells_of_danger};
use crate::model::{Author, CallAnswer, CallId, Error, Missing, Photo, Placed, Position, Report, ReportId, Result, Status};
use crate::rules::{self, LANDMARK_CHARS_MAX, PHOTOS_MAX, REPORTS_A_DAY_MAX, WORDS_CHARS_MAX};
use crate::store::{calls, photos, reports as rows, talk};

/// Characters of a draft's key.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=64;

/// What the form says.
#[derive(Debug, Clone)]
pub(crate) struct Filled {
    /// The key the browser gave this draft.
    pub(crate) key: String,
    /// The kind of report.
    pub(crate) category: ReportCategoryId,
    /// The place on the map, if it was shown.
    pub(crate) position: Option<Position>,
    /// The district, if it was named; empty otherwise.
    pub(crate) district: String,
    /// What stands near.
    pub(crate) landmark: String,
    /// What is the matter.
    pub(crate) words: String,
    /// The call it answers.
    pub(crate) call: Option<CallId>,
}

/// A draft or report with its pictures.
pub(crate) struct Written {
    /// It.
    pub(crate) report: Report,
    /// Its pictures.
    pub(crate) photos: Vec<Photo>,
    /// What it still needs before it may be sent.
    pub(crate) missing: Vec<Missing>,
}

/// Refuses who may not write a report of a kind, before they begin.
///
/// # Errors
/// [`Error::NotProven`], [`Error::NotResident`], [`Error::Unknown`]; the store's.
pub(crate) async fn begin(ctx: &mut Ctx, id: &ReportCategoryId) -> Result<()> {
    let account = holder(ctx)?;
    let town = Arc::clone(ctx.town());
    may_report(ctx, account, category(&town, id)?).await
}

/// Keeps a draft as it was filled in, whatever it lacks still, so that nothing is written twice. The same key again changes the draft; after it was
/// sent, it gives the report and changes nothing.
///
/// # Errors
/// As [`begin`]; [`Error::Text`], [`Error::Outside`], [`Error::TooManyPictures`].
pub(crate) async fn keep(ctx: &mut Ctx, filled: &Filled, pictures: &[Picture]) -> Result<Written> {
    let account = holder(ctx)?;
    let town = Arc::clone(ctx.town());
    let kind = category(&town, &filled.category)?;
    may_report(ctx, account, kind).await?;
    if !KEY_CHARS.contains(&filled.key.len()) || !filled.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    {
        return Err(Error::Text { field: "key", reason: "form" });
    }
    let known = rows::by_key(ctx, account, &filled.key).await?;
    if let Some(report) = known.as_ref().filter(|report| report.is_sent()) {
        return written(ctx, report.clone(), kind).await;
    }
    let draft = fill(ctx, known.as_ref(), account, filled, kind, &town).await?;
    if known.is_some() {
        rows::save(ctx, &draft).await?;
    } else {
        rows::insert(ctx, &draft, &filled.key).await?;
    }
    add_pictures(ctx, draft.id, pictures).await?;
    written(ctx, draft, kind).await
}

/// Adds pictures to a draft. One that is there already came with a form that was sent again.
async fn add_pictures(ctx: &mut Ctx, draft: ReportId, pictures: &[Picture]) -> Result<()> {
    let mut there = Vec::new();
    for photo in photos::of_report(ctx, draft).await? {
        there.push(photos::bytes(ctx, photo.id).await?);
    }
    for picture in pictures {
        if there.contains(&picture.jpeg) {
            continue;
        }
        if there.len() == PHOTOS_MAX {
            return Err(Error::TooManyPictures);
        }
        photos::insert(ctx, draft, picture).await?;
        there.push(picture.jpeg.clone());
    }
    Ok(())
}

/// The draft with what the form says.
async fn fill(
    ctx: &mut Ctx,
    known: Option<&Report>,
    account: AccountId,
    filled: &Filled,
    kind: &ReportCategory,
    town: &Town,
) -> Result<Report> {
    let begun = begun(ctx, filled, kind, town)?;
    let call = match filled.call {
        Some(call) => calls::answer_of(ctx, call, account).await?.map(|_| call),
        None => None,
    };
    Ok(Report {
        id: known.map_or(begun.id, |report| report.id),
        account: Some(account),
        call,
        began_at: known.map_or(begun.began_at, |report| report.began_at),
        ..begun
    })
}

/// A draft begun now with what was filled in, of nobody yet.
pub(super) fn begun(ctx: &Ctx, filled: &Filled, kind: &ReportCategory, town: &Town) -> Result<Report> {
    let (position, placed, district) = place(town, filled)?;
    let now = ctx.now();
    Ok(Report {
        id: ReportId::new(now),
        number: None,
        account: None,
        client: None,
        category: kind.id.clone(),
        section: kind.section.clone(),
        status: Status::Draft,
        duplicate_of: None,
        urgency: rules::first_urgency(kind),
        latitude: position.map(|position| position.latitude),
        longitude: position.map(|position| position.longitude),
        placed,
        district,
        landmark: rules::kept_words("landmark", &filled.landmark, LANDMARK_CHARS_MAX)?.replace(['\n', '\t'], " "),
        words: rules::kept_words("words", &filled.words, WORDS_CHARS_MAX)?,
        call: None,
        public: false,
        public_words: String::new(),
        coarse: false,
        began_at: now,
        sent_at: None,
        changed_at: now,
        due_on: rules::due_on(ctx.today(), kind),
        answered_at: None,
        done_at: None,
        confirmed: None,
        assignee: None,
        waits_since: None,
        danger: false,
        triaged_at: None,
        reopened: 0,
    })
}

/// Where it is: the pin with the nearest district, or the middle of the district that was named.
fn place(town: &Town, filled: &Filled) -> Result<(Option<Position>, Placed, String)> {
    if let Some(position) = filled.position {
        let nearest = rules::nearest(&town.districts, position)?;
        return Ok((Some(position), Placed::Pin, nearest.map(|district| district.name.clone()).unwrap_or_default()));
    }
    if filled.district.is_empty() {
        return Ok((None, Placed::Nowhere, String::new()));
    }
    let named = town.districts.iter().find(|district| district.name == filled.district).ok_or(Error::Unknown("district"))?;
    Ok((Some(named.position()), Placed::District, named.name.clone()))
}

async fn written(ctx: &mut Ctx, report: Report, kind: &ReportCategory) -> Result<Written> {
    let photos = photos::of_report(ctx, report.id).await?;
    let missing = rules::missing(&report, photos.len(), kind);
    Ok(Written { report, photos, missing })
}

/// Gives the caller's draft.
///
/// # Errors
/// [`Error::NoSuchReport`].
pub(crate) async fn own_draft(ctx: &mut Ctx, id: ReportId) -> Result<Written> {
    let (_, report) = own(ctx, id).await?;
    let town = Arc::clone(ctx.town());
    let kind = category(&town, &report.category)?;
    written(ctx, report, kind).await
}

/// Gives a draft's key, for its form to be sent again.
///
/// # Errors
/// The store's.
pub(crate) async fn key_of(ctx: &mut Ctx, draft: &Report) -> Result<String> {
    rows::key_of(ctx, draft.id).await
}

/// A neighbour's report of the same thing, perhaps.
pub(crate) struct Near {
    /// How far, in metres.
    pub(crate) far_m: u32,
    /// It.
    pub(crate) report: Report,
    /// Its public pictures.
    pub(crate) photos: Vec<Photo>,
}

/// Gives the open public reports of the same kind around a draft, nearest first.
///
/// # Errors
/// As [`own_draft`].
pub(crate) async fn near(ctx: &mut Ctx, draft: &Report) -> Result<Vec<Near>> {
    let town = Arc::clone(ctx.town());
    // The middle of a district is near to everything reported that way: only a pin says where.
    let Some(position) = draft.position().filter(|_| draft.placed == Placed::Pin) else { return Ok(Vec::new()) };
    let radius_m = settings(&town)?.nearby_radius_m;
    let mut near = Vec::new();
    for (far_m, report) in rows::near(ctx, &draft.category, position, radius_m, draft.id, true).await?.into_iter().take(5) {
        // What only its district is told of is no neighbour to compare with.
        if report.coarse || report.account.is_some() && report.account == draft.account {
            continue;
        }
        let photos = photos::of_report(ctx, report.id).await?.into_iter().filter(|photo| photo.public).collect();
        near.push(Near { far_m, report, photos });
    }
    Ok(near)
}

/// Sends a draft, once: sent again it gives what was sent.
///
/// # Errors
/// [`Error::Incomplete`]; [`Error::TooMany`]; as [`begin`] and [`own_draft`].
pub(crate) async fn send(ctx: &mut Ctx, id: ReportId) -> Result<Report> {
    let Written { report, missing, .. } = own_draft(ctx, id).await?;
    if report.is_sent() {
        return Ok(report);
    }
    let account = holder(ctx)?;
    let town = Arc::clone(ctx.town());
    let kind = category(&town, &report.category)?;
    may_report(ctx, account, kind).await?;
    if !missing.is_empty() {
        return Err(Error::Incomplete(missing));
    }
    let since = ctx.now() - SignedDuration::from_hours(24);
    if rows::sent_since(ctx, account, since).await? >= REPORTS_A_DAY_MAX {
        return Err(Error::TooMany);
    }
    post(ctx, &report, kind).await?;
    if let Some(call) = report.call {
        calls::answer(ctx, call, account, CallAnswer::Damage).await?;
    }
    rows::find(ctx, id).await?.ok_or(Error::NoSuchReport)
}

/// Gives a complete draft its number and puts it into the queue.
pub(super) async fn post(ctx: &mut Ctx, report: &Report, kind: &ReportCategory) -> Result<()> {
    let due_on = rules::due_on(ctx.today(), kind);
    let danger = tells_of_danger(ctx, &[&report.words, &report.landmark])?;
    if rows::send(ctx, report.id, due_on, danger).await?.is_some() {
        talk::say(ctx, report.id, Author::Reporter, None, Some(Status::Received), "").await?;
        note_event(ctx, super::SENT, report.id).await?;
    }
    Ok(())
}

/// Says “I mean this one too”: the draft goes, and its writer follows the neighbour's report.
///
/// # Errors
/// [`Error::NoSuchReport`] when either is not there for the caller; [`Error::State`] when the draft was sent or the other is settled.
pub(crate) async fn support_instead(ctx: &mut Ctx, draft: ReportId, other: ReportId) -> Result<()> {
    let (account, report) = own(ctx, draft).await?;
    if report.is_sent() {
        return Err(Error::State(report.status));
    }
    support(ctx, other).await?;
    if let Some(call) = report.call {
        calls::answer(ctx, call, account, CallAnswer::Damage).await?;
    }
    rows::delete(ctx, draft).await
}

/// Counts the caller among those who mean a public report too; they follow it from now on.
///
/// # Errors
/// [`Error::NoSuchReport`] when it is not public; [`Error::State`] when it is settled; [`Error::NotProven`].
pub(crate) async fn support(ctx: &mut Ctx, id: ReportId) -> Result<()> {
    let account = holder(ctx)?;
    let report = rows::find(ctx, id).await?.filter(|report| report.public).ok_or(Error::NoSuchReport)?;
    if !report.status.is_open() {
        return Err(Error::State(report.status));
    }
    let town = Arc::clone(ctx.town());
    may_report(ctx, account, category(&town, &report.category)?).await?;
    if report.account != Some(account) && rows::support(ctx, id, account).await? {
        note_event(ctx, super::CHANGED, id).await?;
    }
    Ok(())
}

/// Throws the caller's draft away.
///
/// # Errors
/// [`Error::NoSuchReport`]; [`Error::State`] when it was sent.
pub(crate) async fn throw_away(ctx: &mut Ctx, id: ReportId) -> Result<()> {
    let (_, report) = own(ctx, id).await?;
    if report.is_sent() {
        return Err(Error::State(report.status));
    }
    rows::delete(ctx, id).await
}
