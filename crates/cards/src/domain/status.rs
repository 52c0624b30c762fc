//! The status list: what a verifier without the centre knows about cards that ended.

use credential::{Status, StatusBits, StatusList};
use jiff::{SignedDuration, Timestamp};
use store::Ctx;

use crate::domain::issue::Office;
use crate::model::Result;
use crate::store as rows;

/// How long a signed list is good for; places that may work offline for longer than this cannot.
const LIST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// A list nobody's card changed in is signed anew after this.
const LIST_FRESH: SignedDuration = SignedDuration::from_mins(5);
/// How soon others should fetch it again, in seconds.
const TTL_S: u64 = 60;

/// A signed list kept until something in it changes.
pub(crate) struct Kept {
    tip: (i64, i64),
    signed_at: Timestamp,
    token: Vec<u8>,
}

/// Gives the signed status list as it stands now.
///
/// # Errors
/// Signing's; the store's.
pub async fn status_token(ctx: &mut Ctx, office: &Office) -> Result<Vec<u8>> {
    let now = Timestamp::from_second(ctx.now().as_second()).unwrap_or(ctx.now());
    let tip = rows::status_tip(ctx.tx()).await?;
    if let Some(kept) = &*office.kept()
        && kept.tip == tip
        && now < kept.signed_at + LIST_FRESH
        && kept.signed_at <= now
    {
        return Ok(kept.token.clone());
    }
    let mut list = StatusList::new(office.status_uri(), StatusBits::Two, office.entries());
    for (idx, status) in rows::status_ended(ctx.tx(), now).await? {
        let status = if status == i64::from(STATUS_PHONE_ENDED) { Status::PhoneEnded } else { Status::Invalid };
        if let Ok(idx) = u64::try_from(idx) {
            list.set(idx, status)?;
        }
    }
    let token = office.issuer().sign_status_list(&list, now, now + LIST_LIFE, TTL_S)?;
    *office.kept() = Some(Kept { tip, signed_at: now, token: token.clone() });
    Ok(token)
}

/// As stored with a card: ended.
pub(crate) const STATUS_ENDED: i32 = 1;
/// As stored with a card: its phone was ended.
pub(crate) const STATUS_PHONE_ENDED: i32 = 3;
