//! What stations of the town ask: to be enrolled, and that they stay so.

use axum::Json;
use axum::http::StatusCode;
use identity::{DeviceId, DeviceKind};
use serde::{Deserialize, Serialize};
use store::Actor;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Caller, Problem, View};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(enrol)).routes(routes!(greeting))
}

/// The code a place was given for its station.
#[derive(Deserialize, ToSchema)]
struct Enrol {
    code: String,
    /// What the place calls it.
    label: String,
}

/// The station, and what it shows from now on.
#[derive(Serialize, ToSchema)]
struct Enrolled {
    #[schema(value_type = String)]
    station: DeviceId,
    /// Where it stands, for people.
    place: String,
    /// Its token, told this once; it goes with each request as `Authorization: Bearer`.
    token: String,
}

/// Enrols a station at the place of the code: the four items it reads from a card count from now on.
#[utoipa::path(post, path = "/api/v1/stations", request_body = Enrol, responses((status = 201, body = Enrolled), (status = 429, description = "Too many wrong codes: Retry-After says when to ask again.")), tag = "proof")]
async fn enrol(view: View, Caller(mut ctx): Caller, Json(enrol): Json<Enrol>) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    let paired = identity::pair(&mut ctx, &enrol.code, &enrol.label).await?;
    if paired.device.kind != DeviceKind::Station {
        // Nothing was changed: the code is still good where it belongs.
        return Err(identity::Error::CodeNotValid.into());
    }
    let place = ctx.town().place(&paired.device.place).map_or_else(String::new, |place| view.words(&place.name).to_owned());
    ctx.commit().await?;
    Ok((StatusCode::CREATED, Json(Enrolled { station: paired.device.id, place, token: paired.session.token })))
}

/// The station that asked.
#[derive(Serialize, ToSchema)]
struct Known {
    #[schema(value_type = String)]
    station: DeviceId,
}

/// Takes note that an enrolled station is there, which puts off the end of its token.
#[utoipa::path(post, path = "/api/v1/stations/greeting", responses((status = 200, body = Known), (status = 401, description = "It is not enrolled, or no longer.")), tag = "proof")]
async fn greeting(Caller(ctx): Caller) -> Result<Json<Known>, Problem> {
    let Actor::Station(_, station) = ctx.actor else { return Err(Problem::not_signed_in()) };
    ctx.commit().await?;
    Ok(Json(Known { station }))
}
