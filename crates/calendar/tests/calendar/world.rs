//! A town with a calendar, its people and staff, and a server of calendars that answers as a story wants.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use calendar::{Details, EventId, SeatState};
use civil::Timestamp;
use identity::SessionOwner;
use store::testing::{TestDb, databases};
use store::{AccountId, Actor, Ctx, JobHandlers, Role, SetClock, StaffId, Store};
use tower::ServiceExt as _;
use town::{PackFile, Town};
use web::testing::{Opened, open};
use web::{FetchFault, Outside};

pub(crate) const AREA: &str = "大湊地区";
const ADDRESS: &str = "https://sports.example.jp/events.ics";

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) jobs: JobHandlers,
    pub(crate) elsewhere: Arc<Elsewhere>,
    router: Router,
    _db: TestDb,
}

/// The server of somebody else.
pub(crate) struct Elsewhere(pub(crate) Mutex<Result<Vec<u8>, FetchFault>>);

impl Outside for Elsewhere {
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault> {
        assert_eq!(address, ADDRESS);
        self.0.lock().unwrap().clone()
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) refresh: String,
    pub(crate) body: String,
}

/// A real town, and besides a calendar that is asked by a timetable and one the staff bring.
fn town() -> Arc<Town> {
    let more = r#"
[[calendar_feed]]
id = "sports"
name = { ja = "体育協会", ja-easy = "体育協会（たいいくきょうかい）", en = "Sports club" }
url = "https://sports.example.jp/events.ics"
timetable = { at = ["04:30", "12:30"], silent_after_h = 72 }

[[calendar_feed]]
id = "hall"
name = { ja = "大畑公民館", ja-easy = "大畑公民館（おおはたこうみんかん）", en = "Ohata hall" }
districts = ["大畑町"]
"#;
    pack(&[PackFile { path: "more.toml".to_owned(), bytes: more.as_bytes().to_vec() }], |_| true)
}

/// A real town's pack, the part of it that is wanted, and more files.
pub(crate) fn pack(more: &[PackFile], wanted: impl Fn(&str) -> bool) -> Arc<Town> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/mutsu"), "", &mut files);
    files.retain(|file| wanted(&file.path));
    // The calendars of others are those of the stories.
    for file in files.iter_mut().filter(|file| file.path == "calendar.toml") {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        file.bytes = text.split("[[calendar_feed]]").next().unwrap().as_bytes().to_vec();
    }
    files.extend_from_slice(more);
    Town::from_files(&files).expect("the pack is good")
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<PackFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            if !path.ends_with("scenarios") {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if !path.ends_with(".md") {
            files.push(PackFile { path, bytes: std::fs::read(entry.path()).unwrap() });
        }
    }
}

pub(crate) async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db).await);
    }
    houses
}

impl House {
    async fn new(db: TestDb) -> Self {
        let elsewhere = Arc::new(Elsewhere(Mutex::new(Err(FetchFault::Unreachable))));
        // Noon of a Wednesday; 大湊 has 燃やせるごみ on Thursday the 3rd.
        let now: Timestamp = "2026-12-02T03:00:00Z".parse().unwrap();
        let clock = Arc::new(SetClock::new(now));
        let service = calendar::service(Arc::clone(&elsewhere) as Arc<dyn Outside>);
        let lower = [registry::MIGRATIONS, identity::MIGRATIONS];
        let origin = "http://localhost:8080";
        let Opened { store, jobs, router, .. } = open(db.db.clone(), town(), Arc::clone(&clock) as _, &lower, service, origin).await;
        Self { store, clock, jobs, elsewhere, router, _db: db }
    }

    pub(crate) async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    /// Somebody with a light account: their id and their browser's cookie.
    pub(crate) async fn somebody(&self, label: &str) -> (AccountId, String) {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let account = identity::start_light_account(&mut ctx, label).await.unwrap().id;
        let started = identity::start_session(&mut ctx, SessionOwner::Holder(account), "Firefox").await.unwrap();
        ctx.commit().await.unwrap();
        (account, format!("{}={}", web::HOLDER_COOKIE, started.token))
    }

    pub(crate) async fn event(&self, details: Details) -> EventId {
        let mut ctx = self.begin(officer()).await;
        let id = calendar::make(&mut ctx, None, details).await.unwrap();
        ctx.commit().await.unwrap();
        id
    }

    pub(crate) async fn join(&self, id: EventId, account: AccountId) -> calendar::Result<SeatState> {
        let mut ctx = self.begin(Actor::Holder(account)).await;
        let state = calendar::join(&mut ctx, id).await?;
        ctx.commit().await?;
        Ok(state)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let refresh = response.headers().get(header::REFRESH).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = response.status();
        let body = String::from_utf8(to_bytes(response.into_body(), 4 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status, refresh, body }
    }

    pub(crate) async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, cookie: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(header::COOKIE, cookie).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Lets hours pass and does what is due, here and outside.
    pub(crate) async fn pass(&self, hours: i64) {
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_hours(hours));
        store::run_due_jobs(&self.store, &self.jobs).await.unwrap();
        store::run_due_jobs_outside(&self.store, &self.jobs).await.unwrap();
    }

    /// A session of a member of staff.
    pub(crate) async fn staff(&self) -> String {
        let administrator = Actor::Staff(StaffId::new(self.store.clock().now()), vec![Role::Administrator]);
        let mut ctx = self.begin(administrator).await;
        let staff = identity::invite_staff(&mut ctx, "佐藤 花子", &[Role::Officer]).await.unwrap().staff;
        let session = identity::start_session(&mut ctx, SessionOwner::Staff(staff), "test").await.unwrap();
        ctx.commit().await.unwrap();
        format!("{}={}", web::STAFF_COOKIE, session.token)
    }

    /// Sends a file by a form.
    pub(crate) async fn brings(&self, cookie: &str, path: &str, bytes: &[u8]) -> Answer {
        let start =
            b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"file\"\r\ncontent-type: application/octet-stream\r\n\r\n";
        let body = [start.as_slice(), bytes, b"\r\n--edge--\r\n"].concat();
        let request = Request::post(path).header(header::COOKIE, cookie).header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// What people were told, as the event log has it.
    pub(crate) async fn told(&self) -> Vec<web::Tell> {
        let mut ctx = self.begin(Actor::System).await;
        let rows: Vec<(String,)> =
            ctx.tx().query("select payload from store_event where kind = 'web.tell' order by seq", &[]).await.unwrap();
        rows.into_iter().map(|(payload,)| serde_json::from_str(&payload).unwrap()).collect()
    }
}

pub(crate) fn officer() -> Actor {
    Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Officer])
}
