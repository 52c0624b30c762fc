//! The people to choose from: each with a real account, a real proof and a row in the register.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use jpki::testca::{Municipality, Person, TestCa};
use oidc::{Client, Scope, Scopes};
use population::{Event, Population, Relation, Resident, Status};
use serde::Serialize;
use store::{AccountId, Actor, Clock as _, SystemClock};
use town::Town;

use super::{Calendar, RESIDENTS, Simulator, life};
use crate::demo::people::{self as demo_people, is_plain};
use crate::house::House;
use crate::keys::CentreKeys;
use crate::made_up::{Desk, Site, person_of};
use crate::{Failure, Outcome};

/// Everybody's card is older than the simulator.
const CARDS_SINCE: SignedDuration = SignedDuration::from_hours(2);
/// People proved who they are so long ago that it is no card read just now.
const PROVEN_S: i64 = 60 * 60;

/// The moment from which on cards are good.
pub(super) fn long_ago() -> Timestamp {
    SystemClock.now() - CARDS_SINCE
}

/// Somebody to log in as.
pub(super) struct Player {
    /// What the person is called in addresses and tests.
    pub(super) id: &'static str,
    /// Their account.
    pub(super) account: AccountId,
    /// Their row in the register, if it knows them.
    pub(super) number: Option<u32>,
    /// Their card, if they have one.
    pub(super) certificate: Option<Vec<u8>>,
}

/// What matters of somebody, as it is now.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Seen {
    pub(super) id: &'static str,
    pub(super) name: String,
    pub(super) age: Option<i16>,
    pub(super) district: Option<String>,
    /// How many live in the household.
    pub(super) household: usize,
    /// The programmes the rules of the pack entitle the person to.
    pub(super) programmes: Vec<String>,
    /// Lives in the town.
    pub(super) resident: bool,
    /// The account is tied to a row of the register.
    pub(super) linked: bool,
    /// It is known who it is.
    pub(super) proven: bool,
    /// Under protection measures: the district is told to nobody.
    pub(super) protected: bool,
    /// Can log in with a card.
    pub(super) card: bool,
}

/// Fills the register, lets everybody prove who they are, and lets happen what has happened to them since.
pub(super) async fn simulator(
    site: Site,
    house: House,
    calendar: Arc<Calendar>,
    mut ca: TestCa,
    origin: String,
    clients: Vec<Client>,
) -> Outcome<Simulator> {
    let desk = Desk::new(&mut ca, &CentreKeys::in_folder(&site.part("keys")), &origin, long_ago())?;
    let today = SystemClock.today();
    let population = site.population(RESIDENTS, today.yesterday().unwrap_or(today))?;
    let first_register = population.residents().to_vec();
    let mut simulator = Simulator {
        origin,
        store: house.store,
        provider: house.provider,
        jobs: house.jobs,
        bridge: house.bridge,
        calendar,
        clients,
        people: Vec::new(),
        desk,
        register: tokio::sync::Mutex::new(first_register.clone()),
        first_register,
        rotations: AtomicI64::new(0),
        prepared: Mutex::new(life::Prepared::default()),
        log: Mutex::new(VecDeque::new()),
        site,
    };
    simulator.carry_over(&simulator.first_register).await?;
    // An hour ago they proved who they are; now they only log in.
    simulator.calendar.behind_s.store(PROVEN_S, Ordering::Relaxed);
    simulator.people = simulator.prove_all(&population, &mut ca).await?;
    simulator.calendar.behind_s.store(0, Ordering::Relaxed);
    simulator.let_time_pass().await?;
    Ok(simulator)
}

impl Simulator {
    async fn prove_all(&self, population: &Population, ca: &mut TestCa) -> Outcome<Vec<Player>> {
        let town = self.store.town();
        let mut people = Vec::new();
        for (id, resident) in chosen(population)? {
            let person = person_of(town, resident).ok_or("somebody of the cast has no whole date of birth")?;
            let certificate = self.desk.certificate(ca, &person)?;
            let account = self.desk.prove(&self.store, certificate.clone()).await?;
            people.push(Player { id, account, number: Some(resident.number), certificate: Some(certificate) });
        }
        let certificate = self.desk.certificate(ca, &stranger(town)?)?;
        let account = self.desk.prove(&self.store, certificate.clone()).await?;
        people.push(Player { id: "stranger", account, number: None, certificate: Some(certificate) });

        let mut ctx = self.store.begin(Actor::Anonymous).await?;
        let light = identity::start_light_account(&mut ctx, "共有だけの人").await?.id;
        ctx.commit().await?;
        people.push(Player { id: "light", account: light, number: None, certificate: None });
        Ok(people)
    }

    /// What happened after the proofs: one moved out, one is under protection measures now.
    async fn let_time_pass(&mut self) -> Outcome {
        let number = |id: &str| self.people.iter().find(|player| player.id == id).and_then(|player| player.number);
        let (gone, hidden) = (number("moved-out"), number("protected"));
        let today = SystemClock.today();
        for resident in &mut self.first_register {
            if Some(resident.number) == gone {
                (resident.status, resident.event, resident.event_on) = (Status::MovedOut, Event::MovedOut, today);
            }
            if Some(resident.number) == hidden {
                resident.protected = true;
            }
        }
        self.register.lock().await.clone_from(&self.first_register);
        self.carry_over(&self.first_register).await
    }

    /// Somebody to log in as.
    pub(super) fn player(&self, id: &str) -> Option<&Player> {
        self.people.iter().find(|player| player.id == id)
    }

    /// Everybody, as they are now.
    pub(super) async fn everybody(&self) -> Outcome<Vec<Seen>> {
        let mut all = Vec::new();
        for player in &self.people {
            all.push(self.seen(player).await?);
        }
        Ok(all)
    }

    async fn seen(&self, player: &Player) -> Outcome<Seen> {
        let register = self.register.lock().await;
        let row = register.iter().find(|resident| Some(resident.number) == player.number);
        let household = row.map_or(0, |row| register.iter().filter(|other| other.household == row.household && other.is_current()).count());
        drop(register);
        let mut ctx = self.store.read(Actor::System).await?;
        let today = ctx.today();
        let account = identity::account(&mut ctx, player.account).await?;
        let link = identity::link_of(&mut ctx, player.account).await?;
        let resident = match link {
            Some(id) => registry::resident(&mut ctx, id).await?,
            None => None,
        };
        let programmes = self.store.town().programmes.iter().map(|programme| Scope::Programme(programme.id.clone()));
        let told = oidc::told(&mut ctx, player.account, &Scopes(programmes.chain([Scope::Resident]).collect())).await?;
        let born = account.date_of_birth.or_else(|| resident.as_ref().and_then(|resident| resident.date_of_birth));
        let held = told.get("entitlements").and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(Seen {
            id: player.id,
            name: account.name,
            age: born.and_then(|born| born.exact()).map(|born| civil::age_on(born, today)),
            district: resident.as_ref().map(|resident| resident.district.clone()),
            household,
            programmes: held.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
            resident: told.get("resident") == Some(&serde_json::Value::Bool(true)),
            linked: link.is_some(),
            proven: account.assurance > identity::Assurance::None,
            protected: resident.is_some_and(|resident| resident.protected),
            card: player.certificate.is_some(),
        })
    }
}

/// Who of the register is on the list: the cast of the demonstration, and those of whom services forget that they exist.
fn chosen(population: &Population) -> Outcome<Vec<(&'static str, &Resident)>> {
    let cast = demo_people::cast(population);
    let mut chosen: Vec<(&'static str, &Resident)> = Vec::new();
    for id in ["parent", "senior", "single-parent", "adult"] {
        let player = cast.iter().find(|player| player.card == id);
        let row = player.and_then(|player| population.current().find(|row| row.name == player.name && row.address == player.address));
        chosen.extend(row.map(|row| (id, row)));
    }
    let age = |row: &Resident| civil::age_on(row.born_on(), population.as_of());
    let teenager = population.current().find(|row| is_plain(row) && row.relation == Relation::Child && (15..18).contains(&age(row)));
    chosen.extend(teenager.map(|row| ("teenager", row)));
    for id in ["protected", "moved-out"] {
        let free = |row: &&Resident| !chosen.iter().any(|(_, other)| other.household == row.household);
        let row = population.current().filter(free).find(|row| is_plain(row) && (25..60).contains(&age(row)));
        let row = row.ok_or_else(|| Failure::from("the made-up town is too small for its cast"))?;
        chosen.push((id, row));
    }
    Ok(chosen)
}

/// Somebody with a card whom the register does not know.
fn stranger(town: &Town) -> Outcome<Person> {
    let known = demo_people::stranger();
    Ok(Person {
        date_of_birth: jpki::PartialDate::parse(&known.date_of_birth).ok_or("a date of birth")?,
        name: known.name,
        address: known.address,
        sex: jpki::Sex::Female,
        municipality: Municipality {
            code: town.code.to_string().chars().take(5).collect(),
            prefecture: "Kaku-ken".to_owned(),
            city: "Kaku".to_owned(),
        },
    })
}
