//! The world a scenario plays in: an empty database, keys, a clock that stands, a house, people and places.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use civil::{Date, Timestamp, start_of_day_in_japan};
use jiff::SignedDuration;
use jpki::CertificateKind;
use jpki::testca::TestCa;
use notices::mail::MailNetwork;
use serde::Deserialize;
use serde_json::json;
use store::{Actor, Clock as _, Role, SetClock, StaffId};
use town::{PlaceId, Programme, Town};

use super::browser::Browser;
use super::crossing::Crossing;
use super::kiosk::Stations;
use super::people::{Person, Proof};
use super::register::Register;
use super::services::{LogIn, Service};
use super::steps::guests::{Issuer, Neighbours, Wallet};
use super::steps::letters::Office;
use crate::house::{self, House, Setup};
use crate::keys::CentreKeys;
use crate::{Outcome, phone_cards};

/// Where people reach the house of a scenario.
pub(super) const ORIGIN: &str = "http://localhost:8080";
/// The channel secret of a story's town.
pub(super) const LINE_SECRET: &str = "the secret of a story";
/// Lists of revoked certificates outlast every scenario.
const LISTS_LAST: SignedDuration = SignedDuration::from_hours(24 * 366 * 3);

/// What all scenarios of a run share: making an authority's keys takes longer than a scenario.
pub(super) struct Stage {
    town: Arc<Town>,
    authorities: Mutex<BTreeMap<i16, TestCa>>,
}

impl Stage {
    pub(super) fn new(town: Arc<Town>) -> Self {
        Self { town, authorities: Mutex::default() }
    }

    /// An authority whose roots are valid since the year's beginning.
    fn authority(&self, year: i16) -> Outcome<TestCa> {
        let mut authorities = self.authorities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(authority) = authorities.get(&year) {
            return Ok(authority.clone());
        }
        let authority = TestCa::new(start_of_day_in_japan(Date::new(year, 1, 1)?))?;
        authorities.insert(year, authority.clone());
        Ok(authority)
    }
}

/// One scenario's world.
pub(super) struct World {
    pub(super) town: Arc<Town>,
    stage: Arc<Stage>,
    folder: PathBuf,
    database: String,
    clock: Arc<SetClock>,
    begun: Option<Begun>,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) crossing: Crossing,
    verifiers: BTreeMap<PlaceId, Browser>,
    pub(super) stations: Stations,
    /// The counter's pages of who was served there.
    pub(super) served: BTreeMap<String, String>,
    /// Services of others, by what residents know them by.
    pub(super) services: BTreeMap<String, Service>,
    /// Members of staff who write to residents, by what they do.
    pub(super) desks: BTreeMap<String, StaffId>,
    /// The addresses of notices, by their titles.
    pub(super) notices: BTreeMap<String, String>,
    /// Events of the town by their names.
    pub(super) events: BTreeMap<String, calendar::EventId>,
    /// What neighbouring towns publish.
    pub(super) neighbours: Arc<Neighbours>,
    /// Neighbouring towns that issued a card, by their names.
    pub(super) issuers: BTreeMap<String, Issuer>,
    /// Whose wallet holds a neighbouring town's card.
    pub(super) wallets: BTreeMap<String, Wallet>,
    /// The mail server of the town.
    pub(super) office: Arc<Office>,
    pub(super) last: Last,
}

/// What there is once the scenario has its first day.
struct Begun {
    register: Register,
    authority: TestCa,
    /// None only while it is being opened again.
    house: Option<House>,
}

/// What the steps before this one led to.
#[derive(Default)]
pub(super) struct Last {
    /// The last proof, and whose.
    pub(super) proof: Option<(String, Proof)>,
    /// The last application.
    pub(super) application: Option<Application>,
    /// Whether the last share was allowed.
    pub(super) share: Option<Result<(), String>>,
    /// The last answer of a place.
    pub(super) answer: Option<Answer>,
    /// Where the last log-in at a service ended.
    pub(super) login: Option<LogIn>,
    /// The last report's id, or the status of its refusal.
    pub(super) report: Option<Result<String, String>>,
    /// The report that was sent before it.
    pub(super) report_before: Option<String>,
    /// Where somebody put a pin, in millionths of a degree.
    pub(super) pin: Option<(i32, i32)>,
    /// The last call for reports.
    pub(super) call: Option<String>,
    /// Whether the last post for a guide was taken.
    pub(super) written: Option<bool>,
    /// The presentation that was copied off a screen.
    pub(super) copy: Option<String>,
    /// The address of the last notice that was written.
    pub(super) notice: Option<String>,
    /// What was said to a list that was refused.
    pub(super) refused: Option<String>,
    /// The places somebody found on the map, nearest first.
    pub(super) places: Vec<serde_json::Value>,
    /// The file the staff brought for the map.
    pub(super) file: Option<places::Version>,
    /// The last page of the calendar, or list of the map, that was opened.
    pub(super) page: Option<String>,
}

/// An application and what came of it.
#[derive(Clone)]
pub(super) struct Application {
    /// Who applied.
    pub(super) by: String,
    /// For whom.
    pub(super) of: String,
    /// For what.
    pub(super) programme: Programme,
    /// The code and reason of the refusal, if it was refused.
    pub(super) refused: Option<Refused>,
}

/// A refusal as programs read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) why: Option<String>,
}

/// The answer a place got.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) accepted: bool,
    refusal: Option<RefusalJson>,
    pub(super) message: String,
    pub(super) valid_until: Option<String>,
    pub(super) fields: Vec<Shown>,
    pub(super) barcodes: Vec<Barcode>,
}

#[derive(Debug, Deserialize)]
struct RefusalJson {
    code: String,
    why: Option<String>,
}

/// A label and its value on the place's screen.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    pub(super) label: String,
    pub(super) value: String,
}

/// A barcode on the place's screen.
#[derive(Debug, Deserialize)]
pub(super) struct Barcode {
    pub(super) kind: String,
    pub(super) value: String,
}

impl Answer {
    /// Why it is no.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.refusal.as_ref().map(|refusal| Refused { code: refusal.code.clone(), why: refusal.why.clone() })
    }
}

impl World {
    /// An empty world in a folder and a database of its own.
    pub(super) fn new(stage: &Arc<Stage>, folder: PathBuf, database: String) -> Self {
        Self {
            town: Arc::clone(&stage.town),
            stage: Arc::clone(stage),
            folder,
            database,
            clock: Arc::new(SetClock::new(Timestamp::UNIX_EPOCH)),
            begun: None,
            people: BTreeMap::new(),
            crossing: Crossing::default(),
            verifiers: BTreeMap::new(),
            stations: BTreeMap::new(),
            served: BTreeMap::new(),
            services: BTreeMap::new(),
            desks: BTreeMap::new(),
            notices: BTreeMap::new(),
            events: BTreeMap::new(),
            neighbours: Arc::default(),
            issuers: BTreeMap::new(),
            wallets: BTreeMap::new(),
            office: Arc::default(),
            last: Last::default(),
        }
    }

    /// Begins the scenario at ten in the morning of a day, Japan time.
    ///
    /// # Errors
    /// When it has begun, or the house cannot be opened.
    pub(super) async fn begin(&mut self, day: Date) -> Outcome {
        if self.begun.is_some() {
            return Err("the day is said once, at the beginning; later the clock moves".into());
        }
        self.clock.set(start_of_day_in_japan(day) + SignedDuration::from_hours(10));
        let keys = self.folder.join("keys");
        CentreKeys::make_missing(&keys)?;
        fs::write(keys.join("line.secret"), LINE_SECRET)?;
        phone_cards::make_up(&self.town, &self.folder, ORIGIN, self.now())?;
        let authority = self.stage.authority(day.year())?;
        self.begun = Some(Begun { register: Register::new(Arc::clone(&self.town)), authority, house: None });
        self.reopen().await
    }

    /// Opens the house with the authority's newest lists; closes it before if it is open.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) async fn reopen(&mut self) -> Outcome {
        let (trust, now) = (self.folder.join("trust"), self.now());
        let begun = self.begun.as_mut().ok_or(NOT_BEGUN)?;
        begun.house = None;
        fs::create_dir_all(trust.join("crl"))?;
        for kind in [CertificateKind::Signature, CertificateKind::UserAuthentication] {
            fs::write(trust.join(format!("{}.der", kind.as_str())), begun.authority.root(kind))?;
            fs::write(trust.join(format!("crl/{}.crl", kind.as_str())), begun.authority.crl(kind, now, now + LISTS_LAST)?)?;
        }
        let clock: Arc<dyn store::Clock> = Arc::<SetClock>::clone(&self.clock);
        let setup = Setup {
            town: Arc::clone(&self.town),
            database: self.database.clone(),
            keys: self.folder.join("keys"),
            trust,
            origin: ORIGIN.to_owned(),
            demo: true,
            station: None,
            clock,
            neighbours: Some(Arc::<Neighbours>::clone(&self.neighbours)),
        };
        let mut house = house::open(setup).await?;
        // Letters are kept to be looked at, instead of going anywhere.
        let courier = Arc::into_inner(house.courier).ok_or("the couriers are at work already")?;
        let mail = self.town.mail.as_ref().map(|_| Arc::<Office>::clone(&self.office) as Arc<dyn MailNetwork>);
        house.courier = Arc::new(courier.with_mail(mail));
        begun.house = Some(house);
        Ok(())
    }

    /// Moves the clock and does what is due by then.
    ///
    /// # Errors
    /// A job that failed: nothing of it may go unseen.
    pub(super) async fn move_clock(&mut self, to: Timestamp) -> Outcome {
        if to < self.now() {
            return Err("time does not run back".into());
        }
        self.clock.set(to);
        self.do_due_jobs().await
    }

    /// Does what is due by now, as the server does all the time.
    ///
    /// # Errors
    /// A job that failed: nothing of it may go unseen.
    pub(super) async fn do_due_jobs(&self) -> Outcome {
        let house = self.house()?;
        store::run_due_jobs(&house.store, &house.jobs).await?;
        let mut ctx = house.store.begin(Actor::System).await?;
        let failed =
            ctx.tx().query::<(String, String)>("select kind, coalesce(last_error, '') from store_job where attempts > 0", &[]).await?;
        match failed.first() {
            Some((kind, error)) => Err(format!("the job {kind} failed: {error}").into()),
            None => Ok(()),
        }
    }

    /// Does what is due by now and waits for the network.
    pub(super) async fn do_due_jobs_outside(&self) -> Outcome {
        let house = self.house()?;
        store::run_due_jobs_outside(&house.store, &house.jobs).await?;
        Ok(())
    }

    /// The moment it is.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The day it is in Japan.
    pub(super) fn today(&self) -> Date {
        self.clock.today()
    }

    /// The folder of this world.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The open house.
    ///
    /// # Errors
    /// Before the first day was said.
    pub(super) fn house(&self) -> Outcome<&House> {
        Ok(self.begun.as_ref().and_then(|begun| begun.house.as_ref()).ok_or(NOT_BEGUN)?)
    }

    /// The inner register.
    ///
    /// # Errors
    /// As [`Self::house`].
    pub(super) fn register(&self) -> Outcome<&Register> {
        Ok(&self.begun.as_ref().ok_or(NOT_BEGUN)?.register)
    }

    /// The inner register, to be written.
    ///
    /// # Errors
    /// As [`Self::house`].
    pub(super) fn register_mut(&mut self) -> Outcome<&mut Register> {
        Ok(&mut self.begun.as_mut().ok_or(NOT_BEGUN)?.register)
    }

    /// Somebody of the scenario.
    ///
    /// # Errors
    /// When nobody is called so.
    pub(super) fn person_mut(&mut self, name: &str) -> Outcome<&mut Person> {
        self.people.get_mut(name).ok_or_else(|| format!("nobody is called 「{name}」").into())
    }

    /// Somebody, and who issues their card.
    ///
    /// # Errors
    /// As [`Self::person_mut`] and [`Self::house`].
    pub(super) fn person_and_authority(&mut self, name: &str) -> Outcome<(&mut Person, &mut TestCa)> {
        let person = self.people.get_mut(name).ok_or_else(|| format!("nobody is called 「{name}」"))?;
        Ok((person, &mut self.begun.as_mut().ok_or(NOT_BEGUN)?.authority))
    }

    /// A member of staff with these roles.
    pub(super) fn staff(&self, roles: &[Role]) -> Actor {
        Actor::Staff(StaffId::new(self.now()), roles.to_vec())
    }

    /// A programme by its Japanese name.
    ///
    /// # Errors
    /// When the pack has none of that name.
    pub(super) fn programme(&self, name: &str) -> Outcome<Programme> {
        let found = self.town.programmes.iter().find(|programme| programme.name.ja() == name);
        found.cloned().ok_or_else(|| format!("the pack has no programme 「{name}」").into())
    }

    /// Shows a presentation at a place, whose verifier is paired the first time and when its session is over.
    ///
    /// # Errors
    /// When the pack has no such place, or the house gives no answer.
    pub(super) async fn show_at(&mut self, place: &str, presentation: &str) -> Outcome<Answer> {
        let id = self.place_named(place)?;
        let body = json!({ "id": cards::UseId::new(self.now()).to_string(), "presentation": presentation });
        let router = self.house()?.router.clone();
        let paired = match self.verifiers.remove(&id) {
            Some(verifier) => verifier,
            None => self.pair(&id).await?,
        };
        let mut verifier = paired;
        let mut reply = verifier.tell(&router, "/api/v1/decisions", &body).await?;
        if reply.status == axum::http::StatusCode::UNAUTHORIZED {
            verifier = self.pair(&id).await?;
            reply = verifier.tell(&router, "/api/v1/decisions", &body).await?;
        }
        self.verifiers.insert(id, verifier);
        reply.json()
    }

    /// The key of the town to the free area of its people's cards.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn region_key(&self) -> Outcome<[u8; 16]> {
        Ok(CentreKeys::in_folder(&self.folder.join("keys")).region()?.ok_or("the town has no key for cards")?)
    }

    async fn pair(&self, place: &PlaceId) -> Outcome<Browser> {
        let house = self.house()?;
        let mut ctx = house.store.begin(self.staff(&[Role::Clerk])).await?;
        let code = identity::pairing_code(&mut ctx, identity::DeviceKind::Verifier, place).await?;
        ctx.commit().await?;
        let mut verifier = Browser::default();
        verifier.tell(&house.router, "/api/v1/verifier/pair", &json!({ "code": code.code })).await?.good()?;
        Ok(verifier)
    }
}

const NOT_BEGUN: &str = "the first step says which day it is: 今日は2026年6月1日である";
