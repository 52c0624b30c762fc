//! The evening before.

use civil::{Date, Timestamp, start_of_day_in_japan};
use jiff::{SignedDuration, ToSpan as _};
use serde::{Deserialize, Serialize};
use store::{AccountId, Ctx, Permission};
use town::{Language, Town};
use web::Tell;

use super::people::{self, Wish};
use crate::model::{Result, SeatState};
use crate::rules::garbage;
use crate::store::{events as event_rows, people as rows};

/// The job that puts the reminders of a day on the list.
pub const REMIND_DAILY: &str = "calendar.remind_daily";
/// The job that reminds everybody of one hour.
pub const REMIND: &str = "calendar.remind";
/// People reminded in one go; the next go is a change of its own, so that a long evening is not undone by one failure.
const PAGE: u32 = 500;
/// Days for which it is known who was reminded.
const KEPT_DAYS: i64 = 7;

/// Whom to remind now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Evening {
    /// The evening.
    day: Date,
    /// The hour.
    hour: i32,
    /// After which account to go on; empty at the beginning.
    after: String,
}

/// Puts the hours of today on the list, and forgets who was reminded long ago.
///
/// # Errors
/// The store's.
pub(crate) async fn plan(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    let before = ctx.today().saturating_sub(KEPT_DAYS.days());
    rows::forget_reminded(ctx, before).await?;
    // An hour that is past already, after a day without power, is made up for this evening.
    for hour in rows::hours(ctx).await? {
        put_on_list(ctx, hour).await?;
    }
    Ok(())
}

/// Puts an hour of this evening on the list, once, unless it is past.
///
/// # Errors
/// The store's.
pub(crate) async fn enqueue(ctx: &mut Ctx, hour: i32) -> Result<()> {
    if moment(ctx.today(), hour) > ctx.now() { put_on_list(ctx, hour).await } else { Ok(()) }
}

async fn put_on_list(ctx: &mut Ctx, hour: i32) -> Result<()> {
    let evening = Evening { day: ctx.today(), hour, after: String::new() };
    let at = moment(evening.day, hour);
    ctx.enqueue(REMIND, Some(format!("{REMIND}:{}:{hour}", evening.day)), &evening, at).await?;
    Ok(())
}

fn moment(day: Date, hour: i32) -> Timestamp {
    start_of_day_in_japan(day) + SignedDuration::from_hours(hour.into())
}

/// Reminds those of one hour of what tomorrow brings; each once, whatever is done twice.
///
/// # Errors
/// The store's.
pub(crate) async fn remind(ctx: &mut Ctx, evening: &Evening) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    // After a night without power, yesterday's reminders would be wrong by a day.
    if evening.day != ctx.today() {
        return Ok(());
    }
    let accounts = rows::of_hour(ctx, evening.hour, &evening.after, PAGE).await?;
    for account in &accounts {
        one(ctx, *account, evening.day).await?;
    }
    if let (Some(last), true) = (accounts.last(), accounts.len() == PAGE as usize) {
        let next = Evening { after: last.to_string(), ..evening.clone() };
        let now = ctx.now();
        ctx.enqueue(REMIND, Some(format!("{REMIND}:{}:{}:{last}", evening.day, evening.hour)), &next, now).await?;
    }
    Ok(())
}

async fn one(ctx: &mut Ctx, account: AccountId, today: Date) -> Result<()> {
    let tomorrow = today.saturating_add(1.day());
    let wish = people::wish(ctx, account).await?;
    let kinds = if wish.garbage { kinds(ctx, account, tomorrow).await? } else { Vec::new() };
    let more = others(ctx, account, &wish, tomorrow).await?;
    if kinds.is_empty() && more == 0 || !rows::reminded(ctx, account, tomorrow).await? {
        return Ok(());
    }
    let text = match (kinds.is_empty(), more) {
        (false, 0) => "calendar-told-garbage",
        (false, _) => "calendar-told-both",
        (true, _) => "calendar-told-tomorrow",
    };
    let mut args = in_words(ctx.town(), &kinds);
    args.extend([("day".to_owned(), tomorrow.to_string()), ("count".to_owned(), more.to_string())]);
    let told = Tell { account, text: text.to_owned(), args, href: format!("/calendar?day={tomorrow}"), topic: "calendar".to_owned() };
    Ok(told.record(ctx).await?)
}

/// The kinds that are collected for sure where somebody lives.
async fn kinds(ctx: &mut Ctx, account: AccountId, day: Date) -> Result<Vec<usize>> {
    let Some(name) = people::area_of(ctx, account).await? else { return Ok(Vec::new()) };
    let town = ctx.town().clone();
    let (Some(table), Some(area)) = (&town.garbage, people::area_named(&town, &name)) else { return Ok(Vec::new()) };
    Ok(garbage::on_day(table, area, day).into_iter().filter(|one| one.sure).map(|one| one.kind).collect())
}

/// The names of some kinds, for readers of every language of the town.
fn in_words(town: &Town, kinds: &[usize]) -> Vec<(String, String)> {
    let named = |language: &Language| {
        let table = town.garbage.as_ref();
        table.map(|table| garbage::named(table, kinds.iter().copied(), language).1).unwrap_or_default()
    };
    let texts: Vec<(&Language, String)> = town.languages.iter().map(|language| (language, named(language))).collect();
    Tell::words("kinds", &named(&Language::JAPANESE), texts.iter().map(|(language, text)| (*language, text.as_str())))
}

/// How many events and own entries tomorrow has. What they are stands on the page: a reminder on a locked screen says nothing of a person.
async fn others(ctx: &mut Ctx, account: AccountId, wish: &Wish, day: Date) -> Result<usize> {
    let mut count = 0;
    if wish.events {
        for event in event_rows::of_account(ctx, account, day).await? {
            let placed = event_rows::seat(ctx, event.id, account).await?.is_some_and(|seat| seat.state == SeatState::Placed);
            count += usize::from(placed && event.cancelled_at.is_none() && event.details.starts_on == day);
        }
    }
    if wish.own {
        count += people::own_entries(ctx, account, day, day).await?.len();
    }
    Ok(count)
}
