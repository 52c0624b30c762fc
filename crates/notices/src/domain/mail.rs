//! Addresses of e-mail: asked for, confirmed by a code sent there, ended from a letter.

use identity::secret;
use jiff::SignedDuration;
use store::{AccountId, Ctx};

use super::addresses::own;
use super::{holder, reach};
use crate::model::{Address, AddressId, Error, Queue, Result, Way};
use crate::store as rows;
use crate::store::letters::QueuedLetter;

/// The most addresses of one account.
const ADDRESSES_MAX: usize = 3;
/// How long a code holds.
pub(crate) const CODE_HOLDS: SignedDuration = SignedDuration::from_mins(30);
/// How often a code may be typed wrongly.
const TRIES_MAX: u32 = 5;
/// Codes an account may ask for in a day, and codes anybody may have sent to one address.
const ASKED_BY_MAX: u32 = 10;
const ASKED_FOR_MAX: u32 = 5;
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// An address nobody confirmed goes after two days.
const UNCONFIRMED_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// What became of a code that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// It was the one.
    Right,
    /// It was not; it may be tried again.
    Wrong,
    /// It was tried too often, or too late: a new one is needed.
    Over,
}

/// Takes an address and has a code sent there. The same address again has another code sent.
///
/// # Errors
/// [`Error::Written`] for what is no address, for too many addresses and for too many codes; [`Error::NotFound`] in a town without e-mail; the store's
/// `Forbidden`.
pub(crate) async fn add(ctx: &mut Ctx, typed: &str, language: &str) -> Result<AddressId> {
    let account = holder(ctx)?;
    if ctx.town().mail.is_none() {
        return Err(Error::NotFound);
    }
    let address = crate::mail::typed_address(typed).ok_or(Error::Written { field: "address", reason: "address" })?;
    let others = rows::letters::of_account(ctx, account, Way::Mail).await?;
    let before = others.iter().find(|other| other.address == address);
    let id = match before {
        Some(before) if before.is_told() => return Ok(before.id),
        Some(before) => before.id,
        None if others.len() >= ADDRESSES_MAX => return Err(Error::Written { field: "address", reason: "addresses" }),
        None => {
            let id = AddressId::new(ctx.now());
            let new = Address::new(id, Way::Mail, account, address.clone(), language.to_owned(), secret::token());
            rows::letters::insert(ctx, &new).await?;
            id
        }
    };
    ask_code(ctx, account, id, &address).await?;
    Ok(id)
}

/// Has a code sent, unless enough were: a mailbox is not flooded by whoever types its address.
async fn ask_code(ctx: &mut Ctx, account: AccountId, id: AddressId, address: &str) -> Result<()> {
    let hash = secret::token_hash(&address.to_lowercase());
    let since = ctx.now() - A_DAY;
    let (by, of) = rows::letters::count_asked(ctx, account, &hash, since).await?;
    if by >= ASKED_BY_MAX || of >= ASKED_FOR_MAX {
        return Err(Error::Written { field: "address", reason: "codes" });
    }
    rows::letters::asked(ctx, account, &hash).await?;
    rows::letters::queue_all(ctx, Queue::Normal, &[QueuedLetter { way: Way::Mail, delivery: None, address: id }]).await
}

/// Has another code sent to one of the caller's addresses that is not told of anything.
///
/// # Errors
/// As [`add`]; [`Error::NotFound`] for another's address.
pub(crate) async fn send_again(ctx: &mut Ctx, id: AddressId) -> Result<()> {
    let address = own(ctx, id, Way::Mail).await?;
    if address.is_told() {
        return Ok(());
    }
    ask_code(ctx, address.account, id, &address.address).await
}

/// Makes a code for an address, as its letter goes; nothing but its hash is stored.
pub(crate) async fn make_code(ctx: &mut Ctx, id: AddressId) -> Result<String> {
    let code = secret::code();
    let hash = hash_of(id, &code).ok_or(Error::Stored("code"))?;
    let until = ctx.now() + CODE_HOLDS;
    rows::letters::set_code(ctx, id, &hash, until).await?;
    Ok(code)
}

fn hash_of(id: AddressId, typed: &str) -> Option<[u8; 32]> {
    secret::code_hash(&format!("mail/{id}"), typed)
}

/// Confirms an address by the code that was sent there. What this notes stands whatever comes of it: the caller commits.
///
/// # Errors
/// [`Error::NotFound`] for another's address; the store's `Forbidden`.
pub(crate) async fn confirm(ctx: &mut Ctx, id: AddressId, typed: &str) -> Result<Typed> {
    let address = own(ctx, id, Way::Mail).await?;
    let Some(known) = address.code_hash.as_deref().filter(|_| address.tries < TRIES_MAX && address.code_until > Some(ctx.now())) else {
        return Ok(Typed::Over);
    };
    let same = hash_of(id, typed).is_some_and(|hash| aws_lc_rs::constant_time::verify_slices_are_equal(&hash, known).is_ok());
    if !same {
        rows::letters::tried(ctx, id).await?;
        return Ok(if address.tries + 1 < TRIES_MAX { Typed::Wrong } else { Typed::Over });
    }
    rows::letters::confirm(ctx, id).await?;
    reach::look_anew(ctx, address.account).await?;
    Ok(Typed::Right)
}

/// The address a letter's own link stops; whoever has the letter may.
///
/// # Errors
/// The database's.
pub(crate) async fn of_stop(ctx: &mut Ctx, stop: &str) -> Result<Option<Address>> {
    rows::letters::of_stop(ctx, stop).await
}

/// Ends the address a letter came to, by the letter's own link. Doing it twice changes nothing.
///
/// # Errors
/// The database's.
pub(crate) async fn stop(ctx: &mut Ctx, stop: &str) -> Result<()> {
    match rows::letters::of_stop(ctx, stop).await? {
        Some(found) => rows::letters::delete(ctx, found.id).await,
        None => Ok(()),
    }
}

/// Deletes addresses nobody confirmed, and what was noted of codes.
pub(crate) async fn forget(ctx: &mut Ctx) -> Result<u64> {
    let before = ctx.now() - UNCONFIRMED_KEPT;
    rows::letters::forget(ctx, before).await
}
