//! A town whose residents report.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use civil::Timestamp;
use identity::{SessionOwner, Settings};
use jpki::Sex;
use passport::{Proofing, answer_proof};
use registry::testing::TestBridge;
use serde_json::Value;
use store::testing::{TestDb, databases};
use store::{AccountId, Actor, Ctx, JobHandlers, Permission, Role, SetClock, StaffId, Store};
use tower::ServiceExt as _;
use web::testing::{Opened, open};

use crate::card;

pub(crate) const ORIGIN: &str = "http://localhost:8080";
const MATCHING: [u8; 32] = [1; 32];
const HEADER: &str =
    "住民番号,世帯番号,氏名,生年月日,性別,住所,集落,状態,異動日,住民となった日,支援措置,温泉証番号,要介護度,在学,若者医療番号";
/// The form's boundary.
const BOUNDARY: &str = "----tegata-stories";

/// A town on one engine.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) jobs: JobHandlers,
    bridge: TestBridge,
    cards: card::Cards,
    proofing: Arc<Proofing>,
    router: Router,
    _db: TestDb,
}

/// Somebody at a browser.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: Option<AccountId>,
    pub(crate) cookie: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) kind: String,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// The value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        rest.split_once('"').unwrap().0.to_owned()
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
        let service = reports::service();
        let lower = [registry::MIGRATIONS, identity::MIGRATIONS];
        let Opened { store, jobs, router, .. } = open(db.db.clone(), town, Arc::clone(&clock) as _, &lower, service, ORIGIN).await;
        let mut house = Self { store, clock, jobs, bridge: TestBridge::new(&MATCHING), cards, proofing, router, _db: db };
        house.register(false).await;
        house
    }

    pub(crate) async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_secs(seconds));
    }

    /// Tonight's register: Hanako of 本村, with or without protection measures, Taro and Jiro of 湯ノ沢, and forty others.
    pub(crate) async fn register(&mut self, hanako_protected: bool) {
        self.pass(60);
        let mark = if hanako_protected { "○" } else { "" };
        let people = [
            format!("1,H1,青空　花子,1980-02-17,女,青空村大字本村１２番地３,本村,住民,,2000-01-01,{mark},,,0,"),
            "2,H2,髙橋　太郎,1979-11-03,男,青空村大字湯ノ沢４番地,湯ノ沢,住民,,2000-01-01,,,,0,".to_owned(),
            "3,H3,山川　次郎,1970-04-04,男,青空村大字湯ノ沢９番地,湯ノ沢,住民,,2000-01-01,,,,0,".to_owned(),
        ];
        let others = (100..140).map(|n| format!("{n},H{n},青空 人{n},1986-05-05,男,本村{n},本村,住民,,2000-01-01,,,,0,"));
        let rows: Vec<String> = people.into_iter().chain(others).collect();
        self.bridge.bring(&self.store, &format!("{HEADER}\n{}\n", rows.join("\n"))).await;
        self.work().await;
    }

    pub(crate) async fn hanako(&self) -> Person {
        self.proves(card::hanako()).await
    }

    pub(crate) async fn taro(&self) -> Person {
        self.proves(card::taro()).await
    }

    pub(crate) async fn jiro(&self) -> Person {
        self.proves(card::person("山川　次郎", "青空村大字湯ノ沢９番地", "19700404", Sex::Male)).await
    }

    /// Somebody with a card who lives elsewhere.
    pub(crate) async fn visitor(&self) -> Person {
        self.proves(card::person("旅川　三郎", "遠町１番地", "19900909", Sex::Male)).await
    }

    async fn proves(&self, holder: jpki::testca::Person) -> Person {
        let card = self.cards.issue(holder);
        let mut ctx = self.begin(Actor::Anonymous).await;
        let asked = identity::begin_proof(&mut ctx, &self.proofing.settings, jpki::Purpose::Register, None).await.unwrap();
        ctx.commit().await.unwrap();
        let account =
            answer_proof(&self.store, Actor::Anonymous, &self.proofing, asked.id, card.sign(&asked.challenge), None).await.unwrap();
        let mut ctx = self.begin(Actor::Anonymous).await;
        let started = identity::start_session(&mut ctx, SessionOwner::Holder(account), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        Person { account: Some(account), cookie: format!("{}={}", web::HOLDER_COOKIE, started.token) }
    }

    /// Somebody without an account.
    pub(crate) fn nobody() -> Person {
        Person { account: None, cookie: String::new() }
    }

    /// A member of staff with roles that answer reports, or the roles given.
    pub(crate) async fn staff(&self, roles: &[Role]) -> Person {
        let mut ctx = self.begin(Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Administrator])).await;
        let invited = identity::invite_staff(&mut ctx, "係の人", roles).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = self.begin(Actor::Anonymous).await;
        let made_up = identity::Demonstration::of_a_made_up_town();
        let id = identity::accept_invitation_without_passkey(&mut ctx, made_up, &invited.code.code).await.unwrap();
        let started = identity::start_session(&mut ctx, SessionOwner::Staff(id), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        Person { account: None, cookie: format!("{}={}", web::STAFF_COOKIE, started.token) }
    }

    /// The first role that may answer reports, and may not see people under protection.
    pub(crate) async fn clerk(&self) -> Person {
        let answers = |role: &&Role| {
            let actor = Actor::Staff(StaffId::from_bytes([8; 16]), vec![**role]);
            store::permitted(&actor, Permission::AnswerReports) && !store::permitted(&actor, Permission::ResolveProtected)
        };
        let role = *Role::ALL.iter().find(answers).expect("somebody answers reports");
        self.staff(&[role]).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = to_bytes(body, 8 << 20).await.unwrap().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, location: text(header::LOCATION), kind: text(header::CONTENT_TYPE), body, bytes }
    }

    pub(crate) async fn get(&self, person: &Person, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", &person.cookie).header("accept", "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, person: &Person, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::post(path)
            .header("cookie", &person.cookie)
            .header("accept", "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    /// Sends a form with pictures, as a browser does.
    pub(crate) async fn upload(&self, person: &Person, path: &str, pairs: &[(&str, &str)], pictures: &[&[u8]]) -> Answer {
        let mut body = Vec::new();
        for (name, value) in pairs {
            body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        for picture in pictures {
            let head = "content-disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\ncontent-type: image/jpeg";
            body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").bytes());
            body.extend(*picture);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let request = Request::post(path)
            .header("cookie", &person.cookie)
            .header("accept", "text/html, application/json")
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Does what is due.
    pub(crate) async fn work(&self) -> usize {
        let done = store::run_due_jobs(&self.store, &self.jobs).await.unwrap();
        let mut ctx = self.begin(Actor::System).await;
        let failed: Vec<(String, Option<String>)> =
            ctx.tx().query("select kind, last_error from store_job where attempts > 0", &[]).await.unwrap();
        assert_eq!(failed, Vec::new());
        done
    }

    /// Fills in a street light's form at a place of 本村 and gives the draft's page to check.
    pub(crate) async fn draft(&self, person: &Person, words: &str, at: (&str, &str)) -> String {
        let key = self.get(person, "/reports/new/street-light").await.field("key");
        let pairs = [("key", key.as_str()), ("words", words), ("latitude", at.0), ("longitude", at.1)];
        let answer = self.upload(person, "/reports/new/street-light", &pairs, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location
    }

    /// Sends a report about a street light and gives its id.
    pub(crate) async fn reports(&self, person: &Person, words: &str, at: (&str, &str)) -> String {
        let check = self.draft(person, words, at).await;
        let answer = self.post(person, &check.replace("/check", "/send"), &[("same", "other")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location.strip_prefix("/reports/").unwrap().split('?').next().unwrap().to_owned()
    }

    /// Whom the house told what, oldest first.
    pub(crate) async fn told(&self) -> Vec<web::Tell> {
        let mut ctx = self.begin(Actor::System).await;
        let rows: Vec<(String,)> =
            ctx.tx().query("select payload from store_event where kind = 'web.tell' order by seq", &[]).await.unwrap();
        rows.into_iter().map(|(payload,)| serde_json::from_str(&payload).unwrap()).collect()
    }
}

/// A place in 本村.
pub(crate) const HERE: (&str, &str) = ("36000200", "138000300");
/// A few metres from there.
pub(crate) const BESIDE: (&str, &str) = ("36000300", "138000300");
