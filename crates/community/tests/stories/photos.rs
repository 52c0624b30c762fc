//! Photos: only their pixels are kept, and only who may see the post sees them.

use std::io::Cursor;

use axum::http::StatusCode;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use store::Role;

use crate::world::{between, draft, houses};

fn photo() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_pixel(2000, 500, Rgb([40, 160, 80]))).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let jpeg = bytes.into_inner();
    // A note such as cameras and editors write.
    let note = b"taken at home";
    let length = u16::try_from(note.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xfe], &length, note, &jpeg[2..]].concat()
}

#[tokio::test]
async fn a_photo_is_written_anew_and_seen_with_its_post() {
    for house in houses().await {
        let (hanako, taro, staff) = (house.hanako().await, house.taro().await, house.staff(Role::Officer).await);
        let sent = house.post_photo("/guide/childcare/new", &draft(&[("photo_words", "広い芝生")]), &photo(), &hanako.cookie).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let post = sent.location.strip_prefix("/guide/mine/").unwrap().to_owned();
        let mine = house.page(&sent.location, &hanako.cookie).await.body;
        let path = format!("/guide/photos/{}", between(&mine, "src=\"/guide/photos/", "\""));
        let seen = house.get(&path, &[("cookie", &hanako.cookie)]).await;
        assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, "image/jpeg"));
        assert_eq!(seen.header("cache-control"), "private, no-store");
        assert!(!seen.bytes.windows(13).any(|part| part == b"taken at home"));
        let kept = image::load_from_memory(&seen.bytes).unwrap();
        assert_eq!((kept.width(), kept.height()), (1600, 400));
        for cookie in ["", taro.cookie.as_str()] {
            assert_eq!(house.get(&path, &[("cookie", cookie)]).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(house.get(&format!("/staff{path}"), &[("cookie", &staff)]).await.status, StatusCode::OK);

        house.decides(&staff, &post, "approve", "").await;
        assert_eq!(house.get(&path, &[]).await.status, StatusCode::OK);
        assert!(house.page(&format!("/guide/childcare/posts/{post}"), "").await.body.contains("alt=\"広い芝生\""));
        let json = house.get("/api/v1/guide/childcare.json", &[]).await.json();
        assert_eq!(json["posts"][0]["photo"]["url"], format!("{}{path}", crate::ORIGIN));
        assert_eq!(json["posts"][0]["photo"]["width"], 1600);

        house.decides(&staff, &post, "take_down", "顔が写っています").await;
        assert_eq!(house.get(&path, &[]).await.status, StatusCode::NOT_FOUND);
        house.post(&format!("/guide/mine/{post}/edit"), &draft(&[("remove_photo", "yes")]), &hanako.cookie).await;
        house.decides(&staff, &post, "approve", "").await;
        assert_eq!(house.get(&path, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.titles("").await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_photo_is_refused_and_nothing_is_kept() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let large = vec![0; web::picture::PICTURE_BYTES_MAX + 1];
        for (bytes, code) in [
            (&b"%PDF-1.7"[..], "web.picture_unknown_format"),
            (b"\xff\xd8\xff\xe0 no JPEG after all", "web.picture_broken"),
            (&large, "web.picture_too_large"),
        ] {
            let answer = house.post_photo("/guide/childcare/new", &draft(&[]), bytes, &hanako.cookie).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, code));
        }
        assert!(house.page("/guide/mine", &hanako.cookie).await.body.contains("まだ書きこみはありません"));
        // A browser sends an empty file where none was chosen.
        assert_eq!(house.post_photo("/guide/childcare/new", &draft(&[]), b"", &hanako.cookie).await.status, StatusCode::SEE_OTHER);
    }
}
