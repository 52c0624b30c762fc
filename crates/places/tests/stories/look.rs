use axum::http::StatusCode;

use crate::world::{SITES, fixture, houses};

const HERE: &str = "near=41.2927,141.1834";

#[tokio::test]
async fn the_nearest_place_to_flee_to_is_found_by_hazard_on_the_map_in_the_list_and_by_programs() {
    for house in houses().await {
        let all = house.places("").await;
        assert!((109..109 + 99).contains(&all.len()), "sites and shelters, those of one spot once: {}", all.len());
        let tsunami = house.places(&format!("hazard=tsunami&{HERE}")).await;
        assert!(!tsunami.is_empty() && tsunami.len() < all.len());
        let metres: Vec<u64> = tsunami.iter().map(|place| place["distance_m"].as_u64().unwrap()).collect();
        assert!(metres.is_sorted(), "{metres:?}");
        assert!(tsunami.iter().all(|place| place["hazards"].as_array().unwrap().iter().any(|hazard| hazard == "tsunami")));
        let first = tsunami[0]["name"].as_str().unwrap();

        let list = house.get(&format!("/map/list?hazard=tsunami&{HERE}")).await;
        assert_eq!(list.status, StatusCode::OK);
        let at = list.body.find(first).unwrap();
        assert!(tsunami[1..].iter().all(|place| list.body.rfind(place["name"].as_str().unwrap()).unwrap() > at));
        assert!(list.says("直線で約") && list.says("津波のときに逃げる場所"));
        let map = house.get(&format!("/map?hazard=tsunami&{HERE}")).await;
        assert!(map.says(first) && map.says("data-map="));
        // The address the map fetches carries no position, and neither page may be kept on the way.
        assert!(
            map.says("places.geojson?hazard=tsunami&#38;lang=ja") || map.says("places.geojson?hazard=tsunami&amp;lang=ja"),
            "{}",
            map.body
        );
        assert_eq!(map.headers["cache-control"], "no-store");
        // From a district instead, for who has no position to give.
        let from_district = house.places("hazard=tsunami&district=%E4%B8%AD%E5%A4%AE%E4%B8%80%E4%B8%81%E7%9B%AE").await;
        assert!(from_district[0]["distance_m"].as_u64().unwrap() < 5_000);
    }
}

#[tokio::test]
async fn the_map_gets_its_features_and_a_style_that_needs_no_internet() {
    for house in houses().await {
        let features = house.get("/api/v1/places.geojson?lang=en").await;
        assert_eq!(features.headers["cache-control"], "public, max-age=60");
        let features = features.json();
        assert_eq!(features["type"], "FeatureCollection");
        let first = &features["features"][0];
        assert_eq!((first["geometry"]["type"].as_str(), first["properties"]["shape"].as_str()), (Some("Point"), Some("triangle")));
        assert!(first["properties"]["kind"].as_str().unwrap().starts_with("Emergency"));
        let near = house.get(&format!("/api/v1/places.geojson?{HERE}")).await;
        assert_eq!(near.headers["cache-control"], "no-store", "whoever asked from somewhere is not kept");

        let style = house.get("/map/style.json?lang=ja").await.json();
        assert_eq!(style["version"], 8);
        assert!(style["glyphs"].is_null() && style["sprite"].is_null(), "fonts are the browser's own");
        assert!(!style.to_string().contains("http"), "nothing is fetched from elsewhere");
        assert!(style["sources"]["base"]["attribution"].as_str().unwrap().contains("国土数値情報"));
    }
}

#[tokio::test]
async fn a_place_says_what_it_is_for_how_to_call_and_whose_data_they_are() {
    for house in houses().await {
        let place = &house.places("hazard=flood").await[0];
        let page = house.get(&format!("/map/places/{}", place["key"].as_str().unwrap())).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.says(place["name"].as_str().unwrap()) && page.says("geo:41.") && page.says("国土地理院"));
        assert!(page.says("使えます") && page.says("使えません"), "both the yes and the no of a hazard are words");
        let gone = house.get("/map/places/emergency-sites.E0000000000000").await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        for (question, code) in
            [("kind=castle", "places.unknown_kind"), ("hazard=dragon", "places.unknown_hazard"), ("near=here", "places.unknown_position")]
        {
            let answer = house.get(&format!("/api/v1/places?{question}")).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some(code)));
        }
    }
}

#[tokio::test]
async fn a_town_without_flags_has_no_place_to_flee_to_and_a_csv_is_shown_with_its_hours() {
    for house in houses().await {
        let staff = house.session(&[store::Role::Operator]).await;
        let toilets = house.staff_brings(&staff, "toilets", &fixture("toilet.csv")).await;
        let version = house.staff_sees(&staff, &toilets.location).await;
        // Toilets of a town far away are no toilets here.
        assert!(version.says("町から遠く離れた位置です"), "{}", version.body);
        assert!(version.says("使える行が1つもありません"));
        assert!(house.places("kind=toilet").await.is_empty());
        assert!(house.staff_sees(&staff, &format!("/staff/map/{SITES}")).await.says("109"));
    }
}

#[tokio::test]
async fn who_asks_from_a_hazard_area_reads_so_and_where_to_flee_to() {
    // 大湊町's middle lies in the pack's invented red zone.
    const IN_THE_ZONE: &str = "near=41.250586,141.137572";
    for house in houses().await {
        let answer = house.get(&format!("/api/v1/places?{IN_THE_ZONE}")).await.json();
        let areas = answer["areas"].as_array().unwrap();
        assert_eq!(areas.len(), 1, "the gravest of one data set: {areas:?}");
        assert_eq!(
            (areas[0]["degree"].as_str(), areas[0]["hazards"][0].as_str()),
            (Some("特別警戒区域（レッドゾーン）"), Some("landslide"))
        );
        let nearest = house.places(&format!("hazard=landslide&{IN_THE_ZONE}")).await.remove(0);
        let list = house.get(&format!("/map/list?{IN_THE_ZONE}")).await;
        let section = list.body.split("id=\"areas\"").nth(1).unwrap().split("</section>").next().unwrap();
        for text in [
            "ここにかかる災害の区域",
            "土砂災害警戒区域（架空の例）",
            "特別警戒区域（レッドゾーン）",
            nearest["name"].as_str().unwrap(),
            "区域の外でも災害は起こります",
        ] {
            assert!(section.contains(text), "{text}: {section}");
        }
        assert_eq!(list.headers["cache-control"], "no-store");
        // Outside of all areas nothing is called safe; without a position nothing is said.
        let outside = house.get(&format!("/map/list?{HERE}")).await;
        assert!(outside.says("載せている区域には入っていません") && !outside.says("安全"));
        assert!(!house.get("/map/list").await.says("id=\"areas\""));
        assert!(house.get("/api/v1/places").await.json()["areas"].is_null());
        // From a district it is its middle that is asked about, and the page says so.
        let district = house.get("/map/list?district=%E5%A4%A7%E6%B9%8A%E7%94%BA").await;
        assert!(district.says("この地区（の真ん中）にかかる災害の区域") && district.says("特別警戒区域"));
        // The map has a legend, and its areas a pattern each.
        let map = house.get("/map").await;
        assert!(map.says("災害の区域の見分け方") && map.says("map-legend__sign"));
        let features = house.get("/api/v1/places.geojson?kind=hazard").await.json();
        let patterns: std::collections::BTreeSet<&str> =
            features["features"].as_array().unwrap().iter().filter_map(|one| one["properties"]["pattern"].as_str()).collect();
        assert_eq!(patterns, ["hatch", "waves"].into());
    }
}

#[tokio::test]
async fn a_screen_that_everybody_passes_shows_a_district_and_takes_no_position() {
    for house in houses().await {
        let choose = house.get("/map/board").await;
        assert!(choose.says("大湊町") && choose.says("/map/board?district="));
        let board = house.get("/map/board?district=%E5%A4%A7%E6%B9%8A%E7%94%BA&hazard=landslide").await;
        assert_eq!((board.status, &board.headers["refresh"]), (StatusCode::OK, &"900".parse().unwrap()));
        let nearest = house.places("kind=emergency_site&hazard=landslide&district=%E5%A4%A7%E6%B9%8A%E7%94%BA").await.remove(0);
        assert!(board.says(nearest["name"].as_str().unwrap()), "{}", board.body);
        assert!(board.says("aria-current=\"page\"") && board.says("&#34;screen&#34;:true") || board.says("&quot;screen&quot;:true"));
        let told = house.get("/map/board?district=%E5%A4%A7%E6%B9%8A%E7%94%BA&hazard=landslide&near=41.2927,141.1834").await;
        let plain = "/map/board?district=%E5%A4%A7%E6%B9%8A%E7%94%BA&hazard=landslide";
        assert_eq!((told.status, told.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, plain), "nobody's position");
        assert_eq!(house.get("/map/board?district=nowhere").await.status, StatusCode::BAD_REQUEST);
    }
}
