use jiff::Timestamp;
use store::{AccountId, Result, Tx, params};
use town::PlaceId;

use crate::model::{Card, CardId, HoldingId, UseId, WalletOfferId};
use crate::store::ShownCard;

macro_rules! offer {
    ($rest:literal) => {
        concat!("select id, tx_hash, tries, holding, account, expires_at, token_hash, card from cards_wallet_offer ", $rest)
    };
}

macro_rules! request {
    ($rest:literal) => {
        concat!("select id, place, token, nonce, expires_at, closed, opened from cards_wallet_request ", $rest)
    };
}

store::queries! {
    INSERT_OFFER = "insert into cards_wallet_offer (id, offer_hash, code_hash, tx_hash, tries, holding, account, expires_at)
        values ($1, $2, $3, $4, 0, $5, $6, $7)";
    OFFER_BY_ADDRESS = offer!("where offer_hash = $1");
    OFFER_BY_CODE = offer!("where code_hash = $1");
    OFFER_BY_TOKEN = offer!("where token_hash = $1");
    COUNT_TRY = "update cards_wallet_offer set tries = tries + 1 where id = $1 and tries < $2";
    TAKE_OFFER = "update cards_wallet_offer set token_hash = $2, expires_at = $3 where id = $1 and token_hash is null";
    OFFER_ISSUED = "update cards_wallet_offer set card = $2 where id = $1 and card is null";
    FORGET_OFFERS = "delete from cards_wallet_offer where expires_at < $1";

    INSERT_NONCE = "insert into cards_wallet_nonce (nonce_hash, expires_at) values ($1, $2)";
    TAKE_NONCE = "delete from cards_wallet_nonce where nonce_hash = $1 and expires_at > $2";
    FORGET_NONCES = "delete from cards_wallet_nonce where expires_at < $1";

    INSERT_WALLET_CARD = "insert into cards_wallet_card (card, account, holding) values ($1, $2, $3)";
    WALLET_CARDS = card!("where id in (select card from cards_wallet_card where holding = $1) and status = 0 and expires_at > $2 order by issued_at");
    WALLET_CARDS_OF = card!("where id in (select card from cards_wallet_card where account = $1) and status = 0");
    SHOWN_AT = shown!("join cards_wallet_card w on w.card = c.id where c.status_idx = $1");

    INSERT_REQUEST = "insert into cards_wallet_request (id, place, token, nonce, expires_at, closed) values ($1, $2, $3, $4, $5, false)";
    REQUEST_BY_TOKEN = request!("where token = $1");
    REQUEST_BY_ID = request!("where id = $1");
    CLOSE_REQUEST = "update cards_wallet_request set closed = true, opened = $2 where id = $1 and closed = false";
    FORGET_REQUESTS = "delete from cards_wallet_request where expires_at < $1";
}

/// A card offered to a wallet.
pub(crate) struct Offered {
    pub(crate) id: WalletOfferId,
    pub(crate) tx_hash: Vec<u8>,
    pub(crate) tries: i32,
    pub(crate) holding: HoldingId,
    pub(crate) account: AccountId,
    /// Until when the code may be redeemed; of a redeemed one, until when its token is good.
    pub(crate) expires_at: Timestamp,
    pub(crate) token_hash: Option<Vec<u8>>,
    pub(crate) card: Option<CardId>,
}

store::from_row!(Offered { id, tx_hash, tries, holding, account, expires_at, token_hash, card });

/// By what a new offer is found.
pub(crate) struct Hashes {
    pub(crate) offer: [u8; 32],
    pub(crate) code: [u8; 32],
    pub(crate) tx: [u8; 32],
}

pub(crate) async fn insert_offer(
    tx: &mut Tx,
    id: WalletOfferId,
    hashes: &Hashes,
    of: (HoldingId, AccountId),
    until: Timestamp,
) -> Result<()> {
    let (holding, account) = of;
    tx.execute(INSERT_OFFER, params![id, hashes.offer, hashes.code, hashes.tx, holding, account, until]).await.map(drop)
}

pub(crate) async fn offer_at(tx: &mut Tx, offer: [u8; 32]) -> Result<Option<Offered>> {
    tx.query_opt(OFFER_BY_ADDRESS, params![offer]).await
}

pub(crate) async fn offer_of_code(tx: &mut Tx, code: [u8; 32]) -> Result<Option<Offered>> {
    tx.query_opt(OFFER_BY_CODE, params![code]).await
}

pub(crate) async fn offer_of_token(tx: &mut Tx, token: [u8; 32]) -> Result<Option<Offered>> {
    tx.query_opt(OFFER_BY_TOKEN, params![token]).await
}

/// Counts a try before the number is looked at, so that many at once have no more of them; false when none is left.
pub(crate) async fn count_try(tx: &mut Tx, id: WalletOfferId, most: i32) -> Result<bool> {
    Ok(tx.execute(COUNT_TRY, params![id, most]).await? == 1)
}

/// Redeems the code of an offer; true for the one who did.
pub(crate) async fn take_offer(tx: &mut Tx, id: WalletOfferId, token: [u8; 32], until: Timestamp) -> Result<bool> {
    Ok(tx.execute(TAKE_OFFER, params![id, token, until]).await? == 1)
}

/// Takes the card of an offer; true for the one who did.
pub(crate) async fn offer_issued(tx: &mut Tx, id: WalletOfferId, card: CardId) -> Result<bool> {
    Ok(tx.execute(OFFER_ISSUED, params![id, card]).await? == 1)
}

pub(crate) async fn insert_nonce(tx: &mut Tx, nonce: [u8; 32], now: Timestamp, until: Timestamp) -> Result<()> {
    // Anybody may ask for one: those that are over do not lie about until the night.
    tx.execute(FORGET_NONCES, params![now]).await?;
    tx.execute(INSERT_NONCE, params![nonce, until]).await.map(drop)
}

/// Takes a challenge away; true for the one who answers it.
pub(crate) async fn take_nonce(tx: &mut Tx, nonce: [u8; 32], now: Timestamp) -> Result<bool> {
    Ok(tx.execute(TAKE_NONCE, params![nonce, now]).await? == 1)
}

pub(crate) async fn insert_wallet_card(tx: &mut Tx, card: CardId, account: AccountId, holding: HoldingId) -> Result<()> {
    tx.execute(INSERT_WALLET_CARD, params![card, account, holding]).await.map(drop)
}

/// The cards of a holding that are good in wallets.
pub(crate) async fn wallet_cards(tx: &mut Tx, holding: HoldingId, now: Timestamp) -> Result<Vec<Card>> {
    tx.query(WALLET_CARDS, params![holding, now]).await
}

/// All that an account has in wallets.
pub(crate) async fn wallet_cards_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Card>> {
    tx.query(WALLET_CARDS_OF, params![account]).await
}

/// The card of a wallet at a place of the status list.
pub(crate) async fn shown_at(tx: &mut Tx, idx: i64) -> Result<Option<ShownCard>> {
    tx.query_opt(SHOWN_AT, params![idx]).await
}

/// What a place asks a wallet.
pub(crate) struct Request {
    pub(crate) id: UseId,
    pub(crate) place: PlaceId,
    pub(crate) token: String,
    pub(crate) nonce: String,
    pub(crate) expires_at: Timestamp,
    /// Answered, or declined by the holder.
    pub(crate) closed: bool,
    /// What the holder opened, JSON; none when declined.
    pub(crate) opened: Option<String>,
}

store::from_row!(Request { id, place, token, nonce, expires_at, closed, opened });

pub(crate) async fn insert_request(tx: &mut Tx, request: &Request) -> Result<()> {
    let values = params![request.id, &request.place, request.token.as_str(), request.nonce.as_str(), request.expires_at];
    tx.execute(INSERT_REQUEST, values).await.map(drop)
}

pub(crate) async fn request_of_token(tx: &mut Tx, token: &str) -> Result<Option<Request>> {
    tx.query_opt(REQUEST_BY_TOKEN, params![token]).await
}

pub(crate) async fn request(tx: &mut Tx, id: UseId) -> Result<Option<Request>> {
    tx.query_opt(REQUEST_BY_ID, params![id]).await
}

/// Closes a request; true for the one who did.
pub(crate) async fn close_request(tx: &mut Tx, id: UseId, opened: Option<String>) -> Result<bool> {
    Ok(tx.execute(CLOSE_REQUEST, params![id, opened]).await? == 1)
}

/// Deletes what was over before a moment.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    Ok(tx.execute(FORGET_OFFERS, params![before]).await?
        + tx.execute(FORGET_NONCES, params![before]).await?
        + tx.execute(FORGET_REQUESTS, params![before]).await?)
}
