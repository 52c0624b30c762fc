use civil::{Date, Timestamp, start_of_day_in_japan};
use store::{Ctx, Looked, Permission, permitted};

use crate::bridge::{DayNumber, MatchKeys, MatchSecret, RegisterId};
use crate::model::{Error, Match, Resident, ResidentId, Search};
use crate::rules::{is_grandchild, parents};
use crate::store as tables;
use crate::store::{Keyed, Stored};

/// The most people a search gives.
pub const SEARCH_MAX: u32 = 50;

/// Finds the resident an account's four items belong to.
///
/// All four items must agree. One who agrees in name, birth and sex but not in address is for a clerk to decide, like several who agree in all.
/// As soon as anyone under protection measures is among those who could be meant, the answer is [`Match::Protected`], whoever else fits.
/// People who ended long ago are found too: whether a link is of use is for the rules to say.
///
/// # Errors
/// The database's.
pub async fn find_match(ctx: &mut Ctx, keys: &MatchKeys) -> Result<Match, Error> {
    let candidates = tables::by_three_items(ctx, keys.three_items.0).await?;
    if candidates.iter().any(|candidate| candidate.stored.protected) {
        return Ok(Match::Protected);
    }
    let whole: Vec<&Keyed> = candidates.iter().filter(|candidate| candidate.four_items == keys.four_items.0).collect();
    let count = |people: usize| u32::try_from(people).unwrap_or(u32::MAX);
    Ok(match (whole.as_slice(), candidates.as_slice()) {
        ([one], _) => Match::One(one.stored.resident),
        ([], []) => Match::None,
        ([], near) => Match::Ambiguous(count(near.len())),
        (several, _) => Match::Ambiguous(count(several.len())),
    })
}

/// The register, for the rooms beside this one.
pub struct Register;

impl store::Register for Register {
    fn find<'a>(&'a self, ctx: &'a mut Ctx, keys: MatchKeys) -> Looked<'a, Match> {
        Box::pin(async move {
            find_match(ctx, &keys).await.map_err(|error| match error {
                Error::Store(error) => error,
                other => store::Error::Within { what: "asking the register".to_owned(), source: other.into() },
            })
        })
    }

    fn may_know<'a>(&'a self, ctx: &'a mut Ctx, resident: ResidentId) -> Looked<'a, bool> {
        Box::pin(async move {
            let protected_too = permitted(&ctx.actor, Permission::ResolveProtected);
            Ok(tables::find(ctx, resident).await?.is_some_and(|found| protected_too || !found.protected))
        })
    }
}

/// Lists the residents a clerk may choose among for a match that is not certain: those who agree in name, birth and sex.
///
/// People under protection measures are among them only for staff with that role. Every one listed is recorded in the audit trail.
///
/// # Errors
/// [`store::Error::Forbidden`] or the database's.
pub async fn match_candidates(ctx: &mut Ctx, keys: &MatchKeys) -> Result<Vec<Resident>, Error> {
    ctx.allow(Permission::SeeMatching)?;
    let protected_too = permitted(&ctx.actor, Permission::ResolveProtected);
    let candidates = tables::by_three_items(ctx, keys.three_items.0).await?;
    let seen = candidates.into_iter().map(|candidate| candidate.stored).filter(|stored| protected_too || !stored.protected).collect();
    listed(ctx, seen, "person.compared").await
}

/// Says whether a name is that of a resident, by the keyed hash of name, birth and sex: a child's name that a parent typed, for instance.
///
/// # Errors
/// [`Error::ResidentNotFound`] or the database's.
pub async fn name_matches(ctx: &mut Ctx, resident: ResidentId, name: &str, secret: &MatchSecret) -> Result<bool, Error> {
    let known = tables::three_items_of(ctx, resident).await?.ok_or(Error::ResidentNotFound)?;
    let resident = tables::find(ctx, resident).await?.ok_or(Error::ResidentNotFound)?.into_resident()?;
    let birth = resident.date_of_birth.map_or(DayNumber::default(), DayNumber::from);
    Ok(known == secret.three_items(name, birth.0, resident.sex).0)
}

/// Gives the residents of the register's numbers (宛名番号), in the order asked, and whether each is a resident today: for the lists of whoever may write to
/// them. It tells nothing else of them.
///
/// # Errors
/// [`store::Error::Forbidden`] or the database's.
pub async fn residents_of_numbers(ctx: &mut Ctx, numbers: &[RegisterId]) -> Result<Vec<Option<(ResidentId, bool)>>, Error> {
    ctx.allow(Permission::WriteNotices)?;
    let today = ctx.today();
    let found = tables::find_all(ctx, numbers).await?.into_iter();
    let who = |keyed: Keyed| keyed.stored.into_resident().map(|resident| (resident.id, resident.current_on(today)));
    found.map(|keyed| keyed.map(who).transpose()).collect()
}

/// Gives a resident, whatever the status. Whether the caller may know of this one is for the room that asks to decide.
///
/// # Errors
/// The database's.
pub async fn resident(ctx: &mut Ctx, id: ResidentId) -> Result<Option<Resident>, Error> {
    tables::find(ctx, id).await?.map(Stored::into_resident).transpose()
}

/// Gives a resident as the register was known at the end of a past day; `None` when the person was not known then.
///
/// # Errors
/// The database's.
pub async fn resident_as_of(ctx: &mut Ctx, id: ResidentId, day: Date) -> Result<Option<Resident>, Error> {
    tables::as_of(ctx, id, end_of(day)).await?.map(Stored::into_resident).transpose()
}

/// The moment a day in Japan is over.
fn end_of(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, start_of_day_in_japan)
}

/// Shows a resident to a member of staff, recorded in the audit trail.
///
/// # Errors
/// [`Error::ResidentNotFound`], also for someone under protection measures when the caller has not that role; [`store::Error::Forbidden`].
pub async fn see_resident(ctx: &mut Ctx, id: ResidentId) -> Result<Resident, Error> {
    ctx.allow(Permission::SeePerson)?;
    let found = tables::find(ctx, id).await?.ok_or(Error::ResidentNotFound)?;
    if found.protected && !permitted(&ctx.actor, Permission::ResolveProtected) {
        return Err(Error::ResidentNotFound);
    }
    ctx.audit("person.seen", Some(id.to_string()), "register").await?;
    found.into_resident()
}

/// Searches residents for a member of staff, at most [`SEARCH_MAX`]; everyone found is recorded in the audit trail.
///
/// People under protection measures are found only by staff with that role.
///
/// # Errors
/// [`Error::EmptySearch`], [`store::Error::Forbidden`], or the database's.
pub async fn search(ctx: &mut Ctx, search: &Search) -> Result<Vec<Resident>, Error> {
    ctx.allow(Permission::SeePerson)?;
    if search.is_empty() {
        return Err(Error::EmptySearch);
    }
    let protected_too = permitted(&ctx.actor, Permission::ResolveProtected);
    let register_id = search.register_id.as_deref().unwrap_or_default();
    let birth = search.date_of_birth.map(|day| day.to_string()).unwrap_or_default();
    let district = search.district.as_deref().unwrap_or_default();
    let found = tables::search(ctx, register_id, &birth, district, protected_too, SEARCH_MAX).await?;
    listed(ctx, found, "person.listed").await
}

async fn listed(ctx: &mut Ctx, found: Vec<Stored>, action: &'static str) -> Result<Vec<Resident>, Error> {
    for stored in &found {
        ctx.audit(action, Some(stored.resident.to_string()), "register").await?;
    }
    found.into_iter().map(Stored::into_resident).collect()
}

/// Gives the children a parent acts for today: those of the same household until the end of the school year in which they attain 18.
///
/// A grown-up child at home is nobody's ward. A child whose birthday is not known well enough is left to the counter.
///
/// # Errors
/// As [`children_of`].
pub async fn wards_of(ctx: &mut Ctx, parent: ResidentId) -> Result<Vec<Resident>, Error> {
    let (today, town) = (ctx.today(), ctx.town().clone());
    let children = children_of(ctx, parent).await?.into_iter();
    Ok(children
        .filter(|child| {
            child.date_of_birth.and_then(|birth| town.bridge.unknown_birthday.day(birth)).is_some_and(|born| is_ward(born, today))
        })
        .collect())
}

/// Says whether somebody born on `born` is still acted for by a parent on `day`.
pub fn is_ward(born: Date, day: Date) -> bool {
    day <= civil::school_year_end_after(born, 18)
}

/// Gives everybody who lives with a resident today, the resident too; nobody but the resident for someone who is not a resident today.
///
/// People under protection measures are left out for everyone else, and have only one another.
///
/// # Errors
/// [`Error::ResidentNotFound`] or the database's.
pub async fn household_of(ctx: &mut Ctx, id: ResidentId) -> Result<Vec<Resident>, Error> {
    let today = ctx.today();
    household_on(ctx, id, today).await
}

pub(crate) async fn household_on(ctx: &mut Ctx, id: ResidentId, today: Date) -> Result<Vec<Resident>, Error> {
    let own = tables::find(ctx, id).await?.ok_or(Error::ResidentNotFound)?;
    let (household, protected) = (own.household.clone(), own.protected);
    let own = own.into_resident()?;
    if !own.current_on(today) {
        return Ok(vec![own]);
    }
    let others = tables::household(ctx, &household).await?;
    let mut together = vec![own];
    for other in others {
        if other.resident != id && other.protected == protected {
            let other = other.into_resident()?;
            if other.current_on(today) {
                together.push(other);
            }
        }
    }
    Ok(together)
}

/// Gives who lived with a resident on a past day, the resident first, with the knowledge of that day; nobody else for someone who was not a resident
/// then. Protection measures count as they are now: they are taken to keep somebody from being found, not to say when it was so.
pub(crate) async fn household_as_of(ctx: &mut Ctx, id: ResidentId, day: Date) -> Result<Vec<Resident>, Error> {
    let own = resident_as_of(ctx, id, day).await?.ok_or(Error::ResidentNotFound)?;
    if !own.current_on(day) {
        return Ok(vec![own]);
    }
    let household = own.household.map(|household| household.to_string()).unwrap_or_default();
    let protected = is_protected_now(ctx, id).await?;
    let mut together = vec![own];
    for other in tables::household_as_of(ctx, &household, end_of(day)).await? {
        if other.resident != id && is_protected_now(ctx, other.resident).await? == protected {
            let other = other.into_resident()?;
            if other.current_on(day) {
                together.push(other);
            }
        }
    }
    Ok(together)
}

async fn is_protected_now(ctx: &mut Ctx, id: ResidentId) -> Result<bool, Error> {
    Ok(tables::find(ctx, id).await?.ok_or(Error::ResidentNotFound)?.protected)
}

/// Gives the parents of a resident who live in the same household today, by the register's relations (世帯主, 妻, 夫, 子, 妻の子, 子の子 …). Where the
/// register does not say which of several couples the parents are, nobody is given: the counter decides.
///
/// It says nothing about age: a rule says until when a parent acts for a child. Someone under protection measures is never given, and has none.
///
/// # Errors
/// [`Error::ResidentNotFound`] or the database's.
pub async fn guardians_of(ctx: &mut Ctx, child: ResidentId) -> Result<Vec<Resident>, Error> {
    let together = household_of(ctx, child).await?;
    let (child, others) = together.split_first().ok_or(Error::ResidentNotFound)?;
    if child.protected {
        return Ok(Vec::new());
    }
    if hides_a_parent(ctx, child).await? {
        return Ok(Vec::new());
    }
    Ok(parents(child, others).into_iter().cloned().collect())
}

/// Gives the children of a resident who live in the same household today; see [`guardians_of`].
///
/// # Errors
/// [`Error::ResidentNotFound`] or the database's.
pub async fn children_of(ctx: &mut Ctx, parent: ResidentId) -> Result<Vec<Resident>, Error> {
    let together = household_of(ctx, parent).await?;
    let (parent, others) = together.split_first().ok_or(Error::ResidentNotFound)?;
    if parent.protected {
        return Ok(Vec::new());
    }
    let mut children = Vec::new();
    for other in others {
        if parents(other, &together).iter().any(|found| found.id == parent.id) && !hides_a_parent(ctx, other).await? {
            children.push(other.clone());
        }
    }
    Ok(children)
}

/// Whether somebody under protection measures, who is left out of the household, may be a grandchild's parent: then nobody else is taken for one.
async fn hides_a_parent(ctx: &mut Ctx, child: &Resident) -> Result<bool, Error> {
    let Some(household) = child.household.filter(|_| is_grandchild(child)) else { return Ok(false) };
    let today = ctx.today();
    for stored in tables::household(ctx, &household.to_string()).await? {
        let other = stored.into_resident()?;
        if other.protected && other.current_on(today) && !parents(child, &[other]).is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
