//! Garbage in the language of whoever reads of it.

use axum::http::StatusCode;
use calendar::Wish;
use calendar::rules::search;
use store::Actor;
use town::{Language, PackFile};

use crate::world::{AREA, houses, pack};

/// Kinds and items in the town's own words.
const OWN: [&str; 6] = ["燃やせるごみ", "燃やせないごみ", "びん・缶", "古紙・布類", "粗大ごみ", "資源プラスチック"];

#[tokio::test]
async fn who_reads_english_is_shown_no_japanese_kind_and_the_addresses_stay() {
    for house in houses().await {
        let area = web::query_value(AREA);
        for path in ["/calendar", "/calendar/print", "/calendar/board"] {
            let page = house.get("lang=en", &format!("{path}?area={area}")).await;
            assert!(page.status == StatusCode::OK && page.body.contains(">Burnable</span>"), "{path}: {}", page.body);
            assert!(page.body.contains("Ominato"), "{path}");
            assert!(OWN.iter().all(|own| !page.body.contains(own)), "{path}: {}", page.body);
        }
        let month = house.get("lang=en", &format!("/calendar?area={area}")).await.body;
        assert!(month.contains(&format!("<option value=\"{AREA}\" selected>Ominato</option>")), "{month}");
        assert!(month.contains("%E5%A4%A7%E6%B9%8A%E5%9C%B0%E5%8C%BA.ics?lang=en\""), "{month}");
        let easy = house.get("lang=ja-easy", &format!("/calendar?area={area}")).await.body;
        assert!(easy.contains("燃（も）やせるごみ") && !easy.contains("Burnable"), "{easy}");
        let japanese = house.get("lang=ja", &format!("/calendar?area={area}")).await.body;
        assert!(japanese.contains("燃やせるごみ") && !japanese.contains("Burnable"), "{japanese}");
    }
}

#[tokio::test]
async fn an_item_is_found_by_an_english_word_and_shown_beside_what_labels_say() {
    for house in houses().await {
        let of = |body: &str| body.split("<tbody>").nth(1).map_or("", |rest| rest.split("</tbody>").next().unwrap()).to_owned();
        let found = of(&house.get("lang=en", "/calendar/garbage?q=Batteries").await.body);
        for text in [">Battery (dry cell)</span> <small lang=\"ja\">乾電池</small>", "Collection boxes", "Put tape over the terminals"] {
            assert!(found.contains(text), "{text}: {found}");
        }
        for typed in ["乾電池", "かんでんち", "kandenchi"] {
            let found = of(&house.get("lang=en", &format!("/calendar/garbage?q={}", web::query_value(typed))).await.body);
            assert!(found.contains("Battery (dry cell)"), "{typed}: {found}");
        }
        let japanese = of(&house.get("lang=ja", "/calendar/garbage?q=batteries").await.body);
        assert!(japanese.contains("<ruby>乾電池<rp>") && !japanese.contains("<small"), "{japanese}");
        let kinds = house.get("lang=en", "/calendar/garbage").await.body;
        let kind = ">Burnable</span><small lang=\"ja\">燃やせるごみ</small><small>Food waste, paper scraps, branches and the like</small>";
        assert!(kinds.contains(kind), "{kinds}");
    }
}

#[tokio::test]
async fn feeds_and_programs_read_it_in_a_language_and_know_it_by_the_towns_word() {
    for house in houses().await {
        let area = web::query_value(AREA);
        let english = house.get("", &format!("/calendar/garbage/{area}.ics?lang=en")).await.body;
        assert!(
            english.contains("\r\nSUMMARY;LANGUAGE=en:Burnable\r\n") && english.contains("\r\nLOCATION;LANGUAGE=en:Ominato\r\n"),
            "{english}"
        );
        let japanese = house.get("", &format!("/calendar/garbage/{area}.ics")).await.body;
        assert!(japanese.contains("\r\nSUMMARY;LANGUAGE=ja:燃やせるごみ\r\n"), "{japanese}");
        let uids = |body: &str| body.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(uids(&english), uids(&japanese), "the same entries in either language");

        let areas = house.get("lang=en", "/api/v1/calendar/areas").await.body;
        assert!(areas.contains(&format!(r#"{{"name":"{AREA}","title":"Ominato","districts":["#)), "{areas}");
        let days = house.get("lang=en", &format!("/api/v1/calendar/areas/{area}/days?from=2026-12-03&until=2026-12-03")).await.body;
        assert_eq!(days, r#"[{"day":"2026-12-03","kinds":[{"name":"燃やせるごみ","title":"Burnable","sure":true}]}]"#);
        let items = house.get("lang=en", "/api/v1/calendar/items?q=umbrella").await.body;
        assert_eq!(items, r#"[{"name":"傘","title":"Umbrella","label":"燃やせないごみ","kind":"Non-burnable","notice":""}]"#);
    }
}

#[tokio::test]
async fn the_evening_before_names_the_kinds_as_each_reader_reads_them() {
    for house in houses().await {
        let (account, cookie) = house.somebody("大湊の人").await;
        let wish = Wish { garbage: true, events: false, own: false, hour: 19, area: AREA.into() };
        let mut ctx = house.begin(Actor::Holder(account)).await;
        calendar::set_wish(&mut ctx, &wish).await.unwrap();
        ctx.commit().await.unwrap();
        let wishes = house.get(&format!("{cookie}; lang=en"), "/calendar/wishes").await.body;
        assert!(wishes.contains(&format!("<option value=\"{AREA}\" selected>Ominato</option>")), "{wishes}");

        house.clock.set("2026-12-02T10:00:01Z".parse().unwrap());
        store::run_due_jobs(&house.store, &house.jobs).await.unwrap();
        let told = house.told().await.pop().unwrap();
        for (tag, kinds) in [("ja", "燃やせるごみ"), ("ja-easy", "燃（も）やせるごみ"), ("en", "Burnable"), ("vi", "Burnable")]
        {
            let args = told.args_for(&tag.parse().unwrap());
            assert!(args.contains(&("kinds", kinds)), "{tag}: {args:?}");
        }
    }
}

/// A town with few words in other languages than its own.
fn small(words: Option<&str>) -> town::Garbage {
    let file = |name: &str, text: &str| PackFile { path: format!("garbage/{name}"), bytes: text.as_bytes().to_vec() };
    let items = "label,name,notice,furigana\n燃える,ペットボトル,,へ\n燃える,乾電池,,か\n燃える,ガラスびん,,か\n燃える,歯みがき,,は\n";
    let mut files = vec![file("area_days.csv", "地名,センター,燃える,びん\n本村,,月,月\n"), file("target.csv", items)];
    files.extend(words.map(|words| file("words.csv", words)));
    pack(&files, |path| !path.starts_with("garbage/") && path != "calendar.toml").garbage.clone().unwrap()
}

#[test]
fn an_item_is_found_by_any_of_its_words() {
    let garbage = small(Some("ja,en\nペットボトル,Plastic bottle\n乾電池,Battery\nガラスびん,Glass bottle\n歯みがき,Crème for teeth\n"));
    let names = |text: &str| search::items(&garbage, text).iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    for (typed, name) in [
        ("plastic bottle", "ペットボトル"),
        ("bottles, plastic", "ペットボトル"),
        ("Batteries", "乾電池"),
        ("glass", "ガラスびん"),
        ("creme", "歯みがき"),
        ("ＣＲÈＭＥ", "歯みがき"),
        ("がらすびん", "ガラスびん"),
    ] {
        assert_eq!(names(typed), [name], "{typed}");
    }
    assert_eq!(names("bottles"), ["ガラスびん", "ペットボトル"]);
    assert_eq!(names("plastic glass"), Vec::<String>::new());
}

#[test]
fn a_town_without_words_is_read_in_its_own() {
    let garbage = small(None);
    let named = |garbage: &town::Garbage| {
        let (language, text) = calendar::rules::garbage::named(garbage, 0..2, &Language::ENGLISH);
        (language.unwrap().to_string(), text)
    };
    assert_eq!(named(&garbage), ("ja".to_owned(), "燃える・びん".to_owned()));
    let half = small(Some("ja,en\n燃える,Burnable\n"));
    assert_eq!(named(&half), ("en".to_owned(), "Burnable, びん".to_owned()));
    assert_eq!(calendar::rules::garbage::named(&garbage, 0..0, &Language::ENGLISH), (None, String::new()));
}
