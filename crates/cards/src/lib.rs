//! Programmes, entitlements, cards, presentations and decisions: from a right to a yes at the counter.

mod api;
mod domain;
mod fault;
mod model;
mod pages;
mod people;
mod problem;
mod rules;
mod store;
mod words;

use std::sync::Arc;

use ::store::{Migrations, Reactions};
use axum::Extension;
use axum::http::Method;
use identity::CodeKind;
use jiff::SignedDuration;
use town::Town;
use web::{CodeRoute, MenuItem, Outside, Service};

pub use domain::*;
pub use fault::Fault;
pub use model::*;

/// The room's tables.
pub const MIGRATIONS: Migrations = Migrations {
    room: "cards",
    files: &[
        ("202611230900_create.sql", include_str!("../migrations/202611230900_create.sql")),
        ("202611252210_free_places.sql", include_str!("../migrations/202611252210_free_places.sql")),
        ("202611261010_media.sql", include_str!("../migrations/202611261010_media.sql")),
        ("202611261030_wallets.sql", include_str!("../migrations/202611261030_wallets.sql")),
        ("202611270610_neighbours.sql", include_str!("../migrations/202611270610_neighbours.sql")),
    ],
};

/// The room's texts.
const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/cards.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/cards.ftl")),
    ("en", include_str!("../texts/en/cards.ftl")),
    ("vi", include_str!("../texts/vi/cards.ftl")),
    ("zh", include_str!("../texts/zh/cards.ftl")),
    ("pt", include_str!("../texts/pt/cards.ftl")),
    ("tl", include_str!("../texts/tl/cards.ftl")),
    ("id", include_str!("../texts/id/cards.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 10, href: "/", text: "menu-cards", icon: "card", staff: None },
    MenuItem {
        rank: 20,
        href: "/staff/programmes",
        text: "menu-programmes",
        icon: "card",
        staff: Some(::store::Permission::SeeProgrammes),
    },
    MenuItem { rank: 50, href: "/staff/use", text: "menu-use", icon: "chart", staff: Some(::store::Permission::SeeUse) },
    MenuItem { rank: 80, href: "/staff/places", text: "menu-places", icon: "place", staff: Some(::store::Permission::PairVerifier) },
    // The last: left out where the pack knows no guests.
    MenuItem { rank: 25, href: "/staff/residence", text: "menu-guests", icon: "people", staff: Some(::store::Permission::SeeProgrammes) },
];

/// Where codes are typed: shared cards, and the pairing of a place.
const CODES: &[CodeRoute] = &[
    CodeRoute { method: Method::POST, path: "/join", kind: CodeKind::Share },
    CodeRoute { method: Method::POST, path: "/api/v1/verifier/pair", kind: CodeKind::Pairing },
];

/// When people are told that what they hold as somebody from outside ends soon: nobody is woken for it.
const REMINDED_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_hours(9);

/// What asks neighbours: their pages and jobs are handed it.
pub(crate) type Network = Arc<dyn Outside>;

/// The cards service; `office` holds the town's signing key, `outside` asks neighbouring towns for their keys and status lists.
pub fn service(office: Arc<Office>, outside: Arc<dyn Outside>, town: &Town) -> Service {
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes()
            .merge(api::wallet::routes())
            .merge(api::residence::routes())
            .layer(Extension(Arc::clone(&office)))
            .layer(Extension(Arc::clone(&outside))),
        api: api::routes().layer(Extension(office)),
        reactions: Box::new(reactions),
        jobs: Box::new(move |jobs| {
            jobs.every_day(EVERY_MIDNIGHT, SignedDuration::ZERO, |ctx, _| {
                Box::pin(async move {
                    reevaluate_town(ctx).await?;
                    reevaluate_guests(ctx).await?;
                    free_places(ctx).await?;
                    forget_wallets(ctx).await?;
                    Ok(())
                })
            });
            jobs.every_day(NEIGHBOURS_DAILY, SignedDuration::ZERO, |ctx, _| Box::pin(async move { Ok(neighbours_daily(ctx).await?) }));
            jobs.every_day(REMIND_GUESTS, REMINDED_AFTER_MIDNIGHT, |ctx, _| Box::pin(async move { Ok(remind_guests(ctx).await?) }));
            let outside = Arc::clone(&outside);
            jobs.on_outside(FOLLOW_NEIGHBOUR, move |store, job| {
                let outside = Arc::clone(&outside);
                Box::pin(async move { Ok(follow_neighbour(store, &outside, &job.payload()?).await?) })
            });
            jobs.on(FOLLOW_BUNDLE, |ctx, job| Box::pin(async move { Ok(follow_bundle(ctx, &job.payload()?).await?) }));
        }),
        texts: TEXTS,
        export: Some(|ctx, account| Box::pin(async move { Ok(domain::export(ctx, account).await?) })),
        menu: if town.has_guests() { MENU } else { &MENU[..MENU.len() - 1] },
        codes: CODES,
        ..Service::new("cards")
    }
}

fn reactions(reactions: &mut Reactions) {
    reactions.on(registry::BUNDLE_APPLIED, |ctx, event| {
        Box::pin(async move {
            let applied: registry::BundleApplied = event.payload()?;
            Ok(plan_to_follow(ctx, applied.residents.as_deref()).await?)
        })
    });
    reactions.on(identity::Unlinked::KIND, |ctx, event| {
        Box::pin(async move {
            let unlinked: identity::Unlinked = event.payload()?;
            Ok(end_unlinked(ctx, unlinked.account).await?)
        })
    });
    reactions.on(identity::ResidenceEnded::KIND, |ctx, event| {
        Box::pin(async move {
            let ended: identity::ResidenceEnded = event.payload()?;
            Ok(residence_ended(ctx, ended.account, ended.why).await?)
        })
    });
    reactions.on(identity::Linked::KIND, |ctx, event| {
        Box::pin(async move {
            let linked: identity::Linked = event.payload()?;
            Ok(end_of_guest(ctx, linked.account).await?)
        })
    });
    reactions.on(identity::ProxyEnded::KIND, |ctx, event| {
        Box::pin(async move {
            let ended: identity::ProxyEnded = event.payload()?;
            if let Some(agent) = ended.agent {
                end_of_proxy(ctx, agent, ended.principal).await?;
            }
            Ok(())
        })
    });
    reactions.on(identity::AccountClosed::KIND, |ctx, event| {
        Box::pin(async move {
            let closed: identity::AccountClosed = event.payload()?;
            Ok(end_closed(ctx, closed.account).await?)
        })
    });
    reactions.on(identity::PhoneEnded::KIND, |ctx, event| {
        Box::pin(async move {
            let ended: identity::PhoneEnded = event.payload()?;
            end_phone_cards(ctx, ended.phone).await?;
            Ok(end_all_in_wallets(ctx, ended.account).await?)
        })
    });
    reactions.on(identity::AllEnded::KIND, |ctx, event| {
        Box::pin(async move {
            let ended: identity::AllEnded = event.payload()?;
            Ok(end_all_in_wallets(ctx, ended.account).await?)
        })
    });
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn every_query_is_understood_by_every_engine() {
        for test in ::store::testing::databases().await.unwrap() {
            ::store::migrate(&test.db, &[super::MIGRATIONS], &::store::SystemClock).await.unwrap();
            ::store::testing::prepare_all(&test.db, crate::store::ALL).await.unwrap();
            ::store::testing::prepare_all(&test.db, crate::store::wallets::ALL).await.unwrap();
            ::store::testing::prepare_all(&test.db, crate::store::neighbours::ALL).await.unwrap();
        }
    }
}
