//! The citizens' guide: what verified residents know about places, read by everybody and published as open data.
//!
//! What is written waits for staff or is looked at afterwards, as the pack says. Authors are known to the house by their card and to readers by the
//! pen name they chose. Every post that is read stands in the guide's files under its licence, and nothing else does.

mod api;
mod domain;
mod model;
mod opendata;
mod pages;
mod problem;
mod rules;
mod store;

use ::store::{Migrations, Permission};
use town::Town;
use web::{FileRoute, MenuItem, Service, UPLOAD_BYTES_MAX};

pub use model::*;

/// The room's tables.
pub const MIGRATIONS: Migrations =
    Migrations { room: "community", files: &[("202611262100_create.sql", include_str!("../migrations/202611262100_create.sql"))] };

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/community.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/community.ftl")),
    ("en", include_str!("../texts/en/community.ftl")),
    ("vi", include_str!("../texts/vi/community.ftl")),
    ("zh", include_str!("../texts/zh/community.ftl")),
    ("pt", include_str!("../texts/pt/community.ftl")),
    ("tl", include_str!("../texts/tl/community.ftl")),
    ("id", include_str!("../texts/id/community.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 45, href: "/guide", text: "menu-guide", icon: "book", staff: None },
    MenuItem { rank: 46, href: "/staff/guide", text: "menu-staff-guide", icon: "book", staff: Some(Permission::KeepGuide) },
];

/// Posts come with a photo.
const FILES: &[FileRoute] = &[FileRoute { path: "/guide/", bytes_max: UPLOAD_BYTES_MAX }];

/// The service; in the menus only where the town has a guide.
pub fn service(town: Option<&Town>) -> Service {
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes(),
        api: api::routes(),
        reactions: Box::new(|reactions| {
            reactions.on(identity::AccountsMerged::KIND, |ctx, event| {
                Box::pin(async move {
                    let merged: identity::AccountsMerged = event.payload()?;
                    Ok(domain::life::merged(ctx, merged.kept, merged.closed).await?)
                })
            });
            reactions.on(identity::AccountClosed::KIND, |ctx, event| {
                Box::pin(async move {
                    let closed: identity::AccountClosed = event.payload()?;
                    Ok(domain::life::closed(ctx, closed.account).await?)
                })
            });
        }),
        texts: TEXTS,
        files: FILES,
        export: Some(|ctx, account| Box::pin(async move { Ok(domain::life::export(ctx, account).await?) })),
        menu: if town.is_some_and(|town| !town.guides.is_empty()) { MENU } else { &[] },
        ..Service::new("community")
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn every_query_is_understood_by_every_engine() {
        for test in ::store::testing::databases().await.unwrap() {
            ::store::migrate(&test.db, &[super::MIGRATIONS], &::store::SystemClock).await.unwrap();
            ::store::testing::prepare_all(&test.db, &crate::store::all()).await.unwrap();
        }
    }
}
