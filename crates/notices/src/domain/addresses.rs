//! Where people asked to be told, whatever the way: seen, ended, given over.

use store::{AccountId, Ctx};

use super::{holder, reach};
use crate::model::{Address, AddressId, Error, Result, Way};
use crate::store as rows;

/// The caller's addresses of a way.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn of_caller(ctx: &mut Ctx, way: Way) -> Result<Vec<Address>> {
    let account = holder(ctx)?;
    rows::letters::of_account(ctx, account, way).await
}

/// One of the caller's addresses of a way.
///
/// # Errors
/// [`Error::NotFound`] for another's; the store's `Forbidden`.
pub(crate) async fn own(ctx: &mut Ctx, id: AddressId, way: Way) -> Result<Address> {
    let account = holder(ctx)?;
    rows::letters::find(ctx, id).await?.filter(|found| found.account == account && found.way == way).ok_or(Error::NotFound)
}

/// Ends one of the caller's addresses.
///
/// # Errors
/// As [`own`].
pub(crate) async fn end(ctx: &mut Ctx, id: AddressId, way: Way) -> Result<()> {
    own(ctx, id, way).await?;
    rows::letters::delete(ctx, id).await
}

/// An account became part of another: its addresses are the other's now.
pub(crate) async fn merged(ctx: &mut Ctx, kept: AccountId, closed: AccountId) -> Result<()> {
    let own: Vec<String> = rows::letters::all_of_account(ctx, kept).await?.into_iter().map(|address| address.address).collect();
    for address in rows::letters::all_of_account(ctx, closed).await? {
        if own.contains(&address.address) {
            rows::letters::delete(ctx, address.id).await?;
        } else {
            rows::letters::give_over(ctx, address.id, kept).await?;
        }
    }
    rows::line::end_of(ctx, closed).await?;
    rows::reach::clear(ctx, closed).await?;
    reach::look_anew(ctx, kept).await
}

/// An account was closed: its addresses go with it.
pub(crate) async fn closed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for address in rows::letters::all_of_account(ctx, account).await? {
        rows::letters::delete(ctx, address.id).await?;
    }
    rows::line::end_of(ctx, account).await?;
    rows::reach::clear(ctx, account).await
}
