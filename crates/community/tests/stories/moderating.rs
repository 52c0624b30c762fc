//! What staff do with posts, what of it readers see, and what the author earns and hears.

use axum::http::StatusCode;
use serde_json::json;
use store::{Actor, Role};

use crate::world::{draft, houses, houses_with};

#[tokio::test]
async fn a_post_is_read_once_staff_let_it_and_earns_its_points_once() {
    for house in houses().await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        let post = house.writes(&hanako, &[]).await;
        assert_eq!(house.titles("").await, Vec::<String>::new());
        assert!(house.page("/staff/guide", &staff).await.body.contains("手柄山の芝生"));
        assert_eq!(house.page(&format!("/guide/childcare/posts/{post}"), "").await.status, StatusCode::NOT_FOUND);

        assert_eq!(house.decides(&staff, &post, "approve", "").await.location, "/staff/guide");
        assert_eq!(house.titles("").await, ["手柄山の芝生"]);
        let page = house.page(&format!("/guide/childcare/posts/{post}"), "").await;
        assert!(page.body.contains("どんぐりママ") && !page.body.contains("花子"), "{}", page.body);
        let earned = json!({ "post": post, "guide": "childcare", "account": hanako.account, "asset": "himeji-point", "amount": 10 });
        assert_eq!(house.events("community.points_earned").await, std::slice::from_ref(&earned));
        let told = house.events("web.tell").await;
        assert_eq!(told[0]["text"], "community-told-published");
        assert_eq!(told[0]["href"], format!("/guide/mine/{post}"));

        // Readers keep the old wording until the new one may be read; no points again.
        house.pass(60);
        house.post(&format!("/guide/mine/{post}/edit"), &draft(&[("title", "手柄山の広い芝生")]), &hanako.cookie).await;
        assert_eq!(house.titles("").await, ["手柄山の芝生"]);
        assert!(house.page(&format!("/guide/mine/{post}"), &hanako.cookie).await.body.contains("書きなおしは確認待ち"));
        house.decides(&staff, &post, "approve", "").await;
        assert_eq!(house.titles("").await, ["手柄山の広い芝生"]);
        assert_eq!(house.events("community.points_earned").await, [earned]);
        assert_eq!(house.events("community.published").await.len(), 2);
    }
}

#[tokio::test]
async fn a_post_is_sent_back_and_taken_down_with_a_reason_the_author_reads() {
    for house in houses().await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        let post = house.writes(&hanako, &[]).await;
        let without = house.decides(&staff, &post, "send_back", "  ").await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(without.body.contains("理由を書いてください"));
        house.decides(&staff, &post, "send_back", "駐車場のことも書いてください").await;
        let mine = house.page(&format!("/guide/mine/{post}"), &hanako.cookie).await;
        assert!(mine.body.contains("駐車場のことも書いてください") && mine.body.contains("書きなおしをお願いしています"), "{}", mine.body);
        assert!(house.events("community.points_earned").await.is_empty());

        house.post(&format!("/guide/mine/{post}/edit"), &draft(&[("words", "駐車場は30台です。")]), &hanako.cookie).await;
        house.decides(&staff, &post, "approve", "").await;
        assert_eq!(house.titles("").await.len(), 1);
        house.decides(&staff, &post, "take_down", "閉園したため").await;
        assert_eq!(house.titles("").await.len(), 0);
        assert_eq!(house.page(&format!("/guide/childcare/posts/{post}"), "").await.status, StatusCode::NOT_FOUND);
        let texts: Vec<_> = house.events("web.tell").await.iter().map(|told| told["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(texts, ["community-told-sent-back", "community-told-published", "community-told-taken-down"]);
        assert!(
            house.events("web.tell").await.iter().all(|told| !told.to_string().contains("閉園")),
            "no words of anybody in the event log"
        );
        assert_eq!(house.events("community.ended").await, [json!({ "post": post, "guide": "childcare", "by_staff": true })]);

        // Who did what is in the trail, and its author sees it there.
        let mut ctx = house.begin(Actor::Holder(hanako.account)).await;
        let looked = identity::who_looked(&mut ctx, hanako.account, i64::MAX, 10).await.unwrap();
        let actions: Vec<_> = looked.iter().map(|entry| entry.action.as_str()).filter(|action| action.starts_with("guide.")).collect();
        assert_eq!(actions, ["guide.taken_down", "guide.approved", "guide.sent_back"]);
        let history = house.page(&format!("/staff/guide/{post}"), &staff).await.body;
        for what in ["書いて送った", "書きなおしをお願いした", "書きなおして送った", "確かめて公開した", "公開を止めた", "閉園したため"]
        {
            assert!(history.contains(what), "{what}");
        }
    }
}

#[tokio::test]
async fn what_was_looked_at_is_what_is_decided_on_and_by_who_may() {
    for house in houses().await {
        let (hanako, staff, clerk) = (house.hanako().await, house.staff(Role::Officer).await, house.staff(Role::Clerk).await);
        let post = house.writes(&hanako, &[]).await;
        let path = format!("/staff/guide/{post}");
        house.pass(1);
        house.post(&format!("/guide/mine/{post}/edit"), &draft(&[("words", "別の内容")]), &hanako.cookie).await;
        let late = house.post(&path, &[("version", "1"), ("decision", "approve")], &staff).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(late.body.contains("書いた人が、内容を新しくしました"));
        assert_eq!(house.titles("").await.len(), 0);
        for cookie in [clerk.as_str(), hanako.cookie.as_str(), ""] {
            let refused = house.post(&path, &[("version", "2"), ("decision", "approve")], cookie).await;
            assert!([StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&refused.status), "{refused:?}");
            assert_ne!(house.page("/staff/guide", cookie).await.status, StatusCode::OK);
        }
        assert_eq!(
            house.post(&path, &[("version", "2"), ("decision", "take_down"), ("reason", "x")], &staff).await.code(),
            "community.not_now"
        );
    }
}

#[tokio::test]
async fn telephone_numbers_are_pointed_out() {
    for house in houses().await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        let post = house.writes(&hanako, &[("words", "予約は 079-221-0000 へ")]).await;
        assert!(house.page("/staff/guide", &staff).await.body.contains("電話番号のような数字"));
        assert!(house.page(&format!("/staff/guide/{post}"), &staff).await.body.contains("よく確かめてください"));
    }
}

#[tokio::test]
async fn where_staff_look_afterwards_a_post_is_read_at_once_unless_it_needs_care() {
    for house in houses_with(&[("moderation = \"before\"", "moderation = \"after\"")]).await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        let post = house.writes(&hanako, &[]).await;
        assert_eq!(house.titles("").await, ["手柄山の芝生"]);
        assert_eq!(house.events("community.points_earned").await.len(), 1);
        let careful = house.writes(&hanako, &[("title", "予約できる所"), ("words", "電話 079-221-0000")]).await;
        assert_eq!(house.titles("").await, ["手柄山の芝生"]);
        let desk = house.page("/staff/guide", &staff).await.body;
        let queue = desk.split_once("最近の書きこみ").unwrap().0;
        assert!(queue.contains(&post) && queue.contains(&careful), "both are to be looked at: {queue}");
        house.decides(&staff, &post, "approve", "").await;
        let desk = house.page("/staff/guide", &staff).await.body;
        assert!(!desk.split_once("最近の書きこみ").unwrap().0.contains(&post));
        // What was taken down does not come back by itself.
        house.decides(&staff, &post, "take_down", "確かめています").await;
        house.post(&format!("/guide/mine/{post}/edit"), &draft(&[]), &hanako.cookie).await;
        assert_eq!(house.titles("").await, Vec::<String>::new());
        house.decides(&staff, &post, "approve", "").await;
        assert_eq!(house.titles("").await, ["手柄山の芝生"]);
        assert_eq!(house.events("community.points_earned").await.len(), 1);
    }
}

#[tokio::test]
async fn the_desk_counts_what_waits_and_shows_where_it_is() {
    for house in houses().await {
        let (hanako, taro, staff) = (house.hanako().await, house.taro().await, house.staff(Role::Officer).await);
        let at = [("latitude", "34820000"), ("longitude", "134679000")];
        let old = house.published(&hanako, &staff, &at).await;
        let wider = [at[0], at[1], ("title", "手柄山の広い芝生")];
        house.post(&format!("/guide/mine/{old}/edit"), &draft(&wider), &hanako.cookie).await;
        let new = house.writes(&hanako, &[at[0], at[1], ("title", "あたらしい場所")]).await;
        house.post(&format!("/guide/posts/{old}/wrong"), &[("why", "mistaken"), ("note", "")], &taro.cookie).await;
        let page = house.page("/staff/guide", &staff).await.body;
        let tile = |name: &str| {
            let rest = page.split_once(&format!("{name}</p>")).unwrap_or_else(|| panic!("{name}: {page}")).1;
            rest.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
        };
        assert_eq!(["新しい書きこみ", "書きなおし", "公開中で未確認", "読者からの指摘"].map(tile), ["1", "1", "0", "1"].map(str::to_owned));
        assert!(page.contains("いちばん長く待っている人は"), "{page}");
        let all = house.page("/api/v1/staff/guide.geojson", &staff).await.json();
        assert_eq!(all["features"].as_array().unwrap().len(), 2, "{all}");
        let one = house.page(&format!("/api/v1/staff/guide.geojson?post={new}"), &staff).await.json();
        assert_eq!(one["features"][0]["geometry"]["coordinates"].to_string(), "[134.679,34.82]");
        assert_eq!(
            (&one["features"][0]["properties"]["name"], &one["features"][0]["properties"]["shape"]),
            (&json!("あたらしい場所"), &json!("square"))
        );
        let doubted = house.page(&format!("/api/v1/staff/guide.geojson?post={old}"), &staff).await.json();
        assert_eq!(doubted["features"][0]["properties"]["shape"], "triangle", "what needs care has another shape");
        for cookie in ["", &hanako.cookie] {
            assert_ne!(house.page("/api/v1/staff/guide.geojson", cookie).await.status, StatusCode::OK);
        }
    }
}
