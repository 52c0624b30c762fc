//! Moments and spans of time, as CEL has them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::calendar::{day_number, day_of_number};
use crate::error::EvalError;
use crate::functions::Func;
use crate::value::{Moment, Value};

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;
/// The longest span: what 64 bits of nanoseconds hold.
const LONGEST_SPAN: i128 = i64::MAX as i128;

/// A span within its range.
pub(crate) fn in_span(span: Option<SignedDuration>) -> Result<SignedDuration, EvalError> {
    span.filter(|span| span.as_nanos().abs() <= LONGEST_SPAN).ok_or(EvalError::OutOfRange)
}

/// A moment some time later.
pub(crate) fn shift(at: Moment, span: SignedDuration) -> Result<Moment, EvalError> {
    let nanos = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos) + span.as_nanos();
    moment(nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000) as u32)
}

fn moment(seconds: i128, nanos: u32) -> Result<Moment, EvalError> {
    match i64::try_from(seconds) {
        Ok(seconds) if (FIRST_SECOND..=LAST_SECOND).contains(&seconds) => Ok(Moment { seconds, nanos }),
        _ => Err(EvalError::OutOfRange),
    }
}

/// The span from `b` to `a`.
pub(crate) fn between(a: Moment, b: Moment) -> Result<SignedDuration, EvalError> {
    let nanos = i32::try_from(i64::from(a.nanos) - i64::from(b.nanos)).unwrap_or(0);
    in_span(Some(SignedDuration::new(a.seconds - b.seconds, 0) + SignedDuration::new(0, nanos)))
}

/// `timestamp(x)` and `duration(x)`.
pub(crate) fn convert(func: Func, args: &[Value]) -> Option<Result<Value, EvalError>> {
    Some(match (func, args) {
        (Func::ToTimestamp, [Value::Timestamp(_)]) | (Func::ToDuration, [Value::Duration(_)]) => Ok(args[0].clone()),
        (Func::ToTimestamp, [Value::Int(seconds)]) => moment(i128::from(*seconds), 0).map(Value::Timestamp),
        (Func::ToTimestamp, [Value::String(text)]) => read_moment(text).map(Value::Timestamp),
        (Func::ToDuration, [Value::Int(seconds)]) => in_span(Some(SignedDuration::from_secs(*seconds))).map(Value::Duration),
        (Func::ToDuration, [Value::String(text)]) => read_span(text).map(Value::Duration),
        _ => return None,
    })
}

/// Reads RFC 3339, from year 1 to year 9999.
pub(crate) fn read_moment(text: &str) -> Result<Moment, EvalError> {
    let invalid =
        || EvalError::Invalid(format!("{} is not a moment such as 2026-04-01T00:00:00Z", text.chars().take(40).collect::<String>()).into());
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Result<i64, EvalError> {
        let digits = text.get(from..to).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit())).ok_or_else(invalid)?;
        digits.parse().map_err(|_| invalid())
    };
    let separators = bytes.len() > 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !separators {
        return Err(invalid());
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let date = jiff::civil::Date::new(year as i16, month as i8, day as i8).map_err(|_| invalid())?;
    if hour > 23 || minute > 59 || second > 59 {
        return Err(invalid());
    }
    let mut at = 19;
    let mut nanos = 0;
    if bytes[at] == b'.' {
        let end = bytes[20..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |end| end + 20);
        let digits = end - 20;
        if !(1..=9).contains(&digits) {
            return Err(invalid());
        }
        nanos = number(20, end)? as u32 * 10u32.pow(9 - digits as u32);
        at = end;
    }
    let offset = match bytes.get(at) {
        Some(b'Z' | b'z') if bytes.len() == at + 1 => 0,
        Some(sign @ (b'+' | b'-')) if bytes.len() == at + 6 && bytes[at + 3] == b':' => {
            let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
            let size = hours * 3600 + minutes * 60;
            if hours > 23 || minutes > 59 {
                return Err(invalid());
            }
            if *sign == b'-' { -size } else { size }
        }
        _ => return Err(invalid()),
    };
    let seconds = i64::from(day_number(date)) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    moment(i128::from(seconds), nanos)
}

/// Reads a span such as `1h30m`, `-1.5s`, `100ms`.
fn read_span(text: &str) -> Result<SignedDuration, EvalError> {
    let invalid = || EvalError::Invalid(format!("{} is not a span such as 1h30m", text.chars().take(40).collect::<String>()).into());
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(invalid)?;
        let (number, tail) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(invalid());
        }
        let (unit, length) = unit(tail).ok_or_else(invalid)?;
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<i64>().map_err(|_| EvalError::OutOfRange)?.into() };
        nanos += whole * unit;
        let fraction = &fraction[..fraction.len().min(18)];
        if !fraction.is_empty() {
            nanos += fraction.parse::<i128>().map_err(|_| invalid())? * unit / 10i128.pow(fraction.len() as u32);
        }
        rest = &tail[length..];
        if nanos > LONGEST_SPAN {
            return Err(EvalError::OutOfRange);
        }
    }
    let nanos = if negative { -nanos } else { nanos };
    Ok(SignedDuration::new((nanos / 1_000_000_000) as i64, (nanos % 1_000_000_000) as i32))
}

fn unit(text: &str) -> Option<(i128, usize)> {
    [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]
    .into_iter()
    .find(|(name, _)| text.starts_with(name))
    .map(|(name, nanos)| (nanos, name.len()))
}

/// The parts of a moment in a time zone (UTC without one), and whole hours, minutes … of a span.
pub(crate) fn part(func: Func, args: &[Value]) -> Option<Result<Value, EvalError>> {
    match args {
        [Value::Duration(span)] => {
            let number = match func {
                Func::Hours => span.as_secs() / 3600,
                Func::Minutes => span.as_secs() / 60,
                Func::Seconds => span.as_secs(),
                Func::Milliseconds => i64::from(span.subsec_millis()),
                _ => return None,
            };
            Some(Ok(Value::Int(number)))
        }
        [Value::Timestamp(at)] => Some(moment_part(func, *at, 0)),
        [Value::Timestamp(at), Value::String(zone)] => Some(offset_at(*at, zone).and_then(|offset| moment_part(func, *at, offset))),
        _ => None,
    }
}

fn moment_part(func: Func, at: Moment, offset: i64) -> Result<Value, EvalError> {
    let local = at.seconds + offset;
    let day = i32::try_from(local.div_euclid(86_400)).ok().and_then(day_of_number).ok_or(EvalError::OutOfRange)?;
    let second = local.rem_euclid(86_400);
    Ok(Value::Int(match func {
        Func::FullYear => day.year().into(),
        Func::MonthFrom0 => i64::from(day.month()) - 1,
        Func::DayOfYearFrom0 => i64::from(day.day_of_year()) - 1,
        Func::DayOfMonthFrom0 => i64::from(day.day()) - 1,
        Func::DayOfMonthFrom1 => day.day().into(),
        Func::DayOfWeek => day.weekday().to_sunday_zero_offset().into(),
        Func::Hours => second / 3600,
        Func::Minutes => second / 60 % 60,
        Func::Seconds => second % 60,
        _ => i64::from(at.nanos / 1_000_000),
    }))
}

/// The offset from UTC in seconds of a zone (`Asia/Tokyo`, `+09:00`, `09:00`) at a moment.
fn offset_at(at: Moment, zone: &str) -> Result<i64, EvalError> {
    let invalid = || EvalError::Invalid(format!("{} is not a time zone", zone.chars().take(40).collect::<String>()).into());
    if let Some((hours, minutes)) = zone.split_once(':') {
        let negative = hours.starts_with('-');
        let hours: i64 = hours.trim_start_matches(['+', '-']).parse().map_err(|_| invalid())?;
        let minutes: i64 = minutes.parse().map_err(|_| invalid())?;
        if !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
            return Err(invalid());
        }
        let size = hours * 3600 + minutes * 60;
        return Ok(if negative { -size } else { size });
    }
    let zone = if zone == "UTC" { TimeZone::UTC } else { TimeZone::get(zone).map_err(|_| invalid())? };
    let seconds = at.seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let timestamp = Timestamp::from_second(seconds).map_err(|_| EvalError::OutOfRange)?;
    Ok(i64::from(zone.to_offset(timestamp).seconds()))
}

/// A moment as RFC 3339 in UTC.
pub(crate) fn moment_text(at: Moment) -> String {
    let day = day_of_number(at.seconds.div_euclid(86_400) as i32).unwrap_or(jiff::civil::Date::ZERO);
    let second = at.seconds.rem_euclid(86_400);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    format!("{day}T{clock}{}Z", fraction(at.nanos))
}

/// A span as seconds with an `s`.
pub(crate) fn span_text(span: SignedDuration) -> String {
    let sign = if span.is_negative() { "-" } else { "" };
    format!("{sign}{}{}s", span.as_secs().unsigned_abs(), fraction(span.subsec_nanos().unsigned_abs()))
}

fn fraction(nanos: u32) -> String {
    if nanos == 0 { String::new() } else { format!(".{nanos:09}").trim_end_matches('0').to_owned() }
}
