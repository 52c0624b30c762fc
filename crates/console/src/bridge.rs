//! Runs of the data bridge: what changed, what was wrong with the export, and a decision where one is asked for.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use axum::{Extension, Form};
use registry::{BundleRun, BundleState};
use serde::Deserialize;
use store::{Ctx, Permission, permitted};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use crate::Console;
use crate::access::refused;
use crate::words::Names;

/// Runs on a page.
const PAGE: u32 = 30;

#[derive(Deserialize)]
pub(crate) struct Before {
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "bridge_runs.html")]
struct Runs<'a> {
    view: &'a View,
    runs: Vec<RunRow>,
    older: Option<u64>,
}

struct RunRow {
    number: u64,
    opened: String,
    state: String,
    tag: &'static str,
    words: String,
    rows: String,
    problems: i64,
}

fn state(view: &View, state: BundleState) -> (String, &'static str) {
    match state {
        BundleState::Applied => (view.t("console-bundle-applied"), "tag tag--good"),
        BundleState::Waiting => (view.t("console-bundle-waiting"), "tag tag--warn"),
        BundleState::Rejected => (view.t("console-bundle-rejected"), "tag tag--bad"),
    }
}

fn count(people: u64) -> i64 {
    i64::try_from(people).unwrap_or(i64::MAX)
}

/// The runs, newest first.
pub(crate) async fn runs(
    view: View,
    Extension(console): Extension<Arc<Console>>,
    Reader(mut ctx): Reader,
    Query(Before { before }): Query<Before>,
) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeBridge).await?;
    let found = registry::bundles(&mut ctx, before, PAGE).await.map_err(refused)?;
    let older = found.last().filter(|_| found.len() == PAGE as usize).map(|run| run.number);
    let texts = console.register_texts(view.app.town());
    let row = |run: &BundleRun| {
        let (state, tag) = state(&view, run.state);
        RunRow {
            number: run.number,
            opened: view.moment(&run.opened_at),
            state,
            tag,
            words: registry::difference_in_words(&run.counts, texts, &view.language),
            rows: view.count(&count(run.rows)),
            problems: count(run.problems),
        }
    };
    let runs = found.iter().map(row).collect();
    let title = view.t("menu-bridge");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &Runs { view: &view, runs, older }))
}

#[derive(Template)]
#[template(path = "bridge_run.html")]
struct RunPage<'a> {
    view: &'a View,
    title: &'a str,
    number: u64,
    words: String,
    state: String,
    tag: &'static str,
    tiles: Vec<(String, String)>,
    counts: Vec<String>,
    exceeded: Vec<String>,
    facts: Vec<(String, String)>,
    problems: Vec<String>,
    problems_left_out: i64,
    may_decide: bool,
    unconfirmed: bool,
}

/// One run: its difference in words and counts, the problems of its export, and the decision.
pub(crate) async fn run(
    view: View,
    Extension(console): Extension<Arc<Console>>,
    Reader(mut ctx): Reader,
    Path(number): Path<u64>,
) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeBridge).await?;
    run_page(&view, &console, &mut ctx, name, number, false).await
}

async fn run_page(
    view: &View,
    console: &Console,
    ctx: &mut Ctx,
    name: String,
    number: u64,
    unconfirmed: bool,
) -> Result<Response, Problem> {
    let detail = registry::bundle(ctx, number).await.map_err(|error| match error {
        registry::Error::NotWaiting(_) => Problem::not_found(),
        error => refused(error),
    })?;
    let (run, texts) = (&detail.run, console.register_texts(view.app.town()));
    let people = |people: u64| ("n", count(people).into());
    let (state, tag) = state(view, run.state);
    let title = view.t1("console-bundle-title", "number", &number.to_string());
    let body = RunPage {
        view,
        title: &title,
        number,
        words: registry::difference_in_words(&run.counts, texts, &view.language),
        state,
        tag,
        tiles: vec![
            (view.t("console-bundle-before"), view.count(&count(run.counts.before))),
            (view.t("console-bundle-after"), view.count(&count(run.counts.after))),
            (view.t("console-bundle-changed"), view.count(&count(run.counts.changed))),
        ],
        counts: run.counts.phrases().into_iter().map(|(key, n)| texts.text(&view.language, key, &[people(n)])).collect(),
        exceeded: run.exceeded.iter().map(|threshold| texts.text(&view.language, threshold.text_key(), &[])).collect(),
        facts: facts(view, ctx, run).await?,
        problems: detail.problems.iter().map(|problem| registry::problem_in_words(problem, texts, &view.language)).collect(),
        problems_left_out: count(run.problems).saturating_sub(i64::try_from(detail.problems.len()).unwrap_or(i64::MAX)),
        may_decide: run.state == BundleState::Waiting && permitted(&ctx.actor, Permission::ApproveBundle),
        unconfirmed,
    };
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

async fn facts(view: &View, ctx: &mut Ctx, run: &BundleRun) -> Result<Vec<(String, String)>, Problem> {
    let mut facts = vec![
        (view.t("console-bundle-sealed"), view.moment(&run.created_at)),
        (view.t("console-bundle-opened"), view.moment(&run.opened_at)),
        (view.t("console-bundle-rows"), view.count(&count(run.rows))),
        (view.t("console-bundle-left-out"), view.count(&count(run.left_out))),
    ];
    if let Some(decided_at) = &run.decided_at {
        facts.push((view.t("console-bundle-decided"), view.moment(decided_at)));
    }
    if let Some(by) = &run.decided_by {
        facts.push((view.t("console-bundle-decided-by"), Names::default().of(ctx, view, by).await?));
    }
    Ok(facts)
}

#[derive(Deserialize)]
pub(crate) struct Confirmed {
    #[serde(default)]
    confirmed: String,
}

/// Applies a bundle that waits, after somebody has said that its difference was looked at.
pub(crate) async fn approve(
    view: View,
    Extension(console): Extension<Arc<Console>>,
    Caller(mut ctx): Caller,
    Path(number): Path<u64>,
    Form(Confirmed { confirmed }): Form<Confirmed>,
) -> Result<Result<Redirect, Response>, Problem> {
    let name = staff(&mut ctx, Permission::ApproveBundle).await?;
    if confirmed.is_empty() {
        return Ok(Err(to_mend(run_page(&view, &console, &mut ctx, name, number, true).await?)));
    }
    let (store, actor) = (ctx.store().clone(), ctx.actor.clone());
    // The bundle is applied in transactions of its own, so that counters are answered meanwhile.
    ctx.commit().await?;
    registry::approve_bundle_in_steps(&store, &actor, number, &console.keys).await.map_err(refused)?;
    Ok(Ok(Redirect::to(&format!("/staff/bridge/{number}"))))
}

/// Turns down a bundle that waits.
pub(crate) async fn reject(Caller(mut ctx): Caller, Path(number): Path<u64>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ApproveBundle).await?;
    registry::reject_bundle(&mut ctx, number).await.map_err(refused)?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/bridge/{number}")))
}
