/// Says why a text is not the day, code or number it should be.
///
/// The text itself is left out: it may be a birthday or a number of a person, and messages end up in logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text has none of the accepted shapes.
    #[error("not written as {expected}")]
    Shape {
        /// The accepted shapes, for people.
        expected: &'static str,
    },
    /// The month or day does not exist in that year.
    #[error("no such day in the calendar: {year}-{month:02}-{day:02}")]
    NoSuchDay {
        /// Year in the Gregorian calendar.
        year: i16,
        /// Month as given.
        month: i8,
        /// Day as given.
        day: i8,
    },
    /// A day is known but its month, or a month but its year, is not.
    #[error("a day needs a known month, and a month a known year")]
    HoleInDate,
    /// The era is not one of 明治, 大正, 昭和, 平成, 令和.
    #[error("unknown era")]
    UnknownEra,
    /// The year, month or day lies before the era began or after it ended.
    #[error("{era} runs from {first} to {last}")]
    OutsideEra {
        /// The era's name, such as 昭和.
        era: &'static str,
        /// First day of the era that is accepted.
        first: jiff::civil::Date,
        /// Last day of the era that is accepted; the far end of the calendar for the present era.
        last: jiff::civil::Date,
    },
    /// Japan used another calendar before 1873-01-01 (明治6年1月1日).
    #[error("days before 1873-01-01 belong to the old calendar and are not converted")]
    OldCalendar,
    /// The last digit is not the check digit of the others.
    #[error("wrong check digit")]
    CheckDigit,
}
