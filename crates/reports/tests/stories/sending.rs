//! Writing and sending: once, by whom, and what neighbours sent already.

use axum::http::StatusCode;

use crate::world::{BESIDE, HERE, House, houses};

#[tokio::test]
async fn a_report_goes_its_way_and_is_sent_once() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let kinds = house.get(&hanako, "/reports/new").await;
        assert!(kinds.body.contains("街灯の故障") && kinds.body.contains("119"), "{}", kinds.body);
        let check = house.draft(&hanako, "街灯が消えています", HERE).await;
        let page = house.get(&hanako, &check).await;
        assert!(page.body.contains("街灯が消えています") && page.body.contains("本村"), "{}", page.body);
        let send = check.replace("/check", "/send");
        let (first, again) = (house.post(&hanako, &send, &[]).await, house.post(&hanako, &send, &[]).await);
        assert_eq!((first.status, &first.location), (StatusCode::SEE_OTHER, &again.location));
        let sent = house.get(&hanako, &first.location).await;
        assert!(sent.body.contains("送りました") && sent.body.contains("建設係") && sent.body.contains("2026年11月30日"), "{}", sent.body);
        assert_eq!(house.get(&hanako, "/reports").await.body.matches(">#1<").count(), 1);
    }
}

#[tokio::test]
async fn the_same_form_sent_again_is_the_same_draft() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let key = house.get(&hanako, "/reports/new/street-light").await.field("key");
        let pairs = [("key", key.as_str()), ("words", "消えています"), ("district", "湯ノ沢")];
        let one = house.upload(&hanako, "/reports/new/street-light", &pairs, &[]).await;
        let two = house.upload(&hanako, "/reports/new/street-light", &pairs, &[]).await;
        assert_eq!(one.location, two.location);
        // The island's way, with the same key, sends that same draft; and again gives what was sent.
        let pairs = [("category", "street-light"), pairs[0], pairs[1], pairs[2]];
        let sent = house.upload(&hanako, "/api/v1/me/reports", &pairs, &[]).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        let again = house.upload(&hanako, "/api/v1/me/reports", &pairs, &[]).await;
        assert_eq!(sent.json(), again.json());
        assert_eq!(sent.json()["number"], 1);
        let late = house.upload(&hanako, "/reports/new/street-light", &pairs, &[]).await;
        assert_eq!(late.location, sent.json()["href"].as_str().unwrap(), "the form leads to what was sent");
        // Another's key is another's: nothing of the first is shown.
        let taro = house.taro().await;
        let other = house.upload(&taro, "/api/v1/me/reports", &pairs, &[]).await;
        assert_eq!(other.json()["number"], 2);
    }
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_lost() {
    for house in houses().await {
        let hanako = house.hanako().await;
        let key = house.get(&hanako, "/reports/new/dumped-rubbish").await.field("key");
        let pairs = [("key", key.as_str()), ("words", "冷蔵庫が捨ててあります")];
        let answer = house.upload(&hanako, "/reports/new/dumped-rubbish", &pairs, &[]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        for wanted in ["冷蔵庫が捨ててあります", "href=\"#place\"", "href=\"#photo\""] {
            assert!(answer.body.contains(wanted), "{wanted}: {}", answer.body);
        }
        let refused = house.upload(&hanako, "/api/v1/me/reports", &[("category", "dumped-rubbish"), pairs[0], pairs[1]], &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let far = [pairs[0], pairs[1], ("latitude", "35000000"), ("longitude", "135000000")];
        let outside = house.upload(&hanako, "/reports/new/dumped-rubbish", &far, &[]).await;
        assert!(outside.status == StatusCode::UNPROCESSABLE_ENTITY && outside.body.contains("町の外"), "{}", outside.body);
        let number = [("key", key.as_str()), ("words", "番号は 123456789018"), ("district", "本村")];
        let kept = house.upload(&hanako, "/reports/new/street-light", &number, &[]).await;
        assert!(kept.status == StatusCode::UNPROCESSABLE_ENTITY && kept.body.contains("12けた"), "{}", kept.body);
    }
}

#[tokio::test]
async fn only_proven_residents_report() {
    for house in houses().await {
        let visitor = house.visitor().await;
        let answer = house.get(&visitor, "/reports/new/street-light").await;
        assert!(answer.status == StatusCode::CONFLICT && answer.body.contains("住んでいる方"), "{}", answer.body);
        let nobody = House::nobody();
        let answer = house.get(&nobody, "/reports/new/street-light").await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, "/start?next=/reports/new/street-light"));
        let answer = house.upload(&nobody, "/api/v1/me/reports", &[("category", "street-light")], &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_neighbours_report_is_offered_and_followed() {
    for house in houses().await {
        let (hanako, taro, clerk) = (house.hanako().await, house.taro().await, house.clerk().await);
        let first = house.reports(&hanako, "わたしの家の前の街灯が消えた", HERE).await;
        let check = house.draft(&taro, "街灯", BESIDE).await;
        assert!(!house.get(&taro, &check).await.body.contains("name=\"same\""), "what is not public is nobody's to know");
        house.post(&clerk, &format!("/staff/reports/{first}/publish"), &[("words", "街灯の不点灯")]).await;
        let page = house.get(&taro, &check).await.body;
        assert!(page.contains("街灯の不点灯") && page.contains("約11m先"), "{page}");
        assert!(!page.contains("わたしの家の前"), "never the neighbour's own words");
        let followed = house.post(&taro, &check.replace("/check", "/send"), &[("same", &first)]).await;
        assert_eq!(followed.location, format!("/reports/{first}?sent=yes"));
        let seen = house.get(&taro, &format!("/reports/{first}")).await.body;
        assert!(seen.contains("街灯の不点灯") && !seen.contains("わたしの家の前"), "{seen}");
        assert_eq!(house.get(&taro, &check).await.status, StatusCode::NOT_FOUND, "the draft is gone");
        // The reporter cannot be their own supporter, and nobody counts twice.
        for who in [&hanako, &taro] {
            house.post(who, &format!("/reports/public/{first}/support"), &[]).await;
        }
        assert!(house.get(&hanako, &format!("/reports/public/{first}")).await.body.contains("<dd class=\"num\">1</dd>"));
        house.post(&clerk, &format!("/staff/reports/{first}/answer"), &[("words", "直します"), ("step", "doing")]).await;
        let told: Vec<_> = house.told().await.into_iter().map(|tell| (Some(tell.account), tell.text)).collect();
        assert_eq!(told, [(hanako.account, "reports-told-answer".to_owned()), (taro.account, "reports-told-step".to_owned())]);
        let seen = house.get(&taro, &format!("/reports/{first}")).await.body;
        assert!(seen.contains("対応中") && !seen.contains("直します"), "who follows sees the steps alone");
        // Far away nothing is offered.
        let far = house.draft(&taro, "街灯", ("36012000", "138021000")).await;
        assert!(!house.get(&taro, &far).await.body.contains("name=\"same\""));
    }
}

#[tokio::test]
async fn what_was_sent_stays_without_the_account_that_sent_it() {
    for house in houses().await {
        let (hanako, clerk) = (house.hanako().await, house.clerk().await);
        let sent = house.reports(&hanako, "街灯が消えた", HERE).await;
        let draft = house.draft(&hanako, "書きかけ", HERE).await;
        let mut ctx = house.begin(store::Actor::Holder(hanako.account.unwrap())).await;
        let held = (reports::service().export.unwrap())(&mut ctx, hanako.account.unwrap()).await.unwrap();
        assert!(held.to_string().contains("街灯が消えた") && held.to_string().contains("書きかけ"), "{held}");
        identity::close_account(&mut ctx, hanako.account.unwrap()).await.unwrap();
        ctx.commit().await.unwrap();
        let page = house.get(&clerk, &format!("/staff/reports/{sent}")).await.body;
        assert!(page.contains("街灯が消えた") && page.contains("記録がありません"), "{page}");
        let mut ctx = house.begin(store::Actor::System).await;
        let left: (i64,) = ctx.tx().query_one("select count(*) from reports_report where account is not null", &[]).await.unwrap();
        assert_eq!(left, (0,), "{draft}");
    }
}

#[tokio::test]
async fn drafts_nobody_sends_are_forgotten() {
    for house in houses().await {
        let hanako = house.hanako().await;
        house.draft(&hanako, "書きかけ", HERE).await;
        house.reports(&hanako, "送った", HERE).await;
        // Seven days for a draft; a year after it was settled for what was sent, and this one is not settled.
        for (days, left) in [(6, 2), (2, 1), (400, 1)] {
            house.pass(days * 24 * 3600);
            let mut ctx = house.begin(store::Actor::System).await;
            reports::forget_old(&mut ctx).await.unwrap();
            let there: (i64,) = ctx.tx().query_one("select count(*) from reports_report", &[]).await.unwrap();
            ctx.commit().await.unwrap();
            assert_eq!(there, (left,), "after {days} more days");
        }
    }
}
