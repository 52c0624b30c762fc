use ::store::{AccountId, Actor, AuditEntry, Ctx, Permission};

use crate::store::{apps, devices, links, passkeys, people as store, phone_cards, phones, prove, sessions, staff, tries};
use crate::{Account, Assurance, Error, LightAccountOpened, Result, rules};

/// Opens an account without a proof, for a family member who is handed a shared card. It can never obtain a card of its own.
///
/// # Errors
/// [`Error::Text`] when the label cannot be kept.
pub async fn start_light_account(ctx: &mut Ctx, label: &str) -> Result<Account> {
    let account = Account {
        id: AccountId::new(ctx.now()),
        name: rules::kept_text(label)?,
        date_of_birth: None,
        assurance: Assurance::None,
        keys: None,
        substitutes: false,
        opened_at: ctx.now(),
        closed_at: None,
    };
    store::insert_account(ctx, &account).await?;
    ctx.record(LightAccountOpened::KIND, &LightAccountOpened { account: account.id }).await?;
    Ok(account)
}

/// Gives an account to its holder, to the house, or to staff who may see a person; staff's look is recorded, so theirs must be a context that writes.
///
/// # Errors
/// [`Error::AccountNotFound`] when there is none or it is another's; the store's `Forbidden`.
pub async fn account(ctx: &mut Ctx, id: AccountId) -> Result<Account> {
    match ctx.actor {
        Actor::Holder(own) if own != id => return Err(Error::AccountNotFound),
        Actor::Holder(_) => ctx.allow(Permission::OwnAccount)?,
        Actor::System => ctx.allow(Permission::RunHouse)?,
        _ => ctx.allow(Permission::SeePerson)?,
    }
    let account = store::find_account(ctx, id).await?.ok_or(Error::AccountNotFound)?;
    if matches!(ctx.actor, Actor::Staff(..)) {
        ctx.audit("account.seen", Some(id.to_string()), "").await?;
    }
    Ok(account)
}

/// Gives the name an account goes by, for whom the calling room has found to be entitled to it: a parent who sees who holds a shared card.
///
/// # Errors
/// The store's.
pub async fn label_of(ctx: &mut Ctx, id: AccountId) -> Result<Option<String>> {
    Ok(store::find_account(ctx, id).await?.map(|account| account.name))
}

/// Gives the holder what the audit trail says of their account and of the resident they are, newest first; `before` pages on (`i64::MAX` to begin).
///
/// # Errors
/// The store's `Forbidden` for anyone but the holder and auditors.
pub async fn who_looked(ctx: &mut Ctx, account: AccountId, before: i64, limit: u32) -> Result<Vec<AuditEntry>> {
    if !super::is_own(ctx, account) {
        ctx.allow(Permission::SeeAudit)?;
    }
    let mut entries = ctx.audit_of(&account.to_string(), before, limit).await?;
    if let Some(link) = links::find(ctx, account).await? {
        entries.extend(ctx.audit_of(&link.resident.to_string(), before, limit).await?);
    }
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.seq));
    entries.truncate(limit as usize);
    Ok(entries)
}

/// Deletes what is over: sessions, codes, questions and ceremonies that can no longer be used, wrong tries that no longer count. Gives how many.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn forget_expired(ctx: &mut Ctx) -> Result<u64> {
    ctx.allow(Permission::RunHouse)?;
    let now = ctx.now();
    // A proof may be claimed for a while after it could be answered.
    let mut forgotten = prove::forget(ctx, now - rules::PROOF_LIFE).await?;
    forgotten += apps::forget(ctx, now - rules::PROOF_LIFE).await?;
    forgotten += phone_cards::forget(ctx, now - rules::PROOF_LIFE).await?;
    forgotten += phones::forget(ctx, now).await?;
    forgotten += sessions::forget(ctx, now).await?;
    forgotten += staff::forget(ctx, now).await?;
    forgotten += passkeys::forget(ctx, now).await?;
    forgotten += devices::forget(ctx, now).await?;
    forgotten += tries::forget(ctx, now - rules::TRY_WINDOW).await?;
    Ok(forgotten)
}
