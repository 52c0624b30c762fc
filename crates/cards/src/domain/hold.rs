//! Who may show which card, and the cards in their phones.

use civil::Date;
use jiff::SignedDuration;
use serde::Serialize;
use store::{AccountId, Actor, Ctx, Permission, ResidentId};
use town::{Apply, Programme, ShownBy};

use crate::domain::issue::Office;
use crate::domain::status::{STATUS_ENDED, STATUS_PHONE_ENDED};
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
    let mut views = Vec::new();
    for holding in rows::holdings_of_account(ctx.tx(), account, since).await? {
        if holding.how == How::Guardian && holding.ended_at.is_none() && !is_still_ward(ctx, holding.resident).await? {
            end_holding(ctx, &holding, Ended::NoLongerGuardian).await?;
            continue;
        }
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

/// Whether a parent still acts for this person today.
async fn is_still_ward(ctx: &mut Ctx, resident: ResidentId) -> Result<bool> {
    let today = ctx.today();
    let known = people::known(ctx, resident).await?;
    Ok(known.and_then(|known| known.date_of_birth).is_some_and(|born| registry::is_ward(born, today)))
}

async fn view(ctx: &mut Ctx, office: &Office, holding: Holding, phone: Option<identity::PhoneId>) -> Result<CardView> {
    let town = ctx.town().clone();
    let today = ctx.today();
    let known = people::known(ctx, holding.resident).await?;
    let programme = town.programme(&holding.programme);
    let valid_until = known.as_ref().zip(programme).and_then(|(known, programme)| rules::valid_until(programme, &known.person, today));
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

/// Gives the account the cards that appear by themselves: its own, and its children's that were applied for or need no application.
async fn hold_what_is_due(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    let Some(me) = people::resident_of(ctx, account).await? else { return Ok(()) };
    due_for(ctx, account, me, How::Own).await?;
    for child in registry::wards_of(ctx, me).await? {
        due_for(ctx, account, child.id, How::Guardian).await?;
    }
    Ok(())
}

async fn due_for(ctx: &mut Ctx, account: AccountId, resident: ResidentId, how: How) -> Result<()> {
    let town = ctx.town().clone();
    let today = ctx.today();
    let Some(known) = people::known(ctx, resident).await? else { return Ok(()) };
    let who = if how == How::Own { ShownBy::Own } else { ShownBy::Guardian };
    for programme in town.programmes.iter().filter(|programme| programme.may_be_shown_by(who)) {
        if !rules::entitled(programme, &known.person, today)
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
        hold(ctx, programme, resident, account, how, rows::label_of(how, name.as_deref()), None).await?;
    }
    Ok(())
}

/// Lets an account show a resident's card from now on.
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
    let others = rows::holdings_of_card(ctx.tx(), resident, &programme.id).await?;
    if others.len() >= usize::try_from(programme.max_holders).unwrap_or(usize::MAX) {
        return Err(Error::TooManyHolders);
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

/// Ends a holding and every card of it, so that the next scan says no and why.
///
/// # Errors
/// The store's.
pub(crate) async fn end_holding(ctx: &mut Ctx, holding: &Holding, why: Ended) -> Result<()> {
    let now = ctx.now();
    if !rows::end_holding(ctx.tx(), holding.id, now, why).await? {
        return Ok(());
    }
    for card in rows::cards_of_holding(ctx.tx(), holding.id).await? {
        end_one_card(ctx, &card, why).await?;
    }
    ctx.record("cards.ended", &Happened { holding: holding.id, programme: &holding.programme, why: Some(why) }).await?;
    Ok(())
}

/// Ends one phone's card; its place in the status list says so offline.
pub(crate) async fn end_one_card(ctx: &mut Ctx, card: &Card, why: Ended) -> Result<()> {
    let status = if why == Ended::PhoneEnded { STATUS_PHONE_ENDED } else { STATUS_ENDED };
    let now = ctx.now();
    rows::end_card(ctx.tx(), card.id, status, now).await?;
    Ok(())
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
