use jiff::civil::Date;

/// Gives the day on which a person attains `years` of age (○歳に達する日): the day before the birthday.
///
/// A person born on 29 February attains an age on 28 February in every year: in a leap year because it is the day before the birthday,
/// in a common year because the period ends with the last day of the month that lacks the corresponding day.
/// So somebody born on 1 April belongs to the school year before somebody born on 2 April.
///
/// Days outside the calendar (years −9999 to 9999) are held at its ends.
///
/// Source: 年齢計算ニ関スル法律; 民法143条2項. A rule that means the birthday itself (後期高齢者医療) uses [`birthday`].
pub fn attains(date_of_birth: Date, years: i16) -> Date {
    birthday(date_of_birth, years).yesterday().unwrap_or(Date::MIN)
}

/// Gives the birthday itself, `years` after birth; for 29 February in a common year, 1 March.
///
/// 1 March, because the age is attained with the end of 28 February (民法143条2項ただし書), so the first day that is lived wholly at the
/// new age is 1 March. It is always the day after [`attains`]. (道路交通法92条の2 takes 28 February for driving licences: that law says so
/// for itself alone.)
pub fn birthday(date_of_birth: Date, years: i16) -> Date {
    let year = date_of_birth.year().saturating_add(years);
    let (month, day) = (date_of_birth.month(), date_of_birth.day());
    Date::new(year, month, day).or_else(|_| Date::new(year, 3, 1)).unwrap_or(if year < 0 { Date::MIN } else { Date::MAX })
}

/// Gives the age in the everyday sense on `day`: full years lived, going up on the [`birthday`]. Residence tables count so.
///
/// Before birth it is negative (−1 in the year before), so that it goes up by one at each birthday and nowhere else.
pub fn age_on(date_of_birth: Date, day: Date) -> i16 {
    let years = day.year() - date_of_birth.year();
    if day < birthday(date_of_birth, years) { years - 1 } else { years }
}

/// Gives the age as a law counts that says 「○歳に達した」 or 「○歳に達する日」: it goes up on the day [`attains`] names, one day before
/// [`age_on`] does.
pub fn legal_age_on(date_of_birth: Date, day: Date) -> i16 {
    match day.tomorrow() {
        Ok(tomorrow) => age_on(date_of_birth, tomorrow),
        Err(_) => age_on(date_of_birth, day),
    }
}

/// Gives full months lived on `day`, as infant check-ups count them (生後○か月): a month is full on the day of the month of birth, or on the
/// first of the next month where that day does not exist (born on the 31st: 30 April is not yet a full month, 1 May is).
///
/// Negative before birth.
pub fn months_old(date_of_birth: Date, day: Date) -> i32 {
    let months = (i32::from(day.year()) - i32::from(date_of_birth.year())) * 12 + i32::from(day.month()) - i32::from(date_of_birth.month());
    if day.day() < date_of_birth.day() { months - 1 } else { months }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn an_age_is_attained_on_the_day_before_the_birthday() {
        assert_eq!(attains(date(2008, 6, 15), 18), date(2026, 6, 14));
    }

    #[test]
    fn born_on_1_april_attains_on_31_march() {
        assert_eq!(attains(date(2008, 4, 1), 18), date(2026, 3, 31));
        assert_eq!(attains(date(2008, 4, 2), 18), date(2026, 4, 1));
    }

    #[test]
    fn born_on_1_january_attains_in_the_year_before() {
        assert_eq!(attains(date(1951, 1, 1), 75), date(2025, 12, 31));
    }

    #[test]
    fn born_on_29_february_attains_on_28_february_in_every_year() {
        assert_eq!(attains(date(2008, 2, 29), 18), date(2026, 2, 28));
        assert_eq!(attains(date(2008, 2, 29), 20), date(2028, 2, 28));
        assert_eq!(birthday(date(2008, 2, 29), 18), date(2026, 3, 1));
        assert_eq!(birthday(date(2008, 2, 29), 20), date(2028, 2, 29));
    }

    #[test]
    fn born_on_1_march_attains_on_the_last_day_of_february() {
        assert_eq!(attains(date(2008, 3, 1), 18), date(2026, 2, 28));
        assert_eq!(attains(date(2008, 3, 1), 20), date(2028, 2, 29));
    }

    #[test]
    fn everyday_age_goes_up_on_the_birthday_and_legal_age_the_day_before() {
        let born = date(1948, 11, 23);
        assert_eq!((age_on(born, date(2023, 11, 22)), age_on(born, date(2023, 11, 23))), (74, 75));
        assert_eq!((legal_age_on(born, date(2023, 11, 21)), legal_age_on(born, date(2023, 11, 22))), (74, 75));
    }

    #[test]
    fn born_on_29_february_is_a_year_older_on_1_march_of_a_common_year() {
        let born = date(2000, 2, 29);
        assert_eq!((age_on(born, date(2023, 2, 28)), age_on(born, date(2023, 3, 1))), (22, 23));
        assert_eq!(legal_age_on(born, date(2023, 2, 28)), 23);
    }

    #[test]
    fn months_are_full_on_the_day_of_the_month_of_birth() {
        let born = date(2025, 1, 31);
        assert_eq!(months_old(born, date(2025, 2, 28)), 0);
        assert_eq!(months_old(born, date(2025, 3, 1)), 1);
        assert_eq!(months_old(born, date(2025, 3, 31)), 2);
        assert_eq!(months_old(born, date(2025, 1, 30)), -1);
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        assert_eq!(attains(Date::MAX, 18), Date::MAX.yesterday().expect("not the first day"));
        assert_eq!(birthday(date(9000, 1, 1), i16::MAX), Date::MAX);
        assert_eq!(attains(Date::MIN, i16::MIN), Date::MIN);
        age_on(Date::MIN, Date::MAX);
        age_on(Date::MAX, Date::MIN);
        legal_age_on(Date::MIN, Date::MAX);
        months_old(Date::MAX, Date::MIN);
    }

    pub(crate) fn any_day() -> impl Strategy<Value = Date> {
        (1873i16..2200, 1i8..=12, 1i8..=31).prop_filter_map("a real day", |(y, m, d)| Date::new(y, m, d).ok())
    }

    proptest! {
        #[test]
        fn attaining_is_always_the_day_before_the_birthday(born in any_day(), years in 0i16..130) {
            prop_assert_eq!(attains(born, years).tomorrow().unwrap(), birthday(born, years));
        }

        #[test]
        fn age_goes_up_by_one_at_the_birthday_and_nowhere_else(born in any_day(), day in any_day()) {
            let (today, tomorrow) = (age_on(born, day), age_on(born, day.tomorrow().unwrap()));
            let is_birthday = day.tomorrow().unwrap() == birthday(born, tomorrow);
            prop_assert_eq!(tomorrow - today, i16::from(is_birthday));
            prop_assert_eq!(legal_age_on(born, day), tomorrow);
        }

        #[test]
        fn age_and_attaining_agree(born in any_day(), day in any_day(), years in 0i16..130) {
            prop_assert_eq!(age_on(born, day) >= years, day >= birthday(born, years));
            prop_assert_eq!(legal_age_on(born, day) >= years, day >= attains(born, years));
        }

        #[test]
        fn twelve_months_are_a_year(born in any_day(), day in any_day()) {
            prop_assert_eq!(months_old(born, day).div_euclid(12), i32::from(age_on(born, day)));
        }
    }
}
