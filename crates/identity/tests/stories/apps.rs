use identity::{
    AccountProven, AppAnswer, AppBegun, AppEnded, AppRefusal, AppRefused, Apps, Assurance, Error, Level, ProofKind, Proven, Result,
    note_app_refusal,
};
use jiff::SignedDuration;
use jpki::Status;
use serde_json::json;
use store::{AccountId, Actor, Match};
use town::AppId;

use crate::card::{Says, hanako, taro};
use crate::op::{Forgery, ISSUER, Op, State, fixed, found};
use crate::{Finds, House, ORIGIN, houses, refused, start};

/// Asks, as the browser of `actor`; gives what it keeps.
pub(crate) async fn begin(house: &House, apps: &Apps, actor: Actor, app: &AppId) -> Result<AppBegun> {
    let prepared = apps.prepare(app, "I am the one who asks.", store::Clock::now(&*house.clock))?;
    let mut ctx = house.begin(actor).await;
    let begun = identity::begin_app_proof(&mut ctx, apps, prepared).await?;
    ctx.commit().await?;
    Ok(begun)
}

/// Brings an answer, as the room above does; a refusal is noted.
pub(crate) async fn bring(house: &House, apps: &Apps, app: &AppId, answer: &AppAnswer, secret: Option<&str>) -> Result<Proven> {
    bring_while(house, apps, app, answer, secret, Status::Good).await
}

/// The same while lists say this of every certificate.
pub(crate) async fn bring_while(
    house: &House,
    apps: &Apps,
    app: &AppId,
    answer: &AppAnswer,
    secret: Option<&str>,
    says: Status,
) -> Result<Proven> {
    let taken = try_to_bring(house, apps, app, answer, secret, &Says(says)).await;
    if let Err(error) = &taken {
        let mut ctx = house.begin(Actor::System).await;
        note_app_refusal(&mut ctx, app, &answer.state, error).await?;
        ctx.commit().await?;
    }
    taken
}

async fn try_to_bring(house: &House, apps: &Apps, app: &AppId, answer: &AppAnswer, secret: Option<&str>, says: &Says) -> Result<Proven> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let question = identity::take_app_answer(&mut ctx, app, answer, secret).await?;
    ctx.commit().await?;
    let told = apps.ask(&question, answer, &house.cards.verifier(), says, store::Clock::now(&*house.clock))?;
    let mut ctx = house.begin(Actor::Anonymous).await;
    let proven = identity::complete_app_proof(&mut ctx, &house.settings, &Finds(Match::None), apps, question, told).await?;
    ctx.commit().await?;
    Ok(proven)
}

/// From the asking to the account, by one app.
pub(crate) async fn prove(house: &House, op: &Op, apps: &Apps, actor: Actor, app: &AppId) -> Result<Proven> {
    op.is(store::Clock::now(&*house.clock));
    let begun = begin(house, apps, actor, app).await?;
    let answer = op.agree(&begun.address);
    bring(house, apps, app, &answer, Some(&begun.secret)).await
}

/// Why answers were refused, as the event log tells it.
pub(crate) async fn reasons(house: &House) -> Vec<String> {
    let events = house.events(AppRefused::KIND).await;
    events.iter().map(|event| serde_json::from_str::<AppRefused>(event).unwrap().reason).collect()
}

#[tokio::test]
async fn an_app_proves_a_person_as_a_card_does() {
    for mut house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let proven = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert!(proven.opened());
        assert_eq!((proven.account().name.as_str(), proven.account().assurance), ("青空　花子", Assurance::UserAuth));
        let account = proven.account().id;
        house.pass(SignedDuration::from_mins(1));
        // Her card, whose certificate says the same, leads to the same account, and is surer.
        let card = house.cards.issue(hanako());
        let surer = house.prove(Actor::Anonymous, &card).await.unwrap();
        assert_eq!((surer.account().id, surer.opened(), surer.keys()), (account, false, proven.keys()));
        house.pass(SignedDuration::from_mins(1));
        // And the app finds it again, now that somebody else's address stands in the register: what a card proved stays.
        op.state().told["address"] = json!("青空村大字湯ノ沢９番地");
        let again = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert_eq!((again.account().id, again.account().assurance, again.keys()), (account, Assurance::Signature, None));

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let proofs = identity::proofs_of(&mut ctx, account).await.unwrap();
        let first = proofs.last().unwrap();
        assert_eq!((first.kind, first.ial, first.aal), (ProofKind::App, Level::Two, Level::Three));
        assert_eq!(first.until.to_string(), "2027-11-23");
        let evidence: serde_json::Value = serde_json::from_str(&first.evidence).unwrap();
        assert_eq!(evidence, json!({ "app": "fixed", "issuer": ISSUER, "client_id": "aozora", "algorithm": "ES256", "acr": "aal3" }));
        drop(ctx);
        assert_eq!(house.audited(&account.to_string()).await, ["account.proven_by_app", "account.proven", "account.proven_by_app"]);
        assert_eq!(house.events(AccountProven::KIND).await.len(), 3);
    }
}

#[tokio::test]
async fn nothing_of_the_person_is_told_or_kept_in_the_clear() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        op.state().token = json!({ "nonce": "n" });
        let Err(error) = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await else { panic!("not refused") };
        let mut ctx = house.begin(Actor::System).await;
        let questions: Vec<(Option<String>, Option<String>)> =
            ctx.tx().query("select nonce, verifier from identity_app_question", &[]).await.unwrap();
        assert_eq!(questions, [(None, None), (None, None)], "they were needed once");
        let subjects: Vec<(Vec<u8>,)> = ctx.tx().query("select subject_key from identity_app_subject", &[]).await.unwrap();
        assert_eq!(subjects.len(), 1);
        drop(ctx);
        let told = format!("{}{error}{error:?}", house.told().await);
        for personal in ["青空", "花子", "本村", "1980", "person-1", "code-0", "access\""] {
            assert!(!told.contains(personal), "{personal} is in {told}");
        }
    }
}

#[tokio::test]
async fn discovery_finds_the_same_and_is_surer_where_the_pack_says_so() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let proven = prove(&house, &op, &apps, Actor::Anonymous, &found()).await.unwrap();
        assert_eq!(proven.account().assurance, Assurance::Signature);
        // One provider calls one person the same, whichever app asks.
        let other = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert_eq!((other.account().id, other.opened()), (proven.account().id, false));
        prove(&house, &op, &apps, Actor::Anonymous, &found()).await.unwrap();
        let asked = |part: &str| op.state().asked.iter().filter(|address| address.contains(part)).count();
        assert_eq!((asked("openid-configuration"), asked("certs")), (1, 2), "what was said a moment ago is not asked again");
        house.pass(SignedDuration::from_mins(61));
        prove(&house, &op, &apps, Actor::Anonymous, &found()).await.unwrap();
        assert_eq!((asked("openid-configuration"), asked("certs")), (2, 3));
    }
}

#[tokio::test]
async fn a_sign_in_without_items_needs_somebody_who_is_known() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let items = std::mem::replace(&mut op.state().told, json!({}));
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await, Error::App(AppRefusal::Claims));
        op.state().told = items;
        let account = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap().account().id;
        op.state().told = json!({});
        let signed_in = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert_eq!((signed_in.account().id, signed_in.keys(), signed_in.account().name.as_str()), (account, None, "青空　花子"));
        assert!(signed_in.items().is_none());
    }
}

#[tokio::test]
async fn an_app_leads_to_its_person_until_they_take_it_away_or_leave_it_unused_for_a_year() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let items = op.state().told.clone();
        let account = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap().account().id;
        let mut ctx = house.begin(Actor::Holder(account)).await;
        assert_eq!(identity::apps_of(&mut ctx, account).await.unwrap().iter().map(|used| &used.app).collect::<Vec<_>>(), [&fixed()]);
        refused!(identity::end_app(&mut ctx, account, &found()).await, Error::UnknownApp);
        identity::end_app(&mut ctx, account, &fixed()).await.unwrap();
        assert_eq!(identity::apps_of(&mut ctx, account).await.unwrap(), []);
        ctx.commit().await.unwrap();
        op.state().told = json!({});
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await, Error::App(AppRefusal::Claims));
        assert_eq!(house.events(AppEnded::KIND).await.len(), 1);

        op.state().told = items;
        let again = prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert_eq!((again.account().id, again.opened()), (account, false), "the four items still find the person");
        op.state().told = json!({});
        house.pass(SignedDuration::from_hours(24 * 364));
        assert_eq!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap().account().id, account);
        house.pass(SignedDuration::from_hours(24 * 365));
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await, Error::App(AppRefusal::Claims));

        let stranger = AccountId::new(start());
        let mut ctx = house.begin(Actor::Holder(stranger)).await;
        refused!(identity::apps_of(&mut ctx, account).await, Error::AccountNotFound);
        refused!(identity::end_app(&mut ctx, account, &fixed()).await, Error::AccountNotFound);
    }
}

#[tokio::test]
async fn nobody_is_led_into_anothers_account() {
    for mut house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let card = house.cards.issue(taro());
        let taro = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        refused!(prove(&house, &op, &apps, Actor::Holder(taro), &fixed()).await, Error::OtherPerson);
        let mut ctx = house.begin(Actor::System).await;
        let light = identity::start_light_account(&mut ctx, "祖母").await.unwrap().id;
        ctx.commit().await.unwrap();
        let own = prove(&house, &op, &apps, Actor::Holder(light), &fixed()).await.unwrap();
        assert_eq!(own.account().id, light, "a light account becomes the person's own");
        // The provider hands her subject to another person.
        op.state().told["birthdate"] = json!("1979-11-03");
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await, Error::OtherPerson);
        assert_eq!(reasons(&house).await, ["other_person", "other_person"]);
    }
}

/// Asks and brings the answer of a provider bent in one way; gives the refusal, and sees that it was recorded and proved nobody.
async fn bent(house: &House, app: &AppId, bend: impl FnOnce(&mut State, &mut AppAnswer)) -> AppRefusal {
    let now = store::Clock::now(&*house.clock);
    let op = Op::new(now);
    let apps = op.apps(ORIGIN);
    let begun = begin(house, &apps, Actor::Anonymous, app).await.unwrap();
    let mut answer = op.agree(&begun.address);
    bend(&mut op.state(), &mut answer);
    let before = reasons(house).await.len();
    let Err(Error::App(refusal)) = bring(house, &apps, app, &answer, Some(&begun.secret)).await else { panic!("not refused") };
    assert_eq!(reasons(house).await[before..], [refusal.as_str()]);
    // Whatever it was: no second answer to the same question.
    refused!(bring(house, &apps, app, &answer, Some(&begun.secret)).await, Error::ProofReplayed);
    assert_eq!(house.events(AccountProven::KIND).await, Vec::<String>::new());
    refusal
}

#[tokio::test]
async fn what_is_wrong_with_an_id_token_is_said_and_recorded() {
    for house in houses().await {
        let at = start().as_second();
        for (token, why) in [
            (json!({ "iss": "https://other.example.jp" }), AppRefusal::TokenIssuer),
            (json!({ "aud": "another-town" }), AppRefusal::Audience),
            (json!({ "aud": ["aozora", "another-town"] }), AppRefusal::Audience),
            (json!({ "azp": "another-town" }), AppRefusal::Audience),
            (json!({ "exp": at - 60, "iat": at - 60 }), AppRefusal::Time),
            (json!({ "iat": at - 3600 }), AppRefusal::Time),
            (json!({ "nonce": "swapped" }), AppRefusal::Nonce),
            (json!({ "nonce": null }), AppRefusal::Nonce),
            (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), AppRefusal::AccessToken),
            (json!({ "acr": "aal1" }), AppRefusal::Acr),
            (json!({ "sub": null }), AppRefusal::Answer),
        ] {
            assert_eq!(bent(&house, &fixed(), |op, _| op.token = token.clone()).await, why, "{token}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_signature_is_said_and_recorded() {
    for house in houses().await {
        for (head, forged, why) in [
            (json!({ "alg": "none" }), Forgery::Empty, AppRefusal::Algorithm),
            (json!({ "alg": "HS256" }), Forgery::HmacOfPublicKey, AppRefusal::Algorithm),
            (json!({ "alg": "RS256" }), Forgery::Stranger, AppRefusal::Algorithm),
            (json!({ "alg": "ES384" }), Forgery::Stranger, AppRefusal::Algorithm),
            (json!({ "kid": "unknown" }), Forgery::Stranger, AppRefusal::Key),
            (json!({}), Forgery::Stranger, AppRefusal::Signature),
            (json!({}), Forgery::Empty, AppRefusal::Signature),
            (json!({ "kid": null }), Forgery::Stranger, AppRefusal::Signature),
            (json!({ "crit": ["exp"] }), Forgery::Stranger, AppRefusal::Answer),
        ] {
            let bend = |op: &mut State, _: &mut AppAnswer| {
                op.head = head.clone();
                op.forged = Some(forged);
            };
            assert_eq!(bent(&house, &fixed(), bend).await, why, "{head}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_what_the_browser_brings_is_said_and_recorded() {
    for house in houses().await {
        let error = |error: &'static str| move |_: &mut State, answer: &mut AppAnswer| answer.error = Some(error.to_owned());
        assert_eq!(bent(&house, &fixed(), error("access_denied")).await, AppRefusal::Cancelled);
        assert_eq!(bent(&house, &fixed(), error("temporarily_unavailable")).await, AppRefusal::Away);
        assert_eq!(bent(&house, &fixed(), error("invalid_scope")).await, AppRefusal::Provider);
        assert_eq!(bent(&house, &fixed(), |_, answer| answer.code = None).await, AppRefusal::Answer);
        assert_eq!(bent(&house, &fixed(), |_, answer| answer.code = Some("code-9".to_owned())).await, AppRefusal::Code);
        let other = |_: &mut State, answer: &mut AppAnswer| answer.issuer = Some("https://other.example.jp".to_owned());
        assert_eq!(bent(&house, &fixed(), other).await, AppRefusal::Issuer);
        // A provider that says it always names itself must; one of which nobody knows may not.
        assert_eq!(bent(&house, &found(), |_, answer| answer.issuer = None).await, AppRefusal::Issuer);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_provider_is_said_and_recorded() {
    for house in houses().await {
        assert_eq!(bent(&house, &fixed(), |op, _| op.silent = Some("/token")).await, AppRefusal::Away);
        assert_eq!(bent(&house, &fixed(), |op, _| op.silent = Some("/certs")).await, AppRefusal::Away);
        assert_eq!(bent(&house, &fixed(), |op, _| op.status = Some(("/token", 503))).await, AppRefusal::Away);
        assert_eq!(bent(&house, &fixed(), |op, _| op.status = Some(("/token", 400))).await, AppRefusal::Provider);
        assert_eq!(bent(&house, &fixed(), |op, _| op.status = Some(("/token", 200))).await, AppRefusal::Answer);
        assert_eq!(bent(&house, &fixed(), |op, _| op.status = Some(("/userinfo", 403))).await, AppRefusal::Answer);
        assert_eq!(bent(&house, &fixed(), |op, _| op.published = json!({ "keys": [] })).await, AppRefusal::Key);
        assert_eq!(bent(&house, &fixed(), |op, _| op.published = json!([])).await, AppRefusal::Answer);
        assert_eq!(bent(&house, &fixed(), |op, _| op.told["sub"] = json!("person-2")).await, AppRefusal::Subject);
        assert_eq!(bent(&house, &fixed(), |op, _| op.told["sub"] = json!(null)).await, AppRefusal::Subject);
        assert_eq!(bent(&house, &fixed(), |op, _| op.told["address"] = json!(null)).await, AppRefusal::Claims);
        assert_eq!(bent(&house, &fixed(), |op, _| op.told["birthdate"] = json!("19800230")).await, AppRefusal::Claims);
    }
}

#[tokio::test]
async fn a_discovery_document_that_is_not_the_issuers_own_is_not_followed() {
    for house in houses().await {
        for document in [
            json!({ "issuer": "https://other.example.jp" }),
            json!({ "token_endpoint": "http://op.example.jp/token" }),
            json!({ "jwks_uri": "http://localhost:9/certs" }),
            json!({ "code_challenge_methods_supported": ["plain"] }),
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] }),
            json!({ "authorization_endpoint": null }),
        ] {
            let op = Op::new(start());
            let apps = op.apps(ORIGIN);
            op.state().discovery = document;
            refused!(begin(&house, &apps, Actor::Anonymous, &found()).await, Error::App(AppRefusal::Discovery));
        }
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        op.state().silent = Some("openid-configuration");
        refused!(begin(&house, &apps, Actor::Anonymous, &found()).await, Error::App(AppRefusal::Away));
        // Whoever comes next does not wait for the network as long, and a quarter of a minute later it is asked again.
        op.state().silent = None;
        refused!(begin(&house, &apps, Actor::Anonymous, &found()).await, Error::App(AppRefusal::Away));
        assert!(begin(&house, &apps, Actor::Anonymous, &fixed()).await.is_ok(), "another app's provider");
        house.pass(SignedDuration::from_secs(15));
        assert!(begin(&house, &apps, Actor::Anonymous, &found()).await.is_ok());
        refused!(begin(&house, &apps, Actor::Anonymous, &"nobodys".parse().unwrap()).await, Error::UnknownApp);
    }
}

#[tokio::test]
async fn an_answer_belongs_to_one_question_one_app_and_one_browser() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let begun = begin(&house, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        let other = begin(&house, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        let answer = op.agree(&begun.address);
        let stranger = AppAnswer { state: "x".repeat(43), ..answer.clone() };
        refused!(bring(&house, &apps, &fixed(), &stranger, Some(&begun.secret)).await, Error::ProofNotFound);
        refused!(bring(&house, &apps, &found(), &answer, Some(&begun.secret)).await, Error::App(AppRefusal::OtherApp));
        refused!(bring(&house, &apps, &fixed(), &answer, Some(&other.secret)).await, Error::App(AppRefusal::OtherBrowser));
        refused!(bring(&house, &apps, &fixed(), &answer, None).await, Error::App(AppRefusal::OtherBrowser));
        refused!(bring(&house, &apps, &fixed(), &answer, None).await, Error::App(AppRefusal::OtherBrowser));
        // None of them took it from whom it belongs to; once it is taken, nobody has it again.
        bring(&house, &apps, &fixed(), &answer, Some(&begun.secret)).await.unwrap();
        refused!(bring(&house, &apps, &fixed(), &answer, Some(&begun.secret)).await, Error::ProofReplayed);
        refused!(bring(&house, &apps, &fixed(), &answer, None).await, Error::ProofReplayed);
        assert_eq!(reasons(&house).await, ["app_other_app", "app_other_browser", "proof_replayed"], "the same is told once");
        // A code of another question: its verifier is not ours to know.
        let second = op.agree(&other.address);
        let third = begin(&house, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        let mixed = AppAnswer { code: second.code, ..op.agree(&third.address) };
        refused!(bring(&house, &apps, &fixed(), &mixed, Some(&third.secret)).await, Error::App(AppRefusal::Code));
    }
}

#[tokio::test]
async fn ten_minutes_and_no_longer() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        for (wait, in_time) in [(599, true), (600, false)] {
            let begun = begin(&house, &apps, Actor::Anonymous, &fixed()).await.unwrap();
            assert_eq!(begun.expires_at, store::Clock::now(&*house.clock) + SignedDuration::from_mins(10));
            let answer = op.agree(&begun.address);
            house.pass(SignedDuration::from_secs(wait));
            op.is(store::Clock::now(&*house.clock));
            let brought = bring(&house, &apps, &fixed(), &answer, Some(&begun.secret)).await;
            assert_eq!(brought.is_ok(), in_time, "{wait}: {brought:?}");
        }
        assert_eq!(reasons(&house).await, ["proof_expired"]);
        house.pass(SignedDuration::from_hours(24));
        let mut ctx = house.begin(Actor::System).await;
        identity::forget_expired(&mut ctx).await.unwrap();
        let left: Vec<(i64,)> = ctx.tx().query("select count(*) from identity_app_question", &[]).await.unwrap();
        assert_eq!(left, [(0,)]);
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_a_withdrawn_one_ends() {
    for house in houses().await {
        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        let fetched = || op.state().asked.iter().filter(|address| address.contains("certs")).count();
        prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert_eq!(fetched(), 1);
        op.rotate("two", true);
        prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        assert_eq!(fetched(), 2, "a key that is not known may be new");
        op.rotate("three", false);
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await, Error::App(AppRefusal::Key));
        assert_eq!(fetched(), 3, "and is asked for once");

        let op = Op::new(start());
        let apps = op.apps(ORIGIN);
        prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        op.state().published = json!({ "keys": [] });
        house.pass(SignedDuration::from_mins(9));
        prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await.unwrap();
        house.pass(SignedDuration::from_mins(1));
        refused!(prove(&house, &op, &apps, Actor::Anonymous, &fixed()).await, Error::App(AppRefusal::Key));
    }
}
