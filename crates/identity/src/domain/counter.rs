use ::store::{AccountId, Actor, Ctx, Permission, Register, StaffId};
use civil::{PartialDate, Sex};
use jiff::ToSpan as _;
use jpki::FourItems;
use serde::Serialize;

use super::life::{account_by_items, end_ways_in};
use super::prove::{keep_account, match_items};
use crate::rules::{self, Belongs, COUNTER_PROOF_DAYS};
use crate::store::people;
use crate::{
    AccountProven, AllEnded, Assurance, Document, Error, Level, MediumEnd, PhoneEnd, Proof, ProofId, ProofKind, Proven, Result, Settings,
};

/// The four items as a clerk read them from a document.
#[derive(Clone)]
pub struct CounterItems {
    /// 氏名.
    pub name: String,
    /// 住所.
    pub address: String,
    /// 生年月日.
    pub date_of_birth: PartialDate,
    /// 性別.
    pub sex: Sex,
}

/// What was looked at, without the person.
#[derive(Serialize)]
struct Evidence {
    document: Document,
    clerk: StaffId,
}

/// Proves somebody who stands at the counter without a card that can be read (ライト会員): a clerk looked at a document. The account is found by the
/// four items or opened; what a card said of it before stays. When the person brings their card one day, it leads to the same account.
///
/// # Errors
/// [`Error::Text`] for a name or address that cannot be kept; the store's `Forbidden` for anyone but a clerk.
pub async fn prove_at_counter(
    ctx: &mut Ctx,
    settings: &Settings,
    register: &dyn Register,
    items: CounterItems,
    document: Document,
) -> Result<Proven> {
    ctx.allow(Permission::ServeCounter)?;
    let Actor::Staff(clerk, _) = ctx.actor else { return Err(Error::StaffNotFound) };
    let items = four_items(&items)?;
    let keys = settings.match_secret().keys(match_items(&items));
    let belongs = account_by_items(ctx, register, None, Some((keys, &items))).await?.map_or(Belongs::New, Belongs::To);
    let (account, opened) = keep_account(ctx, belongs, Assurance::Counter, Some(&items), Some(keys)).await?;
    let evidence = Evidence { document, clerk };
    let proof = Proof {
        id: ProofId::new(ctx.now()),
        account: account.id,
        kind: ProofKind::Counter,
        ial: Level::Two,
        aal: Level::One,
        at: ctx.now(),
        until: ctx.today().saturating_add(COUNTER_PROOF_DAYS.days()),
        evidence: serde_json::to_string(&evidence).map_err(::store::Error::from)?,
    };
    people::insert_proof(ctx, &proof).await?;
    ctx.audit("account.proven_at_counter", Some(account.id.to_string()), document.as_str()).await?;
    ctx.record(AccountProven::KIND, &AccountProven { account: account.id, proof: proof.id, opened }).await?;
    // What a card said before is more than what a document does, and is then no ground for a link by this one either.
    let keys = Some(keys).filter(|keys| account.keys == Some(*keys));
    let items = keys.map(|_| items);
    Ok(Proven { account, proof: proof.id, opened, keys, items, purpose: jpki::Purpose::Register })
}

fn four_items(items: &CounterItems) -> Result<FourItems> {
    let digits: String = items.date_of_birth.to_string().chars().filter(char::is_ascii_digit).collect();
    Ok(FourItems {
        name: rules::kept_text(&items.name)?,
        address: rules::kept_text(&items.address)?,
        date_of_birth: jpki::PartialDate::parse(&digits).ok_or(Error::Text { reason: "it is not a date of birth" })?,
        sex: match items.sex {
            Sex::Male => jpki::Sex::Male,
            Sex::Female => jpki::Sex::Female,
            Sex::NotStated => jpki::Sex::NotStated,
        },
        name_has_substitutes: false,
        address_has_substitutes: false,
    })
}

/// Says how surely an account's person is known. Rooms ask this for their own decisions; it tells nothing of the person.
///
/// # Errors
/// The store's.
pub async fn assurance_of(ctx: &mut Ctx, account: AccountId) -> Result<Assurance> {
    let account = people::open_account(ctx, account).await?;
    Ok(account.map_or(Assurance::None, |account| account.assurance))
}

/// Ends whatever somebody who lost their things could be taken for by: phones, passkeys, media, sessions. One call at the counter does it.
///
/// # Errors
/// [`Error::AccountNotFound`]; the store's `Forbidden` for anyone but staff who may end cards and the holder.
pub async fn end_everything(ctx: &mut Ctx, account: AccountId) -> Result<()> {
    super::own_or(ctx, account, Permission::EndCard)?;
    people::find_account(ctx, account).await?.ok_or(Error::AccountNotFound)?;
    end_ways_in(ctx, account, PhoneEnd::Lost, MediumEnd::Lost).await?;
    ctx.record(AllEnded::KIND, &AllEnded { account }).await?;
    ctx.audit("account.all_ended", Some(account.to_string()), "").await?;
    Ok(())
}
