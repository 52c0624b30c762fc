//! What a rule may speak of: the resident, the town's facts, its areas, and whatever the caller declares beside them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::types::Ty;
use crate::value::Value;

/// The names a rule may use, with their types. Cheap to clone.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    slots: Vec<SlotInfo>,
    by_path: HashMap<String, Slot>,
}

/// Where a fact stands in a [`crate::Person`] and in a [`crate::Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) u16);

/// The type of a declared name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactType {
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// Text.
    String,
    /// A calendar day.
    Date,
}

/// A declared name.
#[derive(Clone, Debug)]
pub struct SlotInfo {
    /// The name as written in a rule, such as `resident.date_of_birth`; for an area `area.<layer>`.
    pub path: String,
    /// Its type.
    pub kind: FactType,
    /// Whether every person has their own value (so that household members have it too), and not the place or the event.
    pub personal: bool,
    /// The name in Japanese, for explanations.
    pub ja: String,
    /// The name in English, for explanations.
    pub en: String,
    /// The only texts it may be; any, where there are none.
    pub values: Vec<String>,
}

/// A name that cannot be declared.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SchemaError {
    /// The name is not a plain word of ASCII letters, digits and `_`.
    #[error("{0:?} is not a name: use letters, digits and _")]
    BadName(String),
    /// The name is declared twice.
    #[error("{0} is declared twice")]
    Twice(String),
    /// There are more names than a rule can address.
    #[error("more than 60,000 names are declared")]
    TooMany,
}

/// Collects the names of a [`Schema`].
#[derive(Clone, Debug, Default)]
pub struct SchemaBuilder {
    slots: Vec<SlotInfo>,
    error: Option<String>,
}

impl Schema {
    /// `resident.date_of_birth`.
    pub const DATE_OF_BIRTH: Slot = Slot(0);
    /// `resident.sex`.
    pub const SEX: Slot = Slot(1);
    /// `resident.district`.
    pub const DISTRICT: Slot = Slot(2);
    /// `resident.household`.
    pub const HOUSEHOLD: Slot = Slot(3);
    /// `resident.relation`.
    pub const RELATION: Slot = Slot(4);
    /// `resident.status`.
    pub const STATUS: Slot = Slot(5);
    /// `resident.current`.
    pub const CURRENT: Slot = Slot(6);
    /// `resident.became_resident_on`.
    pub const BECAME_RESIDENT_ON: Slot = Slot(7);
    /// `resident.moved_out_on`.
    pub const MOVED_OUT_ON: Slot = Slot(8);
    /// `resident.died_on`.
    pub const DIED_ON: Slot = Slot(9);

    /// Starts a schema with the built-in names of a resident.
    pub fn builder() -> SchemaBuilder {
        let mut builder = SchemaBuilder::default();
        for (name, kind, ja, en) in RESIDENT {
            builder = builder.name(format!("resident.{name}"), kind, true, ja, en);
        }
        builder
    }

    /// The slot of a name, such as `facts.non_taxed`, `area.flood` or `place.kind`.
    pub fn slot(&self, path: &str) -> Option<Slot> {
        self.0.by_path.get(path).copied()
    }

    /// What is declared for a slot.
    pub fn info(&self, slot: Slot) -> &SlotInfo {
        &self.0.slots[usize::from(slot.0)]
    }

    /// All declared names in slot order.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, &SlotInfo)> {
        self.0.slots.iter().enumerate().map(|(index, info)| (Slot(index as u16), info))
    }

    /// How many names are declared.
    pub fn len(&self) -> usize {
        self.0.slots.len()
    }

    /// Whether nothing is declared; never so for a schema from [`Schema::builder`].
    pub fn is_empty(&self) -> bool {
        self.0.slots.is_empty()
    }

    /// Whether some name starts with `structure.`.
    pub(crate) fn has_structure(&self, structure: &str) -> bool {
        self.0.slots.iter().any(|info| info.path.strip_prefix(structure).is_some_and(|rest| rest.starts_with('.')))
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.slots.iter().map(|info| (&info.path, info.kind))).finish()
    }
}

impl Slot {
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl SchemaBuilder {
    /// Declares `facts.<name>`, a fact of a resident.
    pub fn fact(self, name: &str, kind: FactType) -> Self {
        let path = format!("facts.{name}");
        self.name(path, kind, true, name, name)
    }

    /// Declares `facts.<name>` with the words an explanation uses for it.
    pub fn fact_named(self, name: &str, kind: FactType, ja: &str, en: &str) -> Self {
        self.name(format!("facts.{name}"), kind, true, ja, en)
    }

    /// Declares an area, so that `in_area("<layer>")` may be asked; its slot is `area.<layer>`.
    pub fn area(self, layer: &str) -> Self {
        self.area_named(layer, layer, layer)
    }

    /// Declares an area with the words an explanation uses for it.
    pub fn area_named(mut self, layer: &str, ja: &str, en: &str) -> Self {
        let (path, kind, personal) = (format!("area.{layer}"), FactType::Bool, true);
        self.slots.push(SlotInfo { path, kind, personal, ja: ja.into(), en: en.into(), values: Vec::new() });
        self
    }

    /// Declares `residence.<name>` of a person, a text that is one of `values`: another one in a rule is a mistake.
    pub fn residence(self, name: &str, values: Vec<String>, ja: &str, en: &str) -> Self {
        let mut builder = self.name(format!("residence.{name}"), FactType::String, true, ja, en);
        if let Some(slot) = builder.slots.last_mut() {
            slot.values = values;
        }
        builder
    }

    /// Declares `<structure>.<name>` for something that is not a person, such as `place.kind` or `event.programme`.
    pub fn field(self, structure: &str, name: &str, kind: FactType) -> Self {
        let path = format!("{structure}.{name}");
        self.name(path.clone(), kind, false, &path, &path)
    }

    fn name(mut self, path: String, kind: FactType, personal: bool, ja: &str, en: &str) -> Self {
        let words = path.split('.').all(|word| {
            word.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) && word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        });
        if !words {
            self.error.get_or_insert(path.clone());
        }
        self.slots.push(SlotInfo { path, kind, personal, ja: ja.into(), en: en.into(), values: Vec::new() });
        self
    }

    /// Finishes the schema.
    ///
    /// # Errors
    /// When a name is not a plain word, is declared twice, or there are too many.
    pub fn build(self) -> Result<Schema, SchemaError> {
        if let Some(name) = self.error {
            return Err(SchemaError::BadName(name));
        }
        if self.slots.len() > 60_000 {
            return Err(SchemaError::TooMany);
        }
        let mut by_path = HashMap::new();
        for (index, info) in self.slots.iter().enumerate() {
            if by_path.insert(info.path.clone(), Slot(index as u16)).is_some() {
                return Err(SchemaError::Twice(info.path.clone()));
            }
        }
        Ok(Schema(Arc::new(Inner { slots: self.slots, by_path })))
    }
}

impl FactType {
    pub(crate) fn ty(self) -> Ty {
        match self {
            FactType::Bool => Ty::Bool,
            FactType::Int => Ty::Int,
            FactType::String => Ty::String,
            FactType::Date => Ty::Date,
        }
    }

    /// Whether a value is of this type, or not known.
    pub fn accepts(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (_, Value::Null)
                | (FactType::Bool, Value::Bool(_))
                | (FactType::Int, Value::Int(_))
                | (FactType::String, Value::String(_))
                | (FactType::Date, Value::Date(_))
        )
    }

    /// Reads a value of this type from text: `true`/`false`, digits, the text itself, `2026-04-01`. `None` when it is not one.
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            FactType::Bool => text.parse().ok().map(Value::Bool),
            FactType::Int => text.parse().ok().map(Value::Int),
            FactType::String => Some(text.into()),
            FactType::Date => text.parse().ok().map(Value::Date),
        }
    }
}

impl FromStr for FactType {
    type Err = String;

    /// Reads `bool`, `int`, `string` or `date`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "bool" => Ok(FactType::Bool),
            "int" => Ok(FactType::Int),
            "string" => Ok(FactType::String),
            "date" => Ok(FactType::Date),
            other => Err(format!("{other:?} is not a fact type: use bool, int, string or date")),
        }
    }
}

/// FNV-1a, a hash that stays the same for ever; not for secrets.
pub(crate) struct Fnv(pub(crate) u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

const RESIDENT: [(&str, FactType, &str, &str); 10] = [
    ("date_of_birth", FactType::Date, "生年月日", "date of birth"),
    ("sex", FactType::String, "性別", "sex"),
    ("district", FactType::String, "地区", "district"),
    ("household", FactType::String, "世帯", "household"),
    ("relation", FactType::String, "続柄", "relation to the head of household"),
    ("status", FactType::String, "住民の状態", "resident status"),
    ("current", FactType::Bool, "現在の住民", "current resident"),
    ("became_resident_on", FactType::Date, "住民となった日", "day of becoming a resident"),
    ("moved_out_on", FactType::Date, "転出日", "day of moving out"),
    ("died_on", FactType::Date, "死亡日", "day of death"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_and_declared_once() {
        assert_eq!(Schema::builder().fact("a b", FactType::Bool).build().err(), Some(SchemaError::BadName("facts.a b".into())));
        let twice = Schema::builder().fact("x", FactType::Bool).fact("x", FactType::Int).build();
        assert_eq!(twice.err(), Some(SchemaError::Twice("facts.x".into())));
    }

    #[test]
    fn the_built_in_slots_are_where_the_constants_say() {
        let schema = Schema::builder().build().expect("the built-in names are sound");
        assert_eq!(schema.slot("resident.date_of_birth"), Some(Schema::DATE_OF_BIRTH));
        assert_eq!(schema.slot("resident.current"), Some(Schema::CURRENT));
        assert_eq!(schema.slot("resident.died_on"), Some(Schema::DIED_ON));
    }
}
