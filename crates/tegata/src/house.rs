//! The one list of services, joined to a store and a router.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use cards::Office;
use console::Console;
use identity::Passkeys;
use jiff::SignedDuration;
use jpki::{Anchors, OnUnknown, Policy, TrustMode, Verifier};
use notices::Courier;
use notices::line::LineChannel;
use notices::mail::MailNetwork;
use notices::push::Vapid;
use oidc::Provider;
use passport::Proofing;
use pdfseal::Sealer;
use registry::BridgeKeys;
use store::{Actor, Clock, Db, JobHandlers, Migrations, Reactions, Store, StoreBuilder};
use town::{Revocation, Town};
use web::{App, AppBuilder, Service};

use crate::keys::{CentreKeys, random};
use crate::outside::{AlsoHere, Files, Outside, PushServices};
use crate::revocation::{Checking, Lists};
use crate::{Outcome, apps, line_server, mail_server, phone_cards};

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
    /// Who is asked for the keys and status lists of neighbouring towns; the network itself, where nobody is named.
    pub neighbours: Option<Arc<dyn web::Outside>>,
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
    /// The revocation lists, to be looked at again.
    pub lists: Arc<Lists>,
    /// The app: texts, menus.
    pub app: App,
    /// Single sign-on, to be given other keys.
    pub provider: Arc<Provider>,
    /// Those who bring notices.
    pub courier: Arc<Courier>,
    /// The keys' folder.
    pub keys: PathBuf,
}

/// What the services work with.
struct Tools {
    office: Arc<Office>,
    proofing: Arc<Proofing>,
    passkeys: Arc<Passkeys>,
    bridge: Arc<BridgeKeys>,
    provider: Arc<Provider>,
    vapid: Arc<Vapid>,
    seal: Option<Arc<Sealer>>,
    line: Option<Arc<LineChannel>>,
}

/// The one list of services.
fn services(
    tools: &Tools,
    demonstration: Option<identity::Demonstration>,
    neighbours: Option<Arc<dyn web::Outside>>,
    town: &Town,
) -> Vec<Service> {
    // A town of a demonstration may have its neighbour on the same machine.
    let network =
        || -> Arc<dyn web::Outside> { if demonstration.is_some() { Arc::new(AlsoHere::default()) } else { Arc::new(Files::default()) } };
    let neighbours = neighbours.unwrap_or_else(network);
    let console = Console::new(Arc::clone(&tools.passkeys), Arc::clone(&tools.bridge), demonstration);
    let files: Arc<dyn web::Outside> = Arc::new(Files::default());
    vec![
        cards::service(Arc::clone(&tools.office), neighbours, town),
        passport::service(Arc::clone(&tools.proofing), Arc::clone(&tools.passkeys)),
        console::service(Arc::new(console)),
        oidc::service(Arc::clone(&tools.provider)),
        notices::service(Arc::clone(&tools.vapid), tools.seal.clone(), tools.line.clone()),
        reports::service(),
        places::service(Arc::clone(&files)),
        calendar::service(files),
        community::service(Some(town)),
    ]
}

/// What the services bring, before there is a database.
struct Assembled {
    services: Vec<Service>,
    migrations: Vec<Migrations>,
    reactions: Reactions,
    jobs: JobHandlers,
    bridge: Arc<BridgeKeys>,
    revocation: Arc<Checking>,
    provider: Arc<Provider>,
    vapid: Arc<Vapid>,
    line: Option<Arc<LineChannel>>,
}

/// Takes the keys of a folder into the services' hands.
fn tools(setup: &Setup, revocation: &Arc<Checking>, anchors: Anchors) -> Outcome<Tools> {
    let keys = CentreKeys::in_folder(&setup.keys);
    let matching = registry::bridge::MatchSecret::new(&keys.match_bytes()?).ok_or("match.key holds no secret")?;
    let media = settings(setup, &keys)?.media_key();
    let host = setup.origin.split_once("://").map_or("localhost", |(_, host)| host).split(':').next().unwrap_or("localhost").to_owned();
    Ok(Tools {
        office: Arc::new(Office::new(keys.issuer()?, &setup.town, &setup.origin, matching, media)?),
        proofing: Arc::new(proofing(setup, &keys, anchors, revocation)?),
        passkeys: Arc::new(Passkeys::new(&host, &setup.origin, setup.town.name.ja())?),
        bridge: Arc::new(keys.bridge()?),
        provider: Arc::new(Provider::new(&setup.origin, keys.tokens(setup.clock.now())?, &keys.pairwise()?, Arc::new(Outside::default()))),
        vapid: Arc::new(keys.vapid(&setup.origin)?),
        seal: keys.seal()?.map(Arc::new),
        line: line(setup, &keys)?,
    })
}

fn assemble(setup: &Setup) -> Outcome<Assembled> {
    let anchors = anchors(&setup.trust, setup.demo)?;
    let lists = Arc::new(Lists::of_folder(anchors.clone(), &setup.trust.join("crl")));
    let revocation = Arc::new(Checking::new(lists, setup.town.trust.ocsp.as_ref()));
    let tools = tools(setup, &revocation, anchors)?;
    let services = services(&tools, setup.demo.then(identity::Demonstration::of_a_made_up_town), setup.neighbours.clone(), &setup.town);
    let (mut reactions, mut jobs) = (Reactions::default(), JobHandlers::default());
    for service in &services {
        (service.reactions)(&mut reactions);
        (service.jobs)(&mut jobs);
    }
    let Tools { bridge, provider, vapid, line, .. } = tools;
    Ok(Assembled { migrations: migrations(&services), services, reactions, jobs, bridge, revocation, provider, vapid, line })
}

/// The tables of every room, lower floors first.
fn migrations(services: &[Service]) -> Vec<Migrations> {
    let mut migrations = vec![registry::MIGRATIONS, identity::MIGRATIONS];
    migrations.extend(services.iter().filter_map(|service| service.migrations));
    migrations
}

/// Keys of nobody, made anew each time.
fn tools_of_nobody(town: &Arc<Town>) -> Outcome<Tools> {
    const ORIGIN: &str = "http://localhost";
    let secret = random()?;
    let matching = registry::bridge::MatchSecret::new(&secret).ok_or("a secret of the right length")?;
    let (issuer, _) = credential::IssuerKey::generate()?;
    let settings = identity::Settings::new(ORIGIN, &secret, &secret)?;
    let key = identity::jose::TokenKey::es256(&identity::jose::make_es256()?)?;
    let keyring = oidc::Keyring::new(vec![key]).ok_or("a key for ES256")?;
    Ok(Tools {
        office: Arc::new(Office::new(issuer, town, ORIGIN, matching, settings.media_key())?),
        proofing: Arc::new(Proofing {
            verifier: Verifier::new(Anchors::production(), Policy::production(ORIGIN)),
            revocation: Arc::new(jpki::revocation::AskNobody),
            apps: identity::Apps::none(),
            phone_cards: identity::PhoneCards::default(),
            settings,
            region_key: None,
            station: None,
        }),
        passkeys: Arc::new(Passkeys::new("localhost", ORIGIN, town.name.ja())?),
        bridge: Arc::new(BridgeKeys::new(&[secret], &secret).map_err(|_| "a key of the right length")?),
        provider: Arc::new(Provider::new(ORIGIN, keyring, &secret, Arc::new(Outside::default()))),
        vapid: Arc::new(Vapid::new(&identity::jose::make_es256()?, ORIGIN)?),
        seal: None,
        line: None,
    })
}

/// The services with the keys of nobody, for what is the same whatever the keys: the tables, the document of the API.
///
/// # Errors
/// When there are no random bytes.
pub fn services_of_nobody(town: &Arc<Town>) -> Outcome<Vec<Service>> {
    Ok(services(&tools_of_nobody(town)?, None, None, town))
}

/// The tables of every room.
///
/// # Errors
/// As [`services_of_nobody`].
pub fn tables_of(town: &Arc<Town>) -> Outcome<Vec<Migrations>> {
    Ok(migrations(&services_of_nobody(town)?))
}

/// The API's document as `GET /api/v1/openapi.json` gives it, laid out to be read, without a town's name.
///
/// # Errors
/// As [`services_of_nobody`].
pub fn openapi(town: &Arc<Town>) -> Outcome<String> {
    Ok(web::openapi_document(services_of_nobody(town)?).to_pretty_json()?)
}

/// Opens a house's store and nothing more, for a command beside the server: tables are brought up to date and rooms react to what the command does.
///
/// # Errors
/// What is missing or wrong, in one line.
pub async fn open_store(setup: Setup) -> Outcome<Store> {
    let assembled = assemble(&setup)?;
    store_of(setup, assembled.migrations, assembled.reactions).await
}

async fn store_of(setup: Setup, migrations: Vec<Migrations>, reactions: Reactions) -> Outcome<Store> {
    let db = Db::open(&setup.database).await?;
    Ok(StoreBuilder { db, town: setup.town, clock: setup.clock, migrations, reactions }.open().await?)
}

/// Opens the house: tables brought up to date, services joined, the rules asked as of today, the next midnight planned.
///
/// # Errors
/// What is missing or wrong, in one line.
pub async fn open(setup: Setup) -> Outcome<House> {
    let band = setup.demo.then_some("shell-demo");
    open_with(setup, Vec::new(), band).await
}

/// Opens the house as [`open`] does, with pages of the caller's own beside those of the services, and another band on every page.
///
/// # Errors
/// As [`open`].
pub async fn open_with(setup: Setup, more: Vec<Service>, band: Option<&'static str>) -> Outcome<House> {
    let mail = letters(&setup)?;
    let Assembled { mut services, migrations, reactions, jobs, bridge, revocation, provider, vapid, line } = assemble(&setup)?;
    if setup.town.line.is_some() && line.is_none() {
        return Err(line_server::MISSING.into());
    }
    services.extend(more);
    let mut texts = web::TEXTS.to_vec();
    let mut menu = Vec::new();
    for service in &services {
        texts.extend(service.texts);
        menu.extend(service.menu);
    }
    let (origin, keys) = (setup.origin.clone(), setup.keys.clone());
    let store = store_of(setup, migrations, reactions).await?;
    let mut ctx = store.begin(Actor::System).await?;
    cards::reevaluate_town(&mut ctx).await?;
    places::open(&mut ctx).await?;
    calendar::open(&mut ctx).await?;
    cards::plan_neighbours(&mut ctx).await?;
    ctx.commit().await?;
    store::plan_days(&store, &jobs).await?;

    let app = AppBuilder { store: store.clone(), texts, menu, origin, band }.build();
    let courier = Courier::new(app.clone(), vapid, Arc::new(PushServices::default())).with_mail(mail).with_line(line);
    let courier = Arc::new(courier);
    let measured = Arc::clone(&revocation);
    app.measure_also(web::MoreMetrics(Arc::new(move |out| measured.write_metrics(out))));
    let router = web::house(app.clone(), services);
    let lists = Arc::clone(revocation.lists());
    Ok(House { store, router, jobs, bridge, lists, app, provider, courier, keys })
}

/// Where the town's letters go; in a demonstration beside its keys.
fn letters(setup: &Setup) -> Outcome<Option<Arc<dyn MailNetwork>>> {
    let folder = setup.keys.with_file_name("mail");
    let keys = CentreKeys::in_folder(&setup.keys);
    let authority = keys.mail_authority()?;
    let demo = setup.demo.then_some(folder.as_path());
    mail_server::of_town(setup.town.mail.as_ref(), keys.mail_password()?, authority.as_deref(), &setup.origin, demo)
}

/// How LINE is asked and known; in a demonstration beside the keys as well.
fn line(setup: &Setup, keys: &CentreKeys) -> Outcome<Option<Arc<LineChannel>>> {
    let folder = setup.keys.with_file_name("line");
    line_server::of_town(setup.town.line.as_ref(), keys.line_token()?, keys.line_secret()?, setup.demo.then_some(folder.as_path()))
}

fn settings(setup: &Setup, keys: &CentreKeys) -> Outcome<identity::Settings> {
    Ok(identity::Settings::new(&setup.origin, &keys.match_bytes()?, &keys.serial_bytes()?)?)
}

fn proofing(setup: &Setup, keys: &CentreKeys, anchors: Anchors, revocation: &Arc<Checking>) -> Outcome<Proofing> {
    let mut policy = if setup.demo { Policy::test(&setup.origin) } else { Policy::production(&setup.origin) };
    if setup.town.trust.revocation == Revocation::Soft {
        // A sign-in may pass; opening an account may not, whatever the town chose.
        let grace = SignedDuration::from_hours(setup.town.trust.grace_h.into());
        policy.user_auth_unknown = OnUnknown::AcceptKnownWithin(grace);
    }
    Ok(Proofing {
        verifier: Verifier::new(anchors, policy),
        revocation: Arc::<Checking>::clone(revocation),
        apps: apps::offered(&setup.town, keys, &setup.origin)?,
        phone_cards: phone_cards::offered(&setup.town, keys, &setup.trust, &setup.origin, setup.demo)?,
        settings: settings(setup, keys)?,
        region_key: keys.region()?.map(passport::RegionKey),
        station: setup.station.clone(),
    })
}

/// The national roots; in a demonstration the test roots of the trust folder and nothing else.
///
/// # Errors
/// When a test root cannot be held.
pub fn anchors(trust: &Path, demo: bool) -> Outcome<Anchors> {
    if !demo {
        return Ok(Anchors::production());
    }
    let roots = files(trust, "der")?;
    Ok(Anchors::new(TrustMode::Test, roots.iter().map(Vec::as_slice))?)
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
