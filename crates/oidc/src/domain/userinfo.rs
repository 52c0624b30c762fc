//! What a token opens: the claims a person agreed to, as they are now.

use civil::Timestamp;
use identity::secret;
use serde_json::{Map, Value, json};
use store::{Actor, Ctx};

use super::claims;
use crate::fault::Fault;
use crate::model::{Client, Grant, GrantId, Result, Scope, Scopes};
use crate::provider::Provider;
use crate::sealed::Access;
use crate::store::clients as client_rows;
use crate::store::grants::{self as rows, Refresh};

/// A token that counts: whose, and what it may still tell.
pub(crate) struct Standing {
    pub(crate) grant: Grant,
    pub(crate) scopes: Scopes,
    pub(crate) issued_at: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) dpop_key: Option<String>,
}

/// Looks an access token up. What the person has withdrawn since is gone from its scopes.
pub(crate) async fn access(ctx: &mut Ctx, provider: &Provider, token: &str) -> Result<Option<Standing>> {
    let now = ctx.now();
    let Some(token) = provider.open::<Access>(token).filter(|token| token.until > now) else { return Ok(None) };
    let Access { grant, dpop_key, issued_at, until } = token;
    let Some((grant, scopes)) = standing(ctx, grant).await? else { return Ok(None) };
    Ok((issued_at > grant.tokens_ended_at).then_some(Standing { grant, scopes, issued_at, until, dpop_key }))
}

/// As [`access`], for a refresh token.
async fn refresh(ctx: &mut Ctx, token: &str) -> Result<Option<Standing>> {
    let now = ctx.now();
    let kept = rows::refresh(ctx, secret::token_hash(token)).await?;
    let Some(kept) = kept.filter(|kept| kept.expires_at > now && kept.used_at.is_none()) else { return Ok(None) };
    let Refresh { grant, dpop_key, issued_at, expires_at: until, .. } = kept;
    let Some((grant, scopes)) = standing(ctx, grant).await? else { return Ok(None) };
    Ok(Some(Standing { grant, scopes, issued_at, until, dpop_key }))
}

/// A sign-in that goes on at a service that is trusted still, and what it may tell.
async fn standing(ctx: &mut Ctx, id: GrantId) -> Result<Option<(Grant, Scopes)>> {
    let Some(rows::Standing { grant, registered, consented }) = rows::standing(ctx, id).await? else { return Ok(None) };
    let scopes = agreed(ctx, &grant, &registered, &consented).await?;
    // Without even that, the person has left the service.
    Ok(scopes.has(&Scope::OpenId).then_some((grant, scopes)))
}

/// What a sign-in may still tell: what was agreed to then, is agreed to now, and the service may still ask; less what is told of nobody like this person.
pub(crate) async fn effective(ctx: &mut Ctx, client: &Client, grant: &Grant) -> Result<Scopes> {
    let consented = client_rows::consent(ctx, grant.account, grant.client).await?.map(|consent| consent.scopes).unwrap_or_default();
    agreed(ctx, grant, &client.scopes, &consented).await
}

/// As [`effective`], where it is known what is registered and agreed to now.
pub(crate) async fn agreed(ctx: &mut Ctx, grant: &Grant, registered: &Scopes, consented: &Scopes) -> Result<Scopes> {
    claims::tellable(ctx, grant.account, grant.scopes.both(consented).both(registered)).await
}

/// What an access token opens, and whether the person's trail does not say yet that the service was told something today.
pub(crate) struct Told {
    pub(crate) claims: Map<String, Value>,
    pub(crate) unnoted: Option<Grant>,
}

/// Gives what an access token opens. `key` is that of the proof that came with it.
///
/// # Errors
/// `invalid_token` when it counts for nothing, or is bound to another key.
pub(crate) async fn userinfo(ctx: &mut Ctx, provider: &Provider, token: &str, key: Option<&str>) -> Result<Told, Fault> {
    let standing = access(ctx, provider, token).await?.ok_or_else(Fault::invalid_token)?;
    if standing.dpop_key.as_deref() != key {
        return Err(Fault::invalid_token());
    }
    ctx.actor = Actor::Holder(standing.grant.account);
    let mut told = claims::told(ctx, standing.grant.account, &standing.scopes).await?;
    told.insert("sub".to_owned(), provider.subject(standing.grant.client, standing.grant.known_as).into());
    let today = ctx.today();
    Ok(Told { claims: told, unnoted: Some(standing.grant).filter(|grant| grant.told_on < today) })
}

/// Writes into the person's trail that a service was told something: once a day and sign-in, the sign-in itself being the first.
pub(crate) async fn note(ctx: &mut Ctx, grant: &Grant) -> Result<()> {
    if rows::told(ctx, grant.id).await? {
        ctx.audit("oidc.told", Some(grant.account.to_string()), &grant.client.to_string()).await?;
    }
    Ok(())
}

/// Tells a service about a token of its own (RFC 7662); anything else is not active.
pub(crate) async fn introspect(ctx: &mut Ctx, provider: &Provider, client: &Client, token: &str) -> Result<Value> {
    let mut found = access(ctx, provider, token).await?;
    if found.is_none() {
        found = refresh(ctx, token).await?;
    }
    let Some(found) = found.filter(|found| found.grant.client == client.id) else { return Ok(json!({ "active": false })) };
    let mut answer = json!({
        "active": true,
        "iss": provider.issuer(),
        "client_id": client.id,
        "sub": provider.subject(client.id, found.grant.known_as),
        "scope": found.scopes.to_string(),
        "acr": found.grant.acr,
        "auth_time": found.grant.auth_time.as_second(),
        "iat": found.issued_at.as_second(),
        "exp": found.until.as_second(),
        "token_type": if found.dpop_key.is_some() { "DPoP" } else { "Bearer" },
    });
    if let Some(key) = found.dpop_key {
        answer["cnf"] = json!({ "jkt": key });
    }
    Ok(answer)
}
