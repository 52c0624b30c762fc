//! People with more than one account: seen side by side, and made one.

use askama::Template;
use axum::Form;
use axum::response::{Redirect, Response};
use registry::Register;
use serde::Deserialize;
use store::{AccountId, Ctx, Permission, Register as _, ResidentId};
use web::{Caller, Page, Problem, View, staff};

/// Residents on the page.
const SHOWN_MAX: u32 = 100;

#[derive(Template)]
#[template(path = "duplicates.html")]
struct Duplicates<'a> {
    view: &'a View,
    people: Vec<Person>,
}

struct Person {
    resident: ResidentId,
    number: String,
    accounts: Vec<Account>,
}

struct Account {
    id: AccountId,
    name: String,
    opened: String,
    assurance: String,
}

impl Person {
    /// Which to keep with which to close: every account but the surest and oldest, each beside it.
    fn pairs(&self) -> Vec<(&Account, &Account)> {
        let Some((first, others)) = self.accounts.split_first() else { return Vec::new() };
        others.iter().map(|other| (first, other)).collect()
    }
}

/// Residents who have several accounts. People under protection measures are seen by who may know of them; each look is recorded.
pub(crate) async fn list(view: View, Caller(mut ctx): Caller) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::ResolveMatch).await?;
    let mut people = Vec::new();
    for (resident, accounts) in identity::duplicates(&mut ctx, SHOWN_MAX).await? {
        if Register.may_know(&mut ctx, resident).await? {
            people.push(person(&view, &mut ctx, resident, accounts).await?);
        }
    }
    let title = view.t("menu-duplicates");
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &Duplicates { view: &view, people });
    ctx.commit().await?;
    Ok(page)
}

async fn person(view: &View, ctx: &mut Ctx, resident: ResidentId, accounts: Vec<AccountId>) -> Result<Person, Problem> {
    let seen = registry::see_resident(ctx, resident).await.map_err(crate::access::refused)?;
    let mut known = Vec::new();
    for id in accounts {
        known.push(identity::account(ctx, id).await?);
    }
    // What was proven most surely is kept, and of equals the older.
    known.sort_by_key(|account| (std::cmp::Reverse(account.assurance), account.opened_at));
    let row = |account: identity::Account| Account {
        id: account.id,
        name: account.name,
        opened: view.moment(&account.opened_at),
        assurance: view.t(&format!("console-assurance-{}", account.assurance.as_str().replace('_', "-"))),
    };
    Ok(Person { resident, number: seen.register_id.to_string(), accounts: known.into_iter().map(row).collect() })
}

#[derive(Deserialize)]
pub(crate) struct Pair {
    keep: AccountId,
    close: AccountId,
}

/// Makes one account of two.
pub(crate) async fn merge(Caller(mut ctx): Caller, Form(pair): Form<Pair>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ResolveMatch).await?;
    identity::merge_accounts(&mut ctx, &Register, pair.keep, pair.close).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/duplicates"))
}
