//! The binary: `tegata serve | demo | station | keys | bridge | town | audit`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use store::{Clock as _, SystemClock};
use tegata::{Outcome, bench, bridge, demo, house, keys, scenario, serve, town_command};

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
    /// Serve a card reader's page.
    Station {
        /// The centre's address.
        #[arg(long)]
        centre: String,
        /// Folder of software cards.
        #[arg(long)]
        cards: PathBuf,
        /// Address to listen on.
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: SocketAddr,
    },
    /// Make the keys that are missing in a folder.
    Keys {
        /// The folder.
        folder: PathBuf,
    },
    /// The data bridge.
    #[command(subcommand)]
    Bridge(Bridge),
    /// Town packs.
    #[command(subcommand)]
    Town(TownCommand),
    /// The audit trail.
    #[command(subcommand)]
    Audit(Audit),
    /// Measure, as `bench/*.md` says.
    Bench(bench::Options),
}

#[derive(clap::Args)]
struct Serve {
    /// The town pack's folder.
    #[arg(long)]
    town: PathBuf,
    /// Folder for the database (unless `TEGATA_DATABASE_URL` is set), `keys/`, `trust/` and `bridge/`.
    #[arg(long)]
    data: PathBuf,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where people reach it.
    #[arg(long)]
    origin: String,
    /// A station's address to offer residents.
    #[arg(long)]
    station: Option<String>,
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
        /// The town pack's folder.
        #[arg(long)]
        town: PathBuf,
        /// The centre's data folder.
        #[arg(long)]
        data: PathBuf,
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
            let mut text = failure.to_string();
            let mut source = failure.source();
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            eprintln!("tegata: {text}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Bench(options) => bench::run(options).await,
        Command::Serve(options) => serve_town(options).await,
        Command::Demo(options) => demo::run(options).await,
        Command::Station { centre, cards, listen } => demo::serve_station(&centre, cards, listen).await,
        Command::Keys { folder } => keys::CentreKeys::make_missing(&folder),
        Command::Bridge(Bridge::Seal { town, export, keys, state, out }) => {
            let path = bridge::seal_export(&*demo::load_town(&town)?, &export, &keys, &state, &out, SystemClock.now())?;
            println!("{}", path.display());
            Ok(())
        }
        Command::Bridge(Bridge::Open { town, data, folder }) => {
            let folder = folder.unwrap_or_else(|| data.join("bridge"));
            let house = house::open(setup(&town, &data, "http://localhost".to_owned(), None)?).await?;
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

async fn serve_town(options: Serve) -> Outcome {
    let folder = options.data.join("bridge");
    std::fs::create_dir_all(&folder)?;
    let house = house::open(setup(&options.town, &options.data, options.origin, options.station)?).await?;
    serve::serve(house, options.listen, Some(folder)).await
}

fn setup(town: &std::path::Path, data: &std::path::Path, origin: String, station: Option<String>) -> Outcome<house::Setup> {
    Ok(house::Setup {
        town: demo::load_town(town)?,
        database: database(data),
        keys: data.join("keys"),
        trust: data.join("trust"),
        origin,
        demo: false,
        station,
        clock: Arc::new(SystemClock),
    })
}

fn database(data: &std::path::Path) -> String {
    std::env::var("TEGATA_DATABASE_URL").unwrap_or_else(|_| format!("sqlite:{}", data.join("town.db").display()))
}
