//! National holidays (国民の祝日と休日).

use jiff::civil::{Date, Weekday};

/// The years of which the holidays are known here: before, other days were holidays; after, the equinoxes are computed another way.
const YEARS: std::ops::RangeInclusive<i16> = 2020..=2099;

/// A national holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// 元日
    NewYear,
    /// 成人の日
    ComingOfAge,
    /// 建国記念の日
    Foundation,
    /// 天皇誕生日
    EmperorsBirthday,
    /// 春分の日
    VernalEquinox,
    /// 昭和の日
    Showa,
    /// 憲法記念日
    Constitution,
    /// みどりの日
    Greenery,
    /// こどもの日
    Children,
    /// 海の日
    Marine,
    /// 山の日
    Mountain,
    /// 敬老の日
    RespectForTheAged,
    /// 秋分の日
    AutumnalEquinox,
    /// スポーツの日
    Sports,
    /// 文化の日
    Culture,
    /// 勤労感謝の日
    LabourThanksgiving,
    /// 休日: the day after a holiday that falls on a Sunday (振替休日).
    Substitute,
    /// 休日: a day between two holidays (国民の休日).
    Between,
}

impl Holiday {
    /// Its word in catalogues.
    pub fn word(self) -> &'static str {
        match self {
            Self::NewYear => "new-year",
            Self::ComingOfAge => "coming-of-age",
            Self::Foundation => "foundation",
            Self::EmperorsBirthday => "emperors-birthday",
            Self::VernalEquinox => "vernal-equinox",
            Self::Showa => "showa",
            Self::Constitution => "constitution",
            Self::Greenery => "greenery",
            Self::Children => "children",
            Self::Marine => "marine",
            Self::Mountain => "mountain",
            Self::RespectForTheAged => "respect-for-the-aged",
            Self::AutumnalEquinox => "autumnal-equinox",
            Self::Sports => "sports",
            Self::Culture => "culture",
            Self::LabourThanksgiving => "labour-thanksgiving",
            Self::Substitute => "substitute",
            Self::Between => "between",
        }
    }
}

/// Gives the national holiday of a day of 2020 to 2099; nothing for any other day.
///
/// The equinoxes are announced in February of the year before (官報); until then they are what astronomy expects.
/// Source: 国民の祝日に関する法律 2条, 3条; for 2020 and 2021 令和三年東京オリンピック競技大会…特別措置法 29条, 32条.
pub fn holiday(day: Date) -> Option<Holiday> {
    if !YEARS.contains(&day.year()) {
        return None;
    }
    if let Some(named) = named(day) {
        return Some(named);
    }
    let (yesterday, tomorrow) = (day.yesterday().ok()?, day.tomorrow().ok()?);
    if follows_a_sunday(yesterday) {
        Some(Holiday::Substitute)
    } else {
        (named(yesterday).is_some() && named(tomorrow).is_some()).then_some(Holiday::Between)
    }
}

/// Whether the holidays that end on a day include one on a Sunday: the first day after them that is none is off instead (3条2項).
fn follows_a_sunday(last: Date) -> bool {
    let mut day = last;
    while named(day).is_some() {
        if day.weekday() == Weekday::Sunday {
            return true;
        }
        let Ok(before) = day.yesterday() else { return false };
        day = before;
    }
    false
}

/// The holiday of 2条.
fn named(day: Date) -> Option<Holiday> {
    let (year, month, number) = (day.year(), day.month(), day.day());
    // The n-th Monday of the month.
    let monday = (day.weekday() == Weekday::Monday).then_some((number - 1) / 7 + 1);
    // The years of the Olympic Games moved three of them.
    let [marine, mountain, sports] = match year {
        2020 => [(7, 23), (8, 10), (7, 24)],
        2021 => [(7, 22), (8, 8), (7, 23)],
        _ => [(0, 0), (8, 11), (0, 0)],
    };
    let moves = marine != (0, 0);
    Some(match (month, number) {
        (1, 1) => Holiday::NewYear,
        (1, _) if monday == Some(2) => Holiday::ComingOfAge,
        (2, 11) => Holiday::Foundation,
        (2, 23) => Holiday::EmperorsBirthday,
        (3, _) if number == equinox(year, 20_843_100) => Holiday::VernalEquinox,
        (4, 29) => Holiday::Showa,
        (5, 3) => Holiday::Constitution,
        (5, 4) => Holiday::Greenery,
        (5, 5) => Holiday::Children,
        (7, _) if !moves && monday == Some(3) => Holiday::Marine,
        moved if moved == marine => Holiday::Marine,
        fixed if fixed == mountain => Holiday::Mountain,
        moved if moved == sports => Holiday::Sports,
        (9, _) if monday == Some(3) => Holiday::RespectForTheAged,
        (9, _) if number == equinox(year, 23_248_800) => Holiday::AutumnalEquinox,
        (10, _) if !moves && monday == Some(2) => Holiday::Sports,
        (11, 3) => Holiday::Culture,
        (11, 23) => Holiday::LabourThanksgiving,
        _ => return None,
    })
}

/// The day of the month of an equinox, by the formula that holds from 1980 to 2099 (海上保安庁水路部 暦計算研究会編 新こよみ便利帳), from what it was in 1980 in
/// millionths of a day.
fn equinox(year: i16, in_1980: i32) -> i8 {
    let years = i32::from(year) - 1980;
    let day = (in_1980 + 242_194 * years) / 1_000_000 - years / 4;
    i8::try_from(day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same days from another hand: holiday_jp (see tests/data/README.md).
    const LIST: &str = include_str!("../tests/data/holidays.yml");

    #[test]
    fn every_day_from_2020_to_2050_is_what_another_list_says() {
        let listed: std::collections::BTreeMap<Date, &str> =
            LIST.lines().filter_map(|line| line.split_once(": ")).map(|(day, name)| (day.parse().unwrap(), name.trim())).collect();
        assert!(listed.len() > 500);
        let mut day = Date::constant(2020, 1, 1);
        while day.year() <= 2050 {
            let of_the_law = holiday(day);
            let name = listed.get(&day).copied();
            assert_eq!(of_the_law.is_some(), name.is_some(), "{day}: {of_the_law:?} and {name:?}");
            if let (Some(holiday), Some(name)) = (of_the_law, name) {
                assert_eq!(matches!(holiday, Holiday::Substitute | Holiday::Between), name.contains("休日"), "{day}: {name}");
            }
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_day_off_follows_the_sunday_or_lies_between_two_holidays() {
        let on = |text: &str| holiday(text.parse().unwrap());
        assert_eq!(on("2026-05-03"), Some(Holiday::Constitution), "a Sunday");
        assert_eq!(on("2026-05-06"), Some(Holiday::Substitute));
        assert_eq!(on("2026-09-22"), Some(Holiday::Between));
        assert_eq!(on("2026-11-27"), None);
        assert_eq!((on("2019-05-01"), on("2100-01-01")), (None, None), "not known here");
    }
}
