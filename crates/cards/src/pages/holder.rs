//! The resident's cards, applying, sharing.

use std::sync::Arc;

use ::store::{AccountId, Actor, ResidentId};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;
use town::ProgrammeId;
use web::{App, Caller, Page, Problem, Reader, Session, View, signed_in, to_mend};

use crate::domain::{self, CardView, Offer, Office, Sharer, Taken};
use crate::model::{Error, HoldingId, How};
use crate::words;

/// The texts the islands of resident pages read.
const TEXTS: &[&str] = &["card", "share"];

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    view: &'a View,
    cards: Vec<Shown>,
    offers: Vec<Offered>,
    /// What is due and has no place.
    taken: Vec<FullCard>,
    /// A notice of why there is nothing yet: its key.
    unlinked: Option<&'static str>,
    /// Whether somebody who is not in the register may belong here all the same.
    guests: bool,
    /// Whether to offer a passkey: the person has just proven who they are, and has none.
    passkey: bool,
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing<'a> {
    view: &'a View,
}

/// A card as the page shows it before the island does.
struct Shown {
    id: HoldingId,
    title: String,
    holder: String,
    until: Option<String>,
    live: bool,
    /// Whether there is something to do with it in the family.
    family: bool,
    reason: String,
}

/// A card all of whose places are taken.
struct FullCard {
    title: String,
    /// The key of what to do about it.
    next: &'static str,
    holders: Vec<Sharer>,
}

/// An offer as the page shows it.
struct Offered {
    href: String,
    title: String,
    short: String,
    whom: String,
}

/// The family's cards, and what can be applied for.
pub(super) async fn home(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Session(session): Session,
    Caller(mut ctx): Caller,
) -> Result<Response, Problem> {
    let title = view.t("home-title");
    let Actor::Holder(account) = ctx.actor else {
        return Ok(view.page(&Page::plain(&title), &Landing { view: &view }));
    };
    let unlinked = unlinked(&mut ctx, account).await?;
    let guests = view.app.town().has_guests() && unlinked_and_proven(&mut ctx, account).await?;
    let cards = domain::my_cards(&mut ctx, &office, None).await?;
    let offers = domain::offers(&mut ctx).await?;
    let taken = domain::places_taken(&mut ctx).await?;
    let passkey = identity::passkey_offered(&mut ctx, session).await?;
    ctx.commit().await?;
    let home = Home {
        cards: cards.iter().map(|card| shown(&view, card)).collect(),
        offers: offers.iter().map(|offer| offered(&view, offer)).collect(),
        taken: taken.into_iter().map(|taken| full_card(&view, taken)).collect(),
        unlinked,
        guests,
        passkey,
        view: &view,
    };
    let page = Page::resident(&title);
    // A screen others use after this person keeps no card: it would make itself a phone of theirs.
    let page = if view.kiosk { page } else { page.with_island("card.js", TEXTS) };
    Ok(view.page(&page, &home))
}

/// What to tell who has proven who they are and has no place in the register; who only receives from the family needs none.
async fn unlinked(ctx: &mut ::store::Ctx, account: AccountId) -> Result<Option<&'static str>, Problem> {
    if !unlinked_and_proven(ctx, account).await? {
        return Ok(None);
    }
    // Who belongs here as somebody from elsewhere lacks nothing.
    if identity::guest(ctx, account).await?.is_some_and(|guest| guest.residence != town::Residence::default()) {
        return Ok(None);
    }
    let waiting = identity::match_open_for(ctx, account).await?.is_some();
    Ok(Some(if waiting { "home-not-linked" } else { "home-not-matched" }))
}

async fn unlinked_and_proven(ctx: &mut ::store::Ctx, account: AccountId) -> Result<bool, Problem> {
    let proven = identity::account(ctx, account).await?.keys.is_some();
    Ok(proven && identity::link_of(ctx, account).await?.is_none())
}

/// The same page without anybody's data, kept by the service worker for when there is no network.
pub(super) async fn offline(view: View) -> Response {
    let title = view.t("home-title");
    let home =
        Home { view: &view, cards: Vec::new(), offers: Vec::new(), taken: Vec::new(), unlinked: None, guests: false, passkey: false };
    view.page(&Page::resident(&title).with_island("card.js", TEXTS), &home)
}

fn shown(view: &View, card: &CardView) -> Shown {
    let programme = view.app.town().programme(&card.holding.programme);
    Shown {
        id: card.holding.id,
        title: programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned()),
        holder: words::holder_label(view, card),
        until: card.valid_until.map(|day| view.day(&day)),
        live: card.is_live(),
        family: words::family_key(view, card).is_some(),
        reason: if card.is_live() { String::new() } else { words::ended(view, card.holding.ended_why) },
    }
}

fn full_card(view: &View, taken: Taken) -> FullCard {
    let programme = view.app.town().programme(&taken.programme);
    let title = programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned());
    FullCard { title, next: if taken.how == How::Own { "taken-own" } else { "taken-guardian" }, holders: taken.holders }
}

fn whom(view: &View, offer: &Offer) -> String {
    match offer.date_of_birth {
        Some(born) if offer.how == How::Guardian => view.t1("apply-for-child", "day", &view.day(&born)),
        _ => view.t("apply-for-you"),
    }
}

fn offered(view: &View, offer: &Offer) -> Offered {
    let programme = view.app.town().programme(&offer.programme);
    Offered {
        href: format!("/apply/{}/{}", offer.programme, offer.resident),
        title: programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned()),
        short: programme.map_or_else(String::new, |programme| view.words(&programme.short).to_owned()),
        whom: whom(view, offer),
    }
}

#[derive(Template)]
#[template(path = "apply.html")]
struct ApplyForm<'a> {
    view: &'a View,
    title: &'a str,
    short: String,
    whom: String,
    until: Option<String>,
    ask_name: bool,
    name: &'a str,
    error: Option<String>,
}

/// The one page of an application.
pub(super) async fn apply_form(
    view: View,
    Reader(mut ctx): Reader,
    Path((programme, resident)): Path<(ProgrammeId, ResidentId)>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let offer = offer(&mut ctx, &programme, resident).await?;
    Ok(form(&view, &offer, "", None))
}

async fn offer(ctx: &mut ::store::Ctx, programme: &ProgrammeId, resident: ResidentId) -> Result<Offer, Problem> {
    let offers = domain::offers(ctx).await?;
    let mine = offers.into_iter().find(|offer| offer.programme == *programme && offer.resident == resident);
    Ok(mine.ok_or(Error::NotFamily)?)
}

fn form(view: &View, offer: &Offer, name: &str, error: Option<String>) -> Response {
    let programme = view.app.town().programme(&offer.programme);
    let title = programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned());
    let body = ApplyForm {
        view,
        title: &title,
        short: programme.map_or_else(String::new, |programme| view.words(&programme.short).to_owned()),
        whom: whom(view, offer),
        until: offer.valid_until.map(|day| view.day(&day)),
        ask_name: offer.how == How::Guardian,
        name,
        error,
    };
    view.page(&Page::resident(&title), &body)
}

#[derive(Deserialize)]
pub(super) struct Application {
    #[serde(default)]
    name: String,
}

/// Applies, and shows the form again with what was typed when the name is not the register's.
pub(super) async fn apply(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Caller(mut ctx): Caller,
    Path((programme, resident)): Path<(ProgrammeId, ResidentId)>,
    Form(application): Form<Application>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    match domain::apply(&mut ctx, &office, &programme, resident, Some(&application.name)).await {
        Ok(()) => {
            ctx.commit().await?;
            Ok(Redirect::to("/").into_response())
        }
        Err(Error::NameDoesNotMatch) => {
            let offer = offer(&mut ctx, &programme, resident).await?;
            let key = if application.name.trim().is_empty() { "apply-name-missing" } else { "apply-name-wrong" };
            Ok(to_mend(form(&view, &offer, &application.name, Some(view.t(key)))))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "share.html")]
struct Share<'a> {
    view: &'a View,
    id: HoldingId,
    card: Shown,
    holders: Vec<Sharer>,
    code: Option<Code>,
}

struct Code {
    text: String,
    link: String,
    status: String,
}

/// Who holds the card, and a button for a code.
pub(super) async fn share(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Caller(mut ctx): Caller,
    Path(id): Path<HoldingId>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    share_page(&view, &office, &mut ctx, id, None).await
}

async fn share_page(view: &View, office: &Office, ctx: &mut ::store::Ctx, id: HoldingId, code: Option<Code>) -> Result<Response, Problem> {
    let card = live_card(ctx, office, id).await?;
    let holders = if card.holding.how.may_share() { domain::holders(ctx, id).await? } else { Vec::new() };
    let title = view.t("share-title");
    let page = Page::resident(&title);
    let page = if code.is_some() { page.with_island("share.js", TEXTS) } else { page };
    Ok(view.page(&page, &Share { view, id, card: shown(view, &card), holders, code }))
}

/// A card of the caller's that is good today, for a page about it.
async fn live_card(ctx: &mut ::store::Ctx, office: &Office, id: HoldingId) -> Result<CardView, Problem> {
    let cards = domain::my_cards(ctx, office, None).await?;
    Ok(cards.into_iter().find(|card| card.holding.id == id && card.is_live()).ok_or(Error::NoSuchCard)?)
}

/// The title of a card of the caller's and whose it is, by which they tell it from others.
pub(super) async fn heading(view: &View, ctx: &mut ::store::Ctx, office: &Office, id: HoldingId) -> Result<String, Problem> {
    let card = shown(view, &live_card(ctx, office, id).await?);
    Ok(format!("{}　{}", card.title, card.holder))
}

/// Makes a code and shows it.
pub(super) async fn share_code(
    State(app): State<App>,
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Caller(mut ctx): Caller,
    Path(id): Path<HoldingId>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    let (share, text) = domain::share_code(&mut ctx, id).await?;
    let code = Code { link: format!("{}/join/{text}", app.origin()), status: format!("/api/v1/me/shares/{share}/status"), text };
    let page = share_page(&view, &office, &mut ctx, id, Some(code)).await?;
    ctx.commit().await?;
    Ok(page)
}

#[derive(Deserialize)]
pub(super) struct EndShare {
    holder: HoldingId,
}

/// Ends what somebody holds by a share.
pub(super) async fn end_share(Caller(mut ctx): Caller, Path(id): Path<HoldingId>, Form(end): Form<EndShare>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::end_share(&mut ctx, end.holder).await?;
    ctx.commit().await?;
    Ok(if end.holder == id { Redirect::to("/") } else { Redirect::to(&format!("/share/{id}")) })
}

/// Ends what somebody holds of the caller's own card, and gives the caller the place.
pub(super) async fn make_room(Caller(mut ctx): Caller, Path(holding): Path<HoldingId>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::make_room(&mut ctx, holding).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/"))
}

#[derive(Template)]
#[template(path = "join.html")]
struct JoinForm<'a> {
    view: &'a View,
    code: &'a str,
    label: &'a str,
    ask_label: bool,
    /// The field to mend and how.
    error: Option<(&'static str, String)>,
}

impl JoinForm<'_> {
    fn code_error(&self) -> Option<&str> {
        self.error_of("code")
    }

    fn label_error(&self) -> Option<&str> {
        self.error_of("label")
    }

    fn error_of(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(faulty, _)| *faulty == field).map(|(_, text)| text.as_str())
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Join {
    #[serde(default)]
    code: String,
    #[serde(default)]
    label: String,
}

/// Asks for the code somebody shows; who has no account of their own says how they are called.
pub(super) async fn join_form(view: View, Reader(ctx): Reader, code: Option<Path<String>>, Query(asked): Query<Join>) -> Response {
    let code = code.map_or(asked.code, |Path(code)| code);
    join_page(&view, &code, "", ctx.actor == Actor::Anonymous, None)
}

fn join_page(view: &View, code: &str, label: &str, ask_label: bool, error: Option<(&'static str, String)>) -> Response {
    let title = view.t("join-title");
    let faulty = error.is_some();
    let page = view.page(&Page::resident(&title), &JoinForm { view, code, label, ask_label, error });
    if faulty { to_mend(page) } else { page }
}

/// Takes the shared card; a phone without an account gets a light one that holds nothing else.
pub(super) async fn join(State(app): State<App>, view: View, Caller(mut ctx): Caller, Form(join): Form<Join>) -> Result<Response, Problem> {
    let stranger = ctx.actor == Actor::Anonymous;
    if stranger && join.label.trim().is_empty() {
        return Ok(join_page(&view, &join.code, "", true, Some(("label", view.t("join-label-missing")))));
    }
    let mut token = None;
    if stranger {
        let account = identity::start_light_account(&mut ctx, join.label.trim()).await?;
        let session = identity::start_session(&mut ctx, identity::SessionOwner::Holder(account.id), &account.name).await?;
        ctx.actor = Actor::Holder(account.id);
        token = Some((session.token, session.ends_at.as_second() - ctx.now().as_second()));
    }
    match domain::join(&mut ctx, &join.code).await {
        Ok(_) => {
            ctx.commit().await?;
            let mut response = Redirect::to("/").into_response();
            if let Some((token, life_s)) = token {
                let cookie = web::session_cookie(web::SessionKind::Holder, &token, life_s, app.origin());
                response.headers_mut().insert(header::SET_COOKIE, cookie.parse().map_err(|_| Problem::not_found())?);
            }
            Ok(response)
        }
        // The light account goes with the transaction: a wrong code leaves nothing behind.
        Err(Error::ShareCode) => {
            let mut page = join_page(&view, &join.code, &join.label, stranger, Some(("code", view.t("problem-cards-share-code"))));
            page.extensions_mut().insert(web::WrongCode);
            Ok(page)
        }
        Err(error) => Err(error.into()),
    }
}
