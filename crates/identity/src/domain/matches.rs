use ::store::{Ctx, Permission, ResidentId, permitted};

use crate::domain::prove;
use crate::store::matches as store;
use crate::{Error, LinkBy, MatchAnswered, MatchAsked, MatchCase, MatchReason, MatchRequest, MatchRequestId, Proven, RejectReason, Result};

/// Asks a clerk to find the resident of a proof just given, which the register alone could not. A request still open for the account is replaced.
///
/// # Errors
/// [`Error::NotProven`] when the proof told no four items.
pub async fn ask_for_match(ctx: &mut Ctx, proven: &Proven, reason: MatchReason) -> Result<MatchRequestId> {
    let (Some(items), Some(keys)) = (&proven.items, proven.keys) else { return Err(Error::NotProven) };
    let account = proven.account.id;
    store::answer(ctx, account, "asked_again").await?;
    let request = MatchRequest { id: MatchRequestId::new(ctx.now()), account, reason, asked_at: ctx.now() };
    let id = request.id;
    let case = MatchCase {
        request,
        name: items.name.clone(),
        address: items.address.clone(),
        date_of_birth: prove::date_of_birth(items),
        sex: prove::sex(items),
        keys,
    };
    store::insert(ctx, &case).await?;
    ctx.record(MatchAsked::KIND, &MatchAsked { request: id, account }).await?;
    Ok(id)
}

/// Gives the open requests, oldest first, without what they say of the persons. Protected ones only to who may resolve them.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn match_requests(ctx: &mut Ctx, limit: u32) -> Result<Vec<MatchRequest>> {
    ctx.allow(Permission::SeeMatching)?;
    let with_protected = permitted(&ctx.actor, Permission::ResolveProtected);
    store::open(ctx, with_protected, limit).await
}

/// Opens a request: the four items to compare. The look is recorded and shown to the person, so the context must write.
///
/// # Errors
/// [`Error::MatchNotOpen`] when there is none, or it is protected and not for these eyes; the store's `Forbidden`.
pub async fn see_match_request(ctx: &mut Ctx, id: MatchRequestId) -> Result<MatchCase> {
    ctx.allow(Permission::SeeMatching)?;
    let case = open_case(ctx, id).await?;
    ctx.audit("match.seen", Some(case.request.account.to_string()), "").await?;
    Ok(case)
}

/// Ties the account of a request to the resident the clerk found. What the request says of the person is deleted.
///
/// # Errors
/// [`Error::MatchNotOpen`]; [`Error::AlreadyLinked`]; the store's `Forbidden`.
pub async fn resolve_match(ctx: &mut Ctx, id: MatchRequestId, resident: ResidentId) -> Result<()> {
    ctx.allow(Permission::ResolveMatch)?;
    let account = open_case(ctx, id).await?.request.account;
    super::links::link(ctx, account, resident, LinkBy::Clerk).await?;
    // An account that was tied to this resident already leaves its request open.
    store::answer(ctx, account, "linked").await?;
    ctx.record(MatchAnswered::KIND, &MatchAnswered { request: id, account, linked: true }).await?;
    Ok(())
}

/// Closes a request without a link. What it says of the person is deleted.
///
/// # Errors
/// [`Error::MatchNotOpen`]; the store's `Forbidden`.
pub async fn reject_match(ctx: &mut Ctx, id: MatchRequestId, reason: RejectReason) -> Result<()> {
    ctx.allow(Permission::ResolveMatch)?;
    let account = open_case(ctx, id).await?.request.account;
    store::answer(ctx, account, reason.as_str()).await?;
    ctx.audit("match.rejected", Some(account.to_string()), reason.as_str()).await?;
    ctx.record(MatchAnswered::KIND, &MatchAnswered { request: id, account, linked: false }).await?;
    Ok(())
}

/// Gives the request whose account asks for a clerk, if one is open: so that the holder can be told it is being looked at.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn match_open_for(ctx: &mut Ctx, account: ::store::AccountId) -> Result<Option<MatchRequest>> {
    super::own_or(ctx, account, Permission::SeePerson)?;
    // Whether it is protected is nothing to tell, not even to who asks for themselves over a shoulder.
    let request = store::open_of(ctx, account).await?;
    Ok(request.map(|request| MatchRequest { reason: MatchReason::NoMatch, ..request }))
}

async fn open_case(ctx: &mut Ctx, id: MatchRequestId) -> Result<MatchCase> {
    let case = store::case(ctx, id).await?.ok_or(Error::MatchNotOpen)?;
    if case.request.reason == MatchReason::Protected && !permitted(&ctx.actor, Permission::ResolveProtected) {
        return Err(Error::MatchNotOpen);
    }
    Ok(case)
}
