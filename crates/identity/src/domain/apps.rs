use ::store::{AccountId, Actor, Ctx, MatchKeys, Register};
use jiff::{SignedDuration, ToSpan as _};
use jpki::{CertificateKind, FourItems, SerialKey};
use serde::Serialize;
use town::{AppAssurance, AppId, IdentityApp};

use super::life::account_by_items;
use super::prove::{asker, date_of_birth, keep_account, match_items};
use crate::rp::{Apps, Asking};
use crate::rules::{self, APP_PROOF_DAYS, APP_SUBJECT_DAYS, PROOF_LIFE};
use crate::store::apps::{self as store, NewQuestion};
use crate::store::people;
use crate::{
    Account, AccountProven, AppAnswer, AppBegun, AppEnded, AppPrepared, AppQuestion, AppRefusal, AppRefused, AppSigning, AppTold,
    Assurance, Error, Level, Proof, ProofId, ProofKind, Proven, Result, Settings, UsedApp, secret,
};

/// Puts a question to an identity app: gives the address the browser goes to, and the secret it keeps to bring the answer. Anyone may ask; who is
/// signed in while asking can only be proven as themselves. `prepared` is what [`Apps::prepare`] gave, asked before with no transaction open.
///
/// # Errors
/// [`Error::UnknownApp`] when the town offers the app no longer; the store's.
pub async fn begin_app_proof(ctx: &mut Ctx, apps: &Apps, prepared: AppPrepared) -> Result<AppBegun> {
    let AppPrepared { id, app, provider, signing } = prepared;
    let (state, nonce, verifier, secret) = (secret::token(), secret::token(), secret::token(), secret::token());
    let expires_at = ctx.now() + PROOF_LIFE;
    let asker = match ctx.actor {
        Actor::Holder(account) => Some(account),
        _ => None,
    };
    let transaction = signing.as_ref().map(|signing| signing.transaction.as_str());
    let address = apps.question(&provider, &app, &Asking { state: &state, nonce: &nonce, verifier: &verifier, transaction })?;
    let (state_hash, secret_hash) = (secret::token_hash(&state), secret::token_hash(&secret));
    let signs = signing.as_ref();
    let new = NewQuestion { id, app: &app, state_hash, secret_hash, nonce: &nonce, verifier: &verifier, signing: signs, asker, expires_at };
    store::insert(ctx, new).await?;
    Ok(AppBegun { id, address, secret, statement: signing.map(|signing| signing.statement), expires_at })
}

/// Takes the question an answer is for, once: whatever becomes of the answer, no second one is taken. `app` is the one at whose address the answer
/// arrived, `secret` what the browser that brought it keeps.
///
/// # Errors
/// [`Error::ProofNotFound`] when nobody asked; [`Error::App`] with [`AppRefusal::OtherApp`] or [`AppRefusal::OtherBrowser`], which leave the question
/// open for whom it belongs to; [`Error::ProofReplayed`], [`Error::ProofExpired`].
pub async fn take_app_answer(ctx: &mut Ctx, app: &AppId, answer: &AppAnswer, secret: Option<&str>) -> Result<AppQuestion> {
    let asked = store::by_state(ctx, secret::token_hash(&answer.state)).await?.ok_or(Error::ProofNotFound)?;
    if asked.app != *app {
        return Err(AppRefusal::OtherApp.into());
    }
    let (Some(nonce), Some(verifier), None) = (asked.nonce, asked.verifier, asked.answered_at) else {
        return Err(Error::ProofReplayed);
    };
    if secret.is_none_or(|secret| asked.secret_hash != secret::token_hash(secret)) {
        return Err(AppRefusal::OtherBrowser.into());
    }
    if ctx.now() >= asked.expires_at {
        return Err(Error::ProofExpired);
    }
    if !store::answer(ctx, asked.id).await? {
        return Err(Error::ProofReplayed);
    }
    let signing = asked.statement.zip(asked.sign_transaction).map(|(statement, transaction)| AppSigning { statement, transaction });
    Ok(AppQuestion { id: asked.id, app: asked.app, nonce, verifier, signing, asker: asked.asker, begun_at: asked.begun_at })
}

/// Believes what a provider told about a person, and what their card signed by it: finds or opens the account as for a card, and keeps the proof with
/// its evidence.
///
/// # Errors
/// [`Error::App`] with [`AppRefusal::Claims`] when nobody knows the person and the provider told no four items, with [`AppRefusal::Signer`] when the
/// card that signed is another person's; [`Error::OtherPerson`] when somebody else was signed in while asking, or the account this provider's subject
/// belongs to is of another birthday; [`Error::ProofReplayed`].
pub async fn complete_app_proof(
    ctx: &mut Ctx,
    settings: &Settings,
    register: &dyn Register,
    apps: &Apps,
    question: AppQuestion,
    told: AppTold,
) -> Result<Proven> {
    let app = apps.offered_app(&question.app)?;
    let known = Known::of(app, settings, told)?;
    let subject = settings.subject_key(&app.issuer, &known.told.subject);
    let by_card = known.account(ctx, subject).await?;
    let by_items = account_by_items(ctx, register, by_card, known.keys.zip(known.items.as_ref())).await?;
    let asker = asker(ctx, question.asker, known.keys).await?;
    let belongs = rules::belongs(by_card, by_items, known.keys.is_some(), asker).map_err(|error| match error {
        Error::UnknownCard => AppRefusal::Claims.into(),
        other => other,
    })?;

    let (account, opened) = keep_account(ctx, belongs, known.assurance, known.items.as_ref(), known.keys).await?;
    // What a weaker proof told does not replace what a stronger one did, and is then no ground for a link either.
    let keys = known.keys.filter(|keys| account.keys == Some(*keys));
    store::save_subject(ctx, subject, account.id, &app.id).await?;
    if let Some(serial) = known.serial {
        people::save_certificate(ctx, serial, CertificateKind::Signature, account.id).await?;
    }
    let proof = keep_proof(ctx, &account, app, &known).await?;
    if !store::prove(ctx, question.id, account.id).await? {
        return Err(Error::ProofReplayed);
    }
    ctx.audit("account.proven_by_app", Some(account.id.to_string()), app.id.as_str()).await?;
    ctx.record(AccountProven::KIND, &AccountProven { account: account.id, proof, opened }).await?;
    let items = known.items.filter(|_| keys.is_some());
    Ok(Proven { account, proof, opened, keys, items, purpose: jpki::Purpose::Register })
}

/// What is known of a person from an answer: of the card's certificate where it signed, else of what the provider told.
struct Known {
    told: AppTold,
    items: Option<FourItems>,
    keys: Option<MatchKeys>,
    serial: Option<SerialKey>,
    assurance: Assurance,
}

impl Known {
    fn of(app: &IdentityApp, settings: &Settings, told: AppTold) -> Result<Self> {
        let keys_of = |items: &FourItems| settings.match_secret().keys(match_items(items));
        let Some(signed) = &told.signed else {
            let (items, assurance) = (told.items.clone(), assurance(app.assurance));
            return Ok(Self { keys: items.as_ref().map(keys_of), items, serial: None, assurance, told });
        };
        let items = signed.by.four_items.clone();
        if told.items.as_ref().is_some_and(|said| !one_person(said, &items, keys_of)) {
            return Err(AppRefusal::Signer.into());
        }
        let serial = Some(signed.by.certificate.serial_key(settings.serial_secret()));
        Ok(Self { keys: Some(keys_of(&items)), items: Some(items), serial, assurance: Assurance::Signature, told })
    }

    /// The account that knows the card or the subject. The person who signed is the one the provider speaks of: both lead to one account.
    async fn account(&self, ctx: &mut Ctx, subject: [u8; 32]) -> Result<Option<AccountId>> {
        let used_since = ctx.now() - SignedDuration::from_hours(24 * APP_SUBJECT_DAYS);
        let by_subject = store::account_by_subject(ctx, subject, used_since).await?;
        same_birthday(ctx, by_subject, self.items.as_ref()).await?;
        let Some(serial) = self.serial else { return Ok(by_subject) };
        let by_serial = people::account_by_serial(ctx, serial).await?;
        match (by_serial, by_subject) {
            (Some(card), Some(said)) if card != said => Err(AppRefusal::Signer.into()),
            _ => Ok(by_serial.or(by_subject)),
        }
    }
}

/// Whether a provider speaks of the person whose certificate it is. An address may be newer on one side, and what has no code is written differently.
fn one_person(said: &FourItems, signed: &FourItems, keys_of: impl Fn(&FourItems) -> MatchKeys) -> bool {
    if said.name_has_substitutes || signed.name_has_substitutes {
        return (said.date_of_birth, said.sex) == (signed.date_of_birth, signed.sex);
    }
    keys_of(said).three_items == keys_of(signed).three_items
}

/// A name may change and an address does, a birthday does not: a provider that gives one person's subject to another is found by it.
pub(super) async fn same_birthday(ctx: &mut Ctx, by_subject: Option<AccountId>, items: Option<&FourItems>) -> Result<()> {
    let (Some(account), Some(items)) = (by_subject, items) else { return Ok(()) };
    let kept = people::find_account(ctx, account).await?.and_then(|account| account.date_of_birth);
    if kept.is_some_and(|kept| kept != date_of_birth(items)) { Err(Error::OtherPerson) } else { Ok(()) }
}

pub(super) fn assurance(app: AppAssurance) -> Assurance {
    match app {
        AppAssurance::UserAuth => Assurance::UserAuth,
        AppAssurance::Signature => Assurance::Signature,
    }
}

/// What was checked: everything but the person.
#[derive(Serialize)]
struct Evidence<'a> {
    app: &'a AppId,
    issuer: &'a str,
    client_id: &'a str,
    algorithm: &'static str,
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<SignedEvidence<'a>>,
}

/// What a card signed, in the very words, and how its certificate stood. Neither the signature nor the certificate is kept.
#[derive(Serialize)]
struct SignedEvidence<'a> {
    statement: &'a str,
    roots: jpki::TrustMode,
    revocation: jpki::Evidence,
    revocation_unchecked: bool,
}

async fn keep_proof(ctx: &mut Ctx, account: &Account, app: &IdentityApp, known: &Known) -> Result<ProofId> {
    let (told, signed) = (&known.told, known.told.signed.as_ref());
    let evidence = Evidence {
        app: &app.id,
        issuer: &app.issuer,
        client_id: &app.client_id,
        algorithm: told.algorithm,
        acr: told.acr.as_deref(),
        signed: signed.map(|signed| SignedEvidence {
            statement: &signed.statement,
            roots: signed.by.certificate.trust,
            revocation: signed.by.certificate.evidence,
            revocation_unchecked: signed.by.certificate.revocation_unchecked,
        }),
    };
    let proof = Proof {
        id: ProofId::new(ctx.now()),
        account: account.id,
        kind: if signed.is_some() { ProofKind::AppSignature } else { ProofKind::App },
        // A mere sign-in is as sure of the identity as the account was before.
        ial: match (known.items.is_some(), known.assurance, account.assurance) {
            (true, Assurance::Signature, _) | (false, _, Assurance::Signature) => Level::Three,
            _ => Level::Two,
        },
        aal: Level::Three,
        at: ctx.now(),
        // A certificate tells how long it counts; a provider does not.
        until: signed.map_or(ctx.today().saturating_add(APP_PROOF_DAYS.days()), |signed| signed.by.certificate.valid_until),
        evidence: serde_json::to_string(&evidence).map_err(::store::Error::from)?,
    };
    people::insert_proof(ctx, &proof).await?;
    Ok(proof.id)
}

/// Keeps why an answer was refused, and records it: in a change of its own, since the refused one is undone. An answer to nobody's question leaves no
/// trace but a line of the log: whoever likes may send any number of them.
///
/// # Errors
/// The store's.
pub async fn note_app_refusal(ctx: &mut Ctx, app: &AppId, state: &str, refused: &Error) -> Result<()> {
    tracing::info!(%app, reason = refused.code(), "the answer of an identity app was refused");
    let Some(asked) = store::by_state(ctx, secret::token_hash(state)).await? else { return Ok(()) };
    // The same of the same question is told once, however often it is tried.
    if store::refuse(ctx, asked.id, refused.code()).await? {
        let event = AppRefused { question: asked.id, app: app.clone(), reason: refused.code().to_owned() };
        ctx.record(AppRefused::KIND, &event).await?;
    }
    Ok(())
}

/// Gives the apps that lead to an account of the caller's.
///
/// # Errors
/// [`Error::AccountNotFound`] for another's; the store's `Forbidden`.
pub async fn apps_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<UsedApp>> {
    super::own(ctx, account)?;
    store::of_account(ctx, account).await
}

/// Lets an app lead to the caller's account no more. Whoever proves themselves by it again is found by the four items, as somebody new is.
///
/// # Errors
/// [`Error::UnknownApp`] when it did not; as [`apps_of`].
pub async fn end_app(ctx: &mut Ctx, account: AccountId, app: &AppId) -> Result<()> {
    super::own(ctx, account)?;
    if !store::forget_app(ctx, account, app).await? {
        return Err(Error::UnknownApp);
    }
    ctx.audit("account.app_ended", Some(account.to_string()), app.as_str()).await?;
    ctx.record(AppEnded::KIND, &AppEnded { account, app: app.clone() }).await?;
    Ok(())
}
