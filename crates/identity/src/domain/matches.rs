use ::store::{AccountId, Ctx, Match, MatchKeys, Permission, Register, ResidentId, permitted};

use crate::domain::{links, prove};
use crate::store::links::Parted;
use crate::store::{links as kept, matches as store};
use crate::{Error, MatchAnswered, MatchAsked, MatchCase, MatchReason, MatchRequest, MatchRequestId, Proven, RejectReason, Result};

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

/// Marks the open requests of people who have come under protection measures since they asked: for the house, after a bundle.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn protect_matches(ctx: &mut Ctx, register: &dyn Register) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    for (id, keys) in store::unprotected(ctx).await? {
        if is_protected(ctx, register, keys).await? {
            store::protect(ctx, id).await?;
        }
    }
    Ok(())
}

/// Gives the open requests, oldest first, without what they say of the persons. Protected ones only to who may resolve them; the register is asked
/// anew of each, since somebody may have come under protection after asking.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn match_requests(ctx: &mut Ctx, register: &dyn Register, limit: u32) -> Result<Vec<MatchRequest>> {
    ctx.allow(Permission::SeeMatching)?;
    let with_protected = permitted(&ctx.actor, Permission::ResolveProtected);
    let mut shown = Vec::new();
    for (mut request, keys) in store::open(ctx, with_protected, limit).await? {
        request.reason = reason_now(ctx, register, request.reason, keys).await?;
        if with_protected || request.reason != MatchReason::Protected {
            shown.push(request);
        }
    }
    Ok(shown)
}

/// Opens a request: the four items to compare. The look is recorded and shown to the person, so the context must write.
///
/// # Errors
/// [`Error::MatchNotOpen`] when there is none, or the person is under protection now and not for these eyes; the store's `Forbidden`.
pub async fn see_match_request(ctx: &mut Ctx, register: &dyn Register, id: MatchRequestId) -> Result<MatchCase> {
    ctx.allow(Permission::SeeMatching)?;
    let case = open_case(ctx, register, id).await?;
    ctx.audit("match.seen", Some(case.request.account.to_string()), "").await?;
    Ok(case)
}

/// Ties the account of a request to the resident the clerk found, one the clerk may know of. What the request says of the person is deleted.
///
/// # Errors
/// [`Error::MatchNotOpen`]; [`Error::ResidentNotFound`], also for somebody under protection and not for these eyes; [`Error::AlreadyLinked`]; the
/// store's `Forbidden`.
pub async fn resolve_match(ctx: &mut Ctx, register: &dyn Register, id: MatchRequestId, resident: ResidentId) -> Result<()> {
    ctx.allow(Permission::ResolveMatch)?;
    let account = open_case(ctx, register, id).await?.request.account;
    if !register.may_know(ctx, resident).await? {
        return Err(Error::ResidentNotFound);
    }
    if links::is_tied(ctx, account, resident).await? {
        store::answer(ctx, account, "linked").await?;
    } else {
        links::tie(ctx, account, resident, "clerk").await?;
    }
    ctx.record(MatchAnswered::KIND, &MatchAnswered { request: id, account, linked: true }).await?;
    Ok(())
}

/// Closes a request without a link. What it says of the person is deleted, and no bundle ties the account by itself any more.
///
/// # Errors
/// [`Error::MatchNotOpen`]; the store's `Forbidden`.
pub async fn reject_match(ctx: &mut Ctx, register: &dyn Register, id: MatchRequestId, reason: RejectReason) -> Result<()> {
    ctx.allow(Permission::ResolveMatch)?;
    let account = open_case(ctx, register, id).await?.request.account;
    store::answer(ctx, account, reason.as_str()).await?;
    kept::part(ctx, account, Parted { resident: None, rejected: Some(reason) }).await?;
    ctx.audit("match.rejected", Some(account.to_string()), reason.as_str()).await?;
    ctx.record(MatchAnswered::KIND, &MatchAnswered { request: id, account, linked: false }).await?;
    Ok(())
}

/// Gives the request whose account asks for a clerk, if one is open: so that the holder can be told it is being looked at.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn match_open_for(ctx: &mut Ctx, account: AccountId) -> Result<Option<MatchRequest>> {
    super::own_or(ctx, account, Permission::SeePerson)?;
    // Whether it is protected is nothing to tell, not even to who asks for themselves over a shoulder.
    let request = store::open_of(ctx, account).await?;
    Ok(request.map(|request| MatchRequest { reason: MatchReason::NoMatch, ..request }))
}

async fn open_case(ctx: &mut Ctx, register: &dyn Register, id: MatchRequestId) -> Result<MatchCase> {
    let mut case = store::case(ctx, id).await?.ok_or(Error::MatchNotOpen)?;
    case.request.reason = reason_now(ctx, register, case.request.reason, case.keys).await?;
    if case.request.reason == MatchReason::Protected && !permitted(&ctx.actor, Permission::ResolveProtected) {
        return Err(Error::MatchNotOpen);
    }
    Ok(case)
}

/// Why a request waits, as the register stands now: protection once noted stays, and what came since is seen.
async fn reason_now(ctx: &mut Ctx, register: &dyn Register, noted: MatchReason, keys: MatchKeys) -> Result<MatchReason> {
    if noted != MatchReason::Protected && is_protected(ctx, register, keys).await? {
        return Ok(MatchReason::Protected);
    }
    Ok(noted)
}

async fn is_protected(ctx: &mut Ctx, register: &dyn Register, keys: MatchKeys) -> Result<bool> {
    Ok(register.find(ctx, keys).await? == Match::Protected)
}
