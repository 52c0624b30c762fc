//! Calls for reports, and whom they asked.

use store::{AccountId, Ctx, StaffId, params};

use crate::model::{Call, CallAnswer, CallId, Counts, Result};

store::queries! {
    INSERT = "insert into reports_call (id, category, districts, words, begun_at, begun_by) values ($1, $2, $3, $4, $5, $6)";
    FIND = "select id, category, districts, words, begun_at, asked_all_at, ended_at from reports_call where id = $1";
    EVERY = "select id, category, districts, words, begun_at, asked_all_at, ended_at from reports_call order by begun_at desc, id limit 100";
    END = "update reports_call set ended_at = $2 where id = $1 and ended_at is null";
    ASKED_ALL = "update reports_call set asked_all_at = $2 where id = $1";
    /// Nobody is asked twice: what was written stands.
    ASK = "insert into reports_asked (call, account, at) values ($1, $2, $3) on conflict (call, account) do nothing";
    OPEN_FOR = "select c.id, c.category, c.districts, c.words, c.begun_at, c.asked_all_at, c.ended_at from reports_call c
        join reports_asked a on a.call = c.id where a.account = $1 and c.ended_at is null order by c.begun_at desc limit 10";
    ANSWER_OF = "select answer from reports_asked where call = $1 and account = $2";
    ANSWER = "update reports_asked set answer = $3, answered_at = $4 where call = $1 and account = $2";
    COUNTS = "select count(*), coalesce(sum(case when answer = 'fine' then 1 else 0 end), 0), coalesce(sum(case when answer = 'damage' then 1 else 0 end), 0)
        from reports_asked where call = $1";
    FORGET = "delete from reports_asked where account = $1";
    GIVE_OVER = "insert into reports_asked (call, account, at, answer, answered_at) select call, $2, at, answer, answered_at from reports_asked
        where account = $1 on conflict (call, account) do nothing";
}

pub(crate) async fn insert(ctx: &mut Ctx, call: &Call, by: StaffId) -> Result<()> {
    let values = params![call.id, &call.category, call.districts.as_str(), call.words.as_str(), call.begun_at, by];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, id: CallId) -> Result<Option<Call>> {
    Ok(ctx.tx().query_opt(FIND, params![id]).await?)
}

pub(crate) async fn all(ctx: &mut Ctx) -> Result<Vec<Call>> {
    Ok(ctx.tx().query(EVERY, &[]).await?)
}

/// Ends a call; false when it was over.
pub(crate) async fn end(ctx: &mut Ctx, id: CallId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now]).await? == 1)
}

pub(crate) async fn asked_all(ctx: &mut Ctx, id: CallId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(ASKED_ALL, params![id, now]).await?;
    Ok(())
}

/// Notes that an account is asked; false when it was before.
pub(crate) async fn ask(ctx: &mut Ctx, id: CallId, account: AccountId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(ASK, params![id, account, now]).await? == 1)
}

pub(crate) async fn open_for(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Call>> {
    Ok(ctx.tx().query(OPEN_FOR, params![account]).await?)
}

/// Whether an account was asked, and what it answered.
pub(crate) async fn answer_of(ctx: &mut Ctx, id: CallId, account: AccountId) -> Result<Option<Option<CallAnswer>>> {
    Ok(ctx.tx().query_opt::<(Option<CallAnswer>,)>(ANSWER_OF, params![id, account]).await?.map(|(answer,)| answer))
}

pub(crate) async fn answer(ctx: &mut Ctx, id: CallId, account: AccountId, answer: CallAnswer) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(ANSWER, params![id, account, answer, now]).await?;
    Ok(())
}

pub(crate) async fn counts(ctx: &mut Ctx, id: CallId) -> Result<Counts> {
    let (asked, fine, damage) = ctx.tx().query_one::<(i64, i64, i64)>(COUNTS, params![id]).await?;
    Ok(Counts { asked, fine, damage })
}

pub(crate) async fn forget(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(FORGET, params![account]).await?;
    Ok(())
}

pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER, params![from, to]).await?;
    forget(ctx, from).await
}
