//! What the islands ask: sending what was written without a network, and what maps show.

use axum::Json;
use axum::extract::{DefaultBodyLimit, Multipart, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Permission;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Problem, Reader, View, Who, staff};

use crate::domain::{calls, desk, public};
use crate::model::{CallId, Error, Position, Report, ReportId, Status, Urgency};
use crate::pages::{self, Asked, Sent};
use crate::store::reports::Order;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(send))
        .layer(DefaultBodyLimit::max(crate::FORM_BYTES_MAX))
        .routes(routes!(public_reports))
        .routes(routes!(open_reports))
}

/// A report that was sent.
#[derive(Serialize, ToSchema)]
struct SentJson {
    /// Its id.
    id: String,
    /// What people call it by on the telephone.
    number: Option<i64>,
    /// Where its talk is.
    href: String,
}

/// A report as a form with its pictures.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it stands in the document alone")]
struct ReportForm {
    /// The sender's own name for this report: sent again under it, it is there once.
    key: String,
    /// The kind of report, as the pack names it.
    category: String,
    /// Latitude in millionths of a degree (WGS 84).
    latitude: Option<String>,
    /// Longitude in millionths of a degree (WGS 84).
    longitude: Option<String>,
    /// The district, as the town writes it; instead of a position.
    district: Option<String>,
    /// What stands near.
    landmark: Option<String>,
    /// What is the matter.
    words: String,
    /// The call it answers.
    call: Option<String>,
    /// Up to three pictures: JPEG, PNG or WebP.
    photo: Vec<Vec<u8>>,
}

/// Takes a report that was written without a network. The same key again gives the same report.
#[utoipa::path(post, path = "/api/v1/me/reports", request_body(content = ReportForm, content_type = "multipart/form-data"), responses(
    (status = 201, body = SentJson), (status = 422, description = "Something is missing or cannot be kept: `missing`, `field`.")), tag = "reports")]
async fn send(State(app): State<App>, Who(caller): Who, form: Multipart) -> Result<Response, Problem> {
    let caller = caller.ok_or_else(Problem::not_signed_in)?;
    let sent = Sent::read(form).await?;
    let category = sent.text("category").parse().map_err(|_| Error::Unknown("category"))?;
    let report = pages::keep_and_send(&app, caller.actor, &sent, category).await?;
    let body = SentJson { id: report.id.to_string(), number: report.number, href: format!("/reports/{}", report.id) };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OfCategory {
    category: String,
}

/// Gives what everybody may see as GeoJSON (RFC 7946).
#[utoipa::path(get, path = "/api/v1/reports.geojson", params(("category" = Option<String>, Query, description = "A kind of report.")), responses(
    (status = 200, description = "A FeatureCollection of points.", content_type = "application/geo+json")), tag = "reports")]
async fn public_reports(view: View, Reader(mut ctx): Reader, Query(of): Query<OfCategory>) -> Result<Response, Problem> {
    let category = of.category.parse().ok();
    let found = public::all(&mut ctx, category.as_ref()).await?;
    let town = view.app.town();
    let feature = |report: &Report| {
        let at = public::shown_at(town, report)?;
        Some(point(&view, report, at, &report.public_words, format!("/reports/public/{}", report.id)))
    };
    Ok(collection(found.iter().filter_map(feature).collect()))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OnDesk {
    call: Option<CallId>,
    report: Option<ReportId>,
}

/// Gives staff what is open, what answers a call, or one report, as GeoJSON. What the desk is sifted by sifts here too.
#[utoipa::path(get, path = "/api/v1/staff/reports.geojson",
    params(("call" = Option<String>, Query, description = "A call."), ("report" = Option<String>, Query, description = "A report."),
    ("section" = Option<String>, Query), ("status" = Option<String>, Query), ("category" = Option<String>, Query), ("district" = Option<String>, Query),
    ("urgency" = Option<String>, Query), ("person" = Option<String>, Query), ("age" = Option<String>, Query), ("late" = Option<String>, Query),
    ("danger" = Option<String>, Query)), responses(
    (status = 200, description = "A FeatureCollection of points.", content_type = "application/geo+json")), tag = "reports")]
async fn open_reports(
    view: View,
    Reader(mut ctx): Reader,
    Query(on): Query<OnDesk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::AnswerReports).await?;
    let found = match (on.call, on.report) {
        (Some(call), _) => calls::one(&mut ctx, call).await?.2,
        (None, Some(report)) => vec![desk::open(&mut ctx, report).await?.report],
        (None, None) => {
            let sieve = asked.sieve(&ctx);
            desk::on_map(&mut ctx, &sieve, Order::Press).await?
        }
    };
    let feature = |report: &Report| Some(point(&view, report, report.position()?, "", format!("/staff/reports/{}", report.id)));
    Ok(collection(found.iter().filter_map(feature).collect()))
}

fn collection(features: Vec<Value>) -> Response {
    let body = json!({ "type": "FeatureCollection", "features": features });
    ([(header::CONTENT_TYPE, "application/geo+json")], body.to_string()).into_response()
}

/// A pin: never by colour alone, so its shape says how much it presses, and words say the rest.
fn point(view: &View, report: &Report, at: Position, note: &str, href: String) -> Value {
    let (shape, tone) = match (report.status, report.urgency) {
        (Status::Done | Status::NotOurs | Status::Duplicate, _) => ("circle", "sumi"),
        (_, Urgency::Life | Urgency::Urgent) => ("triangle", "shu"),
        _ if report.danger => ("triangle", "shu"),
        _ => ("square", "ai"),
    };
    let number = report.number.unwrap_or_default();
    json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": at.east_north() },
        "properties": {
            "name": format!("{} {number}", pages::category_words(view, &report.category)),
            "kind": pages::status_words(view, report.status),
            "note": note,
            "href": href,
            "shape": shape,
            "tone": tone,
        },
    })
}
