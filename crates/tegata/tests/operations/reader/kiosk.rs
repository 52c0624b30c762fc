//! The centre and the station as they run, and somebody at the kiosk.

use std::io::Write as _;
use std::net::TcpListener as Listener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use identity::DeviceKind;
use store::testing::{TestDb, free_ports};
use store::{Clock as _, SystemClock};
use tegata::house::House;
use tokio::runtime::Runtime;

use super::{PATIENCE, until};
use crate::helpers::{Folder, clerk, open, pack, town};

/// A centre on a port of its own, that can be away.
pub(crate) struct Centre {
    pub(crate) house: House,
    pub(crate) address: String,
    serving: Serving,
    _db: TestDb,
}

/// What serves the centre; taken away with all its connections.
type Serving = Arc<Mutex<Option<Runtime>>>;

/// Makes the centre go away, connections and all.
pub(crate) fn pull_the_plug(serving: &Serving) {
    if let Some(runtime) = serving.lock().unwrap().take() {
        runtime.shutdown_background();
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        pull_the_plug(&self.serving);
    }
}

impl Centre {
    pub(crate) async fn start(folder: &Folder) -> Self {
        let db = store::testing::sqlite().await.unwrap();
        let house = open(folder, &db.address, town(&pack("demo")), Arc::new(SystemClock)).await;
        let centre = Self { house, address: format!("http://127.0.0.1:{}", free_ports(1)), serving: Serving::default(), _db: db };
        centre.back();
        centre
    }

    /// Comes (back) on its own port.
    pub(crate) fn back(&self) {
        let listener = Listener::bind(self.address.trim_start_matches("http://")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (router, runtime) = (self.house.router.clone(), Runtime::new().unwrap());
        runtime.spawn(async move { axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await });
        *self.serving.lock().unwrap() = Some(runtime);
    }

    /// What serves it, for whoever pulls the plug.
    pub(crate) fn serving(&self) -> Serving {
        Arc::clone(&self.serving)
    }

    /// A one-time code for a device of the town's first place.
    pub(crate) async fn code(&self, kind: DeviceKind) -> String {
        let mut ctx = self.house.store.begin(clerk(SystemClock.now())).await.unwrap();
        let place = ctx.town().places[0].id.clone();
        let code = identity::pairing_code(&mut ctx, kind, &place).await.unwrap();
        ctx.commit().await.unwrap();
        code.code
    }
}

/// Runs `tegata station enrol` and types the code.
pub(crate) fn enrol(centre: &str, keep: &Path, code: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tegata"))
        .args(["station", "enrol", "--centre", centre, "--label", "一階の機械", "--keep"])
        .arg(keep)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{code}\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Whether only its owner may read a file.
pub(crate) fn is_private(path: &Path) -> bool {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}

/// A browser that is shown every answer, and waits no longer than anybody would.
fn browser() -> ureq::Agent {
    let timeout = Some(Duration::from_secs(60));
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(timeout).build().into()
}

/// `tegata station` on a port of its own.
pub(crate) struct Kiosk {
    station: Child,
    address: String,
    browser: ureq::Agent,
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        let _ = self.station.kill();
        let _ = self.station.wait();
    }
}

impl Kiosk {
    pub(crate) fn start(centre: &str, more: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{}", free_ports(1));
        let station = Command::new(env!("CARGO_BIN_EXE_tegata"))
            .args(["station", "--centre", centre, "--listen", &listen])
            .args(more)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let kiosk = Self { station, address: format!("http://{listen}"), browser: browser() };
        until("the station answers", || kiosk.browser.get(format!("{}/healthz", kiosk.address)).call().ok());
        kiosk
    }

    /// A page; the address it leads to where it does.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut answer = self.browser.get(format!("{}{path}", self.address)).call().unwrap();
        match answer.headers().get("location") {
            Some(to) => to.to_str().unwrap().to_owned(),
            None => answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// Sends a form of the card's page.
    pub(crate) fn post(&self, form: &[(&str, &str)]) -> String {
        let mut answer = self.browser.post(format!("{}/card", self.address)).send_form(form.iter().copied()).unwrap();
        match answer.headers().get("location") {
            Some(to) => to.to_str().unwrap().to_owned(),
            None => answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// Looks at a page until it says this, as a page that goes on by itself does.
    pub(crate) fn shows(&self, path: &str, words: &str) -> String {
        let began = Instant::now();
        loop {
            let page = self.get(path);
            if page.contains(words) {
                return page;
            }
            assert!(began.elapsed() < PATIENCE, "{words} is not shown:\n{page}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Somebody who proves who they are.
pub(crate) struct Somebody<'a> {
    kiosk: &'a Kiosk,
    centre: String,
    cookie: String,
    code: String,
    browser: ureq::Agent,
}

impl<'a> Somebody<'a> {
    /// Asks for a proof in a browser of their own.
    pub(crate) fn asks(kiosk: &'a Kiosk, centre: &str) -> Self {
        let browser = browser();
        let begun = browser.post(format!("{centre}/start")).send_form([("next", "")]).unwrap();
        let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let code = cookie.split('.').nth(2).unwrap().to_owned();
        Self { kiosk, centre: centre.to_owned(), cookie, code, browser }
    }

    /// The first page at the kiosk.
    pub(crate) fn start(&self) -> String {
        format!("/?code={}", self.code)
    }

    /// The card's page at the kiosk.
    pub(crate) fn page(&self, by: &str) -> String {
        format!("/card?code={}&own=yes&by={by}", self.code)
    }

    /// What the card's page asks while it waits.
    pub(crate) fn goes_on(&self, seen: &str) -> bool {
        let told = self.kiosk.get(&format!("/card/waiting?code={}&own=yes&seen={seen}", self.code));
        serde_json::from_str::<serde_json::Value>(&told).unwrap()["finished"].as_bool().unwrap()
    }

    /// Types the password into the form that is shown.
    pub(crate) fn types(&self, password: &str, last_try: bool) -> String {
        self.sends("", &[("password", password)], last_try)
    }

    /// Types the two PINs.
    pub(crate) fn types_digits(&self, pin: &str, text_pin: &str) -> String {
        self.sends("digits", &[("pin", pin), ("text_pin", text_pin)], false)
    }

    fn sends(&self, by: &str, typed: &[(&str, &str)], last_try: bool) -> String {
        let page = self.kiosk.shows(&self.page(by), "name=\"form\"");
        let form = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let mut fields = vec![("code", self.code.as_str()), ("own", "yes"), ("by", by), ("form", form)];
        fields.extend(typed);
        if last_try {
            fields.push(("last_try", "yes"));
        }
        self.kiosk.post(&fields)
    }

    /// Whether the browser that asked has learnt that it is proven.
    pub(crate) fn is_proven(&self) -> bool {
        let told = self.browser.get(format!("{}/api/v1/me/proof", self.centre)).header("cookie", &self.cookie).call();
        told.unwrap().body_mut().read_json::<serde_json::Value>().unwrap()["finished"].as_bool() == Some(true)
    }

    /// The page of the account the browser gets.
    pub(crate) fn account(&self) -> String {
        let done = self.browser.get(format!("{}/start/done", self.centre)).header("cookie", &self.cookie).call().unwrap();
        let session =
            done.headers().get_all("set-cookie").iter().find_map(|line| line.to_str().ok().filter(|line| line.contains("session=")));
        let session = session.expect("signed in").split(';').next().unwrap().to_owned();
        let me = self.browser.get(format!("{}/me", self.centre)).header("accept", "text/html").header("cookie", session).call();
        me.unwrap().body_mut().read_to_string().unwrap()
    }
}
