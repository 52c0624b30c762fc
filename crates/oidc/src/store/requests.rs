use civil::Timestamp;
use store::{Ctx, params};

use crate::model::{AuthRequest, ClientId, GrantId, Result};

store::queries! {
    /// Brought again, it waits as it did, or is over as it was.
    INSERT = "insert into oidc_request (id, client, request, expires_at) values ($1, $2, $3, $4) on conflict (id) do nothing";
    FIND = "select client, request from oidc_request where id = $1 and expires_at > $2";
    /// One that was answered before changes nothing; one that never waited is kept as over, without what it asked.
    END = "insert into oidc_request (id, client, request, expires_at) values ($1, $2, '', $3)
        on conflict (id) do update set expires_at = excluded.expires_at where oidc_request.expires_at > excluded.expires_at";
    /// Numbers follow the time they were given at.
    FORGET = "delete from oidc_request where id < $1";
    /// A message seen before changes nothing.
    SEE = "insert into oidc_seen (message_hash, expires_at) values ($1, $2) on conflict (message_hash) do nothing";
    FORGET_SEEN = "delete from oidc_seen where expires_at < $1";
}

/// Keeps a request until `expires_at`. Those given a number before `over` are deleted.
pub(crate) async fn insert(
    ctx: &mut Ctx,
    id: GrantId,
    client: ClientId,
    request: &AuthRequest,
    expires_at: Timestamp,
    over: Timestamp,
) -> Result<()> {
    let text = serde_json::to_string(request).map_err(store::Error::from)?;
    // Anybody's browser can bring a request: those that are over do not lie about until the night.
    forget_before(ctx, over).await?;
    ctx.tx().execute(INSERT, params![id, client, text, expires_at]).await?;
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, id: GrantId) -> Result<Option<(ClientId, AuthRequest)>> {
    let now = ctx.now();
    let found: Option<(ClientId, String)> = ctx.tx().query_opt(FIND, params![id, now]).await?;
    found.map(|(client, text)| Ok((client, serde_json::from_str(&text).map_err(store::Error::from)?))).transpose()
}

/// Ends a request of a service because it is answered, whether it waited or not; true for the first answer.
pub(crate) async fn end(ctx: &mut Ctx, id: GrantId, client: ClientId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, client, now]).await? == 1)
}

async fn forget_before(ctx: &mut Ctx, over: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![GrantId::first_at(over)]).await?)
}

/// Notes a message that counts once; false when it was seen before.
pub(crate) async fn see(ctx: &mut Ctx, message: [u8; 32], until: Timestamp) -> Result<bool> {
    Ok(ctx.tx().execute(SEE, params![message, until]).await? == 1)
}

/// Deletes what is over: messages, and requests given a number before `over`.
pub(crate) async fn forget(ctx: &mut Ctx, over: Timestamp) -> Result<u64> {
    let now = ctx.now();
    Ok(forget_before(ctx, over).await? + ctx.tx().execute(FORGET_SEEN, params![now]).await?)
}
