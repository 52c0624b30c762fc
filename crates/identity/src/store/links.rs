use ::store::{AccountId, Ctx, MatchKey, MatchKeys, ResidentId, params};

use crate::{Link, Result};

::store::queries! {
    LINK_OF = "select account, resident, linked_at from identity_link where account = $1";
    ACCOUNTS_OF = "select account, resident, linked_at from identity_link where resident = $1 order by account";
    INSERT = "insert into identity_link (account, resident, linked_at) values ($1, $2, $3)";
    DELETE = "delete from identity_link where account = $1";
    /// Proven accounts without a resident, in pages by id.
    WAITING = "select a.id, a.four_items, a.three_items from identity_account a
        where a.four_items is not null and a.id > $1 and not exists (select 1 from identity_link l where l.account = a.id)
        order by a.id limit $2";
}

::store::from_row!(Link { account, resident, linked_at });

pub(crate) async fn find(ctx: &mut Ctx, account: AccountId) -> Result<Option<Link>> {
    Ok(ctx.tx().query_opt(LINK_OF, params![account]).await?)
}

pub(crate) async fn of_resident(ctx: &mut Ctx, resident: ResidentId) -> Result<Vec<Link>> {
    Ok(ctx.tx().query(ACCOUNTS_OF, params![resident]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, link: Link) -> Result<()> {
    ctx.tx().execute(INSERT, params![link.account, link.resident, link.linked_at]).await?;
    Ok(())
}

pub(crate) async fn delete(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(DELETE, params![account]).await?;
    Ok(())
}

pub(crate) async fn waiting(ctx: &mut Ctx, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, MatchKeys)>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    let rows: Vec<(AccountId, MatchKey, MatchKey)> = ctx.tx().query(WAITING, params![after, limit]).await?;
    Ok(rows.into_iter().map(|(id, four_items, three_items)| (id, MatchKeys { four_items, three_items })).collect())
}
