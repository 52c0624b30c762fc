//! People who are told by e-mail, as the mail server sees it.

use axum::http::StatusCode;
use jiff::SignedDuration;
use notices::Queue;
use notices::mail::Letter;
use notices::{Answer, Way, Work};
use store::params;

use super::{CHILD, GRANDMOTHER, MAIL, MOTHER, ORIGIN, STRANGER, houses, houses_with};

/// The code in a letter: the second paragraph.
pub(crate) fn code_of(letter: &Letter) -> &str {
    assert_eq!(letter.paragraphs.len(), 3, "{letter:?}");
    &letter.paragraphs[1]
}

/// The ids of the addresses on the page of settings.
pub(crate) fn address_ids(page: &str) -> Vec<String> {
    page.split("action=\"/inbox/mail/")
        .skip(1)
        .filter_map(|rest| rest.split_once("/end\""))
        .map(|(id, _)| id.to_owned())
        .filter(|id| id.len() == 36)
        .collect()
}

fn to(letters: &[Letter]) -> Vec<&str> {
    let mut to: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    to.sort_unstable();
    to
}

#[tokio::test]
async fn an_address_is_told_after_its_code_and_a_letter_stops_with_one_press() {
    for house in houses_with(MAIL).await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.post(&mother.cookie, "/inbox/mail", &[("address", " Hanako@EXAMPLE.jp ")]).await;
        house.sends(&officer, &[("title_ja", "まだ確認していない人への断水")]).await;
        let letters = house.letters();
        assert_eq!(to(&letters), ["Hanako@example.jp"], "the code, and no notice");
        let code = code_of(&letters[0]).to_owned();
        assert!(letters[0].stop.is_none() && letters[0].link.is_none());
        let stored: Vec<(Option<Vec<u8>>,)> =
            house.begin(store::Actor::System).await.tx().query("select code_hash from notices_address", &[]).await.unwrap();
        assert!(!String::from_utf8_lossy(stored[0].0.as_ref().unwrap()).contains(&code.replace('-', "")));
        let id = address_ids(&house.get(&mother.cookie, "/inbox/settings").await.body).pop().unwrap();
        let confirmed = house.post(&mother.cookie, &format!("/inbox/mail/{id}/confirm"), &[("code", &code.to_lowercase())]).await;
        assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{}", confirmed.body);
        house.pass(SignedDuration::from_secs(1));

        house
            .sends(
                &officer,
                &[
                    ("queue", "alert"),
                    ("topic", "disaster"),
                    ("title_ja", "避難指示"),
                    ("body_ja", "川が氾濫しそうです。\n\nすぐに逃げてください。"),
                ],
            )
            .await;
        let letters = house.letters();
        assert_eq!(letters.len(), 1);
        let letter = &letters[0];
        assert_eq!(
            (letter.subject.as_str(), letter.paragraphs.join("|")),
            ("避難指示", "川が氾濫しそうです。|すぐに逃げてください。".to_owned())
        );
        let newest = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(letter.link.as_ref().unwrap().1, format!("{ORIGIN}/inbox/{newest}"));
        assert_eq!(house.count("select count(*) from notices_letter").await, 0);
        assert_eq!(house.count("select within_10s from notices_pace where way = 'mail' and queue = 'alert'").await, 1);
        assert_eq!(
            house
                .count(
                    "select count(delivered_at) from notices_delivery d join notices_notice n on n.id = d.notice where n.queue = 'alert'"
                )
                .await,
            1
        );
        let desk = house.get(&officer, "/staff/notices").await.body;
        assert!(desk.contains("メールで受けとる住民は1人です"), "{desk}");

        // A program that looks at the link ends nothing; one press does, without a cookie, and twice is no error.
        let stop = letter.stop.as_ref().unwrap().1.strip_prefix(ORIGIN).unwrap().to_owned();
        let looked = house.get("", &stop).await;
        assert!(looked.status == StatusCode::OK && looked.body.contains("Ha…@example.jp"), "{}", looked.body);
        assert_eq!(house.count("select count(*) from notices_address").await, 1);
        for _ in 0..2 {
            assert_eq!(house.post("", &stop, &[("List-Unsubscribe", "One-Click")]).await.status, StatusCode::OK);
        }
        assert_eq!(house.count("select count(*) from notices_address").await, 0);
        house.sends(&officer, &[]).await;
        assert!(house.letters().is_empty());
        assert_eq!(house.titles(&mother).await.len(), 3, "the list has them all");
    }
}

#[tokio::test]
async fn a_code_is_tried_a_few_times_and_for_a_while_and_nobody_is_flooded() {
    for house in houses_with(MAIL).await {
        let (mother, stranger) = (house.person(MOTHER).await, house.person(STRANGER).await);
        house.plan_days().await;
        house.post(&mother.cookie, "/inbox/mail", &[("address", "a@example.jp")]).await;
        house.deliver().await;
        let code = code_of(&house.letters()[0]).to_owned();
        let id = address_ids(&house.get(&mother.cookie, "/inbox/settings").await.body).pop().unwrap();
        let confirm = format!("/inbox/mail/{id}/confirm");
        assert_eq!(house.post(&stranger.cookie, &confirm, &[("code", &code)]).await.status, StatusCode::NOT_FOUND, "another's address");
        for tried in 1..=5 {
            let answer = house.post(&mother.cookie, &confirm, &[("code", "ABCD-EFGH")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(answer.body.contains("この番号はもう使えません"), tried == 5, "{tried}");
        }
        assert_eq!(house.post(&mother.cookie, &confirm, &[("code", &code)]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "too late");
        // Another code, too late by half an hour and a second.
        house.post(&mother.cookie, &format!("/inbox/mail/{id}/again"), &[]).await;
        house.deliver().await;
        let code = code_of(&house.letters()[0]).to_owned();
        house.pass(SignedDuration::from_secs(30 * 60 + 1));
        assert_eq!(house.post(&mother.cookie, &confirm, &[("code", &code)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Five codes a day go to one address, whoever asks.
        for asked in 3..=6 {
            let answer = house.post(&stranger.cookie, "/inbox/mail", &[("address", "A@example.jp")]).await;
            assert_eq!(answer.status == StatusCode::SEE_OTHER, asked <= 5, "{asked}: {}", answer.body);
        }
        house.deliver().await;
        assert_eq!(house.letters().len(), 3);
        house.pass(SignedDuration::from_hours(24));
        assert_eq!(house.post(&mother.cookie, &format!("/inbox/mail/{id}/again"), &[]).await.status, StatusCode::SEE_OTHER);
        for (address, why) in [("nonsense", "メールアドレスとして読めません"), ("a@127.0.0.1", "メールアドレスとして読めません")]
        {
            let answer = house.post(&mother.cookie, "/inbox/mail", &[("address", address)]).await;
            assert!(
                answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.body.contains(why) && answer.body.contains(address),
                "{}",
                answer.body
            );
        }
        for more in ["b@example.jp", "c@example.jp"] {
            house.post(&mother.cookie, "/inbox/mail", &[("address", more)]).await;
        }
        let fourth = house.post(&mother.cookie, "/inbox/mail", &[("address", "d@example.jp")]).await;
        assert!(fourth.body.contains("3つまで"), "{}", fourth.body);
        // What nobody confirmed goes by night, and what was noted of codes.
        house.deliver().await;
        house.pass(SignedDuration::from_hours(72));
        house.run_jobs().await;
        assert_eq!(
            house.count("select count(*) from notices_address").await + house.count("select count(*) from notices_code_asked").await,
            0
        );
    }
}

#[tokio::test]
async fn what_says_something_of_a_person_is_never_in_a_letter() {
    for house in houses_with(MAIL).await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.gives_address(&mother, "mother@example.jp").await;
        // A rule says something of whom it selects.
        house
            .sends(
                &officer,
                &[("audience", "rule"), ("rule", "today >= birthday(20)"), ("title_ja", "ひとり親の手当"), ("body_ja", "手当の額")],
            )
            .await;
        // A guardian is told the same way, and once for the family.
        house
            .sends(&officer, &[("audience", "rule"), ("rule", "today < birthday(12)"), ("title_ja", "予防接種"), ("body_ja", "まだの方へ")])
            .await;
        let letters = house.letters();
        assert_eq!(to(&letters), ["mother@example.jp", "mother@example.jp"]);
        for letter in &letters {
            let all = format!("{letter:?}");
            assert!(letter.subject.contains("あなたへのお知らせ") && letter.link.is_some(), "{all}");
            assert!(!all.contains("手当") && !all.contains("接種") && !all.contains("まだの方"), "{all}");
        }
        house.sends(&officer, &[("title_ja", "みんなへ")]).await;
        assert_eq!(house.letters().len(), 1, "the child's is the mother's too, and is told once");
        // What a room told is one line that says nothing of a person.
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
        assert_eq!(house.letters().len(), 1);
    }
}

#[tokio::test]
async fn a_topic_that_is_left_out_is_not_written_of_and_one_that_saves_lives_is() {
    for house in houses_with(MAIL).await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.plan_days().await;
        house.gives_address(&mother, "mother@example.jp").await;
        house.post(&mother.cookie, "/inbox/topics", &[("topic", "health")]).await;
        house.sends(&officer, &[("topic", "town"), ("remind_days", "3")]).await;
        assert!(house.letters().is_empty());
        house.pass(SignedDuration::from_hours(24 * 4));
        house.run_jobs().await;
        house.deliver().await;
        assert!(house.letters().is_empty(), "a reminder of it neither");
        // Nobody at the desk stays signed in for days.
        let officer = house.officer().await;
        house.sends(&officer, &[("topic", "disaster"), ("title_ja", "大雨"), ("remind_days", "3")]).await;
        house.sends(&officer, &[("topic", "health"), ("title_ja", "健診")]).await;
        assert_eq!(house.letters().len(), 2);
        house.pass(SignedDuration::from_hours(24 * 4));
        house.run_jobs().await;
        house.deliver().await;
        let reminded = house.letters();
        assert_eq!(
            reminded.iter().map(|letter| letter.subject.as_str()).collect::<Vec<_>>(),
            ["大雨"],
            "who has not opened it is told once more"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_and_an_address_that_is_not_there_is_not() {
    for house in houses_with(MAIL).await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        house.gives_address(&mother, "gone@example.jp").await;
        house.gives_address(&grandmother, "busy@example.jp").await;
        house.office.answers.lock().unwrap().extend([
            ("gone@example.jp".to_owned(), Answer::Gone(550)),
            ("busy@example.jp".to_owned(), Answer::Later { status: 450, after_s: None }),
        ]);
        house.sends(&officer, &[]).await;
        let first = house.letters();
        assert_eq!(to(&first), ["busy@example.jp", "gone@example.jp"]);
        let settings = house.get(&mother.cookie, "/inbox/settings").await.body;
        assert!(settings.contains("このアドレスにはメールが届きませんでした"), "{settings}");
        house.office.answers.lock().unwrap().clear();
        house.deliver().await;
        assert!(house.letters().is_empty(), "not before its time");
        house.pass(SignedDuration::from_secs(3));
        house.deliver().await;
        let again = house.letters();
        assert_eq!(to(&again), ["busy@example.jp"]);
        let before = first.iter().find(|letter| letter.to == "busy@example.jp").unwrap();
        assert_eq!(again[0].id, before.id, "the same letter, which a server that has it knows again");
        assert_eq!(
            house.count("select gone + handed * 10 from notices_pace where way = 'mail' and queue = 'normal' and gone > 0").await % 10,
            1
        );
        // Nothing more is written there until its person confirms it anew.
        house.sends(&officer, &[]).await;
        assert_eq!(to(&house.letters()), ["busy@example.jp"]);
        house.gives_address(&mother, "gone@example.jp").await;
        house.sends(&officer, &[]).await;
        assert_eq!(to(&house.letters()), ["busy@example.jp", "gone@example.jp"]);
    }
}

#[tokio::test]
async fn letters_are_taken_once_by_whoever_comes_first_and_a_withdrawn_notice_is_written_of_no_more() {
    for house in houses_with(MAIL).await {
        let (mother, grandmother, officer) = (house.person(MOTHER).await, house.person(GRANDMOTHER).await, house.officer().await);
        house.gives_address(&mother, "a@example.jp").await;
        house.gives_address(&grandmother, "b@example.jp").await;
        let notice = house.writes(&officer, &[]).await;
        house.post(&officer, &format!("{notice}/submit"), &[]).await;
        while house.courier.once(Queue::Normal, Work::Reach).await.unwrap() {}
        let letters = Work::HandOver(Way::Mail);
        let (one, other) = tokio::join!(house.courier.once(Queue::Normal, letters), house.courier.once(Queue::Normal, letters));
        assert!(one.unwrap() | other.unwrap());
        assert_eq!(to(&house.letters()), ["a@example.jp", "b@example.jp"]);
        let notice = house.writes(&officer, &[("queue", "bulk")]).await;
        house.post(&officer, &format!("{notice}/submit"), &[]).await;
        // A step that reaches everybody but is not the last leaves it to be withdrawn.
        assert!(house.courier.once(Queue::Bulk, Work::Reach).await.unwrap());
        let mut ctx = house.begin(store::Actor::System).await;
        ctx.tx().execute("update notices_notice set state = 'cancelled' where queue = 'bulk'", params![]).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.count("select count(*) from notices_letter").await, 2);
        house.deliver().await;
        assert!(house.letters().is_empty());
        assert_eq!(house.count("select count(*) from notices_letter").await, 0);
    }
}

#[tokio::test]
async fn who_no_longer_acts_for_a_child_is_written_to_no_more_and_a_closed_account_has_no_address() {
    for mut house in houses_with(MAIL).await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        house.gives_address(&mother, "mother@example.jp").await;
        house.row(CHILD).household = "H9".to_owned();
        house.bring().await;
        house.sends(&officer, &[("audience", "rule"), ("rule", "today < birthday(12)")]).await;
        assert!(house.letters().is_empty());
        let export = house.get(&mother.cookie, "/inbox/settings").await.body;
        assert!(export.contains("mother@example.jp"));
        house.sends(&officer, &[]).await;
        assert_eq!(house.letters().len(), 1);
        let mut ctx = house.begin(store::Actor::System).await;
        ctx.record(identity::AccountClosed::KIND, &identity::AccountClosed { account: mother.account }).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.count("select count(*) from notices_address").await, 0);
    }
}

#[tokio::test]
async fn a_town_without_a_mail_server_speaks_of_no_mail() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        assert!(!house.get(&mother.cookie, "/inbox/settings").await.body.contains("メール"));
        assert!(!house.get(&officer, "/staff/notices").await.body.contains("メール"));
        assert_eq!(house.post(&mother.cookie, "/inbox/mail", &[("address", "a@example.jp")]).await.status, StatusCode::NOT_FOUND);
    }
}
