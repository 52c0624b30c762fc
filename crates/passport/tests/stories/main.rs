//! From a card's answer to a linked account, and what nights and clerks make of it: on every engine there is, with a real register over the bridge.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

// The same invented people and their authority as in identity's stories.
#[path = "../../../identity/tests/stories/card.rs"]
#[allow(dead_code, reason = "these stories need no station")]
mod card;
#[path = "../../../identity/tests/stories/op.rs"]
#[allow(dead_code, reason = "these stories bend it less")]
mod op;
#[path = "../../../identity/tests/stories/passkeys.rs"]
#[allow(dead_code, reason = "these stories bend it less")]
mod passkeys;

mod apps;
mod links;
mod own_passkeys;
mod pages;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use civil::Timestamp;
use identity::{MatchReason, Settings};
use passport::{Proofing, answer_proof, service};
use registry::Register;
use registry::testing::TestBridge;
use store::testing::{TestDb, databases};
use store::{AccountId, Actor, Clock as _, Ctx, JobHandlers, ResidentId, Role, SetClock, StaffId, Store};
use tower::ServiceExt as _;
use web::testing::{Opened, open};

pub(crate) const ORIGIN: &str = "http://localhost:8080";
pub(crate) const RP_ID: &str = "localhost";
const MATCHING: [u8; 32] = [1; 32];
const HEADER: &str =
    "住民番号,世帯番号,氏名,生年月日,性別,住所,集落,状態,異動日,住民となった日,支援措置,温泉証番号,要介護度,在学,若者医療番号";

/// A town with a register that changes by bundles.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) cards: card::Cards,
    pub(crate) op: op::Op,
    pub(crate) jobs: JobHandlers,
    proofing: Arc<Proofing>,
    router: Router,
    bridge: TestBridge,
    _db: TestDb,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) cookies: Vec<String>,
    /// Where the browser goes by itself.
    pub(crate) refresh: String,
    pub(crate) body: String,
}

/// A house on each engine.
pub(crate) async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db).await);
    }
    houses
}

/// Hanako's row of the register, with or without protection measures.
pub(crate) fn hanako_registered(protected: bool) -> String {
    let mark = if protected { "○" } else { "" };
    format!("1,H1,青空　花子,1980-02-17,女,青空村大字本村１２番地３,本村,住民,,2000-01-01,{mark},,,0,")
}

/// Taro's row.
pub(crate) fn taro_registered() -> String {
    "2,H2,髙橋　太郎,1979-11-03,男,青空村大字湯ノ沢４番地,湯ノ沢,住民,,2000-01-01,,,,0,".to_owned()
}

impl House {
    async fn new(db: TestDb) -> Self {
        let town = town::Town::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")).expect("the demo pack loads");
        let now: Timestamp = "2026-11-23T03:00:00Z".parse().unwrap();
        let (clock, cards, op) = (Arc::new(SetClock::new(now)), card::Cards::new(now), op::Op::new(now));
        let proofing = Arc::new(Proofing {
            verifier: cards.verifier(),
            revocation: Arc::new(cards.good()),
            apps: op.apps(ORIGIN),
            phone_cards: identity::PhoneCards::default(),
            settings: Settings::new(ORIGIN, &MATCHING, &[2; 32]).unwrap(),
            region_key: Some(passport::RegionKey(*b"town key of demo")),
            station: Some("http://localhost:8081".to_owned()),
        });
        let passkeys = Arc::new(identity::Passkeys::new(RP_ID, ORIGIN, "Tegata").unwrap());
        let service = service(Arc::clone(&proofing), passkeys);
        let lower = [registry::MIGRATIONS, identity::MIGRATIONS];
        let Opened { store, jobs, router, .. } = open(db.db.clone(), town, Arc::clone(&clock) as _, &lower, service, ORIGIN).await;
        Self { store, clock, cards, op, jobs, proofing, router, bridge: TestBridge::new(&MATCHING), _db: db }
    }

    pub(crate) async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    /// Tonight's bundle: forty people nobody asks about, and these.
    pub(crate) async fn bring(&mut self, rows: &[String]) {
        self.pass(jiff::SignedDuration::from_mins(1));
        let others = (100..140).map(|n| format!("{n},H{n},青空 人{n},1986-05-05,男,本村{n},本村,住民,,2000-01-01,,,,0,"));
        let rows: Vec<String> = others.chain(rows.iter().cloned()).collect();
        self.bridge.bring(&self.store, &format!("{HEADER}\n{}\n", rows.join("\n"))).await;
    }

    /// Proves with a card; gives the account.
    pub(crate) async fn prove(&self, card: &card::Card) -> AccountId {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let session = identity::begin_proof(&mut ctx, &self.proofing.settings, jpki::Purpose::Register, None).await.unwrap();
        ctx.commit().await.unwrap();
        answer_proof(&self.store, Actor::Anonymous, &self.proofing, session.id, card.sign(&session.challenge), None).await.unwrap()
    }

    /// The card of a browser's own question answers, found by the code on its screen.
    pub(crate) async fn answer(&self, code: &str, card: &card::Card) {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let asked = identity::proof_asked(&mut ctx, code).await.unwrap();
        drop(ctx);
        answer_proof(&self.store, Actor::Anonymous, &self.proofing, asked.id, card.sign(&asked.challenge), None).await.unwrap();
    }

    pub(crate) async fn linked(&self, account: AccountId) -> Option<ResidentId> {
        identity::link_of(&mut self.begin(Actor::System).await, account).await.unwrap()
    }

    /// Why requests wait, as staff with this role sees them.
    pub(crate) async fn queue(&self, role: Role) -> Vec<MatchReason> {
        let requests = identity::match_requests(&mut self.begin(staff(role)).await, &Register, 10).await.unwrap();
        requests.into_iter().map(|request| request.reason).collect()
    }

    pub(crate) fn pass(&self, time: jiff::SignedDuration) {
        self.clock.set(self.clock.now() + time);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let location = response.headers().get(header::LOCATION).map(text).unwrap_or_default();
        let refresh = response.headers().get(header::REFRESH).map(text).unwrap_or_default();
        let cookies = response.headers().get_all(header::SET_COOKIE).iter().map(text).collect();
        let status = response.status();
        let body = String::from_utf8(to_bytes(response.into_body(), 4 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status, location, cookies, refresh, body }
    }

    pub(crate) async fn get(&self, cookies: &str, path: &str) -> Answer {
        let agent = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36";
        let request = Request::get(path).header(header::COOKIE, cookies).header(header::USER_AGENT, agent);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, cookies: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(header::COOKIE, cookies).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}

pub(crate) fn staff(role: Role) -> Actor {
    Actor::Staff(StaffId::from_bytes([7; 16]), vec![role])
}
