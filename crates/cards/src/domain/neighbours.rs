//! A neighbouring town's statement that somebody lives there: asked of the holder's wallet (OpenID4VP 1.0), checked with the neighbour's keys and its status
//! list of this very moment, compared with the person of the account, and followed until it ends.

use std::sync::Arc;

use credential::sdjwt::{self, Presented, Question};
use credential::{IssuerPublicKey, StatusList};
use identity::{Belonging, Statement, secret};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{AccountId, Actor, Ctx, Permission, Store};
use town::{Neighbour, NeighbourId};
use web::{Outside, fetch_file};

use crate::domain::issue::Office;
use crate::domain::wallet_issue::Answer;
use crate::domain::wallet_show::{Asks, BINDING_AGE_S, NOT_OPEN, WalletSays, client_id, first_of, uri_of};
use crate::fault::Fault;
use crate::model::{Error, Followed, Outcome, ResidenceRequest, ResidenceRequestId, Result};
use crate::rules::{claim_name, statement};
use crate::store::neighbours as rows;

/// The job that plans a day's looks at the neighbours' status lists, and ends what is past.
pub const EVERY_DAY: &str = "cards.neighbours_daily";
/// The job that follows one neighbour's status lists.
pub const FOLLOW: &str = "cards.follow_neighbour";

/// How long a wallet may take to answer.
const REQUEST_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How often somebody may ask within a day: each makes the house ask the neighbour.
const ASKED_MAX: i64 = 20;
/// After how many seconds who asked too often is told to come again.
const WAIT_S: u32 = 3600;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long the person may read what came of it.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Which neighbour is to be followed.
#[derive(Debug, Serialize, Deserialize)]
pub struct ToFollowNeighbour {
    neighbour: NeighbourId,
}

/// Asks the caller for a neighbour's statement; what they were asked before is no longer waited for.
///
/// # Errors
/// [`Error::Identity`] where the caller cannot be a guest, or asked too often today; [`Error::NoSuchNeighbour`]; not permitted; the store's.
pub async fn ask_residence(ctx: &mut Ctx, neighbour: &NeighbourId) -> Result<ResidenceRequestId> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NoSuchNeighbour) };
    let (town, now) = (ctx.town().clone(), ctx.now());
    let neighbour = town.neighbour(neighbour).ok_or(Error::NoSuchNeighbour)?;
    identity::compared_with(ctx, account).await?;
    if rows::asked_since(ctx.tx(), account, now - DAY).await? >= ASKED_MAX {
        return Err(identity::Error::TooManyTries { wait_s: WAIT_S }.into());
    }
    rows::give_up(ctx.tx(), account).await?;
    let request = ResidenceRequest {
        id: ResidenceRequestId::new(now),
        account,
        neighbour: neighbour.id.clone(),
        token: secret::token(),
        nonce: secret::token(),
        asked_at: now,
        expires_at: now + REQUEST_LIFE,
        closed: false,
        outcome: None,
    };
    rows::insert(ctx.tx(), &request).await?;
    ctx.record("cards.residence_asked", &(request.id, &request.neighbour)).await?;
    Ok(request.id)
}

/// What the caller was asked, and what came of it.
///
/// # Errors
/// [`Error::NoSuchNeighbour`] for another's; the store's.
pub async fn residence_request(ctx: &mut Ctx, id: ResidenceRequestId) -> Result<ResidenceRequest> {
    ctx.allow(Permission::OwnAccount)?;
    let found = rows::find(ctx.tx(), id).await?;
    found.filter(|found| ctx.actor == Actor::Holder(found.account)).ok_or(Error::NoSuchNeighbour)
}

/// What a wallet reads or opens to answer: `openid4vp://…`.
pub fn residence_uri(office: &Office, request: &ResidenceRequest) -> String {
    uri_of(office, &format!("/residence/requests/{}", request.token))
}

async fn open_request(ctx: &mut Ctx, token: &str) -> Result<Option<ResidenceRequest>> {
    let now = ctx.now();
    Ok(rows::of_token(ctx.tx(), token).await?.filter(|request| request.expires_at > now && !request.closed))
}

/// Gives the signed question a wallet fetches: one credential, and of it the claims that are compared.
///
/// # Errors
/// Signing's; the store's.
pub async fn residence_question(ctx: &mut Ctx, office: &Office, token: &str) -> Result<Answer<String>> {
    let (Some(request), town) = (open_request(ctx, token).await?, ctx.town().clone()) else { return Ok(Err(NOT_OPEN)) };
    let Some(neighbour) = town.neighbour(&request.neighbour) else { return Ok(Err(NOT_OPEN)) };
    let mut claims: Vec<_> = statement::COMPARED.iter().map(|what| json!({ "path": [claim_name(*what)] })).collect();
    claims.extend(neighbour.area.iter().map(|area| json!({ "path": [area.claim], "values": area.values })));
    let credential = json!({
        "id": "residence",
        "format": "dc+sd-jwt",
        "meta": { "vct_values": [neighbour.credential] },
        "claims": claims,
    });
    let asks = Asks {
        name: town.name.ja(),
        query: json!({ "credentials": [credential] }),
        answers: format!("/residence/answers/{}", request.token),
        nonce: &request.nonce,
        state: request.id.to_string(),
        now: ctx.now(),
        expires_at: request.expires_at,
    };
    Ok(Ok(asks.signed(office)?))
}

/// Takes a wallet's answer. The request is closed first, so that it counts once whatever comes; then the neighbour is asked, outside of any transaction; then
/// what came of it is written in one.
///
/// # Errors
/// The store's.
pub async fn residence_answered(
    store: &Store,
    outside: &Arc<dyn Outside>,
    office: &Office,
    token: &str,
    says: &WalletSays,
) -> Result<Answer<()>> {
    let mut ctx = store.begin(Actor::System).await?;
    let Some(request) = open_request(&mut ctx, token).await? else { return Ok(Err(NOT_OPEN)) };
    if says.state.as_deref() != Some(request.id.to_string().as_str()) {
        return Ok(Err(Fault::new("invalid_request", "state", "state is not that of the request.")));
    }
    if !rows::close(ctx.tx(), request.id).await? {
        return Ok(Err(NOT_OPEN));
    }
    let now = ctx.now();
    ctx.commit().await?;
    let town = Arc::clone(store.town());
    let Some(neighbour) = town.neighbour(&request.neighbour) else { return Ok(Err(NOT_OPEN)) };
    let believed = match (&says.error, says.vp_token.as_deref().and_then(first_of)) {
        (Some(_), _) => Err(Outcome::Declined),
        (None, None) => Err(Outcome::Malformed),
        (None, Some(shown)) => believed(outside, office, neighbour, &request, &shown, now).await,
    };
    let mut ctx = store.begin(Actor::System).await?;
    let outcome = match believed {
        Ok(shown) => keep(&mut ctx, neighbour, &request, &shown).await?,
        Err(outcome) => outcome,
    };
    note(&mut ctx, &request, outcome).await?;
    ctx.commit().await?;
    Ok(match outcome {
        Outcome::Proven | Outcome::Declined => Ok(()),
        _ => Err(Fault::new("invalid_request", outcome.as_str(), "The statement is not believed; the page that asked says why.")),
    })
}

/// Whether a presentation is the neighbour's word of this moment, bound to who holds it.
async fn believed(
    outside: &Arc<dyn Outside>,
    office: &Office,
    neighbour: &Neighbour,
    request: &ResidenceRequest,
    shown: &str,
    now: Timestamp,
) -> std::result::Result<Presented, Outcome> {
    let keys = keys_of(outside, neighbour).await.ok_or(Outcome::Unreachable)?;
    let audience = client_id(office);
    let question =
        Question { issuer: &neighbour.issuer, keys: &keys, audience: &audience, nonce: &request.nonce, now, max_age_s: BINDING_AGE_S };
    let (presented, holds) = sdjwt::check(shown, &question);
    holds.map_err(statement::outcome_of)?;
    let presented = presented.ok_or(Outcome::Malformed)?;
    statement::is_meant(&presented, neighbour)?;
    let list = list_at(outside, &presented.status_uri, &keys, now).await.map_err(|_| Outcome::Unreachable)?;
    let idx = i64::try_from(presented.status_idx).map_err(|_| Outcome::Revoked)?;
    if statement::counts(&list, idx) { Ok(presented) } else { Err(Outcome::Revoked) }
}

/// The neighbour's keys: pinned by the pack, or as it publishes them now.
async fn keys_of(outside: &Arc<dyn Outside>, neighbour: &Neighbour) -> Option<Vec<IssuerPublicKey>> {
    if let Some(pinned) = &neighbour.keys {
        return statement::keys(pinned);
    }
    let document = fetch_file(outside, &statement::keys_address(&neighbour.issuer)?).await.ok()?;
    statement::published_keys(&document, &neighbour.issuer)
}

/// A status list as its address gives it now; why not, as a word, otherwise.
async fn list_at(
    outside: &Arc<dyn Outside>,
    uri: &str,
    keys: &[IssuerPublicKey],
    now: Timestamp,
) -> std::result::Result<StatusList, &'static str> {
    let fetched = fetch_file(outside, uri).await.map_err(|fault| fault.as_str())?;
    let text = std::str::from_utf8(&fetched).map_err(|_| "not_a_list")?;
    sdjwt::read_status_list(text, uri, keys, now).map_err(|_| "not_a_list")
}

/// Compares the statement with the person of the account and keeps it. What it said of the person is dropped here.
async fn keep(ctx: &mut Ctx, neighbour: &Neighbour, request: &ResidenceRequest, shown: &Presented) -> Result<Outcome> {
    let known = match identity::compared_with(ctx, request.account).await {
        Ok(known) => known,
        Err(identity::Error::NoGuest(_) | identity::Error::AccountNotFound) => return Ok(Outcome::Resident),
        Err(error) => return Err(error.into()),
    };
    if let Err(outcome) = statement::is_the_same(shown, &known.name, known.date_of_birth) {
        return Ok(outcome);
    }
    let Ok(status_idx) = i64::try_from(shown.status_idx) else { return Ok(Outcome::Revoked) };
    let until = statement::last_day(ctx.today(), shown, neighbour);
    let kept = Statement { neighbour: neighbour.id.clone(), until, status_uri: shown.status_uri.clone(), status_idx };
    identity::keep_statement(ctx, request.account, kept).await?;
    Ok(Outcome::Proven)
}

async fn note(ctx: &mut Ctx, request: &ResidenceRequest, outcome: Outcome) -> Result<()> {
    rows::note(ctx.tx(), request.id, outcome).await?;
    if outcome == Outcome::Proven {
        return Ok(());
    }
    tracing::warn!(neighbour = request.neighbour.as_str(), reason = outcome.as_str(), "a neighbour's statement was not believed");
    ctx.record("cards.residence_refused", &(request.id, &request.neighbour, outcome.as_str())).await?;
    ctx.audit("residence.refused", Some(request.account.to_string()), outcome.as_str()).await?;
    Ok(())
}

/// At the beginning of a day: ends what is past, and puts the day's looks at the neighbours' lists on the list of jobs.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn neighbours_daily(ctx: &mut Ctx) -> Result<()> {
    identity::end_past_residences(ctx).await?;
    let before = ctx.now() - KEPT;
    rows::forget(ctx.tx(), before).await?;
    let midnight = civil::start_of_day_in_japan(ctx.today());
    plan(ctx, midnight).await
}

/// When the house opens: plans what is left of the day.
///
/// # Errors
/// The store's.
pub async fn plan_neighbours(ctx: &mut Ctx) -> Result<()> {
    let now = ctx.now();
    plan(ctx, now).await
}

async fn plan(ctx: &mut Ctx, since: Timestamp) -> Result<()> {
    let (town, today) = (ctx.town().clone(), ctx.today());
    for neighbour in &town.neighbours {
        for run_at in neighbour.timetable.moments(today, since) {
            put_on_list(ctx, &neighbour.id, run_at).await?;
        }
    }
    Ok(())
}

async fn put_on_list(ctx: &mut Ctx, neighbour: &NeighbourId, run_at: Timestamp) -> Result<()> {
    let unique = format!("{FOLLOW}/{neighbour}/{run_at}");
    Ok(ctx.enqueue_outside(FOLLOW, Some(unique), &ToFollowNeighbour { neighbour: neighbour.clone() }, run_at).await?)
}

/// Has a neighbour's lists looked at now.
///
/// # Errors
/// [`Error::NoSuchNeighbour`]; forbidden for anyone but staff who may end cards.
pub async fn follow_now(ctx: &mut Ctx, neighbour: &NeighbourId) -> Result<()> {
    ctx.allow(Permission::EndCard)?;
    ctx.town().neighbour(neighbour).ok_or(Error::NoSuchNeighbour)?;
    let now = ctx.now();
    put_on_list(ctx, neighbour, now).await
}

/// Asks a neighbour's status lists about everybody whose statement was read from a card in them: who lost it there is a neighbour no more. That the neighbour
/// did not answer ends nobody; it is noted for the staff, and the statement's own last day stands.
///
/// # Errors
/// The store's.
pub async fn follow_neighbour(store: &Store, outside: &Arc<dyn Outside>, asked: &ToFollowNeighbour) -> Result<()> {
    let town = Arc::clone(store.town());
    let Some(neighbour) = town.neighbour(&asked.neighbour) else { return Ok(()) };
    let mut ctx = store.begin(Actor::System).await?;
    let lists = identity::status_lists_of(&mut ctx, &neighbour.id).await?;
    let now = ctx.now();
    ctx.commit().await?;
    let Some(keys) = keys_of(outside, neighbour).await else { return failed(store, neighbour, "no_keys").await };
    for uri in lists {
        match list_at(outside, &uri, &keys, now).await {
            Err(fault) => return failed(store, neighbour, fault).await,
            Ok(list) => {
                let mut ctx = store.begin(Actor::System).await?;
                identity::follow_status_list(&mut ctx, &neighbour.id, &uri, |idx| statement::counts(&list, idx)).await?;
                ctx.commit().await?;
            }
        }
    }
    let mut ctx = store.begin(Actor::System).await?;
    rows::note_followed(ctx.tx(), &neighbour.id, now).await?;
    Ok(ctx.commit().await?)
}

async fn failed(store: &Store, neighbour: &Neighbour, fault: &str) -> Result<()> {
    tracing::warn!(neighbour = neighbour.id.as_str(), fault, "a neighbour's status list could not be read");
    let mut ctx = store.begin(Actor::System).await?;
    let now = ctx.now();
    rows::note_failed(ctx.tx(), &neighbour.id, now, fault).await?;
    Ok(ctx.commit().await?)
}

/// A neighbour as the staff see it.
#[derive(Debug, Clone)]
pub struct NeighbourKept {
    /// How it is followed.
    pub followed: Followed,
    /// It has not answered for longer than the pack allows.
    pub silent: bool,
}

/// How a neighbour's lists are followed.
///
/// # Errors
/// Not permitted; the store's.
pub async fn neighbour_kept(ctx: &mut Ctx, neighbour: &Neighbour) -> Result<NeighbourKept> {
    ctx.allow(Permission::SeeProgrammes)?;
    let followed = rows::followed(ctx.tx(), &neighbour.id).await?;
    let allowed = SignedDuration::from_hours(neighbour.timetable.silent_after_h.into());
    let now = ctx.now();
    let silent = followed.failed_at.is_some() && followed.followed_at.is_none_or(|last| now.duration_since(last) > allowed);
    Ok(NeighbourKept { followed, silent })
}

/// Where the caller belongs and belonged, newest first; and whether they may be a guest at all.
///
/// # Errors
/// Not permitted; the store's.
pub async fn my_residences(ctx: &mut Ctx) -> Result<(AccountId, Vec<Belonging>)> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NotLinked) };
    Ok((account, identity::residences_of(ctx, account).await?))
}
