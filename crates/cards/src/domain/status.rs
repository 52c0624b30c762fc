//! The status list: what a verifier without the centre knows about cards that ended.

use std::collections::HashSet;

use credential::{Status, StatusBits, StatusList, allocate_index};
use jiff::{SignedDuration, Timestamp};
use store::{Ctx, Permission};

use crate::domain::issue::{Office, random};
use crate::model::{Error, Result};
use crate::store as rows;

/// How long a signed list is good for; places that may work offline for longer than this cannot.
const LIST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Who has an old list refuses cards by it for as long as it is good: a place stays taken for so long after its card is past.
const PLACE_REST: SignedDuration = LIST_LIFE;
/// A list nobody's card changed in is signed anew after this.
const LIST_FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Places drawn at random before the whole list is looked at.
const DRAWS: u32 = 64;
/// How soon others should fetch it again, in seconds.
const TTL_S: u64 = 60;

/// A signed list kept until something in it changes.
pub(crate) struct Kept<T> {
    tip: (i64, i64),
    signed_at: Timestamp,
    token: T,
}

impl<T> Kept<T> {
    fn is_good(&self, tip: (i64, i64), now: Timestamp) -> bool {
        self.tip == tip && now < self.signed_at + LIST_FRESH && self.signed_at <= now
    }
}

/// Gives the signed status list as it stands now.
///
/// # Errors
/// Signing's; the store's.
pub async fn status_token(ctx: &mut Ctx, office: &Office) -> Result<Vec<u8>> {
    let now = Timestamp::from_second(ctx.now().as_second()).unwrap_or(ctx.now());
    let tip = rows::status_tip(ctx.tx()).await?;
    if let Some(kept) = &*office.kept()
        && kept.is_good(tip, now)
    {
        return Ok(kept.token.clone());
    }
    let list = list(ctx, office, office.status_uri(), now).await?;
    let token = office.issuer().sign_status_list(&list, now, now + LIST_LIFE, TTL_S)?;
    *office.kept() = Some(Kept { tip, signed_at: now, token: token.clone() });
    Ok(token)
}

async fn list(ctx: &mut Ctx, office: &Office, uri: String, now: Timestamp) -> Result<StatusList> {
    let mut list = StatusList::new(uri, StatusBits::Two, office.entries());
    for (idx, status) in rows::status_ended(ctx.tx(), now).await? {
        let status = if status == i64::from(STATUS_PHONE_ENDED) { Status::PhoneEnded } else { Status::Invalid };
        if let Ok(idx) = u64::try_from(idx) {
            list.set(idx, status)?;
        }
    }
    Ok(list)
}

/// Gives the same list as a JWT, for those who read cards of standard wallets.
///
/// # Errors
/// Signing's; the store's.
pub async fn status_jwt(ctx: &mut Ctx, office: &Office) -> Result<String> {
    let now = Timestamp::from_second(ctx.now().as_second()).unwrap_or(ctx.now());
    let tip = rows::status_tip(ctx.tx()).await?;
    if let Some(kept) = &*office.kept_jwt()
        && kept.is_good(tip, now)
    {
        return Ok(kept.token.clone());
    }
    let list = list(ctx, office, office.wallet_status_uri(), now).await?;
    let token = credential::sdjwt::sign_status_list(office.issuer(), &list, now, now + LIST_LIFE, TTL_S)?;
    *office.kept_jwt() = Some(Kept { tip, signed_at: now, token: token.clone() });
    Ok(token)
}

/// Gives back the places of cards that are past and that no list still in use speaks of.
///
/// # Errors
/// Not permitted; the store's.
pub async fn free_places(ctx: &mut Ctx) -> Result<u64> {
    ctx.allow(Permission::RunHouse)?;
    give_back(ctx).await
}

async fn give_back(ctx: &mut Ctx) -> Result<u64> {
    let before = ctx.now() - PLACE_REST;
    Ok(rows::free_places(ctx.tx(), before).await?)
}

/// Draws a place in the list of `entries` for a new card, at random, so that neighbours tell nothing of one another.
///
/// # Errors
/// [`Error::StatusListFull`]; the store's.
pub(crate) async fn free_place(ctx: &mut Ctx, entries: u64) -> Result<i64> {
    let random = || u64::from_be_bytes(random().unwrap_or_default());
    // The list is drawn from before it is asked, a few candidates at a time, since asking waits for the database.
    for _ in 0..DRAWS {
        let drawn = place(allocate_index(entries, random, |_| false))?;
        if !rows::status_taken(ctx.tx(), drawn).await? {
            return Ok(drawn);
        }
    }
    // All but full: what is past goes now, and the few that are left are looked for.
    give_back(ctx).await?;
    let taken: HashSet<i64> = rows::places_taken(ctx.tx()).await?.into_iter().map(|(idx,)| idx).collect();
    place(allocate_index(entries, random, |idx| i64::try_from(idx).is_ok_and(|idx| taken.contains(&idx))))
}

fn place(drawn: Option<u64>) -> Result<i64> {
    drawn.and_then(|idx| i64::try_from(idx).ok()).ok_or(Error::StatusListFull)
}

/// As stored with a card: ended.
pub(crate) const STATUS_ENDED: i32 = 1;
/// As stored with a card: its phone was ended.
pub(crate) const STATUS_PHONE_ENDED: i32 = 3;
