//! The station's pages as a browser asks for them, with a software card on the reader and a centre that only knows one code.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use jpki::card::{Personalise, Pins};
use jpki::testca::{Municipality, Person, TestCa};
use jpki::{KeyAlgorithm, PartialDate, Sex};
use station::{CardFolder, Centre, LaidCard, Slot, Station};
use tower::ServiceExt as _;

const CODE: &str = "ABCD-EFGH";
const OWN: &str = "code=ABCD-EFGH&back=&card=hanako&own=yes";

static NEXT: AtomicU64 = AtomicU64::new(0);

struct Reader {
    router: Router,
    folder: PathBuf,
    centre: Arc<Away>,
}

/// How far away the centre is.
#[derive(Default)]
struct Away {
    /// It answers nothing.
    all: AtomicBool,
    /// It takes no answer.
    answers: AtomicBool,
    /// How often an answer came through.
    taken: AtomicU64,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A centre that has asked one question.
async fn centre(away: Arc<Away>) -> String {
    let question = serde_json::json!({
        "id": "q", "relying_party": "https://town.example", "purpose": "register", "message": "AAAA", "comparison": "47", "good_for_s": 600,
    });
    let failing = Arc::clone(&away);
    let take = move || {
        let away = Arc::clone(&failing);
        async move {
            if away.answers.load(Ordering::SeqCst) {
                return (StatusCode::BAD_GATEWAY, Json(serde_json::json!("a proxy's own words")));
            }
            away.taken.fetch_add(1, Ordering::SeqCst);
            (StatusCode::OK, Json(serde_json::json!({ "done": true })))
        }
    };
    let gone = move |request: axum::extract::Request, next: Next| {
        let away = Arc::clone(&away);
        async move { if away.all.load(Ordering::SeqCst) { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { next.run(request).await } }
    };
    let router = Router::new()
        .route("/api/v1/proofs/ABCDEFGH", get(move || async move { Json(question) }))
        .route("/api/v1/proofs/q/answer", post(take))
        .layer(axum::middleware::from_fn(gone));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Reader {
    async fn new() -> Self {
        let person = Person {
            name: "青空　花子".to_owned(),
            address: "青空村大字本村１２番地３".to_owned(),
            date_of_birth: PartialDate::parse("19800217").unwrap(),
            sex: Sex::Female,
            municipality: Municipality { code: "01999".to_owned(), prefecture: "Hokkaido".to_owned(), city: "Aozora-mura".to_owned() },
        };
        let now = "2026-11-23T03:00:00Z".parse().unwrap();
        let mut ca = TestCa::generation(1, KeyAlgorithm::P384, now).unwrap();
        let mut random = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
        let card = Personalise::new(person).keys(KeyAlgorithm::P384).pins(Pins::default()).issue(&mut ca, now, &mut random).unwrap();
        let folder = std::env::temp_dir().join(format!("tegata-station-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        CardFolder::new(&folder).save("hanako", &LaidCard { label: "花子".to_owned(), card }).unwrap();
        let away = Arc::<Away>::default();
        let router = Station::new(Centre::new(&centre(Arc::clone(&away)).await), Slot::Cards(CardFolder::new(&folder))).router();
        Self { router, folder, centre: away }
    }

    /// What the card counts and holds.
    fn card(&self) -> String {
        std::fs::read_to_string(self.folder.join("hanako.json")).unwrap()
    }

    async fn send(&self, request: Builder, body: &str) -> Answer {
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status, headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header(header::HOST, "127.0.0.1:8081"), "").await
    }

    async fn post(&self, form: &str) -> Answer {
        self.send(posted(), form).await
    }
}

/// A form of the station's own page.
fn posted() -> Builder {
    Request::post("/card").header(header::HOST, "127.0.0.1:8081").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn form_of(page: &str) -> String {
    let form = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    form.unwrap_or_else(|| panic!("no form in {page}")).to_owned()
}

#[tokio::test]
async fn no_other_site_gets_a_password_to_the_card() {
    let reader = Reader::new().await;
    let before = reader.card();
    let wrong = format!("{OWN}&password=WRONG99&last_try=yes");
    let whole = format!("{wrong}&form={}", form_of(&reader.get(&format!("/card?{OWN}")).await.body));
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        assert_eq!(reader.send(posted().header(name, value), &whole).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // The page of another site on the same machine, with its own address for origin.
    let neighbour = posted().header("sec-fetch-site", "same-site").header("origin", "http://127.0.0.1:3000");
    assert_eq!(reader.send(neighbour, &whole).await.status, StatusCode::FORBIDDEN);
    // A name that somebody else's name server points here is the same site as their page.
    for host in ["evil.example", "evil.example:8081", ""] {
        let mut rebound = posted();
        rebound.headers_mut().unwrap().insert(header::HOST, host.parse().unwrap());
        assert_eq!(reader.send(rebound.header("sec-fetch-site", "same-origin"), &whole).await.status, StatusCode::FORBIDDEN, "{host}");
    }
    // Without the form that was shown, or with a made-up one, the card is not asked.
    for form in ["", "&form=", "&form=AAAAAAAAAAAAAAAAAAAAAA"] {
        let page = reader.post(&format!("{wrong}{form}")).await;
        assert!(page.body.contains("画面が古くなっていました"), "{}", page.body);
    }
    assert_eq!(reader.card(), before, "a try was lost");
    // A link from elsewhere may open the first page, and nothing further in.
    let linked = |path: &str| Request::get(path.to_owned()).header(header::HOST, "localhost:8081").header("sec-fetch-site", "cross-site");
    assert_eq!(reader.send(linked("/?code=ABCD-EFGH"), "").await.status, StatusCode::OK);
    assert_eq!(reader.send(linked(&format!("/card?{OWN}")), "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_counts_once() {
    let reader = Reader::new().await;
    let page = reader.get(&format!("/card?{OWN}")).await.body;
    assert!(page.contains("あと5回"), "{page}");
    let wrong = format!("{OWN}&password=WRONG99&form={}", form_of(&page));
    let page = reader.post(&wrong).await.body;
    assert!(page.contains("パスワードがちがいます。あと4回"), "{page}");
    let again = reader.post(&wrong).await.body;
    assert!(again.contains("画面が古くなっていました") && again.contains("あと4回"), "{again}");
    let right = format!("{OWN}&password={}&form={}", Pins::default().signature, form_of(&again));
    assert!(reader.post(&right).await.body.contains("読み取りました"));
}

#[tokio::test]
async fn what_will_happen_is_said_and_confirmed_before_the_password() {
    let reader = Reader::new().await;
    let page = reader.get(&format!("/?code={CODE}")).await.body;
    for told in
        ["コード ABCD-EFGH が出ている画面で、あなたとしてログインします", "ここでやめてください", ">47<", "name=\"own\"", "required"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let unconfirmed = reader.get("/card?code=ABCD-EFGH&card=hanako").await.body;
    assert!(unconfirmed.contains("印を付けてください") && !unconfirmed.contains("type=\"password\""), "{unconfirmed}");
    let page = reader.get(&format!("/card?{OWN}")).await.body;
    let form = form_of(&page);
    let right = format!("code=ABCD-EFGH&back=&card=hanako&password={}&form={form}", Pins::default().signature);
    assert!(reader.post(&right).await.body.contains("印を付けてください"));
}

#[tokio::test]
async fn nobody_frames_the_page_and_forms_stay_here() {
    let reader = Reader::new().await;
    for path in ["/", "/card?code=ABCD-EFGH&card=hanako&own=yes"] {
        let headers = reader.get(path).await.headers;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for part in ["default-src 'self'", "frame-ancestors 'none'", "form-action 'self' http://127.0.0.1:", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
    }
}

#[tokio::test]
async fn the_language_comes_with_the_link_and_can_be_changed() {
    let reader = Reader::new().await;
    let page = reader.get("/?code=ABCD-EFGH&lang=en&back=http%3A%2F%2Fa%2F").await;
    assert!(page.body.contains("You are signing in the screen that shows the code ABCD-EFGH"), "{}", page.body);
    assert_eq!(page.headers[header::SET_COOKIE], "lang=en; Path=/; Max-Age=31536000; SameSite=Lax");
    assert!(page.body.contains("name=\"lang\" value=\"en\""));
    for tag in ["ja", "ja-easy", "en"] {
        let there =
            page.body.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.ends_with(&format!("lang={tag}")));
        let there = there.unwrap_or_else(|| panic!("no link to {tag}")).replace("&amp;", "&").replace("&#38;", "&");
        assert!(there.contains("code=ABCD-EFGH") && there.contains("back=http%3A%2F%2Fa%2F"), "{there}");
        assert!(reader.get(&there).await.body.contains("ABCD-EFGH"));
    }
    assert!(reader.get("/?lang=nonsense").await.body.contains("画面に出ているコード"));
}

#[tokio::test]
async fn no_try_is_spent_while_the_centre_is_away_and_the_page_goes_on_by_itself() {
    let reader = Reader::new().await;
    let form = form_of(&reader.get(&format!("/card?{OWN}")).await.body);
    let before = reader.card();
    reader.centre.all.store(true, Ordering::SeqCst);
    for path in [format!("/?code={CODE}"), format!("/card?{OWN}")] {
        let page = reader.get(&path).await.body;
        assert!(page.contains("カードはまだ読んでいません") && page.contains("http-equiv=\"refresh\""), "{page}");
        assert!(!page.contains("type=\"password\""), "{page}");
    }
    let typed = format!("{OWN}&password=WRONG99&form={form}");
    assert!(reader.post(&typed).await.body.contains("カードはまだ読んでいません"));
    assert_eq!(reader.card(), before, "a try was spent on an answer nobody could take");
    let goes_on = async |path: &str| reader.get(path).await.body.contains("\"finished\":true");
    let (first, card) = (format!("/waiting?code={CODE}"), format!("/card/waiting?{OWN}&seen=centre"));
    assert!(!goes_on(&first).await && !goes_on(&card).await);
    reader.centre.all.store(false, Ordering::SeqCst);
    assert!(goes_on(&first).await && goes_on(&card).await);
    assert!(reader.get(&format!("/card?{OWN}")).await.body.contains("あと5回"));
}

#[tokio::test]
async fn an_answer_the_centre_could_not_take_is_kept_and_handed_in_once() {
    let reader = Reader::new().await;
    let form = form_of(&reader.get(&format!("/card?{OWN}")).await.body);
    reader.centre.answers.store(true, Ordering::SeqCst);
    let kept = reader.post(&format!("{OWN}&password={}&form={form}", Pins::default().signature)).await;
    let kept = kept.headers[header::LOCATION].to_str().unwrap().to_owned();
    let waiting = kept.replace("/kept?", "/kept/waiting?");
    assert!(reader.get(&kept).await.body.contains("暗証番号をもう一度入れる必要はありません"));
    assert!(reader.get(&waiting).await.body.contains("\"finished\":false"));
    reader.centre.answers.store(false, Ordering::SeqCst);
    while reader.get(&waiting).await.body.contains("\"finished\":false") {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert!(reader.get(&kept).await.body.contains("もとの画面に戻ってください"));
    assert_eq!(reader.centre.taken.load(Ordering::SeqCst), 1);
    assert!(reader.get("/kept?ticket=nobodys").await.body.contains("時間が過ぎました"));
}

#[tokio::test]
async fn digits_are_not_enough_at_a_station_nobody_enrolled() {
    let reader = Reader::new().await;
    assert!(!reader.get(&format!("/?code={CODE}")).await.body.contains("value=\"digits\""));
    let page = reader.get(&format!("/card?{OWN}&by=digits")).await.body;
    assert!(page.contains("id=\"password\"") && !page.contains("id=\"pin\""), "{page}");
}
