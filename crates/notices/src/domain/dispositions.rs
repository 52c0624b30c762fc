//! Dispositions sent electronically (処分通知): agreed to beforehand, signed by the town, with proof of when they came and were opened.

pub(crate) mod consent;
pub(crate) mod proof;
pub(crate) mod release;
pub(crate) mod write;

use std::collections::BTreeSet;
use std::sync::Arc;

use pdfseal::Sealer;
use store::{AccountId, Ctx, ResidentId};
use town::{DispositionKind, TopicId};

use super::reach::residents_of;
use crate::disposition::{Consent, Disposition};
use crate::model::{Error, Result};
use crate::store as rows;

/// The town's key, if it has one.
pub(crate) type Seal = Option<Arc<Sealer>>;

/// The kind of the pack. A kind that was taken out of it stops what is not sent yet.
pub(crate) fn kind_of(ctx: &Ctx, id: &TopicId) -> Result<DispositionKind> {
    ctx.town().disposition_kind(id).cloned().ok_or(Error::NoKind)
}

/// What stands for a resident today: agreed to by themself, or by who acts for them where the kind allows it.
pub(crate) async fn standing(ctx: &mut Ctx, resident: ResidentId, kind: &DispositionKind) -> Result<Option<Consent>> {
    for consent in rows::dispositions::agreed(ctx, resident, &kind.id).await? {
        if speaks_for(ctx, consent.account, resident, kind).await? {
            return Ok(Some(consent));
        }
    }
    Ok(None)
}

/// Whether an account is the resident's own, or one that acts for them as the kind allows.
pub(crate) async fn speaks_for(ctx: &mut Ctx, account: AccountId, resident: ResidentId, kind: &DispositionKind) -> Result<bool> {
    let (own, wards) = residents_of(ctx, account).await?;
    Ok(own == Some(resident) || (kind.guardians && wards.contains(&resident)))
}

/// Whether a guardian reads a child's disposition: only who agreed to get this kind for the child.
pub(crate) async fn may_read_childs(ctx: &mut Ctx, account: AccountId, child: ResidentId, disposition: &Disposition) -> Result<bool> {
    let Ok(kind) = kind_of(ctx, &disposition.kind) else { return Ok(false) };
    let agreed = rows::dispositions::agreed(ctx, child, &disposition.kind).await?;
    Ok(kind.guardians && agreed.iter().any(|consent| consent.account == account))
}

/// Accounts that agreed to a kind, and for whom.
pub(crate) type Agreeing = BTreeSet<(AccountId, ResidentId)>;

/// Who agreed to the kind of a disposition; none for any other notice, of which nobody has to agree.
pub(crate) async fn agreeing(ctx: &mut Ctx, disposition: Option<&Disposition>) -> Result<Option<Agreeing>> {
    let Some(disposition) = disposition else { return Ok(None) };
    Ok(Some(rows::dispositions::agreeing(ctx, &disposition.kind).await?.into_iter().collect()))
}

/// Whether an account that is not the resident's own may be told of it, as far as agreeing goes.
pub(crate) fn agrees(agreeing: Option<&Agreeing>, account: AccountId, resident: ResidentId) -> bool {
    agreeing.is_none_or(|agreeing| agreeing.contains(&(account, resident)))
}
