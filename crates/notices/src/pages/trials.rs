//! Trials: a draft looked at on its writer's own phone.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use serde::Deserialize;
use store::Permission;
use web::{Caller, Page, Problem, Reader, View, signed_in, staff, to_mend};

use crate::domain::trials as domain;
use crate::model::{Error, NoticeId, TesterId};

struct Line {
    id: TesterId,
    since: String,
}

#[derive(Template)]
#[template(path = "staff_testers.html")]
struct Testers<'a> {
    view: &'a View,
    lines: Vec<Line>,
    code: Option<String>,
    address: String,
    fault: Option<String>,
}

/// The caller's accounts.
pub(super) async fn testers(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let lines = lines(&view, &domain::testers(&mut ctx).await?);
    let title = view.t("notices-testers");
    let body = Testers { view: &view, lines, code: None, address: address(&view), fault: None };
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &body))
}

fn lines(view: &View, testers: &[crate::model::Tester]) -> Vec<Line> {
    testers.iter().map(|tester| Line { id: tester.id, since: view.moment(&tester.joined_at) }).collect()
}

fn address(view: &View) -> String {
    format!("{}/inbox/tester", view.app.origin())
}

/// Shows a code, once.
pub(super) async fn code(view: View, Caller(mut ctx): Caller) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let (code, fault) = match domain::make_code(&mut ctx).await {
        Ok(code) => (Some(code), None),
        Err(Error::Written { reason, .. }) => (None, Some(view.t(&format!("notices-wrong-{reason}")))),
        Err(error) => return Err(error.into()),
    };
    let lines = lines(&view, &domain::testers(&mut ctx).await?);
    let actor = ctx.actor.clone();
    ctx.commit().await?;
    let code = code.map(|code| {
        let (first, second) = code.split_at(code.len() / 2);
        format!("{first}-{second}")
    });
    let title = view.t("notices-testers");
    let faulty = fault.is_some();
    let body = Testers { view: &view, lines, code, address: address(&view), fault };
    let page = view.page(&Page::staff(&title, &actor, who), &body);
    Ok(if faulty { to_mend(page) } else { page })
}

/// Parts an account.
pub(super) async fn part(Caller(mut ctx): Caller, Path(id): Path<TesterId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::WriteNotices).await?;
    domain::part(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/notices/testers"))
}

/// Sends a draft to be looked at.
pub(super) async fn send(Caller(mut ctx): Caller, Path(id): Path<NoticeId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::WriteNotices).await?;
    if domain::testers(&mut ctx).await?.is_empty() {
        return Ok(Redirect::to("/staff/notices/testers"));
    }
    let sent = domain::send(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/notices/{id}?tried={sent}")))
}

#[derive(Template)]
#[template(path = "tester.html")]
struct Join<'a> {
    view: &'a View,
    joined: bool,
}

/// Where a member of staff joins the account of their own.
pub(super) async fn joining(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let joined = domain::joined(&mut ctx).await?;
    let title = view.t("notices-tester");
    Ok(view.page(&Page::resident(&title), &Join { view: &view, joined }))
}

/// The code that was typed.
#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// Joins the account.
pub(super) async fn join(Caller(mut ctx): Caller, Form(code): Form<Code>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::join(&mut ctx, &code.code).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/inbox/tester"))
}

/// Gets no more.
pub(super) async fn leave(Caller(mut ctx): Caller) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::leave(&mut ctx).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/inbox/tester"))
}
