//! What an author can do: write, change, take back, and see what became of it.

use civil::start_of_day_in_japan;
use store::{AccountId, Ctx};
use town::{Guide, GuideId, Moderation};
use web::picture::Picture;

use super::moderate::publish;
use super::{guide, holder};
use crate::model::{Content, Ended, Error, Fault, PhotoId, Post, PostId, Result, State, Step, Version, What};
use crate::rules::{self, Draft, POSTS_A_DAY_MAX, same_name};
use crate::store::{posts, readers};

/// What is to become of a post's photo.
pub(crate) enum Photo {
    /// As it was.
    Keep,
    /// None.
    Remove,
    /// This one.
    New(Picture),
}

/// Says whether the caller may write for a guide.
///
/// # Errors
/// [`Error::NotProven`] or [`Error::NotResident`].
pub(crate) async fn may_write(ctx: &mut Ctx, guide: &Guide) -> Result<AccountId> {
    let account = holder(ctx)?;
    if !identity::assurance_of(ctx, account).await?.meets(guide.proof) {
        return Err(Error::NotProven);
    }
    if guide.residents_only {
        let resident = match identity::link_of(ctx, account).await? {
            Some(resident) => registry::resident(ctx, resident).await?,
            None => None,
        };
        let today = ctx.today();
        if !resident.is_some_and(|resident| resident.current_on(today)) {
            return Err(Error::NotResident);
        }
    }
    Ok(account)
}

/// Gives what the caller was called in their last post, to be offered again.
pub(crate) async fn last_pen_name(ctx: &mut Ctx) -> Result<Option<String>> {
    let account = holder(ctx)?;
    posts::last_pen_name(ctx, account).await
}

/// Writes a post. Staff look at it before everybody reads it, or afterwards, as the pack says; where something in it needs care, always before.
///
/// # Errors
/// [`Error::ToMend`] with every field; [`Error::TooManyToday`]; as [`may_write`].
pub(crate) async fn write(ctx: &mut Ctx, id: &GuideId, draft: &Draft, picture: Option<Picture>) -> Result<Post> {
    let guide = guide(ctx, id)?;
    let account = may_write(ctx, &guide).await?;
    let content = content(ctx, account, draft, &guide).await?;
    let today = start_of_day_in_japan(ctx.today());
    if posts::begun_since(ctx, account, today).await? >= POSTS_A_DAY_MAX {
        return Err(Error::TooManyToday);
    }
    let post = PostId::new(ctx.now());
    posts::insert(ctx, post, id, account).await?;
    let mut post = posts::find(ctx, post).await?.ok_or(Error::NoSuchPost)?;
    let photo = match picture {
        Some(picture) => Some(keep_photo(ctx, post.id, picture).await?),
        None => None,
    };
    posts::step(ctx, post.id, What::Written, 1, None).await?;
    hand_in(ctx, &guide, &mut post, 1, content, photo).await?;
    Ok(post)
}

/// Writes a post anew; what everybody reads stays until the new wording may be read.
///
/// # Errors
/// As [`write`]; [`Error::NoSuchPost`] where it is not the caller's; [`Error::NotNow`] once it was withdrawn.
pub(crate) async fn change(ctx: &mut Ctx, id: PostId, draft: &Draft, photo: Photo) -> Result<Post> {
    let (mut post, last) = own(ctx, id).await?;
    let guide = guide(ctx, &post.guide)?;
    let account = may_write(ctx, &guide).await?;
    if post.state == State::Withdrawn {
        return Err(Error::NotNow);
    }
    let content = content(ctx, account, draft, &guide).await?;
    let photo = match photo {
        Photo::Keep => last.photo,
        Photo::Remove => None,
        Photo::New(picture) => Some(keep_photo(ctx, id, picture).await?),
    };
    let number = last.number + 1;
    posts::step(ctx, id, What::Changed, number, None).await?;
    hand_in(ctx, &guide, &mut post, number, content, photo).await?;
    Ok(post)
}

/// Takes a post back: nobody reads it any more, and it is in the open data no more.
///
/// # Errors
/// [`Error::NoSuchPost`] where it is not the caller's; [`Error::NotNow`] once it was withdrawn.
pub(crate) async fn withdraw(ctx: &mut Ctx, id: PostId) -> Result<()> {
    let (mut post, last) = own(ctx, id).await?;
    if post.state == State::Withdrawn {
        return Err(Error::NotNow);
    }
    let was_read = post.shown.is_some();
    (post.state, post.shown, post.waiting) = (State::Withdrawn, None, None);
    post.changed_at = ctx.now();
    posts::save(ctx, &post).await?;
    readers::settle(ctx, id).await?;
    posts::step(ctx, id, What::Withdrawn, last.number, None).await?;
    if was_read {
        ctx.record(Ended::KIND, &Ended { post: id, guide: post.guide, by_staff: false }).await?;
    }
    Ok(())
}

/// The caller's posts, the newest first, each in its last wording.
pub(crate) async fn mine(ctx: &mut Ctx) -> Result<Vec<(Post, Version)>> {
    let account = holder(ctx)?;
    let mut found = Vec::new();
    for post in posts::of_account(ctx, account).await? {
        if let Some(version) = posts::last_version(ctx, post.id).await? {
            found.push((post, version));
        }
    }
    Ok(found)
}

/// One of the caller's posts in its last wording, and what became of it.
pub(crate) async fn my_post(ctx: &mut Ctx, id: PostId) -> Result<(Post, Version, Vec<Step>)> {
    let (post, version) = own(ctx, id).await?;
    let steps = posts::steps(ctx, id).await?;
    Ok((post, version, steps))
}

async fn own(ctx: &mut Ctx, id: PostId) -> Result<(Post, Version)> {
    let account = holder(ctx)?;
    let post = posts::find(ctx, id).await?.filter(|post| post.account == Some(account)).ok_or(Error::NoSuchPost)?;
    let last = posts::last_version(ctx, id).await?.ok_or(Error::NoSuchPost)?;
    Ok((post, last))
}

/// What the form says, if all of it can be taken: the pen name is neither the person's own name nor somebody else's pen name.
async fn content(ctx: &mut Ctx, account: AccountId, draft: &Draft, guide: &Guide) -> Result<Content> {
    let town = ctx.town().clone();
    let read = rules::content(draft, guide, &town.districts);
    let pen_name = draft.pen_name.trim();
    let mut faults = read.as_ref().err().cloned().unwrap_or_default();
    if !pen_name.is_empty() {
        let own_name = identity::label_of(ctx, account).await?;
        let taken = posts::others_pen_names(ctx, account).await?;
        if own_name.is_some_and(|name| same_name(&name, pen_name)) {
            faults.push(Fault { field: "pen_name", reason: "own_name" });
        } else if taken.iter().any(|name| same_name(name, pen_name)) {
            faults.push(Fault { field: "pen_name", reason: "taken" });
        }
    }
    match read {
        Ok(content) if faults.is_empty() => Ok(content),
        _ => Err(Error::ToMend(faults)),
    }
}

async fn keep_photo(ctx: &mut Ctx, post: PostId, picture: Picture) -> Result<PhotoId> {
    let id = PhotoId::new(ctx.now());
    posts::insert_photo(ctx, id, post, picture).await?;
    Ok(id)
}

/// Keeps a wording and puts it where the pack wants it: before staff, or before everybody.
async fn hand_in(ctx: &mut Ctx, guide: &Guide, post: &mut Post, number: i32, content: Content, photo: Option<PhotoId>) -> Result<()> {
    let flags = rules::flags(&content);
    let at_once =
        guide.moderation == Moderation::After && flags.is_empty() && post.state != State::TakenDown && post.state != State::SentBack;
    let version = Version { post: post.id, number, content, photo, flags, written_at: ctx.now() };
    posts::insert_version(ctx, &version).await?;
    post.waiting = Some(number);
    post.reason = None;
    if at_once {
        return publish(ctx, guide, post, None).await;
    }
    post.state = if post.shown.is_some() { State::Published } else { State::Waiting };
    if post.shown.is_none() {
        post.changed_at = ctx.now();
    }
    posts::save(ctx, post).await
}
