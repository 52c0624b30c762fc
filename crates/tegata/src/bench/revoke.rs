//! From the end of a bundle run to the first no at a counter, and whether counters notice that a large bundle is being applied.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use population::{Event, Pace, Rng, Status};
use store::{Clock as _, SystemClock};

use super::Options;
use super::client::Connection;
use super::measure::{Line, Stopwatch, percentile};
use super::scene::{Holder, Scene};
use crate::Outcome;

const RESIDENTS: u32 = 3_000;
const ROUNDS: u32 = 100;
/// A counter that has not heard no by then never will.
const PATIENCE: Duration = Duration::from_secs(10);

const LARGE: u32 = 100_000;
const LARGE_HOLDERS: usize = 100;
/// Counters while the large bundle comes, and how often each scans: 200 cards a second together, a busy town of any size.
const COUNTERS: usize = 8;
const EVERY: Duration = Duration::from_millis(40);
/// A day on which one row in two hundred changes.
const PACE: Pace = Pace { births: 80_000, deaths: 250_000, households_in: 230_000, households_out: 300_000, households_within: 180_000 };

/// One scan.
struct Scan {
    asked: Instant,
    answered: Instant,
    accepted: bool,
}

pub(super) async fn run(options: &Options) -> Outcome<Vec<Line>> {
    let rounds = options.n.unwrap_or(ROUNDS);
    let scene = Scene::make(&options.town, &options.data, options.residents.unwrap_or(RESIDENTS), rounds as usize).await?;
    let mut residents = scene.population.residents().to_vec();
    let (mut to_no, mut opening) = (Vec::new(), Vec::new());
    let watch = Stopwatch::start();
    for holder in scene.holders.clone() {
        let row = residents.iter_mut().find(|resident| resident.number == holder.number).ok_or("the holder is not in the register")?;
        (row.status, row.event, row.event_on) = (Status::MovedOut, Event::MovedOut, SystemClock.today());
        scene.seal(&residents)?;
        let (opened, lag) = round(&scene, holder).await?;
        opening.push(opened);
        to_no.push(lag);
    }
    let (wall_s, cpu_s) = watch.stop();
    opening.sort_unstable();
    let line = Line::new("revoke: end of the bundle run to the first no", u64::from(rounds), Some(wall_s), cpu_s)
        .times(to_no)
        .with("bundle_run_p50_ms", percentile(&opening, 500).unwrap_or_default())
        .with("bundle_run_p99_ms", percentile(&opening, 990).unwrap_or_default());
    Ok(vec![line])
}

/// One bundle that ends one card: how long the run took, and how long after its end the counter heard no (nothing when before).
async fn round(scene: &Scene, holder: Arc<Holder>) -> Outcome<(Duration, Duration)> {
    let (address, token) = (scene.address, Arc::clone(&scene.token));
    let (first, started) = tokio::sync::oneshot::channel();
    let polling = tokio::spawn(poll(address, token, holder, first));
    // The card works before the bundle comes, or there is nothing to measure.
    started.await.map_err(|_| "the counter could not ask")?;
    let start = Instant::now();
    scene.open_bundles().await?;
    let end = Instant::now();
    let scans = polling.await??;
    let Some(no) = scans.last().filter(|scan| !scan.accepted) else { return Err("the card was never refused".into()) };
    if scans.iter().any(|scan| scan.accepted && scan.asked > end) {
        return Err("a card was accepted after the bundle run had ended".into());
    }
    Ok((end - start, no.answered.saturating_duration_since(end)))
}

/// Shows the card again and again, each time afresh, until the answer is no.
async fn poll(address: SocketAddr, token: Arc<str>, holder: Arc<Holder>, first: tokio::sync::oneshot::Sender<()>) -> Outcome<Vec<Scan>> {
    let mut connection = Connection::open(address).await?;
    let (mut first, mut scans) = (Some(first), Vec::new());
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let request = holder.request(&token, SystemClock.now())?;
        let asked = Instant::now();
        let accepted = connection.ask(&request).await?.verdict()?.is_ok();
        scans.push(Scan { asked, answered: Instant::now(), accepted });
        if !accepted {
            break;
        }
        if let Some(first) = first.take() {
            let _ = first.send(());
        }
    }
    Ok(scans)
}

pub(super) async fn undisturbed(options: &Options) -> Outcome<Vec<Line>> {
    let residents = options.residents.unwrap_or(LARGE);
    let mut scene = Scene::make(&options.town, &options.data, residents, LARGE_HOLDERS).await?;
    scene.population.next_day_at(&mut Rng::from_seed(1), SystemClock.today(), PACE);
    scene.seal(scene.population.residents())?;

    let stop = Arc::new(AtomicBool::new(false));
    let watch = Stopwatch::start();
    let scanning = scan(&scene, &stop);
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let start = Instant::now();
    let opened = scene.open_bundles().await;
    let run = start.elapsed();
    // What a bundle sets in motion counts as well, until every entitlement has followed it.
    let followed = scene.follow_bundles().await;
    let end = Instant::now();
    stop.store(true, Ordering::Relaxed);
    let scans = scanning.await??;
    opened?;
    followed?;
    let (wall_s, cpu_s) = watch.stop();

    // A scan belongs to the bundle when any of its time does.
    let times = |meanwhile: bool| -> Vec<Duration> {
        let of = scans.iter().filter(|scan| (scan.answered > start && scan.asked < end) == meanwhile);
        of.map(|scan| scan.answered - scan.asked).collect()
    };
    let (quiet, meanwhile) = (times(false), times(true));
    let slowest = meanwhile.iter().max().map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let quiet = Line::new("revoke: decisions in quiet", quiet.len() as u64, Some(wall_s), cpu_s).times(quiet);
    let ratio = |line: &Line| line.p99_ms.unwrap_or_default() / quiet.p99_ms.unwrap_or(f64::NAN);
    let meanwhile =
        Line::new("revoke: decisions while a bundle is applied", meanwhile.len() as u64, Some((end - start).as_secs_f64()), cpu_s)
            .times(meanwhile)
            .with("slowest_ms", slowest)
            .with("residents", f64::from(residents))
            .with("bundle_run_s", run.as_secs_f64())
            .with("followed_s", (end - start).as_secs_f64());
    let times_quiet = ratio(&meanwhile);
    Ok(vec![quiet, meanwhile.with("p99_times_quiet", times_quiet)])
}

type Scanning = tokio::task::JoinHandle<Outcome<Vec<Scan>>>;

/// Counters that scan by the clock, whether the last answer was quick or not, until told to stop.
fn scan(scene: &Scene, stop: &Arc<AtomicBool>) -> Scanning {
    let (address, token, holders, stop) = (scene.address, Arc::clone(&scene.token), scene.holders.clone(), Arc::clone(stop));
    let (done, scans) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = done.send(scan_all(address, &token, &holders, &stop));
    });
    tokio::spawn(async move { scans.await? })
}

fn scan_all(address: SocketAddr, token: &Arc<str>, holders: &[Arc<Holder>], stop: &Arc<AtomicBool>) -> Outcome<Vec<Scan>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let counter = |number: usize| {
            let mine: Vec<_> = holders.iter().skip(number).step_by(COUNTERS).cloned().collect();
            tokio::spawn(counter(address, Arc::clone(token), mine, Arc::clone(stop)))
        };
        let running: Vec<_> = (0..COUNTERS).map(counter).collect();
        let mut scans = Vec::new();
        for counter in running {
            scans.extend(counter.await??);
        }
        Ok(scans)
    })
}

async fn counter(address: SocketAddr, token: Arc<str>, holders: Vec<Arc<Holder>>, stop: Arc<AtomicBool>) -> Outcome<Vec<Scan>> {
    let mut connection = Connection::open(address).await?;
    let (mut scans, mut due) = (Vec::new(), Instant::now());
    for holder in holders.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let request = holder.request(&token, SystemClock.now())?;
        // Whoever had to wait in line because the one before was slow has waited too. Some of the holders may be among those the bundle ends.
        let accepted = connection.ask(&request).await?.verdict()?.is_ok();
        scans.push(Scan { asked: due, answered: Instant::now(), accepted });
        due += EVERY;
    }
    Ok(scans)
}
