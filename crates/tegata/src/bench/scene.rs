//! A made-up town with its house open on a port: residents over a real bundle, holders proven by cards, cards in their phones, a paired counter.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use credential::{Credential, Disclosure, PhoneKey};
use identity::DeviceKind;
use jiff::Timestamp;
use jpki::testca::TestCa;
use population::{Population, Resident};
use registry::FolderResult;
use store::{AccountId, Actor, Clock as _, Role, Store, SystemClock};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use town::{Apply, PlaceId, ProgrammeId, ShownBy};

use super::client::decision_request;
use crate::Outcome;
use crate::house::{self, Setup};
use crate::keys::{CentreKeys, random};
pub use crate::made_up::Site;
use crate::made_up::{self, Desk, person_of};

pub(super) const ORIGIN: &str = "http://localhost";

/// The scene.
pub struct Scene {
    /// Its folders.
    pub site: Site,
    /// The database's address, to count in it afterwards.
    pub database: String,
    /// Where the house listens.
    pub address: SocketAddr,
    /// The counter's token.
    pub token: Arc<str>,
    /// Those who have a card the counter accepts.
    pub holders: Vec<Arc<Holder>>,
    /// The register inside.
    pub population: Population,
    pub(super) store: Store,
    pub(super) app: web::App,
    keys: Arc<registry::BridgeKeys>,
    serving: JoinHandle<std::io::Result<()>>,
    following: JoinHandle<()>,
}

/// Somebody with a card in a phone.
pub struct Holder {
    /// Their row in the register inside.
    pub number: u32,
    /// Their account.
    pub account: AccountId,
    phone: PhoneKey,
    credential: Credential,
    disclosures: Vec<Disclosure>,
}

impl Holder {
    /// What the phone shows at this moment: never the same twice.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub fn present(&self, now: Timestamp) -> Outcome<String> {
        let nonce = random()?;
        Ok(self.phone.present(&self.credential, &self.disclosures, now, nonce[..8].try_into()?)?)
    }

    /// A counter's request about a presentation of this moment.
    ///
    /// # Errors
    /// As [`Self::present`].
    pub fn request(&self, token: &str, now: Timestamp) -> Outcome<Vec<u8>> {
        Ok(decision_request(token, cards::UseId::new(now), &self.present(now)?))
    }
}

impl Scene {
    /// Makes it in a folder of `data`, on the database `TEGATA_DATABASE_URL` names or on SQLite: so many residents, so many of them with a card.
    ///
    /// # Errors
    /// What is missing or wrong, in one line.
    pub async fn make(pack: &Path, data: &Path, residents: u32, holders: usize) -> Outcome<Self> {
        let site = Site::make(pack, data)?;
        let database = std::env::var("TEGATA_DATABASE_URL").unwrap_or_else(|_| format!("sqlite:{}", site.part("town.db").display()));
        Self::at(site, database, residents, holders).await
    }

    /// As [`Self::make`], on the empty database of this address.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub async fn at(site: Site, database: String, residents: u32, holders: usize) -> Outcome<Self> {
        let mut ca = made_up::trust(&site.part("trust"), SystemClock.now())?;
        let house = house::open(Setup {
            town: Arc::clone(&site.town),
            database: database.clone(),
            keys: site.part("keys"),
            trust: site.part("trust"),
            origin: ORIGIN.to_owned(),
            demo: true,
            station: None,
            clock: Arc::new(SystemClock),
            neighbours: None,
        })
        .await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move { axum::serve(listener, house.router).await });
        let following = tokio::spawn(crate::serve::run_jobs(house.store.clone(), house.jobs));

        let today = SystemClock.today();
        // Yesterday's register: today something may happen.
        let population = site.population(residents, today.yesterday().unwrap_or(today))?;
        let (store, keys, app) = (house.store, house.bridge, house.app);
        let mut scene =
            Self { site, database, address, token: Arc::from(""), holders: Vec::new(), population, store, app, keys, serving, following };
        scene.seal(scene.population.residents())?;
        scene.open_bundles().await?;
        scene.follow_bundles().await?;
        let (programme, place) = scene.shown_where().await?;
        scene.token = counter(&scene.store, &place).await?.into();
        scene.issue(&mut ca, &programme, holders).await?;
        Ok(scene)
    }

    /// The open store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// As [`Site::seal`].
    ///
    /// # Errors
    /// As there.
    pub fn seal<'a>(&self, residents: impl IntoIterator<Item = &'a Resident>) -> Outcome {
        self.site.seal(residents)
    }

    /// Closes the house, so that another process may open it; what a production house would not believe is put away.
    ///
    /// # Errors
    /// When the made-up authority's folder cannot be removed.
    pub async fn close(self) -> Outcome<Closed> {
        self.serving.abort();
        self.following.abort();
        let _ = (self.serving.await, self.following.await);
        fs::remove_dir_all(self.site.part("trust"))?;
        Ok(Closed { site: self.site, database: self.database, token: self.token, holders: self.holders })
    }

    /// Centre: opens what lies in the folder, as the watcher does. Every bundle must be applied.
    ///
    /// # Errors
    /// When one is not.
    pub async fn open_bundles(&self) -> Outcome {
        let (store, keys, folder) = (self.store.clone(), Arc::clone(&self.keys), self.site.part("bridge"));
        let runtime = tokio::runtime::Handle::current();
        // On a thread of its own, as the server does.
        let (done, opened) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let outcomes = runtime.block_on(registry::process_folder(&store, &folder, &keys));
            let _ = done.send(outcomes);
        });
        for outcome in opened.await?? {
            if !matches!(outcome.result, FolderResult::Applied(_)) {
                return Err(format!("{}: {:?} (the database must be empty before)", outcome.file, outcome.result).into());
            }
        }
        Ok(())
    }

    /// Waits until entitlements have followed the bundles that were opened.
    pub(super) async fn follow_bundles(&self) -> Outcome {
        loop {
            let mut ctx = self.store.read(Actor::System).await?;
            let now = ctx.now();
            let (due,): (i64,) = ctx.tx().query_one("select count(*) from store_job where run_at <= $1", store::params![now]).await?;
            if due == 0 {
                return Ok(());
            }
            drop(ctx);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// The numbers of those in the register who are entitled, so that nobody is proven in vain.
    async fn entitled(&self, programme: &ProgrammeId) -> Outcome<HashSet<String>> {
        let sql = "select r.register_id from registry_resident r join cards_entitlement e on e.resident = r.resident
            where e.programme = $1 and e.open_key is not null";
        let rows = self.store.db().read().await?.query::<(String,)>(sql, store::params![programme]).await?;
        Ok(rows.into_iter().map(|(number,)| number).collect())
    }

    /// The programme most people have without applying, and a place that accepts it.
    async fn shown_where(&self) -> Outcome<(ProgrammeId, PlaceId)> {
        let (town, today) = (&self.site.town, SystemClock.today());
        let mut most = None;
        for programme in &town.programmes {
            let given =
                programme.apply == Apply::Automatic && programme.may_be_shown_by(ShownBy::Own) && programme.in_force(today).is_some();
            let Some(place) = town.places.iter().find(|place| given && place.accepts(&programme.id)) else { continue };
            let people = self.entitled(&programme.id).await?.len();
            if most.as_ref().is_none_or(|(before, _)| people > *before) {
                most = Some((people, (programme.id.clone(), place.id.clone())));
            }
        }
        Ok(most.ok_or("the pack has no place that accepts a card given without application")?.1)
    }

    /// Gives so many residents an account, a phone and a card of the programme.
    async fn issue(&mut self, ca: &mut TestCa, programme: &ProgrammeId, holders: usize) -> Outcome {
        let keys = CentreKeys::in_folder(&self.site.part("keys"));
        let matching = registry::bridge::MatchSecret::new(&keys.match_bytes()?).ok_or("match.key holds no secret")?;
        let media = identity::Settings::new(ORIGIN, &keys.match_bytes()?, &keys.serial_bytes()?)?.media_key();
        let office = cards::Office::new(keys.issuer()?, &self.site.town, ORIGIN, matching, media)?;
        let desk = Desk::new(ca, &keys, ORIGIN, SystemClock.now())?;
        let entitled = self.entitled(programme).await?;
        let candidates: Vec<&Resident> = self
            .population
            .residents()
            .iter()
            .filter(|resident| entitled.contains(&resident.resident_id()) && !resident.protected && !resident.foreign)
            .collect();
        // Spread over the town, not the first households of it.
        let step = (candidates.len() / holders.max(1)).max(1);
        let order = (0..step).flat_map(|start| candidates.iter().skip(start).step_by(step));
        let mut issued = Vec::with_capacity(holders);
        for resident in order {
            if issued.len() == holders {
                break;
            }
            // Some stay without: a name with letters the register cannot write waits for a clerk.
            if let Some(holder) = self.serve(&desk, &office, ca, resident, programme).await? {
                issued.push(Arc::new(holder));
            }
        }
        if issued.len() < holders {
            return Err(format!("only {} of {holders} could be given a card: ask for more residents", issued.len()).into());
        }
        self.holders = issued;
        Ok(())
    }

    /// Opens the account, registers a phone, fetches the cards. None when the register does not know the person by these items.
    async fn serve(
        &self,
        desk: &Desk,
        office: &cards::Office,
        ca: &mut TestCa,
        resident: &Resident,
        programme: &ProgrammeId,
    ) -> Outcome<Option<Holder>> {
        let Some(person) = person_of(&self.site.town, resident) else { return Ok(None) };
        let account = desk.prove(&self.store, desk.certificate(ca, &person)?).await?;

        let (phone, _) = PhoneKey::generate()?;
        let mut ctx = self.store.begin(Actor::Holder(account)).await?;
        let question = identity::phone_challenge(&mut ctx, account).await?;
        let jwk = serde_json::to_string(&phone.public().0.to_jwk())?;
        let signature = phone.sign(&question.message)?;
        let registered = identity::register_phone(&mut ctx, account, None, question.id, &jwk, &signature, "bench").await?;
        let views = cards::my_cards(&mut ctx, office, Some(registered.id)).await?;
        ctx.commit().await?;
        let held = views.into_iter().find(|view| view.holding.programme == *programme).and_then(|view| view.card);
        let Some(held) = held else { return Ok(None) };
        let disclosures = serde_json::from_str(&held.disclosures)?;
        let (_, disclosures) = credential::Held { disclosures, ..credential::Held::new(&held.credential, &[]) }.open()?;
        Ok(Some(Holder { number: resident.number, account, phone, credential: Credential::read(&held.credential)?, disclosures }))
    }
}

/// A scene whose house is closed: its database, and what is needed to ask whoever opens it next.
pub struct Closed {
    /// Its folders.
    pub site: Site,
    /// The database's address.
    pub database: String,
    /// The counter's token.
    pub token: Arc<str>,
    /// Those who have a card the counter accepts.
    pub holders: Vec<Arc<Holder>>,
}

/// Pairs a counter and gives its token.
async fn counter(store: &Store, place: &PlaceId) -> Outcome<String> {
    let mut ctx = store.begin(Actor::System).await?;
    let staff = identity::first_administrator(&mut ctx, "測定").await?.staff;
    ctx.actor = Actor::Staff(staff, Role::ALL.to_vec());
    let code = identity::pairing_code(&mut ctx, DeviceKind::Verifier, place).await?.code;
    ctx.actor = Actor::Anonymous;
    let paired = identity::pair(&mut ctx, &code, "測定").await?;
    ctx.commit().await?;
    Ok(paired.session.token)
}
