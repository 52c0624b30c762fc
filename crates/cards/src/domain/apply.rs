//! Applying without a visit.

use civil::Date;
use identity::{Assurance, Proxy};
use store::{AccountId, Actor, Ctx, Permission, ResidentId};
use town::{Apply, Disclosed, Programme, ProgrammeId};

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
    let family = family_of(ctx, account).await?;
    let (town, today) = (ctx.town().clone(), ctx.today());
    let mut offers = Vec::new();
    for asking in family {
        let Asking { resident, how, assurance, .. } = asking;
        let Some(known) = people::known(ctx, resident).await? else { continue };
        let due = |programme: &&Programme| on_request(programme, how) && asking.covers(programme);
        for programme in town.programmes.iter().filter(due) {
            if assurance.meets(programme.proof)
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

fn on_request(programme: &Programme, how: How) -> bool {
    programme.apply == Apply::Application && programme.may_be_shown_by(how.shown_by())
}

/// Somebody the caller may ask for.
struct Asking {
    resident: ResidentId,
    how: How,
    assurance: Assurance,
    /// What the caller acts for them by: there may be several declarations.
    proxies: Vec<Proxy>,
}

impl Asking {
    fn covers(&self, programme: &Programme) -> bool {
        self.how != How::Proxy || self.proxies.iter().any(|proxy| proxy.scope.covers(&programme.id))
    }
}

/// The caller, their children, and whom they act for.
async fn family_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Asking>> {
    let assurance = identity::assurance_of(ctx, account).await?;
    let mut family = Vec::new();
    if let Some(me) = people::resident_of(ctx, account).await? {
        family.push(Asking { resident: me, how: How::Own, assurance, proxies: Vec::new() });
        for child in registry::wards_of(ctx, me).await? {
            family.push(Asking { resident: child.id, how: How::Guardian, assurance, proxies: Vec::new() });
        }
    }
    for proxy in identity::principals_of(ctx, account).await? {
        let Some(resident) = people::resident_of(ctx, proxy.principal).await? else { continue };
        if let Some(known) = family.iter_mut().find(|known| known.resident == resident) {
            known.proxies.push(proxy);
        } else if !guardian::is_protected(ctx, resident).await? {
            let assurance = identity::assurance_of(ctx, proxy.principal).await?;
            family.push(Asking { resident, how: How::Proxy, assurance, proxies: vec![proxy] });
        }
    }
    Ok(family)
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
    let family = family_of(ctx, account).await?;
    if family.is_empty() {
        return Err(Error::NotLinked);
    }
    let asking = family.into_iter().find(|asking| asking.resident == resident).ok_or(Error::NotFamily)?;
    let how = asking.how;
    let town = ctx.town().clone();
    let programme = town.programme(programme).filter(|programme| on_request(programme, how)).ok_or(Error::NoSuchProgramme)?;
    if !asking.covers(programme) {
        return Err(Error::NoSuchProgramme);
    }
    if !asking.assurance.meets(programme.proof) {
        return Err(Error::ProofTooWeak);
    }
    let known = people::known(ctx, resident).await?.ok_or(Error::NotFamily)?;
    let today = ctx.today();
    if !rules::entitled(programme, &known.person, today) {
        return Err(Error::NotEntitled(rules::why_not(programme, &known.person, known.standing, today)));
    }
    let covering = asking.proxies.iter().find(|proxy| how == How::Proxy && proxy.scope.covers(&programme.id));
    let principal = covering.map(|proxy| proxy.principal);
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
