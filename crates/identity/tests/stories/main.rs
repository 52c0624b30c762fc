//! Stories of this room, told on every engine there is.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod app_signing;
mod apps;
mod card;
mod devices;
mod life;
mod links;
mod media;
mod op;
mod own_passkeys;
mod passkeys;
mod phone_cards;
mod phones;
mod prove;
mod proxies;
mod sessions;
mod staff;
mod tries;

use std::path::Path;
use std::sync::Arc;

use civil::Timestamp;
use identity::{Proven, Result, Settings};
use jiff::SignedDuration;
use store::testing::{TestDb, databases};
use store::{
    AccountId, Actor, Ctx, Looked, Match, MatchKeys, Migrations, Permission, Reactions, Register, ResidentId, Role, SetClock, StaffId,
    Store, StoreBuilder, permitted,
};

/// A town's store on one engine, with a clock that stands and a card authority.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) settings: Settings,
    pub(crate) cards: card::Cards,
    pub(crate) db: TestDb,
}

pub(crate) const ORIGIN: &str = "https://tegata.example";
pub(crate) const RP_ID: &str = "tegata.example";
const MIGRATIONS: [Migrations; 1] = [identity::MIGRATIONS];

/// A house on each engine.
pub(crate) async fn houses() -> Vec<House> {
    let town = town::Town::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../towns/demo")).expect("the demo pack loads");
    let mut houses = Vec::new();
    for test in databases().await.unwrap() {
        let clock = Arc::new(SetClock::new(start()));
        let builder = StoreBuilder {
            db: test.db.clone(),
            town: Arc::clone(&town),
            clock: Arc::clone(&clock) as Arc<dyn store::Clock>,
            migrations: MIGRATIONS.to_vec(),
            reactions: Reactions::default(),
        };
        let settings = Settings::new(ORIGIN, &[1; 32], &[2; 32]).unwrap();
        houses.push(House { store: builder.open().await.unwrap(), clock, settings, cards: card::Cards::new(start()), db: test });
    }
    houses
}

pub(crate) fn start() -> Timestamp {
    "2026-11-23T03:00:00Z".parse().unwrap()
}

impl House {
    pub(crate) async fn begin(&self, actor: Actor) -> Ctx {
        self.store.begin(actor).await.unwrap()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.clock.set(store::Clock::now(&*self.clock) + time);
    }

    /// Proves a person with 署名用, from the asking to the claim, and gives what the room above would see.
    pub(crate) async fn prove(&mut self, asking: Actor, card: &card::Card) -> Result<Proven> {
        let mut ctx = self.begin(asking).await;
        let session = identity::begin_proof(&mut ctx, &self.settings, jpki::Purpose::Register, None).await?;
        ctx.commit().await?;
        let mut ctx = self.begin(Actor::Anonymous).await;
        let input = card.sign(&session.challenge);
        let proven = identity::complete_proof(
            &mut ctx,
            &self.settings,
            &Finds(Match::None),
            session.id,
            input,
            &self.cards.verifier(),
            &self.cards.good(),
        )
        .await?;
        ctx.commit().await?;
        Ok(proven)
    }

    /// How many events of a kind there were, with what they say.
    pub(crate) async fn events(&self, kind: &'static str) -> Vec<String> {
        let mut ctx = self.begin(Actor::System).await;
        let rows: Vec<(String,)> =
            ctx.tx().query("select payload from store_event where kind = $1 order by seq", store::params![kind]).await.unwrap();
        rows.into_iter().map(|(payload,)| payload).collect()
    }

    /// The actions the audit trail tells of a subject, oldest first.
    pub(crate) async fn audited(&self, subject: &str) -> Vec<String> {
        let mut ctx = self.begin(Actor::System).await;
        let mut entries = ctx.audit_of(subject, i64::MAX, 100).await.unwrap();
        entries.reverse();
        entries.into_iter().map(|entry| entry.action).collect()
    }

    /// Everything that is stored as text in events and the audit trail.
    pub(crate) async fn told(&self) -> String {
        let mut ctx = self.begin(Actor::System).await;
        let events: Vec<(String,)> = ctx.tx().query("select payload from store_event", &[]).await.unwrap();
        let audit: Vec<(String,)> = ctx.tx().query("select detail from store_audit", &[]).await.unwrap();
        let proofs: Vec<(String,)> = ctx.tx().query("select evidence from identity_proof", &[]).await.unwrap();
        events.into_iter().chain(audit).chain(proofs).map(|(text,)| text + "\n").collect()
    }
}

pub(crate) fn clerk() -> Actor {
    Actor::Staff(StaffId::from_bytes([7; 16]), vec![Role::Clerk])
}

pub(crate) fn protection_clerk() -> Actor {
    Actor::Staff(StaffId::from_bytes([8; 16]), vec![Role::ProtectionClerk])
}

pub(crate) fn administrator() -> Actor {
    Actor::Staff(StaffId::from_bytes([9; 16]), vec![Role::Administrator])
}

pub(crate) fn resident(n: u8) -> ResidentId {
    ResidentId::from_bytes([n; 16])
}

/// A register that finds the same for every card.
pub(crate) struct Finds(pub(crate) Match);

impl Register for Finds {
    fn find<'a>(&'a self, _: &'a mut Ctx, _: MatchKeys) -> Looked<'a, Match> {
        Box::pin(async move { Ok(self.0) })
    }

    fn may_know<'a>(&'a self, ctx: &'a mut Ctx, _: ResidentId) -> Looked<'a, bool> {
        Box::pin(async move { Ok(self.0 != Match::Protected || permitted(&ctx.actor, Permission::ResolveProtected)) })
    }
}

/// A register whose residents are all under protection measures, but not found by any card.
pub(crate) struct Hides(pub(crate) Match);

impl Register for Hides {
    fn find<'a>(&'a self, _: &'a mut Ctx, _: MatchKeys) -> Looked<'a, Match> {
        Box::pin(async move { Ok(self.0) })
    }

    fn may_know<'a>(&'a self, ctx: &'a mut Ctx, _: ResidentId) -> Looked<'a, bool> {
        Box::pin(async move { Ok(permitted(&ctx.actor, Permission::ResolveProtected)) })
    }
}

pub(crate) fn nobody() -> AccountId {
    AccountId::from_bytes([0xAB; 16])
}

/// Asserts which error came.
macro_rules! refused {
    ($result:expr, $pattern:pat) => {
        match $result {
            Err($pattern) => {}
            Err(other) => panic!("refused with {other:?}"),
            Ok(_) => panic!("not refused"),
        }
    };
}
pub(crate) use refused;
