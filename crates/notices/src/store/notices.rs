use civil::Timestamp;
use store::{Ctx, FromRow, Row, StaffId, Value, params};

use crate::model::{Notice, NoticeId, Queue, Result, State};

macro_rules! notice {
    ($rest:literal) => {
        concat!(
            "select id, state, queue, topic, texts, link, audience, wants_answer, automatic, corrects, written_by, written_at, people, approved_by,
            approved_at, send_at, remind_days, print_days, reached, chosen, begun_at, sent_at, ended_at from notices_notice ",
            $rest
        )
    };
}

store::queries! {
    NOTICE = notice!("where id = $1");
    NEWEST = notice!("where automatic is null or state = 'sending' order by written_at desc, id desc limit $1");
    AUTOMATIC = notice!("where automatic is not null order by written_at desc, id desc limit $1");
    DUE = notice!("where queue = $1 and state in ('scheduled', 'sending') and send_at <= $2 order by send_at, id limit 1");
    CORRECTIONS = "select id from notices_notice where corrects = $1 and state in ('sending', 'sent') order by written_at desc limit 1";
    INSERT = "insert into notices_notice (id, state, queue, topic, texts, link, audience, wants_answer, automatic, corrects, written_by, written_at, people,
        approved_by, approved_at, send_at, remind_days, print_days, reached, chosen)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    /// Only a draft is written anew.
    REWRITE = "update notices_notice set queue = $2, topic = $3, texts = $4, link = $5, audience = $6, wants_answer = $7, people = $8, send_at = $9,
        remind_days = $10, print_days = $11, written_by = $12 where id = $1 and state = 'draft'";
    TURN = "update notices_notice set state = $2, people = $3, send_at = $4, approved_by = $5, approved_at = $6 where id = $1 and state = $7";
    CANCEL = "update notices_notice set state = 'cancelled', ended_at = $2 where id = $1 and state in ('draft', 'waiting', 'scheduled', 'sending')";
    /// Goes on only from where the worker left off: whoever was there first has done it.
    REACH = "update notices_notice set state = $3, reached = $4, chosen = chosen + $5, begun_at = coalesce(begun_at, $6), sent_at = $7
        where id = $1 and reached = $2 and state in ('scheduled', 'sending')";
    SENT_WITH_DAYS = notice!("where state = 'sent' and (remind_days is not null or print_days is not null) and sent_at > $1 order by sent_at limit 1000");
}

impl FromRow for Notice {
    fn from_row(row: &Row) -> store::Result<Self> {
        let topic: String = row.get(3)?;
        let wrong = |reason: String| store::Error::Decode { column: 3, reason };
        Ok(Self {
            id: row.get(0)?,
            state: row.get(1)?,
            queue: row.get(2)?,
            topic: topic.parse().map_err(|error: town::InvalidName| wrong(error.to_string()))?,
            texts: serde_json::from_str(&row.get::<String>(4)?)?,
            link: row.get(5)?,
            audience: serde_json::from_str(&row.get::<String>(6)?)?,
            wants_answer: row.get(7)?,
            automatic: row.get(8)?,
            corrects: row.get(9)?,
            written_by: row.get::<Option<String>>(10)?.and_then(|id| id.parse().ok()),
            written_at: row.get(11)?,
            people: row.get(12)?,
            approved_by: row.get(13)?,
            approved_at: row.get(14)?,
            send_at: row.get(15)?,
            remind_days: row.get(16)?,
            print_days: row.get(17)?,
            reached: row.get(18)?,
            chosen: row.get(19)?,
            begun_at: row.get(20)?,
            sent_at: row.get(21)?,
            ended_at: row.get(22)?,
        })
    }
}

/// Who wrote it, as the column holds it: the house has no id of staff.
fn writer(written_by: Option<StaffId>) -> String {
    written_by.map_or_else(|| "system".to_owned(), |id| id.to_string())
}

pub(crate) async fn find(ctx: &mut Ctx, id: NoticeId) -> Result<Option<Notice>> {
    Ok(ctx.tx().query_opt(NOTICE, params![id]).await?)
}

pub(crate) async fn newest(ctx: &mut Ctx, limit: u32) -> Result<Vec<Notice>> {
    Ok(ctx.tx().query(NEWEST, params![limit]).await?)
}

pub(crate) async fn automatic(ctx: &mut Ctx, limit: u32) -> Result<Vec<Notice>> {
    Ok(ctx.tx().query(AUTOMATIC, params![limit]).await?)
}

pub(crate) async fn due(ctx: &mut Ctx, queue: Queue) -> Result<Option<Notice>> {
    let now = ctx.now();
    Ok(ctx.tx().query_opt(DUE, params![queue, now]).await?)
}

/// The newest notice that corrects this one and has gone out.
pub(crate) async fn correction_of(ctx: &mut Ctx, id: NoticeId) -> Result<Option<NoticeId>> {
    Ok(ctx.tx().query_opt::<(NoticeId,)>(CORRECTIONS, params![id]).await?.map(|(id,)| id))
}

pub(crate) async fn with_days(ctx: &mut Ctx, since: Timestamp) -> Result<Vec<Notice>> {
    Ok(ctx.tx().query(SENT_WITH_DAYS, params![since]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, notice: &Notice) -> Result<()> {
    let values: Vec<Value> = vec![
        notice.id.into(),
        notice.state.into(),
        notice.queue.into(),
        notice.topic.as_str().into(),
        serde_json::to_string(&notice.texts).map_err(store::Error::from)?.into(),
        notice.link.as_str().into(),
        serde_json::to_string(&notice.audience).map_err(store::Error::from)?.into(),
        notice.wants_answer.into(),
        notice.automatic.clone().into(),
        notice.corrects.into(),
        writer(notice.written_by).into(),
        notice.written_at.into(),
        notice.people.into(),
        notice.approved_by.into(),
        notice.approved_at.into(),
        notice.send_at.into(),
        notice.remind_days.into(),
        notice.print_days.into(),
        notice.reached.as_str().into(),
        notice.chosen.into(),
    ];
    ctx.tx().execute(INSERT, &values).await?;
    Ok(())
}

/// Writes a draft anew; false when it is none any more.
pub(crate) async fn rewrite(ctx: &mut Ctx, notice: &Notice) -> Result<bool> {
    let values: Vec<Value> = vec![
        notice.id.into(),
        notice.queue.into(),
        notice.topic.as_str().into(),
        serde_json::to_string(&notice.texts).map_err(store::Error::from)?.into(),
        notice.link.as_str().into(),
        serde_json::to_string(&notice.audience).map_err(store::Error::from)?.into(),
        notice.wants_answer.into(),
        notice.people.into(),
        notice.send_at.into(),
        notice.remind_days.into(),
        notice.print_days.into(),
        writer(notice.written_by).into(),
    ];
    Ok(ctx.tx().execute(REWRITE, &values).await? == 1)
}

/// Takes a notice from one state to the next; false when another was quicker.
pub(crate) async fn turn(ctx: &mut Ctx, notice: &Notice, from: State) -> Result<bool> {
    let values = params![notice.id, notice.state, notice.people, notice.send_at, notice.approved_by, notice.approved_at, from];
    Ok(ctx.tx().execute(TURN, values).await? == 1)
}

pub(crate) async fn cancel(ctx: &mut Ctx, id: NoticeId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(CANCEL, params![id, now]).await? == 1)
}

/// How far a run has come with one more step.
pub(crate) struct Reached<'a> {
    pub(crate) before: &'a str,
    pub(crate) after: &'a str,
    pub(crate) people: u32,
    pub(crate) last: bool,
}

/// Notes a step of a run; false when somebody else has done it or it was cancelled.
pub(crate) async fn reach(ctx: &mut Ctx, id: NoticeId, reached: &Reached<'_>) -> Result<bool> {
    let now = ctx.now();
    let (state, sent_at) = if reached.last { (State::Sent, Some(now)) } else { (State::Sending, None) };
    let values = params![id, reached.before, state, reached.after, reached.people, now, sent_at];
    Ok(ctx.tx().execute(REACH, values).await? == 1)
}
