//! FAPI 2.0: tokens that only the service's own key can use.

use aws_lc_rs::digest;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::jose::{TokenKey, make_es256};
use oidc::Exception;
use serde_json::{Value, json};

use crate::world::{BACK, House, ORIGIN, Program, VERIFIER, administrator, houses};

/// A DPoP proof as a program makes it.
fn proof(key: &TokenKey, claims: &Value) -> String {
    identity::jose::sign_with_key(key, "dpop+jwt", claims).unwrap()
}

fn claims(house: &House, method: &str, path: &str, token: Option<&str>) -> Value {
    let hash = token.map(|token| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes())));
    let mut claims = json!({ "jti": identity::secret::token(), "htm": method, "htu": format!("{ORIGIN}{path}"), "iat": house.now_s() });
    if let Some(hash) = hash {
        claims["ath"] = hash.into();
    }
    claims
}

async fn redeem(house: &House, program: &Program, code: &str, proof: Option<&str>) -> crate::world::Answer {
    let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
    let headers: Vec<_> = proof.map(|proof| ("dpop", proof)).into_iter().collect();
    house.asks(program, "/oidc/token", &pairs, &headers).await
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_without_the_key() {
    for house in houses().await {
        let (hanako, clinic) = (house.hanako().await, house.program(|told| told.fapi2 = true).await);
        let key = TokenKey::es256(&make_es256().unwrap()).unwrap();
        let code = house.code(&clinic, &hanako, &[("scope", "openid offline_access")]).await;
        let missing = redeem(&house, &clinic, &code, None).await;
        assert_eq!(missing.error(), "invalid_dpop_proof");
        let first = proof(&key, &claims(&house, "POST", "/oidc/token", None));
        let tokens = redeem(&house, &clinic, &code, Some(&first)).await.json();
        assert_eq!(tokens["token_type"], "DPoP", "{tokens}");
        let access = tokens["access_token"].as_str().unwrap();

        let ask = async |scheme: &str, proof: Option<String>| {
            let authorization = format!("{scheme} {access}");
            let mut headers = vec![("authorization", authorization.as_str())];
            headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
            house.get("/oidc/userinfo", &headers).await
        };
        let good = || proof(&key, &claims(&house, "GET", "/oidc/userinfo", Some(access)));
        assert_eq!(ask("DPoP", Some(good())).await.status, StatusCode::OK);
        assert_eq!(ask("Bearer", None).await.status, StatusCode::UNAUTHORIZED, "not as a bearer token");
        assert_eq!(ask("DPoP", None).await.error(), "invalid_dpop_proof");
        let thief = TokenKey::es256(&make_es256().unwrap()).unwrap();
        let stolen = proof(&thief, &claims(&house, "GET", "/oidc/userinfo", Some(access)));
        assert_eq!(ask("DPoP", Some(stolen)).await.status, StatusCode::UNAUTHORIZED);
        let wrong: [(&str, Value); 5] = [
            ("htm", "POST".into()),
            ("htu", format!("{ORIGIN}/oidc/token").into()),
            ("ath", "x".into()),
            ("iat", (house.now_s() - 61).into()),
            ("jti", "".into()),
        ];
        for (name, value) in wrong {
            let mut changed = claims(&house, "GET", "/oidc/userinfo", Some(access));
            changed[name] = value;
            assert_eq!(ask("DPoP", Some(proof(&key, &changed))).await.error(), "invalid_dpop_proof", "{name}");
        }
        let once = good();
        assert_eq!(ask("DPoP", Some(once.clone())).await.status, StatusCode::OK);
        assert_eq!(ask("DPoP", Some(once)).await.error(), "invalid_dpop_proof", "seen before");

        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        assert_eq!(house.asks(&clinic, "/oidc/token", &refresh, &[]).await.error(), "invalid_dpop_proof");
        // A new key of the service, as after a restart; and the same token again, as after a lost answer.
        let new = TokenKey::es256(&make_es256().unwrap()).unwrap();
        for _ in 0..2 {
            let own = proof(&new, &claims(&house, "POST", "/oidc/token", None));
            let again = house.asks(&clinic, "/oidc/token", &refresh, &[("dpop", &own)]).await;
            assert_eq!(again.status, StatusCode::OK, "{}", again.body);
            assert_eq!(again.json()["refresh_token"], tokens["refresh_token"]);
        }
    }
}

#[tokio::test]
async fn the_request_may_name_the_key_beforehand() {
    for house in houses().await {
        let (hanako, clinic) = (house.hanako().await, house.program(|told| told.fapi2 = true).await);
        let (key, other) = (TokenKey::es256(&make_es256().unwrap()).unwrap(), TokenKey::es256(&make_es256().unwrap()).unwrap());
        let pushed = house.pushes(&clinic, &[], &[("dpop", &proof(&key, &claims(&house, "POST", "/oidc/par", None)))]).await;
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let waiting = house.brings(&clinic, Some(&hanako), &uri).await;
        let code = house.agrees(&hanako, &waiting, "yes").await.sent("code").unwrap();
        let named = URL_SAFE_NO_PAD.encode([1; 32]);
        let mixed =
            house.pushes(&clinic, &[("dpop_jkt", &named)], &[("dpop", &proof(&key, &claims(&house, "POST", "/oidc/par", None)))]).await;
        assert_eq!(mixed.error(), "invalid_dpop_proof", "two keys are named");
        let by_other = proof(&other, &claims(&house, "POST", "/oidc/token", None));
        assert_eq!(redeem(&house, &clinic, &code, Some(&by_other)).await.error(), "invalid_dpop_proof");
    }
}

#[tokio::test]
async fn a_sensitive_service_has_no_exceptions_and_signs_for_the_issuer_alone() {
    for house in houses().await {
        let mut ctx = house.begin(administrator()).await;
        let told = oidc::Registration {
            name: "診療所".to_owned(),
            purpose: "診療を予約します。".to_owned(),
            redirect_uris: vec![BACK.to_owned()],
            fapi2: true,
            exceptions: [Exception::SharedSecret].into(),
            ..oidc::Registration::default()
        };
        let refused = oidc::register(&mut ctx, &told).await.unwrap_err();
        assert!(matches!(refused, oidc::Error::Registration { field: "exceptions", reason: "profile" }), "{refused}");
        drop(ctx);
        let clinic = house.program(|told| told.fapi2 = true).await;
        let assertion = clinic.assertion(house.now_s(), &format!("{ORIGIN}/oidc/token"));
        let all: Vec<_> = [("token", "x")].into_iter().chain(clinic.shown(&assertion)).collect();
        assert_eq!(house.post("/oidc/introspect", &all, &[]).await.error(), "invalid_client");
    }
}
