use jiff::Timestamp;
use store::{AccountId, Result, Tx, params};
use town::NeighbourId;

use crate::model::{Followed, Outcome, ResidenceRequest, ResidenceRequestId};

macro_rules! request {
    ($rest:literal) => {
        concat!("select id, account, neighbour, token, nonce, asked_at, expires_at, closed, outcome from cards_residence_request ", $rest)
    };
}

store::queries! {
    INSERT_REQUEST = "insert into cards_residence_request (id, account, neighbour, token, nonce, asked_at, expires_at, closed)
        values ($1, $2, $3, $4, $5, $6, $7, false)";
    BY_TOKEN = request!("where token = $1");
    BY_ID = request!("where id = $1");
    COUNT_SINCE = "select count(*) from cards_residence_request where account = $1 and asked_at > $2";
    GIVE_UP = "update cards_residence_request set closed = true, outcome = $2 where account = $1 and closed = false";
    CLOSE = "update cards_residence_request set closed = true where id = $1 and closed = false";
    NOTE = "update cards_residence_request set outcome = $2 where id = $1 and outcome is null";
    FORGET = "delete from cards_residence_request where expires_at < $1";

    FOLLOWED = "select followed_at, failed_at, fault from cards_neighbour where id = $1";
    NOTE_FOLLOWED = "insert into cards_neighbour (id, followed_at) values ($1, $2)
        on conflict (id) do update set followed_at = excluded.followed_at, failed_at = null, fault = null";
    NOTE_FAILED = "insert into cards_neighbour (id, failed_at, fault) values ($1, $2, $3)
        on conflict (id) do update set failed_at = excluded.failed_at, fault = excluded.fault";
}

pub(crate) async fn insert(tx: &mut Tx, new: &ResidenceRequest) -> Result<()> {
    let (token, nonce) = (new.token.as_str(), new.nonce.as_str());
    tx.execute(INSERT_REQUEST, params![new.id, new.account, &new.neighbour, token, nonce, new.asked_at, new.expires_at]).await.map(drop)
}

pub(crate) async fn of_token(tx: &mut Tx, token: &str) -> Result<Option<ResidenceRequest>> {
    tx.query_opt(BY_TOKEN, params![token]).await
}

pub(crate) async fn find(tx: &mut Tx, id: ResidenceRequestId) -> Result<Option<ResidenceRequest>> {
    tx.query_opt(BY_ID, params![id]).await
}

/// How often an account was asked since a moment.
pub(crate) async fn asked_since(tx: &mut Tx, account: AccountId, since: Timestamp) -> Result<i64> {
    let (count,): (i64,) = tx.query_one(COUNT_SINCE, params![account, since]).await?;
    Ok(count)
}

/// No longer waits for what an account was asked before.
pub(crate) async fn give_up(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.execute(GIVE_UP, params![account, Outcome::GivenUp]).await.map(drop)
}

/// Closes a request; true for the one who did.
pub(crate) async fn close(tx: &mut Tx, id: ResidenceRequestId) -> Result<bool> {
    Ok(tx.execute(CLOSE, params![id]).await? == 1)
}

pub(crate) async fn note(tx: &mut Tx, id: ResidenceRequestId, outcome: Outcome) -> Result<()> {
    tx.execute(NOTE, params![id, outcome]).await.map(drop)
}

pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute(FORGET, params![before]).await
}

pub(crate) async fn followed(tx: &mut Tx, neighbour: &NeighbourId) -> Result<Followed> {
    Ok(tx.query_opt(FOLLOWED, params![neighbour]).await?.unwrap_or_default())
}

pub(crate) async fn note_followed(tx: &mut Tx, neighbour: &NeighbourId, at: Timestamp) -> Result<()> {
    tx.execute(NOTE_FOLLOWED, params![neighbour, at]).await.map(drop)
}

pub(crate) async fn note_failed(tx: &mut Tx, neighbour: &NeighbourId, at: Timestamp, fault: &str) -> Result<()> {
    tx.execute(NOTE_FAILED, params![neighbour, at, fault]).await.map(drop)
}
