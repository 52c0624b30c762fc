//! What the town and the resident see of it.

use std::collections::BTreeMap;

use civil::Date;
use store::{Ctx, Permission};
use town::{PlaceId, ProgrammeId};

use crate::model::{ProgrammeCount, Result};
use crate::store as rows;

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
