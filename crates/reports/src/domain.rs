//! One function for each thing a reporter, a neighbour, a member of staff or another's program can do: allow, load, decide, save, record.

pub(crate) mod bulk;
pub(crate) mod calls;
pub(crate) mod clients;
pub(crate) mod desk;
pub(crate) mod draft;
pub(crate) mod life;
pub(crate) mod mine;
pub(crate) mod photos;
pub(crate) mod public;
pub(crate) mod statistics;

use std::sync::Arc;

use serde::Serialize;
use store::{AccountId, Actor, Ctx, Permission, StaffId};
use town::{ReportCategory, ReportCategoryId, Reporter, Reports, Town};

use crate::model::{Error, Report, ReportId, Result};
use crate::rules;
use crate::store::reports as rows;

/// The event of a report that was sent.
pub const SENT: &str = "reports.sent";
/// The event of a report whose step, section, urgency or visibility changed.
pub const CHANGED: &str = "reports.changed";
/// The event of a call for reports.
pub const CALLED: &str = "reports.called";

/// What an event of this room says: which report, nothing of what it is about.
#[derive(Serialize)]
struct OfReport {
    report: ReportId,
}

async fn note_event(ctx: &mut Ctx, kind: &'static str, report: ReportId) -> Result<()> {
    ctx.record(kind, &OfReport { report }).await?;
    Ok(())
}

/// The reports of the town's pack.
pub(crate) fn settings(town: &Town) -> Result<&Reports> {
    town.reports.as_ref().ok_or(Error::NotTaken)
}

/// A kind of report of the pack.
pub(crate) fn category<'a>(town: &'a Town, id: &ReportCategoryId) -> Result<&'a ReportCategory> {
    settings(town)?.category(id).ok_or(Error::Unknown("category"))
}

/// Whether texts of a reporter have a word of danger of the pack in them.
fn tells_of_danger(ctx: &Ctx, texts: &[&str]) -> Result<bool> {
    let words = &settings(ctx.town())?.danger_words;
    Ok(texts.iter().any(|text| rules::tells_of_danger(text, words)))
}

/// The account that asks.
pub(crate) fn holder(ctx: &Ctx) -> Result<AccountId> {
    ctx.allow(Permission::OwnAccount)?;
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(store::Error::Forbidden(Permission::OwnAccount).into()),
    }
}

/// The member of staff who asks, if they answer reports.
pub(crate) fn answering(ctx: &Ctx) -> Result<StaffId> {
    ctx.allow(Permission::AnswerReports)?;
    match ctx.actor {
        Actor::Staff(id, _) => Ok(id),
        _ => Err(store::Error::Forbidden(Permission::AnswerReports).into()),
    }
}

/// The caller's own report or draft.
async fn own(ctx: &mut Ctx, id: ReportId) -> Result<(AccountId, Report)> {
    let account = holder(ctx)?;
    let report = rows::find(ctx, id).await?.filter(|report| report.account == Some(account)).ok_or(Error::NoSuchReport)?;
    Ok((account, report))
}

/// Refuses who may not report this.
async fn may_report(ctx: &mut Ctx, account: AccountId, category: &ReportCategory) -> Result<()> {
    if !identity::assurance_of(ctx, account).await?.meets(category.proof) {
        return Err(Error::NotProven);
    }
    let town = Arc::clone(ctx.town());
    if settings(&town)?.who == Reporter::Resident {
        let today = ctx.today();
        let resident = resident_of(ctx, account).await?;
        if !resident.is_some_and(|resident| resident.current_on(today)) {
            return Err(Error::NotResident);
        }
    }
    Ok(())
}

/// The resident of an account, where it is linked to one.
async fn resident_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<registry::Resident>> {
    match identity::link_of(ctx, account).await? {
        Some(resident) => Ok(registry::resident(ctx, resident).await?),
        None => Ok(None),
    }
}

/// Whether the person of an account is under protection measures.
async fn is_protected(ctx: &mut Ctx, account: AccountId) -> Result<bool> {
    Ok(resident_of(ctx, account).await?.is_some_and(|resident| resident.protected))
}
