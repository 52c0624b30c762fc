use ::store::{AccountId, Ctx, FromRow, Row, params};
use civil::Timestamp;

use crate::{ProofSessionId, Result};

/// A question put to a card, as it is kept.
pub(crate) struct Asked {
    pub(crate) id: ProofSessionId,
    pub(crate) secret_hash: Vec<u8>,
    pub(crate) challenge: jpki::Challenge,
    pub(crate) asker: Option<AccountId>,
    pub(crate) refused: Option<String>,
    pub(crate) account: Option<AccountId>,
    pub(crate) expires_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) claimed_at: Option<Timestamp>,
}

::store::queries! {
    INSERT = "insert into identity_proof_session (id, code_hash, secret_hash, challenge, asker, expires_at) values ($1, $2, $3, $4, $5, $6)";
    BY_ID = "select id, secret_hash, challenge, asker, refused, account, expires_at, answered_at, claimed_at from identity_proof_session where id = $1";
    BY_CODE = "select id, secret_hash, challenge, asker, refused, account, expires_at, answered_at, claimed_at
        from identity_proof_session where code_hash = $1";
    /// Changes a row only once: two answers at the same moment leave one winner.
    ANSWER = "update identity_proof_session set answered_at = $2, account = $3, refused = null where id = $1 and answered_at is null";
    CLAIM = "update identity_proof_session set claimed_at = $2 where id = $1 and answered_at is not null and claimed_at is null";
    REFUSE = "update identity_proof_session set refused = $2 where id = $1 and answered_at is null";
    ASK_REGION_ID = "update identity_proof_session set region_id = true where id = $1";
    ASKS_REGION_ID = "select region_id from identity_proof_session where id = $1";
    FORGET = "delete from identity_proof_session where expires_at < $1";
}

impl FromRow for Asked {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let challenge: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            secret_hash: row.get(1)?,
            challenge: serde_json::from_str(&challenge)?,
            asker: row.get(3)?,
            refused: row.get(4)?,
            account: row.get(5)?,
            expires_at: row.get(6)?,
            answered_at: row.get(7)?,
            claimed_at: row.get(8)?,
        })
    }
}

pub(crate) async fn insert(
    ctx: &mut Ctx,
    id: ProofSessionId,
    code_hash: [u8; 32],
    secret_hash: [u8; 32],
    challenge: &jpki::Challenge,
    asker: Option<AccountId>,
) -> Result<()> {
    let text = serde_json::to_string(challenge).map_err(::store::Error::from)?;
    ctx.tx().execute(INSERT, params![id, code_hash, secret_hash, text, asker, challenge.expires_at]).await?;
    Ok(())
}

pub(crate) async fn by_id(ctx: &mut Ctx, id: ProofSessionId) -> Result<Option<Asked>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

pub(crate) async fn by_code(ctx: &mut Ctx, code_hash: [u8; 32]) -> Result<Option<Asked>> {
    Ok(ctx.tx().query_opt(BY_CODE, params![code_hash]).await?)
}

/// Takes the question away; false when somebody did before.
pub(crate) async fn answer(ctx: &mut Ctx, id: ProofSessionId, account: AccountId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(ANSWER, params![id, now, account]).await? == 1)
}

/// Hands the answer out; false when somebody had it before.
pub(crate) async fn claim(ctx: &mut Ctx, id: ProofSessionId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(CLAIM, params![id, now]).await? == 1)
}

pub(crate) async fn refuse(ctx: &mut Ctx, id: ProofSessionId, code: &str) -> Result<()> {
    ctx.tx().execute(REFUSE, params![id, code]).await?;
    Ok(())
}

/// Notes that the card is to get the town's number while it answers.
pub(crate) async fn ask_region_id(ctx: &mut Ctx, id: ProofSessionId) -> Result<()> {
    ctx.tx().execute(ASK_REGION_ID, params![id]).await?;
    Ok(())
}

pub(crate) async fn asks_region_id(ctx: &mut Ctx, id: ProofSessionId) -> Result<bool> {
    Ok(ctx.tx().query_opt::<(bool,)>(ASKS_REGION_ID, params![id]).await?.is_some_and(|(asks,)| asks))
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}
