//! When a recurring event takes place. The rules are followed by the crate `rrule`; time zones by ours: it is given the file's own clock as if it were UTC.

use chrono::DateTime as Moment;
use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use super::event::Event;
use super::time::{Stamp, day, moment};
use super::{FeedReason, Window, Wrong};

/// The beginnings of an event that matter for some days, in order; those of a single event that are none of them are there too.
pub(super) fn starts(event: &Event, window: Window, most: usize) -> Result<Vec<DateTime>, Wrong> {
    let first = event.start.civil();
    let mut starts = if event.rules.is_empty() { vec![first] } else { Vec::new() };
    // A day on either side for zones, and as long as the event itself is.
    let (from, until) = (window.from.saturating_sub((2 + event.days_long()).days()), window.until.saturating_add(2.days()));
    for (line, rule) in &event.rules {
        let wrong = |reason| (*line, "RRULE", reason, rule.clone());
        let found = followed(rule, event, first, from.into(), until.into(), most).map_err(wrong)?;
        starts.extend(found);
    }
    starts.extend(event.more.iter().map(Stamp::civil));
    starts.retain(|start| !event.except.iter().any(|except| event.start.is_same(*start, except)));
    starts.sort_unstable();
    starts.dedup();
    if starts.len() > most { Err((event.line, "RRULE", FeedReason::TooOften, String::new())) } else { Ok(starts) }
}

fn followed(rule: &str, event: &Event, first: DateTime, from: DateTime, until: DateTime, most: usize) -> Result<Vec<DateTime>, FeedReason> {
    let upper = rule.to_ascii_uppercase();
    if ["SECONDLY", "MINUTELY", "HOURLY"].iter().any(|often| upper.contains(often)) {
        return Err(FeedReason::TooOften);
    }
    let mut parts = Vec::new();
    for part in upper.trim().trim_end_matches(';').split(';') {
        match part.strip_prefix("UNTIL=") {
            Some(last) => {
                let last = last_one(last, event).ok_or(FeedReason::Rule)?;
                if last < first {
                    return Ok(Vec::new());
                }
                parts.push(format!("UNTIL={}", last.strftime("%Y%m%dT%H%M%SZ")));
            }
            None => parts.push(part.to_owned()),
        }
    }
    let begins = theirs(first).ok_or(FeedReason::Rule)?;
    let rule: RRule<Unvalidated> = parts.join(";").parse().map_err(|_| FeedReason::Rule)?;
    let rule = rule.validate(begins).map_err(|_| FeedReason::Rule)?;
    let (from, until) = (theirs(from).ok_or(FeedReason::Rule)?, theirs(until).ok_or(FeedReason::Rule)?);
    let limit = u16::try_from(most.saturating_add(1)).unwrap_or(u16::MAX);
    let found = RRuleSet::new(begins).rrule(rule).after(from).before(until).all(limit);
    if found.dates.len() > most {
        return Err(FeedReason::TooOften);
    }
    Ok(found.dates.iter().filter_map(ours).collect())
}

/// The last moment a rule holds, by the event's own clock. A day counts to its end.
fn last_one(text: &str, event: &Event) -> Option<DateTime> {
    if let Some(day) = day(text) {
        return Some(day.at(23, 59, 59, 0));
    }
    match (text.strip_suffix('Z'), &event.start) {
        (Some(utc), Stamp::At(_, zone)) => Some(moment(utc)?.to_zoned(TimeZone::UTC).ok()?.with_time_zone(zone.clone()).datetime()),
        (Some(plain), Stamp::Day(_)) => moment(plain),
        (None, _) => moment(text),
    }
}

fn theirs(at: DateTime) -> Option<Moment<Tz>> {
    let seconds = at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some(Moment::from_timestamp(seconds, 0)?.with_timezone(&Tz::UTC))
}

fn ours(at: &Moment<Tz>) -> Option<DateTime> {
    Some(jiff::Timestamp::from_second(at.timestamp()).ok()?.to_zoned(TimeZone::UTC).datetime())
}
