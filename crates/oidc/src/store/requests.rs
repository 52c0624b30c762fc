use civil::Timestamp;
use store::{Ctx, params};

use crate::model::{AuthRequest, ClientId, Result};

store::queries! {
    INSERT = "insert into oidc_request (handle_hash, client, request, expires_at) values ($1, $2, $3, $4)";
    FIND = "select client, request from oidc_request where handle_hash = $1 and expires_at > $2";
    EXTEND = "update oidc_request set expires_at = $2 where handle_hash = $1 and expires_at < $2";
    TAKE = "delete from oidc_request where handle_hash = $1 and expires_at > $2";
    FORGET = "delete from oidc_request where expires_at < $1";
    /// A message seen before changes nothing.
    SEE = "insert into oidc_seen (message_hash, expires_at) values ($1, $2) on conflict (message_hash) do nothing";
    FORGET_SEEN = "delete from oidc_seen where expires_at < $1";
}

pub(crate) async fn insert(ctx: &mut Ctx, handle: [u8; 32], client: ClientId, request: &AuthRequest, expires_at: Timestamp) -> Result<()> {
    let text = serde_json::to_string(request).map_err(store::Error::from)?;
    let now = ctx.now();
    // Anybody's browser can bring a request: those that are over do not lie about until the night.
    ctx.tx().execute(FORGET, params![now]).await?;
    ctx.tx().execute(INSERT, params![handle, client, text, expires_at]).await?;
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, handle: [u8; 32]) -> Result<Option<(ClientId, AuthRequest)>> {
    let now = ctx.now();
    let found: Option<(ClientId, String)> = ctx.tx().query_opt(FIND, params![handle, now]).await?;
    found.map(|(client, text)| Ok((client, serde_json::from_str(&text).map_err(store::Error::from)?))).transpose()
}

pub(crate) async fn extend(ctx: &mut Ctx, handle: [u8; 32], until: Timestamp) -> Result<()> {
    ctx.tx().execute(EXTEND, params![handle, until]).await?;
    Ok(())
}

/// Takes a request away; true for the one who took it.
pub(crate) async fn take(ctx: &mut Ctx, handle: [u8; 32]) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(TAKE, params![handle, now]).await? == 1)
}

/// Notes a message that counts once; false when it was seen before.
pub(crate) async fn see(ctx: &mut Ctx, message: [u8; 32], until: Timestamp) -> Result<bool> {
    Ok(ctx.tx().execute(SEE, params![message, until]).await? == 1)
}

pub(crate) async fn forget(ctx: &mut Ctx) -> Result<u64> {
    let now = ctx.now();
    Ok(ctx.tx().execute(FORGET, params![now]).await? + ctx.tx().execute(FORGET_SEEN, params![now]).await?)
}
