//! A whole town in columns.

use std::collections::HashMap;
use std::sync::Arc;

use civil::Date;

use crate::bits::Bits;
use crate::calendar::{day_number, day_of_number};
use crate::person::Person;
use crate::schema::{FactType, Schema, Slot};
use crate::value::Value;

/// The facts of many people, a column for each declared name. A column that was not filled is not known for anybody.
#[derive(Clone, Debug)]
pub struct Table {
    schema: Schema,
    rows: usize,
    pub(crate) columns: Vec<Option<Column>>,
    pub(crate) households: Households,
}

/// What cannot be made into a table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TableError {
    /// A column has another number of rows than the table.
    #[error("{path} has {given} rows, the table has {rows}")]
    Rows {
        /// The column's name.
        path: String,
        /// Its rows.
        given: usize,
        /// The table's rows.
        rows: usize,
    },
    /// A column was filled with values of another type than declared.
    #[error("{0} is declared with another type")]
    WrongType(String),
    /// A code stands for no text of the dictionary.
    #[error("{0} has a code that its dictionary lacks")]
    BadCode(String),
    /// The table has more rows than 32 bits count.
    #[error("a table holds at most 4,294,967,294 people")]
    TooMany,
}

#[derive(Clone, Debug)]
pub(crate) enum Column {
    Bools {
        yes: Bits,
        no: Bits,
    },
    Dates {
        days: Days,
        first: i32,
        last: i32,
    },
    Ints {
        values: Vec<i64>,
        known: Bits,
        least: i64,
        most: i64,
    },
    /// `u32::MAX` where not known.
    Codes {
        codes: Vec<u32>,
        dictionary: Vec<Arc<str>>,
    },
}

/// Days since 1970-01-01.
#[derive(Clone, Debug)]
pub(crate) enum Days {
    /// Days after the column's first; `u16::MAX` where not known.
    Narrow(Vec<u16>),
    /// `i32::MIN` where not known.
    Wide(Vec<i32>),
}

/// Who lives together: rows by household.
#[derive(Clone, Debug, Default)]
pub(crate) struct Households {
    /// The household of each row.
    pub(crate) of: Vec<u32>,
    /// Where the members of each household start in `members`; one more at the end.
    pub(crate) starts: Vec<u32>,
    pub(crate) members: Vec<u32>,
}

/// Fills a [`Table`] column by column.
#[derive(Debug)]
pub struct TableBuilder {
    table: Table,
    error: Option<TableError>,
}

impl Table {
    /// Starts a table of `rows` people, of whom nothing is known and who live alone.
    pub fn builder(schema: &Schema, rows: usize) -> TableBuilder {
        let columns = vec![None; schema.len()];
        let households = Households { of: Vec::new(), starts: Vec::new(), members: Vec::new() };
        let error = (rows >= u32::MAX as usize).then_some(TableError::TooMany);
        TableBuilder { table: Table { schema: schema.clone(), rows, columns, households }, error }
    }

    /// Makes a table of people with the number of each one's household; the members set on the people themselves are not looked at.
    ///
    /// # Errors
    /// When there are too many.
    pub fn of_people<'a>(schema: &Schema, people: impl IntoIterator<Item = (&'a Person, u64)>) -> Result<Table, TableError> {
        let (people, households): (Vec<&Person>, Vec<u64>) = people.into_iter().unzip();
        let mut builder = Table::builder(schema, people.len());
        for (slot, info) in schema.slots() {
            let facts = people.iter().map(|person| person.get(slot));
            builder = match info.kind {
                FactType::Bool => builder.bools(slot, facts.map(|fact| if let Value::Bool(value) = fact { Some(*value) } else { None })),
                FactType::Int => builder.ints(slot, facts.map(|fact| if let Value::Int(value) = fact { Some(*value) } else { None })),
                FactType::Date => builder.dates(slot, facts.map(|fact| if let Value::Date(value) = fact { Some(*value) } else { None })),
                FactType::String => builder.texts(slot, facts.map(Value::as_str)),
            };
        }
        builder.households(households).build()
    }

    /// How many people there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The schema of the columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Replaces the bits of an area (or any other column of yes and no), all known.
    ///
    /// # Errors
    /// When the number of rows or the type differs.
    pub fn set_bits(&mut self, slot: Slot, yes: Bits) -> Result<(), TableError> {
        let info = self.schema.info(slot);
        if yes.len() != self.rows {
            return Err(TableError::Rows { path: info.path.clone(), given: yes.len(), rows: self.rows });
        }
        if info.kind != FactType::Bool {
            return Err(TableError::WrongType(info.path.clone()));
        }
        let no = Bits::from_words(yes.words().iter().map(|word| !word).collect(), self.rows);
        self.columns[slot.index()] = Some(Column::Bools { yes, no });
        Ok(())
    }

    /// One person's fact; [`Value::Null`] when not known.
    pub fn fact(&self, row: usize, slot: Slot) -> Value {
        match &self.columns.get(slot.index()).and_then(Option::as_ref) {
            None => Value::Null,
            Some(Column::Bools { yes, no }) => {
                if yes.get(row) || no.get(row) {
                    Value::Bool(yes.get(row))
                } else {
                    Value::Null
                }
            }
            Some(Column::Dates { days, first, .. }) => days.get(row, *first).and_then(day_of_number).map_or(Value::Null, Value::Date),
            Some(Column::Ints { values, known, .. }) => {
                if known.get(row) {
                    Value::Int(values[row])
                } else {
                    Value::Null
                }
            }
            Some(Column::Codes { codes, dictionary }) => {
                codes.get(row).and_then(|code| dictionary.get(*code as usize)).cloned().map_or(Value::Null, Value::String)
            }
        }
    }

    /// One person with the whole household, as the one-person evaluator takes it.
    pub fn person(&self, row: usize) -> Person {
        let facts = |row: usize| (0..self.schema.len()).map(|index| self.fact(row, Slot(index as u16))).collect::<Box<[Value]>>();
        let mut person = Person::new(&self.schema);
        person.facts = facts(row);
        person.others = self.households.others(row).map(facts).collect();
        person
    }

    /// The rows of everybody else in the household.
    pub fn household_of(&self, row: usize) -> impl Iterator<Item = usize> {
        self.households.others(row)
    }

    /// Counts the rows of `bits` by a column of text: the texts in dictionary order, then not known.
    pub fn count_by_text(&self, bits: &Bits, slot: Slot) -> Vec<(Option<&str>, usize)> {
        let picture = self.picture(bits, slot, Date::ZERO, &[]);
        picture.into_iter().map(|(text, counts)| (text, counts[0])).collect()
    }

    /// Counts the rows of `bits` by age on a day: below the first bound, from each bound up to the next, and not known.
    pub fn count_by_age(&self, bits: &Bits, today: Date, bounds: &[i16]) -> Vec<usize> {
        let bands = Bands::new(self, today, bounds);
        let mut counts = vec![0; bounds.len() + 2];
        for row in bits.rows() {
            counts[bands.of(self, row)] += 1;
        }
        counts
    }

    /// Counts the rows of `bits` by a column of text and by age, for the picture of a what-if question. The counts of a text are those of
    /// [`Table::count_by_age`].
    pub fn picture(&self, bits: &Bits, slot: Slot, today: Date, bounds: &[i16]) -> Vec<(Option<&str>, Vec<usize>)> {
        let (codes, dictionary): (&[u32], &[Arc<str>]) = match self.columns.get(slot.index()) {
            Some(Some(Column::Codes { codes, dictionary })) => (codes, dictionary),
            _ => (&[], &[]),
        };
        let width = bounds.len() + 2;
        let bands = (!bounds.is_empty()).then(|| Bands::new(self, today, bounds));
        let mut counts = vec![0; (dictionary.len() + 1) * width];
        for row in bits.rows() {
            let text = codes.get(row).map_or(dictionary.len(), |code| (*code as usize).min(dictionary.len()));
            counts[text * width + bands.as_ref().map_or(0, |bands| bands.of(self, row))] += 1;
        }
        let texts = dictionary.iter().map(|text| Some(&**text)).chain([None]);
        texts.zip(counts.chunks(width).map(<[usize]>::to_vec)).collect()
    }
}

/// The age band of each day of birth, worked out once for each day.
struct Bands {
    first: i32,
    band: Vec<u8>,
    unknown: usize,
}

impl Bands {
    fn new(table: &Table, today: Date, bounds: &[i16]) -> Bands {
        let (first, last) = match table.columns.get(Schema::DATE_OF_BIRTH.index()) {
            Some(Some(Column::Dates { first, last, .. })) => (*first, (*last).min(first.saturating_add(400_000))),
            _ => (0, -1),
        };
        let band = |day: i32| {
            let age = day_of_number(day).map_or(0, |born| civil::age_on(born, today));
            bounds.iter().filter(|bound| age >= **bound).count().min(250) as u8
        };
        Bands { first, band: (first..=last).map(band).collect(), unknown: bounds.len() + 1 }
    }

    fn of(&self, table: &Table, row: usize) -> usize {
        match &table.columns[Schema::DATE_OF_BIRTH.index()] {
            Some(Column::Dates { days, first, .. }) => days
                .get(row, *first)
                .and_then(|day| self.band.get(usize::try_from(day - self.first).ok()?))
                .map_or(self.unknown, |band| usize::from(*band)),
            _ => self.unknown,
        }
    }
}

impl Days {
    pub(crate) fn get(&self, row: usize, first: i32) -> Option<i32> {
        match self {
            Days::Narrow(days) => days.get(row).filter(|day| **day != u16::MAX).map(|day| first + i32::from(*day)),
            Days::Wide(days) => days.get(row).copied().filter(|day| *day != i32::MIN),
        }
    }
}

impl Households {
    /// The rows of a household.
    pub(crate) fn members(&self, household: usize) -> &[u32] {
        match (self.starts.get(household), self.starts.get(household + 1)) {
            (Some(start), Some(end)) => &self.members[*start as usize..*end as usize],
            _ => &[],
        }
    }

    fn others(&self, row: usize) -> impl Iterator<Item = usize> {
        let members = self.of.get(row).map_or(&[][..], |household| self.members(*household as usize));
        members.iter().map(|member| *member as usize).filter(move |member| *member != row)
    }

    fn new(numbers: &[u64]) -> Households {
        let mut dense: HashMap<u64, u32> = HashMap::with_capacity(numbers.len() / 2);
        let mut of = Vec::with_capacity(numbers.len());
        for number in numbers {
            let next = dense.len() as u32;
            of.push(*dense.entry(*number).or_insert(next));
        }
        let mut starts = vec![0u32; dense.len() + 1];
        for household in &of {
            starts[*household as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut members = vec![0; of.len()];
        for (row, household) in of.iter().enumerate() {
            let at = &mut next[*household as usize];
            members[*at as usize] = row as u32;
            *at += 1;
        }
        Households { of, starts, members }
    }
}

impl TableBuilder {
    fn put(mut self, slot: Slot, kind: FactType, given: usize, column: Column) -> Self {
        let (info, rows) = (self.table.schema.info(slot), self.table.rows);
        if given != rows {
            self.error.get_or_insert(TableError::Rows { path: info.path.clone(), given, rows });
        } else if info.kind != kind {
            self.error.get_or_insert(TableError::WrongType(info.path.clone()));
        }
        self.table.columns[slot.index()] = Some(column);
        self
    }

    /// Fills a column of days.
    pub fn dates(self, slot: Slot, days: impl IntoIterator<Item = Option<Date>>) -> Self {
        self.day_numbers(slot, days.into_iter().map(|day| day.map(day_number)))
    }

    /// Fills a column of days given as days since 1970-01-01.
    pub fn day_numbers(self, slot: Slot, days: impl IntoIterator<Item = Option<i32>>) -> Self {
        let wide: Vec<i32> = days.into_iter().map(|day| day.unwrap_or(i32::MIN)).collect();
        let known = || wide.iter().copied().filter(|day| *day != i32::MIN);
        let (first, last) = (known().min().unwrap_or(0), known().max().unwrap_or(0));
        let given = wide.len();
        let days = if i64::from(last) - i64::from(first) < i64::from(u16::MAX) {
            Days::Narrow(wide.into_iter().map(|day| if day == i32::MIN { u16::MAX } else { (day - first) as u16 }).collect())
        } else {
            Days::Wide(wide)
        };
        self.put(slot, FactType::Date, given, Column::Dates { days, first, last })
    }

    /// Fills a column of yes and no.
    pub fn bools(self, slot: Slot, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        let (mut yes, mut no, mut given) = (Vec::new(), Vec::new(), 0);
        for value in values {
            if given % 64 == 0 {
                yes.push(0u64);
                no.push(0u64);
            }
            let word = if value == Some(true) { yes.last_mut() } else { no.last_mut() };
            if let (Some(word), true) = (word, value.is_some()) {
                *word |= 1 << (given % 64);
            }
            given += 1;
        }
        let column = Column::Bools { yes: Bits::from_words(yes, given), no: Bits::from_words(no, given) };
        self.put(slot, FactType::Bool, given, column)
    }

    /// Fills a column of yes and no that is known for everybody, such as who lives in an area.
    pub fn bits(mut self, slot: Slot, yes: Bits) -> Self {
        if let Err(error) = self.table.set_bits(slot, yes) {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Fills a column of whole numbers.
    pub fn ints(self, slot: Slot, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let values: Vec<Option<i64>> = values.into_iter().collect();
        let known = Bits::from_fn(values.len(), |row| values[row].is_some());
        let least = values.iter().flatten().copied().min().unwrap_or(0);
        let most = values.iter().flatten().copied().max().unwrap_or(0);
        let given = values.len();
        let values = values.into_iter().map(|value| value.unwrap_or(0)).collect();
        self.put(slot, FactType::Int, given, Column::Ints { values, known, least, most })
    }

    /// Fills a column of text.
    pub fn texts<'a>(self, slot: Slot, values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut dictionary: Vec<Arc<str>> = Vec::new();
        let mut known: HashMap<&'a str, u32> = HashMap::new();
        let mut code = |text: &'a str| {
            *known.entry(text).or_insert_with(|| {
                dictionary.push(text.into());
                dictionary.len() as u32 - 1
            })
        };
        let codes: Vec<u32> = values.into_iter().map(|value| value.map_or(u32::MAX, &mut code)).collect();
        self.codes(slot, codes, dictionary)
    }

    /// Fills a column of text given as places in a dictionary; `u32::MAX` where not known.
    pub fn codes(mut self, slot: Slot, codes: Vec<u32>, dictionary: Vec<Arc<str>>) -> Self {
        if codes.iter().any(|code| *code != u32::MAX && *code as usize >= dictionary.len()) {
            self.error.get_or_insert(TableError::BadCode(self.table.schema.info(slot).path.clone()));
        }
        self.put(slot, FactType::String, codes.len(), Column::Codes { codes, dictionary })
    }

    /// Says who lives together: the number of each person's household.
    pub fn households(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        let numbers: Vec<u64> = numbers.into_iter().collect();
        if numbers.len() != self.table.rows {
            let (path, given, rows) = ("household".into(), numbers.len(), self.table.rows);
            self.error.get_or_insert(TableError::Rows { path, given, rows });
        } else {
            self.table.households = Households::new(&numbers);
        }
        self
    }

    /// Finishes the table.
    ///
    /// # Errors
    /// The first thing that did not fit.
    pub fn build(mut self) -> Result<Table, TableError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.table.households.of.len() != self.table.rows {
            self.table.households = Households::new(&(0..self.table.rows as u64).collect::<Vec<_>>());
        }
        Ok(self.table)
    }
}
