//! What the town and the resident see of it.

use std::collections::BTreeMap;

use civil::Date;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{AccountId, Ctx, Permission};
use town::{PlaceId, ProgrammeId};

use crate::model::{Card, Holding, ProgrammeCount, Result};
use crate::{people, store as rows};

/// Counts every programme's entitled residents, cards and today's uses.
///
/// # Errors
/// Not permitted; the store's.
pub async fn programme_counts(ctx: &mut Ctx) -> Result<Vec<ProgrammeCount>> {
    ctx.allow(Permission::SeeProgrammes)?;
    let today = ctx.today();
    let [entitled, with_card, used] = rows::counts(ctx.tx(), today).await?;
    let of = |counts: &[(ProgrammeId, i64)], id: &ProgrammeId| {
        counts.iter().find(|(programme, _)| programme == id).map_or(0, |(_, count)| *count)
    };
    let town = ctx.town().clone();
    let count = |programme: &town::Programme| ProgrammeCount {
        programme: programme.id.clone(),
        entitled: of(&entitled, &programme.id),
        with_card: of(&with_card, &programme.id),
        used_today: of(&used, &programme.id),
    };
    Ok(town.programmes.iter().map(count).collect())
}

/// How cards were used over a span of days: accepted and refused by day, programme and place; accepted by age.
#[derive(Debug, Clone, Default)]
pub struct UseStatistics {
    /// Day → accepted, refused.
    pub by_day: BTreeMap<Date, (i64, i64)>,
    /// Programme → accepted, refused. Nothing where no card of the town was recognised.
    pub by_programme: BTreeMap<Option<ProgrammeId>, (i64, i64)>,
    /// Place → accepted, refused.
    pub by_place: BTreeMap<PlaceId, (i64, i64)>,
    /// Decade of age → accepted.
    pub by_age: BTreeMap<i64, i64>,
}

/// Counts uses from `from` to `until`, both included.
///
/// # Errors
/// Not permitted; the store's.
pub async fn use_statistics(ctx: &mut Ctx, from: Date, until: Date) -> Result<UseStatistics> {
    ctx.allow(Permission::SeeUse)?;
    let mut statistics = UseStatistics::default();
    for (day, programme, place, accepted, count) in rows::uses_by_day(ctx.tx(), from, until).await? {
        add(statistics.by_day.entry(day).or_default(), accepted, count);
        add(statistics.by_programme.entry(programme).or_default(), accepted, count);
        add(statistics.by_place.entry(place).or_default(), accepted, count);
    }
    for (_, decade, count) in rows::uses_by_age(ctx.tx(), from, until).await? {
        *statistics.by_age.entry(decade * 10).or_default() += count;
    }
    Ok(statistics)
}

fn add(sums: &mut (i64, i64), accepted: bool, count: i64) {
    if accepted {
        sums.0 += count;
    } else {
        sums.1 += count;
    }
}

/// What the town holds of the caller's cards and of their use, for who asks for a copy.
///
/// # Errors
/// Not permitted; the store's.
pub(crate) async fn export(ctx: &mut Ctx, account: AccountId) -> Result<Value> {
    ctx.allow(Permission::OwnAccount)?;
    let held = rows::holdings_of_account(ctx.tx(), account, Timestamp::MIN).await?;
    let card = |holding: &Holding| json!({ "programme": holding.programme, "how": holding.how, "label": holding.label, "since": holding.created_at, "ended_at": holding.ended_at, "ended_why": holding.ended_why });
    let in_wallets = rows::wallets::wallet_cards_of(ctx.tx(), account).await?;
    let in_wallet = |card: &Card| json!({ "programme": card.programme, "since": card.issued_at, "until": card.expires_at });
    // Also what was used before moving in, as somebody who was not in the register.
    let mut uses = rows::uses_of_resident(ctx.tx(), identity::known_as(account)).await?;
    if let Some(me) = people::resident_of(ctx, account).await? {
        uses.extend(rows::uses_of_resident(ctx.tx(), me).await?);
    }
    let used = |(at, place, programme, medium, accepted): &rows::OwnUse| json!({ "at": at, "place": place, "programme": programme, "medium": medium, "accepted": accepted });
    let (cards, in_wallets): (Vec<_>, Vec<_>) = (held.iter().map(card).collect(), in_wallets.iter().map(in_wallet).collect());
    Ok(json!({ "cards": cards, "in_wallets": in_wallets, "uses": uses.iter().map(used).collect::<Vec<_>>() }))
}
