use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use civil::Date;
use rule::{Bits, Person, Schema, Table, TableBuilder, Value};
use store::Ctx;
use town::{FactKind, Residence, ResidenceKind, Town};

use super::people::{household_as_of, household_on};
use crate::bridge::Status;
use crate::model::{Error, Resident, ResidentId};
use crate::store as tables;
use crate::store::Stored;

/// The whole register in columns, for rules over the town, as it stands on a day after a bundle.
pub struct TownTable {
    /// The columns; the place of a row is that in `residents`.
    pub table: Table,
    /// Whose row it is.
    pub residents: Vec<ResidentId>,
    /// The rows of people under protection measures (支援措置): no count may tell where they are.
    pub protected: Bits,
    /// The day `resident.current` and the households are of.
    pub day: Date,
    /// The bundle it stands at; 0 before the first.
    pub bundle: u64,
    rows: HashMap<ResidentId, u32>,
}

impl TownTable {
    /// The row of a resident.
    pub fn row(&self, resident: ResidentId) -> Option<usize> {
        self.rows.get(&resident).map(|row| *row as usize)
    }
}

/// Gives what rules may ask about a resident today, with the household.
///
/// # Errors
/// [`Error::ResidentNotFound`] or the database's.
pub async fn person(ctx: &mut Ctx, id: ResidentId) -> Result<Person, Error> {
    let today = ctx.today();
    person_on(ctx, id, today).await
}

/// As [`person`], for another day with today's knowledge: whether people are residents on it, and so who lives together.
///
/// # Errors
/// As [`person`].
pub async fn person_on(ctx: &mut Ctx, id: ResidentId, day: Date) -> Result<Person, Error> {
    let together = household_on(ctx, id, day).await?;
    person_of(&together, ctx.town(), day)
}

/// Gives what rules could ask about a resident on a past day, with the household, as the register knew them at the end of that day: to replay a decision.
///
/// People under protection measures today are left out of others' households, whenever it was.
///
/// # Errors
/// [`Error::ResidentNotFound`] when the person was not known on that day, or the database's.
pub async fn person_as_of(ctx: &mut Ctx, id: ResidentId, day: Date) -> Result<Person, Error> {
    let together = household_as_of(ctx, id, day).await?;
    person_of(&together, ctx.town(), day)
}

/// The first of those who live together, with the others as the household.
fn person_of(together: &[Resident], town: &Town, day: Date) -> Result<Person, Error> {
    let (own, others) = together.split_first().ok_or(Error::ResidentNotFound)?;
    let mut person = facts_of(own, town, day)?;
    for other in others {
        person.add_member(facts_of(other, town, day)?);
    }
    Ok(person)
}

/// What rules may ask about one person, without the household; a birthday unknown in part is read as the pack says.
///
/// # Errors
/// [`Error::Facts`] when the pack's facts and its schema do not fit.
pub fn facts_of(resident: &Resident, town: &Town, day: Date) -> Result<Person, Error> {
    let mut person = Person::new(&town.schema);
    let birth = resident.date_of_birth.and_then(|birth| town.bridge.unknown_birthday.day(birth));
    let on = |status| resident.status_on.filter(|_| resident.status == status);
    let text = |text: &str| (!text.is_empty()).then(|| Value::String(text.into()));
    let known = [
        (Schema::DATE_OF_BIRTH, birth.map(Value::Date)),
        (Schema::SEX, text(resident.sex.as_str())),
        (Schema::DISTRICT, text(&resident.district)),
        (Schema::HOUSEHOLD, resident.household.map(|id| Value::String(id.to_string().into()))),
        (Schema::RELATION, text(&resident.relation)),
        (Schema::STATUS, text(resident.status.code())),
        (Schema::CURRENT, Some(Value::Bool(resident.current_on(day)))),
        (Schema::BECAME_RESIDENT_ON, resident.became_resident_on.map(Value::Date)),
        (Schema::MOVED_OUT_ON, on(Status::MovedOut).map(Value::Date)),
        (Schema::DIED_ON, on(Status::Died).map(Value::Date)),
    ];
    let fault = |error: rule::FactError| Error::Facts(error.to_string());
    for (slot, value) in known {
        if let Some(value) = value {
            person.set_slot(slot, value).map_err(fault)?;
        }
    }
    Residence::of_register(resident.current_on(day)).tell(&mut person).map_err(fault)?;
    for fact in &town.facts {
        let Some(value) = resident.facts.get(fact.name.as_str()).and_then(|value| fact_value(value, fact.kind)) else { continue };
        person.set(&format!("facts.{}", fact.name.as_str()), value).map_err(fault)?;
    }
    Ok(person)
}

/// A stored fact as rules see it; none when the pack has given it another type since.
fn fact_value(value: &serde_json::Value, kind: FactKind) -> Option<Value> {
    Some(match kind {
        FactKind::Bool => Value::Bool(value.as_bool()?),
        FactKind::Int => Value::Int(value.as_i64()?),
        FactKind::String => Value::String(value.as_str()?.into()),
        FactKind::Date => Value::Date(value.as_str()?.parse().ok()?),
    })
}

/// Gives the whole register in columns for today. It is kept in memory until the next bundle or the next day.
///
/// # Errors
/// The database's.
pub async fn table(ctx: &mut Ctx) -> Result<Arc<TownTable>, Error> {
    let (register, stand, bundle) = tables::state(ctx).await?.unwrap_or_default();
    let key = Key { register, stand, day: ctx.today(), pack: ctx.town().hash };
    if let Some(kept) = kept(&key) {
        return Ok(kept);
    }
    let table = Arc::new(build(ctx, bundle).await?);
    // Also inside a transaction that may yet be undone: how the register stands has a random name, which then nobody asks for again.
    keep(key, &table);
    Ok(table)
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    register: String,
    stand: String,
    day: Date,
    pack: town::PackHash,
}

type Kept = VecDeque<(Key, Arc<TownTable>)>;
static KEPT: Mutex<Kept> = Mutex::new(VecDeque::new());
/// Tables kept: this and the last state of a town, and room for the neighbours of a shared process.
const KEPT_MAX: usize = 4;

fn kept(key: &Key) -> Option<Arc<TownTable>> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().find(|(of, _)| of == key).map(|(_, table)| table.clone())
}

fn keep(key: Key, table: &Arc<TownTable>) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    // An older state of the same register is of no use any more.
    kept.retain(|(of, _)| of.register != key.register);
    kept.push_front((key, table.clone()));
    kept.truncate(KEPT_MAX);
}

async fn build(ctx: &mut Ctx, bundle: i64) -> Result<TownTable, Error> {
    let (town, day) = (ctx.town().clone(), ctx.today());
    let mut columns = Columns::new(&town);
    let mut failed = None;
    tables::each(ctx, &mut |stored: Stored| {
        let added = stored.into_resident().and_then(|resident| columns.add(&resident, day));
        if let Err(error) = added {
            failed = failed.take().or(Some(error));
        }
    })
    .await?;
    failed.map_or(Ok(()), Err)?;
    columns.build(day, u64::try_from(bundle).unwrap_or(0))
}

/// The columns while they are filled.
struct Columns {
    town: Arc<Town>,
    residents: Vec<ResidentId>,
    days: [Vec<Option<Date>>; 4],
    texts: [Vec<Option<u32>>; 5],
    dictionaries: [Dictionary; 5],
    current: Vec<Option<bool>>,
    protected: Vec<bool>,
    households: Vec<u64>,
    numbers: HashMap<(u128, bool), u64>,
    facts: Vec<Fact>,
}

#[derive(Default)]
struct Dictionary {
    codes: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Dictionary {
    fn code(&mut self, text: &str) -> Option<u32> {
        if text.is_empty() {
            return None;
        }
        if let Some(code) = self.codes.get(text) {
            return Some(*code);
        }
        let code = u32::try_from(self.texts.len()).ok()?;
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.codes.insert(text, code);
        Some(code)
    }
}

enum Fact {
    Bools(Vec<Option<bool>>),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<u32>>, Dictionary),
    Days(Vec<Option<Date>>),
}

const TEXT_SLOTS: [rule::Slot; 5] = [Schema::SEX, Schema::DISTRICT, Schema::HOUSEHOLD, Schema::RELATION, Schema::STATUS];
const DAY_SLOTS: [rule::Slot; 4] = [Schema::DATE_OF_BIRTH, Schema::BECAME_RESIDENT_ON, Schema::MOVED_OUT_ON, Schema::DIED_ON];

impl Columns {
    fn new(town: &Arc<Town>) -> Self {
        let facts = town.facts.iter().map(|fact| match fact.kind {
            FactKind::Bool => Fact::Bools(Vec::new()),
            FactKind::Int => Fact::Ints(Vec::new()),
            FactKind::String => Fact::Texts(Vec::new(), Dictionary::default()),
            FactKind::Date => Fact::Days(Vec::new()),
        });
        Self {
            facts: facts.collect(),
            town: town.clone(),
            residents: Vec::new(),
            days: Default::default(),
            texts: Default::default(),
            dictionaries: Default::default(),
            current: Vec::new(),
            protected: Vec::new(),
            households: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    fn add(&mut self, resident: &Resident, day: Date) -> Result<(), Error> {
        let current = resident.current_on(day);
        let birth = resident.date_of_birth.and_then(|birth| self.town.bridge.unknown_birthday.day(birth));
        let on = |status| resident.status_on.filter(|_| resident.status == status);
        let days = [birth, resident.became_resident_on, on(Status::MovedOut), on(Status::Died)];
        for (column, day) in self.days.iter_mut().zip(days) {
            column.push(day);
        }
        let household = resident.household.map(|id| id.to_string()).unwrap_or_default();
        let texts = [resident.sex.as_str(), &resident.district, &household, &resident.relation, resident.status.code()];
        for ((column, dictionary), text) in self.texts.iter_mut().zip(&mut self.dictionaries).zip(texts) {
            column.push(dictionary.code(text));
        }
        self.current.push(Some(current));
        self.protected.push(resident.protected);
        let household_number = self.household_number(resident, current);
        self.households.push(household_number);
        self.residents.push(resident.id);
        for (column, fact) in self.facts.iter_mut().zip(&self.town.facts) {
            let value = resident.facts.get(fact.name.as_str());
            match column {
                Fact::Bools(column) => column.push(value.and_then(serde_json::Value::as_bool)),
                Fact::Ints(column) => column.push(value.and_then(serde_json::Value::as_i64)),
                Fact::Texts(column, dictionary) => {
                    column.push(value.and_then(|value| value.as_str()).and_then(|text| dictionary.code(text)))
                }
                Fact::Days(column) => column.push(value.and_then(|value| value.as_str()).and_then(|text| text.parse().ok())),
            }
        }
        Ok(())
    }

    /// Who lives together today has one number; people under protection measures are together only with one another, as in `household_of`.
    fn household_number(&mut self, resident: &Resident, current: bool) -> u64 {
        let alone = self.residents.len() as u64;
        match resident.household.filter(|_| current) {
            Some(household) => *self.numbers.entry((household.bits(), resident.protected)).or_insert(alone),
            None => alone,
        }
    }

    fn build(self, day: Date, bundle: u64) -> Result<TownTable, Error> {
        let fault = |error: &dyn std::fmt::Display| Error::Facts(error.to_string());
        let mut builder = Table::builder(&self.town.schema, self.residents.len());
        for (slot, column) in DAY_SLOTS.into_iter().zip(self.days) {
            builder = builder.dates(slot, column);
        }
        for ((slot, column), dictionary) in TEXT_SLOTS.into_iter().zip(self.texts).zip(self.dictionaries) {
            builder = builder.codes(slot, codes(column), dictionary.texts);
        }
        builder = belonging(builder, &self.town.schema, &self.current).ok_or_else(|| fault(&"residence"))?;
        builder = builder.bools(Schema::CURRENT, self.current).households(self.households);
        for (fact, column) in self.town.facts.iter().zip(self.facts) {
            let path = format!("facts.{}", fact.name.as_str());
            let slot = self.town.schema.slot(&path).ok_or_else(|| fault(&path))?;
            builder = match column {
                Fact::Bools(column) => builder.bools(slot, column),
                Fact::Ints(column) => builder.ints(slot, column),
                Fact::Texts(column, dictionary) => builder.codes(slot, codes(column), dictionary.texts),
                Fact::Days(column) => builder.dates(slot, column),
            };
        }
        let table = builder.build().map_err(|error| fault(&error))?;
        let rows = self.residents.iter().copied().zip(0u32..).collect();
        let protected = Bits::from_fn(self.protected.len(), |row| self.protected[row]);
        Ok(TownTable { table, residents: self.residents, protected, day, bundle, rows })
    }
}

/// Where each belongs: in the town today, or nowhere the register knows of.
fn belonging(builder: TableBuilder, schema: &Schema, current: &[Option<bool>]) -> Option<TableBuilder> {
    let kinds = [ResidenceKind::Resident, ResidenceKind::Nowhere].map(|kind| kind.word().into());
    let of = current.iter().map(|current| u32::from(*current != Some(true))).collect();
    let builder = builder.codes(schema.slot("residence.kind")?, of, kinds.to_vec());
    let none = || (vec![0; current.len()], vec![Arc::from("")]);
    let ((towns, no_town), (rolls, no_roll)) = (none(), none());
    let builder = builder.codes(schema.slot("residence.town")?, towns, no_town);
    Some(builder.codes(schema.slot("residence.roll")?, rolls, no_roll))
}

fn codes(column: Vec<Option<u32>>) -> Vec<u32> {
    column.into_iter().map(|code| code.unwrap_or(u32::MAX)).collect()
}

/// The facts of a resident as the pack types them, for a page that lists them.
pub fn typed_facts(resident: &Resident, town: &Town) -> BTreeMap<String, Value> {
    let typed = town.facts.iter().filter_map(|fact| {
        let value = fact_value(resident.facts.get(fact.name.as_str())?, fact.kind)?;
        Some((fact.name.as_str().to_owned(), value))
    });
    typed.collect()
}
