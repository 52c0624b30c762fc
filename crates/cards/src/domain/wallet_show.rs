//! A place asks a standard wallet for a card: OpenID for Verifiable Presentations 1.0, and the same answer as to a phone of ours.

use std::collections::BTreeMap;

use credential::Refusal;
use credential::sdjwt::{self, Question, Unbelieved};
use identity::secret;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Actor, Ctx, Permission};
use town::{Disclosed, Place, Programme, ProgrammeId};

use crate::domain::decide;
use crate::domain::issue::Office;
use crate::domain::wallet::percent;
use crate::domain::wallet_issue::Answer;
use crate::fault::Fault;
use crate::model::{Decision, Error, How, Result, UseId};
use crate::people::Known;
use crate::rules;
use crate::store::wallets::{self, Request};
use crate::store::{self as rows, Given, ShownCard};

/// How long a wallet may take to answer.
const REQUEST_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How old a binding may be: the holder looks at the question before they agree.
pub(super) const BINDING_AGE_S: i64 = 300;

pub(super) const NOT_OPEN: Fault = Fault::new("invalid_request", "request", "The request is unknown, answered or over.");

/// What a place shows for a wallet to read.
#[derive(Debug, Clone)]
pub struct WalletRequest {
    /// The id of the answer that will come.
    pub id: UseId,
    /// `openid4vp://…`.
    pub uri: String,
    /// Until when it may be answered.
    pub expires_at: Timestamp,
}

/// How far a request to a wallet has come.
#[derive(Debug, Clone)]
pub enum WalletState {
    /// The wallet has not answered.
    Waiting(WalletRequest),
    /// The holder said no.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The answer.
    Answered(Box<Decision>),
}

/// Lets the caller's place ask a wallet.
///
/// # Errors
/// Not permitted; the store's.
pub async fn ask_wallet(ctx: &mut Ctx, office: &Office) -> Result<WalletRequest> {
    ctx.allow(Permission::Decide)?;
    let Actor::Verifier(place) = ctx.actor.clone() else { return Err(Error::NoSuchCard) };
    let now = ctx.now();
    let request = Request {
        id: UseId::new(now),
        place,
        token: secret::token(),
        nonce: secret::token(),
        expires_at: now + REQUEST_LIFE,
        closed: false,
        opened: None,
    };
    wallets::insert_request(ctx.tx(), &request).await?;
    ctx.record("cards.wallet_asked", &(request.id, &request.place)).await?;
    Ok(told(office, &request))
}

fn told(office: &Office, request: &Request) -> WalletRequest {
    let uri = uri_of(office, &format!("/requests/{}", request.token));
    WalletRequest { id: request.id, uri, expires_at: request.expires_at }
}

/// What a wallet reads or opens to fetch the question at a path of ours: `openid4vp://…`.
pub(super) fn uri_of(office: &Office, path: &str) -> String {
    format!("openid4vp://?client_id={}&request_uri={}", percent(&client_id(office)), percent(&office.wallet_at(path)))
}

/// Who asks: the town, by a name that leads to the address people know it by.
pub(super) fn client_id(office: &Office) -> String {
    format!("decentralized_identifier:{}", office.wallet_did())
}

/// Gives the signed question a wallet fetches.
///
/// # Errors
/// Signing's; the store's.
pub async fn wallet_question(ctx: &mut Ctx, office: &Office, token: &str) -> Result<Answer<String>> {
    let Some(request) = open_request(ctx, token).await? else { return Ok(Err(NOT_OPEN)) };
    let town = ctx.town().clone();
    let Some(place) = town.place(&request.place) else { return Ok(Err(NOT_OPEN)) };
    let asks = Asks {
        name: place.name.ja(),
        query: query(office, place, &town),
        answers: format!("/answers/{}", request.token),
        nonce: &request.nonce,
        state: request.id.to_string(),
        now: ctx.now(),
        expires_at: request.expires_at,
    };
    Ok(Ok(asks.signed(office)?))
}

/// A question for a wallet, whoever asks what (OpenID4VP 1.0 section 5).
pub(super) struct Asks<'a> {
    /// Who asks, for the person to read.
    pub(super) name: &'a str,
    /// What is asked, in DCQL.
    pub(super) query: Value,
    /// The path of ours the answer is posted to.
    pub(super) answers: String,
    pub(super) nonce: &'a str,
    pub(super) state: String,
    pub(super) now: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Asks<'_> {
    /// Signs it with the town's card key.
    pub(super) fn signed(self, office: &Office) -> Result<String> {
        let question = json!({
            "aud": "https://self-issued.me/v2",
            "iat": self.now.as_second(),
            "exp": self.expires_at.as_second(),
            "response_type": "vp_token",
            "response_mode": "direct_post",
            "client_id": client_id(office),
            "response_uri": office.wallet_at(&self.answers),
            "nonce": self.nonce,
            "state": self.state,
            "dcql_query": self.query,
            "client_metadata": {
                "client_name": self.name,
                "vp_formats_supported": { "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] } },
            },
        });
        Ok(sdjwt::sign(office.issuer(), "oauth-authz-req+jwt", &office.wallet_key_name(), &question)?)
    }
}

async fn open_request(ctx: &mut Ctx, token: &str) -> Result<Option<Request>> {
    let now = ctx.now();
    Ok(wallets::request_of_token(ctx.tx(), token).await?.filter(|request| request.expires_at > now && !request.closed))
}

/// Any card of a programme the place takes part in, with what its kind may see opened; where somebody's card does not hold all of that, the card alone.
fn query(office: &Office, place: &Place, town: &town::Town) -> Value {
    let mut credentials = Vec::new();
    let mut options = Vec::new();
    for programme in place.accepts.iter().filter_map(|id| town.programme(id)) {
        let meta = json!({ "vct_values": [office.wallet_type(&programme.id)] });
        let claims: Vec<Value> = seen_by(place, programme).map(|what| json!({ "path": [rules::claim_name(what)] })).collect();
        if !claims.is_empty() {
            credentials.push(json!({ "id": programme.id, "format": "dc+sd-jwt", "meta": meta, "claims": claims }));
            options.push(json!([programme.id]));
        }
        let bare = format!("{}-only", programme.id);
        credentials.push(json!({ "id": bare, "format": "dc+sd-jwt", "meta": meta }));
        options.push(json!([bare]));
    }
    json!({ "credentials": credentials, "credential_sets": [{ "options": options }] })
}

fn seen_by<'a>(place: &'a Place, programme: &'a Programme) -> impl Iterator<Item = Disclosed> + 'a {
    programme.disclosed_to(place.kind).iter().copied()
}

/// What a wallet posts.
#[derive(Debug, Clone, Default)]
pub struct WalletSays {
    /// The presentations, JSON.
    pub vp_token: Option<String>,
    /// Which question it answers.
    pub state: Option<String>,
    /// Why it does not.
    pub error: Option<String>,
}

/// Takes a wallet's answer to a question, decides on it for the place that asked, and writes the decision down. A card that is refused is an answer;
/// only a presentation that is none is told to the wallet as wrong.
///
/// # Errors
/// The store's.
pub async fn wallet_shows(ctx: &mut Ctx, office: &Office, token: &str, says: &WalletSays) -> Result<Answer<()>> {
    let Some(request) = open_request(ctx, token).await? else { return refuse(ctx, None, NOT_OPEN).await };
    if says.state.as_deref() != Some(request.id.to_string().as_str()) {
        return refuse(ctx, Some(&request), Fault::new("invalid_request", "state", "state is not that of the request.")).await;
    }
    if says.error.is_some() {
        if !wallets::close_request(ctx.tx(), request.id, None).await? {
            return refuse(ctx, Some(&request), NOT_OPEN).await;
        }
        ctx.record("cards.wallet_declined", &request.id).await?;
        return Ok(Ok(()));
    }
    let audience = client_id(office);
    let keys = [*office.issuer().public()];
    let issuer = office.wallet_at("");
    let question =
        Question { issuer: &issuer, keys: &keys, audience: &audience, nonce: &request.nonce, now: ctx.now(), max_age_s: BINDING_AGE_S };
    let presented = says.vp_token.as_deref().and_then(first_of);
    let (card, holds) = presented.map_or((None, Err(Unbelieved::Malformed)), |text| sdjwt::check(&text, &question));
    if holds == Err(Unbelieved::Malformed) {
        let fault = Fault::new("invalid_request", "presentation", "vp_token holds no presentation of a card that was asked for.");
        return refuse(ctx, Some(&request), fault).await;
    }
    let opened: Vec<&String> = card.iter().flat_map(|card| card.opened.keys()).collect();
    let opened = serde_json::to_string(&opened).map_err(store::Error::from)?;
    // Of two answers at once, one counts.
    if !wallets::close_request(ctx.tx(), request.id, Some(opened)).await? {
        return refuse(ctx, Some(&request), NOT_OPEN).await;
    }
    ctx.actor = Actor::Verifier(request.place.clone());
    decide_on(ctx, office, &request, card.as_ref(), holds).await?;
    match holds {
        Ok(()) | Err(Unbelieved::Expired) => Ok(Ok(())),
        Err(why) => refuse(ctx, Some(&request), Fault::new("invalid_request", reason(why), "The presentation does not hold.")).await,
    }
}

async fn refuse(ctx: &mut Ctx, request: Option<&Request>, fault: Fault) -> Result<Answer<()>> {
    tracing::warn!(reason = fault.reason, "a wallet's presentation was refused");
    if let Some(request) = request {
        ctx.record("cards.wallet_refused", &(request.id, fault.reason)).await?;
    }
    Ok(Err(fault))
}

fn reason(why: Unbelieved) -> &'static str {
    match why {
        Unbelieved::Malformed => "presentation",
        Unbelieved::OtherIssuer => "other_issuer",
        Unbelieved::Signature => "issuer_signature",
        Unbelieved::Expired => "expired",
        Unbelieved::Binding => "key_binding",
        Unbelieved::OtherQuestion => "other_question",
        Unbelieved::Moment { .. } => "key_binding_time",
    }
}

/// The first presentation of a `vp_token`: an object of lists, by the query each is for.
pub(super) fn first_of(vp_token: &str) -> Option<String> {
    let tokens: BTreeMap<String, Vec<String>> = serde_json::from_str(vp_token).ok()?;
    tokens.into_values().flatten().next()
}

async fn decide_on(
    ctx: &mut Ctx,
    office: &Office,
    request: &Request,
    card: Option<&sdjwt::Presented>,
    holds: std::result::Result<(), Unbelieved>,
) -> Result<()> {
    ctx.allow(Permission::Decide)?;
    let town = ctx.town().clone();
    let place = town.place(&request.place).ok_or(Error::NoSuchCard)?;
    let found = find(ctx, office, card).await?;
    let mut decision = Decision::begun(request.id);
    if let Some(found) = &found {
        (decision.programme, decision.resident) = (Some(found.programme.clone()), Some(found.resident));
    }
    let now = ctx.now();
    let mut given = Given {
        place: &request.place,
        at: now,
        received_at: now,
        card: found.as_ref().map(|found| found.id),
        age: None,
        shown_key: Some(format!("wallet/{}", request.id)),
        knowledge_age_s: None,
        medium: None,
    };
    match verdict(ctx, found.as_ref(), place, holds).await? {
        Ok(known) => given.age = known.age_on(ctx.today()),
        Err(refusal) => decision.refusal = Some(refusal),
    }
    rows::insert_use(ctx.tx(), &decision, &given).await?;
    let how = found.as_ref().map_or(How::Own, |found| found.how);
    decide::note(ctx, &decision, &request.place, how).await
}

/// A place learns what its kind may see, and of that what the holder opened.
fn keep_opened(decision: &mut Decision, opened: &[String]) {
    let is_open = |what| opened.iter().any(|name| name == rules::claim_name(what));
    decision.shown.retain(|(what, _)| is_open(*what));
    decision.valid_until = decision.valid_until.filter(|_| is_open(Disclosed::ValidUntil));
}

/// The record of the card, if the town has it exactly so and of that type.
async fn find(ctx: &mut Ctx, office: &Office, card: Option<&sdjwt::Presented>) -> Result<Option<ShownCard>> {
    let Some(card) = card else { return Ok(None) };
    let Ok(idx) = i64::try_from(card.status_idx) else { return Ok(None) };
    let found = wallets::shown_at(ctx.tx(), idx).await?;
    Ok(found.filter(|found| found.credential == card.jwt.as_bytes() && office.wallet_type(&found.programme) == card.vct))
}

async fn verdict(
    ctx: &mut Ctx,
    found: Option<&ShownCard>,
    place: &Place,
    holds: std::result::Result<(), Unbelieved>,
) -> Result<std::result::Result<Known, Refusal>> {
    match holds {
        Ok(()) => {}
        Err(Unbelieved::Expired) => return Ok(Err(decide::ended_reason(ctx, found).await?.unwrap_or(Refusal::ExpiredCard))),
        Err(why) => return Ok(Err(refusal(why))),
    }
    let Some(found) = found else { return Ok(Err(Refusal::UnknownCard)) };
    decide::stands(ctx, found, place).await
}

fn refusal(why: Unbelieved) -> Refusal {
    match why {
        Unbelieved::Malformed => Refusal::Malformed,
        Unbelieved::OtherIssuer => Refusal::UnknownKey,
        Unbelieved::Signature => Refusal::BadIssuerSignature,
        Unbelieved::Expired => Refusal::ExpiredCard,
        Unbelieved::Binding => Refusal::CopiedCard,
        // Made for another question: somebody shows what they saw elsewhere.
        Unbelieved::OtherQuestion => Refusal::Replayed,
        Unbelieved::Moment { seconds } if seconds < 0 => Refusal::ClockAhead { seconds: -seconds },
        Unbelieved::Moment { seconds } => Refusal::Stale { seconds },
    }
}

/// Says how far a request of the caller's place has come.
///
/// # Errors
/// Not permitted; [`Error::NoSuchCard`] for a request of another place or none; the store's.
pub async fn wallet_state(ctx: &mut Ctx, office: &Office, id: UseId) -> Result<WalletState> {
    ctx.allow(Permission::Decide)?;
    let Actor::Verifier(place_id) = ctx.actor.clone() else { return Err(Error::NoSuchCard) };
    let request = wallets::request(ctx.tx(), id).await?.filter(|request| request.place == place_id).ok_or(Error::NoSuchCard)?;
    if !request.closed {
        let over = request.expires_at <= ctx.now();
        return Ok(if over { WalletState::Expired } else { WalletState::Waiting(told(office, &request)) });
    }
    let (Some(opened), Some(before)) = (&request.opened, rows::given_before(ctx.tx(), id).await?) else { return Ok(WalletState::Declined) };
    let opened: Vec<String> = serde_json::from_str(opened).map_err(store::Error::from)?;
    let mut decision = decide::again(ctx, id, before, &place_id).await?;
    keep_opened(&mut decision, &opened);
    Ok(WalletState::Answered(Box::new(decision)))
}

impl Office {
    /// An address of the wallets' part of the house; nothing after it is the issuer's own name.
    pub fn wallet_at(&self, path: &str) -> String {
        format!("{}/wallet{path}", self.origin())
    }

    /// The type of a programme's cards in wallets, which is where it is described.
    pub fn wallet_type(&self, programme: &ProgrammeId) -> String {
        self.wallet_at(&format!("/types/{programme}"))
    }

    /// The status list in the form wallets read.
    pub fn wallet_status_uri(&self) -> String {
        format!("{}/status-lists/1", self.origin())
    }

    /// The town as a decentralized identifier (did:web): it leads to `/wallet/did.json` of this very address.
    pub fn wallet_did(&self) -> String {
        let host = self.origin().split_once("://").map_or(self.origin(), |(_, host)| host);
        format!("did:web:{}:wallet", host.replace(':', "%3A"))
    }

    /// The name of the key questions are signed with.
    pub fn wallet_key_name(&self) -> String {
        format!("{}#{}", self.wallet_did(), self.issuer().public().kid())
    }
}
