//! The desk: what may be sent, by whom, and who sees it.

use axum::http::StatusCode;
use store::Role;
use store::testing::databases;

use super::{GRANDMOTHER, House, MOTHER, houses, people, row};

#[tokio::test]
async fn who_writes_to_many_needs_a_second_person_who_is_another() {
    for db in databases().await.unwrap() {
        let others = (0..320).map(|n| row(1000 + n, &format!("V{n}"), "1980-05-05", "世帯主"));
        let house = House::new(db, people().into_iter().chain(others).collect()).await;
        let (mother, writer) = (house.person(MOTHER).await, house.officer().await);
        let notice = house.sends(&writer, &[]).await;
        assert!(house.titles(&mother).await.is_empty(), "it waits");
        let own = house.post(&writer, &format!("{notice}/approve"), &[]).await;
        assert_eq!(own.status, StatusCode::CONFLICT);
        assert!(own.body.contains("書いた本人は決裁できません"), "{}", own.body);
        let clerk = house.staff("窓口", &[Role::Clerk]).await;
        assert_eq!(house.post(&clerk, &format!("{notice}/approve"), &[]).await.status, StatusCode::FORBIDDEN);
        let second = house.staff("課長", &[Role::Administrator]).await;
        assert_eq!(house.post(&second, &format!("{notice}/back"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(house.post(&second, &format!("{notice}/approve"), &[]).await.status, StatusCode::CONFLICT, "it is a draft again");
        house.post(&writer, &format!("{notice}/submit"), &[]).await;
        assert_eq!(house.post(&second, &format!("{notice}/approve"), &[]).await.status, StatusCode::SEE_OTHER);
        house.deliver().await;
        assert_eq!(house.titles(&mother).await, ["断水"], "once for herself and her child");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_comes_back_with_what_was_typed() {
    for house in houses().await {
        let officer = house.officer().await;
        let cases: [(&[(&str, &str)], &str); 7] = [
            (&[("title_ja", ""), ("body_ja", "書きかけの文")], "日本語の題名を書いてください"),
            (&[("title_en", "Water")], "どの言葉でも両方書く"),
            (&[("link", "https://evil.example/")], "このリンクは使えません"),
            (&[("topic", "")], "種類をえらんでください"),
            (&[("audience", "rule"), ("rule", "today >= birthdy(75)")], "条件を直してください"),
            (&[("audience", "districts")], "町字をえらんでください"),
            (&[("body_ja", "番号は 123456789018 です"), ("title_ja", "書きかけの題")], "個人番号（マイナンバー）のような数字"),
        ];
        for (pairs, said) in cases {
            let mut all = vec![("queue", "normal"), ("topic", "town"), ("audience", "everybody"), ("title_ja", "題"), ("body_ja", "文")];
            all.retain(|(name, _)| pairs.iter().all(|(other, _)| other != name));
            all.extend(pairs);
            let answer = house.post(&officer, "/staff/notices/new", &all).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{pairs:?}");
            assert!(answer.body.contains(said), "{pairs:?}: {}", answer.body);
            for (_, typed) in pairs.iter().filter(|(name, value)| name.starts_with("body") && !value.is_empty()) {
                assert!(answer.body.contains(typed), "{typed} was lost");
            }
        }
        assert_eq!(house.count("select count(*) from notices_notice").await, 0);
    }
}

#[tokio::test]
async fn everybody_reads_in_their_language_where_it_was_written() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house
            .sends(
                &officer,
                &[
                    ("title_en", "No water"),
                    ("body_en", "There is no water tomorrow from 9."),
                    ("audience", "rule"),
                    ("rule", "today >= birthday(20)"),
                ],
            )
            .await;
        let english = house.get(&mother.cookie, "/inbox?lang=en").await;
        assert!(english.body.contains("No water") && !english.body.contains("断水"), "{}", english.body);
        let easy = house.get(&mother.cookie, "/inbox?lang=ja-easy").await;
        assert!(easy.body.contains("断水"), "Japanese where there is no easy Japanese");
        let found = house.get(&mother.cookie, &format!("/inbox?lang=en&q={}", web::query_value("TOMORROW"))).await;
        assert!(found.body.contains("No water"));
        let none = house.get(&mother.cookie, "/inbox?lang=en&q=garbage").await;
        assert!(none.body.contains("No notice fits"), "{}", none.body);
    }
}

#[tokio::test]
async fn an_area_on_the_map_reaches_the_districts_inside() {
    for house in houses().await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        let nobeyama = house.store.town().districts.iter().find(|district| district.name == "大字野辺山").unwrap().clone();
        let (lon, lat) = (f64::from(nobeyama.longitude_microdegrees) / 1e6, f64::from(nobeyama.latitude_microdegrees) / 1e6);
        let ring = [
            [lon - 0.002, lat - 0.002],
            [lon + 0.002, lat - 0.002],
            [lon + 0.002, lat + 0.002],
            [lon - 0.002, lat + 0.002],
            [lon - 0.002, lat - 0.002],
        ];
        let area = serde_json::json!({ "type": "Polygon", "coordinates": [ring] }).to_string();
        house.sends(&officer, &[("audience", "area"), ("area", &area), ("title_ja", "野辺山の方へ")]).await;
        assert_eq!(house.titles(&grandmother).await, ["野辺山の方へ"]);
        assert!(house.titles(&mother).await.is_empty());
        let nowhere = house
            .post(
                &officer,
                "/staff/notices/new",
                &[("topic", "town"), ("audience", "area"), ("area", "{}"), ("title_ja", "題"), ("body_ja", "文")],
            )
            .await;
        assert_eq!(nowhere.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_correction_stands_beside_what_it_corrects() {
    for house in houses().await {
        let (grandmother, officer) = (house.person(GRANDMOTHER).await, house.officer().await);
        let wrong = house.sends(&officer, &[("body_ja", "10時からです")]).await;
        let id = wrong.rsplit('/').next().unwrap().to_owned();
        let form = house.get(&officer, &format!("/staff/notices/new?corrects={id}")).await;
        assert!(form.body.contains("10時からです"));
        house.pass(jiff::SignedDuration::from_mins(5));
        house.sends(&officer, &[("corrects", &id), ("title_ja", "訂正: 断水"), ("body_ja", "9時からです")]).await;
        let inbox = house.inbox(&grandmother).await;
        assert_eq!(inbox.len(), 2);
        let old = house.get(&grandmother.cookie, &format!("/inbox/{}", inbox[1]["id"].as_str().unwrap())).await;
        assert!(old.body.contains("このお知らせには訂正があります"), "{}", old.body);
    }
}

#[tokio::test]
async fn only_whoever_may_write_or_approve_sees_the_desk() {
    for house in houses().await {
        for (role, status) in [
            (Role::Officer, StatusCode::OK),
            (Role::Administrator, StatusCode::OK),
            (Role::Clerk, StatusCode::FORBIDDEN),
            (Role::Auditor, StatusCode::FORBIDDEN),
        ] {
            let staff = house.staff("職員", &[role]).await;
            assert_eq!(house.get(&staff, "/staff/notices").await.status, status, "{role}");
            let writes = if role == Role::Officer { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(house.get(&staff, "/staff/notices/new").await.status, writes, "{role}");
        }
        assert!(house.get("", "/inbox").await.status.is_redirection());
    }
}
