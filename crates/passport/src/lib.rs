//! The resident's own pages: prove who you are, come back by passkey, be linked to the register, see your phones and who looked.

mod api;
mod apps;
mod browser;
mod counter;
mod domain;
mod kiosk;
mod media;
mod mine;
mod pages;
mod passkeys;
mod phone_cards;
mod proxies;
mod stations;

use std::sync::Arc;

use axum::Extension;
use axum::http::Method;
use identity::{CodeKind, Passkeys};
use web::{CodeRoute, MenuItem, Service};

pub use domain::{
    Browser, FORGET_AFTER_MIDNIGHT, FORGET_DAILY, PhoneCardSays, Proofing, RegionKey, answer_app, answer_phone_card, answer_proof,
    begin_app, begin_phone_card, claim_phone_card, link_waiting,
};

const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/passport.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/passport.ftl")),
    ("en", include_str!("../texts/en/passport.ftl")),
    ("vi", include_str!("../texts/vi/passport.ftl")),
    ("zh", include_str!("../texts/zh/passport.ftl")),
    ("pt", include_str!("../texts/pt/passport.ftl")),
    ("tl", include_str!("../texts/tl/passport.ftl")),
    ("id", include_str!("../texts/id/passport.ftl")),
];

const MENU: &[MenuItem] = &[
    MenuItem { rank: 90, href: "/me", text: "menu-me", icon: "person", staff: None },
    MenuItem { rank: 35, href: "/staff/counter", text: "menu-counter", icon: "person", staff: Some(store::Permission::ServeCounter) },
];

/// Where a reader asks for the question behind a code, and where a station is enrolled by one.
const CODES: &[CodeRoute] = &[
    CodeRoute { method: Method::GET, path: "/api/v1/proofs/{code}", kind: CodeKind::Proof },
    CodeRoute { method: Method::POST, path: "/api/v1/stations", kind: CodeKind::Pairing },
    CodeRoute { method: Method::GET, path: "/start/phone-card/back", kind: CodeKind::Proof },
    CodeRoute { method: Method::POST, path: "/start/phone-card/done", kind: CodeKind::Proof },
    CodeRoute { method: Method::GET, path: "/me/proxies/agree", kind: CodeKind::Proxy },
    CodeRoute { method: Method::POST, path: "/me/proxies/agree", kind: CodeKind::Proxy },
];

fn every_page() -> axum::Router<web::App> {
    let parts = [
        apps::routes(),
        media::routes(),
        passkeys::routes(),
        phone_cards::routes(),
        proxies::routes(),
        mine::routes(),
        kiosk::routes(),
        counter::routes(),
    ];
    parts.into_iter().fold(pages::routes(), axum::Router::merge)
}

/// The passport service; `proofing` knows whom to trust and where the nearest reader is, `passkeys` are those of the house.
pub fn service(proofing: Arc<Proofing>, passkeys: Arc<Passkeys>) -> Service {
    let api = api::routes().merge(stations::routes()).merge(passkeys::api()).merge(phone_cards::api());
    Service {
        pages: every_page().layer(Extension(Arc::clone(&proofing))),
        api: api.layer(Extension(proofing)).layer(Extension(passkeys)),
        reactions: Box::new(|reactions| {
            // Who proved themselves before the register knew them is linked by the bundle that brings them.
            reactions.on(registry::BUNDLE_APPLIED, |ctx, _| {
                Box::pin(async move {
                    let caller = std::mem::replace(&mut ctx.actor, store::Actor::System);
                    let linked = link_waiting(ctx).await;
                    ctx.actor = caller;
                    Ok(linked?)
                })
            });
        }),
        jobs: Box::new(|jobs| {
            jobs.every_day(FORGET_DAILY, FORGET_AFTER_MIDNIGHT, |ctx, _| {
                Box::pin(async move { Ok(identity::forget_expired(ctx).await.map(drop)?) })
            });
        }),
        texts: TEXTS,
        export: Some(|ctx, account| Box::pin(async move { Ok(mine::export_own(ctx, account).await?) })),
        menu: MENU,
        codes: CODES,
        ..Service::new("passport")
    }
}
