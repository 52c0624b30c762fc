//! The functions of the language, chosen by the kinds of their arguments.

use std::sync::Arc;

use regex::Regex;

use crate::calendar;
use crate::error::{EvalError, Stop};
use crate::eval::{Evaluated, Frame};
use crate::time;
use crate::value::{Value, equal_within};

/// The largest text or list an operation may build.
const MAX_SIZE: usize = 1 << 20;

/// A function or operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Func {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Negate,
    Index,
    OptionalIndex,
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Dyn,
    Type,
    ToInt,
    ToUint,
    ToDouble,
    ToBool,
    ToString,
    ToBytes,
    ToTimestamp,
    ToDuration,
    FullYear,
    MonthFrom0,
    DayOfYearFrom0,
    DayOfMonthFrom0,
    DayOfMonthFrom1,
    DayOfWeek,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
    OptionalOf,
    OptionalOfNonZero,
    OptionalNone,
    HasValue,
    OptionalValue,
    Or,
    OrValue,
    Date,
    FiscalYear,
    FiscalYearStart,
    FiscalYearEnd,
    MonthStart,
    MonthEnd,
    DaysBetween,
    PlusDays,
    PlusMonths,
    PlusYears,
    Year,
    Month,
    Day,
    Weekday,
    /// Declared for checking only, without a meaning.
    Unbound,
}

pub(crate) fn call(func: Func, args: &[Value], frame: &mut Frame<'_>) -> Evaluated {
    use Value::{Bool, Bytes, Int, String};
    Ok(match (func, args) {
        (Func::Add, [a, b]) => add(a, b)?,
        (Func::Subtract, [a, b]) => subtract(a, b)?,
        (Func::Multiply, [a, b]) => multiply(a, b)?,
        (Func::Divide, [a, b]) => divide(a, b)?,
        (Func::Remainder, [a, b]) => remainder(a, b)?,
        (Func::Negate, [Int(a)]) => Int(a.checked_neg().ok_or(EvalError::OutOfRange)?),
        (Func::Negate, [Value::Double(a)]) => Value::Double(-a),
        (Func::In, [item, range]) => contains(item, range, frame)?,
        (Func::Index, [Value::Optional(range), index]) => optional_index(range.as_deref(), index)?,
        (Func::Index, [range, index]) => index_of(range, index)?,
        (Func::OptionalIndex, [Value::Optional(range), index]) => optional_index(range.as_deref(), index)?,
        (Func::OptionalIndex, [range, index]) => optional_index(Some(range), index)?,
        (Func::Size, [String(text)]) => Int(text.chars().count() as i64),
        (Func::Size, [Bytes(bytes)]) => Int(bytes.len() as i64),
        (Func::Size, [Value::List(items)]) => Int(items.len() as i64),
        (Func::Size, [Value::Map(entries)]) => Int(entries.len() as i64),
        (Func::Contains, [String(text), String(part)]) => Bool(text.contains(&**part)),
        (Func::StartsWith, [String(text), String(part)]) => Bool(text.starts_with(&**part)),
        (Func::EndsWith, [String(text), String(part)]) => Bool(text.ends_with(&**part)),
        (Func::Matches, [String(text), String(pattern)]) => {
            let regex = Regex::new(pattern).map_err(|_| EvalError::Invalid("pattern".into()))?;
            Bool(regex.is_match(text))
        }
        (Func::Dyn, [value]) => value.clone(),
        (Func::Type, [value]) => Value::Type(value.kind().into()),
        (Func::OptionalOf, [value]) => Value::Optional(Some(Arc::new(value.clone()))),
        (Func::OptionalOfNonZero, [value]) => Value::Optional((!value.is_zero()).then(|| Arc::new(value.clone()))),
        (Func::OptionalNone, []) => Value::Optional(None),
        (Func::HasValue, [Value::Optional(value)]) => Bool(value.is_some()),
        (Func::OptionalValue, [Value::Optional(value)]) => (**value.as_ref().ok_or(EvalError::NoValue)?).clone(),
        (Func::Or, [Value::Optional(value), other]) => if value.is_some() { &args[0] } else { other }.clone(),
        (Func::OrValue, [Value::Optional(value), other]) => value.as_deref().unwrap_or(other).clone(),
        _ => other_call(func, args)?,
    })
}

fn other_call(func: Func, args: &[Value]) -> Evaluated {
    let result = match func {
        Func::ToInt | Func::ToUint | Func::ToDouble | Func::ToBool | Func::ToString | Func::ToBytes => convert(func, args),
        Func::ToTimestamp | Func::ToDuration => time::convert(func, args),
        Func::FullYear
        | Func::MonthFrom0
        | Func::DayOfYearFrom0
        | Func::DayOfMonthFrom0
        | Func::DayOfMonthFrom1
        | Func::DayOfWeek
        | Func::Hours
        | Func::Minutes
        | Func::Seconds
        | Func::Milliseconds => time::part(func, args),
        _ => calendar::call(func, args),
    };
    result.unwrap_or_else(|| Err(no_overload(func, args))).map_err(Stop::from)
}

#[cold]
fn no_overload(func: Func, args: &[Value]) -> EvalError {
    let kinds: Vec<&str> = args.iter().map(Value::kind).collect();
    EvalError::NoSuchOverload(format!("{func:?}({})", kinds.join(", ")).into())
}

fn in_range<T>(value: Option<T>) -> Result<T, EvalError> {
    value.ok_or(EvalError::OutOfRange)
}

fn add(a: &Value, b: &Value) -> Result<Value, EvalError> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(in_range(a.checked_add(*b))?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(in_range(a.checked_add(*b))?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Value::String(a), Value::String(b)) => {
            room(a.len() + b.len())?;
            Value::String(format!("{a}{b}").into())
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            room(a.len() + b.len())?;
            Value::Bytes([&a[..], &b[..]].concat().into())
        }
        (Value::List(a), Value::List(b)) => {
            room(a.len() + b.len())?;
            Value::List(Arc::new(a.iter().chain(b.iter()).cloned().collect()))
        }
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(time::in_span(a.checked_add(*b))?),
        (Value::Timestamp(at), Value::Duration(span)) | (Value::Duration(span), Value::Timestamp(at)) => {
            Value::Timestamp(time::shift(*at, *span)?)
        }
        (Value::Date(day), Value::Int(days)) => Value::Date(calendar::plus_days(*day, *days)?),
        _ => return Err(no_overload(Func::Add, &[a.clone(), b.clone()])),
    })
}

fn room(size: usize) -> Result<(), EvalError> {
    if size > MAX_SIZE { Err(EvalError::TooExpensive) } else { Ok(()) }
}

fn subtract(a: &Value, b: &Value) -> Result<Value, EvalError> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(in_range(a.checked_sub(*b))?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(in_range(a.checked_sub(*b))?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a - b),
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(time::in_span(a.checked_sub(*b))?),
        (Value::Timestamp(at), Value::Duration(span)) => Value::Timestamp(time::shift(*at, in_range(span.checked_neg())?)?),
        (Value::Timestamp(a), Value::Timestamp(b)) => Value::Duration(time::between(*a, *b)?),
        (Value::Date(day), Value::Int(days)) => Value::Date(calendar::plus_days(*day, in_range(days.checked_neg())?)?),
        (Value::Date(a), Value::Date(b)) => Value::Int(calendar::days_between(*b, *a)),
        _ => return Err(no_overload(Func::Subtract, &[a.clone(), b.clone()])),
    })
}

fn multiply(a: &Value, b: &Value) -> Result<Value, EvalError> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(in_range(a.checked_mul(*b))?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(in_range(a.checked_mul(*b))?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a * b),
        _ => return Err(no_overload(Func::Multiply, &[a.clone(), b.clone()])),
    })
}

fn divide(a: &Value, b: &Value) -> Result<Value, EvalError> {
    Ok(match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => return Err(EvalError::DivideByZero),
        (Value::Int(a), Value::Int(b)) => Value::Int(in_range(a.checked_div(*b))?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(a / b),
        (Value::Double(a), Value::Double(b)) => Value::Double(a / b),
        _ => return Err(no_overload(Func::Divide, &[a.clone(), b.clone()])),
    })
}

fn remainder(a: &Value, b: &Value) -> Result<Value, EvalError> {
    Ok(match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => return Err(EvalError::DivideByZero),
        (Value::Int(a), Value::Int(b)) => Value::Int(in_range(a.checked_rem(*b))?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(a % b),
        _ => return Err(no_overload(Func::Remainder, &[a.clone(), b.clone()])),
    })
}

fn contains(item: &Value, range: &Value, frame: &mut Frame<'_>) -> Result<Value, EvalError> {
    match range {
        Value::List(items) => {
            for candidate in items.iter() {
                if equal_within(item, candidate, &mut frame.fuel)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        Value::Map(entries) => Ok(Value::Bool(Value::get_key(entries, item).is_some())),
        _ => Err(no_overload(Func::In, &[item.clone(), range.clone()])),
    }
}

/// A list's index from a whole number of any kind.
fn position(index: &Value) -> Option<i128> {
    match index {
        Value::Int(index) => Some(i128::from(*index)),
        Value::Uint(index) => Some(i128::from(*index)),
        Value::Double(index) if index.fract() == 0.0 && index.abs() < 1.0e18 => Some(*index as i128),
        _ => None,
    }
}

fn index_of(range: &Value, index: &Value) -> Result<Value, EvalError> {
    match range {
        Value::List(items) => {
            let position = position(index).ok_or_else(|| no_overload(Func::Index, &[range.clone(), index.clone()]))?;
            usize::try_from(position).ok().and_then(|position| items.get(position)).cloned().ok_or(EvalError::BadIndex)
        }
        Value::Map(entries) => Value::get_key(entries, index).cloned().ok_or_else(|| EvalError::NoSuchKey(key_text(index).into())),
        _ => Err(no_overload(Func::Index, &[range.clone(), index.clone()])),
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        other => other.kind().to_owned(),
    }
}

fn optional_index(range: Option<&Value>, index: &Value) -> Result<Value, EvalError> {
    let Some(range) = range else { return Ok(Value::Optional(None)) };
    match index_of(range, index) {
        Ok(value) => Ok(Value::Optional(Some(Arc::new(value)))),
        Err(EvalError::BadIndex | EvalError::NoSuchKey(_)) => Ok(Value::Optional(None)),
        Err(error) => Err(error),
    }
}

/// `operand.field` and `operand.?field`.
pub(crate) fn select(operand: &Value, field: &Arc<str>, optional: bool) -> Evaluated {
    let key = Value::String(field.clone());
    match operand {
        Value::Optional(inner) => Ok(optional_index(inner.as_deref(), &key)?),
        Value::Map(_) if optional => Ok(optional_index(Some(operand), &key)?),
        Value::Map(_) => Ok(index_of(operand, &key)?),
        other => Err(EvalError::NoSuchOverload(format!("{}.{field}", other.kind()).into()).into()),
    }
}

/// `has(operand.field)`.
pub(crate) fn has_field(operand: &Value, field: &Arc<str>) -> Evaluated {
    let key = Value::String(field.clone());
    match operand {
        Value::Optional(None) => Ok(Value::Bool(false)),
        Value::Optional(Some(inner)) => has_field(inner, field),
        Value::Map(entries) => Ok(Value::Bool(Value::get_key(entries, &key).is_some())),
        other => Err(EvalError::NoSuchOverload(format!("{}.{field}", other.kind()).into()).into()),
    }
}

/// The conversions between numbers, text and bytes.
fn convert(func: Func, args: &[Value]) -> Option<Result<Value, EvalError>> {
    let [value] = args else { return None };
    let invalid = || EvalError::Invalid(value.as_str().unwrap_or(value.kind()).chars().take(40).collect::<String>().into());
    Some(match (func, value) {
        (Func::ToInt, Value::Int(_)) | (Func::ToUint, Value::Uint(_)) | (Func::ToDouble, Value::Double(_)) => Ok(value.clone()),
        (Func::ToBool, Value::Bool(_)) | (Func::ToString, Value::String(_)) | (Func::ToBytes, Value::Bytes(_)) => Ok(value.clone()),
        (Func::ToInt, Value::Uint(number)) => i64::try_from(*number).map(Value::Int).map_err(|_| EvalError::OutOfRange),
        (Func::ToInt, Value::Double(number)) => {
            in_range((number.abs() < 9_223_372_036_854_775_807.0).then_some(Value::Int(*number as i64)))
        }
        (Func::ToInt, Value::String(text)) => text.parse().map(Value::Int).map_err(|_| invalid()),
        (Func::ToInt, Value::Timestamp(at)) => Ok(Value::Int(at.seconds)),
        (Func::ToUint, Value::Int(number)) => u64::try_from(*number).map(Value::Uint).map_err(|_| EvalError::OutOfRange),
        (Func::ToUint, Value::Double(number)) => {
            in_range((*number > -1.0 && *number < 18_446_744_073_709_551_615.0).then_some(Value::Uint(*number as u64)))
        }
        (Func::ToUint, Value::String(text)) => text.parse().map(Value::Uint).map_err(|_| invalid()),
        (Func::ToDouble, Value::Int(number)) => Ok(Value::Double(*number as f64)),
        (Func::ToDouble, Value::Uint(number)) => Ok(Value::Double(*number as f64)),
        (Func::ToDouble, Value::String(text)) => text.parse().map(Value::Double).map_err(|_| invalid()),
        (Func::ToBool, Value::String(text)) => match &**text {
            "1" | "t" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(invalid()),
        },
        (Func::ToString, Value::Bool(value)) => Ok(Value::String(value.to_string().into())),
        (Func::ToString, Value::Int(number)) => Ok(Value::String(number.to_string().into())),
        (Func::ToString, Value::Uint(number)) => Ok(Value::String(number.to_string().into())),
        (Func::ToString, Value::Double(number)) => Ok(Value::String(double_text(*number).into())),
        (Func::ToString, Value::Bytes(bytes)) => {
            std::str::from_utf8(bytes).map(Value::from).map_err(|_| EvalError::Invalid("bytes that are not UTF-8".into()))
        }
        (Func::ToString, Value::Timestamp(at)) => Ok(Value::String(time::moment_text(*at).into())),
        (Func::ToString, Value::Duration(span)) => Ok(Value::String(time::span_text(*span).into())),
        (Func::ToString, Value::Date(day)) => Ok(Value::String(day.to_string().into())),
        (Func::ToBytes, Value::String(text)) => Ok(Value::Bytes(text.as_bytes().into())),
        _ => return None,
    })
}

/// A double as text: plain between 1e-4 and 1e21, with an exponent beyond.
fn double_text(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 { "+Inf" } else { "-Inf" }.into()
    } else if size != 0.0 && !(1.0e-4..1.0e21).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        format!("{digits}e{sign}{exponent:0>2}")
    } else {
        number.to_string()
    }
}
