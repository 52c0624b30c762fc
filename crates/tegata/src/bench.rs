//! `tegata bench`: the jobs of `bench/*.md`, on made-up data that is the same on every machine, one line for each thing measured.

pub mod client;
mod measure;
mod notice;
mod oidc;
mod present;
mod revoke;
mod rooms;
pub mod scene;

use std::path::PathBuf;

pub use measure::Line;

use crate::Outcome;

/// What can be measured.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Who is entitled, for a million people; with `--one`, for one person.
    Eligibility,
    /// A presented card, from its text to the answer.
    Verify,
    /// A day's export of the resident register against yesterday's.
    Bridge,
    /// Certificate path, revocation list, challenge signature.
    Jpki,
    /// The whole online decision over HTTP.
    Present,
    /// Logging in at a service: the full way, and single sign-on.
    Oidc,
    /// From the end of a bundle run to the first no; with `--undisturbed`, decisions while a large bundle is applied.
    Revoke,
    /// Encrypting and signing a message for a browser.
    Push,
    /// A notice to everybody in a city, and an alert meanwhile.
    Notice,
}

/// What `tegata bench` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// What to measure.
    pub job: Job,
    /// Print JSON, a line for each thing measured.
    #[arg(long)]
    pub json: bool,
    /// How many: people (eligibility, bridge), cards (verify, present), sign-ins (jpki), log-ins (oidc), rounds (revoke),
    /// messages (push), recipients (notice).
    #[arg(long)]
    pub n: Option<u32>,
    /// How long requests are posted (present, revoke --undisturbed).
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// eligibility: for one person only.
    #[arg(long)]
    pub one: bool,
    /// revoke: decisions while a large bundle is applied, against the same in quiet.
    #[arg(long)]
    pub undisturbed: bool,
    /// present, oidc, revoke: people in the made-up register.
    #[arg(long)]
    pub residents: Option<u32>,
    /// present, oidc: connections that ask at the same time.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// present, oidc, revoke, notice: the town pack's folder.
    #[arg(long, default_value = "towns/demo")]
    pub town: PathBuf,
    /// present, oidc, revoke, notice: an empty folder on the disk to be measured; it is removed afterwards. `TEGATA_DATABASE_URL` names another, empty database.
    #[arg(long, default_value = "var/bench")]
    pub data: PathBuf,
}

/// Measures and prints.
///
/// # Errors
/// What is missing, or that an answer was wrong: a fast wrong answer is no answer.
pub async fn run(options: Options) -> Outcome {
    let lines = match options.job {
        Job::Eligibility => rooms::eligibility(options.n.unwrap_or(1_000_000), options.one)?,
        Job::Verify => rooms::verify(options.n.unwrap_or(10_000))?,
        Job::Bridge => rooms::bridge(options.n.unwrap_or(1_000_000), &options.data).await?,
        Job::Jpki => rooms::jpki(options.n.unwrap_or(2_000))?,
        Job::Present => present::run(&options).await?,
        Job::Oidc => oidc::run(&options).await?,
        Job::Revoke if options.undisturbed => revoke::undisturbed(&options).await?,
        Job::Revoke => revoke::run(&options).await?,
        Job::Push => notice::push(&options)?,
        Job::Notice => notice::notice(&options).await?,
    };
    for line in lines {
        if options.json {
            println!("{}", serde_json::to_string(&line)?);
        } else {
            println!("{line}");
        }
    }
    Ok(())
}
