//! Days, moments and time zones of a feed.

use std::collections::BTreeMap;

use civil::Date;
use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, ToSpan as _};

use super::FeedReason;
use super::lines::{Prop, Raw};

/// When something is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stamp {
    /// On a day, wherever one is.
    Day(Date),
    /// At a time of a zone.
    At(DateTime, TimeZone),
}

impl Stamp {
    /// Day and time as the file's own zone has them; midnight for a whole day.
    pub(super) fn civil(&self) -> DateTime {
        match self {
            Self::Day(day) => day.to_datetime(Time::midnight()),
            Self::At(at, _) => *at,
        }
    }

    /// The moment in Japan of a day and time of this one's zone. A time the zone passes over or has twice is the earlier way of reading it.
    pub(super) fn in_japan(&self, at: DateTime) -> Option<DateTime> {
        match self {
            Self::Day(_) => Some(at),
            Self::At(_, zone) => Some(at.to_zoned(zone.clone()).ok()?.with_time_zone(japan()).datetime()),
        }
    }

    /// Whether one of this one's recurrences is what a change names: the same day where the change names a day only.
    pub(super) fn is_same(&self, at: DateTime, of: &Self) -> bool {
        match (self, of) {
            (_, Self::Day(day)) => at.date() == *day,
            (Self::Day(_), Self::At(named, _)) => at.date() == named.date(),
            (Self::At(..), Self::At(..)) => self.name_of(at) == of.name(),
        }
    }

    /// Its name among the recurrences of an event.
    pub(super) fn name(&self) -> String {
        self.name_of(self.civil())
    }

    /// The name of a recurrence: the day, or the moment in UTC.
    pub(super) fn name_of(&self, at: DateTime) -> String {
        match self {
            Self::Day(_) => at.strftime("%Y%m%d").to_string(),
            Self::At(_, zone) => {
                let utc = at.to_zoned(zone.clone()).map_or(at, |zoned| zoned.with_time_zone(TimeZone::UTC).datetime());
                utc.strftime("%Y%m%dT%H%M%SZ").to_string()
            }
        }
    }
}

/// Japan's zone: nine hours ahead of UTC, all year, since 1952.
pub(super) fn japan() -> TimeZone {
    TimeZone::get("Asia/Tokyo").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(9)))
}

/// The zones a file explains itself.
pub(super) struct Zones(BTreeMap<String, Option<TimeZone>>);

impl Zones {
    pub(super) fn of(zones: &[Raw]) -> Self {
        let zone = |raw: &Raw| {
            let name = raw.find("TZID")?.value.trim().to_owned();
            let mut offsets: Vec<&str> = raw.all("TZOFFSETTO").map(|prop| prop.value.trim()).collect();
            offsets.sort_unstable();
            offsets.dedup();
            // A zone with one offset is that offset; one with summer time is found by its name or not at all.
            let fixed = match offsets.as_slice() {
                [only] => offset(only).map(TimeZone::fixed),
                _ => None,
            };
            Some((name, fixed))
        };
        Self(zones.iter().filter_map(zone).collect())
    }

    /// The zone of a name: of the world's list, as Windows calls it, behind a path as some programs write it, or as the file explains it.
    fn find(&self, name: &str) -> Option<TimeZone> {
        let name = name.trim();
        let known = |name: &str| TimeZone::get(name).ok();
        let of_windows = |name: &str| known(WINDOWS.iter().find(|(theirs, _)| *theirs == name)?.1);
        let tail = || {
            let mut parts = name.rsplit('/');
            let (city, region) = (parts.next()?, parts.next()?);
            known(&format!("{region}/{city}"))
        };
        known(name).or_else(|| of_windows(name)).or_else(tail).or_else(|| self.0.get(name)?.clone())
    }
}

/// Names of Windows for zones that stand in calendars of towns here (CLDR windowsZones).
const WINDOWS: &[(&str, &str)] = &[
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Taipei Standard Time", "Asia/Taipei"),
    ("SE Asia Standard Time", "Asia/Bangkok"),
    ("GMT Standard Time", "Europe/London"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Eastern Standard Time", "America/New_York"),
    ("Pacific Standard Time", "America/Los_Angeles"),
];

/// `+0900`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = (text.get(..1)?, text.get(1..5)?);
    let seconds = digits.get(..2)?.parse::<i32>().ok()? * 3600 + digits.get(2..)?.parse::<i32>().ok()? * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

/// The values of a property that says when, one or a list.
///
/// # Errors
/// [`FeedReason::Moment`], [`FeedReason::Zone`], or [`FeedReason::Period`] with what stands there.
pub(super) fn stamps(prop: &Prop, zones: &Zones) -> Result<Vec<Stamp>, (FeedReason, String)> {
    if prop.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("PERIOD")) {
        return Err((FeedReason::Period, prop.value.clone()));
    }
    prop.value.split(',').map(|text| stamp(text.trim(), prop.param("TZID"), zones)).collect()
}

fn stamp(text: &str, zone: Option<&str>, zones: &Zones) -> Result<Stamp, (FeedReason, String)> {
    let wrong = || (FeedReason::Moment, text.to_owned());
    if text.len() == 8 {
        return day(text).map(Stamp::Day).ok_or_else(wrong);
    }
    let (plain, utc) = match text.strip_suffix(['Z', 'z']) {
        Some(plain) => (plain, true),
        None => (text, false),
    };
    let at = moment(plain).ok_or_else(wrong)?;
    let zone = match zone {
        _ if utc => TimeZone::UTC,
        Some(name) => zones.find(name).ok_or_else(|| (FeedReason::Zone, name.to_owned()))?,
        // A time of no zone is the time of wherever one is: here.
        None => japan(),
    };
    Ok(Stamp::At(at, zone))
}

/// `20261201`.
pub(super) fn day(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    Date::new(number(0, 4)?, i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?).ok()
}

/// `20261201T100000`, with or without seconds.
pub(super) fn moment(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(['T', 't'])?;
    if !matches!(time.len(), 4 | 6) || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| time.get(from..to).map_or(Some(0), |digits| digits.parse::<i8>().ok());
    // A leap second is the one before it.
    let second = if time.len() == 6 { number(4, 6)?.min(59) } else { 0 };
    Some(day(date)?.to_datetime(Time::new(number(0, 2)?, number(2, 4)?, second, 0).ok()?))
}

/// A length as section 3.3.6 writes it: `PT1H30M`, `P1D`, `P2W`.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let rest = text.trim().strip_prefix('+').unwrap_or(text.trim()).strip_prefix('P')?;
    let (mut seconds, mut digits, mut of_time, mut said) = (0_i64, String::new(), false, false);
    for c in rest.chars() {
        let unit = match (c, of_time) {
            ('0'..='9', _) => {
                digits.push(c);
                continue;
            }
            ('T', false) => {
                of_time = true;
                continue;
            }
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
        said = true;
    }
    (said && digits.is_empty() && seconds <= 366 * 86_400).then(|| SignedDuration::from_secs(seconds))
}

/// The last day of something that ends at a moment: one that ends at midnight ends the day before.
pub(super) fn last_day(begins: DateTime, ends: DateTime) -> Date {
    let ended = ends.time() == Time::midnight() && ends.date() > begins.date();
    if ended { ends.date().saturating_sub(1.day()) } else { ends.date() }
}
