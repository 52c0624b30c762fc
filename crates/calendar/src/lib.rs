//! The calendar: events, garbage days by district, and what a person's own rules give.
//!
//! Garbage days and rules come with the pack ([`town::Garbage`], [`town::CalendarRule`]); events are kept by staff, and by others whose calendars the pack
//! names ([`town::CalendarFeed`]). Who wants it is told the evening before.

mod api;
mod domain;
mod model;
mod pages;
mod problem;
pub mod rules;
mod store;

use std::sync::Arc;

use ::store::{Migrations, Permission};
use jiff::SignedDuration;
use web::{FileRoute, MenuItem, Outside, Service};

pub use domain::events::{Open, attendees, cancel, event, events_between, import, join, leave, make, open_to, preview, register_for};
pub use domain::feeds::{Kept, fetch_now, kept, open, upload};
pub use domain::people::{Wish, own_entries, set_wish};
pub use domain::remind::{REMIND, REMIND_DAILY};
pub use model::*;

/// The room's tables.
pub const MIGRATIONS: Migrations = Migrations {
    room: "calendar",
    files: &[
        ("202611262130_create.sql", include_str!("../migrations/202611262130_create.sql")),
        ("202611270040_calendars_of_others.sql", include_str!("../migrations/202611270040_calendars_of_others.sql")),
        ("202611270630_languages.sql", include_str!("../migrations/202611270630_languages.sql")),
    ],
};

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/calendar.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/calendar.ftl")),
    ("en", include_str!("../texts/en/calendar.ftl")),
    ("vi", include_str!("../texts/vi/calendar.ftl")),
    ("zh", include_str!("../texts/zh/calendar.ftl")),
    ("pt", include_str!("../texts/pt/calendar.ftl")),
    ("tl", include_str!("../texts/tl/calendar.ftl")),
    ("id", include_str!("../texts/id/calendar.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 30, href: "/calendar", text: "calendar-menu", icon: "calendar", staff: None },
    MenuItem { rank: 45, href: "/staff/calendar", text: "calendar-menu-staff", icon: "calendar", staff: Some(Permission::KeepCalendar) },
];

/// When the reminders of a day are put on the list, after midnight in Japan.
const PLANNED_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_mins(30);

/// When the calendars of others are laid out for a new day, after midnight in Japan.
const LAID_OUT_AFTER_MIDNIGHT: SignedDuration = SignedDuration::ZERO;

/// Lists of events and calendars as the office has them.
const FILES: &[FileRoute] = &[FileRoute { path: "/staff/calendar/", bytes_max: rules::feed::FEED_BYTES_MAX + (256 << 10) }];

/// The service; `outside` fetches the calendars of others.
pub fn service(outside: Arc<dyn Outside>) -> Service {
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes(),
        api: api::routes(),
        reactions: Box::new(|reactions| {
            reactions.on(identity::AccountClosed::KIND, |ctx, event| {
                Box::pin(async move {
                    let closed: identity::AccountClosed = event.payload()?;
                    Ok(domain::events::forget(ctx, closed.account).await?)
                })
            });
            reactions.on(identity::AccountsMerged::KIND, |ctx, event| {
                Box::pin(async move {
                    let merged: identity::AccountsMerged = event.payload()?;
                    Ok(domain::events::merged(ctx, merged.kept, merged.closed).await?)
                })
            });
        }),
        jobs: Box::new(move |jobs| {
            jobs.every_day(domain::feeds::DAILY, LAID_OUT_AFTER_MIDNIGHT, |ctx, _| {
                Box::pin(async move { Ok(domain::feeds::daily(ctx).await?) })
            });
            let outside = Arc::clone(&outside);
            jobs.on_outside(domain::feeds::FETCH, move |store, job| {
                let outside = Arc::clone(&outside);
                Box::pin(async move { Ok(domain::feeds::fetch(store, &outside, &job.payload()?).await?) })
            });
            jobs.every_day(REMIND_DAILY, PLANNED_AFTER_MIDNIGHT, |ctx, _| Box::pin(async move { Ok(domain::remind::plan(ctx).await?) }));
            jobs.on(REMIND, |ctx, job| Box::pin(async move { Ok(domain::remind::remind(ctx, &job.payload()?).await?) }));
        }),
        texts: TEXTS,
        export: Some(|ctx, account| Box::pin(async move { Ok(domain::people::export(ctx, account).await?) })),
        menu: MENU,
        files: FILES,
        ..Service::new("calendar")
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
