//! The grammar of a cell of `area_days.csv` (LOCALIZE.md of 5374.jp, with what towns really write).

use civil::Date;
use jiff::civil::Weekday;

use crate::model::{Collection, Pattern};

/// What is wrong with a cell, and at which character of it, from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) reason: String,
}

const WEEKDAYS: [(char, Weekday); 7] = [
    ('日', Weekday::Sunday),
    ('月', Weekday::Monday),
    ('火', Weekday::Tuesday),
    ('水', Weekday::Wednesday),
    ('木', Weekday::Thursday),
    ('金', Weekday::Friday),
    ('土', Weekday::Saturday),
];

/// Reads a cell: groups apart by `;`, each of days apart by blanks and, after a colon, months.
pub(super) fn read(cell: &str) -> Result<Vec<Collection>, Wrong> {
    let mut collections = Vec::new();
    let mut start = 0;
    for group in cell.split(';') {
        if !group.trim().is_empty() {
            collections.push(one(group, start)?);
        }
        start += group.chars().count() + 1;
    }
    Ok(collections)
}

fn one(group: &str, start: usize) -> Result<Collection, Wrong> {
    let (days, months) = group.split_once(':').map_or((group, None), |(days, months)| (days, Some(months)));
    let mut read = Collection { days: Vec::new(), months: Vec::new(), doubtful: false, remarks: Vec::new() };
    for (at, word) in words(days) {
        match word.strip_prefix('*') {
            Some(number) if !number.is_empty() => read.remarks.push(number.to_owned()),
            _ => read.days.push(pattern(word).map_err(|reason| Wrong { at: start + at, reason })?),
        }
    }
    if let Some(months) = months {
        let begin = start + days.chars().count() + 1;
        for (at, word) in words(months) {
            let month = word.parse::<i8>().ok().filter(|month| (1..=12).contains(month) && word.bytes().all(|b| b.is_ascii_digit()));
            read.months.push(month.ok_or_else(|| Wrong { at: begin + at, reason: format!("{word:?} is not a month") })?);
        }
        if read.months.is_empty() {
            return Err(Wrong { at: begin, reason: "no month follows the colon".to_owned() });
        }
    }
    if read.days.is_empty() {
        return Err(Wrong { at: start, reason: "the cell names no day".to_owned() });
    }
    // 「月 木 日5:12」: 5374 lets the months hold for every day, but whoever writes weekly days beside an n-th one seldom means that.
    let weekly = |day: &Pattern| matches!(day, Pattern::Weekly(_));
    read.doubtful = !read.months.is_empty() && read.days.len() > 1 && read.days.iter().any(weekly) != read.days.iter().all(weekly);
    Ok(read)
}

/// The words of a text with the character each begins at.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split([' ', '　']).filter_map(move |word| {
        let here = at;
        at += word.chars().count() + 1;
        (!word.is_empty()).then_some((here, word))
    })
}

fn pattern(word: &str) -> Result<Pattern, String> {
    if word.bytes().all(|b| b.is_ascii_digit()) {
        return day(word).map(Pattern::On);
    }
    let mut characters = word.chars();
    let first = characters.next().unwrap_or_default();
    let weekday = WEEKDAYS.iter().find(|(sign, _)| *sign == first).map(|(_, weekday)| *weekday);
    let weekday = weekday.ok_or_else(|| format!("{word:?} begins with no weekday"))?;
    match characters.as_str() {
        "" => Ok(Pattern::Weekly(weekday)),
        nth => match nth.parse() {
            Ok(nth @ 1..=5) => Ok(Pattern::Nth(weekday, nth)),
            _ => Err(format!("{word:?}: a month has the 1st to the 5th {first}曜日")),
        },
    }
}

/// `20260401`.
fn day(word: &str) -> Result<Date, String> {
    let no = || format!("{word:?} is not a day; eight digits such as 20260401");
    if word.len() != 8 {
        return Err(no());
    }
    let part = |range: std::ops::Range<usize>| word.get(range).and_then(|digits| digits.parse::<i16>().ok());
    let (year, month, day) = (part(0..4).ok_or_else(no)?, part(4..6).ok_or_else(no)?, part(6..8).ok_or_else(no)?);
    let small = |number: i16| i8::try_from(number).map_err(|_| no());
    Date::new(year, small(month)?, small(day)?).map_err(|_| no())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;
    use Pattern::{Nth, On, Weekly};

    #[test]
    fn every_form_of_the_grammar_is_read() {
        let days = |cell: &str| read(cell).unwrap().into_iter().map(|one| (one.days, one.months)).collect::<Vec<_>>();
        assert_eq!(days("月 木"), [(vec![Weekly(Weekday::Monday), Weekly(Weekday::Thursday)], vec![])]);
        assert_eq!(days("水2 水4"), [(vec![Nth(Weekday::Wednesday, 2), Nth(Weekday::Wednesday, 4)], vec![])]);
        assert_eq!(days("火2 金4:4 6 8 10 12 2"), [(vec![Nth(Weekday::Tuesday, 2), Nth(Weekday::Friday, 4)], vec![4, 6, 8, 10, 12, 2])]);
        let two = days("水1:4 6 7; 水2:5 1");
        assert_eq!(two, [(vec![Nth(Weekday::Wednesday, 1)], vec![4, 6, 7]), (vec![Nth(Weekday::Wednesday, 2)], vec![5, 1])]);
        assert_eq!(
            days("20160414 20160229"),
            [(vec![On(civil::Date::constant(2016, 4, 14)), On(civil::Date::constant(2016, 2, 29))], vec![])]
        );
        assert_eq!(days(""), []);
        assert_eq!(read("火 木 *1").unwrap()[0].remarks, ["1"]);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_said_to_be() {
        let doubtful = |cell: &str| read(cell).unwrap()[0].doubtful;
        assert!(doubtful("月 木 日5:12"));
        assert!(!doubtful("火2 金4:4 6"));
        assert!(!doubtful("月 木:4 6"), "the months can only hold for both");
        assert!(!doubtful("月 木 日5"));
    }

    #[test]
    fn faults_say_at_which_character() {
        let at = |cell: &str| read(cell).unwrap_err().at;
        assert_eq!(at("月 x"), 2);
        assert_eq!(at("水6"), 0);
        assert_eq!(at("月; 火9"), 3);
        assert_eq!(at("火2:4 13"), 5);
        assert_eq!(at("火2:"), 3);
        assert_eq!(at("2016041"), 0);
        assert_eq!(at("20160431"), 0);
        assert_eq!(at("NULL"), 0);
        assert_eq!(at("*1"), 0);
    }
}
