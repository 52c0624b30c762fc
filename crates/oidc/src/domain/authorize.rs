//! From a service's request to the code it redeems.

use identity::{SessionId, SignedIn, secret};
use store::{AccountId, Actor, Ctx, Permission};

use super::clients;
use crate::fault::Fault;
use crate::model::{Acr, AuthRequest, Client, ClientId, Error, Exception, Grant, GrantId, Profile, Result, Scopes};
use crate::rules::{self, CODE_LIFE, Next, PERSON_LIFE, PUSHED_LIFE, Parameters};
use crate::store::grants::Code;
use crate::store::{clients as client_rows, grants, requests};

/// What a pushed request is called (RFC 9126).
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Who asks, when it is a person with an account.
pub(crate) fn holder(ctx: &Ctx) -> Result<AccountId> {
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(store::Error::Forbidden(Permission::OwnAccount).into()),
    }
}

/// Keeps a request until a person has answered it; gives the handle to find it by.
async fn keep(ctx: &mut Ctx, client: &Client, request: &AuthRequest, life: jiff::SignedDuration) -> Result<String> {
    let handle = secret::token();
    let until = ctx.now() + life;
    requests::insert(ctx, secret::token_hash(&handle), client.id, request, until).await?;
    Ok(handle)
}

/// Keeps a request that a service pushed; gives its `request_uri`.
pub(crate) async fn push(ctx: &mut Ctx, client: &Client, request: &AuthRequest) -> Result<String> {
    Ok(format!("{URN}{}", keep(ctx, client, request, PUSHED_LIFE).await?))
}

/// How long a pushed request may wait, in seconds.
pub(crate) fn pushed_life_s() -> i64 {
    PUSHED_LIFE.as_secs()
}

/// A request the browser brought, and where it is kept, if it is already.
pub(crate) struct Brought {
    pub(crate) client: Client,
    pub(crate) request: AuthRequest,
    pub(crate) handle: Option<String>,
}

/// Why what the browser brought leads nowhere, or where the refusal goes.
pub(crate) enum Wrong {
    /// There is no registered address to send it to: the person is told.
    Here(Option<Client>, Fault),
    /// The service is told.
    Back { client: Client, redirect_uri: String, state: Option<String>, fault: Fault },
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Here(None, error.into())
    }
}

/// Reads what the browser brought: the `request_uri` of a pushed request, or the request itself from a service that is excused from pushing.
pub(crate) async fn brought(ctx: &mut Ctx, pairs: Vec<(String, String)>) -> Result<Brought, Wrong> {
    let asked = Parameters::new(pairs).map_err(|fault| Wrong::Here(None, fault))?;
    let unknown = || Wrong::Here(None, Fault::invalid_request("client_id", "client_id names no service of this town."));
    let id = asked.get("client_id").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let client = match clients::standing(ctx, id).await {
        Ok(client) => client,
        Err(Error::NoSuchClient) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    if let Some(handle) = asked.get("request_uri").and_then(|uri| uri.strip_prefix(URN)) {
        let over = Fault::invalid_request("request_uri", "request_uri is unknown, over, or another service's.");
        let found = requests::find(ctx, secret::token_hash(handle)).await?;
        let found = found.filter(|(of, request)| *of == client.id && stands(&client, request));
        return match found {
            Some((_, request)) => Ok(Brought { client, request, handle: Some(handle.to_owned()) }),
            None => Err(Wrong::Here(Some(client), over)),
        };
    }
    let redirect_uri = match rules::redirect_uri(&client, &asked) {
        Ok(uri) => uri.to_owned(),
        Err(fault) => return Err(Wrong::Here(Some(client), fault)),
    };
    let must_push = !client.may(Exception::PlainRequest) || client.profile == Profile::Fapi2;
    let read = if must_push {
        Err(Fault::invalid_request("not_pushed", "This service has to push its requests (PAR, RFC 9126)."))
    } else {
        rules::auth_request(&client, &asked, ctx.now())
    };
    match read {
        Ok(request) => Ok(Brought { client, request, handle: None }),
        Err(fault) => Err(Wrong::Back { client, redirect_uri, state: asked.get("state").map(str::to_owned), fault }),
    }
}

/// Finds a request that waits for its person.
pub(crate) async fn waiting(ctx: &mut Ctx, handle: &str) -> Result<Brought> {
    let (client, request) = requests::find(ctx, secret::token_hash(handle)).await?.ok_or(Error::RequestOver)?;
    let client = clients::standing(ctx, client).await?;
    if stands(&client, &request) { Ok(Brought { client, request, handle: Some(handle.to_owned()) }) } else { Err(Error::RequestOver) }
}

/// Whether a request that was kept is one the service may still make: its registration may have changed since.
fn stands(client: &Client, request: &AuthRequest) -> bool {
    client.redirect_uris.contains(&request.redirect_uri) && client.scopes.covers(&request.scopes)
}

/// Has a request wait for its person; gives its handle.
pub(crate) async fn wait(ctx: &mut Ctx, brought: &Brought) -> Result<String> {
    match &brought.handle {
        Some(handle) => {
            let until = ctx.now() + PERSON_LIFE;
            requests::extend(ctx, secret::token_hash(handle), until).await?;
            Ok(handle.clone())
        }
        None => keep(ctx, &brought.client, &brought.request, PERSON_LIFE).await,
    }
}

/// Decides what comes next for the person in front of the browser.
pub(crate) async fn next(ctx: &mut Ctx, brought: &Brought, session: Option<SessionId>) -> Result<(Next, Option<SignedIn>)> {
    let person = match session {
        Some(session) => identity::signed_in(ctx, session).await?,
        None => None,
    };
    let consented = match person {
        Some(person) => client_rows::consent(ctx, person.account, brought.client.id).await?.map(|consent| consent.scopes),
        None => None,
    };
    let next = rules::next(&brought.request, person.as_ref(), &consented.unwrap_or_default(), ctx.now());
    Ok((next, person))
}

/// Notes that a person lets a service know these things, besides what they let it know before.
pub(crate) async fn agree(ctx: &mut Ctx, client: &Client, scopes: &Scopes) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    let mut all = client_rows::consent(ctx, account, client.id).await?.map(|consent| consent.scopes).unwrap_or_default();
    all.0.extend(scopes.0.iter().cloned());
    client_rows::save_consent(ctx, account, client.id, &all).await?;
    ctx.audit("oidc.consented", Some(account.to_string()), &client.id.to_string()).await?;
    ctx.record("oidc.consented", &serde_json::json!({ "account": account, "client": client.id, "scopes": scopes })).await?;
    Ok(())
}

/// Notes that the person who asks lets a service know all it may ever ask, as if they had agreed to it on the page: where nobody sits before a browser.
///
/// # Errors
/// [`Error::NoSuchClient`]; the store's `Forbidden` for anyone but a person with an account.
pub async fn agree_to_all(ctx: &mut Ctx, client: ClientId) -> Result<()> {
    let client = clients::standing(ctx, client).await?;
    agree(ctx, &client, &client.scopes).await
}

/// Lets a person in at a service: the sign-in is noted and shown to them.
///
/// # Errors
/// [`Error::NotProven`] for an account of which nobody knows whose it is: a service would take its label for a name.
pub(crate) async fn grant(ctx: &mut Ctx, client: &Client, scopes: Scopes, person: &SignedIn, acr: Acr) -> Result<Grant> {
    if !person.proven {
        return Err(Error::NotProven);
    }
    let now = ctx.now();
    let grant = Grant {
        id: GrantId::new(now),
        client: client.id,
        account: person.account,
        session: person.session,
        scopes,
        acr,
        auth_time: person.at,
        granted_at: now,
        told_on: ctx.today(),
        ended_at: None,
    };
    grants::insert(ctx, &grant).await?;
    ctx.audit("oidc.signed_in", Some(person.account.to_string()), &client.id.to_string()).await?;
    ctx.record("oidc.signed_in", &serde_json::json!({ "grant": grant.id, "client": client.id, "account": person.account })).await?;
    Ok(grant)
}

/// Answers a request: gives the code the service redeems. A request that was kept is answered once.
///
/// # Errors
/// [`Error::RequestOver`] when it was answered before.
pub(crate) async fn answer(ctx: &mut Ctx, brought: &Brought, person: &SignedIn, acr: Acr) -> Result<String> {
    if let Some(handle) = &brought.handle
        && !requests::take(ctx, secret::token_hash(handle)).await?
    {
        return Err(Error::RequestOver);
    }
    let request = &brought.request;
    let grant = grant(ctx, &brought.client, request.scopes.clone(), person, acr).await?;
    let code = secret::token();
    let kept = Code {
        grant: grant.id,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        dpop_key: request.dpop_key.clone(),
        expires_at: ctx.now() + CODE_LIFE,
        used_at: None,
    };
    grants::insert_code(ctx, secret::token_hash(&code), &kept).await?;
    Ok(code)
}

/// Takes a request away that the person said no to.
pub(crate) async fn refuse(ctx: &mut Ctx, handle: &str) -> Result<()> {
    if requests::take(ctx, secret::token_hash(handle)).await? { Ok(()) } else { Err(Error::RequestOver) }
}
