//! From a service's link to its answer: signing in, agreeing, and back.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use identity::SignedIn;
use serde::Deserialize;
use store::{Actor, Ctx, Store};
use web::{App, Page, Problem, Reader, Session, View, Who, query_value};

use super::{Line, host_of, lines};
use crate::domain::authorize::{self, Brought, Wrong};
use crate::domain::{claims, grouped, note_refusal};
use crate::fault::Fault;
use crate::model::{AuthRequest, Client, Error};
use crate::provider::Provider;
use crate::rules::{self, Next};

type Of = Extension<Arc<Provider>>;

/// Where a request leads.
enum Step {
    /// Somebody has to read or do something first: the page of this handle.
    Wait(String),
    /// Back to the service with a code.
    Code { request: AuthRequest, code: String },
    /// Back to the service with a refusal.
    Back { client: Client, redirect_uri: String, state: Option<String>, fault: Fault },
    /// Nowhere.
    Here(Option<Client>, Fault),
}

/// Takes a service's request. Who is signed in and has agreed before is answered at once.
pub(crate) async fn authorize(
    State(app): State<App>,
    view: View,
    Extension(provider): Of,
    Reader(mut ctx): Reader,
    Session(session): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let led = lead(&mut ctx, &provider, pairs, session).await;
    // Looking is done: what is written joins others in a group.
    drop(ctx);
    let step = match led {
        Ok(Led::There(step)) => Ok(step),
        Ok(Led::Once(brought, then)) => write(app.store(), &provider, brought, then).await,
        Err(error) => Err(error.into()),
    };
    // The protocol's fault has no reader here: the log has the cause.
    let step = step.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "web.internal"))?;
    Ok(match step {
        Step::Wait(handle) => Redirect::to(&format!("/oidc/continue?request={handle}")).into_response(),
        Step::Code { request, code } => Redirect::to(&with_code(&provider, &request, &code)).into_response(),
        Step::Back { client, redirect_uri, state, fault } => {
            // What a quiet question finds is an answer, not a fault of the service.
            if !matches!(fault.code, "login_required" | "consent_required" | "interaction_required") {
                note_refusal(app.store(), client.id, &fault).await;
            }
            let mut response = Redirect::to(&with_fault(&provider, &redirect_uri, state.as_deref(), &fault)).into_response();
            fault.lay_on(&mut response);
            response
        }
        Step::Here(client, fault) => {
            if let Some(client) = client {
                note_refusal(app.store(), client.id, &fault).await;
            }
            nowhere(&view, &fault)
        }
    })
}

/// Where a request leads by what is known.
enum Led {
    There(Step),
    /// Once something is written down.
    Once(Brought, Then),
}

/// What is written down first, and leads on then.
enum Then {
    /// That the request waits for its person.
    Wait,
    /// That it is answered with this code.
    Code(String),
}

async fn lead(
    ctx: &mut Ctx,
    provider: &Provider,
    pairs: Vec<(String, String)>,
    session: Option<identity::SessionId>,
) -> Result<Led, Error> {
    let brought = match authorize::brought(ctx, provider, pairs).await {
        Ok(brought) => brought,
        Err(Wrong::Here(client, fault)) => return Ok(Led::There(Step::Here(client, fault))),
        Err(Wrong::Back { client, redirect_uri, state, fault }) => {
            return Ok(Led::There(Step::Back { client, redirect_uri, state, fault }));
        }
    };
    match authorize::next(ctx, &brought, session).await? {
        (Next::Answer(acr), Some(person)) => {
            let code = authorize::code(ctx, provider, &brought, &person, acr)?;
            Ok(if brought.named { Led::Once(brought, Then::Code(code)) } else { Led::There(Step::Code { request: brought.request, code }) })
        }
        (Next::Refuse(fault), _) => {
            let AuthRequest { redirect_uri, state, .. } = brought.request;
            Ok(Led::There(Step::Back { client: brought.client, redirect_uri, state, fault }))
        }
        _ => Ok(Led::Once(brought, Then::Wait)),
    }
}

async fn write(store: &Store, provider: &Arc<Provider>, brought: Brought, then: Then) -> Result<Step, Fault> {
    let (brought, then, provider) = (Arc::new(brought), Arc::new(then), Arc::clone(provider));
    grouped(store, move |ctx| {
        let (brought, then, provider) = (Arc::clone(&brought), Arc::clone(&then), Arc::clone(&provider));
        Box::pin(async move {
            let code = match &*then {
                Then::Wait => return Ok(Step::Wait(authorize::wait(ctx, &provider, &brought).await?)),
                Then::Code(code) => code.clone(),
            };
            match authorize::close(ctx, &brought).await {
                Ok(()) => Ok(Step::Code { request: brought.request.clone(), code }),
                // Found before anything was written.
                Err(Error::RequestOver) => Ok(Step::Here(Some(brought.client.clone()), authorize::OVER)),
                Err(error) => Err(error.into()),
            }
        })
    })
    .await
}

#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    request: String,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    view: &'a View,
    client: &'a Client,
    host: &'a str,
    handle: &'a str,
    /// The session the page is shown to: a yes counts from no other.
    seen_by: String,
    lines: Vec<Line>,
    name: String,
}

#[derive(Template)]
#[template(path = "prove.html")]
struct Prove<'a> {
    view: &'a View,
    client: &'a Client,
    start: String,
}

/// The page of a request that waits: sign in, prove who one is, or agree.
pub(crate) async fn go_on(
    State(app): State<App>,
    view: View,
    Extension(provider): Of,
    Session(session): Session,
    Query(which): Query<Which>,
    Reader(mut ctx): Reader,
) -> Result<Response, Problem> {
    let brought = authorize::waiting(&mut ctx, &provider, &which.request).await?;
    let here = format!("/oidc/continue?request={}", which.request);
    // Where the card is asked for, the way in does not offer less.
    let card = if brought.request.card { "&card=yes" } else { "" };
    let start = format!("/start?next={}{card}", query_value(&here));
    let (next, person) = authorize::next(&mut ctx, &brought, session).await?;
    match (next, person) {
        (Next::Answer(acr), Some(person)) => {
            let actor = ctx.actor.clone();
            drop(ctx);
            let mut ctx = app.store().begin(actor).await?;
            authorize::close(&mut ctx, &brought).await?;
            let code = authorize::code(&ctx, &provider, &brought, &person, acr)?;
            ctx.commit().await?;
            Ok(hand_over(&view, &brought.client, &with_code(&provider, &brought.request, &code)))
        }
        (Next::Refuse(fault), _) => {
            let AuthRequest { redirect_uri, state, .. } = &brought.request;
            Ok(refused(&view, &brought.client, &with_fault(&provider, redirect_uri, state.as_deref(), &fault), &fault))
        }
        (Next::Ask, Some(person)) => {
            let told = claims::told(&mut ctx, person.account, &brought.request.scopes).await?;
            let name = identity::account(&mut ctx, person.account).await?.name;
            let client = &brought.client;
            let lines = lines(&view, &brought.request.scopes, &told);
            let title = view.t1("oidc-consent-title", "service", &client.name);
            let body = Consent {
                view: &view,
                client,
                host: host_of(&brought.request.redirect_uri),
                seen_by: provider.session_name(client.id, person.session),
                handle: &which.request,
                lines,
                name,
            };
            Ok(view.page(&Page::plain(&title), &body))
        }
        (Next::Prove, _) => {
            let title = view.t("oidc-prove-title");
            Ok(view.page(&Page::plain(&title), &Prove { view: &view, client: &brought.client, start }))
        }
        _ => Ok(Redirect::to(&start).into_response()),
    }
}

#[derive(Deserialize)]
pub(crate) struct Decided {
    request: String,
    decision: String,
    #[serde(default)]
    seen_by: String,
}

/// What came of what the person said.
enum Said {
    Yes(Brought, String),
    No(Brought),
    /// Somebody else reads the page now, or must sign in first: it begins anew.
    Unheard,
}

/// What the person said: a yes is answered with a code, a no is told to the service.
pub(crate) async fn decide(
    State(app): State<App>,
    view: View,
    Extension(provider): Of,
    Who(who): Who,
    Form(decided): Form<Decided>,
) -> Result<Response, Problem> {
    let here = format!("/oidc/continue?request={}", query_value(&decided.request));
    let (who, decided, asked) = (Arc::new(who), Arc::new(decided), Arc::clone(&provider));
    let said = app.store().grouped(Actor::Anonymous, move |ctx| {
        let (who, decided, provider) = (Arc::clone(&who), Arc::clone(&decided), Arc::clone(&asked));
        Box::pin(async move {
            match said(ctx, &provider, who.as_ref().as_ref(), &decided).await {
                // Found before anything was written.
                Err(error @ (Error::RequestOver | Error::NoSuchClient)) => Ok(Err(error)),
                said => Ok(Ok(said?)),
            }
        })
    });
    Ok(match said.await?? {
        Said::Yes(brought, code) => hand_over(&view, &brought.client, &with_code(&provider, &brought.request, &code)),
        Said::No(brought) => {
            let fault = Fault::new("access_denied", "access_denied", "The person said no.");
            let AuthRequest { redirect_uri, state, .. } = &brought.request;
            refused(&view, &brought.client, &with_fault(&provider, redirect_uri, state.as_deref(), &fault), &fault)
        }
        Said::Unheard => Redirect::to(&here).into_response(),
    })
}

async fn said(ctx: &mut Ctx, provider: &Provider, who: Option<&identity::Caller>, decided: &Decided) -> Result<Said, Error> {
    let brought = authorize::waiting(ctx, provider, &decided.request).await?;
    if decided.decision != "yes" {
        authorize::close(ctx, &brought).await?;
        return Ok(Said::No(brought));
    }
    // Somebody who is signed out meanwhile, must sign in again first, or is another person than the page was shown to, begins there.
    let (next, person) = authorize::next(ctx, &brought, who.map(|caller| caller.session)).await?;
    let saw = |person: &SignedIn| provider.session_name(brought.client.id, person.session) == decided.seen_by;
    let Some(person) = person.filter(|person| matches!(next, Next::Ask | Next::Answer(_)) && saw(person)) else {
        return Ok(Said::Unheard);
    };
    authorize::close(ctx, &brought).await?;
    ctx.actor = Actor::Holder(person.account);
    if let Some(caller) = who.filter(|caller| caller.refresh_due) {
        identity::refresh_session(ctx, caller.session).await?;
    }
    authorize::agree(ctx, &brought.client, &brought.request.scopes).await?;
    let acr = rules::acr(&person, ctx.now());
    let code = authorize::code(ctx, provider, &brought, &person, acr)?;
    Ok(Said::Yes(brought, code))
}

#[derive(Template)]
#[template(path = "hand_over.html")]
struct HandOver<'a> {
    view: &'a View,
    service: &'a str,
    to: &'a str,
}

/// Leads on to the service by a page of our own: browsers hold a form's whole chain of redirects to the pages a form may lead to, and a service's
/// address is none of them.
pub(crate) fn hand_over(view: &View, client: &Client, to: &str) -> Response {
    let title = view.t1("oidc-back-title", "service", &client.name);
    let mut page = view.page(&Page::plain(&title), &HandOver { view, service: &client.name, to });
    if let Ok(refresh) = format!("0; url={to}").parse() {
        page.headers_mut().insert("refresh", refresh);
    }
    page
}

/// Leads on to the service with a refusal.
fn refused(view: &View, client: &Client, to: &str, fault: &Fault) -> Response {
    let mut page = hand_over(view, client, to);
    fault.lay_on(&mut page);
    page
}

/// Refuses what a browser brought before anybody is asked: gives the address of the service the refusal goes to. None for a request that would not be sent
/// back to its service anyway. A simulator answers so, to show a service what may happen to it.
///
/// # Errors
/// The store's.
pub async fn refusal_address(
    ctx: &mut Ctx,
    provider: &Provider,
    query: &str,
    code: &'static str,
    description: &'static str,
) -> Result<Option<String>, Error> {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let Ok(brought) = authorize::brought(ctx, provider, pairs).await else { return Ok(None) };
    let fault = Fault::new(code, "simulated", description);
    let AuthRequest { redirect_uri, state, .. } = &brought.request;
    Ok(Some(with_fault(provider, redirect_uri, state.as_deref(), &fault)))
}

#[derive(Template)]
#[template(path = "nowhere.html")]
struct Nowhere<'a> {
    view: &'a View,
    description: &'a str,
}

fn nowhere(view: &View, fault: &Fault) -> Response {
    let title = view.t("oidc-nowhere-title");
    let mut page = view.page(&Page::plain(&title), &Nowhere { view, description: fault.description });
    *page.status_mut() = StatusCode::BAD_REQUEST;
    fault.lay_on(&mut page);
    page
}

/// Adds parameters to an address a service registered.
pub(crate) fn with(address: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let join = if address.contains('?') { '&' } else { '?' };
    format!("{address}{join}{}", query.finish())
}

fn with_code(provider: &Provider, request: &AuthRequest, code: &str) -> String {
    let mut pairs = vec![("code", code), ("iss", provider.issuer())];
    pairs.extend(request.state.as_deref().map(|state| ("state", state)));
    with(&request.redirect_uri, &pairs)
}

fn with_fault(provider: &Provider, redirect_uri: &str, state: Option<&str>, fault: &Fault) -> String {
    let mut pairs = vec![("error", fault.code), ("error_description", fault.description), ("iss", provider.issuer())];
    pairs.extend(state.map(|state| ("state", state)));
    with(redirect_uri, &pairs)
}

/// Who is signed in, for pages that need it.
pub(crate) async fn person(ctx: &mut Ctx, session: Option<identity::SessionId>) -> Result<SignedIn, Problem> {
    let Some(session) = session else { return Err(Problem::not_signed_in()) };
    identity::signed_in(ctx, session).await?.ok_or_else(Problem::not_signed_in)
}
