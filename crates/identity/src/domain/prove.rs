use ::store::{AccountId, Actor, Ctx, MatchItems, MatchKeys, Permission, Register};
use civil::{PartialDate, Sex, Timestamp};
use jpki::revocation::{Asking, Told};
use jpki::{Answer, Asked, FourItems, Purpose, Revocation, Verified, Verifier};
use serde::Serialize;

use super::life::account_by_items;
use crate::rules::{self, Asker, Belongs, PROOF_LIFE};
use crate::store::{devices, people, prove as store};
use crate::{
    Account, AccountProven, Assurance, DeviceId, DeviceKind, Error, Level, Proof, ProofAsked, ProofId, ProofInput, ProofKind, ProofSession,
    ProofSessionId, ProofState, Proven, Result, Settings, StationRead, secret,
};

const CODE: &str = "proof";

/// Puts a question to a card: the browser that asks keeps the secret, the person types the code where the card is. Anyone may ask; who is signed
/// in while asking can only be proven as themselves.
///
/// `document` is the SHA-256 of what is signed together with the question, for applications and consents.
///
/// # Errors
/// The store's.
pub async fn begin_proof(ctx: &mut Ctx, settings: &Settings, purpose: Purpose, document: Option<[u8; 32]>) -> Result<ProofSession> {
    let id = ProofSessionId::new(ctx.now());
    let expires_at = ctx.now() + PROOF_LIFE;
    let challenge = jpki::Challenge {
        relying_party: settings.relying_party().to_owned(),
        purpose,
        session: id.to_string(),
        nonce: secret::random(),
        issued_at: ctx.now(),
        expires_at,
        document,
    };
    let (code, secret) = (secret::code(), secret::token());
    let code_hash = secret::code_hash(CODE, &code).ok_or(Error::Stored { what: "code" })?;
    let asker = match ctx.actor {
        Actor::Holder(account) => Some(account),
        _ => None,
    };
    store::insert(ctx, id, code_hash, secret::token_hash(&secret), &challenge, asker).await?;
    let code = format!("{}-{}", &code[..4], &code[4..]);
    let comparison = rules::comparison(&challenge);
    Ok(ProofSession { id, code, comparison, secret, challenge, expires_at })
}

/// Gives the question that belongs to a typed code, for the reader at the card.
///
/// # Errors
/// [`Error::ProofNotFound`] when the code is wrong; [`Error::ProofExpired`], [`Error::ProofReplayed`] when it no longer counts.
pub async fn proof_asked(ctx: &mut Ctx, typed: &str) -> Result<ProofAsked> {
    let code_hash = secret::code_hash(CODE, typed).ok_or(Error::ProofNotFound)?;
    let asked = store::by_code(ctx, code_hash).await?.ok_or(Error::ProofNotFound)?;
    still_open(ctx, &asked)?;
    Ok(ProofAsked { id: asked.id, comparison: rules::comparison(&asked.challenge), challenge: asked.challenge })
}

/// Gives the question an answer came for, to ask about revocation before the answer is taken: see [`ask_revocation`].
///
/// # Errors
/// [`Error::ProofNotFound`], [`Error::ProofExpired`], [`Error::ProofReplayed`].
pub async fn open_question(ctx: &mut Ctx, id: ProofSessionId) -> Result<jpki::Challenge> {
    let asked = store::by_id(ctx, id).await?.ok_or(Error::ProofNotFound)?;
    still_open(ctx, &asked)?;
    Ok(asked.challenge)
}

/// Asks whether the certificate of an answer is revoked, if the answer is right otherwise, and gives what was said for [`complete_proof`]. Asking may take
/// seconds: no transaction waits for it.
pub fn ask_revocation(
    challenge: &jpki::Challenge,
    input: &ProofInput,
    verifier: &Verifier,
    revocation: &dyn Revocation,
    now: Timestamp,
) -> Told {
    let asking = Asking::new(revocation);
    let asked = Asked { session: &challenge.session, purpose: challenge.purpose, now };
    let answer = |certificate, signature| Answer { certificate, signature };
    // What else is wrong with the answer is said when it is taken.
    let _ = match input {
        ProofInput::Signature { certificate, signature } => {
            verifier.verify_signature(&answer(certificate, signature), challenge, &asked, &asking).map(drop)
        }
        ProofInput::UserAuth { certificate, signature, .. } => {
            verifier.verify_user_auth(&answer(certificate, signature), challenge, &asked, &asking).map(drop)
        }
    };
    asking.told()
}

/// Takes the card's answer. What it proves is kept with its evidence, the account it belongs to is found or opened, and the question is used up; a
/// refused answer leaves it open for another until its time is over (see [`note_refusal`]).
///
/// # Errors
/// [`Error::ProofNotFound`], [`Error::ProofExpired`], [`Error::ProofReplayed`]; [`Error::Card`] with what is wrong with the card's answer;
/// [`Error::StationNeeded`] and [`Error::FourInformation`] for what a station read; [`Error::UnknownCard`] when the card tells no four items and no
/// account knows it; [`Error::OtherPerson`] when somebody else was signed in while asking.
pub async fn complete_proof(
    ctx: &mut Ctx,
    settings: &Settings,
    register: &dyn Register,
    id: ProofSessionId,
    input: ProofInput,
    verifier: &Verifier,
    revocation: &(dyn Revocation + Sync),
) -> Result<Proven> {
    let asked = store::by_id(ctx, id).await?.ok_or(Error::ProofNotFound)?;
    still_open(ctx, &asked)?;
    let believed = believe(ctx, &asked.challenge, input, verifier, revocation).await?;

    let told = believed.items.as_ref().map(|items| settings.match_secret().keys(match_items(items)));
    let serial = believed.certificate.serial_key(settings.serial_secret());
    let by_serial = people::account_by_serial(ctx, serial).await?;
    let by_items = account_by_items(ctx, register, by_serial, told.zip(believed.items.as_ref())).await?;
    let asker = asker(ctx, asked.asker, told).await?;
    let belongs = rules::belongs(by_serial, by_items, told.is_some(), asker)?;

    let (account, opened) = keep_account(ctx, belongs, believed.assurance(), believed.items.as_ref(), told).await?;
    // What a station read does not replace what a signature proved, and is then no ground for a link either.
    let told = told.filter(|told| account.keys == Some(*told));
    people::save_certificate(ctx, serial, believed.certificate.kind, account.id).await?;
    let proof = keep_proof(ctx, &account, &believed, &asked.challenge).await?;
    if !store::answer(ctx, id, account.id).await? {
        return Err(Error::ProofReplayed);
    }
    ctx.audit("account.proven", Some(account.id.to_string()), believed.kind.as_str()).await?;
    ctx.record(AccountProven::KIND, &AccountProven { account: account.id, proof, opened }).await?;
    let items = believed.items.filter(|_| told.is_some());
    Ok(Proven { account, proof, opened, keys: told, items, purpose: asked.challenge.purpose })
}

/// Keeps why an answer was refused, so that the browser that asked can say it; in a change of its own, since the refused one is undone.
///
/// # Errors
/// The store's.
pub async fn note_refusal(ctx: &mut Ctx, id: ProofSessionId, refused: &Error) -> Result<()> {
    store::refuse(ctx, id, refused.code()).await
}

/// Says where a proof stands, to the browser that holds its secret. Changes nothing.
///
/// # Errors
/// [`Error::ProofNotFound`], [`Error::ProofExpired`], [`Error::ProofReplayed`].
pub async fn proof_state(ctx: &mut Ctx, id: ProofSessionId, secret: &str) -> Result<ProofState> {
    let asked = with_secret(ctx, id, secret).await?;
    if asked.answered_at.is_some() {
        return Ok(ProofState::Ready);
    }
    still_open(ctx, &asked)?;
    Ok(asked.refused.map_or(ProofState::Waiting, |code| ProofState::Refused { code }))
}

/// Gives the proven account to the browser that holds the secret, once; it may then start a session for it.
///
/// # Errors
/// [`Error::ProofNotFound`], [`Error::ProofWaiting`], [`Error::ProofExpired`], [`Error::ProofReplayed`].
pub async fn claim_proof(ctx: &mut Ctx, id: ProofSessionId, secret: &str) -> Result<AccountId> {
    let asked = with_secret(ctx, id, secret).await?;
    let Some(account) = asked.account else {
        still_open(ctx, &asked)?;
        return Err(Error::ProofWaiting);
    };
    if store::claim(ctx, id).await? { Ok(account) } else { Err(Error::ProofReplayed) }
}

/// Finds a question by its id and secret, while its answer may be claimed: at most its own life longer than it could be answered.
async fn with_secret(ctx: &mut Ctx, id: ProofSessionId, secret: &str) -> Result<store::Asked> {
    let asked = store::by_id(ctx, id).await?.filter(|asked| asked.secret_hash == secret::token_hash(secret)).ok_or(Error::ProofNotFound)?;
    if asked.claimed_at.is_some() {
        return Err(Error::ProofReplayed);
    }
    if ctx.now() >= asked.expires_at + PROOF_LIFE {
        return Err(Error::ProofExpired);
    }
    Ok(asked)
}

fn still_open(ctx: &Ctx, asked: &store::Asked) -> Result<()> {
    if asked.answered_at.is_some() {
        return Err(Error::ProofReplayed);
    }
    if ctx.now() >= asked.expires_at {
        return Err(Error::ProofExpired);
    }
    Ok(())
}

/// What is believed of an answer.
struct Believed {
    kind: ProofKind,
    certificate: Verified,
    items: Option<FourItems>,
    station: Option<DeviceId>,
}

impl Believed {
    fn assurance(&self) -> Assurance {
        if self.kind == ProofKind::Signature { Assurance::Signature } else { Assurance::UserAuth }
    }
}

async fn believe(
    ctx: &mut Ctx,
    challenge: &jpki::Challenge,
    input: ProofInput,
    verifier: &Verifier,
    revocation: &(dyn Revocation + Sync),
) -> Result<Believed> {
    let session = challenge.session.clone();
    let asked = Asked { session: &session, purpose: challenge.purpose, now: ctx.now() };
    match input {
        ProofInput::Signature { certificate, signature } => {
            let answer = Answer { certificate: &certificate, signature: &signature };
            let believed = verifier.verify_signature(&answer, challenge, &asked, revocation)?;
            Ok(Believed { kind: ProofKind::Signature, certificate: believed.certificate, items: Some(believed.four_items), station: None })
        }
        ProofInput::UserAuth { certificate, signature, read } => {
            let answer = Answer { certificate: &certificate, signature: &signature };
            let certificate = verifier.verify_user_auth(&answer, challenge, &asked, revocation)?;
            let (items, station) = match read {
                Some(read) => (Some(items_read(ctx, &read).await?), Some(read.station)),
                None => (None, None),
            };
            Ok(Believed { kind: ProofKind::UserAuth, certificate, items, station })
        }
    }
}

/// The four items a station read: no signature covers them, so they count only from the enrolled station itself. A verifier of the same place is none:
/// whoever holds a counter's tablet could type anybody's four items.
async fn items_read(ctx: &mut Ctx, read: &StationRead) -> Result<FourItems> {
    let Actor::Station(place, device) = ctx.actor.clone() else { return Err(Error::StationNeeded) };
    let station = devices::find(ctx, device).await?.ok_or(Error::StationNeeded)?;
    if read.station != device || station.kind != DeviceKind::Station || station.ended_at.is_some() || station.place != place {
        return Err(Error::StationNeeded);
    }
    Ok(jpki::parse_four_items(&read.four_information)?)
}

pub(super) async fn asker(ctx: &mut Ctx, asker: Option<AccountId>, told: Option<MatchKeys>) -> Result<Option<Asker>> {
    let Some(id) = asker else { return Ok(None) };
    let account = people::find_account(ctx, id).await?.ok_or(Error::AccountNotFound)?;
    let same_three_items = matches!((account.keys, told), (Some(kept), Some(told)) if kept.three_items == told.three_items);
    Ok(Some(Asker { id, assurance: account.assurance, same_three_items }))
}

/// Opens the account or brings it up to date with what the proof says now, unless what is known was proven more surely.
pub(super) async fn keep_account(
    ctx: &mut Ctx,
    belongs: Belongs,
    assurance: Assurance,
    items: Option<&FourItems>,
    told: Option<MatchKeys>,
) -> Result<(Account, bool)> {
    let (mut account, opened) = match belongs {
        Belongs::To(id) => (people::find_account(ctx, id).await?.ok_or(Error::AccountNotFound)?, false),
        Belongs::New => (new_account(ctx), true),
    };
    // Whoever was signed in to it while it was less sure whose it was may have been somebody else, by an app too.
    if !opened && items.is_some() && account.assurance < assurance {
        super::passkeys::end_all(ctx, account.id).await?;
        super::sessions::end_all(ctx, account.id).await?;
    }
    if let (Some(items), Some(keys)) = (items, told)
        && assurance >= account.assurance
    {
        account.name = items.name.clone();
        account.date_of_birth = Some(date_of_birth(items));
        account.substitutes = items.has_substitutes();
        account.keys = Some(keys);
        account.assurance = assurance;
    }
    if opened {
        people::insert_account(ctx, &account).await?
    } else {
        people::update_account(ctx, &account).await?
    }
    Ok((account, opened))
}

fn new_account(ctx: &Ctx) -> Account {
    Account {
        id: AccountId::new(ctx.now()),
        name: String::new(),
        date_of_birth: None,
        assurance: Assurance::None,
        keys: None,
        substitutes: false,
        opened_at: ctx.now(),
        closed_at: None,
    }
}

/// What was checked: everything but the person.
#[derive(Serialize)]
struct Evidence<'a> {
    certificate: jpki::CertificateKind,
    roots: jpki::TrustMode,
    purpose: Purpose,
    relying_party: &'a str,
    revocation: jpki::Evidence,
    revocation_unchecked: bool,
    station: Option<DeviceId>,
}

async fn keep_proof(ctx: &mut Ctx, account: &Account, believed: &Believed, challenge: &jpki::Challenge) -> Result<ProofId> {
    let certificate = &believed.certificate;
    let evidence = Evidence {
        certificate: certificate.kind,
        roots: certificate.trust,
        purpose: challenge.purpose,
        relying_party: &challenge.relying_party,
        revocation: certificate.evidence,
        revocation_unchecked: certificate.revocation_unchecked,
        station: believed.station,
    };
    let proof = Proof {
        id: ProofId::new(ctx.now()),
        account: account.id,
        kind: believed.kind,
        // A mere sign-in is as sure of the identity as the account was before.
        ial: match (believed.kind, account.assurance) {
            (ProofKind::Signature, _) => Level::Three,
            (ProofKind::UserAuth, Assurance::Signature) if believed.items.is_none() => Level::Three,
            (ProofKind::UserAuth | ProofKind::App | ProofKind::AppSignature | ProofKind::PhoneCard | ProofKind::Counter, _) => Level::Two,
        },
        aal: Level::Three,
        at: ctx.now(),
        until: certificate.valid_until,
        evidence: serde_json::to_string(&evidence).map_err(::store::Error::from)?,
    };
    people::insert_proof(ctx, &proof).await?;
    Ok(proof.id)
}

/// The four items as the match keys are made from them.
pub(crate) fn match_items(items: &FourItems) -> MatchItems<'_> {
    // Eight digits always: the card's reader refuses anything else.
    let date_of_birth = items.date_of_birth.to_string().parse().unwrap_or(0);
    MatchItems { name: &items.name, date_of_birth, sex: sex(items), address: &items.address }
}

/// The date of birth as the register writes it; one with holes (a month without its year) counts as unknown.
pub(crate) fn date_of_birth(items: &FourItems) -> PartialDate {
    items.date_of_birth.to_string().parse().unwrap_or(PartialDate::UNKNOWN)
}

pub(crate) fn sex(items: &FourItems) -> Sex {
    match items.sex {
        jpki::Sex::Male => Sex::Male,
        jpki::Sex::Female => Sex::Female,
        jpki::Sex::NotStated => Sex::NotStated,
    }
}

/// Gives an account's proofs, newest first, to its holder or to staff who may see a person.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn proofs_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Proof>> {
    super::own_or(ctx, account, Permission::SeePerson)?;
    people::proofs(ctx, account).await
}
