//! What the database says: tables, audit trail, clock, bundles, jobs, staff.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use registry::BundleState;
use store::{Actor, AuditFault, Db, Reactions, StoreBuilder, Tx, copy};
use town::Town;

use super::{Finding, Patient, State};
use crate::{Outcome, house};

/// How far the last event may lie ahead: two machines' clocks are never quite the same.
const AHEAD_MAX: SignedDuration = SignedDuration::from_secs(60);
/// Bundles that are looked at.
const BUNDLES: u32 = 20;

pub(super) async fn database(patient: &Patient, town: &Arc<Town>) -> Vec<Finding> {
    if let Some(path) = patient.database.strip_prefix("sqlite:").filter(|path| !Path::new(path).is_file()) {
        return vec![Finding::fault("database", format!("{path} is not there"), "start `tegata serve` once, or restore a backup")];
    }
    let db = match Db::open(&patient.database).await {
        Ok(db) => db,
        Err(error) => {
            let next = "see that the server runs and TEGATA_DATABASE_URL names it, with its certificate (docs/run-a-town.md)";
            return vec![Finding::fault("database", format!("it cannot be opened: {}", store::error_chain(&error)), next)];
        }
    };
    match all(patient, town, db).await {
        Ok(findings) => findings,
        Err(error) => {
            vec![Finding::fault("database", format!("it cannot be read: {}", store::error_chain(&*error)), "see the database's own log")]
        }
    }
}

async fn all(patient: &Patient, town: &Arc<Town>, db: Db) -> Outcome<Vec<Finding>> {
    let mut tx = db.read().await?;
    let rooms = house::tables_of(town)?;
    let state = copy::migration_state(&mut tx, &rooms).await?;
    let tables = migrations(&state);
    if tables.state == State::Fault || !state.missing.is_empty() {
        return Ok(vec![tables]);
    }
    let mut findings = vec![tables, audit(&mut tx).await?, clock(patient, &mut tx).await?, jobs(&mut tx).await?];
    drop(tx);
    // The tables are current, so opening the store changes nothing.
    let clock = Arc::new(store::SetClock::new(patient.now));
    let builder = StoreBuilder { db, town: Arc::clone(town), clock, migrations: rooms, reactions: Reactions::default() };
    let store = builder.open().await?;
    let mut ctx = store.read(Actor::System).await?;
    findings.extend(bundles(patient, town, &registry::bundles(&mut ctx, None, BUNDLES).await?));
    if !identity::has_administrator(&mut ctx).await? {
        let next = "invite the first one: tegata staff invite (docs/run-a-town.md)";
        findings.push(Finding::notice("staff", "nobody is administrator yet", next));
    }
    Ok(findings)
}

fn migrations(state: &copy::MigrationState) -> Finding {
    if let Some(name) = state.unknown.first() {
        return Finding::fault(
            "database",
            format!("it was made by a newer version: {name}"),
            "use the version that made it, or a newer one",
        );
    }
    if let Some(name) = state.changed.first() {
        let next = "use an unaltered release, or restore a backup";
        return Finding::fault("database", format!("{name} was changed after it had run"), next);
    }
    match state.missing.len() {
        0 => Finding::good("database", "it can be read and its tables are current"),
        more => Finding::notice("database", format!("{more} migrations have not run yet"), "start `tegata serve`: it runs them first"),
    }
}

async fn audit(tx: &mut Tx) -> Outcome<Finding> {
    Ok(match store::verify_audit(tx).await? {
        Ok(lines) => Finding::good("audit", format!("{lines} lines, unbroken")),
        Err(AuditFault::Broken { seq } | AuditFault::Gap { seq }) => Finding::fault(
            "audit",
            format!("the trail does not hold from line {seq}"),
            "somebody changed the database behind Tegata's back: keep a copy as it is, and compare with a backup",
        ),
    })
}

async fn clock(patient: &Patient, tx: &mut Tx) -> Outcome<Finding> {
    Ok(match copy::last_event_at(tx).await? {
        Some(last) if last.duration_since(patient.now) > AHEAD_MAX => {
            let next = "set the clock, and run NTP: phones and rules go by it";
            Finding::fault("clock", format!("it is {} by this machine, and something happened at {last}", patient.now), next)
        }
        _ => Finding::good("clock", format!("{}, after everything that happened", patient.now)),
    })
}

async fn jobs(tx: &mut Tx) -> Outcome<Finding> {
    let jobs = store::jobs_in_trouble(tx).await?;
    Ok(match (jobs.given_up, jobs.failing) {
        (0, 0) => Finding::good("jobs", "none failed"),
        (0, failing) => Finding::notice("jobs", format!("{failing} failed and will be tried again"), "see the log for their reason"),
        (given_up, _) => {
            Finding::fault("jobs", format!("{given_up} failed too often and wait"), "see store_job.last_error, and tell the makers")
        }
    })
}

fn bundles(patient: &Patient, town: &Town, runs: &[registry::BundleRun]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let silent_h = i64::from(town.bridge.timetable.silent_after_h);
    let applied = runs.iter().find(|run| run.state == BundleState::Applied);
    findings.push(match applied {
        None => Finding::notice("bridge", "no bundle was applied yet", "seal the register's export and bring it (docs/bridge.md)"),
        Some(run) => {
            let age_h = patient.now.duration_since(run.opened_at).as_hours();
            let says = format!("bundle {} was applied {age_h} h ago", run.number);
            if age_h >= silent_h {
                let next = format!(
                    "the pack expects one within {silent_h} h: see the inner side's `tegata bridge seal` and how files are carried"
                );
                Finding::fault("bridge", says, next)
            } else {
                Finding::good("bridge", says)
            }
        }
    });
    findings.extend(runs.iter().filter(|run| run.state == BundleState::Waiting).map(|run| {
        let says = format!("bundle {} waits for approval, and those behind it wait too", run.number);
        Finding::notice("bridge", says, "an operator decides on the console's bridge page")
    }));
    findings
}
