//! Big screens: the town hall's shows what is for everybody, the one at home what its owner chose.

use axum::http::StatusCode;
use jiff::SignedDuration;

use super::{MOTHER, houses};

#[tokio::test]
async fn the_town_halls_screen_shows_what_is_for_everybody_and_nothing_else() {
    for house in houses().await {
        let staff = house.officer().await;
        assert!(house.get("", "/notices/board").await.body.contains("みなさんへのお知らせは、いまありません"));
        house.sends(&staff, &[("audience", "everybody"), ("title_ja", "断水のお知らせ"), ("body_ja", "明日の朝、水が止まります。")]).await;
        house.sends(&staff, &[("audience", "districts"), ("district", "大字野辺山"), ("title_ja", "野辺山だけの話")]).await;
        house.deliver().await;
        let mother = house.person(MOTHER).await;
        for cookie in ["", mother.cookie.as_str()] {
            let board = house.get(cookie, "/notices/board").await;
            assert_eq!(board.status, StatusCode::OK);
            assert!(board.body.contains("断水のお知らせ") && board.body.contains("水が止まります"), "{}", board.body);
            assert!(!board.body.contains("野辺山だけの話") && !board.body.contains("/inbox"), "the screen is everybody's");
        }
        // After a month it is old.
        house.pass(SignedDuration::from_hours(24 * 32));
        assert!(!house.get("", "/notices/board").await.body.contains("断水のお知らせ"));
    }
}

#[tokio::test]
async fn the_screen_at_home_shows_titles_only_where_its_owner_chose_so() {
    for house in houses().await {
        let staff = house.officer().await;
        house.sends(&staff, &[("audience", "everybody"), ("title_ja", "断水のお知らせ")]).await;
        house.deliver().await;
        let mother = house.person(MOTHER).await;
        assert_ne!(house.get("", "/inbox/board").await.status, StatusCode::OK, "whose inbox?");
        let counts = house.get(&mother.cookie, "/inbox/board").await;
        assert_eq!(counts.status, StatusCode::OK);
        assert!(!counts.body.contains("断水のお知らせ") && counts.body.contains("この画面に件名を出す"), "{}", counts.body);
        let chosen = house.post(&mother.cookie, "/inbox/board", &[("titles", "yes")]).await;
        assert_eq!(chosen.status, StatusCode::SEE_OTHER);
        let with = format!("{}; tegata_board=titles", mother.cookie);
        let titles = house.get(&with, "/inbox/board").await;
        assert!(titles.body.contains("断水のお知らせ") && titles.body.contains("件名を出さない"), "{}", titles.body);
        // Standing on a screen is not being opened.
        assert_eq!(house.count("select count(*) from notices_delivery where opened_at is not null").await, 0);
    }
}
