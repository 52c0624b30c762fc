//! Cards for standard wallets: a holder offers one to a wallet, sees which are out there and ends them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::secret;
use jiff::{SignedDuration, Timestamp};
use store::{AccountId, Actor, Ctx, Permission};

use crate::domain::issue::{Office, random};
use crate::domain::{guardian, hold};
use crate::model::{CardId, Ended, Error, Holding, HoldingId, Result, WalletOfferId};
use crate::store as rows;
use crate::store::wallets::{self, Hashes};

/// How long an offer may be taken.
pub const OFFER_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Wallets that may have the same card of one holder.
const WALLETS_MAX: usize = 3;

/// An offer just made: the only moment its code is known.
#[derive(Debug, Clone)]
pub struct WalletOffer {
    /// What a wallet opens: `openid-credential-offer://…`.
    pub link: String,
    /// What the person types into the wallet.
    pub tx_code: String,
}

/// A card in a wallet, as its holder sees it.
#[derive(Debug, Clone)]
pub struct InWallet {
    /// Which.
    pub card: CardId,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Offers a card of the caller's to a wallet.
///
/// # Errors
/// [`Error::NoSuchCard`] unless the caller may show it today; [`Error::TooManyHolders`] when it is in as many wallets as allowed; the store's.
pub async fn offer_to_wallet(ctx: &mut Ctx, office: &Office, holding: HoldingId) -> Result<WalletOffer> {
    let holding = own(ctx, holding).await?;
    if guardian::lost(ctx, &holding).await?.is_some() {
        return Err(Error::NoSuchCard);
    }
    if !has_room(ctx, holding.id).await? {
        return Err(Error::TooManyHolders);
    }
    let now = ctx.now();
    let address = secret::token();
    let tx_code = format!("{:06}", u64::from_be_bytes(random()?) % 1_000_000);
    let id = WalletOfferId::new(now);
    let hashes = Hashes { offer: secret::token_hash(&address), code: secret::token_hash(&code_of(&address)), tx: tx_hash(id, &tx_code) };
    wallets::insert_offer(ctx.tx(), id, &hashes, (holding.id, holding.account), now + OFFER_LIFE).await?;
    ctx.record("cards.wallet_offered", &(id, holding.id)).await?;
    let at = office.wallet_at(&format!("/offers/{address}"));
    Ok(WalletOffer { link: format!("openid-credential-offer://?credential_offer_uri={}", percent(&at)), tx_code })
}

/// Whether a holder's card may go into one more wallet.
pub(crate) async fn has_room(ctx: &mut Ctx, holding: HoldingId) -> Result<bool> {
    let now = ctx.now();
    Ok(wallets::wallet_cards(ctx.tx(), holding, now).await?.len() < WALLETS_MAX)
}

/// The code that belongs to an offer's address. Whoever has the address may read it there; it need not be kept.
pub(crate) fn code_of(address: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::token_hash(&format!("wallet code {address}")))
}

pub(crate) fn tx_hash(id: WalletOfferId, typed: &str) -> [u8; 32] {
    secret::token_hash(&format!("{id} {typed}"))
}

/// Writes a value for a query.
pub(crate) fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn own(ctx: &mut Ctx, holding: HoldingId) -> Result<Holding> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NoSuchCard) };
    let found = rows::holding(ctx.tx(), holding).await?;
    found.filter(|holding| holding.account == account && holding.ended_at.is_none()).ok_or(Error::NoSuchCard)
}

/// Gives the wallets a card of the caller's is in.
///
/// # Errors
/// [`Error::NoSuchCard`]; the store's.
pub async fn in_wallets(ctx: &mut Ctx, holding: HoldingId) -> Result<Vec<InWallet>> {
    let holding = own(ctx, holding).await?;
    let now = ctx.now();
    let cards = wallets::wallet_cards(ctx.tx(), holding.id, now).await?;
    Ok(cards.into_iter().map(|card| InWallet { card: card.id, since: card.issued_at, until: card.expires_at }).collect())
}

/// Ends a card of the caller's in a wallet.
///
/// # Errors
/// [`Error::NoSuchCard`]; the store's.
pub async fn end_in_wallet(ctx: &mut Ctx, holding: HoldingId, card: CardId) -> Result<()> {
    let holding = own(ctx, holding).await?;
    let now = ctx.now();
    let cards = wallets::wallet_cards(ctx.tx(), holding.id, now).await?;
    let card = cards.into_iter().find(|found| found.id == card).ok_or(Error::NoSuchCard)?;
    hold::end_one_card(ctx, &card, Ended::MadeRoom).await?;
    ctx.record("cards.wallet_ended", &card.id).await?;
    ctx.audit("card.ended", Some(holding.resident.to_string()), holding.programme.as_str()).await?;
    Ok(())
}

/// Ends all that an account has in wallets: one of its phones was lost, and nobody knows which wallet was on it. The right to the cards stays.
///
/// # Errors
/// The store's.
pub async fn end_all_in_wallets(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for card in wallets::wallet_cards_of(ctx.tx(), account).await? {
        hold::end_one_card(ctx, &card, Ended::PhoneEnded).await?;
    }
    Ok(())
}

/// Deletes what wallets left over.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn forget_wallets(ctx: &mut Ctx) -> Result<u64> {
    ctx.allow(Permission::RunHouse)?;
    let before = ctx.now() - SignedDuration::from_hours(24);
    Ok(wallets::forget(ctx.tx(), before).await?)
}
