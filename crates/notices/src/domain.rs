//! One function for each thing a person, a member of staff or the house can do: allow, load, decide, save, record.

pub(crate) mod addresses;
pub(crate) mod automatic;
pub(crate) mod board;
pub(crate) mod dispositions;
pub(crate) mod inbox;
pub(crate) mod learn;
pub(crate) mod line;
pub(crate) mod lists;
pub(crate) mod mail;
pub(crate) mod reach;
pub(crate) mod templates;
pub(crate) mod trials;
pub(crate) mod write;

use jiff::SignedDuration;
use store::{AccountId, Actor, Ctx, Permission, StaffId};

use crate::model::{Error, Result};
use crate::store as rows;

/// Days for which the pace of the queues is kept.
const PACE_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
const DAYS_OF_YEAR: i64 = 366;

/// The holder who asks.
///
/// # Errors
/// The store's `Forbidden` for anybody else.
pub(crate) fn holder(ctx: &Ctx) -> Result<AccountId> {
    ctx.allow(Permission::OwnAccount)?;
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(store::Error::Forbidden(Permission::OwnAccount).into()),
    }
}

/// The member of staff who asks.
///
/// # Errors
/// The store's `Forbidden` for anybody else.
pub(crate) fn member(ctx: &Ctx, permission: Permission) -> Result<StaffId> {
    ctx.allow(permission)?;
    match ctx.actor {
        Actor::Staff(staff, _) => Ok(staff),
        _ => Err(store::Error::Forbidden(permission).into()),
    }
}

/// Deletes what is over: notices older than the pack's years that nobody keeps, and counts nobody asks for any more.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn forget_expired(ctx: &mut Ctx) -> Result<u64> {
    ctx.allow(Permission::RunHouse)?;
    let kept = SignedDuration::from_hours(i64::from(ctx.town().notices.keep_years) * DAYS_OF_YEAR * 24);
    let before = ctx.now() - kept;
    let today = ctx.today();
    let dispositions = rows::dispositions::forget(ctx, today, before).await?;
    let pace_before = civil::day_in_japan(ctx.now() - PACE_KEPT);
    let orphans = rows::messages::forget_orphans(ctx).await?;
    let ways = mail::forget(ctx).await?
        + line::forget(ctx).await?
        + rows::reach::forget(ctx).await?
        + rows::pace::forget(ctx, pace_before).await?;
    Ok(dispositions + rows::deliveries::forget(ctx, before).await? + trials::forget(ctx).await? + orphans + ways)
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error,
            other => store::Error::Within { what: "notices".to_owned(), source: other.into() },
        }
    }
}

/// An account became part of another: what it was told goes over; its browsers ask again.
pub(crate) async fn merged(ctx: &mut Ctx, kept: AccountId, closed: AccountId) -> Result<()> {
    rows::deliveries::give_over(ctx, closed, kept).await?;
    rows::dispositions::give_over(ctx, closed, kept).await?;
    reach::end_all(ctx, closed).await?;
    addresses::merged(ctx, kept, closed).await?;
    rows::trials::leave_all(ctx, closed).await?;
    rows::subscriptions::unmute_all(ctx, closed).await
}

/// An account was closed: what was told to it alone goes; what was told to the resident stays the town's record of it.
pub(crate) async fn closed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    dispositions::consent::end_all(ctx, account).await?;
    reach::end_all(ctx, account).await?;
    addresses::closed(ctx, account).await?;
    rows::trials::leave_all(ctx, account).await?;
    rows::subscriptions::unmute_all(ctx, account).await?;
    rows::deliveries::forget_account(ctx, account).await.map(drop)
}
