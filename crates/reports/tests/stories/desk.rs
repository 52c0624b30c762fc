//! The desk: the queue, the talk, the notes nobody else reads, what becomes public, and who may know who reported.

use axum::http::StatusCode;
use store::Role;

use crate::world::{BESIDE, HERE, House, houses};

#[tokio::test]
async fn the_talk_goes_both_ways_and_notes_stay_inside() {
    for house in houses().await {
        let (hanako, taro, clerk) = (house.hanako().await, house.taro().await, house.clerk().await);
        let id = house.reports(&hanako, "街灯が消えています", HERE).await;
        let (own, desk) = (format!("/reports/{id}"), format!("/staff/reports/{id}"));
        let page = house.get(&clerk, &desk).await.body;
        assert!(page.contains("街灯が消えています") && !page.contains("花子"), "staff do not see who it was: {page}");
        house.post(&clerk, &format!("{desk}/note"), &[("words", "ひみつのメモ")]).await;
        house.post(&clerk, &format!("{desk}/answer"), &[("words", "電柱の番号を教えてください"), ("step", "looking")]).await;
        let seen = house.get(&hanako, &own).await.body;
        assert!(seen.contains("電柱の番号を教えてください") && seen.contains("確認中"), "{seen}");
        assert!(!seen.contains("ひみつのメモ") && !seen.contains("係の人"), "neither notes nor who answered");
        house.post(&hanako, &format!("{own}/say"), &[("words", "12番です")]).await;
        let page = house.get(&clerk, &desk).await.body;
        assert!(page.contains("12番です") && page.contains("ひみつのメモ") && page.contains("係の人"), "{page}");
        house.post(&clerk, &format!("{desk}/answer"), &[("words", "交換しました"), ("step", "done")]).await;
        assert!(house.get(&hanako, &own).await.body.contains("直っていますか"));
        house.post(&hanako, &format!("{own}/confirm"), &[("answer", "not_yet")]).await;
        assert!(house.get(&hanako, &own).await.body.contains("確認中"), "not yet opens it again");
        house.post(&clerk, &format!("{desk}/answer"), &[("words", ""), ("step", "done")]).await;
        house.post(&hanako, &format!("{own}/confirm"), &[("answer", "yes")]).await;
        let twice = house.post(&hanako, &format!("{own}/confirm"), &[("answer", "not_yet")]).await;
        assert_eq!(twice.status, StatusCode::CONFLICT);
        let told: Vec<_> = house.told().await.into_iter().map(|tell| (tell.text, tell.href, tell.topic)).collect();
        let expected = ["reports-told-answer", "reports-told-answer", "reports-told-step"];
        assert_eq!(told, expected.map(|text| (text.to_owned(), own.clone(), "reports".to_owned())));
        // Nothing of all this is a stranger's.
        for (who, path) in [(&taro, own.as_str()), (&taro, "/staff/reports"), (&House::nobody(), desk.as_str()), (&hanako, desk.as_str())] {
            let answer = house.get(who, path).await;
            assert_ne!(answer.status, StatusCode::OK, "{path}");
            assert!(!answer.body.contains("街灯が消えています"));
        }
        for path in [format!("{own}/say"), format!("{own}/confirm"), format!("{own}/send"), format!("{own}/discard")] {
            let answer = house.post(&taro, &path, &[("words", "x"), ("answer", "yes")]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        let export = {
            let mut ctx = house.begin(store::Actor::Holder(hanako.account.unwrap())).await;
            (reports::service().export.unwrap())(&mut ctx, hanako.account.unwrap()).await.unwrap().to_string()
        };
        assert!(export.contains("交換しました") && !export.contains("ひみつのメモ"), "{export}");
    }
}

#[tokio::test]
async fn the_queue_is_sifted_and_routed_in_bulk() {
    for house in houses().await {
        let (hanako, clerk) = (house.hanako().await, house.clerk().await);
        let one = house.reports(&hanako, "一本目", HERE).await;
        let two = house.reports(&hanako, "二本目", ("36012000", "138021000")).await;
        let rows = async |query: &str| {
            let page = house.get(&clerk, &format!("/staff/reports?{query}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
            (page.body.contains("一本目"), page.body.contains("二本目"))
        };
        assert_eq!(rows("").await, (true, true));
        assert_eq!(rows("district=%E6%B9%AF%E3%83%8E%E6%B2%A2").await, (false, true));
        assert_eq!(rows("section=environment").await, (false, false));
        assert_eq!(rows("late=yes").await, (false, false));
        let picked = [
            ("act", "route"),
            ("report", one.as_str()),
            ("report", two.as_str()),
            ("to", "environment"),
            ("back", "https://evil.example/"),
        ];
        let moved = house.post(&clerk, "/staff/reports/bulk", &picked).await;
        assert_eq!(moved.location, "/staff/reports?&did=route&count=2&people=0", "back to the queue and nowhere else");
        assert_eq!(rows("section=environment").await, (true, true));
        let unknown = house.post(&clerk, "/staff/reports/bulk", &[("act", "route"), ("report", &one), ("to", "nowhere")]).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.post(&clerk, &format!("/staff/reports/{two}/press"), &[("to", "1_life")]).await;
        let page = house.get(&clerk, "/staff/reports").await.body;
        assert!(page.find("二本目").unwrap() < page.find("一本目").unwrap(), "what presses comes first");
        house.pass(9 * 24 * 3600);
        let clerk = house.clerk().await;
        let page = house.get(&clerk, "/staff/reports?late=yes").await.body;
        assert!(page.contains("期限超過") && page.contains("一本目"), "{page}");
        house.post(&clerk, &format!("/staff/reports/{one}/answer"), &[("words", "見に行きます"), ("step", "looking")]).await;
        let counted = house.get(&clerk, "/staff/reports/statistics").await.body;
        assert!(counted.contains("街灯の故障") && counted.contains("2026-11") && counted.contains(">9日<"), "{counted}");
    }
}

#[tokio::test]
async fn two_that_mean_the_same_become_one() {
    for house in houses().await {
        let (hanako, taro, clerk) = (house.hanako().await, house.taro().await, house.clerk().await);
        let first = house.reports(&hanako, "一人目", HERE).await;
        let second = house.reports(&taro, "二人目", BESIDE).await;
        assert!(house.get(&clerk, &format!("/staff/reports/{second}")).await.body.contains("一人目"), "the desk sees the neighbour");
        let itself = house.post(&clerk, &format!("/staff/reports/{second}/merge"), &[("number", "2")]).await;
        assert_eq!(itself.status, StatusCode::CONFLICT);
        let nothing = house.post(&clerk, &format!("/staff/reports/{second}/merge"), &[("number", "99")]).await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND);
        // As it is typed with a Japanese keyboard.
        house.post(&clerk, &format!("/staff/reports/{second}/merge"), &[("number", "＃１")]).await;
        assert!(house.get(&taro, &format!("/reports/{second}")).await.body.contains("同じ通報あり"));
        let followed = house.get(&taro, &format!("/reports/{first}")).await;
        assert!(followed.status == StatusCode::OK && !followed.body.contains("一人目"), "{}", followed.body);
        assert_eq!(house.told().await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_public_never_shows_the_reporter() {
    for house in houses().await {
        let (hanako, clerk) = (house.hanako().await, house.clerk().await);
        let id = house.reports(&hanako, "花子の家の前です", HERE).await;
        let nobody = House::nobody();
        let public = format!("/reports/public/{id}");
        assert_eq!(house.get(&nobody, &public).await.status, StatusCode::NOT_FOUND);
        let silent = house.post(&clerk, &format!("/staff/reports/{id}/publish"), &[("words", " ")]).await;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing is public without words of staff");
        house.post(&clerk, &format!("/staff/reports/{id}/publish"), &[("words", "街灯の不点灯")]).await;
        let map = house.get(&nobody, "/api/v1/reports.geojson").await;
        assert_eq!(map.kind, "application/geo+json");
        assert_eq!(map.json()["features"][0]["geometry"]["coordinates"].to_string(), "[138.0003,36.0002]");
        for path in [public.as_str(), "/reports/public", "/api/v1/reports.geojson", "/open311/v2/requests.json"] {
            let answer = house.get(&nobody, path).await;
            assert!(answer.body.contains("街灯の不点灯"), "{path}: {}", answer.body);
            assert!(!answer.body.contains("花子") && !answer.body.contains(&hanako.account.unwrap().to_string()), "{path}");
        }
        house.post(&clerk, &format!("/staff/reports/{id}/unpublish"), &[]).await;
        assert_eq!(house.get(&nobody, &public).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn who_reported_is_a_recorded_look_and_the_protected_are_not_found() {
    for mut house in houses().await {
        let (hanako, clerk) = (house.hanako().await, house.clerk().await);
        let id = house.reports(&hanako, "街灯", HERE).await;
        let seen = house.post(&clerk, &format!("/staff/reports/{id}/who"), &[]).await;
        assert!(seen.body.contains("花子"), "{}", seen.body);
        let mut ctx = house.begin(store::Actor::Holder(hanako.account.unwrap())).await;
        let looks = identity::who_looked(&mut ctx, hanako.account.unwrap(), i64::MAX, 10).await.unwrap();
        assert!(looks.iter().any(|look| look.action == "reports.reporter_seen"), "{looks:?}");
        drop(ctx);
        house.post(&clerk, &format!("/staff/reports/{id}/publish"), &[("words", "街灯の不点灯")]).await;
        // Tonight Hanako comes under protection measures: what was public of her loses its place.
        house.register(true).await;
        let map = house.get(&House::nobody(), "/api/v1/reports.geojson").await.json();
        assert_eq!(map["features"][0]["geometry"]["coordinates"].to_string(), "[138.0002,36.0001]", "the middle of the district");
        let refused = house.post(&clerk, &format!("/staff/reports/{id}/who"), &[]).await;
        assert!(refused.status == StatusCode::FORBIDDEN && !refused.body.contains("花子"), "{}", refused.body);
        let trusted = house.staff(&[Role::ProtectionClerk, Role::Clerk, Role::Officer]).await;
        assert!(house.post(&trusted, &format!("/staff/reports/{id}/who"), &[]).await.body.contains("花子"));
        let later = house.reports(&hanako, "もう一本", HERE).await;
        house.post(&clerk, &format!("/staff/reports/{later}/publish"), &[("words", "もう一本の街灯")]).await;
        let open311 = house.get(&House::nobody(), &format!("/open311/v2/requests/{later}.json")).await.json();
        assert_eq!((open311[0]["lat"].to_string(), open311[0]["long"].to_string()), ("36.0001".to_owned(), "138.0002".to_owned()));
    }
}
