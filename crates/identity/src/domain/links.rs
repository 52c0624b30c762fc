use ::store::{AccountId, Actor, Ctx, Match, MatchKeys, Permission, Register, ResidentId};

use super::residences;
use crate::store::links::{self as store, Parted};
use crate::store::{matches, people};
use crate::{Error, Link, LinkBy, Linked, RejectReason, ResidenceEnd, Result, Unlinked};

/// Ties an account to the resident whom the register gives for it alone. The proof itself is the right to do so, for the account it proved; the house
/// may after a bundle. An open request for the account is closed and what it says of the person deleted. Twice the same changes nothing.
///
/// # Errors
/// [`Error::ForClerk`] unless the register gives exactly this resident for the account's items, and when a clerk decided otherwise before;
/// [`Error::AlreadyLinked`] when the account is tied to another resident; [`Error::AccountNotFound`]; [`Error::NotProven`]; the store's `Forbidden`.
pub async fn link(ctx: &mut Ctx, register: &dyn Register, account: AccountId, resident: ResidentId, by: LinkBy<'_>) -> Result<()> {
    let why = match by {
        LinkBy::Proof(proven) if proven.account.id == account => "proof",
        LinkBy::Proof(_) => return Err(Error::AccountNotFound),
        LinkBy::Bundle => {
            ctx.allow(Permission::RunHouse)?;
            "bundle"
        }
    };
    let found = people::find_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    let keys = found.keys.ok_or(Error::NotProven)?;
    if is_tied(ctx, account, resident).await? {
        return Ok(());
    }
    // Characters without a code were replaced on the card: equality with the register means nothing then.
    if found.substitutes || register.find(ctx, keys).await? != Match::One(resident) {
        return Err(Error::ForClerk);
    }
    for parted in store::parted(ctx, account).await? {
        if matches!(by, LinkBy::Bundle) || outlasts_proof(&parted, resident) {
            return Err(Error::ForClerk);
        }
    }
    tie(ctx, account, resident, why).await
}

/// Says whether a clerk's decision stands even when the person proves anew: who was no resident may have become one, and who withdrew may come back,
/// but whom a clerk told apart only a clerk puts together.
fn outlasts_proof(parted: &Parted, resident: ResidentId) -> bool {
    match parted.rejected {
        None => parted.resident == Some(resident),
        Some(RejectReason::NotTheSamePerson) => true,
        Some(RejectReason::NotAResident | RejectReason::Withdrawn) => false,
    }
}

/// Says whether the account is tied to this resident.
///
/// # Errors
/// [`Error::AlreadyLinked`] when it is tied to another.
pub(super) async fn is_tied(ctx: &mut Ctx, account: AccountId, resident: ResidentId) -> Result<bool> {
    match store::find(ctx, account).await? {
        Some(link) if link.resident == resident => Ok(true),
        Some(_) => Err(Error::AlreadyLinked),
        None => Ok(false),
    }
}

/// Ties, once it is decided; what clerks decided before is settled by it.
pub(super) async fn tie(ctx: &mut Ctx, account: AccountId, resident: ResidentId, why: &'static str) -> Result<()> {
    let linked_at = ctx.now();
    store::insert(ctx, Link { account, resident, linked_at }).await?;
    store::forget_parted(ctx, account).await?;
    matches::answer(ctx, account, "linked").await?;
    residences::end_all(ctx, account, ResidenceEnd::MovedIn).await?;
    ctx.audit("account.linked", Some(resident.to_string()), why).await?;
    ctx.record(Linked::KIND, &Linked { account, resident }).await?;
    Ok(())
}

/// Unties an account from its resident: by the house, when the resident is gone from the register, or by a clerk, when it was a mistake. What a clerk
/// parted, neither a bundle nor a proof puts together again.
///
/// # Errors
/// [`Error::NotLinked`]; the store's `Forbidden`.
pub async fn unlink(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    if ctx.allow(Permission::RunHouse).is_err() {
        ctx.allow(Permission::ResolveMatch)?;
    }
    let link = store::find(ctx, account).await?.ok_or(Error::NotLinked)?;
    store::delete(ctx, account).await?;
    if ctx.actor != Actor::System {
        store::part(ctx, account, Parted { resident: Some(link.resident), rejected: None }).await?;
    }
    ctx.audit("account.unlinked", Some(link.resident.to_string()), "").await?;
    ctx.record(Unlinked::KIND, &Unlinked { account, resident: link.resident }).await?;
    Ok(())
}

/// Gives the resident an account is tied to. Rooms ask this for their own decisions; it tells nothing of the person.
///
/// # Errors
/// The store's.
pub async fn link_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<ResidentId>> {
    Ok(store::find(ctx, account).await?.map(|link| link.resident))
}

/// Gives the accounts tied to a resident, oldest first.
///
/// # Errors
/// The store's.
pub async fn accounts_of(ctx: &mut Ctx, resident: ResidentId) -> Result<Vec<Link>> {
    store::of_resident(ctx, resident).await
}

/// Gives accounts with the residents they are tied to, in pages by id; `after` is the last of the page before. For the house's own work: nobody sees it.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn linked_after(ctx: &mut Ctx, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, ResidentId)>> {
    ctx.allow(Permission::RunHouse)?;
    store::linked_after(ctx, after, limit).await
}

/// Gives proven accounts that are tied to nobody and that a bundle may tie, with what they are matched by: for the house, after a bundle brought new
/// residents. Not among them are accounts about which a clerk decided, and those whose card could not write the name or address. In pages by id;
/// `after` is the last of the page before.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn accounts_waiting(ctx: &mut Ctx, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, MatchKeys)>> {
    ctx.allow(Permission::RunHouse)?;
    store::waiting(ctx, after, limit).await
}
