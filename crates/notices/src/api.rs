//! The inbox for programs, and browsers that ask to be told.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use civil::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{App, Caller, Problem, Reader, View, signed_in};

use crate::domain::{inbox, reach, write};
use crate::model::{DeliveryId, NoticeId, State};
use crate::pages::read_notice;
use crate::push::Vapid;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(unopened))
        .routes(routes!(key))
        .routes(routes!(subscribe, unsubscribe))
        .routes(routes!(progress))
}

/// A notice in the caller's inbox.
#[derive(Serialize, ToSchema)]
struct Told {
    /// Its id; `/inbox/{id}` is its page.
    #[schema(value_type = String)]
    id: DeliveryId,
    /// One line.
    title: String,
    /// The rest.
    paragraphs: Vec<String>,
    /// What it is about.
    topic: String,
    /// It is a child's.
    of_child: bool,
    /// The town has withdrawn it.
    withdrawn: bool,
    /// When it came.
    #[schema(value_type = String)]
    put_at: Timestamp,
    /// When it was opened.
    #[schema(value_type = Option<String>)]
    opened_at: Option<Timestamp>,
    /// When the person said to have read it.
    #[schema(value_type = Option<String>)]
    answered_at: Option<Timestamp>,
}

/// Gives the caller's inbox and that of the children they act for, the newest first.
#[utoipa::path(get, path = "/api/v1/inbox", responses((status = 200, body = Vec<Told>), (status = 401)), tag = "notices")]
async fn list(view: View, Reader(mut ctx): Reader) -> Result<Json<Vec<Told>>, Problem> {
    signed_in(&ctx)?;
    let items = inbox::inbox(&mut ctx).await?;
    let told = items.iter().map(|item| {
        let read = read_notice(&view, item);
        Told {
            id: item.delivery.id,
            title: read.title,
            paragraphs: read.paragraphs,
            topic: read.topic_id,
            of_child: item.of_child,
            withdrawn: item.is_withdrawn(),
            put_at: item.delivery.put_at,
            opened_at: item.delivery.opened_at,
            answered_at: item.delivery.answered_at,
        }
    });
    Ok(Json(told.collect()))
}

/// How many notices wait.
#[derive(Serialize, ToSchema)]
struct Unopened {
    count: i64,
}

/// Counts the notices the caller has not opened.
#[utoipa::path(get, path = "/api/v1/inbox/unopened", responses((status = 200, body = Unopened), (status = 401)), tag = "notices")]
async fn unopened(Reader(mut ctx): Reader) -> Result<Json<Unopened>, Problem> {
    signed_in(&ctx)?;
    Ok(Json(Unopened { count: inbox::unopened(&mut ctx).await? }))
}

/// The key browsers subscribe with.
#[derive(Serialize, ToSchema)]
struct Key {
    /// `applicationServerKey`: base64url of the uncompressed point (RFC 8292).
    key: String,
}

/// Gives the key by which push services know this town.
#[utoipa::path(get, path = "/api/v1/inbox/push-key", responses((status = 200, body = Key)), tag = "notices")]
async fn key(Extension(vapid): Extension<Arc<Vapid>>) -> Json<Key> {
    Json(Key { key: vapid.public().to_owned() })
}

/// `PushSubscription.toJSON()`.
#[derive(Deserialize, ToSchema)]
struct Offer {
    /// The push service's address for this browser.
    endpoint: String,
    keys: OfferedKeys,
}

/// The browser's keys, base64url.
#[derive(Deserialize, ToSchema)]
struct OfferedKeys {
    p256dh: String,
    auth: String,
}

/// Has this browser told of new notices, in the language of the request.
#[utoipa::path(post, path = "/api/v1/inbox/subscriptions", request_body = Offer, responses((status = 201), (status = 400, description = "no subscription of a push service"), (status = 401), (status = 409, description = "too many browsers")), tag = "notices")]
async fn subscribe(view: View, Caller(mut ctx): Caller, Json(offer): Json<Offer>) -> Result<StatusCode, Problem> {
    signed_in(&ctx)?;
    if view.kiosk {
        return Err(Problem::conflict("notices.not_at_a_kiosk"));
    }
    let offered =
        reach::Offered { endpoint: &offer.endpoint, p256dh: &offer.keys.p256dh, auth: &offer.keys.auth, language: view.language.as_str() };
    reach::subscribe(&mut ctx, &offered).await?;
    ctx.commit().await?;
    Ok(StatusCode::CREATED)
}

/// Which browser.
#[derive(Deserialize, ToSchema)]
struct Leave {
    endpoint: String,
}

/// Has this browser told no more. One that was not told is left as it was.
#[utoipa::path(delete, path = "/api/v1/inbox/subscriptions", request_body = Leave, responses((status = 204), (status = 401)), tag = "notices")]
async fn unsubscribe(Caller(mut ctx): Caller, Json(leave): Json<Leave>) -> Result<StatusCode, Problem> {
    signed_in(&ctx)?;
    reach::unsubscribe(&mut ctx, &leave.endpoint).await?;
    ctx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far a notice has come.
#[derive(Serialize, ToSchema)]
struct Progress {
    /// People reached.
    done: u32,
    /// People it is for, as they were counted when it was handed in.
    total: u32,
    /// The same in the reader's words.
    label: String,
    /// Everybody was reached, or it was stopped.
    finished: bool,
    /// The page to go on with.
    next: String,
}

/// Tells how far a notice has come.
#[utoipa::path(get, path = "/api/v1/staff/notices/{id}/progress", params(("id" = String, Path)), responses((status = 200, body = Progress), (status = 401), (status = 403), (status = 404)), tag = "notices")]
async fn progress(view: View, Reader(mut ctx): Reader, Path(id): Path<NoticeId>) -> Result<Json<Progress>, Problem> {
    signed_in(&ctx)?;
    let notice = write::see(&mut ctx, id).await?;
    let count = |people: u32| view.count(&i64::from(people));
    let label =
        view.ta("notices-progress", &[("done", count(notice.chosen).as_str().into()), ("all", count(notice.people).as_str().into())]);
    Ok(Json(Progress {
        done: notice.chosen,
        total: notice.people,
        label,
        finished: !matches!(notice.state, State::Scheduled | State::Sending),
        next: format!("/staff/notices/{id}"),
    }))
}
