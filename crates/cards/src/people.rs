//! What this room asks of residents and accounts.

use std::collections::BTreeMap;

use civil::Date;
use registry::bridge::Status;
use rule::Person;
use store::{AccountId, Ctx, ResidentId};
use town::{Disclosed, FactName, Programme};

use crate::model::{Holding, How, Result};
use crate::rules::{self, Standing};

/// Whose account somebody is who is not in the register, by what they are known as ([`identity::known_as`]).
fn guests_account(id: ResidentId) -> AccountId {
    AccountId::from_bytes(id.bytes())
}

/// A resident, or somebody who is not in the register, as far as cards need to know them.
pub(crate) struct Known {
    pub(crate) person: Person,
    pub(crate) standing: Standing,
    /// Under protection measures: nobody but the person learns anything.
    pub(crate) protected: bool,
    pub(crate) date_of_birth: Option<Date>,
    pub(crate) facts: BTreeMap<String, serde_json::Value>,
}

/// A resident with all any rule may ask about.
pub(crate) async fn known(ctx: &mut Ctx, id: ResidentId) -> Result<Option<Known>> {
    known_with(ctx, id, true).await
}

/// A resident with what the rules of one programme ask about: the household is read only for a rule about the household.
pub(crate) async fn known_for(ctx: &mut Ctx, id: ResidentId, programme: &Programme) -> Result<Option<Known>> {
    known_with(ctx, id, programme.versions.iter().any(|version| version.eligible.asks_household())).await
}

async fn known_with(ctx: &mut Ctx, id: ResidentId, household: bool) -> Result<Option<Known>> {
    let Some(resident) = registry::resident(ctx, id).await? else { return guest(ctx, id).await };
    let person = match household {
        true => registry::person(ctx, id).await?,
        false => registry::facts_of(&resident, ctx.town(), ctx.today())?,
    };
    let on = |status| resident.status_on.filter(|_| resident.status == status);
    let birth = resident.date_of_birth.and_then(|birth| ctx.town().bridge.unknown_birthday.day(birth));
    Ok(Some(Known {
        person,
        standing: Standing { moved_out_on: on(Status::MovedOut), died_on: on(Status::Died), ..Standing::default() },
        protected: resident.protected,
        date_of_birth: birth,
        facts: resident.facts,
    }))
}

/// Somebody proven who is not in the register, where the pack has anything for such people.
async fn guest(ctx: &mut Ctx, id: ResidentId) -> Result<Option<Known>> {
    let town = ctx.town().clone();
    if !town.has_guests() {
        return Ok(None);
    }
    let Some(guest) = identity::guest(ctx, guests_account(id)).await? else { return Ok(None) };
    Ok(Some(Known {
        person: town.guest(guest.date_of_birth, &guest.residence),
        standing: Standing { guest: true, moved_in: guest.moved_in, residence_over: guest.over, ..Standing::default() },
        protected: false,
        date_of_birth: guest.date_of_birth.and_then(|birth| town.bridge.unknown_birthday.day(birth)),
        facts: BTreeMap::new(),
    }))
}

impl Known {
    pub(crate) fn age_on(&self, day: Date) -> Option<i32> {
        self.date_of_birth.map(|born| i32::from(civil::age_on(born, day)))
    }

    /// A fact as text, as a barcode or a counter reads it.
    pub(crate) fn fact(&self, name: &FactName) -> Option<String> {
        Some(match self.facts.get(name.as_str())? {
            serde_json::Value::String(value) if value.is_empty() => return None,
            serde_json::Value::String(value) => value.clone(),
            serde_json::Value::Null => return None,
            other => other.to_string(),
        })
    }

    /// The value of what a place may be told, where there is one.
    pub(crate) fn shown(&self, programme: &Programme, what: Disclosed, name: Option<&str>, today: Date) -> Option<String> {
        match what {
            Disclosed::Name => name.filter(|name| !name.is_empty()).map(str::to_owned),
            Disclosed::DateOfBirth => self.date_of_birth.map(|born| born.to_string()),
            Disclosed::PayerNumber => programme.payer_number.map(|number| number.to_string()),
            Disclosed::BeneficiaryNumber => programme.beneficiary_number.as_ref().and_then(|fact| self.fact(fact)),
            Disclosed::Copayment => programme.copayment.as_ref().map(|words| words.ja().to_owned()),
            Disclosed::ValidUntil => rules::valid_until(programme, &self.person, today).map(|day| day.to_string()),
        }
    }
}

/// The resident an account is linked to.
pub(crate) async fn resident_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<ResidentId>> {
    Ok(identity::link_of(ctx, account).await?)
}

/// Whose cards an account has as its own: its resident's, or its own as somebody who is not in the register.
pub(crate) async fn holder_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<ResidentId>> {
    if let Some(resident) = resident_of(ctx, account).await? {
        return Ok(Some(resident));
    }
    let id = identity::known_as(account);
    Ok(guest(ctx, id).await?.map(|_| id))
}

/// The name to show for a holding: see [`name`].
pub(crate) async fn name_of(ctx: &mut Ctx, holding: &Holding) -> Result<Option<String>> {
    name(ctx, holding.how, holding.account, &holding.label).await
}

/// The name on a card: the account's own proven name, or the label that was checked or given.
pub(crate) async fn name(ctx: &mut Ctx, how: How, account: AccountId, label: &str) -> Result<Option<String>> {
    match how {
        How::Own => Ok(identity::label_of(ctx, account).await?),
        How::Guardian | How::Shared | How::Proxy => Ok(Some(label.to_owned()).filter(|label| !label.is_empty())),
    }
}
