//! What a browser and a program get for requests that are not as they should be, through the router with a service of two pages.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use store::testing::{TestDb, databases};
use store::{Actor, Reactions, Store, StoreBuilder, SystemClock};
use tower::ServiceExt as _;
use town::Town;
use web::{App, AppBuilder, Caller, Problem, Service};

#[derive(Deserialize)]
struct Count {
    n: u32,
}

async fn counted(Query(count): Query<Count>) -> String {
    count.n.to_string()
}

async fn changed(Caller(ctx): Caller, Form(count): Form<Count>) -> Result<String, Problem> {
    ctx.commit().await?;
    Ok(count.n.to_string())
}

async fn keep(State(app): State<App>) -> impl IntoResponse {
    [(header::SET_COOKIE, web::kept_cookie("tegata_kept", "mine", 60, app.origin()))]
}

async fn kept(headers: HeaderMap) -> String {
    web::cookie(&headers, "tegata_kept").unwrap_or("nothing").to_owned()
}

fn pages() -> Router<App> {
    Router::new()
        .route("/keep", get(keep))
        .route("/kept", get(kept))
        .route("/count", get(counted))
        .route("/change", post(changed))
        .route("/api/v1/count", get(counted))
}

async fn house(db: &TestDb) -> (Store, Router) {
    house_at(db, "http://localhost:8080").await
}

async fn house_at(db: &TestDb, origin: &str) -> (Store, Router) {
    let town = Town::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let builder = StoreBuilder {
        db: db.db.clone(),
        town,
        clock: Arc::new(SystemClock),
        migrations: vec![identity::MIGRATIONS],
        reactions: Reactions::default(),
    };
    let store = builder.open().await.unwrap();
    let (texts, origin) = (web::TEXTS.to_vec(), origin.to_owned());
    let app = AppBuilder { store: store.clone(), texts, menu: Vec::new(), origin, band: None }.build();
    (store, web::house(app, vec![Service { pages: pages(), ..Service::new("counting") }]))
}

async fn answer(router: &Router, request: Request<Body>) -> (StatusCode, String, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, kind, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
}

fn asked(path: &str) -> Request<Body> {
    Request::get(path).header(header::ACCEPT, "text/html").header(header::ACCEPT_LANGUAGE, "en").body(Body::empty()).unwrap()
}

fn form(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/change").header(header::ACCEPT, "text/html").header(header::ACCEPT_LANGUAGE, "en");
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.into()).unwrap()
}

#[tokio::test]
async fn what_the_framework_refuses_is_told_in_words_or_as_a_problem_document() {
    for db in databases().await.unwrap() {
        let (_, router) = house(&db).await;
        let (status, kind, page) = answer(&router, asked("/count?n=many")).await;
        assert_eq!((status, kind.starts_with("text/html")), (StatusCode::BAD_REQUEST, true));
        assert!(page.contains("Something in what you entered could not be read"), "{page}");
        let (status, _, page) = answer(&router, asked("/change")).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(page.contains("This cannot be done from here"), "{page}");

        let (status, kind, body) = answer(&router, asked("/api/v1/count?n=many")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::BAD_REQUEST, "application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("web.not_understood"), Some(400)));
        assert!(problem["detail"].as_str().unwrap().contains("n: invalid digit"), "{problem}");
        assert_eq!(answer(&router, asked("/count?n=3")).await.2, "3");
    }
}

#[tokio::test]
async fn a_slow_line_holds_up_nobody_who_writes() {
    for db in databases().await.unwrap() {
        let (store, router) = house(&db).await;
        let (send, mut pieces) = tokio::sync::mpsc::channel::<Bytes>(1);
        let arriving = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx).map(|piece| piece.map(Ok::<_, std::io::Error>)));
        let slow = tokio::spawn(async move { answer(&router, form(Body::from_stream(arriving))).await });
        send.send(Bytes::from_static(b"n=")).await.unwrap();

        let begun = tokio::time::timeout(Duration::from_secs(10), store.begin(Actor::System)).await;
        begun.expect("a change of somebody else waits for a body that has not come").unwrap().commit().await.unwrap();

        send.send(Bytes::from_static(b"7")).await.unwrap();
        drop(send);
        let (status, _, body) = slow.await.unwrap();
        assert_eq!((status, body.as_str()), (StatusCode::OK, "7"));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_in_words() {
    for db in databases().await.unwrap() {
        let (_, router) = house(&db).await;
        let (status, _, page) = answer(&router, form(vec![b'x'; (2 << 20) + 1])).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(page.contains("What was sent is too large"), "{page}");
    }
}

#[tokio::test]
async fn language_and_size_lead_back_to_the_page_one_is_on() {
    for db in databases().await.unwrap() {
        let (_, router) = house(&db).await;
        let (_, _, page) = answer(&router, asked("/nowhere?day=1&lang=en")).await;
        assert!(page.contains("href=\"/nowhere?day=1&#38;lang=ja\""), "{page}");
        let sent = Request::post("/display").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = router.oneshot(sent.body(Body::from("size=large&back=//evil.example/")).unwrap()).await.unwrap();
        assert_eq!(response.headers()[header::LOCATION], "/evil.example/");
    }
}

#[tokio::test]
async fn no_neighbouring_name_plants_a_cookie_that_counts() {
    for db in databases().await.unwrap() {
        for (origin, name, planted) in [
            ("https://passport.example.jp", "__Host-tegata_kept", "tegata_kept"),
            ("http://localhost:8080", "tegata_kept", "__Host-tegata_kept"),
        ] {
            let (_, router) = house_at(&db, origin).await;
            let response = router.clone().oneshot(asked("/keep")).await.unwrap();
            let line = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
            assert!(line.starts_with(&format!("{name}=")), "{line}");
            assert_eq!(line.contains("; Secure"), origin.starts_with("https"), "{line}");
            assert!(["; Path=/;", "; HttpOnly", "; SameSite=Lax"].iter().all(|part| line.contains(part)), "{line}");
            for (cookie, kept) in [(name, "mine"), (planted, "nothing")] {
                let mut request = asked("/kept");
                request.headers_mut().insert(header::COOKIE, format!("{cookie}=mine").parse().unwrap());
                assert_eq!(answer(&router, request).await.2, kept, "{cookie} at {origin}");
            }
        }
    }
}

#[tokio::test]
async fn a_town_reached_over_https_is_reached_so_for_a_year() {
    for db in databases().await.unwrap() {
        for (origin, told) in [("https://passport.example.jp", Some("max-age=31536000")), ("http://localhost:8080", None)] {
            let (_, router) = house_at(&db, origin).await;
            let response = router.oneshot(asked("/count?n=1")).await.unwrap();
            let header = response.headers().get(header::STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap());
            assert_eq!(header, told, "{origin}");
        }
    }
}
