//! Signing out: here, and at the services that were signed in to from the same browser (OpenID Connect Back-Channel Logout 1.0).

use std::collections::BTreeSet;

use identity::SessionId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{AccountId, Actor, BoxError, Ctx, Store};

use super::userinfo;
use crate::model::{Client, ClientId, Grant, Result, Scope};
use crate::provider::Provider;
use crate::store::{clients, grants as rows};

/// The job that tells a service that somebody signed out.
pub const TELL_SERVICE: &str = "oidc.tell_signed_out";

/// Whom to tell of what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ToTell {
    /// The service.
    pub(crate) client: ClientId,
    /// Who, by the account whose name the service hears.
    pub(crate) account: AccountId,
    /// The browser's session.
    pub(crate) session: SessionId,
}

/// Ends the sign-ins of an account whose browser session is over. Those a person let go on while signed out (`offline_access`) go on, and their services
/// are told all the same.
///
/// # Errors
/// The store's.
pub(crate) async fn signed_out(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for grant in rows::open_of(ctx, account).await? {
        if identity::session_stands(ctx, grant.session).await? {
            continue;
        }
        let client = clients::find(ctx, grant.client).await?;
        let goes_on = match &client {
            Some(client) => userinfo::effective(ctx, client, &grant).await?.has(&Scope::OfflineAccess),
            None => false,
        };
        if !goes_on {
            rows::end(ctx, grant.id).await?;
        }
        // Once: what goes on is open still when the person signs out of another browser.
        if rows::signed_out(ctx, grant.id).await? {
            tell(ctx, client.as_ref(), &grant).await?;
        }
    }
    Ok(())
}

/// Ends every sign-in of a person at one service, and tells it.
pub(crate) async fn leave(ctx: &mut Ctx, account: AccountId, client: ClientId) -> Result<()> {
    let open: Vec<Grant> = rows::open_of(ctx, account).await?.into_iter().filter(|grant| grant.client == client).collect();
    rows::end_at(ctx, account, client).await?;
    let client = clients::find(ctx, client).await?;
    for grant in &open {
        tell(ctx, client.as_ref(), grant).await?;
    }
    Ok(())
}

/// Lets a service that knew only the second of two accounts know the person by the same name still, without asking them again. Where both were known, the
/// first one's name stands. The sign-ins end with the second account.
///
/// # Errors
/// The store's.
pub(crate) async fn merged(ctx: &mut Ctx, kept: AccountId, closed: AccountId) -> Result<()> {
    clients::give_over_consents(ctx, closed, kept).await
}

/// Ends all an account did with services: it was closed, or merged into another.
///
/// # Errors
/// The store's.
pub(crate) async fn closed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let signed_in: BTreeSet<ClientId> = rows::open_of(ctx, account).await?.iter().map(|grant| grant.client).collect();
    for client in signed_in {
        leave(ctx, account, client).await?;
    }
    for consent in clients::consents(ctx, account).await? {
        clients::delete_consent(ctx, account, consent.client).await?;
    }
    Ok(())
}

async fn tell(ctx: &mut Ctx, client: Option<&Client>, grant: &Grant) -> Result<()> {
    let wants_word = |client: &Client| client.ended_at.is_none() && client.backchannel_uri.is_some();
    if !client.is_some_and(wants_word) {
        return Ok(());
    }
    let (client, session) = (grant.client, grant.session);
    let told = ToTell { client, account: grant.known_as, session };
    let now = ctx.now();
    // Several sign-ins from one browser are one thing to tell.
    ctx.enqueue_outside(TELL_SERVICE, Some(format!("{TELL_SERVICE}/{client}/{session}")), &told, now).await?;
    Ok(())
}

/// Tells a service that somebody signed out. Twice does no harm: the session is over already.
///
/// # Errors
/// When the service did not take it: it is tried again later.
pub(crate) async fn tell_service(store: &Store, provider: &Provider, told: &ToTell) -> Result<(), BoxError> {
    let mut ctx = store.read(Actor::System).await?;
    let Some((address, token)) = logout_token(&mut ctx, provider, told).await? else { return Ok(()) };
    drop(ctx);
    let outside = provider.outside();
    let posted = tokio::task::spawn_blocking(move || outside.post_form(&address, &[("logout_token", token.as_str())])).await?;
    Ok(posted?)
}

/// The token that tells a service who signed out, and where to post it; nothing when the service is gone or wants no word any more.
async fn logout_token(ctx: &mut Ctx, provider: &Provider, told: &ToTell) -> Result<Option<(String, String)>> {
    let client = clients::find(ctx, told.client).await?.filter(|client| client.ended_at.is_none());
    let Some((client, address)) = client.and_then(|client| client.backchannel_uri.clone().map(|address| (client, address))) else {
        return Ok(None);
    };
    Ok(Some((address, signed(ctx, provider, &client, told)?)))
}

fn signed(ctx: &Ctx, provider: &Provider, client: &Client, told: &ToTell) -> Result<String> {
    let now = ctx.now().as_second();
    let keys = provider.keys();
    let key = keys.for_client(client).ok_or(identity::jose::JoseError::Key)?;
    let claims = json!({
        "iss": provider.issuer(),
        "aud": client.id,
        "iat": now,
        "exp": now + 120,
        "jti": identity::secret::token(),
        "sub": provider.subject(client.id, told.account),
        "sid": provider.session_name(client.id, told.session),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    Ok(key.sign("logout+jwt", &claims)?)
}

/// Whether a service means this session by an ID token of ours that was made for it (RP-initiated logout).
pub(crate) fn names_session(provider: &Provider, hint: &str, client: ClientId, session: SessionId) -> bool {
    #[derive(Deserialize)]
    struct Hint {
        sid: String,
    }
    // Its time does not matter: the person may have been signed in for days (RP-Initiated Logout 1.0 section 2).
    let read = identity::jose::verify_at_any_time::<Hint>(hint, &provider.keys().public(), provider.issuer(), &client.to_string());
    read.is_ok_and(|hint| hint.sid == provider.session_name(client, session))
}
