//! The counter's page.

use askama::Template;
use axum::response::Response;
use web::{Page, View};

#[derive(Template)]
#[template(path = "verify.html")]
struct Verify<'a> {
    view: &'a View,
}

/// The page a place keeps open; it pairs, scans, asks and answers by its island.
pub(super) async fn page(view: View) -> Response {
    let title = view.t("verify-title");
    view.page(&Page::verify(&title).with_island("verifier.js", &["verifier", "refusal"]), &Verify { view: &view })
}
