//! The edge node: a card reader with a page of its own, beside the resident's browser or at a counter.
//!
//! It takes the code of a proof, fetches the question from the centre, lets the card answer, and hands the answer back. The PIN goes to the card
//! and nowhere else; the centre checks everything again. Whatever is missing for the moment (the reader, the card, the centre), the page says so and
//! goes on by itself when it is there.

mod at_card;
mod centre;
mod enrolment;
mod folder;
mod forms;
mod guard;
mod kept;
mod pages;
mod pcsc;
mod slot;
mod taps;
pub mod virtual_reader;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

pub use centre::{Centre, CentreError, EnrolError};
pub use enrolment::{Enrolment, EnrolmentError};
pub use folder::{CardFolder, LaidCard, OnReader};
pub use pcsc::CardReader;
pub use slot::Slot;

/// How often an enrolled station says at the centre that it is there.
const GREETING: Duration = Duration::from_secs(6 * 60 * 60);
/// How soon it says so again when the centre was away.
const GREETING_AGAIN: Duration = Duration::from_secs(60);

/// What a station works with.
pub struct Station {
    centre: Centre,
    slot: Slot,
    /// Held while the card is spoken to: a card does one thing at a time.
    at_card: Mutex<()>,
    forms: forms::Forms,
    kept: kept::Kept,
    taps: taps::Taps,
    /// Whether the centre has said that this station is no longer enrolled.
    parted: AtomicBool,
    texts: town::Catalogue,
    assets: web::Assets,
}

/// The station's texts: language tag and Fluent file, in the order of the switch.
const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/station.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/station.ftl")),
    ("en", include_str!("../texts/en/station.ftl")),
    ("vi", include_str!("../texts/vi/station.ftl")),
    ("zh", include_str!("../texts/zh/station.ftl")),
    ("pt", include_str!("../texts/pt/station.ftl")),
    ("tl", include_str!("../texts/tl/station.ftl")),
    ("id", include_str!("../texts/id/station.ftl")),
];

impl Station {
    /// Sets a station up in front of a centre with the place where cards lie.
    pub fn new(centre: Centre, slot: Slot) -> Self {
        let texts = TEXTS.iter().filter_map(|(tag, text)| Some((tag.parse::<town::Language>().ok()?, *text)));
        let texts: Vec<_> = texts.collect();
        let catalogue = town::Catalogue::new(texts.iter().map(|(language, _)| language));
        let add = |catalogue: town::CatalogueBuilder, (language, text): &(town::Language, &str)| {
            catalogue.add(language, &format!("station/{language}.ftl"), text)
        };
        let texts = texts.iter().fold(catalogue, add).build();
        Self {
            centre,
            slot,
            at_card: Mutex::default(),
            forms: forms::Forms::default(),
            kept: kept::Kept::default(),
            taps: taps::Taps::default(),
            parted: AtomicBool::new(false),
            texts,
            assets: web::Assets::load(),
        }
    }

    /// Serves the station's page, and keeps its enrolment from ending unused.
    ///
    /// # Errors
    /// When nothing can be accepted on the address any more.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let station = Arc::new(self);
        let greeting = tokio::spawn(greet(Arc::clone(&station)));
        let served = axum::serve(listener, station.routes()).await;
        greeting.abort();
        served
    }

    /// The station's page alone.
    pub fn router(self) -> Router {
        Arc::new(self).routes()
    }

    fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", get(pages::start))
            .route("/waiting", get(pages::watch_centre))
            .route("/card", get(pages::card).post(pages::read))
            .route("/card/waiting", get(pages::watch_card))
            .route("/tap", get(pages::tap))
            .route("/tap/waiting", get(pages::watch_tap))
            .route("/kept", get(pages::kept))
            .route("/kept/waiting", get(pages::watch_kept))
            .route("/healthz", get(async || "ok\n"))
            .merge(web::assets_router())
            .layer(axum::middleware::from_fn_with_state(Arc::clone(self), guard::guard))
            .with_state(Arc::clone(self))
    }

    /// Whether the four items this station reads count at the centre, so that the 4-digit PINs are enough.
    fn is_enrolled(&self) -> bool {
        self.centre.enrolment().is_some() && !self.parted.load(Ordering::Relaxed)
    }

    /// Notes what the centre says of the enrolment.
    fn is_parted(&self, parted: bool) {
        self.parted.store(parted, Ordering::Relaxed);
    }
}

async fn greet(station: Arc<Station>) {
    if station.centre.enrolment().is_none() {
        return;
    }
    loop {
        let centre = station.centre.clone();
        let pause = match tokio::task::spawn_blocking(move || centre.greet()).await {
            Ok(Ok(())) => {
                station.is_parted(false);
                GREETING
            }
            Ok(Err(CentreError::Refused { code })) => {
                tracing::error!(code, "the centre does not know this station: enrol it again");
                station.is_parted(true);
                GREETING
            }
            Ok(Err(CentreError::Unreachable(error))) => {
                tracing::warn!(%error, "the centre cannot be reached");
                GREETING_AGAIN
            }
            Err(error) => {
                tracing::error!(%error, "the greeting fell over");
                GREETING_AGAIN
            }
        };
        tokio::time::sleep(pause).await;
    }
}
