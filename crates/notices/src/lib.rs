//! Notices: what the town tells its residents, by rule, by list, by area or to everybody, and what became of it.
//!
//! A notice is written by staff, or by a rule of the pack, or told by another room ([`web::Tell`]). It is put into the inbox of everybody it is for, in
//! small steps ([`Courier`]), and they are told by Web Push, by e-mail and by LINE. Delivered, opened and answered are three moments. Who has not opened it goes on a
//! paper list: nobody is dropped.

mod api;
pub mod bench;
mod courier;
mod disposition;
mod domain;
pub mod line;
pub mod mail;
mod mailing;
mod model;
mod pages;
mod problem;
pub mod push;
mod rules;
mod store;

use std::sync::Arc;

use ::store::{Migrations, Permission};
use axum::Extension;
use axum::http::Method;
use identity::CodeKind;
use jiff::SignedDuration;
use pdfseal::Sealer;
use web::{CodeRoute, FileRoute, MenuItem, Service, Tell};

pub use courier::{Courier, Work};
pub use disposition::*;
pub use domain::write::{APPROVED, BEGUN, CANCELLED, NoticeEvent, SENT, SUBMITTED};
use line::LineChannel;
pub use model::*;
use push::Vapid;

/// The room's tables.
pub const MIGRATIONS: Migrations = Migrations {
    room: "notices",
    files: &[
        ("202611262030_create.sql", include_str!("../migrations/202611262030_create.sql")),
        ("202611270040_letters.sql", include_str!("../migrations/202611270040_letters.sql")),
        ("202611270040_dispositions.sql", include_str!("../migrations/202611270040_dispositions.sql")),
        ("202611270110_templates.sql", include_str!("../migrations/202611270110_templates.sql")),
        ("202611270530_ways.sql", include_str!("../migrations/202611270530_ways.sql")),
        ("202611270640_documents.sql", include_str!("../migrations/202611270640_documents.sql")),
    ],
};

/// The job that plans the day's automatic notices.
pub const PLAN_DAILY: &str = "notices.plan";
/// The job that reminds who has not opened a notice.
pub const REMIND_DAILY: &str = "notices.remind";
/// The job that deletes what is over.
pub const FORGET_DAILY: &str = "notices.forget_expired";
/// The job that finds anew whose notices accounts are told of, a page at a time.
const LOOK_ANEW: &str = "notices.look_anew";

/// After the nightly bundle, before anybody gets up.
const PLAN_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_hours(5);
const REMIND_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_hours(9);
const FORGET_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_hours(3);

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/notices.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/notices.ftl")),
    ("en", include_str!("../texts/en/notices.ftl")),
    ("vi", include_str!("../texts/vi/notices.ftl")),
    ("zh", include_str!("../texts/zh/notices.ftl")),
    ("pt", include_str!("../texts/pt/notices.ftl")),
    ("tl", include_str!("../texts/tl/notices.ftl")),
    ("id", include_str!("../texts/id/notices.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 15, href: "/inbox", text: "menu-inbox", icon: "bell", staff: None },
    MenuItem { rank: 30, href: "/staff/notices", text: "menu-staff-notices", icon: "bell", staff: Some(Permission::ApproveNotices) },
];

/// A list with the files of everybody on it.
const FILES: &[FileRoute] = &[FileRoute { path: "/staff/notices/", bytes_max: pages::LIST_BYTES_MAX }];

/// Codes are tried a few times only.
const CODES: &[CodeRoute] = &[CodeRoute { method: Method::POST, path: "/inbox/tester", kind: CodeKind::Pairing }];

/// The service of notices. Without a seal the town sends no dispositions, without a channel nothing is heard of LINE.
pub fn service(vapid: Arc<Vapid>, seal: Option<Arc<Sealer>>, line: Option<Arc<LineChannel>>) -> Service {
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes().layer(Extension(Arc::clone(&vapid))).layer(Extension(seal.clone())).layer(Extension(line.clone())),
        api: api::routes().layer(Extension(vapid)),
        reactions: Box::new(reactions),
        jobs: Box::new(move |handlers| jobs(handlers, seal.clone(), line.clone())),
        texts: TEXTS,
        export: Some(|ctx, account| Box::pin(async move { Ok(domain::inbox::export(ctx, account).await?) })),
        menu: MENU,
        files: FILES,
        codes: CODES,
        ..Service::new("notices")
    }
}

fn reactions(reactions: &mut ::store::Reactions) {
    reactions.on(Tell::KIND, |ctx, event| {
        Box::pin(async move {
            let tell: Tell = event.payload()?;
            Ok(domain::automatic::tell(ctx, &tell).await?)
        })
    });
    reactions.on(identity::Linked::KIND, |ctx, event| {
        Box::pin(async move {
            let linked: identity::Linked = event.payload()?;
            Ok(domain::reach::look_anew(ctx, linked.account).await?)
        })
    });
    reactions.on(identity::Unlinked::KIND, |ctx, event| {
        Box::pin(async move {
            let unlinked: identity::Unlinked = event.payload()?;
            domain::dispositions::consent::end_all(ctx, unlinked.account).await?;
            Ok(domain::reach::look_anew(ctx, unlinked.account).await?)
        })
    });
    // A lost phone is told nothing more.
    reactions.on(identity::AllEnded::KIND, |ctx, event| {
        Box::pin(async move {
            let ended: identity::AllEnded = event.payload()?;
            Ok(domain::reach::end_all(ctx, ended.account).await?)
        })
    });
    reactions.on(identity::AccountsMerged::KIND, |ctx, event| {
        Box::pin(async move {
            let merged: identity::AccountsMerged = event.payload()?;
            Ok(domain::merged(ctx, merged.kept, merged.closed).await?)
        })
    });
    reactions.on(identity::AccountClosed::KIND, |ctx, event| {
        Box::pin(async move {
            let closed: identity::AccountClosed = event.payload()?;
            Ok(domain::closed(ctx, closed.account).await?)
        })
    });
    reactions.on(registry::BUNDLE_APPLIED, |ctx, event| {
        Box::pin(async move {
            let applied: registry::BundleApplied = event.payload()?;
            match applied.residents {
                Some(residents) => domain::reach::look_anew_at(ctx, &residents).await?,
                None => ctx.enqueue(LOOK_ANEW, Some(format!("{LOOK_ANEW}/{}", applied.number)), &String::new(), ctx.now()).await?,
            }
            Ok(())
        })
    });
}

fn jobs(jobs: &mut ::store::JobHandlers, seal: Option<Arc<Sealer>>, line: Option<Arc<LineChannel>>) {
    if let Some(channel) = line {
        jobs.on_outside(domain::line::SAY, move |_, job| {
            let channel = Arc::clone(&channel);
            Box::pin(async move { Ok(domain::line::answer(&channel, job.payload()?).await?) })
        });
    }
    jobs.on_outside(domain::dispositions::release::RELEASE, move |store, job| {
        let seal = seal.clone();
        Box::pin(async move { Ok(domain::dispositions::release::release(store, &seal, job.payload()?).await?) })
    });
    jobs.every_day(PLAN_DAILY, PLAN_AFTER_MIDNIGHT, |ctx, _| {
        Box::pin(async move { Ok(domain::automatic::plan_today(ctx).await.map(drop)?) })
    });
    jobs.every_day(REMIND_DAILY, REMIND_AFTER_MIDNIGHT, |ctx, _| {
        Box::pin(async move { Ok(domain::automatic::remind(ctx).await.map(drop)?) })
    });
    jobs.every_day(FORGET_DAILY, FORGET_AFTER_MIDNIGHT, |ctx, _| Box::pin(async move { Ok(domain::forget_expired(ctx).await.map(drop)?) }));
    jobs.on(LOOK_ANEW, |ctx, job| {
        Box::pin(async move {
            let after: String = job.payload()?;
            if let Some(last) = domain::reach::look_anew_after(ctx, &after).await? {
                ctx.enqueue(LOOK_ANEW, None, &last.to_string(), ctx.now()).await?;
            }
            Ok(())
        })
    });
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
