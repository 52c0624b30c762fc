//! What becomes of reports when accounts end and time passes.

use std::sync::Arc;

use jiff::SignedDuration;
use store::{AccountId, Ctx, Permission};

use super::is_protected;
use crate::model::Result;
use crate::rules::DRAFTS_KEPT;
use crate::store::{calls, reports as rows};

/// The account is closed: what it sent stays with the town without it, drafts go.
///
/// # Errors
/// The store's.
pub(crate) async fn closed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for draft in rows::part(ctx, account).await? {
        rows::delete(ctx, draft).await?;
    }
    calls::forget(ctx, account).await
}

/// Two accounts of one person became one.
///
/// # Errors
/// The store's.
pub(crate) async fn merged(ctx: &mut Ctx, kept: AccountId, closed: AccountId) -> Result<()> {
    rows::give_over(ctx, closed, kept).await?;
    calls::give_over(ctx, closed, kept).await
}

/// Shows no more than the district of what people wrote who came under protection measures since it was published.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn protect(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    for account in rows::public_writers(ctx).await? {
        if is_protected(ctx, account).await? {
            rows::make_coarse(ctx, account).await?;
        }
    }
    Ok(())
}

/// Deletes drafts nobody sent, and what was settled longer ago than the pack says.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn forget_old(ctx: &mut Ctx) -> Result<usize> {
    ctx.allow(Permission::RunHouse)?;
    let now = ctx.now();
    let mut old = rows::old_drafts(ctx, now - DRAFTS_KEPT).await?;
    let town = Arc::clone(ctx.town());
    if let Some(reports) = &town.reports {
        let kept = SignedDuration::from_hours(24 * i64::from(reports.kept_days));
        old.extend(rows::old_settled(ctx, now - kept).await?);
    }
    for id in &old {
        rows::delete(ctx, *id).await?;
    }
    Ok(old.len())
}
