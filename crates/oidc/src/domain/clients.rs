use std::collections::BTreeSet;

use identity::jose::{Jwk, JwkSet};
use identity::secret;
use jiff::SignedDuration;
use store::{Ctx, Permission};

use super::sign_out;
use crate::model::{Client, ClientId, ClientKeys, Error, Exception, Profile, Refused, Result, Scope, Scopes};
use crate::rules;
use crate::store::clients as rows;

/// The longest name of a service.
pub(crate) const NAME_CHARS_MAX: usize = 60;
/// The longest sentence saying what it is for.
pub(crate) const PURPOSE_CHARS_MAX: usize = 300;
/// Addresses of a kind at most.
const ADDRESSES_MAX: usize = 20;
/// How far back refusals are shown.
const REFUSALS_SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is told of a service when it is registered or changed.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// What residents know it by.
    pub name: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// Where people are sent back to.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after signing out.
    pub logout_uris: Vec<String>,
    /// Where it is told that somebody signed out.
    pub backchannel_uri: Option<String>,
    /// What it may ask besides `openid`.
    pub scopes: Scopes,
    /// FAPI 2.0 instead of the standard profile.
    pub fapi2: bool,
    /// What it is excused from.
    pub exceptions: BTreeSet<Exception>,
    /// Its public keys as a JWK set, or one JWK; empty for a service with a shared secret.
    pub keys: String,
}

/// A service just registered or given a new secret: the only moment the secret is known.
#[derive(Clone)]
pub struct Registered {
    /// The service.
    pub client: Client,
    /// Its secret, where it has one.
    pub secret: Option<String>,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registered({})", self.client.id)
    }
}

/// Registers a service.
///
/// # Errors
/// [`Error::Registration`] with the field that cannot stand; the store's `Forbidden`.
pub async fn register(ctx: &mut Ctx, told: &Registration) -> Result<Registered> {
    let id = ClientId::new(ctx.now());
    register_known(ctx, id, told, None).await
}

/// Registers a service whose `client_id` is fixed beforehand, and its secret where it is to have one: in a simulator it is already written in the service's own
/// settings. Elsewhere both are made here.
///
/// # Errors
/// As [`register`]; [`Error::Registration`] for a secret where the service has keys.
pub async fn register_known(ctx: &mut Ctx, id: ClientId, told: &Registration, secret: Option<&str>) -> Result<Registered> {
    ctx.allow(Permission::ManageServices)?;
    let (mut client, made) = checked(ctx, id, told, None)?;
    let secret = match (secret, made) {
        (Some(_), None) => return Err(Error::Registration { field: "keys", reason: "kind" }),
        (Some(known), Some(_)) => {
            client.keys = ClientKeys::Secret(secret::token_hash(known).to_vec());
            Some(known.to_owned())
        }
        (None, made) => made,
    };
    rows::insert(ctx, &client).await?;
    ctx.audit("oidc.client_registered", None, &client.id.to_string()).await?;
    ctx.record("oidc.client_registered", &client.id).await?;
    Ok(Registered { client, secret })
}

/// Changes a registration. A secret stays as it is unless the service had none.
///
/// # Errors
/// As [`register`]; [`Error::NoSuchClient`].
pub async fn change(ctx: &mut Ctx, id: ClientId, told: &Registration) -> Result<Registered> {
    ctx.allow(Permission::ManageServices)?;
    let before = standing(ctx, id).await?;
    let (client, secret) = checked(ctx, id, told, Some(&before))?;
    rows::change(ctx, &client).await?;
    ctx.audit("oidc.client_changed", None, &format!("{id} {}", changed(&before, &client).join(" "))).await?;
    ctx.record("oidc.client_changed", &id).await?;
    Ok(Registered { client, secret })
}

/// Gives a service that has a secret a new one; the old one is over at once.
///
/// # Errors
/// [`Error::NoSuchClient`], also for one that has no secret; the store's `Forbidden`.
pub async fn new_secret(ctx: &mut Ctx, id: ClientId) -> Result<Registered> {
    ctx.allow(Permission::ManageServices)?;
    let mut client = standing(ctx, id).await?;
    if !matches!(client.keys, ClientKeys::Secret(_)) {
        return Err(Error::NoSuchClient);
    }
    let secret = secret::token();
    client.keys = ClientKeys::Secret(secret::token_hash(&secret).to_vec());
    rows::change(ctx, &client).await?;
    ctx.audit("oidc.client_secret_made", None, &id.to_string()).await?;
    Ok(Registered { client, secret: Some(secret) })
}

/// Ends a service: nobody can sign in there any more, and every token it holds is over.
///
/// # Errors
/// [`Error::NoSuchClient`]; the store's `Forbidden`.
pub async fn end(ctx: &mut Ctx, id: ClientId) -> Result<()> {
    ctx.allow(Permission::ManageServices)?;
    if !rows::end(ctx, id).await? {
        return Err(Error::NoSuchClient);
    }
    ctx.audit("oidc.client_ended", None, &id.to_string()).await?;
    ctx.record("oidc.client_ended", &id).await?;
    Ok(())
}

/// Gives every service, ended ones too, oldest first.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn all(ctx: &mut Ctx) -> Result<Vec<Client>> {
    ctx.allow(Permission::ManageServices)?;
    rows::all(ctx).await
}

/// A service as the console shows it.
#[derive(Debug, Clone)]
pub struct ClientDetail {
    /// The service.
    pub client: Client,
    /// How many people let it know something.
    pub people: i64,
    /// What was refused to it lately.
    pub refusals: Vec<Refused>,
}

/// Gives a service with how it is used.
///
/// # Errors
/// [`Error::NoSuchClient`]; the store's `Forbidden`.
pub async fn detail(ctx: &mut Ctx, id: ClientId) -> Result<ClientDetail> {
    ctx.allow(Permission::ManageServices)?;
    let client = rows::find(ctx, id).await?.ok_or(Error::NoSuchClient)?;
    let since = civil::day_in_japan(ctx.now() - REFUSALS_SHOWN);
    Ok(ClientDetail { people: rows::count_consents(ctx, id).await?, refusals: rows::refusals(ctx, id, since).await?, client })
}

/// Gives a service that is trusted still.
///
/// # Errors
/// [`Error::NoSuchClient`].
pub(crate) async fn standing(ctx: &mut Ctx, id: ClientId) -> Result<Client> {
    rows::find(ctx, id).await?.filter(|client| client.ended_at.is_none()).ok_or(Error::NoSuchClient)
}

/// Withdraws all a person lets a service know, or some of it: what is withdrawn stops at once.
///
/// # Errors
/// [`Error::NoSuchClient`] when nothing was given; the store's.
pub async fn withdraw(ctx: &mut Ctx, id: ClientId, what: Option<&Scope>) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let account = super::authorize::holder(ctx)?;
    let consent = rows::consent(ctx, account, id).await?.ok_or(Error::NoSuchClient)?;
    let mut left = consent.scopes;
    match what {
        Some(scope) if *scope != Scope::OpenId => {
            left.0.remove(scope);
            rows::keep_consent(ctx, account, id, &left).await?;
            // What went on without the person goes on no more.
            sign_out::signed_out(ctx, account).await?;
        }
        _ => {
            rows::delete_consent(ctx, account, id).await?;
            sign_out::leave(ctx, account, id).await?;
        }
    }
    ctx.audit("oidc.consent_withdrawn", Some(account.to_string()), &id.to_string()).await?;
    ctx.record("oidc.consent_withdrawn", &serde_json::json!({ "account": account, "client": id })).await?;
    Ok(())
}

/// Which parts of a registration are another than before.
fn changed(before: &Client, after: &Client) -> Vec<&'static str> {
    let parts = [
        ("name", before.name != after.name),
        ("purpose", before.purpose != after.purpose),
        ("redirect_uris", before.redirect_uris != after.redirect_uris),
        ("logout_uris", before.logout_uris != after.logout_uris),
        ("backchannel_uri", before.backchannel_uri != after.backchannel_uri),
        ("scopes", before.scopes != after.scopes),
        ("profile", before.profile != after.profile),
        ("exceptions", before.exceptions != after.exceptions),
        ("keys", before.keys != after.keys),
    ];
    parts.into_iter().filter(|(_, other)| *other).map(|(part, _)| part).collect()
}

/// Checks what was told; gives the service and, when it gets one now, its secret.
fn checked(ctx: &Ctx, id: ClientId, told: &Registration, before: Option<&Client>) -> Result<(Client, Option<String>)> {
    let wrong = |field, reason| Error::Registration { field, reason };
    let profile = if told.fapi2 { Profile::Fapi2 } else { Profile::Standard };
    if told.exceptions.iter().any(|exception| !rules::exceptions_of(profile).contains(exception)) {
        return Err(wrong("exceptions", "profile"));
    }
    let addresses = |field, uris: &[String]| match uris {
        [] if field == "redirect_uris" => Err(wrong(field, "missing")),
        uris if uris.len() > ADDRESSES_MAX => Err(wrong(field, "too_many")),
        uris => uris.iter().try_for_each(|uri| rules::address(uri, &told.exceptions).map_err(|reason| wrong(field, reason))),
    };
    addresses("redirect_uris", &told.redirect_uris)?;
    addresses("logout_uris", &told.logout_uris)?;
    addresses("backchannel_uri", told.backchannel_uri.as_slice())?;
    let unknown = told.scopes.0.iter().any(|scope| matches!(scope, Scope::Programme(id) if ctx.town().programme(id).is_none()));
    if unknown {
        return Err(wrong("scopes", "programme"));
    }
    let (keys, secret) = keys(told, before)?;
    let mut scopes = told.scopes.clone();
    scopes.0.insert(Scope::OpenId);
    let client = Client {
        id,
        name: text("name", &told.name, NAME_CHARS_MAX)?,
        purpose: text("purpose", &told.purpose, PURPOSE_CHARS_MAX)?,
        redirect_uris: told.redirect_uris.clone(),
        logout_uris: told.logout_uris.clone(),
        backchannel_uri: told.backchannel_uri.clone(),
        scopes,
        profile,
        exceptions: told.exceptions.clone(),
        keys,
        registered_at: before.map_or(ctx.now(), |before| before.registered_at),
        ended_at: None,
    };
    Ok((client, secret))
}

fn keys(told: &Registration, before: Option<&Client>) -> Result<(ClientKeys, Option<String>)> {
    let wrong = |reason| Error::Registration { field: "keys", reason };
    if told.exceptions.contains(&Exception::SharedSecret) {
        return match before.map(|before| &before.keys) {
            Some(ClientKeys::Secret(hash)) => Ok((ClientKeys::Secret(hash.clone()), None)),
            _ => {
                let secret = secret::token();
                Ok((ClientKeys::Secret(secret::token_hash(&secret).to_vec()), Some(secret)))
            }
        };
    }
    let text = told.keys.trim();
    if text.is_empty() {
        return Err(wrong("missing"));
    }
    // A private key must not lie here: whoever sees the console could be the service.
    let parsed: serde_json::Value = serde_json::from_str(text).map_err(|_| wrong("json"))?;
    if has_private_part(&parsed) {
        return Err(wrong("private"));
    }
    let set = serde_json::from_value::<JwkSet>(parsed.clone())
        .or_else(|_| serde_json::from_value::<Jwk>(parsed).map(|key| JwkSet { keys: vec![key] }))
        .map_err(|_| wrong("json"))?;
    let usable = |key: &Jwk| {
        use identity::jose::{Algorithm, key_can};
        [Algorithm::ES256, Algorithm::PS256].into_iter().any(|algorithm| key_can(key, algorithm))
    };
    if set.keys.is_empty() || !set.keys.iter().all(usable) { Err(wrong("kind")) } else { Ok((ClientKeys::Public(set), None)) }
}

fn has_private_part(keys: &serde_json::Value) -> bool {
    let one = |key: &serde_json::Value| ["d", "p", "q", "k"].iter().any(|part| key.get(part).is_some());
    one(keys) || keys.get("keys").and_then(serde_json::Value::as_array).is_some_and(|keys| keys.iter().any(one))
}

fn text(field: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Error::Registration { field, reason: if text.is_empty() { "missing" } else { "too_long" } })
    }
}
