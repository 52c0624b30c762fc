//! Several bundles lie in the folder, and whoever opens them is killed again and again.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use population::{Pace, Population, Rng, Status};
use store::{Clock as _, Db, SystemClock, Value};
use tegata::bench::scene::Site;

use super::{Folder, Tegata, assert_unbroken, chance, empty_database, engines, pack};

const RESIDENTS: u32 = 2_000;
/// Bundles after the first, a day each.
const DAYS: i32 = 7;
const KILLS: u32 = 12;
/// A town in which something happens every day.
const PACE: Pace = Pace { births: 80_000, deaths: 250_000, households_in: 230_000, households_out: 300_000, households_within: 180_000 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_run_killed_at_any_moment_ends_as_if_it_had_not_been() {
    for server in engines() {
        let mut rng = chance("bridge");
        // At midnight in Japan entitlements change by themselves: then the comparison is made once more.
        loop {
            let day = SystemClock.today();
            let folder = Folder::new();
            let (quiet, register) = undisturbed(&folder, server.as_deref(), &mut rng).await;
            let killed = disturbed(&folder, &quiet, server.as_deref(), &mut rng).await;
            if SystemClock.today() == day {
                compare(&quiet.outcome, &killed, &register);
                break;
            }
        }
    }
}

/// What a run led to, without what is random or the time of day in it.
#[derive(PartialEq, Debug)]
struct Outcome {
    residents: Vec<String>,
    versions: Vec<String>,
    bundles: Vec<String>,
    entitlements: Vec<String>,
    /// In the order they were recorded.
    events: Vec<String>,
    /// In the order of the trail.
    audit: Vec<String>,
    jobs: Vec<String>,
}

impl Outcome {
    async fn of(database: &str) -> Self {
        let db = Db::open(database).await.unwrap();
        assert_unbroken(&db).await;
        let sorted = async |sql| {
            let mut lines = lines(&db, sql).await;
            lines.sort_unstable();
            lines
        };
        Self {
            residents: sorted(RESIDENTS_NOW).await,
            versions: sorted(VERSIONS).await,
            bundles: sorted(BUNDLES).await,
            entitlements: sorted(ENTITLEMENTS).await,
            events: lines(&db, EVENTS).await.iter().map(|line| without_ids(line)).collect(),
            audit: lines(&db, AUDIT).await,
            jobs: sorted(JOBS).await,
        }
    }
}

const RESIDENTS_NOW: &str = "select register_id, date_of_birth, district, status, status_on, became_resident_on, household, relation, sex,
    protected, listed, facts, four_items, three_items, bundle from registry_resident";
const VERSIONS: &str = "select r.register_id, v.bundle, v.status, v.district, v.household, v.facts
    from registry_resident_version v join registry_resident r on r.resident = v.resident";
const BUNDLES: &str = "select number, state, digest, rows, problems, counts from registry_bundle";
// Who is entitled in the end: a run that follows several bundles at once has no need of what held only in between.
const ENTITLEMENTS: &str = "select e.programme, r.register_id
    from cards_entitlement e join registry_resident r on r.resident = e.resident where e.open_key is not null";
const EVENTS: &str = "select kind, actor, payload from store_event where kind like 'registry.%' order by seq";
const AUDIT: &str = "select actor, action, subject, detail from store_audit order by seq";
const JOBS: &str = "select kind, unique_key from store_job";

async fn lines(db: &Db, sql: &'static str) -> Vec<String> {
    let rows = db.read().await.unwrap().query::<store::Row>(sql, &[]).await.unwrap();
    rows.into_iter().map(|row| row.0.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        // SQLite has no booleans.
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex::encode(bytes),
    }
}

/// Ids are made anew in every run; how many there are is not.
fn without_ids(line: &str) -> String {
    let ids = regex::Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    ids.replace_all(line, "id").into_owned()
}

/// The run nobody disturbs: its folder before it, how long it took, and what it led to.
struct Quiet {
    sealed: Folder,
    took: Duration,
    outcome: Outcome,
}

/// Seals the bundles, keeps a copy of them, and opens them in one go.
async fn undisturbed(folder: &Folder, server: Option<&str>, rng: &mut Rng) -> (Quiet, Population) {
    let site = Site::make(&pack(), &folder.0.join("quiet")).unwrap();
    let today = SystemClock.today();
    let mut register = site.population(RESIDENTS, today - DAYS.days()).unwrap();
    site.seal(register.residents()).unwrap();
    for before in (0..DAYS).rev() {
        register.next_day_at(rng, today - before.days(), PACE);
        site.seal(register.residents()).unwrap();
    }
    let sealed = Folder::new();
    for part in ["keys", "bridge"] {
        copy(&site.part(part), &sealed.0.join(part));
    }
    let database = empty_database(&site, server).await;
    let start = Instant::now();
    Tegata::open_bundles(&site, &database).done().await;
    let took = start.elapsed();
    (Quiet { sealed, took, outcome: Outcome::of(&database).await }, register)
}

/// Opens the same bundles, by hand and with the server by turns, each killed at a random moment; then once in peace.
async fn disturbed(folder: &Folder, quiet: &Quiet, server: Option<&str>, rng: &mut Rng) -> Outcome {
    let site = Site::make(&pack(), &folder.0.join("killed")).unwrap();
    for part in ["keys", "bridge"] {
        copy(&quiet.sealed.0.join(part), &site.part(part));
    }
    let database = empty_database(&site, server).await;
    let listen = free_address();
    let took_ms = u32::try_from(quiet.took.as_millis()).unwrap().max(8);
    let mut kills = 0;
    while kills < KILLS && (waiting(&site) > 0 || follows(&database).await) {
        let (running, most_ms) = if rng.chance(1, 2) {
            (Tegata::open_bundles(&site, &database), took_ms / 3)
        } else {
            // The server begins with the folder when it begins to answer.
            let mut server = Tegata::serve(&site, &database, listen);
            server.answers(listen).await;
            (server, took_ms / 8)
        };
        tokio::time::sleep(Duration::from_millis(rng.below(most_ms).into())).await;
        kills += u32::from(running.kill());
    }
    println!("bridge: {took_ms} ms in peace, killed {kills} times, {} bundles left for the last run", waiting(&site));
    Tegata::open_bundles(&site, &database).done().await;
    assert_eq!(waiting(&site), 0, "bundles are left in the folder");
    assert!(!site.part("bridge/refused").exists(), "a bundle was refused");
    Outcome::of(&database).await
}

fn compare(quiet: &Outcome, killed: &Outcome, register: &Population) {
    let applied = |of: &[String], what: &str| of.iter().filter(|line| line.contains(what)).cloned().collect::<Vec<_>>();
    let audit: Vec<_> = (1..=DAYS + 1).map(|number| format!("system bundle.applied - {number}")).collect();
    assert_eq!(applied(&killed.audit, "bundle.applied"), audit, "an audit line for each bundle, in order");
    let events = applied(&killed.events, "registry.bundle_applied");
    assert_eq!(events.len(), audit.len(), "an event for each bundle");
    for (event, number) in events.iter().zip(1..) {
        assert!(event.contains(&format!("{{\"number\":{number},")), "{event} is not bundle {number}");
    }

    let mut expected: Vec<_> = register
        .residents()
        .iter()
        .map(|resident| {
            let status = match resident.status {
                Status::Current => "current",
                Status::MovedOut => "moved_out",
                Status::Died => "died",
            };
            format!("{} {} {} {status} ", resident.resident_id(), resident.date_of_birth, resident.district)
        })
        .collect();
    expected.sort_unstable();
    assert_eq!(killed.residents.len(), expected.len(), "everybody of the last export, once");
    for (row, start) in killed.residents.iter().zip(&expected) {
        assert!(row.starts_with(start), "the register says {row}, the export {start}");
    }

    assert!(!killed.entitlements.is_empty(), "nobody is entitled to anything");
    assert_eq!(killed, quiet, "a run that was killed ends like one that was not");
}

fn waiting(site: &Site) -> usize {
    let files = fs::read_dir(site.part("bridge")).unwrap();
    files
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == registry::BUNDLE_EXTENSION)))
        .count()
}

/// Whether entitlements have yet to follow a bundle.
async fn follows(database: &str) -> bool {
    let due = lines(&Db::open(database).await.unwrap(), "select id from store_job where kind = 'cards.follow_bundle'").await;
    !due.is_empty()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// An address nobody listens on now.
pub(super) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
