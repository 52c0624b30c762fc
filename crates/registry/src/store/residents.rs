//! Residents: what the register says of them today, and what it ever said.

use std::collections::HashMap;

use civil::{Date, PartialDate, Sex, Timestamp};
use store::{Ctx, FromRow, Result, Value, params};

use crate::bridge::{DayNumber, FactColumn, FactKind, MatchKey, RegisterId, Row, Status};
use crate::model::{Error, Resident, ResidentId};
use crate::rules::Side;

/// What the tables say of a resident, today or on a past day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) resident: ResidentId,
    pub(crate) register_id: String,
    pub(crate) household: String,
    pub(crate) relation: String,
    pub(crate) date_of_birth: String,
    pub(crate) sex: String,
    pub(crate) district: String,
    pub(crate) status: String,
    pub(crate) status_on: String,
    pub(crate) became_resident_on: String,
    pub(crate) protected: bool,
    pub(crate) listed: bool,
    pub(crate) facts: String,
    pub(crate) bundle: i64,
    pub(crate) recorded_at: Timestamp,
}

store::from_row!(Stored {
    resident,
    register_id,
    household,
    relation,
    date_of_birth,
    sex,
    district,
    status,
    status_on,
    became_resident_on,
    protected,
    listed,
    facts,
    bundle,
    recorded_at,
});

/// The same with the match keys, which only today's state has: those of the past are not kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keyed {
    pub(crate) stored: Stored,
    pub(crate) four_items: Vec<u8>,
    pub(crate) three_items: Vec<u8>,
}

impl FromRow for Keyed {
    fn from_row(row: &store::Row) -> Result<Self> {
        Ok(Self { stored: Stored::from_row(row)?, four_items: row.get(15)?, three_items: row.get(16)? })
    }
}

macro_rules! stored {
    () => {
        "resident, register_id, household, relation, date_of_birth, sex, district, status, status_on, became_resident_on, protected, listed, \
         facts, bundle, recorded_at"
    };
}

macro_rules! keyed {
    () => {
        concat!(stored!(), ", four_items, three_items")
    };
}

store::queries! {
    INSERT = concat!("insert into registry_resident (", keyed!(),
        ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)");
    BY_ID = concat!("select ", stored!(), " from registry_current where resident = $1");
    THREE_ITEMS_OF = "select three_items from registry_current where resident = $1";
    BY_REGISTER_ID = concat!("select ", keyed!(), " from registry_current where register_id = $1");
    BY_HOUSEHOLD = concat!("select ", stored!(), " from registry_current where household = $1 order by register_id");
    BY_THREE_ITEMS = concat!("select ", keyed!(), " from registry_current where three_items = $1 and listed order by register_id");
    SEARCH = concat!("select ", stored!(), " from registry_current
        where ($1 = '' or register_id = $1) and ($2 = '' or date_of_birth = $2) and ($3 = '' or district = $3) and (protected = false or $4)
        order by register_id limit $5");
    EVERYBODY = concat!("select ", stored!(), " from registry_current");
    EVERYBODY_KEYED = concat!("select ", keyed!(), " from registry_current");
    /// The newest state recorded before a moment.
    AS_OF = concat!("select ", stored!(), " from registry_ever where resident = $1 and recorded_at < $2 order by recorded_at desc, bundle desc limit 1");
    /// Whoever was of a household at any time before a moment.
    EVER_IN_HOUSEHOLD = "select distinct resident from registry_ever where household = $1 and recorded_at < $2 order by resident";
}

/// The secondary indexes of the residents, left aside while a whole town is loaded and built at its end.
const DROP_INDEXES: [&str; 3] =
    ["drop index registry_resident_register_id", "drop index registry_resident_household", "drop index registry_resident_three_items"];
const MAKE_INDEXES: [&str; 3] = [
    "create unique index registry_resident_register_id on registry_resident (register_id)",
    "create index registry_resident_household on registry_resident (household)",
    "create index registry_resident_three_items on registry_resident (three_items)",
];
/// From so many people on, indexes are quicker built than kept while loading.
const WITHOUT_INDEXES_MIN: usize = 10_000;

impl Keyed {
    /// The row of a bundle as the tables hold it.
    pub(crate) fn of_row(resident: ResidentId, row: &Row<'_>, facts: &[FactColumn], bundle: u64, now: Timestamp) -> Self {
        Self {
            stored: Stored {
                resident,
                register_id: row.id.to_string(),
                household: row.household.map(|id| id.to_string()).unwrap_or_default(),
                relation: row.relation.to_owned(),
                date_of_birth: day_text(row.date_of_birth),
                sex: row.sex.as_str().to_owned(),
                district: row.district.to_owned(),
                status: row.status.code().to_owned(),
                status_on: day_text(row.status_on),
                became_resident_on: day_text(row.resident_since),
                protected: row.protected,
                listed: true,
                facts: facts_text(&row.facts, facts),
                bundle: number(bundle),
                recorded_at: now,
            },
            four_items: row.four_items.to_vec(),
            three_items: row.three_items.to_vec(),
        }
    }

    /// The same person no longer in the export: a resident counts as struck off from `day`.
    pub(crate) fn vanished(&self, day: Date, bundle: u64) -> Self {
        let mut after = self.clone();
        after.stored.listed = false;
        after.stored.bundle = number(bundle);
        if after.stored.status == Status::Current.code() {
            after.stored.status = Status::StruckOff.code().to_owned();
            after.stored.status_on = day.to_string();
        }
        after
    }

    pub(crate) fn side(&self) -> Side<'_> {
        let stored = &self.stored;
        Side {
            status: Status::from_code(&stored.status).unwrap_or(Status::StruckOff),
            listed: stored.listed,
            protected: stored.protected,
            four_items: &self.four_items,
            three_items: &self.three_items,
            household: &stored.household,
            relation: &stored.relation,
            date_of_birth: &stored.date_of_birth,
            sex: &stored.sex,
            facts: &stored.facts,
        }
    }

    /// The values in the order of the columns.
    pub(super) fn values(self) -> Vec<Value> {
        let stored = self.stored;
        vec![
            stored.resident.into(),
            stored.register_id.into(),
            stored.household.into(),
            stored.relation.into(),
            stored.date_of_birth.into(),
            stored.sex.into(),
            stored.district.into(),
            stored.status.into(),
            stored.status_on.into(),
            stored.became_resident_on.into(),
            stored.protected.into(),
            stored.listed.into(),
            stored.facts.into(),
            stored.bundle.into(),
            stored.recorded_at.into(),
            self.four_items.into(),
            self.three_items.into(),
        ]
    }
}

impl Stored {
    pub(crate) fn into_resident(self) -> Result<Resident, Error> {
        Ok(Resident {
            id: self.resident,
            register_id: RegisterId::parse(self.register_id.as_bytes()).ok_or(Error::Stored("register id"))?,
            household: RegisterId::parse(self.household.as_bytes()),
            relation: self.relation,
            date_of_birth: partial(&self.date_of_birth)?,
            sex: Sex::from_code(&self.sex),
            district: self.district,
            status: Status::from_code(&self.status).ok_or(Error::Stored("status"))?,
            status_on: whole(&self.status_on)?,
            became_resident_on: whole(&self.became_resident_on)?,
            protected: self.protected,
            listed: self.listed,
            facts: serde_json::from_str(&self.facts).map_err(|_| Error::Stored("facts"))?,
            recorded_at: self.recorded_at,
        })
    }
}

/// A bundle's number as the database counts.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn day_text(day: DayNumber) -> String {
    let (year, month, date) = day.parts();
    if day.0 == 0 {
        return String::new();
    }
    let mut text = String::with_capacity(10);
    let mut digits = |number: u32, width: u32| {
        for place in (0..width).rev() {
            text.push(char::from(b'0' + (number / 10_u32.pow(place) % 10) as u8));
        }
        if width == 2 && text.len() == 10 {
            return;
        }
        text.push('-');
    };
    digits(year, 4);
    digits(month, 2);
    digits(date, 2);
    text
}

fn partial(text: &str) -> Result<Option<PartialDate>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let day = digits.parse().map(DayNumber).map_err(|_| Error::Stored("day"))?;
    day.partial().map(Some).ok_or(Error::Stored("day"))
}

fn whole(text: &str) -> Result<Option<Date>, Error> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Error::Stored("day")) }
}

/// The facts as a JSON object of those that are stated.
fn facts_text(values: &[&str], columns: &[FactColumn]) -> String {
    let mut text = String::from("{");
    for (value, column) in values.iter().zip(columns) {
        if value.is_empty() {
            continue;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(column.name.as_str()).to_string());
        text.push(':');
        match column.kind {
            FactKind::Bool => text.push_str(if *value == "1" { "true" } else { "false" }),
            FactKind::Int => text.push_str(value),
            FactKind::String | FactKind::Date => text.push_str(&serde_json::Value::from(*value).to_string()),
        }
    }
    text.push('}');
    text
}

/// Writes the residents of a register that had none.
pub(crate) async fn load(ctx: &mut Ctx, residents: &mut (dyn ExactSizeIterator<Item = Keyed> + Send)) -> Result<()> {
    let without_indexes = residents.len() >= WITHOUT_INDEXES_MIN;
    if without_indexes {
        for statement in DROP_INDEXES {
            ctx.tx().execute(statement, &[]).await?;
        }
    }
    ctx.tx().bulk(INSERT, &mut residents.map(Keyed::values)).await?;
    if without_indexes {
        for statement in MAKE_INDEXES {
            ctx.tx().execute(statement, &[]).await?;
        }
    }
    Ok(())
}

pub(crate) async fn find(ctx: &mut Ctx, id: ResidentId) -> Result<Option<Stored>> {
    ctx.tx().query_opt(BY_ID, params![id]).await
}

/// The keyed hash of name, birth and sex.
pub(crate) async fn three_items_of(ctx: &mut Ctx, id: ResidentId) -> Result<Option<Vec<u8>>> {
    Ok(ctx.tx().query_opt::<(Vec<u8>,)>(THREE_ITEMS_OF, params![id]).await?.map(|(key,)| key))
}

/// The rows of these people, in the order asked.
pub(crate) async fn find_all(ctx: &mut Ctx, ids: &[RegisterId]) -> Result<Vec<Option<Keyed>>> {
    // Beyond this, one walk through the table is quicker than so many single questions.
    const SINGLE_MAX: usize = 20_000;
    if ids.len() <= SINGLE_MAX {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(ctx.tx().query_opt(BY_REGISTER_ID, params![id.to_string()]).await?);
        }
        return Ok(found);
    }
    let mut wanted: HashMap<String, usize> = ids.iter().enumerate().map(|(at, id)| (id.to_string(), at)).collect();
    let mut found: Vec<Option<Keyed>> = Vec::new();
    found.resize_with(ids.len(), || None);
    walk(ctx, EVERYBODY_KEYED, &mut |keyed: Keyed| {
        if let Some(at) = wanted.remove(&keyed.stored.register_id) {
            found[at] = Some(keyed);
        }
    })
    .await?;
    Ok(found)
}

/// Walks through everybody.
pub(crate) async fn each(ctx: &mut Ctx, each: &mut (dyn FnMut(Stored) + Send)) -> Result<()> {
    walk(ctx, EVERYBODY, each).await
}

async fn walk<T: FromRow>(ctx: &mut Ctx, sql: &'static str, each: &mut (dyn FnMut(T) + Send)) -> Result<()> {
    let mut failed = None;
    ctx.tx()
        .each(sql, &[], &mut |row| match T::from_row(row) {
            Ok(found) => each(found),
            Err(error) => failed = failed.take().or(Some(error)),
        })
        .await?;
    failed.map_or(Ok(()), Err)
}

pub(crate) async fn household(ctx: &mut Ctx, household: &str) -> Result<Vec<Stored>> {
    if household.is_empty() {
        return Ok(Vec::new());
    }
    ctx.tx().query(BY_HOUSEHOLD, params![household]).await
}

pub(crate) async fn by_three_items(ctx: &mut Ctx, key: MatchKey) -> Result<Vec<Keyed>> {
    ctx.tx().query(BY_THREE_ITEMS, params![key]).await
}

pub(crate) async fn search(
    ctx: &mut Ctx,
    register_id: &str,
    date_of_birth: &str,
    district: &str,
    protected_too: bool,
    limit: u32,
) -> Result<Vec<Stored>> {
    ctx.tx().query(SEARCH, params![register_id, date_of_birth, district, protected_too, limit]).await
}

/// The newest state recorded before a moment.
pub(crate) async fn as_of(ctx: &mut Ctx, id: ResidentId, before: Timestamp) -> Result<Option<Stored>> {
    ctx.tx().query_opt(AS_OF, params![id, before]).await
}

/// Everybody of a household, as it was recorded before a moment.
pub(crate) async fn household_as_of(ctx: &mut Ctx, household: &str, before: Timestamp) -> Result<Vec<Stored>> {
    if household.is_empty() {
        return Ok(Vec::new());
    }
    let ever: Vec<(ResidentId,)> = ctx.tx().query(EVER_IN_HOUSEHOLD, params![household, before]).await?;
    let mut members = Vec::with_capacity(ever.len());
    for (id,) in ever {
        // Some had left for another household by then.
        members.extend(as_of(ctx, id, before).await?.filter(|stored| stored.household == household));
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_with_zeros_for_what_is_unknown() {
        assert_eq!(day_text(DayNumber(20_150_401)), "2015-04-01");
        assert_eq!(day_text(DayNumber(19_400_000)), "1940-00-00");
        assert_eq!(day_text(DayNumber(0)), "");
        assert_eq!(partial("1940-05-00").unwrap().unwrap().month(), Some(5));
        assert_eq!(partial("").unwrap(), None);
    }

    #[test]
    fn only_stated_facts_are_stored_each_in_its_type() {
        let column = |name: &str, kind| FactColumn { name: name.to_owned(), kind };
        let columns = [
            column("no", FactKind::String),
            column("taxed", FactKind::Bool),
            column("children", FactKind::Int),
            column("day", FactKind::Date),
        ];
        assert_eq!(facts_text(&["00\"1", "0", "3", ""], &columns), r#"{"no":"00\"1","taxed":false,"children":3}"#);
        assert_eq!(facts_text(&["", "", "", ""], &columns), "{}");
    }
}
