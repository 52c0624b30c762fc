//! What programs ask: places as JSON and as GeoJSON, for everybody.

use axum::Json;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Problem, Reader, View, public_json};

use crate::asked::Asked;
use crate::domain::look;
use crate::rules::area;
use crate::rules::spot::{Listed, Spot};
use crate::style::degrees;
use crate::words;

/// How long a browser may keep the answer, in seconds.
const KEPT_S: u32 = 60;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(places)).routes(routes!(places_geojson))
}

/// Places, nearest first when it was said from where.
#[derive(Serialize, ToSchema)]
struct PlacesJson {
    places: Vec<PlaceJson>,
    /// The hazard areas the asked position lies in; null when none was asked, or the town shows no such areas. An empty list does not say that it is safe.
    areas: Option<Vec<AreaJson>>,
}

/// A hazard area a position lies in.
#[derive(Serialize, ToSchema)]
struct AreaJson {
    /// Its name in addresses: `/map/places/{key}`.
    key: String,
    /// Its data set, in the reader's language.
    name: String,
    /// How grave it is, in the reader's language; empty where the data do not say.
    degree: String,
    /// The hazards it is about.
    hazards: Vec<&'static str>,
}

/// What stands at one place.
#[derive(Serialize, ToSchema)]
struct PlaceJson {
    /// Its name in addresses: `/map/places/{key}`.
    key: String,
    name: String,
    /// What it is: `emergency_site`, `shelter`, `welfare_shelter`, …
    kinds: Vec<&'static str>,
    /// What it is, in the reader's language.
    kind_label: String,
    address: String,
    /// Degrees, WGS 84.
    latitude: f64,
    /// Degrees, WGS 84.
    longitude: f64,
    /// The hazards it is designated for.
    hazards: Vec<&'static str>,
    /// Hazards in which it cannot be used, whatever its flags say, as its 備考 has it.
    not_in: Vec<&'static str>,
    /// 備考 and 受入対象者, as published.
    caution: Option<String>,
    telephone: String,
    /// How far it is from where it was asked, in metres, in a straight line.
    distance_m: Option<u32>,
    /// Whose data they are, and under which conditions.
    credit: String,
}

/// Shelters, facilities and other places from the town's open data.
#[utoipa::path(get, path = "/api/v1/places", tag = "places", params(Asked), responses((status = 200, body = PlacesJson), (status = 400)))]
async fn places(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Json<PlacesJson>, Problem> {
    let wish = asked.wish(view.app.town())?;
    let shown = look::look(&mut ctx, view.app.town(), &wish).await?;
    let areas = shown.areas.as_ref().map(|areas| areas.iter().map(|one| area_json(&view, &one.area)).collect());
    Ok(Json(PlacesJson { places: shown.spots.iter().filter_map(|spot| place(&view, spot)).collect(), areas }))
}

fn area_json(view: &View, area: &Listed<'_>) -> AreaJson {
    AreaJson {
        key: area.place.key.clone(),
        name: view.words(&area.dataset.name).to_owned(),
        degree: words::degree(view, &area.place),
        hazards: area.place.hazards.kinds().map(town::HazardKind::word).collect(),
    }
}

fn place(view: &View, spot: &Spot<'_>) -> Option<PlaceJson> {
    let main = spot.main()?;
    let hazards = || town::HazardKind::ALL.iter().copied();
    Some(PlaceJson {
        key: main.place.key.clone(),
        name: main.place.name.clone(),
        kinds: spot.parts.iter().map(|part| part.kind().word()).collect(),
        kind_label: words::kinds(view, spot),
        address: main.place.detail.address.clone(),
        latitude: degrees(main.place.position.latitude),
        longitude: degrees(main.place.position.longitude),
        hazards: hazards().filter(|hazard| spot.is_for(*hazard)).map(town::HazardKind::word).collect(),
        not_in: hazards().filter(|hazard| spot.is_barred_in(*hazard)).map(town::HazardKind::word).collect(),
        caution: spot.parts.iter().find_map(words::caution),
        telephone: main.place.detail.telephone.clone(),
        distance_m: spot.distance_m,
        credit: view.words(&main.dataset.credit).to_owned(),
    })
}

/// The same as GeoJSON, with what a map draws.
#[utoipa::path(get, path = "/api/v1/places.geojson", tag = "places", params(Asked), responses((status = 200, content_type = "application/geo+json"), (status = 400)))]
async fn places_geojson(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let wish = asked.wish(view.app.town())?;
    let shown = look::look(&mut ctx, view.app.town(), &wish).await?;
    let features: Vec<Value> = shown.spots.iter().filter_map(|spot| feature(&view, spot)).collect();
    let collection = json!({ "type": "FeatureCollection", "features": features });
    if wish.near.is_some() {
        // Whoever asked from somewhere is not kept on the way.
        return Ok(Json(collection).into_response());
    }
    Ok(public_json(collection, KEPT_S))
}

fn feature(view: &View, spot: &Spot<'_>) -> Option<Value> {
    let main = spot.main()?;
    let Listed { dataset, place } = main;
    let position = place.position.east_north();
    let geometry = place.detail.outline.clone().unwrap_or_else(|| json!({ "type": "Point", "coordinates": position }));
    let note = spot.parts.iter().find_map(words::caution);
    Some(json!({
        "type": "Feature", "geometry": geometry,
        "properties": {
            "name": place.name, "kind": words::kinds(view, spot), "note": note, "href": format!("/map/places/{}", place.key),
            "shape": dataset.shape, "tone": dataset.tone, "mark": dataset.mark, "distance_m": spot.distance_m,
            "pattern": place.detail.outline.as_ref().map(|_| area::pattern(dataset)),
        },
    }))
}
