use civil::Date;
use store::{AccountId, Ctx, params};

use crate::domain::people::Wish;
use crate::model::Result;

store::queries! {
    WISH = "select garbage, events, own, hour, area from calendar_wish where account = $1";
    SET_WISH = "insert into calendar_wish (account, garbage, events, own, hour, area) values ($1, $2, $3, $4, $5, $6)
        on conflict (account) do update set garbage = excluded.garbage, events = excluded.events, own = excluded.own, hour = excluded.hour, area = excluded.area";
    DELETE_WISH = "delete from calendar_wish where account = $1";
    HOURS = "select distinct hour from calendar_wish where garbage or events or own order by hour";
    OF_HOUR = "select account from calendar_wish where hour = $1 and account > $2 and (garbage or events or own) order by account limit $3";

    REMINDED = "insert into calendar_reminded (account, day) values ($1, $2) on conflict (account, day) do nothing";
    FORGET_REMINDED = "delete from calendar_reminded where day < $1";
    DELETE_REMINDED = "delete from calendar_reminded where account = $1";

    SET_FEED = "insert into calendar_feed (token_hash, account, made_at) values ($1, $2, $3)
        on conflict (account) do update set token_hash = excluded.token_hash, made_at = excluded.made_at";
    FEED_OF = "select account from calendar_feed where token_hash = $1";
    HAS_FEED = "select count(*) from calendar_feed where account = $1";
    DELETE_FEED = "delete from calendar_feed where account = $1";
}

store::from_row!(Wish { garbage, events, own, hour, area });

pub(crate) async fn wish(ctx: &mut Ctx, account: AccountId) -> Result<Option<Wish>> {
    Ok(ctx.tx().query_opt(WISH, params![account]).await?)
}

pub(crate) async fn set_wish(ctx: &mut Ctx, account: AccountId, wish: &Wish) -> Result<()> {
    ctx.tx().execute(SET_WISH, params![account, wish.garbage, wish.events, wish.own, wish.hour, wish.area.as_str()]).await?;
    Ok(())
}

pub(crate) async fn hours(ctx: &mut Ctx) -> Result<Vec<i32>> {
    Ok(ctx.tx().query::<(i32,)>(HOURS, &[]).await?.into_iter().map(|(hour,)| hour).collect())
}

/// Who wants to be reminded at an hour, a page at a time.
pub(crate) async fn of_hour(ctx: &mut Ctx, hour: i32, after: &str, limit: u32) -> Result<Vec<AccountId>> {
    Ok(ctx.tx().query::<(AccountId,)>(OF_HOUR, params![hour, after, limit]).await?.into_iter().map(|(account,)| account).collect())
}

/// Notes that somebody hears of a day now; false when they did before.
pub(crate) async fn reminded(ctx: &mut Ctx, account: AccountId, day: Date) -> Result<bool> {
    Ok(ctx.tx().execute(REMINDED, params![account, day]).await? == 1)
}

pub(crate) async fn forget_reminded(ctx: &mut Ctx, before: Date) -> Result<()> {
    ctx.tx().execute(FORGET_REMINDED, params![before]).await?;
    Ok(())
}

pub(crate) async fn set_feed(ctx: &mut Ctx, account: AccountId, hash: [u8; 32]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(SET_FEED, params![&hash[..], account, now]).await?;
    Ok(())
}

pub(crate) async fn feed_of(ctx: &mut Ctx, hash: [u8; 32]) -> Result<Option<AccountId>> {
    Ok(ctx.tx().query_opt::<(AccountId,)>(FEED_OF, params![&hash[..]]).await?.map(|(account,)| account))
}

pub(crate) async fn has_feed(ctx: &mut Ctx, account: AccountId) -> Result<bool> {
    Ok(ctx.tx().query_one::<(i64,)>(HAS_FEED, params![account]).await?.0 > 0)
}

pub(crate) async fn delete_feed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(DELETE_FEED, params![account]).await?;
    Ok(())
}

/// Forgets what an account wished and its secret address.
pub(crate) async fn forget(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for query in [DELETE_WISH, DELETE_REMINDED, DELETE_FEED] {
        ctx.tx().execute(query, params![account]).await?;
    }
    Ok(())
}
