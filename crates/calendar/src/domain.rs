//! One function for each thing people and staff can do: allow, load, decide, save, record.

pub(crate) mod events;
pub(crate) mod feeds;
pub(crate) mod import;
pub(crate) mod people;
pub(crate) mod remind;

use store::{AccountId, Actor, Ctx, Permission};

use crate::model::Result;

/// The account of the caller.
pub(crate) fn holder(ctx: &Ctx) -> Result<AccountId> {
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(store::Error::Forbidden(Permission::OwnAccount).into()),
    }
}
