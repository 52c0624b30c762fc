//! What `tegata bench push` and `tegata bench notice` measure: browsers that nobody holds, a notice written and approved, and what became of it.
//!
//! The browsers keep their keys, so that what was encrypted for them is opened again: a fast wrong message is no message.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rand;
use store::{AccountId, Actor, Ctx, Role, StaffId, Store};
use town::Language;

use crate::domain::write;
use crate::model::{Audience, Error, NoticeId, Queue, Result, State, Subscription, SubscriptionId, Text, Texts};
use crate::push::{BrowserKeys, EncryptError, open};
use crate::store as rows;

/// Where made-up browsers are written to; their number follows.
const ENDPOINT: &str = "https://push.example/";
/// Of how many messages one is opened again.
const ONE_IN: usize = 997;

/// Browsers with keys of their own.
pub struct Browsers(Vec<Browser>);

struct Browser {
    key: PrivateKey,
    keys: BrowserKeys,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether everybody has been reached.
    pub sent: bool,
    /// How many it is for, as counted when it was handed in.
    pub people: u32,
    /// How many have it in their inbox.
    pub reached: u32,
}

impl Browsers {
    /// So many.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub fn new(count: usize) -> Result<Self, EncryptError> {
        let one = || {
            let key = PrivateKey::generate(&ECDH_P256).map_err(|_| EncryptError::Failed)?;
            let mut auth = [0; 16];
            rand::fill(&mut auth).map_err(|_| EncryptError::Failed)?;
            let point = key.compute_public_key().map_err(|_| EncryptError::Failed)?;
            Ok(Browser { keys: BrowserKeys::new(point.as_ref(), &auth)?, key })
        };
        Ok(Self((0..count).map(|_| one()).collect::<Result<_, _>>()?))
    }

    /// What the browser of this number gave to be written to. There are as many as were made, and then the first again.
    pub fn keys(&self, number: usize) -> &BrowserKeys {
        &self.0[number % self.0.len()].keys
    }

    /// Opens a message with a browser's own key; none when it is not for that browser, or is none.
    pub fn open(&self, number: usize, body: &[u8]) -> Option<Vec<u8>> {
        let browser = &self.0[number % self.0.len()];
        open(&browser.keys, body, |theirs, with| {
            agreement::agree(&browser.key, UnparsedPublicKey::new(&ECDH_P256, theirs), EncryptError::Keys, with)
        })
        .ok()
    }

    /// Gives every resident one, each with an address of its own.
    ///
    /// # Errors
    /// The database's.
    pub async fn subscribe_everybody(&self, store: &Store) -> Result<u64> {
        let mut ctx = store.begin(Actor::System).await?;
        let town = registry::table(&mut ctx).await?;
        let now = ctx.now();
        let mut browsers = town.residents.iter().enumerate().map(|(number, resident)| {
            let (keys, id) = (self.keys(number), SubscriptionId::new(now));
            let (point, auth) = (keys.point().to_vec(), keys.auth().to_vec());
            let (account, endpoint, language) = (AccountId::new(now), format!("{ENDPOINT}{number}"), Language::JAPANESE.to_string());
            (*resident, Subscription { id, account, endpoint, point, auth, language })
        });
        let reached = rows::made_up::subscribe(&mut ctx, &mut browsers).await?;
        ctx.commit().await?;
        Ok(reached)
    }

    /// Opens some of the messages of a notice that wait: how many there are and how many were opened. One in a thousand is tried.
    ///
    /// # Errors
    /// The database's; [`Error::Stored`] when one cannot be opened by the browser it is for.
    pub async fn open_some(&self, store: &Store, notice: NoticeId) -> Result<(usize, usize)> {
        let mut ctx = store.read(Actor::System).await?;
        let waiting = rows::made_up::messages(&mut ctx, notice).await?;
        let some: Vec<_> = waiting.iter().step_by(ONE_IN).collect();
        for (endpoint, body) in &some {
            let number = endpoint.strip_prefix(ENDPOINT).and_then(|number| number.parse().ok()).ok_or(Error::Stored("endpoint"))?;
            let text = self.open(number, body).ok_or(Error::Stored("message"))?;
            serde_json::from_slice::<serde_json::Value>(&text).map_err(|_| Error::Stored("message"))?;
        }
        Ok((waiting.len(), some.len()))
    }
}

/// Writes a notice, hands it in and, where it takes two, has it approved by another: from here on it is the couriers'.
///
/// # Errors
/// What keeps it from being sent: a rule that is none, nobody to reach, a pack without topics.
pub async fn send(store: &Store, queue: Queue, audience: Audience, title: &str) -> Result<NoticeId> {
    let mut ctx = store.begin(Actor::System).await?;
    ctx.actor = staff(&ctx);
    let topic = ctx.town().notice_topics.first().map(|topic| topic.id.clone()).ok_or(Error::Written { field: "topic", reason: "topic" })?;
    let text = Text { title: title.to_owned(), body: "明日の午前9時から午後3時まで断水します。".repeat(4) };
    let written = write::Written {
        queue,
        topic,
        texts: Texts([(Language::JAPANESE.to_string(), text)].into()),
        link: String::new(),
        audience,
        wants_answer: false,
        corrects: None,
        send_at: None,
        remind_days: None,
        print_days: None,
    };
    let id = write::draft(&mut ctx, written).await?;
    if write::submit(&mut ctx, id, &None).await? == State::Waiting {
        ctx.actor = staff(&ctx);
        write::approve(&mut ctx, id, &None).await?;
    }
    ctx.commit().await?;
    Ok(id)
}

/// Somebody else each time.
fn staff(ctx: &Ctx) -> Actor {
    Actor::Staff(StaffId::new(ctx.now()), vec![Role::Officer])
}

/// How far a notice has come.
///
/// # Errors
/// The database's; [`Error::NotFound`].
pub async fn outcome(store: &Store, id: NoticeId) -> Result<Outcome> {
    let mut ctx = store.read(Actor::System).await?;
    let notice = rows::notices::find(&mut ctx, id).await?.ok_or(Error::NotFound)?;
    Ok(Outcome { sent: notice.state == State::Sent, people: notice.people, reached: notice.chosen })
}

/// How many people have a notice more than once: nobody.
///
/// # Errors
/// The database's.
pub async fn twice(store: &Store, id: NoticeId) -> Result<i64> {
    rows::made_up::twice(&mut store.read(Actor::System).await?, id).await
}
