use jiff::civil::Date;

use crate::{Error, wareki};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// Writes a day as Japanese readers do: 2027年3月31日.
pub fn day_in_japanese(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Writes a day as English readers do: 31 March 2027.
pub fn day_in_english(day: Date) -> String {
    let month = usize::try_from(day.month()).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1))).unwrap_or(&"");
    format!("{} {month} {}", day.day(), day.year())
}

/// Reads a day as clerks type it: `1980-05-05`, `1980/5/5`, `昭和55年5月5日`, `S55.5.5`; nothing when the field is empty.
///
/// # Errors
/// [`Error`] when it is no day, or not a whole one.
pub fn read_day(typed: &str) -> Result<Option<Date>, Error> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if let Ok(day) = typed.parse() {
        return Ok(Some(day));
    }
    let numbers: Vec<&str> = typed.split(['/', '.', '-']).collect();
    if let [year, month, day] = numbers.as_slice()
        && let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse())
    {
        return Date::new(year, month, day).map(Some).map_err(|_| Error::NoSuchDay { year, month, day });
    }
    let whole = Error::Shape { expected: "a year, a month and a day" };
    wareki::parse(typed)?.exact().map(Some).ok_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_without_leading_zeros() {
        let day = Date::constant(2027, 3, 1);
        assert_eq!(day_in_japanese(day), "2027年3月1日");
        assert_eq!(day_in_english(day), "1 March 2027");
        assert_eq!(day_in_english(Date::constant(2026, 12, 31)), "31 December 2026");
    }

    #[test]
    fn a_day_is_read_as_clerks_type_it() {
        let day = "1980-05-05".parse().ok();
        for typed in ["1980-05-05", " 1980/5/5 ", "昭和55年5月5日", "S55.5.5", "Ｓ５５．５．５"] {
            assert_eq!(read_day(typed), Ok(day), "{typed}");
        }
        assert_eq!(read_day(""), Ok(None));
        for typed in ["1980-02-30", "S99.1.1", "きのう"] {
            assert!(read_day(typed).is_err(), "{typed}");
        }
    }
}
