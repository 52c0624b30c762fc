use ::store::{AccountId, Actor, Ctx, Register};
use jiff::{SignedDuration, ToSpan as _};
use jwe::ResponseKey;
use serde::Serialize;
use town::{AppAssurance, AppId, PhoneCard};

use super::apps::{assurance, same_birthday};
use super::life::account_by_items;
use super::prove::{asker, keep_account, match_items};
use crate::phone_cards::PhoneCards;
use crate::rules::{self, APP_PROOF_DAYS, APP_SUBJECT_DAYS, PROOF_LIFE};
use crate::store::phone_cards::{self as store, NewQuestion};
use crate::store::{apps, people};
use crate::{
    Account, AccountProven, Error, Level, PhoneCardBegun, PhoneCardQuestion, PhoneCardQuestionId, PhoneCardRefused, PhoneCardState,
    PhoneCardStep, PhoneCardTold, Proof, ProofId, ProofKind, Proven, Result, Settings, secret,
};

/// What the codes are hashed with that a person carries from the phone to the asking browser.
const CODE: &str = "phone_card";

/// Puts a question to a card in a phone, for whatever phone the asking person opens the link on. Anyone may ask; who is signed in while asking can only
/// be proven as themselves.
///
/// # Errors
/// [`Error::UnknownApp`] when the town takes no such card; the store's.
pub async fn begin_phone_card(ctx: &mut Ctx, cards: &PhoneCards, card: &AppId) -> Result<PhoneCardBegun> {
    cards.offered_card(card)?;
    let id = PhoneCardQuestionId::new(ctx.now());
    let (token, nonce, secret) = (secret::token(), secret::token(), secret::token());
    let response_key = ResponseKey::generate().and_then(|key| key.to_bytes()).map_err(|_| Error::AppKey)?;
    let expires_at = ctx.now() + PROOF_LIFE;
    let asker = match ctx.actor {
        Actor::Holder(account) => Some(account),
        _ => None,
    };
    let (token_hash, secret_hash) = (secret::token_hash(&token), secret::token_hash(&secret));
    let new = NewQuestion { id, card, token_hash, secret_hash, nonce: &nonce, response_key: &response_key, asker, expires_at };
    store::insert(ctx, new).await?;
    Ok(PhoneCardBegun { id, token, secret, expires_at })
}

/// Gives the question behind a link, while it is open. Changes nothing: wallets may fetch it more than once.
///
/// # Errors
/// [`Error::ProofNotFound`], [`Error::ProofReplayed`], [`Error::ProofExpired`].
pub async fn phone_card_question(ctx: &mut Ctx, token: &str) -> Result<PhoneCardQuestion> {
    let asked = store::by_token(ctx, secret::token_hash(token)).await?.ok_or(Error::ProofNotFound)?;
    let (Some(nonce), Some(key), None) = (asked.nonce, asked.response_key, asked.answered_at) else {
        return Err(Error::ProofReplayed);
    };
    if ctx.now() >= asked.expires_at {
        return Err(Error::ProofExpired);
    }
    let key = ResponseKey::from_bytes(&key).map_err(|_| Error::Stored { what: "response_key" })?;
    let (id, card, asker, expires_at) = (asked.id, asked.card, asked.asker, asked.expires_at);
    Ok(PhoneCardQuestion { id, card, token: token.to_owned(), nonce, key, asker, expires_at })
}

/// Takes a question whose answer is there, once: whatever becomes of the answer, no second one is taken.
///
/// # Errors
/// [`Error::ProofReplayed`] when another answer was first.
pub async fn take_phone_card_answer(ctx: &mut Ctx, question: &PhoneCardQuestion) -> Result<()> {
    if store::answer(ctx, question.id).await? { Ok(()) } else { Err(Error::ProofReplayed) }
}

/// Believes what a card in a phone told: finds or opens the account as for a card on a reader, and keeps the proof with its evidence. Gives besides the
/// code by which the asking browser claims it, for the phone that answered and nobody else.
///
/// # Errors
/// [`Error::OtherPerson`] when somebody else was signed in while asking, or the account the card leads to is of another birthday;
/// [`Error::ProofReplayed`].
pub async fn complete_phone_card(
    ctx: &mut Ctx,
    settings: &Settings,
    register: &dyn Register,
    cards: &PhoneCards,
    question: PhoneCardQuestion,
    told: PhoneCardTold,
) -> Result<(Proven, String)> {
    let card = cards.offered_card(&question.card)?;
    let keys = settings.match_secret().keys(match_items(&told.items));
    let subject = subject_key(settings, card, &told, &keys.four_items.0);
    let used_since = ctx.now() - SignedDuration::from_hours(24 * APP_SUBJECT_DAYS);
    let by_subject = apps::account_by_subject(ctx, subject, used_since).await?;
    same_birthday(ctx, by_subject, Some(&told.items)).await?;
    let by_items = account_by_items(ctx, register, by_subject, Some((keys, &told.items))).await?;
    let asker = asker(ctx, question.asker, Some(keys)).await?;
    let belongs = rules::belongs(by_subject, by_items, true, asker)?;

    let (account, opened) = keep_account(ctx, belongs, assurance(card.assurance), Some(&told.items), Some(keys)).await?;
    // What a weaker proof told does not replace what a stronger one did, and is then no ground for a link either.
    let keys = Some(keys).filter(|keys| account.keys == Some(*keys));
    apps::save_subject(ctx, subject, account.id, &card.id).await?;
    let proof = keep_proof(ctx, &account, card, &told).await?;
    let code = secret::code();
    let code_hash = secret::code_hash(CODE, &code).ok_or(Error::Stored { what: "code" })?;
    if !store::prove(ctx, question.id, account.id, code_hash).await? {
        return Err(Error::ProofReplayed);
    }
    ctx.audit("account.proven_by_phone_card", Some(account.id.to_string()), card.id.as_str()).await?;
    ctx.record(AccountProven::KIND, &AccountProven { account: account.id, proof, opened }).await?;
    let items = Some(told.items).filter(|_| keys.is_some());
    Ok((Proven { account, proof, opened, keys, items, purpose: jpki::Purpose::Register }, code))
}

/// What the account is found by in place of a certificate's serial: the element the pack names, else the four items, under the kind of card. No issuer
/// of an identity app is written like one.
fn subject_key(settings: &Settings, card: &PhoneCard, told: &PhoneCardTold, four_items: &[u8]) -> [u8; 32] {
    let (kind, value) = match &told.subject {
        Some(subject) => ("subject", subject.clone()),
        None => ("items", hex::encode(four_items)),
    };
    settings.subject_key(&format!("mdoc {kind} {}", card.doctype), &value)
}

/// What was checked: everything but the person.
#[derive(Serialize)]
struct Evidence<'a> {
    phone_card: &'a AppId,
    doctype: &'a str,
    algorithm: &'static str,
    /// Lists of revoked cards are not asked: see docs/wallets.md.
    revocation_unchecked: bool,
}

async fn keep_proof(ctx: &mut Ctx, account: &Account, card: &PhoneCard, told: &PhoneCardTold) -> Result<ProofId> {
    let evidence = Evidence { phone_card: &card.id, doctype: &card.doctype, algorithm: told.algorithm, revocation_unchecked: true };
    // The card's own last day in Japan, and no later than an app's proof counts.
    let card_ends = civil::day_in_japan(told.valid_until);
    let proof = Proof {
        id: ProofId::new(ctx.now()),
        account: account.id,
        kind: ProofKind::PhoneCard,
        ial: if card.assurance == AppAssurance::Signature { Level::Three } else { Level::Two },
        aal: Level::Three,
        at: ctx.now(),
        until: card_ends.min(ctx.today().saturating_add(APP_PROOF_DAYS.days())),
        evidence: serde_json::to_string(&evidence).map_err(::store::Error::from)?,
    };
    people::insert_proof(ctx, &proof).await?;
    Ok(proof.id)
}

/// Says where a question stands, to the browser that asked it. Changes nothing.
///
/// # Errors
/// [`Error::ProofNotFound`]; [`Error::ProofExpired`]; [`Error::ProofReplayed`] when the answer was claimed.
pub async fn phone_card_state(ctx: &mut Ctx, secret: &str) -> Result<PhoneCardState> {
    let asked = with_secret(ctx, secret).await?;
    let step = match (asked.account, asked.refused, asked.answered_at) {
        (Some(_), _, _) => PhoneCardStep::Ready,
        (None, Some(code), _) => PhoneCardStep::Refused { code },
        // Between the taking of an answer and its end, for a moment.
        (None, None, Some(_)) => PhoneCardStep::Waiting,
        (None, None, None) if ctx.now() >= asked.expires_at => return Err(Error::ProofExpired),
        (None, None, None) => PhoneCardStep::Waiting,
    };
    Ok(PhoneCardState { card: asked.card, step })
}

/// Gives the proven account to the browser that asked, once, for the code the phone was given: whoever lured somebody into answering a question of
/// their own has the one and not the other.
///
/// # Errors
/// [`Error::ProofNotFound`], [`Error::ProofWaiting`], [`Error::ProofExpired`], [`Error::ProofReplayed`]; [`Error::CodeNotValid`].
pub async fn claim_phone_card(ctx: &mut Ctx, secret: &str, typed: &str) -> Result<AccountId> {
    let asked = with_secret(ctx, secret).await?;
    let (Some(account), Some(code_hash)) = (asked.account, asked.code_hash) else { return Err(Error::ProofWaiting) };
    if secret::code_hash(CODE, typed).is_none_or(|typed| typed.as_slice() != code_hash) {
        return Err(Error::CodeNotValid);
    }
    if store::claim(ctx, asked.id).await? { Ok(account) } else { Err(Error::ProofReplayed) }
}

/// Finds a question by its secret, while its answer may be claimed: at most its own life longer than it could be answered.
async fn with_secret(ctx: &mut Ctx, secret: &str) -> Result<store::Asked> {
    let asked = store::by_secret(ctx, secret::token_hash(secret)).await?.ok_or(Error::ProofNotFound)?;
    if asked.claimed_at.is_some() {
        return Err(Error::ProofReplayed);
    }
    if ctx.now() >= asked.expires_at + PROOF_LIFE {
        return Err(Error::ProofExpired);
    }
    Ok(asked)
}

/// Keeps why an answer was refused, and records it: in a change of its own, since the refused one is undone. An answer to nobody's question leaves no
/// trace but a line of the log: whoever likes may send any number of them.
///
/// # Errors
/// The store's.
pub async fn note_phone_card_refusal(ctx: &mut Ctx, token: &str, refused: &Error) -> Result<()> {
    tracing::info!(reason = refused.code(), "the answer of a card in a phone was refused");
    let asked = store::by_token(ctx, secret::token_hash(token)).await?;
    note(ctx, asked, refused).await
}

/// As [`note_phone_card_refusal`], for what went wrong with a claim by the browser that asked.
///
/// # Errors
/// The store's.
pub async fn note_phone_card_claim_refusal(ctx: &mut Ctx, secret: &str, refused: &Error) -> Result<()> {
    tracing::info!(reason = refused.code(), "the claim of a phone card's answer was refused");
    let asked = store::by_secret(ctx, secret::token_hash(secret)).await?;
    note(ctx, asked, refused).await
}

async fn note(ctx: &mut Ctx, asked: Option<store::Asked>, refused: &Error) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    // The same of the same question is told once, however often it is tried.
    if store::refuse(ctx, asked.id, refused.code()).await? {
        let event = PhoneCardRefused { question: asked.id, card: asked.card, reason: refused.code().to_owned() };
        ctx.record(PhoneCardRefused::KIND, &event).await?;
    }
    Ok(())
}
