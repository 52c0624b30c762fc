//! What phones, counters and other programs ask.

pub(crate) mod residence;
pub(crate) mod wallet;

use std::sync::Arc;

use ::store::{Actor, Ctx};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::MediumNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use town::{Barcode, Disclosed, Programme};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Caller, Problem, Reader, Session, View, signed_in};

use crate::domain::{self, Asked, CardView, Office, ShareState};
use crate::model::{CardId, Decision, OfflineUse, ShareId, UseId};
use crate::words;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(my_cards))
        .routes(routes!(share_status))
        .routes(routes!(decide))
        .routes(routes!(sync))
        .routes(routes!(deliver_log))
        .routes(routes!(pair))
        .routes(routes!(status_list))
        .routes(routes!(wallet::ask_wallet))
        .routes(routes!(wallet::wallet_request))
}

#[derive(Deserialize)]
struct OfPhone {
    device: identity::PhoneId,
    /// `server_time` of the last answer the phone kept: what came with it is known to have arrived.
    seen: Option<Timestamp>,
}

/// The caller's cards for one phone.
#[derive(Serialize, ToSchema)]
struct MyCards {
    /// The centre's time, RFC 3339.
    #[schema(value_type = String)]
    server_time: Timestamp,
    cards: Vec<CardJson>,
}

/// A card as the phone keeps and draws it.
#[derive(Serialize, ToSchema)]
struct CardJson {
    /// The right to show it.
    id: String,
    /// The programme's id.
    programme: String,
    title: String,
    town: String,
    holder_label: String,
    /// Last day, YYYY-MM-DD.
    valid_until: Option<String>,
    until_label: Option<String>,
    /// `#rrggbb`.
    color: String,
    /// The picture's name.
    icon: &'static str,
    /// `live` or `ended`.
    state: &'static str,
    state_label: String,
    /// Why it is not live.
    reason: Option<String>,
    /// The credential, base64url.
    credential: Option<String>,
    /// What opens its digests, base64url.
    disclosures: Vec<String>,
    back: Vec<Labelled>,
    links: Vec<LinkJson>,
}

/// A label and its value.
#[derive(Serialize, ToSchema)]
pub(crate) struct Labelled {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// A link of a card.
#[derive(Serialize, ToSchema)]
struct LinkJson {
    label: String,
    href: String,
}

/// Gives the caller's cards, each signed for the phone that asks.
#[utoipa::path(get, path = "/api/v1/me/cards", params(("device" = String, Query), ("seen" = Option<String>, Query)), responses(
    (status = 200, body = MyCards), (status = 410, description = "This phone was ended: prove with the card to begin again.")), tag = "cards")]
async fn my_cards(
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Session(session): Session,
    Caller(mut ctx): Caller,
    Query(phone): Query<OfPhone>,
) -> Result<Json<MyCards>, Problem> {
    domain::asks_from(&mut ctx, session, phone.device).await?;
    signed_in(&ctx)?;
    if let Some(answered_at) = phone.seen {
        domain::phone_has(&mut ctx, phone.device, answered_at).await?;
    }
    let cards = domain::my_cards(&mut ctx, &office, Some(phone.device)).await?;
    let server_time = ctx.now();
    ctx.commit().await?;
    Ok(Json(MyCards { server_time, cards: cards.iter().map(|card| card_json(&view, card)).collect() }))
}

fn card_json(view: &View, card: &CardView) -> CardJson {
    let programme = view.app.town().programme(&card.holding.programme);
    let held = card.card.as_ref();
    let disclosures = held.and_then(|held| serde_json::from_str(&held.disclosures).ok()).unwrap_or_default();
    let link = |key: &str| LinkJson { label: view.t(key), href: format!("/share/{}", card.holding.id) };
    let mut links: Vec<LinkJson> = words::family_key(view, card).map(link).into_iter().collect();
    if card.is_live() {
        links.push(LinkJson { label: view.t("wallet-title"), href: format!("/cards/{}/wallet", card.holding.id) });
    }
    CardJson {
        id: card.holding.id.to_string(),
        programme: card.holding.programme.to_string(),
        title: programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned()),
        town: view.words(&view.app.town().name).to_owned(),
        holder_label: words::holder_label(view, card),
        valid_until: card.valid_until.map(|day| day.to_string()),
        until_label: card.valid_until.map(|day| view.day(&day)),
        color: programme.map_or_else(|| view.app.town().theme.primary, |programme| programme.design.colour).to_string(),
        icon: programme.map_or("town", |programme| programme.design.icon.word()),
        state: if card.is_live() { "live" } else { "ended" },
        state_label: view.t(if card.is_live() { "card-state-live" } else { "card-state-ended" }),
        reason: (!card.is_live()).then(|| words::ended(view, card.holding.ended_why)),
        credential: held.map(|held| URL_SAFE_NO_PAD.encode(&held.credential)),
        disclosures,
        back: back(view, card, programme),
        links,
    }
}

fn back(view: &View, card: &CardView, programme: Option<&Programme>) -> Vec<Labelled> {
    let labelled = |label: String, value: String| Labelled { label, value };
    let Some(programme) = programme else { return Vec::new() };
    let mut back = vec![labelled(view.t("card-what"), view.words(&programme.short).to_owned())];
    if let Some(born) = card.date_of_birth {
        back.push(labelled(words::claim_label(view, Disclosed::DateOfBirth), view.day(&born)));
    }
    if let Some(number) = programme.payer_number {
        back.push(labelled(words::claim_label(view, Disclosed::PayerNumber), number.to_string()));
    }
    back
}

/// How far a share has come.
#[derive(Serialize, ToSchema)]
struct ShareStatus {
    /// `waiting`, `joined`, `ended` or `expired`.
    #[schema(value_type = String)]
    state: ShareState,
    label: String,
}

/// Says how far a share of the caller's has come.
#[utoipa::path(get, path = "/api/v1/me/shares/{share}/status", params(("share" = String, Path)), responses((status = 200, body = ShareStatus)), tag = "cards")]
async fn share_status(view: View, Reader(mut ctx): Reader, Path(share): Path<ShareId>) -> Result<Json<ShareStatus>, Problem> {
    signed_in(&ctx)?;
    let state = domain::share_state(&mut ctx, share).await?;
    let key = match state {
        ShareState::Waiting => "share-state-waiting",
        ShareState::Joined => "share-state-joined",
        ShareState::Ended => "share-state-ended",
        ShareState::Expired => "share-state-expired",
    };
    Ok(Json(ShareStatus { state, label: view.t(key) }))
}

/// A presentation shown at a place.
#[derive(Deserialize, ToSchema)]
struct Presented {
    /// A UUID made by the place: asked again with the same, the answer is the same.
    #[schema(value_type = String)]
    id: UseId,
    /// The text of the QR code; or the number of what was laid on a reader in place of a phone: a transit card's IDm, the town's number in a My Number
    /// Card, a printed QR code.
    presentation: String,
}

/// The answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answer {
    #[schema(value_type = String)]
    server_time: Timestamp,
    pub(crate) accepted: bool,
    #[schema(value_type = Option<Object>)]
    refusal: Option<credential::Refusal>,
    /// One plain sentence.
    pub(crate) message: String,
    programme: Option<ProgrammeJson>,
    /// Last day, YYYY-MM-DD.
    valid_until: Option<String>,
    until_label: Option<String>,
    pub(crate) fields: Vec<Labelled>,
    barcodes: Vec<BarcodeJson>,
}

/// A programme for the screen.
#[derive(Serialize, ToSchema)]
struct ProgrammeJson {
    title: String,
    color: String,
}

/// A barcode for the counter's reader.
#[derive(Serialize, ToSchema)]
struct BarcodeJson {
    /// `nw7`, `code128` or `qr`.
    kind: &'static str,
    value: String,
    label: String,
}

/// Decides on a presentation, for the place that is paired.
#[utoipa::path(post, path = "/api/v1/decisions", request_body = Presented, responses((status = 200, body = Answer)), tag = "verifier")]
async fn decide(
    State(app): State<App>,
    view: View,
    Extension(office): Extension<Arc<Office>>,
    Reader(ctx): Reader,
    Json(presented): Json<Presented>,
) -> Result<Json<Answer>, Problem> {
    let actor = paired(ctx)?;
    if let Ok(number) = MediumNumber::read(&presented.presentation) {
        let decision = decide_number(&app, office, actor, presented.id, number).await?;
        return Ok(Json(answer(&view, &decision)));
    }
    let max_age_s = i64::from(app.town().presentation.max_age_s);
    let asked = Asked::new(&office, presented.id, &presented.presentation, app.store().clock().now(), max_age_s);
    // Together with the other answers of this moment, in one flush to disk.
    let decision = app
        .store()
        .grouped(actor, move |ctx| {
            let asked = asked.clone();
            Box::pin(async move { Ok(domain::decide(ctx, &asked).await?) })
        })
        .await?;
    Ok(Json(answer(&view, &decision)))
}

/// Decides on what was laid on a reader in place of a phone, together with the other answers of this moment.
pub(crate) async fn decide_number(
    app: &App,
    office: Arc<Office>,
    actor: Actor,
    id: UseId,
    number: MediumNumber,
) -> Result<Decision, Problem> {
    let decided = app.store().grouped(actor, move |ctx| {
        let (office, number) = (Arc::clone(&office), number.clone());
        Box::pin(async move { Ok(domain::decide_medium(ctx, &office, id, &number).await?) })
    });
    Ok(decided.await?)
}

/// Something a place may see, with its name.
pub(crate) fn labelled(view: &View, programme: Option<&Programme>, (what, value): &(Disclosed, String)) -> Labelled {
    Labelled { label: words::claim_label(view, *what), value: words::claim_value(view, programme, *what, value) }
}

fn paired(ctx: Ctx) -> Result<Actor, Problem> {
    match ctx.actor {
        Actor::Verifier(_) | Actor::Station(..) => Ok(ctx.actor),
        _ => Err(Problem::not_signed_in()),
    }
}

pub(crate) fn answer(view: &View, decision: &Decision) -> Answer {
    let programme = decision.programme.as_ref().and_then(|id| view.app.town().programme(id));
    let title = programme.map_or_else(String::new, |programme| view.words(&programme.name).to_owned());
    let until_label = decision.valid_until.map(|day| view.day(&day));
    let message = match (&decision.refusal, &until_label) {
        (Some(refusal), _) => words::refusal(view, refusal),
        (None, Some(day)) => view.ta("verifier-yes-until", &[("programme", title.as_str().into()), ("day", day.into())]),
        (None, None) => title.clone(),
    };
    let shown = decision.shown.iter().filter(|(what, _)| *what != Disclosed::ValidUntil);
    Answer {
        server_time: view.app.store().clock().now(),
        accepted: decision.accepted(),
        refusal: decision.refusal,
        message,
        programme: programme.map(|programme| ProgrammeJson { title: title.clone(), color: programme.design.colour.to_string() }),
        valid_until: decision.valid_until.map(|day| day.to_string()),
        until_label,
        fields: shown.map(|field| labelled(view, programme, field)).collect(),
        barcodes: barcodes(view, decision, programme),
    }
}

fn barcodes(view: &View, decision: &Decision, programme: Option<&Programme>) -> Vec<BarcodeJson> {
    let number = decision.shown.iter().find(|(what, _)| *what == Disclosed::BeneficiaryNumber);
    let Some(((what, value), Barcode { kind, .. })) = number.zip(programme.and_then(|programme| programme.barcode.as_ref())) else {
        return Vec::new();
    };
    vec![BarcodeJson { kind: kind.word(), value: value.clone(), label: words::claim_label(view, *what) }]
}

/// What a paired place takes with it.
#[derive(Serialize, ToSchema)]
struct Sync {
    #[schema(value_type = String)]
    server_time: Timestamp,
    /// Keys, status list and place: see `docs/credential.md`.
    #[schema(value_type = Object)]
    knowledge: credential::Knowledge,
    /// Titles, labels and barcodes for the screen.
    #[schema(value_type = Object)]
    screen: serde_json::Value,
}

/// Gives a paired place what it needs to decide by itself for a while.
#[utoipa::path(get, path = "/api/v1/verifier/sync", responses((status = 200, body = Sync)), tag = "verifier")]
async fn sync(view: View, Extension(office): Extension<Arc<Office>>, Reader(mut ctx): Reader) -> Result<Json<Sync>, Problem> {
    if !matches!(ctx.actor, Actor::Verifier(_)) {
        return Err(Problem::not_signed_in());
    }
    let knowledge = domain::knowledge(&mut ctx, &office).await?;
    let screen = screen(&view, &knowledge);
    Ok(Json(Sync { server_time: ctx.now(), knowledge, screen }))
}

fn screen(view: &View, knowledge: &credential::Knowledge) -> serde_json::Value {
    let programmes = knowledge.place.accepts.iter().filter_map(|accepted| {
        let programme = view.app.town().programme(&accepted.programme.parse().ok()?)?;
        let fields: serde_json::Map<String, serde_json::Value> = Disclosed::ALL
            .iter()
            .filter(|what| accepted.shows.iter().any(|shown| shown == what.word()))
            .map(|what| (what.word().to_owned(), words::claim_label(view, *what).into()))
            .collect();
        let barcodes: Vec<_> = programme
            .barcode
            .iter()
            .filter(|_| accepted.shows.iter().any(|shown| shown == Disclosed::BeneficiaryNumber.word()))
            .map(|barcode| {
                let claim = Disclosed::BeneficiaryNumber;
                serde_json::json!({ "kind": barcode.kind.word(), "claim": claim.word(), "label": words::claim_label(view, claim) })
            })
            .collect();
        let screen = serde_json::json!({
            "title": view.words(&programme.name), "color": programme.design.colour.to_string(), "fields": fields, "barcodes": barcodes,
        });
        Some((accepted.programme.clone(), screen))
    });
    serde_json::json!({ "programmes": programmes.collect::<serde_json::Map<_, _>>() })
}

/// What a place answered by itself.
#[derive(Deserialize, ToSchema)]
struct Log {
    entries: Vec<LogEntry>,
}

/// One answer.
#[derive(Deserialize, ToSchema)]
struct LogEntry {
    #[schema(value_type = String)]
    id: UseId,
    #[schema(value_type = String)]
    at: Timestamp,
    accepted: bool,
    #[schema(value_type = Option<Object>)]
    refusal: Option<credential::Refusal>,
    programme: Option<String>,
    #[schema(value_type = Option<String>)]
    card: Option<CardId>,
    #[serde(default)]
    knowledge_age_s: i64,
}

/// The ids that are safely written.
#[derive(Serialize, ToSchema)]
struct Delivered {
    #[schema(value_type = Vec<String>)]
    accepted: Vec<UseId>,
}

/// Takes in what a place answered while the centre could not be reached. The same entries may be sent any number of times.
#[utoipa::path(post, path = "/api/v1/verifier/log", request_body = Log, responses((status = 200, body = Delivered)), tag = "verifier")]
async fn deliver_log(Caller(mut ctx): Caller, Json(log): Json<Log>) -> Result<Json<Delivered>, Problem> {
    if !matches!(ctx.actor, Actor::Verifier(_)) {
        return Err(Problem::not_signed_in());
    }
    let uses: Vec<OfflineUse> = log
        .entries
        .into_iter()
        .map(|entry| OfflineUse {
            id: entry.id,
            at: entry.at,
            accepted: entry.accepted,
            refusal: entry.refusal,
            programme: entry.programme.and_then(|programme| programme.parse().ok()),
            card: entry.card,
            knowledge_age_s: entry.knowledge_age_s,
        })
        .collect();
    let accepted = domain::deliver_offline(&mut ctx, &uses).await?;
    ctx.commit().await?;
    Ok(Json(Delivered { accepted }))
}

/// The code a place was given.
#[derive(Deserialize, ToSchema)]
struct PairingCode {
    code: String,
}

/// The place that is paired now.
#[derive(Serialize, ToSchema)]
struct Paired {
    place: String,
}

/// Pairs this browser to the place of the code: it may decide there from now on.
#[utoipa::path(post, path = "/api/v1/verifier/pair", request_body = PairingCode, responses((status = 200, body = Paired), (status = 429, description = "Too many wrong codes: Retry-After says when to ask again.")), tag = "verifier")]
async fn pair(State(app): State<App>, view: View, Caller(mut ctx): Caller, Json(code): Json<PairingCode>) -> Result<Response, Problem> {
    let paired = identity::pair(&mut ctx, &code.code, &view.t("verify-title")).await?;
    if paired.device.kind != identity::DeviceKind::Verifier {
        // A station's code: nothing was changed, it is still good at the station.
        return Err(identity::Error::CodeNotValid.into());
    }
    let life_s = (paired.session.ends_at.as_second() - ctx.now().as_second()).max(0);
    ctx.commit().await?;
    let name = app.town().place(&paired.device.place).map_or_else(String::new, |place| view.words(&place.name).to_owned());
    let cookie = web::session_cookie(web::SessionKind::Verifier, &paired.session.token, life_s, app.origin());
    Ok(([(header::SET_COOKIE, cookie)], Json(Paired { place: name })).into_response())
}

/// The status list token (Token Status List), for anyone: it names no one.
#[utoipa::path(get, path = "/s/1", responses((status = 200, content_type = "application/statuslist+cwt", body = Vec<u8>)), tag = "verifier")]
async fn status_list(Extension(office): Extension<Arc<Office>>, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let token = domain::status_token(&mut ctx, &office).await?;
    let headers = [(header::CONTENT_TYPE, "application/statuslist+cwt"), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((StatusCode::OK, headers, token).into_response())
}
