//! A town from nothing: keys, residents, a real bundle over the bridge, software cards, a centre and a station.

pub(crate) mod people;
mod steps;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use station::{CardFolder, Centre, Slot};
use store::{Clock as _, SystemClock};
use town::Town;

use crate::Outcome;
use crate::centre::Serving;
use crate::house::{self, Setup};
use crate::{phone_cards, serve, station_command};

/// What `tegata demo` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// The town pack's folder.
    #[arg(long)]
    pub town: PathBuf,
    /// Where everything of the demonstration is kept.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Begin again from nothing.
    #[arg(long)]
    pub reset: bool,
    /// How many people live there; the pack's districts if left out.
    #[arg(long)]
    pub residents: Option<u32>,
    /// Address of the centre.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address of the station.
    #[arg(long, default_value = "127.0.0.1:8081")]
    pub station: SocketAddr,
}

impl Options {
    fn data(&self) -> PathBuf {
        let name = self.town.file_name().map(PathBuf::from).unwrap_or_default();
        self.data.clone().unwrap_or_else(|| Path::new("var").join(name))
    }
}

/// Makes the town if it is not there yet, and serves it.
///
/// # Errors
/// What is missing or wrong, in one line.
pub async fn run(options: Options) -> Outcome {
    let data = options.data();
    let database = std::env::var("TEGATA_DATABASE_URL").unwrap_or_else(|_| format!("sqlite:{}", data.join("town.db").display()));
    if options.reset {
        reset(&data, &database).await?;
    }
    let town = load_town(&options.town)?;
    fs::create_dir_all(&data)?;
    let _serving = Serving::hold(&data)?;
    steps::keys(&data)?;
    let cast = steps::residents(&town, &data, options.residents)?;
    steps::cards(&town, &data, &cast)?;
    let origin = format!("http://localhost:{}", options.listen.port());
    let station = format!("http://localhost:{}", options.station.port());
    phone_cards::make_up(&town, &data, &origin, SystemClock.now())?;
    let setup = Setup {
        town,
        database,
        keys: data.join("keys"),
        trust: data.join("trust"),
        origin: origin.clone(),
        demo: true,
        station: Some(station.clone()),
        clock: Arc::new(SystemClock),
        neighbours: None,
    };
    let house = house::open(setup).await?;
    steps::bundle(&house, &data).await?;
    let codes = steps::codes(&house).await?;
    steps::tell(&house, &origin, &station, &cast, &codes);
    let cards = Slot::Cards(CardFolder::new(data.join("cards")));
    let centre = Centre::new(&origin).enrolled(steps::station(&house, &origin, &data).await?);
    let serving = tokio::spawn(async move { station_command::serve_station(centre, cards, options.station).await });
    serve::serve(house, options.listen, Some(data.join("bridge"))).await?;
    serving.abort();
    Ok(())
}

/// Removes what a demonstration has made: its folder, and the tables of its database.
async fn reset(data: &Path, database: &str) -> Outcome {
    if data.is_dir() {
        fs::remove_dir_all(data)?;
    }
    if database.starts_with("postgres") {
        store::Db::open(database).await?.forget_everything().await?;
    }
    Ok(())
}

/// Loads a pack, or says what is wrong with it.
///
/// # Errors
/// Every fault, a line each.
pub fn load_town(folder: &Path) -> Outcome<Arc<Town>> {
    Town::load(folder).map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect::<String>().into())
}
