//! The one list of services, joined to a store and a router.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use cards::Office;
use console::Console;
use jpki::revocation::CrlStore;
use jpki::{Anchors, OnUnknown, Policy, TrustMode, Verifier};
use passport::Proofing;
use registry::BridgeKeys;
use store::{Actor, Clock, Db, JobHandlers, Reactions, Store, StoreBuilder};
use town::{Revocation, Town};
use web::{App, AppBuilder, Service};

use crate::Outcome;
use crate::keys::CentreKeys;

/// What a house is opened with.
pub struct Setup {
    /// The town.
    pub town: Arc<Town>,
    /// `sqlite:<path>` or `postgres://…`.
    pub database: String,
    /// The keys' folder.
    pub keys: PathBuf,
    /// Root certificates (`*.der`) and revocation lists (`crl/*.crl`): the test roots of a demonstration, and the lists of either.
    pub trust: PathBuf,
    /// Where people reach the house, without a slash at the end.
    pub origin: String,
    /// Whether software cards are believed.
    pub demo: bool,
    /// The address of a station to offer residents.
    pub station: Option<String>,
    /// Who tells the time.
    pub clock: Arc<dyn Clock>,
}

/// An open house.
pub struct House {
    /// The store.
    pub store: Store,
    /// Pages and API.
    pub router: Router,
    /// Who does the jobs.
    pub jobs: JobHandlers,
    /// What bundles are opened with.
    pub bridge: Arc<BridgeKeys>,
    /// The app: texts, menus.
    pub app: App,
}

/// The one list of services.
fn services(office: &Arc<Office>, proofing: &Arc<Proofing>, console: Console) -> Vec<Service> {
    vec![cards::service(Arc::clone(office)), passport::service(Arc::clone(proofing)), console::service(Arc::new(console))]
}

/// Opens the house: tables brought up to date, services joined, the rules asked as of today, the next midnight planned.
///
/// # Errors
/// What is missing or wrong, in one line.
pub async fn open(setup: Setup) -> Outcome<House> {
    let keys = CentreKeys::in_folder(&setup.keys);
    let matching = registry::bridge::MatchSecret::new(&keys.match_bytes()?).ok_or("match.key holds no secret")?;
    let office = Arc::new(Office::new(keys.issuer()?, &setup.town, &setup.origin, matching)?);
    let proofing = Arc::new(proofing(&setup, &keys)?);
    let host = setup.origin.split_once("://").map_or("localhost", |(_, host)| host).split(':').next().unwrap_or("localhost").to_owned();
    let passkeys = Arc::new(identity::Passkeys::new(&host, &setup.origin, setup.town.name.ja())?);
    let bridge = Arc::new(keys.bridge()?);
    let demonstration = setup.demo.then(identity::Demonstration::of_a_made_up_town);
    let services = services(&office, &proofing, Console::new(passkeys, Arc::clone(&bridge), demonstration));

    let mut reactions = Reactions::default();
    let mut jobs = JobHandlers::default();
    let mut migrations = vec![registry::MIGRATIONS, identity::MIGRATIONS];
    let mut texts = web::TEXTS.to_vec();
    let mut menu = Vec::new();
    for service in &services {
        (service.reactions)(&mut reactions);
        (service.jobs)(&mut jobs);
        migrations.extend(service.migrations);
        texts.extend(service.texts);
        menu.extend(service.menu);
    }
    let db = Db::open(&setup.database).await?;
    let store = StoreBuilder { db, town: setup.town, clock: setup.clock, migrations, reactions }.open().await?;
    let mut ctx = store.begin(Actor::System).await?;
    cards::reevaluate_town(&mut ctx).await?;
    cards::plan_midnight(&mut ctx).await?;
    passport::plan_forgetting(&mut ctx).await?;
    ctx.commit().await?;

    let app = AppBuilder { store: store.clone(), texts, menu, origin: setup.origin, demo: setup.demo }.build();
    let router = web::house(app.clone(), services);
    Ok(House { store, router, jobs, bridge, app })
}

fn proofing(setup: &Setup, keys: &CentreKeys) -> Outcome<Proofing> {
    let anchors = anchors(&setup.trust, setup.demo)?;
    let revocation = revocation(&anchors, &setup.trust)?;
    let mut policy = if setup.demo { Policy::test(&setup.origin) } else { Policy::production(&setup.origin) };
    if setup.town.trust.revocation == Revocation::Soft {
        // A sign-in may pass; opening an account may not, whatever the town chose.
        policy.user_auth_unknown = OnUnknown::Accept;
    }
    Ok(Proofing {
        verifier: Verifier::new(anchors, policy),
        revocation: Box::new(revocation),
        settings: identity::Settings::new(&setup.origin, &keys.match_bytes()?, &keys.serial_bytes()?)?,
        station: setup.station.clone(),
    })
}

/// The national roots; in a demonstration the test roots of the trust folder and nothing else.
fn anchors(trust: &Path, demo: bool) -> Outcome<Anchors> {
    if !demo {
        return Ok(Anchors::production());
    }
    let roots = files(trust, "der")?;
    Ok(Anchors::new(TrustMode::Test, roots.iter().map(Vec::as_slice))?)
}

fn revocation(anchors: &Anchors, trust: &Path) -> Outcome<CrlStore> {
    let mut lists = CrlStore::new();
    for list in files(&trust.join("crl"), "crl")? {
        lists.load(anchors, &list)?;
    }
    Ok(lists)
}

fn files(folder: &Path, ending: &str) -> Outcome<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == ending) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Ok(std::fs::read(path)?)).collect()
}
