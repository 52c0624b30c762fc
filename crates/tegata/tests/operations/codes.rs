use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use std::sync::Arc;
use store::testing::databases;
use store::{Clock, SetClock};
use tegata::house::House;

use crate::helpers::{Answer, Folder, open, pack, pairing_code, send, town};

async fn pair(house: &House, from: &str, code: &str) -> Answer {
    let request = Request::post("/api/v1/verifier/pair")
        .header("x-forwarded-for", from)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(serde_json::json!({ "code": code }).to_string()));
    send(&house.router, request.unwrap()).await
}

async fn join(house: &House, from: &str, code: &str) -> Answer {
    let request = Request::post("/join")
        .header("x-forwarded-for", from)
        .header(header::ACCEPT, "text/html")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("code={code}&label=grandmother")));
    send(&house.router, request.unwrap()).await
}

#[tokio::test]
async fn who_guesses_codes_is_told_when_to_come_back_and_nobody_else_waits() {
    for db in databases().await.unwrap() {
        let (folder, town) = (Folder::new(), town(&pack("demo")));
        let clock = Arc::new(SetClock::new("2026-11-24T01:00:00Z".parse().unwrap()));
        let house = open(&folder, &db.address, town.clone(), clock.clone()).await;
        for guess in 0..10 {
            let answer = pair(&house, "192.0.2.1", "2222-2222").await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (StatusCode::UNPROCESSABLE_ENTITY, Some("code_not_valid")),
                "{guess}"
            );
        }
        let good = pairing_code(&house.store).await;
        clock.set(clock.now() + SignedDuration::from_mins(1));
        let refused = pair(&house, "192.0.2.1", &good).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers[header::RETRY_AFTER], "541");
        assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = refused.json();
        assert_eq!((problem["code"].as_str(), problem["retry_after_s"].as_u64()), (Some("too_many_tries"), Some(541)));
        assert!(problem["detail"].as_str().unwrap().contains("10"), "{problem}");
        // What one wrote in front of the proxy's entry is no way round, and another is not held up.
        assert_eq!(pair(&house, "198.51.100.7, 192.0.2.1", &good).await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(pair(&house, "192.0.2.2", "2222-2222").await.status, StatusCode::UNPROCESSABLE_ENTITY);

        // The database remembers, not the process.
        drop(house);
        let house = open(&folder, &db.address, town, clock.clone()).await;
        assert_eq!(pair(&house, "192.0.2.1", &good).await.status, StatusCode::TOO_MANY_REQUESTS);
        clock.set(clock.now() + SignedDuration::from_mins(9));
        assert_eq!(pair(&house, "192.0.2.1", &good).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_form_says_in_words_how_long_to_wait() {
    let db = store::testing::sqlite().await.unwrap();
    let folder = Folder::new();
    let clock = Arc::new(SetClock::new("2026-11-24T01:00:00Z".parse().unwrap()));
    let house = open(&folder, &db.address, town(&pack("demo")), clock).await;
    for _ in 0..20 {
        assert_eq!(join(&house, "192.0.2.1", "2222-2222").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let refused = join(&house, "192.0.2.1", "2222-2222").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    assert!(refused.body.contains("Too many wrong codes") && refused.body.contains("11 minutes"), "{}", refused.body);
    assert_eq!(join(&house, "192.0.2.9", "2222-2222").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn proof_codes_and_invitations_are_counted_each_for_itself() {
    let db = store::testing::sqlite().await.unwrap();
    let folder = Folder::new();
    let clock = Arc::new(SetClock::new("2026-11-24T01:00:00Z".parse().unwrap()));
    let house = open(&folder, &db.address, town(&pack("demo")), clock).await;
    let ask = async || {
        let request = Request::get("/api/v1/proofs/22222222").header("x-forwarded-for", "192.0.2.1").body(Body::empty());
        send(&house.router, request.unwrap()).await.status
    };
    for _ in 0..30 {
        assert_eq!(ask().await, StatusCode::NOT_FOUND);
    }
    assert_eq!(ask().await, StatusCode::TOO_MANY_REQUESTS);
    let begin = async || {
        let request = Request::post("/api/v1/staff/passkey/register/begin")
            .header("x-forwarded-for", "192.0.2.1")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(r#"{"code":"22222222"}"#));
        send(&house.router, request.unwrap()).await.status
    };
    for _ in 0..10 {
        assert_eq!(begin().await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(begin().await, StatusCode::TOO_MANY_REQUESTS);
}
