use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{
    AccountProven, AppEnded, Assurance, Error, Level, PhoneCardBegun, PhoneCardRefusal, PhoneCardRefused, PhoneCardStep, PhoneCards,
    ProofKind, Proven, ReaderKey, Result,
};
use jiff::SignedDuration;
use jiff::civil::date;
use mdoc::soft::{Authority, Issue, SIGNER_USAGE, SoftCard, SoftKey};
use mdoc::{ReaderChain, Roots, Value};
use serde_json::{Value as Json, json};
use store::{AccountId, Actor, Match};
use town::{AppId, PhoneCard};

use crate::card::{hanako, taro};
use crate::{Finds, House, ORIGIN, houses, refused, start};

const DOCTYPE: &str = "jp.example.card.1";
const SPACE: &str = "jp.example.1";

fn id() -> AppId {
    "phone-card".parse().unwrap()
}

/// The card as a pack describes it, with an element that stays the same after a move where that is wished.
fn kind(subject: bool) -> PhoneCard {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../town/tests/good.toml");
    let subject = if subject { ", subject = [\"jp.example.1\", \"id\"]" } else { "" };
    let card = format!(
        r#"
[[phone_card]]
id = "phone-card"
name = {{ ja = "スマホのカード", en = "Card in the phone" }}
doctype = "{DOCTYPE}"
elements = {{ name = ["{SPACE}", "name"], address = ["{SPACE}", "address"], date_of_birth = ["{SPACE}", "birth"], sex = ["{SPACE}", "sex"]{subject} }}
roots = []
assurance = "user_auth"
"#
    );
    let bytes = (std::fs::read_to_string(folder).unwrap() + &card).into_bytes();
    let town = town::Town::from_files(&[town::PackFile { path: "town.toml".to_owned(), bytes }]).unwrap();
    town.phone_card(&id()).unwrap().clone()
}

/// An issuer, the town that believes it, and what phones hold.
struct Scene {
    issuer: Authority,
    cards: PhoneCards,
    subject: bool,
}

impl Scene {
    fn new(subject: bool) -> Self {
        let issuer = Authority::new("Test IACA", start()).unwrap();
        let key = SoftKey::generate().unwrap();
        let certificate = Authority::new("Test readers", start()).unwrap().reader(&key, "tegata.example", start()).unwrap();
        let reader = ReaderKey::new(key.pkcs8(), ReaderChain::new(vec![certificate]).unwrap()).unwrap();
        let roots = Roots::new([issuer.certificate()]).unwrap();
        Self { cards: PhoneCards::new(ORIGIN).with(kind(subject), reader, roots), issuer, subject }
    }

    /// Hanako's card, as it was put into her phone now; her address may be another since.
    fn card(&self, house: &House, address: &str) -> SoftCard {
        issue(&self.issuer, house, "青空　花子", address, date(1980, 2, 17), self.subject)
    }
}

fn issue(issuer: &Authority, house: &House, name: &str, address: &str, born: jiff::civil::Date, subject: bool) -> SoftCard {
    let mut elements = vec![
        (SPACE, "name", Value::Text(name.to_owned())),
        (SPACE, "address", Value::Text(address.to_owned())),
        (SPACE, "birth", Value::Date(born)),
        (SPACE, "sex", Value::Sex(2)),
        (SPACE, "individual_number", Value::Text("000000000000".to_owned())),
    ];
    if subject {
        elements.push((SPACE, "id", Value::Text("holder-1".to_owned())));
    }
    let at = store::Clock::now(&*house.clock);
    issuer.issue(&Issue { doctype: DOCTYPE, elements: &elements, signer_usage: SIGNER_USAGE, at }).unwrap()
}

fn address() -> String {
    hanako().address
}

async fn begin(house: &House, scene: &Scene, actor: Actor) -> PhoneCardBegun {
    let mut ctx = house.begin(actor).await;
    let begun = identity::begin_phone_card(&mut ctx, &scene.cards, &id()).await.unwrap();
    ctx.commit().await.unwrap();
    begun
}

/// What a wallet reads at the link.
async fn question(house: &House, scene: &Scene, token: &str) -> Result<Json> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let question = identity::phone_card_question(&mut ctx, token).await?;
    let signed = scene.cards.question(&question, "青空村", ctx.now())?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap()).unwrap())
}

/// Brings an answer, as the room above does; a refusal is noted.
async fn bring(house: &House, scene: &Scene, token: &str, response: &str) -> Result<(Proven, String)> {
    let taken = try_to_bring(house, scene, token, response).await;
    if let Err(error) = &taken {
        let mut ctx = house.begin(Actor::System).await;
        identity::note_phone_card_refusal(&mut ctx, token, error).await?;
        ctx.commit().await?;
    }
    taken
}

async fn try_to_bring(house: &House, scene: &Scene, token: &str, response: &str) -> Result<(Proven, String)> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let question = identity::phone_card_question(&mut ctx, token).await?;
    let opened = scene.cards.open(&question, response)?;
    identity::take_phone_card_answer(&mut ctx, &question).await?;
    ctx.commit().await?;
    let told = scene.cards.believe(&question, &opened, store::Clock::now(&*house.clock))?;
    let mut ctx = house.begin(Actor::Anonymous).await;
    let done = identity::complete_phone_card(&mut ctx, &house.settings, &Finds(Match::None), &scene.cards, question, told).await?;
    ctx.commit().await?;
    Ok(done)
}

async fn claim(house: &House, secret: &str, code: &str) -> Result<AccountId> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let account = identity::claim_phone_card(&mut ctx, secret, code).await?;
    ctx.commit().await?;
    Ok(account)
}

/// From the asking to the proof.
async fn prove(house: &House, scene: &Scene, actor: Actor, card: &SoftCard) -> Result<Proven> {
    let begun = begin(house, scene, actor).await;
    let posted = card.answer(&question(house, scene, &begun.token).await?).unwrap();
    let (proven, code) = bring(house, scene, &begun.token, &posted.response).await?;
    assert_eq!(claim(house, &begun.secret, &code).await?, proven.account().id);
    Ok(proven)
}

/// Why answers were refused, as the event log tells it.
async fn reasons(house: &House) -> Vec<String> {
    let events = house.events(PhoneCardRefused::KIND).await;
    events.iter().map(|event| serde_json::from_str::<PhoneCardRefused>(event).unwrap().reason).collect()
}

#[tokio::test]
async fn a_phone_proves_a_person_as_a_card_does() {
    for mut house in houses().await {
        let scene = Scene::new(false);
        let proven = prove(&house, &scene, Actor::Anonymous, &scene.card(&house, &address())).await.unwrap();
        assert!(proven.opened());
        assert_eq!((proven.account().name.as_str(), proven.account().assurance), ("青空　花子", Assurance::UserAuth));
        let account = proven.account().id;
        house.pass(SignedDuration::from_mins(1));
        // Her card on a reader, whose certificate says the same, leads to the same account, and is surer.
        let card = house.cards.issue(hanako());
        let surer = house.prove(Actor::Anonymous, &card).await.unwrap();
        assert_eq!((surer.account().id, surer.opened(), surer.keys()), (account, false, proven.keys()));

        let mut ctx = house.begin(Actor::Holder(account)).await;
        let proofs = identity::proofs_of(&mut ctx, account).await.unwrap();
        let first = proofs.last().unwrap();
        assert_eq!((first.kind, first.ial, first.aal), (ProofKind::PhoneCard, Level::Two, Level::Three));
        assert_eq!(first.until.to_string(), "2026-12-23", "the card's own last day");
        let evidence: Json = serde_json::from_str(&first.evidence).unwrap();
        let expected = json!({ "phone_card": "phone-card", "doctype": DOCTYPE, "algorithm": "ES256", "revocation_unchecked": true });
        assert_eq!(evidence, expected);
        drop(ctx);
        assert_eq!(house.audited(&account.to_string()).await, ["account.proven_by_phone_card", "account.proven"]);
        assert_eq!(house.events(AccountProven::KIND).await.len(), 2);
    }
}

#[tokio::test]
async fn four_items_are_asked_for_and_the_number_is_not() {
    for house in houses().await {
        let scene = Scene::new(false);
        let begun = begin(&house, &scene, Actor::Anonymous).await;
        let asked = question(&house, &scene, &begun.token).await.unwrap();
        let claims = asked["dcql_query"]["credentials"][0]["claims"].as_array().unwrap();
        let names: Vec<&str> = claims.iter().map(|claim| claim["path"][1].as_str().unwrap()).collect();
        assert_eq!(names, ["name", "address", "birth", "sex"]);
        assert!(!asked.to_string().contains("individual_number"));
        assert_eq!((&asked["response_mode"], &asked["response_type"]), (&json!("direct_post.jwt"), &json!("vp_token")));
        assert!(asked["client_id"].as_str().unwrap().starts_with("x509_hash:"));
        let link = scene.cards.link(&id(), &begun.token).unwrap();
        assert!(link.starts_with("openid4vp://?client_id=x509_hash%3A") && link.contains(&begun.token) && !link.contains(&begun.secret));
    }
}

#[tokio::test]
async fn nothing_of_the_person_is_told_or_kept_in_the_clear() {
    for house in houses().await {
        let scene = Scene::new(true);
        prove(&house, &scene, Actor::Anonymous, &scene.card(&house, &address())).await.unwrap();
        let begun = begin(&house, &scene, Actor::Anonymous).await;
        let bent = scene.card(&house, &address()).copied().unwrap();
        let posted = bent.answer(&question(&house, &scene, &begun.token).await.unwrap()).unwrap();
        let Err(error) = bring(&house, &scene, &begun.token, &posted.response).await else { panic!("not refused") };
        let mut ctx = house.begin(Actor::System).await;
        let questions: Vec<(Option<String>, Option<Vec<u8>>)> =
            ctx.tx().query("select nonce, response_key from identity_phone_card_question", &[]).await.unwrap();
        assert_eq!(questions, [(None, None), (None, None)], "they were needed once");
        drop(ctx);
        let told = format!("{}{error}{error:?}", house.told().await);
        for personal in ["青空", "花子", "本村", "1980", "holder-1", &posted.response] {
            assert!(!told.contains(personal), "{personal} is in {told}");
        }
    }
}

#[tokio::test]
async fn an_element_the_pack_names_finds_the_person_after_a_move_and_only_the_right_one() {
    for house in houses().await {
        let scene = Scene::new(true);
        let account = prove(&house, &scene, Actor::Anonymous, &scene.card(&house, &address())).await.unwrap().account().id;
        let moved = prove(&house, &scene, Actor::Anonymous, &scene.card(&house, "青空村大字湯ノ沢９番地")).await.unwrap();
        assert_eq!((moved.account().id, moved.opened()), (account, false));
        // The issuer gives the same number to somebody of another birthday.
        let other = issue(&scene.issuer, &house, "青空　花子", &address(), date(1979, 11, 3), true);
        refused!(prove(&house, &scene, Actor::Anonymous, &other).await, Error::OtherPerson);
        assert_eq!(reasons(&house).await, ["other_person"]);
    }
}

#[tokio::test]
async fn the_way_in_is_taken_away_as_an_app_is() {
    for house in houses().await {
        let scene = Scene::new(true);
        let account = prove(&house, &scene, Actor::Anonymous, &scene.card(&house, &address())).await.unwrap().account().id;
        let mut ctx = house.begin(Actor::Holder(account)).await;
        assert_eq!(identity::apps_of(&mut ctx, account).await.unwrap().iter().map(|used| &used.app).collect::<Vec<_>>(), [&id()]);
        identity::end_app(&mut ctx, account, &id()).await.unwrap();
        assert_eq!(identity::apps_of(&mut ctx, account).await.unwrap(), []);
        ctx.commit().await.unwrap();
        assert_eq!(house.events(AppEnded::KIND).await.len(), 1);
        // The number alone leads nowhere any more: who moved meanwhile is somebody new.
        let moved = prove(&house, &scene, Actor::Anonymous, &scene.card(&house, "青空村大字湯ノ沢９番地")).await.unwrap();
        assert_ne!(moved.account().id, account);
    }
}

#[tokio::test]
async fn nobody_is_led_into_anothers_account() {
    for mut house in houses().await {
        let scene = Scene::new(false);
        let card = house.cards.issue(taro());
        let taro = house.prove(Actor::Anonymous, &card).await.unwrap().account().id;
        refused!(prove(&house, &scene, Actor::Holder(taro), &scene.card(&house, &address())).await, Error::OtherPerson);
        let mut ctx = house.begin(Actor::System).await;
        let light = identity::start_light_account(&mut ctx, "祖母").await.unwrap().id;
        ctx.commit().await.unwrap();
        let own = prove(&house, &scene, Actor::Holder(light), &scene.card(&house, &address())).await.unwrap();
        assert_eq!(own.account().id, light, "a light account becomes the person's own");
    }
}

/// Asks, and answers with a card; gives the refusal, and sees that it was recorded, proved nobody and used the question up.
async fn bent(house: &House, scene: &Scene, card: &SoftCard, bend: impl FnOnce(&mut Json)) -> PhoneCardRefusal {
    let begun = begin(house, scene, Actor::Anonymous).await;
    let mut asked = question(house, scene, &begun.token).await.unwrap();
    bend(&mut asked);
    let posted = card.answer(&asked).unwrap();
    let before = reasons(house).await.len();
    let Err(Error::PhoneCard(refusal)) = bring(house, scene, &begun.token, &posted.response).await else { panic!("not refused") };
    assert_eq!(reasons(house).await[before..], [refusal.as_str()]);
    let mut ctx = house.begin(Actor::Anonymous).await;
    let state = identity::phone_card_state(&mut ctx, &begun.secret).await.unwrap();
    assert_eq!(state.step, PhoneCardStep::Refused { code: refusal.as_str().to_owned() });
    drop(ctx);
    refused!(bring(house, scene, &begun.token, &posted.response).await, Error::ProofReplayed);
    refused!(claim(house, &begun.secret, "ABCD-EFGH").await, Error::ProofWaiting);
    refusal
}

#[tokio::test]
async fn an_answer_that_is_bent_anywhere_is_refused() {
    use mdoc::Refusal as R;
    for house in houses().await {
        let scene = Scene::new(false);
        let honest = scene.card(&house, &address());
        let card = |refusal| PhoneCardRefusal::Card(refusal);
        // What the phone signed is of another question.
        for (name, value) in [("nonce", "x"), ("client_id", "x509_hash:x"), ("response_uri", "https://other.example/answer")] {
            let refusal = bent(&house, &scene, &honest, |asked| asked[name] = json!(value)).await;
            assert_eq!(refusal, card(R::DeviceSignature), "{name}");
        }
        // The phone shows less, or more.
        let claims = "/dcql_query/credentials/0/claims";
        let less = bent(&house, &scene, &honest, |asked| drop(asked.pointer_mut(claims).unwrap().as_array_mut().unwrap().pop())).await;
        assert_eq!(less, card(R::Missing));
        let number = json!({ "path": [SPACE, "individual_number"] });
        let more = bent(&house, &scene, &honest, |asked| asked.pointer_mut(claims).unwrap().as_array_mut().unwrap().push(number)).await;
        assert_eq!(more, card(R::TooMuch));
        // The card is another phone's, changed, or another issuer's.
        assert_eq!(bent(&house, &scene, &honest.copied().unwrap(), |_| {}).await, card(R::DeviceSignature));
        let changed = honest.with_changed("birth", &Value::Date(date(2010, 2, 17))).unwrap();
        assert_eq!(bent(&house, &scene, &changed, |_| {}).await, card(R::Digest));
        let stranger = Scene::new(false).card(&house, &address());
        assert_eq!(bent(&house, &scene, &stranger, |_| {}).await, card(R::Issuer));
        // The query's name is another.
        let renamed = bent(&house, &scene, &honest, |asked| asked["dcql_query"]["credentials"][0]["id"] = json!("x")).await;
        assert_eq!(renamed, PhoneCardRefusal::Answer);
        // It has expired meanwhile.
        house.pass(SignedDuration::from_hours(24 * 30 + 1));
        assert_eq!(bent(&house, &scene, &honest, |_| {}).await, card(R::Expired));
        assert_eq!(house.events(AccountProven::KIND).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_not_encrypted_to_the_question_leaves_it_open() {
    for house in houses().await {
        let scene = Scene::new(false);
        let card = scene.card(&house, &address());
        let (begun, other) = (begin(&house, &scene, Actor::Anonymous).await, begin(&house, &scene, Actor::Anonymous).await);
        let posted = card.answer(&question(&house, &scene, &other.token).await.unwrap()).unwrap();
        for garbage in ["", "a.b.c.d.e", &posted.response] {
            refused!(bring(&house, &scene, &begun.token, garbage).await, Error::PhoneCard(PhoneCardRefusal::Answer));
        }
        assert_eq!(reasons(&house).await, ["phone_card_answer"], "the same is told once");
        let posted = card.answer(&question(&house, &scene, &begun.token).await.unwrap()).unwrap();
        let (proven, code) = bring(&house, &scene, &begun.token, &posted.response).await.unwrap();
        assert_eq!(claim(&house, &begun.secret, &code).await.unwrap(), proven.account().id);
        refused!(bring(&house, &scene, "nobody", &posted.response).await, Error::ProofNotFound);
        assert_eq!(reasons(&house).await.len(), 1, "an answer to nobody's question leaves no trace");
    }
}

#[tokio::test]
async fn an_account_is_claimed_by_the_browser_that_asked_with_the_code_of_the_phone_once() {
    for house in houses().await {
        let scene = Scene::new(false);
        let card = scene.card(&house, &address());
        let (mine, lured) = (begin(&house, &scene, Actor::Anonymous).await, begin(&house, &scene, Actor::Anonymous).await);
        let posted = card.answer(&question(&house, &scene, &lured.token).await.unwrap()).unwrap();
        let (_, code) = bring(&house, &scene, &lured.token, &posted.response).await.unwrap();
        // Another browser has the code and not the secret; the one with the secret has no code to guess by.
        refused!(claim(&house, "nobody", &code).await, Error::ProofNotFound);
        refused!(claim(&house, &mine.secret, &code).await, Error::ProofWaiting);
        for wrong in ["", "ABCD-EFGH", &code[..7]] {
            refused!(claim(&house, &lured.secret, wrong).await, Error::CodeNotValid);
        }
        let typed = format!("{}-{}", code[..4].to_lowercase(), &code[4..]);
        claim(&house, &lured.secret, &typed).await.unwrap();
        refused!(claim(&house, &lured.secret, &code).await, Error::ProofReplayed);
    }
}

#[tokio::test]
async fn ten_minutes_are_given_to_answer_and_ten_more_to_claim() {
    for house in houses().await {
        let scene = Scene::new(false);
        let card = scene.card(&house, &address());
        let (late, begun) = (begin(&house, &scene, Actor::Anonymous).await, begin(&house, &scene, Actor::Anonymous).await);
        let asked = (question(&house, &scene, &late.token).await.unwrap(), question(&house, &scene, &begun.token).await.unwrap());
        let (too_late, posted) = (card.answer(&asked.0).unwrap(), card.answer(&asked.1).unwrap());
        house.pass(SignedDuration::from_secs(599));
        let (_, code) = bring(&house, &scene, &begun.token, &posted.response).await.unwrap();
        house.pass(SignedDuration::from_secs(1));
        refused!(bring(&house, &scene, &late.token, &too_late.response).await, Error::ProofExpired);
        refused!(question(&house, &scene, &late.token).await, Error::ProofExpired);
        house.pass(SignedDuration::from_secs(599));
        let mut ctx = house.begin(Actor::Anonymous).await;
        assert_eq!(identity::phone_card_state(&mut ctx, &begun.secret).await.unwrap().step, PhoneCardStep::Ready);
        drop(ctx);
        house.pass(SignedDuration::from_secs(1));
        refused!(claim(&house, &begun.secret, &code).await, Error::ProofExpired);
        house.pass(SignedDuration::from_secs(1));
        let mut ctx = house.begin(Actor::System).await;
        identity::forget_expired(&mut ctx).await.unwrap();
        let left: Vec<(String,)> = ctx.tx().query("select id from identity_phone_card_question", &[]).await.unwrap();
        assert!(left.is_empty(), "questions that are over are forgotten");
    }
}
