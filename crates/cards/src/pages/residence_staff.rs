//! Neighbours that are believed, rolls of digital residents, and who is on them: for the staff.

use ::store::{AccountId, Permission};
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use identity::{Belonging, BelongsBy, ResidenceId};
use serde::Deserialize;
use town::NeighbourId;
use web::{Caller, Page, Problem, Reader, View, staff};

use crate::domain::{self, NeighbourKept};
use crate::pages::residence::name_of;

/// People on one page.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "staff_residence.html")]
struct Guests<'a> {
    view: &'a View,
    neighbours: Vec<NeighbourRow>,
    rolls: Vec<RollRow>,
    /// Nothing for who may not see people.
    people: Option<Vec<PersonRow>>,
    next: Option<ResidenceId>,
    /// Whether the reader may end one, and ask a neighbour at once.
    may_end: bool,
}

struct NeighbourRow {
    id: NeighbourId,
    name: String,
    issuer: String,
    people: i64,
    followed: String,
    /// The key of what went wrong last.
    fault: Option<String>,
    silent: bool,
}

struct RollRow {
    name: String,
    people: i64,
    limit: Option<u32>,
}

struct PersonRow {
    id: ResidenceId,
    account: AccountId,
    by: &'static str,
    name: String,
    since: String,
    until: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct From {
    after: Option<ResidenceId>,
}

/// Neighbours, rolls, and a page of people by number; a name is seen only where the look is recorded.
pub(super) async fn page(view: View, Reader(mut ctx): Reader, Query(from): Query<From>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeProgrammes).await?;
    let town = ctx.town().clone();
    let counts = identity::residence_counts(&mut ctx).await?;
    let people_of = |by, to: &str| counts.iter().find(|count| count.by == by && count.to == to).map_or(0, |count| count.people);
    let mut neighbours = Vec::new();
    for neighbour in &town.neighbours {
        let NeighbourKept { followed, silent } = domain::neighbour_kept(&mut ctx, neighbour).await?;
        neighbours.push(NeighbourRow {
            id: neighbour.id.clone(),
            name: view.words(&neighbour.name).to_owned(),
            issuer: neighbour.issuer.clone(),
            people: people_of(BelongsBy::Neighbour, neighbour.id.as_str()),
            followed: followed.followed_at.map_or_else(|| "—".to_owned(), |at| view.moment(&at)),
            fault: followed.fault.map(|fault| format!("staff-guests-fault-{}", fault.replace('_', "-"))),
            silent,
        });
    }
    let rolls = town.digital_residents.iter().map(|roll| RollRow {
        name: view.words(&roll.name).to_owned(),
        people: people_of(BelongsBy::Digital, roll.id.as_str()),
        limit: roll.limit,
    });
    let rolls = rolls.collect();
    let listed = match ctx.allow(Permission::SeePerson).is_ok() {
        true => Some(identity::guests_after(&mut ctx, from.after, PAGE).await?),
        false => None,
    };
    let next = listed.as_ref().filter(|page| page.len() == PAGE as usize).and_then(|page| Some(page.last()?.id));
    let row = |found: &Belonging| PersonRow {
        id: found.id,
        account: found.account,
        by: if found.by == BelongsBy::Neighbour { "residence-by-neighbour" } else { "residence-by-digital" },
        name: name_of(&view, &town, found),
        since: view.moment(&found.since),
        until: view.day(&found.until),
    };
    let people = listed.map(|page| page.iter().map(row).collect());
    let may_end = ctx.allow(Permission::EndCard).is_ok();
    let title = view.t("staff-guests-title");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &Guests { view: &view, neighbours, rolls, people, next, may_end }))
}

/// Has a neighbour asked at once.
pub(super) async fn follow(Caller(mut ctx): Caller, Path(id): Path<NeighbourId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::EndCard).await?;
    domain::follow_now(&mut ctx, &id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/residence"))
}

/// Ends one at the counter.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<ResidenceId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::EndCard).await?;
    identity::end_residence(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/residence"))
}
