//! Programs of others that send reports by Open311.

use std::sync::Arc;

use identity::secret::{token, token_hash};
use store::{Ctx, Permission};

use super::{category, draft};
use crate::model::{Client, ClientId, Error, Report, ReportId, Result};
use crate::rules;
use crate::store::reports::Asked;
use crate::store::{clients as rows, reports};

/// Characters of a program's name at most.
const NAME_CHARS_MAX: usize = 80;

/// Lets a program send reports; its key is shown this once.
///
/// # Errors
/// [`Error::Text`]; the store's `Forbidden`.
pub(crate) async fn register(ctx: &mut Ctx, name: &str) -> Result<(Client, String)> {
    ctx.allow(Permission::ManageServices)?;
    let name = rules::kept_words("name", name, NAME_CHARS_MAX)?;
    if name.is_empty() {
        return Err(Error::Text { field: "name", reason: "empty" });
    }
    let (now, key) = (ctx.now(), token());
    let client = Client { id: ClientId::new(now), name, registered_at: now, ended_at: None };
    rows::insert(ctx, &client, token_hash(&key)).await?;
    ctx.audit("reports.client_registered", None, &client.id.to_string()).await?;
    Ok((client, key))
}

/// Gives every program, oldest first.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn all(ctx: &mut Ctx) -> Result<Vec<Client>> {
    ctx.allow(Permission::ManageServices)?;
    rows::all(ctx).await
}

/// Ends a program's right to send.
///
/// # Errors
/// [`Error::NoSuchClient`]; the store's `Forbidden`.
pub(crate) async fn end(ctx: &mut Ctx, id: ClientId) -> Result<()> {
    ctx.allow(Permission::ManageServices)?;
    if !rows::end(ctx, id).await? {
        return Err(Error::NoSuchClient);
    }
    ctx.audit("reports.client_ended", None, &id.to_string()).await?;
    Ok(())
}

/// The program of a key.
///
/// # Errors
/// [`Error::NoSuchClient`].
pub(crate) async fn of_key(ctx: &mut Ctx, key: &str) -> Result<Client> {
    rows::by_key(ctx, token_hash(key)).await?.ok_or(Error::NoSuchClient)
}

/// Takes a report of a program. Who its writer is, is not asked and not kept.
///
/// # Errors
/// [`Error::NoSuchClient`]; as a resident's report.
pub(crate) async fn post(ctx: &mut Ctx, key: &str, filled: &draft::Filled) -> Result<Report> {
    let client = of_key(ctx, key).await?;
    let town = Arc::clone(ctx.town());
    let kind = category(&town, &filled.category)?;
    let report = Report { client: Some(client.id), ..draft::begun(ctx, filled, kind, &town)? };
    // Open311 takes an address in place of a position; a picture cannot be sent by it, so none is asked for.
    if report.position().is_none() && report.landmark.is_empty() {
        return Err(Error::Incomplete(vec![crate::model::Missing::Place]));
    }
    reports::insert(ctx, &report, &report.id.to_string()).await?;
    draft::post(ctx, &report, kind).await?;
    reports::find(ctx, report.id).await?.ok_or(Error::NoSuchReport)
}

/// Gives what a program may know: what is public, and what it sent itself.
///
/// # Errors
/// The store's.
pub(crate) async fn answered(ctx: &mut Ctx, asked: &Asked) -> Result<Vec<Report>> {
    reports::answered(ctx, asked).await
}

/// Gives one report, as [`answered`].
///
/// # Errors
/// [`Error::NoSuchReport`].
pub(crate) async fn one(ctx: &mut Ctx, id: ReportId, client: Option<ClientId>) -> Result<Report> {
    let found = reports::find(ctx, id).await?.filter(Report::is_sent);
    found.filter(|report| report.public || client.is_some() && report.client == client).ok_or(Error::NoSuchReport)
}
