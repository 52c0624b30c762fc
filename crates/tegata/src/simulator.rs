//! `tegata simulator`: the real provider of single sign-on with people who do not exist, for the developers of other services.
//!
//! Everything it keeps lies in a folder of its own that goes with it: its keys, its issuer and its people are nobody else's, and it opens no database that
//! is there already. A service that works with it has spoken with the same code a town runs, and with the same strictness.

mod api;
mod cast;
mod clients;
mod gate;
mod life;
mod log;
mod pages;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Extension;
use civil::{Date, Timestamp};
use jiff::ToSpan as _;
use oidc::{Client, Provider};
use population::Resident;
use registry::BridgeKeys;
use store::{Clock, JobHandlers, Store, SystemClock};
use tokio::net::TcpListener;

use crate::house::{self, Setup};
use crate::keys::random;
use crate::made_up::{self, Desk, Site};
use crate::{Outcome, serve};

/// People in the made-up register: enough for one of every kind.
const RESIDENTS: u32 = 400;

/// What `tegata simulator` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// The town pack's folder: its programmes and their rules.
    #[arg(long)]
    pub town: PathBuf,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// Allow an address that others can reach.
    #[arg(long)]
    pub open: bool,
    /// Where browsers and the service reach it; http://localhost with the port if left out.
    #[arg(long)]
    pub origin: Option<String>,
    /// Several services, in a TOML file.
    #[arg(long, conflicts_with_all = ["client_id", "redirect_uri"])]
    pub clients: Option<PathBuf>,
    #[command(flatten)]
    client: clients::One,
}

/// The clock of a simulator: moments are the machine's, so that tokens are of this minute, but the leaves of the calendar can be turned.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    behind_s: AtomicI64,
    days_on: AtomicI64,
}

impl Clock for Calendar {
    fn now(&self) -> Timestamp {
        SystemClock.now() - jiff::SignedDuration::from_secs(self.behind_s.load(Ordering::Relaxed))
    }

    fn day_of(&self, moment: Timestamp) -> Date {
        civil::day_in_japan(moment).saturating_add(self.days_on.load(Ordering::Relaxed).days())
    }
}

/// The open simulator.
pub(crate) struct Simulator {
    origin: String,
    store: Store,
    provider: Arc<Provider>,
    jobs: JobHandlers,
    bridge: Arc<BridgeKeys>,
    calendar: Arc<Calendar>,
    clients: Vec<Client>,
    people: Vec<cast::Player>,
    desk: Desk,
    /// The inner side: who the register of the next bundle names. Held while a bundle crosses.
    register: tokio::sync::Mutex<Vec<Resident>>,
    /// Who lived where at the beginning.
    first_register: Vec<Resident>,
    rotations: AtomicI64,
    prepared: Mutex<life::Prepared>,
    log: Mutex<VecDeque<log::Entry>>,
    site: Site,
}

impl Simulator {
    fn prepared(&self) -> MutexGuard<'_, life::Prepared> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, VecDeque<log::Entry>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the town and serves it until it is told to stop; then nothing is left of it.
///
/// # Errors
/// What is missing or wrong, in one line.
pub async fn run(options: Options) -> Outcome {
    refuse_the_real_thing(&options)?;
    let origin = options.origin.clone().unwrap_or_else(|| format!("http://localhost:{}", options.listen.port()));
    let origin = origin.trim_end_matches('/').to_owned();
    let told = clients::told(options.clients.as_deref(), &options.client)?;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| format!("{}: {error}", options.listen))?;

    // A name nobody can have guessed and laid something under.
    let site = Site::at(&options.town, std::env::temp_dir().join(format!("tegata-simulator-{}", hex::encode(&random()?[..8]))))?;
    let ca = made_up::trust(&site.part("trust"), cast::long_ago())?;
    let calendar = Arc::new(Calendar::default());
    let setup = Setup {
        town: Arc::clone(&site.town),
        database: format!("sqlite:{}", site.part("town.db").display()),
        keys: site.part("keys"),
        trust: site.part("trust"),
        origin: origin.clone(),
        demo: true,
        station: None,
        clock: Arc::<Calendar>::clone(&calendar),
        neighbours: None,
    };
    let house = house::open_with(setup, vec![pages::service()], Some("simulator-band")).await?;
    let clients = clients::register(&house.store, &told, &origin).await?;
    let (router, store, jobs) = (house.router.clone(), house.store.clone(), house.jobs.clone());
    let simulator = Arc::new(cast::simulator(site, house, calendar, ca, origin, clients).await?);

    tokio::spawn(serve::run_jobs_outside(store.clone(), jobs.clone()));
    tokio::spawn(serve::run_jobs(store, jobs));
    tell(&simulator);
    let router =
        router.layer(axum::middleware::from_fn_with_state(Arc::clone(&simulator), gate::gate)).layer(Extension(Arc::clone(&simulator)));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(serve::told_to_stop()).await?;
    Ok(())
}

/// Refuses whatever would let made-up people stand where a town's own are expected.
fn refuse_the_real_thing(options: &Options) -> Outcome {
    if std::env::var_os("TEGATA_DATABASE_URL").is_some() {
        return Err(
            "TEGATA_DATABASE_URL is set: the simulator keeps nothing and opens no database that is there already; start it without".into(),
        );
    }
    if !options.listen.ip().is_loopback() && !options.open {
        let listen = options.listen;
        return Err(
            format!("{listen} can be reached from elsewhere: everybody there could log in as anybody. With --open it is allowed").into()
        );
    }
    Ok(())
}

/// Prints where to go.
fn tell(simulator: &Simulator) {
    let town = simulator.store.town();
    println!("\nシミュレーター / simulator: {} — この町の人はみな架空です / these people do not exist\n", town.name.ja());
    println!("  issuer        {}", simulator.origin);
    println!("  操作 / control {}/simulator", simulator.origin);
    for client in &simulator.clients {
        println!("  client_id     {}  ({})", client.id, client.name);
    }
    println!("\n  止めるには Ctrl+C / stop with Ctrl+C");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Options {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            options: Options,
        }
        let line = ["simulator", "--town", "towns/demo", "--client-id", "my-app", "--redirect-uri", "http://localhost:3000/callback"];
        <Line as clap::Parser>::parse_from(line.iter().chain(words)).options
    }

    #[test]
    fn it_is_not_put_where_others_reach_it_by_mistake() {
        assert!(refuse_the_real_thing(&options(&[])).is_ok());
        assert!(refuse_the_real_thing(&options(&["--listen", "[::1]:8090"])).is_ok());
        for address in ["0.0.0.0:8090", "192.0.2.1:8090", "[::]:8090"] {
            assert!(refuse_the_real_thing(&options(&["--listen", address])).is_err(), "{address}");
            assert!(refuse_the_real_thing(&options(&["--listen", address, "--open"])).is_ok(), "{address}");
        }
    }

    #[test]
    fn the_calendar_goes_on_and_the_moments_stay() {
        let calendar = Calendar::default();
        let (moment, day) = (calendar.now(), calendar.today());
        calendar.days_on.store(366, Ordering::Relaxed);
        assert_eq!(calendar.day_of(moment), day.saturating_add(366.days()));
        assert!(calendar.now() < moment + jiff::SignedDuration::from_hours(1));
    }
}
