//! What the house sends by itself: notices of the pack's rules, what other rooms have told, reminders.

use std::collections::BTreeSet;

use civil::{Timestamp, start_of_day_in_japan};
use jiff::SignedDuration;
use rule::Rule;
use store::{Ctx, Permission, ResidentId};
use town::{Language, NoticeQueue, NoticeRule, Town};
use web::Tell;

use super::write::{Written, notice};
use crate::model::{Audience, DeliveryId, Error, Notice, NoticeId, Queue, Result, State, Text, Texts};
use crate::store as rows;
use crate::store::deliveries::{ListEntry, Put};

/// How far back notices are looked at for reminders.
const REMINDED_WITHIN: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Deliveries reminded in one go.
const REMINDERS: u32 = 5000;

/// Plans today's automatic notices: each person whom a rule selects and who was not told of this occasion before. Twice on a day changes nothing.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn plan_today(ctx: &mut Ctx) -> Result<u32> {
    ctx.allow(Permission::RunHouse)?;
    let town = ctx.town().clone();
    let mut planned = 0;
    for rule in &town.notice_rules {
        planned += plan(ctx, &town, rule).await?;
    }
    Ok(planned)
}

async fn plan(ctx: &mut Ctx, town: &Town, rule: &NoticeRule) -> Result<u32> {
    let chosen = chosen(ctx, town, rule).await?;
    if chosen.is_empty() {
        return Ok(0);
    }
    let people = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
    let notice = notice_of(ctx, town, rule, people);
    rows::notices::insert(ctx, &notice).await?;
    let now = ctx.now();
    let mut entries = chosen.into_iter().map(|(resident, occasion)| ListEntry {
        id: DeliveryId::new(now),
        resident,
        occasion,
        fields: None,
        document: None,
    });
    rows::deliveries::insert_list(ctx, notice.id, &mut entries).await?;
    Ok(people)
}

/// Whom a rule selects today, with the occasion, without those who were told of it.
async fn chosen(ctx: &mut Ctx, town: &Town, rule: &NoticeRule) -> Result<Vec<(ResidentId, String)>> {
    let table = registry::table(ctx).await?;
    let today = ctx.today();
    let source = format!("resident.current && ({})", rule.who.source());
    let selects = Rule::check(&source, &town.schema).map_err(Error::Rule)?;
    let slot = rule.once_per.as_ref().and_then(|fact| town.schema.slot(&format!("facts.{fact}")));
    let before: BTreeSet<(ResidentId, String)> = rows::deliveries::told_before(ctx, rule.id.as_str()).await?.into_iter().collect();
    let selected = selects.select(&table.table, today);
    let occasion = |row: usize| match slot.map(|slot| table.table.fact(row, slot)) {
        Some(rule::Value::Date(day)) => day.to_string(),
        Some(rule::Value::Int(number)) => number.to_string(),
        Some(rule::Value::Bool(yes)) => yes.to_string(),
        Some(rule::Value::String(text)) => text.to_string(),
        _ => String::new(),
    };
    let people = selected.rows().map(|row| (table.residents[row], format!("{}/{}", rule.id, occasion(row))));
    let mut people: Vec<(ResidentId, String)> = people.filter(|one| !before.contains(one)).collect();
    // Of who is not in the register nothing happens once per fact: they are told once.
    let guests = identity::guests_selected(ctx, &rule.who).await?.into_iter().map(|guest| (guest, format!("{}/", rule.id)));
    people.extend(guests.filter(|one| !before.contains(one)));
    Ok(people)
}

fn notice_of(ctx: &Ctx, town: &Town, rule: &NoticeRule, people: u32) -> Notice {
    let in_language =
        |language: &Language| Text { title: rule.title.in_language(language).to_owned(), body: rule.body.in_language(language).to_owned() };
    let texts = rule.title.languages().filter(|language| town.languages.contains(language));
    let texts = Texts(texts.map(|language| (language.to_string(), in_language(language))).collect());
    let send_at = start_of_day_in_japan(ctx.today()) + SignedDuration::from_hours(i64::from(rule.hour));
    let written = Written {
        queue: match rule.queue {
            NoticeQueue::Normal => Queue::Normal,
            NoticeQueue::Bulk => Queue::Bulk,
        },
        topic: rule.topic.clone(),
        texts,
        link: rule.link.clone().unwrap_or_default(),
        audience: Audience::List { columns: Vec::new() },
        wants_answer: rule.wants_answer,
        corrects: None,
        send_at: Some(send_at),
        remind_days: rule.remind_days,
        print_days: rule.print_days,
    };
    let now = ctx.now();
    Notice { state: State::Scheduled, automatic: Some(rule.id.to_string()), people, ..notice(NoticeId::new(now), written, now) }
}

/// Brings what a room has told to its person's inbox, and has their browsers told.
pub(crate) async fn tell(ctx: &mut Ctx, tell: &Tell) -> Result<()> {
    let id = DeliveryId::new(ctx.now());
    let text = serde_json::to_string(tell).map_err(store::Error::from)?;
    let at = ctx.now();
    // Nothing is put twice by a retry, because the whole change is one; two things told are two.
    let put = Put { id, notice: None, resident: None, account: Some(tell.account), occasion: "", tell: Some(&text), at };
    rows::deliveries::put(ctx, &put).await?;
    rows::deliveries::freshen(ctx, &[id]).await
}

/// Has those told once more who have not opened a notice within its days.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn remind(ctx: &mut Ctx) -> Result<u32> {
    ctx.allow(Permission::RunHouse)?;
    let now: Timestamp = ctx.now();
    let mut reminded = 0;
    let notices = rows::notices::with_days(ctx, now - REMINDED_WITHIN).await?;
    super::dispositions::proof::daily(ctx, &notices).await?;
    for notice in notices {
        let Some(days) = notice.remind_days else { continue };
        let put_before = now - SignedDuration::from_hours(i64::from(days) * 24);
        loop {
            let due = rows::deliveries::to_remind(ctx, notice.id, put_before, REMINDERS).await?;
            if due.is_empty() {
                break;
            }
            rows::deliveries::freshen(ctx, &due).await?;
            rows::deliveries::reminded(ctx, &due).await?;
            reminded += u32::try_from(due.len()).unwrap_or(u32::MAX);
        }
    }
    Ok(reminded)
}
