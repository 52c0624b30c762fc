//! Tokens: a code redeemed, a refresh token turned in, a device that was let in.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use identity::jose::Algorithm;
use identity::secret;
use serde::Serialize;
use serde_json::json;
use store::{Actor, Ctx, Permission};

use super::{Once, authorize, client_auth, dpop, userinfo};
use crate::fault::Fault;
use crate::model::{Client, Grant, GrantId, Profile, Result, Scope, Scopes};
use crate::provider::Provider;
use crate::rules::{self, ACCESS_LIFE, GRANT_LIFE, REFRESH_LIFE};
use crate::sealed::{Access, Code};
use crate::store::clients as client_rows;
use crate::store::devices;
use crate::store::grants::{self as rows, Refresh};

/// What a service hands in for tokens.
#[derive(Debug, Clone)]
pub(crate) enum Handed {
    /// The code of an answered request, with the secret its challenge was made of.
    Code { code: String, verifier: String, redirect_uri: String },
    /// A refresh token.
    Refresh { token: String },
    /// The code of a device.
    Device { code: String },
}

/// What is needed to answer, besides what is handed in.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) client: Client,
    pub(crate) assertion: Option<Once>,
    pub(crate) proof: Option<dpop::Proven>,
}

/// Tokens just made: the only moment they are known.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) grant: Grant,
    /// What the access token opens now.
    pub(crate) scopes: Scopes,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) bound: bool,
    pub(crate) at: Timestamp,
}

/// Answered or refused; either way the change stands: a code that comes twice ends what came of it.
pub(crate) type Answer = Result<Made, Fault>;

/// Answers what was handed in, once.
pub(crate) async fn answer(ctx: &mut Ctx, provider: &Provider, asking: &Asking, handed: &Handed) -> Result<Answer> {
    if let Some(assertion) = asking.assertion
        && !assertion.see(ctx).await?
    {
        return Ok(Err(client_auth::REPLAYED));
    }
    if let Some(proof) = &asking.proof
        && !proof.once.see(ctx).await?
    {
        return Ok(Err(dpop::REPLAYED));
    }
    if asking.client.profile == Profile::Fapi2 && asking.proof.is_none() {
        return Ok(Err(Fault::invalid_dpop("This service's tokens are bound to its key: a DPoP proof is missing.")));
    }
    match handed {
        Handed::Code { code, verifier, redirect_uri } => redeem(ctx, provider, asking, code, verifier, redirect_uri).await,
        Handed::Refresh { token } => refresh(ctx, provider, asking, token).await,
        Handed::Device { code } => device(ctx, provider, asking, code).await,
    }
}

async fn redeem(ctx: &mut Ctx, provider: &Provider, asking: &Asking, code: &str, verifier: &str, redirect_uri: &str) -> Result<Answer> {
    let Some(code) = provider.open::<Code>(code).filter(|code| code.answered.client == asking.client.id) else {
        return Ok(Err(UNKNOWN_CODE));
    };
    let (now, session, account) = (ctx.now(), code.answered.session, code.answered.account);
    let consent = client_rows::consent(ctx, account, asking.client.id).await?;
    let Some(consent) = consent.filter(|consent| consent.scopes.has(&Scope::OpenId)) else { return over(ctx, code.answered.id).await };
    if code.until <= now || !identity::session_stands(ctx, session).await? {
        return over(ctx, code.answered.id).await;
    }
    let fault = not_its_own(&code, asking, verifier, redirect_uri);
    let grant = code.answered.at(now, ctx.today(), consent.known_as);
    if !rows::insert(ctx, &grant, now + ACCESS_LIFE).await? {
        return over(ctx, grant.id).await;
    }
    if let Some(fault) = fault {
        // Whoever holds the code without what belongs to it has it from somewhere else: it stays spent.
        rows::end(ctx, grant.id).await?;
        return Ok(Err(fault));
    }
    ctx.actor = Actor::Holder(account);
    authorize::note(ctx, &grant).await?;
    let scopes = userinfo::agreed(ctx, &grant, &asking.client.scopes, &consent.scopes).await?;
    Ok(Ok(make(ctx, provider, asking, grant, scopes, code.nonce, true).await?))
}

const UNKNOWN_CODE: Fault = Fault::invalid_grant("code", "The code is unknown, over, or another service's.");

/// What is wrong with what came with a code, which only the service it was made for can bring.
fn not_its_own(code: &Code, asking: &Asking, verifier: &str, redirect_uri: &str) -> Option<Fault> {
    let key = asking.proof.as_ref().map(|proof| &proof.key);
    if code.redirect_uri != redirect_uri {
        Some(Fault::invalid_grant("code_redirect_uri", "redirect_uri is not that of the request."))
    } else if !rules::redeems(verifier, &code.challenge) {
        Some(Fault::invalid_grant("code_verifier", "code_verifier does not fit the request's code_challenge."))
    } else if code.dpop_key.is_some() && code.dpop_key.as_ref() != key {
        Some(Fault::invalid_dpop("The DPoP proof is not by the key the request named."))
    } else {
        None
    }
}

/// Answers a code that leads to no sign-in any more: it is over, or it comes twice.
async fn over(ctx: &mut Ctx, id: GrantId) -> Result<Answer> {
    let Some(grant) = rows::find(ctx, id).await? else { return Ok(Err(UNKNOWN_CODE)) };
    stolen(ctx, &grant, Fault::invalid_grant("code_replayed", "The code was redeemed before: what came of it is over.")).await
}

async fn refresh(ctx: &mut Ctx, provider: &Provider, asking: &Asking, token: &str) -> Result<Answer> {
    const UNKNOWN: Fault = Fault::invalid_grant("refresh_token", "The refresh token is unknown, over, or another service's.");
    let hash = secret::token_hash(token);
    let Some(kept) = rows::refresh(ctx, hash).await? else { return Ok(Err(UNKNOWN)) };
    let Some(grant) = rows::find(ctx, kept.grant).await?.filter(|grant| grant.client == asking.client.id) else { return Ok(Err(UNKNOWN)) };
    // The service authenticates, so the refresh token is its own whatever key it proves; a new access token is bound to that key (RFC 9449 section 5).
    if kept.dpop_key.is_some() && asking.proof.is_none() {
        return Ok(Err(Fault::invalid_dpop("The sign-in's tokens are bound to a key: a DPoP proof is missing.")));
    }
    // FAPI 2.0 section 5.3.2.1: no rotation. The token is the same for as long as the sign-in goes on.
    let rotates = asking.client.profile != Profile::Fapi2;
    if rotates && (kept.used_at.is_some() || !rows::use_refresh(ctx, hash).await?) {
        let fault = Fault::invalid_grant("refresh_token_replayed", "The refresh token was used before: what came of it is over.");
        return stolen(ctx, &grant, fault).await;
    }
    let scopes = userinfo::effective(ctx, &asking.client, &grant).await?;
    if kept.expires_at <= ctx.now() || grant.ended_at.is_some() || !scopes.has(&Scope::OfflineAccess) {
        return Ok(Err(UNKNOWN));
    }
    rows::keep_open(ctx, grant.id, ctx.now() + ACCESS_LIFE).await?;
    let mut made = make(ctx, provider, asking, grant, scopes, None, rotates).await?;
    if !rotates {
        made.refresh = Some(token.to_owned());
    }
    Ok(Ok(made))
}

async fn device(ctx: &mut Ctx, provider: &Provider, asking: &Asking, code: &str) -> Result<Answer> {
    let hash = secret::token_hash(code);
    let kept = devices::by_device(ctx, hash).await?.filter(|kept| kept.client == asking.client.id);
    let Some(kept) = kept else { return Ok(Err(Fault::invalid_grant("device_code", "The device code is unknown, or was used before."))) };
    let Some(kept) = Some(kept).filter(|kept| kept.expires_at > ctx.now()) else {
        return Ok(Err(Fault::new("expired_token", "device_code", "The device code is over.")));
    };
    if kept.denied {
        return Ok(Err(Fault::new("access_denied", "device_denied", "The person said no.")));
    }
    let Some(grant) = kept.grant else {
        let early = kept.polled_at.is_some_and(|before| ctx.now() < before + jiff::SignedDuration::from_secs(kept.wait_s.into()));
        let wait_s = if early { kept.wait_s + rules::DEVICE_WAIT_S } else { kept.wait_s };
        devices::polled(ctx, hash, wait_s).await?;
        return Ok(Err(if early {
            Fault::new("slow_down", "slow_down", "The device asks too often.")
        } else {
            Fault::new("authorization_pending", "authorization_pending", "The person has not answered yet.")
        }));
    };
    devices::take(ctx, hash).await?;
    let grant = rows::find(ctx, grant).await?.filter(|grant| grant.ended_at.is_none());
    let Some(grant) = grant else { return Ok(Err(Fault::new("expired_token", "device_code", "The sign-in is over."))) };
    rows::keep_open(ctx, grant.id, ctx.now() + ACCESS_LIFE).await?;
    let scopes = userinfo::effective(ctx, &asking.client, &grant).await?;
    Ok(Ok(make(ctx, provider, asking, grant, scopes, None, true).await?))
}

/// Ends what came of a sign-in whose code or refresh token came twice: one of the two who sent it is a thief, and nobody knows which.
async fn stolen(ctx: &mut Ctx, grant: &Grant, fault: Fault) -> Result<Answer> {
    rows::end(ctx, grant.id).await?;
    ctx.audit("oidc.replayed", Some(grant.account.to_string()), &format!("{} {}", grant.client, fault.reason)).await?;
    ctx.record("oidc.replayed", &json!({ "grant": grant.id, "client": grant.client, "reason": fault.reason })).await?;
    Ok(Err(fault))
}

async fn make(
    ctx: &mut Ctx,
    provider: &Provider,
    asking: &Asking,
    grant: Grant,
    scopes: Scopes,
    nonce: Option<String>,
    with_refresh: bool,
) -> Result<Made> {
    let dpop_key = asking.proof.as_ref().map(|proof| proof.key.clone());
    let (now, bound) = (ctx.now(), dpop_key.is_some());
    let access = Access { grant: grant.id, dpop_key: dpop_key.clone(), issued_at: now, until: now + ACCESS_LIFE };
    let ends_at = (grant.granted_at + GRANT_LIFE).min(now + REFRESH_LIFE);
    let refresh = match with_refresh && scopes.has(&Scope::OfflineAccess) && ends_at > now {
        true => {
            let made = secret::token();
            let kept = Refresh { grant: grant.id, dpop_key, issued_at: now, expires_at: ends_at, used_at: None };
            rows::insert_refresh(ctx, secret::token_hash(&made), &kept).await?;
            Some(made)
        }
        false => None,
    };
    Ok(Made { grant, scopes, access: provider.seal(&access), refresh, nonce, bound, at: now })
}

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    amr: &'a [&'a str],
    sid: String,
    at_hash: String,
}

/// Signs the ID token that goes with tokens just made.
///
/// # Errors
/// [`Fault`] when no key fits the service.
pub(crate) fn id_token(provider: &Provider, client: &Client, made: &Made) -> Result<String, Fault> {
    let keys = provider.keys();
    let key = keys.for_client(client).ok_or_else(|| Fault::server(&identity::jose::JoseError::Key))?;
    let claims = IdToken {
        iss: provider.issuer(),
        sub: provider.subject(client.id, made.grant.known_as),
        aud: client.id.to_string(),
        iat: made.at.as_second(),
        exp: (made.at + ACCESS_LIFE).as_second(),
        auth_time: made.grant.auth_time.as_second(),
        nonce: made.nonce.as_deref(),
        acr: made.grant.acr.as_str(),
        amr: made.grant.acr.methods(),
        sid: provider.session_name(client.id, made.grant.session),
        at_hash: half_hash(&made.access),
    };
    debug_assert!(matches!(key.algorithm(), Algorithm::ES256 | Algorithm::RS256), "half_hash is of SHA-256");
    key.sign("JWT", &claims).map_err(|error| Fault::server(&error))
}

/// The left half of a token's hash (OpenID Connect Core section 3.1.3.6).
fn half_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, token.as_bytes()).as_ref()[..16])
}

/// Ends every access token there is; what was agreed to and refresh tokens stay. Services ask for new ones as if the ten minutes were over. Gives of how
/// many sign-ins.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn end_access_tokens(ctx: &mut Ctx) -> Result<u64> {
    ctx.allow(Permission::RunHouse)?;
    rows::end_access_tokens(ctx).await
}

/// Ends a token at its service's wish (RFC 7009): an access token ends those its sign-in had so far, a refresh token all that came of the sign-in.
pub(crate) async fn revoke(ctx: &mut Ctx, provider: &Provider, client: &Client, token: &str) -> Result<()> {
    let access = provider.open::<Access>(token);
    let id = match &access {
        Some(access) => Some(access.grant),
        None => rows::refresh(ctx, secret::token_hash(token)).await?.map(|kept| kept.grant),
    };
    let Some(id) = id else { return Ok(()) };
    let Some(grant) = rows::find(ctx, id).await?.filter(|grant| grant.client == client.id) else { return Ok(()) };
    match access {
        Some(_) => rows::end_access_tokens_of(ctx, grant.id).await,
        None => rows::end(ctx, grant.id).await,
    }
}
