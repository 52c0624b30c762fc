//! An OpenID provider by hand: answers as it should, or bent in just one way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use civil::Timestamp;
use identity::{AppAnswer, AppBody, AppKey, AppNetwork, AppReply, AppRequest, AppSilent, Apps};
use serde_json::{Value, json};
use town::{AppId, IdentityApp};
use url::Url;

pub(crate) const ISSUER: &str = "https://op.example.jp/realms/main";
const CLIENT: &str = "aozora";
const TRANSACTIONS: &str = "https://op.example.jp/api/sign-transactions";

/// The provider; its clones are one.
#[derive(Clone)]
pub(crate) struct Op(Arc<Mutex<State>>);

pub(crate) struct State {
    now: Timestamp,
    /// What signs, and under which name.
    key: EcdsaKeyPair,
    kid: String,
    /// The key set it publishes.
    pub(crate) published: Value,
    client: Value,
    codes: HashMap<String, Question>,
    /// Members laid over an honest ID token, its head, what the userinfo endpoint tells, and the discovery document; null takes one away.
    pub(crate) token: Value,
    pub(crate) head: Value,
    pub(crate) told: Value,
    pub(crate) discovery: Value,
    /// How the ID token is signed in place of ES256.
    pub(crate) forged: Option<Forgery>,
    /// No answer at all from addresses that contain this.
    pub(crate) silent: Option<&'static str>,
    /// This status and nothing else from addresses that contain that.
    pub(crate) status: Option<(&'static str, u16)>,
    /// Every address that was asked.
    pub(crate) asked: Vec<String>,
    /// The card that signs in the app: its key in PKCS#8 and its certificate.
    pub(crate) card: Option<(Vec<u8>, Vec<u8>)>,
    /// The hashes that were handed in to be signed, a transaction each.
    pub(crate) transactions: Vec<Vec<u8>>,
    /// The transaction the person agreed to last.
    pub(crate) agreed: Option<usize>,
    /// Members laid over an honest result; what it is encrypted to in place of the town's key; and what stands in its place.
    pub(crate) signed: Value,
    pub(crate) sealed_to: Option<Value>,
    pub(crate) result: Option<Value>,
    /// The town's keys that results are encrypted to.
    opening: Vec<Value>,
}

/// A forged signature.
#[derive(Clone, Copy)]
pub(crate) enum Forgery {
    /// None at all.
    Empty,
    /// HMAC under the published public key: algorithm confusion.
    HmacOfPublicKey,
    /// Somebody else's key.
    Stranger,
}

struct Question {
    nonce: String,
    challenge: String,
    redirect: String,
}

impl AppNetwork for Op {
    fn ask(&self, request: &AppRequest<'_>) -> Result<AppReply, AppSilent> {
        let mut state = self.state();
        state.asked.push(request.address.to_owned());
        if state.silent.is_some_and(|part| request.address.contains(part)) {
            return Err(AppSilent);
        }
        if let Some((part, status)) = state.status
            && request.address.contains(part)
        {
            return Ok(AppReply { status, body: b"<html>".to_vec() });
        }
        let (status, body) = state.answer(request);
        Ok(AppReply { status, body: body.to_string().into_bytes() })
    }
}

impl Op {
    pub(crate) fn new(now: Timestamp) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let published = json!({ "keys": [{ "kty": "oct", "k": "AA" }, jwk(&key, "one")] });
        let told = json!({ "name": "青空　花子", "address": "青空村大字本村１２番地３", "birthdate": "19800217", "gender": "2" });
        Self(Arc::new(Mutex::new(State {
            now,
            key,
            kid: "one".to_owned(),
            published,
            client: Value::Null,
            codes: HashMap::new(),
            token: json!({}),
            head: json!({}),
            told,
            discovery: json!({}),
            forged: None,
            silent: None,
            status: None,
            asked: Vec::new(),
            card: None,
            transactions: Vec::new(),
            agreed: None,
            signed: json!({}),
            sealed_to: None,
            result: None,
            opening: Vec::new(),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn is(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Signs with a new key from now on, and publishes it alone or not at all.
    pub(crate) fn rotate(&self, kid: &str, publish: bool) {
        let mut state = self.state();
        state.key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        state.kid = kid.to_owned();
        if publish {
            state.published = json!({ "keys": [jwk(&state.key, kid)] });
        }
    }

    /// The town's apps: two of this provider, one with its addresses in the pack and one by discovery; and two by which the card signs.
    pub(crate) fn apps(&self, origin: &str) -> Apps {
        let pkcs8 = AppKey::generate().unwrap();
        let mut apps = Apps::new(origin, Box::new(self.clone()));
        for app in apps_of_pack() {
            let mut key = AppKey::from_pkcs8(&pkcs8).unwrap();
            self.state().client = serde_json::to_value(key.public()).unwrap();
            if let Some(sign) = &app.sign {
                key = key.with_opening(&AppKey::generate_opening(sign.encryption).unwrap()).unwrap();
                self.state().opening.push(key.public_set()["keys"][1].clone());
            }
            assert!(key.suffices(&app));
            apps = apps.with(app, key);
        }
        apps
    }

    /// The person agrees: what the provider sends the browser back with.
    pub(crate) fn agree(&self, address: &str) -> AppAnswer {
        let url = Url::parse(address).unwrap();
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
        assert_eq!(asked["client_id"], CLIENT);
        let transaction = asked.get("sign_transaction_id").or(asked.get("tx"));
        let sign = transaction.map_or("", |_| " sign");
        assert!([format!("openid name address birthdate gender{sign}"), format!("openid{sign}")].contains(&asked["scope"]));
        assert!(asked["state"].len() >= 43 && !asked["state"].contains(';'));
        let mut state = self.state();
        state.agreed = transaction.map(|id| id.strip_prefix("tx-").unwrap().parse().unwrap());
        let code = format!("code-{}", state.codes.len());
        let question =
            Question { nonce: asked["nonce"].clone(), challenge: asked["code_challenge"].clone(), redirect: asked["redirect_uri"].clone() };
        state.codes.insert(code.clone(), question);
        AppAnswer { state: asked["state"].clone(), code: Some(code), error: None, issuer: Some(ISSUER.to_owned()) }
    }
}

/// Both apps as a pack would have them.
pub(crate) fn apps_of_pack() -> Vec<IdentityApp> {
    const APPS: &str = r#"
[[identity_app]]
id = "fixed"
name = { ja = "固定アプリ", ja-easy = "固定アプリ", en = "Fixed app" }
issuer = "https://op.example.jp/realms/main"
client_id = "aozora"
scopes = ["openid", "name", "address", "birthdate", "gender"]
acr_values = ["aal3", "crl"]
acr_accepted = ["aal3"]
assurance = "user_auth"

[identity_app.endpoints]
authorization = "https://op.example.jp/realms/main/protocol/openid-connect/auth"
token = "https://op.example.jp/realms/main/protocol/openid-connect/token"
userinfo = "https://op.example.jp/realms/main/protocol/openid-connect/userinfo"
keys = "https://op.example.jp/realms/main/protocol/openid-connect/certs"

[[identity_app]]
id = "found"
name = { ja = "自動アプリ", ja-easy = "自動アプリ", en = "Found app" }
issuer = "https://op.example.jp/realms/main"
client_id = "aozora"
scopes = ["openid", "name", "address", "birthdate", "gender"]
acr_accepted = ["aal3"]
assurance = "signature"
assertion_audience = "issuer"

[[identity_app]]
id = "signs"
name = { ja = "署名アプリ", ja-easy = "署名アプリ", en = "Signing app" }
issuer = "https://op.example.jp/realms/main"
client_id = "aozora"
scopes = ["openid", "sign"]
assurance = "signature"
sign = { transactions = "https://op.example.jp/api/sign-transactions" }

[[identity_app]]
id = "signs-otherwise"
name = { ja = "別の署名アプリ", ja-easy = "別の署名アプリ", en = "Other signing app" }
issuer = "https://op.example.jp/realms/main"
client_id = "aozora"
scopes = ["openid", "name", "address", "birthdate", "gender", "sign"]
assurance = "signature"

[identity_app.sign]
transactions = "https://op.example.jp/api/sign-transactions"
parameter = "tx"
encryption = "RSA-OAEP-256"
fields = { result = "jwe", signature = "sig", certificate = "x509" }
"#;
    let good = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../town/tests/good.toml");
    let pack = std::fs::read_to_string(good).unwrap() + APPS;
    let town = town::Town::from_files(&[town::PackFile { path: "town.toml".to_owned(), bytes: pack.into_bytes() }]).unwrap();
    town.identity_apps.clone()
}

pub(crate) fn fixed() -> AppId {
    "fixed".parse().unwrap()
}

pub(crate) fn found() -> AppId {
    "found".parse().unwrap()
}

pub(crate) fn signs() -> AppId {
    "signs".parse().unwrap()
}

pub(crate) fn signs_otherwise() -> AppId {
    "signs-otherwise".parse().unwrap()
}

impl State {
    fn answer(&mut self, request: &AppRequest<'_>) -> (u16, Value) {
        let base = format!("{ISSUER}/protocol/openid-connect");
        let form = match &request.body {
            Some(AppBody::Form(form)) => form.as_str(),
            _ => "",
        };
        if let Some(below) = request.address.strip_prefix(TRANSACTIONS) {
            return self.transaction(below, request);
        }
        match request.address.strip_prefix(ISSUER).unwrap_or_default() {
            "/.well-known/openid-configuration" => {
                let honest = json!({
                    "issuer": ISSUER, "authorization_endpoint": format!("{base}/auth"), "token_endpoint": format!("{base}/token"),
                    "userinfo_endpoint": format!("{base}/userinfo"), "jwks_uri": format!("{base}/certs"),
                    "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true,
                });
                (200, laid_over(honest, &self.discovery))
            }
            "/protocol/openid-connect/certs" => (200, self.published.clone()),
            "/protocol/openid-connect/token" => self.tokens(form),
            "/protocol/openid-connect/userinfo" if request.bearer == Some("access") => {
                (200, laid_over(json!({ "sub": "person-1" }), &self.told))
            }
            _ => (404, json!({})),
        }
    }

    fn tokens(&mut self, form: &str) -> (u16, Value) {
        let form: HashMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        if !self.is_the_client(&form["client_assertion"]) {
            return (401, json!({ "error": "invalid_client" }));
        }
        if form["grant_type"] == "client_credentials" {
            assert_eq!(form["scope"], "sign");
            return (200, json!({ "access_token": "own", "token_type": "Bearer" }));
        }
        let asked = self.codes.remove(&form["code"]).filter(|asked| {
            let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
            asked.challenge == challenge && asked.redirect == form["redirect_uri"]
        });
        let Some(asked) = asked else { return (400, json!({ "error": "invalid_grant" })) };
        let at = self.now.as_second();
        let honest = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "person-1", "nonce": asked.nonce, "iat": at, "exp": at + 300, "acr": "aal3",
            "at_hash": URL_SAFE_NO_PAD.encode(&digest(&SHA256, b"access").as_ref()[..16]),
        });
        let token = self.signed(&laid_over(honest, &self.token));
        (200, json!({ "access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": token }))
    }

    /// A transaction is begun by the town, and its result told to whom the person gave it.
    fn transaction(&mut self, below: &str, request: &AppRequest<'_>) -> (u16, Value) {
        match (&request.body, request.bearer, below) {
            (Some(AppBody::Json(body)), Some("own"), "") => {
                let body: Value = serde_json::from_str(body).unwrap();
                self.transactions.push(STANDARD.decode(body["digest"].as_str().unwrap()).unwrap());
                (201, json!({ "sign_transaction_id": format!("tx-{}", self.transactions.len() - 1) }))
            }
            (None, Some("access"), below) => match self.agreed {
                Some(agreed) if below == format!("/tx-{agreed}/result") => {
                    (200, self.result.clone().unwrap_or_else(|| self.sealed(agreed)))
                }
                _ => (404, json!({})),
            },
            _ => (401, json!({})),
        }
    }

    /// What the card signs, encrypted to both of the town's keys, each under the names of its app.
    fn sealed(&self, agreed: usize) -> Value {
        let (pkcs8, certificate) = self.card.as_ref().unwrap();
        let hash = Digest::import_less_safe(&self.transactions[agreed], &SHA256).unwrap();
        let signature = match RsaKeyPair::from_pkcs8(pkcs8) {
            Ok(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &hash, &mut signature).unwrap();
                signature
            }
            Err(_) => vec![7; 96],
        };
        let (signature, certificate) = (STANDARD.encode(signature), STANDARD.encode(certificate));
        let plain = laid_over(json!({ "signature": signature, "certificate": certificate }), &self.signed).to_string();
        let other = json!({ "sig": signature, "x509": certificate }).to_string();
        let agreed = jwe::seal(self.sealed_to.as_ref().unwrap_or(&self.opening[0]), "A256GCM", plain.as_bytes()).unwrap();
        json!({ "result": agreed, "jwe": jwe::seal_transported(&self.opening[1], "A256GCM", other.as_bytes()).unwrap() })
    }

    /// Whether the assertion is the town's, for us, and of now.
    fn is_the_client(&self, assertion: &str) -> bool {
        let (message, made) = assertion.rsplit_once('.').unwrap();
        let part = |n: usize| URL_SAFE_NO_PAD.decode(message.split('.').nth(n).unwrap()).unwrap();
        let (head, claims): (Value, Value) = (serde_json::from_slice(&part(0)).unwrap(), serde_json::from_slice(&part(1)).unwrap());
        let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(self.client[name].as_str().unwrap()).unwrap();
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let made = URL_SAFE_NO_PAD.decode(made).unwrap();
        let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &made).is_ok();
        let audiences = [json!(ISSUER), json!(format!("{ISSUER}/protocol/openid-connect/token"))];
        let at = self.now.as_second();
        let in_time = claims["exp"].as_i64().is_some_and(|exp| (at..at + 120).contains(&exp));
        verified
            && (head["alg"] == "ES256" && head["kid"] == self.client["kid"])
            && (claims["iss"] == CLIENT && claims["sub"] == CLIENT && audiences.contains(&claims["aud"]))
            && (in_time && claims["jti"].as_str().is_some_and(|id| id.len() >= 43))
    }

    fn signed(&self, claims: &Value) -> String {
        let head = laid_over(json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" }), &self.head);
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let random = SystemRandom::new();
        let made = match self.forged {
            None => self.key.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Some(Forgery::Empty) => Vec::new(),
            Some(Forgery::HmacOfPublicKey) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.public_key().as_ref());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Some(Forgery::Stranger) => {
                let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                other.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec()
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(made))
    }
}

fn laid_over(mut honest: Value, bent: &Value) -> Value {
    for (name, value) in bent.as_object().unwrap() {
        match value {
            Value::Null => drop(honest.as_object_mut().unwrap().remove(name)),
            value => honest[name] = value.clone(),
        }
    }
    honest
}

fn jwk(key: &EcdsaKeyPair, kid: &str) -> Value {
    let point = key.public_key().as_ref();
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": "P-256", "x": coordinate(&point[1..33]), "y": coordinate(&point[33..]), "kid": kid, "use": "sig" })
}
