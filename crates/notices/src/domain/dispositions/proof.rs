//! Proof of when a disposition came, was delivered and opened: lines of the trail with the hash of the very document, and a certificate anybody can check.

use aws_lc_rs::digest::{SHA256, digest};
use civil::{Timestamp, day_in_japan};
use jiff::{SignedDuration, ToSpan};
use registry::bridge::RegisterId;
use serde::Serialize;
use store::{Ctx, Permission, ResidentId};

use super::super::inbox::Item;
use super::super::{member, write::found};
use super::{Seal, kind_of};
use crate::disposition::{Disposition, PaperWhy};
use crate::model::{DeliveryId, Error, Notice, NoticeId, Result};
use crate::store as rows;

/// Deliveries looked at in one go.
const PAGE: u32 = 2000;
/// Lines of the trail looked through for one delivery.
const TRAIL: u32 = 10_000;

/// It was put into the box of each: it has come (デジタル手続法 第7条第3項). It is kept for the years of its kind from today.
pub(crate) async fn arrived(ctx: &mut Ctx, notice: NoticeId, put: &[DeliveryId]) -> Result<()> {
    let Some(disposition) = rows::dispositions::of(ctx, notice).await? else { return Ok(()) };
    let years = ctx.town().disposition_kind(&disposition.kind).map_or(0, |kind| kind.keep_years).max(ctx.town().notices.keep_years);
    let until = ctx.today().saturating_add(i64::from(years).years());
    rows::dispositions::keep_until(ctx, notice, until).await?;
    for delivery in put {
        note(ctx, "disposition.arrived", *delivery, "").await?;
    }
    Ok(())
}

/// It was opened by an account: its own person, or who agreed for a child.
pub(crate) async fn opened(ctx: &mut Ctx, delivery: DeliveryId, before: Option<Timestamp>) -> Result<()> {
    if before.is_some() || rows::dispositions::signed(ctx, delivery).await?.is_none() {
        return Ok(());
    }
    delivered(ctx, delivery).await?;
    note(ctx, "disposition.opened", delivery, "").await
}

/// It was seen in the inbox.
pub(crate) async fn delivered(ctx: &mut Ctx, delivery: DeliveryId) -> Result<()> {
    if rows::dispositions::noted(ctx, delivery).await? {
        note(ctx, "disposition.delivered", delivery, "").await?;
    }
    Ok(())
}

/// A line of the trail: which delivery, and the hash of its document.
async fn note(ctx: &mut Ctx, action: &'static str, delivery: DeliveryId, more: &str) -> Result<()> {
    let Some(signed) = rows::dispositions::signed(ctx, delivery).await? else { return Ok(()) };
    let resident = rows::dispositions::moments(ctx, delivery).await?.map(|moments| moments.resident.to_string());
    ctx.audit(action, resident, format!("{delivery} sha256:{} {more}", hex(&signed.sha256)).trim_end()).await?;
    Ok(())
}

/// Every day: what push services took is noted in the trail, and what was not opened within the days of its kind goes on paper, which its person is told.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn daily(ctx: &mut Ctx, notices: &[Notice]) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    loop {
        let some = rows::dispositions::unnoted(ctx, PAGE).await?;
        for one in &some {
            rows::dispositions::noted(ctx, one.delivery).await?;
            let said = format!("{} sha256:{} at {}", one.delivery, hex(&one.sha256), one.at);
            ctx.audit("disposition.delivered", Some(one.resident.to_string()), &said).await?;
        }
        if some.is_empty() {
            break;
        }
    }
    for notice in notices {
        if let (Some(days), Some(_)) = (notice.print_days, rows::dispositions::of(ctx, notice.id).await?) {
            unopened_to_paper(ctx, notice.id, days).await?;
        }
    }
    Ok(())
}

async fn unopened_to_paper(ctx: &mut Ctx, notice: NoticeId, days: u32) -> Result<()> {
    let put_before = ctx.now() - SignedDuration::from_hours(i64::from(days) * 24);
    loop {
        let some = rows::dispositions::unopened(ctx, notice, put_before, PAGE).await?;
        if some.is_empty() {
            return Ok(());
        }
        for (delivery, _) in &some {
            rows::dispositions::to_paper(ctx, *delivery, PaperWhy::Unopened).await?;
            note(ctx, "disposition.to_paper", *delivery, PaperWhy::Unopened.as_str()).await?;
        }
        let told: Vec<DeliveryId> = some.into_iter().map(|(delivery, _)| delivery).collect();
        rows::deliveries::freshen(ctx, &told).await?;
    }
}

/// What the town says of one delivery, to be signed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Certificate {
    /// The municipality's code.
    pub(crate) town: String,
    pub(crate) delivery: DeliveryId,
    pub(crate) kind: String,
    pub(crate) basis: String,
    pub(crate) number: String,
    pub(crate) dated: civil::Date,
    /// 宛名番号.
    pub(crate) register_number: String,
    pub(crate) document: Option<Document>,
    pub(crate) arrived_at: Option<Timestamp>,
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) paper_at: Option<Timestamp>,
    pub(crate) trail: Vec<TrailLine>,
    pub(crate) made_at: Timestamp,
}

/// The document, and what its person had agreed to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Document {
    pub(crate) sha256: String,
    pub(crate) signed_at: Timestamp,
    pub(crate) agreed_at: Timestamp,
    /// SHA-256 of the words agreed to.
    pub(crate) agreed_words_sha256: String,
}

/// A line of the trail.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TrailLine {
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) action: String,
    pub(crate) hash: String,
}

/// Gives what is known of one person's delivery, by the register's number; the look is in the trail.
///
/// # Errors
/// [`Error::NotFound`] for a number that is not on the list, or of somebody under protection measures the caller does not handle; the store's
/// `Forbidden`.
pub(crate) async fn certificate(ctx: &mut Ctx, id: NoticeId, number: &str) -> Result<Certificate> {
    member(ctx, Permission::WriteNotices)?;
    found(ctx, id).await?;
    let disposition = rows::dispositions::of(ctx, id).await?.ok_or(Error::NotFound)?;
    let number = RegisterId::parse(number.trim().as_bytes()).ok_or(Error::NotFound)?;
    let resident = registry::residents_of_numbers(ctx, &[number]).await?.into_iter().flatten().next().ok_or(Error::NotFound)?.0;
    let person = registry::resident(ctx, resident).await?.ok_or(Error::NotFound)?;
    if person.protected && ctx.allow(Permission::ResolveProtected).is_err() {
        return Err(Error::NotFound);
    }
    let delivery = rows::dispositions::of_resident(ctx, id, resident).await?.ok_or(Error::NotFound)?;
    ctx.audit("disposition.certificate", Some(resident.to_string()), &delivery.to_string()).await?;
    build(ctx, &disposition, delivery, resident, person.register_id.to_string()).await
}

async fn build(
    ctx: &mut Ctx,
    disposition: &Disposition,
    delivery: DeliveryId,
    resident: ResidentId,
    register_number: String,
) -> Result<Certificate> {
    let moments = rows::dispositions::moments(ctx, delivery).await?.ok_or(Error::NotFound)?;
    let document = match rows::dispositions::signed(ctx, delivery).await? {
        Some(signed) => {
            let consent = rows::dispositions::consent(ctx, signed.consent).await?.ok_or(Error::Stored("consent"))?;
            Some(Document {
                sha256: hex(&signed.sha256),
                signed_at: signed.signed_at,
                agreed_at: consent.agreed_at,
                agreed_words_sha256: sha256(consent.words.as_bytes()),
            })
        }
        None => None,
    };
    let kind = kind_of(ctx, &disposition.kind)?;
    Ok(Certificate {
        town: ctx.town().code.to_string(),
        delivery,
        kind: kind.name.ja().to_owned(),
        basis: kind.basis,
        number: disposition.number.clone(),
        dated: disposition.dated,
        register_number,
        document,
        arrived_at: moments.put_at,
        delivered_at: moments.delivered_at,
        opened_at: moments.opened_at,
        paper_at: moments.paper_at,
        trail: trail(ctx, delivery, resident).await?,
        made_at: ctx.now(),
    })
}

/// The lines of the trail about a delivery, oldest first.
async fn trail(ctx: &mut Ctx, delivery: DeliveryId, resident: ResidentId) -> Result<Vec<TrailLine>> {
    let about = delivery.to_string();
    let mut lines: Vec<TrailLine> = Vec::new();
    for line in ctx.audit_of(&resident.to_string(), i64::MAX, TRAIL).await? {
        let ours = line.action.starts_with("disposition.") && line.action != "disposition.certificate" && line.detail.starts_with(&about);
        if ours {
            lines.push(TrailLine { seq: line.seq, at: line.at, action: line.action, hash: hex(&line.hash) });
        }
    }
    lines.reverse();
    Ok(lines)
}

/// A certificate, signed by the town: a JWS with the town's certificates in its head.
///
/// # Errors
/// [`Error::NoSeal`] when the town cannot sign.
pub(crate) fn signed(certificate: &Certificate, seal: &Seal) -> Result<String> {
    let json = serde_json::to_vec(certificate).map_err(store::Error::from)?;
    let sealer = seal.as_ref().ok_or(Error::NoSeal)?;
    sealer.sign_json("tegata-delivery+jwt", &json).map_err(|_| Error::NoSeal)
}

/// What a person is told of their document beside its words.
pub(crate) struct Told {
    /// Since when it goes on paper, too.
    pub(crate) paper_at: Option<Timestamp>,
    /// What its signature says; none when it does not hold.
    pub(crate) checked: Option<pdfseal::Checked>,
    pub(crate) sha256: String,
}

/// Looks at a delivery's document again: its signature, and whether it is the one that was sent.
///
/// # Errors
/// The store's.
pub(crate) async fn told(ctx: &mut Ctx, item: &Item) -> Result<Told> {
    let id = item.delivery.id;
    let signed = rows::dispositions::signed(ctx, id).await?;
    let bytes = match item.delivery.document {
        Some(document) => rows::deliveries::document(ctx, document).await?.map(|(_, bytes)| bytes).unwrap_or_default(),
        None => Vec::new(),
    };
    let sha256 = sha256(&bytes);
    let same = signed.is_some_and(|signed| hex(&signed.sha256) == sha256);
    let checked = pdfseal::check(&bytes).ok().filter(|_| same);
    let paper_at = rows::dispositions::paper_of(ctx, id).await?.map(|(at, _)| at);
    Ok(Told { paper_at, checked, sha256 })
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// The last day to appeal, where the kind counts from its coming.
pub(crate) fn appeal_until(months: Option<u32>, came: Timestamp) -> Option<civil::Date> {
    months.map(|months| crate::disposition::last_day(day_in_japan(came), months))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
