//! A card in a standard wallet is a card like any other: it is taken once, by the key that proves itself, shown at a place, and ends with its right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cards::{Answer, Decision, Error, HoldingId, WalletAsks, WalletCard, WalletSays, WalletState};
use credential::{NotEntitled, PhoneKey, Refusal};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Actor, Role, StaffId};
use town::PlaceId;

use crate::{CHILD, FATHER, GRANDMOTHER, Holder, House, MOTHER, ORIGIN, YOUTH, houses};

/// A wallet: a key, and the card it holds.
struct Wallet {
    key: PhoneKey,
    card: String,
    id: cards::CardId,
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(key: &PhoneKey, header: &Value, body: &Value) -> String {
    let text = format!("{}.{}", part(header), part(body));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).unwrap()))
}

pub(crate) fn says(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// What may be bent in a proof.
struct Proof<'a> {
    audience: &'a str,
    alg: &'a str,
    nonce: Option<String>,
    late_s: i64,
}

impl House {
    /// Offers a card and gives the offer's address and the number to type.
    async fn offered(&self, holder: &Holder, holding: HoldingId) -> (String, String) {
        let mut ctx = self.begin(Actor::Holder(holder.account)).await;
        let offer = cards::offer_to_wallet(&mut ctx, &self.office, holding).await.unwrap();
        ctx.commit().await.unwrap();
        let address = offer.link.rsplit_once("%2F").unwrap().1.to_owned();
        (address, offer.tx_code)
    }

    async fn code(&self, address: &str) -> Option<String> {
        let mut ctx = self.begin(Actor::Anonymous).await;
        cards::wallet_offer(&mut ctx, address).await.unwrap().map(|(_, code)| code)
    }

    async fn redeem(&self, code: &str, tx_code: Option<&str>) -> Answer<String> {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let answer = cards::redeem_offer(&mut ctx, code, tx_code).await.unwrap();
        ctx.commit().await.unwrap();
        answer
    }

    async fn nonce(&self) -> String {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let nonce = cards::wallet_nonce(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
        nonce
    }

    async fn fetch(&self, token: &str, key: &PhoneKey, bent: Proof<'_>) -> Answer<WalletCard> {
        let header = json!({ "alg": bent.alg, "typ": "openid4vci-proof+jwt", "jwk": key.public() });
        let body = json!({ "aud": bent.audience, "iat": self.now().as_second() - bent.late_s, "nonce": bent.nonce });
        let (token, configuration) = (token.to_owned(), Some(YOUTH.to_owned()));
        let asks = WalletAsks { token, configuration, proof: Some(signed(key, &header, &body)) };
        let mut ctx = self.begin(Actor::Anonymous).await;
        let answer = cards::issue_to_wallet(&mut ctx, &self.office, &asks).await.unwrap();
        ctx.commit().await.unwrap();
        answer
    }

    async fn token(&self, holder: &Holder, holding: HoldingId) -> String {
        let (address, tx_code) = self.offered(holder, holding).await;
        let code = self.code(&address).await.unwrap();
        self.redeem(&code, Some(&tx_code)).await.unwrap()
    }

    /// The card of a holding, fetched into a new wallet.
    async fn wallet(&self, holder: &Holder, holding: HoldingId) -> Wallet {
        let token = self.token(holder, holding).await;
        let key = PhoneKey::generate().unwrap().0;
        let nonce = Some(self.nonce().await);
        let made = self.fetch(&token, &key, Proof { audience: &issuer(), alg: "ES256", nonce, late_s: 0 }).await.unwrap();
        Wallet { key, card: made.credential, id: made.card }
    }

    /// Lets the clinic ask; gives the id of the question, its address and what it says.
    async fn question(&self) -> (cards::UseId, String, Value) {
        let mut ctx = self.begin(Actor::Verifier(clinic())).await;
        let asked = cards::ask_wallet(&mut ctx, &self.office).await.unwrap();
        let token = asked.uri.rsplit_once("%2F").unwrap().1.to_owned();
        let question = cards::wallet_question(&mut ctx, &self.office, &token).await.unwrap().unwrap();
        ctx.commit().await.unwrap();
        (asked.id, token, says(&question))
    }

    async fn say(&self, token: &str, shown: Option<String>, state: &Value) -> Answer<()> {
        let vp_token = shown.map(|shown| json!({ YOUTH: [shown] }).to_string());
        let error = vp_token.is_none().then(|| "access_denied".to_owned());
        let says = WalletSays { vp_token, state: state.as_str().map(str::to_owned), error };
        let mut ctx = self.begin(Actor::Anonymous).await;
        let answer = cards::wallet_shows(&mut ctx, &self.office, token, &says).await.unwrap();
        ctx.commit().await.unwrap();
        answer
    }

    async fn state(&self, id: cards::UseId) -> WalletState {
        let mut ctx = self.begin(Actor::Verifier(clinic())).await;
        cards::wallet_state(&mut ctx, &self.office, id).await.unwrap()
    }

    /// How often a wallet was refused, by the town's log.
    async fn refusals(&self) -> i64 {
        let mut ctx = self.begin(Actor::System).await;
        let count = "select count(*) from store_event where kind = 'cards.wallet_refused'";
        let (count,): (i64,) = ctx.tx().query_one(count, &[]).await.unwrap();
        count
    }

    /// What the clinic gets to see of a card in a wallet; `opens` are the claims the holder opens.
    async fn shown(&self, wallet: &Wallet, opens: &[&str]) -> Decision {
        let (id, token, question) = self.question().await;
        let shown = bind(&wallet.key, &opened(&wallet.card, opens), &question["client_id"], &question["nonce"], self.now().as_second());
        self.say(&token, Some(shown), &question["state"]).await.unwrap();
        let WalletState::Answered(decision) = self.state(id).await else { panic!("not answered") };
        *decision
    }

    /// The bits of a card in the list that wallets' verifiers read.
    async fn bits(&self, wallet: &Wallet) -> u8 {
        let mut ctx = self.begin(Actor::Anonymous).await;
        let list = says(&cards::status_jwt(&mut ctx, &self.office).await.unwrap());
        let packed = URL_SAFE_NO_PAD.decode(list["status_list"]["lst"].as_str().unwrap()).unwrap();
        let entries = miniz_oxide::inflate::decompress_to_vec_zlib(&packed).unwrap();
        let status = &says(&wallet.card)["status"]["status_list"];
        assert_eq!((&status["uri"], &list["status_list"]["bits"]), (&list["sub"], &json!(2)));
        let idx = usize::try_from(status["idx"].as_u64().unwrap()).unwrap();
        entries[idx / 4] >> (idx % 4 * 2) & 3
    }
}

fn issuer() -> String {
    format!("{ORIGIN}/wallet")
}

fn clinic() -> PlaceId {
    "clinic".parse().unwrap()
}

fn disclosure_name(text: &str) -> String {
    let (_, name, _): (String, String, String) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    name
}

/// The card with these claims opened only.
pub(crate) fn opened(card: &str, opens: &[&str]) -> String {
    let mut parts = card.trim_end_matches('~').split('~');
    let jwt = parts.next().unwrap();
    parts.filter(|text| opens.contains(&disclosure_name(text).as_str())).fold(format!("{jwt}~"), |shown, text| format!("{shown}{text}~"))
}

pub(crate) fn bind(key: &PhoneKey, shown: &str, audience: &Value, nonce: &Value, iat: i64) -> String {
    let hash = URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, shown.as_bytes()));
    let body = json!({ "aud": audience, "nonce": nonce, "iat": iat, "sd_hash": hash });
    format!("{shown}{}", signed(key, &json!({ "alg": "ES256", "typ": "kb+jwt" }), &body))
}

#[tokio::test]
async fn a_card_goes_into_a_wallet_and_says_yes_at_the_clinic_with_what_is_opened() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let hers = house.card(&mother, YOUTH, CHILD).await.unwrap();
        let wallet = house.wallet(&mother, hers.holding.id).await;
        let names: Vec<String> = wallet.card.trim_end_matches('~').split('~').skip(1).map(disclosure_name).collect();
        let phone: Vec<String> = serde_json::from_str(&hers.card.as_ref().unwrap().disclosures).unwrap();
        assert_eq!(names.len(), phone.len(), "no more is told than to a phone: {names:?}");

        let bare = house.shown(&wallet, &[]).await;
        assert!(bare.accepted() && bare.shown.is_empty(), "{bare:?}");
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let full = house.shown(&wallet, &all).await;
        let at_phone = house.show(&mother, hers.card.as_ref().unwrap(), "clinic").await;
        assert!(!full.shown.is_empty());
        assert_eq!(full.shown, at_phone.shown, "the clinic learns what it learns of a phone");
        let resident = house.resident(CHILD).await.to_string();
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        let looks = ctx.audit_of(&resident, i64::MAX, 100).await.unwrap();
        assert_eq!(looks.iter().filter(|entry| entry.action == "card.shown_by_another").count(), 3);
        assert_eq!(looks.iter().filter(|entry| entry.action == "card.to_wallet").count(), 1);
    }
}

#[tokio::test]
async fn an_offer_is_taken_once_in_time_and_with_the_number_shown() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let (address, tx_code) = house.offered(&mother, id).await;
        let code = house.code(&address).await.unwrap();
        assert_eq!(house.redeem(&code, None).await.unwrap_err().reason, "tx_code_missing");
        let wrong = if tx_code == "000000" { "000001" } else { "000000" };
        assert_eq!(house.redeem(&code, Some(wrong)).await.unwrap_err().code, "invalid_grant");
        assert!(house.redeem(&code, Some(&tx_code)).await.is_ok());
        let again = house.redeem(&code, Some(&tx_code)).await.unwrap_err();
        assert_eq!((again.code, again.reason), ("invalid_grant", "code_replayed"));
        assert_eq!(house.code(&address).await, None, "a taken offer says nothing");

        let (address, tx_code) = house.offered(&mother, id).await;
        let code = house.code(&address).await.unwrap();
        for _ in 0..5 {
            assert_eq!(house.redeem(&code, Some("x")).await.unwrap_err().reason, "tx_code");
        }
        assert_eq!(house.redeem(&code, Some(&tx_code)).await.unwrap_err().reason, "code", "five wrong numbers end the offer");

        let (address, tx_code) = house.offered(&mother, id).await;
        let code = house.code(&address).await.unwrap();
        house.pass(SignedDuration::from_mins(10));
        assert_eq!(house.code(&address).await, None);
        assert_eq!(house.redeem(&code, Some(&tx_code)).await.unwrap_err().reason, "code");
    }
}

#[tokio::test]
async fn a_proof_counts_for_this_issuer_this_moment_and_one_nonce() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let token = house.token(&mother, id).await;
        let key = PhoneKey::generate().unwrap().0;
        let issuer = issuer();
        let good = |nonce: &str| Proof { audience: &issuer, alg: "ES256", nonce: Some(nonce.to_owned()), late_s: 0 };
        let nonce = house.nonce().await;
        let told = async |bent: Proof<'_>| house.fetch(&token, &key, bent).await.map(|made| made.card).unwrap_err();
        assert_eq!(told(Proof { audience: "https://evil.example", ..good(&nonce) }).await.reason, "proof_audience");
        assert_eq!(told(Proof { alg: "none", ..good(&nonce) }).await.code, "invalid_proof");
        assert_eq!(told(Proof { alg: "HS256", ..good(&nonce) }).await.code, "invalid_proof");
        assert_eq!(told(Proof { late_s: 301, ..good(&nonce) }).await.reason, "proof_time");
        assert_eq!(told(Proof { nonce: None, ..good(&nonce) }).await.code, "invalid_nonce");
        assert_eq!(told(good("made-up")).await.code, "invalid_nonce");
        let made = house.fetch(&token, &key, good(&nonce)).await.unwrap();
        assert_eq!(told(good(&house.nonce().await)).await.reason, "issued");

        let other = house.token(&mother, id).await;
        assert_eq!(house.fetch(&other, &key, good(&nonce)).await.unwrap_err().code, "invalid_nonce", "a nonce is spent");
        house.pass(SignedDuration::from_secs(cards::TOKEN_LIFE_S));
        assert_eq!(house.fetch(&other, &key, good(&house.nonce().await)).await.unwrap_err().code, "invalid_token");
        assert_eq!(says(&made.credential)["cnf"]["jwk"], json!(key.public()));
    }
}

#[tokio::test]
async fn a_presentation_counts_once_for_its_question_and_by_its_own_key() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let wallet = house.wallet(&mother, id).await;
        let shown = opened(&wallet.card, &[]);
        let stranger = PhoneKey::generate().unwrap().0;
        let (_, _, before) = house.question().await;
        let (nonce, elsewhere) = (&before["nonce"], json!("decentralized_identifier:did:web:evil.example:wallet"));
        for (key, nonce, audience, late_s, refusal) in [
            (&stranger, None, None, 0, Refusal::CopiedCard),
            (&wallet.key, Some(nonce), None, 0, Refusal::Replayed),
            (&wallet.key, None, Some(&elsewhere), 0, Refusal::Replayed),
            (&wallet.key, None, None, 301, Refusal::Stale { seconds: 301 }),
            (&wallet.key, None, None, -301, Refusal::ClockAhead { seconds: 301 }),
        ] {
            let (id, token, question) = house.question().await;
            let (nonce, audience) = (nonce.unwrap_or(&question["nonce"]), audience.unwrap_or(&question["client_id"]));
            let text = bind(key, &shown, audience, nonce, house.now().as_second() - late_s);
            assert_eq!(house.say(&token, Some(text), &question["state"]).await.unwrap_err().code, "invalid_request");
            let WalletState::Answered(decision) = house.state(id).await else { panic!("not answered") };
            assert_eq!(decision.refusal.map(|refusal| refusal.code()), Some(refusal.code()));
            assert!(decision.shown.is_empty());
        }

        // What was answered is closed; a wrong state, or what is no presentation, closes nothing.
        let (id, token, question) = house.question().await;
        let text = bind(&wallet.key, &shown, &question["client_id"], &question["nonce"], house.now().as_second());
        assert_eq!(house.say(&token, Some(text.clone()), &json!("other")).await.unwrap_err().reason, "state");
        assert_eq!(house.say(&token, Some("none".to_owned()), &question["state"]).await.unwrap_err().reason, "presentation");
        assert!(house.say(&token, Some(text.clone()), &question["state"]).await.is_ok());
        assert_eq!(house.say(&token, Some(text), &question["state"]).await.unwrap_err().reason, "request");
        assert!(matches!(house.state(id).await, WalletState::Answered(decision) if decision.accepted()));

        let (id, token, question) = house.question().await;
        assert!(house.say(&token, None, &question["state"]).await.is_ok());
        assert!(matches!(house.state(id).await, WalletState::Declined));
        let (id, token, question) = house.question().await;
        house.pass(SignedDuration::from_mins(5));
        assert!(matches!(house.state(id).await, WalletState::Expired));
        assert_eq!(house.say(&token, None, &question["state"]).await.unwrap_err().reason, "request");
    }
}

#[tokio::test]
async fn a_changed_card_is_refused_written_down_and_the_question_stays_open_for_the_true_one() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let wallet = house.wallet(&mother, id).await;
        let (id, token, question) = house.question().await;
        let now = house.now().as_second();
        let bound = |shown: &str| Some(bind(&wallet.key, shown, &question["client_id"], &question["nonce"], now));

        let disclosure = wallet.card.trim_end_matches('~').rsplit('~').next().unwrap();
        let mut says: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(disclosure).unwrap()).unwrap();
        says[2] = "another".into();
        let bare = opened(&wallet.card, &[]);
        let changed = format!("{bare}{}~", part(&says));
        let twice = format!("{bare}{disclosure}~{disclosure}~");
        for shown in [&changed, &twice] {
            let refused = house.say(&token, bound(shown), &question["state"]).await.unwrap_err();
            assert_eq!((refused.code, refused.reason), ("invalid_request", "presentation"));
            assert!(matches!(house.state(id).await, WalletState::Waiting(_)), "the place still waits for the holder");
        }
        assert_eq!(house.refusals().await, 2);
        assert!(house.say(&token, bound(&format!("{bare}{disclosure}~")), &question["state"]).await.is_ok());
        assert!(matches!(house.state(id).await, WalletState::Answered(decision) if decision.accepted() && decision.shown.len() == 1));
    }
}

#[tokio::test]
async fn of_two_at_once_one_gets_the_card_and_one_answer_counts() {
    for house in houses().await {
        let mother = house.holder(MOTHER).await;
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let token = house.token(&mother, id).await;
        let (issuer, key, other) = (issuer(), PhoneKey::generate().unwrap().0, PhoneKey::generate().unwrap().0);
        let (one, two) = (house.nonce().await, house.nonce().await);
        let proof = |nonce| Proof { audience: &issuer, alg: "ES256", nonce: Some(nonce), late_s: 0 };
        let (first, second) = tokio::join!(house.fetch(&token, &key, proof(one)), house.fetch(&token, &other, proof(two)));
        let (made, refused) = if let (Err(_), Ok(_)) = (&first, &second) { (second, first) } else { (first, second) };
        assert_eq!(refused.unwrap_err().reason, "issued");
        let made = made.unwrap();
        let key = if says(&made.credential)["cnf"]["jwk"] == json!(key.public()) { key } else { other };

        let (id, token, question) = house.question().await;
        let shown = bind(&key, &opened(&made.credential, &[]), &question["client_id"], &question["nonce"], house.now().as_second());
        let state = &question["state"];
        let (first, second) = tokio::join!(house.say(&token, Some(shown.clone()), state), house.say(&token, Some(shown), state));
        assert!(first.is_ok() != second.is_ok());
        assert!(matches!(house.state(id).await, WalletState::Answered(decision) if decision.accepted()));
    }
}

#[tokio::test]
async fn a_card_past_its_day_is_refused_and_one_whose_right_went_is_not_issued() {
    for mut house in houses().await {
        let mother = house.holder(MOTHER).await;
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let wallet = house.wallet(&mother, id).await;
        let expires = says(&wallet.card)["exp"].as_i64().unwrap();
        house.clock.set(jiff::Timestamp::from_second(expires - 1).unwrap());
        assert!(house.shown(&wallet, &[]).await.accepted());
        house.pass(SignedDuration::from_secs(1));
        assert_eq!(house.shown(&wallet, &[]).await.refusal, Some(Refusal::ExpiredCard));

        let token = house.token(&mother, id).await;
        house.row(CHILD).moved_out = Some("2026-06-01");
        house.bring().await;
        let key = PhoneKey::generate().unwrap().0;
        let nonce = Some(house.nonce().await);
        let refused = house.fetch(&token, &key, Proof { audience: &issuer(), alg: "ES256", nonce, late_s: 0 }).await.unwrap_err();
        assert_eq!((refused.code, refused.reason), ("credential_request_denied", "not_his"));
        assert_eq!(house.refusals().await, 1);
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        assert!(matches!(cards::offer_to_wallet(&mut ctx, &house.office, id).await, Err(Error::NoSuchCard)));
    }
}

#[tokio::test]
async fn a_card_made_up_by_another_issuer_is_refused() {
    for (house, other) in houses().await.into_iter().zip(houses().await) {
        let mother = other.holder(MOTHER).await;
        let id = other.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let foreign = other.wallet(&mother, id).await;
        let (id, token, question) = house.question().await;
        let text = bind(&foreign.key, &opened(&foreign.card, &[]), &question["client_id"], &question["nonce"], house.now().as_second());
        assert_eq!(house.say(&token, Some(text), &question["state"]).await.unwrap_err().reason, "other_issuer");
        let WalletState::Answered(decision) = house.state(id).await else { panic!("not answered") };
        assert_eq!((decision.refusal, decision.programme), (Some(Refusal::UnknownKey), None));
    }
}

#[tokio::test]
async fn a_wallets_card_ends_with_the_right_it_came_from() {
    for mut house in houses().await {
        let (mother, grandmother) = (house.holder(MOTHER).await, house.holder(GRANDMOTHER).await);
        let hers = house.card(&mother, YOUTH, CHILD).await.unwrap();
        let shared = house.share(&mother, hers.holding.id, &grandmother).await;
        let (own, given) = (house.wallet(&mother, hers.holding.id).await, house.wallet(&grandmother, shared).await);
        assert!(house.shown(&given, &[]).await.accepted());
        assert_eq!((house.bits(&own).await, house.bits(&given).await), (0, 0));

        house.row(MOTHER).household = "H9";
        house.row(FATHER).relation = "世帯主";
        house.bring().await;
        assert_eq!(house.shown(&given, &[]).await.refusal, Some(Refusal::ShareEnded));
        assert_eq!(house.shown(&own, &[]).await.refusal, Some(Refusal::Revoked));
        assert_eq!((house.bits(&own).await, house.bits(&given).await), (0, 0), "the job of the bundle ends them a second later");
        house.midnight().await;
        assert_eq!((house.bits(&own).await, house.bits(&given).await), (1, 1));

        let child = house.holder(CHILD).await;
        let own = house.card(&child, YOUTH, CHILD).await.unwrap();
        let wallet = house.wallet(&child, own.holding.id).await;
        house.row(CHILD).moved_out = Some("2026-06-01");
        house.bring().await;
        assert_eq!(house.shown(&wallet, &[]).await.refusal, Some(Refusal::NotEntitled { why: NotEntitled::MovedOut }));
        house.midnight().await;
        assert_eq!(house.bits(&wallet).await, 1);
    }
}

#[tokio::test]
async fn the_holder_sees_and_ends_it_and_a_lost_phone_or_a_call_ends_it_too() {
    for house in houses().await {
        let child = house.holder(CHILD).await;
        let id = house.card(&child, YOUTH, CHILD).await.unwrap().holding.id;
        let (first, second) = (house.wallet(&child, id).await, house.wallet(&child, id).await);
        let mut ctx = house.begin(Actor::Holder(child.account)).await;
        assert_eq!(cards::in_wallets(&mut ctx, id).await.unwrap().len(), 2);
        cards::end_in_wallet(&mut ctx, id, first.id).await.unwrap();
        assert_eq!(cards::in_wallets(&mut ctx, id).await.unwrap().len(), 1);
        ctx.commit().await.unwrap();
        assert_eq!(house.shown(&first, &[]).await.refusal, Some(Refusal::Revoked));
        assert!(house.shown(&second, &[]).await.accepted());
        assert_eq!((house.bits(&first).await, house.bits(&second).await), (1, 0));

        let mut ctx = house.begin(Actor::Holder(child.account)).await;
        identity::end_phone(&mut ctx, child.phone, identity::PhoneEnd::Lost).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.shown(&second, &[]).await.refusal, Some(Refusal::PhoneRevoked));
        assert_eq!(house.bits(&second).await, 3);

        let third = house.wallet(&child, id).await;
        let mut ctx = house.begin(Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Clerk])).await;
        identity::end_everything(&mut ctx, child.account).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.shown(&third, &[]).await.refusal, Some(Refusal::PhoneRevoked), "with no phone left, too");
    }
}

#[tokio::test]
async fn nobody_offers_what_they_do_not_hold_or_in_more_wallets_than_allowed() {
    for house in houses().await {
        let (mother, father) = (house.holder(MOTHER).await, house.holder(FATHER).await);
        let id = house.card(&mother, YOUTH, CHILD).await.unwrap().holding.id;
        let mut ctx = house.begin(Actor::Holder(father.account)).await;
        assert!(matches!(cards::offer_to_wallet(&mut ctx, &house.office, id).await, Err(Error::NoSuchCard)));
        assert!(matches!(cards::in_wallets(&mut ctx, id).await, Err(Error::NoSuchCard)));
        drop(ctx);
        for _ in 0..3 {
            house.wallet(&mother, id).await;
        }
        let mut ctx = house.begin(Actor::Holder(mother.account)).await;
        assert!(matches!(cards::offer_to_wallet(&mut ctx, &house.office, id).await, Err(Error::TooManyHolders)));
    }
}
