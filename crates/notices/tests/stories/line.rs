//! Notices by LINE, as LINE sees them: a platform that takes what it is asked, and tells what its users do.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use notices::line::{LineNetwork, LineReply, LineRequest, LineSecret};
use notices::{Queue, Way, Work};
use serde_json::{Value, json};

use super::{CHILD, GRANDMOTHER, House, MOTHER, ORIGIN, Person, STRANGER, houses, houses_with};

pub(crate) const SECRET: &str = "8c570fa6dd201bb328f1c1eac23a96d8";
const LINE: &str = "\n[line]\naccount = \"@town\"\n";
const HANAKO: &str = "U00000000000000000000000000000001";
const UME: &str = "U00000000000000000000000000000002";

/// How the platform answers a message to a user.
#[derive(Clone)]
pub(crate) enum Behaves {
    Status(u16, &'static str),
    /// It takes the message, and its answer is lost.
    AnswerLost,
    /// It takes the message, and answers late.
    Late,
}

/// LINE: takes a message once for each retry key.
#[derive(Default)]
pub(crate) struct Platform {
    asked: Mutex<Vec<LineRequest>>,
    accepted: Mutex<HashSet<String>>,
    behaves: Mutex<Vec<(String, Behaves)>>,
}

fn reply(status: u16, body: &str) -> LineReply {
    LineReply { status, after_s: None, body: body.as_bytes().to_vec() }
}

impl LineNetwork for Platform {
    fn post(&self, request: &LineRequest) -> Result<LineReply, String> {
        self.asked.lock().unwrap().push(request.clone());
        if let Some(user) = request.path.strip_prefix("/v2/bot/user/").and_then(|rest| rest.strip_suffix("/linkToken")) {
            return Ok(reply(200, &json!({ "linkToken": format!("token-of-{user}") }).to_string()));
        }
        let whom = request.body["to"].as_str().or(request.body["replyToken"].as_str()).unwrap();
        let behaves = self.behaves.lock().unwrap().iter().find(|(other, _)| other == whom).map(|(_, behaves)| behaves.clone());
        if let Some(Behaves::Status(status, body)) = behaves {
            return Ok(LineReply { after_s: (status == 429).then_some(90), ..reply(status, body) });
        }
        if let Some(key) = &request.retry_key
            && !self.accepted.lock().unwrap().insert(key.clone())
        {
            return Ok(reply(409, r#"{"message":"The retry key is already accepted"}"#));
        }
        match behaves {
            Some(Behaves::AnswerLost) => Err("timed out".to_owned()),
            Some(Behaves::Late) => {
                std::thread::sleep(Duration::from_millis(600));
                Ok(reply(200, "{}"))
            }
            _ => Ok(reply(200, "{}")),
        }
    }
}

impl Platform {
    /// What was asked of it since it was last looked at.
    fn asked(&self) -> Vec<LineRequest> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn behave(&self, whom: &str, behaves: Option<Behaves>) {
        let mut all = self.behaves.lock().unwrap();
        all.retain(|(other, _)| other != whom);
        all.extend(behaves.map(|behaves| (whom.to_owned(), behaves)));
    }
}

fn text(request: &LineRequest) -> &str {
    request.body["messages"][0]["text"].as_str().unwrap()
}

fn to(request: &LineRequest) -> &str {
    request.body["to"].as_str().unwrap_or_default()
}

fn event(kind: &str, id: &str, user: &str, more: Value) -> Value {
    let mut event = json!({
        "type": kind, "mode": "active", "timestamp": 1, "webhookEventId": id, "deliveryContext": { "isRedelivery": false },
        "source": { "type": "user", "userId": user }, "replyToken": format!("reply to {id}"),
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

impl House {
    /// LINE tells of events, signed with the channel's secret or another.
    async fn hears_signed(&self, secret: &str, events: Value) -> StatusCode {
        let body = json!({ "destination": "U8e742f61d673b39c7fff3cecb7536ef0", "events": events }).to_string();
        let signature = LineSecret::new(secret).sign(body.as_bytes());
        let request = Request::post("/line/webhook").header("x-line-signature", signature).header(header::CONTENT_TYPE, "application/json");
        let status = self.send(request.body(Body::from(body)).unwrap()).await.status;
        self.run_jobs_outside().await;
        status
    }

    async fn hears(&self, events: Value) {
        assert_eq!(self.hears_signed(SECRET, events).await, StatusCode::OK);
    }

    /// Somebody agrees on the page; what LINE is given to give back.
    async fn agrees_to_line(&self, person: &Person, token: &str) -> String {
        let answer = self.post(&person.cookie, "/inbox/line", &[("linkToken", token)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let (leads, nonce) = answer.location.split_once("&nonce=").unwrap();
        assert_eq!(leads, format!("https://access.line.me/dialog/bot/accountLink?linkToken={}", web::query_value(token)));
        nonce.to_owned()
    }

    /// Somebody's LINE is joined to their account.
    async fn joins(&self, person: &Person, user: &str) {
        let nonce = self.agrees_to_line(person, "a-token").await;
        self.hears(json!([event("accountLink", &format!("link {nonce}"), user, json!({ "link": { "result": "ok", "nonce": nonce } }))]))
            .await;
        self.platform.asked();
    }

    async fn lines(&self) -> i64 {
        self.count("select count(*) from notices_address where way = 'line'").await
    }

    async fn ids(&self, person: &Person) -> Vec<String> {
        let page = self.get(&person.cookie, "/inbox/settings").await.body;
        page.split("/inbox/line/").filter_map(|rest| rest.split_once("/end")).map(|(id, _)| id.to_owned()).collect()
    }
}

#[tokio::test]
async fn a_friend_joins_their_line_and_is_told_there_and_can_end_it() {
    for house in houses_with(LINE).await {
        let (mother, stranger, officer) = (house.person(MOTHER).await, house.person(STRANGER).await, house.officer().await);
        let settings = house.get(&mother.cookie, "/inbox/settings").await.body;
        assert!(settings.contains("LINEで受けとる") && settings.contains("https://line.me/R/ti/p/%40town"), "{settings}");

        house.hears(json!([event("follow", "e1", HANAKO, json!({ "follow": { "isUnblocked": false } }))])).await;
        let asked = house.platform.asked();
        assert_eq!((asked.len(), asked[0].path.as_str()), (2, format!("/v2/bot/user/{HANAKO}/linkToken").as_str()));
        assert_eq!((asked[1].path.as_str(), asked[1].body["replyToken"].as_str()), ("/v2/bot/message/reply", Some("reply to e1")));
        let link = text(&asked[1]).lines().last().unwrap().strip_prefix(ORIGIN).unwrap().to_owned();
        assert_eq!(link, format!("/inbox/line?linkToken={}", web::query_value(&format!("token-of-{HANAKO}"))));
        assert!(text(&asked[1]).contains("いつでもやめられます") && text(&asked[1]).contains("stop at any time"), "{}", text(&asked[1]));

        let page = house.get(&mother.cookie, &link).await;
        assert!(page.status == StatusCode::OK && page.body.contains("このLINEでも受けとりますか"), "{}", page.body);
        let signing_in = house.get("", &link).await;
        assert!(
            signing_in.status == StatusCode::SEE_OTHER && signing_in.location.contains("linkToken"),
            "back here after signing in: {}",
            signing_in.location
        );
        let nonce = house.agrees_to_line(&mother, &format!("token-of-{HANAKO}")).await;
        assert!(nonce.len() >= 40, "{nonce}");
        assert_eq!(house.lines().await, 0, "nothing is joined before LINE says whose it is");
        house.hears(json!([event("accountLink", "e2", HANAKO, json!({ "link": { "result": "ok", "nonce": nonce } }))])).await;
        assert!(text(&house.platform.asked()[0]).starts_with("つながりました"));
        assert_eq!(house.lines().await, 1);

        let body = "川が氾濫しそうです。\n\nすぐに逃げてください。";
        house.sends(&officer, &[("queue", "alert"), ("topic", "disaster"), ("title_ja", "避難指示"), ("body_ja", body)]).await;
        let asked = house.platform.asked();
        assert_eq!((asked.len(), to(&asked[0]), asked[0].path.as_str()), (1, HANAKO, "/v2/bot/message/push"));
        let newest = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        let expected = format!("避難指示\n\n川が氾濫しそうです。 すぐに逃げてください。\n\nお知らせを開く\n{ORIGIN}/inbox/{newest}");
        assert_eq!(text(&asked[0]), expected);
        let key = asked[0].retry_key.as_deref().unwrap();
        assert!(key.len() == 36 && key.split('-').count() == 5, "{key}");
        assert_eq!(house.count("select handed * 10 + within_10s from notices_pace where way = 'line' and queue = 'alert'").await, 11);
        assert_eq!(house.count("select count(delivered_at) from notices_delivery").await, 1);
        assert!(house.get(&officer, "/staff/notices").await.body.contains("LINEで受けとる住民は1人です"));

        let id = house.ids(&mother).await.pop().unwrap();
        let end = format!("/inbox/line/{id}/end");
        assert_eq!(house.post(&stranger.cookie, &end, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&mother.cookie, &format!("/inbox/mail/{id}/end"), &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&mother.cookie, &end, &[]).await.status, StatusCode::SEE_OTHER);
        house.sends(&officer, &[]).await;
        assert!(house.lines().await == 0 && house.platform.asked().is_empty());
        assert_eq!(house.titles(&mother).await.len(), 2, "the list has them all");
    }
}

#[tokio::test]
async fn who_speaks_in_lines_name_is_refused_and_what_is_told_twice_is_heard_once() {
    for house in houses_with(LINE).await {
        let mother = house.person(MOTHER).await;
        let nonce = house.agrees_to_line(&mother, "a-token").await;
        let link = |nonce: &str| json!({ "link": { "result": "ok", "nonce": nonce } });
        for _ in 0..3 {
            let forged = json!([event("accountLink", "f", UME, link(&nonce))]);
            assert_eq!(house.hears_signed("another secret", forged).await, StatusCode::FORBIDDEN);
        }
        let unsigned = Request::post("/line/webhook").body(Body::from("{\"events\":[]}")).unwrap();
        assert_eq!(house.send(unsigned).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.lines().await, 0);
        assert_eq!(house.count("select count(*) from store_audit where action = 'notices.line_refused'").await, 1, "once an hour");

        // A nonce nobody was given, one of a link that failed, and one that comes too late.
        house.hears(json!([event("accountLink", "a", UME, link("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))])).await;
        let failed = house.agrees_to_line(&mother, "a-token").await;
        house.hears(json!([event("accountLink", "b", UME, json!({ "link": { "result": "failed", "nonce": failed } }))])).await;
        house.hears(json!([event("accountLink", "c", UME, link(&failed))])).await;
        let late = house.agrees_to_line(&mother, "a-token").await;
        house.pass(SignedDuration::from_secs(10 * 60));
        house.hears(json!([event("accountLink", "d", UME, link(&late))])).await;
        assert_eq!(house.lines().await, 0);

        let nonce = house.agrees_to_line(&mother, "a-token").await;
        let joined = json!([event("accountLink", "g", HANAKO, link(&nonce))]);
        house.platform.asked();
        house.hears(joined.clone()).await;
        assert_eq!(house.platform.asked().len(), 1);
        house.hears(joined).await;
        assert_eq!((house.platform.asked().len(), house.lines().await), (0, 1), "told again, not heard again");
        // The same nonce again, by another's LINE.
        house.hears(json!([event("accountLink", "h", UME, link(&nonce))])).await;
        assert_eq!(house.lines().await, 1);

        // What is not for it, or not known to it.
        let mut group = event("message", "k", UME, json!({ "message": { "type": "text", "id": "1", "text": "link" } }));
        group["source"] = json!({ "type": "group", "groupId": "C1", "userId": UME });
        let silent = event("follow", "l", UME, json!({ "mode": "standby" }));
        let chat = event("message", "m", UME, json!({ "message": { "type": "text", "id": "1", "text": "こんにちは" } }));
        house.hears(json!([group, silent, chat, { "type": "invented" }, event("beacon", "n", UME, json!({}))])).await;
        assert!(house.platform.asked().is_empty());
        house.hears(json!([event("message", "o", UME, json!({ "message": { "type": "text", "id": "1", "text": "連携" } }))])).await;
        assert_eq!(house.platform.asked().len(), 2, "a friend of long ago asks for the link");
        // An answer that came too late is a message.
        house.platform.behave("reply to p", Some(Behaves::Status(400, r#"{"message":"Invalid reply token"}"#)));
        house.hears(json!([event("postback", "p", UME, json!({ "postback": { "data": "link" } }))])).await;
        let asked = house.platform.asked();
        assert_eq!((asked.len(), to(asked.last().unwrap())), (3, UME));
        house.hears(json!([])).await;
    }
}

#[tokio::test]
async fn who_blocks_the_town_is_written_to_no_more() {
    for house in houses_with(LINE).await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        house.joins(&mother, HANAKO).await;
        house.joins(&grandmother, UME).await;
        let notice = house.writes(&officer, &[]).await;
        house.post(&officer, &format!("{notice}/submit"), &[]).await;
        while house.courier.once(Queue::Normal, Work::Reach).await.unwrap() {}
        assert_eq!(house.count("select count(*) from notices_letter where way = 'line'").await, 2);
        house.hears(json!([event("unfollow", "u", HANAKO, json!({}))])).await;
        assert_eq!(house.count("select count(*) from notices_letter where way = 'line'").await, 1);
        house.platform.behave(UME, Some(Behaves::Status(400, r#"{"message":"Failed to send messages"}"#)));
        house.deliver().await;
        assert_eq!(house.platform.asked().iter().map(to).collect::<Vec<_>>(), [UME]);
        assert!(house.get(&grandmother.cookie, "/inbox/settings").await.body.contains("LINEから、届けられないという返事がありました"));
        assert_eq!(house.ids(&mother).await, Vec::<String>::new());
        house.sends(&officer, &[]).await;
        assert!(house.platform.asked().is_empty());
        assert_eq!(house.count("select gone from notices_pace where way = 'line'").await, 1);
        // Joined again it is told again, and stands there once.
        house.platform.behave(UME, None);
        house.joins(&grandmother, UME).await;
        house.sends(&officer, &[]).await;
        assert_eq!((house.platform.asked().len(), house.lines().await), (1, 1));
    }
}

#[tokio::test]
async fn a_message_line_has_taken_is_not_sent_twice_whoever_was_killed_when() {
    for house in houses_with(LINE).await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.joins(&mother, HANAKO).await;
        // Its answer is lost on the way.
        house.platform.behave(HANAKO, Some(Behaves::AnswerLost));
        house.sends(&officer, &[]).await;
        house.platform.behave(HANAKO, None);
        house.pass(SignedDuration::from_secs(3));
        house.deliver().await;
        let asked = house.platform.asked();
        assert_eq!((asked.len(), asked[0].retry_key == asked[1].retry_key), (2, true));
        assert_eq!(house.platform.accepted.lock().unwrap().len(), 1, "LINE has it once");
        assert_eq!(house.count("select handed from notices_pace where way = 'line'").await, 1);
        assert_eq!(house.count("select count(*) from notices_letter").await, 0);

        // The courier ends between what LINE took and what it was to note of it.
        let notice = house.writes(&officer, &[("title_ja", "停電")]).await;
        house.post(&officer, &format!("{notice}/submit"), &[]).await;
        while house.courier.once(Queue::Normal, Work::Reach).await.unwrap() {}
        house.platform.behave(HANAKO, Some(Behaves::Late));
        let over = tokio::time::timeout(Duration::from_millis(200), house.courier.once(Queue::Normal, Work::HandOver(Way::Line))).await;
        assert!(over.is_err(), "it was killed on the way");
        house.platform.behave(HANAKO, None);
        house.deliver().await;
        assert_eq!(house.platform.asked().len(), 1, "nobody else takes it meanwhile");
        house.pass(SignedDuration::from_mins(16));
        house.deliver().await;
        assert_eq!(house.platform.asked().len(), 1);
        assert_eq!(house.platform.accepted.lock().unwrap().len(), 2, "two notices, each once");
        assert_eq!(house.count("select count(*) from notices_letter").await, 0);
    }
}

#[tokio::test]
async fn a_busy_line_is_asked_later_and_a_used_up_month_is_said_to_staff() {
    for house in houses_with(LINE).await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        house.joins(&mother, HANAKO).await;
        house.joins(&grandmother, UME).await;
        house.platform.behave(HANAKO, Some(Behaves::Status(429, r#"{"message":"The API rate limit has been exceeded."}"#)));
        house.sends(&officer, &[]).await;
        assert_eq!(house.platform.asked().len(), 2);
        house.platform.behave(HANAKO, None);
        house.pass(SignedDuration::from_secs(89));
        house.deliver().await;
        assert!(house.platform.asked().is_empty(), "LINE asked for ninety seconds");
        house.pass(SignedDuration::from_secs(2));
        house.deliver().await;
        assert_eq!(house.platform.asked().len(), 1);

        let limit = Behaves::Status(429, r#"{"message":"You have reached your monthly limit."}"#);
        for user in [HANAKO, UME] {
            house.platform.behave(user, Some(limit.clone()));
        }
        house.sends(&officer, &[]).await;
        house.platform.asked();
        let desk = house.get(&officer, "/staff/notices").await.body;
        assert!(desk.contains("LINEで送れていません") && desk.contains("契約の上限") && desk.contains("紙の一覧"), "{desk}");
        house.sends(&officer, &[]).await;
        assert!(house.platform.asked().is_empty(), "it is left alone");
        house.pass(SignedDuration::from_mins(16));
        house.deliver().await;
        assert_eq!(house.platform.asked().len(), 1, "one tries for all");
        // Within a day it takes again: everybody has it then.
        for user in [HANAKO, UME] {
            house.platform.behave(user, None);
        }
        house.pass(SignedDuration::from_mins(16));
        house.deliver().await;
        assert_eq!(house.platform.asked().len(), 4);
        assert!(!house.get(&officer, "/staff/notices").await.body.contains("LINEで送れていません"));

        // After a day it is given up: who has not opened it stands on the paper list.
        for user in [HANAKO, UME] {
            house.platform.behave(user, Some(limit.clone()));
        }
        house.sends(&officer, &[("title_ja", "間に合わない")]).await;
        house.platform.asked();
        let refused = house.count("select coalesce(sum(refused), 0) from notices_pace where way = 'line'").await;
        house.pass(SignedDuration::from_hours(25));
        house.deliver().await;
        assert!(house.platform.asked().is_empty());
        assert_eq!(house.count("select sum(refused) from notices_pace where way = 'line'").await - refused, 2);
        assert_eq!(house.count("select count(*) from notices_letter").await, 0);

        // A token LINE does not know is nobody's fault either.
        house.platform.behave(HANAKO, Some(Behaves::Status(401, "{}")));
        house.pass(SignedDuration::from_mins(16));
        let officer = house.officer().await;
        house.sends(&officer, &[]).await;
        assert!(house.get(&officer, "/staff/notices").await.body.contains("チャネルアクセストークン"));
        assert_eq!(house.lines().await, 2);
    }
}

#[tokio::test]
async fn line_is_told_nothing_of_a_person_and_of_nothing_they_left_out() {
    for mut house in houses_with(LINE).await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.plan_days().await;
        house.joins(&mother, HANAKO).await;
        let rule = [("audience", "rule"), ("rule", "today >= birthday(20)"), ("title_ja", "ひとり親の手当"), ("body_ja", "手当の額")];
        house.sends(&officer, &rule).await;
        let children = [("audience", "rule"), ("rule", "today < birthday(12)"), ("title_ja", "予防接種"), ("body_ja", "まだの方へ")];
        house.sends(&officer, &children).await;
        let asked = house.platform.asked();
        assert_eq!(asked.len(), 2);
        for request in &asked {
            let all = request.body.to_string();
            assert!(text(request).starts_with("あなたへのお知らせが届きました") && text(request).contains(ORIGIN), "{all}");
            assert!(!all.contains("手当") && !all.contains("接種") && !all.contains("まだの方") && !all.contains("人1"), "{all}");
        }
        house.row(CHILD).household = "H9".to_owned();
        house.bring().await;
        house.sends(&officer, &children).await;
        assert!(house.platform.asked().is_empty(), "she acts for the child no longer");

        house.post(&mother.cookie, "/inbox/topics", &[("topic", "health")]).await;
        house.sends(&officer, &[("topic", "town"), ("remind_days", "3")]).await;
        house.sends(&officer, &[("topic", "disaster"), ("title_ja", "大雨"), ("remind_days", "3")]).await;
        assert_eq!(house.platform.asked().len(), 1);
        house.pass(SignedDuration::from_hours(24 * 4));
        house.run_jobs().await;
        house.deliver().await;
        let reminded = house.platform.asked();
        assert_eq!(reminded.iter().map(|request| text(request).lines().next().unwrap()).collect::<Vec<_>>(), ["大雨"]);
    }
}

#[tokio::test]
async fn one_line_is_told_of_one_account_and_of_none_that_is_closed() {
    for house in houses_with(LINE).await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        house.joins(&mother, HANAKO).await;
        house.joins(&grandmother, HANAKO).await;
        house.sends(&officer, &[]).await;
        assert_eq!((house.platform.asked().len(), house.lines().await, house.ids(&mother).await.len()), (1, 1, 0));
        let copy = house.get(&grandmother.cookie, "/inbox/settings").await.body;
        assert!(copy.contains("からつながっています") && !copy.contains(HANAKO), "what LINE calls them says nothing to them");
        for number in 3..5 {
            house.joins(&grandmother, &format!("U0000000000000000000000000000000{number}")).await;
        }
        let fourth = house.post(&grandmother.cookie, "/inbox/line", &[("linkToken", "a-token")]).await;
        assert!(fourth.status == StatusCode::UNPROCESSABLE_ENTITY && fourth.body.contains("3つまで"), "{}", fourth.body);
        let nonce = house.agrees_to_line(&mother, "a-token").await;
        for person in [&mother, &grandmother] {
            let mut ctx = house.begin(store::Actor::System).await;
            ctx.record(identity::AccountClosed::KIND, &identity::AccountClosed { account: person.account }).await.unwrap();
            ctx.commit().await.unwrap();
        }
        house.hears(json!([event("accountLink", "z", HANAKO, json!({ "link": { "result": "ok", "nonce": nonce } }))])).await;
        assert_eq!(house.lines().await + house.count("select count(*) from notices_reach").await, 0);
        house.plan_days().await;
        house.pass(SignedDuration::from_hours(24 * 32));
        house.run_jobs().await;
        assert_eq!(house.count("select count(*) from notices_line_event").await, 0);
    }
}

#[tokio::test]
async fn a_town_without_an_official_account_speaks_of_no_line() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        for (cookie, path) in [(&mother.cookie, "/inbox/settings"), (&officer, "/staff/notices"), (&mother.cookie, "/inbox")] {
            assert!(!house.get(cookie, path).await.body.contains("LINE"), "{path}");
        }
        assert_eq!(house.get(&mother.cookie, "/inbox/line?linkToken=a").await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&mother.cookie, "/inbox/line", &[("linkToken", "a")]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.hears_signed(SECRET, json!([])).await, StatusCode::NOT_FOUND);
    }
}
