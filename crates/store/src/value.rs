use civil::Date;
use jiff::Timestamp;

/// A value on its way to or from a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `boolean`.
    Bool(bool),
    /// `integer`, `bigint`; moments as microseconds.
    Int(i64),
    /// `text`; days, ids, JSON.
    Text(String),
    /// `bytea`.
    Bytes(Vec<u8>),
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// Reads column `column`, counted from 0.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode) when the column is missing or of another kind.
    pub fn get<T: FromValue>(&self, column: usize) -> crate::Result<T> {
        let decode = |reason| crate::Error::Decode { column, reason };
        let value = self.0.get(column).ok_or_else(|| decode("no such column".to_owned()))?;
        T::from_value(value).map_err(decode)
    }

    /// Reads column `column` as text that is read on from there.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn text(&self, column: usize) -> crate::Result<&str> {
        let decode = |reason| crate::Error::Decode { column, reason };
        self.0.get(column).ok_or_else(|| decode("no such column".to_owned()))?.text().map_err(decode)
    }
}

/// What a row can be read into; tuples and `from_row!` structs are.
pub trait FromRow: Sized + Send {
    /// Reads the row's columns in order.
    ///
    /// # Errors
    /// [`Error::Decode`](crate::Error::Decode) naming the column.
    fn from_row(row: &Row) -> crate::Result<Self>;
}

/// What a column can be read into.
pub trait FromValue: Sized + Send {
    /// Reads the value, or says what was expected.
    ///
    /// # Errors
    /// The reason, without the value itself: it may be personal.
    fn from_value(value: &Value) -> Result<Self, String>;
}

/// Reads a struct from the columns in the order its fields are named: `store::from_row!(Card { id, resident, issued_at });`
#[macro_export]
macro_rules! from_row {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::FromRow for $name {
            fn from_row(row: &$crate::Row) -> $crate::Result<Self> {
                let mut column = 0usize;
                $(let $field = row.get(column)?; #[allow(unused_assignments)] { column += 1; })+
                Ok(Self { $($field),+ })
            }
        }
    };
}

/// Stores an enum of unit variants as the text of its code: `store::text_enum!(State { Active = "active", Ended = "ended" });`
///
/// Gives `as_str`, `Display`, `FromStr`, serde as the code, and conversions to and from [`Value`].
#[macro_export]
macro_rules! text_enum {
    ($name:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $name {
            /// Every variant, in the order declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code as stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($code => Ok(Self::$variant),)+ _ => Err(concat!("not a ", stringify!($name)).to_owned()) }
            }
        }
        impl From<$name> for $crate::Value {
            fn from(value: $name) -> Self { $crate::Value::Text(value.as_str().to_owned()) }
        }
        impl $crate::FromValue for $name {
            fn from_value(value: &$crate::Value) -> Result<Self, String> { value.text()?.parse() }
        }
        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(self.as_str()) }
        }
        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <String as $crate::__serde::Deserialize>::deserialize(d)?;
                text.parse().map_err(<D::Error as $crate::__serde::de::Error>::custom)
            }
        }
    };
}

/// Makes the parameters of a query: `params![id, today, 3]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

/// Declares a room's SQL, each query once, and `ALL` for the test that prepares them on both engines.
///
/// ```
/// store::queries! {
///     /// The moment of the latest event.
///     LATEST = "select max(at) from store_event";
/// }
/// assert_eq!(ALL.len(), 1);
/// ```
#[macro_export]
macro_rules! queries {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$meta])* pub(crate) const $name: &str = $sql;)+
        /// Every query of this module.
        #[allow(dead_code)]
        pub(crate) const ALL: &[&str] = &[$($name),+];
    };
}

macro_rules! from_into {
    ($type:ty, $variant:ident, $expected:literal, $into:expr, $from:expr) => {
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                #[allow(clippy::redundant_closure_call)]
                Value::$variant($into(value))
            }
        }
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, String> {
                match value {
                    #[allow(clippy::redundant_closure_call)]
                    Value::$variant(inner) => $from(inner),
                    other => Err(format!(concat!("expected ", $expected, ", found {}"), other.kind())),
                }
            }
        }
    };
}

from_into!(i64, Int, "an integer", |v| v, |v: &i64| Ok(*v));
from_into!(i32, Int, "an integer", i64::from, |v: &i64| i32::try_from(*v).map_err(|_| "integer out of range".to_owned()));
from_into!(u32, Int, "an integer", i64::from, |v: &i64| u32::try_from(*v).map_err(|_| "integer out of range".to_owned()));
from_into!(String, Text, "text", |v| v, |v: &String| Ok(v.clone()));
from_into!(Vec<u8>, Bytes, "bytes", |v| v, |v: &Vec<u8>| Ok(v.clone()));
from_into!(Date, Text, "a day", |v: Date| v.to_string(), |v: &String| v.parse().map_err(|_| "not a day YYYY-MM-DD".to_owned()));
from_into!(Timestamp, Int, "a moment", |v: Timestamp| v.as_microsecond(), |v: &i64| {
    Timestamp::from_microsecond(*v).map_err(|_| "moment out of range".to_owned())
});

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(inner) => Ok(*inner),
            // SQLite knows no booleans: it gives back the 0 or 1 it was given.
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => Err(format!("expected a boolean, found {}", other.kind())),
        }
    }
}

/// Names of the town pack are stored as their text.
macro_rules! pack_names {
    ($($type:ty),+) => {$(
        impl From<$type> for Value {
            fn from(name: $type) -> Self {
                Value::Text(name.as_str().to_owned())
            }
        }
        impl From<&$type> for Value {
            fn from(name: &$type) -> Self {
                Value::Text(name.as_str().to_owned())
            }
        }
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, String> {
                value.text()?.parse().map_err(|error: town::InvalidName| error.to_string())
            }
        }
    )+};
}
pack_names!(
    town::AppId,
    town::AssetId,
    town::CalendarFeedId,
    town::DatasetId,
    town::GuideCode,
    town::GuideId,
    town::NeighbourId,
    town::PlaceId,
    town::ProgrammeId,
    town::ReportCategoryId,
    town::ReportSectionId,
    town::RollId
);

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Bytes(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Value::Bytes(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl Value {
    /// The text, for what is read out of one.
    ///
    /// # Errors
    /// What was found instead.
    pub fn text(&self) -> Result<&str, String> {
        match self {
            Value::Text(text) => Ok(text),
            other => Err(format!("expected text, found {}", other.kind())),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
        }
    }
}

impl FromRow for Row {
    fn from_row(row: &Row) -> crate::Result<Self> {
        Ok(row.clone())
    }
}

macro_rules! tuple_rows {
    ($($name:ident $column:tt),+) => {
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> crate::Result<Self> {
                Ok(($(row.get::<$name>($column)?,)+))
            }
        }
    };
}
tuple_rows!(A 0);
tuple_rows!(A 0, B 1);
tuple_rows!(A 0, B 1, C 2);
tuple_rows!(A 0, B 1, C 2, D 3);
tuple_rows!(A 0, B 1, C 2, D 3, E 4);
tuple_rows!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_rows!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
