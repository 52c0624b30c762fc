//! What a wallet asks on its way to a card: OpenID for Verifiable Credential Issuance 1.0, pre-authorized code flow.

use credential::HolderKey;
use credential::sdjwt::{self, Closed, WalletClaims};
use identity::jose::{self, Algorithm};
use identity::secret;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{Actor, Ctx};
use town::{Programme, ProgrammeId};

use crate::domain::issue::{self, Office, random};
use crate::domain::{guardian, hold, status, wallet};
use crate::fault::Fault;
use crate::model::{Card, CardId, Ended, Holding, Result};
use crate::people::{self, Known};
use crate::rules;
use crate::store as rows;
use crate::store::wallets::{self, Offered};

/// How long the token opens the credential endpoint, in seconds.
pub const TOKEN_LIFE_S: i64 = 300;
/// How long a challenge may be answered.
const NONCE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How old a proof may be, in seconds.
const PROOF_LIFE_S: i64 = 300;
/// Numbers that may be tried until an offer is over.
const TRIES_MAX: i32 = 5;
/// How long a card in a wallet is good: nothing renews it there.
const CARD_LIFE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// Answered or refused; either way the change stands: a try counts, a challenge is spent.
pub type Answer<T> = std::result::Result<T, Fault>;

const DENIED: Fault = Fault::new("credential_request_denied", "not_his", "The card is no longer the holder's.");
const ISSUED: Fault = Fault::new("credential_request_denied", "issued", "The card of this offer was issued.");

/// Gives what an offer is for, and its code, as long as nobody has taken it.
///
/// # Errors
/// The store's.
pub async fn wallet_offer(ctx: &mut Ctx, address: &str) -> Result<Option<(ProgrammeId, String)>> {
    let now = ctx.now();
    let offer = wallets::offer_at(ctx.tx(), secret::token_hash(address)).await?;
    let Some(offer) = offer.filter(|offer| offer.expires_at > now && offer.token_hash.is_none() && offer.tries < TRIES_MAX) else {
        return Ok(None);
    };
    let holding = rows::holding(ctx.tx(), offer.holding).await?;
    Ok(holding.map(|holding| (holding.programme, wallet::code_of(address))))
}

/// Redeems the code of an offer together with what the person typed, and gives a token.
///
/// # Errors
/// The store's.
pub async fn redeem_offer(ctx: &mut Ctx, code: &str, tx_code: Option<&str>) -> Result<Answer<String>> {
    const UNKNOWN: Fault = Fault::new("invalid_grant", "code", "The pre-authorized code is unknown, used or over.");
    let now = ctx.now();
    let Some(offer) = wallets::offer_of_code(ctx.tx(), secret::token_hash(code)).await? else { return refuse(ctx, None, UNKNOWN).await };
    if offer.token_hash.is_some() {
        return refuse(ctx, Some(&offer), Fault { reason: "code_replayed", ..UNKNOWN }).await;
    }
    if offer.expires_at <= now {
        return refuse(ctx, Some(&offer), UNKNOWN).await;
    }
    let Some(typed) = tx_code else {
        return refuse(ctx, Some(&offer), Fault::new("invalid_request", "tx_code_missing", "tx_code is missing.")).await;
    };
    if !wallets::count_try(ctx.tx(), offer.id, TRIES_MAX).await? {
        return refuse(ctx, Some(&offer), UNKNOWN).await;
    }
    if wallet::tx_hash(offer.id, typed).as_slice() != offer.tx_hash {
        return refuse(ctx, Some(&offer), Fault::new("invalid_grant", "tx_code", "tx_code is wrong.")).await;
    }
    let token = secret::token();
    let until = now + SignedDuration::from_secs(TOKEN_LIFE_S);
    if !wallets::take_offer(ctx.tx(), offer.id, secret::token_hash(&token), until).await? {
        return refuse(ctx, Some(&offer), UNKNOWN).await;
    }
    ctx.record("cards.wallet_offer_taken", &offer.id).await?;
    Ok(Ok(token))
}

/// Writes a refusal down and gives it.
async fn refuse<T>(ctx: &mut Ctx, offer: Option<&Offered>, fault: Fault) -> Result<Answer<T>> {
    tracing::warn!(reason = fault.reason, "a wallet was refused");
    if let Some(offer) = offer {
        ctx.record("cards.wallet_refused", &(offer.id, fault.reason)).await?;
    }
    Ok(Err(fault))
}

/// Gives a challenge for the proof of a wallet's key.
///
/// # Errors
/// The store's.
pub async fn wallet_nonce(ctx: &mut Ctx) -> Result<String> {
    let (nonce, now) = (secret::token(), ctx.now());
    wallets::insert_nonce(ctx.tx(), secret::token_hash(&nonce), now, now + NONCE_LIFE).await?;
    Ok(nonce)
}

/// What a wallet asks for.
#[derive(Debug, Clone)]
pub struct WalletAsks {
    /// The token it was given.
    pub token: String,
    /// Which card it wants.
    pub configuration: Option<String>,
    /// The proof of its key.
    pub proof: Option<String>,
}

/// A card for a wallet.
#[derive(Debug, Clone)]
pub struct WalletCard {
    /// The SD-JWT with all its disclosures.
    pub credential: String,
    /// Its id, by which the wallet says what became of it.
    pub card: CardId,
}

/// Issues the card of an offer to the key a wallet proves.
///
/// # Errors
/// Signing's; the store's.
pub async fn issue_to_wallet(ctx: &mut Ctx, office: &Office, asks: &WalletAsks) -> Result<Answer<WalletCard>> {
    let offer = match with_token(ctx, &asks.token).await? {
        Ok(offer) => offer,
        Err(fault) => return refuse(ctx, None, fault).await,
    };
    let Some(holding) = rows::holding(ctx.tx(), offer.holding).await? else { return refuse(ctx, Some(&offer), DENIED).await };
    if asks.configuration.is_none() {
        let fault = Fault::new("invalid_credential_request", "configuration_missing", "credential_configuration_id is missing.");
        return refuse(ctx, Some(&offer), fault).await;
    }
    if asks.configuration.as_deref() != Some(holding.programme.as_str()) {
        let fault = Fault::new("unknown_credential_configuration", "configuration", "The offer is for another card.");
        return refuse(ctx, Some(&offer), fault).await;
    }
    if offer.card.is_some() {
        return refuse(ctx, Some(&offer), ISSUED).await;
    }
    let key = match proven(ctx, office, asks.proof.as_deref()).await? {
        Ok(key) => key,
        Err(fault) => return refuse(ctx, Some(&offer), fault).await,
    };
    // From here on it is the holder who takes the card: they gave the wallet the code.
    ctx.actor = Actor::Holder(offer.account);
    let town = ctx.town().clone();
    let programme = town.programme(&holding.programme);
    let Some((programme, known)) = still_his(ctx, programme, &holding).await? else { return refuse(ctx, Some(&offer), DENIED).await };
    let id = CardId::new(ctx.now());
    // Of two who ask at once with the same token, one gets the card.
    if !wallets::offer_issued(ctx.tx(), offer.id, id).await? {
        return refuse(ctx, Some(&offer), ISSUED).await;
    }
    let credential = sign(ctx, office, &holding, (programme, &known), id, key).await?;
    wallets::insert_wallet_card(ctx.tx(), id, holding.account, holding.id).await?;
    ctx.record("cards.wallet_issued", &(id, &holding.programme)).await?;
    ctx.audit("card.to_wallet", Some(holding.resident.to_string()), holding.programme.as_str()).await?;
    Ok(Ok(WalletCard { credential, card: id }))
}

async fn with_token(ctx: &mut Ctx, token: &str) -> Result<Answer<Offered>> {
    let now = ctx.now();
    let offer = wallets::offer_of_token(ctx.tx(), secret::token_hash(token)).await?.filter(|offer| offer.expires_at > now);
    Ok(offer.ok_or(Fault::new("invalid_token", "token", "The access token is unknown or over.")))
}

#[derive(Deserialize)]
struct Proof {
    aud: String,
    iat: i64,
    nonce: Option<String>,
}

/// The key a proof shows, made for us, now, and for a challenge of ours that is spent with it.
async fn proven(ctx: &mut Ctx, office: &Office, proof: Option<&str>) -> Result<Answer<HolderKey>> {
    const INVALID: Fault = Fault::new("invalid_proof", "proof", "The proof is not signed with ES256 by the P-256 key it carries.");
    let Some(proof) = proof else {
        return Ok(Err(Fault::new("invalid_proof", "proof_missing", "One proof of type jwt is needed.")));
    };
    let read = jose::verify_self_signed::<Proof>(proof, "openid4vci-proof+jwt", &[Algorithm::ES256]);
    let (Ok((_, claims)), Some(key)) = (read, carried_key(proof)) else { return Ok(Err(INVALID)) };
    if claims.aud != office.wallet_at("") {
        return Ok(Err(Fault { reason: "proof_audience", description: "The proof is made for another issuer.", ..INVALID }));
    }
    let now = ctx.now();
    if claims.iat < now.as_second() - PROOF_LIFE_S || claims.iat > now.as_second() + jose::CLOCKS_DIFFER_S {
        return Ok(Err(Fault { reason: "proof_time", description: "The proof is not of this moment.", ..INVALID }));
    }
    let fresh = match claims.nonce {
        Some(nonce) => wallets::take_nonce(ctx.tx(), secret::token_hash(&nonce), now).await?,
        None => false,
    };
    const NONCE: Fault = Fault::new("invalid_nonce", "nonce", "The proof's nonce is not one of ours, used or over: ask for another.");
    Ok(if fresh { Ok(key) } else { Err(NONCE) })
}

/// The key in a token's header; whether it signed was asked before.
fn carried_key(token: &str) -> Option<HolderKey> {
    use base64::Engine as _;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    serde_json::from_value(header.get("jwk")?.clone()).ok()
}

/// The programme and the person of a card that is still the holder's to take, now; nothing when it is not.
async fn still_his<'a>(ctx: &mut Ctx, programme: Option<&'a Programme>, holding: &Holding) -> Result<Option<(&'a Programme, Known)>> {
    let Some(programme) = programme.filter(|_| holding.ended_at.is_none()) else { return Ok(None) };
    let Some(known) = people::known_for(ctx, holding.resident, programme).await? else { return Ok(None) };
    let entitled = rules::entitled(programme, &known.person, ctx.today());
    if !entitled || guardian::lost(ctx, holding).await?.is_some() || !wallet::has_room(ctx, holding.id).await? {
        return Ok(None);
    }
    Ok(Some((programme, known)))
}

/// Signs the card of a holding for a wallet's key and keeps it.
async fn sign(ctx: &mut Ctx, office: &Office, holding: &Holding, of: (&Programme, &Known), id: CardId, key: HolderKey) -> Result<String> {
    let (programme, known) = of;
    let today = ctx.today();
    let name = people::name_of(ctx, holding).await?;
    let says = issue::says(programme, known, name.as_deref(), today);
    let closed = says.iter().map(|(name, value)| Ok(Closed { salt: random()?, name, value })).collect::<Result<Vec<_>>>()?;
    let now = issue::whole_seconds(ctx.now());
    let idx = status::free_place(ctx, office.entries()).await?;
    let last = rules::valid_until(programme, &known.person, today).and_then(end_of);
    let claims = WalletClaims {
        issuer: office.wallet_at(""),
        vct: office.wallet_type(&programme.id),
        issued_at: now,
        expires_at: last.map_or(now + CARD_LIFE, |last| last.min(now + CARD_LIFE)),
        status_uri: office.wallet_status_uri(),
        status_idx: idx.unsigned_abs(),
        holder: key,
    };
    let credential = sdjwt::issue(office.issuer(), &claims, &closed)?;
    let card = Card {
        id,
        holding: holding.id,
        // No phone of ours has it: one of its own, that nobody can end by another name.
        phone: identity::PhoneId::from_bytes(id.bytes()),
        programme: holding.programme.clone(),
        resident: holding.resident,
        status_idx: Some(idx),
        status: 0,
        credential: credential.split('~').next().unwrap_or_default().as_bytes().to_vec(),
        disclosures: "[]".to_owned(),
        issued_at: now,
        expires_at: claims.expires_at,
    };
    rows::insert_card(ctx.tx(), &card).await?;
    Ok(credential)
}

/// The first moment after a day in Japan.
fn end_of(day: civil::Date) -> Option<Timestamp> {
    Some(civil::start_of_day_in_japan(day.tomorrow().ok()?))
}

/// Takes note of what became of a card in a wallet; one that was not kept is ended.
///
/// # Errors
/// The store's.
pub async fn wallet_notes(ctx: &mut Ctx, token: &str, card: &str, event: &str) -> Result<Answer<()>> {
    let offer = match with_token(ctx, token).await? {
        Ok(offer) => offer,
        Err(fault) => return refuse(ctx, None, fault).await,
    };
    let Some(id) = offer.card.filter(|id| id.to_string() == card) else {
        let fault = Fault::new("invalid_notification_id", "notification_id", "The notification_id is not this card's.");
        return refuse(ctx, Some(&offer), fault).await;
    };
    match event {
        "credential_accepted" => {}
        "credential_failure" | "credential_deleted" => {
            if let Some(card) = rows::card(ctx.tx(), id).await? {
                hold::end_one_card(ctx, &card, Ended::MadeRoom).await?;
            }
        }
        _ => {
            let fault = Fault::new("invalid_notification_request", "event", "The event is not one of OpenID4VCI.");
            return refuse(ctx, Some(&offer), fault).await;
        }
    }
    ctx.record("cards.wallet_noted", &(id, event)).await?;
    Ok(Ok(()))
}
