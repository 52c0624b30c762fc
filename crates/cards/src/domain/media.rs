//! The answer about what is laid on a reader in place of a phone: the town's number in a My Number Card, a transit card, a QR sticker, a pass for a day.

use credential::{NotEntitled, Refusal};
use identity::{BoundMedium, MediumNumber};
use store::{AccountId, Actor, Ctx, Permission, ResidentId};
use town::{Apply, Place, PlaceId, Programme, ProgrammeId, ShownBy, Town};

use crate::domain::decide::{self, Shown};
use crate::domain::issue::Office;
use crate::model::{Decision, Error, How, Result, UseId};
use crate::people;
use crate::store::{self as rows, Given, GivenBefore};

/// Answers yes or no for the caller's place about what was laid on its reader, and writes the answer down. The same id asked again gives the same answer.
///
/// The place answers for several programmes; the first of them, in the pack's order, that its person is entitled to and that accepts such a thing is the
/// answer. Whoever has the thing in hand passes for its person, so each programme says whether it is enough.
///
/// # Errors
/// Not permitted; the store's. A refusal is an answer, not an error.
pub async fn decide_medium(ctx: &mut Ctx, office: &Office, id: UseId, number: &MediumNumber) -> Result<Decision> {
    ctx.allow(Permission::Decide)?;
    let (Actor::Verifier(place_id) | Actor::Station(place_id, _)) = ctx.actor.clone() else { return Err(Error::NoSuchCard) };
    let town = ctx.town().clone();
    let place = town.place(&place_id).ok_or(Error::NoSuchCard)?;
    let found = identity::medium_of(ctx, office.media(), number).await?;
    let mut decision = Decision::begun(id);
    let now = ctx.now();
    let medium = Some(number.kind());
    let mut given =
        Given { place: &place_id, at: now, received_at: now, card: None, age: None, shown_key: None, knowledge_age_s: None, medium };
    match judge(ctx, found.as_ref(), place, &town).await? {
        Verdict::Yes(yes) => {
            given.age = yes.known.age_on(ctx.today());
            decision.programme = Some(yes.programme.id.clone());
            decision.resident = Some(yes.resident);
            let shown = Shown { programme: &yes.programme.id, how: How::Own, account: yes.account, label: "" };
            decide::show(ctx, &mut decision, place, &yes.known, &shown).await?;
        }
        Verdict::No(refusal, about) => {
            decision.refusal = Some(refusal);
            if let Some((programme, resident)) = about {
                (decision.programme, decision.resident) = (Some(programme), Some(resident));
            }
        }
    }
    if !rows::insert_use(ctx.tx(), &decision, &given).await? {
        let before = rows::given_before(ctx.tx(), id).await?.ok_or(Error::NoSuchCard)?;
        return Ok(again(decision, before, &place_id));
    }
    decide::note(ctx, &decision, &place_id, How::Own).await?;
    Ok(decision)
}

/// The answer given before to the same id. What is shown with a yes is as of now: it was told to the same place before.
fn again(now: Decision, before: GivenBefore, place: &PlaceId) -> Decision {
    let bare = |refusal| Decision { refusal: Some(refusal), ..Decision::begun(now.id) };
    if before.place != *place {
        return bare(Refusal::Replayed);
    }
    if !before.accepted {
        return Decision { programme: before.programme.clone(), ..bare(decide::refusal_of(&before)) };
    }
    let shown = if now.programme == before.programme { now.shown.clone() } else { Vec::new() };
    Decision { refusal: None, programme: before.programme, resident: before.resident, shown, ..now }
}

/// What a yes rests on.
struct Yes<'a> {
    programme: &'a Programme,
    resident: ResidentId,
    account: AccountId,
    known: people::Known,
}

enum Verdict<'a> {
    Yes(Yes<'a>),
    /// Why not, and of which programme and whom where that is known.
    No(Refusal, Option<(ProgrammeId, ResidentId)>),
}

async fn judge<'a>(ctx: &mut Ctx, found: Option<&BoundMedium>, place: &Place, town: &'a Town) -> Result<Verdict<'a>> {
    let no = |refusal| Ok(Verdict::No(refusal, None));
    let Some(medium) = found else { return no(Refusal::UnknownCard) };
    if medium.ended_at.is_some() {
        return no(Refusal::Revoked);
    }
    if !medium.is_live(ctx.now()) {
        return no(Refusal::ExpiredCard);
    }
    let Some(resident) = people::holder_of(ctx, medium.account).await? else { return no(Refusal::UnknownCard) };
    let assurance = identity::assurance_of(ctx, medium.account).await?;
    // Of several reasons the one that says most: something is refused here although the thing would be enough.
    let mut refused = (Refusal::NotAcceptedHere, None);
    for programme in place.accepts.iter().filter_map(|id| town.programme(id)).filter(|programme| programme.may_be_shown_by(ShownBy::Own)) {
        if !programme.accepts_medium(medium.kind) || !assurance.meets(programme.proof) {
            if refused.0 == Refusal::NotAcceptedHere {
                refused.0 = Refusal::MediumNotAccepted;
            }
            continue;
        }
        match entitled(ctx, programme, resident).await? {
            Ok(known) => return Ok(Verdict::Yes(Yes { programme, resident, account: medium.account, known })),
            Err(_) if refused.1.is_some() => {}
            Err(refusal) => refused = (refusal, Some((programme.id.clone(), resident))),
        }
    }
    Ok(Verdict::No(refused.0, refused.1))
}

/// Whether the person has the programme's card today: the rule is asked as of this day, and an application where one is needed.
async fn entitled(ctx: &mut Ctx, programme: &Programme, resident: ResidentId) -> Result<std::result::Result<people::Known, Refusal>> {
    let today = ctx.today();
    let Some(known) = people::known_for(ctx, resident, programme).await? else {
        return Ok(Err(Refusal::NotEntitled { why: NotEntitled::MovedOut }));
    };
    if let Some(refusal) = decide::not_entitled(programme, &known, today) {
        return Ok(Err(refusal));
    }
    if programme.apply == Apply::Application && rows::application(ctx.tx(), &programme.id, resident).await?.is_none() {
        return Ok(Err(Refusal::UnknownCard));
    }
    Ok(Ok(known))
}
