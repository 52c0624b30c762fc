//! What staff can do with the console, through the router, on every database there is and with a pack from its folder.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use civil::Timestamp;
use console::{Console, service};
use identity::{Demonstration, Passkeys};
use registry::bridge::{Chain, Layout, MatchSecret, OpeningKey, Sealing, SigningKey, seal};
use registry::{BridgeKeys, BundleState, ResidentId, Search, open_bundle};
use store::testing::{TestDb, databases};
use store::{Actor, Role, SetClock, StaffId, Store};
use tower::ServiceExt as _;
use town::Town;
use web::testing::{Opened, open_in_band};

const ORIGIN: &str = "http://localhost:8080";
const HEADER: &str =
    "住民番号,世帯番号,氏名,生年月日,性別,住所,集落,状態,異動日,住民となった日,支援措置,温泉証番号,要介護度,在学,若者医療番号";

/// Ten families of two in 本村 and 湯ノ沢: a parent of 40 and a child of 10; the last parent is under protection measures.
fn rows() -> Vec<String> {
    let family = |n: u32| {
        let district = if n < 6 { "本村" } else { "湯ノ沢" };
        let protected = if n == 9 { "○" } else { "" };
        let row = |id: u32, born: &str, student: &str| {
            format!("{id},H{n},青空 人{id},{born},男,{district}{n},{district},住民,,2000-01-01,{protected},,,{student},")
        };
        [row(n * 2, "1986-05-05", "0"), row(n * 2 + 1, "2016-05-05", "1")]
    };
    (0..10).flat_map(family).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct House {
    store: Store,
    clock: Arc<SetClock>,
    router: Router,
    keys: Arc<BridgeKeys>,
    chain: Chain,
    _db: TestDb,
}

struct Answer {
    status: StatusCode,
    location: String,
    cookie: String,
    body: String,
}

impl House {
    async fn new(db: TestDb, demonstration: Option<Demonstration>) -> Self {
        let town =
            Town::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let clock = Arc::new(SetClock::new(at("2026-11-20T09:00:00+09:00")));
        let keys =
            Arc::new(BridgeKeys { signers: vec![SigningKey::new(&[2; 32]).unwrap().public()], centre: OpeningKey::new(&[3; 32]).unwrap() });
        let passkeys = Arc::new(Passkeys::new("localhost", ORIGIN, "Tegata").unwrap());
        let service = service(Arc::new(Console::new(passkeys, keys.clone(), demonstration)));
        let (lower, band) = ([registry::MIGRATIONS, identity::MIGRATIONS], demonstration.is_some().then_some("shell-demo"));
        let Opened { store, router, .. } = open_in_band(db.db.clone(), town, clock.clone(), &lower, service, ORIGIN, band).await;
        let mut house = Self { store, clock, router, keys, chain: Chain::default(), _db: db };
        assert_eq!(house.bring(&rows()).await, BundleState::Applied);
        house
    }

    /// Seals an export and opens it at the centre.
    async fn bring(&mut self, rows: &[String]) -> BundleState {
        let town = self.store.town().clone();
        let layout = Layout::of(&town.bridge, &town.facts).unwrap();
        let code = town.code.to_string();
        let sealing = Sealing {
            town: &code,
            layout: &layout,
            encoding: None,
            match_secret: &MatchSecret::new(&[1; 32]).unwrap(),
            signing: &SigningKey::new(&[2; 32]).unwrap(),
            centre: &self.keys.centre.public(),
            chain: self.chain,
            now: self.store.clock().now(),
            randomness: [7; 32],
        };
        let mut out = Vec::new();
        let export = format!("{HEADER}\n{}\n", rows.join("\n"));
        let sealed = seal(export.as_bytes(), &sealing, &mut out).unwrap();
        assert_eq!(sealed.problems.total, 0, "{:?}", sealed.problems);
        self.chain = sealed.chain;
        let mut ctx = self.store.begin(Actor::System).await.unwrap();
        let run = open_bundle(&mut ctx, &out, &self.keys).await.unwrap();
        ctx.commit().await.unwrap();
        run.state
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text =
            |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (location, cookie) = (text(header::LOCATION), text(header::SET_COOKIE));
        let status = response.status();
        let body = String::from_utf8(to_bytes(response.into_body(), 4 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status, location, cookie, body }
    }

    async fn get(&self, session: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, session).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, session: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(header::COOKIE, session).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn json(&self, session: &str, path: &str, body: serde_json::Value) -> (StatusCode, serde_json::Value) {
        let request = Request::post(path).header(header::COOKIE, session).header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request.body(Body::from(body.to_string())).unwrap()).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    /// A session of a member of staff with these roles.
    async fn session(&self, roles: &[Role]) -> String {
        let mut ctx = self.store.begin(Actor::Staff(StaffId::new(self.store.clock().now()), vec![Role::Administrator])).await.unwrap();
        let staff = identity::invite_staff(&mut ctx, "佐藤 花子", roles).await.unwrap().staff;
        let session = identity::start_session(&mut ctx, identity::SessionOwner::Staff(staff), "test").await.unwrap();
        ctx.commit().await.unwrap();
        format!("{}={}", web::STAFF_COOKIE, session.token)
    }

    async fn resident(&self, register_id: &str) -> ResidentId {
        let mut ctx = self.store.begin(Actor::Staff(StaffId::new(self.store.clock().now()), vec![Role::ProtectionClerk])).await.unwrap();
        let wanted = Search { register_id: Some(register_id.into()), ..Search::default() };
        registry::search(&mut ctx, &wanted).await.unwrap()[0].id
    }

    /// Actions of the audit trail about one person, newest first.
    async fn looks(&self, id: ResidentId) -> Vec<String> {
        let mut ctx = self.store.read(Actor::System).await.unwrap();
        ctx.audit_of(&id.to_string(), i64::MAX, 50).await.unwrap().into_iter().map(|entry| entry.action).collect()
    }
}

async fn houses() -> Vec<House> {
    let mut all = Vec::new();
    for db in databases().await.unwrap() {
        all.push(House::new(db, None).await);
    }
    all
}

const PAGES: [&str; 7] =
    ["/staff", "/staff/people", "/staff/matching", "/staff/bridge", "/staff/what-if", "/staff/members", "/staff/audit"];

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_the_sign_in() {
    for house in houses().await {
        for page in PAGES {
            let answer = house.get("", page).await;
            assert!(answer.status.is_redirection(), "{page}: {}", answer.status);
            assert!(answer.location.starts_with("/staff/login?next="), "{page}: {}", answer.location);
        }
        let (status, _) = house.json("", "/api/v1/staff/what-if", serde_json::json!({ "rule": "true" })).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.get("", "/staff/login").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn every_role_sees_its_own_pages_and_no_others() {
    use Role::{Administrator, Auditor, Clerk, Officer, Operator, ProtectionClerk};
    for house in houses().await {
        let open: [(Role, &[&str]); 6] = [
            (Administrator, &["/staff", "/staff/bridge", "/staff/members"]),
            (Operator, &["/staff", "/staff/bridge"]),
            (Officer, &["/staff", "/staff/bridge", "/staff/what-if"]),
            (Clerk, &["/staff", "/staff/people", "/staff/matching"]),
            (ProtectionClerk, &["/staff", "/staff/people", "/staff/matching"]),
            (Auditor, &["/staff", "/staff/bridge", "/staff/audit"]),
        ];
        for (role, pages) in open {
            let session = house.session(&[role]).await;
            for page in PAGES {
                let expected = if pages.contains(&page) { StatusCode::OK } else { StatusCode::FORBIDDEN };
                let answer = house.get(&session, page).await;
                assert_eq!(answer.status, expected, "{role:?} at {page}");
                let link = format!("href=\"{page}\"");
                assert!(
                    expected == StatusCode::FORBIDDEN || page == "/staff" || answer.body.contains(&link),
                    "{role:?}: {page} is not in its menu"
                );
                assert!(!answer.body.contains("console-") || expected == StatusCode::FORBIDDEN, "{page} shows a key instead of a text");
            }
        }
    }
}

#[tokio::test]
async fn a_question_counts_the_whole_town_and_names_nobody() {
    for house in houses().await {
        let session = house.session(&[Role::Officer]).await;
        let ask = |rule: &'static str| serde_json::json!({ "rule": rule, "on": "2026-11-20" });
        let (status, answer) = house.json(&session, "/api/v1/staff/what-if", ask("resident.current && today < birthday(18)")).await;
        assert_eq!((status, answer["count"].as_i64(), answer["total"].as_i64()), (StatusCode::OK, Some(10), Some(20)), "{answer}");
        let ages = answer["ages"].as_array().unwrap();
        let tens = ages.iter().find(|band| band["from"] == 10).unwrap();
        assert_eq!((tens["to"].as_i64(), tens["count"].as_i64()), (Some(14), Some(10)));
        assert_eq!(ages.iter().map(|band| band["count"].as_i64().unwrap()).sum::<i64>(), 10);
        // Six and four are few: the districts are told together.
        let districts = answer["districts"].as_array().unwrap();
        assert_eq!((districts.len(), districts[0]["count"].as_i64()), (1, Some(10)), "{answer}");
        assert!(!answer.to_string().contains("本村") && !answer.to_string().contains("湯ノ沢"), "{answer}");

        let (status, answer) =
            house.json(&session, "/api/v1/staff/what-if", ask("resident.current\n  && resident.distirct == \"本村\"")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let problem = &answer["problems"][0];
        assert_eq!((problem["line"].as_i64(), problem["column"].as_i64()), (Some(2), Some(6)), "{answer}");
        assert!(problem["message"].as_str().unwrap().contains("resident.district"), "{problem}");

        let page = house.get(&session, "/staff/what-if?rule=resident.current&on=2026-11-20").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("20人の全員、または10人未満を除く全員"), "{}", page.body);
        assert!(page.body.contains("bars__bar") && page.body.contains("hbars__name"));
        let page = house.get(&session, "/staff/what-if?rule=no_such_thing").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains("error-summary"));
    }
}

#[tokio::test]
async fn a_question_about_one_person_tells_nothing_and_is_in_the_trail() {
    for house in houses().await {
        let session = house.session(&[Role::Officer]).await;
        // A household under protection measures, and a birthday nobody has: asked for, and left over.
        let pinpointing = [
            r#"resident.household == "H9""#,
            r#"!(resident.household == "H9")"#,
            r#"resident.date_of_birth == date("1900-01-01")"#,
            r#"resident.date_of_birth != date("1900-01-01")"#,
        ];
        let mut answers = Vec::new();
        for rule in pinpointing {
            let (status, mut answer) = house.json(&session, "/api/v1/staff/what-if", serde_json::json!({ "rule": rule })).await;
            assert_eq!(status, StatusCode::OK, "{rule}: {answer}");
            assert!(answer["count"].is_null(), "{rule}: {answer}");
            answer.as_object_mut().unwrap().remove("micros");
            answers.push(answer);
        }
        // Whether there is such a person makes no difference to the answer.
        assert_eq!((&answers[0], &answers[1]), (&answers[2], &answers[3]));
        assert_eq!(answers[0]["districts"].as_array().unwrap().len(), 0);
        assert!(answers[0]["said"].as_str().unwrap().contains("10人未満"));

        let mut ctx = house.store.read(Actor::Staff(StaffId::from_bytes([1; 16]), vec![Role::Auditor])).await.unwrap();
        let trail = ctx.audit_latest(i64::MAX, 4).await.unwrap();
        let asked: Vec<_> = trail.iter().rev().map(|entry| (entry.action.as_str(), entry.detail.as_str())).collect();
        let expected: Vec<String> = pinpointing.iter().map(|rule| format!("2026-11-20 {rule}")).collect();
        assert_eq!(asked, expected.iter().map(|detail| ("what_if.asked", detail.as_str())).collect::<Vec<_>>());
        assert!(trail.iter().all(|entry| entry.actor.starts_with("staff:")));
        drop(ctx);
        house.get(&session, "/staff/what-if?rule=resident.current").await;
        let mut ctx = house.store.read(Actor::Staff(StaffId::from_bytes([1; 16]), vec![Role::Auditor])).await.unwrap();
        assert_eq!(ctx.audit_latest(i64::MAX, 1).await.unwrap()[0].detail, "2026-11-20 resident.current", "the page asks, too");
    }
}

#[tokio::test]
async fn nobody_under_protection_is_in_a_district() {
    for mut house in houses().await {
        house.clock.set(at("2026-11-20T10:00:00+09:00"));
        let session = house.session(&[Role::Officer]).await;
        let more = (0..16).map(|n| {
            let district = if n < 8 { "本村" } else { "湯ノ沢" };
            format!("{n},M{n},青空 客{n},1950-05-05,女,{district}9,{district},住民,,2000-01-01,,,,0,", n = n + 100)
        });
        let all: Vec<String> = rows().into_iter().chain(more).collect();
        // So many who appear at once wait for an approval.
        if house.bring(&all).await == BundleState::Waiting {
            let operator = house.session(&[Role::Operator]).await;
            assert_eq!(house.post(&operator, "/staff/bridge/2/approve", "confirmed=yes").await.location, "/staff/bridge/2");
        }
        let (_, answer) =
            house.json(&session, "/api/v1/staff/what-if", serde_json::json!({ "rule": "resident.current && today >= birthday(30)" })).await;
        // 26 of 36: six parents and eight guests in 本村; three parents and eight guests in 湯ノ沢, where the fourth is under protection.
        assert_eq!(answer["count"].as_i64(), Some(26), "{answer}");
        let districts: Vec<_> = answer["districts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|district| (district["name"].as_str().unwrap(), district["count"].as_i64().unwrap()))
            .collect();
        assert_eq!(districts, [("本村", 14), ("そのほかの地区（合計）", 12)]);
    }
}

#[tokio::test]
async fn a_held_bundle_is_shown_confirmed_and_applied() {
    for mut house in houses().await {
        house.clock.set(at("2026-11-21T09:00:00+09:00"));
        assert_eq!(house.bring(&rows()[..10]).await, BundleState::Waiting);
        let operator = house.session(&[Role::Operator]).await;
        assert!(house.get(&operator, "/staff").await.body.contains("/staff/bridge/2"));
        let page = house.get(&operator, "/staff/bridge/2").await.body;
        assert!(page.contains("承認待ち") && page.contains("理由なしに名簿から消えた人 10人") && page.contains("決めた割合"), "{page}");

        let officer = house.session(&[Role::Officer]).await;
        assert!(!house.get(&officer, "/staff/bridge/2").await.body.contains("/staff/bridge/2/approve"));
        assert_eq!(house.post(&officer, "/staff/bridge/2/approve", "confirmed=yes").await.status, StatusCode::FORBIDDEN);

        let unconfirmed = house.post(&operator, "/staff/bridge/2/approve", "").await;
        assert_eq!(unconfirmed.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(unconfirmed.body.contains("error-summary"));
        assert_eq!(house.post(&operator, "/staff/bridge/2/approve", "confirmed=yes").await.location, "/staff/bridge/2");
        let page = house.get(&operator, "/staff/bridge/2").await.body;
        assert!(page.contains("反映済み") && page.contains("佐藤 花子") && !page.contains("/staff/bridge/2/approve"));
        assert_eq!(house.post(&operator, "/staff/bridge/2/reject", "").await.status, StatusCode::CONFLICT);
        assert_eq!(house.get(&operator, "/staff/bridge/99").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn every_look_at_a_person_is_recorded_and_protected_people_are_not_there() {
    for house in houses().await {
        let (child, protected) = (house.resident("1").await, house.resident("18").await);
        let clerk = house.session(&[Role::Clerk]).await;

        let found = house.post(&clerk, "/staff/people", "register_id=1").await;
        assert!(found.body.contains(&format!("/staff/people/{child}")));
        let page = house.get(&clerk, &format!("/staff/people/{child}")).await;
        assert_eq!(page.status, StatusCode::OK);
        for text in ["村民証", "資格あり", "本村", "はい", "青空村民証要綱"] {
            assert!(page.body.contains(text), "{text} is missing");
        }
        let parent = house.resident("0").await;
        assert!(page.body.contains(&format!("/staff/people/{parent}")), "the household is missing");
        assert!(house.looks(child).await.starts_with(&["person.seen".into(), "person.listed".into()]), "{:?}", house.looks(child).await);
        assert_eq!(house.looks(parent).await, ["person.listed"]);

        let empty = house.post(&clerk, "/staff/people", "").await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.body.contains("error-summary"));
        assert_eq!(house.post(&clerk, "/staff/people", "born=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let by_birth = house.post(&clerk, "/staff/people", "born=S61.5.5&district=%E6%B9%AF%E3%83%8E%E6%B2%A2").await.body;
        assert_eq!(by_birth.matches("href=\"/staff/people/").count(), 3, "the protected parent must not be among the four");

        assert!(!house.post(&clerk, "/staff/people", "register_id=18").await.body.contains(&protected.to_string()));
        assert_eq!(house.get(&clerk, &format!("/staff/people/{protected}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.looks(protected).await, Vec::<String>::new());
        let protection = house.session(&[Role::ProtectionClerk]).await;
        assert_eq!(house.get(&protection, &format!("/staff/people/{protected}")).await.status, StatusCode::OK);

        let auditor = house.session(&[Role::Auditor]).await;
        let trail = house.get(&auditor, &format!("/staff/audit?by=subject&id={child}")).await.body;
        assert!(trail.contains("住民の情報を見た") && trail.contains("佐藤 花子"));
        assert_eq!(house.looks(child).await[0], "audit.seen");
    }
}

#[tokio::test]
async fn a_past_day_is_decided_with_the_register_and_the_rule_of_that_day() {
    for mut house in houses().await {
        house.clock.set(at("2026-11-22T09:00:00+09:00"));
        let mut moved = rows();
        moved[2] = moved[2].replace("住民,,", "転出,2026-11-22,");
        assert_eq!(house.bring(&moved).await, BundleState::Applied);
        let clerk = house.session(&[Role::Clerk]).await;
        let person = format!("/staff/people/{}", house.resident("2").await);
        let pass = |body: &str| {
            let from = body.find(">村民証 <span").unwrap_or_else(|| panic!("{body}"));
            body[from..].split("</h3>").next().unwrap().contains("資格あり")
        };
        assert!(!pass(&house.get(&clerk, &person).await.body));
        let past = house.get(&clerk, &format!("{person}?on=2026-11-21")).await;
        assert!(pass(&past.body));
        assert!(past.body.contains("2026年11月21日の台帳"));
        let before = house.get(&clerk, &format!("{person}?on=2026-11-01")).await.body;
        assert!(before.contains("その日の台帳にはいません"));
        let english = house.get(&clerk, &format!("{person}?on=2026-11-21&lang=en")).await.body;
        assert!(english.contains("Decided with the register of 21 November 2026") && !english.contains("資格あり"));
        assert_eq!(house.get(&clerk, &format!("{person}?on=x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn staff_are_invited_change_roles_and_leave() {
    for house in houses().await {
        let administrator = house.session(&[Role::Administrator]).await;
        let nobody = house.post(&administrator, "/staff/members", "name=+").await;
        assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(nobody.body.contains("error-summary"));
        let invited = house.post(&administrator, "/staff/members", "name=Suzuki&role=clerk&role=auditor").await;
        assert_eq!(invited.status, StatusCode::OK);
        let code = invited.body.split(&format!("{ORIGIN}/staff/join/")).nth(1).and_then(|rest| rest.get(..8)).unwrap().to_owned();
        let join = house.get("", &format!("/staff/join/{code}")).await;
        assert!(join.body.contains("data-passkey=\"register\"") && !join.body.contains("without-passkey"));
        // Outside a demonstration there is no such door.
        assert_eq!(house.post("", &format!("/staff/join/{code}/without-passkey"), "").await.status, StatusCode::NOT_FOUND);
        let (status, begun) = house.json("", "/api/v1/staff/passkey/register/begin", serde_json::json!({ "code": code })).await;
        assert_eq!(status, StatusCode::OK);
        assert!(begun["ticket"].as_str().unwrap().ends_with(&code) && begun["publicKey"]["challenge"].is_string(), "{begun}");
        let (status, _) = house.json("", "/api/v1/staff/passkey/register/begin", serde_json::json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "nobody is signed in");
        let (status, _) =
            house.json("", "/api/v1/staff/passkey/login/finish", serde_json::json!({ "ticket": begun["ticket"], "credential": {} })).await;
        assert!(status.is_client_error());

        let clerk = house.session(&[Role::Clerk]).await;
        assert_eq!(house.post(&clerk, "/staff/members", "name=x&role=clerk").await.status, StatusCode::FORBIDDEN);
        let out = house.post(&clerk, "/staff/logout", "").await;
        assert_eq!((out.location.as_str(), out.cookie.contains("Max-Age=0")), ("/staff/login", true));
        assert!(house.get(&clerk, "/staff").await.status.is_redirection());
    }
}

#[tokio::test]
async fn a_demonstration_lets_in_without_a_passkey_once() {
    for db in databases().await.unwrap() {
        let house = House::new(db, Some(Demonstration::of_a_made_up_town())).await;
        let mut ctx = house.store.begin(Actor::System).await.unwrap();
        let code = identity::first_administrator(&mut ctx, "管理 太郎").await.unwrap().code.code;
        ctx.commit().await.unwrap();
        let door = format!("/staff/join/{code}/without-passkey");
        assert!(house.get("", &format!("/staff/join/{code}")).await.body.contains(&door));
        let joined = house.post("", &door, "").await;
        assert_eq!(joined.location, "/staff");
        let session = joined.cookie.split(';').next().unwrap().to_owned();
        let page = house.get(&session, "/staff/members").await;
        assert!(page.body.contains("管理 太郎"));
        assert_eq!(house.post("", &door, "").await.status, StatusCode::UNPROCESSABLE_ENTITY, "the code counts once");

        let id = page.body.split("/staff/members/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
        let roles = format!("/staff/members/{id}/roles");
        assert_eq!(house.post(&session, &roles, "role=clerk").await.status, StatusCode::CONFLICT, "the last administrator stays");
        assert_eq!(house.post(&session, &roles, "role=clerk&role=administrator").await.location, "/staff/members");
        assert_eq!(house.get(&session, "/staff/people").await.status, StatusCode::OK);
    }
}

/// A second account of somebody's, as a card renewed under another name makes one.
async fn account_of(house: &House, resident: ResidentId, name: &str, assurance: &str) -> store::AccountId {
    let mut ctx = house.store.begin(Actor::System).await.unwrap();
    let (account, now) = (store::AccountId::new(ctx.now()), ctx.now());
    let values = store::params![account, name, assurance, account.bytes().to_vec(), now];
    let opened = "insert into identity_account (id, name, assurance, four_items, three_items, substitutes, opened_at)
        values ($1, $2, $3, $4, $4, false, $5)";
    ctx.tx().execute(opened, values).await.unwrap();
    let tied = "insert into identity_link (account, resident, linked_at) values ($1, $2, $3)";
    ctx.tx().execute(tied, store::params![account, resident, now]).await.unwrap();
    ctx.commit().await.unwrap();
    account
}

#[tokio::test]
async fn two_accounts_of_one_resident_become_one_and_protected_people_are_not_there() {
    for house in houses().await {
        let (resident, hidden) = (house.resident("2").await, house.resident("18").await);
        let counter = account_of(&house, resident, "青空 人2", "counter").await;
        let card = account_of(&house, resident, "湯沢 人2", "signature").await;
        account_of(&house, hidden, "青空 人18", "signature").await;
        account_of(&house, hidden, "青空 人18", "user_auth").await;

        let clerk = house.session(&[Role::Clerk]).await;
        let auditor = house.session(&[Role::Auditor]).await;
        assert_eq!(house.get(&auditor, "/staff/duplicates").await.status, StatusCode::FORBIDDEN);
        let page = house.get(&clerk, "/staff/duplicates").await.body;
        assert!(page.contains(&resident.to_string()) && !page.contains(&hidden.to_string()));
        // What was proven most surely is kept.
        assert!(page.contains(&format!(r#"name="keep" value="{card}""#)) && page.contains(&format!(r#"name="close" value="{counter}""#)));

        let pair = format!("keep={card}&close={counter}");
        assert_eq!(house.post(&auditor, "/staff/duplicates/merge", &pair).await.status, StatusCode::FORBIDDEN);
        let merged = house.post(&clerk, "/staff/duplicates/merge", &pair).await;
        assert_eq!((merged.status, merged.location.as_str()), (StatusCode::SEE_OTHER, "/staff/duplicates"));
        assert!(!house.get(&clerk, "/staff/duplicates").await.body.contains(&resident.to_string()));
        assert!(house.looks(resident).await.contains(&"account.merged".to_owned()));
        assert_eq!(house.post(&clerk, "/staff/duplicates/merge", &pair).await.status, StatusCode::CONFLICT);
        let protection = house.session(&[Role::ProtectionClerk]).await;
        assert!(house.get(&protection, "/staff/duplicates").await.body.contains(&hidden.to_string()));
    }
}
