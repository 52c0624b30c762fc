//! People who are not in the register: they join a roll of digital residents, or a neighbouring town's statement says that they live there.

use std::collections::BTreeSet;

use ::store::{AccountId, Actor, Ctx, Permission, ResidentId};
use civil::Date;
use jiff::ToSpan as _;
use rule::Rule;
use town::{DigitalResidents, NeighbourId, Residence, RollId};

use super::links;
use crate::store::{people, residences as store};
use crate::{
    Account, Belonging, BelongingCount, BelongsBy, Error, Guest, NoGuest, ResidenceBegan, ResidenceEnd, ResidenceEnded, ResidenceId,
    Result, Statement,
};

/// Rows one look takes at a time.
const AT_ONCE: u32 = 500;

/// Joins a roll of digital residents, or stays on it for another term.
///
/// # Errors
/// [`Error::NoGuest`] with the reason; the store's `Forbidden`.
pub async fn join_roll(ctx: &mut Ctx, roll: &RollId, agreed: bool) -> Result<ResidenceId> {
    let (account, town) = (caller(ctx)?, ctx.town().clone());
    let roll = town.roll(roll).ok_or(Error::NoGuest(NoGuest::Unknown))?;
    let known = may_be_guest(ctx, account).await?;
    if !known.assurance.meets(roll.proof) {
        return Err(Error::NoGuest(NoGuest::ProofTooWeak));
    }
    if !agreed {
        return Err(Error::NoGuest(NoGuest::TermsNotAgreed));
    }
    let before = live_of(ctx, account, BelongsBy::Digital, roll.id.as_str()).await?;
    if before.is_none() && is_full(ctx, roll).await? {
        return Err(Error::NoGuest(NoGuest::Full));
    }
    let until = ctx.today().saturating_add(i64::from(roll.months).months());
    let new = begun(ctx, account, BelongsBy::Digital, roll.id.to_string(), until);
    begin(ctx, before, new).await
}

/// Whether a roll takes nobody more.
///
/// # Errors
/// The store's.
pub async fn is_full(ctx: &mut Ctx, roll: &DigitalResidents) -> Result<bool> {
    let Some(limit) = roll.limit else { return Ok(false) };
    Ok(store::count_of(ctx, BelongsBy::Digital, roll.id.as_str()).await? >= i64::from(limit))
}

/// Keeps that an account's person lives in a neighbouring town, by a statement the room above has believed. It counts until its last day, then it has to be
/// shown again. The house keeps it: whoever hands in a wallet's answer is nobody yet.
///
/// # Errors
/// [`Error::NoGuest`] with the reason; the store's `Forbidden` for anyone but the house.
pub async fn keep_statement(ctx: &mut Ctx, account: AccountId, statement: Statement) -> Result<ResidenceId> {
    ctx.allow(Permission::RunHouse)?;
    let town = ctx.town().clone();
    town.neighbour(&statement.neighbour).ok_or(Error::NoGuest(NoGuest::Unknown))?;
    may_be_guest(ctx, account).await?;
    let to = statement.neighbour.to_string();
    let before = live_of(ctx, account, BelongsBy::Neighbour, &to).await?;
    let (now, new) = (ctx.now(), begun(ctx, account, BelongsBy::Neighbour, to, statement.until));
    let (status_uri, status_idx) = (Some(statement.status_uri), Some(statement.status_idx));
    begin(ctx, before, Belonging { status_uri, status_idx, checked_at: Some(now), ..new }).await
}

/// What a statement is compared with: the name as the account's own proof gave it, and the birthday.
///
/// # Errors
/// [`Error::NoGuest`] with the reason.
pub async fn compared_with(ctx: &mut Ctx, account: AccountId) -> Result<Account> {
    may_be_guest(ctx, account).await
}

fn caller(ctx: &Ctx) -> Result<AccountId> {
    ctx.allow(Permission::OwnAccount)?;
    match ctx.actor {
        Actor::Holder(account) => Ok(account),
        _ => Err(Error::AccountNotFound),
    }
}

/// The account of somebody proven who is not in the register.
async fn may_be_guest(ctx: &mut Ctx, account: AccountId) -> Result<Account> {
    let known = people::open_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    if known.keys.is_none() {
        return Err(Error::NoGuest(NoGuest::ProofTooWeak));
    }
    if links::link_of(ctx, account).await?.is_some() {
        return Err(Error::NoGuest(NoGuest::Resident));
    }
    Ok(known)
}

fn begun(ctx: &Ctx, account: AccountId, by: BelongsBy, to: String, until: Date) -> Belonging {
    let (id, since) = (ResidenceId::new(ctx.now()), ctx.now());
    Belonging { id, account, by, to, since, until, status_uri: None, status_idx: None, checked_at: None, ended_at: None, ended_why: None }
}

async fn live_of(ctx: &mut Ctx, account: AccountId, by: BelongsBy, to: &str) -> Result<Option<Belonging>> {
    let all = store::of_account(ctx, account).await?;
    Ok(all.into_iter().find(|found| found.ended_at.is_none() && found.by == by && found.to == to))
}

/// Begins one in place of the one before. What rests on it does not end in between: rooms are told only that it began.
async fn begin(ctx: &mut Ctx, before: Option<Belonging>, new: Belonging) -> Result<ResidenceId> {
    if let Some(before) = before {
        store::end(ctx, before.id, ResidenceEnd::Renewed).await?;
    }
    store::insert(ctx, &new).await?;
    ctx.audit("residence.began", Some(new.account.to_string()), &new.to).await?;
    ctx.record(ResidenceBegan::KIND, &ResidenceBegan { account: new.account, residence: new.id }).await?;
    Ok(new.id)
}

async fn end(ctx: &mut Ctx, found: &Belonging, why: ResidenceEnd) -> Result<()> {
    if !store::end(ctx, found.id, why).await? {
        return Ok(());
    }
    ctx.audit("residence.ended", Some(found.account.to_string()), why.as_str()).await?;
    ctx.record(ResidenceEnded::KIND, &ResidenceEnded { account: found.account, residence: found.id, why }).await?;
    Ok(())
}

/// Ends all of an account: it became a resident's, or is closed.
pub(super) async fn end_all(ctx: &mut Ctx, account: AccountId, why: ResidenceEnd) -> Result<()> {
    for found in store::of_account(ctx, account).await?.iter().filter(|found| found.ended_at.is_none()) {
        end(ctx, found, why).await?;
    }
    Ok(())
}

/// Leaves a roll, or takes a neighbour's statement back.
///
/// # Errors
/// [`Error::ResidenceNotFound`] for another's or one that ended; the store's `Forbidden`.
pub async fn leave(ctx: &mut Ctx, id: ResidenceId) -> Result<()> {
    let account = caller(ctx)?;
    let found = store::find(ctx, id).await?.filter(|found| found.account == account && found.ended_at.is_none());
    end(ctx, &found.ok_or(Error::ResidenceNotFound)?, ResidenceEnd::Left).await
}

/// Ends one at the counter.
///
/// # Errors
/// [`Error::ResidenceNotFound`]; the store's `Forbidden` for anyone but staff who may end cards.
pub async fn end_residence(ctx: &mut Ctx, id: ResidenceId) -> Result<()> {
    ctx.allow(Permission::EndCard)?;
    let found = store::find(ctx, id).await?.filter(|found| found.ended_at.is_none());
    end(ctx, &found.ok_or(Error::ResidenceNotFound)?, ResidenceEnd::ByTown).await
}

/// Gives where an account's person belongs and belonged, newest first: to themselves, or to staff who may see a person.
///
/// # Errors
/// [`Error::AccountNotFound`] for another's; the store's `Forbidden`.
pub async fn residences_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Belonging>> {
    super::own_or(ctx, account, Permission::SeePerson)?;
    store::of_account(ctx, account).await
}

/// Gives somebody proven of whom the register has no record, as rules see them. Rooms ask this for their own decisions; it tells nothing of the person but
/// the birthday.
///
/// # Errors
/// The store's.
pub async fn guest(ctx: &mut Ctx, account: AccountId) -> Result<Option<Guest>> {
    let Some(known) = people::open_account(ctx, account).await?.filter(|known| known.keys.is_some()) else { return Ok(None) };
    let moved_in = links::link_of(ctx, account).await?.is_some();
    let (town, today) = (ctx.town().clone(), ctx.today());
    let all = store::of_account(ctx, account).await?;
    let counts = || all.iter().filter(|found| found.counts_on(today) && !moved_in);
    let residence = Residence {
        resident: false,
        town: counts().filter_map(Belonging::neighbour).find(|id| town.neighbour(id).is_some()),
        roll: counts().filter_map(Belonging::roll).find(|id| town.roll(id).is_some()),
    };
    let over = !all.is_empty() && residence == Residence::default();
    Ok(Some(Guest { date_of_birth: known.date_of_birth, residence, over, moved_in }))
}

/// How somebody who is not in the register is known in rooms that keep things by resident: by the id of their account in the place of a resident's. Ids of
/// either are drawn by one clock and by chance, so that none is ever the other's; cards, uses, deliveries need not know whom they are of.
pub fn known_as(account: AccountId) -> ResidentId {
    ResidentId::from_bytes(account.bytes())
}

/// Gives the guests a rule selects today, where it asks where people belong; of others the register alone speaks. For the house's own work.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn guests_selected(ctx: &mut Ctx, rule: &Rule) -> Result<Vec<ResidentId>> {
    ctx.allow(Permission::RunHouse)?;
    let (town, today) = (ctx.town().clone(), ctx.today());
    if !Residence::is_asked_by(rule) {
        return Ok(Vec::new());
    }
    let (mut selected, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store::live(ctx, after, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(selected.into_iter().collect()) };
        after = Some(last.id);
        for found in &page {
            let Some(guest) = guest(ctx, found.account).await?.filter(|guest| !guest.moved_in) else { continue };
            if rule.decide(&town.guest(guest.date_of_birth, &guest.residence), today) == Ok(true) {
                selected.insert(known_as(found.account));
            }
        }
    }
}

/// Gives how many belong to each neighbour and roll today.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn residence_counts(ctx: &mut Ctx) -> Result<Vec<BelongingCount>> {
    ctx.allow(Permission::SeeProgrammes)?;
    let today = ctx.today();
    store::counts(ctx, today).await
}

/// Gives those who belong somewhere, in pages by id; `after` is the last of the page before. The list names nobody: who looks at one is recorded there.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn guests_after(ctx: &mut Ctx, after: Option<ResidenceId>, limit: u32) -> Result<Vec<Belonging>> {
    if ctx.allow(Permission::RunHouse).is_err() {
        ctx.allow(Permission::SeePerson)?;
    }
    store::live(ctx, after, limit).await
}

/// Ends what is past its last day, and what the pack no longer has.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn end_past_residences(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    let (town, today) = (ctx.town().clone(), ctx.today());
    loop {
        let over = store::over(ctx, today, AT_ONCE).await?;
        for found in &over {
            end(ctx, found, ResidenceEnd::Over).await?;
        }
        if over.is_empty() {
            break;
        }
    }
    for count in store::counts(ctx, today).await? {
        let known = match count.by {
            BelongsBy::Neighbour => count.to.parse().is_ok_and(|id| town.neighbour(&id).is_some()),
            BelongsBy::Digital => count.to.parse().is_ok_and(|id| town.roll(&id).is_some()),
        };
        if !known {
            end_those_of(ctx, &count).await?;
        }
    }
    Ok(())
}

/// Gives those whose last day is near, each once: for whoever tells them.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn residences_to_remind(ctx: &mut Ctx) -> Result<Vec<Belonging>> {
    ctx.allow(Permission::RunHouse)?;
    let (today, mut after, mut near) = (ctx.today(), None, Vec::new());
    let last_day = today.saturating_add(Belonging::REMINDED_BEFORE);
    loop {
        let page = store::ending(ctx, last_day, after, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(near) };
        after = Some(last.id);
        for found in page.into_iter().filter(|found| found.is_ending_soon(today)) {
            store::reminded(ctx, found.id).await?;
            near.push(found);
        }
    }
}

async fn end_those_of(ctx: &mut Ctx, count: &BelongingCount) -> Result<()> {
    let mut after = None;
    loop {
        let page = store::live(ctx, after, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for found in page.iter().filter(|found| found.by == count.by && found.to == count.to) {
            end(ctx, found, ResidenceEnd::NotTrusted).await?;
        }
    }
}

/// Gives the addresses of a neighbour's status lists in which anybody stands.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn status_lists_of(ctx: &mut Ctx, neighbour: &NeighbourId) -> Result<Vec<String>> {
    ctx.allow(Permission::RunHouse)?;
    store::lists(ctx, neighbour.as_str()).await
}

/// Follows a neighbour's status list: `counts` says whether a place in it still stands. Gives how many ended.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn follow_status_list(ctx: &mut Ctx, neighbour: &NeighbourId, uri: &str, counts: impl Fn(i64) -> bool) -> Result<u32> {
    ctx.allow(Permission::RunHouse)?;
    let (now, mut after, mut ended) = (ctx.now(), None, 0);
    loop {
        let page = store::in_list(ctx, neighbour.as_str(), uri, after, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(ended) };
        after = Some(last.id);
        for found in &page {
            if found.status_idx.is_some_and(&counts) {
                store::checked(ctx, found.id, now).await?;
            } else {
                end(ctx, found, ResidenceEnd::Revoked).await?;
                ended += 1;
            }
        }
    }
}
