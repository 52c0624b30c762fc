use ::store::{AccountId, Ctx, params};
use civil::{Date, Timestamp};

use crate::{Belonging, BelongingCount, BelongsBy, ResidenceEnd, ResidenceId, Result};

macro_rules! residence {
    ($rest:literal) => {
        concat!(
            "select id, account, kind, belongs_to, since, until_day, status_uri, status_idx, checked_at, ended_at, ended_why from identity_residence ",
            $rest
        )
    };
}

::store::queries! {
    INSERT = "insert into identity_residence (id, account, kind, belongs_to, live_key, since, until_day, status_uri, status_idx, checked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_ID = residence!("where id = $1");
    OF_ACCOUNT = residence!("where account = $1 order by since desc, id desc");
    LIVE = residence!("where live_key is not null and id > $1 order by id limit $2");
    LIVE_IN_LIST = residence!("where live_key is not null and kind = $1 and belongs_to = $2 and status_uri = $3 and id > $4 order by id limit $5");
    LISTS = "select distinct status_uri from identity_residence where live_key is not null and kind = $1 and belongs_to = $2 and status_uri is not null";
    OVER = residence!("where live_key is not null and until_day < $1 order by id limit $2");
    ENDING = residence!("where live_key is not null and reminded_at is null and until_day <= $1 and id > $2 order by id limit $3");
    REMINDED = "update identity_residence set reminded_at = $2 where id = $1 and reminded_at is null";
    COUNTS = "select kind, belongs_to, count(*) from identity_residence where live_key is not null and until_day >= $1 group by kind, belongs_to order by kind, belongs_to";
    COUNT_OF = "select count(*) from identity_residence where live_key is not null and kind = $1 and belongs_to = $2";
    END = "update identity_residence set live_key = null, status_uri = null, status_idx = null, ended_at = $2, ended_why = $3
        where id = $1 and live_key is not null";
    CHECKED = "update identity_residence set checked_at = $2 where id = $1 and live_key is not null";
}

fn live_key(account: AccountId, by: BelongsBy, to: &str) -> String {
    format!("{account}/{}/{to}", by.as_str())
}

pub(crate) async fn insert(ctx: &mut Ctx, new: &Belonging) -> Result<()> {
    let values = params![
        new.id,
        new.account,
        new.by,
        new.to.as_str(),
        live_key(new.account, new.by, &new.to),
        new.since,
        new.until,
        new.status_uri.clone(),
        new.status_idx,
        new.checked_at
    ];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, id: ResidenceId) -> Result<Option<Belonging>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

/// All of an account, ended ones too, newest first.
pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Belonging>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

/// Those that have not ended, in pages by id.
pub(crate) async fn live(ctx: &mut Ctx, after: Option<ResidenceId>, limit: u32) -> Result<Vec<Belonging>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    Ok(ctx.tx().query(LIVE, params![after, limit]).await?)
}

/// Those of a neighbour that stand in one status list, in pages by id.
pub(crate) async fn in_list(ctx: &mut Ctx, neighbour: &str, uri: &str, after: Option<ResidenceId>, limit: u32) -> Result<Vec<Belonging>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    Ok(ctx.tx().query(LIVE_IN_LIST, params![BelongsBy::Neighbour, neighbour, uri, after, limit]).await?)
}

/// The status lists of a neighbour that speak of anybody.
pub(crate) async fn lists(ctx: &mut Ctx, neighbour: &str) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = ctx.tx().query(LISTS, params![BelongsBy::Neighbour, neighbour]).await?;
    Ok(rows.into_iter().map(|(uri,)| uri).collect())
}

/// Those whose last day was before a day.
pub(crate) async fn over(ctx: &mut Ctx, day: Date, limit: u32) -> Result<Vec<Belonging>> {
    Ok(ctx.tx().query(OVER, params![day, limit]).await?)
}

/// Those whose last day is this one or before it and who were not told so, in pages by id.
pub(crate) async fn ending(ctx: &mut Ctx, day: Date, after: Option<ResidenceId>, limit: u32) -> Result<Vec<Belonging>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    Ok(ctx.tx().query(ENDING, params![day, after, limit]).await?)
}

/// Notes that somebody is told that their last day is near.
pub(crate) async fn reminded(ctx: &mut Ctx, id: ResidenceId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(REMINDED, params![id, now]).await?;
    Ok(())
}

pub(crate) async fn counts(ctx: &mut Ctx, day: Date) -> Result<Vec<BelongingCount>> {
    Ok(ctx.tx().query(COUNTS, params![day]).await?)
}

pub(crate) async fn count_of(ctx: &mut Ctx, by: BelongsBy, to: &str) -> Result<i64> {
    let (count,): (i64,) = ctx.tx().query_one(COUNT_OF, params![by, to]).await?;
    Ok(count)
}

/// Ends one; false when it had ended before.
pub(crate) async fn end(ctx: &mut Ctx, id: ResidenceId, why: ResidenceEnd) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now, why]).await? == 1)
}

pub(crate) async fn checked(ctx: &mut Ctx, id: ResidenceId, at: Timestamp) -> Result<()> {
    ctx.tx().execute(CHECKED, params![id, at]).await?;
    Ok(())
}
