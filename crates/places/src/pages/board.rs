//! The map on a television, a tablet on the wall, a kiosk: big, by itself, and nothing of any person. It stands somewhere, so its district is in its address.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::json;
use town::{DatasetKind, HazardKind};
use web::{Page, Problem, Reader, View};

use super::public::district_name;
use crate::asked::{Asked, said};
use crate::domain::look;
use crate::rules::spot::Kind;
use crate::{style, words};

/// Seconds until the screen looks again.
const AGAIN_S: &str = "900";
/// Sites that fit beside the map.
const NEAREST: usize = 5;
/// How near the map begins.
const ZOOM: u32 = 14;

struct Site {
    name: String,
    distance: String,
    hazards: String,
}

/// A hazard to choose with the remote.
struct Choice {
    href: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct Board<'a> {
    view: &'a View,
    /// The district shown, or none yet.
    district: Option<String>,
    /// Districts to choose among: address and name.
    districts: Vec<(String, String)>,
    hazards: Vec<Choice>,
    sites: Vec<Site>,
    map: String,
}

/// The map of a district with where to flee to; without one, the districts to choose among.
pub(super) async fn page(view: View, Reader(mut ctx): Reader, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let town = view.app.town().clone();
    let address = |district: &str, hazard: Option<HazardKind>| {
        let hazard = hazard.map(|hazard| format!("&hazard={}", hazard.word())).unwrap_or_default();
        format!("/map/board?district={}{hazard}", web::query_value(district))
    };
    // A screen that everybody passes stands in a district and never says where a person is, not even in its links.
    if said(&asked.near).is_some() {
        let asked = Asked { near: None, ..asked };
        let to =
            said(&asked.district).map_or_else(|| Ok("/map/board".to_owned()), |district| Ok(address(district, asked.wish(&town)?.hazard)));
        return to.map(|to: String| Redirect::to(&to).into_response());
    }
    let asked = Asked { kind: None, ..asked };
    let mut wish = asked.wish(&town)?;
    wish.kind = Some(Kind::Of(DatasetKind::EmergencySite));
    let district = said(&asked.district).map(str::to_owned);
    let mut board =
        Board { view: &view, district: None, districts: Vec::new(), hazards: Vec::new(), sites: Vec::new(), map: String::new() };
    if let (Some(name), Some(here)) = (&district, wish.near) {
        let shown = look::look(&mut ctx, &town, &wish).await?;
        let every = HazardKind::ALL.iter().copied().map(Some);
        let choice = |hazard: Option<HazardKind>| Choice {
            href: address(name, hazard),
            name: hazard.map_or_else(|| view.t("places-any-hazard"), |hazard| words::hazard(&view, hazard)),
            chosen: wish.hazard == hazard,
        };
        board.hazards = std::iter::once(None).chain(every).map(choice).collect();
        for spot in shown.spots.iter().take(NEAREST) {
            let Some(main) = spot.main() else { continue };
            let kinds: Vec<String> =
                HazardKind::ALL.iter().filter(|hazard| spot.is_for(**hazard)).map(|hazard| words::hazard(&view, *hazard)).collect();
            let distance = spot.distance_m.map(|metres| words::distance(&view, metres, here, main.place.position)).unwrap_or_default();
            board.sites.push(Site { name: main.place.name.clone(), distance, hazards: kinds.join(&view.t("places-and")) });
        }
        let language = view.language.to_string();
        board.map = json!({
            "style": format!("/map/style.json?lang={language}"), "mode": "show", "screen": true,
            "features": format!("/api/v1/places.geojson?{}", asked.without_position(&[("lang", &language)])),
            "center": [style::degrees(here.longitude), style::degrees(here.latitude)], "zoom": ZOOM,
        })
        .to_string();
        board.district = town.districts.iter().find(|one| one.name == *name).map(|district| district_name(&view, district));
    } else {
        board.districts = town.districts.iter().map(|one| (address(&one.name, None), district_name(&view, one))).collect();
    }
    let title = view.t("places-board-title");
    let mut page = view.page(&Page::plain(&title).with_island("map.js", &["places-map"]), &board);
    page.headers_mut().insert(header::REFRESH, HeaderValue::from_static(AGAIN_S));
    Ok(page)
}
