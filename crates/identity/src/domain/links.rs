use ::store::{AccountId, Ctx, MatchKeys, Permission, ResidentId};

use crate::store::{links as store, matches, people};
use crate::{Error, Link, LinkBy, Linked, Result, Unlinked};

/// Ties an account to a resident. The proof itself is the right to do so, for the account it proved; the house may after a bundle, a clerk after
/// comparing. An open request for the account is closed and what it says of the person deleted. Twice the same changes nothing.
///
/// Whether the resident is under protection is the register's to know: the calling room asks it first.
///
/// # Errors
/// [`Error::AlreadyLinked`] when the account is tied to another resident; [`Error::AccountNotFound`]; the store's `Forbidden`.
pub async fn link(ctx: &mut Ctx, account: AccountId, resident: ResidentId, by: LinkBy<'_>) -> Result<()> {
    let why = match by {
        LinkBy::Proof(proven) if proven.account.id == account => "proof",
        LinkBy::Proof(_) => return Err(Error::AccountNotFound),
        LinkBy::Bundle => {
            ctx.allow(Permission::RunHouse)?;
            "bundle"
        }
        LinkBy::Clerk => {
            ctx.allow(Permission::ResolveMatch)?;
            "clerk"
        }
    };
    let found = people::find_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    if found.keys.is_none() {
        return Err(Error::NotProven);
    }
    if let Some(link) = store::find(ctx, account).await? {
        return if link.resident == resident { Ok(()) } else { Err(Error::AlreadyLinked) };
    }
    let linked_at = ctx.now();
    store::insert(ctx, Link { account, resident, linked_at }).await?;
    matches::answer(ctx, account, "linked").await?;
    ctx.audit("account.linked", Some(resident.to_string()), why).await?;
    ctx.record(Linked::KIND, &Linked { account, resident }).await?;
    Ok(())
}

/// Unties an account from its resident: by the house, when the resident is gone from the register, or by a clerk, when it was a mistake.
///
/// # Errors
/// [`Error::NotLinked`]; the store's `Forbidden`.
pub async fn unlink(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    if ctx.allow(Permission::RunHouse).is_err() {
        ctx.allow(Permission::ResolveMatch)?;
    }
    let link = store::find(ctx, account).await?.ok_or(Error::NotLinked)?;
    store::delete(ctx, account).await?;
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

/// Gives proven accounts that are tied to nobody, with what they are matched by: for the house, after a bundle brought new residents. In pages by id;
/// `after` is the last of the page before.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn accounts_waiting(ctx: &mut Ctx, after: Option<AccountId>, limit: u32) -> Result<Vec<(AccountId, MatchKeys)>> {
    ctx.allow(Permission::RunHouse)?;
    store::waiting(ctx, after, limit).await
}
