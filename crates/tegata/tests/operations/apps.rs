//! Identity apps need a key of the town's own before anybody is sent to them.

use std::process::Command;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use store::{Clock as _, SystemClock};
use tegata::doctor::{Finding, Patient, State, examine};
use tegata::keys::CentreKeys;

use crate::helpers::{Folder, open, pack, send, town};

const APP: &str = r#"
[[identity_app]]
id = "digital-auth"
name = { ja = "認証アプリ", ja-easy = "認証アプリ", en = "Auth app" }
issuer = "https://op.example.jp/realms/main"
client_id = "aozora"
scopes = ["openid", "name", "address", "birthdate", "gender"]
assurance = "user_auth"
"#;

const SIGNS: &str = r#"
[[identity_app]]
id = "digital-sign"
name = { ja = "署名アプリ", ja-easy = "署名アプリ", en = "Signing app" }
issuer = "https://op.example.jp/realms/main"
client_id = "aozora"
scopes = ["openid", "sign"]
assurance = "signature"
sign = { transactions = "https://op.example.jp/api/sign-transactions", encryption = "RSA-OAEP-256" }
"#;

/// The demonstration's pack with an app.
fn pack_with_app(folder: &Folder, app: &str) -> std::path::PathBuf {
    let copy = folder.0.join("pack");
    assert!(Command::new("cp").arg("-r").arg(pack("demo")).arg(&copy).output().unwrap().status.success());
    let text = std::fs::read_to_string(copy.join("town.toml")).unwrap();
    std::fs::write(copy.join("town.toml"), text + app).unwrap();
    copy
}

#[tokio::test]
async fn an_app_is_offered_once_its_key_is_there() {
    let folder = Folder::new();
    let pack = pack_with_app(&folder, APP);
    let keys = CentreKeys::in_folder(&folder.0.join("keys"));
    let id = "digital-auth".parse().unwrap();
    let db = store::testing::sqlite().await.unwrap();
    let offers = async || {
        let house = open(&folder, &db.address, town(&pack), Arc::new(SystemClock)).await;
        send(&house.router, Request::get("/start?lang=en").body(Body::empty()).unwrap()).await.body.contains("Use Auth app")
    };
    let found = async || {
        let patient =
            Patient { town: pack.clone(), data: folder.0.clone(), database: db.address.clone(), demo: true, now: SystemClock.now() };
        let mut findings = examine(&patient).await.into_iter();
        findings.find(|finding| finding.check == "identity_app").unwrap()
    };
    assert!(!offers().await);
    let Finding { state, next, .. } = found().await;
    assert_eq!(state, State::Notice);
    assert!(next.unwrap().ends_with("/keys --app digital-auth"));

    keys.make_app(&id).unwrap();
    let public = || serde_json::to_value(keys.app(&id).unwrap().unwrap().public()).unwrap();
    let made = public();
    assert!(offers().await);
    assert_eq!(found().await.state, State::Good);
    keys.make_app(&id).unwrap();
    assert_eq!(public(), made, "a key that is there stays");
    assert_eq!((made["kty"].as_str(), made["crv"].as_str(), made.get("d")), (Some("EC"), Some("P-256"), None), "the public half only");

    folder.put("keys/app-digital-auth.pk8", b"no key");
    assert_eq!(found().await.state, State::Fault);
    assert!(keys.app(&id).unwrap_err().to_string().contains("app-digital-auth.pk8"));
}

#[tokio::test]
async fn an_app_by_which_the_card_signs_needs_a_key_to_be_answered_with() {
    let folder = Folder::new();
    let pack = pack_with_app(&folder, SIGNS);
    let keys = CentreKeys::in_folder(&folder.0.join("keys"));
    let id = "digital-sign".parse().unwrap();
    let db = store::testing::sqlite().await.unwrap();
    let offers = async || {
        let house = open(&folder, &db.address, town(&pack), Arc::new(SystemClock)).await;
        send(&house.router, Request::get("/start?lang=en").body(Body::empty()).unwrap()).await.body.contains("Use Signing app")
    };
    let found = async || {
        let patient =
            Patient { town: pack.clone(), data: folder.0.clone(), database: db.address.clone(), demo: true, now: SystemClock.now() };
        let mut findings = examine(&patient).await.into_iter();
        findings.find(|finding| finding.check == "identity_app").unwrap()
    };
    keys.make_app(&id).unwrap();
    assert!(!offers().await);
    // One for another encryption is none.
    keys.make_app_opening(&id, town::AppEncryption::EcdhEs).unwrap();
    assert!(!offers().await);
    let Finding { state, next, .. } = found().await;
    assert_eq!(state, State::Notice);
    assert!(next.unwrap().ends_with("/keys --app digital-sign --signs RSA-OAEP-256"));

    std::fs::remove_file(folder.0.join("keys/app-digital-sign.enc.key")).unwrap();
    let command = Command::new(env!("CARGO_BIN_EXE_tegata"))
        .args(["keys", folder.0.join("keys").to_str().unwrap(), "--app", "digital-sign", "--signs", "RSA-OAEP-256"])
        .output()
        .unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&command.stdout).unwrap();
    assert_eq!(printed, keys.app(&id).unwrap().unwrap().public_set());
    assert_eq!((printed["keys"][1]["use"].as_str(), printed["keys"][1]["kty"].as_str()), (Some("enc"), Some("RSA")));
    assert!(offers().await);
    assert_eq!(found().await.state, State::Good);

    folder.put("keys/app-digital-sign.enc.key", b"no key");
    assert_eq!(found().await.state, State::Fault);
    assert!(keys.app(&id).unwrap_err().to_string().contains("app-digital-sign.enc.key"));
}
