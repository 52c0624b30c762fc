//! What the next bundle changes, written beforehand a few people at a time, and moved into place afterwards: the bundle itself then only says that it holds.

use store::{Ctx, Result, params};

use super::residents::Keyed;

store::queries! {
    BEGIN_STAGING = "insert into registry_staging (id, name) values (1, $1) on conflict (id) do update set name = excluded.name";
    STAGING = "select name from registry_staging where id = 1";
    END_STAGING = "delete from registry_staging";
    STAGE = "insert into registry_staged
        (resident, register_id, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on, protected, listed,
         facts, bundle, four_items, three_items, position)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    FIRST = "select s.position, coalesce(b.state, '') from registry_staged s left join registry_bundle b on b.number = s.bundle
        order by s.position limit 1";
    ARCHIVE = "insert into registry_resident_version
        (resident, recorded_at, recorded_until, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on,
         protected, listed, facts, bundle)
        select r.resident, r.recorded_at, b.decided_at, r.household, r.relation, r.date_of_birth, r.sex, r.district, r.status, r.status_on,
         r.became_resident_on, r.protected, r.listed, r.facts, r.bundle
        from registry_staged s join registry_bundle b on b.number = s.bundle join registry_resident r on r.resident = s.resident
        where s.position >= $1 and s.position < $2";
    PUT = "insert into registry_resident
        (resident, register_id, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on, protected, listed,
         facts, bundle, recorded_at, four_items, three_items)
        select s.resident, s.register_id, s.household, s.relation, s.date_of_birth, s.sex, s.district, s.status, s.status_on,
         s.became_resident_on, s.protected, s.listed, s.facts, s.bundle, b.decided_at, s.four_items, s.three_items
        from registry_staged s join registry_bundle b on b.number = s.bundle
        where s.position >= $1 and s.position < $2
        on conflict (resident) do update set household = excluded.household, relation = excluded.relation,
         date_of_birth = excluded.date_of_birth, sex = excluded.sex, district = excluded.district, status = excluded.status,
         status_on = excluded.status_on, became_resident_on = excluded.became_resident_on, protected = excluded.protected,
         listed = excluded.listed, facts = excluded.facts, bundle = excluded.bundle, recorded_at = excluded.recorded_at,
         four_items = excluded.four_items, three_items = excluded.three_items";
    CLEAR = "delete from registry_staged where position >= $1 and position < $2";
}

/// People that are staged, or moved into place, in one step: a few milliseconds of the writer's time.
pub(crate) const STEP: usize = 50;

/// Notes under whose name staging goes on from here; whoever staged before finds out.
pub(crate) async fn begin_staging(ctx: &mut Ctx, name: &str) -> Result<()> {
    ctx.tx().execute(BEGIN_STAGING, params![name]).await.map(drop)
}

/// Says whether staging still goes on under this name.
pub(crate) async fn is_staging(ctx: &mut Ctx, name: &str) -> Result<bool> {
    Ok(ctx.tx().query_opt::<(String,)>(STAGING, &[]).await?.is_some_and(|(found,)| found == name))
}

/// Notes that nobody stages any more.
pub(crate) async fn end_staging(ctx: &mut Ctx) -> Result<()> {
    ctx.tx().execute(END_STAGING, &[]).await.map(drop)
}

/// Stages residents from a position on.
pub(crate) async fn stage(ctx: &mut Ctx, from: usize, residents: &mut (dyn Iterator<Item = Keyed> + Send)) -> Result<()> {
    let first = i64::try_from(from).unwrap_or(i64::MAX);
    let mut rows = residents.zip(first..).map(|(resident, position)| {
        let mut values = resident.values();
        // When it is recorded is known only once the bundle is applied.
        values.remove(14);
        values.push(position.into());
        values
    });
    ctx.tx().bulk(STAGE, &mut rows).await.map(drop)
}

/// Says whether anybody is staged, for a bundle that is applied or for one that is not yet.
pub(crate) async fn is_anyone_staged(ctx: &mut Ctx) -> Result<bool> {
    Ok(first(ctx).await?.is_some())
}

/// Moves the next few residents of an applied bundle into place; false when none are left.
pub(crate) async fn settle(ctx: &mut Ctx) -> Result<bool> {
    match first(ctx).await? {
        Some((from, true)) => move_into_place(ctx, from).await,
        _ => Ok(false),
    }
}

/// As [`settle`], and clears away the next few of a bundle that was not applied after all; false when nothing is staged.
pub(crate) async fn make_room(ctx: &mut Ctx) -> Result<bool> {
    match first(ctx).await? {
        Some((from, true)) => move_into_place(ctx, from).await,
        Some((from, false)) => clear(ctx, from).await,
        None => Ok(false),
    }
}

/// The first position there is, and whether its bundle is applied.
async fn first(ctx: &mut Ctx) -> Result<Option<(i64, bool)>> {
    let first: Option<(i64, String)> = ctx.tx().query_opt(FIRST, &[]).await?;
    Ok(first.map(|(position, state)| (position, state == crate::model::BundleState::Applied.as_str())))
}

async fn move_into_place(ctx: &mut Ctx, from: i64) -> Result<bool> {
    let range = params![from, from + STEP as i64];
    ctx.tx().execute(ARCHIVE, range).await?;
    ctx.tx().execute(PUT, range).await?;
    clear(ctx, from).await
}

async fn clear(ctx: &mut Ctx, from: i64) -> Result<bool> {
    ctx.tx().execute(CLEAR, params![from, from + STEP as i64]).await?;
    Ok(true)
}
