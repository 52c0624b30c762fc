//! Programs of others that may send reports.

use store::{Ctx, params};

use crate::model::{Client, ClientId, Result};

store::queries! {
    INSERT = "insert into reports_client (id, name, key_hash, registered_at) values ($1, $2, $3, $4)";
    EVERY = "select id, name, registered_at, ended_at from reports_client order by registered_at, id";
    BY_KEY = "select id, name, registered_at, ended_at from reports_client where key_hash = $1 and ended_at is null";
    END = "update reports_client set ended_at = $2 where id = $1 and ended_at is null";
}

pub(crate) async fn insert(ctx: &mut Ctx, client: &Client, key_hash: [u8; 32]) -> Result<()> {
    ctx.tx().execute(INSERT, params![client.id, client.name.as_str(), key_hash, client.registered_at]).await?;
    Ok(())
}

pub(crate) async fn all(ctx: &mut Ctx) -> Result<Vec<Client>> {
    Ok(ctx.tx().query(EVERY, &[]).await?)
}

pub(crate) async fn by_key(ctx: &mut Ctx, key_hash: [u8; 32]) -> Result<Option<Client>> {
    Ok(ctx.tx().query_opt(BY_KEY, params![key_hash]).await?)
}

/// Ends a program's right; false when it was over.
pub(crate) async fn end(ctx: &mut Ctx, id: ClientId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now]).await? == 1)
}
