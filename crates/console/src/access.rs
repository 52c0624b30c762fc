//! Refusals as problems.

use axum::http::StatusCode;
use web::Problem;

/// The register's refusals, for a page.
pub(crate) fn refused(error: registry::Error) -> Problem {
    use registry::Error as E;
    match error {
        E::Store(error) => error.into(),
        // Somebody under protection and nobody at all read the same.
        E::ResidentNotFound => Problem::new(StatusCode::NOT_FOUND, "console.no_such_resident"),
        E::NotWaiting(_) => Problem::conflict("console.bundle_not_waiting"),
        E::Waiting(_) => Problem::conflict("console.bundle_waiting"),
        E::Refused(_) => Problem::conflict("console.bundle_refused"),
        E::EmptySearch => Problem::bad_input("console.empty_search"),
        error => Problem::internal(&error),
    }
}
