//! The bridge against the clock: what `tegata bench bridge` runs. Each part checks its result, for a fast wrong answer is none.

use std::time::Instant;

use civil::{Date, Timestamp};
use population::{Column, District, Encoding, Layout as Register, Pace, Plan, Rng, generate, write_csv};
use store::{Actor, Store};

use crate::bridge::{
    Chain, Delta, Export, FactColumn, FactKind, Hashing, Layout, MatchSecret, Opening, OpeningKey, Sealing, SigningKey, open, seal,
};
use crate::model::{BridgeKeys, BundleState, Error};

/// Two days of one generated register.
pub struct TwoDays {
    /// Rows of the second day.
    pub rows: u64,
    /// Yesterday's export, UTF-8.
    pub yesterday: Vec<u8>,
    /// Today's, UTF-8.
    pub today: Vec<u8>,
    /// Today's, Shift_JIS.
    pub today_shift_jis: Vec<u8>,
}

/// How long a part took.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Measure {
    /// What was done.
    pub job: &'static str,
    /// Rows it was done for.
    pub n: u64,
    /// Seconds on the wall clock.
    pub wall_s: f64,
    /// Seconds of processor time of all threads, to the hundredth.
    pub cpu_s: f64,
}

/// Both clocks, started.
struct Stopwatch(Instant, f64);

impl Stopwatch {
    fn start() -> Self {
        Self(Instant::now(), cpu_s())
    }

    fn measure(&self, job: &'static str, n: u64) -> Measure {
        Measure { job, n, wall_s: self.0.elapsed().as_secs_f64(), cpu_s: cpu_s() - self.1 }
    }
}

/// Processor time of this process so far, as the kernel counts it in hundredths; 0 where there is no /proc.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

/// What the pure parts took, and the difference they found: to be the same as a peer's.
pub struct PureRun {
    /// The parts.
    pub measures: Vec<Measure>,
    /// People added, changed and gone.
    pub difference: (usize, usize, usize),
}

/// Generates a register of so many residents and the same a day later, about one person in two hundred changed.
///
/// # Errors
/// What the generator says of a plan it cannot draw up.
pub fn two_days(residents: u32, seed: u64) -> Result<TwoDays, population::Error> {
    let plan = Plan {
        seed,
        residents,
        as_of: Date::constant(2026, 11, 20),
        address_prefix: "青空県青空市".into(),
        districts: (1..=40).map(|number| District::new(format!("中央{number}丁目"), 1 + number % 5)).collect(),
        ..Plan::default()
    };
    let mut town = generate(&plan)?;
    let write = |town: &population::Population, encoding| {
        let mut out = Vec::new();
        let written = write_csv(&mut out, town.residents(), &register(), encoding).expect("memory takes what is written");
        (out, written.rows)
    };
    let (yesterday, _) = write(&town, Encoding::Utf8);
    town.next_day_at(&mut Rng::from_seed(seed + 1), Date::constant(2026, 11, 21), PACE);
    let (today, rows) = write(&town, Encoding::Utf8);
    let (today_shift_jis, _) = write(&town, Encoding::ShiftJis);
    Ok(TwoDays { rows, yesterday, today, today_shift_jis })
}

/// Enough events in one day to change one row in two hundred.
const PACE: Pace = Pace { births: 80_000, deaths: 250_000, households_in: 230_000, households_out: 300_000, households_within: 180_000 };

fn register() -> Register {
    Register::default()
}

/// The layout the generated register has, with one fact crossing.
pub fn layout() -> Layout {
    let fact = FactColumn { name: "child_medical_no".into(), kind: FactKind::String };
    let header = Column::DEFAULT.iter().find(|(column, _)| *column == Column::ChildMedicalNo).map_or("", |(_, header)| *header);
    let fields = ["date_of_birth", "sex", "district", "household", "relation", "became_resident_on", "child_medical_no"];
    Layout::new(&fields, &[(header.to_owned(), fact)]).expect("the generated register's fields may cross")
}

/// Runs the parts that need no database: reading and comparing, in both encodings, sealing, opening.
pub fn pure(days: &TwoDays) -> PureRun {
    let layout = layout();
    let keys = Keys::new();
    let mut measures = Vec::new();
    let n = days.rows;
    let mut timed = |job, run: &mut dyn FnMut()| {
        let watch = Stopwatch::start();
        run();
        measures.push(watch.measure(job, n));
    };
    let known = Export::read(&days.yesterday, None, &layout, Hashing::InnerOnly).known();
    let mut difference = Delta::default();
    timed("read, validate, difference (UTF-8)", &mut || {
        let export = Export::read(&days.today, None, &layout, Hashing::InnerOnly);
        assert!(export.problems.is_empty(), "{:?}", export.problems.listed.first());
        difference = export.compare(&known);
    });
    let mut known_shift_jis = Vec::new();
    timed("read, validate (Shift_JIS)", &mut || {
        known_shift_jis = Export::read(&days.today_shift_jis, None, &layout, Hashing::InnerOnly).known();
    });
    let mut first = (Vec::new(), Chain::default());
    timed("seal (read, match keys, encrypt, sign)", &mut || first = keys.seal(&layout, &days.yesterday, Chain::default()));
    let second = keys.seal(&layout, &days.today, first.1);
    let yesterday = keys.open(&layout, &first.0, Chain::default());
    let known: Vec<_> = (0..yesterday.len()).map(|at| crate::bridge::Known { id: yesterday.id(at), hash: yesterday.hash(at) }).collect();
    drop(yesterday);
    let mut sealed_difference = Delta::default();
    timed("open (verify, decrypt), difference", &mut || {
        sealed_difference = keys.open(&layout, &second.0, first.1).compare(&known);
    });
    let sizes = |delta: &Delta| (delta.added.len(), delta.changed.len(), delta.gone.len());
    assert_eq!(sizes(&difference), sizes(&sealed_difference), "both ways of comparing find the same");
    PureRun { measures, difference: sizes(&difference) }
}

/// Loads yesterday's town into an empty store and applies today's difference, durably.
///
/// # Errors
/// The database's.
pub async fn applied(store: &Store, days: &TwoDays) -> Result<Vec<Measure>, Error> {
    let town = store.town().clone();
    let layout = Layout::of(&town.bridge, &town.facts)?;
    let keys = Keys::new();
    let (first, chain) = keys.seal(&layout, &days.yesterday, Chain::default());
    let (second, _) = keys.seal(&layout, &days.today, chain);
    let bridge = BridgeKeys { signers: vec![keys.signing.public()], centre: keys.centre };
    let mut measures = Vec::new();
    for (job, bundle) in [("first full load, durable", &first), ("difference and apply, durable", &second)] {
        let watch = Stopwatch::start();
        let run = crate::open_bundle_in_steps(store, &Actor::System, bundle, &bridge).await?;
        assert_eq!(run.state, BundleState::Applied, "the bench pack's thresholds let everything through");
        measures.push(watch.measure(job, run.counts.changed + run.counts.begun()));
    }
    Ok(measures)
}

/// Keys of a bridge that exists for the bench alone.
struct Keys {
    matching: MatchSecret,
    signing: SigningKey,
    centre: OpeningKey,
}

impl Keys {
    fn new() -> Self {
        let key = |number: u8| [number; 32];
        Self {
            matching: MatchSecret::new(&key(1)).expect("32 bytes"),
            signing: SigningKey::new(&key(2)).expect("32 bytes"),
            centre: OpeningKey::new(&key(3)).expect("32 bytes"),
        }
    }

    fn seal(&self, layout: &Layout, export: &[u8], chain: Chain) -> (Vec<u8>, Chain) {
        let sealing = Sealing {
            town: TOWN,
            layout,
            encoding: None,
            match_secret: &self.matching,
            signing: &self.signing,
            centre: &self.centre.public(),
            chain,
            now: Timestamp::UNIX_EPOCH,
            randomness: [7; 32],
        };
        let mut out = Vec::new();
        let sealed = seal(export, &sealing, &mut out).expect("a generated export has no problems");
        (out, sealed.chain)
    }

    fn open(&self, layout: &Layout, bundle: &[u8], chain: Chain) -> crate::bridge::Snapshot {
        let signers = [self.signing.public()];
        let opening = Opening { town: TOWN, layout, signers: &signers, centre: &self.centre, chain };
        open(bundle, &opening).expect("a bundle just sealed opens")
    }
}

/// The code the bench seals under: 青空町 does not exist, so any valid code serves.
pub const TOWN: &str = "209996";
