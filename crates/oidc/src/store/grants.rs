use civil::Timestamp;
use store::{AccountId, Ctx, FromRow, Row, params};

use crate::model::{ClientId, Grant, GrantId, Result, TokenKind};

macro_rules! grant {
    ($rest:literal) => {
        concat!("select id, client, account, session, scopes, acr, auth_time, granted_at, told_on, ended_at from oidc_grant ", $rest)
    };
}

store::queries! {
    GRANT = grant!("where id = $1");
    GRANTS_OF = grant!("where account = $1 and granted_at > $2 order by granted_at desc, id desc limit 200");
    OPEN_OF = grant!("where account = $1 and ended_at is null order by granted_at");
    INSERT = "insert into oidc_grant (id, client, account, session, scopes, acr, auth_time, granted_at, told_on) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    TOLD = "update oidc_grant set told_on = $2 where id = $1 and told_on < $2";
    SIGNED_OUT = "update oidc_grant set signed_out_at = $2 where id = $1 and signed_out_at is null";
    END = "update oidc_grant set ended_at = $2 where id = $1 and ended_at is null";
    END_AT = "update oidc_grant set ended_at = $3 where account = $1 and client = $2 and ended_at is null";

    CODE = "select grant_id, redirect_uri, challenge, nonce, dpop_key, expires_at, used_at from oidc_code where code_hash = $1";
    INSERT_CODE = "insert into oidc_code (code_hash, grant_id, redirect_uri, challenge, nonce, dpop_key, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
    USE_CODE = "update oidc_code set used_at = $2 where code_hash = $1 and used_at is null";

    TOKEN = "select grant_id, kind, dpop_key, issued_at, expires_at, used_at from oidc_token where token_hash = $1";
    INSERT_TOKEN = "insert into oidc_token (token_hash, grant_id, kind, dpop_key, issued_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    USE_TOKEN = "update oidc_token set used_at = $2 where token_hash = $1 and used_at is null";
    END_TOKENS = "update oidc_token set expires_at = $2 where kind = $1 and expires_at > $2";
    DELETE_TOKEN = "delete from oidc_token where token_hash = $1";

    FORGET_CODES = "delete from oidc_code where expires_at < $1";
    FORGET_TOKENS = "delete from oidc_token where expires_at < $1";
    FORGET_GRANTS = "delete from oidc_grant where granted_at < $1 and ended_at is not null
        and not exists (select 1 from oidc_code where grant_id = oidc_grant.id) and not exists (select 1 from oidc_token where grant_id = oidc_grant.id)
        and not exists (select 1 from oidc_device where grant_id = oidc_grant.id)";
    /// Sign-ins of which nothing is left that could be used. The last of a browser at a service stays for as long as the browser is signed in: when it signs
    /// out, the service is told.
    END_SPENT = "update oidc_grant set ended_at = $1 where ended_at is null
        and not exists (select 1 from oidc_code where grant_id = oidc_grant.id) and not exists (select 1 from oidc_token where grant_id = oidc_grant.id)
        and not exists (select 1 from oidc_device where grant_id = oidc_grant.id)
        and (granted_at < $2 or signed_out_at is not null
            or exists (select 1 from oidc_grant later where later.session = oidc_grant.session and later.client = oidc_grant.client and later.id > oidc_grant.id))";
}

impl FromRow for Grant {
    fn from_row(row: &Row) -> store::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            client: row.get(1)?,
            account: row.get(2)?,
            session: row.get(3)?,
            scopes: row.get(4)?,
            acr: row.get(5)?,
            auth_time: row.get(6)?,
            granted_at: row.get(7)?,
            told_on: row.get(8)?,
            ended_at: row.get(9)?,
        })
    }
}

/// A code as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) grant: GrantId,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) dpop_key: Option<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

store::from_row!(Code { grant, redirect_uri, challenge, nonce, dpop_key, expires_at, used_at });

/// A token as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) grant: GrantId,
    pub(crate) kind: TokenKind,
    pub(crate) dpop_key: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

store::from_row!(Token { grant, kind, dpop_key, issued_at, expires_at, used_at });

/// Ends every access token; gives how many.
pub(crate) async fn end_access_tokens(ctx: &mut Ctx) -> Result<u64> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END_TOKENS, params![TokenKind::Access, now]).await?)
}

pub(crate) async fn find(ctx: &mut Ctx, id: GrantId) -> Result<Option<Grant>> {
    Ok(ctx.tx().query_opt(GRANT, params![id]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId, since: Timestamp) -> Result<Vec<Grant>> {
    Ok(ctx.tx().query(GRANTS_OF, params![account, since]).await?)
}

pub(crate) async fn open_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Grant>> {
    Ok(ctx.tx().query(OPEN_OF, params![account]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, grant: &Grant) -> Result<()> {
    let (id, client, account, session) = (grant.id, grant.client, grant.account, grant.session);
    let values = params![id, client, account, session, &grant.scopes, grant.acr, grant.auth_time, grant.granted_at, grant.told_on];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

/// Notes that the service was told something today; true for the first time.
pub(crate) async fn told(ctx: &mut Ctx, id: GrantId) -> Result<bool> {
    let today = ctx.today();
    Ok(ctx.tx().execute(TOLD, params![id, today]).await? == 1)
}

/// Notes that the browser's session is over; true for the first time.
pub(crate) async fn signed_out(ctx: &mut Ctx, id: GrantId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(SIGNED_OUT, params![id, now]).await? == 1)
}

pub(crate) async fn end(ctx: &mut Ctx, id: GrantId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(END, params![id, now]).await?;
    Ok(())
}

/// Ends all of a person's sign-ins at a service.
pub(crate) async fn end_at(ctx: &mut Ctx, account: AccountId, client: ClientId) -> Result<u64> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END_AT, params![account, client, now]).await?)
}

pub(crate) async fn code(ctx: &mut Ctx, hash: [u8; 32]) -> Result<Option<Code>> {
    Ok(ctx.tx().query_opt(CODE, params![hash]).await?)
}

pub(crate) async fn insert_code(ctx: &mut Ctx, hash: [u8; 32], code: &Code) -> Result<()> {
    let (redirect, challenge) = (code.redirect_uri.as_str(), code.challenge.as_str());
    let values = params![hash, code.grant, redirect, challenge, code.nonce.clone(), code.dpop_key.clone(), code.expires_at];
    ctx.tx().execute(INSERT_CODE, values).await?;
    Ok(())
}

/// Marks a code as redeemed; true for the one who redeemed it.
pub(crate) async fn use_code(ctx: &mut Ctx, hash: [u8; 32]) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(USE_CODE, params![hash, now]).await? == 1)
}

pub(crate) async fn token(ctx: &mut Ctx, hash: [u8; 32]) -> Result<Option<Token>> {
    Ok(ctx.tx().query_opt(TOKEN, params![hash]).await?)
}

pub(crate) async fn insert_token(ctx: &mut Ctx, hash: [u8; 32], token: &Token) -> Result<()> {
    let values = params![hash, token.grant, token.kind, token.dpop_key.clone(), token.issued_at, token.expires_at];
    ctx.tx().execute(INSERT_TOKEN, values).await?;
    Ok(())
}

/// Marks a refresh token as used; true for the one who used it.
pub(crate) async fn use_token(ctx: &mut Ctx, hash: [u8; 32]) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(USE_TOKEN, params![hash, now]).await? == 1)
}

pub(crate) async fn delete_token(ctx: &mut Ctx, hash: [u8; 32]) -> Result<()> {
    ctx.tx().execute(DELETE_TOKEN, params![hash]).await?;
    Ok(())
}

/// Deletes what is over; sign-ins that ended are kept from `kept_since` on, those with nothing left to use are ended.
pub(crate) async fn forget(ctx: &mut Ctx, kept_since: Timestamp, spent_before: Timestamp) -> Result<u64> {
    let now = ctx.now();
    let mut forgotten = ctx.tx().execute(FORGET_CODES, params![now]).await?;
    forgotten += ctx.tx().execute(FORGET_TOKENS, params![now]).await?;
    ctx.tx().execute(END_SPENT, params![now, spent_before]).await?;
    forgotten += ctx.tx().execute(FORGET_GRANTS, params![kept_since]).await?;
    Ok(forgotten)
}
