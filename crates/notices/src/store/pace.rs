use civil::{Date, Timestamp};
use store::{Ctx, params};

use crate::model::{Halt, Halted, Pace, Queue, Result, Way};

store::queries! {
    ADD = "insert into notices_pace (way, queue, day, handed, within_10s, gone, refused) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (way, queue, day) do update set handed = notices_pace.handed + excluded.handed, within_10s = notices_pace.within_10s + excluded.within_10s,
        gone = notices_pace.gone + excluded.gone, refused = notices_pace.refused + excluded.refused";
    OF_WAY = "select queue, day, handed, within_10s, gone, refused from notices_pace where way = $1 and day >= $2 order by day desc, queue";
    FORGET = "delete from notices_pace where day < $1";
    /// It goes on being the same halt until the way takes something again.
    HALT = "insert into notices_halt (way, reason, since, until) values ($1, $2, $3, $4)
        on conflict (way) do update set reason = excluded.reason, until = excluded.until";
    HALTED = "select reason, since, until from notices_halt where way = $1";
    GO_ON = "delete from notices_halt where way = $1";
    WAITING_MESSAGES = "select queue, count(*) from notices_message group by queue";
    WAITING_LETTERS = "select queue, count(*) from notices_letter where way = $1 group by queue";
}

store::from_row!(Pace { queue, day, handed, within_10s, gone, refused });
store::from_row!(Halted { reason, since, until });

pub(crate) async fn add(ctx: &mut Ctx, way: Way, pace: &Pace) -> Result<()> {
    let Pace { queue, day, handed, within_10s, gone, refused } = *pace;
    ctx.tx().execute(ADD, params![way, queue, day, handed, within_10s, gone, refused]).await?;
    Ok(())
}

pub(crate) async fn of_way(ctx: &mut Ctx, way: Way, since: Date) -> Result<Vec<Pace>> {
    Ok(ctx.tx().query(OF_WAY, params![way, since]).await?)
}

/// How many wait for a way in each queue.
pub(crate) async fn waiting(ctx: &mut Ctx, way: Way) -> Result<Vec<(Queue, i64)>> {
    Ok(match way {
        Way::Push => ctx.tx().query(WAITING_MESSAGES, &[]).await?,
        Way::Mail | Way::Line => ctx.tx().query(WAITING_LETTERS, params![way]).await?,
    })
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Date) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}

/// Notes that a way takes nothing, to be tried again at a moment.
pub(crate) async fn halt(ctx: &mut Ctx, way: Way, reason: Halt, until: Timestamp) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(HALT, params![way, reason, now, until]).await?;
    Ok(())
}

pub(crate) async fn halted(ctx: &mut Ctx, way: Way) -> Result<Option<Halted>> {
    Ok(ctx.tx().query_opt(HALTED, params![way]).await?)
}

/// Notes that a way takes again what it is handed.
pub(crate) async fn go_on(ctx: &mut Ctx, way: Way) -> Result<()> {
    ctx.tx().execute(GO_ON, params![way]).await?;
    Ok(())
}
