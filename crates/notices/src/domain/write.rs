//! Writing a notice, having it approved, stopping it.

use civil::Timestamp;
use rule::Rule;
use serde::{Deserialize, Serialize};
use store::{Actor, Ctx, Permission};
use town::TopicId;

use super::dispositions::{self, Seal};
use super::member;
use crate::model::{Audience, Error, Notice, NoticeId, Queue, Result, State, Texts};
use crate::rules;
use crate::store as rows;

/// What a member of staff writes.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) queue: Queue,
    pub(crate) topic: TopicId,
    pub(crate) texts: Texts,
    pub(crate) link: String,
    pub(crate) audience: Audience,
    pub(crate) wants_answer: bool,
    pub(crate) corrects: Option<NoticeId>,
    pub(crate) send_at: Option<Timestamp>,
    pub(crate) remind_days: Option<u32>,
    pub(crate) print_days: Option<u32>,
}

/// What happened to a notice, as the event log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeEvent {
    /// Which.
    pub notice: NoticeId,
    /// How many people it reaches, as far as that is known.
    pub people: u32,
}

/// A notice was handed in to be sent.
pub const SUBMITTED: &str = "notices.submitted";
/// A second person approved a notice.
pub const APPROVED: &str = "notices.approved";
/// A notice was stopped.
pub const CANCELLED: &str = "notices.cancelled";
/// The first people of a notice were reached.
pub const BEGUN: &str = "notices.begun";
/// The last people of a notice were reached.
pub const SENT: &str = "notices.sent";

/// Begins a notice.
///
/// # Errors
/// [`Error::Written`] and [`Error::Rule`] for what cannot be sent; [`Error::NotFound`] for a notice to correct that was never sent; the store's
/// `Forbidden`.
pub(crate) async fn draft(ctx: &mut Ctx, written: Written) -> Result<NoticeId> {
    let staff = member(ctx, Permission::WriteNotices)?;
    check(ctx, &written)?;
    if let Some(corrected) = written.corrects {
        let corrected = rows::notices::find(ctx, corrected).await?.ok_or(Error::NotFound)?;
        if corrected.begun_at.is_none() {
            return Err(Error::State(corrected.state));
        }
    }
    let people = count(ctx, &written.audience).await?;
    let now = ctx.now();
    let notice = notice(NoticeId::new(now), written, now);
    let notice = Notice { written_by: Some(staff), people, ..notice };
    rows::notices::insert(ctx, &notice).await?;
    ctx.audit("notice.written", None, &notice.id.to_string()).await?;
    Ok(notice.id)
}

/// A notice as it begins.
pub(crate) fn notice(id: NoticeId, written: Written, now: Timestamp) -> Notice {
    Notice {
        id,
        state: State::Draft,
        queue: written.queue,
        topic: written.topic,
        texts: written.texts,
        link: written.link,
        audience: written.audience,
        wants_answer: written.wants_answer,
        automatic: None,
        corrects: written.corrects,
        written_by: None,
        written_at: now,
        people: 0,
        approved_by: None,
        approved_at: None,
        send_at: written.send_at,
        remind_days: written.remind_days,
        print_days: written.print_days,
        reached: String::new(),
        chosen: 0,
        begun_at: None,
        sent_at: None,
        ended_at: None,
    }
}

fn check(ctx: &Ctx, written: &Written) -> Result<()> {
    let town = ctx.town();
    rules::check_texts(&written.texts)?;
    rules::check_link(&written.link, &town.notices)?;
    if town.notice_topic(&written.topic).is_none() {
        return Err(Error::Written { field: "topic", reason: "topic" });
    }
    if let Audience::Districts { districts } = &written.audience {
        let known = |name: &String| town.districts.iter().any(|district| district.name == *name);
        if districts.is_empty() || !districts.iter().all(known) {
            return Err(Error::Written { field: "districts", reason: "districts" });
        }
    }
    if let Audience::Rule { rule } = &written.audience {
        Rule::check(rule, &town.schema).map_err(Error::Rule)?;
    }
    if let Audience::List { columns } = &written.audience
        && !columns.is_empty()
        && !rules::unfilled(&written.texts, columns).is_empty()
    {
        return Err(Error::Written { field: "body", reason: "places" });
    }
    Ok(())
}

/// Counts whom a notice would reach now. For a list, the list says.
pub(crate) async fn count(ctx: &mut Ctx, audience: &Audience) -> Result<u32> {
    let Some(source) = audience.rule() else { return Ok(0) };
    let rule = Rule::check(&source, &ctx.town().schema).map_err(Error::Rule)?;
    let town = registry::table(ctx).await?;
    let residents = rule.select(&town.table, town.day).count();
    Ok(u32::try_from(residents + guests(ctx, audience).await?).unwrap_or(u32::MAX))
}

/// How many of those who are not in the register a rule chooses. The house looks; who writes learns the number alone.
async fn guests(ctx: &mut Ctx, audience: &Audience) -> Result<usize> {
    let Audience::Rule { rule } = audience else { return Ok(0) };
    let rule = Rule::check(rule, &ctx.town().schema).map_err(Error::Rule)?;
    let asking = std::mem::replace(&mut ctx.actor, Actor::System);
    let chosen = identity::guests_selected(ctx, &rule).await;
    ctx.actor = asking;
    Ok(chosen?.len())
}

/// Writes a draft anew. Its list, if it has one, stays.
///
/// # Errors
/// As [`draft`]; [`Error::State`] once it is no draft any more.
pub(crate) async fn rewrite(ctx: &mut Ctx, id: NoticeId, mut written: Written) -> Result<()> {
    let staff = member(ctx, Permission::WriteNotices)?;
    let before = found(ctx, id).await?;
    if before.state != State::Draft {
        return Err(Error::State(before.state));
    }
    // A list is handed in by itself; the form only says that there is one.
    if let (Audience::List { .. }, Audience::List { .. }) = (&written.audience, &before.audience) {
        written.audience = before.audience.clone();
    } else {
        rows::deliveries::drop_list(ctx, id).await?;
    }
    check(ctx, &written)?;
    let people = match &written.audience {
        Audience::List { .. } => rows::deliveries::count_listed(ctx, id).await?,
        other => count(ctx, other).await?,
    };
    let after = Notice { written_by: Some(staff), people, corrects: before.corrects, ..notice(id, written, before.written_at) };
    if !rows::notices::rewrite(ctx, &after).await? {
        return Err(Error::State(State::Waiting));
    }
    ctx.audit("notice.written", None, &id.to_string()).await?;
    Ok(())
}

/// Hands a draft in: it goes out at its time, or waits for a second person when it reaches more people than one may reach alone (決裁).
///
/// # Errors
/// [`Error::State`] when it is no draft; [`Error::Written`] when it reaches nobody; the store's `Forbidden`.
pub(crate) async fn submit(ctx: &mut Ctx, id: NoticeId, seal: &Seal) -> Result<State> {
    member(ctx, Permission::WriteNotices)?;
    let mut notice = found(ctx, id).await?;
    if notice.state != State::Draft {
        return Err(Error::State(notice.state));
    }
    notice.people = match &notice.audience {
        Audience::List { .. } => rows::deliveries::count_listed(ctx, id).await?,
        other => count(ctx, &other.clone()).await?,
    };
    if notice.people == 0 {
        return Err(Error::Written { field: "audience", reason: "nobody" });
    }
    let disposition = dispositions::write::ready(ctx, &mut notice, seal).await?;
    let alone = !disposition && !rules::needs_second_person(notice.people, &ctx.town().notices);
    notice.state = if alone { State::Scheduled } else { State::Waiting };
    if alone {
        notice.send_at = notice.send_at.or(Some(ctx.now()));
    }
    turn(ctx, &notice, State::Draft, SUBMITTED, "notice.submitted").await?;
    Ok(notice.state)
}

/// Approves what another wrote.
///
/// # Errors
/// [`Error::SamePerson`] for who wrote it; [`Error::State`] when it does not wait; the store's `Forbidden`.
pub(crate) async fn approve(ctx: &mut Ctx, id: NoticeId, seal: &Seal) -> Result<()> {
    let staff = member(ctx, Permission::ApproveNotices)?;
    let mut notice = waiting(ctx, id).await?;
    if notice.written_by == Some(staff) {
        return Err(Error::SamePerson);
    }
    notice.state = State::Scheduled;
    notice.approved_by = Some(staff);
    notice.approved_at = Some(ctx.now());
    notice.send_at = notice.send_at.or(Some(ctx.now()));
    dispositions::write::hold(ctx, &mut notice, seal).await?;
    turn(ctx, &notice, State::Waiting, APPROVED, "notice.approved").await
}

/// Gives a notice that waits back to be written anew.
///
/// # Errors
/// [`Error::State`] when it does not wait; the store's `Forbidden`.
pub(crate) async fn send_back(ctx: &mut Ctx, id: NoticeId) -> Result<()> {
    member(ctx, Permission::ApproveNotices)?;
    let mut notice = waiting(ctx, id).await?;
    notice.state = State::Draft;
    if !rows::notices::turn(ctx, &notice, State::Waiting).await? {
        return Err(Error::State(notice.state));
    }
    ctx.audit("notice.sent_back", None, &id.to_string()).await?;
    Ok(())
}

async fn waiting(ctx: &mut Ctx, id: NoticeId) -> Result<Notice> {
    let notice = found(ctx, id).await?;
    if notice.state == State::Waiting { Ok(notice) } else { Err(Error::State(notice.state)) }
}

async fn turn(ctx: &mut Ctx, notice: &Notice, from: State, event: &'static str, action: &'static str) -> Result<()> {
    if !rows::notices::turn(ctx, notice, from).await? {
        return Err(Error::State(notice.state));
    }
    ctx.audit(action, None, &notice.id.to_string()).await?;
    ctx.record(event, &NoticeEvent { notice: notice.id, people: notice.people }).await?;
    Ok(())
}

/// Stops a notice: nobody else is reached. Who has it already reads beside it that it was withdrawn.
///
/// # Errors
/// [`Error::State`] when everybody has it or it was stopped before; the store's `Forbidden`.
pub(crate) async fn cancel(ctx: &mut Ctx, id: NoticeId) -> Result<()> {
    member(ctx, Permission::WriteNotices)?;
    let notice = found(ctx, id).await?;
    if !rows::notices::cancel(ctx, id).await? {
        return Err(Error::State(notice.state));
    }
    if notice.state == State::Draft {
        rows::deliveries::drop_list(ctx, id).await?;
    }
    ctx.audit("notice.cancelled", None, &id.to_string()).await?;
    ctx.record(CANCELLED, &NoticeEvent { notice: id, people: notice.chosen }).await?;
    Ok(())
}

/// A notice, for whoever may write or approve.
///
/// # Errors
/// [`Error::NotFound`]; the store's `Forbidden`.
pub(crate) async fn see(ctx: &mut Ctx, id: NoticeId) -> Result<Notice> {
    if ctx.allow(Permission::WriteNotices).is_err() {
        ctx.allow(Permission::ApproveNotices)?;
    }
    found(ctx, id).await
}

pub(super) async fn found(ctx: &mut Ctx, id: NoticeId) -> Result<Notice> {
    rows::notices::find(ctx, id).await?.ok_or(Error::NotFound)
}
