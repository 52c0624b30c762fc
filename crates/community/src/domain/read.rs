//! What everybody can do: look for posts, read them, and, with an account, thank for them or doubt them.

use jiff::Timestamp;
use store::{Actor, Ctx, Permission};
use town::GuideId;

use super::{guide, holder};
use crate::model::{Error, Filter, PhotoId, Position, PostId, Result, Shown, Why};
use crate::rules::REASON_CHARS_MAX;
use crate::store::{posts, readers};

/// More posts than a guide has.
const EVERY: i64 = 1_000_000;
/// Posts on a page.
pub(crate) const PAGE: i64 = 20;

/// Posts of a page and how many there are in all.
pub(crate) struct Found {
    pub(crate) posts: Vec<Shown>,
    pub(crate) all: i64,
}

/// Looks for posts everybody reads, from somewhere the nearest first; pages are counted from 1.
pub(crate) async fn find(ctx: &mut Ctx, id: &GuideId, filter: &Filter, here: Option<Position>, page: i64) -> Result<Found> {
    guide(ctx, id)?;
    let all = posts::count(ctx, id, filter).await?;
    let before = (page.clamp(1, 100_000) - 1) * PAGE;
    let Some(here) = here else {
        return Ok(Found { posts: posts::found(ctx, id, filter, PAGE, before).await?, all });
    };
    let mut posts = posts::found(ctx, id, filter, EVERY, 0).await?;
    // What has no place on the map is farther than all that have one; among equals the newest stays first.
    posts.sort_by_key(|post| post.content.position.map_or(u32::MAX, |at| here.distance_m(at)));
    let posts = posts.into_iter().skip(usize::try_from(before).unwrap_or(usize::MAX)).take(usize::try_from(PAGE).unwrap_or_default());
    Ok(Found { posts: posts.collect(), all })
}

/// A guide's open data.
pub(crate) struct Open {
    /// What everybody reads and what was asked for, the oldest first.
    pub(crate) posts: Vec<Shown>,
    /// When anything of it changed last; none before the first post.
    pub(crate) changed_at: Option<Timestamp>,
}

/// Gives every post of a guide that everybody reads and `filter` finds.
pub(crate) async fn open(ctx: &mut Ctx, id: &GuideId, filter: &Filter) -> Result<Open> {
    guide(ctx, id)?;
    let mut posts = match *filter == Filter::default() {
        true => posts::every(ctx, id).await?,
        false => posts::found(ctx, id, filter, EVERY, 0).await?,
    };
    posts.sort_by_key(|post| (post.published_at, post.id));
    Ok(Open { posts, changed_at: posts::changed(ctx, id).await? })
}

/// When anything everybody reads of a guide changed last.
pub(crate) async fn changed(ctx: &mut Ctx, id: &GuideId) -> Result<Option<Timestamp>> {
    guide(ctx, id)?;
    posts::changed(ctx, id).await
}

/// A post, and what the caller has to do with it.
pub(crate) struct Seen {
    pub(crate) shown: Shown,
    /// Whose own it is.
    pub(crate) own: bool,
    /// Whether the caller thanked for it.
    pub(crate) thanked: bool,
}

/// Gives a post everybody reads.
pub(crate) async fn one(ctx: &mut Ctx, id: &GuideId, post: PostId) -> Result<Seen> {
    let found = posts::find(ctx, post).await?.filter(|found| found.guide == *id).ok_or(Error::NoSuchPost)?;
    let shown = posts::shown(ctx, post).await?.ok_or(Error::NoSuchPost)?;
    let (own, thanked) = match ctx.actor {
        Actor::Holder(account) => (found.account == Some(account), readers::thanked(ctx, post, account).await?),
        _ => (false, false),
    };
    Ok(Seen { shown, own, thanked })
}

/// Thanks the author of a post, or takes that back. Who thanks twice has thanked once.
///
/// # Errors
/// Nobody thanks themselves, or before they are proven: otherwise one person could thank many times.
pub(crate) async fn thank(ctx: &mut Ctx, post: PostId, thanks: bool) -> Result<GuideId> {
    let account = holder(ctx)?;
    let found = posts::find(ctx, post).await?.filter(|found| found.shown.is_some()).ok_or(Error::NoSuchPost)?;
    if found.account == Some(account) {
        return Err(Error::Own);
    }
    if identity::assurance_of(ctx, account).await? == identity::Assurance::None {
        return Err(Error::NotProven);
    }
    if thanks {
        readers::thank(ctx, post, account).await?;
    } else {
        readers::unthank(ctx, post, account).await?;
    }
    Ok(found.guide)
}

/// Tells staff that a post is not right. Who tells again replaces what they told.
pub(crate) async fn doubt(ctx: &mut Ctx, post: PostId, why: Why, note: &str) -> Result<GuideId> {
    let account = holder(ctx)?;
    let found = posts::find(ctx, post).await?.filter(|found| found.shown.is_some()).ok_or(Error::NoSuchPost)?;
    if civil::looks_like_my_number(note) {
        return Err(Error::ToMend(vec![crate::model::Fault { field: "note", reason: "my_number" }]));
    }
    let note: String = note.trim().chars().take(REASON_CHARS_MAX).collect();
    readers::doubt(ctx, post, account, why, &note).await?;
    Ok(found.guide)
}

/// Gives a photo's JPEG to who may see it: everybody while its post is read with it, its author, and staff who look over the guide.
pub(crate) async fn photo(ctx: &mut Ctx, id: PhotoId) -> Result<(Vec<u8>, bool)> {
    let (jpeg, post) = posts::photo(ctx, id).await?.ok_or(Error::NoSuchPost)?;
    if posts::photo_is_shown(ctx, id).await? {
        return Ok((jpeg, true));
    }
    let may = match ctx.actor {
        Actor::Holder(account) => posts::find(ctx, post).await?.is_some_and(|post| post.account == Some(account)),
        _ => ctx.allow(Permission::KeepGuide).is_ok(),
    };
    if may { Ok((jpeg, false)) } else { Err(Error::NoSuchPost) }
}
