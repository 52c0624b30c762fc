//! Cards of people who are not in the register: what ends them.

use identity::ResidenceEnd;
use store::{AccountId, Ctx, Permission};
use web::Tell;

use crate::domain::hold;
use crate::model::{Ended, Holding, Result};
use crate::{people, rules, store as rows};

/// The job that tells people when what they hold as somebody from outside ends.
pub const REMIND_GUESTS: &str = "cards.remind_guests";

/// People one look takes at a time.
const AT_ONCE: u32 = 200;

/// Where the person reads what became of it.
const PAGE: &str = "/residence";

/// Follows that somebody no longer belongs where they did: what rested on it ends, and they are told, unless they did it themselves.
///
/// # Errors
/// The store's.
pub async fn residence_ended(ctx: &mut Ctx, account: AccountId, why: ResidenceEnd) -> Result<()> {
    match why {
        ResidenceEnd::MovedIn => end_of_guest(ctx, account).await,
        ResidenceEnd::AccountClosed => Ok(()),
        why => {
            end_what_is_lost(ctx, account).await?;
            if why != ResidenceEnd::Left {
                tell(ctx, account, "residence-tell-ended", Vec::new()).await?;
            }
            Ok(())
        }
    }
}

/// Tells those whose last day is near while there is time to prove it again or to join again: each once.
///
/// # Errors
/// The store's; `Forbidden` for anyone but the house.
pub async fn remind_guests(ctx: &mut Ctx) -> Result<()> {
    for found in identity::residences_to_remind(ctx).await? {
        tell(ctx, found.account, "residence-tell-ends", vec![("day".to_owned(), found.until.to_string())]).await?;
    }
    Ok(())
}

async fn tell(ctx: &mut Ctx, account: AccountId, text: &str, args: Vec<(String, String)>) -> Result<()> {
    let (text, href, topic) = (text.to_owned(), PAGE.to_owned(), "cards".to_owned());
    Ok(Tell { account, text, args, href, topic }.record(ctx).await?)
}

/// Ends all cards somebody held as a guest: they moved in, and the register speaks for them from now on.
///
/// # Errors
/// The store's.
pub async fn end_of_guest(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let town = ctx.town().clone();
    for holding in of_guest(ctx, account).await? {
        hold::end_holding(ctx, &holding, Ended::MovedIn).await?;
    }
    for programme in &town.programmes {
        rows::end_application(ctx.tx(), &programme.id, identity::known_as(account)).await?;
    }
    Ok(())
}

/// Ends the cards of a guest to which the rule of today entitles them no more.
async fn end_what_is_lost(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let (town, today) = (ctx.town().clone(), ctx.today());
    let held = of_guest(ctx, account).await?;
    if held.is_empty() {
        return Ok(());
    }
    let known = people::known(ctx, identity::known_as(account)).await?;
    for holding in held {
        let programme = town.programme(&holding.programme);
        let entitled = programme.zip(known.as_ref()).is_some_and(|(programme, known)| rules::entitled(programme, &known.person, today));
        if !entitled {
            hold::end_holding(ctx, &holding, Ended::NotEntitled).await?;
            rows::end_application(ctx.tx(), &holding.programme, holding.resident).await?;
        }
    }
    Ok(())
}

async fn of_guest(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Holding>> {
    Ok(rows::holdings_of_resident(ctx.tx(), identity::known_as(account)).await?)
}

/// Asks the rules about everybody who belongs somewhere without being in the register, as of today.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn reevaluate_guests(ctx: &mut Ctx) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    let mut after = None;
    loop {
        let page = identity::guests_after(ctx, after, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for found in &page {
            end_what_is_lost(ctx, found.account).await?;
        }
    }
}
