//! What a person's own calendar holds: entries by rule, wishes, the secret feed.

use civil::Date;
use identity::secret;
use registry::Resident;
use rule::Value;
use store::{AccountId, Ctx, Permission};
use town::{ProgrammeId, Residence};

use super::{holder, remind};
use crate::model::{Error, OwnEntry, Result};
use crate::store::{events as event_rows, people as rows};

/// The hours of the evening somebody may be reminded at.
pub(crate) const HOURS: std::ops::RangeInclusive<i32> = 16..=21;

/// What somebody wants to be reminded of the evening before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Garbage of their area.
    pub garbage: bool,
    /// Events they registered for.
    pub events: bool,
    /// Their own entries and their children's.
    pub own: bool,
    /// At which hour, Japan time: one of [`HOURS`].
    pub hour: i32,
    /// Their area; empty to follow the register.
    pub area: String,
}

impl Default for Wish {
    fn default() -> Self {
        Self { garbage: false, events: false, own: false, hour: 19, area: String::new() }
    }
}

/// Gives what an account wished; nothing wished is the default.
///
/// # Errors
/// The database's.
pub(crate) async fn wish(ctx: &mut Ctx, account: AccountId) -> Result<Wish> {
    Ok(rows::wish(ctx, account).await?.unwrap_or_default())
}

/// Sets what the caller wants to be reminded of.
///
/// # Errors
/// [`Error::Field`] for an hour that is none; [`Error::NoSuchArea`].
pub async fn set_wish(ctx: &mut Ctx, wish: &Wish) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    if !HOURS.contains(&wish.hour) {
        return Err(Error::Field("hour"));
    }
    if !wish.area.is_empty() && area_named(ctx.town(), &wish.area).is_none() {
        return Err(Error::NoSuchArea);
    }
    rows::set_wish(ctx, account, wish).await?;
    // For this evening still, if its hour is yet to come.
    remind::enqueue(ctx, wish.hour).await?;
    ctx.record("calendar.wish_set", &serde_json::json!({ "account": account })).await?;
    Ok(())
}

/// The area of a name.
pub(crate) fn area_named<'a>(town: &'a town::Town, name: &str) -> Option<&'a town::GarbageArea> {
    town.garbage.as_ref()?.areas.iter().find(|area| area.name == name)
}

/// The areas somebody of a district may live in.
pub(crate) fn areas_of<'a>(town: &'a town::Town, district: &str) -> Vec<&'a town::GarbageArea> {
    let areas = town.garbage.as_ref().map(|garbage| garbage.areas.as_slice()).unwrap_or_default();
    areas.iter().filter(|area| area.districts.iter().any(|one| one == district)).collect()
}

/// The area of an account: as wished, or the one of its district where that is in one only.
///
/// # Errors
/// The database's.
pub(crate) async fn area_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<String>> {
    let wished = wish(ctx, account).await?.area;
    if area_named(ctx.town(), &wished).is_some() {
        return Ok(Some(wished));
    }
    let Some(resident) = resident_of(ctx, account).await? else { return Ok(None) };
    let town = ctx.town().clone();
    Ok(match areas_of(&town, &resident.district).as_slice() {
        [only] => Some(only.name.clone()),
        _ => None,
    })
}

/// The district of an account's resident, to offer its areas to choose among.
///
/// # Errors
/// The database's.
pub(crate) async fn district_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<String>> {
    Ok(resident_of(ctx, account).await?.map(|resident| resident.district).filter(|district| !district.is_empty()))
}

async fn resident_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<Resident>> {
    match identity::link_of(ctx, account).await? {
        Some(resident) => Ok(registry::resident(ctx, resident).await?),
        None => Ok(None),
    }
}

/// Gives the entries of an account's own calendar and of the children it acts for, by day. A child under protection measures, or of a parent
/// who is, is nobody's ward: the register says so.
///
/// # Errors
/// The register's.
pub async fn own_entries(ctx: &mut Ctx, account: AccountId, from: Date, until: Date) -> Result<Vec<OwnEntry>> {
    let Some(resident) = resident_of(ctx, account).await? else { return Ok(Vec::new()) };
    let mut entries = entries_of(ctx, &resident, false, from, until)?;
    for ward in registry::wards_of(ctx, resident.id).await? {
        entries.extend(entries_of(ctx, &ward, true, from, until)?);
    }
    entries.sort_by(|a, b| (a.day, a.of_ward, &a.rule).cmp(&(b.day, b.of_ward, &b.rule)));
    Ok(entries)
}

fn entries_of(ctx: &Ctx, resident: &Resident, of_ward: bool, from: Date, until: Date) -> Result<Vec<OwnEntry>> {
    let (town, today) = (ctx.town(), ctx.today());
    if !resident.current_on(today) {
        return Ok(Vec::new());
    }
    let person = registry::facts_of(resident, town, today)?;
    let falls = |rule: &town::CalendarRule| match rule.on.value(&person, today) {
        Ok(Some(Value::Date(day))) if (from..=until).contains(&day) && rule.who.decide(&person, day) == Ok(true) => Some(day),
        _ => None,
    };
    let entry = |rule: &town::CalendarRule| Some(OwnEntry { day: falls(rule)?, rule: rule.id.clone(), of_ward });
    Ok(town.calendar_rules.iter().filter_map(entry).collect())
}

/// Whether the rule of today entitles the resident of an account to a programme, or somebody who is not in the register.
///
/// # Errors
/// The register's.
pub(crate) async fn entitled(ctx: &mut Ctx, account: AccountId, programme: &ProgrammeId) -> Result<bool> {
    let (today, town) = (ctx.today(), ctx.town().clone());
    let Some(version) = town.programme(programme).and_then(|programme| programme.in_force(today)) else { return Ok(false) };
    let person = match resident_of(ctx, account).await? {
        Some(resident) => registry::person(ctx, resident.id).await?,
        None => match identity::guest(ctx, account)
            .await?
            .filter(|guest| town.has_guests() && !guest.moved_in && Residence::is_asked_by(&version.eligible))
        {
            Some(guest) => town.guest(guest.date_of_birth, &guest.residence),
            None => return Ok(false),
        },
    };
    Ok(version.eligible.decide(&person, today).unwrap_or(false))
}

/// Makes the caller's secret feed, in place of the one before; gives the secret, which is kept nowhere.
///
/// # Errors
/// The store's.
pub(crate) async fn make_feed(ctx: &mut Ctx) -> Result<String> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    let token = secret::token();
    rows::set_feed(ctx, account, secret::token_hash(&token)).await?;
    ctx.audit("calendar.feed_made", Some(account.to_string()), "").await?;
    Ok(token)
}

/// Ends the caller's secret feed.
///
/// # Errors
/// The store's.
pub(crate) async fn end_feed(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    rows::delete_feed(ctx, account).await?;
    ctx.audit("calendar.feed_ended", Some(account.to_string()), "").await?;
    Ok(())
}

/// Whose feed a secret opens.
///
/// # Errors
/// The store's.
pub(crate) async fn feed_owner(ctx: &mut Ctx, token: &str) -> Result<Option<AccountId>> {
    rows::feed_of(ctx, secret::token_hash(token)).await
}

/// Gives what the room holds of an account, for who asks for a copy.
///
/// # Errors
/// The store's.
pub(crate) async fn export(ctx: &mut Ctx, account: AccountId) -> Result<serde_json::Value> {
    let wish = rows::wish(ctx, account).await?.map(
        |wish| serde_json::json!({ "garbage": wish.garbage, "events": wish.events, "own": wish.own, "hour": wish.hour, "area": wish.area }),
    );
    let mut seats = Vec::new();
    for seat in event_rows::seats_of(ctx, account).await? {
        let title = event_rows::find(ctx, seat.event).await?.map(|event| event.details.title().to_owned());
        seats.push(serde_json::json!({ "event": title, "state": seat.state, "at": seat.at }));
    }
    Ok(serde_json::json!({ "reminders": wish, "registrations": seats, "feed": rows::has_feed(ctx, account).await? }))
}
