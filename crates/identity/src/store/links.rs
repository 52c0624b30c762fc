use ::store::{AccountId, Ctx, MatchKey, MatchKeys, ResidentId, params};

use crate::{Link, RejectReason, Result};

/// What a clerk decided about an account: from then on no bundle ties it by itself.
pub(crate) struct Parted {
    /// Whom it was about, where the decision named somebody.
    pub(crate) resident: Option<ResidentId>,
    /// Why a request was rejected; nothing when a link was undone.
    pub(crate) rejected: Option<RejectReason>,
}

::store::queries! {
    LINK_OF = "select account, resident, linked_at from identity_link where account = $1";
    ACCOUNTS_OF = "select account, resident, linked_at from identity_link where resident = $1 order by account";
    LINKED = "select account, resident from identity_link where account > $1 order by account limit $2";
    INSERT = "insert into identity_link (account, resident, linked_at) values ($1, $2, $3)";
    DELETE = "delete from identity_link where account = $1";
    /// Proven accounts without a resident about which no clerk has decided, in pages by id. Substituted characters agree with nobody for certain.
    WAITING = "select a.id, a.four_items, a.three_items from identity_account a
        where a.four_items is not null and not a.substitutes and a.id > $1
        and not exists (select 1 from identity_link l where l.account = a.id)
        and not exists (select 1 from identity_parted p where p.account = a.id)
        order by a.id limit $2";
    PARTED = "select resident, rejected from identity_parted where account = $1";
    PART = "insert into identity_parted (account, resident, rejected, decided_at) values ($1, $2, $3, $4)";
    FORGET_PARTED = "delete from identity_parted where account = $1";
}

::store::from_row!(Parted { resident, rejected });

::store::from_row!(Link { account, resident, linked_at });

pub(crate) async fn find(ctx: &mut Ctx, account: AccountId) -> Result<Option<Link>> {
    Ok(ctx.tx().query_opt(LINK_OF, params![account]).await?)
}

pub(crate) async fn of_resident(ctx: &mut Ctx, resident: ResidentId) -> Result<Vec<Link>> {
    Ok(ctx.tx().query(ACCOUNTS_OF, params![resident]).await?)
}

pub(crate) async fn linked_after(ctx: &mut Ctx, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, ResidentId)>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    Ok(ctx.tx().query(LINKED, params![after, limit]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, link: Link) -> Result<()> {
    ctx.tx().execute(INSERT, params![link.account, link.resident, link.linked_at]).await?;
    Ok(())
}

pub(crate) async fn delete(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(DELETE, params![account]).await?;
    Ok(())
}

/// Keeps what a clerk decided.
pub(crate) async fn part(ctx: &mut Ctx, account: AccountId, parted: Parted) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(PART, params![account, parted.resident, parted.rejected, now]).await?;
    Ok(())
}

/// What clerks decided about an account since it was tied last.
pub(crate) async fn parted(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Parted>> {
    Ok(ctx.tx().query(PARTED, params![account]).await?)
}

pub(crate) async fn forget_parted(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(FORGET_PARTED, params![account]).await?;
    Ok(())
}

pub(crate) async fn waiting(ctx: &mut Ctx, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, MatchKeys)>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    let rows: Vec<(AccountId, MatchKey, MatchKey)> = ctx.tx().query(WAITING, params![after, limit]).await?;
    Ok(rows.into_iter().map(|(id, four_items, three_items)| (id, MatchKeys { four_items, three_items })).collect())
}
