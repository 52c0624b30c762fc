//! From a service's request to the code it redeems.

use civil::Timestamp;
use identity::{SessionId, SignedIn};
use store::{AccountId, Actor, Ctx, Permission};

use super::clients;
use crate::fault::Fault;
use crate::model::{Acr, Answered, AuthRequest, Client, ClientId, Error, Exception, Grant, GrantId, Profile, Result, Scopes};
use crate::provider::Provider;
use crate::rules::{self, CODE_LIFE, Next, PERSON_LIFE, PUSHED_LIFE, Parameters};
use crate::sealed::{Code, Pushed, Waiting};
use crate::store::{clients as client_rows, requests};

/// What is said of a pushed request that leads nowhere.
pub(crate) const OVER: Fault = Fault::invalid_request("request_uri", "request_uri is unknown, over, or another service's.");

/// What a pushed request is called (RFC 9126).
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Who asks, when it is a person with an account.
pub(crate) fn holder(ctx: &Ctx) -> Result<AccountId> {
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(store::Error::Forbidden(Permission::OwnAccount).into()),
    }
}

/// Gives the `request_uri` of a request that a service pushes: the request itself, sealed.
pub(crate) fn push(provider: &Provider, client: &Client, request: AuthRequest, now: Timestamp) -> String {
    let pushed = Pushed { id: GrantId::new(now), client: client.id, request, until: now + PUSHED_LIFE };
    format!("{URN}{}", provider.seal(&pushed))
}

/// How long a pushed request may wait, in seconds.
pub(crate) fn pushed_life_s() -> i64 {
    PUSHED_LIFE.as_secs()
}

/// A request the browser brought, and the number its sign-in will have: it is answered once.
pub(crate) struct Brought {
    pub(crate) client: Client,
    pub(crate) request: AuthRequest,
    pub(crate) id: GrantId,
    /// It has a name under which it can be brought again: pushed by the service, or waiting for its person.
    pub(crate) named: bool,
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
pub(crate) async fn brought(ctx: &mut Ctx, provider: &Provider, pairs: Vec<(String, String)>) -> Result<Brought, Wrong> {
    let asked = Parameters::new(pairs).map_err(|fault| Wrong::Here(None, fault))?;
    let unknown = || Wrong::Here(None, Fault::invalid_request("client_id", "client_id names no service of this town."));
    let id = asked.get("client_id").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let client = match clients::standing(ctx, id).await {
        Ok(client) => client,
        Err(Error::NoSuchClient) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    if let Some(uri) = asked.get("request_uri").and_then(|uri| uri.strip_prefix(URN)) {
        let now = ctx.now();
        let pushed = provider.open::<Pushed>(uri);
        let pushed = pushed.filter(|pushed| pushed.client == client.id && pushed.until > now && stands(&client, &pushed.request));
        return match pushed {
            Some(Pushed { id, request, .. }) => Ok(Brought { client, request, id, named: true }),
            None => Err(Wrong::Here(Some(client), OVER)),
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
        Ok(request) => Ok(Brought { client, request, id: GrantId::new(ctx.now()), named: false }),
        Err(fault) => Err(Wrong::Back { client, redirect_uri, state: asked.get("state").map(str::to_owned), fault }),
    }
}

/// Finds a request that waits for its person.
pub(crate) async fn waiting(ctx: &mut Ctx, provider: &Provider, handle: &str) -> Result<Brought> {
    let Waiting { id } = provider.open(handle).ok_or(Error::RequestOver)?;
    let (client, request) = requests::find(ctx, id).await?.ok_or(Error::RequestOver)?;
    let client = clients::standing(ctx, client).await?;
    if stands(&client, &request) { Ok(Brought { client, request, id, named: true }) } else { Err(Error::RequestOver) }
}

/// Whether a request that was kept is one the service may still make: its registration may have changed since.
fn stands(client: &Client, request: &AuthRequest) -> bool {
    client.redirect_uris.contains(&request.redirect_uri) && client.scopes.covers(&request.scopes)
}

/// Has a request wait for its person; gives its handle, short enough to go through a sign-in.
pub(crate) async fn wait(ctx: &mut Ctx, provider: &Provider, brought: &Brought) -> Result<String> {
    let now = ctx.now();
    requests::insert(ctx, brought.id, brought.client.id, &brought.request, now + PERSON_LIFE, now - PERSON_LIFE).await?;
    Ok(provider.seal(&Waiting { id: brought.id }))
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

/// Notes that a person lets a service know these things, besides what they let it know before. Gives the account whose name the service hears.
pub(crate) async fn agree(ctx: &mut Ctx, client: &Client, scopes: &Scopes) -> Result<AccountId> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    let before = client_rows::consent(ctx, account, client.id).await?;
    let known_as = before.as_ref().map_or(account, |before| before.known_as);
    let mut all = before.map(|before| before.scopes).unwrap_or_default();
    all.0.extend(scopes.0.iter().cloned());
    client_rows::save_consent(ctx, account, client.id, &all).await?;
    ctx.audit("oidc.consented", Some(account.to_string()), &client.id.to_string()).await?;
    ctx.record("oidc.consented", &serde_json::json!({ "account": account, "client": client.id, "scopes": scopes })).await?;
    Ok(known_as)
}

/// Notes that the person who asks lets a service know all it may ever ask, as if they had agreed to it on the page: where nobody sits before a browser.
///
/// # Errors
/// [`Error::NoSuchClient`]; the store's `Forbidden` for anyone but a person with an account.
pub async fn agree_to_all(ctx: &mut Ctx, client: ClientId) -> Result<()> {
    let client = clients::standing(ctx, client).await?;
    agree(ctx, &client, &client.scopes).await.map(drop)
}

/// Closes a request that has a name because it is answered, with a [`code`] or a refusal: it is answered once. One without a name cannot come again.
///
/// # Errors
/// [`Error::RequestOver`] when it was answered before.
pub(crate) async fn close(ctx: &mut Ctx, brought: &Brought) -> Result<()> {
    if requests::end(ctx, brought.id, brought.client.id).await? { Ok(()) } else { Err(Error::RequestOver) }
}

/// Gives the code of an answered request. Nothing is written: the sign-in happens when the service redeems it.
///
/// # Errors
/// [`Error::NotProven`] for an account of which nobody knows whose it is.
pub(crate) fn code(ctx: &Ctx, provider: &Provider, brought: &Brought, person: &SignedIn, acr: Acr) -> Result<String> {
    let request = &brought.request;
    let code = Code {
        answered: answered(brought.id, &brought.client, &request.scopes, person, acr)?,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        dpop_key: request.dpop_key.clone(),
        until: ctx.now() + CODE_LIFE,
    };
    Ok(provider.seal(&code))
}

/// What a person's sign-in at a service will be.
///
/// # Errors
/// [`Error::NotProven`] for an account of which nobody knows whose it is: a service would take its label for a name.
pub(crate) fn answered(id: GrantId, client: &Client, scopes: &Scopes, person: &SignedIn, acr: Acr) -> Result<Answered> {
    let SignedIn { account, session, at: auth_time, proven, .. } = *person;
    let scopes = scopes.clone();
    if proven { Ok(Answered { id, client: client.id, account, session, scopes, acr, auth_time }) } else { Err(Error::NotProven) }
}

/// Notes a sign-in that has just been written down, for the person and for who watches.
pub(crate) async fn note(ctx: &mut Ctx, grant: &Grant) -> Result<()> {
    ctx.audit("oidc.signed_in", Some(grant.account.to_string()), &grant.client.to_string()).await?;
    ctx.record("oidc.signed_in", &serde_json::json!({ "grant": grant.id, "client": grant.client, "account": grant.account })).await?;
    Ok(())
}
