//! What the town and the resident see of it.

use std::collections::BTreeMap;

use civil::Date;
use jiff::Timestamp;
use store::{Ctx, Permission, ResidentId};
use town::{PlaceId, ProgrammeId};

use crate::model::{Error, ProgrammeCount, Result, Use};
use crate::store as rows;

/// A span of days in which a resident was entitled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// The programme.
    pub programme: ProgrammeId,
    /// First day.
    pub from: Date,
    /// Last day, once it ended.
    pub until: Option<Date>,
}

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

/// Gives where a person's cards were shown, newest first.
///
/// # Errors
/// Not permitted: the person themself and who may see them; the store's.
pub async fn uses_of(ctx: &mut Ctx, resident: ResidentId, before: Timestamp, limit: u32) -> Result<Vec<Use>> {
    may_see(ctx, resident).await?;
    Ok(rows::uses_of_resident(ctx.tx(), resident, before, limit).await?)
}

/// Gives every span of days in which a person was entitled to something.
///
/// # Errors
/// As [`uses_of`].
pub async fn entitlements_of(ctx: &mut Ctx, resident: ResidentId) -> Result<Vec<Entitlement>> {
    may_see(ctx, resident).await?;
    let spans = rows::spans_of_resident(ctx.tx(), resident).await?;
    Ok(spans.into_iter().map(|(programme, from, until)| Entitlement { programme, from, until }).collect())
}

async fn may_see(ctx: &mut Ctx, resident: ResidentId) -> Result<()> {
    if let store::Actor::Holder(account) = ctx.actor {
        let own = identity::link_of(ctx, account).await? == Some(resident);
        return if own { Ok(()) } else { Err(Error::NoSuchCard) };
    }
    Ok(ctx.allow(Permission::SeePerson)?)
}

/// A past decision, made again.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// What the rule of that day says with the facts of that day.
    pub entitled: bool,
    /// The rule.
    pub rule: String,
    /// The ordinance it implements.
    pub source: String,
    /// Why, in Japanese.
    pub ja: Vec<String>,
    /// Why, in English.
    pub en: Vec<String>,
}

/// Decides again for a past (or coming) day, with the rule in force and the facts known on that day, and explains it.
///
/// # Errors
/// Not permitted; [`Error::NoSuchProgramme`] when no rule was in force; [`Error::NoSuchCard`] when the person was not known then; the store's.
pub async fn replay(ctx: &mut Ctx, programme: &ProgrammeId, resident: ResidentId, day: Date) -> Result<Replayed> {
    may_see(ctx, resident).await?;
    let town = ctx.town().clone();
    let version = town.in_force(programme, day).ok_or(Error::NoSuchProgramme)?;
    let person = registry::person_as_of(ctx, resident, day).await?;
    if let store::Actor::Staff(..) = ctx.actor {
        ctx.audit("decision.replayed", Some(resident.to_string()), programme.as_str()).await?;
    }
    let explanation = version.eligible.explain(&person, day);
    Ok(Replayed {
        entitled: version.eligible.decide(&person, day).unwrap_or(false),
        rule: version.eligible.source().to_owned(),
        source: version.source.clone(),
        ja: explanation.reasons.iter().map(|reason| reason.ja.clone()).collect(),
        en: explanation.reasons.iter().map(|reason| reason.en.clone()).collect(),
    })
}
