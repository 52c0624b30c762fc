use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::card::{Card, hanako, taro};
use crate::pages::{between, kept, sign_in};
use crate::passkeys::Authenticator;
use crate::{Answer, House, houses};

async fn send(house: &House, cookies: &str, path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header(header::COOKIE, cookies).header(header::CONTENT_TYPE, "application/json");
    house.send(request.header(header::ACCEPT, "application/json").body(Body::from(body.to_string())).unwrap()).await
}

fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// Makes a passkey as the page's script does.
async fn make(house: &House, session: &str, key: u8, label: &str) -> Authenticator {
    let begun = read(&send(house, session, "/api/v1/me/passkeys/begin", &json!({ "label": label })).await);
    let (authenticator, credential) = Authenticator::create(key, &begun);
    let finished = json!({ "label": label, "ticket": begun["ticket"], "credential": credential });
    let made = send(house, session, "/api/v1/me/passkeys/finish", &finished).await;
    assert_eq!((made.status, read(&made)["next"].as_str()), (StatusCode::OK, Some("/me#passkeys")), "{made:?}");
    authenticator
}

/// Logs in with a passkey as the page's script does.
async fn log_in(house: &House, cookies: &str, authenticator: &mut Authenticator, next: &str) -> Answer {
    let begun = read(&send(house, cookies, "/api/v1/passkeys/begin", &json!({})).await);
    let credential = authenticator.get(&begun);
    let path = format!("/api/v1/passkeys/finish?next={next}");
    send(house, cookies, &path, &json!({ "ticket": begun["ticket"], "credential": credential })).await
}

/// Somebody who has just read their card.
async fn by_card(house: &House, card: &Card) -> String {
    sign_in(house, card, "").await.0
}

#[tokio::test]
async fn a_passkey_is_made_after_the_card_and_leads_where_one_was_going() {
    for house in houses().await {
        let session = by_card(&house, &house.cards.issue(hanako())).await;
        let page = house.get(&session, "/me/passkeys/new").await.body;
        assert!(page.contains("data-passkey=\"register\"") && page.contains("value=\"Chrome · Android\""), "{page}");
        assert!(between(&page, "<noscript>", "</noscript>").contains("カードでログインできます"), "{page}");
        let mut key = make(&house, &session, 1, "わたしの電話").await;
        let me = house.get(&session, "/me?lang=en").await.body;
        assert!(me.contains("<b>わたしの電話</b>") && me.contains("made a passkey"), "{me}");

        let start = house.get("", "/start?next=%2Fme%3Flang%3Den").await.body;
        assert_eq!(between(&start, "data-finish=\"", "\""), "/api/v1/passkeys/finish?next=/me%3Flang%3Den", "{start}");
        assert!(between(&start, "<noscript>", "</noscript>").contains("カードを読む"), "{start}");
        for (next, arrives) in [("%2Fme%3Flang%3Den", "/me?lang=en"), ("%2F%2Fevil.example", "/"), ("", "/"), ("%2Fstart", "/")] {
            let done = log_in(&house, "", &mut key, next).await;
            assert_eq!((done.status, read(&done)["next"].as_str()), (StatusCode::OK, Some(arrives)), "{done:?}");
            let cookie = kept(&done.cookies, web::HOLDER_COOKIE);
            assert!(house.get(&cookie, "/me?lang=en").await.body.contains("by passkey"));
        }
        let held = house.get(&session, "/me/data").await.body;
        assert!(held.contains("わたしの電話"), "{held}");
        let taken: Value = serde_json::from_str(&house.get(&session, "/me/data/export").await.body).unwrap();
        let told = &taken["passport"]["passkeys"][0];
        assert_eq!(told["label"], "わたしの電話");
        assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["added_at", "label", "used_at"], "no key leaves with it");
    }
}

#[tokio::test]
async fn where_the_card_is_asked_for_a_passkey_is_not_offered() {
    for house in houses().await {
        let start = house.get("", "/start?card=yes&next=%2Fme&lang=en").await.body;
        assert!(!start.contains("data-passkey") && start.contains("The card is needed here"), "{start}");
        assert_eq!(between(&start, "name=\"next\" value=\"", "\""), "/me");

        let session = by_card(&house, &house.cards.issue(hanako())).await;
        let mut key = make(&house, &session, 1, "x").await;
        let daily = kept(&log_in(&house, "", &mut key, "").await.cookies, web::HOLDER_COOKIE);
        let page = house.get(&daily, "/me/passkeys/new?lang=en").await.body;
        assert!(!page.contains("data-passkey") && page.contains("/start?card=yes&amp;next=/me/passkeys/new"), "{page}");
        let refused = send(&house, &daily, "/api/v1/me/passkeys/begin?lang=en", &json!({})).await;
        assert_eq!((refused.status, read(&refused)["code"].as_str()), (StatusCode::CONFLICT, Some("proof_needed")));
        assert_eq!(send(&house, "", "/api/v1/me/passkeys/begin", &json!({})).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_kiosk_takes_and_makes_no_passkey() {
    for house in houses().await {
        let session = by_card(&house, &house.cards.issue(hanako())).await;
        let mut key = make(&house, &session, 1, "x").await;
        let at_kiosk = format!("{}=http://localhost:8081", web::KIOSK_COOKIE);
        assert!(!house.get(&at_kiosk, "/start").await.body.contains("data-passkey"));
        let refused = send(&house, &at_kiosk, "/api/v1/passkeys/begin", &json!({})).await;
        assert_eq!((refused.status, read(&refused)["code"].as_str()), (StatusCode::CONFLICT, Some("proof_needed")));
        // Begun at home, finished there: not either.
        let begun = read(&send(&house, "", "/api/v1/passkeys/begin", &json!({})).await);
        let finished = json!({ "ticket": begun["ticket"], "credential": key.get(&begun) });
        assert_eq!(send(&house, &at_kiosk, "/api/v1/passkeys/finish", &finished).await.status, StatusCode::CONFLICT);
        let both = format!("{at_kiosk}; {session}");
        let refused = send(&house, &both, "/api/v1/me/passkeys/begin", &json!({})).await;
        assert_eq!((refused.status, read(&refused)["code"].as_str()), (StatusCode::CONFLICT, Some("proof_needed")));
        assert_eq!(house.get(&both, "/me/passkeys/new").await.location, "/me");
        let me = house.get(&both, "/me").await.body;
        assert!(!me.contains("/me/passkeys/new") && me.contains("/end\"><button"), "what is lost can be ended at a kiosk too: {me}");
    }
}

#[tokio::test]
async fn a_passkey_is_renamed_and_ended_and_lets_nobody_in_then() {
    for house in houses().await {
        let session = by_card(&house, &house.cards.issue(hanako())).await;
        let mut key = make(&house, &session, 1, "電話").await;
        let daily = kept(&log_in(&house, "", &mut key, "").await.cookies, web::HOLDER_COOKIE);
        let me = house.get(&session, "/me").await.body;
        let passkey = format!("/me/passkeys/{}", between(&me, "action=\"/me/passkeys/", "/"));

        assert_eq!(house.post("", &format!("{passkey}/end"), "").await.location, "/start", "nobody else may");
        let stranger = by_card(&house, &house.cards.issue(taro())).await;
        assert_eq!(house.post(&stranger, &format!("{passkey}/end"), "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&stranger, &format!("{passkey}/name"), "label=x").await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&session, &format!("{passkey}/name"), "label=%E5%8F%A4%E3%81%84").await.location, "/me#passkeys");
        assert_eq!(house.post(&session, &format!("{passkey}/name"), "label=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(house.get(&session, "/me").await.body.contains("<b>古い</b>"));

        assert_eq!(house.post(&session, &format!("{passkey}/end"), "").await.location, "/me#passkeys");
        assert!(house.get(&daily, "/me").await.status.is_redirection(), "what it began is over");
        assert_eq!(house.get(&session, "/me").await.status, StatusCode::OK);
        let refused = log_in(&house, "lang=en", &mut key, "").await;
        assert_eq!((refused.status, read(&refused)["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("passport.passkey_refused")));
        assert!(read(&refused)["detail"].as_str().unwrap().contains("log in with your My Number Card"), "{refused:?}");
        assert!(refused.cookies.iter().all(|line| !line.starts_with(web::HOLDER_COOKIE)), "{refused:?}");
    }
}
