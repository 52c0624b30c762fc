//! Single sign-on: the town's OpenID provider. Any service the town trusts logs people in by their verified account, and learns what they agree to.
//!
//! Each service knows a person by a name of its own ([`Provider::subject`]), so that services cannot join what they know. What a service is told is
//! decided anew with every question, from the register and the rules of that moment; a consent that is withdrawn stops it at once.
//!
//! OpenID Connect Core and Discovery 1.0, OAuth 2.0 with PKCE (RFC 7636), PAR (RFC 9126), DPoP (RFC 9449), introspection (RFC 7662), revocation
//! (RFC 7009), device authorization (RFC 8628), RP-initiated and back-channel logout. Only the code flow; no implicit, hybrid or password grants.

mod api;
mod domain;
mod fault;
mod model;
mod pages;
mod problem;
mod provider;
mod rules;
mod sealed;
mod store;

use std::sync::Arc;

use ::store::{Migrations, Permission};
use axum::Extension;
use axum::http::Method;
use identity::CodeKind;
use jiff::SignedDuration;
use web::{CodeRoute, MenuItem, Service};

pub use domain::authorize::agree_to_all;
pub use domain::claims::told;
pub use domain::clients::{
    ClientDetail, Registered, Registration, all, change, detail, end, new_secret, register, register_known, withdraw,
};
pub use domain::forget_expired;
pub use domain::sign_out::TELL_SERVICE;
pub use domain::token::end_access_tokens;
pub use fault::Refusal;
pub use model::*;
pub use pages::consent::refusal_address;
pub use provider::{Keyring, Outside, Provider};

/// The room's tables.
pub const MIGRATIONS: Migrations = Migrations {
    room: "oidc",
    files: &[
        ("202611260200_create.sql", include_str!("../migrations/202611260200_create.sql")),
        ("202611261500_fewer_rows.sql", include_str!("../migrations/202611261500_fewer_rows.sql")),
        ("202611261610_known_as.sql", include_str!("../migrations/202611261610_known_as.sql")),
        ("202611280200_at_redemption.sql", include_str!("../migrations/202611280200_at_redemption.sql")),
    ],
};

/// The job that deletes what is over.
pub const FORGET_DAILY: &str = "oidc.forget_expired";

/// When it runs, after midnight in Japan.
const FORGET_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_hours(3);

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/oidc.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/oidc.ftl")),
    ("en", include_str!("../texts/en/oidc.ftl")),
    ("vi", include_str!("../texts/vi/oidc.ftl")),
    ("zh", include_str!("../texts/zh/oidc.ftl")),
    ("pt", include_str!("../texts/pt/oidc.ftl")),
    ("tl", include_str!("../texts/tl/oidc.ftl")),
    ("id", include_str!("../texts/id/oidc.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 80, href: "/me/services", text: "menu-services", icon: "key", staff: None },
    MenuItem { rank: 85, href: "/staff/services", text: "menu-staff-services", icon: "key", staff: Some(Permission::ManageServices) },
];

const CODES: &[CodeRoute] = &[
    CodeRoute { method: Method::POST, path: "/device", kind: CodeKind::Device },
    CodeRoute { method: Method::POST, path: "/device/answer", kind: CodeKind::Device },
];

/// The single sign-on service.
pub fn service(provider: Arc<Provider>) -> Service {
    let telling = Arc::clone(&provider);
    Service {
        migrations: Some(MIGRATIONS),
        pages: pages::routes().merge(api::routes()).layer(Extension(provider)),
        reactions: Box::new(|reactions| {
            // Sign-ins at services end with the browser sessions they came of.
            reactions.on(identity::SignedOut::KIND, |ctx, event| {
                Box::pin(async move {
                    let out: identity::SignedOut = event.payload()?;
                    Ok(domain::sign_out::signed_out(ctx, out.account).await?)
                })
            });
            reactions.on(identity::AccountsMerged::KIND, |ctx, event| {
                Box::pin(async move {
                    let merged: identity::AccountsMerged = event.payload()?;
                    Ok(domain::sign_out::merged(ctx, merged.kept, merged.closed).await?)
                })
            });
            reactions.on(identity::AccountClosed::KIND, |ctx, event| {
                Box::pin(async move {
                    let closed: identity::AccountClosed = event.payload()?;
                    Ok(domain::sign_out::closed(ctx, closed.account).await?)
                })
            });
        }),
        jobs: Box::new(move |jobs| {
            jobs.every_day(FORGET_DAILY, FORGET_AFTER_MIDNIGHT, |ctx, _| Box::pin(async move { Ok(forget_expired(ctx).await.map(drop)?) }));
            let provider = Arc::clone(&telling);
            jobs.on_outside(TELL_SERVICE, move |store, job| {
                let provider = Arc::clone(&provider);
                Box::pin(async move { domain::sign_out::tell_service(store, &provider, &job.payload()?).await })
            });
        }),
        texts: TEXTS,
        export: Some(|ctx, account| Box::pin(async move { Ok(domain::export(ctx, account).await?) })),
        menu: MENU,
        codes: CODES,
        ..Service::new("oidc")
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
