//! Calendar functions on days.

use civil::Date;
use jiff::{Span, ToSpan};

use crate::error::EvalError;
use crate::functions::Func;
use crate::value::Value;

/// Runs a calendar function; `None` when it does not take such values.
pub(crate) fn call(func: Func, args: &[Value]) -> Option<Result<Value, EvalError>> {
    Some(match (func, args) {
        (Func::Date, [Value::String(text)]) => {
            text.parse().map(Value::Date).map_err(|_| EvalError::Invalid(format!("{text} is not a day such as 2026-04-01").into()))
        }
        (Func::Date, [Value::Date(day)]) => Ok(Value::Date(*day)),
        (Func::FiscalYear, [Value::Date(day)]) => Ok(Value::Int(civil::fiscal_year(*day).into())),
        (Func::FiscalYearStart, [Value::Date(day)]) => Ok(Value::Date(civil::fiscal_year_start(*day))),
        (Func::FiscalYearEnd, [Value::Date(day)]) => Ok(Value::Date(civil::fiscal_year_end(*day))),
        (Func::MonthStart, [Value::Date(day)]) => Ok(Value::Date(day.first_of_month())),
        (Func::MonthEnd, [Value::Date(day)]) => Ok(Value::Date(day.last_of_month())),
        (Func::DaysBetween, [Value::Date(from), Value::Date(to)]) => Ok(Value::Int(days_between(*from, *to))),
        (Func::PlusDays, [Value::Date(day), Value::Int(days)]) => plus_days(*day, *days).map(Value::Date),
        (Func::PlusMonths, [Value::Date(day), Value::Int(months)]) => plus(*day, *months, 12 * 19_000, |count| count.months()),
        (Func::PlusYears, [Value::Date(day), Value::Int(years)]) => plus(*day, *years, 19_000, |count| count.years()),
        (Func::Year, [Value::Date(day)]) => Ok(Value::Int(day.year().into())),
        (Func::Month, [Value::Date(day)]) => Ok(Value::Int(day.month().into())),
        (Func::Day, [Value::Date(day)]) => Ok(Value::Int(day.day().into())),
        (Func::Weekday, [Value::Date(day)]) => Ok(Value::Int(day.weekday().to_monday_one_offset().into())),
        _ => return None,
    })
}

/// A day some days later.
pub(crate) fn plus_days(day: Date, days: i64) -> Result<Date, EvalError> {
    let number = i64::from(day_number(day)).checked_add(days).ok_or(EvalError::OutOfRange)?;
    i32::try_from(number).ok().and_then(day_of_number).ok_or(EvalError::OutOfRange)
}

/// Days from one day to another.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    i64::from(day_number(to)) - i64::from(day_number(from))
}

/// A day some months or years later; where the day does not exist, the last of that month.
fn plus(day: Date, count: i64, limit: i64, span: fn(i64) -> Span) -> Result<Value, EvalError> {
    if count.abs() > limit {
        return Err(EvalError::OutOfRange);
    }
    day.checked_add(span(count)).map(Value::Date).map_err(|_| EvalError::OutOfRange)
}

/// Days since 1970-01-01 of a day.
pub fn day_number(day: Date) -> i32 {
    // Howard Hinnant's days_from_civil.
    let month = i32::from(day.month());
    let year = i32::from(day.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(day.day()) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The day some days after 1970-01-01; `None` outside the years −9999 to 9999.
pub fn day_of_number(number: i32) -> Option<Date> {
    let shifted = i64::from(number) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date::new(i16::try_from(year).ok()?, month as i8, day as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn day_numbers_count_from_1970_and_back() {
        assert_eq!(day_number(date(1970, 1, 1)), 0);
        assert_eq!(day_number(date(1969, 12, 31)), -1);
        assert_eq!(day_number(date(2000, 3, 1)), 11_017);
        for number in (-4_371_587..2_932_897).step_by(997) {
            let day = day_of_number(number).expect("the day is in the calendar");
            assert_eq!(day_number(day), number);
        }
        assert_eq!(day_of_number(day_number(Date::MAX)), Some(Date::MAX));
        assert_eq!(day_of_number(i32::MAX), None);
    }

    #[test]
    fn months_end_where_the_month_does() {
        let plus = |day, months| call(Func::PlusMonths, &[Value::Date(day), Value::Int(months)]);
        assert_eq!(plus(date(2026, 1, 31), 1), Some(Ok(Value::Date(date(2026, 2, 28)))));
        assert_eq!(plus(date(2026, 1, 31), i64::MAX), Some(Err(EvalError::OutOfRange)));
    }
}
