//! The page shell, the design system's server side, languages, the caller, problems, and what a service is.
//!
//! A service room gives one [`Service`]; [`house`] joins them into the town's router. Handlers take [`Reader`] to look or [`Caller`] to change,
//! call one domain function, and answer with JSON or a [`View::page`].

mod api;
mod app;
mod assets;
mod caller;
pub mod charts;
mod cookies;
mod guard;
mod language;
mod outside;
pub mod passkey;
pub mod picture;
mod problem;
mod qr;
mod service;
mod shell;
mod spreadsheet;
mod tell;
mod tries;
mod writing;

#[cfg(feature = "testing")]
pub mod testing;

pub use api::{MoreMetrics, openapi_document, public_json};
pub use app::{App, AppBuilder};
pub use assets::{Assets, assets_router};
pub use caller::{Caller, HOLDER_COOKIE, Reader, STAFF_COOKIE, Session, SessionKind, VERIFIER_COOKIE, Who, signed_in, staff, staff_name};
pub use cookies::{end_cookie, forget_cookie, kept_cookie, session_cookie};
pub use guard::{UPLOAD_BYTES_MAX, comes_from_us, policy_leading_to};
pub use language::{Arg, KIOSK_COOKIE, View, cookie};
pub use outside::{FILE_BYTES_MAX, FetchFault, Outside, fetch_file};
pub use problem::{Problem, log_failure, query_value};
pub use qr::qr_svg;
pub use service::{Export, Exports, FileRoute, MenuItem, Service, house};
pub use shell::{Island, Page, to_mend};
pub use spreadsheet::no_formula;
pub use tell::Tell;
pub use tries::{CodeRoute, Proxies, WrongCode};
pub use writing::{day_in_words, moment_in_words};

/// Texts of the shell itself.
pub const TEXTS: &[(&str, &str)] = &[
    ("ja", include_str!("../texts/ja/web.ftl")),
    ("ja-easy", include_str!("../texts/ja-easy/web.ftl")),
    ("en", include_str!("../texts/en/web.ftl")),
    ("vi", include_str!("../texts/vi/web.ftl")),
    ("zh", include_str!("../texts/zh/web.ftl")),
    ("pt", include_str!("../texts/pt/web.ftl")),
    ("tl", include_str!("../texts/tl/web.ftl")),
    ("id", include_str!("../texts/id/web.ftl")),
];
