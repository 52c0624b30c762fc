//! What the rooms measure of themselves, in the house's line.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use credential::Seen;
use credential::workload::Workload;
use store::{Clock as _, Db, Reactions, StoreBuilder, SystemClock};
use town::{PackFile, Town};

use super::measure::{Line, thread_cpu};
use crate::Outcome;

/// The same people every time.
const ELIGIBILITY_SEED: u64 = 1;
const BRIDGE_SEED: u64 = 7;
const ROUNDS: usize = 100;
/// Certificates on the revocation list.
const REVOKED: usize = 1_000_000;
/// The bridge room's own pack: its thresholds let everything through.
const BRIDGE_PACK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../registry/tests/bench.toml"));

pub(super) fn eligibility(people: u32, one: bool) -> Outcome<Vec<Line>> {
    let start = Instant::now();
    let mut clocks = || (nanos(start.elapsed()), nanos(thread_cpu()));
    let report = rule::bench::run(people as usize, ELIGIBILITY_SEED, ROUNDS, &mut clocks)?;
    let mut lines = Vec::new();
    for times in report.times {
        let of_one_person = times.job.starts_with("eligibility --one") || times.job.starts_with("next change");
        if one && !of_one_person {
            continue;
        }
        let n = if of_one_person { 1 } else { report.people as u64 };
        let mut line = Line::new(times.job, n, Some(times.p50_ns as f64 / 1e9), times.cpu_ns as f64 / 1e9);
        line.p50_ms = Some(times.p50_ns as f64 / 1e6);
        line.p99_ms = Some(times.p99_ns as f64 / 1e6);
        lines.push(line.with("rounds", times.rounds as f64).with("eligible", report.eligible as f64));
    }
    Ok(lines)
}

pub(super) fn verify(cards: u32) -> Outcome<Vec<Line>> {
    let workload = Workload::new(cards, SystemClock.now())?;
    let (verifier, status) = workload.verifier()?;
    let seen = Seen::new();
    let mut lines = Vec::new();
    for (job, texts) in [("verify, first sight", &workload.first), ("verify, seen before", &workload.again)] {
        let mut each = Vec::with_capacity(texts.len());
        let (wall, cpu) = (Instant::now(), thread_cpu());
        for text in texts {
            let start = Instant::now();
            workload
                .verify(black_box(text), &verifier, &status, &seen)
                .map_err(|refusal| format!("a good card was refused: {refusal:?}"))?;
            each.push(start.elapsed());
        }
        let (wall_s, cpu_s) = (wall.elapsed().as_secs_f64(), (thread_cpu().saturating_sub(cpu)).as_secs_f64());
        lines.push(Line::new(job, u64::from(cards), Some(wall_s), cpu_s).times(each));
    }
    // Shown again as it was: every one must be caught.
    if workload.first.iter().any(|text| workload.verify(text, &verifier, &status, &seen).is_ok()) {
        return Err("a replay was accepted".into());
    }
    Ok(lines)
}

pub(super) async fn bridge(residents: u32, data: &Path) -> Outcome<Vec<Line>> {
    let days = registry::bench::two_days(residents, BRIDGE_SEED)?;
    let pure = registry::bench::pure(&days);
    let (added, changed, gone) = pure.difference;
    let mut measures = pure.measures;
    let folder = data.join(format!("bridge-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let address = std::env::var("TEGATA_DATABASE_URL").unwrap_or_else(|_| format!("sqlite:{}", folder.join("town.db").display()));
    let pack = [PackFile { path: "town.toml".into(), bytes: BRIDGE_PACK.into() }];
    let town = Town::from_files(&pack).map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())?;
    let builder = StoreBuilder {
        db: Db::open(&address).await?,
        town,
        clock: Arc::new(SystemClock),
        migrations: vec![registry::MIGRATIONS],
        reactions: Reactions::default(),
    };
    measures.extend(registry::bench::applied(&builder.open().await?, &days).await?);
    std::fs::remove_dir_all(folder)?;
    let line = |measure: registry::bench::Measure| {
        Line::new(format!("bridge: {}", measure.job), measure.n, Some(measure.wall_s), measure.cpu_s)
            .with("added", added as f64)
            .with("changed", changed as f64)
            .with("gone", gone as f64)
    };
    Ok(measures.into_iter().map(line).collect())
}

pub(super) fn jpki(rounds: u32) -> Outcome<Vec<Line>> {
    let report = jpki::bench::run(REVOKED, rounds, SystemClock.now())?;
    // One thread computes and waits for nothing: its wall clock is its processor time, but for what others take of the machine.
    let line = |job: &str, n: u64, each: Duration| {
        let mut line = Line::new(job, n, Some(each.as_secs_f64() * n as f64), each.as_secs_f64() * n as f64);
        line.p50_ms = Some(each.as_secs_f64() * 1e3);
        line
    };
    Ok(vec![
        line("jpki: certificate, its signature, challenge signature", u64::from(rounds), report.verify),
        line("jpki: one question to the list", 10_000, report.crl_look_up).with("entries", report.entries as f64),
        line("jpki: list read, checked and sorted", 1, report.crl_load)
            .with("entries", report.entries as f64)
            .with("bytes", report.crl_bytes as f64),
    ])
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
