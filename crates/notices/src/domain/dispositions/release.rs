//! An approved disposition is signed at its time, a few people at a time, and then goes out as every notice does.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use pdfseal::{PdfFault, Sealer};
use store::{Actor, Ctx, ResidentId, Store};
use town::DispositionKind;

use super::{Seal, kind_of, standing};
use crate::disposition::{Consent, PaperWhy, Signed};
use crate::domain::dispositions::write::{can_sign, still_scheduled};
use crate::model::{DeliveryId, DocumentId, Error, Notice, NoticeId, Result, State};
use crate::store as rows;

/// The job that signs an approved disposition and lets it out.
pub(crate) const RELEASE: &str = "notices.sign_disposition";
/// People prepared in one step: their files are in memory together.
const STEP: u32 = 50;

/// A person whose file is to be prepared.
struct Next {
    delivery: DeliveryId,
    resident: ResidentId,
    document: DocumentId,
    bytes: Vec<u8>,
}

/// Signs for everybody who agreed, says who gets paper, and lets the notice out. Stopped anywhere, it goes on there.
///
/// # Errors
/// [`Error::NoSeal`] while the town cannot sign; the database's.
pub(crate) async fn release(store: &Store, seal: &Seal, id: NoticeId) -> Result<()> {
    let sealer = seal.clone().ok_or(Error::NoSeal)?;
    while step(store, &sealer, seal, id).await? {}
    Ok(())
}

async fn step(store: &Store, sealer: &Arc<Sealer>, seal: &Seal, id: NoticeId) -> Result<bool> {
    let mut ctx = store.read(Actor::System).await?;
    if still_scheduled(&mut ctx, id).await?.is_none() {
        return Ok(false);
    }
    can_sign(&ctx, seal)?;
    let disposition = rows::dispositions::of(&mut ctx, id).await?.ok_or(Error::NotFound)?;
    let kind = kind_of(&ctx, &disposition.kind)?;
    let found = rows::dispositions::to_prepare(&mut ctx, id, &disposition.prepared, STEP).await?;
    let next: Vec<Next> =
        found.into_iter().map(|(delivery, resident, document, bytes)| Next { delivery, resident, document, bytes }).collect();
    let agreed = agreed(&mut ctx, &next, &kind).await?;
    let at = ctx.now();
    drop(ctx);
    let Some(last) = next.last().map(|one| one.resident.to_string()) else { return let_out(store, id).await };
    let reason = format!("{} {}", kind.name.ja(), disposition.number);
    let (next, signed) = signed(next, agreed, Arc::clone(sealer), reason, at).await?;
    let mut ctx = store.begin(Actor::System).await?;
    // Cancelled meanwhile, or somebody else was quicker.
    if still_scheduled(&mut ctx, id).await?.is_none() || !rows::dispositions::prepared(&mut ctx, id, &disposition.prepared, &last).await? {
        return Ok(false);
    }
    keep(&mut ctx, id, &kind, next, signed).await?;
    ctx.commit().await?;
    Ok(true)
}

/// What stands for each of them.
async fn agreed(ctx: &mut Ctx, next: &[Next], kind: &DispositionKind) -> Result<BTreeMap<DeliveryId, Consent>> {
    let mut agreed = BTreeMap::new();
    for one in next {
        if let Some(consent) = standing(ctx, one.resident, kind).await? {
            agreed.insert(one.delivery, consent);
        }
    }
    Ok(agreed)
}

type SignedFiles = BTreeMap<DeliveryId, (Vec<u8>, Signed)>;

/// Signs on a thread where nobody waits for an answer.
async fn signed(
    next: Vec<Next>,
    agreed: BTreeMap<DeliveryId, Consent>,
    sealer: Arc<Sealer>,
    reason: String,
    at: civil::Timestamp,
) -> Result<(Vec<Next>, SignedFiles)> {
    let work = move || -> Result<(Vec<Next>, SignedFiles), PdfFault> {
        let mut files = SignedFiles::new();
        for one in &next {
            let Some(consent) = agreed.get(&one.delivery) else { continue };
            let bytes = pdfseal::seal(&one.bytes, &sealer, &reason, at)?;
            let sha256 = digest(&SHA256, &bytes).as_ref().to_vec();
            files.insert(one.delivery, (bytes, Signed { delivery: one.delivery, sha256, signed_at: at, consent: consent.id }));
        }
        Ok((next, files))
    };
    // The files were looked at when they were handed in; what cannot be signed now is our fault.
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stored("document"))??)
}

/// Writes a step down. Who withdrew since it was read gets paper.
async fn keep(ctx: &mut Ctx, id: NoticeId, kind: &DispositionKind, next: Vec<Next>, mut files: SignedFiles) -> Result<()> {
    for one in next {
        match files.remove(&one.delivery) {
            Some((bytes, signed)) if standing(ctx, one.resident, kind).await?.is_some_and(|consent| consent.id == signed.consent) => {
                rows::dispositions::sign(ctx, id, one.document, bytes, &signed).await?;
            }
            _ => rows::dispositions::to_paper(ctx, one.delivery, PaperWhy::NoConsent).await?,
        }
    }
    Ok(())
}

/// Everybody is prepared: the courier takes it from here.
async fn let_out(store: &Store, id: NoticeId) -> Result<bool> {
    let mut ctx = store.begin(Actor::System).await?;
    if let Some(notice) = still_scheduled(&mut ctx, id).await? {
        let out = Notice { send_at: Some(ctx.now()), ..notice };
        rows::notices::turn(&mut ctx, &out, State::Scheduled).await?;
        ctx.commit().await?;
    }
    Ok(false)
}
