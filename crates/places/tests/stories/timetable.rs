use store::Role;
use web::FetchFault;

use crate::world::houses;

fn aeds(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let rows: String = numbers.map(|number| format!("{number},AED {number:02},41.2{number:03},141.18,0175-22-11{number:02}\r\n")).collect();
    encoding_rs::SHIFT_JIS.encode(&format!("ID,名称,緯度,経度,電話番号\r\n{rows}")).0.into_owned()
}

#[tokio::test]
async fn an_address_is_asked_by_its_timetable_and_what_is_worse_than_before_is_not_shown() {
    for house in houses().await {
        let shown = async || house.places("kind=aed").await.len();
        // Days pass, and sessions of the staff with them.
        let page = async || house.staff_sees(&house.session(&[Role::Operator]).await, "/staff/map/aed").await;
        // A data set that never came is asked for at once; nobody answers.
        house.pass(0).await;
        assert!(page().await.says("相手のサーバーが答えません"));
        assert_eq!(shown().await, 0);

        // 2026-11-23 is noon in Japan; the timetable says 04:30.
        *house.elsewhere.0.lock().unwrap() = Ok(aeds(1..21));
        house.pass(15).await;
        assert_eq!(shown().await, 0, "not before its time");
        house.pass(2).await;
        assert_eq!(shown().await, 20);
        assert!(page().await.says("Shift_JIS (CP932)"));
        let one = house.places("kind=aed").await.remove(0);
        assert_eq!(one["telephone"], "0175-22-1101");

        // The next day half of it is missing: it waits. The day after, half a download: it is refused.
        *house.elsewhere.0.lock().unwrap() = Ok(aeds(1..11));
        house.pass(24).await;
        assert_eq!(shown().await, 20);
        assert!(page().await.says("確認待ち"));
        let cut = aeds(1..21);
        *house.elsewhere.0.lock().unwrap() = Ok(cut[..cut.len() - 20].to_vec());
        house.pass(24).await;
        assert_eq!(shown().await, 20);
        assert!(page().await.says("最後のファイルは使えません"));

        // A line that breaks is noted, and a good file is shown again by itself.
        *house.elsewhere.0.lock().unwrap() = Err(FetchFault::Incomplete);
        house.pass(24).await;
        assert!(page().await.says("途中で切れました"));
        *house.elsewhere.0.lock().unwrap() = Ok(aeds(1..22));
        house.pass(24).await;
        assert_eq!(shown().await, 21);
        assert!(page().await.says("正常"));
        // Silent for longer than the pack allows.
        *house.elsewhere.0.lock().unwrap() = Err(FetchFault::Unreachable);
        house.pass(96).await;
        assert!(page().await.says("長く更新を確かめられていません"));
        assert_eq!(shown().await, 21, "and still the last good data are there");
    }
}

#[tokio::test]
async fn the_staff_need_not_wait_for_the_timetable() {
    for house in houses().await {
        let staff = house.session(&[Role::Operator]).await;
        *house.elsewhere.0.lock().unwrap() = Ok(aeds(1..4));
        let answer = house.staff_presses(&staff, "/staff/map/aed/fetch").await;
        assert_eq!(answer.location, "/staff/map/aed");
        house.pass(0).await;
        assert_eq!(house.places("kind=aed").await.len(), 3);
        let no_address = house.staff_presses(&staff, "/staff/map/toilets/fetch").await;
        assert_eq!(no_address.status, axum::http::StatusCode::NOT_FOUND);
    }
}
