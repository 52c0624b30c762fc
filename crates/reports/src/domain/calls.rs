//! Calls for reports: in a disaster the residents of an area, and only they, are asked how things are where they live.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use store::{AccountId, Ctx, Permission};
use town::{Area, ReportCategoryId, Town};
use web::Tell;

use super::{answering, category, holder};
use crate::model::{Call, CallAnswer, CallId, Counts, Error, Report, Result};
use crate::store::{calls as rows, reports};

/// The job that asks the next residents of a call.
pub const ASK: &str = "reports.ask";
/// Residents looked at in one transaction.
const BATCH: u32 = 500;

/// Which residents are asked next.
#[derive(Serialize, Deserialize)]
pub(crate) struct Next {
    call: CallId,
    after: Option<AccountId>,
}

/// What an event of a call says: which, nothing of whom.
#[derive(Serialize)]
struct OfCall {
    call: CallId,
}

/// The districts of a call: those named, and those whose middle lies in the area drawn on the map.
pub(crate) fn districts(town: &Town, named: &[String], area: Option<&Area>) -> Vec<String> {
    let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    let within =
        |district: &&town::District| named.contains(district.name.as_str()) || area.is_some_and(|area| area.holds(district.position()));
    town.districts.iter().filter(within).map(|district| district.name.clone()).collect()
}

/// Begins a call to the residents of some districts. They are told by jobs that follow, in parts, nobody twice.
///
/// # Errors
/// [`Error::Unknown`] without a district or kind of the pack; [`Error::Text`]; the store's `Forbidden`.
pub(crate) async fn begin(ctx: &mut Ctx, kind: &ReportCategoryId, districts: Vec<String>, words: &str) -> Result<Call> {
    let staff = answering(ctx)?;
    let town = Arc::clone(ctx.town());
    category(&town, kind)?;
    if districts.is_empty() {
        return Err(Error::Unknown("district"));
    }
    let words = super::mine::some_words(words)?;
    let now = ctx.now();
    let districts = serde_json::to_string(&districts).map_err(store::Error::from)?;
    let call = Call { id: CallId::new(now), category: kind.clone(), districts, words, begun_at: now, asked_all_at: None, ended_at: None };
    rows::insert(ctx, &call, staff).await?;
    ctx.audit("reports.called", None, &call.id.to_string()).await?;
    ctx.record(super::CALLED, &OfCall { call: call.id }).await?;
    ctx.enqueue(ASK, None, &Next { call: call.id, after: None }, now).await?;
    Ok(call)
}

/// Asks the next residents of a call and puts the rest on the list. Each part is a transaction: what stops in the middle goes on where it was.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn ask_next(ctx: &mut Ctx, next: Next) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    let call = rows::find(ctx, next.call).await?.ok_or(Error::NoSuchCall)?;
    if call.ended_at.is_some() {
        return Ok(());
    }
    let districts: BTreeSet<String> = call.districts().into_iter().collect();
    let links = identity::linked_after(ctx, next.after, BATCH).await?;
    let today = ctx.today();
    for (account, resident) in &links {
        let resident = registry::resident(ctx, *resident).await?;
        let lives_there = resident.is_some_and(|resident| resident.current_on(today) && districts.contains(&resident.district));
        if lives_there && rows::ask(ctx, call.id, *account).await? {
            let told = Tell {
                account: *account,
                text: "reports-told-call".to_owned(),
                args: Vec::new(),
                href: "/reports".to_owned(),
                topic: "reports".to_owned(),
            };
            told.record(ctx).await?;
        }
    }
    match links.last() {
        Some((last, _)) => {
            let now = ctx.now();
            ctx.enqueue(ASK, None, &Next { call: call.id, after: Some(*last) }, now).await?;
        }
        None => rows::asked_all(ctx, call.id).await?,
    }
    Ok(())
}

/// Ends a call: nobody else is asked, and it goes from residents' pages.
///
/// # Errors
/// [`Error::NoSuchCall`] when it is over; the store's `Forbidden`.
pub(crate) async fn end(ctx: &mut Ctx, id: CallId) -> Result<()> {
    answering(ctx)?;
    if rows::end(ctx, id).await? { Ok(()) } else { Err(Error::NoSuchCall) }
}

/// Gives every call, newest first, with how it stands.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn all(ctx: &mut Ctx) -> Result<Vec<(Call, Counts)>> {
    answering(ctx)?;
    let mut calls = Vec::new();
    for call in rows::all(ctx).await? {
        let counts = rows::counts(ctx, call.id).await?;
        calls.push((call, counts));
    }
    Ok(calls)
}

/// Gives a call, how it stands, and the reports that answer it.
///
/// # Errors
/// [`Error::NoSuchCall`]; the store's `Forbidden`.
pub(crate) async fn one(ctx: &mut Ctx, id: CallId) -> Result<(Call, Counts, Vec<Report>)> {
    answering(ctx)?;
    let call = rows::find(ctx, id).await?.ok_or(Error::NoSuchCall)?;
    let counts = rows::counts(ctx, id).await?;
    let answers = reports::of_call(ctx, id).await?;
    Ok((call, counts, answers))
}

/// Gives the calls the caller was asked and that are open, with what they answered.
///
/// # Errors
/// The store's.
pub(crate) async fn mine(ctx: &mut Ctx) -> Result<Vec<(Call, Option<CallAnswer>)>> {
    let account = holder(ctx)?;
    let mut calls = Vec::new();
    for call in rows::open_for(ctx, account).await? {
        let answer = rows::answer_of(ctx, call.id, account).await?.flatten();
        calls.push((call, answer));
    }
    Ok(calls)
}

/// Says that nothing is broken where the caller lives.
///
/// # Errors
/// [`Error::NoSuchCall`] when it is over or asked somebody else.
pub(crate) async fn fine(ctx: &mut Ctx, id: CallId) -> Result<()> {
    let account = holder(ctx)?;
    let open = rows::find(ctx, id).await?.is_some_and(|call| call.ended_at.is_none());
    match rows::answer_of(ctx, id, account).await?.filter(|_| open) {
        None => Err(Error::NoSuchCall),
        // Who reported damage said more already.
        Some(Some(CallAnswer::Damage)) => Ok(()),
        Some(_) => rows::answer(ctx, id, account, CallAnswer::Fine).await,
    }
}
