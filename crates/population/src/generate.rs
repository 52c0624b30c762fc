use std::sync::Arc;

use civil::Date;
use serde::Deserialize;

use crate::draft::{self, Calendar, Draft};
use crate::household::Settling;
use crate::model::{Resident, Status};
use crate::rng::Rng;

/// What kind of town to generate. The defaults are those of an ageing town in the country; only the districts must be given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Where chance starts; the same seed gives the same town.
    pub seed: u64,
    /// People living there on the day.
    pub residents: u32,
    /// The day the register is drawn up for.
    pub as_of: Date,
    /// Prefecture and town, put before every address.
    pub address_prefix: String,
    /// Where people live.
    pub districts: Vec<District>,
    /// Of 10,000 residents, those up to the end of the school year in which they attain 18.
    pub children_per_10_000: u32,
    /// Of 10,000 residents, those of another nationality.
    pub foreign_per_10_000: u32,
    /// Of 10,000 households, those under protection measures (支援措置); eight times as many of single parents.
    pub protected_per_10_000: u32,
    /// Of 10,000 people of 80 and more, those whose birth day is partly unknown.
    pub unknown_birth_day_per_10_000: u32,
    /// People who moved out within the year before the day and still have a row, for 10,000 residents.
    pub moved_out_per_10_000: u32,
    /// People who died within that year and still have a row, for 10,000 residents.
    pub died_per_10_000: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 0,
            residents: 3_000,
            as_of: Date::constant(2026, 4, 1),
            address_prefix: String::new(),
            districts: Vec::new(),
            children_per_10_000: 1_151,
            foreign_per_10_000: 60,
            protected_per_10_000: 8,
            unknown_birth_day_per_10_000: 20,
            moved_out_per_10_000: 330,
            died_per_10_000: 160,
        }
    }
}

/// A part of the town.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    /// Name (地区), as the register's column has it.
    pub name: String,
    /// Its share of the people: a count or any weight.
    pub weight: u32,
    /// Names of places (大字, 町丁目) as addresses have them; the district's own name when empty.
    #[serde(default)]
    pub places: Vec<String>,
    /// Far from the clubs: its pupils travel.
    #[serde(default)]
    pub far: bool,
}

impl District {
    /// Makes a district whose addresses carry its own name.
    pub fn new(name: impl Into<String>, weight: u32) -> Self {
        Self { name: name.into(), weight, places: Vec::new(), far: false }
    }
}

/// Says why a plan cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No district has a weight.
    #[error("no district has a weight above 0")]
    NoDistricts,
    /// The weights do not fit into 32 bits.
    #[error("the weights of the districts add up to more than {}", u32::MAX)]
    WeightsTooLarge,
    /// More than half of the residents would be children, or more than all of some other kind.
    #[error("{name} must be at most {most}")]
    ShareTooLarge {
        /// The field of the plan.
        name: &'static str,
        /// Its largest value.
        most: u32,
    },
    /// More residents than numbers can be given to.
    #[error("at most {most} residents")]
    TooManyResidents {
        /// The largest town.
        most: u32,
    },
    /// The day is outside the years people can be drawn for.
    #[error("the day must lie in the years 1990 to 2200")]
    DayOutOfRange,
}

impl Plan {
    /// The largest town; its certificate numbers still fit into six digits and a check digit.
    pub const MOST_RESIDENTS: u32 = 5_000_000;

    fn check(&self) -> Result<(), Error> {
        let weights: u64 = self.districts.iter().map(|district| u64::from(district.weight)).sum();
        if weights == 0 {
            return Err(Error::NoDistricts);
        }
        if weights > u64::from(u32::MAX) {
            return Err(Error::WeightsTooLarge);
        }
        if self.residents > Self::MOST_RESIDENTS {
            return Err(Error::TooManyResidents { most: Self::MOST_RESIDENTS });
        }
        for (name, share, most) in [
            ("children_per_10_000", self.children_per_10_000, 4_000),
            ("foreign_per_10_000", self.foreign_per_10_000, 4_000),
            ("protected_per_10_000", self.protected_per_10_000, 10_000),
            ("unknown_birth_day_per_10_000", self.unknown_birth_day_per_10_000, 10_000),
            ("moved_out_per_10_000", self.moved_out_per_10_000, 10_000),
            ("died_per_10_000", self.died_per_10_000, 10_000),
        ] {
            if share > most {
                return Err(Error::ShareTooLarge { name, most });
            }
        }
        if !(1990..=2200).contains(&self.as_of.year()) {
            return Err(Error::DayOutOfRange);
        }
        Ok(())
    }

    /// That many of 10,000 residents.
    fn share(&self, per_10_000: u32) -> usize {
        (u64::from(self.residents) * u64::from(per_10_000) / 10_000) as usize
    }
}

/// A generated town: its register on a day, which [`Population::next_day`] moves on.
#[derive(Debug, Clone)]
pub struct Population {
    pub(crate) residents: Vec<Resident>,
    pub(crate) as_of: Date,
    pub(crate) plan: Plan,
    pub(crate) district_names: Vec<Arc<str>>,
    pub(crate) district_weights: Vec<u32>,
    /// Rows of each household, by household number less 1; those who left stay in the list.
    pub(crate) households: Vec<Vec<u32>>,
    pub(crate) last_child_serial: u32,
    pub(crate) last_single_parent_serial: u32,
}

impl Population {
    /// Gives every row of the register, in the order of person numbers; those who moved out or died included.
    pub fn residents(&self) -> &[Resident] {
        &self.residents
    }

    /// Gives those who live in the town.
    pub fn current(&self) -> impl Iterator<Item = &Resident> {
        self.residents.iter().filter(|resident| resident.is_current())
    }

    /// Gives the day the register stands at.
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// Gives the rows of one household by its number, those who left included; none when there is no such household.
    pub fn household(&self, number: u32) -> impl Iterator<Item = &Resident> {
        let rows = (number as usize).checked_sub(1).and_then(|at| self.households.get(at));
        rows.into_iter().flatten().map(|&row| &self.residents[row as usize])
    }
}

/// Draws a town after a plan: exactly `residents` people living there, and rows of people who left within a year.
///
/// # Errors
/// [`Error`] when the plan has no districts, or a number in it is too large.
pub fn generate(plan: &Plan) -> Result<Population, Error> {
    plan.check()?;
    let mut rng = Rng::from_seed(plan.seed);
    let calendar = Calendar::on(plan.as_of);
    let mut town = Population {
        residents: Vec::with_capacity(plan.residents as usize + plan.share(plan.moved_out_per_10_000 + plan.died_per_10_000)),
        as_of: plan.as_of,
        plan: plan.clone(),
        district_names: plan.districts.iter().map(|district| Arc::from(district.name.as_str())).collect(),
        district_weights: plan.districts.iter().map(|district| district.weight).collect(),
        households: Vec::new(),
        last_child_serial: 0,
        last_single_parent_serial: 0,
    };
    let mut drafts = draft_all(&mut rng, plan, &calendar);
    rng.shuffle(&mut drafts);
    for (status, household) in drafts {
        town.settle(&mut rng, &calendar, &household, Settling::Before(status));
    }
    Ok(town)
}

/// Draws families until the children are enough, then others until the residents are, then those who left.
fn draft_all(rng: &mut Rng, plan: &Plan, calendar: &Calendar) -> Vec<(Status, Draft)> {
    let residents = plan.residents as usize;
    let (children_wanted, foreigners_wanted) = (plan.share(plan.children_per_10_000), plan.share(plan.foreign_per_10_000));
    let mut drafts = Vec::with_capacity(residents / 2 + 16);
    let (mut people, mut children) = (0, 0);
    while children < children_wanted {
        let household = draft::family(rng, calendar);
        if people + household.people.len() > residents {
            break;
        }
        people += household.people.len();
        children += household.people.iter().filter(|person| calendar.is_child(person.born)).count();
        drafts.push((Status::Current, household));
    }
    for _ in 0..foreigners_wanted.min(residents - people) {
        people += 1;
        drafts.push((Status::Current, draft::foreigner(rng, calendar)));
    }
    while people < residents {
        let mut household = draft::adults(rng, calendar);
        if people + household.people.len() > residents {
            household = draft::single(rng, calendar);
        }
        people += household.people.len();
        drafts.push((Status::Current, household));
    }
    let mut left = 0;
    while left < plan.share(plan.moved_out_per_10_000) {
        let household = draft::mover(rng, calendar);
        left += household.people.len();
        drafts.push((Status::MovedOut, household));
    }
    drafts.extend((0..plan.share(plan.died_per_10_000)).map(|_| (Status::Died, draft::deceased(rng, calendar))));
    drafts
}
