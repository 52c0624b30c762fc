//! Passkeys: one ceremony for residents and for staff, and what residents do with theirs.

use ::store::{AccountId, Actor, Ctx, Permission};
use serde_json::Value;

use super::sessions;
use crate::model::{OwnerKind, PasskeyOwner};
use crate::passkeys::Kept;
use crate::store::{passkeys as store, people};
use crate::{
    Ceremony, CeremonyId, Demonstration, Error, OwnPasskey, PasskeyAdded, PasskeyEnded, PasskeyId, PasskeyUsed, Passkeys, Result,
    SessionId, Started, rules,
};

const REGISTER: &str = "register";
const SIGN_IN: &str = "sign_in";

/// Begins to make a passkey: gives what the browser needs.
pub(super) async fn begin_registration(ctx: &mut Ctx, passkeys: &Passkeys, owner: PasskeyOwner, name: &str) -> Result<Ceremony> {
    let known = store::kept_of(ctx, owner).await?;
    let (options, state) = passkeys.begin_registration(owner, name, &known)?;
    begin(ctx, REGISTER, owner.kind(), Some(owner), options, &state).await
}

/// Keeps the passkey the browser made, for who began to make it.
pub(super) async fn finish_registration(
    ctx: &mut Ctx,
    passkeys: &Passkeys,
    owner: PasskeyOwner,
    ceremony: CeremonyId,
    answer: Value,
    label: &str,
) -> Result<()> {
    let (begun_by, state) = store::take_ceremony(ctx, ceremony, REGISTER, owner.kind()).await?;
    if begun_by != Some(owner.text()) {
        return Err(Error::CeremonyOver);
    }
    let kept = passkeys.finish_registration(&state, answer)?;
    if store::insert(ctx, owner, label, &kept).await? { Ok(()) } else { Err(Error::Passkey) }
}

/// Begins to sign somebody in; nobody types a name, the browser offers what it has, and whoever it is must be verified by it.
pub(super) async fn begin_sign_in_of(ctx: &mut Ctx, passkeys: &Passkeys, kind: OwnerKind) -> Result<Ceremony> {
    let (options, state) = passkeys.begin_sign_in()?;
    begin(ctx, SIGN_IN, kind, None, options, &state).await
}

async fn begin(
    ctx: &mut Ctx,
    kind: &'static str,
    owner_kind: OwnerKind,
    owner: Option<PasskeyOwner>,
    options: Value,
    state: &str,
) -> Result<Ceremony> {
    let id = CeremonyId::new(ctx.now());
    let expires_at = ctx.now() + rules::CEREMONY_LIFE;
    store::insert_ceremony(ctx, store::Begun { id, kind, owner_kind, owner, state, expires_at }).await?;
    Ok(Ceremony { id, options })
}

/// Believes or refuses a passkey's answer; gives its owner and the passkey. Whether the owner may come in is the caller's to say.
pub(super) async fn finish_sign_in(
    ctx: &mut Ctx,
    passkeys: &Passkeys,
    kind: OwnerKind,
    ceremony: CeremonyId,
    answer: Value,
) -> Result<(PasskeyOwner, Kept)> {
    let (_, state) = store::take_ceremony(ctx, ceremony, SIGN_IN, kind).await?;
    let owner = passkeys.claimed_by(kind, &answer)?;
    let known = store::kept_of(ctx, owner).await?;
    let used = passkeys.finish_sign_in(&state, answer, &known)?;
    store::note_use(ctx, &used).await?;
    Ok((owner, used))
}

/// Says whether the holder may make a passkey in this session: it was begun by a proof a short while ago, on a screen of their own.
///
/// # Errors
/// The store's.
pub async fn may_make_passkey(ctx: &mut Ctx, session: Option<SessionId>) -> Result<bool> {
    let (Actor::Holder(account), Some(session)) = (&ctx.actor, session) else { return Ok(false) };
    let account = *account;
    let Some(begun) = crate::store::sessions::begun(ctx, session).await? else { return Ok(false) };
    Ok(begun.account == account && rules::may_make_passkey(&begun, ctx.now()))
}

/// Says whether to offer the holder a first passkey: they may make one now and have none.
///
/// # Errors
/// The store's.
pub async fn passkey_offered(ctx: &mut Ctx, session: Option<SessionId>) -> Result<bool> {
    let Actor::Holder(account) = ctx.actor else { return Ok(false) };
    Ok(may_make_passkey(ctx, session).await? && store::kept_of(ctx, PasskeyOwner::Holder(account)).await?.is_empty())
}

/// Begins to make a passkey for the holder who asks.
///
/// # Errors
/// [`Error::ProofNeeded`] unless the session was begun by a proof a short while ago; [`Error::TooManyPasskeys`]; the store's `Forbidden` for anyone but
/// a holder.
pub async fn begin_own_passkey(ctx: &mut Ctx, passkeys: &Passkeys, session: Option<SessionId>) -> Result<Ceremony> {
    let account = maker(ctx, session).await?;
    let name = people::open_account(ctx, account).await?.ok_or(Error::AccountNotFound)?.name;
    begin_registration(ctx, passkeys, PasskeyOwner::Holder(account), &name).await
}

/// Keeps the passkey that the holder's browser made, under the name they give it.
///
/// # Errors
/// As [`begin_own_passkey`]; [`Error::CeremonyOver`], [`Error::Passkey`]; [`Error::Text`] for the label.
pub async fn add_own_passkey(
    ctx: &mut Ctx,
    passkeys: &Passkeys,
    session: Option<SessionId>,
    ceremony: CeremonyId,
    answer: Value,
    label: &str,
) -> Result<()> {
    let account = maker(ctx, session).await?;
    let label = rules::kept_text(label)?;
    finish_registration(ctx, passkeys, PasskeyOwner::Holder(account), ceremony, answer, &label).await?;
    ctx.audit("passkey.added", Some(account.to_string()), "").await?;
    ctx.record(PasskeyAdded::KIND, &PasskeyAdded { account }).await?;
    Ok(())
}

async fn maker(ctx: &mut Ctx, session: Option<SessionId>) -> Result<AccountId> {
    let account = own(ctx)?;
    if !may_make_passkey(ctx, session).await? {
        return Err(Error::ProofNeeded);
    }
    if store::kept_of(ctx, PasskeyOwner::Holder(account)).await?.len() >= rules::PASSKEYS_MAX {
        return Err(Error::TooManyPasskeys);
    }
    Ok(account)
}

/// Begins to sign a resident in with a passkey.
///
/// # Errors
/// The store's.
pub async fn begin_own_sign_in(ctx: &mut Ctx, passkeys: &Passkeys) -> Result<Ceremony> {
    begin_sign_in_of(ctx, passkeys, OwnerKind::Holder).await
}

/// Signs a resident in by their passkey's answer. `before` is the session the browser has: one of the same person goes on, and says from now on that it
/// was begun by a passkey.
///
/// # Errors
/// [`Error::CeremonyOver`]; [`Error::Passkey`] when the answer is not believed, the passkey unknown or ended, or the account closed.
pub async fn sign_in_by_passkey(
    ctx: &mut Ctx,
    passkeys: &Passkeys,
    before: Option<SessionId>,
    ceremony: CeremonyId,
    answer: Value,
    label: &str,
) -> Result<Started> {
    let (owner, used) = finish_sign_in(ctx, passkeys, OwnerKind::Holder, ceremony, answer).await?;
    let PasskeyOwner::Holder(account) = owner else { return Err(Error::Passkey) };
    people::open_account(ctx, account).await?.ok_or(Error::Passkey)?;
    let started = sessions::begin_by_passkey(ctx, before, account, label, Some(&used.id)).await?;
    ctx.actor = Actor::Holder(account);
    ctx.audit("passkey.used", Some(account.to_string()), "").await?;
    ctx.record(PasskeyUsed::KIND, &PasskeyUsed { account, session: started.id }).await?;
    Ok(started)
}

/// Signs somebody in as by a passkey, in a town of made-up people: a developer's simulator has nobody who could touch one.
///
/// # Errors
/// [`Error::AccountNotFound`]; [`Error::Text`] for the label.
pub async fn sign_in_as_by_passkey(ctx: &mut Ctx, _made_up: Demonstration, account: AccountId, label: &str) -> Result<Started> {
    sessions::begin_by_passkey(ctx, None, account, label, None).await
}

/// Gives the passkeys of an account to its holder or the house, oldest first.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn passkeys_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<OwnPasskey>> {
    super::own_or(ctx, account, Permission::RunHouse)?;
    store::list(ctx, PasskeyOwner::Holder(account)).await
}

/// Gives one of the holder's passkeys another name.
///
/// # Errors
/// [`Error::PasskeyNotFound`] when there is none or it is another's; [`Error::Text`]; the store's `Forbidden` for anyone but a holder.
pub async fn name_passkey(ctx: &mut Ctx, id: &PasskeyId, label: &str) -> Result<()> {
    let account = own(ctx)?;
    let label = rules::kept_text(label)?;
    if store::name(ctx, PasskeyOwner::Holder(account), id, &label).await? { Ok(()) } else { Err(Error::PasskeyNotFound) }
}

/// Ends one of the holder's passkeys, and every session that was begun by it but `here`, the one in which it is ended.
///
/// # Errors
/// [`Error::PasskeyNotFound`] when there is none or it is another's; the store's `Forbidden` for anyone but a holder.
pub async fn end_passkey(ctx: &mut Ctx, id: &PasskeyId, here: Option<SessionId>) -> Result<()> {
    let account = own(ctx)?;
    if !store::delete(ctx, PasskeyOwner::Holder(account), id).await? {
        return Err(Error::PasskeyNotFound);
    }
    ended(ctx, account, "").await?;
    if store::end_sessions(ctx, id, here).await? > 0 {
        sessions::signed_out(ctx, account).await?;
    }
    Ok(())
}

/// Ends every passkey of an account, whoever asks. Its sessions are the caller's to end.
pub(super) async fn end_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    if store::delete_of(ctx, PasskeyOwner::Holder(account)).await? > 0 {
        ended(ctx, account, "all").await?;
    }
    Ok(())
}

async fn ended(ctx: &mut Ctx, account: AccountId, which: &str) -> Result<()> {
    ctx.audit("passkey.ended", Some(account.to_string()), which).await?;
    ctx.record(PasskeyEnded::KIND, &PasskeyEnded { account }).await?;
    Ok(())
}

fn own(ctx: &Ctx) -> Result<AccountId> {
    ctx.allow(Permission::OwnAccount)?;
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(Error::AccountNotFound),
    }
}
