//! Two hundred reports and a disaster: who waits, what tells of danger, who works on what, and what is done to many at once.

use axum::http::StatusCode;

use crate::world::{BESIDE, HERE, House, Person, houses};

/// The numbers of the queue, from above.
async fn queue(house: &House, clerk: &Person, query: &str) -> Vec<String> {
    let page = house.get(clerk, &format!("/staff/reports?{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.body.split("\">#").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_person_is_told_once_however_many_reports_are_theirs() {
    for house in houses().await {
        let (hanako, taro, clerk) = (house.hanako().await, house.taro().await, house.clerk().await);
        let one = house.reports(&hanako, "一本目", HERE).await;
        let two = house.reports(&hanako, "二本目", BESIDE).await;
        let three = house.reports(&taro, "三本目", HERE).await;
        let settled = house.reports(&taro, "もう済んだもの", HERE).await;
        house.post(&clerk, &format!("/staff/reports/{settled}/answer"), &[("words", "済み"), ("step", "done")]).await;
        let before = house.told().await.len();
        let ids = [&one, &two, &three, &settled].map(|id| ("report", id.as_str()));
        let form = |more: &[(&'static str, &'static str)]| [&ids[..], &[("act", "close"), ("step", "done")], more].concat();
        // Looked at first: three reports of two people, and nothing has happened yet.
        let look = house.post(&clerk, "/staff/reports/bulk", &form(&[("words", "まとめて直しました")])).await;
        assert!(look.body.contains("3件を「対応済み」にして、2人に知らせます"), "{}", look.body);
        assert_eq!(house.told().await.len(), before);
        let silent = house.post(&clerk, "/staff/reports/bulk", &form(&[("words", " "), ("sure", "yes")])).await;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "an answer is needed");
        let open = house
            .post(&clerk, "/staff/reports/bulk", &[("act", "close"), ids[0], ("step", "looking"), ("words", "x"), ("sure", "yes")])
            .await;
        assert_eq!(open.status, StatusCode::CONFLICT, "that closes nothing");
        let closed = house.post(&clerk, "/staff/reports/bulk", &form(&[("words", "まとめて直しました"), ("sure", "yes")])).await;
        assert_eq!(closed.location, "/staff/reports?&did=close&count=3&people=2");
        let told: Vec<_> = house.told().await.into_iter().skip(before).map(|tell| (tell.account, tell.text, tell.href)).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&(hanako.account.unwrap(), "reports-told-several".to_owned(), "/reports".to_owned())), "{told:?}");
        assert!(told.contains(&(taro.account.unwrap(), "reports-told-answer".to_owned(), format!("/reports/{three}"))), "{told:?}");
        for (who, id) in [(&hanako, &one), (&hanako, &two), (&taro, &three)] {
            let page = house.get(who, &format!("/reports/{id}")).await.body;
            assert!(page.contains("まとめて直しました") && page.contains("対応済み"), "{page}");
        }
        assert!(!house.get(&taro, &format!("/reports/{settled}")).await.body.contains("まとめて"), "what was settled stays");
        let stranger = house.post(&taro, "/staff/reports/bulk", &form(&[("words", "x"), ("sure", "yes")])).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn many_become_one_and_who_followed_them_follows_it() {
    for house in houses().await {
        let (hanako, taro, jiro, clerk) = (house.hanako().await, house.taro().await, house.jiro().await, house.clerk().await);
        let first = house.reports(&hanako, "一人目", HERE).await;
        let second = house.reports(&taro, "二人目", BESIDE).await;
        let third = house.reports(&jiro, "三人目", BESIDE).await;
        house.post(&clerk, &format!("/staff/reports/{third}/merge"), &[("number", "2")]).await;
        let before = house.told().await.len();
        // The one they are merged into may be picked too; as it is typed with a Japanese keyboard.
        let picked = [("act", "merge"), ("report", first.as_str()), ("report", second.as_str()), ("number", "＃１")];
        let merged = house.post(&clerk, "/staff/reports/bulk", &picked).await;
        assert_eq!(merged.location, "/staff/reports?&did=merge&count=1&people=1");
        assert_eq!(house.told().await.len(), before + 1);
        // Jiro followed the second, which follows the first now.
        for who in [&taro, &jiro] {
            assert_eq!(house.get(who, &format!("/reports/{first}")).await.status, StatusCode::OK);
        }
        let again = house.post(&clerk, "/staff/reports/bulk", &[("act", "merge"), ("report", &first), ("number", "2")]).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "a duplicate takes no others");
        assert_eq!(queue(&house, &clerk, "").await, ["1"]);
    }
}

#[tokio::test]
async fn the_desk_knows_who_waits_who_works_and_what_tells_of_danger() {
    for house in houses().await {
        let (hanako, taro, clerk) = (house.hanako().await, house.taro().await, house.clerk().await);
        let one = house.reports(&hanako, "街灯が消えています", HERE).await;
        let two = house.reports(&taro, "電線が垂れて、けが人がいます", BESIDE).await;
        assert_eq!(queue(&house, &clerk, "").await, ["2", "1"], "danger first");
        assert_eq!(queue(&house, &clerk, "danger=yes").await, ["2"]);
        assert_eq!(queue(&house, &clerk, "sort=oldest").await, ["1", "2"]);
        assert_eq!(queue(&house, &clerk, "sort=newest").await, ["2", "1"]);
        // Somebody takes one; a colleague sees it.
        house.post(&clerk, &format!("/staff/reports/{one}/assign"), &[("to", "me")]).await;
        assert_eq!(queue(&house, &clerk, "person=me").await, ["1"]);
        assert_eq!(queue(&house, &clerk, "person=nobody").await, ["2"]);
        let colleague = house.clerk().await;
        assert_eq!(queue(&house, &colleague, "person=me").await, Vec::<String>::new());
        let given =
            house.post(&colleague, "/staff/reports/bulk", &[("act", "assign"), ("report", &one), ("report", &two), ("person", "me")]).await;
        assert_eq!(given.location, "/staff/reports?&did=assign&count=2&people=0");
        assert_eq!(queue(&house, &clerk, "person=me").await, Vec::<String>::new());
        let strange = house.post(&clerk, "/staff/reports/bulk", &[("act", "assign"), ("report", &one), ("person", &one)]).await;
        assert_eq!(strange.status, StatusCode::UNPROCESSABLE_ENTITY, "only who answers reports can be given one");
        // Who was answered waits no more; who says something waits again, with as many days as before.
        house.post(&clerk, &format!("/staff/reports/{one}/answer"), &[("words", "番号を教えてください"), ("step", "looking")]).await;
        assert_eq!(queue(&house, &clerk, "status=waiting").await, ["2"]);
        house.pass(9 * 24 * 3600);
        let (hanako, clerk) = (house.hanako().await, house.clerk().await);
        assert_eq!(queue(&house, &clerk, "late=yes").await, ["2"]);
        assert_eq!(queue(&house, &clerk, "age=7&sort=oldest").await, ["1", "2"]);
        assert_eq!(queue(&house, &clerk, "age=14").await, Vec::<String>::new());
        house.post(&hanako, &format!("/reports/{one}/say"), &[("words", "12番です。通行人がけがをしました")]).await;
        assert_eq!(queue(&house, &clerk, "status=waiting&sort=waits").await, ["2", "1"]);
        assert_eq!(queue(&house, &clerk, "late=yes").await, ["2"], "not late on the day it was said");
        assert_eq!(queue(&house, &clerk, "danger=yes&sort=oldest").await, ["1", "2"], "what is said later counts too");
        let page = house.get(&clerk, "/staff/reports").await.body;
        assert!(page.contains("9日待っています") && page.contains("きょうから待っています"), "{page}");
        let map = house.get(&clerk, "/api/v1/staff/reports.geojson?late=yes").await.json();
        assert_eq!(map["features"].as_array().unwrap().len(), 1, "the map shows what the list shows");
        assert_eq!(map["features"][0]["properties"]["shape"], "triangle");
    }
}

#[tokio::test]
async fn in_a_disaster_who_may_be_in_danger_comes_first_then_what_nobody_looked_at() {
    for house in houses().await {
        let (taro, jiro, clerk) = (house.taro().await, house.jiro().await, house.clerk().await);
        let form = [("category", "disaster"), ("district", "湯ノ沢"), ("words", "様子を教えてください")];
        let live = house.post(&clerk, "/staff/reports/calls", &form).await.location;
        house.work().await;
        let call = live.rsplit('/').next().unwrap().to_owned();
        let mut sent = Vec::new();
        for (who, words) in [(&taro, "側溝があふれています"), (&jiro, "畑の石垣が崩れました"), (&taro, "隣の家で人が生き埋めです")]
        {
            let key = house.get(who, &format!("/reports/new/disaster?call={call}")).await.field("key");
            let report = [("category", "disaster"), ("key", &key), ("call", &call), ("words", words), ("district", "湯ノ沢")];
            sent.push(house.upload(who, "/api/v1/me/reports", &report, &[]).await.json()["id"].as_str().unwrap().to_owned());
        }
        let order = async || {
            let page = house.get(&clerk, &live).await.body;
            let mut places: Vec<_> = ["側溝", "石垣", "生き埋め"].into_iter().map(|words| (page.find(words).unwrap(), words)).collect();
            places.sort_unstable();
            places.into_iter().map(|(_, words)| words).collect::<Vec<_>>()
        };
        assert_eq!(order().await, ["生き埋め", "側溝", "石垣"], "words of danger first among what nobody looked at");
        for (id, to) in [(&sent[0], "2_urgent"), (&sent[2], "1_life")] {
            let next = house.post(&clerk, &format!("/staff/reports/{id}/triage"), &[("to", to), ("call", &call)]).await;
            assert_eq!(next.location, format!("{live}#next"));
        }
        assert_eq!(order().await, ["生き埋め", "石垣", "側溝"], "what nobody looked at may be worse than urgent");
        house.post(&clerk, &format!("/staff/reports/{}/triage", sent[1]), &[("to", "4_later"), ("call", &call)]).await;
        assert_eq!(order().await, ["生き埋め", "側溝", "石垣"]);
        let page = house.get(&clerk, &live).await.body;
        assert!(page.contains("待てる") && !page.contains("id=\"next\""), "{page}");
        house.post(&clerk, &format!("/staff/reports/{}/answer", sent[2]), &[("words", "救助しました"), ("step", "done")]).await;
        assert_eq!(order().await, ["側溝", "石垣", "生き埋め"], "what is settled is below");
        let refused = house.post(&taro, &format!("/staff/reports/{}/triage", sent[0]), &[("to", "1_life"), ("call", &call)]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn what_everybody_is_told_says_nothing_of_a_few() {
    for house in houses().await {
        let (hanako, taro, nobody) = (house.hanako().await, house.taro().await, House::nobody());
        for n in 0..4 {
            house.reports(&hanako, &format!("{n}本目"), HERE).await;
        }
        house.pass(20 * 24 * 3600);
        let few = house.get(&nobody, "/reports/totals").await;
        assert_eq!(few.status, StatusCode::OK);
        assert!(few.body.contains("まとめられるだけの通報がありません") && !few.body.contains("街灯"), "{}", few.body);
        let (hanako, taro, clerk) = (
            house.hanako().await,
            {
                drop(taro);
                house.taro().await
            },
            house.clerk().await,
        );
        // Seven in 本村, two in 湯ノ沢, of this month: next month everybody is told.
        for n in 0..5 {
            house.reports(&hanako, &format!("=cmd|{n}"), HERE).await;
        }
        let last = house.reports(&taro, "湯ノ沢の街灯", ("36012000", "138021000")).await;
        house.post(&clerk, &format!("/staff/reports/{last}/answer"), &[("words", "直しました"), ("step", "done")]).await;
        house.post(&taro, &format!("/reports/{last}/confirm"), &[("answer", "not_yet")]).await;
        house.pass(20 * 24 * 3600);
        let clerk = house.clerk().await;
        let told = house.get(&nobody, "/reports/totals").await.body;
        assert!(told.contains("街灯の故障") && told.contains(">10<"), "{told}");
        assert!(
            !told.contains("湯ノ沢") && !told.contains(">9<") && !told.contains(">4<"),
            "one of 湯ノ沢 is found by no subtraction: {told}"
        );
        // Staff see all of it, and take it away as a file no spreadsheet runs.
        let file = house.get(&clerk, "/staff/reports/statistics.csv").await;
        assert!(file.kind.starts_with("text/csv") && file.bytes.starts_with(b"\xef\xbb\xbf"), "{}", file.kind);
        let text = file.body.trim_start_matches('\u{feff}');
        let mut lines = text.split("\r\n");
        assert_eq!(lines.next().unwrap().split(',').count(), 10);
        assert!(text.contains("地区,湯ノ沢,1,1,0,0,,,1,0") && text.contains("全体,すべて,10,10,0,0,,,1,0"), "{text}");
        let page = house.get(&clerk, "/staff/reports/statistics").await.body;
        assert!(page.contains("湯ノ沢") && page.contains("「まだ」で戻ったもの"), "{page}");
        assert_eq!(house.get(&nobody, "/staff/reports/statistics.csv").await.status, StatusCode::SEE_OTHER, "to log in");
    }
}
