//! A television, a kiosk or a till signs in by a person's phone (device authorization, RFC 8628).

use identity::{SignedIn, secret};
use store::Ctx;

use super::{authorize, clients};
use crate::model::{Acr, Client, Error, GrantId, Result, Scopes};
use crate::rules::{CODE_LIFE, DEVICE_LIFE, DEVICE_WAIT_S};
use crate::store::devices::{self as rows, Device};
use crate::store::grants;

/// What keeps these codes apart from others that people type.
const CODE: &str = "device";

/// A device's two codes: the one it asks with, and the one the person types.
pub(crate) struct Codes {
    pub(crate) device: String,
    pub(crate) user: String,
}

/// Lets a device wait for a person.
pub(crate) async fn begin(ctx: &mut Ctx, client: &Client, scopes: Scopes) -> Result<Codes> {
    let codes = Codes { device: secret::token(), user: secret::code() };
    let user = secret::code_hash(CODE, &codes.user).ok_or(Error::DeviceCode)?;
    let expires_at = ctx.now() + DEVICE_LIFE;
    let new = Device { client: client.id, scopes, grant: None, denied: false, polled_at: None, wait_s: DEVICE_WAIT_S, expires_at };
    rows::insert(ctx, secret::token_hash(&codes.device), user, &new).await?;
    Ok(codes)
}

/// Finds the device whose code a person typed.
///
/// # Errors
/// [`Error::DeviceCode`].
pub(crate) async fn find(ctx: &mut Ctx, typed: &str) -> Result<(Client, Scopes)> {
    let hash = secret::code_hash(CODE, typed).ok_or(Error::DeviceCode)?;
    let device = rows::by_user_code(ctx, hash).await?.ok_or(Error::DeviceCode)?;
    match clients::standing(ctx, device.client).await {
        Ok(client) => Ok((client, device.scopes)),
        Err(Error::NoSuchClient) => Err(Error::DeviceCode),
        Err(error) => Err(error),
    }
}

/// Lets the device in as the person who typed its code.
///
/// # Errors
/// [`Error::DeviceCode`] when it is over or was answered.
pub(crate) async fn allow(ctx: &mut Ctx, typed: &str, person: &SignedIn, acr: Acr) -> Result<()> {
    let (client, scopes) = find(ctx, typed).await?;
    let known_as = authorize::agree(ctx, &client, &scopes).await?;
    let id = GrantId::new(ctx.now());
    let grant = authorize::answered(id, &client, &scopes, person, acr)?.at(ctx.now(), ctx.today(), known_as);
    // Its number is new: there is none of it.
    grants::insert(ctx, &grant, ctx.now() + CODE_LIFE).await?;
    authorize::note(ctx, &grant).await?;
    let hash = secret::code_hash(CODE, typed).ok_or(Error::DeviceCode)?;
    if rows::answer(ctx, hash, Some(id)).await? { Ok(()) } else { Err(Error::DeviceCode) }
}

/// Sends the device away.
///
/// # Errors
/// As [`allow`].
pub(crate) async fn deny(ctx: &mut Ctx, typed: &str) -> Result<()> {
    let hash = secret::code_hash(CODE, typed).ok_or(Error::DeviceCode)?;
    if rows::answer(ctx, hash, None).await? { Ok(()) } else { Err(Error::DeviceCode) }
}
