//! One function per thing a person can do: allow, load, decide, save, record.

pub(crate) mod apps;
pub(crate) mod counter;
pub(crate) mod devices;
pub(crate) mod life;
pub(crate) mod links;
pub(crate) mod matches;
pub(crate) mod media;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod phone_cards;
pub(crate) mod phones;
pub(crate) mod prove;
pub(crate) mod proxies;
pub(crate) mod residences;
pub(crate) mod sessions;
pub(crate) mod staff;
pub(crate) mod tries;

use ::store::{AccountId, Actor, Ctx, Permission};

use crate::{Error, Result};

/// Says whether it is the holder's own account that is asked about.
fn is_own(ctx: &Ctx, account: AccountId) -> bool {
    ctx.actor == Actor::Holder(account)
}

/// Lets the holder of the account pass, and nobody else.
fn own(ctx: &Ctx, account: AccountId) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    if is_own(ctx, account) { Ok(()) } else { Err(Error::AccountNotFound) }
}

/// Lets the holder of the account pass, the house, and whoever has `other`.
fn own_or(ctx: &Ctx, account: AccountId, other: Permission) -> Result<()> {
    if is_own(ctx, account) || ctx.allow(Permission::RunHouse).is_ok() {
        return Ok(());
    }
    Ok(ctx.allow(other)?)
}
