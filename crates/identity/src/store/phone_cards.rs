use ::store::{AccountId, Ctx, FromRow, Row, params};
use civil::Timestamp;
use town::AppId;

use crate::{PhoneCardQuestionId, Result};

/// A question put to a card in a phone, as it is kept.
pub(crate) struct Asked {
    pub(crate) id: PhoneCardQuestionId,
    pub(crate) card: AppId,
    pub(crate) nonce: Option<String>,
    pub(crate) response_key: Option<Vec<u8>>,
    pub(crate) asker: Option<AccountId>,
    pub(crate) refused: Option<String>,
    pub(crate) account: Option<AccountId>,
    pub(crate) code_hash: Option<Vec<u8>>,
    pub(crate) expires_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) claimed_at: Option<Timestamp>,
}

/// A question to be kept.
pub(crate) struct NewQuestion<'a> {
    pub(crate) id: PhoneCardQuestionId,
    pub(crate) card: &'a AppId,
    pub(crate) token_hash: [u8; 32],
    pub(crate) secret_hash: [u8; 32],
    pub(crate) nonce: &'a str,
    pub(crate) response_key: &'a [u8],
    pub(crate) asker: Option<AccountId>,
    pub(crate) expires_at: Timestamp,
}

::store::queries! {
    INSERT = "insert into identity_phone_card_question (id, card, token_hash, secret_hash, nonce, response_key, asker, begun_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    BY_TOKEN = "select id, card, nonce, response_key, asker, refused, account, code_hash, expires_at, answered_at, claimed_at
        from identity_phone_card_question where token_hash = $1";
    BY_SECRET = "select id, card, nonce, response_key, asker, refused, account, code_hash, expires_at, answered_at, claimed_at
        from identity_phone_card_question where secret_hash = $1";
    /// Changes a row only once: two answers at the same moment leave one winner.
    ANSWER = "update identity_phone_card_question set answered_at = $2, nonce = null, response_key = null where id = $1 and answered_at is null";
    PROVE = "update identity_phone_card_question set account = $2, code_hash = $3, refused = null
        where id = $1 and answered_at is not null and account is null";
    CLAIM = "update identity_phone_card_question set claimed_at = $2 where id = $1 and account is not null and claimed_at is null";
    REFUSE = "update identity_phone_card_question set refused = $2 where id = $1 and (refused is null or refused <> $2)";
    FORGET = "delete from identity_phone_card_question where expires_at < $1";
}

impl FromRow for Asked {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            card: row.get(1)?,
            nonce: row.get(2)?,
            response_key: row.get(3)?,
            asker: row.get(4)?,
            refused: row.get(5)?,
            account: row.get(6)?,
            code_hash: row.get(7)?,
            expires_at: row.get(8)?,
            answered_at: row.get(9)?,
            claimed_at: row.get(10)?,
        })
    }
}

pub(crate) async fn insert(ctx: &mut Ctx, new: NewQuestion<'_>) -> Result<()> {
    let now = ctx.now();
    let values = params![new.id, new.card, new.token_hash, new.secret_hash, new.nonce, new.response_key, new.asker, now, new.expires_at];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

/// The question a phone was led to.
pub(crate) async fn by_token(ctx: &mut Ctx, token_hash: [u8; 32]) -> Result<Option<Asked>> {
    Ok(ctx.tx().query_opt(BY_TOKEN, params![token_hash]).await?)
}

/// The question a browser asked.
pub(crate) async fn by_secret(ctx: &mut Ctx, secret_hash: [u8; 32]) -> Result<Option<Asked>> {
    Ok(ctx.tx().query_opt(BY_SECRET, params![secret_hash]).await?)
}

/// Takes the question away; false when somebody did before.
pub(crate) async fn answer(ctx: &mut Ctx, id: PhoneCardQuestionId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(ANSWER, params![id, now]).await? == 1)
}

/// Notes whom the answer proved, and what the asking browser has to be told; false when it was noted before.
pub(crate) async fn prove(ctx: &mut Ctx, id: PhoneCardQuestionId, account: AccountId, code_hash: [u8; 32]) -> Result<bool> {
    Ok(ctx.tx().execute(PROVE, params![id, account, code_hash]).await? == 1)
}

/// Hands the answer out; false when somebody had it before.
pub(crate) async fn claim(ctx: &mut Ctx, id: PhoneCardQuestionId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(CLAIM, params![id, now]).await? == 1)
}

/// Notes why an answer was refused; false when the same was noted before.
pub(crate) async fn refuse(ctx: &mut Ctx, id: PhoneCardQuestionId, code: &str) -> Result<bool> {
    Ok(ctx.tx().execute(REFUSE, params![id, code]).await? == 1)
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}
