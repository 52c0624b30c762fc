use civil::Timestamp;
use store::{AccountId, Ctx, FromRow, Row, params};

use crate::model::{ClientId, Grant, GrantId, Result, Scopes};

macro_rules! grant {
    ($rest:literal) => {
        grant!(and "", $rest)
    };
    (and $more:literal, $rest:literal) => {
        concat!(
            "select oidc_grant.id, oidc_grant.client, oidc_grant.account, session, oidc_grant.scopes, acr, auth_time, granted_at, told_on,
            tokens_ended_at, oidc_grant.ended_at, coalesce(oidc_grant.known_as, oidc_grant.account)",
            $more,
            " from oidc_grant ",
            $rest
        )
    };
}

store::queries! {
    GRANT = grant!("where id = $1");
    /// With what its service may ask, and what the person lets that know now.
    STANDING = grant!(and ", c.scopes, o.scopes",
        "join oidc_client c on c.id = oidc_grant.client
        left join oidc_consent o on o.account = oidc_grant.account and o.client = oidc_grant.client
        where oidc_grant.id = $1 and oidc_grant.ended_at is null and c.ended_at is null");
    GRANTS_OF = grant!("where account = $1 and granted_at > $2 order by granted_at desc, id desc limit 200");
    OPEN_OF = grant!("where account = $1 and ended_at is null order by granted_at");
    /// A number that was given is not given again.
    INSERT = "insert into oidc_grant (id, client, account, session, scopes, acr, auth_time, granted_at, told_on, open_until, known_as)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing";
    TOLD = "update oidc_grant set told_on = $2 where id = $1 and told_on < $2";
    SIGNED_OUT = "update oidc_grant set signed_out_at = $2 where id = $1 and signed_out_at is null";
    END = "update oidc_grant set ended_at = $2 where id = $1 and ended_at is null";
    END_AT = "update oidc_grant set ended_at = $3 where account = $1 and client = $2 and ended_at is null";

    KEEP_OPEN = "update oidc_grant set open_until = $2 where id = $1 and open_until < $2";
    END_TOKENS_OF = "update oidc_grant set tokens_ended_at = $2 where id = $1";
    END_TOKENS = "update oidc_grant set tokens_ended_at = $1 where ended_at is null";

    REFRESH = "select grant_id, dpop_key, issued_at, expires_at, used_at from oidc_token where token_hash = $1";
    INSERT_REFRESH = "insert into oidc_token (token_hash, grant_id, dpop_key, issued_at, expires_at) values ($1, $2, $3, $4, $5)";
    USE_REFRESH = "update oidc_token set used_at = $2 where token_hash = $1 and used_at is null";

    FORGET_REFRESH = "delete from oidc_token where expires_at < $1";
    FORGET_GRANTS = "delete from oidc_grant where granted_at < $1 and ended_at is not null
        and not exists (select 1 from oidc_token where grant_id = oidc_grant.id)
        and not exists (select 1 from oidc_device where grant_id = oidc_grant.id)";
    /// Sign-ins of which nothing is left that could be used. The last of a browser at a service stays for as long as the browser is signed in: when it signs
    /// out, the service is told.
    END_SPENT = "update oidc_grant set ended_at = $1 where ended_at is null and open_until < $1
        and not exists (select 1 from oidc_token where grant_id = oidc_grant.id)
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
            tokens_ended_at: row.get(9)?,
            ended_at: row.get(10)?,
            known_as: row.get(11)?,
        })
    }
}

/// A refresh token as it is kept: under its hash.
#[derive(Debug, Clone)]
pub(crate) struct Refresh {
    pub(crate) grant: GrantId,
    pub(crate) dpop_key: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

store::from_row!(Refresh { grant, dpop_key, issued_at, expires_at, used_at });

/// Ends every access token; gives of how many sign-ins.
pub(crate) async fn end_access_tokens(ctx: &mut Ctx) -> Result<u64> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END_TOKENS, params![now]).await?)
}

/// Ends the access tokens a sign-in has had so far.
pub(crate) async fn end_access_tokens_of(ctx: &mut Ctx, id: GrantId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(END_TOKENS_OF, params![id, now]).await?;
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, id: GrantId) -> Result<Option<Grant>> {
    Ok(ctx.tx().query_opt(GRANT, params![id]).await?)
}

/// A sign-in that goes on at a service that is trusted still.
pub(crate) struct Standing {
    pub(crate) grant: Grant,
    /// What the service may ask now.
    pub(crate) registered: Scopes,
    /// What the person lets it know now.
    pub(crate) consented: Scopes,
}

impl FromRow for Standing {
    fn from_row(row: &Row) -> store::Result<Self> {
        let consented = row.get::<Option<Scopes>>(13)?.unwrap_or_default();
        Ok(Self { grant: Grant::from_row(row)?, registered: row.get(12)?, consented })
    }
}

pub(crate) async fn standing(ctx: &mut Ctx, id: GrantId) -> Result<Option<Standing>> {
    Ok(ctx.tx().query_opt(STANDING, params![id]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId, since: Timestamp) -> Result<Vec<Grant>> {
    Ok(ctx.tx().query(GRANTS_OF, params![account, since]).await?)
}

pub(crate) async fn open_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Grant>> {
    Ok(ctx.tx().query(OPEN_OF, params![account]).await?)
}

/// Keeps a sign-in, of which tokens may count until `open_until`; false when its number was given before.
pub(crate) async fn insert(ctx: &mut Ctx, new: &Grant, open_until: Timestamp) -> Result<bool> {
    let values = params![
        new.id,
        new.client,
        new.account,
        new.session,
        &new.scopes,
        new.acr,
        new.auth_time,
        new.granted_at,
        new.told_on,
        open_until,
        Some(new.known_as).filter(|known_as| *known_as != new.account)
    ];
    Ok(ctx.tx().execute(INSERT, values).await? == 1)
}

/// Notes that an access token of a sign-in counts until then.
pub(crate) async fn keep_open(ctx: &mut Ctx, id: GrantId, until: Timestamp) -> Result<()> {
    ctx.tx().execute(KEEP_OPEN, params![id, until]).await?;
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

pub(crate) async fn refresh(ctx: &mut Ctx, hash: [u8; 32]) -> Result<Option<Refresh>> {
    Ok(ctx.tx().query_opt(REFRESH, params![hash]).await?)
}

pub(crate) async fn insert_refresh(ctx: &mut Ctx, hash: [u8; 32], token: &Refresh) -> Result<()> {
    let values = params![hash, token.grant, token.dpop_key.clone(), token.issued_at, token.expires_at];
    ctx.tx().execute(INSERT_REFRESH, values).await?;
    Ok(())
}

/// Marks a refresh token as used; true for the one who used it.
pub(crate) async fn use_refresh(ctx: &mut Ctx, hash: [u8; 32]) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(USE_REFRESH, params![hash, now]).await? == 1)
}

/// Deletes what is over; sign-ins that ended are kept from `kept_since` on, those with nothing left to use are ended.
pub(crate) async fn forget(ctx: &mut Ctx, kept_since: Timestamp, spent_before: Timestamp) -> Result<u64> {
    let now = ctx.now();
    let mut forgotten = ctx.tx().execute(FORGET_REFRESH, params![now]).await?;
    ctx.tx().execute(END_SPENT, params![now, spent_before]).await?;
    forgotten += ctx.tx().execute(FORGET_GRANTS, params![kept_since]).await?;
    Ok(forgotten)
}
