//! What readers say of posts: thanks, and what they find wrong.

use store::{AccountId, Ctx, params};

use crate::model::{Doubt, PostId, Result, Why};

store::queries! {
    THANK = "insert into community_thanks (post, account, at) values ($1, $2, $3) on conflict (post, account) do nothing";
    UNTHANK = "delete from community_thanks where post = $1 and account = $2";
    THANKED = "select count(*) from community_thanks where post = $1 and account = $2";
    THANKED_BY = "select post from community_thanks where account = $1 order by at";
    DOUBT = "insert into community_wrong (post, account, why, note, at) values ($1, $2, $3, $4, $5)
        on conflict (post, account) do update set why = excluded.why, note = excluded.note, at = excluded.at, settled_at = null";
    DOUBTS = "select why, note, at, settled_at from community_wrong where post = $1 order by at desc";
    OPEN_DOUBTS = "select count(*) from community_wrong where post = $1 and settled_at is null";
    DOUBTED_BY = "select why, note, at, settled_at from community_wrong where account = $1 order by at";
    SETTLE = "update community_wrong set settled_at = $2 where post = $1 and settled_at is null";
    GIVE_OVER_THANKS = "insert into community_thanks (post, account, at) select post, $2, at from community_thanks where account = $1
        on conflict (post, account) do nothing";
    GIVE_OVER_DOUBTS = "insert into community_wrong (post, account, why, note, at, settled_at)
        select post, $2, why, note, at, settled_at from community_wrong where account = $1 on conflict (post, account) do nothing";
    FORGET_THANKS_OF = "delete from community_thanks where account = $1";
    FORGET_DOUBTS_OF = "delete from community_wrong where account = $1";
    FORGET_OWN_THANKS = "delete from community_thanks where account = $1
        and exists (select 1 from community_post p where p.id = community_thanks.post and p.account = $1)";
    DELETE_THANKS = "delete from community_thanks where post = $1";
    DELETE_DOUBTS = "delete from community_wrong where post = $1";
}

store::from_row!(Doubt { why, note, at, settled_at });

pub(crate) async fn thank(ctx: &mut Ctx, post: PostId, account: AccountId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(THANK, params![post, account, now]).await?;
    Ok(())
}

pub(crate) async fn unthank(ctx: &mut Ctx, post: PostId, account: AccountId) -> Result<()> {
    ctx.tx().execute(UNTHANK, params![post, account]).await?;
    Ok(())
}

pub(crate) async fn thanked(ctx: &mut Ctx, post: PostId, account: AccountId) -> Result<bool> {
    Ok(ctx.tx().query_one::<(i64,)>(THANKED, params![post, account]).await?.0 > 0)
}

pub(crate) async fn thanked_by(ctx: &mut Ctx, account: AccountId) -> Result<Vec<PostId>> {
    Ok(ctx.tx().query::<(PostId,)>(THANKED_BY, params![account]).await?.into_iter().map(|(post,)| post).collect())
}

pub(crate) async fn doubt(ctx: &mut Ctx, post: PostId, account: AccountId, why: Why, note: &str) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(DOUBT, params![post, account, why, note, now]).await?;
    Ok(())
}

pub(crate) async fn doubts(ctx: &mut Ctx, post: PostId) -> Result<Vec<Doubt>> {
    Ok(ctx.tx().query(DOUBTS, params![post]).await?)
}

pub(crate) async fn open_doubts(ctx: &mut Ctx, post: PostId) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(OPEN_DOUBTS, params![post]).await?.0)
}

pub(crate) async fn doubted_by(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Doubt>> {
    Ok(ctx.tx().query(DOUBTED_BY, params![account]).await?)
}

pub(crate) async fn settle(ctx: &mut Ctx, post: PostId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(SETTLE, params![post, now]).await?;
    Ok(())
}

/// What one account said is another's now; thanks to oneself, which that may make of it, are gone.
pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER_THANKS, params![from, to]).await?;
    ctx.tx().execute(GIVE_OVER_DOUBTS, params![from, to]).await?;
    forget(ctx, from).await?;
    ctx.tx().execute(FORGET_OWN_THANKS, params![to]).await?;
    Ok(())
}

pub(crate) async fn forget(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(FORGET_THANKS_OF, params![account]).await?;
    ctx.tx().execute(FORGET_DOUBTS_OF, params![account]).await?;
    Ok(())
}

pub(crate) async fn delete(ctx: &mut Ctx, post: PostId) -> Result<()> {
    ctx.tx().execute(DELETE_THANKS, params![post]).await?;
    ctx.tx().execute(DELETE_DOUBTS, params![post]).await?;
    Ok(())
}
