//! The room's own tables, each query once.

use civil::Date;
use jiff::Timestamp;
use store::{AccountId, ResidentId, Result, Tx, params};
use town::{PlaceId, ProgrammeId};

use crate::model::{
    ApplicationId, Card, CardId, Decision, Ended, EntitlementId, Holding, HoldingId, How, OfflineUse, Share, ShareId, UseId,
};

macro_rules! holding {
    ($rest:literal) => {
        concat!(
            "select id, programme, resident, account, how, label, shared_by, created_at, ended_at, ended_why from cards_holding ",
            $rest
        )
    };
}

macro_rules! card {
    ($rest:literal) => {
        concat!(
            "select id, holding, phone, programme, resident, status_idx, status, credential, disclosures, issued_at, expires_at from cards_card ",
            $rest
        )
    };
}

/// What a decision asks of a card and of the right by which it is shown, in one look.
macro_rules! shown {
    ($rest:literal) => {
        concat!(
            "select c.id, c.holding, c.phone, c.programme, c.resident, c.status, c.credential, h.account, h.how, h.label, h.ended_at, h.ended_why
            from cards_card c join cards_holding h on h.id = c.holding ",
            $rest
        )
    };
}

// Here and not above: it reads cards by the same words.
pub(crate) mod neighbours;
pub(crate) mod wallets;

store::queries! {
    OPEN_ENTITLEMENTS = "select resident from cards_entitlement where programme = $1 and open_key is not null";
    OPEN_OF_RESIDENT = "select programme, from_day from cards_entitlement where resident = $1 and open_key is not null";
    INSERT_ENTITLEMENT = "insert into cards_entitlement (id, programme, resident, open_key, from_day) values ($1, $2, $3, $4, $5)
        on conflict (open_key) do nothing";
    END_ENTITLEMENT = "update cards_entitlement set open_key = null, until_day = $2, ended_why = $3 where open_key = $1";
    COUNT_ENTITLED = "select programme, count(*) from cards_entitlement where open_key is not null group by programme";
    COUNT_WITH_CARD = "select programme, count(distinct resident) from cards_card where live_key is not null group by programme";

    INSERT_APPLICATION = "insert into cards_application (id, open_key, programme, resident, account, name, at) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (open_key) do update set name = excluded.name, at = excluded.at";
    APPLICATION = "select name from cards_application where open_key = $1";
    END_APPLICATION = "update cards_application set open_key = null where open_key = $1";

    HOLDING_LIVE = holding!("where live_key = $1");
    HOLDING_BY_ID = holding!("where id = $1");
    HOLDINGS_OF_ACCOUNT = holding!("where account = $1 and (live_key is not null or ended_at > $2) order by created_at");
    HOLDINGS_OF_RESIDENT = holding!("where resident = $1 and live_key is not null order by created_at");
    HOLDINGS_OF_CARD = holding!("where resident = $1 and programme = $2 and live_key is not null order by created_at");
    /// What anybody holds of another person's card.
    HOLDINGS_OF_OTHERS = holding!("where how <> 'self' and live_key is not null order by resident, created_at");
    INSERT_HOLDING = "insert into cards_holding (id, live_key, programme, resident, account, how, label, shared_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (live_key) do nothing";
    END_HOLDING = "update cards_holding set live_key = null, ended_at = $2, ended_why = $3 where id = $1 and live_key is not null";

    CARD_BY_ID = card!("where id = $1");
    SHOWN_CARD = shown!("where c.id = $1");
    CARD_LIVE = card!("where live_key = $1");
    CARDS_OF_HOLDING = card!("where holding = $1 and status = 0");
    CARDS_OF_PHONE = card!("where phone = $1 and status = 0");
    /// Good still, but a newer one has taken its place.
    REPLACED_CARDS = card!("where phone = $1 and status = 0 and live_key is null");
    REPLACE_CARD = "update cards_card set live_key = null where id = $1 and live_key is not null";
    INSERT_CARD = "insert into cards_card (id, holding, phone, programme, resident, live_key, status_idx, status, credential, disclosures, issued_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11)";
    END_CARD = "update cards_card set live_key = null, status = $2, ended_at = $3 where id = $1 and status = 0";
    STATUS_TAKEN = "select 1 from cards_card where status_idx = $1";
    PLACES_TAKEN = "select status_idx from cards_card where status_idx is not null";
    FREE_PLACES = "update cards_card set status_idx = null where status_idx is not null and expires_at < $1";
    STATUS_TIP = "select count(*), coalesce(max(ended_at), 0) from cards_card where status <> 0";
    STATUS_ENDED = "select status_idx, status from cards_card where status <> 0 and expires_at > $1 and status_idx is not null";

    INSERT_SHARE = "insert into cards_share (id, code_hash, programme, resident, account, expires_at) values ($1, $2, $3, $4, $5, $6)";
    SHARE_BY_CODE = "select id, programme, resident, account, expires_at, joined_holding from cards_share where code_hash = $1";
    SHARE_BY_ID = "select id, programme, resident, account, expires_at, joined_holding from cards_share where id = $1";
    JOIN_SHARE = "update cards_share set joined_holding = $2 where id = $1 and joined_holding is null";

    INSERT_USE = "insert into cards_use (id, shown_key, at, day, received_at, place, online, accepted, refusal, why, card, programme, resident, age, knowledge_age_s, medium)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing";
    USE_BY_ID = "select place, accepted, refusal, why, card, programme, resident from cards_use where id = $1";
    USES_BY_DAY = "select day, programme, place, accepted, count(*) from cards_use where day >= $1 and day <= $2 group by day, programme, place, accepted order by day";
    USES_BY_AGE = "select programme, age / 10, count(*) from cards_use where day >= $1 and day <= $2 and accepted and age is not null group by programme, age / 10";
    USES_OF_RESIDENT = "select at, place, programme, medium, accepted from cards_use where resident = $1 order by at, id";
    USES_TODAY = "select programme, count(*) from cards_use where day = $1 and accepted and programme is not null group by programme";
}

pub(crate) fn key(programme: &ProgrammeId, resident: ResidentId) -> String {
    format!("{programme}/{resident}")
}

pub(crate) async fn open_entitlements(tx: &mut Tx, programme: &ProgrammeId) -> Result<Vec<(ResidentId,)>> {
    tx.query(OPEN_ENTITLEMENTS, params![programme]).await
}

pub(crate) async fn open_of_resident(tx: &mut Tx, resident: ResidentId) -> Result<Vec<(ProgrammeId, Date)>> {
    tx.query(OPEN_OF_RESIDENT, params![resident]).await
}

/// Opens many entitlements of one programme at once: `open_key` keeps a second from opening beside the first.
pub(crate) async fn open_all(tx: &mut Tx, programme: &ProgrammeId, residents: &[ResidentId], from: Date, now: Timestamp) -> Result<u64> {
    let mut rows =
        residents.iter().map(|resident| params![EntitlementId::new(now), programme, *resident, key(programme, *resident), from].to_vec());
    tx.bulk(INSERT_ENTITLEMENT, &mut rows).await
}

pub(crate) async fn end_entitlement(tx: &mut Tx, programme: &ProgrammeId, resident: ResidentId, until: Date, why: &str) -> Result<()> {
    tx.execute(END_ENTITLEMENT, params![key(programme, resident), until, why]).await.map(drop)
}

pub(crate) async fn counts(tx: &mut Tx, today: Date) -> Result<[Vec<(ProgrammeId, i64)>; 3]> {
    Ok([tx.query(COUNT_ENTITLED, &[]).await?, tx.query(COUNT_WITH_CARD, &[]).await?, tx.query(USES_TODAY, params![today]).await?])
}

pub(crate) async fn apply(
    tx: &mut Tx,
    programme: &ProgrammeId,
    resident: ResidentId,
    account: AccountId,
    name: Option<String>,
    now: Timestamp,
) -> Result<()> {
    let key = key(programme, resident);
    tx.execute(INSERT_APPLICATION, params![ApplicationId::new(now), key, programme, resident, account, name, now]).await.map(drop)
}

/// The application in force and the name that was checked with it.
pub(crate) async fn application(tx: &mut Tx, programme: &ProgrammeId, resident: ResidentId) -> Result<Option<Option<String>>> {
    Ok(tx.query_opt::<(Option<String>,)>(APPLICATION, params![key(programme, resident)]).await?.map(|(name,)| name))
}

pub(crate) async fn end_application(tx: &mut Tx, programme: &ProgrammeId, resident: ResidentId) -> Result<()> {
    tx.execute(END_APPLICATION, params![key(programme, resident)]).await.map(drop)
}

fn live_key(programme: &ProgrammeId, resident: ResidentId, account: AccountId) -> String {
    format!("{programme}/{resident}/{account}")
}

pub(crate) async fn live_holding(
    tx: &mut Tx,
    programme: &ProgrammeId,
    resident: ResidentId,
    account: AccountId,
) -> Result<Option<Holding>> {
    tx.query_opt(HOLDING_LIVE, params![live_key(programme, resident, account)]).await
}

pub(crate) async fn holding(tx: &mut Tx, id: HoldingId) -> Result<Option<Holding>> {
    tx.query_opt(HOLDING_BY_ID, params![id]).await
}

/// Live holdings, and those that ended after `ended_since`, so that the phone can still say why.
pub(crate) async fn holdings_of_account(tx: &mut Tx, account: AccountId, ended_since: Timestamp) -> Result<Vec<Holding>> {
    tx.query(HOLDINGS_OF_ACCOUNT, params![account, ended_since]).await
}

pub(crate) async fn holdings_of_resident(tx: &mut Tx, resident: ResidentId) -> Result<Vec<Holding>> {
    tx.query(HOLDINGS_OF_RESIDENT, params![resident]).await
}

pub(crate) async fn holdings_of_others(tx: &mut Tx) -> Result<Vec<Holding>> {
    tx.query(HOLDINGS_OF_OTHERS, &[]).await
}

pub(crate) async fn holdings_of_card(tx: &mut Tx, resident: ResidentId, programme: &ProgrammeId) -> Result<Vec<Holding>> {
    tx.query(HOLDINGS_OF_CARD, params![resident, programme]).await
}

pub(crate) async fn insert_holding(tx: &mut Tx, holding: &Holding) -> Result<bool> {
    let key = live_key(&holding.programme, holding.resident, holding.account);
    let values = params![
        holding.id,
        key,
        &holding.programme,
        holding.resident,
        holding.account,
        holding.how,
        holding.label.as_str(),
        holding.shared_by,
        holding.created_at
    ];
    Ok(tx.execute(INSERT_HOLDING, values).await? == 1)
}

pub(crate) async fn end_holding(tx: &mut Tx, id: HoldingId, now: Timestamp, why: Ended) -> Result<bool> {
    Ok(tx.execute(END_HOLDING, params![id, now, why]).await? == 1)
}

pub(crate) async fn card(tx: &mut Tx, id: CardId) -> Result<Option<Card>> {
    tx.query_opt(CARD_BY_ID, params![id]).await
}

/// A card as a decision sees it, with the right by which it is shown.
pub(crate) struct ShownCard {
    pub(crate) id: CardId,
    pub(crate) holding: HoldingId,
    pub(crate) phone: identity::PhoneId,
    pub(crate) programme: ProgrammeId,
    pub(crate) resident: ResidentId,
    pub(crate) status: i32,
    pub(crate) credential: Vec<u8>,
    pub(crate) account: AccountId,
    pub(crate) how: How,
    pub(crate) label: String,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) ended_why: Option<Ended>,
}

store::from_row!(ShownCard { id, holding, phone, programme, resident, status, credential, account, how, label, ended_at, ended_why });

pub(crate) async fn shown_card(tx: &mut Tx, id: CardId) -> Result<Option<ShownCard>> {
    tx.query_opt(SHOWN_CARD, params![id]).await
}

pub(crate) async fn live_card(tx: &mut Tx, holding: HoldingId, phone: identity::PhoneId) -> Result<Option<Card>> {
    tx.query_opt(CARD_LIVE, params![format!("{holding}/{phone}")]).await
}

pub(crate) async fn cards_of_holding(tx: &mut Tx, holding: HoldingId) -> Result<Vec<Card>> {
    tx.query(CARDS_OF_HOLDING, params![holding]).await
}

pub(crate) async fn cards_of_phone(tx: &mut Tx, phone: identity::PhoneId) -> Result<Vec<Card>> {
    tx.query(CARDS_OF_PHONE, params![phone]).await
}

/// A phone's cards that are good still although a newer one has taken their place.
pub(crate) async fn replaced_cards(tx: &mut Tx, phone: identity::PhoneId) -> Result<Vec<Card>> {
    tx.query(REPLACED_CARDS, params![phone]).await
}

/// Makes way for a newer card of the same holding in the same phone; this one stays good.
pub(crate) async fn replace_card(tx: &mut Tx, id: CardId) -> Result<()> {
    tx.execute(REPLACE_CARD, params![id]).await.map(drop)
}

pub(crate) async fn insert_card(tx: &mut Tx, card: &Card) -> Result<()> {
    let key = format!("{}/{}", card.holding, card.phone);
    let values = params![
        card.id,
        card.holding,
        card.phone,
        &card.programme,
        card.resident,
        key,
        card.status_idx,
        card.credential.as_slice(),
        card.disclosures.as_str(),
        card.issued_at,
        card.expires_at
    ];
    tx.execute(INSERT_CARD, values).await.map(drop)
}

pub(crate) async fn end_card(tx: &mut Tx, id: CardId, status: i32, now: Timestamp) -> Result<()> {
    tx.execute(END_CARD, params![id, status, now]).await.map(drop)
}

pub(crate) async fn status_taken(tx: &mut Tx, idx: i64) -> Result<bool> {
    Ok(tx.query_opt::<(i64,)>(STATUS_TAKEN, params![idx]).await?.is_some())
}

pub(crate) async fn places_taken(tx: &mut Tx) -> Result<Vec<(i64,)>> {
    tx.query(PLACES_TAKEN, &[]).await
}

/// Gives the places of cards that were past before a moment back.
pub(crate) async fn free_places(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute(FREE_PLACES, params![before]).await
}

/// Changes whenever a card ends: how many have, and when the last did.
pub(crate) async fn status_tip(tx: &mut Tx) -> Result<(i64, i64)> {
    tx.query_one(STATUS_TIP, &[]).await
}

pub(crate) async fn status_ended(tx: &mut Tx, now: Timestamp) -> Result<Vec<(i64, i64)>> {
    tx.query(STATUS_ENDED, params![now]).await
}

pub(crate) async fn insert_share(tx: &mut Tx, share: &Share, code_hash: &[u8]) -> Result<()> {
    let values = params![share.id, code_hash, &share.programme, share.resident, share.account, share.expires_at];
    tx.execute(INSERT_SHARE, values).await.map(drop)
}

pub(crate) async fn share_by_code(tx: &mut Tx, code_hash: &[u8]) -> Result<Option<Share>> {
    tx.query_opt(SHARE_BY_CODE, params![code_hash]).await
}

pub(crate) async fn share(tx: &mut Tx, id: ShareId) -> Result<Option<Share>> {
    tx.query_opt(SHARE_BY_ID, params![id]).await
}

pub(crate) async fn join_share(tx: &mut Tx, id: ShareId, holding: HoldingId) -> Result<bool> {
    Ok(tx.execute(JOIN_SHARE, params![id, holding]).await? == 1)
}

/// How an answer was given, for its line.
pub(crate) struct Given<'a> {
    pub(crate) place: &'a PlaceId,
    pub(crate) at: Timestamp,
    pub(crate) received_at: Timestamp,
    pub(crate) card: Option<CardId>,
    pub(crate) age: Option<i32>,
    /// Card and nonce, for an online yes: the same presentation is never accepted twice.
    pub(crate) shown_key: Option<String>,
    /// How old the place's knowledge was; none for an online answer.
    pub(crate) knowledge_age_s: Option<i64>,
    /// What was laid on a reader in place of a phone.
    pub(crate) medium: Option<town::Medium>,
}

/// Writes an answer's line; false when it, or the same presentation, is there already.
pub(crate) async fn insert_use(tx: &mut Tx, decision: &Decision, given: &Given<'_>) -> Result<bool> {
    let (refusal, why) = refusal_columns(decision.refusal.as_ref());
    let values = params![
        decision.id,
        given.shown_key.clone(),
        given.at,
        civil::day_in_japan(given.at),
        given.received_at,
        given.place,
        given.knowledge_age_s.is_none(),
        decision.accepted(),
        refusal,
        why,
        given.card,
        decision.programme.as_ref(),
        decision.resident,
        given.age,
        given.knowledge_age_s,
        given.medium.map(town::Medium::word)
    ];
    Ok(tx.execute(INSERT_USE, values).await? == 1)
}

/// A refusal as its code and, where it has one, its reason.
pub(crate) fn refusal_columns(refusal: Option<&credential::Refusal>) -> (Option<String>, Option<String>) {
    let why = refusal.and_then(|refusal| serde_json::to_value(refusal).ok()?.get("why")?.as_str().map(str::to_owned));
    (refusal.map(|refusal| refusal.code().to_owned()), why)
}

#[derive(Debug)]
pub(crate) struct GivenBefore {
    pub(crate) place: PlaceId,
    pub(crate) accepted: bool,
    pub(crate) refusal: Option<String>,
    pub(crate) why: Option<String>,
    pub(crate) card: Option<CardId>,
    pub(crate) programme: Option<ProgrammeId>,
    pub(crate) resident: Option<ResidentId>,
}

store::from_row!(GivenBefore { place, accepted, refusal, why, card, programme, resident });

pub(crate) async fn given_before(tx: &mut Tx, id: UseId) -> Result<Option<GivenBefore>> {
    tx.query_opt(USE_BY_ID, params![id]).await
}

/// Counts of a span of days: day, programme, place, accepted, uses.
pub(crate) type UseRow = (Date, Option<ProgrammeId>, PlaceId, bool, i64);

pub(crate) async fn uses_by_day(tx: &mut Tx, from: Date, until: Date) -> Result<Vec<UseRow>> {
    tx.query(USES_BY_DAY, params![from, until]).await
}

/// Accepted uses of a span of days: programme, decade of age, uses.
pub(crate) async fn uses_by_age(tx: &mut Tx, from: Date, until: Date) -> Result<Vec<(Option<ProgrammeId>, i64, i64)>> {
    tx.query(USES_BY_AGE, params![from, until]).await
}

/// A use of a person's cards: when, where, of what, by what in place of a phone, yes or no.
pub(crate) type OwnUse = (Timestamp, PlaceId, Option<ProgrammeId>, Option<String>, bool);

pub(crate) async fn uses_of_resident(tx: &mut Tx, resident: ResidentId) -> Result<Vec<OwnUse>> {
    tx.query(USES_OF_RESIDENT, params![resident]).await
}

impl OfflineUse {
    /// As a decision, with whose card it was.
    pub(crate) fn as_decision(&self, resident: Option<ResidentId>) -> Decision {
        let refusal = self.refusal.or(if self.accepted { None } else { Some(credential::Refusal::Malformed) });
        Decision { id: self.id, refusal, programme: self.programme.clone(), resident, valid_until: None, shown: Vec::new() }
    }
}

/// The label of an own card needs no words: the pages put the holder's name there.
pub(crate) fn label_of(how: How, name: Option<&str>) -> String {
    match how {
        How::Own => String::new(),
        How::Guardian | How::Shared | How::Proxy => name.unwrap_or_default().to_owned(),
    }
}
