//! The files everybody may use.

use axum::http::StatusCode;
use store::Role;

use crate::world::houses;

#[tokio::test]
async fn the_files_are_open_say_their_licence_and_are_sent_only_when_they_changed() {
    for house in houses().await {
        let (hanako, taro, staff) = (house.hanako().await, house.taro().await, house.staff(Role::Officer).await);
        let at = [("latitude", "34820000"), ("longitude", "134679000"), ("title", "=HYPERLINK(1)"), ("fact-pram", "yes")];
        let post = house.published(&hanako, &staff, &at).await;
        for (ending, kind) in
            [("csv", "text/csv; charset=utf-8; header=present"), ("geojson", "application/geo+json"), ("json", "application/json")]
        {
            let path = format!("/api/v1/guide/childcare.{ending}");
            let file = house.get(&path, &[]).await;
            assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, kind));
            assert_eq!(file.header("access-control-allow-origin"), "*");
            assert!(file.body.contains("CC-BY-4.0") && file.body.contains("どんぐりママ"), "{}", file.body);
            assert!(!file.body.contains("花子") && !file.body.contains(&hanako.account.to_string()));
            let (tag, day) = (file.header("etag").to_owned(), file.header("last-modified").to_owned());
            assert_eq!(house.get(&path, &[("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
            assert_eq!(house.get(&path, &[("if-modified-since", &day)]).await.status, StatusCode::NOT_MODIFIED);
            house.pass(5);
            house.post(&format!("/guide/posts/{post}/thanks"), &[], &taro.cookie).await;
            assert_eq!(house.get(&path, &[("if-none-match", &tag)]).await.status, StatusCode::OK);
            assert_eq!(house.get(&path, &[("if-modified-since", &day)]).await.status, StatusCode::OK);
            house.post(&format!("/guide/posts/{post}/thanks"), &[("thanks", "no")], &taro.cookie).await;
        }
        let csv = house.get("/api/v1/guide/childcare.csv", &[]).await.body;
        assert!(csv.starts_with('\u{feff}') && csv.contains("282014,") && csv.contains(",'=HYPERLINK(1),"), "{csv}");
        let geo = house.get("/api/v1/guide/childcare.geojson", &[]).await.json();
        assert_eq!(geo["features"][0]["geometry"]["coordinates"], serde_json::json!([134.679, 34.82]));
        assert_eq!(geo["features"][0]["properties"]["href"], format!("/guide/childcare/posts/{post}"));
        assert_eq!(geo["features"][0]["properties"]["kind"], "公園・外遊び");
        let english = house.get("/api/v1/guide/childcare.geojson?lang=en", &[]).await.json();
        assert_eq!(english["features"][0]["properties"]["kind"], "Parks and outdoors");
        for missing in ["childcare.xml", "childcare", "other.csv", "../childcare.csv"] {
            assert_eq!(house.get(&format!("/api/v1/guide/{missing}"), &[]).await.status, StatusCode::NOT_FOUND, "{missing}");
        }
        let page = house.page("/guide/childcare/open-data", "").await.body;
        assert!(
            page.contains("CC BY 4.0") && page.contains("https://creativecommons.org/licenses/by/4.0/deed.ja") && page.contains(".geojson")
        );

        // A post that is taken back leaves the files, and who asks by day alone hears of it.
        let day = house.get("/api/v1/guide/childcare.json", &[]).await.header("last-modified").to_owned();
        house.pass(5);
        house.post(&format!("/guide/mine/{post}/withdraw"), &[], &hanako.cookie).await;
        let file = house.get("/api/v1/guide/childcare.json", &[("if-modified-since", &day)]).await;
        assert_eq!((file.status, file.json()["posts"].as_array().unwrap().len()), (StatusCode::OK, 0));
    }
}
