//! What families do with cards, and what becomes of them, on every engine there is.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod guardians;
mod guests;
mod holders;
mod media;
mod proxies;
mod renewal;
mod shares;
mod wallets;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cards::{Asked, CardView, Decision, Held, HoldingId, Office, UseId};
use civil::Timestamp;
use credential::{Credential, IssuerKey, NONCE_BYTES, PhoneKey, Refusal};
use identity::{LinkBy, PhoneId};
use jiff::SignedDuration;
use registry::bridge::{Chain, Layout, MatchSecret, OpeningKey, Sealing, SigningKey, seal};
use registry::{BridgeKeys, BundleState, Search, open_bundle};
use store::testing::{TestDb, databases};
use store::{
    AccountId, Actor, Clock, Ctx, Looked, Match, MatchKeys, Reactions, Register, ResidentId, Role, SetClock, StaffId, Store, StoreBuilder,
    params,
};
use town::{PlaceId, ProgrammeId, Town};

const ORIGIN: &str = "https://tegata.example";
const HEADER: &str =
    "住民番号,世帯番号,氏名,生年月日,性別,続柄,住所,集落,状態,異動日,住民となった日,支援措置,温泉証番号,要介護度,在学,若者医療番号";
/// Early enough in a school year that the weeks of a story stay within it.
const BEGIN: &str = "2026-06-01T10:00:00+09:00";

/// People from elsewhere: a neighbouring town that is believed, a roll of one, and what they may have.
const GUESTS: &str = r##"
[[neighbour]]
id = "next"
name = { ja = "となり町" }
issuer = "https://next.example/wallet"
credential = "https://next.example/wallet/types/resident"
max_age_days = 90
timetable = { at = ["03:00"], silent_after_h = 30 }

[[digital_residents]]
id = "friends"
name = { ja = "デジタル村民" }
about = { ja = "村の外から村とつながる人" }
terms = { ja = "村の決まりを守ります。" }
proof = "jpki"
months = 12
limit = 1

[[programme]]
id = "guest-library"
name = { ja = "近隣の図書館カード" }
short = { ja = "となり町の人も借りられます。" }
shown_by = ["self"]
apply = "automatic"
proof = "jpki"
design = { colour = "#0017c1", icon = "town" }
[[programme.version]]
from = "2020-04-01"
eligible = 'residence.kind == "neighbour" && residence.town == "next"'
source = "架空"

[[programme]]
id = "friends-bath"
name = { ja = "デジタル村民の入浴" }
short = { ja = "デジタル村民も入れます。" }
shown_by = ["self"]
apply = "application"
proof = "jpki"
design = { colour = "#0017c1", icon = "town" }
[[programme.version]]
from = "2020-04-01"
eligible = 'residence.roll == "friends"'
source = "架空"

[[programme]]
id = "friends-care"
name = { ja = "地区を尋ねる制度" }
short = { ja = "地区による制度です。" }
shown_by = ["self"]
apply = "application"
proof = "jpki"
design = { colour = "#0017c1", icon = "town" }
[[programme.version]]
from = "2020-04-01"
eligible = 'residence.kind != "resident" && resident.district == "本村"'
source = "架空"
"##;

/// A network on which nobody answers.
struct Nobody;

impl web::Outside for Nobody {
    fn fetch(&self, _: &str) -> Result<Vec<u8>, web::FetchFault> {
        Err(web::FetchFault::Unreachable)
    }
}

/// The demonstration village, with relations crossing the bridge and a youth card that may be shared.
fn village() -> Arc<Town> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo");
    let pack = Pack::new();
    copy(&from, &pack.0);
    change(&pack.0.join("town.toml"), "    \"household\",\n", "    \"household\",\n    \"relation\",\n");
    let youth = pack.0.join("programmes/youth-medical.toml");
    change(&youth, "shown_by = [\"self\", \"guardian\"]", "shown_by = [\"self\", \"guardian\", \"shared\"]");
    change(&youth, "apply = \"application\"", "apply = \"automatic\"");
    change(&pack.0.join("programmes/bath-pass.toml"), "apply = \"application\"", "apply = \"automatic\"");
    change(&pack.0.join("programmes/bath-pass.toml"), "max_holders = 2", "max_holders = 1");
    // A ride that is asked for, at the shop.
    let ride = pack.0.join("programmes/senior-ride.toml");
    fs::copy(pack.0.join("programmes/senior-bus.toml"), &ride).unwrap();
    change(&ride, "id = \"senior-bus\"", "id = \"senior-ride\"");
    change(&ride, "apply = \"automatic\"", "apply = \"application\"");
    change(
        &pack.0.join("places.toml"),
        "accepts = [\"village-pass\"]",
        "accepts = [\"senior-ride\", \"village-pass\", \"guest-library\", \"friends-bath\"]",
    );
    fs::write(pack.0.join("elsewhere.toml"), GUESTS).unwrap();
    Town::load(&pack.0).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// A folder that goes when it is no longer needed.
struct Pack(PathBuf);

impl Pack {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("tegata-cards-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Pack {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

fn change(file: &Path, what: &str, by: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(what), "{} has no {what}", file.display());
    fs::write(file, text.replace(what, by)).unwrap();
}

/// Somebody in the register: a number, a household, a birthday, a relation; current and not under protection until said otherwise.
#[derive(Clone)]
struct Row {
    id: u8,
    household: &'static str,
    born: &'static str,
    relation: &'static str,
    moved_out: Option<&'static str>,
    protected: bool,
}

fn row(id: u8, household: &'static str, born: &'static str, relation: &'static str) -> Row {
    Row { id, household, born, relation, moved_out: None, protected: false }
}

impl Row {
    fn line(&self) -> String {
        let Self { id, household, born, relation, .. } = self;
        let (status, on) = self.moved_out.map_or(("住民", ""), |on| ("転出", on));
        let protected = if self.protected { "○" } else { "" };
        format!(
            "{id},{household},青空 人{id},{born},女,{relation},本村{household},本村,{status},{on},2000-01-01,{protected},B{id},,1,Y{id}"
        )
    }
}

/// A mother, a father and a child of ten; a grandmother in a house of her own.
fn family() -> Vec<Row> {
    vec![
        row(MOTHER, "H1", "1986-05-05", "世帯主"),
        row(FATHER, "H1", "1985-05-05", "夫"),
        row(CHILD, "H1", "2016-05-05", "子"),
        row(GRANDMOTHER, "H2", "1950-05-05", "世帯主"),
    ]
}

const MOTHER: u8 = 1;
const FATHER: u8 = 2;
const CHILD: u8 = 3;
const GRANDMOTHER: u8 = 4;
const YOUTH: &str = "youth-medical";
const PASS: &str = "village-pass";
const BATH: &str = "bath-pass";
const RIDE: &str = "senior-ride";

struct House {
    store: Store,
    clock: Arc<SetClock>,
    office: Arc<Office>,
    keys: BridgeKeys,
    chain: Chain,
    register: Vec<Row>,
    _db: TestDb,
}

/// Somebody with an account and a phone.
struct Holder {
    account: AccountId,
    phone: PhoneId,
    key: PhoneKey,
}

async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for db in databases().await.unwrap() {
        houses.push(House::new(db, None).await);
    }
    houses
}

/// A register that gives one resident, whatever the keys.
struct Finds(ResidentId);

impl Register for Finds {
    fn find<'a>(&'a self, _: &'a mut Ctx, _: MatchKeys) -> Looked<'a, Match> {
        Box::pin(async { Ok(Match::One(self.0)) })
    }

    fn may_know<'a>(&'a self, _: &'a mut Ctx, _: ResidentId) -> Looked<'a, bool> {
        Box::pin(async { Ok(true) })
    }
}

/// What accounts are proven and media bound with.
fn settings() -> identity::Settings {
    identity::Settings::new(ORIGIN, &[1; 32], &[4; 32]).unwrap()
}

impl House {
    async fn new(db: TestDb, places: Option<u64>) -> Self {
        let town = village();
        let clock = Arc::new(SetClock::new(BEGIN.parse().unwrap()));
        let matching = MatchSecret::new(&[1; 32]).unwrap();
        let office = Office::new(IssuerKey::generate().unwrap().0, &town, ORIGIN, matching, settings().media_key()).unwrap();
        let office = Arc::new(match places {
            Some(places) => office.with_status_entries(places),
            None => office,
        });
        let mut reactions = Reactions::default();
        (cards::service(Arc::clone(&office), Arc::new(Nobody), &town).reactions)(&mut reactions);
        let migrations = vec![registry::MIGRATIONS, identity::MIGRATIONS, cards::MIGRATIONS];
        let clock_of_store = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = StoreBuilder { db: db.db.clone(), town, clock: clock_of_store, migrations, reactions }.open().await.unwrap();
        let keys = BridgeKeys { signers: vec![SigningKey::new(&[2; 32]).unwrap().public()], centre: OpeningKey::new(&[3; 32]).unwrap() };
        let mut house = Self { store, clock, office, keys, chain: Chain::default(), register: family(), _db: db };
        house.bring().await;
        house
    }

    async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn pass(&self, time: SignedDuration) {
        self.clock.set(self.now() + time);
    }

    fn days(&self, days: i64) {
        self.pass(SignedDuration::from_hours(24 * days));
    }

    /// Seals the register as it stands and opens it at the centre.
    async fn bring(&mut self) {
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
            now: self.now(),
            randomness: [7; 32],
        };
        let lines: Vec<String> = self.register.iter().map(Row::line).collect();
        let mut out = Vec::new();
        let sealed = seal(format!("{HEADER}\n{}\n", lines.join("\n")).as_bytes(), &sealing, &mut out).unwrap();
        assert_eq!(sealed.problems.total, 0, "{:?}", sealed.problems);
        self.chain = sealed.chain;
        let mut ctx = self.begin(Actor::System).await;
        assert_eq!(open_bundle(&mut ctx, &out, &self.keys).await.unwrap().state, BundleState::Applied);
        ctx.commit().await.unwrap();
    }

    /// Changes somebody in the inner register; it crosses with the next bundle.
    fn row(&mut self, id: u8) -> &mut Row {
        self.register.iter_mut().find(|row| row.id == id).unwrap()
    }

    async fn resident(&self, id: u8) -> ResidentId {
        let mut ctx = self.begin(Actor::Staff(StaffId::from_bytes([8; 16]), vec![Role::ProtectionClerk])).await;
        let wanted = Search { register_id: Some(id.to_string()), ..Search::default() };
        registry::search(&mut ctx, &wanted).await.unwrap()[0].id
    }

    /// Gives somebody of the register an account, as if they had proven who they are, and a phone.
    async fn holder(&self, id: u8) -> Holder {
        let resident = self.resident(id).await;
        let account = AccountId::new(self.now());
        let mut ctx = self.begin(Actor::System).await;
        let keys = account.bytes().to_vec();
        let values = params![account, format!("人{id}"), keys, self.now()];
        ctx.tx()
            .execute(
                "insert into identity_account (id, name, assurance, four_items, three_items, substitutes, opened_at)
                 values ($1, $2, 'signature', $3, $3, false, $4)",
                values,
            )
            .await
            .unwrap();
        identity::link(&mut ctx, &Finds(resident), account, resident, LinkBy::Bundle).await.unwrap();
        ctx.commit().await.unwrap();
        let (phone, key) = self.phone(account).await;
        Holder { account, phone, key }
    }

    async fn phone(&self, account: AccountId) -> (PhoneId, PhoneKey) {
        let (key, _) = PhoneKey::generate().unwrap();
        let mut ctx = self.begin(Actor::Holder(account)).await;
        let asked = identity::phone_challenge(&mut ctx, account).await.unwrap();
        let jwk = serde_json::to_string(&key.public()).unwrap();
        let signature = key.sign(&asked.message).unwrap();
        let phone = identity::register_phone(&mut ctx, account, None, asked.id, &jwk, &signature, "電話").await.unwrap();
        ctx.commit().await.unwrap();
        (phone.id, key)
    }

    /// The cards of a phone as the centre gives them now.
    async fn cards(&self, holder: &Holder) -> Vec<CardView> {
        let mut ctx = self.begin(Actor::Holder(holder.account)).await;
        let cards = cards::my_cards(&mut ctx, &self.office, Some(holder.phone)).await.unwrap();
        ctx.commit().await.unwrap();
        cards
    }

    /// The newest card of a programme for somebody in a phone, ended ones too.
    async fn card(&self, holder: &Holder, programme: &str, of: u8) -> Option<CardView> {
        let resident = self.resident(of).await;
        let cards = self.cards(holder).await;
        cards.into_iter().find(|card| card.holding.programme.as_str() == programme && card.holding.resident == resident)
    }

    async fn held(&self, holder: &Holder, programme: &str, of: u8) -> Held {
        self.card(holder, programme, of).await.unwrap().card.unwrap()
    }

    /// A fresh presentation of a card from a phone, at the clinic or the shop.
    async fn show(&self, holder: &Holder, held: &Held, place: &str) -> Decision {
        // Not the moment of anything before, and another code than the last.
        self.pass(SignedDuration::from_secs(1));
        let disclosures = serde_json::from_str(&held.disclosures).unwrap();
        let (_, disclosures) = credential::Held { disclosures, ..credential::Held::new(&held.credential, &[]) }.open().unwrap();
        let mut nonce = [0; NONCE_BYTES];
        nonce[..8].copy_from_slice(&UseId::new(self.now()).bytes()[8..]);
        let card = Credential::read(&held.credential).unwrap();
        let text = holder.key.present(&card, &disclosures, self.now(), nonce).unwrap();
        let asked = Asked::new(&self.office, UseId::new(self.now()), &text, self.now(), 30);
        let mut ctx = self.begin(Actor::Verifier(place.parse::<PlaceId>().unwrap())).await;
        let decision = cards::decide(&mut ctx, &asked).await.unwrap();
        ctx.commit().await.unwrap();
        decision
    }

    async fn refusal(&self, holder: &Holder, held: &Held, place: &str) -> Option<Refusal> {
        self.show(holder, held, place).await.refusal
    }

    /// Shares a card and lets the other take it; gives what came of it.
    async fn share(&self, from: &Holder, holding: HoldingId, to: &Holder) -> HoldingId {
        let mut ctx = self.begin(Actor::Holder(from.account)).await;
        let (_, code) = cards::share_code(&mut ctx, holding).await.unwrap();
        ctx.actor = Actor::Holder(to.account);
        let joined = cards::join(&mut ctx, &code).await.unwrap();
        ctx.commit().await.unwrap();
        joined
    }

    /// What runs at midnight.
    async fn midnight(&self) {
        let mut ctx = self.begin(Actor::System).await;
        cards::reevaluate_town(&mut ctx).await.unwrap();
        cards::free_places(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
    }
}

fn programme(id: &str) -> ProgrammeId {
    id.parse().unwrap()
}
