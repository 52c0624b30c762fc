//! Reports: what residents tell the town, with picture and place, and the talk that follows.
//!
//! A report is written as a draft whose key is the browser's, so that what is sent twice is there once. Pictures are drawn anew and hold nothing but
//! pixels. What everybody sees is what staff wrote for everybody, never the reporter or their words. Notes of staff stand in a table of their own.
//! In a disaster the residents of an area, and only they, are asked ([`CALLED`]). Other programs send and read by Open311 GeoReport v2.

mod api;
mod domain;
mod model;
mod open311;
mod pages;
mod photo;
mod problem;
mod rules;
mod store;

use ::store::{Migrations, Permission};
use jiff::SignedDuration;
use web::{FileRoute, MenuItem, Service};

pub use domain::calls::ASK;
pub use domain::life::forget_old;
pub use domain::{CALLED, CHANGED, SENT};
pub use model::*;
pub use rules::{PHOTOS_MAX, REPORTS_A_DAY_MAX};

/// The room's tables.
pub const MIGRATIONS: Migrations = Migrations {
    room: "reports",
    files: &[
        ("202611262050_create.sql", include_str!("../migrations/202611262050_create.sql")),
        ("202611270050_triage.sql", include_str!("../migrations/202611270050_triage.sql")),
    ],
};

/// The job that deletes what is over.
pub const FORGET_DAILY: &str = "reports.forget_old";
/// The job that looks who came under protection measures.
pub const PROTECT: &str = "reports.protect";
/// When the first runs, after midnight in Japan.
const FORGET_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_mins(200);
/// Bytes of a form with its pictures at most: two as large as phones make them; the island sends small ones.
const FORM_BYTES_MAX: usize = 26 << 20;

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/reports.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/reports.ftl")),
    ("en", include_str!("../texts/en/reports.ftl")),
    ("vi", include_str!("../texts/vi/reports.ftl")),
    ("zh", include_str!("../texts/zh/reports.ftl")),
    ("pt", include_str!("../texts/pt/reports.ftl")),
    ("tl", include_str!("../texts/tl/reports.ftl")),
    ("id", include_str!("../texts/id/reports.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 40, href: "/reports", text: "menu-reports", icon: "flag", staff: None },
    MenuItem { rank: 25, href: "/staff/reports", text: "menu-staff-reports", icon: "flag", staff: Some(Permission::AnswerReports) },
];

const FILES: &[FileRoute] =
    &[FileRoute { path: "/reports/new/", bytes_max: FORM_BYTES_MAX }, FileRoute { path: "/api/v1/me/reports", bytes_max: FORM_BYTES_MAX }];

/// The service.
pub fn service() -> Service {
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes().merge(open311::routes()),
        api: api::routes(),
        reactions: Box::new(|reactions| {
            reactions.on(identity::AccountClosed::KIND, |ctx, event| {
                Box::pin(async move {
                    let closed: identity::AccountClosed = event.payload()?;
                    Ok(domain::life::closed(ctx, closed.account).await?)
                })
            });
            reactions.on(identity::AccountsMerged::KIND, |ctx, event| {
                Box::pin(async move {
                    let merged: identity::AccountsMerged = event.payload()?;
                    Ok(domain::life::merged(ctx, merged.kept, merged.closed).await?)
                })
            });
            // Who came under protection measures tonight is not to be found by what they published before.
            reactions.on(registry::BUNDLE_APPLIED, |ctx, _| {
                Box::pin(async move {
                    let now = ctx.now();
                    Ok(ctx.enqueue(PROTECT, Some(PROTECT.to_owned()), &(), now).await?)
                })
            });
        }),
        jobs: Box::new(|jobs| {
            jobs.every_day(FORGET_DAILY, FORGET_AFTER_MIDNIGHT, |ctx, _| Box::pin(async move { Ok(forget_old(ctx).await.map(drop)?) }));
            jobs.on(PROTECT, |ctx, _| Box::pin(async move { Ok(domain::life::protect(ctx).await?) }));
            jobs.on(ASK, |ctx, job| Box::pin(async move { Ok(domain::calls::ask_next(ctx, job.payload()?).await?) }));
        }),
        texts: TEXTS,
        export: Some(|ctx, account| Box::pin(async move { Ok(domain::mine::export(ctx, account).await?) })),
        menu: MENU,
        files: FILES,
        ..Service::new("reports")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    #[tokio::test]
    async fn every_query_is_understood_by_every_engine() {
        for test in ::store::testing::databases().await.unwrap() {
            ::store::migrate(&test.db, &[super::MIGRATIONS], &::store::SystemClock).await.unwrap();
            ::store::testing::prepare_all(&test.db, &crate::store::all()).await.unwrap();
        }
    }
}
