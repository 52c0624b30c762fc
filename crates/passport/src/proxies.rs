//! Who acts for the caller, and for whom the caller acts: declare, agree, end.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use civil::Date;
use identity::{OneTimeCode, Proxy, ProxyId, ProxyScope};
use jiff::ToSpan as _;
use serde::Deserialize;
use store::Ctx;
use town::{Programme, ShownBy};
use web::{App, Caller, Page, Problem, Reader, View, qr_svg, query_value, to_mend};

use crate::api::account;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/me/proxies", get(list).post(declare))
        .route("/me/proxies/agree", get(offered).post(agree))
        .route("/me/proxies/{proxy}/end", post(end))
}

/// The programmes somebody may act in for somebody else.
pub(crate) fn programmes(view: &View) -> Vec<&Programme> {
    view.app.town().programmes.iter().filter(|programme| programme.may_be_shown_by(ShownBy::Proxy)).collect()
}

/// A proxy as a page shows it.
pub(crate) struct Shown {
    pub(crate) id: ProxyId,
    pub(crate) name: String,
    pub(crate) scope: String,
    pub(crate) days: String,
    /// The key of its state: `proxy-offered`, `proxy-agreed`, `proxy-over`.
    pub(crate) state: &'static str,
}

impl Shown {
    pub(crate) fn is_over(&self) -> bool {
        self.state == "proxy-over"
    }
}

pub(crate) fn shown(view: &View, today: Date, proxy: &Proxy, name: String) -> Shown {
    let scope = match &proxy.scope {
        ProxyScope::Everything => view.t("proxy-everything"),
        ProxyScope::Programmes(these) => {
            let named = these.iter().filter_map(|id| view.app.town().programme(id)).map(|programme| view.words(&programme.name));
            named.collect::<Vec<_>>().join(&view.t("medium-comma"))
        }
    };
    let days = view.ta("proxy-days", &[("from", view.day(&proxy.from).as_str().into()), ("until", view.day(&proxy.until).as_str().into())]);
    let state = match (proxy.is_over(today), proxy.agreed_at) {
        (true, _) => "proxy-over",
        (false, Some(_)) => "proxy-agreed",
        (false, None) => "proxy-offered",
    };
    Shown { id: proxy.id, name, scope, days, state }
}

#[derive(Template)]
#[template(path = "proxies.html")]
struct Proxies<'a> {
    view: &'a View,
    agents: Vec<Shown>,
    principals: Vec<Shown>,
    programmes: Vec<&'a Programme>,
    may_declare: bool,
    typed: Declared,
    today: String,
    in_a_year: String,
    error: Option<String>,
}

async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    page(&view, &mut ctx, Declared::default(), None).await
}

async fn page(view: &View, ctx: &mut Ctx, typed: Declared, error: Option<String>) -> Result<Response, Problem> {
    let me = account(ctx)?;
    let today = ctx.today();
    let agents = identity::agents_of(ctx, me).await?;
    let agents = agents.iter().rev().map(|proxy| shown(view, today, proxy, proxy.label.clone())).collect();
    let mut principals = Vec::new();
    for proxy in identity::principals_of(ctx, me).await? {
        let name = identity::label_of(ctx, proxy.principal).await?.unwrap_or_default();
        principals.push(shown(view, today, &proxy, name));
    }
    let title = view.t("proxies-title");
    let body = Proxies {
        view,
        agents,
        principals,
        programmes: programmes(view),
        may_declare: identity::link_of(ctx, me).await?.is_some(),
        typed,
        today: today.to_string(),
        in_a_year: today.saturating_add(1.year()).to_string(),
        error,
    };
    Ok(view.page(&Page::resident(&title), &body))
}

/// What is declared: the programmes come as so many fields `in-<id>`.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(crate) struct Declared {
    pub(crate) label: String,
    pub(crate) until: String,
    #[serde(flatten)]
    pub(crate) more: std::collections::HashMap<String, String>,
}

impl Declared {
    pub(crate) fn has(&self, programme: &Programme) -> bool {
        self.more.contains_key(&format!("in-{}", programme.id))
    }

    /// The scope and the last day. Naming nothing is nothing to agree to; naming all of what there is today is not all there will be.
    pub(crate) fn read(&self, view: &View, today: Date) -> Result<(ProxyScope, (Date, Date)), identity::Error> {
        let chosen = programmes(view).into_iter().filter(|programme| self.has(programme)).map(|programme| programme.id.clone());
        let chosen: std::collections::BTreeSet<_> = chosen.collect();
        let until = civil::read_day(&self.until).ok().flatten().ok_or(identity::Error::ProxyDays)?;
        if chosen.is_empty() {
            return Err(identity::Error::Text { reason: "nothing chosen" });
        }
        Ok((ProxyScope::Programmes(chosen), (today, until)))
    }
}

/// What is wrong with what was typed, in the reader's words; anything else goes its way.
pub(crate) fn mistake(view: &View, error: identity::Error) -> Result<String, Problem> {
    use identity::Error as E;
    match error {
        E::ProxyDays | E::Text { .. } | E::NotProven => Ok(view.t(&format!("proxy-error-{}", error.code().replace('_', "-")))),
        error => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "proxy_code.html")]
struct CodePage<'a> {
    view: &'a View,
    shown: Shown,
    code: &'a OneTimeCode,
    until: String,
    qr: String,
    back: &'a str,
}

/// The page with the code the agent agrees by.
pub(crate) fn code_page(view: &View, page: Page<'_>, proxy: &Proxy, today: Date, code: &OneTimeCode, back: &str) -> Response {
    let link = format!("{}/me/proxies/agree?code={}", view.app.origin(), query_value(&code.code));
    let body = CodePage {
        view,
        shown: shown(view, today, proxy, proxy.label.clone()),
        until: view.moment(&code.expires_at),
        qr: qr_svg(&link, &view.t("proxy-code")),
        code,
        back,
    };
    view.page(&page, &body)
}

async fn declare(view: View, Caller(mut ctx): Caller, Form(declared): Form<Declared>) -> Result<Response, Problem> {
    let me = account(&ctx)?;
    let today = ctx.today();
    let done = match declared.read(&view, today) {
        Ok((scope, days)) => identity::declare_proxy(&mut ctx, me, scope, days, &declared.label).await,
        Err(error) => Err(error),
    };
    match done {
        Ok((proxy, code)) => {
            ctx.commit().await?;
            let title = view.t("proxy-code");
            Ok(code_page(&view, Page::resident(&title), &proxy, today, &code, "/me/proxies"))
        }
        Err(error) => {
            let told = mistake(&view, error)?;
            Ok(to_mend(page(&view, &mut ctx, declared, Some(told)).await?))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Code {
    code: String,
}

#[derive(Template)]
#[template(path = "proxy_agree.html")]
struct Agree<'a> {
    view: &'a View,
    code: &'a str,
    offered: Option<Shown>,
}

/// What a code offers, before anybody agrees to it.
async fn offered(view: View, Reader(mut ctx): Reader, Query(code): Query<Code>) -> Result<Response, Problem> {
    account(&ctx)?;
    let today = ctx.today();
    let offered = match code.code.trim() {
        "" => None,
        typed => {
            let (proxy, name) = identity::proxy_offered(&mut ctx, typed).await?;
            Some(shown(&view, today, &proxy, name))
        }
    };
    let title = view.t("proxy-agree-title");
    Ok(view.page(&Page::resident(&title), &Agree { view: &view, code: &code.code, offered }))
}

async fn agree(Caller(mut ctx): Caller, Form(code): Form<Code>) -> Result<Response, Problem> {
    account(&ctx)?;
    identity::agree_to_proxy(&mut ctx, &code.code).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/me/proxies").into_response())
}

async fn end(Caller(mut ctx): Caller, Path(proxy): Path<ProxyId>) -> Result<Redirect, Problem> {
    account(&ctx)?;
    identity::end_proxy(&mut ctx, proxy).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/me/proxies"))
}
