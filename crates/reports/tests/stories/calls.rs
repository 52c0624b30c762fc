//! In a disaster: the residents of an area, and only they, are asked, each once, and what they answer is counted.

use axum::http::StatusCode;

use crate::world::{House, houses};

#[tokio::test]
async fn only_the_residents_of_the_area_are_asked_and_each_once() {
    for house in houses().await {
        let (hanako, taro, jiro, clerk) = (house.hanako().await, house.taro().await, house.jiro().await, house.clerk().await);
        // An area drawn around 湯ノ沢 on the map.
        let area = r#"{"type":"Polygon","coordinates":[[[138.02,36.01],[138.03,36.01],[138.03,36.02],[138.02,36.02],[138.02,36.01]]]}"#;
        let form = [("category", "disaster"), ("area", area), ("words", "けさの雨の様子を教えてください")];
        let begun = house.post(&clerk, "/staff/reports/calls", &form).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
        let live = begun.location;
        house.work().await;
        let mut told: Vec<_> = house.told().await.into_iter().map(|tell| (Some(tell.account), tell.text)).collect();
        told.sort();
        let mut asked = vec![(taro.account, "reports-told-call".to_owned()), (jiro.account, "reports-told-call".to_owned())];
        asked.sort();
        assert_eq!(told, asked, "nobody of 本村");
        assert!(!house.get(&hanako, "/reports").await.body.contains("けさの雨"));
        let page = house.get(&taro, "/reports").await.body;
        assert!(page.contains("けさの雨の様子") && page.contains("こちらは無事です"), "{page}");
        // The job runs again, as after a stop in the middle: nobody hears twice.
        let mut ctx = house.begin(store::Actor::System).await;
        let now = ctx.now();
        let call = live.rsplit('/').next().unwrap().to_owned();
        ctx.enqueue(reports::ASK, None, &serde_json::json!({ "call": call, "after": null }), now).await.unwrap();
        ctx.commit().await.unwrap();
        house.work().await;
        assert_eq!(house.told().await.len(), 2);

        let fine = format!("/reports/calls/{call}/fine");
        assert_eq!(house.post(&hanako, &fine, &[]).await.status, StatusCode::NOT_FOUND, "who was not asked does not answer");
        assert_eq!(house.post(&taro, &fine, &[]).await.status, StatusCode::SEE_OTHER);
        let key = house.get(&jiro, &format!("/reports/new/disaster?call={call}")).await.field("key");
        let report = [("category", "disaster"), ("key", &key), ("call", &call), ("words", "道が崩れています"), ("district", "湯ノ沢")];
        assert_eq!(house.upload(&jiro, "/api/v1/me/reports", &report, &[]).await.status, StatusCode::CREATED);
        // Hanako's report names the call, but she was not asked: it does not count for it.
        let key = house.get(&hanako, "/reports/new/disaster").await.field("key");
        let other = [("category", "disaster"), ("key", &key), ("call", &call), ("words", "よその道"), ("district", "本村")];
        assert_eq!(house.upload(&hanako, "/api/v1/me/reports", &other, &[]).await.status, StatusCode::CREATED);
        let counts = house.get(&clerk, &live).await.body;
        for wanted in [
            "data-count=\"asked\">2<",
            "data-count=\"fine\">1<",
            "data-count=\"damage\">1<",
            "data-count=\"silent\">0<",
            "道が崩れています",
            "至急",
        ] {
            assert!(counts.contains(wanted), "{wanted}: {counts}");
        }
        assert!(!counts.contains("よその道"));
        let map = house.get(&clerk, &format!("/api/v1/staff/reports.geojson?call={call}")).await.json();
        assert_eq!(map["features"].as_array().unwrap().len(), 1);
        assert_ne!(house.get(&taro, "/api/v1/staff/reports.geojson").await.status, StatusCode::OK);

        house.post(&clerk, &format!("{live}/end"), &[]).await;
        assert!(!house.get(&taro, "/reports").await.body.contains("けさの雨"));
        assert_eq!(house.post(&taro, &fine, &[]).await.status, StatusCode::NOT_FOUND);
        // Events say neither whom nor what.
        let mut ctx = house.begin(store::Actor::System).await;
        let payloads: Vec<(String,)> =
            ctx.tx().query("select payload from store_event where kind in ('reports.called', 'reports.sent')", &[]).await.unwrap();
        assert!(payloads.len() == 3 && payloads.iter().all(|(payload,)| payload.len() < 70), "{payloads:?}");
    }
}

#[tokio::test]
async fn a_call_without_an_area_or_words_asks_nobody() {
    for house in houses().await {
        let clerk = house.clerk().await;
        let tries: [(&[(&str, &str)], &str); 4] = [
            (&[("category", "disaster"), ("words", "様子は")], "#districts"),
            (&[("category", "disaster"), ("district", "湯ノ沢"), ("words", "")], "#words"),
            (&[("category", "disaster"), ("area", "{\"type\":\"Point\"}"), ("words", "様子は")], "#area"),
            (&[("category", "nothing"), ("district", "湯ノ沢"), ("words", "様子は")], "#category"),
        ];
        for (form, field) in tries {
            let answer = house.post(&clerk, "/staff/reports/calls", form).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains(&format!("href=\"{field}\"")), "{field}: {}", answer.body);
        }
        let taro = house.taro().await;
        let refused = house.post(&taro, "/staff/reports/calls", &[("category", "disaster"), ("district", "本村"), ("words", "x")]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.post(&House::nobody(), "/staff/reports/calls", &[]).await.status, StatusCode::UNAUTHORIZED);
    }
}
