//! The straight way: pushed request, agreement, code, tokens, userinfo.

use axum::http::StatusCode;
use oidc::{Acr, Exception};
use serde_json::json;

use crate::world::{BACK, CHALLENGE, ORIGIN, excused, houses};

#[tokio::test]
async fn a_resident_logs_in_at_the_library_and_it_learns_what_they_agreed_to() {
    for mut house in houses().await {
        house.bring_hanako(false, false).await;
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);

        let waiting = house
            .starts(
                &library,
                Some(&hanako),
                &[("scope", "openid profile resident district age_over_20 age_over_65 programme:village-pass")],
            )
            .await;
        let page = house.get(&waiting.location, &[("cookie", &hanako.cookie)]).await;
        for told in ["図書館", "本を借りるときに使います。", "library.example", "青空　花子", "本村", "20歳以上", "同意してログインする"]
        {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        let back = house.agrees(&hanako, &waiting, "yes").await;
        assert!(back.location.starts_with(BACK), "{}", back.location);
        assert_eq!((back.sent("state").as_deref(), back.sent("iss").as_deref()), (Some("s1"), Some(ORIGIN)));

        let answer = house.redeems(&library, &back.sent("code").unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let tokens = answer.json();
        assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (Some("Bearer"), Some(600)));
        assert!(tokens.get("refresh_token").is_none(), "nobody asked to go on while signed out");
        let id = library.reads(&house, tokens["id_token"].as_str().unwrap());
        assert_eq!((id["nonce"].as_str(), id["acr"].as_str()), (Some("n1"), Some(Acr::Card.as_str())));
        assert_eq!(id["auth_time"].as_i64(), Some(house.now_s()));

        let told = house.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        let expected = json!({
            "sub": id["sub"], "name": "青空　花子", "resident": true, "municipality_code": house.store.town().code.to_string(),
            "district": "本村", "age_over_20": true, "age_over_65": false, "entitlements": ["village-pass"],
        });
        assert_eq!(told, expected);
        assert!(!id["sub"].as_str().unwrap().contains(&hanako.account.to_string()));
    }
}

#[tokio::test]
async fn who_agreed_before_is_answered_at_once_and_for_more_is_asked() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        house.tokens(&library, &hanako, &[]).await;
        let again = house.starts(&library, Some(&hanako), &[]).await;
        assert!(again.sent("code").is_some(), "{again:?}");
        let quiet = house.starts(&library, Some(&hanako), &[("prompt", "none")]).await;
        assert!(quiet.sent("code").is_some(), "{quiet:?}");
        let more = house.starts(&library, Some(&hanako), &[("scope", "openid profile")]).await;
        assert!(more.location.starts_with("/oidc/continue"), "{more:?}");
        let more = house.starts(&library, Some(&hanako), &[("scope", "openid profile"), ("prompt", "none")]).await;
        assert_eq!(more.sent("error").as_deref(), Some("consent_required"));
        assert!(house.refusals(&library).await.is_empty(), "an answer to a quiet question is no refusal");
    }
}

#[tokio::test]
async fn who_is_signed_out_signs_in_first_and_comes_back_to_the_same_request() {
    for house in houses().await {
        let library = house.program(|_| {}).await;
        let waiting = house.starts(&library, None, &[]).await;
        let to_start = house.get(&waiting.location, &[]).await;
        assert_eq!(to_start.location, format!("/start?next={}", waiting.location.replace('?', "%3F").replace('=', "%3D")));
        // An hour at the card reader would be too long, ten minutes are not.
        house.pass(600);
        let hanako = house.hanako().await;
        let code = house.agrees(&hanako, &waiting, "yes").await.sent("code").unwrap();
        assert_eq!(house.redeems(&library, &code).await.status, StatusCode::OK);
        let over = house.get(&waiting.location, &[("cookie", &hanako.cookie)]).await;
        assert_eq!(over.status, StatusCode::GONE, "a request is answered once");
    }
}

#[tokio::test]
async fn a_strong_act_asks_for_the_card_again() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        house.tokens(&library, &hanako, &[]).await;
        house.pass(3600);
        let card: &[(&str, &str)] = &[("acr_values", "urn:tegata:acr:card")];
        let waiting = house.starts(&library, Some(&hanako), card).await;
        assert!(
            house.get(&waiting.location, &[("cookie", &hanako.cookie)]).await.location.starts_with("/start?next="),
            "the card is asked for"
        );
        let everyday = house.tokens(&library, &hanako, &[]).await;
        assert_eq!(library.reads(&house, everyday["id_token"].as_str().unwrap())["acr"], Acr::Login.as_str());
        let anew = house.hanako().await;
        let page = house.get(&waiting.location, &[("cookie", &anew.cookie)]).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
    }
}

#[tokio::test]
async fn a_passkey_is_told_from_the_card_and_is_none() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let by_card = house.tokens(&library, &hanako, &[]).await;
        assert_eq!(library.reads(&house, by_card["id_token"].as_str().unwrap())["amr"], json!(["sc", "pin", "mfa"]));
        // A minute after the card, in another browser.
        house.pass(60);
        let daily = house.by_passkey(hanako.account).await;
        let tokens = house.tokens(&library, &daily, &[]).await;
        let id = library.reads(&house, tokens["id_token"].as_str().unwrap());
        assert_eq!((&id["acr"], &id["amr"]), (&json!(Acr::Passkey.as_str()), &json!(["pop", "user", "mfa"])));
        assert_eq!(id["auth_time"].as_i64(), Some(house.now_s()));

        let card = [("acr_values", "urn:tegata:acr:card"), ("max_age", "0")];
        let waiting = house.starts(&library, Some(&daily), &card).await;
        let start = house.get(&waiting.location, &[("cookie", &daily.cookie)]).await.location;
        assert!(start.starts_with("/start?next=") && start.ends_with("&card=yes"), "the way in offers no passkey: {start}");
        let quiet = house.starts(&library, Some(&daily), &[card[0], ("prompt", "none")]).await;
        assert_eq!(quiet.sent("error").as_deref(), Some("login_required"));

        house.pass(601);
        let later = house.tokens(&library, &daily, &[]).await;
        let id = library.reads(&house, later["id_token"].as_str().unwrap());
        assert_eq!((&id["acr"], id.get("amr")), (&json!(Acr::Login.as_str()), None));
    }
}

#[tokio::test]
async fn who_only_holds_shared_cards_is_asked_to_prove_who_they_are() {
    for house in houses().await {
        let library = house.program(|_| {}).await;
        let mut ctx = house.begin(store::Actor::Anonymous).await;
        let light = identity::start_light_account(&mut ctx, "おばあちゃん").await.unwrap().id;
        ctx.commit().await.unwrap();
        let person = house.browser_of(light).await;
        let waiting = house.starts(&library, Some(&person), &[]).await;
        let page = house.get(&waiting.location, &[("cookie", &person.cookie)]).await;
        assert!(page.body.contains("本人確認が必要です"), "{}", page.body);
        let forced = house.agrees(&person, &waiting, "yes").await;
        assert!(forced.location.starts_with("/oidc/continue"), "{forced:?}");
    }
}

#[tokio::test]
async fn a_service_built_on_old_software_is_excused_by_name() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let old = house.program(excused(&[Exception::PlainRequest, Exception::SharedSecret, Exception::Rs256])).await;
        let id = old.client.id.to_string();
        let pairs = [
            ("client_id", id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let waiting = house.get(&format!("/oidc/authorize?{query}"), &[("cookie", &hanako.cookie)]).await;
        let code = house.agrees(&hanako, &waiting, "yes").await.sent("code").unwrap();
        let tokens = house.redeems(&old, &code).await.json();
        let id_token = tokens["id_token"].as_str().unwrap();
        assert!(id_token.starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiI"), "RS256: {id_token}");
        old.reads(&house, id_token);
    }
}

#[tokio::test]
async fn the_provider_says_what_it_can_do() {
    for house in houses().await {
        let told = house.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(told["issuer"], ORIGIN);
        assert_eq!(told["subject_types_supported"], json!(["pairwise"]));
        assert_eq!(told["response_types_supported"], json!(["code"]));
        let keys = house.get("/oidc/jwks", &[]).await.json();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
        assert!(!keys.to_string().contains("\"d\""), "no private part is told");
    }
}

#[tokio::test]
async fn new_keys_sign_and_earlier_ones_are_still_believed() {
    for house in houses().await {
        let (hanako, library) = (house.hanako().await, house.program(|_| {}).await);
        let before = house.tokens(&library, &hanako, &[]).await;
        let (pkcs8, old) = (identity::jose::make_es256().unwrap(), house.provider.keys());
        let new = identity::jose::TokenKey::es256(&pkcs8).unwrap();
        let kid = new.kid().to_owned();
        // The old key stays in the folder beside the new one.
        let both = house.provider.keys().public();
        house.provider.take_keys(oidc::Keyring::new(vec![new]).unwrap());
        let after = house.tokens(&library, &hanako, &[]).await;
        let header = after["id_token"].as_str().unwrap().split('.').next().unwrap().to_owned();
        let header: serde_json::Value = {
            use base64::Engine as _;
            serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
        };
        assert_eq!(header["kid"], kid);
        assert!(both.find(&kid).is_none());
        drop(old);
        library.reads(&house, after["id_token"].as_str().unwrap());
        let id = library.client.id.to_string();
        let of_before: Result<serde_json::Value, _> =
            identity::jose::verify_at_any_time(before["id_token"].as_str().unwrap(), &house.provider.keys().public(), ORIGIN, &id);
        assert!(of_before.is_err(), "whose file was deleted signs nothing that is believed");
    }
}
