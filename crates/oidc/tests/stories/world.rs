//! A town, its people, and services that are programs of others.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use civil::Timestamp;
use identity::jose::{Algorithm, JwkSet, TokenKey, make_es256, make_rs256};
use identity::{SessionId, SessionOwner, Settings};
use oidc::{Client, Exception, Keyring, Outside, Provider, Registration};
use passport::{Proofing, answer_proof};
use registry::testing::TestBridge;
use serde_json::{Value, json};
use store::testing::{TestDb, databases};
use store::{AccountId, Actor, Ctx, JobHandlers, Role, SetClock, StaffId, Store};
use tower::ServiceExt as _;
use web::testing::{Opened, open};

use crate::card;

pub(crate) const ORIGIN: &str = "http://localhost:8080";
pub(crate) const BACK: &str = "https://library.example/back";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const MATCHING: [u8; 32] = [1; 32];
const HEADER: &str =
    "住民番号,世帯番号,氏名,生年月日,性別,住所,集落,状態,異動日,住民となった日,支援措置,温泉証番号,要介護度,在学,若者医療番号";

/// Posts nothing and remembers what it was to post; refuses while told to.
#[derive(Default)]
pub(crate) struct Post {
    pub(crate) posted: Mutex<Vec<(String, String)>>,
    pub(crate) away: Mutex<bool>,
}

impl Outside for Post {
    fn post_form(&self, address: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        if *self.away.lock().unwrap() {
            return Err("nobody answers".to_owned());
        }
        let (name, value) = fields[0];
        assert_eq!(name, "logout_token");
        self.posted.lock().unwrap().push((address.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// A town on one engine.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) jobs: JobHandlers,
    pub(crate) provider: Arc<Provider>,
    pub(crate) post: Arc<Post>,
    pub(crate) bridge: TestBridge,
    cards: card::Cards,
    proofing: Arc<Proofing>,
    router: Router,
    _db: TestDb,
}

/// Somebody at a browser.
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) cookie: String,
}

/// A service's program: its registration and its key or secret.
pub(crate) struct Program {
    pub(crate) client: Client,
    pub(crate) key: TokenKey,
    secret: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// A parameter of the address one is sent to.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        let query = self.location.split_once('?')?.1;
        form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// A town on each engine.
pub(crate) async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db).await);
    }
    houses
}

/// The keys of a provider.
pub(crate) fn keyring() -> Keyring {
    Keyring::new(vec![TokenKey::es256(&make_es256().unwrap()).unwrap(), TokenKey::rs256(&make_rs256().unwrap()).unwrap()]).unwrap()
}

impl House {
    async fn new(db: TestDb) -> Self {
        let town = town::Town::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")).expect("the demo pack loads");
        let now: Timestamp = "2026-11-23T03:00:00Z".parse().unwrap();
        let (clock, cards) = (Arc::new(SetClock::new(now)), card::Cards::new(now));
        let proofing = Arc::new(Proofing {
            verifier: cards.verifier(),
            revocation: Arc::new(cards.good()),
            apps: identity::Apps::none(),
            phone_cards: identity::PhoneCards::default(),
            settings: Settings::new(ORIGIN, &MATCHING, &[2; 32]).unwrap(),
            region_key: None,
            station: None,
        });
        let post = Arc::new(Post::default());
        let provider = Arc::new(Provider::new(ORIGIN, keyring(), &[9; 32], Arc::clone(&post) as Arc<dyn Outside>));
        let service = oidc::service(Arc::clone(&provider));
        let lower = [registry::MIGRATIONS, identity::MIGRATIONS];
        let Opened { store, jobs, router, .. } = open(db.db.clone(), town, Arc::clone(&clock) as _, &lower, service, ORIGIN).await;
        Self { store, clock, jobs, provider, post, bridge: TestBridge::new(&MATCHING), cards, proofing, router, _db: db }
    }

    pub(crate) async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_secs(seconds));
    }

    /// Tonight's register: forty people nobody asks about, and Hanako, with or without protection measures.
    pub(crate) async fn bring_hanako(&mut self, protected: bool, moved_out: bool) {
        self.pass(60);
        let mark = if protected { "○" } else { "" };
        let (status, since) = if moved_out { ("転出", "2026-11-20") } else { ("住民", "") };
        let hanako = format!("1,H1,青空　花子,1980-02-17,女,青空村大字本村１２番地３,本村,{status},{since},2000-01-01,{mark},,,0,");
        let others = (100..140).map(|n| format!("{n},H{n},青空 人{n},1986-05-05,男,本村{n},本村,住民,,2000-01-01,,,,0,"));
        let rows: Vec<String> = others.chain([hanako]).collect();
        self.bridge.bring(&self.store, &format!("{HEADER}\n{}\n", rows.join("\n"))).await;
    }

    /// Hanako proves who she is with her card and is signed in in a browser.
    pub(crate) async fn hanako(&self) -> Person {
        self.proves(card::hanako()).await
    }

    /// As [`Self::hanako`], somebody else.
    pub(crate) async fn taro(&self) -> Person {
        self.proves(card::taro()).await
    }

    async fn proves(&self, holder: jpki::testca::Person) -> Person {
        let card = self.cards.issue(holder);
        let mut ctx = self.begin(Actor::Anonymous).await;
        let asked = identity::begin_proof(&mut ctx, &self.proofing.settings, jpki::Purpose::Register, None).await.unwrap();
        ctx.commit().await.unwrap();
        let account =
            answer_proof(&self.store, Actor::Anonymous, &self.proofing, asked.id, card.sign(&asked.challenge), None).await.unwrap();
        self.browser_of(account).await
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn browser_of(&self, account: AccountId) -> Person {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let started = identity::start_session(&mut ctx, SessionOwner::Holder(account), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        Person { account, session: started.id, cookie: format!("{}={}", web::HOLDER_COOKIE, started.token) }
    }

    /// A browser in which somebody is signed in as by a passkey.
    pub(crate) async fn by_passkey(&self, account: AccountId) -> Person {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let made_up = identity::Demonstration::of_a_made_up_town();
        let started = identity::sign_in_as_by_passkey(&mut ctx, made_up, account, "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        Person { account, session: started.id, cookie: format!("{}={}", web::HOLDER_COOKIE, started.token) }
    }

    /// Registers a service as the console does.
    pub(crate) async fn program(&self, change: impl FnOnce(&mut Registration)) -> Program {
        let key = TokenKey::es256(&make_es256().unwrap()).unwrap();
        let mut told = Registration {
            name: "図書館".to_owned(),
            purpose: "本を借りるときに使います。".to_owned(),
            redirect_uris: vec![BACK.to_owned()],
            scopes: "openid profile resident district age_over_20 age_over_65 offline_access programme:village-pass".parse().unwrap(),
            keys: serde_json::to_string(&JwkSet { keys: vec![key.public().clone()] }).unwrap(),
            ..Registration::default()
        };
        change(&mut told);
        let mut ctx = self.begin(administrator()).await;
        let registered = oidc::register(&mut ctx, &told).await.unwrap();
        ctx.commit().await.unwrap();
        Program { client: registered.client, key, secret: registered.secret }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let location = parts.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = String::from_utf8(to_bytes(body, 4 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, location, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    /// A program asks an endpoint and shows that it is itself.
    pub(crate) async fn asks(&self, program: &Program, path: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        match &program.secret {
            Some(secret) => {
                use base64::Engine as _;
                let both = base64::engine::general_purpose::STANDARD.encode(format!("{}:{secret}", program.client.id));
                let basic = format!("Basic {both}");
                let all: Vec<_> = headers.iter().copied().chain([("authorization", basic.as_str())]).collect();
                self.post(path, pairs, &all).await
            }
            None => {
                let assertion = program.assertion(self.now_s(), ORIGIN);
                let all: Vec<_> = pairs.iter().copied().chain(program.shown(&assertion)).collect();
                self.post(path, &all, headers).await
            }
        }
    }

    pub(crate) fn now_s(&self) -> i64 {
        self.store.clock().now().as_second()
    }

    /// A program pushes a request and sends the browser; what the browser gets.
    pub(crate) async fn starts(&self, program: &Program, person: Option<&Person>, more: &[(&str, &str)]) -> Answer {
        let pushed = self.pushes(program, more, &[]).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        self.brings(program, person, &uri).await
    }

    pub(crate) async fn pushes(&self, program: &Program, more: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", "openid resident"),
            ("state", "s1"),
            ("nonce", "n1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        pairs.extend(more);
        self.asks(program, "/oidc/par", &pairs, headers).await
    }

    pub(crate) async fn brings(&self, program: &Program, person: Option<&Person>, uri: &str) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", program.client.id.to_string().as_str()), ("request_uri", uri)])
            .finish();
        let cookie: Vec<_> = person.map(|person| ("cookie", person.cookie.as_str())).into_iter().collect();
        self.get(&format!("/oidc/authorize?{query}"), &cookie).await
    }

    /// The person agrees on the page they were led to; where that leads.
    pub(crate) async fn agrees(&self, person: &Person, waiting: &Answer, decision: &str) -> Answer {
        let handle = waiting.sent("request").unwrap_or_else(|| panic!("{waiting:?}"));
        let seen_by = self.provider_session(person, waiting).await;
        let pairs = [("request", handle.as_str()), ("decision", decision), ("seen_by", seen_by.as_str())];
        let mut page = self.post("/oidc/continue", &pairs, &[("cookie", &person.cookie)]).await;
        // A page of ours leads on.
        if let Some(refresh) = page.headers.get("refresh") {
            page.location = refresh.to_str().unwrap().strip_prefix("0; url=").unwrap().to_owned();
        }
        page
    }

    /// What the page that asks carries, when it is shown to this person.
    async fn provider_session(&self, person: &Person, waiting: &Answer) -> String {
        let page = self.get(&waiting.location, &[("cookie", &person.cookie)]).await.body;
        page.split_once("name=\"seen_by\" value=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(value, _)| value.to_owned())
            .unwrap_or_default()
    }

    /// The whole way for somebody who has agreed or agrees now: the code.
    pub(crate) async fn code(&self, program: &Program, person: &Person, more: &[(&str, &str)]) -> String {
        let mut answer = self.starts(program, Some(person), more).await;
        if answer.sent("request").is_some() {
            answer = self.agrees(person, &answer, "yes").await;
        }
        answer.sent("code").unwrap_or_else(|| panic!("{answer:?}"))
    }

    pub(crate) async fn redeems(&self, program: &Program, code: &str) -> Answer {
        let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
        self.asks(program, "/oidc/token", &pairs, &[]).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        self.get("/oidc/userinfo", &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// The tokens of a whole way.
    pub(crate) async fn tokens(&self, program: &Program, person: &Person, more: &[(&str, &str)]) -> Value {
        let code = self.code(program, person, more).await;
        let answer = self.redeems(program, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    /// Somebody signs out of this browser.
    pub(crate) async fn signs_out(&self, person: &Person) {
        let mut ctx = self.begin(Actor::Holder(person.account)).await;
        identity::end_session(&mut ctx, person.session).await.unwrap();
        ctx.commit().await.unwrap();
    }

    /// What was done with a person's data, as they read it.
    pub(crate) async fn trail_of(&self, person: &Person) -> Vec<String> {
        let mut ctx = self.begin(Actor::Holder(person.account)).await;
        let trail = identity::who_looked(&mut ctx, person.account, i64::MAX, 50).await.unwrap();
        trail.into_iter().map(|entry| entry.action).collect()
    }

    /// What was refused to a program, as the console shows it.
    pub(crate) async fn refusals(&self, program: &Program) -> Vec<String> {
        let mut ctx = self.begin(administrator()).await;
        let detail = oidc::detail(&mut ctx, program.client.id).await.unwrap();
        detail.refusals.into_iter().map(|refused| refused.reason).collect()
    }
}

impl Program {
    pub(crate) fn assertion(&self, now_s: i64, audience: &str) -> String {
        self.assertion_with(&json!({ "iat": now_s, "exp": now_s + 60, "aud": audience, "jti": identity::secret::token() }))
    }

    pub(crate) fn assertion_with(&self, claims: &Value) -> String {
        let mut all = json!({ "iss": self.client.id, "sub": self.client.id });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        self.key.sign("JWT", &all).unwrap()
    }

    pub(crate) fn shown<'a>(&self, assertion: &'a str) -> [(&'static str, &'a str); 2] {
        [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion)]
    }

    /// The claims of a token of ours, checked as a program checks them.
    pub(crate) fn reads(&self, house: &House, token: &str) -> Value {
        let id = self.client.id.to_string();
        let expected = identity::jose::Expected {
            algorithms: &[Algorithm::ES256, Algorithm::RS256],
            kind: None,
            issuer: ORIGIN,
            audiences: &[&id],
            now: house.store.clock().now(),
        };
        identity::jose::verify(token, &house.provider.keys().public(), &expected).unwrap()
    }
}

pub(crate) fn administrator() -> Actor {
    Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Administrator])
}

/// The exceptions of a program built on what everybody has.
pub(crate) fn excused(exceptions: &[Exception]) -> impl FnOnce(&mut Registration) + use<> {
    let exceptions = exceptions.iter().copied().collect();
    move |told| told.exceptions = exceptions
}
