//! What becomes of posts when accounts end or become one, and what the room holds of a person.

use serde_json::{Value, json};
use store::{AccountId, Ctx};

use super::holder;
use crate::model::Result;
use crate::store::{posts, readers};

/// An account was closed: what was published stays under its licence without its author's name, everything else is deleted.
pub(crate) async fn closed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    readers::forget(ctx, account).await?;
    for post in posts::of_account(ctx, account).await? {
        let shown = match post.shown {
            Some(number) => posts::version(ctx, post.id, number).await?,
            None => None,
        };
        match shown {
            Some(shown) => posts::part_from_author(ctx, post.id, &shown).await?,
            None => {
                readers::delete(ctx, post.id).await?;
                posts::delete(ctx, post.id).await?;
            }
        }
    }
    Ok(())
}

/// Two accounts of one person became one.
pub(crate) async fn merged(ctx: &mut Ctx, kept: AccountId, closed: AccountId) -> Result<()> {
    posts::give_over(ctx, closed, kept).await?;
    readers::give_over(ctx, closed, kept).await
}

/// What the room holds of the caller, for who asks for a copy.
pub(crate) async fn export(ctx: &mut Ctx, account: AccountId) -> Result<Value> {
    if holder(ctx)? != account {
        return Err(crate::Error::NoSuchPost);
    }
    let mut written = Vec::new();
    for (post, version) in super::write::mine(ctx).await? {
        let content = version.content;
        written.push(json!({
            "id": post.id,
            "guide": post.guide,
            "state": post.state,
            "reason": post.reason,
            "pen_name": content.pen_name,
            "title": content.title,
            "text": content.words,
            "category": content.category,
            "place": content.place,
            "district": content.district,
            "latitude_microdegrees": content.position.map(|position| position.latitude),
            "longitude_microdegrees": content.position.map(|position| position.longitude),
            "ages": content.ages,
            "facts": content.facts,
            "photo": version.photo,
            "opened_at": post.opened_at,
            "published_at": post.published_at,
        }));
    }
    let doubted: Vec<Value> = readers::doubted_by(ctx, account)
        .await?
        .into_iter()
        .map(|doubt| json!({ "why": doubt.why, "note": doubt.note, "at": doubt.at, "settled_at": doubt.settled_at }))
        .collect();
    Ok(json!({ "posts": written, "thanked_for": readers::thanked_by(ctx, account).await?, "told_to_be_wrong": doubted }))
}
