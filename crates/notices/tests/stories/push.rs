//! Browsers that are told, as push services see it.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use axum::http::StatusCode;
use jiff::SignedDuration;
use notices::Answer;
use notices::push::PushRequest;
use serde_json::{Value, json};

use super::{CHILD, GRANDMOTHER, MOTHER, STRANGER, b64, houses};

/// A browser with its keys, which opens what it is sent.
pub(crate) struct Browser {
    pub(crate) endpoint: String,
    key: PrivateKey,
    auth: [u8; 16],
}

struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

impl Browser {
    pub(crate) fn new(name: &str) -> Self {
        Self { endpoint: format!("https://push.example/{name}"), key: PrivateKey::generate(&ECDH_P256).unwrap(), auth: [9; 16] }
    }

    pub(crate) fn offer(&self) -> Value {
        let point = self.key.compute_public_key().unwrap();
        json!({ "endpoint": self.endpoint, "expirationTime": null, "keys": { "p256dh": b64(point.as_ref()), "auth": b64(&self.auth) } })
    }

    /// Opens a message as RFC 8291 says the receiver does.
    pub(crate) fn opens(&self, request: &PushRequest) -> Value {
        let (salt, rest) = request.body.split_at(16);
        let (record, rest) = rest.split_at(4);
        assert_eq!(record, 4096_u32.to_be_bytes());
        let (point, sealed) = rest[1..].split_at(usize::from(rest[0]));
        let own = self.key.compute_public_key().unwrap();
        let expand = |prk: &aws_lc_rs::hkdf::Prk, info: &[&[u8]], length: usize| {
            let mut out = vec![0; length];
            prk.expand(info, Len(length)).unwrap().fill(&mut out).unwrap();
            out
        };
        let prk = agree(&self.key, UnparsedPublicKey::new(&ECDH_P256, point), (), |secret| {
            let prk = Salt::new(HKDF_SHA256, &self.auth).extract(secret);
            let ikm = expand(&prk, &[b"WebPush: info\0", own.as_ref(), point], 32);
            Ok(Salt::new(HKDF_SHA256, salt).extract(&ikm))
        })
        .unwrap();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &expand(&prk, &[b"Content-Encoding: aes128gcm\0"], 16)).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&expand(&prk, &[b"Content-Encoding: nonce\0"], 12)).unwrap();
        let mut sealed = sealed.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).unwrap();
        assert_eq!(plain.last(), Some(&2));
        serde_json::from_slice(&plain[..plain.len() - 1]).unwrap()
    }
}

#[tokio::test]
async fn a_browser_that_asked_is_told_and_can_read_it_alone() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        let browser = house.subscribes(&mother, "a").await;
        house
            .sends(
                &officer,
                &[
                    ("queue", "alert"),
                    ("topic", "disaster"),
                    ("title_ja", "避難指示"),
                    ("body_ja", "千曲川が氾濫しそうです。\n\nすぐに逃げてください。"),
                ],
            )
            .await;
        let posted = house.posted();
        assert_eq!(posted.len(), 1);
        let told = browser.opens(&posted[0]);
        assert_eq!(
            (told["title"].as_str(), told["body"].as_str()),
            (Some("避難指示"), Some("千曲川が氾濫しそうです。 すぐに逃げてください。"))
        );
        let inbox = house.inbox(&mother).await;
        assert_eq!(told["href"], format!("/inbox/{}", inbox[0]["id"].as_str().unwrap()));
        assert_eq!((posted[0].urgency, posted[0].topic.len()), ("high", 32));
        assert!(posted[0].authorization.starts_with("vapid t="));
        assert!(!String::from_utf8_lossy(&posted[0].body).contains("避難"));
        assert_eq!(house.count("select count(*) from notices_message").await, 0);
        assert_eq!(house.count("select within_10s from notices_pace where way = 'push' and queue = 'alert'").await, 1);
    }
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_never_used_again_and_one_that_is_busy_waits() {
    for house in houses().await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        let (gone, busy) = (house.subscribes(&mother, "gone").await, house.subscribes(&grandmother, "busy").await);
        house.post.answers.lock().unwrap().extend([
            (gone.endpoint.clone(), Answer::Gone(410)),
            (busy.endpoint.clone(), Answer::Later { status: 429, after_s: Some(120) }),
        ]);
        house.sends(&officer, &[]).await;
        assert_eq!(house.posted().len(), 2);
        assert_eq!(house.count("select count(*) from notices_subscription").await, 1);
        house.pass(SignedDuration::from_secs(119));
        house.deliver().await;
        assert!(house.posted().is_empty(), "the push service asked for two minutes");
        house.post.answers.lock().unwrap().clear();
        house.pass(SignedDuration::from_secs(2));
        house.deliver().await;
        let posted = house.posted();
        assert_eq!(posted.iter().map(|request| request.endpoint.as_str()).collect::<Vec<_>>(), [busy.endpoint.as_str()]);
        assert_eq!(house.count("select handed - within_10s from notices_pace where way = 'push'").await, 1, "two minutes late is late");
    }
}

#[tokio::test]
async fn a_parent_is_told_of_a_childs_notice_for_as_long_as_they_act_for_the_child() {
    for mut house in houses().await {
        let (mother, stranger, officer) = (house.person(MOTHER).await, house.person(STRANGER).await, house.officer().await);
        let browser = house.subscribes(&mother, "mother").await;
        house.subscribes(&stranger, "stranger").await;
        let children = [("audience", "rule"), ("rule", "today < birthday(12)"), ("title_ja", "予防接種"), ("body_ja", "まだの方へ")];
        house.sends(&officer, &children).await;
        let posted = house.posted();
        assert_eq!(posted.len(), 1, "the child's mother alone");
        assert_eq!(browser.opens(&posted[0])["title"], "予防接種");
        assert_eq!(house.inbox(&mother).await[0]["of_child"], true);
        assert!(house.inbox(&stranger).await.is_empty());
        // The child moves to its father's, by night.
        house.row(CHILD).household = "H9".to_owned();
        house.bring().await;
        house.sends(&officer, &children).await;
        assert!(house.posted().is_empty());
        assert!(house.inbox(&mother).await.is_empty(), "what was the child's is the child's");
    }
}

#[tokio::test]
async fn a_lost_phone_is_told_nothing_more() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.subscribes(&mother, "lost").await;
        let mut ctx = house.begin(store::Actor::System).await;
        ctx.record(identity::AllEnded::KIND, &identity::AllEnded { account: mother.account }).await.unwrap();
        ctx.commit().await.unwrap();
        house.sends(&officer, &[]).await;
        assert!(house.posted().is_empty());
    }
}

#[tokio::test]
async fn topics_that_were_left_out_are_not_pushed_but_stand_in_the_inbox_and_dangers_always_are() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.subscribes(&mother, "a").await;
        assert_eq!(house.post(&mother.cookie, "/inbox/topics", &[("topic", "health")]).await.status, StatusCode::SEE_OTHER);
        house.sends(&officer, &[("topic", "town")]).await;
        assert!(house.posted().is_empty());
        house.pass(SignedDuration::from_secs(1));
        house.sends(&officer, &[("topic", "health"), ("title_ja", "健診")]).await;
        house.pass(SignedDuration::from_secs(1));
        house.sends(&officer, &[("topic", "disaster"), ("title_ja", "大雨")]).await;
        assert_eq!(house.posted().len(), 2);
        assert_eq!(house.titles(&mother).await, ["大雨", "健診", "断水"]);
    }
}

#[tokio::test]
async fn what_is_no_push_service_is_refused() {
    for house in houses().await {
        let mother = house.person(MOTHER).await;
        let good = Browser::new("x").offer();
        for (endpoint, p256dh) in [("http://push.example/x", None), ("https://10.0.0.1/x", None), ("https://push.example/x", Some("AAAA"))]
        {
            let mut offer = good.clone();
            offer["endpoint"] = endpoint.into();
            if let Some(key) = p256dh {
                offer["keys"]["p256dh"] = key.into();
            }
            let answer = house.json(&mother.cookie, "POST", "/api/v1/inbox/subscriptions", offer).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{endpoint}");
            assert!(answer.body.contains("notices.subscription"), "{}", answer.body);
        }
        assert_eq!(house.json("", "POST", "/api/v1/inbox/subscriptions", good).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_topic_that_is_left_out_is_not_reminded_of_either() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.plan_days().await;
        house.subscribes(&mother, "a").await;
        house.post(&mother.cookie, "/inbox/topics", &[("topic", "health")]).await;
        house.sends(&officer, &[("topic", "town"), ("remind_days", "3")]).await;
        house.sends(&officer, &[("topic", "disaster"), ("remind_days", "3")]).await;
        assert_eq!(house.posted().len(), 1, "what saves lives is told all the same");
        house.pass(SignedDuration::from_hours(24 * 4));
        house.run_jobs().await;
        house.deliver().await;
        assert_eq!(house.posted().len(), 1);
    }
}
