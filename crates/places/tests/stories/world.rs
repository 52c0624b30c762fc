//! A town with a map, its staff, and a server of files that answers as a story wants.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::Value;
use store::testing::{TestDb, databases};
use store::{Actor, JobHandlers, Role, SetClock, StaffId, Store};
use tower::ServiceExt as _;
use town::{PackFile, Town};
use web::testing::{Opened, open};
use web::{FetchFault, Outside};

const ORIGIN: &str = "http://localhost:8080";
pub(crate) const SITES: &str = "emergency-sites";

/// The open data server of somebody else.
pub(crate) struct Elsewhere(pub(crate) Mutex<Result<Vec<u8>, FetchFault>>);

impl Outside for Elsewhere {
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault> {
        assert_eq!(address, "https://data.example.jp/aed.csv");
        self.0.lock().unwrap().clone()
    }
}

/// A town on one engine.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) jobs: JobHandlers,
    pub(crate) elsewhere: Arc<Elsewhere>,
    router: Router,
    _db: TestDb,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// Whether the page says something.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.body.contains(words)
    }
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A real town with 国土地理院's files, and besides an address that is asked by a timetable and a data set the staff bring.
fn town() -> Arc<Town> {
    Town::from_files(&pack()).expect("the pack is good")
}

/// The same town with another `[map]`.
pub(crate) fn town_on(map: &str) -> Arc<Town> {
    town_with(map, &[])
}

/// The same town with another `[map]` and further files.
pub(crate) fn town_with(map: &str, more: &[(&str, &str)]) -> Arc<Town> {
    let mut files = pack();
    files.extend(more.iter().map(|(path, text)| PackFile { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() }));
    let file = files.iter_mut().find(|file| file.path == "map.toml").expect("the pack has a map");
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let datasets = text.find("[[dataset]]").expect("and data sets");
    file.bytes = format!("{map}\n{}", &text[datasets..]).into_bytes();
    Town::from_files(&files).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn pack() -> Vec<PackFile> {
    let mut files = Vec::new();
    collect(&root().join("towns/mutsu"), "", &mut files);
    let more = r#"
[[dataset]]
id = "aed"
name = { ja = "AED", ja-easy = "AED（エーイーディー）", en = "AEDs" }
kind = "aed"
format = "csv"
url = "https://data.example.jp/aed.csv"
timetable = { at = ["04:30"], silent_after_h = 72 }
credit = { ja = "試し", ja-easy = "試し", en = "A trial" }
shape = "circle"
tone = "shu"
mark = "A"

[[dataset]]
id = "toilets"
name = { ja = "公衆トイレ", ja-easy = "トイレ", en = "Toilets" }
kind = "toilet"
format = "csv"
credit = { ja = "試し", ja-easy = "試し", en = "A trial" }
shape = "circle"
tone = "kuri"
mark = "W"
"#;
    files.push(PackFile { path: "more.toml".to_owned(), bytes: more.as_bytes().to_vec() });
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<PackFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            if !path.ends_with("scenarios") && path != "tiles" {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if !path.ends_with(".md") {
            files.push(PackFile { path, bytes: std::fs::read(entry.path()).unwrap() });
        }
    }
}

/// The file of a pack.
pub(crate) fn pack_file(name: &str) -> Vec<u8> {
    std::fs::read(root().join("towns/mutsu/data").join(name)).unwrap()
}

/// A real file of another town.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

/// A town on each engine, opened as the server opens it.
pub(crate) async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db, town()).await);
    }
    houses
}

/// One house of a town, on the engine that needs no server: what the story is about is on no engine.
pub(crate) async fn house_of(town: Arc<Town>) -> House {
    House::new(databases().await.unwrap().swap_remove(0), town).await
}

impl House {
    async fn new(db: TestDb, town: Arc<Town>) -> Self {
        let clock = Arc::new(SetClock::new("2026-11-23T03:00:00Z".parse().unwrap()));
        let elsewhere = Arc::new(Elsewhere(Mutex::new(Err(FetchFault::Unreachable))));
        let service = places::service(Arc::clone(&elsewhere) as Arc<dyn Outside>);
        let lower = [identity::MIGRATIONS];
        let Opened { store, jobs, router, .. } = open(db.db.clone(), town, Arc::clone(&clock) as _, &lower, service, ORIGIN).await;
        let house = Self { store, clock, jobs, elsewhere, router, _db: db };
        house.open().await;
        house
    }

    /// Opens the house: at the first start, and at every later one.
    pub(crate) async fn open(&self) {
        let mut ctx = self.store.begin(Actor::System).await.unwrap();
        places::open(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
    }

    /// Lets hours pass and does what is due, here and outside.
    pub(crate) async fn pass(&self, hours: i64) {
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_hours(hours));
        store::run_due_jobs(&self.store, &self.jobs).await.unwrap();
        store::run_due_jobs_outside(&self.store, &self.jobs).await.unwrap();
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let location = parts.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = to_bytes(body, 8 << 20).await.unwrap().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, location, headers: parts.headers, body, bytes }
    }

    /// Anybody looks.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Lets seconds pass.
    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_secs(seconds));
    }

    /// A program asks, with a heading.
    pub(crate) async fn get_with(&self, path: &str, name: header::HeaderName, value: &str) -> Answer {
        self.send(Request::get(path).header(name, value).body(Body::empty()).unwrap()).await
    }

    /// A member of staff looks.
    pub(crate) async fn staff_sees(&self, session: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, session).body(Body::empty()).unwrap()).await
    }

    /// A member of staff presses a button.
    pub(crate) async fn staff_presses(&self, session: &str, path: &str) -> Answer {
        let request = Request::post(path).header(header::COOKIE, session).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A member of staff sends a file by the form.
    pub(crate) async fn staff_brings(&self, session: &str, dataset: &str, bytes: &[u8]) -> Answer {
        // Nobody brings two files in one moment, and what is latest hangs on it.
        self.clock.set(self.store.clock().now() + jiff::SignedDuration::from_secs(1));
        let start = b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"data.csv\"\r\ncontent-type: application/octet-stream\r\n\r\n";
        let body = [start.as_slice(), bytes, b"\r\n--edge--\r\n"].concat();
        let request = Request::post(format!("/staff/map/{dataset}"))
            .header(header::COOKIE, session)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A session of a member of staff with these roles.
    pub(crate) async fn session(&self, roles: &[Role]) -> String {
        let administrator = Actor::Staff(StaffId::new(self.store.clock().now()), vec![Role::Administrator]);
        let mut ctx = self.store.begin(administrator).await.unwrap();
        let staff = identity::invite_staff(&mut ctx, "佐藤 花子", roles).await.unwrap().staff;
        let session = identity::start_session(&mut ctx, identity::SessionOwner::Staff(staff), "test").await.unwrap();
        ctx.commit().await.unwrap();
        format!("{}={}", web::STAFF_COOKIE, session.token)
    }

    /// Places the API gives for a question.
    pub(crate) async fn places(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/api/v1/places?{query}")).await.json()["places"].as_array().unwrap().clone()
    }
}
