//! Calendars that others keep: fetched, brought, broken, and gone.

use axum::http::StatusCode;
use civil::Date;
use store::Actor;
use web::FetchFault;

use crate::world::{House, houses};

fn calendar(events: &[String]) -> Vec<u8> {
    let inside: String = events.iter().map(|event| format!("BEGIN:VEVENT\nDTSTAMP:20261101T000000Z\n{event}END:VEVENT\n")).collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//club//JA\n{inside}END:VCALENDAR\n").replace('\n', "\r\n").into_bytes()
}

fn day(uid: &str, title: &str, day: &str) -> String {
    format!("UID:{uid}@sports.example.jp\nSUMMARY:{title}\nDTSTART;VALUE=DATE:{day}\n")
}

/// What the calendar shows of a year: day, title, and whether it is cancelled.
async fn shown(house: &House) -> Vec<(String, String, bool)> {
    let mut ctx = house.begin(Actor::Anonymous).await;
    let (from, until): (Date, Date) = ("2026-12-01".parse().unwrap(), "2027-12-31".parse().unwrap());
    let events = calendar::events_between(&mut ctx, from, until).await.unwrap();
    events
        .iter()
        .map(|event| (event.details.starts_on.to_string(), event.details.title().to_owned(), event.cancelled_at.is_some()))
        .collect()
}

fn rows(rows: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    rows.iter().map(|(day, title, cancelled)| ((*day).to_owned(), (*title).to_owned(), *cancelled)).collect()
}

async fn open(house: &House) {
    let mut ctx = house.begin(Actor::System).await;
    calendar::open(&mut ctx).await.unwrap();
    ctx.commit().await.unwrap();
}

#[tokio::test]
async fn a_calendar_comes_by_its_timetable_and_what_is_broken_changes_nothing() {
    for house in houses().await {
        open(&house).await;
        // Days pass, and sessions of the staff with them.
        let page = async || house.get(&house.staff().await, "/staff/calendar/feeds/sports").await.body;
        // Asked for at once when it never came; nobody answers.
        house.pass(0).await;
        assert!(page().await.contains("相手のサーバーが答えません"));

        // Noon in Japan; the next time is 12:30.
        *house.elsewhere.0.lock().unwrap() = Ok(calendar(&[day("a", "駅伝", "20261213"), day("b", "雪上綱引き", "20270117")]));
        house.pass(1).await;
        assert_eq!(shown(&house).await, rows(&[("2026-12-13", "駅伝", false), ("2027-01-17", "雪上綱引き", false)]));
        let month = house.get("", "/calendar?month=2026-12").await;
        assert!(month.body.contains("駅伝") && month.body.contains("（体育協会 の予定）"), "{}", month.body);

        // Half a download, no calendar, and a server that refuses: it stays as it was, and the staff see why.
        let whole = calendar(&[day("a", "駅伝", "20261213"), day("c", "その他", "20270201")]);
        *house.elsewhere.0.lock().unwrap() = Ok(whole[..whole.len() - 30].to_vec());
        house.pass(24).await;
        assert_eq!(shown(&house).await.len(), 2);
        let said = page().await;
        assert!(said.contains("最後のファイルは使えません") && said.contains("途中で切れています（14 行目まで）"), "{said}");
        *house.elsewhere.0.lock().unwrap() = Ok(b"<!doctype html><title>404</title>\n".to_vec());
        house.pass(24).await;
        assert!(page().await.contains("カレンダーのファイルではありません（1 行目）"));
        *house.elsewhere.0.lock().unwrap() = Err(FetchFault::Refused);
        house.pass(24).await;
        assert!(page().await.contains("相手のサーバーがファイルを渡しません"));
        assert_eq!(shown(&house).await.len(), 2);

        // One moved, one called off, one new, one twice; what is not in the file any more is gone.
        let called_off = format!("STATUS:CANCELLED\n{}", day("c", "雪中運動会", "20270201"));
        let again =
            calendar(&[day("a", "駅伝大会", "20261220"), called_off, day("d", "綱引き", "20270207"), day("d", "綱引き", "20270207")]);
        *house.elsewhere.0.lock().unwrap() = Ok(again);
        house.pass(24).await;
        let now = rows(&[("2026-12-20", "駅伝大会", false), ("2027-02-01", "雪中運動会", true), ("2027-02-07", "綱引き", false)]);
        assert_eq!(shown(&house).await, now);
        let said = page().await;
        assert!(said.contains("同じ行事が2回あります") && !said.contains("最後のファイルは使えません"), "{said}");
        // Silent for longer than the pack allows, and still there.
        *house.elsewhere.0.lock().unwrap() = Err(FetchFault::Unreachable);
        house.pass(96).await;
        let staff = house.staff().await;
        assert!(house.get(&staff, "/staff/calendar/feeds").await.body.contains("長く更新を確かめられていません"));
        assert_eq!(shown(&house).await, now);
    }
}

#[tokio::test]
async fn an_event_keeps_its_address_and_belongs_to_whoever_keeps_it() {
    for house in houses().await {
        open(&house).await;
        let staff = house.staff().await;
        let bring = async |bytes: Vec<u8>| house.brings(&staff, "/staff/calendar/feeds/hall", &bytes).await;
        let ids = async || {
            let mut ctx = house.begin(Actor::Anonymous).await;
            let days = ("2026-12-01".parse().unwrap(), "2027-12-31".parse().unwrap());
            calendar::events_between(&mut ctx, days.0, days.1).await.unwrap().into_iter().map(|event| event.id).collect::<Vec<_>>()
        };
        assert_eq!(bring(calendar(&[day("x", "囲碁", "20261212")])).await.status, StatusCode::SEE_OTHER);
        let first = ids().await;
        assert_eq!(bring(calendar(&[day("x", "囲碁と将棋", "20261213")])).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ids().await, first, "the same event, changed");
        let page = house.get("", &format!("/calendar/events/{}", first[0])).await;
        assert!(page.body.contains("囲碁と将棋") && page.body.contains("大畑公民館 の予定"), "{}", page.body);
        // The hall's calendar is for its district.
        let in_area = async |area: &str| {
            let page = house.get("", &format!("/calendar?month=2026-12&area={}", web::query_value(area))).await;
            page.body.contains("囲碁と将棋")
        };
        assert!(in_area("大畑地区").await && !in_area("大湊地区").await);
        // Here nobody changes it, cancels it, or registers for it.
        let changed = house.post(&staff, &format!("/staff/calendar/{}/cancel", first[0]), "").await;
        assert_eq!(changed.status, StatusCode::CONFLICT);
        let (_, cookie) = house.somebody("人").await;
        let joined = house.post(&cookie, &format!("/api/v1/calendar/events/{}/registration", first[0]), "").await;
        assert_eq!(joined.status, StatusCode::CONFLICT, "{}", joined.body);
        // Another calendar brings the same event: it is there once.
        *house.elsewhere.0.lock().unwrap() = Ok(calendar(&[day("x", "囲碁と将棋", "20261213")]));
        house.pass(1).await;
        assert_eq!(ids().await, first);
        assert!(house.get(&house.staff().await, "/staff/calendar/feeds/sports").await.body.contains("別のカレンダーにすでにあります"));
        // So is an event of the town's own that comes back by way of others.
        let own = house.event(crate::events::lecture(None)).await;
        *house.elsewhere.0.lock().unwrap() =
            Ok(calendar(&[format!("UID:{own}@localhost:8080\nSUMMARY:そば打ち体験\nDTSTART:20261210T010000Z\n")]));
        house.pass(24).await;
        assert_eq!(ids().await.len(), 2);
        // No file, and no such calendar.
        let staff = house.staff().await;
        assert_eq!(house.brings(&staff, "/staff/calendar/feeds/hall", b"").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(house.brings(&staff, "/staff/calendar/feeds/nobody", b"x").await.status, StatusCode::NOT_FOUND);
        assert_ne!(house.get(&cookie, "/staff/calendar/feeds").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_calendar_of_others_may_be_in_several_languages() {
    for house in houses().await {
        open(&house).await;
        let staff = house.staff().await;
        let named = "UID:n\nSUMMARY;LANGUAGE=ja:囲碁\nSUMMARY;LANGUAGE=en-US:Go\nSUMMARY;LANGUAGE=fr:Le go\nLOCATION:公民館\nDTSTART;VALUE=DATE:20261212\n";
        let foreign = "UID:f\nSUMMARY;LANGUAGE=en-GB:Tea party\nDTSTART;VALUE=DATE:20261213\n";
        let unnamed = "UID:u\nDTSTART;VALUE=DATE:20261214\n";
        let file = calendar(&[named.to_owned(), foreign.to_owned(), unnamed.to_owned()]);
        assert_eq!(house.brings(&staff, "/staff/calendar/feeds/hall", &file).await.status, StatusCode::SEE_OTHER);
        let titles = async |lang: &str| {
            let api = house.get(&format!("lang={lang}"), "/api/v1/calendar/events?from=2026-12-12&until=2026-12-14").await.body;
            let events: Vec<serde_json::Value> = serde_json::from_str(&api).unwrap();
            events.iter().map(|event| event["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(titles("ja").await, ["囲碁", "Tea party", "大畑公民館"], "a name in English is better than none");
        assert_eq!(titles("en").await, ["Go", "Tea party", "Ohata hall"]);
        // The next file brings no English: it is gone here too, and the event is the same.
        let less = calendar(&[named.replace("SUMMARY;LANGUAGE=en-US:Go\n", "")]);
        assert_eq!(house.brings(&staff, "/staff/calendar/feeds/hall", &less).await.status, StatusCode::SEE_OTHER);
        assert_eq!(titles("en").await, ["囲碁"]);
    }
}

#[tokio::test]
async fn a_recurring_event_goes_on_as_the_days_pass() {
    for house in houses().await {
        open(&house).await;
        let staff = house.staff().await;
        let weekly = "UID:w\nSUMMARY:太極拳\nDTSTART;TZID=Asia/Tokyo:20261202T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\n".to_owned();
        house.brings(&staff, "/staff/calendar/feeds/hall", &calendar(&[weekly])).await;
        let last = async || shown(&house).await.pop().unwrap().0;
        let before = last().await;
        // Half a year later nobody has brought a file, and the calendar reaches as far ahead as it did.
        house.clock.set("2027-06-01T15:30:00Z".parse().unwrap());
        house.pass(1).await;
        house.pass(24).await;
        let mut ctx = house.begin(Actor::Anonymous).await;
        let days: (Date, Date) = ("2028-05-01".parse().unwrap(), "2028-06-30".parse().unwrap());
        assert!(!calendar::events_between(&mut ctx, days.0, days.1).await.unwrap().is_empty(), "{before}");
    }
}
