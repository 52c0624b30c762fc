//! `tegata station` serves a card reader's page, `tegata station enrol` makes it the town's own, `tegata card` lays a software card on a virtual
//! reader.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use station::virtual_reader::{PORT, VirtualReader};
use station::{CardFolder, CardReader, Centre, CentreError, EnrolError, Enrolment, Slot, Station};
use tokio::net::TcpListener;

use crate::address::reached_at;
use crate::{Failure, Outcome};

const WRONG_CODE: &str =
    "the code is wrong, over, used, or was made for a verifier: make one for a card reader on the console's page of places";

/// What `tegata station` is told.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Option<Serve>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Enrol this machine's card reader at the centre, with the one-time code its console made for the place.
    Enrol(Enrol),
}

#[derive(clap::Args, Debug)]
struct Serve {
    /// The centre's address.
    #[arg(long)]
    centre: String,
    /// What the enrolment was kept in: with it, the 4-digit PINs are enough.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Part of a reader's name, where this machine has several and not all are meant.
    #[arg(long)]
    reader: Option<String>,
    /// Folder of software cards, instead of a reader.
    #[arg(long, conflicts_with = "reader")]
    cards: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
}

#[derive(clap::Args, Debug)]
struct Enrol {
    /// The centre's address.
    #[arg(long)]
    centre: String,
    /// The file to keep the enrolment in, readable by its owner only.
    #[arg(long)]
    keep: PathBuf,
    /// What the console calls this reader.
    #[arg(long, default_value = "カードリーダー")]
    label: String,
}

/// What `tegata card` is told.
#[derive(clap::Args, Debug)]
pub struct Card {
    /// Folder of software cards.
    #[arg(long)]
    cards: PathBuf,
    /// The card's name; the cards are listed if it is left out.
    name: Option<String>,
    /// The virtual reader's port on this machine.
    #[arg(long, default_value_t = PORT)]
    port: u16,
}

/// Serves a station's page, or enrols the station.
///
/// # Errors
/// What is missing or wrong, in one line.
pub async fn run(options: Options) -> Outcome {
    match (options.command, options.serve) {
        (Some(Command::Enrol(enrol)), _) => tokio::task::spawn_blocking(move || enrol_station(&enrol)).await?,
        (None, Some(serve)) => {
            let slot = match serve.cards {
                Some(folder) => Slot::Cards(CardFolder::new(folder)),
                None => Slot::Reader(CardReader::new(serve.reader)),
            };
            serve_station(centre(&serve.centre, serve.keep.as_deref())?, slot, serve.listen).await
        }
        (None, None) => Err("--centre is missing".into()),
    }
}

fn centre(address: &str, keep: Option<&Path>) -> Outcome<Centre> {
    let address = reached_at(address)?;
    let centre = Centre::new(&address);
    let Some(path) = keep else { return Ok(centre) };
    Ok(centre.enrolled(Enrolment::load(path, &address)?))
}

/// Serves a station's page.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve_station(centre: Centre, slot: Slot, listen: SocketAddr) -> Outcome {
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("{listen}: {error}"))?;
    tracing::info!(address = %listener.local_addr()?, enrolled = centre.enrolment().is_some(), "the card reader's page");
    Ok(Station::new(centre, slot).serve(listener).await?)
}

/// The code is asked for on standard input: it stands in no list of processes and no shell's history.
fn enrol_station(enrol: &Enrol) -> Outcome {
    if std::io::stdin().is_terminal() {
        print!("登録コード / enrolment code: ");
        std::io::stdout().flush()?;
    }
    let mut code = String::new();
    std::io::stdin().lock().read_line(&mut code)?;
    let enrolment = Centre::new(&reached_at(&enrol.centre)?).enrol(code.trim(), &enrol.label).map_err(|error| match error {
        EnrolError::Centre(CentreError::Refused { code }) if code == "code_not_valid" => Failure::from(WRONG_CODE),
        other => other.into(),
    })?;
    enrolment.save(&enrol.keep)?;
    println!("{} / enrolled: {}", enrolment.place, enrol.keep.display());
    Ok(())
}

/// Lays a software card on the virtual reader until Ctrl-C, or lists the cards there are.
///
/// # Errors
/// No card of that name; no virtual reader.
pub async fn card(options: Card) -> Outcome {
    let folder = CardFolder::new(&options.cards);
    let Some(name) = options.name else {
        for (name, label) in folder.list()? {
            println!("{name}\t{label}");
        }
        return Ok(());
    };
    let mut card = folder.lay(&name).map_err(|error| format!("{name} in {}: {error}", options.cards.display()))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let reader = VirtualReader::find(address)
        .map_err(|error| format!("no virtual reader at {address} ({error}): install vsmartcard-vpcd and start pcscd"))?;
    let off = reader.take_off()?;
    println!("{} / laid on the reader; Ctrl+C takes it off", card.label());
    let lent = tokio::task::spawn_blocking(move || reader.lend(&mut card));
    tokio::select! {
        lent = lent => {
            lent??;
            println!("the reader let go of it");
        }
        signal = tokio::signal::ctrl_c() => {
            signal?;
            off.now();
        }
    }
    Ok(())
}
