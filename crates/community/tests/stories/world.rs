//! Himeji with a few of its people, on one engine.

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
use store::{AccountId, Actor, Ctx, Role, SetClock, Store};
use tower::ServiceExt as _;
use town::{PackFile, Town};
use web::testing::{Opened, open};

use crate::card;

pub(crate) const ORIGIN: &str = "http://localhost:8080";
const MATCHING: [u8; 32] = [1; 32];
const HEADER: &str =
    "宛名番号,世帯番号,氏名,生年月日,性別,住所,町字,続柄,住民状態,住民となった日,転出日,死亡日,支援措置,こども医療受給者番号";
/// The parts of a multipart form end with this.
const BOUNDARY: &str = "0b51dian5";

/// A town on one engine.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    bridge: TestBridge,
    cards: card::Cards,
    proofing: Arc<Proofing>,
    router: Router,
    _db: TestDb,
}

/// Somebody at a browser.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) cookie: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) headers: header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// The pack, with some of its text changed.
fn himeji(changes: &[(&str, &str)]) -> Arc<Town> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/himeji");
    let mut files = Vec::new();
    for part in ["", "programmes"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() || path.extension().is_none_or(|ending| ending == "md") {
                continue;
            }
            let mut text = std::fs::read_to_string(&path).unwrap().replace("encoding = \"shift_jis\"", "encoding = \"utf-8\"");
            for (from, to) in changes {
                text = text.replace(from, to);
            }
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(PackFile { path: name, bytes: text.into_bytes() });
        }
    }
    Town::from_files(&files).expect("the pack loads")
}

/// A town on each engine.
pub(crate) async fn houses() -> Vec<House> {
    houses_with(&[]).await
}

/// As [`houses`], with a pack that differs.
pub(crate) async fn houses_with(changes: &[(&str, &str)]) -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db, himeji(changes)).await);
    }
    houses
}

impl House {
    async fn new(db: TestDb, town: Arc<Town>) -> Self {
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
        let service = community::service(Some(&town));
        let lower = [registry::MIGRATIONS, identity::MIGRATIONS];
        let Opened { store, router, .. } = open(db.db.clone(), town, Arc::clone(&clock) as _, &lower, service, ORIGIN).await;
        let mut house = Self { store, clock, bridge: TestBridge::new(&MATCHING), cards, proofing, router, _db: db };
        house.bring_people().await;
        house
    }

    pub(crate) async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_secs(seconds));
    }

    async fn bring_people(&mut self) {
        self.pass(60);
        let rows = [
            "1,H1,青空　花子,1980-02-17,女,姫路市本町６８番地,本町,世帯主,住民,2000-01-01,,,,",
            "2,H2,髙橋　太郎,1979-11-03,男,姫路市青山４番地,青山,世帯主,住民,2000-01-01,,,,",
        ];
        self.bridge.bring(&self.store, &format!("{HEADER}\n{}\n", rows.join("\n"))).await;
    }

    /// Hanako, a resident, proven by her card.
    pub(crate) async fn hanako(&self) -> Person {
        self.proves(card::person("青空　花子", "姫路市本町６８番地", "19800217", Sex::Female)).await
    }

    /// Taro, another resident.
    pub(crate) async fn taro(&self) -> Person {
        self.proves(card::person("髙橋　太郎", "姫路市青山４番地", "19791103", Sex::Male)).await
    }

    /// Somebody with a good card who lives elsewhere.
    pub(crate) async fn visitor(&self) -> Person {
        self.proves(card::person("旅野　人", "神戸市中央区１番地", "19900101", Sex::Male)).await
    }

    /// Somebody nobody has proven.
    pub(crate) async fn grandmother(&self) -> Person {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let account = identity::start_light_account(&mut ctx, "ばあば").await.unwrap().id;
        ctx.commit().await.unwrap();
        self.browser_of(account).await
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

    async fn browser_of(&self, account: AccountId) -> Person {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let started = identity::start_session(&mut ctx, SessionOwner::Holder(account), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        Person { account, cookie: format!("{}={}", web::HOLDER_COOKIE, started.token) }
    }

    /// A member of staff with a role, signed in.
    pub(crate) async fn staff(&self, role: Role) -> String {
        let mut ctx = self.begin(Actor::Staff(store::StaffId::from_bytes([7; 16]), vec![Role::Administrator])).await;
        let invited = identity::invite_staff(&mut ctx, "子育て支援係", &[role]).await.unwrap();
        let made_up = identity::Demonstration::of_a_made_up_town();
        let staff = identity::accept_invitation_without_passkey(&mut ctx, made_up, &invited.code.code).await.unwrap();
        let started = identity::start_session(&mut ctx, SessionOwner::Staff(staff), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        format!("{}={}", web::STAFF_COOKIE, started.token)
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let location = parts.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = to_bytes(body, 16 << 20).await.unwrap().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, location, headers: parts.headers, bytes, body }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A page as somebody sees it.
    pub(crate) async fn page(&self, path: &str, cookie: &str) -> Answer {
        self.get(path, &[("accept", "text/html"), ("cookie", cookie)]).await
    }

    /// Sends a form; the answer is one for programs.
    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)], cookie: &str) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .header(header::COOKIE, cookie);
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    /// Sends a form with a photo, as a browser does.
    pub(crate) async fn post_photo(&self, path: &str, pairs: &[(&str, &str)], photo: &[u8], cookie: &str) -> Answer {
        let mut body = Vec::new();
        for (name, value) in pairs {
            body.extend(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        let head = "content-disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\ncontent-type: image/jpeg";
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").bytes());
        body.extend(photo);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
            .header(header::ACCEPT, "application/json")
            .header(header::COOKIE, cookie);
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Writes a post and gives its id.
    pub(crate) async fn writes(&self, person: &Person, more: &[(&str, &str)]) -> String {
        self.pass(1);
        let answer = self.post("/guide/childcare/new", &draft(more), &person.cookie).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location.strip_prefix("/guide/mine/").unwrap().to_owned()
    }

    /// Decides on a post as it stands.
    pub(crate) async fn decides(&self, staff: &str, post: &str, decision: &str, reason: &str) -> Answer {
        self.pass(1);
        let page = self.page(&format!("/staff/guide/{post}"), staff).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let version = between(&page.body, "name=\"version\" value=\"", "\"");
        self.post(&format!("/staff/guide/{post}"), &[("version", version), ("decision", decision), ("reason", reason)], staff).await
    }

    /// Writes a post and lets it be read.
    pub(crate) async fn published(&self, person: &Person, staff: &str, more: &[(&str, &str)]) -> String {
        let post = self.writes(person, more).await;
        let answer = self.decides(staff, &post, "approve", "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        post
    }

    /// The titles in the open data, the oldest first.
    pub(crate) async fn titles(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/api/v1/guide/childcare.json{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()["posts"].as_array().unwrap().iter().map(|post| post["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The payloads of all events of a kind.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        let mut ctx = self.begin(Actor::System).await;
        let rows: Vec<(String, String)> = ctx.tx().query("select kind, payload from store_event order by seq", &[]).await.unwrap();
        rows.into_iter().filter(|(found, _)| found == kind).map(|(_, payload)| serde_json::from_str(&payload).unwrap()).collect()
    }
}

/// A form that can be taken, with other values where given.
pub(crate) fn draft<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![
        ("category", "park"),
        ("title", "手柄山の芝生"),
        ("words", "ベビーカーで入れます。"),
        ("place", "手柄山中央公園"),
        ("district", "西延末"),
        ("pen_name", "どんぐりママ"),
    ];
    pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    pairs.extend(more);
    pairs
}

/// What stands between two marks, first of all.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}
