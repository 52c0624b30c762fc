//! The `eligibility` measurements: seeded people, the combined rule, and times taken with the caller's clock.

use civil::Date;
use serde::Serialize;

use crate::area::Area;
use crate::calendar::day_number;
use crate::rule::Rule;
use crate::schema::{FactType, Schema};
use crate::table::{Table, TableError};

/// The rule measured: 75 and older or of compulsory school age, in a household that pays no tax, with the home inside an area.
pub const COMBINED: &str =
    "resident.current && (today >= birthday(75) || (school_year >= 1 && school_year <= 9)) && facts.non_taxed && in_area(\"flood\")";

/// The same with the tax of every household member looked at.
pub const COMBINED_BY_MEMBER: &str = "resident.current && (today >= birthday(75) || (school_year >= 1 && school_year <= 9)) \
     && household.all(m, m.facts.non_taxed) && in_area(\"flood\")";

/// Seeded people with homes, the same on every machine.
#[derive(Debug)]
pub struct Town {
    /// Their facts; the area's bits are not filled yet.
    pub table: Table,
    /// Where each lives.
    pub homes: Vec<(f64, f64)>,
    /// The outline of the area.
    pub outline: Vec<(f64, f64)>,
    /// Days of birth as days since 1970-01-01.
    pub births: Vec<i32>,
    /// Whether the household pays no tax.
    pub non_taxed: Vec<bool>,
    /// Whether they live in the town now.
    pub current: Vec<bool>,
    /// The household of each.
    pub households: Vec<u64>,
}

/// Times of one job in nanoseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Times {
    /// The job.
    pub job: String,
    /// How often it was run.
    pub rounds: usize,
    /// The middle of the wall times.
    pub p50_ns: u64,
    /// The wall time that 99 of 100 rounds kept.
    pub p99_ns: u64,
    /// Processor time over all rounds, divided by the rounds.
    pub cpu_ns: u64,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many people.
    pub people: usize,
    /// The day asked about.
    pub today: String,
    /// How many are entitled by [`COMBINED`].
    pub eligible: usize,
    /// The times.
    pub times: Vec<Times>,
}

/// The machine's clocks, passed in: nanoseconds of wall time and of this process's processor time.
pub type Clocks<'a> = &'a mut dyn FnMut() -> (u64, u64);

/// The day the measurements ask about.
pub const TODAY: Date = Date::constant(2026, 4, 1);

/// The schema of the seeded people.
pub fn schema() -> Schema {
    let builder = Schema::builder().fact("non_taxed", FactType::Bool).area("flood");
    builder.build().expect("the names are plain words and differ")
}

/// Makes the people.
///
/// # Errors
/// When there are more than a table holds.
pub fn town(people: usize, seed: u64) -> Result<Town, TableError> {
    let mut chance = Chance(seed);
    let schema = schema();
    let (mut births, mut non_taxed, mut current, mut households, mut homes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut districts = Vec::new();
    let newest = day_number(TODAY);
    let mut household = 0;
    while births.len() < people {
        household += 1;
        let size = 1 + (chance.below(8) + chance.below(8)) / 4;
        let home = (141.0 + chance.part() * 0.3, 41.1 + chance.part() * 0.3);
        let (untaxed, district) = (chance.below(4) == 0, chance.below(40) as u32);
        for _ in 0..size.min((people - births.len()) as u64) {
            births.push(newest - (chance.part() * chance.part().max(0.35) * 38_000.0) as i32);
            non_taxed.push(untaxed);
            current.push(chance.below(200) != 0);
            households.push(household);
            homes.push(home);
            districts.push(district);
        }
    }
    let slot = |path: &str| schema.slot(path).expect("the schema above declares it");
    let table = Table::builder(&schema, people)
        .day_numbers(Schema::DATE_OF_BIRTH, births.iter().copied().map(Some))
        .bools(slot("facts.non_taxed"), non_taxed.iter().copied().map(Some))
        .bools(Schema::CURRENT, current.iter().copied().map(Some))
        .codes(Schema::DISTRICT, districts, (0..40).map(|number| format!("district {number}").into()).collect())
        .households(households.iter().copied())
        .build()?;
    Ok(Town { table, homes, outline: outline(&mut chance), births, non_taxed, current, households })
}

/// An uneven outline of 200 corners.
fn outline(chance: &mut Chance) -> Vec<(f64, f64)> {
    let corner = |index: usize, chance: &mut Chance| {
        let angle = index as f64 / 200.0 * std::f64::consts::TAU;
        let radius = 0.05 + 0.03 * chance.part();
        (141.14 + radius * angle.cos(), 41.24 + radius * angle.sin())
    };
    (0..200).map(|index| corner(index, chance)).collect()
}

/// Measures everything, with `clocks` read before and after each round.
///
/// # Errors
/// When there are more people than a table holds.
pub fn run(people: usize, seed: u64, rounds: usize, clocks: Clocks<'_>) -> Result<Report, TableError> {
    let mut town = town(people, seed)?;
    let schema = town.table.schema().clone();
    let flood = schema.slot("area.flood").expect("the schema above declares it");
    let rule = |source: &str| Rule::check(source, &schema).expect("the measured rules are sound");
    let (combined, by_member) = (rule(COMBINED), rule(COMBINED_BY_MEMBER));
    let mut times = Vec::new();

    let first = |town: &mut Town| {
        let bits = Area::new(std::slice::from_ref(&town.outline)).place(&town.homes);
        town.table.set_bits(flood, bits).expect("one bit was made for each home");
        combined.count(&town.table, TODAY)
    };
    times.push(measure("eligibility first run, homes placed", rounds.div_ceil(10), clocks, &mut || first(&mut town)));
    times.push(measure("eligibility", rounds, clocks, &mut || combined.count(&town.table, TODAY)));
    times.push(measure("eligibility by member", rounds.div_ceil(10), clocks, &mut || by_member.count(&town.table, TODAY)));

    let person = town.table.person(people / 2);
    let in_batches = 1_000;
    let batch = |run: &dyn Fn() -> usize| (0..in_batches).map(|_| run()).sum::<usize>();
    let mut one = |job: &str, run: &dyn Fn() -> usize| {
        let mut time = measure(job, rounds, clocks, &mut || batch(run));
        (time.p50_ns, time.p99_ns, time.cpu_ns) = (time.p50_ns / in_batches, time.p99_ns / in_batches, time.cpu_ns / in_batches);
        times.push(time);
    };
    one("eligibility --one, no explanation", &|| usize::from(combined.decide(&person, TODAY) == Ok(true)));
    one("eligibility --one, explained", &|| combined.explain(&person, TODAY).reasons.len());
    let pass = rule("resident.current && today <= fiscal_year_end(attains(18))");
    one("next change within 120 years", &|| usize::from(pass.next_change(&person, TODAY, 120 * 366).is_some()));

    let bounds: Vec<i16> = (1..20).map(|band| band * 5).collect();
    times.push(measure("what-if: check, select, count by age and district", rounds.div_ceil(10), clocks, &mut || {
        let selected = rule("resident.current && age >= 65 && !facts.non_taxed").select(&town.table, TODAY);
        town.table.picture(&selected, Schema::DISTRICT, TODAY, &bounds).len()
    }));
    Ok(Report { people, today: TODAY.to_string(), eligible: combined.count(&town.table, TODAY), times })
}

fn measure(job: &str, rounds: usize, clocks: Clocks<'_>, run: &mut dyn FnMut() -> usize) -> Times {
    let rounds = rounds.max(1);
    let mut walls = Vec::with_capacity(rounds);
    std::hint::black_box(run());
    let (_, cpu) = clocks();
    for _ in 0..rounds {
        let (before, _) = clocks();
        std::hint::black_box(run());
        walls.push(clocks().0 - before);
    }
    let cpu_ns = (clocks().1 - cpu) / rounds as u64;
    walls.sort_unstable();
    let at = |percent: usize| walls[(walls.len() - 1) * percent / 100];
    Times { job: job.into(), rounds, p50_ns: at(50), p99_ns: at(99), cpu_ns }
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
