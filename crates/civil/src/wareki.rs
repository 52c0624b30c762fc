//! Days in the Japanese eras (和暦), 明治 to 令和: reading what registers, forms and cards hold, and writing it for people.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Error, PartialDate, half_width};

/// Reads an era date: `令和5年4月1日`, `平成元年1月8日`, `昭和7年5月不詳`, `昭和7年月日不詳`, `R5.4.1`, `S64-01-07`, `H1/1/8`; digits of either width.
///
/// Unknown months and days may also be zeros (`S07.00.00`). The first day of 大正 and of 昭和 is also the last of the era before; on these two
/// days both are right. The day is checked against the era's real first and last day.
///
/// # Errors
/// [`Error::Shape`] or [`Error::UnknownEra`] when it is not an era date, [`Error::OutsideEra`] when the era had not begun or was over,
/// [`Error::OldCalendar`] before 明治6年1月1日, [`Error::NoSuchDay`] when the calendar has no such day.
pub fn parse(text: &str) -> Result<PartialDate, Error> {
    let narrow: String = text.trim().chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let (era, rest) = Era::ALL
        .into_iter()
        .find_map(|era| era.written_forms().into_iter().find_map(|form| narrow.strip_prefix(form)).map(|rest| (era, rest)))
        .ok_or(Error::UnknownEra)?;
    let [year, month, day] = if rest.contains('年') { kanji_parts(rest)? } else { dotted_parts(rest)? };
    era.date(year, month as i8, day as i8)
}

/// Writes a day as people read it: `令和5年4月1日`, `平成元年1月8日`; unknown parts as `昭和7年5月日不詳`, `昭和7年月日不詳`, `年月日不詳`.
///
/// A day before 明治6年1月1日 is written in the Gregorian calendar (`1872年12月31日`).
pub fn format(date: impl Into<PartialDate>) -> String {
    let date = date.into();
    let Some(year) = date.year() else { return "年月日不詳".to_owned() };
    let year = match era_of(date) {
        Some(era) if year == era.first_year() => format!("{}元年", era.name()),
        Some(era) => format!("{}{}年", era.name(), year - era.first_year() + 1),
        None => format!("{year}年"),
    };
    match (date.month(), date.day()) {
        (Some(month), Some(day)) => format!("{year}{month}月{day}日"),
        (Some(month), None) => format!("{year}{month}月日不詳"),
        _ => format!("{year}月日不詳"),
    }
}

/// Writes a day in the short form of forms and tables: `R5.4.1`; unknown parts are zeros (`S7.0.0`).
pub fn format_short(date: impl Into<PartialDate>) -> String {
    let date = date.into();
    let (month, day) = (date.month().unwrap_or(0), date.day().unwrap_or(0));
    match (date.year(), era_of(date)) {
        (Some(year), Some(era)) => format!("{}{}.{month}.{day}", era.letter(), year - era.first_year() + 1),
        (year, _) => format!("{}.{month}.{day}", year.unwrap_or(0)),
    }
}

/// Reads the birth day of the four items on the card: era digit (1 明治 … 5 令和), then the Gregorian `YYYYMMDD`, zeros for what is unknown:
/// `319800217` is 昭和 1980-02-17. A wholly unknown date is `000000000`.
///
/// # Errors
/// [`Error::Shape`] when it is not nine digits, [`Error::UnknownEra`] for another era digit, [`Error::OutsideEra`] when the era digit does not
/// agree with the date, and the errors of [`PartialDate::new`].
pub fn parse_card(text: &str) -> Result<PartialDate, Error> {
    if text.len() != 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::Shape { expected: "an era digit and YYYYMMDD" });
    }
    let (era, date) = text.split_at(1);
    let date: PartialDate = date.parse()?;
    if date == PartialDate::UNKNOWN && era == "0" {
        return Ok(date);
    }
    let era = Era::ALL.into_iter().find(|e| e.digit().to_string() == era).ok_or(Error::UnknownEra)?;
    era.check(date)?;
    Ok(date)
}

/// Writes the form [`parse_card`] reads. A day before 明治6年1月1日 keeps 明治's digit.
pub fn format_card(date: impl Into<PartialDate>) -> String {
    let date = date.into();
    let digit = match date.year() {
        None => 0,
        Some(_) => era_of(date).unwrap_or(Era::Meiji).digit(),
    };
    format!("{digit}{}", date.to_string().replace('-', ""))
}

/// Gives the era of a day, the newer one on its first day; `None` before 明治6年1月1日. A partly unknown date takes the era of its earliest
/// day, so 1926 without month is 大正15年.
pub fn era_of(date: impl Into<PartialDate>) -> Option<Era> {
    let earliest = date.into().earliest()?;
    Era::ALL.into_iter().rev().find(|era| era.first_day() <= earliest)
}

/// An era of modern Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// 明治, from 1868; accepted from 1873-01-01, the first day of the Gregorian calendar in Japan.
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Self; 5] = [Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// Gives the name, such as 令和.
    pub fn name(self) -> &'static str {
        ["明治", "大正", "昭和", "平成", "令和"][self as usize]
    }

    /// Gives the capital letter used in forms: M, T, S, H, R.
    pub fn letter(self) -> char {
        ['M', 'T', 'S', 'H', 'R'][self as usize]
    }

    /// Gives the digit used on cards and in resident systems: 1 (明治) to 5 (令和).
    pub fn digit(self) -> u8 {
        self as u8 + 1
    }

    /// Gives the first day that is accepted.
    pub fn first_day(self) -> Date {
        match self {
            Self::Meiji => Date::constant(1873, 1, 1),
            Self::Taisho => Date::constant(1912, 7, 30),
            Self::Showa => Date::constant(1926, 12, 25),
            Self::Heisei => Date::constant(1989, 1, 8),
            Self::Reiwa => Date::constant(2019, 5, 1),
        }
    }

    /// Gives the last day that is accepted: for 明治 and 大正 the first day of the next era, because their edicts changed the name of a day
    /// that had already begun (1912-07-30 is 明治45年 and 大正元年, 1926-12-25 is 大正15年 and 昭和元年).
    pub fn last_day(self) -> Date {
        match self {
            Self::Meiji => Date::constant(1912, 7, 30),
            Self::Taisho => Date::constant(1926, 12, 25),
            Self::Showa => Date::constant(1989, 1, 7),
            Self::Heisei => Date::constant(2019, 4, 30),
            Self::Reiwa => Date::MAX,
        }
    }

    /// Gives the Gregorian year of year 1 (元年).
    pub fn first_year(self) -> i16 {
        if self == Self::Meiji { 1868 } else { self.first_day().year() }
    }

    /// Gives the date of a year of this era; zero for an unknown month or day.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn date(self, year_of_era: i16, month: i8, day: i8) -> Result<PartialDate, Error> {
        let year = self.first_year().checked_add(year_of_era - 1).filter(|_| year_of_era >= 1);
        let date = PartialDate::new(year.ok_or_else(|| self.outside())?, month, day)?;
        self.check(date)?;
        Ok(date)
    }

    /// Refuses a date none of whose possible days lies in this era.
    fn check(self, date: PartialDate) -> Result<(), Error> {
        match (date.earliest(), date.latest()) {
            (Some(_), Some(latest)) if self == Self::Meiji && latest < self.first_day() => Err(Error::OldCalendar),
            (Some(earliest), Some(latest)) if latest < self.first_day() || earliest > self.last_day() => Err(self.outside()),
            _ => Ok(()),
        }
    }

    fn outside(self) -> Error {
        Error::OutsideEra { era: self.name(), first: self.first_day(), last: self.last_day() }
    }

    fn written_forms(self) -> [&'static str; 4] {
        match self {
            Self::Meiji => ["明治", "明", "M", "m"],
            Self::Taisho => ["大正", "大", "T", "t"],
            Self::Showa => ["昭和", "昭", "S", "s"],
            Self::Heisei => ["平成", "平", "H", "h"],
            Self::Reiwa => ["令和", "令", "R", "r"],
        }
    }
}

const SHAPE: Error = Error::Shape { expected: "an era date such as 令和5年4月1日 or R5.4.1" };

/// The parts of `5年4月1日`, `元年5月1日`, `7年月日不詳`, `7年5月日不詳`, `7年不詳`.
fn kanji_parts(rest: &str) -> Result<[i16; 3], Error> {
    let (year, rest) = rest.split_once('年').ok_or(SHAPE)?;
    let year = part(year)?;
    if let Some(known) = rest.strip_suffix("不詳") {
        return match known.trim_end_matches('日').strip_suffix('月').unwrap_or(known) {
            "" | "月" | "月日" => Ok([year, 0, 0]),
            month => Ok([year, part(month)?, 0]),
        };
    }
    let (month, rest) = rest.split_once('月').ok_or(SHAPE)?;
    let day = rest.strip_suffix('日').ok_or(SHAPE)?;
    Ok([year, part(month)?, part(day)?])
}

/// The parts of `5.4.1`, `5-4-1`, `5/4/1` or `050401`.
fn dotted_parts(rest: &str) -> Result<[i16; 3], Error> {
    if rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_digit()) {
        return Ok([part(&rest[..2])?, part(&rest[2..4])?, part(&rest[4..])?]);
    }
    let mut parts = rest.split(['.', '-', '/']);
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return Err(SHAPE) };
    Ok([part(year)?, part(month)?, part(day)?])
}

/// A part of an era date: one or two digits, or 元 for the first year.
fn part(text: &str) -> Result<i16, Error> {
    match text {
        "元" => Ok(1),
        _ if (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => text.parse().map_err(|_| SHAPE),
        _ => Err(SHAPE),
    }
}

/// Full-width letters, digits and marks as half-width ones.
fn narrow(c: char) -> char {
    match half_width(c) {
        '−' | '‐' | '–' | '―' | 'ー' => '-',
        '。' | '・' => '.',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).exact().expect("a full date")
    }

    #[test]
    fn the_usual_ways_of_writing_are_read() {
        for text in
            ["令和5年4月1日", "令和５年４月１日", "R5.4.1", "Ｒ０５．０４．０１", "r5/4/1", "令5-4-1", "R050401", "令和 5年 4月 1日"]
        {
            assert_eq!(day(text), date(2023, 4, 1), "{text}");
        }
        assert_eq!(day("令和元年5月1日"), date(2019, 5, 1));
        assert_eq!(day("平成31年4月30日"), date(2019, 4, 30));
    }

    #[test]
    fn eras_change_on_their_real_days() {
        assert_eq!(format(date(1912, 7, 29)), "明治45年7月29日");
        assert_eq!(format(date(1912, 7, 30)), "大正元年7月30日");
        assert_eq!(format(date(1926, 12, 24)), "大正15年12月24日");
        assert_eq!(format(date(1926, 12, 25)), "昭和元年12月25日");
        assert_eq!(format(date(1989, 1, 7)), "昭和64年1月7日");
        assert_eq!(format(date(1989, 1, 8)), "平成元年1月8日");
        assert_eq!(format(date(2019, 4, 30)), "平成31年4月30日");
        assert_eq!(format(date(2019, 5, 1)), "令和元年5月1日");
    }

    #[test]
    fn a_day_after_the_end_of_its_era_is_refused_with_the_eras_days() {
        assert_eq!(parse("昭和64年1月8日"), Err(Error::OutsideEra { era: "昭和", first: date(1926, 12, 25), last: date(1989, 1, 7) }));
        assert!(parse("平成31年5月1日").is_err());
        assert!(parse("令和元年4月30日").is_err());
        assert!(parse("平成元年1月7日").is_err());
    }

    #[test]
    fn the_two_shared_days_are_right_in_both_eras() {
        assert_eq!(day("明治45年7月30日"), day("大正元年7月30日"));
        assert_eq!(day("大正15年12月25日"), day("昭和元年12月25日"));
        assert!(parse("明治45年7月31日").is_err());
        assert!(parse("大正15年12月26日").is_err());
    }

    #[test]
    fn days_of_the_old_calendar_are_refused() {
        assert_eq!(parse("明治5年12月2日"), Err(Error::OldCalendar));
        assert_eq!(day("明治6年1月1日"), date(1873, 1, 1));
    }

    #[test]
    fn unknown_days_are_read_and_written() {
        for text in ["昭和7年月日不詳", "昭和7年不詳", "S7.0.0", "S07.00.00", "昭和7年0月0日"] {
            assert_eq!(parse(text).unwrap().to_string(), "1932-00-00", "{text}");
        }
        assert_eq!(parse("昭和7年5月日不詳").unwrap().to_string(), "1932-05-00");
        assert_eq!(parse("昭和7年5月不詳").unwrap().to_string(), "1932-05-00");
        assert_eq!(format(PartialDate::new(1932, 0, 0).unwrap()), "昭和7年月日不詳");
        assert_eq!(format(PartialDate::new(1932, 5, 0).unwrap()), "昭和7年5月日不詳");
    }

    #[test]
    fn the_cards_era_digit_must_agree_with_the_date() {
        assert_eq!(parse_card("319800217").unwrap().exact(), Some(date(1980, 2, 17)));
        assert!(matches!(parse_card("419800217"), Err(Error::OutsideEra { era: "平成", .. })));
        assert!(parse_card("319890107").is_ok());
        assert!(parse_card("319890108").is_err());
        assert!(parse_card("419890108").is_ok());
        assert_eq!(parse_card("619800217"), Err(Error::UnknownEra));
        assert!(parse_card("31980021").is_err());
        assert_eq!(parse_card("319320000").unwrap().to_string(), "1932-00-00");
        assert_eq!(parse_card("000000000").unwrap(), PartialDate::UNKNOWN);
        // 1926 without month may be either era
        assert!(parse_card("219260000").is_ok() && parse_card("319260000").is_ok());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "令和", "令和年月日", "令和5年", "2023-04-01", "R5.4", "R5.4.1.1", "R0.4.1", "令和5年2月30日", "R5.-4.1"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_since_1873_comes_back(y in 1873i16..2110, m in 1i8..=12, d in 1i8..=31) {
            if let Ok(day) = Date::new(y, m, d) {
                let date = PartialDate::from(day);
                prop_assert_eq!(parse(&format(day)), Ok(date));
                prop_assert_eq!(parse(&format_short(day)), Ok(date));
                prop_assert_eq!(parse_card(&format_card(day)), Ok(date));
            }
        }

        #[test]
        fn partly_unknown_dates_come_back(y in 1873i16..2110, m in 0i8..=12) {
            let date = PartialDate::new(y, m, 0).unwrap();
            prop_assert_eq!(parse(&format(date)), Ok(date));
            prop_assert_eq!(parse_card(&format_card(date)), Ok(date));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[MTSHR明大昭平令]?.{0,16}|[令平昭][和成][0-9元年月日不詳]{0,12}") {
            let _ = parse(&text);
            let _ = parse_card(&text);
        }
    }
}
