use axum::http::StatusCode;
use store::{Actor, Role};

use crate::world::{House, SITES, fixture, houses, pack_file};

/// The sites of the pack without some of the first, as GeoJSON.
fn without(first: usize) -> Vec<u8> {
    let mut all: serde_json::Value = serde_json::from_slice(&pack_file("emergency-sites.json")).unwrap();
    all["features"].as_array_mut().unwrap().drain(..first);
    serde_json::to_vec_pretty(&all).unwrap()
}

async fn sites(house: &House) -> usize {
    house.places("kind=emergency_site").await.len()
}

async fn events(house: &House, kind: &str) -> i64 {
    let mut ctx = house.store.read(Actor::System).await.unwrap();
    ctx.tx().query_one::<(i64,)>("select count(*) from store_event where kind = $1", store::params![kind]).await.unwrap().0
}

#[tokio::test]
async fn broken_real_files_never_replace_good_data_and_say_why() {
    for house in houses().await {
        let staff = house.session(&[Role::Operator]).await;
        let whole = pack_file("emergency-sites.json");
        let columns = String::from_utf8(whole.clone()).unwrap().replace("施設・場所名", "よびな");
        let no_text: Vec<u8> = whole.iter().enumerate().map(|(at, byte)| if at % 7 == 0 { 0xff } else { *byte }).collect();
        let broken: [(&[u8], &str, &str); 5] = [
            (&whole[..whole.len() / 2], "行目で途中で切れています", "ダウンロードをやり直して"),
            (columns.as_bytes(), "必要な列がありません：名称", "よびな"),
            (&fixture("care-cp932.csv"), "JSON として読めません", "書き出し直してください"),
            (&fixture("metres.geojson"), "使える行が1つもありません", "町から遠く離れた位置です"),
            (&no_text, "文字が読めません", "CSV UTF-8"),
        ];
        for (bytes, why, next) in broken {
            let sent = house.staff_brings(&staff, SITES, bytes).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
            let report = house.staff_sees(&staff, &sent.location).await;
            assert!(report.says(why) && report.says(next) && report.says("表示中のデータは変わっていません"), "{why}: {}", report.body);
            assert!(!report.says("/approve"), "what is broken cannot be shown by anybody");
            assert_eq!(sites(&house).await, 109);
        }
        assert_eq!(events(&house, "places.dataset_refused").await, 5);
        assert!(house.staff_sees(&staff, "/staff/map").await.says("最後のファイルは使えません"));
        // At the next start the pack's own good file is known, and nothing happens.
        house.open().await;
        assert_eq!((sites(&house).await, events(&house, "places.dataset_replaced").await), (109, 4));
    }
}

#[tokio::test]
async fn a_file_is_seen_before_it_is_shown_and_can_be_taken_back() {
    for house in houses().await {
        let staff = house.session(&[Role::Operator]).await;
        let sent = house.staff_brings(&staff, SITES, &without(3)).await;
        let report = house.staff_sees(&staff, &sent.location).await;
        assert!(report.says("行の誤りはありません") && report.says("106"), "{}", report.body);
        assert_eq!(sites(&house).await, 109, "nothing changes before somebody says so");
        let approved = house.staff_presses(&staff, &format!("{}/approve", sent.location)).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER);
        assert_eq!((sites(&house).await, events(&house, "places.dataset_replaced").await), (106, 5));
        let again = house.staff_presses(&staff, &format!("{}/approve", sent.location)).await;
        assert_eq!(again.status, StatusCode::CONFLICT);

        assert!(house.staff_sees(&staff, &format!("/staff/map/{SITES}")).await.says("前のデータに戻す"));
        house.staff_presses(&staff, &format!("/staff/map/{SITES}/back")).await;
        assert_eq!(sites(&house).await, 109);
        let nothing = house.staff_presses(&staff, &format!("/staff/map/{SITES}/back")).await;
        assert_eq!(nothing.status, StatusCode::CONFLICT, "one version before is all there was");
        house.open().await;
        assert_eq!(sites(&house).await, 109, "and it stays at the next start");
    }
}

#[tokio::test]
async fn a_file_that_waits_may_be_thrown_away_and_says_what_is_gone() {
    for house in houses().await {
        let staff = house.session(&[Role::Operator]).await;
        let sent = house.staff_brings(&staff, SITES, &without(30)).await;
        let report = house.staff_sees(&staff, &sent.location).await;
        assert!(report.says("場所が大きく減っています") && report.says("30 か所") && report.says("旭町児童公園"), "{}", report.body);
        assert!(house.staff_sees(&staff, "/staff/map").await.says("確認待ち"));
        house.staff_presses(&staff, &format!("{}/discard", sent.location)).await;
        assert_eq!(sites(&house).await, 109);
        assert!(house.staff_sees(&staff, &sent.location).await.says("使わなかったファイル"));
        let empty = house.staff_brings(&staff, SITES, b"").await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.says("ファイルを選んでください"));
        assert_eq!(house.staff_brings(&staff, "castles", b"x").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn only_who_keeps_places_sees_and_changes_the_data() {
    for house in houses().await {
        let other = house.session(&[Role::Clerk]).await;
        for path in ["/staff/map".to_owned(), format!("/staff/map/{SITES}")] {
            assert_eq!(house.staff_sees(&other, &path).await.status, StatusCode::FORBIDDEN);
            assert_ne!(house.get(&path).await.status, StatusCode::OK);
        }
        let refused = house.staff_brings(&other, SITES, &without(1)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(house.staff_presses(&other, &format!("/staff/map/{SITES}/back")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(sites(&house).await, 109);
    }
}
