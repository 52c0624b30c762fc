//! A card goes into a standard wallet, and a place asks one: pages with a QR code, no script needed.

use std::sync::Arc;

use ::store::{Actor, Ctx};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;
use web::{Caller, Page, Problem, Reader, View, qr_svg, signed_in};

use crate::api::{Answer, answer};
use crate::domain::{self, InWallet, Office, WalletOffer, WalletState};
use crate::model::{CardId, HoldingId, UseId};
use crate::pages::holder;

#[derive(Template)]
#[template(path = "wallet.html")]
struct InWallets<'a> {
    view: &'a View,
    id: HoldingId,
    /// Which card.
    card: String,
    cards: Vec<InWallet>,
    offer: Option<Offered>,
}

struct Offered {
    qr: String,
    link: String,
    tx_code: String,
}

/// The wallets a card is in, and a button to put it into one.
pub(super) async fn page(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Caller(mut ctx): Caller,
    Path(id): Path<HoldingId>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    at_home(&view)?;
    shown(&view, &mut ctx, &office, id, None).await
}

/// A screen many people use shows no offer: whoever stands behind could take it.
fn at_home(view: &View) -> Result<(), Problem> {
    if view.kiosk { Err(Problem::not_found()) } else { Ok(()) }
}

async fn shown(view: &View, ctx: &mut Ctx, office: &Office, id: HoldingId, offer: Option<WalletOffer>) -> Result<Response, Problem> {
    let card = holder::heading(view, ctx, office, id).await?;
    let cards = domain::in_wallets(ctx, id).await?;
    let title = view.t("wallet-title");
    let offer = offer.map(|offer| Offered { qr: qr_svg(&offer.link, &view.t("wallet-qr")), link: offer.link, tx_code: offer.tx_code });
    Ok(view.page(&Page::resident(&title), &InWallets { view, id, card, cards, offer }))
}

/// Offers the card to a wallet, and shows the offer this once.
pub(super) async fn offer(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Caller(mut ctx): Caller,
    Path(id): Path<HoldingId>,
) -> Result<Response, Problem> {
    signed_in(&ctx)?;
    at_home(&view)?;
    let offer = domain::offer_to_wallet(&mut ctx, &office, id).await?;
    let page = shown(&view, &mut ctx, &office, id, Some(offer)).await?;
    ctx.commit().await?;
    Ok(page)
}

#[derive(Deserialize)]
pub(super) struct End {
    card: CardId,
}

/// Ends the card in one wallet.
pub(super) async fn end(Caller(mut ctx): Caller, Path(id): Path<HoldingId>, Form(end): Form<End>) -> Result<Redirect, Problem> {
    signed_in(&ctx)?;
    domain::end_in_wallet(&mut ctx, id, end.card).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/cards/{id}/wallet")))
}

#[derive(Template)]
#[template(path = "verify_wallet.html")]
struct Asking<'a> {
    view: &'a View,
    qr: String,
    uri: String,
    /// What to tell instead of a code: its key.
    over: Option<&'static str>,
    answer: Option<Answer>,
}

/// Asks a wallet for the caller's place.
pub(super) async fn ask(Extension(office): Extension<Arc<Office>>, Caller(mut ctx): Caller) -> Result<Redirect, Problem> {
    if !is_paired(&ctx) {
        return Ok(Redirect::to("/verify"));
    }
    let asked = domain::ask_wallet(&mut ctx, &office).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/verify/wallet/{}", asked.id)))
}

/// The button to ask with.
pub(super) async fn before(view: View, Reader(ctx): Reader) -> Response {
    if !is_paired(&ctx) {
        return Redirect::to("/verify").into_response();
    }
    asking(&view, Asking { view: &view, qr: String::new(), uri: String::new(), over: None, answer: None })
}

/// The code for the wallet, looked at again until the answer is there.
pub(super) async fn asked(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Reader(mut ctx): Reader,
    Path(id): Path<UseId>,
) -> Result<Response, Problem> {
    if !is_paired(&ctx) {
        return Ok(Redirect::to("/verify").into_response());
    }
    let none = |over| Asking { view: &view, qr: String::new(), uri: String::new(), over, answer: None };
    Ok(match domain::wallet_state(&mut ctx, &office, id).await? {
        WalletState::Waiting(asked) => {
            let body = Asking { qr: qr_svg(&asked.uri, &view.t("verify-wallet-qr")), uri: asked.uri, ..none(None) };
            let mut page = asking(&view, body);
            page.headers_mut().insert(header::REFRESH, HeaderValue::from_static("3"));
            page
        }
        WalletState::Declined => asking(&view, none(Some("verify-wallet-declined"))),
        WalletState::Expired => asking(&view, none(Some("verify-wallet-expired"))),
        WalletState::Answered(decision) => asking(&view, Asking { answer: Some(answer(&view, &decision)), ..none(None) }),
    })
}

fn asking(view: &View, body: Asking<'_>) -> Response {
    view.page(&Page::plain(&view.t("verify-wallet-title")), &body)
}

fn is_paired(ctx: &Ctx) -> bool {
    matches!(ctx.actor, Actor::Verifier(_))
}
