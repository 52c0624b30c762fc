use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Error;

/// A date as the register knows it: the day, or the month and the day, or all of it may be unknown (年月日不詳).
///
/// Written `YYYY-MM-DD` with zeros for what is unknown: `1932-05-00`, `1932-00-00`, `0000-00-00`. Ordered by what is written, so an unknown
/// month comes before January and an unknown day before the first. For rules it must become a day: see [`PartialDate::deemed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: i16,
    month: i8,
    day: i8,
}

impl PartialDate {
    /// Nothing is known, not even the year.
    pub const UNKNOWN: Self = Self { year: 0, month: 0, day: 0 };

    /// Makes a partial date; zero stands for unknown.
    ///
    /// # Errors
    /// [`Error::NoSuchDay`] when no such month or day exists or the year is not 0 to 9999; [`Error::HoleInDate`] when a day is given without
    /// a month or a month without a year.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, Error> {
        let no_such_day = Error::NoSuchDay { year, month, day };
        if (month == 0 && day != 0) || (year == 0 && month != 0) {
            return Err(Error::HoleInDate);
        }
        if !(0..=9999).contains(&year) {
            return Err(no_such_day);
        }
        let exists = year == 0 || Date::new(year, if month == 0 { 1 } else { month }, if day == 0 { 1 } else { day }).is_ok();
        if exists { Ok(Self { year, month, day }) } else { Err(no_such_day) }
    }

    /// Gives the day if it is fully known.
    pub fn exact(self) -> Option<Date> {
        if self.day == 0 { None } else { Date::new(self.year, self.month, self.day).ok() }
    }

    /// Gives the year, unless unknown.
    pub fn year(self) -> Option<i16> {
        (self.year != 0).then_some(self.year)
    }

    /// Gives the month, unless unknown.
    pub fn month(self) -> Option<i8> {
        (self.month != 0).then_some(self.month)
    }

    /// Gives the day of the month, unless unknown.
    pub fn day(self) -> Option<i8> {
        (self.day != 0).then_some(self.day)
    }

    /// Gives the day that counts for age and deadlines (みなし生年月日): the day itself where known, else one chosen by the town's policy.
    ///
    /// `None` only when not even the year is known.
    pub fn deemed(self, policy: Deeming) -> Option<Date> {
        let (earliest, latest) = (self.earliest()?, self.latest()?);
        Some(match policy {
            Deeming::FirstDay => earliest,
            Deeming::LastDay => latest,
            Deeming::Fixed { month, day, .. } if self.month == 0 => day_held_in_month(self.year, month, day),
            Deeming::Fixed { day_of_month, .. } if self.day == 0 => day_held_in_month(self.year, self.month, day_of_month),
            Deeming::Fixed { .. } => earliest,
        })
    }

    /// Gives the earliest day it can be; `None` when the year is unknown.
    pub fn earliest(self) -> Option<Date> {
        (self.year != 0).then(|| day_held_in_month(self.year, self.month.max(1), self.day.max(1)))
    }

    /// Gives the latest day it can be; `None` when the year is unknown.
    pub fn latest(self) -> Option<Date> {
        let or_last = |value: i8, last: i8| if value == 0 { last } else { value };
        (self.year != 0).then(|| day_held_in_month(self.year, or_last(self.month, 12), or_last(self.day, 31)))
    }
}

/// The day of a month, or the month's last day where it is shorter; months and days are already known to be in range.
fn day_held_in_month(year: i16, month: i8, day: i8) -> Date {
    let first = Date::constant(year, month, 1);
    Date::new(year, month, day).unwrap_or(first.last_of_month())
}

impl From<Date> for PartialDate {
    /// Takes a fully known day; a year before 1 becomes [`PartialDate::UNKNOWN`], no register holds one.
    fn from(day: Date) -> Self {
        if day.year() < 1 { Self::UNKNOWN } else { Self { year: day.year(), month: day.month(), day: day.day() } }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for PartialDate {
    type Err = Error;

    /// Reads `YYYY-MM-DD`, `YYYY/MM/DD` or `YYYYMMDD`, zeros for what is unknown. Era dates are read by [`crate::wareki::parse`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let shape = Error::Shape { expected: "YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD" };
        let bytes = text.as_bytes();
        let [year, month, day] = match bytes.len() {
            8 => [&bytes[..4], &bytes[4..6], &bytes[6..]],
            10 if matches!(bytes[4], b'-' | b'/') && bytes[4] == bytes[7] => [&bytes[..4], &bytes[5..7], &bytes[8..]],
            _ => return Err(shape),
        };
        match (digits(year), digits(month), digits(day)) {
            (Some(y), Some(m), Some(d)) => Self::new(y, m as i8, d as i8),
            _ => Err(shape),
        }
    }
}

/// The number of up to four ASCII digits.
fn digits(bytes: &[u8]) -> Option<i16> {
    bytes.iter().try_fold(0i16, |n, b| b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0')))
}

impl TryFrom<String> for PartialDate {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

/// The town's policy for the day that counts when a birth day is not fully known.
///
/// Written in a pack as `"first-day"`, `"last-day"` or `"07-01/15"`: 1 July where month and day are unknown, the 15th where only the day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Deeming {
    /// The first day possible: 1 January, or the first of the known month.
    FirstDay,
    /// The last day possible: 31 December, or the last of the known month.
    LastDay,
    /// Fixed days; one that a month does not have is its last day.
    Fixed {
        /// Month, 1 to 12, where the month is unknown.
        month: i8,
        /// Day of that month, 1 to 31.
        day: i8,
        /// Day of the month, 1 to 31, where only the day is unknown.
        day_of_month: i8,
    },
}

impl FromStr for Deeming {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "first-day" => return Ok(Self::FirstDay),
            "last-day" => return Ok(Self::LastDay),
            _ => {}
        }
        let shape = Error::Shape { expected: "first-day, last-day or MM-DD/DD" };
        let &[m1, m2, b'-', d1, d2, b'/', k1, k2] = text.as_bytes() else { return Err(shape) };
        match (digits(&[m1, m2]), digits(&[d1, d2]), digits(&[k1, k2])) {
            (Some(m @ 1..=12), Some(d @ 1..=31), Some(k @ 1..=31)) => {
                Ok(Self::Fixed { month: m as i8, day: d as i8, day_of_month: k as i8 })
            }
            _ => Err(shape),
        }
    }
}

impl fmt::Display for Deeming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstDay => f.write_str("first-day"),
            Self::LastDay => f.write_str("last-day"),
            Self::Fixed { month, day, day_of_month } => write!(f, "{month:02}-{day:02}/{day_of_month:02}"),
        }
    }
}

impl TryFrom<String> for Deeming {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Deeming> for String {
    fn from(policy: Deeming) -> Self {
        policy.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn partial(text: &str) -> PartialDate {
        text.parse().expect("a partial date")
    }

    #[test]
    fn an_unknown_month_and_day_of_1932_is_deemed_as_the_policy_says() {
        let born = partial("1932-00-00");
        assert_eq!(born.exact(), None);
        assert_eq!(born.deemed(Deeming::FirstDay), Some(date(1932, 1, 1)));
        assert_eq!(born.deemed(Deeming::LastDay), Some(date(1932, 12, 31)));
        assert_eq!(born.deemed("07-01/15".parse().unwrap()), Some(date(1932, 7, 1)));
    }

    #[test]
    fn an_unknown_day_is_deemed_within_its_month() {
        let born = partial("1932-02-00");
        assert_eq!(born.deemed(Deeming::LastDay), Some(date(1932, 2, 29)));
        assert_eq!(born.deemed("07-01/15".parse().unwrap()), Some(date(1932, 2, 15)));
        assert_eq!(born.deemed("07-01/31".parse().unwrap()), Some(date(1932, 2, 29)));
    }

    #[test]
    fn a_known_day_is_never_deemed_otherwise() {
        for policy in [Deeming::FirstDay, Deeming::LastDay, "07-01/15".parse().unwrap()] {
            assert_eq!(partial("1932-05-09").deemed(policy), Some(date(1932, 5, 9)));
        }
    }

    #[test]
    fn a_wholly_unknown_date_has_no_deemed_day() {
        assert_eq!(partial("0000-00-00"), PartialDate::UNKNOWN);
        assert_eq!(PartialDate::UNKNOWN.deemed(Deeming::FirstDay), None);
    }

    #[test]
    fn impossible_days_and_holes_are_refused() {
        assert_eq!("2023-02-29".parse::<PartialDate>(), Err(Error::NoSuchDay { year: 2023, month: 2, day: 29 }));
        assert_eq!("1932-00-15".parse::<PartialDate>(), Err(Error::HoleInDate));
        assert_eq!("0000-05-00".parse::<PartialDate>(), Err(Error::HoleInDate));
        assert!("1932-13-00".parse::<PartialDate>().is_err());
        assert!("1932-5-1".parse::<PartialDate>().is_err());
    }

    #[test]
    fn compact_and_slashed_forms_are_read() {
        assert_eq!(partial("19320500"), partial("1932-05-00"));
        assert_eq!(partial("1932/05/07"), partial("1932-05-07"));
    }

    #[test]
    fn unknown_parts_sort_before_known_ones() {
        let mut days = ["1932-05-01", "1932-00-00", "1933-00-00", "1932-05-00", "0000-00-00"].map(partial);
        days.sort();
        assert_eq!(days.map(|d| d.to_string()), ["0000-00-00", "1932-00-00", "1932-05-00", "1932-05-01", "1933-00-00"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(y in 0i16..=9999, m in 0i8..=12, d in 0i8..=31) {
            if let Ok(date) = PartialDate::new(y, m, d) {
                prop_assert_eq!(partial(&date.to_string()), date);
            }
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,12}") {
            let _ = text.parse::<PartialDate>();
            let _ = text.parse::<Deeming>();
        }

        #[test]
        fn a_deemed_day_lies_between_the_earliest_and_the_latest(y in 1i16..=9999, m in 0i8..=12, d in 0i8..=31, pm in 1i8..=12, pd in 1i8..=31, pk in 1i8..=31) {
            if let Ok(date) = PartialDate::new(y, m, d) {
                let deemed = date.deemed(Deeming::Fixed { month: pm, day: pd, day_of_month: pk }).unwrap();
                prop_assert!(date.earliest().unwrap() <= deemed && deemed <= date.latest().unwrap());
            }
        }
    }
}
