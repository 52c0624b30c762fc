//! Who may write, and what of it is taken.

use axum::http::StatusCode;

use crate::world::{draft, houses};

#[tokio::test]
async fn only_proven_residents_write_and_everybody_reads() {
    for house in houses().await {
        let nobody = house.post("/guide/childcare/new", &draft(&[]), "").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        assert_eq!(house.page("/guide/childcare/new", "").await.location, "/start?next=/guide/childcare/new");
        let (grandmother, visitor) = (house.grandmother().await, house.visitor().await);
        let refused = house.post("/guide/childcare/new", &draft(&[]), &grandmother.cookie).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "community.not_proven"));
        let refused = house.post("/guide/childcare/new", &draft(&[]), &visitor.cookie).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "community.not_resident"));
        // The page says what to do instead of showing a form in vain.
        assert!(house.page("/guide/childcare/new", &grandmother.cookie).await.body.contains("本人確認が必要です"));
        let hanako = house.hanako().await;
        assert!(house.page("/guide/childcare/new", &hanako.cookie).await.body.contains("name=\"pen_name\""));
        house.writes(&hanako, &[]).await;

        assert_eq!(house.page("/guide", "").await.location, "/guide/childcare");
        let list = house.page("/guide/childcare", "").await;
        assert_eq!(list.status, StatusCode::OK);
        assert!(list.body.contains("0件の書きこみ") && !list.body.contains("手柄山の芝生"));
        assert_eq!(house.page("/guide/parking", "").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_form_comes_back_with_everything_that_must_be_mended_and_what_was_typed() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let answer = house
            .post("/guide/childcare/new", &draft(&[("title", ""), ("district", "どこか"), ("words", "1234 5678 9018")]), &hanako.cookie)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        for text in ["題名を入れてください", "町名は候補から選んでください", "マイナンバーのような12けたの数字", "手柄山中央公園"]
        {
            assert!(answer.body.contains(text), "{text}: {}", answer.body);
        }
        let own_name = house.post("/guide/childcare/new", &draft(&[("pen_name", "青空 花子")]), &hanako.cookie).await;
        assert!(own_name.body.contains("ペンネームが本名と同じです"), "{}", own_name.body);
        house.writes(&hanako, &[]).await;
        let taro = house.taro().await;
        let taken = house.post("/guide/childcare/new", &draft(&[("pen_name", "どんぐり ママ")]), &taro.cookie).await;
        assert!(taken.body.contains("そのペンネームは、ほかの人が使っています"), "{}", taken.body);
        // One's own is offered again.
        assert!(house.page("/guide/childcare/new", &hanako.cookie).await.body.contains("value=\"どんぐりママ\""));
    }
}

#[tokio::test]
async fn nobody_writes_more_than_ten_posts_a_day() {
    for house in houses().await {
        let hanako = house.hanako().await;
        for _ in 0..10 {
            house.writes(&hanako, &[]).await;
        }
        let refused = house.post("/guide/childcare/new", &draft(&[]), &hanako.cookie).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "community.too_many_today"));
        house.pass(24 * 3600);
        house.writes(&hanako, &[]).await;
    }
}

#[tokio::test]
async fn ones_posts_are_ones_own() {
    for house in houses().await {
        let (hanako, taro) = (house.hanako().await, house.taro().await);
        let post = house.writes(&hanako, &[]).await;
        for path in [format!("/guide/mine/{post}"), format!("/guide/mine/{post}/edit")] {
            assert_eq!(house.page(&path, &taro.cookie).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(house.post(&format!("/guide/mine/{post}/edit"), &draft(&[]), &taro.cookie).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&format!("/guide/mine/{post}/withdraw"), &[], &taro.cookie).await.status, StatusCode::NOT_FOUND);
        assert!(!house.page("/guide/mine", &taro.cookie).await.body.contains(&post));
        assert!(house.page("/guide/mine", &hanako.cookie).await.body.contains(&post));
        let form = house.page(&format!("/guide/mine/{post}/edit"), &hanako.cookie).await;
        assert!(form.body.contains("value=\"手柄山の芝生\"") && form.body.contains("ベビーカーで入れます。"), "{}", form.body);
    }
}
