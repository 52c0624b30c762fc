//! Values: what an expression gives, and how values of different kinds compare.

use std::cmp::Ordering;
use std::sync::Arc;

use civil::Date;
use jiff::SignedDuration;

use crate::error::EvalError;

/// A value of the language: the kinds of CEL, and the calendar day ordinances speak of.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing. A fact that is `Null` is not known.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that is never negative, written `7u`.
    Uint(u64),
    /// A number with a fraction.
    Double(f64),
    /// Text, counted in characters.
    String(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Values in order.
    List(Arc<Vec<Value>>),
    /// Keys and their values; keys are bool, int, uint or string and differ.
    Map(Arc<Vec<(Value, Value)>>),
    /// A moment, from year 1 to year 9999.
    Timestamp(Moment),
    /// A span of time.
    Duration(SignedDuration),
    /// The name of a kind of value, as `type(x)` gives it.
    Type(Arc<str>),
    /// A day on the calendar.
    Date(Date),
    /// A value that may be missing.
    Optional(Option<Arc<Value>>),
}

/// A moment in UTC: seconds since 1970 and nanoseconds, over the whole range the language knows (year 1 to 9999).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999,999,999.
    pub nanos: u32,
}

impl Value {
    /// The language's name of this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::String(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::Type(_) => "type",
            Value::Date(_) => "date",
            Value::Optional(_) => "optional_type",
        }
    }

    /// Whether the fact is not known.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, when this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value under a key of a map, with numbers compared by value.
    pub(crate) fn get_key<'a>(entries: &'a [(Value, Value)], key: &Value) -> Option<&'a Value> {
        entries.iter().find(|(k, _)| same_key(k, key)).map(|(_, v)| v)
    }

    /// Whether this is the zero of its kind, as `optional.ofNonZeroValue` asks.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(i) => *i == 0,
            Value::Uint(u) => *u == 0,
            Value::Double(d) => *d == 0.0,
            Value::String(s) => s.is_empty(),
            Value::Bytes(b) => b.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
            Value::Timestamp(t) => t.seconds == 0 && t.nanos == 0,
            Value::Duration(d) => d.is_zero(),
            Value::Type(_) | Value::Date(_) => false,
            Value::Optional(o) => o.is_none(),
        }
    }
}

/// Equality across kinds: numbers compare by value, everything else only with its own kind. Values too large to compare are not equal.
pub fn equal(a: &Value, b: &Value) -> bool {
    equal_within(a, b, &mut Fuel::default()).unwrap_or(false)
}

/// How many comparisons of parts one evaluation may make; lists can share parts, so that equality grows faster than the source.
pub(crate) struct Fuel(u32);

impl Default for Fuel {
    fn default() -> Self {
        Fuel(1_000_000)
    }
}

/// [`equal`], as long as the fuel lasts.
pub(crate) fn equal_within(a: &Value, b: &Value, fuel: &mut Fuel) -> Result<bool, EvalError> {
    let all = |pairs: &mut dyn Iterator<Item = (&Value, &Value)>, fuel: &mut Fuel| {
        for (p, q) in pairs {
            if !equal_within(p, q, fuel)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    fuel.0 = fuel.0.checked_sub(1).ok_or(EvalError::TooExpensive)?;
    match (a, b) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(x), Value::Bool(y)) => Ok(x == y),
        (Value::String(x), Value::String(y)) => Ok(x == y),
        (Value::Bytes(x), Value::Bytes(y)) => Ok(x == y),
        (Value::Type(x), Value::Type(y)) => Ok(x == y),
        (Value::Date(x), Value::Date(y)) => Ok(x == y),
        (Value::Timestamp(x), Value::Timestamp(y)) => Ok(x == y),
        (Value::Duration(x), Value::Duration(y)) => Ok(x == y),
        (Value::List(x), Value::List(y)) => Ok(x.len() == y.len() && all(&mut x.iter().zip(y.iter()), fuel)?),
        (Value::Map(x), Value::Map(y)) => {
            let mut pairs = x.iter().map(|(k, v)| Value::get_key(y, k).map(|w| (v, w)));
            let found: Option<Vec<_>> = pairs.by_ref().collect();
            Ok(x.len() == y.len() && found.map_or(Ok(false), |found| all(&mut found.into_iter(), fuel))?)
        }
        (Value::Optional(x), Value::Optional(y)) => match (x, y) {
            (None, None) => Ok(true),
            (Some(p), Some(q)) => equal_within(p, q, fuel),
            _ => Ok(false),
        },
        _ => Ok(compare_numbers(a, b) == Some(Ordering::Equal)),
    }
}

/// The order of two values, when their kinds have one: numbers across kinds, text, bytes, bools, moments, spans, days.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        (Value::String(x), Value::String(y)) => Some(x.cmp(y)),
        (Value::Bytes(x), Value::Bytes(y)) => Some(x.cmp(y)),
        (Value::Date(x), Value::Date(y)) => Some(x.cmp(y)),
        (Value::Timestamp(x), Value::Timestamp(y)) => Some(x.cmp(y)),
        (Value::Duration(x), Value::Duration(y)) => Some(x.cmp(y)),
        _ => compare_numbers(a, b),
    }
}

/// Whether two values have an order at all; a NaN has the kind but no order.
pub(crate) fn comparable(a: &Value, b: &Value) -> bool {
    use Value::{Bool, Bytes, Date, Double, Duration, Int, String, Timestamp, Uint};
    matches!(
        (a, b),
        (Bool(_), Bool(_))
            | (String(_), String(_))
            | (Bytes(_), Bytes(_))
            | (Date(_), Date(_))
            | (Timestamp(_), Timestamp(_))
            | (Duration(_), Duration(_))
            | (Int(_) | Uint(_) | Double(_), Int(_) | Uint(_) | Double(_))
    )
}

fn same_key(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(x), Value::String(y)) => x == y,
        (Value::Bool(x), Value::Bool(y)) => x == y,
        _ => compare_numbers(a, b) == Some(Ordering::Equal),
    }
}

fn compare_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => Some(x.cmp(y)),
        (Value::Uint(x), Value::Uint(y)) => Some(x.cmp(y)),
        (Value::Double(x), Value::Double(y)) => x.partial_cmp(y),
        (Value::Int(x), Value::Uint(y)) => Some(i128::from(*x).cmp(&i128::from(*y))),
        (Value::Uint(x), Value::Int(y)) => Some(i128::from(*x).cmp(&i128::from(*y))),
        (Value::Int(x), Value::Double(y)) => compare_whole(i128::from(*x), *y, i64::MIN as f64, i64::MAX as f64),
        (Value::Uint(x), Value::Double(y)) => compare_whole(i128::from(*x), *y, 0.0, u64::MAX as f64),
        (Value::Double(_), Value::Int(_) | Value::Uint(_)) => compare_numbers(b, a).map(Ordering::reverse),
        _ => None,
    }
}

/// Compares a whole number with a double as doubles, as the standard does, except where the double is beyond the whole numbers' range.
fn compare_whole(whole: i128, double: f64, least: f64, most: f64) -> Option<Ordering> {
    if double.is_nan() {
        None
    } else if double < least {
        Some(Ordering::Greater)
    } else if double > most {
        Some(Ordering::Less)
    } else {
        (whole as f64).partial_cmp(&double)
    }
}

impl PartialEq for Value {
    /// As `==` of the language: numbers by value across kinds.
    fn eq(&self, other: &Self) -> bool {
        equal(self, other)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value.into())
    }
}

impl From<Date> for Value {
    fn from(value: Date) -> Self {
        Value::Date(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    /// `None` is a fact that is not known.
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(compare(&Value::Int(i64::MAX), &Value::Double(9_223_372_036_854_777_857.0)), Some(Ordering::Less));
        assert_eq!(compare(&Value::Uint(u64::MAX), &Value::Int(-1)), Some(Ordering::Greater));
        assert!(equal(&Value::Int(1), &Value::Double(1.0)));
        assert!(!equal(&Value::Double(f64::NAN), &Value::Double(f64::NAN)));
        assert!(!equal(&Value::Int(1), &Value::Bool(true)));
    }
}
