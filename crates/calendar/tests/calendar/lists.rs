//! Lists of events as the office has them, and the counter.

use axum::http::StatusCode;
use store::Actor;

use crate::events::lecture;
use crate::world::houses;

const LIST: &str = "NO,イベント名,開始日,終了日,場所名称\r\n1,雪まつり,2027-02-06,2027-02-07,代官山公園\r\n2,髙橋さんの講座①,2027-02-30,,公民館\r\n3,朝市,2027-02-10,,港\r\n";

#[tokio::test]
async fn a_file_is_looked_at_first_and_what_is_gone_is_cancelled_only_when_marked() {
    for house in houses().await {
        let staff = house.staff().await;
        let days = ("2027-01-01".parse().unwrap(), "2027-12-31".parse().unwrap());
        let events = async || {
            let mut ctx = house.begin(Actor::Anonymous).await;
            calendar::events_between(&mut ctx, days.0, days.1).await.unwrap()
        };
        // As the office's spreadsheet writes it.
        let cp932 = encoding_rs::SHIFT_JIS.encode(LIST).0.into_owned();
        let looked = house.brings(&staff, "/staff/calendar/import", &cp932).await;
        assert_eq!(looked.status, StatusCode::OK, "{}", looked.body);
        for text in ["雪まつり", "朝市", "2027-02-30", "日付として読めません", "開始日"] {
            assert!(looked.body.contains(text), "{text}: {}", looked.body);
        }
        assert!(events().await.is_empty(), "a look changes nothing");
        let form = format!("list={}", web::query_value(LIST));
        let taken = house.post(&staff, "/staff/calendar/import/apply", &form).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
        assert_eq!(events().await.len(), 2);

        // A list without the market: it is said to be gone, and stays until somebody marks it.
        let less = LIST.replace("3,朝市,2027-02-10,,港\r\n", "").replace("代官山公園", "市民広場");
        let looked = house.brings(&staff, "/staff/calendar/import", less.as_bytes()).await;
        assert!(looked.body.contains("一覧からなくなった予定") && looked.body.contains("name=\"gone\""), "{}", looked.body);
        house.post(&staff, "/staff/calendar/import/apply", &format!("list={}", web::query_value(&less))).await;
        let market = events().await.into_iter().find(|event| event.details.title() == "朝市").unwrap();
        assert!(market.cancelled_at.is_none());
        house.post(&staff, "/staff/calendar/import/apply", &format!("list={}&gone={}", web::query_value(&less), market.id)).await;
        let market = events().await.into_iter().find(|event| event.id == market.id).unwrap();
        assert!(market.cancelled_at.is_some());

        let wrong = house.brings(&staff, "/staff/calendar/import", "名前,日\nあ,い\n".as_bytes()).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let unreadable = house.brings(&staff, "/staff/calendar/import", b"NO\n\xff\xff\n").await;
        assert!(unreadable.body.contains("2 行目"), "{}", unreadable.body);
    }
}

#[tokio::test]
async fn a_clerk_registers_somebody_who_stands_at_the_counter() {
    for house in houses().await {
        let staff = house.staff().await;
        let id = house.event(lecture(Some(1))).await;
        let (account, _) = house.somebody("下北 花").await;
        let page = format!("/staff/calendar/counter/{account}");
        let seen = house.get(&staff, &page).await;
        assert!(seen.body.contains("下北 花 さんの申し込み") && seen.body.contains("そば打ち体験"), "{}", seen.body);
        let done = house.post(&staff, &page, &format!("event={id}")).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
        let mut ctx = house.begin(Actor::Anonymous).await;
        assert_eq!(calendar::event(&mut ctx, id).await.unwrap().taken, 1);
        drop(ctx);
        // The look and the registration stand in the person's trail.
        let mut ctx = house.begin(Actor::System).await;
        let trail: Vec<(String,)> = ctx
            .tx()
            .query("select action from store_audit where subject = $1 order by seq", store::params![account.to_string()])
            .await
            .unwrap();
        let actions: Vec<&str> = trail.iter().map(|(action,)| action.as_str()).collect();
        assert!(actions.contains(&"calendar.events_seen") && actions.contains(&"calendar.registered"), "{actions:?}");
        drop(ctx);
        house.post(&staff, &page, &format!("event={id}&what=leave")).await;
        let mut ctx = house.begin(Actor::Anonymous).await;
        assert_eq!(calendar::event(&mut ctx, id).await.unwrap().taken, 0);
        drop(ctx);
        // Nobody of the staff's other rooms, and nobody from outside.
        let (_, cookie) = house.somebody("人").await;
        assert_ne!(house.get(&cookie, &page).await.status, StatusCode::OK);
    }
}
