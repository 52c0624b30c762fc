//! Who may see a page, and refusals as problems.

use axum::http::StatusCode;
use axum::response::Response;
use store::{Actor, Ctx, Permission};
use web::Problem;

/// Refuses a page to who may not see it, before anything is read; gives the name of who is signed in, for the head of the page.
pub(crate) async fn staff(ctx: &mut Ctx, permission: Permission) -> Result<String, Problem> {
    let name = signed_in(ctx).await?;
    ctx.allow(permission)?;
    Ok(name)
}

/// Gives the name of the member of staff who is signed in.
pub(crate) async fn signed_in(ctx: &mut Ctx) -> Result<String, Problem> {
    match ctx.actor {
        Actor::Staff(id, _) => Ok(identity::staff_member(ctx, id).await?.map(|member| member.name).unwrap_or_default()),
        _ => Err(Problem::not_signed_in()),
    }
}

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

/// A page that shows its form again, because something in it must be mended.
pub(crate) fn to_mend(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    page
}
