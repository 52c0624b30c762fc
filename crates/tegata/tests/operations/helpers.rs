//! A house in a folder of its own, and requests into it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use jpki::testca::{Municipality, Person, TestCa};
use jpki::{CertificateKind, PartialDate, Sex};
use store::{Actor, Clock, Role, StaffId, Store};
use tegata::house::{self, House, Setup};
use tegata::keys::CentreKeys;
use tower::ServiceExt as _;
use town::Town;

pub(crate) const KINDS: [CertificateKind; 2] = [CertificateKind::Signature, CertificateKind::UserAuthentication];
pub(crate) const ORIGIN: &str = "https://tegata.example";

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder that goes away with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("tegata-operations-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(path.join("trust/crl")).unwrap();
        std::fs::create_dir_all(path.join("bridge")).unwrap();
        Self(path)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The authority's roots and lists of an hour ago, good for a day.
    pub(crate) fn trust(&self, ca: &mut TestCa, now: Timestamp) {
        for kind in KINDS {
            self.put(&format!("trust/{}.der", kind.as_str()), ca.root(kind));
            let list = ca.crl(kind, now - SignedDuration::from_hours(1), now + SignedDuration::from_hours(23)).unwrap();
            self.put(&format!("trust/crl/{}.crl", kind.as_str()), &list);
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder of a pack of this repository.
pub(crate) fn pack(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns").join(name)
}

pub(crate) fn town(folder: &Path) -> Arc<Town> {
    Town::load(folder).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The folder of a town that is not the demonstration's.
pub(crate) fn another_pack() -> PathBuf {
    let folders = std::fs::read_dir(pack(".")).unwrap().map(|entry| entry.unwrap().path());
    let mut others: Vec<PathBuf> = folders.filter(|folder| folder.join("town.toml").is_file() && !folder.ends_with("demo")).collect();
    others.sort();
    others.remove(0)
}

/// Opens a demonstration's house over the folder's keys and trust.
pub(crate) async fn open(folder: &Folder, database: &str, town: Arc<Town>, clock: Arc<dyn Clock>) -> House {
    let keys = folder.0.join("keys");
    CentreKeys::make_missing(&keys).unwrap();
    let setup = Setup {
        town,
        database: database.to_owned(),
        keys,
        trust: folder.0.join("trust"),
        origin: ORIGIN.to_owned(),
        demo: true,
        station: None,
        clock,
        neighbours: None,
    };
    house::open(setup).await.unwrap()
}

pub(crate) fn clerk(now: Timestamp) -> Actor {
    Actor::Staff(StaffId::new(now), vec![Role::Clerk])
}

/// A pairing code for the town's first place.
pub(crate) async fn pairing_code(store: &Store) -> String {
    let mut ctx = store.begin(clerk(store.clock().now())).await.unwrap();
    let place = ctx.town().places[0].id.clone();
    let code = identity::pairing_code(&mut ctx, identity::DeviceKind::Verifier, &place).await.unwrap();
    ctx.commit().await.unwrap();
    code.code
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 4 << 20).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Somebody invented, as certificates name people.
pub(crate) fn person() -> Person {
    Person {
        name: "青空　花子".to_owned(),
        address: "青空県青空村本村１番地".to_owned(),
        date_of_birth: PartialDate::parse("19850217").unwrap(),
        sex: Sex::Female,
        municipality: Municipality { code: "20999".to_owned(), prefecture: "Aozora-ken".to_owned(), city: "Aozora-mura".to_owned() },
    }
}
