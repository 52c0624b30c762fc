use civil::Timestamp;
use store::{AccountId, Ctx, params};

use crate::model::{Address, AddressId, DeliveryId, LetterId, Queue, Result, Way};

macro_rules! address {
    ($rest:literal) => {
        concat!(
            "select id, way, account, address, language, stop, code_hash, code_until, tries, confirmed_at, unreachable_at from notices_address ",
            $rest
        )
    };
}

store::queries! {
    OF_ACCOUNT = address!("where account = $1 and way = $2 order by made_at, id");
    ALL_OF_ACCOUNT = address!("where account = $1 order by made_at, id");
    OF_LINE = address!("where way = 'line' and address = $1");
    BY_ID = address!("where id = $1");
    BY_STOP = address!("where stop = $1");
    INSERT = "insert into notices_address (id, way, account, address, language, made_at, stop, tries, confirmed_at) values ($1, $2, $3, $4, $5, $6, $7, 0, $8)";
    SET_CODE = "update notices_address set code_hash = $2, code_until = $3, tries = 0 where id = $1";
    TRIED = "update notices_address set tries = tries + 1 where id = $1";
    CONFIRM = "update notices_address set confirmed_at = $2, unreachable_at = null, code_hash = null, code_until = null, tries = 0 where id = $1";
    UNREACHABLE = "update notices_address set unreachable_at = $2, code_hash = null, code_until = null where id = $1";
    DELETE_LETTERS = "delete from notices_letter where address = $1";
    DELETE = "delete from notices_address where id = $1";
    GIVE_OVER = "update notices_address set account = $2 where id = $1";
    FORGET_UNCONFIRMED = "delete from notices_address where confirmed_at is null and made_at < $1
        and id not in (select address from notices_letter)";
    ASKED = "insert into notices_code_asked (id, account, address_hash, asked_at) values ($1, $2, $3, $4)";
    COUNT_ASKED_BY = "select count(*) from notices_code_asked where account = $1 and asked_at > $2";
    COUNT_ASKED_FOR = "select count(*) from notices_code_asked where address_hash = $1 and asked_at > $2";
    FORGET_ASKED = "delete from notices_code_asked where asked_at < $1";
    QUEUE = "insert into notices_letter (id, way, queue, delivery, address, due_at, queued_at, attempts) values ($1, $2, $3, $4, $5, $6, $6, 0)";
    DUE = "select l.id, l.delivery, l.due_at, l.queued_at, l.attempts, l.address from notices_letter l
        where l.way = $1 and l.queue = $2 and l.due_at <= $3 order by l.due_at, l.id limit $4";
    /// Taken by one courier only: whoever comes second finds another time there.
    TAKE = "update notices_letter set due_at = $3, attempts = attempts + 1 where id = $1 and due_at = $2";
    DONE = "delete from notices_letter where id = $1";
    AGAIN = "update notices_letter set due_at = $2 where id = $1";
    EXPIRE = "delete from notices_letter where way = $1 and queue = $2 and queued_at < $3";
}

store::from_row!(Address { id, way, account, address, language, stop, code_hash, code_until, tries, confirmed_at, unreachable_at });

/// A letter to be put on the list: of a delivery, or a code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueuedLetter {
    pub(crate) way: Way,
    pub(crate) delivery: Option<DeliveryId>,
    pub(crate) address: AddressId,
}

/// A letter that is due.
#[derive(Debug, Clone)]
pub(crate) struct DueLetter {
    pub(crate) id: LetterId,
    pub(crate) delivery: Option<DeliveryId>,
    pub(crate) due_at: Timestamp,
    pub(crate) queued_at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) address: AddressId,
}

store::from_row!(DueLetter { id, delivery, due_at, queued_at, attempts, address });

/// The addresses of an account of one way, the oldest first.
pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId, way: Way) -> Result<Vec<Address>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account, way]).await?)
}

/// Those of every way.
pub(crate) async fn all_of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Address>> {
    Ok(ctx.tx().query(ALL_OF_ACCOUNT, params![account]).await?)
}

/// By what LINE calls its user.
pub(crate) async fn of_line(ctx: &mut Ctx, user: &str) -> Result<Option<Address>> {
    Ok(ctx.tx().query_opt(OF_LINE, params![user]).await?)
}

pub(crate) async fn find(ctx: &mut Ctx, id: AddressId) -> Result<Option<Address>> {
    Ok(ctx.tx().query_opt(BY_ID, params![id]).await?)
}

pub(crate) async fn of_stop(ctx: &mut Ctx, stop: &str) -> Result<Option<Address>> {
    Ok(ctx.tx().query_opt(BY_STOP, params![stop]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, address: &Address) -> Result<()> {
    let now = ctx.now();
    let Address { id, way, account, address, language, stop, confirmed_at, .. } = address;
    ctx.tx().execute(INSERT, params![*id, *way, *account, address.as_str(), language.as_str(), now, stop.as_str(), *confirmed_at]).await?;
    Ok(())
}

pub(crate) async fn set_code(ctx: &mut Ctx, id: AddressId, hash: &[u8], until: Timestamp) -> Result<()> {
    ctx.tx().execute(SET_CODE, params![id, hash.to_vec(), until]).await?;
    Ok(())
}

pub(crate) async fn tried(ctx: &mut Ctx, id: AddressId) -> Result<()> {
    ctx.tx().execute(TRIED, params![id]).await?;
    Ok(())
}

pub(crate) async fn confirm(ctx: &mut Ctx, id: AddressId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(CONFIRM, params![id, now]).await?;
    Ok(())
}

/// Notes that nothing arrives at an address: it is told of nothing, and nothing waits for it any more.
pub(crate) async fn unreachable(ctx: &mut Ctx, id: AddressId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(DELETE_LETTERS, params![id]).await?;
    ctx.tx().execute(UNREACHABLE, params![id, now]).await?;
    Ok(())
}

/// Ends an address with all that waits for it.
pub(crate) async fn delete(ctx: &mut Ctx, id: AddressId) -> Result<()> {
    ctx.tx().execute(DELETE_LETTERS, params![id]).await?;
    ctx.tx().execute(DELETE, params![id]).await?;
    Ok(())
}

pub(crate) async fn give_over(ctx: &mut Ctx, id: AddressId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER, params![id, to]).await?;
    Ok(())
}

/// Notes that a code was asked for.
pub(crate) async fn asked(ctx: &mut Ctx, account: AccountId, address_hash: &[u8]) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(ASKED, params![LetterId::new(now), account, address_hash.to_vec(), now]).await?;
    Ok(())
}

/// How many codes were asked for since: by an account, and for an address by anybody.
pub(crate) async fn count_asked(ctx: &mut Ctx, account: AccountId, address_hash: &[u8], since: Timestamp) -> Result<(u32, u32)> {
    let by = ctx.tx().query_one::<(u32,)>(COUNT_ASKED_BY, params![account, since]).await?.0;
    let of = ctx.tx().query_one::<(u32,)>(COUNT_ASKED_FOR, params![address_hash.to_vec(), since]).await?.0;
    Ok((by, of))
}

/// Deletes addresses nobody confirmed and what was noted of codes.
pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    let asked = ctx.tx().execute(FORGET_ASKED, params![before]).await?;
    Ok(asked + ctx.tx().execute(FORGET_UNCONFIRMED, params![before]).await?)
}

pub(crate) async fn queue_all(ctx: &mut Ctx, queue: Queue, letters: &[QueuedLetter]) -> Result<()> {
    let now = ctx.now();
    let mut rows = letters.iter().map(|letter| {
        vec![LetterId::new(now).into(), letter.way.into(), queue.into(), letter.delivery.into(), letter.address.into(), now.into()]
    });
    ctx.tx().bulk(QUEUE, &mut rows).await?;
    Ok(())
}

pub(crate) async fn due(ctx: &mut Ctx, way: Way, queue: Queue, limit: u32) -> Result<Vec<DueLetter>> {
    let now = ctx.now();
    Ok(ctx.tx().query(DUE, params![way, queue, now, limit]).await?)
}

/// Takes a letter until a moment; false when another courier has it.
pub(crate) async fn take(ctx: &mut Ctx, letter: &DueLetter, until: Timestamp) -> Result<bool> {
    Ok(ctx.tx().execute(TAKE, params![letter.id, letter.due_at, until]).await? == 1)
}

pub(crate) async fn done(ctx: &mut Ctx, id: LetterId) -> Result<()> {
    ctx.tx().execute(DONE, params![id]).await?;
    Ok(())
}

pub(crate) async fn again(ctx: &mut Ctx, id: LetterId, at: Timestamp) -> Result<()> {
    ctx.tx().execute(AGAIN, params![id, at]).await?;
    Ok(())
}

/// Gives up what has waited since before a moment; how many.
pub(crate) async fn expire(ctx: &mut Ctx, way: Way, queue: Queue, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(EXPIRE, params![way, queue, before]).await?)
}
