use civil::Timestamp;
use store::{AccountId, Ctx, ResidentId, Value, params};

use crate::model::{Delivery, DeliveryId, DocumentId, Effect, NoticeId, Result};

macro_rules! delivery {
    ($rest:literal) => {
        concat!(
            "select id, notice, resident, account, tell, fields, document, put_at, delivered_at, opened_at, answered_at, kept, trial_of from notices_delivery ",
            $rest
        )
    };
}

store::queries! {
    DELIVERY = delivery!("where id = $1 and put_at is not null");
    OF_RESIDENT = delivery!("where resident = $1 and put_at is not null order by put_at desc, id desc limit $2");
    OF_ACCOUNT = delivery!("where account = $1 and put_at is not null order by put_at desc, id desc limit $2");
    OF_NOTICE = delivery!("where notice = $1 and resident = $2 and put_at is not null");
    /// Once for each person and occasion, however often it is tried.
    PUT = "insert into notices_delivery (id, notice, resident, account, occasion, tell, put_at, kept) values ($1, $2, $3, $4, $5, $6, $7, false)
        on conflict (notice, resident, occasion) do nothing";
    UNOPENED_OF_ACCOUNT = "select count(*) from notices_delivery where account = $1 and put_at is not null and opened_at is null";
    UNOPENED_OF_RESIDENT = "select count(*) from notices_delivery where resident = $1 and put_at is not null and opened_at is null";
    /// Of a child, without what an inbox shows once for the family: the same plain notice to the guardian ($2), or newer to another child ($3 to $8);
    /// and without dispositions whose kind the account ($9) did not agree to get for the child.
    UNOPENED_OF_WARD = "select count(*) from notices_delivery d where d.resident = $1 and d.put_at is not null and d.opened_at is null
        and not exists (select 1 from notices_delivery t where t.notice = d.notice and t.resident <> d.resident and t.put_at is not null
        and d.fields is null and d.document is null and t.fields is null and t.document is null and (t.resident = $2
        or (t.resident in ($3, $4, $5, $6, $7, $8) and (t.put_at > d.put_at or (t.put_at = d.put_at and t.id > d.id)))))
        and (not exists (select 1 from notices_disposition p where p.notice = d.notice)
        or exists (select 1 from notices_disposition p join notices_consent c on c.kind = p.kind where p.notice = d.notice
        and c.resident = d.resident and c.account = $9 and c.ended_at is null))";
    LIST_ROW = "insert into notices_delivery (id, notice, resident, occasion, fields, document, kept) values ($1, $2, $3, $4, $5, $6, false)";
    PUT_LISTED = "update notices_delivery set put_at = $2 where id = $1 and put_at is null";
    LISTED = "select id, resident, fields from notices_delivery where notice = $1 and resident > $2 and paper_at is null order by resident limit $3";
    COUNT_LISTED = "select count(*) from notices_delivery where notice = $1";
    DROP_LIST = "delete from notices_delivery where notice = $1 and put_at is null";
    DROP_DOCUMENTS = "delete from notices_document where notice = $1";
    DOCUMENT = "insert into notices_document (id, notice, name, bytes) values ($1, $2, $3, $4)";
    DOCUMENT_BYTES = "select name, bytes from notices_document where id = $1";
    TOLD_BEFORE = "select resident, occasion from notices_delivery where occasion like $1";
    DELIVERED = "update notices_delivery set delivered_at = coalesce(delivered_at, $2) where id = $1";
    OPENED = "update notices_delivery set opened_at = coalesce(opened_at, $2), delivered_at = coalesce(delivered_at, $2), opened_by = coalesce(opened_by, $3)
        where id = $1";
    ANSWERED = "update notices_delivery set answered_at = coalesce(answered_at, $2) where id = $1";
    KEEP = "update notices_delivery set kept = $2 where id = $1";
    EFFECT = "select count(put_at), count(delivered_at), count(opened_at), count(answered_at), count(printed_at) from notices_delivery where notice = $1";
    MOMENTS = "select resident, delivered_at, opened_at from notices_delivery where notice = $1 and put_at is not null and resident is not null";
    TO_REMIND = "select id from notices_delivery where notice = $1 and opened_at is null and reminded_at is null and put_at <= $2 limit $3";
    REMINDED = "update notices_delivery set reminded_at = $2 where id = $1";
    UNREACHED = "select id, resident, fields, printed_at from notices_delivery where notice = $1 and put_at is not null and opened_at is null
        and resident is not null order by resident";
    PRINTED = "update notices_delivery set printed_at = coalesce(printed_at, $2) where id = $1";
    FRESH = "insert into notices_fresh (delivery, at) values ($1, $2) on conflict (delivery) do nothing";
    FRESHEST = "select delivery from notices_fresh order by at, delivery limit $1";
    NOT_FRESH = "delete from notices_fresh where delivery = $1";
    /// Dispositions have years of their own.
    FORGET = "delete from notices_delivery where put_at < $1 and not kept
        and not exists (select 1 from notices_disposition x where x.notice = notices_delivery.notice)";
    /// What was never put: the list of a notice that was cancelled, or those of a list who were no residents when it went out.
    FORGET_UNPUT = "delete from notices_delivery where put_at is null and notice in (select id from notices_notice where coalesce(ended_at, sent_at) < $1)
        and not exists (select 1 from notices_disposition x where x.notice = notices_delivery.notice)";
    /// Every document came with somebody's delivery, and goes with it.
    FORGET_DOCUMENTS = "delete from notices_document where not exists (select 1 from notices_delivery d where d.document = notices_document.id)";
    FORGET_ACCOUNT = "delete from notices_delivery where account = $1";
    GIVE_OVER = "update notices_delivery set account = $2 where account = $1";
}

store::from_row!(Delivery {
    id,
    notice,
    resident,
    account,
    tell,
    fields,
    document,
    put_at,
    delivered_at,
    opened_at,
    answered_at,
    kept,
    trial_of
});

/// What is put into an inbox.
pub(crate) struct Put<'a> {
    pub(crate) id: DeliveryId,
    pub(crate) notice: Option<NoticeId>,
    pub(crate) resident: Option<ResidentId>,
    pub(crate) account: Option<AccountId>,
    pub(crate) occasion: &'a str,
    pub(crate) tell: Option<&'a str>,
    pub(crate) at: Timestamp,
}

impl Put<'_> {
    fn values(&self) -> Vec<Value> {
        vec![
            self.id.into(),
            self.notice.into(),
            self.resident.into(),
            self.account.into(),
            self.occasion.into(),
            self.tell.map(str::to_owned).into(),
            self.at.into(),
        ]
    }
}

pub(crate) async fn put(ctx: &mut Ctx, put: &Put<'_>) -> Result<()> {
    ctx.tx().execute(PUT, &put.values()).await?;
    Ok(())
}

pub(crate) async fn put_all(ctx: &mut Ctx, puts: &mut (dyn Iterator<Item = Put<'_>> + Send)) -> Result<u64> {
    Ok(ctx.tx().bulk(PUT, &mut puts.map(|put| put.values())).await?)
}

/// A person of a list, before it goes out.
pub(crate) struct ListEntry {
    pub(crate) id: DeliveryId,
    pub(crate) resident: ResidentId,
    pub(crate) occasion: String,
    pub(crate) fields: Option<String>,
    pub(crate) document: Option<DocumentId>,
}

pub(crate) async fn insert_list(ctx: &mut Ctx, notice: NoticeId, entries: &mut (dyn Iterator<Item = ListEntry> + Send)) -> Result<u64> {
    let mut rows = entries.map(|entry| {
        vec![entry.id.into(), notice.into(), entry.resident.into(), entry.occasion.into(), entry.fields.into(), entry.document.into()]
    });
    Ok(ctx.tx().bulk(LIST_ROW, &mut rows).await?)
}

pub(crate) async fn drop_list(ctx: &mut Ctx, notice: NoticeId) -> Result<()> {
    ctx.tx().execute(DROP_LIST, params![notice]).await?;
    ctx.tx().execute(DROP_DOCUMENTS, params![notice]).await?;
    Ok(())
}

pub(crate) async fn count_listed(ctx: &mut Ctx, notice: NoticeId) -> Result<u32> {
    Ok(ctx.tx().query_one::<(u32,)>(COUNT_LISTED, params![notice]).await?.0)
}

/// The next people of a list, in the order of ids: delivery, resident, own words.
pub(crate) async fn listed(
    ctx: &mut Ctx,
    notice: NoticeId,
    after: &str,
    limit: u32,
) -> Result<Vec<(DeliveryId, ResidentId, Option<String>)>> {
    Ok(ctx.tx().query(LISTED, params![notice, after, limit]).await?)
}

pub(crate) async fn put_listed(ctx: &mut Ctx, ids: &[DeliveryId]) -> Result<u64> {
    let now = ctx.now();
    Ok(ctx.tx().bulk(PUT_LISTED, &mut ids.iter().map(|id| vec![(*id).into(), now.into()])).await?)
}

pub(crate) async fn insert_document(ctx: &mut Ctx, id: DocumentId, notice: NoticeId, name: &str, bytes: Vec<u8>) -> Result<()> {
    ctx.tx().execute(DOCUMENT, params![id, notice, name, bytes]).await?;
    Ok(())
}

/// A file's name and bytes.
pub(crate) async fn document(ctx: &mut Ctx, id: DocumentId) -> Result<Option<(String, Vec<u8>)>> {
    Ok(ctx.tx().query_opt(DOCUMENT_BYTES, params![id]).await?)
}

/// The people and occasions an automatic notice was sent for, by the beginning of the occasion.
pub(crate) async fn told_before(ctx: &mut Ctx, rule: &str) -> Result<Vec<(ResidentId, String)>> {
    Ok(ctx.tx().query(TOLD_BEFORE, params![format!("{rule}/%")]).await?)
}

pub(crate) async fn find(ctx: &mut Ctx, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(ctx.tx().query_opt(DELIVERY, params![id]).await?)
}

pub(crate) async fn of_resident(ctx: &mut Ctx, resident: ResidentId, limit: u32) -> Result<Vec<Delivery>> {
    Ok(ctx.tx().query(OF_RESIDENT, params![resident, limit]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId, limit: u32) -> Result<Vec<Delivery>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account, limit]).await?)
}

/// How many a person has not opened: told to their account, and theirs as a resident.
pub(crate) async fn unopened(ctx: &mut Ctx, account: AccountId, own: Option<ResidentId>) -> Result<i64> {
    let told = ctx.tx().query_one::<(i64,)>(UNOPENED_OF_ACCOUNT, params![account]).await?.0;
    let own = match own {
        Some(own) => ctx.tx().query_one::<(i64,)>(UNOPENED_OF_RESIDENT, params![own]).await?.0,
        None => 0,
    };
    Ok(told + own)
}

/// The most children whose notices are counted beside each other.
pub(crate) const WARDS_COUNTED: usize = 6;

/// How many of a child's nobody has opened and no other of the family stands for.
pub(crate) async fn unopened_of_ward(
    ctx: &mut Ctx,
    account: AccountId,
    ward: ResidentId,
    own: ResidentId,
    wards: &[ResidentId],
) -> Result<i64> {
    let mut values: Vec<Value> = vec![ward.into(), own.into()];
    // A child stands for itself no more than once: the places left over name it again.
    values.extend((0..WARDS_COUNTED).map(|place| Value::from(*wards.get(place).unwrap_or(&ward))));
    values.push(account.into());
    Ok(ctx.tx().query_one::<(i64,)>(UNOPENED_OF_WARD, &values).await?.0)
}

/// What a resident got of a notice.
pub(crate) async fn of_notice(ctx: &mut Ctx, notice: NoticeId, resident: ResidentId) -> Result<Vec<Delivery>> {
    Ok(ctx.tx().query(OF_NOTICE, params![notice, resident]).await?)
}

pub(crate) async fn delivered(ctx: &mut Ctx, ids: &[DeliveryId]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().bulk(DELIVERED, &mut ids.iter().map(|id| vec![(*id).into(), now.into()])).await?;
    Ok(())
}

pub(crate) async fn opened(ctx: &mut Ctx, id: DeliveryId, by: AccountId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(OPENED, params![id, now, by]).await?;
    Ok(())
}

pub(crate) async fn answered(ctx: &mut Ctx, id: DeliveryId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(ANSWERED, params![id, now]).await?;
    Ok(())
}

pub(crate) async fn keep(ctx: &mut Ctx, id: DeliveryId, kept: bool) -> Result<()> {
    ctx.tx().execute(KEEP, params![id, kept]).await?;
    Ok(())
}

pub(crate) async fn effect(ctx: &mut Ctx, notice: NoticeId) -> Result<Effect> {
    let (put, delivered, opened, answered, printed) = ctx.tx().query_one::<(u32, u32, u32, u32, u32)>(EFFECT, params![notice]).await?;
    Ok(Effect { put, delivered, opened, answered, printed })
}

/// Of everybody who got a notice: resident, delivered, opened.
pub(crate) async fn moments(ctx: &mut Ctx, notice: NoticeId) -> Result<Vec<(ResidentId, Option<Timestamp>, Option<Timestamp>)>> {
    Ok(ctx.tx().query(MOMENTS, params![notice]).await?)
}

pub(crate) async fn to_remind(ctx: &mut Ctx, notice: NoticeId, put_before: Timestamp, limit: u32) -> Result<Vec<DeliveryId>> {
    Ok(ctx.tx().query::<(DeliveryId,)>(TO_REMIND, params![notice, put_before, limit]).await?.into_iter().map(|(id,)| id).collect())
}

pub(crate) async fn reminded(ctx: &mut Ctx, ids: &[DeliveryId]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().bulk(REMINDED, &mut ids.iter().map(|id| vec![(*id).into(), now.into()])).await?;
    Ok(())
}

/// Who has not opened a notice: delivery, resident, own words, when it was printed.
pub(crate) async fn unreached(ctx: &mut Ctx, notice: NoticeId) -> Result<Vec<(DeliveryId, ResidentId, Option<String>, Option<Timestamp>)>> {
    Ok(ctx.tx().query(UNREACHED, params![notice]).await?)
}

pub(crate) async fn printed(ctx: &mut Ctx, ids: &[DeliveryId]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().bulk(PRINTED, &mut ids.iter().map(|id| vec![(*id).into(), now.into()])).await?;
    Ok(())
}

/// Has the browsers of a delivery told, soon.
pub(crate) async fn freshen(ctx: &mut Ctx, ids: &[DeliveryId]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().bulk(FRESH, &mut ids.iter().map(|id| vec![(*id).into(), now.into()])).await?;
    Ok(())
}

/// Deliveries whose browsers are still to be told.
pub(crate) async fn fresh(ctx: &mut Ctx, limit: u32) -> Result<Vec<DeliveryId>> {
    Ok(ctx.tx().query::<(DeliveryId,)>(FRESHEST, params![limit]).await?.into_iter().map(|(id,)| id).collect())
}

/// Notes that a delivery's browsers are told; false when somebody else did it.
pub(crate) async fn not_fresh(ctx: &mut Ctx, id: DeliveryId) -> Result<bool> {
    Ok(ctx.tx().execute(NOT_FRESH, params![id]).await? == 1)
}

/// Deletes what was put before a moment and nobody keeps, what was never put of notices that ended before it, and the documents of both.
pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    let gone = ctx.tx().execute(FORGET, params![before]).await? + ctx.tx().execute(FORGET_UNPUT, params![before]).await?;
    Ok(gone + ctx.tx().execute(FORGET_DOCUMENTS, &[]).await?)
}

pub(crate) async fn forget_account(ctx: &mut Ctx, account: AccountId) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET_ACCOUNT, params![account]).await?)
}

pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER, params![from, to]).await?;
    Ok(())
}
