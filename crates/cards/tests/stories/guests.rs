//! People who are not in the register: a neighbouring town's statement, a roll of digital residents, and the cards that rest on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cards::{Answer, CardView, Ended, Outcome, ResidenceRequestId, WalletSays};
use credential::sdjwt::{self, Closed, WalletClaims};
use credential::{IssuerKey, Jwk, NotEntitled, PhoneKey, Refusal, Status, StatusBits, StatusList};
use identity::{Error, LinkBy, NoGuest, ResidenceEnd};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{AccountId, Actor, Role, StaffId, params};
use web::{FetchFault, Outside};

use crate::wallets::{bind, opened, says};
use crate::{CHILD, Finds, Holder, House, houses, programme};

const NEXT: &str = "https://next.example";
const LIBRARY: &str = "guest-library";
const BATH: &str = "friends-bath";
const NAME: &str = "旅野 遠";
const BORN: &str = "1990-04-12";

/// The next town: its keys, its status list, and whether it answers.
struct Next {
    key: IssuerKey,
    list: Mutex<StatusList>,
    published: Mutex<HashMap<String, Vec<u8>>>,
}

impl Outside for Next {
    fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchFault> {
        self.published.lock().unwrap().get(address).cloned().ok_or(FetchFault::Unreachable)
    }
}

/// A card of the next town in a wallet.
struct Theirs {
    key: PhoneKey,
    card: String,
    idx: u64,
}

/// What may be bent in a card of the next town.
struct Bent<'a> {
    name: &'a str,
    born: &'a str,
    credential: &'a str,
    by: Option<&'a IssuerKey>,
    days: i64,
}

const STRAIGHT: Bent<'static> = Bent { name: NAME, born: BORN, credential: "resident", by: None, days: 365 };

impl Next {
    fn open(house: &House) -> Arc<Self> {
        let list = StatusList::new(format!("{NEXT}/status-lists/1"), StatusBits::Two, 64);
        let next = Self { key: IssuerKey::generate().unwrap().0, list: Mutex::new(list), published: Mutex::default() };
        next.publish(house);
        Arc::new(next)
    }

    fn publish(&self, house: &House) {
        let issuer = format!("{NEXT}/wallet");
        let keys = json!({ "issuer": issuer, "jwks": { "keys": [Jwk::from(*self.key.public())] } });
        let (now, list) = (house.now(), self.list.lock().unwrap());
        let token = sdjwt::sign_status_list(&self.key, &list, now, now + SignedDuration::from_hours(24), 60).unwrap();
        let mut published = self.published.lock().unwrap();
        published.insert(format!("{NEXT}/.well-known/jwt-vc-issuer/wallet"), keys.to_string().into_bytes());
        published.insert(list.uri().to_owned(), token.into_bytes());
    }

    fn end(&self, house: &House, card: &Theirs) {
        self.list.lock().unwrap().set(card.idx, Status::Invalid).unwrap();
        self.publish(house);
    }

    fn falls_silent(&self) {
        self.published.lock().unwrap().clear();
    }

    fn issue(&self, house: &House, idx: u64, bent: &Bent<'_>) -> Theirs {
        let key = PhoneKey::generate().unwrap().0;
        let claims = WalletClaims {
            issuer: format!("{NEXT}/wallet"),
            vct: format!("{NEXT}/wallet/types/{}", bent.credential),
            issued_at: house.now(),
            expires_at: house.now() + SignedDuration::from_hours(24 * bent.days),
            status_uri: format!("{NEXT}/status-lists/1"),
            status_idx: idx,
            holder: key.public(),
        };
        let closed =
            [Closed { salt: [1; 16], name: "name", value: bent.name }, Closed { salt: [2; 16], name: "date_of_birth", value: bent.born }];
        let card = sdjwt::issue(bent.by.unwrap_or(&self.key), &claims, &closed).unwrap();
        Theirs { key, card, idx }
    }
}

/// Somebody proven who is not in the register, with a phone.
async fn guest(house: &House) -> Holder {
    let account = AccountId::new(house.now());
    let mut ctx = house.begin(Actor::System).await;
    let values = params![account, NAME, BORN, account.bytes().to_vec(), house.now()];
    ctx.tx()
        .execute(
            "insert into identity_account (id, name, date_of_birth, assurance, four_items, three_items, substitutes, opened_at)
             values ($1, $2, $3, 'signature', $4, $4, false, $5)",
            values,
        )
        .await
        .unwrap();
    ctx.commit().await.unwrap();
    let (phone, key) = house.phone(account).await;
    Holder { account, phone, key }
}

/// A question as the wallet has it.
struct Asked {
    id: ResidenceRequestId,
    token: String,
    says: Value,
}

impl House {
    async fn ask(&self, holder: &Holder) -> Asked {
        let mut ctx = self.begin(Actor::Holder(holder.account)).await;
        let id = cards::ask_residence(&mut ctx, &"next".parse().unwrap()).await.unwrap();
        let request = cards::residence_request(&mut ctx, id).await.unwrap();
        let token = request.token.clone();
        assert!(cards::residence_uri(&self.office, &request).starts_with("openid4vp://?client_id=decentralized_identifier"));
        let question = cards::residence_question(&mut ctx, &self.office, &token).await.unwrap().unwrap();
        ctx.commit().await.unwrap();
        Asked { id, token, says: says(&question) }
    }

    async fn answer(&self, next: &Arc<Next>, asked: &Asked, shown: &str) -> Answer<()> {
        let vp_token = Some(json!({ "residence": [shown] }).to_string());
        let says = WalletSays { vp_token, state: asked.says["state"].as_str().map(str::to_owned), error: None };
        let outside: Arc<dyn Outside> = Arc::<Next>::clone(next);
        cards::residence_answered(&self.store, &outside, &self.office, &asked.token, &says).await.unwrap()
    }

    async fn outcome(&self, holder: &Holder, asked: &Asked) -> Option<Outcome> {
        let mut ctx = self.begin(Actor::Holder(holder.account)).await;
        cards::residence_request(&mut ctx, asked.id).await.unwrap().outcome
    }

    /// Shows a card with everything opened, as the wallet is asked now.
    async fn prove(&self, holder: &Holder, next: &Arc<Next>, theirs: &Theirs) -> Outcome {
        let asked = self.ask(holder).await;
        let shown = bind(&theirs.key, &theirs.card, &asked.says["client_id"], &asked.says["nonce"], self.now().as_second());
        let answer = self.answer(next, &asked, &shown).await;
        let outcome = self.outcome(holder, &asked).await.unwrap();
        assert_eq!(answer.is_ok(), outcome == Outcome::Proven, "{outcome:?}");
        outcome
    }

    async fn own(&self, holder: &Holder, id: &str) -> Option<CardView> {
        self.cards(holder).await.into_iter().find(|card| card.holding.programme.as_str() == id)
    }

    async fn join(&self, holder: &Holder, agreed: bool) -> Result<(), Error> {
        let mut ctx = self.begin(Actor::Holder(holder.account)).await;
        identity::join_roll(&mut ctx, &"friends".parse().unwrap(), agreed).await?;
        ctx.commit().await.unwrap();
        Ok(())
    }

    async fn ended_why(&self, holder: &Holder) -> Vec<Option<ResidenceEnd>> {
        let mut ctx = self.begin(Actor::Holder(holder.account)).await;
        let all = identity::residences_of(&mut ctx, holder.account).await.unwrap();
        all.into_iter().map(|found| found.ended_why).collect()
    }

    /// What runs at midnight for people who are not in the register.
    async fn guests_midnight(&self) {
        let mut ctx = self.begin(Actor::System).await;
        cards::neighbours_daily(&mut ctx).await.unwrap();
        cards::reevaluate_guests(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
    }

    /// What somebody was told so far: the texts with their days.
    async fn told(&self, holder: &Holder) -> Vec<(String, Vec<(String, String)>)> {
        let mut ctx = self.begin(Actor::System).await;
        let query = "select payload from store_event where kind = 'web.tell' order by seq";
        let all: Vec<(String,)> = ctx.tx().query(query, &[]).await.unwrap();
        let all = all.iter().map(|(payload,)| serde_json::from_str::<web::Tell>(payload).unwrap());
        all.filter(|tell| tell.account == holder.account).map(|tell| (tell.text, tell.args)).collect()
    }

    async fn remind(&self) {
        let mut ctx = self.begin(Actor::System).await;
        cards::remind_guests(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
    }

    async fn follow(&self, next: &Arc<Next>) {
        let outside: Arc<dyn Outside> = Arc::<Next>::clone(next);
        let asked = serde_json::from_value(json!({ "neighbour": "next" })).unwrap();
        cards::follow_neighbour(&self.store, &outside, &asked).await.unwrap();
    }
}

#[tokio::test]
async fn a_neighbour_proves_where_they_live_and_holds_the_library_card() {
    for house in houses().await {
        let (next, her) = (Next::open(&house), guest(&house).await);
        assert!(house.own(&her, LIBRARY).await.is_none(), "nothing before it is proven");
        let theirs = next.issue(&house, 7, &STRAIGHT);
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Proven);
        let card = house.own(&her, LIBRARY).await.unwrap();
        assert_eq!(card.name.as_deref(), Some(NAME));
        let decision = house.show(&her, card.card.as_ref().unwrap(), "shop-honson").await;
        assert!(decision.accepted(), "{decision:?}");

        // The town they live in ends the card there: the next look ends it here, and a place without the centre reads it in the list.
        next.end(&house, &theirs);
        house.follow(&next).await;
        assert_eq!(house.ended_why(&her).await, [Some(ResidenceEnd::Revoked)]);
        let ended = house.own(&her, LIBRARY).await.unwrap();
        assert_eq!(ended.holding.ended_why, Some(Ended::NotEntitled));
        let why = NotEntitled::ResidenceOver;
        assert_eq!(house.refusal(&her, card.card.as_ref().unwrap(), "shop-honson").await, Some(Refusal::NotEntitled { why }));
        let mut ctx = house.begin(Actor::Verifier("shop-honson".parse().unwrap())).await;
        let knowledge = cards::knowledge(&mut ctx, &house.office).await.unwrap();
        let list = credential::StatusToken::read(&base64_bytes(&json!(knowledge)["status_lists"][0])).unwrap().list;
        let idx = credential::Credential::read(&card.card.as_ref().unwrap().credential).unwrap().claims().status.idx;
        assert_eq!(list.get(idx), Some(Status::Invalid));
    }
}

fn base64_bytes(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn whatever_is_not_the_neighbours_word_about_this_person_now_is_refused_and_recorded() {
    for house in houses().await {
        let (next, her) = (Next::open(&house), guest(&house).await);
        let strange = IssuerKey::generate().unwrap().0;
        let bent = [
            (Bent { name: "旅野 近", ..STRAIGHT }, Outcome::OtherPerson),
            (Bent { born: "1990-04-13", ..STRAIGHT }, Outcome::OtherPerson),
            (Bent { credential: "bus-pass", ..STRAIGHT }, Outcome::OtherCredential),
            (Bent { by: Some(&strange), ..STRAIGHT }, Outcome::OtherIssuer),
            (Bent { days: 0, ..STRAIGHT }, Outcome::Expired),
        ];
        for (bent, outcome) in &bent {
            let theirs = next.issue(&house, 7, bent);
            assert_eq!(house.prove(&her, &next, &theirs).await, *outcome);
        }
        let theirs = next.issue(&house, 7, &STRAIGHT);
        // Seen on somebody's screen: bound by another key, or made for another question, or long ago.
        let asked = house.ask(&her).await;
        let (client, nonce, now) = (&asked.says["client_id"], &asked.says["nonce"], house.now().as_second());
        let other = PhoneKey::generate().unwrap().0;
        house.answer(&next, &asked, &bind(&other, &theirs.card, client, nonce, now)).await.unwrap_err();
        assert_eq!(house.outcome(&her, &asked).await, Some(Outcome::Copied));
        let asked = house.ask(&her).await;
        house.answer(&next, &asked, &bind(&theirs.key, &theirs.card, client, nonce, now)).await.unwrap_err();
        assert_eq!(house.outcome(&her, &asked).await, Some(Outcome::Replayed));
        let asked = house.ask(&her).await;
        let old = bind(&theirs.key, &theirs.card, &asked.says["client_id"], &asked.says["nonce"], now - 3600);
        house.answer(&next, &asked, &old).await.unwrap_err();
        assert_eq!(house.outcome(&her, &asked).await, Some(Outcome::OtherMoment));
        // Of the two claims one is closed.
        let asked = house.ask(&her).await;
        let half = opened(&theirs.card, &["name"]);
        house.answer(&next, &asked, &bind(&theirs.key, &half, &asked.says["client_id"], &asked.says["nonce"], now)).await.unwrap_err();
        assert_eq!(house.outcome(&her, &asked).await, Some(Outcome::NotOpened));
        // A question is answered once, and only the newest counts.
        let (first, second) = (house.ask(&her).await, house.ask(&her).await);
        assert_eq!(house.outcome(&her, &first).await, Some(Outcome::GivenUp));
        let good = bind(&theirs.key, &theirs.card, &second.says["client_id"], &second.says["nonce"], now);
        house.answer(&next, &second, &good).await.unwrap();
        assert_eq!(house.answer(&next, &second, &good).await.unwrap_err().reason, "request");

        next.end(&house, &theirs);
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Revoked);
        next.falls_silent();
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Unreachable);
        let mut ctx = house.begin(Actor::Holder(her.account)).await;
        let looks = ctx.audit_of(&her.account.to_string(), i64::MAX, 100).await.unwrap();
        assert_eq!(looks.iter().filter(|entry| entry.action == "residence.refused").count(), 11, "she reads each");
    }
}

#[tokio::test]
async fn a_statement_counts_for_its_age_and_one_who_moves_in_is_the_registers() {
    for house in houses().await {
        let (next, her) = (Next::open(&house), guest(&house).await);
        let theirs = next.issue(&house, 7, &STRAIGHT);
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Proven);
        let card = house.own(&her, LIBRARY).await.unwrap();
        // Ninety days in the pack; the last is the ninetieth.
        house.days(90);
        house.guests_midnight().await;
        assert!(house.own(&her, LIBRARY).await.unwrap().is_live());
        house.days(1);
        let why = NotEntitled::ResidenceOver;
        assert_eq!(
            house.refusal(&her, card.card.as_ref().unwrap(), "shop-honson").await,
            Some(Refusal::NotEntitled { why }),
            "asked anew at each place"
        );
        house.guests_midnight().await;
        assert_eq!(house.ended_why(&her).await, [Some(ResidenceEnd::Over)]);

        next.publish(&house);
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Proven, "shown again, it goes on");
        let again = house.own(&her, LIBRARY).await.unwrap();
        assert!(again.is_live());
        let resident = house.resident(CHILD).await;
        let mut ctx = house.begin(Actor::System).await;
        identity::link(&mut ctx, &Finds(resident), her.account, resident, LinkBy::Bundle).await.unwrap();
        ctx.commit().await.unwrap();
        let cards = house.cards(&her).await;
        let theirs = cards.iter().find(|card| card.holding.id == again.holding.id).unwrap();
        assert_eq!(theirs.holding.ended_why, Some(Ended::MovedIn));
        assert_eq!(
            house.refusal(&her, again.card.as_ref().unwrap(), "shop-honson").await,
            Some(Refusal::NotEntitled { why: NotEntitled::MovedIn })
        );
        assert_eq!(house.ended_why(&her).await[0], Some(ResidenceEnd::MovedIn));
        let mut ctx = house.begin(Actor::Holder(her.account)).await;
        let refused = cards::ask_residence(&mut ctx, &"next".parse().unwrap()).await.unwrap_err();
        assert!(matches!(refused, cards::Error::Identity(Error::NoGuest(NoGuest::Resident))), "{refused:?}");
    }
}

#[tokio::test]
async fn somebody_from_outside_is_told_once_that_the_last_day_is_near() {
    for house in houses().await {
        let (next, her) = (Next::open(&house), guest(&house).await);
        let theirs = next.issue(&house, 7, &STRAIGHT);
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Proven);
        // Ninety days in the pack: fourteen are left after seventy-six.
        house.days(75);
        house.remind().await;
        assert!(house.told(&her).await.is_empty());
        house.days(1);
        house.remind().await;
        house.remind().await;
        house.days(1);
        house.remind().await;
        let mut ctx = house.begin(Actor::Holder(her.account)).await;
        let last_day = identity::residences_of(&mut ctx, her.account).await.unwrap()[0].until.to_string();
        drop(ctx);
        let ends = ("residence-tell-ends".to_owned(), vec![("day".to_owned(), last_day)]);
        assert_eq!(house.told(&her).await, [ends]);
        // Proven again, a new term begins, and with it a new last day.
        next.publish(&house);
        assert_eq!(house.prove(&her, &next, &theirs).await, Outcome::Proven);
        house.remind().await;
        assert_eq!(house.told(&her).await.len(), 1);
        house.days(76);
        house.remind().await;
        assert_eq!(house.told(&her).await.len(), 2);
    }
}

#[tokio::test]
async fn a_digital_resident_joins_for_a_term_within_the_limit_and_leaves() {
    for house in houses().await {
        let (her, him) = (guest(&house).await, guest(&house).await);
        assert!(matches!(house.join(&her, false).await, Err(Error::NoGuest(NoGuest::TermsNotAgreed))));
        house.join(&her, true).await.unwrap();
        assert!(matches!(house.join(&him, true).await, Err(Error::NoGuest(NoGuest::Full))), "the roll takes one");
        assert!(house.own(&her, LIBRARY).await.is_none(), "a neighbour's card is no digital resident's");
        let mut ctx = house.begin(Actor::Holder(her.account)).await;
        let offers = cards::offers(&mut ctx).await.unwrap();
        assert_eq!(offers.iter().map(|offer| offer.programme.as_str()).collect::<Vec<_>>(), [BATH]);
        cards::apply(&mut ctx, &house.office, &programme(BATH), offers[0].resident, None).await.unwrap();
        // What the register alone knows is not known of her: refused in those words.
        let refused = cards::apply(&mut ctx, &house.office, &programme("friends-care"), offers[0].resident, None).await.unwrap_err();
        assert!(matches!(refused, cards::Error::NotEntitled(NotEntitled::NotKnown)), "{refused:?}");
        ctx.commit().await.unwrap();
        let card = house.own(&her, BATH).await.unwrap();
        assert!(house.show(&her, card.card.as_ref().unwrap(), "shop-honson").await.accepted());

        let mut ctx = house.begin(Actor::Holder(her.account)).await;
        let hers = identity::residences_of(&mut ctx, her.account).await.unwrap()[0].id;
        ctx.actor = Actor::Holder(him.account);
        assert!(matches!(identity::leave(&mut ctx, hers).await, Err(Error::ResidenceNotFound)), "nobody leaves for another");
        drop(ctx);
        let mut ctx = house.begin(Actor::Holder(her.account)).await;
        identity::leave(&mut ctx, hers).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.own(&her, BATH).await.unwrap().holding.ended_why, Some(Ended::NotEntitled));
        house.join(&him, true).await.unwrap();
        house.days(366);
        house.guests_midnight().await;
        assert_eq!(house.ended_why(&him).await, [Some(ResidenceEnd::Over)]);
    }
}

#[tokio::test]
async fn staff_count_and_end_and_a_light_account_is_no_guest() {
    for house in houses().await {
        let (next, her) = (Next::open(&house), guest(&house).await);
        house.prove(&her, &next, &next.issue(&house, 7, &STRAIGHT)).await;
        assert!(house.own(&her, LIBRARY).await.unwrap().is_live());
        let clerk = Actor::Staff(StaffId::from_bytes([8; 16]), vec![Role::Clerk]);
        let mut ctx = house.begin(clerk).await;
        let counts = identity::residence_counts(&mut ctx).await.unwrap();
        assert_eq!(counts.iter().map(|count| (count.to.as_str(), count.people)).collect::<Vec<_>>(), [("next", 1)]);
        let listed = identity::guests_after(&mut ctx, None, 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        identity::end_residence(&mut ctx, listed[0].id).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.own(&her, LIBRARY).await.unwrap().holding.ended_why, Some(Ended::NotEntitled));

        let mut ctx = house.begin(Actor::Anonymous).await;
        let light = identity::start_light_account(&mut ctx, "家族").await.unwrap();
        ctx.actor = Actor::Holder(light.id);
        let refused = identity::join_roll(&mut ctx, &"friends".parse().unwrap(), true).await;
        assert!(matches!(refused, Err(Error::NoGuest(NoGuest::ProofTooWeak))));
    }
}
