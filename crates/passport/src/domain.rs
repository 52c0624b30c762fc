//! From a card's answer to an account that is linked to its resident.

use std::sync::Arc;

use identity::{
    AppAnswer, AppBegun, AppQuestion, AppRefusal, AppTold, Apps, LinkBy, MatchReason, PhoneCardBegun, PhoneCardRefusal, PhoneCards,
    ProofInput, ProofSessionId, Proven, SessionId, Started,
};
use jiff::SignedDuration;
use jpki::revocation::Told;
use jpki::{Revocation, Verifier};
use registry::{Match, Register};
use store::{AccountId, Actor, AuditEntry, Ctx, Store};
use town::AppId;

/// The job that deletes secrets that are over: sessions, codes and questions nobody can use any more.
pub const FORGET_DAILY: &str = "passport.forget_expired";
/// When it runs, after midnight in Japan.
pub const FORGET_AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_hours(3);
/// Accounts looked at in one go after a bundle.
const WAITING_PAGE: u32 = 500;

/// What proofs are checked with.
pub struct Proofing {
    /// Roots and policy.
    pub verifier: Verifier,
    /// Who says whether a certificate is revoked.
    pub revocation: Arc<dyn Revocation + Send + Sync>,
    /// The identity apps that are offered beside the card.
    pub apps: Apps,
    /// The cards in phones that are taken beside the card.
    pub phone_cards: PhoneCards,
    /// Names and secrets.
    pub settings: identity::Settings,
    /// The key by which stations write the town's number into a card's free area.
    pub region_key: Option<RegionKey>,
    /// The address of a station's page on the resident's own machine or beside it, if there is one to offer.
    pub station: Option<String>,
}

/// The key of a town to the free area of its residents' cards.
pub struct RegionKey(pub [u8; 16]);

impl RegionKey {
    /// As a station is told it.
    pub(crate) fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for RegionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegionKey")
    }
}

/// What went wrong with the answer of a card or an identity app.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer was not believed, or the session is over.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The register could not be asked.
    #[error(transparent)]
    Registry(#[from] registry::Error),
}

/// Takes a card's answer, with the number the station wrote into the card where it was asked to, finds or opens the account and links it to its resident, or puts it into the clerk's queue: one change, or none.
///
/// Whether the certificate is revoked is asked first, with no transaction open: the answer may come over a network.
///
/// The caller learns nothing of the register from it: a person without a match, with several, or under protection measures reads the same.
///
/// # Errors
/// [`identity::Error`] when the answer is not believed; the refusal is kept for the browser that asked.
pub async fn answer_proof(
    store: &Store,
    actor: Actor,
    proofing: &Arc<Proofing>,
    id: ProofSessionId,
    input: ProofInput,
    region_id: Option<String>,
) -> Result<AccountId, Error> {
    let told = told(store, proofing, id, &input).await?;
    let mut ctx = store.begin(actor).await.map_err(identity::Error::from)?;
    match identity::complete_proof(&mut ctx, &proofing.settings, &Register, id, input, &proofing.verifier, &told).await {
        Ok(proven) => {
            link_proven(&mut ctx, &proven).await?;
            if let Some(written) = region_id {
                identity::bind_region_id(&mut ctx, &proofing.settings.media_key(), &proven, id, &written).await?;
            }
            ctx.commit().await.map_err(identity::Error::from)?;
            Ok(proven.account().id)
        }
        Err(refused) => {
            drop(ctx);
            let mut ctx = store.begin(Actor::System).await.map_err(identity::Error::from)?;
            identity::note_refusal(&mut ctx, id, &refused).await?;
            ctx.commit().await.map_err(identity::Error::from)?;
            Err(refused.into())
        }
    }
}

/// What lists and responders say of the certificate of an answer, asked on a thread that may wait.
async fn told(store: &Store, proofing: &Arc<Proofing>, id: ProofSessionId, input: &ProofInput) -> Result<Told, identity::Error> {
    let mut ctx = store.read(Actor::System).await?;
    let challenge = identity::open_question(&mut ctx, id).await?;
    let now = ctx.now();
    drop(ctx);
    let (proofing, input) = (Arc::clone(proofing), input.clone());
    let asking =
        tokio::task::spawn_blocking(move || identity::ask_revocation(&challenge, &input, &proofing.verifier, &*proofing.revocation, now));
    // Whoever asked and fell over has said nothing: unknown, which the policy judges.
    Ok(asking.await.unwrap_or_default())
}

/// Puts a question to an identity app, for the browser that asks to take there; `words` are those of the statement, where the card signs by it.
///
/// # Errors
/// [`identity::Error`] when there is no such app, or its provider is away.
pub async fn begin_app(
    store: &Store,
    actor: Actor,
    proofing: &Arc<Proofing>,
    app: &AppId,
    words: String,
) -> Result<AppBegun, identity::Error> {
    let now = store.clock().now();
    let (asked, id) = (Arc::clone(proofing), app.clone());
    let prepared = waiting(move || asked.apps.prepare(&id, &words, now)).await?;
    let mut ctx = store.begin(actor).await?;
    let begun = identity::begin_app_proof(&mut ctx, &proofing.apps, prepared).await?;
    ctx.commit().await?;
    Ok(begun)
}

/// Takes the answer a browser brought from an identity app, finds or opens the account, links it to its resident or puts it into the clerk's queue, and
/// signs the browser in: one change, or none. Each answer is taken once, and the provider is asked about it with no transaction open.
///
/// # Errors
/// [`identity::Error`] when the answer is not believed; the refusal is recorded.
pub async fn answer_app(
    store: &Store,
    actor: Actor,
    proofing: &Arc<Proofing>,
    app: &AppId,
    answer: AppAnswer,
    browser: &Browser<'_>,
) -> Result<Started, Error> {
    let state = answer.state.clone();
    let taken = believed_by_app(store, actor, proofing, app, answer, browser).await;
    if let Err(Error::Identity(refused)) = &taken {
        let mut ctx = store.begin(Actor::System).await.map_err(identity::Error::from)?;
        identity::note_app_refusal(&mut ctx, app, &state, refused).await?;
        ctx.commit().await.map_err(identity::Error::from)?;
    }
    taken
}

/// The browser that brings an answer.
pub struct Browser<'a> {
    /// What it keeps of the question it asked, if it did.
    pub secret: Option<&'a str>,
    /// What its session is called in the list of its owner.
    pub label: &'a str,
    /// The session it has already: that of the same person goes on.
    pub session: Option<SessionId>,
}

async fn believed_by_app(
    store: &Store,
    actor: Actor,
    proofing: &Arc<Proofing>,
    app: &AppId,
    answer: AppAnswer,
    browser: &Browser<'_>,
) -> Result<Started, Error> {
    let mut ctx = store.begin(actor.clone()).await.map_err(identity::Error::from)?;
    let question = identity::take_app_answer(&mut ctx, app, &answer, browser.secret).await?;
    ctx.commit().await.map_err(identity::Error::from)?;

    let (question, told) = told_by_app(store, proofing, question, answer).await?;
    let mut ctx = store.begin(actor).await.map_err(identity::Error::from)?;
    let proven = identity::complete_app_proof(&mut ctx, &proofing.settings, &Register, &proofing.apps, question, told).await?;
    link_proven(&mut ctx, &proven).await?;
    let session = identity::renew_session(&mut ctx, browser.session, proven.account().id, browser.label).await?;
    ctx.commit().await.map_err(identity::Error::from)?;
    Ok(session)
}

async fn told_by_app(
    store: &Store,
    proofing: &Arc<Proofing>,
    question: AppQuestion,
    answer: AppAnswer,
) -> Result<(AppQuestion, AppTold), identity::Error> {
    let (asked, now) = (Arc::clone(proofing), store.clock().now());
    let ask = move || asked.apps.ask(&question, &answer, &asked.verifier, &*asked.revocation, now).map(|told| (question, told));
    waiting(ask).await
}

/// Asks a provider on a thread that may wait for seconds. Whoever asked and fell over has learned nothing.
async fn waiting<T: Send + 'static>(ask: impl FnOnce() -> Result<T, identity::Error> + Send + 'static) -> Result<T, identity::Error> {
    tokio::task::spawn_blocking(ask).await.unwrap_or(Err(identity::Error::App(AppRefusal::Away)))
}

/// Puts a question to a card in a phone, for the browser that asks.
///
/// # Errors
/// [`identity::Error`] when the town takes no such card.
pub async fn begin_phone_card(store: &Store, actor: Actor, proofing: &Proofing, card: &AppId) -> Result<PhoneCardBegun, identity::Error> {
    let mut ctx = store.begin(actor).await?;
    let begun = identity::begin_phone_card(&mut ctx, &proofing.phone_cards, card).await?;
    ctx.commit().await?;
    Ok(begun)
}

/// What a wallet posts to a question's address.
pub enum PhoneCardSays {
    /// An encrypted answer.
    Answer(String),
    /// That there is none.
    Declined,
}

/// Takes a wallet's answer to a question, finds or opens the account, and links it to its resident or puts it into the clerk's queue: one change, or
/// none. Gives the code by which the asking browser claims the account. An answer that cannot be decrypted leaves the question open; any other uses it
/// up, whatever becomes of it.
///
/// # Errors
/// [`identity::Error`] when the answer is not believed; the refusal is recorded.
pub async fn answer_phone_card(store: &Store, proofing: &Proofing, token: &str, says: PhoneCardSays) -> Result<String, Error> {
    let taken = believed_by_phone_card(store, proofing, token, says).await;
    if let Err(Error::Identity(refused)) = &taken {
        let mut ctx = store.begin(Actor::System).await.map_err(identity::Error::from)?;
        identity::note_phone_card_refusal(&mut ctx, token, refused).await?;
        ctx.commit().await.map_err(identity::Error::from)?;
    }
    taken
}

async fn believed_by_phone_card(store: &Store, proofing: &Proofing, token: &str, says: PhoneCardSays) -> Result<String, Error> {
    let cards = &proofing.phone_cards;
    let mut ctx = store.begin(Actor::Anonymous).await.map_err(identity::Error::from)?;
    let question = identity::phone_card_question(&mut ctx, token).await?;
    let opened = match says {
        PhoneCardSays::Answer(response) => Some(cards.open(&question, &response).map_err(identity::Error::from)?),
        PhoneCardSays::Declined => None,
    };
    identity::take_phone_card_answer(&mut ctx, &question).await?;
    ctx.commit().await.map_err(identity::Error::from)?;

    let opened = opened.ok_or(identity::Error::PhoneCard(PhoneCardRefusal::Declined))?;
    let told = cards.believe(&question, &opened, store.clock().now())?;
    let mut ctx = store.begin(Actor::Anonymous).await.map_err(identity::Error::from)?;
    let (proven, code) = identity::complete_phone_card(&mut ctx, &proofing.settings, &Register, cards, question, told).await?;
    link_proven(&mut ctx, &proven).await?;
    ctx.commit().await.map_err(identity::Error::from)?;
    Ok(code)
}

/// Signs the asking browser in by the code its phone was given, once; on a screen others use for minutes only.
///
/// # Errors
/// [`identity::Error`] when the code does not belong to this browser's question; the refusal is recorded.
pub async fn claim_phone_card(store: &Store, typed: &str, browser: &Browser<'_>, kiosk: bool) -> Result<Started, identity::Error> {
    let secret = browser.secret.ok_or(identity::Error::ProofNotFound)?;
    let claimed = claimed_phone_card(store, secret, typed, browser, kiosk).await;
    if let Err(refused) = &claimed {
        let mut ctx = store.begin(Actor::System).await?;
        identity::note_phone_card_claim_refusal(&mut ctx, secret, refused).await?;
        ctx.commit().await?;
    }
    claimed
}

async fn claimed_phone_card(
    store: &Store,
    secret: &str,
    typed: &str,
    browser: &Browser<'_>,
    kiosk: bool,
) -> Result<Started, identity::Error> {
    let mut ctx = store.begin(Actor::Anonymous).await?;
    let account = identity::claim_phone_card(&mut ctx, secret, typed).await?;
    let session = match kiosk {
        true => identity::start_kiosk_session(&mut ctx, account, browser.label).await?,
        false => identity::renew_session(&mut ctx, browser.session, account, browser.label).await?,
    };
    ctx.commit().await?;
    Ok(session)
}

/// Links the account of a proof to its resident, or puts it into the clerk's queue.
pub(crate) async fn link_proven(ctx: &mut Ctx, proven: &Proven) -> Result<(), Error> {
    let account = proven.account().id;
    // A mere sign-in tells no items; an account that is linked already follows its person.
    let Some(keys) = proven.keys() else { return Ok(()) };
    if identity::link_of(ctx, account).await?.is_some() {
        return Ok(());
    }
    let substituted = proven.account().substitutes;
    let reason = match registry::find_match(ctx, &keys).await? {
        Match::One(resident) => match identity::link(ctx, &Register, account, resident, LinkBy::Proof(proven)).await {
            Ok(()) => return Ok(()),
            Err(identity::Error::ForClerk) if substituted => MatchReason::Ambiguous,
            Err(identity::Error::ForClerk) => MatchReason::Decided,
            Err(other) => return Err(other.into()),
        },
        Match::Protected => MatchReason::Protected,
        Match::Ambiguous(_) => MatchReason::Ambiguous,
        Match::None => MatchReason::NoMatch,
    };
    identity::ask_for_match(ctx, proven, reason).await?;
    Ok(())
}

/// Gives what the trail says of a person's data and that of their children, newest first.
///
/// # Errors
/// Not the caller's own account; the store's.
pub(crate) async fn looks(ctx: &mut Ctx, account: AccountId, limit: u32) -> Result<Vec<AuditEntry>, Error> {
    let mut entries = identity::who_looked(ctx, account, i64::MAX, limit).await?;
    if let Some(me) = identity::link_of(ctx, account).await? {
        for child in registry::wards_of(ctx, me).await? {
            entries.extend(ctx.audit_of(&child.id.to_string(), i64::MAX, limit).await.map_err(identity::Error::from)?);
        }
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    entries.dedup_by_key(|entry| entry.seq);
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries)
}

/// Links the accounts that waited for their resident to come into the register, and hides the requests of people who came under protection with it.
///
/// # Errors
/// Not permitted; the store's.
pub async fn link_waiting(ctx: &mut Ctx) -> Result<(), Error> {
    identity::protect_matches(ctx, &Register).await?;
    let mut after = None;
    loop {
        let waiting = identity::accounts_waiting(ctx, after, WAITING_PAGE).await?;
        for (account, keys) in &waiting {
            if let Match::One(resident) = registry::find_match(ctx, keys).await? {
                identity::link(ctx, &Register, *account, resident, LinkBy::Bundle).await?;
            }
        }
        match waiting.last() {
            Some((last, _)) => after = Some(*last),
            None => return Ok(()),
        }
    }
}
