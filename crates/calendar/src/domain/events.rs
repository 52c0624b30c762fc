//! Events: kept by staff, registered for by people.

use civil::Date;
use identity::Assurance;
use jiff::ToSpan as _;
use registry::Register;
use store::{AccountId, Ctx, Permission, Register as _};
use town::Language;
use web::Tell;

pub use super::import::{import, preview};
use super::{holder, people};
use crate::model::{Details, Error, Event, EventId, Part, Result, Seat, SeatState, TEXT_MAX, TITLE_MAX, Texts, Who};
use crate::store::{events as rows, people as people_rows};

/// Places an event may have.
const CAPACITY_MAX: i32 = 100_000;

/// Gives an event.
///
/// # Errors
/// [`Error::NoSuchEvent`].
pub async fn event(ctx: &mut Ctx, id: EventId) -> Result<Event> {
    rows::find(ctx, id).await?.ok_or(Error::NoSuchEvent)
}

/// Gives the events of some days, cancelled ones too.
///
/// # Errors
/// The database's.
pub async fn events_between(ctx: &mut Ctx, from: Date, until: Date) -> Result<Vec<Event>> {
    rows::between(ctx, from, until).await
}

/// Makes an event, or changes the one that is named.
///
/// # Errors
/// [`Error::Field`] and [`Error::Text`] for what cannot stand; [`Error::NoSuchEvent`]; [`Error::OfOthers`].
pub async fn make(ctx: &mut Ctx, id: Option<EventId>, details: Details) -> Result<EventId> {
    ctx.allow(Permission::KeepCalendar)?;
    check(ctx, &details)?;
    let now = ctx.now();
    let Some(id) = id else {
        let event = Event { id: EventId::new(now), key: None, details, taken: 0, cancelled_at: None, changed_at: now, feed: None };
        rows::insert(ctx, &event).await?;
        ctx.audit("calendar.event_made", None, &event.id.to_string()).await?;
        ctx.record("calendar.event_made", &serde_json::json!({ "event": event.id })).await?;
        return Ok(event.id);
    };
    rows::hold(ctx, id).await?;
    let before = own(event(ctx, id).await?)?;
    if details.capacity.is_some_and(|capacity| capacity < before.taken) {
        return Err(Error::Field("capacity"));
    }
    let moved = before.details.starts_on != details.starts_on
        || before.details.starts_at != details.starts_at
        || before.details.place() != details.place();
    rows::change(ctx, &Event { details, changed_at: now, ..before }).await?;
    if moved {
        tell_all(ctx, id, "calendar-told-changed").await?;
    }
    fill(ctx, id).await?;
    ctx.audit("calendar.event_changed", None, &id.to_string()).await?;
    ctx.record("calendar.event_changed", &serde_json::json!({ "event": id })).await?;
    Ok(id)
}

/// An event of the town's own; one of others is changed where they keep it.
fn own(event: Event) -> Result<Event> {
    if event.feed.is_some() { Err(Error::OfOthers) } else { Ok(event) }
}

/// Whether a text may stand: as long as it may be, and without signs nobody sees.
fn fits(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\r')
}

/// Says which text cannot stand: the name is needed in Japanese, in other languages each part may be left out.
fn check_texts(texts: &Texts) -> Result<()> {
    if texts.said(&Language::JAPANESE).title.trim().is_empty() {
        return Err(Error::Field("title"));
    }
    let most = |part| match part {
        Part::Title => TITLE_MAX,
        Part::Place => TITLE_MAX * 2,
        Part::About => TEXT_MAX,
    };
    for (language, said) in texts.iter() {
        let wrong = Part::ALL.into_iter().find(|part| !fits(said.part(*part), most(*part)));
        match wrong {
            Some(part) if *language == Language::JAPANESE => return Err(Error::Field(part.as_str())),
            Some(part) => return Err(Error::Text { language: language.clone(), part }),
            None => {}
        }
    }
    Ok(())
}

/// Says what of an event cannot stand.
pub(crate) fn check(ctx: &Ctx, details: &Details) -> Result<()> {
    check_texts(&details.texts)?;
    let clock = |text: &str| text.is_empty() || jiff::civil::Time::strptime("%H:%M", text).is_ok();
    let timed_end = details.starts_on == details.ends_on && !details.ends_at.is_empty();
    let wrong = [
        (details.ends_on < details.starts_on, "ends_on"),
        (!clock(&details.starts_at), "starts_at"),
        (!clock(&details.ends_at) || timed_end && details.ends_at < details.starts_at, "ends_at"),
        (
            !(details.url.is_empty() || details.url.starts_with("https://") || details.url.starts_with("http://"))
                || !fits(&details.url, 500),
            "url",
        ),
        (matches!(&details.who, Who::Programme(id) if ctx.town().programme(id).is_none()), "who"),
        (details.capacity.is_some_and(|places| !(1..=CAPACITY_MAX).contains(&places)), "capacity"),
        (matches!((details.apply_from, details.apply_until), (Some(from), Some(until)) if until < from), "apply_until"),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, field)| Err(Error::Field(field)))
}

/// Cancels an event and tells everybody who registered.
///
/// # Errors
/// [`Error::NoSuchEvent`]; [`Error::OfOthers`].
pub async fn cancel(ctx: &mut Ctx, id: EventId) -> Result<()> {
    ctx.allow(Permission::KeepCalendar)?;
    own(event(ctx, id).await?)?;
    if rows::cancel(ctx, id).await? {
        tell_all(ctx, id, "calendar-told-cancelled").await?;
        ctx.audit("calendar.event_cancelled", None, &id.to_string()).await?;
        ctx.record("calendar.event_cancelled", &serde_json::json!({ "event": id })).await?;
    }
    Ok(())
}

/// Registers the caller: with a place while there are any, on the waiting list after that.
///
/// # Errors
/// [`Error::Closed`] with the reason; [`Error::NoSuchEvent`].
pub async fn join(ctx: &mut Ctx, id: EventId) -> Result<SeatState> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    register(ctx, id, account).await
}

/// Registers somebody who stands at the counter.
///
/// # Errors
/// As [`join`]; [`Error::NoSuchEvent`] too where the clerk may not know of the person.
pub async fn register_for(ctx: &mut Ctx, id: EventId, account: AccountId) -> Result<SeatState> {
    ctx.allow(Permission::KeepCalendar)?;
    if !may_be_known(ctx, account).await? {
        return Err(Error::Closed("no_account"));
    }
    ctx.audit("calendar.registered", Some(account.to_string()), &id.to_string()).await?;
    register(ctx, id, account).await
}

async fn register(ctx: &mut Ctx, id: EventId, account: AccountId) -> Result<SeatState> {
    rows::hold(ctx, id).await?;
    let event = event(ctx, id).await?;
    if let Some(seat) = rows::seat(ctx, id, account).await? {
        return Ok(seat.state);
    }
    if let Some(reason) = closed(&event, ctx.today()) {
        return Err(Error::Closed(reason));
    }
    if !admitted(ctx, &event.details.who, account).await? {
        return Err(Error::Closed("not_for_you"));
    }
    let state = if rows::take(ctx, id).await? { SeatState::Placed } else { SeatState::Waiting };
    rows::sit(ctx, id, account, state).await?;
    ctx.record("calendar.registered", &serde_json::json!({ "event": id, "account": account })).await?;
    Ok(state)
}

/// Why nobody can register on a day, if so.
pub(crate) fn closed(event: &Event, today: Date) -> Option<&'static str> {
    let details = &event.details;
    let last = details.apply_until.unwrap_or(details.starts_on);
    match () {
        () if details.who == Who::Nobody => Some("not_needed"),
        () if event.cancelled_at.is_some() => Some("cancelled"),
        () if details.apply_from.is_some_and(|from| today < from) => Some("not_yet"),
        () if today > last || today > details.ends_on => Some("over"),
        () => None,
    }
}

async fn admitted(ctx: &mut Ctx, who: &Who, account: AccountId) -> Result<bool> {
    match who {
        Who::Nobody => Ok(false),
        Who::Anyone => Ok(true),
        Who::Proven => Ok(identity::assurance_of(ctx, account).await? > Assurance::None),
        Who::Programme(id) => people::entitled(ctx, account, id).await,
    }
}

/// Gives up the caller's place or turn; the first who waits moves up and is told.
///
/// # Errors
/// [`Error::NoSuchEvent`] when the caller is not registered.
pub async fn leave(ctx: &mut Ctx, id: EventId) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let account = holder(ctx)?;
    leave_of(ctx, id, account).await
}

/// As [`leave`], by a clerk for somebody.
///
/// # Errors
/// As [`leave`].
pub(crate) async fn strike(ctx: &mut Ctx, id: EventId, account: AccountId) -> Result<()> {
    ctx.allow(Permission::KeepCalendar)?;
    if !may_be_known(ctx, account).await? {
        return Err(Error::NoSuchEvent);
    }
    ctx.audit("calendar.struck", Some(account.to_string()), &id.to_string()).await?;
    leave_of(ctx, id, account).await
}

async fn leave_of(ctx: &mut Ctx, id: EventId, account: AccountId) -> Result<()> {
    rows::hold(ctx, id).await?;
    let seat = rows::seat(ctx, id, account).await?.ok_or(Error::NoSuchEvent)?;
    rows::stand_up(ctx, id, account).await?;
    if seat.state == SeatState::Placed {
        rows::give_back(ctx, id).await?;
        fill(ctx, id).await?;
    }
    ctx.record("calendar.left", &serde_json::json!({ "event": id, "account": account })).await?;
    Ok(())
}

/// Gives places that are free to those who wait, in turn, until the event is over.
async fn fill(ctx: &mut Ctx, id: EventId) -> Result<()> {
    let event = event(ctx, id).await?;
    if event.cancelled_at.is_some() || event.details.ends_on < ctx.today() {
        return Ok(());
    }
    while let Some(seat) = rows::first_waiting(ctx, id).await? {
        if !rows::take(ctx, id).await? {
            break;
        }
        rows::move_up(ctx, &seat).await?;
        tell(ctx, seat.account, &event, "calendar-told-moved-up").await?;
    }
    Ok(())
}

async fn tell_all(ctx: &mut Ctx, id: EventId, text: &str) -> Result<()> {
    let event = event(ctx, id).await?;
    for seat in rows::seats(ctx, id).await? {
        tell(ctx, seat.account, &event, text).await?;
    }
    Ok(())
}

async fn tell(ctx: &mut Ctx, account: AccountId, event: &Event, text: &str) -> Result<()> {
    let titles = event.details.texts.iter().map(|(language, said)| (language, said.title.as_str()));
    let mut args = Tell::words("event", event.details.title(), titles);
    args.push(("day".to_owned(), event.details.starts_on.to_string()));
    let told = Tell { account, text: text.to_owned(), args, href: format!("/calendar/events/{}", event.id), topic: "calendar".to_owned() };
    Ok(told.record(ctx).await?)
}

/// An attendee as staff see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// The registration.
    pub seat: Seat,
    /// The name of the account; nothing for somebody the clerk may not know of.
    pub name: Option<String>,
}

/// Lists who registered for an event; the look is written into each one's trail. Who is under protection measures has no name in it.
///
/// # Errors
/// The store's `Forbidden`; [`Error::NoSuchEvent`].
pub async fn attendees(ctx: &mut Ctx, id: EventId) -> Result<Vec<Attendee>> {
    ctx.allow(Permission::KeepCalendar)?;
    event(ctx, id).await?;
    let mut attendees = Vec::new();
    for seat in rows::seats(ctx, id).await? {
        let name = if may_be_known(ctx, seat.account).await? {
            ctx.audit("calendar.attendees_seen", Some(seat.account.to_string()), &id.to_string()).await?;
            identity::label_of(ctx, seat.account).await?
        } else {
            None
        };
        attendees.push(Attendee { seat, name });
    }
    Ok(attendees)
}

/// An event and how somebody stands with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The event.
    pub event: Event,
    /// Their registration.
    pub seat: Option<Seat>,
    /// Why they cannot register, if so.
    pub closed: Option<&'static str>,
}

/// The events that take registrations, for somebody at the counter: their name, and how they stand with each. The look is written into their trail.
///
/// # Errors
/// The store's `Forbidden`; [`Error::Closed`] where the clerk may not know of the person.
pub async fn open_to(ctx: &mut Ctx, account: AccountId) -> Result<(String, Vec<Open>)> {
    ctx.allow(Permission::KeepCalendar)?;
    let name = if may_be_known(ctx, account).await? { identity::label_of(ctx, account).await? } else { None };
    let name = name.ok_or(Error::Closed("no_account"))?;
    ctx.audit("calendar.events_seen", Some(account.to_string()), "").await?;
    let today = ctx.today();
    let mut open = Vec::new();
    for event in rows::between(ctx, today, today.saturating_add(2.years())).await? {
        let seat = rows::seat(ctx, event.id, account).await?;
        let reason = closed(&event, today);
        let reason = match reason {
            None if !admitted(ctx, &event.details.who, account).await? => Some("not_for_you"),
            reason => reason,
        };
        // What nobody registers for, and what is over, is not asked about at a counter.
        if seat.is_some() || !matches!(reason, Some("not_needed" | "cancelled" | "over")) {
            open.push(Open { event, seat, closed: reason });
        }
    }
    Ok((name, open))
}

async fn may_be_known(ctx: &mut Ctx, account: AccountId) -> Result<bool> {
    let Some(resident) = identity::link_of(ctx, account).await? else {
        return Ok(identity::label_of(ctx, account).await?.is_some());
    };
    Ok(Register.may_know(ctx, resident).await?)
}

/// Frees the places of an account that was closed and forgets its wishes.
///
/// # Errors
/// The database's.
pub(crate) async fn forget(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    for seat in rows::seats_of(ctx, account).await? {
        leave_of(ctx, seat.event, account).await?;
    }
    people_rows::forget(ctx, account).await
}

/// Gives the places of a closed account to the one it was merged into, where that one has none.
///
/// # Errors
/// The database's.
pub(crate) async fn merged(ctx: &mut Ctx, kept: AccountId, closed: AccountId) -> Result<()> {
    for seat in rows::seats_of(ctx, closed).await? {
        rows::hold(ctx, seat.event).await?;
        match rows::seat(ctx, seat.event, kept).await? {
            Some(_) => leave_of(ctx, seat.event, closed).await?,
            None => {
                rows::stand_up(ctx, seat.event, closed).await?;
                rows::sit(ctx, seat.event, kept, seat.state).await?;
            }
        }
    }
    people_rows::forget(ctx, closed).await
}
