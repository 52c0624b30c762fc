use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use store::Store;
use town::{Catalogue, Language, Town};

use crate::{Assets, MenuItem, MoreMetrics, Proxies};

/// What every handler can reach: the store, the texts, the assets, the menus. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    store: Store,
    catalogue: Catalogue,
    assets: Assets,
    menu: Vec<MenuItem>,
    origin: String,
    band: Option<&'static str>,
    proxies: OnceLock<Proxies>,
    more_metrics: OnceLock<MoreMetrics>,
}

/// What an [`App`] is made of.
pub struct AppBuilder {
    /// The open store.
    pub store: Store,
    /// Texts of all rooms, shell included; the town's own come last and win.
    pub texts: Vec<(&'static str, &'static str)>,
    /// The menus of all rooms, in order.
    pub menu: Vec<MenuItem>,
    /// Where people reach the house: `https://passport.example.jp`, without a slash at the end.
    pub origin: String,
    /// The text that stands in a band on every page of a house that is not a town's own: a demonstration, a simulator.
    pub band: Option<&'static str>,
}

impl AppBuilder {
    /// Puts the texts together and makes the app.
    pub fn build(self) -> App {
        let town = Arc::clone(self.store.town());
        let mut catalogue = Catalogue::new(&town.languages);
        for (number, (tag, text)) in self.texts.iter().enumerate() {
            match tag.parse::<Language>() {
                // A town that does not speak a language need not hold its texts; the last ones everybody falls back to are always there.
                Ok(language) if !town.languages.contains(&language) && !language.is_a_last_resort() => {}
                Ok(language) => catalogue = catalogue.add(&language, &format!("house/{tag}/{number}.ftl"), text),
                Err(error) => tracing::error!(%error, "texts in no language"),
            }
        }
        let mut menu = self.menu;
        menu.sort_by_key(|item| item.rank);
        App(Arc::new(Shared {
            catalogue: catalogue.add_town(&town.texts).build(),
            store: self.store,
            assets: Assets::load(),
            menu,
            origin: self.origin,
            band: self.band,
            proxies: OnceLock::new(),
            more_metrics: OnceLock::new(),
        }))
    }
}

impl App {
    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The town pack.
    pub fn town(&self) -> &Arc<Town> {
        self.0.store.town()
    }

    /// The texts.
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The built browser side.
    pub fn assets(&self) -> &Assets {
        &self.0.assets
    }

    /// The menus.
    pub fn menu(&self) -> &[MenuItem] {
        &self.0.menu
    }

    /// Where people reach the house, without a slash at the end.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Believes these proxies in front what they say of who asks. Said once, before anybody asks.
    pub fn trust(&self, proxies: Proxies) {
        let _ = self.0.proxies.set(proxies);
    }

    pub(crate) fn proxies(&self) -> &[IpAddr] {
        self.0.proxies.get().map_or(&[], |Proxies(proxies)| proxies)
    }

    /// Adds lines to `/metrics`. Said once.
    pub fn measure_also(&self, more: MoreMetrics) {
        let _ = self.0.more_metrics.set(more);
    }

    pub(crate) fn more_metrics(&self) -> Option<&MoreMetrics> {
        self.0.more_metrics.get()
    }

    /// The text of the band on every page, where this is not a town's own house.
    pub fn band(&self) -> Option<&'static str> {
        self.0.band
    }
}
