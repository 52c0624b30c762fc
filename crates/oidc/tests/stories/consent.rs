//! What a person can see and switch off.

use axum::http::StatusCode;

use crate::world::houses;

#[tokio::test]
async fn two_services_know_the_same_person_by_different_names() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let (library, taxi) = (house.program(|_| {}).await, house.program(|told| told.name = "タクシー".to_owned()).await);
        let sub = async |program| {
            let tokens = house.tokens(program, &hanako, &[]).await;
            program.reads(&house, tokens["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned()
        };
        let (at_library, at_taxi, again) = (sub(&library).await, sub(&taxi).await, sub(&library).await);
        assert_ne!(at_library, at_taxi);
        assert_eq!(at_library, again);
    }
}

#[tokio::test]
async fn what_is_withdrawn_is_told_no_more_from_that_moment() {
    for mut house in houses().await {
        house.bring_hanako(false, false).await;
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let tokens = house.tokens(&library, &hanako, &[("scope", "openid profile resident offline_access")]).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(house.userinfo(access).await.json()["name"], "青空　花子");

        let page = house.get("/me/services", &[("cookie", &hanako.cookie)]).await;
        for told in ["図書館", "氏名", "青空　花子", "ログインの記録"] {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        let path = format!("/me/services/{}/withdraw", library.client.id);
        house.post(&path, &[("scope", "profile")], &[("cookie", &hanako.cookie)]).await;
        let told = house.userinfo(access).await.json();
        assert!(told.get("name").is_none() && told["resident"] == true, "{told}");

        house.post(&path, &[], &[("cookie", &hanako.cookie)]).await;
        assert_eq!(house.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        assert_eq!(house.asks(&library, "/oidc/token", &refresh, &[]).await.error(), "invalid_grant");
        assert!(house.starts(&library, Some(&hanako), &[]).await.location.starts_with("/oidc/continue"), "asked anew");
    }
}

#[tokio::test]
async fn nobody_switches_off_what_is_anothers() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let tokens = house.tokens(&library, &hanako, &[]).await;
        let path = format!("/me/services/{}/withdraw", library.client.id);
        let mut ctx = house.begin(store::Actor::Anonymous).await;
        let other = identity::start_light_account(&mut ctx, "となり").await.unwrap().id;
        ctx.commit().await.unwrap();
        let other = house.browser_of(other).await;
        assert_eq!(
            house.post(&path, &[], &[("cookie", &other.cookie), ("accept", "application/json")]).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_no_is_told_to_the_service_and_nothing_else_is() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let waiting = house.starts(&library, Some(&hanako), &[]).await;
        let back = house.agrees(&hanako, &waiting, "no").await;
        assert_eq!(
            (back.sent("error").as_deref(), back.sent("code"), back.sent("state").as_deref()),
            (Some("access_denied"), None, Some("s1"))
        );
        let again = house.agrees(&hanako, &waiting, "yes").await;
        assert_eq!(again.status, StatusCode::GONE);
    }
}

#[tokio::test]
async fn the_facts_of_today_are_told_and_where_a_protected_person_lives_to_nobody() {
    for mut house in houses().await {
        house.bring_hanako(false, false).await;
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let tokens = house.tokens(&library, &hanako, &[("scope", "openid resident district programme:village-pass")]).await;
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        assert_eq!(house.userinfo(&access).await.json()["district"], "本村");
        house.bring_hanako(true, false).await;
        let told = house.userinfo(&access).await.json();
        assert!(told.get("district").is_none() && told["resident"] == true, "{told}");
        // To the service it looks like a line that was switched off.
        let standing = house.asks(&library, "/oidc/introspect", &[("token", &access)], &[]).await.json();
        assert_eq!(standing["scope"], "openid resident programme:village-pass");
        house.bring_hanako(false, true).await;
        let told = house.userinfo(&access).await.json();
        assert_eq!(
            (told["resident"].as_bool(), told.get("district"), told["entitlements"].as_array().unwrap().len()),
            (Some(false), None, 0)
        );
    }
}

#[tokio::test]
async fn what_was_done_stands_in_the_persons_own_trail() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        house.tokens(&library, &hanako, &[]).await;
        let done = house.trail_of(&hanako).await;
        assert!(["oidc.consented", "oidc.signed_in"].iter().all(|act| done.iter().any(|done| done == act)), "{done:?}");
    }
}

#[tokio::test]
async fn whoever_goes_on_signed_out_is_asked_no_more_once_that_is_switched_off() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let tokens = house.tokens(&library, &hanako, &[("scope", "openid resident offline_access")]).await;
        let path = format!("/me/services/{}/withdraw", library.client.id);
        let unknown = house.post(&path, &[("scope", "everything")], &[("cookie", &hanako.cookie)]).await;
        assert_eq!(unknown.status, StatusCode::BAD_REQUEST, "a mistake ends nothing");
        house.post(&path, &[("scope", "offline_access")], &[("cookie", &hanako.cookie)]).await;
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        assert_eq!(house.asks(&library, "/oidc/token", &refresh, &[]).await.error(), "invalid_grant");
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(house.userinfo(access).await.status, StatusCode::OK, "while the person is signed in");
        house.signs_out(&hanako).await;
        assert_eq!(house.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn what_a_service_asks_on_later_days_stands_in_the_trail_once_a_day() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let mut tokens = house.tokens(&library, &hanako, &[("scope", "openid offline_access")]).await;
        let told = async || {
            let mut ctx = house.begin(store::Actor::Holder(hanako.account)).await;
            let trail = identity::who_looked(&mut ctx, hanako.account, i64::MAX, 50).await.unwrap();
            trail.iter().filter(|entry| entry.action == "oidc.told").count()
        };
        for day in 0..3 {
            assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
            assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
            assert_eq!(told().await, day, "the sign-in is the first day's");
            house.pass(86_400);
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
            tokens = house.asks(&library, "/oidc/token", &refresh, &[]).await.json();
        }
    }
}
