use axum::http::StatusCode;
use identity::AppAnswer;
use jiff::SignedDuration;
use serde_json::json;

use crate::card::{hanako, taro};
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

/// Asks an app by which the card signs; gives what the browser keeps, the page, and the address it links to.
async fn begin_signing(house: &House) -> (String, String, String) {
    house.op.is(store::Clock::now(&*house.clock));
    let page = house.post("lang=en", "/start/app/signs", "next=%2Fme%3Flang%3Den").await;
    assert_eq!((page.status, page.refresh.as_str()), (StatusCode::OK, ""), "nobody is led on who has not read it: {}", page.body);
    let link = between(&page.body, "<a class=\"button button--big\" href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&");
    (kept(&page.cookies, "tegata_app"), page.body, link)
}

#[tokio::test]
async fn who_signs_by_an_app_reads_it_first_and_is_linked_like_who_holds_the_card() {
    for mut house in houses().await {
        house.bring(&[hanako_registered(false)]).await;
        let card = house.cards.issue_rsa(hanako());
        house.op.state().card = Some(card.signer());
        let (cookie, page, address) = begin_signing(&house).await;
        assert!(page.contains("Sign with Signing app") && page.contains("signature password"), "{page}");
        assert!(page.contains("I am the person named in the certificate of this signature, and I declare this to"), "{page}");
        assert!(page.contains("<br>http://localhost:8080<br>") && page.contains("+09:00<br>"), "what makes it this question's: {page}");
        let answer = house.op.agree(&address);
        let done = house.get(&format!("{cookie}; lang=en"), &back("signs", &answer)).await;
        assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/me?lang=en"), "{}", done.body);
        let session = kept(&done.cookies, web::HOLDER_COOKIE);
        let me = house.get(&session, &done.location).await.body;
        assert!(me.contains("青空　花子") && me.contains("linked</span>"), "{me}");
        let data = house.get(&session, "/me/data?lang=en").await.body;
        assert!(data.contains("The card&#39;s signature by an app"), "{data}");
        // The card at a reader is the same person's.
        let account = house.prove(&card).await;
        let mut ctx = house.begin(store::Actor::Holder(account)).await;
        assert_eq!(identity::proofs_of(&mut ctx, account).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn whose_signature_is_not_taken_reads_why() {
    for house in houses().await {
        let card = house.cards.issue_rsa(hanako());
        let strangers = crate::card::Cards::new(store::Clock::now(&*house.clock));
        let (unknown, wrong) = (strangers.issue_rsa(hanako()).signer(), card.other_signer());
        for (signer, words) in
            [(unknown, "This card was not issued by the national authority."), (wrong, "That is the other kind of certificate.")]
        {
            house.op.state().card = Some(signer);
            let (cookie, _, address) = begin_signing(&house).await;
            let answer = house.op.agree(&address);
            let refused = house.get(&format!("{cookie}; lang=en"), &back("signs", &answer)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused.body.contains("The card&#39;s signature could not be taken") && refused.body.contains(words),
                "{}",
                refused.body
            );
            assert!(signs_nobody_in(&refused));
        }
        house.op.state().status = Some(("/sign-transactions", 403));
        let refused = house.post("lang=en", "/start/app/signs", "next=").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("<b>app_transaction</b>"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_provider_may_fetch_the_towns_public_keys() {
    for house in houses().await {
        let keys = async |app: &str| -> serde_json::Value {
            let answer = house.get("", &format!("/start/app/{app}/jwks.json")).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            serde_json::from_str(&answer.body).unwrap()
        };
        let uses = |set: &serde_json::Value| -> Vec<(String, String)> {
            let text = |key: &serde_json::Value, name: &str| key[name].as_str().unwrap().to_owned();
            set["keys"].as_array().unwrap().iter().map(|key| (text(key, "use"), text(key, "alg"))).collect()
        };
        let pair = |purpose: &str, algorithm: &str| (purpose.to_owned(), algorithm.to_owned());
        assert_eq!(uses(&keys("fixed").await), [pair("sig", "ES256")]);
        assert_eq!(uses(&keys("signs").await), [pair("sig", "ES256"), pair("enc", "ECDH-ES")]);
        assert_eq!(uses(&keys("signs-otherwise").await), [pair("sig", "ES256"), pair("enc", "RSA-OAEP-256")]);
        for key in keys("signs-otherwise").await["keys"].as_array().unwrap() {
            assert!(["d", "p", "q"].iter().all(|half| key.get(half).is_none()) && key["kid"].as_str().unwrap().len() == 43);
        }
        assert_eq!(house.get("", "/start/app/another/jwks.json").await.status, StatusCode::NOT_FOUND);
    }
}
