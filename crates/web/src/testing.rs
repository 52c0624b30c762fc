//! A house with one room in it, for the stories of that room.

use std::sync::Arc;

use axum::Router;
use store::{Clock, Db, JobHandlers, Migrations, Reactions, Store, StoreBuilder};
use town::Town;

use crate::{App, AppBuilder, Service, TEXTS, house};

/// An open house of one room.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The room's jobs, done when the story does them.
    pub jobs: JobHandlers,
    /// The texts and menus of the shell and the room.
    pub app: App,
    /// The room's pages and API, behind the guards of every house.
    pub router: Router,
}

/// Opens a house of one room above `lower` rooms' tables, reached at `origin`.
///
/// # Panics
/// When the tables cannot be made: nothing can be told then.
pub async fn open(db: Db, town: Arc<Town>, clock: Arc<dyn Clock>, lower: &[Migrations], service: Service, origin: &str) -> Opened {
    open_in_band(db, town, clock, lower, service, origin, None).await
}

/// As [`open`], with a band on every page.
///
/// # Panics
/// As [`open`].
pub async fn open_in_band(
    db: Db,
    town: Arc<Town>,
    clock: Arc<dyn Clock>,
    lower: &[Migrations],
    service: Service,
    origin: &str,
    band: Option<&'static str>,
) -> Opened {
    let (mut reactions, mut jobs) = (Reactions::default(), JobHandlers::default());
    (service.reactions)(&mut reactions);
    (service.jobs)(&mut jobs);
    let migrations = lower.iter().copied().chain(service.migrations).collect();
    let store = StoreBuilder { db, town, clock, migrations, reactions }.open().await.expect("tables of a new database");
    let texts = TEXTS.iter().chain(service.texts).copied().collect();
    let app = AppBuilder { store: store.clone(), texts, menu: service.menu.to_vec(), origin: origin.to_owned(), band }.build();
    Opened { store, jobs, router: house(app.clone(), vec![service]), app }
}
