//! Events, garbage days and reminders.

use axum::http::StatusCode;
use calendar::{Details, Said, SeatState, Texts, Who, Wish};
use store::Actor;
use town::Language;

use crate::world::{AREA, houses, officer};

/// What is said in a language.
fn said(title: &str, place: &str, about: &str) -> Said {
    Said { title: title.into(), place: place.into(), about: about.into() }
}

pub(crate) fn lecture(capacity: Option<i32>) -> Details {
    let mut texts = Texts::of(Language::JAPANESE, said("そば打ち体験", "公民館", "粉から作ります。"));
    texts.set(Language::ENGLISH, said("Making soba", "Community hall", ""));
    texts.set("vi".parse().unwrap(), said("Trải nghiệm làm mì soba", "", "Làm mì từ bột."));
    Details {
        texts,
        starts_on: "2026-12-10".parse().unwrap(),
        ends_on: "2026-12-10".parse().unwrap(),
        starts_at: "10:00".into(),
        ends_at: "12:00".into(),
        url: String::new(),
        who: Who::Anyone,
        capacity,
        apply_from: None,
        apply_until: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_given_once_however_many_come_at_the_same_moment() {
    for house in houses().await {
        let id = house.event(lecture(Some(2))).await;
        let mut accounts = Vec::new();
        for number in 0..6 {
            accounts.push(house.somebody(&format!("人{number}")).await.0);
        }
        let joining = accounts.iter().map(|account| {
            let (store, account) = (house.store.clone(), *account);
            tokio::spawn(async move {
                let mut ctx = store.begin(Actor::Holder(account)).await.unwrap();
                let state = calendar::join(&mut ctx, id).await.unwrap();
                ctx.commit().await.unwrap();
                state
            })
        });
        let mut placed = 0;
        for one in joining.collect::<Vec<_>>() {
            placed += usize::from(one.await.unwrap() == SeatState::Placed);
        }
        assert_eq!(placed, 2);
        let mut ctx = house.begin(officer()).await;
        assert_eq!(calendar::event(&mut ctx, id).await.unwrap().taken, 2);
        let seats = calendar::attendees(&mut ctx, id).await.unwrap();
        let mut numbers: Vec<i64> = seats.iter().map(|one| one.seat.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6], "everybody has a turn of their own");
        // Behind the back of the house the database refuses, too.
        let forced = ctx.tx().execute("update calendar_event set taken = 3 where id = $1", store::params![id]).await;
        assert!(forced.is_err());
    }
}

#[tokio::test]
async fn who_waits_moves_up_in_turn_and_is_told() {
    for house in houses().await {
        let id = house.event(lecture(Some(1))).await;
        let (first, cookie) = house.somebody("一").await;
        let (second, _) = house.somebody("二").await;
        let (third, _) = house.somebody("三").await;
        assert_eq!(house.join(id, first).await.unwrap(), SeatState::Placed);
        assert_eq!(house.join(id, second).await.unwrap(), SeatState::Waiting);
        assert_eq!(house.join(id, third).await.unwrap(), SeatState::Waiting);
        assert_eq!(house.join(id, second).await.unwrap(), SeatState::Waiting, "asking again changes nothing");
        assert!(house.told().await.is_empty());
        let left = house.post(&cookie, &format!("/calendar/events/{id}/leave"), "").await;
        assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.body);
        let told = house.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].account, told[0].text.as_str()), (second, "calendar-told-moved-up"));
        // Whoever is told reads the name in their own language.
        for (tag, name) in [("vi", "Trải nghiệm làm mì soba"), ("zh", "Making soba"), ("ja-easy", "そば打ち体験")] {
            assert_eq!(told[0].args_for(&tag.parse().unwrap())[0], ("event", name));
        }

        // An account that is closed frees its place.
        let mut ctx = house.begin(Actor::Holder(second)).await;
        identity::close_account(&mut ctx, second).await.unwrap();
        ctx.commit().await.unwrap();
        assert_eq!(house.told().await.last().unwrap().account, third);

        // Cancelled, everybody who is left hears of it, and nobody can register any more.
        let mut ctx = house.begin(officer()).await;
        calendar::cancel(&mut ctx, id).await.unwrap();
        ctx.commit().await.unwrap();
        let last = house.told().await.pop().unwrap();
        assert_eq!((last.account, last.text.as_str()), (third, "calendar-told-cancelled"));
        assert!(matches!(house.join(id, first).await, Err(calendar::Error::Closed("cancelled"))));
        let page = house.get(&cookie, &format!("/calendar/events/{id}")).await;
        assert!(page.body.contains("中止"), "{}", page.body);
    }
}

#[tokio::test]
async fn only_who_may_registers() {
    for house in houses().await {
        let proven = house.event(Details { who: Who::Proven, ..lecture(None) }).await;
        let over = house.event(Details { apply_until: Some("2026-12-01".parse().unwrap()), ..lecture(None) }).await;
        let open = house.event(Details { who: Who::Nobody, ..lecture(None) }).await;
        let (account, _) = house.somebody("軽い人").await;
        for (id, reason) in [(proven, "not_for_you"), (over, "over"), (open, "not_needed")] {
            assert!(matches!(house.join(id, account).await, Err(calendar::Error::Closed(found)) if found == reason), "{reason}");
        }
        let mut ctx = house.begin(Actor::Holder(account)).await;
        assert!(calendar::make(&mut ctx, None, lecture(None)).await.is_err(), "a resident keeps no calendar");
        assert!(calendar::attendees(&mut ctx, open).await.is_err());
    }
}

#[tokio::test]
async fn everybody_who_wants_it_hears_once_the_evening_before() {
    for house in houses().await {
        let (account, _) = house.somebody("大湊の人").await;
        let (_, _) = house.somebody("何もいらない人").await;
        let wish = Wish { garbage: true, events: true, own: false, hour: 19, area: AREA.into() };
        let mut ctx = house.begin(Actor::Holder(account)).await;
        calendar::set_wish(&mut ctx, &wish).await.unwrap();
        ctx.commit().await.unwrap();
        store::run_due_jobs(&house.store, &house.jobs).await.unwrap();
        assert!(house.told().await.is_empty(), "it is noon");
        house.clock.set("2026-12-02T10:00:01Z".parse().unwrap());
        store::run_due_jobs(&house.store, &house.jobs).await.unwrap();
        let told = house.told().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].account, told[0].text.as_str()), (account, "calendar-told-garbage"));
        assert!(told[0].args.contains(&("kinds".to_owned(), "燃やせるごみ".to_owned())), "{:?}", told[0].args);

        // The same work put on the list again, as after a kill, tells nobody twice.
        let mut ctx = house.begin(Actor::System).await;
        let now = ctx.now();
        let again = serde_json::json!({ "day": "2026-12-02", "hour": 19, "after": "" });
        ctx.enqueue(calendar::REMIND, None, &again, now).await.unwrap();
        ctx.commit().await.unwrap();
        store::run_due_jobs(&house.store, &house.jobs).await.unwrap();
        assert_eq!(house.told().await.len(), 1);

        // The next evening the daily job plans it: the 4th is the first Friday.
        house.clock.set("2026-12-03T10:00:01Z".parse().unwrap());
        store::run_due_jobs(&house.store, &house.jobs).await.unwrap();
        store::run_due_jobs(&house.store, &house.jobs).await.unwrap();
        let kinds = house.told().await.pop().unwrap().args.into_iter().find(|(name, _)| name == "kinds").unwrap().1;
        assert_eq!(kinds, "資源プラスチック");
    }
}

#[tokio::test]
async fn a_list_of_events_is_looked_at_taken_and_doubles_nothing() {
    let list = "NO,イベント名,開始日,終了日,開始時間,終了時間,説明,場所名称,定員,URL\n\
        1,雪まつり,2027-02-06,2027-02-07,9:00,16:00,\"雪像,出店\",代官山公園,,https://example.jp/\n\
        2,講座,2027-02-30,,,,,,,\n\
        3,,2027-01-10,,,,,,,\n\
        4,体操,2027/1/11,,25:00,,,,20人,\n\
        1,雪まつり二,2027-02-08,,,,,,,\n";
    for house in houses().await {
        let mut ctx = house.begin(officer()).await;
        let looked = calendar::preview(&mut ctx, list).await.unwrap();
        assert_eq!(looked.made, ["雪まつり"]);
        let faults: Vec<_> = looked.faults.iter().map(|fault| (fault.line, fault.column.as_str(), fault.reason)).collect();
        assert_eq!(faults, [(3, "開始日", "no-day"), (4, "イベント名", "missing"), (5, "開始時間", "cannot-stand"), (6, "NO", "twice")]);
        let days = ("2027-01-01".parse().unwrap(), "2027-12-31".parse().unwrap());
        assert!(calendar::events_between(&mut ctx, days.0, days.1).await.unwrap().is_empty(), "a look changes nothing");
        calendar::import(&mut ctx, list, &[]).await.unwrap();
        let again = calendar::import(&mut ctx, list, &[]).await.unwrap();
        assert_eq!((again.made.len(), again.changed.len(), again.same), (0, 0, 1));
        let changed = calendar::import(&mut ctx, &list.replace("代官山公園", "市民広場"), &[]).await.unwrap();
        assert_eq!(changed.changed, ["雪まつり"]);
        let events = calendar::events_between(&mut ctx, days.0, days.1).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].details.place(), "市民広場");
        assert!(matches!(calendar::import(&mut ctx, "名前,日\nあ,い\n", &[]).await, Err(calendar::Error::Headings)));
    }
}

#[tokio::test]
async fn the_pages_say_what_is_collected_and_nothing_of_anybody() {
    for house in houses().await {
        let id = house.event(lecture(Some(1))).await;
        let (_, cookie) = house.somebody("人").await;
        let area = web::query_value(AREA);
        let page = house.get("", &format!("/calendar?area={area}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        for text in ["燃やせるごみ", "明日", "そば打ち体験", "大湊地区 のごみの日"] {
            assert!(page.body.contains(text), "{text}");
        }
        let english = house.get("lang=en", &format!("/calendar?area={area}&month=2027-01")).await;
        assert!(english.body.contains("2027-01"), "{}", english.body);
        let found = house.get("", &format!("/calendar/garbage?q=kandenchi&area={area}")).await;
        assert!(found.body.contains("乾電池") && found.body.contains("回収箱"), "{}", found.body);
        let board = house.get(&cookie, &format!("/calendar/board?area={area}")).await;
        assert_eq!((board.status, board.refresh.as_str()), (StatusCode::OK, "900"));
        assert!(board.body.contains("燃やせるごみ") && !board.body.contains("/calendar/wishes"));
        let print = house.get("", &format!("/calendar/print?area={area}")).await;
        assert!(print.body.contains("粗大ごみ"), "{}", print.body);
        let feed = house.get("", "/calendar/feed.ics").await;
        assert!(feed.body.contains("DTSTART:20261210T010000Z\r\n"), "ten in Japan: {}", feed.body);
        let garbage = house.get("", &format!("/calendar/garbage/{area}.ics")).await;
        assert!(garbage.body.contains("DTSTART;VALUE=DATE:20261203\r\n") && !garbage.body.contains("20261231"), "closed at the year's end");
        assert_eq!(house.get("", "/calendar/garbage/nowhere.ics").await.status, StatusCode::NOT_FOUND);
        let api = house.get("", &format!("/api/v1/calendar/areas/{area}/days?from=2026-12-03&until=2026-12-03")).await;
        assert_eq!(api.body, r#"[{"day":"2026-12-03","kinds":[{"name":"燃やせるごみ","title":"燃やせるごみ","sure":true}]}]"#);
        let joined = house.post(&cookie, &format!("/api/v1/calendar/events/{id}/registration"), "").await;
        assert_eq!(joined.body, r#"{"state":"placed"}"#);
    }
}

/// What a page shows of a text in another language than its own.
fn marked(lang: &str, text: &str) -> String {
    format!(" lang=\"{lang}\">{text}<")
}

#[tokio::test]
async fn an_event_is_read_in_the_language_of_whoever_reads_it() {
    for house in houses().await {
        let id = house.event(lecture(None)).await;
        let english = house.get("lang=en", &format!("/calendar/events/{id}")).await.body;
        assert!(english.contains(">Making soba</h1>") && english.contains(">Community hall</dd>"), "{english}");
        assert!(
            english.contains(&marked("ja", "粉から作ります。")),
            "what nobody wrote in English is marked for the right voice: {english}"
        );
        let area = web::query_value(AREA);
        for page in [format!("/calendar?area={area}"), format!("/calendar/board?area={area}")] {
            let body = house.get("lang=en", &page).await.body;
            assert!(body.contains(">Making soba<") && body.contains(">Community hall<"), "{page}: {body}");
        }
        let easy = house.get("lang=ja-easy", &format!("/calendar?area={area}")).await.body;
        assert!(easy.contains(">そば打ち体験<") && !easy.contains("Making soba"), "who reads Japanese is not sent to English: {easy}");
        let api = house.get("lang=en", "/api/v1/calendar/events?from=2026-12-10&until=2026-12-10").await.body;
        assert!(api.contains(r#""title":"Making soba","about":"粉から作ります。","place":"Community hall""#), "{api}");

        // Other programs are told in which language each text is; the page gives them an address that says whose.
        assert!(house.get("lang=en", "/calendar").await.body.contains("/calendar/feed.ics?lang=en"));
        let feed = house.get("", "/calendar/feed.ics?lang=en").await.body.replace("\r\n ", "");
        for line in ["SUMMARY;LANGUAGE=en:Making soba", "DESCRIPTION;LANGUAGE=ja:粉から作ります。", "LOCATION;LANGUAGE=en:Community hall"]
        {
            assert!(feed.contains(&format!("\r\n{line}\r\n")), "{line}: {feed}");
        }
        assert!(house.get("", "/calendar/feed.ics").await.body.contains("\r\nSUMMARY;LANGUAGE=ja:そば打ち体験\r\n"));
    }
}

#[tokio::test]
async fn staff_write_an_event_in_every_language_of_the_town() {
    for house in houses().await {
        let staff = house.staff().await;
        let form = |more: &str| format!("title=朝市&starts_on=2026-12-12&who=nobody&{more}");
        let more = "title_en=Morning market&place_en= Harbour &title_ja-easy=朝（あさ）の市（いち）&title_vi=Chợ sáng";
        let made = house.post(&staff, "/staff/calendar/new", &form(more)).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
        let of_day = async |day: &str| {
            let (day, mut ctx) = (day.parse().unwrap(), house.begin(officer()).await);
            calendar::events_between(&mut ctx, day, day).await.unwrap().pop().unwrap()
        };
        let event = of_day("2026-12-12").await;
        let in_tag = |event: &calendar::Event, tag: &str| event.details.texts.said(&tag.parse().unwrap());
        assert_eq!(in_tag(&event, "en"), said("Morning market", "Harbour", ""));
        assert_eq!(in_tag(&event, "ja-easy"), said("朝（あさ）の市（いち）", "", ""));
        assert_eq!(in_tag(&event, "vi"), said("", "", ""), "not a language of this town");
        let shown = house.get(&staff, &format!("/staff/calendar/{}", event.id)).await.body;
        assert!(shown.contains(r#"name="place_en" lang="en" value="Harbour""#), "{shown}");
        // Too long in one language: what was typed stays, and the place to mend is named.
        let long = format!("title_ja-easy=いち&title_en={}", "o".repeat(101));
        let long = house.post(&staff, "/staff/calendar/new", &form(&long)).await;
        assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
        for text in ["href=\"#title_en\"", "English：名前は100字", "value=\"いち\"", &"o".repeat(101)] {
            assert!(long.body.contains(text), "{text}: {}", long.body);
        }
    }
}

#[tokio::test]
async fn a_list_without_languages_leaves_them_as_they_were() {
    for house in houses().await {
        let mut ctx = house.begin(officer()).await;
        let list = "NO,イベント名,イベント名_英語,開始日,場所名称_やさしい日本語\n7,綱引き,Tug of war,2027-01-17,広場（ひろば）\n";
        calendar::import(&mut ctx, list, &[]).await.unwrap();
        let again = calendar::import(&mut ctx, "NO,イベント名,開始日\n7,雪上綱引き,2027-01-17\n", &[]).await.unwrap();
        assert_eq!(again.changed, ["雪上綱引き"]);
        let day = "2027-01-17".parse().unwrap();
        let event = calendar::events_between(&mut ctx, day, day).await.unwrap().pop().unwrap();
        assert_eq!(event.details.texts.said(&Language::ENGLISH).title, "Tug of war");
        assert_eq!(event.details.texts.said(&Language::EASY_JAPANESE).place, "広場（ひろば）");
        let faulty = calendar::preview(&mut ctx, &list.replace("Tug of war", &"o".repeat(101))).await.unwrap().faults;
        assert_eq!((faulty[0].line, faulty[0].column.as_str(), faulty[0].reason), (2, "イベント名_英語", "cannot-stand"));
    }
}

#[tokio::test]
async fn the_secret_feed_is_shown_once_and_can_be_ended() {
    for house in houses().await {
        let (account, cookie) = house.somebody("人").await;
        let id = house.event(lecture(None)).await;
        house.join(id, account).await.unwrap();
        let page = house.post(&cookie, "/calendar/wishes/feed", "").await;
        let start = page.body.find("/calendar/own/").unwrap();
        let path = page.body[start..].split_once("</code>").unwrap().0.to_owned();
        assert!(!house.get(&cookie, "/calendar/wishes").await.body.contains(&path), "shown once");
        assert!(house.get("", &path).await.body.contains("そば打ち体験"), "whoever has the address reads it");
        house.post(&cookie, "/calendar/wishes/feed/end", "").await;
        assert_eq!(house.get("", &path).await.status, StatusCode::NOT_FOUND);
        let mut ctx = house.begin(Actor::System).await;
        let kept: Vec<(i64,)> = ctx.tx().query("select count(*) from calendar_feed", &[]).await.unwrap();
        assert_eq!(kept[0].0, 0);
    }
}
