use ::store::{AccountId, Actor, Ctx, Permission};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use credential::HolderKey;

use crate::store::{people, phones as store, sessions as kept_sessions};
use crate::{
    Error, Phone, PhoneChallenge, PhoneChallengeId, PhoneEnd, PhoneEnded, PhoneId, PhoneRegistered, Result, SessionId, rules, secret,
};

/// The first bytes of what a phone signs here: never mistaken for a presentation or anything else its key signs.
const DOMAIN: &[u8; 15] = b"TEGATA PHONE 1\0";

/// Puts a question to a phone that wants to be bound to the holder's own account.
///
/// # Errors
/// [`Error::AccountNotFound`] for another's account; the store's.
pub async fn phone_challenge(ctx: &mut Ctx, account: AccountId) -> Result<PhoneChallenge> {
    super::own(ctx, account)?;
    let id = PhoneChallengeId::new(ctx.now());
    let nonce = secret::random();
    let expires_at = ctx.now() + rules::PHONE_CHALLENGE_LIFE;
    store::insert_challenge(ctx, id, account, nonce, expires_at).await?;
    Ok(PhoneChallenge { id, message: message(account, &nonce), expires_at })
}

/// Binds a phone's key (a JWK on P-256) to the holder's own account, once the phone has signed the question: 64 bytes r ‖ s, as WebCrypto gives them.
///
/// `session` is the one the phone's browser asks with: it speaks for this phone from now on, and ends with it. A browser has one key: a phone the
/// session spoke for before is replaced.
///
/// # Errors
/// [`Error::PhoneKey`], [`Error::PhoneChallenge`] (wrong, over, used, another's), [`Error::PhoneKnown`], [`Error::Text`] for the label,
/// [`Error::SessionNotFound`] for a session that is not the account's, [`Error::ProofNeeded`] for one that was begun by a passkey,
/// [`Error::AccountNotFound`] for another's account.
pub async fn register_phone(
    ctx: &mut Ctx,
    account: AccountId,
    session: Option<SessionId>,
    challenge: PhoneChallengeId,
    jwk: &str,
    signature: &[u8],
    label: &str,
) -> Result<Phone> {
    super::own(ctx, account)?;
    let key = HolderKey::from_jwk(jwk).map_err(|_| Error::PhoneKey)?;
    let label = rules::kept_text(label)?;
    people::find_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    let nonce = store::take_challenge(ctx, challenge, account).await?.ok_or(Error::PhoneChallenge)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.0.to_uncompressed())
        .verify(&message(account, &nonce), signature)
        .map_err(|_| Error::PhoneChallenge)?;
    let thumbprint = rules::thumbprint(&key);
    let phone = Phone { id: PhoneId::new(ctx.now()), account, key, thumbprint, label, registered_at: ctx.now(), ended_at: None };
    if !store::insert(ctx, &phone).await? {
        return Err(Error::PhoneKnown);
    }
    if let Some(session) = session {
        let begun = kept_sessions::begun(ctx, session).await?.ok_or(Error::SessionNotFound)?;
        if !rules::may_bind_phone(begun.entry) {
            return Err(Error::ProofNeeded);
        }
        let before = store::of_session(ctx, session, account).await?.ok_or(Error::SessionNotFound)?;
        store::speak_for(ctx, session, phone.id).await?;
        if let Some(before) = before {
            end(ctx, account, before, PhoneEnd::Replaced).await?;
        }
    }
    ctx.audit("phone.registered", Some(account.to_string()), "").await?;
    ctx.record(PhoneRegistered::KIND, &PhoneRegistered { account, phone: phone.id }).await?;
    Ok(phone)
}

/// Lets a session that spoke for no phone yet speak for one of the same account that is trusted: a browser whose person has just proven who they
/// are again. Twice the same changes nothing.
///
/// A session never goes over to another phone, or ending a lost one would not end it.
///
/// # Errors
/// [`Error::PhoneNotFound`] when there is none, it is ended or another's, or the session speaks for another; [`Error::SessionNotFound`].
pub async fn speak_for(ctx: &mut Ctx, session: SessionId, phone: PhoneId) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let found = store::find(ctx, phone).await?.filter(|phone| phone.ended_at.is_none()).ok_or(Error::PhoneNotFound)?;
    if !super::is_own(ctx, found.account) {
        return Err(Error::PhoneNotFound);
    }
    match store::of_session(ctx, session, found.account).await?.ok_or(Error::SessionNotFound)? {
        Some(spoken_for) if spoken_for == phone => Ok(()),
        Some(_) => Err(Error::PhoneNotFound),
        None => store::speak_for(ctx, session, phone).await,
    }
}

/// Gives the phones of an account, ended ones too, to its holder, the house, or staff who may end them.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn phones_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Phone>> {
    super::own_or(ctx, account, Permission::EndCard)?;
    store::of_account(ctx, account).await
}

/// Gives a phone, for rooms that issue to its key or check that it is still trusted.
///
/// # Errors
/// The store's.
pub async fn phone(ctx: &mut Ctx, id: PhoneId) -> Result<Option<Phone>> {
    store::find(ctx, id).await
}

/// Stops trusting a phone: its holder, staff who may end cards, or the house. Whatever is bound to its key ends with it, and so does every session of
/// the account that speaks for no phone still trusted: who has the lost phone in hand must prove who they are again. Twice changes nothing.
///
/// # Errors
/// [`Error::PhoneNotFound`] when there is none or it is another's; the store's `Forbidden`.
pub async fn end_phone(ctx: &mut Ctx, id: PhoneId, why: PhoneEnd) -> Result<()> {
    if !matches!(ctx.actor, Actor::Holder(_) | Actor::System) {
        ctx.allow(Permission::EndCard)?;
    }
    let phone = store::find(ctx, id).await?.ok_or(Error::PhoneNotFound)?;
    if matches!(ctx.actor, Actor::Holder(own) if own != phone.account) {
        return Err(Error::PhoneNotFound);
    }
    if end(ctx, phone.account, id, why).await? {
        store::end_sessions(ctx, phone.account).await?;
        super::sessions::signed_out(ctx, phone.account).await?;
    }
    Ok(())
}

pub(crate) async fn end(ctx: &mut Ctx, account: AccountId, id: PhoneId, why: PhoneEnd) -> Result<bool> {
    let ended = store::end(ctx, id, why).await?;
    if ended {
        ctx.audit("phone.ended", Some(account.to_string()), why.as_str()).await?;
        ctx.record(PhoneEnded::KIND, &PhoneEnded { account, phone: id }).await?;
    }
    Ok(ended)
}

fn message(account: AccountId, nonce: &[u8; 32]) -> Vec<u8> {
    [&DOMAIN[..], &account.bytes(), nonce].concat()
}
