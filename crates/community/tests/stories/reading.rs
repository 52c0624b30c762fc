//! Searching, thanking, doubting.

use axum::http::StatusCode;
use store::Role;

use crate::world::houses;

#[tokio::test]
async fn posts_are_found_by_words_category_tags_and_age() {
    for house in houses().await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        let facts = [("fact-pram", "yes"), ("fact-nursing-room", "no"), ("fact-free", "yes"), ("age", "baby")];
        house.published(&hanako, &staff, &facts).await;
        let more = [
            ("category", "eating"),
            ("title", "100%国産のうどん"),
            ("words", "授乳室あり。座敷もＯＫ"),
            ("fact-nursing-room", "yes"),
            ("age", "school"),
        ];
        house.published(&hanako, &staff, &more).await;
        house.published(&hanako, &staff, &[("category", "other"), ("title", "雨の日の工夫"), ("fact-pram", "yes"), ("district", "")]).await;
        for (query, expected) in [
            ("", vec!["手柄山の芝生", "100%国産のうどん", "雨の日の工夫"]),
            ("?category=park", vec!["手柄山の芝生"]),
            ("?category=nothing-like-it", vec!["手柄山の芝生", "100%国産のうどん", "雨の日の工夫"]),
            ("?tag=pram", vec!["手柄山の芝生", "雨の日の工夫"]),
            ("?tag=free&tag=pram", vec!["手柄山の芝生"]),
            ("?tag=nursing-room", vec!["100%国産のうどん"]),
            ("?age=baby", vec!["手柄山の芝生", "雨の日の工夫"]),
            ("?q=%E6%89%8B%E6%9F%84%E5%B1%B1", vec!["手柄山の芝生", "100%国産のうどん", "雨の日の工夫"]),
            ("?q=ok", vec!["100%国産のうどん"]),
            ("?q=%E5%BA%A7%E6%95%B7+%E3%81%86%E3%81%A9%E3%82%93", vec!["100%国産のうどん"]),
            ("?q=0%25", vec!["100%国産のうどん"]),
            ("?q=_", vec![]),
            ("?q=%E9%9B%A8&category=park", vec![]),
        ] {
            assert_eq!(house.titles(query).await, expected, "{query}");
            let page = house.page(&format!("/guide/childcare{query}"), "").await;
            assert!(page.body.contains(&format!("{}件の書きこみ", expected.len())), "{query}");
        }
        let english = house.page("/guide/childcare?lang=en", "").await.body;
        assert!(english.contains("3 posts") && english.contains("Eating and shopping"), "{english}");
    }
}

#[tokio::test]
async fn long_lists_have_pages() {
    for house in houses().await {
        let (people, staff) = ([house.hanako().await, house.taro().await], house.staff(Role::Officer).await);
        for (number, person) in people.iter().enumerate() {
            for post in 0..10 {
                let (title, pen_name) = (format!("場所{number}の{post}"), format!("人{number}"));
                house.published(person, &staff, &[("title", &title), ("pen_name", &pen_name)]).await;
            }
        }
        house.pass(24 * 3600);
        let staff = house.staff(Role::Officer).await;
        let last = house.published(&people[0], &staff, &[("title", "あたらしい場所"), ("pen_name", "人0")]).await;
        let (first, second) = (house.page("/guide/childcare", "").await.body, house.page("/guide/childcare?page=2", "").await.body);
        assert!(first.contains(&last) && first.contains("rel=\"next\"") && !first.contains("場所0の0"));
        assert!(second.contains("場所0の0") && second.contains("rel=\"prev\"") && !second.contains(&last));
    }
}

#[tokio::test]
async fn thanks_count_once_for_each_account_and_never_ones_own() {
    for house in houses().await {
        let (hanako, taro, grandmother) = (house.hanako().await, house.taro().await, house.grandmother().await);
        let staff = house.staff(Role::Officer).await;
        let (post, other) =
            (house.published(&hanako, &staff, &[]).await, house.published(&hanako, &staff, &[("title", "ほかの場所")]).await);
        let thanks = format!("/guide/posts/{post}/thanks");
        for _ in 0..3 {
            assert_eq!(house.post(&thanks, &[], &taro.cookie).await.status, StatusCode::SEE_OTHER);
        }
        let count = async || house.get("/api/v1/guide/childcare.json", &[]).await.json()["posts"][0]["thanks"].clone();
        assert_eq!(count().await, 1);
        assert!(
            house.page("/guide/childcare?order=thanks", "").await.body.find(&post)
                < house.page("/guide/childcare?order=thanks", "").await.body.find(&other)
        );
        assert_eq!(house.post(&thanks, &[], &hanako.cookie).await.code(), "community.own");
        assert_eq!(house.post(&thanks, &[], &grandmother.cookie).await.code(), "community.not_proven");
        assert_eq!(house.post(&thanks, &[], "").await.status, StatusCode::UNAUTHORIZED);
        house.post(&thanks, &[("thanks", "no")], &taro.cookie).await;
        assert_eq!(count().await, 0);
    }
}

#[tokio::test]
async fn what_readers_find_wrong_comes_before_staff_and_stays_between_them() {
    for house in houses().await {
        let (hanako, taro, staff) = (house.hanako().await, house.taro().await, house.staff(Role::Officer).await);
        let post = house.published(&hanako, &staff, &[]).await;
        let path = format!("/guide/posts/{post}/wrong");
        assert_eq!(house.post(&path, &[("why", "ugly")], &taro.cookie).await.code(), "community.why_missing");
        let told = house.post(&path, &[("why", "outdated"), ("note", "今は工事中です")], &taro.cookie).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        let desk = house.page(&format!("/staff/guide/{post}"), &staff).await.body;
        assert!(desk.contains("今は工事中です") && !desk.contains("太郎"), "{desk}");
        assert!(!house.page(&format!("/guide/mine/{post}"), &hanako.cookie).await.body.contains("工事中"));
        assert!(house.page("/staff/guide", &staff).await.body.contains("まちがいの知らせ 1件"));
        house.decides(&staff, &post, "settle", "").await;
        assert!(!house.page("/staff/guide", &staff).await.body.contains("まちがいの知らせ"));
        assert_eq!(house.titles("").await.len(), 1);
    }
}

#[tokio::test]
async fn the_nearest_come_first_from_a_district_or_where_the_reader_is() {
    for house in houses().await {
        let (hanako, staff) = (house.hanako().await, house.staff(Role::Officer).await);
        for (title, latitude, longitude) in [
            ("遠い場所", "34900000", "134700000"),
            ("近い場所", "34850000", "134628000"),
            ("場所のない工夫", "", ""),
            ("中くらいの場所", "34860000", "134640000"),
        ] {
            let more = [("title", title), ("latitude", latitude), ("longitude", longitude), ("district", "")];
            house.published(&hanako, &staff, &more).await;
        }
        let order = async |query: &str| {
            let page = house.page(&format!("/guide/childcare{query}"), "").await;
            assert_eq!(page.status, StatusCode::OK, "{query}");
            let mut places: Vec<_> = ["遠い場所", "近い場所", "場所のない工夫", "中くらいの場所"]
                .map(|title| (page.body.find(&format!("<b>{title}")), title))
                .into();
            places.sort_unstable();
            places.into_iter().map(|(_, title)| title).collect::<Vec<_>>()
        };
        let nearest = ["近い場所", "中くらいの場所", "遠い場所", "場所のない工夫"];
        assert_eq!(order("?near=34.849,134.628").await, nearest);
        assert_eq!(order("?from=%E9%9D%92%E5%B1%B1").await, nearest, "from 青山");
        let newest = ["中くらいの場所", "場所のない工夫", "近い場所", "遠い場所"];
        for query in ["", "?near=here", "?near=95,139", "?from=nowhere"] {
            assert_eq!(order(query).await, newest, "{query}");
        }
        let page = house.page("/guide/childcare?near=34.849,134.628", "").await.body;
        assert!(page.contains("約110m") && page.contains("約8.7km") && page.contains("近い順にならんでいます"), "{page}");
    }
}
