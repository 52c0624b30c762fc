//! The answer at a place: online from the live record, and what was answered while the centre could not be reached.

use std::collections::BTreeMap;

use civil::Date;
use credential::{Checked, Knowledge, NotEntitled, Policy, Presentation, Refusal, Replay};
use jiff::Timestamp;
use store::{AccountId, Actor, Ctx, Permission};
use town::{Disclosed, Place, PlaceId, Programme, ProgrammeId};

use crate::domain::guardian;
use crate::domain::issue::{self, Office};
use crate::domain::status::{self, STATUS_PHONE_ENDED};
use crate::model::{CardId, Decision, Ended, Error, How, OfflineUse, Result, UseId};
use crate::store::{self as rows, Given, GivenBefore, ShownCard};
use crate::{people, rules};

/// What the person reads in their record: that their card was shown,
const SHOWN: &str = "card.shown";
/// or that somebody who holds it for them showed it.
const SHOWN_BY_ANOTHER: &str = "card.shown_by_another";

/// A presentation as a place asks about it, its signatures already checked (that needs no database and no waiting in line).
#[derive(Debug, Clone)]
pub struct Asked {
    id: UseId,
    checked: std::result::Result<Checked, Refusal>,
    true_card: Option<(CardId, Vec<u8>)>,
}

/// Replays are caught by the decision's own row, which all servers share.
struct NoMemory;

impl Replay for NoMemory {
    fn first_time(&self, _: credential::CardId, _: [u8; credential::NONCE_BYTES], _: Timestamp, _: Timestamp) -> bool {
        true
    }
}

impl Asked {
    /// Reads a presentation and checks its signatures and its time.
    pub fn new(office: &Office, id: UseId, text: &str, now: Timestamp, max_age_s: i64) -> Self {
        let policy = Policy { max_age_s, ..Policy::default() };
        match Presentation::parse(text) {
            Err(refusal) => Self { id, checked: Err(refusal), true_card: None },
            Ok(presentation) => {
                let checked = office.verifier.check(&presentation, now, policy, None, &NoMemory);
                let true_card = checked.as_ref().err().is_none_or(Refusal::names_a_true_card).then(|| {
                    let credential = presentation.credential();
                    (CardId::from_bytes(credential.claims().card.0), credential.encoded().to_vec())
                });
                Self { id, checked, true_card }
            }
        }
    }
}

/// Answers yes or no for the caller's place, with the reason, and writes the answer down. The same id asked again gives the same answer.
///
/// # Errors
/// Not permitted; the store's. A refusal is an answer, not an error.
pub async fn decide(ctx: &mut Ctx, asked: &Asked) -> Result<Decision> {
    ctx.allow(Permission::Decide)?;
    let Actor::Verifier(place_id) = ctx.actor.clone() else { return Err(Error::NoSuchCard) };
    let town = ctx.town().clone();
    let place = town.place(&place_id).ok_or(Error::NoSuchCard)?;
    let found = find(ctx, asked).await?;
    let mut decision = Decision::begun(asked.id);
    if let Some(card) = &found {
        decision.programme = Some(card.programme.clone());
        decision.resident = Some(card.resident);
    }
    let now = ctx.now();
    let card = asked.true_card.as_ref().map(|(id, _)| *id);
    let mut given =
        Given { place: &place_id, at: now, received_at: now, card, age: None, shown_key: None, knowledge_age_s: None, medium: None };
    match judge(ctx, asked, found.as_ref(), place).await? {
        Ok(accepted) => {
            given.age = accepted.known.age_on(ctx.today());
            given.shown_key = Some(shown_key(accepted.checked));
            issue::was_shown(ctx, accepted.card.phone, accepted.card.id).await?;
            show(ctx, &mut decision, place, &accepted.known, &accepted.card.shown()).await?;
        }
        Err(refusal) => decision.refusal = Some(refusal),
    }
    // Whether the id or the presentation is new is asked once, by writing: nearly always both are.
    if !rows::insert_use(ctx.tx(), &decision, &given).await? {
        if let Some(before) = rows::given_before(ctx.tx(), asked.id).await? {
            return again(ctx, asked.id, before, &place_id).await;
        }
        decision = Decision { refusal: Some(Refusal::Replayed), valid_until: None, shown: Vec::new(), ..decision };
        (given.age, given.shown_key) = (None, None);
        rows::insert_use(ctx.tx(), &decision, &given).await?;
    }
    let how = found.map_or(How::Own, |card| card.how);
    note(ctx, &decision, &place_id, how).await?;
    Ok(decision)
}

/// Records an answer that was given now, and a yes for the person to read.
pub(super) async fn note(ctx: &mut Ctx, decision: &Decision, place: &PlaceId, how: How) -> Result<()> {
    ctx.record("cards.decided", &(decision.id, place, decision.refusal.as_ref().map_or("yes", Refusal::code))).await?;
    if let Some(resident) = decision.resident.filter(|_| decision.accepted()) {
        let shown = if how == How::Own { SHOWN } else { SHOWN_BY_ANOTHER };
        ctx.audit(shown, Some(resident.to_string()), decision.programme.as_ref().map_or("", ProgrammeId::as_str)).await?;
    }
    Ok(())
}

/// The record of the card that was shown, if the town has it exactly so.
async fn find(ctx: &mut Ctx, asked: &Asked) -> Result<Option<ShownCard>> {
    let Some((id, shown)) = &asked.true_card else { return Ok(None) };
    Ok(rows::shown_card(ctx.tx(), *id).await?.filter(|card| card.credential == *shown))
}

/// What a yes rests on.
struct Accepted<'a> {
    checked: &'a Checked,
    card: &'a ShownCard,
    known: people::Known,
}

type Verdict<'a> = std::result::Result<Accepted<'a>, Refusal>;

async fn judge<'a>(ctx: &mut Ctx, asked: &'a Asked, found: Option<&'a ShownCard>, place: &Place) -> Result<Verdict<'a>> {
    let checked = match &asked.checked {
        Ok(checked) => checked,
        // A card past its signed day is refused for the reason the record knows, if it knows a better one.
        Err(Refusal::ExpiredCard) => return Ok(Err(ended_reason(ctx, found).await?.unwrap_or(Refusal::ExpiredCard))),
        Err(refusal) => return Ok(Err(*refusal)),
    };
    let Some(card) = found else { return Ok(Err(Refusal::UnknownCard)) };
    Ok(stands(ctx, card, place).await?.map(|known| Accepted { checked, card, known }))
}

/// Whether a card whose signatures hold is good at a place today, whatever form it was shown in.
pub(super) async fn stands(ctx: &mut Ctx, card: &ShownCard, place: &Place) -> Result<std::result::Result<people::Known, Refusal>> {
    if card.status != 0 || card.ended_at.is_some() {
        return Ok(Err(ended_reason(ctx, Some(card)).await?.unwrap_or(Refusal::Revoked)));
    }
    if !place.accepts(&card.programme) {
        return Ok(Err(Refusal::NotAcceptedHere));
    }
    let (town, today) = (ctx.town().clone(), ctx.today());
    let gone = Refusal::NotEntitled { why: NotEntitled::MovedOut };
    let Some(programme) = town.programme(&card.programme) else { return Ok(Err(gone)) };
    let Some(known) = people::known_for(ctx, card.resident, programme).await? else { return Ok(Err(gone)) };
    if known.protected && card.how != How::Own {
        return Ok(Err(guardian::told(card.how)));
    }
    // The rule itself is asked, as of this day: what was materialised at midnight is for lists and counts.
    if let Some(refusal) = not_entitled(programme, &known, today) {
        return Ok(Err(refusal));
    }
    if card.how != How::Own && right_is_lost(ctx, card).await? {
        return Ok(Err(guardian::told(card.how)));
    }
    Ok(Ok(known))
}

/// Why a person the town knows has no right to a programme's card today; nothing when they have.
pub(super) fn not_entitled(programme: &Programme, known: &people::Known, today: Date) -> Option<Refusal> {
    let why = || rules::why_not(programme, &known.person, known.standing, today);
    (!rules::entitled(programme, &known.person, today)).then(|| Refusal::NotEntitled { why: why() })
}

/// Whether what somebody shows of another person's is held by a right that is gone.
async fn right_is_lost(ctx: &mut Ctx, card: &ShownCard) -> Result<bool> {
    let Some(holding) = rows::holding(ctx.tx(), card.holding).await? else { return Ok(true) };
    Ok(guardian::lost(ctx, &holding).await?.is_some())
}

/// Why a card of the record no longer holds, in the words that help most.
pub(super) async fn ended_reason(ctx: &mut Ctx, found: Option<&ShownCard>) -> Result<Option<Refusal>> {
    let Some(card) = found else { return Ok(None) };
    if card.status == STATUS_PHONE_ENDED {
        return Ok(Some(Refusal::PhoneRevoked));
    }
    Ok(match card.ended_why {
        Some(Ended::ShareEnded | Ended::SourceEnded | Ended::NoLongerProxy) => Some(Refusal::ShareEnded),
        Some(Ended::PhoneEnded) => Some(Refusal::PhoneRevoked),
        Some(Ended::NoLongerGuardian | Ended::Unlinked | Ended::ByClerk | Ended::MadeRoom) => Some(Refusal::Revoked),
        Some(Ended::MovedIn) => Some(Refusal::NotEntitled { why: NotEntitled::MovedIn }),
        Some(Ended::NotEntitled) | None => {
            let (town, today) = (ctx.town().clone(), ctx.today());
            let gone = Some(Refusal::NotEntitled { why: NotEntitled::MovedOut });
            let Some(programme) = town.programme(&card.programme) else { return Ok(gone) };
            match people::known_for(ctx, card.resident, programme).await? {
                Some(known) if known.protected && card.how != How::Own => Some(guardian::told(card.how)),
                Some(known) => not_entitled(programme, &known, today),
                None => gone,
            }
        }
    })
}

/// By what right which card is shown.
pub(super) struct Shown<'a> {
    pub(super) programme: &'a ProgrammeId,
    pub(super) how: How,
    pub(super) account: AccountId,
    pub(super) label: &'a str,
}

impl ShownCard {
    pub(super) fn shown(&self) -> Shown<'_> {
        Shown { programme: &self.programme, how: self.how, account: self.account, label: &self.label }
    }
}

/// Puts what this kind of place may see into the answer.
pub(super) async fn show(ctx: &mut Ctx, decision: &mut Decision, place: &Place, known: &people::Known, shown: &Shown<'_>) -> Result<()> {
    let (town, today) = (ctx.town().clone(), ctx.today());
    let Some(programme) = town.programme(shown.programme) else { return Ok(()) };
    let disclosed = programme.disclosed_to(place.kind);
    let name = match disclosed.contains(&Disclosed::Name) {
        true => people::name(ctx, shown.how, shown.account, shown.label).await?,
        false => None,
    };
    decision.valid_until = rules::valid_until(programme, &known.person, today);
    let value = |what: Disclosed| match what {
        Disclosed::ValidUntil => decision.valid_until.map(|day| day.to_string()),
        _ => known.shown(programme, what, name.as_deref(), today),
    };
    decision.shown = disclosed.iter().filter_map(|what| Some((*what, value(*what)?))).collect();
    Ok(())
}

/// The answer given before to the same id: the place's first message arrived, its answer did not.
pub(super) async fn again(ctx: &mut Ctx, id: UseId, before: GivenBefore, place_id: &PlaceId) -> Result<Decision> {
    let refusal = if before.accepted { None } else { Some(refusal_of(&before)) };
    let mut decision =
        Decision { id, refusal, programme: before.programme.clone(), resident: before.resident, valid_until: None, shown: Vec::new() };
    if before.place != *place_id {
        // An id of another place's answer says nothing here.
        return Ok(Decision { refusal: Some(Refusal::Replayed), programme: None, resident: None, ..decision });
    }
    let town = ctx.town().clone();
    if let (true, Some(card), Some(place)) = (before.accepted, before.card, town.place(place_id))
        && let Some(card) = rows::shown_card(ctx.tx(), card).await?
        && let Some(known) = people::known(ctx, card.resident).await?
    {
        show(ctx, &mut decision, place, &known, &card.shown()).await?;
    }
    Ok(decision)
}

pub(super) fn refusal_of(before: &GivenBefore) -> Refusal {
    let mut json = serde_json::json!({ "code": before.refusal, "seconds": 0, "town": "000000" });
    if let Some(why) = &before.why {
        json["why"] = why.as_str().into();
    }
    serde_json::from_value(json).unwrap_or(Refusal::Revoked)
}

fn shown_key(checked: &Checked) -> String {
    use std::fmt::Write as _;
    let mut key = CardId::from_bytes(checked.card.0).to_string();
    key.push('/');
    for byte in checked.nonce {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// Gives a paired place what it needs to decide by itself for a while.
///
/// # Errors
/// Not permitted; signing's; the store's.
pub async fn knowledge(ctx: &mut Ctx, office: &Office) -> Result<Knowledge> {
    use base64::Engine as _;
    ctx.allow(Permission::Decide)?;
    let Actor::Verifier(place_id) = ctx.actor.clone() else { return Err(Error::NoSuchCard) };
    let town = ctx.town().clone();
    let place = town.place(&place_id).ok_or(Error::NoSuchCard)?;
    let token = status::status_token(ctx, office).await?;
    let accepts = place.accepts.iter().filter_map(|id| town.programme(id)).map(|programme| credential::Accepted {
        programme: programme.id.to_string(),
        name: town
            .languages
            .iter()
            .map(|language| (language.to_string(), programme.name.in_language(language).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        shows: programme.disclosed_to(place.kind).iter().map(|what| rules::claim_name(*what).to_owned()).collect(),
        max_age_s: None,
    });
    Ok(Knowledge {
        town: office.town,
        synced_at: ctx.now(),
        max_age_s: i64::from(town.offline_grace_h(place)) * 3600,
        keys: vec![*office.issuer().public()],
        status_lists: vec![base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token)],
        policy: Policy { max_age_s: i64::from(town.presentation.max_age_s), ..Policy::default() },
        place: credential::Place { id: place.id.to_string(), name: place.name.ja().to_owned(), accepts: accepts.collect() },
    })
}

/// Takes in what a place answered by itself, each answer once, and gives the ids that are safely written.
///
/// # Errors
/// Not permitted; the store's.
pub async fn deliver_offline(ctx: &mut Ctx, uses: &[OfflineUse]) -> Result<Vec<UseId>> {
    ctx.allow(Permission::Decide)?;
    let Actor::Verifier(place) = ctx.actor.clone() else { return Err(Error::NoSuchCard) };
    let now = ctx.now();
    let mut written = Vec::with_capacity(uses.len());
    for answer in uses {
        let card = match answer.card {
            Some(id) => rows::card(ctx.tx(), id).await?,
            None => None,
        };
        let resident = card.as_ref().map(|card| card.resident);
        let age = match resident {
            Some(resident) => people::known(ctx, resident).await?.and_then(|known| known.age_on(civil::day_in_japan(answer.at))),
            None => None,
        };
        // A place's clock may be wrong: what it says happened cannot lie in the future.
        let at = answer.at.min(now);
        let given = Given {
            place: &place,
            at,
            received_at: now,
            card: answer.card,
            age,
            shown_key: None,
            knowledge_age_s: Some(answer.knowledge_age_s),
            medium: None,
        };
        let decision = answer.as_decision(resident);
        if rows::insert_use(ctx.tx(), &decision, &given).await? {
            ctx.record("cards.decided_offline", &(decision.id, &place)).await?;
            if let Some(resident) = resident.filter(|_| answer.accepted) {
                ctx.audit(SHOWN, Some(resident.to_string()), decision.programme.as_ref().map_or("", ProgrammeId::as_str)).await?;
            }
        }
        written.push(answer.id);
    }
    Ok(written)
}
