use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Japan Standard Time: nine hours ahead of UTC, without summer time since 1952.
const JAPAN: Offset = Offset::constant(9);

/// Gives the day it is in Japan at a moment.
pub fn day_in_japan(moment: Timestamp) -> Date {
    JAPAN.to_datetime(moment).date()
}

/// Gives the first moment of a day in Japan (00:00 there, 15:00 UTC of the day before).
///
/// A day at the very end of the calendar that has no such moment is held at the nearest one.
pub fn start_of_day_in_japan(day: Date) -> Timestamp {
    match TimeZone::fixed(JAPAN).to_timestamp(day.at(0, 0, 0, 0)) {
        Ok(moment) => moment,
        Err(_) if day.year() < 0 => Timestamp::MIN,
        Err(_) => Timestamp::MAX,
    }
}

/// Gives the next midnight in Japan strictly after a moment: when days, ages and entitlements change.
pub fn next_midnight_in_japan(moment: Timestamp) -> Timestamp {
    day_in_japan(moment).tomorrow().map_or(Timestamp::MAX, start_of_day_in_japan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn the_day_turns_at_15_00_utc() {
        assert_eq!(day_in_japan(at("2026-03-31T14:59:59Z")), date(2026, 3, 31));
        assert_eq!(day_in_japan(at("2026-03-31T15:00:00Z")), date(2026, 4, 1));
        assert_eq!(start_of_day_in_japan(date(2026, 4, 1)), at("2026-03-31T15:00:00Z"));
    }

    #[test]
    fn the_next_midnight_is_after_the_moment_even_at_midnight() {
        assert_eq!(next_midnight_in_japan(at("2026-03-31T15:00:00Z")), at("2026-04-01T15:00:00Z"));
        assert_eq!(next_midnight_in_japan(at("2026-03-31T14:59:59Z")), at("2026-03-31T15:00:00Z"));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for moment in [Timestamp::MIN, Timestamp::MAX] {
            next_midnight_in_japan(moment);
        }
        start_of_day_in_japan(Date::MIN);
        start_of_day_in_japan(Date::MAX);
    }

    proptest! {
        #[test]
        fn a_day_starts_within_itself(seconds in -3_000_000_000i64..10_000_000_000) {
            let moment = Timestamp::from_second(seconds).unwrap();
            let day = day_in_japan(moment);
            prop_assert!(start_of_day_in_japan(day) <= moment && moment < next_midnight_in_japan(moment));
            prop_assert_eq!(day_in_japan(start_of_day_in_japan(day)), day);
        }
    }
}
