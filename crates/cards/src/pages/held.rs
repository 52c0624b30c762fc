//! Who shows a resident's cards, and ending one at the counter.

use ::store::{Ctx, Permission, ResidentId};
use askama::Template;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use web::{Caller, Page, Problem, View, staff};

use crate::domain;
use crate::model::{Holding, HoldingId};

#[derive(Template)]
#[template(path = "staff_held.html")]
struct Held<'a> {
    view: &'a View,
    title: &'a str,
    resident: ResidentId,
    cards: Vec<Row>,
}

struct Row {
    id: HoldingId,
    programme: String,
    /// Who shows it, and by what right.
    who: String,
    how: String,
    since: String,
}

/// The cards that are shown for a resident, by whom.
pub(super) async fn page(view: View, Caller(mut ctx): Caller, Path(resident): Path<ResidentId>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::EndCard).await?;
    let mut cards = Vec::new();
    for holding in domain::cards_of_resident(&mut ctx, resident).await? {
        cards.push(row(&view, &mut ctx, holding).await?);
    }
    let title = view.t("staff-held-title");
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &Held { view: &view, title: &title, resident, cards });
    ctx.commit().await?;
    Ok(page)
}

async fn row(view: &View, ctx: &mut Ctx, holding: Holding) -> Result<Row, Problem> {
    let programme = view.app.town().programme(&holding.programme).map(|programme| view.words(&programme.name).to_owned());
    Ok(Row {
        id: holding.id,
        programme: programme.unwrap_or_default(),
        who: identity::account(ctx, holding.account).await?.name,
        how: view.t(&format!("staff-held-{}", holding.how)),
        since: view.moment(&holding.created_at),
    })
}

/// Ends one of them in every phone.
pub(super) async fn end(Caller(mut ctx): Caller, Path((resident, holding)): Path<(ResidentId, HoldingId)>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::EndCard).await?;
    let cards = domain::cards_of_resident(&mut ctx, resident).await?;
    if !cards.iter().any(|card| card.id == holding) {
        return Err(Problem::not_found());
    }
    domain::end_by_clerk(&mut ctx, holding).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/people/{resident}/cards")))
}
