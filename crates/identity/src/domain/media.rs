use ::store::{AccountId, Actor, Ctx, Permission};
use civil::{Date, Timestamp};
use jiff::ToSpan as _;
use town::Medium;

use crate::store::{media as store, people, prove};
use crate::{
    BoundBy, BoundMedium, Error, MediaKey, MediumBound, MediumEnd, MediumEnded, MediumId, MediumNumber, ProofSession, ProofSessionId,
    Proven, Result, rules, secret,
};

/// Live media one account may have: enough for a family's bags, too few to give the town away.
const MOST: usize = 20;
/// The longest a temporary pass counts, its first day included.
const TEMPORARY_DAYS: i64 = 7;

/// Asks that the card get the town's number while it answers this proof, if a station of the town reads it. To be called with the question just begun.
///
/// # Errors
/// The store's.
pub async fn ask_region_id(ctx: &mut Ctx, proof: &ProofSession) -> Result<()> {
    prove::ask_region_id(ctx, proof.id).await
}

/// Gives the number a station is to write into the card that answers a proof, if its holder asked for one. Only a station of the town is told.
///
/// # Errors
/// The store's.
pub async fn region_number(ctx: &mut Ctx, key: &MediaKey, proof: ProofSessionId) -> Result<Option<MediumNumber>> {
    if !matches!(ctx.actor, Actor::Station(..)) || !prove::asks_region_id(ctx, proof).await? {
        return Ok(None);
    }
    key.region_number(&proof.to_string()).map(Some)
}

/// Binds the number a station wrote into the card whose proof has just been taken. The card before it, if there was one, no longer counts: a person has
/// one card.
///
/// # Errors
/// [`Error::StationNeeded`] unless a station says so of the number it was given for this proof.
pub async fn bind_region_id(ctx: &mut Ctx, key: &MediaKey, proven: &Proven, proof: ProofSessionId, written: &str) -> Result<()> {
    let number = region_number(ctx, key, proof).await?.filter(|number| number.text() == written).ok_or(Error::StationNeeded)?;
    let account = proven.account().id;
    for before in store::of_account(ctx, account).await? {
        if before.kind == Medium::RegionId {
            end(ctx, &before, MediumEnd::Replaced).await?;
        }
    }
    bind(ctx, key, account, &number, String::new(), BoundBy::Station, None).await.map(drop)
}

/// Binds a card somebody brings to the counter, by the number the reader there types: a transit card, or a sticker printed before.
///
/// # Errors
/// [`Error::MediumUnreadable`], [`Error::MediumChanging`], [`Error::MediumTaken`], [`Error::TooManyMedia`]; [`Error::Text`] for the label;
/// [`Error::AccountNotFound`]; the store's `Forbidden` for anyone but a clerk.
pub async fn bind_medium(ctx: &mut Ctx, key: &MediaKey, account: AccountId, typed: &str, label: &str) -> Result<BoundMedium> {
    ctx.allow(Permission::ServeCounter)?;
    let number = MediumNumber::read(typed)?;
    // What we give out is bound when it is made: a number of ours that is typed is somebody's already, or nobody's word.
    if number.kind() != Medium::TransitIc {
        return Err(Error::MediumTaken);
    }
    let label = rules::kept_text(label)?;
    people::find_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    bind(ctx, key, account, &number, label, BoundBy::Counter, None).await
}

/// Makes a QR code for an account: a sticker, or a pass that counts until the end of a day in Japan. The holder does so for themselves, a clerk for
/// whoever stands at the counter. The number is told this once.
///
/// # Errors
/// [`Error::MediumDay`] for a pass without a last day or with one that is past or more than a week away; [`Error::MediumUnreadable`] for what is not
/// made by us; [`Error::TooManyMedia`]; [`Error::Text`]; [`Error::AccountNotFound`]; the store's `Forbidden`.
pub async fn make_medium(
    ctx: &mut Ctx,
    key: &MediaKey,
    account: AccountId,
    kind: Medium,
    last_day: Option<Date>,
    label: &str,
) -> Result<(BoundMedium, MediumNumber)> {
    let by = if super::is_own(ctx, account) {
        ctx.allow(Permission::OwnAccount)?;
        BoundBy::Holder
    } else {
        ctx.allow(Permission::ServeCounter)?;
        BoundBy::Counter
    };
    people::open_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    let until_at = match (kind, last_day) {
        (Medium::Sticker, None) => None,
        (Medium::Temporary, Some(day)) => Some(end_of(ctx, day)?),
        (Medium::Sticker | Medium::Temporary, _) => return Err(Error::MediumDay),
        (Medium::RegionId | Medium::TransitIc, _) => return Err(Error::MediumUnreadable),
    };
    let number = MediumNumber::own(kind, secret::random()).ok_or(Error::MediumUnreadable)?;
    let label = rules::kept_text(label)?;
    let medium = bind(ctx, key, account, &number, label, by, until_at).await?;
    Ok((medium, number))
}

fn end_of(ctx: &Ctx, day: Date) -> Result<Timestamp> {
    let today = ctx.today();
    let last = today.saturating_add((TEMPORARY_DAYS - 1).days());
    if day < today || day > last {
        return Err(Error::MediumDay);
    }
    day.tomorrow().map(civil::start_of_day_in_japan).map_err(|_| Error::MediumDay)
}

async fn bind(
    ctx: &mut Ctx,
    key: &MediaKey,
    account: AccountId,
    number: &MediumNumber,
    label: String,
    bound_by: BoundBy,
    until_at: Option<Timestamp>,
) -> Result<BoundMedium> {
    let now = ctx.now();
    let live = store::of_account(ctx, account).await?.into_iter().filter(|medium| medium.is_live(now)).count();
    if live >= MOST {
        return Err(Error::TooManyMedia);
    }
    let medium = BoundMedium {
        id: MediumId::new(now),
        account,
        kind: number.kind(),
        label,
        bound_by,
        bound_at: now,
        until_at,
        ended_at: None,
        ended_why: None,
    };
    if !store::insert(ctx, &medium, key.of(number)).await? {
        return Err(Error::MediumTaken);
    }
    ctx.audit("medium.bound", Some(account.to_string()), medium.kind.word()).await?;
    ctx.record(MediumBound::KIND, &MediumBound { account, medium: medium.id }).await?;
    Ok(medium)
}

/// Gives the media of an account, ended ones too, to its holder, the house, or staff who may bind or end them.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn media_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<BoundMedium>> {
    if ctx.allow(Permission::ServeCounter).is_err() {
        super::own_or(ctx, account, Permission::EndCard)?;
    }
    store::of_account(ctx, account).await
}

/// Gives what has a number, or had it last. Rooms ask this for their own decisions; it tells nothing of the person.
///
/// # Errors
/// The store's.
pub async fn medium_of(ctx: &mut Ctx, key: &MediaKey, number: &MediumNumber) -> Result<Option<BoundMedium>> {
    store::by_number(ctx, key.of(number)).await
}

/// Lets a medium no longer count, at once: its holder, staff who may end cards, or the house. Twice changes nothing.
///
/// # Errors
/// [`Error::MediumNotFound`] when there is none or it is another's; the store's `Forbidden`.
pub async fn end_medium(ctx: &mut Ctx, id: MediumId, why: MediumEnd) -> Result<()> {
    if !matches!(ctx.actor, Actor::Holder(_) | Actor::System) {
        ctx.allow(Permission::EndCard)?;
    }
    let medium = store::find(ctx, id).await?.ok_or(Error::MediumNotFound)?;
    if matches!(ctx.actor, Actor::Holder(own) if own != medium.account) {
        return Err(Error::MediumNotFound);
    }
    end(ctx, &medium, why).await
}

/// Ends all media of an account, whoever asks.
pub(crate) async fn end_all(ctx: &mut Ctx, account: AccountId, why: MediumEnd) -> Result<()> {
    for medium in store::of_account(ctx, account).await? {
        end(ctx, &medium, why).await?;
    }
    Ok(())
}

async fn end(ctx: &mut Ctx, medium: &BoundMedium, why: MediumEnd) -> Result<()> {
    if store::end(ctx, medium.id, why).await? {
        ctx.audit("medium.ended", Some(medium.account.to_string()), why.as_str()).await?;
        ctx.record(MediumEnded::KIND, &MediumEnded { account: medium.account, medium: medium.id }).await?;
    }
    Ok(())
}
