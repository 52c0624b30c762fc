use civil::Timestamp;
use store::{Ctx, params};

use crate::model::{ClientId, GrantId, Result, Scopes};

store::queries! {
    INSERT = "insert into oidc_device (device_hash, user_code_hash, client, scopes, denied, wait_s, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
    BY_DEVICE = "select client, scopes, grant_id, denied, polled_at, wait_s, expires_at from oidc_device where device_hash = $1";
    BY_USER_CODE = "select client, scopes, grant_id, denied, polled_at, wait_s, expires_at from oidc_device
        where user_code_hash = $1 and expires_at > $2 and grant_id is null and not denied";
    ANSWER = "update oidc_device set grant_id = $2, denied = $3 where user_code_hash = $1 and grant_id is null and not denied";
    POLLED = "update oidc_device set polled_at = $2, wait_s = $3 where device_hash = $1";
    TAKE = "delete from oidc_device where device_hash = $1";
    FORGET = "delete from oidc_device where expires_at < $1";
}

/// A device that waits for a person.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) client: ClientId,
    pub(crate) scopes: Scopes,
    pub(crate) grant: Option<GrantId>,
    pub(crate) denied: bool,
    pub(crate) polled_at: Option<Timestamp>,
    pub(crate) wait_s: u32,
    pub(crate) expires_at: Timestamp,
}

store::from_row!(Device { client, scopes, grant, denied, polled_at, wait_s, expires_at });

pub(crate) async fn insert(ctx: &mut Ctx, device: [u8; 32], user_code: [u8; 32], new: &Device) -> Result<()> {
    let values = params![device, user_code, new.client, &new.scopes, false, new.wait_s, new.expires_at];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn by_device(ctx: &mut Ctx, device: [u8; 32]) -> Result<Option<Device>> {
    Ok(ctx.tx().query_opt(BY_DEVICE, params![device]).await?)
}

pub(crate) async fn by_user_code(ctx: &mut Ctx, user_code: [u8; 32]) -> Result<Option<Device>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt(BY_USER_CODE, params![user_code, now]).await?)
}

/// What the person said; true when nobody had said anything.
pub(crate) async fn answer(ctx: &mut Ctx, user_code: [u8; 32], grant: Option<GrantId>) -> Result<bool> {
    Ok(ctx.tx().execute(ANSWER, params![user_code, grant, grant.is_none()]).await? == 1)
}

pub(crate) async fn polled(ctx: &mut Ctx, device: [u8; 32], wait_s: u32) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(POLLED, params![device, now, wait_s]).await?;
    Ok(())
}

pub(crate) async fn take(ctx: &mut Ctx, device: [u8; 32]) -> Result<bool> {
    Ok(ctx.tx().execute(TAKE, params![device]).await? == 1)
}

pub(crate) async fn forget(ctx: &mut Ctx) -> Result<u64> {
    let now = ctx.now();
    Ok(ctx.tx().execute(FORGET, params![now]).await?)
}
