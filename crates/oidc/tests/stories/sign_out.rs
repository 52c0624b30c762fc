//! Signing out, here and at the services.

use axum::http::StatusCode;
use serde_json::Value;
use store::{Actor, run_due_jobs_outside};

use crate::world::{House, Program, houses};

const OUT: &str = "https://library.example/out";
const TELL: &str = "https://library.example/backchannel";

async fn library(house: &House) -> Program {
    house
        .program(|told| {
            told.logout_uris = vec![OUT.to_owned()];
            told.backchannel_uri = Some(TELL.to_owned());
        })
        .await
}

#[tokio::test]
async fn who_signs_out_of_the_town_is_signed_out_of_the_services() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, library(&house).await);
        let tokens = house.tokens(&library, &hanako, &[]).await;
        let lasting = house.tokens(&library, &hanako, &[("scope", "openid offline_access")]).await;
        let id: Value = library.reads(&house, tokens["id_token"].as_str().unwrap());
        house.signs_out(&hanako).await;

        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.userinfo(lasting["access_token"].as_str().unwrap()).await.status, StatusCode::OK, "agreed to go on");

        *house.post.away.lock().unwrap() = true;
        assert_eq!(run_due_jobs_outside(&house.store, &house.jobs).await.unwrap(), 0, "nobody answers: later again");
        *house.post.away.lock().unwrap() = false;
        house.pass(10);
        assert_eq!(run_due_jobs_outside(&house.store, &house.jobs).await.unwrap(), 1, "two sign-ins of one browser are one word");
        let posted = house.post.posted.lock().unwrap().clone();
        assert_eq!(posted[0].0, TELL);
        let told = library.reads(&house, &posted[0].1);
        assert_eq!((&told["sub"], &told["sid"]), (&id["sub"], &id["sid"]));
        // A later sign-out of another browser is not about this one.
        let other = house.browser_of(hanako.account).await;
        house.signs_out(&other).await;
        assert_eq!(run_due_jobs_outside(&house.store, &house.jobs).await.unwrap(), 0);
        assert!(told["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object() && told.get("nonce").is_none(), "{told}");
    }
}

#[tokio::test]
async fn of_two_accounts_made_one_a_service_hears_the_name_it_knows() {
    for house in houses().await {
        let (library, clinic) = (library(&house).await, house.program(|told| told.name = "診療所".to_owned()).await);
        let first = house.hanako().await;
        let second = house.taro().await;
        let subject = async |program: &Program, tokens: &Value| {
            let told = house.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
            let id = program.reads(&house, tokens["id_token"].as_str().unwrap());
            assert_eq!(told["sub"], id["sub"]);
            told["sub"].as_str().unwrap().to_owned()
        };
        let known = subject(&library, &house.tokens(&library, &second, &[]).await).await;
        subject(&clinic, &house.tokens(&clinic, &second, &[]).await).await;
        let at_clinic = subject(&clinic, &house.tokens(&clinic, &first, &[]).await).await;

        // The clerk's page makes one of two; here only what this room hears of it.
        let mut ctx = house.begin(Actor::System).await;
        let merged = identity::AccountsMerged { kept: first.account, closed: second.account };
        ctx.record(identity::AccountsMerged::KIND, &merged).await.unwrap();
        ctx.record(identity::AccountClosed::KIND, &identity::AccountClosed { account: second.account }).await.unwrap();
        ctx.commit().await.unwrap();

        let quiet = house.starts(&library, Some(&first), &[("prompt", "none")]).await;
        assert!(quiet.sent("code").is_some(), "it is the same person, who agreed before: {quiet:?}");
        assert_eq!(subject(&library, &house.tokens(&library, &first, &[]).await).await, known);
        assert_eq!(subject(&clinic, &house.tokens(&clinic, &first, &[]).await).await, at_clinic);
    }
}

#[tokio::test]
async fn a_service_signs_its_person_out_by_showing_which_sign_in_it_means() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, library(&house).await);
        let tokens = house.tokens(&library, &hanako, &[]).await;
        let hint = tokens["id_token"].as_str().unwrap();
        // Days later: the token is over, and still says what is meant.
        house.pass(3600);
        let cookie = [("cookie", hanako.cookie.as_str())];
        let path = format!("/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={OUT}&state=s2");
        let out = house.get(&path, &cookie).await;
        assert_eq!(out.headers["refresh"], format!("0; url={OUT}?state=s2"));
        let gone: Vec<_> = out.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()).collect();
        assert!(gone.iter().any(|line| line.starts_with("tegata_session=;")), "{gone:?}");
        assert!(house.starts(&library, Some(&hanako), &[("prompt", "none")]).await.sent("error").is_some(), "the session is over");
    }
}

#[tokio::test]
async fn anybody_elses_link_asks_first_and_leads_nowhere_else() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, library(&house).await);
        let cookie = [("cookie", hanako.cookie.as_str())];
        let asked = house.get(&format!("/oidc/logout?client_id={}&post_logout_redirect_uri={OUT}", library.client.id), &cookie).await;
        assert!(asked.body.contains("ログアウトしますか") && asked.headers.get("refresh").is_none());
        let still = house.code(&library, &hanako, &[]).await;
        assert!(!still.is_empty(), "still signed in");
        let pairs = [("client_id", library.client.id.to_string()), ("post_logout_redirect_uri", "https://evil.example".to_owned())];
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let out = house.post("/oidc/logout", &pairs, &cookie).await;
        assert!(out.body.contains("ログアウトしました") && out.headers.get("refresh").is_none(), "{}", out.body);
    }
}

#[tokio::test]
async fn a_lost_phone_ends_the_sign_ins_that_came_of_it() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, library(&house).await);
        let tokens = house.tokens(&library, &hanako, &[]).await;
        let mut ctx = house.begin(Actor::Holder(hanako.account)).await;
        identity::end_sessions_of(&mut ctx, identity::SessionOwner::Holder(hanako.account)).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
        let told = house.asks(&library, "/oidc/introspect", &[("token", tokens["access_token"].as_str().unwrap())], &[]).await;
        assert_eq!(told.json(), serde_json::json!({ "active": false }));
    }
}

#[tokio::test]
async fn a_service_ends_its_own_tokens_and_learns_whether_one_counts() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, library(&house).await);
        let tokens = house.tokens(&library, &hanako, &[("scope", "openid offline_access")]).await;
        let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        let told = house.asks(&library, "/oidc/introspect", &[("token", access)], &[]).await.json();
        assert_eq!((told["active"].as_bool(), told["scope"].as_str()), (Some(true), Some("openid offline_access")));
        let other = house.program(|_| {}).await;
        let told = house.asks(&other, "/oidc/introspect", &[("token", access)], &[]).await.json();
        assert_eq!(told["active"], false, "another service's token is none of its business");
        house.asks(&other, "/oidc/revoke", &[("token", refresh)], &[]).await;
        assert_eq!(house.userinfo(access).await.status, StatusCode::OK, "and not its to end");
        assert_eq!(house.asks(&library, "/oidc/revoke", &[("token", refresh)], &[]).await.status, StatusCode::OK);
        assert_eq!(house.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.asks(&library, "/oidc/revoke", &[("token", "never.was")], &[]).await.status, StatusCode::OK);
    }
}
