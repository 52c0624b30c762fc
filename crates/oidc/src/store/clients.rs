use std::collections::BTreeSet;

use civil::Date;
use identity::jose::JwkSet;
use store::{AccountId, Ctx, FromRow, Row, Value, params};

use crate::model::{Client, ClientId, ClientKeys, Consent, Exception, Refused, Result, Scopes};

macro_rules! client {
    ($rest:literal) => {
        concat!(
            "select id, name, purpose, redirect_uris, logout_uris, backchannel_uri, scopes, profile, exceptions, secret_hash, keys, registered_at, ended_at
            from oidc_client ",
            $rest
        )
    };
}

store::queries! {
    CLIENT = client!("where id = $1");
    CLIENTS = client!("order by registered_at, id");
    INSERT = "insert into oidc_client (id, name, purpose, redirect_uris, logout_uris, backchannel_uri, scopes, profile, exceptions, secret_hash, keys, registered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    CHANGE = "update oidc_client set name = $2, purpose = $3, redirect_uris = $4, logout_uris = $5, backchannel_uri = $6, scopes = $7, profile = $8,
        exceptions = $9, secret_hash = $10, keys = $11 where id = $1";
    END = "update oidc_client set ended_at = $2 where id = $1 and ended_at is null";
    END_GRANTS = "update oidc_grant set ended_at = $2 where client = $1 and ended_at is null";

    CONSENT = "select client, scopes, given_at, coalesce(known_as, account) from oidc_consent where account = $1 and client = $2";
    CONSENTS = "select client, scopes, given_at, coalesce(known_as, account) from oidc_consent where account = $1 order by given_at desc";
    SAVE_CONSENT = "insert into oidc_consent (account, client, scopes, given_at) values ($1, $2, $3, $4)
        on conflict (account, client) do update set scopes = excluded.scopes, given_at = excluded.given_at";
    KEEP_CONSENT = "update oidc_consent set scopes = $3 where account = $1 and client = $2";
    /// What the other account agreed to already, stands.
    GIVE_OVER_CONSENTS = "insert into oidc_consent (account, client, scopes, given_at, known_as)
        select $2, client, scopes, given_at, coalesce(known_as, account) from oidc_consent where account = $1 on conflict (account, client) do nothing";
    DELETE_CONSENT = "delete from oidc_consent where account = $1 and client = $2";
    COUNT_CONSENTS = "select count(*) from oidc_consent where client = $1";

    COUNT_REFUSAL = "insert into oidc_refusal (client, reason, day, times, last_at) values ($1, $2, $3, 1, $4)
        on conflict (client, reason, day) do update set times = oidc_refusal.times + 1, last_at = excluded.last_at";
    REFUSALS = "select reason, times, last_at from oidc_refusal where client = $1 and day >= $2 order by last_at desc limit 100";
    FORGET_REFUSALS = "delete from oidc_refusal where day < $1";
}

fn list<T: serde::de::DeserializeOwned>(row: &Row, column: usize) -> store::Result<T> {
    Ok(serde_json::from_str(row.text(column)?)?)
}

impl FromRow for Client {
    fn from_row(row: &Row) -> store::Result<Self> {
        let exceptions: BTreeSet<Exception> = list(row, 8)?;
        let keys = match (row.get::<Option<Vec<u8>>>(9)?, row.get::<Option<String>>(10)?) {
            (Some(hash), _) => ClientKeys::Secret(hash),
            (None, Some(keys)) => ClientKeys::Public(serde_json::from_str(&keys)?),
            (None, None) => ClientKeys::Public(JwkSet::default()),
        };
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            purpose: row.get(2)?,
            redirect_uris: list(row, 3)?,
            logout_uris: list(row, 4)?,
            backchannel_uri: row.get(5)?,
            scopes: row.get(6)?,
            profile: row.get(7)?,
            exceptions,
            keys,
            registered_at: row.get(11)?,
            ended_at: row.get(12)?,
        })
    }
}

store::from_row!(Consent { client, scopes, given_at, known_as });
store::from_row!(Refused { reason, times, last_at });

/// What is written of a client, in the order of `INSERT` and `CHANGE`.
fn values(client: &Client) -> store::Result<Vec<Value>> {
    let (secret, keys) = match &client.keys {
        ClientKeys::Secret(hash) => (Some(hash.clone()), None),
        ClientKeys::Public(keys) => (None, Some(serde_json::to_string(keys)?)),
    };
    Ok(vec![
        client.id.into(),
        client.name.as_str().into(),
        client.purpose.as_str().into(),
        serde_json::to_string(&client.redirect_uris)?.into(),
        serde_json::to_string(&client.logout_uris)?.into(),
        client.backchannel_uri.clone().into(),
        (&client.scopes).into(),
        client.profile.into(),
        serde_json::to_string(&client.exceptions)?.into(),
        secret.into(),
        keys.into(),
    ])
}

pub(crate) async fn find(ctx: &mut Ctx, id: ClientId) -> Result<Option<Client>> {
    Ok(ctx.tx().query_opt(CLIENT, params![id]).await?)
}

pub(crate) async fn all(ctx: &mut Ctx) -> Result<Vec<Client>> {
    Ok(ctx.tx().query(CLIENTS, &[]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, client: &Client) -> Result<()> {
    let mut values = values(client)?;
    values.push(client.registered_at.into());
    ctx.tx().execute(INSERT, &values).await?;
    Ok(())
}

pub(crate) async fn change(ctx: &mut Ctx, client: &Client) -> Result<()> {
    ctx.tx().execute(CHANGE, &values(client)?).await?;
    Ok(())
}

/// Ends a client and all it was given; false when it was ended before.
pub(crate) async fn end(ctx: &mut Ctx, id: ClientId) -> Result<bool> {
    let now = ctx.now();
    let ended = ctx.tx().execute(END, params![id, now]).await? == 1;
    ctx.tx().execute(END_GRANTS, params![id, now]).await?;
    Ok(ended)
}

pub(crate) async fn consent(ctx: &mut Ctx, account: AccountId, client: ClientId) -> Result<Option<Consent>> {
    Ok(ctx.tx().query_opt(CONSENT, params![account, client]).await?)
}

pub(crate) async fn consents(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Consent>> {
    Ok(ctx.tx().query(CONSENTS, params![account]).await?)
}

pub(crate) async fn save_consent(ctx: &mut Ctx, account: AccountId, client: ClientId, scopes: &Scopes) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(SAVE_CONSENT, params![account, client, scopes, now]).await?;
    Ok(())
}

/// Leaves of a consent what is left, since when it was given.
pub(crate) async fn keep_consent(ctx: &mut Ctx, account: AccountId, client: ClientId, scopes: &Scopes) -> Result<()> {
    ctx.tx().execute(KEEP_CONSENT, params![account, client, scopes]).await?;
    Ok(())
}

/// Lets what an account agreed to stand for another, at services that do not know the other.
pub(crate) async fn give_over_consents(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER_CONSENTS, params![from, to]).await?;
    Ok(())
}

pub(crate) async fn delete_consent(ctx: &mut Ctx, account: AccountId, client: ClientId) -> Result<bool> {
    Ok(ctx.tx().execute(DELETE_CONSENT, params![account, client]).await? == 1)
}

pub(crate) async fn count_consents(ctx: &mut Ctx, client: ClientId) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(COUNT_CONSENTS, params![client]).await?.0)
}

pub(crate) async fn count_refusal(ctx: &mut Ctx, client: ClientId, reason: &str) -> Result<()> {
    let (now, today) = (ctx.now(), ctx.today());
    ctx.tx().execute(COUNT_REFUSAL, params![client, reason, today, now]).await?;
    Ok(())
}

pub(crate) async fn refusals(ctx: &mut Ctx, client: ClientId, since: Date) -> Result<Vec<Refused>> {
    Ok(ctx.tx().query(REFUSALS, params![client, since]).await?)
}

pub(crate) async fn forget_refusals(ctx: &mut Ctx, before: Date) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET_REFUSALS, params![before]).await?)
}
