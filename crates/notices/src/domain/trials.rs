//! A draft, sent to its writer's own account as residents would get it, before they do.

use identity::secret;
use jiff::SignedDuration;
use store::{Ctx, Permission};

use super::write::found;
use super::{holder, member};
use crate::model::{DeliveryId, Error, NoticeId, Result, State, Tester, TesterId};
use crate::store as rows;

/// The most accounts of one member of staff.
const TESTERS_MAX: usize = 5;
/// How long a code holds.
const CODE_HOLDS: SignedDuration = SignedDuration::from_mins(30);
/// How long what was looked at stays in an inbox.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The caller's accounts for trials.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn testers(ctx: &mut Ctx) -> Result<Vec<Tester>> {
    let staff = member(ctx, Permission::WriteNotices)?;
    rows::trials::of_staff(ctx, staff).await
}

/// Makes a code by which an account of the caller's own is joined: typed on the phone that is to get the trials. An earlier one ends.
///
/// # Errors
/// [`Error::Written`] when there are accounts enough; the store's `Forbidden`.
pub(crate) async fn make_code(ctx: &mut Ctx) -> Result<String> {
    let staff = member(ctx, Permission::WriteNotices)?;
    if rows::trials::of_staff(ctx, staff).await?.len() >= TESTERS_MAX {
        return Err(Error::Written { field: "tester", reason: "testers" });
    }
    let code = secret::code();
    let hash = hash_of(&code).ok_or(Error::Stored("code"))?;
    let until = ctx.now() + CODE_HOLDS;
    rows::trials::used(ctx, staff).await?;
    rows::trials::keep_code(ctx, &hash, staff, until).await?;
    ctx.audit("notice_tester.code", None, &staff.to_string()).await?;
    Ok(code)
}

fn hash_of(typed: &str) -> Option<[u8; 32]> {
    secret::code_hash("notices-tester", typed)
}

/// Joins the caller's account to the member of staff whose code it is.
///
/// # Errors
/// [`Error::TesterCode`] for a code that is none; the store's `Forbidden`.
pub(crate) async fn join(ctx: &mut Ctx, typed: &str) -> Result<()> {
    let account = holder(ctx)?;
    let hash = hash_of(typed).ok_or(Error::TesterCode)?;
    let staff = rows::trials::staff_of_code(ctx, &hash).await?.ok_or(Error::TesterCode)?;
    rows::trials::used(ctx, staff).await?;
    rows::trials::join(ctx, staff, account).await?;
    ctx.audit("notice_tester.joined", None, &staff.to_string()).await?;
    Ok(())
}

/// Whether the caller's account gets trials.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn joined(ctx: &mut Ctx) -> Result<bool> {
    let account = holder(ctx)?;
    Ok(!rows::trials::of_account(ctx, account).await?.is_empty())
}

/// Has the caller's account get no more trials.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn leave(ctx: &mut Ctx) -> Result<()> {
    let account = holder(ctx)?;
    rows::trials::leave_all(ctx, account).await
}

/// Parts one of the caller's accounts.
///
/// # Errors
/// [`Error::NotFound`] for another's; the store's `Forbidden`.
pub(crate) async fn part(ctx: &mut Ctx, id: TesterId) -> Result<()> {
    if !testers(ctx).await?.iter().any(|tester| tester.id == id) {
        return Err(Error::NotFound);
    }
    rows::trials::leave(ctx, id).await
}

/// Sends a draft, or what waits for a second person, to the caller's accounts; gives how many. No count knows of it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::State`] once it has gone out; [`Error::Written`] without an account; the store's `Forbidden`.
pub(crate) async fn send(ctx: &mut Ctx, id: NoticeId) -> Result<usize> {
    let testers = testers(ctx).await?;
    let notice = found(ctx, id).await?;
    if !matches!(notice.state, State::Draft | State::Waiting | State::Scheduled) {
        return Err(Error::State(notice.state));
    }
    if testers.is_empty() {
        return Err(Error::Written { field: "tester", reason: "no-tester" });
    }
    let mut put = Vec::with_capacity(testers.len());
    for tester in &testers {
        let delivery = DeliveryId::new(ctx.now());
        rows::trials::put(ctx, delivery, tester.account, id).await?;
        put.push(delivery);
    }
    rows::deliveries::freshen(ctx, &put).await?;
    ctx.audit("notice.tried", None, &id.to_string()).await?;
    Ok(put.len())
}

/// Deletes trials that are over.
pub(crate) async fn forget(ctx: &mut Ctx) -> Result<u64> {
    let before = ctx.now() - KEPT;
    rows::trials::forget(ctx, before).await
}
