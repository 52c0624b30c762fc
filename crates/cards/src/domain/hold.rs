//! Who may show which card, and the cards in their phones.

use civil::Date;
use jiff::SignedDuration;
use serde::Serialize;
use store::{AccountId, Actor, Ctx, Permission, ResidentId};
use town::{Apply, Programme, ProgrammeId};

use crate::domain::guardian::Right;
use crate::domain::issue::Office;
use crate::domain::share::Sharer;
use crate::domain::status::{STATUS_ENDED, STATUS_PHONE_ENDED};
use crate::domain::{guardian, share};
use crate::model::{Card, Ended, Error, Holding, HoldingId, How, Result};
use crate::{people, rules, store as rows};

/// How long a phone still says why a card is gone.
const TELL_ENDED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A card as its holder sees it.
#[derive(Debug, Clone)]
pub struct CardView {
    /// The right to show it.
    pub holding: Holding,
    /// The holder's or child's name, if known.
    pub name: Option<String>,
    /// The entitled person's birthday, to tell siblings apart; not for cards of others.
    pub date_of_birth: Option<Date>,
    /// The last day, if it has one.
    pub valid_until: Option<Date>,
    /// The card in this phone, when a phone was named and the card is live.
    pub card: Option<Held>,
}

/// A card as the phone keeps it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its id.
    pub id: crate::model::CardId,
    /// The credential.
    pub credential: Vec<u8>,
    /// What opens its digests, JSON.
    pub disclosures: String,
}

impl CardView {
    /// Whether it can be shown.
    pub fn is_live(&self) -> bool {
        self.holding.ended_at.is_none()
    }
}

/// Takes note of the phone that asks with a session, so that both end together.
///
/// # Errors
/// [`Error::PhoneEnded`] when nobody is signed in and the phone was ended, so that its screen can say so; [`Error::NoSuchPhone`] when the phone is
/// not this session's or no longer trusted; the store's.
pub async fn asks_from(ctx: &mut Ctx, session: Option<identity::SessionId>, phone: identity::PhoneId) -> Result<()> {
    let Some(session) = session else {
        let known = identity::phone(ctx, phone).await?;
        return if known.is_some_and(|phone| phone.ended_at.is_some()) { Err(Error::PhoneEnded) } else { Ok(()) };
    };
    match identity::speak_for(ctx, session, phone).await {
        Err(identity::Error::PhoneNotFound) => Err(Error::NoSuchPhone),
        done => Ok(done?),
    }
}

/// Gives the caller's cards, and in the named phone those it lacks or whose time is nearly up are issued.
///
/// # Errors
/// Not permitted; [`Error::NoSuchPhone`]; signing's; the store's.
pub async fn my_cards(ctx: &mut Ctx, office: &Office, phone: Option<identity::PhoneId>) -> Result<Vec<CardView>> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NotLinked) };
    if let Some(phone) = phone {
        let known = identity::phone(ctx, phone).await?;
        known.filter(|phone| phone.account == account && phone.ended_at.is_none()).ok_or(Error::NoSuchPhone)?;
    }
    hold_what_is_due(ctx, account).await?;
    let since = ctx.now() - TELL_ENDED;
    let held = rows::holdings_of_account(ctx.tx(), account, since).await?;
    for holding in held.iter().filter(|holding| holding.ended_at.is_none()) {
        if let Some(why) = guardian::lost(ctx, holding).await? {
            end_holding(ctx, holding, why).await?;
        }
    }
    let mut views = Vec::new();
    for holding in rows::holdings_of_account(ctx.tx(), account, since).await? {
        views.push(view(ctx, office, holding, phone).await?);
    }
    // What was asked for or shared comes first: it is what people open the app for.
    let town = ctx.town().clone();
    let asked_for =
        |view: &CardView| town.programme(&view.holding.programme).is_some_and(|programme| programme.apply == Apply::Application);
    views.sort_by_key(|view| {
        let first = asked_for(view) || view.holding.how == How::Shared;
        (!view.is_live(), !first, view.holding.how != How::Own, std::cmp::Reverse(view.holding.created_at))
    });
    Ok(views)
}

async fn view(ctx: &mut Ctx, office: &Office, holding: Holding, phone: Option<identity::PhoneId>) -> Result<CardView> {
    let town = ctx.town().clone();
    let today = ctx.today();
    let known = people::known(ctx, holding.resident).await?;
    let programme = town.programme(&holding.programme);
    // Of a card that ended nothing new is said.
    let valid_until = match (&known, programme) {
        (Some(known), Some(programme)) if holding.ended_at.is_none() => rules::valid_until(programme, &known.person, today),
        _ => None,
    };
    let name = people::name_of(ctx, &holding).await?;
    let card = match (phone, holding.ended_at, programme, &known) {
        (Some(phone), None, Some(programme), Some(known)) => {
            Some(office.card_for(ctx, &holding, phone, programme, known, name.as_deref(), valid_until).await?)
        }
        _ => None,
    };
    let date_of_birth = known.filter(|_| holding.how != How::Shared).and_then(|known| known.date_of_birth);
    let card = card.map(|card| Held { id: card.id, credential: card.credential, disclosures: card.disclosures });
    Ok(CardView { holding, name, date_of_birth, valid_until, card })
}

/// A card that should be an account's and is not yet.
struct Due {
    programme: ProgrammeId,
    resident: ResidentId,
    how: How,
    label: String,
    /// For whom the account acts.
    principal: Option<AccountId>,
}

/// Finds the cards that appear by themselves: the account's own, and its children's that were applied for or need no application.
async fn due(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Due>> {
    let mut due = Vec::new();
    for right in guardian::rights_of(ctx, account).await? {
        due.extend(due_by(ctx, account, &right).await?);
    }
    Ok(due)
}

async fn due_by(ctx: &mut Ctx, account: AccountId, right: &Right) -> Result<Vec<Due>> {
    let Right { resident, how, assurance, .. } = *right;
    let principal = right.proxy.as_ref().map(|proxy| proxy.principal);
    let (town, today) = (ctx.town().clone(), ctx.today());
    let Some(known) = people::known(ctx, resident).await? else { return Ok(Vec::new()) };
    // Who declared the caller is called by the name their own proof gave.
    let principals_name = match principal {
        Some(principal) => identity::label_of(ctx, principal).await?,
        None => None,
    };
    let mut due = Vec::new();
    for programme in town.programmes.iter().filter(|programme| right.allows(programme)) {
        if !assurance.meets(programme.proof)
            || !rules::entitled(programme, &known.person, today)
            || rows::live_holding(ctx.tx(), &programme.id, resident, account).await?.is_some()
        {
            continue;
        }
        let name = match programme.apply {
            Apply::Automatic => None,
            Apply::Application => match rows::application(ctx.tx(), &programme.id, resident).await? {
                Some(name) => name,
                None => continue,
            },
        };
        let name = if principal.is_some() { principals_name.clone() } else { name };
        due.push(Due { programme: programme.id.clone(), resident, how, label: rows::label_of(how, name.as_deref()), principal });
    }
    Ok(due)
}

/// Gives the account what is due; where all places are taken, what it holds else stays as good as it was.
async fn hold_what_is_due(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let town = ctx.town().clone();
    for due in due(ctx, account).await? {
        let Some(programme) = town.programme(&due.programme) else { continue };
        match hold(ctx, programme, due.resident, account, due.how, due.label, due.principal).await {
            Ok(_) | Err(Error::TooManyHolders) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A card that is due to the caller, but held by as many as allowed.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The programme.
    pub programme: ProgrammeId,
    /// By what right it is due.
    pub how: How,
    /// Who holds it, for the entitled person, who may end any of them; a guardian is told only that it is so.
    pub holders: Vec<Sharer>,
}

/// Gives what is due to the caller and held by as many as allowed: what [`my_cards`] left out.
///
/// # Errors
/// Not permitted; the store's.
pub async fn places_taken(ctx: &mut Ctx) -> Result<Vec<Taken>> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NotLinked) };
    let mut taken = Vec::new();
    for due in due(ctx, account).await? {
        let mut holders = Vec::new();
        if due.how == How::Own {
            for holding in rows::holdings_of_card(ctx.tx(), due.resident, &due.programme).await? {
                holders.push(share::sharer(ctx, &holding, account, true).await?);
            }
        }
        taken.push(Taken { programme: due.programme, how: due.how, holders });
    }
    Ok(taken)
}

/// Ends what somebody holds of the caller's own card, to have a place for the caller: of a phone they used under another account, or of the family.
///
/// # Errors
/// [`Error::NoSuchCard`] unless it is a live card of the person the caller is; the store's.
pub async fn make_room(ctx: &mut Ctx, holding: HoldingId) -> Result<()> {
    ctx.allow(Permission::OwnAccount)?;
    let Actor::Holder(account) = ctx.actor else { return Err(Error::NoSuchCard) };
    let me = people::holder_of(ctx, account).await?.ok_or(Error::NoSuchCard)?;
    let held = rows::holding(ctx.tx(), holding).await?.filter(|held| held.ended_at.is_none() && held.resident == me);
    let held = held.ok_or(Error::NoSuchCard)?;
    end_holding(ctx, &held, Ended::MadeRoom).await?;
    ctx.audit("card.ended", Some(held.resident.to_string()), held.programme.as_str()).await?;
    Ok(())
}

/// Lets an account show a resident's card from now on. The entitled person comes first: who holds it for or from them makes room, the newest share
/// before guardians.
///
/// # Errors
/// [`Error::TooManyHolders`]; the store's.
pub(crate) async fn hold(
    ctx: &mut Ctx,
    programme: &Programme,
    resident: ResidentId,
    account: AccountId,
    how: How,
    label: String,
    shared_by: Option<AccountId>,
) -> Result<Holding> {
    let most = usize::try_from(programme.max_holders).unwrap_or(usize::MAX);
    let others = rows::holdings_of_card(ctx.tx(), resident, &programme.id).await?;
    let firm = others.iter().filter(|other| how != How::Own || other.how == How::Own).count();
    if firm >= most {
        return Err(Error::TooManyHolders);
    }
    let mut yielding: Vec<Holding> = others.into_iter().filter(|other| how == How::Own && other.how != How::Own).collect();
    yielding.sort_by_key(|other| (other.how == How::Guardian, std::cmp::Reverse(other.created_at)));
    let over = (firm + yielding.len() + 1).saturating_sub(most);
    for other in yielding.iter().take(over) {
        end_holding(ctx, other, Ended::MadeRoom).await?;
    }
    let now = ctx.now();
    let holding = Holding {
        id: HoldingId::new(now),
        programme: programme.id.clone(),
        resident,
        account,
        how,
        label,
        shared_by,
        created_at: now,
        ended_at: None,
        ended_why: None,
    };
    if !rows::insert_holding(ctx.tx(), &holding).await? {
        return rows::live_holding(ctx.tx(), &programme.id, resident, account).await?.ok_or(Error::NoSuchCard);
    }
    ctx.record("cards.held", &Happened { holding: holding.id, programme: &holding.programme, why: None }).await?;
    Ok(holding)
}

#[derive(Serialize)]
struct Happened<'a> {
    holding: HoldingId,
    programme: &'a town::ProgrammeId,
    why: Option<Ended>,
}

/// Ends a holding and every card of it, so that the next scan says no and why; what was shared by the same right ends with it.
///
/// # Errors
/// The store's.
pub(crate) async fn end_holding(ctx: &mut Ctx, holding: &Holding, why: Ended) -> Result<()> {
    let ended = end_alone(ctx, holding, why).await?;
    // An entitlement that is over ends all holdings of the card itself, each for that reason.
    if !ended || holding.how == How::Shared || why == Ended::NotEntitled {
        return Ok(());
    }
    for shared in rows::holdings_of_card(ctx.tx(), holding.resident, &holding.programme).await? {
        if shared.how == How::Shared && shared.shared_by == Some(holding.account) {
            end_alone(ctx, &shared, Ended::SourceEnded).await?;
        }
    }
    Ok(())
}

async fn end_alone(ctx: &mut Ctx, holding: &Holding, why: Ended) -> Result<bool> {
    let now = ctx.now();
    if !rows::end_holding(ctx.tx(), holding.id, now, why).await? {
        return Ok(false);
    }
    for card in rows::cards_of_holding(ctx.tx(), holding.id).await? {
        end_one_card(ctx, &card, why).await?;
    }
    ctx.record("cards.ended", &Happened { holding: holding.id, programme: &holding.programme, why: Some(why) }).await?;
    Ok(true)
}

/// Ends one phone's card; its place in the status list says so offline.
pub(crate) async fn end_one_card(ctx: &mut Ctx, card: &Card, why: Ended) -> Result<()> {
    let status = if why == Ended::PhoneEnded { STATUS_PHONE_ENDED } else { STATUS_ENDED };
    let now = ctx.now();
    rows::end_card(ctx.tx(), card.id, status, now).await?;
    Ok(())
}

/// Gives the cards that are shown for a resident, by whomever; the look is recorded.
///
/// # Errors
/// Not permitted, or nobody the caller may know of; the store's.
pub async fn cards_of_resident(ctx: &mut Ctx, resident: ResidentId) -> Result<Vec<Holding>> {
    ctx.allow(Permission::EndCard)?;
    registry::see_resident(ctx, resident).await?;
    Ok(rows::holdings_of_resident(ctx.tx(), resident).await?)
}

/// Ends a resident's card in all phones, at the counter.
///
/// # Errors
/// Not permitted; [`Error::NoSuchCard`]; the store's.
pub async fn end_by_clerk(ctx: &mut Ctx, holding: HoldingId) -> Result<()> {
    ctx.allow(Permission::EndCard)?;
    let holding = rows::holding(ctx.tx(), holding).await?.filter(|holding| holding.ended_at.is_none()).ok_or(Error::NoSuchCard)?;
    end_holding(ctx, &holding, Ended::ByClerk).await?;
    ctx.audit("card.ended", Some(holding.resident.to_string()), holding.programme.as_str()).await?;
    Ok(())
}
