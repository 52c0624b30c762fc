//! What goes out by itself: the pack's rules, and what rooms have told.

use jiff::SignedDuration;
use web::Tell;

use super::{GRANDMOTHER, House, MOTHER, STRANGER, houses};

impl House {
    /// A night and a day: the jobs of the morning, and what is due by evening.
    async fn a_day(&self) {
        self.pass(SignedDuration::from_hours(24));
        self.run_jobs().await;
        self.deliver().await;
    }
}

const RENEWAL: &str = "マイナンバーカードの期限が、あと1か月です";

#[tokio::test]
async fn a_card_that_expires_within_a_month_is_told_once_and_the_next_card_again() {
    for mut house in houses().await {
        house.row(GRANDMOTHER).card_expires_on = "2026-07-04";
        house.row(STRANGER).card_expires_on = "2027-01-01";
        house.bring().await;
        let (grandmother, stranger) = (house.person(GRANDMOTHER).await, house.person(STRANGER).await);
        store::plan_days(&house.store, &house.jobs).await.unwrap();
        house.a_day().await;
        assert!(house.titles(&grandmother).await.is_empty(), "on 2 June there is more than a month");
        house.a_day().await;
        house.a_day().await;
        assert_eq!(house.titles(&grandmother).await, [RENEWAL]);
        for _ in 0..3 {
            house.a_day().await;
        }
        assert_eq!(house.titles(&grandmother).await.len(), 1, "once for this card");
        assert!(house.titles(&stranger).await.is_empty());
        house.row(GRANDMOTHER).card_expires_on = "2026-07-01";
        house.bring().await;
        house.a_day().await;
        assert_eq!(house.titles(&grandmother).await, [RENEWAL, RENEWAL], "another day of another card");
    }
}

#[tokio::test]
async fn planning_twice_on_a_day_tells_nobody_twice() {
    for mut house in houses().await {
        house.row(GRANDMOTHER).card_expires_on = "2026-06-20";
        house.bring().await;
        store::plan_days(&house.store, &house.jobs).await.unwrap();
        house.a_day().await;
        let mut ctx = house.begin(store::Actor::System).await;
        let now = ctx.now();
        ctx.enqueue(notices::PLAN_DAILY, None, &(), now).await.unwrap();
        ctx.commit().await.unwrap();
        house.run_jobs().await;
        house.deliver().await;
        assert_eq!(house.count("select count(*) from notices_delivery").await, 1);
    }
}

#[tokio::test]
async fn what_a_room_has_told_comes_to_the_inbox_and_the_browser() {
    for house in houses().await {
        let (mother, stranger) = (house.person(MOTHER).await, house.person(STRANGER).await);
        let browser = house.subscribes(&mother, "m").await;
        let tell = Tell {
            account: mother.account,
            text: "notices-people".to_owned(),
            args: vec![("count".to_owned(), "3".to_owned())],
            href: "/reports/1".to_owned(),
            topic: "reports".to_owned(),
        };
        let mut ctx = house.begin(store::Actor::System).await;
        tell.record(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
        house.deliver().await;
        assert_eq!(house.titles(&mother).await, ["3人"]);
        assert!(house.titles(&stranger).await.is_empty());
        assert_eq!(browser.opens(&house.posted()[0])["title"], "3人");
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        let page = house.get(&mother.cookie, &format!("/inbox/{id}")).await;
        assert!(page.body.contains("href=\"/reports/1\""), "{}", page.body);
        house.deliver().await;
        assert!(house.posted().is_empty(), "told once");
    }
}
