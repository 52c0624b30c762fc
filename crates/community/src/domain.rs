//! One function for each thing a reader, an author or a member of staff can do: allow, load, decide, save, record.

pub(crate) mod life;
pub(crate) mod moderate;
pub(crate) mod read;
pub(crate) mod write;

use store::{AccountId, Actor, Ctx, Permission};
use town::{Guide, GuideId};

use crate::model::{Error, Result};

/// The holder of the account that asks.
pub(crate) fn holder(ctx: &Ctx) -> Result<AccountId> {
    ctx.allow(Permission::OwnAccount)?;
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(store::Error::Forbidden(Permission::OwnAccount).into()),
    }
}

/// A guide of the town.
pub(crate) fn guide(ctx: &Ctx, id: &GuideId) -> Result<Guide> {
    ctx.town().guide(id).cloned().ok_or(Error::NoSuchGuide)
}
