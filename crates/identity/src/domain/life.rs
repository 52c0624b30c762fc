//! What happens to an account when its person's life changes: a renewed card finds it again, two of one person become one, its owner closes it.

use ::store::{AccountId, Ctx, Match, MatchKeys, Permission, Register, ResidentId};
use jpki::FourItems;

use super::{media, passkeys, phones, proxies, residences, sessions};
use crate::store::{apps, life as store, links as kept, matches, people, phones as kept_phones};
use crate::{AccountClosed, AccountsMerged, Error, MediumEnd, PhoneEnd, ResidenceEnd, Result, Unlinked};

/// Gives the account the four items of a proof lead to, unless it is found already: the one that has them, else the one of the resident whom alone the
/// register names for them. A card renewed after a move or a new name has another serial and other items than the account knows, and is the same person's
/// all the same. Characters that were replaced prove nothing to the register.
///
/// # Errors
/// The store's.
pub(super) async fn account_by_items(
    ctx: &mut Ctx,
    register: &dyn Register,
    found: Option<AccountId>,
    told: Option<(MatchKeys, &FourItems)>,
) -> Result<Option<AccountId>> {
    let (None, Some((keys, items))) = (found, told) else { return Ok(None) };
    if let Some(account) = people::account_by_items(ctx, keys.four_items).await? {
        return Ok(Some(account));
    }
    if items.has_substitutes() {
        return Ok(None);
    }
    let Match::One(resident) = register.find(ctx, keys).await? else { return Ok(None) };
    for link in kept::of_resident(ctx, resident).await? {
        // An account that was never proven to be anybody's leads nowhere.
        if people::find_account(ctx, link.account).await?.is_some_and(|account| account.keys.is_some()) {
            return Ok(Some(link.account));
        }
    }
    Ok(None)
}

/// Gives residents with more than one account, with their accounts, oldest first: what a clerk looks through and merges.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn duplicates(ctx: &mut Ctx, limit: u32) -> Result<Vec<(ResidentId, Vec<AccountId>)>> {
    ctx.allow(Permission::ResolveMatch)?;
    let mut found = Vec::new();
    for resident in store::with_several(ctx, limit).await? {
        let accounts = kept::of_resident(ctx, resident).await?.into_iter().map(|link| link.account).collect();
        found.push((resident, accounts));
    }
    Ok(found)
}

/// Makes one account of two that a clerk sees are one person's: cards, identity apps, media and proxies of the second lead to the first from now on; its
/// phones, passkeys and sessions end, since what is in them was issued to the other account. Whoever used it proves themselves once more.
///
/// # Errors
/// [`Error::NotOnePerson`] unless both are tied to the same resident, one the clerk may know of; [`Error::AccountNotFound`]; the store's `Forbidden`.
pub async fn merge_accounts(ctx: &mut Ctx, register: &dyn Register, keep: AccountId, close: AccountId) -> Result<()> {
    ctx.allow(Permission::ResolveMatch)?;
    let no = |reason| Error::NotOnePerson { reason };
    if keep == close {
        return Err(no("they are the same account"));
    }
    let mut first = people::find_account(ctx, keep).await?.ok_or(Error::AccountNotFound)?;
    let second = people::find_account(ctx, close).await?.ok_or(Error::AccountNotFound)?;
    let resident = match (kept::find(ctx, keep).await?, kept::find(ctx, close).await?) {
        (Some(one), Some(other)) if one.resident == other.resident => one.resident,
        _ => return Err(no("they are not linked to one resident")),
    };
    if !register.may_know(ctx, resident).await? {
        return Err(Error::AccountNotFound);
    }
    store::give_over(ctx, close, keep).await?;
    if second.assurance > first.assurance {
        (first.name, first.date_of_birth, first.keys) = (second.name, second.date_of_birth, second.keys);
        (first.assurance, first.substitutes) = (second.assurance, second.substitutes);
        people::update_account(ctx, &first).await?;
    }
    ctx.audit("account.merged", Some(resident.to_string()), "").await?;
    // First: what reacts takes over what the second has, which ends then.
    ctx.record(AccountsMerged::KIND, &AccountsMerged { kept: keep, closed: close }).await?;
    empty(ctx, close, PhoneEnd::Replaced).await
}

/// Closes the caller's own account: everything it shows ends at once, and what it holds of the person is deleted. What was recorded of uses stays in the
/// town's records without the account. The same card opens a new account any time.
///
/// # Errors
/// [`Error::AccountNotFound`] for another's; the store's `Forbidden`.
pub async fn close_account(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    super::own(ctx, account)?;
    people::open_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    ctx.audit("account.closed", Some(account.to_string()), "").await?;
    empty(ctx, account, PhoneEnd::NotUsed).await
}

/// Ends and deletes all an account has.
async fn empty(ctx: &mut Ctx, account: AccountId, why: PhoneEnd) -> Result<()> {
    end_ways_in(ctx, account, why, MediumEnd::AccountClosed).await?;
    proxies::end_all(ctx, account).await?;
    residences::end_all(ctx, account, ResidenceEnd::AccountClosed).await?;
    matches::answer(ctx, account, "account_closed").await?;
    if let Some(link) = kept::find(ctx, account).await? {
        kept::delete(ctx, account).await?;
        ctx.record(Unlinked::KIND, &Unlinked { account, resident: link.resident }).await?;
    }
    store::close(ctx, account).await?;
    ctx.record(AccountClosed::KIND, &AccountClosed { account }).await?;
    Ok(())
}

/// Ends whatever somebody could be taken for the person of an account by: phones, passkeys, identity apps, media, sessions.
pub(super) async fn end_ways_in(ctx: &mut Ctx, account: AccountId, phone: PhoneEnd, medium: MediumEnd) -> Result<()> {
    for known in kept_phones::of_account(ctx, account).await? {
        phones::end(ctx, account, known.id, phone).await?;
    }
    passkeys::end_all(ctx, account).await?;
    apps::forget_subjects(ctx, account).await?;
    media::end_all(ctx, account, medium).await?;
    sessions::end_all(ctx, account).await
}
