use ::store::{AccountId, Ctx, params};
use civil::Timestamp;

use crate::{Proxy, ProxyEnd, ProxyId, Result};

macro_rules! proxy {
    ($rest:literal) => {
        concat!(
            "select id, principal, agent, scope, label, from_day, until_day, declared_at, agreed_at, ended_at from identity_proxy ",
            $rest
        )
    };
}

::store::queries! {
    INSERT = "insert into identity_proxy (id, principal, code_hash, code_until, scope, label, declared_by, declared_at, from_day, until_day)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_ID = proxy!("where id = $1");
    BY_CODE = proxy!("where code_hash = $1 and code_until > $2 and ended_at is null");
    OF_PRINCIPAL = proxy!("where principal = $1 order by declared_at, id");
    OF_AGENT = proxy!("where agent = $1 order by declared_at, id");
    AGREE = "update identity_proxy set agent = $2, agreed_at = $3, code_hash = null where id = $1 and agent is null and ended_at is null";
    END = "update identity_proxy set ended_at = $2, ended_why = $3, code_hash = null where id = $1 and ended_at is null";
    MOVE_PRINCIPAL = "update identity_proxy set principal = $2 where principal = $1";
    MOVE_AGENT = "update identity_proxy set agent = $2 where agent = $1";
}

pub(crate) async fn insert(ctx: &mut Ctx, proxy: &Proxy, code_hash: [u8; 32], code_until: Timestamp) -> Result<()> {
    let (scope, by) = (proxy.scope.to_text(), ctx.actor.to_string());
    let values = params![
        proxy.id,
        proxy.principal,
        code_hash,
        code_until,
        scope,
        proxy.label.as_str(),
        by,
        proxy.declared_at,
        proxy.from,
        proxy.until
    ];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, id: ProxyId) -> Result<Option<Proxy>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

pub(crate) async fn by_code(ctx: &mut Ctx, code_hash: [u8; 32]) -> Result<Option<Proxy>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt(BY_CODE, params![code_hash, now]).await?)
}

pub(crate) async fn of_principal(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Proxy>> {
    Ok(ctx.tx().query(OF_PRINCIPAL, params![account]).await?)
}

pub(crate) async fn of_agent(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Proxy>> {
    Ok(ctx.tx().query(OF_AGENT, params![account]).await?)
}

/// Lets the agent in; false when somebody was before.
pub(crate) async fn agree(ctx: &mut Ctx, id: ProxyId, agent: AccountId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(AGREE, params![id, agent, now]).await? == 1)
}

pub(crate) async fn end(ctx: &mut Ctx, id: ProxyId, why: ProxyEnd) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now, why]).await? == 1)
}

/// Gives what an account declared and agreed to over to another: they are one person's.
pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(MOVE_PRINCIPAL, params![from, to]).await?;
    ctx.tx().execute(MOVE_AGENT, params![from, to]).await?;
    Ok(())
}
