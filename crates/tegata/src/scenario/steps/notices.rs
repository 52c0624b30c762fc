//! What the town tells, and who has read it.

use jiff::SignedDuration;
use notices::Queue;
use serde::Deserialize;
use store::{Actor, Role, StaffId};
use town::{BridgeField, Column};

use super::{Heard, otherwise, same};
use crate::Outcome;
use crate::scenario::browser::{Browser, Reply};
use crate::scenario::world::World;

/// A notice as an inbox tells it to programs.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    pub(super) id: String,
    title: String,
    paragraphs: Vec<String>,
    of_child: bool,
}

/// Everything that is due is brought to people, as the couriers do all the time.
pub(in crate::scenario) async fn deliver(world: &World) -> Outcome {
    let courier = &world.house()?.courier;
    for queue in Queue::ALL {
        while courier.step(*queue).await? {}
    }
    Ok(())
}

/// A browser in which a member of staff who may write has just signed in; the same member for a name.
pub(super) async fn desk(world: &mut World, name: &str) -> Outcome<Browser> {
    let mut ctx = world.house()?.store.begin(Actor::Staff(StaffId::new(world.now()), vec![Role::Administrator])).await?;
    let staff = match world.desks.get(name) {
        Some(staff) => *staff,
        None => identity::invite_staff(&mut ctx, name, &[Role::Officer]).await?.staff,
    };
    let session = identity::start_session(&mut ctx, identity::SessionOwner::Staff(staff), "scenario").await?;
    ctx.commit().await?;
    world.desks.insert(name.to_owned(), staff);
    let mut desk = Browser::default();
    desk.hold(web::STAFF_COOKIE, &session.token);
    Ok(desk)
}

/// Who writes, and who approves.
pub(super) const WRITER: &str = "担当の職員";
pub(super) const SECOND: &str = "別の職員";

pub(super) async fn at_desk(world: &mut World, who: &str, path: &str, fields: &[(&str, &str)]) -> Outcome<Reply> {
    let router = world.house()?.router.clone();
    desk(world, who).await?.form(&router, path, fields).await
}

/// Writes a notice; its address is the last one's.
async fn write(world: &mut World, title: &str, fields: &[(&str, &str)]) -> Outcome {
    let topic = world.town.notice_topics.last().ok_or("the pack has no notice_topic")?.id.to_string();
    let mut all = vec![("queue", "normal"), ("topic", topic.as_str()), ("title_ja", title)];
    if !fields.iter().any(|(name, _)| *name == "body_ja") {
        all.push(("body_ja", title));
    }
    all.extend(fields);
    let reply = at_desk(world, WRITER, "/staff/notices/new", &all).await?;
    let address = reply.location.clone().ok_or_else(|| format!("not written: {}", reply.body))?;
    world.notices.insert(title.to_owned(), address.clone());
    world.last.notice = Some(address);
    Ok(())
}

async fn hand_in(world: &mut World) -> Outcome {
    let address = world.last.notice.clone().ok_or("no notice was written")?;
    at_desk(world, WRITER, &format!("{address}/submit"), &[]).await?.good()?;
    deliver(world).await
}

pub(super) async fn send_to_all(world: &mut World, heard: &Heard) -> Outcome {
    let [title] = heard.values()?;
    write(world, title, &[("audience", "everybody")]).await?;
    hand_in(world).await
}

/// Sends everybody a notice that is written in another language too.
pub(super) async fn send_in_two(world: &mut World, title: &str, language: &town::Language, translated: &str) -> Outcome {
    let (of_title, of_body) = (format!("title_{language}"), format!("body_{language}"));
    write(world, title, &[("audience", "everybody"), (of_title.as_str(), translated), (of_body.as_str(), translated)]).await?;
    hand_in(world).await
}

pub(super) async fn send_to_district(world: &mut World, heard: &Heard) -> Outcome {
    let [title, district] = heard.values()?;
    write(world, title, &[("audience", "districts"), ("district", district)]).await?;
    hand_in(world).await
}

pub(super) async fn send_by_rule(world: &mut World, heard: &Heard) -> Outcome {
    let [title, rule] = heard.values()?;
    write(world, title, &[("audience", "rule"), ("rule", rule)]).await?;
    hand_in(world).await
}

/// A list with a line for each person of the table: 氏名, and columns of words.
pub(super) async fn list(world: &mut World, heard: &Heard) -> Outcome {
    let [title, body] = heard.values()?;
    let (head, people) = heard.table.split_first().ok_or("the step needs a table of people")?;
    let mut csv = format!("宛名番号,{}\n", head.get(1..).unwrap_or_default().join(","));
    for cells in people {
        let (name, words) = cells.split_first().ok_or("a row without 氏名")?;
        let number = world.register()?.cell(name, &Column::Field(BridgeField::ResidentId))?;
        csv.push_str(&format!("{number},{}\n", words.join(",")));
    }
    take_list(world, title, body, &csv).await
}

/// A list of everybody, each with a word of their own.
pub(super) async fn list_of_all(world: &mut World, heard: &Heard) -> Outcome {
    let [title] = heard.values()?;
    let mut csv = String::from("宛名番号,受付番号\n");
    for (place, number) in world.register()?.numbers()?.into_iter().enumerate() {
        csv.push_str(&format!("{number},{}\n", place + 1));
    }
    take_list(world, title, "受付番号は{{受付番号}}です。", &csv).await
}

async fn take_list(world: &mut World, title: &str, body: &str, csv: &str) -> Outcome {
    let fields = [("audience", "list"), ("body_ja", body), ("remind_days", "7"), ("print_days", "14")];
    write(world, title, &fields).await?;
    let address = world.last.notice.clone().ok_or("no notice was written")?;
    let router = world.house()?.router.clone();
    let path = format!("{address}/list");
    let reply = desk(world, WRITER).await?.upload(&router, &path, "list", "list.csv", csv.as_bytes()).await?;
    world.last.refused = (!reply.status.is_redirection()).then(|| reply.body.clone());
    if world.last.refused.is_none() { hand_in(world).await } else { Ok(()) }
}

pub(super) async fn list_refused(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    match &world.last.refused {
        Some(said) if said.contains(words) => Ok(()),
        other => otherwise(words, other),
    }
}

pub(super) async fn approve(world: &mut World, heard: &Heard) -> Outcome {
    let [title] = heard.values()?;
    let address = address(world, title)?;
    at_desk(world, SECOND, &format!("{address}/approve"), &[]).await?.good()?;
    deliver(world).await
}

pub(super) async fn own_approval(world: &mut World, heard: &Heard) -> Outcome {
    let [title] = heard.values()?;
    let address = address(world, title)?;
    let reply = at_desk(world, WRITER, &format!("{address}/approve"), &[]).await?;
    same(&Some("notices.same_person".to_owned()), &reply.problem("code"))
}

pub(super) async fn cancel(world: &mut World, heard: &Heard) -> Outcome {
    let [title] = heard.values()?;
    let address = address(world, title)?;
    at_desk(world, WRITER, &format!("{address}/cancel"), &[]).await?.good().map(drop)
}

pub(super) fn address(world: &World, title: &str) -> Outcome<String> {
    world.notices.get(title).cloned().ok_or_else(|| format!("no notice 「{title}」 was written").into())
}

async fn inbox(world: &mut World, name: &str) -> Outcome<Vec<Told>> {
    let router = world.house()?.router.clone();
    world.person_mut(name)?.browser.ask(&router, "/api/v1/inbox").await?.json()
}

pub(super) async fn told(world: &mut World, name: &str, title: &str) -> Outcome<Told> {
    let inbox = inbox(world, name).await?;
    let titles: Vec<String> = inbox.iter().map(|told| told.title.clone()).collect();
    match inbox.into_iter().find(|told| told.title == title) {
        Some(found) => Ok(found),
        None => otherwise(format!("「{title}」 in the inbox"), titles),
    }
}

pub(super) async fn has(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    told(world, name, title).await.map(drop)
}

pub(super) async fn has_for_child(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    same(&true, &told(world, name, title).await?.of_child)
}

pub(super) async fn has_not(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    match inbox(world, name).await?.iter().filter(|told| told.title == title).count() {
        0 => Ok(()),
        found => otherwise("nothing of it in the inbox", found),
    }
}

pub(super) async fn has_so_many(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title, number] = heard.values()?;
    same(&number.parse()?, &inbox(world, name).await?.iter().filter(|told| told.title == title).count())
}

pub(super) async fn says(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title, words] = heard.values()?;
    let told = told(world, name, title).await?;
    if told.paragraphs.iter().any(|paragraph| paragraph.contains(words)) { Ok(()) } else { otherwise(words, told.paragraphs) }
}

pub(super) async fn open(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    let id = told(world, name, title).await?.id;
    let router = world.house()?.router.clone();
    world.person_mut(name)?.browser.page(&router, &format!("/inbox/{id}")).await?.good().map(drop)
}

pub(super) async fn look_at_inbox(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let router = world.house()?.router.clone();
    world.person_mut(name)?.browser.page(&router, "/inbox").await?.good().map(drop)
}

pub(super) async fn answer(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    let id = told(world, name, title).await?.id;
    let router = world.house()?.router.clone();
    world.person_mut(name)?.browser.form(&router, &format!("/inbox/{id}/answer"), &[]).await?.good().map(drop)
}

/// Put, delivered, opened, answered, printed, reminded.
async fn effect(world: &World, title: &str) -> Outcome<[i64; 6]> {
    let id = address(world, title)?.rsplit('/').next().unwrap_or_default().to_owned();
    let mut ctx = world.house()?.store.read(Actor::System).await?;
    let counts: (i64, i64, i64, i64, i64, i64) = ctx
        .tx()
        .query_one(
            "select count(put_at), count(delivered_at), count(opened_at), count(answered_at), count(printed_at), count(reminded_at)
             from notices_delivery where notice = $1",
            store::params![id],
        )
        .await?;
    let (put, delivered, opened, answered, printed, reminded) = counts;
    Ok([put, delivered, opened, answered, printed, reminded])
}

async fn counted(world: &World, heard: &Heard, which: usize) -> Outcome {
    let [title, number] = heard.values()?;
    same(&number.parse::<i64>()?, &effect(world, title).await?[which])
}

pub(super) async fn put(world: &mut World, heard: &Heard) -> Outcome {
    counted(world, heard, 0).await
}

pub(super) async fn delivered(world: &mut World, heard: &Heard) -> Outcome {
    counted(world, heard, 1).await
}

pub(super) async fn opened(world: &mut World, heard: &Heard) -> Outcome {
    counted(world, heard, 2).await
}

pub(super) async fn answered(world: &mut World, heard: &Heard) -> Outcome {
    counted(world, heard, 3).await
}

pub(super) async fn reminded(world: &mut World, heard: &Heard) -> Outcome {
    counted(world, heard, 5).await
}

pub(super) async fn on_paper(world: &mut World, heard: &Heard) -> Outcome {
    let [title, number] = heard.values()?;
    let address = address(world, title)?;
    let list = at_desk(world, WRITER, &format!("{address}/paper"), &[]).await?.good()?;
    same(&number.parse::<usize>()?, &list.body.lines().skip(1).count())
}

/// A night passes: the bundle, the jobs of the morning, and what is due by ten.
pub(super) async fn days_pass(world: &mut World, heard: &Heard) -> Outcome {
    let [days] = heard.values()?;
    for _ in 0..days.parse::<u32>()? {
        let next = world.now() + SignedDuration::from_hours(24);
        world.move_clock(next).await?;
        deliver(world).await?;
    }
    Ok(())
}
