//! What the town asserts about a person, as it is at this moment.

use civil::{Date, PartialDate};
use registry::Resident;
use serde_json::{Map, Value};
use store::{AccountId, Ctx};
use town::Town;

use crate::model::{Result, Scope, Scopes};
use crate::rules;

/// Leaves out of a person's scopes what is told to nobody while they are under protection measures (支援措置): the district says where to look for them.
/// The service sees it left out of its token's scopes too, as if the person had switched it off.
pub(crate) async fn tellable(ctx: &mut Ctx, account: AccountId, mut scopes: Scopes) -> Result<Scopes> {
    if scopes.has(&Scope::District) && resident_of(ctx, account).await?.is_some_and(|resident| resident.protected) {
        scopes.0.remove(&Scope::District);
    }
    Ok(scopes)
}

async fn resident_of(ctx: &mut Ctx, account: AccountId) -> Result<Option<Resident>> {
    match identity::link_of(ctx, account).await? {
        Some(id) => Ok(registry::resident(ctx, id).await?),
        None => Ok(None),
    }
}

/// What claims are made of.
struct Known {
    name: String,
    born: Option<PartialDate>,
    resident: Option<Resident>,
    /// Lives in the town today.
    current: bool,
}

/// Gives the claims of these scopes; what the town does not know is left out. For the person's own eyes before they agree, and for the service after.
///
/// # Errors
/// The accounts' when there is no such account or it is not the asker's own; the register's.
pub async fn told(ctx: &mut Ctx, account: AccountId, scopes: &Scopes) -> Result<Map<String, Value>> {
    let person = identity::account(ctx, account).await?;
    let resident = resident_of(ctx, account).await?;
    let today = ctx.today();
    let known = Known {
        name: person.name,
        born: person.date_of_birth.or_else(|| resident.as_ref().and_then(|resident| resident.date_of_birth)),
        current: resident.as_ref().is_some_and(|resident| resident.current_on(today)),
        resident,
    };
    let town = ctx.town().clone();
    let mut told: Map<String, Value> = scopes.0.iter().flat_map(|scope| of_scope(&town, &known, scope, today)).collect();
    if let Some(held) = entitlements(ctx, &known, scopes).await? {
        told.insert("entitlements".to_owned(), held.into());
    }
    Ok(told)
}

/// The claims of one scope, but for programmes.
fn of_scope(town: &Town, known: &Known, scope: &Scope, today: Date) -> Vec<(String, Value)> {
    let resident = known.resident.as_ref().filter(|_| known.current);
    let one = |name: &str, value: Option<Value>| value.map(|value| (name.to_owned(), value)).into_iter().collect();
    match scope {
        Scope::OpenId | Scope::OfflineAccess | Scope::Programme(_) => Vec::new(),
        Scope::Profile => one("name", Some(known.name.clone().into())),
        Scope::Birthdate => one("birthdate", known.born.and_then(rules::birthdate).map(Value::from)),
        Scope::Resident => {
            vec![("resident".to_owned(), known.current.into()), ("municipality_code".to_owned(), town.code.to_string().into())]
        }
        Scope::District => one("district", resident.map(|resident| resident.district.clone().into())),
        Scope::AgeOver(age) => {
            // From the birthday itself, as counters and shops ask; the law's day before would let a service in a day early.
            let born = known.born.and_then(|born| town.bridge.unknown_birthday.day(born));
            one(&scope.to_string(), born.map(|born| (civil::age_on(born, today) >= i16::from(*age)).into()))
        }
    }
}

/// Those of the programmes asked about that the person is entitled to; none when none is asked about.
async fn entitlements(ctx: &mut Ctx, known: &Known, scopes: &Scopes) -> Result<Option<Vec<Value>>> {
    let town = ctx.town().clone();
    let mut held = None;
    for scope in &scopes.0 {
        let Scope::Programme(id) = scope else { continue };
        let held = held.get_or_insert_with(Vec::new);
        if let (Some(resident), Some(programme)) = (&known.resident, town.programme(id))
            && entitled(ctx, resident, programme).await?
        {
            held.push(Value::from(id.to_string()));
        }
    }
    Ok(held)
}

/// Whether the rule of today entitles a resident; one that cannot be answered from what is known says no. A rule that asks where somebody lives is not
/// answered for who is under protection measures: a yes would say it.
async fn entitled(ctx: &mut Ctx, resident: &Resident, programme: &town::Programme) -> Result<bool> {
    let today = ctx.today();
    let Some(version) = programme.in_force(today) else { return Ok(false) };
    if resident.protected && version.eligible.asks_where() {
        return Ok(false);
    }
    let person = match version.eligible.asks_household() {
        true => registry::person(ctx, resident.id).await?,
        false => registry::facts_of(resident, ctx.town(), today)?,
    };
    Ok(version.eligible.decide(&person, today).unwrap_or(false))
}
