//! Entitlements begin and end by themselves: when facts change, and at midnight in Japan.

use std::collections::{BTreeSet, HashSet};

use civil::Date;
use credential::NotEntitled;
use serde::{Deserialize, Serialize};
use store::{AccountId, Ctx, Permission, ResidentId};
use town::{Programme, ProgrammeId};

use crate::domain::{guardian, hold};
use crate::model::{Ended, Holding, How, Result};
use crate::{people, rules, store as rows};

/// The job that follows the calendar.
pub const EVERY_MIDNIGHT: &str = "cards.every_midnight";

/// The job that follows a bundle.
pub const FOLLOW_BUNDLE: &str = "cards.follow_bundle";

/// People one job looks at, with their households: a few milliseconds of the writer's time, so that counters are not kept waiting behind it.
const FOLLOWED_AT_ONCE: usize = 50;

/// Whom a job is to look at after a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToFollow {
    /// These, and their households.
    People(Vec<ResidentId>),
    /// Everybody.
    Town,
}

/// What a run changed for one programme.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Changed {
    programme: ProgrammeId,
    day: Date,
    opened: usize,
    ended: Vec<ResidentId>,
}

/// Puts on the list, in the transaction that applies a bundle, that entitlements follow it; `None` for everybody.
///
/// Until the jobs have run, counters say no all the same: a decision asks the register and the rule as they are.
///
/// # Errors
/// The store's.
pub async fn plan_to_follow(ctx: &mut Ctx, changed: Option<&[ResidentId]>) -> Result<()> {
    let now = ctx.now();
    match changed {
        None => ctx.enqueue(FOLLOW_BUNDLE, None, &ToFollow::Town, now).await?,
        Some(changed) => {
            for few in changed.chunks(FOLLOWED_AT_ONCE) {
                ctx.enqueue(FOLLOW_BUNDLE, None, &ToFollow::People(few.to_vec()), now).await?;
            }
        }
    }
    Ok(())
}

/// Opens and ends what a bundle's difference opens and ends, for those the job names.
///
/// # Errors
/// As [`reevaluate_people`].
pub async fn follow_bundle(ctx: &mut Ctx, whom: &ToFollow) -> Result<()> {
    match whom {
        ToFollow::People(changed) => reevaluate_people(ctx, changed).await,
        ToFollow::Town => reevaluate_town(ctx).await,
    }
}

/// Asks every rule about the whole town as of today, and opens and ends what changed.
///
/// # Errors
/// Not permitted, or the store's; then nothing changed.
pub async fn reevaluate_town(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    guardian::end_of_all_protected(ctx).await?;
    let today = ctx.today();
    let snapshot = registry::table(ctx).await?;
    let town = ctx.town().clone();
    for programme in &town.programmes {
        let open: HashSet<ResidentId> = rows::open_entitlements(ctx.tx(), &programme.id).await?.into_iter().map(|(id,)| id).collect();
        let mut opened = Vec::new();
        let mut still = HashSet::with_capacity(open.len());
        if let Some(version) = programme.in_force(today) {
            let entitled = version.eligible.select(&snapshot.table, today);
            for row in entitled.rows() {
                let id = snapshot.residents[row];
                if open.contains(&id) {
                    still.insert(id);
                } else {
                    opened.push(id);
                }
            }
        }
        let ended: Vec<ResidentId> = open.difference(&still).copied().collect();
        change(ctx, programme, &opened, ended, today).await?;
    }
    guardian::end_all_lost(ctx).await
}

/// Asks every rule about these people as of today: what a bundle changed, and their households.
///
/// # Errors
/// Not permitted, or the store's; then nothing changed.
pub async fn reevaluate_people(ctx: &mut Ctx, changed: &[ResidentId]) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    let today = ctx.today();
    let town = ctx.town().clone();
    let mut opened: Vec<Vec<ResidentId>> = vec![Vec::new(); town.programmes.len()];
    let mut ended = opened.clone();
    let everybody = with_households(ctx, changed).await?;
    guardian::end_of_protected(ctx, &everybody).await?;
    for id in everybody.iter().copied() {
        let open: BTreeSet<ProgrammeId> = rows::open_of_resident(ctx.tx(), id).await?.into_iter().map(|(programme, _)| programme).collect();
        let known = people::known(ctx, id).await?;
        for (at, programme) in town.programmes.iter().enumerate() {
            let entitled = known.as_ref().is_some_and(|known| rules::entitled(programme, &known.person, today));
            match (open.contains(&programme.id), entitled) {
                (false, true) => opened[at].push(id),
                (true, false) => ended[at].push(id),
                _ => {}
            }
        }
    }
    for ((programme, opened), ended) in town.programmes.iter().zip(&opened).zip(ended) {
        change(ctx, programme, opened, ended, today).await?;
    }
    // Only now: a child who moved away has lost the card for that reason, and the place is told so.
    guardian::end_lost(ctx, &everybody).await
}

async fn with_households(ctx: &mut Ctx, changed: &[ResidentId]) -> Result<BTreeSet<ResidentId>> {
    let mut all: BTreeSet<ResidentId> = changed.iter().copied().collect();
    for id in changed {
        all.extend(registry::household_of(ctx, *id).await?.iter().map(|member| member.id));
    }
    Ok(all)
}

async fn change(ctx: &mut Ctx, programme: &Programme, opened: &[ResidentId], ended: Vec<ResidentId>, today: Date) -> Result<()> {
    if opened.is_empty() && ended.is_empty() {
        return Ok(());
    }
    let now = ctx.now();
    rows::open_all(ctx.tx(), &programme.id, opened, today, now).await?;
    let last_day = today.yesterday().unwrap_or(today);
    for id in &ended {
        let why = match people::known(ctx, *id).await? {
            Some(known) => rules::why_not(programme, &known.person, known.standing, today),
            None => NotEntitled::MovedOut,
        };
        let code = serde_json::to_value(why).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default();
        rows::end_entitlement(ctx.tx(), &programme.id, *id, last_day, &code).await?;
        rows::end_application(ctx.tx(), &programme.id, *id).await?;
        for holding in rows::holdings_of_card(ctx.tx(), *id, &programme.id).await? {
            hold::end_holding(ctx, &holding, Ended::NotEntitled).await?;
        }
    }
    let changed = Changed { programme: programme.id.clone(), day: today, opened: opened.len(), ended };
    ctx.record("cards.entitlements_changed", &changed).await?;
    Ok(())
}

/// Ends what somebody held of the cards of a person they no longer act for.
///
/// # Errors
/// The store's.
pub async fn end_of_proxy(ctx: &mut Ctx, agent: AccountId, principal: AccountId) -> Result<()> {
    for holding in live_of(ctx, agent).await? {
        // They may have been declared twice, for different things.
        if holding.how == How::Proxy
            && holding.shared_by == Some(principal)
            && let Some(why) = guardian::lost(ctx, &holding).await?
        {
            hold::end_holding(ctx, &holding, why).await?;
        }
    }
    Ok(())
}

/// Ends all that a closed account held, what others shared with it too.
///
/// # Errors
/// The store's.
pub async fn end_closed(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for holding in live_of(ctx, account).await? {
        hold::end_holding(ctx, &holding, Ended::Unlinked).await?;
    }
    Ok(())
}

/// Ends all that an account held by being linked to a resident. What others shared with it stays.
///
/// # Errors
/// The store's.
pub async fn end_unlinked(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for holding in live_of(ctx, account).await?.iter().filter(|holding| holding.how != How::Shared) {
        hold::end_holding(ctx, holding, Ended::Unlinked).await?;
    }
    Ok(())
}

async fn live_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Holding>> {
    let now = ctx.now();
    let held = rows::holdings_of_account(ctx.tx(), account, now).await?;
    Ok(held.into_iter().filter(|holding| holding.ended_at.is_none()).collect())
}

/// Ends the cards in a phone that was ended; the holdings stay for the holder's other phones.
///
/// # Errors
/// The store's.
pub async fn end_phone_cards(ctx: &mut Ctx, phone: identity::PhoneId) -> Result<()> {
    for card in rows::cards_of_phone(ctx.tx(), phone).await? {
        hold::end_one_card(ctx, &card, Ended::PhoneEnded).await?;
    }
    Ok(())
}
