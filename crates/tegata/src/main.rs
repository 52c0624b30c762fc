//! The binary: `tegata serve | demo | simulator | station | card | phone | keys | bridge | town | staff | audit | bench`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use store::{Clock as _, SystemClock};
use tegata::centre::{Centre, Serving, database};
use tegata::{
    Outcome, backup, bench, bridge, demo, doctor, house, keys, phone_cards, scenario, serve, simulator, staff_command, station_command,
    town_command,
};

/// What a log-in allocates on one thread is freed on another, and much of it: a sixth of its time with the C library's allocator (bench/oidc.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The resident passport of a town.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a town.
    Serve(Serve),
    /// Make a demonstration town and serve it with a station beside it.
    Demo(demo::Options),
    /// Serve single sign-on with people who do not exist, for the developers of other services.
    Simulator(simulator::Options),
    /// Serve a card reader's page, or enrol the reader.
    Station(station_command::Options),
    /// Lay a software card on the virtual reader of vsmartcard, for any program that reads cards over PC/SC.
    Card(station_command::Card),
    /// Present the card of a phone in software, in a demonstration.
    Phone(phone_cards::Options),
    /// Make the keys that are missing in a folder.
    Keys {
        /// The folder.
        folder: PathBuf,
        /// Make new keys for single sign-on's tokens besides; a server takes them within a minute.
        #[arg(long, conflicts_with = "app")]
        rotate_tokens: bool,
        /// Instead of them, the key of this identity app: it is made if it is missing, and its public half printed for the provider to register.
        #[arg(long)]
        app: Option<town::AppId>,
        /// Besides, the key its answers are encrypted to, where the card signs by it; both public halves are printed as one JWK Set. The word is that
        /// of the pack's encryption.
        #[arg(long, requires = "app", value_name = "ENCRYPTION", num_args = 0..=1, default_missing_value = "ECDH-ES", value_parser = encryption)]
        signs: Option<town::AppEncryption>,
    },
    /// The data bridge.
    #[command(subcommand)]
    Bridge(Bridge),
    /// Town packs.
    #[command(subcommand)]
    Town(TownCommand),
    /// The town's staff.
    #[command(subcommand)]
    Staff(Staff),
    /// The audit trail.
    #[command(subcommand)]
    Audit(Audit),
    /// Write the whole database to one file, also while it is served.
    Backup(backup::Backup),
    /// Lay a backup down in the database.
    Restore(backup::Restore),
    /// Print the API's OpenAPI document, the same for every town but for its name.
    Openapi {
        /// A town pack's folder.
        #[arg(long)]
        town: PathBuf,
    },
    /// Look at everything a town needs to be served; the exit code says whether anything is at fault.
    Doctor(doctor::Options),
    /// Measure, as `bench/*.md` says.
    Bench(bench::Options),
}

#[derive(clap::Args)]
struct Serve {
    #[command(flatten)]
    centre: Centre,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where people reach it.
    #[arg(long)]
    origin: String,
    /// A station's address to offer residents.
    #[arg(long)]
    station: Option<String>,
    /// A proxy on another machine whose X-Forwarded-For is believed; one on this machine always is. May be given several times.
    #[arg(long)]
    proxy: Vec<IpAddr>,
}

#[derive(Subcommand)]
enum Bridge {
    /// Inner network: seal an export into the next bundle.
    Seal {
        /// The town pack's folder.
        #[arg(long)]
        town: PathBuf,
        /// The register's export.
        #[arg(long)]
        export: PathBuf,
        /// Folder of the inner side's keys.
        #[arg(long)]
        keys: PathBuf,
        /// Folder in which the inner side keeps its number.
        #[arg(long)]
        state: PathBuf,
        /// Folder the bundle is written to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Centre: open the bundles of a folder in order. What needs approval waits for the console.
    Open {
        #[command(flatten)]
        centre: Centre,
        /// The folder; `bridge/` of the data folder if left out.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum TownCommand {
    /// Check a pack: every fault with file, line and column; every case run.
    Check {
        /// The pack's folder.
        folder: PathBuf,
    },
    /// Play a pack's stories: on SQLite, and on PostgreSQL where `TEGATA_TEST_POSTGRES` names a server.
    Test {
        /// The pack's folder.
        folder: PathBuf,
    },
    /// Tell a pack in plain words.
    Explain {
        /// The pack's folder.
        folder: PathBuf,
        /// The language.
        #[arg(long, default_value = "ja")]
        language: String,
    },
}

#[derive(Subcommand)]
enum Staff {
    /// Invite the first administrator: prints a page to open once.
    Invite(staff_command::Invite),
}

#[derive(Subcommand)]
enum Audit {
    /// Walk the hash chain of the trail.
    Verify {
        /// The centre's data folder.
        #[arg(long)]
        data: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("tegata: {}", store::error_chain(&*failure));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Bench(options) => bench::run(options).await,
        Command::Backup(options) => backup::backup_command(options).await,
        Command::Restore(options) => backup::restore_command(options).await,
        Command::Openapi { town } => {
            println!("{}", house::openapi(&demo::load_town(&town)?)?);
            Ok(())
        }
        Command::Phone(options) => tokio::task::spawn_blocking(move || phone_cards::command(&options)).await?,
        Command::Doctor(options) => doctor::command(options).await,
        Command::Serve(options) => serve_town(options).await,
        Command::Demo(options) => demo::run(options).await,
        Command::Simulator(options) => simulator::run(options).await,
        Command::Station(options) => station_command::run(options).await,
        Command::Card(options) => station_command::card(options).await,
        Command::Keys { folder, app: Some(app), signs, .. } => print_app_key(&folder, &app, signs),
        Command::Keys { folder, rotate_tokens, app: None, .. } => {
            keys::CentreKeys::make_missing(&folder)?;
            if rotate_tokens {
                for name in keys::CentreKeys::rotate_tokens(&folder, SystemClock.now())? {
                    println!("{}", folder.join(name).display());
                }
            }
            Ok(())
        }
        Command::Bridge(Bridge::Seal { town, export, keys, state, out }) => {
            let path = bridge::seal_export(&*demo::load_town(&town)?, &export, &keys, &state, &out, SystemClock.now())?;
            println!("{}", path.display());
            Ok(())
        }
        Command::Bridge(Bridge::Open { centre, folder }) => {
            let folder = folder.unwrap_or_else(|| centre.bridge());
            let house = house::open(centre.setup("http://localhost", None)?).await?;
            for outcome in registry::process_folder(&house.store, &folder, &house.bridge).await? {
                println!("{}: {:?}", outcome.file, outcome.result);
            }
            // Entitlements follow at once, whether a server runs beside this or not.
            store::run_due_jobs(&house.store, &house.jobs).await?;
            Ok(())
        }
        Command::Town(TownCommand::Check { folder }) => town_command::check(&folder),
        Command::Town(TownCommand::Test { folder }) => scenario::test(&folder).await,
        Command::Town(TownCommand::Explain { folder, language }) => town_command::explain(&folder, &language.parse()?, SystemClock.today()),
        Command::Staff(Staff::Invite(options)) => staff_command::invite(options).await,
        Command::Audit(Audit::Verify { data }) => {
            let db = store::Db::open(&database(&data)).await?;
            match store::verify_audit(&mut db.read().await?).await? {
                Ok(lines) => println!("{lines} lines, unbroken"),
                Err(fault) => return Err(format!("the trail does not hold: {fault:?}").into()),
            }
            Ok(())
        }
    }
}

fn encryption(word: &str) -> Result<town::AppEncryption, String> {
    let known = || town::AppEncryption::ALL.iter().map(|known| known.word()).collect::<Vec<_>>().join(", ");
    town::AppEncryption::from_word(word).ok_or_else(|| format!("use one of {}", known()))
}

/// Prints the public half of an identity app's key, as a JWK; of both keys of one by which the card signs, as a JWK Set.
fn print_app_key(folder: &Path, app: &town::AppId, signs: Option<town::AppEncryption>) -> Outcome {
    let keys = keys::CentreKeys::in_folder(folder);
    keys.make_app(app)?;
    if let Some(encryption) = signs {
        keys.make_app_opening(app, encryption)?;
    }
    let key = keys.app(app)?.ok_or("the key was made and is not there")?;
    let public = if signs.is_some() { key.public_set() } else { serde_json::to_value(key.public())? };
    println!("{}", serde_json::to_string_pretty(&public)?);
    Ok(())
}

async fn serve_town(options: Serve) -> Outcome {
    let folder = options.centre.bridge();
    std::fs::create_dir_all(&folder)?;
    let _serving = Serving::hold(&options.centre.data)?;
    let house = house::open(options.centre.setup(&options.origin, options.station)?).await?;
    house.app.trust(web::Proxies(options.proxy.into()));
    serve::serve(house, options.listen, Some(folder)).await
}
