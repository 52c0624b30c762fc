use civil::{Date, Timestamp};
use store::{AccountId, Ctx, FromRow, ResidentId, Row, Value, params};
use town::TopicId;

use crate::disposition::{Consent, ConsentEnd, ConsentId, Disposition, PaperWhy, Signed, Ways};
use crate::model::{DeliveryId, DocumentId, NoticeId, Result};

macro_rules! consent {
    ($rest:literal) => {
        concat!("select id, account, resident, kind, words, language, agreed_at, ended_at from notices_consent ", $rest)
    };
}

store::queries! {
    DISPOSITION = "select notice, kind, number, dated, release_at, prepared from notices_disposition where notice = $1";
    INSERT = "insert into notices_disposition (notice, kind, number, dated, prepared) values ($1, $2, $3, $4, '')";
    RELEASE = "update notices_disposition set release_at = $2 where notice = $1";
    /// Goes on only from where it was left: whoever was there first has done it.
    PREPARED = "update notices_disposition set prepared = $3 where notice = $1 and prepared = $2";
    KEPT_UNTIL = "update notices_disposition set keep_until = $2 where notice = $1";
    /// What was cancelled before anybody got it has no years of its own: it goes when any other notice would.
    OVER = "select notice from notices_disposition where keep_until < $1 or (keep_until is null
        and notice in (select id from notices_notice where state = 'cancelled' and ended_at < $2))";
    AGREE = "insert into notices_consent (id, account, resident, kind, words, language, agreed_at) values ($1, $2, $3, $4, $5, $6, $7)";
    CONSENT = consent!("where id = $1");
    AGREED = consent!("where resident = $1 and kind = $2 and ended_at is null order by agreed_at, id");
    OF_ACCOUNT = consent!("where account = $1 order by agreed_at desc, id desc");
    OF_KIND = "select account, resident from notices_consent where kind = $1 and ended_at is null";
    END = "update notices_consent set ended_at = $2, ended_why = $3 where id = $1 and ended_at is null";
    GIVE_OVER = "update notices_consent set account = $2 where account = $1";
    FORGET_CONSENT = "delete from notices_consent where ended_at < $1 and not exists (select 1 from notices_signed s where s.consent = notices_consent.id)";
    /// How many of a list agreed, before it goes out.
    COUNT_AGREED = "select count(*) from notices_delivery d where d.notice = $1 and exists
        (select 1 from notices_consent c where c.resident = d.resident and c.kind = $2 and c.ended_at is null)";
    COUNT_WAYS = "select count(*), count(d.paper_at) from notices_delivery d where d.notice = $1";
    COUNT_SIGNED = "select count(*) from notices_signed where notice = $1";
    COUNT_BARE = "select count(*) from notices_delivery where notice = $1 and document is null";
    TO_PREPARE = "select d.id, d.resident, d.document, f.bytes from notices_delivery d join notices_document f on f.id = d.document
        where d.notice = $1 and d.resident > $2 order by d.resident limit $3";
    SIGN = "insert into notices_signed (delivery, notice, sha256, signed_at, consent) values ($1, $2, $3, $4, $5)";
    SIGNED_BYTES = "update notices_document set bytes = $2 where id = $1";
    SIGNED = "select delivery, sha256, signed_at, consent from notices_signed where delivery = $1";
    TO_PAPER = "update notices_delivery set paper_at = $2, paper_why = $3 where id = $1 and paper_at is null";
    UNSENT = "select d.id from notices_delivery d join notices_signed s on s.delivery = d.id
        where s.consent = $1 and d.put_at is null and d.paper_at is null";
    PAPER_OF = "select paper_at, paper_why from notices_delivery where id = $1";
    /// In which language somebody reads is known of who had agreed to get this one: it is that of the words they agreed to.
    ON_PAPER = "select d.id, d.resident, d.fields, d.printed_at, d.paper_why, f.name, c.language from notices_delivery d
        left join notices_document f on f.id = d.document left join notices_signed s on s.delivery = d.id
        left join notices_consent c on c.id = s.consent where d.notice = $1 and d.paper_at is not null order by d.resident";
    UNOPENED = "select id, resident from notices_delivery where notice = $1 and put_at <= $2 and opened_at is null and paper_at is null
        order by resident limit $3";
    /// Delivered to a device, and not yet in the trail.
    UNNOTED = "select s.delivery, d.resident, d.delivered_at, s.sha256 from notices_signed s join notices_delivery d on d.id = s.delivery
        where s.noted_at is null and d.delivered_at is not null order by s.delivery limit $1";
    NOTED = "update notices_signed set noted_at = $2 where delivery = $1 and noted_at is null";
    OF_RESIDENT = "select id from notices_delivery where notice = $1 and resident = $2";
    MOMENTS = "select put_at, delivered_at, opened_at, paper_at, resident from notices_delivery where id = $1";
    FORGET_SIGNED = "delete from notices_signed where notice = $1 and not exists
        (select 1 from notices_delivery d where d.id = notices_signed.delivery and d.kept)";
    FORGET_DELIVERIES = "delete from notices_delivery where notice = $1 and not kept";
    FORGET_DOCUMENTS = "delete from notices_document where notice = $1 and not exists
        (select 1 from notices_delivery d where d.document = notices_document.id)";
}

/// A word of the pack, as a column holds it.
fn kind(row: &Row, column: usize) -> store::Result<TopicId> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error: town::InvalidName| store::Error::Decode { column, reason: error.to_string() })
}

impl FromRow for Disposition {
    fn from_row(row: &Row) -> store::Result<Self> {
        Ok(Self {
            notice: row.get(0)?,
            kind: kind(row, 1)?,
            number: row.get(2)?,
            dated: row.get(3)?,
            release_at: row.get(4)?,
            prepared: row.get(5)?,
        })
    }
}

impl FromRow for Consent {
    fn from_row(row: &Row) -> store::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            account: row.get(1)?,
            resident: row.get(2)?,
            kind: kind(row, 3)?,
            words: row.get(4)?,
            language: row.get(5)?,
            agreed_at: row.get(6)?,
            ended_at: row.get(7)?,
        })
    }
}

store::from_row!(Signed { delivery, sha256, signed_at, consent });

/// The disposition a notice is; none for any other notice.
pub(crate) async fn of(ctx: &mut Ctx, notice: NoticeId) -> Result<Option<Disposition>> {
    Ok(ctx.tx().query_opt(DISPOSITION, params![notice]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, notice: NoticeId, kind: &TopicId, number: &str, dated: Date) -> Result<()> {
    ctx.tx().execute(INSERT, params![notice, kind.as_str(), number, dated]).await?;
    Ok(())
}

pub(crate) async fn set_release(ctx: &mut Ctx, notice: NoticeId, at: Timestamp) -> Result<()> {
    ctx.tx().execute(RELEASE, params![notice, at]).await?;
    Ok(())
}

/// Notes how far the documents are prepared; false when somebody else did it.
pub(crate) async fn prepared(ctx: &mut Ctx, notice: NoticeId, before: &str, after: &str) -> Result<bool> {
    Ok(ctx.tx().execute(PREPARED, params![notice, before, after]).await? == 1)
}

pub(crate) async fn keep_until(ctx: &mut Ctx, notice: NoticeId, day: Date) -> Result<()> {
    ctx.tx().execute(KEPT_UNTIL, params![notice, day]).await?;
    Ok(())
}

pub(crate) async fn agree(ctx: &mut Ctx, consent: &Consent) -> Result<()> {
    let Consent { id, account, resident, kind, words, language, agreed_at, .. } = consent;
    let values = params![*id, *account, *resident, kind.as_str(), words.as_str(), language.as_str(), *agreed_at];
    ctx.tx().execute(AGREE, values).await?;
    Ok(())
}

pub(crate) async fn consent(ctx: &mut Ctx, id: ConsentId) -> Result<Option<Consent>> {
    Ok(ctx.tx().query_opt(CONSENT, params![id]).await?)
}

/// What stands for a resident and a kind, by whomever.
pub(crate) async fn agreed(ctx: &mut Ctx, resident: ResidentId, kind: &TopicId) -> Result<Vec<Consent>> {
    Ok(ctx.tx().query(AGREED, params![resident, kind.as_str()]).await?)
}

pub(crate) async fn consents_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Consent>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

/// Who agreed to a kind, for whom.
pub(crate) async fn agreeing(ctx: &mut Ctx, kind: &TopicId) -> Result<Vec<(AccountId, ResidentId)>> {
    Ok(ctx.tx().query(OF_KIND, params![kind.as_str()]).await?)
}

pub(crate) async fn end(ctx: &mut Ctx, id: ConsentId, why: ConsentEnd) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(END, params![id, now, why]).await?;
    Ok(())
}

pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER, params![from, to]).await?;
    Ok(())
}

/// How many of a list get it how, as far as people have agreed now.
pub(crate) async fn ways_ahead(ctx: &mut Ctx, notice: NoticeId, kind: &TopicId) -> Result<Ways> {
    let (all, _) = ctx.tx().query_one::<(u32, u32)>(COUNT_WAYS, params![notice]).await?;
    let (electronic,) = ctx.tx().query_one::<(u32,)>(COUNT_AGREED, params![notice, kind.as_str()]).await?;
    Ok(Ways { electronic, paper: all - electronic.min(all) })
}

/// How many got it how.
pub(crate) async fn ways(ctx: &mut Ctx, notice: NoticeId) -> Result<Ways> {
    let (_, paper) = ctx.tx().query_one::<(u32, u32)>(COUNT_WAYS, params![notice]).await?;
    let (electronic,) = ctx.tx().query_one::<(u32,)>(COUNT_SIGNED, params![notice]).await?;
    Ok(Ways { electronic, paper })
}

/// How many of a list have no file.
pub(crate) async fn without_file(ctx: &mut Ctx, notice: NoticeId) -> Result<u32> {
    Ok(ctx.tx().query_one::<(u32,)>(COUNT_BARE, params![notice]).await?.0)
}

/// The next people of a list with their files, in the order of ids.
pub(crate) async fn to_prepare(
    ctx: &mut Ctx,
    notice: NoticeId,
    after: &str,
    limit: u32,
) -> Result<Vec<(DeliveryId, ResidentId, DocumentId, Vec<u8>)>> {
    Ok(ctx.tx().query(TO_PREPARE, params![notice, after, limit]).await?)
}

/// Puts the signed file into the place of the one that was handed in.
pub(crate) async fn sign(ctx: &mut Ctx, notice: NoticeId, document: DocumentId, bytes: Vec<u8>, signed: &Signed) -> Result<()> {
    ctx.tx().execute(SIGNED_BYTES, params![document, bytes]).await?;
    let values: Vec<Value> =
        vec![signed.delivery.into(), notice.into(), signed.sha256.clone().into(), signed.signed_at.into(), signed.consent.into()];
    ctx.tx().execute(SIGN, &values).await?;
    Ok(())
}

pub(crate) async fn signed(ctx: &mut Ctx, delivery: DeliveryId) -> Result<Option<Signed>> {
    Ok(ctx.tx().query_opt(SIGNED, params![delivery]).await?)
}

pub(crate) async fn to_paper(ctx: &mut Ctx, delivery: DeliveryId, why: PaperWhy) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(TO_PAPER, params![delivery, now, why]).await?;
    Ok(())
}

/// What was signed under a consent and is not in anybody's inbox.
pub(crate) async fn unsent_under(ctx: &mut Ctx, consent: ConsentId) -> Result<Vec<DeliveryId>> {
    Ok(ctx.tx().query::<(DeliveryId,)>(UNSENT, params![consent]).await?.into_iter().map(|(id,)| id).collect())
}

/// Since when a delivery goes on paper, and why.
pub(crate) async fn paper_of(ctx: &mut Ctx, delivery: DeliveryId) -> Result<Option<(Timestamp, PaperWhy)>> {
    let (at, why) = ctx.tx().query_one::<(Option<Timestamp>, Option<PaperWhy>)>(PAPER_OF, params![delivery]).await?;
    Ok(at.zip(why))
}

/// One letter of a disposition.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) delivery: DeliveryId,
    pub(crate) resident: ResidentId,
    pub(crate) fields: Option<String>,
    pub(crate) printed_at: Option<Timestamp>,
    pub(crate) why: Option<PaperWhy>,
    pub(crate) file: Option<String>,
    pub(crate) language: Option<String>,
}

store::from_row!(Letter { delivery, resident, fields, printed_at, why, file, language });

pub(crate) async fn on_paper(ctx: &mut Ctx, notice: NoticeId) -> Result<Vec<Letter>> {
    Ok(ctx.tx().query(ON_PAPER, params![notice]).await?)
}

/// Who has not opened it and does not get it on paper yet.
pub(crate) async fn unopened(ctx: &mut Ctx, notice: NoticeId, put_before: Timestamp, limit: u32) -> Result<Vec<(DeliveryId, ResidentId)>> {
    Ok(ctx.tx().query(UNOPENED, params![notice, put_before, limit]).await?)
}

/// Something delivered to a device that is not in the trail yet.
#[derive(Debug)]
pub(crate) struct Unnoted {
    pub(crate) delivery: DeliveryId,
    pub(crate) resident: ResidentId,
    pub(crate) at: Timestamp,
    pub(crate) sha256: Vec<u8>,
}

store::from_row!(Unnoted { delivery, resident, at, sha256 });

pub(crate) async fn unnoted(ctx: &mut Ctx, limit: u32) -> Result<Vec<Unnoted>> {
    Ok(ctx.tx().query(UNNOTED, params![limit]).await?)
}

/// Notes that a delivery to a device is in the trail; false when it was before.
pub(crate) async fn noted(ctx: &mut Ctx, delivery: DeliveryId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(NOTED, params![delivery, now]).await? == 1)
}

/// A resident's delivery of a disposition, put or not.
pub(crate) async fn of_resident(ctx: &mut Ctx, notice: NoticeId, resident: ResidentId) -> Result<Option<DeliveryId>> {
    Ok(ctx.tx().query_opt::<(DeliveryId,)>(OF_RESIDENT, params![notice, resident]).await?.map(|(id,)| id))
}

/// What happened to a delivery, moment by moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) put_at: Option<Timestamp>,
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) paper_at: Option<Timestamp>,
    pub(crate) resident: ResidentId,
}

store::from_row!(Moments { put_at, delivered_at, opened_at, paper_at, resident });

pub(crate) async fn moments(ctx: &mut Ctx, delivery: DeliveryId) -> Result<Option<Moments>> {
    Ok(ctx.tx().query_opt(MOMENTS, params![delivery]).await?)
}

/// Deletes dispositions whose years are over, but for those their person keeps, and consents nothing is left of.
///
/// `before` is where other notices end.
pub(crate) async fn forget(ctx: &mut Ctx, today: Date, before: Timestamp) -> Result<u64> {
    let mut gone = 0;
    for (notice,) in ctx.tx().query::<(NoticeId,)>(OVER, params![today, before]).await? {
        ctx.tx().execute(FORGET_SIGNED, params![notice]).await?;
        gone += ctx.tx().execute(FORGET_DELIVERIES, params![notice]).await?;
        ctx.tx().execute(FORGET_DOCUMENTS, params![notice]).await?;
    }
    Ok(gone + ctx.tx().execute(FORGET_CONSENT, params![before]).await?)
}
