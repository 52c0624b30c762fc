use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use town::{GuideCode, GuideId};

use super::*;
use crate::model::{Content, PhotoId, Position, PostId, ShownPhoto};

fn code(text: &str) -> GuideCode {
    text.parse().unwrap()
}

/// The town of the repository that has a guide for parents.
fn a_town_with_a_guide() -> std::sync::Arc<Town> {
    let folders = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns")).unwrap();
    let mut towns = folders.filter_map(|folder| Town::load(&folder.unwrap().path()).ok());
    towns.find(|town| town.guides.iter().any(|guide| guide.id.as_str() == "childcare")).expect("a town has one")
}

fn any_post() -> impl Strategy<Value = Shown> {
    let text = "[=+@\\-'\"\\PC\\n,;]{0,40}";
    let fact = prop_oneof![Just(Said::Yes), Just(Said::No)];
    let facts = proptest::collection::btree_map(prop_oneof![Just("pram"), Just("rain"), Just("free")], fact, 0..3);
    let position = proptest::option::of((20_000_000..46_000_000i32, 122_000_000..154_000_000i32));
    let ages = proptest::sample::subsequence(vec!["baby", "toddler", "school"], 0..3);
    let names = (text, text, text, proptest::option::of(text), proptest::option::of(text));
    (names, facts, position, ages, any::<bool>(), any::<[u8; 16]>(), 0..1_000_000i64).prop_map(
        |((title, words, place, district, pen_name), facts, position, ages, photo, id, thanks)| {
            let facts: BTreeMap<GuideCode, Said> = facts.into_iter().map(|(tag, said)| (code(tag), said)).collect();
            let content = Content {
                category: code("park"),
                title,
                words,
                place,
                district,
                position: position.map(|(latitude, longitude)| Position { latitude, longitude }),
                ages: ages.into_iter().map(code).collect(),
                facts,
                pen_name,
                photo_words: "芝生".to_owned(),
            };
            let photo = photo.then(|| ShownPhoto { id: PhotoId::from_bytes(id), width: 640, height: 480 });
            let at: Timestamp = "2026-05-10T01:02:03Z".parse().unwrap();
            Shown { id: PostId::from_bytes(id), content, photo, published_at: at, changed_at: at, thanks }
        },
    )
}

/// A post as a reader of the CSV has it, in the form of the JSON.
fn of_csv(guide: &Guide, row: &BTreeMap<String, String>) -> Value {
    let cell = |name: &str| row[name].strip_prefix('\'').unwrap_or(&row[name]).to_owned();
    let list = |name: &str| cell(name).split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let or_none = |text: String| (!text.is_empty()).then_some(text);
    let mut facts = Map::new();
    for tag in &guide.tags {
        let said = match cell(tag.name.ja()).as_str() {
            "有" => "yes",
            "無" => "no",
            _ => "unknown",
        };
        facts.insert(tag.id.to_string(), said.into());
    }
    json!({
        "id": cell("ID"), "name": cell("名称"), "category": cell("カテゴリコード"), "category_name": cell("カテゴリ"), "description": cell("説明"),
        "place": cell("場所の名称"), "district": or_none(cell("所在地_町字")), "ages": list("対象年齢コード"), "age_names": list("対象年齢"), "facts": facts,
        "photo_url": or_none(cell("画像")), "url": cell("URL"), "author": or_none(cell("投稿者")), "published_at": cell("公開日時"),
        "updated_at": cell("更新日時"), "thanks": cell("ありがとう数").parse::<i64>().unwrap(),
        "latitude": or_none(cell("緯度")).map(|text| text.parse::<f64>().unwrap()),
        "longitude": or_none(cell("経度")).map(|text| text.parse::<f64>().unwrap()),
    })
}

/// The JSON's post in the same form: no difference between an empty text and none, which a cell cannot tell.
fn of_json(mut post: Value) -> Value {
    let photo = post.as_object_mut().unwrap().remove("photo").unwrap();
    post["photo_url"] = photo.get("url").cloned().unwrap_or_default();
    for name in ["district", "author"] {
        if post[name] == "" {
            post[name] = Value::Null;
        }
    }
    post
}

proptest! {
    #[test]
    fn the_three_files_say_the_same(posts in proptest::collection::vec(any_post(), 0..6)) {
        let town = a_town_with_a_guide();
        let guide = town.guide(&"childcare".parse::<GuideId>().unwrap()).unwrap();
        let frame = Frame { town: &town, guide, origin: "https://town.example", language: &Language::JAPANESE };
        let json = frame.json(&posts, None);
        let from_json: Vec<Value> = json["posts"].as_array().unwrap().iter().cloned().map(of_json).collect();

        let geo = frame.geojson(&posts, None);
        let from_geo: Vec<Value> = geo["features"].as_array().unwrap().iter().map(|feature| {
            let mut post = feature["properties"].clone();
            let properties = post.as_object_mut().unwrap();
            properties.remove("kind");
            properties.remove("href");
            let at = &feature["geometry"]["coordinates"];
            post["latitude"] = at.get(1).cloned().unwrap_or_default();
            post["longitude"] = at.get(0).cloned().unwrap_or_default();
            of_json(post)
        }).collect();
        prop_assert_eq!(&from_geo, &from_json);

        let bytes = frame.csv(&posts).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap().strip_prefix('\u{feff}').expect("a mark in front");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headings = reader.headers().unwrap().clone();
        let rows: Vec<BTreeMap<String, String>> = reader.records().map(|record| {
            headings.iter().map(str::to_owned).zip(record.unwrap().iter().map(str::to_owned)).collect()
        }).collect();
        for cell in rows.iter().flat_map(BTreeMap::values) {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell:?}");
        }
        let from_csv: Vec<Value> = rows.iter().map(|row| of_csv(guide, row)).collect();
        prop_assert_eq!(&from_csv, &from_json);
    }
}

#[test]
fn headings_are_those_of_the_standard_where_it_has_them() {
    let town = a_town_with_a_guide();
    let frame = Frame { town: &town, guide: &town.guides[0], origin: "", language: &Language::JAPANESE };
    let bytes = frame.csv(&[]).unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.starts_with("\u{feff}全国地方公共団体コード,ID,地方公共団体名,名称,"), "{text}");
    for heading in ["説明", "所在地_町字", "緯度", "経度", "画像", "画像_ライセンス", "URL", "おむつ替え", "授乳室"]
    {
        assert!(text.contains(heading), "{heading}");
    }
    assert!(text.ends_with("\r\n"));
}
