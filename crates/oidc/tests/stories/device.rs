//! A television logs in by a person's phone.

use axum::http::StatusCode;

use crate::world::{House, Program, houses};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(house: &House, program: &Program) -> (String, String) {
    let told = house.asks(program, "/oidc/device_authorization", &[("scope", "openid resident")], &[]).await.json();
    assert_eq!(told["interval"], 5, "{told}");
    (told["device_code"].as_str().unwrap().to_owned(), told["user_code"].as_str().unwrap().to_owned())
}

async fn poll(house: &House, program: &Program, device: &str) -> crate::world::Answer {
    house.pass(6);
    house.asks(program, "/oidc/token", &[("grant_type", GRANT), ("device_code", device)], &[]).await
}

#[tokio::test]
async fn a_device_is_let_in_by_the_code_on_its_screen() {
    for house in houses().await {
        let (hanako, television) = (house.hanako().await, house.program(|_| {}).await);
        let (device, code) = begin(&house, &television).await;
        assert_eq!(poll(&house, &television, &device).await.error(), "authorization_pending");
        let at_once = house.asks(&television, "/oidc/token", &[("grant_type", GRANT), ("device_code", &device)], &[]).await;
        assert_eq!(at_once.error(), "slow_down");

        let cookie = [("cookie", hanako.cookie.as_str())];
        let typed = house.post("/device", &[("code", &code.to_lowercase().replace('-', " "))], &cookie).await;
        assert!(typed.body.contains("いま目の前にある機器ですか"), "{}", typed.body);
        let done = house.post("/device/answer", &[("code", &code), ("decision", "yes")], &cookie).await;
        assert!(done.body.contains("機器がログインしました"), "{}", done.body);
        house.pass(10);
        let tokens = poll(&house, &television, &device).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(house.userinfo(&access).await.json()["resident"], false, "nobody is in the register yet");
        assert_eq!(poll(&house, &television, &device).await.error(), "invalid_grant", "once");
        assert!(house.refusals(&television).await.iter().all(|reason| reason == "device_code"));
    }
}

#[tokio::test]
async fn a_no_and_a_wrong_code_are_told() {
    for house in houses().await {
        let (hanako, television) = (house.hanako().await, house.program(|_| {}).await);
        let (device, code) = begin(&house, &television).await;
        let cookie = [("cookie", hanako.cookie.as_str())];
        let wrong = house.post("/device", &[("code", "ABCD-EFGH")], &cookie).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("value=\"ABCD-EFGH\""), "what was typed is kept");
        let signed_out = house.post("/device", &[("code", &code)], &[]).await;
        assert!(signed_out.location.starts_with("/start?next=/device%3Fcode%3D"), "{signed_out:?}");
        house.post("/device/answer", &[("code", &code), ("decision", "no")], &cookie).await;
        assert_eq!(poll(&house, &television, &device).await.error(), "access_denied");
        let (late, late_code) = begin(&house, &television).await;
        house.pass(601);
        assert_eq!(poll(&house, &television, &late).await.error(), "expired_token");
        let page = house.post("/device/answer", &[("code", &late_code), ("decision", "yes")], &cookie).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn codes_are_not_guessed() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let mut last = StatusCode::OK;
        for _ in 0..25 {
            last = house.post("/device", &[("code", "ABCD-EFGH")], &[("cookie", &hanako.cookie)]).await.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn nobody_unproven_lets_a_device_in() {
    for house in houses().await {
        let television = house.program(|_| {}).await;
        let (device, code) = begin(&house, &television).await;
        let mut ctx = house.begin(store::Actor::Anonymous).await;
        let light = identity::start_light_account(&mut ctx, "町長").await.unwrap().id;
        ctx.commit().await.unwrap();
        let person = house.browser_of(light).await;
        let answer = house.post("/device/answer", &[("code", &code), ("decision", "yes")], &[("cookie", &person.cookie)]).await;
        assert!(answer.location.starts_with("/start?next="), "{answer:?}");
        assert_eq!(poll(&house, &television, &device).await.error(), "authorization_pending");
    }
}
