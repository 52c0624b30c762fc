use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::age::attains;

/// Gives the fiscal year (年度) a day lies in: 1 April to 31 March, named by the year it starts in.
pub fn fiscal_year(day: Date) -> i16 {
    if day.month() >= 4 { day.year() } else { day.year().saturating_sub(1) }
}

/// Gives 1 April of the fiscal year `day` lies in (the first day of the calendar where there is none).
pub fn fiscal_year_start(day: Date) -> Date {
    Date::new(fiscal_year(day), 4, 1).unwrap_or(Date::MIN)
}

/// Gives 31 March, the last day of the fiscal year `day` lies in (the last day of the calendar where there is none).
pub fn fiscal_year_end(day: Date) -> Date {
    Date::new(fiscal_year(day).saturating_add(1), 3, 31).unwrap_or(Date::MAX)
}

/// Gives the first 31 March on or after the day a person attains `years` of age (「○歳に達する日以後の最初の3月31日」).
///
/// Born on 1 April 2008, 18 years: 2026-03-31. Born one day later: 2027-03-31.
pub fn school_year_end_after(date_of_birth: Date, years: i16) -> Date {
    fiscal_year_end(attains(date_of_birth, years))
}

/// Gives the school year by number on `day` for a child that went through school without delay: 1 to 6 小学校, 7 to 9 中学校, 10 to 12
/// 高等学校; 0 the year before school (年長), −1 the one before that, 13 and more after school. It changes on 1 April.
///
/// A child enters school on the first 1 April after the day it attains six, so a child born on 1 April is the youngest of its year.
/// Source: 学校教育法17条1項, 学校教育法施行規則59条.
pub fn school_year_number(date_of_birth: Date, day: Date) -> i16 {
    fiscal_year(day).saturating_sub(fiscal_year(attains(date_of_birth, 6)))
}

/// Gives the school year (学年) on `day`; see [`school_year_number`] for how it is counted.
pub fn school_year(date_of_birth: Date, day: Date) -> SchoolYear {
    SchoolYear::from_number(school_year_number(date_of_birth, day))
}

/// A year of school, ordered as children pass through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchoolYear {
    /// Not yet at school.
    BeforeSchool,
    /// 小学1年.
    Elementary1,
    /// 小学2年.
    Elementary2,
    /// 小学3年.
    Elementary3,
    /// 小学4年.
    Elementary4,
    /// 小学5年.
    Elementary5,
    /// 小学6年.
    Elementary6,
    /// 中学1年.
    JuniorHigh1,
    /// 中学2年.
    JuniorHigh2,
    /// 中学3年.
    JuniorHigh3,
    /// 高校1年.
    High1,
    /// 高校2年.
    High2,
    /// 高校3年.
    High3,
    /// Past the last year of high school.
    AfterSchool,
}

impl SchoolYear {
    const IN_ORDER: [Self; 14] = [
        Self::BeforeSchool,
        Self::Elementary1,
        Self::Elementary2,
        Self::Elementary3,
        Self::Elementary4,
        Self::Elementary5,
        Self::Elementary6,
        Self::JuniorHigh1,
        Self::JuniorHigh2,
        Self::JuniorHigh3,
        Self::High1,
        Self::High2,
        Self::High3,
        Self::AfterSchool,
    ];

    /// Gives the school year of a number as [`school_year_number`] counts; anything below 1 is before school, above 12 after it.
    pub fn from_number(number: i16) -> Self {
        Self::IN_ORDER[number.clamp(0, 13) as usize]
    }

    /// Gives 0 before school, 1 to 12 at school, 13 after it.
    pub fn ordinal(self) -> i16 {
        self as i16
    }

    /// Gives the Japanese short form (小1 … 高3), 未就学 before and 卒業後 after school.
    pub fn label(self) -> &'static str {
        const LABELS: [&str; 14] = ["未就学", "小1", "小2", "小3", "小4", "小5", "小6", "中1", "中2", "中3", "高1", "高2", "高3", "卒業後"];
        LABELS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn the_fiscal_year_turns_between_31_march_and_1_april() {
        assert_eq!((fiscal_year(date(2026, 3, 31)), fiscal_year(date(2026, 4, 1))), (2025, 2026));
        assert_eq!(fiscal_year_start(date(2026, 3, 31)), date(2025, 4, 1));
        assert_eq!(fiscal_year_end(date(2026, 3, 31)), date(2026, 3, 31));
        assert_eq!(fiscal_year_end(date(2026, 4, 1)), date(2027, 3, 31));
    }

    #[test]
    fn born_on_1_april_ends_one_year_before_born_on_2_april() {
        assert_eq!(school_year_end_after(date(2008, 4, 1), 18), date(2026, 3, 31));
        assert_eq!(school_year_end_after(date(2008, 4, 2), 18), date(2027, 3, 31));
    }

    #[test]
    fn born_on_1_april_is_the_youngest_of_its_school_year() {
        let first_day = date(2026, 4, 1);
        assert_eq!(school_year(date(2020, 4, 1), first_day), SchoolYear::Elementary1);
        assert_eq!(school_year(date(2020, 4, 2), first_day), SchoolYear::BeforeSchool);
        assert_eq!(school_year(date(2019, 4, 2), first_day), SchoolYear::Elementary1);
    }

    #[test]
    fn the_last_school_year_ends_on_the_31_march_after_attaining_eighteen() {
        assert_eq!(school_year(date(2008, 4, 1), date(2026, 3, 31)).label(), "高3");
        assert_eq!(school_year(date(2008, 4, 1), date(2026, 4, 1)), SchoolYear::AfterSchool);
    }

    #[test]
    fn born_on_29_february_goes_with_those_born_on_1_march() {
        assert_eq!(school_year_number(date(2012, 2, 29), date(2026, 4, 1)), school_year_number(date(2012, 3, 1), date(2026, 4, 1)));
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        assert_eq!(fiscal_year_end(Date::MAX), Date::MAX);
        assert_eq!(fiscal_year_start(Date::MIN), Date::MIN);
        school_year_number(Date::MIN, Date::MAX);
        school_year_end_after(Date::MAX, i16::MAX);
    }

    proptest! {
        #[test]
        fn the_third_year_of_high_school_ends_with_the_school_year_of_eighteen(
            y in 1900i16..2100, m in 1i8..=12, d in 1i8..=28, days in -9000i32..9000,
        ) {
            use jiff::ToSpan;
            let born = date(y, m, d);
            let end = school_year_end_after(born, 18);
            let day = end.checked_add(days.days()).unwrap();
            prop_assert_eq!(school_year_number(born, day) <= 12, day <= end);
            prop_assert!(school_year_number(born, end) == 12);
        }

        #[test]
        fn every_day_lies_in_its_fiscal_year(y in 1900i16..2100, m in 1i8..=12, d in 1i8..=28) {
            let day = date(y, m, d);
            prop_assert!(fiscal_year_start(day) <= day && day <= fiscal_year_end(day));
            prop_assert_eq!(fiscal_year(fiscal_year_start(day)), fiscal_year(fiscal_year_end(day)));
        }
    }
}
