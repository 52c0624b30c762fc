//! What the town tells and what became of it, through the router, on every engine there is.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod automatic;
mod board;
mod desk;
mod dispositions;
mod line;
mod lists;
mod mail;
mod push;
mod sending;
mod writing;

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use civil::Timestamp;
use jiff::SignedDuration;
use notices::line::{LineChannel, LineNetwork, LineSecret};
use notices::mail::{Letter, MailNetwork};
use notices::push::{PushNetwork, PushRequest, Vapid};
use notices::{Courier, Queue};
use pdfseal::Sealer;
use registry::Search;
use registry::testing::TestBridge;
use store::testing::{TestDb, databases};
use store::{
    AccountId, Actor, Clock as _, Ctx, JobHandlers, Looked, Match, MatchKeys, Register, ResidentId, Role, SetClock, StaffId, Store, params,
};
use tower::ServiceExt as _;
use web::testing::{Opened, open};

const ORIGIN: &str = "http://localhost:8080";
const MATCHING: [u8; 32] = [1; 32];
const HEADER: &str = "宛名番号,世帯番号,氏名,生年月日,性別,続柄,住所,町字,状態,異動日,住民となった日,支援措置,カード有効期限,電子証明書有効期限,在留期間満了日";

/// Keeps what it was to post, and answers as it is told.
#[derive(Default)]
struct Post {
    posted: Mutex<Vec<PushRequest>>,
    answers: Mutex<Vec<(String, notices::Answer)>>,
}

impl PushNetwork for Post {
    fn post(&self, request: &PushRequest) -> Result<notices::Answer, String> {
        self.posted.lock().unwrap().push(request.clone());
        let answers = self.answers.lock().unwrap();
        Ok(answers.iter().find(|(endpoint, _)| *endpoint == request.endpoint).map_or(notices::Answer::Taken, |(_, answer)| *answer))
    }
}

/// A mail server that keeps what it was to deliver, and answers as it is told.
#[derive(Default)]
struct MailOffice {
    taken: Mutex<Vec<Letter>>,
    answers: Mutex<Vec<(String, notices::Answer)>>,
}

impl MailNetwork for MailOffice {
    fn send(&self, letter: &Letter) -> Result<notices::Answer, String> {
        letter.message().map_err(|error| error.to_string())?;
        let answers = self.answers.lock().unwrap();
        let answer = answers.iter().find(|(to, _)| *to == letter.to).map_or(notices::Answer::Taken, |(_, answer)| *answer);
        self.taken.lock().unwrap().push(letter.clone());
        Ok(answer)
    }
}

/// What a pack says of a mail server.
const MAIL: &str = "\n[mail]\nfrom = \"passport@town.example.jp\"\nhost = \"smtp.town.example.jp\"\nport = 587\ntls = \"starttls\"\n";

/// A pack of this repository with more written into it.
fn pack(more: &str) -> Arc<town::Town> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/minamimaki");
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            let mut bytes = std::fs::read(&path).unwrap();
            if name == "town.toml" {
                bytes.extend_from_slice(more.as_bytes());
            }
            files.push(town::PackFile { path: name, bytes });
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    town::Town::from_files(&files).expect("the pack is good")
}

/// Somebody in the register.
#[derive(Clone)]
struct Row {
    id: u32,
    household: String,
    born: &'static str,
    relation: &'static str,
    district: &'static str,
    moved_out: bool,
    protected: bool,
    card_expires_on: &'static str,
}

fn row(id: u32, household: &str, born: &'static str, relation: &'static str) -> Row {
    Row {
        id,
        household: household.to_owned(),
        born,
        relation,
        district: "大字海ノ口",
        moved_out: false,
        protected: false,
        card_expires_on: "",
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { id, household, born, relation, district, card_expires_on, .. } = self;
        let (status, on) = if self.moved_out { ("転出", "2026-05-20") } else { ("住民", "") };
        let protected = if self.protected { "○" } else { "" };
        format!(
            "{id},{household},人 {id},{born},女,{relation},{district}{id},{district},{status},{on},2000-01-01,{protected},{card_expires_on},,"
        )
    }
}

const MOTHER: u32 = 1;
const CHILD: u32 = 2;
const GRANDMOTHER: u32 = 3;
const STRANGER: u32 = 4;

/// A mother with a child of ten, a grandmother up at the station, and a stranger.
fn people() -> Vec<Row> {
    let mut grandmother = row(GRANDMOTHER, "H2", "1950-05-05", "世帯主");
    grandmother.district = "大字野辺山";
    vec![
        row(MOTHER, "H1", "1986-05-05", "世帯主"),
        row(CHILD, "H1", "2016-05-05", "子"),
        grandmother,
        row(STRANGER, "H3", "1970-01-01", "世帯主"),
    ]
}

struct House {
    store: Store,
    clock: Arc<SetClock>,
    courier: Courier,
    post: Arc<Post>,
    office: Arc<MailOffice>,
    platform: Arc<line::Platform>,
    jobs: JobHandlers,
    register: Vec<Row>,
    bridge: TestBridge,
    router: Router,
    _db: TestDb,
}

struct Answer {
    status: StatusCode,
    location: String,
    body: String,
}

/// A register that gives one resident, whatever the keys.
struct Finds(ResidentId);

impl Register for Finds {
    fn find<'a>(&'a self, _: &'a mut Ctx, _: MatchKeys) -> Looked<'a, Match> {
        Box::pin(async { Ok(Match::One(self.0)) })
    }

    fn may_know<'a>(&'a self, _: &'a mut Ctx, _: ResidentId) -> Looked<'a, bool> {
        Box::pin(async { Ok(true) })
    }
}

/// Somebody at a browser.
struct Person {
    account: AccountId,
    cookie: String,
}

async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db, people()).await);
    }
    houses
}

/// Houses of a town whose pack says more.
async fn houses_with(more: &str) -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::of(db, people(), pack(more)).await);
    }
    houses
}

impl House {
    async fn new(db: TestDb, register: Vec<Row>) -> Self {
        Self::of(db, register, pack("")).await
    }

    async fn of(db: TestDb, register: Vec<Row>, town: Arc<town::Town>) -> Self {
        let clock = Arc::new(SetClock::new("2026-06-01T10:00:00+09:00".parse().unwrap()));
        let vapid = Arc::new(Vapid::new(&identity::jose::make_es256().unwrap(), ORIGIN).unwrap());
        let made = Sealer::make_up("見本村", "見本村長", clock.now()).unwrap();
        let seal = Arc::new(Sealer::new(&made.key, made.certificate.as_bytes()).unwrap());
        let platform = Arc::new(line::Platform::default());
        let network = || Arc::clone(&platform) as Arc<dyn LineNetwork>;
        let channel = town.line.as_ref().map(|_| Arc::new(LineChannel::new(network(), LineSecret::new(line::SECRET))));
        let service = notices::service(Arc::clone(&vapid), Some(seal), channel.clone());
        let lower = [registry::MIGRATIONS, identity::MIGRATIONS];
        let Opened { store, jobs, app, router } = open(db.db.clone(), town, Arc::clone(&clock) as _, &lower, service, ORIGIN).await;
        let post = Arc::new(Post::default());
        let courier = Courier::new(app, vapid, Arc::clone(&post) as Arc<dyn PushNetwork>);
        let office = Arc::new(MailOffice::default());
        let courier = courier.with_mail(Some(Arc::clone(&office) as Arc<dyn MailNetwork>)).with_line(channel);
        let mut house =
            Self { store, clock, courier, post, office, platform, jobs, register, bridge: TestBridge::new(&MATCHING), router, _db: db };
        house.bring().await;
        house
    }

    /// Tonight's register.
    async fn bring(&mut self) {
        self.pass(SignedDuration::from_mins(1));
        let lines: Vec<String> = self.register.iter().map(Row::line).collect();
        self.bridge.bring(&self.store, &format!("{HEADER}\n{}\n", lines.join("\n"))).await;
    }

    fn row(&mut self, id: u32) -> &mut Row {
        self.register.iter_mut().find(|row| row.id == id).unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn pass(&self, time: SignedDuration) {
        self.clock.set(self.now() + time);
    }

    async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    async fn resident(&self, id: u32) -> ResidentId {
        let mut ctx = self.begin(Actor::Staff(StaffId::from_bytes([8; 16]), vec![Role::ProtectionClerk])).await;
        let wanted = Search { register_id: Some(id.to_string()), ..Search::default() };
        registry::search(&mut ctx, &wanted).await.unwrap()[0].id
    }

    /// Somebody of the register with an account, as if they had proven who they are, signed in.
    async fn person(&self, id: u32) -> Person {
        let resident = self.resident(id).await;
        let account = AccountId::new(self.now());
        let mut ctx = self.begin(Actor::System).await;
        ctx.tx()
            .execute(
                "insert into identity_account (id, name, assurance, four_items, three_items, substitutes, opened_at)
                 values ($1, $2, 'signature', $3, $3, false, $4)",
                params![account, format!("人{id}"), account.bytes().to_vec(), self.now()],
            )
            .await
            .unwrap();
        identity::link(&mut ctx, &Finds(resident), account, resident, identity::LinkBy::Bundle).await.unwrap();
        let session = identity::start_session(&mut ctx, identity::SessionOwner::Holder(account), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        Person { account, cookie: format!("{}={}", web::HOLDER_COOKIE, session.token) }
    }

    /// A member of staff with these roles, signed in.
    async fn staff(&self, name: &str, roles: &[Role]) -> String {
        let mut ctx = self.begin(Actor::Staff(StaffId::new(self.now()), vec![Role::Administrator])).await;
        let staff = identity::invite_staff(&mut ctx, name, roles).await.unwrap().staff;
        let session = identity::start_session(&mut ctx, identity::SessionOwner::Staff(staff), "test").await.unwrap();
        ctx.commit().await.unwrap();
        format!("{}={}", web::STAFF_COOKIE, session.token)
    }

    async fn officer(&self) -> String {
        self.staff("佐藤 花子", &[Role::Officer]).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = response.status();
        let body = String::from_utf8_lossy(&to_bytes(response.into_body(), 8 << 20).await.unwrap()).into_owned();
        Answer { status, location, body }
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, cookie: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let form: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", web::query_value(name), web::query_value(value))).collect();
        let request = Request::post(path).header(header::COOKIE, cookie).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.join("&"))).unwrap()).await
    }

    async fn json(&self, cookie: &str, method: &str, path: &str, body: serde_json::Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie);
        let request = request.header(header::CONTENT_TYPE, "application/json").header(header::ACCEPT, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Writes a notice; its address.
    async fn writes(&self, staff: &str, pairs: &[(&str, &str)]) -> String {
        let mut all = vec![
            ("queue", "normal"),
            ("topic", "town"),
            ("audience", "everybody"),
            ("title_ja", "断水"),
            ("body_ja", "明日の9時から断水します。"),
        ];
        all.retain(|(name, _)| pairs.iter().all(|(other, _)| other != name));
        all.extend(pairs);
        let answer = self.post(staff, "/staff/notices/new", &all).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location
    }

    /// Writes a notice and sends it to the end.
    async fn sends(&self, staff: &str, pairs: &[(&str, &str)]) -> String {
        let notice = self.writes(staff, pairs).await;
        self.post(staff, &format!("{notice}/submit"), &[]).await;
        self.deliver().await;
        notice
    }

    /// Lets every courier work until nothing is due.
    async fn deliver(&self) {
        for queue in Queue::ALL {
            while self.courier.step(*queue).await.unwrap() {}
        }
    }

    /// A person's inbox as programs read it.
    async fn inbox(&self, person: &Person) -> Vec<serde_json::Value> {
        let answer = self.get(&person.cookie, "/api/v1/inbox").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn titles(&self, person: &Person) -> Vec<String> {
        self.inbox(person).await.iter().map(|told| told["title"].as_str().unwrap().to_owned()).collect()
    }

    /// A browser of a person asks to be told.
    async fn subscribes(&self, person: &Person, name: &str) -> push::Browser {
        let browser = push::Browser::new(name);
        let answer = self.json(&person.cookie, "POST", "/api/v1/inbox/subscriptions", browser.offer()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        browser
    }

    fn letters(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.office.taken.lock().unwrap())
    }

    /// A person gives an address and confirms it by the code that comes there.
    async fn gives_address(&self, person: &Person, address: &str) {
        let answer = self.post(&person.cookie, "/inbox/mail", &[("address", address)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.deliver().await;
        let letter = self.letters().pop().unwrap();
        assert_eq!(letter.to, address);
        let id = mail::address_ids(&self.get(&person.cookie, "/inbox/settings").await.body).pop().unwrap();
        let answer = self.post(&person.cookie, &format!("/inbox/mail/{id}/confirm"), &[("code", mail::code_of(&letter))]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }

    fn posted(&self) -> Vec<PushRequest> {
        std::mem::take(&mut *self.post.posted.lock().unwrap())
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.begin(Actor::System).await.tx().query_one::<(i64,)>(sql, &[]).await.unwrap().0
    }

    async fn plan_days(&self) {
        store::plan_days(&self.store, &self.jobs).await.unwrap();
    }

    async fn run_jobs(&self) {
        store::run_due_jobs(&self.store, &self.jobs).await.unwrap();
    }

    /// Jobs that wait for the network.
    async fn run_jobs_outside(&self) {
        store::run_due_jobs_outside(&self.store, &self.jobs).await.unwrap();
    }
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
