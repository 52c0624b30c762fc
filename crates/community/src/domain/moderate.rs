//! What staff do: look over what was written, let it be read, send it back, take it down.

use jiff::Timestamp;
use store::{Ctx, Permission};
use town::Guide;
use web::Tell;

use super::guide;
use crate::model::{Doubt, Ended, Error, PointsEarned, Post, PostId, Published, Result, State, Step, Version, What};
use crate::rules::REASON_CHARS_MAX;
use crate::store::{posts, readers};

/// Posts shown in the queue and below it.
const LISTED: i64 = 100;

/// A line of the queue.
pub(crate) struct Line {
    pub(crate) post: Post,
    pub(crate) version: Version,
    /// How many readers doubt it.
    pub(crate) doubts: i64,
}

/// How much staff are to look at, by why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// New posts nobody reads yet.
    pub(crate) new: i64,
    /// Changes of posts that are read in their old wording.
    pub(crate) changed: i64,
    /// Posts that are read and that nobody has looked at.
    pub(crate) unseen: i64,
    /// Posts readers find wrong.
    pub(crate) doubted: i64,
    /// Since when the longest of those nobody reads yet waits.
    pub(crate) waits_since: Option<Timestamp>,
}

/// What staff are to look at, the longest waiting first, and what changed last.
pub(crate) struct Desk {
    pub(crate) counts: Counts,
    pub(crate) queue: Vec<Line>,
    pub(crate) latest: Vec<Line>,
}

/// Everything about one post.
pub(crate) struct Review {
    pub(crate) post: Post,
    /// What is to be looked at: the wording that waits, or the last.
    pub(crate) version: Version,
    /// What everybody reads meanwhile, if it is another wording.
    pub(crate) shown: Option<Version>,
    pub(crate) steps: Vec<Step>,
    pub(crate) doubts: Vec<Doubt>,
}

/// Gives the queue. It says under which pen name a post was written and not by whom.
pub(crate) async fn desk(ctx: &mut Ctx) -> Result<Desk> {
    ctx.allow(Permission::KeepGuide)?;
    let queue = posts::queue(ctx, LISTED).await?;
    let latest = posts::latest(ctx, LISTED).await?;
    Ok(Desk { counts: posts::counts(ctx).await?, queue: lines(ctx, queue).await?, latest: lines(ctx, latest).await? })
}

async fn lines(ctx: &mut Ctx, found: Vec<Post>) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for post in found {
        let Some(version) = to_look_at(ctx, &post).await? else { continue };
        let doubts = readers::open_doubts(ctx, post.id).await?;
        lines.push(Line { post, version, doubts });
    }
    Ok(lines)
}

async fn to_look_at(ctx: &mut Ctx, post: &Post) -> Result<Option<Version>> {
    match post.waiting.or(post.shown) {
        Some(number) => posts::version(ctx, post.id, number).await,
        None => posts::last_version(ctx, post.id).await,
    }
}

/// Gives one post with all that became of it.
pub(crate) async fn review(ctx: &mut Ctx, id: PostId) -> Result<Review> {
    ctx.allow(Permission::KeepGuide)?;
    let post = posts::find(ctx, id).await?.ok_or(Error::NoSuchPost)?;
    let version = to_look_at(ctx, &post).await?.ok_or(Error::NoSuchPost)?;
    let shown = match post.shown.filter(|number| *number != version.number) {
        Some(number) => posts::version(ctx, id, number).await?,
        None => None,
    };
    Ok(Review { steps: posts::steps(ctx, id).await?, doubts: readers::doubts(ctx, id).await?, post, version, shown })
}

/// Lets the wording that was looked at be read by everybody; one that is read already is found good.
///
/// # Errors
/// [`Error::Changed`] when its author wrote a newer one meanwhile; [`Error::NotNow`] when nothing is to be looked at.
pub(crate) async fn approve(ctx: &mut Ctx, id: PostId, number: i32) -> Result<()> {
    let mut post = loaded(ctx, id, number).await?;
    let guide = guide(ctx, &post.guide)?;
    if post.waiting.is_none() && post.shown.is_none() {
        return Err(Error::NotNow);
    }
    let news = post.waiting.is_some();
    readers::settle(ctx, id).await?;
    posts::step(ctx, id, What::Approved, number, None).await?;
    let now = ctx.now();
    if news {
        publish(ctx, &guide, &mut post, Some(now)).await?;
        tell(ctx, &post, "community-told-published").await?;
    } else {
        post.looked_at = Some(now);
        posts::save(ctx, &post).await?;
    }
    note(ctx, "guide.approved", &post).await
}

/// Sends the wording that waits back to its author, with a reason. What everybody reads already stays.
///
/// # Errors
/// As [`approve`]; [`Error::ReasonMissing`].
pub(crate) async fn send_back(ctx: &mut Ctx, id: PostId, number: i32, reason: &str) -> Result<()> {
    let mut post = loaded(ctx, id, number).await?;
    let reason = given(reason)?;
    if post.waiting.is_none() {
        return Err(Error::NotNow);
    }
    post.waiting = None;
    post.state = if post.shown.is_some() { State::Published } else { State::SentBack };
    post.reason = Some(reason.clone());
    posts::save(ctx, &post).await?;
    posts::step(ctx, id, What::SentBack, number, Some(&reason)).await?;
    tell(ctx, &post, "community-told-sent-back").await?;
    note(ctx, "guide.sent_back", &post).await
}

/// Takes a post down, with a reason: nobody reads it any more, and it is in the open data no more.
///
/// # Errors
/// As [`send_back`].
pub(crate) async fn take_down(ctx: &mut Ctx, id: PostId, number: i32, reason: &str) -> Result<()> {
    let mut post = loaded(ctx, id, number).await?;
    let reason = given(reason)?;
    if post.shown.is_none() {
        return Err(Error::NotNow);
    }
    (post.state, post.shown, post.waiting) = (State::TakenDown, None, None);
    post.reason = Some(reason.clone());
    post.changed_at = ctx.now();
    posts::save(ctx, &post).await?;
    readers::settle(ctx, id).await?;
    posts::step(ctx, id, What::TakenDown, number, Some(&reason)).await?;
    ctx.record(Ended::KIND, &Ended { post: id, guide: post.guide.clone(), by_staff: true }).await?;
    tell(ctx, &post, "community-told-taken-down").await?;
    note(ctx, "guide.taken_down", &post).await
}

/// Leaves a post as it is after looking at what readers said.
///
/// # Errors
/// As [`approve`].
pub(crate) async fn settle(ctx: &mut Ctx, id: PostId, number: i32) -> Result<()> {
    let post = loaded(ctx, id, number).await?;
    readers::settle(ctx, id).await?;
    posts::step(ctx, id, What::Settled, number, None).await?;
    note(ctx, "guide.settled", &post).await
}

/// The post, if the wording that was looked at is the one that is to be looked at.
async fn loaded(ctx: &mut Ctx, id: PostId, number: i32) -> Result<Post> {
    ctx.allow(Permission::KeepGuide)?;
    let post = posts::find(ctx, id).await?.ok_or(Error::NoSuchPost)?;
    let current = to_look_at(ctx, &post).await?.ok_or(Error::NoSuchPost)?;
    if current.number == number { Ok(post) } else { Err(Error::Changed) }
}

fn given(reason: &str) -> Result<String> {
    let reason: String = reason.trim().chars().take(REASON_CHARS_MAX).collect();
    if reason.is_empty() { Err(Error::ReasonMissing) } else { Ok(reason) }
}

/// Puts the wording that waits before everybody. The first time, the author earns the points of the pack.
pub(super) async fn publish(ctx: &mut Ctx, guide: &Guide, post: &mut Post, looked_at: Option<Timestamp>) -> Result<()> {
    let number = post.waiting.take().ok_or(Error::NotNow)?;
    let now = ctx.now();
    (post.state, post.shown, post.looked_at, post.reason) = (State::Published, Some(number), looked_at, None);
    post.published_at = post.published_at.or(Some(now));
    post.changed_at = now;
    posts::save(ctx, post).await?;
    ctx.record(Published::KIND, &Published { post: post.id, guide: guide.id.clone(), version: number }).await?;
    if let (Some(points), Some(account)) = (&guide.points, post.account)
        && posts::earn(ctx, post.id).await?
    {
        let earned = PointsEarned { post: post.id, guide: guide.id.clone(), account, asset: points.asset.clone(), amount: points.amount };
        ctx.record(PointsEarned::KIND, &earned).await?;
    }
    Ok(())
}

async fn tell(ctx: &mut Ctx, post: &Post, text: &str) -> Result<()> {
    let Some(account) = post.account else { return Ok(()) };
    let href = format!("/guide/mine/{}", post.id);
    let told = Tell { account, text: text.to_owned(), args: Vec::new(), href, topic: "community".to_owned() };
    Ok(told.record(ctx).await?)
}

/// Who did what, for the trail; its author sees it among who looked.
async fn note(ctx: &mut Ctx, action: &'static str, post: &Post) -> Result<()> {
    let subject = post.account.map(|account| account.to_string());
    Ok(ctx.audit(action, subject, &format!("post:{}", post.id)).await?)
}
