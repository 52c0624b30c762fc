use ::store::{AccountId, Ctx, FromRow, Row, params};
use town::Medium;

use crate::{BoundMedium, MediumEnd, MediumId, Result};

::store::queries! {
    INSERT = "insert into identity_medium (id, account, kind, number_key, live_key, label, bound_by, bound_at, until_at)
        values ($1, $2, $3, $4, $4, $5, $6, $7, $8) on conflict (live_key) do nothing";
    BY_ID = "select id, account, kind, label, bound_by, bound_at, until_at, ended_at, ended_why from identity_medium where id = $1";
    /// The thing that has the number now, else the one that had it last.
    BY_NUMBER = "select id, account, kind, label, bound_by, bound_at, until_at, ended_at, ended_why from identity_medium
        where number_key = $1 order by (live_key is null), bound_at desc, id desc limit 1";
    OF_ACCOUNT = "select id, account, kind, label, bound_by, bound_at, until_at, ended_at, ended_why from identity_medium
        where account = $1 order by bound_at, id";
    END = "update identity_medium set live_key = null, ended_at = $2, ended_why = $3 where id = $1 and ended_at is null";
    MOVE = "update identity_medium set account = $2 where account = $1";
}

impl FromRow for BoundMedium {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let kind: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            account: row.get(1)?,
            kind: Medium::from_word(&kind).ok_or_else(|| ::store::Error::Decode { column: 2, reason: "not a medium".to_owned() })?,
            label: row.get(3)?,
            bound_by: row.get(4)?,
            bound_at: row.get(5)?,
            until_at: row.get(6)?,
            ended_at: row.get(7)?,
            ended_why: row.get(8)?,
        })
    }
}

/// Keeps a medium; false when its number is another live one's.
pub(crate) async fn insert(ctx: &mut Ctx, medium: &BoundMedium, number_key: [u8; 32]) -> Result<bool> {
    let values = params![
        medium.id,
        medium.account,
        medium.kind.word(),
        number_key,
        medium.label.as_str(),
        medium.bound_by,
        medium.bound_at,
        medium.until_at
    ];
    Ok(ctx.tx().execute(INSERT, values).await? == 1)
}

pub(crate) async fn find(ctx: &mut Ctx, id: MediumId) -> Result<Option<BoundMedium>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

pub(crate) async fn by_number(ctx: &mut Ctx, number_key: [u8; 32]) -> Result<Option<BoundMedium>> {
    Ok(ctx.tx().query_opt(BY_NUMBER, params![number_key]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<BoundMedium>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

pub(crate) async fn end(ctx: &mut Ctx, id: MediumId, why: MediumEnd) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now, why]).await? == 1)
}

/// Gives what an account has to another: they are one person's.
pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(MOVE, params![from, to]).await?;
    Ok(())
}
