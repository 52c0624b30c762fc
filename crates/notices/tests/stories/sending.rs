//! Runs over the town: resumable, nobody twice, stopped when they are to be.

use axum::http::StatusCode;
use jiff::SignedDuration;
use notices::Queue;
use store::testing::databases;

use super::{GRANDMOTHER, House, MOTHER, Row, STRANGER, houses, people, row};

/// A village of so many more.
fn village(more: u32) -> Vec<Row> {
    let others = (0..more).map(|n| row(1000 + n, &format!("V{n}"), "1980-05-05", "世帯主"));
    people().into_iter().chain(others).collect()
}

#[tokio::test]
async fn a_run_goes_on_where_it_was_stopped_and_reaches_nobody_twice() {
    for db in databases().await.unwrap() {
        let house = House::new(db, village(9000)).await;
        let (writer, second) = (house.officer().await, house.staff("鈴木 次郎", &[store::Role::Officer]).await);
        let notice = house.writes(&writer, &[("queue", "bulk")]).await;
        house.post(&writer, &format!("{notice}/submit"), &[]).await;
        assert_eq!(house.post(&second, &format!("{notice}/approve"), &[]).await.status, StatusCode::SEE_OTHER);
        assert!(house.courier.step(Queue::Bulk).await.unwrap());
        let reached = house.count("select count(*) from notices_delivery").await;
        assert!(0 < reached && reached < 9004, "{reached} in one step");
        // Two couriers at once, as when an old process has not died yet: the second finds the step done.
        let (first, other) = tokio::join!(house.courier.step(Queue::Bulk), house.courier.step(Queue::Bulk));
        first.unwrap();
        other.unwrap();
        house.deliver().await;
        assert_eq!(house.count("select count(*) from notices_delivery").await, 9004);
        assert_eq!(house.count("select count(distinct resident) from notices_delivery").await, 9004);
        assert_eq!(house.count("select chosen from notices_notice").await, 9004);
        assert_eq!(house.count("select count(*) from store_event where kind = 'notices.sent'").await, 1);
        let page = house.get(&writer, &notice).await;
        assert!(page.body.contains("9,004"), "{}", page.body);
    }
}

#[tokio::test]
async fn an_alert_is_not_behind_a_bulk_run() {
    for db in databases().await.unwrap() {
        let house = House::new(db, village(9000)).await;
        let (writer, second) = (house.officer().await, house.staff("鈴木 次郎", &[store::Role::Officer]).await);
        let grandmother = house.person(GRANDMOTHER).await;
        house.subscribes(&grandmother, "g").await;
        let bulk = house.writes(&writer, &[("queue", "bulk")]).await;
        house.post(&writer, &format!("{bulk}/submit"), &[]).await;
        house.post(&second, &format!("{bulk}/approve"), &[]).await;
        assert!(house.courier.step(Queue::Bulk).await.unwrap());
        house.posted();
        house.pass(SignedDuration::from_secs(1));
        let alert =
            [("queue", "alert"), ("topic", "disaster"), ("audience", "districts"), ("district", "大字野辺山"), ("title_ja", "土砂災害")];
        let alert = house.writes(&writer, &alert).await;
        house.post(&writer, &format!("{alert}/submit"), &[]).await;
        while house.courier.step(Queue::Alert).await.unwrap() {}
        assert_eq!(house.posted().iter().filter(|request| request.urgency == "high").count(), 1);
        assert_eq!(house.count("select count(*) from notices_notice where state = 'sending'").await, 1, "the bulk run is not over");
        assert_eq!(house.titles(&grandmother).await[0], "土砂災害");
    }
}

#[tokio::test]
async fn a_notice_waits_for_its_time_and_can_be_stopped() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        let notice = house.sends(&officer, &[("send_on", "2026-06-02"), ("send_hour", "8")]).await;
        assert!(house.titles(&mother).await.is_empty());
        house.pass(SignedDuration::from_hours(22));
        house.deliver().await;
        assert_eq!(house.titles(&mother).await, ["断水"]);
        // Nobody stays signed in over night.
        let officer = house.officer().await;
        assert_eq!(house.post(&officer, &format!("{notice}/cancel"), &[]).await.status, StatusCode::CONFLICT, "everybody has it");
        let later = house.sends(&officer, &[("send_on", "2026-06-09"), ("title_ja", "取りやめる")]).await;
        assert_eq!(house.post(&officer, &format!("{later}/cancel"), &[]).await.status, StatusCode::SEE_OTHER);
        house.pass(SignedDuration::from_hours(24 * 10));
        house.deliver().await;
        assert_eq!(house.titles(&mother).await, ["断水"]);
    }
}

#[tokio::test]
async fn delivered_opened_and_answered_are_three_moments() {
    for house in houses().await {
        let (mother, stranger, officer) = (house.person(MOTHER).await, house.person(STRANGER).await, house.officer().await);
        let notice = house.sends(&officer, &[("wants_answer", "yes")]).await;
        let counts = "select count(delivered_at) * 100 + count(opened_at) * 10 + count(answered_at) from notices_delivery";
        assert_eq!(house.count(counts).await, 0);
        house.get(&mother.cookie, "/inbox").await;
        // Her own and her child's.
        assert_eq!(house.count(counts).await, 200);
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        let page = house.get(&mother.cookie, &format!("/inbox/{id}")).await;
        assert!(page.body.contains("明日の9時から断水します。"), "{}", page.body);
        // What she has read for herself she has read for her child.
        assert_eq!(house.count(counts).await, 220);
        house.post(&mother.cookie, &format!("/inbox/{id}/answer"), &[]).await;
        assert_eq!(house.count(counts).await, 222);
        for path in [format!("/inbox/{id}"), format!("/inbox/{id}/text"), format!("/inbox/{id}/file")] {
            assert_eq!(house.get(&stranger.cookie, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(house.post(&stranger.cookie, &format!("/inbox/{id}/answer"), &[]).await.status, StatusCode::NOT_FOUND);
        let paper = house.post(&officer, &format!("{notice}/paper"), &[]).await;
        assert_eq!(paper.status, StatusCode::OK);
        let numbers: Vec<&str> = paper.body.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(numbers.len(), 2, "all but the mother and her child: {numbers:?}");
        assert!(!numbers.contains(&MOTHER.to_string().as_str()));
    }
}

#[tokio::test]
async fn whoever_is_under_protection_is_on_no_list_of_ordinary_staff() {
    for mut house in houses().await {
        house.row(STRANGER).protected = true;
        house.bring().await;
        let officer = house.officer().await;
        let notice = house.sends(&officer, &[]).await;
        let paper = house.post(&officer, &format!("{notice}/paper"), &[]).await;
        assert!(paper.body.lines().all(|line| !line.starts_with(&format!("{STRANGER},"))), "{}", paper.body);
        let stranger = house.person(STRANGER).await;
        assert_eq!(house.titles(&stranger).await, ["断水"], "they are told like everybody");
    }
}

#[tokio::test]
async fn who_has_not_opened_it_is_reminded_once() {
    for house in houses().await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        house.subscribes(&mother, "m").await;
        house.subscribes(&grandmother, "g").await;
        house.sends(&officer, &[("remind_days", "3"), ("audience", "rule"), ("rule", "today >= birthday(20)")]).await;
        assert_eq!(house.posted().len(), 2);
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        house.get(&mother.cookie, &format!("/inbox/{id}")).await;
        for _ in 0..6 {
            house.pass(SignedDuration::from_hours(24));
            house.run_jobs().await;
            house.deliver().await;
        }
        let reminded = house.posted();
        assert_eq!(reminded.iter().map(|request| request.endpoint.as_str()).collect::<Vec<_>>(), ["https://push.example/g"]);
    }
}
