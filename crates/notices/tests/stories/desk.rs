//! What helps at the desk: templates, a draft looked at on one's own phone, and counts that tell of nobody.

use axum::http::StatusCode;
use jiff::SignedDuration;
use store::Role;

use super::{CHILD, GRANDMOTHER, House, MAIL, MOTHER, Person, houses, houses_with};

const TEMPLATE: &str = "
[[notice_template]]
id = \"water\"
name = { ja = \"断水\", ja-easy = \"水（みず）が 止（と）まる\", en = \"Water\" }
topic = \"town\"
queue = \"alert\"
title = { ja = \"断水のお知らせ\", ja-easy = \"水（みず）が 止（と）まります\", en = \"No water\" }
body = { ja = \"〇時から断水します。\", ja-easy = \"水（みず）が 出（で）ません。\", en = \"There is no water.\" }
remind_days = 3
";

/// The value a field of a form stands at.
fn value_of(page: &str, name: &str) -> String {
    let field =
        page.split("<input").find(|field| field.contains(&format!("name=\"{name}\""))).unwrap_or_else(|| panic!("no {name}: {page}"));
    field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn is_checked(page: &str, name: &str, value: &str) -> bool {
    page.contains(&format!("name=\"{name}\" value=\"{value}\" checked"))
}

#[tokio::test]
async fn a_notice_is_kept_as_a_template_begun_from_changed_and_deleted() {
    for house in houses_with(TEMPLATE).await {
        let officer = house.officer().await;
        let notice = house
            .writes(
                &officer,
                &[
                    ("topic", "health"),
                    ("queue", "bulk"),
                    ("title_ja", "特定健診"),
                    ("remind_days", "5"),
                    ("audience", "rule"),
                    ("rule", "today >= birthday(40)"),
                ],
            )
            .await;
        let nameless = house.post(&officer, &format!("{notice}/template"), &[("name", " ")]).await;
        assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
        let made = house.post(&officer, &format!("{notice}/template"), &[("name", "健診の案内")]).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
        let id = made.location.rsplit('/').next().unwrap().to_owned();
        let list = house.get(&officer, "/staff/notices/templates").await.body;
        assert!(list.contains("健診の案内") && list.contains("断水"), "{list}");

        let begun = house.get(&officer, &format!("/staff/notices/new?template={id}")).await.body;
        assert_eq!((value_of(&begun, "title_ja").as_str(), value_of(&begun, "remind_days").as_str()), ("特定健診", "5"));
        assert!(
            is_checked(&begun, "topic", "health") && is_checked(&begun, "queue", "bulk") && is_checked(&begun, "audience", "everybody"),
            "{begun}"
        );
        let of_pack = house.get(&officer, "/staff/notices/new?template=water").await.body;
        assert_eq!((value_of(&of_pack, "title_en").as_str(), value_of(&of_pack, "remind_days").as_str()), ("No water", "3"));
        assert!(is_checked(&of_pack, "queue", "alert"));

        let fields =
            [("name", "健診（秋）"), ("topic", "health"), ("queue", "normal"), ("title_ja", "秋の健診"), ("body_ja", "秋の健診です。")];
        let mut bad = fields.to_vec();
        bad.push(("link", "https://evil.example/"));
        let refused = house.post(&officer, &made.location, &bad).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("秋の健診です。"), "{}", refused.body);
        assert_eq!(house.post(&officer, &made.location, &fields).await.location, "/staff/notices/templates");
        let begun = house.get(&officer, &format!("/staff/notices/new?template={id}")).await.body;
        assert_eq!(value_of(&begun, "title_ja"), "秋の健診");
        let kept = house.get(&officer, &notice).await.body;
        assert!(kept.contains("特定健診"), "the notice it was made of stays");

        assert_eq!(house.post(&officer, &format!("{}/end", made.location), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(house.get(&officer, &made.location).await.status, StatusCode::NOT_FOUND);
        let clerk = house.staff("窓口 一", &[Role::Clerk]).await;
        assert_eq!(house.get(&clerk, "/staff/notices/templates").await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.post(&clerk, &format!("{notice}/template"), &[("name", "x")]).await.status, StatusCode::FORBIDDEN);
    }
}

/// A member of staff joins an account of their own by the code the desk shows.
async fn joins(house: &House, officer: &str, person: &Person) {
    let page = house.post(officer, "/staff/notices/testers", &[]).await.body;
    let code = page
        .split("<b>")
        .map(|rest| rest.split("</b>").next().unwrap_or_default())
        .find(|text| text.len() == 9 && text.contains('-'))
        .unwrap();
    let wrong = house.post(&person.cookie, "/inbox/tester", &[("code", "ABCD-EFGH")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
    assert_eq!(house.post(&person.cookie, "/inbox/tester", &[("code", code)]).await.status, StatusCode::SEE_OTHER);
    let again = house.post(&person.cookie, "/inbox/tester", &[("code", code)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "a code joins once");
}

#[tokio::test]
async fn a_draft_comes_to_its_writers_own_phone_as_it_would_to_residents_and_is_counted_nowhere() {
    for house in houses_with(MAIL).await {
        let (own, officer) = (house.person(GRANDMOTHER).await, house.officer().await);
        house.plan_days().await;
        let draft = house.writes(&officer, &[("title_ja", "避難の訓練"), ("body_ja", "日曜の9時です。")]).await;
        assert_eq!(house.post(&officer, &format!("{draft}/trial"), &[]).await.location, "/staff/notices/testers", "first an account");
        joins(&house, &officer, &own).await;
        let browser = house.subscribes(&own, "own").await;
        house.gives_address(&own, "own@example.jp").await;
        house.posted();
        let sent = house.post(&officer, &format!("{draft}/trial"), &[]).await;
        assert_eq!(sent.location, format!("{draft}?tried=1"));
        house.deliver().await;
        let posted = house.posted();
        assert_eq!(posted.len(), 1);
        assert_eq!(browser.opens(&posted[0])["title"], "【テスト】避難の訓練");
        let letters = house.letters();
        assert_eq!(
            (letters.len(), letters[0].subject.as_str(), letters[0].paragraphs[0].as_str()),
            (1, "【テスト】避難の訓練", "日曜の9時です。")
        );
        let inbox = house.inbox(&own).await;
        assert_eq!(inbox[0]["title"], "【テスト】避難の訓練");
        let page = house.get(&own.cookie, &format!("/inbox/{}", inbox[0]["id"].as_str().unwrap())).await;
        assert!(page.status == StatusCode::OK && page.body.contains("日曜の9時です。"), "{}", page.body);
        assert_eq!(house.count("select count(*) from notices_delivery where notice is not null").await, 0, "no count knows of it");

        // Sent in earnest, everybody has it once, and the trial is no part of what became of it.
        house.post(&officer, &format!("{draft}/submit"), &[]).await;
        house.deliver().await;
        assert_eq!(house.count("select count(*) from notices_delivery where notice is not null").await, 4);
        assert_eq!(house.count("select count(*) from notices_delivery where notice is not null and opened_at is not null").await, 0);
        assert_eq!(house.post(&officer, &format!("{draft}/trial"), &[]).await.status, StatusCode::CONFLICT, "it has gone out");
        // No more.
        house.post(&own.cookie, "/inbox/tester/end", &[]).await;
        let draft = house.writes(&officer, &[]).await;
        assert_eq!(house.post(&officer, &format!("{draft}/trial"), &[]).await.location, "/staff/notices/testers");
        // A week later the trial is gone from the inbox; the notice is not.
        house.pass(SignedDuration::from_hours(24 * 9));
        house.run_jobs().await;
        assert_eq!(house.titles(&own).await, ["避難の訓練"]);
    }
}

#[tokio::test]
async fn a_trial_of_a_list_shows_the_columns_and_nobodys_words() {
    for house in houses_with(MAIL).await {
        let (own, officer) = (house.person(GRANDMOTHER).await, house.officer().await);
        joins(&house, &officer, &own).await;
        let draft = house.writes(&officer, &[("audience", "list"), ("title_ja", "健診"), ("body_ja", "{{日付}}に来てください。")]).await;
        let taken = house.hands_in(&officer, &draft, format!("宛名番号,日付\n{MOTHER},7月1日\n").as_bytes(), &[]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
        house.post(&officer, &format!("{draft}/trial"), &[]).await;
        house.deliver().await;
        let inbox = house.inbox(&own).await;
        assert_eq!(inbox[0]["paragraphs"][0], "〔日付〕に来てください。");
    }
}

#[tokio::test]
async fn a_saved_draft_tells_no_count_under_ten_of_a_rule() {
    for house in houses().await {
        let officer = house.officer().await;
        let narrow = house.writes(&officer, &[("audience", "rule"), ("rule", "today >= birthday(70)")]).await;
        let page = house.get(&officer, &narrow).await.body;
        assert!(page.contains("10人未満") && !page.contains("1人に送ります"), "{page}");
        assert!(house.get(&officer, "/staff/notices").await.body.contains("10人未満"));
        let everybody = house.writes(&officer, &[]).await;
        assert!(house.get(&officer, &everybody).await.body.contains("4人"), "how many live here is no secret");
    }
}

/// What the API counts, against what the inbox shows.
async fn agrees(house: &House, person: &Person) {
    let shown = house.inbox(person).await.iter().filter(|told| told["opened_at"].is_null()).count();
    let counted: serde_json::Value = serde_json::from_str(&house.get(&person.cookie, "/api/v1/inbox/unopened").await.body).unwrap();
    assert_eq!(counted["count"], shown, "{:?}", house.inbox(person).await);
}

#[tokio::test]
async fn what_waits_to_be_opened_is_counted_as_the_inbox_shows_it() {
    for house in houses().await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        agrees(&house, &mother).await;
        house.sends(&officer, &[("title_ja", "みんな")]).await;
        house.pass(SignedDuration::from_secs(1));
        house.sends(&officer, &[("audience", "rule"), ("rule", "today < birthday(12)"), ("title_ja", "子ども")]).await;
        for person in [&mother, &grandmother] {
            agrees(&house, person).await;
        }
        let mut ctx = house.begin(store::Actor::System).await;
        let tell = web::Tell {
            account: mother.account,
            text: "notices-more".to_owned(),
            args: Vec::new(),
            href: "/".to_owned(),
            topic: "reports".to_owned(),
        };
        tell.record(&mut ctx).await.unwrap();
        ctx.commit().await.unwrap();
        house.deliver().await;
        agrees(&house, &mother).await;
        assert_eq!(house.inbox(&mother).await.len(), 3);
        for told in house.inbox(&mother).await {
            house.get(&mother.cookie, &format!("/inbox/{}", told["id"].as_str().unwrap())).await;
            agrees(&house, &mother).await;
        }
        // With words of their own, mother and child each have theirs.
        let draft = house.writes(&officer, &[("audience", "list"), ("title_ja", "名簿"), ("body_ja", "{{番号}}")]).await;
        house.hands_in(&officer, &draft, format!("宛名番号,番号\n{MOTHER},1\n{CHILD},2\n").as_bytes(), &[]).await;
        house.post(&officer, &format!("{draft}/submit"), &[]).await;
        house.deliver().await;
        assert_eq!(house.inbox(&mother).await.len(), 5);
        agrees(&house, &mother).await;
    }
}
