//! The page shell, the design system's server side, languages, the caller, problems, and what a service is.
//!
//! A service room gives one [`Service`]; [`house`] joins them into the town's router. Handlers take [`Reader`] to look or [`Caller`] to change,
//! call one domain function, and answer with JSON or a [`View::page`].

mod api;
mod app;
mod assets;
mod caller;
mod cookies;
mod guard;
mod language;
pub mod passkey;
mod problem;
mod qr;
mod service;
mod shell;
mod tries;

pub use api::{MoreMetrics, openapi_document, public_json};
pub use app::{App, AppBuilder};
pub use assets::{Assets, assets_router};
pub use caller::{Caller, HOLDER_COOKIE, Reader, STAFF_COOKIE, Session, SessionKind, VERIFIER_COOKIE, Who, signed_in, staff, staff_name};
pub use cookies::{end_cookie, forget_cookie, kept_cookie, session_cookie};
pub use guard::comes_from_us;
pub use language::{Arg, KIOSK_COOKIE, View, cookie, day_in_words, moment_in_words};
pub use problem::{Problem, log_failure, query_value};
pub use qr::qr_svg;
pub use service::{Export, Exports, MenuItem, Service, house};
pub use shell::{Island, Page, to_mend};
pub use tries::{CodeRoute, Proxies, WrongCode};

/// Texts of the shell itself.
pub const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/web.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/web.ftl")),
    ("en", include_str!("../texts/en/web.ftl")),
];
