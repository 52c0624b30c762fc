//! Bundles: what was opened, what became of it, and where the register stands.

use std::collections::BTreeMap;

use civil::Timestamp;
use store::{Ctx, Result, params};

use super::residents::number;
use crate::bridge::{Chain, Problem, Reason};
use crate::model::{BundleRun, BundleState, Error};

store::queries! {
    STATE = "select name, stand, applied from registry_state where id = 1";
    STAND_AT = "insert into registry_state (id, name, stand, applied) values (1, $1, $2, $3)
        on conflict (id) do update set stand = excluded.stand, applied = excluded.applied";

    LAST_BUNDLE = "select number, digest, state from registry_bundle order by number desc limit 1";
    CHAIN_BEFORE = "select number, digest, state from registry_bundle where number = $1";
    LAST_COUNTS = "select counts from registry_bundle where state = 'applied' order by number desc limit 1";
    ADD_BUNDLE = "insert into registry_bundle
        (number, state, digest, created_at, opened_at, decided_at, decided_by, rows, left_out, problems, counts, exceeded, sealed)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    DECIDE_BUNDLE = "update registry_bundle set state = $2, decided_at = $3, decided_by = $4, counts = $5, sealed = null where number = $1";
    ADD_PROBLEM = "insert into registry_bundle_problem (bundle, position, line, column_number, header, reason) values ($1, $2, $3, $4, $5, $6)";
    BUNDLES = "select number, state, digest, created_at, opened_at, decided_at, decided_by, rows, left_out, problems, counts, exceeded
        from registry_bundle where number < $1 order by number desc limit $2";
    SEALED = "select sealed from registry_bundle where number = $1 and state = 'waiting'";
    PROBLEMS = "select line, column_number, header, reason from registry_bundle_problem where bundle = $1 order by position";
}

/// The random names of this register and of how it stands, and the bundle applied last; none before the first bundle.
pub(crate) async fn state(ctx: &mut Ctx) -> Result<Option<(String, String, i64)>> {
    ctx.tx().query_opt(STATE, &[]).await
}

/// Notes that the register stands at a bundle. `name` counts only the first time; `stand` is new with every change.
pub(crate) async fn stand_at(ctx: &mut Ctx, name: &str, stand: &str, bundle: u64) -> Result<()> {
    ctx.tx().execute(STAND_AT, params![name, stand, number(bundle)]).await.map(drop)
}

/// Where the chain of bundles stands, and whether its last one still waits.
pub(crate) async fn chain(ctx: &mut Ctx) -> Result<(Chain, bool), Error> {
    let last: Option<(i64, String, BundleState)> = ctx.tx().query_opt(LAST_BUNDLE, &[]).await?;
    read_chain(last)
}

/// Where the chain stood before a bundle.
pub(crate) async fn chain_before(ctx: &mut Ctx, bundle: u64) -> Result<Chain, Error> {
    let before: Option<(i64, String, BundleState)> = ctx.tx().query_opt(CHAIN_BEFORE, params![number(bundle) - 1]).await?;
    read_chain(before).map(|(chain, _)| chain)
}

fn read_chain(bundle: Option<(i64, String, BundleState)>) -> Result<(Chain, bool), Error> {
    let Some((number, digest, state)) = bundle else { return Ok((Chain::default(), false)) };
    let number = u64::try_from(number).map_err(|_| Error::Stored("bundle number"))?;
    let digest = Some(digest.parse().map_err(|_| Error::Stored("digest"))?);
    Ok((Chain { number, digest }, state == BundleState::Waiting))
}

/// Residents after the last applied bundle.
pub(crate) async fn residents_before(ctx: &mut Ctx) -> Result<u64, Error> {
    let counts: Option<(String,)> = ctx.tx().query_opt(LAST_COUNTS, &[]).await?;
    let Some((counts,)) = counts else { return Ok(0) };
    let counts: crate::model::Counts = serde_json::from_str(&counts).map_err(|_| Error::Stored("counts"))?;
    Ok(counts.after)
}

pub(crate) async fn add_bundle(ctx: &mut Ctx, run: &BundleRun, problems: &[Problem], sealed: Option<&[u8]>) -> Result<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let values = vec![
        number(run.number).into(),
        run.state.into(),
        run.digest.to_string().into(),
        run.created_at.into(),
        run.opened_at.into(),
        run.decided_at.into(),
        run.decided_by.clone().into(),
        count(run.rows).into(),
        count(run.left_out).into(),
        count(run.problems).into(),
        serde_json::to_string(&run.counts)?.into(),
        serde_json::to_string(&run.exceeded)?.into(),
        sealed.map(<[u8]>::to_vec).into(),
    ];
    ctx.tx().execute(ADD_BUNDLE, &values).await?;
    let mut rows = problems.iter().zip(0i64..).map(|(problem, position)| {
        vec![
            number(run.number).into(),
            position.into(),
            problem.line.into(),
            i64::from(problem.column).into(),
            problem.header.as_str().into(),
            problem.reason.code().into(),
        ]
    });
    ctx.tx().bulk(ADD_PROBLEM, &mut rows).await.map(drop)
}

pub(crate) async fn decide_bundle(ctx: &mut Ctx, run: &BundleRun) -> Result<()> {
    let values = params![number(run.number), run.state, run.decided_at, run.decided_by.clone(), serde_json::to_string(&run.counts)?];
    ctx.tx().execute(DECIDE_BUNDLE, values).await.map(drop)
}

pub(crate) async fn sealed(ctx: &mut Ctx, bundle: u64) -> Result<Option<Vec<u8>>> {
    let sealed: Option<(Vec<u8>,)> = ctx.tx().query_opt(SEALED, params![number(bundle)]).await?;
    Ok(sealed.map(|(sealed,)| sealed))
}

struct RunRow {
    number: i64,
    state: BundleState,
    digest: String,
    created_at: Timestamp,
    opened_at: Timestamp,
    decided_at: Option<Timestamp>,
    decided_by: Option<String>,
    rows: i64,
    left_out: i64,
    problems: i64,
    counts: String,
    exceeded: String,
}

store::from_row!(RunRow {
    number,
    state,
    digest,
    created_at,
    opened_at,
    decided_at,
    decided_by,
    rows,
    left_out,
    problems,
    counts,
    exceeded,
});

/// Bundles with a lower number than `before`, newest first.
pub(crate) async fn bundles(ctx: &mut Ctx, before: i64, limit: u32) -> Result<Vec<BundleRun>, Error> {
    let rows: Vec<RunRow> = ctx.tx().query(BUNDLES, params![before, limit]).await?;
    let count = |count: i64| u64::try_from(count).map_err(|_| Error::Stored("count"));
    rows.into_iter()
        .map(|row| {
            Ok(BundleRun {
                number: count(row.number)?,
                state: row.state,
                digest: row.digest.parse().map_err(|_| Error::Stored("digest"))?,
                created_at: row.created_at,
                opened_at: row.opened_at,
                decided_at: row.decided_at,
                decided_by: row.decided_by,
                rows: count(row.rows)?,
                left_out: count(row.left_out)?,
                problems: count(row.problems)?,
                counts: serde_json::from_str(&row.counts).map_err(|_| Error::Stored("counts"))?,
                exceeded: serde_json::from_str(&row.exceeded).map_err(|_| Error::Stored("thresholds"))?,
            })
        })
        .collect()
}

pub(crate) async fn problems(ctx: &mut Ctx, bundle: u64) -> Result<Vec<Problem>, Error> {
    let rows: Vec<(u32, u32, String, String)> = ctx.tx().query(PROBLEMS, params![number(bundle)]).await?;
    let reasons: BTreeMap<&str, Reason> = Reason::ALL.iter().map(|reason| (reason.code(), *reason)).collect();
    rows.into_iter()
        .map(|(line, column, header, reason)| {
            let reason = *reasons.get(reason.as_str()).ok_or(Error::Stored("reason"))?;
            Ok(Problem { line, column: u16::try_from(column).unwrap_or(u16::MAX), header, reason })
        })
        .collect()
}
