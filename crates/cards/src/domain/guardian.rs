//! By what right somebody shows another person's card, asked anew as of today, and what ends once it is gone.

use std::collections::BTreeSet;

use credential::Refusal;
use store::{AccountId, Ctx, ResidentId};

use crate::domain::hold;
use crate::model::{Ended, Holding, How, Result};
use crate::{people, store as rows};

/// Says why a live holding no longer has the right it came from; nothing while it has.
///
/// A guardian is one as long as the register says so today. A share lasts as long as what it was shared from. While protection measures are in force
/// nobody but the person holds their cards.
///
/// # Errors
/// The store's.
pub(crate) async fn lost(ctx: &mut Ctx, holding: &Holding) -> Result<Option<Ended>> {
    if holding.how == How::Own {
        return Ok(None);
    }
    if is_protected(ctx, holding.resident).await? {
        return Ok(Some(reason(holding)));
    }
    let right = match (holding.how, holding.shared_by) {
        (How::Guardian, _) => acts_for(ctx, holding.account, holding.resident).await?,
        (How::Proxy, Some(principal)) => is_proxy(ctx, holding, principal).await?,
        (_, Some(sharer)) => match rows::live_holding(ctx.tx(), &holding.programme, holding.resident, sharer).await? {
            Some(source) if source.how == How::Guardian => acts_for(ctx, sharer, holding.resident).await?,
            Some(source) => source.how == How::Own,
            None => false,
        },
        (_, None) => false,
    };
    Ok((!right).then(|| reason(holding)))
}

/// Whether a resident is under protection measures: then nobody else may hold their cards.
///
/// # Errors
/// The store's.
pub(crate) async fn is_protected(ctx: &mut Ctx, resident: ResidentId) -> Result<bool> {
    Ok(registry::resident(ctx, resident).await?.is_some_and(|resident| resident.protected))
}

/// Whether the person of an account acts for a resident today: a parent in the same household of a child who is young enough.
async fn acts_for(ctx: &mut Ctx, account: AccountId, ward: ResidentId) -> Result<bool> {
    let Some(guardian) = people::resident_of(ctx, account).await? else { return Ok(false) };
    Ok(registry::wards_of(ctx, guardian).await?.iter().any(|child| child.id == ward))
}

/// Whether the account still acts for the person it was declared to act for, and that person is still who the card is for.
async fn is_proxy(ctx: &mut Ctx, holding: &Holding, principal: AccountId) -> Result<bool> {
    Ok(people::resident_of(ctx, principal).await? == Some(holding.resident)
        && identity::proxy_allows(ctx, holding.account, principal, &holding.programme).await?)
}

/// The reason of a right that is gone. It reads like a household that changed or a share that was ended, whatever lies behind it.
fn reason(holding: &Holding) -> Ended {
    match holding.how {
        How::Shared => Ended::SourceEnded,
        How::Proxy => Ended::NoLongerProxy,
        How::Own | How::Guardian => Ended::NoLongerGuardian,
    }
}

/// What a place is told of a holding whose right is gone: never where the person is, or since when.
pub(crate) fn told(how: How) -> Refusal {
    if matches!(how, How::Shared | How::Proxy) { Refusal::ShareEnded } else { Refusal::Revoked }
}

/// Ends what others hold of the cards of those among these people who are under protection measures.
///
/// To be called before the rules are asked: a move that comes with the measures must not be told as the reason.
///
/// # Errors
/// The store's.
pub(crate) async fn end_of_protected(ctx: &mut Ctx, people: &BTreeSet<ResidentId>) -> Result<()> {
    for id in people {
        let held = rows::holdings_of_resident(ctx.tx(), *id).await?;
        end_where_protected(ctx, held).await?;
    }
    Ok(())
}

/// As [`end_of_protected`], for the whole town.
///
/// # Errors
/// The store's.
pub(crate) async fn end_of_all_protected(ctx: &mut Ctx) -> Result<()> {
    let held = rows::holdings_of_others(ctx.tx()).await?;
    end_where_protected(ctx, held).await
}

async fn end_where_protected(ctx: &mut Ctx, held: Vec<Holding>) -> Result<()> {
    for holding in held.iter().filter(|holding| holding.how != How::Own) {
        if is_protected(ctx, holding.resident).await? {
            hold::end_holding(ctx, holding, reason(holding)).await?;
        }
    }
    Ok(())
}

/// Ends what is held by a right that is gone: of these people's cards by others, and of others' cards by these people. When a parent moves out alone,
/// nothing changes in the child's row.
///
/// # Errors
/// The store's.
pub(crate) async fn end_lost(ctx: &mut Ctx, people: &BTreeSet<ResidentId>) -> Result<()> {
    let now = ctx.now();
    for id in people {
        let mut held = rows::holdings_of_resident(ctx.tx(), *id).await?;
        for link in identity::accounts_of(ctx, *id).await? {
            held.extend(rows::holdings_of_account(ctx.tx(), link.account, now).await?);
        }
        end_where_lost(ctx, held).await?;
    }
    Ok(())
}

/// As [`end_lost`], for the whole town.
///
/// # Errors
/// The store's.
pub(crate) async fn end_all_lost(ctx: &mut Ctx) -> Result<()> {
    let held = rows::holdings_of_others(ctx.tx()).await?;
    end_where_lost(ctx, held).await
}

async fn end_where_lost(ctx: &mut Ctx, held: Vec<Holding>) -> Result<()> {
    for holding in held.iter().filter(|holding| holding.ended_at.is_none()) {
        if let Some(why) = lost(ctx, holding).await? {
            hold::end_holding(ctx, holding, why).await?;
        }
    }
    Ok(())
}
