//! Places: shelters, facilities and hazards from open data, on a map and as a list that says the same.
//!
//! The town's pack names the data sets. Each file that comes (from the pack, from its address by a timetable, from the staff) is read, judged and either
//! shown, held for somebody, or refused; a broken file never replaces a good one. Looking needs no account, and where somebody asked from is kept nowhere.

mod api;
mod asked;
mod basemap;
mod domain;
mod model;
mod pages;
mod problem;
mod rules;
mod store;
mod style;
mod words;

use std::sync::Arc;

use ::store::{Migrations, Permission};
use jiff::SignedDuration;
use web::{FILE_BYTES_MAX, FileRoute, MenuItem, Outside, Service};

pub use domain::bring::{open, upload};
pub use domain::fetch::fetch_now;
pub use domain::keep::{Kept, approve, discard, kept, take_back, version, versions};
pub use domain::look::{Area, Shown, look, place};
pub use model::*;
pub use rules::near::direction;
pub use rules::spot::{Kind, Listed, Spot, Wish};
pub use rules::{Bounds, Expected, read};

/// The room's tables.
pub const MIGRATIONS: Migrations =
    Migrations { room: "places", files: &[("202611262050_create.sql", include_str!("../migrations/202611262050_create.sql"))] };

/// When a day's fetches are planned, after midnight in Japan.
const PLAN_AFTER_MIDNIGHT: SignedDuration = SignedDuration::ZERO;

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/places.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/places.ftl")),
    ("en", include_str!("../texts/en/places.ftl")),
    ("vi", include_str!("../texts/vi/places.ftl")),
    ("zh", include_str!("../texts/zh/places.ftl")),
    ("pt", include_str!("../texts/pt/places.ftl")),
    ("tl", include_str!("../texts/tl/places.ftl")),
    ("id", include_str!("../texts/id/places.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 40, href: "/map", text: "menu-map", icon: "map", staff: None },
    MenuItem { rank: 72, href: "/staff/map", text: "menu-staff-map", icon: "map", staff: Some(Permission::KeepPlaces) },
];

/// A data set as the office has it.
const FILES: &[FileRoute] = &[FileRoute { path: "/staff/map/", bytes_max: FILE_BYTES_MAX as usize }];

/// The service; `outside` fetches the files of other servers.
pub fn service(outside: Arc<dyn Outside>) -> Service {
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes(),
        api: api::routes(),
        jobs: Box::new(move |jobs| {
            jobs.every_day(domain::fetch::PLAN_DAILY, PLAN_AFTER_MIDNIGHT, |ctx, _| {
                Box::pin(async move { Ok(domain::fetch::plan_day(ctx).await?) })
            });
            let outside = Arc::clone(&outside);
            jobs.on_outside(domain::fetch::FETCH, move |store, job| {
                let outside = Arc::clone(&outside);
                Box::pin(async move { Ok(domain::fetch::fetch(store, &outside, &job.payload()?).await?) })
            });
        }),
        texts: TEXTS,
        menu: MENU,
        files: FILES,
        ..Service::new("places")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    #[tokio::test]
    async fn every_query_is_understood_by_every_engine() {
        for test in ::store::testing::databases().await.unwrap() {
            ::store::migrate(&test.db, &[super::MIGRATIONS], &::store::SystemClock).await.unwrap();
            ::store::testing::prepare_all(&test.db, crate::store::ALL).await.unwrap();
        }
    }
}
