//! Whose notices an account is told of, and which browsers tell it.

use store::{AccountId, Ctx, ResidentId};

use super::holder;
use crate::model::{Error, Result, Subscription, SubscriptionId};
use crate::push::BrowserKeys;
use crate::store as rows;

/// The most browsers of one account.
const SUBSCRIPTIONS_MAX: usize = 10;
/// The longest address of a push service.
const ENDPOINT_BYTES_MAX: usize = 1000;
/// Accounts looked at in one go.
const PAGE: u32 = 500;

/// What a browser hands in: `PushSubscription.toJSON()`.
pub(crate) struct Offered<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) p256dh: &'a str,
    pub(crate) auth: &'a str,
    pub(crate) language: &'a str,
}

/// Has a browser told of the caller's notices. The same browser again changes its keys; one that was another account's is so no more.
///
/// # Errors
/// [`Error::Subscription`] when it is none; [`Error::TooManySubscriptions`]; the store's `Forbidden`.
pub(crate) async fn subscribe(ctx: &mut Ctx, offered: &Offered<'_>) -> Result<SubscriptionId> {
    let account = holder(ctx)?;
    if !is_push_service(offered.endpoint) {
        return Err(Error::Subscription);
    }
    let keys = BrowserKeys::of_text(offered.p256dh, offered.auth).map_err(|_| Error::Subscription)?;
    if let Some(before) = rows::subscriptions::of_endpoint(ctx, offered.endpoint).await? {
        rows::subscriptions::delete(ctx, before.id).await?;
    }
    let others = rows::subscriptions::of_account(ctx, account).await?;
    if others.len() >= SUBSCRIPTIONS_MAX {
        return Err(Error::TooManySubscriptions);
    }
    let subscription = Subscription {
        id: SubscriptionId::new(ctx.now()),
        account,
        endpoint: offered.endpoint.to_owned(),
        point: keys.point().to_vec(),
        auth: keys.auth().to_vec(),
        language: offered.language.to_owned(),
    };
    rows::subscriptions::insert(ctx, &subscription).await?;
    look_anew(ctx, account).await?;
    Ok(subscription.id)
}

/// Whether an address can be a push service's: over TLS to a named host, no address of a network, no port but the usual. Where the house posts is not for
/// a visitor to choose freely.
pub(crate) fn is_push_service(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = endpoint.len() <= ENDPOINT_BYTES_MAX && endpoint.bytes().all(|byte| byte.is_ascii_graphic());
    let last = host.rsplit('.').next().unwrap_or_default();
    let named = host.contains('.') && last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    let inside = ["local", "internal", "localhost", "lan", "home", "arpa"].contains(&last);
    plain && named && !inside && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
}

/// Ends a browser's subscription, by its address.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn unsubscribe(ctx: &mut Ctx, endpoint: &str) -> Result<()> {
    let account = holder(ctx)?;
    if let Some(found) = rows::subscriptions::of_endpoint(ctx, endpoint).await?
        && found.account == account
    {
        rows::subscriptions::delete(ctx, found.id).await?;
    }
    Ok(())
}

/// Ends one of the caller's browsers from another.
///
/// # Errors
/// [`Error::NotFound`]; the store's `Forbidden`.
pub(crate) async fn end(ctx: &mut Ctx, id: SubscriptionId) -> Result<()> {
    let account = holder(ctx)?;
    match rows::subscriptions::find(ctx, id).await? {
        Some(found) if found.account == account => rows::subscriptions::delete(ctx, id).await,
        _ => Err(Error::NotFound),
    }
}

/// Ends every browser of an account: its phones are lost, or it is closed.
pub(crate) async fn end_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for subscription in rows::subscriptions::of_account(ctx, account).await? {
        rows::subscriptions::delete(ctx, subscription.id).await?;
    }
    Ok(())
}

/// Whom an account is told of: the resident it is, and the children they act for; somebody who is not in the register, as what they are known as.
pub(crate) async fn people_of(ctx: &mut Ctx, account: AccountId) -> Result<(Option<ResidentId>, Vec<ResidentId>)> {
    let (own, wards) = residents_of(ctx, account).await?;
    if own.is_none() && ctx.town().has_guests() && identity::guest(ctx, account).await?.is_some() {
        return Ok((Some(identity::known_as(account)), wards));
    }
    Ok((own, wards))
}

/// The resident an account is, and the children they act for.
pub(crate) async fn residents_of(ctx: &mut Ctx, account: AccountId) -> Result<(Option<ResidentId>, Vec<ResidentId>)> {
    let Some(own) = identity::link_of(ctx, account).await? else { return Ok((None, Vec::new())) };
    let wards = match registry::wards_of(ctx, own).await {
        Ok(wards) => wards.into_iter().map(|ward| ward.id).collect(),
        Err(registry::Error::ResidentNotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok((Some(own), wards))
}

/// Finds anew whose notices an account is told of, if anything tells it.
pub(crate) async fn look_anew(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    if !rows::reach::is_told(ctx, account).await? {
        return rows::reach::clear(ctx, account).await;
    }
    let (own, wards) = people_of(ctx, account).await?;
    rows::reach::set(ctx, account, own, &wards).await
}

/// After the register changed: finds anew whose notices these residents' families are told of.
pub(crate) async fn look_anew_at(ctx: &mut Ctx, residents: &[ResidentId]) -> Result<()> {
    let mut accounts = Vec::new();
    for resident in residents {
        accounts.extend(rows::reach::accounts_of(ctx, *resident).await?);
        let guardians = match registry::guardians_of(ctx, *resident).await {
            Ok(guardians) => guardians,
            Err(registry::Error::ResidentNotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        for guardian in guardians {
            accounts.extend(identity::accounts_of(ctx, guardian.id).await?.into_iter().map(|link| link.account));
        }
    }
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        look_anew(ctx, account).await?;
    }
    Ok(())
}

/// Finds anew whose notices every account is told of, a page at a time: gives the last account looked at, until there is none.
pub(crate) async fn look_anew_after(ctx: &mut Ctx, after: &str) -> Result<Option<AccountId>> {
    let accounts = rows::reach::accounts(ctx, after, PAGE).await?;
    for account in &accounts {
        look_anew(ctx, *account).await?;
    }
    Ok(accounts.last().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_posts_to_push_services_only() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://web.push.apple.com/Q",
        ] {
            assert!(is_push_service(good), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://localhost/x",
            "https://intranet/x",
            "https://printer.local/x",
            "https://10.0.0.1:443/x",
            "https://push.example:8443/x",
            "https://user@push.example/x",
            "",
        ] {
            assert!(!is_push_service(bad), "{bad}");
        }
    }
}
