use axum::http::StatusCode;

use crate::card::hanako;
use crate::{House, houses};

/// What stands between two marks of a page.
pub(crate) fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    page.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap_or_else(|| panic!("no {before} in {page}"))
}

/// The `name=value` of a cookie that was set.
pub(crate) fn kept(cookies: &[String], name: &str) -> String {
    let line = cookies.iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {cookies:?}"));
    line.split(';').next().unwrap_or_default().to_owned()
}

/// Signs in with a card, from a page somebody wanted; gives the session's cookie and where one arrives.
pub(crate) async fn sign_in(house: &House, card: &crate::card::Card, wanted: &str) -> (String, String) {
    let begun = house.post("", "/start", &format!("next={wanted}")).await;
    let proof = kept(&begun.cookies, "tegata_proof");
    let page = house.get(&proof, "/start/read").await.body;
    let code = between(&page, "<p class=\"code-big num\">", "<").to_owned();
    house.answer(&code, card).await;
    let done = house.get(&proof, "/start/done").await;
    (kept(&done.cookies, web::HOLDER_COOKIE), done.location)
}

#[tokio::test]
async fn one_returns_to_what_one_asked_for_and_to_no_other_place() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let asked = house.get("", "/me").await;
        assert_eq!((asked.status.is_redirection(), asked.location.as_str()), (true, "/start?next=/me"));
        let start = house.get("", &asked.location).await.body;
        assert_eq!(between(&start, "name=\"next\" value=\"", "\""), "/me");
        for (wanted, arrives) in
            [("%2Fme%3Flang%3Den", "/me?lang=en"), ("", "/"), ("%2F%2Fevil.example", "/"), ("https%3A%2F%2Fevil.example", "/")]
        {
            assert_eq!(sign_in(&house, &card, wanted).await.1, arrives, "{wanted}");
        }
    }
}

#[tokio::test]
async fn the_asking_screen_shows_what_the_reader_shows() {
    for house in houses().await {
        let begun = house.post("", "/start", "next=").await;
        let proof = kept(&begun.cookies, "tegata_proof");
        let page = house.get(&proof, "/start/read?lang=en").await.body;
        let code = between(&page, "<p class=\"code-big num\">", "<");
        assert!(page.contains(&format!("http://localhost:8081/?code={code}")) && page.contains("lang=en"), "{page}");
        let asked: serde_json::Value = serde_json::from_str(&house.get("", &format!("/api/v1/proofs/{code}")).await.body).unwrap();
        let number = asked["comparison"].as_str().unwrap();
        assert_eq!(between(&page, "<b class=\"num\">", "<"), number);
        assert_eq!(number.len(), 2);
    }
}

#[tokio::test]
async fn sign_ins_are_listed_with_their_browser_and_can_be_ended() {
    for house in houses().await {
        let card = house.cards.issue(hanako());
        let (old, _) = sign_in(&house, &card, "").await;
        house.pass(jiff::SignedDuration::from_hours(1));
        let (new, _) = sign_in(&house, &card, "").await;
        let page = house.get(&new, "/me").await.body;
        assert_eq!(page.matches("Chrome · Android</b>").count(), 2, "{page}");
        assert_eq!(page.matches("/end\"><button").count(), 1, "the browser in front of one is ended by logging out");
        let end = format!("/me/sessions/{}/end", between(&page, "action=\"/me/sessions/", "/end"));

        assert_eq!(house.post("", &end, "").await.location, "/start", "nobody else may");
        let stranger = house.cards.issue(crate::card::taro());
        let (stranger, _) = sign_in(&house, &stranger, "").await;
        assert_eq!(house.post(&stranger, &end, "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.get(&old, "/me").await.status, StatusCode::OK);
        assert_eq!(house.post(&new, &end, "").await.location, "/me");
        assert!(house.get(&old, "/me").await.status.is_redirection());
        assert_eq!(house.get(&new, "/me").await.status, StatusCode::OK);
    }
}
