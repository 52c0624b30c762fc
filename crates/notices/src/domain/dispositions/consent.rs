//! Agreeing to get dispositions electronically, and withdrawing it.

use identity::SessionId;
use jiff::SignedDuration;
use store::{AccountId, Ctx, ResidentId};
use town::{DispositionKind, TopicId};

use super::super::{holder, reach::residents_of};
use super::kind_of;
use crate::disposition::{Consent, ConsentEnd, ConsentId, PaperWhy};
use crate::model::{Error, Result};
use crate::store as rows;

/// How long after the card was read somebody may agree: as long as for other strong acts.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Something one may agree to.
pub(crate) struct Offer {
    pub(crate) kind: DispositionKind,
    pub(crate) resident: ResidentId,
    /// The children one acts for, from the first; none for one's own.
    pub(crate) child: Option<usize>,
    pub(crate) consent: Option<Consent>,
}

/// What the caller may agree to, for themself and for children they act for, and what they agreed to.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn offers(ctx: &mut Ctx) -> Result<Vec<Offer>> {
    let account = holder(ctx)?;
    let (own, wards) = residents_of(ctx, account).await?;
    let standing: Vec<Consent> =
        rows::dispositions::consents_of(ctx, account).await?.into_iter().filter(|consent| consent.ended_at.is_none()).collect();
    let of = |resident: ResidentId, kind: &DispositionKind| {
        standing.iter().find(|consent| consent.resident == resident && consent.kind == kind.id).cloned()
    };
    let town = ctx.town().clone();
    let mut offers = Vec::new();
    for kind in &town.disposition_kinds {
        if let Some(resident) = own {
            offers.push(Offer { kind: kind.clone(), resident, child: None, consent: of(resident, kind) });
        }
        for (place, child) in wards.iter().enumerate().filter(|_| kind.guardians) {
            offers.push(Offer { kind: kind.clone(), resident: *child, child: Some(place), consent: of(*child, kind) });
        }
    }
    Ok(offers)
}

/// Everything an account agreed to, what is over too, the newest first.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn all(ctx: &mut Ctx) -> Result<Vec<Consent>> {
    let account = holder(ctx)?;
    rows::dispositions::consents_of(ctx, account).await
}

/// The words somebody agreed to, and the language they were in.
pub(crate) struct Words<'a> {
    pub(crate) text: &'a str,
    pub(crate) language: &'a str,
}

/// Agrees to get a kind of dispositions electronically. The card must have been read a short while ago.
///
/// # Errors
/// [`Error::CardNeeded`]; [`Error::NoKind`]; [`Error::NotFound`] for somebody the caller does not act for; the store's `Forbidden`.
pub(crate) async fn agree(
    ctx: &mut Ctx,
    session: Option<SessionId>,
    kind: &TopicId,
    resident: ResidentId,
    words: &Words<'_>,
) -> Result<()> {
    let account = holder(ctx)?;
    let kind = kind_of(ctx, kind)?;
    if !by_card(ctx, session, account).await? {
        return Err(Error::CardNeeded);
    }
    if !super::speaks_for(ctx, account, resident, &kind).await? {
        return Err(Error::NotFound);
    }
    let before = rows::dispositions::agreed(ctx, resident, &kind.id).await?;
    if before.iter().any(|consent| consent.account == account) {
        return Ok(());
    }
    let consent = Consent {
        id: ConsentId::new(ctx.now()),
        account,
        resident,
        kind: kind.id,
        words: words.text.to_owned(),
        language: words.language.to_owned(),
        agreed_at: ctx.now(),
        ended_at: None,
    };
    rows::dispositions::agree(ctx, &consent).await?;
    ctx.audit("disposition.agreed", Some(resident.to_string()), &format!("{} {}", consent.id, consent.kind)).await?;
    Ok(())
}

/// Whether the card was laid down for this session a short while ago.
async fn by_card(ctx: &mut Ctx, session: Option<SessionId>, account: AccountId) -> Result<bool> {
    let Some(session) = session else { return Ok(false) };
    let signed_in = identity::signed_in(ctx, session).await?.filter(|signed_in| signed_in.account == account);
    let since = ctx.now() - FRESH;
    Ok(signed_in.and_then(|signed_in| signed_in.card_at).is_some_and(|at| at >= since))
}

/// Withdraws a consent. What is signed and not yet in the inbox goes on paper; what is there stays readable.
///
/// # Errors
/// [`Error::NotFound`] for another's; the store's `Forbidden`.
pub(crate) async fn withdraw(ctx: &mut Ctx, id: ConsentId) -> Result<()> {
    let account = holder(ctx)?;
    let consent = rows::dispositions::consent(ctx, id).await?.filter(|consent| consent.account == account).ok_or(Error::NotFound)?;
    end(ctx, &consent, ConsentEnd::Person).await
}

/// Ends all an account agreed to: it was closed, or is no longer that person's.
pub(crate) async fn end_all(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for consent in rows::dispositions::consents_of(ctx, account).await? {
        end(ctx, &consent, ConsentEnd::Account).await?;
    }
    Ok(())
}

async fn end(ctx: &mut Ctx, consent: &Consent, why: ConsentEnd) -> Result<()> {
    if consent.ended_at.is_some() {
        return Ok(());
    }
    rows::dispositions::end(ctx, consent.id, why).await?;
    for delivery in rows::dispositions::unsent_under(ctx, consent.id).await? {
        rows::dispositions::to_paper(ctx, delivery, PaperWhy::Withdrawn).await?;
    }
    let said = format!("{} {} {}", consent.id, consent.kind, why.as_str());
    ctx.audit("disposition.consent_ended", Some(consent.resident.to_string()), &said).await?;
    Ok(())
}
