//! What becomes of posts when people leave, and what they can take along.

use axum::http::StatusCode;
use store::{Actor, Role};

use crate::world::{draft, houses};

#[tokio::test]
async fn who_closes_the_account_leaves_what_was_published_without_a_name() {
    for house in houses().await {
        let (hanako, taro, staff) = (house.hanako().await, house.taro().await, house.staff(Role::Officer).await);
        let post = house.published(&hanako, &staff, &[]).await;
        let waiting = house.writes(&hanako, &[("title", "まだ読まれていない")]).await;
        house.post(&format!("/guide/mine/{post}/edit"), &draft(&[("title", "新しい題名")]), &hanako.cookie).await;
        let others = house.published(&taro, &staff, &[("title", "太郎の場所"), ("pen_name", "たろ")]).await;
        house.post(&format!("/guide/posts/{others}/thanks"), &[], &hanako.cookie).await;
        house.post(&format!("/guide/posts/{others}/wrong"), &[("why", "mistaken")], &hanako.cookie).await;
        house.post(&format!("/guide/posts/{post}/thanks"), &[], &taro.cookie).await;

        house.pass(5);
        let mut ctx = house.begin(Actor::Holder(hanako.account)).await;
        identity::close_account(&mut ctx, hanako.account).await.unwrap();
        ctx.commit().await.unwrap();
        let json = house.get("/api/v1/guide/childcare.json", &[]).await.json();
        assert_eq!(json["posts"].as_array().unwrap().len(), 2);
        assert_eq!(
            (&json["posts"][0]["name"], &json["posts"][0]["author"], &json["posts"][0]["thanks"]),
            (&"手柄山の芝生".into(), &serde_json::Value::Null, &1.into())
        );
        assert_eq!(json["posts"][1]["thanks"], 0);
        assert!(house.page(&format!("/guide/childcare/posts/{post}"), "").await.body.contains("書いた人：市民"));
        assert_eq!(
            house.titles("?q=%E3%81%A9%E3%82%93%E3%81%90%E3%82%8A%E3%83%9E%E3%83%9E").await.len(),
            0,
            "nor is it found by the old name"
        );
        assert_eq!(house.page(&format!("/staff/guide/{waiting}"), &staff).await.status, StatusCode::NOT_FOUND);
        // Staff can still take it down, and the pen name is free for others.
        house.decides(&staff, &post, "take_down", "閉園").await;
        house.writes(&taro, &[]).await;
        for table in ["community_post", "community_thanks", "community_wrong"] {
            let mut ctx = house.begin(Actor::System).await;
            let sql = match table {
                "community_post" => "select account from community_post where account is not null",
                "community_thanks" => "select account from community_thanks",
                _ => "select account from community_wrong",
            };
            let rows: Vec<(String,)> = ctx.tx().query(sql, &[]).await.unwrap();
            assert!(rows.iter().all(|(account,)| *account != hanako.account.to_string()), "{table}");
        }
    }
}

#[tokio::test]
async fn a_withdrawn_post_cannot_be_had_again() {
    for house in houses().await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        let post = house.published(&hanako, &staff, &[]).await;
        assert_eq!(house.post(&format!("/guide/mine/{post}/withdraw"), &[], &hanako.cookie).await.status, StatusCode::SEE_OTHER);
        assert_eq!(house.titles("").await.len(), 0);
        assert_eq!(house.post(&format!("/guide/mine/{post}/withdraw"), &[], &hanako.cookie).await.code(), "community.not_now");
        assert_eq!(house.post(&format!("/guide/mine/{post}/edit"), &draft(&[]), &hanako.cookie).await.code(), "community.not_now");
        assert_eq!(house.events("community.ended").await[0]["by_staff"], false);
    }
}

#[tokio::test]
async fn a_copy_holds_everything_of_a_person_and_nothing_of_others() {
    for house in houses().await {
        let (hanako, taro, staff) = (house.hanako().await, house.taro().await, house.staff(Role::Officer).await);
        let post = house.published(&hanako, &staff, &[("fact-pram", "yes")]).await;
        let others = house.published(&taro, &staff, &[("title", "太郎の場所"), ("pen_name", "たろ")]).await;
        house.post(&format!("/guide/posts/{others}/thanks"), &[], &hanako.cookie).await;
        house.post(&format!("/guide/posts/{others}/wrong"), &[("why", "mistaken"), ("note", "場所がちがう")], &hanako.cookie).await;
        let export = community::service(None).export.unwrap();
        let mut ctx = house.begin(Actor::Holder(hanako.account)).await;
        let copy = export(&mut ctx, hanako.account).await.unwrap();
        assert_eq!(copy["posts"][0]["id"], post);
        assert_eq!(copy["posts"][0]["facts"]["pram"], "yes");
        assert_eq!(copy["thanked_for"], serde_json::json!([others]));
        assert_eq!(copy["told_to_be_wrong"][0]["note"], "場所がちがう");
        assert!(!copy.to_string().contains("太郎の場所"));
        assert!(export(&mut ctx, taro.account).await.is_err());
    }
}
