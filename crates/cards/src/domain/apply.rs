//! Applying without a visit.

use civil::Date;
use store::{Actor, Ctx, Permission, ResidentId};
use town::{Apply, Disclosed, Programme, ProgrammeId};

use crate::domain::guardian::Right;
use crate::domain::{Office, guardian, hold};
use crate::model::{Error, How, Result};
use crate::{people, rules, store as rows};

/// Something the caller can apply for.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The programme.
    pub programme: ProgrammeId,
    /// For whom.
    pub resident: ResidentId,
    /// By what right.
    pub how: How,
    /// The person's birthday: how a parent tells their children apart before a name was given.
    pub date_of_birth: Option<Date>,
    /// The last day it would be good for, if it has one.
    pub valid_until: Option<Date>,
}

/// Gives what the caller and their children are entitled to on request and have not asked for yet.
///
/// # Errors
/// Not permitted; the store's.
pub async fn offers(ctx: &mut Ctx) -> Result<Vec<Offer>> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NotLinked) };
    let (town, today) = (ctx.town().clone(), ctx.today());
    let mut offers: Vec<Offer> = Vec::new();
    for right in guardian::rights_of(ctx, account).await? {
        let Right { resident, how, .. } = right;
        let Some(known) = people::known(ctx, resident).await? else { continue };
        for programme in town.programmes.iter().filter(|programme| programme.apply == Apply::Application && right.allows(programme)) {
            // By whichever right comes first: somebody may be a child of the caller's and have declared them too.
            let offered = |offer: &Offer| offer.resident == resident && offer.programme == programme.id;
            if right.assurance.meets(programme.proof)
                && !offers.iter().any(offered)
                && rules::entitled(programme, &known.person, today)
                && rows::live_holding(ctx.tx(), &programme.id, resident, account).await?.is_none()
            {
                let valid_until = rules::valid_until(programme, &known.person, today);
                offers.push(Offer { programme: programme.id.clone(), resident, how, date_of_birth: known.date_of_birth, valid_until });
            }
        }
    }
    Ok(offers)
}

/// Applies for a programme, for the caller or a child, and is answered at once.
///
/// `name` is the child's name as the parent types it; it is compared with the register by keyed hash and shown on the card. The caller's own name
/// is known from the proof. A stranger's child and one under protection measures are answered alike: [`Error::NotFamily`].
///
/// # Errors
/// [`Error::NotLinked`], [`Error::NoSuchProgramme`], [`Error::NotFamily`], [`Error::ProofTooWeak`], [`Error::NotEntitled`], [`Error::NameDoesNotMatch`],
/// [`Error::TooManyHolders`]; the store's.
pub async fn apply(ctx: &mut Ctx, office: &Office, programme: &ProgrammeId, resident: ResidentId, name: Option<&str>) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NotLinked) };
    let mut rights = guardian::rights_of(ctx, account).await?;
    if rights.is_empty() {
        return Err(Error::NotLinked);
    }
    rights.retain(|right| right.resident == resident);
    if rights.is_empty() {
        return Err(Error::NotFamily);
    }
    let town = ctx.town().clone();
    let programme = town.programme(programme).filter(|programme| programme.apply == Apply::Application).ok_or(Error::NoSuchProgramme)?;
    let Right { how, assurance, proxy, .. } = rights.into_iter().find(|right| right.allows(programme)).ok_or(Error::NoSuchProgramme)?;
    if !assurance.meets(programme.proof) {
        return Err(Error::ProofTooWeak);
    }
    let known = people::known(ctx, resident).await?.ok_or(Error::NotFamily)?;
    let today = ctx.today();
    if !rules::entitled(programme, &known.person, today) {
        return Err(Error::NotEntitled(rules::why_not(programme, &known.person, known.standing, today)));
    }
    let principal = proxy.map(|proxy| proxy.principal);
    let name = match principal {
        // Their own proof says who they are.
        Some(principal) => identity::label_of(ctx, principal).await?,
        None => checked_name(ctx, office, programme, resident, how, name).await?,
    };
    let now = ctx.now();
    rows::apply(ctx.tx(), &programme.id, resident, account, name.clone(), now).await?;
    ctx.record("cards.applied", &(&programme.id, resident)).await?;
    ctx.audit("card.applied", Some(resident.to_string()), programme.id.as_str()).await?;
    hold::hold(ctx, programme, resident, account, how, rows::label_of(how, name.as_deref()), principal).await?;
    Ok(())
}

/// The child's name, checked; none where the card shows none or it is the caller's own.
async fn checked_name(
    ctx: &mut Ctx,
    office: &Office,
    programme: &Programme,
    resident: ResidentId,
    how: How,
    name: Option<&str>,
) -> Result<Option<String>> {
    let wanted = rules::claims_of(programme).contains(&Disclosed::Name);
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if how == How::Own || (!wanted && name.is_none()) {
        return Ok(None);
    }
    let name = name.ok_or(Error::NameDoesNotMatch)?;
    if !registry::name_matches(ctx, resident, name, office.match_secret()).await? {
        return Err(Error::NameDoesNotMatch);
    }
    Ok(Some(name.to_owned()))
}
