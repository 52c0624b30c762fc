//! What is collected in an area on a day.

use std::collections::BTreeMap;

use civil::Date;
use jiff::ToSpan as _;
use jiff::civil::Weekday;
use town::{Collection, Garbage, GarbageArea, Language, Pattern};

/// A kind that is collected on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collected {
    /// Which kind, by its place in [`Garbage::kinds`].
    pub kind: usize,
    /// Every way to read the town's table says so; otherwise the town has to be asked.
    pub sure: bool,
}

/// Says what is collected in an area on a day, in the order of the kinds.
pub fn on_day(garbage: &Garbage, area: &GarbageArea, day: Date) -> Vec<Collected> {
    let of_kind = |(kind, cell): (usize, &Vec<Collection>)| {
        let (every, any) = readings(garbage, area, cell, day);
        any.then_some(Collected { kind, sure: every })
    };
    area.days.iter().enumerate().filter_map(of_kind).collect()
}

/// Says what is collected on each day from one to another, both included; days without anything are left out.
pub fn between(garbage: &Garbage, area: &GarbageArea, from: Date, until: Date) -> BTreeMap<Date, Vec<Collected>> {
    let days = from.series(1.day()).take_while(|day| *day <= until);
    days.map(|day| (day, on_day(garbage, area, day))).filter(|(_, collected)| !collected.is_empty()).collect()
}

/// The next day on which a kind is collected for sure, from a day on; nothing within a year.
pub fn next(garbage: &Garbage, area: &GarbageArea, kind: usize, from: Date) -> Option<Date> {
    let of_kind = |day: &Date| on_day(garbage, area, *day).iter().any(|one| one.kind == kind && one.sure);
    from.series(1.day()).take(366).find(of_kind)
}

/// The last day the table knows of a kind, where it names days and no weekdays: after it nothing is known, which is not the same as no collection.
pub fn known_until(area: &GarbageArea, kind: usize) -> Option<Date> {
    let patterns = || area.days.get(kind).into_iter().flatten().flat_map(|one| &one.days);
    let dated = |pattern: &Pattern| match pattern {
        Pattern::On(day) => Some(*day),
        Pattern::Weekly(_) | Pattern::Nth(..) => None,
    };
    if patterns().any(|pattern| dated(pattern).is_none()) { None } else { patterns().filter_map(dated).max() }
}

/// Whether every reading of a cell has a collection on a day, and whether any has.
fn readings(garbage: &Garbage, area: &GarbageArea, cell: &[Collection], day: Date) -> (bool, bool) {
    let mut every = false;
    let mut any = false;
    for one in cell {
        let whole = taken(garbage, area, one, day, |_| in_months(one, day));
        let last = one.days.len().saturating_sub(1);
        let alone = if one.doubtful { taken(garbage, area, one, day, |place| place != last || in_months(one, day)) } else { whole };
        every |= whole && alone;
        any |= whole || alone;
    }
    (every, any)
}

fn in_months(one: &Collection, day: Date) -> bool {
    one.months.is_empty() || one.months.contains(&day.month())
}

/// Whether one reading of a group, in which the day at a place may hold or not, has a collection on a day: closures taken away, and what they shift added.
fn taken(garbage: &Garbage, area: &GarbageArea, one: &Collection, day: Date, holds: impl Fn(usize) -> bool) -> bool {
    if closed(garbage, area, day) {
        return false;
    }
    one.days.iter().enumerate().any(|(place, pattern)| {
        if !garbage.week_shift || !matches!(pattern, Pattern::Nth(..)) {
            return matches(*pattern, day) && holds(place);
        }
        // What a closure takes from a month's n-th days, and those after it in that month, come a week later.
        let moved = |planned: Date| {
            let earlier = planned.first_of_month().series(1.day()).take_while(|day| *day <= planned);
            earlier.filter(|day| one.days.iter().any(|pattern| matches(*pattern, *day))).any(|day| closed(garbage, area, day))
        };
        let here = matches(*pattern, day) && holds(place) && !moved(day);
        let week_ago = day.saturating_sub(7.days());
        here || matches(*pattern, week_ago) && (one.months.is_empty() || one.months.contains(&week_ago.month())) && moved(week_ago)
    })
}

/// What the town remarks on a kind in an area: the texts its cell refers to, each once. A remark no cell refers to is nobody's.
pub fn remarks<'a>(garbage: &'a Garbage, area: &GarbageArea, kind: usize) -> Vec<&'a str> {
    let mut found = Vec::new();
    for number in area.days.get(kind).into_iter().flatten().flat_map(|one| &one.remarks) {
        let text = garbage.remarks.iter().find(|(known, _)| known == number).map(|(_, text)| text.as_str());
        found.extend(text.filter(|text| !text.is_empty() && !found.contains(text)));
    }
    found
}

/// The names of some kinds in one text for a reader, with the language it is in: that of the first.
pub fn named<'a>(garbage: &'a Garbage, kinds: impl Iterator<Item = usize>, reader: &Language) -> (Option<&'a Language>, String) {
    let names: Vec<(&Language, &str)> =
        kinds.filter_map(|kind| garbage.kinds.get(kind)).map(|kind| garbage.read(&kind.name, reader)).collect();
    let language = names.first().map(|(language, _)| *language);
    let between = match language.map(Language::as_str) {
        Some("ja" | "ja-easy") => "・",
        Some("zh") => "、",
        _ => ", ",
    };
    (language, names.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(between))
}

/// Whether nothing is collected in an area on a day because it is closed: its centre's closure (年末年始), or a day off for the whole town.
pub fn closed(garbage: &Garbage, area: &GarbageArea, day: Date) -> bool {
    let shut = |closure: &town::Closure| closure.centre == area.centre && (closure.from..=closure.until).contains(&day);
    garbage.holidays.contains(&day) || garbage.closures.iter().any(shut)
}

fn matches(pattern: Pattern, day: Date) -> bool {
    match pattern {
        Pattern::Weekly(weekday) => day.weekday() == weekday,
        Pattern::Nth(weekday, nth) => day.weekday() == weekday && (day.day() - 1) / 7 + 1 == nth,
        Pattern::On(planned) => planned == day,
    }
}

/// The place of a weekday in a week that begins on Sunday, as Japanese calendars do.
pub fn column(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_sunday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use super::*;
    use proptest::prelude::*;

    fn group(days: Vec<Pattern>, months: Vec<i8>) -> Collection {
        Collection { days, months, doubtful: false, remarks: vec![] }
    }

    fn town_with(cell: Vec<Collection>) -> Garbage {
        let area = GarbageArea { name: "本村".into(), centre: "東".into(), districts: vec![], days: vec![cell] };
        Garbage { areas: vec![area], ..Garbage::default() }
    }

    fn days(garbage: &Garbage, from: &str, until: &str) -> Vec<String> {
        between(garbage, &garbage.areas[0], from.parse().unwrap(), until.parse().unwrap()).keys().map(ToString::to_string).collect()
    }

    #[test]
    fn the_fifth_weekday_is_only_in_months_that_have_one() {
        let garbage = town_with(vec![group(vec![Pattern::Nth(Weekday::Thursday, 5)], vec![])]);
        assert_eq!(days(&garbage, "2026-10-01", "2026-12-31"), ["2026-10-29", "2026-12-31"]);
    }

    #[test]
    fn months_stand_in_the_order_of_the_fiscal_year_and_the_year_ends_in_between() {
        let garbage = town_with(vec![group(vec![Pattern::Nth(Weekday::Tuesday, 2)], vec![12, 2])]);
        assert_eq!(days(&garbage, "2026-11-01", "2027-03-31"), ["2026-12-08", "2027-02-09"]);
    }

    #[test]
    fn a_closure_takes_collections_away_and_may_move_them() {
        let mut garbage = town_with(vec![group(vec![Pattern::Nth(Weekday::Friday, 1), Pattern::Nth(Weekday::Friday, 3)], vec![])]);
        garbage.closures =
            vec![town::Closure { centre: "東".into(), from: "2026-12-29".parse().unwrap(), until: "2027-01-03".parse().unwrap() }];
        garbage.areas[0].centre = "西".into();
        assert_eq!(days(&garbage, "2027-01-01", "2027-01-31"), ["2027-01-01", "2027-01-15"], "another centre's");
        garbage.areas[0].centre = "東".into();
        assert_eq!(days(&garbage, "2027-01-01", "2027-01-31"), ["2027-01-15"]);
        garbage.week_shift = true;
        assert_eq!(days(&garbage, "2027-01-01", "2027-01-31"), ["2027-01-08", "2027-01-22"]);
        assert_eq!(days(&garbage, "2027-02-01", "2027-02-28"), ["2027-02-05", "2027-02-19"], "the next month is as it was");
        garbage.holidays = vec!["2027-02-05".parse().unwrap()];
        garbage.week_shift = false;
        assert_eq!(days(&garbage, "2027-02-01", "2027-02-28"), ["2027-02-19"]);
    }

    #[test]
    fn a_doubtful_cell_is_sure_only_where_both_readings_agree() {
        let patterns = vec![Pattern::Weekly(Weekday::Monday), Pattern::Nth(Weekday::Sunday, 5)];
        let garbage = town_with(vec![Collection { doubtful: true, ..group(patterns, vec![8]) }]);
        let sure = |day: &str| on_day(&garbage, &garbage.areas[0], day.parse().unwrap()).first().map(|one| one.sure);
        assert_eq!(sure("2026-08-03"), Some(true), "a Monday in August");
        assert_eq!(sure("2026-09-07"), Some(false), "a Monday in September: ask the town");
        assert_eq!(sure("2026-08-30"), Some(true), "the fifth Sunday of August");
        assert_eq!(sure("2026-11-29"), None, "a fifth Sunday of another month, by no reading");
    }

    #[test]
    fn a_remark_is_of_the_kind_whose_cell_refers_to_it() {
        let cell = |numbers: &[&str]| Collection {
            remarks: numbers.iter().map(|number| (*number).to_owned()).collect(),
            ..group(vec![Pattern::Weekly(Weekday::Monday)], vec![])
        };
        let mut garbage = town_with(vec![cell(&["1"]), cell(&["2"])]);
        garbage.areas[0].days.push(vec![cell(&[]), cell(&["1", "1", "3"])]);
        garbage.remarks = vec![("1".into(), "前の日に出さない".into()), ("2".into(), String::new())];
        let said = |kind: usize| remarks(&garbage, &garbage.areas[0], kind);
        // The first kind's cells refer to a remark and to an empty one, the second's to one of them twice and to one nobody wrote.
        assert_eq!((said(0), said(1), said(2)), (vec!["前の日に出さない"], vec!["前の日に出さない"], vec![]));
    }

    #[test]
    fn after_the_last_day_of_a_list_nothing_is_known() {
        let garbage =
            town_with(vec![group(vec![Pattern::On("2017-03-30".parse().unwrap()), Pattern::On("2016-04-14".parse().unwrap())], vec![])]);
        assert_eq!(known_until(&garbage.areas[0], 0), Some("2017-03-30".parse().unwrap()));
        assert_eq!(known_until(&town_with(vec![group(vec![Pattern::Weekly(Weekday::Monday)], vec![])]).areas[0], 0), None);
    }

    /// The grammar read anew and naively: the days of a month are written down week by week as on paper.
    fn by_hand(days: &[Pattern], months: &[i8], year: i16, month: i8) -> Vec<Date> {
        let mut out = Vec::new();
        if !months.is_empty() && !months.contains(&month) {
            return out;
        }
        let mut seen = [0; 7];
        let last = Date::new(year, month, 1).unwrap().days_in_month();
        for number in 1..=last {
            let day = Date::new(year, month, number).unwrap();
            let place = column(day.weekday());
            seen[place] += 1;
            let fits = days.iter().any(|pattern| match pattern {
                Pattern::Weekly(weekday) => column(*weekday) == place,
                Pattern::Nth(weekday, nth) => column(*weekday) == place && seen[place] == *nth,
                Pattern::On(planned) => *planned == day,
            });
            if fits {
                out.push(day);
            }
        }
        out
    }

    fn pattern() -> impl Strategy<Value = Pattern> {
        let weekday = (0i8..7).prop_map(|offset| Weekday::from_sunday_zero_offset(offset).unwrap());
        prop_oneof![
            weekday.clone().prop_map(Pattern::Weekly),
            (weekday, 1i8..=5).prop_map(|(weekday, nth)| Pattern::Nth(weekday, nth)),
            (2024i16..2030, 1i8..=12, 1i8..=28).prop_map(|(year, month, day)| Pattern::On(Date::new(year, month, day).unwrap())),
        ]
    }

    proptest! {
        #[test]
        fn the_days_are_those_a_person_would_write_down(
            days in proptest::collection::vec(pattern(), 1..4),
            months in proptest::collection::vec(1i8..=12, 0..5),
            (year, month) in (2024i16..2030, 1i8..=12),
        ) {
            let garbage = town_with(vec![group(days.clone(), months.clone())]);
            let first = Date::new(year, month, 1).unwrap();
            let found: Vec<Date> = between(&garbage, &garbage.areas[0], first, first.last_of_month()).into_keys().collect();
            prop_assert_eq!(found, by_hand(&days, &months, year, month));
        }

        #[test]
        fn a_shift_moves_and_never_multiplies(nth in 1i8..=4, start in 0i64..300, length in 0i64..7) {
            let mut garbage = town_with(vec![group(vec![Pattern::Nth(Weekday::Wednesday, nth)], vec![])]);
            let from = Date::constant(2026, 2, 1).saturating_add(start.days());
            garbage.closures = vec![town::Closure { centre: "東".into(), from, until: from.saturating_add(length.days()) }];
            garbage.week_shift = true;
            let count = between(&garbage, &garbage.areas[0], Date::constant(2026, 1, 1), Date::constant(2027, 1, 31)).len();
            // A closure of a week and a day may also hold the week to which something moved.
            prop_assert!((12..=13).contains(&count), "{}", count);
        }
    }
}
