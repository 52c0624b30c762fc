//! Pictures: what a phone writes into them is gone, parts are hidden, and strangers see none.

use axum::http::StatusCode;

use crate::world::{HERE, House, houses};

/// A picture as a phone makes it, with the place in its EXIF: drawn by another maker's tools.
const WITH_PLACE: &[u8] = include_bytes!("../data/with-place.jpg");

#[tokio::test]
async fn a_picture_loses_its_place_and_is_seen_by_whom_it_is_for() {
    for house in houses().await {
        let (hanako, taro, clerk) = (house.hanako().await, house.taro().await, house.clerk().await);
        let nobody = House::nobody();
        let key = house.get(&hanako, "/reports/new/dumped-rubbish").await.field("key");
        let form = [("key", key.as_str()), ("words", "冷蔵庫"), ("latitude", HERE.0), ("longitude", HERE.1)];
        let kept = house.upload(&hanako, "/reports/new/dumped-rubbish", &form, &[WITH_PLACE]).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
        // The same form again, as after a lost answer: one picture, not two.
        house.upload(&hanako, "/reports/new/dumped-rubbish", &form, &[WITH_PLACE]).await;
        let check = house.get(&hanako, &kept.location).await.body;
        assert_eq!(check.matches("<img").count(), 1, "{check}");
        let photo = check.split("<img class=\"photos__one\" src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let seen = house.get(&hanako, &photo).await;
        assert_eq!((seen.status, seen.kind.as_str()), (StatusCode::OK, "image/jpeg"));
        let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(holds(WITH_PLACE, b"Exif") && !holds(&seen.bytes, b"Exif"), "nothing but pixels");
        let stored: Vec<(Vec<u8>,)> = {
            let mut ctx = house.begin(store::Actor::System).await;
            ctx.tx().query("select jpeg from reports_photo", &[]).await.unwrap()
        };
        assert!(stored.iter().all(|(jpeg,)| !holds(jpeg, b"Exif")), "not in the database either");

        // A draft's picture is its writer's alone: not even staff see it.
        let id = photo.rsplit('/').next().unwrap().to_owned();
        let desk = format!("/staff/reports/photos/{id}");
        for (who, path) in [(&taro, &photo), (&nobody, &photo), (&clerk, &desk)] {
            assert_eq!(house.get(who, path).await.status, StatusCode::NOT_FOUND);
        }
        let hidden = house.post(&hanako, &format!("{photo}/hide"), &[("square", "0"), ("square", "9")]).await;
        assert_eq!(hidden.location, kept.location);
        let after = house.get(&hanako, &photo).await;
        assert_ne!(after.bytes, seen.bytes);
        assert_eq!(house.post(&taro, &format!("{photo}/hide"), &[("square", "1")]).await.status, StatusCode::NOT_FOUND);

        let sent = house.post(&hanako, &kept.location.replace("/check", "/send"), &[]).await.location;
        let report = sent.strip_prefix("/reports/").unwrap().split('?').next().unwrap().to_owned();
        assert_eq!(house.get(&clerk, &desk).await.status, StatusCode::OK);
        for who in [&taro, &nobody] {
            assert_eq!(house.get(who, &photo).await.status, StatusCode::NOT_FOUND);
        }
        let late = house.post(&hanako, &format!("{photo}/hide"), &[("square", "1")]).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "what staff look at does not change");
        house.post(&clerk, &format!("/staff/reports/{report}/publish"), &[("words", "不法投棄")]).await;
        assert_eq!(house.get(&nobody, &photo).await.status, StatusCode::NOT_FOUND, "only the pictures staff chose");
        house.post(&clerk, &format!("/staff/reports/{report}/publish"), &[("words", "不法投棄"), ("photo", &id)]).await;
        assert_eq!(house.get(&nobody, &photo).await.status, StatusCode::OK);
        house.post(&clerk, &format!("/staff/reports/{report}/unpublish"), &[]).await;
        assert_eq!(house.get(&nobody, &photo).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_the_words_are_kept() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let key = house.get(&hanako, "/reports/new/street-light").await.field("key");
        let form = [("key", key.as_str()), ("words", "消えた街灯"), ("district", "本村")];
        let answer = house.upload(&hanako, "/reports/new/street-light", &form, &[b"<svg onload=alert(1)>"]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("読み取れませんでした") && answer.body.contains("消えた街灯"), "{}", answer.body);
        let four = house.upload(&hanako, "/reports/new/street-light", &form, &[WITH_PLACE; 4]).await;
        assert_eq!(four.status, StatusCode::UNPROCESSABLE_ENTITY);
        let large = vec![0xff; 27 << 20];
        let refused = house.upload(&hanako, "/reports/new/street-light", &form, &[&large]).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        // Elsewhere a body of that size is refused before anybody reads it.
        let elsewhere = house.upload(&hanako, "/reports/public/x/support", &[], &[&large[..3 << 20]]).await;
        assert_eq!(elsewhere.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
