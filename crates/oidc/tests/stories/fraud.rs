//! Who tries to be somebody else: each is refused in the standard's own word, and the console counts it.

use axum::http::StatusCode;
use identity::jose::{TokenKey, make_es256};
use oidc::Exception;
use serde_json::json;

use crate::world::{BACK, CHALLENGE, ORIGIN, VERIFIER, excused, houses};

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let service = house.program(excused(&[Exception::PlainRequest])).await;
        let id = service.client.id.to_string();
        for wrong in ["https://evil.example/back", "https://library.example/back?x=1", "https://library.example/back/", ""] {
            let pairs = [
                ("client_id", id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", wrong),
                ("scope", "openid"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ];
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            let answer = house.get(&format!("/oidc/authorize?{query}"), &[("cookie", &hanako.cookie)]).await;
            assert_eq!((answer.status, answer.location.as_str()), (StatusCode::BAD_REQUEST, ""), "{wrong}");
            assert!(answer.body.contains("このリンクではログインできません"));
        }
        assert!(house.refusals(&service).await.contains(&"redirect_uri".to_owned()));
        let nobody = house.get("/oidc/authorize?client_id=01999999-0000-7000-8000-000000000000&response_type=code", &[]).await;
        assert_eq!((nobody.status, nobody.location.as_str()), (StatusCode::BAD_REQUEST, ""));
    }
}

#[tokio::test]
async fn a_code_counts_once_and_whoever_brings_it_again_ends_what_came_of_it() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let code = house.code(&library, &hanako, &[("scope", "openid offline_access")]).await;
        let tokens = house.redeems(&library, &code).await.json();
        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
        let nothing = house.get("/oidc/userinfo", &[]).await;
        assert_eq!((nothing.status, nothing.headers.contains_key("www-authenticate")), (StatusCode::UNAUTHORIZED, true));
        let again = house.redeems(&library, &code).await;
        assert_eq!((again.status, again.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
        let over = house.userinfo(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!((over.status, over.error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_token"));
        assert!(over.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        assert_eq!(house.asks(&library, "/oidc/token", &refresh, &[]).await.error(), "invalid_grant");
        assert!(house.refusals(&library).await.contains(&"code_replayed".to_owned()));
    }
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let thief = house.program(|told| told.name = "泥棒".to_owned()).await;
        // Another service with its own authentication.
        let code = house.code(&library, &hanako, &[]).await;
        assert_eq!(house.redeems(&thief, &code).await.error(), "invalid_grant");
        assert_eq!(house.redeems(&library, &code).await.status, StatusCode::OK, "it was not spent by that");
        // The right service, without what belongs to the request.
        for (name, value) in
            [("code_verifier", "x".repeat(43)), ("code_verifier", String::new()), ("redirect_uri", "https://evil.example".to_owned())]
        {
            let code = house.code(&library, &hanako, &[]).await;
            let mut pairs =
                vec![("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
            pairs.retain(|(other, _)| *other != name);
            pairs.push((name, &value));
            let answer = house.asks(&library, "/oidc/token", &pairs, &[]).await;
            assert!(["invalid_grant", "invalid_request"].contains(&answer.error().as_str()), "{answer:?}");
        }
        // Too late.
        let code = house.code(&library, &hanako, &[]).await;
        house.pass(61);
        assert_eq!(house.redeems(&library, &code).await.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn a_sign_in_happens_when_its_code_is_redeemed_and_not_before() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let signed_in = async || house.trail_of(&hanako).await.iter().filter(|done| *done == "oidc.signed_in").count();
        house.tokens(&library, &hanako, &[]).await;
        let code = house.code(&library, &hanako, &[]).await;
        assert_eq!(signed_in().await, 1, "nobody was told anything by that code");

        // Taken back in the minute between.
        let path = format!("/me/services/{}/withdraw", library.client.id);
        house.post(&path, &[], &[("cookie", &hanako.cookie)]).await;
        assert_eq!(house.redeems(&library, &code).await.error(), "invalid_grant");
        // Signed out in between, whatever was agreed to.
        let code = house.code(&library, &hanako, &[("scope", "openid offline_access")]).await;
        house.signs_out(&hanako).await;
        assert_eq!(house.redeems(&library, &code).await.error(), "invalid_grant");
        assert_eq!(signed_in().await, 1);

        // One that was redeemed is known again, also when its browser has signed out.
        let again = house.browser_of(hanako.account).await;
        let code = house.code(&library, &again, &[("scope", "openid offline_access")]).await;
        let tokens = house.redeems(&library, &code).await.json();
        house.signs_out(&again).await;
        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::OK, "agreed to go on");
        house.pass(61);
        assert_eq!(house.redeems(&library, &code).await.error(), "invalid_grant");
        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED, "stolen");
        assert!(house.refusals(&library).await.contains(&"code_replayed".to_owned()));
    }
}

#[tokio::test]
async fn a_code_without_what_belongs_to_it_is_spent_and_nobody_signed_in_by_it() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let code = house.code(&library, &hanako, &[]).await;
        let (other, wrong) = ("x".repeat(43), code.clone());
        let pairs =
            [("grant_type", "authorization_code"), ("code", wrong.as_str()), ("redirect_uri", BACK), ("code_verifier", other.as_str())];
        assert_eq!(house.asks(&library, "/oidc/token", &pairs, &[]).await.error(), "invalid_grant");
        assert_eq!(house.redeems(&library, &code).await.error(), "invalid_grant", "it stays spent");
        let trail = house.trail_of(&hanako).await;
        assert!(!trail.contains(&"oidc.signed_in".to_owned()) && trail.contains(&"oidc.replayed".to_owned()), "{trail:?}");
        assert!(house.refusals(&library).await.contains(&"code_verifier".to_owned()));
    }
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_the_sign_in() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let first = house.tokens(&library, &hanako, &[("scope", "openid offline_access")]).await;
        let refresh = |token: &serde_json::Value| {
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.as_str().unwrap().to_owned())]
        };
        let ask = async |token: &serde_json::Value| {
            let pairs = refresh(token);
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            house.asks(&library, "/oidc/token", &pairs, &[]).await
        };
        let second = ask(&first["refresh_token"]).await.json();
        assert_eq!(house.userinfo(second["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
        // The thief turns in the first one after its owner did.
        assert_eq!(ask(&first["refresh_token"]).await.error(), "invalid_grant");
        assert_eq!(ask(&second["refresh_token"]).await.error(), "invalid_grant", "the owner has to sign in again");
        assert_eq!(house.userinfo(second["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
        assert!(house.refusals(&library).await.contains(&"refresh_token_replayed".to_owned()));
        // Access tokens are no refresh tokens.
        let third = house.tokens(&library, &hanako, &[("scope", "openid offline_access")]).await;
        assert_eq!(ask(&third["access_token"]).await.error(), "invalid_grant");
        assert_eq!(house.userinfo(third["refresh_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_service_is_itself_only_by_its_own_key() {
    for house in houses().await {
        let library = house.program(|_| {}).await;
        let now = house.now_s();
        let fresh = || identity::secret::token();
        let good = json!({ "iat": now, "exp": now + 60, "aud": ORIGIN, "jti": fresh() });
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = good.clone();
            claims["jti"] = fresh().into();
            claims[name] = value;
            library.assertion_with(&claims)
        };
        let other = TokenKey::es256(&make_es256().unwrap()).unwrap();
        let id = library.client.id;
        let forged =
            other.sign("JWT", &json!({ "iss": id, "sub": id, "iat": now, "exp": now + 60, "aud": ORIGIN, "jti": fresh() })).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", library.assertion(now, ORIGIN).split('.').nth(1).unwrap());
        let shared = {
            use base64::Engine as _;
            let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            let public = serde_json::to_vec(library.key.public()).unwrap();
            let signed =
                format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), library.assertion(now, ORIGIN).split('.').nth(1).unwrap());
            let tag = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public), signed.as_bytes());
            format!("{signed}.{}", encode(tag.as_ref()))
        };
        let cases = [
            ("expired", with("exp", (now - 120).into())),
            ("ends too late", with("exp", (now + 3600).into())),
            ("for another server", with("aud", "https://other.example".into())),
            ("by another issuer", with("iss", "https://other.example".into())),
            ("by another key", forged),
            ("not signed", unsigned),
            ("by the public key taken for a secret", shared),
            ("without a number", with("jti", "".into())),
        ];
        for (what, assertion) in cases {
            let pairs = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
            let all: Vec<_> = pairs.iter().copied().chain(library.shown(&assertion)).collect();
            let answer = house.post("/oidc/token", &all, &[]).await;
            assert_eq!((answer.status, answer.error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"), "{what}: {}", answer.body);
        }
        // Seen before.
        let assertion = library.assertion_with(&good);
        let pairs = [("token", "x")];
        let all: Vec<_> = pairs.iter().copied().chain(library.shown(&assertion)).collect();
        assert_eq!(house.post("/oidc/introspect", &all, &[]).await.status, StatusCode::OK);
        assert_eq!(house.post("/oidc/introspect", &all, &[]).await.error(), "invalid_client");
        // No key at all, and a guessed secret for a service that has none.
        assert_eq!(house.post("/oidc/token", &pairs, &[]).await.error(), "invalid_client");
        let guess = {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:secret")))
        };
        let answer = house.post("/oidc/token", &pairs, &[("authorization", &guess)]).await;
        assert_eq!(answer.error(), "invalid_client");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
        let refusals = house.refusals(&library).await;
        for reason in
            ["assertion_time", "assertion_audience", "assertion_key", "assertion_algorithm", "assertion_replayed", "authentication_method"]
        {
            assert!(refusals.iter().any(|refused| refused == reason), "{reason}: {refusals:?}");
        }
    }
}

#[tokio::test]
async fn a_strict_service_cannot_be_made_to_send_its_request_through_the_browser() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let id = library.client.id.to_string();
        let pairs = [("client_id", id.as_str()), ("response_type", "code"), ("redirect_uri", BACK), ("scope", "openid"), ("state", "s")];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let answer = house.get(&format!("/oidc/authorize?{query}"), &[("cookie", &hanako.cookie)]).await;
        assert_eq!((answer.sent("error").as_deref(), answer.sent("state").as_deref()), (Some("invalid_request"), Some("s")));
        // Another service's pushed request is none of its own.
        let other = house.program(|_| {}).await;
        let uri = house.pushes(&other, &[], &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
        assert_eq!(house.brings(&library, Some(&hanako), &uri).await.status, StatusCode::BAD_REQUEST);
        // And one that lay too long is nobody's.
        let uri = house.pushes(&library, &[], &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
        house.pass(91);
        assert_eq!(house.brings(&library, Some(&hanako), &uri).await.status, StatusCode::BAD_REQUEST);
        // More than it registered.
        let answer = house.pushes(&library, &[("scope", "openid birthdate")], &[]).await;
        assert_eq!((answer.status, answer.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_scope"));
    }
}

#[tokio::test]
async fn a_pushed_request_is_answered_once_whether_by_yes_or_no() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let uri = |pushed: &crate::world::Answer| pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let said_yes = uri(&house.pushes(&library, &[], &[]).await);
        let waiting = house.brings(&library, Some(&hanako), &said_yes).await;
        assert!(house.agrees(&hanako, &waiting, "yes").await.sent("code").is_some());
        let again = house.brings(&library, Some(&hanako), &said_yes).await;
        assert_eq!(
            (again.status, again.location.as_str()),
            (StatusCode::BAD_REQUEST, ""),
            "although she would be let in at once by another"
        );
        let said_no = uri(&house.pushes(&library, &[("prompt", "consent")], &[]).await);
        let waiting = house.brings(&library, Some(&hanako), &said_no).await;
        assert_eq!(house.agrees(&hanako, &waiting, "no").await.sent("error").as_deref(), Some("access_denied"));
        let again = house.brings(&library, Some(&hanako), &said_no).await;
        assert_eq!(house.get(&again.location, &[("cookie", &hanako.cookie)]).await.status, StatusCode::GONE);
        let forced = house.agrees(&hanako, &waiting, "yes").await;
        assert_eq!(forced.status, StatusCode::GONE, "{forced:?}");
    }
}

#[tokio::test]
async fn what_is_handed_out_counts_as_nothing_else() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let uri = house.pushes(&library, &[], &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
        let request = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
        let code = house.code(&library, &hanako, &[]).await;
        let access = house.tokens(&library, &hanako, &[]).await["access_token"].as_str().unwrap().to_owned();
        for wrong in [request, access.as_str(), "", "x"] {
            assert_ne!(house.redeems(&library, wrong).await.status, StatusCode::OK, "{wrong} as a code");
        }
        for wrong in [request, code.as_str(), "x"] {
            assert_eq!(house.userinfo(wrong).await.status, StatusCode::UNAUTHORIZED, "{wrong} as a token");
        }
        for wrong in [code.as_str(), access.as_str(), "x"] {
            let wrong = format!("urn:ietf:params:oauth:request_uri:{wrong}");
            assert_eq!(house.brings(&library, Some(&hanako), &wrong).await.status, StatusCode::BAD_REQUEST, "{wrong} as a request");
        }
        assert_eq!(house.redeems(&library, &code).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_service_that_gives_an_access_token_back_keeps_its_sign_in() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let tokens = house.tokens(&library, &hanako, &[("scope", "openid offline_access")]).await;
        let access = tokens["access_token"].as_str().unwrap();
        let thief = house.program(|told| told.name = "泥棒".to_owned()).await;
        assert_eq!(house.asks(&thief, "/oidc/revoke", &[("token", access)], &[]).await.status, StatusCode::OK);
        assert_eq!(house.userinfo(access).await.status, StatusCode::OK, "another service's word ends nothing");
        assert_eq!(house.asks(&library, "/oidc/revoke", &[("token", access)], &[]).await.status, StatusCode::OK);
        assert_eq!(house.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
        house.pass(1);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        let next = house.asks(&library, "/oidc/token", &refresh, &[]).await.json();
        assert_eq!(house.userinfo(next["access_token"].as_str().unwrap()).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn another_site_cannot_agree_for_anybody() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let waiting = house.starts(&library, Some(&hanako), &[]).await;
        let handle = waiting.sent("request").unwrap();
        let headers = [("cookie", hanako.cookie.as_str()), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        let forged = house.post("/oidc/continue", &[("request", &handle), ("decision", "yes")], &headers).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        // Nor does a page that was shown to somebody else before: the same PC, another person.
        let unseen = house.post("/oidc/continue", &[("request", &handle), ("decision", "yes"), ("seen_by", "x")], &headers[..1]).await;
        assert!(unseen.location.starts_with("/oidc/continue"), "{unseen:?}");
        assert!(house.agrees(&hanako, &waiting, "yes").await.sent("code").is_some());
    }
}

#[tokio::test]
async fn a_service_that_was_ended_gets_nothing_any_more() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let tokens = house.tokens(&library, &hanako, &[]).await;
        let mut ctx = house.begin(crate::world::administrator()).await;
        oidc::end(&mut ctx, library.client.id).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.pushes(&library, &[], &[]).await.error(), "invalid_client");
    }
}
