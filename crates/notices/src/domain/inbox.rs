//! The inbox: what a person and the children they act for were told.

use std::collections::BTreeMap;

use store::{AccountId, Ctx, ResidentId};
use town::TopicId;

use super::dispositions::{may_read_childs, proof};
use super::holder;
use super::reach::people_of;
use crate::disposition::Disposition;
use crate::model::{Audience, Delivery, DeliveryId, Error, Notice, NoticeId, Result, State, Subscription, Way};
use crate::store as rows;

/// The most notices looked through.
pub(crate) const SHOWN_MAX: u32 = 500;

/// A notice in an inbox.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) delivery: Delivery,
    /// None for what a room has told.
    pub(crate) notice: Option<Notice>,
    /// What makes it a disposition.
    pub(crate) disposition: Option<Disposition>,
    /// It is a child's.
    pub(crate) of_child: bool,
    /// The same words to others of the family: they are shown once, and once read they are read.
    pub(crate) twins: Vec<DeliveryId>,
}

/// Whether two deliveries say the same to two of a family: a notice to many, without words or a file of their own.
fn is_same(one: &Delivery, other: &Delivery) -> bool {
    let plain = |delivery: &Delivery| delivery.fields.is_none() && delivery.document.is_none();
    one.notice.is_some() && one.notice == other.notice && plain(one) && plain(other)
}

/// Of these accounts, those that are told of a delivery: the resident's own, and those that act for them and may read it, unless they are told the same by
/// another delivery.
pub(crate) async fn who_reads(
    ctx: &mut Ctx,
    delivery: &Delivery,
    disposition: Option<&Disposition>,
    accounts: Vec<AccountId>,
) -> Result<Vec<AccountId>> {
    let Some(resident) = delivery.resident else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for account in accounts {
        let (own, wards) = people_of(ctx, account).await?;
        let reads = own == Some(resident) || wards.contains(&resident) && self::reads(ctx, account, delivery, true, disposition).await?;
        if reads && !told_for_another(ctx, delivery, own, &wards).await? {
            read.push(account);
        }
    }
    Ok(read)
}

/// Whether an account is told of a delivery to a child by another: the same to themself, or to a child before, that nobody has opened either.
async fn told_for_another(ctx: &mut Ctx, delivery: &Delivery, own: Option<ResidentId>, wards: &[ResidentId]) -> Result<bool> {
    let (Some(notice), Some(resident)) = (delivery.notice, delivery.resident) else { return Ok(false) };
    if own == Some(resident) {
        return Ok(false);
    }
    for other in own.into_iter().chain(wards.iter().copied().filter(|ward| *ward < resident)) {
        let found = rows::deliveries::of_notice(ctx, notice, other).await?;
        if found.iter().any(|other| other.opened_at.is_none() && is_same(delivery, other)) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Item {
    /// Takes in the same notice to another of the family; a person's own stands before a child's.
    fn join(&mut self, other: Delivery, of_child: bool) {
        if self.of_child && !of_child {
            self.twins.push(self.delivery.id);
            self.delivery = other;
            self.of_child = false;
        } else {
            self.twins.push(other.id);
        }
    }

    /// This delivery and its twins.
    pub(crate) fn all(&self) -> impl Iterator<Item = DeliveryId> + '_ {
        std::iter::once(self.delivery.id).chain(self.twins.iter().copied())
    }

    /// Whether the town has withdrawn it since.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.notice.as_ref().is_some_and(|notice| notice.state == State::Cancelled)
    }

    /// A person's own words of a list.
    /// Of a trial, the columns' names stand for them: nobody's words are shown to another.
    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        if let (Some(_), Some(Audience::List { columns })) = (self.delivery.trial_of, self.notice.as_ref().map(|notice| &notice.audience)) {
            return columns.iter().map(|column| (column.clone(), format!("〔{column}〕"))).collect();
        }
        self.delivery.fields.as_deref().and_then(|fields| serde_json::from_str(fields).ok()).unwrap_or_default()
    }
}

/// What the caller and the children they act for were told, the newest first.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn inbox(ctx: &mut Ctx) -> Result<Vec<Item>> {
    let account = holder(ctx)?;
    let (own, wards) = people_of(ctx, account).await?;
    let mut deliveries: Vec<(Delivery, bool)> = Vec::new();
    for delivery in rows::deliveries::of_account(ctx, account, SHOWN_MAX).await? {
        deliveries.push((delivery, false));
    }
    for (resident, of_child) in own.into_iter().map(|own| (own, false)).chain(wards.into_iter().map(|ward| (ward, true))) {
        for delivery in rows::deliveries::of_resident(ctx, resident, SHOWN_MAX).await? {
            deliveries.push((delivery, of_child));
        }
    }
    deliveries.sort_by_key(|(delivery, _)| std::cmp::Reverse((delivery.put_at, delivery.id)));
    deliveries.truncate(SHOWN_MAX as usize);
    let mut known: BTreeMap<NoticeId, (Notice, Option<Disposition>)> = BTreeMap::new();
    let mut items: Vec<Item> = Vec::with_capacity(deliveries.len());
    for (delivery, of_child) in deliveries {
        let (notice, disposition) = match delivery.notice.or(delivery.trial_of) {
            None => (None, None),
            Some(id) => {
                if let std::collections::btree_map::Entry::Vacant(new) = known.entry(id) {
                    new.insert(what(ctx, id).await?);
                }
                known.get(&id).cloned().map_or((None, None), |(notice, disposition)| (Some(notice), disposition))
            }
        };
        if !reads(ctx, account, &delivery, of_child, disposition.as_ref()).await? {
            continue;
        }
        let twin = |item: &&mut Item| is_same(&item.delivery, &delivery);
        match items.iter_mut().rev().find(twin) {
            Some(shown) => shown.join(delivery, of_child),
            None => items.push(Item { delivery, notice, disposition, of_child, twins: Vec::new() }),
        }
    }
    Ok(items)
}

/// A notice, and what makes it a disposition.
async fn what(ctx: &mut Ctx, id: NoticeId) -> Result<(Notice, Option<Disposition>)> {
    let notice = rows::notices::find(ctx, id).await?.ok_or(Error::Stored("notice"))?;
    // Only lists are.
    let disposition = match &notice.audience {
        Audience::List { .. } if notice.automatic.is_none() => rows::dispositions::of(ctx, id).await?,
        _ => None,
    };
    Ok((notice, disposition))
}

/// Whether the caller reads it: a child's disposition only who agreed to get it.
async fn reads(ctx: &mut Ctx, account: AccountId, delivery: &Delivery, of_child: bool, disposition: Option<&Disposition>) -> Result<bool> {
    match (of_child, delivery.resident, disposition) {
        (true, Some(child), Some(disposition)) => may_read_childs(ctx, account, child, disposition).await,
        _ => Ok(true),
    }
}

/// How many notices wait to be opened.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn unopened(ctx: &mut Ctx) -> Result<i64> {
    let account = holder(ctx)?;
    let (own, wards) = people_of(ctx, account).await?;
    if wards.len() > rows::deliveries::WARDS_COUNTED {
        let waiting = inbox(ctx).await?.iter().filter(|item| item.delivery.opened_at.is_none()).count();
        return Ok(i64::try_from(waiting).unwrap_or(i64::MAX));
    }
    let mut waiting = rows::deliveries::unopened(ctx, account, own).await?;
    if let Some(own) = own {
        for ward in &wards {
            waiting += rows::deliveries::unopened_of_ward(ctx, account, *ward, own, &wards).await?;
        }
    }
    Ok(waiting)
}

/// Notes that these were seen in the inbox: delivered, wherever no push service was quicker.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn seen(ctx: &mut Ctx, ids: &[DeliveryId]) -> Result<()> {
    holder(ctx)?;
    rows::deliveries::delivered(ctx, ids).await?;
    for id in ids {
        proof::delivered(ctx, *id).await?;
    }
    Ok(())
}

/// Opens a notice. Who opened a child's is in the trail, where the child's family reads it.
///
/// # Errors
/// [`Error::NotFound`] for another's; the store's `Forbidden`.
pub(crate) async fn open(ctx: &mut Ctx, id: DeliveryId) -> Result<(Item, Option<NoticeId>)> {
    let account = holder(ctx)?;
    let item = own(ctx, account, id).await?;
    for id in item.all() {
        rows::deliveries::opened(ctx, id, account).await?;
    }
    proof::opened(ctx, id, item.delivery.opened_at).await?;
    if let (true, Some(child)) = (item.of_child, item.delivery.resident) {
        ctx.audit("notice.opened", Some(child.to_string()), "guardian").await?;
    }
    let correction = match item.delivery.notice {
        Some(notice) => rows::notices::correction_of(ctx, notice).await?,
        None => None,
    };
    Ok((item, correction))
}

/// Says that a notice was read and understood.
///
/// # Errors
/// As [`open`].
pub(crate) async fn answer(ctx: &mut Ctx, id: DeliveryId) -> Result<()> {
    let account = holder(ctx)?;
    let item = own(ctx, account, id).await?;
    proof::opened(ctx, id, item.delivery.opened_at).await?;
    for id in item.all() {
        rows::deliveries::opened(ctx, id, account).await?;
        rows::deliveries::answered(ctx, id).await?;
    }
    Ok(())
}

/// Keeps a notice beyond the pack's years, or no more.
///
/// # Errors
/// As [`open`].
pub(crate) async fn keep(ctx: &mut Ctx, id: DeliveryId, kept: bool) -> Result<()> {
    let account = holder(ctx)?;
    own(ctx, account, id).await?;
    rows::deliveries::keep(ctx, id, kept).await
}

/// The file of a notice: name and bytes.
///
/// # Errors
/// As [`open`], also when it has none.
pub(crate) async fn document(ctx: &mut Ctx, id: DeliveryId) -> Result<(String, Vec<u8>)> {
    let account = holder(ctx)?;
    let item = own(ctx, account, id).await?;
    let document = item.delivery.document.ok_or(Error::NotFound)?;
    let found = rows::deliveries::document(ctx, document).await?.ok_or(Error::NotFound)?;
    rows::deliveries::opened(ctx, id, account).await?;
    proof::opened(ctx, id, item.delivery.opened_at).await?;
    Ok(found)
}

/// A notice that is the caller's, or of a child they act for today, with the same to others of the family.
async fn own(ctx: &mut Ctx, account: AccountId, id: DeliveryId) -> Result<Item> {
    let delivery = rows::deliveries::find(ctx, id).await?.ok_or(Error::NotFound)?;
    let (own, wards) = people_of(ctx, account).await?;
    let of_child = match (delivery.account, delivery.resident) {
        (Some(to), _) if to == account => false,
        (_, Some(resident)) if own == Some(resident) => false,
        (_, Some(resident)) if wards.contains(&resident) => true,
        _ => return Err(Error::NotFound),
    };
    let (mut notice, mut disposition, mut twins) = (None, None, Vec::new());
    if let Some(found) = delivery.notice {
        let (told, is) = what(ctx, found).await?;
        (notice, disposition) = (Some(told), is);
        if !reads(ctx, account, &delivery, of_child, disposition.as_ref()).await? {
            return Err(Error::NotFound);
        }
        for resident in own.into_iter().chain(wards).filter(|resident| Some(*resident) != delivery.resident) {
            let others = rows::deliveries::of_notice(ctx, found, resident).await?.into_iter();
            twins.extend(others.filter(|other| is_same(&delivery, other)).map(|other| other.id));
        }
    }
    if let Some(tried) = delivery.trial_of {
        notice = Some(rows::notices::find(ctx, tried).await?.ok_or(Error::Stored("notice"))?);
    }
    Ok(Item { delivery, notice, disposition, of_child, twins })
}

/// What a person has chosen about being told.
pub(crate) struct Choices {
    pub(crate) muted: Vec<String>,
    pub(crate) subscriptions: Vec<Subscription>,
}

/// What the caller has chosen.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn choices(ctx: &mut Ctx) -> Result<Choices> {
    let account = holder(ctx)?;
    Ok(Choices {
        muted: rows::subscriptions::muted(ctx, account).await?,
        subscriptions: rows::subscriptions::of_account(ctx, account).await?,
    })
}

/// Chooses of which topics one is pushed. Topics that are always told stay on.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn choose_topics(ctx: &mut Ctx, wanted: &[TopicId]) -> Result<()> {
    let account = holder(ctx)?;
    let town = ctx.town().clone();
    for topic in town.notice_topics.iter().filter(|topic| !topic.always) {
        rows::subscriptions::set_muted(ctx, account, topic.id.as_str(), !wanted.contains(&topic.id)).await?;
    }
    Ok(())
}

/// What this room holds of the caller, for who asks for a copy.
///
/// # Errors
/// Not the caller's own; the store's.
pub(crate) async fn export(ctx: &mut Ctx, account: AccountId) -> Result<serde_json::Value> {
    if holder(ctx)? != account {
        return Err(Error::NotFound);
    }
    let items = inbox(ctx).await?;
    let told = items.iter().map(|item| {
        serde_json::json!({
            "texts": item.notice.as_ref().map(|notice| &notice.texts),
            "own_words": item.fields(),
            "put_at": item.delivery.put_at,
            "delivered_at": item.delivery.delivered_at,
            "opened_at": item.delivery.opened_at,
            "answered_at": item.delivery.answered_at,
            "of_child": item.of_child,
            "disposition": item.disposition.as_ref().map(|is| serde_json::json!({ "kind": is.kind.as_str(), "number": is.number, "dated": is.dated })),
        })
    });
    let told: Vec<serde_json::Value> = told.collect();
    let agreed: Vec<serde_json::Value> = super::dispositions::consent::all(ctx).await?.iter().map(agreed).collect();
    let choices = choices(ctx).await?;
    let mail = addresses(ctx, Way::Mail).await?;
    let line = addresses(ctx, Way::Line).await?;
    Ok(serde_json::json!({
        "notices": told,
        "dispositions_agreed": agreed,
        "not_pushed_about": choices.muted,
        "browsers": choices.subscriptions.len(),
        "mail": mail,
        "line": line,
    }))
}

/// Where somebody asked to be told, for their copy.
async fn addresses(ctx: &mut Ctx, way: Way) -> Result<Vec<serde_json::Value>> {
    let all = super::addresses::of_caller(ctx, way).await?;
    Ok(all.iter().map(|address| serde_json::json!({ "address": address.address, "confirmed_at": address.confirmed_at })).collect())
}

/// What somebody agreed to, for their copy.
fn agreed(consent: &crate::disposition::Consent) -> serde_json::Value {
    serde_json::json!({
        "kind": consent.kind.as_str(),
        "words": consent.words,
        "language": consent.language,
        "agreed_at": consent.agreed_at,
        "ended_at": consent.ended_at,
    })
}
