//! Sharing a card with grandparents, the other parent, the child's own phone; seeing who holds it; ending it.

use identity::secret;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::{AccountId, Actor, Ctx, Permission};
use town::ShownBy;

use crate::domain::{guardian, hold, issue::random};
use crate::model::{Ended, Error, Holding, HoldingId, How, Result, Share, ShareId};
use crate::{people, store as rows};

/// How long a share code is good for.
pub const SHARE_MINUTES: i64 = 10;
/// Letters and digits that cannot be taken for one another.
const LETTERS: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Length of a share code: 30^8, good for ten minutes and one use.
const CODE_LENGTH: usize = 8;

/// A holder, as those who hold the same card see them.
#[derive(Debug, Clone)]
pub struct Sharer {
    /// The holding.
    pub holding: HoldingId,
    /// By what right.
    pub how: How,
    /// What the sharer called them, or the account's proven name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is the caller.
    pub is_me: bool,
    /// Whether the caller may end it.
    pub may_end: bool,
}

/// How far a share has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ShareState {
    /// The code waits to be read.
    Waiting,
    /// Somebody holds the card by it.
    Joined,
    /// What came of it was ended.
    Ended,
    /// The time is over.
    Expired,
}

/// Makes a code with which one other phone may hold the card too, and gives it with its id.
///
/// # Errors
/// [`Error::NoSuchCard`] unless the caller holds it in their own right or as guardian; [`Error::NotShareable`]; [`Error::TooManyHolders`]; the store's.
pub async fn share_code(ctx: &mut Ctx, holding: HoldingId) -> Result<(ShareId, String)> {
    let (account, holding) = own_holding(ctx, holding).await?;
    let town = ctx.town().clone();
    let programme = town.programme(&holding.programme).ok_or(Error::NoSuchProgramme)?;
    if !programme.may_be_shown_by(ShownBy::Shared) {
        return Err(Error::NotShareable);
    }
    if guardian::is_protected(ctx, holding.resident).await? || guardian::lost(ctx, &holding).await?.is_some() {
        return Err(Error::NotShareable);
    }
    let holders = rows::holdings_of_card(ctx.tx(), holding.resident, &holding.programme).await?;
    if holders.len() >= usize::try_from(programme.max_holders).unwrap_or(usize::MAX) {
        return Err(Error::TooManyHolders);
    }
    let code: String = random::<CODE_LENGTH>()?.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    let now = ctx.now();
    let share = Share {
        id: ShareId::new(now),
        programme: holding.programme,
        resident: holding.resident,
        account,
        expires_at: now + SignedDuration::from_mins(SHARE_MINUTES),
        joined_holding: None,
    };
    rows::insert_share(ctx.tx(), &share, &hash(&code)).await?;
    ctx.record("cards.share_offered", &share.id).await?;
    Ok((share.id, code))
}

/// Takes a shared card into the caller's account, by the code on the sharer's screen.
///
/// # Errors
/// [`Error::ShareCode`] when it is unknown, used or past; [`Error::TooManyHolders`]; the store's.
pub async fn join(ctx: &mut Ctx, code: &str) -> Result<HoldingId> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::ShareCode) };
    let now = ctx.now();
    let share = rows::share_by_code(ctx.tx(), &hash(&typed(code))).await?;
    let share = share.filter(|share| share.joined_holding.is_none() && now < share.expires_at).ok_or(Error::ShareCode)?;
    let town = ctx.town().clone();
    let programme = town.programme(&share.programme).ok_or(Error::ShareCode)?;
    // The sharer may have lost the card since the code was made.
    let sharer = rows::live_holding(ctx.tx(), &share.programme, share.resident, share.account).await?.ok_or(Error::ShareCode)?;
    if guardian::is_protected(ctx, share.resident).await? || guardian::lost(ctx, &sharer).await?.is_some() {
        return Err(Error::ShareCode);
    }
    let holding = match rows::live_holding(ctx.tx(), &share.programme, share.resident, account).await? {
        Some(mine) => mine,
        None => {
            let name = people::name_of(ctx, &sharer).await?.unwrap_or_default();
            hold::hold(ctx, programme, share.resident, account, How::Shared, name, Some(share.account)).await?
        }
    };
    if !rows::join_share(ctx.tx(), share.id, holding.id).await? {
        return Err(Error::ShareCode);
    }
    ctx.audit("card.shared", Some(share.resident.to_string()), share.programme.as_str()).await?;
    Ok(holding.id)
}

/// Says how far a share of the caller's has come.
///
/// # Errors
/// [`Error::ShareCode`] when it is not the caller's; the store's.
pub async fn share_state(ctx: &mut Ctx, id: ShareId) -> Result<ShareState> {
    ctx.allow(Permission::OwnAccount)?;
    let share = rows::share(ctx.tx(), id).await?;
    let share = share.filter(|share| ctx.actor == Actor::Holder(share.account)).ok_or(Error::ShareCode)?;
    Ok(match share.joined_holding {
        None if ctx.now() < share.expires_at => ShareState::Waiting,
        None => ShareState::Expired,
        Some(holding) => match rows::holding(ctx.tx(), holding).await? {
            Some(holding) if holding.ended_at.is_none() => ShareState::Joined,
            _ => ShareState::Ended,
        },
    })
}

/// Gives who holds the same card, to those who hold it in their own right or as guardian.
///
/// # Errors
/// [`Error::NoSuchCard`] when the caller does not; the store's.
pub async fn holders(ctx: &mut Ctx, holding: HoldingId) -> Result<Vec<Sharer>> {
    let (account, mine) = own_holding(ctx, holding).await?;
    let mut sharers = Vec::new();
    for holding in rows::holdings_of_card(ctx.tx(), mine.resident, &mine.programme).await? {
        let may_end = holding.how == How::Shared;
        sharers.push(sharer(ctx, &holding, account, may_end).await?);
    }
    Ok(sharers)
}

/// A holding as those see it who may know of it.
pub(crate) async fn sharer(ctx: &mut Ctx, holding: &Holding, caller: AccountId, may_end: bool) -> Result<Sharer> {
    let name = identity::label_of(ctx, holding.account).await?.unwrap_or_default();
    let is_me = holding.account == caller;
    Ok(Sharer { holding: holding.id, how: holding.how, name, since: holding.created_at, is_me, may_end })
}

/// Ends what somebody holds by a share: by whoever holds the card in their own right or as guardian, or by the one it was shared with.
///
/// # Errors
/// [`Error::NoSuchCard`] when the caller may not; the store's.
pub async fn end_share(ctx: &mut Ctx, shared: HoldingId) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NoSuchCard) };
    let shared = rows::holding(ctx.tx(), shared).await?.filter(|holding| holding.how == How::Shared).ok_or(Error::NoSuchCard)?;
    let mine = rows::live_holding(ctx.tx(), &shared.programme, shared.resident, account).await?;
    if shared.account != account && mine.is_none_or(|mine| !mine.how.may_share()) {
        return Err(Error::NoSuchCard);
    }
    hold::end_holding(ctx, &shared, Ended::ShareEnded).await?;
    ctx.audit("card.share_ended", Some(shared.resident.to_string()), shared.programme.as_str()).await?;
    Ok(())
}

/// The caller's live holding that is not itself a share.
async fn own_holding(ctx: &mut Ctx, id: HoldingId) -> Result<(AccountId, Holding)> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NoSuchCard) };
    let holding = rows::holding(ctx.tx(), id).await?;
    let holding = holding.filter(|holding| holding.account == account && holding.ended_at.is_none() && holding.how.may_share());
    Ok((account, holding.ok_or(Error::NoSuchCard)?))
}

/// A code as people type it: spaces and hyphens, small letters, full width.
fn typed(code: &str) -> String {
    code.chars().map(civil::half_width).filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

fn hash(code: &str) -> Vec<u8> {
    secret::token_hash(code).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(typed("ab12 cd-34"), "AB12CD34");
        assert_eq!(typed("ＡＢ１２ ｃｄ３４"), "AB12CD34");
    }
}
