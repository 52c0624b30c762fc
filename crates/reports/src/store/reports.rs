//! Reports themselves, and who else means the same.

use civil::{Date, Timestamp};
use store::{AccountId, Ctx, StaffId, from_row, params, text_enum};
use town::ReportCategoryId;

use crate::model::{CallId, ClientId, Confirmed, Position, Report, ReportId, Result, Status};

macro_rules! report {
    ($rest:literal) => {
        concat!(
            "select r.id, r.number, r.account, r.client, r.category, r.section, r.status, r.duplicate_of, r.urgency, r.latitude, r.longitude, r.placed,
            r.district, r.landmark, r.words, r.call, r.public, r.public_words, r.coarse, r.began_at, r.sent_at, r.changed_at, r.due_on, r.answered_at,
            r.done_at, r.confirmed, r.assignee, r.waits_since, r.danger, r.triaged_at, r.reopened from reports_report r ",
            $rest
        )
    };
}

/// What the queue is sifted by. An empty text lets everything through. Overdue is who waits longer than the town says.
macro_rules! sifted {
    () => {
        " r.sent_at is not null and ($1 = '' or r.section = $1)
        and ($2 = '' or r.status = $2 or ($2 = 'open' and r.status in ('received', 'looking', 'doing')) or ($2 = 'waiting' and r.waits_since is not null))
        and ($3 = '' or r.category = $3) and ($4 = '' or r.district = $4) and ($5 = '' or r.urgency = $5)
        and ($6 = '' or (r.due_on < $6 and r.waits_since is not null))
        and ($7 = '' or r.assignee = $7 or ($7 = 'nobody' and r.assignee is null)) and ($8 = '' or r.danger) and r.sent_at < $9"
    };
}

macro_rules! queue {
    ($order:literal) => {
        concat!(report!("where"), sifted!(), " order by ", $order, ", r.id limit $10 offset $11")
    };
}

store::queries! {
    FIND = report!("where r.id = $1");
    BY_NUMBER = report!("where r.number = $1");
    BY_KEY = report!("where r.account = $1 and r.request_key = $2");
    KEY_OF = "select request_key from reports_report where id = $1";
    INSERT = "insert into reports_report (id, account, client, request_key, category, section, status, urgency, latitude, longitude, placed, district,
        landmark, words, call, public, public_words, coarse, began_at, changed_at, due_on)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, false, '', false, $16, $16, $17)";
    SAVE = "update reports_report set category = $2, section = $3, status = $4, duplicate_of = $5, urgency = $6, latitude = $7, longitude = $8, placed = $9,
        district = $10, landmark = $11, words = $12, public = $13, public_words = $14, coarse = $15, changed_at = $16, answered_at = $17, done_at = $18,
        confirmed = $19, due_on = $20, assignee = $21, waits_since = $22, triaged_at = $23, reopened = $24, danger = $25 where id = $1";
    SEND = "update reports_report set number = $2, status = $3, sent_at = $4, changed_at = $4, waits_since = $4, due_on = $5, danger = $6
        where id = $1 and sent_at is null";
    LAST_NUMBER = "select coalesce(max(number), 0) from reports_report";
    SENT_SINCE = "select count(*) from reports_report where account = $1 and sent_at >= $2";
    OF_ACCOUNT = report!("where r.account = $1 order by r.changed_at desc limit 200");
    FOLLOWED = report!("join reports_support s on s.report = r.id where s.account = $1 order by r.changed_at desc limit 200");
    /// Open reports everybody may see, of one kind, within a span around a position.
    NEAR = report!(
        "where r.public and r.category = $1 and r.status in ('received', 'looking', 'doing') and r.latitude between $2 and $3
        and r.longitude between $4 and $5 and r.id <> $6 order by r.sent_at limit 50"
    );
    /// The same for staff, public or not.
    NEAR_ALL = report!(
        "where r.sent_at is not null and r.category = $1 and r.status in ('received', 'looking', 'doing') and r.latitude between $2 and $3
        and r.longitude between $4 and $5 and r.id <> $6 order by r.sent_at limit 50"
    );
    PUBLIC = report!("where r.public and ($1 = '' or r.category = $1) order by r.sent_at desc limit $2");
    QUEUE_PRESS = queue!("r.urgency, r.danger desc, r.due_on, r.sent_at");
    QUEUE_WAITS = queue!("case when r.waits_since is null then 1 else 0 end, r.waits_since");
    QUEUE_DUE = queue!("r.due_on, r.sent_at");
    QUEUE_OLDEST = queue!("r.sent_at");
    QUEUE_NEWEST = queue!("r.sent_at desc, r.id desc");
    COUNT = concat!("select count(*) from reports_report r where", sifted!());
    LOADS = "select assignee, count(*), coalesce(sum(case when waits_since is not null and due_on < $1 then 1 else 0 end), 0) from reports_report
        where sent_at is not null and status in ('received', 'looking', 'doing') group by assignee";
    /// Who may be in danger first, then what nobody has looked at, then in the order of what staff said of it; what is settled last.
    OF_CALL = report!("where r.call = $1 and r.sent_at is not null order by case when r.status not in ('received', 'looking', 'doing') then 9
        when r.urgency = '1_life' then 0 when r.triaged_at is null then 1 when r.urgency = '2_urgent' then 2 when r.urgency = '3_usual' then 3 else 4 end,
        r.danger desc, r.sent_at, r.id limit 1000");
    STATISTICS = "select category, status, district, sent_at, answered_at, done_at, confirmed, reopened from reports_report where sent_at >= $1
        order by sent_at, id limit 100000";
    REPOINT = "update reports_report set duplicate_of = $2 where duplicate_of = $1";
    /// Open311: what is public, and what the asking program sent itself.
    ANSWERED = report!(
        "where r.sent_at is not null and (r.public or r.client = $1) and ($2 = '' or r.category = $2) and r.sent_at >= $3 and r.sent_at <= $4
        and ($5 = '' or ($5 = 'open' and r.status in ('received', 'looking', 'doing')) or ($5 = 'closed' and r.status not in ('received', 'looking', 'doing')))
        order by r.sent_at desc limit 1000"
    );

    SUPPORT = "insert into reports_support (report, account, at) values ($1, $2, $3) on conflict (report, account) do nothing";
    SUPPORTERS = "select account from reports_support where report = $1 order by at, account";
    COUNT_SUPPORTERS = "select count(*) from reports_support where report = $1";
    SUPPORTS = "select count(*) from reports_support where report = $1 and account = $2";
    FORGET_SUPPORTS = "delete from reports_support where account = $1";
    GIVE_SUPPORTS = "insert into reports_support (report, account, at) select report, $2, at from reports_support where account = $1
        on conflict (report, account) do nothing";

    PART = "update reports_report set account = null where account = $1 and sent_at is not null";
    GIVE_OVER = "update reports_report set account = $2 where account = $1";
    DRAFTS_OF = "select id from reports_report where account = $1 and sent_at is null";
    OLD_DRAFTS = "select id from reports_report where sent_at is null and changed_at < $1 order by id limit 500";
    OLD_SETTLED = "select id from reports_report where done_at < $1 and status in ('done', 'not_ours', 'duplicate') order by id limit 500";
    DELETE_SUPPORTS = "delete from reports_support where report = $1";
    DELETE = "delete from reports_report where id = $1";
    PUBLIC_WRITERS = "select distinct account from reports_report where public and not coarse and account is not null";
    MAKE_COARSE = "update reports_report set coarse = true where account = $1 and public";
}

pub(crate) async fn find(ctx: &mut Ctx, id: ReportId) -> Result<Option<Report>> {
    Ok(ctx.tx().query_opt(FIND, params![id]).await?)
}

pub(crate) async fn key_of(ctx: &mut Ctx, id: ReportId) -> Result<String> {
    Ok(ctx.tx().query_one::<(String,)>(KEY_OF, params![id]).await?.0)
}

pub(crate) async fn by_number(ctx: &mut Ctx, number: i64) -> Result<Option<Report>> {
    Ok(ctx.tx().query_opt(BY_NUMBER, params![number]).await?)
}

pub(crate) async fn by_key(ctx: &mut Ctx, account: AccountId, key: &str) -> Result<Option<Report>> {
    Ok(ctx.tx().query_opt(BY_KEY, params![account, key]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, report: &Report, key: &str) -> Result<()> {
    let values = params![
        report.id,
        report.account,
        report.client,
        key,
        &report.category,
        &report.section,
        report.status,
        report.urgency,
        report.latitude,
        report.longitude,
        report.placed,
        report.district.as_str(),
        report.landmark.as_str(),
        report.words.as_str(),
        report.call,
        report.began_at,
        report.due_on
    ];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

/// Writes what may change of a report, as changed now.
pub(crate) async fn save(ctx: &mut Ctx, report: &Report) -> Result<()> {
    let now = ctx.now();
    let values = params![
        report.id,
        &report.category,
        &report.section,
        report.status,
        report.duplicate_of,
        report.urgency,
        report.latitude,
        report.longitude,
        report.placed,
        report.district.as_str(),
        report.landmark.as_str(),
        report.words.as_str(),
        report.public,
        report.public_words.as_str(),
        report.coarse,
        now,
        report.answered_at,
        report.done_at,
        report.confirmed,
        report.due_on,
        report.assignee,
        report.waits_since,
        report.triaged_at,
        report.reopened,
        report.danger
    ];
    ctx.tx().execute(SAVE, values).await?;
    Ok(())
}

/// Makes a draft a report with the next number, and gives it; none when it was sent before.
pub(crate) async fn send(ctx: &mut Ctx, id: ReportId, due_on: Date, danger: bool) -> Result<Option<i64>> {
    let (last,) = ctx.tx().query_one::<(i64,)>(LAST_NUMBER, &[]).await?;
    let (number, now) = (last + 1, ctx.now());
    let sent = ctx.tx().execute(SEND, params![id, number, Status::Received, now, due_on, danger]).await?;
    Ok((sent == 1).then_some(number))
}

pub(crate) async fn sent_since(ctx: &mut Ctx, account: AccountId, since: Timestamp) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(SENT_SINCE, params![account, since]).await?.0)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Report>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

pub(crate) async fn followed(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Report>> {
    Ok(ctx.tx().query(FOLLOWED, params![account]).await?)
}

/// Open reports of a kind within `radius_m`, nearest first; for everybody only what is public.
pub(crate) async fn near(
    ctx: &mut Ctx,
    category: &ReportCategoryId,
    at: Position,
    radius_m: u32,
    but: ReportId,
    public_only: bool,
) -> Result<Vec<(u32, Report)>> {
    let (tall, wide) = at.span_of(radius_m);
    let (north, east) = (at.latitude, at.longitude);
    let query = if public_only { NEAR } else { NEAR_ALL };
    let found: Vec<Report> = ctx.tx().query(query, params![category, north - tall, north + tall, east - wide, east + wide, but]).await?;
    let mut near: Vec<(u32, Report)> = found
        .into_iter()
        .filter_map(|report| Some((report.position()?.distance_m(at), report)))
        .filter(|(far, _)| *far <= radius_m)
        .collect();
    near.sort_by_key(|(far, _)| *far);
    Ok(near)
}

pub(crate) async fn public(ctx: &mut Ctx, category: Option<&ReportCategoryId>, limit: u32) -> Result<Vec<Report>> {
    Ok(ctx.tx().query(PUBLIC, params![category.map_or("", ReportCategoryId::as_str), limit]).await?)
}

/// What the queue is sifted by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sieve {
    /// A section's id; empty for all.
    pub(crate) section: String,
    /// A status's code, `open`, or empty for all.
    pub(crate) status: String,
    /// A category's id; empty for all.
    pub(crate) category: String,
    /// A district's name; empty for all.
    pub(crate) district: String,
    /// An urgency's code; empty for all.
    pub(crate) urgency: String,
    /// Only what was due before this day, and has not been answered.
    pub(crate) due_before: Option<Date>,
    /// Who works on it: a staff's id, `nobody`, or empty for all.
    pub(crate) person: String,
    /// Only what has a word of danger in it.
    pub(crate) danger: bool,
    /// Only what was sent before this moment.
    pub(crate) sent_before: Option<Timestamp>,
}

/// In which order the queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// What presses first, then what is due first.
    Press,
    /// Who waits longest first.
    Waits,
    /// What is due first.
    Due,
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
}
text_enum!(Order { Press = "press", Waits = "waits", Due = "due", Oldest = "oldest", Newest = "newest" });

impl Sieve {
    fn values(&self) -> Vec<store::Value> {
        let due = self.due_before.map(|day| day.to_string()).unwrap_or_default();
        let danger = if self.danger { "yes" } else { "" };
        let texts = [&self.section, &self.status, &self.category, &self.district, &self.urgency, &due, &self.person, danger];
        let sent_before = self.sent_before.unwrap_or(Timestamp::MAX);
        texts.into_iter().map(Into::into).chain([sent_before.into()]).collect()
    }
}

pub(crate) async fn queue(ctx: &mut Ctx, sieve: &Sieve, order: Order, limit: u32, offset: u32) -> Result<(i64, Vec<Report>)> {
    let mut values = sieve.values();
    let (count,) = ctx.tx().query_one::<(i64,)>(COUNT, &values).await?;
    values.extend([limit.into(), offset.into()]);
    let query = match order {
        Order::Press => QUEUE_PRESS,
        Order::Waits => QUEUE_WAITS,
        Order::Due => QUEUE_DUE,
        Order::Oldest => QUEUE_OLDEST,
        Order::Newest => QUEUE_NEWEST,
    };
    Ok((count, ctx.tx().query(query, &values).await?))
}

pub(crate) async fn count(ctx: &mut Ctx, sieve: &Sieve) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(COUNT, &sieve.values()).await?.0)
}

/// Who works on how many open reports, and how many of these are overdue.
pub(crate) async fn loads(ctx: &mut Ctx) -> Result<Vec<(Option<StaffId>, i64, i64)>> {
    let today = ctx.today();
    Ok(ctx.tx().query(LOADS, params![today]).await?)
}

/// Lets what pointed to one report as the same point to another.
pub(crate) async fn repoint(ctx: &mut Ctx, from: ReportId, to: ReportId) -> Result<()> {
    ctx.tx().execute(REPOINT, params![from, to]).await?;
    Ok(())
}

pub(crate) async fn of_call(ctx: &mut Ctx, call: CallId) -> Result<Vec<Report>> {
    Ok(ctx.tx().query(OF_CALL, params![call]).await?)
}

/// What the statistics are made of.
pub(crate) struct Counted {
    pub(crate) category: ReportCategoryId,
    pub(crate) status: Status,
    pub(crate) district: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) done_at: Option<Timestamp>,
    pub(crate) confirmed: Option<Confirmed>,
    pub(crate) reopened: i32,
}
from_row!(Counted { category, status, district, sent_at, answered_at, done_at, confirmed, reopened });

pub(crate) async fn statistics(ctx: &mut Ctx, since: Timestamp) -> Result<Vec<Counted>> {
    Ok(ctx.tx().query(STATISTICS, params![since]).await?)
}

/// What a program asks for by Open311.
pub(crate) struct Asked {
    pub(crate) client: Option<ClientId>,
    pub(crate) category: String,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) state: &'static str,
}

pub(crate) async fn answered(ctx: &mut Ctx, asked: &Asked) -> Result<Vec<Report>> {
    let client = asked.client.map(|id| id.to_string()).unwrap_or_default();
    let values = params![client, asked.category.as_str(), asked.from, asked.to, asked.state];
    Ok(ctx.tx().query(ANSWERED, values).await?)
}

pub(crate) async fn support(ctx: &mut Ctx, report: ReportId, account: AccountId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(SUPPORT, params![report, account, now]).await? == 1)
}

pub(crate) async fn supporters(ctx: &mut Ctx, report: ReportId) -> Result<Vec<AccountId>> {
    let rows: Vec<(AccountId,)> = ctx.tx().query(SUPPORTERS, params![report]).await?;
    Ok(rows.into_iter().map(|(account,)| account).collect())
}

pub(crate) async fn count_supporters(ctx: &mut Ctx, report: ReportId) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(COUNT_SUPPORTERS, params![report]).await?.0)
}

pub(crate) async fn supports(ctx: &mut Ctx, report: ReportId, account: AccountId) -> Result<bool> {
    Ok(ctx.tx().query_one::<(i64,)>(SUPPORTS, params![report, account]).await?.0 == 1)
}

/// Lets an account's sent reports stand without it, and gives the drafts that go with it.
pub(crate) async fn part(ctx: &mut Ctx, account: AccountId) -> Result<Vec<ReportId>> {
    ctx.tx().execute(PART, params![account]).await?;
    ctx.tx().execute(FORGET_SUPPORTS, params![account]).await?;
    ids(ctx.tx().query(DRAFTS_OF, params![account]).await?)
}

/// Lets another account stand for what was this one's.
pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER, params![from, to]).await?;
    ctx.tx().execute(GIVE_SUPPORTS, params![from, to]).await?;
    ctx.tx().execute(FORGET_SUPPORTS, params![from]).await?;
    Ok(())
}

fn ids(rows: Vec<(ReportId,)>) -> Result<Vec<ReportId>> {
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(crate) async fn old_drafts(ctx: &mut Ctx, before: Timestamp) -> Result<Vec<ReportId>> {
    ids(ctx.tx().query(OLD_DRAFTS, params![before]).await?)
}

pub(crate) async fn old_settled(ctx: &mut Ctx, before: Timestamp) -> Result<Vec<ReportId>> {
    ids(ctx.tx().query(OLD_SETTLED, params![before]).await?)
}

/// Deletes a report with all that hangs on it.
pub(crate) async fn delete(ctx: &mut Ctx, id: ReportId) -> Result<()> {
    super::talk::delete(ctx, id).await?;
    super::photos::delete_of(ctx, id).await?;
    ctx.tx().execute(DELETE_SUPPORTS, params![id]).await?;
    ctx.tx().execute(DELETE, params![id]).await?;
    Ok(())
}

pub(crate) async fn public_writers(ctx: &mut Ctx) -> Result<Vec<AccountId>> {
    let rows: Vec<(AccountId,)> = ctx.tx().query(PUBLIC_WRITERS, &[]).await?;
    Ok(rows.into_iter().map(|(account,)| account).collect())
}

pub(crate) async fn make_coarse(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    ctx.tx().execute(MAKE_COARSE, params![account]).await?;
    Ok(())
}
