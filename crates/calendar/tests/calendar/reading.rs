//! Calendars as other programs write them, read.

use calendar::rules::feed;
use calendar::rules::feed::{FEED_BYTES_MAX, FeedFault, FeedReason, FeedRefusal, FeedReport, Happening, Window};
use calendar::{Said, Texts};
use civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use town::Language;

fn window() -> Window {
    Window { from: "2026-11-01".parse().unwrap(), until: "2027-12-31".parse().unwrap() }
}

/// Read as a town of Japanese and English reads it; what has no name is called so.
fn read(bytes: &[u8], unnamed: &str, window: Window) -> (Vec<Happening>, FeedReport) {
    let unnamed = Texts::of(Language::JAPANESE, Said { title: unnamed.to_owned(), ..Said::default() });
    feed::read(bytes, &unnamed, &[Language::JAPANESE, Language::ENGLISH], window)
}

fn calendar(inside: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//another//JA\n{inside}END:VCALENDAR\n").replace('\n', "\r\n")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\nDTSTAMP:20261101T000000Z\n{lines}END:VEVENT\n")
}

fn looked_at(inside: &str) -> (Vec<Happening>, FeedReport) {
    read(calendar(inside).as_bytes(), "体育協会", window())
}

/// Day, time, last day, time, title of everything.
fn lines(inside: &str) -> Vec<String> {
    let (happenings, report) = looked_at(inside);
    assert_eq!(report.refusal, None);
    let line = |one: &Happening| {
        let details = &one.details;
        let cancelled = if one.cancelled { " 中止" } else { "" };
        format!("{} {} – {} {} {}{cancelled}", details.starts_on, details.starts_at, details.ends_on, details.ends_at, details.title())
    };
    happenings.iter().map(line).collect()
}

fn faults(inside: &str) -> Vec<(u32, String, FeedReason, String)> {
    let of = |fault: FeedFault| (fault.line, fault.property, fault.reason, fault.value);
    looked_at(inside).1.faults.into_iter().map(of).collect()
}

#[test]
fn whole_days_moments_and_lengths_are_read_in_japan() {
    let inside = [
        "UID:a\nSUMMARY:一日\nDTSTART;VALUE=DATE:20261203\n",
        "UID:b\nSUMMARY:二日\nDTSTART;VALUE=DATE:20261204\nDTEND;VALUE=DATE:20261206\n",
        "UID:c\nSUMMARY:世界の時\nDTSTART:20261206T230000Z\nDTEND:20261207T010000Z\n",
        "UID:d\nSUMMARY:町の時\nDTSTART;TZID=Asia/Tokyo:20261208T100000\nDURATION:PT1H30M\n",
        "UID:e\nSUMMARY:どこかの時\nDTSTART:20261209T100000\n",
        "UID:f\nSUMMARY:窓の時\nDTSTART;TZID=\"Tokyo Standard Time\":20261210T180000\nDTEND;TZID=\"Tokyo Standard Time\":20261211T000000\n",
        "UID:g\nSUMMARY:海の向こう\nDTSTART;TZID=America/New_York:20261210T200000\nDTEND;TZID=America/New_York:20261210T210000\n",
        "UID:h\nDTSTART;TZID=/example.org/Europe/Berlin:20261212T100000\n",
    ];
    assert_eq!(
        lines(&inside.map(event).concat()),
        [
            "2026-12-03  – 2026-12-03  一日",
            "2026-12-04  – 2026-12-05  二日",
            "2026-12-07 08:00 – 2026-12-07 10:00 世界の時",
            "2026-12-08 10:00 – 2026-12-08 11:30 町の時",
            "2026-12-09 10:00 – 2026-12-09  どこかの時",
            "2026-12-10 18:00 – 2026-12-10 23:59 窓の時",
            "2026-12-11 10:00 – 2026-12-11 11:00 海の向こう",
            "2026-12-12 18:00 – 2026-12-12  体育協会",
        ]
    );
}

#[test]
fn folded_lines_and_written_out_signs_are_joined_even_within_a_character() {
    let title = "雪まつり、屋台\\, 花火\\; そして\\n大綱引き";
    let line = format!("SUMMARY:{title}");
    // Folded every 7 octets, wherever that is.
    let folded: Vec<u8> = line.as_bytes().chunks(7).collect::<Vec<_>>().join(b"\r\n ".as_slice());
    let mut file = calendar(&event("UID:a\nDTSTART;VALUE=DATE:20261203\nX-FOLD:\n")).into_bytes();
    let at = file.windows(7).position(|window| window == b"X-FOLD:").unwrap();
    file.splice(at..at + 7, folded);
    let (happenings, report) = read(&file, "", window());
    assert_eq!(report.faults, []);
    assert_eq!(happenings[0].details.title(), "雪まつり、屋台, 花火; そして 大綱引き");
    let sjis =
        encoding_rs::SHIFT_JIS.encode(&calendar(&event("UID:a\nSUMMARY:髙橋さんの会①\nDTSTART;VALUE=DATE:20261203\n"))).0.into_owned();
    assert_eq!(read(&sjis, "", window()).0[0].details.title(), "髙橋さんの会①");
}

#[test]
fn rules_exceptions_and_changes_of_one_are_followed() {
    let weekly = event(
        "UID:w\nSUMMARY:体操\nDTSTART;TZID=Asia/Tokyo:20261202T100000\nDTEND;TZID=Asia/Tokyo:20261202T110000\nRRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20261230T010000Z\nEXDATE;TZID=Asia/Tokyo:20261209T100000\n",
    );
    let moved = event(
        "UID:w\nSUMMARY:体操（木曜）\nRECURRENCE-ID:20261216T010000Z\nDTSTART;TZID=Asia/Tokyo:20261217T140000\nDTEND;TZID=Asia/Tokyo:20261217T150000\n",
    );
    let called_off = event(
        "UID:w\nSUMMARY:体操\nSTATUS:CANCELLED\nRECURRENCE-ID;TZID=Asia/Tokyo:20261223T100000\nDTSTART;TZID=Asia/Tokyo:20261223T100000\nDTEND;TZID=Asia/Tokyo:20261223T110000\n",
    );
    assert_eq!(
        lines(&[moved, weekly, called_off].concat()),
        [
            "2026-12-02 10:00 – 2026-12-02 11:00 体操",
            "2026-12-17 14:00 – 2026-12-17 15:00 体操（木曜）",
            "2026-12-23 10:00 – 2026-12-23 11:00 体操 中止",
            "2026-12-30 10:00 – 2026-12-30 11:00 体操",
        ]
    );
    // The last day counts to its end; the fifth weekday is only where there is one; what began long ago goes on.
    let market = event(
        "UID:m\nSUMMARY:朝市\nDTSTART;VALUE=DATE:20200105\nRRULE:FREQ=MONTHLY;BYDAY=1SU;UNTIL=20270103\nEXDATE;VALUE=DATE:20261206\nRDATE;VALUE=DATE:20261213\n",
    );
    assert_eq!(lines(&market), ["2026-11-01  – 2026-11-01  朝市", "2026-12-13  – 2026-12-13  朝市", "2027-01-03  – 2027-01-03  朝市"]);
    let yearly = event("UID:y\nSUMMARY:うるう\nDTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY\n");
    assert_eq!(lines(&yearly), Vec::<String>::new(), "29 February comes back in 2028");
}

#[test]
fn recurrences_follow_the_clock_of_their_zone_over_summer_time() {
    let call = event("UID:z\nSUMMARY:姉妹都市\nDTSTART;TZID=America/New_York:20270310T200000\nRRULE:FREQ=WEEKLY;COUNT=2\n");
    assert_eq!(lines(&call), ["2027-03-11 10:00 – 2027-03-11  姉妹都市", "2027-03-18 09:00 – 2027-03-18  姉妹都市"]);
    let own = "BEGIN:VTIMEZONE\nTZID:役場の時計\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n";
    let here = event("UID:o\nSUMMARY:会議\nDTSTART;TZID=役場の時計:20261203T100000\n");
    assert_eq!(lines(&[own, &here].concat()), ["2026-12-03 10:00 – 2026-12-03  会議"]);
}

#[test]
fn what_cannot_be_read_is_said_with_its_line_and_the_rest_is_shown() {
    let good: String = (0..60).map(|number| event(&format!("UID:g{number}\nDTSTART;VALUE=DATE:20261203\n"))).collect();
    let start = 3 + 60 * 5 + 1;
    let bad = event("UID:b\nSUMMARY:講座\nDTSTART:2026-12-03\n");
    assert_eq!(faults(&[&*good, &bad].concat()), [(start + 4, "DTSTART".into(), FeedReason::Moment, "2026-12-03".into())]);
    for (lines, property, reason, value) in [
        ("SUMMARY:名なし\nDTSTART;VALUE=DATE:20261203\n", "UID", FeedReason::NoUid, "名なし"),
        ("UID:b\nSUMMARY:いつ\n", "DTSTART", FeedReason::NoStart, "いつ"),
        ("UID:b\nDTSTART;TZID=Nowhere:20261203T100000\n", "DTSTART", FeedReason::Zone, "Nowhere"),
        ("UID:b\nDTSTART:20261203T100000Z\nDTEND:20261203T090000Z\n", "DTEND", FeedReason::EndsBefore, "20261203T090000Z"),
        ("UID:b\nDTSTART;VALUE=DATE:20261203\nRRULE:FREQ=SOMETIMES\n", "RRULE", FeedReason::Rule, "FREQ=SOMETIMES"),
        ("UID:b\nDTSTART:20261203T000000Z\nRRULE:FREQ=MINUTELY\n", "RRULE", FeedReason::TooOften, "FREQ=MINUTELY"),
        ("UID:b\nCLASS:PRIVATE\nDTSTART;VALUE=DATE:20261203\n", "CLASS", FeedReason::Private, ""),
    ] {
        let inside = [&*good, &event(lines)].concat();
        let found = faults(&inside);
        assert_eq!(found.len(), 1, "{lines}: {found:?}");
        assert!(found[0].0 >= start && (found[0].1.as_str(), found[0].2, found[0].3.as_str()) == (property, reason, value), "{found:?}");
        assert_eq!(looked_at(&inside).0.len(), 60);
    }
}

#[test]
fn the_same_event_twice_is_its_later_state() {
    let early = event("UID:a\nSEQUENCE:1\nSUMMARY:前\nDTSTART;VALUE=DATE:20261203\n");
    let late = event("UID:a\nSEQUENCE:2\nSUMMARY:後\nDTSTART;VALUE=DATE:20261204\n");
    for inside in [[&*early, &late].concat(), [&*late, &early].concat()] {
        assert_eq!(lines(&inside), ["2026-12-04  – 2026-12-04  後"]);
        assert_eq!(faults(&inside)[0].2, FeedReason::Twice);
    }
}

#[test]
fn a_file_that_is_no_whole_calendar_is_refused() {
    let refusal = |bytes: &[u8]| read(bytes, "", window()).1.refusal;
    let whole = calendar(&event("UID:a\nDTSTART;VALUE=DATE:20261203\n"));
    assert_eq!(refusal(whole.as_bytes()), None);
    assert_eq!(refusal(b"\r\n"), Some(FeedRefusal::Empty));
    assert_eq!(refusal(b"<!doctype html>\n"), Some(FeedRefusal::NotCalendar { line: 1 }));
    let half = &whole.as_bytes()[..whole.find("END:VEVENT").unwrap()];
    assert_eq!(refusal(half), Some(FeedRefusal::Truncated { line: 7 }));
    assert_eq!(refusal(whole.replace("END:VEVENT", "END:VJOURNAL").as_bytes()), Some(FeedRefusal::NotCalendar { line: 8 }));
    assert_eq!(refusal(&[whole.as_bytes(), b"\xff\xff\n"].concat()), Some(FeedRefusal::Encoding { line: 10 }));
    assert_eq!(refusal(&vec![b'x'; FEED_BYTES_MAX + 1]), Some(FeedRefusal::TooLarge));
    let daily: String = (0..8).map(|number| event(&format!("UID:{number}\nDTSTART;VALUE=DATE:20261101\nRRULE:FREQ=DAILY\n"))).collect();
    assert_eq!(refusal(calendar(&daily).as_bytes()), Some(FeedRefusal::TooMany));
    let bad = event("UID:a\n");
    assert_eq!(refusal(calendar(&bad).as_bytes()), Some(FeedRefusal::Faulty { faulty: 1, events: 1 }));
    assert_eq!(refusal(calendar("").as_bytes()), None, "a calendar without events is one");
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (happenings, report) = read(&bytes, "", window());
        prop_assert!(report.refusal.is_none() || happenings.is_empty());
    }

    #[test]
    fn half_a_calendar_is_never_taken_for_a_whole_one(cut in 1_usize..200) {
        let whole = calendar(&event("UID:a\nSUMMARY:雪まつり\nDTSTART;VALUE=DATE:20261203\nRRULE:FREQ=DAILY;COUNT=3\n"));
        let whole = whole.trim_end();
        let cut = cut.min(whole.len() - 1);
        prop_assert!(read(&whole.as_bytes()[..whole.len() - cut], "", window()).1.refusal.is_some());
    }

    /// What we write, we read: the other way of [`calendar::rules::ical::write`].
    #[test]
    fn what_this_house_writes_comes_back(title in "[ぁ-んa-z ,;\\\\]{1,60}", days in 0_i64..3, hour in 0_i8..22) {
        use calendar::rules::ical::{Entry, When, Worded, write};
        let first: Date = "2026-12-03".parse().unwrap();
        let moment = |hour: i8| first.at(hour, 30, 0, 0).to_zoned(TimeZone::get("Asia/Tokyo").unwrap()).unwrap().timestamp();
        let entry = |uid: &str, when| Entry { uid: uid.into(), when, summary: title.clone().into(), description: Worded::default(), location: Worded { text: "公民館".into(), language: Some("ja".into()) }, cancelled: false, changed: moment(0) };
        let last = first.saturating_add(jiff::Span::new().days(days));
        let text = write("町", &[entry("d", When::Days(first, last)), entry("m", When::Moments(moment(hour), moment(hour + 1)))]);
        let (happenings, report) = read(text.as_bytes(), "？", window());
        prop_assert_eq!(report.faults, vec![]);
        let expected = title.trim();
        for one in &happenings {
            prop_assert_eq!(one.details.title(), if expected.is_empty() { "？" } else { expected });
            prop_assert_eq!(one.details.starts_on, first);
        }
        let days: Vec<_> = happenings.iter().map(|one| (one.details.ends_on, one.details.starts_at.clone())).collect();
        prop_assert!(days.contains(&(last, String::new())) && days.contains(&(first, format!("{hour:02}:30"))), "{:?}", days);
    }
}

/// Calendars written by programs of others (tests/independent/calendars.mjs).
#[test]
fn what_other_writers_write_is_read() {
    let read = |bytes: &[u8]| {
        let (happenings, report) = read(bytes, "", window());
        assert_eq!((report.refusal, report.faults), (None, vec![]));
        happenings
    };
    let line = |one: &Happening| {
        let details = &one.details;
        format!("{} {} {} {} {}", details.starts_on, details.starts_at, details.ends_on, details.ends_at, details.title())
    };
    let generated = read(include_bytes!("../data/others/ical-generator.ics"));
    assert_eq!(
        generated.iter().map(line).collect::<Vec<_>>(),
        [
            "2026-12-02 10:00 2026-12-02 11:30 太極拳の会",
            "2026-12-09 10:00 2026-12-09 11:30 太極拳の会",
            "2026-12-12  2026-12-13  冬の合宿",
            "2026-12-20 09:00 2026-12-20 12:00 駅伝",
            "2026-12-23 10:00 2026-12-23 11:30 太極拳の会",
            "2026-12-30 10:00 2026-12-30 11:30 太極拳の会",
        ]
    );
    assert_eq!(generated.iter().filter(|one| one.cancelled).count(), 1);
    assert_eq!(generated[0].details.place(), "大湊公民館, 2階");
    assert!(generated[0].details.about().contains("会館の裏; 表, そして「港の広場」にもあります。\n雨天"));
    let others = read(include_bytes!("../data/others/ics.ics"));
    assert_eq!(
        others.iter().map(line).collect::<Vec<_>>(),
        [
            "2026-12-05 09:00 2026-12-05 10:30 囲碁; 将棋",
            "2026-12-06 10:00 2026-12-06 12:00 朝市",
            "2026-12-23  2026-12-23  大掃除",
            "2027-01-03 10:00 2027-01-03 12:00 朝市",
            "2027-02-07 10:00 2027-02-07 12:00 朝市",
        ]
    );
    assert_eq!(others[0].details.url, "https://hall.example/go");
    assert!(others[0].details.about().contains("行います。持ち物：上履き"), "folded with a tab");
}
