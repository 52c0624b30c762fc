//! What a clerk does for who stands at the counter without a phone, or without a card that can be read: an account, something to tap with, somebody who
//! acts for them; and for who lost everything.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use civil::{PartialDate, Sex};
use identity::{CounterItems, Document, MediumEnd, MediumId, ProxyId};
use jiff::ToSpan as _;
use registry::Register;
use serde::Deserialize;
use store::{AccountId, Ctx, Permission, Register as _};
use town::{Medium, Programme};
use web::{App, Caller, Page, Problem, Reader, View, staff, to_mend};

use crate::domain::{Proofing, link_proven};
use crate::media::{self, Accepted, Made, Why};
use crate::proxies::{self, Declared};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/staff/counter", get(form).post(open))
        .route("/staff/counter/{account}", get(served))
        .route("/staff/counter/{account}/bind", post(bind))
        .route("/staff/counter/{account}/make", post(make))
        .route("/staff/counter/{account}/media/{medium}/end", post(end_medium))
        .route("/staff/counter/{account}/proxies", post(declare))
        .route("/staff/counter/{account}/proxies/{proxy}/end", post(end_proxy))
        .route("/staff/counter/{account}/lost", post(lost))
}

/// The four items as typed from a document.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Typed {
    name: String,
    address: String,
    date_of_birth: String,
    sex: String,
    document: String,
}

impl Typed {
    /// What was typed, or the field that must be mended.
    fn read(&self) -> Result<(CounterItems, Document), &'static str> {
        let filled = |text: &str| !text.trim().is_empty();
        if !filled(&self.name) {
            return Err("name");
        }
        if !filled(&self.address) {
            return Err("address");
        }
        let day = civil::read_day(&self.date_of_birth).ok().flatten().ok_or("date_of_birth")?;
        let date_of_birth: PartialDate = day.to_string().parse().map_err(|_| "date_of_birth")?;
        let sex = [Sex::Male, Sex::Female, Sex::NotStated].into_iter().find(|sex| sex.as_str() == self.sex).ok_or("sex")?;
        let document = self.document.parse().map_err(|_| "document")?;
        Ok((CounterItems { name: self.name.clone(), address: self.address.clone(), date_of_birth, sex }, document))
    }
}

#[derive(Template)]
#[template(path = "counter.html")]
struct Asking<'a> {
    view: &'a View,
    typed: &'a Typed,
    error: Option<&'static str>,
}

impl Asking<'_> {
    fn sexes(&self) -> Vec<(&'static str, String)> {
        [Sex::Female, Sex::Male, Sex::NotStated]
            .map(|sex| (sex.as_str(), self.view.t(&format!("counter-sex-{}", sex.as_str().replace('_', "-")))))
            .into()
    }

    fn documents(&self) -> Vec<(&'static str, String)> {
        let named =
            |document: &Document| (document.as_str(), self.view.t(&format!("counter-document-{}", document.as_str().replace('_', "-"))));
        Document::ALL.iter().map(named).collect()
    }

    fn fault(&self, field: &str) -> Option<String> {
        self.error.filter(|error| *error == field).map(|field| self.view.t(&format!("counter-error-{}", field.replace('_', "-"))))
    }
}

async fn form(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    form_page(&view, &mut ctx, &Typed::default(), None).await
}

async fn form_page(view: &View, ctx: &mut Ctx, typed: &Typed, error: Option<&'static str>) -> Result<Response, Problem> {
    let name = staff(ctx, Permission::ServeCounter).await?;
    let title = view.t("menu-counter");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &Asking { view, typed, error }))
}

/// Finds or opens the account of the person, and links it to the register or puts it into the queue, as a card would.
async fn open(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    Caller(mut ctx): Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::ServeCounter).await?;
    let (items, document) = match typed.read() {
        Ok(read) => read,
        Err(field) => return Ok(to_mend(form_page(&view, &mut ctx, &typed, Some(field)).await?)),
    };
    let proven = match identity::prove_at_counter(&mut ctx, &proofing.settings, &Register, items, document).await {
        Ok(proven) => proven,
        Err(identity::Error::Text { .. }) => return Ok(to_mend(form_page(&view, &mut ctx, &typed, Some("name")).await?)),
        Err(error) => return Err(error.into()),
    };
    link_proven(&mut ctx, &proven).await?;
    let account = proven.account().id;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/counter/{account}")).into_response())
}

/// What the page of somebody served says is wrong, beside which form.
#[derive(Default)]
struct Faults {
    bind: Option<String>,
    make: Option<String>,
    proxy: Option<String>,
}

#[derive(Template)]
#[template(path = "counter_served.html")]
struct Served<'a> {
    view: &'a View,
    id: AccountId,
    name: String,
    resident: Option<store::ResidentId>,
    waiting: bool,
    /// Whether the clerk registers people for events, too.
    calendar: bool,
    media: Vec<media::Shown>,
    accepted: Vec<Accepted>,
    agents: Vec<proxies::Shown>,
    programmes: Vec<&'a Programme>,
    typed: Declared,
    today: String,
    in_a_year: String,
    faults: Faults,
}

impl Served<'_> {
    fn accepts(&self, kind: Medium) -> bool {
        self.accepted.iter().any(|accepted| accepted.kind == kind)
    }

    fn binds(&self) -> bool {
        self.accepts(Medium::TransitIc)
    }

    fn makes(&self) -> Vec<&Accepted> {
        self.accepted.iter().filter(|accepted| matches!(accepted.kind, Medium::Sticker | Medium::Temporary)).collect()
    }
}

/// Refuses an account whose person the clerk may not know of; the look is recorded.
async fn allowed(ctx: &mut Ctx, id: AccountId) -> Result<identity::Account, Problem> {
    if let Some(resident) = identity::link_of(ctx, id).await?
        && !Register.may_know(ctx, resident).await?
    {
        return Err(Problem::not_found());
    }
    Ok(identity::account(ctx, id).await?)
}

async fn served(view: View, Caller(mut ctx): Caller, Path(id): Path<AccountId>) -> Result<Response, Problem> {
    let page = served_page(&view, &mut ctx, id, Declared::default(), Faults::default()).await?;
    ctx.commit().await?;
    Ok(page)
}

async fn served_page(view: &View, ctx: &mut Ctx, id: AccountId, typed: Declared, faults: Faults) -> Result<Response, Problem> {
    let who = staff(ctx, Permission::ServeCounter).await?;
    let account = allowed(ctx, id).await?;
    let today = ctx.today();
    let media = identity::media_of(ctx, id).await?;
    let agents = identity::agents_of(ctx, id).await?;
    let body = Served {
        view,
        id,
        name: account.name,
        resident: identity::link_of(ctx, id).await?,
        waiting: identity::match_open_for(ctx, id).await?.is_some(),
        calendar: ctx.allow(Permission::KeepCalendar).is_ok(),
        media: media::shown(view, ctx, media),
        accepted: media::accepted(view),
        agents: agents.iter().rev().map(|proxy| proxies::shown(view, today, proxy, proxy.label.clone())).collect(),
        programmes: proxies::programmes(view),
        typed,
        today: today.to_string(),
        in_a_year: today.saturating_add(1.year()).to_string(),
        faults,
    };
    let title = view.t("menu-counter");
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &body))
}

fn back(id: AccountId) -> String {
    format!("/staff/counter/{id}")
}

/// A card the reader at the counter has typed the number of.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Bound {
    number: String,
    label: String,
}

async fn bind(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    Caller(mut ctx): Caller,
    Path(id): Path<AccountId>,
    Form(bound): Form<Bound>,
) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::ServeCounter).await?;
    allowed(&mut ctx, id).await?;
    let key = proofing.settings.media_key();
    let label = if bound.label.trim().is_empty() { view.t("medium-transit-ic") } else { bound.label };
    match identity::bind_medium(&mut ctx, &key, id, &bound.number, &label).await {
        Ok(_) => {
            ctx.commit().await?;
            Ok(Redirect::to(&back(id)).into_response())
        }
        Err(error) => {
            let faults = Faults { bind: Some(media::mistake(&view, error)?), ..Faults::default() };
            Ok(to_mend(served_page(&view, &mut ctx, id, Declared::default(), faults).await?))
        }
    }
}

async fn make(
    view: View,
    Extension(proofing): Extension<Arc<Proofing>>,
    Caller(mut ctx): Caller,
    Path(id): Path<AccountId>,
    Form(made): Form<Made>,
) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::ServeCounter).await?;
    allowed(&mut ctx, id).await?;
    let key = proofing.settings.media_key();
    let done = match made.read() {
        Ok((kind, day)) => identity::make_medium(&mut ctx, &key, id, kind, day, &made.label).await,
        Err(error) => Err(error),
    };
    match done {
        Ok((medium, number)) => {
            let (title, actor) = (view.t("medium-made"), ctx.actor.clone());
            ctx.commit().await?;
            Ok(media::printed(&view, Page::staff(&title, &actor, name), &medium, &number, &back(id)))
        }
        Err(error) => {
            let faults = Faults { make: Some(media::mistake(&view, error)?), ..Faults::default() };
            Ok(to_mend(served_page(&view, &mut ctx, id, Declared::default(), faults).await?))
        }
    }
}

async fn end_medium(
    Caller(mut ctx): Caller,
    Path((id, medium)): Path<(AccountId, MediumId)>,
    Form(why): Form<Why>,
) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::EndCard).await?;
    allowed(&mut ctx, id).await?;
    if !identity::media_of(&mut ctx, id).await?.iter().any(|known| known.id == medium) {
        return Err(Problem::not_found());
    }
    identity::end_medium(&mut ctx, medium, why.read(MediumEnd::EndedByTown)).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&back(id)))
}

async fn declare(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<AccountId>,
    Form(declared): Form<Declared>,
) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::ServeCounter).await?;
    allowed(&mut ctx, id).await?;
    let today = ctx.today();
    let done = match declared.read(&view, today) {
        Ok((scope, days)) => identity::declare_proxy(&mut ctx, id, scope, days, &declared.label).await,
        Err(error) => Err(error),
    };
    match done {
        Ok((proxy, code)) => {
            let (title, actor) = (view.t("proxy-code"), ctx.actor.clone());
            ctx.commit().await?;
            Ok(proxies::code_page(&view, Page::staff(&title, &actor, name), &proxy, today, &code, &back(id)))
        }
        Err(error) => {
            let faults = Faults { proxy: Some(proxies::mistake(&view, error)?), ..Faults::default() };
            Ok(to_mend(served_page(&view, &mut ctx, id, declared, faults).await?))
        }
    }
}

async fn end_proxy(Caller(mut ctx): Caller, Path((id, proxy)): Path<(AccountId, ProxyId)>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ServeCounter).await?;
    allowed(&mut ctx, id).await?;
    if !identity::agents_of(&mut ctx, id).await?.iter().any(|known| known.id == proxy) {
        return Err(Problem::not_found());
    }
    identity::end_proxy(&mut ctx, proxy).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&back(id)))
}

/// Everything the person could be taken for by ends: phones, media, browsers.
async fn lost(Caller(mut ctx): Caller, Path(id): Path<AccountId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::EndCard).await?;
    allowed(&mut ctx, id).await?;
    identity::end_everything(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&back(id)))
}
