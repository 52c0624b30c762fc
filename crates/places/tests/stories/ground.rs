//! The ground of the map: tiles out of the town's own file, and what happens when somebody replaces or breaks it.

use std::path::{Path, PathBuf};

use axum::http::{StatusCode, header};
use serde_json::Value;
use store::Role;

use crate::world::{Answer, House, fixture, house_of, houses, pack_file, town_on, town_with};

/// The middle of the town.
const MIDDLE: &str = "/map/tiles/12/3654/1531.mvt";

fn layers(answer: &Answer) -> Vec<String> {
    tiles::layer_names(&answer.bytes).unwrap()
}

async fn source(house: &House) -> Value {
    house.get("/map/style.json?lang=ja").await.json()["sources"]["base"].clone()
}

#[tokio::test]
async fn the_map_lies_on_tiles_that_the_town_itself_gives_out() {
    for house in houses().await {
        let style = house.get("/map/style.json?lang=ja").await.json();
        let base = &style["sources"]["base"];
        assert_eq!((base["type"].as_str(), base["minzoom"].as_u64(), base["maxzoom"].as_u64()), (Some("vector"), Some(7), Some(14)));
        let address = base["tiles"][0].as_str().unwrap();
        assert!(address.starts_with("/map/tiles/{z}/{x}/{y}.mvt?v="), "{address}");
        let keep = style["metadata"]["tegata:keep"].as_array().unwrap();
        assert!((50..=120).contains(&keep.len()), "{}", keep.len());
        assert!(keep.iter().all(|tile| tile.as_str().unwrap().ends_with(address.split_once('?').unwrap().1)));

        let named = house.get(&address.replace("{z}/{x}/{y}", "12/3654/1531")).await;
        assert_eq!(named.status, StatusCode::OK);
        assert_eq!(named.headers["content-type"], "application/vnd.mapbox-vector-tile");
        assert_eq!(named.headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(layers(&named), ["land", "boundary", "place"]);
        let packed = house.get_with(MIDDLE, header::ACCEPT_ENCODING, "br, gzip;q=0.8").await;
        assert_eq!((packed.headers["content-encoding"].to_str().unwrap(), &packed.bytes[..2]), ("gzip", &[0x1f, 0x8b][..]));
        assert_eq!(packed.headers["cache-control"], "public, no-cache", "an address without the content's name is asked about again");
        let refused = house.get_with(MIDDLE, header::ACCEPT_ENCODING, "gzip;q=0").await;
        assert_eq!(refused.bytes, named.bytes);

        let known = house.get_with(MIDDLE, header::IF_NONE_MATCH, named.headers["etag"].to_str().unwrap()).await;
        assert_eq!((known.status, known.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        let policy = house.get("/map").await.headers["content-security-policy"].to_str().unwrap().to_owned();
        assert!(!policy.contains("https:"), "nobody else is asked: {policy}");
    }
}

#[tokio::test]
async fn where_the_file_has_nothing_and_what_is_no_tile_are_told_apart() {
    for house in houses().await {
        let sea = house.get("/map/tiles/14/14560/6150.mvt").await;
        assert_eq!((sea.status, sea.bytes.len()), (StatusCode::NO_CONTENT, 0));
        assert_eq!(house.get("/map/tiles/15/0/0.mvt").await.status, StatusCode::NOT_FOUND, "beyond its zooms");
        assert_eq!(house.get("/map/tiles/12/3654/1531.png").await.status, StatusCode::NOT_FOUND);
        for wrong in ["3/8/0", "3/0/8", "27/0/0", "-1/0/0", "12/3654/x", "256/0/0", "1.5/0/0", "12/99999999999999999999/0"] {
            let answer = house.get_with(&format!("/map/tiles/{wrong}.mvt"), header::ACCEPT, "application/json").await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("places.no_such_tile")), "{wrong}");
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{wrong}");
        }
    }
}

#[tokio::test]
async fn names_are_in_the_readers_language_and_drawn_more_strongly_for_who_asks() {
    let house = house_of(town_on(&map(&data("tiles/protomaps.pmtiles"), "schema = \"protomaps\""))).await;
    let style = async |query: &str| house.get(&format!("/map/style.json?{query}")).await.json();
    let layer = |style: &Value, id: &str| style["layers"].as_array().unwrap().iter().find(|layer| layer["id"] == id).unwrap().clone();
    let (japanese, english, strong) = (style("lang=ja").await, style("lang=en").await, style("lang=ja&contrast=more").await);
    assert_eq!(
        layer(&japanese, "base-place")["layout"]["text-field"],
        serde_json::json!(["coalesce", ["get", "name:ja"], ["get", "name"]])
    );
    assert!(layer(&english, "base-place")["layout"]["text-field"].to_string().contains("name:en"));
    assert_eq!(layer(&strong, "base-place")["paint"]["text-color"], "#000000");
    assert_ne!(layer(&japanese, "base-place")["paint"]["text-color"], "#000000");
}

#[tokio::test]
async fn a_style_of_the_towns_own_is_drawn_as_it_says() {
    let own = r##"{ "version": 8, "sources": { "x": {} }, "layers": [
        { "id": "sea", "type": "background", "paint": { "background-color": "#abcdef" } },
        { "id": "ways", "type": "line", "source": "x", "source-layer": "RdCL", "paint": { "line-color": "@major" } },
        { "id": "words", "type": "symbol", "source": "x", "source-layer": "Anno", "layout": { "text-field": ["get", "vt_text"] } } ] }"##;
    let folder = Folder::new("own");
    std::fs::write(folder.path("map.pmtiles"), fixture("tiles/gsi-optimal.pmtiles")).unwrap();
    let town = town_with(&map(&folder.path("map.pmtiles"), "style = \"data/style.json\""), &[("data/style.json", own)]);
    let house = house_of(town).await;
    let style = house.get("/map/style.json?lang=ja").await.json();
    let layers: Vec<(&str, Option<&str>)> =
        style["layers"].as_array().unwrap().iter().map(|layer| (layer["id"].as_str().unwrap(), layer["source"].as_str())).collect();
    assert_eq!(layers, [("ground", None), ("base-sea", None), ("base-ways", Some("base")), ("base-words", Some("base"))]);
    assert_eq!(style["layers"][2]["paint"]["line-color"], "#fbe0a0");
    assert!(style["sources"].get("x").is_none());
}

#[tokio::test]
async fn a_broken_file_never_takes_the_place_of_a_good_one_and_the_staff_read_why() {
    let folder = Folder::new("replaced");
    let laid = folder.path("map.pmtiles");
    let lay = |bytes: &[u8]| {
        std::fs::write(folder.path("new"), bytes).unwrap();
        std::fs::rename(folder.path("new"), &laid).unwrap();
    };
    let good = pack_file("map.pmtiles");
    lay(&good);
    let house = house_of(town_on(&map(&laid, "schema = \"plain\"\noutlines = \"data/boundary.geojson\""))).await;
    let staff = house.session(&[Role::Operator]).await;
    let first = source(&house).await;

    // Half a download under the same name: the file before goes on.
    lay(&good[..good.len() / 2]);
    assert_eq!(source(&house).await, first, "nobody looks at the file at each request");
    house.pass_seconds(11);
    assert_eq!(source(&house).await, first);
    assert_eq!(layers(&house.get(MIDDLE).await), ["land", "boundary", "place"]);
    let page = house.staff_sees(&staff, "/staff/map").await;
    assert!(page.says("途中で切れています") && page.says("前のファイルのまま"), "{}", page.body);

    // Gone: it still goes on.
    std::fs::remove_file(&laid).unwrap();
    house.pass_seconds(11);
    assert_eq!(source(&house).await, first);
    assert!(house.staff_sees(&staff, "/staff/map").await.says("見つかりません"));

    // A good one: a new address, and nothing is wrong any more.
    lay(&fixture("tiles/protomaps.pmtiles"));
    house.pass_seconds(11);
    let second = source(&house).await;
    assert_ne!(second["tiles"], first["tiles"]);
    assert!(layers(&house.get("/map/tiles/14/14617/6125.mvt").await).contains(&"roads".to_owned()));
    let page = house.staff_sees(&staff, "/staff/map").await;
    assert!(page.says("map.pmtiles") && !page.says("前のファイルのまま"));

    // Written over where it lies: what was open is no more, so outlines stand in.
    std::fs::write(&laid, b"<html>not found</html>").unwrap();
    house.pass_seconds(11);
    let outlines = house.get("/map/style.json?lang=ja").await.json();
    assert_eq!(outlines["sources"]["base"]["type"], "geojson");
    assert_eq!(outlines["sources"]["districts"]["data"]["features"].as_array().unwrap().len(), house.store.town().districts.len());
    assert_eq!(house.get(MIDDLE).await.status, StatusCode::NOT_FOUND);
    assert!(house.get("/map").await.status == StatusCode::OK && !house.places("").await.is_empty());
    let page = house.staff_sees(&staff, "/staff/map").await;
    assert!(page.says("ではありません") && page.says("輪郭と地区の名前だけ"), "{}", page.body);
}

/// `[map]` on a file by its whole path.
fn map(file: &Path, style: &str) -> String {
    format!(
        "[map]\nbase = \"tiles\"\nfile = {file:?}\n{style}\ncredit = {{ ja = \"試し\", ja-easy = \"試し\", en = \"A trial\" }}\nlatitude = 41.2928\nlongitude = 141.1834\nzoom = 11\n"
    )
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A folder that is gone when the story is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tegata-ground-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
