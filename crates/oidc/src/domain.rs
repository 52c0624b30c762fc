//! One function for each thing a service, a person or a member of staff can do: allow, load, decide, save, record.

pub(crate) mod authorize;
pub(crate) mod claims;
pub(crate) mod client_auth;
pub(crate) mod clients;
pub(crate) mod device;
pub(crate) mod dpop;
pub(crate) mod sign_out;
pub(crate) mod token;
pub(crate) mod userinfo;

use identity::secret::token_hash;
use jiff::SignedDuration;
use store::{AccountId, Actor, Ctx, Permission, Store};

use crate::fault::Fault;
use crate::model::{ClientId, Result};
use crate::rules::{GRANT_LIFE, KEPT, PERSON_LIFE};
use crate::store as rows;

/// Days for which refusals are kept.
const REFUSALS_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Runs a short change together with others, and gives the protocol's answer to a failure.
pub(crate) async fn grouped<T, F>(store: &Store, work: F) -> Result<T, Fault>
where
    T: Send + 'static,
    F: for<'a> Fn(&'a mut Ctx) -> store::Pending<'a, T> + Send + Sync + 'static,
{
    Ok(store.grouped(Actor::Anonymous, work).await?)
}

/// A message that counts once, until a moment: by who made it and what they numbered it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Once {
    pub(crate) hash: [u8; 32],
    pub(crate) until: civil::Timestamp,
}

impl Once {
    pub(crate) fn new(kind: &str, maker: &str, number: &str, until: civil::Timestamp) -> Self {
        // Each maker is a hash or an id and holds no blank.
        Self { hash: token_hash(&format!("{kind} {maker} {number}")), until }
    }

    /// Notes it; false when it was seen before.
    pub(crate) async fn see(self, ctx: &mut Ctx) -> Result<bool> {
        rows::requests::see(ctx, self.hash, self.until).await
    }
}

/// Counts a refusal, for the service's developers and whoever watches over it. The answer never waits on its success.
pub(crate) async fn note_refusal(store: &Store, client: ClientId, fault: &Fault) {
    let reason = fault.reason;
    tracing::warn!(%client, reason, "a service was refused");
    let counted = store
        .grouped(Actor::System, move |ctx| {
            Box::pin(async move {
                // Somebody may ask in the name of a service that is not there: only those that are get a line.
                if rows::clients::find(ctx, client).await?.is_some() {
                    rows::clients::count_refusal(ctx, client, reason).await?;
                }
                Ok(())
            })
        })
        .await;
    if let Err(error) = counted {
        tracing::error!(%error, "a refusal was not counted");
    }
}

/// Deletes what is over.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn forget_expired(ctx: &mut Ctx) -> Result<u64> {
    ctx.allow(Permission::RunHouse)?;
    let now = ctx.now();
    let mut forgotten = rows::requests::forget(ctx, now - PERSON_LIFE).await?;
    forgotten += rows::devices::forget(ctx).await?;
    forgotten += rows::grants::forget(ctx, now - KEPT, now - GRANT_LIFE).await?;
    forgotten += rows::clients::forget_refusals(ctx, civil::day_in_japan(now - REFUSALS_KEPT)).await?;
    Ok(forgotten)
}

/// What services are told of the caller and when they signed in there, for who asks for a copy.
///
/// # Errors
/// Not the caller's own; the store's.
pub(crate) async fn export(ctx: &mut Ctx, account: AccountId) -> Result<serde_json::Value> {
    authorize::holder(ctx)?;
    let mut consents = Vec::new();
    for consent in rows::clients::consents(ctx, account).await? {
        let name = rows::clients::find(ctx, consent.client).await?.map(|client| client.name);
        consents.push(serde_json::json!({ "service": name, "told": consent.scopes, "given_at": consent.given_at }));
    }
    let mut sign_ins = Vec::new();
    for grant in rows::grants::of_account(ctx, account, jiff::Timestamp::MIN).await? {
        let name = rows::clients::find(ctx, grant.client).await?.map(|client| client.name);
        sign_ins.push(serde_json::json!({ "service": name, "told": grant.scopes, "at": grant.granted_at }));
    }
    Ok(serde_json::json!({ "consents": consents, "sign_ins": sign_ins }))
}
