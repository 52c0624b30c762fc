use ::store::{AccountId, Ctx, FromRow, Row, params};
use civil::Timestamp;
use town::AppId;

use crate::{AppQuestionId, AppSigning, Result, UsedApp};

/// A question put to an identity app, as it is kept.
pub(crate) struct Asked {
    pub(crate) id: AppQuestionId,
    pub(crate) app: AppId,
    pub(crate) secret_hash: Vec<u8>,
    pub(crate) nonce: Option<String>,
    pub(crate) verifier: Option<String>,
    pub(crate) statement: Option<String>,
    pub(crate) sign_transaction: Option<String>,
    pub(crate) asker: Option<AccountId>,
    pub(crate) begun_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
}

/// A question to be kept.
pub(crate) struct NewQuestion<'a> {
    pub(crate) id: AppQuestionId,
    pub(crate) app: &'a AppId,
    pub(crate) state_hash: [u8; 32],
    pub(crate) secret_hash: [u8; 32],
    pub(crate) nonce: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) signing: Option<&'a AppSigning>,
    pub(crate) asker: Option<AccountId>,
    pub(crate) expires_at: Timestamp,
}

::store::queries! {
    INSERT = "insert into identity_app_question (id, app, state_hash, secret_hash, nonce, verifier, statement, sign_transaction, asker, begun_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_STATE = "select id, app, secret_hash, nonce, verifier, statement, sign_transaction, asker, begun_at, expires_at, answered_at
        from identity_app_question where state_hash = $1";
    /// Changes a row only once: two answers at the same moment leave one winner.
    ANSWER = "update identity_app_question set answered_at = $2, nonce = null, verifier = null, statement = null, sign_transaction = null
        where id = $1 and answered_at is null";
    PROVE = "update identity_app_question set account = $2, refused = null where id = $1 and answered_at is not null and account is null";
    REFUSE = "update identity_app_question set refused = $2 where id = $1 and (refused is null or refused <> $2)";
    FORGET = "delete from identity_app_question where expires_at < $1";
    FORGET_SUBJECTS = "delete from identity_app_subject where account = $1";
    BY_SUBJECT = "select account from identity_app_subject where subject_key = $1 and last_used_at > $2";
    SAVE_SUBJECT = "insert into identity_app_subject (subject_key, account, app, first_used_at, last_used_at) values ($1, $2, $3, $4, $4)
        on conflict (subject_key) do update set account = excluded.account, last_used_at = excluded.last_used_at";
    APPS_OF = "select app, min(first_used_at), max(last_used_at) from identity_app_subject where account = $1 group by app order by app";
    FORGET_APP = "delete from identity_app_subject where account = $1 and app = $2";
}

::store::from_row!(UsedApp { app, first_used_at, last_used_at });

impl FromRow for Asked {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            app: row.get(1)?,
            secret_hash: row.get(2)?,
            nonce: row.get(3)?,
            verifier: row.get(4)?,
            statement: row.get(5)?,
            sign_transaction: row.get(6)?,
            asker: row.get(7)?,
            begun_at: row.get(8)?,
            expires_at: row.get(9)?,
            answered_at: row.get(10)?,
        })
    }
}

pub(crate) async fn insert(ctx: &mut Ctx, new: NewQuestion<'_>) -> Result<()> {
    let now = ctx.now();
    let NewQuestion { id, app, state_hash, secret_hash, nonce, verifier, signing, asker, expires_at } = new;
    let (statement, transaction) = (signing.map(|signing| signing.statement.as_str()), signing.map(|signing| signing.transaction.as_str()));
    let values = params![id, app, state_hash, secret_hash, nonce, verifier, statement, transaction, asker, now, expires_at];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn by_state(ctx: &mut Ctx, state_hash: [u8; 32]) -> Result<Option<Asked>> {
    Ok(ctx.tx().query_opt(BY_STATE, params![state_hash]).await?)
}

/// Takes the question away; false when somebody did before.
pub(crate) async fn answer(ctx: &mut Ctx, id: AppQuestionId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(ANSWER, params![id, now]).await? == 1)
}

/// Notes whom the answer proved; false when it was noted before.
pub(crate) async fn prove(ctx: &mut Ctx, id: AppQuestionId, account: AccountId) -> Result<bool> {
    Ok(ctx.tx().execute(PROVE, params![id, account]).await? == 1)
}

/// Notes why an answer was refused; false when the same was noted before.
pub(crate) async fn refuse(ctx: &mut Ctx, id: AppQuestionId, code: &str) -> Result<bool> {
    Ok(ctx.tx().execute(REFUSE, params![id, code]).await? == 1)
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}

/// The account a subject used since then leads to.
pub(crate) async fn account_by_subject(ctx: &mut Ctx, key: [u8; 32], since: Timestamp) -> Result<Option<AccountId>> {
    Ok(ctx.tx().query_opt::<(AccountId,)>(BY_SUBJECT, params![key, since]).await?.map(|(id,)| id))
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<UsedApp>> {
    Ok(ctx.tx().query(APPS_OF, params![account]).await?)
}

/// Lets no subject of an app lead to an account any more; false when none did.
pub(crate) async fn forget_app(ctx: &mut Ctx, account: AccountId, app: &AppId) -> Result<bool> {
    Ok(ctx.tx().execute(FORGET_APP, params![account, app]).await? > 0)
}

pub(crate) async fn save_subject(ctx: &mut Ctx, key: [u8; 32], account: AccountId, app: &AppId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(SAVE_SUBJECT, params![key, account, app, now]).await?;
    Ok(())
}

/// Lets no provider's subject lead to an account any more.
pub(crate) async fn forget_subjects(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(FORGET_SUBJECTS, params![account]).await?;
    Ok(())
}
