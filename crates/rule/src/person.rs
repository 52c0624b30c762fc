//! One person's facts, with the members of the household.

use crate::schema::{Schema, Slot};
use crate::value::Value;

/// The facts a rule is decided on: those of one person, and of everybody else in the household. What is not set is not known.
#[derive(Clone, Debug)]
pub struct Person {
    schema: Schema,
    pub(crate) facts: Box<[Value]>,
    pub(crate) others: Vec<Box<[Value]>>,
}

/// A fact that cannot be set.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FactError {
    /// The schema does not declare the name.
    #[error("{0} is not declared")]
    Unknown(String),
    /// The value is of another type than declared.
    #[error("{path} is declared as {declared}, not {given}")]
    WrongType {
        /// The name.
        path: String,
        /// The type declared for it.
        declared: String,
        /// The kind of the value given.
        given: String,
    },
}

impl Person {
    /// A person of whom nothing is known yet.
    pub fn new(schema: &Schema) -> Person {
        Person { schema: schema.clone(), facts: vec![Value::Null; schema.len()].into(), others: Vec::new() }
    }

    /// The schema the facts follow.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Sets a fact by its name, such as `resident.date_of_birth` or `facts.non_taxed`.
    ///
    /// # Errors
    /// When the name is not declared or the value is of another type.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) -> Result<(), FactError> {
        let slot = self.schema.slot(path).ok_or_else(|| FactError::Unknown(path.into()))?;
        self.set_slot(slot, value)
    }

    /// Sets a fact by its slot, which is quicker than by name.
    ///
    /// # Errors
    /// When the value is of another type than declared.
    pub fn set_slot(&mut self, slot: Slot, value: impl Into<Value>) -> Result<(), FactError> {
        let value = value.into();
        let info = self.schema.info(slot);
        if !info.kind.accepts(&value) {
            let (path, declared, given) = (info.path.clone(), info.kind.ty().to_string(), value.kind().to_owned());
            return Err(FactError::WrongType { path, declared, given });
        }
        self.facts[slot.index()] = value;
        Ok(())
    }

    /// The same person with a fact set by its name.
    ///
    /// # Errors
    /// As [`Person::set`].
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Result<Person, FactError> {
        self.set(path, value)?;
        Ok(self)
    }

    /// A fact by its slot; [`Value::Null`] when not known.
    pub fn get(&self, slot: Slot) -> &Value {
        self.facts.get(slot.index()).unwrap_or(&Value::Null)
    }

    /// Adds somebody else of the household. The person themself is always a member and is not added.
    pub fn add_member(&mut self, member: Person) {
        self.others.push(member.facts);
    }

    /// How many people the household has, the person included.
    pub fn household_size(&self) -> usize {
        self.others.len() + 1
    }
}
