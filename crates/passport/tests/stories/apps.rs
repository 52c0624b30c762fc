use axum::http::StatusCode;
use identity::AppAnswer;
use jiff::SignedDuration;
use serde_json::json;

use crate::card::taro;
use crate::op::ISSUER;
use crate::pages::{between, kept};
use crate::{Answer, House, hanako_registered, houses};

/// Asks one of the apps; gives what the browser keeps, and the provider's address with the question.
async fn begin(house: &House, app: &str, next: &str) -> (String, String) {
    house.op.is(store::Clock::now(&*house.clock));
    let going = house.post("", &format!("/start/app/{app}"), &format!("next={next}")).await;
    assert_eq!(going.status, StatusCode::OK, "{}", going.body);
    (kept(&going.cookies, "tegata_app"), going.refresh.strip_prefix("0; url=").unwrap().to_owned())
}

/// The address the provider sends the browser back to.
fn back(app: &str, answer: &AppAnswer) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", &answer.state).append_pair("session_state", "ignored");
    for (name, value) in [("code", &answer.code), ("error", &answer.error), ("iss", &answer.issuer)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("/start/app/{app}/callback?{}", query.finish())
}

/// From the asking to where one arrives.
async fn through(house: &House, app: &str, next: &str) -> Answer {
    let (cookie, address) = begin(house, app, next).await;
    let answer = house.op.agree(&address);
    house.get(&format!("{cookie}; lang=en"), &back(app, &answer)).await
}

fn signs_nobody_in(answer: &Answer) -> bool {
    !answer.cookies.iter().any(|line| line.starts_with(web::HOLDER_COOKIE))
}

#[tokio::test]
async fn one_may_choose_an_app_and_is_led_there_by_a_page_of_ours() {
    for house in houses().await {
        let start = house.get("", "/start?lang=en&next=/me").await.body;
        assert!(start.contains("Use Fixed app") && start.contains("Use Found app"), "{start}");
        let form = between(&start, "action=\"/start/app/fixed\">", "</form>");
        assert_eq!(between(form, "name=\"next\" value=\"", "\""), "/me");
        let going = house.post("lang=en", "/start/app/fixed", "next=%2Fme").await;
        assert_eq!((going.status, going.location.as_str()), (StatusCode::OK, ""), "no redirect: a form leads to us alone");
        let address = going.refresh.strip_prefix("0; url=").unwrap();
        assert!(address.starts_with(&format!("{ISSUER}/protocol/openid-connect/auth?")), "{address}");
        assert!(going.body.contains("To Fixed app"));
        assert_eq!(
            between(&going.body, "<a class=\"button button--big\" href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&"),
            address
        );
        let line = going.cookies.iter().find(|line| line.starts_with("tegata_app=")).unwrap();
        assert!(line.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=900"), "{line}");
        let sent: std::collections::HashMap<_, _> = url::Url::parse(address).unwrap().query_pairs().into_owned().collect();
        assert_eq!(sent["redirect_uri"], "http://localhost:8080/start/app/fixed/callback");
        assert_eq!(sent["acr_values"], "aal3 crl");
        assert_eq!(house.post("", "/start/app/another", "next=").await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.get("", "/start/app/another/callback").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn who_comes_back_is_signed_in_linked_and_where_they_were_going() {
    for mut house in houses().await {
        house.bring(&[hanako_registered(false)]).await;
        for app in ["fixed", "found"] {
            let done = through(&house, app, "%2Fme%3Flang%3Den").await;
            assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/me?lang=en"), "{}", done.body);
            assert!(done.cookies.iter().any(|line| line.starts_with("tegata_app=;")), "it is forgotten");
            let me = house.get(&kept(&done.cookies, web::HOLDER_COOKIE), &done.location).await.body;
            assert!(me.contains("青空　花子") && me.contains("linked</span>") && me.contains("Chrome · Android"), "{me}");
            assert!(me.contains("proved who you are with an app"), "{me}");
        }
        for (wanted, arrives) in [("", "/"), ("%2F%2Fevil.example", "/"), ("%2Fstart", "/")] {
            assert_eq!(through(&house, "fixed", wanted).await.location, arrives);
        }
    }
}

#[tokio::test]
async fn who_cannot_be_proven_reads_what_to_do() {
    for house in houses().await {
        type Bend = fn(&House, &mut AppAnswer);
        let bends: [(Bend, StatusCode, &str); 6] = [
            (|_, answer| answer.error = Some("access_denied".to_owned()), StatusCode::OK, "You stopped at Fixed app"),
            (|house, _| house.op.state().silent = Some("/token"), StatusCode::SERVICE_UNAVAILABLE, "Fixed app does not answer now"),
            (|house, _| house.pass(SignedDuration::from_mins(10)), StatusCode::CONFLICT, "The time is over"),
            (|_, answer| answer.state = "x".repeat(43), StatusCode::CONFLICT, "This answer cannot be used here"),
            (
                |house, _| house.op.state().told["name"] = json!(null),
                StatusCode::UNPROCESSABLE_ENTITY,
                "Fixed app did not tell who you are",
            ),
            (|house, _| house.op.state().token = json!({ "nonce": "n" }), StatusCode::UNPROCESSABLE_ENTITY, "<b>app_nonce</b>"),
        ];
        for (bend, status, words) in bends {
            let honest = house.op.state().told.clone();
            let (cookie, address) = begin(&house, "fixed", "%2Fme").await;
            let mut answer = house.op.agree(&address);
            bend(&house, &mut answer);
            let refused = house.get(&format!("{cookie}; lang=en"), &back("fixed", &answer)).await;
            assert_eq!(refused.status, status, "{words}");
            assert!(refused.body.contains(words), "{words} is not in {}", refused.body);
            assert!(signs_nobody_in(&refused));
            let form = between(&refused.body, "action=\"/start/app/fixed\">", "</form>");
            assert_eq!(between(form, "name=\"next\" value=\"", "\""), "/me", "one may try again and still arrives");
            let mut op = house.op.state();
            (op.told, op.token, op.silent) = (honest, json!({}), None);
        }
        house.op.state().silent = Some("openid-configuration");
        let away = house.post("lang=en", "/start/app/found", "next=").await;
        assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(away.body.contains("Found app does not answer now") && away.refresh.is_empty());
    }
}

#[tokio::test]
async fn an_answer_is_worth_nothing_to_anybody_else_and_nothing_twice() {
    for house in houses().await {
        let (cookie, address) = begin(&house, "fixed", "").await;
        let path = back("fixed", &house.op.agree(&address));
        for other in ["", "tegata_app=; lang=en", &begin(&house, "fixed", "").await.0] {
            let refused = house.get(other, &path).await;
            assert_eq!(refused.status, StatusCode::CONFLICT);
            assert!(signs_nobody_in(&refused));
        }
        assert_eq!(house.get(&cookie, &path.replace("/fixed/", "/found/")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = house.get(&cookie, &path).await;
        assert!(!signs_nobody_in(&done));
        let again = house.get(&cookie, &path).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert!(signs_nobody_in(&again));
    }
}

#[tokio::test]
async fn somebody_who_is_signed_in_cannot_take_anothers_app() {
    for house in houses().await {
        let session = {
            let account = house.prove(&house.cards.issue(taro())).await;
            let mut ctx = house.begin(store::Actor::System).await;
            let started = identity::start_session(&mut ctx, identity::SessionOwner::Holder(account), "x").await.unwrap();
            ctx.commit().await.unwrap();
            format!("{}={}", web::HOLDER_COOKIE, started.token)
        };
        let going = house.post(&session, "/start/app/fixed", "next=").await;
        let answer = house.op.agree(going.refresh.strip_prefix("0; url=").unwrap());
        let cookies = format!("{session}; {}; lang=en", kept(&going.cookies, "tegata_app"));
        let refused = house.get(&cookies, &back("fixed", &answer)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains("The app belongs to somebody else"), "{}", refused.body);
        assert!(signs_nobody_in(&refused));
    }
}
