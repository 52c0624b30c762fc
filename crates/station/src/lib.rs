//! The edge node: a card reader with a page of its own, beside the resident's browser or at a counter.
//!
//! It takes the code of a proof, fetches the question from the centre, lets the card answer, and hands the answer back. The PIN goes to the card
//! and nowhere else; the centre checks everything again.

mod centre;
mod forms;
mod guard;
mod pages;
mod slot;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub use centre::Centre;
pub use slot::{CardFolder, LaidCard};

/// What a station works with.
pub struct Station {
    /// The centre it serves.
    pub centre: Centre,
    /// Software cards that can be laid on its reader.
    pub cards: CardFolder,
    forms: forms::Forms,
    texts: town::Catalogue,
    assets: web::Assets,
}

impl Station {
    /// Sets a station up in front of a centre with the cards of a folder.
    pub fn new(centre: Centre, cards: CardFolder) -> Self {
        use town::Language;
        let texts = town::Catalogue::new(&[Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH])
            .add(&Language::JAPANESE, "station/ja.ftl", include_str!("../texts/ja/station.ftl"))
            .add(&Language::EASY_JAPANESE, "station/ja-easy.ftl", include_str!("../texts/ja-easy/station.ftl"))
            .add(&Language::ENGLISH, "station/en.ftl", include_str!("../texts/en/station.ftl"))
            .build();
        Self { centre, cards, forms: forms::Forms::default(), texts, assets: web::Assets::load() }
    }

    /// The station's page.
    pub fn router(self) -> Router {
        let station = Arc::new(self);
        Router::new()
            .route("/", get(pages::start))
            .route("/card", get(pages::card).post(pages::read))
            .route("/healthz", get(async || "ok\n"))
            .merge(web::assets_router())
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&station), guard::guard))
            .with_state(station)
    }
}
