use ::store::{AccountId, Actor, Ctx, Permission};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use credential::HolderKey;

use crate::store::{people, phones as store};
use crate::{Error, Phone, PhoneChallenge, PhoneChallengeId, PhoneEnd, PhoneEnded, PhoneId, PhoneRegistered, Result, rules, secret};

/// The first bytes of what a phone signs here: never mistaken for a presentation or anything else its key signs.
const DOMAIN: &[u8; 15] = b"TEGATA PHONE 1\0";

/// Puts a question to a phone that wants to be bound to the holder's own account.
///
/// # Errors
/// [`Error::AccountNotFound`] for another's account; the store's.
pub async fn phone_challenge(ctx: &mut Ctx, account: AccountId) -> Result<PhoneChallenge> {
    own(ctx, account)?;
    let id = PhoneChallengeId::new(ctx.now());
    let nonce = secret::random();
    let expires_at = ctx.now() + rules::PHONE_CHALLENGE_LIFE;
    store::insert_challenge(ctx, id, account, nonce, expires_at).await?;
    Ok(PhoneChallenge { id, message: message(account, &nonce), expires_at })
}

/// Binds a phone's key (a JWK on P-256) to the holder's own account, once the phone has signed the question: 64 bytes r ‖ s, as WebCrypto gives them.
///
/// # Errors
/// [`Error::PhoneKey`], [`Error::PhoneChallenge`] (wrong, over, used, another's), [`Error::PhoneKnown`], [`Error::Text`] for the label,
/// [`Error::AccountNotFound`] for another's account.
pub async fn register_phone(
    ctx: &mut Ctx,
    account: AccountId,
    challenge: PhoneChallengeId,
    jwk: &str,
    signature: &[u8],
    label: &str,
) -> Result<Phone> {
    own(ctx, account)?;
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
    ctx.audit("phone.registered", Some(account.to_string()), "").await?;
    ctx.record(PhoneRegistered::KIND, &PhoneRegistered { account, phone: phone.id }).await?;
    Ok(phone)
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

/// Stops trusting a phone: its holder, staff who may end cards, or the house. Whatever is bound to its key ends with it. Twice changes nothing.
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
    if store::end(ctx, id, why).await? {
        ctx.audit("phone.ended", Some(phone.account.to_string()), why.as_str()).await?;
        ctx.record(PhoneEnded::KIND, &PhoneEnded { account: phone.account, phone: id }).await?;
    }
    Ok(())
}

fn own(ctx: &Ctx, account: AccountId) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    if super::is_own(ctx, account) { Ok(()) } else { Err(Error::AccountNotFound) }
}

fn message(account: AccountId, nonce: &[u8; 32]) -> Vec<u8> {
    [&DOMAIN[..], &account.bytes(), nonce].concat()
}
