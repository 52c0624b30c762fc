//! By what right somebody shows another person's card, asked anew as of today, and what ends once it is gone.

use std::collections::BTreeSet;

use credential::Refusal;
use identity::{Assurance, Proxy};
use store::{AccountId, Ctx, ResidentId};
use town::Programme;

use crate::domain::hold;
use crate::model::{Ended, Holding, How, Result};
use crate::{people, store as rows};

/// By what right an account may have somebody's cards: a person may be reached by several.
pub(crate) struct Right {
    pub(crate) resident: ResidentId,
    pub(crate) how: How,
    /// How surely it is known whose the card is: the account's own person, or the one who declared it.
    pub(crate) assurance: Assurance,
    /// The declaration, where there is one.
    pub(crate) proxy: Option<Proxy>,
}

impl Right {
    /// Whether a programme's card may be had by it.
    pub(crate) fn allows(&self, programme: &Programme) -> bool {
        programme.may_be_shown_by(self.how.shown_by()) && self.proxy.as_ref().is_none_or(|proxy| proxy.scope.covers(&programme.id))
    }
}

/// The rights of an account today: to its own person's cards, to its children's, and to those of whom it acts for, which need not live with it or in the
/// town. Of people under protection measures there is none by declaration.
///
/// # Errors
/// The store's.
pub(crate) async fn rights_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Right>> {
    let linked = people::resident_of(ctx, account).await?;
    let me = people::holder_of(ctx, account).await?;
    let assurance = identity::assurance_of(ctx, account).await?;
    let mut rights = Vec::new();
    if let Some(resident) = me {
        rights.push(Right { resident, how: How::Own, assurance, proxy: None });
    }
    if let Some(resident) = linked {
        for child in registry::wards_of(ctx, resident).await? {
            rights.push(Right { resident: child.id, how: How::Guardian, assurance, proxy: None });
        }
    }
    for proxy in identity::principals_of(ctx, account).await? {
        let Some(resident) = people::resident_of(ctx, proxy.principal).await? else { continue };
        if Some(resident) != me && !is_protected(ctx, resident).await? {
            let assurance = identity::assurance_of(ctx, proxy.principal).await?;
            rights.push(Right { resident, how: How::Proxy, assurance, proxy: Some(proxy) });
        }
    }
    Ok(rights)
}

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
