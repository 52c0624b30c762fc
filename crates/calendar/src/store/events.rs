use civil::Date;
use store::{AccountId, Ctx, FromRow, Row, Value, params};
use town::{CalendarFeedId, Language};

use crate::model::{Details, Event, EventId, Result, Said, Seat, SeatState, Texts};

macro_rules! event {
    ($rest:literal) => {
        concat!(
            "select id, key, title, title_en, about, place, starts_on, ends_on, starts_at, ends_at, url, who, capacity, apply_from, apply_until, taken,
            cancelled_at, changed_at, feed, others from calendar_event ",
            $rest
        )
    };
}

store::queries! {
    ONE = event!("where id = $1");
    OF_KEY = event!("where key = $1");
    BETWEEN = event!("where starts_on <= $2 and ends_on >= $1 order by starts_on, starts_at, id");
    OF_ACCOUNT = event!("where id in (select event from calendar_seat where account = $1) and ends_on >= $2 order by starts_on, starts_at, id");
    INSERT = "insert into calendar_event (id, title, title_en, about, place, starts_on, ends_on, starts_at, ends_at, url, who, capacity, apply_from, apply_until,
        changed_at, others, key, feed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    CHANGE = "update calendar_event set title = $2, title_en = $3, about = $4, place = $5, starts_on = $6, ends_on = $7, starts_at = $8, ends_at = $9,
        url = $10, who = $11, capacity = $12, apply_from = $13, apply_until = $14, changed_at = $15, others = $16 where id = $1";
    CANCEL = "update calendar_event set cancelled_at = $2, changed_at = $2 where id = $1 and cancelled_at is null";

    IMPORTED = event!("where key is not null and feed is null and cancelled_at is null and ends_on >= $1 order by starts_on, id");
    OF_FEED = event!("where feed = $1 order by id");
    SET_CANCELLED = "update calendar_event set cancelled_at = $2, changed_at = $3 where id = $1";
    /// Nobody registers for what is of others, so nobody sits there.
    DELETE = "delete from calendar_event where id = $1 and feed is not null";
    FEEDS = "select distinct feed from calendar_event where feed is not null";

    /// Takes a place if there is one: whoever comes second at the same moment waits for the row and finds the count as it is then.
    TAKE = "update calendar_event set taken = taken + 1 where id = $1 and cancelled_at is null and (capacity is null or taken < capacity)";
    GIVE_BACK = "update calendar_event set taken = taken - 1 where id = $1 and taken > 0";
    /// Holds the event's row until the change ends, so that turns are given one after another.
    HOLD = "update calendar_event set taken = taken where id = $1";
    NEXT_NUMBER = "select coalesce(max(number), 0) + 1 from calendar_seat where event = $1";
    SIT = "insert into calendar_seat (event, account, state, number, at) values ($1, $2, $3, $4, $5) on conflict (event, account) do nothing";
    SEAT = "select event, account, state, number, at from calendar_seat where event = $1 and account = $2";
    SEATS = "select event, account, state, number, at from calendar_seat where event = $1 order by state, number";
    SEATS_OF = "select event, account, state, number, at from calendar_seat where account = $1 order by at";
    FIRST_WAITING = "select event, account, state, number, at from calendar_seat where event = $1 and state = 'waiting' order by number limit 1";
    MOVE_UP = "update calendar_seat set state = 'placed' where event = $1 and account = $2";
    STAND_UP = "delete from calendar_seat where event = $1 and account = $2";
}

impl FromRow for Event {
    fn from_row(row: &Row) -> store::Result<Self> {
        let who: String = row.get(11)?;
        // What was kept was read once; nobody may register for what cannot be read any more.
        let who = who.parse().unwrap_or(crate::model::Who::Nobody);
        let details = Details {
            texts: texts(row)?,
            starts_on: row.get(6)?,
            ends_on: row.get(7)?,
            starts_at: row.get(8)?,
            ends_at: row.get(9)?,
            url: row.get(10)?,
            who,
            capacity: row.get(12)?,
            apply_from: row.get(13)?,
            apply_until: row.get(14)?,
        };
        Ok(Self {
            id: row.get(0)?,
            key: row.get(1)?,
            details,
            taken: row.get(15)?,
            cancelled_at: row.get(16)?,
            changed_at: row.get(17)?,
            feed: row.get(18)?,
        })
    }
}

store::from_row!(Seat { event, account, state, number, at });

/// What an event says: Japanese and the English name have columns of their own, which are older than the other languages.
fn texts(row: &Row) -> store::Result<Texts> {
    let mut texts: Texts = serde_json::from_str(&row.get::<String>(19)?)?;
    texts.set(Language::JAPANESE, Said { title: row.get(2)?, about: row.get(4)?, place: row.get(5)? });
    texts.set(Language::ENGLISH, Said { title: row.get(3)?, ..texts.said(&Language::ENGLISH) });
    Ok(texts)
}

fn values(event: &Event) -> Result<Vec<Value>> {
    let details = &event.details;
    let (japanese, english) = (details.texts.said(&Language::JAPANESE), details.texts.said(&Language::ENGLISH));
    let mut others = details.texts.clone();
    others.set(Language::JAPANESE, Said::default());
    others.set(Language::ENGLISH, Said { title: String::new(), ..english.clone() });
    Ok(vec![
        event.id.into(),
        japanese.title.into(),
        english.title.into(),
        japanese.about.into(),
        japanese.place.into(),
        details.starts_on.into(),
        details.ends_on.into(),
        details.starts_at.as_str().into(),
        details.ends_at.as_str().into(),
        details.url.as_str().into(),
        details.who.to_string().into(),
        details.capacity.into(),
        details.apply_from.into(),
        details.apply_until.into(),
        event.changed_at.into(),
        serde_json::to_string(&others)?.into(),
    ])
}

pub(crate) async fn find(ctx: &mut Ctx, id: EventId) -> Result<Option<Event>> {
    Ok(ctx.tx().query_opt(ONE, params![id]).await?)
}

pub(crate) async fn of_key(ctx: &mut Ctx, key: &str) -> Result<Option<Event>> {
    Ok(ctx.tx().query_opt(OF_KEY, params![key]).await?)
}

pub(crate) async fn between(ctx: &mut Ctx, from: Date, until: Date) -> Result<Vec<Event>> {
    Ok(ctx.tx().query(BETWEEN, params![from, until]).await?)
}

/// The events an account is registered for that are not over on a day.
pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId, from: Date) -> Result<Vec<Event>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account, from]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, event: &Event) -> Result<()> {
    let mut values = values(event)?;
    values.push(event.key.clone().into());
    values.push(event.feed.as_ref().map(|feed| feed.as_str().to_owned()).into());
    ctx.tx().execute(INSERT, &values).await?;
    Ok(())
}

pub(crate) async fn change(ctx: &mut Ctx, event: &Event) -> Result<()> {
    ctx.tx().execute(CHANGE, &values(event)?).await?;
    Ok(())
}

/// The events that came with a list and are not over on a day.
pub(crate) async fn imported(ctx: &mut Ctx, today: Date) -> Result<Vec<Event>> {
    Ok(ctx.tx().query(IMPORTED, params![today]).await?)
}

/// The events of a calendar of others.
pub(crate) async fn of_feed(ctx: &mut Ctx, feed: &CalendarFeedId) -> Result<Vec<Event>> {
    Ok(ctx.tx().query(OF_FEED, params![feed]).await?)
}

/// The calendars of others there are events of.
pub(crate) async fn feeds(ctx: &mut Ctx) -> Result<Vec<CalendarFeedId>> {
    Ok(ctx.tx().query::<(CalendarFeedId,)>(FEEDS, &[]).await?.into_iter().map(|(feed,)| feed).collect())
}

/// Says whether an event of others takes place.
pub(crate) async fn set_cancelled(ctx: &mut Ctx, id: EventId, cancelled: bool) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(SET_CANCELLED, params![id, cancelled.then_some(now), now]).await?;
    Ok(())
}

/// Forgets an event of others.
pub(crate) async fn delete(ctx: &mut Ctx, id: EventId) -> Result<()> {
    ctx.tx().execute(DELETE, params![id]).await?;
    Ok(())
}

/// Cancels an event; false when it was cancelled before.
pub(crate) async fn cancel(ctx: &mut Ctx, id: EventId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(CANCEL, params![id, now]).await? == 1)
}

/// Takes a place; false when there is none.
pub(crate) async fn take(ctx: &mut Ctx, id: EventId) -> Result<bool> {
    Ok(ctx.tx().execute(TAKE, params![id]).await? == 1)
}

pub(crate) async fn give_back(ctx: &mut Ctx, id: EventId) -> Result<()> {
    ctx.tx().execute(GIVE_BACK, params![id]).await?;
    Ok(())
}

/// Makes others who register for the same event wait until this change ends.
pub(crate) async fn hold(ctx: &mut Ctx, id: EventId) -> Result<()> {
    ctx.tx().execute(HOLD, params![id]).await?;
    Ok(())
}

/// Writes a registration down with the next turn; false when there is one already.
pub(crate) async fn sit(ctx: &mut Ctx, event: EventId, account: AccountId, state: SeatState) -> Result<bool> {
    let now = ctx.now();
    let (number,) = ctx.tx().query_one::<(i64,)>(NEXT_NUMBER, params![event]).await?;
    Ok(ctx.tx().execute(SIT, params![event, account, state, number, now]).await? == 1)
}

pub(crate) async fn seat(ctx: &mut Ctx, event: EventId, account: AccountId) -> Result<Option<Seat>> {
    Ok(ctx.tx().query_opt(SEAT, params![event, account]).await?)
}

/// Everybody who registered for an event, those with a place first, each in turn.
pub(crate) async fn seats(ctx: &mut Ctx, event: EventId) -> Result<Vec<Seat>> {
    Ok(ctx.tx().query(SEATS, params![event]).await?)
}

pub(crate) async fn seats_of(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Seat>> {
    Ok(ctx.tx().query(SEATS_OF, params![account]).await?)
}

pub(crate) async fn first_waiting(ctx: &mut Ctx, event: EventId) -> Result<Option<Seat>> {
    Ok(ctx.tx().query_opt(FIRST_WAITING, params![event]).await?)
}

pub(crate) async fn move_up(ctx: &mut Ctx, seat: &Seat) -> Result<()> {
    ctx.tx().execute(MOVE_UP, params![seat.event, seat.account]).await?;
    Ok(())
}

pub(crate) async fn stand_up(ctx: &mut Ctx, event: EventId, account: AccountId) -> Result<()> {
    ctx.tx().execute(STAND_UP, params![event, account]).await?;
    Ok(())
}
