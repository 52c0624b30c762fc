//! The clerk's queue: accounts whose resident the register alone could not say.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use identity::{MatchCase, MatchReason, MatchRequestId, RejectReason};
use registry::{Register, Resident, ResidentId, Search};
use serde::Deserialize;
use store::{Ctx, Permission, permitted};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use crate::access::refused;
use crate::listed::Listed;
use crate::words;

/// Requests on the page.
const QUEUE_MAX: u32 = 200;

#[derive(Template)]
#[template(path = "matching_queue.html")]
struct Queue<'a> {
    view: &'a View,
    rows: Vec<Waiting>,
}

struct Waiting {
    id: MatchRequestId,
    asked: String,
    reason: String,
    tag: &'static str,
}

fn reason(view: &View, reason: MatchReason) -> (String, &'static str) {
    match reason {
        MatchReason::NoMatch => (view.t("console-reason-no-match"), "tag"),
        MatchReason::Ambiguous => (view.t("console-reason-ambiguous"), "tag tag--warn"),
        MatchReason::Protected => (view.t("console-reason-protected"), "tag tag--bad"),
        MatchReason::Decided => (view.t("console-reason-decided"), "tag tag--warn"),
    }
}

/// The open requests, oldest first; what they say of the persons is seen only when one is opened.
pub(crate) async fn queue(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeMatching).await?;
    let requests = identity::match_requests(&mut ctx, &Register, QUEUE_MAX).await?;
    let row = |request: &identity::MatchRequest| {
        let (reason, tag) = reason(&view, request.reason);
        Waiting { id: request.id, asked: view.moment(&request.asked_at), reason, tag }
    };
    let rows = requests.iter().map(row).collect();
    let title = view.t("menu-matching");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &Queue { view: &view, rows }))
}

#[derive(Template)]
#[template(path = "matching_case.html")]
struct CasePage<'a> {
    view: &'a View,
    id: MatchRequestId,
    items: Vec<(String, String)>,
    reason: String,
    tag: &'static str,
    candidates: Vec<Listed>,
    may_resolve: bool,
    reasons: Vec<(&'static str, String)>,
    error: Option<(&'static str, String)>,
}

/// A request opened: the four items beside those who could be meant. The looks are recorded.
pub(crate) async fn case(view: View, Caller(mut ctx): Caller, Path(id): Path<MatchRequestId>) -> Result<Response, Problem> {
    let page = case_page(&view, &mut ctx, id, None).await?;
    ctx.commit().await?;
    Ok(page)
}

async fn case_page(view: &View, ctx: &mut Ctx, id: MatchRequestId, error: Option<(&'static str, String)>) -> Result<Response, Problem> {
    let name = staff(ctx, Permission::SeeMatching).await?;
    let case = identity::see_match_request(ctx, &Register, id).await?;
    let found = candidates(ctx, &case).await?;
    let (reason, tag) = reason(view, case.request.reason);
    let reject = |reason: &RejectReason| (reason.as_str(), view.t(&format!("console-reject-{}", reason.as_str().replace('_', "-"))));
    let body = CasePage {
        view,
        id,
        items: vec![
            (view.t("console-item-name"), case.name.clone()),
            (view.t("console-item-address"), case.address.clone()),
            (view.t("console-item-birth"), words::birth(view, Some(case.date_of_birth))),
            (view.t("console-item-sex"), words::sex(view, case.sex)),
        ],
        reason,
        tag,
        candidates: found.iter().map(|resident| Listed::of(view, resident)).collect(),
        may_resolve: permitted(&ctx.actor, Permission::ResolveMatch),
        reasons: RejectReason::ALL.iter().map(reject).collect(),
        error,
    };
    let title = view.t("console-match-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

async fn candidates(ctx: &mut Ctx, case: &MatchCase) -> Result<Vec<Resident>, Problem> {
    let keys = case.keys;
    registry::match_candidates(ctx, &keys).await.map_err(refused)
}

#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    resident: String,
    #[serde(default)]
    register_id: String,
}

/// Links the account to the candidate chosen, or to the resident whose number was typed.
pub(crate) async fn link(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<MatchRequestId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::ResolveMatch).await?;
    let Some(resident) = chosen_resident(&mut ctx, id, &chosen).await? else {
        let (field, key) = if chosen.register_id.trim().is_empty() {
            ("candidates", "console-match-choose")
        } else {
            ("register_id", "console-match-unknown")
        };
        let page = to_mend(case_page(&view, &mut ctx, id, Some((field, view.t(key)))).await?);
        ctx.commit().await?;
        return Ok(page);
    };
    identity::resolve_match(&mut ctx, &Register, id, resident).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/matching").into_response())
}

/// Only somebody the clerk could have been shown may be linked: a candidate, or who the search by number gives.
async fn chosen_resident(ctx: &mut Ctx, id: MatchRequestId, chosen: &Chosen) -> Result<Option<ResidentId>, Problem> {
    let typed = chosen.register_id.trim();
    if !typed.is_empty() {
        let wanted = Search { register_id: Some(typed.to_owned()), ..Search::default() };
        let found = registry::search(ctx, &wanted).await.map_err(refused)?;
        return Ok(found.first().map(|resident| resident.id));
    }
    let Ok(wanted) = chosen.resident.parse::<ResidentId>() else { return Ok(None) };
    let case = identity::see_match_request(ctx, &Register, id).await?;
    Ok(candidates(ctx, &case).await?.into_iter().map(|resident| resident.id).find(|resident| *resident == wanted))
}

#[derive(Deserialize)]
pub(crate) struct Why {
    #[serde(default)]
    reason: String,
}

/// Closes the request without a link, for a reason.
pub(crate) async fn reject(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<MatchRequestId>,
    Form(Why { reason }): Form<Why>,
) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::ResolveMatch).await?;
    let Ok(reason) = reason.parse::<RejectReason>() else {
        let page = to_mend(case_page(&view, &mut ctx, id, Some(("reasons", view.t("console-match-why")))).await?);
        ctx.commit().await?;
        return Ok(page);
    };
    identity::reject_match(&mut ctx, &Register, id, reason).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/matching").into_response())
}
