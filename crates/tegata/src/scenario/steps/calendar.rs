//! What people do with the calendar.

use calendar::rules::feed::FeedRefusal;
use calendar::{Details, Said, Texts, Who};
use civil::start_of_day_in_japan;
use jiff::SignedDuration;
use store::{Actor, Role};
use town::{CalendarFeedId, Language};

use super::{Heard, day, otherwise, same};
use crate::Outcome;
use crate::scenario::world::World;

pub(super) async fn event(world: &mut World, heard: &Heard) -> Outcome {
    let [places, name, on] = heard.values()?;
    make(world, places, name, on, None).await
}

/// Makes an event, called otherwise in another language where that is said.
pub(super) async fn make(world: &mut World, places: &str, name: &str, on: &str, other: Option<(Language, &str)>) -> Outcome {
    let on = day(on)?;
    let titled = |title: &str| Said { title: title.to_owned(), ..Said::default() };
    let mut texts = Texts::of(Language::JAPANESE, titled(name));
    if let Some((language, title)) = other {
        texts.set(language, titled(title));
    }
    let details = Details {
        texts,
        starts_on: on,
        ends_on: on,
        starts_at: "10:00".to_owned(),
        ends_at: String::new(),
        url: String::new(),
        who: Who::Anyone,
        capacity: Some(places.parse()?),
        apply_from: None,
        apply_until: None,
    };
    let officer = world.staff(&[Role::Officer]);
    let mut ctx = world.house()?.store.begin(officer).await?;
    let id = calendar::make(&mut ctx, None, details).await?;
    ctx.commit().await?;
    world.events.insert(name.to_owned(), id);
    Ok(())
}

pub(super) async fn open(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    look(world, name, "/calendar").await
}

pub(super) async fn open_month(world: &mut World, heard: &Heard) -> Outcome {
    let [name, year, month] = heard.values()?;
    let month: u8 = month.parse()?;
    look(world, name, &format!("/calendar?month={year}-{month:02}")).await
}

/// The calendar of others that has a name.
fn feed_named(world: &World, name: &str) -> Outcome<CalendarFeedId> {
    let town = world.house()?.store.town().clone();
    let feed = town.calendar_feeds.iter().find(|feed| feed.name.ja() == name);
    Ok(feed.ok_or_else(|| format!("there is no calendar 「{name}」"))?.id.clone())
}

pub(super) async fn bring(world: &mut World, heard: &Heard) -> Outcome {
    let [name, on, title] = heard.values()?;
    let file = file_of(&day(on)?.strftime("%Y%m%d").to_string(), title);
    brought(world, name, &file).await
}

pub(super) async fn bring_half(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let file = file_of("20261213", "もう一つ");
    brought(world, name, file.split("END:VEVENT").next().unwrap_or_default()).await
}

fn file_of(day: &str, title: &str) -> String {
    let lines =
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//others//JA", "BEGIN:VEVENT", "UID:one@others.example", "DTSTAMP:20261101T000000Z"];
    let event = [format!("DTSTART;VALUE=DATE:{day}"), format!("SUMMARY:{title}"), "END:VEVENT".into(), "END:VCALENDAR".into()];
    format!("{}\r\n{}\r\n", lines.join("\r\n"), event.join("\r\n"))
}

async fn brought(world: &mut World, name: &str, file: &str) -> Outcome {
    let feed = feed_named(world, name)?;
    let officer = world.staff(&[Role::Officer]);
    let mut ctx = world.house()?.store.begin(officer).await?;
    calendar::upload(&mut ctx, &feed, file.as_bytes()).await?;
    ctx.commit().await?;
    Ok(())
}

pub(super) async fn refused(world: &mut World, heard: &Heard) -> Outcome {
    let [why] = heard.values()?;
    let town = world.house()?.store.town().clone();
    let officer = world.staff(&[Role::Officer]);
    let mut ctx = world.house()?.store.begin(officer).await?;
    let mut refusals = Vec::new();
    for feed in &town.calendar_feeds {
        refusals.extend(calendar::kept(&mut ctx, feed).await?.source.refused.and_then(|report| report.refusal));
    }
    let fits = match why {
        "途中で切れている" => matches!(refusals.as_slice(), [FeedRefusal::Truncated { .. }]),
        _ => return Err(format!("「{why}」 is no reason of these stories").into()),
    };
    if fits { Ok(()) } else { otherwise(why, refusals) }
}

pub(super) async fn at_the_counter(world: &mut World, heard: &Heard) -> Outcome {
    let [name, event] = heard.values()?;
    let id = *world.events.get(event).ok_or_else(|| format!("there is no event 「{event}」"))?;
    let account = super::checks::account_of(world, name).await?;
    let officer = world.staff(&[Role::Officer]);
    let mut ctx = world.house()?.store.begin(officer).await?;
    let (_, open) = calendar::open_to(&mut ctx, account).await?;
    same(&true, &open.iter().any(|one| one.event.id == id && one.closed.is_none()))?;
    calendar::register_for(&mut ctx, id, account).await?;
    ctx.commit().await?;
    Ok(())
}

pub(super) async fn search(world: &mut World, heard: &Heard) -> Outcome {
    let [name, item] = heard.values()?;
    look(world, name, &format!("/calendar/garbage?q={}", web::query_value(item))).await
}

async fn look(world: &mut World, name: &str, path: &str) -> Outcome {
    let router = world.house()?.router.clone();
    let page = world.person_mut(name)?.browser.page(&router, path).await?.good()?;
    world.last.page = Some(page.body);
    Ok(())
}

pub(super) async fn wish(world: &mut World, heard: &Heard) -> Outcome {
    let [name, hour] = heard.values()?;
    let router = world.house()?.router.clone();
    let fields = [("garbage", "yes"), ("events", "yes"), ("own", "yes"), ("hour", hour), ("area", "")];
    world.person_mut(name)?.browser.form(&router, "/calendar/wishes", &fields).await?.good()?;
    Ok(())
}

pub(super) async fn hour_comes(world: &mut World, heard: &Heard) -> Outcome {
    let [hour] = heard.values()?;
    let to = start_of_day_in_japan(world.today()) + SignedDuration::from_hours(hour.parse()?) + SignedDuration::from_secs(1);
    world.move_clock(to).await
}

pub(super) async fn join(world: &mut World, heard: &Heard) -> Outcome {
    let [name, event] = heard.values()?;
    send(world, name, event, "join").await
}

pub(super) async fn leave(world: &mut World, heard: &Heard) -> Outcome {
    let [name, event] = heard.values()?;
    send(world, name, event, "leave").await
}

async fn send(world: &mut World, name: &str, event: &str, act: &str) -> Outcome {
    let path = format!("{}/{act}", path_of(world, event)?);
    let router = world.house()?.router.clone();
    world.person_mut(name)?.browser.form(&router, &path, &[]).await?.good()?;
    Ok(())
}

fn path_of(world: &World, event: &str) -> Outcome<String> {
    let id = world.events.get(event).ok_or_else(|| format!("there is no event 「{event}」"))?;
    Ok(format!("/calendar/events/{id}"))
}

pub(super) async fn shown(world: &mut World, heard: &Heard) -> Outcome {
    let [text] = heard.values()?;
    has(world, text, true)
}

pub(super) async fn not_shown(world: &mut World, heard: &Heard) -> Outcome {
    let [text] = heard.values()?;
    has(world, text, false)
}

fn has(world: &World, text: &str, wanted: bool) -> Outcome {
    let page = world.last.page.as_deref().ok_or("no page was opened")?;
    if page.contains(text) == wanted { Ok(()) } else { otherwise(format!("{text}: {wanted}"), page) }
}

pub(super) async fn placed(world: &mut World, heard: &Heard) -> Outcome {
    let [name, event] = heard.values()?;
    stands(world, name, event, "申し込みました").await
}

pub(super) async fn waits(world: &mut World, heard: &Heard) -> Outcome {
    let [name, event] = heard.values()?;
    stands(world, name, event, "キャンセル待ちです").await
}

async fn stands(world: &mut World, name: &str, event: &str, words: &str) -> Outcome {
    let path = path_of(world, event)?;
    look(world, name, &path).await?;
    has(world, words, true)
}

pub(super) async fn told(world: &mut World, heard: &Heard) -> Outcome {
    let [count, about] = heard.values()?;
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    let all: Vec<(String,)> = ctx.tx().query("select payload from store_event where kind = 'web.tell' order by seq", &[]).await?;
    let told: Vec<String> = all.into_iter().map(|(payload,)| payload).filter(|payload| payload.contains("calendar-told-")).collect();
    same(&count.parse::<usize>()?, &told.len())?;
    match told.last() {
        Some(last) if last.contains(about) => Ok(()),
        last => otherwise(about, last),
    }
}
